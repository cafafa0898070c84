package asm

// Statements: labels, directives, instructions and uses of macros.

import (
	"bytes"

	"dekho/internal/lang"
	"dekho/internal/lang/cpp"
)

// branch is an occurrence that an instruction goes to.
type branch struct {
	occ  int32
	hash uint32
	kind transfer
}

// maxNest bounds statements within the arguments of macros:
// ALT_SMP(W(b) target).
const maxNest = 8

// statement reads the statement in x.toks.
func (x *extractor) statement() {
	if len(x.toks) > 0 {
		x.parse(x.toks, 0)
	}
}

func (x *extractor) parse(ts []token, nest int) {
	ts = x.leadingLabels(ts)
	// Predicates and bundles: (p6) br.cond foo, { .mmi.
	for len(ts) > 0 {
		switch ts[0].kind {
		case '(':
			n := closing(ts, 0)
			if n+1 >= len(ts) {
				x.operands(ts, noTransfer, lang.Read)
				return
			}
			ts = ts[n+1:]
			continue
		case '{', '}', ';', '*':
			ts = ts[1:]
			continue
		}
		break
	}
	if len(ts) == 0 {
		return
	}
	head := &ts[0]
	if head.kind != kIdent || head.glued {
		x.operands(ts[1:], noTransfer, lang.Read) // the instruction is an argument: \op x0, foo
		return
	}
	name := x.tokenText(head)
	switch {
	case len(ts) > 1 && ts[1].kind == '=' && string(name) == ".":
		x.operands(ts[2:], noTransfer, lang.Read)
	case len(ts) > 1 && ts[1].kind == '=' && !register(name):
		rest := ts[2:]
		if len(rest) > 0 && rest[0].kind == '=' {
			rest = rest[1:]
		}
		x.assign(head, rest)
	case len(ts) > 1 && ts[1].kind == kIdent && string(x.tokenText(&ts[1])) == ".req":
		x.report(head, lang.DefLocal) // a name for a register, in this file
	case name[0] == '.':
		x.directive(name, ts[1:])
	case len(ts) > 1 && ts[1].kind == '(' && !ts[1].blank:
		x.invocation(ts, nest)
	default:
		x.instruction(head, ts[1:])
	}
}

// leadingLabels takes the labels off the front of a statement.
func (x *extractor) leadingLabels(ts []token) []token {
	for len(ts) >= 2 {
		switch {
		case ts[0].kind == kIdent && !ts[0].glued && ts[1].kind == ':':
			x.addLabel(&ts[0], shapeLabel)
			ts = ts[2:]
		case ts[0].kind == kIdent && ts[1].kind == '(' && !ts[1].blank:
			n := closing(ts, 1)
			if n+1 >= len(ts) || ts[n+1].kind != ':' {
				return ts
			}
			x.report(&ts[0], lang.Call)
			if n == 3 && ts[2].kind == kIdent { // _C_LABEL(foo):, C_ENTRY(foo):
				sh := shapeLabel
				if spelling(x.tokenText(&ts[0])).shape == shapeFunc {
					sh = shapeFunc
				}
				x.addLabel(&ts[2], sh)
			} else {
				x.operands(ts[2:n], noTransfer, lang.Read)
			}
			ts = ts[n+2:]
		case ts[0].kind == kParam || ts[0].glued:
			// A label that a macro's argument names or completes.
			n := 1
			for n < len(ts) && (ts[n].kind == kParam || ts[n].kind == kIdent && ts[n].glued) && !ts[n].blank {
				n++
			}
			if n >= len(ts) || ts[n].kind != ':' {
				return ts
			}
			if n == 1 && ts[0].kind == kParam {
				x.learnParam(&ts[0], shapeLabel)
			}
			ts = ts[n+1:]
		default:
			return ts
		}
		for len(ts) > 0 && ts[0].kind == ':' {
			ts = ts[1:]
		}
	}
	return ts
}

// closing is the index of the parenthesis that closes ts[open], or that of the
// last token.
func closing(ts []token, open int) int {
	depth := 0
	for i := open; i < len(ts); i++ {
		switch ts[i].kind {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(ts) - 1
}

// assign handles `name = expression`.
func (x *extractor) assign(name *token, value []token) {
	sh := shapeConstant
	if len(value) > 0 && (value[0].kind == kIdent || value[0].kind == kParam) {
		// The address of something, or another name for it.
		if w := x.tokenText(&value[0]); len(value) == 1 && hasLower(w) || string(w) == "." {
			sh = shapeAlias
		}
	}
	n := len(x.labels)
	x.addLabel(name, sh)
	if sh == shapeAlias && len(x.labels) > n {
		x.labels[n].target = lang.Hash(x.tokenText(&value[0]))
	}
	x.operands(value, noTransfer, lang.Address)
}

// invocation handles NAME(arguments) at the start of a statement, and what
// follows it there.
func (x *extractor) invocation(ts []token, nest int) {
	end := closing(ts, 1)
	args, rest := ts[2:], []token(nil)
	if ts[end].kind == ')' {
		args, rest = ts[2:end], ts[end+1:]
	}
	head := &ts[0]
	x.report(head, lang.Call)
	tm := x.shapeOf(x.tokenText(head))
	arg := nthArg(args, int(tm.arg))
	switch {
	case tm.shape == shapeNone || arg == nil:
	case tm.shape == shapeEnd:
		if arg.kind == kIdent {
			x.ended(arg)
			x.report(arg, lang.Declaration)
		}
		return
	case arg.kind == kParam:
		x.learnParam(arg, tm.shape)
		return
	case arg.kind == kIdent && !arg.glued:
		sh := tm.shape
		if sh == shapeInner && x.mentions(args, "GLOBAL", "WEAK") {
			sh = shapeEntry
		}
		if x.body && (x.isParam(arg) || sh != shapeFunc) {
			break
		}
		x.defineArg(arg, sh, args)
		return
	}
	if len(args) == 1 && args[0].kind == kIdent && len(rest) > 0 {
		x.instruction(&args[0], rest) // W(b) target
		return
	}
	if nest < maxNest && statementLike(args) {
		x.parse(args, nest+1) // ARM( bl foo )
	} else {
		x.operands(args, noTransfer, lang.Read)
	}
	if len(rest) > 0 && nest < maxNest {
		x.parse(rest, nest+1)
	}
}

// defineArg reports the argument that a macro makes a label of, and the others.
func (x *extractor) defineArg(arg *token, sh shape, args []token) {
	n := len(x.labels)
	for i := range args {
		if &args[i] == arg {
			x.operands(args[:i], noTransfer, lang.Read)
			x.addLabel(arg, sh)
			if sh == shapeAlias && len(x.labels) > n {
				for j := i + 1; j < len(args); j++ {
					if args[j].kind == kIdent {
						x.labels[n].target = lang.Hash(x.tokenText(&args[j]))
						break
					}
				}
			}
			x.operands(args[i+1:], noTransfer, lang.Address)
			return
		}
	}
}

// nthArg is the token of an argument that is a single name, or nil. Argument -1
// is the last.
func nthArg(args []token, n int) *token {
	depth, at, start := 0, 0, 0
	for i := 0; i <= len(args); i++ {
		if i < len(args) {
			switch args[i].kind {
			case '(':
				depth++
			case ')':
				depth--
			}
			if depth > 0 || args[i].kind != ',' {
				continue
			}
		}
		if at == n || n < 0 && i == len(args) {
			if i == start+1 {
				return &args[start]
			}
			return nil
		}
		at++
		start = i + 1
	}
	return nil
}

// mentions reports whether one of the words is part of a name among ts.
func (x *extractor) mentions(ts []token, words ...string) bool {
	for i := range ts {
		for _, w := range words {
			if ts[i].kind == kIdent && bytes.Contains(x.tokenText(&ts[i]), []byte(w)) {
				return true
			}
		}
	}
	return false
}

// statementLike reports whether the argument of a macro is a statement: a word
// and an operand that no comma parts.
func statementLike(args []token) bool {
	if len(args) < 2 || args[0].kind != kIdent {
		return len(args) > 1 && args[0].kind == kParam
	}
	switch args[1].kind {
	case kIdent, kParam, kNumber:
		return true
	case '%', '$', '#', '[', '{', '(', '=', '*':
		return args[1].blank || args[1].kind == '('
	}
	return false
}

// instruction handles an instruction, or the use of an assembler macro, whose
// name is head.
func (x *extractor) instruction(head *token, ops []token) {
	name := x.tokenText(head)
	if len(ops) > 0 && !ops[0].blank && (ops[0].kind == ',' || ops[0].kind == '/') {
		for len(ops) > 0 && !ops[0].blank {
			ops = ops[1:] // completers: ba,pt bt/s cmpb,<>,n
		}
	}
	h := lang.Hash(name)
	tm, known := x.templates[h]
	if known || macroLike(name) {
		x.report(head, lang.Call)
		x.sectionMacro(name)
		if sp := x.shapeOf(name); !known && sp.shape == shapeAlias {
			tm, known = sp, true // globl_equ new, old: a macro of another file
		}
	}
	if known && tm.shape != shapeNone && tm.shape != shapeEnd {
		if arg := nthOperand(ops, int(tm.arg)); arg != nil && arg.kind == kIdent && !arg.glued {
			x.defineArg(arg, tm.shape, ops)
			return
		} else if arg != nil && arg.kind == kParam {
			x.learnParam(arg, tm.shape)
		}
	}
	role := lang.Read
	if takesAddress(name) {
		role = lang.Address
	}
	if !known && x.d.anywhere {
		for i := range ops {
			if ops[i].kind == kIdent {
				if t := x.transferOf(x.tokenText(&ops[i])); t != noTransfer {
					x.operands(ops[:i], noTransfer, lang.Read)
					x.operands(ops[i+1:], t, role)
					return
				}
			}
		}
	}
	t := noTransfer
	if !known && len(ops) > 0 {
		t = x.transferOf(name)
	}
	x.operands(ops, t, role)
}

// nthOperand is the token of an operand of an assembler macro, where blanks
// part arguments as well as commas.
func nthOperand(ops []token, n int) *token {
	at := 0
	for i := range ops {
		if ops[i].kind == ',' {
			continue
		}
		if at == n {
			return &ops[i]
		}
		if i+1 < len(ops) && (ops[i+1].blank || ops[i+1].kind == ',') {
			at++
		}
	}
	return nil
}

// transferOf is what an instruction does with the name that is its operand.
func (x *extractor) transferOf(name []byte) transfer {
	h := lang.Hash(name)
	t, ok := x.transfers[h]
	if !ok {
		t = x.d.branch(string(name))
		x.transfers[h] = t
	}
	return t
}

// operands reports the names among operands. The target of a jump or call is
// the last that is neither register nor constant.
func (x *extractor) operands(ts []token, t transfer, role lang.Role) {
	target := -1
	if t != noTransfer {
		for i := range ts {
			tok := &ts[i]
			if tok.kind != kIdent || tok.glued || decoration(ts, i) || register(x.tokenText(tok)) {
				continue
			}
			if i > 0 {
				switch ts[i-1].kind {
				case '$', '#', '*', '@', '[', '+', '-':
					continue
				}
			}
			if w := x.tokenText(tok); !hasLower(w) && i+1 < len(ts) && ts[i+1].kind == '(' {
				continue // DOTSYM(foo)
			}
			target = i
		}
	}
	address := 0 // > 0: within that many parentheses of %hi(...)
	depth := 0
	for i := range ts {
		tok := &ts[i]
		switch tok.kind {
		case '(':
			depth++
			continue
		case ')':
			depth--
			if depth < address {
				address = 0
			}
			continue
		case kString:
			x.quoted(tok)
			continue
		case kIdent:
		default:
			continue
		}
		if tok.glued {
			continue
		}
		next := kind(0)
		if i+1 < len(ts) && !ts[i+1].blank {
			next = ts[i+1].kind
		}
		if decoration(ts, i) {
			if next == '(' {
				address = depth + 1
			}
			continue
		}
		w := x.tokenText(tok)
		prev := kind(0)
		if i > 0 {
			prev = ts[i-1].kind
		}
		r := role
		switch {
		case i == target:
			r = lang.Call
			x.branches = append(x.branches, branch{int32(len(x.f.Occs)), lang.Hash(w), t})
		case !hasLower(w):
			r = lang.Read
			if next == '(' && i+2 < len(ts) && !x.base(&ts[i+2]) {
				r = lang.Call
			}
		case prev == '$' || prev == '=' || prev == '&' || next == '@' || address > 0:
			r = lang.Address
		case next == '(' && x.isMacro(w):
			r = lang.Call
		}
		if i != target && register(w) {
			x.doubtful = append(x.doubtful, int32(len(x.f.Occs)))
		}
		n := len(x.f.Occs)
		x.report(tok, r)
		if len(x.f.Occs) == n { // not reported after all
			if k := len(x.doubtful); k > 0 && int(x.doubtful[k-1]) == n {
				x.doubtful = x.doubtful[:k-1]
			}
			if k := len(x.branches); k > 0 && int(x.branches[k-1].occ) == n {
				x.branches = x.branches[:k-1]
			}
		} else if x.body && i == target {
			x.branches = x.branches[:len(x.branches)-1]
		}
	}
}

// quoted reports what the instructions in a string call: some macros take code
// as text, ALTERNATIVE "call foo; nop", "call bar", FEATURE.
func (x *extractor) quoted(t *token) {
	s := x.src[:t.off+t.len]
	if x.body {
		return
	}
	for i := int(t.off) + 1; i < len(s); i++ {
		from := i
		for i < len(s) && s[i] != ';' && s[i] != '"' && s[i] != '\n' {
			i++
		}
		words := bytes.Fields(s[from:i])
		if len(words) != 2 || len(words[0]) > 16 || x.transferOf(words[0]) == noTransfer {
			continue
		}
		name := words[1]
		if !nameStart(name[0]) || name[0] == '.' || bytes.IndexFunc(name, func(r rune) bool { return r > 0x7f || !nameByte(byte(r)) }) >= 0 || register(name) {
			continue
		}
		at := from + bytes.LastIndex(s[from:i], name)
		n := len(x.f.Occs)
		cpp.Report(x.f, x.src, at, at+len(name), t.line+uint32(bytes.Count(s[t.off:at], newline)), lang.Call)
		if len(x.f.Occs) > n {
			x.branches = append(x.branches, branch{int32(n), lang.Hash(name), x.transferOf(words[0])})
		}
	}
}

// decoration reports whether the name ts[i] says how to relocate another, or
// is a register marked as one: %rax, %hi(foo), foo@GOTPCREL, :lo12:foo.
func decoration(ts []token, i int) bool {
	if i == 0 {
		return false
	}
	switch ts[i-1].kind {
	case '%', '@':
		return !ts[i].blank
	case ':':
		return i+1 < len(ts) && ts[i+1].kind == ':'
	}
	return false
}

// base reports whether a token behind a parenthesis is the register of an
// address, as in PT_RA(sp).
func (x *extractor) base(t *token) bool {
	return t.kind == '%' || t.kind == '$' || t.kind == kIdent && register(x.tokenText(t))
}

// isMacro reports whether a name is a macro of this file.
func (x *extractor) isMacro(w []byte) bool {
	_, ok := x.templates[lang.Hash(w)]
	return ok
}

// macroLike reports whether a word in the place of an instruction is spelled
// as no instruction is: with an underscore, or a capital.
func macroLike(w []byte) bool {
	for _, c := range w {
		if c == '_' || c >= 'A' && c <= 'Z' {
			return true
		}
	}
	return false
}

func hasLower(w []byte) bool {
	for _, c := range w {
		if c >= 'a' && c <= 'z' || c >= 0x80 {
			return true
		}
	}
	return false
}
