package remedy

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"dekho/internal/rootfs"
)

var fileTypes = map[uint32]rootfs.Type{
	unix.S_IFREG: rootfs.Regular, unix.S_IFDIR: rootfs.Directory, unix.S_IFLNK: rootfs.Symlink, unix.S_IFIFO: rootfs.FIFO,
	unix.S_IFSOCK: rootfs.Socket, unix.S_IFCHR: rootfs.CharDevice, unix.S_IFBLK: rootfs.BlockDevice,
}

// handle pins what stands at a name; nothing is followed or opened by that.
func handle(dir int, name string) (int, error) {
	return unix.Openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
}

// byHandle is a path that leads to what a handle pins, a link included: the
// kernel does not follow further from there.
func byHandle(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }

func closeFD(fd int) { _ = unix.Close(fd) }

// snapshot reads everything that can be put back.
func snapshot(dir int, name string) (State, error) {
	fd, err := handle(dir, name)
	if errors.Is(err, unix.ENOENT) {
		return State{}, nil
	}
	if err != nil {
		return State{}, err
	}
	defer closeFD(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return State{}, err
	}
	s := State{
		Type: fileTypes[st.Mode&unix.S_IFMT], Mode: st.Mode &^ unix.S_IFMT, UID: st.Uid, GID: st.Gid,
		Accessed: time.Unix(st.Atim.Unix()).UTC(), Modified: time.Unix(st.Mtim.Unix()).UTC(),
		links: uint64(st.Nlink), //nolint:unconvert // the widths differ between architectures
	}
	if s.Xattrs, err = readXattrs(byHandle(fd)); err != nil {
		return State{}, fmt.Errorf("extended attributes: %w", err)
	}
	switch s.Type {
	case rootfs.Symlink:
		buf := make([]byte, unix.PathMax)
		n, err := unix.Readlinkat(fd, "", buf)
		if err != nil {
			return State{}, err
		}
		s.Data = buf[:n]
	case rootfs.Regular, rootfs.Directory:
		f, err := unix.Open(byHandle(fd), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			return State{}, err
		}
		defer closeFD(f)
		if flags, err := unix.IoctlGetInt(f, unix.FS_IOC_GETFLAGS); err == nil {
			s.Flags = uint32(flags)
		}
		if s.Type == rootfs.Directory {
			s.entries = hasEntries(f)
		} else if s.Data, err = readAll(f); err != nil {
			return State{}, err
		}
	case rootfs.CharDevice, rootfs.BlockDevice:
		s.Device = uint64(st.Rdev) //nolint:unconvert // the widths differ between architectures
	}
	return s, nil
}

func readAll(fd int) ([]byte, error) {
	data := []byte{}
	buf := make([]byte, 64<<10)
	for {
		n, err := unix.Read(fd, buf)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return data, nil
		}
		if data = append(data, buf[:n]...); len(data) > MaxData {
			return nil, fmt.Errorf("it has more than %d bytes", MaxData)
		}
	}
}

func hasEntries(fd int) bool {
	buf := make([]byte, 4<<10)
	for {
		n, err := unix.ReadDirent(fd, buf)
		if err != nil || n <= 0 {
			return err != nil // what cannot be listed is not called empty
		}
		if _, _, names := unix.ParseDirent(buf[:n], 1, nil); len(names) > 0 {
			return true
		}
	}
}

// noXattrs tells whether an error says that there are none there.
func noXattrs(err error) bool { return errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENODATA) }

func readXattrs(at string) (map[string][]byte, error) {
	all := map[string][]byte{}
	list := make([]byte, maxXattrs)
	n, err := unix.Listxattr(at, list)
	if noXattrs(err) {
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	value := make([]byte, maxXattrs)
	for _, name := range strings.Split(strings.TrimRight(string(list[:n]), "\x00"), "\x00") {
		if name == "" {
			continue
		}
		n, err := unix.Getxattr(at, name, value)
		if noXattrs(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all[name] = slices.Clone(value[:n])
	}
	return all, nil
}

// put makes of what stands at a name what is wanted. temp is a name in the same
// directory that nobody else uses; what an earlier try left there is removed.
func (x *executor) put(dir int, name, temp string, want *State, inPlace bool) error {
	if err := x.drop(dir, temp); err != nil {
		return err
	}
	have, err := snapshot(dir, name)
	if err != nil {
		return err
	}
	if have.same(want) {
		return nil
	}
	if have.Flags&(flagImmutable|flagAppend) != 0 {
		// It has to be writable until it is what is wanted.
		if err := x.setFlags(dir, name, have.Flags&^(flagImmutable|flagAppend)); err != nil {
			return fmt.Errorf("take away its attributes: %w", err)
		}
	}
	switch {
	case inPlace && have.Type == rootfs.Regular && want.Type == rootfs.Regular:
		err = x.write(dir, name, &have, want)
	case inPlace:
		return ErrMounted
	case have.sameContent(want):
		err = x.attributes(dir, name, want)
	case want.Type == "":
		err = x.remove(dir, name, &have)
	default:
		err = x.replace(dir, name, temp, &have, want)
	}
	if err != nil {
		return err
	}
	if want.Xattrs != nil && want.Flags&(flagImmutable|flagAppend) != 0 {
		if err := x.setFlags(dir, name, want.Flags); err != nil {
			return err
		}
	}
	return x.sync(dir)
}

// drop removes what an interrupted change left under the temporary name.
func (x *executor) drop(dir int, temp string) error {
	err := unix.Unlinkat(dir, temp, 0)
	if errors.Is(err, unix.EISDIR) {
		err = unix.Unlinkat(dir, temp, unix.AT_REMOVEDIR)
	}
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}

func (x *executor) remove(dir int, name string, have *State) error {
	flags := 0
	if have.Type == rootfs.Directory {
		flags = unix.AT_REMOVEDIR
	}
	x.before("remove " + name)
	return unix.Unlinkat(dir, name, flags)
}

// replace makes what is wanted under another name and renames it.
func (x *executor) replace(dir int, name, temp string, have, want *State) error {
	x.before("make " + temp)
	if err := x.create(dir, temp, want); err != nil {
		return errors.Join(err, x.drop(dir, temp))
	}
	if err := x.attributes(dir, temp, want); err != nil {
		return errors.Join(err, x.drop(dir, temp))
	}
	// A directory and something else cannot be exchanged by one rename.
	if have.Type != "" && (have.Type == rootfs.Directory || want.Type == rootfs.Directory) {
		if err := x.remove(dir, name, have); err != nil {
			return errors.Join(err, x.drop(dir, temp))
		}
	}
	x.before("rename " + temp)
	if err := unix.Renameat(dir, temp, dir, name); err != nil {
		return errors.Join(err, x.drop(dir, temp))
	}
	return nil
}

// create makes something new, for root's eyes until it has its mode.
func (x *executor) create(dir int, name string, want *State) error {
	switch want.Type {
	case rootfs.Symlink:
		return unix.Symlinkat(string(want.Data), dir, name)
	case rootfs.Directory:
		return unix.Mkdirat(dir, name, 0o700)
	case rootfs.FIFO:
		return unix.Mknodat(dir, name, unix.S_IFIFO|0o600, 0)
	case rootfs.CharDevice:
		return unix.Mknodat(dir, name, unix.S_IFCHR|0o600, int(want.Device))
	case rootfs.BlockDevice:
		return unix.Mknodat(dir, name, unix.S_IFBLK|0o600, int(want.Device))
	case rootfs.Socket:
		return unix.Mknodat(dir, name, unix.S_IFSOCK|0o600, 0)
	case rootfs.Regular:
	default:
		return fmt.Errorf("nothing is made of type %q", want.Type)
	}
	fd, err := unix.Openat(dir, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	x.before("write " + name)
	err = writeAll(fd, want.Data)
	if err == nil {
		err = unix.Fsync(fd)
	}
	return errors.Join(err, unix.Close(fd))
}

func writeAll(fd int, data []byte) error {
	for at := 0; at < len(data); {
		n, err := unix.Pwrite(fd, data[at:], int64(at))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		at += n
	}
	return nil
}

// write changes a file that cannot be replaced.
func (x *executor) write(dir int, name string, have, want *State) error {
	if !bytes.Equal(have.Data, want.Data) {
		fd, err := handle(dir, name)
		if err != nil {
			return err
		}
		f, err := unix.Open(byHandle(fd), unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		closeFD(fd)
		if err != nil {
			return err
		}
		x.before("write " + name)
		err = writeAll(f, want.Data)
		if err == nil {
			x.before("truncate " + name)
			err = unix.Ftruncate(f, int64(len(want.Data)))
		}
		if err == nil {
			err = unix.Fsync(f)
		}
		if err = errors.Join(err, unix.Close(f)); err != nil {
			return err
		}
	}
	return x.attributes(dir, name, want)
}

// attributes gives what stands at a name its owner, mode, extended attributes
// and times; those of chattr(1) that forbid changes are set last, by put.
func (x *executor) attributes(dir int, name string, want *State) error {
	fd, err := handle(dir, name)
	if err != nil {
		return err
	}
	defer closeFD(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if fileTypes[st.Mode&unix.S_IFMT] != want.Type {
		return ErrChanged
	}
	at := byHandle(fd)
	if st.Uid != want.UID || st.Gid != want.GID {
		x.before("chown " + name)
		if err := unix.Fchownat(fd, "", int(want.UID), int(want.GID), unix.AT_EMPTY_PATH); err != nil {
			return fmt.Errorf("chown: %w", err)
		}
	}
	// chown takes bits of the mode away.
	if want.Type != rootfs.Symlink {
		x.before("chmod " + name)
		if err := unix.Chmod(at, want.Mode); err != nil {
			return fmt.Errorf("chmod: %w", err)
		}
	}
	if want.Xattrs != nil {
		if err := x.xattrs(at, name, want.Xattrs); err != nil {
			return err
		}
		if want.Type == rootfs.Regular || want.Type == rootfs.Directory {
			if err := x.setFlags(dir, name, want.Flags&^(flagImmutable|flagAppend)); err != nil {
				return err
			}
		}
	}
	if !want.Modified.IsZero() {
		x.before("times of " + name)
		ts := []unix.Timespec{unix.NsecToTimespec(want.Accessed.UnixNano()), unix.NsecToTimespec(want.Modified.UnixNano())}
		if err := unix.UtimesNanoAt(unix.AT_FDCWD, at, ts, 0); err != nil {
			return fmt.Errorf("times: %w", err)
		}
	}
	return nil
}

func (x *executor) xattrs(at, name string, want map[string][]byte) error {
	have, err := readXattrs(at)
	if err != nil {
		return err
	}
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if v, ok := have[k]; ok && bytes.Equal(v, want[k]) {
			continue
		}
		x.before("attribute " + k + " of " + name)
		if err := unix.Setxattr(at, k, want[k], 0); err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
	}
	for k := range have {
		if _, ok := want[k]; ok {
			continue
		}
		x.before("attribute " + k + " of " + name)
		// A label is given by the policy and cannot be without.
		if err := unix.Removexattr(at, k); err != nil && k != labelXattr {
			return fmt.Errorf("%s: %w", k, err)
		}
	}
	return nil
}

// setFlags sets the attributes of chattr(1), as far as they can be set.
func (x *executor) setFlags(dir int, name string, want uint32) error {
	fd, err := handle(dir, name)
	if err != nil {
		return err
	}
	defer closeFD(fd)
	f, err := unix.Open(byHandle(fd), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer closeFD(f)
	have, err := unix.IoctlGetInt(f, unix.FS_IOC_GETFLAGS)
	if err != nil {
		if want&flagsSettable == 0 {
			return nil // the file system has none
		}
		return err
	}
	set := uint32(have)&^flagsSettable | want&flagsSettable
	if set == uint32(have) {
		return nil
	}
	x.before("flags of " + name)
	return unix.IoctlSetPointerInt(f, unix.FS_IOC_SETFLAGS, int(set))
}

// sync makes a change to a directory last. Some file systems cannot.
func (x *executor) sync(dir int) error {
	fd, err := unix.Openat(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer closeFD(fd)
	if err := unix.Fsync(fd); err != nil && !errors.Is(err, unix.EINVAL) {
		return err
	}
	return nil
}

// bootID is the number of the boot of the machine.
func bootID() string {
	fd, err := unix.Open("/proc/sys/kernel/random/boot_id", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer closeFD(fd)
	data, err := readAll(fd)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}
