package render

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"dekho/internal/workbench"
)

// This file draws where the time of a boot went, in 80 columns.

const (
	// timelineWidth is that of a line, barWidth of the bars in it.
	timelineWidth = 80
	barWidth      = 30
	// callsShown is how many calls are listed of each kind.
	callsShown = 8
	// bootsDrawn bounds the boots that are drawn.
	bootsDrawn = 20
)

// Timeline writes where the time of each boot went.
func Timeline(w io.Writer, style Style, s *workbench.LogSummary) error {
	t := &timelineText{LogText: *NewLogText(w, LogTextOptions{Style: style})}
	t.line.style = &t.opts.Style
	for i := range s.Boots {
		if i == bootsDrawn {
			t.put(inkDim, fmt.Sprintf("... and %s", count(int64(len(s.Boots)-i), "further boot")))
			t.end()
			break
		}
		t.boot(&s.Boots[i])
	}
	return t.err
}

// timelineText writes time lines; the first error sticks.
type timelineText struct {
	LogText
	err error
}

func (t *timelineText) put(color ink, text string) { t.line.tail(color, text) }

func (t *timelineText) end() {
	if t.err == nil {
		t.err = t.flush(t.w)
	}
	t.line.reset()
}

func (t *timelineText) boot(b *workbench.Boot) {
	t.put(inkHeader, fmt.Sprintf("Boot %d", b.Number))
	t.put("", "  "+shorten(endText(b), timelineWidth-10))
	t.end()
	spans := stageSpans(b)
	if len(spans) == 0 {
		t.put(inkDim, "  no time stamps: nothing can be drawn")
		t.end()
		t.end()
		return
	}
	end := spans[len(spans)-1].end
	start := spans[0].start
	for _, s := range spans {
		t.put("", fmt.Sprintf("  %-16s %9.3f s %9.3f s  ", s.name, s.start.Seconds(), (s.end-s.start).Seconds()))
		t.put(inkLine, bar(s.start-start, s.end-start, end-start))
		t.end()
	}
	sp := &b.Spent
	if len(sp.Gaps) > 0 {
		t.put(inkHeader, "  Longest silences")
		t.end()
		for i := range sp.Gaps {
			g := &sp.Gaps[i]
			t.put("", fmt.Sprintf("  %9.3f s before line %d  ", g.Length.Seconds(), g.To.Line))
			t.put(inkLine, bar(g.Start-start, g.Start+g.Length-start, end-start))
			t.end()
			t.put("", fmt.Sprintf("%14s%s", "", shorten(g.To.Quote, timelineWidth-14)))
			t.end()
			if g.Lost > 0 {
				t.put(inkWarn, fmt.Sprintf("%14s%s lost in it: it need not be a silence", "", count(g.Lost, "record")))
				t.end()
			}
			if g.At.Path != "" {
				t.put("", fmt.Sprintf("%14s", ""))
				t.put(inkPath, shorten(g.At.Path, timelineWidth-22))
				t.put("", ":")
				t.put(inkLine, strconv.Itoa(g.At.Line))
				t.end()
			}
		}
	}
	t.calls("Slowest initcalls", sp.Initcalls, sp.InitcallCount, sp.InitcallTime)
	t.calls("Slowest probes", sp.Probes, sp.ProbeCount, sp.ProbeTime)
	t.calls("Did not return", sp.Unfinished, len(sp.Unfinished), 0)
	t.end()
}

// calls draws calls to the scale of the slowest.
func (t *timelineText) calls(title string, list []workbench.BootCall, n int, total time.Duration) {
	if len(list) == 0 {
		return
	}
	t.put(inkHeader, "  "+title)
	text := fmt.Sprintf(" (%d of %s", min(callsShown, len(list)), thousands(n))
	if total > 0 {
		text += fmt.Sprintf(", %.3f s in all", total.Seconds())
	}
	t.put(inkDim, text+")")
	t.end()
	for i := range min(callsShown, len(list)) {
		c := &list[i]
		note := ""
		if c.Result != "" && c.Result != "0" {
			note = "returned " + c.Result + "  "
		}
		t.put("", fmt.Sprintf("  %9.3f s  %-28s ", c.Took.Seconds(), shorten(c.Name, 28)))
		t.put(inkLine, strings.Repeat("█", share(c.Took, list[0].Took, 20))+" ")
		t.put(inkWarn, shorten(note, 15))
		t.end()
	}
}

// span is a stage with its end.
type span struct {
	name       string
	start, end time.Duration
}

// stageSpans gives the stages of a boot that have times: the kernel's, or where
// it has none, those of the capture tool from the boot's start on.
func stageSpans(b *workbench.Boot) []span {
	var list []span
	last := b.LastTime
	host := !b.HasTime
	var origin int64
	for i := range b.Stages {
		s := &b.Stages[i]
		at := s.FirstTime
		if host {
			if s.HostClock == 0 {
				return nil
			}
			if len(list) == 0 {
				origin = s.HostTime
				last = b.Span.Duration
			}
			at = time.Duration(s.HostTime - origin)
		} else if !s.HasTime {
			continue
		}
		if n := len(list); n > 0 {
			at = max(at, list[n-1].start)
			list[n-1].end = at
		}
		list = append(list, span{name: s.ID.String(), start: at, end: max(at, last)})
	}
	return list
}

// bar draws a stretch of a whole in barWidth characters.
func bar(from, to, whole time.Duration) string {
	if whole <= 0 {
		return ""
	}
	a := min(share(from, whole, barWidth), barWidth-1)
	b := max(a+1, min(share(to, whole, barWidth), barWidth))
	return strings.Repeat("·", a) + strings.Repeat("█", b-a) + strings.Repeat("·", barWidth-b)
}

// share is the part of a whole in a number of steps.
func share(part, whole time.Duration, steps int) int {
	if whole <= 0 || part <= 0 {
		return 0
	}
	return int(float64(steps)*float64(part)/float64(whole) + 0.5)
}
