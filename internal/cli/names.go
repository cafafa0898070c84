package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

func newDef(a *app) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "def NAME...",
		Short: "Find where names are defined",
		Long: `Def finds the definitions of names: functions, macros, types, variables, members,
enumerators, labels, Kconfig symbols. The kernel proper comes before tools,
samples and scripts. For a name that is only declared, the declarations are
listed. A name that does not exist: exit code 1, and the nearest names.

Members of C++ classes and namespaces are found by their name alone and by their
qualified name, which leaves out those of others. An operator or a destructor
has the name that it is declared with.

With --all-trees, every indexed tree is asked, and the definitions of the others
are compared with those of the tree that --tree names or that contains the
working directory: same text, changed, moved, new, gone.

For "-", names are read from standard input, one a line, and each is answered
as it comes.`,
		Example: `  dekho def tcp_v4_rcv
  dekho def --all-trees kmalloc
  dekho def QString::append 'QString::operator+=' '~QString'
  echo file_operations | dekho def --json -`,
		GroupID:           groupQuery,
		Args:              someArgs("a name"),
		ValidArgsFunction: completeNames(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			if all {
				return a.defineEverywhere(cmd.Context(), args)
			}
			return a.answer(cmd.Context(), args, render.NewDefinitionsText(a.out, a.style()), (*workbench.Tree).Define)
		},
	}
	cmd.Flags().BoolVar(&all, "all-trees", false, "ask every indexed tree, and compare the others with this one")
	return cmd
}

type refsOptions struct {
	roles  []string
	noText bool
}

func newRefs(a *app) *cobra.Command {
	var o refsOptions
	cmd := &cobra.Command{
		Use:   "refs NAME...",
		Short: "Find where names are used, by role",
		Long: `Refs finds the places where names stand, with the role they have there and the
function around them. --role chooses roles:
  ` + roleList() + `

A write is an assignment, ++ or --; a variable that is given a value where it is
defined has the role definition, or local. Without --role, strings and comments
are left out. Of a header (linux/fs.h, fs.h,
or its path in the tree) the files that include it are listed.

For "-", names are read from standard input, one a line, and each is answered
as it comes.`,
		Example: `  dekho refs tcp_v4_rcv
  dekho refs --role write jiffies
  dekho refs --role call,dispatch kfree
  dekho refs --role string,comment tcp_v4_rcv
  dekho refs linux/fs.h`,
		GroupID:           groupQuery,
		Args:              someArgs("a name"),
		ValidArgsFunction: completeNames(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts := workbench.RefOptions{Roles: o.roles, NoText: o.noText}
			return a.answer(cmd.Context(), args, render.NewReferencesText(a.out, a.style()),
				func(t *workbench.Tree, ctx context.Context, name string) (*workbench.Answer, error) {
					return t.Refs(ctx, name, opts)
				})
		},
	}
	f := cmd.Flags()
	f.StringSliceVarP(&o.roles, "role", "r", nil, "only these `ROLES`, separated by commas")
	f.BoolVar(&o.noText, "no-text", false, "leave out the text of the lines, which saves reading the files")
	complete(cmd, "role", cobra.FixedCompletions(workbench.Roles(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// roleList is the roles, in lines that fit a help text.
func roleList() string {
	var b strings.Builder
	width := 0
	for i, r := range workbench.Roles() {
		if i > 0 {
			b.WriteString(", ")
			if width += 2; width+len(r) > 72 {
				b.WriteString("\n  ")
				width = 0
			}
		}
		b.WriteString(r)
		width += len(r)
	}
	return b.String()
}

// answer answers a question about each of the names.
func (a *app) answer(ctx context.Context, names []string, text render.AnswerPrinter,
	ask func(*workbench.Tree, context.Context, string) (*workbench.Answer, error),
) error {
	trees, err := a.openTrees()
	if err != nil {
		return err
	}
	p := text
	if a.global.json {
		p = render.NewAnswersJSON(a.out)
	}
	found := false
	err = a.each(names, func(name string) error {
		here := false // this name, in one of the trees
		var first *workbench.Answer
		for _, tree := range trees {
			res, err := ask(tree, ctx, name)
			if err != nil {
				return err
			}
			if first == nil {
				first = res
			}
			here = here || len(res.Results) > 0
			if len(trees) > 1 {
				res.Tree = tree.Root()
			}
			if res.Tree != "" && !a.global.json {
				for i := range res.Results {
					res.Results[i].Path = below(res.Tree, res.Results[i].Path)
				}
			}
			if err := p.Answer(res); err != nil {
				return err
			}
			a.leftOut(res.LeftOut, res.Name)
		}
		found = found || here
		if !here && first.LeftOut == 0 && !a.global.json {
			a.missing(first)
		}
		return nil
	})
	if err = errors.Join(err, workbench.CloseTrees(trees)); err != nil {
		return err
	}
	if !found {
		return errNothing
	}
	return nil
}

// missing says that nothing is known of a name.
func (a *app) missing(res *workbench.Answer) {
	if len(res.Roles) > 0 {
		a.say("nothing found for %q in this role; it occurs as %s", res.Name, strings.Join(res.Roles, ", "))
		return
	}
	switch len(res.Nearest) {
	case 0:
		a.say("nothing found for %q", res.Name)
	case 1:
		a.say("nothing found for %q; did you mean %s?", res.Name, res.Nearest[0])
	default:
		a.say("nothing found for %q; the nearest names are %s", res.Name, strings.Join(res.Nearest, ", "))
	}
}

// maxLine bounds a line of names on standard input.
const maxLine = 64 << 10

// each calls fn for each question: the arguments, and for "-" the lines of
// standard input. Answers are written out before it waits for more.
func (a *app) each(args []string, fn func(string) error) error {
	for _, arg := range args {
		if arg != "-" {
			if err := fn(arg); err != nil {
				return err
			}
			continue
		}
		in := bufio.NewReaderSize(a.In, maxLine)
		for {
			line, err := in.ReadSlice('\n')
			if errors.Is(err, bufio.ErrBufferFull) {
				return &workbench.InputError{Name: "standard input", Err: errors.New("a line is too long"), Hint: "it takes one name a line"}
			}
			if err != nil && !errors.Is(err, io.EOF) {
				return &workbench.InputError{Name: "standard input", Err: err}
			}
			if name := strings.TrimRight(string(line), "\r\n"); name != "" {
				if err := fn(name); err != nil {
					return err
				}
			}
			if err != nil {
				break
			}
			if in.Buffered() == 0 {
				if err := a.out.Flush(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
