package store

// The operations of the file system that a store writes with.

import (
	"io"
	"os"
)

// FileSystem is what a store needs of the operating system to write. Tests
// replace it by one whose disk fills up.
type FileSystem interface {
	Create(path string) (WritableFile, error)
	Rename(from, to string) error
	Remove(path string) error
	// SyncDir makes the names in a directory last.
	SyncDir(path string) error
}

// WritableFile is a file being written.
type WritableFile interface {
	io.WriteCloser
	Sync() error
	// StartWriteback asks for what was written to go to disk without waiting
	// for it. It is a hint.
	StartWriteback()
}

// OS is the file system of the operating system.
type OS struct{}

// Create implements FileSystem; the file must not exist.
func (OS) Create(path string) (WritableFile, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Rename implements FileSystem.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove implements FileSystem.
func (OS) Remove(path string) error { return os.Remove(path) }

// SyncDir implements FileSystem.
func (OS) SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}

type osFile struct{ *os.File }

func (f osFile) StartWriteback() { startWriteback(f.File) }
