package remedy_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
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
	// mounted: it mounts something, and is for a namespace of its own.
	mounted bool
	lay     func(dir string) error
	plan    remedy.Plan
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
			name: "mounted", mounted: true, root: true,
			plan: remedy.Plan{InPlace: true, Ops: []remedy.Op{{Kind: remedy.Edit, Path: conf, Edits: []remedy.LineEdit{{Line: 1, Old: "nameserver 192.0.2.1\r", New: []string{"nameserver 192.0.2.1"}}}}}},
			lay: func(d string) error {
				from, to := filepath.Join(d, "containers/resolv.conf"), filepath.Join(d, conf)
				return errors.Join(file(d, conf, "below"), file(d, "containers/resolv.conf", "nameserver 192.0.2.1\r\noptions edns0\n"),
					os.Chtimes(from, old, old), os.Chmod(from, 0o640), unix.Mount(from, to, "", unix.MS_BIND, ""))
			},
		},
		{
			name: "mode of a mount", mounted: true, root: true,
			plan: remedy.Plan{InPlace: true, Ops: []remedy.Op{{Kind: remedy.AddMode, Path: conf, Mode: 0o444}}},
			lay: func(d string) error {
				from, to := filepath.Join(d, "containers/resolv.conf"), filepath.Join(d, conf)
				return errors.Join(file(d, conf, "below"), file(d, "containers/resolv.conf", "x"), os.Chmod(from, 0o600), unix.Mount(from, to, "", unix.MS_BIND, ""))
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
	t.Cleanup(func() {
		_ = setFlags(filepath.Join(dir, conf), 0)
		if s.mounted {
			_ = unix.Unmount(filepath.Join(dir, conf), unix.MNT_DETACH)
		}
	})
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

func apply(s *remedy.Store, dir string, plan *remedy.Plan, image bool) (*remedy.Journal, error) {
	r, err := rootfs.Open(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	f, err := remedy.Prepare(r, plan, image)
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
		if s.mounted {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			dir, store := s.make(t), remedy.OpenStore(filepath.Join(t.TempDir(), "state"))
			was := tree(t, dir)
			j, err := apply(store, dir, &s.plan, true)
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
		s := scenarios()[n]
		j, err := apply(store, dir, &s.plan, !s.mounted)
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
		if !s.mounted {
			t.Run(s.name, func(t *testing.T) { killEverywhere(t, n, &s) })
		}
	}
}

func killEverywhere(t *testing.T, n int, s *scenario) {
	t.Helper()
	for _, what := range []string{"apply", "undo"} {
		step := 1
		for ; ; step++ {
			dir, state := s.make(t), filepath.Join(t.TempDir(), "state")
			was := tree(t, dir)
			store := remedy.OpenStore(state)
			if what == "undo" {
				j, err := apply(store, dir, &s.plan, !s.mounted)
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
}

// TestMounted changes a file that another one is mounted over, in a mount
// namespace of its own: in place, and only if the plan says that the mount is
// understood.
func TestMounted(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting takes root")
	}
	// The thread has the namespace, and is not given back.
	runtime.LockOSThread()
	if err := errors.Join(unix.Unshare(unix.CLONE_FS|unix.CLONE_NEWNS), unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")); err != nil {
		t.Skipf("there are no mount namespaces here: %v", err)
	}
	for n, s := range scenarios() {
		if !s.mounted {
			continue
		}
		killEverywhere(t, n, &s)
		for _, c := range []struct{ image, understood bool }{{true, true}, {false, false}} {
			plan := s.plan
			plan.InPlace = c.understood
			if _, err := remedy.Prepare(open(t, s.make(t)), &plan, c.image); !errors.Is(err, remedy.ErrMounted) {
				t.Errorf("%s, %+v: %v", s.name, c, err)
			}
		}
		link := remedy.Plan{Ops: toNM(), InPlace: true}
		if _, err := remedy.Prepare(open(t, s.make(t)), &link, false); !errors.Is(err, remedy.ErrMounted) {
			t.Errorf("a link in the place of a mount: %v", err)
		}
	}
}

// TestRefused is about what is not done.
func TestRefused(t *testing.T) {
	edit := remedy.Plan{Ops: []remedy.Op{{Kind: remedy.Edit, Path: conf, Edits: []remedy.LineEdit{{Line: 1, Old: "nameserver 192.0.2.1"}}}}}
	long := remedy.Plan{Ops: []remedy.Op{{Kind: remedy.Remove, Path: "/etc/../x"}}}
	link1 := remedy.Plan{Ops: toNM()}
	for _, c := range []struct {
		name string
		lay  func(d string) error
		plan *remedy.Plan
		want string
	}{
		{"hard link", func(d string) error {
			return errors.Join(file(d, conf, "x"), os.Link(filepath.Join(d, conf), filepath.Join(d, "etc/other")))
		}, &link1, "further names"},
		{"full directory", func(d string) error { return file(d, "etc/resolv.conf/x", "x") }, &link1, "something in it"},
		{"another line", func(d string) error { return file(d, conf, "nameserver 192.0.2.2\n") }, &edit, "changed meanwhile"},
		{"no directory", func(d string) error { return nil }, &link1, "no such file"},
		{"no clean path", func(d string) error { return nil }, &long, "no clean absolute path"},
		{"a link", func(d string) error { return link(d, conf, "x") }, &edit, "no file"},
		{"too large", func(d string) error {
			return errors.Join(file(d, conf, ""), os.Truncate(filepath.Join(d, conf), remedy.MaxData+1))
		}, &link1, "more than"},
	} {
		dir := t.TempDir()
		if err := c.lay(dir); err != nil {
			t.Fatal(err)
		}
		was := tree(t, dir)
		if _, err := apply(remedy.OpenStore(filepath.Join(t.TempDir(), "s")), dir, c.plan, true); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
		if d := cmp.Diff(was, tree(t, dir)); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

// TestOutside has links that lead out of the root: nothing outside is touched.
func TestOutside(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "root")
	for _, err := range []error{
		file(top, "outside/resolv.conf", "outside"), os.Mkdir(dir, 0o755), link(dir, "etc", "../../outside"), link(dir, "outside", filepath.Join(top, "outside")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	was := tree(t, filepath.Join(top, "outside"))
	for _, name := range []string{conf, "/outside/resolv.conf"} {
		plan := remedy.Plan{Ops: []remedy.Op{{Kind: remedy.Remove, Path: name}}}
		if _, err := apply(remedy.OpenStore(filepath.Join(t.TempDir(), "s")), dir, &plan, true); err == nil {
			t.Errorf("%s could be removed", name)
		}
	}
	if d := cmp.Diff(was, tree(t, filepath.Join(top, "outside"))); d != "" {
		t.Error(d)
	}
}

// TestFailure has the second of two changes fail: the first is taken back.
func TestFailure(t *testing.T) {
	dir, state := t.TempDir(), filepath.Join(t.TempDir(), "s")
	if err := errors.Join(link(dir, conf, "old"), file(dir, "etc/nsswitch.conf", nsswitch)); err != nil {
		t.Fatal(err)
	}
	was := tree(t, dir)
	plan := remedy.Plan{Ops: append(toNM(), remedy.Op{Kind: remedy.Remove, Path: "/etc/nsswitch.conf"})}
	store := remedy.OpenStore(state)
	store.OnStep(func(what string) {
		if what == "remove nsswitch.conf" {
			_ = os.Remove(filepath.Join(dir, "etc/nsswitch.conf")) // somebody else was faster
			store.OnStep(nil)
		}
	})
	if _, err := apply(store, dir, &plan, true); err == nil {
		t.Fatal("it did not fail")
	}
	if d := cmp.Diff(was, tree(t, dir)); d != "" {
		t.Error(d)
	}
	if js, bad, err := store.List(); len(js)+len(bad) != 0 || err != nil {
		t.Error(js, bad, err)
	}
}

func TestUndoRefused(t *testing.T) {
	dir, state := t.TempDir(), filepath.Join(t.TempDir(), "s")
	if err := link(dir, conf, "old"); err != nil {
		t.Fatal(err)
	}
	store := remedy.OpenStore(state)
	first, err := apply(store, dir, &remedy.Plan{Ops: toNM()}, true)
	if err == nil {
		err = store.Keep(first)
	}
	if err != nil {
		t.Fatal(err)
	}
	second, err := apply(store, dir, &remedy.Plan{Ops: []remedy.Op{{Kind: remedy.Remove, Path: conf}}}, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Undo(open(t, dir), first); !errors.Is(err, remedy.ErrNewer) {
		t.Errorf("the older first: %v", err)
	}
	// Another directory of the same name.
	if err := errors.Join(os.Rename(filepath.Join(dir, "etc"), filepath.Join(dir, "moved")), link(dir, conf, "another")); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Undo(open(t, dir), second); !errors.Is(err, remedy.ErrChanged) {
		t.Errorf("another directory: %v", err)
	}
	if got := look(t, dir, conf); got != "-> another" {
		t.Errorf("it is %q now", got)
	}
	// A directory that others can write is not believed.
	if err := os.Chmod(state, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, _, err := store.List(); !errors.Is(err, remedy.ErrUntrusted) {
		t.Errorf("a directory of everybody: %v", err)
	}
}
