//go:build unix

package fuzzy

import (
	"bytes"
	"context"
	"os"
	"slices"
	"syscall"
	"testing"
)

// BenchmarkNames finds among the names in $DEKHO_TEST_NAMES, one a line. The
// time of the processors tells more than the clock on a machine that is shared.
func BenchmarkNames(b *testing.B) {
	name := os.Getenv("DEKHO_TEST_NAMES")
	if name == "" {
		b.Skip("SKIPPED: DEKHO_TEST_NAMES does not name a list of names")
	}
	text, err := os.ReadFile(name)
	if err != nil {
		b.Fatal(err)
	}
	names := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	slices.SortFunc(names, bytes.Compare)
	names = slices.CompactFunc(names, bytes.Equal)
	d := newDictionary(names)
	for _, text := range []string{
		"tcprcv", "tcp_v4_rcv", "kmalloc", "kfree", "sched", "schedclass", "ext4fill", "drmat", "foo", "e", "sk", "skb",
		"mutex lock", "'spin_lock ^raw", "^tcp rcv$", "xyzzyq", "!a", "SetPageDirty",
	} {
		b.Run(text, func(b *testing.B) {
			q, err := Parse(text)
			if err != nil {
				b.Fatal(err)
			}
			var r []Result
			var before, after syscall.Rusage
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if r, err = Find(context.Background(), q, []Input{{Corpus: d}}, Options{}); err != nil {
					b.Fatal(err)
				}
			}
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
				b.Fatal(err)
			}
			busy := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
			b.ReportMetric(float64(busy)/float64(b.N)/1e6, "cpu-ms/op")
			for i := range min(4, len(r)) {
				b.Logf("%d %s", r[i].Score, r[i].Text)
			}
		})
	}
}
