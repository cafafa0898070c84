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
