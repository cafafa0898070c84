package render

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"dekho/internal/workbench"
)

// showWidth is how wide prose is when there is no terminal that says.
const showWidth = 100

// ShowText writes what is known of a name, for people and editors: places begin
// with "path:line: ", what is said about them is indented.
func ShowText(w io.Writer, style Style, s *workbench.Show) error {
	if s.Config != nil {
		return ConfigText(w, style, s.Config)
	}
	p := &showText{w: w, l: line{style: &style}, width: min(style.Width, showWidth), s: s}
	if p.width <= 0 {
		p.width = showWidth
	}
	p.definition()
	p.members()
	p.places("Called", "from", &s.Callers)
	p.indirect()
	p.callees()
	p.places("Registered", "in", &s.Registered)
	p.places("Used", "in", &s.Uses)
	p.prints()
	p.returns()
	p.others()
	return p.err
}

// showText writes one answer; the first error ends it.
type showText struct {
	w     io.Writer
	l     line
	width int
	s     *workbench.Show
	err   error
}

// flush writes the line that was made.
func (p *showText) flush() {
	if p.err == nil {
		p.l.buf = append(p.l.buf, '\n')
		_, p.err = p.w.Write(p.l.buf)
	}
	p.l.reset()
}

func (p *showText) place(path string, number uint32) {
	p.l.put(inkPath, path)
	p.l.put("", ":")
	p.l.put(inkLine, strconv.FormatUint(uint64(number), 10))
	p.l.put("", ": ")
}

// header begins a section.
func (p *showText) header(title, rest string) {
	p.flush()
	p.l.put(inkHeader, title)
	p.l.put("", rest)
	p.flush()
}

// text writes lines of prose.
func (p *showText) text(s, indent string) {
	for l := range strings.SplitSeq(strings.TrimRight(s, "\n"), "\n") {
		if l != "" {
			p.l.put("", indent+l)
		}
		p.flush()
	}
}

func (p *showText) definition() {
	d := p.s.Definition
	p.place(d.Path, d.Line)
	p.l.mark(d.Lens)
	p.l.put(inkDim, d.Kind+" ")
	p.l.put(inkName, p.s.Name)
	switch {
	case strings.HasPrefix(p.s.Value, "depends on"):
		p.l.put("", " "+p.s.Value)
	case p.s.Value != "":
		p.l.put("", " = "+p.s.Value)
	}
	if p.s.End > p.s.Start {
		p.l.put(inkDim, fmt.Sprintf("  lines %d-%d", p.s.Start, p.s.End))
	}
	if d.Macro != nil {
		p.l.generated(d.Macro)
	}
	if d.Function != "" && d.Function != p.s.Name {
		p.l.put(inkDim, "  in "+d.Function+"()")
	}
	if d.Changed {
		p.l.put(inkWarn, "  (changed since it was indexed)")
	}
	p.flush()
	if d.Condition != "" {
		p.l.put(inkDim, "  #if "+d.Condition)
		p.flush()
	}
	for l := range strings.SplitSeq(p.s.Head, "\n") {
		p.l.put("", "  "+strings.ReplaceAll(l, "\t", "        "))
		p.flush()
	}
	switch {
	case p.s.Doc != nil:
		p.flush()
		p.text(p.s.Doc.Text(p.width-2), "  ")
		if p.s.DocPath != d.Path {
			p.l.put(inkDim, "  ("+p.s.DocPath+":"+strconv.FormatUint(uint64(p.s.DocLine), 10)+")")
			p.flush()
		}
	case p.s.Comment != "":
		p.flush()
		p.text(p.s.Comment, "  ")
	}
}

// maxMemberText is how wide declarations of members are made for what is said
// about them to stand in a column.
const maxMemberText = 40

func (p *showText) members() {
	if len(p.s.Members) == 0 {
		return
	}
	what := "Members"
	if p.s.Definition.Kind == "enum" {
		what = "Values"
	}
	p.header(what, fmt.Sprintf(" (%s)", thousands(len(p.s.Members))))
	width := 0
	for i := range p.s.Members {
		m := &p.s.Members[i]
		if n := 2*m.Depth + len(m.Text); n <= maxMemberText {
			width = max(width, n)
		}
	}
	for i := range p.s.Members {
		m := &p.s.Members[i]
		p.place(p.s.Definition.Path, m.Line)
		text := strings.Repeat("  ", m.Depth) + m.Text
		if m.Value != "" && !strings.HasSuffix(text, "= "+m.Value) {
			p.l.put("", m.Name+" = "+m.Value)
			text = strings.Repeat(" ", 2*m.Depth+len(m.Name)+3+len(m.Value))
		} else {
			p.l.put("", text)
		}
		if m.Condition != "" {
			p.l.put(inkDim, "  #if "+m.Condition)
		}
		if m.Doc != "" && p.s.Doc == nil || m.Doc != "" && !documented(p.s.Doc, m.Name) {
			p.l.put("", strings.Repeat(" ", max(width-len(text), 0)+2))
			p.l.put(inkDim, m.Doc)
		}
		p.flush()
	}
}

// documented reports whether the documentation of a type, which is shown above
// its members, has a member.
func documented(d *workbench.Doc, name string) bool {
	_, ok := d.Param(name)
	return ok
}

func (p *showText) places(what, where string, places *workbench.ShownPlaces) {
	if places.Count == 0 {
		return
	}
	rest := fmt.Sprintf(" %s %s", where, count(places.Count, "place"))
	if more := places.Count - len(places.First); more > 0 {
		rest += fmt.Sprintf(", of which %d", len(places.First))
	}
	p.header(what, rest)
	for i := range places.First {
		r := &places.First[i]
		p.place(r.Path, r.Line)
		if r.Function != "" {
			p.l.put(inkDim, r.Function+"()  ")
		}
		p.l.mark(r.Lens)
		p.l.put("", strings.TrimLeft(r.Text, " \t"))
		p.flush()
	}
}

func (p *showText) indirect() {
	if p.s.Reached == 0 {
		return
	}
	rest := " from " + count(p.s.Reached, "place")
	if more := p.s.Reached - len(p.s.Indirect); more > 0 {
		rest += fmt.Sprintf(", of which %d", len(p.s.Indirect))
	}
	p.header("Reached otherwise", rest)
	for i := range p.s.Indirect {
		c := &p.s.Indirect[i]
		p.place(c.Path, c.Line)
		p.l.put(inkDim, callKind(c)+"  ")
		if c.Function != "" {
			p.l.put(inkDim, c.Function+"()  ")
		}
		putText(&p.l, &c.Result)
		p.l.callDetails(c)
		p.flush()
	}
}

func (p *showText) callees() {
	list := p.s.Callees
	if len(list) == 0 {
		return
	}
	p.header("Calls", fmt.Sprintf(" %s", count(len(list), "name")))
	var b strings.Builder
	cols := 0
	for i := range list {
		c := &list[i]
		word := c.Name
		if c.Dispatch {
			word = "->" + word
		}
		if i > 0 {
			b.WriteByte(',')
			cols++
			if cols+1+len(word) > p.width-2 {
				b.WriteByte('\n')
				cols = 0
			} else {
				b.WriteByte(' ')
				cols++
			}
		}
		b.WriteString(word)
		cols += len(word)
	}
	p.text(b.String(), "  ")
}

func (p *showText) prints() {
	if len(p.s.Prints) == 0 {
		return
	}
	p.header("Prints", "")
	for i := range p.s.Prints {
		printed := &p.s.Prints[i]
		at := printed.Place
		if printed.Said != nil {
			at = *printed.Said
		}
		p.place(at.Path, at.Line)
		p.l.put(inkDim, printed.Family+"  ")
		p.l.put("", strconv.Quote(printed.Format))
		p.flush()
	}
}

func (p *showText) returns() {
	if len(p.s.Returns) == 0 {
		return
	}
	p.header("Returns", "")
	for i := range p.s.Returns {
		r := &p.s.Returns[i]
		what := "-" + r.Errno
		if r.Call != "" {
			what = "what " + r.Call + "() returns"
		}
		p.place(p.s.Definition.Path, r.Lines[0])
		p.l.put("", what)
		if len(r.Lines) > 1 {
			var more []string
			for _, n := range r.Lines[1:] {
				more = append(more, strconv.FormatUint(uint64(n), 10))
			}
			p.l.put(inkDim, "  also "+strings.Join(more, ", "))
		}
		p.flush()
	}
}

// shownOthers is how many further definitions are listed.
const shownOthers = 12

func (p *showText) others() {
	list := p.s.Others
	if len(list) == 0 {
		return
	}
	p.header("Also defined", fmt.Sprintf(" in %s", count(len(list), "place")))
	for i := range list[:min(len(list), shownOthers)] {
		r := &list[i]
		p.place(r.Path, r.Line)
		p.l.put(inkDim, r.Kind+"  ")
		p.l.mark(r.Lens)
		p.l.put("", strings.TrimLeft(r.Text, " \t"))
		if r.Condition != "" {
			p.l.put(inkDim, "  #if "+r.Condition)
		}
		p.flush()
	}
	if more := len(list) - shownOthers; more > 0 {
		p.l.put(inkDim, fmt.Sprintf("  and %d more: dekho def %s", more, p.s.Name))
		p.flush()
	}
}

// ShowJSON writes what is known of a name as a JSON object in a line;
// docs/json.md describes it.
func ShowJSON(w io.Writer, s *workbench.Show) error {
	o := &object{}
	o.open("", '{')
	o.str("name", s.Name)
	if s.Definition != nil {
		o.open("definition", '{')
		o.result(s.Definition)
		o.optNum("start", int64(s.Start))
		o.optNum("end", int64(s.End))
		o.opt("head", s.Head)
		o.close('}')
	}
	o.opt("constant", s.Value)
	if s.Doc != nil {
		o.open("doc", '{')
		o.str("path", s.DocPath)
		o.num("line", int64(s.DocLine))
		o.opt("brief", s.Doc.Brief)
		o.str("markdown", s.Doc.Markdown())
		o.close('}')
	}
	o.opt("comment", s.Comment)
	if len(s.Members) > 0 {
		o.open("members", '[')
		for i := range s.Members {
			m := &s.Members[i]
			o.open("", '{')
			o.str("name", m.Name)
			o.num("line", int64(m.Line))
			o.num("depth", int64(m.Depth))
			o.opt("text", m.Text)
			o.opt("constant", m.Value)
			o.opt("doc", m.Doc)
			o.opt("condition", m.Condition)
			o.close('}')
		}
		o.close(']')
	}
	placesJSON(o, "callers", &s.Callers)
	if s.Reached > 0 {
		o.open("indirect", '{')
		o.num("count", int64(s.Reached))
		o.open("first", '[')
		for i := range s.Indirect {
			o.open("", '{')
			o.caller(&s.Indirect[i])
			o.close('}')
		}
		o.close(']')
		o.close('}')
	}
	if len(s.Callees) > 0 {
		o.open("callees", '[')
		for i := range s.Callees {
			c := &s.Callees[i]
			o.open("", '{')
			o.str("name", c.Name)
			o.num("line", int64(c.Line))
			o.num("count", int64(c.Calls))
			o.flag("dispatch", c.Dispatch)
			o.close('}')
		}
		o.close(']')
	}
	placesJSON(o, "registered", &s.Registered)
	placesJSON(o, "uses", &s.Uses)
	if len(s.Prints) > 0 {
		o.open("prints", '[')
		for i := range s.Prints {
			site(o, "", &s.Prints[i])
		}
		o.close(']')
	}
	if len(s.Returns) > 0 {
		o.open("returns", '[')
		for i := range s.Returns {
			r := &s.Returns[i]
			o.open("", '{')
			o.opt("errno", r.Errno)
			o.opt("call", r.Call)
			o.open("lines", '[')
			for _, n := range r.Lines {
				o.sep()
				o.buf = strconv.AppendUint(o.buf, uint64(n), 10)
			}
			o.close(']')
			o.close('}')
		}
		o.close(']')
	}
	if len(s.Others) > 0 {
		o.open("others", '[')
		for i := range s.Others {
			o.open("", '{')
			o.result(&s.Others[i])
			o.close('}')
		}
		o.close(']')
	}
	if s.Config != nil {
		var b bytes.Buffer
		if err := ConfigJSON(&b, s.Config); err != nil {
			return err
		}
		o.key("config")
		o.buf = append(o.buf, bytes.TrimSpace(b.Bytes())...)
	}
	o.optNum("left_out", int64(s.LeftOut))
	o.list("nearest", s.Nearest)
	o.buf = append(o.buf, '}', '\n')
	_, err := w.Write(o.buf)
	return err
}

// placesJSON writes places under a key, nothing if there are none.
func placesJSON(o *object, key string, places *workbench.ShownPlaces) {
	if places.Count == 0 {
		return
	}
	o.open(key, '{')
	o.num("count", int64(places.Count))
	o.open("first", '[')
	for i := range places.First {
		o.open("", '{')
		o.result(&places.First[i])
		o.close('}')
	}
	o.close(']')
	o.close('}')
}
