package workbench

import (
	"cmp"
	"slices"
	"strings"

	"dekho/internal/boots"
	"dekho/internal/crash"
	"dekho/internal/klog"
	"dekho/internal/noise"
)

// LogSummary says what a log is and what stands out in it.
type LogSummary struct {
	// Name is what the user called the log.
	Name string
	// Root and Kernel are those of the tree.
	Root, Kernel string
	// Boots are the runs of the machine, with how each went; Loops those that
	// ended in the same way, one after the other.
	Boots []Boot
	Loops []BootLoop
	// Stats counts what was read.
	Stats LogStats
	// Noise is what of the log is no message of its own.
	Noise LogNoise
	// Verdicts counts the records by verdict, without those that were printed once
	// more.
	Verdicts [numVerdicts]int64
	// Findings are what went wrong, what to look at first first; MoreFindings is
	// how many further ones there are.
	Findings     []LogFinding
	MoreFindings int
	// Matters are the records that matter most and that no finding speaks of, the
	// most serious first.
	Matters []Matter
	// Crashes are the failures of the kernel that the log reports, in its order,
	// one of each title; MoreCrashes is how many further reports there are.
	Crashes     []Crash
	MoreCrashes int
	// SymbolNotes are what is wrong with the symbol files for this log.
	SymbolNotes []string
	// MoreMatters is how many further ones were found, of those that differ.
	MoreMatters int
	// Mismatch is not "" if the log is from another kernel than the tree.
	Mismatch string

	picker  picker
	boots   boots.Tracker
	noise   *noise.Tracker
	crashes crashes
	spoken  spoken
	heads   map[int64]*LogRecord // headlines of crash reports, by where they start
}

// KernelRecords is how many records the kernel printed.
func (s *LogSummary) KernelRecords() int64 {
	n := int64(0)
	for v, c := range s.Verdicts {
		if Verdict(v) != NotKernel {
			n += c
		}
	}
	return n
}

// Mapped is how many records have at least one site.
func (s *LogSummary) Mapped() int64 {
	return s.Verdicts[Certain] + s.Verdicts[Likely] + s.Verdicts[Ambiguous]
}

// Count is the number of records with a verdict.
func (s *LogSummary) Count(v Verdict) int64 { return s.Verdicts[v] }

func newLogSummary(name string, t *Tree) *LogSummary {
	return &LogSummary{Name: name, Root: strings.Clone(t.Root()), Kernel: strings.Clone(t.Kernel()), picker: newPicker(), noise: noise.NewTracker(), crashes: newCrashes(), spoken: newSpoken()}
}

func (s *LogSummary) add(r *LogRecord) {
	s.mark(r)
	if r.Mark.Kind == MarkAgain {
		r.Severity = SevNone
		s.boots.Add(&r.Record, boots.Place{})
		return
	}
	s.Verdicts[r.Verdict]++
	s.picker.add(r, !r.Mark.Kind.OfDump() && s.spoken.add(r))
	var at boots.Place
	if r.Verdict >= Likely && len(r.Sites) > 0 {
		p := r.Where()
		at = boots.Place{Path: p.Path, Line: int(p.Line)}
	}
	s.boots.Add(&r.Record, at)
	s.crashes.add(&r.Record)
}

func (s *LogSummary) finish(list []klog.Boot, stats LogStats) {
	s.Boots, s.Stats, s.Noise = s.boots.Finish(list), stats, s.noise.Summary()
	s.Loops = boots.Loops(s.Boots)
	s.Crashes, s.MoreCrashes = s.crashes.finish()
	s.heads = s.picker.join(&s.crashes, s.Crashes)
	s.Matters, s.MoreMatters = s.picker.best()
	s.Mismatch = mismatch(s.Boots, s.Kernel)
}

// Severity classes of a record, the most serious first.
type Severity uint8

const (
	// SevPanic: the kernel gave up.
	SevPanic Severity = iota
	// SevOops: a fault in the kernel.
	SevOops
	// SevWarning: a failed assertion, a stall, a sanitizer's report.
	SevWarning
	// SevCritical: level 0 to 2.
	SevCritical
	// SevError: level 3 with words of failure.
	SevError
	// SevTrouble: level 3 without, or level 4 or no level with such words.
	SevTrouble
	// SevNotice: level 4.
	SevNotice
	// SevNone: nothing to say, or said with the record before.
	SevNone
)

var severityNames = [...]string{
	SevPanic: "panic", SevOops: "oops", SevWarning: "warning", SevCritical: "critical", SevError: "error",
	SevTrouble: "trouble", SevNotice: "notice", SevNone: "none",
}

func (s Severity) String() string { return severityNames[s] }

// Matter is a record that matters.
type Matter struct {
	LogRecord
	// Count is how many records there are like it, itself included; LastLine
	// is where the last stands.
	Count    int64
	LastLine int
	// Suppressed is how many further ones a rate limit kept back.
	Suppressed int64

	spoken    bool  // a finding speaks of it
	lastStart int64 // where the last of them begins
}

const (
	// mattersShown is how many records a summary lists.
	mattersShown = 10
	// mattersKept bounds what is remembered while reading.
	mattersKept = 2048
	// splatRecords is how long the dump that follows a fault can be.
	splatRecords = 200
)

// picker chooses the records that matter, in bounded memory.
type picker struct {
	kinds map[string]*Matter
	at    map[int64]*Matter // by where the last of them begins
	key   []byte
	splat int // records left of the dump that a fault began
	boot  int
	last  Place // that printed the record before
	line  int   // of the record before
	// format is its format: further lines of a statement have others.
	format string
}

func newPicker() picker {
	return picker{kinds: make(map[string]*Matter), at: make(map[int64]*Matter)}
}

// add takes the next record, and sets its severity; spoken says that a finding
// speaks of it.
func (p *picker) add(r *LogRecord, spoken bool) {
	r.Severity = SevNone
	if r.Boot != p.boot {
		p.boot, p.splat = r.Boot, 0
	}
	if p.splat > 0 {
		p.splat--
	}
	if r.Verdict == NotKernel {
		return
	}
	if strings.HasPrefix(r.Text, "---[ end ") {
		p.splat = 0
		return
	}
	if r.Mark.Kind != NoMark {
		return
	}
	if p.continues(r) {
		return
	}
	sev := severity(r)
	if sev == SevNone || p.splat > 0 && sev > SevWarning {
		return // registers and call trace belong to the headline
	}
	if sev <= SevWarning {
		p.splat = splatRecords
	}
	r.Severity = sev
	// Records of one kind: from the same statement with the same words, numbers
	// apart; or with the same words when the statement is not known.
	p.key = append(p.key[:0], byte(sev))
	for i := 0; i < len(r.Text) && i < 200; i++ {
		if c := r.Text[i]; c < '0' || c > '9' {
			p.key = append(p.key, c)
		} else if n := len(p.key); p.key[n-1] != '#' {
			p.key = append(p.key, '#')
		}
	}
	if m, ok := p.kinds[string(p.key)]; ok {
		m.Count++
		m.LastLine = r.Line
		p.move(m, r.Start)
		return
	}
	if len(p.kinds) >= mattersKept {
		return
	}
	m := &Matter{LogRecord: *r, Count: 1, LastLine: r.Line, spoken: spoken}
	m.Text = strings.Clone(r.Text)
	p.move(m, r.Start)
	p.kinds[string(p.key)] = m
}

// continues reports whether a record is a further line of the statement that
// printed the one before.
func (p *picker) continues(r *LogRecord) bool {
	var at Place
	format := ""
	if len(r.Sites) > 0 && r.Verdict >= Ambiguous {
		at, format = r.Sites[0].Place, r.Sites[0].Format
	}
	same := at.Line != 0 && at.Path == p.last.Path && at.Line == p.last.Line && r.Line == p.line+1 && format != p.format
	p.last, p.line, p.format = at, r.Line, format
	return same
}

// best lists the most serious records, and says how many more there are.
func (p *picker) best() ([]Matter, int) {
	list := make([]Matter, 0, len(p.kinds))
	for _, m := range p.kinds {
		if !m.spoken {
			list = append(list, *m)
		}
	}
	slices.SortFunc(list, func(a, b Matter) int {
		return cmp.Or(cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Start, b.Start))
	})
	if len(list) > mattersShown {
		return list[:mattersShown:mattersShown], len(list) - mattersShown
	}
	return list, 0
}

// headlines are how the reports of faults begin, wherever they stand in the
// record. Facts of lib/bug.c, kernel/panic.c, arch/*/mm/fault.c and the like.
var headlines = []struct {
	text string
	sev  Severity
}{
	{"Kernel panic - not syncing", SevPanic},
	{"Unable to handle kernel", SevOops},
	{"BUG: unable to handle", SevOops},
	{"BUG: kernel NULL pointer", SevOops},
	{"kernel BUG at", SevOops},
	{"Internal error: ", SevOops},
	{"general protection fault", SevOops},
	{"Oops: ", SevOops},
	{"Oops [#", SevOops},
	{"BUG: ", SevOops},
	{"WARNING: ", SevWarning},
	{"UBSAN: ", SevWarning},
	{"INFO: task ", SevWarning},
	{"INFO: rcu", SevWarning},
	{"rcu: INFO: ", SevWarning},
	{"Out of memory: ", SevWarning},
}

// severity classes a record: by what it is known to be, then by the level it
// was printed at, then by its words.
func severity(r *LogRecord) Severity {
	text := r.Text
	for i := range headlines {
		if at := strings.Index(text, headlines[i].text); at == 0 || at > 0 && (headlines[i].sev == SevPanic || text[at-1] == ' ' && at < 40) {
			return headlines[i].sev
		}
	}
	if sev, ok := crash.Headline(text); ok {
		return [...]Severity{crash.Warning: SevWarning, crash.Oops: SevOops, crash.Fatal: SevPanic}[sev]
	}
	level := int(r.Level)
	if r.Level == klog.NoLevel {
		level = -1
		// A site that may be the wrong one must not raise an alarm.
		if r.Verdict == Certain && len(r.Sites) > 0 {
			level = r.Sites[0].Level
		}
	}
	switch {
	case level >= 0 && level <= 2:
		for _, w := range farewells {
			if strings.HasPrefix(text, w) {
				return SevNotice
			}
		}
		return SevCritical
	case level == 3 && troubled(text):
		return SevError
	case level == 3, level <= 4 && troubled(text):
		return SevTrouble
	case level == 4:
		return SevNotice
	}
	return SevNone
}

// farewells are what kernel/reboot.c says as an emergency when all is well.
var farewells = []string{"reboot: "}

// troubleWords are what people write when something goes wrong, in lower case.
var troubleWords = []string{
	"error", "fail", "unable to", "timeout", "timed out", "time out", "cannot", "can't", "could not", "couldn't", "corrupt",
	"not responding", "no such", "invalid", "refused", "broken", "stuck", "lost", "aborted", "overflow", "denied",
}

// troubled reports whether a text has words of failure.
func troubled(text string) bool {
	lower := strings.ToLower(text)
	for _, w := range troubleWords {
		if strings.Contains(lower, w) {
			return true
		}
	}
	return false
}

// mismatch says that the log and the tree are of different kernels.
func mismatch(list []Boot, tree string) string {
	if tree == "" {
		return ""
	}
	for i := range list {
		b := &list[i]
		if !b.Version.Known() {
			continue
		}
		log := releaseOf(b.Version.Value, b.Version.Quote)
		switch {
		case log == tree:
			continue
		case series(log) == series(tree):
			return "the log is from Linux " + log + ", the tree is " + tree + ": lines may have moved a little"
		default:
			return "the log is from Linux " + log + ", the tree is " + tree + ": index the tree of the log's kernel for answers to trust"
		}
	}
	return ""
}

// releaseOf is the upstream version of a kernel that tells its release
// ("6.1.0-18-amd64"). Debian and Ubuntu name the ABI there and the upstream
// version further on in the banner: "#1 SMP Debian 6.1.76-1", "(Ubuntu
// 5.15.0-91.101-generic 5.15.131)".
func releaseOf(release, banner string) string {
	if _, rest, ok := strings.Cut(banner, " Debian "); ok {
		if v := leadingVersion(rest); v != "" {
			return v
		}
	}
	// The compiler may be Ubuntu's too, further ahead.
	if at := strings.LastIndex(banner, "(Ubuntu "); at >= 0 {
		rest, _, _ := strings.Cut(banner[at+len("(Ubuntu "):], ")")
		if i := strings.LastIndexByte(rest, ' '); i >= 0 {
			if v := leadingVersion(rest[i+1:]); v != "" {
				return v
			}
		}
	}
	if v := leadingVersion(release); v != "" {
		return v
	}
	return release
}

// leadingVersion is the "6.1.176" that s begins with, "" if it has no dot.
func leadingVersion(s string) string {
	n := 0
	for n < len(s) && (s[n] >= '0' && s[n] <= '9' || s[n] == '.') {
		n++
	}
	v := strings.TrimRight(s[:n], ".")
	if !strings.Contains(v, ".") {
		return ""
	}
	return v
}

// series is the "6.1" of a version.
func series(v string) string {
	parts := strings.SplitN(v, ".", 3)
	if len(parts) < 2 {
		return v
	}
	return parts[0] + "." + parts[1]
}
