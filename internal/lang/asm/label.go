package asm

// Labels, and the macros that make them.

import (
	"bytes"

	"dekho/internal/lang"
	"dekho/internal/lang/cpp"
)

// shape says what a macro makes of one of its arguments, or how a label came
// about.
type shape uint8

const (
	shapeNone     shape = iota
	shapeLabel          // `name:` as written
	shapeFunc           // begins a routine
	shapeEntry          // another way into a routine, which the linker sees
	shapeInner          // a mark inside of a routine
	shapeData           // names data
	shapeAlias          // another name for something
	shapeConstant       // a number
	shapeEnd            // ends a routine
	shapeMacro          // .macro name
)

// template tells which argument of a macro gets which shape; -1 is the last.
type template struct {
	shape shape
	arg   int8
}

// label is a name defined in the file.
type label struct {
	occ     int32 // its occurrence
	hash    uint32
	target  uint32 // of an alias
	line    uint32
	end     uint32 // of a macro: the line of .endm
	shape   shape
	section section
	local   bool // .Lname
	data    bool // data follows it
}

// symbol is what directives say about a name.
type symbol struct {
	bits symbolBits
	end  uint32 // line where its routine ends, 0 if that is not said
}

type symbolBits uint8

const (
	symGlobal   symbolBits = 1 << iota
	symFunction            // .type name, @function
	symObject              // .type name, @object
	symCalled              // called in this file
	symLabel               // defined in this file as a label
	symRoutine             // defined in this file as a function
)

// section is what kind of section text goes to.
type section uint8

const (
	sectionText section = iota
	sectionData
)

func (x *extractor) mark(h uint32, bits symbolBits) {
	s := x.symbols[h]
	s.bits |= bits
	x.symbols[h] = s
}

// ended notes that the routine t ends here.
func (x *extractor) ended(t *token) {
	if x.body {
		return
	}
	h := lang.Hash(x.tokenText(t))
	s := x.symbols[h]
	s.end = t.line
	x.symbols[h] = s
}

// addLabel reports the name t as defined here. Its role is decided by resolve.
func (x *extractor) addLabel(t *token, sh shape) {
	if t.glued {
		return
	}
	if x.body {
		if sh == shapeFunc { // #define HERE ENTRY(name)
			x.report(t, lang.DefFunction)
		} else {
			x.report(t, lang.Read)
		}
		return
	}
	w := x.tokenText(t)
	n := len(x.f.Occs)
	x.report(t, lang.DefLabel)
	if len(x.f.Occs) == n {
		return
	}
	x.labels = append(x.labels, label{
		occ: int32(n), hash: x.f.Occs[n].Hash, line: t.line, shape: sh, section: x.section,
		local: len(w) > 1 && w[0] == '.' && w[1] == 'L' || w[0] == '$',
	})
}

// dataFollows tells the labels before a data directive that they name data.
func (x *extractor) dataFollows() {
	for i := len(x.labels) - 1; i >= 0 && x.labels[i].shape == shapeLabel && int(x.labels[i].occ) == len(x.f.Occs)-(len(x.labels)-i); i-- {
		x.labels[i].data = true
	}
}

// shapeOf is what the macro of that name makes: as this file defines it, or as
// its name says.
func (x *extractor) shapeOf(name []byte) template {
	h := lang.Hash(name)
	if tm, ok := x.templates[h]; ok {
		return tm
	}
	tm, ok := x.spelled[h]
	if !ok {
		tm = spelling(name)
		x.spelled[h] = tm
	}
	return tm
}

// spelling tells from the words of a macro's name what it makes of its first
// argument: SYM_FUNC_START, ENTRY, LEAF, _GLOBAL, FEXPORT begin something, what
// has END in it ends something. A macro of the file itself is not judged by
// its name.
func spelling(name []byte) template {
	var opens, data, sym, labels, inner, alias, ends, other bool
	words := 0
	for rest := name; len(rest) > 0; {
		var w []byte
		w, rest, _ = bytes.Cut(rest, []byte("_"))
		if len(w) == 0 {
			continue
		}
		words++
		switch string(w) {
		case "END", "ENDPROC", "ENDFUNC", "ENDPIPROC", "ENDENTRY":
			ends = true
		case "SYM":
			sym = true
		case "DATA", "OBJECT", "OBJ":
			data = true
		case "LABEL":
			labels = true
		case "INNER":
			inner = true
		case "ALIAS", "equ":
			alias = true
		case "ENTRY", "START", "BEGIN", "LEAF", "NESTED", "GLOBAL", "WEAK", "FEXPORT", "FUNC", "FUNCTION", "globl", "global":
			opens = true
		case "EXPORT":
			opens = opens || len(name) == len(w) // EXPORT(name), not EXPORT_SYMBOL(name)
		case "SYMBOL", "SECTION", "ELFNOTE", "NOTE", "DEFINE", "SIZE", "TYPE", "TABLE", "TRAP", "IRQ", "SAVE", "RESTORE",
			"KEY", "FTR", "PATCH", "HINT", "REAL", "VIRT", "ASM", "SET", "GET", "LOAD", "RELOCATE":
			other = true
		}
	}
	switch {
	case ends && labels:
		return template{shapeData, -1} // SYM_DATA_END_LABEL(name, linkage, end)
	case ends:
		return template{shapeEnd, 0}
	case other:
	case alias && (opens || sym):
		return template{shapeAlias, 0}
	case labels && (inner || sym):
		return template{shapeInner, 0}
	case data && (sym || opens && words > 2):
		return template{shapeData, 0}
	case opens && !data:
		return template{shapeFunc, 0}
	}
	return template{}
}

// learn notes which parameter of a macro just defined its body makes a label
// of. A macro that makes none is noted too: then its name is not asked.
func (x *extractor) learn(m *cpp.Macro) {
	params, body := x.bytes(m.Params), x.bytes(m.Body)
	tm := template{}
	for i := 0; i < len(body); {
		c := body[i]
		if c == '/' && i+1 < len(body) && body[i+1] == '*' {
			i = cpp.SkipComment(body, i)
			continue
		}
		if c == '"' {
			i = cpp.SkipString(body, i)
			continue
		}
		if !nameByte(c) {
			i++
			continue
		}
		start := i
		for i < len(body) && nameByte(body[i]) {
			i++
		}
		w := body[start:i]
		j := i
		for j < len(body) && blank(body[j]) {
			j++
		}
		if j == len(body) || start > 0 && (body[start-1] == '#' || body[start-1] == '\\') {
			continue
		}
		switch body[j] {
		case ':':
			if k := paramIndex(params, w); k >= 0 && !pasted(body, start) {
				tm = template{shapeFunc, clampArg(k)}
			}
		case '(':
			inner := x.shapeOf(w)
			if inner.shape == shapeNone || inner.shape == shapeEnd || inner.arg != 0 {
				continue
			}
			j++
			for j < len(body) && blank(body[j]) {
				j++
			}
			start = j
			for j < len(body) && nameByte(body[j]) {
				j++
			}
			if k := paramIndex(params, body[start:j]); k >= 0 && j < len(body) && (body[j] == ',' || body[j] == ')' || blank(body[j])) {
				tm = template{inner.shape, clampArg(k)}
			}
		}
		if tm.shape != shapeNone {
			break
		}
	}
	if tm.shape == shapeNone {
		// A macro that only ends something is known by its name.
		if sp := spelling(x.bytes(m.Name)); sp.shape == shapeEnd {
			tm = sp
		}
	}
	x.templates[lang.Hash(x.bytes(m.Name))] = tm
}

// pasted reports whether ## stands before s[i].
func pasted(s []byte, i int) bool {
	for i > 0 && blank(s[i-1]) {
		i--
	}
	return i > 0 && s[i-1] == '#'
}

func clampArg(k int) int8 { return int8(min(k, 100)) }

// learnParam notes that the assembler macro being read makes a label of the
// argument t, which is \name.
func (x *extractor) learnParam(t *token, sh shape) {
	if x.macroAt < 0 || t.len < 2 {
		return
	}
	m := &x.labels[x.macroAt]
	if k := paramIndex(x.macroParams, x.tokenText(t)[1:]); k >= 0 {
		if tm := x.templates[m.hash]; tm.shape == shapeNone {
			if sh == shapeLabel {
				sh = shapeFunc
			}
			x.templates[m.hash] = template{sh, clampArg(k)}
		}
	}
}
