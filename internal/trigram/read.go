package trigram

// Reading: a section as it lies in a mapped file, nothing decoded but what a
// query asks for.

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// Source gives access to the bytes of a section that is not checked as a
// whole, such as a store.Section: what a query does not touch is never read.
type Source interface {
	// Len is the length of the section in bytes.
	Len() int
	// Bytes returns n bytes at off, which must not change, or an error if
	// they cannot be read or are not in the section.
	Bytes(off, n uint64) ([]byte, error)
}

// memory is a section in memory.
type memory []byte

func (m memory) Len() int { return len(m) }

func (m memory) Bytes(off, n uint64) ([]byte, error) {
	if size := uint64(len(m)); off > size || n > size-off {
		return nil, fmt.Errorf("%w: it has no bytes %d+%d", ErrCorrupt, off, n)
	}
	return m[off : off+n], nil
}

// Index reads a section. It is safe for use by several goroutines if its
// source is. Methods return an error that wraps ErrCorrupt when they meet
// damaged bytes, and the errors of the source.
type Index struct {
	src  Source
	docs uint32
	keys uint32
}

// Open reads the header of a section in memory. data is kept and must not
// change.
func Open(data []byte) (*Index, error) { return OpenSource(memory(data)) }

// OpenSource reads the header of a section.
func OpenSource(src Source) (*Index, error) {
	if src.Len() < blocksStart {
		return nil, fmt.Errorf("%w: %d bytes are too short", ErrCorrupt, src.Len())
	}
	head, err := src.Bytes(0, headerSize)
	if err != nil {
		return nil, err
	}
	if string(head[:4]) != magic {
		return nil, fmt.Errorf("%w: it does not start with %q", ErrCorrupt, magic)
	}
	if v := binary.LittleEndian.Uint32(head[4:]); v != formatVersion {
		return nil, fmt.Errorf("%w: format version %d, want %d", ErrCorrupt, v, formatVersion)
	}
	x := &Index{
		src:  src,
		docs: binary.LittleEndian.Uint32(head[8:]),
		keys: binary.LittleEndian.Uint32(head[12:]),
	}
	if x.docs > MaxDocs {
		return nil, fmt.Errorf("%w: %d documents", ErrCorrupt, x.docs)
	}
	return x, nil
}

// NumDocs is the number of documents: document numbers are below it.
func (x *Index) NumDocs() uint32 { return x.docs }

// NumKeys is the number of distinct trigrams, as the header says.
func (x *Index) NumKeys() uint32 { return x.keys }

// span is where a posting list lies in the section.
type span struct{ off, n uint64 }

// maxBlockHead bounds what stands before the posting lists of a block.
const maxBlockHead = 8 + 64*binary.MaxVarintLen32

// find locates the posting list of a key; it is empty when the key is absent.
func (x *Index) find(k Key) (span, error) {
	if k >= NumKeys {
		return span{}, nil
	}
	entry, err := x.src.Bytes(headerSize+8*uint64(k/64), 16)
	if err != nil {
		return span{}, err
	}
	start, end := binary.LittleEndian.Uint64(entry), binary.LittleEndian.Uint64(entry[8:])
	if start == end {
		return span{}, nil
	}
	size := uint64(x.src.Len())
	if start < blocksStart || end < start || end > size || end-start < 8 {
		return span{}, fmt.Errorf("%w: block %d at %d to %d of %d bytes", ErrCorrupt, k/64, start, end, size)
	}
	head, err := x.src.Bytes(start, min(end-start, maxBlockHead))
	if err != nil {
		return span{}, err
	}
	present := binary.LittleEndian.Uint64(head)
	bit := uint64(1) << (k & 63)
	if present&bit == 0 {
		return span{}, nil
	}
	before := bits.OnesCount64(present & (bit - 1))
	at := 8
	var s span
	for i := range bits.OnesCount64(present) {
		v, n := binary.Uvarint(head[at:])
		if n <= 0 || v > size {
			return span{}, fmt.Errorf("%w: list length in block %d", ErrCorrupt, k/64)
		}
		at += n
		if i < before {
			s.off += v
		} else if i == before {
			s.n = v
		}
	}
	s.off += start + uint64(at)
	if s.off+s.n > end {
		return span{}, fmt.Errorf("%w: list of key %#x leaves its block", ErrCorrupt, uint32(k))
	}
	return s, nil
}

// AddTo adds the documents of a key to a set made for this index.
func (x *Index) AddTo(k Key, set *Set) error {
	s, err := x.find(k)
	if err != nil {
		return err
	}
	return x.addSpan(k, s, set)
}

// addSpan adds the documents of the posting list of k to a set.
func (x *Index) addSpan(k Key, s span, set *Set) error {
	if set.n != x.docs {
		return fmt.Errorf("trigram: set over %d documents used with an index of %d", set.n, x.docs)
	}
	p, err := x.src.Bytes(s.off, s.n)
	if err != nil {
		return err
	}
	if !decode(p, set.words, x.docs) {
		return fmt.Errorf("%w: posting list of key %#x", ErrCorrupt, uint32(k))
	}
	return nil
}

// decode sets the bits of a posting list; words has a bit for each of docs
// documents. It reports whether the list is well-formed.
func decode(p []byte, words []uint64, docs uint32) bool {
	next := uint64(0) // the cursor; never beyond 2^33
	limit := uint64(docs)
	for i := 0; i < len(p); {
		t := p[i]
		i++
		if t < 0xF0 {
			d := next
			switch {
			case t < 0xC0:
				d += uint64(t)
			case t < 0xE0:
				if i+1 > len(p) {
					return false
				}
				d += 192 + uint64(t-0xC0)<<8 + uint64(p[i])
				i++
			case t < 0xE8:
				if i+2 > len(p) {
					return false
				}
				d += 192 + 1<<13 + uint64(t-0xE0)<<16 + uint64(p[i])<<8 + uint64(p[i+1])
				i += 2
			case t == 0xE8:
				if i+4 > len(p) {
					return false
				}
				d += uint64(binary.LittleEndian.Uint32(p[i:]))
				i += 4
			default:
				return false
			}
			if d >= limit {
				return false
			}
			words[d/64] |= 1 << (d & 63)
			next = d + 1
			continue
		}

		word := (next + 63) / 64
		var v uint64
		switch {
		case t <= 0xF4:
			gap := uint64(t - 0xF0)
			if t == 0xF4 {
				g, n := binary.Uvarint(p[i:])
				if n <= 0 || g > MaxDocs {
					return false
				}
				i += n
				gap = g
			}
			word += gap
			var ok bool
			if v, i, ok = partialWord(p, i, 0); !ok {
				return false
			}
		case t <= 0xF8:
			word += uint64(t - 0xF5)
			if i+8 > len(p) {
				return false
			}
			v = binary.LittleEndian.Uint64(p[i:])
			i += 8
		case t == 0xF9:
			var ok bool
			if v, i, ok = partialWord(p, i, ^uint64(0)); !ok {
				return false
			}
		case t == 0xFA:
			v = ^uint64(0)
		default:
			return false
		}
		if word >= uint64(len(words)) {
			return false
		}
		if rest := limit - word*64; rest < 64 && v>>rest != 0 {
			return false
		}
		words[word] |= v
		next = word*64 + 64
	}
	return true
}

// partialWord reads a word of which only some bytes are spelled; the others
// are those of v.
func partialWord(p []byte, i int, v uint64) (uint64, int, bool) {
	if i >= len(p) {
		return 0, i, false
	}
	m := p[i]
	i++
	if i+bits.OnesCount8(m) > len(p) {
		return 0, i, false
	}
	for ; m != 0; m &= m - 1 {
		shift := 8 * bits.TrailingZeros8(m)
		v = v&^(0xFF<<shift) | uint64(p[i])<<shift
		i++
	}
	return v, i, true
}
