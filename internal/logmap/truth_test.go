package logmap

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"dekho/internal/klog"
)

var markRE = regexp.MustCompile(`@@([^@]*)@@`)

func TestDevTruth(t *testing.T) {
	b, err := os.ReadFile("/tmp/logmap.bin")
	if err != nil {
		t.Skip()
	}
	m, err := Open(b)
	if err != nil {
		t.Fatal(err)
	}
	logs, _ := filepath.Glob("../../../shared/truth/logs/*.log")
	out, _ := os.Create("/tmp/truthmiss.txt")
	defer out.Close()
	for _, p := range logs {
		f, _ := os.ReadFile(p)
		var stripped strings.Builder
		var want [][]string
		sc := bufio.NewScanner(strings.NewReader(string(f)))
		sc.Buffer(nil, 1<<20)
		for sc.Scan() {
			var marks []string
			for _, x := range markRE.FindAllStringSubmatch(sc.Text(), -1) {
				marks = append(marks, x[1])
			}
			want = append(want, marks)
			stripped.WriteString(markRE.ReplaceAllString(sc.Text(), "") + "\n")
		}
		s := m.NewSession(Options{Arch: "x86"})
		r := klog.NewReader(strings.NewReader(stripped.String()), klog.Options{})
		var n, first, in, cert, certOK int
		verdicts := map[string]int{}
		var recs []*klog.Record
		for rec, err := range r.All() {
			if err != nil {
				t.Fatal(err)
			}
			recs = append(recs, &rec)
		}
		t0 := time.Now()
		es := s.ExplainAll(recs)
		fmt.Println(len(recs), time.Since(t0))
		for ri, rec := range recs {
			w := want[rec.Line-1]
			e := es[ri]
			verdicts[e.Verdict.String()]++
			if len(w) == 0 || w[0] == "?" {
				continue
			}
			n++
			ok := false
			got := "-"
			for i, st := range e.Sites {
				k := fmt.Sprintf("%s:%d", st.Path, st.Line)
				if i == 0 {
					got = k
				}
				near := k == w[0]
				if st.Path == "kernel/printk/printk.c" && strings.HasPrefix(w[0], "kernel/printk/printk.c:") {
					var l uint32
					fmt.Sscanf(w[0][len("kernel/printk/printk.c:"):], "%d", &l)
					near = st.Line >= l-12 && st.Line <= l+12
				}
				if near {
					ok = true
					if i == 0 {
						first++
					}
					break
				}
			}
			if ok {
				in++
			}
			firstOK := ok && (got == w[0] || strings.HasPrefix(w[0], "kernel/printk/printk.c"))
			if e.Verdict == Certain {
				cert++
				if firstOK {
					certOK++
				}
			}
			if !firstOK {
				if os.Getenv("WHY") != "" {
					for i, st := range e.Sites {
						if i < 4 {
							fmt.Fprintf(out, "    %.1f %s:%d %q %v %v\n", st.Score, st.Path, st.Line, st.Format, st.Said, st.Why)
						}
					}
				}
				fmt.Fprintf(out, "%v in=%v want %s got %s | %s\n", e.Verdict, ok, w[0], got, rec.Text)
			}
		}
		fmt.Printf("%s: n=%d first %.2f%% in %.2f%% certain %d ok %.2f%% %v\n", filepath.Base(p), n, 100*float64(first)/float64(n), 100*float64(in)/float64(n), cert, 100*float64(certOK)/float64(cert), verdicts)
	}
}
