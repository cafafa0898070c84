package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Streams is what a run of the program sees of the process around it.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
	// OutTerminal and ErrTerminal say that a person is looking.
	OutTerminal, ErrTerminal bool
	// Width is the width of the terminal that Out is, in columns; 0 if it is
	// none.
	Width int
	// Getenv looks up the environment.
	Getenv func(string) string
}

// Process returns the streams of this process.
func Process() *Streams {
	s := &Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv}
	out := int(os.Stdout.Fd())
	if s.OutTerminal = term.IsTerminal(out); s.OutTerminal {
		if w, _, err := term.GetSize(out); err == nil {
			s.Width = w
		}
	}
	s.ErrTerminal = term.IsTerminal(int(os.Stderr.Fd()))
	return s
}

// inTerminal reports whether the standard input is a terminal: then nobody
// will send anything unless told to.
func (s *Streams) inTerminal() bool {
	f, ok := s.In.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
