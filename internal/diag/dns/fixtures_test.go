package dns

import (
	"bytes"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"dekho/internal/capture"
	"dekho/internal/capture/dnsquery"
	"dekho/internal/finding"
	"dekho/internal/rootfs"
)

// A fixture is a root file system in a txtar archive, with what is expected of
// it on top, "key: value" lines:
//
//	owner, mode       who owns /etc/resolv.conf
//	findings          their identifiers, in order
//	outcome, resolves
//	boot              the owner after the next boot
//	fix               what --fix changes, see ops in fixes_linux_test.go; nothing if it is not given
//
// and, for what no directory can have:
//
//	bus               the names on the system bus
//	unit              NAME STATE, as systemd says
//	space             DIRECTORY FREE/SIZE
//	immutable, label  of /etc/resolv.conf
//	clock             what the clock says, RFC 3339
//	answer            SERVER CLASS-OR-RCODE [ADDRESS], of a server asked for host.example
//
// Names of files may be followed by "-> TARGET" for a link, "(0640)" for a mode
// and "(fifo)"; a name that ends in "/" is a directory.
type fixture struct {
	name   string
	header map[string][]string
	dir    string
}

func loadFixture(t testing.TB, file string) *fixture {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{name: strings.TrimSuffix(filepath.Base(file), ".txtar"), header: map[string][]string{}, dir: t.TempDir()}
	for line := range strings.Lines(string(a.Comment)) {
		if key, value, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, "#") {
			f.header[key] = append(f.header[key], strings.TrimSpace(value))
		}
	}
	for _, e := range a.Files {
		lay(t, f.dir, e.Name, e.Data)
	}
	return f
}

// lay makes one entry of a root.
func lay(t testing.TB, dir, name string, data []byte) {
	t.Helper()
	name, target, isLink := strings.Cut(name, " -> ")
	name, attr, _ := strings.Cut(name, " (")
	at := filepath.Join(dir, name)
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Dir(at), 0o755))
	switch {
	case isLink:
		must(os.Symlink(target, at))
	case strings.HasSuffix(name, "/"):
		must(os.MkdirAll(at, 0o755))
	case attr == "fifo)":
		must(mkfifo(at))
	default:
		must(os.WriteFile(at, data, 0o644))
	}
	if mode, err := strconv.ParseUint(strings.TrimSuffix(attr, ")"), 8, 32); err == nil {
		must(os.Chmod(at, os.FileMode(mode)))
	}
}

func (f *fixture) get(key string) string { return strings.Join(f.header[key], " ") }

// system opens the fixture with the facts that no directory has.
func (f *fixture) system(t testing.TB) *capture.System {
	t.Helper()
	now := time.Now()
	if c := f.get("clock"); c != "" {
		var err error
		if now, err = time.Parse(time.RFC3339, c); err != nil {
			t.Fatal(err)
		}
	}
	sys, err := capture.Open(capture.Options{Root: f.dir, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sys.Close() })
	if names := f.header["bus"]; len(names) > 0 {
		sys.Assume("bus", &capture.Bus{Names: strings.Fields(strings.Join(names, " "))})
	}
	if units := f.header["unit"]; len(units) > 0 {
		u := &capture.Units{Found: map[string]capture.Unit{}}
		for _, line := range units {
			name, state, _ := strings.Cut(line, " ")
			u.Found[name] = capture.Unit{Load: "loaded", Active: state}
		}
		sys.Assume("units", u)
	}
	for _, line := range f.header["space"] {
		dir, room, _ := strings.Cut(line, " ")
		free, size, _ := strings.Cut(room, "/")
		s := &rootfs.Space{}
		s.Free, _ = strconv.ParseUint(free, 10, 64)
		s.Size, _ = strconv.ParseUint(size, 10, 64)
		sys.Assume("space "+dir, s)
	}
	conf := sys.File(confPath)
	if f.get("immutable") != "" {
		conf.Info.Immutable = true
	}
	if l := f.get("label"); l != "" {
		conf.Info.Label = l
	}
	if f.header["answer"] != nil {
		f.answers(t, sys, conf.Data)
	}
	return sys
}

const asked = "host.example."

// answers puts those of servers in the place of asking.
func (f *fixture) answers(t testing.TB, sys *capture.System, conf []byte) {
	t.Helper()
	var servers []netip.AddrPort
	for _, v := range parseResolvConf(conf).servers {
		servers = append(servers, netip.AddrPortFrom(v.addr, 53))
	}
	if len(servers) == 0 {
		servers = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:53")}
	}
	names := []string{strings.TrimSuffix(asked, ".")}
	a := &capture.Answers{}
	for _, server := range servers {
		for _, line := range f.header["answer"] {
			w := strings.Fields(line)
			if w[0] != server.Addr().String() {
				continue
			}
			r := dnsquery.Result{Server: server, Name: names[0], Type: dnsquery.A, Class: dnsquery.Class(w[1]), Elapsed: time.Millisecond}
			if w[1] == strings.ToUpper(w[1]) {
				r.Class, r.Rcode = dnsquery.Answered, w[1]
			}
			for _, x := range w[2:] {
				switch x {
				case "bogus":
					r.Bogus = true
				case "signed":
					r.Signatures = []dnsquery.Signature{{Covers: "A", Signer: "example.", From: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2025, 2, 1, 0, 0, 0, 0, time.UTC)}}
				default:
					r.Records = []dnsquery.Record{{Name: names[0], Type: "A", Data: x}}
				}
			}
			a.Results = append(a.Results, r)
		}
	}
	sys.Assume(capture.AskQuestion(servers, names), a)
}

func (f *fixture) diagnose(t testing.TB, sys *capture.System) *Report {
	return Diagnose(t.Context(), sys, Options{NoProbe: f.header["answer"] == nil, Name: asked})
}

func fixtures(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures")
	}
	return files
}

var show = flag.Bool("show", false, "show what is found in each fixture")

func TestFixtures(t *testing.T) {
	found := map[string]bool{}
	owners := map[string]bool{}
	for _, file := range fixtures(t) {
		f := loadFixture(t, file)
		t.Run(f.name, func(t *testing.T) {
			sys := f.system(t)
			r := f.diagnose(t, sys)
			var ids []string
			for i := range r.Check.Findings {
				ids = append(ids, r.Check.Findings[i].ID)
				found[r.Check.Findings[i].ID] = true
			}
			owners[r.Owner.ID] = true
			for _, c := range []struct{ key, got string }{
				{"owner", r.Owner.ID},
				{"mode", r.Owner.Mode},
				{"findings", strings.Join(ids, " ")},
				{"outcome", r.Check.Outcome.String()},
				{"resolves", string(r.Resolves)},
				{"boot", r.Boot.Owner},
			} {
				if want, ok := f.header[c.key]; ok && strings.Join(want, " ") != c.got || !ok && (c.key == "owner" || c.key == "findings") {
					t.Errorf("%s: %s\nwant %s", c.key, c.got, want)
				}
			}
			if *show {
				t.Logf("%+v\n%s", r.Owner, r.Boot.Summary)
				for _, x := range r.Check.Findings {
					t.Logf("%s %s: %s\n%s", x.Severity, x.ID, x.Title, x.Meaning)
				}
			}
			wellFormed(t, r)
			saveAndLoad(t, f, sys, r)
		})
	}
	for _, f := range failures {
		if !found[f.id] {
			t.Errorf("no fixture has %s", f.id)
		}
	}
	for i := range managers {
		// Those that only ever answer queries own no file.
		if id := managers[i].id; !owners[id] && len(managers[i].targets)+len(managers[i].headers) > 0 {
			t.Errorf("no fixture is owned by %s", id)
		}
	}
	for i := range runtimes {
		if !owners[runtimes[i].id] {
			t.Errorf("no fixture is owned by %s", runtimes[i].id)
		}
	}
}

// wellFormed holds a report to what every front end relies on.
func wellFormed(t *testing.T, r *Report) {
	t.Helper()
	if r.Check.Outcome == finding.NotChecked && r.Check.Reason == "" {
		t.Error("not checked without a reason")
	}
	if r.Owner.Name == "" || r.Boot.Summary == "" {
		t.Errorf("owner %q, boot %q", r.Owner.Name, r.Boot.Summary)
	}
	for i := range r.Check.Findings {
		f := &r.Check.Findings[i]
		if len(f.Evidence) == 0 || f.Title == "" || f.Meaning == "" || f.ID == "" {
			t.Errorf("%s: %d pieces of evidence, title %q, meaning %q", f.ID, len(f.Evidence), f.Title, f.Meaning)
		}
		for _, e := range f.Evidence {
			if e.Name == "" || e.Why == "" {
				t.Errorf("%s: evidence %+v", f.ID, e)
			}
		}
		for _, l := range slices.Concat(f.Causes, f.Effects) {
			if l.To < 0 || l.To >= len(r.Check.Findings) || l.To == i {
				t.Errorf("%s: link to %d", f.ID, l.To)
			}
		}
	}
}

// saveAndLoad makes sure that saved facts give the same answer.
func saveAndLoad(t *testing.T, f *fixture, sys *capture.System, want *Report) {
	t.Helper()
	var b bytes.Buffer
	if err := sys.Save(&b); err != nil {
		t.Fatal(err)
	}
	again, err := capture.Load(&b)
	if err != nil {
		t.Fatal(err)
	}
	if d := diffReports(want, f.diagnose(t, again)); d != "" {
		t.Errorf("the saved facts give another answer: %s", d)
	}
}
