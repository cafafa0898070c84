// Package finding holds the words in which every diagnosis answers, and which
// every front end shows: what was found, how bad it is, what it rests on, what
// it makes fail and what to do next.
//
// A check always has an outcome: a problem, a clean bill, or that it could not
// look and why. No claim is without evidence that the user can open; a guess
// says that it is one.
package finding

import "strconv"

// Outcome is what a check came to. The zero Outcome is NotChecked: a check that
// says nothing has not looked.
type Outcome uint8

// The outcomes.
const (
	// NotChecked: it could not look; Check.Reason says why.
	NotChecked Outcome = iota
	// Clean: it looked and found nothing.
	Clean
	// Problem: it has findings.
	Problem
)

var outcomeNames = [...]string{NotChecked: "not-checked", Clean: "clean", Problem: "problem"}

// String is the name shown to people and programs.
func (o Outcome) String() string { return outcomeNames[o] }

// Severity says how bad a finding is, the worse the greater.
type Severity uint8

// The severities.
const (
	// Note: worth knowing; nothing is known to suffer.
	Note Severity = iota
	// Degraded: something works, but less well than it should.
	Degraded
	// Broken: a part does not work (a device, a service), the rest does.
	Broken
	// Fatal: the whole does not work, or cannot be trusted any more.
	Fatal
)

var severityNames = [...]string{Note: "note", Degraded: "degraded", Broken: "broken", Fatal: "fatal"}

// String is the name shown to people and programs.
func (s Severity) String() string { return severityNames[s] }

// Medium is what a Locator points into.
type Medium uint8

// The media.
const (
	// Tree: Name is a path in a source tree.
	Tree Medium = iota
	// Log: Name is what the user called the log.
	Log
	// Root: Name is an absolute path in the root file system that was looked at.
	Root
	// Output: Name is the question that was asked: a command, a query, a call.
	Output
)

var mediumNames = [...]string{Tree: "tree", Log: "log", Root: "root", Output: "output"}

// String is the name shown to programs.
func (m Medium) String() string { return mediumNames[m] }

// Locator is a place that the user can open.
type Locator struct {
	In   Medium
	Name string
	// Line and LastLine are the first and the last line, from 1; both 0 where
	// the whole is meant.
	Line, LastLine int
	// Start and End are the bytes [Start, End) of a log, once decompressed;
	// both 0 elsewhere.
	Start, End int64
}

// String is "name:line", or the name alone.
func (l *Locator) String() string {
	if l.Line == 0 {
		return l.Name
	}
	return l.Name + ":" + strconv.Itoa(l.Line)
}

// Evidence is what a claim rests on.
type Evidence struct {
	Locator
	// Quote is what stands there, shortened where it is long.
	Quote string
	// Why says what it shows.
	Why string
}

// Fact is a property of a finding with its name ("device", "owner").
type Fact struct{ Name, Value string }

// Link leads from a finding to another one of the same answer.
type Link struct {
	// To is the index of the other.
	To int
	// Why says what connects them.
	Why string
	// Guess says that it is likely and no more.
	Guess bool
	// Evidence is where that stands, beside the evidence of the two.
	Evidence []Evidence
}

// Step is what to do next.
type Step struct {
	// Command is what to run, "" where Why says what to do.
	Command string
	// Why says what it tells or does.
	Why string
}

// Finding is something that is wrong or worth knowing.
type Finding struct {
	// ID names its kind, the same in every answer ("irq-not-available").
	ID       string
	Severity Severity
	// Title says what is wrong, in one line; Meaning what that means.
	Title   string
	Meaning string
	// Facts are its properties, in the order in which they are shown.
	Facts []Fact
	// Evidence is what it rests on, the decisive first; never empty.
	Evidence []Evidence
	// Guess is why it is not certain, "" if it is; Rivals are what else it may
	// be.
	Guess  string
	Rivals []string
	// Causes are the findings it stems from, Effects those that stem from it.
	Causes, Effects []Link
	// Next is what to look at or do, the most useful first.
	Next []Step
}

// Fact is the value of a property, "" if the finding does not have it.
func (f *Finding) Fact(name string) string {
	for i := range f.Facts {
		if f.Facts[i].Name == name {
			return f.Facts[i].Value
		}
	}
	return ""
}

// Check is the answer of one check.
type Check struct {
	// ID names the check, Title says what it looks at.
	ID, Title string
	Outcome   Outcome
	// Reason says why it could not look, or in a few words what was found to be
	// in order.
	Reason string
	// Findings are ranked, the first is what to look at first.
	Findings []Finding
	// Evidence is what was looked at when the outcome is Clean.
	Evidence []Evidence
}
