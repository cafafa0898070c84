package source

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestReadText(t *testing.T) {
	dir := t.TempDir()
	var r Reader
	for _, n := range []int{0, 1, pageSize - 1, pageSize, pageSize + 1, firstRead - 1, firstRead, firstRead + 1, 3*firstRead + 5, 0} {
		want := bytes.Repeat([]byte("text\n"), n/5+1)[:n]
		path := filepath.Join(dir, "f")
		if err := os.WriteFile(path, want, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := r.ReadText(path, "f")
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: got %d, %v", n, len(got), err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "binary"), []byte("a\x00b"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("f", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	large, err := os.Create(filepath.Join(dir, "large"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = large.Write(bytes.Repeat([]byte{'x'}, sniffLen)); err == nil {
		err = large.Truncate(MaxFileSize + 1)
	}
	if err = errors.Join(err, large.Close()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]Reason{
		"binary": Binary, "link": Symlink, "gone": Vanished, "large": TooLarge, ".": Special,
	} {
		_, err := r.ReadText(filepath.Join(dir, name), name)
		var skip *SkipError
		if !errors.As(err, &skip) || skip.Reason != want {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}
