package kbuild

// Kconfig files read whole, for answers about single symbols.

import (
	"bytes"
	"strings"

	"dekho/internal/lang"
)

// EntryKind is what an entry of a Kconfig file is.
type EntryKind uint8

// The kinds of entries. All but Config and Comment enclose others.
const (
	Config EntryKind = iota // config or menuconfig
	Choice
	Menu
	If
	Comment
)

// Clause is a line of an entry: `depends on A`, `select B if C`.
type Clause struct {
	// Keyword is "depends", "select", "imply", "default", "range", "visible",
	// "prompt" or "source".
	Keyword string
	// Value is what is selected, the default, the prompt with its quotes, the
	// path sourced; of depends and visible the condition.
	Value string
	// If is the condition behind the clause, "" for none.
	If string
	// Line is where it stands, 1-based.
	Line uint32
}

// Entry is an entry of a Kconfig file. Texts have comments removed and blanks
// folded.
type Entry struct {
	Kind EntryKind
	// Name is the symbol of a config and perhaps of a choice, the prompt of a
	// menu or comment, the condition of an if.
	Name string
	// Type is "bool", "tristate", "int", "hex", "string", or "" if the entry
	// does not say.
	Type string
	Menu bool // menuconfig
	// Line is the first line of the entry, 1-based; End the last line of what
	// an enclosing entry encloses.
	Line, End uint32
	// Parent is the index of the entry that encloses this one, -1 for none.
	Parent int
	// Clauses are in the order of the file; a type with a prompt is a prompt,
	// def_bool a default.
	Clauses []Clause
	// Help is the text, without its indentation.
	Help string
}

// maxEntries bounds the entries of a file and maxClauses the clauses of an
// entry; the tree's largest have a tenth of it.
const (
	maxEntries = 1 << 14
	maxClauses = 1 << 12
)

// File is a Kconfig file.
type File struct {
	Entries []Entry
	// Sources are the source statements; Parents[i] is the entry that encloses
	// Sources[i], -1 for none.
	Sources []Clause
	Parents []int
}

// ParseKconfig reads a Kconfig file. What it does not understand it passes
// over.
func ParseKconfig(src []byte) *File {
	f := &File{}
	s := statements{src: src, line: 1}
	parent := -1  // the innermost open entry
	current := -1 // whose clauses come
	add := func(kind EntryKind, name string, line uint32) {
		f.Entries = append(f.Entries, Entry{Kind: kind, Name: name, Line: line, Parent: parent})
		current = len(f.Entries) - 1
	}
	end := func(kind EntryKind, line uint32) {
		current = -1
		for at := parent; at >= 0; at = f.Entries[at].Parent {
			if f.Entries[at].Kind == kind {
				for i := parent; i != at; i = f.Entries[i].Parent {
					f.Entries[i].End = line
				}
				f.Entries[at].End = line
				parent = f.Entries[at].Parent
				return
			}
		}
	}
	for len(f.Entries) < maxEntries {
		st, ok := s.next()
		if !ok {
			break
		}
		text := clauseText(src, st.rest)
		switch st.kw {
		case kwConfig, kwMenuconfig:
			add(Config, text, st.line)
			f.Entries[current].Menu = st.kw == kwMenuconfig
		case kwChoice:
			add(Choice, text, st.line)
			parent = current
		case kwMenu:
			add(Menu, label(text), st.line)
			parent = current
		case kwIf:
			add(If, text, st.line)
			parent = current
			current = -1
		case kwComment:
			add(Comment, label(text), st.line)
		case kwEndchoice:
			end(Choice, st.line)
		case kwEndmenu:
			end(Menu, st.line)
		case kwEndif:
			end(If, st.line)
		case kwSource:
			current = -1
			if len(f.Sources) < maxEntries {
				f.Sources = append(f.Sources, Clause{Keyword: "source", Value: unquote(text), Line: st.line})
				f.Parents = append(f.Parents, parent)
			}
		default:
			if current >= 0 && len(f.Entries[current].Clauses) < maxClauses {
				f.Entries[current].clause(src, &st, text)
			}
		}
	}
	for ; parent >= 0; parent = f.Entries[parent].Parent {
		f.Entries[parent].End = s.line
	}
	return f
}

// clause adds a statement to an entry.
func (e *Entry) clause(src []byte, st *statement, text string) {
	add := func(keyword, value string) {
		value, cond := cutIf(value)
		e.Clauses = append(e.Clauses, Clause{keyword, value, cond, st.line})
	}
	switch st.kw {
	case kwDepends, kwVisible:
		_, expr, _ := strings.Cut(text, " ") // "on", "if"
		if st.kw == kwDepends {
			e.Clauses = append(e.Clauses, Clause{Keyword: "depends", Value: expr, Line: st.line})
		} else {
			e.Clauses = append(e.Clauses, Clause{Keyword: "visible", Value: expr, Line: st.line})
		}
	case kwSelect:
		add("select", text)
	case kwImply:
		add("imply", text)
	case kwDefault:
		add("default", text)
	case kwRange:
		add("range", text)
	case kwPrompt:
		add("prompt", text)
	case kwType:
		e.Type = string(src[st.word.Off : st.word.Off+st.word.Len])
		if text != "" {
			add("prompt", text)
		}
	case kwDefine:
		e.Type = strings.TrimPrefix(string(src[st.word.Off:st.word.Off+st.word.Len]), "def_")
		add("default", text)
	case kwHelp:
		e.Help = helpText(src[st.rest.Off : st.rest.Off+st.rest.Len])
	}
}

// cutIf separates a value from the condition behind it.
func cutIf(text string) (value, cond string) {
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == 'i' && strings.HasPrefix(text[i:], "if ") && i > 0 && (text[i-1] == ' ' || text[i-1] == '"'):
			return strings.TrimRight(text[:i], " "), text[i+3:]
		}
	}
	return text, ""
}

// label is the text of a menu or comment.
func label(text string) string {
	text, _ = cutIf(text)
	return unquote(text)
}

// unquote removes the quotes of a string.
func unquote(s string) string {
	if n := len(s); n >= 2 && (s[0] == '"' || s[0] == '\'') && s[n-1] == s[0] {
		return s[1 : n-1]
	}
	return s
}

// clauseText is a piece of a statement without comments, continued lines joined
// and blanks folded, those inside of quotes excepted.
func clauseText(src []byte, span lang.Span) string {
	text := src[span.Off : span.Off+span.Len]
	out := make([]byte, 0, len(text))
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		if quote == 0 && c == '#' {
			break
		}
		if quote == 0 && (c == '\n' || isBlank(c) || c == '\\' && i+1 < len(text) && (text[i+1] == '\n' || text[i+1] == '\r')) {
			if len(out) > 0 && out[len(out)-1] != ' ' {
				out = append(out, ' ')
			}
			continue
		}
		switch {
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && c == '\\' && i+1 < len(text):
			out = append(out, c)
			i++
			c = text[i]
		case c == quote:
			quote = 0
		}
		out = append(out, c)
	}
	return string(bytes.TrimRight(out, " "))
}

// helpText removes from the lines of a help text the indentation of the first.
func helpText(text []byte) string {
	var b strings.Builder
	indent := -1
	for line := range bytes.Lines(text) {
		line = bytes.TrimRight(line, " \t\r\n")
		at, depth := 0, 0
		for at < len(line) && (line[at] == ' ' || line[at] == '\t') && (indent < 0 || depth < indent) {
			if line[at] == '\t' {
				depth = depth&^7 + 8
			} else {
				depth++
			}
			at++
		}
		if indent < 0 {
			indent = depth
		}
		b.Write(line[at:])
		b.WriteByte('\n')
	}
	return strings.TrimRight(b.String(), "\n")
}

// Enclosing lists the entries around an entry or source statement with the
// given Parent, outermost first.
func (f *File) Enclosing(parent int) []*Entry {
	var list []*Entry
	for ; parent >= 0; parent = f.Entries[parent].Parent {
		list = append(list, &f.Entries[parent])
	}
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// Requirements lists what must hold for an entry to be visible and settable: the
// condition of an if, the dependencies of the rest.
func (e *Entry) Requirements() []Clause {
	if e.Kind == If {
		return []Clause{{Keyword: "if", Value: e.Name, Line: e.Line}}
	}
	var list []Clause
	for _, c := range e.Clauses {
		if c.Keyword == "depends" || c.Keyword == "visible" {
			list = append(list, c)
		}
	}
	return list
}
