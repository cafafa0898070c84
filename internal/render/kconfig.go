package render

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"dekho/internal/workbench"
)

// rowWriter writes rows that begin with a place, "path:line: what  text".
type rowWriter struct {
	w    io.Writer
	line line
	wide int // of the column that says what
	err  error
}

func newRowWriter(w io.Writer, style Style, wide int) *rowWriter {
	return &rowWriter{w: w, line: line{style: &style}, wide: wide}
}

// row writes a row; changed marks a file that is not what was indexed.
func (r *rowWriter) row(path string, lineNo uint32, what string, changed bool, parts ...string) {
	r.judged(path, lineNo, what, changed, nil, parts...)
}

// judged writes a row with what the lens says of it.
func (r *rowWriter) judged(path string, lineNo uint32, what string, changed bool, lens *workbench.Judgement, parts ...string) {
	l := &r.line
	l.reset()
	l.put(inkPath, path)
	if lineNo > 0 {
		l.put("", ":")
		l.put(inkLine, strconv.FormatUint(uint64(lineNo), 10))
	}
	l.put("", ": ")
	if text := strings.Join(parts, ""); text != "" {
		l.put(inkDim, fmt.Sprintf("%-*s  ", r.wide, what))
		l.mark(lens)
		l.put("", text)
	} else {
		l.put(inkDim, what)
	}
	if changed {
		l.put(inkWarn, "  (changed since it was indexed)")
	}
	r.end()
}

// note writes a row without a place.
func (r *rowWriter) note(text string) {
	r.line.reset()
	r.line.put(inkDim, text)
	r.end()
}

func (r *rowWriter) end() {
	r.line.buf = append(r.line.buf, '\n')
	if r.err == nil {
		_, r.err = r.w.Write(r.line.buf)
	}
}

const (
	// configsShown is how many configurations are listed one by one.
	configsShown = 8
	// usesShown is how many clauses that select a symbol are listed.
	usesShown = 40
	// helpShown is how many lines of help are.
	helpShown = 8
)

// ConfigText tells people about a symbol of the configuration.
func ConfigText(w io.Writer, style Style, s *workbench.ConfigSymbol) error {
	r := newRowWriter(w, style, len("selected by"))
	for i := range s.Definitions {
		d := &s.Definitions[i]
		text := "CONFIG_" + s.Name
		if d.Type != "" {
			text += "  " + d.Type
		}
		if len(d.Menus) > 0 {
			text += "  in " + strings.Join(d.Menus, " > ")
		}
		r.row(d.Path, d.Line, "config", d.Changed, text)
		for _, c := range d.Clauses {
			r.row(c.Path, c.Line, c.Keyword, false, c.Value, conditionOf(c.If))
		}
		for _, c := range d.Depends {
			within := ""
			if c.Within != "" {
				within = "  (" + c.Within + ")"
			}
			r.row(c.Path, c.Line, c.Keyword, false, c.Value, within)
		}
		if d.Help != "" {
			n := 0
			for text := range strings.Lines(d.Help) {
				if n++; n > helpShown {
					r.note("    ...")
					break
				}
				r.note(strings.TrimRight("    "+strings.TrimRight(text, "\n"), " "))
			}
		}
	}
	for i, c := range s.SelectedBy {
		if i == usesShown {
			r.note(fmt.Sprintf("... selected by %d more: dekho refs --role write CONFIG_%s", len(s.SelectedBy)-i, s.Name))
			break
		}
		by := "selected by"
		if c.Keyword == "imply" {
			by = "implied by"
		}
		r.row(c.Path, c.Line, by, false, c.Symbol, conditionOf(c.If))
	}
	for i := range s.Builds {
		buildRow(r, &s.Builds[i])
	}
	for i, c := range s.Settings {
		if i == configsShown {
			break
		}
		r.row(c.Path, c.Line, "set", false, c.Value)
	}
	if n := len(s.Settings); n > configsShown {
		r.note(fmt.Sprintf("... %d configurations set it: %s", n, tally(s.Settings)))
	}
	return r.err
}

// buildRow writes a line of a makefile.
func buildRow(r *rowWriter, b *workbench.BuildRule) {
	when := ""
	if len(b.If) > 0 {
		when = "  (" + strings.Join(b.If, ", ") + ")"
	}
	suffix := "-y"
	if len(b.Symbols) > 0 {
		suffix = "-$(" + strings.Join(b.Symbols, ",") + ")"
	}
	r.row(b.Path, b.Line, "builds", false, b.Target, suffix, " += ", strings.Join(b.Objects, " "), when)
}

func conditionOf(cond string) string {
	if cond == "" {
		return ""
	}
	return " if " + cond
}

// tally counts the values that configurations give a symbol.
func tally(settings []workbench.ConfigSetting) string {
	count := make(map[string]int)
	var values []string
	for _, c := range settings {
		if count[c.Value]++; count[c.Value] == 1 {
			values = append(values, c.Value)
		}
	}
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(cmp.Compare(count[b], count[a]), strings.Compare(a, b)) })
	var parts []string
	for i, v := range values {
		if i == configsShown {
			parts = append(parts, "...")
			break
		}
		parts = append(parts, fmt.Sprintf("%s %d", v, count[v]))
	}
	return strings.Join(parts, ", ")
}

// ConfigJSON writes a symbol of the configuration as JSON; docs/json.md
// describes it.
func ConfigJSON(w io.Writer, s *workbench.ConfigSymbol) error {
	var o object
	o.open("", '{')
	o.str("name", s.Name)
	o.definitions(s.Definitions)
	o.clauses("selected_by", s.SelectedBy)
	o.builds("builds", s.Builds)
	o.open("settings", '[')
	for _, c := range s.Settings {
		o.open("", '{')
		o.str("path", c.Path)
		o.num("line", int64(c.Line))
		o.str("value", c.Value)
		o.close('}')
	}
	o.close(']')
	o.list("nearest", s.Nearest)
	o.close('}')
	o.buf = append(o.buf, '\n')
	_, err := w.Write(o.buf)
	return err
}

func (o *object) definitions(list []workbench.ConfigDefinition) {
	o.open("definitions", '[')
	for i := range list {
		d := &list[i]
		o.open("", '{')
		o.str("path", d.Path)
		o.num("line", int64(d.Line))
		o.opt("type", d.Type)
		o.list("menus", d.Menus)
		o.clauses("depends", d.Depends)
		o.clauses("clauses", d.Clauses)
		o.opt("help", d.Help)
		o.flag("changed", d.Changed)
		o.close('}')
	}
	o.close(']')
}

func (o *object) clauses(key string, list []workbench.ConfigClause) {
	o.open(key, '[')
	for _, c := range list {
		o.open("", '{')
		o.str("path", c.Path)
		o.num("line", int64(c.Line))
		o.str("keyword", c.Keyword)
		o.str("value", c.Value)
		o.opt("if", c.If)
		o.opt("symbol", c.Symbol)
		o.opt("within", c.Within)
		o.close('}')
	}
	o.close(']')
}

func (o *object) builds(key string, list []workbench.BuildRule) {
	o.open(key, '[')
	for i := range list {
		b := &list[i]
		o.open("", '{')
		o.str("path", b.Path)
		o.num("line", int64(b.Line))
		o.str("target", b.Target)
		o.list("objects", b.Objects)
		o.list("symbols", b.Symbols)
		o.list("if", b.If)
		o.flag("directory", b.Directory)
		o.close('}')
	}
	o.close(']')
}
