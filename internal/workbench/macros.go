package workbench

// What macros make and call: definitions that stand nowhere in the text, and
// calls that were written as the use of a macro.

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/macro"
	"dekho/internal/source"
	"dekho/internal/xref"
)

// MacroPlace is a macro and its #define.
type MacroPlace struct {
	Name string
	Path string
	Line uint32 // 1-based
}

// macroCall is a call that was written as the use of a macro.
type macroCall struct {
	file source.FileID
	line uint32
	// chain are the macros on the way to the function, the one that stands
	// there first.
	chain []string
}

// macros answers what the macros of a tree make and call. It is for one
// goroutine.
type macros struct {
	t      *Tree
	table  *xref.Map
	funcs  *index.FuncFinder
	defs   map[string][]macroFile   // by name
	making map[source.FileID][]span // uses that make functions
	text   presenter                // of the file read last
	// included is what the file including includes.
	including source.FileID
	included  []string
	reader    source.Reader
}

// macroFile is a file with definitions of a macro.
type macroFile struct {
	id    source.FileID
	path  string
	tools bool // not of the kernel
}

// macros opens what is known of macros, nil if the index has none of it.
func (t *Tree) macros() (*macros, error) {
	table, err := t.xref()
	if table == nil {
		return nil, err
	}
	return &macros{t: t, table: table, funcs: t.idx.FuncFinder(), defs: make(map[string][]macroFile), making: make(map[source.FileID][]span)}, nil
}

func (t *Tree) openXref() (*xref.Map, error) {
	b, err := t.idx.Artifact(xrefArtifact, xref.Version)
	switch {
	case errors.Is(err, ErrNoIndex), errors.Is(err, ErrVersion):
		return nil, nil
	case err != nil:
		return nil, err
	}
	m, err := xref.Open(b)
	if err != nil {
		return nil, errors.Join(ErrDamaged, err)
	}
	return m, nil
}

// made is a definition that the use of a macro makes.
type made struct {
	ref   index.Ref
	macro MacroPlace
}

// definitions lists where uses of macros define a name.
func (m *macros) definitions(name string) []made {
	var list []made
	for _, d := range m.table.Definitions(name) {
		f, ok := m.t.idx.FileByPath(d.Path)
		if !ok {
			continue // a file that is gone since
		}
		ref := index.Ref{File: f, Line: d.Line, Role: d.Role}
		// A header that is read several times makes the same with several
		// macros of one name.
		if !slices.ContainsFunc(list, func(m made) bool { return m.ref == ref }) {
			list = append(list, made{ref, MacroPlace(d.Macro)})
		}
	}
	return list
}

// callers lists the uses of macros that call a function.
func (m *macros) callers(name string) ([]macroCall, error) {
	var list []macroCall
	seen := make(map[index.Ref]bool)
	add := func(file source.FileID, line uint32, chain []string) {
		if k := (index.Ref{File: file, Line: line}); !seen[k] {
			seen[k] = true
			list = append(list, macroCall{file, line, chain})
		}
	}
	for _, c := range m.table.Calls(name) {
		if f, ok := m.t.idx.FileByPath(c.Path); ok {
			add(f, c.Line, []string{c.Macro.Name})
		}
	}
	// Nearest first, so that of several ways the shortest is shown.
	calls := m.table.Macros(name)
	w, err := m.newReach(name, calls)
	if err != nil {
		return nil, err
	}
	done := make([]bool, len(w.names))
	for i := range calls {
		c := &calls[i]
		if c.Words != nil {
			err = m.usesWith(c, w, func(r index.Ref, chain []string) { add(r.File, r.Line, chain) })
		} else if n := w.index[c.Macro.Name]; !done[n] {
			done[n] = true
			for _, d := range m.table.Calls(c.Macro.Name) {
				f, ok := m.t.idx.FileByPath(d.Path)
				if !ok {
					continue
				}
				if w.at(f); w.from(n) != 0 {
					add(f, d.Line, append([]string{d.Macro.Name}, w.chain(n)...))
				}
			}
			err = m.uses(c.Macro.Name, w, n, func(r index.Ref, chain []string) { add(r.File, r.Line, chain) })
		}
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(list, func(a, b macroCall) int {
		return compareRef(index.Ref{File: a.file, Line: a.line}, index.Ref{File: b.file, Line: b.line})
	})
	return list, nil
}

// macroCallee is a name that the use of a macro calls.
type macroCallee struct {
	name  string
	chain []string // the macros on the way, the one that is used first
}

// maxMacroCallees bounds the names that one macro comes to.
const maxMacroCallees = 256

// callees lists the names that the use of a macro in a file calls, nearest
// first; none if it is no macro.
func (m *macros) callees(name string, file source.FileID) []macroCallee {
	var list []macroCallee
	seen := map[string]bool{name: true}
	queue := []macroCallee{{name: name}}
	for i := 0; i < len(queue) && len(list) < maxMacroCallees; i++ {
		at := queue[i]
		calls := m.table.Body(at.name)
		if len(calls) == 0 {
			continue
		}
		all, err := m.definitionsOf(at.name)
		if err != nil {
			continue
		}
		chain := append(slices.Clone(at.chain), at.name)
		for _, c := range calls {
			if seen[c.Callee] || i == 0 && !m.sees(file, all, []xref.MacroCall{{Macro: c.Macro}}) {
				continue
			}
			seen[c.Callee] = true
			next := macroCallee{c.Callee, chain}
			list = append(list, next)
			queue = append(queue, next)
		}
	}
	return list
}

// uses calls fn for the places in functions where a macro is used that comes to
// a call, with the macros on the way.
func (m *macros) uses(name string, w *reach, n int, fn func(index.Ref, []string)) error {
	var last source.FileID = source.NoFile
	var chain []string
	comes := false
	return m.eachUse(name, func(r index.Ref) bool {
		if r.File != last {
			last = r.File
			w.at(r.File)
			if comes = w.from(n) != 0; comes {
				chain = w.chain(n)
			}
		}
		return comes && w.calls(n, r.Role)
	}, func(r index.Ref) { fn(r, chain) })
}

// usesWith is uses for a macro that comes to the call with certain arguments
// only.
func (m *macros) usesWith(c *xref.MacroCall, w *reach, fn func(index.Ref, []string)) error {
	all, err := m.definitionsOf(c.Macro.Name)
	if err != nil {
		return err
	}
	h := &c.Next[0]
	sees, asked := source.NoFile, source.NoFile // the files last looked at
	visible, comes := false, false
	var chain []string
	return m.eachUse(c.Macro.Name, func(r index.Ref) bool {
		if r.File != sees {
			sees, visible = r.File, m.sees(r.File, all, []xref.MacroCall{*c})
		}
		return visible
	}, func(r index.Ref) {
		if !m.fits(r, c.Macro.Name, c.Words) {
			return
		}
		if r.File != asked {
			asked = r.File
			w.at(r.File)
			if comes = w.hop(h)&w.arch(c.Macro.Path)&w.mask != 0; comes {
				chain = []string{c.Macro.Name}
				for _, via := range h.Via {
					chain = append(chain, via.Name)
				}
				if n, ok := w.index[h.Callee]; ok && h.Callee != w.target {
					chain = append(chain, w.chain(n)...)
				}
			}
		}
		if comes {
			fn(r, chain)
		}
	})
}

// eachUse calls fn for the uses of a macro in the bodies of functions, of those
// that are wanted.
func (m *macros) eachUse(name string, wanted func(index.Ref) bool, fn func(index.Ref)) error {
	roles := index.Roles(lang.Call, lang.Read, lang.Write, lang.Address)
	var failed error
	err := m.t.idx.EachRef(name, roles, func(r index.Ref) bool {
		if !wanted(r) {
			return true
		}
		f, in, err := m.funcs.At(r.File, r.Line)
		if err != nil {
			failed = err
			return false
		}
		if in && !m.inHead(r, name, &f) || !in && m.inMade(r) {
			fn(r)
		}
		return true
	})
	return errors.Join(err, failed)
}

// maxUse bounds the lines of one use of a macro at file scope.
const maxUse = 300

// span is a range of lines.
type span struct{ first, last uint32 }

// inMade reports whether a place outside of functions is among the arguments of
// a macro that makes functions of them, as TRACE_EVENT does: the nearest
// definition above it in the file is made by such a use.
func (m *macros) inMade(r index.Ref) bool {
	spans, ok := m.making[r.File]
	if !ok {
		spans = m.makingSpans(r.File)
		m.making[r.File] = spans
	}
	i, found := slices.BinarySearchFunc(spans, r.Line, func(s span, line uint32) int { return cmp.Compare(s.first, line) })
	return !found && i > 0 && r.Line <= spans[i-1].last
}

// makingSpans are, for each use of a macro in a file that makes functions, its
// line and the last that can belong to it.
func (m *macros) makingSpans(file source.FileID) []span {
	var spans []span
	for _, line := range m.table.Making(m.t.idx.Path(file)) {
		if n := len(spans); n > 0 {
			spans[n-1].last = min(spans[n-1].last, line-1)
		}
		spans = append(spans, span{line, line + maxUse})
	}
	if len(spans) == 0 {
		return nil
	}
	funcs, err := m.t.idx.Funcs(file)
	if err != nil {
		return nil
	}
	next := 0
	for i := range spans {
		for next < len(funcs) && funcs[next].Start <= spans[i].first {
			next++
		}
		if next < len(funcs) {
			spans[i].last = min(spans[i].last, funcs[next].Start-1)
		}
	}
	return spans
}

// definitionsOf lists the files that define a macro.
func (m *macros) definitionsOf(name string) ([]macroFile, error) {
	if files, ok := m.defs[name]; ok {
		return files, nil
	}
	refs, err := m.t.idx.Refs(name, index.Roles(lang.DefMacro))
	if err != nil {
		return nil, err
	}
	var files []macroFile
	for _, r := range refs {
		if len(files) == 0 || files[len(files)-1].id != r.File {
			path := m.t.idx.Path(r.File)
			files = append(files, macroFile{r.File, path, place(path) == placeTools})
		}
	}
	m.defs[name] = files
	return files, nil
}

// sees reports whether a file sees one of the definitions of the calls, of all
// that the macro has: its own first, else those of the headers nearest to it.
func (m *macros) sees(file source.FileID, all []macroFile, calls []xref.MacroCall) bool {
	path := m.t.idx.Path(file)
	tools := place(path) == placeTools
	if tools != (place(calls[0].Macro.Path) == placeTools) {
		return false
	}
	is := func(p string) bool {
		return slices.ContainsFunc(calls, func(c xref.MacroCall) bool { return c.Macro.Path == p })
	}
	if slices.ContainsFunc(all, func(f macroFile) bool { return f.id == file }) {
		return is(path)
	}
	best, found := -1, false
	for _, f := range all {
		if f.tools != tools {
			continue
		}
		near := m.nearness(f.path, path, file)
		if near < best || near < 0 {
			continue
		}
		if near > best {
			best, found = near, false
		}
		found = found || is(f.path)
	}
	return found
}

// nearness says how likely a file is to see the macros of a header, -1 if it
// does not.
func (m *macros) nearness(header, path string, file source.FileID) int {
	isHeader := strings.HasSuffix(header, ".h")
	rest, inArch := strings.CutPrefix(header, "arch/")
	if isHeader && strings.HasPrefix(header, "include/") {
		return 1
	}
	if inArch {
		arch, sub, _ := strings.Cut(rest, "/")
		if own, ok := strings.CutPrefix(path, "arch/"); ok && !strings.HasPrefix(own, arch+"/") {
			return -1
		}
		if isHeader && strings.HasPrefix(sub, "include/") {
			return 1
		}
	}
	common := macro.CommonDirs(header, path)
	slash := strings.LastIndexByte(header, '/') + 1
	switch {
	case isHeader && common >= 2:
		return common
	case isHeader && strings.HasPrefix(path, header[:slash]), m.includes(file, path, header):
		return 2
	}
	return -1
}

// includes reports whether a file includes a header, as far as the name tells:
// where the directory in which it is looked for first has one of the name, it
// is that.
func (m *macros) includes(file source.FileID, path, header string) bool {
	if m.including != file || m.included == nil {
		list, err := m.t.idx.Includes(file)
		if err != nil {
			list = nil
		}
		m.including, m.included = file, m.included[:0]
		for i := range list {
			m.included = append(m.included, list[i].Path)
		}
	}
	base := header[strings.LastIndexByte(header, '/')+1:]
	for _, inc := range m.included {
		if inc[strings.LastIndexByte(inc, '/')+1:] != base {
			continue
		}
		beside := macro.CleanJoin(path[:strings.LastIndexByte(path, '/')+1], inc)
		if beside == header {
			return true
		}
		if _, ok := m.t.idx.FileByPath(beside); !ok {
			return true
		}
	}
	return false
}

// maxArgs bounds the text in which the arguments of a use are looked for.
const maxArgs = 4096

// fits reports whether the arguments of a use are the words it takes.
func (m *macros) fits(r index.Ref, name string, words map[int]string) bool {
	m.textOf(r.File)
	if m.text.content == nil {
		return false
	}
	m.text.text(r.Line)
	text := m.text.content[m.text.at:]
	text = text[:min(len(text), maxArgs)]
	for {
		i := wordIn(text, name)
		if i < 0 || bytes.IndexByte(text[:i], '\n') >= 0 {
			return false
		}
		text = text[i+len(name):]
		open := bytes.IndexByte(text, '(')
		if open < 0 || len(bytes.TrimSpace(text[:open])) > 0 {
			continue
		}
		group := text[open:closing(text, open)]
		for _, w := range words {
			if wordIn(group, w) < 0 {
				return false // without taking it apart
			}
		}
		args, _, ok := macro.Group(macro.Lex(nil, string(group)), 0)
		if !ok {
			continue
		}
		fit := true
		for n, w := range words {
			fit = fit && n < len(args) && len(args[n]) == 1 && args[n][0].Text == w
		}
		if fit {
			return true
		}
	}
}

// textOf is the text of a file, without content if it cannot be read.
func (m *macros) textOf(file source.FileID) *presenter {
	if m.text.t == nil || m.text.file != file { // references come file by file
		content, err := m.t.idx.ReadText(&m.reader, file)
		if err != nil {
			content = nil
		}
		m.text = presenter{t: m.t, file: file, content: content, line: 1}
	}
	return &m.text
}

// closing is where the group ends that opens at text[open]: behind its
// parenthesis, or at the end of the text.
func closing(text []byte, open int) int {
	depth := 0
	for i := open; i < len(text); i++ {
		switch c := text[i]; c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"', '\'':
			for i++; i < len(text) && text[i] != c && text[i] != '\n'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		}
	}
	return len(text)
}
