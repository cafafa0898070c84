package pattern

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"hash/maphash"
	"io"
	"math"
	"slices"
)

// ErrTooManyPatterns is returned by Builder.WriteTo if more than four million
// different patterns were added.
var ErrTooManyPatterns = errors.New("too many patterns")

// Builder collects patterns and compiles them into a set. The zero value is
// not usable; see NewBuilder. A Builder is used by one goroutine.
type Builder struct {
	code    []byte
	offsets []uint32 // start of each pattern, and the end of the last
	table   []uint32 // open addressing by hash of the code: id + 1
	seed    maphash.Seed
	failed  error
}

// NewBuilder returns a builder with room for about the given number of
// patterns.
func NewBuilder(patterns int) *Builder {
	patterns = min(max(patterns, 16), maxPatterns)
	size := 1
	for size < 2*patterns {
		size *= 2
	}
	return &Builder{
		code:    make([]byte, 0, 48*patterns),
		offsets: append(make([]uint32, 0, patterns+1), 0),
		table:   make([]uint32, size),
		seed:    maphash.MakeSeed(),
	}
}

// Len is the number of different patterns added.
func (b *Builder) Len() int { return len(b.offsets) - 1 }

// Add adds a pattern and returns its id; a pattern equal to an earlier one
// gets the earlier one's id. OpenEnded says that the format does not end in a
// newline, so that what follows it on the line may have been printed by
// another statement: such a pattern also matches the beginning of a text.
// Newlines and blanks at the end of a pattern that is not open-ended are
// dropped.
func (b *Builder) Add(elems []Elem, openEnded bool) PatternID {
	start := len(b.code)
	b.code = appendCode(b.code, elems, openEnded)
	code := b.code[start:]
	mask := uint64(len(b.table) - 1)
	i := maphash.Bytes(b.seed, code) & mask
	for ; b.table[i] != 0; i = (i + 1) & mask {
		id := b.table[i] - 1
		if bytes.Equal(code, b.code[b.offsets[id]:b.offsets[id+1]]) {
			b.code = b.code[:start]
			return PatternID(id)
		}
	}
	id := uint32(b.Len())
	if id >= maxPatterns || len(b.code) > math.MaxInt32 {
		b.code = b.code[:start]
		b.failed = ErrTooManyPatterns
		return PatternID(id)
	}
	b.offsets = append(b.offsets, uint32(len(b.code)))
	b.table[i] = id + 1
	if b.Len() > len(b.table)/2 {
		b.grow()
	}
	return PatternID(id)
}

// grow doubles the table of codes.
func (b *Builder) grow() {
	b.table = make([]uint32, 2*len(b.table))
	mask := uint64(len(b.table) - 1)
	for id := 0; id < b.Len(); id++ {
		i := maphash.Bytes(b.seed, b.code[b.offsets[id]:b.offsets[id+1]]) & mask
		for b.table[i] != 0 {
			i = (i + 1) & mask
		}
		b.table[i] = uint32(id) + 1
	}
}

// WriteTo compiles the patterns and writes the set for Open. The bytes depend
// only on the patterns and the order in which they were added.
func (b *Builder) WriteTo(w io.Writer) (int64, error) {
	if b.failed != nil {
		return 0, b.failed
	}
	n, err := w.Write(b.compile())
	return int64(n), err
}

// minPrefixBits is the specificity from which on FindWeak reports that an
// open-ended pattern matches the beginning of a text. "%s: " begins most lines.
const minPrefixBits = 6

// filing is where one pattern goes in the gram index.
type filing struct {
	hash    uint64
	posting uint32 // see the layout of sets; without last
}

func (b *Builder) compile() []byte {
	n := b.Len()
	st := newStatistics(b)
	ranks := make([]int16, n)
	filings := make([]filing, 0, n)
	var weak []uint32
	for id := 0; id < n; id++ {
		code := b.code[b.offsets[id]:b.offsets[id+1]]
		ranks[id] = st.rank(code)
		if f, ok := st.file(code, uint32(id)); ok {
			filings = append(filings, f)
		} else {
			weak = append(weak, uint32(id))
		}
	}
	slices.SortStableFunc(weak, func(x, y uint32) int { return cmp.Compare(ranks[y], ranks[x]) })
	slices.SortFunc(filings, func(x, y filing) int {
		if c := cmp.Compare(x.hash, y.hash); c != 0 {
			return c
		}
		// Floating ones first: beyond the first bytes of a text only they count.
		if c := cmp.Compare(y.posting>>9&1, x.posting>>9&1); c != 0 {
			return c
		}
		return cmp.Compare(x.posting, y.posting)
	})
	grams := 0
	for i := range filings {
		if i == 0 || filings[i].hash != filings[i-1].hash {
			grams++
		}
	}
	logBitmap := log2(16*len(filings), 12, 22)
	logSlots := log2(2*grams, 4, maxLog2)
	slots := fillSlots(filings, logSlots)
	for slots == nil {
		logSlots++
		slots = fillSlots(filings, logSlots)
	}

	sizes := [...]int{4 * (n + 1), 2 * n, 1 << (logBitmap - 3), len(slots), 4 * len(filings), weakSize * len(weak), len(b.code)}
	var at [len(sizes)]int
	total := headerSize
	for i, size := range sizes {
		at[i] = total
		total = align8(total + size)
	}
	out := make([]byte, total)
	copy(out, setMagic)
	le := binary.LittleEndian
	for i, v := range []int{setFormat, n, len(b.code), logSlots, len(filings), len(weak), logBitmap, total} {
		le.PutUint32(out[8+4*i:], uint32(v))
	}
	for i, off := range b.offsets {
		le.PutUint32(out[at[0]+4*i:], off)
	}
	for i, rank := range ranks {
		le.PutUint16(out[at[1]+2*i:], uint16(rank))
	}
	bitmap := out[at[2]:]
	for i, f := range filings {
		bit := f.hash >> (64 - logBitmap)
		bitmap[bit>>3] |= 1 << (bit & 7)
		p := f.posting
		if i+1 == len(filings) || filings[i+1].hash != f.hash {
			p |= 1
		}
		le.PutUint32(out[at[4]+4*i:], p)
	}
	copy(out[at[3]:], slots)
	for i, id := range weak {
		code := b.code[b.offsets[id]:b.offsets[id+1]]
		prefix := code[0]&codeOpen != 0 && ranks[id] >= minPrefixBits*rankPerBit
		putWeak(out[at[5]+weakSize*i:], id, patternSignature(code), prefix)
	}
	copy(out[at[6]:], b.code)
	return out
}

// fillSlots builds the hash table of the grams of sorted filings, or returns
// nil if a search would be longer than maxProbe.
func fillSlots(filings []filing, log int) []byte {
	slots := make([]byte, 8<<log)
	mask := uint64(1)<<log - 1
	for i := range filings {
		h := filings[i].hash
		if i > 0 && filings[i-1].hash == h {
			continue
		}
		s := h >> (64 - log)
		probe := 0
		for binary.LittleEndian.Uint32(slots[8*s+4:]) != 0 {
			if probe++; probe >= maxProbe && log < maxLog2 {
				return nil
			}
			s = (s + 1) & mask
		}
		binary.LittleEndian.PutUint32(slots[8*s:], gramKey(h))
		binary.LittleEndian.PutUint32(slots[8*s+4:], uint32(i)+1)
	}
	return slots
}

// log2 is the logarithm of the power of two at or above n, within bounds.
func log2(n, lo, hi int) int {
	l := lo
	for l < hi && 1<<l < n {
		l++
	}
	return l
}
