package cli

import (
	"bufio"
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

// fixOptions are the flags of commands that change a system.
type fixOptions struct {
	fix, dryRun, yes bool
}

func (o *fixOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.fix, "fix", false, "propose the smallest change for the first finding that has one, ask, make it, prove it")
	f.BoolVar(&o.dryRun, "dry-run", false, "with --fix: show the change and stop")
	f.BoolVarP(&o.yes, "yes", "y", false, "with --fix: do not ask")
}

// check looks at whether the flags go together.
func (o *fixOptions) check(args []string) error {
	switch {
	case !o.fix && (o.dryRun || o.yes):
		return usagef("--dry-run and --yes go with --fix")
	case o.fix && len(args) > 0:
		return usagef("saved facts cannot be changed: --fix is for a system")
	}
	return nil
}

// fixDNS proposes a fix for what was found and makes it, if the user wants.
func (a *app) fixDNS(ctx context.Context, o *systemOptions, fo *fixOptions, opts workbench.DNSOptions) error {
	fixer, err := workbench.NewFixer(a.Getenv)
	if err != nil {
		return err
	}
	if !fo.dryRun {
		if err := a.finishInterrupted(ctx, fixer, o, fo.yes); err != nil {
			return err
		}
	}
	d, sys, err := diagnoseAgain(ctx, o, opts)
	if err != nil {
		return err
	}
	defer func() { _ = sys.Close() }() // only asked
	f, err := workbench.ProposeDNSFix(sys, d)
	if err != nil {
		return err
	}
	if f == nil {
		a.say("%s", "there is no fix for what was found; dekho dns says what to do")
		return errNothing
	}
	if fo.dryRun {
		if a.global.json {
			return render.FixJSON(a.out, f)
		}
		return render.FixText(a.out, a.style(), f)
	}
	if !a.global.json {
		if err := render.FixText(a.out, a.style(), f); err != nil {
			return err
		}
	}
	if ok, err := a.agreed(ctx, "Make this change?", fo.yes); err != nil {
		return err
	} else if ok {
		err = fixer.Apply(ctx, f, func() (*workbench.DNS, error) {
			d, sys, err := diagnoseAgain(ctx, o, opts)
			if err == nil {
				err = sys.Close()
			}
			return d, err
		})
		if err != nil {
			return err
		}
	}
	show := func() error { return render.FixOutcomeText(a.out, a.style(), f) }
	if a.global.json {
		show = func() error { return render.FixJSON(a.out, f) }
	}
	if err := show(); err != nil {
		return err
	}
	if f.Outcome != workbench.FixApplied {
		return errNothing
	}
	return nil
}

// finishInterrupted takes back what was begun on this system and not ended: a fix
// is not made on top of half a fix.
func (a *app) finishInterrupted(ctx context.Context, fixer *workbench.Fixer, o *systemOptions, yes bool) error {
	sys, err := workbench.OpenSystem(o.SystemOptions)
	if err != nil {
		return err
	}
	pending := fixer.Interrupted(sys.About())
	if err := sys.Close(); err != nil {
		return err
	}
	for _, j := range pending {
		a.say("the fix %s was interrupted; it is taken back first", j.ID)
		u, err := fixer.Prepare(j.ID, "")
		if err != nil {
			return err
		}
		if err := a.undo(ctx, fixer, u, yes, false); err != nil {
			return err
		}
	}
	return nil
}

// diagnoseAgain looks at a system anew: what was asked before is not believed.
func diagnoseAgain(ctx context.Context, o *systemOptions, opts workbench.DNSOptions) (*workbench.DNS, *workbench.System, error) {
	sys, err := workbench.OpenSystem(o.SystemOptions)
	if err != nil {
		return nil, nil, err
	}
	return workbench.DiagnoseDNS(ctx, sys, opts), sys, nil
}

// agreed asks the user, unless that was answered beforehand.
func (a *app) agreed(ctx context.Context, question string, yes bool) (bool, error) {
	if yes {
		return true, nil
	}
	if !a.inTerminal() {
		return false, usagef("nobody can be asked: standard input is no terminal; --yes agrees, --dry-run only shows")
	}
	if err := a.out.Flush(); err != nil {
		return false, err
	}
	a.tell("%s [y/N] ", question)
	answers := make(chan string, 1)
	go func() {
		answer, _ := bufio.NewReader(a.In).ReadString('\n') // the end of input is no agreement
		answers <- strings.ToLower(strings.TrimSpace(answer))
	}()
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case answer := <-answers:
		return answer == "y" || answer == "yes", nil
	}
}

// sayInterrupted reminds of fixes that were begun on this system and not ended.
func (a *app) sayInterrupted(about workbench.SystemAbout) {
	fixer, err := workbench.NewFixer(a.Getenv)
	if err != nil {
		return
	}
	for _, j := range fixer.Interrupted(about) {
		a.say("the fix %s was interrupted: this system may be half changed; dekho undo %s makes it what it was", j.ID, j.ID)
	}
}

func newUndo(a *app) *cobra.Command {
	var list, yes, dryRun bool
	var root string
	cmd := &cobra.Command{
		Use:   "undo [ID]",
		Short: "Take back a change that dekho dns --fix made",
		Long: `Undo makes what a fix changed what it was before: content, links, modes, owners,
attributes. Without an ID it is the newest fix; --list lists them. What was
changed since by others is shown first, and it asks.

A fix that was interrupted, by a power cut or otherwise, is taken back the same
way. Journals of fixes are kept in $XDG_STATE_HOME/dekho/fixes; without that
variable in /var/lib/dekho/fixes for root, in ~/.local/state/dekho/fixes for
others.

The exit code is 0 if it was taken back, 1 if there is nothing to take back or it
was not agreed to, 3 if it could not be.`,
		Example: `  dekho undo --list
  dekho undo`,
		GroupID: groupSystem,
		Args:    oneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			fixer, err := workbench.NewFixer(a.Getenv)
			if err != nil {
				return err
			}
			if list {
				return a.listFixes(fixer)
			}
			id := ""
			if len(args) > 0 {
				id = args[0]
			}
			u, err := fixer.Prepare(id, root)
			if errors.Is(err, workbench.ErrNoFix) {
				if id != "" {
					a.say("there is no fix %s in %s; dekho undo --list lists them", id, fixer.Dir())
				} else {
					a.say("there is no fix to take back in %s", fixer.Dir())
				}
				return errNothing
			}
			if err != nil {
				return err
			}
			return a.undo(cmd.Context(), fixer, u, yes, dryRun)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&list, "list", false, "list the fixes that can be taken back")
	f.BoolVar(&dryRun, "dry-run", false, "show what would be changed and stop")
	f.BoolVarP(&yes, "yes", "y", false, "do not ask")
	f.StringVar(&root, "root", "", "the newest fix of the root file system in `DIR`")
	complete(cmd, "root", completeDirs)
	return cmd
}

func (a *app) listFixes(fixer *workbench.Fixer) error {
	all, bad, err := fixer.List()
	if err != nil {
		return err
	}
	for _, b := range bad {
		a.say("%s: %s", b.Name, b.Err)
	}
	if a.global.json {
		err = render.FixListJSON(a.out, all)
	} else {
		err = render.FixListText(a.out, a.style(), all)
	}
	if err == nil && len(all) == 0 {
		err = errNothing
	}
	return err
}

func (a *app) undo(ctx context.Context, fixer *workbench.Fixer, u *workbench.Undoing, yes, dryRun bool) error {
	show := func() error { return render.UndoText(a.out, a.style(), u) }
	if a.global.json {
		show = func() error { return render.UndoJSON(a.out, u) }
	}
	if dryRun {
		return show()
	}
	if !a.global.json {
		if err := show(); err != nil {
			return err
		}
	}
	ok, err := a.agreed(ctx, "Take this back?", yes)
	if err != nil {
		return err
	}
	if !ok {
		a.say("%s", "nothing was changed")
		return errNothing
	}
	if err := fixer.Undo(u); err != nil {
		return err
	}
	return show()
}
