package c

// The lexer: bytes to flat tokens, in one pass.

import (
	"bytes"

	"dekho/internal/lang"
)

// kind is what a token is. Punctuation that matters to the parser has its own
// kind; the rest is kOther.
type kind uint8

const (
	kIdent kind = iota
	kNumber
	kString
	kChar
	// Punctuation.
	kLParen
	kRParen
	kLBrace
	kRBrace
	kLBrack
	kRBrack
	kSemi
	kComma
	kColon
	kQuestion
	kDot
	kArrow
	kEllipsis
	kStar
	kAmp
	kAssign   // =
	kAssignOp // += and the like
	kIncDec   // ++ --
	kPaste    // ##
	kHash     // # in a macro body
	// Punctuation of C++ alone; refine makes them.
	kScope   // ::
	kLess    // <
	kGreater // >
	kShift   // >>
	kTilde   // ~
	kAndAnd  // &&
	kOther
	// Keywords.
	kwAsm
	kwAttribute
	kwBreak
	kwCase
	kwConst // const, volatile, restrict, inline, register and other words without weight
	kwDefault
	kwDo
	kwElse
	kwEnum
	kwExtern
	kwFor
	kwGoto
	kwIf
	kwReturn
	kwSizeof
	kwStatic
	kwStruct
	kwSwitch
	kwType // int, char, void, ...
	kwTypedef
	kwTypeof
	kwUnion
	kwWhile
	kwContinue
	kwAssert // _Static_assert
	// Keywords of C++ alone.
	kwAccess // public, protected, private
	kwCast   // static_cast and the like
	kwCatch
	kwClass
	kwDelete
	kwFriend
	kwNamespace
	kwNew
	kwNoexcept // noexcept, throw behind a function
	kwOperator
	kwTemplate
	kwTry
	kwTypename
	kwUsing
	kwValue // this, true, false, nullptr
)

func (k kind) keyword() bool { return k >= kwAsm }

// Flags of a token.
const (
	firstOnLine  = 1 << iota // nothing but blanks before it on its line
	afterElse                // first token of an #else or #elif arm
	noStructure              // in an arm whose braces do not balance: its brackets do not count
	blankBefore              // blanks or a comment stand before it
	operatorName             // the name of an operator function, several tokens made one
)

// token is one token: 20 bytes, so that a file's tokens stay in cache.
type token struct {
	off   uint32
	line  uint32
	hash  uint32 // of identifiers
	len   uint16 // a longer token (a string) is cut to the maximum; end of text is at the next quote
	kind  kind
	flags uint8
	role  uint8 // 1 + the lang.Role it was given, 0 if none
}

// Character classes.
const (
	cIdent = 1 << iota // letters, digits, _, $ and bytes of UTF-8
	cDigit
	cSpace // blanks but not newline
)

var class = func() (t [256]uint8) {
	for c := 'a'; c <= 'z'; c++ {
		t[c] |= cIdent
		t[c-32] |= cIdent
	}
	for c := '0'; c <= '9'; c++ {
		t[c] |= cIdent | cDigit
	}
	t['_'] |= cIdent
	t['$'] |= cIdent
	for c := 0x80; c < 0x100; c++ {
		t[c] |= cIdent
	}
	for _, c := range " \t\r\f\v" {
		t[c] |= cSpace
	}
	return
}()

// keywords is an open-addressing table over lang.Hash.
var keywords, keywordMask = func() ([]keyword, uint32) {
	words := map[string]kind{
		"asm": kwAsm, "__asm__": kwAsm, "__asm": kwAsm,
		"__attribute__": kwAttribute, "__attribute": kwAttribute, "__declspec": kwAttribute, "_Alignas": kwAttribute,
		"break": kwBreak, "case": kwCase, "continue": kwContinue, "default": kwDefault, "do": kwDo, "else": kwElse,
		"const": kwConst, "volatile": kwConst, "restrict": kwConst, "inline": kwConst, "register": kwConst,
		"__const": kwConst, "__const__": kwConst, "__volatile__": kwConst, "__volatile": kwConst,
		"__restrict": kwConst, "__restrict__": kwConst, "__inline": kwConst, "__inline__": kwConst,
		"__extension__": kwConst, "auto": kwConst, "_Noreturn": kwConst,
		"enum": kwEnum, "extern": kwExtern, "for": kwFor, "goto": kwGoto, "if": kwIf, "return": kwReturn,
		"sizeof": kwSizeof, "_Alignof": kwSizeof, "__alignof__": kwSizeof, "static": kwStatic,
		"struct": kwStruct, "switch": kwSwitch, "typedef": kwTypedef, "union": kwUnion, "while": kwWhile,
		"typeof": kwTypeof, "__typeof__": kwTypeof, "__typeof": kwTypeof, "__auto_type": kwType,
		"int": kwType, "char": kwType, "void": kwType, "long": kwType, "short": kwType, "signed": kwType,
		"unsigned": kwType, "float": kwType, "double": kwType, "_Bool": kwType, "__signed__": kwType,
		"__int128": kwType, "_Complex": kwType,
		"_Static_assert": kwAssert,
	}
	const size = 512
	t := make([]keyword, size)
	for w, k := range words {
		h := lang.Hash([]byte(w))
		i := h & (size - 1)
		for t[i].word != "" {
			i = (i + 1) & (size - 1)
		}
		t[i] = keyword{h, k, w}
	}
	return t, size - 1
}()

type keyword struct {
	hash uint32
	kind kind
	word string
}

func identKind(h uint32, word []byte) kind {
	for i := h & keywordMask; ; i = (i + 1) & keywordMask {
		k := &keywords[i]
		if k.word == "" {
			return kIdent
		}
		if k.hash == h && k.word == string(word) {
			return k.kind
		}
	}
}

// action is what lex does at a byte.
type action uint8

const (
	actPunct action = iota
	actSpace
	actLine
	actIdent
	actSlash
	actSplice // a backslash: of a splice, or a stray
	actHash
	actSingle // punctuation of one byte in all contexts: ( ) { } [ ] ; , ? ~
	actOther  // numbers, strings, characters
)

var actions = func() (t [256]action) {
	for c := range t {
		switch {
		case class[c]&cDigit != 0:
			t[c] = actOther
		case class[c]&cIdent != 0:
			t[c] = actIdent
		case class[c]&cSpace != 0:
			t[c] = actSpace
		}
	}
	for _, c := range "(){}[];,?~" {
		t[c] = actSingle
	}
	t['\n'], t['/'], t['\\'], t['#'] = actLine, actSlash, actSplice, actHash
	t['"'], t['\''], t['.'] = actOther, actOther, actOther
	return
}()

// lex fills x.toks from x.src, and acts on preprocessor directives as they
// come.
func (x *extractor) lex() {
	s := x.src
	line := uint32(1)
	flags := uint8(firstOnLine)
	i := 0
	for i < len(s) {
		c := s[i]
		act := actions[c]
		switch act {
		case actSpace:
			i++
			flags |= blankBefore
			continue
		case actLine:
			line++
			flags |= firstOnLine
			i++
			continue
		case actSlash:
			if i+1 < len(s) && s[i+1] == '*' {
				end := skipComment(s, i)
				line += countLines(s[i:end])
				i = end
				flags |= blankBefore
				continue
			}
			if i+1 < len(s) && s[i+1] == '/' {
				end := lineEnd(s, i)
				line += countLines(s[i:end])
				i = end
				continue
			}
		case actSplice:
			i++
			continue
		case actHash:
			if flags&firstOnLine != 0 {
				i, line = x.directive(i, line)
				flags = firstOnLine
				continue
			}
		}
		if x.skip > 0 {
			// Inside #if 0 only directives count: go to the next line. Text
			// there need not be C, so quotes and comments are not followed.
			end := lineEnd(s, i)
			line += countLines(s[i:end])
			i = end
			continue
		}
		if x.flagPut {
			flags |= afterElse
			x.flagPut = false
		}
		start := i
		t := token{off: uint32(i), line: line, flags: flags}
		flags = 0
		switch act {
		case actIdent:
			i++
			for i < len(s) && class[s[i]]&cIdent != 0 {
				i++
			}
			if n := i - start; n <= 3 && i < len(s) && (s[i] == '"' || s[i] == '\'') {
				if x.cxx && s[i] == '"' && s[i-1] == 'R' {
					t.kind, i = kString, skipRaw(s, i)
					line += countLines(s[start:i])
					break
				}
				var u token
				u, i = scan(s, start) // a string with an encoding prefix, or not
				t.kind, t.hash = u.kind, u.hash
				break
			}
			word := s[start:i]
			t.hash = lang.Hash(word)
			t.kind = identKind(t.hash, word)
		case actSingle:
			i++
			switch t.kind = single[c]; t.kind {
			case kLBrace:
				x.depth++
			case kRBrace:
				x.depth--
			case kLParen:
				x.parens++
			case kRParen:
				x.parens--
			}
		case actOther:
			if c == '.' && t.flags&firstOnLine != 0 && isAsmMacro(s, i) {
				i, line = x.asmMacro(i, line)
				continue
			}
			var u token
			u, i = scan(s, i)
			t.kind = u.kind
			if x.cxx && u.kind == kNumber {
				i = digitSeparators(s, i)
			}
			if u.kind == kString || u.kind == kChar {
				line += countLines(s[start:i]) // spliced or stray newlines
			}
		default:
			t.kind, i = punct(s, i)
		}
		t.len = uint16(min(i-start, 0xffff))
		x.toks = append(x.toks, t)
	}
	if n := len(s); n > 0 && s[n-1] != '\n' {
		x.f.Lines = line
	} else {
		x.f.Lines = line - 1
	}
}

// scan reads the token that starts at s[i], which is neither blank nor
// comment, and returns it and where it ends. Line and flags are the caller's.
func scan(s []byte, i int) (token, int) {
	c := s[i]
	start := i
	t := token{off: uint32(i), kind: kOther}
	switch {
	case class[c]&cIdent != 0 && class[c]&cDigit == 0:
		i++
		for i < len(s) && class[s[i]]&cIdent != 0 {
			i++
		}
		word := s[start:i]
		if i < len(s) && (s[i] == '"' || s[i] == '\'') && len(word) <= 2 && (c == 'L' || c == 'u' || c == 'U') {
			t.kind = kString // a string with an encoding prefix
			i = skipQuoted(s, i)
			break
		}
		t.hash = lang.Hash(word)
		t.kind = identKind(t.hash, word)
	case class[c]&cDigit != 0 || c == '.' && i+1 < len(s) && class[s[i+1]]&cDigit != 0:
		t.kind = kNumber
		i++
		for i < len(s) && (class[s[i]]&cIdent != 0 || s[i] == '.' || (s[i] == '+' || s[i] == '-') && exponent(s, start, i)) {
			i++
		}
	case c == '"':
		t.kind = kString
		i = skipQuoted(s, i)
	case c == '\'':
		t.kind = kChar
		i = skipQuoted(s, i)
	default:
		t.kind, i = punct(s, i)
	}
	n := i - start
	if n > 0xffff {
		n = 0xffff
	}
	t.len = uint16(n)
	return t, i
}

// exponent reports whether the sign at s[i] belongs to a number begun at
// start: 1e-5, 0x1p+3, but not 0xe+1.
func exponent(s []byte, start, i int) bool {
	hex := i-start > 1 && s[start] == '0' && s[start+1]|0x20 == 'x'
	switch s[i-1] | 0x20 {
	case 'e':
		return !hex
	case 'p':
		return hex
	}
	return false
}

// single is the kind of punctuation of one byte.
var single = func() (t [256]kind) {
	for i := range t {
		t[i] = kOther
	}
	for c, k := range map[byte]kind{
		'(': kLParen, ')': kRParen, '{': kLBrace, '}': kRBrace, '[': kLBrack, ']': kRBrack,
		';': kSemi, ',': kComma, ':': kColon, '?': kQuestion, '.': kDot, '*': kStar, '&': kAmp,
		'=': kAssign, '#': kHash,
	} {
		t[c] = k
	}
	return
}()

func punct(s []byte, i int) (kind, int) {
	c := s[i]
	var d, e byte
	if i+1 < len(s) {
		d = s[i+1]
	}
	if i+2 < len(s) {
		e = s[i+2]
	}
	switch c {
	case '(', ')', '{', '}', '[', ']', ';', ',', ':', '?', '~':
		return single[c], i + 1
	case '-':
		if d == '>' {
			return kArrow, i + 2
		}
		if d == '-' {
			return kIncDec, i + 2
		}
	case '+':
		if d == '+' {
			return kIncDec, i + 2
		}
	case '.':
		if d == '.' && e == '.' {
			return kEllipsis, i + 3
		}
		return kDot, i + 1
	case '#':
		if d == '#' {
			return kPaste, i + 2
		}
		return kHash, i + 1
	case '=', '!':
		if d == '=' {
			return kOther, i + 2
		}
		return single[c], i + 1
	case '<', '>':
		if d == c {
			if e == '=' {
				return kAssignOp, i + 3
			}
			return kOther, i + 2
		}
		if d == '=' {
			return kOther, i + 2
		}
		return kOther, i + 1
	case '&', '|':
		if d == c {
			return kOther, i + 2
		}
	}
	if d == '=' {
		switch c {
		case '+', '-', '*', '/', '%', '&', '|', '^':
			return kAssignOp, i + 2
		}
	}
	return single[c], i + 1
}

// skipQuoted returns the end of the string or character constant that starts
// at s[i]. One without its closing quote ends with its line.
func skipQuoted(s []byte, i int) int {
	q := s[i]
	i++
	for i < len(s) {
		switch s[i] {
		case q:
			return i + 1
		case '\\':
			if i+2 < len(s) && s[i+1] == '\r' && s[i+2] == '\n' {
				i++
			}
			i++
		case '\n':
			return i
		}
		i++
	}
	return len(s)
}

// skipComment returns the end of the block comment at s[i]; one that never
// ends goes to the end of the file.
func skipComment(s []byte, i int) int {
	n := bytes.Index(s[i+2:], []byte("*/"))
	if n < 0 {
		return len(s)
	}
	return i + 2 + n + 2
}

// lineEnd returns the offset of the newline that ends the logical line at i,
// past splices, or len(s).
func lineEnd(s []byte, i int) int {
	for {
		n := bytes.IndexByte(s[i:], '\n')
		if n < 0 {
			return len(s)
		}
		i += n
		if !spliced(s, i) {
			return i
		}
		i++
	}
}

// spliced reports whether the newline at s[nl] is escaped by a backslash.
func spliced(s []byte, nl int) bool {
	if nl > 0 && s[nl-1] == '\r' {
		nl--
	}
	return nl > 0 && s[nl-1] == '\\'
}

func countLines(s []byte) uint32 {
	if len(s) < 2 {
		if len(s) == 1 && s[0] == '\n' {
			return 1
		}
		return 0
	}
	return uint32(bytes.Count(s, []byte{'\n'}))
}
