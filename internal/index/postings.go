package index

// The encoding of postings.

import (
	"encoding/binary"
	"slices"

	"dekho/internal/lang"
)

// Postings of a name are groups, one for each document in which it occurs:
//
//	head   uvarint: documents since the previous group <<2 | min(n-1, 3)
//	n-4    uvarint, if the head says 3
//	n occurrences, each a uvarint: lines since the previous one <<5 | role
//
// The first group counts documents from 0, the first occurrence of a group
// lines from 0. Occurrences are sorted; there is one for each line and role,
// however often the name stands there. Several groups for one document are
// allowed (the head then says 0 documents).
const roleBits = 5

// The roles must fit.
const _ = uint(1<<roleBits - lang.NumRoles)

// appendGroup encodes one group. codes are line<<roleBits|role, at least one;
// their order may change.
func appendGroup(dst []byte, docs uint32, codes []uint32) []byte {
	if len(codes) > 1 {
		// Extractors report in source order, but for what they look ahead for.
		for i := 1; i < len(codes); i++ {
			if codes[i-1] > codes[i] {
				slices.Sort(codes)
				break
			}
		}
		codes = slices.Compact(codes)
	}
	n := len(codes)
	dst = binary.AppendUvarint(dst, uint64(docs)<<2|uint64(min(n-1, 3)))
	if n > 3 {
		dst = binary.AppendUvarint(dst, uint64(n-4))
	}
	line := uint32(0)
	for _, c := range codes {
		l := c >> roleBits
		v := (l-line)<<roleBits | c&(1<<roleBits-1)
		line = l
		for v >= 0x80 {
			dst = append(dst, byte(v)|0x80)
			v >>= 7
		}
		dst = append(dst, byte(v))
	}
	return dst
}

// postingReader decodes postings. It ends early on damage and says so.
type postingReader struct {
	p    []byte
	doc  uint64
	left uint64 // occurrences of the group not yet read
	line uint64
	bad  bool
}

// nextDoc moves to the next group and returns its document.
func (r *postingReader) nextDoc() (uint32, bool) {
	for r.left > 0 {
		if _, ok := r.next(); !ok {
			return 0, false
		}
	}
	if len(r.p) == 0 {
		return 0, false
	}
	head, ok := r.uvarint()
	if !ok {
		return 0, false
	}
	r.doc += head >> 2
	r.left = head&3 + 1
	if r.left == 4 {
		more, ok := r.uvarint()
		if !ok {
			return 0, false
		}
		r.left += more
	}
	r.line = 0
	if r.doc > 1<<32-1 || r.left > uint64(len(r.p)) {
		r.bad = true
		return 0, false
	}
	return uint32(r.doc), true
}

// next returns the next occurrence of the group as line<<roleBits|role.
func (r *postingReader) next() (uint32, bool) {
	if r.left == 0 {
		return 0, false
	}
	v, ok := r.uvarint()
	if !ok {
		return 0, false
	}
	r.left--
	r.line += v >> roleBits
	if r.line > 1<<(32-roleBits)-1 {
		r.bad, r.left = true, 0
		return 0, false
	}
	return uint32(r.line)<<roleBits | uint32(v)&(1<<roleBits-1), true
}

func (r *postingReader) uvarint() (uint64, bool) {
	if len(r.p) > 0 && r.p[0] < 0x80 {
		v := r.p[0]
		r.p = r.p[1:]
		return uint64(v), true
	}
	v, n := binary.Uvarint(r.p)
	if n <= 0 {
		r.bad, r.left, r.p = true, 0, nil
		return 0, false
	}
	r.p = r.p[n:]
	return v, true
}
