package workbench

// Who calls a function, who calls them, and so on.

import (
	"context"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/source"
)

// Mark says why a branch of a call tree goes no further.
type Mark string

// The marks.
const (
	MarkNone  Mark = ""
	MarkCycle Mark = "cycle" // it is its own caller
	MarkShown Mark = "shown" // its callers stand elsewhere in the tree
	MarkDepth Mark = "depth" // the depth asked for is reached
)

// CallBranch is a function in a tree of callers, with where it calls the one
// below.
type CallBranch struct {
	Function string // "" for a call at file scope
	Path     string
	Line     uint32
	How      CallKind
	Grade    Grade
	Through  string
	Note     string
	Count    int // calls of the one below in the function
	Mark     Mark
	Callers  []*CallBranch
	// More is how many further callers there are.
	More int

	key   funcKey
	depth int
	up    *CallBranch
}

// CallTree is the tree of the callers of a function.
type CallTree struct {
	Name    string
	Roots   []*CallBranch // one for each function of the name
	Nearest []string      // names that exist, for a name that does not
}

// TreeOptions bound a tree of callers.
type TreeOptions struct {
	Depth  int
	Direct bool
	// Limit bounds the callers shown of each function, 0 for all.
	Limit int
}

// maxBranches bounds a tree.
const maxBranches = 20000

// CallerTree finds who calls a function, who calls those, and so on. What is
// called again and again is followed where it is nearest to the root.
func (t *Tree) CallerTree(ctx context.Context, name string, opts TreeOptions) (a *CallTree, err error) {
	err = index.Guard(func() error {
		a, err = t.callerTree(ctx, name, opts)
		return err
	})
	return a, t.idx.Err(err)
}

func (t *Tree) callerTree(ctx context.Context, name string, opts TreeOptions) (*CallTree, error) {
	g, err := t.newCallGraph()
	if err != nil {
		return nil, err
	}
	a := &CallTree{Name: name}
	keys, err := g.keys(name)
	if err != nil {
		return nil, err
	}
	expanded := make(map[funcKey]bool)
	var queue []*CallBranch
	for _, k := range keys {
		b := &CallBranch{Function: name, key: k}
		if d, ok := g.at(k); ok {
			b.Path, b.Line = t.idx.Path(d.file), d.line
		}
		a.Roots = append(a.Roots, b)
		queue = append(queue, b)
	}
	total, found := 0, false
	for ; len(queue) > 0; queue = queue[1:] {
		b := queue[0]
		if b.Function == "" {
			continue
		}
		for up := b.up; up != nil && b.Mark == MarkNone; up = up.up {
			if up.key == b.key {
				b.Mark = MarkCycle
			}
		}
		switch {
		case b.Mark != MarkNone:
			continue
		case expanded[b.key]:
			b.Mark = MarkShown
			continue
		case b.depth == opts.Depth || total > maxBranches:
			b.Mark = MarkDepth
			continue
		}
		expanded[b.key] = true
		callers, err := g.callersOf(ctx, b.key, opts.Direct)
		if err != nil {
			return nil, err
		}
		found = found || len(callers) > 0
		if opts.Limit > 0 && len(callers) > opts.Limit {
			b.More = len(callers) - opts.Limit
			callers = callers[:opts.Limit]
		}
		for _, c := range callers {
			c.depth, c.up = b.depth+1, b
			b.Callers = append(b.Callers, c)
			queue = append(queue, c)
		}
		total += len(callers)
	}
	if !found {
		known := false
		err := t.idx.EachRef(name, index.Definitions, func(index.Ref) bool {
			known = true
			return false
		})
		if err != nil {
			return nil, err
		}
		if !known {
			a.Roots = nil
			a.Nearest, err = t.nearest(ctx, name)
		}
		return a, err
	}
	return a, nil
}

// callersOf lists the functions that call one, each once, direct calls first.
func (g *callGraph) callersOf(ctx context.Context, k funcKey, direct bool) ([]*CallBranch, error) {
	refs, err := g.direct(k)
	if err != nil {
		return nil, err
	}
	edges := make([]edge, 0, len(refs))
	for _, r := range refs {
		edges = append(edges, edge{how: CallDirect, ref: r})
	}
	if !direct {
		more, err := g.indirect(ctx, k)
		if err != nil {
			return nil, err
		}
		edges = append(edges, more...)
	}
	known := make(map[funcKey]*CallBranch, len(edges))
	var out []*CallBranch
	for i := range edges {
		e := &edges[i]
		ref := g.callerPlace(e)
		fn, ok, err := g.enclosing(ref)
		if err != nil {
			return nil, err
		}
		if !ok && e.how == CallDirect {
			continue // in an initialiser or the like: nobody calls there
		}
		if b := known[fn]; ok && b != nil {
			b.Count++
			continue
		}
		b := &CallBranch{
			Function: fn.name, Path: g.t.idx.Path(ref.File), Line: ref.Line, How: e.how, Grade: e.grade, Count: 1, key: fn,
		}
		if !ok {
			b.key = funcKey{file: source.NoFile}
		}
		switch e.how {
		case CallPointer:
			b.Through = nodeText(&e.node)
			if m := cores[fn.name]; m != nil {
				b.Note = m.note
			}
		case CallInit:
			b.Note = "called by do_initcalls at level " + e.level
		case CallSyscall:
			b.Note = e.level
		case CallMacro:
			b.Note = "by " + strings.Join(e.chain, " -> ")
		}
		if ok {
			known[fn] = b
		}
		out = append(out, b)
	}
	// The kernel proper before architectures and tools.
	slices.SortStableFunc(out, func(a, b *CallBranch) int {
		if x, y := place(a.Path) >= placeTools, place(b.Path) >= placeTools; x != y {
			if x {
				return 1
			}
			return -1
		}
		return 0
	})
	return out, nil
}
