package errflow

// The statements of a function as a graph.

import (
	"bytes"
	"slices"

	"dekho/internal/lang/c"
	"dekho/internal/outline"
)

// Func is a function whose statements were read. It is for one goroutine.
type Func struct {
	f      *outline.File
	toks   []c.Token
	mates  []int // of brackets
	params []string
	object bool // it returns a pointer
	nodes  []node
	succs  [][]edge // of each node, once somebody asked

	// While it is read.
	labels map[string]int    // node of a label
	gotos  map[string][]edge // to labels
	loops  []jumps           // where break and continue lead to, innermost last
	conds  []Cond            // that govern what is read
	nested int
}

// node is a statement, or the condition of one.
type node struct {
	kind     nodeKind
	from, to int  // tokens
	macro    bool // the loop that a macro makes
	preds    []edge
	conds    []Cond // around it, outermost first
}

type nodeKind uint8

const (
	nodeStart nodeKind = iota
	nodeSimple
	nodeCond // of an if or a loop
	nodeSwitch
	nodeReturn
	nodeLabel
	nodeCase
)

// edge says that a node can follow another.
type edge struct {
	from int
	when when
}

// when is what has to hold for an edge to be taken.
type when uint8

const (
	always when = iota
	ifTrue
	ifFalse
	noCase // the default of a switch
)

// jumps collects the ways out of a loop or switch, and of one round of a loop.
type jumps struct {
	breaks, continues []edge
	loop              bool
}

// Cond is a condition that governs a statement.
type Cond struct {
	// Text is the condition as it is written; of a case, what is compared:
	// "type == FOO".
	Text string
	// Line is where it begins.
	Line uint32
	// Not says that it did not hold: the statement is in the else.
	Not bool

	from, to int // tokens; none of a case
}

// maxNesting bounds how deep statements and brackets are followed.
const maxNesting = 200

// Read reads the statements of the function s of a file.
func Read(f *outline.File, s *outline.Symbol) *Func {
	fn := &Func{f: f, labels: make(map[string]int), gotos: make(map[string][]edge)}
	first, _ := slices.BinarySearchFunc(f.Code, s.Body, func(t c.Token, off uint32) int { return int(t.Off) - int(off) })
	for i := first; i < len(f.Code) && f.Code[i].Off < s.To; i++ {
		if f.Code[i].Kind != c.TokenDirective { // both arms of an #if are read, one behind the other
			fn.toks = append(fn.toks, f.Code[i])
		}
	}
	fn.match()
	fn.readParams(s, first)
	fn.object = bytes.IndexByte(f.Src[s.From:s.Off], '*') >= 0
	start := fn.add(nodeStart, 0, 0, nil)
	if fn.is(0, "{") {
		fn.block(1, []edge{{start, always}})
	}
	for name, list := range fn.gotos {
		if at, ok := fn.labels[name]; ok {
			fn.nodes[at].preds = append(fn.nodes[at].preds, list...)
		}
	}
	return fn
}

// readParams finds the names of the parameters in front of the body.
func (fn *Func) readParams(s *outline.Symbol, body int) {
	depth := 0
	last := ""
	for i := body - 1; i >= 0 && fn.f.Code[i].Off >= s.Off; i-- {
		t := &fn.f.Code[i]
		text := string(t.Text(fn.f.Src))
		switch {
		case text == ")" || text == "]":
			depth++
		case text == "(" || text == "[":
			depth--
			if depth == 0 && text == "(" {
				slices.Reverse(fn.params)
				return
			}
		}
		// The name is the last word of a parameter, or that of (*name)(...).
		switch {
		case i > 1 && depth == 2 && last == "" && t.Kind == c.TokenWord && fn.f.Code[i-1].Is(fn.f.Src, "*") && fn.f.Code[i-2].Is(fn.f.Src, "("):
			last = text
			fn.params = append(fn.params, text)
		case depth != 1:
		case text == "," || text == ")":
			last = ""
		case t.Kind == c.TokenWord && last == "":
			last = text
			fn.params = append(fn.params, text)
		}
	}
}

func (fn *Func) add(kind nodeKind, from, to int, preds []edge) int {
	fn.nodes = append(fn.nodes, node{kind: kind, from: from, to: to, preds: preds, conds: slices.Clip(fn.conds)})
	return len(fn.nodes) - 1
}

func (fn *Func) word(i int) string {
	if i >= 0 && i < len(fn.toks) && fn.toks[i].Kind == c.TokenWord {
		return string(fn.toks[i].Text(fn.f.Src))
	}
	return ""
}

func (fn *Func) is(i int, text string) bool {
	return i >= 0 && i < len(fn.toks) && fn.toks[i].Kind == c.TokenPunct && string(fn.toks[i].Text(fn.f.Src)) == text
}

// opens and closes report whether a token is a bracket.
func (fn *Func) opens(i int) bool { return fn.is(i, "(") || fn.is(i, "[") || fn.is(i, "{") }

func (fn *Func) closes(i int) bool { return fn.is(i, ")") || fn.is(i, "]") || fn.is(i, "}") }

// behind is the index behind the bracket that closes the one at i, or i if there
// is none.
func (fn *Func) behind(i int) int {
	if i < len(fn.mates) && fn.opens(i) {
		return fn.mates[i] + 1
	}
	return i
}

// match finds the bracket that goes with each; an open one that nothing closes
// goes with the last token.
func (fn *Func) match() {
	fn.mates = make([]int, len(fn.toks))
	var open []int
	for i := range fn.toks {
		switch {
		case fn.opens(i):
			open = append(open, i)
			fn.mates[i] = len(fn.toks) - 1
		case fn.closes(i) && len(open) > 0:
			last := open[len(open)-1]
			fn.mates[last], fn.mates[i] = i, last
			open = open[:len(open)-1]
		}
	}
}

// block reads statements up to the brace that closes them, and returns the index
// behind that and what leads out of them.
func (fn *Func) block(i int, in []edge) (int, []edge) {
	for i < len(fn.toks) && !fn.is(i, "}") {
		at := i
		if i, in = fn.statement(i, in); i <= at {
			i = at + 1
		}
	}
	return i + 1, in
}

// statement reads one statement.
func (fn *Func) statement(i int, in []edge) (next int, out []edge) {
	if fn.nested >= maxNesting {
		return fn.simple(i, in)
	}
	fn.nested++
	defer func() { fn.nested-- }()
	switch w := fn.word(i); w {
	case "":
		if fn.is(i, "{") {
			return fn.block(i+1, in)
		}
		if fn.is(i, ";") {
			return i + 1, in
		}
	case "if":
		return fn.ifStatement(i, in)
	case "while":
		return fn.while(i, in)
	case "for":
		return fn.forLoop(i, in)
	case "do":
		return fn.doWhile(i, in)
	case "switch":
		return fn.switchStatement(i, in)
	case "return":
		end := fn.semicolon(i)
		fn.add(nodeReturn, i+1, end, in)
		return end + 1, nil
	case "goto":
		name := fn.word(i + 1)
		fn.gotos[name] = append(fn.gotos[name], in...)
		return fn.semicolon(i) + 1, nil
	case "break", "continue":
		for n := len(fn.loops) - 1; n >= 0; n-- {
			l := &fn.loops[n]
			if w == "break" {
				l.breaks = append(l.breaks, in...)
			} else if l.loop {
				l.continues = append(l.continues, in...)
			} else {
				continue // a switch: the loop around it goes on
			}
			break
		}
		return fn.semicolon(i) + 1, nil
	case "else": // of an if that an #if arm cut off
		return fn.statement(i+1, in)
	default:
		if fn.is(i+1, ":") && !fn.is(i+2, ":") {
			at := fn.add(nodeLabel, i, i+1, slices.Clone(in))
			fn.labels[w] = at
			return i + 2, []edge{{at, always}}
		}
		// A word with parentheses and no semicolon behind them is a loop that a
		// macro makes: list_for_each_entry(...).
		if fn.is(i+1, "(") {
			if end := fn.behind(i + 1); fn.startsStatement(end) {
				at := len(fn.nodes)
				next, out = fn.loop(i, i, end, end, in)
				fn.nodes[at].macro = true
				return next, out
			}
		}
	}
	return fn.simple(i, in)
}

// startsStatement reports whether a statement can begin at i, as the body of a
// macro in front of it.
func (fn *Func) startsStatement(i int) bool {
	if fn.is(i, "{") {
		return true
	}
	w := fn.word(i)
	return w != "" && w != "__attribute__" && fn.toks[i].Line > fn.toks[i-1].Line
}

// semicolon is the index of the one that ends the statement at i.
func (fn *Func) semicolon(i int) int {
	for i < len(fn.toks) {
		switch {
		case fn.opens(i):
			i = fn.behind(i)
			continue
		case fn.is(i, ";"), fn.is(i, "}"):
			return i
		}
		i++
	}
	return i
}

func (fn *Func) simple(i int, in []edge) (int, []edge) {
	end := fn.semicolon(i)
	at := fn.add(nodeSimple, i, end, in)
	if fn.is(end, ";") {
		end++
	}
	return end, []edge{{at, always}}
}

// governed reads a statement that a condition governs.
func (fn *Func) governed(i int, cond Cond, in []edge) (int, []edge) {
	fn.conds = append(slices.Clip(fn.conds), cond)
	i, out := fn.statement(i, in)
	fn.conds = fn.conds[:len(fn.conds)-1]
	return i, out
}

// cond is the condition in the tokens from up to to.
func (fn *Func) cond(from, to int) Cond {
	c := Cond{Text: fn.text(from, to), from: from, to: to}
	if from < len(fn.toks) {
		c.Line = fn.toks[from].Line
	}
	return c
}

func (fn *Func) ifStatement(i int, in []edge) (int, []edge) {
	open := i + 1
	end := fn.behind(open)
	at := fn.add(nodeCond, open+1, end-1, in)
	c := fn.cond(open+1, end-1)
	i, out := fn.governed(end, c, []edge{{at, ifTrue}})
	if fn.word(i) != "else" {
		return i, append(out, edge{at, ifFalse})
	}
	c.Not = true
	i, other := fn.governed(i+1, c, []edge{{at, ifFalse}})
	return i, append(out, other...)
}

// loop reads a loop whose condition is in the tokens from up to to and whose
// body begins at body; head is where its statement does.
func (fn *Func) loop(head, from, to, body int, in []edge) (int, []edge) {
	at := fn.add(nodeCond, from, to, slices.Clone(in))
	fn.loops = append(fn.loops, jumps{loop: true})
	c := fn.cond(head, to)
	i, out := fn.governed(body, c, []edge{{at, ifTrue}})
	j := fn.pop()
	fn.nodes[at].preds = append(fn.nodes[at].preds, append(out, j.continues...)...)
	return i, append(j.breaks, edge{at, ifFalse})
}

func (fn *Func) pop() jumps {
	j := fn.loops[len(fn.loops)-1]
	fn.loops = fn.loops[:len(fn.loops)-1]
	return j
}

func (fn *Func) while(i int, in []edge) (int, []edge) {
	end := fn.behind(i + 1)
	return fn.loop(i+2, i+2, end-1, end, in)
}

func (fn *Func) forLoop(i int, in []edge) (int, []edge) {
	end := fn.behind(i + 1)
	first := min(fn.semicolon(i+2), end-1)
	second := min(fn.semicolon(first+1), end-1)
	init := fn.add(nodeSimple, i+2, first, in)
	at := fn.add(nodeCond, first+1, second, []edge{{init, always}})
	fn.loops = append(fn.loops, jumps{loop: true})
	body, out := fn.governed(end, fn.cond(i, end), []edge{{at, ifTrue}})
	j := fn.pop()
	step := fn.add(nodeSimple, second+1, end-1, append(out, j.continues...))
	fn.nodes[at].preds = append(fn.nodes[at].preds, edge{step, always})
	return body, append(j.breaks, edge{at, ifFalse})
}

func (fn *Func) doWhile(i int, in []edge) (int, []edge) {
	head := fn.add(nodeLabel, i, i, slices.Clone(in))
	fn.loops = append(fn.loops, jumps{loop: true})
	next, out := fn.statement(i+1, []edge{{head, always}})
	j := fn.pop()
	out = append(out, j.continues...)
	if fn.word(next) != "while" {
		return next, append(out, j.breaks...)
	}
	end := fn.behind(next + 1)
	at := fn.add(nodeCond, next+2, end-1, out)
	fn.nodes[head].preds = append(fn.nodes[head].preds, edge{at, ifTrue})
	if fn.is(end, ";") {
		end++
	}
	return end, append(j.breaks, edge{at, ifFalse})
}

func (fn *Func) switchStatement(i int, in []edge) (int, []edge) {
	end := fn.behind(i + 1)
	at := fn.add(nodeSwitch, i+2, end-1, in)
	fn.loops = append(fn.loops, jumps{})
	outer := fn.conds
	hasDefault := false
	var out []edge
	i = end
	if fn.is(i, "{") {
		i++
	}
	for i < len(fn.toks) && !fn.is(i, "}") {
		from := i
		switch fn.word(i) {
		case "case":
			colon := fn.colon(i + 1)
			// Falling through keeps what led here; the value may come this way
			// too.
			n := fn.add(nodeCase, i+1, colon, append(slices.Clone(out), edge{at, always}))
			out = []edge{{n, always}}
			value := fn.text(fn.nodes[at].from, fn.nodes[at].to) + " == " + fn.text(i+1, colon)
			fn.conds = append(slices.Clip(outer), Cond{Text: value, Line: fn.toks[i].Line})
			i = colon + 1
		case "default":
			hasDefault = true
			n := fn.add(nodeLabel, i, i+1, append(slices.Clone(out), edge{at, noCase}))
			out = []edge{{n, always}}
			fn.conds = append(slices.Clip(outer), Cond{Text: "default of " + fn.text(fn.nodes[at].from, fn.nodes[at].to), Line: fn.toks[i].Line})
			i = fn.colon(i+1) + 1
		default:
			i, out = fn.statement(i, out)
		}
		if i <= from {
			i = from + 1
		}
	}
	fn.conds = outer
	j := fn.pop()
	out = append(out, j.breaks...)
	if !hasDefault {
		out = append(out, edge{at, noCase})
	}
	return i + 1, out
}

// colon is the index of the one that ends a case.
func (fn *Func) colon(i int) int {
	for i < len(fn.toks) && !fn.is(i, ":") && !fn.is(i, ";") && !fn.is(i, "}") {
		if fn.opens(i) {
			i = fn.behind(i)
			continue
		}
		i++
	}
	return i
}

// text is the source of tokens, with blanks where the source has them.
func (fn *Func) text(from, to int) string {
	to = min(to, len(fn.toks))
	var b []byte
	for i := from; i < to; i++ {
		if i > from && fn.toks[i].Off > fn.toks[i-1].End {
			b = append(b, ' ')
		}
		b = append(b, fn.toks[i].Text(fn.f.Src)...)
	}
	return string(b)
}
