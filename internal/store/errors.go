package store

// Errors of a store, and faults on mapped files turned into errors.

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
)

// The ways in which a store can fail to answer. Callers test with errors.Is;
// package index adds the tree and the command that helps.
var (
	// ErrDamaged is a file whose content is not what was written.
	ErrDamaged = errors.New("damaged")
	// ErrVersion is a file of another format than this program reads.
	ErrVersion = errors.New("written by another version of dekho")
	// ErrLocked is a store in which another process is writing.
	ErrLocked = errors.New("another process is indexing")
)

// Damaged returns an error that wraps ErrDamaged and says where and how.
func Damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// Guard runs f and turns a fault on a mapped file into an error that wraps
// ErrDamaged. Such faults happen when a file is truncated while it is mapped,
// or when the disk cannot deliver a page; without the guard they end the
// process. Guard covers the goroutine it is called on and no other. Other
// panics pass through.
func Guard(f func() error) (err error) {
	old := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(old)
		r := recover()
		if r == nil {
			return
		}
		if re, ok := r.(runtime.Error); ok {
			// Only a fault at an address that is not nil carries one.
			if a, ok := re.(interface{ Addr() uintptr }); ok {
				err = Damaged("a mapped file could not be read at address %#x", a.Addr())
				return
			}
		}
		panic(r)
	}()
	return f()
}
