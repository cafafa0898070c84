package dns

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"dekho/internal/capture"
	"dekho/internal/finding"
)

func mkfifo(at string) error { return unix.Mkfifo(at, 0o644) }

func diffReports(a, b *Report) string {
	return cmp.Diff(a, b, cmpopts.IgnoreUnexported(Boot{}, Unseen{}))
}

func TestParseResolvConf(t *testing.T) {
	c := parseResolvConf([]byte("# a comment\n; another\nnameserver 192.0.2.1#comment\nnameserver fe80::1%eth0\n" +
		" nameserver 192.0.2.2\nnameserver 192.0.2.3\r\nnameserver\t192.0.2.4 rest\nnameserver 192.0.2.5\nnameserver\n" +
		"domain a.example b.example\nsearch c.example d.example ; e\noptions ndots:99 edns0\noptions timeout:1\nnonsense\n# late\n"))
	var servers []string
	for _, v := range c.servers {
		servers = append(servers, v.addr.String())
	}
	if d := cmp.Diff([]string{"192.0.2.1", "fe80::1%eth0", "192.0.2.4"}, servers); d != "" {
		t.Error(d)
	}
	if len(c.late) != 1 || c.late[0].line != 8 {
		t.Errorf("late: %+v", c.late)
	}
	if d := cmp.Diff([]string{"c.example", "d.example"}, c.search); d != "" || c.searchLine != 11 {
		t.Error(c.searchLine, d)
	}
	if c.ndots != 15 || c.ndotsLine != 12 || len(c.options) != 3 || len(c.comments) != 2 || c.binary {
		t.Errorf("%+v", c)
	}
	var ignored []int
	for _, l := range c.ignored {
		ignored = append(ignored, l.line)
	}
	if d := cmp.Diff([]int{5, 6, 9, 14}, ignored); d != "" {
		t.Error(d)
	}
	if !parseResolvConf([]byte("nameserver \x00")).binary || !parseResolvConf([]byte("\xff")).binary {
		t.Error("binary is taken for text")
	}
}

func TestParseNsswitch(t *testing.T) {
	h := parseNsswitch([]byte("# hosts: x\npasswd: files\nhosts:\tfiles mdns4_minimal[NOTFOUND=return] resolve [!UNAVAIL=return SUCCESS=continue] dns # y\nhosts: files\n"))
	var words []string
	for _, s := range h.sources {
		words = append(words, s.name)
	}
	if d := cmp.Diff([]string{"files", "mdns4_minimal", "resolve", "dns"}, words); d != "" || h.line != 3 {
		t.Error(h.line, d)
	}
	for _, c := range []struct {
		source int
		status string
		want   bool
	}{
		{0, "success", true},
		{0, "notfound", false},
		{1, "notfound", true},
		{1, "unavail", false},
		{1, "success", true},
		{2, "unavail", false},
		{2, "notfound", true},
		{2, "success", false},
	} {
		if got := h.sources[c.source].returns(c.status); got != c.want {
			t.Errorf("%s returns after %s: %v", h.sources[c.source].name, c.status, got)
		}
	}
}

func TestLinkCommand(t *testing.T) {
	for in, want := range map[string]string{
		"ln -sf /run/connman/resolv.conf /etc/":                        "/run/connman/resolv.conf",
		"[ -e /x ] && ln -snf ../run/a/resolv.conf /etc/resolv.conf;":  "../run/a/resolv.conf",
		"/bin/ln --symbolic --force /tmp/resolv.conf /etc/resolv.conf": "/tmp/resolv.conf",
		"# ln -sf /run/connman/resolv.conf /etc/":                      "",
		"ln /run/connman/resolv.conf /etc/resolv.conf":                 "",
		"ln -s $RUN/resolv.conf /etc/resolv.conf":                      "",
		"ln -s /etc/resolv.conf /srv/jail/etc/resolv.conf":             "",
		"ln -s /run/x/resolv.conf /etc/ppp":                            "",
		"cat /run/x/resolv.conf > /etc/resolv.conf":                    "",
	} {
		if got := linkCommand(in); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestNormal(t *testing.T) {
	for in, want := range map[string]string{
		"/var/run/connman/resolv.conf":          "/run/connman/resolv.conf",
		"/etc/../var/run//x":                    "/run/x",
		"/lib/systemd/resolv.conf":              "/usr/lib/systemd/resolv.conf",
		"/proc/4711/net/pnp":                    "/proc/net/pnp",
		"/etc/resolvconf/run/resolv.conf":       "/run/resolvconf/resolv.conf",
		"../run/systemd/resolve/resolv.conf":    "/run/systemd/resolve/resolv.conf",
		"/var/volatile/run/connman/resolv.conf": "/run/connman/resolv.conf",
	} {
		if got := normal(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// The table of owners is looked up by what it says: nothing may be said twice.
func TestManagersAreDistinct(t *testing.T) {
	ids, targets := map[string]bool{}, map[string]bool{}
	for _, m := range managers {
		if ids[m.id] || m.source == "" || m.name == "" {
			t.Errorf("%q: twice, or without a name or source", m.id)
		}
		ids[m.id] = true
		for _, x := range m.targets {
			if targets[x.path] || normal(x.path) != x.path {
				t.Errorf("%s: twice, or not normal", x.path)
			}
			targets[x.path] = true
		}
	}
	known := map[string]bool{}
	for _, f := range failures {
		if known[f.id] {
			t.Errorf("%s stands in the table twice", f.id)
		}
		known[f.id] = true
	}
	for _, e := range effects {
		if !known[e.cause] || !known[e.effect] {
			t.Errorf("the effect %s -> %s is one of nothing", e.cause, e.effect)
		}
	}
}

// The tables stand in the documentation too.
func TestDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/dns.md")
	if err != nil {
		t.Fatal(err)
	}
	has := func(id string) {
		if !strings.Contains(string(doc), "`"+id+"`") {
			t.Errorf("docs/dns.md does not mention `%s`", id)
		}
	}
	for _, m := range managers {
		has(m.id)
		for _, x := range m.targets {
			has(x.path)
		}
	}
	for _, r := range runtimes {
		has(r.id)
	}
	for _, f := range failures {
		has(f.id)
	}
}

// diagnoseDir looks at a directory, within a time that nothing that blocks keeps.
func diagnoseDir(t *testing.T, dir string) *Report {
	t.Helper()
	sys, err := capture.Open(capture.Options{Root: dir, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sys.Close() }()
	done := make(chan *Report, 1)
	go func() { done <- Diagnose(t.Context(), sys, Options{NoProbe: true}) }()
	select {
	case r := <-done:
		wellFormed(t, r)
		return r
	case <-time.After(30 * time.Second):
		t.Fatal("it hangs")
		return nil
	}
}

// TestBadInput is what stands in the place of files on systems that somebody
// wants to fool or has broken.
func TestBadInput(t *testing.T) {
	root := func(entries ...string) string {
		dir := t.TempDir()
		for _, e := range entries {
			name, data, _ := strings.Cut(e, "\n")
			lay(t, dir, name, []byte(data))
		}
		return dir
	}
	ids := func(r *Report) string {
		var all []string
		for i := range r.Check.Findings {
			all = append(all, r.Check.Findings[i].ID)
		}
		return strings.Join(all, " ")
	}
	unseen := func(r *Report, what string) bool {
		for _, u := range r.Unseen {
			if strings.Contains(u.What+": "+u.Reason, what) {
				return true
			}
		}
		return false
	}
	for _, c := range []struct {
		name    string
		dir     string
		outcome finding.Outcome
		ids     string
		unseen  string
	}{
		{"1 MB", root("etc/resolv.conf\n" + strings.Repeat("# nothing\n", 100<<10)), finding.NotChecked, "", "only the first"},
		{"1 MB with servers", root("etc/resolv.conf\n" + strings.Repeat("nameserver 192.0.2.1\n", 50<<10)), finding.NotChecked, "too-many-servers", "only the first"},
		{"binary with a server", root("etc/resolv.conf\nnameserver 192.0.2.1\n\x00\xff"), finding.NotChecked, "", "it is no text"},
		{"FIFO", root("etc/resolv.conf (fifo)"), finding.Problem, "resolv-conf-not-a-file", "fifo"},
		{"FIFO behind a link", root("etc/resolv.conf -> /run/x", "run/x (fifo)"), finding.Problem, "resolv-conf-not-a-file", "fifo"},
		{"loop", root("etc/resolv.conf -> resolv.conf"), finding.Problem, "resolv-conf-loop", "symbolic links"},
		{"out of the root", root("etc/resolv.conf -> ../../../../../../../../etc/hostname", "run/x"), finding.Problem, "resolv-conf-dangling", ""},
		{"FIFOs everywhere", root("etc/resolv.conf\nnameserver 192.0.2.1", "etc/nsswitch.conf (fifo)", "usr/lib/libc.so.6", "etc/tmpfiles.d/a.conf (fifo)",
			"etc/systemd/system/a.wants/b (fifo)", "etc/NetworkManager/NetworkManager.conf (fifo)", "etc/rc2.d/S01x (fifo)"), finding.NotChecked, "", nsswitchPath},
		{"hostile names", root("etc/resolv.conf\nnameserver 192.0.2.1", "etc/systemd/system/multi-user.target.wants/\x1b[31m.service -> /x",
			"usr/lib/tmpfiles.d/\x1b\n.conf\nL+ /etc/resolv.conf - - - - /\x1b[0m\n", "etc/rc2.d/S01$(reboot)\nln -s /run/`x`/resolv.conf /etc/resolv.conf"), finding.Problem, "link-remade-at-boot", ""},
		{"nothing", root(), finding.Problem, "resolv-conf-missing", ""},
		{"a directory for everything", root("etc/resolv.conf/", "etc/nsswitch.conf/", "proc/self/mountinfo/", "proc/net/udp/"), finding.Problem, "resolv-conf-not-a-file", "mounts"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := diagnoseDir(t, c.dir)
			if r.Check.Outcome != c.outcome || ids(r) != c.ids || c.unseen != "" && !unseen(r, c.unseen) {
				t.Errorf("%s (%s), findings %q, unseen %+v", r.Check.Outcome, r.Check.Reason, ids(r), r.Unseen)
			}
		})
	}
}

func TestDeviceInItsPlace(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "etc/", nil)
	if err := unix.Mknod(filepath.Join(dir, "etc/resolv.conf"), unix.S_IFCHR|0o666, int(unix.Mkdev(5, 0))); err != nil {
		t.Skipf("cannot make a device here: %v", err)
	}
	if r := diagnoseDir(t, dir); len(r.Check.Findings) != 1 || r.Check.Findings[0].ID != "resolv-conf-not-a-file" {
		t.Errorf("%+v", r.Check)
	}
}

// TestThisSystem looks at the system that runs the test, whatever it is.
func TestThisSystem(t *testing.T) {
	sys, err := capture.Open(capture.Options{Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sys.Close() }()
	r := Diagnose(t.Context(), sys, Options{NoProbe: true})
	wellFormed(t, r)
	if r.Owner.Name == "" || len(r.Owner.Trail) == 0 {
		t.Errorf("%+v", r.Owner)
	}
}

func BenchmarkThisSystem(b *testing.B) {
	for b.Loop() {
		sys, err := capture.Open(capture.Options{Now: time.Now()})
		if err != nil {
			b.Fatal(err)
		}
		Diagnose(b.Context(), sys, Options{NoProbe: true})
		_ = sys.Close()
	}
}

func FuzzFiles(f *testing.F) {
	f.Add([]byte("nameserver 192.0.2.1\noptions ndots:x\nsearch #\n"))
	f.Add([]byte("hosts: files [NOTFOUND=return] dns []\n"))
	f.Add([]byte("[main]\ndns = none\n[\n]\n=\n"))
	f.Add([]byte("ln -sf /run/x/resolv.conf /etc/"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := parseResolvConf(data)
		if len(c.servers) > maxServers || c.ndots < 0 || c.ndots > maxNdots {
			t.Fatalf("%+v", c)
		}
		h := parseNsswitch(data)
		for i := range h.sources {
			if h.sources[i].name == "" {
				t.Fatalf("%+v", h)
			}
			_ = h.sources[i].returns("notfound")
		}
		for _, s := range parseSettings("x", data) {
			if s.line < 1 {
				t.Fatalf("%+v", s)
			}
		}
		for line := range strings.Lines(string(data)) {
			_ = linkCommand(strings.TrimSpace(line))
		}
		for _, v := range c.servers {
			_ = lineOf(data, v.line)
		}
	})
}

// FuzzDiagnose puts hostile texts into the files that a diagnosis reads, all at
// once.
func FuzzDiagnose(f *testing.F) {
	f.Add("/run/x/resolv.conf", []byte("nameserver 127.0.0.1\n"))
	f.Add("", []byte("L+ /etc/resolv.conf - - - - x\nhosts: resolve\n"))
	f.Fuzz(func(t *testing.T, link string, data []byte) {
		dir := t.TempDir()
		for _, n := range []string{
			"etc/nsswitch.conf", "usr/lib/tmpfiles.d/a.conf", "etc/rc2.d/S01a", "proc/self/mountinfo", "proc/net/udp", "proc/net/route", "proc/net/dev",
			"run/systemd/resolve/resolv.conf", "etc/dnsmasq.conf", "proc/7/comm",
		} {
			lay(t, dir, n, data)
		}
		if link == "" {
			lay(t, dir, "etc/resolv.conf", data)
		} else if os.Symlink(link, filepath.Join(dir, "etc/resolv.conf")) != nil {
			return
		}
		wellFormed(t, diagnoseDir(t, dir))
	})
}
