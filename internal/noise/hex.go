package noise

import "strings"

// This file recognises the rows of print_hex_dump() (lib/hexdump.c) and of the
// dumps of stacks that look like them: a prefix, an offset or address, groups of
// 1, 2, 4 or 8 bytes, and behind two blanks the same as text.

const (
	// leastBytes is how many bytes a row without an offset must have to be one,
	// leastAddressed a row with one.
	leastBytes     = 8
	leastAddressed = 4
	// rowBytes is the most that a row has.
	rowBytes = 64
)

// isHexRow reports whether a text is a row of a dump. behind says that the record
// before was one: then a short row, the last one, counts too.
func isHexRow(text string, behind bool) bool {
	if len(text) < leastAddressed*2 {
		if !behind {
			return false
		}
	}
	from := 0
	for from < len(text) && text[from] == ' ' {
		from++
	}
	// The groups begin where the text does or behind a colon: of the prefix, of
	// the offset.
	addressed := false
	for range 4 {
		if bytes, ok := hexGroups(text[from:]); ok {
			least := leastBytes
			if addressed {
				least = leastAddressed
			}
			if behind {
				least = 1
			}
			if bytes >= least && bytes <= rowBytes {
				return true
			}
		}
		i := strings.Index(text[from:], ": ")
		if i < 0 || i > 48 {
			return false
		}
		word := text[from : from+i]
		addressed = isOffset(word[strings.LastIndexByte(word, ' ')+1:])
		from += i + 2
		for from < len(text) && text[from] == ' ' {
			from++
		}
	}
	return false
}

// isOffset reports whether a word is the offset or address of a row: four
// hexadecimal digits or more.
func isOffset(word string) bool {
	if len(word) < 4 || len(word) > 16 {
		return false
	}
	for i := range len(word) {
		if !isHex(word[i]) {
			return false
		}
	}
	return true
}

// hexGroups counts the bytes of the groups that a text consists of. They are
// equally wide, and one blank is between two of them.
func hexGroups(s string) (bytes int, ok bool) {
	width, groups := 0, 0
	for {
		n := 0
		for n < len(s) && isHex(s[n]) {
			n++
		}
		if n == 0 || groups > 0 && n != width || n != 2 && n != 4 && n != 8 && n != 16 {
			return 0, false
		}
		width = n
		groups++
		s = s[n:]
		if strings.Trim(s, " ") == "" {
			break
		}
		if s[0] != ' ' {
			return 0, false
		}
		if s[1] == ' ' { // the text column
			if text := strings.TrimLeft(s, " "); len(text) > groups*width/2 {
				return 0, false
			}
			break
		}
		s = s[1:]
	}
	return groups * width / 2, groups > 1 || width == 2
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }
