package e2e

import (
	"strings"
	"testing"
)

// state is all of /etc and of the enabled units that a fix may change, in a form
// that can be compared: what is where, with modes, owners and contents.
func (w *dnsWorld) state() string {
	w.t.Helper()
	return w.Shell("cd /etc; for f in resolv.conf nsswitch.conf $(find systemd NetworkManager tmpfiles.d | sort); do " +
		"stat -c '%N %a %u:%g' $f 2>/dev/null || echo $f is not there; if [ -f $f ] && [ ! -L $f ]; then sha256sum <$f; fi; done")
}

// fixed has dekho dns --fix make names resolve, takes that back, looks that
// nothing is left of it, makes it again and boots.
func (w *dnsWorld) fixed(what string, after dnsState) {
	w.t.Helper()
	before := w.state()
	out, err := w.Try("dekho", "dns", "--fix", "--yes", "--name", www)
	if err != nil {
		w.t.Errorf("%s: %v\n%s", what, err, out)
		return
	}
	w.expect(what+", fixed", after)
	if out, err := w.Try("dekho", "undo", "--yes"); err != nil {
		w.t.Errorf("%s: %v\n%s", what, err, out)
	}
	if left := w.state(); left != before {
		w.t.Errorf("%s: dekho undo leaves\n%s\nof\n%s\nthe fix was\n%s", what, left, before, out)
	}
	w.Run("dekho", "dns", "--fix", "--yes", "--name", www)
	w.Reboot()
	w.expect(what+", fixed and booted", after)
}

func TestDNSFix(t *testing.T) {
	t.Parallel()
	for link, owner := range map[string]string{
		"/var/run/connman/resolv.conf":          "networkmanager symlink",
		"/run/systemd/resolve/stub-resolv.conf": "networkmanager uplink",
	} {
		t.Run(strings.ReplaceAll(link, "/", "_"), func(t *testing.T) {
			t.Parallel()
			w := newDNSWorld(t, "desktop", "connman.service")
			w.Write(connection, static, 0o600)
			w.Link(link, "/etc/resolv.conf")
			w.Boot()
			w.Shell(online)
			w.fixed("a link to "+link, dnsState{owner: owner, resolves: true, boot: "networkmanager"})
			w.Shell("nmcli connection modify office ipv4.dns '10.77.0.1 " + second + "' && nmcli connection up office")
			if conf := w.Shell("cat /etc/resolv.conf"); !strings.Contains(conf, "nameserver "+second) {
				t.Errorf("servers that NetworkManager gets later do not arrive:\n%s", conf)
			}
		})
	}
	t.Run("resolved", func(t *testing.T) {
		t.Parallel()
		w := newDNSWorld(t, "resolved", "dhcpcd.service")
		w.Write(connection, dynamic, 0o600)
		w.Boot()
		w.Shell(online + "; systemctl disable --now systemd-resolved")
		// NetworkManager has the servers at hand, in a file that does without the stub.
		w.fixed("the stub without its daemon", dnsState{owner: "networkmanager uplink", resolves: true, boot: "networkmanager"})
	})
}

// TestDNSUndo has dekho dns --fix repair the user's case, for root only: names resolve, do so
// after the next boot, and dekho undo gives back what was there.
func TestDNSUndo(t *testing.T) {
	t.Parallel()
	w := newDNSWorld(t, "desktop")
	w.Write(connection, static, 0o600)
	w.Link("/var/run/connman/resolv.conf", "/etc/resolv.conf")
	w.Link("/dev/null", "/etc/systemd/system/connman.service")
	w.Boot()
	w.Shell(online)
	was := w.state()

	if out := w.Shell("HOME=/tmp setpriv --reuid=65534 --regid=65534 --clear-groups dekho dns --fix --yes --name " + www + " 2>&1 || true"); !strings.Contains(out, "only root can change it") {
		t.Errorf("somebody else than root: %s", out)
	}
	out := w.Run("dekho", "dns", "--fix", "--yes", "--name", www)
	if !strings.Contains(out, "done: "+www+" resolves") {
		t.Errorf("the fix: %s", out)
	}
	fixed := dnsState{owner: "networkmanager symlink", resolves: true, boot: "networkmanager"}
	w.expect("fixed", fixed)
	w.Reboot()
	w.Shell(online)
	w.expect("fixed, after a reboot", fixed)
	w.Run("dekho", "undo", "--yes")
	if now := w.state(); now != was {
		t.Errorf("dekho undo leaves\n%s\nit was\n%s", now, was)
	}
	w.expect("taken back", dnsState{owner: "connman link", finding: "resolv-conf-dangling"})

	// Nobody answers there: with the link names do not resolve either.
	w.Shell("nmcli connection modify office ipv4.dns 10.77.0.99 && nmcli connection up office")
	was = w.state()
	if out, err := w.Try("dekho", "dns", "--fix", "--yes", "--name", www); err == nil || !strings.Contains(out, "\ntaken back: ") {
		t.Errorf("a fix that does not help: %v: %s", err, out)
	}
	if now := w.state(); now != was {
		t.Errorf("what does not help leaves\n%s\nit was\n%s", now, was)
	}
	if out, err := w.Try("dekho", "undo", "--list"); err == nil {
		t.Errorf("it is still listed: %s", out)
	}

	// A NetworkManager that keeps no file of its own has to be told to write one.
	w.Shell("nmcli connection modify office ipv4.dns 10.77.0.1 && nmcli connection up office && rm /run/NetworkManager/*resolv.conf")
	was = w.state()
	out = w.Run("dekho", "dns", "--fix", "--yes", "--name", www)
	if !strings.Contains(out, "then runs: $ systemctl restart NetworkManager.service") || !strings.Contains(out, "done: "+www+" resolves") {
		t.Errorf("the fix without its file: %s", out)
	}
	w.expect("NetworkManager was restarted", dnsState{owner: "networkmanager file", resolves: true, boot: "networkmanager"})
	w.Run("dekho", "undo", "--yes")
	if now := w.state(); now != was {
		t.Errorf("dekho undo leaves\n%s\nit was\n%s", now, was)
	}
}
