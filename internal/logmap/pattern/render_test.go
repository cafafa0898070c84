package pattern

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A renderer that prints random values as vsnprintf does, to hold the matcher
// against. It is written from the rules of number(), string() and pointer(),
// and shares no code with the matcher.

// field is what a conversion printed: value is the part without padding.
type field struct{ text, value string }

// pad applies a field width to a string.
func pad(s string, width int, left bool) field {
	n := max(width-len(s), 0)
	if left {
		return field{s + strings.Repeat(" ", n), s}
	}
	return field{strings.Repeat(" ", n) + s, s}
}

// renderNumber prints an integer. Width and precision are -1 for none.
func renderNumber(neg bool, abs uint64, base int, upper bool, e *Elem, width, prec int) field {
	sign := ""
	if e.Kind == Int {
		switch {
		case neg:
			sign = "-"
		case e.Flags&Plus != 0:
			sign = "+"
		case e.Flags&Space != 0:
			sign = " "
		}
	}
	digits := strconv.FormatUint(abs, base)
	prefix := ""
	if e.Flags&Alt != 0 {
		switch {
		case base == 16:
			prefix = "0x"
		case base == 8 && abs != 0:
			prefix = "0"
		}
	}
	if upper {
		digits, prefix = strings.ToUpper(digits), strings.ToUpper(prefix)
	}
	if len(digits) < prec {
		digits = strings.Repeat("0", prec-len(digits)) + digits
	}
	if e.Flags&Zero != 0 && e.Flags&Left == 0 {
		if n := width - len(sign) - len(prefix) - len(digits); n > 0 {
			digits = strings.Repeat("0", n) + digits
		}
	}
	f := pad(sign+prefix+digits, width, e.Flags&Left != 0)
	if sign == " " {
		f.value = strings.TrimLeft(f.value, " ")
	}
	return f
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// randomInt is a value of the size, small ones more often.
func randomInt(r *rand.Rand, size Size, signed bool) (neg bool, abs uint64) {
	bits := [...]int{SizeInt: 32, SizeChar: 8, SizeShort: 16, SizeLong: 64, SizeLongLong: 64}[size]
	v := r.Uint64() >> r.IntN(64)
	if pick(r, 0, 1, 2, 3) == 0 {
		v = pick[uint64](r, 0, 1, 1<<63, 1<<64-1, 1<<31, 1<<32-1)
	}
	v &= 1<<bits - 1
	if signed && v>>(bits-1) != 0 {
		return true, (1<<bits - v) & (1<<bits - 1)
	}
	return false, v
}

func randomText(r *rand.Rand, alphabet string, least, most int) string {
	n := least + r.IntN(most-least+1)
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

func randomHex(r *rand.Rand, n int) string { return randomText(r, "0123456789abcdef", n, n) }

// render prints a random value for a conversion.
func render(r *rand.Rand, e *Elem) field {
	width, prec := int(e.Width), -1
	if width == FromArg {
		width = r.IntN(12)
	}
	if e.Flags&HasPrec != 0 {
		if prec = int(e.Prec); prec == FromArg {
			prec = r.IntN(12)
		}
	}
	left := e.Flags&Left != 0
	text := func(s string) field { return pad(s, width, left) }
	// Flags and the like, which the kernel does not pad.
	bare := func(s string) field { return field{s, s} }
	if e.Kind > String && e.Kind != FlagNames && pick(r, 0, 1, 2, 3, 4, 5, 6, 7) == 0 {
		switch e.Kind {
		case Pointer, Symbol, Errno, HexBytes, Bitmap, BitList, Escaped:
		default:
			return text(pick(r, "(null)", "(efault)"))
		}
	}
	switch e.Kind {
	case Any, VaFormat, UnknownPointer:
		return bare(randomText(r, "abc :-12", 0, 12))
	case Word:
		return bare(randomText(r, "abc:-12", 1, 12))
	case Int:
		neg, abs := randomInt(r, e.Size, true)
		return renderNumber(neg, abs, 10, false, e, width, prec)
	case Uint:
		_, abs := randomInt(r, e.Size, false)
		return renderNumber(false, abs, 10, false, e, width, prec)
	case Hex:
		_, abs := randomInt(r, e.Size, false)
		return renderNumber(false, abs, 16, e.Var&Upper != 0, e, width, prec)
	case Octal:
		_, abs := randomInt(r, e.Size, false)
		return renderNumber(false, abs, 8, false, e, width, prec)
	case Char:
		return text(randomText(r, "abcXYZ09:", 1, 1))
	case String, Dentry, Clock:
		s := randomText(r, "abc:-12._", 0, 12)
		if prec >= 0 && prec < len(s) {
			s = s[:prec]
		}
		return text(s)
	case Pointer, Errno:
		if e.Kind == Errno {
			if s := pick(r, "-ENOENT", "-EPROBE_DEFER", "-E2BIG", "-1234", ""); s != "" {
				return text(s)
			}
		}
		if pick(r, 0, 1, 2, 3) == 0 && e.Flags&Alt == 0 {
			if pick(r, 0, 1) == 0 {
				return pad("(____ptrval____)", 16, left)
			}
			return pad("(ptrval)", 8, left)
		}
		v, size := r.Uint64()>>32, 16
		if pick(r, 0, 1) == 0 {
			size = 8
		} else if e.Var&PointerRaw != 0 {
			v = r.Uint64()
		}
		n := *e
		n.Kind = Hex
		if e.Width == 0 {
			width = size
			n.Flags |= Zero
		}
		return renderNumber(false, v, 16, false, &n, width, prec)
	case Symbol:
		s := randomText(r, "abc_", 1, 12) + pick(r, "", ".isra.0", ".cold")
		if e.Var&SymbolOffset != 0 {
			if pick(r, 0, 1, 2, 3) == 0 {
				return text("0x" + strconv.FormatUint(r.Uint64()>>1+1, 16))
			}
			s += fmt.Sprintf("+0x%x/0x%x", r.Uint32N(1<<12), 1+r.Uint32N(1<<12))
		}
		return text(s + pick(r, "", " [snd_hda_codec]", " [mod ed5019fdf5e53be37cb1ba7899292d7e143b259e]"))
	case Resource:
		return text(pick(r, "[mem 0xfebc0000-0xfebdffff 64bit pref]", "[io  0x0cf8-0x0cff]", "[bus 00-ff]",
			"[irq 5]", "[??? 0x00000000 flags 0x0]", "[io  size 0x0020]", "[mem 0x100000000-0x17fffffff window]"))
	case MAC:
		sep := ":"
		if e.Var&MACDash != 0 {
			sep = "-"
		}
		if e.Var&MACPlain != 0 {
			sep = ""
		}
		parts := make([]string, 6)
		for i := range parts {
			parts[i] = randomHex(r, 2)
		}
		return text(strings.Join(parts, sep))
	case IPv4:
		return text(renderIPv4(r, e.Var&IPPlain != 0))
	case IPv6:
		return text(renderIPv6(r, e.Var))
	case SockAddr:
		port := strconv.Itoa(r.IntN(1 << 16))
		if pick(r, 0, 1) == 0 {
			s := renderIPv4(r, e.Var&IPPlain != 0)
			if e.Var&IPPort != 0 {
				s += ":" + port
			}
			return text(s)
		}
		s := renderIPv6(r, e.Var)
		if e.Var&(IPPort|IPFlow|IPScope) != 0 {
			s = "[" + s + "]"
		}
		if e.Var&IPPort != 0 {
			s += ":" + port
		}
		if e.Var&IPFlow != 0 {
			s += "/" + strconv.Itoa(r.IntN(1<<20))
		}
		if e.Var&IPScope != 0 {
			s += "%" + strconv.Itoa(r.IntN(1<<20))
		}
		return text(s)
	case UUID:
		s := strings.Join([]string{randomHex(r, 8), randomHex(r, 4), randomHex(r, 4), randomHex(r, 4), randomHex(r, 12)}, "-")
		if e.Var&Upper != 0 {
			s = strings.ToUpper(s)
		}
		return text(s)
	case PhysAddr:
		return bare("0x" + randomHex(r, pick(r, 8, 16)))
	case Features:
		return bare("0x" + randomHex(r, 16))
	case HexBytes:
		n := int(e.Width)
		if n == FromArg {
			n = r.IntN(20)
		} else if n == 0 {
			n = 1
		}
		parts := make([]string, min(n, 64))
		for i := range parts {
			parts[i] = randomHex(r, 2)
		}
		return bare(strings.Join(parts, [...]string{" ", ":", "-", ""}[e.Var&3]))
	case Bitmap:
		return bare(pick(r, "0779", "ff,ffffffff", "1", "00000000,00000000,0000000f"))
	case BitList:
		return bare(pick(r, "", "0", "0-3", "0,3-6,8-10"))
	case Escaped:
		return bare(pick(r, "", `\eb \C\a`, "SSID 1", `\x1b`))
	case BlockDev:
		return bare(pick(r, "sda", "sda1", "nvme0n1p2"))
	case FlagNames:
		if e.Var&FlagsPage != 0 {
			return bare(pick(r, "0x17ffffc0002036(referenced|uptodate|node=0)", "0x0(node=0|zone=1)"))
		}
		return bare(pick(r, "GFP_USER|GFP_DMA32|GFP_NOWARN", "read|exec|0x40", "0x8"))
	case Node:
		return text(pick(r, "/soc/i2c@48072000", "endpoint@0", `\_SB.PCI0.CIO2.port@1`, "/foo/bar@0:foo,device:--P-"))
	case Time:
		date, clock := "2024-01-31", "23:59:59"
		switch e.Var & (TimeDate | TimeClock) {
		case TimeDate:
			return bare(date)
		case TimeClock:
			return bare(clock)
		}
		if e.Var&TimeBlank != 0 {
			return bare(date + " " + clock)
		}
		return bare(date + "T" + clock)
	case FourCC:
		return text(randomText(r, "ABY12 .", 4, 4) + pick(r, " little-endian", " big-endian") + " (0x" + randomHex(r, 8) + ")")
	}
	panic("no renderer for " + e.Kind.String())
}

func renderIPv4(r *rand.Rand, padded bool) string {
	format := "%d.%d.%d.%d"
	if padded {
		format = "%03d.%03d.%03d.%03d"
	}
	return fmt.Sprintf(format, r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256))
}

func renderIPv6(r *rand.Rand, v uint8) string {
	switch {
	case v&IPPlain != 0:
		return randomHex(r, 32)
	case v&IPCompressed != 0:
		return pick(r, "::", "::1", "fe80::1234:5678", "1:2:3:4:5:6:7:8", "::ffff:10.0.2.15", "2001:db8::", "1:0:2:3:4:5:6:7")
	}
	parts := make([]string, 8)
	for i := range parts {
		parts[i] = randomHex(r, 4)
	}
	return strings.Join(parts, ":")
}

// randomConversion is a random conversion with random flags.
func randomConversion(r *rand.Rand) string {
	flags := ""
	for _, f := range "-+ 0#" {
		if r.IntN(6) == 0 {
			flags += string(f)
		}
	}
	width, prec := "", ""
	switch r.IntN(5) {
	case 0:
		width = strconv.Itoa(1 + r.IntN(20))
	case 1:
		width = "*"
	}
	switch r.IntN(8) {
	case 0:
		prec = "." + strconv.Itoa(r.IntN(20))
	case 1:
		prec = ".*"
	}
	size := pick(r, "", "", "hh", "h", "l", "ll", "z", "L")
	if r.IntN(2) == 0 {
		return "%" + flags + width + prec + size + pick(r, "d", "i", "u", "x", "X", "o")
	}
	switch c := pick(r, "c", "s", "s", "p", "pK", "px", "pS", "ps", "pB", "pR", "pr", "pM", "pMF", "pm", "pMR", "pI4", "pi4",
		"pI6", "pi6", "pI6c", "pIS", "pISpc", "pISpfsc", "piS", "pUb", "pUB", "pUl", "pUL", "pe", "pa", "pad", "pNF", "ph", "phC",
		"phD", "phN", "pb", "pbl", "pE", "pd", "pg", "pC", "pGp", "pGg", "pOF", "pfw", "ptR", "ptTs", "ptRd", "ptRt", "p4cc", "pV", "pZz"); c {
	case "s":
		return "%" + strings.Trim(flags, "+ 0#") + width + prec + c
	case "c", "pd", "pC":
		return "%" + strings.Trim(flags, "+ 0#") + width + c
	case "p", "px", "pK":
		return "%" + strings.Trim(flags, "-+ 0") + width + c
	case "ph", "phC", "phD", "phN":
		return "%" + pick(r, "", "*", "4", "16") + c
	case "pb", "pbl", "pE":
		return "%*" + c
	case "pg", "pa", "pad", "pNF", "ptR", "ptTs", "ptRd", "ptRt", "pGp", "pGg", "pV", "pZz":
		return "%" + c
	default:
		return "%" + strings.Trim(flags, "+ 0#") + width + c
	}
}

// TestRoundTrip renders random formats with random values and expects the
// matcher to find the values again.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	rounds := 40
	if testing.Short() {
		rounds = 10
	}
	for i := 0; i < rounds && !t.Failed(); i++ {
		var formats []string
		for len(formats) < 400 {
			formats = append(formats, randomFormat(r, len(formats)))
		}
		roundTrip(t, r, formats, 3)
	}
}

// randomFormat is a format whose literal text occurs in no value.
func randomFormat(r *rand.Rand, i int) string {
	var format strings.Builder
	if r.IntN(3) > 0 {
		fmt.Fprintf(&format, "%s%d: ", pick(r, "probe", "x=", "<", "at "), i)
	}
	for k := 1 + r.IntN(4); k > 0; k-- {
		format.WriteString(randomConversion(r))
		format.WriteString(pick(r, " <| ", ", <|", "<|>"))
	}
	if r.IntN(3) == 0 {
		format.WriteString(randomConversion(r))
	}
	return format.String() + "\n"
}

// roundTrip renders each format some times and matches it.
func roundTrip(t *testing.T, r *rand.Rand, formats []string, times int) {
	t.Helper()
	b := NewBuilder(len(formats))
	parsed := make([][]Elem, len(formats))
	ids := make([]PatternID, len(formats))
	for i, format := range formats {
		elems, err := ParseFormat([]byte(format))
		if err != nil {
			t.Fatal(err)
		}
		parsed[i], ids[i] = elems, b.Add(elems, false)
	}
	s := openBuilt(t, b)
	m := s.NewMatcher()
	var caps Captures
	for i, format := range formats {
		for range times {
			var text bytes.Buffer
			var want []string
			for k := range parsed[i] {
				e := &parsed[i][k]
				if e.Kind == Literal {
					text.Write(e.Text)
					continue
				}
				f := render(r, e)
				text.WriteString(f.text)
				want = append(want, f.value)
			}
			line := bytes.TrimSuffix(text.Bytes(), []byte("\n"))
			for _, line := range [][]byte{line, bytes.TrimRight(line, " \t\n")} {
				if !m.Match(ids[i], line, &caps) {
					t.Errorf("%q does not match what it printed:\n%q", format, line)
					return
				}
				for k, w := range want {
					if got := string(caps.Spans[k].Text(line)); strings.Trim(got, " ") != strings.Trim(w, " ") {
						t.Errorf("%q on %q: conversion %d captured %q, want %q", format, line, k, got, w)
						return
					}
				}
				hits := append(m.Find(line, nil), m.FindWeak(line, nil)...)
				if !slices.ContainsFunc(hits, func(h Hit) bool { return h.ID == ids[i] && h.Whole }) {
					t.Errorf("%q is not found for %q", format, line)
					return
				}
			}
		}
	}
}
