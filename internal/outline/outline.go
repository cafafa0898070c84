// Package outline tells how the definitions of one file lie in it: where each
// begins and ends, its head, what is nested in what. It works on the text of the
// file and on what an extractor reports about it, so that it needs no index.
package outline

import (
	"cmp"
	"slices"
	"sort"

	"dekho/internal/lang"
	"dekho/internal/lang/c"
)

// Symbol is a definition, or a declaration that was asked for.
type Symbol struct {
	Name string
	Role lang.Role
	// Off is where the name stands, Line its line.
	Off, Line uint32
	// From and To are the bytes of the whole definition, from its first
	// specifier to behind its closing brace or semicolon; Start and End are its
	// first and last line.
	From, To   uint32
	Start, End uint32
	// Body is where the body begins, at its brace; To if it has none.
	Body uint32
	// Parent is the index of the symbol that this one is nested in, -1 for
	// none; Depth is how many there are around it.
	Parent, Depth int
}

// File is a file whose definitions are looked at. The zero value is not useful;
// see Read. It is for one goroutine.
type File struct {
	Src []byte
	// Code is the tokens of the file without its comments, Comments these.
	Code, Comments []c.Token
	facts          *lang.Facts
	braces         bool
	mate           []int32  // of each bracket the other one, -1 for none; of #else its #endif
	steps          int      // tokens looked at for extents
	lines          []uint32 // where each line begins, made when needed
}

// Read takes a file apart. facts are those of its extractor; language is the
// name of that: what does not have the braces of C has the extents that the
// extractor reports, and no others.
func Read(language string, src []byte, facts *lang.Facts) *File {
	f := &File{Src: src, facts: facts, braces: language != "kbuild" && language != "kconfig" && language != "asm" && language != ""}
	if f.braces {
		toks := c.AppendTokens(make([]c.Token, 0, len(src)/5), src)
		code := toks[:0]
		for _, t := range toks {
			if t.Kind == c.TokenComment {
				f.Comments = append(f.Comments, t)
			} else {
				code = append(code, t)
			}
		}
		f.Code = code
		f.pair()
	}
	return f
}

// outlined are the definitions of an outline: what other places can ask for,
// without the labels inside of functions.
func outlined(r lang.Role) bool { return r.IsDef() && r != lang.DefLabel }

// Symbols lists the definitions of the file in their order, nested ones behind
// what holds them.
func (f *File) Symbols() []Symbol {
	var list []Symbol
	for i := range f.facts.Occs {
		if o := &f.facts.Occs[i]; outlined(o.Role) {
			list = append(list, f.Symbol(o))
		}
	}
	Nest(list)
	return list
}

// Made is a symbol for a name that the use of a macro on a line makes; its extent
// is that of the use, with the body of a function behind it, or the line if the
// macro is not spelled out there.
func (f *File) Made(name, macro string, line uint32, role lang.Role) Symbol {
	s := Symbol{Name: name, Role: role, Line: line, Start: line, End: line, Parent: -1}
	s.From, s.To = f.LineExtent(line)
	for s.From < s.To && (f.Src[s.From] == ' ' || f.Src[s.From] == '\t') {
		s.From++
	}
	s.Off, s.Body = s.From, s.To
	if !f.braces {
		return s
	}
	i := f.tokenAt(s.From)
	for i >= 0 && i < len(f.Code) && f.Code[i].Off < s.To && !f.Code[i].Is(f.Src, macro) {
		i++
	}
	if i < 0 || i >= len(f.Code) || f.Code[i].Off >= s.To {
		return s
	}
	s.Off = f.Code[i].Off
	next := i + 1
	if next < len(f.Code) && f.Code[next].Is(f.Src, "(") {
		next = f.forward(next)
	}
	body := next < len(f.Code) && f.Code[next].Is(f.Src, "{")
	switch {
	case body:
		s.Body = f.Code[next].Off
		next = f.forward(next)
	case next < len(f.Code) && f.Code[next].Is(f.Src, ";"):
		next++
	}
	s.To = f.Code[next-1].End
	s.End = f.LineOf(max(s.To, 1) - 1)
	if !body {
		s.Body = s.To
	}
	return s
}

// Nest sorts symbols into the order of an outline and sets who is nested in
// whom. Symbols that come from elsewhere, such as names that a macro makes, can
// be added to a list before it is nested.
func Nest(list []Symbol) {
	slices.SortStableFunc(list, func(a, b Symbol) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(b.To, a.To), cmp.Compare(a.Off, b.Off))
	})
	var open []int
	for i := range list {
		s := &list[i]
		for len(open) > 0 && list[open[len(open)-1]].To <= s.From {
			open = open[:len(open)-1]
		}
		s.Parent, s.Depth = -1, 0
		for j := len(open) - 1; j >= 0 && j >= len(open)-maxNest; j-- {
			if p := open[j]; holds(&list[p], s) {
				// struct tag { ... } name: the members are the tag's.
				if j > 0 && list[open[j-1]].To == list[p].To && holds(&list[open[j-1]], s) {
					p = open[j-1]
				}
				s.Parent, s.Depth = p, list[p].Depth+1
				break
			}
		}
		open = append(open, i)
	}
	preorder(list)
}

// preorder puts what is nested right behind what holds it.
func preorder(list []Symbol) {
	first := make([]int, len(list)+1) // of the children of each symbol, -1 for none; last is that of the file
	next := make([]int, len(list))    // sibling
	for i := range first {
		first[i] = -1
	}
	for i := len(list) - 1; i >= 0; i-- {
		p := list[i].Parent
		if p < 0 {
			p = len(list)
		}
		next[i], first[p] = first[p], i
	}
	out := make([]Symbol, 0, len(list))
	at := make([]int, len(list)) // where each symbol went
	for i := first[len(list)]; i >= 0; {
		s := list[i]
		at[i] = len(out)
		if s.Parent >= 0 {
			s.Parent = at[s.Parent]
		}
		out = append(out, s)
		if first[i] >= 0 {
			i = first[i]
			continue
		}
		for i >= 0 && next[i] < 0 {
			i = list[i].Parent
		}
		if i >= 0 {
			i = next[i]
		}
	}
	copy(list, out)
}

// maxNest bounds how many symbols around one are looked at for its parent.
const maxNest = 64

// holds reports whether b is declared inside of a's braces.
func holds(a, b *Symbol) bool {
	if a.From > b.From || b.To > a.To || a.From == b.From && a.To == b.To {
		return false
	}
	switch a.Role {
	case lang.DefVariable, lang.DefMember, lang.DefTypedef:
		return b.Off < a.Off // in a type without a name of its own
	case lang.DefMacro, lang.DefEnumerator, lang.DefConfig, lang.DefLabel:
		return false
	}
	return a.Body < b.Off
}

// Symbol finds the extent of the definition whose name stands at o.
func (f *File) Symbol(o *lang.Occ) Symbol {
	s := Symbol{
		Name: string(f.Src[o.Off : o.Off+uint32(o.Len)]), Role: o.Role, Off: o.Off, Line: o.Line,
		Start: o.Line, End: o.Line, Parent: -1,
	}
	s.From, s.To = f.LineExtent(o.Line)
	s.Body = s.To
	if f.braces {
		f.extent(&s)
	}
	if o.Role == lang.DefFunction {
		funcs := f.facts.Funcs
		i := sort.Search(len(funcs), func(i int) bool { return funcs[i].Name.Off >= o.Off })
		if i < len(funcs) && funcs[i].Name.Off == o.Off && funcs[i].End >= s.Line {
			s.End = funcs[i].End
			_, s.To = f.LineExtent(s.End)
			s.To = max(s.To, s.Off+uint32(o.Len))
			s.Body = min(s.Body, s.To)
		}
	}
	return s
}

// At finds the definition of a name at a line: the name itself if the line
// spells it out there in that role, or else the first definition of the line.
func (f *File) At(name string, line uint32, role lang.Role) (Symbol, bool) {
	occs := f.facts.Occs
	var other *lang.Occ
	for i := range occs {
		o := &occs[i]
		if o.Line != line || string(f.Src[o.Off:o.Off+uint32(o.Len)]) != name {
			continue
		}
		if o.Role == role {
			return f.Symbol(o), true
		}
		if other == nil && (o.Role.IsDef() || o.Role == lang.Declaration || o.Role == lang.ForwardType) {
			other = o
		}
	}
	if other != nil {
		return f.Symbol(other), true
	}
	return Symbol{}, false
}

// LineOf is the line that a byte is in, from 1.
func (f *File) LineOf(off uint32) uint32 {
	f.findLines()
	return uint32(sort.Search(len(f.lines), func(i int) bool { return f.lines[i] > off }))
}

func (f *File) findLines() {
	if f.lines != nil {
		return
	}
	f.lines = append(f.lines, 0)
	for i, b := range f.Src {
		if b == '\n' {
			f.lines = append(f.lines, uint32(i+1))
		}
	}
}

// LineExtent is the bytes of a line without its newline.
func (f *File) LineExtent(line uint32) (from, to uint32) {
	f.findLines()
	if line == 0 || int(line) > len(f.lines) {
		return uint32(len(f.Src)), uint32(len(f.Src))
	}
	from, to = f.lines[line-1], uint32(len(f.Src))
	if int(line) < len(f.lines) {
		to = f.lines[line] - 1
	}
	return from, to
}
