package tui

import (
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
)

// input is a line that is being typed.
type input struct {
	text []rune
	pos  int // of the cursor
}

// maxInput bounds what can be typed or pasted.
const maxInput = 1000

func (in *input) String() string { return string(in.text) }

func (in *input) clear() { *in = input{} }

// insert inserts what was typed or pasted; line ends become blanks.
func (in *input) insert(text string) {
	clean := []rune(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text))
	clean = clean[:min(len(clean), max(0, maxInput-len(in.text)))]
	in.text = append(in.text[:in.pos:in.pos], append(clean, in.text[in.pos:]...)...)
	in.pos += len(clean)
}

// key handles a key and reports whether it was one of a line of input.
func (in *input) key(k tea.KeyPressMsg) bool {
	switch k.String() {
	case "backspace", "ctrl+h":
		if in.pos > 0 {
			in.cut(in.pos-1, in.pos)
		}
	case "delete":
		if in.pos < len(in.text) {
			in.cut(in.pos, in.pos+1)
		}
	case "left":
		in.pos = max(0, in.pos-1)
	case "right":
		in.pos = min(len(in.text), in.pos+1)
	case "home", "ctrl+a":
		in.pos = 0
	case "end", "ctrl+e":
		in.pos = len(in.text)
	case "ctrl+u":
		in.cut(0, in.pos)
	case "ctrl+w":
		at := in.pos
		for at > 0 && in.text[at-1] == ' ' {
			at--
		}
		for at > 0 && in.text[at-1] != ' ' {
			at--
		}
		in.cut(at, in.pos)
	default:
		if k.Text == "" || k.Mod&(tea.ModCtrl|tea.ModAlt) != 0 {
			return false
		}
		in.insert(k.Text)
	}
	return true
}

func (in *input) cut(from, to int) {
	in.text = append(in.text[:from:from], in.text[to:]...)
	in.pos = from
}

// draw draws the line and returns the column of the cursor, which is always seen: what
// is far in front of it is not.
func (in *input) draw(r *row) int {
	text := string(in.text)
	cells := appendCells(nil, text, 1<<30)
	at := len(string(in.text[:in.pos]))
	first, width := len(cells), 0
	for first > 0 && (cells[first-1].off >= at || width+cells[first-1].width < r.left()) {
		if first--; cells[first].off < at {
			width += cells[first].width
		}
	}
	col := r.col + width
	r.putCells(plain, cells[first:])
	return min(col, r.width-1)
}
