package lens

import (
	"slices"
	"strings"
)

// Arch is an architecture of the kernel.
type Arch struct {
	// Dir is its directory below arch/ ("x86").
	Dir string
	// Bits is the width of a long, 0 if not known.
	Bits int
	// Symbol is the Kconfig symbol that is set for it alone ("CONFIG_X86").
	Symbol string

	order    byteOrder
	compiler []string // what the compiler predefines for it
}

type byteOrder uint8

const (
	anyOrder byteOrder = iota
	littleEndian
	bigEndian
)

// arches holds what no file of a tree says in one place: the symbol of each
// architecture and what its compilers predefine. An architecture that is not
// listed works too, with less known about it.
var arches = []Arch{
	{Dir: "alpha", Bits: 64, order: littleEndian, compiler: []string{"__alpha__"}},
	{Dir: "arc", Bits: 32, compiler: []string{"__arc__"}},
	{Dir: "arm", Bits: 32, compiler: []string{"__arm__"}},
	{Dir: "arm64", Bits: 64, compiler: []string{"__aarch64__"}},
	{Dir: "avr32", Bits: 32, order: bigEndian, compiler: []string{"__avr32__"}},
	{Dir: "blackfin", Bits: 32, order: littleEndian, compiler: []string{"__bfin__"}},
	{Dir: "csky", Bits: 32, order: littleEndian, compiler: []string{"__csky__"}},
	{Dir: "hexagon", Bits: 32, order: littleEndian, compiler: []string{"__hexagon__"}},
	{Dir: "ia64", Bits: 64, order: littleEndian, compiler: []string{"__ia64__"}},
	{Dir: "loongarch", order: littleEndian, compiler: []string{"__loongarch__"}},
	{Dir: "m68k", Bits: 32, order: bigEndian, compiler: []string{"__m68k__", "__mc68000__"}},
	{Dir: "microblaze", Bits: 32, compiler: []string{"__MICROBLAZE__", "__microblaze__"}},
	{Dir: "mips", compiler: []string{"__mips__", "__mips"}},
	{Dir: "nios2", Bits: 32, order: littleEndian, compiler: []string{"__nios2__"}},
	{Dir: "openrisc", Bits: 32, order: bigEndian, compiler: []string{"__or1k__"}},
	{Dir: "parisc", order: bigEndian, compiler: []string{"__hppa__"}},
	{Dir: "powerpc", Symbol: "CONFIG_PPC", compiler: []string{"__powerpc__", "__PPC__"}},
	{Dir: "riscv", order: littleEndian, compiler: []string{"__riscv"}},
	{Dir: "s390", order: bigEndian, compiler: []string{"__s390__"}},
	{Dir: "sh", Bits: 32, Symbol: "CONFIG_SUPERH", compiler: []string{"__sh__", "__SH__"}},
	{Dir: "sparc", order: bigEndian, compiler: []string{"__sparc__"}},
	{Dir: "um", Symbol: "CONFIG_UML"},
	{Dir: "x86", order: littleEndian},
	{Dir: "xtensa", Bits: 32, compiler: []string{"__XTENSA__"}},
}

// wide is what compilers predefine for one width of an architecture alone.
var wide = map[string]map[int]string{
	"x86":     {32: "__i386__", 64: "__x86_64__"},
	"powerpc": {64: "__powerpc64__"},
	"s390":    {64: "__s390x__"},
	"sparc":   {64: "__arch64__"},
	"parisc":  {64: "__LP64__"},
	"mips":    {64: "__mips64"},
}

// aliases are the names that machines (uname -m), distributions and the kernel's
// own ARCH= have for architectures.
var aliases = map[string]Arch{
	"x86_64": {Dir: "x86", Bits: 64}, "amd64": {Dir: "x86", Bits: 64}, "x64": {Dir: "x86", Bits: 64},
	"i386": {Dir: "x86", Bits: 32}, "i486": {Dir: "x86", Bits: 32}, "i586": {Dir: "x86", Bits: 32}, "i686": {Dir: "x86", Bits: 32},
	"aarch64": {Dir: "arm64"}, "armhf": {Dir: "arm"}, "armel": {Dir: "arm"},
	"ppc": {Dir: "powerpc", Bits: 32}, "ppc64": {Dir: "powerpc", Bits: 64}, "ppc64le": {Dir: "powerpc", Bits: 64},
	"ppc64el": {Dir: "powerpc", Bits: 64}, "powerpc64": {Dir: "powerpc", Bits: 64},
	"riscv64": {Dir: "riscv", Bits: 64}, "riscv32": {Dir: "riscv", Bits: 32}, "s390x": {Dir: "s390", Bits: 64},
	"mipsel": {Dir: "mips", Bits: 32}, "mips64": {Dir: "mips", Bits: 64}, "mips64el": {Dir: "mips", Bits: 64},
	"sparc32": {Dir: "sparc", Bits: 32}, "sparc64": {Dir: "sparc", Bits: 64},
	"parisc64": {Dir: "parisc", Bits: 64}, "hppa": {Dir: "parisc"}, "loongarch64": {Dir: "loongarch", Bits: 64},
	"loong64": {Dir: "loongarch", Bits: 64}, "sh4": {Dir: "sh"}, "uml": {Dir: "um"},
}

// FindArch finds an architecture by what people call it: a directory below
// arch/, a value of ARCH=, what uname -m prints, Debian's name. The tree need
// not have it.
func FindArch(name string) Arch {
	name = strings.ToLower(strings.TrimPrefix(strings.TrimSuffix(name, "/"), "arch/"))
	bits := 0
	if a, ok := aliases[name]; ok {
		name, bits = a.Dir, a.Bits
	} else if strings.HasPrefix(name, "armv") {
		name = "arm"
	}
	a := Arch{Dir: name}
	if i := slices.IndexFunc(arches, func(a Arch) bool { return a.Dir == name }); i >= 0 {
		a = arches[i]
	}
	if bits != 0 {
		a.Bits = bits
	}
	if a.Symbol == "" {
		a.Symbol = symbolOf(a.Dir)
	}
	return a
}

// symbolOf is the symbol of most architectures.
func symbolOf(dir string) string { return "CONFIG_" + strings.ToUpper(dir) }

// archSymbols lists the symbols of all architectures.
func archSymbols() []string {
	list := make([]string, len(arches))
	for i, a := range arches {
		list[i] = a.Symbol
		if list[i] == "" {
			list[i] = symbolOf(a.Dir)
		}
	}
	return list
}
