// Package initcall lists the functions that a kernel calls while it boots, in
// the order in which it calls them: by level, and within a level in the order in
// which the objects are linked.
//
// Nothing of it is hard-wired but the names of two files. The macros that make
// an entry are those of include/linux/init.h whose text names an initcall
// section, and all macros of the tree that come to use them. The order of levels
// is that of the linker script (include/asm-generic/vmlinux.lds.h), the order
// of objects that of the makefiles.
package initcall

import (
	"bytes"
	"cmp"
	"path"
	"slices"

	"dekho/internal/index"
	"dekho/internal/kbuild"
	"dekho/internal/lang"
	"dekho/internal/lens"
	"dekho/internal/source"
)

// Call is an entry in a table of initcalls.
type Call struct {
	Path string
	Line uint32
	// Function is what is called.
	Function string
	// Level is the name of its level ("device"), ID the name of its section
	// ("6").
	Level, ID string
	// Macro is the macro used at the place.
	Macro string
	// Object is the object it is linked with, without .o.
	Object string
	// Verdict is what the lens says of the place.
	Verdict lens.Verdict
}

// Result is the initcalls of a kernel.
type Result struct {
	// Calls are those of the kernel proper, in the order of the boot.
	Calls []Call
	// Modules are those of modules, which run when the module is loaded.
	Modules []Call
	// Out is how many are not built, as far as their files are.
	Out int
}

// Reader returns the text of a file of the tree.
type Reader func(path string) ([]byte, bool)

// List lists the initcalls that the kernel of a lens has, or may have.
func List(t *index.Tree, l *lens.Lens, read Reader) (*Result, error) {
	w := &walker{t: t, lens: l, read: read, places: make(map[string][]place), conds: make(map[source.FileID]*conditions), tracers: make(map[source.FileID]uint32)}
	m, err := w.findMacros()
	if err != nil {
		return nil, err
	}
	tracers, err := t.Refs("CREATE_TRACE_POINTS", index.Roles(lang.DefMacro))
	if err != nil {
		return nil, err
	}
	for _, r := range tracers {
		w.tracers[r.File] = r.Line
	}
	objects := l.Build().Link()
	for i := range objects {
		w.place(&objects[i], i)
	}
	res := &Result{}
	var found []ordered
	for _, name := range m.names {
		refs, err := t.Refs(name, uses)
		if err != nil {
			return nil, err
		}
		for _, r := range refs {
			places := w.places[t.Path(r.File)]
			if len(places) == 0 {
				continue
			}
			list, err := w.entries(m, name, r)
			if err != nil {
				return nil, err
			}
			for _, c := range list {
				if c.Verdict.State == lens.Out {
					res.Out++
					continue
				}
				for _, p := range places {
					o := ordered{c, p, m.order(c.ID)}
					o.Object = p.object
					if o.Function, err = w.renamed(c.Function, &p); err != nil {
						return nil, err
					}
					found = append(found, o)
				}
			}
		}
	}
	down := w.backwards()
	slices.SortFunc(found, func(a, b ordered) int {
		inside := cmp.Or(slices.Compare(append(slices.Clip(a.place.lines), a.Line), append(slices.Clip(b.place.lines), b.Line)), cmp.Compare(a.Path, b.Path))
		if down {
			inside = -inside
		}
		return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(a.ID, b.ID), cmp.Compare(a.place.index, b.place.index), inside)
	})
	for i := range found {
		c := found[i].Call
		if c.Level = m.levels[c.ID]; c.Level == "" {
			c.Level = c.ID
		}
		if found[i].place.module {
			res.Modules = append(res.Modules, c)
		} else {
			res.Calls = append(res.Calls, c)
		}
	}
	return res, nil
}

// uses are the roles in which a macro that stands for an entry can occur.
var uses = index.AllRoles &^ index.Roles(lang.MacroBody, lang.DefMacro, lang.Condition)

// ordered is a call with what orders it.
type ordered struct {
	Call
	place place
	level int
}

// place is where the code of a file ends up.
type place struct {
	index  int // of the object in the order of the link
	source source.FileID
	object string // its path
	module bool
	lines  []uint32 // of the #includes that lead from the object's source to the file
}

// walker collects initcalls.
type walker struct {
	t      *index.Tree
	lens   *lens.Lens
	read   Reader
	places map[string][]place
	conds  map[source.FileID]*conditions
	// tracers are the files that define CREATE_TRACE_POINTS, and where: the
	// headers of trace events that they include behind it make the events.
	tracers map[source.FileID]uint32
}

// conditions is what governs the lines of a file.
type conditions struct {
	conds []index.Cond
	lines uint32
}

// maxUnits bounds how many objects a source is followed into.
const maxUnits = 50

// maxIncludes bounds how deep sources include one another.
const maxIncludes = 8

// place notes where the source of an object is linked, and the sources that it
// includes.
func (w *walker) place(o *kbuild.Linked, at int) {
	for _, ext := range [...]string{".c", ".S"} {
		if id, ok := w.t.FileByPath(o.Object + ext); ok {
			w.include(id, place{index: at, source: id, object: o.Object, module: o.Mention.Module})
			return
		}
	}
}

func (w *walker) include(id source.FileID, p place) {
	file := w.t.Path(id)
	if len(p.lines) > maxIncludes || len(w.places[file]) == maxUnits {
		return
	}
	w.places[file] = append(w.places[file], p)
	list, err := w.t.Includes(id)
	if err != nil {
		return // such a file has no sources inside
	}
	for i := range list {
		inc := &list[i]
		for _, name := range w.candidates(id, file, inc) {
			if sub, ok := w.t.FileByPath(name); ok {
				if c, err := w.conditionsOf(id); err != nil || w.lens.BuiltIn(file, c.conds, c.lines, inc.Line) == lens.Out {
					break
				}
				q := p
				q.lines = append(slices.Clip(p.lines), inc.Line)
				w.include(sub, q)
				break
			}
		}
	}
}

// candidates are the paths of what an #include brings in that can have
// initcalls: what lies beside the file, and headers of trace events where
// these are to be made.
func (w *walker) candidates(id source.FileID, file string, inc *index.Include) []string {
	if line, ok := w.tracers[id]; ok && inc.Line > line {
		return []string{
			path.Join(path.Dir(file), inc.Path), path.Join("include", inc.Path), path.Join("arch", w.lens.Arch().Dir, "include", inc.Path),
		}
	}
	if inc.System {
		return nil
	}
	return []string{path.Join(path.Dir(file), inc.Path)}
}

// backwards reports whether the entries of one source are in the table from its
// end to its beginning: as variables they are, since GCC writes variables that
// nothing orders in that order. Where init.h has assembly place them instead,
// which it does for CONFIG_HAVE_ARCH_PREL32_RELOCATIONS, they come in the order
// of the source, and so they do with Clang.
func (w *walker) backwards() bool {
	const symbol = "HAVE_ARCH_PREL32_RELOCATIONS"
	if v, ok := w.lens.Symbol("CONFIG_CC_IS_CLANG"); ok && v == "y" {
		return false
	}
	if header, ok := w.read(initHeader); !ok || !bytes.Contains(header, []byte(symbol)) {
		return true
	}
	if v, ok := w.lens.Symbol("CONFIG_" + symbol); ok {
		return v != "y"
	}
	kconfig, ok := w.read(path.Join("arch", w.lens.Arch().Dir, "Kconfig"))
	return ok && !bytes.Contains(kconfig, []byte("select "+symbol))
}

// renamed is a function under the name that the source which includes the file
// gives it: fs/compat_binfmt_elf.c defines init_elf_binfmt as another name.
func (w *walker) renamed(function string, p *place) (string, error) {
	if len(p.lines) == 0 {
		return function, nil
	}
	defs, err := w.defsOf(p.source)
	if err != nil {
		return "", err
	}
	for _, d := range defs {
		if d.Name == function && !d.Function && d.Line < p.lines[0] {
			if ts := d.Tokens(); len(ts) == 1 {
				return ts[0].Text, nil
			}
		}
	}
	return function, nil
}

// conditionsOf are the conditions of a file.
func (w *walker) conditionsOf(id source.FileID) (*conditions, error) {
	if c := w.conds[id]; c != nil {
		return c, nil
	}
	f, err := w.t.File(id)
	if err != nil {
		return nil, err
	}
	c := &conditions{lines: f.Lines}
	if c.conds, err = w.t.Conds(id); err != nil {
		return nil, err
	}
	w.conds[id] = c
	return c, nil
}

// entries are the initcalls that the use of a macro makes.
func (w *walker) entries(m *macros, name string, r index.Ref) ([]Call, error) {
	c, err := w.conditionsOf(r.File)
	if err != nil {
		return nil, err
	}
	file := w.t.Path(r.File)
	src, ok := w.read(file)
	if !ok {
		return nil, nil
	}
	text, ok := arguments(src, r.Line, name)
	if !ok {
		return nil, nil
	}
	v := w.lens.At(file, c.conds, c.lines, r.Line)
	var list []Call
	for _, e := range m.expand(name, text, r.File) {
		list = append(list, Call{Path: file, Line: r.Line, Function: e.function, ID: e.id, Macro: name, Verdict: v})
	}
	return list, nil
}

// maxArguments bounds the text of the arguments of a use.
const maxArguments = 4 << 10

// arguments is the text between the parentheses behind a name in a line.
func arguments(src []byte, line uint32, name string) (string, bool) {
	for ; line > 1; line-- {
		i := bytes.IndexByte(src, '\n')
		if i < 0 {
			return "", false
		}
		src = src[i+1:]
	}
	end := bytes.IndexByte(src, '\n')
	if end < 0 {
		end = len(src)
	}
	i := bytes.Index(src[:end], []byte(name))
	if i < 0 {
		return "", false
	}
	src = bytes.TrimLeft(src[i+len(name):], " \t\r\n")
	if len(src) == 0 || src[0] != '(' {
		return "", false
	}
	src = src[:min(len(src), maxArguments)]
	depth := 0
	for i, c := range src {
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return string(src[1:i]), true
			}
		}
	}
	return "", false
}
