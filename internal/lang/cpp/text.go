package cpp

// Text as the preprocessor sees it: comments, quotes, line splices.

import "bytes"

// SkipComment returns the end of the block comment at s[i]; one that never
// ends goes to the end of the file.
func SkipComment(s []byte, i int) int {
	n := bytes.Index(s[i+2:], []byte("*/"))
	if n < 0 {
		return len(s)
	}
	return i + 2 + n + 2
}

// SkipString returns the end of the string at s[i]. One without its closing
// quote ends with its line.
func SkipString(s []byte, i int) int {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '"':
			return i + 1
		case '\n':
			return i
		case '\\':
			i++
		}
	}
	return len(s)
}

// LineEnd returns the offset of the newline that ends the logical line at i,
// past splices, or len(s).
func LineEnd(s []byte, i int) int {
	for {
		n := bytes.IndexByte(s[i:], '\n')
		if n < 0 {
			return len(s)
		}
		i += n
		if !Spliced(s, i) {
			return i
		}
		i++
	}
}

// Spliced reports whether the newline at s[nl] is escaped by a backslash.
func Spliced(s []byte, nl int) bool {
	if nl > 0 && s[nl-1] == '\r' {
		nl--
	}
	return nl > 0 && s[nl-1] == '\\'
}

// End returns the offset of the newline that ends the directive at i, past
// splices and block comments, or len(s).
func End(s []byte, i int) int {
	for i < len(s) {
		switch s[i] {
		case '\n':
			if !Spliced(s, i) {
				return i
			}
		case '/':
			if i+1 < len(s) && s[i+1] == '*' {
				i = SkipComment(s, i)
				continue
			}
			if i+1 < len(s) && s[i+1] == '/' {
				return LineEnd(s, i)
			}
		case '"':
			i = SkipString(s, i)
			continue
		}
		i++
	}
	return len(s)
}

// AppendText appends the body or the parameters of a macro to dst with
// comments and splices removed and blanks folded to one each.
func AppendText(dst, s []byte) []byte {
	blank := false
	first := len(dst)
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
			blank = true
			i++
			continue
		case c == '\\' && i+1 < len(s) && (s[i+1] == '\n' || s[i+1] == '\r'):
			blank = true
			i += 2
			continue
		case c == '/' && i+1 < len(s) && s[i+1] == '*':
			i = SkipComment(s, i)
			blank = true
			continue
		case c == '/' && i+1 < len(s) && s[i+1] == '/':
			i = LineEnd(s, i)
			continue
		}
		if blank && len(dst) > first {
			dst = append(dst, ' ')
		}
		blank = false
		end := i + 1
		if s[i] == '"' {
			end = SkipString(s, i)
		}
		dst = append(dst, s[i:end]...)
		i = end
	}
	return dst
}

// skipBlanks returns the offset of what follows blanks, splices and block
// comments at s[i].
func skipBlanks(s []byte, i int) int {
	for i < len(s) {
		switch {
		case s[i] == ' ' || s[i] == '\t' || s[i] == '\r' || s[i] == '\f' || s[i] == '\v':
			i++
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '\n':
			i += 2
		case s[i] == '\\' && i+2 < len(s) && s[i+1] == '\r' && s[i+2] == '\n':
			i += 3
		case s[i] == '/' && i+1 < len(s) && s[i+1] == '*':
			i = SkipComment(s, i)
		default:
			return i
		}
	}
	return i
}

// identByte reports whether c may stand in an identifier of the preprocessor.
func identByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x80
}

func lines(s []byte) uint32 { return uint32(bytes.Count(s, []byte{'\n'})) }
