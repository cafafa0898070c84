//go:build unix

package source

// The system calls of walking and reading, without what os adds to them.

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// statIn returns a function that stats an entry of the open directory. The
// system call is made relative to the directory and straight into a Stat_t:
// os.Lstat would resolve the whole path and allocate for each file.
func statIn(dir *os.File) func(name string) (Stamp, fs.FileMode, error) {
	fd := int(dir.Fd())
	var st unix.Stat_t
	return func(name string) (Stamp, fs.FileMode, error) {
		var err error
		for {
			err = unix.Fstatat(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW)
			if err != unix.EINTR {
				break
			}
		}
		if err != nil {
			return Stamp{}, 0, err
		}
		return stampOf(&st), modeOf(&st), nil
	}
}

func stampOf(st *unix.Stat_t) Stamp {
	return Stamp{Size: st.Size, Mtime: st.Mtim.Nano(), Ctime: st.Ctim.Nano(), Ino: st.Ino}
}

// modeOf is the type of the file; the permission bits are left out.
func modeOf(st *unix.Stat_t) fs.FileMode {
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return 0
	case unix.S_IFDIR:
		return fs.ModeDir
	case unix.S_IFLNK:
		return fs.ModeSymlink
	}
	return fs.ModeIrregular
}

// openFile opens a file for reading through the descriptor alone: os.File
// would register it with the poller and set a finalizer, which costs more
// than the read of a small file. A pipe that took the file's place must not
// block, a link must not be followed.
func openFile(path string) (int, error) {
	for {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

func statFile(fd int) (Stamp, fs.FileMode, error) {
	var st unix.Stat_t
	for {
		err := unix.Fstat(fd, &st)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return Stamp{}, 0, err
		}
		return stampOf(&st), modeOf(&st), nil
	}
}

func readFile(fd int, p []byte) (int, error) {
	for {
		n, err := unix.Read(fd, p)
		if err == unix.EINTR {
			continue
		}
		return max(n, 0), err
	}
}

func closeFile(fd int) { _ = unix.Close(fd) } // read only: nothing can be lost
