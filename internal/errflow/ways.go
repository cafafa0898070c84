package errflow

// The conditions under which a value that was set early is still there at the
// end: ret = -EINVAL on top, and a dozen gotos to where it is returned.

import (
	"slices"
	"strings"
)

// walk is a variable that is followed back from the node that uses it.
type walk struct {
	use int
	lv  string
}

// ways are the conditions that lead from the node that sets what is followed to
// where the value leaves the function; none if there are more than maxJumps.
func (t *tracer) ways(set int) []Cond {
	fn := t.fn
	var list []Cond
	add := func(c Cond) {
		same := func(o Cond) bool { return o.Line == c.Line && o.Text == c.Text && o.Not == c.Not }
		if !slices.ContainsFunc(list, same) && !slices.ContainsFunc(fn.nodes[set].conds, same) {
			list = append(list, c)
		}
	}
	for i, w := range t.walks {
		from := set
		if i+1 < len(t.walks) {
			from = t.walks[i+1].use
		}
		if conds := fn.nodes[w.use].conds; len(conds) > len(fn.nodes[from].conds) && (i > 0 || fn.nodes[w.use].kind == nodeReturn) {
			add(conds[len(conds)-1])
		}
		between := t.between(from, w)
		for id := range between {
			if fn.nodes[id].kind == nodeLabel && fn.nodes[id].to > fn.nodes[id].from {
				for _, e := range fn.nodes[id].preds {
					if c, ok := fn.jump(e, id); ok && (between[e.from] || e.from == from) && !fn.closed(e, id, w.lv, t.want) {
						add(c)
					}
				}
			}
		}
	}
	if len(list) > maxJumps {
		return nil
	}
	slices.SortFunc(list, func(a, b Cond) int { return int(a.Line) - int(b.Line) })
	return list
}

// between are the nodes on the ways from the one that sets a variable to the one
// that uses it, on which nothing else sets it.
func (t *tracer) between(set int, w walk) map[int]bool {
	fn := t.fn
	next := make(map[int][]int)
	seen := map[int]bool{w.use: true}
	for work := []int{w.use}; len(work) > 0; {
		at := work[len(work)-1]
		work = work[:len(work)-1]
		for _, e := range fn.nodes[at].preds {
			if fn.closed(e, at, w.lv, t.want) {
				continue
			}
			next[e.from] = append(next[e.from], at)
			if !seen[e.from] && e.from != set && !fn.sets(e.from, w.lv) {
				seen[e.from] = true
				work = append(work, e.from)
			}
		}
	}
	on := make(map[int]bool)
	for work := []int{set}; len(work) > 0; {
		at := work[len(work)-1]
		work = work[:len(work)-1]
		for _, n := range next[at] {
			if seen[n] && !on[n] {
				on[n] = true
				if n != w.use {
					work = append(work, n)
				}
			}
		}
	}
	return on
}

// sets reports whether a node gives a variable another value.
func (fn *Func) sets(id int, lv string) bool {
	found := false
	fn.eachAssign(fn.nodes[id].from, fn.nodes[id].to, func(name string, _, _ int, adds bool) { found = found || name == lv && !adds })
	return found
}

// jump is the condition of a goto to a label; ok is false for a goto without
// condition, and for what stands in front of the label.
func (fn *Func) jump(e edge, label int) (c Cond, ok bool) {
	n, to := &fn.nodes[e.from], &fn.nodes[label]
	switch {
	case n.kind == nodeCond && e.when == ifTrue:
		return fn.cond(n.from, n.to), true
	case n.kind != nodeCond && n.to+1 < len(fn.toks) && fn.word(n.to+1) == "goto" && len(n.conds) > len(to.conds):
		return n.conds[len(n.conds)-1], true
	}
	return c, false
}

// missing reports whether every way to the node that sets what is followed, and
// from there out of the function, needs that a pointer that the function calls
// through is not set.
func (t *tracer) missing(set int) bool {
	if t.calls == nil {
		t.calls = t.fn.pointers()
	}
	if len(t.calls) == 0 {
		return false
	}
	for i, w := range t.walks {
		from := set
		if i+1 < len(t.walks) {
			from = t.walks[i+1].use
		}
		if !t.leads(from, w.use, w.lv, true) && t.leads(from, w.use, w.lv, false) {
			return true
		}
	}
	return !t.leads(0, set, "", true) && t.leads(0, set, "", false)
}

// leads reports whether a way goes from one node to another on which nothing else
// sets a variable, and if that is asked for, not only as a function is missing:
// that was the last thing that was tested.
func (t *tracer) leads(from, to int, lv string, there bool) bool {
	fn := t.fn
	type step struct {
		node int
		last bool // nothing was tested behind it
	}
	seen := map[step]bool{{to, true}: true}
	for work := []step{{to, true}}; len(work) > 0; {
		at := work[len(work)-1]
		work = work[:len(work)-1]
		for _, e := range fn.nodes[at.node].preds {
			tests := fn.nodes[e.from].kind == nodeCond && e.when != always
			if there && at.last && tests && t.needsNone(e) {
				continue
			}
			if e.from == from {
				return true
			}
			next := step{e.from, at.last && !tests}
			if !seen[next] && (lv == "" || !fn.sets(e.from, lv)) {
				seen[next] = true
				work = append(work, next)
			}
		}
	}
	return false
}

// needsNone reports whether an edge is taken if a function is missing.
func (t *tracer) needsNone(e edge) bool {
	n := &t.fn.nodes[e.from]
	return slices.ContainsFunc(t.calls, func(op string) bool {
		is := t.fn.judge(n.from, n.to, op, Want{Zero: true}, 0)
		return e.when == ifTrue && is == holds || e.when == ifFalse && is == fails
	})
}

// pointers lists what the function calls through, and the tables of operations
// that it is in: p->ops->load and p->ops.
func (fn *Func) pointers() []string {
	list := []string{}
	for i := 2; i < len(fn.toks); i++ {
		if fn.word(i) == "" || !fn.is(i+1, "(") || !fn.is(i-1, "->") && !fn.is(i-1, ".") {
			continue
		}
		from := i - 2
		for from > 0 {
			if fn.is(from, ")") || fn.is(from, "]") {
				from = fn.mates[from]
				if fn.is(from, "(") {
					break
				}
				from--
				continue
			}
			if fn.word(from) == "" || !fn.is(from-1, "->") && !fn.is(from-1, ".") {
				break
			}
			from -= 2
		}
		list = append(list, fn.squeeze(max(from, 0), i+1))
		if strings.HasSuffix(fn.word(i-2), "ops") {
			list = append(list, fn.squeeze(max(from, 0), i-1))
		}
	}
	return list
}
