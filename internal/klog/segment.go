package klog

import (
	"slices"
	"strings"
	"time"
)

// This file cuts the sequence of records into boots, in one pass: a record's
// boot is known when the record is delivered. Where a line alone does not
// tell (a time stamp that falls back), the records already read ahead do.

// Boot is one run of the machine: firmware, boot loader, kernel, user space,
// as much of it as the capture holds. Boots are counted by kernels: what leads
// to a kernel belongs to its boot, however often the firmware restarted. A
// last boot may have firmware alone.
type Boot struct {
	Number int // from 1
	// Kernel says that a kernel ran.
	Kernel bool
	// StartMissing says that a kernel ran whose start the capture does not
	// hold.
	StartMissing bool
	// FirmwareStarts counts the starts of the machine seen before the kernel.
	FirmwareStarts int
	// HandedOver says that the boot loader has spoken its last words: a kernel
	// was entered, whether or not it spoke.
	HandedOver bool
	// Opened says why the boot starts where it does.
	Opened Opening
	// ID is the journal's boot id, or "".
	ID string

	FirstLine, LastLine int   // physical lines
	Start, End          int64 // bytes of the capture
	// KernelLine is the line of the first record of the kernel, UserLine of
	// the first of user space; 0 if there is none.
	KernelLine, UserLine int

	Records       int64
	KernelRecords int64 // of OriginKernel

	// FirstTime and LastTime are the first and the greatest kernel time
	// stamp, if HasTime.
	HasTime             bool
	FirstTime, LastTime time.Duration

	// Replays are the parts of its log that were printed once more.
	Replays []Replay
	// Falls counts how often the kernel's time fell back by more than CPUs that
	// race for the console explain, while it went on as before: several consoles
	// or kernels are mixed into one capture. FirstFall is the line of the first.
	Falls     int64
	FirstFall int

	// Version is the kernel's release ("6.1.0-18-amd64"), from its banner
	// (then Quote is the whole banner) or from a call trace.
	Version Fact
	// Machine is the board or computer as device tree or DMI name it.
	Machine Fact
	// CommandLine is the kernel's command line.
	CommandLine Fact
	// Arch is a guess at the architecture.
	Arch Arch
}

// Opening says why a boot starts at its first record.
type Opening uint8

const (
	// OpenedByCapture: it is the first of the capture.
	OpenedByCapture Opening = iota
	// OpenedByFirmware, OpenedByLoader: firmware or boot loader started while
	// a kernel ran.
	OpenedByFirmware
	OpenedByLoader
	// OpenedByHandover: a boot loader's or decompressor's last words before
	// another kernel.
	OpenedByHandover
	// OpenedByBanner: another kernel's first messages.
	OpenedByBanner
	// OpenedByTime: the kernel's time fell back.
	OpenedByTime
	// OpenedByJournal: the journal says so.
	OpenedByJournal
)

var openingNames = [...]string{"capture starts", "firmware started", "boot loader started", "kernel entered", "kernel banner", "time fell back", "journal boot id"}

// String is the reason as shown to people.
func (o Opening) String() string {
	if int(o) < len(openingNames) {
		return openingNames[o]
	}
	return "unknown"
}

// boot is a Boot in the making.
type boot struct {
	Boot
	bannerSeen    bool // "Linux version"
	entrySeen     bool // "Booting Linux on physical CPU"
	cmdlineFinal  bool
	machineWeight uint8
	stage         *banner // of the firmware, the one reached last
	phase         Phase
	ended         bool // the kernel's last message was that it ends
	afterKernel   bool // the record before is the kernel's, with a time stamp
	takeover      bool // the record before says that a console takes over
	arch          archTally
	seen          seenRecords
}

const (
	// maxBoots bounds how many boots are kept besides the current one: an
	// endless capture of a boot loop must not fill the memory. Numbers go on.
	maxBoots = 10000
	// earlyTime is how early in its life a kernel's first record in the
	// capture must be to count as a start by its time alone.
	earlyTime = time.Second
	// earlyFall is how far the time must fall back to such a record.
	earlyFall = time.Second
	// lateFall is how far it must fall for a boot whose start was lost.
	lateFall = 20 * time.Second
)

// segmenter assigns records to boots.
type segmenter struct {
	done   []Boot // all but the current one, up to maxBoots
	cur    *boot
	number int
	// replayUntil is the greatest time of the records that are being printed
	// once more, while replaying.
	replaying   bool
	replayFirst bool // of the record at hand: it is the first
	replayed    bool // the record before was printed once more
	replayUntil time.Duration
	// ahead calls f for the lines that follow, as far as they are in memory
	// and no more than max, until it returns false. It returns how many.
	ahead func(max int, f func(p *prefix, text []byte) bool) int
	// budget is how many lines may be looked at ahead: a capture of several
	// consoles mixed must not make that the main work.
	budget int
}

// list returns the boots so far.
func (s *segmenter) list() []Boot {
	out := append([]Boot(nil), s.done...)
	if s.cur != nil {
		out = append(out, s.cur.finished())
	}
	return out
}

// finished is the boot as far as it is known.
func (b *boot) finished() Boot {
	f := b.Boot
	f.Arch = b.arch.guess()
	f.Replays = slices.Clone(b.Replays)
	return f
}

// open starts a new boot with rec as its first record.
func (s *segmenter) open(rec *Record, why Opening) {
	if s.cur != nil {
		if len(s.done) < maxBoots {
			s.done = append(s.done, s.cur.finished())
		}
	}
	s.number++
	s.replaying = false
	b := &boot{Boot: Boot{Number: s.number, Opened: why, FirstLine: rec.Line, Start: rec.Start}}
	if s.cur != nil {
		// The memory of the one before.
		b.seen = s.cur.seen
		b.seen.next()
	}
	s.cur = b
}

// place gives a record its boot, its phase, and what the boot tells about its
// origin. Records come in the order of the capture.
func (s *segmenter) place(rec *Record, bootID string) {
	said := &noBanner
	if rec.Origin == OriginUnknown {
		said = bannerOf(rec.Text)
		if said == &noBanner && rec.HostClock != ClockNone {
			// LAVA puts two spaces behind its stamps.
			said = bannerOf(strings.TrimPrefix(rec.Text, " "))
		}
		if said.kind == bannerCapture {
			rec.Origin = OriginCapture
			if id := journalBootID(rec.Text); id != "" {
				bootID = id
			}
		}
	}
	if s.cur == nil {
		s.open(rec, OpenedByCapture)
	} else if why := s.opens(rec, said.kind, bootID); why != OpenedByCapture {
		s.open(rec, why)
	}
	b := s.cur
	if bootID != "" {
		b.ID = bootID
	}
	if s.replays(rec) {
		rec.Flags |= FlagReplay
		b.again(rec, s.replayFirst || !s.replayed)
		s.replayFirst = false
	}
	s.replayed = rec.Flags&FlagReplay != 0
	b.judge(rec, said)
	rec.Boot, rec.Phase = b.Number, b.phase

	if rec.Flags&FlagContinuation == 0 {
		b.afterKernel = rec.Origin == OriginKernel && rec.HasTime
	}
	if !b.HasTime && b.Kernel && rec.Text != "" && rec.Flags&FlagReplay == 0 {
		b.takeover = takesOver(rec.Text)
		b.seen.add(0, rec.Text, rec.Line)
	}
	s.budget = min(s.budget+lookAhead, maxBudget)
	b.Records++
	b.LastLine, b.End = rec.Line, rec.End
	if rec.Origin == OriginKernel {
		b.KernelRecords++
	}
	if rec.Flags&FlagReplay == 0 && (rec.Origin == OriginKernel || rec.Origin == OriginUnknown && !b.HasTime && b.phase == PhaseKernel) {
		b.gather(rec)
		b.arch.add(rec)
	}
}

// replays reports whether a record is printed once more.
func (s *segmenter) replays(rec *Record) bool {
	b := s.cur
	switch {
	case rec.HasTime:
		// One that is of an earlier time and was seen is a part of the log that
		// somebody looks at.
		return s.replaying || rec.Time > chanceTime && (rec.Time < b.LastTime || s.replayed && rec.Time == b.LastTime) && b.seen.has(rec.Time, rec.Text)
	case !s.replaying || b.HasTime:
		return false
	}
	s.replaying = b.seen.has(0, rec.Text)
	return s.replaying
}

// takesOver matches what the kernel says when a console begins to print, which
// may begin with all that was said before.
func takesOver(text string) bool {
	return strings.Contains(text, "console [") && (strings.HasSuffix(text, "] enabled") || strings.HasSuffix(text, "] disabled"))
}

// opens decides whether rec is the first of a new boot, and why.
// OpenedByCapture means that it is not.
func (s *segmenter) opens(rec *Record, kind bannerKind, bootID string) Opening {
	b := s.cur
	if bootID != "" && b.ID != bootID && (b.ID != "" || b.Kernel) {
		return OpenedByJournal
	}
	if !b.Kernel {
		return OpenedByCapture
	}
	if kind.starts() {
		switch kind {
		case bannerFirmware:
			return OpenedByFirmware
		case bannerLoader:
			return OpenedByLoader
		}
		return OpenedByHandover
	}
	if rec.Origin != OriginKernel {
		if rec.Origin == OriginUnknown && !b.HasTime {
			return s.opensUntimed(rec)
		}
		return OpenedByCapture
	}
	if !rec.HasTime {
		if !b.HasTime {
			return s.opensUntimed(rec)
		}
		return OpenedByCapture
	}
	return s.opensByTime(rec)
}

// opensUntimed decides for a record of a kernel without time stamps.
func (s *segmenter) opensUntimed(rec *Record) Opening {
	b := s.cur
	switch {
	case !b.entered(rec.Text) || s.replaying:
		return OpenedByCapture
	case b.takeover && b.seen.has(0, rec.Text):
		s.replaying, s.replayFirst = true, true
		return OpenedByCapture
	}
	return OpenedByBanner
}

// entered reports whether text is the first message of a kernel, in a boot
// whose kernel has printed it before.
func (b *boot) entered(text string) bool {
	if _, ok := cutVersion(text); ok {
		return b.bannerSeen
	}
	return strings.HasPrefix(text, "Booting Linux on physical CPU") && (b.bannerSeen || b.entrySeen)
}

// opensByTime decides for a record of the kernel with a time stamp.
func (s *segmenter) opensByTime(rec *Record) Opening {
	b := s.cur
	if s.replaying {
		if rec.Time <= s.replayUntil && (rec.Time == 0 || b.seen.has(rec.Time, rec.Text)) {
			return OpenedByCapture
		}
		s.replaying = false
	}
	if !b.HasTime {
		return OpenedByCapture
	}
	fall := b.LastTime - rec.Time
	banner := rec.Time < earlyTime && b.entered(rec.Text)
	if !banner && fall < earlyFall {
		return OpenedByCapture
	}
	if !banner && rec.Time >= earlyTime && fall < lateFall {
		if !b.seen.has(rec.Time, rec.Text) { // else somebody looks at the log
			b.fell(rec)
		}
		return OpenedByCapture
	}
	// Printed once more (dmesg on the console), another console's, or another
	// boot: what follows tells.
	again, fresh, back := 0, 0, 0
	if rec.Time > chanceTime && b.seen.has(rec.Time, rec.Text) {
		again++
	}
	before := rec.Time
	s.budget -= s.ahead(s.budget, func(p *prefix, text []byte) bool {
		t := time.Duration(p.time)
		if !p.hasTime || t == 0 || len(text) == 0 {
			return true
		}
		step := t - before
		before = t
		switch {
		case !banner && step > fall/2 && t >= b.LastTime-fall/4:
			back++
		case t > b.LastTime || step < -earlyFall:
			return false // what is printed once more ends before
		case !b.seen.has(t, string(text)):
			fresh++
		case t > chanceTime:
			again++
		}
		return again+fresh+back < lookAhead
	})
	switch {
	case again > 2*fresh && !b.ended:
		s.replaying, s.replayFirst, s.replayUntil = true, true, b.LastTime
		return OpenedByCapture
	case !banner && !b.ended && back > 0 && back*4 >= fresh+again:
		b.fell(rec)
		return OpenedByCapture
	case banner:
		return OpenedByBanner
	case rec.Time >= earlyTime && fresh < 3:
		return OpenedByCapture
	}
	return OpenedByTime
}

// fell notes that the time fell back, and the kernel did not start anew.
func (b *boot) fell(rec *Record) {
	if b.Falls++; b.Falls == 1 {
		b.FirstFall = rec.Line
	}
}

// Mixed reports whether the time fell back so often that the boot's records are
// those of several consoles or kernels.
func (b *Boot) Mixed() bool { return b.Falls >= mixedFalls && b.Falls*mixedRecords >= b.KernelRecords }

// What makes a mixture: so many falls, and one in so many records.
const (
	mixedFalls   = 8
	mixedRecords = 50
)

const (
	// lookAhead is how many records decide about one that falls back in time.
	lookAhead = 16
	// chanceTime is how early a record may repeat to the microsecond in
	// another boot.
	chanceTime = 50 * time.Millisecond
	// maxBudget is how many lines may be looked through for them.
	maxBudget = 2000
)

// judge moves the boot's phase on and settles the record's origin.
func (b *boot) judge(rec *Record, said *banner) {
	if said.stage != 0 && !b.Kernel {
		// The stages come in order; a second time, the machine restarted.
		if b.stage == nil || said.stage < b.stage.stage || said == b.stage {
			b.FirmwareStarts++
			b.HandedOver = false
			b.phase = PhaseUnknown
		}
		b.stage = said
	}
	switch said.kind {
	case bannerFirmware, bannerFirmwareLine:
		rec.Origin = OriginFirmware
		b.phase = max(b.phase, PhaseFirmware)
		return
	case bannerLoader, bannerHandover:
		rec.Origin = OriginBootLoader
		b.phase = max(b.phase, PhaseBootLoader)
		b.HandedOver = b.HandedOver || said.kind == bannerHandover
		return
	case bannerLoaderLine:
		if !b.Kernel {
			rec.Origin = OriginBootLoader
			b.phase = max(b.phase, PhaseBootLoader)
			return
		}
	}
	switch rec.Origin {
	case OriginKernel:
		if rec.Facility == NoFacility && rec.Flags&FlagDict == 0 && writtenByUserSpace(rec.Text, b.phase) {
			rec.Origin = OriginUserSpace
		}
	case OriginUnknown:
		b.judgeUnknown(rec)
	}
	switch rec.Origin {
	case OriginKernel:
		b.kernelRuns(rec)
		if b.phase == PhaseKernel && startsUserSpace(rec.Text) {
			b.phase = PhaseUserSpace
		}
	case OriginUserSpace:
		if rec.HasTime {
			b.kernelRuns(rec)
		}
		b.phase = PhaseUserSpace
		if b.UserLine == 0 {
			b.UserLine = rec.Line
		}
	}
}

// kernelRuns notes a record that came through the kernel's log.
func (b *boot) kernelRuns(rec *Record) {
	if !b.Kernel {
		b.Kernel = true
		b.KernelLine = rec.Line
		b.StartMissing = true // until the banner comes
	}
	b.phase = max(b.phase, PhaseKernel)
	if !rec.HasTime {
		return
	}
	if !b.HasTime {
		b.HasTime, b.FirstTime = true, rec.Time
	}
	b.LastTime = max(b.LastTime, rec.Time)
	if rec.Flags&FlagReplay == 0 {
		b.ended = endsKernel(rec.Text)
	}
	if rec.Time > 0 && rec.Text != "" && rec.Flags&FlagReplay == 0 {
		b.seen.add(rec.Time, rec.Text, rec.Line)
	}
}

// judgeUnknown settles, where it can, the origin of a line without any sign of
// it. In a capture with kernel time stamps, what has none is not printk's; in
// one without, nothing tells.
func (b *boot) judgeUnknown(rec *Record) {
	if isPrintkNotice(rec.Text) || !b.HasTime && (LooksLikeKernel(rec.Text) || b.phase == PhaseKernel && startsUserSpace(rec.Text)) {
		rec.Origin = OriginKernel
		return
	}
	if b.HasTime && isBrokenStamp(rec.Text) {
		rec.Origin = OriginKernel
		rec.Flags |= FlagGarbled
		return
	}
	switch b.phase {
	case PhaseUnknown:
		if strings.HasSuffix(rec.Text, " login: ") {
			rec.Origin = OriginUserSpace
		}
	case PhaseFirmware:
		rec.Origin = OriginFirmware
	case PhaseBootLoader:
		// Behind the last words a kernel without time stamps may have begun.
		if !b.HandedOver {
			rec.Origin = OriginBootLoader
		}
	case PhaseKernel:
		if looksLikeShell(rec.Text) {
			rec.Origin = OriginUserSpace
		} else if b.HasTime && rec.Text != "" && b.afterKernel && rec.Flags&FlagGarbled == 0 {
			// Only the kernel speaks, and it stamps every line: what goes on
			// without a stamp is the rest of a line that was broken.
			rec.Flags |= FlagContinuation
		}
	case PhaseUserSpace:
		if b.HasTime && rec.Text != "" && !LooksLikeKernel(rec.Text) || looksLikeShell(rec.Text) {
			rec.Origin = OriginUserSpace
		}
	}
}

// endsKernel matches the last messages before a kernel is left.
func endsKernel(text string) bool {
	switch {
	case text == "":
		return false
	case text[0] == 'R':
		return strings.HasPrefix(text, "Rebooting in ") || strings.HasPrefix(text, "Restarting system")
	case text[0] == 'r':
		return strings.HasPrefix(text, "reboot: ")
	case text[0] == 'k':
		return strings.HasPrefix(text, "kexec_core: Starting new kernel") || strings.HasPrefix(text, "kexec: Starting new kernel")
	case text[0] == 'S':
		return strings.HasPrefix(text, "Starting new kernel")
	case text[0] == 'B':
		return text == "Bye!"
	case text[0] == '-':
		return strings.HasPrefix(text, "---[ end Kernel panic")
	}
	return false
}

// startsUserSpace matches the kernel's last messages before init runs.
func startsUserSpace(text string) bool {
	switch {
	case text == "":
		return false
	case text[0] == 'R':
		return strings.HasPrefix(text, "Run /") && strings.HasSuffix(text, " as init process")
	case text[0] == 'F':
		return strings.HasPrefix(text, "Freeing unused kernel") || strings.HasPrefix(text, "Freeing init memory")
	}
	return false
}
