// Package remedy changes a root file system so that the change can be taken
// back: a link here, a line of a file there. It is for the fixes that a
// diagnosis proposes.
//
// A Plan says in operations what is to be done. Prepare turns it into a Fix,
// which has for every path what stands there and what is to stand there: that is
// what is shown to people, as a diff. Store.Apply writes all of it into a
// journal, syncs that, and only then changes the first file. Taking back is one
// and the same after a success, after a failure and after a power cut: each path
// is made what the journal says that it was, whatever it is by then.
//
// The root is not trusted. A directory is reached through package rootfs, which
// follows links inside of the root only, and held by its handle; what stands in
// it is pinned by a handle too and never followed. What is new is written under
// another name in the same directory, with its owner, mode and attributes,
// synced and renamed: programs see the old or the new and nothing between. Only
// what a mount lies over is written in place, and only if the plan says so.
package remedy

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"dekho/internal/rootfs"
)

// Kind is a kind of operation.
type Kind string

// The kinds.
const (
	// Link makes a symbolic link that says Op.Text, in the place of whatever
	// stands there.
	Link Kind = "link"
	// Remove removes what stands there: no directory that has something in it.
	Remove Kind = "remove"
	// Edit makes a file of the lines of Op.From, or of the file itself, with
	// Op.Edits.
	Edit Kind = "edit"
	// AddMode adds the permissions Op.Mode.
	AddMode Kind = "mode"
	// ClearFlags takes away the attributes i and a of chattr(1).
	ClearFlags Kind = "attributes"
	// SetLabel gives it the SELinux context Op.Text.
	SetLabel Kind = "label"
	// MakeDir makes a directory, unless there is one.
	MakeDir Kind = "directory"
)

// Op is an operation on a path.
type Op struct {
	Kind Kind
	// Path is absolute; a link that stands there is not followed.
	Path string
	// Text is what a link says, or a label.
	Text string
	// Mode are permissions.
	Mode uint32
	// From is the file that an edit begins with, "" for the one at Path.
	From  string
	Edits []LineEdit
}

// LineEdit changes a line. What it is expected to say is compared, so that no
// other line is changed.
type LineEdit struct {
	// Line is its number, from 1; Old is what it says, without its end.
	Line int
	Old  string
	// New are the lines that take its place, none to take it out.
	New []string
}

// Command is a program that is run on a running system after the change, so that
// another program notices it.
type Command struct {
	Args []string
	Why  string
}

// Plan is what is to be done.
type Plan struct {
	// Title says in a line what is done; Notes what is to be known about it.
	Title string
	Notes []string
	Ops   []Op
	// InPlace says that a mount over a file is understood: the file is its
	// container's own, and may be written.
	InPlace bool
	// Run are run if the root is that of the running system.
	Run []Command
	// Advice are commands that only people should decide on.
	Advice []Command
}

// Change is what becomes of a path.
type Change struct {
	// Path has no links on the way to it.
	Path   string `json:"path"`
	Before State  `json:"before"`
	After  State  `json:"after"`
	// InPlace: a mount lies over it, so it is written and not replaced.
	InPlace bool `json:"in_place,omitempty"`
	// Ino is that of its directory; 0 if a change before makes it. The device says
	// nothing: that of an overlay is another one each time it is mounted.
	Ino uint64 `json:"ino,omitempty"`
}

// Fix is a plan with what it does to a root.
type Fix struct {
	Plan    *Plan
	Changes []Change
}

// The reasons why a fix cannot be made or taken back.
var (
	// ErrMounted: a mount that is not understood lies over a file or a directory.
	ErrMounted = errors.New("a mount lies there, and what is behind it may belong to another system")
	// ErrChanged: somebody changed it meanwhile.
	ErrChanged = errors.New("it was changed meanwhile")
	// ErrLinked: the file has further names, which would be parted from it.
	ErrLinked = errors.New("the file has further names (hard links) that would keep the old content")
)

// opError is an error at a path.
func opError(path string, err error) error {
	var e *rootfs.Error
	if errors.As(err, &e) && e.At == path {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// Prepare looks at what a plan would change. image says that the root is one
// that does not run: no other mount than its own is touched then.
func Prepare(root *rootfs.Root, plan *Plan, image bool) (*Fix, error) {
	f := &Fix{Plan: plan}
	for i := range plan.Ops {
		op := &plan.Ops[i]
		c, err := f.change(root, op.Path, image)
		if err == nil {
			err = c.plan(root, op)
		}
		if err != nil {
			return nil, opError(op.Path, err)
		}
	}
	f.Changes = slices.DeleteFunc(f.Changes, func(c Change) bool { return c.Before.same(&c.After) })
	return f, nil
}

// change finds the change of a path, or begins one.
func (f *Fix) change(root *rootfs.Root, name string, image bool) (*Change, error) {
	if !utf8.ValidString(name) {
		return nil, errors.New("the name is no text")
	}
	// What is in a directory that is made has no place yet.
	for i := range f.Changes {
		d := &f.Changes[i]
		if d.After.Type == rootfs.Directory && d.Before.Type == "" && path.Dir(name) == d.Path {
			name = path.Join(d.Path, path.Base(name))
			if c := f.find(name); c != nil {
				return c, nil
			}
			f.Changes = append(f.Changes, Change{Path: name})
			return &f.Changes[len(f.Changes)-1], nil
		}
	}
	p, e := root.Place(name)
	if e != nil {
		return nil, e
	}
	defer p.Close()
	if c := f.find(p.Path); c != nil {
		return c, nil
	}
	c := Change{Path: p.Path, Ino: p.DirInfo.Ino, InPlace: p.Mounted()}
	if c.InPlace && (image || !f.Plan.InPlace) || image && p.DirInfo.Mount != root.Mount() {
		return nil, ErrMounted
	}
	var err error
	if c.Before, err = snapshot(p.Dir, p.Name); err != nil {
		return nil, err
	}
	c.After = c.Before
	f.Changes = append(f.Changes, c)
	return &f.Changes[len(f.Changes)-1], nil
}

func (f *Fix) find(name string) *Change {
	for i := range f.Changes {
		if f.Changes[i].Path == name {
			return &f.Changes[i]
		}
	}
	return nil
}

// fresh is a state of something new, with the owner of what stood there. What is
// nil or zero is left to the kernel.
func (c *Change) fresh(t rootfs.Type, mode uint32, data []byte) State {
	s := State{Type: t, Mode: mode, Data: data, UID: c.Before.UID, GID: c.Before.GID}
	if c.Before.Type == "" {
		s.UID, s.GID = uint32(os.Geteuid()), uint32(os.Getegid())
	}
	return s
}

// plan says what an operation makes of the path.
func (c *Change) plan(root *rootfs.Root, op *Op) error {
	if c.After.Type == rootfs.Regular && c.Before.links > 1 && !c.InPlace && (op.Kind == Link || op.Kind == Edit || op.Kind == Remove) {
		return ErrLinked
	}
	if c.After.Type == rootfs.Directory && op.Kind != MakeDir && op.Kind != AddMode && c.Before.entries {
		return errors.New("it is a directory with something in it")
	}
	switch op.Kind {
	case Link:
		if op.Text == "" {
			return errors.New("a link has to lead somewhere")
		}
		c.After = c.fresh(rootfs.Symlink, 0o777, []byte(op.Text))
	case Remove:
		c.After = State{}
	case Edit:
		return c.edit(root, op)
	case MakeDir:
		if c.After.Type == "" {
			c.After = c.fresh(rootfs.Directory, 0o755, nil)
		} else if c.After.Type != rootfs.Directory {
			return fmt.Errorf("it is a %s, not a directory", c.After.Type)
		}
	case AddMode, ClearFlags, SetLabel:
		if c.After.Type == "" || c.After.Type == rootfs.Symlink {
			return errors.New("it is no file")
		}
		switch op.Kind {
		case AddMode:
			c.After.Mode |= op.Mode & 0o777
		case ClearFlags:
			c.After.Flags &^= flagImmutable | flagAppend
		default:
			c.After.setXattr(labelXattr, append([]byte(op.Text), 0))
		}
	default:
		return fmt.Errorf("there is no operation %q", op.Kind)
	}
	if c.InPlace && c.After.Type != c.Before.Type {
		return ErrMounted
	}
	return nil
}

// edit changes lines of a file.
func (c *Change) edit(root *rootfs.Root, op *Op) error {
	from := c.After
	if op.From != "" {
		p, e := root.Place(op.From)
		if e != nil {
			return e
		}
		defer p.Close()
		var err error
		if from, err = snapshot(p.Dir, p.Name); err != nil {
			return err
		}
	}
	if from.Type != rootfs.Regular {
		return errors.New("it is no file")
	}
	lines := slices.Collect(bytes.Lines(from.Data))
	edits := slices.Clone(op.Edits)
	slices.SortFunc(edits, func(a, b LineEdit) int { return b.Line - a.Line })
	for _, e := range edits {
		if e.Line < 1 || e.Line > len(lines) || strings.TrimSuffix(string(lines[e.Line-1]), "\n") != e.Old {
			return fmt.Errorf("line %d: %w", e.Line, ErrChanged)
		}
		var repl [][]byte
		for _, n := range e.New {
			repl = append(repl, []byte(n+"\n"))
		}
		lines = slices.Replace(lines, e.Line-1, e.Line, repl...)
	}
	data := bytes.Join(lines, nil)
	if c.After.Type == rootfs.Regular {
		c.After.Data, c.After.Modified, c.After.Accessed = data, noTime, noTime
		return nil
	}
	c.After = c.fresh(rootfs.Regular, 0o644, data)
	return nil
}
