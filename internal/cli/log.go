package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

type logOptions struct {
	follow bool
	config string
	arch   string
	all    bool
	brief  bool
	why    bool
	sites  int
	sides  logSides
	boot   int
	// vmlinux are files with the symbols of the kernel.
	vmlinux []string
	// timeline draws where the time went instead of the records; report is the
	// file for it in HTML.
	timeline bool
	report   string
}

func newLog(a *app) *cobra.Command {
	var o logOptions
	cmd := &cobra.Command{
		Use:   "log [FILE...]",
		Short: "Name the statement that printed each line of a kernel log",
		Long: `Log reads kernel logs and names, for each record of the kernel, the statement in
the source that printed it, with the values of its arguments. First comes a
summary: the kernel and the machine, the boots with how each ended, how much was
mapped, and the records that matter most.

Of a crash, it shows the functions that led there and the code that failed,
disassembled, with the address that its operand came to; with --vmlinux, the
lines that ran.

With --timeline, it draws where the time of each boot went: stages, the longest
silences, and if the kernel was booted with initcall_debug, the slowest initcalls
and probes. --report writes that and the records that matter into a page.

With --good and --bad, it compares logs: which statements speak only in one set,
which values differ, which pauses grew, and where the two part.

A log is the output of dmesg (in all its forms), /dev/kmsg, journalctl -k, a
syslog file, or a capture of a serial console, with whatever a terminal program
put in front; compressed with gzip, xz, zstd or bzip2 or not. Without FILE, or
for "-", it is the standard input.

How sure an answer is:
  certain     one statement fits
  likely      several fit, and the first beats the others by evidence
  ambiguous   the text cannot tell which of several statements it was: all
              are listed
  unknown     no statement of the tree fits`,
		Example: `  dekho log boot.txt
  dmesg | dekho log -
  dekho log --follow /var/log/kern.log
  dekho log --timeline --report boot.html boot.txt
  dekho log --good yesterday.log today.log --bad broken.log
  dekho log --vmlinux build/vmlinux oops.txt
  dekho log --config /boot/config-$(uname -r) --json boot.txt`,
		GroupID: groupLog,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runLog(cmd, a, &o, args)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.follow, "follow", "f", false, "go on as the log grows; the summary comes at the end")
	f.StringVar(&o.config, "config", "", "the kernel's configuration: a .config `FILE`, or /proc/config.gz")
	f.StringVar(&o.arch, "arch", "", "the `ARCH` of the kernel that wrote the log; by default, the log tells")
	f.StringArrayVar(&o.vmlinux, "vmlinux", nil, "name the lines of call traces by the kernel's vmlinux, a module or their .debug: a `FILE`, repeatedly; System.map")
	f.BoolVarP(&o.all, "all", "a", false, "show the records of firmware, boot loader and user space too")
	f.BoolVarP(&o.brief, "summary", "s", false, "show the summary alone")
	f.BoolVarP(&o.why, "why", "w", false, "show the rivals of the first statement and what decided")
	f.BoolVar(&o.timeline, "timeline", false, "draw where the time of each boot went, instead of the records")
	f.StringVar(&o.report, "report", "", "write a page about the boots to `FILE`, in HTML")
	o.sides.flags = f
	f.Var(logSide{&o.sides, false}, "good", "compare: the logs that follow are of boots that went well")
	f.Var(logSide{&o.sides, true}, "bad", "compare: those that follow are of boots that did not")
	f.IntVar(&o.boot, "boot", 0, "with --good and --bad, only the boot `N` of each log; by default, each boot is a run")
	f.IntVar(&o.sites, "max-sites", 0, "list at most `N` statements for a record")
	return cmd
}

// textSites is how many statements of a record a person is shown; programs get
// all that the text cannot tell apart, within reason.
const textSites = 6

func runLog(cmd *cobra.Command, a *app, o *logOptions, args []string) error {
	if len(o.sides.marks) > 0 {
		return compareLogs(cmd, a, o, args)
	}
	if o.boot != 0 {
		return usagef("--boot goes with --good and --bad")
	}
	if len(args) == 0 {
		if a.inTerminal() {
			return usagef("dekho log wants a file, or a log on its standard input: dmesg | dekho log -")
		}
		args = []string{"-"}
	}
	if o.follow && len(args) > 1 {
		return usagef("--follow takes one log")
	}
	if o.report != "" && len(args) > 1 {
		return usagef("--report takes one log")
	}
	if o.timeline || o.report != "" {
		o.brief = true
	}
	opts := workbench.LogOptions{Arch: o.arch, MaxSites: o.sites}
	if o.sites == 0 && !a.global.json {
		opts.MaxSites = textSites
	}
	if o.config != "" {
		config, err := readConfig(o.config)
		if err != nil {
			return err
		}
		opts.Config = config
	}
	// Inputs that cannot be read are told before the index is opened: that
	// may take a while when the machine is cold.
	files := make([]io.ReadCloser, len(args))
	defer func() {
		for _, f := range files {
			if f != nil {
				f.Close() //nolint:errcheck // it was only read
			}
		}
	}()
	for i, name := range args {
		f, err := a.openLog(name)
		if err != nil {
			return err
		}
		files[i] = f
	}
	symbols, closeSymbols, err := openSymbols(o.vmlinux)
	defer closeSymbols()
	if err != nil {
		return err
	}
	opts.Symbols = symbols
	tree, err := a.openForLog(cmd.Context())
	if err != nil {
		return err
	}
	found := false
	show := a.paged
	if o.follow {
		show = func(fn func() error) error { return fn() }
	}
	err = show(func() error {
		for i, name := range args {
			n, err := explainLog(cmd, a, o, opts, tree, name, files[i], len(args) > 1)
			found = found || n > 0
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err = errors.Join(err, tree.Close()); err != nil {
		return err
	}
	if !found {
		a.say("no record of a kernel found")
		return errNothing
	}
	return nil
}

// openSymbols opens the files that tell the lines of call traces.
func openSymbols(names []string) (list []workbench.SymbolFile, closeAll func(), err error) {
	var files []*os.File
	closeAll = func() {
		for _, f := range files {
			f.Close() //nolint:errcheck // it was only read
		}
	}
	for _, name := range names {
		f, err := openFile(name)
		if err != nil {
			return nil, closeAll, err
		}
		files = append(files, f)
		info, err := f.Stat()
		if err != nil {
			return nil, closeAll, &workbench.InputError{Name: name, Err: err}
		}
		list = append(list, workbench.SymbolFile{Name: name, File: f, Size: info.Size()})
	}
	return list, closeAll, nil
}

// openForLog opens the tree with its map of print statements up to date. Where
// that cannot be made anew, the old one still answers.
func (a *app) openForLog(ctx context.Context) (*workbench.Tree, error) {
	tree, err := a.open()
	if err != nil || !tree.LogMapStale() {
		return tree, err
	}
	a.say("files of the tree have changed since print statements were mapped: mapping them anew")
	w, err := a.bench()
	if err != nil {
		return tree, nil //nolint:nilerr // the old map answers
	}
	bar := newProgress(a)
	_, _, err = w.Index(ctx, tree.Root(), workbench.IndexOptions{Complete: true, Progress: bar.update})
	bar.done()
	if err != nil {
		a.say("that failed, so places in changed files may be off by some lines: %v", err)
		return tree, nil
	}
	if err := tree.Close(); err != nil {
		return nil, err
	}
	return a.open()
}

// explainLog explains one log and returns how many records of a kernel it has.
func explainLog(cmd *cobra.Command, a *app, o *logOptions, opts workbench.LogOptions, tree *workbench.Tree, name string, in io.Reader, several bool) (records int64, err error) {
	var p render.LogPrinter
	file := ""
	if several {
		file = name
	}
	if a.global.json {
		p = render.NewLogJSON(a.out, file)
	} else {
		to := render.LogTextOptions{Style: a.style(), All: o.all, Brief: o.brief, Why: o.why}
		if !o.follow && !o.brief {
			to.Spool = render.NewSpool(tempFile)
			defer func() { err = errors.Join(err, to.Spool.Close()) }()
		}
		p = render.NewLogText(a.out, to)
	}
	print := p.Record
	ctx := cmd.Context()
	if o.follow {
		done := make(chan struct{})
		_, pipe := in.(stdin)
		opts.Follow = workbench.Following(!pipe, done)
		print = func(r *workbench.LogRecord) error {
			if err := p.Record(r); err != nil {
				return err
			}
			return a.out.Flush()
		}
		// An interrupt ends the log, and the summary is still wanted.
		go func() {
			<-cmd.Context().Done()
			close(done)
		}()
		ctx = context.WithoutCancel(ctx)
	}
	title := name
	if title == "-" {
		title = "standard input"
	}
	sum, err := tree.ExplainLog(ctx, title, in, opts, print)
	var input *workbench.InputError
	if err != nil && (!errors.As(err, &input) || sum.Stats.Records == 0) {
		return sum.KernelRecords(), err
	}
	// What could be read of a log that ends badly is an answer too.
	err = errors.Join(p.Summary(sum), err)
	if o.timeline && !a.global.json {
		err = errors.Join(err, render.Timeline(a.out, a.style(), sum))
	}
	if o.report != "" {
		err = errors.Join(err, writeReport(o.report, sum))
	}
	return sum.KernelRecords(), err
}

// writeReport writes the page about a log. An old one stays when that fails.
func writeReport(file string, sum *workbench.LogSummary) error {
	var page bytes.Buffer
	if err := render.Report(&page, sum); err != nil {
		return err
	}
	return os.WriteFile(file, page.Bytes(), 0o644)
}

// stdin is the standard input, which is not closed.
type stdin struct{ io.Reader }

func (stdin) Close() error { return nil }

// openLog opens an input.
func (a *app) openLog(name string) (io.ReadCloser, error) {
	if name == "-" {
		return stdin{a.In}, nil
	}
	return openFile(name)
}

// openFile opens a file for reading and refuses what is none.
func openFile(name string) (*os.File, error) {
	f, err := os.Open(name)
	if err != nil {
		hint := ""
		if errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(name, "-") {
			hint = "options come before --"
		}
		return nil, &workbench.InputError{Name: name, Err: err, Hint: hint}
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("is a directory")
	}
	if err != nil {
		f.Close() //nolint:errcheck // nothing was written
		return nil, &workbench.InputError{Name: name, Err: err}
	}
	return f, nil
}

func readConfig(name string) (map[string]string, error) {
	f, err := openFile(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	return workbench.ReadConfig(name, f)
}

// tempFile makes a file without a name, for what does not fit into memory.
func tempFile() (render.TempFile, error) {
	f, err := os.CreateTemp("", "dekho-")
	if err != nil {
		return nil, err
	}
	// It lives as long as it is open, whatever becomes of the process.
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
