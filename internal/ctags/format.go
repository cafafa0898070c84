package ctags

// Tags as lines.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"dekho/internal/workbench"
)

// writer makes lines of tags. It is for one goroutine.
type writer struct {
	o   *Options
	buf []byte
}

// wanted reports whether a tag is of a kind and language asked for.
func (w *writer) wanted(file string, t *workbench.Tag) (kind, bool) {
	k := kindOf(file, t)
	if (t.Language == "c" || t.Language == "c++") && !w.o.Kinds[k.letter] {
		return k, false
	}
	return k, w.o.Languages == nil || w.o.Languages[t.Language]
}

// each calls fn with the lines of a tag: one, and another for its qualified name
// if that is asked for.
func (w *writer) each(file string, t *workbench.Tag, fn func(line []byte) error) error {
	k, ok := w.wanted(file, t)
	if !ok || t.Name == "" {
		return nil
	}
	if err := fn(w.line(t.Name, file, t, k)); err != nil {
		return err
	}
	if t.Scope == "" || !w.o.Extras['q'] {
		return nil
	}
	return fn(w.line(t.Scope+"::"+t.Name, file, t, k))
}

// line is a tag in the format asked for, with its newline. It is valid until
// the next one.
func (w *writer) line(name, file string, t *workbench.Tag, k kind) []byte {
	w.buf = w.buf[:0]
	switch w.o.Format {
	case FormatJSON:
		w.json(name, file, t, k)
	case FormatXref:
		w.buf = fmt.Appendf(w.buf, "%-16s %-10s %4d %-16s %s\n", name, k.name, t.Line, file, strings.Join(strings.Fields(string(t.Text)), " "))
	case FormatEtags:
		text := t.Text
		if t.Column > 0 {
			text = text[:min(len(text), t.Column+1)]
		}
		w.buf = fmt.Appendf(w.buf, "%s\x7f%s\x01%d,%d\n", text, name, t.Line, t.Offset)
	default:
		w.tag(name, file, t, k)
	}
	return w.buf
}

// tag appends the line of a tags file.
func (w *writer) tag(name, file string, t *workbench.Tag, k kind) {
	b := append(w.buf, name...)
	b = append(b, '\t')
	b = append(b, file...)
	b = append(b, '\t')
	b = w.address(b, t)
	b = append(b, ";\""...)
	w.buf = w.fields(b, file, t, k)
	w.buf = append(w.buf, '\n')
}

// address appends how an editor finds the line: its number, or a pattern.
func (w *writer) address(b []byte, t *workbench.Tag) []byte {
	if w.o.Numbers || w.o.Both {
		b = strconv.AppendUint(b, uint64(t.Line), 10)
		if w.o.Numbers {
			return b
		}
		b = append(b, ';')
	}
	return w.pattern(b, t)
}

// pattern appends a search for the line: as much of it as is needed and allowed.
func (w *writer) pattern(b []byte, t *workbench.Tag) []byte {
	text, whole := t.Text, true
	if t.Kind == "macro" && t.Column > 0 && t.Column < len(text) && t.Macro == "" {
		text, whole = text[:t.Column+1], false // its value may change
	}
	if n := w.o.PatternLimit; n > 0 && len(text) > n {
		for n < len(text) && text[n]&0xC0 == 0x80 {
			n++
		}
		if n < len(text) {
			text, whole = text[:n], false
		}
	}
	b = append(b, "/^"...)
	for i, c := range text {
		if c == '\\' || c == '/' || c == '$' && i+1 == len(text) {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	if whole {
		b = append(b, '$')
	}
	return append(b, '/')
}

// fields appends the extension fields, in the order of universal-ctags.
func (w *writer) fields(b []byte, file string, t *workbench.Tag, k kind) []byte {
	on := w.o.Fields
	if on['k'] || on['K'] || on['z'] {
		b = append(b, '\t')
		if on['z'] {
			b = append(b, "kind:"...)
		}
		if on['K'] {
			b = append(b, k.name...)
		} else {
			b = append(b, k.letter)
		}
	}
	if on['n'] {
		b = fmt.Appendf(b, "\tline:%d", t.Line)
	}
	if on['l'] {
		b = append(append(b, "\tlanguage:"...), languageName(file, t)...)
	}
	if on['s'] && t.Scope != "" {
		b = append(b, '\t')
		if on['Z'] {
			b = append(b, "scope:"...)
		}
		b = append(append(b, scopeKind(t)...), ':')
		b = appendEscaped(b, t.Scope)
	}
	if ref := typeref(t); on['t'] && ref != "" {
		b = appendEscaped(append(b, "\ttyperef:"...), ref)
	}
	if on['f'] && t.Local {
		b = append(b, "\tfile:"...)
	}
	if on['S'] && t.Signature != "" {
		b = appendEscaped(append(b, "\tsignature:"...), t.Signature)
	}
	if on['e'] && t.End > 0 {
		b = fmt.Appendf(b, "\tend:%d", t.End)
	}
	if t.Macro != "" {
		b = appendEscaped(append(b, "\tmacro:"...), t.Macro)
	}
	return b
}

// scopeKind is the kind of what a tag is a member of. A type that only a typedef
// or a variable names is a struct to those who look for members.
func scopeKind(t *workbench.Tag) string {
	switch t.ScopeKind {
	case "struct", "union", "enum", "class", "namespace":
		return t.ScopeKind
	}
	if t.Kind == "enumerator" {
		return "enum"
	}
	return "struct"
}

// typeref is the type of a tag as a field has it.
func typeref(t *workbench.Tag) string {
	switch {
	case t.Type == "":
		return ""
	case t.TypeKind != "":
		return t.TypeKind + ":" + t.Type
	}
	return "typename:" + t.Type
}

// appendEscaped appends the value of a field.
func appendEscaped(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; c {
		case '\\':
			b = append(b, `\\`...)
		case '\t':
			b = append(b, `\t`...)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		default:
			b = append(b, c)
		}
	}
	return b
}

// jsonTag is a tag of --output-format=json.
type jsonTag struct {
	Type      string `json:"_type"`
	Name      string `json:"name"`
	Path      string `json:"path"`
	Pattern   string `json:"pattern,omitempty"`
	Language  string `json:"language,omitempty"`
	Line      uint32 `json:"line,omitempty"`
	Typeref   string `json:"typeref,omitempty"`
	File      bool   `json:"file,omitempty"`
	Kind      string `json:"kind,omitempty"`
	Signature string `json:"signature,omitempty"`
	Scope     string `json:"scope,omitempty"`
	ScopeKind string `json:"scopeKind,omitempty"`
	End       uint32 `json:"end,omitempty"`
	Macro     string `json:"macro,omitempty"`
}

func (w *writer) json(name, file string, t *workbench.Tag, k kind) {
	on := w.o.Fields
	j := jsonTag{Type: "tag", Name: name, Path: file, Kind: k.name, Macro: t.Macro}
	if !w.o.Numbers {
		j.Pattern = string(w.pattern(nil, t))
	}
	if on['l'] {
		j.Language = languageName(file, t)
	}
	if on['n'] || w.o.Numbers {
		j.Line = t.Line
	}
	if on['t'] {
		j.Typeref = typeref(t)
	}
	j.File = on['f'] && t.Local
	if on['S'] {
		j.Signature = t.Signature
	}
	if on['s'] && t.Scope != "" {
		j.Scope, j.ScopeKind = t.Scope, scopeKind(t)
	}
	if on['e'] {
		j.End = t.End
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(&j); err == nil { // there is nothing in it that could not be encoded
		w.buf = append(w.buf, b.Bytes()...)
	}
}

// fileLine is the tag of a file itself, of --extras=f.
func (w *writer) fileLine(name string) []byte {
	base := name[strings.LastIndexByte(name, '/')+1:]
	w.buf = fmt.Appendf(w.buf[:0], "%s\t%s\t1;\"\tF\n", base, name)
	return w.buf
}

// header is the pseudo tags at the beginning of a tags file.
func header(o *Options, cwd string) []byte {
	mode := "mixed"
	switch {
	case o.Numbers:
		mode = "number"
	case o.Both:
		mode = "combineV2"
	}
	var b bytes.Buffer
	for _, t := range [][3]string{
		{"FILE_FORMAT", "2", `extended format; --format=1 will not append ;" to lines`},
		{"FILE_SORTED", strconv.Itoa(int(o.Order)), "0=unsorted, 1=sorted, 2=foldcase"},
		{"OUTPUT_EXCMD", mode, "number, pattern, mixed, or combineV2"},
		{"OUTPUT_FILESEP", "slash", "slash or backslash"},
		{"OUTPUT_MODE", "u-ctags", "u-ctags or e-ctags"},
		{"PATTERN_LENGTH_LIMIT", strconv.Itoa(o.PatternLimit), "0 for no limit"},
		{"PROC_CWD", cwd + "/", ""},
		{"PROGRAM_NAME", "dekho", "the format is that of Universal Ctags"},
	} {
		fmt.Fprintf(&b, "!_TAG_%s\t%s\t/%s/\n", t[0], appendEscaped(nil, t[1]), t[2])
	}
	return b.Bytes()
}
