package c

// Expressions, for package ops: which place one names, a root and the members
// that lead from there.

import "dekho/internal/lang/linkfacts"

// opening is the index of the bracket that is closed at toks[close], or -1.
func (x *extractor) opening(close int) int {
	const far = 96
	for i := close - 1; i >= 0 && i > close-far; i-- {
		switch x.toks[i].kind {
		case kLParen, kLBrack, kLBrace:
			if x.mate(i) == close {
				return i
			}
		}
	}
	return -1
}

// What is looked at of one function and one expression, so that hostile code
// takes no more time than other code of its length.
const (
	maxSteps  = 32  // members, calls and indexes of an expression
	maxValue  = 64  // tokens of a value that is a name or place
	maxLocals = 512 // of a function
	maxMoves  = 64
)

// valueEnd is where the value at toks[i] ends, i if it is too long to be a name
// or place.
func (x *extractor) valueEnd(i int) int {
	ts := x.toks
	for j, n := i, 0; j < len(ts) && n < maxValue; n++ {
		switch ts[j].kind {
		case kComma, kSemi, kRBrace, kRParen, kRBrack:
			return j
		case kLParen, kLBrack, kLBrace:
			j = x.after(j)
			continue
		}
		j++
	}
	return i
}

// opsStart is where the postfix expression begins that ends with toks[j], or -1.
func (x *extractor) opsStart(j int) int {
	ts := x.toks
	for steps := 0; j >= 0 && steps < maxSteps; steps++ {
		switch ts[j].kind {
		case kIdent:
			if j >= 2 && (ts[j-1].kind == kArrow || ts[j-1].kind == kDot) {
				j -= 2
				continue
			}
			return j
		case kRBrack:
			j = x.opening(j) - 1
		case kRParen:
			open := x.opening(j)
			if open < 0 {
				return -1
			}
			if open == 0 || ts[open-1].kind != kIdent && ts[open-1].kind != kRBrack {
				return open
			}
			j = open - 1
		default:
			return -1
		}
	}
	return -1
}

// opsRoot is the root of a place: a token with a name, or -1.
type opsRoot struct {
	kind linkfacts.RootKind
	name int32
}

// transparent are what the kernel wraps around a pointer without changing its
// type.
var transparent = map[string]bool{
	"rcu_dereference": true, "rcu_dereference_check": true, "rcu_dereference_protected": true, "rcu_dereference_raw": true,
	"rcu_dereference_bh": true, "rcu_dereference_sched": true, "rcu_access_pointer": true, "srcu_dereference": true,
	"srcu_dereference_check": true, "rtnl_dereference": true, "nfnl_dereference": true, "READ_ONCE": true,
	"smp_load_acquire": true, "this_cpu_ptr": true, "raw_cpu_ptr": true, "per_cpu_ptr": true, "likely": true, "unlikely": true,
	"rcu_replace_pointer": true, "rcu_dereference_raw_check": true,
}

// maxOpsDepth bounds expressions within expressions.
const maxOpsDepth = 8

// opsPlace reads the expression toks[i:end] as a place, a root and a path of
// members that it appends to x.ops.path. It fails on anything else.
func (x *extractor) opsPlace(i, end, depth int) (root opsRoot, ok bool) {
	ts := x.toks
	unknown := opsRoot{linkfacts.RootUnknown, -1}
	if depth > maxOpsDepth {
		return unknown, false
	}
	for i < end && (ts[i].kind == kStar || ts[i].kind == kAmp) {
		i++
	}
	if i >= end {
		return unknown, false
	}
	switch ts[i].kind {
	case kIdent:
		t := &ts[i]
		if i+1 < end && ts[i+1].kind == kLParen {
			close := x.mate(i + 1)
			if close < 0 || close >= end {
				return unknown, false
			}
			root = x.opsCallRoot(i, close, depth)
			i = close + 1
			break
		}
		root = x.opsNameRoot(t, int32(i), depth)
		i++
	case kLParen:
		close := x.mate(i)
		if close < 0 || close >= end {
			return unknown, false
		}
		if typ := x.opsCast(i, close); typ != noCast {
			if close+1 == end {
				return unknown, false
			}
			if typ < 0 {
				// A cast to a type without members.
				return unknown, false
			}
			if ts[close+1].kind == kLBrace {
				return opsRoot{linkfacts.RootType, typ}, false
			}
			return opsRoot{linkfacts.RootType, typ}, true
		}
		if root, ok = x.opsPlace(i+1, close, depth+1); !ok {
			root = unknown
			x.ops.path = x.ops.path[:0]
		}
		i = close + 1
	default:
		return unknown, false
	}
	for i < end {
		switch ts[i].kind {
		case kArrow, kDot:
			if i+1 >= end || ts[i+1].kind != kIdent {
				return unknown, false
			}
			x.ops.path = append(x.ops.path, int32(i+1))
			i += 2
		case kLBrack:
			i = x.after(i)
		case kLParen: // what a member returned is not known
			root = unknown
			x.ops.path = x.ops.path[:0]
			i = x.after(i)
		default:
			return unknown, false
		}
	}
	return root, i == end
}

// opsNameRoot is what a name is as the root of a place. The path of a local
// without a type of its own is that of its value.
func (x *extractor) opsNameRoot(t *token, i int32, depth int) opsRoot {
	if l := x.opsLocal(t); l != nil {
		switch {
		case l.typ >= 0:
			return opsRoot{linkfacts.RootType, l.typ}
		case l.assign >= 0 && x.toks[l.assign].kind != kLBrace && depth < maxOpsDepth:
			at := int(l.assign)
			if root, ok := x.opsPlace(at, x.valueEnd(at), depth+1); ok {
				return root
			}
		}
		return opsRoot{linkfacts.RootUnknown, -1}
	}
	if g := x.opsGlobal(t); g != nil && g.typ >= 0 {
		return opsRoot{linkfacts.RootType, g.typ}
	}
	return opsRoot{linkfacts.RootVariable, i}
}

// opsCallRoot is the root that the call of toks[i], closed at toks[close], is.
func (x *extractor) opsCallRoot(i, close, depth int) opsRoot {
	ts := x.toks
	// container_of(p, struct foo, member) and its like name the type.
	for j := i + 2; j+2 < close; j++ {
		switch ts[j].kind {
		case kLParen, kLBrack, kLBrace:
			j = x.after(j) - 1
		case kwStruct, kwUnion:
			if k := ts[j-1].kind; (k == kComma || k == kLParen) && ts[j+1].kind == kIdent && ts[j+2].kind == kComma {
				return opsRoot{linkfacts.RootType, int32(j + 1)}
			}
		}
	}
	if transparent[string(x.text(&ts[i]))] {
		stop := i + 2
		for stop < close && ts[stop].kind != kComma {
			switch ts[stop].kind {
			case kLParen, kLBrack:
				stop = x.after(stop)
				continue
			}
			stop++
		}
		root, ok := x.opsPlace(i+2, min(stop, close), depth+1)
		if ok {
			return root
		}
		return opsRoot{linkfacts.RootUnknown, -1}
	}
	return opsRoot{linkfacts.RootCall, int32(i)}
}

// noCast is opsCast's answer for parentheses that are none.
const noCast = -2

// opsCast looks whether the parentheses toks[open:close+1] are a cast: the
// token with the name of the type, -1 if it has none.
func (x *extractor) opsCast(open, close int) int32 {
	ts := x.toks
	if open+1 >= close {
		return noCast
	}
	switch ts[open+1].kind {
	case kwStruct, kwUnion, kwConst:
		return x.opsType(open+1, close)
	case kwType, kwEnum:
		return -1
	case kIdent:
		if close == open+2 {
			return noCast // (name): parentheses around an expression, more often than not
		}
		for j := open + 2; j < close; j++ {
			if ts[j].kind != kStar {
				return noCast
			}
		}
		return int32(open + 1)
	}
	return noCast
}

// writePlace writes a place whose path is x.ops.path.
func (x *extractor) writePlace(root opsRoot) {
	w := &x.ops.w
	w.Number(uint32(len(x.ops.path))<<2 | uint32(root.kind))
	if root.kind != linkfacts.RootUnknown {
		x.opsString(root.name)
	}
	for _, p := range x.ops.path {
		if p < 0 {
			w.Position(uint32(^p))
		} else {
			x.opsString(p)
		}
	}
}
