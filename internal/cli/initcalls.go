package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"dekho/internal/render"
)

func newInitcalls(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "initcalls [PATTERN]",
		Short: "List what a kernel calls while it boots, in order",
		Long: `Initcalls lists the functions that a kernel calls while it boots in the order in
which it calls them: by level (console, early, pure, core ... late), and within
a level in the order in which the objects are linked, which the makefiles
decide. PATTERN is a regular expression over functions and path:line.

Which there are is a matter of the configuration: give --config. With --arch
alone all that may be built are listed. Those of modules run when the module is
loaded; they are counted and left out.`,
		Example: `  dekho initcalls --config /boot/config-$(uname -r)
  dekho initcalls --config .config 'imx|drivers/clk'`,
		GroupID: groupQuery,
		Args:    oneArg,
		RunE: func(_ *cobra.Command, args []string) error {
			pattern := ""
			if len(args) > 0 {
				pattern = args[0]
			}
			tree, err := a.open()
			if err != nil {
				return err
			}
			res, err := tree.Initcalls(pattern)
			if err != nil {
				return errors.Join(err, tree.Close())
			}
			if res.Assumed != "" {
				a.say("neither --config nor --arch is given: this is %s, with all that may be built", res.Assumed)
			}
			if a.global.json {
				err = render.InitcallsJSON(a.out, pattern, res)
			} else {
				err = render.InitcallsText(a.out, a.style(), res)
			}
			if err = errors.Join(err, tree.Close()); err != nil {
				return err
			}
			if res.Modules > 0 {
				a.say("those of modules are left out (%d): they run when the module is loaded", res.Modules)
			}
			if len(res.Calls) == 0 {
				return errNothing
			}
			return nil
		},
	}
}
