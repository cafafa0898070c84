package fuzzy

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestSpelling makes sure that no block is turned away that has a name which is
// mistyped, in other case, or part of a longer one.
func TestSpelling(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const letters = "abcdefgijklmnoprstuvw_0X"
	word := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte(letters[r.IntN(len(letters))])
		}
		return b.String()
	}
	turned := 0
	for range 20_000 {
		name := word(3 + r.IntN(20))
		typed := []byte(name)
		edits := r.IntN(3)
		for range edits {
			i := r.IntN(len(typed))
			switch r.IntN(4) {
			case 0:
				typed[i] = letters[r.IntN(len(letters))]
			case 1:
				typed = append(typed[:i], typed[min(i+1, len(typed)):]...)
			case 2:
				typed = append(typed[:i], append([]byte{letters[r.IntN(len(letters))]}, typed[i:]...)...)
			case 3:
				if i > 0 {
					typed[i-1], typed[i] = typed[i], typed[i-1]
				}
			}
			if len(typed) == 0 {
				typed = []byte("x")
			}
		}
		asked := string(typed)
		switch r.IntN(4) {
		case 0:
			if edits == 0 {
				asked = strings.ReplaceAll(strings.ToUpper(name), "_", "")
				if asked == "" {
					continue
				}
			}
		case 1:
			if edits == 0 {
				name = "io_" + name + "_x"
			}
		}
		var d Digester
		d.Add(0, []byte(name))
		d.Add(0, []byte(word(8)))
		digest := d.AppendTo(nil)
		digest = append(digest, make([]byte, 8)...)
		if !NewSpelling(asked, 2).MayHave(digest) {
			t.Fatalf("%q is not found by %q", name, asked)
		}
		if !NewSpelling(word(12), 2).MayHave(digest) {
			turned++
		}
	}
	if turned < 10_000 {
		t.Errorf("only %d blocks of 20,000 are turned away", turned)
	}
}
