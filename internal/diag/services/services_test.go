package services

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dekho/internal/capture"
)

// system makes an image of "path" and "path -> target" entries.
func system(t testing.TB, entries ...string) *Services {
	t.Helper()
	dir := t.TempDir()
	for _, e := range entries {
		e, content, _ := strings.Cut(e, "\n")
		name, target, isLink := strings.Cut(e, " -> ")
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if isLink {
			err = os.Symlink(target, at)
		} else {
			err = os.WriteFile(at, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	sys, err := capture.Open(capture.Options{Root: dir, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sys.Close() })
	return Of(sys)
}

func TestInit(t *testing.T) {
	for want, entries := range map[Init][]string{
		Systemd: {"sbin/init -> ../lib/systemd/systemd", "lib/systemd/systemd"},
		BusyBox: {"sbin/init -> ../bin/busybox", "bin/busybox", "etc/inittab"},
		SysV:    {"sbin/init", "etc/inittab"},
		OpenRC:  {"sbin/init", "etc/runlevels/default/x"},
		Runit:   {"sbin/init -> runit-init", "sbin/runit-init"},
		Unknown: {"etc/passwd"},
	} {
		if s := system(t, entries...); s.Init != want || (want != Unknown) != (s.InitPath != "") {
			t.Errorf("%v: %q by %q, want %q", entries, s.Init, s.InitPath, want)
		}
	}
}

func paths(starts []Start) []string {
	var all []string
	for _, s := range starts {
		all = append(all, s.Path)
	}
	return all
}

func TestUnits(t *testing.T) {
	s := system(
		t, "sbin/init -> ../usr/lib/systemd/systemd", "usr/lib/systemd/systemd",
		"usr/lib/systemd/system/a.service\n[Unit]", "etc/systemd/system/multi-user.target.wants/a.service -> /usr/lib/systemd/system/a.service",
		"usr/lib/systemd/system/b.service\n[Unit]", "etc/systemd/system/b.service -> /dev/null", "usr/lib/systemd/system/x.target.requires/b.service -> ../b.service",
		"usr/lib/systemd/system/c.service\n[Unit]", "usr/lib/systemd/system/x.target.wants/\xff.service -> ../c.service",
		"etc/systemd/system/d.service\n", "usr/lib/systemd/system/d.service\n[Unit]",
		"etc/init.d/a\nx", "etc/rc2.d/S20a -> ../init.d/a", "etc/init.d/e\nx", "etc/rc2.d/S20e -> ../init.d/e", "etc/rc2.d/K20f -> ../init.d/f",
	)
	if got := paths(s.Starts([]string{"a.service"}, []string{"a"})); !cmp.Equal(got, []string{"/etc/systemd/system/multi-user.target.wants/a.service"}) {
		t.Errorf("a: %q", got)
	}
	if u := s.Unit("b.service"); u.Masked != "/etc/systemd/system/b.service" || len(s.Starts([]string{"b.service"}, nil)) != 0 {
		t.Errorf("%+v", u)
	}
	if u := s.Unit("c.service"); u.Path != "/usr/lib/systemd/system/c.service" || u.Masked != "" || len(u.Starts) != 0 {
		t.Errorf("%+v", u)
	}
	if u := s.Unit("d.service"); u.Masked != "/etc/systemd/system/d.service" {
		t.Errorf("an empty file masks too: %+v", u)
	}
	if u := s.Unit("none.service"); u.Path != "" {
		t.Errorf("%+v", u)
	}
	if got := paths(s.Starts(nil, []string{"e", "f"})); !cmp.Equal(got, []string{"/etc/rc2.d/S20e"}) {
		t.Errorf("e: %q", got)
	}
	if got := paths(s.Scripts()); !cmp.Equal(got, []string{"/etc/rc2.d/S20e"}) {
		t.Errorf("scripts: %q", got)
	}
}

func TestScripts(t *testing.T) {
	s := system(t, "sbin/init -> ../bin/busybox", "bin/busybox", "etc/init.d/S40network\nx", "etc/init.d/rcS\nx", "etc/rcS.d/S01x -> ../init.d/x")
	if got := paths(s.Scripts()); !cmp.Equal(got, []string{"/etc/rcS.d/S01x", "/etc/init.d/S40network"}) {
		t.Errorf("%q", got)
	}
	s = system(t, "etc/runlevels/default/connman -> /etc/init.d/connman")
	if got := paths(s.Starts(nil, []string{"connman"})); !cmp.Equal(got, []string{"/etc/runlevels/default/connman"}) {
		t.Errorf("%q", got)
	}
	s = system(t, "sbin/init -> runit", "sbin/runit", "var/service/connmand -> /etc/sv/connmand")
	if got := paths(s.Starts(nil, []string{"connmand"})); !cmp.Equal(got, []string{"/var/service/connmand"}) {
		t.Errorf("%q", got)
	}
}

func TestTmpfiles(t *testing.T) {
	s := system(
		t, "usr/lib/tmpfiles.d/a.conf\nL! /etc/resolv.conf - - - - ../run/a\n", "etc/tmpfiles.d/a.conf\n# ours\nL+ /etc/resolv.conf\t- - - -\t%t/b\n",
		"usr/lib/tmpfiles.d/b.conf\nd /run/x", "run/tmpfiles.d/b.conf -> /dev/null", "usr/lib/tmpfiles.d/c.txt\nd /run/y",
		"usr/lib/tmpfiles.d/\xff.conf\nd /run/z",
	)
	lines, unreadable := s.Tmpfiles()
	if len(unreadable) > 0 {
		t.Errorf("%v", unreadable)
	}
	want := []TmpLine{{File: "/etc/tmpfiles.d/a.conf", Line: 2, Text: "L+ /etc/resolv.conf\t- - - -\t%t/b", Type: "L+", Path: "/etc/resolv.conf", Argument: "/run/b"}}
	if d := cmp.Diff(want, lines); d != "" {
		t.Error(d)
	}
	if !s.RunsTmpfiles() {
		t.Error("where the init is not known, tmpfiles.d is believed")
	}
}

func TestParseTmpfiles(t *testing.T) {
	for in, want := range map[string]TmpLine{
		`L+! "/etc/a b" - - - - /c`:  {Type: "L+", Path: "/etc/a b", Argument: "/c"},
		`d /run/x/ 0755 root root -`: {Type: "d", Path: "/run/x"},
		`f= /run/%%x - - - - text y`: {Type: "f", Path: "/run/%x", Argument: "text y"},
	} {
		got := ParseTmpfiles("f", []byte(in))
		want.File, want.Line, want.Text = "f", 1, in
		if d := cmp.Diff([]TmpLine{want}, got); d != "" {
			t.Errorf("%s: %s", in, d)
		}
	}
	if got := ParseTmpfiles("f", []byte("L\nL relative\n\n#x\n\"\n")); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func FuzzTmpfiles(f *testing.F) {
	f.Add([]byte("L+ /etc/resolv.conf - - - - ../run/x\n"))
	f.Add([]byte("d \"/a b\" '\n%"))
	f.Add([]byte("\"\" /x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, l := range ParseTmpfiles("f", data) {
			if l.Type == "" || !strings.HasPrefix(l.Path, "/") || l.Line < 1 {
				t.Fatalf("%+v", l)
			}
		}
	})
}
