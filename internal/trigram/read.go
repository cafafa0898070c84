package trigram

// Reading: a section as it lies in a mapped file, nothing decoded but what a
// query asks for.

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// Index reads a section. It is safe for use by several goroutines. Methods
// return an error that wraps ErrCorrupt when they meet damaged bytes.
type Index struct {
	data []byte
	docs uint32
	keys uint32
}

// Open reads the header of a section. data is kept and must not change.
func Open(data []byte) (*Index, error) {
	if len(data) < blocksStart {
		return nil, fmt.Errorf("%w: %d bytes are too short", ErrCorrupt, len(data))
	}
	if string(data[:4]) != magic {
		return nil, fmt.Errorf("%w: it does not start with %q", ErrCorrupt, magic)
	}
	if v := binary.LittleEndian.Uint32(data[4:]); v != formatVersion {
		return nil, fmt.Errorf("%w: format version %d, want %d", ErrCorrupt, v, formatVersion)
	}
	x := &Index{
		data: data,
		docs: binary.LittleEndian.Uint32(data[8:]),
		keys: binary.LittleEndian.Uint32(data[12:]),
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

// postings is the encoded posting list of a key; empty when it is absent.
func (x *Index) postings(k Key) ([]byte, error) {
	if k >= NumKeys {
		return nil, nil
	}
	at := headerSize + 8*int(k/64)
	start := binary.LittleEndian.Uint64(x.data[at:])
	end := binary.LittleEndian.Uint64(x.data[at+8:])
	if start == end {
		return nil, nil
	}
	if start < blocksStart || end < start || end > uint64(len(x.data)) || end-start < 8 {
		return nil, fmt.Errorf("%w: block %d at %d to %d of %d bytes", ErrCorrupt, k/64, start, end, len(x.data))
	}
	block := x.data[start:end]
	present := binary.LittleEndian.Uint64(block)
	block = block[8:]
	bit := uint64(1) << (k & 63)
	if present&bit == 0 {
		return nil, nil
	}
	before := bits.OnesCount64(present & (bit - 1))
	var skip, size uint64
	for i := range bits.OnesCount64(present) {
		v, n := binary.Uvarint(block)
		if n <= 0 || v > uint64(len(x.data)) {
			return nil, fmt.Errorf("%w: list length in block %d", ErrCorrupt, k/64)
		}
		block = block[n:]
		if i < before {
			skip += v
		} else if i == before {
			size = v
		}
	}
	if skip+size > uint64(len(block)) {
		return nil, fmt.Errorf("%w: list of key %#x leaves its block", ErrCorrupt, uint32(k))
	}
	return block[skip : skip+size], nil
}

// Cost is the number of bytes of a key's posting list: how much work it is to
// read, and a measure of how common the key is.
func (x *Index) Cost(k Key) (int, error) {
	p, err := x.postings(k)
	return len(p), err
}

// AddTo adds the documents of a key to a set made for this index.
func (x *Index) AddTo(k Key, s *Set) error {
	p, err := x.postings(k)
	if err != nil {
		return err
	}
	if s.n != x.docs {
		return fmt.Errorf("trigram: set over %d documents used with an index of %d", s.n, x.docs)
	}
	if !decode(p, s.words, x.docs) {
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
