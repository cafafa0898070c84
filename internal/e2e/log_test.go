package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"dekho/internal/testenv"
)

// place is a line of a log's JSON, as far as it matters here.
type place struct {
	Path string
	Line int
}

type record struct {
	Line    int
	Verdict string
	Text    string
	Sites   []place
	Parts   []place
	Summary *struct {
		KernelRecords int64 `json:"kernel_records"`
		Mapped        int64
		Verdicts      map[string]int64
		logSummary
	}
}

// logFinding is a finding of a log's JSON.
type logFinding struct {
	ID, Severity, Title string
	Record              struct {
		Line  int
		Text  string
		Sites []place
	}
	Causes, Effects []struct {
		Finding  int
		Guess    bool
		Evidence []struct {
			Name string
			Line int
		}
	}
}

func decodeLog(t *testing.T, out string) []record {
	t.Helper()
	var list []record
	sc := bufio.NewScanner(strings.NewReader(out))
	sc.Buffer(nil, 64<<20)
	for sc.Scan() {
		var r record
		if err := json.Unmarshal(sc.Bytes(), &r); err != nil {
			t.Fatalf("%v\n%s", err, sc.Text())
		}
		list = append(list, r)
	}
	if n := len(list); n == 0 || list[n-1].Summary == nil {
		t.Fatal("no summary at the end")
	}
	return list
}

// mark is how the kernels behind the ground truth say where a line was printed.
var mark = regexp.MustCompile(`@@([^@]*)@@`)

// score counts answers.
type score struct {
	known, first, among, certain, certainRight int
	parts, partsRight                          int
}

func (s *score) add(o score) {
	s.known += o.known
	s.first += o.first
	s.among += o.among
	s.certain += o.certain
	s.certainRight += o.certainRight
	s.parts += o.parts
	s.partsRight += o.partsRight
}

func (s *score) String() string {
	return fmt.Sprintf("%5d places known: first %6.2f %%, among %6.2f %%, of %d certain %6.2f %% right; %d of %d parts of continued lines right",
		s.known, percent(s.first, s.known), percent(s.among, s.known), s.certain, percent(s.certainRight, s.certain), s.partsRight, s.parts)
}

func percent(n, of int) float64 {
	if of == 0 {
		return 100
	}
	return 100 * float64(n) / float64(of)
}

// The bars of accuracy, and floors below what has been reached, so that a step
// back fails even where a bar is not reached yet.
var bars = []struct {
	name       string
	value      func(*score) float64
	bar, floor float64
}{
	{"first candidate right", func(s *score) float64 { return percent(s.first, s.known) }, 97, 97},
	{"right one among candidates", func(s *score) float64 { return percent(s.among, s.known) }, 99, 99},
	{"certain and right", func(s *score) float64 { return percent(s.certainRight, s.certain) }, 99.7, 99.7},
}

// TestLogTruthBars holds dekho log against the places that kernels told
// themselves.
func TestLogTruthBars(t *testing.T) {
	dir := testenv.Shared(t, "truth", "logs")
	k := testKernel(t)
	logs, err := filepath.Glob(filepath.Join(dir, "*.truth.log"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("no logs in %s: %v", dir, err)
	}
	var total score
	for _, path := range logs {
		s := scoreLog(t, k, path)
		fmt.Printf("%-34s %s\n", filepath.Base(path), s.String())
		total.add(s)
	}
	for _, b := range bars {
		v := b.value(&total)
		verdict := "reached"
		if v < b.bar {
			verdict = "NOT REACHED"
		}
		fmt.Printf("%-34s %6.2f %%, bar %.1f %%: %s\n", b.name, v, b.bar, verdict)
		if v < b.floor {
			t.Errorf("%s: %.2f %% is below the floor of %.2f %%", b.name, v, b.floor)
		}
	}
}

func scoreLog(t *testing.T, k *kernel, path string) score {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want [][]string
	for line := range strings.Lines(string(data)) {
		var marks []string
		for _, m := range mark.FindAllStringSubmatch(line, -1) {
			marks = append(marks, m[1])
		}
		want = append(want, marks)
	}
	misses := os.Getenv("DEKHO_TEST_MISSES") != ""
	out, _ := k.run(t, mark.ReplaceAll(data, nil), "log", "--json", "-")
	var s score
	for _, r := range decodeLog(t, out) {
		if r.Summary != nil || r.Line < 1 || r.Line > len(want) || len(want[r.Line-1]) == 0 {
			continue
		}
		marks := want[r.Line-1]
		want[r.Line-1] = nil // a second record of the line has no mark of its own
		if marks[0] != "?" {
			at := slices.IndexFunc(r.Sites, func(p place) bool { return same(p, marks[0]) })
			s.known++
			if at == 0 {
				s.first++
			} else if misses {
				fmt.Printf("%s at %d: want %s, got %v: %s\n", r.Verdict, at, marks[0], r.Sites[:min(len(r.Sites), 1)], r.Text)
			}
			if at >= 0 {
				s.among++
			}
			if r.Verdict == "certain" {
				s.certain++
				if at == 0 {
					s.certainRight++
				}
			}
		}
		// Marks of parts that printed nothing but the end of the line have no
		// part: those named must come in the order of the marks.
		rest := marks[1:]
		for _, p := range r.Parts {
			s.parts++
			if i := slices.IndexFunc(rest, func(m string) bool { return same(p, m) }); i >= 0 {
				s.partsRight++
				rest = rest[i+1:]
			}
		}
	}
	return s
}

// printkSlack is how far marks in printk.c, which carries the marking itself,
// may be off.
const printkSlack = 12

// same reports whether a site is at the place of a mark.
func same(p place, mark string) bool {
	path, line, _ := strings.Cut(mark, ":")
	n, err := strconv.Atoi(line)
	if err != nil || p.Path != path {
		return false
	}
	if path == "kernel/printk/printk.c" {
		return p.Line >= n-printkSlack && p.Line <= n+printkSlack
	}
	return p.Line == n
}

// TestCapturesAccuracy explains the logs that the project captured: nothing is
// known about the places in them, but each line was printed by some statement.
func TestCapturesAccuracy(t *testing.T) {
	k := testKernel(t)
	for _, c := range []struct {
		name   string
		mapped float64 // percent of the kernel's records that have a site, at least
		first  string  // what the summary puts first
		site   string
	}{
		{"x86-64-boot.log", 97.5, "", ""},
		{"x86-64-boot.dmesg", 97.5, "", ""},
		{"x86-64-boot-raw.dmesg", 97, "", ""},
		{"x86-64-boot.kmsg", 98, "", ""},
		{"x86-64-no-time.log", 99, "", ""},
		{"x86-64-debug.log", 99, "", ""},
		{"x86-64-faults.log", 94, "Kernel panic - not syncing: sysrq triggered crash", "kernel/panic.c"},
		{"x86-64-reboot.log", 98, "Kernel panic - not syncing: sysrq triggered crash", "kernel/panic.c"},
		{"x86-64-no-init.log", 98, "Kernel panic - not syncing: No working init found.", "kernel/panic.c"},
		{"x86-64-no-root.log", 98, "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)", "kernel/panic.c"},
		{"imx7d-boot.log", 97, "", ""},
		{"imx7d-earlycon.log", 99, "", ""},
		{"imx7d-no-card.log", 99, "", ""},
	} {
		out, code := k.run(t, nil, "log", "--json", testenv.Captures(t, c.name))
		if code != 0 {
			t.Errorf("%s: exit code %d", c.name, code)
			continue
		}
		list := decodeLog(t, out)
		sum := list[len(list)-1].Summary
		mapped := percent(int(sum.Mapped), int(sum.KernelRecords))
		fmt.Printf("%-24s %5d kernel records, %6.2f %% mapped: %d certain, %d likely, %d ambiguous, %d unknown\n", c.name, sum.KernelRecords,
			mapped, sum.Verdicts["certain"], sum.Verdicts["likely"], sum.Verdicts["ambiguous"], sum.Verdicts["unknown"])
		if mapped < c.mapped {
			t.Errorf("%s: %.2f %% mapped, want %.1f %%", c.name, mapped, c.mapped)
		}
		if c.first == "" {
			continue
		}
		if len(sum.Findings) == 0 {
			t.Errorf("%s: nothing was found", c.name)
		} else if r := sum.Findings[0].Record; !strings.HasPrefix(r.Text, c.first) || len(r.Sites) == 0 || r.Sites[0].Path != c.site {
			t.Errorf("%s: the first finding is not about %q: %+v", c.name, c.first, sum.Findings)
		}
	}
}

// TestTimingBars prints how long the answers take; a slow machine is no failure.
func TestTimingBars(t *testing.T) {
	k := testKernel(t)
	show := func(what string, took time.Duration, bar string) {
		fmt.Printf("%-40s %8.1f ms   bar %s\n", what, float64(took.Microseconds())/1000, bar)
	}
	for _, q := range [][]string{
		{"def", "tcp_v4_rcv"}, {"def", "file_operations"}, {"refs", "tcp_v4_rcv"}, {"grep", "tcp_v4_rcv"}, {"find", "tcpv4rcv"},
	} {
		bar := "20 ms"
		if q[0] == "find" {
			bar = "50 ms"
		}
		show(strings.Join(q, " "), k.median(t, 7, q...), bar)
	}
	show("refs --role call kfree", k.median(t, 3, "refs", "--role", "call", "kfree"), "150 ms")

	capture, err := os.ReadFile(testenv.Captures(t, "x86-64-faults.log"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(capture), "\n")
	thousand := filepath.Join(t.TempDir(), "thousand.log")
	if err := os.WriteFile(thousand, []byte(strings.Join(lines[:1000], "")), 0o600); err != nil {
		t.Fatal(err)
	}
	show("log of 1,000 lines", k.median(t, 5, "log", thousand), "300 ms")

	long := filepath.Join(t.TempDir(), "long.log")
	const times = 40
	if err := os.WriteFile(long, []byte(strings.Repeat(string(capture), times)), 0o600); err != nil {
		t.Fatal(err)
	}
	n := times * strings.Count(string(capture), "\n")
	took := k.median(t, 1, "log", long)
	fmt.Printf("%-40s %8.0f lines/s   bar 100,000 lines/s\n", fmt.Sprintf("log of %d lines", n), float64(n)/took.Seconds())
}

func middle(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
