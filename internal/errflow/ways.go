package errflow

// The conditions under which a value that was set early is still there at the
// end: ret = -EINVAL on top, and a dozen gotos to where it is returned.

import "slices"

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
