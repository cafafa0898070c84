// Package cli is the command line of dekho. One table (see commands) holds all
// commands; help, manual pages and completion come from it. A command reads its
// flags, calls a use case of package workbench and hands the result to package
// render.
package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

// The exit codes; see the help topic exit-codes.
const (
	exitFound       = 0
	exitNothing     = 1
	exitUsage       = 2
	exitInput       = 3
	exitIndex       = 4
	exitInterrupted = 130 // what shells use for SIGINT
)

// errNothing is returned by a command that found nothing and has said so,
// errNotChecked by one that could not look and has said so.
var (
	errNothing    = errors.New("nothing found")
	errNotChecked = errors.New("not checked")
)

// app is one run of the program.
type app struct {
	*Streams
	out    *bufio.Writer // on Out
	global globalOptions
	meter  meter
}

// globalOptions are the flags that every command has.
type globalOptions struct {
	tree, store string
	json        bool
	color       string
	timing      bool
	cpuProfile  string
	traceFile   string
	quiet       bool
	noPager     bool
	lens        workbench.LensOptions
	useLens     bool // the command has the flags of the lens
}

// commands is the table of commands. Everything that lists commands goes
// through it.
func commands(a *app) []*cobra.Command {
	return []*cobra.Command{
		newIndex(a),
		newLog(a),
		newShow(a),
		newDef(a),
		newRefs(a),
		newCallers(a),
		newCallees(a),
		newPath(a),
		newWhy(a),
		newOutline(a),
		newGrep(a),
		newFind(a),
		newInitcalls(a),
		newKconfig(a),
		newDeviceTree(a),
		newDNS(a),
		newUndo(a),
		newDoctor(a),
		newCscope(a),
		newLSP(a),
		newCtags(a),
		newReadtags(a),
		newTUI(a),
		newMCP(a),
		newDemo(a),
		newMan(),
		newVersion(a),
	}
}

// The groups in which help shows the commands.
const (
	groupLog    = "log"
	groupSystem = "system"
	groupQuery  = "query"
	groupEditor = "editor"
	groupIndex  = "index"
	groupOther  = "other"
)

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "dekho",
		Short: "From a symptom to the line of the kernel source behind it",
		Long: `dekho ("look!") names, for each line of a kernel log, the statement in the
source that printed it, with the values of its arguments, and answers questions
about the source: definitions, references, text, names.

A tree is indexed once with "dekho index TREE"; after that, run inside of the
tree or name it with --tree.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("there is no command %q; dekho --help lists the commands", args[0])
			}
			return nil
		},
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			switch a.global.color {
			case "auto", "always", "never":
			default:
				return usagef("--color is auto, always or never, not %q", a.global.color)
			}
			return a.meter.start(&a.global)
		},
	}
	root.SetOut(a.out)
	root.SetErr(a.Err)
	root.SetIn(a.In)
	root.AddGroup(
		&cobra.Group{ID: groupLog, Title: "Logs:"},
		&cobra.Group{ID: groupSystem, Title: "Systems:"},
		&cobra.Group{ID: groupQuery, Title: "Source:"},
		&cobra.Group{ID: groupEditor, Title: "Editors:"},
		&cobra.Group{ID: groupIndex, Title: "Index:"},
		&cobra.Group{ID: groupOther, Title: "Other:"},
	)
	root.SetHelpCommandGroupID(groupOther)
	root.SetCompletionCommandGroupID(groupOther)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w; %s --help lists the options", err, cmd.CommandPath())
	})
	f := root.PersistentFlags()
	f.StringVar(&a.global.tree, "tree", "", "the indexed `TREE` to ask: its directory, one inside of it, or its name; several, with commas")
	f.StringVar(&a.global.store, "store", "", "the `DIR` that holds the indexes")
	f.BoolVar(&a.global.json, "json", false, "answer in JSON, an object a line")
	f.StringVar(&a.global.color, "color", "auto", "colours: `WHEN` is auto, always or never")
	f.BoolVar(&a.global.timing, "timing", false, "say on standard error what took how long")
	f.StringVar(&a.global.cpuProfile, "cpuprofile", "", "write a CPU profile to `FILE` (go tool pprof)")
	f.StringVar(&a.global.traceFile, "trace", "", "write an execution trace to `FILE` (go tool trace)")
	f.BoolVarP(&a.global.quiet, "quiet", "q", false, "no progress and no remarks on standard error")
	f.BoolVar(&a.global.noPager, "no-pager", false, "write to the terminal directly")
	complete(root, "tree", completeTrees(a))
	complete(root, "store", completeDirs)
	complete(root, "color", cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp))
	for _, c := range commands(a) {
		if c.GroupID == groupQuery && !noLens[c.Name()] {
			a.lensFlags(c)
		}
		root.AddCommand(c)
	}
	root.AddCommand(topics()...)
	return root
}

// complete says how the value of a flag is completed.
func complete(cmd *cobra.Command, flag string, fn cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, fn); err != nil {
		panic(err) // there is no such flag: a mistake in this package
	}
}

// Most runs are over before collecting garbage is worth it; the limit keeps the
// long ones, such as a log of gigabytes, from taking that as a licence.
const (
	gcPercent   = 400
	memoryLimit = 1 << 30
)

// Main runs the program and returns its exit code.
func Main(args []string, streams *Streams) int {
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(memoryLimit)
	a := &app{Streams: streams, out: bufio.NewWriterSize(streams.Out, 64<<10)}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot(a)
	root.SetArgs(withErrno(args))
	err := root.ExecuteContext(ctx)
	// An answer in part comes before the message that says why it ends.
	if ferr := a.out.Flush(); err == nil && ferr != nil {
		err = &workbench.InputError{Name: "standard output", Err: ferr}
	}
	if merr := a.meter.stop(a.tell); err == nil {
		err = merr
	}
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		return exitInterrupted
	}
	code := exitCode(err)
	if err != nil && !errors.Is(err, errNothing) && !errors.Is(err, errNotChecked) {
		a.tell("dekho: %s\n", err)
	}
	return code
}

// exitCode classes an error.
func exitCode(err error) int {
	var usage *workbench.UsageError
	var input *workbench.InputError
	switch {
	case err == nil:
		return exitFound
	case errors.Is(err, errNothing):
		return exitNothing
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, workbench.ErrNoIndex), errors.Is(err, workbench.ErrDamaged), errors.Is(err, workbench.ErrVersion),
		errors.Is(err, workbench.ErrLocked), errors.Is(err, workbench.ErrStore):
		return exitIndex
	case errors.As(err, &input):
		return exitInput
	}
	return exitInput
}

// usagef returns an error of usage.
func usagef(format string, args ...any) error {
	return &workbench.UsageError{Err: fmt.Errorf(format, args...)}
}

// bench opens the workbench that the global flags name.
func (a *app) bench() (*workbench.Workbench, error) {
	opts := workbench.Options{Tree: a.global.tree, Store: a.global.store, Getenv: a.Getenv}
	if a.global.useLens {
		opts.Lens = &a.global.lens
	}
	if a.global.timing {
		opts.Clock = a.meter.step
	}
	return workbench.New(opts)
}

// open opens the tree that the global flags name.
func (a *app) open() (*workbench.Tree, error) {
	w, err := a.bench()
	if err != nil {
		return nil, err
	}
	return w.Open()
}

// style is how text looks on the output.
func (a *app) style() render.Style {
	color := false
	switch a.global.color {
	case "always":
		color = true
	case "auto":
		color = a.OutTerminal && a.Getenv("NO_COLOR") == "" && a.Getenv("TERM") != "dumb"
	}
	return render.Style{Color: color, Width: a.Width}
}

// say writes a remark to standard error.
func (a *app) say(format string, args ...any) {
	if !a.global.quiet {
		a.tell("dekho: "+format+"\n", args...)
	}
}

// tell writes to standard error. Should that fail, there is nobody to tell.
func (a *app) tell(format string, args ...any) {
	_, _ = fmt.Fprintf(a.Err, format, args...)
}

// noArgs, someArgs and oneArg check the number of arguments.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no arguments; see %s --help", cmd.CommandPath(), cmd.CommandPath())
	}
	return nil
}

func someArgs(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef("%s wants %s; see %s --help", cmd.CommandPath(), what, cmd.CommandPath())
		}
		return nil
	}
}

func oneArg(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usagef("%s takes at most 1 argument; see %s --help", cmd.CommandPath(), cmd.CommandPath())
	}
	return nil
}
