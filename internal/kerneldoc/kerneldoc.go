// Package kerneldoc reads kernel-doc comments: those that begin with two stars
// and describe a function, a type, a member, or an overview (DOC:). Their form is
// that of Documentation/doc-guide/kernel-doc.rst in the kernel.
package kerneldoc

import (
	"bytes"
	"strings"
)

// Kind is what a comment describes.
type Kind uint8

// The kinds.
const (
	// Function is a function or a macro: the comment alone does not tell.
	Function Kind = iota
	Struct
	Union
	Enum
	Typedef
	// Overview is a text of its own (DOC:).
	Overview
	// Member is a comment inside of a type, about one of its members.
	Member
)

var kindNames = [...]string{"function", "struct", "union", "enum", "typedef", "overview", "member"}

// String is the kind in a word.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Doc is a comment taken apart. Its texts have no comment marks; their lines and
// the markup in them (@name, %CONST, &struct name, name()) are as written, see
// Text and Markdown.
type Doc struct {
	Kind Kind
	// Name is what is described; of an overview, its title.
	Name string
	// Brief is the rest of the first sentence, on one line.
	Brief string
	// Params are the parameters or members, in order. The comment of a member
	// has one.
	Params []Param
	// Sections are the description (Name is empty), Context, Return and others,
	// in order.
	Sections []Section
}

// Param is a parameter, member or enumerator.
type Param struct{ Name, Text string }

// Section is a part of the text under a heading.
type Section struct{ Name, Text string }

// Section finds the text under a heading, "" if there is none.
func (d *Doc) Section(name string) string {
	for i := range d.Sections {
		if d.Sections[i].Name == name {
			return d.Sections[i].Text
		}
	}
	return ""
}

// Param finds what is said about a parameter or member.
func (d *Doc) Param(name string) (string, bool) {
	for i := range d.Params {
		if d.Params[i].Name == name {
			return d.Params[i].Text, true
		}
	}
	return "", false
}

// Is reports whether a comment is marked as kernel-doc.
func Is(comment []byte) bool {
	return len(comment) > 4 && string(comment[:3]) == "/**" && comment[3] != '*' && comment[3] != '/'
}

// Parse takes a comment apart, from its /** to its */. ok is false if it is not
// marked as kernel-doc, or does not begin as the form asks.
func Parse(comment []byte) (d *Doc, ok bool) {
	if !Is(comment) {
		return nil, false
	}
	p := parser{doc: &Doc{}}
	body := bytes.TrimSuffix(comment[3:], []byte("*/"))
	for len(body) > 0 {
		line := body
		if n := bytes.IndexByte(body, '\n'); n >= 0 {
			line, body = body[:n], body[n+1:]
		} else {
			body = nil
		}
		if !p.line(content(line)) {
			return nil, false
		}
	}
	p.end()
	return p.doc, p.started
}

// content is a line without its comment marks and the blanks behind it. What
// stands behind "* " keeps its indentation.
func content(line []byte) string {
	s := strings.TrimRight(string(line), " \t\r")
	t := strings.TrimLeft(s, " \t")
	switch {
	case strings.HasPrefix(t, "* "):
		return t[2:]
	case strings.HasPrefix(t, "*"):
		return t[1:]
	}
	return t
}

// parser reads a comment line by line.
type parser struct {
	doc     *Doc
	started bool
	// What the next line of text belongs to.
	in    place
	name  string   // of the parameter or section
	lines []string // of its text
}

type place uint8

const (
	inBrief place = iota
	inParam
	inSection
)

// line reads a line; false means that this is no kernel-doc.
func (p *parser) line(s string) bool {
	if !p.started {
		t := strings.TrimSpace(s)
		if t == "" {
			return true
		}
		p.started = p.first(t)
		return p.started
	}
	t := strings.TrimSpace(s)
	if p.doc.Kind != Overview {
		if name, text, ok := cutParam(t); ok {
			p.begin(inParam, name, text)
			return true
		}
		if name, text, ok := cutSection(t); ok {
			p.begin(inSection, name, text)
			return true
		}
	}
	switch {
	case t != "":
		p.lines = append(p.lines, s)
	case p.in == inBrief, p.in == inParam && p.doc.Kind != Member, p.in == inSection && p.name == sectionContext:
		p.begin(inSection, "", "")
	default:
		p.lines = append(p.lines, "")
	}
	return true
}

// sectionContext ends with its paragraph, unlike the others.
const sectionContext = "Context"

// first reads the line that says what the comment is about.
func (p *parser) first(t string) bool {
	if title, ok := strings.CutPrefix(t, "DOC:"); ok {
		p.doc.Kind, p.doc.Name = Overview, strings.TrimSpace(title)
		p.in = inSection
		return true
	}
	if name, text, ok := cutParam(t); ok {
		p.doc.Kind, p.doc.Name = Member, name
		p.begin(inParam, name, text)
		return true
	}
	head, brief, dashed := cutBrief(t)
	words := strings.Fields(head)
	if len(words) == 0 {
		return false
	}
	kind := Function
	for k := Struct; k <= Typedef; k++ {
		if words[0] == k.String() {
			kind = k
			words = words[1:]
			break
		}
	}
	if kind == Function && (words[0] == "function" || words[0] == "macro" || words[0] == "define") && len(words) > 1 {
		words = words[1:]
	}
	if len(words) == 0 {
		return false
	}
	name, parens := words[len(words)-1], false
	if i := strings.IndexByte(head, '('); i >= 0 && kind == Function {
		// name(), name(args), int name(void)
		parens = true
		before := strings.FieldsFunc(head[:i], func(r rune) bool { return r == ' ' || r == '\t' || r == '*' })
		if len(before) == 0 || len(before) > 4 {
			return false
		}
		name = before[len(before)-1]
		words = before
	}
	if !isName(name) || kind == Function && !parens && (len(words) > 1 && !dashed || len(words) > 3) {
		return false // the first sentence of an ordinary comment
	}
	p.doc.Kind, p.doc.Name = kind, name
	if brief != "" {
		p.lines = append(p.lines, brief)
	}
	return true
}

// cutBrief separates what is described from what is said about it: by a dash
// or a colon outside of parentheses.
func cutBrief(t string) (head, brief string, ok bool) {
	depth := 0
	for i := 0; i < len(t); i++ {
		switch t[i] {
		case '(':
			depth++
		case ')':
			depth--
		case '-', ':':
			if depth > 0 || t[i] == '-' && i+1 < len(t) && t[i+1] == '>' {
				continue
			}
			return strings.TrimSpace(t[:i]), strings.TrimLeft(t[i:], "-: \t"), true
		}
	}
	return t, "", false
}

// cutParam takes "@name: text" apart.
func cutParam(t string) (name, text string, ok bool) {
	if len(t) < 3 || t[0] != '@' {
		return "", "", false
	}
	i := 1
	for i < len(t) && (wordByte(t[i]) || t[i] == '.' || t[i] == '-' && i+1 < len(t) && t[i+1] == '>' || t[i] == '>' && t[i-1] == '-') {
		i++
	}
	name = t[1:i]
	if name != "..." {
		name = strings.TrimSuffix(name, "...") // a macro's args...
	}
	for i < len(t) && (t[i] == ' ' || t[i] == '\t') {
		i++
	}
	if name == "" || i == len(t) || t[i] != ':' {
		return "", "", false
	}
	return name, strings.TrimSpace(t[i+1:]), true
}

// headings are the sections that have a name, in the form that it is shown in.
var headings = map[string]string{
	"description": "", "context": sectionContext, "return": "Return", "returns": "Return",
	"note": "Note", "notes": "Note", "example": "Example", "examples": "Example",
}

// cutSection takes "Return: text" apart.
func cutSection(t string) (name, text string, ok bool) {
	i := strings.IndexByte(t, ':')
	if i < 4 || i > len("description ") || strings.HasPrefix(t[i:], "::") {
		return "", "", false
	}
	name, ok = headings[strings.ToLower(strings.TrimSpace(t[:i]))]
	return name, strings.TrimSpace(t[i+1:]), ok
}

// begin ends what was being read and begins something else.
func (p *parser) begin(in place, name, text string) {
	p.end()
	p.in, p.name = in, name
	if text != "" {
		p.lines = append(p.lines, text)
	}
}

// end puts the lines that were read where they belong.
func (p *parser) end() {
	lines := p.lines
	p.lines = p.lines[:0]
	for len(lines) > 0 && lines[0] == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	switch p.in {
	case inBrief:
		p.doc.Brief = strings.Join(strings.Fields(strings.Join(lines, " ")), " ")
	case inParam:
		p.doc.Params = append(p.doc.Params, Param{p.name, strings.Join(unindent(lines, 1), "\n")})
	case inSection:
		if len(lines) == 0 {
			return
		}
		text := strings.Join(unindent(lines, 0), "\n")
		// The description can be interrupted by a section and go on.
		for i := range p.doc.Sections {
			if s := &p.doc.Sections[i]; s.Name == p.name {
				s.Text += "\n\n" + text
				return
			}
		}
		p.doc.Sections = append(p.doc.Sections, Section{p.name, text})
	}
}

// unindent removes the blanks that all lines begin with. The first ones are left
// out of account when they stood behind the name that the text belongs to.
func unindent(lines []string, first int) []string {
	common := -1
	for i, l := range lines {
		if i < first || l == "" {
			continue
		}
		if n := indentation(l); common < 0 || n < common {
			common = n
		}
	}
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = cutIndentation(l, max(common, 0))
	}
	return out
}

const tabWidth = 8

// indentation is the width of the blanks that a line begins with.
func indentation(l string) int {
	n := 0
	for i := 0; i < len(l); i++ {
		switch l[i] {
		case ' ':
			n++
		case '\t':
			n += tabWidth - n%tabWidth
		default:
			return n
		}
	}
	return n
}

// cutIndentation removes up to width columns of blanks, and makes blanks of
// tabs that are left.
func cutIndentation(l string, width int) string {
	n := indentation(l)
	return strings.Repeat(" ", max(n-width, 0)) + strings.TrimLeft(l, " \t")
}

func isName(s string) bool {
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if !wordByte(s[i]) {
			return false
		}
	}
	return true
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
