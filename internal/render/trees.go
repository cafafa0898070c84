package render

import (
	"fmt"
	"io"
	"path/filepath"
	"strconv"

	"dekho/internal/workbench"
)

// TreesDefinitionsText writes where several trees define a name, with whole
// paths, and how the others compare with the first.
func TreesDefinitionsText(w io.Writer, style Style, name string, answers []workbench.TreeAnswer) error {
	style.Width = 0 // what has changed stands at the end
	l := &line{style: &style}
	kinds := 0
	for i := range answers {
		for j := range answers[i].Results {
			kinds = max(kinds, len(answers[i].Results[j].Kind))
		}
	}
	for i := range answers {
		a := &answers[i]
		if len(a.Results) == 0 {
			l.reset()
			l.put(inkDim, a.Tree+": not defined")
			l.buf = append(l.buf, '\n')
			if _, err := w.Write(l.buf); err != nil {
				return err
			}
		}
		for j := range a.Results {
			r := &a.Results[j]
			root := a.Tree
			if r.Change == workbench.ChangeGone {
				root = answers[0].Tree // it is only there
			}
			l.reset()
			l.put(inkPath, filepath.Join(root, filepath.FromSlash(r.Path)))
			l.put("", ":")
			l.put(inkLine, strconv.FormatUint(uint64(r.Line), 10))
			l.put("", ": ")
			l.put(inkDim, fmt.Sprintf("%-*s  ", kinds, r.Kind))
			sourceText(l, &r.Result, name)
			if r.Condition != "" {
				l.put(inkDim, "  #if "+r.Condition)
			}
			if s := change(a, r); s != "" {
				l.put(inkWarn, "  ("+s+")")
			}
			l.buf = append(l.buf, '\n')
			if _, err := w.Write(l.buf); err != nil {
				return err
			}
		}
	}
	return nil
}

// change is how a definition compares with that of the first tree, in words.
func change(a *workbench.TreeAnswer, r *workbench.TreeResult) string {
	switch r.Change {
	case "":
		return ""
	case workbench.ChangeNone:
		return "same text"
	case workbench.ChangeGone:
		return "gone from " + a.Tree
	case workbench.ChangeNew:
		return "new"
	}
	s := string(r.Change)
	if r.Was.Path != r.Path {
		s += " from " + r.Was.Path
	}
	if r.Was.Kind != r.Kind {
		s += ", was a " + r.Was.Kind
	}
	if r.Lines > 0 && r.Was.Lines > 0 && r.Lines != r.Was.Lines {
		s += fmt.Sprintf(", %s, was %d", count(r.Lines, "line"), r.Was.Lines)
	}
	return s
}

// TreesDefinitionsJSON writes an object for each tree; docs/json.md describes
// it.
func TreesDefinitionsJSON(w io.Writer, name string, answers []workbench.TreeAnswer) error {
	for i := range answers {
		a := &answers[i]
		o := &object{}
		o.open("", '{')
		o.str("name", name)
		o.str("tree", a.Tree)
		o.opt("kernel", a.Kernel)
		o.open("results", '[')
		for j := range a.Results {
			r := &a.Results[j]
			o.open("", '{')
			o.result(&r.Result)
			o.opt("change", string(r.Change))
			o.optNum("lines", int64(r.Lines))
			if r.Was != nil && r.Change != workbench.ChangeGone {
				o.open("was", '{')
				o.str("path", r.Was.Path)
				o.num("line", int64(r.Was.Line))
				o.optNum("lines", int64(r.Was.Lines))
				o.close('}')
			}
			o.close('}')
		}
		o.close(']')
		o.list("nearest", a.Nearest)
		o.buf = append(o.buf, '}', '\n')
		if _, err := w.Write(o.buf); err != nil {
			return err
		}
	}
	return nil
}
