package c

// What a declaration of C++ declares: functions with their parameters and
// bodies, variables, members.

import (
	"dekho/internal/lang"
)

// cxxFunc is a function declarator among the items of a declaration.
type cxxFunc struct {
	name   int // token; of a destructor the ~
	first  int // token at which its qualified name begins
	params int // token of the parenthesis
}

// function finds the function declarator of a declaration. typed tells that a
// type stands before it, or that it needs none; without it the words are those
// of a macro.
func (p *cxxParser) function() (f cxxFunc, found, typed bool) {
	ts := p.toks
	var macro cxxFunc // shouts like a macro, with a type before it
	haveMacro, haveFallback := false, false
	for k := 0; k+1 < len(p.items); k++ {
		name := int(p.items[k])
		if ts[name].kind == kLParen && k > 0 && ts[p.items[k+1]].kind == kLParen {
			if inner, params := p.bracketed(name, int(p.items[k+1])); inner >= 0 {
				return cxxFunc{inner, inner, params}, true, true
			}
		}
		if ts[name].kind != kIdent {
			continue
		}
		open := k + 1
		if ts[p.items[open]].kind == kLess && open+1 < len(p.items) {
			open++
		}
		params := int(p.items[open])
		if ts[params].kind != kLParen {
			continue
		}
		// What stands before the qualified name.
		q := k
		ctor := false
		for q > 0 && ts[p.items[q-1]].kind == kScope {
			q--
			if q > 0 && ts[p.items[q-1]].kind == kLess {
				q--
			}
			if q == 0 || ts[p.items[q-1]].kind != kIdent {
				break
			}
			q--
			if !ctor && q >= k-3 {
				ctor = p.same(int(p.items[q]), name)
			}
		}
		got := cxxFunc{name, int(p.items[q]), params}
		if ts[name].flags&operatorName != 0 || ctor {
			return got, true, true
		}
		if k > 0 && ts[p.items[k-1]].kind == kTilde && name == int(p.items[k-1])+1 {
			got.name = name - 1
			// The qualifiers stand before the ~.
			if first, _ := p.qualified(name - 1); first < name-1 {
				got.first = first
			} else {
				got.first = name - 1
			}
			return got, true, true
		}
		if q == k && p.isClassName(name) {
			return got, true, true
		}
		isTyped := false
		if q > 0 {
			switch prev := int(p.items[q-1]); ts[prev].kind {
			case kIdent, kStar, kAmp, kAndAnd, kwType, kwTypeof, kLess, kwClass, kwStruct, kwUnion, kwEnum:
				isTyped = true
			case kLParen: // a macro makes the type
				isTyped = q > 1 && ts[p.items[q-2]].kind == kIdent
			}
		}
		switch {
		case !isTyped:
			if !haveFallback && !haveMacro {
				f, haveFallback = got, true
			}
		case !macroName(p.text(&ts[name])):
			return got, true, true
		case !haveMacro:
			macro, haveMacro = got, true
		}
	}
	if haveMacro {
		return macro, true, true
	}
	return f, haveFallback, false
}

// bracketed finds the function whose name stands in the group at toks[open]:
// (max)(), void (*get(int))(); next is the group behind. The name is -1 for
// anything else.
func (p *cxxParser) bracketed(open, next int) (name, params int) {
	ts := p.toks
	close := p.mate(open)
	switch {
	case close == open+2 && close+1 == next && ts[open+1].kind == kIdent && !macroName(p.text(&ts[open+1])):
		return open + 1, next
	case close > open+3 && ts[open+1].kind == kStar && ts[open+2].kind == kIdent && ts[open+3].kind == kLParen && p.mate(open+3) == close-1:
		return open + 2, open + 3
	}
	return -1, -1
}

// expression reports whether the group that opens at toks[open] holds values
// and not parameters: Foo x("text", 1).
func (p *cxxParser) expression(open int) bool {
	ts := p.toks
	if open+1 >= len(ts) {
		return false
	}
	end := p.mate(open)
	switch t := &ts[open+1]; t.kind {
	case kNumber, kString, kChar, kwValue, kAmp, kStar, kwCast, kwNew, kwSizeof, kLParen:
		return true
	case kIdent:
		for j := open + 2; j < end && j < open+12; j++ {
			switch ts[j].kind {
			case kDot, kArrow, kLParen:
				return ts[j].kind != kLParen || j+1 < end && ts[j+1].kind != kStar && ts[j+1].kind != kAmp && ts[j-1].kind == kIdent && j < open+4
			case kComma, kAssign, kLess:
				return false
			}
		}
	}
	return false
}

// declare handles a declaration that ends without body or initialiser at
// toks[end].
func (p *cxxParser) declare(start, end int, d declFlags, by kind) {
	ts := p.toks
	if len(p.items) == 0 {
		p.words(start, end)
		return
	}
	switch ts[p.items[len(p.items)-1]].kind {
	case kwClass, kwStruct, kwUnion, kwEnum:
		p.words(start, end) // a type alone
		return
	case kIdent:
		if len(p.items) == 1 {
			p.scan(start, end, false)
			return
		}
	}
	if f, found, typed := p.function(); found && !d.typedef {
		switch {
		case !typed:
			p.scan(start, end, false)
			return
		case p.inClass() || ts[f.name].kind != kIdent || ts[f.name].flags&operatorName != 0 || !p.expression(f.params):
			role := lang.Declaration
			if by == kLBrace {
				role = lang.DefFunction
			}
			p.head(start, end, f, role)
			if by == kLBrace {
				p.qualifiers(f.name, ts[f.name].line)
			}
			return
		}
	}
	p.variables(start, end, d)
}

// variables reports the declarators of toks[start:end], a declaration that is
// no function's.
func (p *cxxParser) variables(start, end int, d declFlags) {
	if p.enumEnd > start {
		p.declarators(p.enumEnd, end, true, p.role(d)) // enum { A } a;
		return
	}
	p.declarators(start, end, false, p.role(d))
}

// role is what a declaration defines that is no function's.
func (p *cxxParser) role(d declFlags) lang.Role {
	switch {
	case d.typedef:
		return lang.DefTypedef
	case p.inClass():
		return lang.DefMember
	case d.extern:
		return lang.Declaration
	case p.inFunc:
		return lang.DefLocal
	}
	return lang.DefVariable
}

// initialised handles a declaration that reached = or , outside brackets at
// toks[i].
func (p *cxxParser) initialised(start, i, limit int, d declFlags) int {
	ts := p.toks
	if f, found, typed := p.function(); found && typed && !d.typedef && ts[i].kind == kAssign && i+1 < limit {
		role := lang.DefFunction
		switch ts[i+1].kind {
		case kNumber:
			role = lang.Declaration // pure virtual
			fallthrough
		case kwDefault, kwDelete:
			p.head(start, i, f, role)
			if role == lang.DefFunction {
				p.extents(f, ts[i+1].line)
			}
			return min(p.until(i, limit)+1, limit)
		}
	}
	semi := p.until(i, limit)
	if f, found, typed := p.function(); found && typed && !d.typedef && ts[i].kind == kComma && !p.expression(f.params) {
		p.head(start, i, f, lang.Declaration)
		p.words(i, semi)
	} else {
		p.variables(start, semi, d)
	}
	if semi < limit && ts[semi].kind == kSemi {
		semi++
	}
	return max(semi, i+1)
}

// colon handles a colon outside brackets at toks[i]: before the initialisers
// of a constructor, or the width of a bit-field.
func (p *cxxParser) colon(start, i, limit int, d declFlags) int {
	ts := p.toks
	f, found, typed := p.function()
	if !found || !typed {
		if p.inClass() || found {
			semi := p.until(i, limit)
			p.variables(start, semi, d)
			return min(semi+1, limit)
		}
		p.scan(start, i, false) // what a label would be
		return i + 1
	}
	j := i + 1
	for j < limit {
		switch ts[j].kind {
		case kLParen, kLBrack:
			j = min(p.after(j), limit)
			continue
		case kLess:
			j = p.skipGroup(j, limit)
			continue
		case kLBrace:
			// a{1} initialises; the body stands behind such a group.
			if k := ts[j-1].kind; (k == kIdent || k == kGreater) && p.mate(j) > 0 {
				j = min(p.after(j), limit)
				continue
			}
			p.body(start, j, limit, f, i)
			return p.behindBody(j, limit)
		case kSemi, kRBrace:
			p.head(start, i, f, lang.Declaration)
			p.scan(i, j, false)
			return j + 1
		}
		j++
	}
	p.head(start, i, f, lang.DefFunction)
	p.initialisers(i, limit)
	return limit
}

// block handles a brace outside brackets at toks[brace]: of a function, of an
// initialiser, or of something unknown.
func (p *cxxParser) block(start, brace, limit int, d declFlags) int {
	ts := p.toks
	f, found, typed := p.function()
	switch {
	case found && typed:
		p.body(start, brace, limit, f, -1)
		return p.behindBody(brace, limit)
	case found: // TEST(Suite, name) { ... }
		p.scan(start, brace, false)
		fn := f.params + 1
		if fn < brace && ts[fn].kind == kIdent {
			f.name = fn
		}
		end := p.endOf(brace, limit)
		p.extents(f, p.lineAt(end))
		p.statements(brace+1, end)
		return p.behindBody(brace, limit)
	case len(p.items) >= 2 && ts[p.items[len(p.items)-1]].kind == kIdent || len(p.items) > 2 && ts[p.items[len(p.items)-1]].kind == kLBrack:
		semi := p.until(brace, limit) // Foo x{1};
		p.variables(start, semi, d)
		return min(semi+1, limit)
	}
	p.scan(start, brace, false)
	return p.enter(brace, limit, cxxScope{name: -1})
}

// endOf is the index of the brace that closes the body at toks[brace]. What is
// never closed goes on to limit.
func (p *cxxParser) endOf(brace, limit int) int {
	end := p.mate(brace)
	switch {
	case end >= 0 && end <= limit:
		return end
	case p.toks[brace].flags&noStructure != 0:
		return brace
	}
	return limit
}

// behindBody is the index behind the body at toks[brace].
func (p *cxxParser) behindBody(brace, limit int) int {
	return max(brace+1, min(p.endOf(brace, limit)+1, limit))
}

// body reads a function from its head to the end of its body. Its initialisers
// begin at the colon toks[colon], -1 without any.
func (p *cxxParser) body(start, brace, limit int, f cxxFunc, colon int) {
	head := brace
	if colon >= 0 {
		head = colon
	}
	p.head(start, head, f, lang.DefFunction)
	end := p.endOf(brace, limit)
	p.extents(f, p.lineAt(end))
	if colon >= 0 {
		p.initialisers(colon, brace)
	}
	if end > brace {
		p.statements(brace+1, end)
	}
}

// extents reports the extent of a function and the scopes that its qualifiers
// make.
func (p *cxxParser) extents(f cxxFunc, end uint32) {
	fn := &p.toks[f.name]
	p.qualifiers(f.name, end)
	if !p.inFunc {
		p.f.Funcs = append(p.f.Funcs, lang.Func{Name: lang.Span{Off: fn.off, Len: uint32(fn.len)}, Start: fn.line, End: max(end, fn.line)})
	}
}

// statements reads a function body.
func (p *cxxParser) statements(i, end int) {
	was := p.inFunc
	p.inFunc = true
	p.scan(i, end, true)
	p.inFunc = was
}

// initialisers reads those of a constructor: members are written, base classes
// constructed.
func (p *cxxParser) initialisers(i, end int) {
	ts := p.toks
	p.scan(i+1, end, false)
	for j := i + 1; j < end; {
		if ts[j].kind == kIdent && j+1 < end && (ts[j+1].kind == kLParen || ts[j+1].kind == kLBrace) && ts[j-1].kind != kScope {
			if c := p.text(&ts[j])[0]; c < 'A' || c > 'Z' {
				p.occ(&ts[j], lang.Write)
			}
		}
		j = p.skipGroup(j, end)
	}
}

// head reports the words of a function's declaration.
func (p *cxxParser) head(start, end int, f cxxFunc, role lang.Role) {
	ts := p.toks
	name := &ts[f.name]
	if name.kind == kTilde && f.name+1 < len(ts) {
		// A destructor is called ~Foo.
		class := &ts[f.name+1]
		name.len = uint16(min(class.off+uint32(class.len)-name.off, 0xffff))
		name.kind = kIdent
		name.hash = lang.Hash(p.text(name))
		class.kind = kOther
	}
	close := max(p.mate(f.params), f.params)
	p.words(start, min(f.params, end))
	p.occ(name, role)
	p.params(f.params+1, min(close, end), role == lang.DefFunction)
	for j := close + 1; j < end; j++ {
		if ts[j].kind != kIdent {
			continue
		}
		switch w := p.text(&ts[j]); {
		case is(w, "override"), is(w, "final"):
		case macroName(w):
			p.scan(j, j+1, false)
		default:
			p.word(j)
		}
	}
	if role == lang.Declaration && f.first != f.name && !p.inClass() {
		p.qualifiers(f.name, name.line)
	}
}

// params reports the parameters in toks[i:end]; of a prototype (named false)
// the names are nobody's question.
func (p *cxxParser) params(i, end int, named bool) {
	ts := p.toks
	for i < end {
		stop, assign := i, -1
		for stop < end && ts[stop].kind != kComma {
			if ts[stop].kind == kAssign && assign < 0 {
				assign = stop
			}
			stop = p.skipGroup(stop, end)
		}
		last := stop
		if assign >= 0 {
			last = assign
		}
		name := p.paramName(i, last)
		for j := i; j < last; j++ {
			if ts[j].kind != kIdent {
				continue
			}
			if j != name {
				p.word(j)
			} else if named {
				p.occ(&ts[j], lang.DefParam)
			}
		}
		if assign >= 0 {
			p.scan(assign+1, stop, false)
		}
		i = stop + 1
	}
}

// paramName is the name declared by the parameter toks[i:end], or -1.
func (p *cxxParser) paramName(i, end int) int {
	ts := p.toks
	typed := false
	name := -1
	for j := i; j < end; j = p.skipGroup(j, end) {
		switch t := &ts[j]; t.kind {
		case kIdent:
			if j+1 < end && (ts[j+1].kind == kScope || ts[j+1].kind == kLess && p.behind(j+1, end) > j+1) {
				typed = true
				name = -1
				continue
			}
			if typed && (j == i || ts[j-1].kind != kScope) {
				name = j
			}
			typed = true
		case kwType, kwTypeof, kLess, kwStruct, kwClass, kwUnion, kwEnum:
			typed = typed || t.kind != kwStruct && t.kind != kwClass && t.kind != kwUnion && t.kind != kwEnum
		case kLParen:
			if name < 0 && typed {
				return p.inner(j, end)
			}
			return name
		case kLBrack:
			return name
		}
	}
	return name
}

// inner is the name declared in the group that opens at toks[open], as in
// (*name)(int) and (&name)[3] and (Foo::*name)(); -1 if it is none.
func (p *cxxParser) inner(open, end int) int {
	ts := p.toks
	close := p.mate(open)
	if close < 0 || close > end {
		return -1
	}
	pointer := false
	for j := open + 1; j < close; j++ {
		switch ts[j].kind {
		case kStar, kAmp, kAndAnd:
			pointer = true
		case kIdent:
			if j == open+1 && j+1 < close && macroName(p.text(&ts[j])) {
				pointer = true // a calling convention, perhaps with the *
				continue
			}
			if pointer && (j+1 >= close || ts[j+1].kind == kLBrack || ts[j+1].kind == kLParen) {
				return j
			}
		case kLParen:
			return -1
		}
	}
	return -1
}

// tail reads the declarators behind the body of a class, up to the semicolon.
func (p *cxxParser) tail(i, limit int, d declFlags) int {
	ts := p.toks
	if i >= limit {
		return i
	}
	switch ts[i].kind {
	case kSemi:
		return i + 1
	case kIdent, kStar, kAmp, kwConst, kLParen, kwAttribute, kLBrack:
	default:
		return i // the semicolon was forgotten, or a macro has it
	}
	semi := p.until(i, limit)
	p.declarators(i, semi, true, p.role(d))
	return min(semi+1, limit)
}

// declarators reports the names declared in toks[i:end], a declaration without
// its semicolon (typed: its type stands before i).
func (p *cxxParser) declarators(i, end int, typed bool, role lang.Role) {
	ts := p.toks
	for i < end {
		stop, init := i, -1
		for stop < end && ts[stop].kind != kComma {
			switch ts[stop].kind {
			case kAssign, kLBrace, kColon:
				if init < 0 {
					init = stop
				}
			}
			stop = p.skipGroup(stop, end)
		}
		last := stop
		if init >= 0 {
			last = init
		}
		name := p.declarator(i, last, typed)
		for j := i; j < last; j++ {
			if ts[j].kind != kIdent || ts[j].role != 0 && j != name {
				continue
			}
			switch {
			case j == name:
				p.occ(&ts[j], role)
				p.qualifiers(j, ts[max(stop-1, j)].line)
			case j > name && name >= 0:
				p.scan(j, last, false)
				j = last
			default:
				p.word(j)
			}
		}
		if init >= 0 {
			p.scan(init, stop, false)
		}
		typed = true
		i = stop + 1
	}
}

// declarator finds the name declared in toks[i:end], one declarator perhaps
// with its type before it, or -1.
func (p *cxxParser) declarator(i, end int, typed bool) int {
	ts := p.toks
	name := -1
	attribute := false // what looks like a type may be a macro before it
	weak := false      // name is a::b, which may be a type
	for j := i; j < end; j = p.skipGroup(j, end) {
		switch t := &ts[j]; t.kind {
		case kIdent:
			behind := p.behind(j+1, end)
			switch {
			case behind < end && ts[behind].kind == kScope:
				continue // more of the name follows
			case behind > j+1, !typed:
				// A type, unless nothing follows that could be a name.
				if j > i && ts[j-1].kind == kScope && (behind >= end || ts[behind].kind == kLBrack || ts[behind].kind == kLParen) {
					name, weak = j, true
				}
				attribute = macroName(p.text(t))
			case name < 0 || attribute || !macroName(p.text(t)) || ts[j-1].kind != kIdent:
				name, weak = j, false
			}
			typed = true
		case kwType, kwTypeof:
			typed = true
		case kLParen:
			if (name < 0 || weak) && typed {
				if n := p.inner(j, end); n >= 0 {
					return n
				}
			}
			if name >= 0 {
				return name
			}
		case kLBrack:
			if name >= 0 {
				return name
			}
		}
	}
	return name
}
