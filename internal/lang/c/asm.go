package c

// Assembly in C files: asm("...") at file scope, which defines functions that
// C only declares, and the macros of the assembler in headers that assembly
// includes too.

import (
	"bytes"
	"cmp"
	"slices"

	"dekho/internal/lang"
)

// fileAsm reads the asm(...) of file scope between the parentheses toks[open]
// and toks[end]: its labels are functions, or data.
func (x *extractor) fileAsm(open, end int) {
	first := len(x.f.Funcs)
	data := false
	for i := open + 1; i < end; i++ {
		t := &x.toks[i]
		if t.kind != kString {
			continue
		}
		line := t.line
		for s, off := x.text(t), int(t.off); len(s) > 0; {
			n, sep := asmStatementEnd(s)
			data = x.asmStatement(s[:n], off, line, data)
			line += countLines(s[:n+sep])
			s, off = s[n+sep:], off+n+sep
		}
	}
	// A function ends before the next one, the last with the block.
	last := x.toks[end].line
	for n := len(x.f.Funcs) - 1; n >= first; n-- {
		fn := &x.f.Funcs[n]
		if fn.End = last; fn.End < fn.Start {
			x.f.Funcs = slices.Delete(x.f.Funcs, n, n+1) // the next one is on the same line
			continue
		}
		last = fn.Start - 1
	}
}

// asmStatementEnd finds where the statement at the start of s, the text of a
// string, ends, and how long is what parts it from the next: a semicolon or a
// newline, escaped or not.
func asmStatementEnd(s []byte) (n, sep int) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ';', '\n':
			return i, 1
		case '\\':
			if i+1 < len(s) && s[i+1] == 'n' {
				return i, 2
			}
			i++
		}
	}
	return len(s), 0
}

// asmStatement reads a statement of assembly that stands at offset off. data
// says whether the section holds data; the result, whether that of the next
// statement does.
func (x *extractor) asmStatement(s []byte, off int, line uint32, data bool) bool {
	i := 0
	word := func() []byte {
		for i < len(s) && !(class[s[i]]&cIdent != 0 || s[i] == '.') {
			if s[i] == '\\' {
				i++ // \t, or a splice
			}
			i++
		}
		start := min(i, len(s))
		for i < len(s) && (class[s[i]]&cIdent != 0 || s[i] == '.') {
			i++
		}
		return s[start:min(i, len(s))]
	}
	report := func(w []byte, role lang.Role) {
		at := i - len(w)
		if n := len(w); n > 0 && n <= lang.MaxIdent && class[w[0]]&cDigit == 0 {
			x.asmOccs = append(x.asmOccs, lang.Occ{
				Off: uint32(off + at), Line: line + countLines(s[:at]), Hash: lang.Hash(w), Len: uint16(n), Role: role,
			})
		}
	}
	w := word()
	for len(w) > 0 && i < len(s) && s[i] == ':' {
		if w[0] != '.' && class[w[0]]&cDigit == 0 && len(w) <= lang.MaxIdent {
			if data {
				report(w, lang.DefVariable)
			} else {
				report(w, lang.DefFunction)
				at := line + countLines(s[:i])
				x.f.Funcs = append(x.f.Funcs, lang.Func{Name: lang.Span{Off: uint32(off + i - len(w)), Len: uint32(len(w))}, Start: at, End: at})
			}
		}
		w = word()
	}
	switch string(w) {
	case ".text", ".popsection", ".previous":
		return false
	case ".data", ".bss":
		return true
	case ".section", ".pushsection":
		return !bytes.Contains(s, []byte("text")) && !bytes.Contains(s, []byte("ax"))
	case ".globl", ".global", ".weak", ".type", ".size", ".ent", ".end":
		report(word(), lang.Declaration)
	case "call", "bl", "jal", "brasl", "bsr", "jsr", "jbsr", "jmp", "b", "j":
		// The last word is the target, unless a mark says that it is a register.
		for n := word(); len(n) > 0; {
			at := i - len(n)
			if next := word(); len(next) > 0 {
				n = next
				continue
			}
			i = at + len(n)
			if at > 0 && (s[at-1] == ' ' || s[at-1] == '\t' || s[at-1] == 't' || s[at-1] == ',') && n[0] != '.' {
				report(n, lang.Call)
			}
			break
		}
	}
	return data
}

// asmMacro reads the macro of the assembler whose .macro stands at s[i], with
// the directives in it, and returns the offset of the newline behind its .endm
// and the line there. Its name and the names in its body are reported; nothing
// of it is C.
func (x *extractor) asmMacro(i int, line uint32) (int, uint32) {
	s := x.src
	depth := 0
	var name token
	for i < len(s) {
		from := i
		i = skipBlanks(s, i)
		line += countLines(s[from:i])
		if i < len(s) && s[i] == '#' {
			i, line = x.directive(i, line)
			i++
			line++
			continue
		}
		end := lineEnd(s, i)
		first := true // the instruction or directive
		for i < end && x.skip == 0 {
			c := s[i]
			switch {
			case c == '/' && i+1 < len(s) && s[i+1] == '*':
				next := skipComment(s, i)
				line += countLines(s[i:next])
				if i = next; i > end {
					end = lineEnd(s, i)
				}
				continue
			case c == '/' && i+1 < len(s) && s[i+1] == '/' || c == '@':
				line += countLines(s[i:end])
				i = end
				continue
			case c == '"':
				next := skipQuoted(s, i)
				line += countLines(s[i:next])
				i = next
				continue
			case c == '\n':
				line++
			}
			if class[c]&cIdent == 0 {
				i++
				continue
			}
			t, next := scan(s, i)
			t.line = line
			word := s[i:next]
			prev := byte(0)
			if i > 0 {
				prev = s[i-1]
			}
			i = next
			wasFirst := first
			first = false
			if prev == '.' {
				switch string(word) {
				case "macro":
					if depth++; depth > 1 {
						break
					}
					if j := skipBlanks(s, i); j < end && class[s[j]]&cIdent != 0 && class[s[j]]&cDigit == 0 {
						line += countLines(s[i:j])
						name, i = scan(s, j)
						name.line = line
						x.ppOcc(&name, lang.DefMacro)
						line += countLines(s[i:end])
						i = end // the parameters
					}
				case "endm":
					if depth--; depth > 0 {
						break
					}
					line += countLines(s[i:end])
					if name.len > 0 && name.len <= lang.MaxIdent {
						x.asmFuncs = append(x.asmFuncs, lang.Func{
							Name: lang.Span{Off: name.off, Len: uint32(name.len)}, Start: name.line, End: line,
						})
					}
					return end, line
				}
				continue
			}
			if t.kind == kIdent && prev != '\\' && prev != '%' && (!wasFirst || bytes.IndexByte(word, '_') >= 0) {
				x.ppOcc(&t, lang.MacroBody) // instructions are no names, what has an underscore is none
			}
		}
		if x.skip > 0 {
			line += countLines(s[i:end])
		}
		i = end + 1
		line++
	}
	return len(s), 1 + countLines(s)
}

// isAsmMacro reports whether .macro stands at s[i].
func isAsmMacro(s []byte, i int) bool {
	const word = ".macro"
	return len(s)-i > len(word) && string(s[i:i+len(word)]) == word && class[s[i+len(word)]]&cSpace != 0
}

// emitAsm adds the names of assembly in strings to the occurrences, and the
// macros of the assembler to the functions.
func (x *extractor) emitAsm() {
	x.f.Occs = append(x.f.Occs, x.asmOccs...)
	slices.SortStableFunc(x.f.Occs, func(a, b lang.Occ) int { return cmp.Compare(a.Off, b.Off) })
	x.f.Funcs = append(x.f.Funcs, x.asmFuncs...)
	slices.SortStableFunc(x.f.Funcs, func(a, b lang.Func) int { return cmp.Compare(a.Start, b.Start) })
}
