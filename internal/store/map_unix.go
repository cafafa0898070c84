//go:build unix

package store

// Mapping files into memory.

import (
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// mapping is a file mapped for reading.
type mapping struct {
	data  []byte
	info  fs.FileInfo
	unmap func() error
	// forget gives the pages that were read back; they are read again when they
	// are needed, mostly from the cache of the system.
	forget func() error
}

// mapFile maps a whole file for reading.
func mapFile(path string) (mapping, error) {
	f, err := os.Open(path)
	if err != nil {
		return mapping{}, err
	}
	defer func() { _ = f.Close() }() // the mapping outlives the descriptor
	st, err := f.Stat()
	if err != nil {
		return mapping{}, err
	}
	nothing := func() error { return nil }
	m := mapping{info: st, unmap: nothing, forget: nothing}
	if st.Size() == 0 || !st.Mode().IsRegular() {
		return m, nil // too short for Open, which says so
	}
	if st.Size() > maxMapping {
		return mapping{}, &fs.PathError{Op: "mmap", Path: path, Err: unix.EFBIG}
	}
	m.data, err = unix.Mmap(int(f.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return mapping{}, &fs.PathError{Op: "mmap", Path: path, Err: err}
	}
	m.unmap = func() error { return unix.Munmap(m.data) }
	m.forget = func() error { return unix.Madvise(m.data, unix.MADV_DONTNEED) }
	return m, nil
}

// maxMapping keeps the length of a mapping inside an int of the platform.
const maxMapping = 1<<(strconv.IntSize-2) - 1
