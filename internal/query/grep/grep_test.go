package grep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"dekho/internal/query/pattern"
	"dekho/internal/query/pattern/patterntest"
	"dekho/internal/source"
)

// memFiles is Files in memory; names and contents alternate.
type memFiles []string

func (f memFiles) Len() int          { return len(f) / 2 }
func (f memFiles) Path(i int) string { return f[2*i] }
func (f memFiles) Reader() Reader    { return f }
func (f memFiles) Read(i int) ([]byte, error) {
	if f[2*i+1] == "unreadable" {
		return nil, errors.New("unreadable")
	}
	if f[2*i+1] == "binary" {
		return nil, &source.SkipError{Skip: source.Skip{Path: f[2*i], Reason: source.Binary}}
	}
	return []byte(f[2*i+1]), nil
}

// grep returns the results as grep prints them.
func grep(t *testing.T, files Files, text string, po pattern.Options, opt Options) string {
	t.Helper()
	p, err := Compile(text, po)
	if err != nil {
		t.Fatal(err)
	}
	var sb strings.Builder
	err = p.Search(context.Background(), files, opt, func(r *Result) error {
		switch {
		case r.Err != nil:
			fmt.Fprintf(&sb, "%s!%v\n", r.Path, r.Err)
		case opt.FilesOnly:
			fmt.Fprintf(&sb, "%s\n", r.Path)
		case opt.Count:
			fmt.Fprintf(&sb, "%s:%d\n", r.Path, r.Count)
		}
		for _, l := range r.Lines {
			sep := "-"
			if l.Match {
				sep = ":"
			}
			fmt.Fprintf(&sb, "%s%s%d%s%s\n", r.Path, sep, l.Number, sep, l.Text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sb.String()
}

func TestSearch(t *testing.T) {
	nulFar := strings.Repeat("x foo\n", 20_000) + "foo \x00\nfoo\n"
	files := memFiles{
		".hidden", "foo\n",
		"a", "foo\nbar\nfoobar",
		"b/.git/x", "foo\n",
		"c", "\ufefffoo\n\n\nend\n",
		"d", "nothing\n",
		"e", "unreadable",
		"f", "binary",
		"g", "foo\x00\n",
		"h", "1\n2\n3\nfoo 4\n5\n6\nfoo 7\n8\n9\n10\n11\n",
	}
	for _, tt := range []struct {
		pattern string
		po      pattern.Options
		opt     Options
		want    string
	}{
		{"foo", pattern.Options{}, Options{}, "a:1:foo\na:3:foobar\nc:1:foo\ne!unreadable\nh:4:foo 4\nh:7:foo 7\n"},
		{"fo+", pattern.Options{}, Options{}, "a:1:foo\na:3:foobar\nc:1:foo\ne!unreadable\nh:4:foo 4\nh:7:foo 7\n"},
		{"FOO", pattern.Options{IgnoreCase: true}, Options{FilesOnly: true}, "a\nc\ne!unreadable\nh\n"},
		{"foo", pattern.Options{Word: true}, Options{Count: true}, "a:1\nc:1\ne!unreadable\ne:0\nh:2\n"},
		{"^foo", pattern.Options{}, Options{Hidden: true, MaxCount: 1}, ".hidden:1:foo\na:1:foo\nb/.git/x:1:foo\nc:1:foo\ne!unreadable\nh:4:foo 4\n"},
		{"bar|end", pattern.Options{}, Options{}, "a:2:bar\na:3:foobar\nc:4:end\ne!unreadable\n"},
		{"^$", pattern.Options{}, Options{}, "c:2:\nc:3:\ne!unreadable\n"},
		{
			"foo",
			pattern.Options{},
			Options{Before: 1, After: 1, Keep: func(p string) bool { return p == "h" }},
			"h-3-3\nh:4:foo 4\nh-5-5\nh-6-6\nh:7:foo 7\nh-8-8\n",
		},
		{
			"foo",
			pattern.Options{},
			Options{Before: 5, After: 9, Keep: func(p string) bool { return p == "h" }},
			"h-1-1\nh-2-2\nh-3-3\nh:4:foo 4\nh-5-5\nh-6-6\nh:7:foo 7\nh-8-8\nh-9-9\nh-10-10\nh-11-11\n",
		},
		{"foo", pattern.Options{}, Options{After: 1, MaxCount: 1, Keep: func(p string) bool { return p == "h" }}, "h:4:foo 4\nh-5-5\n"},
		{"foo", pattern.Options{}, Options{After: 3, MaxCount: 1, Keep: func(p string) bool { return p == "h" }}, "h:4:foo 4\nh-5-5\nh-6-6\nh:7:foo 7\n"},
		{"[", pattern.Options{Literal: true}, Options{}, "e!unreadable\n"},
	} {
		got := grep(t, files, tt.pattern, tt.po, tt.opt)
		got = strings.Replace(got, "e:0\n", "", 1)
		if want := strings.Replace(tt.want, "e:0\n", "", 1); got != want {
			t.Errorf("%q %+v %+v:\n%swant\n%s", tt.pattern, tt.po, tt.opt, got, want)
		}
	}
	got := grep(t, memFiles{"x", nulFar}, "^foo|x f", pattern.Options{}, Options{Count: true})
	if got != "x:20000\n" {
		t.Errorf("with a NUL byte far from the start: %s", got)
	}
	if got := grep(t, memFiles{}, "foo", pattern.Options{}, Options{}); got != "" {
		t.Errorf("no files: %q", got)
	}
}

func TestErrors(t *testing.T) {
	for _, text := range []string{"(", "[a", "a{3000}", "*", `\`, "a\nb", "x[\n]"} {
		if _, err := Compile(text, pattern.Options{}); err == nil || !strings.Contains(err.Error(), "pattern") {
			t.Errorf("%q: %v", text, err)
		}
	}
	p, err := Compile("x", pattern.Options{})
	if err != nil {
		t.Fatal(err)
	}
	files := memFiles{}
	for i := range 5000 {
		files = append(files, fmt.Sprint(i), strings.Repeat("x\n", 1000))
	}
	stop := errors.New("stop")
	n := 0
	err = p.Search(context.Background(), files, Options{Workers: 4}, func(*Result) error {
		if n++; n == 10 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || n != 10 {
		t.Errorf("after %d results: %v", n, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	err = p.Search(ctx, files, Options{Workers: 4}, func(*Result) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// TestGuard checks that a fault in a goroutine ends the search.
func TestGuard(t *testing.T) {
	p, err := Compile("x", pattern.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fault := errors.New("fault")
	guard := func(f func() error) (err error) {
		defer func() {
			if recover() != nil {
				err = fault
			}
		}()
		return f()
	}
	err = p.Search(context.Background(), faulty{memFiles{"a", "x", "b", "x"}}, Options{Guard: guard}, func(*Result) error { return nil })
	if !errors.Is(err, fault) {
		t.Errorf("got %v", err)
	}
}

// faulty has paths that cannot be read.
type faulty struct{ memFiles }

func (faulty) Path(int) string { panic("fault") }

// TestOrder checks the order of results and the text of lines over many
// files, chunks and parts.
func TestOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var files memFiles
	var want strings.Builder
	for i := range 3000 {
		path := fmt.Sprintf("f%04d", i)
		var text strings.Builder
		for line := range r.IntN(60) {
			fmt.Fprintf(&text, "%d in %d\n", line, i)
			fmt.Fprintf(&want, "%s:%d:%d in %d\n", path, line+1, line, i)
		}
		files = append(files, path, text.String())
	}
	for _, workers := range []int{1, 2, 7} {
		if got := grep(t, files, " in ", pattern.Options{}, Options{Workers: workers}); got != want.String() {
			t.Errorf("%d workers: wrong output", workers)
		}
	}
}

// TestRandom compares the search with a line by line one.
func TestRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 1500 {
		po := pattern.Options{IgnoreCase: r.IntN(4) == 0, Word: r.IntN(4) == 0}
		text := patterntest.Pattern(r, r.IntN(4))
		p, err := Compile(text, po)
		if err != nil {
			continue
		}
		doc := patterntest.Text(r, 200, true)
		if r.IntN(3) == 0 {
			doc = strings.Repeat(doc+"\n", 20)
		}
		var want strings.Builder
		m := p.program.NewMatcher()
		rest := []byte(doc)
		for n := 1; len(rest) > 0; n++ {
			line, after, _ := bytes.Cut(rest, newline)
			rest = after
			if m.MatchLine(line) {
				fmt.Fprintf(&want, "x:%d:%s\n", n, line)
			}
		}
		if got := grep(t, memFiles{"x", doc}, text, po, Options{}); got != want.String() {
			t.Fatalf("%q %+v on %q:\n%q, want\n%q", text, po, doc, got, want.String())
		}
	}
}

func TestSpans(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		po      pattern.Options
		line    string
		want    string
	}{
		{"foo", pattern.Options{}, "foo x foo", "[{0 3} {6 9}]"},
		{"x*", pattern.Options{}, "axxb", "[{1 3}]"},
		{"foo|bar", pattern.Options{Word: true}, "foo bar foobar foo-bar", "[{0 3} {4 7} {15 18} {19 22}]"},
		{"-?foo", pattern.Options{Word: true}, "foo-foo -foo", "[{0 3} {4 7} {8 12}]"},
		{"[a-z]*", pattern.Options{Word: true}, "ab c", "[{0 2} {3 4}]"},
		{"FOO", pattern.Options{IgnoreCase: true}, "éfoo", "[{2 5}]"},
	} {
		p, err := Compile(tt.pattern, tt.po)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(p.Spans(nil, []byte(tt.line))); got != tt.want {
			t.Errorf("%q on %q: %s, want %s", tt.pattern, tt.line, got, tt.want)
		}
	}
}

func FuzzSpans(f *testing.F) {
	f.Add("a|b*", "ab b a", true, false)
	f.Fuzz(func(t *testing.T, text, line string, word, fold bool) {
		if len(text) > 100 || strings.Contains(line, "\n") {
			return
		}
		p, err := Compile(text, pattern.Options{Word: word, IgnoreCase: fold})
		if err != nil {
			return
		}
		last := 0
		for _, s := range p.Spans(nil, []byte(line)) {
			if s.Start < last || s.End <= s.Start || s.End > len(line) {
				t.Fatalf("span %v", s)
			}
			last = s.End
		}
	})
}

func FuzzFinder(f *testing.F) {
	f.Add("aaaab", "ab", "aab")
	f.Fuzz(func(t *testing.T, text, a, b string) {
		if a == "" || b == "" || len(text) > 1<<10 {
			return // from each byte on, all of the text is looked at
		}
		fs := newFinders([]string{a, b})
		for at := 0; at <= len(text); at++ {
			x, y := strings.Index(text[at:], a), strings.Index(text[at:], b)
			want := x
			if x < 0 || y >= 0 && y < x {
				want = y
			}
			if want >= 0 {
				want += at
			}
			if got := fs.index([]byte(text), at); got != want {
				t.Fatalf("%q, %q in %q from %d: %d, want %d", a, b, text, at, got, want)
			}
		}
	})
}

func FuzzFoldFinder(f *testing.F) {
	f.Add("xxAbxxxxxxxxxxxxaBcxx", "abc")
	f.Add("a_b1A_B1a_B1", "a_b1")
	f.Add("[{@`[{@`[{@`", "{`")
	f.Fuzz(func(t *testing.T, text, needle string) {
		needle = strings.ToLower(needle)
		if len(needle) < 2 || len(text) > 1<<10 || strings.ContainsFunc(needle, func(r rune) bool { return r >= 0x80 }) {
			return
		}
		// ToLower of the text would turn the kelvin sign into k.
		lower := []byte(text)
		for i, c := range lower {
			if c >= 'A' && c <= 'Z' {
				lower[i] = c + 'a' - 'A'
			}
		}
		ff := newFoldFinder(needle)
		for at := 0; at <= len(text); at++ {
			want := strings.Index(string(lower[at:]), needle)
			if want >= 0 {
				want += at
			}
			if got := ff.index([]byte(text), at); got != want {
				t.Fatalf("%q in %q from %d: %d, want %d", needle, text, at, got, want)
			}
		}
	})
}
