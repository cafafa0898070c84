package boots

import (
	"slices"
	"strings"
	"time"

	"dekho/internal/klog"
)

// This file decides how a boot ended.

const (
	// nearEnd is how many records may follow a failure of the kernel for it to be
	// what the boot ended with: its dump, and that of a further one.
	nearEnd = 200
	// nearEndByUser is how many of these may be user space's.
	nearEndByUser = 3
)

// end decides how a boot ended. next is the boot behind it, nil if there is none.
func (r *run) end(b *klog.Boot, next *run, nextBoot *klog.Boot) End {
	e := End{Stage: r.stage, Repeat: r.repeating.result()}
	if r.last.Line != 0 {
		e.Last = factOf(&r.last, "the last record")
	}
	if next != nil && r.clock != klog.ClockNone && next.clock == r.clock && r.last.HostClock == r.clock {
		e.Silent = max(0, time.Duration(next.firstHost-r.last.Host))
	}
	switch {
	case r.lastWords(&e, next, nextBoot):
	case r.asked(&e, next, nextBoot):
	case next != nil:
		r.restarted(&e, next, nextBoot)
	default:
		r.stopped(&e, b)
	}
	switch e.Kind {
	case NoKernel, Reset, Silence, CutOff:
		// Where nobody says how it ends, the last words are evidence.
		if e.Last.Known() && !slices.ContainsFunc(e.Evidence, func(f klog.Fact) bool { return f.Start == e.Last.Start }) {
			e.Evidence = append(e.Evidence, e.Last)
		}
	}
	return e
}

// say adds the evidence of a sign, the last such record, and reports whether
// there is one.
func (r *run) say(e *End, m meaning) bool {
	h := r.hit(m)
	if h == nil {
		return false
	}
	e.Evidence = append(e.Evidence, h.last)
	return true
}

// isLate reports whether the kernel said little behind such a record: where it
// goes on for long, that was no end.
func (r *run) isLate(h *hit) bool { return r.byKernel-h.at <= nearEnd }

// followed says what came after an end that leads to another start.
func followed(next *run, nextBoot *klog.Boot) Next {
	switch {
	case next == nil:
		return NextUnknown
	case nextBoot.Opened == klog.OpenedByBanner || nextBoot.Opened == klog.OpenedByTime || nextBoot.Opened == klog.OpenedByHandover:
		return NextKernel
	}
	return NextRestart
}

// lastWords is for a kernel that says itself that it ends.
func (r *run) lastWords(e *End, next *run, nextBoot *klog.Boot) bool {
	if h := r.hit(panicked); h != nil {
		// The first panic counts: a second one comes of the first.
		e.Kind, e.Evidence = Panic, []klog.Fact{h.first}
		crash := r.say(e, crashKernel)
		if k := r.hit(kexec); k != nil && k.last.Start > h.first.Start {
			crash = r.say(e, kexec)
		}
		willRestart := r.say(e, restarting)
		stands := r.say(e, panicEnd)
		switch {
		case crash && next != nil && followed(next, nextBoot) == NextKernel:
			e.Next = NextCrashKernel
		case next != nil:
			e.Next = NextRestart
		case stands && !willRestart:
			e.Next = NextHalt
		}
		return true
	}
	// What came last counts: a machine that was to be switched off and could not
	// is halted.
	kind, at := Unknown, int64(-1)
	var means meaning
	for _, c := range [...]struct {
		means meaning
		kind  Kind
	}{{kexec, Kexec}, {restart, Reboot}, {powerOff, PowerOff}, {halt, Halt}, {watchdogFired, Watchdog}} {
		if h := r.hit(c.means); h != nil && h.last.Start > at && r.isLate(h) {
			kind, at, means = c.kind, h.last.Start, c.means
		}
	}
	if kind == Unknown || kind == Kexec && r.failedAfter(at) && followed(next, nextBoot) != NextKernel {
		return false // on its way to the new kernel the old one failed
	}
	e.Kind = kind
	r.say(e, means)
	if h := r.hit(overheated); h != nil {
		e.Evidence = append(e.Evidence, h.first)
	}
	e.Next = followed(next, nextBoot)
	switch kind {
	case Kexec:
		switch e.Next {
		case NextUnknown:
			e.Next, e.Likely = NextNothing, true
		case NextRestart:
			// Firmware speaks where the new kernel was to.
			e.Next = NextNothing
		}
	case Reboot, Watchdog, PowerOff:
		if e.Next == NextKernel {
			e.Next = NextRestart
		}
	case Halt:
		if e.Next == NextUnknown {
			e.Next = NextHalt
		}
	}
	return true
}

// asked is for a user space that says it ends, and a kernel that is quiet.
func (r *run) asked(e *End, next *run, nextBoot *klog.Boot) bool {
	for _, c := range [...]struct {
		means meaning
		kind  Kind
	}{{wantKexec, Kexec}, {wantReboot, Reboot}, {wantPowerOff, PowerOff}, {wantHalt, Halt}, {wantEnd, Reboot}} {
		h := r.hit(c.means)
		if h == nil || !r.isLate(h) || c.means == wantKexec && r.failedAfter(h.last.Start) && followed(next, nextBoot) != NextKernel {
			continue
		}
		if r.say(e, c.means) {
			e.Kind, e.Next = c.kind, followed(next, nextBoot)
			e.Likely = c.means == wantEnd
			if e.Next == NextKernel && c.kind != Kexec {
				e.Next = NextRestart
			}
			return true
		}
	}
	return false
}

// failedAfter reports whether the kernel failed behind an offset of the log.
func (r *run) failedAfter(at int64) bool {
	h := r.hit(fault)
	return h != nil && h.last.Start > at
}

// failed reports whether the kernel failed so late that the boot ended with it,
// and adds the evidence: the first failure, for the others come of it, and the
// last.
func (r *run) failed(e *End) bool {
	if r.since > nearEnd || r.sinceByUser > nearEndByUser || isPrompt(&r.last) {
		return false
	}
	n := len(e.Evidence)
	if h := r.hit(fault); h != nil {
		e.Evidence = append(e.Evidence, h.first)
	}
	if h := r.hit(lockup); h != nil {
		e.Evidence = append(e.Evidence, h.last)
	}
	return len(e.Evidence) > n
}

// restarted is for a machine that started over while nobody had said so.
func (r *run) restarted(e *End, next *run, nextBoot *klog.Boot) {
	e.Next = NextRestart
	if h := next.hit(resetCause); h != nil && byWatchdog(h.first.Quote) {
		e.Kind, e.Evidence = Watchdog, []klog.Fact{h.first}
		r.failed(e)
		return
	}
	if nextBoot.Opened == klog.OpenedByJournal {
		// Its writer is stopped before the kernel ends.
		e.Kind = Unknown
		r.failed(e)
		return
	}
	if r.say(e, watchdogLeft) {
		e.Kind, e.Likely = Watchdog, true
		return
	}
	e.Kind = Reset
	r.failed(e)
	r.say(e, watchdogArmed)
	if h := next.hit(resetCause); h != nil {
		e.Evidence = append(e.Evidence, h.first)
	}
}

// stopped is for the last boot of a capture, of which nobody said that it ends.
func (r *run) stopped(e *End, b *klog.Boot) {
	switch {
	case !b.Kernel:
		e.Kind = NoKernel
		if b.HandedOver {
			e.Kind, e.Next, e.Likely = Silence, NextNothing, true
			break
		}
		// After another boot the capture may only end with the restart.
		e.Likely = !r.say(e, loaderFailed) && b.Number > 1
		if isPrompt(&r.last) {
			e.Evidence = append(e.Evidence, factOf(&r.last, "the boot loader waits for input"))
		}
	case r.stage < UserSpace && r.cut && !r.leveled:
		e.Kind = CutOff
		r.failed(e)
	case r.failed(e):
		e.Kind, e.Next = Silence, NextNothing
		e.Likely = r.stage >= UserSpace
	case r.stage >= UserSpace && r.byUser == 0 && r.userRecords() <= initWords && !r.leveled:
		e.Kind, e.Next, e.Likely = Silence, NextNothing, true
	case r.stage >= UserSpace:
		e.Kind = Running
		if !r.say(e, stuckShell) {
			r.say(e, waiting)
		}
		if isPrompt(&r.last) {
			e.Evidence = append(e.Evidence, factOf(&r.last, "user space waits for input"))
		}
		for i := range r.stages {
			if r.stages[i].ID == UserSpace {
				f := r.stages[i].First
				f.Value = "user space was reached"
				e.Evidence = append(e.Evidence, f)
			}
		}
	case r.leveled || b.StartMissing && b.LastTime > lateInLife:
		// Somebody read the kernel's log; or it is long past its boot.
		e.Kind, e.Likely = Running, true
	default:
		e.Kind, e.Next, e.Likely = Silence, NextNothing, true
		r.say(e, waiting)
	}
}

// initWords is how many records may follow the start of init, all of the
// kernel's, for init not to have spoken at all.
const initWords = 4

// userRecords counts the records since init was started.
func (r *run) userRecords() int64 {
	n := int64(0)
	for i := range r.stages {
		if r.stages[i].ID >= UserSpace {
			n += r.stages[i].Records
		}
	}
	return n
}

// lateInLife is when a boot whose start and user space the capture does not show
// has come to its end, one way or the other.
const lateInLife = 5 * time.Minute

// maxPrompt is how long a prompt can be.
const maxPrompt = 80

// isPrompt reports whether a line waits for a person: a login, a shell, a boot
// loader.
func isPrompt(rec *klog.Record) bool {
	if rec.Origin == klog.OriginKernel || len(rec.Text) > maxPrompt {
		return false
	}
	t := strings.TrimRight(rec.Text, " ")
	for _, end := range [...]string{"login:", "#", "$", ">", "Password:"} {
		if strings.HasSuffix(t, end) {
			return true
		}
	}
	return false
}
