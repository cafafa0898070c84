package mcp

// Tools that search: grep, find.

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

type grepArgs struct {
	Pattern    string   `json:"pattern" jsonschema:"a regular expression in the syntax of Go (RE2)"`
	Literal    bool     `json:"literal,omitempty" jsonschema:"no character of the pattern is special"`
	IgnoreCase bool     `json:"ignore_case,omitempty" jsonschema:"letters match in either case"`
	Word       bool     `json:"word,omitempty" jsonschema:"match whole words"`
	Paths      []string `json:"paths,omitempty" jsonschema:"only files whose path matches one of these globs: drivers/net/**, *.dts; ! before one leaves out"`
	Languages  []string `json:"languages,omitempty" jsonschema:"only files of these languages: c, asm, kbuild, dts"`
	FilesOnly  bool     `json:"files_only,omitempty" jsonschema:"only the paths of files that match"`
	Context    int      `json:"context,omitempty" jsonschema:"lines shown before and after each match, at most 20"`
	underArg
	lensArgs
	listArgs
}

type findArgs struct {
	Query   string `json:"query" jsonschema:"a few letters of the name in their order, as for fzf; all terms must match; 'abc is the text abc, ^abc at the start, abc$ at the end, !abc not"`
	Files   bool   `json:"files,omitempty" jsonschema:"files only"`
	Symbols bool   `json:"symbols,omitempty" jsonschema:"symbols only"`
	lensArgs
	listArgs
}

func (s *server) addSearch(srv *mcp.Server) {
	addTree(s, srv, tool{name: "grep", title: "Search text", description: "Lines of the tree that match a regular expression, comments, documentation and Kconfig files included. For names, refs and def know more."}, search)
	addTree(s, srv, tool{name: "find", title: "Find by a few letters", description: "Files and symbols whose name has these letters in this order, best first: when the exact name is not known."}, find)
}

func search(ctx context.Context, t *workbench.Tree, in *grepArgs, w *window) (*answer, error) {
	const most = 20
	if in.Context < 0 || in.Context > most {
		return nil, errors.New("context is a number from 0 to 20")
	}
	if in.Pattern == "" {
		return nil, errors.New("an empty pattern matches everything; give a regular expression")
	}
	g, err := t.Grep(in.Pattern, workbench.GrepOptions{
		Literal: in.Literal, IgnoreCase: in.IgnoreCase, Word: in.Word, Paths: in.Paths, Languages: in.Languages,
		FilesOnly: in.FilesOnly, Before: in.Context, After: in.Context,
	})
	if err != nil {
		return nil, err
	}
	var text, js bytes.Buffer
	plain := render.NewGrepText(&text, render.GrepTextOptions{FilesOnly: in.FilesOnly, Context: in.Context > 0})
	object := render.NewGrepJSON(&js, "", in.Pattern)
	st := stream{w: w}
	unread := 0
	err = g.Run(ctx, func(r *workbench.GrepResult) error {
		if !in.has(r.Path) {
			return nil
		}
		if r.Err != nil {
			unread++
			return nil //nolint:nilerr // the other files are searched all the same
		}
		part := *r
		part.Lines = nil
		var full error
		if in.FilesOnly {
			show, err := st.take(len(r.Path))
			if !show {
				return err
			}
		} else {
			for i := range r.Lines {
				var show bool
				l := r.Lines[i]
				// A long line is cut to what matches first.
				at := 0
				if spans := g.Spans(nil, l.Text); len(spans) > 0 {
					at = spans[0].Start
				}
				l.Text = []byte(clipAt(string(l.Text), at))
				if show, full = st.take(len(r.Path) + len(l.Text) + 10); full != nil {
					break
				}
				if show {
					part.Lines = append(part.Lines, l)
				}
			}
			if len(part.Lines) == 0 {
				return full
			}
		}
		return errors.Join(plain.Result(g, &part), object.Result(g, &part), full)
	})
	full := errors.Is(err, errFull)
	if err != nil && !full {
		return nil, err
	}
	if err := object.End(); err != nil {
		return nil, err
	}
	if unread > 0 {
		w.note("%d files cannot be read any more", unread)
	}
	w.empty(st.seen, "no line matches")
	return st.answer(text.Bytes(), js.Bytes(), full), nil
}

// maxFound is how many results of find are ranked: who has not found it among
// them needs more letters.
const maxFound = 200

func find(ctx context.Context, t *workbench.Tree, in *findArgs, w *window) (*answer, error) {
	if strings.TrimSpace(in.Query) == "" {
		return nil, errors.New("the query is empty; give a few letters of a name")
	}
	list, err := t.Find(ctx, in.Query, workbench.FindOptions{Limit: maxFound, Files: in.Files, Symbols: in.Symbols})
	if err != nil {
		return nil, err
	}
	w.empty(len(list), "no name has these letters in this order")
	if len(list) == maxFound {
		w.note("only the best %d are listed; more letters narrow it down", maxFound)
	}
	return w.list(len(list), func(from, to int) ([]byte, []byte, error) {
		part := list[from:to]
		for i := range part {
			clip(&part[i].Result)
		}
		return both(func(b *bytes.Buffer) error { return render.FoundText(b, render.Style{}, part) },
			func(b *bytes.Buffer) error { return render.FoundJSON(b, "", in.Query, part) })
	})
}
