package mcp

// What all tools have in common.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"dekho/internal/workbench"
)

// tool is what an assistant is told about a tool.
type tool struct {
	name, title, description string
	// writes says that the tool changes something: the store.
	writes bool
}

// add adds a tool that asks no particular tree.
func add[In any](s *server, srv *mcp.Server, t tool, run func(context.Context, *mcp.CallToolRequest, *In) (*answer, error)) {
	no := false
	hints := &mcp.ToolAnnotations{ReadOnlyHint: !t.writes, OpenWorldHint: &no}
	if t.writes {
		hints.IdempotentHint, hints.DestructiveHint = true, &no
	}
	mcp.AddTool(srv, &mcp.Tool{
		Name: t.name, Title: t.title, Description: t.description, Annotations: hints,
	}, func(ctx context.Context, req *mcp.CallToolRequest, in In) (res *mcp.CallToolResult, _ any, err error) {
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
		// One question must not cost the client the answers to all others.
		defer func() {
			if r := recover(); r != nil {
				s.opts.Log("%s: %v\n%s", t.name, r, debug.Stack())
				err = fmt.Errorf("%s failed: %v; this is a fault of dekho", t.name, r)
			}
		}()
		a, err := run(ctx, req, &in)
		if err != nil {
			return nil, nil, inWords(err)
		}
		res, err = a.result()
		return res, nil, err
	})
}

// addTree adds a tool that asks a tree.
func addTree[In any, P interface {
	*In
	treeQuestion
}](s *server, srv *mcp.Server, t tool, run func(context.Context, *workbench.Tree, P, *window) (*answer, error),
) {
	add(s, srv, t, func(ctx context.Context, req *mcp.CallToolRequest, in *In) (a *answer, err error) {
		q := P(in)
		lens := q.lens()
		err = s.trees.use(ctx, s.treeName(ctx, req, q.tree(), lens), lens, func(tree *workbench.Tree) error {
			w, err := newWindow(t.name, q, state(tree.Info()))
			if err != nil {
				return err
			}
			if a, err = run(ctx, tree, q, w); err != nil {
				return err
			}
			a.page.Tree, a.page.Notes, a.later = tree.Root(), w.notes, w.from > 0
			return nil
		})
		return a, err
	})
}

// inWords adds the tool that helps to errors that only name a command.
func inWords(err error) error {
	if errors.Is(err, workbench.ErrNoIndex) {
		return fmt.Errorf("%w\nthe tool trees lists the indexed trees; the argument tree chooses one", err)
	}
	return err
}

// nothing says that a name is not known, and which are.
func nothing(name string, nearest []string) error {
	switch len(nearest) {
	case 0:
		return fmt.Errorf("nothing found for %q; the tools find and grep look for parts of names and for text", name)
	case 1:
		return fmt.Errorf("nothing found for %q; did you mean %s?", name, nearest[0])
	}
	return fmt.Errorf("nothing found for %q; the nearest names are %s", name, strings.Join(nearest, ", "))
}

// leftOut notes what the lens left out.
func (w *window) leftOut(n int) {
	if n > 0 {
		w.note("%d more are not built; without only_built they are listed", n)
	}
}

// empty notes why an answer has no results.
func (w *window) empty(n int, format string, args ...any) {
	if n == 0 {
		w.note(format, args...)
	}
}

// result is the answer as the protocol has it.
func (a *answer) result() (*mcp.CallToolResult, error) {
	page, err := json.Marshal(&a.page)
	if err != nil {
		return nil, err
	}
	js := bytes.TrimSuffix(bytes.TrimSpace(a.json), []byte("}"))
	if len(js) > 1 {
		js = append(js, ',')
	}
	js = append(append(append(js, `"page":`...), page...), '}')
	return &mcp.CallToolResult{
		Content:           []mcp.Content{&mcp.TextContent{Text: string(a.text) + a.footer()}},
		StructuredContent: json.RawMessage(js),
	}, nil
}

// footer says what an answer leaves out and how to go on.
func (a *answer) footer() string {
	var b strings.Builder
	p := &a.page
	unit := a.unit
	if unit != "" {
		unit += " "
	}
	switch {
	case p.Next != "" && p.Total > 0:
		fmt.Fprintf(&b, "[%s%d-%d of %d; for the next page repeat the call with page=%s]\n", unit, p.First, p.Last, p.Total, p.Next)
	case p.Next != "":
		fmt.Fprintf(&b, "[%s%d-%d, and there are more; for the next page repeat the call with page=%s]\n", unit, p.First, p.Last, p.Next)
	case a.later && p.First > 0:
		fmt.Fprintf(&b, "[%s%d-%d of %d, the last page]\n", unit, p.First, p.Last, p.Total)
	}
	for _, c := range p.Cut {
		fmt.Fprintf(&b, "[the structured form has %d of %d elements of %s]\n", c.Shown, c.Total, c.List)
	}
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "[%s]\n", n)
	}
	return b.String()
}
