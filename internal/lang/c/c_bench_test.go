package c

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"dekho/internal/lang"
)

// BenchmarkTree extracts every C file of $DEKHO_TEST_TREE.
func BenchmarkTree(b *testing.B) {
	root := os.Getenv("DEKHO_TEST_TREE")
	if root == "" {
		b.Skip("SKIPPED: set DEKHO_TEST_TREE to a kernel tree")
	}
	var files [][]byte
	var total int64
	_ = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && match(p) {
			if src, err := os.ReadFile(p); err == nil {
				files = append(files, src)
				total += int64(len(src))
			}
		}
		return nil
	})
	b.SetBytes(total)
	b.ResetTimer()
	for b.Loop() {
		var x extractor
		var f lang.Facts
		occs, logs := 0, 0
		for _, src := range files {
			f.Reset()
			x.Extract("", src, &f)
			occs += len(f.Occs)
			logs += len(f.Link)
		}
		b.ReportMetric(float64(occs)/1e6, "Moccs")
		b.ReportMetric(float64(logs)/1e6, "MBlog")
	}
}
