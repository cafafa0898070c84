package index_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/lang/all"
	"dekho/internal/query/grep"
	"dekho/internal/query/pattern"
	"dekho/internal/testenv"
)

// benchOptions uses the project's own languages, or with DEKHO_BENCH_LANG=scan
// only an extractor that costs little, to see what the index itself takes.
func benchOptions(b *testing.B, store string) index.Options {
	languages := all.Languages()
	if os.Getenv("DEKHO_BENCH_LANG") == "scan" {
		languages = []lang.Language{scanLanguage(1)}
	}
	return index.Options{Store: store, Root: testenv.KernelTree(b), Languages: languages}
}

func reportPhases(b *testing.B, stats *index.Stats) {
	for _, p := range stats.Phases {
		b.ReportMetric(p.Time.Seconds(), "s-"+p.Name)
	}
	if testing.Verbose() {
		b.Logf("%d files, %d read, %d extracted, %d segments, %.1f MB", stats.Files, stats.Read, stats.Extracted,
			stats.Segments, float64(stats.IndexBytes)/1e6)
		for _, s := range stats.Sections {
			b.Logf("  %-9s %7.2f MB", s.Name, float64(s.Bytes)/1e6)
		}
	}
}

// BenchmarkBuild indexes a kernel from nothing.
func BenchmarkBuild(b *testing.B) {
	for b.Loop() {
		var before, after syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
		stats, err := index.Update(b.Context(), benchOptions(b, b.TempDir()))
		if err != nil {
			b.Fatal(err)
		}
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
		reportPhases(b, stats)
		// Other work on the machine changes these less than the wall time.
		b.ReportMetric(time.Duration(after.Utime.Nano()-before.Utime.Nano()).Seconds(), "s-user")
		b.ReportMetric(time.Duration(after.Stime.Nano()-before.Stime.Nano()).Seconds(), "s-system")
		b.ReportMetric(float64(after.Maxrss)/1e6, "GB-peak")
	}
}

// BenchmarkUnchanged asks for an update of an index that is up to date.
func BenchmarkUnchanged(b *testing.B) {
	store := benchStore(b)
	for b.Loop() {
		stats, err := index.Update(b.Context(), benchOptions(b, store))
		if err != nil {
			b.Fatal(err)
		}
		if !stats.Unchanged {
			b.Fatal("something changed")
		}
		reportPhases(b, stats)
	}
}

// BenchmarkLookup opens the index and looks one name up: a rare one, and one
// that is called in thousands of places.
func BenchmarkLookup(b *testing.B) {
	store := benchStore(b)
	root := testenv.KernelTree(b)
	for _, name := range []string{"start_kernel", "kfree"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				t, err := index.Open(store, root)
				if err != nil {
					b.Fatal(err)
				}
				refs, err := t.Refs(name, index.Roles(lang.Call))
				if err != nil || len(refs) == 0 {
					b.Fatal(len(refs), err)
				}
				finder := t.FuncFinder()
				for _, r := range refs {
					if _, _, err := finder.At(r.File, r.Line); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(len(refs)), "refs")
				if err := t.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCandidates opens the index and asks for the files that may hold a
// word.
func BenchmarkCandidates(b *testing.B) {
	store := benchStore(b)
	root := testenv.KernelTree(b)
	p, err := grep.Compile("tcp_v4_rcv", pattern.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		t, err := index.Open(store, root)
		if err != nil {
			b.Fatal(err)
		}
		files, err := t.Candidates(p.Trigrams())
		if err != nil || len(files) == 0 {
			b.Fatal(len(files), err)
		}
		b.ReportMetric(float64(len(files)), "files")
		if err := t.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// benchStore is a store with the kernel in it. DEKHO_BENCH_STORE keeps it from
// run to run.
func benchStore(b *testing.B) string {
	store := os.Getenv("DEKHO_BENCH_STORE")
	if store == "" {
		store = filepath.Join(b.TempDir(), "store")
	}
	for {
		stats, err := index.Update(b.Context(), benchOptions(b, store))
		if err != nil {
			b.Fatal(err)
		}
		if stats.Unchanged {
			return store
		}
		time.Sleep(time.Second) // until no stamp is too recent to be trusted
	}
}

// BenchmarkScanNames looks at the names of all definitions.
func BenchmarkScanNames(b *testing.B) {
	t, err := index.Open(benchStore(b), testenv.KernelTree(b))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		var names [2]struct {
			n int
			_ [56]byte // one line of the cache for each worker
		}
		scan := index.Scan{Roles: index.Definitions, Workers: len(names)}
		err := t.ScanNames(b.Context(), scan, func(w int, _ []byte, _ index.RoleSet) bool {
			names[w].n++
			return true
		})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(names[0].n+names[1].n), "names")
	}
	if err := t.Close(); err != nil {
		b.Fatal(err)
	}
}
