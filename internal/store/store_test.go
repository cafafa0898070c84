package store

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

var testKind = Kind{Magic: [8]byte{'t', 'e', 's', 't'}, Format: 3}

// build writes a file with the given sections in memory.
func build(t testing.TB, sections ...[]byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := NewWriter(&buf, testKind, 7)
	for i, s := range sections {
		w.Begin(MakeTag(string(rune('a' + i))))
		for len(s) > 0 { // in odd pieces
			n := min(len(s), 1+i*7919)
			if _, err := w.Write(s[:n]); err != nil {
				t.Fatal(err)
			}
			s = s[n:]
		}
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	if int(w.Size()) != buf.Len() {
		t.Errorf("Size = %d of %d", w.Size(), buf.Len())
	}
	return buf.Bytes()
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return b
}

func TestContainer(t *testing.T) {
	sizes := []int{0, 1, 7, BlockSize - 1, BlockSize, BlockSize + 1, 3*BlockSize + 5, 700_000}
	var sections [][]byte
	for _, n := range sizes {
		sections = append(sections, pattern(n))
	}
	data := build(t, sections...)
	f, err := OpenBytes(data, testKind)
	if err != nil {
		t.Fatal(err)
	}
	if f.Feature() != 7 || len(f.Sections()) != len(sections) {
		t.Errorf("feature %d, %d sections", f.Feature(), len(f.Sections()))
	}
	for i, want := range sections {
		s, err := f.Section(MakeTag(string(rune('a' + i))))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range [][2]int{{0, len(want)}, {0, 0}, {len(want), 0}, {len(want) / 2, len(want) - len(want)/2}} {
			got, err := s.Bytes(uint64(r[0]), uint64(r[1]))
			if err != nil || !bytes.Equal(got, want[r[0]:r[0]+r[1]]) {
				t.Errorf("section %d, bytes %v: %v", i, r, err)
			}
		}
		for _, r := range [][2]uint64{{0, uint64(len(want)) + 1}, {uint64(len(want)) + 1, 0}, {1, 1<<64 - 1}, {1<<64 - 1, 2}} {
			if _, err := s.Bytes(r[0], r[1]); !errors.Is(err, ErrDamaged) {
				t.Errorf("section %d, bytes %v: %v", i, r, err)
			}
		}
	}
	if _, err := f.Section(MakeTag("none")); !errors.Is(err, ErrDamaged) {
		t.Errorf("a section that is missing: %v", err)
	}
	if err := f.Verify(); err != nil {
		t.Error(err)
	}

	if _, err := OpenBytes(data, Kind{testKind.Magic, 4}); !errors.Is(err, ErrVersion) {
		t.Errorf("another format: %v", err)
	}
	if _, err := OpenBytes(data, Kind{[8]byte{'x'}, 3}); !errors.Is(err, ErrDamaged) {
		t.Errorf("another magic: %v", err)
	}
}

// TestContainerDamage changes each byte in turn: none may go unnoticed but for
// the padding between sections.
func TestContainerDamage(t *testing.T) {
	data := build(t, pattern(40), pattern(24))
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 0x10
		f, err := OpenBytes(bad, testKind)
		if err == nil {
			err = f.Verify()
		}
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrVersion) {
			t.Errorf("byte %d: %v", i, err)
		}
		if f, err := OpenBytes(data[:i], testKind); err == nil {
			t.Errorf("cut to %d of %d bytes: %v", i, len(data), f)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(build(f, pattern(100), nil, pattern(3)))
	f.Add(build(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := OpenBytes(data, testKind)
		if err != nil {
			return
		}
		for _, s := range file.Sections() {
			_, _ = s.All()
			_, _ = s.Bytes(uint64(s.Len()/2), 10)
		}
	})
}

func TestTemp(t *testing.T) {
	s, err := Create(filepath.Join(t.TempDir(), "new", "store"), nil)
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) *Temp {
		t.Helper()
		tmp, err := s.NewTemp()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tmp.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		return tmp
	}
	if err := write("old").Commit(Trees, "name"); err != nil {
		t.Fatal(err)
	}
	if err := write("new").Commit(Trees, "name"); err != nil {
		t.Fatal(err)
	}
	write("never").Discard()
	early := write("early")
	if err := errors.Join(early.Rename(Segments, "seg"), early.Settle()); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{s.Path(Trees, "name"): "new", s.Path(Segments, "seg"): "early"} {
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	if names, err := s.Names(tmp); err != nil || len(names) != 0 {
		t.Errorf("left over: %v, %v", names, err)
	}

	// What a killed writer left goes when the next one starts.
	write("left")
	lock, err := s.Lock(context.Background(), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	if names, err := s.Names(tmp); err != nil || len(names) != 0 {
		t.Errorf("left over: %v, %v", names, err)
	}
	if _, err := s.Lock(context.Background(), time.Millisecond, nil); !errors.Is(err, ErrLocked) {
		t.Errorf("a second writer: %v", err)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
}

func TestNames(t *testing.T) {
	if n := NewName(); !ValidName(n) || n == NewName() {
		t.Errorf("NewName = %q", n)
	}
	for _, bad := range []string{"", "x", "../../../../etc/pass", "0123456789abcdef012g"} {
		if ValidName(bad) {
			t.Errorf("ValidName(%q)", bad)
		}
	}
	names, err := At(filepath.Join(t.TempDir(), "none")).Names(Trees)
	if err != nil || names != nil {
		t.Errorf("Names = %v, %v", names, err)
	}
}

func TestOpenFiles(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "none"), testKind); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := Open(dir, testKind); err == nil {
		t.Error("a directory was opened")
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(empty, testKind); !errors.Is(err, ErrDamaged) {
		t.Errorf("an empty file: %v", err)
	}
	good := filepath.Join(dir, "good")
	if err := os.WriteFile(good, build(t, pattern(1<<20)), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := Open(good, testKind)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(good, 4096); err != nil {
		t.Fatal(err)
	}
	if err := Guard(f.Verify); !errors.Is(err, ErrDamaged) {
		t.Errorf("a file truncated while it is mapped: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

var (
	missing *int
	none    []int
)

func TestGuardPassesOtherPanics(t *testing.T) {
	for _, f := range []func(){
		func() { panic("boo") },
		func() { *missing = 1 },
		func() { _ = none[len(os.Args)] },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("a panic was lost")
				}
			}()
			_ = Guard(func() error { f(); return nil })
		}()
	}
	want := errors.New("mine")
	if err := Guard(func() error { return want }); !errors.Is(err, want) {
		t.Errorf("Guard = %v", err)
	}
}

func TestTagString(t *testing.T) {
	if s := MakeTag("posts").String(); s != "posts" {
		t.Errorf("String = %q", s)
	}
	sizes := NewWriter(&bytes.Buffer{}, testKind, 0)
	sizes.Begin(MakeTag("one"))
	_, _ = sizes.Write(make([]byte, 10))
	if err := sizes.Finish(); err != nil || !slices.Equal(sizes.Sizes(), []SectionSize{{"one", 10}}) {
		t.Errorf("Sizes = %v, %v", sizes.Sizes(), err)
	}
}
