package xref

import (
	"bytes"
	"cmp"
	"math/bits"
	"slices"
	"sort"
	"strings"

	"dekho/internal/lang"
)

// Macro is a #define.
type Macro struct {
	Name string
	Path string
	Line uint32 // 1-based
}

// Made is a name that the use of a macro defines, or a function it calls.
type Made struct {
	Name string
	Role lang.Role // DefFunction and the like, or Call
	Path string    // of the use
	Line uint32    // of the use, 1-based
	// Macro is the macro used.
	Macro Macro
	// Function is, of a call, the function it stands in, which the same use
	// makes; "" when it stands in none.
	Function string
}

// Definitions lists where uses of macros define a name, by path and line.
func (m *Map) Definitions(name string) []Made {
	return m.made(name, func(r lang.Role) bool { return r != lang.Call })
}

// Calls lists the uses of macros at file scope that call a name, by path and
// line.
func (m *Map) Calls(name string) []Made {
	list := m.made(name, func(r lang.Role) bool { return r == lang.Call })
	n := m.rows(secCallees, calleeWords)
	i := uint32(sort.Search(int(n), func(i int) bool {
		return string(m.bytes(m.col(secCallees, calleeWords, uint32(i), 0))) >= name
	}))
	var args []string
	for ; i < n && string(m.bytes(m.col(secCallees, calleeWords, i, 0))) == name; i++ {
		t := m.col(secCallees, calleeWords, i, 1)
		uses := m.rows(secUses, useWords)
		for u := m.word(secByTemplate, uint64(t)); u < min(m.word(secByTemplate, uint64(t)+1), uses); u++ {
			args = splitArgs(args[:0], m.str(m.col(secUses, useWords, u, 2)))
			first, count := m.templateItems(t)
			for j := first; j < first+count; j++ {
				if it := m.item(j); it.role == lang.Call && it.name == name {
					list = append(list, m.useMade(t, u, &it, name, args))
				}
			}
		}
	}
	sortMade(list)
	return list
}

// made lists what uses make under a name.
func (m *Map) made(name string, want func(lang.Role) bool) []Made {
	var list []Made
	width := bits.Len32(max(m.rows(secBuckets, 1), 2)-1) - 1
	bucket := uint64(lang.Hash([]byte(name))) >> (32 - width)
	end := min(m.word(secBuckets, bucket+1), m.rows(secNames, 1))
	for i := m.word(secBuckets, bucket); i < end; i++ {
		list = m.named(list, m.word(secNames, uint64(i)), name, want)
	}
	sortMade(list)
	return slices.Compact(list)
}

// named appends what a use makes under a name. Most uses that are asked make
// others only, and many of them: these are told by how they begin.
func (m *Map) named(list []Made, u uint32, name string, want func(lang.Role) bool) []Made {
	t := m.templateOf(u)
	var args []string
	first, n := m.templateItems(t)
	for j := first; j < first+n; j++ {
		text := m.bytes(m.col(secItems, itemWords, j, 0))
		at := bytes.IndexByte(text, mark)
		if at < 0 && string(text) != name || at >= 0 && (at > len(name) || string(text[:at]) != name[:at]) {
			continue
		}
		it := m.item(j)
		if !want(it.role) || at < 0 && it.role == lang.Call {
			continue
		}
		if args == nil {
			args = splitArgs(nil, m.str(m.col(secUses, useWords, u, 2)))
		}
		if full, ok := giveWords(it.name, args); ok && full == name && symbol(full) {
			list = append(list, m.useMade(t, u, &it, full, args))
		}
	}
	return list
}

func sortMade(list []Made) {
	slices.SortStableFunc(list, func(a, b Made) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 {
			return c
		}
		return int(a.Line) - int(b.Line)
	})
}

// InFile lists what uses of macros in a file define, by line.
func (m *Map) InFile(path string) []Made {
	var list []Made
	m.eachUse(path, func(u uint32) {
		for _, d := range m.useItems(u) {
			if d.Role != lang.Call {
				list = append(list, d)
			}
		}
	})
	return slices.Compact(list)
}

// EachName calls fn for each name that uses of macros define, in no order, a
// name made in several places several times, until it returns false.
func (m *Map) EachName(fn func(name string, role lang.Role) bool) {
	for u := range m.rows(secUses, useWords) {
		for _, d := range m.useItems(u) {
			if d.Role != lang.Call && !fn(d.Name, d.Role) {
				return
			}
		}
	}
}

// Making lists the lines in a file where uses of macros make functions, in
// order.
func (m *Map) Making(path string) []uint32 {
	var lines []uint32
	m.eachUse(path, func(u uint32) {
		line := m.moved.New(path, m.col(secUses, useWords, u, 1))
		if len(lines) > 0 && lines[len(lines)-1] == line {
			return
		}
		first, n := m.templateItems(m.templateOf(u))
		for j := first; j < first+n; j++ {
			if lang.Role(m.col(secItems, itemWords, j, 1)) == lang.DefFunction {
				lines = append(lines, line)
				return
			}
		}
	})
	return lines
}

// eachUse calls fn for the uses in a file, by line.
func (m *Map) eachUse(path string, fn func(use uint32)) {
	m.filesOnce.Do(func() {
		m.files = make(map[string]uint32)
		for i := range m.rows(secFiles, 1) {
			m.files[m.str(m.word(secFiles, uint64(i)))] = i
		}
	})
	file, ok := m.files[path]
	if !ok {
		return
	}
	n := m.rows(secByFile, 1)
	i := uint32(sort.Search(int(n), func(i int) bool {
		return m.col(secUses, useWords, m.word(secByFile, uint64(i)), 0) >= file
	}))
	for ; i < n; i++ {
		u := m.word(secByFile, uint64(i))
		if m.col(secUses, useWords, u, 0) != file {
			return
		}
		fn(u)
	}
}

// useItems is what a use makes and, with its arguments in the name, calls.
func (m *Map) useItems(u uint32) []Made {
	t := m.templateOf(u)
	args := splitArgs(nil, m.str(m.col(secUses, useWords, u, 2)))
	first, n := m.templateItems(t)
	var list []Made
	for j := first; j < first+n; j++ {
		it := m.item(j)
		if it.role == lang.Call && strings.IndexByte(it.name, mark) < 0 {
			continue
		}
		if full, ok := giveWords(it.name, args); ok && symbol(full) {
			list = append(list, m.useMade(t, u, &it, full, args))
		}
	}
	return list
}

// templateOf is the template of a use: the last that does not begin behind it.
func (m *Map) templateOf(u uint32) uint32 {
	n := m.rows(secTemplates, templateWords)
	return uint32(sort.Search(int(n), func(i int) bool { return m.word(secByTemplate, uint64(i)+1) > u }))
}

// useMade is an item of the template t in the use u.
func (m *Map) useMade(t, u uint32, it *item, name string, args []string) Made {
	fn, _ := giveWords(it.fn, args)
	path := m.path(m.col(secUses, useWords, u, 0))
	return Made{
		Name: name, Role: it.role, Function: fn,
		Path: path, Line: m.moved.New(path, m.col(secUses, useWords, u, 1)),
		Macro: m.macro(m.col(secTemplates, templateWords, t, 0)),
	}
}

func (m *Map) path(file uint32) string { return m.str(m.word(secFiles, uint64(file))) }

func (m *Map) macro(i uint32) Macro {
	if i == none {
		return Macro{}
	}
	path := m.path(m.col(secMacros, macroWords, i, 1))
	return Macro{
		Name: m.str(m.col(secMacros, macroWords, i, 0)),
		Path: path,
		Line: m.moved.New(path, m.col(secMacros, macroWords, i, 2)),
	}
}

// giveWords puts words into the places of a name. A place of an argument that
// is no word makes it no name; one of an argument that is not there is empty.
func giveWords(name string, words []string) (string, bool) {
	if strings.IndexByte(name, mark) < 0 {
		return name, true
	}
	var b strings.Builder
	for len(name) > 0 {
		before, n, after := place(name)
		b.WriteString(before)
		if n >= 0 && n < len(words) {
			if words[n] == noWord {
				return "", false
			}
			b.WriteString(words[n])
		}
		name = after
	}
	return b.String(), true
}

// noWord stands for an argument that cannot be part of a name.
const noWord = "\x01"

// MacroCall is a macro whose use comes to a call of a function.
type MacroCall struct {
	// Macro is the macro that is used.
	Macro Macro
	// Next are the calls in its body that come to the function, the shortest way
	// first.
	Next []Hop
	// Words are, by the index of a parameter, the arguments a use must have to
	// come to the call; empty when any use does.
	Words map[int]string
}

// Hop is a call in the body of a macro.
type Hop struct {
	// Callee is the name that is called: of the function, or of a macro that
	// comes to it.
	Callee string
	// Via are the macros that hand the callee on as an argument, outermost
	// first.
	Via []Macro
}

// maxMacros bounds the macros that one answer goes through, and maxHops the
// ways from one of them.
const (
	maxMacros = 1 << 16
	maxHops   = 8
)

// Macros lists the macros through which a name is called, nearest first.
func (m *Map) Macros(name string) []MacroCall {
	type step struct {
		macro uint32
		words map[int]string
		via   int // macros that hand the callee of the first hop on
		next  []Hop
	}
	var queue []*step
	seen := make(map[uint32]*step)
	byName := make(map[string]bool)
	hop := func(callee string, through uint32) Hop {
		h := Hop{Callee: callee}
		for _, via := range m.handedOn(callee, through) {
			h.Via = append(h.Via, m.macro(via))
		}
		return h
	}
	add := func(callee string) {
		if byName[callee] {
			return
		}
		byName[callee] = true
		from := len(queue)
		n := m.rows(secEdges, edgeWords)
		i := uint32(sort.Search(int(n), func(i int) bool {
			return string(m.bytes(m.col(secEdges, edgeWords, uint32(i), 0))) >= callee
		}))
		for ; i < n && string(m.bytes(m.col(secEdges, edgeWords, i, 0))) == callee && len(queue) < maxMacros; i++ {
			d := m.col(secEdges, edgeWords, i, 1)
			s := seen[d]
			switch {
			case s == nil:
				s = &step{macro: d}
				seen[d] = s
				queue = append(queue, s)
			case len(s.next) == maxHops:
				continue
			}
			h := hop(callee, m.through(i))
			if len(s.next) == 0 {
				s.via = len(h.Via)
			}
			s.next = append(s.next, h)
		}
		if callee == "" {
			return
		}
		for _, first := range [...]byte{0, callee[0]} {
			for _, p := range m.patternsAt(first) {
				if !strings.HasPrefix(callee, p.head) || !strings.HasSuffix(callee, p.tail) {
					continue
				}
				words, ok := matchPattern(p.name, callee)
				if ok && seen[p.macro] == nil && len(queue) < maxMacros {
					h := hop(callee, p.through)
					queue = append(queue, &step{p.macro, words, len(h.Via), []Hop{h}})
				}
			}
		}
		slices.SortStableFunc(queue[from:], func(a, b *step) int { return cmp.Compare(a.via, b.via) })
	}
	add(name)
	for i := 0; i < len(queue); i++ {
		if queue[i].words == nil { // what calls a macro with other arguments is not known to come here
			add(m.str(m.col(secMacros, macroWords, queue[i].macro, 0)))
		}
	}
	list := make([]MacroCall, len(queue))
	for i, s := range queue {
		list[i] = MacroCall{Macro: m.macro(s.macro), Next: s.next, Words: s.words}
	}
	return list
}

// through is the macro through which an edge calls an argument, or none.
func (m *Map) through(edge uint32) uint32 {
	n := m.rows(secThrough, throughWords)
	i := uint32(sort.Search(int(n), func(i int) bool { return m.col(secThrough, throughWords, uint32(i), 0) >= edge }))
	if i < n && m.col(secThrough, throughWords, i, 0) == edge {
		return m.col(secThrough, throughWords, i, 1)
	}
	return none
}

// handedOn are the macros that hand a callee on as an argument, from the one
// that gets it first to the one that calls it.
func (m *Map) handedOn(callee string, through uint32) []uint32 {
	var via []uint32
	n := m.rows(secPatterns, patternWords)
	for through != none && len(via) <= patternRounds {
		via = append(via, through)
		i := uint32(sort.Search(int(n), func(i int) bool { return m.col(secPatterns, patternWords, uint32(i), 1) >= through }))
		next := none
		for ; i < n && m.col(secPatterns, patternWords, i, 1) == through; i++ {
			name := m.str(m.col(secPatterns, patternWords, i, 0))
			_, matches := matchPattern(name, callee)
			if _, p, rest := place(name); matches || p >= 0 && name[0] == mark && rest == "" {
				next = m.col(secPatterns, patternWords, i, 2)
				if matches {
					break
				}
			}
		}
		through = next
	}
	return via
}

// BodyCall is a call in the body of a macro.
type BodyCall struct {
	Callee string
	Macro  Macro
}

// Body lists the calls in the definitions of a macro.
func (m *Map) Body(name string) []BodyCall {
	edge := func(i uint32) uint32 { return m.word(secByMacro, uint64(i)) }
	macroName := func(i uint32) []byte {
		d := m.col(secEdges, edgeWords, edge(i), 1)
		return m.bytes(m.col(secMacros, macroWords, d, 0))
	}
	n := m.rows(secByMacro, 1)
	i := uint32(sort.Search(int(n), func(i int) bool { return string(macroName(uint32(i))) >= name }))
	var list []BodyCall
	for ; i < n && string(macroName(i)) == name; i++ {
		e := edge(i)
		list = append(list, BodyCall{m.str(m.col(secEdges, edgeWords, e, 0)), m.macro(m.col(secEdges, edgeWords, e, 1))})
	}
	return list
}

// patternsAt lists the patterns that begin with a byte; 0 for those that begin
// with an argument.
func (m *Map) patternsAt(first byte) []patternRow {
	m.patternsOnce.Do(func() {
		for i := range m.rows(secPatterns, patternWords) {
			p := patternRow{
				name: m.str(m.col(secPatterns, patternWords, i, 0)), macro: m.col(secPatterns, patternWords, i, 1), through: m.col(secPatterns, patternWords, i, 2),
			}
			if _, n, after := place(p.name); n < 0 || p.name[0] == mark && after == "" {
				continue // matches nothing, see matchPattern
			}
			p.head = p.name[:strings.IndexByte(p.name, mark)]
			p.tail = p.name[strings.LastIndexByte(p.name, mark)+1:]
			switch {
			case p.name == "":
			case p.name[0] == mark:
				m.patterns[0] = append(m.patterns[0], p)
			default:
				m.patterns[p.name[0]] = append(m.patterns[p.name[0]], p)
			}
		}
	})
	return m.patterns[first]
}

// matchPattern finds the arguments with which a pattern is a name. Patterns
// that are nothing but one argument match every name and are left out: whoever
// hands a name to such a macro names it.
func matchPattern(pattern, name string) (map[int]string, bool) {
	before, n, after := place(pattern)
	if n < 0 || before == "" && after == "" {
		return nil, false
	}
	rest, ok := strings.CutPrefix(name, before)
	if !ok {
		return nil, false
	}
	if strings.IndexByte(after, mark) < 0 {
		word, ok := strings.CutSuffix(rest, after)
		if !ok || word == "" {
			return nil, false
		}
		return map[int]string{n: word}, true
	}
	// Two places: the text between them, which must be there, divides.
	between, n2, end := place(after)
	if between == "" || strings.IndexByte(end, mark) >= 0 {
		return nil, false
	}
	rest, ok = strings.CutSuffix(rest, end)
	if !ok {
		return nil, false
	}
	first, second, ok := strings.Cut(rest, between)
	if !ok || first == "" || second == "" || n == n2 && first != second {
		return nil, false
	}
	return map[int]string{n: first, n2: second}, true
}
