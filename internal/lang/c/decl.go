package c

// Declarations at file scope, and the members of structs, unions and enums.

import (
	"bytes"

	"dekho/internal/lang"
	"dekho/internal/lang/linkfacts"
)

// file reads all external declarations.
func (x *extractor) file() {
	for i := 0; i < len(x.toks); {
		next := x.external(i)
		if next <= i { // cannot happen; a loop would be worse than a lost token
			next = i + 1
		}
		i = next
	}
}

// declFlags are the storage words met in a declaration.
type declFlags struct {
	typedef, extern, static bool
}

// external reads the declaration, definition or macro use that starts at
// toks[i] and returns where the next one starts.
func (x *extractor) external(i int) int {
	ts := x.toks
	start := i
	x.items = x.items[:0]
	var d declFlags
	for i < len(ts) {
		t := &ts[i]
		if t.flags&afterElse != 0 && i > start && len(x.items) > 0 {
			// The arm before this #else left a head without its body: both
			// arms declare what follows.
			if at, _ := x.function(); at >= 0 {
				x.declare(start, i, d, kLBrace)
			} else {
				x.scan(start, i, false)
			}
			return i
		}
		if t.flags&firstOnLine != 0 && x.bareMacro() && (t.kind == kIdent || t.kind.keyword()) {
			if next := x.oldStyle(start, i, d); next > 0 {
				return next // its type is int, since none stands there
			}
			x.use(x.bare(), 0)
			x.scan(start, i, false)
			return i
		}
		if x.listMacro(i) {
			x.scan(start, i, false)
			return i
		}
		if x.secondMacro(i) {
			x.use(x.bare(), 0)
			x.scan(start, i, false)
			return i
		}
		if t.kind == kDot && t.flags&firstOnLine != 0 && x.bareMacro() {
			x.use(x.bare(), 0) // MACHINE_START(...) .init = ..., MACHINE_END
		}
		switch t.kind {
		case kSemi:
			if next := x.oldStyleBehind(start, d); next > 0 {
				return next
			}
			x.declare(start, i, d, kSemi)
			return i + 1
		case kLBrace:
			return x.block(start, i, d)
		case kRBrace, kRParen, kRBrack:
			if len(x.items) > 0 {
				x.scan(start, i, false)
			}
			return i + 1
		case kAssign, kComma:
			if t.kind == kComma {
				if next := x.oldStyleBehind(start, d); next > 0 {
					return next
				}
			}
			return x.variables(start, i, d)
		case kwTypedef:
			d.typedef = true
			i++
		case kwExtern:
			d.extern = true
			i++
			if i < len(ts) && ts[i].kind == kString { // linkage
				i++
				if i < len(ts) && ts[i].kind == kLBrace {
					return i + 1 // what it holds is at file scope too
				}
			}
		case kwStatic:
			d.static = true
			i++
		case kwStruct, kwUnion, kwEnum:
			x.items = append(x.items, int32(i))
			i = x.tagged(i)
		case kwAttribute, kwAsm, kwAssert, kwTypeof:
			if t.kind == kwTypeof {
				x.items = append(x.items, int32(i))
			}
			i++
			for i < len(ts) && ts[i].kind == kwConst {
				i++
			}
			if i < len(ts) && ts[i].kind == kLParen {
				if t.kind == kwAsm && len(x.items) == 0 && x.mate(i) > i {
					x.fileAsm(i, x.mate(i))
				}
				i = x.after(i)
			}
		case kLParen, kLBrack:
			x.items = append(x.items, int32(i))
			i = x.after(i)
		case kwConst:
			i++
		default:
			x.items = append(x.items, int32(i))
			if len(x.items) == 1 && x.alone(i) {
				x.use(i, 0)
			}
			i++
		}
	}
	if start < len(ts) {
		x.declare(start, len(ts), d, kOther)
	}
	return len(ts)
}

// after is the index behind the group opened at toks[i]; of an unclosed group,
// behind its bracket.
func (x *extractor) after(i int) int {
	if m := x.mate(i); m > i {
		return m + 1
	}
	return i + 1
}

// bareMacro reports whether the head so far is NAME(...), perhaps behind words
// such as __read_mostly: a macro used as a declaration, which needs no
// semicolon.
func (x *extractor) bareMacro() bool {
	n := len(x.items)
	if n < 2 {
		return false
	}
	a, b := x.items[n-2], x.items[n-1]
	if x.toks[a].kind != kIdent || x.toks[b].kind != kLParen || b != a+1 {
		return false
	}
	if n > 2 && !macroName(x.text(&x.toks[a])) {
		return false
	}
	for _, i := range x.items[:n-2] {
		if x.toks[i].kind != kIdent || !annotation(x.text(&x.toks[i])) {
			return false
		}
	}
	return true
}

// bare is the name of the macro that bareMacro found.
func (x *extractor) bare() int { return int(x.items[len(x.items)-2]) }

// tagged reads struct, union or enum from its keyword: the tag, and the body if
// there is one. It returns the index behind.
func (x *extractor) tagged(i int) int {
	ts := x.toks
	kw, kwAt := ts[i].kind, i
	macro, tag, i := x.tag(i)
	if macro >= 0 {
		x.occ(&ts[macro], lang.Read)
	}
	if i >= len(ts) || ts[i].kind != kLBrace {
		if tag >= 0 {
			role := lang.TypeUse
			if i < len(ts) && ts[i].kind == kSemi && (tag < 2 || ts[tag-2].kind != kLParen) {
				role = lang.ForwardType
			}
			x.occ(&ts[tag], role)
		}
		return i
	}
	end := x.mate(i)
	if end < 0 {
		end = len(ts)
	}
	if tag >= 0 {
		role := lang.DefStruct
		switch kw {
		case kwUnion:
			role = lang.DefUnion
		case kwEnum:
			role = lang.DefEnum
		}
		x.occ(&ts[tag], role)
	}
	if kw == kwEnum {
		x.enumerators(i+1, end)
	} else {
		if x.ops.nested == 0 && end < len(ts) {
			x.opsStruct(kwAt, tag, i, end)
		}
		x.ops.nested++
		x.members(i+1, end)
		x.ops.nested--
	}
	if end == len(ts) {
		return end
	}
	return end + 1
}

// enumerators reads the body of an enum.
func (x *extractor) enumerators(i, end int) {
	ts := x.toks
	for i < end {
		t := &ts[i]
		if t.kind != kIdent {
			i++
			continue
		}
		if i+1 < end && ts[i+1].kind == kLParen { // a macro that makes enumerators
			stop := min(x.after(i+1), end)
			x.use(i, linkfacts.FlagEnum)
			x.scan(i, stop, false)
			i = stop
			continue
		}
		if i+1 >= end || ts[i+1].kind == kIdent {
			x.use(i, linkfacts.FlagEnum) // perhaps a macro that lists enumerators
		}
		x.occ(t, lang.DefEnumerator)
		j := i + 1
		for j < end && ts[j].kind != kComma {
			if k := ts[j].kind; k == kLParen || k == kLBrace || k == kLBrack {
				j = min(x.after(j), end)
				continue
			}
			j++
		}
		if j > i+1 {
			x.scan(i+1, j, false)
		}
		i = j + 1
	}
}

// members reads the declarations in the body of a struct or union.
func (x *extractor) members(i, end int) {
	ts := x.toks
	for i < end {
		first := i
		// The extent of the declaration, with bodies of nested types read on
		// the way.
		typed := false
		for i < end && ts[i].kind != kSemi {
			switch ts[i].kind {
			case kwStruct, kwUnion, kwEnum:
				i = min(x.tagged(i), end)
				typed = true
				first = i
				continue
			case kLParen, kLBrack, kLBrace:
				i = min(x.after(i), end)
				continue
			}
			i++
		}
		x.declarators(first, i, typed, lang.DefMember)
		i++
	}
}

// declarators reports the names declared in toks[i:end], a declaration without
// its semicolon (typed: its type specifier stands before i).
func (x *extractor) declarators(i, end int, typed bool, role lang.Role) {
	ts := x.toks
	if i >= end {
		return
	}
	initialised := end < len(ts) && ts[end].kind == kAssign
	if typed && !initialised && x.behindBody(i) && x.annotations(i, end) {
		return // struct name { ... } __packed;
	}
	// NAME(...) alone is a macro; struct_group(name, members) holds members.
	if !typed && ts[i].kind == kIdent && i+1 < end && ts[i+1].kind == kLParen && x.after(i+1) >= end {
		x.occ(&ts[i], lang.Call)
		if role == lang.DefMember {
			x.use(i, linkfacts.FlagMember)
		}
		inner, innerEnd := i+2, min(x.after(i+1)-1, end)
		for j := inner; j < innerEnd; j++ {
			if ts[j].kind == kSemi {
				for inner < innerEnd && ts[inner].kind != kComma {
					inner++
				}
				x.members(inner+1, innerEnd)
				return
			}
		}
		x.scan(inner, innerEnd, false)
		return
	}
	for i < end {
		stop := i
		for stop < end && ts[stop].kind != kComma {
			switch ts[stop].kind {
			case kLParen, kLBrack, kLBrace:
				stop = min(x.after(stop), end)
				continue
			}
			stop++
		}
		name := x.declarator(i, stop, typed)
		for j := i; j < stop; j++ {
			if j == name {
				x.occ(&ts[j], role)
				continue
			}
			if ts[j].kind == kIdent {
				if j > name && name >= 0 {
					if annotation(x.text(&ts[j])) {
						x.occ(&ts[j], lang.Read)
						continue
					}
					x.scan(j, stop, false)
					break
				}
				r := lang.TypeUse
				if j+1 < stop && ts[j+1].kind == kLParen {
					r = lang.Call
				}
				x.occ(&ts[j], r)
			}
		}
		typed = true
		i = stop + 1
	}
}

// declarator finds the name declared in toks[i:end], one declarator perhaps
// with its type before it, or -1.
func (x *extractor) declarator(i, end int, typed bool) int {
	ts := x.toks
	name := -1
	for j := i; j < end; {
		switch ts[j].kind {
		case kIdent:
			switch {
			case name < 0:
				if typed || j+1 >= end || ts[j+1].kind != kIdent && ts[j+1].kind != kStar && ts[j+1].kind != kwConst && ts[j+1].kind != kLParen && !ts[j+1].kind.keyword() {
					name = j
				}
				typed = true
			case !annotation(x.text(&ts[j])), j == name+1 && specifier(x.text(&ts[name])):
				name = j
			}
			j++
		case kColon, kAssign, kLBrack:
			return name
		case kLParen:
			m := x.after(j)
			if j+1 < end && name < 0 {
				// (*name)(...), (*name[3])(...)
				last := -1
				for k := j + 1; k < m && k < end; k++ {
					if ts[k].kind == kIdent {
						if last = k; !annotation(x.text(&ts[k])) {
							return k
						}
					}
				}
				if last >= 0 && ts[j+1].kind == kStar {
					return last
				}
			}
			if name >= 0 && (j != name+1 || !annotation(x.text(&ts[name]))) {
				return name
			}
			j = m
		case kwTypeof:
			typed = true
			if j++; j < end && ts[j].kind == kLParen {
				j = x.after(j)
			}
		case kwStruct, kwUnion, kwEnum:
			typed = true
			if j++; j+1 < end && ts[j].kind == kIdent {
				j++ // the tag: struct clk_hw *(*get)(void) declares get
			}
		case kwType:
			typed = true
			j++
		default:
			j++
		}
	}
	return name
}

// annotation reports whether a word in a declaration looks like an attribute
// macro (__iomem, __rcu, ____cacheline_aligned), which the tree defines away.
func annotation(w []byte) bool {
	return len(w) > 2 && w[0] == '_' && w[1] == '_'
}

// specifier reports whether an annotation is one that stands before names as
// well, which may begin with underscores themselves: typedef __u16 __bitwise
// __le16. No name is one of these words.
func specifier(w []byte) bool {
	switch string(w) {
	case "__bitwise", "__bitwise__", "__read_mostly", "__ro_after_init", "__initdata", "__refdata", "__percpu", "__rcu", "__iomem",
		"__user", "__kernel", "__force", "__private", "__maybe_unused", "__used", "__visible", "__weak":
		return true
	}
	return false
}

// behindBody reports whether nothing but annotations stands between toks[i] and
// the body of a type before it.
func (x *extractor) behindBody(i int) bool {
	ts := x.toks
	depth := 0
	const far = 64 // tokens of attributes
	for j := i - 1; j >= 0 && i-j < far; j-- {
		switch t := &ts[j]; {
		case t.kind == kRParen:
			depth++
		case t.kind == kLParen:
			depth--
		case depth > 0 || t.kind == kwAttribute:
		case t.kind == kRBrace:
			return true
		case t.kind != kIdent || !annotation(x.text(t)):
			return false
		}
	}
	return false
}

// annotations reports whether toks[i:end] is nothing but annotations, and if so
// says what they are.
func (x *extractor) annotations(i, end int) bool {
	ts := x.toks
	for j := i; j < end; {
		switch {
		case ts[j].kind == kIdent && annotation(x.text(&ts[j])), ts[j].kind == kwAttribute:
			j++
		case ts[j].kind == kLParen && j > i:
			j = x.after(j)
		default:
			return false
		}
	}
	x.scan(i, end, false)
	return true
}

// function finds the declarator of a function among the items of a head: the
// index into items of its name, or -1. generated tells that no type stands
// before the name, so that a macro makes the function.
func (x *extractor) function() (at int, generated bool) {
	ts := x.toks
	fallback := -1
	for k := 0; k+1 < len(x.items); k++ {
		a, b := int(x.items[k]), int(x.items[k+1])
		if ts[b].kind != kLParen {
			continue
		}
		switch ts[a].kind {
		case kIdent:
			if b != a+1 || x.attributeArgs(b) || attribute(x.text(&ts[a])) {
				continue
			}
			if k > 0 {
				switch ts[x.items[k-1]].kind {
				case kIdent, kStar, kwType, kwStruct, kwUnion, kwEnum, kwTypeof:
					return k, false
				}
			}
			if fallback < 0 {
				fallback = k
			}
		case kLParen:
			// void (*get(int a))(int), or int (name)(args)
			return k, false
		}
	}
	return fallback, fallback >= 0
}

// attribute reports whether a word with arguments is an attribute that can
// stand behind a variable's name, where a function's name might (see
// include/linux/compiler_attributes.h).
func attribute(w []byte) bool {
	switch string(w) {
	case "__aligned", "__section", "__alias", "__guarded_by":
		return true
	}
	return false
}

// attributeArgs reports whether the group at toks[open] holds only numbers and
// strings, as the arguments of attribute macros do: __printf(1, 2).
func (x *extractor) attributeArgs(open int) bool {
	end := x.mate(open)
	if end <= open+1 {
		return false
	}
	for j := open + 1; j < end; j++ {
		switch x.toks[j].kind {
		case kNumber, kString, kComma:
		default:
			return false
		}
	}
	return true
}

// block handles a brace at file scope: a function body, or something unknown
// that is stepped over.
func (x *extractor) block(start, brace int, d declFlags) int {
	ts := x.toks
	end := x.mate(brace)
	at, generated := x.function()
	if end < 0 {
		// Never closed. A function gets the rest of the file; anything else
		// loses only its brace.
		if at < 0 {
			x.scan(start, brace, false)
			return brace + 1
		}
		end = len(ts)
	}
	next := min(end+1, len(ts))
	if at < 0 {
		x.scan(start, brace, false)
		x.scan(brace+1, end, true)
		return next
	}
	x.functionBody(start, brace, end, at, generated, d)
	return next
}

func (x *extractor) functionBody(start, brace, end, at int, generated bool, d declFlags) {
	ts := x.toks
	name := int(x.items[at])
	params := int(x.items[at+1])
	if ts[name].kind == kLParen {
		name, params = x.nested(name)
	}
	fn := &ts[name]
	paramsEnd := x.mate(params)
	if paramsEnd < 0 {
		paramsEnd = brace
	}
	x.useFunction(at, generated)
	if generated && macroName(x.text(fn)) {
		// SYSCALL_DEFINE3(read, ...): called after its first argument.
		x.scan(start, brace, false)
		for j := params + 1; j < paramsEnd; j++ {
			if ts[j].kind == kIdent {
				fn = &ts[j]
				break
			}
		}
	} else {
		x.head(start, brace, name, params, paramsEnd, lang.DefFunction)
	}
	last := x.f.Lines
	if end < len(ts) {
		last = ts[end].line
	}
	x.f.Funcs = append(x.f.Funcs, lang.Func{Name: lang.Span{Off: fn.off, Len: uint32(fn.len)}, Start: fn.line, End: last})
	x.logFunc(fn, d.static, ts[min(params+1, paramsEnd):paramsEnd], ts[start:name])
	x.opsBegin(start, name, fn, min(params+1, paramsEnd), paramsEnd, d.static)
	x.scan(brace+1, end, true)
	x.opsEnd()
	x.logFuncEnd()
}

// nested finds the name and the parameters in the group at toks[open], which
// is (name) or (*name(params)).
func (x *extractor) nested(open int) (name, params int) {
	ts := x.toks
	end := x.mate(open)
	for j := open + 1; j < end; j++ {
		if ts[j].kind == kIdent && !annotation(x.text(&ts[j])) {
			if ts[j+1].kind == kLParen {
				return j, j + 1
			}
			if end+1 < len(ts) && ts[end+1].kind == kLParen {
				return j, end + 1
			}
			return j, open
		}
	}
	return open, open
}

// head reports the words of a function's declaration.
func (x *extractor) head(start, end, name, params, paramsEnd int, role lang.Role) {
	ts := x.toks
	for j := start; j < end; j++ {
		switch {
		case j == name:
			if ts[j].kind == kIdent {
				x.occ(&ts[j], role)
			}
		case j == params:
			x.params(params+1, min(paramsEnd, end), role == lang.DefFunction)
			j = min(paramsEnd, end)
		case ts[j].kind == kIdent && !x.tagAt(j):
			r := lang.TypeUse
			if j+1 < end && ts[j+1].kind == kLParen && j+1 != params {
				r = lang.Call
			}
			x.occ(&ts[j], r)
		}
	}
}

// tagAt reports whether toks[i] is the tag behind struct, union or enum, which
// tagged has reported already.
func (x *extractor) tagAt(i int) bool {
	if i == 0 {
		return false
	}
	switch x.toks[i-1].kind {
	case kwStruct, kwUnion, kwEnum:
		return true
	}
	return false
}

// params reports the parameters in toks[i:end]; of a prototype (named false)
// the names are nobody's question.
func (x *extractor) params(i, end int, named bool) {
	ts := x.toks
	for i < end {
		stop := i
		for stop < end && ts[stop].kind != kComma {
			switch ts[stop].kind {
			case kLParen, kLBrack:
				stop = min(x.after(stop), end)
				continue
			}
			stop++
		}
		name := -1
		if stop > i+1 {
			name = x.declarator(i, stop, false)
			if name == i {
				name = -1
			}
		}
		for j := i; j < stop; j++ {
			if ts[j].kind != kIdent {
				continue
			}
			switch {
			case j == name:
				if named {
					x.occ(&ts[j], lang.DefParam)
				}
			case name >= 0 && j > name && j > i && ts[j-1].kind != kLParen && ts[j-1].kind != kwStruct:
				x.occ(&ts[j], lang.Read)
			default:
				x.occ(&ts[j], lang.TypeUse)
			}
		}
		i = stop + 1
	}
}

// declare handles a declaration that ends without body or initialiser at
// toks[end].
func (x *extractor) declare(start, end int, d declFlags, by kind) {
	if len(x.items) == 0 {
		return
	}
	ts := x.toks
	first := int(x.items[0])
	if x.bareMacro() {
		x.use(x.bare(), 0)
		x.scan(start, end, false)
		return
	}
	last := len(x.items) - 1
	if last == 0 && first == start && end == first+1 && ts[first].kind == kIdent {
		x.scan(start, end, false) // a macro without parameters that declares something
		return
	}
	if k := ts[first].kind; last == 0 && (k == kwStruct || k == kwUnion || k == kwEnum) {
		return // a type alone
	}
	if d.typedef {
		x.named(start, end, lang.DefTypedef)
		x.opsTypedef(start, end)
		return
	}
	if at, generated := x.function(); at >= 0 && !x.variable(at) {
		name, params := int(x.items[at]), int(x.items[at+1])
		if ts[name].kind == kLParen {
			name, params = x.nested(name)
		}
		if !generated {
			role := lang.Declaration
			if by == kLBrace || x.aliasOf(params, end) {
				role = lang.DefFunction
			}
			x.head(start, end, name, params, max(x.mate(params), params), role)
			return
		}
		x.scan(start, end, false)
		return
	}
	role := lang.DefVariable
	if d.extern && !x.aliasOf(start, end) {
		role = lang.Declaration
	}
	x.named(start, end, role)
	x.opsVariables(start, end, d)
}

// aliasOf reports whether a declaration has the attribute alias, which makes it
// a definition: another name of something in the same file.
func (x *extractor) aliasOf(start, end int) bool {
	for j := start; j+1 < end; j++ {
		t := &x.toks[j]
		if t.kind == kIdent && (t.len == 5 || t.len == 9) && x.toks[j+1].kind == kLParen {
			if w := x.text(t); is(w, "alias") || is(w, "__alias__") {
				return true
			}
		}
	}
	return false
}

// variable reports whether the function declarator found at items[at] is the
// declaration of a pointer instead: int (*fn)(void).
func (x *extractor) variable(at int) bool {
	ts := x.toks
	open := int(x.items[at])
	if ts[open].kind != kLParen {
		return false
	}
	end := x.mate(open)
	if end < 0 || open+1 >= end || ts[open+1].kind != kStar {
		return false
	}
	for j := open + 1; j < end; j++ {
		if ts[j].kind == kLParen {
			return false // (*name(params)): a function after all
		}
	}
	return true
}

// named reports the declarators of the declaration toks[start:end], whose
// items are known; types with bodies in it have been reported.
func (x *extractor) named(start, end int, role lang.Role) {
	// Begin behind the type specifier if that was a tagged type.
	ts := x.toks
	i := start
	typed := false
	for i < end {
		switch ts[i].kind {
		case kwTypedef, kwExtern, kwStatic, kwConst, kString:
			i++
			continue
		case kwAttribute, kwTypeof:
			typed = typed || ts[i].kind == kwTypeof
			i++
			if i < end && ts[i].kind == kLParen {
				i = min(x.after(i), end)
			}
			continue
		case kwType:
			typed = true
			i++
			continue
		case kwStruct, kwUnion, kwEnum:
			typed = true
			i = min(x.behindTag(i), end)
			continue
		}
		break
	}
	x.declarators(i, end, typed, role)
}

// tag reads struct, union or enum from its keyword up to the body: the index of
// the tag and that of an attribute macro before it (struct __packed foo {), -1
// where there is none, and the index behind.
func (x *extractor) tag(i int) (macro, tag, next int) {
	ts := x.toks
	i++
	for i < len(ts) && (ts[i].kind == kwAttribute || ts[i].kind == kwConst) {
		i++
		if i < len(ts) && ts[i].kind == kLParen {
			i = x.after(i)
		}
	}
	if i >= len(ts) || ts[i].kind != kIdent {
		return -1, -1, i
	}
	if i+2 < len(ts) && ts[i+1].kind == kIdent && ts[i+2].kind == kLBrace {
		return i, i + 1, i + 2
	}
	return -1, i, i + 1
}

// behindTag is the index behind a tagged type that tagged has read before.
func (x *extractor) behindTag(i int) int {
	_, _, i = x.tag(i)
	if i < len(x.toks) && x.toks[i].kind == kLBrace {
		i = x.after(i)
	}
	return i
}

// variables handles a declaration that reached `=` or `,` outside brackets at
// toks[i]: the declarators up to the semicolon, with their initialisers.
func (x *extractor) variables(start, i int, d declFlags) int {
	ts := x.toks
	role := lang.DefVariable
	switch {
	case d.typedef:
		role = lang.DefTypedef
	case d.extern:
		role = lang.Declaration
	}
	if x.bareMacro() {
		x.use(x.bare(), 0)
		x.scan(start, i, false) // DEFINE_PER_CPU(int, x) = 1
	} else {
		x.named(start, i, role)
		x.opsVariable(start, i, d)
	}
	for i < len(ts) {
		switch ts[i].kind {
		case kSemi:
			return i + 1
		case kAssign:
			stop := x.initialiser(i + 1)
			x.scan(i+1, stop, false)
			if name := x.charArray(start, i); name >= 0 && !d.extern {
				x.logText(&ts[name], d.static, ts[i+1:stop])
			}
			i = stop
		case kComma:
			stop := i + 1
			for stop < len(ts) && ts[stop].kind != kComma && ts[stop].kind != kSemi && ts[stop].kind != kAssign {
				switch ts[stop].kind {
				case kLParen, kLBrack:
					stop = x.after(stop)
					continue
				case kLBrace, kRBrace:
					return stop // lost: let the next declaration try
				}
				stop++
			}
			x.declarators(i+1, stop, true, role)
			i = stop
		default:
			return i
		}
	}
	return len(ts)
}

// charArray is the index of the name in a declarator of an array or pointer of
// characters that ends before its initialiser at toks[end], or -1.
func (x *extractor) charArray(start, end int) int {
	char, name := false, -1
	for i := start; i < end; i++ {
		switch t := &x.toks[i]; t.kind {
		case kwType:
			char = char || is(x.text(t), "char")
		case kIdent:
			if name < 0 || !annotation(x.text(t)) {
				name = i
			}
		case kLParen:
			return -1
		case kLBrack:
			if i+1 < end && x.toks[i+1].kind != kRBrack && x.toks[i+1].kind != kNumber {
				return -1
			}
		}
	}
	if !char {
		return -1
	}
	return name
}

// initialiser is the index of the comma or semicolon that ends the initialiser
// at toks[i].
func (x *extractor) initialiser(i int) int {
	ts := x.toks
	for i < len(ts) {
		switch ts[i].kind {
		case kComma, kSemi:
			return i
		case kRBrace, kRParen, kRBrack:
			return i
		case kLParen, kLBrack, kLBrace:
			i = x.after(i)
			continue
		}
		i++
	}
	return len(ts)
}

// macroName reports whether a name is spelled as macros are: no lower case
// before the first underscore or digit group, as in SYSCALL_DEFINE3.
func macroName(w []byte) bool {
	up := bytes.ContainsAny(w, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	low := bytes.ContainsAny(w, "abcdefghijklmnopqrstuvwxyz")
	return up && !low
}
