package mcp

// Tools about files of a tree: outline, source.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

type outlineArgs struct {
	File string `json:"file" jsonschema:"path of a file below the root of the tree"`
	treeArgs
	listArgs
}

type sourceArgs struct {
	File  string `json:"file,omitempty" jsonschema:"path of a file below the root of the tree, as other answers give it"`
	First int    `json:"first,omitempty" jsonschema:"first line, 1 unless given"`
	Last  int    `json:"last,omitempty" jsonschema:"last line, that of the file unless given"`
	Name  string `json:"name,omitempty" jsonschema:"instead of a range of lines: the definition of this name, from its first line to its last; file chooses among several"`
	treeArgs
	pageArg
}

func (s *server) addFiles(srv *mcp.Server) {
	addTree(s, srv, tool{name: "outline", title: "Outline of a file", description: "What a file defines, in order: kind, first and last line, name, nested, with the #if around it. A cheap look before reading it."}, outline)
	addTree(s, srv, tool{name: "source", title: "Read source", description: "Lines of a file of the tree, numbered: a range, or the definition of a name (name=tcp_v4_rcv reads the whole function). It reads no file outside of the tree."}, source)
}

func outline(ctx context.Context, t *workbench.Tree, in *outlineArgs, w *window) (*answer, error) {
	res, err := t.Outline(ctx, in.File)
	if err != nil {
		return nil, err
	}
	if res.Path == "" {
		return nil, nothing(in.File, res.Nearest)
	}
	w.empty(len(res.Items), "%s defines nothing that dekho knows; the tool source reads it", res.Path)
	return w.list(len(res.Items), func(from, to int) ([]byte, []byte, error) {
		part := *res
		part.Items = res.Items[from:to]
		for i := range part.Items {
			part.Items[i].Text = clipAt(part.Items[i].Text, 0)
		}
		return both(func(b *bytes.Buffer) error { return render.OutlineText(b, render.Style{}, &part) },
			func(b *bytes.Buffer) error { return render.OutlineJSON(b, &part) })
	})
}

// sourceText is the structured form of lines of a file; docs/json.md describes it.
type sourceText struct {
	Name    string `json:"name"`
	Path    string `json:"path"`
	First   uint32 `json:"first"`
	Last    uint32 `json:"last"`
	Lines   uint32 `json:"lines"`
	Text    string `json:"text"`
	Changed bool   `json:"changed,omitempty"`
}

func source(ctx context.Context, t *workbench.Tree, in *sourceArgs, w *window) (*answer, error) {
	file, first, last := in.File, max(in.First, 1), in.Last
	switch {
	case in.First < 0 || in.Last < 0 || in.First > math.MaxInt32 || in.Last > math.MaxInt32 || in.Last > 0 && in.Last < first:
		return nil, errors.New("first and last are numbers of lines, from 1")
	case in.Name != "" && (in.First > 0 || in.Last > 0):
		return nil, errors.New("name chooses the lines itself: leave out first and last")
	case in.Name != "":
		var err error
		if file, first, last, err = extent(ctx, t, in, w); err != nil {
			return nil, err
		}
	case file == "":
		return nil, errors.New("give a file, or the name of what is to be read")
	case last == 0:
		last = math.MaxInt32
	}
	l, err := t.Lines(ctx, file, uint32(first+w.from), uint32(last))
	if err != nil {
		return nil, err
	}
	if l.Path == "" {
		return nil, nothing(file, l.Nearest)
	}
	if l.Changed {
		w.note("%s changed since it was indexed: lines that other tools name may have moved", l.Path)
	}
	if len(l.Lines) == 0 {
		w.note("%s has %d lines", l.Path, l.Total)
	}
	out := sourceText{Name: file, Path: l.Path, First: l.First, Lines: l.Total, Changed: l.Changed}
	var text, plain bytes.Buffer
	n := 0
	for n < len(l.Lines) {
		row := fmt.Sprintf("%d\t%s\n", l.First+uint32(n), clipSource(l.Lines[n]))
		if n > 0 && text.Len()+len(row) > 2*maxText {
			break
		}
		text.WriteString(row)
		plain.WriteString(clipSource(l.Lines[n]) + "\n")
		n++
	}
	out.Text, out.Last = plain.String(), l.First+uint32(n)-1
	js, err := json.Marshal(&out)
	if err != nil {
		return nil, err
	}
	a := &answer{text: append([]byte(l.Path+"\n"), text.Bytes()...), json: js, unit: "lines"}
	if n > 0 {
		a.page.First, a.page.Last, a.page.Total = int(l.First), int(out.Last), min(last, int(l.Total))
	}
	if n < len(l.Lines) {
		a.page.Next = w.next(w.from + n)
	}
	return a, nil
}

// maxSourceLine is the length of the longest line that is read whole.
const maxSourceLine = 2 << 10

func clipSource(line string) string {
	if len(line) <= maxSourceLine {
		return line
	}
	return line[:maxSourceLine] + "…"
}

// extent finds the lines of the definition of a name.
func extent(ctx context.Context, t *workbench.Tree, in *sourceArgs, w *window) (path string, first, last int, err error) {
	defs, err := t.Define(ctx, in.Name)
	if err != nil {
		return "", 0, 0, err
	}
	at := slices.IndexFunc(defs.Results, func(r workbench.Result) bool { return in.File == "" || r.Path == in.File })
	switch {
	case len(defs.Results) == 0:
		return "", 0, 0, nothing(in.Name, defs.Nearest)
	case at < 0:
		return "", 0, 0, fmt.Errorf("%s is not defined in %s; the first definition is %s:%d", in.Name, in.File, defs.Results[0].Path, defs.Results[0].Line)
	}
	d := &defs.Results[at]
	if n := len(defs.Results); n > 1 && in.File == "" {
		w.note("%s has %d definitions; the tool def lists them", in.Name, n)
	}
	o, err := t.Outline(ctx, d.Path)
	if err != nil {
		return "", 0, 0, err
	}
	for i := range o.Items {
		if it := &o.Items[i]; it.Line == d.Line {
			return d.Path, int(it.Start), int(it.End), nil
		}
	}
	return d.Path, int(d.Line), int(d.Line), nil
}
