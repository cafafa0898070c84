package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestReportKeepsOtherPhases runs the report twice for one day.
func TestReportKeepsOtherPhases(t *testing.T) {
	dir := t.TempDir()
	b := &bench{tree: "/some/where/linux-source-6.1", runs: 3, stats: treeStats{files: 78579, bytes: 1300000000}}
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for _, sections := range []map[string]string{
		{"index": "| first |\n", "query": "| q |\n"},
		{"index": "| second |\n"},
	} {
		if _, err := writeReport(b, dir, day, sections); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "2026-11-22.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, want := range []string{"| second |", "## query\n\n| q |\n", "78,579 files"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, not := range []string{"| first |", "/some/where"} {
		if strings.Contains(text, not) {
			t.Errorf("%q in\n%s", not, text)
		}
	}
}

func TestMeasure(t *testing.T) {
	c := command{dir: t.TempDir(), argv: []string{"sh", "-c", "printf 'a\\nb\\n'; exit 1"}}
	if _, err := c.measure(); err == nil {
		t.Error("exit status 1 was not reported")
	}
	c.noneIsOne = true
	m, err := c.measure()
	if err != nil || m.rows != 2 || m.peak == 0 || m.wall == 0 {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestTouch(t *testing.T) {
	dir := t.TempDir()
	for i := range 4000 {
		if err := os.WriteFile(filepath.Join(dir, thousands(i)+".c"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Unix(1e9, 0)
	files, err := filepath.Glob(filepath.Join(dir, "*.c"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if err := os.Chtimes(f, old, old); err != nil {
			t.Fatal(err)
		}
	}
	changed := func() (n int) {
		for _, f := range files {
			if info, err := os.Stat(f); err != nil || !info.ModTime().Equal(old) {
				n++
			}
		}
		return n
	}
	restore, err := touch(dir, 10)
	if err != nil || changed() != 2 {
		t.Fatalf("%d files touched, want 2; %v", changed(), err)
	}
	if err := restore(); err != nil || changed() != 0 {
		t.Errorf("%d files not as before; %v", changed(), err)
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
