package dns

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"dekho/internal/remedy"
	"dekho/internal/rootfs"
)

// ops writes a plan in a line, as the header "fix" of a fixture has it: behind
// the finding that it is for.
func ops(p *remedy.Plan) string {
	var all []string
	for i := range p.Ops {
		op := &p.Ops[i]
		text := string(op.Kind) + " " + op.Path
		switch op.Kind {
		case remedy.Link:
			text += " -> " + op.Text
		case remedy.SetLabel:
			text += " " + op.Text
		case remedy.AddMode:
			text += fmt.Sprintf(" %04o", op.Mode)
		}
		for _, e := range op.Edits {
			text += fmt.Sprintf(" %d:%s", e.Line, strings.Join(strings.Fields(strings.Join(e.New, "|")), " "))
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

// real gives the file what the header says of it and only a file system can
// have, so that it can be taken away.
func (f *fixture) real(t *testing.T) {
	t.Helper()
	at := filepath.Join(f.dir, confPath)
	if f.get("immutable") != "" {
		fd, err := unix.Open(at, unix.O_RDONLY|unix.O_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		flags, err := unix.IoctlGetInt(fd, unix.FS_IOC_GETFLAGS)
		if err == nil {
			err = unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, flags|0x10)
		}
		if err != nil {
			t.Skipf("the attribute cannot be set here: %v", err)
		}
		t.Cleanup(func() {
			_ = unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, flags)
			_ = unix.Close(fd)
		})
		delete(f.header, "immutable") // from now on the file tells itself
	}
	if l := f.get("label"); l != "" {
		if err := unix.Lsetxattr(at, "security.selinux", []byte(l+"\x00"), 0); err != nil {
			t.Skipf("the label cannot be set here: %v", err)
		}
		delete(f.header, "label")
	}
}

// TestFixes makes the fix of every fixture that has one, looks whether it holds,
// and takes it back.
func TestFixes(t *testing.T) {
	fixed := map[string]bool{}
	for _, file := range fixtures(t) {
		f := loadFixture(t, file)
		t.Run(f.name, func(t *testing.T) {
			sys := f.system(t)
			before := f.diagnose(t, sys)
			p := Propose(sys, before)
			got := ""
			if p != nil {
				got = before.Check.Findings[p.Finding].ID + ": " + ops(p.Plan)
				fixed[before.Check.Findings[p.Finding].ID] = true
			}
			if want := f.get("fix"); got != want {
				t.Errorf("the fix is %q, want %q", got, want)
			}
			if p == nil {
				return
			}
			f.real(t)
			was := listing(t, f.dir)
			root, err := rootfs.Open(f.dir)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = root.Close() }()
			fix, err := remedy.Prepare(root, p.Plan, true)
			if err != nil {
				t.Fatal(err)
			}
			store := remedy.OpenStore(filepath.Join(t.TempDir(), "fixes"))
			j, err := store.Apply(root, remedy.Target{Dir: f.dir}, fix, "test", time.Now())
			if err != nil {
				t.Fatal(err)
			}
			after := f.diagnose(t, f.system(t))
			if err := p.Proven(before, after); err != nil {
				t.Error(err)
			}
			if cmp.Equal(was, listing(t, f.dir)) {
				t.Error("nothing was changed")
			}
			if _, err := store.Undo(root, j); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(was, listing(t, f.dir)); d != "" {
				t.Errorf("taking back leaves: %s", d)
			}
		})
	}
	for _, f := range fixes {
		if !fixed[f.id] {
			t.Errorf("no fixture has a fix for %s", f.id)
		}
	}
}

// listing is what ls -l and the contents tell of a tree.
func listing(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		text := info.Mode().String()
		switch {
		case info.Mode().IsRegular():
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			text += fmt.Sprint(" ", info.ModTime().UnixNano(), " ", string(data))
			if file, err := os.Open(p); err == nil {
				flags, _ := unix.IoctlGetInt(int(file.Fd()), unix.FS_IOC_GETFLAGS)
				text += fmt.Sprintf(" %x", flags)
				_ = file.Close()
			}
		case info.Mode()&fs.ModeSymlink != 0:
			to, err := os.Readlink(p)
			if err != nil {
				return err
			}
			text += " -> " + to
		}
		label := make([]byte, 256)
		if n, err := unix.Lgetxattr(p, "security.selinux", label); err == nil {
			text += " " + string(label[:n])
		} else if !errors.Is(err, unix.ENODATA) && !errors.Is(err, unix.ENOTSUP) {
			return err
		}
		all[p] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
