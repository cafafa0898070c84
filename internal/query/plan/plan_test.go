package plan

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"dekho/internal/query/automaton"
	"dekho/internal/query/pattern"
	"dekho/internal/query/pattern/patterntest"
	"dekho/internal/trigram"
)

func TestTrigrams(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		opt     pattern.Options
		want    string
	}{
		{"foo", pattern.Options{}, "foo"},
		{"fo", pattern.Options{}, "all"},
		{"", pattern.Options{}, "all"},
		{"kfree", pattern.Options{}, "fre kfr ree"},
		{"Kfree", pattern.Options{}, "fre kfr ree"},
		{"kree", pattern.Options{IgnoreCase: true}, "ree (kre|(??? ??r ?re))"},
		{"abc|xyz", pattern.Options{}, "abc|xyz"},
		{"abc.*xyz", pattern.Options{}, "abc xyz"},
		{"ab.*xyz", pattern.Options{}, "xyz"},
		{"ab[0-2]", pattern.Options{}, "ab0|ab1|ab2"},
		{"a(b|c)d", pattern.Options{}, "abd|acd"},
		{"ab?c", pattern.Options{}, "all"},
		{"abc?d", pattern.Options{}, "abd|(abc bcd)"},
		{"^foo$", pattern.Options{}, "$fo foo oo$"},
		{"^ab", pattern.Options{}, "$ab"},
		{"(abc)+", pattern.Options{}, "abc"},
		{"(abc)*d", pattern.Options{}, "all"},
		{"(abcd){3,}", pattern.Options{}, "abc bcd cda dab"},
		{"foo_[xy]+_bar", pattern.Options{}, "_ba bar foo oo_ (o_x|o_y) (x_b|y_b)"},
		{`\bfoo\b`, pattern.Options{}, "foo"},
		{`foo\(`, pattern.Options{}, "foo oo("},
		{"[^\\x00-\\x{10ffff}]", pattern.Options{}, "none"},
		{"日", pattern.Options{}, "???"},
	} {
		re, err := pattern.Parse(tt.pattern, tt.opt)
		if err != nil {
			t.Fatal(err)
		}
		q := Trigrams(re)
		if got := sorted(q); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.pattern, got, tt.want)
		}
	}
}

// sorted prints a query with its trigrams in the order of their text.
func sorted(q *trigram.Query) string {
	sep := " "
	switch q.Op {
	case trigram.All:
		return "all"
	case trigram.None:
		return "none"
	case trigram.Or:
		sep = "|"
	}
	var parts []string
	for _, k := range q.Keys {
		parts = append(parts, k.String())
	}
	slices.Sort(parts)
	var subs []string
	for _, s := range q.Sub {
		subs = append(subs, "("+sorted(s)+")")
	}
	slices.Sort(subs)
	return strings.Join(append(parts, subs...), sep)
}

// TestWordIsSharper checks that -w helps with a word too short for a trigram.
func TestWordIsSharper(t *testing.T) {
	re, err := pattern.Parse("io", pattern.Options{Word: true})
	if err != nil {
		t.Fatal(err)
	}
	if q := Trigrams(re); q.Op == trigram.All {
		t.Error("no trigrams")
	}
}

func TestRequiredLiterals(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		opt     pattern.Options
		want    string
		whole   bool
	}{
		{"kfree", pattern.Options{}, "kfree", true},
		{"kfree|kmalloc", pattern.Options{}, "kfree kmalloc", true},
		{"kfree|vkfree", pattern.Options{}, "kfree", true},
		{`\bkfree\(`, pattern.Options{}, "kfree(", false},
		{`^kfree`, pattern.Options{}, "kfree", false},
		{`kfree`, pattern.Options{Word: true}, "kfree", false},
		{`static.*kfree_skb`, pattern.Options{}, "kfree_skb", false},
		{`(foo|bar)_lock`, pattern.Options{}, "bar_lock foo_lock", true},
		{`kfrees?`, pattern.Options{}, "kfree", true},
		{`k?free_it`, pattern.Options{}, "free_it", true},
		{`(kfree)+`, pattern.Options{}, "kfree", false},
		{`(kfree)*`, pattern.Options{}, "", false},
		{`\w+_lock\(`, pattern.Options{}, "_lock(", false},
		{`kfree`, pattern.Options{IgnoreCase: true}, "", false},
		{`0x%08`, pattern.Options{IgnoreCase: true}, "%08", false},
		{`[a-z]`, pattern.Options{}, "", false},
		{`x.*z`, pattern.Options{}, "z", false},
		{``, pattern.Options{}, "", false},
	} {
		re, err := pattern.Parse(tt.pattern, tt.opt)
		if err != nil {
			t.Fatal(err)
		}
		l := RequiredLiterals(re)
		slices.Sort(l.Strings)
		if got := strings.Join(l.Strings, " "); got != tt.want || l.Whole != tt.whole {
			t.Errorf("%q: %q %v, want %q %v", tt.pattern, got, l.Whole, tt.want, tt.whole)
		}
	}
}

// checkPlan compares what the plan lets through with what matches.
func checkPlan(t *testing.T, text string, opt pattern.Options, docs []string) {
	t.Helper()
	re, err := pattern.Parse(text, opt)
	if err != nil {
		return
	}
	p, err := automaton.Compile(re)
	if err != nil {
		return
	}
	m := p.NewMatcher()
	q := Trigrams(re)
	lits := RequiredLiterals(re)

	b := trigram.NewBuilder()
	for d, doc := range docs {
		if err := b.Add(uint32(d), []byte(doc)); err != nil {
			t.Fatal(err)
		}
	}
	x, err := trigram.Open(b.AppendTo(nil))
	if err != nil {
		t.Fatal(err)
	}
	set, err := x.Eval(q)
	if err != nil {
		t.Fatal(err)
	}
	for d, doc := range docs {
		rest := []byte(doc)
		for len(rest) > 0 {
			line, after, _ := bytes.Cut(rest, []byte{'\n'})
			rest = after
			matches := m.MatchLine(line)
			if matches && !set.Has(uint32(d)) {
				t.Fatalf("%q (%+v) matches %q in %q, but the query %v leaves it out", text, opt, line, doc, q)
			}
			if len(lits.Strings) == 0 {
				continue
			}
			has := slices.ContainsFunc(lits.Strings, func(s string) bool { return bytes.Contains(line, []byte(s)) })
			if matches && !has || has && !matches && lits.Whole {
				t.Fatalf("%q (%+v) on %q: match %v, literals %+v say %v", text, opt, line, matches, lits, has)
			}
		}
	}
}

func TestNoMatchIsLost(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 1000 {
		opt := pattern.Options{IgnoreCase: r.IntN(4) == 0, Word: r.IntN(4) == 0}
		var docs []string
		for range 20 {
			docs = append(docs, patterntest.Text(r, r.IntN(40), true))
		}
		checkPlan(t, patterntest.Pattern(r, r.IntN(5)), opt, docs)
	}
}

func FuzzPlan(f *testing.F) {
	f.Add("foo(b|c)+[de]{2}$", "xfoobcde\nfoobee", false, false)
	f.Add("^kiſs?", "KISS\x00kiss", true, true)
	f.Fuzz(func(t *testing.T, text, docs string, fold, word bool) {
		if len(text) > 200 {
			return
		}
		checkPlan(t, text, pattern.Options{IgnoreCase: fold, Word: word}, strings.Split(docs, "\x00"))
	})
}

// TestLargePatterns checks that planning stays quick and small.
func TestLargePatterns(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var words []string
	for range 6000 {
		w := make([]byte, 8)
		for i := range w {
			w[i] = 'a' + byte(r.IntN(26))
		}
		words = append(words, string(w))
	}
	for _, text := range []string{
		strings.Join(words, "|"), strings.Join(words, ""), strings.Join(words, ".*"), strings.Join(words, "?"),
		strings.Repeat("[abc]", 5000), strings.Repeat("(a|bc)?", 5000),
	} {
		for _, fold := range []bool{false, true} {
			re, err := pattern.Parse(text, pattern.Options{IgnoreCase: fold})
			if err != nil {
				t.Fatal(err)
			}
			q := Trigrams(re)
			if n := countKeys(q); n > maxQueryKeys {
				t.Errorf("%.20s...: %d keys", text, n)
			}
			RequiredLiterals(re)
		}
	}
}
