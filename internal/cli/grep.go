package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

type grepOptions struct {
	workbench.GrepOptions
	context int
}

func newGrep(a *app) *cobra.Command {
	var o grepOptions
	cmd := &cobra.Command{
		Use:   "grep REGEX",
		Short: "Search the text of the tree",
		Long: `Grep finds the lines that match a regular expression, as "rg -n --no-ignore" in
the tree would: files whose name starts with a dot are left out, and so are
binary files. The index chooses the files that can match; only those are read.

The syntax is that of Go (RE2). For "-", patterns are read from standard input,
one a line, and each is answered as it comes.`,
		Example: `  dekho grep 'EXPORT_SYMBOL_GPL\(tcp_[a-z]+\)'
  dekho grep -w -C 2 --path 'drivers/net/**' GFP_ATOMIC
  dekho grep -l -i 'copyright.*nokia'`,
		GroupID: groupQuery,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("%s wants one pattern (quote blanks for the shell); see %s --help", cmd.CommandPath(), cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runGrep(cmd, a, &o, args)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.IgnoreCase, "ignore-case", "i", false, "letters match in either case")
	f.BoolVarP(&o.SmartCase, "smart-case", "S", false, "as -i, if the pattern has no upper-case letter")
	f.BoolVarP(&o.Word, "word-regexp", "w", false, "match whole words")
	f.BoolVarP(&o.Literal, "fixed-strings", "F", false, "no character of the pattern is special")
	f.BoolVarP(&o.FilesOnly, "files-with-matches", "l", false, "print only the paths of files that match")
	f.BoolVarP(&o.Count, "count", "c", false, "print only how many lines match in each file")
	f.IntVarP(&o.After, "after-context", "A", 0, "show `N` lines after each match")
	f.IntVarP(&o.Before, "before-context", "B", 0, "show `N` lines before each match")
	f.IntVarP(&o.context, "context", "C", 0, "show `N` lines before and after each match")
	f.IntVarP(&o.MaxCount, "max-count", "m", 0, "stop after `N` lines in each file")
	f.StringArrayVarP(&o.Paths, "path", "g", nil, "only files whose path matches `GLOB` (as rg -g); may be repeated, ! leaves out")
	f.StringSliceVar(&o.Languages, "lang", nil, "only files of these `LANGUAGES`: "+strings.Join(workbench.Languages(), ", "))
	complete(cmd, "lang", cobra.FixedCompletions(workbench.Languages(), cobra.ShellCompDirectiveNoFileComp))
	f.BoolVar(&o.Hidden, "hidden", false, "search files whose name starts with a dot, too")
	return cmd
}

func runGrep(cmd *cobra.Command, a *app, o *grepOptions, args []string) error {
	for _, n := range []int{o.After, o.Before, o.context, o.MaxCount} {
		if n < 0 {
			return usagef("numbers of lines cannot be negative")
		}
	}
	if !cmd.Flags().Changed("after-context") {
		o.After = o.context
	}
	if !cmd.Flags().Changed("before-context") {
		o.Before = o.context
	}
	trees, err := a.openTrees()
	if err != nil {
		return err
	}
	found := false
	text := render.NewGrepText(a.out, render.GrepTextOptions{
		Style: a.style(), FilesOnly: o.FilesOnly, Count: o.Count, Context: o.After > 0 || o.Before > 0,
	})
	err = a.each(args, func(pattern string) error {
		for _, tree := range trees {
			root := ""
			if len(trees) > 1 {
				root = tree.Root()
			}
			any, err := a.grepTree(cmd.Context(), tree, root, pattern, o, text)
			found = found || any
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err = errors.Join(err, workbench.CloseTrees(trees)); err != nil {
		return err
	}
	if !found {
		return errNothing
	}
	return nil
}

// grepTree searches one tree; root is what its paths are shown below.
func (a *app) grepTree(ctx context.Context, tree *workbench.Tree, root, pattern string, o *grepOptions, text *render.GrepText) (found bool, err error) {
	g, err := tree.Grep(pattern, o.GrepOptions)
	if err != nil {
		return false, err
	}
	var json *render.GrepJSON
	if a.global.json {
		json = render.NewGrepJSON(a.out, root, pattern)
	}
	err = g.Run(ctx, func(r *workbench.GrepResult) error {
		if r.Err != nil {
			a.say("%v", r.Err) // the other files are searched all the same
			return nil         //nolint:nilerr // see above
		}
		found = true
		if json != nil {
			return json.Result(g, r)
		}
		r.Path = below(root, r.Path)
		return text.Result(g, r)
	})
	if err == nil && json != nil {
		err = json.End()
	}
	return found, err
}
