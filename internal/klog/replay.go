package klog

import (
	"hash/maphash"
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
	seed  maphash.Seed
	boot  uint32 // number of the boot, mixed into the hashes
}

// next forgets what was seen, keeping the memory.
func (s *seenRecords) next() { s.boot++ }

func (s *seenRecords) hash(t time.Duration, text string) uint64 {
	h := maphash.String(s.seed, text)
	h ^= (uint64(t) + uint64(s.boot)<<56) * 0x9e3779b97f4a7c15
	return h ^ h>>29
}

func (s *seenRecords) add(t time.Duration, text string) {
	if s.slots == nil {
		s.slots = make([]uint32, seenSize)
		s.seed = maphash.MakeSeed()
	}
	h := s.hash(t, text)
	s.slots[h%seenSize] = uint32(h>>32) | 1
}

func (s *seenRecords) has(t time.Duration, text string) bool {
	if s.slots == nil {
		return false
	}
	h := s.hash(t, text)
	return s.slots[h%seenSize] == uint32(h>>32)|1
}
