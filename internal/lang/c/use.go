package c

// Macros used where a declaration may stand. What they declare is known only
// when the definitions of the whole tree are; the use is recorded with its
// arguments for the linker that expands it.

import (
	"dekho/internal/lang/linkfacts"
)

// use records the macro toks[name], whose arguments are the group at
// toks[name+1] if there is one.
func (x *extractor) use(name int, flags uint32) {
	ts := x.toks
	if ts[name].kind != kIdent {
		return
	}
	var args []token
	if name+1 < len(ts) && ts[name+1].kind == kLParen {
		end := x.mate(name + 1)
		if end < 0 {
			return
		}
		flags |= linkfacts.FlagCall
		args = ts[name+2 : end]
	}
	if n := len(args); n > 0 && int(args[n-1].off+uint32(args[n-1].len)-args[0].off) > linkfacts.MaxText {
		return
	}
	x.f.Link = linkfacts.AppendUse(x.f.Link, ts[name].line, flags, x.text(&ts[name]), x.tokensText(args, false))
}

// useFunction records the macro that makes the function whose head is known: a
// macro in the place of the whole head, as in SYSCALL_DEFINE3(read, ...) { },
// or of its name alone, as in static int FNAME(walk)(void) { }.
func (x *extractor) useFunction(at int, generated bool) {
	name := int(x.items[at])
	switch {
	case generated:
		x.use(name, linkfacts.FlagBody)
	case x.pastedName(at):
		x.use(name, linkfacts.FlagBody|linkfacts.FlagName)
	}
}

// pastedName reports whether the function declarator at items[at] is
// NAME(...)(...): a macro that makes the name, and the parameters.
func (x *extractor) pastedName(at int) bool {
	if at+2 >= len(x.items) {
		return false
	}
	a, b, p := int(x.items[at]), int(x.items[at+1]), int(x.items[at+2])
	return x.toks[a].kind == kIdent && x.toks[p].kind == kLParen && x.after(b) == p
}

// secondMacro reports whether at toks[i] a second macro begins on the line of a
// first one: PAGEFLAG(...) TESTCLEARFLAG(...).
func (x *extractor) secondMacro(i int) bool {
	ts := x.toks
	return ts[i].kind == kIdent && i+1 < len(ts) && ts[i+1].kind == kLParen && x.bareMacro() &&
		macroName(x.text(&ts[i])) && macroName(x.text(&ts[x.bare()]))
}

// listMacro reports whether the head so far is a macro alone on its line, in
// front of another macro at toks[i]: it stands for declarations, and is no type
// of what follows.
func (x *extractor) listMacro(i int) bool {
	ts := x.toks
	if len(x.items) != 1 || ts[i].kind != kIdent || ts[i].flags&firstOnLine == 0 || !macroName(x.text(&ts[i])) {
		return false
	}
	first := int(x.items[0])
	return first == i-1 && x.alone(first) && macroName(x.text(&ts[first]))
}

// alone reports whether the identifier toks[i] has a line for itself: perhaps a
// macro without arguments that stands for declarations.
func (x *extractor) alone(i int) bool {
	ts := x.toks
	if ts[i].kind != kIdent || ts[i].flags&firstOnLine == 0 {
		return false
	}
	return i+1 == len(ts) || ts[i+1].flags&firstOnLine != 0 || ts[i+1].kind == kSemi
}
