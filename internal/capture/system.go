// Package capture asks a system for facts: files as it sees them, what the
// kernel tells in /proc, who is on its message bus, what its service manager
// says. A System is the one value through which a diagnosis learns anything, and
// it remembers every question with its answer. Saved, they are a file that gives
// the same diagnosis elsewhere: what could not be looked at then cannot be
// looked at there, and says so.
//
// Asking changes nothing: no file is written, no service started (not by the
// bus either), nothing is waited for without a deadline. Secrets are masked
// before anybody sees them, see Mask.
package capture

import (
	"os"
	"path"
	"strconv"
	"sync"
	"time"

	"dekho/internal/rootfs"
)

// Kind is what sort of a system is looked at.
type Kind string

// The kinds.
const (
	// Host is the system that this process lives in.
	Host Kind = "host"
	// Process is the system as another process sees it: a container.
	Process Kind = "process"
	// Image is a directory that is taken for a root file system. It does not run,
	// unless something is in its /proc: then it is a chroot, or a copy of what a
	// system had there.
	Image Kind = "image"
)

// NotRunning is the reason why an image does not answer what only a running
// system can.
const NotRunning rootfs.Reason = "not running"

// About says what was looked at, when and by whom.
type About struct {
	Kind Kind `json:"kind"`
	// Root is the directory of this machine that is the root, "/" for a host.
	Root string `json:"root"`
	// PID is the process whose view it is, 0 for others than Process.
	PID int `json:"pid,omitempty"`
	// Running says that there is a /proc to ask.
	Running bool `json:"running"`
	// At is what the clock said.
	At time.Time `json:"at"`
	// UID is who looked: some things only root can see.
	UID int `json:"uid"`
}

// Options say what to look at.
type Options struct {
	// Root is the directory of an image; "" for the system that runs.
	Root string
	// PID is a process whose system is meant; 0 for this one's.
	PID int
	// Now is what the clock says.
	Now time.Time
}

// System is a system that is asked for facts, or the facts that were saved of
// one. Its methods may be called at the same time.
type System struct {
	about About
	// root and proc are what is looked at; nil for saved facts. proc is nil too
	// where nothing runs.
	root, proc *rootfs.Root
	bus        busLink
	processes  struct {
		once  sync.Once
		table []Running
		err   *rootfs.Error
	}

	mu    sync.Mutex
	facts map[string]any // the answers by their questions
	saved *saved
}

// Open opens what the options say. An error is one about what they name.
func Open(o Options) (*System, error) {
	s := &System{about: About{Kind: Host, Root: "/", At: o.Now.UTC(), UID: os.Geteuid()}, facts: map[string]any{}}
	switch {
	case o.PID != 0:
		s.about.Kind, s.about.PID = Process, o.PID
		s.about.Root = "/proc/" + strconv.Itoa(o.PID) + "/root"
	case o.Root != "" && path.Clean(o.Root) != "/":
		s.about.Kind, s.about.Root = Image, o.Root
	}
	var err error
	if s.root, err = rootfs.Open(s.about.Root); err != nil {
		return nil, err
	}
	if s.about.Kind == Image {
		if d := s.root.ReadDir("/proc"); len(d.Names) > 0 {
			s.proc, _ = s.root.Sub("/proc") // its questions say so
		}
	} else if s.proc, err = rootfs.Open("/proc"); err != nil {
		s.proc = nil // its questions say so
	}
	s.about.Running = s.about.Kind != Image || s.proc != nil
	return s, nil
}

// Close lets go of the system; its facts stay.
func (s *System) Close() error {
	s.bus.close()
	if s.proc != nil {
		_ = s.proc.Close() // only read
	}
	if s.root != nil {
		return s.root.Close()
	}
	return nil
}

// About says what is looked at.
func (s *System) About() About { return s.about }

// Running tells whether the system runs: most images do not.
func (s *System) Running() bool { return s.about.Running }

// Assume puts an answer in the place of asking: a *Bus, *Units, *Properties,
// *Answers or *rootfs.Space, by the question of that name. It is for tests, whose
// systems are directories.
func (s *System) Assume(question string, answer any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.facts[question] = answer
}

// ask answers a question: from memory, from what was saved, or by looking.
func ask[T any](s *System, question string, look func() T, unsaved func(*rootfs.Error) T) T {
	s.mu.Lock()
	if v, ok := s.facts[question].(T); ok {
		s.mu.Unlock()
		return v
	}
	s.mu.Unlock()
	var v T
	switch {
	case s.saved == nil:
		v = look()
	case !s.saved.answer(question, &v):
		v = unsaved(&rootfs.Error{Reason: rootfs.NotAsked, At: question, Text: "is not among the saved facts"})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.facts[question].(T); ok {
		return v // somebody else asked meanwhile
	}
	s.facts[question] = v
	return v
}

// Choice remembers how somebody who asks wants it, so that saved facts are asked
// in the same way: it returns the value, or what was saved.
func (s *System) Choice(name, value string) string {
	return ask(s, "choice "+name, func() string { return value }, func(*rootfs.Error) string { return value })
}

// File is the file that a path leads to, with its content, secrets masked.
func (s *System) File(path string) *rootfs.File {
	return ask(s, "file "+path, func() *rootfs.File {
		f := s.root.Read(path)
		f.Data = Mask(f.Data)
		return &f
	}, func(err *rootfs.Error) *rootfs.File {
		return &rootfs.File{Resolution: rootfs.Resolution{Path: path, Err: err}}
	})
}

// Stat is what a path leads to.
func (s *System) Stat(path string) *rootfs.Resolution {
	return s.resolution("stat "+path, path, (*rootfs.Root).Stat)
}

// Lstat is what stands at a path, which may be a link.
func (s *System) Lstat(path string) *rootfs.Resolution {
	return s.resolution("lstat "+path, path, (*rootfs.Root).Lstat)
}

func (s *System) resolution(question, path string, look func(*rootfs.Root, string) rootfs.Resolution) *rootfs.Resolution {
	return ask(s, question, func() *rootfs.Resolution {
		r := look(s.root, path)
		return &r
	}, func(err *rootfs.Error) *rootfs.Resolution {
		return &rootfs.Resolution{Path: path, Err: err}
	})
}

// Dir is the directory that a path leads to.
func (s *System) Dir(path string) *rootfs.Dir {
	return ask(s, "dir "+path, func() *rootfs.Dir {
		d := s.root.ReadDir(path)
		return &d
	}, func(err *rootfs.Error) *rootfs.Dir {
		return &rootfs.Dir{Resolution: rootfs.Resolution{Path: path, Err: err}}
	})
}

// Space is the room on the file system that a path leads to.
func (s *System) Space(path string) *rootfs.Space {
	return ask(s, "space "+path, func() *rootfs.Space {
		v := s.root.Space(path)
		return &v
	}, func(err *rootfs.Error) *rootfs.Space { return &rootfs.Space{Err: err} })
}

// ProcPath is where a file of /proc about the system is: "net/tcp",
// "mountinfo".
func (s *System) ProcPath(name string) string { return "/proc/" + s.self() + "/" + name }

func (s *System) self() string {
	if s.about.PID != 0 {
		return strconv.Itoa(s.about.PID)
	}
	return "self"
}

// Proc is a file of /proc about the system, as the process sees it that was
// named or that asks.
func (s *System) Proc(name string) *rootfs.File {
	at := s.ProcPath(name)
	failed := func(err *rootfs.Error) *rootfs.File {
		return &rootfs.File{Resolution: rootfs.Resolution{Path: at, Err: err}}
	}
	return ask(s, "proc "+name, func() *rootfs.File {
		if err := s.noProc(at); err != nil {
			return failed(err)
		}
		f := s.proc.Read(s.self() + "/" + name)
		if f.Err != nil && s.about.Kind == Image {
			// A copy of /proc has no processes, or not this one.
			f = s.proc.Read(name)
		}
		// /proc/self is a link: where it leads is of no interest.
		f.Path, f.Hops = at, nil
		if f.Err != nil {
			f.Err.At = at
		}
		return &f
	}, failed)
}

// noProc says why there is no /proc to look at.
func (s *System) noProc(at string) *rootfs.Error {
	switch {
	case !s.Running():
		return &rootfs.Error{Reason: NotRunning, At: at, Text: "an image does not run"}
	case s.proc == nil:
		return &rootfs.Error{Reason: rootfs.NotExist, At: at, Text: "/proc cannot be opened"}
	}
	return nil
}
