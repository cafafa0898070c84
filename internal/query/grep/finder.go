package grep

// Finding literals: the standard library's search for one byte is many times
// faster than any loop over a text, so the rarest byte of a literal is looked
// for, and the literal around it.

import (
	"bytes"

	"dekho/internal/query/plan"
)

// finder looks for one string.
type finder struct {
	needle []byte
	rare   int // index of the rarest byte in needle
}

func newFinder(s string) finder {
	f := finder{needle: []byte(s)}
	for i := range f.needle {
		if plan.Rarity(s[i]) > plan.Rarity(s[f.rare]) {
			f.rare = i
		}
	}
	return f
}

// index is where the needle is first found in text[at:], as an index into
// text; -1 if it is not there.
func (f *finder) index(text []byte, at int) int {
	b := f.needle[f.rare]
	i := at + f.rare
	for misses := 0; ; misses++ {
		if i >= len(text) {
			return -1
		}
		n := bytes.IndexByte(text[i:], b)
		if n < 0 {
			return -1
		}
		i += n
		start := i - f.rare
		if len(text)-start < len(f.needle) {
			return -1
		}
		if string(text[start:start+len(f.needle)]) == string(f.needle) {
			return start
		}
		i++
		if misses > 8+(i-at)/32 {
			// The byte is not rare here.
			if n = bytes.Index(text[start+1:], f.needle); n < 0 {
				return -1
			}
			return start + 1 + n
		}
	}
}

// finders looks for the first of several strings.
type finders struct {
	list []finder
	// next is where each was found last: valid for the text at hand and for
	// positions up to it.
	next []int
}

const (
	unsearched = -1
	nowhere    = -2
)

func newFinders(strs []string) *finders {
	fs := &finders{}
	for _, s := range strs {
		fs.list = append(fs.list, newFinder(s))
		fs.next = append(fs.next, unsearched)
	}
	return fs
}

// reset forgets the text.
func (fs *finders) reset() {
	for i := range fs.next {
		fs.next[i] = unsearched
	}
}

// index is where the first of the strings is found in text[at:]; -1 if none
// is. Calls for one text have increasing at.
func (fs *finders) index(text []byte, at int) int {
	if len(fs.list) == 1 {
		return fs.list[0].index(text, at)
	}
	first := -1
	for i := range fs.list {
		n := fs.next[i]
		if n == nowhere {
			continue
		}
		if n < at {
			n = fs.list[i].index(text, at)
			if n < 0 {
				fs.next[i] = nowhere
				continue
			}
			fs.next[i] = n
		}
		if first < 0 || n < first {
			first = n
		}
	}
	return first
}
