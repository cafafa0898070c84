package render

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"dekho/internal/workbench"
)

// AnswerPrinter shows what is known of names.
type AnswerPrinter interface {
	Answer(a *workbench.Answer) error
}

// AnswersText writes answers for people and editors: "path:line: " comes first.
type AnswersText struct {
	w    io.Writer
	line line
	// uses says that the answers are references: then their roles are shown.
	uses bool
}

// NewDefinitionsText returns a writer of definitions to w.
func NewDefinitionsText(w io.Writer, style Style) *AnswersText {
	return &AnswersText{w: w, line: line{style: &style}}
}

// NewReferencesText returns a writer of references to w.
func NewReferencesText(w io.Writer, style Style) *AnswersText {
	return &AnswersText{w: w, line: line{style: &style}, uses: true}
}

// Answer implements AnswerPrinter.
func (t *AnswersText) Answer(a *workbench.Answer) error {
	// Columns are as wide as most need, so that an outlier does not push
	// everything to the right.
	kinds := 0
	for i := range a.Results {
		kinds = max(kinds, len(t.kind(&a.Results[i])))
	}
	for i := range a.Results {
		r := &a.Results[i]
		l := &t.line
		l.reset()
		l.put(inkPath, r.Path)
		l.put("", ":")
		l.put(inkLine, strconv.FormatUint(uint64(r.Line), 10))
		l.put("", ": ")
		l.put(inkDim, fmt.Sprintf("%-*s  ", kinds, t.kind(r)))
		if r.Function != "" {
			l.put(inkDim, r.Function+"()  ")
		}
		l.mark(r.Lens)
		sourceText(l, r, a.Name)
		if r.Text == "" && !t.line.style.Color {
			l.buf = bytes.TrimRight(l.buf, " ")
		}
		if r.Condition != "" {
			l.put(inkDim, "  #if "+r.Condition)
		}
		if r.Changed {
			l.put(inkWarn, "  (changed since it was indexed)")
		}
		l.buf = append(l.buf, '\n')
		if _, err := t.w.Write(l.buf); err != nil {
			return err
		}
	}
	return nil
}

func (t *AnswersText) kind(r *workbench.Result) string {
	if t.uses || r.Kind == "" {
		return r.Role
	}
	return r.Kind
}

// sourceText writes the line of the source with the name marked, without the
// white space before it.
func sourceText(l *line, r *workbench.Result, name string) {
	text := r.Text
	if r.Spelled != "" {
		name = r.Spelled
	}
	if at := r.Column - 1; at >= 0 && at+len(name) <= len(text) && text[at:at+len(name)] == name {
		l.put("", strings.TrimLeft(text[:at], " \t"))
		l.put(inkMatch, name)
		l.put("", text[at+len(name):])
		return
	}
	l.put("", strings.TrimLeft(text, " \t"))
}

// AnswersJSON writes answers as JSON, a name a line; docs/json.md describes it.
type AnswersJSON struct {
	w io.Writer
	o object
}

// NewAnswersJSON returns a writer of JSON to w.
func NewAnswersJSON(w io.Writer) *AnswersJSON { return &AnswersJSON{w: w} }

// flushAt is how much JSON is collected before it is written.
const flushAt = 1 << 16

// Answer implements AnswerPrinter.
func (j *AnswersJSON) Answer(a *workbench.Answer) error {
	o := &j.o
	o.buf = append(o.buf[:0], '{')
	o.str("name", a.Name)
	o.opt("tree", a.Tree)
	o.open("results", '[')
	for i := range a.Results {
		r := &a.Results[i]
		if len(o.buf) > flushAt {
			// The byte that says whether a comma is due stays.
			n := len(o.buf) - 1
			if _, err := j.w.Write(o.buf[:n]); err != nil {
				return err
			}
			o.buf = append(o.buf[:0], o.buf[n])
		}
		o.open("", '{')
		o.result(r)
		o.close('}')
	}
	o.close(']')
	o.optNum("left_out", int64(a.LeftOut))
	o.list("nearest", a.Nearest)
	o.list("roles", a.Roles)
	o.buf = append(o.buf, '}', '\n')
	_, err := j.w.Write(o.buf)
	return err
}

// result writes the keys of a place where a name stands.
func (o *object) result(r *workbench.Result) {
	o.str("path", r.Path)
	o.num("line", int64(r.Line))
	o.optNum("column", int64(r.Column))
	o.opt("spelled", r.Spelled)
	o.opt("kind", r.Kind)
	o.str("role", r.Role)
	o.opt("function", r.Function)
	o.opt("condition", r.Condition)
	o.opt("text", r.Text)
	o.flag("changed", r.Changed)
	o.lens(r.Lens)
}
