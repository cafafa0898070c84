package render

import (
	"io"

	"dekho/internal/workbench"
)

// CallersJSON writes callers as JSON, a name a line; docs/json.md describes it.
type CallersJSON struct {
	w io.Writer
	o object
}

// NewCallersJSON returns a writer of JSON to w.
func NewCallersJSON(w io.Writer) *CallersJSON { return &CallersJSON{w: w} }

func (o *object) steps(name string, steps []workbench.Step) {
	if len(steps) == 0 {
		return
	}
	o.open(name, '[')
	for i := range steps {
		s := &steps[i]
		o.open("", '{')
		o.str("path", s.Path)
		o.num("line", int64(s.Line))
		o.opt("what", s.What)
		o.close('}')
	}
	o.close(']')
}

// caller writes the keys of a caller.
func (o *object) caller(c *workbench.Caller) {
	o.result(&c.Result)
	o.str("how", string(c.How))
	o.opt("grade", c.Grade.String())
	o.opt("through", c.Through)
	o.list("macros", c.Macros)
	o.opt("note", c.Note)
	o.opt("trigger", c.Trigger)
	o.steps("triggers", c.Triggers)
	o.steps("steps", c.Steps)
	o.optNum("more", int64(c.More))
	o.opt("of", c.Of)
}

// Callers implements CallersPrinter.
func (j *CallersJSON) Callers(a *workbench.CallersAnswer) error {
	o := &j.o
	o.buf = append(o.buf[:0], '{')
	o.str("name", a.Name)
	o.num("total", int64(a.Total))
	o.open("results", '[')
	for i := range a.Callers {
		c := &a.Callers[i]
		if len(o.buf) > flushAt {
			n := len(o.buf) - 1
			if _, err := j.w.Write(o.buf[:n]); err != nil {
				return err
			}
			o.buf = append(o.buf[:0], o.buf[n])
		}
		o.open("", '{')
		o.caller(c)
		o.close('}')
	}
	o.close(']')
	o.list("nearest", a.Nearest)
	o.buf = append(o.buf, '}', '\n')
	_, err := j.w.Write(o.buf)
	return err
}

// CalleesJSON writes what a function calls as JSON.
func CalleesJSON(w io.Writer, a *workbench.CalleesAnswer) error {
	var o object
	o.open("", '{')
	o.str("name", a.Name)
	o.open("results", '[')
	for i := range a.Callees {
		c := &a.Callees[i]
		o.open("", '{')
		o.result(&c.Result)
		o.str("name", c.Name)
		o.str("how", string(c.How))
		o.opt("through", c.Through)
		o.list("macros", c.Macros)
		o.opt("defined", c.Defined)
		if c.How == workbench.CallPointer {
			o.open("targets", '[')
			for k := range c.Targets {
				t := &c.Targets[k]
				o.open("", '{')
				o.str("name", t.Name)
				o.str("path", t.Path)
				o.num("line", int64(t.Line))
				o.str("grade", t.Grade.String())
				o.close('}')
			}
			o.close(']')
		}
		o.optNum("more", int64(c.More))
		o.close('}')
	}
	o.close(']')
	o.list("nearest", a.Nearest)
	o.buf = append(o.buf, '}', '\n')
	_, err := w.Write(o.buf)
	return err
}

// CallTreeJSON writes a tree of callers as JSON.
func CallTreeJSON(w io.Writer, a *workbench.CallTree) error {
	var o object
	o.open("", '{')
	o.str("name", a.Name)
	o.open("results", '[')
	for _, r := range a.Roots {
		o.branch(r)
	}
	o.close(']')
	o.list("nearest", a.Nearest)
	o.buf = append(o.buf, '}', '\n')
	_, err := w.Write(o.buf)
	return err
}

func (o *object) branch(b *workbench.CallBranch) {
	o.open("", '{')
	o.str("function", b.Function)
	o.str("path", b.Path)
	o.num("line", int64(b.Line))
	o.opt("how", string(b.How))
	o.opt("grade", b.Grade.String())
	o.opt("through", b.Through)
	o.opt("note", b.Note)
	o.optNum("count", int64(b.Count))
	o.opt("mark", string(b.Mark))
	if len(b.Callers) > 0 {
		o.open("callers", '[')
		for _, c := range b.Callers {
			o.branch(c)
		}
		o.close(']')
	}
	o.optNum("more", int64(b.More))
	o.close('}')
}

// PathsJSON writes the ways from one function to another as JSON.
func PathsJSON(w io.Writer, a *workbench.PathAnswer) error {
	var o object
	o.open("", '{')
	o.str("from", a.From)
	o.str("to", a.To)
	o.open("paths", '[')
	for _, p := range a.Paths {
		o.open("", '[')
		for i := range p {
			h := &p[i]
			o.open("", '{')
			o.str("from", h.From)
			o.str("to", h.To)
			o.str("path", h.Path)
			o.num("line", int64(h.Line))
			o.opt("text", h.Text)
			o.str("how", string(h.How))
			o.opt("grade", h.Grade.String())
			o.opt("through", h.Through)
			o.steps("steps", h.Steps)
			o.close('}')
		}
		o.close(']')
	}
	o.close(']')
	o.flag("more", a.More)
	o.flag("stopped", a.Stopped)
	o.opt("missing", a.Missing)
	o.list("nearest", a.Nearest)
	o.buf = append(o.buf, '}', '\n')
	_, err := w.Write(o.buf)
	return err
}
