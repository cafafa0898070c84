package cli

import (
	"context"
	"errors"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"dekho/internal/cscope"
	"dekho/internal/workbench"
)

func newCscope(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "cscope [-l | -L -NUM PATTERN | -b] [OPTIONS]",
		Short: "Stand in for cscope: its command line and line protocol",
		Long: `Cscope answers as the program cscope does, from the index of dekho, so that Vim's
:cscope, Emacs (xcscope) and scripts work as they are: set the program that they
call to "dekho cscope", or to a link to dekho with the name cscope.

  -l           answer the queries on standard input, each a number and a pattern
  -L -NUM PAT  answer one query
  -b           bring the index up to date and write cscope.out, a small file that
               says which tree is meant; clients want to see one
  -d           do not bring the index up to date first
  -u           read every file again
  -C           ignore the case of letters
  -f FILE      the file that stands for the database, instead of cscope.out
  -P DIR       the directory that names of files are relative to, if FILE does
               not tell
  -i FILE, -s DIR
               with -b, what is listed there absolutely is answered so; it is the
               whole tree that is indexed
  -q           with -b, write the two files that clients expect besides
  -v           with -L, say first how many lines there are
  -R -k -c -e -U -T -X -I DIR -F FILE -p NUM
               are accepted and change nothing

The queries:
  0  where a symbol stands            4  lines with a text
  1  its definition                   6  lines that match a regular expression
  2  functions called by it           7  files whose path matches
  3  functions calling it             8  #includes of a file
  9  assignments to it
Of 0 to 3 and 9 the pattern is a name, or a regular expression over names. There
is more in the answers than cscope finds: what macros define and call, calls
through pointers (a comment behind the text says how), every language of the
tree. Like cscope, it exits with 0 if nothing is found.

Without -f, -P and -s the tree is chosen as by the other commands, else by these;
the long options of dekho are understood too.`,
		Example: `  dekho cscope -bkq
  dekho cscope -dL3 kfree
  printf '1vfs_read\n3kfree\n' | dekho cscope -dl
  vim -c 'set cscopeprg=dekho\ cscope' -c 'cs add cscope.out'`,
		GroupID:            groupEditor,
		DisableFlagParsing: true,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if n := len(args); n > 0 && strings.HasPrefix(args[n-1], "-") && strings.ContainsAny(args[n-1], "01239") {
				return completeNames(a)(cmd, nil, word)
			}
			return nil, cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			args, err := a.ownFlags(cmd, args)
			if err != nil {
				return err
			}
			o, err := cscope.Parse(args)
			if err != nil {
				return usagef("%w; %s --help lists the options", err, cmd.CommandPath())
			}
			switch {
			case o.Help:
				return cmd.Help()
			case o.Version:
				// Clients look for a number; it is that of the protocol.
				a.tell("cscope: version 15.9 (dekho)\n")
				return nil
			}
			bar := newProgress(a)
			env := &cscope.Env{
				In: a.In, Out: a.Out, Err: a.Err, Temp: tempFile, Progress: bar.update, Tree: a.global.tree != "",
				Bench: func(dir string) (*workbench.Workbench, error) {
					if dir != "" {
						a.global.tree = dir
					}
					return a.bench()
				},
			}
			defer bar.done()
			if !o.Lines {
				return cscope.Run(cmd.Context(), env, o)
			}
			// An editor that is gone wants no answer, and nobody sees the exit code.
			signal.Ignore(syscall.SIGPIPE)
			ctx, stop := a.untilHangup(cmd.Context())
			defer stop()
			err = cscope.Run(ctx, env, o)
			if errors.Is(err, context.Canceled) && cmd.Context().Err() == nil {
				return nil
			}
			return err
		},
	}
}
