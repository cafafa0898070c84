//go:build !linux

package rootfs

import (
	"time"

	"golang.org/x/sys/unix"
)

// pathFlags open a directory: handles without opening are Linux's. An image can
// be looked at on other systems too.
const pathFlags = unix.O_RDONLY | unix.O_NONBLOCK

func lstat(dir int, name string) (*Info, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return nil, err
	}
	sec, nsec := st.Mtim.Unix()
	m := mode(&st)
	return &Info{
		Type: typeOf(m), Mode: m &^ unix.S_IFMT, UID: st.Uid, GID: st.Gid,
		Dev: uint64(st.Dev), Ino: st.Ino, Links: uint64(st.Nlink), Size: st.Size,
		Modified: time.Unix(sec, nsec).UTC(),
	}, nil
}

func label(int, string) string { return "" }

func openFlags(int, *Info) {}

func space(_ int, at string) Space {
	return Space{Err: &Error{Reason: Failed, At: at, Text: "is told on Linux only"}}
}

func mode(st *unix.Stat_t) uint32 { return uint32(st.Mode) }
