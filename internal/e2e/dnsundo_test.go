package e2e

import (
	"strings"
	"testing"
)

// files is what a fix may touch, as stat(1) and the shell show it.
const files = "cd /etc; stat -c '%N %F %a %u %g %y' resolv.conf nsswitch.conf; find tmpfiles.d -printf '%p %m %u %g\n' | sort; md5sum nsswitch.conf tmpfiles.d/* 2>/dev/null || true"

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
	was := w.Shell(files)

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
	if now := w.Shell(files); now != was {
		t.Errorf("dekho undo leaves\n%s\nit was\n%s", now, was)
	}
	w.expect("taken back", dnsState{owner: "connman link", finding: "resolv-conf-dangling"})

	// Nobody answers there: with the link names do not resolve either.
	w.Shell("nmcli connection modify office ipv4.dns 10.77.0.99 && nmcli connection up office")
	was = w.Shell(files)
	if out, err := w.Try("dekho", "dns", "--fix", "--yes", "--name", www); err == nil || !strings.Contains(out, "\ntaken back: ") {
		t.Errorf("a fix that does not help: %v: %s", err, out)
	}
	if now := w.Shell(files); now != was {
		t.Errorf("what does not help leaves\n%s\nit was\n%s", now, was)
	}
	if out, err := w.Try("dekho", "undo", "--list"); err == nil {
		t.Errorf("it is still listed: %s", out)
	}

	// A NetworkManager that keeps no file of its own has to be told to write one.
	w.Shell("nmcli connection modify office ipv4.dns 10.77.0.1 && nmcli connection up office && rm /run/NetworkManager/*resolv.conf")
	out = w.Run("dekho", "dns", "--fix", "--yes", "--name", www)
	if !strings.Contains(out, "then runs: $ systemctl restart NetworkManager.service") || !strings.Contains(out, "done: "+www+" resolves") {
		t.Errorf("the fix without its file: %s", out)
	}
	w.expect("NetworkManager was restarted", dnsState{owner: "networkmanager file", resolves: true, boot: "networkmanager"})
	w.Run("dekho", "undo", "--yes")
	if now := w.Shell(files); now != was {
		t.Errorf("dekho undo leaves\n%s\nit was\n%s", now, was)
	}
}
