package workbench

import (
	"fmt"
	"strings"
	"testing"

	"dekho/internal/index"
	"dekho/internal/lang"
)

// TestPresenterText compares the lines that are found by skipping blocks with
// those of a plain split.
func TestPresenterText(t *testing.T) {
	var sb strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&sb, "%d%s\n", i, strings.Repeat("x", i*i%97))
	}
	sb.WriteString("no newline at the end")
	content := sb.String()
	lines := strings.Split(content, "\n")
	p := presenter{content: []byte(content), line: 1}
	for _, step := range []int{1, 2, 7, 100, 1500} {
		p.line, p.at = 1, 0
		for n := 1; n <= len(lines); n += step {
			if got := string(p.text(uint32(n))); got != lines[n-1] {
				t.Fatalf("line %d: %q, want %q", n, got, lines[n-1])
			}
		}
	}
	for _, n := range []int{2999, 3, 3001, 1, 1} {
		if got := string(p.text(uint32(n))); got != lines[n-1] {
			t.Fatalf("line %d: %q, want %q", n, got, lines[n-1])
		}
	}
	if got := p.text(5000); got != nil {
		t.Errorf("a line beyond the end: %q", got)
	}
	if got := string(p.text(2)); got != lines[1] {
		t.Errorf("after that: %q, want %q", got, lines[1])
	}
}

func TestCondition(t *testing.T) {
	p := presenter{lines: 100, conds: []index.Cond{
		{Expr: "LINUX_X_H", Start: 1, End: 99, Kind: lang.CondIfndef},
		{Expr: "CONFIG_SMP", Start: 10, End: 20, Kind: lang.CondIfdef},
		{Expr: "CONFIG_SMP", Start: 21, End: 30, Kind: lang.CondElse},
		{Expr: "defined(A)  ||\tB > 2", Start: 12, End: 14, Kind: lang.CondIf},
		{Expr: "defined(A)  || B > 2", Start: 15, End: 16, Kind: lang.CondElse},
		{Expr: "CONFIG_UP", Start: 40, End: 50, Kind: lang.CondIfndef},
	}}
	for line, want := range map[uint32]string{
		5: "", 10: "CONFIG_SMP", 13: "CONFIG_SMP && (defined(A) || B > 2)", 15: "CONFIG_SMP && !(defined(A) || B > 2)",
		25: "!CONFIG_SMP", 45: "!CONFIG_UP", 99: "",
	} {
		if got := p.condition(line); got != want {
			t.Errorf("line %d: %q, want %q", line, got, want)
		}
	}
}

func TestWordIn(t *testing.T) {
	for _, c := range []struct {
		line, name string
		want       int
	}{
		{"kfree(x)", "kfree", 0}, {"\tkvfree(x); kfree(x);", "kfree", 12}, {"kfree_rcu(x)", "kfree", -1}, {"", "x", -1}, {"xkfree kfree", "kfree", 7},
	} {
		if got := wordIn([]byte(c.line), c.name); got != c.want {
			t.Errorf("wordIn(%q, %q) = %d, want %d", c.line, c.name, got, c.want)
		}
	}
}
