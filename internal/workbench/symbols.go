package workbench

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"dekho/internal/debuginfo"
	"dekho/internal/store"
)

// SymbolFile is a kernel image, a module or a file of debug information of the
// kernel that wrote a log, or its System.map.
type SymbolFile struct {
	Name string
	File io.ReaderAt
	Size int64
}

// SourceLine is a line that the code of a frame came from.
type SourceLine = debuginfo.Location

// symbolizer finds the lines of frames in symbol files.
type symbolizer struct {
	kernel  *debuginfo.File
	name    string // of the kernel's file
	modules map[string]*debuginfo.File
	lines   map[lineKey][]SourceLine
	// notes are what the user should know of the files, once each.
	notes []string
	// exists reports whether the tree has a path.
	exists func(path string) bool
	// fixed reports whether kernels of an instruction set are always where they were
	// linked to.
	fixed func(arch string) bool
	// unmap gives back the files that are mapped.
	unmap []func() error
}

// close gives the files back. s may be nil.
func (s *symbolizer) close() {
	if s == nil {
		return
	}
	for _, unmap := range s.unmap {
		_ = unmap() // it was only read
	}
}

// openELF opens an ELF file, which is mapped if it can be: debug information of a
// kernel is larger than the memory of many machines.
func (s *symbolizer) openELF(f *SymbolFile) (*debuginfo.File, error) {
	if file, ok := f.File.(*os.File); ok {
		if image, unmap, err := store.Map(file, f.Size); err == nil {
			s.unmap = append(s.unmap, unmap)
			return debuginfo.OpenMapped(image)
		}
	}
	return debuginfo.Open(f.File)
}

type lineKey struct {
	module, function string
	addr             uint64
}

// openSymbols opens the files that a log is to be read with.
func openSymbols(files []SymbolFile) (s *symbolizer, err error) {
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if len(files) == 0 {
		return nil, nil //nolint:nilnil // nothing to read symbols from
	}
	s = &symbolizer{modules: make(map[string]*debuginfo.File), lines: make(map[lineKey][]SourceLine)}
	for i := range files {
		f := &files[i]
		magic := make([]byte, 4)
		if _, err := f.File.ReadAt(magic, 0); err != nil && !errors.Is(err, io.EOF) {
			return s, &InputError{Name: f.Name, Err: err}
		}
		var file *debuginfo.File
		var err error
		if string(magic) == "\x7fELF" {
			file, err = s.openELF(f)
		} else {
			file, err = debuginfo.OpenSystemMap(io.NewSectionReader(f.File, 0, f.Size))
		}
		if err != nil {
			return s, &InputError{Name: f.Name, Err: err, Hint: "--vmlinux takes the vmlinux of a build (not a bzImage or zImage), a module, their .debug files or System.map"}
		}
		if file.Relocatable() {
			name := file.Module()
			if name == "" {
				name = moduleOf(f.Name)
			}
			s.modules[name] = file
		} else {
			s.kernel, s.name = file, f.Name
		}
	}
	return s, nil
}

// moduleOf is the name of a module by its file's.
func moduleOf(name string) string {
	name, _, _ = strings.Cut(filepath.Base(name), ".")
	return strings.ReplaceAll(name, "-", "_")
}

func (s *symbolizer) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for _, n := range s.notes {
		if n == text {
			return
		}
	}
	s.notes = append(s.notes, text)
}

// check compares the kernel's file with what a boot and a crash of it tell of
// their build.
func (s *symbolizer) check(c *Crash, b *Boot) {
	if s.kernel == nil {
		return
	}
	switch id := s.kernel.BuildID(); {
	case id != "" && c.BuildID != "":
		if id != c.BuildID {
			s.note("%s is of another build than the kernel of boot %d: build id %.12s..., wanted %.12s...: its lines may be wrong", s.name, c.Boot, id, c.BuildID)
		}
	case s.kernel.Banner() != "" && b != nil && b.Version.Quote != "":
		if strings.TrimSpace(s.kernel.Banner()) != strings.TrimSpace(b.Version.Quote) {
			s.note("%s is of another build than the kernel of boot %d, by its banner: its lines may be wrong", s.name, c.Boot)
		}
	}
}

// frame finds the lines of a frame. inner says that it is where the processor
// was; in other frames the address is the one to return to, behind the call.
func (s *symbolizer) frame(c *Crash, f *TrailFrame, inner bool) {
	file := s.kernel
	if f.Module != "" {
		file = s.modules[f.Module]
	}
	if file == nil {
		if f.Module != "" {
			s.note("frames of module %s have no lines: --vmlinux takes the file of a module, too", f.Module)
		}
		return
	}
	if f.Module != "" && f.BuildID != "" && file.BuildID() != "" && !strings.HasPrefix(file.BuildID(), f.BuildID) {
		s.note("the file of module %s is of another build: build id %.12s..., wanted %.12s...", f.Module, file.BuildID(), f.BuildID)
		return
	}
	s.find(c, &f.StackFrame)
	if f.Size == 0 {
		return
	}
	syms := file.Functions(f.Function, f.Size)
	if len(syms) != 1 {
		if len(syms) > 1 {
			s.note("there are %d functions %s of the same size: their frames are left without a line", len(syms), f.Function)
		}
		return
	}
	addr := syms[0].Addr + f.Offset
	if !inner && f.Offset > 0 {
		addr--
	}
	key := lineKey{f.Module, f.Function, addr}
	list, ok := s.lines[key]
	if !ok {
		var err error
		list, err = file.Lines(addr, f.Function)
		if err != nil {
			name := s.name
			if f.Module != "" {
				name = "the file of module " + f.Module
			}
			s.note("%s %v", name, err)
		}
		for i := range list {
			list[i].Path = s.inTree(list[i].Path)
		}
		s.lines[key] = list
	}
	f.Source = list
}

// find tells by the address of a frame what its symbol does not, or all of it:
// kernels may not know their symbols.
func (s *symbolizer) find(c *Crash, f *StackFrame) {
	if s.kernel == nil || f.Module != "" || f.Size != 0 || f.Address == 0 {
		return
	}
	offset, ok := s.kaslr(c)
	if !ok {
		return
	}
	if sym, at, ok := s.kernel.Symbolize(f.Address - offset); ok && (f.Function == "" || f.Function == sym.Name) {
		f.Function, f.Offset, f.Size = sym.Name, at, sym.Size
	}
}

// inTree is the path of a file in the tree. Kernels that were built elsewhere than
// in their tree have absolute paths of another machine, of which the end tells.
func (s *symbolizer) inTree(name string) string {
	if s.exists == nil || !path.IsAbs(name) {
		return name
	}
	for rest := name; rest != ""; _, rest, _ = strings.Cut(rest, "/") {
		if s.exists(rest) {
			return rest
		}
	}
	return name
}

// linkAddress is where the function of a frame was linked, if the kernel's file
// says; else any address that leaves room around it. s may be nil.
func (s *symbolizer) linkAddress(f *StackFrame) (addr uint64, known bool) {
	const somewhere = 1 << 30
	if s == nil || s.kernel == nil || f.Module != "" {
		return somewhere, false
	}
	syms := s.kernel.Functions(f.Function, f.Size)
	if len(syms) != 1 {
		return somewhere, false
	}
	return syms[0].Addr, true
}

// nameAt names an address of the kernel as it was linked.
func (s *symbolizer) nameAt(addr uint64) string {
	sym, off, ok := s.kernel.Symbolize(addr)
	switch {
	case !ok:
		return ""
	case off == 0:
		return sym.Name
	}
	return fmt.Sprintf("%s+%#x", sym.Name, off)
}

// kaslr is by how much the kernel that crashed was moved: it says so when it
// panics, and a frame that has both its address and its name tells as well.
func (s *symbolizer) kaslr(c *Crash) (uint64, bool) {
	if text, _, _ := strings.Cut(c.KernelOffset, " "); text != "" {
		if text == "disabled" {
			return 0, true
		}
		if v, err := strconv.ParseUint(strings.TrimPrefix(text, "0x"), 16, 64); err == nil {
			return v, true
		}
	}
	if offset, ok := s.moved(&c.PC); ok {
		return offset, true
	}
	for i := range c.Stacks {
		for j := range c.Stacks[i].Frames {
			if offset, ok := s.moved(&c.Stacks[i].Frames[j]); ok {
				return offset, true
			}
		}
	}
	return 0, s.fixed != nil && s.fixed(c.CrashReport.Arch())
}

// moved is by how much the kernel was moved if a frame tells.
func (s *symbolizer) moved(f *StackFrame) (uint64, bool) {
	// Of "foo from bar+0x12/0x34" the address is foo's, and has no offset.
	if s.kernel == nil || f.Address == 0 || f.Function == "" || f.Module != "" || f.Size == 0 {
		return 0, false
	}
	syms := s.kernel.Functions(f.Function, f.Size)
	if len(syms) != 1 {
		return 0, false
	}
	return f.Address - syms[0].Addr - f.Offset, true
}
