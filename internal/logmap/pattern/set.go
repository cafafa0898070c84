package pattern

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Layout of a compiled set. All numbers are little endian, sections follow
// each other in this order, each padded to a multiple of 8 bytes; a
// position is a byte offset from the start.
//
//	header      64 bytes
//	  magic        8 bytes, "dekhopat"
//	  format       u32, setFormat
//	  patterns     u32, number of patterns P
//	  code         u32, length of the code section
//	  slots        u32, log2 of the number of slots
//	  postings     u32, number of postings
//	  weak         u32, number of weak patterns
//	  bitmap       u32, log2 of the bits of the bitmap
//	  size         u32, length of the whole
//	  reserved     to 64, zero
//	offsets     u32 x (P+1), where each pattern starts in the code section
//	specificity i16 x P, in 1/8 bit
//	bitmap      one bit for each gram hash in use
//	slots       {key u32, posting u32} x 2^slots; posting is one more than the
//	            first posting of the gram, 0 for an empty slot
//	postings    u32 each: pattern << 10 | floating << 9 | place << 1 | last.
//	            Place is where in the text the gram must stand. If the pattern
//	            is floating, it may stand anywhere, and place is where it
//	            stands in the code of the pattern, farPlace if too far to say.
//	            The postings of a gram are contiguous, floating ones first.
//	weak        40 bytes each, see signature.go: patterns without a gram, most
//	            specific first
//	code        the patterns, see code.go
const (
	setMagic   = "dekhopat"
	setFormat  = 2
	headerSize = 64

	farPlace    = 255
	maxPatterns = 1 << 22
	maxLog2     = 26

	// maxProbe bounds the search in the slots. The builder enlarges the
	// table until it holds.
	maxProbe = 128
)

// Errors returned by Open, wrapped with what was found.
var (
	ErrFormat  = errors.New("not a pattern set of this version")
	ErrDamaged = errors.New("damaged pattern set")
)

// PatternID identifies a pattern of a set: the order in which the patterns
// were added, equal ones counted once.
type PatternID uint32 //nolint:revive // callers have ids of several kinds; plain ID says too little

// Set is a compiled set of patterns over bytes that the caller keeps, usually
// a mapping. It is immutable and may be used by many goroutines, each with its
// own Matcher. No content of the bytes makes its methods panic.
type Set struct {
	patterns int
	offsets  []byte
	spec     []byte
	bitmap   []byte
	slots    []byte
	postings []byte
	weak     []byte
	code     []byte

	bitmapShift uint
	slotShift   uint
}

// Open returns the set compiled into b by a Builder. It checks the sizes of
// the sections and touches nothing else, whatever the number of patterns;
// damage inside the sections costs matches, never a fault.
func Open(b []byte) (*Set, error) {
	if len(b) < headerSize {
		return nil, fmt.Errorf("%w: %d bytes", ErrDamaged, len(b))
	}
	u32 := func(i int) int { return int(binary.LittleEndian.Uint32(b[i:])) }
	if string(b[:8]) != setMagic || u32(8) != setFormat {
		return nil, fmt.Errorf("%w: magic %q, format %d", ErrFormat, b[:8], u32(8))
	}
	patterns, code, slots, postings, weak, bitmap := u32(12), u32(16), u32(20), u32(24), u32(28), u32(32)
	if patterns > maxPatterns || slots > maxLog2 || bitmap > maxLog2 || slots < 1 || bitmap < 6 ||
		postings > patterns || weak > patterns {
		return nil, fmt.Errorf("%w: header out of range", ErrDamaged)
	}
	s := &Set{patterns: patterns, bitmapShift: uint(64 - bitmap), slotShift: uint(64 - slots)}
	at := headerSize
	for _, sec := range []struct {
		dst  *[]byte
		size int
	}{
		{&s.offsets, 4 * (patterns + 1)},
		{&s.spec, 2 * patterns},
		{&s.bitmap, 1 << (bitmap - 3)},
		{&s.slots, 8 << slots},
		{&s.postings, 4 * postings},
		{&s.weak, weakSize * weak},
		{&s.code, code},
	} {
		if sec.size > len(b)-at {
			return nil, fmt.Errorf("%w: cut short at %d of %d bytes", ErrDamaged, len(b), u32(36))
		}
		*sec.dst = b[at : at+sec.size : at+sec.size]
		at = min(align8(at+sec.size), len(b))
	}
	return s, nil
}

func align8(n int) int { return (n + 7) &^ 7 }

// Len is the number of patterns.
func (s *Set) Len() int { return s.patterns }

// Weak is the number of patterns that Find does not see because they have no
// usable literal text.
func (s *Set) Weak() int { return len(s.weak) / weakSize }

// code of a pattern; nil if there is none or the set is damaged.
func (s *Set) codeOf(id PatternID) []byte {
	if int64(id) >= int64(s.patterns) {
		return nil
	}
	i := 4 * int(id)
	start, end := binary.LittleEndian.Uint32(s.offsets[i:]), binary.LittleEndian.Uint32(s.offsets[i+4:])
	if start > end || int64(end) > int64(len(s.code)) || end-start < codeHeader {
		return nil
	}
	return s.code[start:end]
}

// Specificity is the information a match of the pattern carries, in bits: how
// improbable its literal text is among all patterns, more for conversions of a
// strict form (a MAC address), less for those that match anything. A pattern
// of nothing but text conversions is negative.
func (s *Set) Specificity(id PatternID) float64 { return float64(s.rank(id)) / rankPerBit }

// rankPerBit is the number of stored units of specificity in a bit.
const rankPerBit = 8

func (s *Set) rank(id PatternID) int16 {
	if int64(id) >= int64(s.patterns) {
		return -1 << 15
	}
	return int16(binary.LittleEndian.Uint16(s.spec[2*int(id):]))
}

// OpenEnded reports whether the format of the pattern does not end its line.
func (s *Set) OpenEnded(id PatternID) bool {
	code := s.codeOf(id)
	return code != nil && code[0]&codeOpen != 0
}

// AppendElems appends the elements of the pattern, adjacent literals joined
// and blanks at the end of a closed pattern removed. Their texts refer to the
// bytes of the set; conversions have none. The conversions are in the order of
// Captures.Spans.
func (s *Set) AppendElems(dst []Elem, id PatternID) []Elem {
	code := s.codeOf(id)
	if code == nil {
		return dst
	}
	return appendElems(dst, code)
}

// Format is the pattern spelled as a format, for people.
func (s *Set) Format(id PatternID) string {
	var b []byte
	for _, e := range s.AppendElems(nil, id) {
		b = append(b, e.String()...)
	}
	return string(b)
}
