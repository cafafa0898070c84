package cli

import (
	"errors"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

// logSides sorts the arguments of "--good A B --bad C D": the logs behind one of
// the flags are of its side.
type logSides struct {
	flags *pflag.FlagSet
	marks []sideMark
}

// sideMark is a use of one of the flags: its own log, and how many arguments
// stood before it.
type sideMark struct {
	bad   bool
	first string
	at    int
}

// logSide is one of the flags.
type logSide struct {
	sides *logSides
	bad   bool
}

// Set implements pflag.Value. The arguments parsed so far are those before it.
func (s logSide) Set(v string) error {
	s.sides.marks = append(s.sides.marks, sideMark{s.bad, v, s.sides.flags.NArg()})
	return nil
}

func (logSide) String() string { return "" }

// Type implements pflag.Value.
func (logSide) Type() string { return "FILE..." }

// split gives the good logs and the bad ones.
func (s *logSides) split(args []string) (good, bad []string, err error) {
	if n := s.marks[0].at; n > 0 {
		return nil, nil, usagef("say for each log whether it is --good or --bad: %s is neither", args[0])
	}
	for i, m := range s.marks {
		end := len(args)
		if i+1 < len(s.marks) {
			end = s.marks[i+1].at
		}
		side := &good
		if m.bad {
			side = &bad
		}
		*side = append(append(*side, m.first), args[m.at:end]...)
	}
	if len(good) == 0 || len(bad) == 0 {
		return nil, nil, usagef("a comparison wants logs of both kinds: --good A.log --bad B.log")
	}
	return good, bad, nil
}

// compareLogs says what sets good logs and bad ones apart.
func compareLogs(cmd *cobra.Command, a *app, o *logOptions, args []string) (err error) {
	if o.follow {
		return usagef("logs that are compared have ended: --follow does not go with --good and --bad")
	}
	good, bad, err := o.sides.split(args)
	if err != nil {
		return err
	}
	opts := workbench.CompareLogsOptions{LogOptions: workbench.LogOptions{Arch: o.arch}, Boot: o.boot}
	if o.config != "" {
		if opts.Config, err = readConfig(o.config); err != nil {
			return err
		}
	}
	var files []io.Closer
	defer func() {
		for _, f := range files {
			f.Close() //nolint:errcheck // it was only read
		}
	}()
	var sides [2][]workbench.LogInput
	for i, names := range [][]string{good, bad} {
		for _, name := range names {
			f, err := a.openLog(name)
			if err != nil {
				return err
			}
			files = append(files, f)
			sides[i] = append(sides[i], workbench.LogInput{Name: name, In: f})
		}
	}
	tree, err := a.openForLog(cmd.Context())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tree.Close()) }()
	c, err := tree.CompareLogs(cmd.Context(), sides[0], sides[1], opts)
	if err != nil {
		return err
	}
	err = a.paged(func() error {
		if a.global.json {
			return render.LogComparisonJSON(a.out, c)
		}
		return render.LogComparisonText(a.out, a.style(), c)
	})
	if err == nil && c.First == nil && len(c.Gaps) == 0 {
		return errNothing
	}
	return err
}
