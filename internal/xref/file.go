package xref

// The artifact. It begins with
//
//	magic u32, Version u32, then for each section: offset u32, length u32
//
// and holds these sections, of little-endian u32 but where bytes are said:
//
//	strings    bytes: varint length and text each; a reference is an offset
//	files      path
//	macros     name, file, line: a #define
//	templates  macro, first item, number of items
//	items      name (with marks), role, function it is in (with marks)
//	uses       file, line, arguments: by template
//	byTemplate first use of each template, and the end
//	byFile     uses, by file and line
//	names      use: who makes or, with arguments in the name, calls a name, by
//	           the bucket of its hash
//	buckets    first of names for each value of the upper bits of a hash, and
//	           the end; how many bits follows from how many rows
//	callees    name, item's template: calls without arguments in the name
//	edges      callee, macro: by callee
//	through    edge, the macro through which it calls an argument: by edge
//	byMacro    edges, by the name of the macro
//	patterns   name (with marks), macro, through: by macro
//	words      the dictionary of names, see names.go; bytes
//	nameBlocks offset of each block of it, and the end
//	digests    of the blocks; bytes, see package fuzzy
//
// Files, macros and templates are referred to by their numbers.

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"slices"
	"strings"
	"sync"

	"dekho/internal/lang"
	"dekho/internal/macro"
	"dekho/internal/sections"
	"dekho/internal/source"
)

// Version is that of the artifact's format and of what the linker finds out.
const Version = 5

const magic = 0x46455258 // "XREF"

const (
	secStrings = iota
	secFiles
	secMacros
	secTemplates
	secItems
	secUses
	secByTemplate
	secByFile
	secNames
	secBuckets
	secCallees
	secEdges
	secThrough
	secByMacro
	secPatterns
	secWords
	secNameBlocks
	secDigests
	sectionCount
)

// The words of a row of each section.
const (
	macroWords    = 3
	templateWords = 3
	itemWords     = 3
	useWords      = 3
	calleeWords   = 2
	edgeWords     = 2
	throughWords  = 2
	patternWords  = 3
)

const none = ^uint32(0)

// ErrDamaged is returned by Open for bytes that are no artifact, ErrVersion for
// one of another version.
var (
	ErrDamaged = errors.New("damaged table of what macros make")
	ErrVersion = errors.New("table of what macros make is of another version")
)

var frame = sections.Frame{
	Magic: magic, Version: Version, Align: 1, Name: "table of what macros make", Damaged: ErrDamaged, Other: ErrVersion,
}

// Stats counts what a link found.
type Stats struct {
	Uses     int // of macros at file scope that make or call something
	Names    int // that they make
	Edges    int // calls in bodies of macros
	Patterns int // calls made of arguments
}

// Link works out what the macros of a tree make, and whom they call, and writes
// it for Open. functions tells whether the tree defines a function of a name;
// it may err on the side of yes.
func Link(in Input, t *macro.Table, functions func(name []byte) bool, w io.Writer) (Stats, error) {
	l := &linker{in: in, t: t}
	g := &graph{t: t, functions: functions}
	done := make(chan struct{})
	go func() {
		g.link()
		close(done)
	}()
	parts, err := l.derive()
	<-done
	if err != nil {
		return Stats{}, err
	}
	for i := range parts {
		g.edges = append(g.edges, parts[i].renamed...)
	}
	wr := newWriter(t, g)
	return wr.write(parts, w)
}

// writer lays the artifact out.
type writer struct {
	t       *macro.Table
	g       *graph
	strings bytes.Buffer
	refs    map[string]uint32
	files   []uint32
	fileNo  map[int32]uint32
	macros  []uint32
	macroNo map[int32]uint32

	templates []uint32
	items     []uint32
	tmplNo    map[string]uint32
	key       []byte
}

func newWriter(t *macro.Table, g *graph) *writer {
	return &writer{
		t: t, g: g, refs: make(map[string]uint32, 1<<17), fileNo: make(map[int32]uint32), macroNo: make(map[int32]uint32),
		tmplNo: make(map[string]uint32),
	}
}

func (w *writer) intern(s string) uint32 {
	if r, ok := w.refs[s]; ok {
		return r
	}
	r := uint32(w.strings.Len())
	var b [binary.MaxVarintLen64]byte
	w.strings.Write(b[:binary.PutUvarint(b[:], uint64(len(s)))])
	w.strings.WriteString(s)
	w.refs[s] = r
	return r
}

func (w *writer) file(f int32) uint32 {
	n, ok := w.fileNo[f]
	if !ok {
		n = uint32(len(w.files))
		w.fileNo[f] = n
		w.files = append(w.files, w.intern(w.t.Files[f].Path))
	}
	return n
}

func (w *writer) macro(id int32) uint32 {
	if id < 0 {
		return none
	}
	n, ok := w.macroNo[id]
	if !ok {
		n = uint32(len(w.macros) / macroWords)
		w.macroNo[id] = n
		m := w.g.defs[id]
		w.macros = append(w.macros, w.intern(m.Name), w.file(m.File), m.Line)
	}
	return n
}

// template is the number of a template; equal ones have one.
func (w *writer) template(t *template) uint32 {
	k := binary.LittleEndian.AppendUint32(w.key[:0], uint32(t.def.ID))
	for i := range t.items {
		it := &t.items[i]
		k = append(append(k, it.name...), 0, byte(it.role))
		k = append(append(k, it.fn...), 0)
	}
	w.key = k
	n, ok := w.tmplNo[string(k)]
	if !ok {
		n = uint32(len(w.templates) / templateWords)
		w.tmplNo[string(k)] = n
		w.templates = append(w.templates, w.macro(t.def.ID), uint32(len(w.items)/itemWords), uint32(len(t.items)))
		for i := range t.items {
			it := &t.items[i]
			w.items = append(w.items, w.intern(it.name), uint32(it.role), w.intern(it.fn))
		}
	}
	return n
}

func (w *writer) write(parts []derived, out io.Writer) (Stats, error) {
	var st Stats
	var uses []useRow
	var names []named
	var hashes []uint32 // of the use being written
	var words []string
	for p := range parts {
		for i := range parts[p].uses {
			u := &parts[p].uses[i]
			uses = append(uses, useRow{w.template(u.tmpl), w.file(u.file), u.line, w.intern(u.args)})
		}
	}
	slices.SortFunc(uses, func(a, b useRow) int {
		return cmp.Or(cmp.Compare(a.template, b.template), cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.args, b.args))
	})
	uses = slices.Compact(uses)
	st.Uses = len(uses)
	view := &Map{artifact: &artifact{}}
	view.sections[secStrings] = w.strings.Bytes()
	view.sections[secItems] = sections.Words(w.items)
	view.sections[secTemplates] = sections.Words(w.templates)
	var args []string
	for i := range uses {
		args = splitArgs(args[:0], view.str(uses[i].args))
		hashes = hashes[:0]
		first, n := view.templateItems(uses[i].template)
		for j := first; j < first+n; j++ {
			it := view.item(j)
			if it.role == lang.Call && strings.IndexByte(it.name, mark) < 0 {
				continue
			}
			full, ok := giveWords(it.name, args)
			if !ok || !symbol(full) {
				continue
			}
			if it.role != lang.Call {
				st.Names++
				if listed(full, it.role) && !w.g.functions([]byte(full)) {
					words = append(words, full)
				}
			}
			if h := lang.Hash([]byte(full)); !slices.Contains(hashes, h) {
				hashes = append(hashes, h)
				names = append(names, named{h, uint32(i)})
			}
		}
	}
	var sec [sectionCount][]byte
	sorted := make(chan struct{})
	go func() {
		sec[secWords], sec[secNameBlocks], sec[secDigests] = dictionary(words)
		close(sorted)
	}()
	sec[secNames], sec[secBuckets] = inBuckets(names)
	templates := len(w.templates) / templateWords
	byTemplate := make([]uint32, templates+1)
	useRows := make([]uint32, 0, len(uses)*useWords)
	byFile := make([]uint32, len(uses))
	for i := range uses {
		byTemplate[uses[i].template+1]++
		useRows = append(useRows, uses[i].file, uses[i].line, uses[i].args)
		byFile[i] = uint32(i)
	}
	for i := range templates {
		byTemplate[i+1] += byTemplate[i]
	}
	slices.SortFunc(byFile, func(a, b uint32) int {
		x, y := &uses[a], &uses[b]
		return cmp.Or(cmp.Compare(x.file, y.file), cmp.Compare(x.line, y.line), cmp.Compare(a, b))
	})
	sec[secCallees] = w.callees()
	edges, through := w.edges()
	st.Edges = len(edges) / edgeWords
	patterns := w.patterns()
	st.Patterns = len(patterns) / patternWords
	sec[secStrings] = w.strings.Bytes()
	sec[secFiles] = sections.Words(w.files)
	sec[secMacros] = sections.Words(w.macros)
	sec[secTemplates] = sections.Words(w.templates)
	sec[secItems] = sections.Words(w.items)
	sec[secUses] = sections.Words(useRows)
	sec[secByTemplate] = sections.Words(byTemplate)
	sec[secByFile] = sections.Words(byFile)
	sec[secEdges] = sections.Words(edges)
	sec[secThrough] = sections.Words(through)
	sec[secByMacro] = sections.Words(w.byMacro(edges))
	sec[secPatterns] = sections.Words(patterns)
	<-sorted
	return st, frame.Write(out, sec[:])
}

// useRow is a use of a macro with its template.
type useRow struct{ template, file, line, args uint32 }

// named is a use that makes a name, or calls it.
type named struct{ hash, use uint32 }

// perBucket is how many names share a bucket, more or less: each is read to see
// whether it is the one.
const perBucket = 4

// inBuckets is the sections of names and of their buckets.
func inBuckets(names []named) (uses, buckets []byte) {
	width := max(bits.Len(uint(len(names)/perBucket)), 1) - 1
	for i := range names {
		names[i].hash >>= 32 - width // in Go, nothing is left for width 0
	}
	slices.SortFunc(names, func(a, b named) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.use, b.use)) })
	names = slices.Compact(names)
	starts := make([]uint32, 1<<width+1)
	uses = make([]byte, 0, len(names)*4)
	for _, n := range names {
		starts[n.hash+1]++
		uses = binary.LittleEndian.AppendUint32(uses, n.use)
	}
	for i := range 1 << width {
		starts[i+1] += starts[i]
	}
	return uses, sections.Words(starts)
}

// callees lists the plain calls of templates, by name.
func (w *writer) callees() []byte {
	var rows [][calleeWords]uint32
	view := &Map{artifact: &artifact{}}
	view.sections[secStrings] = w.strings.Bytes()
	view.sections[secItems] = sections.Words(w.items)
	for t := 0; t < len(w.templates); t += templateWords {
		first, n := w.templates[t+1], w.templates[t+2]
		from := len(rows)
		for j := first; j < first+n; j++ {
			it := view.item(j)
			row := [calleeWords]uint32{w.items[j*itemWords], uint32(t / templateWords)}
			if it.role == lang.Call && strings.IndexByte(it.name, mark) < 0 && !slices.Contains(rows[from:], row) {
				rows = append(rows, row)
			}
		}
	}
	names := make(map[uint32]string)
	for _, r := range rows {
		names[r[0]] = view.str(r[0])
	}
	slices.SortFunc(rows, func(a, b [calleeWords]uint32) int {
		return cmp.Or(strings.Compare(names[a[0]], names[b[0]]), cmp.Compare(a[1], b[1]))
	})
	flat := make([]uint32, 0, len(rows)*calleeWords)
	for _, r := range rows {
		flat = append(flat, r[:]...)
	}
	return sections.Words(flat)
}

// edges lists the calls in macros, by callee, and which go through another macro.
func (w *writer) edges() (edges, through []uint32) {
	es := w.g.edges
	slices.SortFunc(es, func(a, b edge) int {
		return cmp.Or(strings.Compare(a.callee, b.callee), cmp.Compare(a.def, b.def), cmp.Compare(a.through, b.through))
	})
	edges = make([]uint32, 0, len(es)*edgeWords)
	for i := range es {
		if i > 0 && es[i].callee == es[i-1].callee && es[i].def == es[i-1].def {
			continue
		}
		if es[i].through >= 0 {
			through = append(through, uint32(len(edges)/edgeWords), w.macro(es[i].through))
		}
		edges = append(edges, w.intern(es[i].callee), w.macro(es[i].def))
	}
	return edges, through
}

// patterns lists the calls made of arguments, by macro.
func (w *writer) patterns() []uint32 {
	rows := make([][patternWords]uint32, 0, len(w.g.all))
	for i := range w.g.all {
		p := &w.g.all[i]
		rows = append(rows, [patternWords]uint32{w.intern(p.name), w.macro(p.def), w.macro(p.through)})
	}
	slices.SortStableFunc(rows, func(a, b [patternWords]uint32) int { return cmp.Compare(a[1], b[1]) })
	flat := make([]uint32, 0, len(rows)*patternWords)
	for i := range rows {
		flat = append(flat, rows[i][:]...)
	}
	return flat
}

// byMacro orders the edges by the names of the macros.
func (w *writer) byMacro(edges []uint32) []uint32 {
	names := make(map[uint32]string, len(w.macroNo))
	for id, n := range w.macroNo {
		names[n] = w.g.defs[id].Name
	}
	order := make([]uint32, len(edges)/edgeWords)
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int {
		return cmp.Or(strings.Compare(names[edges[a*edgeWords+1]], names[edges[b*edgeWords+1]]), cmp.Compare(a, b))
	})
	return order
}

// argSeparator stands between the arguments of a use; a byte that none has.
const argSeparator = "\x00"

// splitArgs appends the arguments of a use, "" for those that no name can have
// a part in.
func splitArgs(dst []string, text string) []string {
	for text != "" {
		a, rest, more := strings.Cut(text, argSeparator)
		dst = append(dst, a)
		if !more {
			break
		}
		text = rest
	}
	return dst
}

// Map is an opened artifact. It is immutable and safe for concurrent use.
type Map struct {
	*artifact
	moved source.LineMaps
}

// Moved is the map with places where they are in files that were edited since.
func (m *Map) Moved(lines source.LineMaps) *Map { return &Map{m.artifact, lines} }

// artifact is the bytes, and what was made of them when it was first needed.
type artifact struct {
	sections [sectionCount][]byte

	filesOnce sync.Once
	files     map[string]uint32 // numbers by path

	patternsOnce sync.Once
	// patterns are those of macros by their first byte; those that begin with
	// an argument are at 0.
	patterns [256][]patternRow
}

// patternRow is a call made of arguments.
type patternRow struct {
	name           string // with marks
	head, tail     string // of name, before its first and behind its last mark
	macro, through uint32
}

// Open opens the bytes written by Link, usually a mapping; it reads nothing but
// the header.
func Open(b []byte) (*Map, error) {
	m := &Map{artifact: &artifact{}}
	if err := frame.Open(b, m.sections[:]); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *Map) rows(section, words int) uint32 {
	return uint32(len(m.sections[section]) / (words * 4))
}

// word is a word of a section, 0 beyond its end.
func (m *Map) word(section int, i uint64) uint32 {
	return sections.Word(m.sections[section], i)
}

// col is a word of a row.
func (m *Map) col(section, words int, row uint32, col int) uint32 {
	return m.word(section, uint64(row)*uint64(words)+uint64(col))
}

// str is the string at a reference, "" if there is none.
func (m *Map) str(ref uint32) string { return string(m.bytes(ref)) }

func (m *Map) bytes(ref uint32) []byte {
	b := m.sections[secStrings]
	if uint64(ref) >= uint64(len(b)) {
		return nil
	}
	n, k := binary.Uvarint(b[ref:])
	if k <= 0 || n > uint64(len(b))-uint64(ref)-uint64(k) {
		return nil
	}
	return b[uint64(ref)+uint64(k) : uint64(ref)+uint64(k)+n]
}

// templateItems are the items of a template: the first, and how many.
func (m *Map) templateItems(t uint32) (first, n uint32) {
	first, n = m.col(secTemplates, templateWords, t, 1), m.col(secTemplates, templateWords, t, 2)
	items := m.rows(secItems, itemWords)
	if first > items {
		return 0, 0
	}
	return first, min(n, items-first)
}

func (m *Map) item(i uint32) item {
	return item{
		name: m.str(m.col(secItems, itemWords, i, 0)),
		role: lang.Role(m.col(secItems, itemWords, i, 1)),
		fn:   m.str(m.col(secItems, itemWords, i, 2)),
	}
}
