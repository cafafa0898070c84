package logmap

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"dekho/internal/klog"
)

func TestDevCaptures(t *testing.T) {
	b, err := os.ReadFile("/tmp/logmap.bin")
	if err != nil {
		t.Skip()
	}
	m, _ := Open(b)
	pat := os.Getenv("CAPT")
	if pat == "" {
		t.Skip()
	}
	files, _ := filepath.Glob(pat)
	for _, fn := range files {
		f, _ := os.Open(fn)
		arch := os.Getenv("ARCH")
		s := m.NewSession(Options{Arch: arch})
		r := klog.NewReader(f, klog.Options{})
		var recs []*klog.Record
		for rec, err := range r.All() {
			if err != nil {
				t.Fatal(err)
			}
			recs = append(recs, &rec)
		}
		t0 := time.Now()
		es := s.ExplainAll(recs)
		el := time.Since(t0)
		v := map[string]int{}
		for i, e := range es {
			v[e.Verdict.String()]++
			if e.Verdict == Unknown || os.Getenv("ALL") != "" && e.Verdict != NotKernel {
				site := ""
				if len(e.Sites) > 0 {
					site = fmt.Sprintf("%s:%d %.1f %v", e.Sites[0].Path, e.Sites[0].Line, e.Sites[0].Score, e.Sites[0].Why)
					if len(e.Sites) > 1 {
						site += fmt.Sprintf(" / %s:%d %.1f", e.Sites[1].Path, e.Sites[1].Line, e.Sites[1].Score)
					}
				}
				fmt.Printf("%s\t%s\t%s\t%s\n", e.Verdict, filepath.Base(fn), recs[i].Text, site)
			}
		}
		fmt.Println(filepath.Base(fn), v, el)
	}
}
