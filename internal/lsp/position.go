package lsp

// Positions. dekho counts bytes, and lines from 1; the protocol counts lines
// from 0 and characters in the unit that client and server agree on.

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// encoding is the unit in which a client counts the characters of a line.
type encoding string

// The units, by their names in the protocol.
const (
	utf8Units  encoding = "utf-8"
	utf16Units encoding = "utf-16" // the one that every client knows
	utf32Units encoding = "utf-32"
)

// chooseEncoding takes the unit that is least work, of those that a client
// offers.
func chooseEncoding(offered []encoding) encoding {
	for _, e := range []encoding{utf8Units, utf32Units} {
		if slices.Contains(offered, e) {
			return e
		}
	}
	return utf16Units
}

// units is how many units a rune of size bytes takes. A byte that is no UTF-8
// counts as one character, since that is what editors show for it.
func (e encoding) units(r rune, size int) int {
	switch {
	case e == utf8Units:
		return size
	case e == utf16Units && r >= 1<<16:
		return 2
	}
	return 1
}

// count is how many units a text takes.
func (e encoding) count(text []byte) int {
	if e == utf8Units {
		return len(text)
	}
	n := 0
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			n++
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		n += e.units(r, size)
		i += size
	}
	return n
}

// offset is the byte of a line at which the character stands that has so many
// units before it; the end of the line if it has fewer. In the middle of a
// character it is the character's first byte.
func (e encoding) offset(line []byte, units int) int {
	i := 0
	for i < len(line) {
		r, size := rune(line[i]), 1
		if line[i] >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(line[i:])
		}
		if units -= e.units(r, size); units < 0 {
			break
		}
		i += size
	}
	return i
}

// lines is a text whose lines were found. A line ends at a newline, as it does
// everywhere in dekho; a carriage return before that belongs to its end.
type lines struct {
	text   []byte
	starts []int // of each line
}

func newLines(text []byte) *lines {
	l := &lines{text: text, starts: make([]int, 1, 1+bytes.Count(text, []byte{'\n'}))}
	for i := 0; ; {
		n := bytes.IndexByte(text[i:], '\n')
		if n < 0 {
			return l
		}
		i += n + 1
		l.starts = append(l.starts, i)
	}
}

// line is a line without its end, from 0.
func (l *lines) line(n int) []byte {
	if n < 0 || n >= len(l.starts) {
		return nil
	}
	end := len(l.text)
	if n+1 < len(l.starts) {
		end = l.starts[n+1] - 1
	}
	return bytes.TrimSuffix(l.text[l.starts[n]:end], []byte{'\r'})
}

// offset is the byte that a position means: for one beyond the end of its line
// the end, for one beyond the last line the end of the text.
func (l *lines) offset(p Position, e encoding) int {
	if p.Line < 0 {
		return 0
	}
	if p.Line >= len(l.starts) {
		return len(l.text)
	}
	return l.starts[p.Line] + e.offset(l.line(p.Line), max(p.Character, 0))
}

// position is where a byte stands.
func (l *lines) position(off int, e encoding) Position {
	off = min(max(off, 0), len(l.text))
	n, ok := slices.BinarySearch(l.starts, off)
	if !ok {
		n--
	}
	line := l.line(n)
	return Position{Line: n, Character: e.count(line[:min(off-l.starts[n], len(line))])}
}
