package workbench

// The code that a crash report shows, and what the instruction that trapped did.

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"dekho/internal/disasm"
)

// CodeListing is the code of a crash report, disassembled.
type CodeListing struct {
	// Arch is the instruction set ("x86-64").
	Arch         string
	Instructions []CodeInstruction
	// Trap is the index of the instruction that trapped, -1 if none is marked.
	Trap int
	// Guess says that where the instructions in front of it begin is a guess.
	Guess bool
	// Unread is why there are no instructions, "" if there are.
	Unread string
	// Accesses are the places in memory that the instruction that trapped reads
	// or writes, most often one.
	Accesses []MemoryAccess
}

// CodeInstruction is an instruction of a listing.
type CodeInstruction struct {
	// Offset is how far it is from where the kernel's code begins that is shown.
	Offset int
	// Place is where it is, as traces say it ("foo+0x12"), "" if not known.
	Place string
	Bytes []byte
	Text  string
}

// MemoryAccess is a place in memory, with what its address was made of.
type MemoryAccess struct {
	// Operand is how the instruction names it ("0x18(%rax)").
	Operand string
	// Address is where that was, if Known: the registers are in the report.
	Known   bool
	Address uint64
	// AtFault says that this is the address that the report tells, Elsewhere that
	// the report tells another one.
	AtFault, Elsewhere bool
	// Shadowed is the memory that the instruction asked KASAN about before it is
	// accessed, if Shadow: what is at Address is what KASAN knows of it.
	Shadow    bool
	Shadowed  uint64
	Registers []RegisterValue
}

// RegisterValue is a register with what its value tells.
type RegisterValue struct {
	Name  string
	Value uint64
	// Meaning is what such a value stands for ("NULL", "LIST_POISON1"), "" if it
	// tells nothing; Place is where the tree defines that, "path:line".
	Meaning, Place string
}

// codeReader disassembles the code of the crashes of a log.
type codeReader struct {
	t       *Tree
	config  map[string]string // of the kernel, may be nil
	symbols *symbolizer       // may be nil
	values  map[disasm.Arch]*telling
}

// telling are the values that tell something in a register of an architecture.
type telling struct {
	arch    disasm.Arch
	poisons poisons
	errnos  []Errno
	// shadows are where the memory of KASAN may begin.
	shadows []configDefault
}

func (r *codeReader) telling(ctx context.Context, arch disasm.Arch, dir string) *telling {
	v := r.values[arch]
	if v == nil {
		v = &telling{
			arch: arch, poisons: r.t.poisons(ctx, dir, arch.Bits(), r.config), errnos: r.t.errnos(dir),
			shadows: r.t.configDefaults(ctx, "KASAN_SHADOW_OFFSET", dir),
		}
		r.values[arch] = v
	}
	return v
}

// read makes the listing of a crash, nil if it shows no code.
func (r *codeReader) read(ctx context.Context, c *Crash, b *Boot) *CodeListing {
	if c.Code.Text == "" {
		return nil
	}
	arch, dir := codeArch(c, b)
	if arch == disasm.Unknown {
		return nil
	}
	l := &CodeListing{Arch: arch.String(), Trap: -1}
	code, err := disasm.ParseCode(arch, c.Code.Text)
	if err != nil {
		if errors.Is(err, disasm.ErrThumb) || errors.Is(err, disasm.ErrUnreadable) {
			l.Unread = err.Error()
			return l
		}
		return nil
	}
	o := disasm.Options{Start: -1}
	var place func(addr uint64) string
	if f := &c.PC; f.Function != "" && code.Trap >= 0 {
		if f.Offset <= uint64(code.Trap) {
			o.Start = code.Trap - int(f.Offset) //nolint:gosec // at most as long as the code
		}
		function, known := r.symbols.linkAddress(f)
		if !known && f.Address != 0 {
			function, o.PCKnown = f.Address-f.Offset, true
		}
		place = func(addr uint64) string {
			if off := addr - function; off < max(f.Size, 1) {
				return fmt.Sprintf("%s+%#x", f.Function, off)
			}
			return ""
		}
		o.PC = function + f.Offset - uint64(code.Trap)
		o.Symbol = func(addr uint64) string {
			if known {
				return r.symbols.nameAt(addr)
			}
			return place(addr)
		}
	}
	listing := disasm.Disassemble(arch, code, o)
	l.Trap, l.Guess = listing.Trap, listing.Guess
	for i := range listing.Instructions {
		in := &listing.Instructions[i]
		x := CodeInstruction{Offset: in.Offset, Bytes: code.Bytes[in.Offset : in.Offset+in.Len], Text: in.Text}
		if place != nil {
			x.Place = place(o.PC + uint64(in.Offset)) //nolint:gosec // an offset
		}
		l.Instructions = append(l.Instructions, x)
	}
	if l.Trap < 0 || len(listing.Instructions[l.Trap].Memory) == 0 || len(c.Registers) == 0 {
		return l
	}
	values := r.telling(ctx, arch, dir)
	for i := range listing.Instructions[l.Trap].Memory {
		l.Accesses = append(l.Accesses, values.access(c, &listing.Instructions[l.Trap].Memory[i]))
	}
	return l
}

// kasanShift is how many bytes a byte of KASAN's memory stands for, as a shift: of
// KASAN by tags twice as many as else (Documentation/dev-tools/kasan.rst). The
// condition of where that memory begins tells which.
func kasanShift(condition string) int {
	if strings.Contains(condition, "KASAN_SW_TAGS") && !strings.Contains(condition, "!KASAN_SW_TAGS") {
		return 4
	}
	return 3
}

// access evaluates an operand with the registers of a crash.
func (v *telling) access(c *Crash, o *disasm.Operand) MemoryAccess {
	a := MemoryAccess{Operand: o.Text}
	register := func(name string) (uint64, bool) {
		if name == "RIP" || name == "EIP" {
			return c.PC.Address, c.PC.Address != 0
		}
		return c.Register(name)
	}
	a.Address, a.Known = o.Address(register)
	if v.poisons.bits == 32 {
		a.Address &= 0xffffffff
	}
	if c.Fault.Known && a.Known {
		// A wide access may fail in its middle.
		a.AtFault = v.untagged(c.Fault.Address)-v.untagged(a.Address) < uint64(max(o.Size, 1)) //nolint:gosec // a few bytes
		a.Elsewhere = !a.AtFault
	}
	for _, name := range o.Registers() {
		value, ok := register(name)
		if !ok {
			continue
		}
		r := RegisterValue{Name: name, Value: value}
		r.Meaning, r.Place = v.meaning(value)
		for _, s := range v.shadows {
			if s.value == value && s.value != ^uint64(0) && a.Known && len(o.Registers()) > 1 {
				a.Shadow, a.Shadowed = true, (a.Address-value)<<kasanShift(s.condition)
				r.Meaning, r.Place = "KASAN_SHADOW_OFFSET", s.place
			}
		}
		a.Registers = append(a.Registers, r)
	}
	return a
}

// untagged is an address without what AArch64 ignores of it when it translates it,
// and may not report: the topmost byte repeats the bit below.
func (v *telling) untagged(addr uint64) uint64 {
	if v.arch != disasm.ARM64 {
		return addr
	}
	return uint64(int64(addr<<8) >> 8) //nolint:gosec // two's complement
}

// meaning says what a value in a register stands for.
func (v *telling) meaning(value uint64) (text, place string) {
	if value == 0 {
		return "NULL", ""
	}
	all := ^uint64(0) >> (64 - v.poisons.bits)
	if n := -value & all; n <= maxErrno {
		if e, ok := errno(v.errnos, strconv.FormatUint(n, 10)); ok && e.Name != "" {
			return "ERR_PTR(-" + e.Name + ")", e.Place
		}
	}
	if text, place = v.poisons.name(value); text == "" && v.poisons.bits == 64 {
		text = asText(value)
	}
	return text, place
}

// asText is a value as text if all of its bytes are such: a string was written
// over a pointer, most likely. It is "" for others.
func asText(value uint64) string {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], value)
	for _, c := range b {
		if c < ' ' || c > '~' {
			return ""
		}
	}
	return "the text " + strconv.Quote(string(b[:]))
}

// codeArch is the instruction set of a crash, and its directory below arch.
func codeArch(c *Crash, b *Boot) (arch disasm.Arch, dir string) {
	name := c.CrashReport.Arch()
	if name == "" && b != nil {
		// Not all print their registers. What the log says is less sure: bytes
		// are x86's, words are not.
		_, _, bytes := strings.Cut(c.Code.Text, "<")
		switch b.Arch.Name {
		case "x86":
			if bytes {
				name = "x86-64"
			}
		case "arm", "arm64":
			name = b.Arch.Name
		case "riscv":
			name = "riscv64"
		}
	}
	return archByName(name)
}

// archByName is the instruction set of a name of crash.Report.Arch.
func archByName(name string) (arch disasm.Arch, dir string) {
	switch name {
	case "x86-64":
		return disasm.X8664, "x86"
	case "i386":
		return disasm.X86, "x86"
	case "arm":
		return disasm.ARM, "arm"
	case "arm64":
		return disasm.ARM64, "arm64"
	case "riscv64":
		return disasm.RISCV64, "riscv"
	}
	return disasm.Unknown, ""
}
