package lens

// The arms of #if around a line.

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
)

// Term is a condition, or that it does not hold.
type Term struct {
	Expr    string // without comments at its ends, blanks folded
	Defined bool   // Expr is a name, which has to be defined
	Not     bool
}

// String is the term in C, without the defined() of an #ifdef.
func (t *Term) String() string {
	switch {
	case !t.Not && strings.Contains(t.Expr, "||"):
		return "(" + t.Expr + ")"
	case !t.Not:
		return t.Expr
	case isName(t.Expr):
		return "!" + t.Expr
	}
	return "!(" + t.Expr + ")"
}

func isName(s string) bool {
	for i := range len(s) {
		if !isIdent(s[i]) {
			return false
		}
	}
	return s != ""
}

// evaluate judges by a term.
func (t *Term) evaluate(lookup macros) State {
	s := Unknown
	switch {
	case !t.Defined:
		s = evaluate(t.Expr, lookup)
	case isName(t.Expr):
		s = lookup(t.Expr).defined
	}
	if t.Not {
		s = In - s
	}
	return s
}

// names are the identifiers of a term, in order.
func (t *Term) names() []string {
	var names []string
	for i := 0; i < len(t.Expr); {
		if !isIdent(t.Expr[i]) {
			i++
			continue
		}
		start := i
		for i < len(t.Expr) && isIdent(t.Expr[i]) {
			i++
		}
		if name := t.Expr[start:i]; name != "defined" && (name[0] < '0' || name[0] > '9') && !strings.HasPrefix(name, "IS_") {
			names = append(names, name)
		}
	}
	return names
}

// Arm is an arm of an #if that governs a line.
type Arm struct {
	// Line is that of its directive.
	Line uint32
	// Terms must all hold: the arm's own condition, and that those of the arms
	// before it do not.
	Terms []Term
}

// String is the condition of the arm in C. What an #elif comes after is left out
// behind its own condition, as one does who reads the source; of a long chain
// before an #else, the last arms are shown.
func (a *Arm) String() string {
	const most = 3
	var parts []string
	for i := range a.Terms {
		if i > 0 && !a.Terms[0].Not || i == most {
			break
		}
		parts = append(parts, a.Terms[i].String())
	}
	return strings.Join(parts, " && ")
}

// Governing is the arms around a line of a file with the given conditions and
// number of lines, outermost first, but for the guard of a header.
func Governing(conds []index.Cond, lines, line uint32) []Arm {
	var arms []Arm
	for i := range conds {
		c := &conds[i]
		if line < c.Start || line > c.End || isGuard(c, lines) {
			continue
		}
		arms = append(arms, armOf(conds, i))
	}
	slices.SortStableFunc(arms, func(a, b Arm) int { return cmp.Compare(a.Line, b.Line) })
	return arms
}

// armOf is an arm with the arms before it in its chain.
func armOf(conds []index.Cond, i int) Arm {
	c := &conds[i]
	a := Arm{Line: c.Start - 1}
	if c.Kind != lang.CondElse {
		a.Terms = []Term{termOf(c)}
	}
	for c.Kind == lang.CondElse || c.Kind != c.Kind.First() {
		// The arm before ends last of all that end before this one begins: what
		// is nested in it ends earlier.
		before := -1
		for n := range conds {
			if p := &conds[n]; n != i && p.End < c.Start && (before < 0 || p.End > conds[before].End) {
				before = n
			}
		}
		if before < 0 {
			if c.Kind == lang.CondElse { // a chain that was not recorded whole
				t := termOf(c)
				t.Not = !t.Not
				a.Terms = append(a.Terms, t)
			}
			break
		}
		i, c = before, &conds[before]
		t := termOf(c)
		t.Not = !t.Not
		a.Terms = append(a.Terms, t)
		if len(a.Terms) > maxChain {
			break
		}
	}
	return a
}

// maxChain bounds how many arms before one are looked at.
const maxChain = 200

// termOf is the condition of an arm on its own.
func termOf(c *index.Cond) Term {
	t := Term{Expr: strings.Join(strings.Fields(c.Expr), " ")}
	switch c.Kind.First() {
	case lang.CondIfdef:
		t.Defined = true
	case lang.CondIfndef:
		t.Defined, t.Not = true, true
	}
	return t
}

// isGuard reports whether an #if is there to have a header read once.
func isGuard(c *index.Cond, lines uint32) bool {
	if c.Kind == lang.CondIf && strings.Contains(c.Expr, "TRACE_HEADER_MULTI_READ") {
		return true // of a header of trace events, which is read several times
	}
	if c.Kind != lang.CondIfndef || strings.HasPrefix(c.Expr, "CONFIG_") || c.Expr == "__ASSEMBLY__" {
		return false
	}
	return strings.HasSuffix(c.Expr, "_H") || strings.HasSuffix(c.Expr, "_H_") || strings.HasSuffix(c.Expr, "_H__") || c.End+2 >= lines
}

// predefined are macros that every translation unit of a kernel has, or has not.
var predefined = map[string]State{
	"__KERNEL__": In, "__linux__": In, "__STDC__": In, "__GNUC__": In, "KBUILD_MODNAME": In, "KBUILD_BASENAME": In,
	"__cplusplus": Out, "__GENKSYMS__": Out, "__CHECKER__": Out, "__INTEL_COMPILER": Out, "__UBOOT__": Out, "_WIN32": Out,
	"__KERNEL_STRICT_NAMES": In,
}

// macro is what is known of an identifier in a unit.
func (l *Lens) macro(name string, u unit) macro {
	if isConfigSymbol(name) {
		m := l.configMacro(name)
		if m.defined == Out && (l.definedInTree(name) || u.object != "" && l.build.Defines(u.object, name) != Out) {
			return macro{defined: Unknown}
		}
		return m
	}
	plain := func(s State) macro { return macro{s, value{truth(s == In).n, s != Unknown}} }
	if s, ok := predefined[name]; ok {
		m := plain(s)
		m.value.known = s == Out
		return m
	}
	switch name {
	case "MODULE":
		return plain(u.module)
	case "__ASSEMBLY__", "__ASSEMBLER__":
		return plain(u.assembly)
	case "BITS_PER_LONG", "__BITS_PER_LONG":
		return macro{In, value{int64(l.arch.Bits), l.arch.Bits != 0}}
	case "LINUX_VERSION_CODE":
		return macro{In, value{l.version, l.version != 0}}
	case "__LP64__", "_LP64":
		return plain(l.wide(64))
	case "__clang__":
		return plain(l.configMacro("CONFIG_CC_IS_CLANG").defined)
	case "GCC_VERSION":
		return macro{In, l.configMacro("CONFIG_GCC_VERSION").value}
	case "CLANG_VERSION":
		return macro{In, l.configMacro("CONFIG_CLANG_VERSION").value}
	case "__LITTLE_ENDIAN", "__LITTLE_ENDIAN_BITFIELD":
		return macro{defined: l.endian(littleEndian)}
	case "__BIG_ENDIAN", "__BIG_ENDIAN_BITFIELD":
		return macro{defined: l.endian(bigEndian)}
	}
	if strings.HasPrefix(name, "__") {
		return plain(l.compilerMacro(name))
	}
	if u.object != "" && l.build.Defines(u.object, name) == In {
		return macro{defined: In}
	}
	return plain(Unknown)
}

func (l *Lens) wide(bits int) State {
	switch l.arch.Bits {
	case 0:
		return Unknown
	case bits:
		return In
	}
	return Out
}

// configMacro is what include/generated/autoconf.h makes of the configuration.
func (l *Lens) configMacro(name string) macro {
	v, ok := l.symbol(name)
	switch {
	case !ok && strings.HasSuffix(name, "_MODULE"):
		if v, ok = l.symbol(strings.TrimSuffix(name, "_MODULE")); ok {
			return macro{truth(v == "m").state(), truth(v == "m")}
		}
		return macro{defined: Unknown}
	case !ok:
		return macro{defined: Unknown}
	case v == "y":
		return macro{In, known(1)}
	case v == "" || v == "m":
		if sym, cut := strings.CutSuffix(name, "_MODULE"); cut && isConfigSymbol(sym) {
			if v, ok := l.symbol(sym); ok && v == "m" {
				return macro{In, known(1)}
			}
		}
		return macro{Out, known(0)}
	}
	n, err := strconv.ParseInt(v, 0, 64)
	return macro{In, value{n, err == nil}}
}

// definedInTree reports whether a symbol that the configuration does not name is
// a macro of the tree: CONFIG_ is a prefix that anyone can use.
func (l *Lens) definedInTree(name string) bool {
	if l.config != nil {
		if _, ok := l.config.Symbols[name]; ok {
			return false
		}
	}
	private, ok := l.private[name]
	if !ok {
		private = !strings.HasSuffix(name, "_MODULE") && l.tree.Defines(name)
		l.private[name] = private
	}
	return private
}

// endian tells whether the kernel has a byte order.
func (l *Lens) endian(want byteOrder) State {
	order := l.arch.order
	for _, c := range []struct {
		symbol string
		order  byteOrder
	}{{"CONFIG_CPU_BIG_ENDIAN", bigEndian}, {"CONFIG_CPU_LITTLE_ENDIAN", littleEndian}} {
		if v, ok := l.symbol(c.symbol); order == anyOrder && ok && v == "y" {
			order = c.order
		}
	}
	if order == anyOrder {
		if v, ok := l.symbol("CONFIG_CPU_BIG_ENDIAN"); ok && v == "" {
			order = littleEndian
		}
	}
	switch order {
	case anyOrder:
		return Unknown
	case want:
		return In
	}
	return Out
}

// compilerMacro tells whether the compiler predefines a name that it has for
// some architecture.
func (l *Lens) compilerMacro(name string) State {
	if l.arch.Dir == "um" {
		return Unknown
	}
	s := Unknown
	for _, a := range arches {
		if slices.Contains(a.compiler, name) {
			if a.Dir == l.arch.Dir {
				return In
			}
			s = Out
		}
		for bits, w := range wide[a.Dir] {
			if w != name || w == "__LP64__" {
				continue
			}
			if a.Dir == l.arch.Dir {
				return l.wide(bits)
			}
			s = Out
		}
	}
	return s
}
