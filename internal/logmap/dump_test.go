package logmap

import (
	"fmt"
	"os"
	"testing"

	"dekho/internal/klog"
)

func TestDevDump(t *testing.T) {
	want := os.Getenv("DUMP")
	b, err := os.ReadFile("/tmp/logmap.bin")
	if err != nil || want == "" {
		t.Skip()
	}
	m, _ := Open(b)
	for f := uint32(0); f < m.nFiles; f++ {
		if m.str(m.fileWord(f, 0)) == want {
			fmt.Println("module", m.str(m.fileWord(f, 1)), "sym", m.str(m.fileWord(f, 2)), "names", m.str(m.fileWord(f, 3)))
			m.fileSites(f, func(s uint32) bool {
				st := m.site(s, 0, 0)
				fl, lv, pt := m.flags(s)
				fmt.Printf("%d %s %s lvl=%d fl=%x part=%d %q args=%q said=%v\n", st.Line, st.Function, st.Family, lv, fl, pt, st.Format, m.str(m.col(s, colArgs)), st.Said)
				return true
			})
		}
	}
}

func TestDevCount(t *testing.T) {
	b, err := os.ReadFile("/tmp/logmap.bin")
	if err != nil || os.Getenv("COUNT") == "" {
		t.Skip()
	}
	m, _ := Open(b)
	for _, txt := range []string{"xhci_hcd 0000:00:09.0: xHCI Host Controller", "foo: bar"} {
		mat := m.set.NewMatcher()
		for _, h := range mat.FindWeak([]byte(txt), nil) {
			a, z := m.patternSites(h.ID)
			fmt.Println(txt, m.set.Format(h.ID), h.Specificity, h.Whole, z-a)
		}
	}
	fmt.Println("weak", m.set.Weak())
}

func TestDevText(t *testing.T) {
	b, err := os.ReadFile("/tmp/logmap.bin")
	txt := os.Getenv("TEXT")
	if err != nil || txt == "" {
		t.Skip()
	}
	m, _ := Open(b)
	o := Options{Arch: os.Getenv("ARCH")}
	f := newFinder(m, &o, o.Arch)
	var d draft
	f.draft(&klog.Record{Text: txt, Origin: klog.OriginKernel, Level: klog.NoLevel}, &d)
	for _, c := range d.cands {
		s := m.site(c.id, c.base, c.why)
		fmt.Printf("%.1f %v %s:%d %q %v parts=%d end=%d spec=%.1f\n", c.base, c.hit.Whole, s.Path, s.Line, s.Format, s.Why, len(c.parts), c.hit.End, c.hit.Specificity)
	}
}
