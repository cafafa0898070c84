// Package disasm reads the bytes of code that a kernel prints when it fails
// ("Code: 48 8b 47 18 <48> 8b 10"), and disassembles them: which instructions
// they are, which of them trapped, and which memory each reads or writes, as an
// expression of registers that can be evaluated with those of the dump.
//
// Instructions are written as the GNU tools do for the architecture, x86 in the
// syntax of AT&T, which is what scripts/decodecode of the kernel and objdump
// show.
package disasm

import (
	"errors"
	"strconv"
	"strings"
	"sync"
)

// Arch is an instruction set.
type Arch uint8

// The instruction sets. Thumb code of ARM is none of them.
const (
	Unknown Arch = iota
	X86
	X8664
	ARM
	ARM64
	RISCV64
)

var archNames = [...]string{Unknown: "", X86: "i386", X8664: "x86-64", ARM: "arm", ARM64: "arm64", RISCV64: "riscv64"}

// String is the name shown to people.
func (a Arch) String() string { return archNames[a] }

// Bits is how wide a register is.
func (a Arch) Bits() int {
	if a == X86 || a == ARM {
		return 32
	}
	return 64
}

// Code is what a kernel printed of the code around where it failed.
type Code struct {
	// Bytes are as they lie in memory.
	Bytes []byte
	// Trap is where the instruction begins that trapped, -1 if none is marked.
	Trap int
}

// Errors of ParseCode.
var (
	// ErrUnreadable says that the kernel could not read its code: it was not
	// where it can be, or not mapped.
	ErrUnreadable = errors.New("the kernel could not read its code")
	ErrThumb      = errors.New("code of Thumb is not disassembled")
	errNoCode     = errors.New("is no list of code bytes")
)

// maxCode bounds the bytes of a dump: kernels print 64 at most.
const maxCode = 512

// ParseCode reads what stands behind "Code:". Kernels print bytes on x86 and
// mark one as <48>; words on ARM and AArch64, and half words on RISC-V, marked
// as (e5932000). Facts of show_opcodes and dump_instr below arch/*/kernel.
func ParseCode(arch Arch, text string) (Code, error) {
	c := Code{Trap: -1}
	digits := 8
	switch arch {
	case X86, X8664:
		digits = 2
	case RISCV64:
		digits = 4
	}
	if strings.HasPrefix(text, "Unable to access") || strings.HasPrefix(text, "Bad ") || strings.HasPrefix(text, "bad ") {
		return c, ErrUnreadable
	}
	for field := range strings.FieldsSeq(text) {
		word := strings.Trim(field, "<>()")
		if arch == ARM && len(word) == 4 {
			return Code{Trap: -1}, ErrThumb
		}
		v, err := strconv.ParseUint(word, 16, 32)
		if err != nil || len(word) != digits {
			if field == "bad" && len(c.Bytes) > 0 {
				break // "bad PC value": it goes on where nothing is mapped
			}
			return Code{Trap: -1}, errNoCode
		}
		if word != field && c.Trap < 0 {
			c.Trap = len(c.Bytes)
		}
		for range digits / 2 {
			c.Bytes = append(c.Bytes, byte(v))
			v >>= 8
		}
		if len(c.Bytes) >= maxCode {
			break
		}
	}
	if len(c.Bytes) == 0 {
		return c, errNoCode
	}
	return c, nil
}

// Instruction is one of a listing.
type Instruction struct {
	// Offset is how far it is from the first byte of the code, Len how long it is.
	Offset, Len int
	// Text is the instruction, or what cannot be decoded as data (".inst 0x...").
	Text string
	// Memory are the places that it reads or writes, besides its own code.
	Memory []Operand
}

// Listing is disassembled code. Bytes in front of the first instruction are of
// one that begins before them.
type Listing struct {
	Instructions []Instruction
	// Trap is the index of the instruction that trapped, -1 if none is marked.
	Trap int
	// Guess says that the instructions in front of that one may be others:
	// where they begin had to be guessed, since code of x86 cannot be read
	// backwards.
	Guess bool
}

// Options say what is known of the place that code is from.
type Options struct {
	// Start is a byte of the code where an instruction is known to begin, such
	// as the first of the function; negative if none is. It may lie behind the
	// code.
	Start int
	// PC is the address of the first byte of the code. Unless PCKnown, it is any that
	// Symbol understands, and distances are shown in place of addresses.
	PC      uint64
	PCKnown bool
	// Symbol names what is at an address, "" if it is not known: the destinations
	// of jumps.
	Symbol func(addr uint64) string
}

// decoding is held while something is decoded: the decoders note in tables of
// their own what they have come across.
var decoding sync.Mutex

// Disassemble decodes the code of an architecture.
func Disassemble(arch Arch, c Code, o Options) Listing {
	decoding.Lock()
	defer decoding.Unlock()
	l := Listing{Trap: -1}
	d := decoder{arch: arch, code: c.Bytes, Options: o}
	at := 0
	switch {
	case arch != X86 && arch != X8664:
	case c.Trap > 0:
		l.Instructions, l.Guess = d.backwards(c.Trap)
		at = c.Trap
	case o.Start > 0 && o.Start < len(c.Bytes):
		at = o.Start
	}
	for at < len(c.Bytes) {
		in := d.decode(at)
		if at == c.Trap {
			l.Trap = len(l.Instructions)
		}
		if in.Len == 0 {
			break // cut off
		}
		l.Instructions = append(l.Instructions, in)
		at += in.Len
	}
	if l.Trap >= len(l.Instructions) {
		l.Trap = -1
	}
	return l
}

// decoder decodes one piece of code.
type decoder struct {
	arch Arch
	code []byte
	Options
}

// decode decodes the instruction at an offset; its Len is 0 if the code ends in
// the middle of it. What is no instruction has no Memory and is as long as it
// takes to go on.
func (d *decoder) decode(at int) (in Instruction) {
	defer func() {
		// The decoders are tables with thousands of rows that were made for
		// what compilers write. Here anything may come.
		if recover() != nil {
			in = d.data(at)
		}
	}()
	switch d.arch {
	case X86, X8664:
		return d.x86(at)
	case ARM:
		return d.arm(at)
	case ARM64:
		return d.arm64(at)
	case RISCV64:
		return d.riscv64(at)
	}
	return d.data(at)
}

// data is an instruction that is none.
func (d *decoder) data(at int) Instruction {
	rest := d.code[at:]
	n := 1
	switch d.arch {
	case ARM, ARM64:
		n = 4
	case RISCV64:
		if n = 2; rest[0]&3 == 3 {
			n = 4
		}
	}
	if len(rest) < n {
		return Instruction{Offset: at}
	}
	text := bad
	if n > 1 {
		v := uint64(0)
		for i := n - 1; i >= 0; i-- {
			v = v<<8 | uint64(rest[i])
		}
		text = ".inst 0x" + leftPad(strconv.FormatUint(v, 16), 2*n)
	}
	return Instruction{Offset: at, Len: n, Text: text}
}

// bad stands for a byte that no instruction of x86 begins with.
const bad = "(bad)"

func leftPad(s string, n int) string { return strings.Repeat("0", max(0, n-len(s))) + s }

// destination names where a jump at an offset leads, so many bytes from there.
func (d *decoder) destination(at int, distance int64) string {
	addr := d.PC + uint64(at) + uint64(distance) //nolint:gosec // wraps as addresses do
	if d.arch.Bits() == 32 {
		addr &= 0xffffffff
	}
	if d.Symbol != nil {
		if name := d.Symbol(addr); name != "" {
			return name
		}
	}
	if d.PCKnown {
		return "0x" + strconv.FormatUint(addr, 16)
	}
	if distance < 0 {
		return ".-0x" + strconv.FormatUint(-uint64(distance), 16) //nolint:gosec // two's complement
	}
	return ".+0x" + strconv.FormatInt(distance, 16)
}

// withDestination puts a destination in the place of the last operand.
func withDestination(text, destination string) string {
	return text[:strings.LastIndexAny(text, " ,")+1] + destination
}
