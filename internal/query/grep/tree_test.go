package grep

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"dekho/internal/query/pattern"
	"dekho/internal/source"
	"dekho/internal/trigram"
)

// realTree is $DEKHO_TEST_TREE with a text index in memory.
type realTree struct {
	root  string
	paths []string
	index *trigram.Index
}

func openTree(tb testing.TB) *realTree {
	tb.Helper()
	root := os.Getenv("DEKHO_TEST_TREE")
	if root == "" {
		tb.Skip("SKIPPED: DEKHO_TEST_TREE does not name a kernel tree")
	}
	t := &realTree{root: root}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			p, err = filepath.Rel(root, p)
			t.paths = append(t.paths, p)
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	slices.Sort(t.paths)
	b := trigram.NewBuilder()
	var r source.Reader
	for i, p := range t.paths {
		content, _, err := r.Read(filepath.Join(root, p), p)
		if err != nil {
			continue // binary
		}
		if err := b.Add(uint32(i), content); err != nil {
			tb.Fatal(err)
		}
	}
	if t.index, err = trigram.Open(b.AppendTo(nil)); err != nil {
		tb.Fatal(err)
	}
	return t
}

// candidates are the files that the index chooses.
func (t *realTree) candidates(tb testing.TB, p *Pattern) *Dir {
	tb.Helper()
	set, err := t.index.Eval(p.Trigrams())
	if err != nil {
		tb.Fatal(err)
	}
	d := &Dir{Root: t.root}
	for doc := range set.All() {
		d.Paths = append(d.Paths, t.paths[doc])
	}
	return d
}

// realPatterns are searched for in the tree and compared with ripgrep.
var realPatterns = []struct {
	text string
	opt  pattern.Options
	only bool // -l
	more Options
	args []string // what more is for ripgrep
}{
	{text: "kfree"},
	{text: "kfree_rcu"},
	{text: "swapgs_restore_regs_and_return_to_usermode"},
	{text: "no_such_thing_anywhere"},
	{text: "kfree", opt: pattern.Options{Word: true}},
	{text: "io", opt: pattern.Options{Word: true}, only: true},
	{text: "-1", opt: pattern.Options{Word: true}},
	{text: "todo", opt: pattern.Options{IgnoreCase: true}},
	{text: "kernel panic", opt: pattern.Options{IgnoreCase: true}},
	{text: "skb|kernel", opt: pattern.Options{IgnoreCase: true, Word: true}},
	{text: "ab", opt: pattern.Options{IgnoreCase: true}},
	{text: "kfree", opt: pattern.Options{IgnoreCase: true, Word: true}},
	{text: `\bif\b`, opt: pattern.Options{IgnoreCase: true}, only: true},
	{text: "copyright.*nokia", opt: pattern.Options{IgnoreCase: true}},
	{text: "q[a-z]", opt: pattern.Options{IgnoreCase: true}},
	{text: "x_0", opt: pattern.Options{IgnoreCase: true}},
	{text: "a[i].x", opt: pattern.Options{Literal: true}},
	{text: `\w+_lock\(`},
	{text: `\bspin_lock(_irqsave)?\(&\w+->lock`},
	{text: `kmalloc|kzalloc|vmalloc|kcalloc`},
	{text: `^(static )?int \w+_probe\(`},
	{text: `^#\s*include\s+<linux/(list|slab)\.h>`},
	{text: `^EXPORT_SYMBOL(_GPL)?\((\w+)\);$`},
	{text: `[0-9a-f]{8}-[0-9a-f]{4}-`},
	{text: `x.*y.*z`},
	{text: `\.probe\s*=\s*\w+`},
	{text: `^\s*return\s+-E[A-Z]+;\s*$`},
	{text: `[[:upper:]]{20,}_`},
	{text: `MODULE_AUTHOR\(".*é`},
	{text: `\p{Greek}`},
	{text: `[^\x00-\x7F]`, only: true},
	{text: `µs?\b`},
	{text: `\bé`},
	{text: `\d{12,}`},
	{text: `"\s*$`, only: true},
	{text: `(foo|bar|baz)_(init|exit)\b`},
	{text: `if \([^()]*\) \{$`},
	{text: `\bgoto (out|err)\w*;`},
	{text: `.{300,}`},
	{text: `^$`, only: true},
	{text: `;;`},
	{text: `\r$`},
	{text: "\t \t"},
	{text: `@`},
	{text: `q[^u]\B`},
	{text: "kfree_rcu", more: Options{Before: 2, After: 3}, args: []string{"-B2", "-A3"}},
	{text: `^\}$`, more: Options{MaxCount: 2}, args: []string{"-m2"}},
	{text: `sched\w*`, more: Options{Count: true}, args: []string{"-c"}},
	{text: `ignore`, more: Options{Hidden: true}, args: []string{"--hidden"}},
	{text: `int`, more: Options{Before: 1, After: 1, MaxCount: 3}, args: []string{"-C1", "-m3"}},
}

func TestAgainstRipgrep(t *testing.T) {
	rg, err := exec.LookPath("rg")
	if err != nil {
		t.Skip("SKIPPED: ripgrep is not installed")
	}
	tree := openTree(t)
	all := &Dir{Root: tree.root, Paths: tree.paths}
	for _, tt := range realPatterns {
		p, err := Compile(tt.text, tt.opt)
		if err != nil {
			t.Fatal(err)
		}
		args := []string{"--no-config", "--no-ignore", "--no-heading", "--color=never", "-n"}
		if tt.only {
			args[len(args)-1] = "-l"
		}
		for flag, on := range map[string]bool{"-w": tt.opt.Word, "-i": tt.opt.IgnoreCase, "-F": tt.opt.Literal} {
			if on {
				args = append(args, flag)
			}
		}
		args = append(args, tt.args...)
		tt.more.FilesOnly = tt.only
		cmd := exec.Command(rg, append(args, "-e", tt.text)...)
		cmd.Dir = tree.root
		start := time.Now()
		out, err := cmd.Output()
		rgTime := time.Since(start)
		if err != nil && cmd.ProcessState.ExitCode() != 1 {
			t.Fatal(err)
		}
		want := slices.DeleteFunc(sortedLines(out), func(l []byte) bool { return string(l) == "--" })

		start = time.Now()
		chosen := tree.candidates(t, p)
		planTime := time.Since(start)
		searchTime := [2]time.Duration{}
		for i, files := range []*Dir{chosen, all} {
			start = time.Now()
			got := collect(t, p, files, tt.more)
			searchTime[i] = time.Since(start)
			compare(t, fmt.Sprintf("%q %+v", tt.text, tt.opt), sortedLines(got), want)
		}
		t.Logf("%-50s %7d lines %6d files  %6.1f ms + %4.1f ms plan; all files %6.1f ms; rg %6.1f ms", tt.text, len(want), chosen.Len(),
			ms(searchTime[0]), ms(planTime), ms(searchTime[1]), ms(rgTime))
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// collect prints results as rg does.
func collect(tb testing.TB, p *Pattern, files Files, opt Options) []byte {
	tb.Helper()
	var out []byte
	err := p.Search(context.Background(), files, opt, func(r *Result) error {
		if r.Err != nil {
			return r.Err
		}
		if opt.FilesOnly {
			out = append(append(out, r.Path...), '\n')
		}
		if opt.Count {
			out = append(append(out, r.Path...), ':')
			out = append(strconv.AppendInt(out, int64(r.Count), 10), '\n')
		}
		for _, l := range r.Lines {
			sep := byte('-')
			if l.Match {
				sep = ':'
			}
			out = append(append(out, r.Path...), sep)
			out = append(strconv.AppendInt(out, int64(l.Number), 10), sep)
			out = append(append(out, l.Text...), '\n')
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func sortedLines(out []byte) [][]byte {
	lines := bytes.Split(bytes.TrimSuffix(out, newline), newline)
	if len(out) == 0 {
		lines = nil
	}
	slices.SortFunc(lines, bytes.Compare)
	return lines
}

func compare(t *testing.T, what string, got, want [][]byte) {
	t.Helper()
	i, j, diffs := 0, 0, 0
	for i < len(got) || j < len(want) {
		var c int
		switch {
		case i == len(got):
			c = 1
		case j == len(want):
			c = -1
		default:
			c = bytes.Compare(got[i], want[j])
		}
		switch {
		case c == 0:
			i++
			j++
			continue
		case c < 0:
			if diffs < 5 {
				t.Errorf("%s: only dekho finds %.200q", what, got[i])
			}
			i++
		default:
			if diffs < 5 {
				t.Errorf("%s: only ripgrep finds %.200q", what, want[j])
			}
			j++
		}
		diffs++
	}
	if diffs > 0 {
		t.Errorf("%s: %d differences in %d lines", what, diffs, len(want))
	}
}

// BenchmarkTree searches all files of the tree, index or not.
func BenchmarkTree(b *testing.B) {
	tree := openTree(b)
	for _, text := range []string{"kfree", `\w+_lock\(`, `x.*y.*z`, `[a-z]+_[0-9]+x\b`, `(?i)todo`, `^$`} {
		name := strings.ReplaceAll(text, "/", "_")
		p, err := Compile(text, pattern.Options{})
		if err != nil {
			b.Fatal(err)
		}
		for _, files := range []*Dir{tree.candidates(b, p), {Root: tree.root, Paths: tree.paths}} {
			b.Run(fmt.Sprintf("%s/%d", name, files.Len()), func(b *testing.B) {
				for b.Loop() {
					err := p.Search(context.Background(), files, Options{}, func(*Result) error { return nil })
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
