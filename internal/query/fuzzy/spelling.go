package fuzzy

// What a digest says about names that are spelled like one that does not exist.

import (
	"bytes"
	"encoding/binary"
)

// Spelling is a name that may be mistyped: some letters wrong, missing, too many
// or swapped with a neighbour, or only underscores and case.
type Spelling struct {
	edits  int
	length int
	want   []uint8 // kinds of its letters
	shape  []uint8 // without underscores
	pairs  []uint32
}

// maxSpelled bounds the letters of a name that digests are asked about.
const maxSpelled = 64

// NewSpelling prepares the search for names that become the name with at most
// so many letters changed.
func NewSpelling(name string, edits int) *Spelling {
	s := &Spelling{edits: edits, length: len(name)}
	text := []byte(name)[:min(len(name), maxSpelled)]
	s.want = kinds(text)
	s.shape = kinds(bytes.ReplaceAll(text, []byte{'_'}, nil))
	for i := 1; i < len(s.want); i++ {
		s.pairs = append(s.pairs, pairBit(s.want[i-1], s.want[i]))
	}
	return s
}

func kinds(text []byte) []uint8 {
	list := make([]uint8, len(text))
	for i, c := range text {
		list[i] = kindOf[c]
	}
	return list
}

// A letter that is wrong or missing breaks two pairs of neighbours, two that are
// swapped break three.
const brokenPairs = 3

// MayHave reports whether a block with the digest can have a name that is
// spelled like this one, or that contains it.
func (s *Spelling) MayHave(digest []byte) bool {
	d := digest[:DigestSize]
	if subsequence(d, s.shape, 0) {
		return true
	}
	if int(d[digestLength]) > s.length+s.edits {
		return false
	}
	broken := 0
	for _, bit := range s.pairs {
		if d[digestPairs+bit/8]>>(bit%8)&1 == 0 {
			if broken++; broken > brokenPairs*s.edits {
				return false
			}
		}
	}
	return subsequence(d, s.want, s.edits)
}

// subsequence reports whether a name of the block can have these kinds in this
// order, up to some of them that may be left out.
func subsequence(d []byte, want []uint8, without int) bool {
	var gone uint64 // positions left out
	return ordered(d, want, gone, without)
}

// ordered looks for a kind that no name of the block has behind another one
// which stands before it: then one of the two must be left out.
func ordered(d []byte, want []uint8, gone uint64, without int) bool {
	occurs := binary.LittleEndian.Uint32(d[digestKinds:])
	before := uint32(0)
	for j, k := range want {
		if gone>>j&1 != 0 {
			continue
		}
		row := binary.LittleEndian.Uint32(d[digestRows+3*uint32(k):])
		bad := before &^ row & kindMask
		if occurs>>k&1 != 0 && bad == 0 {
			before |= 1 << k
			continue
		}
		if without == 0 {
			return false
		}
		if ordered(d, want, gone|1<<j, without-1) {
			return true
		}
		if occurs>>k&1 == 0 {
			return false
		}
		for i := range j {
			if gone>>i&1 == 0 && bad>>want[i]&1 != 0 {
				return ordered(d, want, gone|1<<i, without-1)
			}
		}
		return false
	}
	return true
}
