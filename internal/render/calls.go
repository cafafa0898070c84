package render

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"dekho/internal/workbench"
)

// CalleesText writes what a function calls, a call a line.
func CalleesText(w io.Writer, style Style, a *workbench.CalleesAnswer) error {
	l := &line{style: &style}
	kinds := 0
	for i := range a.Callees {
		kinds = max(kinds, len(calleeKind(&a.Callees[i])))
	}
	for i := range a.Callees {
		c := &a.Callees[i]
		l.reset()
		l.place(c.Path, c.Line)
		kind := calleeKind(c)
		l.put(inkDim, kind)
		l.put("", spaces[:min(max(0, kinds-len(kind))+2, len(spaces))])
		l.put(inkMatch, c.Name)
		l.put("", "  ")
		putText(l, &c.Result)
		if len(c.Macros) > 0 {
			l.put(inkDim, "  by "+strings.Join(c.Macros, " -> "))
		}
		if c.Defined != "" {
			l.put(inkDim, "  at "+c.Defined)
		}
		l.put(inkDim, optional("  ", c.Through))
		l.buf = append(l.buf, '\n')
		for _, t := range c.Targets {
			l.put("", "        ")
			l.place(t.Path, t.Line)
			l.put("", t.Name)
			if t.Grade != workbench.TypeMatched {
				l.put(inkDim, "  "+t.Grade.String())
			}
			l.buf = append(l.buf, '\n')
		}
		if c.More > 0 {
			l.put(inkDim, "        "+strconv.Itoa(c.More)+" more (--targets)")
			l.buf = append(l.buf, '\n')
		}
		if _, err := w.Write(l.buf); err != nil {
			return err
		}
	}
	return nil
}

func optional(before, s string) string {
	if s == "" {
		return ""
	}
	return before + s
}

func calleeKind(c *workbench.Callee) string {
	if c.How == workbench.CallDirect && c.Kind != "" {
		return c.Kind
	}
	return string(c.How)
}

// CallTreeText draws the callers of a function as a tree.
func CallTreeText(w io.Writer, style Style, a *workbench.CallTree) error {
	l := &line{style: &style}
	for _, r := range a.Roots {
		l.reset()
		l.put(inkMatch, r.Function)
		if r.Path != "" {
			l.put(inkDim, "  "+r.Path+":"+strconv.FormatUint(uint64(r.Line), 10))
		}
		l.buf = append(l.buf, '\n')
		l.branches(r, "")
		if _, err := w.Write(l.buf); err != nil {
			return err
		}
	}
	return nil
}

// branches draws what is above a function, each line behind prefix.
func (l *line) branches(b *workbench.CallBranch, prefix string) {
	for i, c := range b.Callers {
		knot, below := "├─ ", "│  "
		if i+1 == len(b.Callers) && b.More == 0 {
			knot, below = "└─ ", "   "
		}
		l.put(inkDim, prefix+knot)
		if c.Function != "" {
			l.put("", c.Function+"  ")
		}
		l.put(inkPath, c.Path)
		l.put("", ":")
		l.put(inkLine, strconv.FormatUint(uint64(c.Line), 10))
		if c.Count > 1 {
			l.put(inkDim, fmt.Sprintf("  %d calls", c.Count))
		}
		if c.How == workbench.CallPointer {
			l.put(inkDim, "  "+c.Grade.String()+" "+c.Through)
		}
		l.put(inkDim, optional("  ", c.Note))
		switch c.Mark {
		case workbench.MarkCycle:
			l.put(inkWarn, "  (cycle)")
		case workbench.MarkShown:
			l.put(inkDim, "  (shown elsewhere)")
		case workbench.MarkDepth, workbench.MarkNone:
		}
		l.buf = append(l.buf, '\n')
		l.branches(c, prefix+below)
	}
	if b.More > 0 {
		l.put(inkDim, prefix+"└─ "+strconv.Itoa(b.More)+" more (--limit)")
		l.buf = append(l.buf, '\n')
	}
}

// PathsText writes the ways from one function to another, a call a line.
func PathsText(w io.Writer, style Style, a *workbench.PathAnswer) error {
	l := &line{style: &style}
	for i, p := range a.Paths {
		l.reset()
		if i > 0 {
			l.buf = append(l.buf, '\n')
		}
		for _, h := range p {
			l.place(h.Path, h.Line)
			l.put("", h.From+" -> ")
			l.put(inkMatch, h.To)
			if h.How == workbench.CallPointer {
				l.put(inkDim, "  "+h.Grade.String()+" "+h.Through)
			} else if h.How != workbench.CallDirect {
				l.put(inkDim, "  "+string(h.How))
			}
			l.put(inkDim, "  "+strings.TrimSpace(h.Text))
			l.buf = append(l.buf, '\n')
			for _, s := range h.Steps {
				l.put("", "        ")
				l.place(s.Path, s.Line)
				l.put("", s.What)
				l.buf = append(l.buf, '\n')
			}
		}
		if _, err := w.Write(l.buf); err != nil {
			return err
		}
	}
	return nil
}
