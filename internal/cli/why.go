package cli

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

func newWhy(a *app) *cobra.Command {
	o := workbench.WhyOptions{Limit: 5}
	cmd := &cobra.Command{
		Use:   "why PLACE [ERRNO]",
		Short: "Find where an error code came from",
		Long: `Why goes from a statement that printed an error back along the value: which call
assigned it, and which statements in the functions below that call can have made
it, the likeliest first, each with the conditions around it and the way from
there to the print.

PLACE is a line of a log, boot.txt:120, or of a source file of the tree,
drivers/spi/spi-nxp-fspi.c:1173; "-" is a log on the standard input. ERRNO is
the code, -22 or EINVAL; a log tells it. Without one, all codes count. Of a
statement that prints no code, what was tested before it is followed.

What a share says is an estimate: of how many ways the code can come, how many
lead there. Paths that the code or the arguments of the calls rule out are left
out, and with --config or --arch what is not built. What cannot be followed, such
as a member of a struct, is listed as what it is.

Of the functions behind a pointer those come first whose drivers are on many
boards of the tree, above all on those that have the device of the driver that
asks. Of a log it counts what was printed before the record, and what would have
been printed on the way but was not.`,
		Example: `  dekho why boot.txt:120
  dekho why drivers/spi/spi-nxp-fspi.c:1173 -22
  dmesg | dekho why -:815 --config /boot/config-$(uname -r)`,
		GroupID: groupQuery,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return usagef("dekho why wants a place, such as boot.txt:120, and perhaps an error code")
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return nil, cobra.ShellCompDirectiveNoSpace
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				o.Errno = args[1]
			}
			if o.Limit < 0 {
				return usagef("--limit cannot be negative")
			}
			o.Arch = a.global.lens.Arch
			return a.why(cmd.Context(), args[0], o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Value, "value", "", "the `EXPRESSION` printed that holds the code, if dekho does not find the right one")
	f.IntVar(&o.Limit, "limit", o.Limit, "list at most `N` origins; 0 for all")
	return cmd
}

// withErrno takes the minus off what stands behind the command why, where it
// would be read as options: of an error code, -22, and of a line of the standard
// input, -:815.
func withErrno(args []string) []string {
	at := slices.Index(args, "why")
	if at < 0 {
		return args
	}
	args = slices.Clone(args)
	for i := at + 1; i < len(args) && args[i] != "--"; i++ {
		if code, ok := strings.CutPrefix(args[i], "-"); ok && (strings.HasPrefix(code, "E") || len(code) > 0 && code[0] >= '1' && code[0] <= '9') {
			args[i] = code
		} else if ok && strings.HasPrefix(code, ":") {
			args[i] = "/dev/stdin" + code
		}
	}
	return args
}

func (a *app) why(ctx context.Context, place string, o workbench.WhyOptions) error {
	colon := strings.LastIndexByte(place, ':')
	line := 0
	if colon > 0 {
		line, _ = strconv.Atoi(place[colon+1:]) // 0 for what is no number
	}
	if line < 1 {
		return usagef("%q is no place: it would be FILE:LINE", place)
	}
	name := place[:colon]
	tree, err := a.openForCalls()
	if err != nil {
		return err
	}
	y, err := a.explainError(ctx, tree, name, line, o)
	if err != nil {
		return errors.Join(err, tree.Close())
	}
	show := func() error { return render.WhyText(a.out, a.style(), y) }
	if a.global.json {
		show = func() error { return render.WhyJSON(a.out, y) }
	}
	if err := errors.Join(show(), tree.Close()); err != nil {
		return err
	}
	if len(y.Origins) == 0 {
		return errNothing
	}
	return nil
}

// explainError asks about a file of the tree, or else about a log.
func (a *app) explainError(ctx context.Context, tree *workbench.Tree, name string, line int, o workbench.WhyOptions) (*workbench.Why, error) {
	if tree.HasFile(name) {
		return tree.Why(ctx, name, uint32(line), o)
	}
	in, err := a.openLog(name)
	if err != nil {
		return nil, err
	}
	y, err := tree.WhyRecord(ctx, name, in, line, o)
	return y, errors.Join(err, in.Close())
}
