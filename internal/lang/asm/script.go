package asm

// Linker scripts: the symbols they define, and what of macros they use.

import (
	"bytes"

	"dekho/internal/lang"
	"dekho/internal/lang/cpp"
)

// script reads a linker script, or a header made for them.
func (x *extractor) script() {
	s := x.src
	line := uint32(1)
	x.body, x.params = false, nil
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && blank(s[j]) {
			j++
		}
		if j < len(s) && s[j] == '#' {
			end, endLine, kind := x.pp.Directive(j, line)
			switch kind {
			case cpp.Define:
				m := x.pp.Macro
				x.recordMacro()
				x.body, x.params = true, x.bytes(m.Params)
				x.scriptText(int(m.Body.Off), int(m.Body.Off+m.Body.Len), m.BodyLine)
				x.body = false
			case cpp.None:
				end = cpp.LineEnd(s, j)
				endLine = line + uint32(bytes.Count(s[j:end], newline))
			}
			i, line = end+1, endLine+1
			continue
		}
		if x.pp.Skipping() {
			end := cpp.LineEnd(s, j)
			line += uint32(bytes.Count(s[i:end], newline)) + 1
			i = end + 1
			continue
		}
		// Up to the next directive.
		end := nextDirective(s, j)
		line = x.scriptText(i, end, line)
		i = end
	}
	x.f.Lines = uint32(bytes.Count(s, newline))
	if n := len(s); n > 0 && s[n-1] != '\n' {
		x.f.Lines++
	}
}

// nextDirective is the offset of the next line that begins with #, outside of
// comments.
func nextDirective(s []byte, i int) int {
	start := true
	for i < len(s) {
		switch c := s[i]; {
		case c == '\n':
			start = true
		case blank(c):
		case c == '#' && start:
			for i > 0 && s[i-1] != '\n' {
				i--
			}
			return i
		case c == '/' && i+1 < len(s) && s[i+1] == '*':
			i = cpp.SkipComment(s, i)
			continue
		case c == '/' && i+1 < len(s) && s[i+1] == '/':
			i = cpp.LineEnd(s, i)
			continue
		case c == '"':
			i = cpp.SkipString(s, i)
			start = false
			continue
		default:
			start = false
		}
		i++
	}
	return len(s)
}

// scriptText reads the script between two directives, or the body of a macro,
// and returns the line where it ends.
func (x *extractor) scriptText(i, end int, line uint32) uint32 {
	s := x.src[:end]
	for i < end {
		c := s[i]
		switch {
		case c == '\n':
			line++
			i++
		case c == '"':
			next := cpp.SkipString(s, i)
			line += uint32(bytes.Count(s[i:next], newline))
			i = next
		case c == '/' && i+1 < end && (s[i+1] == '*' || s[i+1] == '/'):
			next := cpp.LineEnd(s, i)
			if s[i+1] == '*' {
				next = cpp.SkipComment(s, i)
			}
			line += uint32(bytes.Count(s[i:next], newline))
			i = next
		case nameStart(c):
			start := i
			for i < end && nameByte(s[i]) {
				i++
			}
			x.scriptName(s, start, i, line)
		case digit(c):
			for i < end && nameByte(s[i]) {
				i++
			}
		default:
			i++
		}
	}
	return line
}

// scriptName reports the name s[start:end] of a script.
func (x *extractor) scriptName(s []byte, start, end int, line uint32) {
	w := s[start:end]
	if w[0] == '.' || s[end-1] == '.' || keyword(w) {
		return // the location counter, a section, the language's own
	}
	if start > 0 {
		switch s[start-1] {
		case '*', '-', '/', '.', '\\', '+', '?', ']', '#':
			return // part of a pattern or a file name, or pasted
		}
	}
	if end < len(s) {
		switch s[end] {
		case '*', '-', '/', '\\', '?', '#':
			return
		}
	}
	j := end
	for j < len(s) && blank(s[j]) {
		j++
	}
	role := lang.Read
	switch {
	case j < len(s) && s[j] == '(' && j == end:
		role = lang.Call
	case j < len(s) && s[j] == '=' && (j+1 == len(s) || s[j+1] != '='):
		role = lang.DefVariable
	}
	if x.body {
		if paramIndex(x.params, w) >= 0 {
			return
		}
		if role != lang.DefVariable {
			role = lang.MacroBody
		}
	}
	cpp.Report(x.f, x.src, start, end, line, role)
}

// keyword reports whether a word belongs to the language of linker scripts.
func keyword(w []byte) bool {
	switch string(w) {
	case "SECTIONS", "PROVIDE", "PROVIDE_HIDDEN", "HIDDEN", "KEEP", "ALIGN", "ASSERT", "AT", "ADDR", "LOADADDR", "SIZEOF",
		"SIZEOF_HEADERS", "ENTRY", "OUTPUT_ARCH", "OUTPUT_FORMAT", "OUTPUT", "TARGET", "PHDRS", "MEMORY", "VERSION", "ABSOLUTE",
		"DEFINED", "MAX", "MIN", "NEXT", "BLOCK", "SUBALIGN", "SORT", "SORT_BY_NAME", "SORT_BY_ALIGNMENT", "BYTE", "SHORT",
		"LONG", "QUAD", "SQUAD", "FILL", "INPUT", "GROUP", "STARTUP", "EXTERN", "CONSTRUCTORS", "CREATE_OBJECT_SYMBOLS", "NOLOAD",
		"OVERLAY", "INSERT", "EXCLUDE_FILE", "PT_LOAD", "PT_NOTE", "PT_DYNAMIC", "PT_NULL", "PT_PHDR", "FLAGS", "FILEHDR",
		"ORIGIN", "LENGTH", "CONSTANT", "COMMON", "global", "local":
		return true
	}
	return false
}
