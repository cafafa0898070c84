package klog

// This file reads what printk itself puts in front of a message: the level in
// angle brackets, the time stamp, and the caller column in its standard and
// vendor forms.

// stampMinWidth is the least width of the seconds in a kernel time stamp:
// printk pads them to five places ("[%5lu.%06lu]").
const stampMinWidth = 5

// scanStamp reads a kernel time stamp at the start of c: "[    1.234567]" and
// the forms that vendor kernels make of it, "[    1.234567,0]",
// "[    1.234567@2]", "[    1.234567s]" and "[    1.234567 / 01-01 00:00:00.000]".
// It returns the time in nanoseconds and the number of bytes up to and with
// the closing bracket, 0 if there is no stamp. wide says that the seconds are
// padded the way printk pads them.
func scanStamp(c []byte) (ns int64, n int, wide bool) {
	if len(c) < len("[0.000000]") || c[0] != '[' {
		return 0, 0, false
	}
	i := 1
	for i < 16 && i < len(c) && c[i] == ' ' {
		i++
	}
	d := i
	var sec int64
	for i < len(c) && isDigit(c[i]) {
		sec = sec*10 + int64(c[i]-'0')
		i++
		if i-d > 9 {
			return 0, 0, false // 31 years of uptime: no stamp
		}
	}
	if i == d || i+8 > len(c) || c[i] != '.' {
		return 0, 0, false
	}
	wide = i-1 >= stampMinWidth
	i++
	var usec int64
	for e := i + 6; i < e; i++ {
		if !isDigit(c[i]) {
			return 0, 0, false
		}
		usec = usec*10 + int64(c[i]-'0')
	}
	if c[i] != ']' {
		if i = scanStampTail(c, i); i == 0 {
			return 0, 0, false
		}
	}
	return sec*1e9 + usec*1e3, i + 1, wide
}

// isBrokenStamp reports whether a text begins with what is left of a time stamp
// that lost some of its characters on the wire: "[    1.23456] usb", "  1.234567] usb",
// "[    1234567] usb", or had their highest bits set there.
func isBrokenStamp(text string) bool {
	const least, most = 6, 18 // digits, and characters in all
	digits := 0
	for i := 0; i < len(text) && i <= most; i++ {
		switch c := text[i] & 0x7f; {
		case isDigit(c):
			digits++
		case c == ']':
			return digits >= least && i+1 < len(text) && text[i+1]&0x7f == ' '
		case c != ' ' && c != '.' && (c != '[' || i > 0):
			return false
		}
	}
	return false
}

// scanStampTail skips what vendor kernels put between the microseconds and the
// closing bracket, and returns the index of the bracket, or 0.
func scanStampTail(c []byte, i int) int {
	switch c[i] {
	case ',', '@': // CPU number
		for i++; i < len(c) && isDigit(c[i]); i++ {
		}
	case 's':
		i++
	case ' ': // " / 01-01 00:00:00.000"
		if i+2 >= len(c) || c[i+1] != '/' {
			return 0
		}
		for e := min(len(c), i+40); i < e && c[i] != ']'; i++ {
		}
	default:
		return 0
	}
	if i < len(c) && c[i] == ']' {
		return i
	}
	return 0
}

// maxCaller bounds a caller column.
const maxCaller = 64

// scanCaller reads the columns that follow a time stamp and returns the
// caller without padding, and the index of the first byte after them (that of
// the space before the text, where there is one). Directly behind the stamp's
// bracket any bracketed column counts: printk puts a space before a message,
// so it cannot be one.
func scanCaller(c []byte, i int) (caller []byte, end int) {
	if i < len(c) && c[i] == '[' {
		for j := i + 1; j < len(c) && j-i <= maxCaller; j++ {
			if c[j] == ']' {
				return trimSpaces(c[i+1 : j]), j + 1
			}
		}
		return nil, i
	}
	// " [    T1] ": the same column as printed by dmesg.
	if i+3 < len(c) && c[i] == ' ' && c[i+1] == '[' {
		if n := scanTaskColumn(c[i+1:]); n > 0 {
			return trimSpaces(c[i+2 : i+n]), i + 1 + n
		}
	}
	if i+4 < len(c) {
		if n, from, to := scanVendorColumn(c[i:]); n > 0 {
			return trimSpaces(c[i+from : i+to]), i + n
		}
	}
	return nil, i
}

// scanTaskColumn matches "[", spaces, T or C, digits, "]" and returns its length.
func scanTaskColumn(c []byte) int {
	i := 1
	for i < len(c) && c[i] == ' ' {
		i++
	}
	if i >= len(c) || c[i] != 'T' && c[i] != 'C' {
		return 0
	}
	d := i + 1
	for i = d; i < len(c) && isDigit(c[i]); i++ {
	}
	if i == d || i >= len(c) || c[i] != ']' {
		return 0
	}
	return i + 1
}

// scanVendorColumn matches the CPU and task columns of vendor kernels behind
// the time stamp, at c[0] right after its bracket:
//
//	MediaTek  "  (0)[1:swapper/0]", " -(0)[1:swapper]", " .(2)[...]"
//	Samsung   " I[0:      swapper:    0]", "  [0:  swapper/0:    1]"
//
// It returns the length of the column and what of it to keep.
func scanVendorColumn(c []byte) (n, from, to int) {
	i := 0
	for i < len(c) && i < 2 && c[i] == ' ' {
		i++
	}
	if i >= len(c) {
		return 0, 0, 0
	}
	switch c[i] {
	case '-', '.', 'I', 'N', 'W', 'E', 'D', 'C':
		i++
	}
	if i+5 > len(c) {
		return 0, 0, 0
	}
	if c[i] == '(' && isDigit(c[i+1]) {
		j := i + 2
		if isDigit(c[j]) {
			j++
		}
		if j+2 >= len(c) || c[j] != ')' || c[j+1] != '[' || !isDigit(c[j+2]) {
			return 0, 0, 0
		}
		for e := min(len(c), j+2+maxCaller); j < e; j++ {
			if c[j] == ']' {
				return j + 1, i, j + 1
			}
		}
		return 0, 0, 0
	}
	if c[i] == '[' && isDigit(c[i+1]) && (c[i+2] == ':' || isDigit(c[i+2]) && c[i+3] == ':') {
		colons := 0
		for j := i + 2; j < len(c) && j-i <= maxCaller; j++ {
			switch {
			case c[j] == ':':
				colons++
			case c[j] == ']':
				// "cpu: comm: pid]"
				if colons < 2 || !isDigit(c[j-1]) {
					return 0, 0, 0
				}
				return j + 1, i + 1, j
			}
		}
	}
	return 0, 0, 0
}

// scanLevel reads "<6>" at the start of c: the syslog priority and the number
// of bytes, 0 if there is none. Priorities above the last facility are not
// levels.
func scanLevel(c []byte) (prio, n int) {
	if len(c) < 3 || c[0] != '<' {
		return 0, 0
	}
	for i := 1; i < len(c) && i < 5; i++ {
		if c[i] == '>' {
			if i == 1 || prio > 191 {
				return 0, 0
			}
			return prio, i + 1
		}
		if !isDigit(c[i]) {
			return 0, 0
		}
		prio = prio*10 + int(c[i]-'0')
	}
	return 0, 0
}

func isDigit(b byte) bool { return b-'0' <= 9 }

func isLetter(b byte) bool { return b|0x20-'a' < 26 }

func trimSpaces(c []byte) []byte {
	for len(c) > 0 && c[0] == ' ' {
		c = c[1:]
	}
	for len(c) > 0 && c[len(c)-1] == ' ' {
		c = c[:len(c)-1]
	}
	return c
}
