package crash

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"dekho/internal/klog"
	"dekho/internal/testenv"
)

// read finds the reports in a capture, in the order of their headlines.
func read(t testing.TB, capture []byte) []*Report {
	t.Helper()
	in := klog.NewReader(bytes.NewReader(capture), klog.Options{})
	s := NewScanner()
	var list []*Report
	for {
		r, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s.Add(&r)...)
	}
	list = append(list, s.Finish()...)
	slices.SortStableFunc(list, func(a, b *Report) int { return int(a.Head.Start - b.Head.Start) })
	return list
}

// sample is a crash report of the shared set, with what is expected.
type sample struct {
	number    int
	titles    []string
	class     string
	corrupted bool
	log       []byte
}

func readSample(t testing.TB, path string) sample {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	n, err := strconv.Atoi(filepath.Base(path))
	if err != nil {
		t.Fatal(err)
	}
	s := sample{number: n}
	head, log, _ := bytes.Cut(data, []byte("\n\n"))
	if bytes.HasPrefix(data, []byte("\n")) {
		head, log = nil, data[1:]
	}
	for line := range strings.SplitSeq(string(head), "\n") {
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "TITLE", "ALT":
			if value = strings.TrimSpace(value); value != "" {
				s.titles = append(s.titles, value)
			}
		case "TYPE":
			s.class = value
		case "CORRUPTED":
			s.corrupted = value == "Y"
		}
	}
	s.log, _, _ = bytes.Cut(log, []byte("\nREPORT:\n"))
	return s
}

// TestSharedSamples reads a few hundred crash reports whose titles are known.
// The first half was looked at while the tables were written, the second when
// that was done (docs/accuracy.md).
func TestSharedSamples(t *testing.T) {
	dir := testenv.Shared(t, "logs", "syzkaller")
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	type score struct{ all, title, corrupted, class int }
	var scores [2]score
	for _, path := range paths {
		s := readSample(t, path)
		half := s.number / 2 % 2
		sc := &scores[half]
		got := &Report{}
		if list := read(t, s.log); len(list) > 0 {
			got = list[0]
		}
		sc.all++
		title := got.Title == "" && len(s.titles) == 0 || slices.Contains(s.titles, got.Title)
		if title {
			sc.title++
		}
		corrupted := s.corrupted == (got.Corrupted != "")
		if corrupted {
			sc.corrupted++
		}
		class := s.class == got.Type
		if class {
			sc.class++
		}
		if !(title && corrupted && class) && testing.Verbose() {
			t.Logf("%d:\n  got  %q %s %q\n  want %q %s %v", s.number, got.Title, got.Type, got.Corrupted, s.titles, s.class, s.corrupted)
		}
	}
	for i, name := range [...]string{"first half", "second half"} {
		s := scores[i]
		percent := func(n int) float64 { return 100 * float64(n) / float64(max(s.all, 1)) }
		t.Logf("%s: %d reports: title %.1f %%, corrupted %.1f %%, type %.1f %%", name, s.all, percent(s.title), percent(s.corrupted), percent(s.class))
		const floor = 98 // what is wanted is 90
		if percent(s.title) < floor || percent(s.corrupted) < floor || percent(s.class) < floor {
			t.Errorf("%s: below %d %%", name, floor)
		}
	}
}
