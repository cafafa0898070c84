package capture

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dekho/internal/rootfs"
)

// write lays files below a directory: paths and contents in turn.
func write(t testing.TB, dir string, files ...string) {
	t.Helper()
	for i := 0; i < len(files); i += 2 {
		at := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func image(t testing.TB, files ...string) *System {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, files...)
	s, err := Open(Options{Root: dir, Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestMask(t *testing.T) {
	for in, want := range map[string]string{
		"[wifi-security]\npsk=hunter2\nkey-mgmt=wpa-psk\n":        "[wifi-security]\npsk=(masked)\nkey-mgmt=wpa-psk\n",
		"Passphrase = hunter2\r\nName = home":                     "Passphrase =(masked)\nName = home",
		"psk-flags=0\npasswd: files systemd\nhosts: files dns":    "psk-flags=0\npasswd: files systemd\nhosts: files dns",
		"  password: \"hunter2\"\n":                               "  password:(masked)\n",
		"Environment=API_TOKEN=hunter2 X=1\nDNS=192.0.2.1\n":      "Environment=API_TOKEN=(masked)\nDNS=192.0.2.1\n",
		"nameserver 192.0.2.1\noptions edns0\n":                   "nameserver 192.0.2.1\noptions edns0\n",
		"PrivateKey = abc\nPresharedKey=def\nwep-key0=123\npin=1": "PrivateKey =(masked)\nPresharedKey=(masked)\nwep-key0=(masked)\npin=(masked)",
		"": "",
	} {
		if got := string(Mask([]byte(in))); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestFactsRoundTrip(t *testing.T) {
	s := image(t, "etc/resolv.conf", "nameserver 192.0.2.1\n", "etc/wifi.conf", "psk=hunter2\n", "etc/d/a", "", "etc/d/b", "")
	if got := s.Choice("name", "a"); got != "a" {
		t.Errorf("chose %q", got)
	}
	type answers struct {
		File, Secret, None *rootfs.File
		Dir                *rootfs.Dir
		Stat, Lstat        *rootfs.Resolution
		Space              *rootfs.Space
		Bus                *Bus
		Units              *Units
		Mounts             *rootfs.Error
		Processes          *Processes
		Holders            *Holders
	}
	look := func(s *System) answers {
		_, mounts := s.Mounts()
		return answers{
			File: s.File("/etc/resolv.conf"), Secret: s.File("/etc/wifi.conf"), None: s.File("/none"),
			Dir: s.Dir("/etc/d"), Stat: s.Stat("/etc"), Lstat: s.Lstat("/etc/resolv.conf"), Space: s.Space("/etc"),
			Bus: s.Bus(), Units: s.Units(), Mounts: mounts, Processes: s.Processes("init"), Holders: s.Holders([]uint64{1}),
		}
	}
	want := look(s)
	if string(want.Secret.Data) != "psk=(masked)\n" || want.Bus.Err.Reason != NotRunning || want.Mounts.Reason != NotRunning {
		t.Errorf("%+v, %+v, %+v", want.Secret, want.Bus, want.Mounts)
	}
	var b bytes.Buffer
	if err := s.Save(&b); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b.Bytes(), []byte("hunter2")) {
		t.Error("a secret was saved")
	}
	again, err := Load(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, look(again)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(s.About(), again.About()); d != "" {
		t.Error(d)
	}
	for _, e := range []*rootfs.Error{
		again.File("/other").Err, again.Dir("/other").Err, again.Stat("/other").Err, again.Processes("x").Err, again.Holders(nil).Err,
		again.Space("/other").Err, again.Properties("a", "/b", "c").Err, again.Ask(t.Context(), nil, nil).Err,
	} {
		if e == nil || e.Reason != rootfs.NotAsked {
			t.Errorf("what was not saved: %+v", e)
		}
	}
	if a, b := again.Choice("name", "b"), again.Choice("other", "b"); a != "a" || b != "b" {
		t.Errorf("chose %q and %q", a, b)
	}
	// Facts can be saved again.
	var b2 bytes.Buffer
	if err := again.Save(&b2); err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

func archive(t testing.TB, entries ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: entries[i], Size: int64(len(entries[i+1])), Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, entries[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestLoadRefuses(t *testing.T) {
	for name, data := range map[string][]byte{
		"empty":       nil,
		"text":        []byte("nameserver 192.0.2.1\n"),
		"no index":    archive(t, "etc/passwd", "x"),
		"no entries":  archive(t),
		"no JSON":     archive(t, "facts.json", "{"),
		"new format":  archive(t, "facts.json", `{"format":99,"about":{"kind":"host"}}`),
		"no system":   archive(t, "facts.json", `{"format":1}`),
		"large file":  archive(t, "facts.json", `{"format":1,"about":{"kind":"host"}}`, "files/x", strings.Repeat("x", rootfs.MaxRead+1)),
		"half a file": archive(t, "facts.json", `{"format":1,"about":{"kind":"host"}}`)[:520],
	} {
		if _, err := Load(bytes.NewReader(data)); !errors.Is(err, ErrFacts) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Answers that Save never writes are as if they were not there.
func TestLoadHostile(t *testing.T) {
	s, err := Load(bytes.NewReader(archive(t, "facts.json", `{"format":1,"about":{"kind":"host","running":true},"facts":{
		"file /a":null,"file /b":{},"file /c":{"path":"/c","info":{"type":"file"}},"dir /a":3,"stat /a":{"path":"x"},"bus":null,"units":[1],
		"proc net/udp":{"path":"/proc/self/net/udp"},"processes x":{"found":null}}}`)))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []*rootfs.Error{s.File("/a").Err, s.File("/b").Err, s.File("/c").Err, s.Dir("/a").Err, s.Stat("/a").Err, s.Bus().Err, s.Units().Err, s.Proc("net/udp").Err} {
		if e == nil || e.Reason != rootfs.NotAsked {
			t.Errorf("%+v", e)
		}
	}
	if p := s.Processes("x"); p.Err != nil || len(p.Found) > 0 {
		t.Errorf("%+v", p)
	}
}

func TestOpen(t *testing.T) {
	if _, err := Open(Options{Root: "/none/such"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if _, err := Open(Options{PID: 1<<22 + 1}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	s, err := Open(Options{Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	mounts, ferr := s.Mounts()
	if ferr != nil || len(mounts) == 0 {
		t.Errorf("%d mounts, %v", len(mounts), ferr)
	}
	f := s.Proc("mountinfo")
	if f.Path != "/proc/self/mountinfo" || len(f.Hops) != 0 {
		t.Errorf("%+v", f.Resolution)
	}
	self, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	p := s.Processes(strings.TrimSpace(string(self)))
	found := false
	for _, r := range p.Found {
		found = found || r.PID == os.Getpid()
	}
	if !found {
		t.Errorf("this process is not among %+v", p)
	}
}

// TestLookAtProcess looks at this process from outside.
func TestLookAtProcess(t *testing.T) {
	s, err := Open(Options{PID: os.Getpid(), Now: time.Now()})
	if err != nil {
		t.Skipf("cannot look into this process: %v", err)
	}
	defer func() { _ = s.Close() }()
	if f := s.File("/etc/passwd"); f.Err != nil || len(f.Data) == 0 {
		t.Errorf("%+v", f.Err)
	}
	if f := s.Proc("net/udp"); f.Err != nil || !strings.HasPrefix(f.Path, "/proc/") {
		t.Errorf("%+v", f.Err)
	}
	if err := s.otherNetwork(); err != nil {
		t.Errorf("this process has the network of this process: %v", err)
	}
}

func TestListeners(t *testing.T) {
	l, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	s, err := Open(Options{Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	addr := l.LocalAddr().(*net.UDPAddr).AddrPort()
	all, ferr := s.Listeners(addr.Port())
	if ferr != nil || len(all) != 1 || all[0].Addr != addr || all[0].Network != "udp" {
		t.Fatalf("%+v, %v, want %v", all, ferr, addr)
	}
	h := s.Holders([]uint64{all[0].Inode})
	if h.Err != nil || h.Found[all[0].Inode].PID != os.Getpid() {
		t.Errorf("%+v", h)
	}
}

func TestParseListeners(t *testing.T) {
	const udp = "  sl  local_address rem_address   st tx_queue\n" +
		"  1: 3500007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 4711 2 0 0\n" +
		"  2: 0100007F:0035 0200007F:1234 01 00000000:00000000 00:00000000 00000000   101        0 4712 2 0 0\n" +
		"  3: broken\n"
	want := []Listener{{Network: "udp", Addr: netip.MustParseAddrPort("127.0.0.53:53"), UID: 101, Inode: 4711, Line: 2}}
	if d := cmp.Diff(want, ParseListeners("udp", []byte(udp)), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); d != "" {
		t.Error(d)
	}
	const tcp6 = "h\n 0: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 7 1\n"
	if l := ParseListeners("tcp6", []byte(tcp6)); len(l) != 1 || l[0].Addr.String() != "[::1]:53" {
		t.Errorf("%+v", l)
	}
}

func TestParseMounts(t *testing.T) {
	const text = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n" +
		"400 22 8:1 /a\\040b//deleted /etc/resolv.conf ro - ext4 /dev/sda1 rw\nnothing\n1 2 3 - x y\n"
	m := ParseMounts([]byte(text))
	if len(m) != 2 || m[1].Root != "/a b//deleted" || m[1].Point != "/etc/resolv.conf" || !m[1].ReadOnly() || m[0].ReadOnly() || m[1].Line != 2 {
		t.Errorf("%+v", m)
	}
}

func TestParseRoutes(t *testing.T) {
	const text = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n" +
		"eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n" +
		"eth0\t000200C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
	r := ParseRoutes([]byte(text))
	if len(r) != 2 || r[0].Dst.String() != "0.0.0.0/0" || r[0].Gateway.String() != "192.0.2.1" || r[1].Dst.String() != "192.0.2.0/24" || r[1].Gateway.IsValid() {
		t.Errorf("%+v", r)
	}
	const six = "20010db8000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n" +
		"00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n"
	// The second is not up: it refuses all that has no route.
	if r := ParseRoutes6([]byte(six)); len(r) != 1 || r[0].Dst.String() != "2001:db8::/64" || r[0].Interface != "eth0" {
		t.Errorf("%+v", r)
	}
}

func FuzzProc(f *testing.F) {
	f.Add([]byte("22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"))
	f.Add([]byte("400 22 8:1 /a\\040b\\0 /x\\777 rw - - - -\n"))
	f.Add([]byte("h\n  1: 3500007F:0035 00000000:0000 07 0:0 0:0 0 101 0 4711 2\n"))
	f.Add([]byte("h\neth0\t00000000\t010200C0\t0003\t0\t0\t100\t0000FFFF\t0\t0\t0\n"))
	f.Add([]byte("20010db8000000000000000000000000 ff 0 0 00000000000000000000000000000000 0 0 0 1 eth0\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, m := range ParseMounts(data) {
			if m.Line < 1 {
				t.Fatalf("%+v", m)
			}
			_ = m.ReadOnly()
		}
		for _, n := range []string{"udp", "tcp6"} {
			for _, l := range ParseListeners(n, data) {
				if !l.Addr.IsValid() {
					t.Fatalf("%+v", l)
				}
			}
		}
		for _, r := range append(ParseRoutes(data), ParseRoutes6(data)...) {
			if !r.Dst.IsValid() {
				t.Fatalf("%+v", r)
			}
		}
	})
}

func FuzzMask(f *testing.F) {
	f.Add([]byte("psk=hunter2\nx\n"), []byte("y"))
	f.Fuzz(func(t *testing.T, before, secret []byte) {
		if bytes.ContainsAny(secret, "\n") || len(secret) < 8 || bytes.Contains([]byte("(masked)psk="), secret) {
			return
		}
		line := append([]byte("psk="), secret...)
		data := bytes.Join([][]byte{before, line, before}, []byte("\n"))
		out := Mask(bytes.Clone(data))
		if bytes.Count(out, []byte("\n")) != bytes.Count(data, []byte("\n")) {
			t.Fatalf("%q became %q: lines are lost", data, out)
		}
		if bytes.Contains(out, line) {
			t.Fatalf("%q became %q", data, out)
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add(archive(f, "facts.json", `{"format":1,"about":{"kind":"host"},"facts":{"file /a":{"path":"/a","info":{"type":"file"}}}}`, "files/a", "x"))
	f.Add(archive(f, "facts.json", `{"format":1,"about":{"kind":"image"},"facts":{"bus":null}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Load(bytes.NewReader(data))
		if err != nil {
			return
		}
		if a := s.File("/a"); a == nil || a.Err == nil && a.Info == nil {
			t.Fatalf("%+v", a)
		}
		_, _ = s.Mounts()
		if s.Bus() == nil {
			t.Fatal("no answer")
		}
	})
}
