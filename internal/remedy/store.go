package remedy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"dekho/internal/rootfs"
)

// Store is a directory of journals. One process at a time changes something with
// it.
type Store struct {
	dir  string
	exec executor
}

// Errors of a store.
var (
	// ErrBusy: another process changes something.
	ErrBusy = errors.New("another dekho is at work with these journals")
	// ErrNoJournal: there is none of that number.
	ErrNoJournal = errors.New("there is no such fix")
	// ErrNewer: a later fix changed the same.
	ErrNewer = errors.New("a later fix changed the same; take that one back first")
	// ErrUntrusted: others could have written a journal.
	ErrUntrusted = errors.New("others than its owner can write there, or it has another owner: what is in it is not believed")
)

// OpenStore names the directory of journals. It is made when something is
// written.
func OpenStore(dir string) *Store { return &Store{dir: dir} }

// Dir is the directory.
func (s *Store) Dir() string { return s.dir }

// lock keeps others out, until the function that it returns is called.
func (s *Store) lock() (func(), error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	if err := trusted(s.dir); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(s.dir, "lock"), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close() // the lock is what counts
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = ErrBusy
		}
		return nil, err
	}
	return func() { _ = f.Close() }, nil // closing unlocks
}

// trusted makes sure that nobody else can write a file or directory.
func trusted(name string) error {
	var st unix.Stat_t
	if err := unix.Lstat(name, &st); err != nil {
		return &os.PathError{Op: "lstat", Path: name, Err: err}
	}
	if int(st.Uid) != os.Geteuid() || st.Mode&0o022 != 0 {
		return fmt.Errorf("%s: %w", name, ErrUntrusted)
	}
	return nil
}

// Bad is a file that should be a journal and is none.
type Bad struct {
	Name string
	Err  error
}

// List reads the journals, the newest first. That there is no directory is no
// error: nothing was changed yet.
func (s *Store) List() ([]*Journal, []Bad, error) {
	entries, err := os.ReadDir(s.dir)
	if notThere(err) {
		return nil, nil, nil
	}
	if err == nil {
		err = trusted(s.dir)
	}
	if err != nil {
		return nil, nil, err
	}
	var all []*Journal
	var bad []Bad
	for _, e := range entries {
		id, status, ok := strings.Cut(e.Name(), ".")
		if !ok || !idPattern.MatchString(id) || status != string(Pending) && status != string(Applied) {
			continue
		}
		j, err := s.read(e.Name())
		if err == nil && j.ID != id {
			err = fmt.Errorf("%w: it is that of %s", ErrDamaged, j.ID)
		}
		if err != nil {
			bad = append(bad, Bad{filepath.Join(s.dir, e.Name()), err})
			continue
		}
		j.Status = Status(status)
		all = append(all, j)
	}
	slices.SortStableFunc(all, func(a, b *Journal) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	})
	return all, bad, nil
}

func (s *Store) read(name string) (*Journal, error) {
	f, err := os.OpenFile(filepath.Join(s.dir, name), os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, ErrDamaged
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, err
	}
	if int(st.Uid) != os.Geteuid() || st.Mode&0o022 != 0 {
		return nil, ErrUntrusted
	}
	data, err := io.ReadAll(io.LimitReader(f, maxJournal+1024))
	if err != nil {
		return nil, err
	}
	return decode(data)
}

func (s *Store) file(j *Journal, status Status) string {
	return filepath.Join(s.dir, j.ID+"."+string(status))
}

// write puts a journal into the store, whole or not at all.
func (s *Store) write(j *Journal) error {
	data, err := j.encode()
	if err != nil {
		return err
	}
	temp := filepath.Join(s.dir, ".journal")
	if err := os.Remove(temp); err != nil && !notThere(err) {
		return err
	}
	s.exec.before("write the journal")
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return s.rename(temp, s.file(j, j.Status))
}

// rename renames so that it lasts.
func (s *Store) rename(from, to string) error {
	s.exec.before("rename to " + filepath.Base(to))
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return s.sync()
}

func (s *Store) sync() error {
	d, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Target says which root a fix is for.
type Target struct {
	// Dir is the absolute path of the root, PID the process whose root it is.
	Dir string
	PID int
}

// Apply makes a fix. Where that fails, everything is what it was again. The fix
// is pending until Keep or Undo.
func (s *Store) Apply(root *rootfs.Root, t Target, f *Fix, subject string, now time.Time) (*Journal, error) {
	unlock, err := s.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	j := &Journal{
		At: now.UTC(), Root: t.Dir, PID: t.PID, Boot: bootID(), Subject: subject, Title: f.Plan.Title, Changes: f.Changes, Status: Pending,
	}
	if t.PID != 0 {
		j.Mount = root.Mount()
	}
	if j.ID, err = s.newID(now); err != nil {
		return nil, err
	}
	if err := j.check(); err != nil {
		return nil, err
	}
	if err := s.write(j); err != nil {
		return nil, err
	}
	if err := j.make(root, &s.exec); err != nil {
		_, uerr := s.undo(root, j)
		return nil, errors.Join(err, uerr)
	}
	return j, nil
}

// newID is a number that no journal has.
func (s *Store) newID(now time.Time) (string, error) {
	base := now.UTC().Format("20060102-150405")
	for n := 1; n < 1000; n++ {
		id := base
		if n > 1 {
			id = fmt.Sprintf("%s-%d", base, n)
		}
		free := true
		for _, st := range []Status{Pending, Applied} {
			if _, err := os.Lstat(s.file(&Journal{ID: id}, st)); !notThere(err) {
				free = false
			}
		}
		if free {
			return id, nil
		}
	}
	return "", fmt.Errorf("%s has a thousand fixes of one second", s.dir)
}

// Keep says that a fix holds.
func (s *Store) Keep(j *Journal) error {
	err := s.rename(s.file(j, Pending), s.file(j, Applied))
	if err == nil {
		j.Status = Applied
	}
	return err
}

// Undo makes everything what it was before a fix, and forgets the fix. left are
// remarks about what stays.
func (s *Store) Undo(root *rootfs.Root, j *Journal) (left []string, err error) {
	unlock, err := s.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	all, _, err := s.List()
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		if o.ID == j.ID {
			break // older ones follow
		}
		if o.Root == j.Root && o.PID == j.PID && o.overlaps(j) {
			return nil, fmt.Errorf("%w: %s", ErrNewer, o.ID)
		}
	}
	return s.undo(root, j)
}

func (j *Journal) overlaps(o *Journal) bool {
	return slices.ContainsFunc(j.Changes, func(c Change) bool {
		return slices.ContainsFunc(o.Changes, func(d Change) bool { return c.Path == d.Path })
	})
}

func (s *Store) undo(root *rootfs.Root, j *Journal) ([]string, error) {
	if j.Status == Applied {
		// Interrupted from here on, it is neither made nor taken back.
		if err := s.rename(s.file(j, Applied), s.file(j, Pending)); err != nil {
			return nil, err
		}
		j.Status = Pending
	}
	left, err := j.back(root, &s.exec)
	if err != nil {
		return left, err // the journal stays, so that it can be tried again
	}
	s.exec.before("forget the journal")
	if err := os.Remove(s.file(j, j.Status)); err != nil {
		return left, err
	}
	return left, s.sync()
}

// runTime is how long a command has.
const runTime = 30 * time.Second

// Run runs a command of a plan on this system, without a shell.
func Run(ctx context.Context, c *Command) error {
	ctx, stop := context.WithTimeout(ctx, runTime)
	defer stop()
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...) //nolint:gosec // the plan was shown and agreed to
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(c.Args, " "), err, strings.TrimSpace(string(out[:min(len(out), 500)])))
	}
	return nil
}
