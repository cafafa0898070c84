package pattern

import "encoding/binary"

// Compiled form of one pattern:
//
//	flags   u8   codeOpen: the format does not end its line
//	spans   u8   number of conversions
//	minimum u16  length of the shortest text it matches, clamped, little endian
//	ops          up to an end op
//
// An op is its Kind in one byte. Literal and Invalid are followed by a length
// (u8) and that many bytes. Every conversion is followed by Flags, Size and
// Var (the kind decides which of the two is kept; a byte holds either, since
// only integers have a Size and they need of Var only Upper, kept in the top
// bit), then by the width plus one as uvarint if flagWidth is set and by the
// precision plus one if HasPrec is set; zero stands for FromArg.

const (
	codeHeader = 4
	codeOpen   = 1 << 0

	// maxSpans bounds the conversions of a pattern, maxCode its bytes: what
	// goes beyond is matched as unknown text.
	maxSpans = 250
	maxCode  = 1 << 15
)

// op is one decoded op.
type op struct {
	kind  Kind
	flags Flags
	v     uint8 // Size or Var, see above
	width int   // 0 for none, FromArg
	prec  int   // FromArg; only with HasPrec
	text  []byte
}

func (o *op) size() Size { return Size(o.v & 7) }

// decode reads the op at pc and returns the position after it, or -1 if the
// code is damaged.
func decode(code []byte, pc int, o *op) int {
	if uint(pc) >= uint(len(code)) {
		return -1
	}
	o.kind = Kind(code[pc])
	switch {
	case o.kind == kindEnd:
		return pc + 1
	case o.kind <= Invalid:
		if pc+2 > len(code) {
			return -1
		}
		n := pc + 2 + int(code[pc+1])
		if n > len(code) || n == pc+2 && o.kind == Literal {
			return -1
		}
		o.text = code[pc+2 : n]
		return n
	case o.kind >= numKinds || pc+3 > len(code):
		return -1
	}
	o.flags, o.v = Flags(code[pc+1]), code[pc+2]
	pc += 3
	o.width, o.prec = 0, 0
	if o.flags&flagWidth != 0 {
		if o.width, pc = decodeCount(code, pc); pc < 0 {
			return -1
		}
	}
	if o.flags&HasPrec != 0 {
		if o.prec, pc = decodeCount(code, pc); pc < 0 {
			return -1
		}
	}
	return pc
}

func decodeCount(code []byte, pc int) (int, int) {
	v, n := binary.Uvarint(code[pc:])
	if n <= 0 || v > maxCount+1 {
		return 0, -1
	}
	return int(v) - 1, pc + n
}

// appendCode appends the compiled form of elems.
func appendCode(dst []byte, elems []Elem, openEnded bool) []byte {
	start := len(dst)
	var flags byte
	if openEnded {
		flags = codeOpen
	}
	dst = append(dst, flags, 0, 0, 0)
	last := len(elems)
	lastLen := 0 // bytes kept of elems[last]
	if !openEnded {
		// The end of the line, and blanks before it: the console may have
		// stripped them, and the matcher ignores those of the text.
		for last > 0 && elems[last-1].Kind == Literal {
			if lastLen = trimmedLen(elems[last-1].Text); lastLen > 0 {
				break
			}
			last--
		}
	}
	spans, minimum := 0, 0
	run := -1 // position of the length byte of the literal being extended
	prev := kindEnd
	stopped := false
	for i := range elems[:last] {
		e := &elems[i]
		if e.Kind == Literal {
			text := e.Text
			if !openEnded && i == last-1 {
				text = text[:lastLen]
			}
			if len(dst)-start+len(text) > maxCode {
				return finishCode(appendAny(dst, &spans, prev), start, spans, minimum)
			}
			if !stopped {
				// Blanks at its end may be at the end of the line.
				minimum += trimmedLen(text)
			}
			for len(text) > 0 {
				if run < 0 || dst[run] == 255 {
					run = len(dst) + 1
					dst = append(dst, byte(Literal), 0)
				}
				n := min(len(text), 255-int(dst[run]))
				dst = append(dst, text[:n]...)
				dst[run] += byte(n)
				text = text[n:]
				prev = Literal
			}
			continue
		}
		run = -1
		switch {
		case e.Kind == Invalid:
			n := min(len(e.Text), 255)
			dst = append(append(dst, byte(Invalid), byte(n)), e.Text[:n]...)
			stopped = true
			prev = Invalid
			continue
		case !e.Kind.IsConversion():
			continue
		case e.Kind == Any && prev == Any:
			continue
		}
		if spans+1 >= maxSpans || len(dst)-start > maxCode {
			return finishCode(appendAny(dst, &spans, prev), start, spans, minimum)
		}
		dst = appendConversion(dst, e)
		spans++
		prev = e.Kind
		if !stopped {
			minimum += minLen(e)
		}
	}
	return finishCode(dst, start, spans, minimum)
}

// appendAny ends an over-long pattern in unknown text.
func appendAny(dst []byte, spans *int, prev Kind) []byte {
	if prev == Any {
		return dst
	}
	*spans++
	return append(dst, byte(Any), 0, 0)
}

func finishCode(dst []byte, start, spans, minimum int) []byte {
	dst[start+1] = byte(spans)
	binary.LittleEndian.PutUint16(dst[start+2:], uint16(min(minimum, 1<<16-1)))
	return append(dst, byte(kindEnd))
}

func appendConversion(dst []byte, e *Elem) []byte {
	flags := e.Flags &^ flagWidth
	if e.Width != 0 {
		flags |= flagWidth
	}
	v := e.Var
	switch e.Kind {
	case Int, Uint, Hex, Octal:
		v = e.Var&Upper | uint8(e.Size)
	}
	dst = append(dst, byte(e.Kind), byte(flags), v)
	if flags&flagWidth != 0 {
		dst = binary.AppendUvarint(dst, encodeCount(e.Width))
	}
	if flags&HasPrec != 0 {
		dst = binary.AppendUvarint(dst, encodeCount(e.Prec))
	}
	return dst
}

func encodeCount(n int32) uint64 {
	if n < 0 {
		return 0
	}
	return uint64(min(n, maxCount)) + 1
}

// minLen is a lower bound of the bytes a conversion prints and a console
// keeps. Padding at the end of a line may be stripped, so the width does not
// count.
func minLen(e *Elem) int {
	switch e.Kind {
	case Int, Uint, Hex, Octal, Word, Errno:
		return 1
	case IPv6, SockAddr:
		return 2 // "::"
	case Resource, MAC, IPv4, UUID, PhysAddr, Features, FourCC:
		return 6 // "(null)"
	}
	return 0
}

// appendElems appends the elements of a compiled pattern. Texts refer to code.
func appendElems(dst []Elem, code []byte) []Elem {
	var o op
	for pc := codeHeader; ; {
		next := decode(code, pc, &o)
		if next < 0 || o.kind == kindEnd {
			return dst
		}
		pc = next
		if o.kind <= Invalid {
			if o.kind == Literal && len(dst) > 0 && dst[len(dst)-1].Kind == Literal {
				// One literal, cut because of its length.
				l := &dst[len(dst)-1]
				l.Text = append(l.Text[:len(l.Text):len(l.Text)], o.text...)
				continue
			}
			dst = append(dst, Elem{Kind: o.kind, Text: o.text})
			continue
		}
		dst = append(dst, o.elem())
	}
}

// elem is the conversion as an Elem.
func (o *op) elem() Elem {
	e := Elem{Kind: o.kind, Flags: o.flags &^ flagWidth, Var: o.v, Width: int32(o.width), Prec: int32(o.prec)}
	switch o.kind {
	case Int, Uint, Hex, Octal:
		e.Size, e.Var = o.size(), o.v&Upper
	}
	return e
}
