package logmap

// Wrappers: which macros and functions hand a format on to printk, and what
// they put around it. Nothing but the few functions at the bottom is named
// here; all else is found in the tree.

import (
	"slices"
	"strings"

	"dekho/internal/lang/c"
	"dekho/internal/logmap/pattern"
	"dekho/internal/macro"
)

// function is one that takes a format: its variable part is `...`, a va_list
// or a struct va_format.
type function struct {
	name   string
	file   int32
	line   uint32
	static bool
	params []string // names; "" where none is given
	format int      // index of the format among params; of the va_format with vaf
	rest   int      // index of the first variable argument
	vaf    bool
	stmts  []stmt

	outs  []out
	state uint8 // 0 not computed, 1 being computed, 2 done
}

// out is one way in which a function prints what it is given: elements, one of
// them the hole (VaFormat) that the caller's format fills.
type out struct {
	elems  []pattern.Elem
	args   []operand // of the conversions, the hole included (empty)
	level  int       // -1: not said
	handed bool      // the caller's format itself is handed on
	place  *stmt     // the statement in it that prints, nil when it only passes on
}

// maxOuts bounds the ways one function prints.
const maxOuts = 8

// parseParams finds the format among the parameters of a function; ok is false
// when it takes none after all.
func (f *function) parseParams(params string) bool {
	f.format = -1
	f.rest = -1
	list := splitTop(params)
	for i, p := range list {
		name := lastIdent(p)
		switch {
		case p == "...":
			f.rest = i
			f.setFormat(list, i)
		case strings.Contains(p, "va_list") && f.rest < 0:
			f.rest = i
			f.setFormat(list, i)
		case strings.Contains(p, "va_format"):
			f.vaf, f.format, f.rest = true, i, i+1
		}
		f.params = append(f.params, name)
	}
	return f.format >= 0
}

// setFormat takes the last parameter before rest that is a string.
func (f *function) setFormat(list []string, rest int) {
	for i := rest - 1; i >= 0; i-- {
		if strings.Contains(list[i], "char") && strings.Contains(list[i], "*") {
			f.format = i
			return
		}
	}
}

// splitTop splits text at the commas outside parentheses.
func splitTop(s string) []string {
	var out []string
	depth, start := 0, 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, strings.TrimSpace(s[start:i]))
				start = i + 1
			}
		}
	}
	if rest := strings.TrimSpace(s[start:]); rest != "" || len(out) > 0 {
		out = append(out, rest)
	}
	return out
}

// lastIdent is the last identifier of a parameter's declaration.
func lastIdent(p string) string {
	if i := strings.IndexByte(p, '['); i >= 0 {
		p = p[:i]
	}
	end := len(p)
	for end > 0 && !identByte(p[end-1]) {
		end--
	}
	start := end
	for start > 0 && identByte(p[start-1]) {
		start--
	}
	return p[start:end]
}

func identByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// resolve finds the format-taking function a name stands for in a file.
func (l *linker) resolve(name string, file int32) *function {
	fs := l.funcs[name]
	var common *function
	for _, f := range fs {
		if f.file == file {
			return f
		}
		info := &l.files[f.file]
		if info.UserSpace != l.files[file].UserSpace || f.static && !info.Header {
			continue
		}
		if info.Arch != "" && info.Arch != l.files[file].Arch && common != nil {
			continue
		}
		if len(f.stmts) == 0 && common != nil {
			continue // a stub
		}
		if common == nil || len(common.stmts) == 0 || l.files[common.file].Arch != "" {
			common = f
		}
	}
	return common
}

// outsOf are the ways in which the function prints what it is given.
func (l *linker) outsOf(f *function) []out {
	if f.state != 0 {
		return f.outs // the empty list while it is being computed
	}
	f.state = 1
	if n, ok := roots[f.name]; ok && n < len(f.params) && !l.files[f.file].UserSpace {
		f.outs = []out{identityOut}
	} else {
		f.outs = l.findOuts(f)
	}
	f.state = 2
	return f.outs
}

// identityOut prints the caller's format and nothing else.
var identityOut = out{handed: true, elems: []pattern.Elem{{Kind: pattern.VaFormat}}, args: []operand{{}}, level: -1}

func (l *linker) findOuts(f *function) []out {
	var outs []out
	var head out // printed by f before, on the same line
	buffers := f.buffers()
	for i := range f.stmts {
		s := &f.stmts[i]
		for _, p := range l.stmtPrims(s) {
			ops := p.operands(s, -1)
			g, gOuts, format, rest, vaf := l.target(p.callee, f.file)
			if g == f || len(gOuts) == 0 || format >= len(ops) {
				continue
			}
			inner, ok := l.passes(f, s, ops, format, rest, vaf, buffers)
			if !ok {
				head = l.opening(s, ops, gOuts, format, head)
				continue
			}
			inners := []out{inner}
			if len(inner.elems) == 1 && !vaf {
				if prefixed, ok := l.prefixed(f, buffers); ok {
					inners = append(inners, prefixed)
				}
			}
			for _, o := range gOuts {
				for _, inner := range inners {
					n := compose(o, ops, inner)
					if n.place == nil && p.macro {
						n.place = s
					}
					if inner.handed {
						n.place = o.place // handed on as it came
					}
					if len(head.elems) > 0 && (n.level < 0 || n.level == 'c') {
						n.elems = slices.Concat(head.elems, n.elems)
						n.args = slices.Concat(head.args, n.args)
						n.level, n.place = head.level, head.place
					}
					if len(outs) < maxOuts && !hasOut(outs, n) {
						outs = append(outs, n)
					}
				}
			}
		}
	}
	return outs
}

// opening is what stands on the line when f has printed statement s, whose
// format is its own: the text so far if it does not end the line.
func (l *linker) opening(s *stmt, ops []operand, gOuts []out, format int, before out) out {
	chunks, ok := l.eval(ops[format].tokens(), context{file: s.file, fn: s.fn, line: s.line, from: -1})
	if !ok || len(chunks) != 1 || len(chunks[0].text) == 0 {
		return before
	}
	if strings.HasSuffix(chunks[0].text, "\n") {
		return out{}
	}
	elems, level := elements(chunks)
	for i := range elems {
		if elems[i].Kind != pattern.Literal {
			return out{}
		}
	}
	inner := out{elems: elems, level: level}
	at := 0
	for at+1 < len(gOuts) && gOuts[at].place != nil && (gOuts[at].place.odd || gOuts[at].level == 'c') {
		at++
	}
	n := compose(gOuts[at], ops, inner)
	if n.place == nil {
		n.place = s
	}
	for i := range n.elems {
		if n.elems[i].Kind != pattern.Literal {
			return out{}
		}
	}
	return n
}

// prefixed is the hole with what f formats into the buffer before it:
// scnprintf(buf, size, "[%s] ", name).
func (l *linker) prefixed(f *function, buffers map[string]bool) (out, bool) {
	var o out
	o.level = -1
search:
	for i := range f.stmts {
		s := &f.stmts[i]
		var format int
		switch s.callee {
		case "scnprintf", "snprintf":
			format = 2
		case "sprintf":
			format = 1
		default:
			if strings.HasPrefix(s.callee, "v") && strings.HasSuffix(s.callee, "printf") {
				break search // what follows comes behind the hole
			}
			continue
		}
		if format >= len(s.args) {
			continue
		}
		target := operand{text: s.args[0]}
		if ts := target.tokens(); len(ts) == 0 || !buffers[ts[0].Text] {
			continue
		}
		chunks, _ := l.eval(macro.Lex(nil, s.args[format]), context{file: s.file, fn: s.fn, line: s.line, from: -1})
		elems, _ := elements(chunks)
		if !substantial(elems) {
			continue
		}
		args := make([]operand, 0, len(s.args))
		for _, a := range s.args[format+1:] {
			args = append(args, operand{toks: f.symbolic(macro.Lex(nil, a))})
		}
		o.elems = append(o.elems, elems...)
		o.args = append(o.args, alignArgs(elems, args)...)
	}
	if len(o.elems) == 0 {
		return o, false
	}
	o.elems = append(o.elems, pattern.Elem{Kind: pattern.VaFormat})
	o.args = append(o.args, operand{})
	return o, true
}

func hasOut(outs []out, n out) bool {
	for _, o := range outs {
		if o.place == n.place && sameElems(o.elems, n.elems) {
			return true
		}
	}
	return false
}

func sameElems(a, b []pattern.Elem) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Kind != b[i].Kind || string(a[i].Text) != string(b[i].Text) {
			return false
		}
	}
	return true
}

// target describes the printing function a name stands for.
func (l *linker) target(name string, file int32) (g *function, outs []out, format, rest int, vaf bool) {
	if n, ok := roots[name]; ok {
		rest = n + 1
		return nil, []out{identityOut}, n, rest, false
	}
	g = l.resolve(name, file)
	if g == nil {
		return nil, nil, 0, 0, false
	}
	return g, l.outsOf(g), g.format, g.rest, g.vaf
}

// passes tells how the call with operands ops hands on the format of f: the
// elements it hands over (with the hole), as an out without place.
func (l *linker) passes(f *function, s *stmt, ops []operand, format, rest int, vaf bool, buffers map[string]bool) (out, bool) {
	name, amp := ops[format].name()
	if vaf {
		if f.vaf && name == f.params[f.format] || !f.vaf && amp {
			return identityOut, true
		}
		return out{}, false
	}
	if !f.vaf && name != "" && name == f.params[f.format] {
		return identityOut, true
	}
	chunks, _ := l.eval(f.symbolic(ops[format].tokens()), context{file: s.file, fn: s.fn, line: s.line, from: -1})
	elems, level := elements(chunks)
	o := out{elems: elems, level: level}
	arg := min(rest, len(ops))
	hole := false
	for i := range elems {
		e := &elems[i]
		if !e.Kind.IsConversion() || e.Kind == pattern.Any {
			if e.Kind == pattern.Any {
				o.args = append(o.args, operand{})
			}
			continue
		}
		var op operand
		for n := e.Args(); n > 0 && arg < len(ops); n-- {
			op = ops[arg]
			arg++
		}
		switch {
		case hole:
		case e.Kind == pattern.VaFormat:
			*e = pattern.Elem{Kind: pattern.VaFormat}
			op, hole = operand{}, true
		case e.Kind == pattern.String:
			if id, _ := op.name(); id != "" && buffers[id] {
				*e = pattern.Elem{Kind: pattern.VaFormat}
				op, hole = operand{}, true
			}
		}
		if op.toks == nil && op.text != "" {
			op = operand{toks: macro.Lex(nil, op.text)}
		}
		op.toks = f.symbolic(op.toks)
		o.args = append(o.args, op)
	}
	return o, hole
}

// symbolic replaces the names of f's parameters by macro.Param.
func (f *function) symbolic(ts []macro.Token) []macro.Token {
	changed := false
	for i, t := range ts {
		if t.Kind != c.Ident || i > 0 && (ts[i-1].Text == "." || ts[i-1].Text == "->") {
			continue
		}
		for n, p := range f.params {
			if p == t.Text {
				if !changed {
					ts = append([]macro.Token{}, ts...)
					changed = true
				}
				ts[i] = macro.Token{Kind: macro.Param, Text: t.Text, N: int32(n)}
			}
		}
	}
	return ts
}

// buffers are the variables that f formats its arguments into:
// vsnprintf(buf, sizeof(buf), fmt, args).
func (f *function) buffers() map[string]bool {
	if f.vaf {
		return nil
	}
	var b map[string]bool
	for i := range f.stmts {
		s := &f.stmts[i]
		if !strings.HasPrefix(s.callee, "v") || !strings.HasSuffix(s.callee, "printf") || len(s.args) < 3 {
			if (s.callee == "kvasprintf" || s.callee == "kvasprintf_const") && b == nil {
				b = map[string]bool{"buf": true, "p": true, "str": true, "msg": true, "string": true, "buffer": true}
			}
			continue
		}
		if b == nil {
			b = make(map[string]bool)
		}
		o := operand{text: s.args[0]}
		ts := o.tokens()
		for _, t := range ts { // buf, buf + len, &buf[len]
			if t.Kind == c.Ident {
				b[t.Text] = true
				break
			}
		}
	}
	return b
}

// compose puts what a caller hands over (inner, over the caller's parameters)
// into the hole of o, a way in which the callee prints, called with ops.
func compose(o out, ops []operand, inner out) out {
	n := out{level: o.level, place: o.place}
	if n.level < 0 {
		n.level = inner.level
	}
	arg := 0
	for _, e := range o.elems {
		switch {
		case !e.Kind.IsConversion():
			n.elems = append(n.elems, e)
			continue
		case e.Kind == pattern.VaFormat && arg < len(o.args) && o.args[arg].toks == nil && o.args[arg].text == "" && len(e.Text) == 0:
			n.elems = append(n.elems, inner.elems...)
			n.args = append(n.args, inner.args...)
		default:
			n.elems = append(n.elems, e)
			var op operand
			if arg < len(o.args) {
				op = bind(o.args[arg], ops)
			}
			n.args = append(n.args, op)
		}
		arg++
	}
	return n
}

// bind replaces the callee's parameters in an operand by the call's operands.
func bind(o operand, ops []operand) operand {
	if len(o.toks) == 1 && o.toks[0].Kind == macro.Param {
		if n := int(o.toks[0].N); n < len(ops) {
			return ops[n]
		}
		return operand{text: o.toks[0].Text}
	}
	symbolic := false
	for _, t := range o.toks {
		symbolic = symbolic || t.Kind == macro.Param
	}
	if !symbolic {
		return o
	}
	var ts []macro.Token
	for _, t := range o.toks {
		if t.Kind == macro.Param && int(t.N) < len(ops) {
			ts = append(ts, ops[t.N].tokens()...)
			continue
		}
		if t.Kind == macro.Param {
			t.Kind = c.Ident
		}
		ts = append(ts, t)
	}
	return operand{toks: ts}
}
