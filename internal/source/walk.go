package source

// Listing a tree: a pool of goroutines over a stack of directories.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Listing is what a walk found, both in byte order of the paths.
type Listing struct {
	Files []File
	Skips []Skip
}

// versionControl names directories that hold history instead of source. Their
// packs are large and not part of what a build sees.
var versionControl = map[string]bool{".git": true, ".hg": true, ".svn": true, ".bzr": true}

// Walk lists the tree below root with several goroutines. Symbolic links below
// root are reported and never followed, so that a walk ends on any tree; root
// itself may be one. Directories that cannot be read are skips. The error is
// that of the root or of ctx.
func Walk(ctx context.Context, root string) (*Listing, error) {
	st, err := os.Stat(root)
	if err != nil {
		return nil, err
	}
	if !st.IsDir() {
		return nil, &fs.PathError{Op: "walk", Path: root, Err: errors.New("not a directory")}
	}
	w := &walker{root: root}
	w.more = sync.NewCond(&w.mu)
	top := &dir{}
	w.todo = []*dir{top}
	w.open = 1
	var wg sync.WaitGroup
	for range min(max(2, runtime.GOMAXPROCS(0)), 8) {
		wg.Go(func() { w.run(ctx) })
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if top.err != nil {
		return nil, top.err
	}
	l := &Listing{Files: make([]File, 0, w.files)}
	l.flatten(top)
	return l, nil
}

// dir is a directory being listed.
type dir struct {
	path  string // relative to the root, "" or ending in a slash
	items []item // sorted
	err   error  // why it could not be listed, wholly or in part
}

// item is an entry of a directory. Its name carries a trailing slash if it is
// a directory: sorted that way, a depth-first traversal yields the paths in
// byte order without a sort over all of them.
type item struct {
	name   string
	sub    *dir
	stamp  Stamp
	skip   Reason
	detail string
}

// walker is a pool of goroutines over a stack of directories.
type walker struct {
	root  string
	mu    sync.Mutex
	more  *sync.Cond
	todo  []*dir
	open  int // directories pushed and not yet done
	files int
}

func (w *walker) run(ctx context.Context) {
	for {
		w.mu.Lock()
		for len(w.todo) == 0 && w.open > 0 {
			w.more.Wait()
		}
		if w.open == 0 {
			w.mu.Unlock()
			return
		}
		d := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		w.mu.Unlock()

		if ctx.Err() == nil {
			d.list(w.root)
		}

		w.mu.Lock()
		for _, it := range d.items {
			if it.sub != nil {
				w.todo = append(w.todo, it.sub)
				w.open++
			}
		}
		w.files += len(d.items)
		w.open--
		w.mu.Unlock()
		w.more.Broadcast()
	}
}

// list reads one directory and the stamps of its files.
func (d *dir) list(root string) {
	f, err := os.Open(filepath.Join(root, filepath.FromSlash(d.path)))
	if err != nil {
		d.err = err
		return
	}
	defer func() { _ = f.Close() }() // read only: nothing can be lost
	entries, err := f.ReadDir(-1)
	if err != nil {
		d.err = err // what was read before the error still counts
	}
	d.items = make([]item, 0, len(entries))
	stat := statIn(f)
	for _, e := range entries {
		name := e.Name()
		it := item{name: name}
		mode := e.Type()
		if mode.IsRegular() || mode&fs.ModeIrregular != 0 {
			var err error
			it.stamp, mode, err = stat(name)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				it.skip = Vanished
			case err != nil:
				it.skip, it.detail = Unreadable, err.Error()
			}
		}
		switch {
		case it.skip != 0, mode.IsRegular():
		case mode.IsDir():
			it.name += "/"
			if versionControl[name] {
				it.skip = VersionControl
				break
			}
			it.sub = &dir{path: d.path + it.name}
		case mode&fs.ModeSymlink != 0:
			it.skip = Symlink
		default:
			it.skip = Special
		}
		d.items = append(d.items, it)
	}
	slices.SortFunc(d.items, func(a, b item) int { return strings.Compare(a.name, b.name) })
}

// flatten appends what the directories below top hold, depth first. The stack
// is explicit because the depth of a tree is not ours to choose.
func (l *Listing) flatten(top *dir) {
	type frame struct {
		d    *dir
		next int
	}
	stack := []frame{{d: top}}
	for len(stack) > 0 {
		f := &stack[len(stack)-1]
		if f.next == len(f.d.items) {
			f.d.items = nil
			stack = stack[:len(stack)-1]
			continue
		}
		it := &f.d.items[f.next]
		f.next++
		path := f.d.path + it.name
		switch {
		case it.skip != 0:
			l.Skips = append(l.Skips, Skip{Path: path, Reason: it.skip, Detail: it.detail})
		case it.sub == nil:
			l.Files = append(l.Files, File{Path: path, Stamp: it.stamp})
		default:
			if err := it.sub.err; err != nil {
				reason := Unreadable
				if errors.Is(err, fs.ErrNotExist) {
					reason = Vanished
				}
				l.Skips = append(l.Skips, Skip{Path: path, Reason: reason, Detail: detail(err)})
			}
			stack = append(stack, frame{d: it.sub})
		}
	}
}

// detail is the text of err without the path, which the skip names already.
func detail(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// SortSkips puts skips in byte order of their paths.
func SortSkips(s []Skip) {
	slices.SortFunc(s, func(a, b Skip) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Reason, b.Reason))
	})
}

// String shows the skip as one line.
func (s Skip) String() string {
	if s.Detail == "" {
		return fmt.Sprintf("%s: %s", s.Path, s.Reason)
	}
	return fmt.Sprintf("%s: %s (%s)", s.Path, s.Reason, s.Detail)
}
