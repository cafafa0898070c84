// Package cscope is a front end that stands in for the program cscope: it takes
// its command line and speaks its line protocol, so that Vim's :cscope, Emacs and
// scripts work with the index of dekho.
//
// The protocol: the prompt ">> ", then a line with the number of a question and
// its pattern; the answer is "cscope: N lines" and N lines with path, function,
// line number and text, separated by blanks.
package cscope

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

// Env is what a run sees of the process around it.
type Env struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
	// Bench opens the workbench for the tree that holds a directory; "" is the
	// tree that the environment names or that holds the working directory.
	Bench func(dir string) (*workbench.Workbench, error)
	// Temp makes a file for answers that do not fit into memory.
	Temp func() (render.TempFile, error)
	// Progress, if not nil, hears how far indexing is.
	Progress func(workbench.Progress)
	// Tree says that the tree was named explicitly: nothing else chooses it.
	Tree bool
}

// lockWait is how long to wait for another process that indexes.
const lockWait = 10 * time.Minute

// run is a run of the program.
type run struct {
	*Env
	opts  *Options
	bench *workbench.Workbench
	// base is the directory that names of files are relative to, without
	// symbolic links, "" for absolute names.
	base string
	out  *bufio.Writer
}

// Run does what a command line asks for.
func Run(ctx context.Context, env *Env, opts *Options) error {
	r := &run{Env: env, opts: opts, out: bufio.NewWriterSize(env.Out, 64<<10)}
	if !opts.Build && !opts.Lines && (!opts.Once || !opts.HasQuery) {
		if opts.Once {
			return nil // nothing was asked
		}
		return &workbench.UsageError{Err: errors.New("dekho cscope has no screen: use -l, -L or -b; dekho tui browses in a terminal")}
	}
	if err := r.choose(); err != nil {
		return err
	}
	if !opts.NoUpdate || opts.Build {
		if err := r.update(ctx); err != nil {
			return err
		}
	}
	if opts.Build {
		return nil
	}
	s, err := r.bench.OpenSession()
	if err != nil {
		return err
	}
	if opts.Lines {
		return errors.Join(r.serve(ctx, s), s.Close())
	}
	return errors.Join(r.once(ctx, s), r.out.Flush(), s.Close())
}

// choose finds the tree that is meant and how names of files are written: by
// what the database says, else by the directories that the command line names,
// else by the working directory.
func (r *run) choose() error {
	name := r.opts.Database
	if name == "" {
		name = DefaultDatabase
	}
	cwd, err := os.Getwd()
	if err != nil {
		return &workbench.InputError{Name: "working directory", Err: err}
	}
	var dirs []string
	db := readDatabase(name)
	_, err = os.Stat(name)
	exists := err == nil
	r.base = cwd
	switch {
	case r.opts.Build:
		dirs = append(append(dirs, r.opts.Dirs...), cwd)
		if db != nil {
			dirs = append(dirs, db.Root)
		}
		if r.absolute() {
			r.base = ""
		}
	default:
		if db != nil {
			dirs, r.base = append(dirs, db.Root), db.Base
		} else if exists {
			r.base = filepath.Dir(name)
		}
		if r.opts.Prepend != "" {
			if dirs = append(dirs, r.opts.Prepend); db == nil {
				r.base = r.opts.Prepend
			}
		}
		if exists {
			dirs = append(dirs, filepath.Dir(name))
		}
		dirs = append(append(dirs, r.opts.Dirs...), cwd)
	}
	if r.base != "" {
		if r.base, err = filepath.Abs(r.base); err != nil {
			return &workbench.InputError{Name: r.base, Err: err}
		}
		if real, err := filepath.EvalSymlinks(r.base); err == nil {
			r.base = real
		}
	}
	if r.Tree {
		r.bench, err = r.Bench("")
		return err
	}
	return r.open(dirs)
}

// open opens the workbench for the first of the directories that an indexed tree
// holds. If none does, it is the first, to be indexed if that is allowed.
func (r *run) open(dirs []string) error {
	if r.opts.Database == "" && r.opts.Prepend == "" && len(r.opts.Dirs) == 0 && !r.opts.Build {
		dirs = append(dirs, "") // nothing was named: as for the other commands
	}
	var first error
	for i, dir := range dirs {
		if dir != "" {
			abs, err := filepath.Abs(dir)
			if err != nil {
				return &workbench.InputError{Name: dir, Err: err}
			}
			dir, dirs[i] = abs, abs
		}
		w, err := r.Bench(dir)
		if err != nil {
			return err
		}
		t, err := w.Open()
		if err == nil {
			r.bench = w
			return t.Close()
		}
		if !errors.Is(err, workbench.ErrNoIndex) {
			return err
		}
		if first == nil {
			first = err
		}
	}
	if r.opts.NoUpdate && !r.opts.Build {
		return fmt.Errorf("%w; dekho cscope -b there makes the index and %s", first, DefaultDatabase)
	}
	w, err := r.Bench(dirs[0])
	r.bench = w
	return err
}

// absolute reports whether a build names its files by absolute paths: then
// cscope answers with such.
func (r *run) absolute() bool {
	first := ""
	switch {
	case r.opts.Names != "" && r.opts.Names != "-":
		f, err := os.Open(r.opts.Names)
		if err != nil {
			return false
		}
		defer f.Close() //nolint:errcheck // only read
		head := make([]byte, 4096)
		n, err := io.ReadFull(f, head)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return false
		}
		for line := range strings.SplitSeq(string(head[:n]), "\n") {
			if line = strings.Trim(line, " \t\r\""); line != "" && line[0] != '-' { // an option
				first = line
				break
			}
		}
	case len(r.opts.Dirs) > 0:
		first = r.opts.Dirs[0]
	case len(r.opts.Files) > 0:
		first = r.opts.Files[0]
	}
	return filepath.IsAbs(first)
}

// update brings the index up to date and writes the database where it is
// wanted.
func (r *run) update(ctx context.Context) error {
	_, root, err := r.bench.Index(ctx, "", workbench.IndexOptions{Rebuild: r.opts.Rebuild, Wait: lockWait, Progress: r.Progress})
	if err != nil {
		return err
	}
	if !r.opts.Build {
		return nil // who only asks need not find a file in his tree
	}
	name := r.opts.Database
	if name == "" {
		name = DefaultDatabase
	}
	if err := (&database{Root: root, Base: r.base}).write(name, r.opts.Inverted); err != nil {
		return &workbench.InputError{Name: name, Err: err, Hint: "-f names the file to write"}
	}
	return nil
}

// once answers the question of the command line.
func (r *run) once(ctx context.Context, s *workbench.Session) error {
	if !r.opts.Verbose {
		return s.Use(ctx, func(t *workbench.Tree) error {
			return r.answer(ctx, t, r.opts.Query, r.opts.Pattern, r.opts.IgnoreCase, r.out)
		})
	}
	return r.counted(ctx, s, r.opts.Query, r.opts.Pattern, r.opts.IgnoreCase)
}

// counted answers a question with the number of lines before them.
func (r *run) counted(ctx context.Context, s *workbench.Session, q workbench.CrossQuery, pattern string, ignoreCase bool) error {
	lines := &countedLines{spool: render.NewSpool(r.Temp)}
	err := s.Use(ctx, func(t *workbench.Tree) error {
		return r.answer(ctx, t, q, pattern, ignoreCase, lines)
	})
	if err == nil {
		if _, err = fmt.Fprintf(r.out, "cscope: %d lines\n", lines.n); err == nil {
			_, err = lines.spool.WriteTo(r.out)
		}
		if err != nil {
			err = &outputError{err}
		}
	}
	return errors.Join(err, lines.spool.Close())
}

// countedLines keeps the lines of an answer until their number is known.
type countedLines struct {
	spool *render.Spool
	n     int
}

func (c *countedLines) Write(line []byte) (int, error) {
	c.n++
	return c.spool.Write(line)
}

// outputError says that who asked is gone.
type outputError struct{ error }

func (e *outputError) Unwrap() error { return e.error }
