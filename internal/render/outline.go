package render

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"dekho/internal/workbench"
)

// OutlineText writes the definitions of a file for people and editors.
func OutlineText(w io.Writer, style Style, o *workbench.Outline) error {
	l := &line{style: &style}
	kinds, numbers := 0, 0
	for i := range o.Items {
		it := &o.Items[i]
		kinds = max(kinds, len(it.Kind))
		numbers = max(numbers, len(extent(it)))
	}
	for i := range o.Items {
		it := &o.Items[i]
		l.reset()
		l.put(inkPath, o.Path)
		l.put("", ":")
		l.put(inkLine, strconv.FormatUint(uint64(it.Line), 10))
		l.put("", ": ")
		l.put(inkDim, fmt.Sprintf("%-*s  %-*s  ", kinds, it.Kind, numbers, extent(it)))
		l.put("", strings.Repeat("  ", it.Depth))
		l.put(inkName, it.Name)
		if it.Macro != nil {
			l.generated(it.Macro)
		}
		if it.Condition != "" {
			l.put(inkDim, "  #if "+it.Condition)
		}
		l.buf = append(l.buf, '\n')
		if _, err := w.Write(l.buf); err != nil {
			return err
		}
	}
	return nil
}

// extent is the lines of a definition: "12-40", "7".
func extent(it *workbench.OutlineItem) string {
	s := strconv.FormatUint(uint64(it.Start), 10)
	if it.End > it.Start {
		s += "-" + strconv.FormatUint(uint64(it.End), 10)
	}
	return s
}

// OutlineJSON writes an outline as a JSON object in a line; docs/json.md
// describes it.
func OutlineJSON(w io.Writer, o *workbench.Outline) error {
	j := &object{}
	j.open("", '{')
	j.str("name", o.Name)
	j.open("results", '[')
	for i := range o.Items {
		it := &o.Items[i]
		j.open("", '{')
		j.str("path", o.Path)
		j.num("line", int64(it.Line))
		j.str("symbol", it.Name)
		j.str("kind", it.Kind)
		j.num("start", int64(it.Start))
		j.num("end", int64(it.End))
		j.num("depth", int64(it.Depth))
		j.opt("condition", it.Condition)
		j.opt("text", it.Text)
		j.macro(it.Macro)
		j.close('}')
		if len(j.buf) > flushAt {
			n := len(j.buf) - 1
			if _, err := w.Write(j.buf[:n]); err != nil {
				return err
			}
			j.buf = append(j.buf[:0], j.buf[n])
		}
	}
	j.close(']')
	j.list("nearest", o.Nearest)
	j.buf = append(j.buf, '}', '\n')
	_, err := w.Write(j.buf)
	return err
}
