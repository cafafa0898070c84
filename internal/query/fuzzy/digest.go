package fuzzy

// Digests: what is known about a block without reading it.
//
// A dictionary of names is mostly families of register macros: long names that
// share their beginnings and, taken together, have nearly every letter. Which
// letters a block has says little about it; which letters come before which
// others in some name of it says much, and so does which stand side by side
// and which start words, as that bounds the score.
//
// Characters are of one of 24 kinds: a letter or a few rare ones, digits, all
// others. A digest is DigestSize bytes, numbers little-endian:
//
//	[24][3]byte  for each kind, the kinds that come before it in a name
//	[3]byte      the kinds that occur
//	[3]byte      the kinds that occur where bonuses has one
//	[3]byte      the kinds that names start with
//	byte         the length of the shortest name, at most 255
//	[46]byte     pairs of kinds that stand side by side: bit pairBit of each
//
// Digests are stored in indexes: a change of what they mean must change
// DigestVersion.

import (
	"encoding/binary"
	"math"
)

const (
	// DigestSize is the length of a digest in bytes.
	DigestSize = 128
	// DigestVersion is the version of the format of digests.
	DigestVersion = 1

	numKinds = 24
	kindMask = 1<<numKinds - 1

	digestRows   = 0
	digestKinds  = digestRows + 3*numKinds
	digestWords  = digestKinds + 3
	digestFirsts = digestWords + 3
	digestLength = digestFirsts + 3
	digestPairs  = digestLength + 1
	pairBits     = 8 * (DigestSize - digestPairs)
)

// kindOf maps bytes to kinds.
var kindOf = func() (t [256]uint8) {
	const otherKind = numKinds - 1
	for i := range t {
		t[i] = otherKind
	}
	for kind, members := range [...]string{
		"a", "b", "c", "d", "e", "f", "g", "h", "i", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "v",
		"jqxz", "wy", "0123456789",
	} {
		for _, c := range []byte(members) {
			t[c] = uint8(kind)
			if 'a' <= c && c <= 'z' {
				t[c-'a'+'A'] = uint8(kind)
			}
		}
	}
	return t
}()

// pairBit is the bit of digestPairs for kind a followed by kind b.
func pairBit(a, b uint8) uint32 {
	return (uint32(a)*numKinds + uint32(b)) * 0x9E3779B1 >> 16 % pairBits
}

// Digester makes digests, name by name. The zero Digester is ready for use.
type Digester struct {
	rows                 [numKinds]uint32
	kinds, words, firsts uint32
	pairs                [DigestSize - digestPairs]byte
	// names says that there are any, shortest how long the shortest is.
	names    bool
	shortest int
	// Of the last name: its bytes' kinds and classes, and the kinds before
	// each.
	last []digested
}

type digested struct {
	before uint32
	kind   uint8
	class  charClass
}

// Add adds a name of the block: the first shared bytes of the one before and
// rest. Nothing is shared with a name of another block.
func (d *Digester) Add(shared int, rest []byte) {
	shared = min(shared, len(d.last))
	d.last = d.last[:shared]
	before, kind, class := uint32(0), uint8(0), classStart
	if shared > 0 {
		l := d.last[shared-1]
		before, kind, class = l.before|1<<l.kind, l.kind, l.class
	}
	for _, c := range rest {
		k, cl := kindOf[c]%numKinds, classOf[c]
		d.rows[k] |= before
		if class == classStart {
			d.firsts |= 1 << k
		} else {
			bit := pairBit(kind, k)
			d.pairs[bit/8] |= 1 << (bit % 8)
		}
		if bonuses[class][cl] != 0 {
			d.words |= 1 << k
		}
		d.last = append(d.last, digested{before, k, cl})
		before |= 1 << k
		kind, class = k, cl
	}
	d.kinds |= before
	if n := len(d.last); !d.names || n < d.shortest {
		d.names, d.shortest = true, n
	}
}

// AppendTo appends the digest of the names added to dst and starts the next
// block.
func (d *Digester) AppendTo(dst []byte) []byte {
	for _, r := range d.rows {
		dst = append(dst, byte(r), byte(r>>8), byte(r>>16))
	}
	for _, m := range [...]uint32{d.kinds, d.words, d.firsts} {
		dst = append(dst, byte(m), byte(m>>8), byte(m>>16))
	}
	dst = append(dst, byte(min(d.shortest, math.MaxUint8)))
	dst = append(dst, d.pairs[:]...)
	*d = Digester{last: d.last[:0]}
	return dst
}

// sieve tells from digests what a query can find in a block.
type sieve struct {
	terms []termSieve
	// most is the ceiling of the score of the terms.
	most int
}

type termSieve struct {
	kinds []uint8 // of the letters
	// wants is, for each kind of the term, the kinds that must come before it.
	wants []rowWant
	pairs []uint32 // bits of neighbouring letters
	kind  kind
	most  int
}

type rowWant struct{ off, mask uint32 }

func newSieve(q *Query) *sieve {
	s := &sieve{}
	for i := range q.terms {
		t := &q.terms[i]
		if t.inverse {
			continue
		}
		ts := termSieve{kind: t.kind, most: ceiling(t)}
		s.most += ts.most
		before := uint32(0)
		for j, c := range t.text {
			k := kindOf[c]
			ts.kinds = append(ts.kinds, k)
			if before != 0 {
				ts.wants = append(ts.wants, rowWant{digestRows + 3*uint32(k), before})
			}
			before |= 1 << k
			if j > 0 {
				ts.pairs = append(ts.pairs, pairBit(ts.kinds[j-1], k))
			}
		}
		ts.wants = append(ts.wants, rowWant{digestKinds, before})
		s.terms = append(s.terms, ts)
	}
	return s
}

// bound is at least the score of any name of the block with the digest d, or
// unmatched if surely none matches.
func (s *sieve) bound(d []byte) int {
	d = d[:DigestSize]
	sum := 0
	for i := range s.terms {
		t := &s.terms[i]
		for _, w := range t.wants {
			if binary.LittleEndian.Uint32(d[w.off&127:])&w.mask != w.mask {
				return unmatched
			}
		}
		n := t.bound(d)
		if n == unmatched {
			return unmatched
		}
		sum += n
	}
	return sum
}

func (t *termSieve) bound(d []byte) int {
	words := binary.LittleEndian.Uint32(d[digestWords:])
	firsts := binary.LittleEndian.Uint32(d[digestFirsts:])
	sum := pointsMatch * len(t.kinds)
	switch first := t.kinds[0]; {
	case firsts>>first&1 != 0:
		sum += firstMultiplier * bonusStart
	case t.kind == prefix || t.kind == whole:
		return unmatched
	case words>>first&1 != 0:
		sum += firstMultiplier * bonusSlash
	}
	for j, bit := range t.pairs {
		switch {
		case d[digestPairs+bit/8]>>(bit%8)&1 != 0:
			sum += maxBonus
		case t.kind != letters:
			return unmatched
		case words>>t.kinds[j+1]&1 != 0:
			sum += bonusSlash - costGap
		default:
			sum -= costGap
		}
	}
	return sum
}

// ceiling is the most that a term can score in any text.
func ceiling(t *term) int {
	return len(t.text)*(pointsMatch+maxBonus) + (firstMultiplier-1)*maxBonus
}
