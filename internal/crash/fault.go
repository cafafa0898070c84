package crash

import (
	"strconv"
	"strings"
)

// Fault is the access to memory that a report is about.
type Fault struct {
	// Known says that the report tells the address.
	Known   bool
	Address uint64
	// Access is "read", "write" or "execute", "" if not told.
	Access string
}

// faultMarks stand before the address in headlines. Facts of show_fault_oops in
// arch/x86/mm/fault.c, die_kernel_fault in arch/arm, arch/arm64 and arch/riscv,
// bad_page_fault in arch/powerpc.
var faultMarks = [...]string{
	", address: ", "for address: ", "at virtual address ", "dereference at ", "paging request at ", "non-canonical address ", " at address ",
	"data access on read at ", "data access on write at ", "data access at ",
}

// faultAddress reads the address that a headline tells.
func faultAddress(head string) (uint64, bool) {
	for _, mark := range faultMarks {
		_, rest, ok := strings.Cut(head, mark)
		if !ok {
			continue
		}
		if strings.HasPrefix(strings.TrimLeft(rest, " "), "(null)") {
			return 0, true // what %p made of 0 in kernels before 5.0
		}
		rest = strings.TrimPrefix(rest, "0x")
		if addr, behind, ok := cutHex(rest); ok && (behind == "" || strings.IndexByte(" :,]", behind[0]) >= 0) {
			return addr, true
		}
	}
	return 0, false
}

// accessMarks tell what was done to the address. Facts of the same functions,
// and of the error code of x86 in older kernels.
var accessMarks = [...]struct{ mark, access string }{
	{"#PF: supervisor write access", "write"},
	{"#PF: supervisor read access", "read"},
	{"#PF: supervisor instruction fetch", "execute"},
	{"when write", "write"},
	{"when read", "read"},
	{"when execute", "execute"},
	{"access on write at", "write"},
	{"access on read at", "read"},
	{"WnR = 1", "write"},
	{"IABT (current EL)", "execute"},
}

// access reads from a line what was done.
func access(text string) string {
	for _, m := range accessMarks {
		if strings.Contains(text, m.mark) {
			return m.access
		}
	}
	return ""
}

// Arch is the instruction set of the code that a report shows, by the registers
// that it prints: "i386", "x86-64", "arm", "arm64", "riscv64", or "".
func (r *Report) Arch() string {
	var seen [len(archRegisters)]int
	for _, reg := range r.Registers {
		for i, a := range archRegisters {
			for _, name := range a.registers {
				if reg.Name == name {
					seen[i]++
				}
			}
		}
	}
	for i, a := range archRegisters {
		if seen[i] == len(a.registers) {
			return a.arch
		}
	}
	return ""
}

// archRegisters are registers that tell an architecture: each has them all.
var archRegisters = [...]struct {
	arch      string
	registers [3]string
}{
	{"x86-64", [3]string{"RAX", "RBX", "RCX"}},
	{"i386", [3]string{"EAX", "EBX", "ECX"}},
	{"arm64", [3]string{"x29", "x1", "x0"}},
	{"arm", [3]string{"ip", "fp", "r0"}},
	{"riscv64", [3]string{"gp", "tp", "t0"}},
}

// Register is the value of a register, by its name in the dump.
func (r *Report) Register(name string) (uint64, bool) {
	for _, reg := range r.Registers {
		if reg.Name == name {
			v, err := strconv.ParseUint(reg.Value, 16, 64)
			return v, err == nil
		}
	}
	return 0, false
}
