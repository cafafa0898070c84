package workbench

// The type of an expression of C, as far as declarations tell it without a
// build: enough to know whose member p->next is.

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/lang/c"
	"dekho/internal/outline"
)

type token = c.Token

// maxTypeSteps bounds how many declarations are followed for one expression.
const maxTypeSteps = 24

// typist finds types. It is for one question.
type typist struct {
	t     *Tree
	steps int
	files map[string]*closeup
}

// holder is the tag of the struct or union whose member stands at an offset of
// a file: behind . or ->, as a designator, or where it is declared; "" if that
// is not known.
func (y *typist) holder(f *closeup, off uint32) string {
	i := f.tokenBefore(off)
	if i < 0 {
		return ""
	}
	arrow, dot := f.Code[i].Is(f.Src, "->"), f.Code[i].Is(f.Src, ".")
	if !arrow && !dot {
		return y.declaredIn(f, off)
	}
	if dot && i > 0 && (f.Code[i-1].Is(f.Src, "{") || f.Code[i-1].Is(f.Src, ",")) {
		return y.initialised(f, i-1)
	}
	return y.expression(f, i-1)
}

// declaredIn is the tag of the struct that a member is declared in.
func (y *typist) declaredIn(f *closeup, off uint32) string {
	list := f.Symbols()
	at := slices.IndexFunc(list, func(s outline.Symbol) bool { return s.Off == off && s.Role == lang.DefMember })
	if at < 0 {
		return ""
	}
	for p := list[at].Parent; p >= 0; p = list[p].Parent {
		if isType(list[p].Role.Kind()) {
			return list[p].Name
		}
	}
	return ""
}

// expression is the type of the operand that ends with token i.
func (y *typist) expression(f *closeup, i int) string {
	for i >= 0 && f.Code[i].Is(f.Src, "]") { // an element is of the same type
		i = openingToken(f, i) - 1
	}
	if i < 0 || y.spent() {
		return ""
	}
	tok := &f.Code[i]
	if tok.Is(f.Src, ")") {
		open := openingToken(f, i)
		if open > 0 && f.Code[open-1].Kind == c.TokenWord {
			return y.result(f, open-1)
		}
		if open >= 0 {
			return y.parenthesized(f, open, i)
		}
		return ""
	}
	if tok.Kind != c.TokenWord {
		return ""
	}
	name := string(tok.Text(f.Src))
	if i > 0 && (f.Code[i-1].Is(f.Src, "->") || f.Code[i-1].Is(f.Src, ".")) {
		of := y.holder(f, tok.Off)
		if of == "" {
			return ""
		}
		return y.memberType(of, name, f)
	}
	return y.variable(f, name, tok)
}

// parenthesized is the type of what stands in parentheses: a cast, or else what
// its last operand is.
func (y *typist) parenthesized(f *closeup, open, end int) string {
	// ((struct foo *)p)
	if f.Code[open+1].Is(f.Src, "(") {
		inner := closingToken(f, open+1, end)
		if tag := tagIn(f, open+2, inner); tag != "" {
			return tag
		}
	}
	return y.expression(f, end-1)
}

// result is the type of what a function returns, or a macro that is given its
// type, such as container_of, comes to.
func (y *typist) result(f *closeup, name int) string {
	word := string(f.Code[name].Text(f.Src))
	end := closingToken(f, name+1, len(f.Code))
	defs, err := y.t.idx.Refs(word, index.Roles(lang.DefFunction, lang.DefMacro, lang.Declaration))
	if err != nil || len(defs) == 0 {
		return ""
	}
	for _, r := range defs {
		if r.Role == lang.DefMacro || y.spent() {
			continue
		}
		o := y.open(y.t.idx.Path(r.File))
		if o == nil {
			continue
		}
		if at := o.wordAt(word, r.Line); at >= 0 {
			if tag := declared(o, at, behindStatement); tag != "" {
				return tag
			}
		}
	}
	return tagIn(f, name+2, end)
}

// variable is the type of a variable that a file uses.
func (y *typist) variable(f *closeup, name string, tok *token) string {
	if fn := f.function(tok.Line); fn != nil {
		occ := lang.Occ{Off: tok.Off, Line: tok.Line, Role: lang.Read}
		if d := f.localAt(fn, name, &occ); d != nil {
			ends := behindBlock
			if d.Role == lang.DefParam {
				ends = behindParam
			}
			return declared(f, f.tokenBefore(d.Off)+1, ends)
		}
	}
	refs, err := y.t.idx.Refs(name, index.Roles(lang.DefVariable, lang.Declaration))
	if err != nil {
		return ""
	}
	slices.SortStableFunc(refs, func(a, b index.Ref) int {
		return cmp.Compare(apart(f.path, y.t.idx.Path(a.File)), apart(f.path, y.t.idx.Path(b.File)))
	})
	for _, r := range refs {
		if y.spent() {
			return ""
		}
		if o := y.open(y.t.idx.Path(r.File)); o != nil {
			if at := o.wordAt(name, r.Line); at >= 0 {
				return declared(o, at, behindBlock)
			}
		}
	}
	return ""
}

// initialised is the type of what the initialiser around token i is for.
func (y *typist) initialised(f *closeup, i int) string {
	for depth := 0; i >= 0; i-- {
		if t := &f.Code[i]; t.Is(f.Src, "}") || t.Is(f.Src, ")") || t.Is(f.Src, "]") {
			depth++
		} else if t.Is(f.Src, "(") || t.Is(f.Src, "[") || t.Is(f.Src, "{") {
			if depth--; depth < 0 {
				break
			}
		}
	}
	if i <= 0 || !f.Code[i].Is(f.Src, "{") || y.spent() {
		return ""
	}
	prev := &f.Code[i-1]
	switch {
	case prev.Is(f.Src, "{"), prev.Is(f.Src, ","): // an element of an array
		return y.initialised(f, i-1)
	case prev.Is(f.Src, ")"): // a compound literal
		return tagIn(f, max(openingToken(f, i-1), 0), i-1)
	case !prev.Is(f.Src, "="):
		return ""
	}
	i -= 2
	for i >= 0 && f.Code[i].Is(f.Src, "]") {
		i = openingToken(f, i) - 1
	}
	if i < 0 {
		return ""
	}
	if f.Code[i].Is(f.Src, "=") || f.Code[i].Is(f.Src, "{") || f.Code[i].Is(f.Src, ",") { // [3] = { .x = 1 }
		return y.initialised(f, i)
	}
	if i > 0 && f.Code[i-1].Is(f.Src, ".") {
		of := y.initialised(f, i-2)
		if of == "" {
			return ""
		}
		return y.memberType(of, string(f.Code[i].Text(f.Src)), f)
	}
	// Attributes may stand between the name and its value.
	for i > 1 && (f.Code[i].Is(f.Src, ")") || bytes.HasPrefix(f.Code[i].Text(f.Src), []byte("__"))) {
		if f.Code[i].Is(f.Src, ")") {
			i = openingToken(f, i)
		}
		i--
	}
	return declared(f, i, behindStatement)
}

// memberType is the type of a member of a struct.
func (y *typist) memberType(tag, member string, near *closeup) string {
	f, m := y.member(tag, member, near)
	if m == nil {
		return ""
	}
	list := f.Symbols()
	// struct { ... } member: its type has no tag, and its members are found as
	// those of the struct around it.
	for i := range list {
		if list[i].Parent >= 0 && list[list[i].Parent].Off == m.Off {
			return tag
		}
	}
	return declared(f, f.tokenBefore(m.Off)+1, behindStatement)
}

// memberPlace is where a member of a struct is declared, nil if that is not
// known.
func (y *typist) memberPlace(tag, member string, near *closeup) *Result {
	f, m := y.member(tag, member, near)
	if m == nil {
		return nil
	}
	r := f.result(&lang.Occ{Off: m.Off, Line: m.Line, Role: m.Role}, "")
	return &r
}

// member finds a member of a struct or of what is nested in it.
func (y *typist) member(tag, member string, near *closeup) (*closeup, *outline.Symbol) {
	f, list := y.members(tag, near)
	var best *outline.Symbol
	for i := range list {
		if m := &list[i]; m.Name == member && (best == nil || m.Depth < best.Depth) {
			best = m
		}
	}
	return f, best
}

// members lists the members of a struct, union or typedef, and of what is nested
// in it.
func (y *typist) members(tag string, near *closeup) (*closeup, []outline.Symbol) {
	for range 4 { // typedefs
		f, list, at := y.typeNamed(tag, near)
		if f == nil {
			return nil, nil
		}
		var found []outline.Symbol
		for i := range list {
			if list[i].Role == lang.DefMember && nestedIn(list, i, at) {
				found = append(found, list[i])
			}
		}
		if len(found) > 0 || list[at].Role != lang.DefTypedef {
			return f, found
		}
		next := declared(f, f.tokenBefore(list[at].Off)+1, behindStatement)
		if next == tag || next == "" {
			return f, nil
		}
		tag = next
	}
	return nil, nil
}

func nestedIn(list []outline.Symbol, i, at int) bool {
	for p := list[i].Parent; p >= 0; p = list[p].Parent {
		if p == at {
			return true
		}
	}
	return false
}

// typeNamed finds a type: its file, the symbols of that, and which of these it
// is. That of the file near, or near to it, is meant before others.
func (y *typist) typeNamed(tag string, near *closeup) (*closeup, []outline.Symbol, int) {
	if y.spent() {
		return nil, nil, 0
	}
	refs, err := y.t.idx.Refs(tag, index.Roles(lang.DefStruct, lang.DefUnion, lang.DefEnum, lang.DefTypedef, lang.DefClass))
	if err != nil {
		return nil, nil, 0
	}
	rank := func(r index.Ref) int {
		p := y.t.idx.Path(r.File)
		n := apart(near.path, p)
		if (place(p) == placeTools) != (place(near.path) == placeTools) {
			n += 8
		}
		if a := architecture(p); a != "" && a != architecture(near.path) {
			n += 4
		}
		if r.Role == lang.DefTypedef {
			n++ // struct x { ... } before typedef struct x x
		}
		return n
	}
	slices.SortStableFunc(refs, func(a, b index.Ref) int { return cmp.Compare(rank(a), rank(b)) })
	for _, r := range refs {
		f := y.open(y.t.idx.Path(r.File))
		if f == nil {
			continue
		}
		list := f.Symbols()
		for i := range list {
			if s := &list[i]; s.Name == tag && isType(s.Role.Kind()) && (s.Line == r.Line || len(refs) == 1) {
				return f, list, i
			}
		}
	}
	return nil, nil, 0
}

// spent counts a step, and reports whether there were too many.
func (y *typist) spent() bool {
	y.steps++
	return y.steps > maxTypeSteps
}

// open takes a file apart, once; nil if it cannot be read.
func (y *typist) open(path string) *closeup {
	if f, ok := y.files[path]; ok {
		return f
	}
	var f *closeup
	if id, ok := y.t.idx.FileByPath(path); ok {
		f, _ = y.t.closeup(id) // nil on an error
	}
	if y.files == nil {
		y.files = make(map[string]*closeup)
	}
	y.files[path] = f
	return f
}

// wordAt is the index of the token of a line that is a word, -1 if there is
// none.
func (c *closeup) wordAt(word string, line uint32) int {
	from, to := c.LineExtent(line)
	for i := max(c.tokenBefore(from), 0); i < len(c.Code) && c.Code[i].Off < to; i++ {
		if c.Code[i].Off >= from && c.Code[i].Is(c.Src, word) {
			return i
		}
	}
	return -1
}

// Where a declaration may begin, looking back from the name that it declares.
const (
	behindStatement = ";"
	behindBlock     = ";("  // for (struct x *p = ...
	behindParam     = ";(," // of the parameters around it
)

// declared is the tag, or the name of the typedef, that the declaration of the
// name at token i gives it. The declaration begins behind one of the characters
// of ends, a brace or a directive.
func declared(f *closeup, i int, ends string) string {
	first, depth, words := i, 0, false
	for first > 0 {
		prev := &f.Code[first-1]
		text := string(prev.Text(f.Src))
		end := prev.Kind == c.TokenDirective
		if prev.Kind == c.TokenPunct {
			switch text {
			case ")", "]", "}":
				// struct x { ... } name, or the end of what is above.
				end = depth == 0 && text == "}" && words
				depth++
			case "(", "[", "{":
				end = depth == 0 && (text == "{" || strings.Contains(ends, text))
				depth = max(depth-1, 0)
			default:
				end = depth == 0 && strings.Contains(ends, text)
			}
		}
		if end {
			break
		}
		words = words || depth == 0 && prev.Kind == c.TokenWord
		first--
	}
	return typeIn(f, first, i)
}

func (c *closeup) name(i int) string { return string(c.Code[i].Text(c.Src)) }

// typeIn is the type named in tokens from first up to end: a tag, or else the
// first word that is no qualifier.
func typeIn(f *closeup, first, end int) string {
	if tag := tagIn(f, first, end); tag != "" {
		return tag
	}
	for i := first; i < end && i < len(f.Code); i++ {
		t := &f.Code[i]
		if t.Kind != c.TokenWord {
			continue
		}
		if w := f.name(i); !noMembers[w] && !strings.HasPrefix(w, "__") {
			return w
		}
	}
	return ""
}

// noMembers are words of a declaration that name no type with members.
var noMembers = map[string]bool{
	"static": true, "const": true, "extern": true, "volatile": true, "register": true, "inline": true, "typedef": true,
	"unsigned": true, "signed": true, "int": true, "char": true, "long": true, "short": true, "void": true, "bool": true,
	"float": true, "double": true, "auto": true, "return": true, "for": true, "if": true, "while": true, "else": true,
}

// tagIn is the tag behind the first struct, union or enum in some tokens.
func tagIn(f *closeup, first, end int) string {
	for i := max(first, 0); i+1 < end && i+1 < len(f.Code); i++ {
		switch f.name(i) {
		case "struct", "union", "enum":
			if f.Code[i+1].Kind == c.TokenWord {
				return f.name(i + 1)
			}
		}
	}
	return ""
}

// openingToken is the token of the bracket that token i closes, -1 if there is none.
func openingToken(f *closeup, i int) int {
	depth := 0
	for ; i >= 0; i-- {
		switch t := &f.Code[i]; {
		case t.Is(f.Src, ")"), t.Is(f.Src, "]"), t.Is(f.Src, "}"):
			depth++
		case t.Is(f.Src, "("), t.Is(f.Src, "["), t.Is(f.Src, "{"):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// closingToken is the token of the bracket that closes token i, below end; end if
// there is none.
func closingToken(f *closeup, i, end int) int {
	depth := 0
	for ; i < end; i++ {
		switch t := &f.Code[i]; {
		case t.Is(f.Src, "("), t.Is(f.Src, "["), t.Is(f.Src, "{"):
			depth++
		case t.Is(f.Src, ")"), t.Is(f.Src, "]"), t.Is(f.Src, "}"):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return end
}
