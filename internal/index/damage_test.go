package index_test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dekho/internal/index"
)

// storeFiles lists the files of a store, but for the lock.
func storeFiles(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && d.Name() != "lock" {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) != 3 {
		t.Fatal(files, err)
	}
	return files
}

// TestDamage flips and cuts bytes of every file of an index: a query must give
// the right answer or an error that says what to do, and indexing again must
// repair it.
func TestDamage(t *testing.T) {
	tr := newTree(t, sample)
	with := func(o *index.Options) { o.Linkers = []index.Linker{&linker{version: 1}} }
	tr.update(with)
	want := answers(t, tr)
	rounds := 400
	if testing.Short() {
		rounds = 50
	}
	rng := rand.New(rand.NewPCG(3, 4))
	failed := 0
	for range rounds {
		files := storeFiles(t, tr.store)
		path := files[rng.IntN(len(files))]
		old, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bad := append([]byte(nil), old...)
		var what string
		switch rng.IntN(4) {
		case 0:
			bad, what = bad[:rng.IntN(len(bad))], "cut"
		case 1:
			bad, what = append(bad, "more"...), "longer"
		case 2:
			at := rng.IntN(len(bad))
			clear(bad[at:min(len(bad), at+512)])
			what = "zeros"
		default:
			bad[rng.IntN(len(bad))] ^= 1 << rng.IntN(8)
			what = "flip"
		}
		if err := os.WriteFile(path, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := tryAnswers(tr)
		switch {
		case err == nil && got != want:
			t.Fatalf("%s of %s: wrong answer", what, path)
		case err != nil:
			failed++
			if !errors.Is(err, index.ErrDamaged) && !errors.Is(err, index.ErrVersion) {
				t.Fatalf("%s of %s: %v", what, path, err)
			}
			if !strings.Contains(err.Error(), "dekho index "+tr.root) {
				t.Fatalf("%s of %s: no way out in %q", what, path, err)
			}
		}
		if len(bad) > 0 || rng.IntN(2) == 0 { // and now and then repair the repaired
			tr.update(with)
		}
		if answers(t, tr) != want {
			t.Fatalf("%s of %s: not repaired", what, path)
		}
	}
	t.Logf("%d of %d were noticed", failed, rounds)
	// A file that is missing altogether.
	for _, path := range storeFiles(t, tr.store) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if _, err := tryAnswers(tr); !errors.Is(err, index.ErrDamaged) && !errors.Is(err, index.ErrNoIndex) {
			t.Errorf("without %s: %v", path, err)
		}
		tr.update(with)
		if answers(t, tr) != want {
			t.Errorf("without %s: not repaired", path)
		}
	}
}

func answers(t *testing.T, tr *tree) string {
	t.Helper()
	s, err := tryAnswers(tr)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func tryAnswers(tr *tree) (s string, err error) {
	x, err := index.Open(tr.store, tr.root)
	if err != nil {
		return "", err
	}
	err = index.Guard(func() error {
		if s, err = dump(x); err != nil {
			return err
		}
		b, err := x.Artifact("lines", 1)
		s += string(b)
		return err
	})
	return s, errors.Join(x.Err(err), x.Close())
}

// TestTruncatedWhileOpen cuts a segment short under a reader's feet.
func TestTruncatedWhileOpen(t *testing.T) {
	tr := newTree(t, sample)
	tr.generation(1)
	tr.update()
	x := tr.open()
	for _, path := range segmentFiles(t, tr.store) {
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
	}
	err := index.Guard(func() error {
		_, err := dump(x)
		return err
	})
	if !errors.Is(err, index.ErrDamaged) {
		t.Errorf("error %v", err)
	}
}

func segmentFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "segments", "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	return files
}
