package c

// Function definitions as C had them before prototypes, with the types of the
// parameters between the list of their names and the body:
//
//	int f(a, b) int a; char *b; { ... }

import "dekho/internal/lang"

// maxOldParams and maxOldTokens bound the parameters of such a function and the
// tokens of one declaration of them.
const (
	maxOldParams = 32
	maxOldTokens = 64
)

// oldStyle reads the function whose head, the items so far, is followed by
// declarations of its parameters at toks[from], and returns where the next
// declaration starts; -1 if the head is none of such a function.
func (x *extractor) oldStyle(start, from int, d declFlags) int {
	at, _ := x.function()
	if at < 0 || at+1 >= len(x.items) {
		return -1
	}
	ts := x.toks
	params := int(x.items[at+1])
	brace := x.oldBody(params, from)
	if brace < 0 {
		return -1
	}
	end := x.mate(brace)
	if end < 0 {
		end = len(ts)
	}
	next := min(end+1, len(ts))
	x.functionBody(start, brace, end, at, false, d)
	for i := params + 1; i < x.mate(params); i++ {
		if ts[i].kind == kIdent {
			x.occ(&ts[i], lang.Read)
		}
	}
	for i := from; i < brace; {
		stop := i
		for stop < brace && ts[stop].kind != kSemi {
			stop++
		}
		x.named(i, stop, lang.DefParam)
		i = stop + 1
	}
	return next
}

// oldBody is the index of the brace behind declarations at toks[from] that each
// name a parameter of the list that opens at toks[params]; -1 if there is none.
func (x *extractor) oldBody(params, from int) int {
	ts := x.toks
	end := x.mate(params)
	if end <= params+1 || end >= from || end-params > 2*maxOldParams {
		return -1
	}
	for i := params + 1; i < end; i++ {
		if k := ts[i].kind; k != kIdent && k != kComma {
			return -1
		}
	}
	for i := from; ; {
		if i >= len(ts) {
			return -1
		}
		if ts[i].kind == kLBrace && i > from {
			return i
		}
		named := false
		stop := i
		for ; stop < len(ts) && ts[stop].kind != kSemi; stop++ {
			switch t := &ts[stop]; t.kind {
			case kIdent:
				named = named || x.isParam(ts[params+1:end], t)
			case kLBrace, kRBrace, kAssign, kString, kwTypedef, kwExtern, kwStatic:
				return -1
			}
			if stop-i > maxOldTokens {
				return -1
			}
		}
		if !named {
			return -1
		}
		i = stop + 1
	}
}

// oldStyleBehind is oldStyle for a head that has been read beyond its first list
// in parentheses.
func (x *extractor) oldStyleBehind(start int, d declFlags) int {
	for k := 1; k+1 < len(x.items); k++ {
		open := int(x.items[k])
		if x.toks[open].kind != kLParen {
			continue
		}
		end := x.mate(open)
		if end < 0 || end+1 >= len(x.toks) {
			break
		}
		switch x.toks[end+1].kind {
		case kIdent, kwType, kwStruct, kwUnion, kwEnum, kwConst:
			return x.oldStyle(start, end+1, d)
		}
		break
	}
	return -1
}
