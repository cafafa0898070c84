package workbench

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"dekho/internal/index"
	"dekho/internal/lang/all"
	"dekho/internal/source"
	"dekho/internal/store"
)

// Progress says how far indexing is.
type Progress = index.Progress

// IndexStats says what a run of Index did and what it cost.
type IndexStats = index.Stats

// IndexedTree describes a tree of the store.
type IndexedTree = index.Listed

// TreeInfo describes a tree.
type TreeInfo = index.Info

// Skip is a file or directory that was left out of the index.
type Skip = source.Skip

// SectionSize is the size of a part of the index.
type SectionSize = store.SectionSize

// IndexOptions say how to index.
type IndexOptions struct {
	// Name is what to call the tree; if empty, as before, or like its directory.
	Name string
	// Rebuild extracts every file again.
	Rebuild bool
	// Complete makes what is derived from the whole tree anew after a small
	// change too, see Tree.LogMapStale.
	Complete bool
	// Workers is how many goroutines extract, 0 for as many as processors.
	Workers int
	// Wait is how long to wait for another process that indexes.
	Wait time.Duration
	// OnWait, if not nil, is called when there is one, with its process id.
	OnWait func(holder string)
	// Progress, if not nil, is called several times a second.
	Progress func(Progress)
}

// smallChange is how many files may have changed for the map of print
// statements to lag behind until a log is explained: making it takes seconds,
// and who edits a few files indexes often.
const smallChange = 100

// Most of what indexing holds lies outside of the garbage-collected heap (the
// arenas of package index), so a generous target costs little memory and saves
// most of the collector's work. The limit makes it work again before the
// process outgrows the machines it is meant for.
const (
	indexGCPercent   = 400
	indexMemoryLimit = 1450 << 20
)

// Index brings the index of the tree at dir up to date, or makes it. If dir is
// empty, it is the tree that the options name, or that contains the working
// directory, or else the working directory itself.
func (w *Workbench) Index(ctx context.Context, dir string, opts IndexOptions) (*IndexStats, string, error) {
	if dir == "" {
		var err error
		if dir, err = w.choose(); errors.Is(err, ErrNoIndex) && w.opts.Tree != "" {
			dir, err = w.opts.Tree, nil
		} else if errors.Is(err, ErrNoIndex) {
			dir, err = ".", nil
		}
		if err != nil {
			return nil, "", err
		}
	}
	root, err := source.Root(dir)
	if err != nil {
		return nil, "", &InputError{Name: dir, Err: err}
	}
	if info, err := os.Stat(root); err != nil || !info.IsDir() {
		return nil, "", &InputError{Name: dir, Err: errors.New("is not a directory"), Hint: "give the top directory of a source tree"}
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, "", &InputError{Name: dir, Err: err}
	}
	// A wrong directory must not become a tree: one more, and who asks from
	// elsewhere has to say which is meant.
	if known, err := index.FindTree(w.store, root); len(entries) == 0 && (err != nil || known != root) {
		return nil, "", &InputError{Name: dir, Err: errors.New("is empty"), Hint: "give the top directory of a source tree"}
	}
	deferLinks := smallChange
	if opts.Complete {
		deferLinks = 0
	}
	defer debug.SetGCPercent(debug.SetGCPercent(indexGCPercent))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(indexMemoryLimit))
	stats, err := index.Update(ctx, index.Options{
		Store: w.store, Root: root, Name: opts.Name, Languages: all.Languages(),
		Linkers: linkers(), DeferLinks: deferLinks, Workers: opts.Workers, Rebuild: opts.Rebuild,
		LockWait: opts.Wait, OnWait: opts.OnWait, Progress: opts.Progress,
	})
	if err != nil {
		return nil, root, storeError(err)
	}
	if w.opts.Clock != nil {
		for _, p := range stats.Phases {
			w.opts.Clock(p.Name, p.Time)
		}
	}
	return stats, root, nil
}

// storeError marks errors of writing the store.
func storeError(err error) error {
	switch {
	case err == nil, errors.Is(err, ErrLocked), errors.Is(err, ErrNoIndex), errors.Is(err, ErrDamaged), errors.Is(err, ErrVersion),
		errors.Is(err, context.Canceled):
		return err
	}
	var pe *fs.PathError
	var le *os.LinkError
	var se *os.SyscallError
	if errors.As(err, &pe) || errors.As(err, &le) || errors.As(err, &se) {
		return &storeFailure{err}
	}
	return err
}

// storeFailure is an ErrStore with its cause.
type storeFailure struct{ error }

func (e *storeFailure) Unwrap() []error { return []error{ErrStore, e.error} }

// Trees lists the trees of the store.
func (w *Workbench) Trees() ([]IndexedTree, error) { return index.List(w.store) }

// Drop forgets the index of a tree.
func (w *Workbench) Drop(ctx context.Context, what string, wait time.Duration, onWait func(holder string)) error {
	return storeError(index.Drop(ctx, w.store, what, wait, onWait))
}

// Info describes the tree.
func (t *Tree) Info() *TreeInfo { return t.idx.Info() }

// Skipped lists the files and directories that are not in the index, by path.
func (t *Tree) Skipped() ([]Skip, error) { return t.idx.Skipped() }

// workers is how many goroutines a query uses.
func workers() int { return runtime.GOMAXPROCS(0) }
