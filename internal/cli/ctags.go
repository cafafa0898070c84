package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"dekho/internal/ctags"
	"dekho/internal/workbench"
)

func newCtags(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "ctags [-R] [-f FILE] [OPTIONS] [FILE...]",
		Short: "Write a tags file, as universal-ctags does",
		Long: `Ctags writes a tags file in the format of universal-ctags from the files as they
are, or those below the working directory with -R. The files need no index; where
there is one, the names that macros make are in the tags file too, with a field
"macro".

  -f FILE, -o FILE  write FILE ("-" is standard output) instead of tags
  -R, --recurse     go into directories
  -a, --append      keep the tags that FILE has already
  -L FILE           read names of files from FILE ("-" is standard input)
  --exclude=PATTERN leave out files and directories
  --sort=yes|no|foldcase
  --fields=[+-]LETTERS
                    e end, f file, k or K kind, l language, n line, s scope,
                    S signature, t typeref, z "kind:", Z "scope:"
  --extras=[+-]LETTERS
                    q names with their scope, f an entry for each file
  --kinds-C=[+-]LETTERS
                    d macro, e enumerator, f function, g enum, m member,
                    s struct, t typedef, u union, v variable, c class,
                    n namespace; p prototype, x external variable
  --languages=C,C++,Asm,DTS,Kconfig
  --excmd=number|pattern|mixed|combine, -n
  --output-format=u-ctags|json|etags|xref, -e, -x
  --tag-relative=yes, --pattern-length-limit=N, --options=FILE, -u
Options about how files are guessed and parsed are accepted and change nothing.`,
		Example: `  dekho ctags -R
  dekho ctags -R --fields=+nS --exclude=tools -f /tmp/tags
  git ls-files | dekho ctags -L - -f - --output-format=json`,
		GroupID:            groupEditor,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			args, err := a.ownFlags(cmd, args)
			if err != nil {
				return err
			}
			o, err := ctags.Parse(args)
			if err != nil {
				return usagef("%w; %s --help lists the options", err, cmd.CommandPath())
			}
			switch o.Print {
			case "help":
				return cmd.Help()
			case "":
			default:
				_, err := fmt.Fprint(a.out, ctags.About(o.Print))
				return err
			}
			w, err := a.bench()
			if err != nil {
				return err
			}
			return ctags.Run(cmd.Context(), a.tagsEnv(w), o)
		},
	}
}

func newReadtags(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "readtags [-e] [-n] [-p] [-i] NAME... | -l | -D",
		Short: "Look up names as readtags does, without a tags file",
		Long: `Readtags answers as the program of universal-ctags does, from the index: the tags
that dekho ctags would write for a name.

  -e       with extension fields: kind, scope, type, signature
  -n       and the line among them
  -p       all names that begin so
  -i       ignore the case of letters
  -E       escape what is written, as in a tags file
  -l       list all tags of the tree
  -D       list the pseudo tags
  -t FILE  paths relative to the directory of FILE, in whose tree names are
           looked up; FILE need not exist
  - NAME   what follows is a name
Expressions (-Q, -S) are not offered.`,
		Example: `  dekho readtags -en vfs_read
  dekho readtags -ep ext4_file`,
		GroupID:            groupEditor,
		DisableFlagParsing: true,
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if strings.HasPrefix(word, "-") {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeNames(a)(cmd, nil, word)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			args, err := a.ownFlags(cmd, args)
			if err != nil {
				return err
			}
			o, err := ctags.ParseLookup(args)
			if err != nil {
				return usagef("%w; %s --help lists the options", err, cmd.CommandPath())
			}
			if o.Help || len(o.Names) == 0 && !o.List && !o.Pseudo {
				return cmd.Help()
			}
			if dir, err := o.TreeOf(); err != nil {
				return err
			} else if dir != "" && a.global.tree == "" {
				a.global.tree = dir
			}
			w, err := a.bench()
			if err != nil {
				return err
			}
			t, err := w.Open()
			if err != nil {
				return err
			}
			found, err := ctags.LookUp(cmd.Context(), a.tagsEnv(w), t, o)
			if cerr := t.Close(); err == nil {
				err = cerr
			}
			if err == nil && !found {
				return errNothing
			}
			return err
		},
	}
}

// tagsEnv is what a run of ctags or readtags sees.
func (a *app) tagsEnv(w *workbench.Workbench) *ctags.Env {
	return &ctags.Env{In: a.In, Out: a.Out, Warn: a.say, Bench: w, Temp: tempFile}
}
