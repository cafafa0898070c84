package xref

import (
	"runtime"
	"slices"
	"strings"
	"sync"

	"dekho/internal/lang/c"
	"dekho/internal/macro"
)

// edge says that a macro calls a name: callee( stands in its body, or, of an
// alias, callee is its body.
type edge struct {
	callee string
	def    int32
	// through is the macro that makes the call of the arguments it is given,
	// -1 when the call stands in the body itself.
	through int32
}

// pattern is a call whose callee is made of the arguments of a macro.
type pattern struct {
	name    string // with marks for the parameters
	def     int32
	through int32 // as in edge
}

// maxPatterns bounds the patterns of one macro.
const maxPatterns = 32

// patternRounds bounds how many macros hand on an argument before it is called.
const patternRounds = 6

// graph is who calls whom among macros.
type graph struct {
	t *macro.Table
	// functions tells whether the tree defines a function of that name; it may
	// err on the side of yes.
	functions func(name []byte) bool
	defs      []*macro.Def // by ID
	edges     []edge
	patterns  [][]pattern // by ID of the macro
	all       []pattern
}

// link finds the calls in the bodies of all macros.
func (g *graph) link() {
	g.defs = make([]*macro.Def, g.t.NumDefs())
	for _, name := range g.t.Names() {
		for _, m := range g.t.Lookup(name).All {
			g.defs[m.ID] = m
		}
	}
	g.patterns = make([][]pattern, len(g.defs))
	workers := max(1, min(runtime.GOMAXPROCS(0), 8))
	edges := make([][]edge, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			s := bodyScan{t: g.t}
			for _, m := range g.defs[len(g.defs)*w/workers : len(g.defs)*(w+1)/workers] {
				s.scan(m)
				edges[w] = append(edges[w], s.edges...)
				if len(s.patterns) > 0 {
					g.patterns[m.ID] = slices.Clone(s.patterns)
				}
			}
		})
	}
	wg.Wait()
	g.edges = slices.Concat(edges...)
	g.handOn()
	g.prune()
	for _, ps := range g.patterns {
		g.all = append(g.all, ps...)
	}
}

// bodyScan is scratch memory for reading bodies.
type bodyScan struct {
	t        *macro.Table
	toks     []macro.Token
	skip     int // index in the body up to which it was read
	edges    []edge
	patterns []pattern
}

// scan finds the calls in one body.
func (s *bodyScan) scan(m *macro.Def) {
	s.edges, s.patterns, s.skip = s.edges[:0], s.patterns[:0], 0
	if m.Global {
		return
	}
	if strings.IndexByte(m.Body, '(') < 0 && strings.IndexByte(m.Body, '#') < 0 {
		if isWord(m.Body) && m.Body != m.Name && m.ParamIndex(m.Body) < 0 {
			s.edges = append(s.edges, edge{m.Body, m.ID, -1})
		}
		return
	}
	// Most bodies are constants that nobody expands: their tokens are not kept.
	s.toks = macro.Lex(s.toks[:0], m.Body)
	ts := s.toks
	for i := range ts {
		if i < s.skip || ts[i].Kind != c.Ident {
			continue
		}
		name, next, pasted := calleeAt(m, ts, i)
		s.skip = next
		called := next < len(ts) && ts[next].Kind == c.Open
		if i == 0 && next == len(ts) && pasted {
			called = true // the use is the name of a function: FNAME(walk)(...)
		}
		switch {
		case name == "" || i > 0 && (ts[i-1].Text == "." || ts[i-1].Text == "->" || ts[i-1].Text == "struct"):
		case !called:
			if !pasted && s.speaks(name) {
				s.edges = append(s.edges, edge{name, m.ID, -1})
			}
		case strings.IndexByte(name, mark) >= 0:
			if p := (pattern{name, m.ID, -1}); len(s.patterns) < maxPatterns && !slices.Contains(s.patterns, p) {
				s.patterns = append(s.patterns, p)
			}
		case !pasted && notFunction(name):
		default:
			if !s.has(name) {
				s.edges = append(s.edges, edge{name, m.ID, -1})
			}
		}
	}
}

// isWord reports whether a body is one identifier.
func isWord(s string) bool {
	for i := range len(s) {
		b := s[i]
		if b != '_' && (b < '0' || b > '9' || i == 0) && (b < 'A' || b > 'Z') && (b < 'a' || b > 'z') {
			return false
		}
	}
	return s != ""
}

// speaks reports whether a name without arguments is a macro that calls
// something, as current is.
func (s *bodyScan) speaks(name string) bool {
	d := s.t.Lookup(name)
	if d == nil || s.has(name) {
		return false
	}
	for _, m := range d.All {
		if !m.Function && strings.IndexByte(m.Body, '(') >= 0 {
			return true
		}
	}
	return false
}

// has reports whether a call of the name has been found.
func (s *bodyScan) has(name string) bool {
	return slices.ContainsFunc(s.edges, func(e edge) bool { return e.callee == name })
}

// calleeAt reads a name that may be pasted together, from the identifier ts[i];
// parameters have marks. next is the index behind.
func calleeAt(m *macro.Def, ts []macro.Token, i int) (name string, next int, pasted bool) {
	word := func(t *macro.Token) string {
		if m.Function && t.Kind == c.Ident {
			if p := m.ParamIndex(t.Text); p >= 0 {
				if p >= maxMarked {
					return ""
				}
				return marked(p)
			}
		}
		return t.Text
	}
	name = word(&ts[i])
	i++
	for i+1 < len(ts) && ts[i].Kind == c.Paste && (ts[i+1].Kind == c.Ident || ts[i+1].Kind == c.Number) {
		name += word(&ts[i+1])
		pasted = true
		i += 2
	}
	return name, i, pasted
}

// notFunction reports whether a word before parentheses is none of a function.
func notFunction(w string) bool {
	switch w {
	case "sizeof", "typeof", "__typeof__", "__typeof", "if", "while", "for", "switch", "return", "defined", "__attribute__",
		"asm", "__asm__", "volatile", "__volatile__", "_Static_assert", "_Generic", "alignof", "__alignof__", "_Alignof",
		"__extension__", "__auto_type", "offsetof", "do", "else", "case":
		return true
	}
	return strings.HasPrefix(w, "__builtin_")
}

// handOn follows arguments that macros hand on to macros that call them.
func (g *graph) handOn() {
	// Who calls a name that has patterns.
	callers := make(map[string][]int32)
	for i := range g.edges {
		if e := &g.edges[i]; g.t.Lookup(e.callee) != nil {
			callers[e.callee] = append(callers[e.callee], e.def)
		}
	}
	var work []string
	for id, ps := range g.patterns {
		if len(ps) > 0 {
			work = append(work, g.defs[id].Name)
		}
	}
	known := make(map[edgeKey]bool)
	for range patternRounds {
		slices.Sort(work)
		work = slices.Compact(work)
		var next []string
		for _, name := range work {
			for _, id := range callers[name] {
				if g.through(g.defs[id], name, known) {
					next = append(next, g.defs[id].Name)
				}
			}
		}
		if len(next) == 0 {
			return
		}
		work = next
	}
}

// prune drops the calls of macros that come to no function: constants made of
// constants, which registers are described with.
func (g *graph) prune() {
	users := make(map[string][]string) // by callee, the macros that call it
	live := make(map[string]bool)
	var queue []string
	for i := range g.edges {
		e := &g.edges[i]
		if g.t.Lookup(e.callee) != nil {
			users[e.callee] = append(users[e.callee], g.defs[e.def].Name)
		} else if name := g.defs[e.def].Name; !live[name] {
			live[name] = true
			queue = append(queue, name)
		}
	}
	for id, ps := range g.patterns {
		if name := g.defs[id].Name; len(ps) > 0 && !live[name] {
			live[name] = true
			queue = append(queue, name)
		}
	}
	for len(queue) > 0 {
		name := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, u := range users[name] {
			if !live[u] {
				live[u] = true
				queue = append(queue, u)
			}
		}
	}
	g.edges = slices.DeleteFunc(g.edges, func(e edge) bool {
		return g.t.Lookup(e.callee) != nil && !live[e.callee] && !g.functions([]byte(e.callee))
	})
}

type edgeKey struct {
	callee string
	def    int32
}

// through adds to m the calls that the macro called name makes of the arguments
// which m gives it. It reports whether m got a pattern.
func (g *graph) through(m *macro.Def, name string, known map[edgeKey]bool) (more bool) {
	ts := m.Tokens()
	for i := 0; i+1 < len(ts); i++ {
		if ts[i].Kind != c.Ident || ts[i].Text != name || ts[i+1].Kind != c.Open {
			continue
		}
		args, _, ok := macro.Group(ts, i+1)
		if !ok {
			return more
		}
		words := make([]string, len(args))
		for n, a := range args {
			if len(a) == 0 || a[0].Kind != c.Ident && a[0].Kind != c.Number {
				continue
			}
			if w, next, _ := calleeAt(m, a, 0); next == len(a) {
				words[n] = w
			}
		}
		for _, d := range g.t.Lookup(name).All {
			if d == m || len(g.patterns[d.ID]) == 0 || !g.mayReach(d, m) {
				continue
			}
			for _, p := range g.patterns[d.ID] {
				full, ok := give(p.name, words)
				k := edgeKey{full, m.ID}
				if !ok || full == "" || known[k] {
					continue
				}
				known[k] = true
				switch {
				case strings.IndexByte(full, mark) < 0:
					g.edges = append(g.edges, edge{full, m.ID, d.ID})
				case len(g.patterns[m.ID]) < maxPatterns:
					g.patterns[m.ID] = append(g.patterns[m.ID], pattern{full, m.ID, d.ID})
					more = true
				}
			}
		}
	}
	return more
}

// mayReach reports whether the macro m may use the definition d.
func (g *graph) mayReach(d, m *macro.Def) bool {
	return d.File == m.File || g.t.Files[d.File].Header
}

// give puts words in the places of a name; "" is an argument that cannot be
// part of one.
func give(name string, words []string) (string, bool) {
	var b strings.Builder
	for len(name) > 0 {
		before, n, after := place(name)
		b.WriteString(before)
		if n >= 0 {
			if n >= len(words) || words[n] == "" {
				return "", false
			}
			b.WriteString(words[n])
		}
		name = after
	}
	return b.String(), true
}
