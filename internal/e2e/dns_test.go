package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/net/dns/dnsmessage"

	"dekho/internal/nstest"
	"dekho/internal/testenv"
)

// www is the name that dekho dns is tested with, which only the name server of
// the LAN knows.
const www, wwwAddress = "www.office.test", "10.77.0.80"

// second is where the LAN may have another name server.
const second = "10.77.0.9"

func office(msg []byte, _ bool) [][]byte {
	return [][]byte{nstest.Zone{www: {wwwAddress}}.Reply(msg)}
}

// static and dynamic are connections as NetworkManager's window saves them: with
// a name server that somebody typed in, and with what DHCP says.
const (
	static = `[connection]
id=office
type=ethernet
interface-name=eth0

[ipv4]
method=manual
address1=10.77.0.20/24,10.77.0.1
dns=10.77.0.1;
dns-search=office.test;

[ipv6]
method=disabled
`
	dynamic = `[connection]
id=office
type=ethernet
interface-name=eth0

[ipv4]
method=auto

[ipv6]
method=disabled
`
	connection = "/etc/NetworkManager/system-connections/office.nmconnection"
	online     = "nm-online --quiet --timeout=20"
	// dhcpcd has to be told that no udev will tell it about eth0, and to not wait
	// for others who may have its address.
	configureDHCPCD = "printf 'nodev\nnoarp\nnoipv6rs\n' >>/etc/dhcpcd.conf"
	startDHCPCD     = configureDHCPCD + "; systemctl unmask dhcpcd; systemctl restart dhcpcd"
)

// dnsWorld is a world with the program in it.
type dnsWorld struct {
	*nstest.World
	t *testing.T
}

// newDNSWorld makes a world whose LAN has a DHCP server and a name server. The
// units are those that it does without.
func newDNSWorld(t *testing.T, name string, without ...string) *dnsWorld {
	t.Helper()
	w := &dnsWorld{nstest.New(t, name), t}
	bin, err := program(t)
	if err != nil {
		t.Fatal(err)
	}
	w.Install(bin, "/usr/local/bin/dekho")
	w.LAN.ServeDNS(nstest.Router, office)
	w.LAN.ServeDHCP(nstest.Router, "office.test")
	w.Write("/etc/fstab", "", 0o644)
	for _, unit := range without {
		w.Link("/dev/null", "/etc/systemd/system/"+unit)
	}
	return w
}

// dnsState is what dekho dns is expected to say, and what it says.
type dnsState struct {
	// owner and mode are those of /etc/resolv.conf, as "connman link".
	owner string
	// resolves is what it says and the C library does.
	resolves bool
	// finding is what is wrong, "" if nothing is.
	finding string
	// boot is who owns the file after the next boot, where that is told.
	boot string
}

// anyFinding stands for one that depends on the release.
const anyFinding = "*"

// dnsAnswer is what the tests look at of the answer in JSON.
type dnsAnswer struct {
	Owner    struct{ ID, Mode string }
	Resolves string
	NextBoot struct{ Summary, Owner string } `json:"next_boot"`
	Findings []dnsFinding
}

type dnsFinding struct {
	ID, Severity, Title string
	Next                []struct{ Command, Why string }
}

// resolves waits for the network to have a name server that is used.
func (w *dnsWorld) resolves() {
	w.t.Helper()
	w.Wait(www+" to resolve", func() bool {
		out, _ := w.Try("getent", "ahostsv4", www)
		return strings.HasPrefix(out, wwwAddress+" ")
	})
}

// expect compares what dekho dns says with what is so, and with what the C
// library and systemd-resolved do.
func (w *dnsWorld) expect(what string, want dnsState) dnsAnswer {
	w.t.Helper()
	if want.resolves { // soon: who has been started may still be asking for an address
		w.resolves()
	}
	out, err := w.Try("dekho", "dns", "--json", "--name", www)
	var a dnsAnswer
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		w.t.Errorf("%s: %v\n%s", what, err, out)
		return a
	}
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		w.t.Errorf("%s: %v\n%s", what, err, out)
		return a
	}
	got := dnsState{owner: strings.TrimSpace(a.Owner.ID + " " + a.Owner.Mode), resolves: a.Resolves == "yes"}
	if len(a.Findings) > 0 {
		got.finding = a.Findings[0].ID
		if want.finding == anyFinding {
			got.finding = anyFinding
		}
	}
	if want.boot != "" {
		got.boot = a.NextBoot.Owner
	}
	addrs, libcErr := w.Try("timeout", "7", "getent", "ahosts", www) // a FIFO keeps it forever
	if got != want || (libcErr == nil) != got.resolves {
		text, _ := w.Try("dekho", "dns", "--name", www)
		file, _ := w.Try("sh", "-c", "ls -l /etc/resolv.conf; cat /etc/resolv.conf")
		w.t.Errorf("%s:\n got %+v (%s)\nwant %+v\ngetent: %q, %v\n%s\n%s", what, got, a.Resolves, want, addrs, libcErr, text, file)
	}
	if strings.HasPrefix(want.owner, "systemd-resolved ") && want.resolves {
		if _, err := w.Try("resolvectl", "query", www); err != nil {
			w.t.Errorf("%s: %v", what, err)
		}
	}
	return a
}

// finds looks for a finding beside others.
func (w *dnsWorld) finds(id string) {
	w.t.Helper()
	out, _ := w.Try("dekho", "dns", "--json", "--name", www)
	var a dnsAnswer
	if err := json.Unmarshal([]byte(out), &a); err != nil || !slices.ContainsFunc(a.Findings, func(f dnsFinding) bool { return f.ID == id }) {
		w.t.Errorf("%s is not among the findings (%v):\n%s", id, err, out)
	}
}

// TestDNSUsersCase goes through what cost somebody an office day: ConnMan and
// NetworkManager both installed, and after an upgrade the network is up and
// names do not resolve.
func TestDNSUsersCase(t *testing.T) {
	t.Parallel()
	w := newDNSWorld(t, "desktop")
	w.LAN.AddAddress(second)
	w.LAN.ServeDNS(second, office)
	w.Write(connection, static, 0o600)
	w.Link("/var/run/connman/resolv.conf", "/etc/resolv.conf")
	w.Link("/dev/null", "/etc/systemd/system/connman.service")
	w.Boot()
	w.Shell(online)
	w.expect("the link of ConnMan, which does not run", dnsState{owner: "connman link", finding: "resolv-conf-dangling"})
	w.Shell("nmcli connection modify office ipv4.dns '10.77.0.1 " + second + "' && nmcli connection up office")
	w.expect("servers set in NetworkManager", dnsState{owner: "connman link", finding: "resolv-conf-dangling"})
	w.Shell("ln -sf /run/systemd/resolve/stub-resolv.conf /etc/resolv.conf; systemctl restart NetworkManager; " + online)
	a := w.expect("a link to systemd's file", dnsState{owner: "systemd-resolved stub", finding: "resolv-conf-dangling"})
	proposed := a.Findings[0].Next[0].Command
	if proposed == "" {
		t.Fatalf("no command is proposed: %+v", a.Findings[0])
	}
	w.Shell(proposed + "; " + online)
	w.expect("after "+proposed, dnsState{owner: "networkmanager file", resolves: true, boot: "networkmanager"})
	w.Reboot()
	w.Shell(online)
	w.expect("after a reboot", dnsState{owner: "networkmanager file", resolves: true, boot: "networkmanager"})
}

func TestDNSConnMan(t *testing.T) {
	t.Parallel()
	w := newDNSWorld(t, "desktop", "NetworkManager.service")
	w.Write("/var/lib/connman/office.config", "[service_office]\nType=ethernet\nIPv4=10.77.0.20/255.255.255.0/10.77.0.1\nIPv6=off\nNameservers=10.77.0.1\nSearchDomains=office.test\n", 0o600)
	w.Boot()
	w.expect("ConnMan with its proxy", dnsState{owner: "connman link", resolves: true, boot: "connman"})
	w.Shell("systemctl stop connman")
	w.expect("ConnMan is stopped", dnsState{owner: "connman link", finding: "resolv-conf-empty", boot: "connman"})
	w.Shell("mkdir -p /etc/systemd/system/connman.service.d; printf '[Service]\nExecStart=\nExecStart=/usr/sbin/connmand -n --nodnsproxy\n' >/etc/systemd/system/connman.service.d/proxy.conf; systemctl daemon-reload; systemctl start connman")
	w.expect("ConnMan without its proxy", dnsState{owner: "connman link", resolves: true, boot: "connman"})
}

func TestDNSNetworkManager(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		conf string
		// link and file are with a link to NetworkManager's file, and with nothing
		// there at first.
		link, file dnsState
	}{
		{"", dnsState{owner: "networkmanager symlink", resolves: true}, dnsState{owner: "networkmanager file", resolves: true}},
		{"rc-manager=symlink", dnsState{owner: "networkmanager symlink", resolves: true}, dnsState{owner: "networkmanager file", resolves: true}},
		{"rc-manager=file", dnsState{owner: "networkmanager symlink", resolves: true}, dnsState{owner: "networkmanager file", resolves: true}},
		{"rc-manager=unmanaged", dnsState{owner: "networkmanager symlink", resolves: true}, dnsState{finding: "resolv-conf-missing"}},
		{"dns=dnsmasq", dnsState{owner: "networkmanager symlink", resolves: true}, dnsState{owner: "networkmanager file", resolves: true}},
		{"dns=none", dnsState{owner: "networkmanager symlink", resolves: true}, dnsState{finding: "resolv-conf-missing"}},
	} {
		t.Run(fmt.Sprintf("[%s]", tt.conf), func(t *testing.T) {
			t.Parallel()
			w := newDNSWorld(t, "desktop", "connman.service")
			w.Link("/dev/null", "/etc/tmpfiles.d/connman_resolvconf.conf")
			w.Write(connection, dynamic, 0o600)
			w.Write("/etc/NetworkManager/conf.d/dns.conf", "[main]\n"+tt.conf+"\n", 0o644)
			w.Link("/run/NetworkManager/resolv.conf", "/etc/resolv.conf")
			w.Boot()
			w.Shell(online)
			w.expect("with the link", tt.link)
			w.Shell("rm /etc/resolv.conf; systemctl restart NetworkManager; " + online)
			w.expect("without the link", tt.file)
		})
	}
}

// TestDNSNotWritable keeps NetworkManager from writing the file.
func TestDNSNotWritable(t *testing.T) {
	t.Parallel()
	w := newDNSWorld(t, "desktop", "connman.service")
	w.Write(connection, static, 0o600)
	w.LAN.AddAddress(second) // where nobody answers
	w.Write("/etc/resolv.conf", "nameserver "+second+"\n", 0o644)
	w.Boot()
	w.Shell(online)
	w.expect("a plain file", dnsState{owner: "networkmanager file", resolves: true, boot: "networkmanager"})
	w.Shell("printf 'nameserver " + second + "\n' >/etc/resolv.conf")
	chattr := testenv.Program(t, "chattr", "e2fsprogs") // the worlds have none
	through := fmt.Sprintf("/proc/%d/root/etc/resolv.conf", w.PID())
	change := func(flag string) {
		if out, err := exec.Command(chattr, flag, through).CombinedOutput(); err != nil {
			t.Fatalf("chattr %s: %v\n%s", flag, err, out)
		}
	}
	change("+i")
	w.Shell("systemctl restart NetworkManager; " + online)
	w.expect("an immutable one", dnsState{owner: "hand file", finding: anyFinding, boot: "networkmanager"})
	w.finds("resolv-conf-immutable")
	change("-i")
	w.Shell("mount --bind /etc /etc; mount -o remount,bind,ro /etc; systemctl restart NetworkManager; " + online)
	w.expect("one in a file system that is read-only", dnsState{owner: "hand file", finding: anyFinding, boot: "networkmanager"})
	w.finds("file-system-read-only")
}

func TestDNSResolved(t *testing.T) {
	t.Parallel()
	w := newDNSWorld(t, "resolved", "dhcpcd.service")
	w.Write(connection, dynamic, 0o600)
	w.Boot()
	w.resolves()
	const boot = "systemd-resolved"
	w.expect("the link of the package", dnsState{owner: "systemd-resolved stub", resolves: true, boot: boot})
	w.Shell("ln -sf /run/systemd/resolve/resolv.conf /etc/resolv.conf")
	w.expect("uplink", dnsState{owner: "systemd-resolved uplink", resolves: true, boot: boot})
	w.Shell("ln -sf /usr/lib/systemd/resolv.conf /etc/resolv.conf")
	w.expect("static", dnsState{owner: "systemd-resolved static", resolves: true, boot: boot})
	w.Shell("ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf; systemctl stop systemd-resolved")
	w.expect("stopped", dnsState{owner: "systemd-resolved stub", finding: "stub-without-daemon", boot: boot})
	if state, _ := w.Try("systemctl", "is-active", "systemd-resolved"); strings.TrimSpace(state) != "inactive" {
		t.Errorf("asking about systemd-resolved has started it: it is %s", state)
	}
	// Without its listener it makes the stub file a link to the other one.
	w.Shell("mkdir -p /etc/systemd/resolved.conf.d; printf '[Resolve]\nDNSStubListener=no\n' >/etc/systemd/resolved.conf.d/stub.conf; systemctl start systemd-resolved")
	w.expect("without its listener", dnsState{owner: "systemd-resolved uplink", resolves: true, boot: boot})
	w.Shell("systemctl mask systemd-resolved")
	w.Reboot()
	w.expect("masked, after a reboot", dnsState{owner: "systemd-resolved stub", finding: "resolv-conf-dangling"})
}

// TestDNSResolvedTold has systemd-resolved told its servers by others than
// NetworkManager.
func TestDNSResolvedTold(t *testing.T) {
	t.Parallel()
	w := newDNSWorld(t, "resolved", "NetworkManager.service", "dhcpcd.service")
	w.Write("/etc/systemd/network/eth0.network", "[Match]\nName=eth0\n[Network]\nDHCP=ipv4\n[DHCPv4]\nUseDomains=yes\n", 0o644)
	w.Boot()
	w.Shell("systemctl start systemd-networkd")
	w.expect("by systemd-networkd", dnsState{owner: "systemd-resolved stub", resolves: true, boot: "systemd-resolved"})
	w.Shell("systemctl stop systemd-networkd; systemctl restart systemd-resolved; ip addr flush dev eth0")
	// Its resolvconf is a link to resolvectl.
	w.Shell("ip link set eth0 up; " + startDHCPCD)
	w.expect("by dhcpcd through resolvectl", dnsState{owner: "systemd-resolved stub", resolves: true, boot: "systemd-resolved"})
}

func TestDNSResolvconf(t *testing.T) {
	t.Parallel()
	w := newDNSWorld(t, "resolvconf", "NetworkManager.service", "dnsmasq.service", "dhcpcd.service")
	w.Write("/etc/network/interfaces", "auto lo\niface lo inet loopback\nauto eth0\niface eth0 inet dhcp\n", 0o644)
	w.Boot()
	w.expect("ifupdown and dhclient", dnsState{owner: "resolvconf link", resolves: true, boot: "resolvconf"})
	w.Shell("systemctl unmask dnsmasq; systemctl start dnsmasq")
	w.expect("dnsmasq in front", dnsState{owner: "resolvconf link", resolves: true, boot: "resolvconf"})
	// Debian's unit of dhcpcd puts a mount over the file behind the link, so that
	// resolvconf cannot rename the new one there.
	w.Shell("systemctl stop dnsmasq; systemctl mask dnsmasq; ifdown eth0; " + startDHCPCD)
	w.Wait("resolvconf to be told", func() bool {
		_, err := w.Try("grep", "-r", nstest.Router, "/run/resolvconf/interface")
		return err == nil
	})
	a := w.expect("dhcpcd", dnsState{owner: "resolvconf link", finding: anyFinding, boot: "resolvconf"})
	if i := slices.IndexFunc(a.Findings, func(f dnsFinding) bool { return f.ID == "servers-not-reaching" }); i < 0 {
		t.Errorf("nothing says that resolvconf has a server: %+v\n%s", a.Findings, w.Shell("head /run/resolvconf/interface/* /run/resolvconf/resolv.conf"))
	} else {
		w.Shell(a.Findings[i].Next[0].Command)
		w.expect("after "+a.Findings[i].Next[0].Command, dnsState{owner: "resolvconf link", resolves: true, boot: "resolvconf"})
	}
}

func TestDNSOpenresolv(t *testing.T) {
	t.Parallel()
	w := newDNSWorld(t, "openresolv", "dnsmasq.service", "dhcpcd.service")
	w.Write("/etc/resolv.conf", "", 0o644) // the unit of dhcpcd does not start without
	w.Boot()
	w.Shell(startDHCPCD)
	w.expect("dhcpcd", dnsState{owner: "openresolv file", resolves: true, boot: "openresolv"})
}

func TestDNSPlainClients(t *testing.T) {
	t.Parallel()
	w := newDNSWorld(t, "plain", "dnsmasq.service", "unbound.service", "dhcpcd.service")
	w.Boot()
	w.Shell("ip link set eth0 up; dhclient eth0")
	w.expect("dhclient", dnsState{owner: "dhclient file", resolves: true})
	w.Shell("dhclient -r eth0; rm -f /etc/resolv.conf /var/lib/dhcp/*; ip link set eth0 up; udhcpc -i eth0 -n -b -p /run/udhcpc.pid")
	w.expect("udhcpc", dnsState{owner: "udhcpc file", resolves: true})
	w.Shell("kill $(cat /run/udhcpc.pid); : >/etc/resolv.conf; ip addr flush eth0; " + startDHCPCD)
	w.expect("dhcpcd", dnsState{owner: "dhcpcd file", resolves: true, boot: "dhcpcd"})
	w.Shell("systemctl unmask dnsmasq; printf 'server=10.77.0.1\n' >/etc/dnsmasq.d/up.conf; systemctl start dnsmasq; systemctl stop dhcpcd; printf 'nameserver 127.0.0.1\n' >/etc/resolv.conf; ip addr add 10.77.0.20/24 dev eth0 || true; ip link set eth0 up")
	w.expect("dnsmasq, and the file by hand", dnsState{owner: "hand file", resolves: true})
	// Its root key is of a package that is not here.
	w.Shell("rm /etc/unbound/unbound.conf.d/root-auto*; printf 'forward-zone:\n name: \".\"\n forward-addr: 10.77.0.1\n' >/etc/unbound/unbound.conf.d/up.conf; systemctl unmask unbound; systemctl start unbound || true")
	w.expect("unbound beside dnsmasq", dnsState{owner: "hand file", resolves: true, finding: "port-53-taken"})
	w.Shell("systemctl stop unbound dnsmasq")
	w.expect("dnsmasq is stopped", dnsState{owner: "hand file", finding: "loopback-server-silent"})
	w.Shell("systemctl reset-failed unbound; systemctl start unbound")
	w.expect("unbound, which has a zone test of its own (RFC 6761)", dnsState{owner: "hand file", finding: "name-not-found"})
	w.Shell("printf 'server:\n local-zone: \"test.\" nodefault\n' >>/etc/unbound/unbound.conf.d/up.conf; systemctl restart unbound")
	w.expect("unbound", dnsState{owner: "hand file", resolves: true})
}

// TestDNSFailures breaks what works in one way after the other.
func TestDNSFailures(t *testing.T) {
	t.Parallel()
	w := newDNSWorld(t, "plain", "dnsmasq.service", "unbound.service", "dhcpcd.service")
	const silent, bogus, refuses = "10.77.0.10", "10.77.0.11", "10.77.0.12"
	for addr, answer := range map[string]func([]byte, bool) [][]byte{
		silent:  func([]byte, bool) [][]byte { return nil },
		bogus:   unlessCheckingDisabled,
		refuses: func(msg []byte, _ bool) [][]byte { return [][]byte{failing(msg, dnsmessage.RCodeRefused)} },
	} {
		w.LAN.AddAddress(addr)
		w.LAN.ServeDNS(addr, answer)
	}
	w.Boot()
	const works = "nameserver " + nstest.Router + "\n"
	w.Shell("ip addr add 10.77.0.20/24 dev eth0; ip link set eth0 up; cp /etc/nsswitch.conf /run/nsswitch.conf")
	for _, tt := range []struct {
		what   string
		conf   string // resolv.conf
		script string // what is done then, and undone
		undo   string
		want   dnsState
	}{
		{"nothing", works, "true", "true", dnsState{owner: "hand file", resolves: true}},
		{"first server silent", "nameserver " + silent + "\n" + works, "true", "true", dnsState{owner: "hand file", resolves: true, finding: "server-dead"}},
		{"server silent", "nameserver " + silent + "\noptions timeout:1 attempts:1\n", "true", "true", dnsState{owner: "hand file", finding: "servers-dead"}},
		{"server refuses", "nameserver " + refuses + "\n", "true", "true", dnsState{owner: "hand file", finding: "server-refuses"}},
		{"DNSSEC bogus", "nameserver " + bogus + "\n", "true", "true", dnsState{owner: "hand file", finding: "dnssec-bogus"}},
		{"no route", "nameserver 192.0.2.53\n", "true", "true", dnsState{owner: "hand file", finding: "no-route-to-server"}},
		{"link-local server without interface", "nameserver fe80::1\n", "true", "true", dnsState{owner: "hand file", finding: "servers-dead"}},
		{"no servers", "search office.test\n", "true", "true", dnsState{owner: "hand file", finding: "resolv-conf-empty"}},
		{"indented", " " + works, "true", "true", dnsState{owner: "hand file", finding: "resolv-conf-empty"}},
		{"nsswitch without dns", works, "sed -i 's/^hosts:.*/hosts: files/' /etc/nsswitch.conf", "cp /run/nsswitch.conf /etc", dnsState{owner: "hand file", finding: "nsswitch-no-dns"}},
		{"nsswitch returns", works, "sed -i 's/^hosts:.*/hosts: files [NOTFOUND=return] dns/' /etc/nsswitch.conf", "cp /run/nsswitch.conf /etc", dnsState{owner: "hand file", finding: "nsswitch-returns-before-dns"}},
		{"root only", works, "chmod 640 /etc/resolv.conf", "chmod 644 /etc/resolv.conf", dnsState{owner: "hand file", resolves: true, finding: "resolv-conf-unreadable"}},
		{"bind mount", "nameserver " + silent + "\noptions timeout:1 attempts:1\n", "printf '" + strings.TrimSpace(works) + "\\n' >/run/over; mount --bind /run/over /etc/resolv.conf", "umount /etc/resolv.conf", dnsState{owner: "mount bind mount", resolves: true, finding: "bind-mounted"}},
		{"link loop", works, "ln -sf resolv.conf /etc/resolv.conf", "rm /etc/resolv.conf", dnsState{finding: "resolv-conf-loop"}},
		{"FIFO", works, "rm /etc/resolv.conf; mkfifo /etc/resolv.conf", "rm /etc/resolv.conf", dnsState{finding: "resolv-conf-not-a-file"}},
	} {
		w.Shell("printf '" + strings.ReplaceAll(tt.conf, "\n", "\\n") + "' >/etc/resolv.conf")
		w.Shell(tt.script)
		w.expect(tt.what, tt.want)
		w.Shell(tt.undo)
	}
}

// failing is an answer with an error.
func failing(msg []byte, rcode dnsmessage.RCode) []byte {
	var m dnsmessage.Message
	if m.Unpack(msg) != nil {
		return nil
	}
	m.Response, m.RecursionAvailable, m.RCode, m.Additionals = true, true, rcode, nil
	out, err := m.Pack()
	if err != nil {
		return nil
	}
	return out
}

// unlessCheckingDisabled answers as a server does that cannot verify what it
// gets.
func unlessCheckingDisabled(msg []byte, tcp bool) [][]byte {
	var m dnsmessage.Message
	if m.Unpack(msg) == nil && m.CheckingDisabled {
		return office(msg, tcp)
	}
	return [][]byte{failing(msg, dnsmessage.RCodeServerFailure)}
}

// TestDNSAnywhere looks at one system from inside, from outside, later, and while
// it is down.
func TestDNSAnywhere(t *testing.T) {
	t.Parallel()
	w := newDNSWorld(t, "desktop", "NetworkManager.service")
	w.Boot()
	w.Run("systemctl", "stop", "connman")
	answer := func(out string) (a dnsAnswer) {
		t.Helper()
		if err := json.Unmarshal([]byte(out), &a); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return a
	}
	out, _ := w.Try("dekho", "dns", "--json", "--save", "/root/facts.tar")
	inside := answer(out)
	if inside.Owner.ID != "connman" || len(inside.Findings) == 0 {
		t.Fatalf("from inside: %s", out)
	}
	out, _ = w.Try("dekho", "dns", "--json", "/root/facts.tar")
	if diff := cmp.Diff(inside, answer(out)); diff != "" {
		t.Errorf("from the facts that were saved (-inside +facts):\n%s", diff)
	}
	bin, err := program(t)
	if err != nil {
		t.Fatal(err)
	}
	out, _ = w.Try("dekho", "dns", "--json", "--no-probe")
	inside = answer(out)
	outside, _ := exec.Command(bin, "dns", "--json", "--no-probe", "--pid", strconv.Itoa(w.PID())).Output()
	// What to run there is advice from here.
	if diff := cmp.Diff(inside, answer(string(outside)), cmpopts.IgnoreFields(dnsFinding{}, "Next")); diff != "" {
		t.Errorf("through a process of it (-inside +outside):\n%s", diff)
	}
	w.Halt()
	offline, _ := w.Offline(bin, "dns", "--json", "--root", ".")
	if a := answer(offline); a.Owner.ID != "connman" || a.NextBoot.Owner != "connman" || slices.ContainsFunc(a.Findings, func(f dnsFinding) bool { return f.Severity != "note" }) {
		t.Errorf("while it is down: %s", offline)
	}
}

// TestDNSBars measures how long it takes, with nobody asked, and with as many
// silent servers as there can be.
func TestDNSBars(t *testing.T) {
	w := newDNSWorld(t, "desktop", "connman.service")
	w.Write(connection, static, 0o600)
	w.Link("/run/NetworkManager/resolv.conf", "/etc/resolv.conf")
	w.Boot()
	w.Shell(online)
	w.resolves()
	var all []time.Duration
	for range 10 {
		at := time.Now()
		w.Try("dekho", "dns", "--no-probe") //nolint:errcheck // it finds nothing
		all = append(all, time.Since(at))
	}
	slices.Sort(all)
	nothing := time.Now()
	w.Run("dekho", "version")
	fmt.Printf("dekho dns --no-probe: %v, median of %d; dekho version %v\n", all[len(all)/2].Round(time.Millisecond), len(all), time.Since(nothing).Round(time.Millisecond))
	servers := ""
	for _, addr := range []string{"10.77.0.10", "10.77.0.11", "10.77.0.12"} {
		w.LAN.AddAddress(addr)
		w.LAN.ServeDNS(addr, func([]byte, bool) [][]byte { return nil })
		servers += "nameserver " + addr + "\\n"
	}
	w.Shell("printf '" + servers + "' >/run/silent; rm /etc/resolv.conf; cp /run/silent /etc/resolv.conf")
	at := time.Now()
	out, _ := w.Try("dekho", "dns", "--json")
	took := time.Since(at)
	if !strings.Contains(out, "servers-dead") {
		t.Errorf("three silent servers: %s", out)
	}
	fmt.Printf("dekho dns with three silent servers: %v\n", took.Round(10*time.Millisecond))
	if took > 4*time.Second {
		t.Errorf("dekho dns with three silent servers took %v", took)
	}
}
