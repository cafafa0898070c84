package xref

import (
	"slices"
	"strings"

	"dekho/internal/lang/c"
	"dekho/internal/macro"
)

// expander expands macros as a place in the tree sees them.
type expander struct {
	t    *macro.Table
	view *macro.View
	scope
	choices
	steps int
	// seen are the names that were looked up, in order, once each, with what
	// was found: the expansion is the same wherever the same is found.
	seen   []lookup
	record bool
	// passed are the arguments that would have been expanded on their way into
	// another macro.
	passed []string
	active []*macro.Def
	closed closures // of the file that is being looked at
	outer  closures // of one that includes it
	// bodies and given are scratch memory by depth: the body that is being
	// expanded there, and an argument that is being put into it.
	bodies, given [][]macro.Token
}

// scope is the place a macro is used at.
type scope struct {
	file int32
	// from is a file that includes file and whose own macros reach into it, or
	// -1.
	from int32
}

// lookup is the definitions that a name had at the place of use.
type lookup struct {
	name string
	defs []*macro.Def
}

// maxVariants bounds how often one use is expanded because of names with
// several definitions.
const maxVariants = 32

// maxNesting bounds macros inside of macros.
const maxNesting = 40

// candidates are the definitions of a name at the place of use. For a header
// that is read several times with other definitions each time, they are those
// of all times.
func (x *expander) candidates(name string) []*macro.Def {
	d := x.t.Lookup(name)
	if d == nil {
		return nil
	}
	if x.from >= 0 {
		if own := d.Own(x.from); len(own) > 0 {
			return own
		}
	}
	header := x.t.Files[x.file].Header
	if own := d.Own(x.file); len(own) > 0 && (!header || !severalHeaders(d)) {
		return own
	}
	if header && severalHeaders(d) {
		if in := x.closed.among(x.t, x.file, d.Headers); len(in) > 0 {
			return in
		}
	}
	defs := x.view.Visible(name, x.file)
	if severalHeaders(d) {
		return x.withArchs(defs, d)
	}
	return defs
}

// withArchs adds to the definitions that a file sees those that the headers of
// its architecture, or for general code of all, have in their place.
func (x *expander) withArchs(defs []*macro.Def, d *macro.Names) []*macro.Def {
	arch := x.t.Files[x.file].Arch
	cloned := false
	for _, m := range d.Headers {
		f := &x.t.Files[m.File]
		if f.Arch == "" || arch != "" && arch != f.Arch || f.UserSpace || !strings.HasPrefix(f.Path[len("arch/")+len(f.Arch):], "/include/asm/") || slices.Contains(defs, m) {
			continue
		}
		if !cloned {
			defs, cloned = slices.Clone(defs), true
		}
		defs = append(defs, m)
	}
	return defs
}

// aliased replaces macros that are another name of a macro by that macro.
func (x *expander) aliased(defs []*macro.Def) []*macro.Def {
	for n := 0; n < maxAliases; n++ {
		i := slices.IndexFunc(defs, func(m *macro.Def) bool {
			ts := m.Tokens()
			return !m.Function && len(ts) == 1 && ts[0].Kind == c.Ident && ts[0].Text != m.Name
		})
		if i < 0 {
			break
		}
		defs = slices.Concat(defs[:i], x.candidates(defs[i].Tokens()[0].Text), defs[i+1:])
	}
	return defs
}

// maxAliases bounds how many names of names are followed for one use.
const maxAliases = 8

func severalHeaders(d *macro.Names) bool {
	n := len(d.Headers)
	return n > 1 && d.Headers[0].File != d.Headers[n-1].File
}

// find is candidates, within the expansion of a macro: where the place of use
// sees nothing, the macro's own file decides.
func (x *expander) find(name string) []*macro.Def {
	defs := x.candidates(name)
	if x.record && !slices.ContainsFunc(x.seen, func(l lookup) bool { return l.name == name }) {
		x.seen = append(x.seen, lookup{name, defs})
	}
	if len(defs) == 0 && len(x.active) > 0 {
		defs = x.view.Visible(name, x.active[len(x.active)-1].File)
	}
	return defs
}

// pick chooses among definitions.
func (x *expander) pick(defs []*macro.Def) *macro.Def {
	switch len(defs) {
	case 0:
		return nil
	case 1:
		return defs[0]
	}
	if plain(defs) {
		return defs[0]
	}
	return defs[x.choose(defs, x.active)]
}

// plain reports whether it does not matter which of the definitions is taken:
// attributes.
func plain(defs []*macro.Def) bool {
	for _, m := range defs {
		if m.Function || !strings.HasPrefix(m.Body, "__attribute__") {
			return false
		}
	}
	return true
}

// choices walks through the combinations of definitions that the names in one
// expansion can have. Names beside each other run along together: every
// definition of each is seen. A name that stands inside of the definitions of
// the first is seen with all of those.
type choices struct {
	variant int // the combination
	first   []*macro.Def
	besideN int // definitions of the name beside the first that has most
	insideN int // the same of those inside of it
}

func (c *choices) begin(variant int) { c.variant, c.first = variant, nil }

// count is the number of combinations, as far as they are known.
func (c *choices) count() int {
	return min(max(len(c.first)*max(c.insideN, 1), c.besideN, 1), maxVariants)
}

// choose picks one of the definitions of a name inside of the active macros.
func (c *choices) choose(defs, active []*macro.Def) int {
	if c.first == nil {
		c.first = defs
	}
	if c.first[0] == defs[0] {
		return c.variant % len(defs)
	}
	for _, m := range active {
		if slices.Contains(c.first, m) {
			c.insideN = max(c.insideN, len(defs))
			return (c.variant/len(c.first) + c.variant) % len(defs)
		}
	}
	c.besideN = max(c.besideN, len(defs))
	return c.variant % len(defs)
}

// expand replaces the macros in ts by what they come to, appending to dst.
func (x *expander) expand(dst, ts []macro.Token, depth int) []macro.Token {
	for i := 0; i < len(ts); {
		t := ts[i]
		if x.steps++; x.steps > macro.MaxExpansion {
			return append(dst, ts[i:]...)
		}
		if end := aside(ts, i); end > i {
			dst = append(dst, ts[i:end]...)
			i = end
			continue
		}
		if t.Kind != c.Ident || depth > maxNesting || x.t.Lookup(t.Text) == nil {
			dst = append(dst, t)
			i++
			continue
		}
		m := x.pick(x.find(t.Text))
		if m == nil || slices.Contains(x.active, m) {
			dst = append(dst, t)
			i++
			continue
		}
		next := i + 1
		var args [][]macro.Token
		if m.Function {
			var ok bool
			if next < len(ts) && ts[next].Kind == c.Open {
				args, next, ok = macro.Group(ts, next)
			}
			if !ok {
				dst = append(dst, t)
				i++
				continue
			}
		}
		before := len(dst)
		dst = x.body(dst, m, args, depth)
		// A function-like macro that the body ends in takes its arguments from
		// what follows.
		if n := len(dst); n > before && dst[n-1].Kind == c.Ident && next < len(ts) && ts[next].Kind == c.Open && depth < maxNesting {
			if m := x.pick(x.find(dst[n-1].Text)); m != nil && m.Function && !slices.Contains(x.active, m) {
				if args, after, ok := macro.Group(ts, next); ok {
					dst = x.body(dst[:n-1], m, args, depth)
					next = after
				}
			}
		}
		i = next
	}
	return dst
}

// aside is the index behind what begins at ts[i] and is left as it is: the body
// of a function, an initialiser, parameters, the arguments of an attribute.
// Nothing in them is declared for others, and what they call is known by the
// macros' names.
func aside(ts []macro.Token, i int) int {
	switch {
	case i == 0:
	case ts[i-1].Text == "=":
		return behindValue(ts, i)
	case ts[i].Kind == c.Open && ts[i-1].Kind == c.Ident && (i+1 >= len(ts) || ts[i+1].Text != "*"):
		return behind(ts, i)
	case ts[i].Text == "{" && ts[i-1].Kind == c.Close:
		return behind(ts, i)
	}
	return i
}

// behind is the index behind the group that opens at ts[i].
func behind(ts []macro.Token, i int) int {
	depth := 0
	for ; i < len(ts); i++ {
		switch ts[i].Text {
		case "{", "(":
			depth++
		case "}", ")":
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return i
}

// behindValue is the index of the semicolon that ends the value at ts[i].
func behindValue(ts []macro.Token, i int) int {
	depth := 0
	for ; i < len(ts); i++ {
		switch ts[i].Text {
		case "{", "(":
			depth++
		case "}", ")":
			depth--
		case ";":
			if depth <= 0 {
				return i
			}
		}
	}
	return i
}

// body appends the expansion of one use of m.
func (x *expander) body(dst []macro.Token, m *macro.Def, args [][]macro.Token, depth int) []macro.Token {
	body := m.Tokens()
	if m.Function {
		for len(x.bodies) <= depth {
			x.bodies = append(x.bodies, nil)
			x.given = append(x.given, nil)
		}
		body = m.AppendExpanded(x.bodies[depth][:0], args, func(a []macro.Token) []macro.Token {
			if x.record && len(a) == 1 && strings.IndexByte(a[0].Text, mark) >= 0 && !slices.Contains(x.passed, a[0].Text) {
				x.passed = append(x.passed, a[0].Text)
			}
			if !x.expandable(a) {
				return a
			}
			x.given[depth] = x.expand(x.given[depth][:0], a, depth+1)
			return x.given[depth]
		})
		x.bodies[depth] = body
	}
	x.active = append(x.active, m)
	dst = x.expand(dst, body, depth+1)
	x.active = x.active[:len(x.active)-1]
	return dst
}

// expandable reports whether a macro may stand among the tokens.
func (x *expander) expandable(ts []macro.Token) bool {
	for i := range ts {
		if ts[i].Kind == c.Ident && x.t.Lookup(ts[i].Text) != nil {
			return true
		}
	}
	return false
}

// closures answers which headers a header includes, directly or not.
type closures struct {
	file int32 // of set; 0 with a nil set is nothing
	set  []bool
	list []int32
	ok   bool
}

// among are those of the definitions that stand in headers which file
// includes, directly or not.
func (c *closures) among(t *macro.Table, file int32, defs []*macro.Def) []*macro.Def {
	if !c.ok || c.file != file {
		if c.set == nil {
			c.set = make([]bool, len(t.Files))
		}
		for _, h := range c.list {
			c.set[h] = false
		}
		c.list = append(c.list[:0], file)
		c.set[file] = true
		for n := 0; n < len(c.list); n++ {
			for _, h := range t.Includes(c.list[n]) {
				if !c.set[h] {
					c.set[h] = true
					c.list = append(c.list, h)
				}
			}
		}
		c.file, c.ok = file, true
	}
	var in []*macro.Def
	for _, m := range defs {
		if c.set[m.File] {
			in = append(in, m)
		}
	}
	return in
}
