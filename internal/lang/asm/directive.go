package asm

// Directives of the assembler.

import (
	"bytes"

	"dekho/internal/lang"
)

// maxSections bounds .pushsection without .popsection.
const maxSections = 64

// directive handles the directive of that name (with its dot).
func (x *extractor) directive(name []byte, ts []token) {
	switch string(name) {
	case ".globl", ".global", ".weak", ".hidden", ".protected", ".internal", ".extern", ".local":
		for i := range ts {
			if t := &ts[i]; t.kind == kIdent {
				if !t.glued && !x.body && name[1] != 'e' && name[1] != 'l' {
					x.mark(lang.Hash(x.tokenText(t)), symGlobal)
				}
				x.report(t, lang.Declaration)
			}
		}
	case ".type", ".ent", ".proc":
		x.declaredType(name, ts)
	case ".size", ".end", ".endp":
		if len(ts) > 0 && ts[0].kind == kIdent {
			x.ended(&ts[0])
			x.report(&ts[0], lang.Declaration)
		}
	case ".set", ".equ", ".equiv", ".eqv", ".thumb_set":
		if len(ts) > 2 && ts[0].kind == kIdent && ts[1].kind == ',' {
			x.assign(&ts[0], ts[2:])
		}
	case ".comm", ".lcomm":
		if len(ts) > 0 && ts[0].kind == kIdent {
			x.addLabel(&ts[0], shapeData)
			x.operands(ts[1:], noTransfer, lang.Read)
		}
	case ".macro":
		x.beginMacro(ts)
	case ".endm", ".endmacro":
		x.endMacro()
	case ".text":
		x.enter(sectionText)
	case ".data", ".bss", ".sdata", ".rodata":
		x.enter(sectionData)
	case ".section":
		x.enter(x.sectionKind(ts))
	case ".pushsection":
		if len(x.sections) < maxSections {
			x.sections = append(x.sections, x.section)
		}
		x.section = x.sectionKind(ts)
	case ".popsection":
		if n := len(x.sections); n > 0 {
			x.section = x.sections[n-1]
			x.sections = x.sections[:n-1]
		}
	case ".previous":
		x.section, x.previous = x.previous, x.section
	case ".if", ".ifdef", ".ifndef", ".ifnotdef", ".elseif", ".ifeq", ".ifne", ".ifge", ".ifgt", ".ifle", ".iflt":
		x.operands(ts, noTransfer, lang.Condition)
	case ".long", ".quad", ".word", ".4byte", ".8byte", ".2byte", ".short", ".int", ".xword", ".hword", ".byte", ".octa", ".dword",
		".ulong", ".xlong", ".llong", ".half", ".hhalf", ".data4", ".data8", ".dc.l", ".dc.a", ".uword", ".uaword", ".uaxword", ".ualong":
		x.dataFollows()
		x.operands(ts, noTransfer, lang.Address)
	case ".ascii", ".asciz", ".string", ".stringz", ".string8":
		x.dataFollows()
	case ".space", ".skip", ".zero", ".fill", ".incbin", ".float", ".double", ".ds.l", ".block":
		x.dataFollows()
		x.operands(ts, noTransfer, lang.Read)
	case ".align", ".balign", ".p2align", ".org", ".rept", ".irp", ".inst":
		x.operands(ts, noTransfer, lang.Read)
	case ".include":
		if len(ts) > 0 && ts[0].kind == kString && ts[0].len > 2 && !x.body {
			t := &ts[0]
			x.f.Includes = append(x.f.Includes, lang.Include{Path: lang.Span{Off: t.off + 1, Len: t.len - 2}, Line: t.line})
		}
	}
}

// declaredType handles .type name, @function and the like.
func (x *extractor) declaredType(name []byte, ts []token) {
	if len(ts) == 0 || ts[0].kind != kIdent && ts[0].kind != kParam {
		return
	}
	bits := symbolBits(0)
	if name[1] != 't' {
		bits = symFunction // .ent, .proc
	}
	for i := 1; i < len(ts); i++ {
		switch w := x.tokenText(&ts[i]); {
		case bytes.Contains(w, []byte("func")), bytes.Contains(w, []byte("FUNC")):
			bits |= symFunction
		case bytes.Contains(w, []byte("object")), bytes.Contains(w, []byte("OBJECT")):
			bits |= symObject
		}
	}
	if ts[0].kind == kParam {
		if bits == symObject && x.macro > 0 {
			x.learnParam(&ts[0], shapeData)
		}
		return
	}
	if !ts[0].glued && !x.body {
		x.mark(lang.Hash(x.tokenText(&ts[0])), bits)
	}
	x.report(&ts[0], lang.Declaration)
}

func (x *extractor) enter(s section) {
	if !x.body && x.macro == 0 {
		x.previous, x.section = x.section, s
	}
}

// sectionKind tells from name and flags whether a section holds code.
func (x *extractor) sectionKind(ts []token) section {
	if len(ts) == 0 {
		return x.section
	}
	name := x.tokenText(&ts[0])
	for i := 1; i < len(ts); i++ {
		if ts[i].kind == kString || x.d.hashFlags && ts[i].kind == kIdent {
			flags := x.tokenText(&ts[i])
			if bytes.IndexByte(flags, 'x') >= 0 {
				return sectionText
			}
			return sectionData
		}
	}
	if bytes.Contains(name, []byte("text")) || bytes.Contains(name, []byte("head")) {
		return sectionText
	}
	return sectionData
}

// sectionMacro follows the macros for sections: __INIT, __HEAD, __INITDATA.
func (x *extractor) sectionMacro(name []byte) {
	if len(name) < 5 || name[0] != '_' || name[1] != '_' || x.body || x.macro > 0 {
		return
	}
	switch {
	case bytes.Contains(name, []byte("INIT")), bytes.Contains(name, []byte("REF")), bytes.Contains(name, []byte("HEAD")):
		if bytes.Contains(name, []byte("DATA")) {
			x.enter(sectionData)
		} else {
			x.enter(sectionText)
		}
	}
}

func (x *extractor) beginMacro(ts []token) {
	if x.body {
		return
	}
	x.macro++
	if len(ts) == 0 || ts[0].kind != kIdent || ts[0].glued || x.macro > 1 {
		return
	}
	n := len(x.labels)
	x.addLabel(&ts[0], shapeMacro)
	if len(x.labels) == n {
		return
	}
	x.macroAt = n
	x.macroParams = nil
	if len(ts) > 1 {
		last := &ts[len(ts)-1]
		first := &ts[1]
		if first.kind == ',' && len(ts) > 2 {
			first = &ts[2]
		}
		x.macroParams = x.src[first.off : last.off+last.len]
	}
	x.templates[x.labels[n].hash] = template{}
}

func (x *extractor) endMacro() {
	if x.body || x.macro == 0 {
		return
	}
	x.macro--
	if x.macro == 0 && x.macroAt >= 0 {
		x.labels[x.macroAt].end = x.toks[0].line
		x.macroAt = -1
	}
}
