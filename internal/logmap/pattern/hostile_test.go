package pattern

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// hostileTexts are texts of a megabyte made to keep a matcher busy.
func hostileTexts() map[string][]byte {
	const size = 1 << 20
	fill := func(s string) []byte { return bytes.Repeat([]byte(s), size/len(s)) }
	random := make([]byte, size)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range random {
		random[i] = " abcdefgh:0123456789-x[](),=/."[r.IntN(30)]
	}
	return map[string][]byte{
		"a": fill("a"), "digits": fill("1"), "blanks": fill(" "), "colons": fill("a: "), "almost": fill("x y "),
		"hex": fill("00 "), "addresses": fill("fe80::1:"), "lists": fill("1-2,"), "random": random, "nul": fill("\x00"),
	}
}

var hostileFormats = []string{
	"%s%s%s%s%s%s x\n", "%s %s %s %s %s %s %s %s!\n", "%s: %s: %s: %s: %s: %sz\n", "%d%d%d%d%d%d%d%d%d%dz\n",
	"%s%d%s%d%s%d%s%dz\n", "%x%s%x%s%x%sz\n", "%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%cz\n", "%*ph%*ph%*ph%*phz\n",
	"%*pbl%*pbl%*pblz\n", "%pI6c%pI6c%pI6cz\n", "%pOF%pOF%pOF%pOF%pOFz\n", "%.5s%.5s%.5s%.5s%.5s%.5sz\n",
	"%*d%*d%*d%*d%*dz\n", "%-*s%-*s%-*sz\n", "%5s%5s%5s%5sz\n", "%ps%ps%ps%ps%psz\n", "a%sa%sa%sa%sa%sa%sa%sz\n",
}

// TestHostile holds the time of single matches and of searches on texts made
// to be slow.
func TestHostile(t *testing.T) {
	b := NewBuilder(len(hostileFormats))
	for _, f := range hostileFormats {
		addFormat(t, b, f)
		addFormat(t, b, strings.TrimSuffix(f, "\n"))
	}
	s := openBuilt(t, b)
	m := s.NewMatcher()
	const limit = 2 * time.Second // a hundred times what it takes
	for name, text := range hostileTexts() {
		for _, n := range []int{1000, len(text)} {
			for id := range PatternID(s.Len()) {
				start := time.Now()
				m.Match(id, text[:n], nil)
				if d := time.Since(start); d > limit {
					t.Errorf("%q on %d bytes of %s: %v", s.Format(id), n, name, d)
				}
			}
			start := time.Now()
			m.Find(text[:n], nil)
			m.FindWeak(text[:n], nil)
			if d := time.Since(start); d > 2*limit {
				t.Errorf("search in %d bytes of %s: %v", n, name, d)
			}
		}
	}
}

// TestExhausted checks that giving up is reported.
func TestExhausted(t *testing.T) {
	s := compileOne(t, "%s%d%s%d%s%d%s%d%s%dz\n")
	m := s.NewMatcher()
	text := bytes.Repeat([]byte("1a"), 1<<19)
	if m.Match(0, text, nil) {
		t.Fatal("matched")
	}
	gaveUp := m.Exhausted()
	if m.Match(0, []byte("x"), nil) || m.Exhausted() {
		t.Error("a short text exhausts the budget")
	}
	t.Logf("exhausted: %v", gaveUp)
}

// TestPolynomial checks that a line of usual length is always matched within
// the budget: the memo of failed states bounds the work.
func TestPolynomial(t *testing.T) {
	for _, format := range hostileFormats {
		s := compileOne(t, format)
		m := s.NewMatcher()
		for name, text := range hostileTexts() {
			if m.Match(0, text[:200], nil); m.Exhausted() {
				t.Errorf("%q on 200 bytes of %s: budget exceeded", format, name)
			}
		}
	}
}
