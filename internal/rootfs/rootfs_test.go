package rootfs

import (
	"bytes"
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
)

// lay makes a root of a list of paths: "d x" a directory, "f x text", "l x target",
// "p x" a FIFO.
func lay(t testing.TB, lines ...string) *Root {
	t.Helper()
	dir := t.TempDir()
	for _, l := range lines {
		f := strings.SplitN(l, " ", 3)
		at := filepath.Join(dir, f[1])
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch f[0] {
		case "d":
			err = os.MkdirAll(at, 0o755)
		case "f":
			err = os.WriteFile(at, []byte(f[2]), 0o644)
		case "l":
			err = os.Symlink(f[2], at)
		case "p":
			err = unix.Mkfifo(at, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func TestWalk(t *testing.T) {
	r := lay(
		t, "f run/connman/resolv.conf nameserver 192.0.2.1\n", "l var/run /run", "l etc/resolv.conf /var/run/connman/resolv.conf",
		"l etc/dangling ../run/none/resolv.conf", "l etc/a b", "l etc/b a", "l etc/out ../../../../../../etc/hostname",
		"f etc/hostname board\n", "l etc/self /", "f etc/plain x", "l etc/through plain/x", "l etc/up ..", "l etc/empty/dir .",
	)
	for _, c := range []struct {
		name, path string
		hops       []Hop
		why        Reason
		at         string
	}{
		{name: "/etc/resolv.conf", path: "/run/connman/resolv.conf", hops: []Hop{{"/etc/resolv.conf", "/var/run/connman/resolv.conf"}, {"/var/run", "/run"}}},
		{name: "etc//./resolv.conf", path: "/run/connman/resolv.conf", hops: []Hop{{"/etc/resolv.conf", "/var/run/connman/resolv.conf"}, {"/var/run", "/run"}}},
		{name: "/etc/dangling", path: "/run/none/resolv.conf", hops: []Hop{{"/etc/dangling", "../run/none/resolv.conf"}}, why: NotExist, at: "/run/none"},
		{name: "/etc/out", path: "/etc/hostname", hops: []Hop{{"/etc/out", "../../../../../../etc/hostname"}}},
		{name: "/etc/self/etc/hostname", path: "/etc/hostname", hops: []Hop{{"/etc/self", "/"}}},
		{name: "/etc/self", path: "/", hops: []Hop{{"/etc/self", "/"}}},
		{name: "/etc/up/etc/up", path: "/", hops: []Hop{{"/etc/up", ".."}, {"/etc/up", ".."}}},
		{name: "/etc/through", path: "/etc/plain/x", hops: []Hop{{"/etc/through", "plain/x"}}, why: NotDir, at: "/etc/plain"},
		{name: "/../../etc/hostname", path: "/etc/hostname"},
		{name: "/", path: "/"},
		{name: "", path: "/"},
		{name: "/none/x/y", path: "/none/x/y", why: NotExist, at: "/none"},
		{name: "/a\x00b", path: "/a\x00b", why: TooLong, at: "/a\x00b"},
		{name: strings.Repeat("/x", 4000), path: strings.Repeat("/x", 4000), why: TooLong, at: strings.Repeat("/x", 4000)},
	} {
		res := r.Stat(c.name)
		if res.Path != c.path {
			t.Errorf("%q leads to %q, want %q", c.name, res.Path, c.path)
		}
		if d := cmp.Diff(c.hops, res.Hops); d != "" {
			t.Errorf("%q: hops: %s", c.name, d)
		}
		switch {
		case c.why == "" && res.Err != nil:
			t.Errorf("%q: %v", c.name, res.Err)
		case c.why != "" && (res.Err == nil || res.Err.Reason != c.why || res.Err.At != c.at):
			t.Errorf("%q: %+v, want %s at %s", c.name, res.Err, c.why, c.at)
		}
	}
	if res := r.Stat("/etc/a"); res.Err == nil || res.Err.Reason != Loop || len(res.Hops) != maxHops+1 {
		t.Errorf("a loop: %+v after %d hops", res.Err, len(res.Hops))
	}
	if res := r.Lstat("/etc/resolv.conf"); res.Err != nil || res.Info.Type != Symlink || len(res.Hops) != 0 {
		t.Errorf("the link itself: %+v", res)
	}
}

func TestErrorIs(t *testing.T) {
	r := lay(t, "d etc")
	if err := r.Stat("/etc/none").Err; !errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		t.Errorf("%v", err)
	}
}

func TestRead(t *testing.T) {
	r := lay(t, "f etc/hosts 127.0.0.1 localhost\n", "p etc/fifo", "d etc/dir", "f big "+strings.Repeat("x", MaxRead+5), "l etc/l fifo", "f empty ")
	if f := r.Read("/etc/hosts"); f.Err != nil || string(f.Data) != "127.0.0.1 localhost\n" || f.More || f.Info.Mode != 0o644 {
		t.Errorf("%+v", f)
	}
	if f := r.Read("/big"); f.Err != nil || len(f.Data) != MaxRead || !f.More || f.Info.Size != MaxRead+5 {
		t.Errorf("big: %d bytes, %v, %v", len(f.Data), f.More, f.Err)
	}
	if f := r.Read("/empty"); f.Err != nil || len(f.Data) != 0 {
		t.Errorf("%+v", f)
	}
	for name, want := range map[string]Type{"/etc/fifo": FIFO, "/etc/dir": Directory, "/etc/l": FIFO, "/": Directory} {
		done := make(chan File, 1)
		go func() { done <- r.Read(name) }()
		select {
		case f := <-done:
			if f.Err == nil || f.Err.Reason != NotRegular || f.Info.Type != want || f.Err.Text != "is a "+string(want) {
				t.Errorf("%s: %+v", name, f.Err)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("reading %s blocks", name)
		}
	}
}

func TestReadLive(t *testing.T) {
	r, err := Open("/")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if f := r.Read("/proc/self/mountinfo"); f.Err != nil || !bytes.Contains(f.Data, []byte(" / ")) {
		t.Errorf("mountinfo: %v, %d bytes", f.Err, len(f.Data))
	}
	if f := r.Read("/dev/zero"); f.Err == nil || f.Info.Type != CharDevice {
		t.Errorf("/dev/zero: %+v", f.Err)
	}
	if s := r.Space("/"); s.Err != nil || s.Size == 0 {
		t.Errorf("space: %+v", s)
	}
	if _, err := Open("/none/such"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestReadDir(t *testing.T) {
	lines := []string{"d d/empty"}
	var want []string
	for i := range 3000 {
		lines = append(lines, fmt.Sprintf("f d/many/%05d x", i))
		want = append(want, fmt.Sprintf("%05d", i))
	}
	r := lay(t, lines...)
	if d := r.ReadDir("/d/many"); d.Err != nil || d.More || !cmp.Equal(d.Names, want) {
		t.Errorf("%v, %d names", d.Err, len(d.Names))
	}
	if d := r.ReadDir("/d/empty"); d.Err != nil || len(d.Names) != 0 {
		t.Errorf("%+v", d)
	}
	if d := r.ReadDir("/d/many/00001"); d.Err == nil || d.Err.Reason != NotDir {
		t.Errorf("%+v", d.Err)
	}
}

// TestSwap looks at a directory that is swapped for a link out of the root all
// the time: what stands outside must never be read.
func TestSwap(t *testing.T) {
	r := lay(t, "f in/real/secret inside", "d in/x")
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("outside"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(r.Name(), "in/dir")
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
			}
			_ = os.Rename(filepath.Join(r.Name(), "in/real"), at)
			_ = os.Rename(at, filepath.Join(r.Name(), "in/real"))
			_ = os.Symlink(outside, at)
			_ = os.Remove(at)
		}
	}()
	for end := time.Now().Add(200 * time.Millisecond); time.Now().Before(end); {
		if f := r.Read("/in/dir/secret"); f.Err == nil && string(f.Data) != "inside" {
			t.Errorf("read %q", f.Data)
			break
		}
	}
	close(stop)
	<-done
}

// FuzzWalk walks hostile links: no walk may end outside or hang.
func FuzzWalk(f *testing.F) {
	f.Add("../../etc/x", "b/../a", "/a/b")
	f.Add("/", "a", "a/b/a/b")
	f.Add("a/", "..", "//x")
	f.Fuzz(func(t *testing.T, a, b, name string) {
		dir := t.TempDir()
		root := filepath.Join(dir, "root")
		for _, d := range []string{root, filepath.Join(root, "d")} {
			if err := os.Mkdir(d, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
		_ = os.Symlink(a, filepath.Join(root, "a"))
		_ = os.Symlink(b, filepath.Join(root, "d", "b"))
		r, err := Open(root)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Close() }()
		for _, n := range []string{name, "a/" + name, "a/secret", "d/b/" + name, "d/b/../secret", "../secret"} {
			if f := r.Read(n); string(f.Data) == "secret" {
				t.Fatalf("%q: read what lies outside", n)
			}
			if res := r.Stat(n); res.Err == nil && res.Info == nil || len(res.Hops) > maxHops+1 {
				t.Fatalf("%q: %+v", n, res)
			}
		}
	})
}
