package macro

import (
	"errors"
	"fmt"
	"runtime"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"dekho/internal/lang/linkfacts"
)

// userSpaceDirs hold programs and texts that are not part of the kernel.
var userSpaceDirs = [...]string{"tools/", "scripts/", "Documentation/", "usr/"}

// File is a file of the tree, as far as the search for headers needs it.
type File struct {
	Path      string
	Dir       string // with the slash at its end, "" at the top
	Arch      string // X of arch/X/; "um" for x86's part of it
	Header    bool
	UserSpace bool // tools, scripts: not part of the kernel

	includes atomic.Pointer[[]int32]
}

// Names are the definitions of one name.
type Names struct {
	Number int32  // counts the names in the order in which they were added
	All    []*Def // in the order of their files
	// Headers are those in headers.
	Headers []*Def
	global  *Def // a variable that every file can name
	// common is set when the only definitions outside C files are those of one
	// header that any file may include: the usual case, and a quick one.
	common []*Def
}

// Table is the macros of a tree. It is filled by one goroutine (Load)
// and read by many, each through a View of its own.
type Table struct {
	Files  []File
	byPath map[string]int32
	byBase map[string][]int32 // headers
	names  map[string]*Names
	list   []string
	defs   int32
	// written are the headers that a file names in #include, as written.
	written func(file int) []string

	byFile     [][]*Def
	byFileOnce sync.Once
}

// Input is what linkers read: the files of a tree with their facts.
type Input interface {
	// NumFiles is the number of files; they are numbered from 0.
	NumFiles() int
	// Path is the slash-separated path of a file in the tree.
	Path(file int) string
	// LinkFacts is the blob the extractor left for the file (package
	// linkfacts). It must stay valid and unchanged while a linker runs.
	LinkFacts(file int) ([]byte, error)
	// Includes lists the headers a file names in #include, as written.
	Includes(file int) []string
}

// Load reads the macros of all files of a tree and indexes them.
func Load(in Input) (*Table, error) {
	n := in.NumFiles()
	t := newTable(n, in.Path, in.Includes)
	workers := max(1, min(runtime.GOMAXPROCS(0), 8))
	parts := make([][]*Def, workers)
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := n * w / workers; i < n*(w+1)/workers && errs[w] == nil; i++ {
				parts[w], errs[w] = readDefs(parts[w], in, i)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, part := range parts {
		for _, m := range part {
			t.add(m)
		}
	}
	for _, d := range t.names {
		t.index(d)
	}
	return t, nil
}

// readDefs appends the definitions of a file.
func readDefs(dst []*Def, in Input, file int) ([]*Def, error) {
	blob, err := in.LinkFacts(file)
	if err != nil {
		return dst, fmt.Errorf("facts of %s: %w", in.Path(file), err)
	}
	r := linkfacts.NewReader(blob)
	for rec := r.Next(); rec != nil; rec = r.Next() {
		if rec.Tag == linkfacts.TagMacro {
			dst = append(dst, FromRecord(int32(file), rec))
		}
	}
	if r.Err() != nil {
		return dst, fmt.Errorf("facts of %s: %w", in.Path(file), r.Err())
	}
	return dst, nil
}

// newTable makes a table for the files with the given paths; includes lists
// the headers that a file names in #include, as written.
func newTable(files int, path func(int) string, includes func(int) []string) *Table {
	t := &Table{
		Files:   make([]File, files),
		byPath:  make(map[string]int32, files),
		byBase:  make(map[string][]int32),
		names:   make(map[string]*Names, 1<<17),
		written: includes,
	}
	for i := range files {
		p := path(i)
		fi := &t.Files[i]
		fi.Path = p
		slash := strings.LastIndexByte(p, '/')
		fi.Dir = p[:slash+1]
		fi.Header = strings.HasSuffix(p, ".h")
		if rest, ok := strings.CutPrefix(p, "arch/"); ok {
			fi.Arch, _, _ = strings.Cut(rest, "/")
			if strings.HasPrefix(rest, "x86/um/") {
				fi.Arch = "um"
			}
		}
		for _, d := range userSpaceDirs {
			fi.UserSpace = fi.UserSpace || strings.HasPrefix(p, d)
		}
		t.byPath[p] = int32(i)
		if fi.Header {
			t.byBase[p[slash+1:]] = append(t.byBase[p[slash+1:]], int32(i))
		}
	}
	return t
}

// FileByPath finds a file by its path in the tree.
func (t *Table) FileByPath(path string) (int32, bool) {
	f, ok := t.byPath[path]
	return f, ok
}

// add adds a definition; those of one name come in the order of their files.
func (t *Table) add(m *Def) {
	d := t.names[m.Name]
	if d == nil {
		d = &Names{Number: int32(len(t.list))}
		t.names[m.Name] = d
		t.list = append(t.list, m.Name)
	}
	m.ID = t.defs
	t.defs++
	d.All = append(d.All, m)
}

// NumDefs is the number of definitions; their IDs are below it.
func (t *Table) NumDefs() int { return int(t.defs) }

// Names lists the names that are defined, by their numbers.
func (t *Table) Names() []string { return t.list }

// Defines reports whether a name is that of a macro.
func (t *Table) Defines(name []byte) bool { return t.names[string(name)] != nil }

// Lookup finds the definitions of a name, nil if there are none.
func (t *Table) Lookup(name string) *Names { return t.names[name] }

// index prepares the definitions of a name for View.Visible, once all are
// added.
func (t *Table) index(d *Names) {
	for _, m := range d.All {
		switch {
		case t.Files[m.File].Header:
			d.Headers = append(d.Headers, m)
		case m.Global && d.global == nil && !t.Files[m.File].UserSpace:
			d.global = m
		}
	}
	if n := len(d.Headers); n > 0 && d.Headers[0].File == d.Headers[n-1].File && strings.HasPrefix(t.Files[d.Headers[0].File].Path, "include/") {
		d.common = d.Headers
	}
}

// inFile are the definitions in a file.
func (t *Table) inFile(file int32) []*Def {
	t.byFileOnce.Do(func() {
		t.byFile = make([][]*Def, len(t.Files))
		for _, name := range t.list {
			for _, m := range t.names[name].All {
				t.byFile[m.File] = append(t.byFile[m.File], m)
			}
		}
	})
	return t.byFile[file]
}

// Own are the definitions in the file itself.
func (d *Names) Own(file int32) []*Def {
	i := sort.Search(len(d.All), func(i int) bool { return d.All[i].File >= file })
	j := i
	for j < len(d.All) && d.All[j].File == file {
		j++
	}
	return d.All[i:j]
}

// Includes returns the headers a file includes, as far as the tree has them.
func (t *Table) Includes(file int32) []int32 {
	fi := &t.Files[file]
	if hs := fi.includes.Load(); hs != nil {
		return *hs
	}
	var hs []int32
	for _, inc := range t.written(int(file)) {
		if h, ok := t.ResolveInclude(fi, inc); ok {
			hs = append(hs, h)
		}
	}
	fi.includes.Store(&hs)
	return hs
}

// ResolveInclude finds the header that inc names in a file: beside it, in the
// include directories, or, since -I flags are not known, anywhere near.
func (t *Table) ResolveInclude(fi *File, inc string) (int32, bool) {
	if h, ok := t.byPath[CleanJoin(fi.Dir, inc)]; ok {
		return h, ok
	}
	if fi.Arch != "" {
		if h, ok := t.byPath["arch/"+fi.Arch+"/include/"+inc]; ok {
			return h, ok
		}
	}
	for _, dir := range [...]string{"include/", "include/uapi/", "arch/x86/include/", "include/asm-generic/"} {
		p := dir + inc
		if dir == "include/asm-generic/" {
			rest, ok := strings.CutPrefix(inc, "asm/")
			if !ok {
				continue
			}
			p = dir + rest
		}
		if h, ok := t.byPath[p]; ok {
			return h, ok
		}
	}
	base := inc[strings.LastIndexByte(inc, '/')+1:]
	best, bestScore := int32(-1), 0
	for _, h := range t.byBase[base] {
		p := t.Files[h].Path
		if !strings.HasSuffix(p, "/"+strings.TrimLeft(inc, "./")) {
			continue
		}
		if s := CommonDirs(p, fi.Path); s > bestScore {
			best, bestScore = h, s
		}
	}
	return best, best >= 0
}

// CommonDirs counts the leading directories two paths share.
func CommonDirs(a, b string) int {
	n := 0
	for i := 0; i < len(a) && i < len(b) && a[i] == b[i]; i++ {
		if a[i] == '/' {
			n++
		}
	}
	return n
}

// CleanJoin joins a directory ("" or ending in /) and a relative path, folding
// ".." without leaving the tree.
func CleanJoin(dir, rel string) string {
	for {
		switch {
		case strings.HasPrefix(rel, "./"):
			rel = rel[2:]
		case strings.HasPrefix(rel, "../"):
			rel = rel[3:]
			d := strings.TrimSuffix(dir, "/")
			dir = d[:strings.LastIndexByte(d, '/')+1]
		default:
			return dir + rel
		}
	}
}
