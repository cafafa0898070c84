package rootfs

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// pathFlags open a handle of whatever it is without opening it: a device is not
// woken, a directory need not be readable.
const pathFlags = unix.O_PATH

// lstat looks at a name in a directory. statx(2) also tells the attributes and
// the mount; kernels before 4.11 do not have it, and some sandboxes refuse it.
func lstat(dir int, name string) (*Info, error) {
	var sx unix.Statx_t
	err := unix.Statx(dir, name, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT,
		unix.STATX_BASIC_STATS|unix.STATX_MNT_ID, &sx)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		return oldLstat(dir, name)
	}
	if err != nil {
		return nil, err
	}
	i := &Info{
		Type: typeOf(uint32(sx.Mode)), Mode: uint32(sx.Mode) &^ unix.S_IFMT, UID: sx.Uid, GID: sx.Gid,
		Dev: unix.Mkdev(sx.Dev_major, sx.Dev_minor), Ino: sx.Ino, Links: uint64(sx.Nlink), Size: int64(sx.Size),
		Modified:   time.Unix(sx.Mtime.Sec, int64(sx.Mtime.Nsec)).UTC(),
		Immutable:  sx.Attributes&unix.STATX_ATTR_IMMUTABLE != 0,
		AppendOnly: sx.Attributes&unix.STATX_ATTR_APPEND != 0,
	}
	if sx.Mask&unix.STATX_MNT_ID != 0 {
		i.Mount = sx.Mnt_id
	}
	return i, nil
}

func oldLstat(dir int, name string) (*Info, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT); err != nil {
		return nil, err
	}
	sec, nsec := st.Mtim.Unix()
	return &Info{
		Type: typeOf(st.Mode), Mode: st.Mode &^ unix.S_IFMT, UID: st.Uid, GID: st.Gid,
		//nolint:unconvert // the widths differ between architectures
		Dev: uint64(st.Dev), Ino: st.Ino, Links: uint64(st.Nlink), Size: st.Size,
		Modified: time.Unix(sec, nsec).UTC(),
	}, nil
}

// label is the SELinux context. There is no getxattrat(2) before Linux 6.13; the
// handle of the directory is reached through /proc.
func label(dir int, name string) string {
	var buf [256]byte
	n, err := unix.Lgetxattr("/proc/self/fd/"+strconv.Itoa(dir)+"/"+name, "security.selinux", buf[:])
	if err != nil || n <= 0 {
		return ""
	}
	return strings.TrimRight(string(buf[:min(n, len(buf))]), "\x00")
}

// Attributes of files, FS_IMMUTABLE_FL and FS_APPEND_FL of linux/fs.h.
const (
	flagImmutable = 0x10
	flagAppend    = 0x20
)

// openFlags reads the attributes of an open file: file systems that do not tell
// them to statx(2) tell them there.
func openFlags(fd int, i *Info) {
	flags, err := unix.IoctlGetInt(fd, unix.FS_IOC_GETFLAGS)
	if err != nil {
		return
	}
	i.Immutable = i.Immutable || flags&flagImmutable != 0
	i.AppendOnly = i.AppendOnly || flags&flagAppend != 0
}

func space(fd int, at string) Space {
	var st unix.Statfs_t
	// fstatfs(2) takes handles since Linux 3.12.
	if err := unix.Fstatfs(fd, &st); err != nil {
		return Space{Err: newError(at, err)}
	}
	unit := uint64(st.Bsize)
	return Space{
		Size: st.Blocks * unit, Free: st.Bavail * unit, Files: st.Files, FreeFiles: st.Ffree,
		ReadOnly: st.Flags&unix.ST_RDONLY != 0,
	}
}

func mode(st *unix.Stat_t) uint32 { return st.Mode }
