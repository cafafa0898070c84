package render

import (
	"fmt"
	"io"
	"strconv"

	"dekho/internal/workbench"
)

// FoundText lists files and symbols for people and editors.
func FoundText(w io.Writer, style Style, list []workbench.Found) error {
	l := &line{style: &style}
	for i := range list {
		f := &list[i]
		l.reset()
		if f.Name == "" {
			marked(l, f.Path, f.Positions, inkPath)
		} else {
			l.put(inkPath, f.Path)
			l.put("", ":")
			l.put(inkLine, strconv.FormatUint(uint64(f.Line), 10))
			l.put("", ": ")
			kind := f.Kind
			if kind == "" {
				kind = f.Role
			}
			l.put(inkDim, kind+" ")
			l.mark(f.Lens)
			marked(l, f.Name, f.Positions, "")
			if f.Macro != nil {
				l.generated(f.Macro)
			}
			if f.More > 0 {
				l.put(inkDim, fmt.Sprintf("  (and %d more)", f.More))
			}
		}
		l.buf = append(l.buf, '\n')
		if _, err := w.Write(l.buf); err != nil {
			return err
		}
	}
	return nil
}

// marked writes a text with some of its bytes marked.
func marked(l *line, text string, positions []int, color ink) {
	at := 0
	for i := 0; i < len(positions); {
		start := positions[i]
		end := start + 1
		for i++; i < len(positions) && positions[i] == end; i++ {
			end++
		}
		if start < at || end > len(text) {
			break
		}
		l.put(color, text[at:start])
		l.put(inkMatch, text[start:end])
		at = end
	}
	l.put(color, text[at:])
}

// FoundJSON writes the answer to a fuzzy query as a JSON object in a line, in
// the form of an answer; docs/json.md describes it. tree is the root of the tree
// that answers, "" if only one was asked.
func FoundJSON(w io.Writer, tree, query string, list []workbench.Found) error {
	o := &object{}
	o.open("", '{')
	o.str("name", query)
	o.opt("tree", tree)
	o.open("results", '[')
	for i := range list {
		f := &list[i]
		o.open("", '{')
		o.str("path", f.Path)
		o.optNum("line", int64(f.Line))
		o.optNum("column", int64(f.Column))
		o.opt("kind", f.Kind)
		o.str("role", f.Role)
		o.opt("symbol", f.Name)
		o.opt("condition", f.Condition)
		o.opt("text", f.Text)
		o.macro(f.Macro)
		o.optNum("more", int64(f.More))
		o.lens(f.Lens)
		o.num("score", int64(f.Score))
		o.open("positions", '[')
		for _, p := range f.Positions {
			o.sep()
			o.buf = strconv.AppendInt(o.buf, int64(p), 10)
		}
		o.close(']')
		o.close('}')
	}
	o.close(']')
	o.buf = append(o.buf, '}', '\n')
	_, err := w.Write(o.buf)
	return err
}
