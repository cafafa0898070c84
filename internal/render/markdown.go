package render

// Markdown, for the windows in which editors show what is known of a name.

import (
	"fmt"
	"strings"

	"dekho/internal/workbench"
)

const (
	// maxMarkdownMembers bounds the members shown of a type, and the values of
	// an enumeration; more of them is what jumping there is for.
	maxMarkdownMembers = 24
	// maxMarkdownDrivers bounds the drivers shown of a device.
	maxMarkdownDrivers = 8
)

// ShowMarkdown is what is known of a name: its declaration in a block of code of
// a language, its documentation, and what decides whether it is built.
func ShowMarkdown(s *workbench.Show, language string) string {
	var b strings.Builder
	d := s.Definition
	if d == nil {
		return ""
	}
	if s.Config != nil {
		configMarkdown(&b, s.Config)
		return b.String()
	}
	head := s.Head
	if head == "" {
		head = strings.TrimSpace(d.Text)
	}
	codeBlock(&b, language, head)
	switch {
	case strings.HasPrefix(s.Value, "depends on"):
		paragraph(&b, "Value "+s.Value)
	case s.Value != "":
		paragraph(&b, "Value "+code(s.Value))
	}
	switch {
	case s.Doc != nil:
		paragraph(&b, s.Doc.Markdown())
	case s.Comment != "":
		paragraph(&b, escape(s.Comment))
	}
	if len(s.Members) > 0 && len(s.Members) <= maxMarkdownMembers {
		var text strings.Builder
		for i := range s.Members {
			m := &s.Members[i]
			fmt.Fprintf(&text, "%s%s", strings.Repeat("\t", m.Depth), m.Text)
			if m.Value != "" && !strings.HasSuffix(m.Text, "= "+m.Value) {
				text.WriteString(" = " + m.Value)
			}
			text.WriteString("\n")
		}
		codeBlock(&b, language, text.String())
	} else if len(s.Members) > 0 {
		paragraph(&b, fmt.Sprintf("%d members", len(s.Members)))
	}
	var facts []string
	where := fmt.Sprintf("%s %s:%d", d.Kind, d.Path, d.Line)
	if d.Macro != nil {
		where += fmt.Sprintf(", made by %s (%s:%d)", d.Macro.Name, d.Macro.Path, d.Macro.Line)
	}
	if d.Changed {
		where += ", changed since it was indexed"
	}
	facts = append(facts, escape(strings.TrimSpace(where)))
	if d.Condition != "" {
		facts = append(facts, "#if "+code(d.Condition))
	}
	if mark, _ := lensMark(d.Lens); mark != "" {
		facts = append(facts, escape(mark))
	}
	switch n := len(s.Others); {
	case n == 1:
		facts = append(facts, "one other definition")
	case n > 1:
		facts = append(facts, fmt.Sprintf("%d other definitions", n))
	}
	list(&b, facts)
	return b.String()
}

// configMarkdown is what a tree says about a symbol of its configuration.
func configMarkdown(b *strings.Builder, s *workbench.ConfigSymbol) {
	paragraph(b, "**CONFIG\\_"+escape(strings.TrimPrefix(s.Name, "CONFIG_"))+"**")
	for i := range s.Definitions {
		d := &s.Definitions[i]
		var facts []string
		for k := range d.Clauses {
			c := &d.Clauses[k]
			if c.Keyword == "prompt" {
				paragraph(b, escape(c.Value))
				continue
			}
			text := c.Keyword + " " + c.Value
			if c.If != "" {
				text += " if " + c.If
			}
			facts = append(facts, code(text))
		}
		for k := range d.Depends {
			facts = append(facts, code("depends on "+d.Depends[k].Value))
		}
		if d.Help != "" {
			paragraph(b, escape(d.Help))
		}
		facts = append(facts, escape(strings.TrimSpace(fmt.Sprintf("%s %s:%d", d.Type, d.Path, d.Line))))
		if len(d.Menus) > 0 {
			facts = append(facts, "in "+escape(strings.Join(d.Menus, " > ")))
		}
		list(b, facts)
	}
	var builds []string
	for i := range s.Builds {
		r := &s.Builds[i]
		builds = append(builds, escape(fmt.Sprintf("builds %s (%s:%d)", strings.Join(r.Objects, " "), r.Path, r.Line)))
	}
	list(b, builds[:min(len(builds), maxMarkdownMembers)])
	if n := len(s.SelectedBy); n > 0 {
		paragraph(b, fmt.Sprintf("selected by %s", count(n, "symbol")))
	}
}

// DeviceMarkdown is what a tree knows of a compatible string: who drives it, and
// what describes it. It is "" if nothing is known.
func DeviceMarkdown(a *workbench.DeviceTreeAnswer) string {
	var b strings.Builder
	for i := range a.Devices {
		d := &a.Devices[i]
		paragraph(&b, "**"+escape(d.Compatible)+"**")
		var facts []string
		for k := range d.Drivers[:min(len(d.Drivers), maxMarkdownDrivers)] {
			m := &d.Drivers[k]
			text := fmt.Sprintf("driver %s:%d", m.Entry.Path, m.Entry.Line)
			if m.Probe != "" {
				text += ", " + m.Probe + "()"
			}
			if symbols := m.Symbols(); len(symbols) > 0 {
				text += ", " + strings.Join(symbols, " ")
			}
			if mark, _ := lensMark(m.Lens); mark != "" {
				text += ", " + mark
			}
			facts = append(facts, escape(text))
		}
		for _, p := range d.Bindings[:min(len(d.Bindings), maxMarkdownDrivers)] {
			facts = append(facts, escape(fmt.Sprintf("binding %s:%d", p.Path, p.Line)))
		}
		if n := len(d.Boards); n > 0 {
			facts = append(facts, "on "+count(n, "board"))
		}
		list(&b, facts)
	}
	return b.String()
}

func paragraph(b *strings.Builder, text string) {
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	b.WriteString(strings.TrimRight(text, "\n"))
	b.WriteString("\n")
}

func list(b *strings.Builder, items []string) {
	if len(items) > 0 {
		paragraph(b, "- "+strings.Join(items, "\n- "))
	}
}

// codeBlock writes code between fences that are longer than any in it.
func codeBlock(b *strings.Builder, language, text string) {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	paragraph(b, fence+language+"\n"+strings.TrimRight(text, "\n")+"\n"+fence)
}

// code is text in a line, as code.
func code(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return fence + text + fence
}

// escape keeps text from being taken for markup.
func escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune("\\`*_<>[]#", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
