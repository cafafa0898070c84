package workbench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/ops"
)

// CallKind says how a function is called.
type CallKind string

// The kinds of calls.
const (
	CallDirect  CallKind = "call"     // by its name
	CallMacro   CallKind = "macro"    // by a macro
	CallPointer CallKind = "pointer"  // through a pointer, see Grade
	CallInit    CallKind = "initcall" // when the kernel or the module starts
	CallSyscall CallKind = "syscall"  // by user space
)

// Grade says how sure it is that a call through a pointer reaches a function.
type Grade int

// The grades, best first.
const (
	NoGrade          Grade = iota
	TypeMatched            // the function is put into the member of the struct that is called
	SignatureMatched       // one of the structs is not known; the member's name and the number of parameters agree
	NameOnly               // only the member's name agrees
)

func (g Grade) String() string {
	return [...]string{"", "type-matched", "signature-matched", "name-only"}[g]
}

// Step is one place of the way that a function takes to where it is called.
type Step struct {
	Path string
	Line uint32
	// What says what happens there: "put into struct net_protocol.handler".
	What string
}

// Caller is a place that calls a function.
type Caller struct {
	Result
	How   CallKind
	Grade Grade // of CallPointer
	// Through is what is called: "struct net_protocol.handler".
	Through string
	// Steps are how the function came there, in order, and More how many
	// further places begin like the first.
	Steps []Step
	More  int
	// Note says what kind of call it is, for people: "called by the workqueue
	// core"; Trigger what makes it: "queued at", at the places of Triggers.
	Note     string
	Trigger  string
	Triggers []Step
	// Macros are the macros through which a call was written, outermost first.
	Macros []string
	// Of is the definition that is called, "path:line", when the name has
	// several.
	Of string
}

// CallersAnswer is who calls a function.
type CallersAnswer struct {
	Name    string
	Callers []Caller
	// Total counts the callers, those beyond the limit included.
	Total int
	// LeftOut is how many more the lens left out.
	LeftOut int
	// Defined says that the name is one of a function or macro.
	Defined bool
	// Nearest are names that exist, for a name that does not.
	Nearest []string
}

// CallerOptions choose callers.
type CallerOptions struct {
	// Direct leaves out calls that do not spell the name out.
	Direct bool
	// Limit bounds the callers listed, 0 for all.
	Limit int
	// NoText leaves out the text of the lines, see ReadText.
	NoText bool
}

// Callers finds who calls a function: by its name, and unless only direct calls
// are asked for, through pointers, best first.
func (t *Tree) Callers(ctx context.Context, name string, opts CallerOptions) (a *CallersAnswer, err error) {
	err = index.Guard(func() error {
		a, err = t.callers(ctx, name, opts)
		return err
	})
	return a, t.idx.Err(err)
}

func (t *Tree) callers(ctx context.Context, name string, opts CallerOptions) (*CallersAnswer, error) {
	g, err := t.newCallGraph()
	if err != nil {
		return nil, err
	}
	a := &CallersAnswer{Name: name}
	if found, err := g.callersOfMember(a, opts); found || err != nil {
		return a, err
	}
	keys, err := g.keys(name)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		of := ""
		if len(keys) > 1 {
			if d, ok := g.at(k); ok {
				of = fmt.Sprintf("%s:%d", t.idx.Path(d.file), d.line)
			}
		}
		refs, err := g.direct(k)
		if err != nil {
			return nil, err
		}
		a.Total += len(refs)
		if room := opts.Limit - len(a.Callers); opts.Limit > 0 && len(refs) > room {
			refs = refs[:max(0, room)]
		}
		// Most of the time goes into reading files, the rest into what does not
		// spell the name out: both at once.
		results := make([]Result, len(refs))
		presented := make(chan error, 1)
		go func() {
			presented <- index.Guard(func() error { return t.present(ctx, name, name, refs, results, RefOptions{NoText: opts.NoText}) })
		}()
		var edges []edge
		if !opts.Direct {
			edges, err = g.indirect(ctx, k)
		}
		if err = errors.Join(err, <-presented); err != nil {
			return nil, err
		}
		a.Callers = slices.Grow(a.Callers, len(results))
		for i := range results {
			a.Callers = append(a.Callers, Caller{Result: results[i], How: CallDirect, Of: of})
		}
		a.Total += len(edges)
		if room := opts.Limit - len(a.Callers); opts.Limit > 0 && len(edges) > room {
			edges = edges[:max(0, room)]
		}
		first := len(a.Callers)
		n := 0 // edges that are only a place and the macros written there
		for n < len(edges) && edges[n].how == CallMacro && len(edges[n].via) == 0 {
			n++
		}
		places := make([]index.Ref, n)
		for i := range places {
			places[i] = edges[i].ref
		}
		results = make([]Result, n)
		if err := t.present(ctx, name, name, places, results, RefOptions{NoText: opts.NoText, loose: true}); err != nil {
			return nil, err
		}
		for i := range results {
			a.Callers = append(a.Callers, Caller{Result: results[i], How: CallMacro, Macros: edges[i].chain, Of: of})
		}
		p := t.newPresenter(name)
		p.noText = opts.NoText
		for i := n; i < len(edges); i++ {
			c, err := g.caller(p, k, &edges[i])
			if err != nil {
				return nil, err
			}
			c.Of = of
			a.Callers = append(a.Callers, c)
		}
		// Whom the kernel's core made to call for everybody is what is meant,
		// more often than one who calls a single one.
		slices.SortStableFunc(a.Callers[first:], func(x, y Caller) int {
			if x.How != CallPointer || y.How != CallPointer || x.Grade != y.Grade || (x.Note != "") == (y.Note != "") {
				return 0
			}
			if x.Note != "" {
				return -1
			}
			return 1
		})
	}
	a.LeftOut = g.leftOut
	for i := range a.Callers {
		if err := t.mark(&a.Callers[i].Result); err != nil {
			return nil, err
		}
	}
	if a.Total == 0 {
		err := t.idx.EachRef(name, index.Definitions, func(index.Ref) bool {
			a.Defined = true
			return false
		})
		if err != nil {
			return nil, err
		}
		if !a.Defined {
			a.Nearest, err = t.nearest(ctx, name)
		}
		return a, err
	}
	a.Defined = true
	return a, nil
}

// callersOfMember lists the calls through a member of a struct, as answers name
// it: "file_operations.read_iter". It is not found if the name is no such thing.
func (g *callGraph) callersOfMember(a *CallersAnswer, opts CallerOptions) (found bool, err error) {
	tag, member, ok := strings.Cut(strings.TrimPrefix(a.Name, "struct "), ".")
	if !ok || g.table == nil {
		return false, nil
	}
	p := g.t.newPresenter(member)
	p.noText, p.loose = opts.NoText, true
	for _, id := range g.table.Named(member) {
		n := g.table.Node(id)
		if n.Kind != ops.Member || n.Struct != tag {
			continue
		}
		found, a.Defined = true, true
		for _, e := range g.callsOf(id, n) {
			if out, err := g.t.leavesOut(e.ref.File, e.ref.Line); err != nil {
				return true, err
			} else if out {
				a.LeftOut++
				continue
			}
			if a.Total++; opts.Limit > 0 && len(a.Callers) >= opts.Limit {
				continue
			}
			c, err := g.caller(p, funcKey{name: member}, &e)
			if err == nil {
				err = g.t.mark(&c.Result)
			}
			if err != nil {
				return true, err
			}
			a.Callers = append(a.Callers, c)
		}
	}
	return found, nil
}

// callsOf are the calls of a node, by path and line.
func (g *callGraph) callsOf(id ops.NodeID, n ops.Node) []edge {
	var edges []edge
	for _, c := range g.table.Calls(id) {
		if file, ok := g.t.idx.FileByPath(c.File); ok {
			edges = append(edges, edge{how: CallPointer, grade: TypeMatched, ref: index.Ref{File: file, Line: c.Line, Role: lang.Dispatch}, node: n})
		}
	}
	slices.SortFunc(edges, func(x, y edge) int { return compareRef(x.ref, y.ref) })
	return edges
}

// caller presents an edge.
func (g *callGraph) caller(p *presenter, k funcKey, e *edge) (Caller, error) {
	c := Caller{How: e.how, Grade: e.grade, More: e.more}
	p.name = e.node.Name
	if e.how == CallInit || e.how == CallMacro || e.how == CallSyscall {
		p.name = k.name
	}
	p.loose = true
	var err error
	if c.Result, err = p.result(e.ref); err != nil {
		return c, err
	}
	for i := range e.via {
		c.Steps = append(c.Steps, g.step(&e.via[i]))
	}
	switch e.how {
	case CallPointer:
		c.Through = nodeText(&e.node)
		g.core(&c, e)
	case CallMacro:
		if c.Macros = e.chain; len(e.via) > 0 {
			c.Macros = []string{e.via[len(e.via)-1].Via}
		}
	case CallInit:
		c.Note = "called by do_initcalls at level " + e.level
	case CallSyscall:
		c.Note = e.level
	}
	return c, nil
}

// lineOf is the text of the line of a reference.
func (g *callGraph) lineOf(r index.Ref) []byte {
	p := presenter{content: g.content(r.File), line: 1}
	return p.text(r.Line)
}

// nodeText says what a node is, as C does.
func nodeText(n *ops.Node) string {
	switch n.Kind {
	case ops.Member:
		if n.Struct == "" {
			return "." + n.Name
		}
		return "struct " + n.Struct + "." + n.Name
	case ops.Param:
		return fmt.Sprintf("argument %d of %s()", n.Index+1, n.Name)
	case ops.MacroArg:
		return fmt.Sprintf("argument %d of %s()", n.Index+1, n.Name)
	case ops.Initcall:
		return "initcalls of level " + n.Name
	}
	return n.Name
}

// step says what a put does.
func (g *callGraph) step(p *ops.Put) Step {
	to := g.table.Node(p.To)
	s := Step{Path: p.File, Line: p.Line}
	what := p.Function
	if what == "" {
		from := g.table.Node(p.From)
		what = nodeText(&from)
	}
	switch to.Kind {
	case ops.Param:
		s.What = what + " is " + nodeText(&to)
	default:
		s.What = what + " is put into " + nodeText(&to)
	}
	if p.Via != "" && p.Via != to.Name {
		s.What += " by " + p.Via + "()"
	}
	return s
}
