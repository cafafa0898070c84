package render

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"dekho/internal/workbench"
)

// CallersPrinter shows who calls a function.
type CallersPrinter interface {
	Callers(a *workbench.CallersAnswer) error
}

// CallersText writes callers for people and editors.
type CallersText struct {
	w    io.Writer
	line line
}

// NewCallersText returns a writer of callers to w.
func NewCallersText(w io.Writer, style Style) *CallersText {
	return &CallersText{w: w, line: line{style: &style}}
}

// callKind is what the text calls a kind of call.
func callKind(c *workbench.Caller) string {
	if c.How == workbench.CallPointer {
		return c.Grade.String()
	}
	return string(c.How)
}

// Callers implements CallersPrinter.
func (t *CallersText) Callers(a *workbench.CallersAnswer) error {
	kinds := 0
	for i := range a.Callers {
		kinds = max(kinds, len(callKind(&a.Callers[i])))
	}
	l := &t.line
	for i := range a.Callers {
		c := &a.Callers[i]
		l.reset()
		l.place(c.Path, c.Line)
		kind := callKind(c)
		l.put(inkDim, kind)
		l.put("", spaces[:min(kinds-len(kind)+2, len(spaces))])
		if c.Function != "" {
			l.put(inkDim, c.Function)
			l.put(inkDim, "()  ")
		}
		putText(l, &c.Result)
		l.callDetails(c)
		l.buf = append(l.buf, '\n')
		if i+1 == len(a.Callers) || !sameSteps(c, &a.Callers[i+1]) {
			l.steps(c)
		}
		if _, err := t.w.Write(l.buf); err != nil {
			return err
		}
	}
	if more := a.Total - len(a.Callers); more > 0 {
		l.reset()
		l.put(inkDim, strconv.Itoa(more)+" more (--limit)")
		l.buf = append(l.buf, '\n')
		if _, err := t.w.Write(l.buf); err != nil {
			return err
		}
	}
	return nil
}

const spaces = "                        "

// place writes "path:line: ".
func (l *line) place(path string, n uint32) {
	l.put(inkPath, path)
	l.put("", ":")
	l.put(inkLine, strconv.FormatUint(uint64(n), 10))
	l.put("", ": ")
}

// putText writes the line of a result with the name marked.
func putText(l *line, r *workbench.Result) {
	l.mark(r.Lens)
	text := r.Text
	trimmed := strings.TrimLeft(text, " \t")
	l.put("", trimmed)
	if r.Changed {
		l.put(inkWarn, "  (changed since it was indexed)")
	}
}

// callDetails writes what else is known of a call.
func (l *line) callDetails(c *workbench.Caller) {
	if len(c.Macros) > 0 {
		l.put(inkDim, "  by "+strings.Join(c.Macros, " -> "))
	}
	if c.Note != "" {
		l.put(inkDim, "  "+c.Note)
	}
	if len(c.Triggers) > 0 {
		l.put(inkDim, ", "+c.Trigger+" ")
		for i, s := range c.Triggers {
			if i > 0 {
				l.put(inkDim, ", ")
			}
			l.put(inkDim, s.Path+":"+strconv.FormatUint(uint64(s.Line), 10))
			if s.What != "" {
				l.put(inkDim, " "+s.What+"()")
			}
		}
	}
	if c.Of != "" {
		l.put(inkDim, "  of "+c.Of)
	}
}

// sameSteps reports whether a function came to two callers in the same way.
func sameSteps(a, b *workbench.Caller) bool {
	return a.Of == b.Of && slices.Equal(a.Steps, b.Steps)
}

// steps writes how a function came to a caller, a line for each step.
func (l *line) steps(c *workbench.Caller) {
	if c.How != workbench.CallPointer {
		return
	}
	for i, s := range c.Steps {
		l.put("", "        ")
		l.place(s.Path, s.Line)
		l.put("", s.What)
		if i == 0 && c.More > 0 {
			l.put(inkDim, ", as at "+strconv.Itoa(c.More)+" more places")
		}
		l.buf = append(l.buf, '\n')
	}
}
