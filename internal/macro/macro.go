// Package macro holds the macros of a tree: their definitions, which of them a
// file sees, and what a use of one comes to. It works on text, without a
// build: all definitions that a file can see in any configuration count.
//
// Reading bottom up: token.go, the tokens that expansion works on; def.go, one
// #define and its substitution; table.go, the definitions of the whole tree;
// view.go, which definitions a file sees, and its headers.
package macro

import (
	"strings"
	"sync/atomic"

	"dekho/internal/lang/c"
	"dekho/internal/lang/linkfacts"
)

// Def is one #define.
type Def struct {
	Name     string
	ID       int32 // counts the definitions of a table
	File     int32
	Line     uint32
	Function bool // it has a parameter list
	// Guarded marks one under #ifndef of its own name, a default.
	Guarded bool
	// Global marks a variable with constant text that every file can name and
	// that stands for its text as a macro does.
	Global bool
	Params []string // fixed parameters
	Rest   string   // name of the variable part: __VA_ARGS__, or args of args...
	Body   string

	// Split when first asked for, by whoever asks; two goroutines that do so
	// at once come to the same.
	toks atomic.Pointer[[]Token]
}

// FromRecord makes a definition of a linkfacts.TagMacro record; it aliases the
// record's text.
func FromRecord(file int32, rec *linkfacts.Record) *Def {
	m := &Def{
		Name: stringOf(rec.Name), File: file, Line: rec.Line, Body: stringOf(rec.Body),
		Function: rec.Flags&linkfacts.FlagFunctionLike != 0,
		Guarded:  rec.Flags&linkfacts.FlagGuarded != 0,
		Global:   rec.Flags&linkfacts.FlagVariable != 0 && rec.Flags&linkfacts.FlagStatic == 0,
	}
	if m.Function {
		m.parse(stringOf(rec.Params))
	}
	return m
}

// parse sets the parameters from their text, without the parentheses.
func (m *Def) parse(params string) {
	for p := range strings.SplitSeq(params, ",") {
		p = strings.TrimSpace(strings.ReplaceAll(p, "\\\n", ""))
		switch {
		case p == "":
		case p == "...":
			m.Rest = "__VA_ARGS__"
		case strings.HasSuffix(p, "..."):
			m.Rest = strings.TrimSpace(strings.TrimSuffix(p, "..."))
		default:
			m.Params = append(m.Params, p)
		}
	}
}

// Tokens are those of the body.
func (m *Def) Tokens() []Token {
	if ts := m.toks.Load(); ts != nil {
		return *ts
	}
	ts := Lex(nil, m.Body)
	m.toks.Store(&ts)
	return ts
}

// ParamIndex is the index of a fixed parameter, len(Params) for the variable
// part, or -1.
func (m *Def) ParamIndex(name string) int {
	for i, p := range m.Params {
		if p == name {
			return i
		}
	}
	if m.Rest != "" && name == m.Rest {
		return len(m.Params)
	}
	return -1
}

// MaxExpansion bounds the tokens of one expansion: hostile macros grow
// exponentially.
const MaxExpansion = 20000

// Substitute is the body of m with its parameters replaced by args, the
// tokens of each argument. The operators # and ## are applied.
func (m *Def) Substitute(args [][]Token) []Token {
	return m.AppendExpanded(make([]Token, 0, len(m.Tokens())+16), args, nil)
}

// AppendExpanded appends what Substitute returns to dst, whose tokens it does
// not look at. Unless expand is nil, arguments are passed to it before they are
// put in, but for operands of # and ##, as C has it; what it returns is used at
// once.
func (m *Def) AppendExpanded(dst []Token, args [][]Token, expand func([]Token) []Token) []Token {
	body := m.Tokens()
	out := dst[len(dst):]
	variable := func() []Token {
		var v []Token
		for i := len(m.Params); i < len(args); i++ {
			if i > len(m.Params) {
				v = append(v, Token{Kind: c.Comma, Text: ","})
			}
			v = append(v, args[i]...)
		}
		return v
	}
	arg := func(i int) []Token {
		if i == len(m.Params) {
			return variable()
		}
		if i < len(args) {
			return args[i]
		}
		return nil
	}
	paste := false
	for i := 0; i < len(body) && len(out) < MaxExpansion; i++ {
		t := body[i]
		switch {
		case t.Kind == c.Hash && m.Function && i+1 < len(body) && body[i+1].Kind == c.Ident:
			if p := m.ParamIndex(body[i+1].Text); p >= 0 {
				out = append(out, Token{Kind: c.String, Text: quote(arg(p))})
				i++
				continue
			}
		case t.Kind == c.Paste:
			paste = true
			continue
		}
		add := body[i : i+1 : i+1]
		if t.Kind == c.Ident && m.Function {
			if p := m.ParamIndex(t.Text); p >= 0 {
				add = arg(p)
				if expand != nil && !paste && (i+1 >= len(body) || body[i+1].Kind != c.Paste) {
					add = expand(add)
				}
				if paste && len(add) == 0 {
					// , ## __VA_ARGS__ without arguments takes the comma along.
					if n := len(out); n > 0 && out[n-1].Kind == c.Comma {
						out = out[:n-1]
					}
				}
			}
		}
		if paste && len(add) > 0 && len(out) > 0 && pastes(out[len(out)-1]) && pastes(add[0]) {
			out[len(out)-1].Text += add[0].Text
			add = add[1:]
		}
		paste = false
		out = append(out, add...)
	}
	return append(dst, out...)
}
