package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

func newShow(a *app) *cobra.Command {
	var o workbench.ShowOptions
	cmd := &cobra.Command{
		Use:   "show NAME...",
		Short: "Show one screen about a name",
		Long: `Show tells about a name what one wants to know first: its definition with the #if
around it, its kernel-doc, who calls it, what it calls, which tables of
operations it is registered in, the log statements inside of it, and the error
codes it can return, each with its line. Of a struct it shows the members with
what is said about them; of a macro or enumerator, what it comes to, or what
that depends on.

A name that is defined several times: the definition that is most likely meant
is shown, the others are listed. A name that does not exist: exit code 1, and
the nearest names. For "-", names are read from standard input, one a line.`,
		Example: `  dekho show tcp_v4_rcv
  dekho show file_operations
  dekho show GFP_KERNEL`,
		GroupID:           groupQuery,
		Args:              someArgs("a name"),
		ValidArgsFunction: completeNames(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.Limit < 0 {
				return usagef("--limit cannot be negative")
			}
			tree, err := a.open()
			if err != nil {
				return err
			}
			found := 0
			err = a.each(args, func(name string) error {
				s, err := tree.Show(cmd.Context(), name, o)
				if err != nil {
					return err
				}
				a.leftOut(s.LeftOut, name)
				if a.global.json {
					if s.Definition != nil {
						found++
					}
					return render.ShowJSON(a.out, s)
				}
				if s.Definition == nil && s.LeftOut > 0 {
					return nil
				}
				if s.Definition == nil {
					a.missing(&workbench.Answer{Name: name, Nearest: s.Nearest})
					return nil
				}
				if found++; found > 1 {
					if err := a.out.WriteByte('\n'); err != nil {
						return err
					}
				}
				return render.ShowText(a.out, a.style(), s)
			})
			if err = errors.Join(err, tree.Close()); err != nil {
				return err
			}
			if found == 0 {
				return errNothing
			}
			return nil
		},
	}
	cmd.Flags().IntVarP(&o.Limit, "limit", "n", 0, "list at most `N` callers and other places; 0 is a few")
	return cmd
}
