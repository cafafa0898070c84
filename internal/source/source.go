// Package source reads source trees: it lists the files of a directory tree
// and reads their content, on the assumption that anything may be wrong with
// either. Files vanish and change while they are looked at, links loop, names
// are not UTF-8, and what is called foo.c may be a disk image.
//
// What cannot or should not be read is never dropped in silence: it comes back
// as a Skip with its reason.
package source

// FileID numbers the files of one indexed tree: 0 is the first in byte order
// of the paths. It means nothing outside that tree, nor after the tree was
// indexed again.
type FileID uint32

// NoFile is the FileID of no file.
const NoFile = ^FileID(0)

// Stamp is what the file system says about a file without reading it. Two
// equal stamps mean equal content, unless the file was written to within one
// tick of the file system's clock (see Stamp.Racy).
type Stamp struct {
	Size  int64  // bytes
	Mtime int64  // last write, nanoseconds since 1970
	Ctime int64  // last change of the inode, nanoseconds since 1970
	Ino   uint64 // inode number
}

// tick is how far apart two writes must be for their time stamps to differ,
// with room to spare: ext4 and xfs move in jiffies (up to 10 ms), FAT in two
// seconds.
const tick = 2_000_000_000

// Racy reports whether a file with this stamp that was read at the given time
// (nanoseconds since 1970) may have been written to again afterwards without
// its stamp showing it. A stamp from the future is racy as well: the file
// system's clock is not ours.
func (s Stamp) Racy(read int64) bool {
	return s.Mtime > read-tick || s.Ctime > read-tick
}

// File is one regular file of a tree.
type File struct {
	// Path is relative to the root, with slashes.
	Path string
	Stamp
}

// Reason says why a file was not indexed. Values are stored in manifests:
// append, never renumber.
type Reason uint8

const (
	// Symlink is a symbolic link; links are never followed.
	Symlink Reason = iota + 1
	// Special is a device, a socket or a pipe.
	Special
	// TooLarge is a file beyond the size limit.
	TooLarge
	// Binary is a file with a NUL byte near its start.
	Binary
	// Unreadable is a file or directory that could not be opened or read.
	Unreadable
	// Vanished is a file that was listed and then gone.
	Vanished
	// Changing is a file that changed each time it was read.
	Changing
	// VersionControl is the private directory of git and its like.
	VersionControl
	// OwnStore is the directory in which the index itself is kept.
	OwnStore

	numReasons
)

// NumReasons bounds the values of Reason.
const NumReasons = int(numReasons)

var reasonNames = [...]string{
	Symlink: "symbolic link", Special: "special file", TooLarge: "too large", Binary: "binary",
	Unreadable: "unreadable", Vanished: "vanished", Changing: "kept changing", VersionControl: "version control",
	OwnStore: "the index itself",
}

// String is the reason as shown to people.
func (r Reason) String() string {
	if int(r) < len(reasonNames) && r > 0 {
		return reasonNames[r]
	}
	return "unknown"
}

// Skip is one file or directory that was left out.
type Skip struct {
	Path   string
	Reason Reason
	// Detail is the error of the operating system or the size, if it helps.
	Detail string
}
