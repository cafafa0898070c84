// Package noise tells what of a log is no message of its own, and to which
// record it belongs: notices that others were suppressed by a rate limit or
// dropped, records that are printed once more, and the lines of dumps (bytes in
// hexadecimal, registers, words of the stack, call traces).
//
// A Tracker watches the records go by, in the order of the log and in bounded
// memory, and marks each when it comes: what a dump belongs to stands before it.
package noise

import (
	"strings"

	"dekho/internal/crash"
	"dekho/internal/klog"
)

// Kind is what a record is, if it is no message of its own.
type Kind uint8

const (
	// None: it is a message.
	None Kind = iota
	// Suppressed: a rate limit kept back so many messages.
	Suppressed
	// Dropped: so many records were lost on their way.
	Dropped
	// Again: it is printed once more.
	Again
	// HexDump: bytes in hexadecimal.
	HexDump
	// Stack: words of the stack.
	Stack
	// Registers: registers and their values.
	Registers
	// Trace: a call trace, or where the processor was.
	Trace
	// Code: the bytes around the program counter.
	Code
	// Dump: another part of a dump, such as the line that names processor and
	// task.
	Dump
)

var kindNames = [...]string{
	Suppressed: "suppressed", Dropped: "dropped", Again: "again", HexDump: "hex dump", Stack: "stack", Registers: "registers",
	Trace: "call trace", Code: "code", Dump: "dump",
}

// String is the name shown to people and programs, "" for None.
func (k Kind) String() string { return kindNames[k] }

// OfDump reports whether it is a line of a dump.
func (k Kind) OfDump() bool { return k >= HexDump }

// Values reports whether it is a line of nothing but values: to a reader who does
// not look for one of them it says nothing.
func (k Kind) Values() bool { return k >= HexDump && k <= Registers }

// Place is a record of the log: its first line, and its bytes [Start, End) in the
// decompressed capture. Line is 0 if there is none.
type Place struct {
	Line       int
	Start, End int64
}

// Mark is what a record is.
type Mark struct {
	Kind Kind
	// Count is how many messages are missing, of Suppressed and Dropped.
	Count int64
	// Of is the record that it belongs to: the one before a dump or the headline
	// of its report, the last one that was printed before its like were
	// suppressed, the last before others were lost.
	Of Place
}

// Loss is a place of the log where messages are missing.
type Loss struct {
	Mark
	// Place is the record that says so, Text what it says.
	Place
	Text string
}

// Summary is what was seen of a log.
type Summary struct {
	// Suppressed and Dropped count the messages that are missing.
	Suppressed, Dropped int64
	// Again counts the records that were printed once more, Dumps the lines of
	// dumps.
	Again, Dumps int64
	// Losses are the places where messages are missing, up to a bound; MoreLosses is how
	// many further ones there are.
	Losses     []Loss
	MoreLosses int64
}

const (
	// maxLosses bounds the losses that are kept.
	maxLosses = 256
	// maxStreams bounds the writers that are told apart, maxFunctions the
	// functions whose last record is known.
	maxStreams   = 64
	maxFunctions = 4096
	// headReach is how many messages may stand in a report before it is taken to be over.
	headReach = 8
	// maxQuote bounds the text kept of a loss.
	maxQuote = 200
)

// Tracker watches records. It is used by one goroutine.
type Tracker struct {
	sum     Summary
	boot    int
	streams map[string]*stream
	// byFunction is the last record of each function that prints.
	byFunction map[string]Place
	last       Place // the last message of any writer
}

// stream is a writer: a task or processor where the log tells them apart.
type stream struct {
	last Place // its last message
	// head is the headline of a report under way, texts how many messages in a row
	// were no part of it; traced says that its dump has begun.
	head   Place
	texts  int
	traced bool
	// kind is what the record before is, heading the kind of dump that it announced.
	kind, heading Kind
}

// NewTracker returns a Tracker.
func NewTracker() *Tracker {
	return &Tracker{streams: make(map[string]*stream), byFunction: make(map[string]Place)}
}

// Summary returns what was seen so far.
func (t *Tracker) Summary() Summary { return t.sum }

// Add takes the next record, and the functions and the macro of the statement
// that printed it as far as they are known.
func (t *Tracker) Add(r *klog.Record, macro string, functions ...string) Mark {
	if r.Flags&klog.FlagReplay != 0 {
		t.sum.Again++
		return Mark{Kind: Again}
	}
	if r.Boot != t.boot {
		t.boot = r.Boot
		clear(t.streams)
		clear(t.byFunction)
		t.last = Place{}
	}
	at := Place{r.Line, r.Start, r.End}
	if n, ok := klog.Dropped(r.Text); ok {
		t.sum.Dropped += n
		return t.lose(r, Mark{Dropped, n, t.last})
	}
	if name, n, ok := suppressed(r.Text); ok {
		t.sum.Suppressed += n
		return t.lose(r, Mark{Suppressed, n, t.byFunction[name]})
	}
	if r.Origin != klog.OriginKernel && r.Origin != klog.OriginUnknown || r.Text == "" || r.Flags&klog.FlagDict != 0 {
		return Mark{}
	}
	s := t.streams[r.Caller]
	if s == nil {
		if len(t.streams) >= maxStreams {
			clear(t.streams)
		}
		s = &stream{}
		t.streams[strings.Clone(r.Caller)] = s
	}
	if k := s.classify(r.Text); k != None {
		t.sum.Dumps++
		of := s.head
		if of.Line == 0 {
			of = s.last
		}
		return Mark{Kind: k, Of: of}
	}
	s.message(at, r.Text)
	t.last = at
	if strings.HasPrefix(macro, "net_") && strings.HasSuffix(macro, "_ratelimited") {
		t.printed("net_ratelimit", at) // all of them share one limit
	}
	for _, f := range functions {
		t.printed(f, at)
	}
	return Mark{}
}

func (t *Tracker) printed(function string, at Place) {
	if function == "" {
		return
	}
	if _, ok := t.byFunction[function]; !ok {
		if len(t.byFunction) >= maxFunctions {
			clear(t.byFunction)
		}
		function = strings.Clone(function)
	}
	t.byFunction[function] = at
}

// lose notes a loss.
func (t *Tracker) lose(r *klog.Record, m Mark) Mark {
	if len(t.sum.Losses) < maxLosses {
		text := strings.ToValidUTF8(r.Text[:min(len(r.Text), maxQuote)], "")
		t.sum.Losses = append(t.sum.Losses, Loss{m, Place{r.Line, r.Start, r.End}, strings.Clone(strings.TrimSpace(text))})
	} else {
		t.sum.MoreLosses++
	}
	return m
}

// message notes a record that is a message of its own.
func (s *stream) message(at Place, text string) {
	s.last, s.kind, s.heading = at, None, None
	if strings.HasPrefix(text, "Stack:") || strings.HasPrefix(text, "Stack :") || strings.HasPrefix(text, "Exception stack(") {
		s.heading = Stack
	}
	if _, ok := crash.Headline(text); ok {
		// What an oops is called in a second line is no second report.
		if s.head.Line == 0 || s.traced || !strings.HasPrefix(text, "Oops") && !strings.HasPrefix(text, "Internal error: ") {
			s.head, s.traced = at, false
		}
		s.texts = 0
		return
	}
	if s.texts++; s.texts > headReach {
		s.head = Place{}
	}
}

// classify says what part of a dump a record is, None if it is a message.
func (s *stream) classify(text string) Kind {
	within := s.kind != None || s.head.Line != 0
	k := None
	switch shape := s.shape(text, within); shape {
	case crash.ShapeText:
		k = s.row(text)
	case crash.ShapeTrace:
		k = Trace
	case crash.ShapeRegisters:
		k = Registers
	case crash.ShapeCode:
		k = Code
	case crash.ShapeHead:
		k = Dump
	case crash.ShapePart, crash.ShapeEnd:
		if k = s.row(text); k == None && within {
			k = Dump
		}
		if within && shape == crash.ShapeEnd {
			s.head = Place{}
		}
	}
	if k == None {
		return None
	}
	s.heading = None
	if k == Dump && (strings.HasPrefix(text, "Stack:") || strings.HasPrefix(text, "Exception stack(")) {
		s.heading = Stack
	}
	s.kind, s.texts = k, 0
	s.traced = s.traced || k == Trace || k == Registers
	return k
}

// row is the kind of dump that a text is a row of, None if it is none.
func (s *stream) row(text string) Kind {
	stack := s.kind == Stack || s.heading == Stack
	switch {
	case !isHexRow(text, stack || s.kind == HexDump):
		return None
	case stack:
		return Stack
	}
	return HexDump
}

// shape is that of a text. Outside of dumps, only what one can begin with is
// looked at: this is asked of every record.
func (s *stream) shape(text string, within bool) crash.Shape {
	if !within && !strings.Contains(text, "+0x") {
		i := 0
		for i < len(text) && text[i] == ' ' {
			i++
		}
		body := text[i:]
		c := strings.IndexByte(body[:min(len(body), 10)], ':')
		if c < 1 && !strings.HasPrefix(body, "Modules linked in:") && !strings.HasPrefix(body, "Call ") {
			return crash.ShapeText
		}
	}
	return crash.ShapeOf(text)
}

// suppressed reads how many messages a rate limit kept back, and whose: of the
// function or program that it names. lib/ratelimit.c, include/linux/ratelimit.h,
// mm/page_alloc.c, drivers/char/random.c
func suppressed(text string) (name string, n int64, ok bool) {
	const enough = len("x: 1 messages suppressed")
	if len(text) < enough || !strings.Contains(text, "suppressed") && !strings.Contains(text, "missed due to ratelimiting") {
		return "", 0, false
	}
	for _, w := range [...]string{" callbacks suppressed", " output lines suppressed due to ratelimiting", " messages suppressed", " warning(s) missed due to ratelimiting"} {
		front, found := strings.CutSuffix(strings.TrimRight(text, "\n "), w)
		if !found {
			continue
		}
		if w == " warning(s) missed due to ratelimiting" { // "random: 7 urandom warning(s) ..."
			if i := strings.LastIndexByte(front, ' '); i > 0 {
				front = front[:i]
			}
		}
		i := strings.LastIndex(front, ": ")
		if i < 0 {
			return "", 0, false
		}
		if n, ok = decimal(front[i+2:]); !ok {
			return "", 0, false
		}
		name = front[:i]
		// "printk: systemd: 12 output lines ...": what names the file of the
		// statement stands in front.
		if i := strings.LastIndex(name, ": "); i >= 0 {
			name = name[i+2:]
		}
		return name, n, true
	}
	return "", 0, false
}

// decimal reads a number that is all of s.
func decimal(s string) (n int64, ok bool) {
	if s == "" || len(s) > 12 {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}
