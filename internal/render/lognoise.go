package render

import (
	"fmt"
	"strings"

	"dekho/internal/workbench"
)

// This file shows what of a log is no message of its own: what is missing, what
// is printed once more, and the lines of dumps.

// fold is a run of lines of a dump that are not shown.
type fold struct {
	first   workbench.LogRecord
	records int64
}

// folds reports whether a record is left out of the list.
func (t *LogText) folds(r *workbench.LogRecord) bool {
	return !t.opts.All && !t.opts.Why && (r.Mark.Kind.Values() || r.Mark.Kind == workbench.MarkAgain)
}

// fold takes a record that is left out.
func (t *LogText) fold(r *workbench.LogRecord) error {
	if was := &t.folded.first.Mark; t.folded.records > 0 && (was.Of != r.Mark.Of || was.Kind != r.Mark.Kind) {
		if err := t.unfold(); err != nil {
			return err
		}
	}
	if t.folded.records == 0 {
		t.folded.first = *r
	}
	t.folded.records++
	return nil
}

// unfold says what was left out before the next record is shown. For a single
// line that is not worth while: it is shown.
func (t *LogText) unfold() error {
	f := t.folded
	t.folded = fold{}
	switch f.records {
	case 0:
		return nil
	case 1:
		return t.record(t.records(), &f.first, recordView{bare: true})
	}
	m := &f.first.Mark
	text := m.Kind.String()
	switch {
	case m.Kind == workbench.MarkAgain:
		text = "printed once more"
	case m.Of.Line != 0:
		text += fmt.Sprintf(" of line %d", m.Of.Line)
	}
	l := &t.line
	l.reset()
	l.put(inkLine, fmt.Sprintf("%*d", numberWidth, f.first.Line))
	l.put(inkDim, fmt.Sprintf("  ... %s: %s (--all shows them)", text, count(f.records, "line")))
	return t.flush(t.records())
}

// markNote is what is said behind a record that is no message.
func markNote(m *workbench.LogMark) string {
	switch m.Kind {
	case workbench.MarkSuppressed:
		if m.Of.Line == 0 {
			return fmt.Sprintf("  (%s)", suppressedText(m.Count))
		}
		return fmt.Sprintf("  (%s after line %d)", suppressedText(m.Count), m.Of.Line)
	case workbench.MarkDropped:
		return fmt.Sprintf("  (%s lost after line %d)", count(m.Count, "record"), m.Of.Line)
	}
	return ""
}

func suppressedText(n int64) string { return count(n, "message") + " suppressed" }

// lossText says what is missing in a log, "" if nothing is known to be.
func lossText(n *workbench.LogNoise) string {
	var parts []string
	if n.Dropped > 0 {
		parts = append(parts, count(n.Dropped, "record")+" lost"+lossPlaces(n, true))
	}
	if n.Suppressed > 0 {
		parts = append(parts, suppressedText(n.Suppressed)+" by rate limits"+lossPlaces(n, false))
	}
	return strings.Join(parts, "; ")
}

// lossPlaces says where the most is missing.
func lossPlaces(n *workbench.LogNoise, dropped bool) string {
	var most *workbench.LogLoss
	places := int64(0)
	for i := range n.Losses {
		l := &n.Losses[i]
		if (l.Kind == workbench.MarkDropped) != dropped {
			continue
		}
		places++
		if most == nil || l.Count > most.Count {
			most = l
		}
	}
	switch {
	case most == nil:
		return ""
	case places == 1 && n.MoreLosses == 0:
		return fmt.Sprintf(" before line %d", most.Line)
	}
	return fmt.Sprintf(", most of them (%d) before line %d", most.Count, most.Line)
}

// replayTexts say which lines of a log are printed once more.
func replayTexts(s *workbench.LogSummary) []string {
	var list []string
	more := 0
	for i := range s.Boots {
		for j := range s.Boots[i].Replays {
			if len(list) == replaysShown {
				more++
				continue
			}
			r := &s.Boots[i].Replays[j]
			list = append(list, fmt.Sprintf("lines %d-%d are lines %d-%d printed once more, and not counted again", r.FirstLine, r.LastLine, r.OfFirst, r.OfLast))
		}
	}
	if more > 0 {
		list = append(list, fmt.Sprintf("and %d further parts", more))
	}
	return list
}

// replaysShown bounds the lines about replays.
const replaysShown = 3

// mixedText warns of a boot whose time does not go on, "" if it does.
func mixedText(b *workbench.Boot) string {
	if !b.Mixed() {
		return ""
	}
	return fmt.Sprintf("several consoles or kernels are mixed in boot %d: the time falls back %s times, first in line %d; do not trust its times, processors and call traces",
		b.Number, thousands(b.Falls), b.FirstFall)
}

// noise writes the fields of what is no message.
func noise(o *object, n *workbench.LogNoise) {
	o.open("noise", '{')
	o.num("suppressed", n.Suppressed)
	o.num("dropped", n.Dropped)
	o.num("again", n.Again)
	o.num("dumps", n.Dumps)
	o.open("losses", '[')
	for i := range n.Losses {
		l := &n.Losses[i]
		o.open("", '{')
		o.num("line", int64(l.Line))
		o.num("start", l.Start)
		o.num("end", l.End)
		o.str("text", l.Text)
		markFields(o, &l.Mark)
		o.close('}')
	}
	o.close(']')
	o.optNum("more_losses", n.MoreLosses)
	o.close('}')
}

// mark writes what a record is, if it is no message.
func mark(o *object, m *workbench.LogMark) {
	if m.Kind == workbench.NoMark {
		return
	}
	o.open("noise", '{')
	markFields(o, m)
	o.close('}')
}

func markFields(o *object, m *workbench.LogMark) {
	o.str("kind", m.Kind.String())
	o.optNum("count", m.Count)
	if m.Of.Line != 0 {
		o.open("of", '{')
		o.num("line", int64(m.Of.Line))
		o.num("start", m.Of.Start)
		o.num("end", m.Of.End)
		o.close('}')
	}
}

// replays writes the parts of a boot that were printed once more.
func replays(o *object, b *workbench.Boot) {
	if len(b.Replays) == 0 {
		return
	}
	o.open("replays", '[')
	for i := range b.Replays {
		r := &b.Replays[i]
		o.open("", '{')
		o.num("first_line", int64(r.FirstLine))
		o.num("last_line", int64(r.LastLine))
		o.num("start", r.Start)
		o.num("end", r.End)
		o.num("records", r.Records)
		o.num("of_first_line", int64(r.OfFirst))
		o.num("of_last_line", int64(r.OfLast))
		o.close('}')
	}
	o.close(']')
}
