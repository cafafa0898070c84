package nstest_test

import (
	"net"
	"os"
	"strings"
	"testing"

	"dekho/internal/nstest"
)

// TestWorld has a world get an address and a name server by DHCP and resolve a
// name, and looks that the machine around it has not changed.
func TestWorld(t *testing.T) {
	before := host(t)
	w := nstest.New(t, "resolvconf")
	w.LAN.ServeDNS(nstest.Router, func(msg []byte, _ bool) [][]byte {
		return [][]byte{nstest.Zone{"www.office.test": {"10.77.0.80"}}.Reply(msg)}
	})
	w.LAN.ServeDHCP(nstest.Router, "office.test")
	w.Write("/etc/network/interfaces", "auto eth0\niface eth0 inet dhcp\n", 0o644)
	w.Boot()
	w.Wait("the name to resolve", func() bool {
		out, _ := w.Try("getent", "ahostsv4", "www")
		return strings.HasPrefix(out, "10.77.0.80 ")
	})
	if out, err := w.Try("sh", "-c", "echo 1 >/proc/sys/kernel/sysrq || echo refused"); err != nil || out != "refused\n" {
		t.Errorf("writing to a variable of the kernel: %q, %v", out, err)
	}
	w.Shell("echo kept >/etc/kept; echo lost >/run/lost")
	w.Reboot()
	if out := w.Shell("cat /etc/kept; ls /run"); !strings.HasPrefix(out, "kept\n") || strings.Contains(out, "lost") {
		t.Errorf("after a reboot: %s", out)
	}
	w.Halt()
	if after := host(t); after != before {
		t.Errorf("the machine of the tests has changed, from\n%s\nto\n%s", before, after)
	}
}

// host is what of the machine of the tests could be hurt.
func host(t *testing.T) string {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	resolv, _ := os.ReadFile("/etc/resolv.conf")
	links, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(name + "\n" + string(resolv) + string(mounts))
	for _, l := range links {
		b.WriteString(l.Name + " ")
	}
	return b.String()
}
