package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

func newDeviceTree(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "dt WHAT...",
		Short: "Tie device trees to drivers",
		Long: `Dt follows a device from its device tree to its driver and back:

  a compatible string   the entry of the of_device_id table or the macro that
                        has it, the driver, its probe function, the makefile
                        lines that build it, the Kconfig symbols with what they
                        depend on, the binding, the nodes and the boards
  a node or a label     its definitions and the drivers for them
  a board               its source (.dts), or its name: all devices, disabled or
                        not, each with its driver; includes and overrides by
                        label are followed
  a C file              the compatible strings it handles
  CONFIG_X              the same for what the symbol builds

With --arch and --config, drivers say whether they are built, and those that are
come first. Conditionals of the preprocessor in device trees are followed as far as the
sources themselves tell. For "-", questions are read from standard input, one a
line, and each is answered as it comes.`,
		Example: `  dekho dt fsl,imx7d-gpc
  dekho dt imx7d-sdb
  dekho dt drivers/gpio/gpio-mxc.c
  dekho dt CONFIG_GPIO_MXC`,
		GroupID: groupQuery,
		Args:    someArgs("a compatible string, node, board, driver or symbol"),
		RunE: func(cmd *cobra.Command, args []string) error {
			tree, err := a.open()
			if err != nil {
				return err
			}
			found := false
			err = a.each(args, func(what string) error {
				res, err := tree.DeviceTree(cmd.Context(), what)
				if err != nil {
					return err
				}
				found = found || res.Kind != ""
				if a.global.json {
					return render.DeviceTreeJSON(a.out, res)
				}
				switch {
				case res.Kind == "":
					a.missing(&workbench.Answer{Name: what, Nearest: res.Nearest})
				case res.Board == nil && len(res.Devices) == 0:
					a.say("%s handles no compatible string", what)
				}
				return render.DeviceTreeText(a.out, a.style(), res)
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
