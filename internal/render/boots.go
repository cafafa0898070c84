package render

import (
	"fmt"
	"strings"
	"time"

	"dekho/internal/workbench"
)

// This file shows how boots went.

// loopLeast is how many equal ends are called a loop.
const loopLeast = 3

// quoteWidth bounds a record that is quoted in a line about something else.
const quoteWidth = 90

// endText says in some words how a boot ended, and where the log says so.
func endText(b *workbench.Boot) string {
	text := endingText(b)
	if r := &b.End.Repeat; r.Times > 0 && !b.End.Kind.Orderly() {
		text += fmt.Sprintf("; from line %d on it says the same %s times (%s)", r.Line, thousands(r.Times), count(int64(r.Period), "record"))
	}
	return text
}

func endingText(b *workbench.Boot) string {
	e := &b.End
	at := ""
	if len(e.Evidence) > 0 {
		at = fmt.Sprintf(" (line %d)", e.Evidence[0].Line)
	}
	last := fmt.Sprintf("line %d: %s", e.Last.Line, shorten(e.Last.Quote, quoteWidth))
	perhaps := ""
	if e.Likely {
		perhaps = ", probably"
	}
	var text string
	switch e.Kind {
	case workbench.EndNoKernel:
		text = "never reached a kernel"
		if b.FirmwareStarts > 1 {
			text += fmt.Sprintf(", started %d times", b.FirmwareStarts)
		}
		if !e.Last.Known() {
			return text + "; there is no text in it"
		}
		text += "; stops after " + last
		if len(e.Evidence) > 0 && e.Evidence[0].Line != e.Last.Line {
			text += fmt.Sprintf(": %s%s", e.Evidence[0].Value, at)
		}
		return text
	case workbench.EndRunning:
		if len(e.Evidence) > 0 {
			return "still running: " + e.Evidence[0].Value + at + perhaps
		}
		return "still running" + perhaps
	case workbench.EndReboot:
		return "restart asked for" + at + perhaps
	case workbench.EndPowerOff:
		text = "switched off" + at
	case workbench.EndHalt:
		text = "halted" + at
	case workbench.EndPanic:
		text = fmt.Sprintf("panic in line %d: %s", e.Evidence[0].Line, shorten(strings.TrimPrefix(e.Evidence[0].Quote, "Kernel panic - not syncing: "), quoteWidth))
		switch e.Next {
		case workbench.NextRestart:
			text += "; then restarted"
		case workbench.NextCrashKernel:
			text += "; then the crash kernel"
		case workbench.NextHalt:
			text += "; then it stood still"
		}
	case workbench.EndKexec:
		text = "kexec" + at
		if e.Next == workbench.NextNothing {
			text = "hung after kexec" + at + ": the new kernel never spoke"
		}
	case workbench.EndWatchdog:
		text = "reset by a watchdog" + perhaps + at + ", after " + last
	case workbench.EndReset:
		text = "reset without a word after " + last
	case workbench.EndSilence:
		text = "hung after "
		if e.AfterKexec {
			text = "hung after kexec, after "
		}
		text += last
		// What it hung of says more than the last line of a dump.
		if first := e.Evidence; len(first) > 0 && first[0].Line != e.Last.Line {
			text = fmt.Sprintf("hung: %s, line %d: %s; the last is line %d", first[0].Value, first[0].Line, shorten(first[0].Quote, quoteWidth), e.Last.Line)
		}
	case workbench.EndCutOff:
		return "cut off in " + last
	case workbench.EndUnknown:
		return "the log does not tell how it ended"
	}
	if e.Kind == workbench.EndReset {
		for i := range e.Evidence {
			if e.Evidence[i].Line == e.Last.Line {
				continue
			}
			text += fmt.Sprintf("; line %d: %s", e.Evidence[i].Line, e.Evidence[i].Value)
		}
	}
	if e.Kind == workbench.EndSilence && e.Likely && e.Repeat.Times == 0 {
		text += " (or the log stops there)"
	}
	if e.Silent > 0 && (e.Kind == workbench.EndReset || e.Kind == workbench.EndWatchdog) {
		text += fmt.Sprintf(", silent for %.1f s", e.Silent.Seconds())
	}
	return text
}

// loopText says that boots repeat each other, what is equal and what differs.
func loopText(l *workbench.BootLoop) string {
	var same, differs []string
	for i := range l.Facts {
		f := &l.Facts[i]
		if f.Same {
			if f.Name == "message" || f.Name == "remark" {
				same = append(same, f.Name+" ("+shorten(f.Values[0], quoteWidth)+")")
			} else {
				same = append(same, f.Name)
			}
			continue
		}
		values := make([]string, len(f.Values))
		for i, v := range f.Values {
			values[i] = shorten(v, quoteWidth)
		}
		text := f.Name + " " + strings.Join(values, " | ")
		if f.More > 0 {
			text += fmt.Sprintf(" | and %d more", f.More)
		}
		differs = append(differs, text)
	}
	text := fmt.Sprintf("boots %d to %d: the same end %d times in a row, %s", l.First, l.Last, l.Count, l.Kind)
	if l.Count >= loopLeast {
		text = "boot loop, " + text
	}
	if len(same) > 0 {
		text += "; equal: " + strings.Join(same, ", ")
	}
	if len(differs) > 0 {
		text += "; differs: " + strings.Join(differs, "; ")
	}
	return text
}

// timeFormat is how JSON has times of day.
const timeFormat = "2006-01-02T15:04:05.000Z"

// bootCourse writes how a boot went.
func bootCourse(o *object, b *workbench.Boot) {
	e := &b.End
	o.open("end", '{')
	o.str("kind", e.Kind.String())
	o.opt("next", e.Next.String())
	o.opt("stage", e.Stage.String())
	o.flag("likely", e.Likely)
	o.flag("after_kexec", e.AfterKexec)
	o.open("evidence", '[')
	for i := range e.Evidence {
		quote(o, "", &e.Evidence[i])
	}
	o.close(']')
	if e.Last.Known() {
		quote(o, "last", &e.Last)
	}
	if e.Silent > 0 {
		o.real("silent", e.Silent.Seconds(), 3)
	}
	if r := &e.Repeat; r.Times > 0 {
		o.open("repeat", '{')
		o.num("period", int64(r.Period))
		o.num("times", r.Times)
		o.num("line", int64(r.Line))
		o.close('}')
	}
	o.close('}')
	o.open("stages", '[')
	for i := range b.Stages {
		s := &b.Stages[i]
		o.open("", '{')
		o.str("stage", s.ID.String())
		o.num("line", int64(s.First.Line))
		if s.HasTime {
			o.real("time", s.FirstTime.Seconds(), 6)
		}
		if s.HostClock == workbench.WallClock {
			o.str("host_time", time.Unix(0, s.HostTime).UTC().Format(timeFormat))
		}
		o.num("records", s.Records)
		o.close('}')
	}
	o.close(']')
	if len(b.Remarks) > 0 {
		o.open("remarks", '[')
		for i := range b.Remarks {
			quote(o, "", &b.Remarks[i])
		}
		o.close(']')
	}
	if b.ResetCause.Known() {
		quote(o, "reset_cause", &b.ResetCause)
	}
	o.optNum("firmware_starts", int64(b.FirmwareStarts))
	if from := b.Span.From.String(); from != "" {
		o.real("duration", b.Span.Duration.Seconds(), 6)
		o.str("duration_from", from)
	}
	spent(o, b)
	if b.Started != 0 {
		o.str("started", time.Unix(0, b.Started).UTC().Format(timeFormat))
		o.flag("started_estimated", b.StartEstimated)
	}
}

// spent writes where the time of a boot went.
func spent(o *object, b *workbench.Boot) {
	s := &b.Spent
	o.open("gaps", '[')
	for i := range s.Gaps {
		g := &s.Gaps[i]
		o.open("", '{')
		o.real("length", g.Length.Seconds(), 6)
		o.real("time", g.Start.Seconds(), 6)
		o.str("stage", g.Stage.String())
		quote(o, "from", &g.From)
		quote(o, "to", &g.To)
		o.optNum("lost", g.Lost)
		if g.At.Path != "" {
			o.open("ended_by", '{')
			o.str("path", g.At.Path)
			o.num("line", int64(g.At.Line))
			o.close('}')
		}
		o.close('}')
	}
	o.close(']')
	for _, l := range []struct {
		name  string
		list  []workbench.BootCall
		count int
		total time.Duration
	}{{"initcalls", s.Initcalls, s.InitcallCount, s.InitcallTime}, {"probes", s.Probes, s.ProbeCount, s.ProbeTime}, {"unfinished", s.Unfinished, len(s.Unfinished), 0}} {
		if l.count == 0 {
			continue
		}
		o.open(l.name, '{')
		o.num("count", int64(l.count))
		o.real("total", l.total.Seconds(), 6)
		o.open("slowest", '[')
		for i := range l.list {
			c := &l.list[i]
			o.open("", '{')
			o.str("name", c.Name)
			o.real("time", c.Start.Seconds(), 6)
			o.real("took", c.Took.Seconds(), 6)
			o.opt("result", c.Result)
			o.num("line", int64(c.Line))
			o.close('}')
		}
		o.close(']')
		o.close('}')
	}
}

// quote writes a record that shows something.
func quote(o *object, name string, q *workbench.Quote) {
	o.open(name, '{')
	o.num("line", int64(q.Line))
	o.str("text", q.Quote)
	o.opt("shows", q.Value)
	o.num("start", q.Start)
	o.num("end", q.End)
	o.close('}')
}

// loop writes boots that repeat each other.
func loop(o *object, l *workbench.BootLoop) {
	o.open("", '{')
	o.num("first_boot", int64(l.First))
	o.num("last_boot", int64(l.Last))
	o.num("count", int64(l.Count))
	o.str("end", l.Kind.String())
	o.open("facts", '[')
	for i := range l.Facts {
		f := &l.Facts[i]
		o.open("", '{')
		o.str("name", f.Name)
		o.flag("same", f.Same)
		o.list("values", f.Values)
		o.optNum("more", int64(f.More))
		o.close('}')
	}
	o.close(']')
	o.close('}')
}
