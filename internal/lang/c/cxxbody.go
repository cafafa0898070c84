package c

// Function bodies, initialisers and expressions of C++: what each identifier
// does.

import (
	"dekho/internal/lang"
)

// scan classifies every identifier of toks[i:end]. In statements (stmts) it
// also knows labels and local declarations; elsewhere the text is expressions.
func (p *cxxParser) scan(i, end int, stmts bool) {
	ts := p.toks
	if end > len(ts) {
		end = len(ts)
	}
	base := len(p.names) // scans nest: local classes have methods
	nextName := base
	atStart := stmts // a statement may begin here
	initEnd := -1    // inside an initialiser up to here there are no statements
	nest := 0        // open ?: so that `a ? b : c` is not taken for a label
	angleEnd := -1   // inside template arguments up to here
	typeEnd := -1    // inside the type of a local declaration up to here
	newName := -1    // the class behind new
	for ; i < end; i++ {
		t := &ts[i]
		switch t.kind {
		case kIdent:
		case kLBrace:
			if i > 0 {
				switch k := ts[i-1].kind; k {
				case kAssign, kComma, kwReturn, kLBrace, kLParen, kIdent, kGreater:
					if i > initEnd && (k != kLBrace || initEnd >= i) {
						initEnd = p.mate(i)
					}
				case kRParen, kRBrack, kwConst, kwNoexcept:
					initEnd = -1 // the body of a lambda
				}
			}
			atStart = stmts && i > initEnd
			continue
		case kRBrace:
			atStart = stmts && i >= initEnd
			continue
		case kSemi:
			atStart, nest = stmts, 0
			continue
		case kQuestion:
			nest++
			atStart = false
			continue
		case kColon:
			if nest > 0 {
				nest--
			} else {
				atStart = stmts && i > initEnd
			}
			continue
		case kwElse, kwDo, kwTry:
			atStart = stmts
			continue
		case kLParen:
			atStart = false
			if stmts && i > 0 {
				switch k := ts[i-1].kind; {
				case k == kwFor, k == kwIf, k == kwWhile, k == kwSwitch, k == kwCatch, k == kIdent && foreach(p.text(&ts[i-1])):
					atStart = true
				}
			}
			continue
		case kRParen:
			// Behind if (...), while (...), foreach (...) a statement may
			// begin; behind a call only punctuation follows.
			atStart = stmts && i > initEnd
			continue
		case kLBrack:
			atStart = false
			p.lambda(i, end)
			continue
		case kLess:
			if m := p.mate(i); m > i && m < end {
				angleEnd = max(angleEnd, m)
			}
			atStart = false
			continue
		case kwNew:
			newName = p.newClass(i, end)
			atStart = false
			continue
		case kwClass, kwStruct, kwUnion, kwEnum, kwTypedef, kwUsing, kwNamespace, kwExtern, kwStatic, kwConst:
			if stmts && atStart {
				if next := p.localType(i, end); next > i {
					i = next - 1
					continue
				}
			}
			if atStart {
				atStart = false
				nextName = len(p.names)
				typeEnd = p.local(i, end)
			}
			continue
		case kwType, kwTypeof, kwTypename:
			if atStart {
				atStart = false
				nextName = len(p.names)
				typeEnd = p.local(i, end)
			}
			continue
		case kwCase:
			nest = 0
			atStart = false
			continue
		default:
			if t.kind == kScope && atStart {
				nextName = len(p.names)
				typeEnd = p.local(i, end)
			}
			atStart = false
			continue
		}

		if atStart {
			atStart = false
			if i+1 < end && ts[i+1].kind == kColon && nest == 0 && stmts && i > 0 && ts[i-1].kind != kLParen {
				p.occ(t, lang.DefLabel)
				continue
			}
			nextName = len(p.names)
			typeEnd = p.local(i, end)
		}
		if nextName < len(p.names) && int(p.names[nextName]) == i {
			nextName++
			p.occ(t, lang.DefLocal)
			continue
		}
		if t.role == uint8(lang.DefParam)+1 {
			continue // of a lambda
		}
		switch {
		case i == newName:
			p.occ(t, lang.Call)
		default:
			p.occ(t, p.reference(i, end, i < angleEnd || i < typeEnd))
		}
	}
	p.names = p.names[:base]
}

// reference tells what the identifier toks[i] does in an expression.
func (p *cxxParser) reference(i, end int, inAngles bool) lang.Role {
	ts := p.toks
	var prev, next kind = kOther, kOther
	if i > 0 {
		prev = ts[i-1].kind
	}
	j := p.behind(i+1, end)
	if i+1 < len(ts) && j < len(ts) {
		next = ts[j].kind
	}
	if prev == kTilde && next == kLParen && i >= 2 && (ts[i-2].kind == kArrow || ts[i-2].kind == kDot) {
		return lang.Call
	}
	switch {
	case next == kScope:
		return lang.TypeUse
	case prev == kArrow || prev == kDot:
		if prev == kDot && i >= 2 && (ts[i-2].kind == kLBrace || ts[i-2].kind == kComma) {
			return lang.Designator
		}
		switch next {
		case kLParen:
			return lang.Call
		case kAssign, kAssignOp, kIncDec:
			return lang.Write
		}
		return lang.Member
	case inAngles:
		return lang.TypeUse
	case next == kLParen:
		if i >= 2 && prev == kLParen && ts[i-2].kind == kIdent {
			switch string(p.text(&ts[i-2])) {
			case "SIGNAL", "SLOT":
				return lang.Registration // connect(a, SIGNAL(f()), b, SLOT(g()))
			}
		}
		return lang.Call
	case next == kLBrace && j > i+1, next == kLBrace && (prev == kAssign || prev == kwReturn || prev == kComma || prev == kLParen):
		return lang.Call // Foo{1}
	case next == kAssign || next == kAssignOp || next == kIncDec || prev == kIncDec:
		return lang.Write
	case next == kLBrack:
		if m := p.mate(j); m > 0 && m+1 < len(ts) {
			switch ts[m+1].kind {
			case kAssign, kAssignOp, kIncDec:
				return lang.Write
			}
		}
	case (next == kStar || next == kAmp || next == kAndAnd) && j+1 < len(ts) && (ts[j+1].kind == kRParen || ts[j+1].kind == kStar):
		return lang.TypeUse // a cast or sizeof
	}
	if prev == kScope {
		first, _ := p.qualified(i)
		if first == 0 {
			return lang.Read
		}
		i = first
		prev = ts[i-1].kind
	}
	if prev == kAmp && i >= 2 {
		switch ts[i-2].kind {
		case kIdent, kNumber, kRParen, kRBrack, kwValue, kGreater:
		default:
			return lang.Address
		}
	}
	return lang.Read
}

// foreach reports whether a macro declares a variable before the first comma
// of its arguments, as Qt's do.
func foreach(w []byte) bool {
	return is(w, "foreach") || is(w, "Q_FOREACH")
}

// lambda reports the parameters of the lambda whose captures open at toks[i],
// if one does.
func (p *cxxParser) lambda(i, end int) {
	ts := p.toks
	if i > 0 {
		switch ts[i-1].kind {
		case kIdent, kRParen, kRBrack, kwValue, kGreater, kwOperator, kLBrack, kwDelete, kwNew, kString, kwType:
			return
		}
	}
	m := p.mate(i)
	if m < 0 || m+1 >= end || ts[m+1].kind != kLParen {
		return
	}
	closing := p.mate(m + 1)
	if closing < 0 || closing >= end {
		return
	}
	p.params(m+2, closing, true)
}

// newClass is the index of the class in the new-expression at toks[i], -1 if
// what is made is no class.
func (p *cxxParser) newClass(i, end int) int {
	ts := p.toks
	j := i + 1
	if j < end && ts[j].kind == kLParen { // placement
		j = p.after(j)
	}
	name := -1
	for j < end {
		switch ts[j].kind {
		case kIdent:
			name = j
			j = p.behind(j+1, end)
			if j < end && ts[j].kind == kScope {
				j++
				continue
			}
			return name
		case kScope, kwConst, kwTypename:
			j++
			continue
		}
		break
	}
	return name
}

// localType reads a class, enumeration, typedef or the like in a function body
// from its first word, and returns the index behind it; i if the declaration
// defines no type.
func (p *cxxParser) localType(i, end int) int {
	if p.deep >= maxDeep {
		return i
	}
	ts := p.toks
	key := i
	for key+1 < end && (ts[key].kind == kwStatic || ts[key].kind == kwConst) {
		key++
	}
	switch ts[key].kind {
	case kwClass, kwStruct, kwUnion, kwEnum:
		brace := p.bodyBehind(key+1, end)
		if brace >= end || ts[brace].kind != kLBrace || ts[brace-1].kind == kAssign || ts[brace-1].kind == kRParen {
			return i
		}
		for j := key + 1; j < brace; j++ {
			if k := ts[j].kind; k == kAssign || k == kStar || k == kLParen && ts[j-1].kind != kIdent {
				return i
			}
		}
	case kwTypedef, kwUsing, kwNamespace, kwExtern:
	default:
		return i
	}
	stop := min(p.until(key, end)+1, end)
	// What is declared here belongs to the function, not to the class that it
	// may be a method of.
	p.scopes = append(p.scopes, cxxScope{end: stop, name: -1, fact: -1})
	p.deep++
	p.region(i, stop)
	p.deep--
	p.scopes = p.scopes[:len(p.scopes)-1]
	return stop
}

// local looks whether a declaration begins at toks[i], and if so appends the
// names it declares, in order, to p.names, and returns the first of them; else
// it returns -1.
func (p *cxxParser) local(i, end int) int {
	ts := p.toks
	known := len(p.names)
	p.localDecl(i, end)
	if len(p.names) == known {
		return -1
	}
	if i >= 2 && ts[i-1].kind == kLParen && ts[i-2].kind == kIdent && foreach(p.text(&ts[i-2])) {
		p.names = p.names[:known+1] // behind the comma stands what is looped over
	}
	return int(p.names[known])
}

// localDecl is local without its result.
func (p *cxxParser) localDecl(i, end int) {
	ts := p.toks
	typed, constant := false, false
type_:
	for i < end {
		switch ts[i].kind {
		case kwStatic, kwExtern, kwTypename, kwClass, kwStruct, kwUnion, kwEnum:
			i++
		case kwConst:
			constant = true
			i++
		case kwType:
			typed, constant = true, true
			i++
		case kwTypeof:
			typed, constant = true, true
			i++
			if i < end && ts[i].kind == kLParen {
				i = p.after(i)
			}
		case kScope:
			i++
		case kIdent:
			if typed {
				break type_
			}
			if w := p.text(&ts[i]); is(w, "emit") || is(w, "Q_EMIT") {
				return
			}
			typed = true
			i = p.behind(i+1, end)
			if i < end && ts[i].kind == kScope {
				typed = false
				i++
			}
		default:
			break type_
		}
	}
	if !typed || i >= end {
		return
	}
	pointer, reference := false, false
	for i < end {
		switch ts[i].kind {
		case kStar:
			pointer = true
		case kAmp, kAndAnd:
			reference = true
		case kwConst:
			constant = true
		default:
			p.localNames(i, end, pointer, reference && !constant)
			return
		}
		i++
	}
}

// localNames appends the names of the declarators that begin at toks[i] behind
// their type, and perhaps a * or &: then what follows must not look like an
// operand.
func (p *cxxParser) localNames(i, end int, pointer, reference bool) {
	ts := p.toks
	if ts[i].kind == kLBrack { // auto [a, b] = ...
		m := p.mate(i)
		for j := i + 1; j < m && j < end; j++ {
			if ts[j].kind == kIdent {
				p.names = append(p.names, int32(j))
			}
		}
		return
	}
	for first := true; i < end; first = false {
		for i < end && (ts[i].kind == kStar || ts[i].kind == kAmp || ts[i].kind == kwConst) {
			i++
		}
		if i >= end || ts[i].kind != kIdent || ts[i].flags&operatorName != 0 {
			if first && i+2 < end && ts[i].kind == kLParen && ts[i+1].kind == kStar && ts[i+2].kind == kIdent {
				p.names = append(p.names, int32(i+2)) // void (*f)(int)
			}
			return
		}
		if i+1 >= end {
			return
		}
		switch ts[i+1].kind {
		case kAssign:
		case kColon:
		case kSemi, kComma, kLBrack:
			if reference {
				return
			}
		case kLParen, kLBrace, kRParen:
			if pointer || reference {
				return
			}
		default:
			return
		}
		p.names = append(p.names, int32(i))
		for i < end && ts[i].kind != kComma {
			switch ts[i].kind {
			case kSemi, kColon, kRParen, kRBrace, kwElse, kwDo, kwTry:
				return
			case kLBrace:
				if p.mate(i) < 0 {
					return
				}
			}
			i = p.skipGroup(i, end)
		}
		i++
	}
}
