package logmap

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"dekho/internal/lang"
	"dekho/internal/lang/all"
)

type treeInput struct {
	paths []string
	logs  [][]byte
	incs  [][]string
}

func (t *treeInput) NumFiles() int                  { return len(t.paths) }
func (t *treeInput) Path(i int) string              { return t.paths[i] }
func (t *treeInput) LogFacts(i int) ([]byte, error) { return t.logs[i], nil }
func (t *treeInput) Includes(i int) []string        { return t.incs[i] }

func loadTree(root string) *treeInput {
	t := &treeInput{}
	langs := all.Languages()
	ex := make([]lang.Extractor, len(langs))
	for i := range langs {
		ex[i] = langs[i].New()
	}
	var f lang.Facts
	filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		rel, _ := filepath.Rel(root, p)
		for i := range langs {
			if langs[i].Match(rel) {
				src, _ := os.ReadFile(p)
				f.Reset()
				ex[i].Extract(rel, src, &f)
				t.paths = append(t.paths, rel)
				t.logs = append(t.logs, bytes.Clone(f.Log))
				var incs []string
				for _, in := range f.Includes {
					incs = append(incs, string(src[in.Path.Off:in.Path.Off+in.Path.Len]))
				}
				t.incs = append(t.incs, incs)
				break
			}
		}
		return nil
	})
	return t
}

func TestDevLink(t *testing.T) {
	root := os.Getenv("DEKHO_TEST_TREE")
	if root == "" {
		t.Skip()
	}
	in := loadTree(root)
	t0 := time.Now()
	out, _ := os.Create("/tmp/logmap.bin")
	st, err := Link(in, out)
	fmt.Println(st, err, time.Since(t0))
	fi, _ := out.Stat()
	fmt.Println("size", fi.Size())
	out.Close()
}
