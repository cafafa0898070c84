package index

// What can be wrong with an index, and what then helps.

import (
	"errors"
	"fmt"
	"io/fs"

	"dekho/internal/store"
)

// What can be wrong with an index; test with errors.Is. Errors of this package
// that wrap one of them name the command that helps.
var (
	// ErrNoIndex means that the tree was never indexed, or dropped.
	ErrNoIndex = errors.New("not indexed")
	// ErrDamaged means that the files of the index are not what was written.
	ErrDamaged = store.ErrDamaged
	// ErrVersion means that another version of the program wrote the index.
	ErrVersion = store.ErrVersion
	// ErrLocked means that another process kept the store locked for too long.
	ErrLocked = store.ErrLocked
)

// Guard runs f and turns faults on the mapped files of the index (truncated
// while they are read, or on a failing disk) into an error that wraps
// ErrDamaged instead of ending the process. Front ends run each command or
// request in it; a goroutine that reads from a Tree needs one of its own.
func Guard(f func() error) error { return store.Guard(f) }

// treeError adds the tree and the way out to an error.
func treeError(root string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNoIndex):
		return fmt.Errorf("%s is %w: run dekho index %s", root, ErrNoIndex, root)
	case errors.Is(err, ErrDamaged):
		return fmt.Errorf("the index of %s is unusable; run dekho index %s to rebuild it: %w", root, root, err)
	case errors.Is(err, ErrVersion):
		return fmt.Errorf("the index of %s must be rebuilt; run dekho index %s: %w", root, root, err)
	case errors.Is(err, fs.ErrNotExist):
		return err
	}
	return fmt.Errorf("index of %s: %w", root, err)
}
