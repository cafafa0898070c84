package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"dekho/internal/tui"
	"dekho/internal/workbench"
)

func newTUI(a *app) *cobra.Command {
	var log string
	var follow bool
	cmd := &cobra.Command{
		Use:   "tui [NAME | FILE[:LINE]]",
		Short: "Find, read and follow the source on the whole terminal",
		Long: `Tui shows the tree on the whole terminal: on the left a finder of files, symbols
and text, or the list that was asked for; on the right the source. In the source
Enter follows the name under the cursor and Backspace comes back; r lists
references, c and C draw the tree of callers and callees, o lists the file's
definitions, i tells what is known of a name, e opens $VISUAL or $EDITOR; ? lists
all keys.

With --log it shows a kernel log instead, as dekho log reads it: the records on
the left, the statement that printed the one selected on the right. n and N go
from problem to problem.

With --arch, --config or --board, what is not built is dimmed.`,
		Example: `  dekho tui
  dekho tui tcp_v4_rcv
  dekho tui --config .config fs/ext4/super.c:4643
  dekho tui --log boot.txt`,
		GroupID: groupQuery,
		Args:    oneArg,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
			if strings.Contains(prefix, "/") {
				return completeFiles(a)(cmd, args, prefix)
			}
			return completeNames(a)(cmd, args, prefix)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			start := ""
			if len(args) > 0 {
				start = args[0]
			}
			if follow && log == "" {
				return usagef("--follow is about a log: give one with --log")
			}
			return runTUI(cmd.Context(), a, start, log, follow)
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on as the log grows")
	cmd.Flags().StringVarP(&log, "log", "l", "", "show a kernel log: `FILE`, or - for the standard input")
	return cmd
}

// tuiGCPercent is for a program that stays: memory counts more than in one that is
// over in a moment.
const tuiGCPercent = 100

func runTUI(ctx context.Context, a *app, start, log string, follow bool) error {
	switch term := a.Getenv("TERM"); {
	case a.global.json:
		return usagef("dekho tui is for people; dekho def, refs, callers, find and log have --json")
	case !a.OutTerminal || log != "-" && !a.inTerminal():
		return usagef("dekho tui wants a terminal; dekho find, def, callers and log answer without one")
	case term == "" || term == "dumb":
		return usagef("dekho tui wants a terminal that can move its cursor, and TERM is %q; dekho find, def, callers and log answer on any", term)
	}
	lens := a.global.lens
	lens.FromEnv(a.Getenv)
	o := tui.Options{Start: start, Lens: lensName(&lens), Editor: a.editor(), NoColor: !a.style().Color, Environ: os.Environ()}
	if log != "" {
		in, err := a.openLog(log)
		if err != nil {
			return err
		}
		defer in.Close() //nolint:errcheck // it was only read
		o.Log = &tui.Log{Name: log, In: in, Options: workbench.LogOptions{MaxSites: textSites}}
		if log == "-" {
			o.Log.Name = "standard input"
		}
		if follow {
			done := make(chan struct{})
			defer close(done)
			o.Log.Options.Follow = workbench.Following(log != "-", done)
		}
		// What is wrong with a configuration the lens says; one that only it can
		// read is of no use to a log.
		if config, err := readConfig(lens.Config); err == nil {
			o.Log.Options.Config = config
		}
		o.Log.Options.Arch = a.global.lens.Arch
		// The map of print statements is made anew where that is due.
		tree, err := a.openForLog(ctx)
		if err != nil {
			return err
		}
		if err := tree.Close(); err != nil {
			return err
		}
	}
	w, err := a.bench()
	if err != nil {
		return err
	}
	session, err := w.OpenSession()
	if err != nil {
		return err
	}
	o.Session = session
	debug.SetGCPercent(tuiGCPercent)
	return errors.Join(tui.Run(ctx, a.Out, o), session.Close())
}

// editor is the command of the user's editor.
func (a *app) editor() string {
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if editor := strings.TrimSpace(a.Getenv(name)); editor != "" {
			return editor
		}
	}
	return "vi"
}

// lensName is what to call a lens on the screen.
func lensName(o *workbench.LensOptions) string {
	var parts []string
	for _, s := range []string{o.Arch, filepath.Base(o.Config), filepath.Base(o.Board)} {
		if s != "" && s != "." {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " ")
}
