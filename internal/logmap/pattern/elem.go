package pattern

import "strconv"

// Kind is the kind of an element of a pattern. The values are stored in
// compiled sets: append, never renumber.
type Kind uint8

const (
	kindEnd Kind = iota // end of the compiled pattern, never in an Elem

	// Literal is fixed text.
	Literal
	// Invalid is a conversion the kernel does not know (%f, %n, a lone % at
	// the end): current kernels stop printing there, old ones print it as it
	// stands. Text holds its spelling.
	Invalid
	// Any is text about which nothing is known, the empty text included.
	Any
	// Word is non-empty text without blanks. No conversion of the kernel makes
	// it; callers use it for names they know to have none.
	Word

	// Int is %d and %i.
	Int
	// Uint is %u.
	Uint
	// Hex is %x and, with Upper, %X.
	Hex
	// Octal is %o.
	Octal
	// Char is %c.
	Char
	// String is %s, %pks and %pus.
	String

	// Pointer is %p, %pK and %px.
	Pointer
	// Symbol is %pS, %ps, %pSR, %pB, %pF and %pf.
	Symbol
	// Resource is %pR, %pr and %pra.
	Resource
	// MAC is %pM and %pm.
	MAC
	// IPv4 is %pI4 and %pi4.
	IPv4
	// IPv6 is %pI6, %pi6 and %pI6c.
	IPv6
	// SockAddr is %pIS and %piS.
	SockAddr
	// UUID is %pU.
	UUID
	// Errno is %pe: the name of an error, its number, or a pointer.
	Errno
	// PhysAddr is %pa, %pap and %pad.
	PhysAddr
	// Features is %pNF.
	Features
	// HexBytes is %*ph and its variants.
	HexBytes
	// Bitmap is %*pb.
	Bitmap
	// BitList is %*pbl.
	BitList
	// Escaped is %*pE.
	Escaped
	// Dentry is %pd and %pD.
	Dentry
	// BlockDev is %pg.
	BlockDev
	// Clock is %pC.
	Clock
	// FlagNames is %pGp, %pGg and %pGv.
	FlagNames
	// Node is %pOF and %pfw, a firmware node.
	Node
	// Time is %pt.
	Time
	// FourCC is %p4cc.
	FourCC
	// VaFormat is %pV, another format with its arguments.
	VaFormat
	// UnknownPointer is a %p extension that is not known here.
	UnknownPointer

	numKinds
)

var kindNames = [numKinds]string{
	kindEnd: "end", Literal: "literal", Invalid: "invalid", Any: "any", Word: "word", Int: "int", Uint: "uint",
	Hex: "hex", Octal: "octal", Char: "char", String: "string", Pointer: "pointer", Symbol: "symbol",
	Resource: "resource", MAC: "mac", IPv4: "ipv4", IPv6: "ipv6", SockAddr: "sockaddr", UUID: "uuid",
	Errno: "errno", PhysAddr: "address", Features: "features", HexBytes: "bytes", Bitmap: "bitmap",
	BitList: "bitlist", Escaped: "escaped", Dentry: "dentry", BlockDev: "blockdev", Clock: "clock",
	FlagNames: "flags", Node: "node", Time: "time", FourCC: "fourcc", VaFormat: "format",
	UnknownPointer: "unknown",
}

// String is the name of the kind in lower case ("int", "mac").
func (k Kind) String() string {
	if k < numKinds {
		return kindNames[k]
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// IsConversion reports whether the element prints an argument (or text whose
// format is not known) and so has a span in Captures.
func (k Kind) IsConversion() bool { return k >= Any && k < numKinds }

// Flags are the flags of a conversion. The values are stored in compiled sets.
type Flags uint8

const (
	Left    Flags = 1 << iota // '-': pad on the right
	Plus                      // '+': a sign also before positive numbers
	Space                     // ' ': a blank in place of a plus sign
	Zero                      // '0': pad with zeros
	Alt                       // '#': 0x before hexadecimal, 0 before octal
	HasPrec                   // Prec is set

	flagWidth // compiled form only: a width follows
)

// Size is the size of the integer a conversion prints.
type Size uint8

const (
	SizeInt      Size = iota // 32 bits
	SizeChar                 // hh, 8 bits
	SizeShort                // h, 16 bits
	SizeLong                 // l, z, t: 32 or 64 bits
	SizeLongLong             // ll, L, q, j: 64 bits
)

// FromArg is the Width or Prec of a conversion whose width or precision is an
// argument ('*') and therefore unknown.
const FromArg = -1

// Variants of conversions, in Elem.Var. Their meaning depends on the kind.
const (
	// Upper makes the digits of Hex and UUID upper case.
	Upper uint8 = 1 << 7

	// SymbolOffset prints name+0x1/0x2 (%pS, %pB); without it the name (%ps).
	SymbolOffset uint8 = 1

	// MACDash separates with '-' (%pMF), MACPlain not at all (%pm).
	// MACReversed prints the last byte first (%pMR).
	MACDash     uint8 = 1
	MACPlain    uint8 = 2
	MACReversed uint8 = 4

	// IPPlain is the lower-case %pi4 (digits padded) and %pi6 (no colons).
	IPPlain uint8 = 1
	// IPCompressed is %pI6c.
	IPCompressed uint8 = 2
	// IPPort, IPFlow and IPScope are the p, f and s of %pIS.
	IPPort  uint8 = 4
	IPFlow  uint8 = 8
	IPScope uint8 = 16

	// UUIDLittle is %pUl: bytes in little-endian (GUID) order.
	UUIDLittle uint8 = 1

	// BytesColon, BytesDash and BytesPlain are the C, D and N of %ph.
	BytesColon uint8 = 1
	BytesDash  uint8 = 2
	BytesPlain uint8 = 3

	// PointerRaw is %px, PointerRestricted %pK.
	PointerRaw        uint8 = 1
	PointerRestricted uint8 = 2

	// FlagsPage is %pGp: a number and then names in parentheses.
	FlagsPage uint8 = 1

	// TimeDate and TimeClock say which halves of %pt are printed; TimeBlank
	// puts a blank and not a T between them.
	TimeDate  uint8 = 1
	TimeClock uint8 = 2
	TimeBlank uint8 = 4
)

// Elem is one element of a pattern: literal text or a conversion. The zero
// values of Flags, Width, Prec, Size and Var are those of a plain conversion,
// so Elem{Kind: String} is %s.
type Elem struct {
	Kind  Kind
	Flags Flags
	Size  Size
	Var   uint8
	// Width is the field width, 0 for none or FromArg.
	Width int32
	// Prec is the precision or FromArg; it counts only with HasPrec.
	Prec int32
	// Text is the text of a Literal, or the spelling of a conversion as
	// ParseFormat met it ("%-8s"), a part of the format given to it.
	Text []byte
}

// Lit is a literal element.
func Lit(text string) Elem { return Elem{Kind: Literal, Text: []byte(text)} }

// Args is the number of arguments the element takes: 0 for literals, and one
// more for each '*'.
func (e *Elem) Args() int {
	switch {
	case !e.Kind.IsConversion() || e.Kind == Any || e.Kind == Word:
		return 0
	case e.Kind == VaFormat:
		return 1
	}
	n := 1
	if e.Width == FromArg {
		n++
	}
	if e.Flags&HasPrec != 0 && e.Prec == FromArg {
		n++
	}
	return n
}

// String spells the element as a format would: the literal text with %
// doubled, or the conversion. Any and Word, which no format has, are "%?" and
// "%w".
func (e *Elem) String() string {
	switch e.Kind {
	case Literal:
		b := make([]byte, 0, len(e.Text))
		for _, c := range e.Text {
			if c == '%' {
				b = append(b, '%')
			}
			b = append(b, c)
		}
		return string(b)
	case Invalid:
		return string(e.Text)
	}
	if len(e.Text) > 0 {
		return string(e.Text)
	}
	b := []byte{'%'}
	for i, c := range []byte("-+ 0#") {
		if e.Flags&(1<<i) != 0 {
			b = append(b, c)
		}
	}
	switch {
	case e.Width == FromArg:
		b = append(b, '*')
	case e.Width > 0:
		b = strconv.AppendInt(b, int64(e.Width), 10)
	}
	if e.Flags&HasPrec != 0 {
		b = append(b, '.')
		if e.Prec == FromArg {
			b = append(b, '*')
		} else {
			b = strconv.AppendInt(b, int64(e.Prec), 10)
		}
	}
	return string(append(b, e.spell()...))
}

// spell is the conversion without flags, width and precision.
func (e *Elem) spell() string {
	size := [...]string{SizeInt: "", SizeChar: "hh", SizeShort: "h", SizeLong: "l", SizeLongLong: "ll"}
	pick := func(bit uint8, set, clear string) string {
		if e.Var&bit != 0 {
			return set
		}
		return clear
	}
	s := ""
	if int(e.Size) < len(size) {
		s = size[e.Size]
	}
	switch e.Kind {
	case Any:
		return "?"
	case Word:
		return "w"
	case Int:
		return s + "d"
	case Uint:
		return s + "u"
	case Hex:
		return s + pick(Upper, "X", "x")
	case Octal:
		return s + "o"
	case Char:
		return "c"
	case String:
		return "s"
	case Pointer:
		return "p" + pick(PointerRaw, "x", "") + pick(PointerRestricted, "K", "")
	case Symbol:
		return "p" + pick(SymbolOffset, "S", "s")
	case Resource:
		return "pR"
	case MAC:
		return "p" + pick(MACPlain, "m", "M") + pick(MACReversed, "R", "") + pick(MACDash, "F", "")
	case IPv4:
		return "p" + pick(IPPlain, "i4", "I4")
	case IPv6:
		return "p" + pick(IPPlain, "i6", "I6") + pick(IPCompressed, "c", "")
	case SockAddr:
		return "p" + pick(IPPlain, "iS", "IS") + pick(IPPort, "p", "") + pick(IPFlow, "f", "") +
			pick(IPScope, "s", "") + pick(IPCompressed, "c", "")
	case UUID:
		if e.Var&Upper != 0 {
			return "pU" + pick(UUIDLittle, "L", "B")
		}
		return "pU" + pick(UUIDLittle, "l", "b")
	case Errno:
		return "pe"
	case PhysAddr:
		return "pa"
	case Features:
		return "pNF"
	case HexBytes:
		return "ph" + [...]string{"", "C", "D", "N"}[e.Var&3]
	case Bitmap:
		return "pb"
	case BitList:
		return "pbl"
	case Escaped:
		return "pE"
	case Dentry:
		return "pd"
	case BlockDev:
		return "pg"
	case Clock:
		return "pC"
	case FlagNames:
		return "pG" + pick(FlagsPage, "p", "g")
	case Node:
		return "pOF"
	case Time:
		t := "ptR"
		switch e.Var & (TimeDate | TimeClock) {
		case TimeDate:
			t += "d"
		case TimeClock:
			t += "t"
		}
		return t + pick(TimeBlank, "s", "")
	case FourCC:
		return "p4cc"
	case VaFormat:
		return "pV"
	}
	return "p?"
}
