package workbench

// What the functions and macros of a name call, as a cross-reference browser
// asks for it: every name with a parenthesis behind it, and what is reached
// through pointers and macros besides.

import (
	"context"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/lang/c"
	"dekho/internal/outline"
	"dekho/internal/source"
)

// crossTargets bounds the functions listed of one call through a pointer.
const crossTargets = 20

// notCalled are words that parentheses follow and that call nothing.
var notCalled = map[string]bool{
	"if": true, "for": true, "while": true, "switch": true, "return": true, "sizeof": true, "case": true, "do": true, "else": true,
	"defined": true, "_Alignof": true, "alignof": true, "catch": true, "int": true, "void": true, "char": true,
	"long": true, "short": true, "unsigned": true, "signed": true, "struct": true, "union": true, "enum": true, "const": true, "asm": true,
}

func (t *Tree) crossCallees(ctx context.Context, names []string, emit func(*CrossLine) error) error {
	for _, name := range names {
		defs, err := t.crossRefs([]string{name}, index.Roles(lang.DefFunction, lang.DefMacro))
		if err != nil {
			return err
		}
		if len(defs) == 0 {
			continue
		}
		seen := make(map[CrossLine]bool)
		once := func(l CrossLine) error {
			k := CrossLine{Path: l.Path, Line: l.Line, Function: l.Function}
			if seen[k] {
				return nil
			}
			seen[k] = true
			return emit(&l)
		}
		if err := t.spelledCallees(ctx, name, defs, once); err != nil {
			return err
		}
		a, err := t.callees(ctx, name, CalleeOptions{Targets: crossTargets})
		if err != nil {
			return err
		}
		for i := range a.Callees {
			c := &a.Callees[i]
			line := CrossLine{Path: c.Path, Line: c.Line, Function: c.Name, Text: c.Text}
			if len(c.Macros) > 0 {
				line.Note = "by " + strings.Join(c.Macros, " -> ")
			}
			if err := once(line); err != nil {
				return err
			}
			for _, to := range c.Targets {
				line.Function, line.Note = to.Name, "through "+c.Through+", "+to.Grade.String()
				if err := once(line); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// spelledCallees emits the calls that stand in the text of definitions.
func (t *Tree) spelledCallees(ctx context.Context, name string, defs []crossRef, emit func(CrossLine) error) error {
	var file *closeup
	last := source.NoFile
	for i := range defs {
		d := &defs[i]
		if err := ctx.Err(); err != nil {
			return err
		}
		if d.File != last {
			var err error
			last = d.File
			if file, err = t.closeup(d.File); err != nil {
				file = nil // it is gone: what the index knows of it follows
			}
		}
		if file == nil {
			continue
		}
		s, ok := file.At(name, d.Line, d.Role)
		if !ok {
			continue
		}
		if err := callsOf(file, &s, emit); err != nil {
			return err
		}
	}
	return nil
}

// callsOf emits the calls in the text of a definition.
func callsOf(file *closeup, s *outline.Symbol, emit func(CrossLine) error) error {
	src, code := file.Src, file.Code
	from, to := s.Body, s.To
	if s.Role == lang.DefMacro {
		// The directive is one token; its body has tokens of its own.
		src = file.Src[s.Off+uint32(len(s.Name)) : max(s.To, s.Off+uint32(len(s.Name)))]
		code = c.AppendTokens(nil, src)
		from, to = 0, uint32(len(src))
		if len(code) > 0 && code[0].Off == 0 && code[0].Is(src, "(") { // parameters
			from = uint32(closing(src, 0))
		}
	}
	for i := 0; i+1 < len(code); i++ {
		tok := &code[i]
		if tok.Off < from || tok.Kind != c.TokenWord || !code[i+1].Is(src, "(") {
			continue
		}
		if tok.Off >= to {
			break
		}
		callee := string(tok.Text(src))
		if notCalled[callee] {
			continue
		}
		line := tok.Line
		if s.Role == lang.DefMacro {
			line += s.Line - 1
		}
		if err := emit(CrossLine{Path: file.path, Line: line, Function: callee, Text: file.text(line)}); err != nil {
			return err
		}
	}
	return nil
}
