//go:build !linux

package dnsquery

import "syscall"

// reportErrors does nothing: other systems tell about ICMP only on connected
// sockets.
func reportErrors(_, _ string, _ syscall.RawConn) error { return nil }
