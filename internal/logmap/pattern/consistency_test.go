package pattern

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// checkFind holds the finder against a match of every pattern of the set.
func checkFind(t *testing.T, s *Set, lines [][]byte) {
	t.Helper()
	m, all := s.NewMatcher(), s.NewMatcher()
	vague := make(map[PatternID]bool) // reported by FindWeak only if whole
	for w := s.weak; len(w) >= weakSize; w = w[weakSize:] {
		if w[4]&weakPrefix == 0 {
			vague[PatternID(binary.LittleEndian.Uint32(w))] = true
		}
	}
	var caps Captures
	for _, line := range lines {
		found := make(map[PatternID]Hit)
		for _, h := range append(m.Find(line, nil), m.FindWeak(line, nil)...) {
			if _, twice := found[h.ID]; twice {
				t.Errorf("%q is found twice for %q", s.Format(h.ID), line)
			}
			found[h.ID] = h
		}
		for id := range PatternID(s.Len()) {
			ok := all.Match(id, line, &caps)
			if ok && vague[id] && !caps.Whole {
				ok = false
			}
			h, hit := found[id]
			if ok != hit {
				t.Errorf("%q on %q: match %v, found %v", s.Format(id), line, ok, hit)
			} else if ok && (h.Whole != caps.Whole || h.End != caps.End) {
				t.Errorf("%q on %q: hit %+v, captures %+v", s.Format(id), line, h, caps)
			}
		}
		if t.Failed() {
			return
		}
	}
}

// TestFindIsComplete: what the index and the signatures leave out matches
// nothing.
func TestFindIsComplete(t *testing.T) {
	b := NewBuilder(len(matchTests))
	var lines [][]byte
	for _, tt := range matchTests {
		addFormat(t, b, tt.format)
		addFormat(t, b, tt.format[:len(tt.format)-1])
		for i := 0; i < len(tt.texts); i += 2 {
			lines = append(lines, []byte(tt.texts[i]))
		}
		for _, text := range tt.never {
			lines = append(lines, []byte(text))
		}
	}
	r := rand.New(rand.NewPCG(5, 6))
	for i := range 300 {
		addFormat(t, b, randomFormat(r, i))
		addFormat(t, b, "%s %s: "+randomConversion(r)+"\n")
		addFormat(t, b, randomConversion(r)+pick(r, ",", ": ", "/", " ", "")+randomConversion(r)+pick(r, "\n", "", " \n"))
	}
	for range 1000 {
		e, err := ParseFormat([]byte(pick(r, "", "%s ") + randomConversion(r) + pick(r, ",", ": ", "/", " ", "") + randomConversion(r)))
		if err != nil {
			t.Fatal(err)
		}
		var line []byte
		for i := range e {
			if e[i].Kind == Literal {
				line = append(line, e[i].Text...)
			} else {
				line = append(line, render(r, &e[i]).text...)
			}
		}
		lines = append(lines, line)
	}
	checkFind(t, openBuilt(t, b), lines)
}

// TestFindIsCompleteOnTree is the same with the formats of a kernel and lines
// of its log.
func TestFindIsCompleteOnTree(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: reads a kernel tree")
	}
	b, _ := corpusBuilder(t, 0)
	lines := bootLines(t)
	r := rand.New(rand.NewPCG(7, 8))
	var some [][]byte
	for range 60 {
		some = append(some, lines[r.IntN(len(lines))])
	}
	checkFind(t, openBuilt(t, b), some)
}
