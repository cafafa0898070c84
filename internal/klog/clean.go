package klog

import (
	"encoding/binary"
	"unicode/utf8"
)

// This file takes out of a line what a terminal would not show: escape
// sequences, erased characters, control characters.

// What special reports about a stretch of bytes.
const (
	hasControl = 1 << iota // a C0 control other than tab, or DEL
	hasHigh                // a byte of 0x80 and above
)

// special tells whether c holds control characters or bytes beyond ASCII. It
// looks at eight bytes at a time: nearly all lines hold neither.
func special(c []byte) int {
	const (
		lo   = 0x0101010101010101
		hi   = 0x8080808080808080
		sp   = lo * 0x20
		ones = lo * 0x7f
	)
	r := 0
	for len(c) >= 8 {
		w := binary.LittleEndian.Uint64(c)
		x := w ^ ones
		// Bit 7 set where a byte is below 0x20, is 0x7f, or is above 0x7f
		// (exact for the lowest such byte, which is enough to ask closer).
		if ((w-sp)&^w|(x-lo)&^x|w)&hi != 0 {
			r |= specialSlow(c[:8])
			if r == hasControl|hasHigh {
				return r
			}
		}
		c = c[8:]
	}
	return r | specialSlow(c)
}

func specialSlow(c []byte) int {
	r := 0
	for _, b := range c {
		switch {
		case b >= 0x80:
			r |= hasHigh
		case b < 0x20 && b != '\t' || b == 0x7f:
			r |= hasControl
		}
	}
	return r
}

// cleaned is a stretch of a line as a terminal would show it.
type cleaned struct {
	text []byte
	// at[i] is the index in the raw bytes of text[i]; nil where the two are
	// the same.
	at    []int32
	flags Flags
	// level is that of a KERN_SOH pair found in the text, or NoLevel.
	level Level
	// odd counts control characters that no terminal output contains.
	odd int
}

// raw is the index in the raw bytes of text[i]; end is their number, the
// answer for the end of text.
func (c *cleaned) raw(i, end int) int {
	switch {
	case c.at == nil:
		return i
	case i < len(c.at):
		return int(c.at[i])
	}
	return end
}

// clean fills c from raw, reusing its memory.
func (c *cleaned) clean(raw []byte) {
	text, at := c.text[:0], c.at[:0]
	if at == nil {
		at = make([]int32, 0, 256)
	}
	c.flags, c.level, c.odd = 0, NoLevel, 0
	for i := 0; i < len(raw); {
		b := raw[i]
		if b >= 0x20 && b != 0x7f || b == '\t' {
			text = append(text, b)
			at = append(at, int32(i))
			i++
			continue
		}
		switch b {
		case 0x1b:
			i += escapeLen(raw[i:])
			continue
		case '\b':
			n := len(text)
			if n > 0 {
				_, size := utf8.DecodeLastRune(text)
				text, at = text[:n-size], at[:n-size]
			}
		case 0:
			c.flags |= FlagNUL
		case 1: // KERN_SOH, then the level or 'c' for a continuation
			if i+1 < len(raw) {
				switch l := raw[i+1]; {
				case l >= '0' && l <= '7':
					if c.level == NoLevel {
						c.level = Level(l - '0')
					}
					i++
				case l == 'c':
					c.flags |= FlagContinuation
					i++
				case l == 'd':
					i++
				default:
					c.odd++
				}
			}
		case '\r', '\n', '\a', '\f', '\v', 0x0e, 0x0f, 0x11, 0x13, 0x7f:
			// Line ends, bell, form feed, character sets, flow control, erase.
		default:
			c.odd++
		}
		i++
	}
	c.text, c.at = text, at
}

// maxControlString bounds an OSC or DCS string: a longer one is noise.
const maxControlString = 256

// escapeLen is the length of the escape sequence at the start of c (ECMA-48
// and what terminals add); at least 1.
func escapeLen(c []byte) int {
	if len(c) < 2 {
		return 1
	}
	switch b := c[1]; {
	case b == '[':
		i := 2
		for i < len(c) && c[i] >= 0x30 && c[i] <= 0x3f {
			i++
		}
		p := i
		for i < len(c) && c[i] >= 0x20 && c[i] <= 0x2f {
			i++
		}
		switch {
		case i == len(c):
			return i
		case c[i] >= 0x40 && c[i] <= 0x7e:
			return i + 1
		case i == p:
			return i
		}
		return 1 // a lone escape before "[    1.234567]"
	case b == ']' || b == 'P' || b == '^' || b == '_' || b == 'X':
		for i := 2; i < len(c) && i < maxControlString; i++ {
			if c[i] == '\a' {
				return i + 1
			}
			if c[i] == 0x1b && i+1 < len(c) && c[i+1] == '\\' {
				return i + 2
			}
		}
		return 2
	case b >= 0x20 && b <= 0x2f: // character sets: ESC ( B
		return min(3, len(c))
	case b >= 0x30 && b <= 0x7e:
		return 2
	}
	return 1
}
