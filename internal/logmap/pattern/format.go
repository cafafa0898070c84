package pattern

import (
	"errors"
	"fmt"
)

// MaxFormat is the longest format ParseFormat takes, in bytes. printk cuts
// records at about a thousand; what is longer is data and no format.
const MaxFormat = 1 << 16

// ErrFormatTooLong is returned for formats longer than MaxFormat.
var ErrFormatTooLong = errors.New("format too long")

// ParseFormat reads a format in the dialect of the kernel's vsnprintf. The
// format is given as the compiler sees it, escapes resolved; level prefixes
// (SOH and a digit) are skipped. Elements refer to fmt and are valid as long as
// it is. Anything the kernel would not understand becomes an element that
// matches leniently: the only error is a format longer than MaxFormat.
func ParseFormat(format []byte) ([]Elem, error) {
	return AppendFormat(nil, format)
}

// AppendFormat is ParseFormat that appends to dst.
func AppendFormat(dst []Elem, format []byte) ([]Elem, error) {
	if len(format) > MaxFormat {
		return dst, fmt.Errorf("%w: %d bytes", ErrFormatTooLong, len(format))
	}
	lit := 0 // start of the literal run not yet appended
	flush := func(end int) {
		if end > lit {
			dst = append(dst, Elem{Kind: Literal, Text: format[lit:end]})
		}
	}
	for i := 0; i < len(format); {
		switch {
		case format[i] == 1 && i+1 < len(format) && isLevel(format[i+1]):
			// A level prefix, or KERN_CONT: printk removes it at the start of
			// the text; in the middle it is a mistake that prints nothing
			// readable.
			flush(i)
			i += 2
			lit = i
		case format[i] == '%':
			flush(i)
			e, n := parseConversion(format[i:])
			i += n
			lit = i
			if e.Kind == Literal { // %%
				lit = i - 1
				continue
			}
			dst = append(dst, e)
		default:
			i++
		}
	}
	flush(len(format))
	return dst, nil
}

func isLevel(c byte) bool { return c >= '0' && c <= '7' || c == 'c' || c == 'd' }

// parseConversion reads the conversion at the start of f, which begins with
// '%', and returns it with its length. A doubled % is returned as a Literal.
func parseConversion(f []byte) (Elem, int) {
	e := Elem{}
	i := 1
flags:
	for ; i < len(f); i++ {
		switch f[i] {
		case '-':
			e.Flags |= Left
		case '+':
			e.Flags |= Plus
		case ' ':
			e.Flags |= Space
		case '0':
			e.Flags |= Zero
		case '#':
			e.Flags |= Alt
		default:
			break flags
		}
	}
	e.Width, i = parseCount(f, i)
	if i < len(f) && f[i] == '.' {
		e.Flags |= HasPrec
		e.Prec, i = parseCount(f, i+1)
	}
	e.Size, i = parseSize(f, i)
	if i >= len(f) {
		return Elem{Kind: Invalid, Text: f}, len(f)
	}
	switch f[i] {
	case '%':
		return Elem{Kind: Literal, Text: f[i : i+1]}, i + 1
	case 'c':
		e.Kind = Char
	case 's':
		e.Kind = String
	case 'd', 'i':
		e.Kind = Int
	case 'u':
		e.Kind = Uint
	case 'x':
		e.Kind = Hex
	case 'X':
		e.Kind, e.Var = Hex, Upper
	case 'o':
		e.Kind = Octal
	case 'p':
		// The kernel takes every letter and digit that follows as part of
		// the conversion, whether it knows it or not.
		end := i + 1
		for end < len(f) && isAlnum(f[end]) {
			end++
		}
		pointerConversion(&e, f[i+1:end])
		i = end - 1
	default:
		// The offending byte is not part of the conversion: a following '%'
		// starts a new one for kernels that go on.
		return Elem{Kind: Invalid, Text: f[:i]}, i
	}
	switch e.Kind {
	case Int, Uint, Hex, Octal:
	default:
		e.Size = SizeInt
	}
	e.Text = f[:i+1]
	return e, i + 1
}

// parseCount reads a width or precision at f[i]: digits or '*'. Counts beyond
// what the kernel prints are clamped.
func parseCount(f []byte, i int) (int32, int) {
	if i < len(f) && f[i] == '*' {
		return FromArg, i + 1
	}
	n := int32(0)
	for ; i < len(f) && isDigit(f[i]); i++ {
		if n = n*10 + int32(f[i]-'0'); n > maxCount {
			n = maxCount
		}
	}
	return n, i
}

// maxCount bounds widths and precisions: records are shorter.
const maxCount = 1 << 15

// parseSize reads the length modifier at f[i]. It takes those of old kernels
// (Z, q) and of ISO C (j) as well.
func parseSize(f []byte, i int) (Size, int) {
	if i >= len(f) {
		return SizeInt, i
	}
	twice := i+1 < len(f) && f[i+1] == f[i]
	switch f[i] {
	case 'h':
		if twice {
			return SizeChar, i + 2
		}
		return SizeShort, i + 1
	case 'l':
		if twice {
			return SizeLongLong, i + 2
		}
		return SizeLong, i + 1
	case 'z', 'Z', 't':
		return SizeLong, i + 1
	case 'L', 'q', 'j':
		return SizeLongLong, i + 1
	}
	return SizeInt, i
}

// pointerConversion sets the kind of a %p conversion from the letters after
// the p.
func pointerConversion(e *Elem, ext []byte) {
	at := func(i int) byte {
		if i < len(ext) {
			return ext[i]
		}
		return 0
	}
	has := func(from int, c byte) bool {
		for ; from < len(ext); from++ {
			if ext[from] == c {
				return true
			}
		}
		return false
	}
	set := func(k Kind, v uint8) { e.Kind, e.Var = k, v }
	set(UnknownPointer, 0)
	switch at(0) {
	case 0:
		set(Pointer, 0)
	case 'x':
		set(Pointer, PointerRaw)
	case 'K':
		set(Pointer, PointerRestricted)
	case 'S', 'B', 'F':
		set(Symbol, SymbolOffset)
	case 's':
		set(Symbol, 0)
	case 'f':
		if at(1) == 'w' {
			set(Node, 0)
		} else {
			set(Symbol, 0) // removed from the kernel in 5.5, same as %ps
		}
	case 'R', 'r':
		set(Resource, 0)
	case 'h':
		switch at(1) {
		case 'C':
			set(HexBytes, BytesColon)
		case 'D':
			set(HexBytes, BytesDash)
		case 'N':
			set(HexBytes, BytesPlain)
		default:
			set(HexBytes, 0)
		}
	case 'b':
		if at(1) == 'l' {
			set(BitList, 0)
		} else {
			set(Bitmap, 0)
		}
	case 'M', 'm':
		v := uint8(0)
		if at(0) == 'm' {
			v = MACPlain
		}
		switch at(1) {
		case 'F':
			v |= MACDash
		case 'R':
			v |= MACReversed
		}
		set(MAC, v)
	case 'I', 'i':
		internetConversion(e, at(0) == 'i', at(1), has)
	case 'E':
		set(Escaped, 0)
	case 'U':
		switch at(1) {
		case 'l':
			set(UUID, UUIDLittle)
		case 'L':
			set(UUID, UUIDLittle|Upper)
		case 'B':
			set(UUID, Upper)
		default:
			set(UUID, 0)
		}
	case 'V':
		set(VaFormat, 0)
	case 'N':
		if at(1) == 'F' {
			set(Features, 0)
		}
	case '4':
		if at(1) == 'c' {
			set(FourCC, 0)
		}
	case 'a':
		set(PhysAddr, 0)
	case 'd', 'D':
		set(Dentry, 0)
	case 't':
		timeConversion(e, ext)
	case 'C':
		if at(1) == 'r' { // the rate of a clock, kernels before 4.21
			e.Kind, e.Size = Uint, SizeLong
		} else {
			set(Clock, 0)
		}
	case 'g':
		set(BlockDev, 0)
	case 'G':
		switch at(1) {
		case 'p':
			set(FlagNames, FlagsPage)
		case 'g', 'v':
			set(FlagNames, 0)
		}
	case 'O':
		if at(1) == 'F' {
			set(Node, 0)
		}
	case 'e':
		set(Errno, 0)
	case 'u', 'k':
		if at(1) == 's' {
			set(String, 0)
		}
	}
}

// internetConversion sets the kind of %pI and %pi.
func internetConversion(e *Elem, plain bool, family byte, has func(int, byte) bool) {
	v := uint8(0)
	if plain {
		v = IPPlain
	}
	switch family {
	case '4':
		e.Kind, e.Var = IPv4, v
	case '6':
		if !plain && has(2, 'c') {
			v = IPCompressed
		}
		e.Kind, e.Var = IPv6, v
	case 'S':
		for _, o := range [...]struct {
			c   byte
			bit uint8
		}{{'p', IPPort}, {'f', IPFlow}, {'s', IPScope}} {
			if has(2, o.c) {
				v |= o.bit
			}
		}
		if !plain && has(2, 'c') {
			v |= IPCompressed
		}
		e.Kind, e.Var = SockAddr, v
	}
}

// timeConversion sets the kind of %pt: a struct rtc_time (R) or seconds (T)
// as date and time. Later kinds of time are left unknown.
func timeConversion(e *Elem, ext []byte) {
	if len(ext) < 2 || ext[1] != 'R' && ext[1] != 'T' {
		return
	}
	e.Kind, e.Var = Time, TimeDate|TimeClock
	i := 2
	if i < len(ext) {
		switch ext[i] {
		case 'd':
			e.Var = TimeDate
			i++
		case 't':
			e.Var = TimeClock
			i++
		}
	}
	for ; i < len(ext) && (ext[i] == 's' || ext[i] == 'r'); i++ {
		if ext[i] == 's' {
			e.Var |= TimeBlank
		}
	}
	if i < len(ext) {
		// "%ptTp" and the like of later kernels: more is printed.
		e.Kind, e.Var = UnknownPointer, 0
	}
}
