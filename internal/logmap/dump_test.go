package logmap

import (
	"fmt"
	"os"
	"testing"
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
