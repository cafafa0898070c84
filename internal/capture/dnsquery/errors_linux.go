package dnsquery

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// reportErrors has the kernel report what ICMP says about a datagram on the
// socket, although it is not connected.
func reportErrors(network, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		// Where it cannot be had, a closed port looks like a silent one.
		if network == "udp6" {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVERR, 1)
		} else {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVERR, 1)
		}
	})
}
