package lsp

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

func TestPositions(t *testing.T) {
	const text = "int x; /* größe 🐧 */ y\r\n\tz\xfc\xe4q\n\nlast"
	l := newLines([]byte(text))
	for _, tt := range []struct {
		before              string // text up to the position
		line, u8, u16, u32s int
	}{
		{"", 0, 0, 0, 0},
		{"int x; /* gr", 0, 12, 12, 12},
		{"int x; /* grö", 0, 14, 13, 13},
		{"int x; /* größe ", 0, 18, 16, 16},
		{"int x; /* größe 🐧", 0, 22, 18, 17},
		{"int x; /* größe 🐧 */ y", 0, 27, 23, 22},
		{"int x; /* größe 🐧 */ y\r\n", 1, 0, 0, 0},
		{"int x; /* größe 🐧 */ y\r\n\tz\xfc", 1, 3, 3, 3},
		{"int x; /* größe 🐧 */ y\r\n\tz\xfc\xe4q", 1, 5, 5, 5},
		{"int x; /* größe 🐧 */ y\r\n\tz\xfc\xe4q\n", 2, 0, 0, 0},
		{text, 3, 4, 4, 4},
	} {
		for e, character := range map[encoding]int{utf8Units: tt.u8, utf16Units: tt.u16, utf32Units: tt.u32s} {
			want := Position{tt.line, character}
			if got := l.position(len(tt.before), e); got != want {
				t.Errorf("%s: behind %q is %v, want %v", e, tt.before, got, want)
			}
			if got := l.offset(want, e); got != len(tt.before) {
				t.Errorf("%s: %v is byte %d, want %d", e, want, got, len(tt.before))
			}
		}
	}
	for _, tt := range []struct {
		p    Position
		want int
	}{
		{Position{0, 17}, 18},                             // in the middle of the penguin
		{Position{0, 1000}, strings.Index(text, "\r")},    // beyond the end of a line
		{Position{2, 5}, strings.Index(text, "last") - 1}, // of an empty one
		{Position{99, 0}, len(text)},                      // beyond the last
		{Position{-1, 3}, 0},                              // no client should
		{Position{1, -3}, strings.Index(text, "\n") + 1},  //
		{Position{3, 1 << 40}, len(text)},                 //
		{Position{1 << 40, 1 << 40}, len(text)},           //
		{Position{1, 3}, strings.Index(text, "\xe4")},     // bytes that are no UTF-8 count one each
	} {
		if got := l.offset(tt.p, utf16Units); got != tt.want {
			t.Errorf("%v is byte %d, want %d", tt.p, got, tt.want)
		}
	}
}

func TestChooseEncoding(t *testing.T) {
	for _, tt := range []struct {
		offered []encoding
		want    encoding
	}{
		{nil, utf16Units},
		{[]encoding{"utf-16"}, utf16Units},
		{[]encoding{"utf-16", "utf-8"}, utf8Units},
		{[]encoding{"utf-32", "utf-16"}, utf32Units},
		{[]encoding{"ebcdic"}, utf16Units},
	} {
		if got := chooseEncoding(tt.offered); got != tt.want {
			t.Errorf("of %v it is %s, want %s", tt.offered, got, tt.want)
		}
	}
}

// slowPosition is what position should be, worked out rune by rune from the
// beginning of the text.
func slowPosition(text []byte, off int, e encoding) Position {
	var p Position
	for i := 0; i < off; {
		if text[i] == '\n' {
			p = Position{Line: p.Line + 1}
			i++
			continue
		}
		if text[i] == '\r' && (i+1 == len(text) || text[i+1] == '\n') {
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if i+size > off {
			size = off - i // in the middle of a character
			if e != utf8Units {
				// Its bytes are no character by themselves.
				p.Character += size
				break
			}
		}
		switch e {
		case utf8Units:
			p.Character += size
		case utf16Units:
			p.Character += len(utf16.Encode([]rune{r}))
		default:
			p.Character++
		}
		i += size
	}
	return p
}

// FuzzPositions compares positions with a slow way to work them out, and takes
// them back.
func FuzzPositions(f *testing.F) {
	f.Add([]byte("a\r\nö🐧\n\xff\xfe\r"), uint(5))
	f.Add([]byte("\r\r\n\n\xf0\x9f\x90"), uint(3))
	f.Add([]byte("\xf0\x9f\x90\xa7\xf0\x9f\x90"), uint(6))
	f.Fuzz(func(t *testing.T, text []byte, at uint) {
		l := newLines(text)
		off := int(at % uint(len(text)+1))
		for _, e := range []encoding{utf8Units, utf16Units, utf32Units} {
			p := l.position(off, e)
			if got := bytes.Count(text[:off], []byte{'\n'}); p.Line != got {
				t.Fatalf("%s: byte %d is in line %d, want %d", e, off, p.Line, got)
			}
			back := l.offset(p, e)
			if utf8.RuneStart(byteAt(text, off)) && onBoundary(text, off) {
				if want := slowPosition(text, off, e); p != want {
					t.Fatalf("%s: byte %d of %q is %v, want %v", e, off, text, p, want)
				}
				// The end of a line stands before its carriage return.
				if want := off - len(trimmedCR(text, off)); back != want {
					t.Fatalf("%s: %v of %q is byte %d, want %d", e, p, text, back, want)
				}
			}
			if again := l.position(back, e); again.Line != p.Line {
				t.Fatalf("%s: %v became %v", e, p, again)
			}
		}
	})
}

func byteAt(text []byte, off int) byte {
	if off < len(text) {
		return text[off]
	}
	return '\n'
}

// onBoundary reports whether no character of the line goes across an offset.
func onBoundary(text []byte, off int) bool {
	i := bytes.LastIndexByte(text[:off], '\n') + 1
	for i < off {
		_, size := utf8.DecodeRune(text[i:])
		i += size
	}
	return i == off
}

// trimmedCR is the carriage return of a line's end before an offset, which is
// behind it.
func trimmedCR(text []byte, off int) []byte {
	if off > 0 && text[off-1] == '\r' && (off == len(text) || text[off] == '\n') {
		return text[off-1 : off]
	}
	return nil
}
