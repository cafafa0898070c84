package remedy_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"dekho/internal/remedy"
	"dekho/internal/rootfs"
)

// A scenario is a root, and a plan for it.
type scenario struct {
	name string
	// needs are the rights that laying it out takes.
	root bool
	lay  func(dir string) error
	plan remedy.Plan
	// want is what stands at paths afterwards: "-> target", text, or "" for nothing.
	want map[string]string
}

const nsswitch = "# names\npasswd: files\nhosts: files [NOTFOUND=return] dns\nnetworks: files\n"

func file(dir, name, text string) error {
	at := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	return os.WriteFile(at, []byte(text), 0o644)
}

func link(dir, name, text string) error {
	at := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	return os.Symlink(text, at)
}

// setFlags sets the attributes of chattr(1) beside those that a file has.
func setFlags(name string, flags int) error {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	have, err := unix.IoctlGetInt(fd, unix.FS_IOC_GETFLAGS)
	if err != nil {
		return err
	}
	return unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, have&^0x30|flags)
}

const conf = "/etc/resolv.conf"

func toNM() []remedy.Op {
	return []remedy.Op{{Kind: remedy.Link, Path: conf, Text: "/run/NetworkManager/resolv.conf"}}
}

func scenarios() []scenario {
	old := time.Date(2019, 5, 6, 7, 8, 9, 123456789, time.UTC)
	nm := map[string]string{conf: "-> /run/NetworkManager/resolv.conf"}
	return []scenario{
		{
			name: "link", plan: remedy.Plan{Ops: toNM()}, want: nm,
			lay: func(d string) error { return link(d, conf, "/var/run/connman/resolv.conf") },
		},
		{
			name: "missing", plan: remedy.Plan{Ops: toNM()}, want: nm,
			lay: func(d string) error { return os.Mkdir(filepath.Join(d, "etc"), 0o755) },
		},
		{
			name: "remove", plan: remedy.Plan{Ops: []remedy.Op{{Kind: remedy.Remove, Path: conf}}}, want: map[string]string{conf: ""},
			lay: func(d string) error {
				err := link(d, conf, "../nowhere")
				ts := []unix.Timespec{unix.NsecToTimespec(old.UnixNano()), unix.NsecToTimespec(old.UnixNano())}
				return errors.Join(err, unix.UtimesNanoAt(unix.AT_FDCWD, filepath.Join(d, conf), ts, unix.AT_SYMLINK_NOFOLLOW))
			},
		},
		{
			name: "file with attributes", root: true, plan: remedy.Plan{Ops: toNM()}, want: nm,
			lay: func(d string) error {
				at := filepath.Join(d, conf)
				return errors.Join(file(d, conf, "nameserver 192.0.2.1\n\xff\x00"), os.Chown(at, 11, 12), os.Chmod(at, 0o640|os.ModeSetgid),
					unix.Setxattr(at, "user.note", []byte("a\x00b\xff"), 0), unix.Setxattr(at, "trusted.x", nil, 0), os.Chtimes(at, old, old))
			},
		},
		{
			name: "edit", plan: remedy.Plan{Ops: []remedy.Op{{Kind: remedy.Edit, Path: "/etc/nsswitch.conf", Edits: []remedy.LineEdit{
				{Line: 3, Old: "hosts: files [NOTFOUND=return] dns", New: []string{"hosts: files dns"}},
			}}}},
			want: map[string]string{"/etc/nsswitch.conf": strings.Replace(nsswitch, " [NOTFOUND=return]", "", 1)},
			lay: func(d string) error {
				at := filepath.Join(d, "etc/nsswitch.conf")
				return errors.Join(file(d, "etc/nsswitch.conf", nsswitch), os.Chmod(at, 0o604), os.Chtimes(at, old, old))
			},
		},
		{
			name: "override", want: map[string]string{
				conf: "-> ../run/systemd/resolve/stub-resolv.conf", "/etc/tmpfiles.d/connman.conf": "d /run/connman\n",
			},
			plan: remedy.Plan{Ops: []remedy.Op{
				{Kind: remedy.Link, Path: conf, Text: "../run/systemd/resolve/stub-resolv.conf"},
				{Kind: remedy.MakeDir, Path: "/etc/tmpfiles.d"},
				{Kind: remedy.Edit, Path: "/etc/tmpfiles.d/connman.conf", From: "/usr/lib/tmpfiles.d/connman.conf", Edits: []remedy.LineEdit{
					{Line: 2, Old: "L+ /etc/resolv.conf - - - - /run/connman/resolv.conf"},
				}},
			}},
			lay: func(d string) error {
				return errors.Join(link(d, conf, "/run/connman/resolv.conf"),
					file(d, "usr/lib/tmpfiles.d/connman.conf", "d /run/connman\nL+ /etc/resolv.conf - - - - /run/connman/resolv.conf\n"))
			},
		},
		{
			name: "immutable", root: true, plan: remedy.Plan{Ops: toNM()}, want: nm,
			lay: func(d string) error {
				return errors.Join(file(d, conf, "nameserver 192.0.2.1\n"), setFlags(filepath.Join(d, conf), 0x10|0x80))
			},
		},
		{
			name: "flags", root: true, plan: remedy.Plan{Ops: []remedy.Op{{Kind: remedy.ClearFlags, Path: conf}}},
			want: map[string]string{conf: "x"},
			lay: func(d string) error {
				return errors.Join(file(d, conf, "x"), setFlags(filepath.Join(d, conf), 0x10))
			},
		},
		{
			name: "mode", plan: remedy.Plan{Ops: []remedy.Op{{Kind: remedy.AddMode, Path: conf, Mode: 0o444}}}, want: map[string]string{conf: "x"},
			lay: func(d string) error {
				return errors.Join(file(d, conf, "x"), os.Chmod(filepath.Join(d, conf), 0o600))
			},
		},
		{
			name: "label", root: true, want: map[string]string{conf: "x"},
			plan: remedy.Plan{Ops: []remedy.Op{{Kind: remedy.SetLabel, Path: conf, Text: "system_u:object_r:net_conf_t:s0"}}},
			lay: func(d string) error {
				return errors.Join(file(d, conf, "x"), unix.Setxattr(filepath.Join(d, conf), "security.selinux", []byte("system_u:object_r:user_home_t:s0\x00"), 0))
			},
		},
		{
			name: "fifo", plan: remedy.Plan{Ops: toNM()}, want: nm,
			lay: func(d string) error {
				return errors.Join(os.Mkdir(filepath.Join(d, "etc"), 0o755), unix.Mkfifo(filepath.Join(d, conf), 0o622))
			},
		},
		{
			name: "device", root: true, plan: remedy.Plan{Ops: toNM()}, want: nm,
			lay: func(d string) error {
				return errors.Join(os.Mkdir(filepath.Join(d, "etc"), 0o755), unix.Mknod(filepath.Join(d, conf), unix.S_IFCHR|0o640, int(unix.Mkdev(1, 3))))
			},
		},
		{
			name: "directory", plan: remedy.Plan{Ops: toNM()}, want: nm,
			lay: func(d string) error { return os.MkdirAll(filepath.Join(d, conf), 0o751) },
		},
		{
			name: "link in the way", plan: remedy.Plan{Ops: toNM()}, want: map[string]string{"/usr/etc/resolv.conf": "-> /run/NetworkManager/resolv.conf"},
			lay: func(d string) error {
				return errors.Join(link(d, "etc", "/../usr/etc"), file(d, "usr/etc/resolv.conf", "old"))
			},
		},
		{
			name: "binary of 1 MB", plan: remedy.Plan{Ops: toNM()}, want: nm,
			lay: func(d string) error { return file(d, conf, strings.Repeat("\x00\x01\xff\n", 1<<18)) },
		},
	}
}

// tree describes everything below a directory that taking back has to restore.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var st unix.Stat_t
		if err := unix.Lstat(p, &st); err != nil {
			return err
		}
		text := fmt.Sprintf("%o %d:%d %x", st.Mode, st.Uid, st.Gid, st.Rdev)
		if st.Mode&unix.S_IFMT != unix.S_IFDIR {
			text += fmt.Sprint(" ", st.Mtim.Nano())
		}
		switch st.Mode & unix.S_IFMT {
		case unix.S_IFLNK:
			to, _ := os.Readlink(p)
			text += " -> " + to
		case unix.S_IFREG:
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			text += fmt.Sprintf(" %q", data)
			fd, err := unix.Open(p, unix.O_RDONLY, 0)
			if err != nil {
				return err
			}
			flags, _ := unix.IoctlGetInt(fd, unix.FS_IOC_GETFLAGS)
			text += fmt.Sprintf(" flags %x", flags)
			_ = unix.Close(fd)
		}
		list := make([]byte, 4096)
		if n, err := unix.Llistxattr(p, list); err == nil {
			names := strings.Split(string(list[:n]), "\x00")
			slices.Sort(names)
			for _, name := range names {
				value := make([]byte, 4096)
				if n, err := unix.Lgetxattr(p, name, value); name != "" && err == nil {
					text += fmt.Sprintf(" %s=%q", name, value[:n])
				}
			}
		}
		rel, _ := filepath.Rel(dir, p)
		all[rel] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// make lays a scenario out in a directory that can be removed afterwards.
func (s *scenario) make(t testing.TB) string {
	t.Helper()
	if s.root && os.Geteuid() != 0 {
		t.Skip("laying this out takes root")
	}
	dir := t.TempDir()
	t.Cleanup(func() { _ = setFlags(filepath.Join(dir, conf), 0) })
	if err := s.lay(dir); err != nil {
		if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOTTY) {
			t.Skipf("the file system cannot have this: %v", err)
		}
		t.Fatal(err)
	}
	return dir
}

func open(t testing.TB, dir string) *rootfs.Root {
	t.Helper()
	r, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func apply(s *remedy.Store, dir string, plan *remedy.Plan) (*remedy.Journal, error) {
	r, err := rootfs.Open(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	f, err := remedy.Prepare(r, plan, true)
	if err != nil {
		return nil, err
	}
	return s.Apply(r, remedy.Target{Dir: dir}, f, "test", time.Now())
}

func look(t testing.TB, dir, name string) string {
	t.Helper()
	at := filepath.Join(dir, name)
	info, err := os.Lstat(at)
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		to, _ := os.Readlink(at)
		return "-> " + to
	}
	data, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestApplyAndUndo(t *testing.T) {
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			dir, store := s.make(t), remedy.OpenStore(filepath.Join(t.TempDir(), "state"))
			was := tree(t, dir)
			j, err := apply(store, dir, &s.plan)
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range s.want {
				if got := look(t, dir, name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			now := tree(t, dir)
			if cmp.Equal(was, now) {
				t.Error("nothing was changed")
			}
			for name := range now {
				if strings.Contains(name, "dekho") {
					t.Errorf("%s is left", name)
				}
			}
			if err := store.Keep(j); err != nil {
				t.Fatal(err)
			}
			undoAll(t, store, dir)
			if d := cmp.Diff(was, tree(t, dir)); d != "" {
				t.Errorf("taking back leaves: %s", d)
			}
			if js, bad, err := store.List(); len(js)+len(bad) > 0 || err != nil {
				t.Errorf("%v, %v, %v", js, bad, err)
			}
		})
	}
}

func undoAll(t *testing.T, store *remedy.Store, dir string) {
	t.Helper()
	js, bad, err := store.List()
	if err != nil || len(bad) > 0 {
		t.Fatal(err, bad)
	}
	for _, j := range js {
		if _, err := store.Undo(open(t, dir), j); err != nil {
			t.Fatal(err)
		}
	}
}

// killedEnv has, for a process that TestKilled starts, what it is to do: the
// number of the scenario, "apply" or "undo", the number of the step before which
// it kills itself, the root, the directory of journals.
const killedEnv = "REMEDY_TEST_KILLED"

func TestMain(m *testing.M) {
	if args := strings.Split(os.Getenv(killedEnv), "\n"); len(args) == 5 {
		if err := killed(args); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func killed(args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	at, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	dir, store := args[3], remedy.OpenStore(args[4])
	steps := 0
	store.OnStep(func(string) {
		if steps++; steps == at {
			_ = unix.Kill(os.Getpid(), unix.SIGKILL)
			select {}
		}
	})
	if args[1] == "apply" {
		j, err := apply(store, dir, &scenarios()[n].plan)
		if err != nil {
			return err
		}
		return store.Keep(j)
	}
	r, err := rootfs.Open(dir)
	if err != nil {
		return err
	}
	js, _, err := store.List()
	if err != nil {
		return err
	}
	for _, j := range js {
		if _, err := store.Undo(r, j); err != nil {
			return err
		}
	}
	return nil
}

// run has another process do something and die before a step. It tells whether
// there was such a step.
func run(t *testing.T, n int, what string, step int, dir, state string) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killedEnv+"="+strings.Join([]string{strconv.Itoa(n), what, strconv.Itoa(step), dir, state}, "\n"))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && !exit.Exited() {
		return true
	}
	if err != nil {
		t.Fatalf("%s, step %d: %v: %s", what, step, err, out)
	}
	return false
}

// TestKilled kills the process before each of its steps: while a fix is made,
// and while it is taken back. Taking back always gives what was there.
func TestKilled(t *testing.T) {
	for n, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			for _, what := range []string{"apply", "undo"} {
				step := 1
				for ; ; step++ {
					dir, state := s.make(t), filepath.Join(t.TempDir(), "state")
					was := tree(t, dir)
					store := remedy.OpenStore(state)
					if what == "undo" {
						j, err := apply(store, dir, &s.plan)
						if err == nil {
							err = store.Keep(j)
						}
						if err != nil {
							t.Fatal(err)
						}
					}
					died := run(t, n, what, step, dir, state)
					if what == "apply" && died {
						js, _, _ := store.List()
						if len(js) == 0 && !cmp.Equal(was, tree(t, dir)) {
							t.Errorf("step %d: something was changed before the journal was written", step)
						}
					}
					undoAll(t, store, dir)
					if d := cmp.Diff(was, tree(t, dir)); d != "" {
						t.Errorf("%s, killed before step %d: taking back leaves: %s", what, step, d)
					}
					if !died {
						break
					}
				}
				if step < 4 {
					t.Errorf("%s has only %d steps", what, step)
				}
			}
		})
	}
}
