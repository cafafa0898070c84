package tui

// Text to cells of a terminal. What is shown comes from sources and logs and
// must neither command the terminal nor shift what stands beside it.

import (
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// tabStop is how far apart tab stops are, as everywhere in a kernel.
const tabStop = 8

// maxCombining is how many combining characters a cell keeps: some write whole
// towers of them.
const maxCombining = 3

// cell is what is shown of a character: its text, which is safe for the terminal,
// and the bytes that it stands for.
type cell struct {
	text     string
	width    int
	off, end int
	// spelled says that the character cannot be shown as it is, and is written
	// out.
	spelled bool
}

// appendCells appends the cells of a line without line ends. Columns count from 0
// at the first cell; no more is made than reaches column limit.
func appendCells(dst []cell, line string, limit int) []cell {
	first := len(dst)
	col := 0
	for i := 0; i < len(line) && col < limit; {
		c := cell{off: i, width: 1}
		b := line[i]
		switch {
		case b == '\t':
			c.width = tabStop - col%tabStop
			c.text = blanks[:c.width]
			i++
		case b >= ' ' && b < 0x7f:
			c.text = line[i : i+1]
			i++
		case b < utf8.RuneSelf:
			c.text, c.spelled = spellByte(b), true
			c.width = len(c.text)
			i++
		default:
			r, n := utf8.DecodeRuneInString(line[i:])
			switch {
			case r == utf8.RuneError && n == 1, r < 0xa0:
				for _, b := range []byte(line[i : i+n]) {
					c.text += spellByte(b)
				}
				c.width, c.spelled = len(c.text), true
			case unicode.In(r, unicode.Mn, unicode.Me, unicode.Variation_Selector):
				// It belongs to the cell before. A selector would choose another
				// width than the one that was counted.
				if k := len(dst) - 1; k >= first && !dst[k].spelled && dst[k].text != " " {
					if !unicode.Is(unicode.Variation_Selector, r) && utf8.RuneCountInString(dst[k].text) <= maxCombining {
						dst[k].text += line[i : i+n]
					}
					dst[k].end = i + n
					i += n
					continue
				}
				c.text, c.spelled = spellRune(r), true
				c.width = len(c.text)
			case !unicode.IsPrint(r): // format characters, too: they turn the direction of text
				c.text, c.spelled = spellRune(r), true
				c.width = len(c.text)
			default:
				c.text = line[i : i+n]
				c.width = ansi.StringWidthWc(c.text)
				if c.width < 1 || c.width > 2 {
					c.text, c.spelled = spellRune(r), true
					c.width = len(c.text)
				}
			}
			i += n
		}
		c.end = i
		col += c.width
		dst = append(dst, c)
	}
	return dst
}

// blanks is for tabs and padding.
const blanks = "                                                                                                                                "

// spellByte writes a byte as C would, and as the commands of dekho do.
func spellByte(b byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{'\\', 'x', digits[b>>4], digits[b&15]})
}

func spellRune(r rune) string { return "<U+" + strconv.FormatInt(int64(r), 16) + ">" }

// style is how a cell looks: SGR attributes, of which a terminal without colours
// still shows those that are none.
type style uint16

const (
	bold style = 1 << iota
	faint
	underline
	reverse
	// The colour is one of the terminal's own eight, and is chosen by whoever
	// uses it.
	colorBit  style = 1 << 8
	red             = colorBit * 1
	green           = colorBit * 2
	yellow          = colorBit * 3
	blue            = colorBit * 4
	magenta         = colorBit * 5
	cyan            = colorBit * 6
	colorMask       = colorBit * 7
	plain     style = 0
)

// row is a row of a pane while it is made: exactly so many columns.
type row struct {
	width int
	col   int
	buf   []byte
	now   style
	under style // of the whole row: added to all styles
	cells []cell
	// wide says that something else than ASCII was put.
	wide bool
}

func (r *row) reset(width int) {
	*r = row{width: width, buf: r.buf[:0], cells: r.cells[:0]}
}

// put appends text, of which what does not fit is cut.
func (r *row) put(s style, text string) {
	r.cells = appendCells(r.cells[:0], text, r.width-r.col)
	r.putCells(s, r.cells)
}

// putCells appends cells.
func (r *row) putCells(s style, cells []cell) {
	for i := range cells {
		r.putCell(s, &cells[i])
	}
}

func (r *row) putCell(s style, c *cell) {
	left := r.width - r.col
	if left <= 0 {
		return
	}
	r.set(s)
	text := c.text
	width := c.width
	if width > left { // tabs and what is spelled out are cut, wide characters are not
		if text[0] >= utf8.RuneSelf {
			text = blanks
		}
		text, width = text[:left], left
	}
	if text[0] >= utf8.RuneSelf {
		r.wide = true
	}
	r.buf = append(r.buf, text...)
	r.col += width
}

// set switches to a style.
func (r *row) set(s style) {
	if s |= r.under; s&colorMask != 0 && r.under&colorMask != 0 {
		s = s&^colorMask | r.under&colorMask
	}
	if s == r.now {
		return
	}
	r.now = s
	r.buf = append(r.buf, "\x1b[0"...)
	for i, code := range [...]byte{'1', '2', '4', '7'} {
		if s&(1<<i) != 0 {
			r.buf = append(r.buf, ';', code)
		}
	}
	if c := s & colorMask / colorBit; c != 0 {
		r.buf = append(r.buf, ';', '3', '0'+byte(c))
	}
	r.buf = append(r.buf, 'm')
}

// left is how many columns are free.
func (r *row) left() int { return r.width - r.col }

// fill leads to a column with blanks.
func (r *row) fill(col int) {
	for n := min(col, r.width) - r.col; n > 0; n = min(col, r.width) - r.col {
		r.set(plain)
		n = min(n, len(blanks))
		r.buf = append(r.buf, blanks[:n]...)
		r.col += n
	}
}

// appendTo appends the row, filled up, to dst. If terminals can disagree about its
// width, what is not ASCII is replaced: better a question mark than a screen in
// disorder.
func (r *row) appendTo(dst []byte) []byte {
	r.fill(r.width)
	if r.now != plain {
		r.buf = append(r.buf, "\x1b[0m"...)
		r.now = plain
	}
	if r.wide && (ansi.StringWidth(string(r.buf)) != r.width || ansi.StringWidthWc(string(r.buf)) != r.width) {
		for text := r.buf; len(text) > 0; {
			c, n := utf8.DecodeRune(text)
			if c < utf8.RuneSelf {
				dst = append(dst, text[0])
			} else {
				for range min(2, ansi.StringWidthWc(string(text[:n]))) {
					dst = append(dst, '?')
				}
			}
			text = text[n:]
		}
		return dst
	}
	return append(dst, r.buf...)
}

// tail is the end of a text that has at most n columns, for paths: what comes last
// tells most.
func tail(text string, n int) string {
	if len(text) <= n {
		return text
	}
	if n <= 1 {
		return text[len(text)-max(n, 0):]
	}
	cut := len(text) - n + 1
	for cut < len(text) && !utf8.RuneStart(text[cut]) {
		cut++
	}
	return "~" + text[cut:]
}
