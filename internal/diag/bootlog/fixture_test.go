package bootlog

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dekho/internal/boots"
	"dekho/internal/crash"
	"dekho/internal/klog"
	"dekho/internal/testenv"
)

var update = flag.Bool("update", false, "rewrite what is expected of the logs in testdata")

// A log in testdata begins with what is expected of it, a finding a line in their
// order, and an empty line:
//
//	1 fatal root-not-found: the root file system is not mounted
//	  <- 2 (guess): the root file system may be on it
//
// What follows is the log.

// read reads a log without a tree.
func read(tb testing.TB, text []byte) []Finding {
	tb.Helper()
	reader, tracker, scanner := NewReader(), boots.Tracker{}, crash.NewScanner()
	kr := klog.NewReader(bytes.NewReader(text), klog.Options{})
	log := Log{Name: "boot.txt", Errno: func(int, string) (string, string) { return "", "" }}
	byTitle := make(map[string]int)
	keep := func(list []*crash.Report) {
		for _, r := range list {
			if r.Foreign || !r.Known && len(r.Stacks) == 0 {
				continue
			}
			if i, ok := byTitle[r.Title]; ok {
				f := &log.Failures[i]
				f.Count++
				f.LastHead = r.Head.Line
				f.Again = append(f.Again, Head{r.Boot, r.Head.Line})
				continue
			}
			byTitle[r.Title] = len(log.Failures)
			log.Failures = append(log.Failures, Failure{Report: r, Count: 1, LastHead: r.Head.Line})
		}
	}
	for rec, err := range kr.All() {
		if err != nil {
			break
		}
		reader.Add(&rec, Statement{})
		tracker.Add(&rec, boots.Place{})
		keep(scanner.Add(&rec))
	}
	keep(scanner.Finish())
	log.Boots = tracker.Finish(kr.Boots())
	log.Loops = boots.Loops(log.Boots)
	return reader.Finish(&log)
}

// expectation says what was found as the head of a log in testdata does.
func expectation(list []Finding) string {
	var sb strings.Builder
	for i := range list {
		f := &list[i]
		fmt.Fprintf(&sb, "%d %s %s: %s\n", i+1, f.Severity, f.ID, f.Title)
		for _, l := range f.Causes {
			guess := ""
			if l.Guess {
				guess = " (guess)"
			}
			fmt.Fprintf(&sb, "  <- %d%s: %s\n", l.To+1, guess, l.Why)
		}
	}
	if sb.Len() == 0 {
		return "nothing\n"
	}
	return sb.String()
}

func TestLogs(t *testing.T) {
	files, err := filepath.Glob("testdata/*.log")
	if err != nil || len(files) == 0 {
		t.Fatalf("no logs: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".log")
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			head, body, ok := bytes.Cut(data, []byte("\n\n"))
			if !ok {
				t.Fatal("no empty line after what is expected")
			}
			list := read(t, body)
			got := expectation(list)
			if *update {
				if err := os.WriteFile(file, append([]byte(got+"\n"), body...), 0o600); err != nil {
					t.Fatal(err)
				}
			} else if want := string(head) + "\n"; got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			for i := range list {
				if len(list[i].Evidence) == 0 {
					t.Errorf("%s has no evidence", list[i].Title)
				}
				for _, e := range list[i].Evidence {
					if e.End > 0 && (e.Start < 0 || e.End > int64(len(body)) || e.Start >= e.End) {
						t.Errorf("%s: evidence at bytes %d to %d of %d", list[i].Title, e.Start, e.End, len(body))
					}
				}
			}
		})
	}
}

// Every entry has a log of its own, in which it is found.
func TestEntriesHaveLogs(t *testing.T) {
	ids := make(map[string]bool)
	for _, e := range Knowledge() {
		if e.ID == "" || ids[e.ID] {
			t.Errorf("the ID %q is missing or used twice", e.ID)
		}
		ids[e.ID] = true
		data, err := os.ReadFile("testdata/" + e.ID + ".log")
		if err != nil {
			t.Errorf("%s: %v", e.ID, err)
			continue
		}
		_, body, _ := bytes.Cut(data, []byte("\n\n"))
		found := false
		for _, f := range read(t, body) {
			found = found || f.ID == e.ID
		}
		if found == e.harmless {
			t.Errorf("%s: found in its log: %v", e.ID, found)
		}
	}
}

// BenchmarkReader reads the records of a boot in which little goes wrong.
func BenchmarkReader(b *testing.B) {
	data, err := os.ReadFile(testenv.Captures(b, "x86-64-boot.log"))
	if err != nil {
		b.Fatal(err)
	}
	log, err := klog.ReadAll(bytes.NewReader(data), klog.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		r := NewReader()
		for i := range log.Records {
			r.Add(&log.Records[i], Statement{})
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(log.Records)), "ns/record")
}

func FuzzReader(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.log")
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil {
			_, body, _ := bytes.Cut(data, []byte("\n\n"))
			f.Add(body)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, x := range read(t, text) {
			if x.ID == "" || x.Title == "" || len(x.Evidence) == 0 {
				t.Errorf("%+v", x)
			}
			for _, l := range x.Causes {
				if l.To < 0 || l.Why == "" {
					t.Errorf("%+v", l)
				}
			}
		}
	})
}
