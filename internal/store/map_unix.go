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
	if m.data, m.unmap, err = Map(f, st.Size()); err != nil {
		return mapping{}, err
	}
	m.forget = func() error { return unix.Madvise(m.data, unix.MADV_DONTNEED) }
	return m, nil
}

// Map maps the first bytes of a file for reading. Where it can be truncated while
// it is read, whoever reads must expect faults.
func Map(f *os.File, size int64) (data []byte, unmap func() error, err error) {
	if size > maxMapping {
		return nil, nil, &fs.PathError{Op: "mmap", Path: f.Name(), Err: unix.EFBIG}
	}
	if data, err = unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED); err != nil {
		return nil, nil, &fs.PathError{Op: "mmap", Path: f.Name(), Err: err}
	}
	return data, func() error { return unix.Munmap(data) }, nil
}

// maxMapping keeps the length of a mapping inside an int of the platform.
const maxMapping = 1<<(strconv.IntSize-2) - 1
