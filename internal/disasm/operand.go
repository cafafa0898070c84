package disasm

// Operand is a place in memory that an instruction reads or writes, as its
// address is made: Base + Index*Scale + Disp, in the segment.
type Operand struct {
	// Text is the operand as it stands in the instruction.
	Text string
	// Segment is the register whose value is added on top ("GS"), "" if there is
	// none.
	Segment string
	// Base and Index are registers as the kernel names them in its dumps ("RAX",
	// "R08", "x0", "r3"), "" if there is none.
	Base, Index string
	Scale       int64
	Disp        int64
	// Size is how many bytes are meant, 0 if that is not known.
	Size int

	// extend says what of the index counts: so many bits, negative if they are
	// signed; 0 is all of it.
	extend int
	// bits is how wide an address is.
	bits int
}

// Registers are those that the address is made of.
func (o *Operand) Registers() []string {
	var list []string
	for _, r := range [...]string{o.Base, o.Index, o.Segment} {
		if r != "" && (len(list) == 0 || list[0] != r) {
			list = append(list, r)
		}
	}
	return list
}

// Address computes where the operand is; false if a register is not known.
func (o *Operand) Address(register func(name string) (uint64, bool)) (addr uint64, ok bool) {
	value := func(name string) uint64 {
		if name == "" {
			return 0
		}
		v, known := register(name)
		ok = ok && known
		return v
	}
	ok = true
	index := value(o.Index)
	switch o.extend {
	case 32:
		index = uint64(uint32(index)) //nolint:gosec // that is what the instruction does
	case -32:
		index = uint64(int32(index)) //nolint:gosec // the same
	}
	addr = value(o.Base) + index*uint64(o.Scale) + uint64(o.Disp) //nolint:gosec // wraps as addresses do
	if o.bits == 32 {
		addr &= 0xffffffff
	}
	return addr + value(o.Segment), ok
}
