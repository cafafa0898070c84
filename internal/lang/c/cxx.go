package c

// C++: which files are, and the state of its parser.

import (
	"bytes"
	"strings"

	"dekho/internal/lang"
)

// PlusPlus is the row of C++ in the table of languages. Headers named .h are C's
// there; those whose text is C++ are read as such all the same.
func PlusPlus() lang.Language {
	return lang.Language{
		Name:    "c++",
		Version: 3,
		Match:   matchCxx,
		New:     func() lang.Extractor { return &extractor{cplusplus: true} },
	}
}

// matchCxx accepts the endings that only C++ has. An upper-case C is one.
func matchCxx(path string) bool {
	switch path[strings.LastIndexByte(path, '.')+1:] {
	case "cpp", "cc", "cxx", "c++", "cp", "C", "hpp", "hh", "hxx", "h++", "H", "ipp", "tpp", "tcc", "txx", "ixx", "cppm", "moc":
		return true
	}
	return false
}

// sharedEnding reports whether a file of that name may be C or C++.
func sharedEnding(path string) bool {
	switch path[strings.LastIndexByte(path, '.')+1:] {
	case "h", "inc", "inl":
		return true
	}
	return false
}

// Hashes of words that begin what only C++ has.
var (
	hashStaticCast = lang.Hash([]byte("static_cast"))
	hashVirtual    = lang.Hash([]byte("virtual"))
	hashQt         = lang.Hash([]byte("QT_BEGIN_NAMESPACE"))
	hashClass      = lang.Hash([]byte("class"))
	hashNamespace  = lang.Hash([]byte("namespace"))
	hashTemplate   = lang.Hash([]byte("template"))
	hashPublic     = lang.Hash([]byte("public"))
	hashPrivate    = lang.Hash([]byte("private"))
	hashProtected  = lang.Hash([]byte("protected"))
	hashUsing      = lang.Hash([]byte("using"))
)

// looksLikeCxx reports whether the text lexed as C is C++: outside of #ifdef
// __cplusplus a line begins with something that no C file has there, a name is
// qualified, a struct is derived, or a header of the standard library or the
// like, which has no ending, is included.
func (x *extractor) looksLikeCxx() bool {
	ts := x.toks
	for i := range ts {
		t := &ts[i]
		switch t.kind {
		case kIdent:
			switch t.hash {
			case hashStaticCast:
				if i+1 < len(ts) && ts[i+1].kind == kOther && !x.forCxx(t.line) {
					return true
				}
			}
			if t.flags&firstOnLine == 0 {
				continue
			}
			switch t.hash {
			case hashQt, hashVirtual, hashClass, hashNamespace, hashTemplate, hashPublic, hashPrivate, hashProtected, hashUsing:
				if x.cxxAt(i) && !x.forCxx(t.line) {
					return true
				}
			}
		case kColon: // a::b; C has :: in asm alone, and not between words
			if i > 0 && i+2 < len(ts) && ts[i+1].kind == kColon && ts[i-1].kind == kIdent && ts[i+2].kind == kIdent &&
				ts[i-1].off+uint32(ts[i-1].len) == t.off && ts[i+2].off == t.off+2 && !x.forCxx(t.line) {
				return true
			}
		case kwConst: // const a &; the operands of & are no types
			if i+3 < len(ts) && ts[i+1].kind == kIdent && ts[i+2].kind == kAmp && ts[i+3].kind == kIdent && !x.forCxx(t.line) {
				return true
			}
		case kwStruct: // struct a : b
			if i+3 < len(ts) && ts[i+1].kind == kIdent && ts[i+2].kind == kColon && ts[i+3].kind == kIdent && !x.forCxx(t.line) {
				return true
			}
		}
	}
	for _, in := range x.f.Includes {
		path := x.src[in.Path.Off : in.Path.Off+in.Path.Len]
		if in.System && bytes.IndexByte(path[bytes.LastIndexByte(path, '/')+1:], '.') < 0 && !x.forCxx(in.Line) {
			return true
		}
	}
	return false
}

// cxxAt reports whether the word at toks[i], first on its line, begins what it
// begins in C++. In C all of these words are free to use.
func (x *extractor) cxxAt(i int) bool {
	ts := x.toks
	if i+2 >= len(ts) {
		return false
	}
	next, second := &ts[i+1], &ts[i+2]
	switch string(x.text(&ts[i])) {
	case "QT_BEGIN_NAMESPACE":
		return true
	case "virtual":
		return next.kind == kwType || next.kind == kOther && is(x.text(next), "~")
	case "class":
		if next.kind != kIdent {
			return false
		}
		switch second.kind {
		case kLBrace, kSemi, kColon:
			return true
		case kIdent: // class EXPORT Name {
			return i+3 < len(ts) && (ts[i+3].kind == kLBrace || ts[i+3].kind == kColon || ts[i+3].kind == kSemi)
		}
	case "namespace":
		return next.kind == kLBrace || next.kind == kIdent && (second.kind == kLBrace || second.kind == kColon || second.kind == kAssign)
	case "template":
		return next.kind == kOther && is(x.text(next), "<")
	case "public", "private", "protected":
		// A label could have the name: nothing that follows in a function body
		// is a word before a colon again, or ends a line with it.
		return next.kind == kColon && second.flags&firstOnLine != 0 && (i == 0 || ts[i-1].kind != kRBrace)
	case "using":
		return next.kind == kIdent && (second.kind == kAssign || second.kind == kIdent || second.kind == kColon)
	}
	return false
}

// forCxx reports whether a line stands in an arm for C++ compilers of a header
// that both languages read. One whose larger part is such an arm is C++.
func (x *extractor) forCxx(line uint32) bool {
	for i := range x.f.Conds {
		c := &x.f.Conds[i]
		if line >= c.Start && line <= c.End && c.End-c.Start < x.f.Lines/2 && c.Kind != lang.CondIfndef &&
			bytes.Contains(x.src[c.Expr.Off:c.Expr.Off+c.Expr.Len], []byte("__cplusplus")) {
			return true
		}
	}
	return false
}

// cxxParser reads the tokens of a C++ file.
type cxxParser struct {
	*extractor

	angled []angle    // scratch: open brackets, angle brackets included
	scopes []cxxScope // open where the parser is
	quals  []int32    // scratch: words before the last of a qualified name
	// enumEnd is the index behind the body of the enum read last.
	enumEnd int
	deep    int  // classes in functions in classes...
	inFunc  bool // inside a function body
}

// maxDeep bounds classes in functions in classes; further down, text is only
// searched for uses.
const maxDeep = 32

// cxxScope is a class, namespace or linkage specification being read.
type cxxScope struct {
	end   int       // index of the closing brace
	name  int       // token, -1 without one
	fact  int       // index into Facts.Scopes, -1 without one
	class bool      // then declarators may follow its body
	flags declFlags // of these declarators
}

// class is the token with the name of the class being read, -1 outside of one.
func (p *cxxParser) class() int {
	if n := len(p.scopes); n > 0 && p.scopes[n-1].class {
		return p.scopes[n-1].name
	}
	return -1
}

// inClass reports whether the declaration being read is a member's.
func (p *cxxParser) inClass() bool {
	n := len(p.scopes)
	return n > 0 && p.scopes[n-1].class
}

// file reads all declarations of the file.
func (p *cxxParser) file() {
	p.scopes = p.scopes[:0]
	p.deep, p.inFunc, p.enumEnd = 0, false, -1
	p.refine()
	p.pair()
	p.angles()
	p.region(0, len(p.toks))
}

// region reads the declarations in toks[i:end]. Scopes are kept on a stack of
// its own, since how deep they nest is not ours to choose.
func (p *cxxParser) region(i, end int) {
	base := len(p.scopes)
	for {
		limit := end
		if n := len(p.scopes); n > base {
			limit = min(end, p.scopes[n-1].end)
		}
		if i < limit {
			next := p.decl(i, limit)
			if next <= i { // cannot happen; a loop would be worse than a lost token
				next = i + 1
			}
			i = next
			continue
		}
		if len(p.scopes) == base {
			return
		}
		i = p.leave(end)
	}
}

// enter begins the scope whose brace is toks[brace], and returns the index
// behind the brace. Without a mate only the brace is lost.
func (p *cxxParser) enter(brace, limit int, s cxxScope) int {
	s.end = p.mate(brace)
	if s.end < 0 {
		if p.toks[brace].flags&noStructure != 0 {
			return brace + 1
		}
		s.end = limit
	}
	s.fact = -1
	if s.name >= 0 {
		s.fact = p.scope(&p.toks[s.name], p.lineAt(s.end), lang.ScopeClosed)
	}
	p.scopes = append(p.scopes, s)
	return brace + 1
}

// leave ends the innermost scope and returns the index behind it.
func (p *cxxParser) leave(limit int) int {
	n := len(p.scopes) - 1
	s := p.scopes[n]
	p.scopes = p.scopes[:n]
	i := min(s.end+1, len(p.toks))
	if !s.class || i >= limit {
		return i
	}
	return p.tail(i, limit, s.flags)
}

// scope reports a scope from the line of its name.
func (p *cxxParser) scope(name *token, end uint32, kind lang.ScopeKind) int {
	p.f.Scopes = append(p.f.Scopes, lang.Scope{
		Name: lang.Span{Off: name.off, Len: uint32(name.len)}, Start: name.line, End: max(end, name.line), Kind: kind,
	})
	return len(p.f.Scopes) - 1
}

// lineAt is the line of toks[i], or the last of the file.
func (p *cxxParser) lineAt(i int) uint32 {
	if i < len(p.toks) {
		return p.toks[i].line
	}
	return p.f.Lines
}
