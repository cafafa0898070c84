package disasm

import (
	"bytes"
	"strconv"
	"strings"

	"golang.org/x/arch/x86/x86asm"
)

func (d *decoder) x86(at int) Instruction {
	rest := d.code[at:]
	for i := range newer {
		if n := &newer[i]; bytes.HasPrefix(rest, n.code) && (n.mode == Unknown || n.mode == d.arch) {
			return Instruction{Offset: at, Len: len(n.code), Text: n.text}
		}
	}
	in, err := x86asm.Decode(rest, d.arch.Bits())
	if err != nil || in.Len == 0 || in.Op == 0 {
		// The decoder does not tell what is cut off from what is wrong.
		var whole [maxX86]byte
		if n := copy(whole[:], rest); n < maxX86 {
			if in, err = x86asm.Decode(whole[:], d.arch.Bits()); err == nil && in.Len > n {
				return Instruction{Offset: at}
			}
		}
		return d.data(at)
	}
	out := Instruction{Offset: at, Len: in.Len}
	var name x86asm.SymLookup
	var operands []Operand
	for i, a := range in.Args {
		switch a := a.(type) {
		case x86asm.Rel:
			text := d.destination(at, int64(in.Len)+int64(a))
			name = func(addr uint64) (string, uint64) { return text, addr }
		case x86asm.Mem:
			absolute := a.Base == 0 && a.Index == 0
			if !absolute || in.Opcode>>26 != 0xa0>>2 {
				// What the instruction has is signed, but for the MOV of an address.
				a.Disp = int64(int32(a.Disp)) //nolint:gosec // it has 32 bits
			}
			operands = append(operands, x86Operand(&in, &a))
			if absolute {
				a.Disp = absoluteMark
			}
			in.Args[i] = a
		case x86asm.Imm:
			if bits := in.DataSize; a < 0 && bits < 64 && in.Op != x86asm.PUSH {
				in.Args[i] = a & (1<<bits - 1)
			}
		}
	}
	const anywhere = 1 // destinations are named above
	out.Text = likeObjdump(x86asm.GNUSyntax(in, anywhere, name), operands)
	if in.Op == x86asm.MOV && in.Len >= 10 && in.DataSize == 64 && len(operands) == 0 {
		out.Text = "movabs" + strings.TrimPrefix(out.Text, "mov")
	}
	if !touchless[in.Op] {
		out.Memory = operands
	}
	return out
}

// absoluteMark stands for the address of an operand without registers until the
// decoder has written it: it writes nothing for 0.
const absoluteMark = 0x7e57ab5010de

var absoluteText = "0x" + strconv.FormatInt(absoluteMark, 16)

// newer are instructions that the decoder does not know.
var newer = []struct {
	code []byte
	text string
	mode Arch // Unknown is any
}{
	{[]byte{0x0f, 0x01, 0xca}, "clac", Unknown},
	{[]byte{0x0f, 0x01, 0xcb}, "stac", Unknown},
	{[]byte{0xf3, 0x0f, 0x1e, 0xfa}, "endbr64", Unknown},
	{[]byte{0xf3, 0x0f, 0x1e, 0xfb}, "endbr32", Unknown},
	{[]byte{0x0f, 0x01, 0xc1}, "vmcall", Unknown},
	{[]byte{0x0f, 0x01, 0xd9}, "vmmcall", Unknown},
	{[]byte{0xf3, 0x0f, 0x01, 0xd9}, "vmgexit", Unknown},
	{[]byte{0x0f, 0x01, 0xcf}, "encls", Unknown},
	{[]byte{0x0f, 0x01, 0xe8}, "serialize", Unknown},
	{[]byte{0x0f, 0x01, 0xee}, "rdpkru", Unknown},
	{[]byte{0x0f, 0x01, 0xef}, "wrpkru", Unknown},
	{[]byte{0x66, 0x90}, "xchg %ax,%ax", Unknown},
}

// touchless are instructions with an operand in memory that they do not touch.
var touchless = map[x86asm.Op]bool{
	x86asm.LEA: true, x86asm.NOP: true, x86asm.UD1: true, x86asm.UD0: true, x86asm.INVLPG: true,
	x86asm.PREFETCHT0: true, x86asm.PREFETCHT1: true, x86asm.PREFETCHT2: true, x86asm.PREFETCHNTA: true, x86asm.PREFETCHW: true,
}

// x86Operand is a memory operand.
func x86Operand(in *x86asm.Inst, m *x86asm.Mem) Operand {
	o := Operand{Base: x86Register(m.Base), Index: x86Register(m.Index), Scale: int64(m.Scale), Disp: m.Disp, Size: in.MemBytes, bits: in.AddrSize}
	if m.Base == x86asm.RIP {
		o.Disp += int64(in.Len) // relative to the next instruction
	}
	var b strings.Builder
	if m.Segment != 0 {
		b.WriteString("%" + strings.ToLower(m.Segment.String()) + ":")
		if m.Segment == x86asm.FS || m.Segment == x86asm.GS {
			o.Segment = m.Segment.String()
		}
	}
	switch {
	case m.Base == 0 && m.Index == 0:
		b.WriteString("0x" + strconv.FormatUint(uint64(m.Disp), 16)) //nolint:gosec // an address
	case m.Disp < 0:
		b.WriteString("-0x" + strconv.FormatInt(-m.Disp, 16))
	case m.Disp > 0, m.Base == x86asm.RBP, m.Base == x86asm.R13, m.Base == x86asm.EBP, m.Base == 0, in.Op == x86asm.NOP && in.Len > 3:
		// These have no form without.
		b.WriteString("0x" + strconv.FormatInt(m.Disp, 16))
	}
	if m.Base != 0 || m.Index != 0 {
		b.WriteByte('(')
		if m.Base != 0 {
			b.WriteString("%" + strings.ToLower(m.Base.String()))
		}
		if m.Index != 0 {
			b.WriteString(",%" + strings.ToLower(m.Index.String()) + "," + strconv.Itoa(int(m.Scale)))
		}
		b.WriteByte(')')
	}
	o.Text = b.String()
	return o
}

// likeObjdump writes an instruction as objdump does of late: the decoder writes
// operands in memory and some names in other ways.
func likeObjdump(text string, operands []Operand) string {
	// In this syntax, the last operand comes first.
	for i, from := len(operands)-1, 0; i >= 0; i-- {
		start, end := operandIn(text[from:])
		if start < 0 {
			break
		}
		text = text[:from+start] + operands[i].Text + text[from+end:]
		from += start + len(operands[i].Text)
	}
	// Immediate values are shown without a sign.
	if front, rest, ok := strings.Cut(text, "$-0x"); ok {
		digits, back, more := strings.Cut(rest, ",")
		if v, err := strconv.ParseUint(digits, 16, 64); err == nil {
			text = front + "$0x" + strconv.FormatUint(-v, 16)
			if more {
				text += "," + back
			}
		}
	}
	// The name stands first, or behind prefixes.
	words := strings.SplitN(text, " ", 4)
	for i, w := range words {
		if other, ok := objdumpNames[w]; ok {
			words[i] = other
		}
	}
	return strings.Join(words, " ")
}

// operandIn finds the first operand in memory of a text: [start, end), -1 if
// there is none.
func operandIn(text string) (start, end int) {
	if start = strings.Index(text, absoluteText); start >= 0 {
		end = start + len(absoluteText)
	} else if start = strings.IndexByte(text, '('); start >= 0 {
		n := strings.IndexByte(text[start:], ')')
		if n < 0 {
			return -1, 0
		}
		end = start + n + 1
	} else {
		return -1, 0
	}
	for start > 0 && strings.IndexByte(" ,*", text[start-1]) < 0 {
		start--
	}
	return start, end
}

var objdumpNames = map[string]string{
	"callq": "call", "jmpq": "jmp", "retq": "ret", "pushq": "push", "popq": "pop", "leaveq": "leave", "pushfq": "pushf", "popfq": "popf",
	"movsxd": "movslq", "cdqe": "cltq", "cdq": "cltd", "cqo": "cqto", "cwde": "cwtl", "cbw": "cbtw", "cwd": "cwtd",
	"lgdtl": "lgdt", "lidtl": "lidt", "sgdtl": "sgdt", "sidtl": "sidt",
	"shlxl": "shlx", "shlxq": "shlx", "shrxl": "shrx", "shrxq": "shrx", "sarxl": "sarx", "sarxq": "sarx",
}

// x86Register is the name of a register in dumps, where those of 64 bits are R08
// and R09; "" is none.
func x86Register(r x86asm.Reg) string {
	switch {
	case r == 0:
		return ""
	case r == x86asm.R8 || r == x86asm.R9:
		return "R0" + r.String()[1:]
	}
	return r.String()
}

// backwards finds the instructions in front of one that begins at trap. Where they
// begin is known if the function does within the code. Else it is guessed:
// decoding from a wrong byte falls into step with the code after a few
// instructions, so that most of the bytes that one may begin from agree.
func (d *decoder) backwards(trap int) (list []Instruction, guess bool) {
	if d.Start >= 0 && d.Start < trap {
		if list := d.forwards(d.Start, trap); list != nil {
			return list, false
		}
	}
	next := make([]int, trap) // the instruction behind the one that begins there, 0 if none does
	agree := make([]int, trap)
	for i := range next {
		if in := d.decode(i); in.Len > 0 && in.Text != bad && i+in.Len <= trap {
			next[i] = i + in.Len
		}
	}
	var way []int
	for i := range next {
		way = way[:0]
		for at := i; ; at = next[at] {
			if at == trap {
				for _, w := range way {
					agree[w]++
				}
				break
			}
			if next[at] == 0 {
				break
			}
			way = append(way, at)
		}
	}
	// From the end: what most agree on.
	for at := trap; at > 0; {
		best := -1
		for i := max(0, at-maxX86); i < at; i++ {
			if next[i] == at && agree[i] > 1 && (best < 0 || agree[i] > agree[best]) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		list = append(list, d.decode(best))
		at = best
	}
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list, len(list) > 0
}

// maxX86 is the length of the longest instruction.
const maxX86 = 15

// forwards decodes from one instruction to another, nil if that does not come
// out.
func (d *decoder) forwards(from, to int) []Instruction {
	var list []Instruction
	for at := from; at != to; {
		in := d.decode(at)
		if in.Len == 0 || in.Text == bad || at+in.Len > to {
			return nil
		}
		list = append(list, in)
		at += in.Len
	}
	return list
}
