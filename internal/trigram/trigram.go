// Package trigram is the text index: which documents of a segment contain
// which groups of three neighbouring bytes. A search plans which trigrams a
// match must contain (package query/plan), asks the index for the documents
// that have them all, and reads only those.
//
// # Alphabet
//
// Bytes are first mapped to 64 classes, so a trigram is an 18-bit Key and
// everything that is kept per key lives in flat arrays. Letters fold to one
// case, hence one index answers case-sensitive and case-insensitive searches
// alike; digits, '_', blank, tab, newline and the punctuation that matters in
// C have a class each; all other bytes, those of UTF-8 sequences included,
// share the class Other. Mapping bytes together loses precision (a candidate
// may lack the text), never a match.
//
// A document counts as if a newline stood before its first and after its last
// byte, so that anchored patterns find first and last lines; a byte order mark
// at its start is left out. A trigram with a
// newline in its middle spans lines, which no search does: it is not stored.
//
// # Layout of a section
//
// All integers are little-endian.
//
//	[4]byte  "DKTG"
//	uint32   format version (1)
//	uint32   number of documents: every document number is below it
//	uint32   number of keys present
//	uint64×4097  offsets from the start of the section: block i (the keys
//	         64i to 64i+63) is the bytes from offset i to offset i+1;
//	         empty when none of its keys is present
//	blocks, each:
//	  uint64   bit j set: key 64i+j is present
//	  uvarint  for each present key, in order: bytes of its posting list
//	  the posting lists, in order
//
// A posting list is a sequence of tokens over a cursor that starts at
// document 0. "word w" below stands for the documents 64w to 64w+63; gap words
// are skipped after the first word boundary at or after the cursor. Tokens
// that set one document move the cursor behind it, the others behind their
// word.
//
//	00..BF  t           document cursor+t
//	C0..DF  t b         document cursor+192+((t-C0)<<8|b)
//	E0..E7  t b b       document cursor+8384+((t-E0)<<16|b<<8|b)
//	E8      b b b b     document cursor+uint32
//	F0..F3  m bytes     sparse word, gap t-F0: bit j of m set means that byte j
//	                    of the word follows; the other bytes are zero
//	F4      uvarint m bytes   the same, the gap spelled out
//	F5..F8  8 bytes     whole word, gap t-F5
//	F9      m bytes     dense word, gap 0: as F0, but the other bytes are 0xFF
//	FA                  full word, gap 0: all 64 documents
//
// Other tokens are invalid. The writer takes the shortest spelling word by
// word, so that rare keys cost about a byte per posting and keys that are in
// every file a byte per 64 documents.
package trigram

import "errors"

// Key identifies a trigram of byte classes: 18 bits, first class highest.
type Key uint32

// NumKeys is the number of distinct keys.
const NumKeys = 1 << 18

const (
	classBits = 6
	keyMask   = NumKeys - 1

	// Blank is the class of ' '.
	Blank uint8 = 37
	// Newline is the class of '\n', and of the edges of a document.
	Newline uint8 = 39
	// Other is the class shared by the bytes that have none of their own.
	Other uint8 = 63

	magic         = "DKTG"
	formatVersion = 1
	numBlocks     = NumKeys / 64
	headerSize    = 16
	blocksStart   = headerSize + 8*(numBlocks+1)
)

// MaxDocs bounds document numbers: a result set costs a bit for each.
const MaxDocs = 1 << 26

// ErrCorrupt is wrapped by every error that means the bytes of a section are
// not what a Builder writes.
var ErrCorrupt = errors.New("trigram index is damaged")

// class maps a byte to its class. It is part of the format: a change of it
// needs a new formatVersion.
var class = func() (t [256]uint8) {
	for i := range t {
		t[i] = Other
	}
	for i := range byte(26) {
		t['a'+i] = i
		t['A'+i] = i
	}
	for i := range byte(10) {
		t['0'+i] = 26 + i
	}
	t['_'] = 36
	t[' '] = Blank
	t['\t'] = 38
	t['\n'] = Newline
	for i, c := range []byte("();,.*-><=&\"/:{}#+|![]%") {
		t[c] = 40 + uint8(i)
	}
	return t
}()

// Class is the class of a byte.
func Class(b byte) uint8 { return class[b] }

// KeyOf is the key of three neighbouring bytes; ok is false when the index
// does not store it because it spans two lines.
func KeyOf(a, b, c byte) (k Key, ok bool) {
	return KeyOfClasses(class[a], class[b], class[c])
}

// KeyOfClasses is KeyOf for bytes already mapped by Class.
func KeyOfClasses(a, b, c uint8) (k Key, ok bool) {
	return Key(a&63)<<(2*classBits) | Key(b&63)<<classBits | Key(c&63), b != Newline
}
