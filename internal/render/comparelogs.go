package render

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"dekho/internal/workbench"
)

// This file shows what sets good logs and bad ones apart.

// differencesShown bounds each list on the screen.
const differencesShown = 25

// weakP is the least p that a comparison with so few runs that they prove
// nothing can reach.
const weakP = 0.05

// LogComparisonText writes a comparison for people.
func LogComparisonText(w io.Writer, style Style, c *workbench.LogComparison) error {
	t := &comparisonText{LogText: *NewLogText(w, LogTextOptions{Style: style}), c: c}
	t.line.style = &t.opts.Style
	t.write()
	return t.err
}

// comparisonText writes a comparison; the first error sticks.
type comparisonText struct {
	LogText
	c   *workbench.LogComparison
	err error
}

func (t *comparisonText) end() {
	if t.err == nil {
		t.err = t.flush(t.w)
	}
	t.line.reset()
}

func (t *comparisonText) write() {
	c, l := t.c, &t.line
	l.reset()
	tree := c.Root
	if c.Kernel != "" {
		tree = "Linux " + c.Kernel + ", " + tree
	}
	l.put(inkHeader, fmt.Sprintf("%-8s", "Tree"))
	l.tail("", tree)
	t.end()
	for i := range c.Runs {
		r := &c.Runs[i]
		label := ""
		if i == 0 {
			label = "Good"
		} else if !r.Good && c.Runs[i-1].Good {
			label = "Bad"
		}
		l.put(inkHeader, fmt.Sprintf("%-8s", label))
		l.tail("", fmt.Sprintf("%s boot %d, %s, %s", r.Log, r.Boot.Number, count(int64(len(r.Records)), "record"), endText(&r.Boot)))
		if r.Truncated {
			l.tail(inkWarn, " (those behind them are not compared)")
		}
		t.end()
	}
	if c.BestP > weakP {
		l.put(inkWarn, "Weak    ")
		l.tail(inkWarn, fmt.Sprintf("so few runs prove nothing (p is %s at best): any difference may be chance", pValue(c.BestP)))
		t.end()
	}
	t.end()
	if c.First == nil && len(c.Gaps) == 0 {
		l.put(inkHeader, "No statement, value or pause sets the bad runs apart.")
		t.end()
		return
	}
	t.first()
	t.presences("Only in bad", c.OnlyBad)
	t.presences("Only in good", c.OnlyGood)
	t.changes()
	t.gaps()
}

// title begins a list, and says how many of it are shown.
func (t *comparisonText) title(what string, n int) int {
	shown := min(n, differencesShown)
	t.line.put(inkHeader, what)
	text := fmt.Sprintf(" (%d)", n)
	if shown < n {
		text = fmt.Sprintf(" (%d of %d)", shown, n)
	}
	t.line.put(inkDim, text)
	t.end()
	return shown
}

// first shows where the runs part.
func (t *comparisonText) first() {
	f := t.c.First
	if f == nil {
		return
	}
	t.line.put(inkHeader, "They part here")
	t.end()
	if f.HasCommon {
		t.line.put(inkDim, indent+"the last that all say before:")
		t.end()
		t.entry(f.Common, "", false)
	}
	switch f.Kind {
	case workbench.OnlyInBad:
		p := &t.c.OnlyBad[f.Index]
		t.line.put(inkDim, indent+"then the bad ones say:")
		t.end()
		t.entry(p.Entry, separation(&p.Separation), true)
	case workbench.OnlyInGood:
		p := &t.c.OnlyGood[f.Index]
		t.line.put(inkDim, indent+"then the good ones say, and the bad ones do not:")
		t.end()
		t.entry(p.Entry, separation(&p.Separation), true)
	case workbench.ChangedValue:
		ch := &t.c.Changes[f.Index]
		t.line.put(inkDim, indent+"then the bad ones say otherwise:")
		t.end()
		t.entry(ch.BadEntry, separation(&ch.Separation), true)
		t.values(ch.Values)
	}
	t.end()
}

// presences lists what one set says alone.
func (t *comparisonText) presences(what string, list []workbench.LogPresence) {
	if len(list) == 0 {
		return
	}
	t.title(what, len(list))
	shown := 0
	for i := 0; i < len(list) && shown < differencesShown; shown++ {
		p := &list[i]
		note := separation(&p.Separation)
		if p.NewStatement {
			note += ", a statement that the others never reach"
		}
		if p.HasAfter && t.c.Runs[p.Entry.Run].Good {
			note += fmt.Sprintf(", missing behind line %d of %s", t.c.Record(p.After).Line, t.c.Runs[p.After.Run].Log)
		}
		t.entry(p.Entry, note, true)
		i++
		// What stands together in the log is shown by how it begins: a dump.
		j := i
		for j < len(list) && list[j].Entry == (workbench.LogEntry{Run: p.Entry.Run, Index: p.Entry.Index + 1 + j - i}) {
			j++
		}
		if j-i > foldedAfter {
			for ; i < j && shown < differencesShown && list[i].Entry.Index < p.Entry.Index+foldedAfter; i++ {
				t.entry(list[i].Entry, "", true)
			}
			t.line.put(inkDim, fmt.Sprintf("%s... and %s, to line %d", indent, count(j-i, "further line"), t.c.Record(list[j-1].Entry).Line))
			t.end()
			i = j
		}
	}
	t.end()
}

// foldedAfter is how many lines of a row of differences are shown.
const foldedAfter = 4

func (t *comparisonText) changes() {
	if len(t.c.Changes) == 0 {
		return
	}
	for i := range t.title("Other values", len(t.c.Changes)) {
		ch := &t.c.Changes[i]
		t.entry(ch.BadEntry, separation(&ch.Separation), true)
		t.values(ch.Values)
	}
	t.end()
}

// values writes the values that differ.
func (t *comparisonText) values(list []workbench.ChangedLogValue) {
	for i := range list {
		v := &list[i]
		t.line.put("", indent)
		name := v.Name
		if name == "" {
			name = "value"
		}
		t.line.put(inkName, shorten(name, maxArgName))
		t.line.tail("", ": good "+v.Good+", bad "+strings.Join(v.Bad, " | "))
		t.end()
	}
}

func (t *comparisonText) gaps() {
	if len(t.c.Gaps) == 0 {
		return
	}
	for i := range t.title("Longer pauses", len(t.c.Gaps)) {
		g := &t.c.Gaps[i]
		t.line.put("", indent)
		t.line.put(inkBad, pause(g.BadMin, g.BadMax))
		t.line.tail("", ", in good runs "+pause(g.GoodMin, g.GoodMax)+", between")
		t.end()
		t.entry(g.From, "", false)
		t.entry(g.To, separation(&g.Separation), false)
	}
	t.end()
}

// entry writes a record, and the statement that printed it if that is wanted.
func (t *comparisonText) entry(e workbench.LogEntry, note string, site bool) {
	r := t.c.Record(e)
	if note != "" {
		note = "  (" + note + ")"
	}
	if several(t.c, e.Run) {
		note = "  " + t.c.Runs[e.Run].Log + note
	}
	shown := *r
	shown.Text, _, _ = strings.Cut(r.Text, "\n")
	if !site {
		shown.Verdict = workbench.NotKernel
	}
	if t.err == nil {
		t.err = t.record(t.w, &shown, recordView{note: note})
	}
	t.line.reset()
}

// several reports whether the log's name is needed to tell where an entry stands.
func several(c *workbench.LogComparison, run int) bool {
	n := 0
	for i := range c.Runs {
		if c.Runs[i].Good == c.Runs[run].Good {
			n++
		}
	}
	return n > 1
}

// separation says how well something separates the sets.
func separation(s *workbench.LogSeparation) string {
	return fmt.Sprintf("good %d of %d, bad %d of %d, p %s", s.Good, s.Goods, s.Bad, s.Bads, pValue(s.P))
}

func pValue(p float64) string {
	switch {
	case p >= 0.1:
		return strconv.FormatFloat(p, 'f', 2, 64)
	case p >= 0.001:
		return strconv.FormatFloat(p, 'f', 3, 64)
	}
	return strconv.FormatFloat(p, 'e', 0, 64)
}

// pause shows a span, or from the shortest to the longest.
func pause(lo, hi time.Duration) string {
	if lo == hi {
		return fmt.Sprintf("%.3f s", lo.Seconds())
	}
	return fmt.Sprintf("%.3f to %.3f s", lo.Seconds(), hi.Seconds())
}

// LogComparisonJSON writes a comparison as one JSON object.
func LogComparisonJSON(w io.Writer, c *workbench.LogComparison) error {
	var o object
	o.open("", '{')
	o.str("tree", c.Root)
	o.opt("tree_kernel", c.Kernel)
	o.open("runs", '[')
	for i := range c.Runs {
		r := &c.Runs[i]
		o.open("", '{')
		o.str("log", r.Log)
		o.flag("good", r.Good)
		o.num("boot", int64(r.Boot.Number))
		o.num("records", int64(len(r.Records)))
		o.flag("truncated", r.Truncated)
		o.str("end", r.Boot.End.Kind.String())
		o.close('}')
	}
	o.close(']')
	o.real("best_p", c.BestP, 6)
	o.flag("weak", c.BestP > weakP)
	if f := c.First; f != nil {
		o.open("first", '{')
		switch f.Kind {
		case workbench.OnlyInBad:
			o.str("list", "only_bad")
		case workbench.OnlyInGood:
			o.str("list", "only_good")
		case workbench.ChangedValue:
			o.str("list", "changes")
		}
		o.num("index", int64(f.Index))
		if f.HasCommon {
			entryJSON(&o, "common", c, f.Common)
		}
		o.close('}')
	}
	for _, list := range []struct {
		name string
		list []workbench.LogPresence
	}{{"only_bad", c.OnlyBad}, {"only_good", c.OnlyGood}} {
		o.open(list.name, '[')
		for i := range list.list {
			p := &list.list[i]
			o.open("", '{')
			separationJSON(&o, &p.Separation)
			o.flag("new_statement", p.NewStatement)
			entryJSON(&o, "record", c, p.Entry)
			if p.HasAfter {
				entryJSON(&o, "missing_behind", c, p.After)
			}
			o.close('}')
		}
		o.close(']')
	}
	o.open("changes", '[')
	for i := range c.Changes {
		ch := &c.Changes[i]
		o.open("", '{')
		separationJSON(&o, &ch.Separation)
		entryJSON(&o, "good_record", c, ch.GoodEntry)
		entryJSON(&o, "bad_record", c, ch.BadEntry)
		o.open("values", '[')
		for j := range ch.Values {
			v := &ch.Values[j]
			o.open("", '{')
			o.str("name", v.Name)
			o.str("good_value", v.Good)
			o.list("bad_values", v.Bad)
			o.close('}')
		}
		o.close(']')
		o.close('}')
	}
	o.close(']')
	o.open("gaps", '[')
	for i := range c.Gaps {
		g := &c.Gaps[i]
		o.open("", '{')
		separationJSON(&o, &g.Separation)
		o.real("good_min", g.GoodMin.Seconds(), 6)
		o.real("good_max", g.GoodMax.Seconds(), 6)
		o.real("bad_min", g.BadMin.Seconds(), 6)
		o.real("bad_max", g.BadMax.Seconds(), 6)
		entryJSON(&o, "from", c, g.From)
		entryJSON(&o, "to", c, g.To)
		o.close('}')
	}
	o.close(']')
	o.close('}')
	o.buf = append(o.buf, '\n')
	_, err := w.Write(o.buf)
	return err
}

func separationJSON(o *object, s *workbench.LogSeparation) {
	o.num("in_good", int64(s.Good))
	o.num("in_bad", int64(s.Bad))
	o.real("p", s.P, 9)
}

// entryJSON writes a record with the log it stands in.
func entryJSON(o *object, name string, c *workbench.LogComparison, e workbench.LogEntry) {
	o.open(name, '{')
	o.str("log", c.Runs[e.Run].Log)
	record(o, c.Record(e))
	o.close('}')
}
