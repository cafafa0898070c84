package boots

import (
	"strings"
	"time"

	"dekho/internal/klog"
)

// This file reckons times: from the kernel's stamps, from those of the capture
// tool, and where there are neither, from what records say.

// wallClock is what the records of a boot say about the time of day, and about
// how long it took.
type wallClock struct {
	told    int64 // nanoseconds since 1970, 0 if nothing
	at      time.Duration
	timed   bool
	startup time.Duration // until user space was up, as systemd reckons it
}

// clockSetSince is a year in which no such kernel ran: a clock that lost its
// battery starts from 1970 or 2000.
const clockSetSince = 2008

// add reads "rtc0: setting system clock to 2024-02-29T12:00:03 UTC (1709208003)"
// and "Startup finished in 2.1s (kernel) + 3.4s (userspace) = 5.5s.".
func (w *wallClock) add(rec *klog.Record) {
	if w.told == 0 {
		if _, v, ok := strings.Cut(rec.Text, "setting system clock to "); ok {
			v, _, _ = strings.Cut(v, " UTC")
			for _, layout := range [...]string{"2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
				if t, err := time.Parse(layout, v); err == nil && t.Year() >= clockSetSince {
					w.told, w.at, w.timed = t.UnixNano(), rec.Time, rec.HasTime
				}
			}
		}
	}
	if w.startup == 0 {
		if _, v, ok := strings.Cut(rec.Text, "Startup finished in "); ok {
			if _, sum, ok := strings.Cut(v, " = "); ok {
				w.startup = parseSpan(strings.TrimRight(sum, ". "))
			}
		}
	}
}

// parseSpan reads "1min 5.204s".
func parseSpan(s string) time.Duration {
	d, err := time.ParseDuration(strings.ReplaceAll(strings.ReplaceAll(s, "min", "m"), " ", ""))
	if err != nil || d < 0 {
		return 0
	}
	return d
}

// span is how long the boot lasted.
func (r *run) span(b *klog.Boot) Span {
	switch {
	case b.HasTime && !b.StartMissing:
		return Span{b.LastTime, SpanKernel}
	case b.HasTime:
		return Span{b.LastTime - b.FirstTime, SpanKernel}
	case r.clock != klog.ClockNone && r.lastHost > r.firstHost:
		return Span{time.Duration(r.lastHost - r.firstHost), SpanHost}
	case r.wall.startup > 0:
		return Span{r.wall.startup, SpanEstimate}
	}
	return Span{}
}

// started is the time of day at which the boot started, and whether that is an
// estimate.
func (r *run) started(b *klog.Boot) (at int64, estimated bool) {
	switch {
	case r.clock == klog.ClockWall && !b.StartMissing:
		return r.firstHost, false
	case r.clock == klog.ClockWall && b.HasTime:
		return r.firstHost - int64(b.FirstTime), true
	case r.wall.told != 0 && r.wall.timed:
		return r.wall.told - int64(r.wall.at), true
	}
	return 0, false
}
