package workbench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"dekho/internal/boots"
	"dekho/internal/index"
	"dekho/internal/klog"
	"dekho/internal/logmap"
)

// The words of a log, for front ends.
type (
	// Boot is one run of the machine.
	Boot = boots.Boot
	// BootEnd is how it ended.
	BootEnd = boots.End
	// BootStage is a stage that it came through.
	BootStage = boots.Stage
	// BootCall is an initcall or a probe that the kernel timed.
	BootCall = boots.Call
	// BootLoop is a number of boots that ended in the same way.
	BootLoop = boots.Loop
	// Quote is a record of a log that shows something: what it shows is its Value.
	Quote = klog.Fact
	// LogStats counts what was read.
	LogStats = klog.Stats
	// Site is a statement that can have printed a record.
	Site = logmap.Site
	// Arg is the value of one argument of a statement.
	Arg = logmap.Arg
	// Place is a line of the tree.
	Place = logmap.Place
	// Verdict says how sure the first site of a record is.
	Verdict = logmap.Verdict
)

// The verdicts.
const (
	Unknown   = logmap.Unknown
	NotKernel = logmap.NotKernel
	Ambiguous = logmap.Ambiguous
	Likely    = logmap.Likely
	Certain   = logmap.Certain

	numVerdicts = int(logmap.Certain) + 1
)

// WallClock is the clock of a stamp that tells the time of day.
const WallClock = klog.ClockWall

// How boots end, and what came after.
const (
	EndUnknown  = boots.Unknown
	EndNoKernel = boots.NoKernel
	EndRunning  = boots.Running
	EndReboot   = boots.Reboot
	EndPowerOff = boots.PowerOff
	EndHalt     = boots.Halt
	EndPanic    = boots.Panic
	EndKexec    = boots.Kexec
	EndWatchdog = boots.Watchdog
	EndReset    = boots.Reset
	EndSilence  = boots.Silence
	EndCutOff   = boots.CutOff

	NextRestart     = boots.NextRestart
	NextCrashKernel = boots.NextCrashKernel
	NextHalt        = boots.NextHalt
	NextNothing     = boots.NextNothing
)

// LogRecord is a record of a log with the statements that can have printed it.
// Its strings are those of the index: they are valid until the tree is closed.
type LogRecord struct {
	klog.Record
	logmap.Explanation
	// Severity is how serious it is. What belongs to a record before, such as the
	// dump that follows a fault, has none of its own.
	Severity Severity
	// Mark says that it is no message of its own.
	Mark LogMark
}

// LogOptions say how to explain a log.
type LogOptions struct {
	// Arch is the architecture of the kernel that wrote the log, as uname or
	// the kernel's arch directory names it; "" to take it from the log.
	Arch string
	// Config is that kernel's configuration, see ReadConfig; nil if not known.
	Config map[string]string
	// MaxSites bounds the sites listed for a record; 0 means a few.
	MaxSites int
	// Symbols are files of the kernel that wrote the log, which tell the lines of
	// its call traces.
	Symbols []SymbolFile
	// Follow, if not nil, makes records come as the log grows.
	Follow *klog.Follow
}

// Following returns what Follow wants: poll for a file that grows, no polling
// for a pipe. Closing done ends the log.
func Following(poll bool, done <-chan struct{}) *klog.Follow {
	f := &klog.Follow{Done: done}
	if poll {
		f.Poll = followPoll
	}
	return f
}

// followPoll is how often a file that grows is looked at.
const followPoll = 200 * time.Millisecond

// How far the reader runs ahead of the matcher.
const (
	batchRecords = 512
	batchBytes   = 256 << 10
	batchesAhead = 4
	explainRun   = 512
	// A boot tells its architecture early. Until then its records wait, up to
	// these bounds, so that the first lines are explained with it too.
	holdRecords = 4096
	holdBytes   = 8 << 20
)

// batch is a run of records of one boot.
type batch struct {
	records []klog.Record
	arch    string // of the boot, as far as it is known
}

// ExplainLog reads a log and calls fn for each of its records in order, with
// the statements that can have printed it. It reads ahead of the matching in
// another goroutine, and holds a bounded part of the log at a time. The summary
// is never nil; when the error is an *InputError, it covers what could be read.
// An error from fn ends it.
func (t *Tree) ExplainLog(ctx context.Context, name string, in io.Reader, opts LogOptions, fn func(*LogRecord) error) (*LogSummary, error) {
	sum := newLogSummary(name, t)
	arch, err := t.archName(opts.Arch)
	if err != nil {
		return sum, err
	}
	symbols, err := openSymbols(opts.Symbols)
	if err != nil {
		return sum, err
	}
	defer symbols.close()
	stop := t.w.step("open map of print statements")
	m, err := t.logMap()
	stop()
	if err != nil {
		return sum, err
	}
	stop = t.w.step("explain " + name)
	defer stop()

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	lr := &logReader{r: klog.NewReader(in, klog.Options{Follow: opts.Follow}), out: make(chan batch, batchesAhead), follow: opts.Follow != nil}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(lr.out)
		lr.run(ctx)
	}()

	explained := make(chan []LogRecord, batchesAhead)
	go func() {
		defer close(explained)
		s := m.NewSession(logmap.Options{Arch: arch, Config: opts.Config, MaxSites: opts.MaxSites, Guard: index.Guard})
		err := index.Guard(func() error { return explain(ctx, s, lr.out, explained) })
		if err != nil {
			cancel(err)
		}
	}()

	err = index.Guard(func() error {
		for list := range explained {
			for i := range list {
				sum.add(&list[i])
				if err := fn(&list[i]); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		cancel(err)
	}
	for range explained { // let the matcher end
	}
	if ctx.Err() == nil { // else the reader may be waiting for input: it ends with its next record
		<-done
		sum.finish(lr.r.Boots(), lr.r.Stats())
		if err == nil {
			err = index.Guard(func() error {
				if err := t.locateCrashes(ctx, sum, symbols, opts.Config); err != nil {
					return err
				}
				return t.conclude(ctx, sum)
			})
		}
		_ = lr.r.Close() // its error is always nil
	}
	switch {
	case err != nil:
		return sum, t.idx.Err(err)
	case ctx.Err() != nil:
		return sum, t.idx.Err(context.Cause(ctx))
	case lr.err != nil:
		return sum, &InputError{Name: name, Err: lr.err}
	}
	return sum, nil
}

// LogMapStale reports whether files of the tree have changed since the map of
// print statements was made. Index with Complete brings it up to date.
func (t *Tree) LogMapStale() bool { return t.idx.Stale(logArtifact) }

// logMap opens the map of print statements.
func (t *Tree) logMap() (*logmap.Map, error) {
	data, err := t.idx.Artifact(logArtifact, logmap.Version)
	if err != nil {
		return nil, err
	}
	var m *logmap.Map
	err = index.Guard(func() error {
		m, err = logmap.Open(data)
		return err
	})
	switch {
	case errors.Is(err, logmap.ErrVersion):
		return nil, t.idx.Err(fmt.Errorf("%w: %w", ErrVersion, err))
	case errors.Is(err, logmap.ErrDamaged):
		return nil, t.idx.Err(fmt.Errorf("%w: %w", ErrDamaged, err))
	}
	return m, t.idx.Err(err)
}

// drafted is a batch on its way through explain: its records in runs of one
// boot each, with what their texts say.
type drafted struct {
	records []klog.Record
	runs    []draftedRun
}

type draftedRun struct {
	boot  int
	batch *logmap.Batch
}

// explain turns batches of records into batches of explained ones. What texts
// say by themselves is worked out for one batch while the one before is
// decided about.
func explain(ctx context.Context, s *logmap.Session, in <-chan batch, out chan<- []LogRecord) error {
	drafts := make(chan drafted, batchesAhead)
	failed := make(chan error, 1)
	go func() {
		defer close(drafts)
		failed <- index.Guard(func() error { return draft(ctx, s, in, drafts) })
	}()
	boot := 0
	for d := range drafts {
		list := make([]LogRecord, 0, len(d.records))
		for _, r := range d.runs {
			if r.boot != boot && boot != 0 {
				s.NewBoot()
			}
			boot = r.boot
			for _, e := range s.Decide(r.batch) {
				list = append(list, LogRecord{Record: d.records[len(list)], Explanation: e})
			}
		}
		select {
		case out <- list:
		case <-ctx.Done():
			return nil
		}
	}
	return <-failed
}

// draft cuts batches into runs and drafts them.
func draft(ctx context.Context, s *logmap.Session, in <-chan batch, out chan<- drafted) error {
	var run []*klog.Record
	for {
		var b batch
		var ok bool
		select {
		case b, ok = <-in:
		case <-ctx.Done():
		}
		if !ok {
			return nil
		}
		if b.arch != "" {
			s.SetArch(b.arch)
		}
		d := drafted{records: b.records}
		for rest := b.records; len(rest) > 0; {
			// Records are explained in runs: those that follow say something
			// about those before. A run is of one boot.
			n := 1
			for n < len(rest) && n < explainRun && rest[n].Boot == rest[0].Boot {
				n++
			}
			run = run[:0]
			for i := range n {
				run = append(run, &rest[i])
			}
			texts, err := s.Draft(run)
			if err != nil {
				return err
			}
			d.runs = append(d.runs, draftedRun{rest[0].Boot, texts})
			rest = rest[n:]
		}
		select {
		case out <- d:
		case <-ctx.Done():
			return nil
		}
	}
}

// logReader runs ahead of the matcher.
type logReader struct {
	r      *klog.Reader
	out    chan batch
	follow bool
	err    error // other than io.EOF; valid when out is closed
}

// errBinary is the answer to an input that is no text.
var errBinary = errors.New("is not a log: most of it is not text")

func (lr *logReader) run(ctx context.Context) {
	var held []klog.Record
	bytes, boot, garbled, checked := 0, 0, 0, false
	arch := ""
	// flush sends what is held, unless it should wait for the architecture.
	flush := func(force bool) bool {
		if len(held) == 0 {
			return true
		}
		if arch == "" || force {
			if boots := lr.r.Boots(); len(boots) > 0 {
				for i := len(boots) - 1; i >= 0; i-- {
					if boots[i].Number == boot {
						arch = boots[i].Arch.Name
						break
					}
				}
			}
		}
		if arch == "" && !force && len(held) < holdRecords && bytes < holdBytes {
			return true
		}
		if !checked {
			if garbled*2 > len(held) && lr.r.Stats().Kernel == 0 {
				lr.err = errBinary
				return false
			}
			checked = true
		}
		b := batch{records: held, arch: arch}
		held, bytes = make([]klog.Record, 0, batchRecords), 0
		select {
		case lr.out <- b:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for {
		rec, err := lr.r.Next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				lr.err = err
			}
			if !flush(true) {
				return
			}
			return
		}
		if rec.Boot != boot {
			if boot != 0 && !flush(true) {
				return
			}
			boot, arch = rec.Boot, ""
		}
		if rec.Flags.Has(klog.FlagGarbled) {
			garbled++
		}
		held = append(held, rec)
		bytes += len(rec.Text)
		if lr.follow || len(held)%batchRecords == 0 || bytes >= batchBytes {
			if !flush(lr.follow) {
				return
			}
		}
	}
}

// archNames are what distributions and uname(1) call the architectures, by
// their directory in the kernel.
var archNames = map[string]string{
	"x86_64": "x86", "amd64": "x86", "i386": "x86", "i486": "x86", "i586": "x86", "i686": "x86",
	"armv5tel": "arm", "armv6l": "arm", "armv7l": "arm", "armhf": "arm", "armel": "arm",
	"aarch64": "arm64", "armv8l": "arm64",
	"riscv64": "riscv", "riscv32": "riscv",
	"ppc": "powerpc", "ppc64": "powerpc", "ppc64le": "powerpc", "ppc64el": "powerpc",
	"s390x": "s390", "mipsel": "mips", "mips64": "mips", "mips64el": "mips", "mips64le": "mips",
	"parisc64": "parisc", "hppa": "parisc", "sparc64": "sparc", "loong64": "loongarch", "loongarch64": "loongarch", "m68000": "m68k", "sh4": "sh",
}

// archName is the arch directory that a name stands for.
func (t *Tree) archName(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	arch := strings.ToLower(name)
	if a, ok := archNames[arch]; ok {
		arch = a
	}
	if lo, hi := t.idx.FilesUnder("arch/" + arch + "/"); lo < hi && !strings.Contains(arch, "/") {
		return arch, nil
	}
	var have []string
	lo, hi := t.idx.FilesUnder("arch/")
	for id := lo; id < hi; {
		dir, _, ok := strings.Cut(strings.TrimPrefix(t.idx.Path(id), "arch/"), "/")
		if !ok {
			id++
			continue
		}
		have = append(have, dir)
		_, id = t.idx.FilesUnder("arch/" + dir + "/")
	}
	slices.Sort(have)
	if len(have) == 0 {
		return "", &UsageError{fmt.Errorf("the tree has no directory arch, so there is no architecture %q", name)}
	}
	return "", &UsageError{fmt.Errorf("the tree has no architecture %q; it has %s", name, strings.Join(have, ", "))}
}
