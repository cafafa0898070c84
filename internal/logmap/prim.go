package logmap

// Statements and the calls of printing functions that they come to, through
// whatever macros they are written with.

import (
	"slices"
	"strings"

	"dekho/internal/lang/c"
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
	args   []tok // the whole argument list, with tokParam and tokRest
	macro  bool  // reached through a macro
	form   *form // how to evaluate it quickly, for the statements of one file
}

// operand is an argument of a conversion, as tokens over the parameters of the
// function (tokParam) it stands in.
type operand struct {
	toks []tok
	text string // when toks is nil
}

// macroPrims are the calls of printing functions that a macro comes to, over
// the arguments of its use.
func (l *linker) macroPrims(m *macro, file int32) []prim {
	if ps := m.prims.Load(); ps != nil {
		return *ps
	}
	args := make([][]tok, 0, len(m.params)+1)
	for i := range m.params {
		args = append(args, []tok{{kind: tokParam, n: int32(i)}})
	}
	if m.rest != "" {
		args = append(args, []tok{{kind: tokRest, n: int32(len(m.params))}})
	}
	body := m.substitute(args)
	// Seen from the macro's own file first: what that comes to holds for every
	// use, whichever asks first.
	x := primSearch{l: l, file: m.file, of: m.file}
	x.find(body, 0)
	if !x.depends && len(x.found) > 0 {
		m.prims.Store(&x.found)
		return x.found
	}
	if file == m.file {
		return x.found
	}
	y := primSearch{l: l, file: file, of: m.file}
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
	active  []*macro // being expanded
}

// maxPrims bounds the calls one statement comes to.
const maxPrims = 12

func (x *primSearch) find(ts []tok, depth int) {
	if depth > maxDepth {
		return
	}
	for i := 0; i < len(ts); i++ {
		if x.steps++; x.steps > maxExpansion || len(x.found) >= maxPrims {
			return
		}
		t := ts[i]
		if t.kind != c.Ident {
			continue
		}
		call := i+1 < len(ts) && ts[i+1].kind == c.Open
		if !call {
			if m := x.alias(t.text); m != nil { // #define DPRINTK printk
				x.find(append(append([]tok{}, m.tokens()...), ts[i+1:]...), depth+1)
				return
			}
			continue
		}
		if !x.l.printing[t.text] && !x.mentions(ts, i+1) {
			continue
		}
		defs := x.visible(t.text)
		if len(defs) == 0 {
			if x.l.printing[t.text] && (len(x.l.funcs[t.text]) > 0 || isRoot(t.text)) {
				if _, next, ok := group(ts, i+1); ok {
					x.add(prim{callee: t.text, args: ts[i+2 : next-1]})
					i = next - 1
				}
			}
			continue
		}
		args, next, ok := group(ts, i+1)
		if !ok {
			continue
		}
		for _, m := range defs {
			if slices.Contains(x.active, m) {
				continue // a macro is not expanded inside itself
			}
			x.active = append(x.active, m)
			var body []tok
			if m.function {
				body = m.substitute(args)
			} else {
				body = append(append([]tok{}, m.tokens()...), ts[i+1:next]...)
			}
			if x.steps += len(body) / 4; x.steps <= maxExpansion {
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
func (x *primSearch) visible(name string) []*macro {
	defs := x.l.visible(name, x.file)
	if len(defs) > 0 && defs[0].file != x.of && !strings.HasPrefix(x.l.files[defs[0].file].path, "include/") {
		x.depends = true
	}
	return defs
}

// alias is the object-like macro that renames a printing macro or function.
func (x *primSearch) alias(name string) *macro {
	if !x.l.printing[name] {
		return nil
	}
	for _, m := range x.visible(name) {
		if !m.function && len(m.tokens()) == 1 && m.tokens()[0].kind == c.Ident && m.tokens()[0].text != name {
			return m
		}
	}
	return nil
}

// mentions reports whether the group at ts[open] names a printing function:
// printk_index_wrap(_printk, ...).
func (x *primSearch) mentions(ts []tok, open int) bool {
	depth := 0
	for i := open; i < len(ts); i++ {
		switch ts[i].kind {
		case c.Open:
			depth++
		case c.Close:
			if depth--; depth == 0 {
				return false
			}
		case c.Ident:
			if x.l.printing[ts[i].text] && (i+1 >= len(ts) || ts[i+1].kind != c.Open) {
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

func sameToks(a, b []tok) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].kind != b[i].kind || a[i].n != b[i].n || a[i].text != b[i].text {
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
	defs := l.visible(s.callee, s.file)
	ps := l.namePrims(s, defs)
	if len(ps) == 0 && len(defs) > 0 {
		// A private definition for programs (raid6 has one) hides the
		// kernel's own.
		var common []*macro
		for _, d := range l.macros[s.callee].headers {
			if strings.HasPrefix(l.files[d.file].path, "include/linux/") {
				common = append(common, d)
			}
		}
		ps = l.namePrims(s, common)
	}
	if len(l.primMemo) > 1<<16 {
		clear(l.primMemo)
	}
	for _, m := range defs {
		if m.function && m.callsParam() {
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

func (l *linker) namePrims(s *stmt, defs []*macro) []prim {
	if len(defs) == 0 {
		if len(l.funcs[s.callee]) == 0 && !isRoot(s.callee) {
			return nil
		}
		return []prim{{callee: s.callee, args: []tok{{kind: tokRest}}, form: new(form)}}
	}
	var all []prim
	for _, m := range defs {
		var ps []prim
		if m.function {
			ps = l.macroPrims(m, s.file)
			if len(ps) == 0 && m.callsParam() {
				ps = l.directPrims(m, s)
			}
		} else {
			x := primSearch{l: l, file: s.file}
			use := append(append([]tok{}, m.tokens()...), tok{kind: c.Open, text: "("}, tok{kind: tokRest}, tok{kind: c.Close, text: ")"})
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
func (m *macro) callsParam() bool {
	ts := m.tokens()
	for i := 0; i+1 < len(ts); i++ {
		if ts[i].kind == c.Ident && ts[i+1].kind == c.Ident && m.paramIndex(ts[i+1].text) >= 0 && m.paramIndex(ts[i].text) < 0 {
			return true
		}
	}
	return false
}

// directPrims expands m with the very arguments of s.
func (l *linker) directPrims(m *macro, s *stmt) []prim {
	args := make([][]tok, len(s.args))
	for i, a := range s.args {
		args[i] = lexText(nil, a)
	}
	x := primSearch{l: l, file: s.file}
	x.find(m.substitute(args), 1)
	return x.found
}

// operands are the arguments of a prim, with the statement's put in. The one
// at index skip, if any, is left empty.
func (p *prim) operands(s *stmt, skip int) []operand {
	out := make([]operand, 0, len(s.args)+4)
	start := 0
	depth := 0
	flush := func(ts []tok) {
		switch {
		case len(ts) == 1 && ts[0].kind == tokParam:
			if n := int(ts[0].n); n < len(s.args) {
				out = append(out, operand{text: s.args[n]})
			} else {
				out = append(out, operand{})
			}
		case len(ts) == 1 && ts[0].kind == tokRest:
			for _, a := range s.args[min(int(ts[0].n), len(s.args)):] {
				out = append(out, operand{text: a})
			}
		case len(out) == skip:
			out = append(out, operand{})
		default:
			out = append(out, mixed(ts, s)...)
		}
	}
	for i, t := range p.args {
		switch t.kind {
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

// mixed puts the statement's arguments into tokens; a tokRest brings commas
// and so further operands.
func mixed(ts []tok, s *stmt) []operand {
	var out []operand
	cur := make([]tok, 0, len(ts)+8)
	for _, t := range ts {
		switch t.kind {
		case tokParam:
			if n := int(t.n); n < len(s.args) {
				cur = lexText(cur, s.args[n])
			}
		case tokRest:
			for i := int(t.n); i < len(s.args); i++ {
				if i > int(t.n) {
					out = append(out, operand{toks: cur})
					cur = nil
				}
				cur = lexText(cur, s.args[i])
			}
		default:
			cur = append(cur, t)
		}
	}
	if cur == nil {
		cur = []tok{}
	}
	return append(out, operand{toks: cur})
}

// tokens are the tokens of an operand.
func (o *operand) tokens() []tok {
	if o.toks == nil && o.text != "" {
		o.toks = lexText(nil, o.text)
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
		if i > 0 && t.kind == c.Ident && o.toks[i-1].kind == c.Ident {
			b.WriteByte(' ')
		}
		b.WriteString(t.text)
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
		case t.kind == c.Open || t.kind == c.Close:
		case t.kind == c.Punct && t.text == "&" && !amp && id == "":
			amp = true
		case t.kind == c.Ident && id == "":
			id = t.text
		default:
			return "", amp
		}
	}
	return id, amp
}
