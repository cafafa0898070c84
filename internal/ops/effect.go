package ops

// What macros do with a function that is handed to them.

import (
	"strings"

	"dekho/internal/lang/c"
	"dekho/internal/macro"
)

type effectKind uint8

const (
	effectCall    effectKind = iota // calls it
	effectStore                     // puts it into a member
	effectForward                   // hands it to a function
	effectLevel                     // makes it an initcall
)

// effect is one thing a macro does with an argument.
type effect struct {
	kind   effectKind
	name   string   // member, function, level
	typ    string   // tag of the struct that the member is of, "" if not known
	holder int      // argument in which the member is, -1 if in none
	path   []string // members that lead from there to it
	arg    int      // of the function it is handed to
}

type effectKey struct {
	macro int32
	arg   int
}

const (
	maxBody    = 600 // tokens of a macro that are looked at
	maxEffects = 16
	maxNesting = 8
)

// initcallMacro is where all macros for initcalls end: its second argument is
// the level.
const initcallMacro = "__define_initcall"

// effectsOf tells what a macro does with argument arg.
func (r *resolver) effectsOf(m *macro.Def, arg, depth int) []effect {
	key := effectKey{m.ID, arg}
	if es, ok := r.effects[key]; ok {
		return es
	}
	r.effects[key] = nil // what is found while it is looked at
	if !m.Function || depth > maxNesting || arg >= len(m.Params)+1 || arg == len(m.Params) && m.Rest == "" {
		return nil
	}
	name := m.Rest
	if arg < len(m.Params) {
		name = m.Params[arg]
	}
	ts := m.Tokens()
	var es []effect
	for i := 0; i < len(ts) && i < maxBody && len(es) < maxEffects; i++ {
		if ts[i].Kind != c.Ident || ts[i].Text != name || text(ts, i-1) == "##" || text(ts, i+1) == "##" || text(ts, i-1) == "#" ||
			text(ts, i-1) == "." || text(ts, i-1) == "->" {
			continue
		}
		es = r.useOf(m, ts, i, depth, es)
	}
	r.effects[key] = es
	return es
}

func text(ts []macro.Token, i int) string {
	if i < 0 || i >= len(ts) {
		return ""
	}
	return ts[i].Text
}

// useOf appends what the use of a parameter at ts[i] does.
func (r *resolver) useOf(m *macro.Def, ts []macro.Token, i, depth int, es []effect) []effect {
	from, to := i, i // the parameter with the parentheses around it
	for text(ts, from-1) == "(" && text(ts, to+1) == ")" && (from < 2 || ts[from-2].Kind != c.Ident) {
		from--
		to++
	}
	switch before, behind := text(ts, from-1), text(ts, to+1); {
	case behind == "(" && (from > 0 || len(ts) > to+2):
		return append(es, effect{kind: effectCall, holder: -1})
	case before == "=" && from >= 2 && ts[from-2].Kind == c.Ident:
		return r.storeOf(m, ts, from-2, es)
	case (before == "(" || before == ",") && (behind == "," || behind == ")"):
		return r.handOf(m, ts, from-1, depth, es)
	}
	return es
}

// storeOf appends the assignment to the member ts[i].
func (r *resolver) storeOf(m *macro.Def, ts []macro.Token, i int, es []effect) []effect {
	e := effect{kind: effectStore, name: ts[i].Text, holder: -1}
	switch text(ts, i-1) {
	case ".", "->":
	default:
		return es
	}
	j := i - 2 // the last token of the expression that the member is of
	if prev := text(ts, j); prev == "{" || prev == "," {
		e.typ = typeAround(ts, j)
		return append(es, e)
	}
	for depth := 0; j >= 0; j-- {
		switch {
		case ts[j].Kind == c.Close:
			depth++
		case ts[j].Kind == c.Open:
			depth--
		}
		if depth > 0 || text(ts, j) == "." || text(ts, j) == "->" || text(ts, j-1) == "." || text(ts, j-1) == "->" {
			continue
		}
		break
	}
	e.holder, e.typ, e.path = r.holder(m, ts, max(j, 0), i-1)
	return append(es, e)
}

// holder tells what the expression ts[from:to] is in a macro: a parameter, or a
// variable whose struct is returned, and the members that follow.
func (r *resolver) holder(m *macro.Def, ts []macro.Token, from, to int) (param int, typ string, path []string) {
	root := -1
	for i := from; i < to; i++ {
		switch {
		case ts[i].Kind != c.Ident:
		case root < 0:
			root = i
		case ts[i-1].Text == "." || ts[i-1].Text == "->":
			path = append(path, ts[i].Text)
		}
	}
	if root < 0 {
		return -1, "", nil
	}
	name := ts[root].Text
	if p := m.ParamIndex(name); p >= 0 {
		return p, "", path
	}
	body := m.Tokens()
	for j := 0; j+2 < len(body) && j < maxBody; j++ {
		if body[j].Text == "struct" && body[j+1].Kind == c.Ident {
			k := j + 2
			if text(body, k) == "*" {
				k++
			}
			if text(body, k) == name {
				return -1, body[j+1].Text, path
			}
		}
	}
	return -1, "", nil
}

// typeAround finds the struct that an initialiser around ts[i] is of: struct foo
// x = { or (struct foo) {.
func typeAround(ts []macro.Token, i int) string {
	depth := 0
	for ; i >= 0; i-- {
		switch ts[i].Text {
		case "}":
			depth++
		case "{":
			if depth == 0 {
				return typeBefore(ts, i)
			}
			depth--
		}
	}
	return ""
}

// typeBefore is the struct of what is initialised by the text at ts[i]: struct
// foo x =, (struct foo).
func typeBefore(ts []macro.Token, i int) string {
	j := i - 1
	switch {
	case text(ts, j) == ")":
		if j >= 2 && ts[j-1].Kind == c.Ident && text(ts, j-2) == "struct" {
			return ts[j-1].Text
		}
	case text(ts, j) == "=":
		for ; j >= 1 && ts[j].Text != ";"; j-- {
			if ts[j-1].Text == "struct" && ts[j].Kind == c.Ident {
				return ts[j].Text
			}
		}
	}
	return ""
}

// handOf appends what the call does whose argument begins behind ts[i].
func (r *resolver) handOf(m *macro.Def, ts []macro.Token, i, depth int, es []effect) []effect {
	arg, level := 0, 0
	for ; i >= 0; i-- {
		switch ts[i].Kind {
		case c.Close:
			level++
		case c.Open:
			level--
		case c.Comma:
			if level == 0 {
				arg++
			}
		}
		if level < 0 {
			break
		}
	}
	if i < 1 || ts[i-1].Kind != c.Ident {
		return es
	}
	callee := ts[i-1].Text
	if m.ParamIndex(callee) >= 0 || callee == "typeof" || callee == "sizeof" || callee == "__typeof__" || callee == "if" || callee == "while" {
		return es
	}
	args, _, ok := macro.Group(ts, i)
	if !ok {
		return es
	}
	if strings.HasSuffix(callee, initcallMacro) || callee == initcallMacro {
		if len(args) >= 2 && len(args[1]) > 0 && arg == 0 && m.ParamIndex(args[1][0].Text) < 0 {
			return append(es, effect{kind: effectLevel, name: args[1][0].Text, holder: -1})
		}
	}
	defs := r.view.Visible(callee, m.File)
	if len(defs) == 0 || !defs[0].Function {
		return append(es, effect{kind: effectForward, name: callee, arg: arg, holder: -1})
	}
	for n, d := range defs {
		if n == 4 || d == m {
			break
		}
		for _, e := range r.effectsOf(d, arg, depth+1) {
			switch {
			case e.holder >= 0 && e.holder < len(args):
				inner := e.path
				e.holder, e.typ, e.path = r.holder(m, args[e.holder], 0, len(args[e.holder]))
				e.path = append(e.path, inner...)
			case e.kind == effectStore && e.typ == "":
				e.typ = typeBefore(ts, i-1)
				e.holder = -1
			}
			if len(es) < maxEffects {
				es = append(es, e)
			}
		}
	}
	return es
}
