package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

func newOutline(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "outline FILE...",
		Short: "List the definitions of a file in order",
		Long: `Outline lists what a file defines, in order: the kind, the first and last line,
the name, nested in what holds it, and the #if around it. It shows the file as it
is now, whether or not it changed since it was indexed.

A file is named by its path below the root of the tree, or as from the working
directory. One that is not there: exit code 1, and the nearest paths. For "-",
names are read from standard input, one a line.`,
		Example: `  dekho outline kernel/fork.c
  dekho outline --json include/linux/fs.h`,
		GroupID:           groupQuery,
		Args:              someArgs("a file"),
		ValidArgsFunction: completeFiles(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			tree, err := a.open()
			if err != nil {
				return err
			}
			found := false
			err = a.each(args, func(name string) error {
				o, err := tree.Outline(cmd.Context(), name)
				if err != nil {
					return err
				}
				found = found || len(o.Items) > 0
				if a.global.json {
					return render.OutlineJSON(a.out, o)
				}
				if o.Path == "" {
					a.missing(&workbench.Answer{Name: name, Nearest: o.Nearest})
				} else if len(o.Items) == 0 {
					a.say("%s defines nothing that dekho knows; dekho grep searches its text", o.Path)
				}
				return render.OutlineText(a.out, a.style(), o)
			})
			if err = errors.Join(err, tree.Close()); err != nil {
				return err
			}
			if !found {
				return errNothing
			}
			return nil
		},
	}
}
