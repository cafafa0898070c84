package bootlog

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"dekho/internal/boots"
	"dekho/internal/crash"
	"dekho/internal/finding"
	"dekho/internal/klog"
)

// node is a finding under way.
type node struct {
	Finding
	entry *Entry
	vars  vars
	// lines are where it begins in each of its boots.
	lines map[int]int
	// kernelFailed says that nothing the kernel did afterwards is to be trusted.
	kernelFailed bool
	links        []edge
	// loop says that boots end with it one after the other.
	loop        string
	whole       bool
	reach, sure finding.Severity
}

// edge leads from a node to what stems from it.
type edge struct {
	to       *node
	why      string
	guess    bool
	evidence []finding.Evidence
}

// Finish ends a log and returns what went wrong in it, what to look at first
// first.
func (r *Reader) Finish(log *Log) []Finding {
	f := &finisher{log: log, boots: make(map[int]*boots.Boot)}
	for i := range log.Boots {
		f.boots[log.Boots[i].Number] = &log.Boots[i]
	}
	f.failures()
	f.hits(r.list)
	f.ends()
	f.loops()
	f.link()
	return f.rank()
}

// finisher makes findings of hits.
type finisher struct {
	log   *Log
	boots map[int]*boots.Boot
	nodes []*node
	// reports is how many of them, the first, are crash reports.
	reports int
}

func (f *finisher) add(n *node, boot, line int) *node {
	n.lines = map[int]int{boot: line}
	n.Boots = []int{boot}
	f.nodes = append(f.nodes, n)
	return n
}

// failures makes a node of each crash report.
func (f *finisher) failures() {
	for i := range f.log.Failures {
		c := &f.log.Failures[i]
		e := reportEntry(c.Report)
		n := &node{entry: e}
		n.Failure = i
		n.Severity = e.Severity
		switch {
		case c.Panicked || c.Severity == crash.Fatal:
			n.Severity, n.kernelFailed = finding.Fatal, true
		case c.Severity == crash.Oops:
			n.kernelFailed = true
		}
		n.Meaning = e.Meaning
		if said, v := rules().speaks(c.Headline, true, false, make([]uint64, rules().needles.sets)); said == e {
			n.vars, n.Errno = v, v.errno
		}
		n.Count, n.LastLine = c.Count, c.LastHead
		n.Record = klog.Record{Text: c.Headline, Line: c.Head.Line, Start: c.Head.Start, End: c.Head.End, Boot: c.Boot}
		n.Evidence = []finding.Evidence{{
			Locator: finding.Locator{In: finding.Log, Line: c.Head.Line, LastLine: c.LastLine, Start: c.Head.Start, End: c.End},
			Quote:   quote(c.Headline), Why: "the report begins here",
		}}
		if c.Corrupted != "" {
			n.Guess = "the report is corrupted: " + c.Corrupted
		}
		f.add(n, c.Boot, c.Head.Line)
		for _, again := range c.Again {
			n.appears(again.Boot, again.Line)
		}
	}
	f.reports = len(f.nodes)
}

// reportEntry is the entry that a crash report belongs to.
func reportEntry(r *crash.Report) *Entry {
	// What the headline says decides between those that its title may be of.
	t := rules()
	if said, _ := t.speaks(r.Headline, true, false, make([]uint64, t.needles.sets)); said != nil {
		for _, start := range said.Reports {
			if strings.HasPrefix(r.Title, start) {
				return said
			}
		}
	}
	best, length := otherCrash, -1
	for _, e := range Knowledge() {
		for _, start := range e.Reports {
			if e != externalAbort && len(start) > length && strings.HasPrefix(r.Title, start) {
				best, length = e, len(start)
			}
		}
	}
	return best
}

// hits makes nodes of what records say, one of what several boots say alike.
func (f *finisher) hits(list []*hit) {
	type key struct {
		entry *Entry
		what  string
	}
	known := make(map[key]*node)
	pending := make(map[string]bool) // devices that wait for ever
	for _, h := range list {
		if h.entry == deferredPending {
			pending[nodeName(h.vars.device)] = true
		}
	}
	for _, h := range list {
		b := f.boots[h.record.Boot]
		switch {
		case h.entry.EarlyOnly && b != nil && h.lastLine < b.UserLine,
			isDeferral(h.vars.errno) && h.entry != deferredPending && !pending[nodeName(h.vars.device)]:
			continue
		}
		if n := f.failureOf(h); n != nil {
			n.join(h)
			continue
		}
		v := h.vars
		if name, _ := f.decode(h.record.Boot, v.errno); name != "" {
			v.errno = name // however it was written
		}
		what := h.entry.what(v, h.record.Text)
		if n := known[key{h.entry, what}]; n != nil {
			n.join(h)
			n.Count += h.count
			continue
		}
		n := &node{entry: h.entry, vars: h.vars}
		n.Failure = -1
		n.Severity, n.Meaning = h.severity, h.entry.Meaning
		n.Record, n.Statement = h.record, h.statement
		n.Count, n.LastLine = h.count, h.lastLine
		n.Device, n.Driver, n.Errno = h.vars.device, h.vars.driver, h.vars.errno
		n.Evidence = h.places
		known[key{h.entry, what}] = f.add(n, h.record.Boot, h.record.Line)
	}
}

// isDeferral reports whether an error code says that a supplier is not there yet
// (EPROBE_DEFER, include/linux/errno.h).
func isDeferral(code string) bool { return code == "-517" || code == "-EPROBE_DEFER" }

// failureOf is the crash report that a hit is part of or announces, nil if none.
func (f *finisher) failureOf(h *hit) *node {
	for _, n := range f.nodes[:f.reports] { // they come first
		c := &f.log.Failures[n.Failure]
		if h.record.Boot == c.Boot && c.Line <= h.record.Line && h.record.Line <= c.LastLine && h.entry.ID != recordsLost {
			return n
		}
		if n.entry == h.entry && len(h.entry.Reports) > 0 {
			return n
		}
	}
	return nil
}

// join adds what another boot says alike.
func (n *node) join(h *hit) {
	if n.entry == h.entry {
		n.vars.name, n.vars.errno = cmp.Or(n.vars.name, h.vars.name), cmp.Or(n.vars.errno, h.vars.errno)
		n.Device, n.Errno = cmp.Or(n.Device, h.vars.device), cmp.Or(n.Errno, h.vars.errno)
	}
	n.LastLine = max(n.LastLine, h.lastLine)
	n.appears(h.record.Boot, h.record.Line)
	for _, e := range h.places {
		if len(n.Evidence) < placesKept && !n.shows(e.Start) {
			n.Evidence = append(n.Evidence, e)
		}
	}
}

// appears notes that a boot has it too, from a line on.
func (n *node) appears(boot, line int) {
	if first, ok := n.lines[boot]; !ok {
		n.Boots = append(n.Boots, boot)
		slices.Sort(n.Boots)
	} else {
		line = min(line, first)
	}
	n.lines[boot] = line
}

// title says what a node is about.
func (f *finisher) title(n *node) string {
	if n.Failure >= 0 && (n.entry.Title == "" || n.entry == panicked) {
		return n.loop + f.log.Failures[n.Failure].Title
	}
	t := fill(n.entry.Title, f.parts(n))
	switch {
	case n.entry.Whole && (n.vars.name != "" || n.Device == "" || n.entry.Stage == StageAny || n.entry.Stage == StageSystem):
	case n.Device != "" && !strings.Contains(t, n.Device):
		t = n.Device + ": " + t
	case n.Driver != "" && n.Device == "" && n.entry.Stage != StageSystem && n.entry.Stage != StageAny && !strings.Contains(t, n.Driver):
		t = n.Driver + ": " + t
	}
	if name, _ := f.errno(n); name != "" {
		t += " (-" + name + ")"
	} else if n.Errno != "" {
		t += " (" + n.Errno + ")"
	}
	return n.loop + t
}

func (f *finisher) errno(n *node) (name, meaning string) { return f.decode(n.Record.Boot, n.Errno) }

func (f *finisher) decode(boot int, code string) (name, meaning string) {
	if code == "" || f.log.Errno == nil {
		return "", ""
	}
	return f.log.Errno(boot, code)
}

// parts are what titles and steps are filled with.
func (f *finisher) parts(n *node) map[string]string {
	p := map[string]string{
		"device": n.Device, "driver": n.Driver, "name": n.vars.name, "errno": n.Errno, "supplier": n.vars.supplier,
		"line": strconv.Itoa(n.Record.Line), "log": f.log.Name,
	}
	if n.Statement.Path != "" {
		p["path"], p["statement"] = n.Statement.Path, n.Statement.Path+":"+strconv.Itoa(n.Statement.Line)
	}
	if f.log.Name == "" || f.log.Name == "-" {
		delete(p, "log")
	}
	return p
}

// ends makes nodes of boots that ended as nobody wanted and whose end no report
// explains.
func (f *finisher) ends() {
	for i := range f.log.Boots {
		b := &f.log.Boots[i]
		var e *Entry
		switch b.End.Kind {
		case boots.NoKernel:
			e = noKernel
		case boots.Silence:
			e = hung
		case boots.Kexec:
			failure := f.firstFailure(b.Number)
			if b.End.Next != boots.NextNothing || failure != nil && len(b.End.Evidence) > 0 && failure.Record.Line > b.End.Evidence[0].Line {
				continue // the old kernel failed on its way
			}
			e = kexecHung
		case boots.Watchdog:
			e = watchdogReset
		case boots.Reset:
			e = resetUnexplained
		case boots.Panic:
			if f.firstFailure(b.Number) != nil {
				continue
			}
			e = panicked
		default:
			continue
		}
		n := &node{entry: e}
		n.Failure = -1
		n.Severity, n.Meaning = e.Severity, e.Meaning
		n.Count = 1
		at := b.End.Last
		if e == hung && at.Line > 0 {
			n.Evidence = []finding.Evidence{factEvidence(&at, "the last that was said")}
		}
		for j := range b.End.Evidence {
			if ev := &b.End.Evidence[j]; (ev.Known() || ev.Line > 0) && !n.shows(ev.Start) {
				n.Evidence = append(n.Evidence, factEvidence(ev, ev.Value))
			}
		}
		if at.Line > 0 && !n.shows(at.Start) {
			n.Evidence = append(n.Evidence, factEvidence(&at, "the last that was said"))
		}
		if len(n.Evidence) == 0 {
			n.Evidence = []finding.Evidence{{Locator: finding.Locator{In: finding.Log, Line: b.FirstLine, LastLine: b.LastLine, Start: b.Start, End: b.Boot.End}, Why: "the whole boot"}}
		}
		head := n.Evidence[0]
		n.Record = klog.Record{Text: head.Quote, Line: head.Line, Start: head.Start, End: head.End, Boot: b.Number}
		n.LastLine = head.Line
		if f.firstFailure(b.Number) == nil { // else what came last is part of the failure
			n.vars.name = quote(at.Quote)
		}
		switch {
		case b.End.Likely && e == noKernel:
			n.Guess = "the capture may only end there"
			n.Severity = finding.Degraded
		case b.End.Likely && e == hung && f.firstFailure(b.Number) == nil:
			n.Guess = "the capture may only end there"
			n.Severity = finding.Broken
		case b.End.Likely && e != hung:
			n.Guess = "the evidence allows another reading"
		}
		if same := f.sameEnd(n); same != nil {
			same.appears(b.Number, b.LastLine)
			same.Count++
			continue
		}
		f.add(n, b.Number, b.LastLine)
	}
}

// firstFailure is the first node of a boot after which the kernel is not to be
// trusted, nil if there is none.
func (f *finisher) firstFailure(boot int) *node {
	var first *node
	for _, n := range f.nodes {
		if line, ok := n.lines[boot]; ok && n.kernelFailed && (first == nil || line < first.lines[boot]) {
			first = n
		}
	}
	return first
}

// shows reports whether the evidence has what begins at an offset of the log.
func (n *node) shows(start int64) bool {
	return slices.ContainsFunc(n.Evidence, func(x finding.Evidence) bool { return x.Start == start })
}

// sameEnd is the node of a boot before that ended alike, nil if none did.
func (f *finisher) sameEnd(n *node) *node {
	for _, o := range f.nodes {
		if o.entry == n.entry && klog.Masked(o.vars.name) == klog.Masked(n.vars.name) {
			return o
		}
	}
	return nil
}

// loops tells of the finding that ends boots one after the other that it does.
func (f *finisher) loops() {
	for i := range f.log.Loops {
		l := &f.log.Loops[i]
		var last *node
		for _, n := range f.nodes {
			line, ok := n.lines[l.Last]
			if ok && n.Severity == finding.Fatal && (last == nil || line > last.lines[l.Last]) && len(n.Boots) > 1 {
				last = n
			}
		}
		if last == nil {
			continue
		}
		last.Facts = append(last.Facts, finding.Fact{Name: "boots", Value: strconv.Itoa(l.First) + " to " + strconv.Itoa(l.Last)})
		// Firmware that starts once more at the end of the capture is no way out.
		if !slices.ContainsFunc(f.log.Boots, func(b boots.Boot) bool { return b.Number > l.Last && b.Kernel }) {
			last.loop = "boot loop, " + strconv.Itoa(l.Count) + " times: "
		}
	}
}
