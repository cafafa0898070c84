package c

// Compatible strings of device trees. The text of a string constant is reported
// as if it were a name when it is what a table matches devices by.

import (
	"bytes"

	"dekho/internal/lang"
)

// compatibleArgs marks the strings among the arguments ts of a call that asks
// for devices by their compatible string, or of a macro that declares a driver
// by it: CLK_OF_DECLARE(name, "vendor,device", init).
func (x *extractor) compatibleArgs(callee *token, ts []token) {
	name := x.text(callee)
	role := lang.Read
	switch {
	case bytes.Contains(name, []byte("compatible")):
	case bytes.Contains(name, []byte("DECLARE")) || bytes.Contains(name, []byte("MATCH")) || bytes.Contains(name, []byte("COMPAT")):
		role = lang.Registration
	default:
		return
	}
	for i := range ts {
		if t := &ts[i]; t.kind == kString && t.role == 0 {
			x.occ(t, role)
		}
	}
}

// maxCompatible is the longest compatible string reported, in bytes; the
// longest of the tree has half of it.
const maxCompatible = 128

// compatibleString reports whether the text of a string is reported: that of a
// string given a role, and wherever it stands one of the form vendor,device. It
// makes t the token of the text without quotes.
func (x *extractor) compatibleString(t *token) bool {
	if t.len < 4 || t.len > maxCompatible {
		return false
	}
	text := x.text(t)
	if text[0] != '"' || text[len(text)-1] != '"' {
		return false
	}
	text = text[1 : len(text)-1]
	if t.role == 0 {
		comma := bytes.IndexByte(text, ',')
		if comma <= 0 || comma == len(text)-1 {
			return false
		}
		t.role = uint8(lang.Read) + 1
	}
	letter := false
	for _, c := range text {
		switch {
		case c >= 'a' && c <= 'z':
			letter = true
		case class[c]&cIdent != 0 && c < 0x80 && c != '$':
		case c == ',' || c == '-' || c == '.' || c == '+' || c == '/' || c == '#':
		default:
			t.role = 0
			return false
		}
	}
	if !letter {
		t.role = 0
		return false
	}
	t.off++
	t.len -= 2
	t.hash = lang.Hash(text)
	return true
}
