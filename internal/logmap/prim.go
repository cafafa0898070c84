package logmap

// Statements and the calls of printing functions that they come to, through
// whatever macros they are written with.

import (
	"slices"
	"strings"

	"dekho/internal/lang/c"
	"dekho/internal/macro"
)

// roots are the functions at the bottom of every print, with the index of
// their format parameter: kernel/printk/printk.c (vprintk_emit since 3.6,
// vprintk before), and the early consoles that have a printk of their own.
var roots = map[string]int{
	"vprintk_emit": 3, "vprintk_store": 3, "vprintk": 0, "_printk": 0, "printk": 0, "early_printk": 0,
	"_printk_deferred": 0,
}

// stmt is a statement that may print.
type stmt struct {
	file   int32
	line   uint32
	fn     string
	callee string
	args   []string
	odd    bool // in an arm that is seldom built
}

// prim is a call of a printing function that a statement or macro comes to.
type prim struct {
	callee string
	args   []macro.Token // the whole argument list, with macro.Param and macro.Rest
	macro  bool          // reached through a macro
	form   *form         // how to evaluate it quickly, for the statements of one file
}

// operand is an argument of a conversion, as tokens over the parameters of the
// function (macro.Param) it stands in.
type operand struct {
	toks []macro.Token
	text string // when toks is nil
}

// macroPrims are the calls of printing functions that a macro comes to, over
// the arguments of its use.
func (l *linker) macroPrims(m *macro.Def, file int32) []prim {
	if ps := l.prims[m.ID].Load(); ps != nil {
		return *ps
	}
	args := make([][]macro.Token, 0, len(m.Params)+1)
	for i := range m.Params {
		args = append(args, []macro.Token{{Kind: macro.Param, N: int32(i)}})
	}
	if m.Rest != "" {
		args = append(args, []macro.Token{{Kind: macro.Rest, N: int32(len(m.Params))}})
	}
	body := m.Substitute(args)
	// Seen from the macro's own file first: what that comes to holds for every
	// use, whichever asks first.
	x := primSearch{l: l, file: m.File, of: m.File}
	x.find(body, 0)
	if !x.depends && len(x.found) > 0 {
		l.prims[m.ID].Store(&x.found)
		return x.found
	}
	if file == m.File {
		return x.found
	}
	y := primSearch{l: l, file: file, of: m.File}
	y.find(body, 0)
	return y.found
}

// primSearch looks through expanded tokens for calls of printing functions.
type primSearch struct {
	l       *linker
	file    int32
	of      int32 // the file of the macro being expanded
	depends bool
	found   []prim
	steps   int
	active  []*macro.Def // being expanded
}

// maxPrims bounds the calls one statement comes to.
const maxPrims = 12

func (x *primSearch) find(ts []macro.Token, depth int) {
	if depth > maxDepth {
		return
	}
	for i := 0; i < len(ts); i++ {
		if x.steps++; x.steps > macro.MaxExpansion || len(x.found) >= maxPrims {
			return
		}
		t := ts[i]
		if t.Kind != c.Ident {
			continue
		}
		call := i+1 < len(ts) && ts[i+1].Kind == c.Open
		if !call {
			if m := x.alias(t.Text); m != nil { // #define DPRINTK printk
				x.find(append(append([]macro.Token{}, m.Tokens()...), ts[i+1:]...), depth+1)
				return
			}
			continue
		}
		if !x.l.printing[t.Text] && !x.mentions(ts, i+1) {
			continue
		}
		defs := x.visible(t.Text)
		if len(defs) == 0 {
			if x.l.printing[t.Text] && (len(x.l.funcs[t.Text]) > 0 || isRoot(t.Text)) {
				if _, next, ok := macro.Group(ts, i+1); ok {
					x.add(prim{callee: t.Text, args: ts[i+2 : next-1]})
					i = next - 1
				}
			}
			continue
		}
		args, next, ok := macro.Group(ts, i+1)
		if !ok {
			continue
		}
		for _, m := range defs {
			if slices.Contains(x.active, m) {
				continue // a macro is not expanded inside itself
			}
			x.active = append(x.active, m)
			var body []macro.Token
			if m.Function {
				body = m.Substitute(args)
			} else {
				body = append(append([]macro.Token{}, m.Tokens()...), ts[i+1:next]...)
			}
			if x.steps += len(body) / 4; x.steps <= macro.MaxExpansion {
				x.find(body, depth+1)
			}
			x.active = x.active[:len(x.active)-1]
		}
		i = next - 1
	}
}

func isRoot(name string) bool {
	_, ok := roots[name]
	return ok
}

// visible is linker.visible, noting whether the answer holds for this file
// alone: when it comes from the file itself or a private header.
func (x *primSearch) visible(name string) []*macro.Def {
	defs := x.l.view.Visible(name, x.file)
	if len(defs) > 0 && defs[0].File != x.of && !strings.HasPrefix(x.l.files[defs[0].File].Path, "include/") {
		x.depends = true
	}
	return defs
}

// alias is the object-like macro that renames a printing macro or function.
func (x *primSearch) alias(name string) *macro.Def {
	if !x.l.printing[name] {
		return nil
	}
	for _, m := range x.visible(name) {
		if !m.Function && len(m.Tokens()) == 1 && m.Tokens()[0].Kind == c.Ident && m.Tokens()[0].Text != name {
			return m
		}
	}
	return nil
}

// mentions reports whether the group at ts[open] names a printing function:
// printk_index_wrap(_printk, ...).
func (x *primSearch) mentions(ts []macro.Token, open int) bool {
	depth := 0
	for i := open; i < len(ts); i++ {
		switch ts[i].Kind {
		case c.Open:
			depth++
		case c.Close:
			if depth--; depth == 0 {
				return false
			}
		case c.Ident:
			if x.l.printing[ts[i].Text] && (i+1 >= len(ts) || ts[i+1].Kind != c.Open) {
				return true
			}
		}
	}
	return false
}

func (x *primSearch) add(p prim) {
	for _, q := range x.found {
		if q.callee == p.callee && sameToks(q.args, p.args) {
			return
		}
	}
	x.found = append(x.found, p)
}

func sameToks(a, b []macro.Token) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Kind != b[i].Kind || a[i].N != b[i].N || a[i].Text != b[i].Text {
			return false
		}
	}
	return true
}

// stmtPrims are the calls of printing functions that a statement comes to.
func (l *linker) stmtPrims(s *stmt) []prim {
	if !l.printing[s.callee] {
		return nil
	}
	key := primKey{s.callee, s.file}
	if ps, ok := l.primMemo[key]; ok {
		return ps
	}
	defs := l.view.Visible(s.callee, s.file)
	ps := l.namePrims(s, defs)
	if len(ps) == 0 && len(defs) > 0 {
		// A private definition for programs (raid6 has one) hides the
		// kernel's own.
		var common []*macro.Def
		for _, d := range l.table.Lookup(s.callee).Headers {
			if strings.HasPrefix(l.files[d.File].Path, "include/linux/") {
				common = append(common, d)
			}
		}
		ps = l.namePrims(s, common)
	}
	if len(l.primMemo) > 1<<16 {
		clear(l.primMemo)
	}
	for _, m := range defs {
		if m.Function && callsParam(m) {
			return ps // made for this statement alone
		}
	}
	l.primMemo[key] = ps
	return ps
}

type primKey struct {
	callee string
	file   int32
}

func (l *linker) namePrims(s *stmt, defs []*macro.Def) []prim {
	if len(defs) == 0 {
		if len(l.funcs[s.callee]) == 0 && !isRoot(s.callee) {
			return nil
		}
		return []prim{{callee: s.callee, args: []macro.Token{{Kind: macro.Rest}}, form: new(form)}}
	}
	var all []prim
	for _, m := range defs {
		var ps []prim
		if m.Function {
			ps = l.macroPrims(m, s.file)
			if len(ps) == 0 && callsParam(m) {
				ps = l.directPrims(m, s)
			}
		} else {
			x := primSearch{l: l, file: s.file}
			use := append(append([]macro.Token{}, m.Tokens()...), macro.Token{Kind: c.Open, Text: "("}, macro.Token{Kind: macro.Rest}, macro.Token{Kind: c.Close, Text: ")"})
			x.find(use, 1)
			ps = x.found
		}
		for _, p := range ps {
			p.macro = true
			p.form = new(form)
			dup := false
			for _, q := range all {
				dup = dup || q.callee == p.callee && sameToks(q.args, p.args)
			}
			if !dup && len(all) < maxPrims {
				all = append(all, p)
			}
		}
	}
	return all
}

// callsParam reports whether a name is followed by a parameter in the body of
// m, which then brings parentheses along: #define ACPI_INFO(plist) acpi_info plist
func callsParam(m *macro.Def) bool {
	ts := m.Tokens()
	for i := 0; i+1 < len(ts); i++ {
		if ts[i].Kind == c.Ident && ts[i+1].Kind == c.Ident && m.ParamIndex(ts[i+1].Text) >= 0 && m.ParamIndex(ts[i].Text) < 0 {
			return true
		}
	}
	return false
}

// directPrims expands m with the very arguments of s.
func (l *linker) directPrims(m *macro.Def, s *stmt) []prim {
	args := make([][]macro.Token, len(s.args))
	for i, a := range s.args {
		args[i] = macro.Lex(nil, a)
	}
	x := primSearch{l: l, file: s.file}
	x.find(m.Substitute(args), 1)
	return x.found
}

// operands are the arguments of a prim, with the statement's put in. The one
// at index skip, if any, is left empty.
func (p *prim) operands(s *stmt, skip int) []operand {
	out := make([]operand, 0, len(s.args)+4)
	start := 0
	depth := 0
	flush := func(ts []macro.Token) {
		switch {
		case len(ts) == 1 && ts[0].Kind == macro.Param:
			if n := int(ts[0].N); n < len(s.args) {
				out = append(out, operand{text: s.args[n]})
			} else {
				out = append(out, operand{})
			}
		case len(ts) == 1 && ts[0].Kind == macro.Rest:
			for _, a := range s.args[min(int(ts[0].N), len(s.args)):] {
				out = append(out, operand{text: a})
			}
		case len(out) == skip:
			out = append(out, operand{})
		default:
			out = append(out, mixed(ts, s)...)
		}
	}
	for i, t := range p.args {
		switch t.Kind {
		case c.Open:
			depth++
		case c.Close:
			depth--
		case c.Comma:
			if depth == 0 {
				flush(p.args[start:i])
				start = i + 1
			}
		}
	}
	if start < len(p.args) {
		flush(p.args[start:])
	}
	return out
}

// mixed puts the statement's arguments into tokens; a macro.Rest brings commas
// and so further operands.
func mixed(ts []macro.Token, s *stmt) []operand {
	var out []operand
	cur := make([]macro.Token, 0, len(ts)+8)
	for _, t := range ts {
		switch t.Kind {
		case macro.Param:
			if n := int(t.N); n < len(s.args) {
				cur = macro.Lex(cur, s.args[n])
			}
		case macro.Rest:
			for i := int(t.N); i < len(s.args); i++ {
				if i > int(t.N) {
					out = append(out, operand{toks: cur})
					cur = nil
				}
				cur = macro.Lex(cur, s.args[i])
			}
		default:
			cur = append(cur, t)
		}
	}
	if cur == nil {
		cur = []macro.Token{}
	}
	return append(out, operand{toks: cur})
}

// tokens are the tokens of an operand.
func (o *operand) tokens() []macro.Token {
	if o.toks == nil && o.text != "" {
		o.toks = macro.Lex(nil, o.text)
	}
	return o.toks
}

// source is the operand as source text.
func (o *operand) source() string {
	if o.toks == nil {
		return o.text
	}
	var b strings.Builder
	for i, t := range o.toks {
		if i > 0 && t.Kind == c.Ident && o.toks[i-1].Kind == c.Ident {
			b.WriteByte(' ')
		}
		b.WriteString(t.Text)
	}
	return b.String()
}

// name is the operand when it is a plain identifier, through parentheses and
// one &.
func (o *operand) name() (string, bool) {
	var id string
	amp := false
	for _, t := range o.tokens() {
		switch {
		case t.Kind == c.Open || t.Kind == c.Close:
		case t.Kind == c.Punct && t.Text == "&" && !amp && id == "":
			amp = true
		case t.Kind == c.Ident && id == "":
			id = t.Text
		default:
			return "", amp
		}
	}
	return id, amp
}
