package c

// Function bodies, initialisers and expressions: what each identifier does.

import (
	"dekho/internal/lang"
)

// scan classifies every identifier of toks[i:end]. In statements (stmts) it
// also knows labels and local declarations; elsewhere the text is expressions.
func (x *extractor) scan(i, end int, stmts bool) {
	ts := x.toks
	if end > len(ts) {
		end = len(ts)
	}
	base := len(x.names) // scans nest: struct bodies hold expressions
	nextName := base
	atStart := stmts // a statement may begin here
	initEnd := -1    // inside an initialiser up to here there are no statements
	nest := 0        // open ?: so that `a ? b : c` is not taken for a label
	register := -1   // index of an identifier known to be registered
	for ; i < end; i++ {
		t := &ts[i]
		switch t.kind {
		case kIdent:
		case kLBrace:
			if i > 0 && i > initEnd {
				switch ts[i-1].kind {
				case kAssign, kComma, kwReturn:
					initEnd = x.mate(i)
				case kRParen:
					x.opsLiteral(i)
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
		case kwElse, kwDo:
			atStart = stmts
			continue
		case kLParen:
			// for (int i = 0; ...), and statement expressions ({ ... })
			atStart = stmts && i > 0 && ts[i-1].kind == kwFor
			continue
		case kRParen:
			// Behind if (...), while (...), for_each_thing(...) a statement
			// may begin; behind a call only punctuation follows.
			x.opsParen(i)
			atStart = stmts && i > initEnd
			continue
		case kwStruct, kwUnion, kwEnum, kwType, kwTypeof, kwStatic, kwConst, kwExtern:
			if atStart {
				atStart = false
				nextName = len(x.names)
				x.local(i, end)
				x.opsLocals(i, end, nextName)
			}
			if k := t.kind; k == kwStruct || k == kwUnion || k == kwEnum {
				i = x.tagged(i) - 1
			}
			continue
		case kwCase:
			nest = 0
			atStart = false
			// case A: the colon ends the label, and is no ?:
			continue
		case kRBrack:
			atStart = false
			x.opsParen(i)
			continue
		default:
			atStart = false
			continue
		}

		if atStart {
			atStart = false
			if stmts && i+1 < end && ts[i+1].kind == kColon && (i+2 >= end || ts[i+2].kind != kColon) && nest == 0 {
				x.occ(t, lang.DefLabel)
				continue
			}
			nextName = len(x.names)
			x.local(i, end)
			x.opsLocals(i, end, nextName)
		}
		if nextName < len(x.names) && int(x.names[nextName]) == i {
			nextName++
			x.occ(t, lang.DefLocal)
			continue
		}
		if i == register {
			x.occ(t, lang.Registration)
			continue
		}

		var prev, next kind = kOther, kOther
		if i > 0 {
			prev = ts[i-1].kind
		}
		if i+1 < len(ts) {
			next = ts[i+1].kind
		}
		role := lang.Read
		switch {
		case prev == kArrow || prev == kDot:
			role = lang.Member
			designated := false
			if prev == kDot && i >= 2 {
				switch ts[i-2].kind {
				case kLBrace, kComma:
					role = lang.Designator
					designated = true
				}
			}
			switch next {
			case kLParen:
				role = lang.Dispatch
			case kAssign:
				if v := x.registered(i+2, designated); v >= 0 {
					register = v
				}
				if designated {
					x.logMember(t, i+2)
				} else {
					role = lang.Write
				}
			case kAssignOp, kIncDec:
				role = lang.Write
			}
			if next == kLParen || next == kAssign && !designated {
				x.opsRole(i, role)
			}
		case next == kLParen && !x.ops.inFn && (prev == kIdent || prev == kwType):
			role = lang.Declaration // EXPORTED(int get(struct foo *))
		case next == kLParen:
			role = lang.Call
			open := i + 1
			if m := x.mate(open); m > 0 {
				if x.opsCall(i, open, m) {
					role = lang.Dispatch
				}
				x.call(i, open, m)
			}
		case next == kAssign || next == kAssignOp || next == kIncDec || prev == kIncDec:
			role = lang.Write
			if next == kAssign {
				x.opsAssign(i, i+2)
			}
		case next == kLBrack:
			if m := x.mate(i + 1); m > 0 && m+1 < len(ts) {
				switch ts[m+1].kind {
				case kAssign, kAssignOp, kIncDec:
					role = lang.Write
				}
			}
		case prev == kAmp && i >= 2:
			switch ts[i-2].kind {
			case kIdent, kNumber, kRParen, kRBrack:
			default:
				role = lang.Address
			}
		case next == kStar && i+2 < len(ts) && (ts[i+2].kind == kRParen || ts[i+2].kind == kStar):
			role = lang.TypeUse // a cast or sizeof
		}
		x.occ(t, role)
	}
	x.names = x.names[:base]
}

// call looks at the call of toks[i] with the group open..close.
func (x *extractor) call(i, open, close int) {
	if close == open+1 {
		return
	}
	ts := x.toks
	strings := false
	for j := open + 1; j < close; {
		switch ts[j].kind {
		case kString:
			strings = true
			j = close
		case kLParen, kLBrack, kLBrace:
			j = x.after(j)
		default:
			j++
		}
	}
	if strings {
		x.compatibleArgs(&ts[i], ts[open+1:close])
	}
	x.logCall(&ts[i], ts[open+1:close], strings)
}

// registered finds the identifier that a member is set to by the initialiser
// or assignment at toks[i], when that is a plain name or its address; else -1.
func (x *extractor) registered(i int, designated bool) int {
	ts := x.toks
	if i < len(ts) && ts[i].kind == kAmp {
		i++
	}
	if i+1 >= len(ts) || ts[i].kind != kIdent {
		return -1
	}
	switch ts[i+1].kind {
	case kComma, kRBrace:
		if designated {
			return i
		}
	case kSemi:
		return i
	}
	return -1
}

// local looks whether a declaration begins at toks[i], and if so appends the
// names it declares, in order, to x.names.
func (x *extractor) local(i, end int) {
	ts := x.toks
	typed := false
	for i < end {
		switch ts[i].kind {
		case kwStatic, kwConst, kwExtern:
			i++
			continue
		case kwType:
			typed = true
			i++
			continue
		case kwStruct, kwUnion, kwEnum:
			typed = true
			i = x.behindTag(i)
			continue
		case kwTypeof:
			typed = true
			i++
			if i < end && ts[i].kind == kLParen {
				i = x.after(i)
			}
			continue
		case kIdent:
			if !typed {
				if !x.typeName(i, end) {
					return
				}
				typed = true
				i++
				continue
			}
		}
		break
	}
	if !typed {
		return
	}
	for i < end {
		// One declarator.
		name := -1
		for i < end && name < 0 {
			switch ts[i].kind {
			case kStar, kwConst:
				i++
				continue
			case kIdent:
				if i+1 < end && ts[i+1].kind == kIdent {
					i++ // an annotation
					continue
				}
				name = i
			case kLParen:
				if i+2 < end && ts[i+1].kind == kStar && ts[i+2].kind == kIdent {
					name = i + 2
					x.names = append(x.names, int32(name))
					i = x.after(i)
					if i < end && ts[i].kind == kLParen {
						i = x.after(i)
					}
					continue
				}
				return
			default:
				return
			}
		}
		if name < 0 || i >= end {
			return
		}
		if i == name {
			switch {
			case i+1 >= end:
				return
			case ts[i+1].kind == kLParen:
				return // a prototype, or a call after all
			}
			x.names = append(x.names, int32(name))
			i++
		}
		// To the next declarator.
		for i < end && ts[i].kind != kComma {
			switch ts[i].kind {
			case kSemi, kColon, kRParen, kRBrace:
				return
			case kLParen, kLBrack, kLBrace:
				i = x.after(i)
				continue
			}
			i++
		}
		i++
	}
}

// typeName reports whether the identifier toks[i] at the start of a statement
// is the type of a declaration: `foo_t x`, `foo_t *x = y`.
func (x *extractor) typeName(i, end int) bool {
	ts := x.toks
	j := i + 1
	if j < end && ts[j].kind == kIdent {
		return true
	}
	stars := 0
	for j < end && (ts[j].kind == kStar || ts[j].kind == kwConst) {
		j++
		stars++
	}
	if stars == 0 || j+1 >= end || ts[j].kind != kIdent {
		return false
	}
	switch ts[j+1].kind {
	case kAssign, kSemi, kComma, kLBrack:
		return true
	}
	return false
}
