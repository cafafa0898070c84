package main

import (
	"bytes"
	"debug/elf"
	"fmt"
)

// patchCode puts a fault into a module: other instructions at a place in one of
// its functions. The debug information that belongs to the module stays true.
type patchCode struct {
	module, function string
	at               int // offset into the function
	code             []byte
}

// apply changes a copy of the module's image. The signature comes off: a module
// without one is loaded with a warning, one whose signature is wrong is not.
func (p *patchCode) apply(image []byte) ([]byte, error) {
	image = bytes.TrimSuffix(bytes.Clone(image), []byte("~Module signature appended~\n"))
	f, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return nil, err
	}
	symbols, err := f.Symbols()
	if err != nil {
		return nil, err
	}
	for _, s := range symbols {
		if s.Name != p.function || int(s.Section) >= len(f.Sections) {
			continue
		}
		sec := f.Sections[s.Section]
		from := s.Value + uint64(p.at)
		to := from + uint64(len(p.code))
		if to > s.Value+s.Size || to > sec.Size {
			return nil, fmt.Errorf("%s is too short to be changed", p.function)
		}
		// What the loader relocates would not stay.
		for _, r := range f.Sections {
			if r.Type != elf.SHT_RELA || r.Info != uint32(s.Section) { //nolint:misspell // an ELF name
				continue
			}
			data, err := r.Data()
			if err != nil {
				return nil, err
			}
			for ; len(data) >= 24; data = data[24:] {
				size := uint64(4)
				if elf.R_X86_64(f.ByteOrder.Uint32(data[8:])) == elf.R_X86_64_64 {
					size = 8
				}
				if off := f.ByteOrder.Uint64(data); off+size > from && off < to {
					return nil, fmt.Errorf("%s+%#x is relocated", p.function, off-s.Value)
				}
			}
		}
		copy(image[sec.Offset+from:], p.code)
		return image, nil
	}
	return nil, fmt.Errorf("no function %s", p.function)
}
