package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

func newKconfig(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "kconfig SYMBOL...",
		Short: "Tell about symbols of the configuration",
		Long: `Kconfig tells about symbols of the kernel's configuration, with or without
CONFIG_: type and prompt, the menus around it, what it depends on (its own
dependencies, then those of the if and menu blocks around it, also in the files
that source its file), what it selects and is selected by, its defaults and
help, the makefile lines it governs, and the configurations that set it.

For "-", symbols are read from standard input, one a line, and each is answered
as it comes.`,
		Example: `  dekho kconfig CONFIG_EXT4_FS
  dekho kconfig --json GPIO_MXC`,
		GroupID:           groupQuery,
		Args:              someArgs("a symbol"),
		ValidArgsFunction: completeNames(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			tree, err := a.open()
			if err != nil {
				return err
			}
			found := false
			err = a.each(args, func(name string) error {
				s, err := tree.Config(cmd.Context(), name)
				if err != nil {
					return err
				}
				known := len(s.Definitions)+len(s.SelectedBy)+len(s.Builds)+len(s.Settings) > 0
				found = found || known
				if a.global.json {
					return render.ConfigJSON(a.out, s)
				}
				if !known {
					a.missing(&workbench.Answer{Name: name, Nearest: s.Nearest})
				}
				return render.ConfigText(a.out, a.style(), s)
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
