package mcp

// Tools that start from a name: def, refs, show.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

// underArg chooses a part of the tree.
type underArg struct {
	Under string `json:"under,omitempty" jsonschema:"only places in this directory or file of the tree: drivers/net, mm/slub.c"`
}

// has reports whether a path is in the part.
func (a *underArg) has(path string) bool {
	u := strings.Trim(strings.TrimPrefix(a.Under, "./"), "/")
	rest, ok := strings.CutPrefix(path, u)
	return ok && (u == "" || rest == "" || rest[0] == '/')
}

type nameArg struct {
	Name string `json:"name" jsonschema:"the name as it is written in the source: a function, macro, type, variable, member, enumerator, CONFIG_ symbol, or a C++ name with :: before it"`
}

type defArgs struct {
	nameArg
	AllTrees bool `json:"all_trees,omitempty" jsonschema:"ask every indexed tree, and compare the others with this one: same, changed, moved, new, gone"`
	underArg
	lensArgs
	listArgs
}

type refsArgs struct {
	Name  string   `json:"name" jsonschema:"the name as it is written in the source; the path of a header (linux/fs.h) lists who includes it"`
	Roles []string `json:"roles,omitempty" jsonschema:"only these roles: call, read, write, definition, declaration, designator, dispatch, type, address, include, string, comment and others (an unknown one is answered with the list)"`
	underArg
	lensArgs
	listArgs
}

type showArgs struct {
	nameArg
	Places int `json:"places,omitempty" jsonschema:"how many callers, uses and the like are listed, a few unless given"`
	lensArgs
	pageArg
}

func (s *server) addNames(srv *mcp.Server) {
	addTree(s, srv, tool{name: "show", title: "All about a name", description: "One screen about a name, the best first question: " +
		"its definition with extent and #if, kernel-doc, members of a struct with what is said about them, value of a macro or enumerator, " +
		"callers and callees, ops tables it is registered in, log statements inside, error codes it returns."}, showName)
	addTree(s, srv, tool{name: "def", title: "Definitions", description: "Where a name is defined, best first, with the #if around it; also names that only the use of a macro makes " +
		"(SetPageDirty, trace_sched_switch, sys_openat). all_trees compares the definitions of all indexed kernels."}, s.define)
	addTree(s, srv, tool{name: "refs", title: "References", description: "Where a name is used, by path, each with its role and the function around it. " +
		"roles narrows down: write finds assignments, designator finds ops tables. For calls of a function, callers knows more."}, refs)
}

func (s *server) define(ctx context.Context, t *workbench.Tree, in *defArgs, w *window) (*answer, error) {
	if in.AllTrees {
		return s.defineEverywhere(ctx, t, in, w)
	}
	res, err := t.Define(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if len(res.Results) == 0 && res.LeftOut == 0 {
		return nil, nothing(in.Name, res.Nearest)
	}
	res.Results = in.keep(res.Results)
	w.leftOut(res.LeftOut)
	w.empty(len(res.Results), "no definition of %s is in %s", in.Name, in.Under)
	return w.results(res, render.NewDefinitionsText)
}

// keep leaves out results that are elsewhere.
func (a *underArg) keep(list []workbench.Result) []workbench.Result {
	if a.Under == "" {
		return list
	}
	return slices.DeleteFunc(list, func(r workbench.Result) bool { return !a.has(r.Path) })
}

// results shows the results of an answer.
func (w *window) results(res *workbench.Answer, printer func(io.Writer, render.Style) *render.AnswersText) (*answer, error) {
	return w.list(len(res.Results), func(from, to int) ([]byte, []byte, error) {
		part := *res
		part.Results = res.Results[from:to]
		for i := range part.Results {
			clip(&part.Results[i])
		}
		return both(func(b *bytes.Buffer) error { return printer(b, render.Style{}).Answer(&part) },
			func(b *bytes.Buffer) error { return render.NewAnswersJSON(b).Answer(&part) })
	})
}

// both makes the text and the JSON of something.
func both(text, json func(*bytes.Buffer) error) ([]byte, []byte, error) {
	var t, j bytes.Buffer
	err := errors.Join(text(&t), json(&j))
	return t.Bytes(), j.Bytes(), err
}

// maxLine is how much is shown of a line, in bytes.
const maxLine = 300

// clip shortens the line of a result to what is around the name.
func clip(r *workbench.Result) { r.Text = clipAt(r.Text, r.Column-1) }

// clipAt shortens a line to what is around a byte. What it shortened stays as it
// is.
func clipAt(text string, at int) string {
	const ellipsis = "…"
	if len(text) <= maxLine+2*len(ellipsis) {
		return text
	}
	from := max(0, min(at-maxLine/2, len(text)-maxLine))
	s := strings.ToValidUTF8(text[from:from+maxLine], "")
	if from > 0 {
		s = ellipsis + s
	}
	if from+maxLine < len(text) {
		s += ellipsis
	}
	return s
}

// defineEverywhere answers def with all_trees.
func (s *server) defineEverywhere(ctx context.Context, t *workbench.Tree, in *defArgs, w *window) (a *answer, err error) {
	opts := s.opts.Bench
	opts.Tree, opts.Lens = t.Root(), in.lens()
	bench, err := workbench.New(opts)
	if err != nil {
		return nil, err
	}
	trees, skipped, err := bench.OpenAllTrees()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, workbench.CloseTrees(trees)) }()
	for _, err := range skipped {
		w.note("left out: %v", err)
	}
	answers, err := workbench.DefineIn(ctx, trees, in.Name)
	if err != nil {
		return nil, err
	}
	known := false
	for i := range answers {
		known = known || len(answers[i].Results) > 0
		answers[i].Results = slices.DeleteFunc(answers[i].Results, func(r workbench.TreeResult) bool { return !in.has(r.Path) })
	}
	if !known {
		return nil, nothing(in.Name, answers[0].Nearest)
	}
	text, js, err := both(func(b *bytes.Buffer) error { return render.TreesDefinitionsText(b, render.Style{}, in.Name, answers) },
		func(b *bytes.Buffer) error { return render.TreesDefinitionsJSON(b, in.Name, answers) })
	if err != nil {
		return nil, err
	}
	return w.document(text, array("trees", js))
}

// array makes an object with a list of the objects of several lines.
func array(key string, lines []byte) []byte {
	list := bytes.ReplaceAll(bytes.TrimSpace(lines), []byte{'\n'}, []byte{','})
	return append(append([]byte(`{"`+key+`":[`), list...), "]}"...)
}

func refs(ctx context.Context, t *workbench.Tree, in *refsArgs, w *window) (*answer, error) {
	res, err := t.Refs(ctx, in.Name, workbench.RefOptions{Roles: in.Roles, NoText: true})
	if err != nil {
		return nil, err
	}
	switch {
	case len(res.Results) > 0 || res.LeftOut > 0:
	case len(res.Roles) > 0:
		w.note("%s has none of these roles; it occurs as %s", in.Name, strings.Join(res.Roles, ", "))
	case len(res.Nearest) > 0 || !strings.ContainsAny(in.Name, "/."):
		return nil, nothing(in.Name, res.Nearest)
	default:
		w.note("no file includes %s", in.Name)
	}
	if found := len(res.Results); found > 0 {
		res.Results = in.keep(res.Results)
		w.empty(len(res.Results), "none of %d references is in %s", found, in.Under)
	}
	w.leftOut(res.LeftOut)
	from := min(w.from, len(res.Results))
	if err := t.ReadText(ctx, in.Name, res.Results[from:min(from+w.limit, len(res.Results))]); err != nil {
		return nil, err
	}
	return w.results(res, render.NewReferencesText)
}

func showName(ctx context.Context, t *workbench.Tree, in *showArgs, w *window) (*answer, error) {
	if in.Places < 0 || in.Places > maxResults {
		return nil, errPlaces
	}
	res, err := t.Show(ctx, in.Name, workbench.ShowOptions{Limit: in.Places})
	if err != nil {
		return nil, err
	}
	w.leftOut(res.LeftOut)
	if res.Definition == nil && res.LeftOut == 0 {
		return nil, nothing(in.Name, res.Nearest)
	}
	text, js, err := both(func(b *bytes.Buffer) error {
		if res.Definition == nil {
			return nil
		}
		return render.ShowText(b, render.Style{}, res)
	}, func(b *bytes.Buffer) error { return render.ShowJSON(b, res) })
	if err != nil {
		return nil, err
	}
	return w.document(text, js)
}

var errPlaces = errors.New("places is a number from 1 to 500")
