package nstest

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// Zone is what a name server of a test knows: addresses by name, in lower case
// and without the dot at the end.
type Zone map[string][]string

// Reply answers a message as a server that knows all of a zone does and nothing
// else. It returns nil for what is no question.
func (z Zone) Reply(msg []byte) []byte {
	var p dnsmessage.Parser
	h, err := p.Start(msg)
	if err != nil || h.Response {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return nil
	}
	addrs, known := z[strings.TrimSuffix(strings.ToLower(q.Name.String()), ".")]
	answer := dnsmessage.Header{ID: h.ID, Response: true, RecursionDesired: h.RecursionDesired, RecursionAvailable: true, CheckingDisabled: h.CheckingDisabled}
	if !known {
		answer.RCode = dnsmessage.RCodeNameError
	}
	b := dnsmessage.NewBuilder(nil, answer)
	b.EnableCompression()
	err = errors.Join(b.StartQuestions(), b.Question(q), b.StartAnswers())
	for _, s := range addrs {
		addr := netip.MustParseAddr(s)
		rh := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 60}
		switch {
		case addr.Is4() && q.Type == dnsmessage.TypeA:
			err = errors.Join(err, b.AResource(rh, dnsmessage.AResource{A: addr.As4()}))
		case addr.Is6() && q.Type == dnsmessage.TypeAAAA:
			err = errors.Join(err, b.AAAAResource(rh, dnsmessage.AAAAResource{AAAA: addr.As16()}))
		}
	}
	reply, finish := b.Finish()
	if errors.Join(err, finish) != nil {
		return nil
	}
	return reply
}

// ServeDNS answers questions on both sockets until the test ends; either may be
// nil. What answer returns is sent, several messages one after the other.
func ServeDNS(t testing.TB, pc net.PacketConn, l net.Listener, answer func(msg []byte, tcp bool) [][]byte) {
	t.Helper()
	if pc != nil {
		t.Cleanup(func() { _ = pc.Close() })
		go func() {
			buf := make([]byte, 1<<16)
			for {
				n, from, err := pc.ReadFrom(buf)
				if errors.Is(err, net.ErrClosed) {
					return
				}
				if err != nil { // what ICMP said about an earlier answer
					continue
				}
				for _, msg := range answer(buf[:n], false) {
					_, _ = pc.WriteTo(msg, from)
				}
			}
		}()
	}
	if l != nil {
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go serveStream(conn, answer)
			}
		}()
	}
}

func serveStream(conn net.Conn, answer func(msg []byte, tcp bool) [][]byte) {
	defer conn.Close() //nolint:errcheck // the client has what it gets
	for {
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		buf := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(conn, buf); err != nil {
			return
		}
		for _, msg := range answer(buf, true) {
			if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...)); err != nil {
				return
			}
		}
	}
}
