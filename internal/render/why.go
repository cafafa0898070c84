package render

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"dekho/internal/workbench"
)

// WhyText writes where an error code can have come from.
func WhyText(w io.Writer, style Style, y *workbench.Why) error {
	l := &line{style: &style}
	l.place(y.Path, y.Line)
	l.put(inkDim, y.Function+"()  ")
	l.put("", y.Text)
	l.buf = append(l.buf, '\n')
	if y.Record != "" {
		l.note("printed line " + strconv.Itoa(y.RecordLine) + " of the log (" + y.Verdict.String() + "): " + y.Record)
	}
	if e := y.Errno; e != nil {
		text := "-" + strconv.Itoa(e.Number) + optional(" is -", e.Name) + optional(": ", e.Meaning)
		l.note(text + optional("  ", e.Place))
	}
	switch {
	case y.Value != "":
		l.note("held by " + y.Value)
	case y.Tested:
		l.note("what it prints holds no error code: what was tested before it is followed")
	}
	l.conditions(y.Conds, "")
	if len(y.Origins) == 0 {
		l.note("nothing found that it can come from")
	}
	for i := range y.Origins {
		l.origin(i+1, &y.Origins[i])
	}
	if y.More > 0 {
		l.note(strconv.Itoa(y.More) + " more, less likely (--limit)")
	}
	if y.Exhausted {
		l.note("the search was cut short: there may be others")
	}
	_, err := w.Write(l.buf)
	return err
}

// note writes a line of its own about what stands above it.
func (l *line) note(text string) {
	l.put(inkDim, "        "+text)
	l.buf = append(l.buf, '\n')
}

// conditions writes the conditions around a statement, and what of #if governs
// it.
func (l *line) conditions(list []workbench.WhyCond, config string) {
	for _, c := range list {
		l.note(strings.TrimSpace(condition(&c)) + "  line " + strconv.FormatUint(uint64(c.Line), 10))
	}
	if config != "" {
		l.note("built if " + config)
	}
}

// condition is a condition in words.
func condition(c *workbench.WhyCond) string {
	if c.Not {
		return " unless " + c.Text
	}
	return " if " + c.Text
}

// origin writes one place that a code can have come from.
func (l *line) origin(n int, o *workbench.WhyOrigin) {
	l.place(o.Path, o.Line)
	l.put(inkDim, fmt.Sprintf("%d. %.0f %%  ", n, 100*o.Share))
	l.put(inkDim, o.Function+"()  ")
	l.mark(o.Lens)
	l.put(inkMatch, o.Text)
	switch o.What {
	case workbench.WhyCall:
		l.put(inkDim, "  the tree does not tell what "+o.Name+" returns")
	case workbench.WhyPointer:
		l.put(inkDim, "  calls through "+o.Name+", which nothing known is put into that returns it")
	case workbench.WhyParameter:
		l.put(inkDim, "  its caller hands over "+o.Name)
	case workbench.WhyValue:
		l.put(inkDim, "  "+o.Name+" is not followed further")
	}
	if o.Macro != "" {
		l.put(inkDim, "  out of "+o.Macro+"()")
	}
	if o.Guess {
		l.put(inkDim, "  perhaps: the names agree")
	}
	l.buf = append(l.buf, '\n')
	l.conditions(o.Conds, o.Condition)
	for _, c := range o.Jumps {
		l.note("reached from line " + strconv.FormatUint(uint64(c.Line), 10) + condition(&c))
	}
	for i := range o.Said {
		l.note("the log has line " + strconv.Itoa(o.Said[i].Line) + ": " + o.Said[i].Text)
	}
	for i := range o.Steps {
		s := &o.Steps[i]
		l.put("", "        ")
		l.put(inkDim, "by ")
		l.place(s.Path, s.Line)
		l.put("", s.Text)
		if s.How == workbench.CallPointer {
			l.put(inkDim, "  "+s.Grade.String())
		}
		l.buf = append(l.buf, '\n')
	}
}

// WhyJSON writes it as JSON; docs/json.md describes it.
func WhyJSON(w io.Writer, y *workbench.Why) error {
	var o object
	o.open("", '{')
	o.str("path", y.Path)
	o.num("line", int64(y.Line))
	o.str("function", y.Function)
	o.str("text", y.Text)
	if y.Record != "" {
		o.str("record", y.Record)
		o.num("record_line", int64(y.RecordLine))
		o.str("verdict", y.Verdict.String())
	}
	if y.Errno != nil {
		o.errno(y.Errno)
	}
	o.opt("value", y.Value)
	o.flag("tested", y.Tested)
	o.conditions("conditions", y.Conds)
	o.open("origins", '[')
	for i := range y.Origins {
		r := &y.Origins[i]
		o.open("", '{')
		o.str("path", r.Path)
		o.num("line", int64(r.Line))
		o.str("function", r.Function)
		o.str("text", r.Text)
		o.str("what", r.What)
		o.opt("name", r.Name)
		o.opt("macro", r.Macro)
		o.real("share", r.Share, 3)
		o.conditions("conditions", r.Conds)
		o.conditions("jumps", r.Jumps)
		o.opt("condition", r.Condition)
		o.open("steps", '[')
		for j := range r.Steps {
			s := &r.Steps[j]
			o.open("", '{')
			o.str("path", s.Path)
			o.num("line", int64(s.Line))
			o.str("function", s.Function)
			o.str("text", s.Text)
			o.opt("how", string(s.How))
			if s.How == workbench.CallPointer {
				o.str("grade", s.Grade.String())
			}
			o.close('}')
		}
		o.close(']')
		o.said(r.Said)
		o.flag("guess", r.Guess)
		o.lens(r.Lens)
		o.close('}')
	}
	o.close(']')
	o.optNum("more", int64(y.More))
	o.flag("exhausted", y.Exhausted)
	o.close('}')
	o.buf = append(o.buf, '\n')
	_, err := w.Write(o.buf)
	return err
}

func (o *object) errno(e *workbench.Errno) {
	o.open("errno", '{')
	o.opt("name", e.Name)
	o.num("number", int64(e.Number))
	o.opt("meaning", e.Meaning)
	o.opt("place", e.Place)
	o.close('}')
}

func (o *object) said(list []workbench.WhySaid) {
	if len(list) == 0 {
		return
	}
	o.open("said", '[')
	for i := range list {
		o.open("", '{')
		o.num("line", int64(list[i].Line))
		o.str("text", list[i].Text)
		o.str("path", list[i].Path)
		o.num("statement", int64(list[i].Statement))
		o.close('}')
	}
	o.close(']')
}

func (o *object) conditions(name string, list []workbench.WhyCond) {
	if len(list) == 0 {
		return
	}
	o.open(name, '[')
	for _, c := range list {
		o.open("", '{')
		o.str("text", c.Text)
		o.num("line", int64(c.Line))
		o.flag("not", c.Not)
		o.close('}')
	}
	o.close(']')
}
