package c

// Declarations of C++: namespaces, classes, templates, and what begins like a
// function or a variable.

import (
	"dekho/internal/lang"
	"dekho/internal/lang/linkfacts"
)

// decl reads the declaration, definition or macro that starts at toks[start]
// and returns where the next one starts. It does not look beyond limit.
func (p *cxxParser) decl(start, limit int) int {
	if next := p.special(start, limit); next > start {
		return next
	}
	ts := p.toks
	i := start
	p.items = p.items[:0]
	var d declFlags
	for i < limit {
		t := &ts[i]
		if t.flags&afterElse != 0 && i > start && len(p.items) > 0 {
			// The arm before this #else left a head without its body: both
			// arms declare what follows.
			p.declare(start, i, d, kLBrace)
			return i
		}
		switch t.kind {
		case kSemi:
			p.declare(start, i, d, kSemi)
			return i + 1
		case kLBrace:
			return p.block(start, i, limit, d)
		case kRBrace, kRParen, kRBrack:
			p.scan(start, i, false)
			return i + 1
		case kAssign, kComma:
			return p.initialised(start, i, limit, d)
		case kColon:
			return p.colon(start, i, limit, d)
		case kwAccess:
			// A macro without parentheses was the whole declaration.
			p.scan(start, i, false)
			return i
		case kwTypedef:
			d.typedef = true
			i++
		case kwExtern:
			d.extern = true
			i++
			if i < limit && ts[i].kind == kString {
				i++
				if i < limit && ts[i].kind == kLBrace {
					return p.enter(i, limit, cxxScope{name: -1})
				}
			}
		case kwFriend:
			d.extern = true
			i++
		case kwStatic:
			d.static = true
			i++
		case kwTemplate:
			i++
			if j := p.behind(i, limit); j > i {
				p.templateParams(i+1, j-1)
				i = j
			}
		case kwUsing: // behind template <...>
			return p.using(i, limit)
		case kwClass, kwStruct, kwUnion:
			next, entered := p.classHead(i, limit, d)
			if entered {
				p.words(start, i)
				return next
			}
			p.items = append(p.items, int32(i))
			i = next
		case kwEnum:
			p.items = append(p.items, int32(i))
			i = p.enum(i, limit)
		case kwAttribute, kwAsm, kwAssert, kwNoexcept, kwSizeof:
			i++
			if i < limit && ts[i].kind == kLParen {
				p.scan(i, min(p.after(i), limit), false)
				i = min(p.after(i), limit)
			}
		case kwTypeof:
			p.items = append(p.items, int32(i))
			i++
			if i < limit && ts[i].kind == kLParen {
				p.scan(i, min(p.after(i), limit), false)
				i = min(p.after(i), limit)
			}
		case kLBrack:
			if i+1 < limit && ts[i+1].kind == kLBrack { // [[attribute]]
				i = min(p.after(i), limit)
				continue
			}
			p.items = append(p.items, int32(i))
			i = min(p.after(i), limit)
		case kLParen:
			p.items = append(p.items, int32(i))
			i = min(p.after(i), limit)
		case kLess:
			p.items = append(p.items, int32(i))
			if j := p.behind(i, limit); j > i {
				i = j
			} else {
				i++
			}
		case kwConst, kwTypename, kwTry:
			i++
		default:
			p.items = append(p.items, int32(i))
			i++
		}
	}
	if start < limit {
		p.declare(start, limit, d, kOther)
	}
	return limit
}

// special reads what its first words tell: namespaces, using, access, macros
// that are no part of a declaration. It returns start for all else.
func (p *cxxParser) special(start, limit int) int {
	ts := p.toks
	i := start
	switch t := &ts[i]; t.kind {
	case kwNamespace:
		return p.namespace(i, limit)
	case kwUsing:
		return p.using(i, limit)
	case kwAccess: // public: and public slots:
		for i++; i < limit && i < start+3; i++ {
			switch ts[i].kind {
			case kColon:
				return i + 1
			case kIdent:
				p.occ(&ts[i], lang.Read)
				continue
			}
			break
		}
		return start + 1
	case kwAssert:
		if i+1 < limit && ts[i+1].kind == kLParen {
			next := min(p.after(i+1), limit)
			p.scan(i+1, next, false)
			return next
		}
	case kwConst: // inline namespace
		if i+1 < limit && ts[i+1].kind == kwNamespace {
			return p.namespace(i+1, limit)
		}
	case kwCatch: // of a function that is a try block
		i++
		if i < limit && ts[i].kind == kLParen {
			i = p.after(i)
		}
		if i < limit && ts[i].kind == kLBrace {
			i = p.after(i)
		}
		i = min(i, limit)
		p.scan(start, i, true)
		return i
	case kIdent:
		return p.macro(start, limit)
	}
	return start
}

// macro steps over a macro that stands alone on its lines, or before an access
// label: Q_OBJECT, QT_BEGIN_NAMESPACE, Q_DECLARE_FLAGS(A, B), signals:. An
// attribute on a line of its own looks the same, which loses nothing.
func (p *cxxParser) macro(start, limit int) int {
	ts := p.toks
	t := &ts[start]
	if t.flags&operatorName != 0 {
		return start
	}
	next := start + 1
	if next < limit && ts[next].kind == kColon && p.inClass() && (next+1 >= limit || ts[next+1].flags&firstOnLine != 0) {
		p.occ(t, lang.Read) // signals:
		return next + 1
	}
	if !macroName(p.text(t)) {
		return start
	}
	call := next < limit && ts[next].kind == kLParen
	if call {
		next = p.after(next)
	}
	if next > limit {
		return start
	}
	if next < limit {
		switch n := &ts[next]; {
		case n.kind == kSemi && call:
			next++ // no name of the macro's is lost: only its arguments have any
		case n.flags&firstOnLine == 0 && n.kind != kwAccess && !(call && p.inClass() && n.kind == kIdent && macroName(p.text(n))):
			return start
		case n.kind == kLBrace, n.kind == kColon, n.kind == kScope, n.kind == kLess, n.kind == kAssign, n.kind == kComma, call && p.functionTail(next, limit), n.kind == kSemi,
			n.kind == kStar, n.kind == kAmp, n.kind == kLParen:
			return start
		}
	}
	if call && p.isClassName(start) {
		return start // a constructor
	}
	if call {
		flags := uint32(0)
		if p.inClass() {
			flags = linkfacts.FlagMember
		}
		p.use(start, flags)
	}
	p.scan(start, next, false)
	return next
}

// functionTail reports whether `const` and a body stand at toks[i], as behind
// the parameters of a method.
func (p *cxxParser) functionTail(i, limit int) bool {
	if i+1 >= limit || p.toks[i].kind != kwConst {
		return false
	}
	switch p.toks[i+1].kind {
	case kLBrace, kSemi, kAssign, kwNoexcept, kColon:
		return true
	}
	return false
}

// isClassName reports whether toks[i] spells the name of the class being read.
func (p *cxxParser) isClassName(i int) bool {
	c := p.class()
	return c >= 0 && p.same(i, c)
}

// same reports whether two identifiers are spelled alike.
func (p *cxxParser) same(i, j int) bool {
	a, b := &p.toks[i], &p.toks[j]
	return a.hash == b.hash && string(p.text(a)) == string(p.text(b))
}

// namespace reads from the keyword: the definition, up to its brace, or an
// alias.
func (p *cxxParser) namespace(i, limit int) int {
	ts := p.toks
	start := i
	first, last := -1, -1
	for i++; i < limit; {
		switch t := &ts[i]; t.kind {
		case kIdent:
			if i+1 < limit && ts[i+1].kind == kLParen { // an attribute macro
				p.occ(t, lang.Call)
				i = min(p.after(i+1), limit)
				continue
			}
			if last < 0 || ts[i-1].kind != kScope {
				first = i // or a macro stood before it
			}
			last = i
			i++
		case kScope, kwConst:
			i++
		case kwClass: // in an arm for tools that do not know namespaces
			if t.flags&afterElse == 0 {
				return i
			}
			i++
		case kLBrack:
			i = min(p.after(i), limit)
		case kwAttribute:
			i++
			if i < limit && ts[i].kind == kLParen {
				i = min(p.after(i), limit)
			}
		case kAssign:
			semi := p.until(i, limit)
			if last >= 0 {
				p.occ(&ts[last], lang.DefNamespace)
			}
			p.types(i, semi)
			return min(semi+1, limit)
		case kLBrace:
			// Of namespace a::b { the outer ones end where the last does.
			end := p.mate(i)
			if end < 0 {
				end = limit
			}
			for j := first; j >= 0 && j < last; j++ {
				if ts[j].kind == kIdent {
					p.occ(&ts[j], lang.DefNamespace)
					p.scope(&ts[j], p.lineAt(end), lang.ScopeClosed)
				}
			}
			if last >= 0 {
				p.occ(&ts[last], lang.DefNamespace)
			}
			return p.enter(i, limit, cxxScope{name: last})
		default:
			return max(i, start+1)
		}
	}
	return limit
}

// using reads from the keyword to behind the semicolon.
func (p *cxxParser) using(i, limit int) int {
	ts := p.toks
	semi := p.until(i, limit)
	switch {
	case i+2 < semi && ts[i+1].kind == kIdent && (ts[i+2].kind == kAssign || ts[i+2].kind == kLBrack):
		p.occ(&ts[i+1], lang.DefTypedef)
		p.types(i+2, semi)
	default:
		p.types(i, semi)
		if ts[min(i+1, len(ts)-1)].kind != kwNamespace {
			if j := semi - 1; j > i && ts[j].kind == kIdent {
				p.occ(&ts[j], lang.Declaration)
			}
		}
	}
	return min(semi+1, limit)
}

// until is the index of the semicolon that ends the declaration at toks[i], or
// of a brace that closes more than it.
func (p *cxxParser) until(i, limit int) int {
	ts := p.toks
	for i < limit {
		switch ts[i].kind {
		case kSemi, kRBrace:
			return i
		case kLParen, kLBrack, kLBrace:
			i = min(p.after(i), limit)
			continue
		}
		i++
	}
	return limit
}

// templateParams reports what stands between < and > behind template.
func (p *cxxParser) templateParams(i, end int) {
	ts := p.toks
	for i < end {
		// One parameter, and its default.
		stop, assign := i, -1
		for stop < end && ts[stop].kind != kComma {
			switch ts[stop].kind {
			case kLParen, kLBrack, kLBrace:
				stop = min(p.after(stop), end)
				continue
			case kLess:
				if j := p.behind(stop, end); j > stop {
					stop = j
					continue
				}
			case kAssign:
				if assign < 0 {
					assign = stop
				}
			}
			stop++
		}
		last := stop
		if assign >= 0 {
			last = assign
		}
		p.types(i, stop)
		if n := last - 1; n > i && ts[n].kind == kIdent && ts[n-1].kind != kScope {
			p.occ(&ts[n], lang.DefParam)
		}
		i = stop + 1
	}
}

// types reports the identifiers of toks[i:end] as types.
func (p *cxxParser) types(i, end int) {
	for ; i < end; i++ {
		p.word(i)
	}
}

// words reports the identifiers of toks[i:end] that have no role yet as types.
func (p *cxxParser) words(i, end int) {
	for ; i < end; i++ {
		if p.toks[i].role == 0 {
			p.word(i)
		}
	}
}

// word reports toks[i], if it is an identifier, as a type, or as a macro with
// arguments that stands among types.
func (p *cxxParser) word(i int) {
	t := &p.toks[i]
	if t.kind != kIdent {
		return
	}
	r := lang.TypeUse
	if i+1 < len(p.toks) && p.toks[i+1].kind == kLParen && macroName(p.text(t)) {
		r = lang.Call
	}
	p.occ(t, r)
}

// classHead reads class, struct or union from its keyword. Before a body it
// enters the class and returns the index behind its brace; else it returns the
// index behind the type that the words name.
func (p *cxxParser) classHead(i, limit int, d declFlags) (next int, entered bool) {
	ts := p.toks
	kw := ts[i].kind
	name, before, final := -1, -1, -1
	j := i + 1
head:
	for j < limit {
		switch t := &ts[j]; t.kind {
		case kIdent:
			if name >= 0 && is(p.text(t), "final") && j+1 < limit && (ts[j+1].kind == kLBrace || ts[j+1].kind == kColon) {
				final = j
				j++
				continue
			}
			if j+1 < limit && ts[j+1].kind == kLParen {
				if name >= 0 && !(macroName(p.text(&ts[name])) && macroName(p.text(t))) {
					break head // struct stat f(...)
				}
				j = min(p.after(j+1), limit) // an attribute macro
				continue
			}
			if name >= 0 && ts[j-1].kind != kScope {
				before = name
			}
			name = j
			j++
		case kScope:
			j++
		case kLess:
			k := p.behind(j, limit)
			if k == j {
				break head
			}
			p.types(j, k)
			j = k
		case kwAttribute:
			j++
			if j < limit && ts[j].kind == kLParen {
				j = min(p.after(j), limit)
			}
		case kLBrack:
			if name >= 0 {
				break head
			}
			j = min(p.after(j), limit)
		case kwConst:
			j++
		default:
			break head
		}
	}
	brace := j
	if j < limit && ts[j].kind == kColon && (name < 0 || !p.bitfield(j, limit)) {
		brace = p.bodyBehind(j, limit)
	}
	if brace < limit && ts[brace].kind == kLBrace && (before < 0 || kw == kwClass || macroName(p.text(&ts[before]))) {
		role := lang.DefClass
		switch kw {
		case kwStruct:
			role = lang.DefStruct
		case kwUnion:
			role = lang.DefUnion
		}
		p.words(i, brace)
		if final >= 0 {
			ts[final].role = 0
		}
		if name >= 0 {
			p.occ(&ts[name], role)
			p.qualifiers(name, p.lineOfMate(brace, limit))
		}
		return p.enter(brace, limit, cxxScope{name: name, class: true, flags: d}), true
	}
	if name < 0 {
		return max(j, i+1), false
	}
	if before >= 0 && !macroName(p.text(&ts[before])) {
		name = before // struct stat buf: the second word is no type's
		j = p.behind(name+1, limit)
	}
	p.types(i+1, name)
	role := lang.TypeUse
	if j < limit && ts[j].kind == kSemi && !d.extern {
		role = lang.ForwardType
	}
	p.occ(&ts[name], role)
	return j, false
}

// maxBases bounds how far a body is looked for behind the colon of a class or
// enum, in words and groups.
const maxBases = 100

// bodyBehind is the index of the brace behind the base classes or the type that
// begin at toks[i], or of what ends the search.
func (p *cxxParser) bodyBehind(i, limit int) int {
	for n := 0; i < limit && n < maxBases; n++ {
		switch p.toks[i].kind {
		case kLBrace, kSemi, kRBrace:
			return i
		}
		i = p.skipGroup(i, limit)
	}
	return i
}

// lineOfMate is the line of the bracket that closes toks[i], or of limit.
func (p *cxxParser) lineOfMate(i, limit int) uint32 {
	if m := p.mate(i); m > i {
		return p.toks[m].line
	}
	return p.lineAt(limit)
}

// bitfield reports whether the colon at toks[i] is followed by the width of a
// bit-field, and not by base classes.
func (p *cxxParser) bitfield(i, limit int) bool {
	return i+1 < limit && p.toks[i+1].kind == kNumber
}

// skipGroup is the index behind toks[i], or behind the group it opens.
func (p *cxxParser) skipGroup(i, limit int) int {
	switch p.toks[i].kind {
	case kLParen, kLBrack, kLBrace:
		return min(p.after(i), limit)
	case kLess:
		if j := p.behind(i, limit); j > i {
			return j
		}
	}
	return i + 1
}

// qualifiers makes scopes of what qualifies the name at toks[i], up to the line
// end: a::b<c>::name. It returns the index of the first word.
func (p *cxxParser) qualifiers(i int, end uint32) int {
	first, words := p.qualified(i)
	for _, w := range words {
		p.scopeAt(&p.toks[w], p.toks[i].line, end)
	}
	return first
}

// scopeAt reports a scope that begins on another line than that of its name.
func (p *cxxParser) scopeAt(name *token, start, end uint32) {
	n := p.scope(name, end, lang.ScopeClosed)
	p.f.Scopes[n].Start = start
}

// qualified is the index of the first token of the qualified name whose last
// word is toks[i], and the words before it, valid until the next call.
func (p *cxxParser) qualified(i int) (first int, words []int32) {
	ts := p.toks
	words = p.quals[:0]
	first = i
	for first > 0 && ts[first-1].kind == kScope {
		first--
		j := first - 1
		if j >= 0 && (ts[j].kind == kGreater || ts[j].kind == kShift) {
			j = p.openOf(j) - 1
		}
		if j < 0 || ts[j].kind != kIdent {
			break
		}
		first = j
		words = append(words, int32(j))
	}
	for a, b := 0, len(words)-1; a < b; a, b = a+1, b-1 {
		words[a], words[b] = words[b], words[a]
	}
	p.quals = words
	return first, words
}

// maxArguments bounds the tokens of template arguments that are looked at
// backwards.
const maxArguments = 256

// openOf is the index of the < that toks[i] closes, 0 if it is far or nowhere.
func (p *cxxParser) openOf(i int) int {
	open := 0
	for j := i - 1; j > 0 && j > i-maxArguments; j-- {
		if p.toks[j].kind == kLess && p.mate(j) == i {
			open = j // of two that >> closes, the outer one
		}
		if k := p.toks[j].kind; k == kSemi || k == kLBrace || k == kRBrace {
			break
		}
	}
	return open
}

// enum reads from the keyword: the head, and the body if there is one. It
// returns the index behind.
func (p *cxxParser) enum(i, limit int) int {
	ts := p.toks
	kind := lang.ScopeOpen
	name := -1
	j := i + 1
head:
	for j < limit {
		switch t := &ts[j]; t.kind {
		case kwClass, kwStruct:
			kind = lang.ScopeClosed
			j++
		case kIdent:
			if j+1 < limit && ts[j+1].kind == kLParen {
				if name >= 0 {
					break head
				}
				p.occ(t, lang.Call)
				j = min(p.after(j+1), limit)
				continue
			}
			if name >= 0 && ts[j-1].kind != kScope {
				if !macroName(p.text(&ts[name])) {
					break head // enum color c
				}
				p.occ(&ts[name], lang.Read)
			}
			name = j
			j++
		case kScope, kwConst:
			j++
		case kwAttribute:
			j++
			if j < limit && ts[j].kind == kLParen {
				j = min(p.after(j), limit)
			}
		case kLBrack:
			if name >= 0 {
				break head
			}
			j = min(p.after(j), limit)
		default:
			break head
		}
	}
	brace := j
	if j < limit && ts[j].kind == kColon && !p.bitfield(j, limit) {
		brace = p.bodyBehind(j, limit)
	}
	if brace >= limit || ts[brace].kind != kLBrace {
		if name >= 0 {
			p.types(i, name)
			role := lang.TypeUse
			if brace < limit && ts[brace].kind == kSemi {
				role = lang.ForwardType
			}
			p.occ(&ts[name], role)
		}
		p.words(j, brace)
		return max(brace, i+1)
	}
	p.words(i, brace)
	end := p.mate(brace)
	if end < 0 || end > limit {
		end = limit
	}
	if name >= 0 {
		p.occ(&ts[name], lang.DefEnum)
		last := p.lineAt(end)
		p.qualifiers(name, last)
		p.scope(&ts[name], last, kind)
	}
	p.enumerators(brace+1, end)
	p.enumEnd = min(end+1, limit)
	return p.enumEnd
}

// enumerators reads the body of an enum.
func (p *cxxParser) enumerators(i, end int) {
	ts := p.toks
	for i < end {
		t := &ts[i]
		if t.kind != kIdent {
			i++
			continue
		}
		stop := i + 1
		for stop < end && ts[stop].kind != kComma {
			stop = p.skipGroup(stop, end)
		}
		if i+1 < end && ts[i+1].kind == kLParen { // a macro that makes enumerators
			p.scan(i, stop, false)
		} else {
			p.occ(t, lang.DefEnumerator)
			p.scan(i+1, stop, false)
		}
		i = stop + 1
	}
}
