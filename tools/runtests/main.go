// Command runtests runs `go test -json` with the arguments it is given and says
// what matters, in this order: packages as they finish, the whole output of
// what failed, the figures that accuracy tests print, every skipped test with
// its reason, and one last line "N passed, N failed, N skipped". It exits with
// 1 when anything failed, and when nothing was run at all.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

func main() {
	show := flag.String("show", "Truth|Accuracy|Bars", "print the output of passing tests whose name matches this `regexp`")
	flag.Parse()
	showing, err := regexp.Compile(*show)
	if err != nil {
		fmt.Fprintln(os.Stderr, "runtests: -show:", err)
		os.Exit(2)
	}
	cmd := exec.Command("go", append([]string{"test", "-json"}, flag.Args()...)...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "runtests:", err)
		os.Exit(1)
	}
	s := newSummary(os.Stdout, showing)
	s.read(stdout)
	failed := s.report()
	if err := cmd.Wait(); err != nil || failed {
		os.Exit(1)
	}
}

// event is a line of `go test -json`; see `go doc test2json`.
type event struct {
	Action      string
	Package     string
	ImportPath  string // instead of Package, of a build
	Test        string
	Elapsed     float64 // seconds
	Output      string
	FailedBuild string
}

// test names one test, or with an empty name a whole package.
type test struct{ pkg, name string }

type summary struct {
	w       io.Writer
	showing *regexp.Regexp

	output  map[test][]string // lines of tests that have not ended
	builds  map[string][]string
	failing map[string]bool // packages with a test that failed
	failed  []test
	skipped []test
	reasons map[test]string
	passed  int
}

func newSummary(w io.Writer, showing *regexp.Regexp) *summary {
	return &summary{
		w: w, showing: showing,
		output: map[test][]string{}, builds: map[string][]string{}, failing: map[string]bool{}, reasons: map[test]string{},
	}
}

// printf writes to the screen; when that fails there is nobody left to tell.
func (s *summary) printf(format string, args ...any) { _, _ = fmt.Fprintf(s.w, format, args...) }

// read takes all events. A line that is none (go prints some errors plainly)
// is passed on.
func (s *summary) read(r io.Reader) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) == nil && e.Action != "" {
				s.take(e)
			} else {
				s.printf("%s", line)
			}
		}
		if err != nil {
			return
		}
	}
}

func (s *summary) take(e event) {
	t := test{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		s.builds[e.ImportPath] = append(s.builds[e.ImportPath], e.Output)
	case "output":
		s.output[t] = append(s.output[t], e.Output)
	case "pass", "fail", "skip":
		if t.name == "" {
			s.endPackage(t, e)
		} else {
			s.endTest(t, e)
		}
		delete(s.output, t)
	}
}

func (s *summary) endTest(t test, e event) {
	switch e.Action {
	case "pass":
		s.passed++
		if s.showing.MatchString(t.name) {
			s.print(t)
		}
	case "fail":
		s.failed = append(s.failed, t)
		s.failing[t.pkg] = true
		s.print(t)
	case "skip":
		s.skipped = append(s.skipped, t)
		s.reasons[t] = reason(s.output[t])
	}
}

func (s *summary) endPackage(t test, e event) {
	switch e.Action {
	case "pass":
		s.printf("ok    %s  %.1fs\n", t.pkg, e.Elapsed)
	case "skip": // no test files: nothing to say
	case "fail":
		s.printf("FAIL  %s  %.1fs\n", t.pkg, e.Elapsed)
		if s.failing[t.pkg] {
			return
		}
		// No test of it failed: it was not built, or it died or hung.
		s.failed = append(s.failed, t)
		for _, line := range s.builds[e.FailedBuild] {
			s.printf("%s", line)
		}
		s.print(t)
		for other := range s.output {
			if other.pkg == t.pkg && other.name != "" {
				s.print(other)
			}
		}
	}
}

// print writes the output of a test, without the lines that only frame it.
func (s *summary) print(t test) {
	for _, line := range s.output[t] {
		if !strings.HasPrefix(line, "=== ") {
			s.printf("%s", line)
		}
	}
}

// reason is what a skipped test said: its last line that frames nothing, less
// the place in the source.
func reason(output []string) string {
	for _, line := range slices.Backward(output) {
		text := strings.TrimSpace(line)
		if text == "" || strings.HasPrefix(text, "=== ") || strings.HasPrefix(text, "--- ") {
			continue
		}
		if place, rest, ok := strings.Cut(text, ": "); ok && strings.Contains(place, ".go:") {
			text = rest
		}
		return text
	}
	return "no reason given"
}

// report prints the lists and the last line, and tells whether the run failed.
func (s *summary) report() bool {
	if len(s.failed) > 0 {
		s.printf("\nfailed:\n")
		for _, t := range s.failed {
			s.printf("  %s %s\n", t.pkg, t.name)
		}
	}
	if len(s.skipped) > 0 {
		s.printf("\nskipped:\n")
		for _, t := range s.skipped {
			s.printf("  %s %s: %s\n", t.pkg, t.name, s.reasons[t])
		}
	}
	if s.passed+len(s.failed)+len(s.skipped) == 0 {
		s.printf("\nno tests were run\n")
	}
	s.printf("\n%d passed, %d failed, %d skipped\n", s.passed, len(s.failed), len(s.skipped))
	return len(s.failed) > 0 || s.passed == 0
}
