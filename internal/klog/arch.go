package klog

import "strings"

// This file guesses the architecture a kernel was built for from what it
// prints.

// Arch is a guess at the architecture, with what it rests on.
type Arch struct {
	// Name is that of the directory below arch/ in the kernel tree ("arm",
	// "arm64", "x86", "riscv"), or "" if nothing names one.
	Name string
	// Evidence are the records the guess rests on; the Value of each is the
	// architecture it speaks for.
	Evidence []Fact
	// Rivals are the other architectures that records spoke for, the
	// likeliest first.
	Rivals []string
}

// archNames are the architectures told apart.
var archNames = [...]string{
	"arm", "arm64", "x86", "riscv", "powerpc", "s390", "mips", "loongarch", "sparc", "parisc", "m68k", "arc", "openrisc", "xtensa", "um",
}

const (
	archARM = iota
	archARM64
	archX86
	archRISCV
	archPowerPC
	archS390
	archMIPS
	archLoongArch
	archSPARC
	archPARISC
	archM68K
	archARC
	archOpenRISC
	archXtensa
	archUM
	numArches = len(archNames)
)

// archMark is a row of the table: a record that starts with prefix speaks for
// an architecture with a weight of 1 (shared code that only few use) to 4
// (printed by that architecture's own code alone).
type archMark struct {
	prefix string
	arch   uint8
	weight uint8
}

var archMarks = []archMark{
	{"CPU: ARMv", archARM, 4},
	{"CPU: ARM9", archARM, 4},
	{"CPU: ARM10", archARM, 4},
	{"CPU: PIPT / VIPT", archARM, 4},
	{"CPU: VIPT ", archARM, 4},
	{"CPU: VIVT ", archARM, 4},
	{"CPU: div instructions available", archARM, 4},
	{"Memory policy: ", archARM, 3},
	{"CPU: Testing write buffer coherency", archARM, 4},
	{"Setting up static identity map", archARM, 3},
	{"ThumbEE CPU extension", archARM, 4},
	{"VFP support v", archARM, 4},
	{"L2C-", archARM, 3},
	{"L2C: ", archARM, 3},
	{"Switching to timer-based delay loop", archARM, 3},
	{"OF: fdt: Machine model: ", archARM, 1},
	{"Flags: nzcv", archARM, 3},
	{"Flags: nzCv", archARM, 3},
	{"Flags: nZcv", archARM, 3},
	{"Flags: nZCv", archARM, 3},
	{"Flags: Nzcv", archARM, 3},
	{"Control: 10c5", archARM, 4},
	{"hw perfevents: enabled with armv7", archARM, 4},
	{"hw perfevents: enabled with armv8", archARM64, 4},
	{"CPU features: ", archARM64, 4},
	{"Detected VIPT I-cache on CPU", archARM64, 4},
	{"Detected PIPT I-cache on CPU", archARM64, 4},
	{"CPU: All CPU(s) started at EL", archARM64, 4},
	{"KASLR enabled", archARM64, 2},
	{"KASLR disabled", archARM64, 2},
	{"Mem abort info:", archARM64, 4},
	{"x29: ", archARM64, 4},
	{"pstate: ", archARM64, 4},
	{"BIOS-e820: ", archX86, 4},
	{"BIOS-provided physical RAM map", archX86, 4},
	{"e820: ", archX86, 4},
	{"x86/", archX86, 4},
	{"x86: ", archX86, 4},
	{"smpboot: ", archX86, 4},
	{"tsc: ", archX86, 4},
	{"Command line: ", archX86, 2},
	{"KERNEL supported cpus", archX86, 4},
	{"NX (Execute Disable) protection", archX86, 4},
	{"RIP: 0010:", archX86, 4},
	{"RIP: 0033:", archX86, 4},
	{"RIP: ", archX86, 2},
	{"EIP: ", archX86, 3},
	{"RAX: ", archX86, 4},
	{"RSP: 0018:", archX86, 4},
	{"CR2: ", archX86, 3},
	{"kvm-clock: ", archX86, 3},
	{"APIC: ", archX86, 3},
	{"IOAPIC[", archX86, 4},
	{"MTRR ", archX86, 3},
	{"Intel GenuineIntel", archX86, 3},
	{"  Intel GenuineIntel", archX86, 3},
	{"DMI: ", archX86, 1},
	{"Hardware name: QEMU Standard PC", archX86, 3},
	{"Hardware name: Google Google Compute Engine", archX86, 2},
	{"SBI specification v", archRISCV, 4},
	{"SBI implementation ID", archRISCV, 4},
	{"riscv: ", archRISCV, 4},
	{"riscv-", archRISCV, 3},
	{"epc : ", archRISCV, 4},
	{"Machine model: riscv-virtio", archRISCV, 4},
	{"Using pSeries machine description", archPowerPC, 4},
	{"Using PowerNV machine description", archPowerPC, 4},
	{"ppc64_pft_size", archPowerPC, 4},
	{"radix-mmu: ", archPowerPC, 4},
	{"hash-mmu: ", archPowerPC, 4},
	{"cpu_user_features ", archPowerPC, 3},
	{"NIP [", archPowerPC, 4},
	{"NIP:  ", archPowerPC, 4},
	{"Faulting instruction address: 0x", archPowerPC, 4},
	{"setup: Linux is running ", archS390, 4},
	{"setup: The maximum memory size is", archS390, 4},
	{"Krnl PSW : ", archS390, 4},
	{"CPU0 revision is: ", archMIPS, 4},
	{"CPU revision is: ", archMIPS, 3},
	{"MIPS: machine is ", archMIPS, 4},
	{"Determined physical RAM map", archMIPS, 3},
	{"Primary instruction cache ", archMIPS, 4},
	{"$ 0   : ", archMIPS, 4},
	{"64-bit Loongson Processor probed", archLoongArch, 4},
	{"CPU0 __my_per_cpu_offset", archLoongArch, 1},
	{"LoongArch", archLoongArch, 3},
	{"PROMLIB: ", archSPARC, 4},
	{"ARCH: SUN4", archSPARC, 4},
	{"The 32-bit Kernel has started", archPARISC, 4},
	{"The 64-bit Kernel has started", archPARISC, 4},
	{"IDENTITY\t: ARC", archARC, 4},
	{"CPU: OpenRISC", archOpenRISC, 4},
	{"Core protection ", archUM, 1},
	{"User Mode Linux", archUM, 3},
}

var archMarkIndex = func() (x [256][]archMark) {
	for _, m := range archMarks {
		x[m.prefix[0]] = append(x[m.prefix[0]], m)
	}
	return x
}()

// compilers name an architecture in the kernel's banner: the target of a
// cross compiler, or the flavour at the end of a distribution's release.
var compilers = []archMark{
	{"aarch64-", archARM64, 4},
	{"-arm64", archARM64, 3},
	{"arm-linux", archARM, 4},
	{"arm-none-", archARM, 4},
	{"arm-poky-", archARM, 4},
	{"arm-buildroot", archARM, 4},
	{"arm-openwrt", archARM, 4},
	{"armv7", archARM, 3},
	{"-armmp", archARM, 3},
	{"x86_64-", archX86, 4},
	{"i686-", archX86, 4},
	{"i586-", archX86, 4},
	{"-amd64", archX86, 3},
	{"-686", archX86, 3},
	{"riscv64-", archRISCV, 4},
	{"riscv32-", archRISCV, 4},
	{"-riscv64", archRISCV, 3},
	{"powerpc", archPowerPC, 4},
	{"ppc64", archPowerPC, 3},
	{"s390x", archS390, 4},
	{"mips", archMIPS, 4},
	{"loongarch64", archLoongArch, 4},
	{"sparc64", archSPARC, 4},
	{"hppa", archPARISC, 4},
	{"m68k", archM68K, 4},
	{"arc-", archARC, 2},
	{"or1k-", archOpenRISC, 4},
	{"xtensa-", archXtensa, 4},
}

// archTally adds up the evidence for the architectures of a boot.
type archTally struct {
	weight   [numArches]int
	total    int
	evidence []Fact
}

const (
	// archEnough is the weight beyond which no more evidence is needed.
	archEnough = 24
	// maxArchEvidence bounds the records kept.
	maxArchEvidence = 8
)

// add takes what a kernel record says about the architecture.
func (a *archTally) add(rec *Record) {
	t := rec.Text
	if a.total >= archEnough || t == "" {
		return
	}
	rows := archMarkIndex[t[0]]
	for i := range rows {
		if strings.HasPrefix(t, rows[i].prefix) {
			a.speak(rows[i].arch, rows[i].weight, rec)
			return
		}
	}
	switch t[0] {
	case 'L':
		if _, ok := cutVersion(t); ok {
			for _, c := range compilers {
				if strings.Contains(t, c.prefix) {
					a.speak(c.arch, c.weight, rec)
					return
				}
			}
		}
	case 'B':
		// arm64 prints ten digits and the processor's id, arm prints the
		// number as it is.
		if v, ok := strings.CutPrefix(t, "Booting Linux on physical CPU 0x"); ok {
			if strings.Contains(v, " [0x") {
				a.speak(archARM64, 4, rec)
			} else {
				a.speak(archARM, 3, rec)
			}
		}
	case 'E':
		// "Exception stack(0xf081dfb0 to 0xf081dff8)"
		if v, ok := strings.CutPrefix(t, "Exception stack(0x"); ok {
			if n := strings.IndexByte(v, ' '); n == 8 {
				a.speak(archARM, 3, rec)
			} else if n == 16 {
				a.speak(archARM64, 3, rec)
			}
		}
	case 'U':
		// "Unable to handle kernel ... at virtual address" of 8 or 16 digits.
		if v, ok := strings.CutPrefix(t, "Unable to handle kernel "); ok {
			if _, addr, ok := strings.Cut(v, "at virtual address "); ok {
				n := 0
				for n < len(addr) && hexValue(addr[n]) >= 0 {
					n++
				}
				switch n {
				case 8:
					a.speak(archARM, 2, rec)
				case 16:
					a.speak(archARM64, 1, rec)
				}
			}
		}
	case 'p':
		// "pc : [<c0101234>]    lr : ..."
		if strings.HasPrefix(t, "pc : [<") {
			if i := strings.IndexByte(t, '>'); i == len("pc : [<")+8 {
				a.speak(archARM, 4, rec)
			} else if i == len("pc : [<")+16 {
				a.speak(archARM64, 4, rec)
			}
		}
	}
}

func (a *archTally) speak(arch, weight uint8, rec *Record) {
	a.weight[arch] += int(weight)
	a.total += int(weight)
	if len(a.evidence) < maxArchEvidence {
		a.evidence = append(a.evidence, fact(archNames[arch], rec))
	}
}

// guess is the verdict on the evidence so far.
func (a *archTally) guess() Arch {
	var g Arch
	left := a.weight
	for {
		best := -1
		for i, w := range left {
			if w > 0 && (best < 0 || w > left[best]) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		left[best] = 0
		if g.Name == "" {
			g.Name = archNames[best]
		} else {
			g.Rivals = append(g.Rivals, archNames[best])
		}
	}
	for _, f := range a.evidence {
		if f.Value == g.Name {
			g.Evidence = append(g.Evidence, f)
		}
	}
	return g
}
