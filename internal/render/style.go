// Package render turns the results of package workbench into text for people
// and into JSON for programs. It looks nothing up and decides nothing but how
// things look.
package render

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Style says what the output goes to.
type Style struct {
	// Color allows escape sequences for colours.
	Color bool
	// Width is the width of the terminal in columns, 0 if there is none: then
	// nothing is cut.
	Width int
}

// ink is a Select Graphic Rendition sequence (ECMA-48).
type ink string

const (
	inkPath   ink = "\x1b[35m"
	inkLine   ink = "\x1b[32m"
	inkName   ink = "\x1b[1m"
	inkDim    ink = "\x1b[2m"
	inkMatch  ink = "\x1b[1;31m"
	inkBad    ink = "\x1b[1;31m"
	inkWarn   ink = "\x1b[33m"
	inkGood   ink = "\x1b[32m"
	inkHeader ink = "\x1b[1m"
	inkReset      = "\x1b[0m"
)

// line is a line of output being made. It counts columns, so that it can be
// cut to the terminal without cutting escape sequences.
type line struct {
	style *Style
	buf   []byte
	cols  int
	full  bool // the rest does not fit
}

func (l *line) reset() { l.buf, l.cols, l.full = l.buf[:0], 0, false }

// put appends text, made safe for a terminal.
func (l *line) put(color ink, text string) {
	if l.full || text == "" {
		return
	}
	colored := l.style.Color && color != ""
	if colored {
		l.buf = append(l.buf, color...)
	}
	l.write(text)
	if colored {
		l.buf = append(l.buf, inkReset...)
	}
}

func (l *line) write(text string) {
	width := l.style.Width
	if width == 0 {
		l.buf = appendSafe(l.buf, text)
		return
	}
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if l.cols+1 >= width && i+n < len(text) {
			l.buf = append(l.buf, "…"...)
			l.cols++
			l.full = true
			return
		}
		l.cols++
		if r == '\t' {
			l.buf = append(l.buf, ' ')
		} else {
			l.buf = appendSafe(l.buf, text[i:i+n])
		}
		i += n
	}
}

// tail appends text that is never cut: the message of a record.
func (l *line) tail(color ink, text string) {
	if text == "" {
		return
	}
	colored := l.style.Color && color != ""
	if colored {
		l.buf = append(l.buf, color...)
	}
	l.buf = appendSafe(l.buf, text)
	if colored {
		l.buf = append(l.buf, inkReset...)
	}
}

// appendSafe appends text with control characters spelled out: what is shown
// comes from logs and sources, and must not command the terminal.
func appendSafe(dst []byte, text string) []byte {
	start := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c < 0x7f || c == '\t' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(text[i:])
			if r > 0x9f { // above the C1 controls; RuneError is above them too
				if r != utf8.RuneError || n > 1 {
					i += n
					continue
				}
			}
			dst = append(dst, text[start:i]...)
			for j := range n {
				dst = appendHex(dst, text[i+j])
			}
			i += n
			start = i
			continue
		}
		dst = append(dst, text[start:i]...)
		dst = appendHex(dst, c)
		i++
		start = i
	}
	return append(dst, text[start:]...)
}

func appendHex(dst []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'x', digits[c>>4], digits[c&15])
}

// thousands writes a number with separators: 78,579.
func thousands[T int | int64 | uint32](n T) string {
	s := strconv.FormatInt(int64(n), 10)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if neg {
		s = "-" + s
	}
	return s
}

// count writes a number of things: "1 line", "12 lines".
func count[T int | int64 | uint32](n T, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return thousands(n) + " " + what + "s"
}
