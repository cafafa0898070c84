// Package crash reads the reports that a kernel prints when it fails: oopses,
// BUGs, WARNINGs, what sanitizers, lockdep, the RCU and lockup detectors and
// the like say, and panics.
//
// A Scanner takes the records of a log one after another and gives back a
// Report for each failure: what kind it is, a title that is the same whenever
// the same bug strikes, where it stands in the log, and its parts (call traces,
// registers, code bytes, locks, who allocated and freed an object), each with
// the records it was read from. It keeps a bounded part of the log.
//
// What is known about the reports is in tables: kinds says how each begins, how
// its title is made and where the function to blame is looked for; generic
// lists the functions that are never to blame. A title is the one that
// syzkaller would give, so that it can be searched for in the archives of
// syzbot; a report that does not hold what its kind needs, because it was cut
// off or another one runs through it, is called corrupted, with the reason.
package crash

// Place is a run of records of the capture.
type Place struct {
	// Line and LastLine are physical lines, from 1.
	Line, LastLine int
	// Start and End are the bytes [Start, End) of the decompressed capture.
	Start, End int64
}

// extend makes the place reach to the end of p.
func (a *Place) extend(p Place) {
	if a.Line == 0 {
		*a = p
		return
	}
	a.LastLine, a.End = max(a.LastLine, p.LastLine), max(a.End, p.End)
}

// Report is one failure as the log tells it.
type Report struct {
	// Title names the bug: "KASAN: use-after-free Read in foo_release". If the
	// function could not be told, its place is taken by "corrupted".
	Title string
	// AltTitles are other titles that the same bug may get.
	AltTitles []string
	// Type is syzkaller's class of the bug ("LOCKDEP", "HANG", "DoS",
	// "KASAN-READ"), "" if it has none for it.
	Type string
	// Severity says how bad it is for the kernel that reports it.
	Severity Severity
	// Headline is the text of the record that the report begins with.
	Headline string
	// Function is the one that the title blames, "" if none was found.
	Function string
	// Corrupted is why the report is not to be trusted, or "".
	Corrupted string
	// Panicked says that the kernel panicked on it; Panic is the reason given.
	Panicked bool
	Panic    string

	Place
	// Head is the record with the headline.
	Head Place
	Boot int
	// Records is how many records belong to it.
	Records int
	// Caller is who printed it, as CONFIG_PRINTK_CALLER tells ("T123", "C0").
	Caller string

	// CPU is the processor it happened on, -1 if the log does not tell.
	CPU int
	// PID and Comm are of the task that ran; PID is -1 if not told.
	PID  int
	Comm string
	// Taint is what the kernel says of itself ("Not tainted", "Tainted: G
	// B"); Release is its version; Hardware the machine's name.
	Taint, Release, Hardware string
	// BuildID is the kernel's, of kernels that print it there.
	BuildID string

	// PC is where the processor was, with its symbol if the log has one.
	PC Frame
	// Fault is the access that failed, if that is what it is about.
	Fault Fault
	// Registers are the values printed, in order.
	Registers []Register
	// Code is the text behind "Code:", the bytes around PC; none of user space.
	Code Text
	// Stacks are the traces in order, each under its heading.
	Stacks []Stack
	// Locks are the held ones that lockdep lists.
	Locks []Lock
	// KernelOffset is by how much the kernel was moved from where it was
	// linked (KASLR), as it says at a panic; "" if not told.
	KernelOffset string
	// Lost is what printk says of records it dropped within the report, or "".
	Lost string
	// Truncated says that the report is so long that its end was not kept.
	Truncated bool

	// Known says that the headline is of a kind that this package knows; else
	// it only begins like one ("WARNING: the battery is low").
	Known bool
	// Foreign says that no kernel printed it: a program failed and says so on the
	// console, or a boot loader starts a kernel.
	Foreign bool

	kind *kind // that made the title, nil if none
	bare bool  // the log does not name the function of PC
}

// Severity says what a report means for the kernel that prints it.
type Severity uint8

// The severities.
const (
	// Warning: it went on.
	Warning Severity = iota
	// Oops: what ran was ended, or does not run any more; the rest may limp on.
	Oops
	// Fatal: it panicked.
	Fatal
)

var severityNames = [...]string{Warning: "warning", Oops: "oops", Fatal: "panic"}

// String is the name shown to people.
func (s Severity) String() string { return severityNames[s] }

// Frame is a line of a call trace.
type Frame struct {
	// Function is its name as printed, "" for a bare address.
	Function string
	// Offset is how far into the function, of Size bytes; both 0 if not told.
	Offset, Size uint64
	// Address is the bare address if the line has one, else 0.
	Address uint64
	// Module has the function, "" for the kernel proper; BuildID is that
	// module's if it is printed.
	Module, BuildID string
	// File and SourceLine are given by logs that were symbolised.
	File       string
	SourceLine int
	// Inlined says that the function was inlined into the next frame's.
	Inlined bool
	// Unreliable says that the address was only found on the stack ("?").
	Unreliable bool
	Place
}

// Stack is a call trace.
type Stack struct {
	// Heading is the line above it ("Call Trace:", "Freed by task 12:").
	Heading string
	Frames  []Frame
	Place
}

// Register is a register and its value, as printed.
type Register struct{ Name, Value string }

// Text is a part of the report as printed.
type Text struct {
	Text string
	Place
}

// Lock is a lock that lockdep lists as held.
type Lock struct {
	Text string
	// At is where it was taken.
	At Frame
	Place
}

// CallTrace is the trace that says how the kernel got to where it failed: the
// first that is not of another time, nil if there is none.
func (r *Report) CallTrace() *Stack {
	for i := range r.Stacks {
		if parseHeading(r.Stacks[i].Heading) == headCall {
			return &r.Stacks[i]
		}
	}
	if len(r.Stacks) > 0 {
		return &r.Stacks[0]
	}
	return nil
}

// Trail is how the kernel got to where it failed, innermost first: where the
// processor was and the reliable frames of the call trace, without those in
// front that are to blame for nothing, if any other is.
func (r *Report) Trail() []Frame {
	var list []Frame
	if r.PC.Function != "" || r.PC.Address != 0 {
		list = append(list, r.PC)
	}
	if c := r.CallTrace(); c != nil {
		for _, f := range c.Frames {
			if f.Unreliable || len(list) == 1 && list[0].same(&f) {
				continue
			}
			list = append(list, f)
		}
	}
	if r.bare {
		return list // the title was made without knowing the first
	}
	for i := range list {
		if r.Function != "" && plain(baseName(list[i].Function)) == r.Function {
			return list[i:]
		}
	}
	for i := range list {
		if !blameless(baseName(list[i].Function), nil) {
			return list[i:]
		}
	}
	return list
}

// same reports whether two frames are of one function, or at one address if that
// is all they tell.
func (f *Frame) same(g *Frame) bool {
	if f.Function == "" || g.Function == "" {
		return f.Address == g.Address
	}
	return f.Function == g.Function
}

// Symbol is the function's name without what the compiler appended (".isra.0",
// ".cold"), as the source has it.
func (f *Frame) Symbol() string { return baseName(f.Function) }
