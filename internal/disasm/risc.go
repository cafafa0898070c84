package disasm

import (
	"cmp"
	"strconv"
	"strings"

	"golang.org/x/arch/arm/armasm"
	"golang.org/x/arch/arm64/arm64asm"
	"golang.org/x/arch/riscv64/riscv64asm"
)

// This file decodes what is made of words: ARM, AArch64 and RISC-V.

func (d *decoder) arm(at int) Instruction {
	in, err := armasm.Decode(d.code[at:], armasm.ModeARM)
	if err != nil {
		if len(d.code)-at >= 4 {
			if in, ok := d.armMissing(at); ok {
				return in
			}
		}
		return d.data(at)
	}
	out := Instruction{Offset: at, Len: 4, Text: armasm.GNUSyntax(in)}
	if name, option, ok := strings.Cut(out.Text, " #"); ok && (name == "dmb" || name == "dsb" || name == "isb") {
		if option, ok := barriers["#"+option]; ok {
			out.Text = name + " " + option
		}
	}
	size := 0
	for _, a := range in.Args {
		switch a := a.(type) {
		case armasm.PCRel:
			// The decoder has it from the instruction, as its syntax has.
			out.Text = withDestination(out.Text, d.destination(at, int64(a)+8))
		case armasm.RegList:
			for r := range 16 {
				size += int(a>>r&1) * 4
			}
		}
	}
	for _, a := range in.Args {
		m, ok := a.(armasm.Mem)
		if !ok || strings.HasPrefix(in.Op.String(), "PLD") {
			continue
		}
		out.Memory = append(out.Memory, armOperand(&in, &m, size))
	}
	return out
}

// armOperand is a memory operand; size is that of the registers that a list has.
func armOperand(in *armasm.Inst, m *armasm.Mem, size int) Operand {
	op, _, _ := strings.Cut(in.Op.String(), ".")
	o := Operand{Base: armRegister(m.Base), bits: 32, Size: cmp.Or(size, armSize(op))}
	base := armText[m.Base&15]
	o.Text = "[" + base + "]"
	switch {
	case size > 0:
		// Many registers: from the base up, or down, with the base or without.
		switch {
		case strings.HasSuffix(op, "DB"), op == "PUSH":
			o.Disp = -int64(size)
		case strings.HasSuffix(op, "DA"):
			o.Disp = 4 - int64(size)
		case strings.HasSuffix(op, "IB"):
			o.Disp = 4
		}
		return o
	case m.Mode == armasm.AddrPostIndex:
		return o
	case m.Sign != 0:
		if m.Shift != armasm.ShiftLeft {
			o.Base = "" // rare, and not worth its arithmetic: the address is not told
			return o
		}
		o.Index, o.Scale = armRegister(m.Index), int64(m.Sign)<<m.Count
		o.Text = "[" + base + ", " + strings.Repeat("-", int(1-m.Sign)/2) + armText[m.Index&15]
		if m.Count > 0 {
			o.Text += ", lsl #" + strconv.Itoa(int(m.Count))
		}
		o.Text += "]"
	case m.Offset != 0:
		o.Disp = int64(m.Offset)
		o.Text = "[" + base + ", #" + strconv.FormatInt(o.Disp, 10) + "]"
	}
	if m.Base == armasm.PC {
		o.Disp += 8 // what the register reads as
	}
	return o
}

// armSize is how many bytes an instruction loads or stores.
func armSize(op string) int {
	switch op[len(op)-1] {
	case 'D':
		return 8
	case 'B':
		return 1
	case 'H':
		return 2
	}
	return 4
}

// armRegister is the name of a register in dumps.
func armRegister(r armasm.Reg) string {
	if int(r) < len(armNames) {
		return armNames[r]
	}
	return strings.ToLower(r.String())
}

func (d *decoder) arm64(at int) Instruction {
	in, err := arm64asm.Decode(d.code[at:])
	if err != nil {
		if len(d.code)-at >= 4 {
			if in, ok := d.arm64Missing(at); ok {
				return in
			}
		}
		return d.data(at)
	}
	out := Instruction{Offset: at, Len: 4, Text: systemRegisters.Replace(arm64asm.GNUSyntax(in))}
	if name, ok := hints[in.Enc]; ok {
		out.Text = name
	}
	size := 8
	switch op := in.Op.String(); {
	case strings.HasSuffix(op, "SB"), strings.HasSuffix(op, "B") && op != "SUB":
		size = 1
	case strings.HasSuffix(op, "H"):
		size = 2
	case strings.HasSuffix(op, "SW"):
		size = 4
	default:
		if r, ok := in.Args[0].(arm64asm.Reg); ok && r <= arm64asm.WZR {
			size = 4
		}
		if strings.HasSuffix(op, "P") {
			size *= 2
		}
	}
	for _, a := range in.Args {
		switch a := a.(type) {
		case arm64asm.PCRel:
			if in.Op == arm64asm.ADRP {
				continue // of the page
			}
			out.Text = withDestination(out.Text, d.destination(at, int64(a)))
		case arm64asm.MemImmediate:
			text := strings.ToLower(a.String())
			o := Operand{Text: text, Base: arm64Register(arm64asm.Reg(a.Base)), Size: size, bits: 64}
			if _, imm, ok := strings.Cut(text, "#"); ok && a.Mode != arm64asm.AddrPostIndex && a.Mode != arm64asm.AddrPostReg {
				imm, _, _ = strings.Cut(imm, "]")
				v, err := strconv.ParseInt(imm, 0, 64)
				if err != nil {
					continue
				}
				o.Disp = v
			}
			if a.Mode == arm64asm.AddrPostIndex || a.Mode == arm64asm.AddrPostReg {
				o.Text, _, _ = strings.Cut(text, ",")
			}
			out.Memory = append(out.Memory, o)
		case arm64asm.MemExtend:
			o := Operand{Text: strings.ToLower(a.String()), Base: arm64Register(arm64asm.Reg(a.Base)), Scale: 1, Size: size, bits: 64}
			if a.Index != arm64asm.XZR && a.Index != arm64asm.WZR {
				o.Index = arm64Register(a.Index)
			}
			if !a.ShiftMustBeZero {
				o.Scale <<= a.Amount
			}
			switch strings.ToLower(a.Extend.String()) {
			case "uxtw":
				o.extend = 32
			case "sxtw":
				o.extend = -32
			}
			out.Memory = append(out.Memory, o)
		}
	}
	return out
}

// hints are instructions that do nothing on older processors, which the decoder
// calls by their numbers.
var hints = map[uint32]string{
	0xd503233f: "paciasp", 0xd50323bf: "autiasp", 0xd503237f: "pacibsp", 0xd50323ff: "autibsp",
	0xd503241f: "bti", 0xd503245f: "bti c", 0xd503249f: "bti j", 0xd50324df: "bti jc",
	0xd503221f: "esb", 0xd503225f: "tsb csync", 0xd503229f: "csdb", 0xd50320ff: "xpaclri",
}

// arm64Register is the name of a register in dumps, which have those of 64 bits
// only.
func arm64Register(r arm64asm.Reg) string {
	switch {
	case r == arm64asm.SP, r == arm64asm.WSP:
		return "sp"
	case r >= arm64asm.W0 && r <= arm64asm.W30:
		return "x" + strconv.Itoa(int(r-arm64asm.W0))
	case r >= arm64asm.X0 && r <= arm64asm.X30:
		return "x" + strconv.Itoa(int(r-arm64asm.X0))
	}
	return ""
}

func (d *decoder) riscv64(at int) Instruction {
	in, err := riscv64asm.Decode(d.code[at:])
	if err != nil || in.Len == 0 {
		return d.data(at)
	}
	out := Instruction{Offset: at, Len: in.Len, Text: withNames(riscv64asm.GNUSyntax(in))}
	op := in.Op.String()
	size := 0
	if i := strings.LastIndexAny(op, "BHWD"); i >= 0 {
		size = 1 << strings.IndexByte("BHWD", op[i])
	}
	for i, a := range in.Args {
		switch a := a.(type) {
		case riscv64asm.Simm:
			if branches[in.Op] && (i+1 == len(in.Args) || in.Args[i+1] == nil) {
				out.Text = withDestination(out.Text, d.destination(at, int64(a.Imm)))
			}
		case riscv64asm.RegOffset:
			if in.Op == riscv64asm.JALR || in.Op == riscv64asm.C_JALR || in.Op == riscv64asm.C_JR {
				continue
			}
			out.Memory = append(out.Memory, Operand{Text: withNames(strings.ToLower(a.String())), Base: riscvRegister(a.OfsReg.String()), Disp: int64(a.Ofs.Imm), Size: size, bits: 64})
		case riscv64asm.RegPtr:
			text := withNames(strings.ToLower(a.String()))
			out.Memory = append(out.Memory, Operand{Text: text, Base: riscvRegister(strings.Trim(text, "()")), Size: size, bits: 64})
		}
	}
	return out
}

var branches = map[riscv64asm.Op]bool{
	riscv64asm.BEQ: true, riscv64asm.BNE: true, riscv64asm.BLT: true, riscv64asm.BGE: true, riscv64asm.BLTU: true, riscv64asm.BGEU: true, riscv64asm.JAL: true,
	riscv64asm.C_BEQZ: true, riscv64asm.C_BNEZ: true, riscv64asm.C_J: true,
}

// riscvRegister is the name of a register in dumps; that of zeros is none.
func riscvRegister(name string) string {
	if name = withNames(strings.ToLower(name)); name == "zero" {
		return ""
	}
	return name
}

// withNames gives the registers of a text the names that they have for
// compilers, as objdump does and the kernel: x10 is a0.
func withNames(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		if text[i] != 'x' || i > 0 && strings.IndexByte(" ,(", text[i-1]) < 0 {
			b.WriteByte(text[i])
			i++
			continue
		}
		end := i + 1
		for end < len(text) && text[end] >= '0' && text[end] <= '9' {
			end++
		}
		n, err := strconv.Atoi(text[i+1 : end])
		if err != nil || n >= len(riscvNames) {
			b.WriteString(text[i:end])
		} else {
			b.WriteString(riscvNames[n])
		}
		i = end
	}
	return b.String()
}

// riscvNames are the registers by their numbers.
var riscvNames = [...]string{
	"zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7",
	"s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
}
