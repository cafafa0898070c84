package kbuild

// The lines of a Kconfig file, as statements.

import (
	"bytes"

	"dekho/internal/lang"
)

// keyword is the word that begins a statement.
type keyword uint8

const (
	kwOther keyword = iota // a macro definition, or nothing that Kconfig knows
	kwConfig
	kwMenuconfig
	kwChoice
	kwEndchoice
	kwMenu
	kwEndmenu
	kwMainmenu
	kwComment
	kwIf
	kwEndif
	kwSource
	kwDepends
	kwSelect
	kwImply
	kwDefault
	kwRange
	kwVisible
	kwPrompt
	kwType   // bool, tristate, int, hex, string: perhaps with a prompt
	kwDefine // def_bool, def_tristate: a type and a default
	kwOption
	kwHelp
)

func keywordOf(w []byte) keyword {
	switch string(w) { // the compiler makes no string of it
	case "config":
		return kwConfig
	case "menuconfig":
		return kwMenuconfig
	case "choice":
		return kwChoice
	case "endchoice":
		return kwEndchoice
	case "menu":
		return kwMenu
	case "endmenu":
		return kwEndmenu
	case "mainmenu":
		return kwMainmenu
	case "comment":
		return kwComment
	case "if":
		return kwIf
	case "endif":
		return kwEndif
	case "source", "rsource", "osource", "orsource":
		return kwSource
	case "depends":
		return kwDepends
	case "select":
		return kwSelect
	case "imply":
		return kwImply
	case "default":
		return kwDefault
	case "range":
		return kwRange
	case "visible":
		return kwVisible
	case "prompt":
		return kwPrompt
	case "bool", "boolean", "tristate", "int", "hex", "string":
		return kwType
	case "def_bool", "def_tristate":
		return kwDefine
	case "option", "modules", "optional", "transitional":
		return kwOption
	case "help", "---help---":
		return kwHelp
	}
	return kwOther
}

// statement is a line of a Kconfig file with the lines that continue it.
type statement struct {
	kw   keyword
	word lang.Span // the keyword
	rest lang.Span // what follows it, continued lines included; of help, the text
	line uint32
}

// statements reads a Kconfig file statement by statement.
type statements struct {
	src  []byte
	off  int
	line uint32
}

// next returns the next statement, or false at the end. Blank lines and
// comments are none.
func (s *statements) next() (st statement, ok bool) {
	src := s.src
	for s.off < len(src) {
		start, line := s.off, s.line
		end := start
		for {
			end += lineLen(src[end:])
			s.line++
			last := end
			for last > start && src[last-1] == '\r' {
				last--
			}
			if end >= len(src) || last == start || src[last-1] != '\\' {
				break
			}
			end++
		}
		s.off = end + 1
		for start < end && isBlank(src[start]) {
			start++
		}
		if start == end || src[start] == '#' {
			continue
		}
		word := start
		for start < end && !isBlank(src[start]) && src[start] != '"' && src[start] != '\n' && src[start] != '\\' {
			start++
		}
		st = statement{
			kw: keywordOf(src[word:start]), word: lang.Span{Off: uint32(word), Len: uint32(start - word)},
			rest: lang.Span{Off: uint32(start), Len: uint32(end - start)}, line: line,
		}
		if st.kw == kwHelp {
			st.rest = s.help()
		}
		return st, true
	}
	return statement{}, false
}

// help steps over a help text: from the first line that is not blank to the
// line before one that is indented less.
func (s *statements) help() lang.Span {
	src := s.src
	indent, from, to := 0, s.off, s.off
	for s.off < len(src) {
		end := s.off + lineLen(src[s.off:])
		depth, blank := 0, true
		for _, c := range src[s.off:end] {
			if c == ' ' {
				depth++
				continue
			}
			if c == '\t' {
				depth = depth&^7 + 8
				continue
			}
			blank = c == '\r'
			break
		}
		if !blank {
			if indent == 0 {
				indent, from = depth, s.off
			}
			if depth == 0 || depth < indent {
				break
			}
			to = end
		}
		s.off = end + 1
		s.line++
	}
	if to < from {
		to = from
	}
	return lang.Span{Off: uint32(from), Len: uint32(to - from)}
}

// token is a piece of a statement.
type token struct {
	kind     tokenKind
	off, end int
	line     uint32
}

type tokenKind uint8

const (
	tokEnd    tokenKind = iota
	tokWord             // a symbol, a constant, or a keyword inside a statement
	tokString           // with its quotes
	tokMacro            // $(...)
	tokPunct            // one byte
)

// tokens reads the tokens of a statement.
type tokens struct {
	src    []byte
	i, end int
	line   uint32
}

func (s *statements) tokens(st *statement) tokens {
	return tokens{src: s.src, i: int(st.rest.Off), end: int(st.rest.Off + st.rest.Len), line: st.line}
}

func (t *tokens) next() token {
	src := t.src
	for t.i < t.end {
		c := src[t.i]
		start := t.i
		switch {
		case c == '\n':
			t.line++
			t.i++
		case isBlank(c) || c == '\\':
			t.i++
		case c == '#':
			t.i = t.end
		case c == '"' || c == '\'':
			t.i++
			for t.i < t.end && src[t.i] != c && src[t.i] != '\n' {
				if src[t.i] == '\\' && t.i+1 < t.end && src[t.i+1] != '\n' {
					t.i++
				}
				t.i++
			}
			if t.i < t.end && src[t.i] == c {
				t.i++
			}
			return token{tokString, start, t.i, t.line}
		case c == '$':
			t.i++
			if t.i < t.end && src[t.i] == '(' {
				t.i = closing(src, t.i, t.end)
			}
			tok := token{tokMacro, start, t.i, t.line}
			t.line += uint32(bytes.Count(src[start:t.i], []byte{'\n'}))
			return tok
		case wordByte(c) || c == '-' || c == '.' || c == '/':
			for t.i < t.end && (wordByte(src[t.i]) || src[t.i] == '-' || src[t.i] == '.' || src[t.i] == '/') {
				t.i++
			}
			return token{tokWord, start, t.i, t.line}
		default:
			t.i++
			return token{tokPunct, start, t.i, t.line}
		}
	}
	return token{kind: tokEnd, off: t.end, end: t.end, line: t.line}
}

// closing is the offset behind the parenthesis that closes the one at src[i].
func closing(src []byte, i, end int) int {
	depth := 0
	for ; i < end; i++ {
		switch src[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return end
}

// isSymbol reports whether a word of an expression names a symbol: it is no
// number and none of the constants y, m and n.
func isSymbol(w []byte) bool {
	if len(w) == 1 && (w[0] == 'y' || w[0] == 'm' || w[0] == 'n') {
		return false
	}
	if len(w) > 2 && w[0] == '0' && w[1]|0x20 == 'x' {
		return false
	}
	digits := true
	for _, c := range w {
		if !wordByte(c) {
			return false
		}
		digits = digits && c >= '0' && c <= '9'
	}
	return !digits
}
