package index

// The trees of a store: listing, finding, dropping them.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dekho/internal/source"
	"dekho/internal/store"
)

// Listed is an entry of List: a tree, or a manifest that cannot be read.
type Listed struct {
	Info
	Err error // wraps ErrDamaged or ErrVersion; Info is empty then
}

// List describes the indexed trees of a store, by root. A store that does not
// exist has none.
func List(storeDir string) ([]Listed, error) {
	st := store.At(storeDir)
	ids, err := st.Names(store.Trees)
	if err != nil {
		return nil, err
	}
	var list []Listed
	for _, id := range ids {
		m, err := describe(st.Path(store.Trees, id))
		switch {
		case errors.Is(err, fs.ErrNotExist): // dropped meanwhile
		case err != nil:
			list = append(list, Listed{Err: err})
		default:
			list = append(list, Listed{Info: m.Info})
		}
	}
	slices.SortFunc(list, func(a, b Listed) int { return strings.Compare(a.Root, b.Root) })
	return list, nil
}

// FindTree returns the root of the indexed tree that contains dir: dir itself
// or the nearest directory above it. The error wraps ErrNoIndex if there is
// none. It looks at names only; the index may still turn out to be damaged.
func FindTree(storeDir, dir string) (string, error) {
	st := store.At(storeDir)
	canonical, err := source.Root(dir)
	if err != nil {
		return "", err
	}
	names, err := st.Names(store.Trees)
	if err != nil {
		return "", err
	}
	for d := canonical; ; d = filepath.Dir(d) {
		if slices.Contains(names, treeID(d)) {
			return d, nil
		}
		if d == filepath.Dir(d) {
			return "", fmt.Errorf("%s is %w, nor is a directory above it; run dekho index TREE", canonical, ErrNoIndex)
		}
	}
}

// Resolve finds an indexed tree by what a person calls it: its root, a
// directory inside it, or its name. The error wraps ErrNoIndex if there is
// none.
func Resolve(storeDir, what string) (string, error) {
	root, err := FindTree(storeDir, what)
	if err == nil {
		return root, nil
	}
	list, lerr := List(storeDir)
	if lerr != nil {
		return "", lerr
	}
	for _, l := range list {
		if l.Err == nil && (l.Name == what || l.Root == what) {
			return l.Root, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no tree and no directory called %q: %w", what, ErrNoIndex)
	}
	return "", err
}

// Drop forgets the index of a tree, named as for Resolve, and gives back what
// only it used. It waits for an indexer as Update does.
func Drop(ctx context.Context, storeDir, what string, wait time.Duration, onWait func(holder string)) error {
	st, err := store.Create(storeDir, nil)
	if err != nil {
		return err
	}
	lock, err := st.Lock(ctx, wait, onWait)
	if err != nil {
		return err
	}
	root, err := Resolve(storeDir, what)
	if err == nil {
		u := &updater{st: st}
		err = errors.Join(st.Remove(store.Trees, treeID(root)), st.Sync(store.Trees), u.collect())
	}
	return errors.Join(err, lock.Unlock())
}
