// Package cpio writes archives in the "newc" format, the one the kernel
// unpacks as an initramfs (Documentation/driver-api/early-userspace/buffer-format.rst
// describes it). Everything is owned by root and dated 0, so that equal
// contents give equal archives.
package cpio

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"
)

// File type bits of the mode field, as in stat(2).
const (
	modeDir  = 0o040000
	modeChar = 0o020000
	modeFile = 0o100000
	modeLink = 0o120000
)

// Writer writes one archive. The first error sticks and is returned by Close.
type Writer struct {
	w    io.Writer
	ino  uint32
	off  int64
	dirs map[string]bool
	err  error
}

// NewWriter starts an archive on w.
func NewWriter(w io.Writer) *Writer {
	return &Writer{w: w, dirs: map[string]bool{"": true}}
}

// Dir adds a directory and those above it that were not added yet: the kernel
// does not make them by itself.
func (w *Writer) Dir(name string) {
	name = clean(name)
	if w.dirs[name] {
		return
	}
	w.dirs[name] = true
	w.Dir(path.Dir(name))
	w.entry(name, modeDir|0o755, 0, 0, nil)
}

// File adds a regular file with the given permission bits.
func (w *Writer) File(name string, perm uint32, data []byte) {
	name = clean(name)
	w.Dir(path.Dir(name))
	w.entry(name, modeFile|perm&0o7777, 0, 0, data)
}

// Symlink adds a symbolic link.
func (w *Writer) Symlink(name, target string) {
	name = clean(name)
	w.Dir(path.Dir(name))
	w.entry(name, modeLink|0o777, 0, 0, []byte(target))
}

// Char adds a character device node.
func (w *Writer) Char(name string, perm, major, minor uint32) {
	name = clean(name)
	w.Dir(path.Dir(name))
	w.entry(name, modeChar|perm&0o7777, major, minor, nil)
}

// Close writes the end of the archive.
func (w *Writer) Close() error {
	w.ino = 0
	w.entry("TRAILER!!!", 0, 0, 0, nil)
	return w.err
}

func clean(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// entry writes a header of 13 fields of 8 hexadecimal digits behind the magic,
// then name and data, each padded to a multiple of 4 from the archive's start.
func (w *Writer) entry(name string, mode, major, minor uint32, data []byte) {
	if w.err != nil {
		return
	}
	if strings.IndexByte(name, 0) >= 0 {
		w.err = fmt.Errorf("cpio: NUL in name %q", name)
		return
	}
	if uint64(len(data)) > math.MaxUint32 {
		w.err = errors.New("cpio: file of 4 GiB or more: " + name)
		return
	}
	if mode != 0 {
		w.ino++
	}
	const nlink, zero = 1, 0
	header := fmt.Sprintf("070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		w.ino, mode, zero, zero, nlink, zero, len(data),
		zero, zero, major, minor, len(name)+1, zero)
	w.write([]byte(header))
	w.write(append([]byte(name), 0))
	w.pad()
	w.write(data)
	w.pad()
}

func (w *Writer) pad() { w.write(make([]byte, -w.off&3)) }

func (w *Writer) write(p []byte) {
	if w.err != nil || len(p) == 0 {
		return
	}
	n, err := w.w.Write(p)
	w.off += int64(n)
	w.err = err
}
