package errflow

// What a condition says about a value that is an error.

import (
	"slices"
	"strings"

	"dekho/internal/lang/c"
)

// Want is the value that is traced.
type Want struct {
	// Errno is the name of the error code ("EINVAL"), "" for any.
	Errno string
	// Zero says that the value is 0 or NULL: what was asked for is not there.
	Zero bool

	set bool // that it is anything but 0 or NULL, and perhaps no error
}

// Value is what is known of an argument.
type Value uint8

const (
	Unknown Value = iota
	Null          // 0 or NULL
	Set           // anything else
)

// Known says what is known of an argument when the function is called: of a
// constant and an address from how it is written, of a parameter of fn from
// what params say of those.
func (fn *Func) Known(a Arg, params []Value, isFunction func(name string) bool) Value {
	from, to := fn.strip(a.from, a.to)
	if from >= to {
		return Unknown
	}
	switch text := fn.squeeze(from, to); {
	case text == "NULL" || text == "0" || text == "false":
		return Null
	case fn.is(from, "&") && fn.word(from+1) != "", fn.toks[from].Kind == c.TokenString, text == "true":
		return Set
	case to != from+1:
		return Unknown
	case fn.toks[from].Kind == c.TokenNumber:
		return Set
	default:
		if i := slices.Index(fn.params, text); i >= 0 {
			if i < len(params) {
				return params[i]
			}
			return Unknown
		}
		if isFunction(text) && !fn.isLocal(text) {
			return Set
		}
	}
	return Unknown
}

// Possible reports whether the conditions around a source can hold with what is
// known of the parameters.
func (fn *Func) Possible(s *Source, params []Value) bool {
	for i, v := range params {
		if v == Unknown || i >= len(fn.params) {
			continue
		}
		w := Want{Zero: v == Null, set: v == Set}
		for _, c := range s.Conds {
			if fn.changes(fn.params[i], c.from) {
				continue
			}
			t := fn.judge(c.from, c.to, fn.params[i], w, 0)
			if t == fails && !c.Not || t == holds && c.Not {
				return false
			}
		}
	}
	return true
}

// Guards reports whether what leads to a source is only that a parameter is
// missing: a check against callers that make a mistake.
func (fn *Func) Guards(s *Source) bool {
	if len(s.Conds) == 0 {
		return false
	}
	c := s.Conds[len(s.Conds)-1]
	if c.Not || c.to > len(fn.toks) {
		return false
	}
	for from := c.from; from < c.to; {
		to := fn.top(from, c.to, "||")
		if to < 0 {
			to = c.to
		}
		if !slices.ContainsFunc(fn.params, func(p string) bool { return fn.judge(from, to, p, Want{Zero: true}, 0) == holds }) {
			return false
		}
		from = to + 1
	}
	return true
}

// changes reports whether the function assigns to a variable before a token.
func (fn *Func) changes(lv string, before int) bool {
	found := false
	fn.eachAssign(0, before, func(name string, _, _ int, _ bool) { found = found || name == lv })
	return found
}

// truth is what is known of a condition.
type truth int8

const (
	unknown truth = iota
	holds
	fails
)

func truthOf(b bool) truth {
	if b {
		return holds
	}
	return fails
}

func (t truth) not() truth {
	switch t {
	case holds:
		return fails
	case fails:
		return holds
	}
	return unknown
}

// transparent are macros whose value is that of their argument.
var transparent = map[string]bool{
	"likely": true, "unlikely": true, "WARN_ON": true, "WARN_ON_ONCE": true, "READ_ONCE": true, "BUG_ON": true,
}

// strip takes parentheses, casts and transparent macros off an expression.
func (fn *Func) strip(from, to int) (int, int) {
	for from < to {
		switch {
		case fn.is(from, "(") && fn.behind(from) == to:
			from, to = from+1, to-1
		case transparent[fn.word(from)] && fn.is(from+1, "(") && fn.behind(from+1) == to:
			from, to = from+2, to-1
		case fn.is(from, "!") && fn.is(from+1, "!"):
			from += 2
		case fn.isCast(from, to):
			from = fn.behind(from)
		default:
			return from, to
		}
	}
	return from, to
}

// isCast reports whether an expression begins with a type in parentheses.
func (fn *Func) isCast(from, to int) bool {
	if !fn.is(from, "(") {
		return false
	}
	end := fn.behind(from)
	if end >= to || fn.toks[end].Kind != c.TokenWord && !fn.is(end, "(") {
		return false
	}
	words := false
	for i := from + 1; i < end-1; i++ {
		switch {
		case fn.word(i) != "":
			words = true
		case !fn.is(i, "*"):
			return false
		}
	}
	return words
}

// top finds an operator outside of brackets, -1 if it is not there.
func (fn *Func) top(from, to int, ops ...string) int {
	for i := from; i < to; {
		if fn.opens(i) {
			i = fn.behind(i)
			continue
		}
		for _, op := range ops {
			if fn.is(i, op) {
				return i
			}
		}
		i++
	}
	return -1
}

// judge says whether an expression holds when what lv names has the value that
// is wanted.
func (fn *Func) judge(from, to int, lv string, w Want, nesting int) truth {
	from, to = fn.strip(from, to)
	if from >= to || nesting > maxNesting {
		return unknown
	}
	if i := fn.top(from, to, "?"); i >= 0 {
		return unknown
	}
	for _, op := range []string{"||", "&&"} {
		i := fn.top(from, to, op)
		if i < 0 {
			continue
		}
		a, b := fn.judge(from, i, lv, w, nesting+1), fn.judge(i+1, to, lv, w, nesting+1)
		decides := truthOf(op == "||") // of either side, the whole
		switch {
		case a == decides || b == decides:
			return decides
		case a == decides.not() && b == a:
			return a
		}
		return unknown
	}
	if fn.is(from, "!") {
		return fn.judge(from+1, to, lv, w, nesting+1).not()
	}
	if i := fn.top(from, to, "==", "!=", "<", ">", "<=", ">="); i >= 0 {
		if !fn.names(from, i, lv) {
			return unknown
		}
		return fn.compare(fn.text(i, i+1), fn.squeeze(i+1, to), w)
	}
	if fn.names(from, to, lv) {
		return truthOf(!w.Zero)
	}
	if i := fn.top(from, to, "&"); i > from && w.Zero && (fn.names(from, i, lv) || fn.names(i+1, to, lv)) {
		return fails // no bit is set in nothing
	}
	if fn.is(from+1, "(") && fn.behind(from+1) == to && fn.names(from+2, to-1, lv) {
		switch fn.word(from) {
		case "IS_ERR", "PTR_ERR", "PTR_ERR_OR_ZERO":
			if w.set {
				return unknown
			}
			return truthOf(!w.Zero)
		case "IS_ERR_OR_NULL":
			if w.set {
				return unknown
			}
			return holds
		}
	}
	return unknown
}

// names reports whether an expression is what lv names, or assigns it.
func (fn *Func) names(from, to int, lv string) bool {
	from, to = fn.strip(from, to)
	if eq := fn.top(from, to, "="); eq >= 0 {
		to = eq
	}
	if name := fn.word(from); (name == "PTR_ERR" || name == "PTR_ERR_OR_ZERO") && fn.is(from+1, "(") && fn.behind(from+1) == to {
		from, to = from+2, to-1
	}
	return fn.squeeze(from, to) == lv
}

// compare says whether the wanted value compares so with a constant.
func (fn *Func) compare(op, with string, w Want) truth {
	if w.set {
		switch {
		case with == "0" || with == "NULL" || with == "false":
			if op == "==" || op == "!=" {
				return truthOf(op == "!=")
			}
		}
		return unknown
	}
	var sign int // of the value minus the constant, 2 for not known
	switch name, negative := strings.CutPrefix(with, "-"); {
	case with == "0" || with == "NULL" || with == "false":
		sign = -1
		if w.Zero {
			sign = 0
		}
	case negative && isErrno(name):
		switch {
		case w.Zero:
			sign = 1
		case w.Errno == name:
			sign = 0
		case w.Errno != "" && (op == "==" || op == "!="):
			return truthOf(op == "!=")
		default:
			sign = 2
		}
	case !negative && with != "" && with[0] >= '1' && with[0] <= '9':
		sign = -1
	default:
		sign = 2
	}
	if sign == 2 {
		return unknown
	}
	switch op {
	case "==":
		return truthOf(sign == 0)
	case "!=":
		return truthOf(sign != 0)
	case "<":
		return truthOf(sign < 0)
	case "<=":
		return truthOf(sign <= 0)
	case ">":
		return truthOf(sign > 0)
	}
	return truthOf(sign >= 0)
}

// squeeze is the text of tokens without blanks.
func (fn *Func) squeeze(from, to int) string {
	var b []byte
	for i := from; i < min(to, len(fn.toks)); i++ {
		b = append(b, fn.toks[i].Text(fn.f.Src)...)
	}
	return string(b)
}

// closed reports whether an edge cannot be taken with the wanted value in lv.
func (fn *Func) closed(e edge, to int, lv string, w Want) bool {
	n := &fn.nodes[e.from]
	switch {
	case e.when == ifTrue && n.kind == nodeCond:
		return fn.judge(n.from, n.to, lv, w, 0) == fails
	case e.when == ifFalse:
		return fn.judge(n.from, n.to, lv, w, 0) == holds
	case n.kind == nodeSwitch && fn.nodes[to].kind == nodeCase && fn.names(n.from, n.to, lv):
		return fn.compare("==", fn.squeeze(fn.nodes[to].from, fn.nodes[to].to), w) == fails
	}
	return false
}

// isErrno reports whether a word is spelled as error codes are.
func isErrno(w string) bool {
	if len(w) < 3 || w[0] != 'E' {
		return false
	}
	for i := 1; i < len(w); i++ {
		if (w[i] < 'A' || w[i] > 'Z') && (w[i] < '0' || w[i] > '9') && w[i] != '_' {
			return false
		}
	}
	return true
}
