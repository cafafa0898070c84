package c

// Preprocessor directives: macros, includes, and the arms of conditionals.

import (
	"bytes"

	"dekho/internal/lang"
	"dekho/internal/lang/linkfacts"
)

// condFrame is an open #if chain.
//
// Both arms of a conditional are read, since dekho answers for every
// configuration at once. Where the arms open or close different brackets, only
// the first counts for structure: the tokens of the others are marked
// noStructure and still searched for uses.
type condFrame struct {
	expr     lang.Span // of the #if or #elif that governs the open arm
	kind     lang.CondKind
	start    uint32 // first line of the open arm
	tok      int    // first token of the open arm
	depth    int    // brackets open at the #if
	parens   int
	chained  bool // the open arm is not the first
	first    bool // an arm has been closed, which left firstDepth brackets open
	fDepth   int
	fParens  int
	skipping bool // the open arm is #if 0, or the #else of #if 1
	taken    bool // an arm was #if 1: the #else is dead
	dead     bool // the whole chain stands in text already skipped
	program  int8 // the open arm is for programs outside the kernel (1), the other is (-1), 0
}

// armMark is a directive of a conditional among the tokens.
type armMark struct {
	tok  int32 // the token that follows it
	kind armKind
}

type armKind uint8

const (
	armIf armKind = iota
	armElse
	armEndif
)

func (x *extractor) mark(k armKind) {
	if x.skip == 0 {
		x.arms = append(x.arms, armMark{int32(len(x.toks)), k})
	}
}

// directive acts on the directive whose # stands at s[i] and returns the offset
// of the newline that ends it and the line number there.
func (x *extractor) directive(i int, line uint32) (int, uint32) {
	s := x.src
	i = skipBlanks(s, i+1)
	start := i
	for i < len(s) && class[s[i]]&cIdent != 0 {
		i++
	}
	name := s[start:i]
	switch string(name) {
	case "define":
		if x.skip == 0 {
			return x.define(i, line)
		}
	case "include", "include_next", "import":
		if x.skip == 0 {
			x.include(i, line)
		}
	case "if", "ifdef", "ifndef":
		return x.condOpen(name, i, line)
	case "elif", "else", "elifdef", "elifndef":
		return x.condNext(name, i, line)
	case "endif":
		x.condClose(line)
	}
	end := directiveEnd(s, i)
	return end, line + countLines(s[i:end])
}

// directiveEnd returns the offset of the newline that ends a directive, past
// splices and block comments.
func directiveEnd(s []byte, i int) int {
	for i < len(s) {
		switch s[i] {
		case '\n':
			if !spliced(s, i) {
				return i
			}
		case '/':
			if i+1 < len(s) {
				switch s[i+1] {
				case '*':
					i = skipComment(s, i)
					continue
				case '/':
					return lineEnd(s, i)
				}
			}
		case '"':
			i = skipQuoted(s, i)
			continue
		}
		i++
	}
	return i
}

func skipBlanks(s []byte, i int) int {
	for i < len(s) {
		switch {
		case class[s[i]]&cSpace != 0:
			i++
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '\n' || s[i+1] == '\r'):
			i += 2
			if s[i-1] == '\r' && i < len(s) && s[i] == '\n' {
				i++
			}
		case s[i] == '/' && i+1 < len(s) && s[i+1] == '*':
			i = skipComment(s, i)
		default:
			return i
		}
	}
	return i
}

func (x *extractor) include(i int, line uint32) {
	s := x.src
	i = skipBlanks(s, i)
	if i >= len(s) {
		return
	}
	var closing byte
	switch s[i] {
	case '"':
		closing = '"'
	case '<':
		closing = '>'
	default:
		return // #include MACRO
	}
	eol := bytes.IndexByte(s[i:], '\n')
	if eol < 0 {
		eol = len(s) - i
	}
	n := bytes.IndexByte(s[i+1:i+eol], closing)
	if n <= 0 {
		return
	}
	x.f.Includes = append(x.f.Includes, lang.Include{
		Path: lang.Span{Off: uint32(i + 1), Len: uint32(n)}, Line: line, System: closing == '>',
	})
}

// ppTokens reads the tokens of a directive from i to its end into x.pp, and
// returns the offset of the newline that ends it, the line there, and whether
// comments or splices stand between the tokens.
func (x *extractor) ppTokens(i int, line uint32) (int, uint32, bool) {
	s := x.src
	x.pp = x.pp[:0]
	dirty := false
	flags := uint8(0)
	for i < len(s) {
		c := s[i]
		switch {
		case c == '\n':
			if !spliced(s, i) {
				return i, line, dirty
			}
			line++
			i++
			dirty = true
			flags |= blankBefore
			continue
		case class[c]&cSpace != 0 || c == '\\':
			i++
			flags |= blankBefore
			continue
		case c == '/' && i+1 < len(s) && s[i+1] == '*':
			end := skipComment(s, i)
			line += countLines(s[i:end])
			i = end
			dirty = true
			flags |= blankBefore
			continue
		case c == '/' && i+1 < len(s) && s[i+1] == '/':
			end := lineEnd(s, i)
			line += countLines(s[i:end])
			return end, line, true
		}
		var t token
		start := i
		t, i = scan(s, i)
		t.line = line
		t.flags = flags
		flags = 0
		if t.kind == kString || t.kind == kChar {
			if n := countLines(s[start:i]); n > 0 {
				line += n
				dirty = true
			}
		}
		x.pp = append(x.pp, t)
	}
	return i, line, dirty
}

// define handles #define from behind the word.
func (x *extractor) define(i int, line uint32) (int, uint32) {
	s := x.src
	i = skipBlanks(s, i)
	if i >= len(s) || class[s[i]]&cIdent == 0 || class[s[i]]&cDigit != 0 {
		end := directiveEnd(s, i)
		return end, line + countLines(s[i:end])
	}
	name, j := scan(s, i)
	name.line = line
	if name.kind != kString {
		x.ppOcc(&name, lang.DefMacro)
	}
	// A register header has millions of macros whose body is one number.
	k := j
	for k < len(s) && class[s[k]]&cSpace != 0 {
		k++
	}
	if k > j && k < len(s) && class[s[k]]&cDigit != 0 {
		for k < len(s) && class[s[k]]&(cIdent|cSpace) != 0 {
			k++
		}
		if k < len(s) && s[k] == '\n' {
			return k, line
		}
	}
	function := j < len(s) && s[j] == '('
	end, endLine, dirty := x.ppTokens(j, line)
	body := 0 // index in x.pp where the body starts
	var params []token
	if function {
		for body < len(x.pp) && x.pp[body].kind != kRParen {
			body++
		}
		if body == len(x.pp) {
			return end, endLine // unfinished parameter list
		}
		params = x.pp[1:body]
		body++
	}
	hasString, hasCall := false, false
	for n := body; n < len(x.pp); n++ {
		t := &x.pp[n]
		switch t.kind {
		case kString:
			hasString = true
			if u := *t; x.compatibleString(&u) {
				x.ppOcc(&u, lang.MacroBody)
			}
		case kLParen:
			hasCall = true
		case kIdent:
			if function && x.isParam(params, t) {
				continue
			}
			x.ppOcc(t, lang.MacroBody)
		}
	}
	x.logMacro(&name, params, x.pp[body:], function, hasString, hasCall, dirty)
	return end, endLine
}

func (x *extractor) isParam(params []token, t *token) bool {
	for i := range params {
		if p := &params[i]; p.hash == t.hash && p.kind == kIdent && bytes.Equal(x.text(p), x.text(t)) {
			return true
		}
	}
	return false
}

func (x *extractor) condOpen(name []byte, i int, line uint32) (int, uint32) {
	fr := condFrame{
		depth: x.depth, parens: x.parens, tok: len(x.toks), dead: x.skip > 0,
	}
	x.mark(armIf)
	end, endLine := x.condExpr(&fr, name, i, line)
	x.conds = append(x.conds, fr)
	x.condStart()
	return end, endLine
}

// condExpr reads the condition of an arm into fr.
func (x *extractor) condExpr(fr *condFrame, name []byte, i int, line uint32) (int, uint32) {
	end, endLine, _ := x.ppTokens(i, line)
	fr.start = endLine + 1
	switch string(name) {
	case "ifdef", "elifdef":
		fr.kind = lang.CondIfdef
	case "ifndef", "elifndef":
		fr.kind = lang.CondIfndef
	default:
		fr.kind = lang.CondIf
	}
	fr.expr = lang.Span{}
	if n := len(x.pp); n > 0 {
		last := &x.pp[n-1]
		fr.expr = lang.Span{Off: x.pp[0].off, Len: last.off + uint32(last.len) - x.pp[0].off}
	}
	fr.skipping = false
	if fr.dead {
		return end, endLine
	}
	for n := range x.pp {
		if t := &x.pp[n]; t.kind == kIdent && string(x.text(t)) != "defined" {
			x.ppOcc(t, lang.Condition)
		}
	}
	fr.program = 0
	if len(x.pp) == 1 && is(x.text(&x.pp[0]), "__KERNEL__") {
		switch fr.kind {
		case lang.CondIfdef:
			fr.program = -1
		case lang.CondIfndef:
			fr.program = 1
		}
	}
	if fr.kind == lang.CondIf && len(x.pp) == 1 && x.pp[0].kind == kNumber {
		switch string(x.text(&x.pp[0])) {
		case "0":
			fr.skipping = true
		case "1":
			fr.taken = true
		}
	}
	return end, endLine
}

// condStart begins to read the arm described by the innermost frame.
func (x *extractor) condStart() {
	fr := &x.conds[len(x.conds)-1]
	fr.tok = len(x.toks)
	if fr.skipping {
		x.skip++
	}
}

// condEnd closes the open arm, which ends before line. More of its chain may
// follow.
func (x *extractor) condEnd(line uint32, more bool) {
	fr := &x.conds[len(x.conds)-1]
	if fr.dead {
		return
	}
	if line > fr.start || more {
		kind := fr.kind
		if fr.chained && kind != lang.CondElse {
			kind += lang.CondElif - lang.CondIf
		}
		x.f.Conds = append(x.f.Conds, lang.Cond{Expr: fr.expr, Start: fr.start, End: line - 1, Kind: kind})
	}
	if fr.skipping {
		x.skip--
		return
	}
	if !fr.first {
		fr.first, fr.fDepth, fr.fParens = true, x.depth, x.parens
		return
	}
	if x.depth != fr.depth || x.parens != fr.parens {
		for n := fr.tok; n < len(x.toks); n++ {
			x.toks[n].flags |= noStructure
		}
	}
}

func (x *extractor) condNext(name []byte, i int, line uint32) (int, uint32) {
	if len(x.conds) == 0 {
		end := directiveEnd(x.src, i)
		return end, line + countLines(x.src[i:end])
	}
	x.condEnd(line, true)
	x.mark(armElse)
	fr := &x.conds[len(x.conds)-1]
	fr.chained = true
	if !fr.dead {
		x.depth, x.parens = fr.depth, fr.parens
		x.flagPut = x.flagPut || fr.first
	}
	taken := fr.taken
	if string(name) == "else" {
		end := directiveEnd(x.src, i)
		fr.kind = lang.CondElse
		fr.program = -fr.program
		fr.skipping = taken
		line += countLines(x.src[i:end])
		fr.start = line + 1
		if !fr.dead {
			x.condStart()
		}
		return end, line
	}
	end, endLine := x.condExpr(fr, name, i, line)
	if !fr.dead {
		fr.skipping = fr.skipping || taken
		x.condStart()
	} else {
		fr.skipping = false
	}
	return end, endLine
}

func (x *extractor) condClose(line uint32) {
	if len(x.conds) == 0 {
		return
	}
	x.condEnd(line, false)
	x.mark(armEndif)
	fr := &x.conds[len(x.conds)-1]
	if !fr.dead && fr.first {
		x.depth, x.parens = fr.fDepth, fr.fParens
	}
	x.conds = x.conds[:len(x.conds)-1]
}

// closeConds ends the chains that the file leaves open.
func (x *extractor) closeConds() {
	for len(x.conds) > 0 {
		x.condClose(x.f.Lines + 1)
	}
}

// logMacro records a macro that may declare something, lead to a call, or stand
// for text.
func (x *extractor) logMacro(name *token, params, body []token, function, hasString, hasCall, dirty bool) {
	switch {
	case function && len(body) > 0:
	case len(body) == 0:
		// Words that stand for nothing are only in the way of what stands
		// beside them, as __init is.
		if n := len(x.conds); function || n == 1 && x.conds[0].tok == 0 && x.conds[0].kind == lang.CondIfndef {
			return // the guard of a header, too
		}
	case !hasString && !hasCall && !(len(body) <= 3 && body[0].kind == kIdent):
		return
	}
	for i := range x.conds {
		if x.conds[i].program > 0 {
			return // for programs outside the kernel
		}
	}
	var flags uint32
	if function {
		flags = linkfacts.FlagFunctionLike
	}
	if n := len(x.conds); n > 0 && x.conds[n-1].kind == lang.CondIfndef {
		if e := x.conds[n-1].expr; string(x.src[e.Off:e.Off+e.Len]) == string(x.text(name)) {
			flags |= linkfacts.FlagGuarded
		}
	}
	x.log.params = x.log.params[:0]
	if len(params) > 0 {
		last := &params[len(params)-1]
		x.log.params = append(x.log.params, x.src[params[0].off:last.off+uint32(last.len)]...)
	}
	text := x.tokensText(body, dirty)
	if len(text) > linkfacts.MaxText {
		return
	}
	x.f.Link = linkfacts.AppendMacro(x.f.Link, name.line, flags, x.text(name), x.log.params, text)
}
