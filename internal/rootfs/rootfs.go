// Package rootfs looks at a root file system as the system that lives in it
// does: the one of this machine, an unpacked image, that of another process
// (/proc/PID/root). Symbolic links are followed here and not by the kernel: "/"
// means that root, and every hop is recorded, because the way to a file is half
// of the answer to who owns it.
//
// What is looked at is not trusted. A path is walked with one file descriptor
// for each directory and without ever following a link in the kernel, so that
// no link leads out of the root, not even one that is swapped meanwhile; what is
// no regular file is never opened; reads are bounded. Nothing is ever written.
package rootfs

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The limits of what is looked at.
const (
	// MaxRead is how much of a file is read.
	MaxRead = 256 << 10
	// MaxNames is how many names of a directory are listed.
	MaxNames = 16 << 10
	// maxHops is how many links are followed, as many as Linux follows
	// (MAXSYMLINKS in include/linux/namei.h).
	maxHops = 40
	// maxPath is the longest path walked, with what links add to it (PATH_MAX).
	maxPath = 4096
)

// Type is what stands at a path.
type Type string

// The types.
const (
	Regular     Type = "file"
	Directory   Type = "directory"
	Symlink     Type = "symlink"
	FIFO        Type = "fifo"
	Socket      Type = "socket"
	CharDevice  Type = "character device"
	BlockDevice Type = "block device"
)

// Info is what is known of a file without opening it.
type Info struct {
	Type Type `json:"type"`
	// Mode is the permissions with set-user-ID, set-group-ID and sticky bits.
	Mode uint32 `json:"mode"`
	UID  uint32 `json:"uid"`
	GID  uint32 `json:"gid"`
	// Dev and Ino say which file it is; Mount is the mount it lies on, as in
	// /proc/self/mountinfo, 0 where the kernel does not tell.
	Dev   uint64 `json:"dev"`
	Ino   uint64 `json:"ino"`
	Mount uint64 `json:"mount,omitempty"`
	Links uint64 `json:"links"`
	Size  int64  `json:"size"`
	// Modified is when the content was last changed.
	Modified time.Time `json:"modified"`
	// Immutable and AppendOnly are the attributes i and a of chattr(1); both
	// false where the file system does not tell.
	Immutable  bool `json:"immutable,omitempty"`
	AppendOnly bool `json:"append_only,omitempty"`
	// Label is the SELinux context, "" without.
	Label string `json:"label,omitempty"`
}

// Same tells whether both are one file.
func (i *Info) Same(o *Info) bool { return i.Dev == o.Dev && i.Ino == o.Ino && i.Ino != 0 }

// Hop is a symbolic link on the way.
type Hop struct {
	// Path is where it stands; what leads there are directories.
	Path string `json:"path"`
	// Text is what it says.
	Text string `json:"text"`
}

// Reason says why something could not be looked at.
type Reason string

// The reasons.
const (
	NotExist   Reason = "missing"
	Permission Reason = "permission"
	Loop       Reason = "loop"
	NotDir     Reason = "not a directory"
	NotRegular Reason = "not a file"
	TooLong    Reason = "too long"
	// Changed: somebody replaced it while it was looked at.
	Changed Reason = "changed"
	// Failed: the system said something else, such as an input/output error.
	Failed Reason = "failed"
	// NotAsked: it is not among the facts that were saved.
	NotAsked Reason = "not saved"
)

// Error says what could not be looked at.
type Error struct {
	Reason Reason `json:"reason"`
	// At is the path of the component that it failed at.
	At string `json:"at"`
	// Text is what the system said, or what there is instead.
	Text string `json:"text"`
}

func (e *Error) Error() string { return e.At + ": " + e.Text }

// Is makes it the error of package io/fs that it stands for.
func (e *Error) Is(target error) bool {
	return target == fs.ErrNotExist && e.Reason == NotExist || target == fs.ErrPermission && e.Reason == Permission
}

// newError classes an error of the system.
func newError(at string, err error) *Error {
	e := &Error{Reason: Failed, At: at, Text: err.Error()}
	switch {
	case errors.Is(err, unix.ENOENT):
		e.Reason = NotExist
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		e.Reason = Permission
	case errors.Is(err, unix.ELOOP):
		e.Reason = Loop
	case errors.Is(err, unix.ENOTDIR):
		e.Reason = NotDir
	case errors.Is(err, unix.ENAMETOOLONG):
		e.Reason = TooLong
	}
	return e
}

// Root is a root file system. Its methods may be called at the same time.
type Root struct {
	fd   int
	name string
}

// Open opens a directory of this machine as a root file system, "/" for the
// one that this process lives in. Its path is followed by the kernel, so that
// /proc/PID/root is the root of that process.
func Open(dir string) (*Root, error) {
	fd, err := unix.Open(dir, pathFlags|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: dir, Err: err}
	}
	return &Root{fd: fd, name: dir}, nil
}

// Name is the directory as it was called.
func (r *Root) Name() string { return r.name }

// Close lets go of the root.
func (r *Root) Close() error { return unix.Close(r.fd) }

// Resolution is where a path leads.
type Resolution struct {
	// Path is the path that the walk ended at, without links in it; where it
	// failed, what it would be, as far as that can be told.
	Path string `json:"path"`
	// Hops are the links followed, in order.
	Hops []Hop `json:"hops,omitempty"`
	// Info is what stands there, nil if nothing can be seen.
	Info *Info `json:"info,omitempty"`
	// Err says why not.
	Err *Error `json:"error,omitempty"`
}

// Lstat looks at what stands at a path, without following a link there; links on
// the way are followed.
func (r *Root) Lstat(name string) Resolution {
	w := r.walk(name, false)
	defer w.close()
	return w.Resolution
}

// Stat looks at where a path leads.
func (r *Root) Stat(name string) Resolution {
	w := r.walk(name, true)
	defer w.close()
	return w.Resolution
}

// File is a file with its content.
type File struct {
	Resolution
	// Data is the content, up to MaxRead bytes; More says that there is more.
	Data []byte `json:"-"`
	More bool   `json:"more,omitempty"`
}

// Read reads the file that a path leads to. What is no regular file is not
// opened: that is the error, and Info says what it is.
func (r *Root) Read(name string) File {
	w := r.walk(name, true)
	defer w.close()
	f := File{Resolution: w.Resolution}
	if f.Err != nil {
		return f
	}
	if f.Info.Type != Regular {
		f.Err = &Error{Reason: NotRegular, At: f.Path, Text: "is a " + string(f.Info.Type)}
		return f
	}
	fd, err := open(w.dir(), w.base, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY)
	if err != nil {
		f.Err = newError(f.Path, err)
		return f
	}
	defer closeFD(fd)
	// It was a regular file; what was opened may be another one.
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || typeOf(mode(&st)) != Regular {
		f.Err = &Error{Reason: Changed, At: f.Path, Text: "was replaced while it was looked at"}
		return f
	}
	openFlags(fd, f.Info)
	if f.Data, err = readAll(fd, MaxRead+1); err != nil {
		f.Err = newError(f.Path, err)
		return f
	}
	if len(f.Data) > MaxRead {
		f.Data, f.More = f.Data[:MaxRead:MaxRead], true
	}
	return f
}

// Dir is a directory with the names in it.
type Dir struct {
	Resolution
	// Names are sorted; More says that there are more than MaxNames.
	Names []string `json:"names,omitempty"`
	More  bool     `json:"more,omitempty"`
}

// ReadDir lists the directory that a path leads to.
func (r *Root) ReadDir(name string) Dir {
	w := r.walk(name, true)
	defer w.close()
	d := Dir{Resolution: w.Resolution}
	if d.Err != nil {
		return d
	}
	if d.Info.Type != Directory {
		d.Err = &Error{Reason: NotDir, At: d.Path, Text: "is a " + string(d.Info.Type)}
		return d
	}
	fd, err := open(w.dir(), w.base, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		d.Err = newError(d.Path, err)
		return d
	}
	defer closeFD(fd)
	buf := make([]byte, 16<<10)
	for {
		n, err := ignoringEINTR(func() (int, error) { return unix.ReadDirent(fd, buf) })
		if err != nil {
			d.Err = newError(d.Path, err)
			return d
		}
		if n <= 0 {
			break
		}
		_, _, d.Names = unix.ParseDirent(buf[:n], -1, d.Names)
		if len(d.Names) > MaxNames {
			d.Names, d.More = d.Names[:MaxNames], true
			break
		}
	}
	slices.Sort(d.Names)
	return d
}

// Readlink is the text of the link that stands at a path. Links that only the
// kernel can follow, such as those of /proc/PID/ns, have one too.
func (r *Root) Readlink(name string) (string, *Error) {
	w := r.walk(name, false)
	defer w.close()
	if w.Err != nil {
		return "", w.Err
	}
	text, err := readlink(w.dir(), w.base)
	if err != nil {
		return "", newError(w.Path, err)
	}
	return text, nil
}

// Sub opens a directory in the root as a root of its own.
func (r *Root) Sub(name string) (*Root, *Error) {
	w := r.walk(name, true)
	defer w.close()
	if w.Err != nil {
		return nil, w.Err
	}
	fd, err := open(w.dir(), w.base, pathFlags|unix.O_DIRECTORY)
	if err != nil {
		return nil, newError(w.Path, err)
	}
	return &Root{fd: fd, name: path.Join(r.name, w.Path)}, nil
}

// Space is the room on a file system.
type Space struct {
	// Size and Free are in bytes, Files and FreeFiles in inodes (0 of 0 where
	// they are not counted). Free is what users other than root have.
	Size      uint64 `json:"size"`
	Free      uint64 `json:"free"`
	Files     uint64 `json:"files"`
	FreeFiles uint64 `json:"free_files"`
	ReadOnly  bool   `json:"read_only,omitempty"`
	Err       *Error `json:"error,omitempty"`
}

// Space tells how much room there is where a path leads.
func (r *Root) Space(name string) Space {
	w := r.walk(name, true)
	defer w.close()
	if w.Err != nil {
		return Space{Err: w.Err}
	}
	fd, err := open(w.dir(), w.base, pathFlags)
	if err != nil {
		return Space{Err: newError(w.Path, err)}
	}
	defer closeFD(fd)
	return space(fd, w.Path)
}

// Socket opens a handle of a socket in the root, through which it can be
// connected to (as /proc/self/fd/N) wherever its path would lead otherwise. The
// caller closes it.
func (r *Root) Socket(name string) (int, *Error) {
	w := r.walk(name, true)
	defer w.close()
	if w.Err != nil {
		return -1, w.Err
	}
	if w.Info.Type != Socket {
		return -1, &Error{Reason: Failed, At: w.Path, Text: "is a " + string(w.Info.Type) + ", not a socket"}
	}
	fd, err := open(w.dir(), w.base, pathFlags)
	if err != nil {
		return -1, newError(w.Path, err)
	}
	return fd, nil
}

// walk is a path being walked. The directories from the root to where it is are
// kept open, so that ".." needs no look-up that could be led astray.
type walk struct {
	Resolution
	root int
	dirs []step
	base string // the last component below the last directory; "." for itself
}

// step is a directory on the way.
type step struct {
	fd   int
	name string
}

func (w *walk) dir() int {
	if len(w.dirs) == 0 {
		return w.root
	}
	return w.dirs[len(w.dirs)-1].fd
}

func (w *walk) close() {
	for _, d := range w.dirs {
		closeFD(d.fd)
	}
	w.dirs = nil
}

// at is the path of a name in the directory that the walk has come to.
func (w *walk) at(name string) string {
	var b strings.Builder
	for _, d := range w.dirs {
		b.WriteString("/" + d.name)
	}
	if name != "." {
		b.WriteString("/" + name)
	}
	if b.Len() == 0 {
		return "/"
	}
	return b.String()
}

func (r *Root) walk(name string, follow bool) *walk {
	w := &walk{root: r.fd, base: "."}
	if len(name) > maxPath || strings.IndexByte(name, 0) >= 0 {
		w.Path, w.Err = name, newError(name, unix.ENAMETOOLONG)
		return w
	}
	rest := components(name)
	for len(rest) > 0 {
		c := rest[0]
		rest = rest[1:]
		if c == ".." {
			if n := len(w.dirs); n > 0 {
				closeFD(w.dirs[n-1].fd)
				w.dirs = w.dirs[:n-1]
			}
			continue
		}
		info, err := lstat(w.dir(), c)
		if err != nil {
			return w.fail(c, rest, err)
		}
		last := len(rest) == 0
		if info.Type == Symlink && (!last || follow) {
			text, err := readlink(w.dir(), c)
			if err != nil {
				return w.fail(c, rest, err)
			}
			w.Hops = append(w.Hops, Hop{Path: w.at(c), Text: text})
			target := components(text)
			length := 0
			for _, t := range slices.Concat(target, rest) {
				length += 1 + len(t)
			}
			if len(w.Hops) > maxHops || text == "" {
				return w.fail(c, rest, unix.ELOOP)
			}
			if length > maxPath {
				return w.fail(c, rest, unix.ENAMETOOLONG)
			}
			if strings.HasPrefix(text, "/") {
				w.close()
			}
			rest = slices.Concat(target, rest)
			continue
		}
		if last {
			info.Label = label(w.dir(), c)
			w.base, w.Info, w.Path = c, info, w.at(c)
			return w
		}
		if info.Type != Directory {
			return w.fail(c, rest, unix.ENOTDIR)
		}
		fd, err := open(w.dir(), c, pathFlags|unix.O_DIRECTORY)
		if err != nil {
			return w.fail(c, rest, err)
		}
		w.dirs = append(w.dirs, step{fd: fd, name: c})
	}
	// It ended at a directory that is open already.
	info, err := lstat(w.dir(), ".")
	if err != nil {
		return w.fail(".", nil, err)
	}
	w.Info, w.Path = info, w.at(".")
	return w
}

// fail ends the walk at a component.
func (w *walk) fail(c string, rest []string, err error) *walk {
	at := w.at(c)
	w.Err = newError(at, err)
	w.Path = path.Join(append([]string{at}, rest...)...)
	return w
}

// components cuts a path into its parts, without those that mean nothing.
func components(name string) []string {
	parts := strings.Split(name, "/")
	return slices.DeleteFunc(parts, func(p string) bool { return p == "" || p == "." })
}

// typeOf is the type in the mode of stat(2).
func typeOf(mode uint32) Type {
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return Directory
	case unix.S_IFLNK:
		return Symlink
	case unix.S_IFIFO:
		return FIFO
	case unix.S_IFSOCK:
		return Socket
	case unix.S_IFCHR:
		return CharDevice
	case unix.S_IFBLK:
		return BlockDevice
	}
	return Regular
}

// open opens a name in a directory and never follows a link.
func open(dir int, name string, flags int) (int, error) {
	return ignoringEINTR(func() (int, error) {
		return unix.Openat(dir, name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	})
}

func readlink(dir int, name string) (string, error) {
	buf := make([]byte, maxPath)
	n, err := unix.Readlinkat(dir, name, buf)
	if err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}

// readAll reads up to limit bytes. Files of /proc have no size beforehand.
func readAll(fd, limit int) ([]byte, error) {
	var data []byte
	buf := make([]byte, 8<<10)
	for len(data) < limit {
		n, err := ignoringEINTR(func() (int, error) { return unix.Read(fd, buf) })
		if err != nil {
			return data, err
		}
		if n <= 0 {
			return data, nil
		}
		data = append(data, buf[:n]...)
	}
	return data[:limit], nil
}

func ignoringEINTR(f func() (int, error)) (int, error) {
	for {
		n, err := f()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

// closeFD closes what was only read: there is nothing to lose.
func closeFD(fd int) { _ = unix.Close(fd) }
