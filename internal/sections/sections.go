// Package sections is the frame of the files that linkers write: a magic
// number, a version, and sections of bytes, most of them little-endian u32.
//
//	magic u32, version u32, then for each section: offset u32, length u32
//
// The container such a file is stored in has checksums; reading checks every
// access against the bounds, so that damage costs answers and never a fault.
package sections

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Frame is one format.
type Frame struct {
	Magic   uint32
	Version uint32
	Align   uint64 // sections begin at multiples of it, a power of two
	Name    string // for errors: "map of print statements"
	// Damaged is what Open returns for bytes of another kind, Other what it
	// wraps for another version.
	Damaged, Other error
}

func headSize(count int) int { return 8 + count*8 }

// Write writes the sections behind their header.
func (f *Frame) Write(w io.Writer, sections [][]byte) error {
	head := AppendWords(nil, f.Magic, f.Version)
	off := uint64(headSize(len(sections)))
	pads := make([]uint64, len(sections))
	for i, s := range sections {
		pads[i] = -off & (f.Align - 1)
		off += pads[i]
		if off+uint64(len(s)) > 1<<32-1 {
			return fmt.Errorf("the %s is larger than 4 GiB", f.Name)
		}
		head = AppendWords(head, uint32(off), uint32(len(s)))
		off += uint64(len(s))
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	for i, s := range sections {
		if _, err := w.Write(make([]byte, pads[i])); err != nil {
			return err
		}
		if _, err := w.Write(s); err != nil {
			return err
		}
	}
	return nil
}

// Open sets the sections to those in b, which they alias; it reads nothing but
// the header.
func (f *Frame) Open(b []byte, sections [][]byte) error {
	if len(b) < headSize(len(sections)) || binary.LittleEndian.Uint32(b) != f.Magic {
		return f.Damaged
	}
	if v := binary.LittleEndian.Uint32(b[4:]); v != f.Version {
		return fmt.Errorf("%w: %d, not %d", f.Other, v, f.Version)
	}
	for i := range sections {
		off := uint64(binary.LittleEndian.Uint32(b[8+i*8:]))
		n := uint64(binary.LittleEndian.Uint32(b[12+i*8:]))
		if off+n > uint64(len(b)) {
			return f.Damaged
		}
		sections[i] = b[off : off+n : off+n]
	}
	return nil
}

// Word is word i of a section, 0 beyond its end.
func Word(section []byte, i uint64) uint32 {
	if i*4+4 > uint64(len(section)) {
		return 0
	}
	return binary.LittleEndian.Uint32(section[i*4:])
}

// Words are the bytes of words.
func Words(ws []uint32) []byte { return AppendWords(make([]byte, 0, len(ws)*4), ws...) }

// AppendWords appends words to b.
func AppendWords(b []byte, ws ...uint32) []byte {
	for _, w := range ws {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}
