package logmap

// The quick way through a print statement. Nearly all statements of a file
// differ in one argument only, a string constant; what the macros around it
// come to is worked out once for each callee in a file.

import (
	"strings"

	"dekho/internal/lang/c"
	"dekho/internal/macro"
)

// form is the format of a prim as a function of one argument of the statement.
type form struct {
	state         uint8 // 0 not worked out, formQuick, formSlow
	arg           int   // the argument of the statement that goes between
	before, after []chunk
}

const (
	formQuick = 1 + iota
	formSlow
)

// prepare works out the form of a prim whose format is operand number format.
func (l *linker) prepare(p *prim, format int, ctx context) {
	f := p.form
	f.state = formSlow
	if len(p.args) == 1 && p.args[0].Kind == macro.Rest {
		f.state, f.arg = formQuick, int(p.args[0].N)+format
		return
	}
	seg, at := segment(p.args, format)
	if at < 0 {
		return
	}
	if len(seg) == 1 && seg[0].Kind == macro.Rest {
		f.state, f.arg = formQuick, int(seg[0].N)+format-at
		return
	}
	if at != format {
		return
	}
	e := evaluator{l: l, ctx: ctx, variants: 1, symbolic: true}
	e.walk(seg, 0)
	if e.variants > 1 || e.local || e.commas {
		return
	}
	hole := -1
	for i, ch := range e.chunks {
		if ch.param > 0 {
			if hole >= 0 {
				return
			}
			hole = i
		}
	}
	if hole < 0 {
		return
	}
	f.state, f.arg = formQuick, e.chunks[hole].param-1
	f.before, f.after = e.chunks[:hole:hole], e.chunks[hole+1:]
}

// segment returns the tokens of the argument with the given index, and the
// index of its first operand; a macro.Rest may stand for several.
func segment(ts []macro.Token, index int) ([]macro.Token, int) {
	depth, start, n := 0, 0, 0
	for i := 0; i <= len(ts); i++ {
		if i < len(ts) {
			switch ts[i].Kind {
			case c.Open:
				depth++
			case c.Close:
				depth--
			}
			if ts[i].Kind != c.Comma || depth > 0 {
				continue
			}
		}
		rest := false
		for _, t := range ts[start:i] {
			rest = rest || t.Kind == macro.Rest
		}
		if n == index || rest {
			if rest && i-start > 1 {
				return nil, -1 // text and several arguments in one
			}
			return ts[start:i], n
		}
		start = i + 1
		n++
	}
	return nil, -1
}

// quick evaluates the format of a statement by its form.
func (l *linker) quick(f *form, s *stmt) ([]chunk, bool) {
	if f.arg >= len(s.args) {
		return nil, false
	}
	text, ok := literal(s.args[f.arg])
	if !ok {
		return nil, false
	}
	out := make([]chunk, 0, len(f.before)+1+len(f.after))
	out = append(out, f.before...)
	for i := 0; i <= len(f.after); i++ {
		if n := len(out); n > 0 && !out[n-1].unknown {
			out[n-1].text += text
		} else {
			out = append(out, chunk{text: text})
		}
		if i < len(f.after) {
			if f.after[i].unknown {
				return append(out, f.after[i:]...), true
			}
			text = f.after[i].text
		}
	}
	return out, true
}

// literal is the text of an argument that is nothing but string constants.
func literal(arg string) (string, bool) {
	end := quoteEnd(arg)
	if end == len(arg) {
		return unescape(arg), true
	}
	var b strings.Builder
	for arg != "" {
		if arg[0] == ' ' {
			arg = arg[1:]
			continue
		}
		end := quoteEnd(arg)
		if end < 0 {
			return "", false
		}
		b.WriteString(unescape(arg[:end]))
		arg = arg[end:]
	}
	return b.String(), true
}

// quoteEnd is the index behind the string constant that s starts with, or -1.
func quoteEnd(s string) int {
	if len(s) < 2 || s[0] != '"' {
		return -1
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}
