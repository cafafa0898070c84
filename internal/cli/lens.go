package cli

import (
	"github.com/spf13/cobra"
)

// noLens are the commands that ask for source and have no use for the lens: they
// do not choose between places. It may be given to all others.
var noLens = map[string]bool{"kconfig": true, "outline": true}

// lensFlags gives a command the flags of the lens, and has it look through it.
func (a *app) lensFlags(cmd *cobra.Command) {
	o := &a.global.lens
	f := cmd.Flags()
	f.StringVar(&o.Arch, "arch", "", "judge what is found for `ARCH`: arm, arm64, x86_64... (DEKHO_ARCH)")
	f.StringVar(&o.Config, "config", "", "judge it for a configuration: `FILE` is a .config, /proc/config.gz or a kernel (DEKHO_CONFIG)")
	f.StringVar(&o.Board, "board", "", "put the drivers of a board first: `DTB` is a device tree (DEKHO_BOARD)")
	f.BoolVar(&o.OnlyBuilt, "only-built", false, "leave out what the lens says is not built")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		a.global.useLens = true
		return run(cmd, args)
	}
}

// leftOut says how much the lens left out.
func (a *app) leftOut(n int, name string) {
	switch n {
	case 0:
	case 1:
		a.say("one place of %q is not built; without --only-built it is listed", name)
	default:
		a.say("%d places of %q are not built; without --only-built they are listed", n, name)
	}
}
