package pattern

import "encoding/binary"

// A signature says what stands where in a text, in a few words: which bytes it
// has, which pairs of adjacent bytes, which bytes next to numbers, and how it
// begins and ends. A pattern cannot match a text whose signature lacks
// something of its own. The weak patterns, which no gram finds, are tried in a
// row; the signature spares most of them the match.
type signature struct {
	bytes, pairs, shapes uint64
	first, last          edge
	colons               int  // number of colons
	hexRun               int  // length of the longest run of hexadecimal digits
	length               int  // of a text; of a pattern the most it can match whole
	odd                  bool // has a "(null)" or the like in place of a value
}

// unlimited is the length of a pattern with free text.
const unlimited = 1<<16 - 1

// edge is what a text may begin or end with: one byte, or bytes of some
// classes. As part of the signature of a text, it is that byte.
type edge struct {
	literal bool
	value   byte // the byte, or a set of edge classes, 0 for any
}

// Classes of the bytes that conversions begin and end with.
const (
	edgeDigit uint8 = 1 << iota
	edgeLowerHex
	edgeUpperHex
	edgeSign
	edgeBlank
	edgeParen
)

var edgeClasses = func() (t [256]uint8) {
	for c := range t {
		if classes[c]&classDigit != 0 {
			t[c] |= edgeDigit
		}
		if classes[c]&classLowerHex != 0 {
			t[c] |= edgeLowerHex
		}
		if classes[c]&classUpperHex != 0 {
			t[c] |= edgeUpperHex
		}
		if c == '-' || c == '+' {
			t[c] |= edgeSign
		}
		if isBlank(byte(c)) {
			t[c] |= edgeBlank
		}
		if c == '(' || c == ')' {
			t[c] |= edgeParen
		}
	}
	return t
}()

// allows reports whether a text may have c there.
func (e edge) allows(c byte) bool {
	if e.literal {
		return e.value == c
	}
	return e.value == 0 || edgeClasses[c]&e.value != 0
}

// signatureBit is the bit of a byte. Punctuation, which is what literals of
// weak patterns are made of, has bits of its own; all digits share one.
var signatureBit = func() (t [256]uint8) {
	next := uint8(0)
	for c := range t {
		switch {
		case isDigit(byte(c)):
			t[c] = 63
		case c > ' ' && c < 0x7f && !isAlnum(byte(c)):
			t[c] = next
			next++
		}
	}
	shared := 63 - next // the rest
	for c := range t {
		if !isDigit(byte(c)) && (c <= ' ' || c >= 0x7f || isAlnum(byte(c))) {
			t[c] = next + uint8(c)%shared
		}
	}
	return t
}()

func pairBit(a, b byte) uint64 {
	return 1 << ((uint32(a)*0x9e3779b1 + uint32(b)*0x85ebca6b) >> 26)
}

// shapeBit is the bit of a byte before or after a number of a class.
func shapeBit(c, class byte, after bool) uint64 {
	h := uint32(c)*0x85ebca6b + uint32(class)*0x9e3779b1
	if after {
		h += 0x2545f491
	}
	return 1 << (h >> 26)
}

// numberClasses are the classes of numbers that have shapes.
var numberClasses = [...]uint8{edgeDigit, edgeLowerHex, edgeUpperHex}

// textSignature is the signature of a text, which counts as followed by blanks.
func textSignature(text []byte) signature {
	var s signature
	n := trimmedLen(text)
	if n == 0 {
		return s
	}
	prev, run := byte(0), 0
	for i := 0; i <= n; i++ {
		c := byte(' ')
		if i < n {
			c = text[i]
		}
		switch {
		case edgeClasses[c]&(edgeLowerHex|edgeUpperHex) != 0:
			run++
			s.hexRun = max(s.hexRun, run)
		case c == ':':
			s.colons++
			run = 0
		default:
			run = 0
		}
		s.bytes |= 1 << signatureBit[c]
		if i > 0 {
			s.pairs |= pairBit(prev, c)
			if e := edgeClasses[c]; e&(edgeDigit|edgeLowerHex|edgeUpperHex|edgeSign) != 0 {
				for _, class := range numberClasses {
					if e&(class|edgeSign) != 0 {
						s.shapes |= shapeBit(prev, class, false)
					}
				}
			}
			if e := edgeClasses[prev]; e&(edgeDigit|edgeLowerHex|edgeUpperHex) != 0 {
				for _, class := range numberClasses {
					if e&class != 0 {
						s.shapes |= shapeBit(c, class, true)
					}
				}
			}
		}
		prev = c
	}
	s.pairs |= pairBit(' ', ' ')
	s.first, s.last = edge{true, text[0]}, edge{true, text[n-1]}
	s.length = n
	if s.bytes&(1<<signatureBit['(']) != 0 {
		for i, c := range text[:n] {
			if c == '(' && parenthesised(text, i) > 0 {
				s.odd = true
			}
		}
	}
	return s
}

// patternSignature is what every text has that the pattern matches as a whole.
func patternSignature(code []byte) signature {
	var s signature
	var o, prev op
	start := true
	for pc := codeHeader; ; start = false {
		prev = o
		pc = decode(code, pc, &o)
		if pc < 0 || o.kind == Invalid {
			s.length = unlimited
			return s
		}
		if o.kind == kindEnd {
			s.last = lastEdge(&prev, start)
			s.length = min(s.length, unlimited)
			return s
		}
		if start {
			s.first = firstEdge(&o)
		}
		if o.kind != Literal {
			s.addConversion(&o)
			if class := numberClass(&o); class != 0 && prev.kind == Literal && o.width == 0 && o.flags&(Plus|Space|Alt) == 0 {
				s.shapes |= shapeBit(prev.text[len(prev.text)-1], class, false)
			}
			continue
		}
		if class := numberClass(&prev); !start && class != 0 && prev.flags&Left == 0 && !isBlank(o.text[0]) {
			s.shapes |= shapeBit(o.text[0], class, true)
		}
		s.addText(o.text[:trimmedLen(o.text)])
		s.length += len(o.text)
	}
}

// addText adds text that stands in all texts of a pattern.
func (s *signature) addText(run []byte) {
	for i, c := range run {
		s.bytes |= 1 << signatureBit[c]
		if i > 0 {
			s.pairs |= pairBit(run[i-1], c)
		}
		if c == ':' {
			s.colons++
		}
	}
}

// addConversion adds what a conversion always prints. For pointers that may be
// "(null)" it is what they print otherwise, and odd is set.
func (s *signature) addConversion(o *op) {
	need := func(text string, hexRun int) {
		s.addText([]byte(text))
		s.hexRun = max(s.hexRun, hexRun)
		s.odd = true
	}
	length := unlimited
	switch o.kind {
	case Char:
		length = 4 // bytes of a rune
	case String, Dentry:
		if o.isBounded() {
			length = o.prec
		}
	case Int, Uint, Octal, Hex:
		length = 24
		if o.kind != Hex {
			s.bytes |= 1 << signatureBit['0']
		}
		digits := 1
		if o.flags&HasPrec != 0 {
			digits = max(digits, o.prec)
			length = max(length, o.prec+1)
			if o.prec == FromArg {
				length = unlimited
			}
		}
		if o.flags&(Zero|Left) == Zero && o.kind == Hex && o.width > 0 {
			if o.flags&Alt != 0 {
				digits = max(digits, o.width-2)
			} else {
				digits = max(digits, o.width)
			}
		}
		s.hexRun = max(s.hexRun, digits)
		if o.kind == Hex && o.flags&Alt != 0 {
			s.bytes |= 1 << signatureBit['0']
		}
	case Pointer:
		if o.width == 0 && o.flags&Left == 0 && o.v&PointerRestricted == 0 {
			need("", 6)
		}
	case MAC:
		switch {
		case o.v&MACPlain != 0:
			need("", 12)
		case o.v&MACDash != 0:
			need("-", 2)
		default:
			need(":", 2)
			s.colons += 4
		}
	case Resource:
		need("[", 1)
		need("]", 1)
	case UUID:
		need("-", 12)
	case IPv4:
		need(".", 1)
	case PhysAddr, Features:
		need("0x", 8)
	case FourCC:
		need("-endian (0x", 8)
	case Time:
		need("", 2)
	case Symbol:
		if o.v&SymbolOffset != 0 {
			need("0x", 1)
		}
	case HexBytes:
		switch {
		case o.width >= 0 && o.v&3 == BytesPlain:
			need("", 2*min(max(o.width, 1), 64))
		case o.width >= 0:
			need("", 2)
		}
	}
	if o.width == FromArg {
		length = unlimited
	}
	s.length = min(s.length+max(length, o.width), unlimited)
}

// numberClass is the class of the digits of an integer, or 0.
func numberClass(o *op) uint8 {
	switch o.kind {
	case Int, Uint, Octal:
		return edgeDigit
	case Hex:
		if o.flags&Alt != 0 {
			return 0
		}
		if o.v&Upper != 0 {
			return edgeUpperHex
		}
		return edgeLowerHex
	}
	return 0
}

// firstEdge is how texts of a pattern begin whose first op is o.
func firstEdge(o *op) edge {
	if o.kind == Literal {
		return edge{true, o.text[0]}
	}
	class := numberClass(o)
	switch {
	case o.kind == Pointer && o.v&PointerRestricted == 0:
		class = edgeLowerHex | edgeParen | edgeBlank
	case o.kind == Hex && o.flags&Alt != 0:
		class = edgeDigit
	case class == 0:
		return edge{}
	}
	if o.kind == Int {
		class |= edgeSign
	}
	if o.width != 0 || o.flags&Space != 0 {
		class |= edgeBlank
	}
	return edge{value: class}
}

// lastEdge is how texts of a pattern end whose last op is o.
func lastEdge(o *op, empty bool) edge {
	switch {
	case empty:
		return edge{}
	case o.kind == Literal:
		n := trimmedLen(o.text)
		if n == 0 {
			return edge{}
		}
		return edge{true, o.text[n-1]}
	case o.kind == Hex:
		if o.v&Upper != 0 {
			return edge{value: edgeUpperHex}
		}
		return edge{value: edgeLowerHex}
	case o.kind == Int, o.kind == Uint, o.kind == Octal:
		return edge{value: edgeDigit}
	}
	return edge{}
}

// Compiled weak pattern, 40 bytes: pattern u32, flags u8, first u8, last u8,
// colons u8, hexRun u8, 0, length u16, 0 u32, then bytes, pairs and shapes u64
// each.
const (
	weakSize = 40

	weakFirstLiteral = 1 << 0
	weakLastLiteral  = 1 << 1
	weakOdd          = 1 << 2
	weakPrefix       = 1 << 3 // may match the beginning of a text
)

// putWeak writes an entry.
func putWeak(w []byte, id uint32, s signature, prefix bool) {
	le := binary.LittleEndian
	le.PutUint32(w, id)
	for i, set := range [...]bool{s.first.literal, s.last.literal, s.odd, prefix} {
		if set {
			w[4] |= 1 << i
		}
	}
	w[5], w[6] = s.first.value, s.last.value
	w[7], w[8] = byte(min(s.colons, 255)), byte(min(s.hexRun, 255))
	le.PutUint16(w[10:], uint16(s.length))
	le.PutUint64(w[16:], s.bytes)
	le.PutUint64(w[24:], s.pairs)
	le.PutUint64(w[32:], s.shapes)
}

// weakFits reports whether the pattern of an entry can match a text with
// signature t. If it may match a prefix, nothing is known of the rest.
func weakFits(w []byte, t *signature) bool {
	w = w[:weakSize]
	le := binary.LittleEndian
	flags := w[4]
	if le.Uint64(w[16:])&^t.bytes|le.Uint64(w[24:])&^t.pairs|le.Uint64(w[32:])&^t.shapes != 0 ||
		int(w[7]) > t.colons || int(w[8]) > t.hexRun {
		return flags&weakOdd != 0 && t.odd
	}
	if t.length > 0 && !(edge{flags&weakFirstLiteral != 0, w[5]}).allows(t.first.value) {
		return false
	}
	if flags&weakPrefix != 0 {
		return true
	}
	length := int(le.Uint16(w[10:]))
	return t.length == 0 || (edge{flags&weakLastLiteral != 0, w[6]}).allows(t.last.value) && (t.length <= length || length == unlimited) ||
		flags&weakOdd != 0 && t.odd
}
