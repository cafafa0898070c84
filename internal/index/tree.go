package index

// An indexed tree, open for reading.

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

	"dekho/internal/lang"
	"dekho/internal/source"
	"dekho/internal/store"
	"dekho/internal/trigram"
)

// Tree is an indexed tree, open for reading. It stays as it was opened, even
// when the tree is indexed again meanwhile. All methods can be called from
// several goroutines. See Guard for what reading from it takes.
type Tree struct {
	m         *manifest
	segs      []*segment
	artifacts []*store.File // as in m.Artifacts
	over      *overlay      // nil for none

	liveOnce  sync.Once
	fullyLive []bool // for each segment whether all its blobs are in the tree
}

// Open opens the index of the tree at root. Opening takes about a millisecond
// for a kernel. The error wraps ErrNoIndex, ErrDamaged or ErrVersion if one of
// them is the case.
func Open(storeDir, root string) (*Tree, error) {
	canonical, err := source.Root(root)
	if err != nil {
		// The tree itself may be gone; its index still answers.
		if canonical, err = filepath.Abs(root); err != nil {
			return nil, err
		}
	}
	t, err := openTree(store.At(storeDir), canonical)
	return t, treeError(canonical, err)
}

// openAttempts bounds how often a reader starts again because an indexer
// replaced the manifest and removed segments in between.
const openAttempts = 20

func openTree(st *store.Store, root string) (*Tree, error) {
	path := st.Path(store.Trees, treeID(root))
	var missing error
	for range openAttempts {
		m, err := openManifest(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, ErrNoIndex
		}
		if err != nil {
			return nil, err
		}
		t, err := openSegments(st, m)
		if !errors.Is(err, fs.ErrNotExist) {
			return t, err
		}
		missing = err
	}
	return nil, store.Damaged("%v", missing)
}

// openSegments opens what a manifest refers to, and closes it on error.
func openSegments(st *store.Store, m *manifest) (*Tree, error) {
	t := &Tree{m: m}
	for _, ref := range m.Segments {
		s, err := openSegmentRef(st, ref)
		if err != nil {
			return nil, errors.Join(err, t.Close())
		}
		t.segs = append(t.segs, s)
	}
	for _, ref := range m.Artifacts {
		f, err := openArtifact(st, ref)
		if err != nil {
			return nil, errors.Join(err, t.Close())
		}
		t.artifacts = append(t.artifacts, f)
	}
	return t, nil
}

func openSegmentRef(st *store.Store, ref segmentRef) (*segment, error) {
	s, err := openSegment(st.Path(store.Segments, ref.Name))
	if err != nil {
		return nil, err
	}
	if s.f.Size() != ref.Size || s.f.Sum() != ref.Sum || s.docs != ref.Docs {
		return nil, errors.Join(s.damaged("not the file that was indexed"), s.close())
	}
	return s, nil
}

// Close gives up the files of the index. Nothing that came from the tree may
// be used afterwards, but for strings.
func (t *Tree) Close() error {
	if t.over != nil {
		return nil // the files are those of the tree below
	}
	err := t.m.close()
	for _, s := range t.segs {
		err = errors.Join(err, s.close())
	}
	for _, f := range t.artifacts {
		err = errors.Join(err, f.Close())
	}
	return err
}

// Forget gives back the memory that the pages of the index read so far take.
// Answers stay the same; the next ones read again what they need.
func (t *Tree) Forget() error {
	err := t.m.f.Forget()
	for _, s := range t.segs {
		err = errors.Join(err, s.f.Forget())
	}
	for _, f := range t.artifacts {
		err = errors.Join(err, f.Forget())
	}
	return err
}

// Info describes the tree.
func (t *Tree) Info() *Info { return &t.m.Info }

// Root is the directory of the tree.
func (t *Tree) Root() string { return t.m.Root }

// Err adds to an error of one of t's methods which tree it is about and what
// helps.
func (t *Tree) Err(err error) error { return treeError(t.m.Root, err) }

// NumFiles is the number of files; FileIDs are below it.
func (t *Tree) NumFiles() int { return t.m.Files }

// Path is the path of a file below the root, "" if there is none with the id.
func (t *Tree) Path(id source.FileID) string { return string(t.m.path(uint32(id))) }

// PathBytes is Path without a copy; it must not be changed.
func (t *Tree) PathBytes(id source.FileID) []byte { return t.m.path(uint32(id)) }

// FileByPath finds a file by its path below the root.
func (t *Tree) FileByPath(path string) (source.FileID, bool) {
	i, ok := t.m.find(path)
	return source.FileID(i), ok
}

// FilesUnder is the range of files, from lo up to but not including hi, whose
// paths begin with prefix ("drivers/net/").
func (t *Tree) FilesUnder(prefix string) (lo, hi source.FileID) {
	i, _ := t.m.find(prefix)
	n := uint32(t.m.Files)
	// Binary search for the first path beyond those with the prefix.
	from, to := i, n
	for from < to {
		mid := from + (to-from)/2
		if bytes.HasPrefix(t.m.path(mid), []byte(prefix)) {
			from = mid + 1
		} else {
			to = mid
		}
	}
	return source.FileID(i), source.FileID(from)
}

// Same lists the files with the same content as id, read by the same
// extractor, in order; id is one of them.
func (t *Tree) Same(id source.FileID) []source.FileID {
	seg, doc, ok := t.m.blob(uint32(id))
	if !ok {
		return nil
	}
	return t.filesOf(nil, seg, doc)
}

// filesOf appends the files with a blob.
func (t *Tree) filesOf(dst []source.FileID, seg int, doc uint32) []source.FileID {
	for i := t.m.firstFile(seg, doc); i < uint32(t.m.Files); i = t.m.nextFile(i) {
		dst = append(dst, source.FileID(i))
	}
	return dst
}

// blob is the segment of a file's blob and its entry there.
func (t *Tree) blob(id source.FileID) (s *segment, doc uint32, d []byte, err error) {
	seg, doc, ok := t.m.blob(uint32(id))
	if !ok {
		return nil, 0, nil, fmt.Errorf("file %d of %d does not exist", id, t.m.Files)
	}
	d, err = t.segs[seg].doc(doc)
	return t.segs[seg], doc, d, err
}

// File describes a file as it was indexed.
type File struct {
	Size     int64  // bytes
	Lines    uint32 // as its extractor counted them, 0 without one
	Language string // "" for none
}

// File describes a file.
func (t *Tree) File(id source.FileID) (File, error) {
	s, doc, d, err := t.blob(id)
	if err != nil {
		return File{}, err
	}
	k, err := s.key(doc)
	if err != nil {
		return File{}, err
	}
	return File{
		Size:     int64(binary.LittleEndian.Uint32(d[docBytes:])),
		Lines:    binary.LittleEndian.Uint32(d[docLines:]),
		Language: k.lang,
	}, nil
}

// Ref is an occurrence of a name.
type Ref struct {
	File source.FileID
	Line uint32 // 1-based
	Role lang.Role
}

// Refs lists the occurrences of a name in the given roles, by file and line.
// A name that stands in one line several times in the same role counts once.
// An unknown name has none.
func (t *Tree) Refs(name string, roles RoleSet) ([]Ref, error) {
	var refs []Ref
	err := t.EachRef(name, roles, func(r Ref) bool {
		refs = append(refs, r)
		return true
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(refs, compareRefs)
	return slices.Compact(refs), nil
}

func compareRefs(a, b Ref) int {
	x := uint64(a.File)<<32 | uint64(a.Line)
	y := uint64(b.File)<<32 | uint64(b.Line)
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return int(a.Role) - int(b.Role)
}

// EachRef calls fn for the occurrences of a name in the given roles, those of
// one file in order and together but for rare cases, the files in no order. It
// ends when fn returns false.
func (t *Tree) EachRef(name string, roles RoleSet, fn func(Ref) bool) error {
	var files []source.FileID
	for seg, s := range t.segs {
		e, ok, err := s.lookup([]byte(name))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		has, err := s.roles(e.mask)
		if err != nil {
			return err
		}
		if has&roles == 0 {
			continue
		}
		p, err := s.postingsOf(e)
		if err != nil {
			return err
		}
		for {
			doc, ok := p.nextDoc()
			if !ok {
				break
			}
			files = t.filesOf(files[:0], seg, doc)
			if len(files) == 0 {
				continue // a blob of another tree
			}
			for {
				code, ok := p.next()
				if !ok {
					break
				}
				role := lang.Role(code & (1<<roleBits - 1))
				if !roles.Has(role) {
					continue
				}
				for _, f := range files {
					if !fn(Ref{File: f, Line: code >> roleBits, Role: role}) {
						return nil
					}
				}
			}
		}
		if p.bad {
			return s.damaged("postings of %q", name)
		}
	}
	return nil
}

// ReadFile reads a file of the tree from the disk. changed means that its
// content is no longer what was indexed, so that lines may have moved.
func (t *Tree) ReadFile(id source.FileID) (content []byte, changed bool, err error) {
	if text, ok := t.edited(id); ok {
		return text, false, nil
	}
	path := t.Path(id)
	if path == "" {
		return nil, false, fmt.Errorf("file %d of %d does not exist", id, t.m.Files)
	}
	was, isRacy, err := t.m.stamp(uint32(id))
	if err != nil {
		return nil, false, err
	}
	var r source.Reader
	content, stamp, err := r.Read(filepath.Join(t.m.Root, filepath.FromSlash(path)), path)
	if err != nil {
		return nil, true, err
	}
	if stamp == was && !isRacy {
		return content, false, nil
	}
	// Touched, copied or written too recently to tell: the content decides.
	_, _, d, err := t.blob(id)
	if err != nil {
		return nil, false, err
	}
	h := hashContent(content)
	return content, !bytes.Equal(h[:], d[docHash:docHash+len(h)]), nil
}

// Candidates lists the files that may match a text query, in order.
func (t *Tree) Candidates(q *trigram.Query) ([]source.FileID, error) {
	var files []source.FileID
	for seg, s := range t.segs {
		x, err := s.trigrams()
		if err != nil {
			return nil, err
		}
		set, err := x.Eval(q)
		if err != nil {
			return nil, s.trigramError(err)
		}
		for doc := range set.All() {
			files = t.filesOf(files, seg, doc)
		}
	}
	slices.Sort(files)
	return files, nil
}

// Sections is the size of each section of the index of this tree, by name,
// largest first: of its segments, artifacts and manifest together. Segments may
// hold blobs of other trees.
func (t *Tree) Sections() []store.SectionSize {
	var list []store.SectionSize
	add := func(name string, n int) {
		list = addSections(list, []store.SectionSize{{Name: name, Bytes: int64(n)}})
	}
	for _, s := range t.segs {
		for _, sec := range s.f.Sections() {
			add(sec.Tag.String(), sec.Len())
		}
	}
	for i, f := range t.artifacts {
		for _, sec := range f.Sections() {
			add(t.m.Artifacts[i].Linker, sec.Len())
		}
	}
	for _, sec := range t.m.f.Sections() {
		add("manifest", sec.Len())
	}
	slices.SortStableFunc(list, func(a, b store.SectionSize) int { return cmp.Compare(b.Bytes, a.Bytes) })
	return list
}

// Skipped lists the files and directories that were left out, by path.
func (t *Tree) Skipped() ([]source.Skip, error) {
	entries, err := t.m.skipped()
	if err != nil {
		return nil, err
	}
	skips := make([]source.Skip, len(entries))
	for i, e := range entries {
		skips[i] = e.Skip
	}
	return skips, nil
}
