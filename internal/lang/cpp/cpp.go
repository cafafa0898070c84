// Package cpp reads the directives of the C preprocessor in languages other
// than C: assembly, linker scripts, device trees. It reports macros, includes
// and the arms of conditionals with the meaning that package lang/c gives
// them, and leaves the text between directives, and the bodies of macros, to
// the extractor of the language. (The C extractor has a reader of its own,
// which keeps the brackets of C in step with the arms.)
package cpp

import (
	"bytes"

	"dekho/internal/lang"
)

// Kind says what Directive has read.
type Kind uint8

const (
	// None is a # that begins no directive: in assembly, a comment.
	None Kind = iota
	// Define is a #define: Macro describes it.
	Define
	// Other is any other directive.
	Other
)

// Macro is what a #define defines.
type Macro struct {
	Name     lang.Span
	Params   lang.Span // between the parentheses, empty without
	Body     lang.Span // with its comments and line splices
	Line     uint32    // of the name
	BodyLine uint32    // where Body begins
	Function bool      // there is a parameter list
	Guarded  bool      // #ifndef of its own name governs it: others go before
}

// Reader reads the directives of one file after another.
type Reader struct {
	// Macro is the macro of the last #define.
	Macro Macro

	src   []byte
	f     *lang.Facts
	conds []frame
	skip  int // > 0 in an arm that is never built
}

// frame is an open #if chain.
type frame struct {
	expr     lang.Span // of the #if or #elif that governs the open arm
	kind     lang.CondKind
	start    uint32 // first line of the open arm
	chained  bool   // the open arm is not the first
	skipping bool   // the open arm is #if 0, or stands behind #if 1
	taken    bool   // an arm was #if 1
	dead     bool   // the whole chain stands in text that is skipped
}

// Reset begins to read src; what directives say goes to f.
func (r *Reader) Reset(src []byte, f *lang.Facts) {
	r.src, r.f = src, f
	r.conds = r.conds[:0]
	r.skip = 0
}

// Release forgets the file.
func (r *Reader) Release() { r.src, r.f = nil, nil }

// Skipping reports whether the text at hand is in an arm that is never built.
func (r *Reader) Skipping() bool { return r.skip > 0 }

// Directive reads the directive whose # stands at offset i. It returns the
// offset of the newline that ends it (or the end of the file) and the line
// there. For None nothing was read.
func (r *Reader) Directive(i int, line uint32) (end int, endLine uint32, kind Kind) {
	s := r.src
	from := i
	i = skipBlanks(s, i+1)
	start := i
	for i < len(s) && s[i] >= 'a' && s[i] <= 'z' || i < len(s) && s[i] == '_' {
		i++
	}
	word := s[start:i]
	if i < len(s) && identByte(s[i]) {
		return from, line, None
	}
	line += lines(s[from:i])
	kind = Other
	switch string(word) {
	case "define":
		if r.skip == 0 && r.define(i, line) {
			kind = Define
		}
	case "include", "include_next", "import":
		if r.skip == 0 {
			r.include(i, line)
		}
	case "if", "ifdef", "ifndef":
		return r.open(word, i, line)
	case "elif", "elifdef", "elifndef", "else":
		return r.next(word, i, line)
	case "endif":
		r.close(line)
	case "undef", "error", "warning", "pragma", "line", "ident":
	default:
		return from, line - lines(s[from:i]), None
	}
	end = End(s, i)
	return end, line + lines(s[i:end]), kind
}

// Close ends the chains that the file leaves open behind its last line.
func (r *Reader) Close(last uint32) {
	for len(r.conds) > 0 {
		r.close(last + 1)
	}
}

// define fills r.Macro and reports the name.
func (r *Reader) define(i int, line uint32) bool {
	s := r.src
	from := i
	i = skipBlanks(s, i)
	line += lines(s[from:i])
	start := i
	for i < len(s) && identByte(s[i]) {
		i++
	}
	if i == start || s[start] >= '0' && s[start] <= '9' {
		return false
	}
	m := &r.Macro
	*m = Macro{Name: span(start, i), Line: line}
	Report(r.f, s, start, i, line, lang.DefMacro)
	if i < len(s) && s[i] == '(' {
		m.Function = true
		from = i + 1
		for i < len(s) && s[i] != ')' {
			if s[i] == '\n' && !Spliced(s, i) {
				return false
			}
			i++
		}
		if i == len(s) {
			return false
		}
		m.Params = span(from, i)
		line += lines(s[from:i])
		i++
	}
	from = i
	i = skipBlanks(s, i)
	m.BodyLine = line + lines(s[from:i])
	m.Body = span(i, End(s, i))
	if n := len(r.conds); n > 0 && r.conds[n-1].kind == lang.CondIfndef {
		m.Guarded = bytes.Equal(r.text(r.conds[n-1].expr), r.text(m.Name))
	}
	return true
}

func (r *Reader) include(i int, line uint32) {
	s := r.src
	i = skipBlanks(s, i)
	if i >= len(s) || s[i] != '"' && s[i] != '<' {
		return // #include MACRO
	}
	closing := s[i]
	if closing == '<' {
		closing = '>'
	}
	n := bytes.IndexByte(s[i+1:], closing)
	if n <= 0 || bytes.IndexByte(s[i+1:i+1+n], '\n') >= 0 {
		return
	}
	r.f.Includes = append(r.f.Includes, lang.Include{Path: span(i+1, i+1+n), Line: line, System: closing == '>'})
}

func (r *Reader) open(word []byte, i int, line uint32) (int, uint32, Kind) {
	fr := frame{dead: r.skip > 0}
	end, line := r.condition(&fr, word, i, line)
	r.conds = append(r.conds, fr)
	if fr.skipping {
		r.skip++
	}
	return end, line, Other
}

// condition reads the condition of an arm into fr.
func (r *Reader) condition(fr *frame, word []byte, i int, line uint32) (int, uint32) {
	s := r.src
	end := End(s, i)
	from := i
	i = skipBlanks(s, i)
	line += lines(s[from:i])
	start, last := i, i
	fr.kind = lang.CondIf
	switch string(word) {
	case "ifdef", "elifdef":
		fr.kind = lang.CondIfdef
	case "ifndef", "elifndef":
		fr.kind = lang.CondIfndef
	}
	for i < end {
		switch c := s[i]; {
		case c == '/' && i+1 < end && s[i+1] == '*':
			next := SkipComment(s, i)
			line += lines(s[i:next])
			i = next
			continue
		case c == '/' && i+1 < end && s[i+1] == '/':
			line += lines(s[i:end])
			i = end
			continue
		case identByte(c):
			from = i
			for i < end && identByte(s[i]) {
				i++
			}
			last = i
			if word := s[from:i]; !fr.dead && (c < '0' || c > '9') && string(word) != "defined" {
				Report(r.f, s, from, i, line, lang.Condition)
			}
			continue
		case c == '\n':
			line++
		case c > ' ' && c != '\\':
			last = i + 1
		}
		i++
	}
	fr.expr = span(start, max(start, last))
	fr.start = line + 1
	fr.skipping = false
	if fr.kind == lang.CondIf && !fr.dead {
		switch string(r.text(fr.expr)) {
		case "0":
			fr.skipping = true
		case "1":
			fr.skipping = fr.taken
			fr.taken = true
		}
	}
	return end, line
}

// endArm closes the open arm, which ends before line. More of its chain may
// follow.
func (r *Reader) endArm(line uint32, more bool) *frame {
	fr := &r.conds[len(r.conds)-1]
	if fr.dead {
		return fr
	}
	if line > fr.start || more {
		kind := fr.kind
		if fr.chained && kind != lang.CondElse {
			kind += lang.CondElif - lang.CondIf
		}
		r.f.Conds = append(r.f.Conds, lang.Cond{Expr: fr.expr, Start: fr.start, End: line - 1, Kind: kind})
	}
	if fr.skipping {
		r.skip--
	}
	return fr
}

func (r *Reader) next(word []byte, i int, line uint32) (int, uint32, Kind) {
	end := End(r.src, i)
	if len(r.conds) == 0 {
		return end, line + lines(r.src[i:end]), Other
	}
	fr := r.endArm(line, true)
	fr.chained = true
	taken := fr.taken
	if string(word) == "else" {
		line += lines(r.src[i:end])
		fr.kind, fr.start = lang.CondElse, line+1
		fr.skipping = taken && !fr.dead
	} else {
		end, line = r.condition(fr, word, i, line)
		fr.skipping = (fr.skipping || taken) && !fr.dead
	}
	if fr.skipping {
		r.skip++
	}
	return end, line, Other
}

func (r *Reader) close(line uint32) {
	if len(r.conds) > 0 {
		r.endArm(line, false)
		r.conds = r.conds[:len(r.conds)-1]
	}
}

func (r *Reader) text(sp lang.Span) []byte { return r.src[sp.Off : sp.Off+sp.Len] }

// Report appends the identifier s[start:end] to the occurrences of f.
func Report(f *lang.Facts, s []byte, start, end int, line uint32, role lang.Role) {
	if n := end - start; n > 0 && n <= lang.MaxIdent {
		f.Occs = append(f.Occs, lang.Occ{
			Off: uint32(start), Line: line, Hash: lang.Hash(s[start:end]), Len: uint16(n), Role: role,
		})
	}
}

func span(start, end int) lang.Span { return lang.Span{Off: uint32(start), Len: uint32(end - start)} }
