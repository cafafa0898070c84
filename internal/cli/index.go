package cli

import (
	"errors"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

type indexOptions struct {
	name    string
	list    bool
	drop    bool
	stat    bool
	rebuild bool
	whole   bool
	jobs    int
	wait    time.Duration
}

func newIndex(a *app) *cobra.Command {
	var o indexOptions
	cmd := &cobra.Command{
		Use:   "index [TREE]",
		Short: "Index a source tree, or bring its index up to date",
		Long: `Index reads a source tree and stores what the other commands need. It reads only
what changed since the last time, and contents that another tree of the store
has are not read twice. Until it is done, the previous index answers; if it is
interrupted, that one stays.

Without TREE it is the tree named by --tree, or the indexed tree that contains
the working directory, or the working directory itself.`,
		Example: `  dekho index ~/src/linux
  dekho index --list
  dekho index --stat ~/src/linux
  dekho index --drop linux-6.1`,
		GroupID:           groupIndex,
		Args:              oneArg,
		ValidArgsFunction: completeTrees(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runIndex(cmd, a, &o, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.name, "name", "", "call the tree `NAME`; by default, like its directory")
	f.BoolVarP(&o.list, "list", "l", false, "list the indexed trees")
	f.BoolVar(&o.drop, "drop", false, "forget the index of TREE")
	f.BoolVar(&o.stat, "stat", false, "say what is in the index of TREE, and what was left out and why")
	f.BoolVar(&o.rebuild, "rebuild", false, "read every file again")
	f.BoolVar(&o.whole, "complete", false, "after a small change too, work out anew what follows from the whole tree: calls through pointers, macros, print statements")
	f.IntVarP(&o.jobs, "jobs", "j", 0, "use `N` processors; 0 is all")
	f.DurationVar(&o.wait, "wait", 10*time.Minute, "how long to wait for another process that indexes")
	return cmd
}

func runIndex(cmd *cobra.Command, a *app, o *indexOptions, args []string) error {
	modes := 0
	for _, on := range []bool{o.list, o.drop, o.stat, o.rebuild} {
		if on {
			modes++
		}
	}
	if modes > 1 {
		return usagef("--list, --drop, --stat and --rebuild exclude each other")
	}
	w, err := a.bench()
	if err != nil {
		return err
	}
	dir := ""
	if len(args) > 0 {
		dir = args[0]
	}
	onWait := func(holder string) {
		if holder != "" {
			holder = " (process " + holder + ")"
		}
		a.say("waiting for another process that indexes%s", holder)
	}
	switch {
	case o.list:
		return listTrees(a, w)
	case o.drop:
		if dir == "" {
			return usagef("say which tree: dekho index --drop TREE; dekho index --list lists them")
		}
		return w.Drop(cmd.Context(), dir, o.wait, onWait)
	case o.stat:
		return statTree(a, dir)
	}
	bar := newProgress(a)
	stats, root, err := w.Index(cmd.Context(), dir, workbench.IndexOptions{
		Name: o.name, Rebuild: o.rebuild, Complete: o.whole, Workers: o.jobs, Wait: o.wait, OnWait: onWait, Progress: bar.update,
	})
	bar.done()
	if err != nil {
		return err
	}
	if a.global.json {
		return render.IndexJSON(a.out, root, stats)
	}
	if a.global.quiet {
		return nil
	}
	return render.IndexText(a.out, a.style(), root, stats)
}

func listTrees(a *app, w *workbench.Workbench) error {
	list, err := w.Trees()
	if err != nil {
		return err
	}
	if len(list) == 0 {
		if !a.global.json {
			a.say("no tree is indexed in %s; run dekho index TREE", w.Store())
		}
		return errNothing
	}
	if a.global.json {
		return render.TreesJSON(a.out, list)
	}
	return render.TreesText(a.out, a.style(), list)
}

func statTree(a *app, dir string) error {
	if dir != "" {
		a.global.tree = dir
	}
	t, err := a.open()
	if err != nil {
		return err
	}
	skipped, err := t.Skipped()
	if err == nil && a.global.json {
		err = render.StatJSON(a.out, t.Info(), skipped)
	} else if err == nil {
		err = render.StatText(a.out, a.style(), t.Info(), skipped)
	}
	return errors.Join(err, t.Close())
}

// progress shows how far indexing is, on a terminal, when it takes more than a
// second.
type progress struct {
	mu    sync.Mutex
	began time.Time
	w     io.Writer // nil: shows nothing
	bar   *progressbar.ProgressBar
	phase string
	width int
}

func newProgress(a *app) *progress {
	p := &progress{began: time.Now()}
	if a.ErrTerminal && !a.global.quiet {
		p.w, p.width = a.Err, a.Width
	}
	return p
}

func (p *progress) update(s workbench.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w == nil || time.Since(p.began) < time.Second {
		return
	}
	total := s.TotalBytes
	if total <= 0 {
		total = -1
	}
	if p.bar == nil || p.phase != s.Phase {
		if p.bar != nil {
			_ = p.bar.Clear() // on the terminal: nobody to tell
		}
		p.phase = s.Phase
		p.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(p.w), progressbar.OptionSetDescription(s.Phase), progressbar.OptionSetPredictTime(total > 0),
			progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	_ = p.bar.Set64(min(s.Bytes, max(total, 0)))
}

func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	p.w = nil
}
