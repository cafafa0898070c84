package remedy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"dekho/internal/rootfs"
)

// A journal is a file that has what a fix changes. It is written before the
// first change, under another name, synced and renamed, so that there is all of
// it or none; nothing is ever added. Its name is its number and its state:
//
//	20260102-150405.pending   the fix was begun, and is not known to hold
//	20260102-150405.applied   it was made, and held
//
// The first line is
//
//	dekho-undo 1 SHA256 LENGTH
//
// with the checksum and the length in bytes of the rest. That is one JSON
// object: what Journal has (id, at, root, pid, mount, boot, subject, title) and
// "changes", for each path in the order of the changes what stood there and what
// was to stand there ("before", "after"; see State: content and extended
// attributes in base64). While a change is made, ".dekho-" and the number of the
// journal stands beside the path. A journal is for its owner's eyes: it has the
// content of files.
const (
	magic         = "dekho-undo"
	journalFormat = 1
	// The limits of what is read.
	maxJournal = 64 << 20
	maxChanges = 64
)

// ErrDamaged says that a file is no journal, or was changed since it was written.
var ErrDamaged = errors.New("this is no whole journal of a fix")

// Status is what became of a fix.
type Status string

// The states.
const (
	// Pending: it was begun, and is not known to hold.
	Pending Status = "pending"
	// Applied: it was made, and held.
	Applied Status = "applied"
)

// Journal is a fix that can be taken back.
type Journal struct {
	// ID is its number, made of the time.
	ID string `json:"id"`
	// At is when it was made.
	At time.Time `json:"at"`
	// Root is the directory of the root; PID is the process whose root it is, 0
	// for others.
	Root string `json:"root"`
	PID  int    `json:"pid,omitempty"`
	// Mount is the mount that the root of a process lies on: another process may
	// have its number by now.
	Mount uint64 `json:"mount,omitempty"`
	// Boot is the number of the boot of this machine that it was made in.
	Boot string `json:"boot,omitempty"`
	// Subject is the finding that it is for, Title what it does.
	Subject string `json:"subject"`
	Title   string `json:"title"`
	// Changes are what it changes, in order.
	Changes []Change `json:"changes"`

	// Status is in the name of the file.
	Status Status `json:"-"`
}

var idPattern = regexp.MustCompile(`^[0-9]{8}-[0-9]{6}(-[0-9]{1,3})?$`)

// temp is the name beside a path under which something new is made.
func (j *Journal) temp() string { return ".dekho-" + j.ID }

// encode writes a journal as a file has it.
func (j *Journal) encode() ([]byte, error) {
	type document struct {
		Format int `json:"format"`
		*Journal
	}
	body, err := json.MarshalIndent(document{journalFormat, j}, "", " ")
	if err != nil {
		return nil, err
	}
	body = append(body, '\n')
	if len(body) > maxJournal {
		return nil, errors.New("there is too much to save")
	}
	sum := sha256.Sum256(body)
	head := fmt.Sprintf("%s %d %s %d\n", magic, journalFormat, hex.EncodeToString(sum[:]), len(body))
	return append([]byte(head), body...), nil
}

// decode reads a journal and makes sure that it says nothing that Apply would
// not write.
func decode(data []byte) (*Journal, error) {
	head, body, ok := bytes.Cut(data, []byte("\n"))
	words := strings.Fields(string(head))
	if !ok || len(words) != 4 || words[0] != magic {
		return nil, ErrDamaged
	}
	if words[1] != strconv.Itoa(journalFormat) {
		return nil, fmt.Errorf("%w: it has format %q, this dekho reads %d", ErrDamaged, words[1], journalFormat)
	}
	if sum := sha256.Sum256(body); words[2] != hex.EncodeToString(sum[:]) || words[3] != strconv.Itoa(len(body)) {
		return nil, fmt.Errorf("%w: its checksum is wrong", ErrDamaged)
	}
	var doc struct {
		Format int `json:"format"`
		Journal
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows it", ErrDamaged)
	}
	j := &doc.Journal
	if err := j.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return j, nil
}

func (j *Journal) check() error {
	switch {
	case !idPattern.MatchString(j.ID):
		return fmt.Errorf("its number is %q", j.ID)
	case !path.IsAbs(j.Root) || strings.IndexByte(j.Root, 0) >= 0:
		return fmt.Errorf("its root is %q", j.Root)
	case j.PID < 0:
		return fmt.Errorf("its process is %d", j.PID)
	case len(j.Changes) == 0 || len(j.Changes) > maxChanges:
		return fmt.Errorf("it has %d changes", len(j.Changes))
	}
	seen := map[string]bool{}
	for i := range j.Changes {
		c := &j.Changes[i]
		if !path.IsAbs(c.Path) || path.Clean(c.Path) != c.Path || c.Path == "/" || seen[c.Path] || !utf8.ValidString(c.Path) || strings.IndexByte(c.Path, 0) >= 0 {
			return fmt.Errorf("it changes %q", c.Path)
		}
		seen[c.Path] = true
		for _, s := range []*State{&c.Before, &c.After} {
			if err := s.check(); err != nil {
				return fmt.Errorf("%s: %w", c.Path, err)
			}
		}
	}
	return nil
}

func (s *State) check() error {
	switch s.Type {
	case "", rootfs.Directory, rootfs.FIFO, rootfs.Socket, rootfs.CharDevice, rootfs.BlockDevice:
		if len(s.Data) > 0 {
			return fmt.Errorf("a %s has no content", s.Type)
		}
	case rootfs.Symlink:
		if len(s.Data) == 0 || len(s.Data) >= 4096 || bytes.IndexByte(s.Data, 0) >= 0 {
			return errors.New("a link has to lead somewhere")
		}
	case rootfs.Regular:
		if len(s.Data) > MaxData {
			return errors.New("it is too large")
		}
	default:
		return fmt.Errorf("there is no type %q", s.Type)
	}
	if s.Type != rootfs.CharDevice && s.Type != rootfs.BlockDevice && s.Device != 0 {
		return fmt.Errorf("a %s has no number", s.Type)
	}
	if s.Mode > 0o7777 {
		return fmt.Errorf("its mode is %o", s.Mode)
	}
	for name, v := range s.Xattrs {
		if name == "" || len(name) > 255 || strings.IndexByte(name, 0) >= 0 || len(v) > maxXattrs {
			return fmt.Errorf("its attribute is %q", name)
		}
	}
	return nil
}

// executor changes what stands at names.
type executor struct {
	// step, if it is set, is called before each change.
	step func(what string)
}

func (x *executor) before(what string) {
	if x.step != nil {
		x.step(what)
	}
}

// make makes the changes.
func (j *Journal) make(root *rootfs.Root, x *executor) error {
	for i := range j.Changes {
		c := &j.Changes[i]
		p, e := root.Place(c.Path)
		if e != nil {
			return e
		}
		err := func() error {
			defer p.Close()
			if p.Mounted() != c.InPlace {
				return ErrMounted
			}
			now, err := snapshot(p.Dir, p.Name)
			if err != nil {
				return err
			}
			if p.Path != c.Path || !now.same(&c.Before) {
				return ErrChanged
			}
			return x.put(p.Dir, p.Name, j.temp(), &c.After, c.InPlace)
		}()
		if err != nil {
			return opError(c.Path, err)
		}
	}
	return nil
}

// back makes every path what it was, and goes on where it cannot. left are
// remarks about what stays.
func (j *Journal) back(root *rootfs.Root, x *executor) (left []string, err error) {
	if j.PID != 0 && (j.Mount != root.Mount() || j.Boot != bootID()) {
		return nil, fmt.Errorf("process %d is another one than at that time: %w", j.PID, ErrChanged)
	}
	for i := len(j.Changes) - 1; i >= 0; i-- {
		c := &j.Changes[i]
		p, e := root.Place(c.Path)
		switch {
		case e != nil && e.Reason == rootfs.NotExist && c.Before.Type == "":
			continue
		case e != nil:
			err = errors.Join(err, e)
			continue
		}
		perr := j.backAt(p, c, x)
		p.Close()
		switch {
		case perr != nil && c.Before.Type == "" && c.After.Type == rootfs.Directory && p.Info != nil && p.Info.Type == rootfs.Directory:
			left = append(left, c.Path+" stays: something else is in it by now")
		case perr != nil:
			err = errors.Join(err, opError(c.Path, perr))
		}
	}
	return left, err
}

func (j *Journal) backAt(p *rootfs.Place, c *Change, x *executor) error {
	if p.Path != c.Path {
		return fmt.Errorf("a link leads to %s now: %w", p.Path, ErrChanged)
	}
	// Within one boot the directory is the same: another one is that of another
	// mount namespace, or was mounted since.
	if j.Boot != "" && j.Boot == bootID() && c.Ino != 0 && p.DirInfo.Ino != c.Ino {
		return fmt.Errorf("the directory is another one than the one that was changed: %w", ErrChanged)
	}
	if p.Mounted() != c.InPlace && p.Info != nil {
		return ErrMounted
	}
	return x.put(p.Dir, p.Name, j.temp(), &c.Before, c.InPlace)
}

// Undoing is what taking a fix back changes now.
func (j *Journal) Undoing(root *rootfs.Root) (*Fix, error) {
	f := &Fix{Plan: &Plan{Title: "take back: " + j.Title}}
	for i := len(j.Changes) - 1; i >= 0; i-- {
		c := &j.Changes[i]
		u := Change{Path: c.Path, After: c.Before, InPlace: c.InPlace}
		p, e := root.Place(c.Path)
		if e != nil && e.Reason != rootfs.NotExist {
			return nil, e
		}
		if e == nil {
			var err error
			u.Before, err = snapshot(p.Dir, p.Name)
			p.Close()
			if err != nil {
				return nil, opError(c.Path, err)
			}
		}
		if !u.Before.same(&u.After) {
			f.Changes = append(f.Changes, u)
		}
		if !u.Before.same(&c.After) && !u.Before.same(&c.Before) && j.Status == Applied {
			f.Plan.Notes = append(f.Plan.Notes, c.Path+" was changed since; that change is lost")
		}
	}
	return f, nil
}

// notThere tells whether an error says that there is no such file.
func notThere(err error) bool { return errors.Is(err, fs.ErrNotExist) }
