package cli

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

type callersOptions struct {
	workbench.CallerOptions
	depth int
}

// treeLimit is how many callers of each function a tree shows unless told
// otherwise.
const treeLimit = 40

func newCallers(a *app) *cobra.Command {
	var o callersOptions
	cmd := &cobra.Command{
		Use:   "callers NAME...",
		Short: "Find who calls functions, through pointers too",
		Long: `Callers finds the places that call functions: those that spell the name out
("call"), macros that are handed the function and call it ("macro"), and calls
through pointers, such as file->f_op->open(...) for a function put into .open of
a struct file_operations, with how the function came there. They are
  type-matched       the struct is the same where the function is put and where
                     it is called
  signature-matched  one of the structs is not known; the member's name and the
                     number of parameters agree
  name-only          the member's name agrees
Functions that the kernel's core was given to call count too: initcalls, work
items (with the places that queue them), timers, threads, interrupt handlers,
notifiers, system calls.

Of several functions of one name, each call says which one it means. Of a member,
file_operations.read_iter, it is the calls through it.

With --depth, the callers of the callers follow, drawn as a tree; what is called
in a circle, or was shown, is marked and not followed.

For "-", names are read from standard input, one a line, and each is answered
as it comes.`,
		Example: `  dekho callers tcp_v4_rcv
  dekho callers --depth 4 tcp_v4_rcv
  dekho callers --direct --limit 20 kfree`,
		GroupID:           groupQuery,
		Args:              someArgs("a name"),
		ValidArgsFunction: completeNames(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.depth < 0 || o.Limit < 0 {
				return usagef("--depth and --limit are numbers from 0")
			}
			if cmd.Flags().Changed("depth") && !cmd.Flags().Changed("limit") {
				o.Limit = treeLimit
			}
			return a.callers(cmd, args, &o)
		},
	}
	f := cmd.Flags()
	f.IntVarP(&o.depth, "depth", "d", 0, "draw the tree of callers up to `N` calls away")
	f.BoolVar(&o.Direct, "direct", false, "only calls that spell the name out")
	f.IntVar(&o.Limit, "limit", 0, "list at most `N` callers, in a tree of each function (there 40 unless told otherwise); 0 for all")
	return cmd
}

// openForCalls opens the tree. Calls through pointers may lag behind it: working
// them out takes seconds, which nobody wants to wait for here.
func (a *app) openForCalls() (*workbench.Tree, error) {
	tree, err := a.open()
	if err == nil && tree.CallsStale() {
		a.say("files have changed since calls through pointers were worked out: their places may be off by some lines; dekho index --complete works them out anew")
	}
	return tree, err
}

func (a *app) callers(cmd *cobra.Command, args []string, o *callersOptions) error {
	tree, err := a.openForCalls()
	if err != nil {
		return err
	}
	var p render.CallersPrinter = render.NewCallersText(a.out, a.style())
	if a.global.json {
		p = render.NewCallersJSON(a.out)
	}
	found := false
	ctx := cmd.Context()
	err = a.each(args, func(name string) error {
		if o.depth > 0 {
			ans, err := tree.CallerTree(ctx, name, workbench.TreeOptions{Depth: o.depth, Direct: o.Direct, Limit: o.Limit})
			if err != nil {
				return err
			}
			any := false
			for _, r := range ans.Roots {
				any = any || len(r.Callers) > 0
			}
			found = found || any
			if a.global.json {
				return render.CallTreeJSON(a.out, ans)
			}
			if !any {
				a.uncalled(name, len(ans.Roots) > 0, ans.Nearest)
				return nil
			}
			return render.CallTreeText(a.out, a.style(), ans)
		}
		ans, err := tree.Callers(ctx, name, o.CallerOptions)
		if err != nil {
			return err
		}
		found = found || ans.Total > 0
		a.leftOut(ans.LeftOut, name)
		if ans.Total == 0 && ans.LeftOut > 0 {
			return nil
		}
		if ans.Total == 0 && !a.global.json {
			a.uncalled(name, ans.Defined, ans.Nearest)
			return nil
		}
		return p.Callers(ans)
	})
	if err = errors.Join(err, tree.Close()); err != nil {
		return err
	}
	if !found {
		return errNothing
	}
	return nil
}

// uncalled says that nobody calls a function, or that there is none.
func (a *app) uncalled(name string, defined bool, nearest []string) {
	if defined {
		a.say("no caller of %s found", name)
		return
	}
	a.missing(&workbench.Answer{Name: name, Nearest: nearest})
}

func newCallees(a *app) *cobra.Command {
	var o workbench.CalleeOptions
	cmd := &cobra.Command{
		Use:   "callees NAME...",
		Short: "List what functions call",
		Long: `Callees lists the calls in the bodies of functions, in order, with where what is
called is defined. Of calls through pointers it lists the functions that may be
meant, with where each was put.

For "-", names are read from standard input, one a line, and each is answered
as it comes.`,
		Example: `  dekho callees vfs_read
  dekho callees --targets 0 do_dentry_open`,
		GroupID:           groupQuery,
		Args:              someArgs("a name"),
		ValidArgsFunction: completeNames(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.Targets < 0 {
				return usagef("--targets is a number from 0")
			}
			tree, err := a.openForCalls()
			if err != nil {
				return err
			}
			found := false
			err = a.each(args, func(name string) error {
				ans, err := tree.Callees(cmd.Context(), name, o)
				if err != nil {
					return err
				}
				found = found || len(ans.Callees) > 0
				a.leftOut(ans.LeftOut, name)
				switch {
				case a.global.json:
					return render.CalleesJSON(a.out, ans)
				case len(ans.Callees) > 0:
					return render.CalleesText(a.out, a.style(), ans)
				case ans.Defined:
					a.say("%s calls nothing", name)
				default:
					a.missing(&workbench.Answer{Name: name, Nearest: ans.Nearest})
				}
				return nil
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
	cmd.Flags().IntVar(&o.Targets, "targets", 8, "list at most `N` functions that a call through a pointer may mean, 0 for all")
	return cmd
}

// pathTime bounds the search for a way between two functions.
const pathTime = 5 * time.Second

func newPath(a *app) *cobra.Command {
	o := workbench.PathOptions{Time: pathTime}
	cmd := &cobra.Command{
		Use:   "path FROM TO",
		Short: "Find the shortest ways from one function to another",
		Long: `Path finds how a call of one function can come to call another: the shortest
chains of calls, through pointers where the struct is the same where a function
is put and where it is called. Each call is shown with its place, and for
pointers, how the function came there.`,
		Example: `  dekho path vfs_write ext4_file_write_iter
  dekho path --max 10 net_rx_action tcp_v4_rcv`,
		GroupID: groupQuery,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usagef("%s wants two names; see %s --help", cmd.CommandPath(), cmd.CommandPath())
			}
			return nil
		},
		ValidArgsFunction: completeNames(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.Max < 1 {
				return usagef("--max is a number from 1")
			}
			tree, err := a.openForCalls()
			if err != nil {
				return err
			}
			ans, err := tree.Paths(cmd.Context(), args[0], args[1], o)
			if err = errors.Join(err, tree.Close()); err != nil {
				return err
			}
			switch {
			case a.global.json:
				err = render.PathsJSON(a.out, ans)
			case ans.Missing != "":
				a.missing(&workbench.Answer{Name: ans.Missing, Nearest: ans.Nearest})
			case len(ans.Paths) == 0 && ans.Stopped:
				a.say("no way from %s to %s found in %s", args[0], args[1], pathTime)
			case len(ans.Paths) == 0:
				a.say("no way from %s to %s", args[0], args[1])
			default:
				if err = render.PathsText(a.out, a.style(), ans); err == nil && ans.More {
					a.say("there are more ways of this length (--max)")
				}
			}
			if err == nil && len(ans.Paths) == 0 {
				return errNothing
			}
			return err
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.Max, "max", 3, "show at most `N` ways")
	f.BoolVar(&o.Direct, "direct", false, "only calls that spell the name out")
	return cmd
}
