package asm

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"dekho/internal/lang"
)

// BenchmarkTree extracts the assembly and the linker scripts of
// $DEKHO_TEST_TREE.
func BenchmarkTree(b *testing.B) {
	root := os.Getenv("DEKHO_TEST_TREE")
	if root == "" {
		b.Skip("SKIPPED: set DEKHO_TEST_TREE to a kernel tree")
	}
	type file struct {
		path string
		src  []byte
	}
	var files []file
	var total int64
	_ = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && Language().Match(p) {
			if src, err := os.ReadFile(p); err == nil {
				rel, _ := filepath.Rel(root, p)
				files = append(files, file{rel, src})
				total += int64(len(src))
			}
		}
		return nil
	})
	b.SetBytes(total)
	b.ReportAllocs()
	x := new(extractor)
	var f lang.Facts
	b.ResetTimer()
	for b.Loop() {
		occs, link := 0, 0
		for i := range files {
			f.Reset()
			x.Extract(files[i].path, files[i].src, &f)
			occs += len(f.Occs)
			link += len(f.Link)
		}
		b.ReportMetric(float64(occs)/1e3, "koccs")
		b.ReportMetric(float64(link)/1e6, "MBlink")
	}
}
