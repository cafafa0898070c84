package rootfs

import (
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// Place is a name in a directory of the root. Its handle stays what it is
// wherever paths lead meanwhile, so that what is done there through it (by
// package remedy; nothing is done here) is done in this root and nowhere else.
type Place struct {
	// Dir is a handle of the directory (O_PATH), Name the name in it.
	Dir  int
	Name string
	// Path is where it is, without links on the way.
	Path string
	// DirInfo is what is known of the directory, Info of what stands at the name:
	// nil if nothing does.
	DirInfo, Info *Info
}

// Close lets go of the place.
func (p *Place) Close() { closeFD(p.Dir) }

// Mounted tells whether a mount lies over what stands there, so that it cannot
// be replaced by renaming. Kernels that do not tell mounts (before 5.8) are
// asked by the device, which misses a bind mount of a file of the same device.
func (p *Place) Mounted() bool {
	return p.Info != nil && (p.Info.Mount != p.DirInfo.Mount || p.Info.Dev != p.DirInfo.Dev)
}

// Place finds the place of a clean absolute path. Links on the way are followed
// inside of the root, one that stands at the path is not. That nothing stands
// there is no error.
func (r *Root) Place(name string) (*Place, *Error) {
	if !path.IsAbs(name) || path.Clean(name) != name || name == "/" || strings.IndexByte(name, 0) >= 0 {
		return nil, &Error{Reason: Failed, At: name, Text: "is no clean absolute path"}
	}
	w := r.walk(path.Dir(name), true)
	defer w.close()
	if w.Err != nil {
		return nil, w.Err
	}
	fd, err := open(w.dir(), w.base, pathFlags|unix.O_DIRECTORY)
	if err != nil {
		return nil, newError(w.Path, err)
	}
	p := &Place{Dir: fd, Name: path.Base(name), Path: path.Join(w.Path, path.Base(name))}
	if p.DirInfo, err = lstat(fd, "."); err == nil {
		p.Info, err = lstat(fd, p.Name)
	}
	if err != nil {
		if e := newError(p.Path, err); p.DirInfo == nil || e.Reason != NotExist {
			p.Close()
			return nil, e
		}
	}
	return p, nil
}

// Mount is the mount that the root itself lies on, as Info.Mount; 0 where the
// kernel does not tell.
func (r *Root) Mount() uint64 {
	info, err := lstat(r.fd, ".")
	if err != nil {
		return 0
	}
	return info.Mount
}

// SameAs tells whether two roots are one directory.
func (r *Root) SameAs(o *Root) bool {
	a, errA := lstat(r.fd, ".")
	b, errB := lstat(o.fd, ".")
	return errA == nil && errB == nil && a.Same(b) && a.Mount == b.Mount
}
