package kerneldoc

// Documentation for people: as text for a terminal, and as Markdown.

import (
	"strings"
	"unicode/utf8"
)

// Text is the documentation as plain text in lines of at most width columns; 0
// is no limit.
func (d *Doc) Text(width int) string {
	var b strings.Builder
	w := writer{b: &b, width: width}
	if d.Brief != "" {
		w.fill(markup(d.Brief, plain), "", "")
	} else if d.Kind == Overview {
		w.fill(d.Name, "", "")
	}
	for i := range d.Params {
		p := &d.Params[i]
		if d.Kind == Member {
			w.block(p.Text, "")
			continue
		}
		w.paragraph(markup(p.Text, plain), "  "+p.Name+": ", "      ")
	}
	for i := range d.Sections {
		s := &d.Sections[i]
		w.gap()
		if s.Name == "" {
			w.block(s.Text, "")
			continue
		}
		first, rest, more := strings.Cut(s.Text, "\n")
		if !more || listItem(first) == "" && listItem(rest) == "" && indentation(rest) == 0 && !strings.Contains(s.Text, "\n\n") {
			w.paragraph(markup(s.Text, plain), s.Name+": ", "  ")
			continue
		}
		w.line(s.Name + ":")
		w.block(s.Text, "  ")
	}
	return b.String()
}

// Markdown is the documentation as Markdown.
func (d *Doc) Markdown() string {
	var b strings.Builder
	w := writer{b: &b}
	if d.Kind == Overview {
		w.line("**" + d.Name + "**")
	} else if d.Brief != "" {
		w.line(markup(d.Brief, markdown))
	}
	if len(d.Params) > 0 && d.Kind != Member {
		w.gap()
	}
	for i := range d.Params {
		p := &d.Params[i]
		text := markup(strings.Join(strings.Fields(p.Text), " "), markdown)
		if d.Kind == Member {
			w.line(text)
			continue
		}
		w.line("- `" + p.Name + "`: " + text)
	}
	for i := range d.Sections {
		s := &d.Sections[i]
		w.gap()
		if s.Name != "" {
			w.b.WriteString("**" + s.Name + ":** ")
		}
		w.markdown(s.Text)
	}
	return b.String()
}

// writer writes blocks of text.
type writer struct {
	b     *strings.Builder
	width int
}

func (w *writer) line(s string) {
	w.b.WriteString(s)
	w.b.WriteByte('\n')
}

// gap writes a blank line unless nothing was written.
func (w *writer) gap() {
	if w.b.Len() > 0 {
		w.b.WriteByte('\n')
	}
}

// block writes paragraphs, lists and literal text.
func (w *writer) block(text, indent string) {
	for _, p := range paragraphs(text) {
		switch p.kind {
		case blank:
			w.b.WriteByte('\n')
		case literal:
			for _, l := range p.lines {
				w.line(strings.TrimRight(indent+"  "+l, " "))
			}
		case item:
			mark := indent + strings.Repeat(" ", indentation(p.lines[0])) + listItem(p.lines[0])
			p.lines[0] = strings.TrimPrefix(strings.TrimLeft(p.lines[0], " "), listItem(p.lines[0]))
			w.paragraph(markup(strings.Join(p.lines, "\n"), plain), mark, strings.Repeat(" ", len(mark)))
		default:
			w.paragraph(markup(strings.Join(p.lines, "\n"), plain), indent, indent)
		}
	}
}

// markdown writes the blocks of a section.
func (w *writer) markdown(text string) {
	for _, p := range paragraphs(text) {
		switch p.kind {
		case blank:
			w.b.WriteByte('\n')
		case literal:
			w.line("```")
			for _, l := range p.lines {
				w.line(strings.ReplaceAll(l, "```", "'''"))
			}
			w.line("```")
		case item:
			mark := listItem(p.lines[0])
			p.lines[0] = strings.TrimPrefix(strings.TrimLeft(p.lines[0], " "), mark)
			if mark[0] == '*' || mark[0] == '-' {
				mark = "- "
			}
			w.line(mark + markup(strings.Join(strings.Fields(strings.Join(p.lines, " ")), " "), markdown))
		default:
			w.line(markup(strings.Join(strings.Fields(strings.Join(p.lines, " ")), " "), markdown))
		}
	}
}

// paragraph fills a text whose line breaks do not count.
func (w *writer) paragraph(text, first, rest string) {
	w.fill(strings.Join(strings.Fields(text), " "), first, rest)
}

// fill breaks a text of one line into lines.
func (w *writer) fill(text, first, rest string) {
	w.b.WriteString(first)
	cols := utf8.RuneCountInString(first)
	begun := false
	for word := range strings.SplitSeq(text, " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case !begun:
		case w.width > 0 && cols+1+n > w.width:
			w.b.WriteString("\n" + rest)
			cols = utf8.RuneCountInString(rest)
		default:
			w.b.WriteByte(' ')
			cols++
		}
		begun = true
		w.b.WriteString(word)
		cols += n
	}
	w.b.WriteByte('\n')
}

// part is a run of lines of one kind.
type part struct {
	kind  partKind
	lines []string
}

type partKind uint8

const (
	running partKind = iota // a paragraph
	blank
	item    // of a list
	literal // kept as it is: behind "::", or a table
)

// paragraphs cuts a text into its parts.
func paragraphs(text string) []part {
	var list []part
	verbatim := -1 // the indentation around a literal block that was announced
	for l := range strings.SplitSeq(text, "\n") {
		last := len(list) - 1
		if l == "" {
			if last >= 0 && list[last].kind != blank {
				list = append(list, part{kind: blank})
			}
			continue
		}
		in := indentation(l)
		if verbatim >= 0 && in > verbatim || strings.HasPrefix(l, "===") || strings.HasPrefix(l, "+--") || strings.HasPrefix(l, "|") {
			if last >= 0 && list[last].kind == literal {
				list[last].lines = append(list[last].lines, l)
			} else if last > 0 && list[last].kind == blank && list[last-1].kind == literal {
				list = list[:last]
				list[last-1].lines = append(list[last-1].lines, "", l)
			} else {
				list = append(list, part{literal, []string{l}})
			}
			continue
		}
		verbatim = -1
		if strings.HasSuffix(l, "::") {
			verbatim = in
			l = strings.TrimSuffix(l, ":")
		}
		switch {
		case listItem(l) != "":
			list = append(list, part{item, []string{l}})
		case last >= 0 && list[last].kind == running, last >= 0 && list[last].kind == item && in > indentation(list[last].lines[0]):
			list[last].lines = append(list[last].lines, l)
		default:
			list = append(list, part{running, []string{l}})
		}
	}
	return list
}

// listItem is the mark of a list item with the blank behind it ("* ", "1. "),
// "" if the line is none.
func listItem(l string) string {
	t := strings.TrimLeft(l, " ")
	if strings.HasPrefix(t, "* ") || strings.HasPrefix(t, "- ") {
		return t[:2]
	}
	n := 0
	for n < len(t) && n < 3 && (t[n] >= '0' && t[n] <= '9' || t[n] == '#') {
		n++
	}
	if n > 0 && n+1 < len(t) && (t[n] == '.' || t[n] == ')') && t[n+1] == ' ' {
		return t[:n+2]
	}
	return ""
}

// form is what becomes of markup.
type form uint8

const (
	plain form = iota
	markdown
)

// code writes a name.
func (f form) code(b *strings.Builder, s string) {
	if f == markdown {
		b.WriteByte('`')
		b.WriteString(s)
		b.WriteByte('`')
		return
	}
	b.WriteString(s)
}

// markup replaces the marks of a text: @name, %CONST, $ENV, &struct name and
// double back quotes. Functions are marked in Markdown only.
func markup(s string, f form) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		before := i == 0 || !wordByte(s[i-1])
		switch c := s[i]; {
		case c == '`' && strings.HasPrefix(s[i:], "``"):
			if n := strings.Index(s[i+2:], "``"); n > 0 {
				f.code(&b, s[i+2:i+2+n])
				i += n + 4
				continue
			}
		case (c == '@' || c == '%' || c == '$') && before && i+1 < len(s) && (wordByte(s[i+1]) || c == '%' && s[i+1] == '-'):
			n := 1
			if s[i+1] == '-' { // %-EINVAL
				n = 2
			}
			for i+n < len(s) && (wordByte(s[i+n]) || joins(s, i+n)) {
				n++
			}
			if n > 1 && !(c == '%' && formatLetter(s[i+1:i+n])) {
				f.code(&b, s[i+1:i+n])
				i += n
				continue
			}
		case c == '&' && before && i+1 < len(s) && wordByte(s[i+1]):
			n := i + 1
			for _, w := range []string{"struct ", "union ", "enum ", "typedef "} {
				if strings.HasPrefix(s[n:], w) {
					n += len(w)
					break
				}
			}
			for n < len(s) && (wordByte(s[n]) || joins(s, n)) {
				n++
			}
			f.code(&b, strings.TrimPrefix(s[i+1:n], "typedef "))
			i = n
			continue
		case f == markdown && before && wordByte(c):
			n := i
			for n < len(s) && wordByte(s[n]) {
				n++
			}
			if strings.HasPrefix(s[n:], "()") {
				f.code(&b, s[i:n+2])
				i = n + 2
				continue
			}
			b.WriteString(escape(s[i:n]))
			i = n
			continue
		case f == markdown && strings.IndexByte("*_<>[]\\`", c) >= 0:
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// escape keeps the underscores of a word from being emphasis.
func escape(s string) string { return strings.ReplaceAll(s, "_", `\_`) }

// joins reports whether what stands at s[i] joins the names before and behind
// it: a.b, a->b.
func joins(s string, i int) bool {
	switch s[i] {
	case '.':
		return i+1 < len(s) && wordByte(s[i+1])
	case '-':
		return i+2 < len(s) && s[i+1] == '>' && wordByte(s[i+2])
	case '>':
		return i > 0 && s[i-1] == '-'
	}
	return false
}

// formatLetter reports whether a % conversion of printf follows, such as %d or
// %lu: constants are longer or in capitals.
func formatLetter(s string) bool {
	switch s {
	case "d", "i", "u", "x", "X", "s", "c", "p", "ld", "lu", "lx", "lld", "llu", "llx", "zu", "zd", "pS", "pI4":
		return true
	}
	return false
}
