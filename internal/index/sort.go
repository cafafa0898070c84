package index

// Sorting the names of a segment.

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// sortKey is a name on its way into byte order: its record and the eight bytes
// of the name that are compared next.
type sortKey struct {
	key  uint64
	rec  uint32
	len  uint16 // of the whole name
	mask uint16 // index of its set of roles in a table
}

// maxMasks bounds the table of sets of roles. The first entry stands for all
// sets that found no place in it and holds every role.
const maxMasks = 1 << 16

// sorted returns the records in byte order of their names, and the table of
// the sets of roles that they have.
func (n *names) sorted() (keys []sortKey, masks []uint32) {
	keys = make([]sortKey, 0, n.used)
	ids := make(map[uint32]uint16)
	masks = append(masks, ^uint32(0))
	last, lastID := masks[0], uint16(0)
	for at := 1; at<<3 < n.recs.n; {
		r := n.recs.buf[at<<3:]
		size := int(binary.LittleEndian.Uint16(r[recLen:]))
		roles := binary.LittleEndian.Uint32(r[recRoles:])
		if roles != last {
			id, ok := ids[roles]
			if !ok {
				if len(masks) < maxMasks {
					id = uint16(len(masks))
					masks = append(masks, roles)
				}
				ids[roles] = id
			}
			last, lastID = roles, id
		}
		keys = append(keys, sortKey{keyAt(r[recName:recName+size], 0), uint32(at), uint16(size), lastID})
		at += (recName + size + inlineCap + 7) >> 3
	}
	tmp := make([]sortKey, len(keys))
	n.sortFrom(keys, tmp, 0)
	return keys, masks
}

// keyAt is the eight bytes of name from depth on, the first the most
// significant, zeros behind the end.
func keyAt(name []byte, depth int) uint64 {
	if len(name) >= depth+8 {
		return binary.BigEndian.Uint64(name[depth:])
	}
	if depth >= len(name) {
		return 0
	}
	var b [8]byte
	copy(b[:], name[depth:])
	return binary.BigEndian.Uint64(b[:])
}

// sortFrom sorts names that are equal up to depth and whose keys hold the next
// eight bytes. Names of register headers share long beginnings, so comparing
// them as strings walks the same bytes again and again; here each eight bytes
// are fetched once.
func (n *names) sortFrom(keys, tmp []sortKey, depth int) {
	if len(keys) < 2 {
		return
	}
	if len(keys) < 24 {
		slices.SortFunc(keys, func(a, b sortKey) int {
			switch {
			case a.key < b.key:
				return -1
			case a.key > b.key:
				return 1
			}
			return bytes.Compare(n.name(a.rec), n.name(b.rec))
		})
		return
	}
	radixSort(keys, tmp, 56)
	for i := 0; i < len(keys); {
		j := i + 1
		for j < len(keys) && keys[j].key == keys[i].key {
			j++
		}
		if j-i > 1 {
			n.sortEqual(keys[i:j], tmp[i:j], depth+8)
		}
		i = j
	}
}

// sortEqual sorts names that are equal up to depth, but for zeros behind the
// end of some.
func (n *names) sortEqual(keys, tmp []sortKey, depth int) {
	// Names that end before depth differ only in how many zero bytes they end
	// in, which no language has but no one forbids.
	short := 0
	for i := range keys {
		if int(keys[i].len) <= depth {
			keys[i], keys[short] = keys[short], keys[i]
			short++
		}
	}
	slices.SortFunc(keys[:short], func(a, b sortKey) int { return int(a.len) - int(b.len) })
	rest := keys[short:]
	for i := range rest {
		rest[i].key = keyAt(n.name(rest[i].rec), depth)
	}
	n.sortFrom(rest, tmp[short:], depth)
}

// radixSort sorts by the key's byte at shift and below, most significant first.
func radixSort(keys, tmp []sortKey, shift int) {
	for {
		if len(keys) < 64 {
			slices.SortFunc(keys, func(a, b sortKey) int {
				switch {
				case a.key < b.key:
					return -1
				case a.key > b.key:
					return 1
				}
				return 0
			})
			return
		}
		var count [256]int
		for i := range keys {
			count[byte(keys[i].key>>shift)]++
		}
		if count[byte(keys[0].key>>shift)] == len(keys) {
			if shift == 0 {
				return
			}
			shift -= 8
			continue
		}
		var next [256]int
		sum := 0
		for b, c := range count {
			next[b] = sum
			sum += c
		}
		for i := range keys {
			b := byte(keys[i].key >> shift)
			tmp[next[b]] = keys[i]
			next[b]++
		}
		copy(keys, tmp)
		if shift == 0 {
			return
		}
		from := 0
		for b := range count {
			if c := count[b]; c > 1 {
				radixSort(keys[from:from+c], tmp[from:from+c], shift-8)
			}
			from += count[b]
		}
		return
	}
}
