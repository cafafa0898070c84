package workbench

// Error codes that come out of a macro: the use is replaced by what the macro
// comes to, and that is read as a function of its own.

import (
	"slices"
	"strings"

	"dekho/internal/errflow"
	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/lang/c"
	"dekho/internal/macro"
	"dekho/internal/ops"
	"dekho/internal/outline"
)

// whyUse is the use of a macro, which a place that was made of it stands for.
type whyUse struct {
	at     whyPlace // the function that has the use
	src    *errflow.Source
	params []errflow.Value // of that function
	macro  string
}

// Bounds of what is made of macros.
const (
	whyMacroDepth = 12 // macros in macros
	whyMacroDefs  = 3  // definitions of one
)

// expansions are what the use of a macro can come to, each as a function that
// returns its value; none if that is not known.
func (s *whySearch) expansions(at whyPlace, src *errflow.Source, params []errflow.Value) []whyPlace {
	depth := 0
	for use := at.in; use != nil; use = use.at.in {
		if depth++; use.macro == src.Name || depth > whyMacroDepth {
			return nil
		}
	}
	refs, err := s.t.idx.Refs(src.Name, index.Roles(lang.DefMacro))
	if err != nil || len(refs) == 0 {
		return nil
	}
	args := make([][]macro.Token, len(src.Args))
	for i, a := range src.Args {
		args[i] = macro.Lex(nil, a.Text)
	}
	var list []whyPlace
	for _, r := range s.t.constants().meant(refs, at.f.path) {
		if len(list) >= whyMacroDefs || s.spent() {
			break
		}
		f, err := s.file(r.File)
		if err != nil || s.notBuilt(f.path, r.Line) {
			continue
		}
		def := f.define(src.Name, r.Line)
		if def == nil || !def.Function {
			continue
		}
		body, ok := valueOf(def.Substitute(args))
		if !ok {
			continue
		}
		// The file has the path of the one that uses the macro: that is whose
		// names count.
		made := readCloseup(at.f.path, []byte("int "+src.Name+"(void)\n{\n"+body+"\n}\n"))
		made.id = at.f.id
		i := slices.IndexFunc(made.Symbols(), func(o outline.Symbol) bool { return o.Name == src.Name && o.Body < o.To })
		if i < 0 {
			continue
		}
		sym := &made.Symbols()[i]
		list = append(list, whyPlace{
			f: &whyFile{closeup: made}, sym: sym, fn: errflow.Read(made.File, sym),
			in: &whyUse{at: at, src: src, params: params, macro: src.Name},
		})
	}
	return list
}

// valueOf is statements that return what tokens come to: an expression, or the
// last of the statements of ({ ... }).
func valueOf(ts []macro.Token) (body string, ok bool) {
	if len(ts) == 0 || ts[0].Text == "do" || ts[0].Text == "{" {
		return "", false
	}
	if len(ts) < 4 || ts[0].Text != "(" || ts[1].Text != "{" || ts[len(ts)-2].Text != "}" || ts[len(ts)-1].Text != ")" {
		return "return " + spelled(ts) + ";", true
	}
	ts = ts[2 : len(ts)-2]
	for len(ts) > 0 && ts[len(ts)-1].Text == ";" {
		ts = ts[:len(ts)-1]
	}
	last, depth := 0, 0
	for i := range ts {
		switch ts[i].Text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			if depth--; depth == 0 && ts[i].Text == "}" {
				last = i + 1
			}
		case ";":
			if depth == 0 {
				last = i + 1
			}
		}
	}
	if last+1 < len(ts) && ts[last].Kind == c.Ident && ts[last+1].Text == ":" {
		last += 2 // behind a label
	}
	if last >= len(ts) {
		return "", false // its last statement has no value
	}
	return spelled(ts[:last]) + " return " + spelled(ts[last:]) + ";", true
}

// spelled is tokens as text, with a line for each statement.
func spelled(ts []macro.Token) string {
	var b strings.Builder
	for i, t := range ts {
		if i > 0 && blankBetween(ts[i-1], t) {
			b.WriteByte(' ')
		}
		b.WriteString(t.Text)
		if t.Text == ";" || t.Text == "{" || t.Text == "}" {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// blankBetween reports whether two tokens need a blank between them, or are
// easier to read with one.
func blankBetween(a, b macro.Token) bool {
	word := func(t macro.Token) bool { return t.Kind == c.Ident || t.Kind == c.Number }
	switch b.Text {
	case ")", "]", ",", ";", ".", "->":
		return false
	case "(", "[":
		return !word(a) && a.Text != "(" && a.Text != "!" && a.Text != ")"
	}
	switch a.Text {
	case "(", "[", ".", "->", "!":
		return false
	}
	return true
}

// throughMacro follows the value of a use of a macro. known says that it was
// understood.
func (s *whySearch) throughMacro(at whyPlace, src *errflow.Source, params []errflow.Value, depth int) (leaves []whyLeaf, known bool) {
	list := s.expansions(at, src, params)
	for _, p := range list {
		leaves = append(leaves, s.sources(p, p.fn.Returns(s.want), nil, depth)...)
	}
	return normal(leaves), len(list) > 0
}

// given follows what a value inside of a macro was outside of it: an argument of
// the use.
func (s *whySearch) given(at whyPlace, src *errflow.Source, depth int) []whyLeaf {
	if at.in == nil {
		return nil
	}
	name := strings.Trim(squeezed(src.Name), "()")
	for i, a := range at.in.src.Args {
		if strings.Trim(squeezed(a.Text), "()") == name {
			return s.sources(at.in.at, at.in.at.fn.Handed(at.in.src, i, s.want), at.in.params, depth)
		}
	}
	return nil
}

// membersCalled are the nodes of the member through which something that a macro
// wrote calls: the type of what it is a member of is found as if the call stood
// in the place of the use.
func (s *whySearch) membersCalled(at whyPlace, src *errflow.Source) []ops.NodeID {
	outer := at
	for outer.in != nil {
		outer = outer.in.at
	}
	of := at.fn.Callee(src)
	if of == "" {
		return nil
	}
	f := outer.f
	use := at
	for use.in.at.in != nil {
		use = use.in.at
	}
	from, _ := f.LineExtent(use.in.src.Line)
	if from < outer.sym.From {
		return nil
	}
	text := append(slices.Clone(f.Src[outer.sym.From:from]), "\n"+of+"();\n}\n"...)
	made := readCloseup(f.path, text)
	made.id = f.id
	i := made.tokenBefore(uint32(len(text) - len("();\n}\n")))
	if i < 0 {
		return nil
	}
	y := typist{t: s.t}
	tag := y.holder(made, made.Code[i].Off)
	var list []ops.NodeID
	for _, id := range s.g.table.Named(src.Name) {
		if n := s.g.table.Node(id); n.Kind == ops.Member && (n.Struct == tag || tag == "" && n.Struct != "") {
			list = append(list, id)
		}
	}
	if tag == "" && len(list) > 1 {
		return nil
	}
	return list
}
