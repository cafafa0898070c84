// Package ofmatch reads in a C source by which compatible strings devices of a
// device tree find their driver: tables of struct of_device_id and what names
// them, macros that declare an init function for a string (CLK_OF_DECLARE), and
// the strings by which a machine description is chosen. It looks at one file,
// token by token; what it does not understand it passes over.
package ofmatch

import (
	"bytes"
	"strings"

	"dekho/internal/lang/c"
)

// Entry is a line of a table.
type Entry struct {
	Compatible string
	Line       uint32 // of the string, 1-based
	// Data is the identifier given as .data, or in its place to a macro; "" for
	// none.
	Data string
}

// Table is an array that devices are matched against.
type Table struct {
	Name string
	Line uint32 // of the name
	// Strings says that it is an array of strings and no of_device_id.
	Strings bool
	Entries []Entry
	// Export is the line of its MODULE_DEVICE_TABLE, 0 for none.
	Export uint32
}

// Driver is a structure that names a table: .of_match_table = TABLE.
type Driver struct {
	Name  string // of the variable; of a machine what it calls itself
	Type  string // struct's tag: platform_driver; "machine" for DT_MACHINE_START
	Line  uint32 // of the name
	Table string
	// TableLine is where the table is named.
	TableLine uint32
	// Probe is the function called for a device that matches, "" if it is not
	// known; ProbeField is the member (probe, probe_new, init_machine) or the
	// macro that it was given to.
	Probe, ProbeField string
	ProbeLine         uint32
}

// Declaration is a macro that ties a string to an init function.
type Declaration struct {
	Macro      string
	Compatible string
	Line       uint32 // of the string
	// Init is the function or structure that follows the string, "" for none.
	Init string
}

// Use is a function called with a table: of_match_node(TABLE, node).
type Use struct {
	Table, Function string
	Line            uint32
}

// File is what a source file says.
type File struct {
	Tables       []Table
	Drivers      []Driver
	Declarations []Declaration
	Uses         []Use
}

// Table finds a table by its name, nil if there is none.
func (f *File) Table(name string) *Table {
	for i := range f.Tables {
		if f.Tables[i].Name == name {
			return &f.Tables[i]
		}
	}
	return nil
}

// reader is the file being read.
type reader struct {
	src     []byte
	toks    []c.Token
	mate    []int32 // of an opening bracket the index of the closing one, else -1
	depth   []uint16
	strings map[string]string // macros whose body is one string
	file    *File
}

// Read reads a source file.
func Read(src []byte) *File {
	r := &reader{src: src, file: &File{}, strings: make(map[string]string)}
	r.tokens()
	r.pair()
	r.tables()
	r.declarations()
	r.drivers()
	r.uses()
	return r.file
}

// tokens fills r.toks without comments, directives, and what #if 0 leaves out.
func (r *reader) tokens() {
	skip, nest := 0, 0
	for _, t := range c.AppendTokens(nil, r.src) {
		switch t.Kind {
		case c.TokenComment:
			continue
		case c.TokenDirective:
			word, rest := directive(t.Text(r.src))
			switch word {
			case "if", "ifdef", "ifndef":
				nest++
				if skip == 0 && word == "if" && rest == "0" {
					skip = nest
				}
			case "else", "elif":
				if skip == nest {
					skip = 0
				}
			case "endif":
				if skip == nest {
					skip = 0
				}
				nest = max(0, nest-1)
			case "define":
				if d, ok := c.ScanDefine(t.Text(r.src)); ok && skip == 0 && !d.Function && len(d.Body) > 2 && d.Body[0] == '"' &&
					bytes.IndexByte(d.Body[1:], '"') == len(d.Body)-2 {
					r.strings[string(d.Name)] = string(d.Body[1 : len(d.Body)-1])
				}
			}
			continue
		}
		if skip == 0 {
			r.toks = append(r.toks, t)
		}
	}
}

// directive is the name of a directive and the rest of its line.
func directive(text []byte) (word, rest string) {
	s := strings.TrimSpace(strings.TrimPrefix(string(text), "#"))
	n := 0
	for n < len(s) && s[n] >= 'a' && s[n] <= 'z' {
		n++
	}
	return s[:n], strings.TrimSpace(s[n:])
}

// pair finds for each bracket its counterpart. Braces outweigh parentheses: one
// that was never closed does not outlive its block.
func (r *reader) pair() {
	r.mate = make([]int32, len(r.toks))
	r.depth = make([]uint16, len(r.toks))
	var open []int32
	braces := uint16(0)
	for i := range r.toks {
		r.mate[i] = -1
		ch := r.punct(i)
		if ch == '}' && braces > 0 {
			braces--
		}
		r.depth[i] = braces
		switch ch {
		case '(', '[', '{':
			if ch == '{' && braces < 1<<15 {
				braces++
			}
			open = append(open, int32(i))
		case ')', ']', '}':
			top := len(open) - 1
			if ch == '}' {
				for top >= 0 && r.punct(int(open[top])) != '{' {
					top--
				}
			}
			if top >= 0 && r.punct(int(open[top])) == opening(ch) {
				r.mate[open[top]] = int32(i)
				open = open[:top]
			}
		}
	}
}

func opening(ch byte) byte {
	switch ch {
	case ')':
		return '('
	case ']':
		return '['
	}
	return '{'
}

// punct is the byte of a token that is punctuation of one byte, else 0.
func (r *reader) punct(i int) byte {
	if i < 0 || i >= len(r.toks) {
		return 0
	}
	t := &r.toks[i]
	if t.Kind != c.TokenPunct || t.End-t.Off != 1 {
		return 0
	}
	return r.src[t.Off]
}

func (r *reader) isWord(i int) bool {
	return i >= 0 && i < len(r.toks) && r.toks[i].Kind == c.TokenWord
}

// text is the text of a token, "" beyond the end.
func (r *reader) text(i int) string {
	if i < 0 || i >= len(r.toks) {
		return ""
	}
	return string(r.toks[i].Text(r.src))
}

func (r *reader) is(i int, text string) bool {
	return i >= 0 && i < len(r.toks) && string(r.toks[i].Text(r.src)) == text
}

// after is the index behind the group opened at i.
func (r *reader) after(i int) int {
	if m := r.mate[i]; m >= 0 {
		return int(m) + 1
	}
	return i + 1
}

// stringAt is the string that begins at token i, pieces joined and macros of the
// file resolved, and the index behind it.
func (r *reader) stringAt(i int) (s string, end int, ok bool) {
	for i < len(r.toks) {
		t := &r.toks[i]
		if t.Kind == c.TokenString {
			text := t.Text(r.src)
			if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
				return "", i, false
			}
			s += string(text[1 : len(text)-1])
		} else if v, known := r.strings[r.text(i)]; known && t.Kind == c.TokenWord {
			s += v
		} else {
			break
		}
		ok = true
		i++
	}
	return s, i, ok
}

// maxEntries bounds the entries of a file.
const maxEntries = 1 << 14

// tables finds the arrays of of_device_id, and those of strings.
func (r *reader) tables() {
	for i := 0; i < len(r.toks); i++ {
		if !r.isWord(i) {
			continue
		}
		var name int
		isStrings := false
		switch r.text(i) {
		case "of_device_id":
			name = i + 1
		case "char":
			for name = i + 1; r.punct(name) == '*' || r.is(name, "const"); {
				name++
			}
			isStrings = true
		default:
			continue
		}
		for r.isWord(name) && r.isWord(name+1) && !isStrings { // an attribute, const
			name++
		}
		if !r.isWord(name) {
			continue
		}
		j := name + 1
		if r.punct(j) == '[' {
			j = r.after(j)
		} else if isStrings {
			continue
		}
		for r.isWord(j) { // attributes
			if j++; r.punct(j) == '(' {
				j = r.after(j)
			}
		}
		if r.punct(j) != '=' || r.punct(j+1) != '{' || r.mate[j+1] < 0 {
			continue
		}
		t := Table{Name: r.text(name), Line: r.toks[name].Line, Strings: isStrings}
		if isStrings {
			r.stringEntries(&t, j+2, int(r.mate[j+1]))
		} else {
			r.entries(&t, j+2, int(r.mate[j+1]))
		}
		if len(t.Entries) > 0 || !isStrings {
			r.file.Tables = append(r.file.Tables, t)
		}
		i = int(r.mate[j+1])
	}
}

// stringEntries reads an array of strings, those that can be compatible.
func (r *reader) stringEntries(t *Table, i, end int) {
	for i < end {
		line := r.toks[i].Line
		s, next, ok := r.stringAt(i)
		if ok && strings.Contains(s, ",") && !strings.ContainsAny(s, " %") && len(t.Entries) < maxEntries {
			t.Entries = append(t.Entries, Entry{Compatible: s, Line: line})
		}
		i = max(next, i+1)
	}
}

// entries reads the items of a table: { .compatible = "x", .data = y }, or a
// macro with a string among its arguments.
func (r *reader) entries(t *Table, i, end int) {
	// The table may be one item without braces of its own.
	if r.punct(i) == '.' {
		r.item(t, i, end)
		return
	}
	for i < end {
		switch {
		case r.punct(i) == '{' && r.mate[i] > 0:
			r.item(t, i+1, int(r.mate[i]))
			i = r.after(i)
		case r.isWord(i) && r.punct(i+1) == '(' && r.mate[i+1] > 0:
			r.item(t, i+2, int(r.mate[i+1]))
			i = r.after(i + 1)
		default:
			i++
		}
	}
}

// item reads an item of a table.
func (r *reader) item(t *Table, i, end int) {
	e := Entry{}
	designated := false
	last := "" // identifier outside of designators
	for i < end {
		if s, next, ok := r.stringAt(i); ok {
			if named := r.punct(i-1) == '=' && r.isWord(i-2); named {
				if r.is(i-2, "compatible") {
					e.Compatible, e.Line, designated = s, r.toks[i].Line, true
				}
			} else if !designated && s != "" {
				e.Compatible, e.Line = s, r.toks[i].Line
			}
			i = next
			continue
		}
		if r.punct(i) == '.' && r.is(i+1, "data") && r.punct(i+2) == '=' {
			e.Data = r.value(i+3, end)
		}
		if r.isWord(i) && r.punct(i-1) != '.' && e.Compatible != "" {
			last = r.text(i)
		}
		i++
	}
	if e.Compatible == "" || len(t.Entries) >= maxEntries {
		return
	}
	if e.Data == "" && !designated {
		e.Data = last
	}
	t.Entries = append(t.Entries, e)
}

// value is the identifier that a value begins with, behind casts and &.
func (r *reader) value(i, end int) string {
	for i < end {
		switch {
		case r.punct(i) == '(' && r.mate[i] > 0:
			switch next := r.after(i); {
			case r.isWord(next), r.punct(next) == '&', r.punct(next) == '(':
				i = next // a cast
			case next >= end, r.punct(next) == ',', r.punct(next) == '}':
				i++
			default:
				return "" // a cast of a number
			}
		case r.punct(i) == '&':
			i++
		case r.isWord(i):
			return r.text(i)
		default:
			return ""
		}
	}
	return ""
}

// declarations finds macros at file scope that are given a string and, behind
// it, an init function.
func (r *reader) declarations() {
	for i := range r.toks {
		if r.depth[i] > 0 || !r.isWord(i) || r.punct(i+1) != '(' || r.mate[i+1] < 0 {
			continue
		}
		macro := r.text(i)
		if macro != strings.ToUpper(macro) || !strings.Contains(macro, "DECLARE") && !strings.Contains(macro, "MATCH") {
			continue
		}
		end := int(r.mate[i+1])
		d := Declaration{Macro: macro}
		for j := i + 2; j < end; j++ {
			if s, next, ok := r.stringAt(j); ok {
				if d.Compatible == "" {
					d.Compatible, d.Line = s, r.toks[j].Line
				}
				j = next - 1
				continue
			}
			if d.Compatible != "" && r.punct(j) == ',' && d.Init == "" {
				d.Init = r.value(j+1, end)
			}
		}
		if d.Compatible != "" && len(r.file.Declarations) < maxEntries {
			r.file.Declarations = append(r.file.Declarations, d)
		}
	}
}
