package boots

import "dekho/internal/klog"

// This file finds a kernel that says the same again and again to the end: it
// does not stand still, and does not get on either.

// Repeat is what the last records of a boot repeat.
type Repeat struct {
	// Period is how many records are repeated, Times how often they came, the first
	// time included; 0 if the boot does not end like this.
	Period int
	Times  int64
	// Line is the line of the first of them.
	Line int
}

const (
	// maxPeriod bounds how many records can be repeated.
	maxPeriod = 8
	// leastRepeats is how many records have to be repetitions: a driver that tries
	// a few times is no loop.
	leastRepeats = 24
	// repeatTexts is how many records are remembered; a power of two.
	repeatTexts = 16
)

// repeating watches for it.
type repeating struct {
	texts [repeatTexts]uint64 // what the last records said, numbers apart
	lines [repeatTexts]int
	n     int64
	// same is for each period how many records in a row are equal to the one that
	// many before, from the line where the first cycle began.
	same [maxPeriod + 1]int64
	from [maxPeriod + 1]int
}

func (r *repeating) add(rec *klog.Record) {
	h := saying(rec.Text)
	for p := 1; p <= maxPeriod && int64(p) <= r.n; p++ {
		at := (r.n - int64(p)) & (repeatTexts - 1)
		if r.texts[at] != h {
			r.same[p] = 0
			continue
		}
		if r.same[p]++; r.same[p] == 1 {
			r.from[p] = r.lines[at]
		}
	}
	at := r.n & (repeatTexts - 1)
	r.texts[at], r.lines[at] = h, rec.Line
	r.n++
}

// saying is a hash of a text without its numbers.
func saying(text string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(text) {
		if c := text[i]; c < '0' || c > '9' {
			h = (h ^ uint64(c)) * 1099511628211
		}
	}
	return h
}

// result is the shortest cycle that the boot ends in.
func (r *repeating) result() Repeat {
	for p := 1; p <= maxPeriod; p++ {
		if r.same[p] >= leastRepeats {
			return Repeat{Period: p, Times: r.same[p]/int64(p) + 1, Line: r.from[p]}
		}
	}
	return Repeat{}
}
