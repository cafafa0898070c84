// Package bootlog reads the log of a boot the way somebody does who has read
// many: what went wrong, how bad that is, what it made fail later, and what to
// look at first.
//
// A Reader takes the records of a log with the statements that printed them.
// What is known of them is in tables: each Entry says which records speak of it,
// how bad it is and what it means (knowledge*.go), and has one log of its own in
// testdata. links.go then leads from causes to consequences, forward in time
// only, and rank.go puts causes first: a probe that failed and brought down the
// kernel later stands above the crash.
//
// Memory is bounded: a Reader keeps what it found, not what it read.
package bootlog

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"dekho/internal/boots"
	"dekho/internal/crash"
	"dekho/internal/finding"
	"dekho/internal/klog"
)

// Statement is what printed a record. The zero Statement is not known.
type Statement struct {
	Path     string
	Line     int
	Function string
	// Format is the format as a whole, what wrappers put around it included.
	Format string
	// Level is the level it prints at, klog.NoLevel if not known; Family is the
	// macro or function called ("dev_err").
	Level  klog.Level
	Family string
}

// Finding is something that went wrong in a log.
type Finding struct {
	finding.Finding
	// Record is the one that speaks of it, the first of several; its Text is
	// the finding's own.
	Record klog.Record
	// Statement printed it.
	Statement Statement
	// Count is how many records say the same; LastLine is where the last stands.
	Count    int64
	LastLine int
	// Boots are the boots in which they stand, in order.
	Boots []int
	// Device and Driver are whom it is about, as the log names them, Errno the
	// error code as printed ("-22", "-EINVAL"); "" if the log does not tell.
	Device, Driver, Errno string
	// Failure is the index into Log.Failures of the crash report that it is, -1
	// if it is none.
	Failure int
}

// Failure is a crash report of the log.
type Failure struct {
	*crash.Report
	Count    int64
	LastHead int
	// Again are the headlines of further reports with its title, as far as they
	// were kept.
	Again []Head
	// Paths are the source files of the functions that led to it, in the order
	// of its Trail, "" where not known.
	Paths []string
}

// Head is where a report begins.
type Head struct{ Boot, Line int }

// Log is what else is known of a log once it was read.
type Log struct {
	// Name is what the user called it.
	Name     string
	Boots    []boots.Boot
	Loops    []boots.Loop
	Failures []Failure
	// Errno names an error code and says what it means, for the architecture of
	// a boot: "-22" is "EINVAL", "Invalid argument". Both are "" if not known.
	Errno func(boot int, code string) (name, meaning string)
	// Supplier says whether a device needs another one, by the device tree of the
	// machine that a boot ran on, and where that stands; nil if nobody knows.
	Supplier func(boot int, device, supplier string) (finding.Evidence, bool)
}

const (
	// hitsKept bounds what a Reader remembers.
	hitsKept = 4096
	// placesKept bounds the records of a finding that are listed as evidence.
	placesKept = 4
	// maxQuote bounds a quote, in bytes.
	maxQuote = 300
)

// Reader gathers what goes wrong in a log. It is used by one goroutine.
type Reader struct {
	hits  map[hitKey]*hit
	list  []*hit
	table *table
	set   []uint64
	// clock is what is known of the clock of the boot.
	clock clock
}

// NewReader returns a Reader.
func NewReader() *Reader {
	t := rules()
	return &Reader{hits: make(map[hitKey]*hit), table: t, set: make([]uint64, t.needles.sets)}
}

// hitKey tells apart what a boot says.
type hitKey struct {
	entry *Entry
	boot  int
	// what is the device with what it lacks, or without a device the text with
	// its numbers taken out.
	what string
}

// hit is what the records of one boot say about one thing.
type hit struct {
	entry     *Entry
	record    klog.Record // the first; its text is its own
	statement Statement
	vars      vars
	count     int64
	lastLine  int
	places    []finding.Evidence
	severity  finding.Severity
}

// vars is what an expression or the prefix of a record tells.
type vars struct {
	device, driver, name, errno, supplier string
}

// Add takes the next record of a log, with the statement that printed it if it
// is known. It reports whether the record speaks of something that is known, and
// whether it is the first that does.
func (r *Reader) Add(rec *klog.Record, st Statement) (first, spoke bool) {
	switch {
	case rec.Flags.Has(klog.FlagReplay):
		return false, false
	case rec.Flags.Has(klog.FlagGarbled):
		return r.hit(serialCorruption, rec, st, vars{}), true
	case rec.Origin > klog.OriginUserSpace:
		return false, false
	}
	fell := r.clockFell(rec, st)
	e, v := r.table.speaks(rec.Text, rec.Origin != klog.OriginUserSpace, rec.Origin != klog.OriginKernel, r.set)
	if e != nil {
		if levelOf(rec, st) == levelDebug && (e.Resource != NoResource || e == initFailed) {
			return fell, false
		}
		return !e.harmless && r.hit(e, rec, st, v), true
	}
	return fell, false
}

// hit counts a record for what it speaks of, and reports whether it is the first.
func (r *Reader) hit(e *Entry, rec *klog.Record, st Statement, v vars) bool {
	who := subjectOf(rec)
	v.device, v.driver = cmp.Or(v.device, who.device), cmp.Or(v.driver, who.driver)
	if v.errno == "" {
		v.errno = errnoIn(rec.Text)
	}
	key := hitKey{e, rec.Boot, e.what(v, rec.Text)}
	if h := r.hits[key]; h != nil {
		h.count++
		if h.vars.name == "" {
			h.vars.name = strings.Clone(v.name)
		}
		h.lastLine = rec.Line
		if len(h.places) < placesKept {
			h.places = append(h.places, evidence(rec, "said again"))
		}
		return false
	}
	if len(r.list) == hitsKept {
		return false
	}
	h := &hit{entry: e, record: *rec, statement: st, count: 1, lastLine: rec.Line, severity: e.severityOf(rec, st, v)}
	h.record.Text = strings.Clone(rec.Text)
	h.vars = vars{strings.Clone(v.device), strings.Clone(v.driver), strings.Clone(v.name), strings.Clone(v.errno), strings.Clone(v.supplier)}
	key.what = strings.Clone(key.what)
	h.places = []finding.Evidence{evidence(rec, "")}
	r.hits[key] = h
	r.list = append(r.list, h)
	return true
}

// what tells apart the things that an entry speaks of.
func (e *Entry) what(v vars, text string) string {
	switch {
	case e.PerBoot:
		return ""
	case v.device == "" && v.name == "":
		return klog.Masked(text)
	case v.device == "":
		if e.Whole {
			return strings.ToLower(v.name)
		}
		return v.driver + "\x00" + strings.ToLower(v.name)
	}
	return v.device + "\x00" + strings.ToLower(v.name) + "\x00" + v.errno
}

// evidence points to a record.
func evidence(rec *klog.Record, why string) finding.Evidence {
	return finding.Evidence{
		Locator: finding.Locator{In: finding.Log, Line: rec.Line, LastLine: rec.Line, Start: rec.Start, End: rec.End},
		Quote:   quote(rec.Text), Why: why,
	}
}

// factEvidence points to a record that a boot keeps.
func factEvidence(f *klog.Fact, why string) finding.Evidence {
	return finding.Evidence{
		Locator: finding.Locator{In: finding.Log, Line: f.Line, LastLine: f.Line, Start: f.Start, End: f.End},
		Quote:   quote(f.Quote), Why: why,
	}
}

func quote(text string) string {
	if len(text) > maxQuote {
		text = strings.ToValidUTF8(text[:maxQuote], "") + "…"
	}
	return strings.Clone(text)
}

// clock watches the time stamps of a boot.
type clock struct {
	boot int
	last time.Duration
}

// backwardsLeast is how far the time falls back before it is told: records of
// several processors may come out of order by less.
const backwardsLeast = 2 * time.Second

// clockFell reports a record whose time lies before that of those before it.
func (r *Reader) clockFell(rec *klog.Record, st Statement) bool {
	if !rec.HasTime {
		return false
	}
	c := &r.clock
	if rec.Boot != c.boot {
		*c = clock{boot: rec.Boot}
	}
	before := c.last
	c.last = rec.Time
	if before-rec.Time < backwardsLeast {
		return false
	}
	return r.hit(timeBackwards, rec, st, vars{name: before.String() + " to " + rec.Time.String()})
}

// errnoIn is the last error code that a text names, "" if it names none.
func errnoIn(text string) string {
	code := ""
	for word := range strings.FieldsFuncSeq(text, func(c rune) bool { return strings.ContainsRune(" \t:,;()[]=", c) }) {
		word = strings.TrimSuffix(word, ".")
		if isErrno(word) {
			code = word
		}
	}
	return code
}

// isErrno reports whether a word is an error code: "-22" or "-EINVAL".
func isErrno(word string) bool {
	rest, ok := strings.CutPrefix(word, "-")
	if !ok || rest == "" {
		return false
	}
	if n, err := strconv.Atoi(rest); err == nil {
		return n > 0 && n <= 4095
	}
	return len(rest) > 2 && rest[0] == 'E' && strings.Trim(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}
