package kbuild

// What the index learns of Kconfig files and makefiles.

import (
	"bytes"
	"slices"

	"dekho/internal/lang"
)

// extractKconfig reports the symbols of a Kconfig file by what happens to them:
// config defines, select and imply write, depends, if and visible are
// conditions, the rest reads. What an if or a menu with dependencies encloses is
// conditional; the paths that source names are occurrences of the path.
func extractKconfig(src []byte, f *lang.Facts) {
	s := statements{src: src, line: 1}
	type block struct {
		kw    keyword
		conds int // of Facts.Conds: those from here on end with the block
	}
	var stack [64]block // blocks nest a few levels deep; deeper ones are not told apart
	depth, over := 0, 0
	firstCond := len(f.Conds)
	push := func(kw keyword) {
		if depth == len(stack) {
			over++
			return
		}
		stack[depth] = block{kw, len(f.Conds)}
		depth++
	}
	// pop ends the innermost block of its kind and what is still open inside; an
	// end without a beginning is passed over.
	pop := func(kw keyword, line uint32) {
		if over > 0 {
			over--
			return
		}
		at := depth - 1
		for at >= 0 && stack[at].kw != kw {
			at--
		}
		if at < 0 {
			return
		}
		for i := stack[at].conds; i < len(f.Conds); i++ {
			if c := &f.Conds[i]; c.End == 0 {
				c.End = max(line, c.Start)
			}
		}
		depth = at
	}
	heads := false // the statement stands between menu or choice and its first entry
	for {
		st, ok := s.next()
		if !ok {
			break
		}
		t := s.tokens(&st)
		switch st.kw {
		case kwConfig, kwMenuconfig, kwChoice:
			if tok := t.next(); tok.kind == tokWord {
				report(f, src, tok.off, tok.end, tok.line, lang.DefConfig)
			}
			heads = false
			if st.kw == kwChoice {
				push(kwChoice)
				heads = true
			}
		case kwMenu:
			push(kwMenu)
			heads = true
		case kwEndmenu:
			pop(kwMenu, st.line)
			heads = false
		case kwEndchoice:
			pop(kwChoice, st.line)
			heads = false
		case kwIf:
			push(kwIf)
			heads = false
			expression(&t, f, lang.Condition)
			cond(f, src, st.rest, st.line+1)
		case kwEndif:
			pop(kwIf, st.line-1)
			heads = false
		case kwComment:
			heads = false
		case kwSource:
			heads = false
			source(&t, f)
		case kwDepends, kwVisible:
			on := t.next() // "on", "if"
			if on.kind != tokWord {
				continue
			}
			expression(&t, f, lang.Condition)
			if heads {
				cond(f, src, lang.Span{Off: uint32(on.end), Len: uint32(t.end - on.end)}, st.line+1)
			}
		case kwSelect, kwImply:
			expression(&t, f, lang.Write)
		case kwDefault, kwDefine, kwRange, kwPrompt, kwType:
			expression(&t, f, lang.Read)
		}
	}
	for i := firstCond; i < len(f.Conds); i++ {
		if f.Conds[i].End == 0 {
			f.Conds[i].End = max(s.line, f.Conds[i].Start) // nothing ends it
		}
	}
}

// cond opens a condition; its end is not known yet.
func cond(f *lang.Facts, src []byte, expr lang.Span, line uint32) {
	text := src[expr.Off : expr.Off+expr.Len]
	if i := bytes.IndexByte(text, '#'); i >= 0 {
		text = text[:i]
	}
	lead := len(text) - len(bytes.TrimLeft(text, " \t"))
	text = bytes.TrimSpace(text)
	if len(text) > 0 {
		f.Conds = append(f.Conds, lang.Cond{
			Expr: lang.Span{Off: expr.Off + uint32(lead), Len: uint32(len(text))}, Start: line, Kind: lang.CondIf,
		})
	}
}

// expression reports the symbols of the rest of a statement: those behind an
// if as conditions.
func expression(t *tokens, f *lang.Facts, role lang.Role) {
	for {
		tok := t.next()
		switch tok.kind {
		case tokEnd:
			return
		case tokWord:
			w := t.src[tok.off:tok.end]
			switch {
			case string(w) == "if":
				role = lang.Condition
			case isSymbol(w):
				report(f, t.src, tok.off, tok.end, tok.line, role)
			}
		}
	}
}

// source reports the path of a source statement.
func source(t *tokens, f *lang.Facts) {
	tok := t.next()
	from, to := tok.off, tok.end
	switch tok.kind {
	case tokString:
		from++
		if to > from && t.src[to-1] == t.src[tok.off] {
			to--
		}
	case tokWord:
	default:
		return
	}
	report(f, t.src, from, to, tok.line, lang.Read)
	if to > from {
		f.Includes = append(f.Includes, lang.Include{
			Path: lang.Span{Off: uint32(from), Len: uint32(to - from)}, Line: tok.line, System: true,
		})
	}
}

// extractMakefile reports the variables of a makefile: those in upper case, and
// symbols, which may have letters in lower case. A symbol that decides whether
// something is built is a condition; a variable that is assigned to is written.
func extractMakefile(src []byte, f *lang.Facts) {
	line := uint32(1)
	for off := 0; off < len(src); line++ {
		end := off + lineLen(src[off:])
		text := src[off:end]
		if i := bytes.IndexByte(text, '#'); i >= 0 {
			text = text[:i] // \# is rare, and symbols behind it are too
		}
		// Everything before this is the left side of an assignment.
		left := 0
		if len(text) > 0 && text[0] != '\t' {
			left = assignment(text)
		}
		conditional := isConditional(text)
		for i := 0; i < len(text); {
			if !wordByte(text[i]) {
				i++
				continue
			}
			start := i
			lower := false
			upper := false
			for i < len(text) && wordByte(text[i]) {
				c := text[i]
				upper = upper || c >= 'A' && c <= 'Z'
				lower = lower || c >= 'a' && c <= 'z'
				i++
			}
			symbol := bytes.HasPrefix(text[start:i], configPrefix) && i-start > len(configPrefix)
			if !upper || lower && !symbol || i-start < 2 {
				continue
			}
			role := lang.Read
			switch {
			case symbol && (conditional || i <= left):
				role = lang.Condition
			case i <= left && (start == 0 || isBlank(text[start-1])):
				role = lang.Write
			}
			report(f, src, off+start, off+i, line, role)
		}
		off = end + 1
	}
}

// assignment is the offset of the operator of an assignment (=, :=, ::=, +=,
// ?=), 0 if the line is none.
func assignment(text []byte) int {
	depth := 0
	for i, c := range text {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case '=':
			if depth > 0 { // $(CONFIG_X:m=y)
				continue
			}
			for i > 0 && (text[i-1] == ':' || text[i-1] == '+' || text[i-1] == '?' || text[i-1] == '!') {
				i--
			}
			return i
		}
	}
	return 0
}

var conditionals = [][]byte{[]byte("ifeq"), []byte("ifneq"), []byte("ifdef"), []byte("ifndef")}

// isConditional reports whether a line is ifeq and the like, else in front of it
// included.
func isConditional(text []byte) bool {
	text = bytes.TrimLeft(text, " \t")
	if rest, ok := bytes.CutPrefix(text, []byte("else")); ok {
		text = bytes.TrimLeft(rest, " \t")
	}
	return slices.ContainsFunc(conditionals, func(w []byte) bool {
		return bytes.HasPrefix(text, w) && (len(text) == len(w) || !wordByte(text[len(w)]))
	})
}
