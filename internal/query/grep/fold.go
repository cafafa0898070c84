package grep

// Finding a text in upper or lower case: eight places at a time are compared
// with its two rarest neighbouring bytes.

import (
	"encoding/binary"
	"math/bits"

	"dekho/internal/query/plan"
)

// foldFinder looks for a text in either case.
type foldFinder struct {
	needle []byte // in lower case
	masks  []byte // for each byte, the bit that tells the cases apart, or 0
	pair   int    // index of the rarest pair
	// The pair in each byte of a word, and the masks of it.
	first, second         uint64
	firstMask, secondMask uint64
}

const (
	eachByte = 0x0101010101010101
	highBits = 0x8080808080808080
	caseBit  = 0x20
)

func newFoldFinder(needle string) *foldFinder {
	f := &foldFinder{needle: []byte(needle), pair: plan.RarestPair(needle)}
	for _, c := range f.needle {
		mask := byte(0)
		if c >= 'a' && c <= 'z' {
			mask = caseBit
		}
		f.masks = append(f.masks, mask)
	}
	f.first, f.second = eachByte*uint64(f.needle[f.pair]), eachByte*uint64(f.needle[f.pair+1])
	f.firstMask, f.secondMask = eachByte*uint64(f.masks[f.pair]), eachByte*uint64(f.masks[f.pair+1])
	return f
}

// index is where the needle is first found in text[at:], as an index into text;
// -1 if it is not there.
func (f *foldFinder) index(text []byte, at int) int {
	i := at + f.pair
	first, second, firstMask, secondMask := f.first, f.second, f.firstMask, f.secondMask
	for i+9 <= len(text) {
		p := text[i : i+9]
		x := (binary.LittleEndian.Uint64(p) | firstMask) ^ first | (binary.LittleEndian.Uint64(p[1:]) | secondMask) ^ second
		// A byte that is zero sets its high bit here; so can the one above it,
		// which is then looked at in vain.
		for hits := (x - eachByte) &^ x & highBits; hits != 0; hits &= hits - 1 {
			if start := i + bits.TrailingZeros64(hits)/8 - f.pair; f.matches(text, start) {
				return start
			}
		}
		i += 8
	}
	for ; i+1 < len(text); i++ {
		if f.matches(text, i-f.pair) {
			return i - f.pair
		}
	}
	return -1
}

// matches reports whether the needle stands at text[i].
func (f *foldFinder) matches(text []byte, i int) bool {
	if len(text)-i < len(f.needle) {
		return false
	}
	for j, c := range f.needle {
		if text[i+j]|f.masks[j] != c {
			return false
		}
	}
	return true
}
