package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func write(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for path, text := range files {
		full := filepath.Join(root, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWalk(t *testing.T) {
	root := t.TempDir()
	write(t, root, map[string]string{
		"b": "", "a/x": "1", "a.c": "22", "a-b/y": "", "a/z/deep": "", ".hidden": "", ".git/config": "", "sub/.git/HEAD": "",
	})
	if err := errors.Join(
		os.Mkdir(filepath.Join(root, "empty"), 0o755),
		os.Symlink("..", filepath.Join(root, "a", "loop")),
		os.Symlink("nowhere", filepath.Join(root, "broken")),
		unix.Mkfifo(filepath.Join(root, "pipe"), 0o644),
	); err != nil {
		t.Fatal(err)
	}
	l, err := Walk(context.Background(), root)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range l.Files {
		got = append(got, f.Path)
	}
	want := []string{".hidden", "a-b/y", "a.c", "a/x", "a/z/deep", "b"}
	if !slices.IsSorted(want) || !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	if f := l.Files[2]; f.Size != 2 || f.Mtime == 0 || f.Ino == 0 {
		t.Errorf("stamp %+v", f)
	}
	var skips []string
	for _, s := range l.Skips {
		skips = append(skips, s.String())
	}
	if want := []string{
		".git/: version control", "a/loop: symbolic link", "broken: symbolic link", "pipe: special file",
		"sub/.git/: version control",
	}; !slices.Equal(skips, want) {
		t.Errorf("skips %q, want %q", skips, want)
	}

	if _, err := Walk(context.Background(), filepath.Join(root, "b")); err == nil {
		t.Error("a file was walked")
	}
	if _, err := Walk(context.Background(), filepath.Join(root, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Walk(ctx, root); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// TestWalkDeep goes deeper than a path can be long.
func TestWalkDeep(t *testing.T) {
	root := t.TempDir()
	dir, err := os.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.Repeat("d", 200)
	fd := int(dir.Fd())
	for i := range 40 {
		if err := unix.Mkdirat(fd, name, 0o755); err != nil {
			t.Fatal(err)
		}
		next, err := unix.Openat(fd, name, unix.O_RDONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			_ = unix.Close(fd)
		}
		fd = next
	}
	_ = unix.Close(fd)
	_ = dir.Close()
	l, err := Walk(context.Background(), root)
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Files) != 0 || len(l.Skips) != 1 || l.Skips[0].Reason != Unreadable {
		t.Errorf("files %v, skips %v", l.Files, l.Skips)
	}
}

func TestRead(t *testing.T) {
	root := t.TempDir()
	long := strings.Repeat("long line\n", 100_000)
	write(t, root, map[string]string{
		"empty": "", "text": "hello\n", "long": long, "binary": "a\x00b", "late": strings.Repeat("x", sniffLen) + "\x00",
	})
	if err := errors.Join(
		os.Symlink("text", filepath.Join(root, "link")),
		unix.Mkfifo(filepath.Join(root, "pipe"), 0o644),
		os.WriteFile(filepath.Join(root, "large"), nil, 0o644),
		os.Truncate(filepath.Join(root, "large"), MaxFileSize+1),
	); err != nil {
		t.Fatal(err)
	}
	var r Reader
	for _, c := range []struct {
		name   string
		want   string
		reason Reason
	}{
		{"empty", "", 0},
		{"long", long, 0},
		{"text", "hello\n", 0},
		{"late", strings.Repeat("x", sniffLen) + "\x00", 0},
		{"binary", "", Binary},
		{"link", "", Symlink},
		{"pipe", "", Special},
		{"large", "", TooLarge},
		{"none", "", Vanished},
		{".", "", Special},
		{"text/none", "", Unreadable},
	} {
		got, stamp, err := r.Read(filepath.Join(root, c.name), c.name)
		if c.reason == 0 {
			if err != nil || string(got) != c.want || stamp.Size != int64(len(c.want)) {
				t.Errorf("%s: %d bytes, %+v, %v", c.name, len(got), stamp, err)
			}
			continue
		}
		var skip *SkipError
		if !errors.As(err, &skip) || skip.Reason != c.reason || skip.Path != c.name {
			t.Errorf("%s: %v, want %v", c.name, err, c.reason)
		}
	}
}

// TestReadChanging reads a file while it grows.
func TestReadChanging(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			default:
			}
			_ = os.WriteFile(path, []byte(strings.Repeat(fmt.Sprintf("%07d\n", n), 1+n%5000)), 0o644)
		}
	}()
	var r Reader
	read := 0
	for start := time.Now(); time.Since(start) < 200*time.Millisecond; {
		text, _, err := r.Read(path, "log")
		var skip *SkipError
		switch {
		case err == nil:
			read++
			// A rewrite that keeps size and stamp within a tick of the clock can
			// hide; nothing else may.
			if len(text)%8 != 0 {
				t.Fatalf("%d bytes", len(text))
			}
		case !errors.As(err, &skip) || skip.Reason != Changing && skip.Reason != Vanished:
			t.Fatal(err)
		}
	}
	close(done)
	<-stopped
	t.Logf("%d whole reads", read)
}

func TestRacy(t *testing.T) {
	now := time.Now().UnixNano()
	for _, c := range []struct {
		s    Stamp
		want bool
	}{
		{Stamp{Mtime: now - 10*tick, Ctime: now - 10*tick}, false},
		{Stamp{Mtime: now - tick/2, Ctime: now - 10*tick}, true},
		{Stamp{Mtime: now - 10*tick, Ctime: now - tick/2}, true},
		{Stamp{Mtime: now + 10*tick, Ctime: now - 10*tick}, true},
	} {
		if got := c.s.Racy(now); got != c.want {
			t.Errorf("Racy(%+v) = %v", c.s, got)
		}
	}
}

func TestRoot(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"tree/f": ""})
	if err := os.Symlink("tree", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	want, err := filepath.EvalSymlinks(filepath.Join(dir, "tree"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Root(filepath.Join(dir, "link")); err != nil || got != want {
		t.Errorf("Root = %q, %v", got, err)
	}
	for _, bad := range []string{"none", "tree/f"} {
		if got, err := Root(filepath.Join(dir, bad)); err == nil {
			t.Errorf("Root(%q) = %q", bad, got)
		}
	}
}
