package index

// The dictionary of a segment under construction.

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"unsafe"

	"dekho/internal/lang"
)

// names is the dictionary of a segment under construction: every identifier
// with the postings collected so far. It is built for one thing, to take the
// sixty million identifiers of a kernel in a few seconds:
//
//   - The identifiers of one file are grouped first, in a table small enough
//     for the inner caches; the large table is asked once for each name and
//     file instead of once for each occurrence.
//   - The large table is asked in rounds over many names, each round a short
//     loop of independent loads, so that their cache misses overlap.
//   - A name, its state and its first postings lie in one record, because most
//     names of a kernel occur once and then need nothing else.
type names struct {
	seed  maphash.Seed
	slots []uint64 // hash<<32 | record; 0 is free
	mem   []byte   // what slots lies in
	used  int
	recs  arena
	posts arena // chunks of postings that outgrew their record

	// Of the file being added; kept for their memory.
	local []localName
	table []uint64 // lang.Hash<<32 | index into local + 1
	size  int      // how much of table this file uses
	ids   []uint32 // for each occurrence its index into local
	codes []uint32 // occurrences grouped by name
	group []byte
	touch byte
}

// localName is a name of the file being added.
type localName struct {
	off   uint32
	len   uint16
	rec   uint32
	tail  uint32 // where its postings probably end
	roles uint32
	next  uint32 // where its next occurrence goes in codes; in the end, the end of its group
}

// A record, at a multiple of 8 in recs: little-endian fields, then the name,
// then room for the first postings.
const (
	recDoc    = 0  // u32: document of the last posting; once sorted, the rank
	recHead   = 4  // u32: first chunk, 0 if all is inline
	recTail   = 8  // u32: last chunk
	recUsed   = 12 // u16: bytes used in the last chunk
	recLen    = 14 // u16: length of the name
	recRoles  = 16 // u32: set of roles
	recInline = 20 // u8: bytes of postings inside the record
	recClass  = 21 // u8: size class of the last chunk
	recName   = 22
	inlineCap = 10
)

// A chunk is the position of the next one (u32) and payload, 16 to 4096 bytes
// in all.
const (
	firstChunk = 16
	lastClass  = 8
	chunkHead  = 4
)

// maxProbe bounds the search of the small table, whose hash anyone can compute
// and thus make collide, and maxTable its size. A name that is not found
// within the bound is entered again, which the postings can express.
const (
	maxProbe = 32
	maxTable = 1 << 20
)

// resolveBatch is how many names are looked up in the large table together: as
// many as the inner caches hold the lines of.
const resolveBatch = 128

// errFull says that a segment must be written before the file fits.
var errFull = errors.New("segment is full")

// open makes room for about as many names as text of the given size has.
func (n *names) open(size int64) error {
	n.seed = maphash.MakeSeed()
	slots := 1 << 12
	for slots < 1<<22 && int64(slots)*bytesPerSlot < size {
		slots *= 2
	}
	if err := n.makeSlots(slots); err != nil {
		return err
	}
	if err := n.recs.open(); err != nil {
		return err
	}
	if err := n.posts.open(); err != nil {
		n.recs.close()
		return err
	}
	n.recs.alloc(8) // position 0 means none
	n.posts.alloc(8)
	return nil
}

// bytesPerSlot is how much text of a kernel comes with a slot that is used, or
// free to keep searches short.
const bytesPerSlot = 150

// makeSlots replaces the table by an empty one. Like an arena it lies outside
// the heap, for large pages.
func (n *names) makeSlots(count int) error {
	mem, err := mapMemory(8 * count)
	if err != nil {
		return fmt.Errorf("growing the dictionary: %w", err)
	}
	n.mem = mem
	n.slots = unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(mem))), count)
	return nil
}

func (n *names) close() {
	if n.mem != nil {
		unmapMemory(n.mem)
	}
	n.recs.close()
	n.posts.close()
	n.slots, n.mem, n.used = nil, nil, 0
}

// memory is how many bytes the dictionary holds.
func (n *names) memory() int { return n.recs.n + n.posts.n + 8*len(n.slots) }

// add enters the occurrences of one file. Documents come in increasing order.
// extra is how many bytes of names may follow with recordOf, in how many names.
// When it returns errFull, nothing was entered.
func (n *names) add(doc uint32, src []byte, occs []lang.Occ, extraNames, extraBytes int) error {
	nameBytes := n.groupByName(src, occs)
	if n.recs.room() < (len(n.local)+extraNames)*(recName+inlineCap+8)+nameBytes+extraBytes ||
		n.posts.room() < n.worstCase(len(n.local), len(occs)) {
		return errFull
	}
	if err := n.grow(len(n.local) + extraNames); err != nil {
		return err
	}
	from := uint32(0)
	for local := range slices.Chunk(n.local, resolveBatch) {
		n.resolve(src, local)
		for i := range local {
			n.addGroup(&local[i], doc, n.codes[from:local[i].next])
			from = local[i].next
		}
	}
	return nil
}

// worstCase bounds what chunks a file with so many names and occurrences can
// take. A group has at most 10 bytes and 5 for each occurrence; in chunks that
// double, less than four times as much. Besides, a chunk begun for a name that
// has some already is at most twice as large as all that it has.
func (n *names) worstCase(names, occs int) int {
	return names*(firstChunk+4*10) + 4*5*occs + min(names*(firstChunk<<lastClass), 2*n.posts.n)
}

// release gives up memory that only a very large file needs, when all has been
// asked about the file added last.
func (n *names) release() {
	if cap(n.codes) > maxKept {
		n.local, n.ids, n.codes = nil, nil, nil
	}
}

// maxKept is how many occurrences of a file memory is kept for.
const maxKept = 4 << 20

// groupByName fills local, and codes with the occurrences of each local name
// side by side. It returns the sum of the lengths of the names.
func (n *names) groupByName(src []byte, occs []lang.Occ) (nameBytes int) {
	size := 64
	for size < 2*len(occs) && size < maxTable {
		size *= 2
	}
	if len(n.table) < size {
		n.table = make([]uint64, size)
	}
	// The table is as large as the file needs and no larger, to stay in cache.
	n.size = size
	table := n.table[:size]
	clear(table)
	mask := uint32(size - 1)
	n.local = n.local[:0]
	n.ids = slices.Grow(n.ids[:0], len(occs))[:len(occs)]
	ids := n.ids
	for i := range occs {
		o := &occs[i]
		name := src[o.Off : o.Off+uint32(o.Len)]
		at := o.Hash & mask
		for probe := 0; ; probe++ {
			s := table[at]
			if s == 0 || probe == maxProbe {
				n.local = append(n.local, localName{off: o.Off, len: o.Len, roles: 1 << (o.Role & 31), next: 1})
				table[at] = uint64(o.Hash)<<32 | uint64(len(n.local))
				ids[i] = uint32(len(n.local) - 1)
				nameBytes += int(o.Len)
				break
			}
			if uint32(s>>32) == o.Hash {
				l := &n.local[uint32(s)-1]
				if l.len == o.Len && bytes.Equal(src[l.off:l.off+uint32(l.len)], name) {
					l.next++
					l.roles |= 1 << (o.Role & 31)
					ids[i] = uint32(s) - 1
					break
				}
			}
			at = (at + 1) & mask
		}
	}
	sum := uint32(0)
	for i := range n.local {
		l := &n.local[i]
		l.next, sum = sum, sum+l.next
	}
	n.codes = slices.Grow(n.codes[:0], len(occs))[:len(occs)]
	for i := range occs {
		l := &n.local[ids[i]]
		n.codes[l.next] = occs[i].Line<<roleBits | uint32(occs[i].Role)
		l.next++
	}
	return nameBytes
}

// recordOf finds or makes the record of a name of the file added last; add has
// made room for it.
func (n *names) recordOf(src, name []byte) uint32 {
	if l, ok := n.find(src, name, lang.Hash(name)); ok {
		return l.rec
	}
	return n.record(name, uint32(maphash.Bytes(n.seed, name)))
}

// find returns the local name that is equal to name.
func (n *names) find(src, name []byte, hash uint32) (*localName, bool) {
	mask := uint32(n.size - 1)
	at := hash & mask
	for range maxProbe {
		s := n.table[at]
		if s == 0 {
			return nil, false
		}
		if uint32(s>>32) == hash {
			l := &n.local[uint32(s)-1]
			if bytes.Equal(src[l.off:l.off+uint32(l.len)], name) {
				return l, true
			}
		}
		at = (at + 1) & mask
	}
	return nil, false
}

// resolve finds or makes the records of local names.
func (n *names) resolve(src []byte, local []localName) {
	var hash [resolveBatch]uint32
	for i := range local {
		l := &local[i]
		hash[i] = uint32(maphash.Bytes(n.seed, src[l.off:l.off+uint32(l.len)]))
	}
	// Each of the following rounds loads what the first probe suggests, to have
	// it in the cache: first the slots, then the records, then the ends of
	// their postings. What is loaded is checked only when it is used.
	slots, mask := n.slots, uint32(len(n.slots)-1)
	for i := range local {
		local[i].rec = uint32(slots[hash[i]&mask])
	}
	recs, posts := n.recs.buf, n.posts.buf
	for i := range local {
		r := recs[uint64(local[i].rec)<<3:]
		local[i].tail = binary.LittleEndian.Uint32(r[recTail:])
	}
	touch := byte(0)
	for i := range local {
		touch += posts[uint64(local[i].tail)<<3]
	}
	n.touch = touch
	for i := range local {
		l := &local[i]
		l.rec = n.record(src[l.off:l.off+uint32(l.len)], hash[i])
	}
}

// record finds or makes the record of a name. The caller has seen to it that
// there is room.
func (n *names) record(name []byte, h uint32) uint32 {
	mask := uint32(len(n.slots) - 1)
	for at := h & mask; ; at = (at + 1) & mask {
		s := n.slots[at]
		if s == 0 {
			rec := n.recs.alloc(recName + len(name) + inlineCap)
			r := n.recs.buf[uint64(rec)<<3:]
			binary.LittleEndian.PutUint16(r[recLen:], uint16(len(name)))
			copy(r[recName:], name)
			n.slots[at] = uint64(h)<<32 | uint64(rec)
			n.used++
			return rec
		}
		if uint32(s>>32) == h && bytes.Equal(n.name(uint32(s)), name) {
			return uint32(s)
		}
	}
}

// name is the name in a record.
func (n *names) name(rec uint32) []byte {
	r := n.recs.buf[uint64(rec)<<3:]
	return r[recName : recName+int(binary.LittleEndian.Uint16(r[recLen:]))]
}

// grow makes the large table big enough for more names.
func (n *names) grow(more int) error {
	size := len(n.slots)
	for size/4*3 < n.used+more {
		size *= 2
	}
	if size == len(n.slots) {
		return nil
	}
	old, oldMem := n.slots, n.mem
	if err := n.makeSlots(size); err != nil {
		return err
	}
	mask := uint32(size - 1)
	for _, s := range old {
		if s == 0 {
			continue
		}
		at := uint32(s>>32) & mask
		for n.slots[at] != 0 {
			at = (at + 1) & mask
		}
		n.slots[at] = s
	}
	unmapMemory(oldMem)
	return nil
}

// addGroup appends the occurrences of one name in one document to its postings.
func (n *names) addGroup(l *localName, doc uint32, codes []uint32) {
	r := n.recs.buf[uint64(l.rec)<<3:]
	delta := doc - binary.LittleEndian.Uint32(r[recDoc:])
	binary.LittleEndian.PutUint32(r[recDoc:], doc)
	binary.LittleEndian.PutUint32(r[recRoles:], binary.LittleEndian.Uint32(r[recRoles:])|l.roles)
	n.group = appendGroup(n.group[:0], delta, codes)
	g := n.group
	used := r[recInline]
	if binary.LittleEndian.Uint32(r[recHead:]) == 0 && int(used)+len(g) <= inlineCap {
		at := recName + int(binary.LittleEndian.Uint16(r[recLen:])) + int(used)
		copy(r[at:at+inlineCap], g)
		r[recInline] = used + uint8(len(g))
		return
	}
	n.appendChunks(r, g)
}

func (n *names) appendChunks(r, g []byte) {
	le := binary.LittleEndian
	tail := le.Uint32(r[recTail:])
	used := int(le.Uint16(r[recUsed:]))
	class := r[recClass]
	for len(g) > 0 {
		if tail == 0 || used == firstChunk<<class {
			if tail != 0 && class < lastClass {
				class++
			}
			next := n.posts.alloc(firstChunk << class)
			if tail == 0 {
				le.PutUint32(r[recHead:], next)
			} else {
				le.PutUint32(n.posts.buf[uint64(tail)<<3:], next)
			}
			tail, used = next, chunkHead
		}
		at := int(tail)<<3 + used
		k := copy(n.posts.buf[at:int(tail)<<3+firstChunk<<class], g)
		g = g[k:]
		used += k
	}
	le.PutUint32(r[recTail:], tail)
	le.PutUint16(r[recUsed:], uint16(used))
	r[recClass] = class
}

// postings appends all postings of a record to dst.
func (n *names) postings(dst []byte, rec uint32) []byte {
	le := binary.LittleEndian
	r := n.recs.buf[uint64(rec)<<3:]
	inline := recName + int(le.Uint16(r[recLen:]))
	dst = append(dst, r[inline:inline+int(r[recInline])]...)
	chunk, tail := le.Uint32(r[recHead:]), le.Uint32(r[recTail:])
	for size := firstChunk; chunk != 0; size = min(2*size, firstChunk<<lastClass) {
		c := n.posts.buf[uint64(chunk)<<3:]
		end := size
		if chunk == tail {
			end = int(le.Uint16(r[recUsed:]))
		}
		dst = append(dst, c[chunkHead:end]...)
		chunk = le.Uint32(c)
	}
	return dst
}
