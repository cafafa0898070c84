package nstest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The addresses of a LAN: its router, which is also where the DHCP server and
// the name server that it names are, and the network.
const (
	Router  = "10.77.0.1"
	Network = "10.77.0.0/24"
)

// LAN is the network behind the interface of a world, with its own end of the
// cable in a network namespace of its own.
type LAN struct {
	t     testing.TB
	netns *os.File
	base  string // the directory of the worlds, for its dnsmasq
}

func newLAN(t testing.TB, worlds string) *LAN {
	t.Helper()
	netns, err := newNetns()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = netns.Close() })
	lan := &LAN{t: t, netns: netns, base: worlds}
	lan.ip("link", "set", "lo", "up")
	lan.ip("link", "add", "lan0", "type", "bridge")
	lan.ip("addr", "add", Router+"/24", "dev", "lan0")
	lan.ip("link", "set", "lan0", "up")
	return lan
}

// plug makes the network namespace of a world, whose eth0 is on the LAN.
func (lan *LAN) plug() *os.File {
	lan.t.Helper()
	netns, err := newNetns()
	if err != nil {
		lan.t.Fatal(err)
	}
	path := fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), netns.Fd())
	lan.ip("link", "add", "name", "port0", "type", "veth", "peer", "name", "eth0", "address", "52:54:00:77:00:02", "netns", path)
	lan.ip("link", "set", "port0", "master", "lan0", "up")
	return netns
}

// unplug takes the cable away. The kernel does so too, some time after the
// world's end of it is gone.
func (lan *LAN) unplug() {
	_ = inNetns(lan.netns, func() error { return exec.Command("ip", "link", "del", "port0").Run() })
}

// ip runs the program of that name on the LAN's side.
func (lan *LAN) ip(args ...string) {
	lan.t.Helper()
	err := inNetns(lan.netns, func() error {
		out, err := exec.Command("ip", args...).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
		}
		return err
	})
	if err != nil {
		lan.t.Fatal(err)
	}
}

// AddAddress gives the LAN's side another address, for one more server.
func (lan *LAN) AddAddress(addr string) {
	lan.t.Helper()
	lan.ip("addr", "add", addr+"/24", "dev", "lan0")
}

// ServeDNS runs a name server on an address of the LAN's side until the test
// ends.
func (lan *LAN) ServeDNS(addr string, answer func(msg []byte, tcp bool) [][]byte) {
	lan.t.Helper()
	var pc net.PacketConn
	var l net.Listener
	err := inNetns(lan.netns, func() error {
		var err error
		if pc, err = net.ListenPacket("udp", net.JoinHostPort(addr, "53")); err != nil {
			return err
		}
		l, err = net.Listen("tcp", net.JoinHostPort(addr, "53"))
		return err
	})
	if err != nil {
		lan.t.Fatal(err)
	}
	ServeDNS(lan.t, pc, l, answer)
}

// ServeDHCP runs dnsmasq as the DHCP server of the LAN until the test ends. It
// hands out the name server and the domain.
func (lan *LAN) ServeDHCP(nameServer, domain string) {
	lan.t.Helper()
	// It runs with the C library and the libraries that it is installed with.
	desktop, base := filepath.Join(lan.base, "desktop"), filepath.Join(lan.base, "base")
	loaders, err := filepath.Glob(filepath.Join(base, "usr/lib/*/ld-linux-*.so.*"))
	if err != nil || len(loaders) == 0 {
		lan.t.Fatal("the worlds have no C library")
	}
	triplet := filepath.Base(filepath.Dir(loaders[0]))
	cmd := exec.Command(loaders[0], "--library-path",
		filepath.Join(desktop, "usr/lib", triplet)+":"+filepath.Join(base, "usr/lib", triplet), filepath.Join(desktop, "usr/sbin/dnsmasq"),
		"--keep-in-foreground", "--log-facility=-", "--conf-file=/dev/null", "--user=root", "--group=root", "--pid-file", "--port=0",
		"--interface=lan0", "--except-interface=lo", "--bind-interfaces", "--dhcp-authoritative", "--no-ping", "--leasefile-ro",
		"--dhcp-range=10.77.0.50,10.77.0.99,1h", "--dhcp-option=option:dns-server,"+nameServer, "--dhcp-option=option:domain-name,"+domain)
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started, stopped := make(chan error), make(chan struct{})
	go func() { // as World.Boot does
		runtime.LockOSThread()
		defer close(stopped)
		err := enter(lan.netns)
		if err == nil {
			err = cmd.Start()
		}
		started <- err
		if err == nil {
			_ = cmd.Wait() // killed
		}
	}()
	if err := <-started; err != nil {
		lan.t.Fatal(err)
	}
	lan.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-stopped
		if lan.t.Failed() {
			lan.t.Logf("dnsmasq on the LAN:\n%s", log.String())
		}
	})
}

// newNetns makes a network namespace that lives as long as somebody holds it.
func newNetns() (*os.File, error) {
	var f *os.File
	err := onThread(func() error {
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			f, err = os.Open("/proc/thread-self/ns/net")
		}
		return err
	})
	return f, err
}

// inNetns does something in a network namespace. Sockets made there stay in it,
// and so do programs started there.
func inNetns(netns *os.File, do func() error) error {
	return onThread(func() error {
		if err := enter(netns); err != nil {
			return err
		}
		return do()
	})
}

// enter moves the thread into a network namespace.
func enter(netns *os.File) error {
	if err := unix.Setns(int(netns.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("entering a network namespace: %w", err)
	}
	return nil
}

// onThread does something on a thread of its own, which ends with it.
func onThread(do func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the runtime ends the thread
		done <- do()
	}()
	return <-done
}
