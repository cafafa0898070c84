//go:build unix

package store

// Mapping files into memory.

import (
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// mapFile maps a whole file for reading.
func mapFile(path string) ([]byte, func() error, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }() // the mapping outlives the descriptor
	st, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if st.Size() == 0 || !st.Mode().IsRegular() {
		return nil, func() error { return nil }, nil // too short for Open, which says so
	}
	if st.Size() > maxMapping {
		return nil, nil, &fs.PathError{Op: "mmap", Path: path, Err: unix.EFBIG}
	}
	data, err := unix.Mmap(int(f.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, &fs.PathError{Op: "mmap", Path: path, Err: err}
	}
	return data, func() error { return unix.Munmap(data) }, nil
}

// maxMapping keeps the length of a mapping inside an int of the platform.
const maxMapping = 1<<(strconv.IntSize-2) - 1
