package workbench

// The parameters of macros: names that mean something inside of a #define, or of
// a .macro of assembly, and nowhere else.

import (
	"bytes"

	"dekho/internal/lang"
	"dekho/internal/lang/c"
)

// macroParam finds the parameter that a name at an offset means: where it is
// declared, and the extent of its macro. The declaration is nil if it is none.
func (c *closeup) macroParam(off uint32, name string, line uint32) (decl *lang.Occ, from, to uint32) {
	if len(c.Code) == 0 {
		return c.asmParam(name, line)
	}
	i := c.tokenBefore(off + 1)
	if i < 0 || c.Code[i].Kind != tokenDirective || off >= c.Code[i].End {
		return nil, 0, 0
	}
	from, to = c.Code[i].Off, c.Code[i].End
	params, ok := defineParams(c.Src[from:to])
	if !ok {
		return nil, 0, 0
	}
	open := uint32(bytes.IndexByte(c.Src[from:to], '('))
	at := wordIn(params, name)
	if at < 0 {
		return nil, 0, 0
	}
	at += int(from + open + 1)
	return &lang.Occ{Off: uint32(at), Line: c.LineOf(uint32(at)), Len: uint16(len(name)), Role: lang.DefParam}, from, to
}

// tokenDirective is known by another name where a file is called c.
const tokenDirective = c.TokenDirective

// defineParams is what stands between the parentheses behind the name of a
// #define.
func defineParams(text []byte) ([]byte, bool) {
	d, ok := c.ScanDefine(text)
	return d.Params, ok && d.Function
}

// maxAsmMacro bounds how far above a line its .macro is looked for, in lines.
const maxAsmMacro = 400

// asmParam is macroParam for assembly: .macro name a, b=1 ... .endm.
func (c *closeup) asmParam(name string, line uint32) (decl *lang.Occ, from, to uint32) {
	for n := line; n > 0 && line-n < maxAsmMacro; n-- {
		start, end := c.LineExtent(n)
		fields := bytes.Fields(c.Src[start:end])
		if len(fields) == 0 {
			continue
		}
		switch string(fields[0]) {
		case ".endm":
			if n < line {
				return nil, 0, 0
			}
		case ".macro":
			head := bytes.IndexByte(c.Src[start:end], '.') + len(".macro")
			rest := c.Src[start+uint32(head) : end]
			if len(fields) > 1 { // behind the macro's own name
				skip := bytes.Index(rest, fields[1]) + len(fields[1])
				head, rest = head+skip, rest[skip:]
			}
			at := wordIn(rest, name)
			if at < 0 {
				return nil, 0, 0
			}
			off := start + uint32(head+at)
			to = uint32(len(c.Src))
			if i := bytes.Index(c.Src[off:], []byte(".endm")); i >= 0 {
				to = off + uint32(i)
			}
			return &lang.Occ{Off: off, Line: n, Len: uint16(len(name)), Role: lang.DefParam}, start, to
		}
	}
	return nil, 0, 0
}

// wordsIn lists where a word stands in some bytes of the file, as occurrences in
// a role; the first is its declaration.
func (c *closeup) wordsIn(word string, from, to uint32) []lang.Occ {
	var list []lang.Occ
	for from < to {
		i := wordIn(c.Src[from:to], word)
		if i < 0 {
			break
		}
		role := lang.MacroBody
		if len(list) == 0 {
			role = lang.DefParam
		}
		off := from + uint32(i)
		list = append(list, lang.Occ{Off: off, Line: c.LineOf(off), Len: uint16(len(word)), Role: role})
		from = off + uint32(len(word))
	}
	return list
}
