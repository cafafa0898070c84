package index_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/source"
	"dekho/internal/store"
)

// generation writes a tree in which every file says which generation it is of,
// so that an index that mixes two shows.
func (tr *tree) generation(n int) {
	tr.t.Helper()
	for i := range 30 {
		tr.write(fmt.Sprintf("d%d/f%d.c", i%5, i), fmt.Sprintf("gen_%d()\n{\n\tprint(f%d);\n}\n", n, i))
	}
}

// generations checks that an open tree is of one generation, and which.
func generationOf(t *index.Tree) (string, error) {
	gen := ""
	for n, err := range t.Names("gen_") {
		if err != nil {
			return "", err
		}
		if gen != "" {
			return "", fmt.Errorf("a mix of %s and %s", gen, n.Text)
		}
		gen = n.Text
		refs, err := t.Refs(gen, index.AllRoles)
		if err != nil {
			return "", err
		}
		if len(refs) != t.NumFiles() {
			return "", fmt.Errorf("%s is in %d of %d files", gen, len(refs), t.NumFiles())
		}
	}
	return gen, nil
}

func openGeneration(storeDir, root string) (string, error) {
	t, err := index.Open(storeDir, root)
	if err != nil {
		return "", err
	}
	gen, err := generationOf(t)
	return gen, errors.Join(err, t.Close())
}

const (
	crashStore = "DEKHO_TEST_CRASH_STORE"
	crashRoot  = "DEKHO_TEST_CRASH_ROOT"
)

// TestMain indexes once instead of running tests when TestKill says so.
func TestMain(m *testing.M) {
	root := os.Getenv(crashRoot)
	if root == "" {
		os.Exit(m.Run())
	}
	fmt.Println("ready")
	_, err := index.Update(context.Background(), index.Options{
		Store: os.Getenv(crashStore), Root: root, Languages: []lang.Language{scanLanguage(1)},
		Linkers: []index.Linker{&linker{version: 1}}, Now: later,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// TestKill kills an indexer at a random moment, again and again.
func TestKill(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	tr := newTree(t, nil)
	tr.generation(0)
	tr.update()
	last := "gen_0"
	killed, finished := 0, 0
	rng := rand.New(rand.NewPCG(1, 2))
	for n := 1; n <= rounds; n++ {
		tr.generation(n)
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), crashStore+"="+tr.store, crashRoot+"="+tr.root)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ready := make([]byte, 6)
		if _, err := out.Read(ready); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rng.IntN(25_000)) * time.Microsecond)
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		if cmd.Wait() == nil {
			finished++
		} else {
			killed++
		}
		gen, err := openGeneration(tr.store, tr.root)
		now := fmt.Sprintf("gen_%d", n)
		if err != nil || gen != last && gen != now {
			t.Fatalf("round %d: %q, %v; want %s or %s", n, gen, err, last, now)
		}
		last = gen
	}
	t.Logf("%d killed, %d finished before", killed, finished)
	if killed == 0 {
		t.Error("no run was killed: the test tests nothing")
	}
	tr.update()
	tr.sameAsNew()
	tr.noGarbage()
}

// noGarbage checks that the store holds only what manifests refer to.
func (tr *tree) noGarbage() {
	tr.t.Helper()
	s := store.At(tr.store)
	segments, err := s.Names(store.Segments)
	if err != nil {
		tr.t.Fatal(err)
	}
	if n := tr.open().Info().Stats.Segments; len(segments) != n {
		tr.t.Errorf("%d segments in the store, %d in use", len(segments), n)
	}
	left, err := os.ReadDir(filepath.Join(tr.store, "tmp"))
	if err != nil || len(left) != 0 {
		tr.t.Errorf("left below tmp: %v, %v", left, err)
	}
}

// fullDisk is a file system on which operation number fail and all that follow
// fail, as when the disk is full. Removing always works.
type fullDisk struct {
	store.OS
	mu   sync.Mutex
	ops  int
	fail int
}

var errFull = &os.PathError{Op: "write", Path: "somewhere", Err: syscall.ENOSPC}

func (d *fullDisk) op() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ops++
	if d.ops > d.fail {
		return errFull
	}
	return nil
}

func (d *fullDisk) Create(path string) (store.WritableFile, error) {
	if err := d.op(); err != nil {
		return nil, err
	}
	f, err := d.OS.Create(path)
	return &fullFile{f, d}, err
}

func (d *fullDisk) Rename(from, to string) error {
	if err := d.op(); err != nil {
		return err
	}
	return d.OS.Rename(from, to)
}

func (d *fullDisk) SyncDir(path string) error {
	if err := d.op(); err != nil {
		return err
	}
	return d.OS.SyncDir(path)
}

type fullFile struct {
	store.WritableFile
	d *fullDisk
}

func (f *fullFile) Write(p []byte) (int, error) {
	if err := f.d.op(); err != nil {
		n, _ := f.WritableFile.Write(p[:len(p)/2]) // a full disk takes a part
		return n, err
	}
	return f.WritableFile.Write(p)
}

func (f *fullFile) Sync() error {
	if err := f.d.op(); err != nil {
		return err
	}
	return f.WritableFile.Sync()
}

// TestDiskFull lets the disk fill up at every operation in turn.
func TestDiskFull(t *testing.T) {
	tr := newTree(t, nil)
	tr.generation(0)
	tr.update()
	tr.generation(1)
	for n := 0; ; n++ {
		o := tr.options()
		o.FileSystem = &fullDisk{fail: n}
		o.Linkers = []index.Linker{&linker{version: 1}}
		_, err := index.Update(context.Background(), o)
		gen, gerr := openGeneration(tr.store, tr.root)
		if gerr != nil {
			t.Fatalf("operation %d failed: %v", n, gerr)
		}
		if err == nil {
			if gen != "gen_1" || n < 5 {
				t.Fatalf("after %d operations: %s", n, gen)
			}
			break
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("operation %d failed: %v", n, err)
		}
		if gen == "gen_1" {
			// The manifest was in place when a later operation failed: the new
			// index answers, and is complete. Start over.
			tr.generation(0)
			tr.update()
			tr.generation(1)
		}
	}
	tr.sameAsNew()
	tr.noGarbage()
}

// TestConcurrent runs indexers and readers at the same time.
func TestConcurrent(t *testing.T) {
	tr := newTree(t, nil)
	tr.generation(0)
	tr.update()
	done := make(chan struct{})
	var readers, writers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					if n == 0 {
						t.Error("a reader never got to read")
					}
					return
				default:
				}
				if _, err := openGeneration(tr.store, tr.root); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for round := 1; round <= 10; round++ {
		tr.generation(round)
		for range 3 {
			writers.Go(func() {
				o := tr.options()
				o.Languages = []lang.Language{scanLanguage(1)}
				if _, err := index.Update(context.Background(), o); err != nil {
					t.Error(err)
				}
			})
		}
		writers.Wait()
		if gen, err := openGeneration(tr.store, tr.root); err != nil || gen != fmt.Sprintf("gen_%d", round) {
			t.Errorf("round %d: %s, %v", round, gen, err)
		}
	}
	close(done)
	readers.Wait()
	tr.sameAsNew()
	tr.noGarbage()
}

// TestLocked gives up when another indexer does not end.
func TestLocked(t *testing.T) {
	tr := newTree(t, sample)
	s, err := store.Create(tr.store, nil)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := s.Lock(context.Background(), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	o := tr.options()
	o.LockWait = 100 * time.Millisecond
	holder := ""
	o.OnWait = func(h string) { holder = h }
	if _, err := index.Update(context.Background(), o); !errors.Is(err, index.ErrLocked) {
		t.Errorf("error %v", err)
	}
	if holder != fmt.Sprint(os.Getpid()) {
		t.Errorf("holder %q", holder)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	o.LockWait = time.Hour
	if _, err := index.Update(ctx, o); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	tr.update()
}

// TestCanceled stops an indexer in the middle.
func TestCanceled(t *testing.T) {
	tr := newTree(t, nil)
	tr.generation(0)
	tr.update()
	tr.generation(1)
	ctx, cancel := context.WithCancel(context.Background())
	o := tr.options()
	o.Languages = []lang.Language{scanLanguage(1)}
	match, n := o.Languages[0].Match, 0
	o.Languages[0].Match = func(path string) bool {
		if n++; n == 10 {
			cancel()
		}
		return match(path)
	}
	if _, err := index.Update(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if gen, err := openGeneration(tr.store, tr.root); err != nil || gen != "gen_0" {
		t.Errorf("%s, %v", gen, err)
	}
	tr.update()
	tr.sameAsNew()
	tr.noGarbage()
}

// TestHostileTree indexes files that are made to hurt.
func TestHostileTree(t *testing.T) {
	tr := newTree(t, map[string]string{
		"ok.c":                "fine()\n",
		"bad\xffname\n.c":     "odd_name()\n",
		"disk.c":              "\x00\x01\x02",
		"long.c":              string(make([]byte, 0)) + "x",
		"many_lines.c":        string(bytesOf('\n', 1<<20)) + "last()\n",
		"same/\u00fc/deep.c":  "fine()\n",
		".git/objects/pack.c": "never()\n",
	})
	big, err := os.Create(filepath.Join(tr.root, "huge.h"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(big.Truncate(100<<20), big.Close()); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(filepath.Join(tr.root, "pipe.c"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tr.root, "secret.c"), []byte("secret()\n"), 0); err != nil {
		t.Fatal(err)
	}
	s := tr.update()
	want := map[string]int{"too large": 1, "binary": 1, "special file": 1, "version control": 1}
	if os.Getuid() != 0 {
		want["unreadable"] = 1
	}
	for reason, n := range want {
		if s.Skipped[reason] != n {
			t.Errorf("%s: %d, want %d", reason, s.Skipped[reason], n)
		}
	}
	if got := refs(t, tr.open(), "last", index.AllRoles); len(got) != 1 || got[0] != "many_lines.c:1048577 definition" {
		t.Errorf("last: %v", got)
	}
	if s := tr.update(); !s.Unchanged {
		t.Errorf("stats %+v", s)
	}
}

func bytesOf(c byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = c
	}
	return b
}

// TestVanishingFiles changes the tree while it is indexed.
func TestVanishingFiles(t *testing.T) {
	tr := newTree(t, nil)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 40 {
		tr.write(fmt.Sprintf("v%d.c", i), "v()\n")
	}
	wg.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			default:
			}
			path := filepath.Join(tr.root, fmt.Sprintf("v%d.c", n%40))
			_ = os.Remove(path)
			_ = os.WriteFile(path, fmt.Appendf(nil, "w%d()\n", n), 0o644)
		}
	})
	for range 20 {
		o := tr.options()
		o.Now = time.Now
		if _, err := index.Update(context.Background(), o); err != nil {
			t.Error(err)
		}
		x, err := index.Open(tr.store, tr.root)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := dump(x); err != nil {
			t.Error(err)
		}
		if _, _, err := x.ReadFile(source.FileID(0)); err != nil {
			var skip *source.SkipError
			if !errors.As(err, &skip) {
				t.Error(err)
			}
		}
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	}
	close(done)
	wg.Wait()
	o := tr.options()
	o.Now = time.Now
	if _, err := index.Update(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	tr.sameAsNew()
}
