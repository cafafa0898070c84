package mcp

// Tools about calls: callers, callees, path.

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

type callersArgs struct {
	Name   string `json:"name" jsonschema:"a function, or a macro that is used like one"`
	Direct bool   `json:"direct,omitempty" jsonschema:"only calls that spell the name out, none through pointers or macros"`
	Depth  int    `json:"depth,omitempty" jsonschema:"draw the tree of callers of callers up to so many calls away, at most 8; without it, the callers are listed"`
	underArg
	lensArgs
	listArgs
}

type calleesArgs struct {
	Name    string `json:"name" jsonschema:"a function"`
	Macros  bool   `json:"macros,omitempty" jsonschema:"list what the macros used in it call, too: often many, as every definition of a macro counts"`
	Targets int    `json:"targets,omitempty" jsonschema:"how many functions are listed that a call through a pointer may mean, 8 unless given"`
	lensArgs
	listArgs
}

type pathArgs struct {
	From   string `json:"from" jsonschema:"the function that calls, at the beginning"`
	To     string `json:"to" jsonschema:"the function that is called, at the end"`
	Max    int    `json:"max,omitempty" jsonschema:"how many ways are shown, 3 unless given, at most 20"`
	Direct bool   `json:"direct,omitempty" jsonschema:"only calls that spell the name out, none through pointers"`
	lensArgs
	pageArg
}

func (s *server) addCalls(srv *mcp.Server) {
	addTree(s, srv, tool{name: "callers", title: "Callers", description: "Who calls a function: by name, through macros, and through pointers " +
		"(ops tables, work items, timers, notifiers, initcalls, system calls), each pointer call with how the function came there and a grade: " +
		"type-matched is sure, signature-matched and name-only are guesses. depth draws the call tree upwards."}, callers)
	addTree(s, srv, tool{name: "callees", title: "Callees", description: "What a function calls, in order, with where each is defined; " +
		"for calls through pointers the functions that may be meant, graded as for callers."}, callees)
	addTree(s, srv, tool{name: "path", title: "Call path", description: "How one function can come to call another: the shortest chains of calls, through pointers too, each call with its line."}, callPath)
}

// treeLimit is how many callers of each function a tree of callers shows.
const treeLimit = 40

// maxDepth is how far a tree of callers goes.
const maxDepth = 8

func callers(ctx context.Context, t *workbench.Tree, in *callersArgs, w *window) (*answer, error) {
	if in.Depth < 0 || in.Depth > maxDepth {
		return nil, errors.New("depth is a number from 0 to 8")
	}
	w.stale(t)
	if in.Depth > 0 {
		return callerTree(ctx, t, in, w)
	}
	res, err := t.Callers(ctx, in.Name, workbench.CallerOptions{Direct: in.Direct, NoText: true})
	if err != nil {
		return nil, err
	}
	if res.Total == 0 && res.LeftOut == 0 && !res.Defined {
		return nil, nothing(in.Name, res.Nearest)
	}
	w.leftOut(res.LeftOut)
	if w.empty(res.Total, "no caller of %s is known", in.Name); res.Total > 0 && in.Under != "" {
		res.Callers = slices.DeleteFunc(res.Callers, func(c workbench.Caller) bool { return !in.has(c.Path) })
		w.empty(len(res.Callers), "none of %d callers is in %s", res.Total, in.Under)
	}
	total := len(res.Callers)
	from := min(w.from, total)
	if err := readCallers(ctx, t, in.Name, res.Callers[from:min(from+w.limit, total)]); err != nil {
		return nil, err
	}
	return w.list(total, func(from, to int) ([]byte, []byte, error) {
		part := *res
		part.Callers = res.Callers[from:to]
		part.Total = to - from // what is left out is said below
		return both(func(b *bytes.Buffer) error { return render.NewCallersText(b, render.Style{}).Callers(&part) },
			func(b *bytes.Buffer) error {
				part.Total = total
				return render.NewCallersJSON(b).Callers(&part)
			})
	})
}

// readCallers reads the lines of callers. A call through a pointer has the name
// of a member.
func readCallers(ctx context.Context, t *workbench.Tree, name string, list []workbench.Caller) error {
	one := make([]workbench.Result, 1)
	for i := range list {
		c := &list[i]
		called := name
		if c.How == workbench.CallPointer {
			called = c.Through[strings.LastIndexByte(c.Through, '.')+1:]
		}
		one[0] = c.Result
		if err := t.ReadText(ctx, called, one); err != nil {
			return err
		}
		c.Result = one[0]
		clip(&c.Result)
	}
	return nil
}

// stale notes that calls through pointers lag behind the tree.
func (w *window) stale(t *workbench.Tree) {
	if t.CallsStale() {
		w.note("files changed since calls through pointers were worked out: their places may be off by some lines; the tool index brings them up to date")
	}
}

func callerTree(ctx context.Context, t *workbench.Tree, in *callersArgs, w *window) (*answer, error) {
	if in.Under != "" {
		return nil, errors.New("under and depth exclude each other")
	}
	res, err := t.CallerTree(ctx, in.Name, workbench.TreeOptions{Depth: in.Depth, Direct: in.Direct, Limit: treeLimit})
	if err != nil {
		return nil, err
	}
	if len(res.Roots) == 0 {
		return nil, nothing(in.Name, res.Nearest)
	}
	text, js, err := both(func(b *bytes.Buffer) error { return render.CallTreeText(b, render.Style{}, res) },
		func(b *bytes.Buffer) error { return render.CallTreeJSON(b, res) })
	if err != nil {
		return nil, err
	}
	return w.document(text, js)
}

// defaultTargets is how many functions a call through a pointer lists.
const defaultTargets = 8

func callees(ctx context.Context, t *workbench.Tree, in *calleesArgs, w *window) (*answer, error) {
	switch {
	case in.Targets < 0 || in.Targets > maxResults:
		return nil, errors.New("targets is a number from 1 to 500")
	case in.Targets == 0:
		in.Targets = defaultTargets
	}
	w.stale(t)
	res, err := t.Callees(ctx, in.Name, workbench.CalleeOptions{Targets: in.Targets})
	if err != nil {
		return nil, err
	}
	if len(res.Callees) == 0 && res.LeftOut == 0 && !res.Defined {
		return nil, nothing(in.Name, res.Nearest)
	}
	w.leftOut(res.LeftOut)
	w.empty(len(res.Callees), "%s calls nothing", in.Name)
	if !in.Macros {
		all := len(res.Callees)
		res.Callees = slices.DeleteFunc(res.Callees, func(c workbench.Callee) bool { return len(c.Macros) > 0 })
		if n := all - len(res.Callees); n > 0 {
			w.note("%d calls that are written by macros used here are left out; macros=true lists them", n)
		}
	}
	return w.list(len(res.Callees), func(from, to int) ([]byte, []byte, error) {
		part := *res
		part.Callees = res.Callees[from:to]
		for i := range part.Callees {
			clip(&part.Callees[i].Result)
		}
		return both(func(b *bytes.Buffer) error { return render.CalleesText(b, render.Style{}, &part) },
			func(b *bytes.Buffer) error { return render.CalleesJSON(b, &part) })
	})
}

// pathTime bounds the search for a way between two functions.
const pathTime = 5 * time.Second

func callPath(ctx context.Context, t *workbench.Tree, in *pathArgs, w *window) (*answer, error) {
	const most = 20
	switch {
	case in.Max < 0 || in.Max > most:
		return nil, errors.New("max is a number from 1 to 20")
	case in.Max == 0:
		in.Max = 3
	}
	w.stale(t)
	res, err := t.Paths(ctx, in.From, in.To, workbench.PathOptions{Max: in.Max, Direct: in.Direct, Time: pathTime})
	if err != nil {
		return nil, err
	}
	switch {
	case res.Missing != "":
		return nil, nothing(res.Missing, res.Nearest)
	case len(res.Paths) == 0 && res.Stopped:
		w.note("no way from %s to %s was found in %s", in.From, in.To, pathTime)
	case len(res.Paths) == 0:
		w.note("there is no way from %s to %s", in.From, in.To)
	case res.More:
		w.note("there are more ways of this length: max")
	}
	text, js, err := both(func(b *bytes.Buffer) error { return render.PathsText(b, render.Style{}, res) },
		func(b *bytes.Buffer) error { return render.PathsJSON(b, res) })
	if err != nil {
		return nil, err
	}
	return w.document(text, js)
}
