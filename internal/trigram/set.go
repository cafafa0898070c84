package trigram

// Set: the documents of a segment as bits. At a bit per document a set over a
// kernel tree is 10 KB, so that combining lists word by word beats walking
// them in step.

import (
	"iter"
	"math/bits"
)

// Set is a set of documents of one index.
type Set struct {
	words []uint64
	n     uint32
}

// NewSet returns an empty set over n documents.
func NewSet(n uint32) *Set {
	return &Set{words: make([]uint64, (uint64(n)+63)/64), n: n}
}

// Len is the number of documents in the index, in the set or not.
func (s *Set) Len() uint32 { return s.n }

// Clear removes all documents.
func (s *Set) Clear() { clear(s.words) }

// Fill adds all documents.
func (s *Set) Fill() {
	for i := range s.words {
		s.words[i] = ^uint64(0)
	}
	if rest := s.n % 64; rest != 0 {
		s.words[len(s.words)-1] = 1<<rest - 1
	}
}

// Add adds a document.
func (s *Set) Add(doc uint32) {
	if doc < s.n {
		s.words[doc/64] |= 1 << (doc & 63)
	}
}

// Has reports whether a document is in the set.
func (s *Set) Has(doc uint32) bool {
	return doc < s.n && s.words[doc/64]>>(doc&63)&1 != 0
}

// And keeps the documents that are also in t, a set over as many documents.
func (s *Set) And(t *Set) {
	for i := range min(len(s.words), len(t.words)) {
		s.words[i] &= t.words[i]
	}
}

// Or adds the documents of t, a set over as many documents.
func (s *Set) Or(t *Set) {
	for i := range min(len(s.words), len(t.words)) {
		s.words[i] |= t.words[i]
	}
}

// Count is the number of documents in the set.
func (s *Set) Count() int {
	n := 0
	for _, w := range s.words {
		n += bits.OnesCount64(w)
	}
	return n
}

// Empty reports whether no document is in the set.
func (s *Set) Empty() bool {
	for _, w := range s.words {
		if w != 0 {
			return false
		}
	}
	return true
}

// All yields the documents in increasing order.
func (s *Set) All() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i, w := range s.words {
			for ; w != 0; w &= w - 1 {
				if !yield(uint32(i*64 + bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}
