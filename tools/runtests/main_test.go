package main

import (
	"regexp"
	"strings"
	"testing"
)

// run feeds events to a summary and returns what it prints.
func run(events string) (string, bool) {
	var out strings.Builder
	s := newSummary(&out, regexp.MustCompile("Accuracy"))
	s.read(strings.NewReader(events))
	failed := s.report()
	return out.String(), failed
}

func TestSummary(t *testing.T) {
	for _, tt := range []struct {
		name, events string
		failed       bool
		want         []string
		not          []string
	}{
		{
			name: "pass, with figures",
			events: `{"Action":"output","Package":"p","Test":"TestAccuracy","Output":"    a_test.go:3: 98.2 %\n"}
{"Action":"pass","Package":"p","Test":"TestAccuracy"}
{"Action":"output","Package":"p","Test":"TestQuiet","Output":"    a_test.go:4: noise\n"}
{"Action":"pass","Package":"p","Test":"TestQuiet"}
{"Action":"pass","Package":"p","Elapsed":1.25}`,
			want: []string{"98.2 %", "ok    p  1.2s", "\n2 passed, 0 failed, 0 skipped\n"},
			not:  []string{"noise"},
		},
		{
			name: "a skip says why",
			events: `{"Action":"output","Package":"p","Test":"TestTree","Output":"=== RUN   TestTree\n"}
{"Action":"output","Package":"p","Test":"TestTree","Output":"    a_test.go:9: SKIPPED: no kernel tree\n"}
{"Action":"output","Package":"p","Test":"TestTree","Output":"--- SKIP: TestTree (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestTree"}
{"Action":"pass","Package":"p","Test":"TestOther"}
{"Action":"pass","Package":"p"}`,
			want: []string{"  p TestTree: SKIPPED: no kernel tree\n", "\n1 passed, 0 failed, 1 skipped\n"},
		},
		{
			name: "a failing test",
			events: `{"Action":"output","Package":"p","Test":"TestBad","Output":"    a_test.go:9: got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"TestBad"}
{"Action":"fail","Package":"p"}`,
			failed: true,
			want:   []string{"got 1, want 2", "FAIL  p", "failed:\n  p TestBad\n", "\n0 passed, 1 failed, 0 skipped\n"},
		},
		{
			name: "a package that is not built",
			events: `{"ImportPath":"p","Action":"build-output","Output":"p/a.go:1: undefined: x\n"}
{"ImportPath":"p","Action":"build-fail"}
{"Action":"fail","Package":"p","FailedBuild":"p"}
{"Action":"pass","Package":"q","Test":"TestFine"}`,
			failed: true,
			want:   []string{"undefined: x", "\n1 passed, 1 failed, 0 skipped\n"},
		},
		{
			name: "a package that dies shows what was running",
			events: `{"Action":"output","Package":"p","Test":"TestHang","Output":"    still here\n"}
{"Action":"output","Package":"p","Output":"panic: test timed out\n"}
{"Action":"fail","Package":"p"}`,
			failed: true,
			want:   []string{"test timed out", "still here", "0 passed, 1 failed"},
		},
		{name: "nothing at all", failed: true, want: []string{"no tests were run", "\n0 passed, 0 failed, 0 skipped\n"}},
		{name: "not JSON", events: "go: no such module\n", failed: true, want: []string{"go: no such module"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, failed := run(tt.events)
			if failed != tt.failed {
				t.Errorf("failed = %v, want %v", failed, tt.failed)
			}
			for _, want := range tt.want {
				if !strings.Contains(out, want) {
					t.Errorf("missing %q in\n%s", want, out)
				}
			}
			for _, not := range tt.not {
				if strings.Contains(out, not) {
					t.Errorf("unwanted %q in\n%s", not, out)
				}
			}
		})
	}
}
