package c

// Facts about calls through pointers (linkfacts.TagOps): what is put into a
// member or handed to a call, and which members are called. The types of
// parameters, locals and variables of the file are resolved here, where their
// declarations are at hand; members of structs and results of functions are
// for the linker.

import (
	"bytes"

	"dekho/internal/lang"
	"dekho/internal/lang/linkfacts"
)

// opsState is scratch memory, and what is known of the function being read.
type opsState struct {
	w       linkfacts.OpsWriter
	locals  []opsLocal
	path    []int32 // positions of the members of a place, or ^position in an initialiser
	inFn    bool
	written bool // the function's entry has been written
	static  bool
	fn      token
	result  int32 // token with the name of the struct whose address it returns, or -1
	moves   []opsMove
	moved   []int32
	nested  int   // bodies of structs being read
	holder  int32 // token with the name of the variable being initialised, or -1

	gen    uint32
	global [1 << 10]opsGlobal
}

// opsLocal is a parameter or a local variable.
type opsLocal struct {
	hash   uint32
	name   int32 // token
	typ    int32 // token with the name of its type, or -1
	param  int32 // which parameter, or -1
	assign int32 // token at which the value it was given last begins, or -1
	fn     bool  // a pointer to a function
}

// opsGlobal is a variable of the file. The table forgets one when another of
// its slot comes.
type opsGlobal struct {
	gen, hash uint32
	name, typ int32 // tokens; typ -1 if its type has no name, isFunction for a function
}

const isFunction = -2

func (o *opsState) reset() {
	o.w.Reset()
	o.locals = o.locals[:0]
	o.inFn, o.written, o.nested, o.holder = false, false, 0, -1
	o.gen++
}

// opsEmit adds the record to the facts of the file.
func (x *extractor) opsEmit() {
	if len(x.ops.w.Bytes) > 0 {
		x.f.Link = linkfacts.AppendOps(x.f.Link, x.ops.w.Bytes)
	}
}

func (x *extractor) opsString(i int32) {
	t := &x.toks[i]
	x.ops.w.String(x.text(t), t.hash)
}

// scalarTypes are frequent types that hold no function pointer. Leaving them
// out is only a matter of size.
var scalarTypes = map[string]bool{
	"u8": true, "u16": true, "u32": true, "u64": true, "s8": true, "s16": true, "s32": true, "s64": true,
	"__u8": true, "__u16": true, "__u32": true, "__u64": true, "__s8": true, "__s16": true, "__s32": true, "__s64": true,
	"__le16": true, "__le32": true, "__le64": true, "__be16": true, "__be32": true, "__be64": true,
	"uint8_t": true, "uint16_t": true, "uint32_t": true, "uint64_t": true, "int8_t": true, "int16_t": true, "int32_t": true, "int64_t": true,
	"bool": true, "size_t": true, "ssize_t": true, "loff_t": true, "pid_t": true, "dma_addr_t": true, "phys_addr_t": true, "resource_size_t": true,
	"atomic_t": true, "atomic64_t": true, "atomic_long_t": true, "refcount_t": true, "spinlock_t": true, "raw_spinlock_t": true,
	"rwlock_t": true, "gfp_t": true, "sector_t": true, "dev_t": true, "umode_t": true, "uint": true, "ulong": true, "ktime_t": true,
	"cpumask_t": true, "nodemask_t": true, "irq_hw_number_t": true, "acpi_status": true, "acpi_handle": true, "uid_t": true, "gid_t": true,
	"list_head": true, "mutex": true, "hlist_node": true, "hlist_head": true, "rb_node": true, "rb_root": true, "completion": true,
	"kref": true, "rw_semaphore": true, "timespec64": true, "kuid_t": true, "kgid_t": true, "wait_queue_head_t": true, "netdev_features_t": true, "__poll_t": true, "pgoff_t": true,
}

// opsType finds the token with the name of the type that the declaration
// toks[i:end] begins with; -1 for types without a name and scalars.
func (x *extractor) opsType(i, end int) int32 {
	ts := x.toks
	for ; i < end; i++ {
		switch ts[i].kind {
		case kwStruct, kwUnion:
			_, tag, _ := x.tag(i)
			if tag >= 0 && scalarTypes[string(x.text(&ts[tag]))] {
				return -1
			}
			return int32(tag)
		case kwStatic, kwConst, kwExtern, kwTypedef:
		case kwAttribute:
			if i+1 < end && ts[i+1].kind == kLParen {
				i = x.after(i+1) - 1
			}
		case kIdent:
			w := x.text(&ts[i])
			if annotation(w) && !scalarTypes[string(w)] {
				continue
			}
			if scalarTypes[string(w)] || i+1 >= end {
				return -1
			}
			switch ts[i+1].kind {
			case kIdent, kStar, kwConst:
				return int32(i)
			}
			return -1
		default:
			return -1
		}
	}
	return -1
}

// opsBegin notes the function whose body begins: its parameters toks[i:end] and
// the tokens before its name.
func (x *extractor) opsBegin(start, name int, fn *token, i, end int, static bool) {
	o := &x.ops
	o.inFn, o.written, o.static, o.fn, o.result = true, false, static, *fn, -1
	o.locals, o.moves = o.locals[:0], o.moves[:0]
	o.global[fn.hash&uint32(len(o.global)-1)] = opsGlobal{o.gen, fn.hash, -1, isFunction}
	ts := x.toks
	for n := int32(0); i < end; n++ {
		stop := i
		for stop < end && ts[stop].kind != kComma {
			switch ts[stop].kind {
			case kLParen, kLBrack:
				stop = min(x.after(stop), end)
				continue
			}
			stop++
		}
		if stop > i+1 {
			if at := x.declarator(i, stop, false); at > i {
				l := opsLocal{hash: ts[at].hash, name: int32(at), typ: x.opsType(i, at+1), param: n, assign: -1}
				if ts[at-1].kind == kStar && at >= 2 && ts[at-2].kind == kLParen || at+1 < stop && ts[at+1].kind == kLParen {
					l.fn, l.typ = true, -1
				}
				o.locals = append(o.locals, l)
			}
		}
		i = stop + 1
	}
	if name > start && ts[name-1].kind == kStar {
		if o.result = x.opsType(start, name); o.result >= 0 {
			x.opsFunc()
		}
	}
}

func (x *extractor) opsEnd() {
	x.ops.inFn = false
	x.ops.locals = x.ops.locals[:0]
}

// opsFunc writes the entry of the function once.
func (x *extractor) opsFunc() {
	o := &x.ops
	if o.written {
		return
	}
	o.written = true
	o.w.Begin(linkfacts.OpFunc, o.fn.line)
	o.w.String(x.text(&o.fn), o.fn.hash)
	o.w.Number(b2u(o.static))
	x.opsTypeRef(o.result)
}

func (x *extractor) opsTypeRef(t int32) {
	if t < 0 {
		x.ops.w.Number(uint32(linkfacts.TypeNone))
		return
	}
	x.ops.w.Number(uint32(linkfacts.TypeNamed))
	x.opsString(t)
}

func b2u(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// opsLocals notes the local variables x.names[from:], which the declaration at
// toks[i] makes.
func (x *extractor) opsLocals(i, end, from int) {
	o := &x.ops
	if !o.inFn || from == len(x.names) || len(o.locals) > maxLocals {
		return
	}
	ts := x.toks
	typ := x.opsType(i, int(x.names[from])+1)
	for _, n := range x.names[from:] {
		at := int(n)
		l := opsLocal{hash: ts[at].hash, name: n, typ: typ, param: -1, assign: -1}
		j := at + 1
		if ts[at-1].kind == kStar && at >= 2 && ts[at-2].kind == kLParen && j < end && ts[j].kind == kRParen {
			l.fn, l.typ = true, -1
			if j++; j < end && ts[j].kind == kLParen {
				j = x.after(j)
			}
		}
		array := false
		for j < end && ts[j].kind == kLBrack {
			j = x.after(j)
			array = true
		}
		if j+1 < end && ts[j].kind == kAssign {
			l.assign = int32(j + 1)
			if ts[j+1].kind == kLBrace && typ >= 0 {
				x.opsInit(typ, j+1, array)
			}
		}
		o.locals = append(o.locals, l)
	}
}

// opsLocal finds what a name is in the function being read; nil if it is not
// local.
func (x *extractor) opsLocal(t *token) *opsLocal {
	ls := x.ops.locals
	for i := len(ls) - 1; i >= 0; i-- {
		if ls[i].hash == t.hash && x.toks[ls[i].name].len == t.len {
			return &ls[i]
		}
	}
	return nil
}

// opsGlobal finds a variable of the file.
func (x *extractor) opsGlobal(t *token) *opsGlobal {
	g := &x.ops.global[t.hash&uint32(len(x.ops.global)-1)]
	if g.gen == x.ops.gen && g.hash == t.hash {
		return g
	}
	return nil
}

// opsDispatch notes the call through the member toks[i], with its arguments
// behind toks[open].
func (x *extractor) opsDispatch(i, open int) {
	start := x.opsStart(i)
	if start < 0 {
		return
	}
	if len(x.ops.moves) > 0 {
		x.opsMoved(i)
	}
	x.dispatchOf(start, i+1, open, x.toks[i].line)
}

// dispatchOf writes a dispatch through the place toks[i:end].
func (x *extractor) dispatchOf(i, end, open int, line uint32) {
	x.ops.path = x.ops.path[:0]
	root, ok := x.opsPlace(i, end, 0)
	if ok && len(x.ops.path) == 0 && root.kind == linkfacts.RootType && x.toks[i].kind == kIdent {
		root = opsRoot{linkfacts.RootVariable, int32(i)} // a pointer, or an array of them
		ok = x.opsGlobal(&x.toks[i]) != nil
	}
	if !ok || len(x.ops.path) == 0 && root.kind != linkfacts.RootVariable {
		return
	}
	close := x.mate(open)
	if close < 0 {
		return
	}
	x.ops.w.Begin(linkfacts.OpDispatch, line)
	ts := x.toks
	object := i+3 == end && ts[i].kind == kIdent && ts[i+1].kind == kDot && x.opsLocal(&ts[i]) == nil
	x.ops.w.Number(x.arguments(open, close)<<1 | b2u(object))
	x.writePlace(root)
}

// opsParen looks at a closing parenthesis or bracket with arguments behind it:
// (*x->open)(...), table[i](...).
func (x *extractor) opsParen(i int) {
	ts := x.toks
	if !x.ops.inFn || i < 2 || i+1 >= len(ts) || ts[i+1].kind != kLParen {
		return
	}
	switch {
	case ts[i].kind == kRBrack:
		if start := x.opsStart(i); start >= 0 && ts[start].kind == kIdent {
			x.dispatchOf(start, i+1, i+1, ts[i].line)
		}
	case ts[i-1].kind == kIdent || ts[i-1].kind == kRBrack:
		open := x.opening(i)
		if open < 1 || ts[open+1].kind != kStar {
			return
		}
		switch ts[open-1].kind {
		case kIdent, kStar, kwType, kwConst: // a declaration
		default:
			x.dispatchOf(open+2, i, i+1, ts[i].line)
		}
	}
}

// opsValue reads the expression toks[i:end] as a value and writes the entry
// begun by begin, if it is one.
func (x *extractor) opsValue(i, end int, begin func()) {
	ts := x.toks
	for i < end {
		switch ts[i].kind {
		case kAmp:
			i++
			continue
		case kLParen:
			close := x.mate(i)
			if close == end-1 {
				i, end = i+1, close
				continue
			}
			if close > i && close < end-1 && x.opsCast(i, close) != noCast && ts[close+1].kind != kLBrace {
				i = close + 1
				continue
			}
			return
		}
		break
	}
	if end != i+1 || ts[i].kind != kIdent {
		return
	}
	t := &ts[i]
	w := &x.ops.w
	if l := x.opsLocal(t); l != nil {
		switch {
		case l.param >= 0:
			if l.fn || l.typ >= 0 && ts[l.typ-1].kind != kwStruct && ts[l.typ+1].kind == kIdent {
				x.opsFunc()
				begin()
				w.Number(uint32(linkfacts.ValueParam))
				w.Number(uint32(l.param))
			}
		case l.fn && l.assign >= 0:
			at := int(l.assign)
			saved := len(x.ops.path)
			root, ok := x.opsPlace(at, x.valueEnd(at), 0)
			path := x.ops.path[saved:]
			if ok && len(path) > 0 {
				from := append([]int32(nil), path...)
				x.ops.path = x.ops.path[:saved]
				begin()
				w.Number(uint32(linkfacts.ValuePlace))
				x.ops.path = append(x.ops.path[:0], from...)
				x.writePlace(root)
			}
		}
		return
	}
	if g := x.opsGlobal(t); g != nil && g.typ != isFunction || g == nil && !functionName(x.text(t)) {
		return
	}
	begin()
	w.Number(uint32(linkfacts.ValueName))
	x.opsString(int32(i))
}

// exported is how the macros begin that are handed functions most often, and
// call none.
var exported = []byte("EXPORT_SYMBOL")

// fillsTable reports whether a macro used at file scope may well put argument n
// into a table of functions, those of other files too: SET_RUNTIME_PM_OPS.
// Leaving others out is only a matter of size.
func fillsTable(macro []byte, n uint32) bool {
	return bytes.Contains(macro, []byte("OPS")) || n > 0 && macroName(macro) && !bytes.Contains(macro, []byte("GROUP"))
}

// functionName reports whether a name that the file does not define can well be
// a function's. Leaving others out is only a matter of size.
func functionName(w []byte) bool {
	score := false
	for _, c := range w {
		if c >= 'A' && c <= 'Z' {
			return false
		}
		score = score || c == '_'
	}
	return score && len(w) > 2 && !is(w, "__func__") && !scalarTypes[string(w)]
}

// opsStore looks at the assignment to the member toks[i], whose value begins at
// toks[value].
func (x *extractor) opsStore(i, value int) {
	start := x.opsStart(i)
	if start < 0 {
		return
	}
	end := x.valueEnd(value)
	if ts := x.toks; value+2 < end && (ts[value+1].kind == kArrow || ts[value+1].kind == kDot) && ts[end-1].kind == kIdent {
		if len(x.ops.moves) < maxMoves {
			x.ops.moves = append(x.ops.moves, opsMove{ts[i].hash, int32(i), int32(value), int32(end)})
		}
		return
	}
	x.ops.path = x.ops.path[:0]
	root, ok := x.opsPlace(start, i+1, 0)
	if !ok || len(x.ops.path) == 0 {
		return
	}
	if value < end && x.toks[value].kind == kLParen && root.kind == linkfacts.RootType {
		if m := x.mate(value); m > 0 && m+1 < end && x.toks[m+1].kind == kLBrace {
			return // a compound literal, which scan comes to
		}
	}
	x.storeAt(root, value, end, x.toks[i].line)
}

// storeAt writes that the value toks[i:end] is put at x.ops.path, or each of the
// values of a conditional.
func (x *extractor) storeAt(root opsRoot, i, end int, line uint32) {
	ts := x.toks
	question, colon := -1, -1
	for j := i; j < end && j < i+40; j++ {
		switch ts[j].kind {
		case kLParen, kLBrack, kLBrace:
			j = x.after(j) - 1
		case kQuestion:
			question = j
		case kColon:
			colon = j
		case kAssign: // a = b = c
			x.storeAt(root, j+1, end, line)
			return
		}
	}
	begin := func() {
		x.ops.w.Begin(linkfacts.OpStore, line)
		x.writePlace(root)
	}
	if question > 0 && colon > question {
		x.opsValue(question+1, colon, begin)
		x.opsValue(colon+1, end, begin)
		return
	}
	if i+3 < end && ts[i].kind == kIdent && ts[i+1].kind == kLParen && x.mate(i+1) == end-1 {
		i, end = i+2, end-1 // ptr_or_null(function)
	}
	x.opsValue(i, end, begin)
}

// opsMove is the assignment of a member to another.
type opsMove struct {
	hash       uint32 // of the member that is given a value
	i          int32  // that member
	value, end int32
}

// opsMoved writes that the member toks[i], which is called, was given what
// another member holds: a worker takes over the function of its work.
func (x *extractor) opsMoved(i int) {
	o := &x.ops
	for n := range o.moves {
		m := &o.moves[n]
		if m.hash != x.toks[i].hash {
			continue
		}
		o.path = o.path[:0]
		from, ok := x.opsPlace(int(m.value), int(m.end), 0)
		if !ok || len(o.path) == 0 {
			continue
		}
		o.moved = append(o.moved[:0], o.path...)
		o.path = o.path[:0]
		to, ok := x.opsPlace(x.opsStart(int(m.i)), int(m.i)+1, 0)
		if !ok || len(o.path) == 0 {
			continue
		}
		o.w.Begin(linkfacts.OpStore, x.toks[m.i].line)
		x.writePlace(to)
		o.w.Number(uint32(linkfacts.ValuePlace))
		o.path = append(o.path[:0], o.moved...)
		x.writePlace(from)
	}
}

// opsAssign notes what the local or variable toks[i] is given at toks[value].
func (x *extractor) opsAssign(i, value int) {
	if !x.ops.inFn {
		return
	}
	t := &x.toks[i]
	if l := x.opsLocal(t); l != nil {
		l.assign = int32(value)
		return
	}
	end := x.valueEnd(value)
	if end == value+1 || end == value+2 {
		x.ops.path = x.ops.path[:0]
		x.storeAt(opsRoot{linkfacts.RootVariable, int32(i)}, value, end, t.line)
	}
}

// opsCall looks at the call of toks[i] with the arguments toks[open+1:close]. It
// reports whether what is called is local: a pointer to a function.
func (x *extractor) opsCall(i, open, close int) bool {
	ts := x.toks
	callee := &ts[i]
	o := &x.ops
	if o.inFn {
		if l := x.opsLocal(callee); l != nil {
			switch {
			case l.param >= 0 && l.assign < 0:
				x.opsFunc()
				o.w.Begin(linkfacts.OpParamCall, callee.line)
				o.w.Number(uint32(l.param))
				o.w.Number(x.arguments(open, close))
			case l.assign >= 0:
				at := int(l.assign)
				x.dispatchOf(at, x.valueEnd(at), open, callee.line)
			}
			return true
		}
	}
	if close == open+1 || bytes.HasPrefix(x.text(callee), exported) {
		return false
	}
	n := uint32(0)
	names := false // an argument is the name of what may be a function
	for j := open + 1; j < close; n++ {
		stop := j
		for stop < close && ts[stop].kind != kComma {
			switch ts[stop].kind {
			case kLParen, kLBrack, kLBrace:
				stop = min(x.after(stop), close)
				continue
			}
			stop++
		}
		last := stop - 1
		if last >= j && ts[last].kind == kIdent && (last == j || ts[last-1].kind == kRParen && ts[j].kind == kLParen || x.opsAddress(j, last)) {
			if g := x.opsGlobal(&ts[last]); !o.inFn && (g == nil || g.typ != isFunction) && !fillsTable(x.text(callee), n) {
				j = stop + 1
				continue // names of pins, fields and the like
			}
			written := len(o.w.Bytes)
			x.opsValue(j, stop, func() { x.beginArg(i, open, n) })
			names = names || len(o.w.Bytes) > written
		}
		j = stop + 1
	}
	if names && o.inFn && ts[open+1].kind != kAmp {
		// A member and a name beside it: INDIRECT_CALL_2(ops->get, one, other, ...).
		stop := open + 1
		for stop < close && ts[stop].kind != kComma {
			if k := ts[stop].kind; k == kLParen || k == kLBrack {
				stop = x.after(stop)
				continue
			}
			stop++
		}
		if stop > close || ts[stop-1].kind != kIdent || ts[stop-2].kind != kArrow && ts[stop-2].kind != kDot {
			return false
		}
		o.path = o.path[:0]
		if root, ok := x.opsPlace(open+1, stop, 0); ok && len(o.path) > 0 {
			o.w.Begin(linkfacts.OpArg, callee.line)
			o.w.String(x.text(callee), callee.hash)
			o.w.Number(0)
			o.w.Number(0)
			o.w.Number(uint32(linkfacts.ValuePlace))
			x.writePlace(root)
		}
	}
	return false
}

// opsAddress reports whether toks[i:last+1] is the address of a function of the
// file.
func (x *extractor) opsAddress(i, last int) bool {
	if last != i+1 || x.toks[i].kind != kAmp {
		return false
	}
	g := x.opsGlobal(&x.toks[last])
	return g != nil && g.typ == isFunction
}

// beginArg starts the entry of argument n of the call of toks[i].
func (x *extractor) beginArg(i, open int, n uint32) {
	ts := x.toks
	w := &x.ops.w
	w.Begin(linkfacts.OpArg, ts[i].line)
	w.String(x.text(&ts[i]), ts[i].hash)
	w.Number(n)
	if n > 0 {
		stop := open + 1
		for stop < len(ts) && ts[stop].kind != kComma {
			switch ts[stop].kind {
			case kLParen, kLBrack, kLBrace:
				stop = x.after(stop)
				continue
			}
			stop++
		}
		x.ops.path = x.ops.path[:0]
		if root, ok := x.opsPlace(open+1, stop, 0); ok && root.kind != linkfacts.RootUnknown {
			w.Number(1)
			x.writePlace(root)
			return
		}
	}
	w.Number(0)
}

// opsRole keeps the hooks in scan to one line each: it is called for a member
// with what it does there.
func (x *extractor) opsRole(i int, r lang.Role) {
	if !x.ops.inFn {
		return
	}
	switch r {
	case lang.Dispatch:
		x.opsDispatch(i, i+1)
	case lang.Write:
		x.opsStore(i, i+2)
	}
}
