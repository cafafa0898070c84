package crash

import (
	"cmp"
	"strconv"
	"strings"

	"dekho/internal/klog"
)

// Bounds of what a Scanner holds.
const (
	// maxOpen is how many reports may be under way at once; the oldest is
	// taken as it is when there are more.
	maxOpen = 32
	// maxLines and maxText are how much of one report is kept.
	maxLines = 4096
	maxText  = 512 << 10
	// maxLine is how much of one line is.
	maxLine = 1024
	// idleRecords is after how many records in a row that are no part of it a
	// report is taken to be over.
	idleRecords = 300
	// staleRecords is the same for records of all streams.
	staleRecords = 20000
	// mixedWithin is how many such records there may be within a report before
	// another begins for the two to be taken to print at the same time.
	mixedWithin = 20
	// panicWithin is how soon behind the end of an oops a panic is its doing.
	panicWithin = 40
)

// Scanner finds the reports in a log. It is used by one goroutine.
type Scanner struct {
	open map[string]*open // by stream
	done []*Report
	boot int
	seq  int64
	// opener is the last line that may stand above a headline.
	opener      Place
	openerKey   string
	openerSeq   int64
	openerRuled bool
}

// open is a report under way.
type open struct {
	r     *Report
	group *group
	at    int // offset of the headline in its record
	lines []line
	text  int // bytes in lines
	// cut is how many lines stand before an intruder, 0 if there is none.
	cut      int
	idle     int
	last     int64 // seq of its last part
	traced   bool  // it has a frame
	ended    bool
	panicked bool // the rest is about the panic
	ruled    bool // a line of ==== closes it
	allCPUs  bool // what other processors print belongs to it
	headed   bool // it has the heading of a call trace
	within   bool // another report's headline cut it
	spoiled  bool // others are written into its headline
	mixed    bool // it began within another that has no caller either
	doubled  bool // and what an oops has once is there twice
	damaged  int  // physical line with bytes that no kernel prints, or cut by another record
	once     [onceKinds]string
	user     bool // the last program counter was one of user space
	ending   string
}

// NewScanner returns a Scanner.
func NewScanner() *Scanner { return &Scanner{open: make(map[string]*open)} }

// Add takes the next record of a log and returns the reports that ended with
// it. The slice is valid until the next call.
func (s *Scanner) Add(r *klog.Record) []*Report {
	s.done = s.done[:0]
	if r.Boot != s.boot {
		s.closeAll("the kernel starts anew behind it")
		s.boot = r.Boot
	}
	s.seq++
	if s.seq%4096 == 0 {
		s.sweep()
	}
	for rest, more := r.Text, true; more; {
		var text string
		text, rest, more = strings.Cut(rest, "\n")
		s.line(r, text)
	}
	return s.done
}

// Finish ends the log and returns the reports that were under way.
func (s *Scanner) Finish() []*Report {
	s.done = s.done[:0]
	s.closeAll("the log ends there")
	return s.done
}

// stream names whose records belong together: those of one task or processor
// where the log tells them, else those with a time stamp and those without.
func stream(r *klog.Record) string {
	if r.Caller != "" {
		return r.Caller
	}
	if r.HasTime {
		return "kernel"
	}
	return ""
}

func (s *Scanner) line(r *klog.Record, text string) {
	g, at := findHead(text)
	if len(s.open) > 0 && s.joins(r, text) {
		return
	}
	if g == nil && len(s.open) == 0 {
		if strings.HasPrefix(text, "=====") || strings.HasPrefix(text, "------------[ cut here ") {
			s.opener, s.openerKey, s.openerSeq, s.openerRuled = place(r), stream(r), s.seq, text[0] == '='
		}
		return
	}
	key := stream(r)
	o := s.open[key]
	if g != nil {
		if o != nil && o.takes(g, text[at:]) {
			o.follow(r, g, text, at)
			return
		}
		s.begin(r, key, g, text, at, o)
		return
	}
	if o == nil {
		// The backtraces of all processors that a task asked for.
		if strings.HasPrefix(key, "C") {
			for _, other := range s.open {
				if other.allCPUs {
					o = other
				}
			}
		}
		if o == nil {
			if strings.HasPrefix(text, "=====") || strings.HasPrefix(text, "------------[ cut here ") {
				s.opener, s.openerKey, s.openerSeq, s.openerRuled = place(r), key, s.seq, text[0] == '='
			}
			return
		}
	}
	o.add(r, text, s.seq)
	if o.idle > idleRecords {
		s.close(key, "other records follow")
	}
}

// joins deals with what comes between a headline and its rest: another
// record's text in the same physical line, or printk saying that it prints the
// line once more since a console was handed over in the middle of it.
func (s *Scanner) joins(r *klog.Record, text string) bool {
	again := text == "** replaying previous printk message **"
	if !again && r.Flags&klog.FlagMidLine == 0 {
		return false
	}
	for key, o := range s.open {
		if len(o.lines) != 1 || s.seq-o.last > 1 {
			continue
		}
		if again {
			delete(s.open, key)
			return true
		}
		if o.r.LastLine == r.Line {
			o.lines[0].text += " " + strings.Clone(text)
			o.spoiled = true
			o.last = s.seq
			o.r.extend(place(r))
			return true
		}
	}
	return again
}

func place(r *klog.Record) Place {
	return Place{Line: r.Line, LastLine: r.Line, Start: r.Start, End: r.End}
}

func (s *Scanner) begin(r *klog.Record, key string, g *group, text string, at int, cut *open) {
	p := place(r)
	o := &open{group: g, at: at, last: s.seq, r: &Report{
		Headline: strings.Clone(text), Head: p, Place: p, Boot: r.Boot, Records: 1, Caller: strings.Clone(r.Caller), CPU: -1, PID: -1,
	}}
	if s.openerKey == key && s.seq-s.openerSeq <= 2 && s.opener.Line != 0 {
		o.r.Line, o.r.Start = s.opener.Line, s.opener.Start
		o.ruled = s.openerRuled && (strings.HasPrefix(text[at:], "BUG: K") || g.mark == "UBSAN:" || strings.HasPrefix(g.mark, "BUG k"))
	}
	o.mixed = cut != nil && !cut.ended && cut.idle <= mixedWithin && r.Caller == ""
	l := parseLine(strings.Clone(text))
	l.kind, l.heading, l.at = lineText, headNone, p
	o.lines = append(o.lines, l)
	o.text = len(text)
	if k := o.kind(); k != nil && k.single {
		s.finish(o)
		return
	}
	if cut != nil {
		cut.within = true
		s.close(key, "another report begins in line "+strconv.Itoa(r.Line))
	}
	if len(s.open) >= maxOpen {
		s.close(s.oldest(), "too many reports stand in one another")
	}
	s.open[strings.Clone(key)] = o
}

// takes reports whether a headline belongs to the report: what follows an oops
// as its consequence, or says once more what it is.
func (o *open) takes(g *group, text string) bool {
	if k := o.kind(); k != nil && !o.traced && !o.ended {
		switch {
		case isSingle(g, text):
			return false
		case k.leads == g.mark:
			return true
		case o.r.Caller != "" && !k.untraced && len(k.where) > 0:
			// The same task or processor, in the middle of the report.
			return true
		}
	}
	for i := range g.kinds {
		k := &g.kinds[i]
		if _, ok := match(k.head, text); !ok {
			continue
		}
		switch {
		case !k.follows:
			return false
		case o.ended:
			return k.sev == Fatal && o.idle <= panicWithin && (k.remains || o.isOops())
		default:
			return k.remains || !o.traced || o.isOops() && k.sev == Fatal
		}
	}
	return false
}

// isSingle reports whether a headline is all of a report.
func isSingle(g *group, text string) bool {
	for i := range g.kinds {
		if _, ok := match(g.kinds[i].head, text); ok {
			return g.kinds[i].single
		}
	}
	return false
}

// isOops reports whether the headline is of something that ends what ran.
func (o *open) isOops() bool {
	k := o.kind()
	return k != nil && k.sev >= Oops
}

// kind is the first kind with the report's headline, nil if there is none.
func (o *open) kind() *kind {
	head := o.lines[0].text[o.at:]
	for i := range o.group.kinds {
		if _, ok := match(o.group.kinds[i].head, head); ok {
			return &o.group.kinds[i]
		}
	}
	return nil
}

// follow takes such a headline in.
func (o *open) follow(r *klog.Record, g *group, text string, at int) {
	if g.mark == "Kernel panic" {
		o.r.Panicked = true
		if _, why, ok := strings.Cut(text[at:], "not syncing: "); ok && o.r.Panic == "" {
			o.r.Panic = strings.Clone(strings.TrimSpace(why))
		}
		if o.traced {
			o.panicked = true
		}
	}
	o.idle = 0
	o.r.extend(place(r))
	o.r.Records++
	if !o.ended && !o.panicked {
		o.keep(line{kind: linePart, text: strings.Clone(text[:min(len(text), maxLine)]), at: place(r)})
	}
}

// add takes a record of the report's stream in.
func (o *open) add(r *klog.Record, text string, seq int64) {
	// The record's text is part of a buffer that must not stay.
	l := parseLine(strings.Clone(text[:min(len(text), maxLine)]))
	l.at = place(r)
	if l.kind == lineText {
		o.idle++
		if n, ok := dropped(text); ok {
			o.r.Lost = n
		}
		if strings.TrimSpace(text) != "" {
			for _, s := range intruders {
				if o.cut == 0 && strings.Contains(text, s) && r.Caller == "" {
					o.cut = len(o.lines)
				}
			}
		}
	} else {
		o.idle = 0
		o.last = seq
		if !o.ended || l.kind == lineOffset || o.panicked {
			o.r.extend(l.at)
		}
	}
	if l.kind == lineOffset && o.r.KernelOffset == "" {
		o.r.KernelOffset = strings.Clone(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "Kernel Offset: ")))
	}
	if o.mixed && !o.doubled {
		o.count(&l)
	}
	if o.ended || o.panicked {
		return
	}
	if o.damaged == 0 {
		o.damaged = o.damage(r, &l)
	}
	o.r.Records++
	switch {
	case l.kind == lineHeading:
		o.headed = o.headed || l.heading == headCall || l.heading == headLeak
	case l.kind == lineFrame && !l.frame.Unreliable:
		o.traced = o.traced || o.headed
	case l.kind == lineEnd, l.kind == lineRule && o.ruled && strings.Contains(text, "===="):
		o.ended = true
	case l.kind == linePart && strings.HasPrefix(text, "Sending NMI from CPU"):
		o.allCPUs = true
	}
	o.keep(l)
}

// damage is the physical line of a record that a bad connexion has damaged, or of
// the frame before it that another record was written into, 0 if there is none.
// What can be read all the same does not count.
func (o *open) damage(r *klog.Record, l *line) int {
	const damaged = klog.FlagNUL | klog.FlagInvalidUTF8 | klog.FlagGarbled
	if l.kind == lineText && r.Flags&damaged != 0 {
		return r.Line
	}
	n := len(o.lines)
	if r.Flags&klog.FlagMidLine == 0 || n < 3 || o.lines[n-2].kind != lineFrame {
		return 0
	}
	// Behind a frame: others are printed in pieces, with anything in between.
	if last := &o.lines[n-1]; last.kind == lineText && last.at.Line == r.Line && strings.TrimSpace(last.text) != "" {
		return r.Line
	}
	return 0
}

// onceKinds are the lines that an oops has once: who it is about, where it was, its
// trace, its code, its modules and its end.
const onceKinds = 6

// count looks for lines of another report between those of this one.
func (o *open) count(l *line) {
	text := strings.TrimSpace(l.text)
	kind := 0
	switch {
	case l.kind == linePC:
		if o.user = userMode(l.text); o.user {
			return
		}
		kind, text = 1, l.frame.Function // some name it once more at the end
	case l.kind == lineCPU && strings.HasPrefix(text, "CPU: "):
	case l.heading == headCall:
		kind = 2
	case l.kind == lineCode && !o.user:
		kind = 3
	case strings.HasPrefix(text, "Modules linked in:"):
		kind = 4
	case l.kind == lineEnd && strings.HasPrefix(text, "---[ end trace "):
		kind = 5
	default:
		return
	}
	if o.ended && kind != 5 {
		return // registers and code may follow once more
	}
	if o.once[kind] != "" && (kind != 1 || o.once[kind] != text) {
		o.doubled = true
	}
	o.once[kind] = cmp.Or(text, "?")
}

// keep remembers a line, within bounds.
func (o *open) keep(l line) {
	if len(o.lines) >= maxLines || o.text >= maxText {
		o.r.Truncated = true
		return
	}
	if !o.headed && (l.from != nil || l.kind == lineFrame && o.lines[len(o.lines)-1].endsRegisters()) {
		// ARM's unwinder prints its frames without a heading, and RISC-V those of
		// an exception behind the registers.
		o.headed, o.traced = true, true
		o.lines = append(o.lines, line{kind: lineHeading, heading: headCall, at: l.at})
	}
	o.text += len(l.text)
	o.lines = append(o.lines, l)
}

// dropped reads what printk says of records that were lost.
func dropped(text string) (string, bool) {
	if _, ok := klog.Dropped(text); ok {
		return strings.Clone(strings.Trim(text, "* ")), true
	}
	return "", false
}

// because says why something may be missing, to be put behind what is missing.
func (o *open) because() string {
	switch {
	case o.r.Lost != "":
		return ": " + o.r.Lost
	case o.cut > 0:
		return ": another call trace stands in it"
	case o.ended:
		return ""
	case o.ending != "":
		return ": " + o.ending
	}
	return ""
}

func (s *Scanner) close(key, why string) {
	o := s.open[key]
	delete(s.open, key)
	o.ending = why
	s.finish(o)
}

func (s *Scanner) finish(o *open) {
	o.entitle()
	o.describe()
	s.done = append(s.done, o.r)
}

func (s *Scanner) closeAll(why string) {
	for len(s.open) > 0 {
		s.close(s.oldest(), why)
	}
}

func (s *Scanner) oldest() string {
	oldest, first := "", int64(-1)
	for key, o := range s.open {
		if first < 0 || o.r.Head.Start < first {
			oldest, first = key, o.r.Head.Start
		}
	}
	return oldest
}

// sweep closes the reports whose streams have fallen silent.
func (s *Scanner) sweep() {
	for key, o := range s.open {
		if s.seq-o.last > staleRecords {
			s.close(key, "nothing more follows")
		}
	}
}
