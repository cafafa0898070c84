package errflow

// Values, traced to where they come from.

import (
	"slices"
	"strings"

	"dekho/internal/lang/c"
)

// Kind is what a value comes from.
type Kind uint8

const (
	// Constant: an error code, or 0, that stands in the function.
	Constant Kind = iota
	// Call: a function that was called returned it.
	Call
	// Dispatch: so did a function that was called through a pointer.
	Dispatch
	// Callback: so did a function that the caller handed over.
	Callback
	// Filled: a function that was given the address wrote it there.
	Filled
	// Param: the caller handed it over.
	Param
	// Other: something that is not followed, such as a member that the function
	// does not set.
	Other
)

// Source is where a value can come from.
type Source struct {
	Kind Kind
	// Name is the error code ("EINVAL") or number of a Constant, the function of
	// Call and Filled, the member of Dispatch, the parameter, or the expression
	// of Other.
	Name string
	// Line is where that stands, Off the byte; of a call that of Name.
	Line, Off uint32
	// Args are the arguments of a call, and Arg the number of the one that
	// Filled is about; or of the parameter that Param and Callback are, from 0.
	Args []Arg
	Arg  int
	// Text is the statement.
	Text string
	// Conds are the conditions around it, outermost first.
	Conds []Cond
	// Jumps are the conditions of the gotos that lead to a place behind a label,
	// and of those by which a Constant that was set early leaves the function;
	// innermost only.
	Jumps []Cond
	// Missing says that a Constant is only there if there is no function behind a
	// pointer that the function calls: the operation of a driver that has none.
	Missing bool
	// Via are the statements through which the value went on from there, the
	// last one first.
	Via []Step

	node int
	from int // the token that a call begins with
}

// Step is a statement.
type Step struct {
	Text string
	Line uint32
}

// Arg is an argument of a call.
type Arg struct {
	Text     string
	from, to int
}

// Statement finds the statement at a line: of several the one that the line
// begins with a string in it, which is what prints.
func (fn *Func) Statement(line uint32) (id int, ok bool) {
	best, size := -1, 0
	for i := range fn.nodes {
		n := &fn.nodes[i]
		if n.from >= n.to || n.to > len(fn.toks) || fn.toks[n.from].Line > line || fn.toks[n.to-1].Line < line {
			continue
		}
		points := 2
		if fn.printCall(i) >= 0 {
			points = 1
		}
		if best < 0 || points < size {
			best, size = i, points
		}
	}
	return best, best >= 0
}

// printCall is the index of the name of a call that has a string among its
// arguments, -1 if the statement has none.
func (fn *Func) printCall(id int) int {
	n := &fn.nodes[id]
	for i := n.from; i+1 < n.to; i++ {
		if fn.word(i) == "" || !fn.is(i+1, "(") {
			continue
		}
		end := fn.behind(i + 1)
		for j := i + 2; j < end-1; j++ {
			if fn.opens(j) {
				j = fn.behind(j) - 1
			} else if fn.toks[j].Kind == c.TokenString {
				return i
			}
		}
	}
	return -1
}

// Printed lists what a statement prints: the arguments behind the format of its
// call, first those that are sure to be an error, then from the last on: the
// number of an interrupt comes before what went wrong with it. Of a return it is
// what is returned.
func (fn *Func) Printed(id int) []Arg {
	at := fn.printCall(id)
	if n := &fn.nodes[id]; n.kind == nodeReturn && n.from < n.to && (at < 0 || wrappers[fn.word(at)] == 0) {
		return []Arg{{fn.text(n.from, n.to), n.from, n.to}}
	}
	if at < 0 {
		return nil
	}
	args := fn.args(at + 1)
	var list []Arg
	if n, ok := wrappers[fn.word(at)]; ok && n < len(args) {
		list = append(list, args[n]) // dev_err_probe prints its error in front
	}
	for i, a := range args {
		for j := a.from; j < a.to; j++ {
			if fn.toks[j].Kind == c.TokenString {
				args = args[i+1:]
				slices.Reverse(args)
				slices.SortStableFunc(args, func(a, b Arg) int { return fn.doubt(id, a) - fn.doubt(id, b) })
				return append(list, args...)
			}
		}
	}
	return list
}

// doubt ranks an argument of a print: 0 for what is written as an error or was
// tested for one, 1 for a variable, 2 for a call, which is more likely a value.
func (fn *Func) doubt(id int, a Arg) int {
	if _, ok := wrappers[fn.word(a.from)]; ok {
		return 0
	}
	if fn.is(a.to-1, ")") {
		return 2
	}
	for _, c := range fn.nodes[id].conds {
		if c.to > c.from && fn.judge(c.from, c.to, fn.squeeze(a.from, a.to), Want{}, 0) != unknown {
			return 0
		}
	}
	return 1
}

// args lists the arguments between the parentheses at open.
func (fn *Func) args(open int) []Arg {
	end := fn.behind(open) - 1
	var list []Arg
	for from := open + 1; from < end; {
		to := fn.top(from, end, ",")
		if to < 0 {
			to = end
		}
		list = append(list, Arg{fn.text(from, to), from, to})
		from = to + 1
	}
	return list
}

// Conds are the conditions around a statement, outermost first.
func (fn *Func) Conds(id int) []Cond { return fn.nodes[id].conds }

// maxJumps is how many gotos to a label still tell something.
const maxJumps = 8

// jumps are the conditions of the gotos to the label that a statement stands
// behind, if there is no other way to it.
func (fn *Func) jumps(id int) []Cond {
	label := -1
	seen := map[int]bool{id: true}
	for work := []int{id}; len(work) > 0; work = work[1:] {
		n := &fn.nodes[work[0]]
		if n.kind == nodeLabel && n.to > n.from {
			if label >= 0 && label != work[0] {
				return nil
			}
			label = work[0]
			continue
		}
		if len(n.preds) == 0 || len(seen) > maxNesting {
			return nil // from where the function begins
		}
		for _, e := range n.preds {
			if !seen[e.from] {
				seen[e.from] = true
				work = append(work, e.from)
			}
		}
	}
	if label < 0 || len(fn.nodes[label].preds) > maxJumps {
		return nil
	}
	var list []Cond
	for _, e := range fn.nodes[label].preds {
		if n := &fn.nodes[e.from]; n.kind == nodeCond && e.when != always {
			c := fn.cond(n.from, n.to)
			c.Not = e.when == ifFalse
			list = append(list, c)
		}
	}
	return list
}

// Text is a statement, and its line.
func (fn *Func) Text(id int) Step {
	n := &fn.nodes[id]
	s := Step{Text: fn.text(n.from, n.to)}
	if n.from < len(fn.toks) {
		s.Line = fn.toks[n.from].Line
	}
	if n.kind == nodeReturn {
		s.Text = "return " + s.Text
	}
	return s
}

// Trace lists where the value of an argument of a statement can come from.
func (fn *Func) Trace(id int, arg Arg, w Want) []Source {
	t := &tracer{fn: fn, want: w}
	t.value(arg.from, arg.to, id, nil)
	return t.out
}

// Handed lists where what a call was given as argument number i can come from.
func (fn *Func) Handed(call *Source, i int, w Want) []Source {
	if i >= len(call.Args) {
		return nil
	}
	return fn.Trace(call.node, call.Args[i], w)
}

// Function is the function that a call was given as argument number i: its name,
// or the number of the parameter that holds it, else -1.
func (fn *Func) Function(call *Source, i int) (name string, param int) {
	if i >= len(call.Args) {
		return "", -1
	}
	from, to := fn.strip(call.Args[i].from, call.Args[i].to)
	if fn.is(from, "&") {
		from++
	}
	if to != from+1 {
		return "", -1
	}
	name = fn.word(from)
	return name, slices.Index(fn.params, name)
}

// Callee is the expression that a Call or Dispatch calls: "priv->ops->reset".
func (fn *Func) Callee(call *Source) string {
	for i := call.from; i < len(fn.toks) && i < fn.nodes[call.node].to; i++ {
		if fn.toks[i].Off == call.Off {
			return fn.text(call.from, i+1)
		}
	}
	return ""
}

// Tested lists where what was tested before a statement can come from: the value
// of the condition that led there.
func (fn *Func) Tested(id int, w Want) []Source {
	t := &tracer{fn: fn, want: w}
	seen := make(map[int]bool)
	var back func(at int)
	back = func(at int) {
		for _, e := range fn.nodes[at].preds {
			n := &fn.nodes[e.from]
			switch {
			case n.kind == nodeCond && (e.when == ifTrue || e.when == ifFalse):
				t.tested(n.from, n.to, e.from, e.when == ifFalse, 0)
				continue
			case n.kind == nodeSwitch:
				t.inner(n.from, n.to, e.from)
				continue
			}
			if !seen[e.from] && len(seen) < maxNesting {
				seen[e.from] = true
				back(e.from)
			}
		}
	}
	back(id)
	return t.out
}

// Returns lists where what the function returns can come from.
func (fn *Func) Returns(w Want) []Source {
	t := &tracer{fn: fn, want: w}
	for i := range fn.nodes {
		if n := &fn.nodes[i]; n.kind == nodeReturn && n.from < n.to {
			t.value(n.from, n.to, i, nil)
		}
	}
	if fn.object && !w.Zero {
		// Pointers that are kept somewhere are objects; errors are made on the
		// spot.
		return slices.DeleteFunc(t.out, func(s Source) bool { return s.Kind == Other })
	}
	return t.out
}

// Stored lists where what the function writes through its parameter number i, a
// pointer, can come from.
func (fn *Func) Stored(i int, w Want) []Source {
	if i >= len(fn.params) {
		return nil
	}
	t := &tracer{fn: fn, want: w}
	for id := range fn.nodes {
		n := &fn.nodes[id]
		fn.eachAssign(n.from, n.to, func(lv string, from, to int, _ bool) {
			if lv == "*"+fn.params[i] {
				t.value(from, to, id, nil)
			}
		})
	}
	return t.out
}

// Assigned lists where what a statement puts into a member, of whatever, can come
// from.
func (fn *Func) Assigned(id int, member string, w Want) []Source {
	t := &tracer{fn: fn, want: w}
	n := &fn.nodes[id]
	fn.eachAssign(n.from, n.to, func(lv string, from, to int, _ bool) {
		if strings.HasSuffix(lv, "->"+member) || strings.HasSuffix(lv, "."+member) {
			t.value(from, to, id, nil)
		}
	})
	return t.out
}

// Calls lists the calls of a function by its name in the statement at a line.
func (fn *Func) Calls(name string, line uint32) []Source {
	var list []Source
	for i := range fn.toks {
		if fn.toks[i].Line != line || fn.word(i) != name || !fn.is(i+1, "(") {
			continue
		}
		for id := range fn.nodes {
			if n := &fn.nodes[id]; n.from <= i && i < n.to {
				step := fn.Text(id)
				list = append(list, Source{Kind: Call, Name: name, Line: step.Line, Off: fn.toks[i].Off, Args: fn.args(i + 1), Text: step.Text, Conds: fn.Conds(id), node: id, from: i})
				break
			}
		}
	}
	return list
}

// tracer follows one value.
type tracer struct {
	fn    *Func
	want  Want
	out   []Source
	depth int
	seen  map[place]bool
	conds []Cond   // of ?:, around what is traced
	calls []string // what the function calls through, once that is known
	walks []walk   // the variables that are followed, the innermost last
}

// place is a variable before a node.
type place struct {
	node int
	lv   string
}

// maxTrace bounds the assignments between variables that are followed, and
// maxSources what is found.
const (
	maxTrace   = 20
	maxSources = 200
)

func (t *tracer) add(s Source, id int, via []Step) {
	if len(t.out) >= maxSources {
		return
	}
	step := t.fn.Text(id)
	s.Text, s.Conds, s.Jumps, s.Via, s.node = step.Text, slices.Concat(t.fn.Conds(id), t.conds), t.fn.jumps(id), via, id
	if s.Kind == Constant {
		s.Jumps = append(s.Jumps, t.ways(id)...)
		s.Missing = t.missing(id)
	}
	if !slices.ContainsFunc(t.out, func(o Source) bool { return o.Kind == s.Kind && o.Off == s.Off && o.Name == s.Name }) {
		t.out = append(t.out, s)
	}
}

// wrappers hand on their argument number n, counted from 0, as an error in a
// pointer, out of one, or as it is.
var wrappers = map[string]int{
	"ERR_PTR": 0, "IOMEM_ERR_PTR": 0, "ERR_CAST": 0, "PTR_ERR": 0, "PTR_ERR_OR_ZERO": 0, "dev_err_probe": 1, "likely": 0, "unlikely": 0, "READ_ONCE": 0,
	"errno_to_blk_status": 0, "blk_status_to_errno": 0,
}

// value traces an expression that stands in a node.
func (t *tracer) value(from, to, id int, via []Step) {
	fn := t.fn
	from, to = fn.strip(from, to)
	if from >= to || t.depth > maxTrace {
		return
	}
	t.depth++
	defer func() { t.depth-- }()
	// The last of several expressions is the value.
	if i := fn.top(from, to, "?"); i >= 0 {
		colon := fn.ternary(i+1, to)
		if i+1 == colon {
			t.value(from, i, id, via)
		} else {
			t.arm(from, i, false, func() { t.value(i+1, colon, id, via) })
		}
		t.arm(from, i, true, func() { t.value(colon+1, to, id, via) })
		return
	}
	if i := fn.top(from, to, "="); i >= 0 {
		t.value(i+1, to, id, via)
		return
	}
	at := Source{Line: fn.toks[from].Line, Off: fn.toks[from].Off}
	if text := fn.squeeze(from, to); text == "0" || text == "NULL" || text == "false" {
		if t.want.Zero {
			at.Kind, at.Name = Constant, text
			t.add(at, id, via)
		}
		return
	}
	if fn.is(from, "-") && to == from+2 {
		if name := fn.text(from+1, to); isErrno(name) || fn.toks[from+1].Kind == c.TokenNumber {
			if !t.want.Zero && (t.want.Errno == "" || t.want.Errno == name || !isErrno(name)) {
				at.Kind, at.Name = Constant, name
				t.add(at, id, via)
			}
			return
		}
	}
	if to == from+1 && (fn.toks[from].Kind == c.TokenNumber || fn.word(from) == "true" || isConstant(fn.word(from))) {
		return // a number that is no error
	}
	if fn.is(to-1, ")") {
		t.call(from, to, id, via, at)
		return
	}
	if lv := fn.squeeze(from, to); fn.isPlace(from, to) {
		t.variable(lv, id, via, at)
		return
	}
	if !t.want.Zero {
		return // what is computed is no error code
	}
	at.Kind, at.Name = Other, fn.text(from, to)
	t.add(at, id, via)
}

// arm traces what ?: has for one outcome of its condition.
func (t *tracer) arm(from, to int, not bool, trace func()) {
	for t.fn.is(from, "(") && t.fn.behind(from) == to {
		from, to = from+1, to-1
	}
	c := t.fn.cond(from, to)
	c.Not = not
	t.conds = append(t.conds, c)
	trace()
	t.conds = t.conds[:len(t.conds)-1]
}

// isConstant reports whether a word is spelled as macros and enumerators that
// stand for numbers are. Error codes are written with a minus.
func isConstant(w string) bool { return strings.ToUpper(w) == w && strings.ToLower(w) != w }

// ternary is the index of the colon that belongs to the question mark before
// from.
func (fn *Func) ternary(from, to int) int {
	nested := 0
	for i := from; i < to; {
		switch {
		case fn.opens(i):
			i = fn.behind(i)
			continue
		case fn.is(i, "?"):
			nested++
		case fn.is(i, ":"):
			if nested == 0 {
				return i
			}
			nested--
		}
		i++
	}
	return to
}

// call traces a call: the function's name, or what it is called through, is
// followed by parentheses up to the end.
func (t *tracer) call(from, to, id int, via []Step, at Source) {
	fn := t.fn
	open := -1
	for i := from; i < to; i++ {
		if fn.is(i, "(") && fn.behind(i) == to {
			open = i
			break
		}
		if fn.opens(i) {
			i = fn.behind(i) - 1
		}
	}
	name := fn.word(open - 1)
	if open < 0 || name == "" {
		at.Kind, at.Name = Other, fn.text(from, to)
		t.add(at, id, via)
		return
	}
	at.Line, at.Off, at.from = fn.toks[open-1].Line, fn.toks[open-1].Off, from
	if open-1 == from {
		if n, ok := wrappers[name]; ok {
			if args := fn.args(open); n < len(args) {
				t.value(args[n].from, args[n].to, id, via)
			}
			return
		}
		at.Kind, at.Name, at.Args = Call, name, fn.args(open)
		if i := slices.Index(fn.params, name); i >= 0 {
			at.Kind, at.Arg = Callback, i
		}
		t.add(at, id, via)
		return
	}
	at.Kind, at.Name = Other, fn.text(from, to)
	if fn.is(open-2, "->") || fn.is(open-2, ".") {
		at.Kind, at.Name, at.Args = Dispatch, name, fn.args(open)
	}
	t.add(at, id, via)
}

// isPlace reports whether an expression names a variable or a part of one.
func (fn *Func) isPlace(from, to int) bool {
	for fn.is(from, "*") {
		from++
	}
	if fn.word(from) == "" {
		return false
	}
	for i := from + 1; i < to; i++ {
		switch {
		case fn.is(i, "[") && fn.behind(i) <= to:
			i = fn.behind(i) - 1
		case (fn.is(i, ".") || fn.is(i, "->")) && fn.word(i+1) != "":
			i++
		default:
			return false
		}
	}
	return true
}

// variable traces what a variable holds before a node is left.
func (t *tracer) variable(lv string, id int, via []Step, where Source) {
	fn := t.fn
	if t.seen == nil {
		t.seen = make(map[place]bool)
	}
	t.walks = append(t.walks, walk{id, lv})
	defer func() { t.walks = t.walks[:len(t.walks)-1] }()
	// A list instead of recursion: functions are long.
	work := []int{id}
	for len(work) > 0 && len(t.out) < maxSources {
		at := work[len(work)-1]
		work = work[:len(work)-1]
		for _, e := range fn.nodes[at].preds {
			if fn.closed(e, at, lv, t.want) || t.seen[place{e.from, lv}] {
				continue
			}
			t.seen[place{e.from, lv}] = true
			n := &fn.nodes[e.from]
			if n.kind == nodeStart {
				t.start(lv, id, via, where)
				continue
			}
			if !t.assigned(lv, e.from, via) {
				work = append(work, e.from)
			}
		}
	}
}

// start is the value of a variable when the function begins.
func (t *tracer) start(lv string, id int, via []Step, s Source) {
	s.Kind, s.Name = Other, lv
	if i := slices.Index(t.fn.params, lv); i >= 0 {
		s.Kind, s.Arg = Param, i
	} else if t.fn.isLocal(lv) {
		return // it has no value yet
	}
	t.add(s, id, via)
}

// isLocal reports whether a variable is declared in the function, as far as its
// statements tell: a word that follows a type.
func (fn *Func) isLocal(lv string) bool {
	for i := 1; i < len(fn.toks); i++ {
		if fn.is(i, "(") || fn.is(i, "[") {
			i = fn.behind(i) - 1 // arguments are no declarations
			continue
		}
		if fn.word(i) != lv || fn.word(i-1) == "return" || fn.word(i-1) == "goto" {
			continue
		}
		if fn.word(i-1) != "" || (fn.is(i-1, "*") || fn.is(i-1, ",")) && (fn.is(i+1, ";") || fn.is(i+1, ",") || fn.is(i+1, "=")) {
			return true
		}
	}
	return false
}

// assigned traces what a node assigns to a variable; false if it does not.
func (t *tracer) assigned(lv string, id int, via []Step) bool {
	fn := t.fn
	n := &fn.nodes[id]
	done := false
	fn.eachAssign(n.from, n.to, func(name string, from, to int, adds bool) {
		if name != lv {
			return
		}
		t.value(from, to, id, append([]Step{fn.Text(id)}, via...))
		done = done || !adds
	})
	if done {
		return true
	}
	// The loop that a macro makes may assign to what it is given.
	if n.macro {
		for i, a := range fn.args(n.from + 1) {
			if fn.squeeze(a.from, a.to) == lv {
				s := Source{Kind: Filled, Name: fn.word(n.from), Arg: i, Line: fn.toks[n.from].Line, Off: fn.toks[n.from].Off}
				t.add(s, id, via)
			}
		}
	}
	// A function that was given the address may have written there; or not.
	for i := n.from + 1; i+1 < n.to; i++ {
		if !fn.is(i, "&") || !fn.is(i-1, "(") && !fn.is(i-1, ",") {
			continue
		}
		end := i + 1
		for end < n.to && !fn.is(end, ",") && !fn.is(end, ")") {
			end++
		}
		if fn.squeeze(i+1, end) != lv {
			continue
		}
		open, arg := fn.enclosing(n.from, i)
		if name := fn.word(open - 1); name != "" {
			s := Source{Kind: Filled, Name: name, Arg: arg, Line: fn.toks[open-1].Line, Off: fn.toks[open-1].Off}
			s.Args = fn.args(open)
			t.add(s, id, via)
		}
	}
	return false
}

// enclosing is the parenthesis around i, and the number of the argument that i
// is in.
func (fn *Func) enclosing(from, i int) (open, arg int) {
	depth := 0
	for i--; i >= from; i-- {
		switch {
		case fn.closes(i):
			depth++
		case fn.opens(i):
			if depth == 0 {
				return i, arg
			}
			depth--
		case depth == 0 && fn.is(i, ","):
			arg++
		}
	}
	return from, arg
}

// eachAssign calls visit for each assignment in the tokens from up to to: what is
// assigned to, and the tokens of the value. adds says that the old value counts
// too: x |= y.
func (fn *Func) eachAssign(from, to int, visit func(lv string, from, to int, adds bool)) {
	for i := from + 1; i < to; i++ {
		plain := fn.is(i, "=")
		if !plain && !fn.is(i, "|=") && !fn.is(i, "+=") {
			continue
		}
		start := i - 1
		for start > from {
			switch {
			case fn.is(start, "]"):
				start = max(fn.mates[start], from) - 1
				continue
			case fn.word(start) != "" && (fn.is(start-1, ".") || fn.is(start-1, "->")) && start-2 >= from:
				start -= 2
				continue
			}
			break
		}
		if fn.word(start) == "" {
			continue
		}
		for start > from && fn.is(start-1, "*") && (start-1 == from || fn.is(start-2, "(") || fn.is(start-2, ",")) {
			start--
		}
		end := i + 1
		for end < to && !fn.is(end, ",") && !fn.closes(end) {
			if fn.opens(end) {
				end = fn.behind(end)
				continue
			}
			end++
		}
		visit(fn.squeeze(start, i), i+1, min(end, to), !plain)
	}
}

// tested traces the value that a condition tests.
func (t *tracer) tested(from, to, id int, not bool, nesting int) {
	fn := t.fn
	from, to = fn.strip(from, to)
	if from >= to || nesting > maxNesting {
		return
	}
	for _, op := range []string{"||", "&&"} {
		if i := fn.top(from, to, op); i >= 0 {
			t.tested(from, i, id, not, nesting+1)
			t.tested(i+1, to, id, not, nesting+1)
			return
		}
	}
	if fn.is(from, "!") {
		t.tested(from+1, to, id, !not, nesting+1)
		return
	}
	was := t.want
	defer func() { t.want = was }()
	if i := fn.top(from, to, "==", "!=", "<", ">", "<=", ">="); i >= 0 {
		if with := fn.squeeze(i+1, to); with == "NULL" || with == "0" && (fn.is(i, "==") || fn.is(i, "!=")) {
			if not != fn.is(i, "==") {
				t.want = Want{Zero: true}
			}
		}
		t.inner(from, i, id)
		return
	}
	if not {
		t.want = Want{Zero: true}
	}
	t.inner(from, to, id)
}

// inner traces what a test is about, which may be assigned in it.
func (t *tracer) inner(from, to, id int) {
	fn := t.fn
	t.seen = nil // the value that is wanted may be another than before
	from, to = fn.strip(from, to)
	if name := fn.word(from); (name == "IS_ERR" || name == "IS_ERR_OR_NULL") && fn.is(from+1, "(") && fn.behind(from+1) == to {
		from, to = from+2, to-1
		t.want.Zero = false
	}
	t.value(from, to, id, nil)
}
