package source

import (
	"strings"
	"testing"
)

func TestLineMap(t *testing.T) {
	for _, c := range []struct {
		name, before, after string
		moved               []uint32 // where the lines of before are, from the first on
	}{
		{"nothing", "a b c", "a b c", []uint32{1, 2, 3, 4}},
		{"a line in front", "a b c", "x a b c", []uint32{2, 3, 4, 5}},
		{"a line less in front", "a b c", "b c", []uint32{1, 1, 2, 3}},
		{"in the middle", "a b c d", "a x y b c d", []uint32{1, 4, 5, 6}},
		{"two places", "a b c d e f", "a x b c d f g", []uint32{1, 3, 4, 5, 5, 6, 8}},
		{"a changed line", "a b c", "a x c", []uint32{1, 2, 3}},
		{"a changed line becomes two", "a b c", "a x y c", []uint32{1, 2, 4}},
		{"repeated lines", "{ } { } a { }", "{ } { } { } a { }", []uint32{1, 2, 3, 4, 7, 8, 9}},
		{"all new", "a b", "x y z", []uint32{1, 2}},
		{"to nothing", "a b", "", []uint32{1, 1}},
	} {
		m := MapLines(lines(c.before), lines(c.after))
		for i, want := range c.moved {
			if got := m.New(uint32(i) + 1); got != want {
				t.Errorf("%s: line %d is at %d, want %d", c.name, i+1, got, want)
			}
		}
	}
}

// lines is a text with one word a line.
func lines(words string) []byte {
	if words == "" {
		return nil
	}
	return []byte(strings.ReplaceAll(words, " ", "\n") + "\n")
}

// FuzzLineMap checks what holds for any two texts: lines that are said to be the
// same are, both directions agree on them, and both ascend.
func FuzzLineMap(f *testing.F) {
	f.Add("a\nb\nc\n", "a\nx\nc")
	f.Add("\n\n\n", "\n")
	f.Add("{\n}\n{\n}\n", "}\n{\n")
	f.Fuzz(func(t *testing.T, before, after string) {
		m := MapLines([]byte(before), []byte(after))
		a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
		for _, r := range m.runs[:max(0, len(m.runs)-1)] {
			for i := range r.n {
				if a[r.old-1+i] != b[r.new-1+i] {
					t.Fatalf("line %d %q is not line %d %q", r.old+i, a[r.old-1+i], r.new+i, b[r.new-1+i])
				}
				if m.New(r.old+i) != r.new+i || m.Old(r.new+i) != r.old+i {
					t.Fatalf("line %d of a run is at %d and was at %d, want %d", r.old+i, m.New(r.old+i), m.Old(r.new+i), r.new+i)
				}
			}
		}
		ascends(t, len(a), m.New)
		ascends(t, len(b), m.Old)
	})
}

func ascends(t *testing.T, n int, to func(uint32) uint32) {
	t.Helper()
	last := uint32(1)
	for i := range uint32(n) + 2 {
		at := to(i + 1)
		if at < last {
			t.Fatalf("line %d is at %d, the one before at %d", i+1, at, last)
		}
		last = at
	}
}
