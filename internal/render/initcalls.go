package render

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"dekho/internal/workbench"
)

// InitcallsText lists initcalls for people and editors.
func InitcallsText(w io.Writer, style Style, res *workbench.Initcalls) error {
	l := &line{style: &style}
	level := 0
	for i := range res.Calls {
		level = max(level, len(res.Calls[i].Level))
	}
	for i := range res.Calls {
		c := &res.Calls[i]
		l.reset()
		l.put(inkPath, c.Path)
		l.put("", ":")
		l.put(inkLine, strconv.FormatUint(uint64(c.Line), 10))
		l.put("", ": ")
		l.put(inkDim, fmt.Sprintf("%*d  %-*s  ", len(strconv.Itoa(res.Total)), c.Order, level, c.Level))
		l.put(inkName, c.Function)
		// core_initcall_sync tells no more than the level.
		if level, sync := strings.CutSuffix(c.Level, "_sync"); c.Macro != level+"_initcall" && (!sync || c.Macro != level+"_initcall_sync") {
			l.put(inkDim, "  "+c.Macro)
		}
		if c.Verdict.State == workbench.BuiltUnknown {
			mark, color := lensMark(&workbench.Judgement{BuildVerdict: c.Verdict})
			l.put(color, "  ["+mark+"]")
		}
		l.buf = append(l.buf, '\n')
		if _, err := w.Write(l.buf); err != nil {
			return err
		}
	}
	return nil
}

// InitcallsJSON lists initcalls as a JSON object in a line; docs/json.md
// describes it.
func InitcallsJSON(w io.Writer, pattern string, res *workbench.Initcalls) error {
	o := &object{}
	o.open("", '{')
	o.str("name", pattern)
	o.num("total", int64(res.Total))
	o.num("modules", int64(res.Modules))
	o.open("results", '[')
	for i := range res.Calls {
		c := &res.Calls[i]
		o.open("", '{')
		o.str("path", c.Path)
		o.num("line", int64(c.Line))
		o.str("function", c.Function)
		o.num("order", int64(c.Order))
		o.str("level", c.Level)
		o.str("section", c.ID)
		o.str("macro", c.Macro)
		o.str("object", c.Object)
		o.lens(&workbench.Judgement{BuildVerdict: c.Verdict})
		o.close('}')
	}
	o.close(']')
	o.buf = append(o.buf, '}', '\n')
	_, err := w.Write(o.buf)
	return err
}
