package pattern

import "encoding/binary"

// Grams: a pattern is filed under the hash of 6, 4, 3 or 2 adjacent bytes of
// its literal text, the longest class it has room for.

var gramSizes = [...]int{6, 4, 3, 2}

const maxGram = 6

// gramMask[i] keeps the bytes of a gram of class i in a little-endian load.
var gramMask = [...]uint64{1<<48 - 1, 1<<32 - 1, 1<<24 - 1, 1<<16 - 1}

// gramSalt[i] tells the classes apart.
var gramSalt = [...]uint64{0x9e3779b97f4a7c15, 0xd1b54a32d192ed03, 0x8cb92ba72f3d8dd7, 0xa0761d6478bd642f}

// gramHash hashes the first bytes of an eight-byte load. The high bits are
// good; a multiplication mixes upwards only.
func gramHash(load uint64, class int) uint64 {
	return (load&gramMask[class] + uint64(class)) * gramSalt[class]
}

// gramKey is the part of a hash kept in a slot to tell grams apart there. It
// must not consist of the bits that choose the slot.
func gramKey(h uint64) uint32 { return uint32(h>>20) ^ uint32(h>>50) }

// load8 loads up to eight bytes at i, zeros beyond the end.
func load8(b []byte, i int) uint64 {
	if i+8 <= len(b) {
		return binary.LittleEndian.Uint64(b[i:])
	}
	var t [8]byte
	copy(t[:], b[i:])
	return binary.LittleEndian.Uint64(t[:])
}
