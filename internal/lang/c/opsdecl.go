package c

// Declarations, for package ops: typedefs, the members of structs, and the
// values that variables are initialised with.

import "dekho/internal/lang/linkfacts"

// opsTypedef writes what the typedef toks[start:end] stands for.
func (x *extractor) opsTypedef(start, end int) {
	ts := x.toks
	if end-start < 3 || ts[start].kind != kwTypedef {
		return
	}
	i := start + 1
	typ := x.opsType(i, end)
	if typ < 0 || ts[end-1].kind == kRParen { // typedef int (*name)(...), typedef int name(...)
		if ts[end-1].kind != kRParen {
			return
		}
		open := x.opening(end - 1)
		if open <= i {
			return
		}
		name := open - 1
		if ts[name].kind == kRParen {
			name--
		}
		if ts[name].kind != kIdent {
			return
		}
		x.ops.w.Begin(linkfacts.OpTypedef, ts[name].line)
		x.opsString(int32(name))
		x.ops.w.Number(uint32(linkfacts.TypeFunc))
		x.ops.w.Number(x.arguments(open, end-1))
		return
	}
	name := end - 1
	for name > i && (ts[name].kind != kIdent || annotation(x.text(&ts[name]))) {
		name--
	}
	if name <= int(typ) {
		return
	}
	x.ops.w.Begin(linkfacts.OpTypedef, ts[name].line)
	x.opsString(int32(name))
	x.opsTypeRef(typ)
}

// arguments is the number of arguments or parameters between the parentheses
// toks[open] and toks[end].
func (x *extractor) arguments(open, end int) uint32 {
	ts := x.toks
	if end <= open+1 || end == open+2 && is(x.text(&ts[open+1]), "void") {
		return 0
	}
	n := uint32(1)
	for j := open + 1; j < end; {
		switch ts[j].kind {
		case kLParen, kLBrack, kLBrace:
			j = x.after(j)
			continue
		case kComma:
			n++
		}
		j++
	}
	return n
}

// opsMember is a member found by opsBody.
type opsMember struct {
	name   int32
	typ    int32 // token, or -1
	params uint32
	pos    uint32
	fn     bool
	array  bool
}

// opsStruct writes the members of the struct or union with the keyword at
// toks[kw] and the body toks[open:end] that can lead to a function pointer.
func (x *extractor) opsStruct(kw, tag, open, end int) {
	ts := x.toks
	if tag < 0 {
		// typedef struct { } name;
		if kw == 0 || ts[kw-1].kind != kwTypedef {
			return
		}
		for j := end + 1; j < len(ts) && tag < 0; j++ {
			switch ts[j].kind {
			case kIdent:
				if !annotation(x.text(&ts[j])) {
					tag = j
				}
			case kStar, kwConst:
			default:
				return
			}
		}
		if tag < 0 {
			return
		}
	}
	var scratch [64]opsMember
	pos := uint32(0)
	ms := x.opsBody(scratch[:0], open+1, end, &pos, 0)
	w := &x.ops.w
	w.Begin(linkfacts.OpStruct, ts[tag].line)
	x.opsString(int32(tag))
	w.Number(uint32(len(ms)))
	for i := range ms {
		m := &ms[i]
		w.Number(m.pos<<1 | b2u(m.array))
		x.opsString(m.name)
		if m.fn {
			w.Number(uint32(linkfacts.TypeFunc))
			w.Number(m.params)
		} else {
			x.opsTypeRef(m.typ)
		}
	}
}

// maxStructDepth bounds anonymous structs within structs.
const maxStructDepth = 8

// opsBody appends the members declared in toks[i:end].
func (x *extractor) opsBody(ms []opsMember, i, end int, pos *uint32, depth int) []opsMember {
	ts := x.toks
	for i < end {
		first := i
		nested := -1 // body of a struct declared here
		for i < end && ts[i].kind != kSemi {
			switch ts[i].kind {
			case kLBrace:
				if nested < 0 {
					nested = i
				}
				i = min(x.after(i), end)
				continue
			case kLParen, kLBrack:
				i = min(x.after(i), end)
				continue
			}
			i++
		}
		stop := i
		i++
		if stop == first {
			continue
		}
		if nested >= 0 && ts[first].kind != kwEnum {
			// The members of an anonymous struct are those of the one around
			// it. Those of a named one are found by name too: what they are
			// called says enough.
			if depth < maxStructDepth {
				ms = x.opsBody(ms, nested+1, min(x.after(nested)-1, end), pos, depth+1)
			}
			continue
		}
		if ts[first].kind == kIdent && first+1 < stop && ts[first+1].kind == kLParen && x.after(first+1) >= stop {
			// struct_group(name, members)
			if depth < maxStructDepth {
				j := first + 2
				for j < stop && ts[j].kind != kComma {
					j++
				}
				ms = x.opsBody(ms, j+1, stop-1, pos, depth+1)
			}
			continue
		}
		typ := x.opsType(first, stop)
		at := first
		if typ >= 0 {
			at = int(typ) + 1
		}
		for at < stop {
			next := at
			for next < stop && ts[next].kind != kComma {
				switch ts[next].kind {
				case kLParen, kLBrack, kLBrace:
					next = min(x.after(next), stop)
					continue
				}
				next++
			}
			m := opsMember{name: -1, typ: typ, pos: *pos}
			*pos++
			for j := at; j < next; {
				switch ts[j].kind {
				case kLParen:
					close := x.after(j) - 1
					if j+1 < next && ts[j+1].kind == kStar {
						for k := j + 1; k < close; k++ {
							if ts[k].kind == kIdent && !annotation(x.text(&ts[k])) {
								m.name = int32(k)
								m.array = k+1 < close && ts[k+1].kind == kLBrack
								break
							}
						}
						if close+1 < next && ts[close+1].kind == kLParen {
							m.fn, m.params = true, x.arguments(close+1, x.after(close+1)-1)
						}
						j = next
						continue
					}
					j = close + 1
				case kIdent:
					if !annotation(x.text(&ts[j])) {
						m.name = int32(j)
					}
					j++
				case kLBrack:
					m.array = true
					j = x.after(j)
				case kColon:
					j = next
				default:
					j++
				}
			}
			if m.name >= 0 && (m.fn || m.typ >= 0) {
				ms = append(ms, m)
			}
			at = next + 1
		}
	}
	return ms
}

// opsVariables notes the variables that the declaration toks[start:end] makes,
// end being behind the first declarator. It returns the token with the name, or
// -1.
func (x *extractor) opsVariables(start, end int, d declFlags) int32 {
	if d.typedef {
		return -1
	}
	ts := x.toks
	typ := x.opsType(start, end)
	name := -1
	for j := end - 1; j > start; j-- {
		if k := ts[j].kind; k == kRBrack || k == kRParen {
			open := x.opening(j)
			if open < 0 {
				return -1
			}
			if k == kRParen && open+1 < j && ts[open+1].kind == kStar { // (*name[])(...)
				for name = open + 2; name < j && (ts[name].kind != kIdent || annotation(x.text(&ts[name]))); {
					name++
				}
				if name == j {
					return -1
				}
				break
			}
			j = open
			continue
		}
		if ts[j].kind == kIdent && !annotation(x.text(&ts[j])) {
			name = j
			break
		}
	}
	if name < 0 || int32(name) == typ {
		return -1
	}
	t := &ts[name]
	x.ops.global[t.hash&uint32(len(x.ops.global)-1)] = opsGlobal{x.ops.gen, t.hash, int32(name), typ}
	if typ >= 0 && !d.static {
		x.ops.w.Begin(linkfacts.OpVar, t.line)
		x.opsString(int32(name))
		x.opsTypeRef(typ)
	}
	return int32(name)
}

// opsVariable reads the initialiser of the variable that the declaration
// toks[start:i] ends with.
func (x *extractor) opsVariable(start, i int, d declFlags) {
	ts := x.toks
	x.ops.holder = x.opsVariables(start, i, d)
	if x.ops.holder < 0 || ts[i].kind != kAssign || i+1 >= len(ts) {
		return
	}
	array := false
	for j := int(x.ops.holder) + 1; j < i; j++ {
		array = array || ts[j].kind == kLBrack
	}
	root := opsRoot{linkfacts.RootVariable, x.ops.holder}
	switch typ := x.opsType(start, i); {
	case ts[i+1].kind != kLBrace:
		x.ops.path = x.ops.path[:0]
		if end := x.valueEnd(i + 1); end <= i+3 {
			x.storeAt(root, i+1, end, ts[x.ops.holder].line)
		}
		x.ops.holder = -1
		return
	case typ >= 0:
		root = opsRoot{linkfacts.RootType, typ}
	case !array:
		x.ops.holder = -1
		return
	}
	x.ops.path = x.ops.path[:0]
	x.initBraces(root, i+1, array, 0)
	x.ops.holder = -1
}

// opsInit reads the initialiser in braces at toks[open] of something of the
// type toks[typ].
func (x *extractor) opsInit(typ int32, open int, array bool) {
	x.ops.path = x.ops.path[:0]
	x.initBraces(opsRoot{linkfacts.RootType, typ}, open, array, 0)
}

// initBraces reads one level of an initialiser; the members that lead to it are
// x.ops.path.
func (x *extractor) initBraces(root opsRoot, open int, array bool, depth int) {
	end := x.mate(open)
	if end < 0 || depth > maxOpsDepth {
		return
	}
	ts := x.toks
	base := len(x.ops.path)
	pos := int32(0)
	for i := open + 1; i < end; {
		stop := i
		for stop < end && ts[stop].kind != kComma {
			switch ts[stop].kind {
			case kLParen, kLBrack, kLBrace:
				stop = min(x.after(stop), end)
				continue
			}
			stop++
		}
		x.ops.path = x.ops.path[:base]
		named := false
		j := i
		for j < stop {
			if ts[j].kind == kDot && j+1 < stop && ts[j+1].kind == kIdent {
				x.ops.path = append(x.ops.path, int32(j+1))
				named = true
				j += 2
				continue
			}
			if ts[j].kind == kLBrack {
				j = x.after(j)
				array = array || !named
				continue
			}
			break
		}
		switch {
		case named || j > i:
			if j < stop && ts[j].kind == kAssign {
				j++
			}
		case ts[i].kind == kIdent && i+1 < stop && ts[i+1].kind == kColon: // member: value
			x.ops.path = append(x.ops.path, int32(i))
			j = i + 2
		case !array:
			x.ops.path = append(x.ops.path, ^pos)
		}
		pos++
		if j < stop {
			x.initValue(root, j, stop, depth)
		}
		i = stop + 1
	}
	x.ops.path = x.ops.path[:base]
}

// initValue reads the value toks[i:end] of an initialiser.
func (x *extractor) initValue(root opsRoot, i, end, depth int) {
	ts := x.toks
	switch ts[i].kind {
	case kLBrace:
		// { { ... }, { ... } } is an array whose elements have braces.
		x.initBraces(root, i, i+1 < end && ts[i+1].kind == kLBrace, depth+1)
		return
	case kNumber, kString, kChar:
		return
	case kAmp, kLParen:
		j := i
		if ts[j].kind == kAmp {
			j++
		}
		if j < end && ts[j].kind == kLParen {
			if m := x.mate(j); m > 0 && m+1 < end && ts[m+1].kind == kLBrace {
				return // a compound literal, which scan comes to
			}
		}
	}
	if len(x.ops.path) == 0 && root.kind == linkfacts.RootType {
		if x.ops.holder < 0 {
			return
		}
		root = opsRoot{linkfacts.RootVariable, x.ops.holder} // an array of pointers
	}
	x.storeAt(root, i, end, ts[i].line)
}

// opsLiteral looks whether the brace at toks[i] opens a compound literal, and
// reads it.
func (x *extractor) opsLiteral(i int) {
	ts := x.toks
	if i < 4 || ts[i-1].kind != kRParen {
		return
	}
	open := i - 2
	for open > i-8 && open > 0 && ts[open].kind != kLParen {
		open--
	}
	if k := ts[open+1].kind; ts[open].kind != kLParen || k != kwStruct && k != kwUnion && k != kwConst {
		return
	}
	if typ := x.opsType(open+1, i-1); typ >= 0 {
		x.opsInit(typ, i, ts[i-2].kind == kRBrack)
	}
}
