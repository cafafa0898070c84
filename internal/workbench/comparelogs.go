package workbench

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"dekho/internal/klog"
	"dekho/internal/logdiff"
)

// LogInput is a log to read.
type LogInput struct {
	Name string // what the user called it
	In   io.Reader
}

// CompareLogsOptions say how to compare logs.
type CompareLogsOptions struct {
	LogOptions
	// Boot is the number of the boot that counts of each log; 0 for all of them,
	// each as a run of its own.
	Boot int
}

// The words of a comparison, for front ends.
type (
	// LogDifference is how the sets of runs differ.
	LogDifference = logdiff.Result
	// LogSeparation says how well something separates them.
	LogSeparation = logdiff.Separation
	// LogPresence is something that one set says alone.
	LogPresence = logdiff.Presence
	// ChangedLogValue is a value that differs.
	ChangedLogValue = logdiff.ChangedValue
	// LogEntry is a record of a run.
	LogEntry = logdiff.At
)

// The kinds of differences.
const (
	OnlyInBad    = logdiff.OnlyBad
	OnlyInGood   = logdiff.OnlyGood
	ChangedValue = logdiff.Changed
)

// LogRun is a boot of a log that is compared.
type LogRun struct {
	Log  string
	Good bool
	Boot Boot
	// Records are those that are compared.
	Records []LogRecord
	// Truncated says that it has more records than are compared.
	Truncated bool
}

// LogComparison is what sets good and bad runs apart.
type LogComparison struct {
	// Root and Kernel are those of the tree.
	Root, Kernel string
	// Runs are all of them, the good ones first.
	Runs []LogRun
	LogDifference
}

// Record is the record of an entry.
func (c *LogComparison) Record(e LogEntry) *LogRecord { return &c.Runs[e.Run].Records[e.Index] }

// maxRunRecords bounds the records of a run: a log without end must not fill the
// memory.
const maxRunRecords = 500_000

// CompareLogs reads good and bad logs and says what sets them apart. Each boot in
// which a kernel ran is a run. It wants one run of each kind at least.
func (t *Tree) CompareLogs(ctx context.Context, good, bad []LogInput, opts CompareLogsOptions) (*LogComparison, error) {
	if len(good) == 0 || len(bad) == 0 {
		return nil, &UsageError{errors.New("a comparison wants good logs and bad ones")}
	}
	c := &LogComparison{Root: strings.Clone(t.Root()), Kernel: strings.Clone(t.Kernel())}
	opts.MaxSites = 1
	var sets [2][][]logdiff.Entry
	for side, inputs := range [][]LogInput{good, bad} {
		for i := range inputs {
			runs, err := t.readRuns(ctx, &inputs[i], &opts)
			if err != nil {
				return nil, err
			}
			for j := range runs {
				runs[j].Good = side == 0
				entries := make([]logdiff.Entry, len(runs[j].Records))
				for k := range entries {
					entries[k] = entryOf(&runs[j].Records[k])
				}
				sets[side] = append(sets[side], entries)
			}
			c.Runs = append(c.Runs, runs...)
		}
	}
	stop := t.w.step("compare logs")
	defer stop()
	c.LogDifference = *logdiff.Compare(sets[0], sets[1])
	return c, nil
}

// readRuns reads the runs of a log.
func (t *Tree) readRuns(ctx context.Context, in *LogInput, opts *CompareLogsOptions) ([]LogRun, error) {
	byBoot := map[int]*LogRun{}
	sum, err := t.ExplainLog(ctx, in.Name, in.In, opts.LogOptions, func(r *LogRecord) error {
		if opts.Boot != 0 && r.Boot != opts.Boot || !compared(r) {
			return nil
		}
		run := byBoot[r.Boot]
		if run == nil {
			run = &LogRun{Log: in.Name}
			byBoot[r.Boot] = run
		}
		if len(run.Records) >= maxRunRecords {
			run.Truncated = true
			return nil
		}
		run.Records = append(run.Records, *r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var runs []LogRun
	for i := range sum.Boots {
		b := &sum.Boots[i]
		if run := byBoot[b.Number]; run != nil && b.Kernel {
			run.Boot = *b
			runs = append(runs, *run)
		}
	}
	if len(runs) == 0 {
		if opts.Boot != 0 {
			return nil, &InputError{Name: in.Name, Err: errors.New("has no such boot with a kernel: dekho log -s lists its boots")}
		}
		return nil, &InputError{Name: in.Name, Err: errors.New("no kernel ran in it")}
	}
	return runs, nil
}

// compared reports whether a record takes part: what kernel and user space say,
// once. Firmware measures and counts in every line; for a dump stands the record
// that it belongs to.
func compared(r *LogRecord) bool {
	if r.Mark.Kind != NoMark {
		return false
	}
	const not = klog.FlagReplay | klog.FlagGarbled | klog.FlagDict
	switch r.Origin {
	case klog.OriginFirmware, klog.OriginBootLoader, klog.OriginCapture:
		return false
	}
	return r.Flags&not == 0 && strings.TrimSpace(r.Text) != ""
}

// entryOf is a record as it is compared: by its statement, or by its words where
// that is not known.
func entryOf(r *LogRecord) logdiff.Entry {
	e := logdiff.Entry{Text: klog.Masked(r.Text), Time: r.Time, HasTime: r.HasTime}
	for _, n := range klog.Numbers(r.Text) {
		e.Numbers = append(e.Numbers, logdiff.Value{Text: n, Number: true, Chance: isAddress(n)})
	}
	if r.Verdict < Likely || len(r.Sites) == 0 {
		e.Statement, e.Values = e.Text, e.Numbers
		return e
	}
	// The format tells statements apart that a macro makes on one line.
	s := &r.Sites[0]
	e.Statement = s.Path + "\x00" + s.Function + "\x00" + s.Format
	for i := range r.Args {
		a := &r.Args[i]
		e.Values = append(e.Values, logdiff.Value{Name: a.Name, Text: a.Text, Number: numeric(a), Chance: byChance(a)})
	}
	return e
}

// numeric reports whether an argument is printed as a number.
func numeric(a *Arg) bool {
	if a.Conversion == "" {
		return false
	}
	switch a.Conversion[len(a.Conversion)-1] {
	case 'd', 'i', 'u', 'x', 'X', 'o':
		return true
	}
	return false
}

// chanceWords are parts of the names of arguments that are other in each boot:
// times, frequencies that are measured, numbers of processes.
var chanceWords = []string{"jiffies", "jiffy", "pid", "duration", "elapsed", "usec", "nsec", "msec", "_ns", "_us", "_ms", "stamp", "khz", "mhz", "lpj", "bogo", "seed", "random", "ktime", "tv_"}

// chancePointers are the conversions of %p that print addresses and times.
var chancePointers = []string{"x", "K", "a", "R", "r", "t"}

// byChance reports whether the value of an argument is another in each boot.
func byChance(a *Arg) bool {
	if c, ok := strings.CutPrefix(a.Conversion, "%p"); ok {
		return c == "" || slices.ContainsFunc(chancePointers, func(p string) bool { return strings.HasPrefix(c, p) })
	}
	if !numeric(a) {
		return false
	}
	name := strings.ToLower(a.Name)
	for _, w := range chanceWords {
		if strings.Contains(name, w) {
			return true
		}
	}
	hex := a.Conversion[len(a.Conversion)-1] | 0x20
	return hex == 'x' && len(strings.TrimPrefix(a.Text, "0x")) >= addressDigits || isAddress(a.Text)
}

// addressDigits is how many digits a hexadecimal number has that is an address:
// what is counted is shorter.
const addressDigits = 7

// isAddress reports whether a number in a text is an address, or a time in
// seconds since 1970.
func isAddress(n string) bool {
	if h, ok := strings.CutPrefix(n, "0x"); ok {
		return len(h) >= addressDigits
	}
	return len(n) >= addressDigits && strings.Trim(n, "0123456789") != "" || len(n) >= 10
}
