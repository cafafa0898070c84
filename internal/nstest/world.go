package nstest

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"dekho/internal/testenv"
)

//go:embed boot.sh
var bootScript string

// patience is for a boot and for a single program.
const patience = 30 * time.Second

// World is a small Debian system. Its files outlive a boot, what it has in
// memory does not.
type World struct {
	// LAN is the network behind eth0.
	LAN *LAN

	t      testing.TB
	layers string
	dir    string // the upper directory of the overlay, its work directory, and where it is mounted
	cgroup string

	pid     int // of its init, 0 while it is down
	stopped chan struct{}
	console *bytes.Buffer
}

// New makes the world of that name (see scripts/fetch-worlds), which is not
// booted yet.
func New(t testing.TB, name string) *World {
	t.Helper()
	dir := testenv.Worlds(t)
	w := &World{
		LAN: newLAN(t, dir), t: t, dir: t.TempDir(),
		layers: filepath.Join(dir, name) + ":" + filepath.Join(dir, "base"),
	}
	for _, sub := range []string{"upper", "work", "root"} {
		w.must(os.Mkdir(filepath.Join(w.dir, sub), 0o755))
	}
	w.must(os.WriteFile(filepath.Join(w.dir, "boot.sh"), []byte(bootScript), 0o644))
	// What takes time and does nothing here.
	for _, unit := range []string{
		"apt-daily.timer", "apt-daily-upgrade.timer", "fstrim.timer", "dpkg-db-backup.timer", "getty.target",
		"NetworkManager-wait-online.service", "connman-wait-online.service", "systemd-networkd-wait-online.service",
		"sys-kernel-debug.mount", "sys-kernel-tracing.mount", "dev-hugepages.mount", "systemd-pstore.service",
	} {
		w.Link("/dev/null", "/etc/systemd/system/"+unit)
	}
	t.Cleanup(w.Halt)
	return w
}

// must fails the test.
func (w *World) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// upper opens what the world has changed of its files, which is how they are
// changed while it is down. No link of the world leads out of it.
func (w *World) upper(path string, change func(root *os.Root, path string) error) {
	w.t.Helper()
	if w.pid != 0 {
		w.t.Fatalf("changing %s from outside while the world is up", path)
	}
	root, err := os.OpenRoot(filepath.Join(w.dir, "upper"))
	w.must(err)
	defer root.Close() //nolint:errcheck // only a directory
	path = strings.TrimPrefix(path, "/")
	w.must(root.MkdirAll(filepath.Dir(path), 0o755))
	w.must(change(root, path))
}

// Write writes a file of a world that is down.
func (w *World) Write(path, content string, perm os.FileMode) {
	w.t.Helper()
	w.upper(path, func(root *os.Root, path string) error { return root.WriteFile(path, []byte(content), perm) })
}

// Link makes a symbolic link in a world that is down.
func (w *World) Link(target, path string) {
	w.t.Helper()
	w.upper(path, func(root *os.Root, path string) error {
		if err := root.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return root.Symlink(target, path)
	})
}

// Install copies a program into a world that is down.
func (w *World) Install(program, path string) {
	w.t.Helper()
	w.upper(path, func(root *os.Root, path string) error {
		in, err := os.Open(program)
		if err != nil {
			return err
		}
		defer in.Close() //nolint:errcheck // only read from
		out, err := root.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, in)
		return errors.Join(err, out.Close())
	})
}

// Boot starts the world and waits until its init has started everything.
func (w *World) Boot() {
	w.t.Helper()
	if w.pid != 0 {
		w.t.Fatal("the world is up already")
	}
	var err error
	w.cgroup, err = newCgroup()
	w.must(err)
	netns := w.LAN.plug()
	cmd := exec.Command("sh", "-s", "--", w.layers, w.dir, w.cgroup)
	cmd.Stdin = strings.NewReader(bootScript)
	w.console = &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = w.console, w.console
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL, // nothing of it outlives the test
	}
	started, stopped := make(chan error), make(chan struct{})
	w.stopped = stopped
	go func() {
		// The init dies with the thread that started it, which is therefore kept, and
		// has the network that the thread has.
		runtime.LockOSThread()
		defer close(stopped)
		err := enter(netns)
		if err == nil {
			err = cmd.Start()
		}
		started <- err
		if err == nil {
			_ = cmd.Wait() // killed
		}
		_ = netns.Close()
	}()
	w.must(<-started)
	w.pid = cmd.Process.Pid
	w.Wait("systemd to have started everything", func() bool {
		select {
		case <-stopped:
			w.t.Fatalf("the world did not start:\n%s", w.console)
		default:
		}
		state, _ := w.Try("systemctl", "is-system-running")
		state = strings.TrimSpace(state)
		return state == "running" || state == "degraded"
	})
}

// Halt ends the world as pulling the plug does. It can be booted again.
func (w *World) Halt() {
	if w.pid != 0 {
		_ = syscall.Kill(w.pid, syscall.SIGKILL)
		<-w.stopped
		w.pid = 0
		w.LAN.unplug()
	}
	if w.cgroup != "" {
		removeCgroup(w.cgroup)
		w.cgroup = ""
	}
}

// PID is that of the world's init, as the tests see it.
func (w *World) PID() int { return w.pid }

// Offline runs a program of the machine of the tests in the root of the world,
// which is down, as one does with an image. It returns its standard output.
func (w *World) Offline(args ...string) (string, error) {
	w.t.Helper()
	if w.pid != 0 {
		w.t.Fatal("the world is up")
	}
	const script = `mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"; cd "$2/root"; shift 2; exec "$@"`
	out, err := exec.Command("unshare", append([]string{"--mount", "sh", "-eu", "-c", script, "sh", w.layers, w.dir}, args...)...).Output()
	return string(out), err
}

// Reboot ends the world and boots it again.
func (w *World) Reboot() {
	w.t.Helper()
	w.Halt()
	w.Boot()
}

// Try runs a program in the world and returns what it wrote to its standard
// output. The error has what it wrote to the other one.
func (w *World) Try(args ...string) (string, error) {
	w.t.Helper()
	if w.pid == 0 {
		w.t.Fatalf("running %q while the world is down", args)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "nsenter", append([]string{
		"--target", strconv.Itoa(w.pid), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd", "--",
		"env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8",
	}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = time.Second // a daemon that it leaves behind may keep them open
	err := cmd.Run()
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return out.String(), fmt.Errorf("%q: %w: %s", args, err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}

// Run is Try of something that has to work.
func (w *World) Run(args ...string) string {
	w.t.Helper()
	out, err := w.Try(args...)
	if err != nil {
		w.t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// Shell runs a script in the world, which has to work.
func (w *World) Shell(script string) string {
	w.t.Helper()
	return w.Run("sh", "-eu", "-c", script)
}

// Wait waits until something is so.
func (w *World) Wait(what string, so func() bool) {
	w.t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			journal, _ := w.Try("journalctl", "--no-pager", "--boot", "--lines=60")
			w.t.Fatalf("waited %v for %s in vain. The end of the journal:\n%s", patience, what, journal)
		}
	}
}

// newCgroup makes a cgroup for a world, beside everything else.
func newCgroup() (string, error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(mounts)) {
		if f := strings.Fields(line); len(f) > 2 && f[2] == "cgroup2" {
			return os.MkdirTemp(f[1], "dekho-test-")
		}
	}
	return "", errors.New("no file system of cgroups (version 2) is mounted: a world needs a cgroup of its own for systemd")
}

// removeCgroup removes a cgroup whose processes have been killed, and those in
// it.
func removeCgroup(dir string) {
	for range 250 {
		var dirs []string
		_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
		for i := len(dirs) - 1; i >= 0; i-- {
			_ = os.Remove(dirs[i])
		}
		if _, err := os.Stat(dir); err != nil {
			return
		}
		time.Sleep(20 * time.Millisecond) // the last processes are still leaving
	}
}
