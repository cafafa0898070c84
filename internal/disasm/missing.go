package disasm

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// This file decodes what kernels have and the decoders for ARM and AArch64 do not
// know: coprocessor moves, stores with an index, and the atomic instructions that
// alternatives put in at run time, where references of freed objects crash.

var conditions = [...]string{"eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "", ""}

// armMissing decodes an instruction of ARM; false if it is none of those.
func (d *decoder) armMissing(at int) (in Instruction, ok bool) {
	x := binary.LittleEndian.Uint32(d.code[at:])
	cond := conditions[x>>28]
	register := func(bit uint) string { return armText[x>>bit&15] }
	in = Instruction{Offset: at, Len: 4}
	switch {
	case x>>28 == 15:
		return in, false
	case x&0x0f000010 == 0x0e000010:
		// MRC and MCR.
		name := "mcr"
		if x&(1<<20) != 0 {
			name = "mrc"
		}
		in.Text = fmt.Sprintf("%s%s %d, %d, %s, cr%d, cr%d, {%d}", name, cond, x>>8&15, x>>21&7, register(12), x>>16&15, x&15, x>>5&7)
		return in, true
	case x&0x0e000010 == 0x06000000 && x>>5&3 == 0:
		// LDR and STR with a register, shifted to the left or not.
		name, size := "str", 4
		if x&(1<<20) != 0 {
			name = "ldr"
		}
		if x&(1<<22) != 0 {
			name, size = name+"b", 1
		}
		o := Operand{Base: armNames[x>>16&15], bits: 32, Size: size}
		shift := x >> 7 & 31
		text := register(0)
		o.Scale = 1 << shift
		if x&(1<<23) == 0 {
			text, o.Scale = "-"+text, -o.Scale
		}
		if shift > 0 {
			text += fmt.Sprintf(", lsl #%d", shift)
		}
		switch {
		case x&(1<<24) == 0:
			o.Text = "[" + register(16) + "]"
			in.Text = fmt.Sprintf("%s%s %s, %s, %s", name, cond, register(12), o.Text, text)
		default:
			o.Index = armNames[x&15]
			o.Text = "[" + register(16) + ", " + text + "]"
			in.Text = fmt.Sprintf("%s%s %s, %s", name, cond, register(12), o.Text+strings.Repeat("!", int(x>>21&1)))
		}
		in.Memory = []Operand{o}
		return in, true
	}
	return in, false
}

// armNames are the registers as dumps have them, armText as binutils write them.
var (
	armNames = [...]string{"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "fp", "ip", "sp", "lr", "pc"}
	armText  = [...]string{"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "sl", "fp", "ip", "sp", "lr", "pc"}
)

// barriers are the options of DMB, DSB and ISB, which the decoder writes as
// numbers.
var barriers = map[string]string{
	"#15": "sy", "#14": "st", "#11": "ish", "#10": "ishst", "#7": "nsh", "#6": "nshst", "#3": "osh", "#2": "oshst",
}

var atomics = [...]string{"ldadd", "ldclr", "ldeor", "ldset", "ldsmax", "ldsmin", "ldumax", "ldumin"}

// arm64Missing decodes an instruction of AArch64; false if it is none of those.
// Layouts by the Arm Architecture Reference Manual, "Atomic memory operations" and
// "Compare and swap".
func (d *decoder) arm64Missing(at int) (in Instruction, ok bool) {
	x := binary.LittleEndian.Uint32(d.code[at:])
	size, source, base, target := x>>30, x>>16&31, x>>5&31, x&31
	var name string
	var acquire, release bool
	switch {
	case x&0x3b200c00 == 0x38200000:
		acquire, release = x&(1<<23) != 0, x&(1<<22) != 0
		switch op := x >> 12 & 7; {
		case x&(1<<15) == 0:
			name = atomics[op]
			if target == 31 && !acquire {
				name = "st" + name[2:] // what was there is not wanted
			}
		case op == 0:
			name = "swp"
		default:
			return in, false
		}
	case x&0x3fa07c00 == 0x08a07c00:
		name, acquire, release = "cas", x&(1<<22) != 0, x&(1<<15) != 0
	default:
		return in, false
	}
	store := strings.HasPrefix(name, "st")
	if acquire {
		name += "a"
	}
	if release {
		name += "l"
	}
	name += [...]string{"b", "h", "", ""}[size]
	register := func(n uint32) string {
		letter := "w"
		if size == 3 {
			letter = "x"
		}
		if n == 31 {
			return letter + "zr"
		}
		return letter + strconv.FormatUint(uint64(n), 10)
	}
	o := Operand{Base: fmt.Sprintf("x%d", base), bits: 64, Size: 1 << size}
	if base == 31 {
		o.Base = "sp"
	}
	o.Text = "[" + o.Base + "]"
	in = Instruction{Offset: at, Len: 4, Memory: []Operand{o}}
	if store {
		in.Text = fmt.Sprintf("%s %s, %s", name, register(source), o.Text)
	} else {
		in.Text = fmt.Sprintf("%s %s, %s, %s", name, register(source), register(target), o.Text)
	}
	return in, true
}

// systemRegisters are those that kernels keep their own pointers in, which the
// decoder writes by their numbers.
var systemRegisters = strings.NewReplacer(
	"s3_0_c4_c1_0", "sp_el0", "s3_0_c13_c0_4", "tpidr_el1", "s3_4_c13_c0_2", "tpidr_el2", "s3_3_c13_c0_2", "tpidr_el0",
)
