package boots

import (
	"slices"
	"strings"

	"dekho/internal/klog"
)

// This file watches the records of a boot go by and keeps those that tell how it
// goes.

const (
	// maxBoots bounds how many boots are remembered besides the last one, as in
	// package klog.
	maxBoots = 10000
	// maxQuote bounds the text kept of a record.
	maxQuote = 400
	// maxRemarks bounds the remarks on a boot.
	maxRemarks = 8
)

// Tracker watches records. The zero value is ready to use; it is used by one
// goroutine.
type Tracker struct {
	runs []run // those before the current one, the first maxBoots
	cur  *run
}

// run is a boot as it is being watched.
type run struct {
	number int
	stage  StageID
	stages []Stage
	hits   []hit
	// remarks are about processors, each once.
	remarks []klog.Fact
	// last is the last record with a text, without Dict.
	last klog.Record
	// cut says that the capture holds no line end behind last; leveled, that the
	// records carry levels: then they were read from the kernel's log, by user
	// space.
	cut, leveled bool
	// since counts the records since the kernel failed last, and those of user
	// space among them.
	since, sinceByUser int64
	// byUser and byKernel count the records of user space and of the kernel.
	byUser, byKernel int64
	// firstHost and lastHost are the first and the greatest stamp of the capture
	// tool, on clock.
	firstHost, lastHost int64
	clock               klog.Clock
	wall                wallClock
	repeating           repeating
	clocked             *clocked
}

// hit is what signs of one meaning were seen.
type hit struct {
	means       meaning
	first, last klog.Fact
	// at is how many records of the kernel there were up to last.
	at int64
}

// factOf is a record as evidence for why.
func factOf(rec *klog.Record, why string) klog.Fact {
	return klog.Fact{Value: why, Quote: shortened(rec.Text), Line: rec.Line, Start: rec.Start, End: rec.End}
}

// shortened is a text as far as it is kept.
func shortened(text string) string {
	if len(text) <= maxQuote {
		return text
	}
	return strings.ToValidUTF8(text[:maxQuote], "") + "…"
}

// Add takes the next record of the capture, and the statement that printed it as
// far as it is known.
func (t *Tracker) Add(rec *klog.Record, at Place) {
	if t.cur == nil || t.cur.number != rec.Boot {
		if t.cur != nil && len(t.runs) < maxBoots {
			t.cur.condense(len(t.runs) < detailedBoots)
			t.runs = append(t.runs, *t.cur)
		}
		t.cur = &run{number: rec.Boot, clocked: &clocked{}}
	}
	t.cur.add(rec, at)
}

// condense lets go of what is not needed of a boot that is over: there may be
// many, and records may be long.
func (r *run) condense(detailed bool) {
	r.last.Text = shortened(r.last.Text)
	if detailed {
		r.clocked.before, r.clocked.pending = klog.Record{}, slices.Clone(r.clocked.pending)
	} else {
		r.clocked = nil
	}
}

func (r *run) add(rec *klog.Record, at Place) {
	if rec.HostClock != klog.ClockNone {
		if r.clock == klog.ClockNone {
			r.firstHost, r.clock = rec.Host, rec.HostClock
		}
		if rec.HostClock == r.clock {
			r.lastHost = max(r.lastHost, rec.Host)
		}
	}
	if rec.Flags.Has(klog.FlagReplay) || rec.Origin == klog.OriginCapture {
		return
	}
	blank := strings.TrimSpace(rec.Text) == ""
	if rec.Origin == klog.OriginKernel {
		r.byKernel++
	}
	var s *sign
	if !blank && !rec.Flags.Has(klog.FlagGarbled) {
		s = signOf(rec.Text, speakers(rec))
	}
	if s != nil {
		r.note(rec, s)
	}
	r.enter(rec, s, blank)
	r.wall.add(rec)
	if n, ok := klog.Dropped(rec.Text); ok {
		r.clocked.lost += n
	} else if rec.HasTime && !rec.Flags.Has(klog.FlagContinuation) {
		r.clocked.add(rec, at, r.stage)
	}

	r.since++
	if rec.Origin == klog.OriginUserSpace && !blank {
		r.sinceByUser++
		r.byUser++
	}
	if rec.Level != klog.NoLevel && rec.Origin == klog.OriginKernel {
		r.leveled = true
	}
	r.cut = rec.Flags.Has(klog.FlagUnterminated)
	below := rec.Origin == klog.OriginFirmware || rec.Origin == klog.OriginBootLoader
	if blank || below && rec.Phase >= klog.PhaseKernel {
		return
	}
	r.last = *rec
	r.last.Dict = nil
	r.repeating.add(rec)
}

// note keeps a record that says something.
func (r *run) note(rec *klog.Record, s *sign) {
	switch s.means {
	case initcalls, decompressing:
		return
	case processor:
		if len(r.remarks) < maxRemarks {
			r.remarks = append(r.remarks, factOf(rec, s.why))
		}
		return
	case fault, lockup:
		r.since, r.sinceByUser = 0, 0
	}
	f := factOf(rec, s.why)
	if h := r.hit(s.means); h != nil {
		h.last, h.at = f, r.byKernel
		return
	}
	r.hits = append(r.hits, hit{s.means, f, f, r.byKernel})
}

// hit is what was seen of a meaning, nil if nothing.
func (r *run) hit(m meaning) *hit {
	for i := range r.hits {
		if r.hits[i].means == m {
			return &r.hits[i]
		}
	}
	return nil
}

// enter moves the boot on to the stage that a record belongs to.
func (r *run) enter(rec *klog.Record, s *sign, blank bool) {
	means := nothing
	if s != nil {
		means = s.means
	}
	stage := r.stage
	switch rec.Phase {
	case klog.PhaseFirmware:
		stage = Firmware
	case klog.PhaseBootLoader:
		if means == decompressing || r.stage == Decompressor {
			stage = Decompressor
		} else {
			stage = BootLoader
		}
	case klog.PhaseKernel:
		stage = max(stage, EarlyKernel)
		if means == initcalls {
			stage = Initcalls
		}
	case klog.PhaseUserSpace:
		stage = max(stage, UserSpace)
	}
	switch means {
	case restart, powerOff, halt, kexec, wantEnd, wantReboot, wantPowerOff, wantHalt, wantKexec:
		if stage >= UserSpace {
			stage = Shutdown
		}
	}
	// Within a boot stages only go on, unless the firmware starts over before a
	// kernel runs.
	if stage != r.stage && (stage > r.stage || stage <= BootLoader && r.stage <= Decompressor) {
		if blank {
			return
		}
		r.stage = stage
		known := false
		for i := range r.stages {
			known = known || r.stages[i].ID == stage
		}
		if !known {
			r.stages = append(r.stages, Stage{ID: stage, First: factOf(rec, ""), HasTime: rec.HasTime, FirstTime: rec.Time, HostTime: rec.Host, HostClock: rec.HostClock})
		}
	}
	for i := range r.stages {
		if r.stages[i].ID == r.stage {
			r.stages[i].Records++
		}
	}
}

// Finish says how the boots of the capture went. The list is that of package
// klog, of the same capture.
func (t *Tracker) Finish(list []klog.Boot) []Boot {
	runs := t.runs
	if t.cur != nil {
		runs = append(runs[:len(runs):len(runs)], *t.cur)
	}
	byNumber := make(map[int]*run, len(runs))
	for i := range runs {
		byNumber[runs[i].number] = &runs[i]
	}
	out := make([]Boot, len(list))
	for i := range list {
		out[i].Boot = list[i]
		r := byNumber[list[i].Number]
		if r == nil {
			continue
		}
		var next *run
		var nextBoot *klog.Boot
		if i+1 < len(list) {
			next, nextBoot = byNumber[list[i+1].Number], &list[i+1]
		}
		b := &out[i]
		b.Stages, b.Remarks = r.stages, r.remarks
		if h := r.hit(resetCause); h != nil {
			b.ResetCause = h.first
		}
		b.End = r.end(&list[i], next, nextBoot)
		if i > 0 {
			before := &out[i-1].End
			b.End.AfterKexec = before.Next == NextKernel && before.Kind == Kexec || before.Next == NextCrashKernel
		}
		b.Span = r.span(&list[i])
		b.Started, b.StartEstimated = r.started(&list[i])
		if r.clocked != nil {
			b.Spent = r.clocked.finish(list[i].LastTime)
		}
	}
	return out
}
