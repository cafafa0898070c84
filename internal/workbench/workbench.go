// Package workbench holds the use cases of dekho: what a person wants done with
// a source tree and its index, as values that a front end shows. It decides
// which tree and which store are meant, opens them, asks the index and the map
// of print statements, and never renders anything.
package workbench

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"dekho/internal/index"
	"dekho/internal/xref"
)

// What can stop a use case; test with errors.Is. Their texts name the command
// that helps.
var (
	// ErrNoIndex means that the tree was never indexed, or that no tree was
	// named and none contains the working directory.
	ErrNoIndex = index.ErrNoIndex
	// ErrDamaged means that the files of the index are not what was written.
	ErrDamaged = index.ErrDamaged
	// ErrVersion means that another version of dekho wrote the index.
	ErrVersion = index.ErrVersion
	// ErrLocked means that another process kept the store locked for too long.
	ErrLocked = index.ErrLocked
	// ErrStore means that the index could not be written.
	ErrStore = errors.New("the index could not be written")
)

// InputError says that something the user named cannot be read, or is not what
// it was taken for.
type InputError struct {
	Name string // as the user called it
	Err  error
	Hint string // what to do instead, or ""
}

func (e *InputError) Error() string {
	msg := reason(e.Err)
	if e.Name != "" {
		msg = e.Name + ": " + msg
	}
	if e.Hint != "" {
		msg += "; " + e.Hint
	}
	return msg
}

func (e *InputError) Unwrap() error { return e.Err }

// reason is the text of an error without the operation and path that package os
// puts in front: the name is given already.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// UsageError says that what was asked for makes no sense, such as a regular
// expression that is none.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

func (e *UsageError) Unwrap() error { return e.Err }

// Options say which tree and which store are meant.
type Options struct {
	// Tree names an indexed tree: its root, a directory inside it, or its
	// name; or several, separated by commas, see OpenTrees. If empty, the environment variable DEKHO_TREE, else the indexed
	// tree that contains the working directory.
	Tree string
	// Store is the directory of the index. If empty, DEKHO_STORE, else dekho
	// below XDG_CACHE_HOME or what stands for it.
	Store string
	// Lens, if not nil, is the lens of trees that are opened; what it leaves
	// open, DEKHO_ARCH, DEKHO_CONFIG and DEKHO_BOARD say.
	Lens *LensOptions
	// Getenv looks up the environment; nil for none.
	Getenv func(string) string
	// Clock, if not nil, hears how long the steps of a use case took.
	Clock func(step string, d time.Duration)
}

// Workbench gives access to the indexed trees of a store.
type Workbench struct {
	opts  Options
	store string
}

// New finds the store; it need not exist yet.
func New(opts Options) (*Workbench, error) {
	if opts.Getenv == nil {
		opts.Getenv = func(string) string { return "" }
	}
	if opts.Tree == "" {
		opts.Tree = opts.Getenv("DEKHO_TREE")
	}
	if opts.Lens != nil {
		o := *opts.Lens
		o.FromEnv(opts.Getenv)
		opts.Lens = &o
	}
	w := &Workbench{opts: opts}
	switch {
	case opts.Store != "":
		w.store = opts.Store
	case opts.Getenv("DEKHO_STORE") != "":
		w.store = opts.Getenv("DEKHO_STORE")
	case filepath.IsAbs(opts.Getenv("XDG_CACHE_HOME")): // a relative one is to be ignored, says its specification
		w.store = filepath.Join(opts.Getenv("XDG_CACHE_HOME"), "dekho")
	default:
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, &UsageError{fmt.Errorf("no place for the index: %w; name one with --store or DEKHO_STORE", err)}
		}
		w.store = filepath.Join(cache, "dekho")
	}
	abs, err := filepath.Abs(w.store)
	if err != nil {
		return nil, &InputError{Name: w.store, Err: err}
	}
	w.store = abs
	return w, nil
}

// Store is the directory of the store.
func (w *Workbench) Store() string { return w.store }

// at is the workbench with another tree, named as in Options.
func (w *Workbench) at(tree string) *Workbench {
	other := *w
	other.opts.Tree = tree
	return &other
}

// step measures a step for Options.Clock: call what it returns at its end.
func (w *Workbench) step(name string) func() {
	if w.opts.Clock == nil {
		return func() {}
	}
	start := time.Now()
	return func() { w.opts.Clock(name, time.Since(start)) }
}

// Tree is an indexed tree that was opened.
type Tree struct {
	w    *Workbench
	idx  *index.Tree
	view *view // nil without a lens

	// xref opens what macros make and call, once; nil if the index has none.
	xref func() (*xref.Map, error)
}

// newTree is a tree whose index was opened.
func (w *Workbench) newTree(idx *index.Tree) *Tree {
	t := &Tree{w: w, idx: idx}
	t.xref = sync.OnceValues(t.openXref)
	return t
}

// Open opens the tree that the options name. The error wraps ErrNoIndex,
// ErrDamaged or ErrVersion if one of them is the case.
func (w *Workbench) Open() (*Tree, error) {
	stop := w.step("open index")
	defer stop()
	root, err := w.choose()
	if err != nil {
		return nil, err
	}
	idx, err := index.Open(w.store, root)
	if err != nil {
		return nil, err
	}
	t := w.newTree(idx)
	if w.opts.Lens != nil {
		err := index.Guard(func() (err error) {
			t.view, err = t.openLens(*w.opts.Lens)
			return err
		})
		if err != nil {
			return nil, errors.Join(t.idx.Err(err), t.Close())
		}
	}
	return t, nil
}

// choose is the root of the tree to open.
func (w *Workbench) choose() (string, error) {
	if w.opts.Tree != "" {
		root, err := index.Resolve(w.store, w.opts.Tree)
		if errors.Is(err, ErrNoIndex) {
			if len(w.treeNames()) > 1 {
				return "", &UsageError{errors.New("this asks one tree, and --tree names several")}
			}
			return "", fmt.Errorf("%w%s", err, w.known())
		}
		return root, err
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", &InputError{Name: "working directory", Err: err, Hint: "name a tree with --tree"}
	}
	root, err := index.FindTree(w.store, dir)
	if errors.Is(err, ErrNoIndex) {
		// With a single tree in the store there is no doubt which one is meant.
		if list, lerr := index.List(w.store); lerr == nil && len(list) == 1 && list[0].Err == nil {
			return list[0].Root, nil
		}
		return "", fmt.Errorf("%w%s", err, w.known())
	}
	return root, err
}

// known lists the indexed trees for an error message.
func (w *Workbench) known() string {
	list, err := index.List(w.store)
	if err != nil || len(list) == 0 {
		return ""
	}
	s := "; indexed are:"
	for _, l := range list {
		if l.Err == nil {
			s += "\n  --tree " + l.Root
		}
	}
	return s
}

// Close gives up the files of the index.
func (t *Tree) Close() error { return t.idx.Close() }

// Root is the directory of the tree.
func (t *Tree) Root() string { return t.idx.Root() }

// Kernel is the version of the kernel in the tree ("6.1.192"), "" if it is
// none.
func (t *Tree) Kernel() string { return t.idx.Info().Kernel }

// Name is what people call the tree.
func (t *Tree) Name() string { return t.idx.Info().Name }
