package workbench

// What a function calls. The index knows calls by the name called; those of one
// function are read from its file, with the extractor that made the index.

import (
	"context"
	"fmt"
	"slices"
	"sort"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/lang/all"
	"dekho/internal/lang/linkfacts"
	"dekho/internal/ops"
	"dekho/internal/source"
)

// Target is a function that a call through a pointer may reach.
type Target struct {
	Name string
	// Path and Line are where it was put, in the end, for the call to find it.
	Path  string
	Line  uint32
	Grade Grade
	// Defined is where it is defined, "path:line", if that was asked for.
	Defined string
}

// Callee is a call in the body of a function.
type Callee struct {
	Result
	// Name is what is called: a function or macro, or the member of CallPointer.
	Name    string
	How     CallKind
	Through string // of CallPointer: "struct net_protocol.handler"
	Targets []Target
	// More is how many further targets there are.
	More int
	// Macros are the macros through which a call was written, outermost first.
	Macros []string
	// Defined is where what is called is defined, "path:line", "" if nowhere.
	Defined string
}

// CalleesAnswer is what a function calls, by its definitions and lines.
type CalleesAnswer struct {
	Name    string
	Callees []Callee
	// LeftOut is how many more the lens left out.
	LeftOut int
	// Defined says that the name is one of a function.
	Defined bool
	// Nearest are names that exist, for a name that does not.
	Nearest []string
}

// CalleeOptions choose callees.
type CalleeOptions struct {
	// Targets bounds the targets listed of a call through a pointer, 0 for all.
	Targets int
	// DefineTargets asks where targets are defined.
	DefineTargets bool
}

// Callees finds what a function calls.
func (t *Tree) Callees(ctx context.Context, name string, opts CalleeOptions) (a *CalleesAnswer, err error) {
	err = index.Guard(func() error {
		a, err = t.callees(ctx, name, opts)
		return err
	})
	return a, t.idx.Err(err)
}

func (t *Tree) callees(ctx context.Context, name string, opts CalleeOptions) (*CalleesAnswer, error) {
	g, err := t.newCallGraph()
	if err != nil {
		return nil, err
	}
	a := &CalleesAnswer{Name: name}
	defs, err := g.definitions(name)
	if err != nil {
		return nil, err
	}
	a.Defined = len(defs) > 0
	for _, d := range defs {
		body, ok := g.body(d.file, name, d.line)
		if !ok {
			continue
		}
		for _, c := range body.calls {
			if out, err := t.leavesOut(d.file, c.line); err != nil {
				return nil, err
			} else if out {
				a.LeftOut++
				continue
			}
			e, err := g.callee(ctx, d.file, &c, opts)
			if err != nil {
				return nil, err
			}
			if err := t.mark(&e.Result); err != nil {
				return nil, err
			}
			a.Callees = append(a.Callees, e)
		}
	}
	if t.view != nil { // of several definitions, what is built comes first
		slices.SortStableFunc(a.Callees, func(a, b Callee) int { return a.Lens.refRank() - b.Lens.refRank() })
	}
	if !a.Defined {
		a.Nearest, err = t.nearest(ctx, name)
	}
	return a, err
}

// body is a function with the calls in it, by line.
type body struct {
	name        string
	first, last uint32
	calls       []bodyCall
	handed      []handed
}

// handed is a name that is an argument of a call.
type handed struct {
	callee, name string
	arg          int
	line         uint32
}

// bodyCall is a call in the body of a function.
type bodyCall struct {
	name   string
	line   uint32
	column int
	how    CallKind
	node   ops.NodeID // of CallPointer
	chain  []string   // of CallMacro
}

// bodies reads the functions of a file.
func (g *callGraph) bodies(f source.FileID) []body {
	if bs, ok := g.files[f]; ok {
		return bs
	}
	path := g.t.idx.Path(f)
	text := g.content(f)
	var facts lang.Facts
	for _, l := range all.Languages() {
		if l.Match(path) {
			l.New().Extract(path, text, &facts)
			break
		}
	}
	bs := make([]body, len(facts.Funcs))
	for i, fn := range facts.Funcs {
		bs[i] = body{name: string(text[fn.Name.Off : fn.Name.Off+fn.Name.Len]), first: fn.Start, last: fn.End}
	}
	at := 0
	for i := range facts.Occs {
		o := &facts.Occs[i]
		if o.Role != lang.Call {
			continue
		}
		for at < len(bs) && bs[at].last < o.Line {
			at++
		}
		if at == len(bs) {
			break
		}
		if o.Line < bs[at].first {
			continue
		}
		bol := int(o.Off)
		for bol > 0 && text[bol-1] != '\n' {
			bol--
		}
		bs[at].calls = append(bs[at].calls, bodyCall{
			name: string(text[o.Off : o.Off+uint32(o.Len)]), line: o.Line, column: int(o.Off) - bol + 1, how: CallDirect,
		})
	}
	readHanded(bs, facts.Link)
	g.files[f] = bs
	return bs
}

// readHanded adds to functions what they hand to calls.
func readHanded(bs []body, link []byte) {
	r := linkfacts.NewReader(link)
	for rec := r.Next(); rec != nil; rec = r.Next() {
		if rec.Tag != linkfacts.TagOps {
			continue
		}
		var o linkfacts.OpsReader
		o.Reset(rec.Body)
		for op := o.Next(); op != nil; op = o.Next() {
			if op.Kind != linkfacts.OpArg || op.Value.Kind != linkfacts.ValueName {
				continue
			}
			i := sort.Search(len(bs), func(i int) bool { return bs[i].last >= op.Line })
			if i < len(bs) && bs[i].first <= op.Line {
				bs[i].handed = append(bs[i].handed, handed{string(op.Name), string(op.Value.Name), int(op.Pos), op.Line})
			}
		}
	}
}

// callsArgument reports whether a function or macro that a file calls calls one
// of its arguments, or has it called by those it hands it to.
func (g *callGraph) callsArgument(name string, arg int, file source.FileID) (ops.Node, bool) {
	path := g.t.idx.Path(file)
	for _, id := range g.table.Named(name) {
		n := g.table.Node(id)
		if n.Index != arg || n.File != "" && n.File != path {
			continue
		}
		switch n.Kind {
		case ops.MacroArg:
			return n, true
		case ops.Param:
		default:
			continue
		}
		seen := []ops.NodeID{id}
		for i := 0; i < len(seen) && len(seen) < 32; i++ {
			if len(g.table.Calls(seen[i])) > 0 {
				return n, true
			}
			for _, p := range g.table.Moves(seen[i]) {
				if to := g.table.Node(p.To); to.Kind == ops.Param && !slices.Contains(seen, p.To) {
					seen = append(seen, p.To)
				}
			}
		}
	}
	return ops.Node{}, false
}

// body reads a function, with the calls that do not spell the callee's name.
func (g *callGraph) body(f source.FileID, name string, line uint32) (*body, bool) {
	bs := g.bodies(f)
	best := -1
	for i := range bs {
		// The line is that of the index; the file may have changed since.
		if bs[i].name == name && (best < 0 || distance(bs[i].first, line) < distance(bs[best].first, line)) {
			best = i
		}
	}
	if best < 0 {
		return nil, false
	}
	b := bs[best]
	b.calls = slices.Clone(b.calls)
	if g.table != nil {
		for _, c := range g.table.CallsIn(g.t.idx.Path(f), b.first, b.last) {
			n := g.table.Node(c.Of)
			b.calls = append(b.calls, bodyCall{name: n.Name, line: c.Line, how: CallPointer, node: c.Of})
		}
	}
	if g.macro != nil {
		for _, c := range b.calls {
			if c.how == CallPointer {
				continue
			}
			b.calls = append(b.calls, g.through(f, &c)...)
		}
	}
	slices.SortStableFunc(b.calls, func(x, y bodyCall) int { return int(x.line) - int(y.line) })
	return &b, true
}

// through lists the functions that a use of a macro comes to.
func (g *callGraph) through(f source.FileID, use *bodyCall) []bodyCall {
	var calls []bodyCall
	for _, c := range g.macro.callees(use.name, f) {
		defs, err := g.definitions(c.name)
		if err == nil && len(defs) > 0 {
			calls = append(calls, bodyCall{name: c.name, line: use.line, column: use.column, how: CallMacro, chain: c.chain})
		}
	}
	return calls
}

func distance(a, b uint32) uint32 { return max(a, b) - min(a, b) }

// callee presents a call.
func (g *callGraph) callee(ctx context.Context, f source.FileID, c *bodyCall, opts CalleeOptions) (Callee, error) {
	e := Callee{Name: c.name, How: c.how, Macros: c.chain}
	ref := index.Ref{File: f, Line: c.line, Role: lang.Call}
	if c.how == CallPointer {
		ref.Role = lang.Dispatch
	}
	text := g.lineOf(ref)
	e.Result = Result{Path: g.t.idx.Path(f), Line: c.line, Column: c.column, Role: ref.Role.String(), Text: string(text)}
	if e.Column == 0 {
		e.Column = wordIn(text, c.name) + 1
	}
	if fn, ok, err := g.funcs.At(f, c.line); err != nil {
		return e, err
	} else if ok {
		e.Function = fn.Name
	}
	if c.how == CallPointer {
		n := g.table.Node(c.node)
		e.Through = nodeText(&n)
		e.Targets = g.targets(ctx, c.node)
		if opts.Targets > 0 && len(e.Targets) > opts.Targets {
			e.More = len(e.Targets) - opts.Targets
			e.Targets = e.Targets[:opts.Targets]
		}
		for i := range e.Targets {
			if !opts.DefineTargets {
				break
			}
			if d, ok := g.targetDefinition(&e.Targets[i]); ok {
				e.Targets[i].Defined = fmt.Sprintf("%s:%d", g.t.idx.Path(d.file), d.line)
			}
		}
		return e, nil
	}
	k, err := g.key(c.name, f)
	if err != nil {
		return e, err
	}
	if d, ok := g.at(k); ok && (place(g.t.idx.Path(d.file)) < placeTools || place(e.Path) >= placeTools) {
		e.Kind = lang.DefFunction.Kind()
		e.Defined = fmt.Sprintf("%s:%d", g.t.idx.Path(d.file), d.line)
		return e, nil
	}
	rank := 0
	err = g.t.idx.EachRef(c.name, index.Roles(lang.DefMacro, lang.DefGenerated), func(r index.Ref) bool {
		if p := place(g.t.idx.Path(r.File)); e.Kind == "" || p < rank {
			e.Kind, rank = r.Role.Kind(), p
			e.Defined = fmt.Sprintf("%s:%d", g.t.idx.Path(r.File), r.Line)
		}
		return true
	})
	return e, err
}

// maxTargets bounds the functions that are followed from one call.
const maxTargets = 4000

// targets finds the functions that what is called may be, by name.
func (g *callGraph) targets(ctx context.Context, node ops.NodeID) []Target {
	var out []Target
	type from struct {
		node  ops.NodeID
		depth int
		grade Grade
	}
	n := g.table.Node(node)
	first := TypeMatched
	if !n.Typed() {
		first = SignatureMatched
	}
	seen := map[ops.NodeID]bool{node: true}
	for queue := []from{{node, 0, first}}; len(queue) > 0 && ctx.Err() == nil; queue = queue[1:] {
		at := queue[0]
		for _, p := range g.table.Into(at.node, maxTargets) {
			if p.Function != "" {
				out = append(out, Target{Name: p.Function, Path: p.File, Line: p.Line, Grade: at.grade})
				continue
			}
			if !seen[p.From] && at.depth < 6 && len(out) < maxTargets {
				seen[p.From] = true
				grade := at.grade
				if n := g.table.Node(p.From); !n.Typed() {
					grade = SignatureMatched
				}
				queue = append(queue, from{p.From, at.depth + 1, grade})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Target) int {
		if a.Grade != b.Grade {
			return int(a.Grade) - int(b.Grade)
		}
		// The kernel proper before what is further away.
		return place(a.Path) - place(b.Path)
	})
	type target struct{ name, path string }
	known := make(map[target]bool, len(out))
	return slices.DeleteFunc(out, func(t Target) bool {
		k := target{t.Name, t.Path}
		if known[k] {
			return true
		}
		known[k] = true
		return false
	})
}
