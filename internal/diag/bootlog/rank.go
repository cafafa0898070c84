package bootlog

import (
	"cmp"
	"slices"
	"strings"

	"dekho/internal/finding"
)

// rank orders what was found: first what leads to the worst, a cause before its
// consequences. A cause that is a guess does not outrank what it may explain; it
// follows it.
func (f *finisher) rank() []Finding {
	for _, n := range f.nodes {
		n.sure, n.reach = n.worst(false, make(map[*node]bool)), n.worst(true, make(map[*node]bool))
		n.whole = n.concernsAll(make(map[*node]bool))
	}
	slices.SortStableFunc(f.nodes, func(a, b *node) int {
		return cmp.Or(-cmp.Compare(a.sure, b.sure), -cmp.Compare(a.reach, b.reach), boolFirst(a.whole, b.whole), boolFirst(a.confirmed(), b.confirmed()), boolFirst(a.spreads(), b.spreads()), cmp.Compare(a.firstLine(), b.firstLine()), cmp.Compare(a.entry.Stage, b.entry.Stage))
	})
	at := make(map[*node]int, len(f.nodes))
	for i, n := range f.nodes {
		at[n] = i
	}
	list := make([]Finding, len(f.nodes))
	for i, n := range f.nodes {
		f.finish(n)
		list[i] = n.Finding
	}
	for i, n := range f.nodes {
		for _, e := range n.links {
			to := at[e.to]
			list[i].Effects = append(list[i].Effects, finding.Link{To: to, Why: e.why, Guess: e.guess, Evidence: e.evidence})
			list[to].Causes = append(list[to].Causes, finding.Link{To: i, Why: e.why, Guess: e.guess, Evidence: e.evidence})
		}
	}
	return list
}

// confirmed reports whether the log shows that something does not work: that a
// driver lacks something may be all the same to it.
func (n *node) confirmed() bool {
	return n.entry.Stage >= StageProbe || slices.ContainsFunc(n.links, func(e edge) bool { return !e.guess && e.to.entry.Stage >= StageProbe })
}

// spreads reports whether it makes others fail.
func (n *node) spreads() bool {
	return slices.ContainsFunc(n.links, func(e edge) bool { return !e.guess })
}

// boolFirst orders true before false.
func boolFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// worst is the worst severity of what a node leads to, itself included.
func (n *node) worst(guesses bool, seen map[*node]bool) finding.Severity {
	seen[n] = true
	s := n.Severity
	if n.Failure >= 0 && s == finding.Degraded {
		s = finding.Broken // what the kernel reports of itself weighs as much as a device
	}
	for _, e := range n.links {
		if (guesses || !e.guess) && !seen[e.to] {
			s = max(s, e.to.worst(guesses, seen))
		}
	}
	return s
}

// concernsAll reports whether a node, or what surely stems from it, concerns the
// machine as a whole.
func (n *node) concernsAll(seen map[*node]bool) bool {
	seen[n] = true
	return n.entry.Whole || n.Failure >= 0 && n.Severity > finding.Note || slices.ContainsFunc(n.links, func(e edge) bool { return !e.guess && !seen[e.to] && e.to.concernsAll(seen) })
}

// firstLine is the first line of the log that speaks of a node.
func (n *node) firstLine() int {
	line := n.Record.Line
	for _, l := range n.lines {
		line = min(line, l)
	}
	return line
}

// finish fills in what a node's kind says, for the log it stands in.
func (f *finisher) finish(n *node) {
	n.ID, n.Title = n.entry.ID, f.title(n)
	for i := range n.Evidence {
		n.Evidence[i].Name = f.log.Name
	}
	if n.Statement.Path != "" {
		n.Evidence = append(n.Evidence, finding.Evidence{
			Locator: finding.Locator{In: finding.Tree, Name: n.Statement.Path, Line: n.Statement.Line, LastLine: n.Statement.Line},
			Quote:   strings.TrimRight(n.Statement.Format, "\n"), Why: "the statement that printed it",
		})
	}
	fact := func(name, value string) {
		if value != "" {
			n.Facts = append(n.Facts, finding.Fact{Name: name, Value: value})
		}
	}
	fact("device", n.Device)
	fact("driver", n.Driver)
	if name, meaning := f.errno(n); name != "" {
		fact("error", "-"+name+", "+meaning)
	} else {
		fact("error", n.Errno)
	}
	fact("resource", string(n.entry.Resource))
	fact("supplier", n.vars.supplier)
	parts := f.parts(n)
	if n.Errno != "" && n.Statement.Path != "" {
		switch {
		case parts["log"] != "":
			n.Next = append(n.Next, finding.Step{Command: fill("dekho why {log}:{line}", parts), Why: "which call returned the error, and on what condition"})
		default:
			n.Next = append(n.Next, finding.Step{Command: fill("dekho why {statement} {errno}", parts), Why: "which call returned the error, and on what condition"})
		}
	}
	for _, s := range n.entry.Next {
		command := fill(s.Command, parts)
		if s.Command != "" && strings.TrimSpace(command) == "" {
			continue // a part of it is not known
		}
		n.Next = append(n.Next, finding.Step{Command: command, Why: fill(s.Why, parts)})
	}
}
