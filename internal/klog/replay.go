package klog

import (
	"math/bits"
	"time"
)

// This file remembers the records of a boot, so that a log that is printed
// once more is told from another boot.

// Replay is a part of a boot's log that was printed once more: a console that
// takes over from the boot console prints what the kernel has kept, as dmesg does.
type Replay struct {
	// FirstLine and LastLine are the physical lines of what was printed again,
	// Start and End its bytes in the decompressed capture.
	FirstLine, LastLine int
	Start, End          int64
	// Records counts those printed again.
	Records int64
	// OfFirst and OfLast are the lines that they repeat.
	OfFirst, OfLast int
}

// maxReplays bounds the replays that are kept of a boot.
const maxReplays = 64

// seenSize is the number of records remembered; a power of two.
const seenSize = 1 << 15

// seenRecords is a set of records by time and text, of bounded size: a record
// may push an older one out. Microseconds and text together do not repeat by
// chance.
type seenRecords struct {
	slots []seenRecord
	boot  uint64 // number of the boot, mixed into the hashes
}

// seenRecord is a record's mark, which is not 0, and the line it stands on.
type seenRecord struct{ mark, line uint32 }

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

// slot is where a record goes, and its mark there.
func slot(h uint64) (at uint64, mark uint32) { return h % seenSize, uint32(h>>32) | 1 }

func (s *seenRecords) add(t time.Duration, text string, line int) {
	if s.slots == nil {
		s.slots = make([]seenRecord, seenSize)
	}
	at, mark := slot(s.hash(t, text))
	if s.slots[at].mark != 0 && s.slots[at^1].mark == 0 {
		at ^= 1
	}
	s.slots[at] = seenRecord{mark, uint32(line)}
}

func (s *seenRecords) has(t time.Duration, text string) bool {
	_, ok := s.find(t, text)
	return ok
}

// find returns the line of a record that was seen.
func (s *seenRecords) find(t time.Duration, text string) (line int, ok bool) {
	if s.slots == nil {
		return 0, false
	}
	at, mark := slot(s.hash(t, text))
	for _, at := range [...]uint64{at, at ^ 1} {
		if s.slots[at].mark == mark {
			return int(s.slots[at].line), true
		}
	}
	return 0, false
}

// again notes a record that is printed once more; starts says that it is the
// first in a row.
func (b *boot) again(rec *Record, starts bool) {
	if starts && len(b.Replays) < maxReplays {
		b.Replays = append(b.Replays, Replay{FirstLine: rec.Line, Start: rec.Start})
	}
	if len(b.Replays) == 0 {
		return
	}
	r := &b.Replays[len(b.Replays)-1]
	r.LastLine, r.End = rec.Line, rec.End
	r.Records++
	line, ok := b.seen.find(rec.Time, rec.Text)
	if !ok && r.Records == 1 {
		line, ok = b.KernelLine, true // the first records have no time yet
	}
	if ok {
		if r.OfFirst == 0 {
			r.OfFirst = line
		}
		r.OfLast = max(r.OfLast, line)
	}
}
