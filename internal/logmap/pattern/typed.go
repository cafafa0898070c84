package pattern

// Conversions of a strict form: %p and its extensions.

// ends collects the places where a conversion can end, the preferred first.
type ends struct {
	m    *Matcher
	next *op
	any  bool // keep also those that next cannot follow: padding comes first
	n    int
	at   [12]int
}

func (e *ends) add(end int) {
	if e.n < len(e.at) && (e.any || e.m.follows(e.next, end)) {
		e.at[e.n] = end
		e.n++
	}
}

// typed matches a conversion of a strict form.
func (m *Matcher) typed(o, next *op, pc, pos, span int) bool {
	width := o.width
	switch o.kind {
	case HexBytes, Bitmap, BitList:
		width = 0 // it is the length of the argument
	}
	left := o.flags&Left != 0
	if left && width == 0 && (o.kind == Pointer || o.kind == Errno) {
		// Padded to the size of a pointer, but not with zeros.
		padded := *o
		padded.width, width = FromArg, FromArg
		o = &padded
	}
	start := pos
	if width != 0 && !left || o.kind == Pointer || o.kind == Errno {
		for start < len(m.text) && m.text[start] == ' ' {
			start++
		}
		if width == 0 && start > pos && (start == len(m.text) || m.text[start] != '(') {
			// Only old kernels pad %p without a width, and only "(null)".
			start = pos
		}
	}
	blanks := start - pos
	e := ends{m: m, next: next, any: width != 0 && left}
	m.typedEnds(o, start, &e)
	if e.n == 0 && blanks > 0 && o.kind == FourCC {
		start, blanks = pos, 0 // a code may begin with a blank
		m.typedEnds(o, start, &e)
	}
	for _, end := range e.at[:e.n] {
		after := end
		// Before pointers can be hashed, the width is that of a pointer
		// whatever the format says.
		loose := width == FromArg || (o.kind == Pointer || o.kind == Errno) && m.text[start] == '('
		switch total := end - pos; {
		case loose && left:
			for after < len(m.text) && m.text[after] == ' ' {
				after++
			}
			// Some of the blanks may belong to what follows.
			for ; after > end; after-- {
				if m.follows(next, after) && m.try(pc, start, end, after, span) {
					return true
				}
			}
		case loose || width <= 0:
		case !left:
			if total < width || blanks > 0 && total > width {
				continue
			}
		case total < width:
			for after < len(m.text) && after-pos < width && m.text[after] == ' ' {
				after++
			}
			if after-pos < width && after < len(m.text) {
				continue
			}
		}
		if m.follows(next, after) && m.try(pc, start, end, after, span) {
			return true
		}
		if m.steps < 0 {
			return false
		}
	}
	return false
}

// typedEnds adds the places where the conversion can end if it begins at start.
func (m *Matcher) typedEnds(o *op, start int, e *ends) {
	text := m.text
	if start < len(text) && text[start] == '(' {
		if end := parenthesised(text, start); end > 0 {
			e.add(end)
		}
	}
	switch o.kind {
	case Pointer:
		pointerEnds(o, text, start, e)
	case Errno:
		errnoEnds(o, text, start, e)
	case Symbol:
		symbolEnds(o, text, start, e)
	case Resource:
		if end := resourceEnd(text, start); end > 0 {
			e.add(end)
		}
	case MAC:
		if end := macEnd(o.v, text, start); end > 0 {
			e.add(end)
		}
	case IPv4:
		if end := ipv4End(text, start, o.v&IPPlain != 0); end > 0 {
			e.add(end)
		}
	case IPv6:
		ipv6Ends(o.v, text, start, e)
	case SockAddr:
		sockAddrEnds(o.v, text, start, e)
	case UUID:
		if uuidAt(text, start, o.v&Upper != 0) {
			e.add(start + uuidLen)
		}
	case PhysAddr:
		prefixedEnds(text, start, e, 16, 8)
	case Features:
		prefixedEnds(text, start, e, 16)
	case HexBytes:
		hexBytesEnds(o, text, start, e)
	case Bitmap:
		listEnds(text, start, e, func(c byte) bool { return isHex(c) || c == ',' }, isHex)
	case BitList:
		listEnds(text, start, e, func(c byte) bool { return isDigit(c) || c == ',' || c == '-' }, isDigit)
	case FlagNames:
		flagsEnds(text, start, e)
	case Time:
		if end := timeEnd(o.v, text, start); end > 0 {
			e.add(end)
		}
	case FourCC:
		fourCCEnds(text, start, e)
	}
}

// standIns are what the kernel prints in place of a value it cannot read or
// must not show.
var standIns = [...]string{"(null)", "(efault)", "(einval)", "(ptrval)", "(____ptrval____)"}

// parenthesised is the end of a stand-in at start, or 0.
func parenthesised(text []byte, start int) int {
	for _, s := range standIns {
		if hasAt(text, start, s) {
			return start + len(s)
		}
	}
	// "(%pO?)": support for the extension is not built in.
	if hasAt(text, start, "(%p") {
		i := start + 3
		for i < len(text) && isAlnum(text[i]) {
			i++
		}
		if hasAt(text, i, "?)") {
			return i + 2
		}
	}
	return 0
}

func hexRun(text []byte, start, most int) int {
	n := 0
	for n < most && start+n < len(text) && isHex(text[start+n]) {
		n++
	}
	return n
}

func decRun(text []byte, start, most int) int {
	n := 0
	for n < most && start+n < len(text) && isDigit(text[start+n]) {
		n++
	}
	return n
}

func hasAt(text []byte, start int, s string) bool {
	return start+len(s) <= len(text) && string(text[start:start+len(s)]) == s
}

// pointerEnds: an address, hashed or not, of 32 or 64 bits.
func pointerEnds(o *op, text []byte, start int, e *ends) {
	if hasAt(text, start, "pK-error") {
		e.add(start + len("pK-error"))
	}
	p, prefix := start, 0
	if o.flags&Alt != 0 {
		if !hasAt(text, p, "0x") {
			return
		}
		p, prefix = p+2, 2
	}
	run := hexRun(text, p, 16)
	if o.width == 0 {
		// Padded with zeros to the size of a pointer. Kernels differ in
		// whether a prefix counts as part of it.
		for _, digits := range [...]int{16, 15, 14, 8, 7, 6} {
			if run >= digits && (prefix > 0 || digits&7 == 0) {
				e.add(p + digits)
			}
		}
		return
	}
	if run == 0 || run > 1 && text[p] == '0' && (o.flags&Zero == 0 || o.width > 0 && run+prefix > o.width) {
		return
	}
	e.add(p + run)
}

// errnoEnds: "-ENOSPC", a number if it has no name, or a pointer.
func errnoEnds(o *op, text []byte, start int, e *ends) {
	if start < len(text) && text[start] == '-' {
		i := start + 1
		for i < len(text) && (isDigit(text[i]) || text[i] >= 'A' && text[i] <= 'Z' || text[i] == '_') {
			i++
		}
		if i > start+1 && (text[start+1] == 'E' || isDigit(text[start+1])) {
			e.add(i)
		}
		return
	}
	pointerEnds(o, text, start, e)
}

// symbolEnds: name+0x1/0x2 [module], or the name alone; an address that is no
// symbol's is printed in hexadecimal.
func symbolEnds(o *op, text []byte, start int, e *ends) {
	i := start
	for i < len(text) && isSymbol(text[i]) {
		i++
	}
	if i == start {
		return
	}
	if o.v&SymbolOffset != 0 {
		if end := offsetEnd(text, i); end > 0 {
			e.add(moduleEnd(text, end))
			e.add(end)
			return
		}
		if hasAt(text, start, "0x") {
			if run := hexRun(text, start+2, 16); run > 0 {
				e.add(start + 2 + run)
			}
		}
		return
	}
	if end := moduleEnd(text, i); end > i {
		e.add(end)
	}
	e.add(i)
	if e.next.kind == Literal {
		// A full stop at the end of a sentence is a letter of names, too.
		for i--; i > start; i-- {
			e.add(i)
		}
	}
}

// offsetEnd is the end of "+0x1/0x2" at i, or 0.
func offsetEnd(text []byte, i int) int {
	if !hasAt(text, i, "+0x") {
		return 0
	}
	run := hexRun(text, i+3, 16)
	if i += 3 + run; run == 0 || !hasAt(text, i, "/0x") {
		return 0
	}
	if run = hexRun(text, i+3, 16); run == 0 {
		return 0
	}
	return i + 3 + run
}

// moduleEnd is the end of " [module]" or " [module buildid]" at i, or i.
func moduleEnd(text []byte, i int) int {
	const longest = 128
	if !hasAt(text, i, " [") {
		return i
	}
	for j := i + 2; j < len(text) && j < i+longest; j++ {
		switch c := text[j]; {
		case c == ']' && j > i+2:
			return j + 1
		case !isAlnum(c) && c != '_' && c != '-' && c != ' ':
			return i
		}
	}
	return i
}

// resourceEnd is the end of "[mem 0x0-0x1 flags 0x2]" and the like, or 0.
func resourceEnd(text []byte, start int) int {
	const longest = 128
	if start+6 > len(text) || text[start] != '[' {
		return 0
	}
	i := start + 1
	for i < len(text) && (text[i] >= 'a' && text[i] <= 'z' || text[i] == '?') {
		i++
	}
	if i == start+1 || i >= len(text) || text[i] != ' ' {
		return 0
	}
	digits := false
	for ; i < len(text) && i < start+longest; i++ {
		switch c := text[i]; {
		case c == ']':
			if digits {
				return i + 1
			}
			return 0
		case isDigit(c):
			digits = true
		case !isAlnum(c) && c != ' ' && c != '-':
			return 0
		}
	}
	return 0
}

func macEnd(v uint8, text []byte, start int) int {
	if v&MACPlain != 0 {
		if hexRun(text, start, 12) < 12 {
			return 0
		}
		return start + 12
	}
	sep := byte(':')
	if v&MACDash != 0 {
		sep = '-'
	}
	return hexPairs(text, start, 6, sep)
}

// hexPairs is the end of count pairs of hexadecimal digits with a separator, or
// 0.
func hexPairs(text []byte, start, count int, sep byte) int {
	i := start
	for k := 0; k < count; k++ {
		if k > 0 {
			if i >= len(text) || text[i] != sep {
				return 0
			}
			i++
		}
		if hexRun(text, i, 2) < 2 {
			return 0
		}
		i += 2
	}
	return i
}

func ipv4End(text []byte, start int, padded bool) int {
	i := start
	for k := 0; k < 4; k++ {
		if k > 0 {
			if i >= len(text) || text[i] != '.' {
				return 0
			}
			i++
		}
		run := decRun(text, i, 3)
		if run == 0 || padded && run < 3 || !padded && run > 1 && text[i] == '0' {
			return 0
		}
		v := 0
		for _, c := range text[i : i+run] {
			v = v*10 + int(c-'0')
		}
		if v > 255 {
			return 0
		}
		i += run
	}
	return i
}

// ipv6Full is the end of an address of eight groups of four digits, or 0.
func ipv6Full(text []byte, start int, plain bool) int {
	if plain {
		if hexRun(text, start, 32) < 32 {
			return 0
		}
		return start + 32
	}
	i := start
	for k := 0; k < 8; k++ {
		if k > 0 {
			if i >= len(text) || text[i] != ':' {
				return 0
			}
			i++
		}
		if hexRun(text, i, 4) < 4 {
			return 0
		}
		i += 4
	}
	return i
}

func ipv6Ends(v uint8, text []byte, start int, e *ends) {
	if v&IPCompressed == 0 {
		if end := ipv6Full(text, start, v&IPPlain != 0); end > 0 {
			e.add(end)
		}
		return
	}
	// A colon after the address may look like a part of it.
	for end := ipv6Run(text, start); end >= start+2; end-- {
		if compressedIPv6(text[start:end]) {
			e.add(end)
		}
	}
}

// ipv6Run is the end of the bytes an address may consist of.
func ipv6Run(text []byte, start int) int {
	const longest = len("xxxx:xxxx:xxxx:xxxx:xxxx:xxxx:255.255.255.255")
	i := start
	for i < len(text) && i < start+longest && (isHex(text[i]) || text[i] == ':' || text[i] == '.') {
		i++
	}
	return i
}

// compressedIPv6 reports whether b is an IPv6 address as RFC 5952 writes it.
func compressedIPv6(b []byte) bool {
	groups, gap := 0, false
	i := 0
	for i < len(b) {
		if b[i] == ':' {
			switch {
			case i+1 < len(b) && b[i+1] == ':':
				if gap {
					return false
				}
				gap = true
				i += 2
				continue
			case i == 0 || groups == 0 || b[i-1] == ':':
				return false
			}
			if i++; i >= len(b) {
				return false
			}
		} else if groups > 0 && b[i-1] != ':' {
			return false // a fifth digit
		}
		if ipv4End(b, i, false) == len(b) && (groups == 6 || gap && groups < 6) {
			return true
		}
		run := hexRun(b, i, 4)
		if run == 0 {
			return false
		}
		groups++
		i += run
	}
	return groups == 8 && !gap || gap && groups < 8
}

func sockAddrEnds(v uint8, text []byte, start int, e *ends) {
	port := func(i int, sep byte) int { // a number after a separator, or 0
		if i >= len(text) || text[i] != sep {
			return 0
		}
		run := decRun(text, i+1, 10)
		if run == 0 {
			return 0
		}
		return i + 1 + run
	}
	if end := ipv4End(text, start, v&IPPlain != 0); end > 0 {
		if v&IPPort != 0 {
			end = port(end, ':')
		}
		if end > 0 {
			e.add(end)
		}
	}
	if v&(IPPort|IPFlow|IPScope) == 0 {
		ipv6Ends(v, text, start, e)
		return
	}
	if start >= len(text) || text[start] != '[' {
		return
	}
	i := start + 1
	if v&IPCompressed != 0 {
		if i = ipv6Run(text, i); !compressedIPv6(text[start+1 : i]) {
			return
		}
	} else if i = ipv6Full(text, i, v&IPPlain != 0); i == 0 {
		return
	}
	if i >= len(text) || text[i] != ']' {
		return
	}
	i++
	for _, part := range [...]struct{ bit, sep uint8 }{{IPPort, ':'}, {IPFlow, '/'}, {IPScope, '%'}} {
		if v&part.bit != 0 {
			if i = port(i, part.sep); i == 0 {
				return
			}
		}
	}
	e.add(i)
}

const uuidLen = 36

func uuidAt(text []byte, start int, upper bool) bool {
	if start+uuidLen > len(text) {
		return false
	}
	class := classLowerHex
	if upper {
		class = classUpperHex
	}
	for i := 0; i < uuidLen; i++ {
		c := text[start+i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if classes[c]&class == 0 {
			return false
		}
	}
	return true
}

// prefixedEnds: 0x and one of some numbers of digits.
func prefixedEnds(text []byte, start int, e *ends, digits ...int) {
	if !hasAt(text, start, "0x") {
		return
	}
	run := hexRun(text, start+2, 16)
	for _, d := range digits {
		if run >= d {
			e.add(start + 2 + d)
		}
	}
}

// hexBytesEnds: pairs of digits; the kernel prints 64 bytes at most.
func hexBytesEnds(o *op, text []byte, start int, e *ends) {
	const most = 64
	step, sep := 3, byte(' ')
	switch o.v & 3 {
	case BytesColon:
		sep = ':'
	case BytesDash:
		sep = '-'
	case BytesPlain:
		step, sep = 2, 0
	}
	count, i := 0, start
	for count < most {
		if count > 0 && sep != 0 {
			if i >= len(text) || text[i] != sep {
				break
			}
			i++
		}
		if hexRun(text, i, 2) < 2 {
			break
		}
		i += 2
		count++
	}
	end := func(n int) int { return start + n*step - (step - 2) }
	if o.width != FromArg {
		if want := min(max(o.width, 1), most); count >= want {
			e.add(end(want))
		}
		return
	}
	for n := count; n > 0 && e.n < len(e.at)-1; n-- {
		e.add(end(n))
	}
	e.add(start)
}

// listEnds: bytes of a class that end in one of another, or nothing.
func listEnds(text []byte, start int, e *ends, in, last func(byte) bool) {
	i := start
	for i < len(text) && in(text[i]) {
		i++
	}
	for ; i > start && e.n < len(e.at)-1; i-- {
		if last(text[i-1]) {
			e.add(i)
		}
	}
	e.add(start)
}

// flagsEnds: a number and names in parentheses.
func flagsEnds(text []byte, start int, e *ends) {
	const longest = 1024
	if !hasAt(text, start, "0x") {
		return
	}
	i := start + 2
	if i += hexRun(text, i, 16); i >= len(text) || text[i] != '(' {
		return
	}
	for ; i < len(text) && i < start+longest && !isBlank(text[i]); i++ {
		if text[i] == ')' {
			e.add(i + 1)
			return
		}
	}
}

// timeEnd is the end of 2024-01-31T23:59:59, or of a half of it, or 0.
func timeEnd(v uint8, text []byte, start int) int {
	i := start
	triple := func(first int, sep byte) bool { // three numbers
		for k := 0; k < 3; k++ {
			least := 2
			if k == 0 {
				least = first
			} else {
				if i >= len(text) || text[i] != sep {
					return false
				}
				i++
			}
			if i < len(text) && text[i] == '-' {
				i++ // a clock that was never set
			}
			run := decRun(text, i, 10)
			if run < least {
				return false
			}
			if k == 2 {
				run = least
			}
			i += run
		}
		return true
	}
	if v&TimeDate != 0 && !triple(4, '-') {
		return 0
	}
	if v&TimeDate != 0 && v&TimeClock != 0 {
		sep := byte('T')
		if v&TimeBlank != 0 {
			sep = ' '
		}
		if i >= len(text) || text[i] != sep {
			return 0
		}
		i++
	}
	if v&TimeClock != 0 && !triple(2, ':') {
		return 0
	}
	return i
}

// fourCCEnds: four characters, the byte order and the number.
func fourCCEnds(text []byte, start int, e *ends) {
	for _, s := range [...]string{" little-endian (0x", " big-endian (0x"} {
		if hasAt(text, start+4, s) {
			i := start + 4 + len(s)
			if hexRun(text, i, 8) == 8 && i+8 < len(text) && text[i+8] == ')' {
				e.add(i + 9)
			}
		}
	}
}
