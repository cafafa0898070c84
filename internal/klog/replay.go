package klog

import (
	"math/bits"
	"time"
)

// This file remembers the records of a boot, so that a log that is printed
// once more is told from another boot.

// seenSize is the number of records remembered; a power of two.
const seenSize = 1 << 15

// seenRecords is a set of records by time and text, of bounded size: a record
// may push an older one out. Microseconds and text together do not repeat by
// chance.
type seenRecords struct {
	slots []uint32
	boot  uint64 // number of the boot, mixed into the hashes
}

// next forgets what was seen, keeping the memory.
func (s *seenRecords) next() { s.boot++ }

// hash is the same in every run: what a capture yields must not depend on
// chance.
func (s *seenRecords) hash(t time.Duration, text string) uint64 {
	const k0, k1 = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93
	h := (uint64(t) ^ s.boot<<56 ^ uint64(len(text))<<48) * k0
	for len(text) >= 8 {
		w := uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24 |
			uint64(text[4])<<32 | uint64(text[5])<<40 | uint64(text[6])<<48 | uint64(text[7])<<56
		h = (bits.RotateLeft64(h, 29) ^ w) * k1
		text = text[8:]
	}
	for i := range len(text) {
		h = (bits.RotateLeft64(h, 29) ^ uint64(text[i])) * k1
	}
	return h ^ h>>32
}

// slot is where a record goes, and its mark there, which is not 0.
func slot(h uint64) (at uint64, mark uint32) { return h % seenSize, uint32(h>>32) | 1 }

func (s *seenRecords) add(t time.Duration, text string) {
	if s.slots == nil {
		s.slots = make([]uint32, seenSize)
	}
	at, mark := slot(s.hash(t, text))
	if s.slots[at] != 0 && s.slots[at^1] == 0 {
		at ^= 1
	}
	s.slots[at] = mark
}

func (s *seenRecords) has(t time.Duration, text string) bool {
	if s.slots == nil {
		return false
	}
	at, mark := slot(s.hash(t, text))
	return s.slots[at] == mark || s.slots[at^1] == mark
}
