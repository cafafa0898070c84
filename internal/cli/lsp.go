package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"dekho/internal/lsp"
	"dekho/internal/workbench"
)

// A server runs for days beside an editor. It collects garbage as most programs
// do, and sooner when it has much.
const (
	lspGCPercent   = 50
	lspMemoryLimit = 160 << 20
)

func newLSP(a *app) *cobra.Command {
	var logFile string
	cmd := &cobra.Command{
		Use:   "lsp",
		Short: "Serve an editor that speaks the Language Server Protocol",
		Long: `Lsp answers an editor on standard input and output: definitions, references,
implementations behind pointers, symbols, hover, call and type hierarchies,
folding, completion. What is typed and not saved is taken into account; a file
that is saved is indexed again.

Each document is looked up in the indexed tree that it is in. A tree of the
workspace that has no index gets one, if it is under version control or is a
kernel.

With --arch, --config or --board, what is not built is left for last, and its
lines are shown as inactive. An editor may set these and onlyBuilt as
initialization options, or as settings under "dekho", and turn indexing off with
autoIndex. It may ask for indexing with the command dekho.index.`,
		Example: `  dekho lsp
  dekho lsp --config .config --log ~/dekho.log`,
		GroupID: groupEditor,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.inTerminal() {
				return usagef("dekho lsp is started by an editor, which writes to its standard input; see %s --help", cmd.CommandPath())
			}
			// An editor that is gone is noticed by the error of writing to it.
			signal.Ignore(syscall.SIGPIPE)
			return runLSP(cmd, a, logFile)
		},
	}
	a.lensFlags(cmd)
	cmd.Flags().StringVar(&logFile, "log", "", "append problems to `FILE` instead of standard error")
	cmd.Flags().Bool("stdio", true, "talk on standard input and output, as it does anyway")
	return cmd
}

func runLSP(cmd *cobra.Command, a *app, logFile string) (err error) {
	log := a.Err
	if logFile != "" {
		f, err := os.OpenFile(logFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return &workbench.InputError{Name: logFile, Err: err}
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		log = f
	}
	debug.SetGCPercent(lspGCPercent)
	debug.SetMemoryLimit(lspMemoryLimit)
	w, err := a.bench()
	if err != nil {
		return err
	}
	err = lsp.Serve(cmd.Context(), io.NopCloser(a.In), a.Out, lsp.Options{
		Version:   version().Version,
		Workbench: workbench.Options{Store: w.Store(), Lens: &a.global.lens, Getenv: a.Getenv},
		Index: func(ctx context.Context, root string, complete bool) error {
			return indexApart(ctx, w.Store(), root, complete)
		},
		Log: log,
	})
	if errors.Is(err, lsp.ErrNoExit) {
		_, _ = fmt.Fprintf(log, "dekho lsp: %v\n", err) // on the way out: nobody to tell
		return errNothing
	}
	return err
}

// indexApart indexes a tree in a process of its own, so that what that needs of
// memory is given back.
func indexApart(ctx context.Context, store, root string, complete bool) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	index := exec.CommandContext(ctx, self, "index", "--quiet", "--complete="+strconv.FormatBool(complete), "--store", store, root)
	index.Cancel = func() error { return index.Process.Signal(syscall.SIGTERM) }
	index.WaitDelay = 5 * time.Second
	var out strings.Builder
	index.Stdout, index.Stderr = io.Discard, &out
	err = index.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && out.Len() > 0 {
		return errors.New(strings.TrimPrefix(strings.TrimSpace(out.String()), "dekho: "))
	}
	return err
}
