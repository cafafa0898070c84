package asm

// Bytes to statements.

import (
	"bytes"

	"dekho/internal/lang"
	"dekho/internal/lang/cpp"
)

// kind is what a token is; punctuation is its own byte.
type kind uint8

const (
	kIdent  kind = 1 + iota // names, and directives with their dot
	kNumber                 // 12, 0x1f, 1b, 1f
	kString
	kParam // \name: an argument of the macro around it
	kPunct = ' '
)

// token is one token of a statement.
type token struct {
	off, line uint32
	len       uint32
	kind      kind
	blank     bool // blanks stand before it
	glued     bool // part of a name that a macro's argument completes
}

func (x *extractor) tokenText(t *token) []byte { return x.src[t.off : t.off+t.len] }

// span limits the statements of a run of text: the file, or the body of a
// macro.
func (x *extractor) file() {
	s := x.src
	line := uint32(1)
	for i := 0; i < len(s); {
		// At the start of a line.
		j := i
		for j < len(s) && blank(s[j]) {
			j++
		}
		if j < len(s) && s[j] == '#' {
			end, endLine, kind := x.pp.Directive(j, line)
			if kind == cpp.Define {
				x.defineBody()
			}
			if kind == cpp.None {
				end = cpp.LineEnd(s, j) // a comment
				endLine = line + uint32(bytes.Count(s[j:end], newline))
			}
			i, line = end+1, endLine+1
			continue
		}
		if x.pp.Skipping() {
			end := cpp.LineEnd(s, j)
			line += uint32(bytes.Count(s[i:end], newline)) + 1
			i = end + 1
			continue
		}
		i, line = x.statements(j, len(s), line)
		i++
		line++
	}
	x.f.Lines = uint32(bytes.Count(s, newline))
	if n := len(s); n > 0 && s[n-1] != '\n' {
		x.f.Lines++
	}
}

var newline = []byte{'\n'}

// defineBody reads the body of the macro just defined.
func (x *extractor) defineBody() {
	m := x.pp.Macro
	x.recordMacro()
	if m.Function {
		x.learn(&m)
	}
	x.body, x.params = true, x.bytes(m.Params)
	end := int(m.Body.Off + m.Body.Len)
	for i, line := int(m.Body.Off), m.BodyLine; i < end; i++ {
		i, line = x.statements(i, end, line)
		line++
	}
	x.body = false
}

// statements reads the statements of the line at s[i] and returns the offset
// and the line of the newline that ends it. It does not look beyond end.
func (x *extractor) statements(i, end int, line uint32) (int, uint32) {
	s := x.src[:end]
	x.toks = x.toks[:0]
	depth := 0
	gap, glue := false, false // blanks, or an argument of a macro, stand before i
	for i < end {
		c := s[i]
		switch {
		case blank(c):
			i++
			gap, glue = true, false
			continue
		case c == '\n':
			if x.body && cpp.Spliced(s, i) || depth > 0 {
				// Arguments of a macro go on; a statement of a body may end.
				line++
				i++
				gap, glue = true, false
				if depth > 0 && i < end && x.runaway(i) {
					x.statement()
					return i - 1, line - 1
				}
				continue
			}
			x.statement()
			return i, line
		case c == '/' && i+1 < end && s[i+1] == '*':
			next := cpp.SkipComment(s, i)
			line += uint32(bytes.Count(s[i:next], newline))
			i = next
			gap, glue = true, false
			continue
		case c == '/' && i+1 < end && s[i+1] == '/', !x.body && x.d.commentAt(s, i, gap || len(x.toks) == 0):
			next := cpp.LineEnd(s, i)
			if n := bytes.IndexByte(s[i:next], '\n'); n >= 0 && c != '/' {
				next = i + n // comments of the assembler are not spliced
			}
			line += uint32(bytes.Count(s[i:next], newline))
			i = next
			continue
		case c == x.d.separator && depth == 0:
			x.statement()
			x.toks = x.toks[:0]
			i++
			gap, glue = false, false
			continue
		case c == '\\':
			if i+1 < end && (s[i+1] == '\n' || s[i+1] == '\r') {
				i++
				if s[i] == '\r' {
					i++
				}
				if i < end && s[i] == '\n' {
					i++
					line++
				}
				gap, glue = true, false
				continue
			}
			start := i
			i++
			if i+1 < end && s[i] == '(' && s[i+1] == ')' {
				i += 2 // nothing, between two parts of a name
			} else if i < end && (s[i] == '@' || s[i] == '+') {
				i++
			} else {
				for i < end && nameByte(s[i]) && s[i] != '.' && s[i] != '$' {
					i++
				}
			}
			if n := len(x.toks); n > 0 && !gap && x.toks[n-1].kind == kIdent {
				x.toks[n-1].glued = true
			}
			x.put(start, i, line, kParam, gap)
			gap, glue = false, true
			continue
		}
		start := i
		k := kind(c)
		switch {
		case c == '"':
			i = cpp.SkipString(s, i)
			k = kString
		case c == '\'':
			k = kNumber
			i = skipChar(s, i)
		case digit(c):
			k = kNumber
			for i < end && nameByte(s[i]) {
				i++
			}
			if i < end && s[i] == ':' && len(x.toks) == 0 {
				i++ // a numeric label is nobody's question
				gap, glue = false, false
				continue
			}
		case nameStart(c) || c == '$' && x.d.dollar:
			k = kIdent
			for i++; i < end && nameByte(s[i]); i++ {
			}
			if s[i-1] == '.' && i-start > 1 {
				i-- // the end of a sentence, or of `foo.`
			}
		default:
			i++
			switch {
			case c == '(':
				depth++
			case c == ')' && depth > 0:
				depth--
			}
		}
		x.put(start, i, line, k, gap)
		if k == kIdent && glue {
			x.toks[len(x.toks)-1].glued = true
		}
		if k == kString {
			line += uint32(bytes.Count(s[start:i], newline))
		}
		gap, glue = false, false
	}
	x.statement()
	return end, line
}

// maxStatement bounds the tokens of one statement: a parenthesis that is never
// closed must not eat the file, nor the memory.
const maxStatement = 1 << 12

// runaway reports whether an open parenthesis at the start of the line at
// s[i] was forgotten rather than continued: the line begins with a directive
// of the preprocessor or a label, or the statement has grown too long.
func (x *extractor) runaway(i int) bool {
	s := x.src
	if len(x.toks) > maxStatement {
		return true
	}
	for i < len(s) && blank(s[i]) {
		i++
	}
	if i < len(s) && (s[i] == '#' || s[i] == '.') {
		return true
	}
	start := i
	for i < len(s) && nameByte(s[i]) {
		i++
	}
	return i > start && i < len(s) && s[i] == ':'
}

func (x *extractor) put(start, end int, line uint32, k kind, gap bool) {
	if len(x.toks) <= maxStatement {
		x.toks = append(x.toks, token{off: uint32(start), line: line, len: uint32(end - start), kind: k, blank: gap})
	}
}

// skipChar returns the end of the character constant at s[i]: 'a' or 'a.
func skipChar(s []byte, i int) int {
	i++
	if i < len(s) && s[i] == '\\' {
		i++
	}
	if i < len(s) && s[i] != '\n' {
		i++
	}
	if i < len(s) && s[i] == '\'' {
		i++
	}
	return i
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v' }

func digit(c byte) bool { return c >= '0' && c <= '9' }

func nameStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '.' || c >= 0x80
}

func nameByte(c byte) bool { return nameStart(c) || digit(c) || c == '$' }

// report adds an occurrence of a name.
func (x *extractor) report(t *token, role lang.Role) {
	if t.glued {
		return
	}
	if x.body && !role.IsDef() {
		if x.isParam(t) {
			return
		}
		role = lang.MacroBody
	}
	cpp.Report(x.f, x.src, int(t.off), int(t.off+t.len), t.line, role)
}

// isParam reports whether t is a parameter of the macro whose body is read.
func (x *extractor) isParam(t *token) bool {
	return paramIndex(x.params, x.tokenText(t)) >= 0
}

// paramIndex is the position of name in a list of parameters, -1 if it is not
// there. A parameter of the assembler may carry :req, :vararg or =default.
func paramIndex(params, name []byte) int {
	n := 0
	for i := 0; i < len(params); {
		start := i
		for i < len(params) && nameByte(params[i]) {
			i++
		}
		if i > start {
			if bytes.Equal(params[start:i], name) {
				return n
			}
			n++
		}
		for i < len(params) && params[i] != ',' && !blank(params[i]) {
			i++
		}
		for i < len(params) && !nameByte(params[i]) {
			i++
		}
	}
	return -1
}
