package errflow

// What a function prints when an error code comes by a certain way.

// Print is a statement that prints.
type Print struct {
	// Name is the function or macro that prints: "dev_err".
	Name string
	// First and Last are its lines.
	First, Last uint32
}

// maxPrints bounds the statements that are looked at for one answer.
const maxPrints = 40

// Prints lists what is printed for sure when the value comes from a source: right
// in front of it, and from there on as long as the value decides which way the
// function takes.
func (fn *Func) Prints(s *Source, w Want) []Print {
	var list []Print
	add := func(id int) {
		if at := fn.printCall(id); at >= 0 {
			n := &fn.nodes[id]
			list = append(list, Print{fn.word(at), fn.toks[n.from].Line, fn.toks[n.to-1].Line})
		}
	}
	add(s.node)
	for at := s.node; len(list) < maxPrints && len(fn.nodes[at].preds) == 1; {
		e := fn.nodes[at].preds[0]
		if fn.nodes[e.from].kind != nodeSimple {
			break
		}
		at = e.from
		add(at)
	}
	lv := ""
	if n := &fn.nodes[s.node]; n.kind == nodeSimple {
		fn.eachAssign(n.from, n.to, func(name string, _, _ int, _ bool) { lv = name })
	}
	if lv == "" || s.Kind == Filled {
		return list
	}
	at := s.node
	for range maxPrints {
		next, ok := fn.follow(at, lv, w)
		if !ok || fn.sets(next, lv) {
			break
		}
		add(next)
		at = next
	}
	return list
}

// follow is the node behind another if a variable holds an error; ok is false if
// there are several, or none.
func (fn *Func) follow(at int, lv string, w Want) (next int, ok bool) {
	n := &fn.nodes[at]
	is := unknown
	if n.kind == nodeCond {
		is = fn.judge(n.from, n.to, lv, w, 0)
	}
	found := 0
	for _, e := range fn.successors(at) {
		if e.when == ifTrue && is == fails || e.when == ifFalse && is == holds {
			continue
		}
		found++
		next = e.from
	}
	return next, found == 1
}

// successors are the edges out of a node; from is where they lead.
func (fn *Func) successors(at int) []edge {
	if fn.succs == nil {
		fn.succs = make([][]edge, len(fn.nodes))
		for id := range fn.nodes {
			for _, e := range fn.nodes[id].preds {
				fn.succs[e.from] = append(fn.succs[e.from], edge{id, e.when})
			}
		}
	}
	return fn.succs[at]
}
