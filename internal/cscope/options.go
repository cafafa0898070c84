package cscope

// The command line, as cscope and all that start it write it: options bundled
// (-bkq), with values attached or apart (-L3kfree, -L -3 kfree), in any order.

import (
	"errors"
	"fmt"
	"strings"

	"dekho/internal/workbench"
)

// Options are what a command line asks for.
type Options struct {
	// Lines is -l: answer the queries that come on the input.
	Lines bool
	// Once is -L: answer Query.
	Once bool
	// Query is the question of -0 to -9, Pattern what it is about; HasQuery
	// says that there is one.
	Query    workbench.CrossQuery
	Pattern  string
	HasQuery bool
	// Build is -b: bring the index up to date, and nothing else.
	Build bool
	// NoUpdate is -d: take the index as it is.
	NoUpdate bool
	// Rebuild is -u: read every file again.
	Rebuild bool
	// IgnoreCase is -C.
	IgnoreCase bool
	// Inverted is -q: callers expect two more files beside the database.
	Inverted bool
	// Verbose is -v.
	Verbose bool
	// Database is the value of -f, "" for cscope.out.
	Database string
	// Prepend is the value of -P.
	Prepend string
	// Names is the value of -i, a file with the names of sources, "" for none.
	Names string
	// Dirs are the values of -s, and Files what else was named.
	Dirs, Files []string
	// Help and Version are -h and -V.
	Help, Version bool
}

// flags are the options without a value. Those that do nothing say how
// cscope's database is stored, what its screen looks like, or where it looks for
// headers outside of a tree.
var flags = map[byte]func(*Options){
	'b': func(o *Options) { o.Build = true },
	'C': func(o *Options) { o.IgnoreCase = true },
	'd': func(o *Options) { o.NoUpdate = true },
	'h': func(o *Options) { o.Help = true },
	'l': func(o *Options) { o.Lines = true },
	'L': func(o *Options) { o.Once = true },
	'q': func(o *Options) { o.Inverted = true },
	'u': func(o *Options) { o.Rebuild = true },
	'v': func(o *Options) { o.Verbose = true },
	'V': func(o *Options) { o.Version = true },
	'c': nil, 'e': nil, 'k': nil, 'R': nil, 'T': nil, 'U': nil, 'X': nil, 'a': nil,
}

// values are the options with a value.
var values = map[byte]func(*Options, string){
	'f': func(o *Options, v string) { o.Database = v },
	'P': func(o *Options, v string) { o.Prepend = v },
	'i': func(o *Options, v string) { o.Names = v },
	's': func(o *Options, v string) { o.Dirs = append(o.Dirs, v) },
	'F': nil, 'I': nil, 'S': nil, 'p': nil,
}

// ErrUsage is wrapped by the errors of Parse.
var ErrUsage = errors.New("usage")

// Parse reads a command line, without the name of the program.
func Parse(args []string) (*Options, error) {
	o := &Options{}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--help":
			o.Help = true
		case arg == "--version":
			o.Version = true
		case arg == "--":
			o.Files = append(o.Files, args...)
			return o, nil
		case strings.HasPrefix(arg, "--"):
			return nil, fmt.Errorf("%w: invalid option %q", ErrUsage, arg)
		case len(arg) < 2 || arg[0] != '-':
			o.Files = append(o.Files, arg)
		default:
			var err error
			if args, err = o.bundle(arg[1:], args); err != nil {
				return nil, err
			}
		}
	}
	return o, nil
}

// bundle reads letters of options, the last of which may have a value that
// stands behind it or is the next argument. It returns the arguments left.
func (o *Options) bundle(letters string, args []string) ([]string, error) {
	for letters != "" {
		c := letters[0]
		letters = letters[1:]
		if set, ok := flags[c]; ok {
			if set != nil {
				set(o)
			}
			continue
		}
		set, ok := values[c]
		digit := c >= '0' && c <= '9'
		if !ok && !digit {
			return nil, fmt.Errorf("%w: invalid option -- '%c'", ErrUsage, c)
		}
		if letters == "" {
			if len(args) == 0 {
				return nil, fmt.Errorf("%w: option requires an argument -- '%c'", ErrUsage, c)
			}
			letters, args = args[0], args[1:]
		}
		switch {
		case digit:
			o.Query, o.Pattern, o.HasQuery = workbench.CrossQuery(c-'0'), letters, true
		case set != nil:
			set(o, letters)
		}
		return args, nil
	}
	return args, nil
}
