package dts

// The lexer: bytes to events, in one pass and without memory of its own.

import (
	"bytes"
)

type eventKind uint8

const (
	evEnd            eventKind = iota
	evLabel                    // label:
	evNode                     // name@unit {
	evRoot                     // / {
	evExtend                   // &label {
	evExtendPath               // &{/path} {
	evClose                    // }
	evProperty                 // name, = or ; follows
	evString                   // in a value, without its quotes
	evRef                      // &label in a value
	evIdent                    // a macro in a value
	evCall                     // the same, with arguments
	evDeleteNode               // /delete-node/ name or &label
	evDeleteProperty           // /delete-property/ name
	evInclude                  // the path of an #include or /include/
	evDirective                // another # directive: from its name to the end of its line
)

// event is something that a source holds: src[from:to] is its name.
type event struct {
	kind     eventKind
	ref      bool // of evDeleteNode: a &label
	from, to int
	rest     int // of evDirective: where its name ends
	line     uint32
}

// scanner yields the events of a source.
type scanner struct {
	src   []byte
	i     int
	line  uint32
	value bool // between = and ;
	call  int  // open parentheses of a macro used in the place of a node
}

// Character classes.
const (
	clName  = 1 << iota // of node and property names
	clIdent             // of labels and macros
	clDigit
	clBlank
)

var class = func() (t [256]uint8) {
	for c := 'a'; c <= 'z'; c++ {
		t[c] = clName | clIdent
		t[c-32] = clName | clIdent
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = clName | clIdent | clDigit
	}
	t['_'] = clName | clIdent
	for _, c := range ",.+*#?@-" {
		t[c] |= clName
	}
	for _, c := range " \t\r\f\v" {
		t[c] |= clBlank
	}
	return
}()

// next returns the next event.
func (s *scanner) next() event {
	src := s.src
	for s.i < len(src) {
		c := src[s.i]
		switch {
		case c == '\n':
			s.line++
			s.i++
			continue
		case class[c]&clBlank != 0:
			s.i++
			continue
		case c == '/':
			if e, ok := s.slash(); ok {
				return e
			}
			continue
		case c == '#' && s.firstOnLine():
			if e, ok := s.hash(); ok {
				return e
			}
		case c == '"':
			from := s.i + 1
			line := s.line
			end := s.quoted()
			if s.value {
				return event{kind: evString, from: from, to: end, line: line}
			}
			continue
		case c == '\'':
			s.quoted()
			continue
		case c == '&':
			if e, ok := s.reference(); ok {
				return e
			}
			continue
		case c == '{': // of a node whose name was no name
			s.i++
			s.value = false
			return event{kind: evNode, from: s.i, to: s.i, line: s.line}
		case c == '}':
			s.i++
			s.value, s.call = false, 0
			return event{kind: evClose, from: s.i - 1, to: s.i, line: s.line}
		case c == ';':
			s.i++
			s.value = false
			continue
		case c == '=':
			s.i++
			s.value = true
			continue
		}
		if s.value || s.call > 0 {
			if e, ok := s.inValue(c); ok {
				return e
			}
			continue
		}
		if class[c]&clName == 0 {
			s.i++
			continue
		}
		if e, ok := s.name(); ok {
			return e
		}
	}
	return event{kind: evEnd, from: len(src), to: len(src), line: s.line}
}

// firstOnLine reports whether only blanks stand before src[i] on its line.
func (s *scanner) firstOnLine() bool {
	for i := s.i - 1; i >= 0; i-- {
		if s.src[i] == '\n' {
			return true
		}
		if class[s.src[i]]&clBlank == 0 {
			return false
		}
	}
	return true
}

// blanks steps over blanks, newlines and comments and returns the byte behind
// them, 0 at the end.
func (s *scanner) blanks() byte {
	for s.i < len(s.src) {
		switch c := s.src[s.i]; {
		case c == '\n':
			s.line++
			s.i++
		case class[c]&clBlank != 0:
			s.i++
		case c == '/' && s.comment():
		default:
			return c
		}
	}
	return 0
}

// comment steps over the comment at src[i], if there is one.
func (s *scanner) comment() bool {
	src := s.src
	if s.i+1 >= len(src) {
		return false
	}
	end := len(src)
	switch src[s.i+1] {
	case '*':
		if n := bytes.Index(src[s.i+2:], []byte("*/")); n >= 0 {
			end = s.i + 2 + n + 2
		}
		s.line += uint32(bytes.Count(src[s.i:end], newline))
	case '/':
		if n := bytes.IndexByte(src[s.i:], '\n'); n >= 0 {
			end = s.i + n
		}
	default:
		return false
	}
	s.i = end
	return true
}

// quoted steps over the string or character at src[i] and returns where its text
// ends. A string may go over several lines.
func (s *scanner) quoted() int {
	src := s.src
	q := src[s.i]
	i := s.i + 1
	for i < len(src) && src[i] != q {
		switch src[i] {
		case '\\':
			i++
			if i < len(src) && src[i] == '\n' {
				s.line++
			}
		case '\n':
			if q == '\'' { // a stray apostrophe
				s.i = i
				return i
			}
			s.line++
		}
		i++
	}
	i = min(i, len(src))
	s.i = min(i+1, len(src))
	return i
}

// slash reads what begins with a slash: a comment, the root, a directive.
func (s *scanner) slash() (event, bool) {
	src := s.src
	if s.comment() {
		return event{}, false
	}
	start := s.i
	s.i++
	end := s.i
	for end < len(src) && class[src[end]]&clName != 0 {
		end++
	}
	if end == s.i || end >= len(src) || src[end] != '/' {
		if !s.value && s.blanks() == '{' {
			e := event{kind: evRoot, from: start, to: start + 1, line: s.line}
			s.i++
			return e, true
		}
		return event{}, false
	}
	word := src[s.i:end]
	switch string(word) {
	case "include":
		s.i = end + 1
		if s.blanks() != '"' {
			return event{}, false
		}
		e := event{kind: evInclude, from: s.i + 1, line: s.line}
		e.to = s.quoted()
		return e, bytes.IndexByte(src[e.from:e.to], '\n') < 0
	case "delete-node", "delete-property":
		s.i = end + 1
		kind := evDeleteNode
		if string(word) == "delete-property" {
			kind = evDeleteProperty
		}
		c := s.blanks()
		ref := c == '&'
		if ref {
			s.i++
			if s.i < len(src) && src[s.i] == '{' { // a path, which names no label
				s.path()
				return event{}, false
			}
		}
		from := s.i
		for s.i < len(src) && class[src[s.i]]&clName != 0 {
			s.i++
		}
		if s.i == from {
			return event{}, false
		}
		return event{kind: kind, ref: ref, from: from, to: s.i, line: s.line}, true
	case "dts-v1", "plugin", "bits", "incbin", "omit-if-no-ref", "memreserve":
		s.i = end + 1
		// The numbers behind it are no names of properties.
		if string(word) == "memreserve" {
			s.value = true
		}
	}
	return event{}, false // else a division
}

// hash reads the directive of the preprocessor at src[i], if there is one:
// #address-cells is none.
func (s *scanner) hash() (event, bool) {
	src := s.src
	i := s.i + 1
	for i < len(src) && (src[i] == ' ' || src[i] == '\t') {
		i++
	}
	start := i
	for i < len(src) && class[src[i]]&clName != 0 {
		i++
	}
	switch string(src[start:i]) {
	case "include", "define", "undef", "if", "ifdef", "ifndef", "elif", "else", "endif", "error", "pragma", "warning", "line":
	default:
		return event{}, false
	}
	e := event{kind: evDirective, from: start, rest: i, line: s.line}
	// To the end of the line, past splices and comments.
	for i < len(src) && src[i] != '\n' {
		switch {
		case src[i] == '\\' && i+1 < len(src):
			i++
			if src[i] == '\r' && i+1 < len(src) && src[i+1] == '\n' {
				i++
			}
			if src[i] == '\n' {
				s.line++
			}
		case src[i] == '/' && i+1 < len(src) && (src[i+1] == '*' || src[i+1] == '/'):
			if e.to == 0 {
				e.to = i // what follows a comment is not looked at, but for macros
			}
			s.i = i
			s.comment()
			i = s.i
			continue
		}
		i++
	}
	i = min(i, len(src))
	if e.to == 0 || string(src[e.from:e.rest]) == "define" {
		e.to = i
	}
	s.i = i
	if string(src[start:e.rest]) == "include" {
		return includePath(src, e)
	}
	return e, true
}

// includePath makes the event of an #include.
func includePath(src []byte, e event) (event, bool) {
	rest := src[e.rest:e.to]
	from := bytes.IndexAny(rest, `"<`)
	if from < 0 {
		return event{kind: evDirective, from: e.from, rest: e.rest, to: e.rest, line: e.line}, true
	}
	closing := byte('"')
	if rest[from] == '<' {
		closing = '>'
	}
	n := bytes.IndexByte(rest[from+1:], closing)
	if n < 0 {
		n = len(rest) - from - 1
	}
	at := e.rest + from + 1
	return event{kind: evInclude, from: at, to: at + n, line: e.line}, true
}

// reference reads &label or &{/path}.
func (s *scanner) reference() (event, bool) {
	src := s.src
	s.i++
	from, line := s.i, s.line
	if s.i < len(src) && src[s.i] == '{' {
		to := s.path()
		if !s.value && s.blanks() == '{' {
			s.i++
			return event{kind: evExtendPath, from: from + 1, to: to, line: line}, true
		}
		return event{}, false
	}
	for s.i < len(src) && class[src[s.i]]&clIdent != 0 {
		s.i++
	}
	to := s.i
	if to == from {
		return event{}, false
	}
	if !s.value && s.blanks() == '{' {
		s.i++
		return event{kind: evExtend, from: from, to: to, line: line}, true
	}
	return event{kind: evRef, from: from, to: to, line: line}, true
}

// path steps over {/path} and returns where the path ends.
func (s *scanner) path() int {
	s.i++
	n := bytes.IndexAny(s.src[s.i:], "};\n")
	if n < 0 {
		n = len(s.src) - s.i
	}
	s.i += n
	end := s.i
	if s.i < len(s.src) && s.src[s.i] == '}' {
		s.i++
	}
	return end
}

// inValue reads what stands in a value: an identifier, or something without a
// name.
func (s *scanner) inValue(c byte) (event, bool) {
	src := s.src
	switch {
	case c == '[': // bytes in hexadecimal
		if n := bytes.IndexAny(src[s.i:], "];"); n >= 0 {
			s.line += uint32(bytes.Count(src[s.i:s.i+n], newline))
			s.i += n
		}
		if s.i < len(src) && src[s.i] == ';' {
			return event{}, false
		}
	case c == '(' && s.call > 0:
		s.call++
	case c == ')' && s.call > 0:
		// The outermost parenthesis stands for one more.
		if s.call--; s.call == 1 {
			s.call = 0
		}
	case class[c]&clIdent != 0:
		from := s.i
		for s.i < len(src) && class[src[s.i]]&clIdent != 0 {
			s.i++
		}
		if class[c]&clDigit != 0 {
			return event{}, false
		}
		e := event{kind: evIdent, from: from, to: s.i, line: s.line}
		if s.i < len(src) && src[s.i] == '(' {
			e.kind = evCall
		}
		return e, true
	}
	s.i = min(s.i+1, len(src))
	return event{}, false
}

// name reads a word where a node, property or label begins.
func (s *scanner) name() (event, bool) {
	src := s.src
	e := event{from: s.i, line: s.line}
	ident := class[src[s.i]]&clDigit == 0
	for s.i < len(src) && class[src[s.i]]&clName != 0 {
		ident = ident && class[src[s.i]]&clIdent != 0
		s.i++
	}
	e.to = s.i
	c := byte(0)
	if s.i < len(src) {
		c = src[s.i]
	}
	if class[c]&clBlank != 0 || c == '\n' || c == '/' {
		c = s.blanks()
	}
	switch c {
	case ':':
		s.i++
		if !ident {
			return event{}, false
		}
		e.kind = evLabel
	case '{':
		s.i++
		e.kind = evNode
	case '=':
		s.i++
		s.value = true
		e.kind = evProperty
	case ';':
		s.i++
		e.kind = evProperty
	case '(':
		if !ident {
			return event{}, false
		}
		// A macro that makes nodes or properties: its arguments are values.
		s.call = 1
		e.kind = evCall
	default:
		if !ident {
			return event{}, false
		}
		e.kind = evIdent // a macro without arguments, or a word too many
	}
	return e, true
}

// words yields the identifiers of a directive.
type words struct {
	src    []byte
	i, end int
	line   uint32
}

// next returns the next identifier; from == to at the end.
func (w *words) next() (from, to int, line uint32) {
	for w.i < w.end {
		c := w.src[w.i]
		switch {
		case class[c]&clIdent != 0:
			from = w.i
			for w.i < w.end && class[w.src[w.i]]&clIdent != 0 {
				w.i++
			}
			if class[c]&clDigit == 0 {
				return from, w.i, w.line
			}
			continue
		case c == '"':
			w.i++
			for w.i < w.end && w.src[w.i] != '"' && w.src[w.i] != '\n' {
				if w.src[w.i] == '\\' {
					w.i++
				}
				w.i++
			}
			if w.i < w.end && w.src[w.i] == '\n' {
				continue
			}
		case c == '/' && w.i+1 < w.end && w.src[w.i+1] == '*':
			if n := bytes.Index(w.src[w.i+2:w.end], []byte("*/")); n >= 0 {
				w.line += uint32(bytes.Count(w.src[w.i:w.i+n+2], newline))
				w.i += n + 3
			} else {
				w.i = w.end
			}
		case c == '/' && w.i+1 < w.end && w.src[w.i+1] == '/':
			w.i = w.end
		case c == '\n':
			w.line++
		}
		w.i++
	}
	return w.end, w.end, w.line
}
