package cpio

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// TestWriter reads an archive back by the rules of the format.
func TestWriter(t *testing.T) {
	var buf bytes.Buffer
	w := NewWriter(&buf)
	w.File("a/b/init", 0o755, []byte("12345"))
	w.Char("/dev/console", 0o600, 5, 1)
	w.Symlink("a/link", "b/init")
	w.Dir("a") // again: no second entry
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"a 40755 0:0 ", "a/b 40755 0:0 ", "a/b/init 100755 0:0 12345",
		"dev 40755 0:0 ", "dev/console 20600 5:1 ",
		"a/link 120777 0:0 b/init",
	}
	if got := parse(t, buf.Bytes()); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func parse(t *testing.T, b []byte) []string {
	t.Helper()
	var entries []string
	off := 0
	inodes := map[uint64]bool{}
	for {
		if string(b[off:off+6]) != "070701" {
			t.Fatalf("no magic at %d", off)
		}
		field := func(i int) uint64 {
			v, err := strconv.ParseUint(string(b[off+6+8*i:off+14+8*i]), 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		ino, mode, size, nameSize := field(0), field(1), int(field(6)), int(field(11))
		nameAt := off + 110
		name := string(b[nameAt : nameAt+nameSize-1])
		dataAt := (nameAt + nameSize + 3) &^ 3
		if name == "TRAILER!!!" {
			if end := (dataAt + 3) &^ 3; end != len(b) {
				t.Errorf("%d bytes behind the end", len(b)-end)
			}
			return entries
		}
		if inodes[ino] {
			t.Errorf("%s: inode %d was used before: the kernel would link the files", name, ino)
		}
		inodes[ino] = true
		entries = append(entries, fmt.Sprintf("%s %o %d:%d %s", name, mode, field(9), field(10), b[dataAt:dataAt+size]))
		off = (dataAt + size + 3) &^ 3
	}
}

func TestBadName(t *testing.T) {
	w := NewWriter(&bytes.Buffer{})
	w.File("a\x00b", 0o644, nil)
	if w.Close() == nil {
		t.Error("a name with NUL was written")
	}
}

// full is a disk without room.
type full struct{ room int }

func (f *full) Write(p []byte) (int, error) {
	if len(p) > f.room {
		return 0, errors.New("no space")
	}
	f.room -= len(p)
	return len(p), nil
}

func TestWriteError(t *testing.T) {
	w := NewWriter(&full{room: 200})
	w.File("a", 0o644, make([]byte, 1000))
	if w.Close() == nil {
		t.Error("a failing write was not reported")
	}
}
