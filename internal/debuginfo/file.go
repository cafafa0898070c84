// Package debuginfo reads what a kernel image, a module or a file of debug
// information (vmlinux, foo.ko, foo.ko.debug) says about its own code: where its
// functions are, and which line of the source an address comes from, with the
// functions that were inlined there.
//
// Little is read ahead: the table of symbols when the file is opened, the extents
// of translation units with the first question, and of a unit only the entries
// that lead to an address.
package debuginfo

import (
	"bytes"
	"cmp"
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"runtime/debug"
	"slices"
	"strings"
)

// File is an ELF file with symbols. It is used by one goroutine.
type File struct {
	elf *elf.File
	// image is the whole file if it is in memory, else nil.
	image []byte
	// relocatable: it is a module, whose sections have been given addresses.
	relocatable bool
	byName      map[string][]int
	symbols     []Symbol // by address
	buildID     string
	banner      string

	dwarf    *dwarf.Data
	dwarfErr error
	ready    bool
	units    []unitRange // by low
	widest   uint64      // the longest of units
}

// Symbol is a function in the table of symbols.
type Symbol struct {
	Name       string
	Addr, Size uint64
}

// Location is a line of the source.
type Location struct {
	Function string
	// Path is as the compiler was given it, below the directory that it ran in, or
	// absolute.
	Path string
	Line int
	// Inlined says that the function is part of the one in the next Location.
	Inlined bool
}

// ErrNoDebugInfo says that a file has symbols but no line numbers.
var ErrNoDebugInfo = errors.New("has no debug information: lines are in a kernel built with CONFIG_DEBUG_INFO, or in its package of debug symbols")

// OpenMapped opens a file that is mapped into memory. Of its debug information
// only what leads to an answer is touched. It must stay mapped as long as the
// File is used; faults on it are errors.
func OpenMapped(image []byte) (*File, error) { return load(bytes.NewReader(image), image) }

// Open reads the symbols of an ELF file.
func Open(r io.ReaderAt) (*File, error) { return load(r, nil) }

func load(r io.ReaderAt, image []byte) (f *File, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { err = recovered(recover(), err) }()
	e, err := elf.NewFile(r)
	if err != nil {
		return nil, fmt.Errorf("is no ELF file: %w", err)
	}
	if e.Type == elf.ET_REL {
		if e, err = apart(e, r); err != nil {
			return nil, err
		}
	}
	f = &File{elf: e, image: image, relocatable: e.Type == elf.ET_REL, byName: make(map[string][]int)}
	list, err := e.Symbols()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		return nil, err
	}
	for i := range list {
		s := &list[i]
		if t := elf.ST_TYPE(s.Info); t != elf.STT_FUNC && t != elf.STT_NOTYPE || s.Name == "" || s.Name[0] == '$' || s.Section == elf.SHN_UNDEF || s.Section >= elf.SHN_LORESERVE {
			continue
		}
		addr := s.Value
		if e.Machine == elf.EM_ARM && elf.ST_TYPE(s.Info) == elf.STT_FUNC {
			addr &^= 1 // Thumb
		}
		f.symbols = append(f.symbols, Symbol{Name: s.Name, Addr: addr, Size: s.Size})
	}
	for i := range list {
		if s := &list[i]; s.Name == "linux_banner" {
			f.banner = f.text(s)
		}
	}
	f.sort()
	f.buildID = f.note()
	return f, nil
}

func (f *File) sort() {
	slices.SortStableFunc(f.symbols, func(a, b Symbol) int { return cmp.Compare(a.Addr, b.Addr) })
	for i := range f.symbols {
		f.byName[f.symbols[i].Name] = append(f.byName[f.symbols[i].Name], i)
	}
}

// recovered turns what recover returned into an error; err is what there is
// without. The readers of the standard library meet some damaged files with a
// panic, and a mapped file that was truncated is a fault.
func recovered(p any, err error) error {
	if p != nil {
		return fmt.Errorf("is damaged: %v", p)
	}
	return err
}

// text reads the string that a symbol of data stands for.
func (f *File) text(s *elf.Symbol) string {
	if int(s.Section) >= len(f.elf.Sections) || s.Size > 4096 {
		return ""
	}
	sec := f.elf.Sections[s.Section]
	off := s.Value
	if f.relocatable || off < sec.Addr {
		return "" // no kernel
	}
	off -= sec.Addr
	if sec.Type == elf.SHT_NOBITS || off+s.Size > sec.Size || off > 1<<40 {
		return ""
	}
	buf := make([]byte, s.Size)
	if n, err := sec.ReadAt(buf, int64(off)); err != nil && n == 0 { //nolint:gosec // bounded above
		return ""
	}
	line, _, _ := strings.Cut(string(buf), "\n")
	return strings.TrimRight(line, "\x00")
}

// note reads the build id.
func (f *File) note() string {
	for _, name := range []string{".note.gnu.build-id", ".notes"} {
		sec := f.elf.Section(name)
		if sec == nil || sec.Type == elf.SHT_NOBITS || sec.Size > 1<<20 {
			continue
		}
		data, err := sec.Data()
		if err != nil {
			continue
		}
		for len(data) >= 12 {
			names := uint64(f.elf.ByteOrder.Uint32(data))
			descs := uint64(f.elf.ByteOrder.Uint32(data[4:]))
			kind := f.elf.ByteOrder.Uint32(data[8:])
			descAt := 12 + (names+3)&^3
			end := descAt + (descs+3)&^3
			if descAt+descs > uint64(len(data)) {
				break
			}
			if kind == 3 && string(data[12:12+min(names, 3)]) == "GNU" {
				return hex.EncodeToString(data[descAt : descAt+descs])
			}
			data = data[min(end, uint64(len(data))):]
		}
	}
	return ""
}

// Module is the name of the module that the file is of, "" for a kernel.
func (f *File) Module() string {
	if f.elf == nil || !f.relocatable {
		return ""
	}
	if sec := f.elf.Section(".gnu.linkonce.this_module"); sec == nil {
		return ""
	}
	sec := f.elf.Section(".modinfo")
	if sec == nil || sec.Type == elf.SHT_NOBITS || sec.Size > 1<<20 {
		return ""
	}
	data, err := sec.Data()
	if err != nil {
		return ""
	}
	for field := range strings.SplitSeq(string(data), "\x00") {
		if name, ok := strings.CutPrefix(field, "name="); ok {
			return name
		}
	}
	return ""
}

// Relocatable reports whether it is a module, or its debug information, rather
// than a kernel.
func (f *File) Relocatable() bool { return f.relocatable }

// BuildID is the file's build id in hexadecimal, "" if it has none.
func (f *File) BuildID() string { return f.buildID }

// Banner is the kernel's "Linux version ...", "" if the file is no kernel.
func (f *File) Banner() string { return f.banner }

// Functions are the symbols of a name; those whose size is the one that the
// kernel prints, which counts the padding up to the next symbol, come alone if
// there are any. 0 is any size.
func (f *File) Functions(name string, size uint64) []Symbol {
	var list, fit []Symbol
	for _, i := range f.byName[name] {
		s := f.symbols[i]
		list = append(list, s)
		if size != 0 && f.extent(i) == size {
			fit = append(fit, s)
		}
	}
	if len(fit) > 0 {
		return fit
	}
	return list
}

// extent is how far it is from a symbol to the next one at another address.
func (f *File) extent(i int) uint64 {
	from := &f.symbols[i]
	for _, s := range f.symbols[i+1:] {
		if s.Addr != from.Addr {
			return s.Addr - from.Addr
		}
	}
	return f.symbols[i].Size
}

// Symbolize names the function that an address is in, and how far; the size is
// what the kernel would print.
func (f *File) Symbolize(addr uint64) (s Symbol, offset uint64, ok bool) {
	i, exact := slices.BinarySearchFunc(f.symbols, addr, func(s Symbol, a uint64) int { return cmp.Compare(s.Addr, a) })
	if !exact {
		i--
	}
	if i < 0 {
		return Symbol{}, 0, false
	}
	s = f.symbols[i]
	offset = addr - s.Addr
	// Beyond the last function there is no code.
	if s.Size > 0 && offset >= f.extent(i) || s.Size == 0 && offset > 1<<20 {
		return Symbol{}, 0, false
	}
	s.Size = f.extent(i)
	return s, offset, true
}

// unitRange is a run of addresses of a translation unit.
type unitRange struct {
	low, high uint64
	unit      dwarf.Offset
}

// index finds the extents of all translation units.
func (f *File) index() error {
	if f.ready {
		return f.dwarfErr
	}
	f.ready = true
	if f.elf.Section(".debug_info") == nil && f.elf.Section(".zdebug_info") == nil {
		f.dwarfErr = ErrNoDebugInfo
		return f.dwarfErr
	}
	info, err := f.section("info")
	if err == nil {
		f.dwarf, err = f.openDWARF(info)
	}
	if err != nil {
		f.dwarfErr = err
		return err
	}
	offsets := f.unitOffsets(info)
	r := f.dwarf.Reader()
	for _, off := range offsets {
		r.Seek(off)
		e, err := r.Next()
		if err != nil || e == nil || e.Tag != dwarf.TagCompileUnit {
			continue // of another kind
		}
		ranges, err := f.dwarf.Ranges(e)
		if err != nil {
			continue
		}
		for _, a := range ranges {
			if a[0] < a[1] {
				f.units = append(f.units, unitRange{a[0], a[1], off})
				f.widest = max(f.widest, a[1]-a[0])
			}
		}
	}
	slices.SortFunc(f.units, func(a, b unitRange) int { return cmp.Compare(a.low, b.low) })
	return nil
}

// openDWARF makes the sections of debug information ready. Those of a kernel that
// is mapped are used where they are: the standard library would copy all of them.
func (f *File) openDWARF(info []byte) (*dwarf.Data, error) {
	if f.relocatable {
		return f.elf.DWARF()
	}
	var main [4][]byte
	var err error
	for i, name := range [...]string{"abbrev", "line", "ranges", "str"} {
		if main[i], err = f.section(name); err != nil {
			return nil, err
		}
	}
	d, err := dwarf.New(main[0], nil, nil, info, main[1], nil, main[2], main[3])
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"addr", "line_str", "str_offsets", "rnglists"} {
		data, err := f.section(name)
		if err != nil {
			return nil, err
		}
		if data == nil {
			continue
		}
		if err := d.AddSection(".debug_"+name, data); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// section is a section of debug information, nil if the file has none of the
// name.
func (f *File) section(name string) ([]byte, error) {
	for _, prefix := range []string{".debug_", ".zdebug_"} {
		sec := f.elf.Section(prefix + name)
		if sec == nil {
			continue
		}
		end := sec.Offset + sec.FileSize
		if f.image == nil || sec.Type == elf.SHT_NOBITS || sec.Flags&elf.SHF_COMPRESSED != 0 || prefix != ".debug_" || end < sec.Offset || end > uint64(len(f.image)) {
			return sec.Data()
		}
		return f.image[sec.Offset:end], nil
	}
	return nil, nil
}

// unitOffsets are the offsets of the first entries of all units. The reader of
// the standard library would read each unit to its end to find the next.
func (f *File) unitOffsets(data []byte) []dwarf.Offset {
	var list []dwarf.Offset
	order := f.elf.ByteOrder
	for at := uint64(0); at+11 <= uint64(len(data)); {
		length, head := uint64(order.Uint32(data[at:])), uint64(4)
		wide := length == 0xffffffff
		if wide {
			if at+23 > uint64(len(data)) {
				break
			}
			length, head = order.Uint64(data[at+4:]), 12
		}
		first, ok := firstEntry(data[at+head:], order, wide)
		if ok {
			list = append(list, dwarf.Offset(at+head+first)) //nolint:gosec // an offset in a section
		}
		if length == 0 || length > uint64(len(data)) {
			break
		}
		at += head + length
	}
	return list
}

// firstEntry is how far behind the length the entries of a unit begin, by the
// layout of its header (DWARF 5, section 7.5.1).
func firstEntry(data []byte, order binary.ByteOrder, wide bool) (uint64, bool) {
	size := uint64(4)
	if wide {
		size = 8
	}
	switch version := order.Uint16(data); {
	case version >= 2 && version <= 4:
		return 2 + size + 1, true
	case version == 5 && data[2] == 1: // DW_UT_compile
		return 2 + 1 + 1 + size, true
	}
	return 0, false
}

// clean is a path as the tree has it: below the directory of the build. It is
// absolute if it is somewhere else, as where a kernel is not built in its tree.
func clean(name, dir string) string {
	if dir == "" {
		return path.Clean(name)
	}
	if !path.IsAbs(name) {
		if name = path.Clean(name); !strings.HasPrefix(name, "../") {
			return name
		}
		name = path.Join(dir, name)
	}
	if rest, ok := strings.CutPrefix(name, strings.TrimSuffix(dir, "/")+"/"); ok {
		name = rest
	}
	return path.Clean(name)
}
