package pattern

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
)

// The values of conversions beyond plain numbers and strings, as Value returns
// them. The tags are the schema of the JSON output.
type (
	// Address is a pointer or an address, of memory or a bus. Hashed says that
	// the kernel printed an identifier in its place.
	Address struct {
		Address uint64 `json:"address"`
		Hashed  bool   `json:"hashed,omitempty"`
	}
	// SymbolValue is a place in the kernel's code or data. Size and Offset are
	// in bytes and zero if only the name was printed; Module is empty for the
	// kernel itself.
	SymbolValue struct {
		Name   string `json:"name"`
		Offset uint64 `json:"offset,omitempty"`
		Size   uint64 `json:"size,omitempty"`
		Module string `json:"module,omitempty"`
	}
	// ErrnoValue is an error. Number is negative as in the kernel, and zero if
	// the name is not one of Linux' generic ones.
	ErrnoValue struct {
		Name   string `json:"name,omitempty"`
		Number int    `json:"number,omitempty"`
	}
	// ResourceValue is a range of a resource; End is inclusive. Flags are the
	// words after the range.
	ResourceValue struct {
		Type  string `json:"type"`
		Start uint64 `json:"start"`
		End   uint64 `json:"end"`
		Flags string `json:"flags,omitempty"`
	}
	// Endpoint is an internet address with a port.
	Endpoint struct {
		Address string `json:"address"`
		Port    uint16 `json:"port"`
	}
)

// Value decodes the text a conversion printed: an int64 for %d, a uint64 for
// other integers, bitmaps of at most 64 bits and network features; a string for
// free text, MAC addresses (in lower case, separated by colons), internet
// addresses (in the form of RFC 5952), UUIDs (in lower case), flags, times and
// formats; hexadecimal text without separators for buffers; a []string for the
// ranges of a bit list; and one of the types of this package for Address,
// SymbolValue, ErrnoValue, ResourceValue and Endpoint. It is nil for a pointer
// that the kernel could not read ("(null)") and for text that the conversion
// does not print.
func Value(e Elem, text []byte) any {
	s := string(text)
	if e.Kind > String && len(s) > 2 && s[0] == '(' && s[len(s)-1] == ')' && !e.isText() {
		return nil
	}
	switch e.Kind {
	case Int:
		return orNil(strconv.ParseInt(strings.TrimSpace(s), 10, 64))
	case Uint:
		return orNil(strconv.ParseUint(s, 10, 64))
	case Hex:
		return orNil(parseHex(s))
	case Octal:
		return orNil(strconv.ParseUint(s, 8, 64))
	case Pointer:
		return addressValue(s, e.Var&PointerRaw == 0)
	case PhysAddr:
		return addressValue(s, false)
	case Features:
		return orNil(parseHex(s))
	case Symbol:
		return symbolValue(s)
	case Errno:
		return errnoValue(s)
	case Resource:
		return resourceValue(s)
	case MAC:
		return macValue(e.Var, s)
	case IPv4:
		if e.Var&IPPlain != 0 {
			s = unpadIPv4(s)
		}
		return addrValue(s)
	case IPv6:
		if e.Var&IPPlain != 0 {
			s = colonIPv6(s)
		}
		return addrValue(s)
	case SockAddr:
		return sockAddrValue(e.Var, s)
	case UUID:
		return strings.ToLower(s)
	case HexBytes:
		return strings.Map(func(r rune) rune {
			if r == ' ' || r == ':' || r == '-' {
				return -1
			}
			return r
		}, s)
	case Bitmap:
		if v, err := strconv.ParseUint(strings.ReplaceAll(s, ",", ""), 16, 64); err == nil {
			return v
		}
		return s
	case BitList:
		if s == "" {
			return []string{}
		}
		return strings.Split(s, ",")
	}
	return s
}

// isText reports whether a parenthesised text is text like any other.
func (e *Elem) isText() bool {
	switch e.Kind {
	case Escaped, VaFormat, UnknownPointer, BitList, Bitmap, HexBytes:
		return true
	}
	return false
}

func orNil[T any](v T, err error) any {
	if err != nil {
		return nil
	}
	return v
}

func parseHex(s string) (uint64, error) {
	if len(s) > 2 && (s[:2] == "0x" || s[:2] == "0X") {
		s = s[2:]
	}
	return strconv.ParseUint(s, 16, 64)
}

func addressValue(s string, hashed bool) any {
	v, err := parseHex(s)
	if err != nil {
		return nil
	}
	// Null and error pointers are printed as they are.
	if v == 0 || v >= 1<<64-4095 || v>>32 == 0 && v >= 1<<32-4095 && len(s) <= 10 {
		hashed = false
	}
	return Address{Address: v, Hashed: hashed}
}

func symbolValue(s string) any {
	if v, err := parseHex(s); err == nil && strings.HasPrefix(s, "0x") {
		return Address{Address: v}
	}
	var v SymbolValue
	if i := strings.IndexByte(s, ' '); i >= 0 {
		v.Module, _, _ = strings.Cut(strings.Trim(s[i+1:], "[]"), " ")
		s = s[:i]
	}
	name, place, ok := strings.Cut(s, "+0x")
	v.Name = name
	if ok {
		off, size, _ := strings.Cut(place, "/0x")
		v.Offset, _ = strconv.ParseUint(off, 16, 64)
		v.Size, _ = strconv.ParseUint(size, 16, 64)
	}
	if v.Name == "" {
		return nil
	}
	return v
}

func errnoValue(s string) any {
	if len(s) < 2 || s[0] != '-' {
		return addressValue(s, true)
	}
	if n, err := strconv.Atoi(s); err == nil {
		return ErrnoValue{Name: errnoName(-n), Number: n}
	}
	return ErrnoValue{Name: s[1:], Number: -errnoNumbers[s[1:]]}
}

func resourceValue(s string) any {
	f := strings.Fields(strings.Trim(s, "[]"))
	if len(f) < 2 {
		return nil
	}
	r := ResourceValue{Type: f[0]}
	if f[1] == "size" && len(f) > 2 {
		// Not assigned yet: only the size is known.
		size, err := parseHex(f[2])
		if err != nil {
			return nil
		}
		r.End = size - 1
		r.Flags = strings.Join(append([]string{"unset"}, f[3:]...), " ")
		return r
	}
	base := 16
	if r.Type == "irq" || r.Type == "dma" {
		base = 10
	}
	number := func(s string) (uint64, bool) {
		v, err := strconv.ParseUint(strings.TrimPrefix(s, "0x"), base, 64)
		return v, err == nil
	}
	start, end, ranged := strings.Cut(f[1], "-")
	var ok bool
	if r.Start, ok = number(start); !ok {
		return nil
	}
	r.End = r.Start
	if ranged {
		if r.End, ok = number(end); !ok {
			return nil
		}
	}
	r.Flags = strings.Join(f[2:], " ")
	return r
}

func macValue(v uint8, s string) any {
	b, err := hex.DecodeString(strings.NewReplacer(":", "", "-", "").Replace(s))
	if err != nil || len(b) != 6 {
		return nil
	}
	if v&MACReversed != 0 && v&MACPlain != 0 {
		// Without separators nobody sees the order that was meant; with
		// them the text is the address as people write it.
		for i, j := 0, 5; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
	}
	out := make([]byte, 0, 17)
	for i, c := range b {
		if i > 0 {
			out = append(out, ':')
		}
		out = hex.AppendEncode(out, []byte{c})
	}
	return string(out)
}

func addrValue(s string) any {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return nil
	}
	return a.String()
}

// unpadIPv4 removes the leading zeros of 010.000.002.015.
func unpadIPv4(s string) string {
	parts := strings.Split(s, ".")
	for i, p := range parts {
		if p = strings.TrimLeft(p, "0"); p == "" {
			p = "0"
		}
		parts[i] = p
	}
	return strings.Join(parts, ".")
}

// colonIPv6 puts colons into 32 hexadecimal digits.
func colonIPv6(s string) string {
	if len(s) != 32 {
		return s
	}
	parts := make([]string, 8)
	for i := range parts {
		parts[i] = s[4*i : 4*i+4]
	}
	return strings.Join(parts, ":")
}

// sockAddrValue is the address, or with %pISp an Endpoint. Flow label and scope
// are left out.
func sockAddrValue(v uint8, s string) any {
	host, rest := s, ""
	if strings.HasPrefix(s, "[") {
		i := strings.IndexByte(s, ']')
		if i < 0 {
			return nil
		}
		host, rest = s[1:i], s[i+1:]
	} else if v&IPPort != 0 {
		if i := strings.LastIndexByte(s, ':'); i >= 0 {
			host, rest = s[:i], s[i:]
		}
	}
	if v&IPPlain != 0 {
		if len(host) == 32 {
			host = colonIPv6(host)
		} else {
			host = unpadIPv4(host)
		}
	}
	addr, ok := addrValue(host).(string)
	if !ok {
		return nil
	}
	if v&IPPort == 0 {
		return addr
	}
	rest = strings.TrimPrefix(rest, ":")
	if i := strings.IndexAny(rest, "/%"); i >= 0 {
		rest = rest[:i]
	}
	port, err := strconv.ParseUint(rest, 10, 16)
	if err != nil {
		return nil
	}
	return Endpoint{Address: addr, Port: uint16(port)}
}
