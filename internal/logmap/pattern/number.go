package pattern

// Integers as the kernel's number() prints them.

// limits of the integers a conversion prints, by Size.
var (
	maxUnsigned = [...]uint64{SizeInt: 1<<32 - 1, SizeChar: 1<<8 - 1, SizeShort: 1<<16 - 1, SizeLong: 1<<64 - 1, SizeLongLong: 1<<64 - 1}
	maxSigned   = [...]uint64{SizeInt: 1<<31 - 1, SizeChar: 1<<7 - 1, SizeShort: 1<<15 - 1, SizeLong: 1<<63 - 1, SizeLongLong: 1<<63 - 1}
	hexDigits   = [...]int{SizeInt: 8, SizeChar: 2, SizeShort: 4, SizeLong: 16, SizeLongLong: 16}
	decDigits   = [...]int{SizeInt: 10, SizeChar: 3, SizeShort: 5, SizeLong: 20, SizeLongLong: 20}
	octDigits   = [...]int{SizeInt: 11, SizeChar: 3, SizeShort: 6, SizeLong: 22, SizeLongLong: 22}
)

// anyWidth is the number of digits to expect where a width or precision is an
// argument.
const anyWidth = 64

// number matches an integer conversion.
func (m *Matcher) number(o, next *op, pc, pos, span int) bool {
	text, n := m.text, len(m.text)
	size := o.size()
	if size > SizeLongLong {
		return false // damaged
	}
	left := o.flags&Left != 0
	zero := o.flags&Zero != 0 && !left
	p := pos
	if !left && !zero && o.width != 0 {
		for p < n && text[p] == ' ' {
			p++
		}
	}
	blanks := p - pos
	neg := false
	field := p // where sign, prefix and digits start
	if o.kind == Int {
		switch {
		case p < n && text[p] == '-':
			neg = true
			p++
		case o.flags&Plus != 0:
			if p >= n || text[p] != '+' {
				return false
			}
			p++
		case o.flags&Space != 0:
			// The blank in place of a plus; the last of the padding may be it.
			if blanks > 0 {
				blanks--
			} else if p < n && text[p] == ' ' {
				p++
			} else {
				return false
			}
		}
	}
	class := classDigit
	var maxDigits int
	switch o.kind {
	case Hex:
		class, maxDigits = classLowerHex, hexDigits[size]
		x := byte('x')
		if o.v&Upper != 0 {
			class, x = classUpperHex, 'X'
		}
		if o.flags&Alt != 0 {
			if p+1 >= n || text[p] != '0' || text[p+1] != x {
				return false
			}
			p += 2
		}
	case Octal:
		maxDigits = octDigits[size]
	default:
		maxDigits = decDigits[size]
	}
	prec := 0
	if o.flags&HasPrec != 0 {
		if prec = o.prec; prec == FromArg {
			maxDigits = anyWidth
		}
		maxDigits = max(maxDigits, prec)
	}
	if zero {
		if o.width == FromArg {
			maxDigits = anyWidth
		}
		maxDigits = max(maxDigits, o.width)
	}
	octal := 0 // digits that the prefix of an octal number adds
	if o.kind == Octal && o.flags&Alt != 0 {
		octal = 1
		maxDigits++
	}
	run := 0
	for p+run < n && run < maxDigits && classes[text[p+run]]&class != 0 {
		if run < 8 && o.kind == Octal && text[p+run] > '7' {
			break
		}
		run++
	}
	for digits := run; digits > 0; digits-- {
		if digits < prec {
			return false
		}
		end := p + digits
		total := end - pos
		if text[p] == '0' && digits > 1 {
			// Zeros come from a precision, from zero padding that fills the
			// field exactly, or from the prefix of an octal number.
			switch {
			case o.flags&HasPrec != 0 && (prec == digits || prec+octal == digits || prec == FromArg):
			case zero && (o.width == FromArg || total == o.width):
			case octal > 0 && text[p+1] != '0':
			default:
				continue
			}
		}
		if !inRange(o.kind, size, neg, text[p:end]) {
			continue
		}
		after := end
		switch {
		case o.width > 0 && total < o.width:
			if !left {
				continue
			}
			for after < n && after-pos < o.width && text[after] == ' ' {
				after++
			}
			if after-pos < o.width && after < n {
				continue
			}
		case o.width > 0 && blanks > 0 && total > o.width:
			continue
		case o.width == FromArg && left:
			for after < n && text[after] == ' ' {
				after++
			}
			// Some of the blanks may belong to what follows.
			for ; after > end; after-- {
				if m.follows(next, after) && m.try(pc, field, end, after, span) {
					return true
				}
			}
		}
		if m.follows(next, after) && m.try(pc, field, end, after, span) {
			return true
		}
		if m.steps < 0 {
			return false
		}
	}
	return false
}

// inRange reports whether decimal digits are a value of the type.
func inRange(k Kind, size Size, neg bool, digits []byte) bool {
	if k == Hex || k == Octal || len(digits) < 3 {
		return true // bounded by the number of digits
	}
	limit := maxUnsigned[size]
	if k == Int {
		limit = maxSigned[size]
		if neg {
			limit++
		}
	}
	if len(digits) < decDigits[size]-1 {
		return true
	}
	v := uint64(0)
	for _, c := range digits {
		d := uint64(c - '0')
		if v > (1<<64-1-d)/10 {
			return false
		}
		v = v*10 + d
	}
	return v <= limit
}
