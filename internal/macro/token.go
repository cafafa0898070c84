package macro

import (
	"strings"
	"unsafe"

	"dekho/internal/lang/c"
)

// Token is one token of a macro body or an argument. Beside the tokens of C
// there are places for the arguments of the use being expanded, so that the
// expansion of a macro can be computed once for all its uses.
type Token struct {
	Kind c.LexemeKind
	Text string
	N    int32 // of Param and Rest
}

// The kinds of tokens that are not C's.
const (
	// Param stands for argument N of the use.
	Param c.LexemeKind = 100 + iota
	// Rest stands for the arguments from N on, with their commas.
	Rest
)

// Lex appends the tokens of text, which alias it.
func Lex(dst []Token, text string) []Token {
	var buf [64]c.Lexeme
	ls := c.AppendLexemes(buf[:0], unsafe.Slice(unsafe.StringData(text), len(text)))
	for _, l := range ls {
		dst = append(dst, Token{Kind: l.Kind, Text: stringOf(l.Text)})
	}
	return dst
}

// stringOf converts without copying: facts of the index are never written to.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func pastes(t Token) bool { return t.Kind == c.Ident || t.Kind == c.Number }

// quote is the string constant that # makes of tokens.
func quote(ts []Token) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, t := range ts {
		if i > 0 && t.Kind == c.Ident && ts[i-1].Kind == c.Ident {
			b.WriteByte(' ')
		}
		for _, r := range []byte(t.Text) {
			if r == '"' || r == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Group returns the arguments in the parentheses that open at ts[i], and the
// index behind them. ok is false when they do not close.
func Group(ts []Token, i int) (args [][]Token, next int, ok bool) {
	depth := 0
	start := i + 1
	for ; i < len(ts); i++ {
		switch ts[i].Kind {
		case c.Open:
			depth++
		case c.Close:
			depth--
			if depth == 0 {
				if i > start || len(args) > 0 {
					args = append(args, ts[start:i])
				}
				return args, i + 1, true
			}
		case c.Comma:
			if depth == 1 {
				args = append(args, ts[start:i])
				start = i + 1
			}
		case c.Punct:
			// Braces and brackets hide commas from the preprocessor no more
			// than other tokens do.
		}
	}
	return nil, i, false
}

// Split splits the text of arguments, as written between the parentheses.
func Split(text string) [][]Token {
	ts := Lex(nil, text)
	var args [][]Token
	depth, start := 0, 0
	for i := range ts {
		switch ts[i].Kind {
		case c.Open:
			depth++
		case c.Close:
			depth--
		case c.Comma:
			if depth == 0 {
				args = append(args, ts[start:i])
				start = i + 1
			}
		}
	}
	if len(ts) > 0 {
		args = append(args, ts[start:])
	}
	return args
}
