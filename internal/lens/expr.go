package lens

// Conditions of #if, evaluated with what is known.

import (
	"strconv"
	"strings"
)

// value is the value of an expression of the preprocessor.
type value struct {
	n     int64
	known bool
}

func known(n int64) value { return value{n, true} }

func truth(b bool) value {
	if b {
		return known(1)
	}
	return known(0)
}

// state is a value as a condition.
func (v value) state() State {
	switch {
	case !v.known:
		return Unknown
	case v.n != 0:
		return In
	}
	return Out
}

// macro is what is known of an identifier: whether it is defined, and what it
// expands to.
type macro struct {
	defined State
	value   value
}

// macros looks identifiers up.
type macros func(name string) macro

// evaluate evaluates the condition of an #if. What does not parse is unknown.
func evaluate(text string, lookup macros) State {
	p := &expr{s: text, lookup: lookup}
	p.next()
	v := p.ternary()
	if p.bad || p.tok != tokEnd {
		return Unknown
	}
	return v.state()
}

// maxExprDepth bounds the nesting of an expression.
const maxExprDepth = 100

// expr is a parser over the text of a condition.
type expr struct {
	s      string
	at     int
	tok    string // one of the operators, or tokEnd and its like
	text   string // of a number or an identifier
	lookup macros
	depth  int
	bad    bool
}

const (
	tokEnd    = "end"
	tokIdent  = "identifier"
	tokNumber = "number"
)

// operators, longer ones first.
var operators = []string{
	"<<", ">>", "<=", ">=", "==", "!=", "&&", "||",
	"+", "-", "*", "/", "%", "<", ">", "&", "|", "^", "!", "~", "(", ")", "?", ":", ",",
}

// next reads a token.
func (p *expr) next() {
	for p.at < len(p.s) {
		switch c := p.s[p.at]; {
		case isBlank(c) || c == '\\' && p.at+1 < len(p.s) && isBlank(p.s[p.at+1]):
			p.at++
			continue
		case strings.HasPrefix(p.s[p.at:], "/*"):
			end := strings.Index(p.s[p.at+2:], "*/")
			if end < 0 {
				p.at = len(p.s)
			} else {
				p.at += end + 4
			}
			continue
		case strings.HasPrefix(p.s[p.at:], "//"):
			if end := strings.IndexByte(p.s[p.at:], '\n'); end >= 0 {
				p.at += end
			} else {
				p.at = len(p.s)
			}
			continue
		}
		break
	}
	if p.at >= len(p.s) {
		p.tok = tokEnd
		return
	}
	c := p.s[p.at]
	if isIdent(c) {
		start := p.at
		for p.at < len(p.s) && isIdent(p.s[p.at]) {
			p.at++
		}
		p.text = p.s[start:p.at]
		if p.tok = tokIdent; c >= '0' && c <= '9' {
			p.tok = tokNumber
		}
		return
	}
	if c == '\'' {
		p.character()
		return
	}
	for _, op := range operators {
		if strings.HasPrefix(p.s[p.at:], op) {
			p.at += len(op)
			p.tok = op
			return
		}
	}
	p.bad, p.tok = true, tokEnd
}

func isBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'
}

// character reads a character constant, as its number if it is a plain one.
func (p *expr) character() {
	if q, _, rest, err := strconv.UnquoteChar(p.s[p.at+1:], '\''); err == nil && strings.HasPrefix(rest, "'") {
		p.tok, p.text = tokNumber, strconv.Itoa(int(q))
		p.at = len(p.s) - len(rest) + 1
		return
	}
	p.bad, p.tok = true, tokEnd
}

// accept steps over an operator if it is the next token.
func (p *expr) accept(op string) bool {
	if p.tok != op {
		return false
	}
	p.next()
	return true
}

func (p *expr) expect(op string) {
	if !p.accept(op) {
		p.bad, p.tok = true, tokEnd
	}
}

// enter counts the nesting; leave takes it back.
func (p *expr) enter() {
	if p.depth++; p.depth > maxExprDepth {
		p.bad, p.tok = true, tokEnd
	}
}

func (p *expr) leave() { p.depth-- }

func (p *expr) ternary() value {
	p.enter()
	defer p.leave()
	cond := p.or()
	if !p.accept("?") {
		return cond
	}
	a := p.ternary()
	p.expect(":")
	b := p.ternary()
	switch {
	case !cond.known && a == b:
		return a
	case !cond.known:
		return value{}
	case cond.n != 0:
		return a
	}
	return b
}

func (p *expr) or() value {
	v := p.and()
	for p.accept("||") {
		w := p.and()
		switch {
		case v.state() == In || w.state() == In:
			v = known(1)
		case v.known && w.known:
			v = known(0)
		default:
			v = value{}
		}
	}
	return v
}

func (p *expr) and() value {
	v := p.binary(0)
	for p.accept("&&") {
		w := p.binary(0)
		switch {
		case v.state() == Out || w.state() == Out:
			v = known(0)
		case v.known && w.known:
			v = known(1)
		default:
			v = value{}
		}
	}
	return v
}

// levels are the binary operators that need both operands, loosest first.
var levels = [][]string{{"|"}, {"^"}, {"&"}, {"==", "!="}, {"<", ">", "<=", ">="}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "%"}}

func (p *expr) binary(level int) value {
	if level == len(levels) {
		return p.unary()
	}
	v := p.binary(level + 1)
next:
	for {
		for _, op := range levels[level] {
			if p.accept(op) {
				w := p.binary(level + 1)
				v = apply(op, v, w)
				continue next
			}
		}
		return v
	}
}

func apply(op string, v, w value) value {
	if !v.known || !w.known {
		// What nobody knows does not matter to these.
		if op == "&" && (v == known(0) || w == known(0)) || op == "*" && (v == known(0) || w == known(0)) {
			return known(0)
		}
		return value{}
	}
	a, b := v.n, w.n
	switch op {
	case "|":
		return known(a | b)
	case "^":
		return known(a ^ b)
	case "&":
		return known(a & b)
	case "==":
		return truth(a == b)
	case "!=":
		return truth(a != b)
	case "<":
		return truth(a < b)
	case ">":
		return truth(a > b)
	case "<=":
		return truth(a <= b)
	case ">=":
		return truth(a >= b)
	case "<<":
		return known(a << (uint64(b) & 63))
	case ">>":
		return known(a >> (uint64(b) & 63))
	case "+":
		return known(a + b)
	case "-":
		return known(a - b)
	case "*":
		return known(a * b)
	}
	if b == 0 || b == -1 {
		return value{} // an error, or one of overflow
	}
	if op == "/" {
		return known(a / b)
	}
	return known(a % b)
}

func (p *expr) unary() value {
	p.enter()
	defer p.leave()
	switch {
	case p.accept("!"):
		v := p.unary()
		return value{truth(v.n == 0).n, v.known}
	case p.accept("-"):
		v := p.unary()
		return value{-v.n, v.known}
	case p.accept("+"):
		return p.unary()
	case p.accept("~"):
		v := p.unary()
		return value{^v.n, v.known}
	}
	return p.primary()
}

func (p *expr) primary() value {
	switch p.tok {
	case "(":
		p.next()
		v := p.ternary()
		for p.accept(",") {
			v = p.ternary()
		}
		p.expect(")")
		return v
	case tokNumber:
		n, ok := number(p.text)
		p.next()
		return value{n, ok}
	case tokIdent:
		name := p.text
		p.next()
		return p.identifier(name)
	}
	p.bad, p.tok = true, tokEnd
	return value{}
}

// number reads an integer constant with its suffix.
func number(s string) (int64, bool) {
	s = strings.TrimRight(s, "uUlL")
	n, err := strconv.ParseUint(s, 0, 64)
	return int64(n), err == nil
}

// identifier is the value of a name, whose arguments follow if it is a
// function-like macro.
func (p *expr) identifier(name string) value {
	if name == "defined" {
		paren := p.accept("(")
		if p.tok != tokIdent {
			p.bad, p.tok = true, tokEnd
			return value{}
		}
		m := p.lookup(p.text)
		p.next()
		if paren {
			p.expect(")")
		}
		return value{truth(m.defined == In).n, m.defined != Unknown}
	}
	if p.tok != "(" {
		m := p.lookup(name)
		if m.defined == Out {
			return known(0)
		}
		return m.value
	}
	args, symbol := p.arguments()
	switch name {
	case "IS_ENABLED", "IS_BUILTIN", "IS_MODULE", "IS_REACHABLE":
		return p.configured(name, symbol)
	case "KERNEL_VERSION":
		if len(args) == 3 && args[0].known && args[1].known && args[2].known {
			return known(args[0].n<<16 + args[1].n<<8 + min(args[2].n, 255))
		}
	case "__has_attribute", "__has_builtin", "__has_include":
		return value{}
	}
	return value{}
}

// configured evaluates the macros of include/linux/kconfig.h.
func (p *expr) configured(name, symbol string) value {
	if symbol == "" {
		return value{}
	}
	builtin, module := p.lookup(symbol).defined, p.lookup(symbol+"_MODULE").defined
	var s State
	switch name {
	case "IS_BUILTIN":
		s = builtin
	case "IS_MODULE":
		s = module
	case "IS_ENABLED":
		s = max(builtin, module)
	default: // modules reach modules
		s = max(builtin, min(module, p.lookup("MODULE").defined))
	}
	return value{truth(s == In).n, s != Unknown}
}

// arguments reads the arguments of a macro: their values, and the identifier
// that the first one is, if it is one.
func (p *expr) arguments() (args []value, symbol string) {
	p.next()
	if p.tok == tokIdent {
		symbol = p.text
	}
	for p.tok != tokEnd && p.tok != ")" {
		args = append(args, p.ternary())
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	return args, symbol
}
