package rootfs

import (
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestImmutable(t *testing.T) {
	r := lay(t, "f etc/resolv.conf x")
	fd, err := unix.Open(filepath.Join(r.Name(), "etc/resolv.conf"), unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer closeFD(fd)
	if err := unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, flagImmutable); err != nil {
		t.Skipf("cannot set the attribute here: %v", err)
	}
	defer func() { _ = unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, 0) }()
	if f := r.Read("/etc/resolv.conf"); f.Err != nil || !f.Info.Immutable {
		t.Errorf("%+v, %+v", f.Info, f.Err)
	}
}
