// Package c extracts facts from C source as the kernel writes it: GNU
// extensions, macros that make definitions, and #if arms that do not balance;
// and from C++, in the same manner.
// It is a tolerant island parser over tokens, not a compiler's front end: the
// kernel does not parse without a build, so whatever is not understood is
// stepped over without losing what follows.
//
// The work is done in one pass over the bytes (lex.go) that leaves flat tokens
// and handles preprocessor directives (directive.go), and one pass over the
// tokens: declarations at file scope (decl.go), function bodies and
// initialisers (body.go). What logmap needs is gathered on the way (log.go), and
// so is what ops needs (ops.go).
//
// C++ shares the lexer and the directives. Its tokens are made finer
// (cxxtokens.go), then a parser of its own reads declarations (cxxdecl.go,
// cxxhead.go) and expressions (cxxbody.go). A header may be either language:
// its text decides (cxx.go).
package c

import (
	"strings"

	"dekho/internal/lang"
)

// Language is the row of this package in the table of languages.
func Language() lang.Language {
	return lang.Language{
		Name:    "c",
		Version: 13,
		Match:   match,
		New:     func() lang.Extractor { return new(extractor) },
	}
}

// match accepts C sources and headers, and the tables that C files include
// under other endings.
func match(path string) bool {
	dot := strings.LastIndexByte(path, '.')
	if dot < 0 {
		return false
	}
	switch path[dot+1:] {
	case "c", "h", "inc", "inl":
		return true
	}
	return false
}

// extractor holds the state of one worker; everything is reused from file to
// file.
type extractor struct {
	cplusplus bool // the language is C++ whatever the text looks like
	cxx       bool // the file being read is C++

	src  []byte
	f    *lang.Facts
	toks []token // of the file, directives left out
	pp   []token // of the directive being read

	conds    []condFrame
	ppOccs   []lang.Occ // identifiers of directives
	arms     []armMark  // where the arms of conditionals begin and end among the tokens
	depth    int        // net braces so far, as structure sees them
	parens   int
	skip     int         // > 0 inside #if 0
	flagPut  bool        // the next token follows an #else or #elif
	asmOccs  []lang.Occ  // names in asm("...") at file scope
	asmFuncs []lang.Func // macros of the assembler

	log logState
	ops opsState

	cpp cxxParser

	stack []int32 // scratch: open brackets
	items []int32 // scratch: tokens of a declaration outside brackets
	names []int32 // scratch: declarators of a local declaration
}

// Extract implements lang.Extractor.
func (x *extractor) Extract(path string, src []byte, f *lang.Facts) {
	x.src, x.f = src, f
	x.cxx = x.cplusplus
	x.tokens()
	if !x.cxx && sharedEnding(path) && x.looksLikeCxx() {
		f.Reset()
		x.cxx = true
		x.tokens()
	}
	if x.cxx {
		x.cpp.extractor = x
		x.cpp.file()
	} else {
		x.oddArms()
		x.pair()
		x.file()
		x.opsEmit()
	}
	x.emit()
	x.src, x.f = nil, nil
}

// tokens makes the tokens of the file and the facts of its directives.
func (x *extractor) tokens() {
	x.toks = x.toks[:0]
	x.conds = x.conds[:0]
	x.ppOccs = x.ppOccs[:0]
	x.arms = x.arms[:0]
	x.depth, x.parens, x.skip = 0, 0, 0
	x.flagPut = false
	x.asmOccs, x.asmFuncs = x.asmOccs[:0], x.asmFuncs[:0]
	x.log.reset()
	x.ops.reset()
	x.lex()
	x.closeConds()
}

// text is the source text of a token.
func (x *extractor) text(t *token) []byte { return x.src[t.off : t.off+uint32(t.len)] }

// occ gives the identifier t its role; emit reports it in source order.
func (x *extractor) occ(t *token, r lang.Role) { t.role = uint8(r) + 1 }

// ppOcc reports an identifier of a directive.
func (x *extractor) ppOcc(t *token, r lang.Role) {
	if t.len <= lang.MaxIdent {
		x.ppOccs = append(x.ppOccs, lang.Occ{Off: t.off, Line: t.line, Hash: t.hash, Len: t.len, Role: r})
	}
}

// emit merges the identifiers of directives with those of the text around
// them, both in source order.
func (x *extractor) emit() {
	out := x.f.Occs
	pp := x.ppOccs
	for i := range x.toks {
		t := &x.toks[i]
		if t.kind == kString {
			if !x.compatibleString(t) {
				continue
			}
		} else if t.role == 0 || t.kind != kIdent || t.len > lang.MaxIdent {
			continue
		}
		for len(pp) > 0 && pp[0].Off < t.off {
			out = append(out, pp[0])
			pp = pp[1:]
		}
		out = append(out, lang.Occ{Off: t.off, Line: t.line, Hash: t.hash, Len: t.len, Role: lang.Role(t.role - 1)})
	}
	x.f.Occs = append(out, pp...)
	if len(x.asmOccs)+len(x.asmFuncs) > 0 {
		x.emitAsm()
	}
}
