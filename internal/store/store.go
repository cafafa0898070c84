// Package store keeps write-once files in a directory: it knows how a file is
// written so that a crash leaves the old one or the new one, how files are
// checked and mapped for reading, and how writers keep out of each other's
// way. What the files mean is the business of package index.
//
// Layout of a store directory:
//
//	lock        flock(2)ed by the one writer; holds its process id
//	segments/   facts about blobs, named at random, never changed
//	trees/      one manifest per tree, replaced by rename
//	artifacts/  what linkers derived from a whole tree, named at random
//	tmp/        files being written; left-overs belong to nobody
//
// A writer creates a file below tmp, syncs it, renames it into place and syncs
// the directory. The rename of a manifest publishes all that it refers to, so
// it comes last. Readers take no lock: they open a manifest and then the files
// it names; when one of these is gone, a newer manifest has taken over and
// they start again.
package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Dir is a directory inside a store.
type Dir string

// The directories of a store.
const (
	Segments  Dir = "segments"
	Trees     Dir = "trees"
	Artifacts Dir = "artifacts"
	tmp       Dir = "tmp"
)

// Store is a store directory.
type Store struct {
	dir string
	fs  FileSystem
}

// At is the store in dir, which need not exist.
func At(dir string) *Store { return &Store{dir: dir, fs: OS{}} }

// Create makes the directories of a store, unless they are there. fs may be
// nil for that of the operating system.
func Create(dir string, fsys FileSystem) (*Store, error) {
	if fsys == nil {
		fsys = OS{}
	}
	s := &Store{dir: dir, fs: fsys}
	for _, d := range []Dir{Segments, Trees, Artifacts, tmp} {
		if err := os.MkdirAll(filepath.Join(dir, string(d)), 0o755); err != nil {
			return nil, fmt.Errorf("creating the store: %w", err)
		}
	}
	return s, nil
}

// Path is where a file of the store is.
func (s *Store) Path(d Dir, name string) string { return filepath.Join(s.dir, string(d), name) }

// Dir is the directory of the store.
func (s *Store) Dir() string { return s.dir }

// Names lists the files in a directory of the store; none if there is no store.
func (s *Store) Names(d Dir) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, string(d)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, nil
}

// NewName is a name that no file has had before.
func NewName() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}

// ValidName reports whether a name that was read from a file can be one that
// NewName made; anything else could lead out of the store.
func ValidName(name string) bool {
	if len(name) != 20 {
		return false
	}
	return strings.Trim(name, "0123456789abcdef") == ""
}

// Temp is a file being written.
type Temp struct {
	s       *Store
	f       WritableFile
	path    string
	dir     Dir
	written int64
}

// NewTemp creates a file below tmp.
func (s *Store) NewTemp() (*Temp, error) {
	path := s.Path(tmp, NewName())
	f, err := s.fs.Create(path)
	if err != nil {
		return nil, err
	}
	return &Temp{s: s, f: f, path: path, dir: tmp}, nil
}

// writeback is after how many bytes the disk is set to work on what was
// written, so that the sync at the end finds most of it done.
const writeback = 8 << 20

// Write implements io.Writer.
func (t *Temp) Write(p []byte) (int, error) {
	n, err := t.f.Write(p)
	before := t.written
	t.written += int64(n)
	if before/writeback != t.written/writeback {
		t.f.StartWriteback()
	}
	return n, err
}

// Rename gives the file its name before it is on disk: for files that nothing
// refers to until Settle has returned.
func (t *Temp) Rename(d Dir, name string) error {
	to := t.s.Path(d, name)
	if err := t.s.fs.Rename(t.path, to); err != nil {
		return err
	}
	t.path, t.dir = to, d
	return nil
}

// Settle puts the content and the name on disk and closes the file. After an
// error the file is gone.
func (t *Temp) Settle() error {
	err := t.f.Sync()
	if cerr := t.f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = t.s.Sync(t.dir)
	}
	if err != nil {
		_ = t.s.fs.Remove(t.path) // the first error tells more
	}
	return err
}

// Commit puts the content on disk before it gives the file its name, replacing
// the one that has it: readers see the old file or the new one, whole. After
// an error the new file is gone.
func (t *Temp) Commit(d Dir, name string) error {
	err := t.f.Sync()
	if cerr := t.f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = t.s.fs.Rename(t.path, t.s.Path(d, name))
	}
	if err != nil {
		_ = t.s.fs.Remove(t.path) // the first error tells more
		return err
	}
	return t.s.Sync(d)
}

// Discard closes and removes the file.
func (t *Temp) Discard() {
	_ = t.f.Close()           // what was written is not wanted
	_ = t.s.fs.Remove(t.path) // the next writer cleans what is left
}

// Remove removes a file of the store.
func (s *Store) Remove(d Dir, name string) error { return s.fs.Remove(s.Path(d, name)) }

// Sync makes renames and removals in a directory of the store last.
func (s *Store) Sync(d Dir) error { return s.fs.SyncDir(filepath.Join(s.dir, string(d))) }

// Lock is the right to write to a store.
type Lock struct{ f *os.File }

// lockPoll is how often a waiting writer tries again.
const lockPoll = 50 * time.Millisecond

// Lock waits until this process is the only writer and removes what writers
// that were killed left below tmp. If another process has the lock, onWait (if
// not nil) is called once with its process id, as text that may be empty. When
// wait is over, the error wraps ErrLocked.
func (s *Store) Lock(ctx context.Context, wait time.Duration, onWait func(holder string)) (*Lock, error) {
	path := filepath.Join(s.dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(wait)
	for first := true; ; first = false {
		ok, err := tryLock(f)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), f.Close())
		}
		if ok {
			break
		}
		if first && onWait != nil {
			onWait(holder(path))
		}
		if time.Now().After(deadline) {
			err := fmt.Errorf("%w in %s (process %s)", ErrLocked, s.dir, holder(path))
			return nil, errors.Join(err, f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		case <-time.After(lockPoll):
		}
	}
	// The process id is for people only; the lock does not depend on it.
	if err := f.Truncate(0); err == nil {
		_, _ = fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	if err := s.cleanTemp(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Lock{f}, nil
}

// Unlock lets the next writer in.
func (l *Lock) Unlock() error { return l.f.Close() }

// holder is the process id in the lock file, or "unknown".
func holder(path string) string {
	b, err := os.ReadFile(path)
	pid := strings.TrimSpace(string(b))
	if err != nil || pid == "" || len(pid) > 20 {
		return "unknown"
	}
	return pid
}

func (s *Store) cleanTemp() error {
	names, err := s.Names(tmp)
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := s.fs.Remove(s.Path(tmp, n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
