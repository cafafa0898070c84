package asm

// What has to wait for the end of the file: whether a label is a function, and
// whether a branch to it is a call.

import "dekho/internal/lang"

func (x *extractor) resolve() {
	for i := range x.branches {
		if b := &x.branches[i]; b.kind == call {
			x.mark(b.hash, symCalled)
		}
	}
	for i := range x.labels {
		l := &x.labels[i]
		if l.shape != shapeAlias {
			x.decide(l, x.symbols[l.hash])
		}
	}
	for i := range x.labels { // which may stand before what they mean
		if l := &x.labels[i]; l.shape == shapeAlias {
			x.decide(l, x.symbols[l.hash])
		}
	}
	for i := range x.branches {
		b := &x.branches[i]
		if s := x.symbols[b.hash].bits; s&symLabel != 0 && s&symRoutine == 0 {
			x.f.Occs[b.occ].Role = lang.Read // goes to a place inside of the routine
		}
	}
	x.routines()
	x.dropRegisters()
}

// decide gives a label its role.
func (x *extractor) decide(l *label, s symbol) {
	role := lang.DefLabel
	switch l.shape {
	case shapeMacro, shapeConstant:
		role = lang.DefMacro
	case shapeFunc, shapeEntry:
		role = lang.DefFunction
		if s.bits&symObject != 0 || l.section == sectionData && s.bits&symFunction == 0 {
			role = lang.DefVariable
		}
	case shapeData:
		role = lang.DefVariable
	case shapeInner:
		if s.bits&symGlobal != 0 {
			role = lang.DefFunction
		}
	case shapeAlias:
		switch t := x.symbols[l.target].bits; {
		case t&symRoutine != 0 || s.bits&(symFunction|symCalled) != 0:
			role = lang.DefFunction
		case t&symLabel != 0 || s.bits&symGlobal != 0:
			role = lang.DefVariable
			if s.bits&symGlobal != 0 && s.bits&symObject == 0 && l.section == sectionText {
				role = lang.DefFunction
			}
		default:
			role = lang.DefMacro
		}
	default:
		data := s.bits&symFunction == 0 && (s.bits&symObject != 0 || l.section == sectionData || l.data)
		switch {
		case l.local:
		case data:
			role = lang.DefVariable
		case s.bits&(symGlobal|symFunction|symCalled) != 0 || s.end > 0:
			role = lang.DefFunction
		}
	}
	x.f.Occs[l.occ].Role = role
	switch role {
	case lang.DefFunction:
		x.mark(l.hash, symRoutine)
	case lang.DefLabel, lang.DefVariable:
		x.mark(l.hash, symLabel)
	}
}

// routines reports the extents of functions and assembler macros. A routine
// ends where ENDPROC or .size says, else before the next one.
func (x *extractor) routines() {
	first := len(x.f.Funcs)
	outer := uint32(0) // where the routine around ends that the one at hand interrupts
	for i := range x.labels {
		l := &x.labels[i]
		if l.shape == shapeMacro {
			if l.line <= outer || l.end < l.line {
				continue // a macro within a routine
			}
		} else if x.f.Occs[l.occ].Role != lang.DefFunction || l.shape == shapeAlias || l.shape == shapeEntry || l.shape == shapeInner {
			continue
		}
		end := x.symbols[l.hash].end
		if l.shape == shapeMacro {
			end = l.end
		}
		if n := len(x.f.Funcs); n > first && x.f.Funcs[n-1].End >= l.line {
			if x.f.Funcs[n-1].Start >= l.line {
				x.f.Funcs = x.f.Funcs[:n-1] // two names for one place: the inner
			} else {
				x.f.Funcs[n-1].End = l.line - 1
			}
		}
		if end < l.line {
			end = x.f.Lines
			if l.line <= outer {
				end = outer
			}
		}
		outer = max(outer, x.symbols[l.hash].end)
		o := &x.f.Occs[l.occ]
		x.f.Funcs = append(x.f.Funcs, lang.Func{
			Name: lang.Span{Off: o.Off, Len: uint32(o.Len)}, Start: l.line, End: max(end, l.line),
		})
	}
}

// dropRegisters takes out what looks like a register and is no label of the
// file.
func (x *extractor) dropRegisters() {
	if len(x.doubtful) == 0 {
		return
	}
	const defined = symLabel | symRoutine
	occs := x.f.Occs
	next := 0
	out := int(x.doubtful[0])
	for i := out; i < len(occs); i++ {
		if next < len(x.doubtful) && int(x.doubtful[next]) == i {
			next++
			if x.symbols[occs[i].Hash].bits&defined == 0 {
				continue
			}
		}
		occs[out] = occs[i]
		out++
	}
	x.f.Occs = occs[:out]
}
