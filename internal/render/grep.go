package render

import (
	"io"
	"strconv"

	"dekho/internal/workbench"
)

// GrepText writes the results of a search like grep -n does.
type GrepText struct {
	w     io.Writer
	opts  GrepTextOptions
	line  line
	spans []workbench.Span
	last  bool // something was written: groups need a separator
}

// GrepTextOptions say what is shown.
type GrepTextOptions struct {
	Style            Style
	FilesOnly, Count bool
	// Context says that lines of context were asked for, so that groups of
	// lines are separated.
	Context bool
}

// NewGrepText returns a writer of text to w.
func NewGrepText(w io.Writer, opts GrepTextOptions) *GrepText {
	// Lines are never cut: what matched may stand at the end.
	opts.Style.Width = 0
	t := &GrepText{w: w, opts: opts}
	t.line.style = &t.opts.Style
	return t
}

// Result writes what was found in a file; spans finds the matches in a line.
func (t *GrepText) Result(g *workbench.Grep, r *workbench.GrepResult) error {
	l := &t.line
	l.reset()
	switch {
	case t.opts.FilesOnly:
		l.put(inkPath, r.Path)
		l.buf = append(l.buf, '\n')
	case t.opts.Count:
		l.put(inkPath, r.Path)
		l.put("", ":"+strconv.Itoa(r.Count))
		l.buf = append(l.buf, '\n')
	default:
		next := 0
		for i := range r.Lines {
			line := &r.Lines[i]
			if t.opts.Context && (t.last || i > 0) && (i == 0 || line.Number != next) {
				l.put(inkDim, "--")
				l.buf = append(l.buf, '\n')
			}
			next = line.Number + 1
			sep := "-"
			if line.Match {
				sep = ":"
			}
			l.put(inkPath, r.Path)
			l.put("", sep)
			l.put(inkLine, strconv.Itoa(line.Number))
			l.put("", sep)
			t.text(g, line)
			if j := g.Judgement(line); j != nil && j.State == workbench.BuiltOut {
				l.put("", "  ")
				mark, color := lensMark(j)
				l.put(color, "["+mark+"]")
			}
			l.buf = append(l.buf, '\n')
		}
		t.last = t.last || len(r.Lines) > 0
		if r.Binary {
			l.put("", r.Path+": binary file matches (found a NUL byte)")
			l.buf = append(l.buf, '\n')
		}
	}
	_, err := t.w.Write(l.buf)
	return err
}

// text writes a line. On a terminal it is made safe and its matches are marked;
// elsewhere it is written as it is.
func (t *GrepText) text(g *workbench.Grep, line *workbench.GrepLine) {
	l := &t.line
	if !t.opts.Style.Color {
		l.buf = append(l.buf, line.Text...)
		return
	}
	text := string(line.Text)
	at := 0
	if line.Match {
		t.spans = g.Spans(t.spans[:0], line.Text)
		for _, s := range t.spans {
			l.put("", text[at:s.Start])
			l.put(inkMatch, text[s.Start:s.End])
			at = s.End
		}
	}
	l.put("", text[at:])
}

// GrepJSON writes the results of a search as one JSON object in a line, in the
// form of an answer; docs/json.md describes it.
type GrepJSON struct {
	w io.Writer
	o object
}

// NewGrepJSON begins the answer for a pattern. tree is the root of the tree that
// answers, "" if only one was asked.
func NewGrepJSON(w io.Writer, tree, pattern string) *GrepJSON {
	j := &GrepJSON{w: w}
	j.o.buf = append(j.o.buf, '{')
	j.o.str("name", pattern)
	j.o.opt("tree", tree)
	j.o.open("results", '[')
	return j
}

// Result writes what was found in a file.
func (j *GrepJSON) Result(g *workbench.Grep, r *workbench.GrepResult) error {
	o := &j.o
	if len(r.Lines) == 0 {
		o.open("", '{')
		o.str("path", r.Path)
		o.num("count", int64(r.Count))
		o.flag("binary", r.Binary)
		o.close('}')
	}
	for i := range r.Lines {
		line := &r.Lines[i]
		o.open("", '{')
		o.str("path", r.Path)
		o.num("line", int64(line.Number))
		if line.Match {
			if spans := g.Spans(nil, line.Text); len(spans) > 0 {
				o.num("column", int64(spans[0].Start+1))
			}
		}
		o.str("role", map[bool]string{true: "match", false: "context"}[line.Match])
		o.str("text", string(line.Text))
		o.flag("binary", r.Binary)
		o.lens(g.Judgement(line))
		o.close('}')
	}
	if len(o.buf) <= flushAt {
		return nil
	}
	n := len(o.buf) - 1
	_, err := j.w.Write(o.buf[:n])
	o.buf = append(o.buf[:0], o.buf[n])
	return err
}

// End ends the answer.
func (j *GrepJSON) End() error {
	j.o.close(']')
	j.o.buf = append(j.o.buf, '}', '\n')
	_, err := j.w.Write(j.o.buf)
	j.o.buf = j.o.buf[:0]
	return err
}
