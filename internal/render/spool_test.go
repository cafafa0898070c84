package render

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestSpool(t *testing.T) {
	files := 0
	s := NewSpool(func() (TempFile, error) {
		files++
		return os.Create(filepath.Join(t.TempDir(), "spool"))
	})
	var want bytes.Buffer
	for i := 0; want.Len() < 3*spoolMemory/2; i++ {
		line := fmt.Appendf(nil, "%d: a line that goes to the spool and comes back\n", i)
		want.Write(line)
		if _, err := s.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	if files != 1 || s.Len() != int64(want.Len()) {
		t.Errorf("%d files, %d bytes of %d", files, s.Len(), want.Len())
	}
	var got bytes.Buffer
	if n, err := s.WriteTo(&got); err != nil || n != int64(want.Len()) || !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Errorf("%d bytes of %d came back, %v", n, want.Len(), err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}

	// Little stays in memory; a file that cannot be made is an error.
	failed := errors.New("no space")
	s = NewSpool(func() (TempFile, error) { return nil, failed })
	if _, err := s.Write([]byte("little")); err != nil {
		t.Error(err)
	}
	if _, err := s.Write(make([]byte, spoolMemory)); !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
