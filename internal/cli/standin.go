package cli

// Commands that stand in for another program take its command line, not one of
// dekho's making; and they are that program when they are called by its name.

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// standIns are the programs that dekho stands in for, by their names.
var standIns = []string{"cscope", "ctags", "readtags"}

// Args turns the arguments of the process, the name of the program first, into
// those of Main. Called as cscope, by a link of that name or of dekho-cscope,
// it is dekho cscope, and so for the others: not every client lets people name a program with
// arguments.
func Args(process []string) []string {
	if len(process) == 0 {
		return nil
	}
	args := process[1:]
	name := strings.TrimPrefix(filepath.Base(process[0]), "dekho-")
	for _, s := range standIns {
		if name == s {
			return append([]string{name}, args...)
		}
	}
	return args
}

// ownFlags takes the flags that every command has, in their long form, out of a
// command line that is not parsed otherwise, and sets them.
func (a *app) ownFlags(cmd *cobra.Command, args []string) (rest []string, err error) {
	own := cmd.Root().PersistentFlags()
	for i := 0; i < len(args); i++ {
		name, value, given := strings.Cut(strings.TrimPrefix(args[i], "--"), "=")
		var f *pflag.Flag
		if strings.HasPrefix(args[i], "--") && name != "" {
			f = own.Lookup(name)
		}
		if f == nil {
			rest = append(rest, args[i])
			continue
		}
		switch {
		case given:
		case f.NoOptDefVal != "":
			value = f.NoOptDefVal
		case i+1 == len(args):
			return nil, usagef("--%s wants a value", name)
		default:
			i++
			value = args[i]
		}
		if err := own.Set(name, value); err != nil {
			return nil, usagef("%w", err)
		}
	}
	return rest, a.meter.start(&a.global)
}
