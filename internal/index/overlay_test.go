package index_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/source"
)

// TestOverlay lays edited files over trees, and expects the answers of an index
// of the tree in which the files were saved.
func TestOverlay(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	contents := []string{
		"int alpha(int a)\n{\n\tbeta(a);\n}\n", "#include \"b.h\"\n#if X\nbeta(int b)\n{\n}\n#endif\n", "", "gamma(int c)\n{\n\tgamma(c); alpha(c);\n}\n",
		"\n\ndelta(int d)\n{\n\n\tbeta(d);\n}\n", "text that says nothing\n", "alpha(int a)\n{\n",
	}
	for n := range 40 {
		files := make(map[string]string)
		for i := range 1 + rng.IntN(12) {
			// Few contents, so that files share blobs.
			files[fmt.Sprintf("dir%d/file%d.c", i%3, i)] = contents[rng.IntN(4)]
		}
		tr, saved := newTree(t, files), newTree(t, files)
		tr.update()
		x := tr.open()
		var buffers []index.Buffer
		for path := range files {
			if rng.IntN(2) == 0 {
				continue
			}
			id, ok := x.FileByPath(path)
			if !ok {
				t.Fatalf("no %s", path)
			}
			text := contents[rng.IntN(len(contents))]
			buffers = append(buffers, index.Buffer{File: id, Content: []byte(text)})
			saved.write(path, text)
		}
		saved.update()
		over, err := x.Overlay([]lang.Language{scanLanguage(1)}, buffers)
		if err != nil {
			t.Fatal(err)
		}
		want := mustDump(t, saved.open())
		if diff := cmp.Diff(want, mustDump(t, over)); diff != "" {
			t.Fatalf("tree %d with %d of %d files edited, -saved +laid over:\n%s", n, len(buffers), len(files), diff)
		}
		for _, b := range buffers {
			text, changed, err := over.ReadFile(b.File)
			if err != nil || changed || string(text) != string(b.Content) {
				t.Fatalf("ReadFile of an edited file: %q, changed %v, %v; want %q", text, changed, err, b.Content)
			}
		}
		if err := over.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := x.Refs("alpha", index.AllRoles); err != nil {
			t.Fatalf("the tree below an overlay that was closed: %v", err)
		}
	}
}

func TestOverlayRefuses(t *testing.T) {
	tr := newTree(t, map[string]string{"a.c": "int a;\n"})
	tr.update()
	x := tr.open()
	if _, err := x.Overlay(nil, []index.Buffer{{File: 1}}); err == nil {
		t.Error("a file that does not exist was replaced")
	}
	var skip *source.SkipError
	_, err := x.Overlay(nil, []index.Buffer{{File: 0, Content: make([]byte, source.MaxFileSize+1)}})
	if !errors.As(err, &skip) || skip.Reason != source.TooLarge {
		t.Errorf("a buffer larger than any file: %v", err)
	}
}

func TestSuperseded(t *testing.T) {
	tr := newTree(t, map[string]string{"a.c": "int a;\n"})
	tr.update()
	x := tr.open()
	if x.Superseded() {
		t.Error("an index is superseded when nothing happened")
	}
	tr.write("a.c", "int b;\n")
	tr.update()
	if !x.Superseded() {
		t.Error("an index that was replaced is not superseded")
	}
	if tr.open().Superseded() {
		t.Error("the new index is superseded")
	}
}
