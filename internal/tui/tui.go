// Package tui is dekho in a terminal: a finder, lists and call trees on the left, the
// source on the right, and a view of kernel logs with the statement that printed
// each record.
//
// It is made as bubbletea wants it: a model, a function that updates it for each
// message, and one that draws it. Neither waits for anything. What takes time
// runs as a command (jobs.go), is cancelled when something newer is asked of the
// same kind, and changes the model when it is done. So everything is tested
// without a terminal, see model_test.go.
//
// What is drawn comes from sources and logs; all of it goes through cells.go, which
// lets nothing pass that a terminal would act on.
package tui

import (
	"context"
	"errors"
	"io"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"dekho/internal/workbench"
)

// Session is the tree that is looked at: a workbench.Session.
type Session interface {
	Use(ctx context.Context, f func(t *workbench.Tree) error) error
	Root() string
}

// Options say what is shown.
type Options struct {
	Session Session
	// Start is a name or FILE[:LINE] to begin with, "" for none.
	Start string
	// Lens says what the session looks through, "" for nothing.
	Lens string
	// Log, if not nil, is a log to show.
	Log *Log
	// Editor is the command of the user's editor.
	Editor string
	// NoColor leaves colours out.
	NoColor bool
	// Environ is the environment, as os.Environ has it.
	Environ []string
}

// Log is a log to show.
type Log struct {
	Name    string
	In      io.Reader
	Options workbench.LogOptions
}

// ErrCrash means that the program came to its end by its own mistake; the terminal is
// as it was.
var ErrCrash = errors.New("the terminal program crashed; that is a mistake in dekho")

// Run shows the tree until the user leaves or ctx is done. It wants standard input
// or the process's terminal to type on, and a terminal to write on.
func Run(ctx context.Context, out io.Writer, o Options) error {
	m := newModel(ctx, o)
	defer m.close()
	options := []tea.ProgramOption{tea.WithContext(ctx), tea.WithOutput(out), tea.WithoutSignalHandler(), tea.WithEnvironment(o.Environ)}
	if o.NoColor {
		options = append(options, tea.WithColorProfile(colorprofile.ASCII))
	}
	_, err := tea.NewProgram(m, options...).Run()
	switch {
	case errors.Is(err, tea.ErrProgramPanic):
		return ErrCrash
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return err
}
