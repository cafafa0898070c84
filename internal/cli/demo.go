package cli

import (
	"bytes"
	_ "embed" // the log of the demonstration
	"errors"
	"time"

	"github.com/spf13/cobra"

	"dekho/internal/workbench"
)

// demoLog is testdata/captures/x86-64-no-root.log, compressed: a PC that ends in
// a panic because it does not find its root file system. A test holds the two
// together.
//
//go:embed demo.log.gz
var demoLog []byte

func newDemo(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "demo [TREE]",
		Short: "Explain a boot that ends in a panic",
		Long: `Demo explains a boot that comes with the program, of Debian's kernel 6.1.192 on
an emulated PC that ends in a panic, against TREE: a kernel tree, which is
indexed first unless it is already.`,
		Example:           `  dekho demo ~/src/linux-6.1`,
		GroupID:           groupOther,
		Args:              oneArg,
		ValidArgsFunction: completeTrees(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				a.global.tree = args[0]
			}
			tree, err := a.openForLog(cmd.Context())
			if errors.Is(err, workbench.ErrNoIndex) && len(args) > 0 {
				a.say("%s is not indexed yet: indexing it", args[0])
				if err := runIndex(cmd, a, &indexOptions{wait: 10 * time.Minute}, args); err != nil {
					return err
				}
				tree, err = a.openForLog(cmd.Context())
			}
			if err != nil {
				return err
			}
			return a.paged(func() error {
				_, err := explainLog(cmd, a, &logOptions{}, workbench.LogOptions{}, tree, "a boot of Debian's 6.1.192", bytes.NewReader(demoLog), false)
				return errors.Join(err, tree.Close())
			})
		},
	}
}
