package c

// Tokens of C++: what the lexer, which knows C, leaves coarse.

import (
	"bytes"

	"dekho/internal/lang"
)

// rawDelimiter bounds what may stand between the quote and the parenthesis of a
// raw string.
const rawDelimiter = 16

// skipRaw returns the end of the raw string whose opening quote is s[i]:
// R"x(...)x". One that is none is skipped as a plain string.
func skipRaw(s []byte, i int) int {
	open := bytes.IndexByte(s[i:min(len(s), i+2+rawDelimiter)], '(')
	if open < 0 || bytes.ContainsAny(s[i+1:i+open], " )\\\t\n\"") {
		return skipQuoted(s, i)
	}
	var closing [rawDelimiter + 3]byte
	end := append(closing[:0], ')')
	end = append(end, s[i+1:i+open]...)
	end = append(end, '"')
	n := bytes.Index(s[i+open:], end)
	if n < 0 {
		return len(s)
	}
	return i + open + n + len(end)
}

// digitSeparators returns the end of a number whose first digits end at s[i]:
// 1'000'000.
func digitSeparators(s []byte, i int) int {
	for i+1 < len(s) && s[i] == '\'' && class[s[i+1]]&cIdent != 0 {
		i++
		for i < len(s) && class[s[i]]&cIdent != 0 {
			i++
		}
	}
	return i
}

// cxxKeywords is an open-addressing table of the words of C++ that C lacks or
// uses otherwise.
var cxxKeywords = func() (t [256]keyword) {
	for w, k := range map[string]kind{
		"public": kwAccess, "protected": kwAccess, "private": kwAccess,
		"static_cast": kwCast, "dynamic_cast": kwCast, "reinterpret_cast": kwCast, "const_cast": kwCast,
		"catch": kwCatch, "class": kwClass, "delete": kwDelete, "friend": kwFriend, "namespace": kwNamespace,
		"new": kwNew, "noexcept": kwNoexcept, "throw": kwNoexcept, "operator": kwOperator, "template": kwTemplate,
		"try": kwTry, "typename": kwTypename, "using": kwUsing,
		"this": kwValue, "true": kwValue, "false": kwValue, "nullptr": kwValue,
		"bool": kwType, "auto": kwType, "wchar_t": kwType, "char8_t": kwType, "char16_t": kwType, "char32_t": kwType,
		"decltype": kwTypeof, "alignas": kwAttribute, "alignof": kwSizeof, "static_assert": kwAssert,
		"virtual": kwConst, "explicit": kwConst, "mutable": kwConst, "constexpr": kwConst, "consteval": kwConst,
		"constinit": kwConst, "thread_local": kwConst, "co_return": kwReturn,
	} {
		h := lang.Hash([]byte(w))
		i := h & uint32(len(t)-1)
		for t[i].word != "" {
			i = (i + 1) & uint32(len(t)-1)
		}
		t[i] = keyword{h, k, w}
	}
	return
}()

func cxxKind(h uint32, word []byte, otherwise kind) kind {
	for i := h & uint32(len(cxxKeywords)-1); ; i = (i + 1) & uint32(len(cxxKeywords)-1) {
		k := &cxxKeywords[i]
		if k.word == "" {
			return otherwise
		}
		if k.hash == h && k.word == string(word) {
			return k.kind
		}
	}
}

// refine gives the tokens the kinds of C++. Names of operator functions become
// one identifier: `operator ==`, `operator const char *`.
func (p *cxxParser) refine() {
	ts := p.toks
	out := 0
	for i := 0; i < len(ts); i++ {
		t := ts[i]
		switch {
		case t.kind == kIdent || t.kind.keyword():
			t.kind = cxxKind(t.hash, p.text(&t), t.kind)
			if t.kind != kwOperator {
				break
			}
			last := p.operator(i)
			i = last
			t.kind = kIdent
			t.flags |= operatorName
			end := ts[last].off + uint32(ts[last].len)
			t.len = uint16(min(end-t.off, 0xffff))
			t.hash = lang.Hash(p.text(&t))
		case t.kind == kColon:
			if i+1 < len(ts) && ts[i+1].kind == kColon && ts[i+1].off == t.off+1 {
				t.kind = kScope
				i++
			}
		case t.kind == kOther:
			switch string(p.text(&t)) {
			case "<":
				t.kind = kLess
			case ">":
				t.kind = kGreater
			case ">>":
				t.kind = kShift
			case "~":
				t.kind = kTilde
			case "&&":
				t.kind = kAndAnd
			}
		}
		ts[out] = t
		out++
	}
	p.toks = ts[:out]
}

// maxConversion bounds the tokens of the type in `operator type()`.
const maxConversion = 24

// operator is the index of the last token of the name that begins with the
// keyword operator at toks[i].
func (p *cxxParser) operator(i int) int {
	ts := p.toks
	j := i + 1
	if j >= len(ts) {
		return i
	}
	pair := func(k kind) int { // operator() and operator[]
		if j+1 < len(ts) && ts[j+1].kind == k {
			return j + 1
		}
		return i
	}
	switch k := ts[j].kind; {
	case k == kLParen:
		return pair(kRParen)
	case k == kLBrack:
		return pair(kRBrack)
	case k == kString: // operator""_x
		if j+1 < len(ts) && ts[j+1].kind == kIdent {
			return j + 1
		}
		return j
	case k == kIdent || k.keyword():
		word := p.text(&ts[j])
		if is(word, "new") || is(word, "delete") {
			if j+2 < len(ts) && ts[j+1].kind == kLBrack && ts[j+2].kind == kRBrack {
				return j + 2
			}
			return j
		}
		// A conversion: the type up to its parentheses.
		for n := 0; n < maxConversion && j < len(ts); n++ {
			switch ts[j].kind {
			case kLParen:
				return j - 1
			case kSemi, kLBrace, kRBrace, kRParen:
				return i
			}
			j++
		}
		return i
	case k == kSemi || k == kLBrace || k == kRBrace || k == kRParen || k == kRBrack || k == kNumber || k == kChar:
		return i
	}
	// Symbols, up to three tokens of the lexer without blanks: <=>, ->*.
	for j+1 < len(ts) && j < i+3 && ts[j+1].off == ts[j].off+uint32(ts[j].len) {
		switch ts[j+1].kind {
		case kOther, kStar, kAssign, kAmp, kAssignOp:
			j++
			continue
		}
		break
	}
	return j
}

// angle is an open bracket; of an angle bracket, logic tells that comparisons
// or && have been seen inside.
type angle struct {
	tok   int32
	logic bool
}

// angles pairs the angle brackets of template arguments, as far as they can be
// told from comparisons without knowing what is a template: the mate of < is
// kept as pair keeps that of other brackets.
func (p *cxxParser) angles() {
	ts := p.toks
	stack := p.angled[:0]
	top := func() *angle {
		if n := len(stack); n > 0 && ts[stack[n-1].tok].kind == kLess {
			return &stack[n-1]
		}
		return nil
	}
	drop := func() {
		for top() != nil {
			stack = stack[:len(stack)-1]
		}
	}
	for i := range ts {
		t := &ts[i]
		switch t.kind {
		case kLess:
			t.hash = 0xffffffff
			if i == 0 {
				continue
			}
			switch prev := &ts[i-1]; {
			case prev.kind == kIdent, prev.kind == kwTemplate, prev.kind == kwCast:
				stack = append(stack, angle{tok: int32(i)})
			}
		case kGreater, kShift:
			n := 1
			if t.kind == kShift {
				n = 2
				if k := len(stack); k < 2 || ts[stack[k-1].tok].kind != kLess || ts[stack[k-2].tok].kind != kLess {
					continue
				}
			}
			for ; n > 0; n-- {
				a := top()
				if a == nil {
					break
				}
				stack = stack[:len(stack)-1]
				if !a.logic || p.templateBehind(int(a.tok), i) {
					ts[a.tok].hash = uint32(i)
				}
			}
		case kLParen, kLBrack, kLBrace:
			if t.kind == kLBrace {
				if p.mate(i) == i+1 && top() != nil {
					continue // is_enum<T>{} is a value
				}
				drop()
			}
			stack = append(stack, angle{tok: int32(i)})
		case kRParen, kRBrack, kRBrace:
			if t.kind == kRBrace && top() != nil && ts[i-1].kind == kLBrace {
				continue
			}
			drop()
			if n := len(stack); n > 0 && p.mate(int(stack[n-1].tok)) == i {
				stack = stack[:n-1]
			} else {
				for n > 0 && t.kind == kRBrace && ts[stack[n-1].tok].kind != kLBrace {
					n--
				}
				stack = stack[:n]
			}
		case kSemi, kString, kAssignOp, kwReturn, kwIf, kwElse:
			drop()
		case kAndAnd:
			if a := top(); a != nil && i+1 < len(ts) {
				switch ts[i+1].kind {
				case kComma, kGreater, kShift, kRParen, kEllipsis:
				default:
					a.logic = true
				}
			}
		case kOther, kQuestion:
			if a := top(); a != nil && !is(p.text(t), "!") {
				a.logic = true
			}
		}
	}
	p.angled = stack[:0]
}

// templateBehind reports whether the pair of angle brackets with operators
// inside is one of template arguments: by what stands around it.
func (p *cxxParser) templateBehind(open, close int) bool {
	ts := p.toks
	if ts[open-1].kind == kwTemplate || bytes.HasPrefix(p.text(&ts[open-1]), []byte("enable_if")) {
		return true
	}
	if first, _ := p.qualified(open - 1); first > 0 && ts[first-1].kind == kwTypename {
		return true
	}
	if close+1 >= len(ts) {
		return false
	}
	switch ts[close+1].kind {
	case kScope, kGreater, kShift, kComma, kLBrace, kEllipsis, kSemi:
		return true
	}
	return false
}

// behind is the index behind the template arguments that open at toks[i], or i
// if none do.
func (p *cxxParser) behind(i, end int) int {
	if i < end && p.toks[i].kind == kLess {
		if m := p.mate(i); m > i && m < end {
			return m + 1
		}
	}
	return i
}

// namespaceBrace reports whether the brace at toks[i] opens a namespace.
func (x *extractor) namespaceBrace(i int) bool {
	for n := 0; i > 0 && n < 8; n++ {
		i--
		switch x.toks[i].kind {
		case kwNamespace:
			return true
		case kIdent, kScope:
			continue
		}
		break
	}
	return false
}
