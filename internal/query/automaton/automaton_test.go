package automaton

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"

	"dekho/internal/query/pattern"
	"dekho/internal/query/pattern/patterntest"
)

func compile(t testing.TB, text string, opt pattern.Options) *Program {
	t.Helper()
	re, err := pattern.Parse(text, opt)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(re)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return p
}

func TestMatchLine(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		opt     pattern.Options
		yes, no []string
	}{
		{"foo", pattern.Options{}, []string{"foo", "a foo b", "ffoo", "é foo", "\xff foo"}, []string{"", "fo", "FOO", "fo o"}},
		{"foo", pattern.Options{IgnoreCase: true}, []string{"FoO"}, []string{"fo0"}},
		{"kiss", pattern.Options{IgnoreCase: true}, []string{"KISS", "\u212aiſS"}, []string{"kis"}},
		{"k+", pattern.Options{SmartCase: true}, []string{"K"}, nil},
		{"K+", pattern.Options{SmartCase: true}, []string{"K"}, []string{"k"}},
		{`\Wk+`, pattern.Options{SmartCase: true}, []string{" K"}, nil},
		{"a.c", pattern.Options{}, []string{"abc", "aéc", "a日c", "a😀c", "a\x00c"}, []string{"ac", "a\xffc", "a\xed\xa0\x80c"}},
		{"a.c", pattern.Options{Literal: true}, []string{"a.c"}, []string{"abc"}},
		{"^foo$", pattern.Options{}, []string{"foo"}, []string{"foo ", " foo"}},
		{`\Afoo\z`, pattern.Options{}, []string{"foo"}, []string{"foo ", " foo"}},
		{"^$", pattern.Options{}, []string{""}, []string{" "}},
		{"", pattern.Options{}, []string{"", "x"}, nil},
		{"x*", pattern.Options{}, []string{"", "y"}, nil},
		{"foo|bar", pattern.Options{}, []string{"xbar", "foox"}, []string{"fobar"[:4], "ba"}},
		{`\bfoo\b`, pattern.Options{}, []string{"foo", "(foo)", "日 foo"}, []string{"foos", "_foo", "éfoo", "foo日"}},
		{`\<foo\>`, pattern.Options{}, []string{"foo", "(foo)"}, []string{"foos", "_foo"}},
		{`\Bfoo`, pattern.Options{}, []string{"xfoo", "éfoo"}, []string{"foo", "-foo", "« foo"}},
		{`\w+ \d+`, pattern.Options{}, []string{"é ٣", "x 3"}, []string{"- 3"}},
		{`x\sy`, pattern.Options{}, []string{"x y", "x\ty", "x\u00a0y", "x\vy"}, []string{"xy"}},
		{`x\S\Wy`, pattern.Options{}, []string{"xa(y", "x«»y"}, []string{"x (y", "xaéy"}},
		{`[\W_]x[^\s]`, pattern.Options{}, []string{"_xy", "-xy"}, []string{"ax-", "_x "}},
		{`[]a]b[^]a]`, pattern.Options{}, []string{"]bc", "abc"}, []string{"]ba", "ab]"}},
		{`[[:alpha:]]\]`, pattern.Options{}, []string{"a]"}, []string{":]"}},
		{`\Q\w[\E\d`, pattern.Options{}, []string{`\w[1`}, []string{"aw[1"}},
		{`[é-ü]z`, pattern.Options{}, []string{"éz", "üz"}, []string{"èz", "\xe9z"}},
		{`struct page {`, pattern.Options{}, []string{"struct page {"}, nil},
		{`foo`, pattern.Options{Word: true}, []string{"foo", "a foo b", "-foo-"}, []string{"foob", "_foo", "éfoo"}},
		{`-1`, pattern.Options{Word: true}, []string{"-1", "x = -1;", "--1"}, []string{"x-1", "-12"}},
		{`(ab){2,3}c`, pattern.Options{}, []string{"ababc", "abababc", "ababababc"}, []string{"abc"}},
		{`^(ab){2,}$`, pattern.Options{}, []string{"abab", "ababab"}, []string{"ab"}},
		{`^(ab){0,2}$`, pattern.Options{}, []string{"", "abab"}, []string{"ababab"}},
		{`(a*)*b`, pattern.Options{}, []string{"b", "aab"}, []string{"aa"}},
		{`[^\x00-\x{10FFFF}]`, pattern.Options{}, nil, []string{"", "a"}},
		{`\x{10FFFF}|\x{800}|\x{7ff}`, pattern.Options{}, []string{"\U0010ffff", "\u0800", "\u07ff"}, []string{"\u0801"}},
	} {
		m := compile(t, tt.pattern, tt.opt).NewMatcher()
		for _, want := range []bool{true, false} {
			lines := tt.yes
			if !want {
				lines = tt.no
			}
			for _, line := range lines {
				if got := m.MatchLine([]byte(line)); got != want {
					t.Errorf("%q (%+v) on %q: %v", tt.pattern, tt.opt, line, got)
				}
			}
		}
	}
}

func TestNext(t *testing.T) {
	m := compile(t, `o\b|^$`, pattern.Options{}).NewMatcher()
	var got []string
	text := []byte("foo\nbar\n\nzoo é\no")
	for at := 0; ; {
		start, end, ok := m.Next(text, at)
		if !ok {
			break
		}
		got = append(got, string(text[start:end]))
		at = end + 1
	}
	if s := strings.Join(got, "|"); s != "foo||zoo é|o" {
		t.Errorf("lines %q", s)
	}
}

func TestTooLarge(t *testing.T) {
	for _, text := range []string{`((\w{30}){30})`, `(((a{10}){10}){10}b?){1}`} {
		re, err := pattern.Parse(text, pattern.Options{})
		if err != nil {
			continue // the parser has its own limit
		}
		if _, err := Compile(re); err != nil && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%q: %v", text, err)
		}
	}
	re, err := pattern.Parse(`(\w{30}){33}`, pattern.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Compile(re); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}

// TestCacheBound runs a pattern that has exponentially many states.
func TestCacheBound(t *testing.T) {
	m := compile(t, `a[ab]{18}c`, pattern.Options{}).NewMatcher()
	r := rand.New(rand.NewPCG(3, 4))
	line := make([]byte, 300_000)
	for i := range line {
		line[i] = 'a' + byte(r.IntN(2))
	}
	if m.MatchLine(line) {
		t.Error("matched a line without c")
	}
	tail := line[len(line)-20:]
	copy(tail, "ba"+strings.Repeat("b", 17)+"c")
	if m.MatchLine(line) {
		t.Error("matched with 17 letters in between, 18 were asked for")
	}
	copy(tail, "a"+strings.Repeat("b", 18)+"c")
	if !m.MatchLine(line) {
		t.Error("no match")
	}
	if m.resets < 2 {
		t.Error("the cache was never full: the test tests nothing")
	}
}

// checkText compares the automaton with the regexp package, line by line and
// over the whole text.
func checkText(t *testing.T, text string, opt pattern.Options, lines string) {
	t.Helper()
	re, err := pattern.Parse(text, opt)
	if err != nil {
		return
	}
	p, err := Compile(re)
	if errors.Is(err, ErrTooLarge) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	m := p.NewMatcher()
	// The regexp package has words of ASCII only, and matches U+FFFD where
	// text is not UTF-8.
	std, err := regexp.Compile(re.String())
	if err != nil {
		return
	}
	var want [][]byte
	rest := []byte(lines)
	for len(rest) > 0 {
		line, after, _ := bytes.Cut(rest, []byte{'\n'})
		rest = after
		got := m.MatchLine(line)
		if slow := m.slowLine(line); slow != got {
			t.Fatalf("%q (%+v) on %q: fast %v, slow %v", text, opt, line, got, slow)
		}
		ascii := !bytes.ContainsFunc(line, func(r rune) bool { return r >= 0x80 })
		if ascii || !p.words && bytes.Equal(line, bytes.ToValidUTF8(line, nil)) {
			if w := std.Match(line); w != got {
				t.Fatalf("%q (%+v) on %q: %v, regexp says %v", text, opt, line, got, w)
			}
		}
		if got {
			want = append(want, line)
		}
	}
	at := 0
	for _, w := range want {
		start, end, ok := m.Next([]byte(lines), at)
		if !ok || !bytes.Equal([]byte(lines)[start:end], w) {
			t.Fatalf("%q (%+v) on %q from %d: %d to %d, %v; want line %q", text, opt, lines, at, start, end, ok, w)
		}
		at = end + 1
	}
	if start, end, ok := m.Next([]byte(lines), at); ok {
		t.Fatalf("%q (%+v) on %q from %d: unexpected line %d to %d", text, opt, lines, at, start, end)
	}
}

func TestRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 3000 {
		opt := pattern.Options{IgnoreCase: r.IntN(4) == 0, Word: r.IntN(4) == 0}
		checkText(t, patterntest.Pattern(r, r.IntN(4)), opt, patterntest.Text(r, 60, true))
	}
}

// TestLongTexts is TestRandom on texts that are skimmed.
func TestLongTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 200 {
		// The letter before each line makes matches rare.
		rare := []string{"x", "xy", "x.*y", `\dx`, `^x`, `x$`, `\bx`}[r.IntN(7)]
		text := patterntest.Text(r, 200, true)
		lines := strings.Repeat(text+"\n", 1+40_000/len(text))
		lines = strings.Replace(lines, "a", "1xay", 3+r.IntN(3)) + patterntest.Text(r, 20, false)
		checkText(t, rare+patterntest.Pattern(r, 1), pattern.Options{}, lines)
	}
}

func FuzzMatch(f *testing.F) {
	f.Add(`(foo|\bb[^a]r)+$`, "foo\nbar", false, true)
	f.Add(`\w{2,}\d?`, "é1\nx", true, false)
	f.Fuzz(func(t *testing.T, text, lines string, fold, word bool) {
		if len(text) > 200 {
			return
		}
		checkText(t, text, pattern.Options{IgnoreCase: fold, Word: word}, lines)
	})
}

// BenchmarkScan searches the files named by $DEKHO_TEST_FILE for patterns that
// match nothing, which is the speed of the hot loop.
func BenchmarkScan(b *testing.B) {
	name := os.Getenv("DEKHO_TEST_FILE")
	if name == "" {
		b.Skip("SKIPPED: DEKHO_TEST_FILE names no text")
	}
	text, err := os.ReadFile(name)
	if err != nil {
		b.Fatal(err)
	}
	for _, p := range []string{"@@@", `\w+@\d`, `q.*z.*q.*@`, `(?i)@todo`, `^\s*@`} {
		b.Run(p, func(b *testing.B) {
			m := compile(b, p, pattern.Options{}).NewMatcher()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, _, ok := m.Next(text, 0); ok {
					b.Fatal("matched")
				}
			}
		})
	}
}
