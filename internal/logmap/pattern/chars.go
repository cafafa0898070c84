package pattern

// Character classes of log text, in one table so that the inner loops do a
// load and a test.

const (
	classDigit uint8 = 1 << iota
	classLowerHex
	classUpperHex
	classLetter
	classBlank  // what a console may add or strip at the end of a line
	classSymbol // letters of kernel symbol names, compiler suffixes included
)

var classes = func() (t [256]uint8) {
	for c := 0; c < 256; c++ {
		switch {
		case c >= '0' && c <= '9':
			t[c] = classDigit | classLowerHex | classUpperHex | classSymbol
		case c >= 'a' && c <= 'z':
			t[c] = classLetter | classSymbol
			if c <= 'f' {
				t[c] |= classLowerHex
			}
		case c >= 'A' && c <= 'Z':
			t[c] = classLetter | classSymbol
			if c <= 'F' {
				t[c] |= classUpperHex
			}
		case c == '_' || c == '.' || c == '$':
			t[c] = classSymbol
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			t[c] = classBlank
		}
	}
	return t
}()

func isDigit(c byte) bool  { return c-'0' < 10 }
func isAlnum(c byte) bool  { return classes[c]&(classDigit|classLetter) != 0 }
func isBlank(c byte) bool  { return classes[c]&classBlank != 0 }
func isHex(c byte) bool    { return classes[c]&classLowerHex != 0 }
func isSymbol(c byte) bool { return classes[c]&classSymbol != 0 }

// trimmedLen is the length of text without the blanks at its end.
func trimmedLen(text []byte) int {
	n := len(text)
	for n > 0 && isBlank(text[n-1]) {
		n--
	}
	return n
}
