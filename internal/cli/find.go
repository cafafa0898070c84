package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

func newFind(a *app) *cobra.Command {
	var o workbench.FindOptions
	cmd := &cobra.Command{
		Use:   "find FUZZY...",
		Short: "Find files and symbols by a few of their letters",
		Long: `Find lists the files and symbols that fit a query, best first, with the habits of
fzf: the letters stand in this order with anything in between; those at the
start of words and next to each other count more. All terms must match:

  abc    the letters in this order       'abc   the text abc
  ^abc   abc at the start                abc$   abc at the end
  !abc   not the text abc

A term with an upper-case letter is case-sensitive. For "-", queries are read
from standard input, one a line, and each is answered as it comes.`,
		Example: `  dekho find tcpv4rcv
  dekho find --files imx7 dts$`,
		GroupID: groupQuery,
		Args:    someArgs("a few letters"),
		RunE: func(cmd *cobra.Command, args []string) error {
			trees, err := a.openTrees()
			if err != nil {
				return err
			}
			if len(args) > 1 || args[0] != "-" {
				args = []string{strings.Join(args, " ")} // blanks need no quotes
			}
			found := false
			err = a.each(args, func(query string) error {
				for _, tree := range trees {
					list, err := tree.Find(cmd.Context(), query, o)
					if err != nil {
						return err
					}
					found = found || len(list) > 0
					root := ""
					if len(trees) > 1 {
						root = tree.Root()
					}
					if a.global.json {
						err = render.FoundJSON(a.out, root, query, list)
					} else {
						err = render.FoundText(a.out, a.style(), foundBelow(root, list))
					}
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
				if args[0] != "-" {
					a.say("nothing found for %q; dekho grep searches the text", args[0])
				}
				return errNothing
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.IntVarP(&o.Limit, "limit", "n", 0, "list at most `N`; 0 is a screenful")
	f.BoolVar(&o.Files, "files", false, "files only")
	f.BoolVar(&o.Symbols, "symbols", false, "symbols only")
	return cmd
}
