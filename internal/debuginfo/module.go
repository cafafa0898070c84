package debuginfo

import (
	"debug/elf"
	"io"
)

// sectionGap is how far apart the sections of a module are put: the symbols of one
// must not reach into the next.
const sectionGap = 1 << 20

// apart opens a relocatable file once more with its sections at addresses of
// their own. In the file all begin at 0, and an address does not tell which is
// meant. The debug information follows when the standard library relocates it,
// by the table of symbols: that is what is shown to it with other values.
func apart(e *elf.File, r io.ReaderAt) (*elf.File, error) {
	table := e.SectionByType(elf.SHT_SYMTAB)
	if table == nil {
		return e, nil
	}
	data, err := table.Data()
	if err != nil {
		return nil, err
	}
	bases := make([]uint64, len(e.Sections))
	next := uint64(sectionGap)
	for i, s := range e.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 {
			bases[i] = next
			next += s.Size + 2*sectionGap - s.Size%sectionGap
		}
	}
	// The layouts of Elf32_Sym and Elf64_Sym.
	size, value, section := 24, 8, 6
	if e.Class == elf.ELFCLASS32 {
		size, value, section = 16, 4, 14
	}
	for at := 0; at+size <= len(data); at += size {
		sym := data[at : at+size]
		n := int(e.ByteOrder.Uint16(sym[section:]))
		if n >= len(bases) {
			continue
		}
		if e.Class == elf.ELFCLASS32 {
			e.ByteOrder.PutUint32(sym[value:], e.ByteOrder.Uint32(sym[value:])+uint32(bases[n])) //nolint:gosec // sections of a small file
		} else {
			e.ByteOrder.PutUint64(sym[value:], e.ByteOrder.Uint64(sym[value:])+bases[n])
		}
	}
	return elf.NewFile(&overlay{r, int64(table.Offset), data}) //nolint:gosec // a file's size is less
}

// overlay is a file with other bytes in one place.
type overlay struct {
	io.ReaderAt
	at   int64
	data []byte
}

// ReadAt reads from the file.
func (o *overlay) ReadAt(p []byte, off int64) (int, error) {
	n, err := o.ReaderAt.ReadAt(p, off)
	from, to := max(off, o.at), min(off+int64(n), o.at+int64(len(o.data)))
	if from < to {
		copy(p[from-off:to-off], o.data[from-o.at:])
	}
	return n, err
}
