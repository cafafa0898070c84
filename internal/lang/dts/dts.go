// Package dts extracts facts from device-tree sources (.dts, .dtsi, .dtso) and
// from the documents that define what may stand in them, the bindings. For
// answers about a board, Parse reads its source with all that it includes into
// the tree that results.
//
// Names are reported as they are written: a node is gpio@30200000, a property
// reg-names, a compatible string fsl,imx7d-gpc. Nodes and labels are
// definitions; &label { ... } and /delete-node/ write; other references read,
// and so does a node that names a compatible string, an include that names a
// file. Properties are designators.
package dts

import (
	"bytes"
	"strings"

	"dekho/internal/lang"
)

// Language is the row of this package in the table of languages.
func Language() lang.Language {
	return lang.Language{
		Name:    "dts",
		Version: 1,
		Match:   func(path string) bool { return IsSource(path) || IsBinding(path) },
		New:     func() lang.Extractor { return new(extractor) },
	}
}

// IsSource reports whether a path is that of a device-tree source.
func IsSource(path string) bool {
	return IsBoard(path) || strings.HasSuffix(path, ".dtsi")
}

// IsBoard reports whether a path is that of a source that stands for itself: a
// board or an overlay, and not a part that others include.
func IsBoard(path string) bool {
	return strings.HasSuffix(path, ".dts") || strings.HasSuffix(path, ".dtso")
}

// IsBinding reports whether a path is that of a binding document.
func IsBinding(path string) bool {
	return strings.HasPrefix(path, "Documentation/devicetree/") && (strings.HasSuffix(path, ".yaml") || strings.HasSuffix(path, ".txt"))
}

// extractor holds the state of one worker.
type extractor struct {
	src    []byte
	f      *lang.Facts
	conds  []openCond
	params [][]byte // of the macro being read
}

// openCond is an #if whose #endif has not come yet.
type openCond struct {
	expr  lang.Span
	kind  lang.CondKind
	start uint32
}

// Extract implements lang.Extractor.
func (x *extractor) Extract(path string, src []byte, f *lang.Facts) {
	x.src, x.f = src, f
	switch {
	case strings.HasSuffix(path, ".yaml"):
		x.yaml()
	case strings.HasSuffix(path, ".txt"):
		x.prose()
	default:
		x.source()
	}
	n := uint32(bytes.Count(src, newline))
	if len(src) > 0 && src[len(src)-1] != '\n' {
		n++
	}
	f.Lines = n
	x.src, x.f = nil, nil
}

var newline = []byte{'\n'}

// report appends an occurrence of src[from:to].
func (x *extractor) report(from, to int, line uint32, role lang.Role) {
	if n := to - from; n > 0 && n <= lang.MaxIdent {
		x.f.Occs = append(x.f.Occs, lang.Occ{
			Off: uint32(from), Line: line, Hash: lang.Hash(x.src[from:to]), Len: uint16(n), Role: role,
		})
	}
}

// source reads a device-tree source.
func (x *extractor) source() {
	x.conds = x.conds[:0]
	s := scanner{src: x.src, line: 1}
	compatible := false
	for {
		e := s.next()
		switch e.kind {
		case evEnd:
			for len(x.conds) > 0 {
				x.endArm(e.line)
				x.conds = x.conds[:len(x.conds)-1]
			}
			return
		case evLabel, evNode:
			x.report(e.from, e.to, e.line, lang.DefNode)
		case evExtend, evDeleteNode, evDeleteProperty:
			x.report(e.from, e.to, e.line, lang.Write)
		case evProperty:
			compatible = string(x.src[e.from:e.to]) == "compatible"
			x.report(e.from, e.to, e.line, lang.Designator)
		case evString:
			if compatible {
				x.report(e.from, e.to, e.line, lang.Read)
			}
		case evRef, evIdent:
			x.report(e.from, e.to, e.line, lang.Read)
		case evCall:
			x.report(e.from, e.to, e.line, lang.Call)
		case evInclude:
			x.include(&e)
		case evDirective:
			x.directive(&e)
		}
	}
}

// include reports an include: as such, and the name of the file, by which
// those who include it are found.
func (x *extractor) include(e *event) {
	path := x.src[e.from:e.to]
	x.f.Includes = append(x.f.Includes, lang.Include{
		Path: lang.Span{Off: uint32(e.from), Len: uint32(e.to - e.from)}, Line: e.line, System: e.to < len(x.src) && x.src[e.to] == '>',
	})
	if bytes.HasSuffix(path, headerSuffix) {
		return
	}
	x.report(e.from+bytes.LastIndexByte(path, '/')+1, e.to, e.line, lang.Read)
}

var headerSuffix = []byte(".h")

// directive acts on a directive of the preprocessor.
func (x *extractor) directive(e *event) {
	rest := words{src: x.src, i: e.rest, end: e.to, line: e.line}
	switch string(x.src[e.from:e.rest]) {
	case "define":
		x.define(&rest)
	case "if", "elif":
		x.openArm(&rest, e, lang.CondIf)
	case "ifdef":
		x.openArm(&rest, e, lang.CondIfdef)
	case "ifndef":
		x.openArm(&rest, e, lang.CondIfndef)
	case "else":
		if n := len(x.conds); n > 0 {
			x.endArm(e.line - 1)
			x.conds[n-1].kind, x.conds[n-1].start = lang.CondElse, e.line+1
		}
	case "endif":
		if n := len(x.conds); n > 0 {
			x.endArm(e.line - 1)
			x.conds = x.conds[:n-1]
		}
	}
}

// openArm opens the arm of an #if, or of an #elif that ends the one before it.
func (x *extractor) openArm(rest *words, e *event, kind lang.CondKind) {
	c := openCond{expr: x.trimmed(e.rest, e.to), kind: kind, start: e.line + 1}
	for from, to, line := rest.next(); from < to; from, to, line = rest.next() {
		if string(x.src[from:to]) != "defined" {
			x.report(from, to, line, lang.Condition)
		}
	}
	if n := len(x.conds); string(x.src[e.from:e.rest]) == "elif" && n > 0 {
		x.endArm(e.line - 1)
		x.conds[n-1] = c
		return
	}
	x.conds = append(x.conds, c)
}

// endArm reports the open arm, which ends with a line.
func (x *extractor) endArm(line uint32) {
	c := &x.conds[len(x.conds)-1]
	if line >= c.start {
		x.f.Conds = append(x.f.Conds, lang.Cond{Expr: c.expr, Start: c.start, End: line, Kind: c.kind})
	}
}

// trimmed is a range without the blanks around it.
func (x *extractor) trimmed(from, to int) lang.Span {
	text := x.src[from:to]
	lead := len(text) - len(bytes.TrimLeft(text, " \t\r"))
	return lang.Span{Off: uint32(from + lead), Len: uint32(len(bytes.TrimSpace(text)))}
}

// define reports a macro and what its body names, but for its parameters.
func (x *extractor) define(rest *words) {
	from, to, line := rest.next()
	if from >= to {
		return
	}
	x.report(from, to, line, lang.DefMacro)
	x.params = x.params[:0]
	if to < rest.end && x.src[to] == '(' {
		stop := to + max(0, bytes.IndexByte(x.src[to:rest.end], ')'))
		inside := words{src: x.src, i: to, end: stop, line: line}
		for from, to, _ := inside.next(); from < to; from, to, _ = inside.next() {
			x.params = append(x.params, x.src[from:to])
		}
		rest.i, rest.line = stop, inside.line
	}
	for from, to, line := rest.next(); from < to; from, to, line = rest.next() {
		if !x.param(x.src[from:to]) {
			x.report(from, to, line, lang.MacroBody)
		}
	}
}

func (x *extractor) param(w []byte) bool {
	for _, p := range x.params {
		if bytes.Equal(p, w) {
			return true
		}
	}
	return false
}
