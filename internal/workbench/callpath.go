package workbench

// The shortest ways from one function to another through calls.

import (
	"context"
	"slices"
	"time"

	"dekho/internal/index"
	"dekho/internal/ops"
	"dekho/internal/source"
)

// Hop is one call on the way from a function to another.
type Hop struct {
	From, To string
	// Path and Line are where From calls.
	Path    string
	Line    uint32
	Text    string
	How     CallKind
	Grade   Grade
	Through string
	// Steps are how To came to be called there, of CallPointer.
	Steps []Step
}

// PathAnswer is the shortest ways from a function to another.
type PathAnswer struct {
	From, To string
	Paths    [][]Hop
	// More says that there are further ways of the same length.
	More bool
	// Stopped says that the search ran out of time.
	Stopped bool
	// Missing is the name that does not exist, and Nearest are those that do.
	Missing string
	Nearest []string
}

// PathOptions bound the search for ways.
type PathOptions struct {
	// Max bounds the ways listed.
	Max int
	// Direct leaves out calls through pointers.
	Direct bool
	// Time bounds the search.
	Time time.Duration
}

// hop is an edge of the graph.
type hop struct {
	from, to funcKey
	edge     edge
}

// side is one of the two searches that meet: forward from where the ways start,
// or backward from where they end.
type side struct {
	dist  map[funcKey]int
	hops  map[funcKey][]hop // towards where the search began, all of the shortest
	front []funcKey
	depth int
}

// Paths finds the shortest ways from one function to another, searching from
// both ends.
func (t *Tree) Paths(ctx context.Context, from, to string, opts PathOptions) (a *PathAnswer, err error) {
	err = index.Guard(func() error {
		a, err = t.paths(ctx, from, to, opts)
		return err
	})
	return a, t.idx.Err(err)
}

func (t *Tree) paths(ctx context.Context, from, to string, opts PathOptions) (*PathAnswer, error) {
	g, err := t.newCallGraph()
	if err != nil {
		return nil, err
	}
	// Who calls a function by a macro takes long to find for some: at first it is
	// only seen from the side of those that call.
	g.plain = true
	a, err := g.search(ctx, from, to, opts)
	if err == nil && len(a.Paths) == 0 && a.Missing == "" && g.macro != nil {
		g.plain = false
		return g.search(ctx, from, to, opts)
	}
	return a, err
}

// search looks for the shortest ways.
func (g *callGraph) search(ctx context.Context, from, to string, opts PathOptions) (*PathAnswer, error) {
	t := g.t
	a := &PathAnswer{From: from, To: to}
	var sides [2]side
	for i, name := range []string{from, to} {
		keys, err := g.keys(name)
		if err != nil {
			return nil, err
		}
		known := false
		err = t.idx.EachRef(name, index.AllRoles, func(index.Ref) bool {
			known = true
			return false
		})
		if err != nil {
			return nil, err
		}
		if !known {
			a.Missing = name
			a.Nearest, err = t.nearest(ctx, name)
			return a, err
		}
		s := side{dist: make(map[funcKey]int), hops: make(map[funcKey][]hop), front: keys}
		for _, k := range keys {
			s.dist[k] = 0
		}
		sides[i] = s
	}
	if from == to {
		// A way from a function to itself begins with a call.
		clear(sides[0].dist)
	}
	deadline := time.Now().Add(opts.Time)
	for {
		if best := meet(&sides); len(best) > 0 {
			return a, g.describe(a, &sides, best, opts)
		}
		f, b := &sides[0], &sides[1]
		s := f
		if len(f.front) == 0 || len(b.front) > 0 && len(b.front) <= 4*len(f.front) {
			s = b // reading calls backwards takes no files
		}
		if len(s.front) == 0 {
			return a, nil
		}
		if time.Now().After(deadline) {
			a.Stopped = true
			return a, nil
		}
		done, err := g.grow(ctx, s, s == f, opts.Direct, deadline)
		if err != nil {
			return nil, err
		}
		if !done {
			a.Stopped = true
			if best := meet(&sides); len(best) > 0 {
				return a, g.describe(a, &sides, best, opts)
			}
			return a, nil
		}
	}
}

// meet lists the functions where the searches meet on a shortest way.
func meet(sides *[2]side) []funcKey {
	small, large := &sides[0], &sides[1]
	if len(small.dist) > len(large.dist) {
		small, large = large, small
	}
	var best []funcKey
	shortest := -1
	for k, d := range small.dist {
		e, ok := large.dist[k]
		if !ok {
			continue
		}
		switch {
		case shortest < 0 || d+e < shortest:
			shortest, best = d+e, append(best[:0], k)
		case d+e == shortest:
			best = append(best, k)
		}
	}
	return best
}

// grow takes a search one call further. It returns false when the time is over.
func (g *callGraph) grow(ctx context.Context, s *side, forward, direct bool, deadline time.Time) (bool, error) {
	s.depth++
	var next []funcKey
	for n, k := range s.front {
		if n%16 == 0 && time.Now().After(deadline) {
			return false, nil
		}
		if err := ctx.Err(); err != nil {
			return false, err
		}
		visit := func(h hop) {
			to := h.from
			if forward {
				to = h.to
			}
			d, ok := s.dist[to]
			if !ok {
				s.dist[to] = s.depth
				next = append(next, to)
			} else if d != s.depth {
				return
			}
			other := func(x hop) bool { return x.from == h.from && x.to == h.to }
			if !slices.ContainsFunc(s.hops[to], other) {
				s.hops[to] = append(s.hops[to], h)
			}
		}
		var err error
		if forward {
			err = g.hopsFrom(ctx, k, direct, visit)
		} else {
			err = g.hopsTo(ctx, k, direct, visit)
		}
		if err != nil {
			return false, err
		}
	}
	s.front = next
	return true, nil
}

// hopsTo visits the calls of a function.
func (g *callGraph) hopsTo(ctx context.Context, k funcKey, direct bool, visit func(hop)) error {
	refs, err := g.direct(k)
	if err != nil {
		return err
	}
	for _, r := range refs {
		fn, ok, err := g.enclosing(r)
		if err != nil {
			return err
		}
		if ok {
			visit(hop{fn, k, edge{how: CallDirect, ref: r}})
		}
	}
	if direct {
		return nil
	}
	edges, err := g.indirect(ctx, k)
	if err != nil {
		return err
	}
	for i := range edges {
		if edges[i].grade > TypeMatched {
			continue // a guess is no way
		}
		e := edges[i]
		e.ref = g.callerPlace(&e)
		fn, ok, err := g.enclosing(e.ref)
		if err != nil {
			return err
		}
		if ok {
			visit(hop{fn, k, e})
		}
	}
	return nil
}

// hopsFrom visits the calls in a function.
func (g *callGraph) hopsFrom(ctx context.Context, k funcKey, direct bool, visit func(hop)) error {
	defs, err := g.definitions(k.name)
	if err != nil {
		return err
	}
	for _, d := range defs {
		if k.file != source.NoFile && d.file != k.file || k.file == source.NoFile && d.static {
			continue
		}
		b, ok := g.body(d.file, k.name, d.line)
		if !ok {
			continue
		}
		for i := range b.calls {
			c := &b.calls[i]
			if out, err := g.t.leavesOut(d.file, c.line); err != nil {
				return err
			} else if out {
				continue
			}
			ref := index.Ref{File: d.file, Line: c.line}
			if c.how != CallPointer {
				to, err := g.key(c.name, d.file)
				if err != nil {
					return err
				}
				visit(hop{k, to, edge{how: c.how, ref: ref, chain: c.chain}})
				continue
			}
			if direct || g.table.Node(c.node).Kind == ops.Param {
				continue // which functions, depends on who calls
			}
			for _, t := range g.targets(ctx, c.node) {
				if t.Grade > TypeMatched {
					continue
				}
				f, ok := g.t.idx.FileByPath(t.Path)
				if !ok {
					continue
				}
				to, err := g.key(t.Name, f)
				if err != nil {
					return err
				}
				visit(hop{k, to, edge{how: CallPointer, grade: TypeMatched, ref: ref, node: g.table.Node(c.node)}})
			}
		}
		if direct {
			continue
		}
		for _, h := range b.handed {
			node, ok := g.callsArgument(h.callee, h.arg, d.file)
			if !ok {
				continue
			}
			to, err := g.key(h.name, d.file)
			if err != nil {
				return err
			}
			visit(hop{k, to, edge{how: CallPointer, grade: TypeMatched, ref: index.Ref{File: d.file, Line: h.line}, node: node}})
		}
	}
	return nil
}

// describe writes out the ways through the functions where the searches met.
func (g *callGraph) describe(a *PathAnswer, sides *[2]side, meets []funcKey, opts PathOptions) error {
	slices.SortFunc(meets, func(x, y funcKey) int {
		if x.name != y.name {
			if x.name < y.name {
				return -1
			}
			return 1
		}
		return int(x.file) - int(y.file)
	})
	// ways lists the ways from where a search began to a function.
	var ways func(s *side, k funcKey, calls int) [][]hop
	ways = func(s *side, k funcKey, calls int) [][]hop {
		hs := s.hops[k]
		if calls == 0 {
			return [][]hop{nil}
		}
		var out [][]hop
		for _, h := range hs {
			next := h.from
			if s == &sides[1] {
				next = h.to
			}
			for _, w := range ways(s, next, calls-1) {
				if len(out) > opts.Max {
					return out
				}
				out = append(out, append(slices.Clone(w), h))
			}
		}
		return out
	}
	for _, m := range meets {
		for _, head := range ways(&sides[0], m, sides[0].dist[m]) {
			for _, tail := range ways(&sides[1], m, sides[1].dist[m]) {
				if len(a.Paths) == opts.Max {
					a.More = true
					return nil
				}
				slices.Reverse(tail)
				var hops []Hop
				for _, h := range slices.Concat(head, tail) {
					w, err := g.hop(&h)
					if err != nil {
						return err
					}
					hops = append(hops, w)
				}
				slices.Reverse(tail)
				a.Paths = append(a.Paths, hops)
			}
		}
	}
	return nil
}

// hop presents a call.
func (g *callGraph) hop(h *hop) (Hop, error) {
	e := &h.edge
	w := Hop{
		From: h.from.name, To: h.to.name, Path: g.t.idx.Path(e.ref.File), Line: e.ref.Line, Text: string(g.lineOf(e.ref)), How: e.how, Grade: e.grade,
	}
	if e.how == CallPointer {
		w.Through = nodeText(&e.node)
		if len(e.via) == 0 { // found from the calling side
			edges, err := g.pointers(context.Background(), h.to)
			if err != nil {
				return w, err
			}
			for i := range edges {
				if r := g.callerPlace(&edges[i]); r.File == e.ref.File && r.Line == e.ref.Line {
					e.via = edges[i].via
				}
			}
		}
	}
	for i := range e.via {
		w.Steps = append(w.Steps, g.step(&e.via[i]))
	}
	return w, nil
}
