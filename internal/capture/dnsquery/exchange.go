package dnsquery

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// ask asks the question of the result and fills it in.
func (r *Result) ask(ctx context.Context) {
	name, err := newName(r.Name)
	if err != nil {
		r.Class, r.Detail = BadName, err.Error()
		return
	}
	r.Name = escape(name.String())
	if err := r.checkServer(); err != nil {
		r.Class, r.Detail = BadAddress, err.Error()
		return
	}
	q := &question{name: name, typ: dnsmessage.TypeA, edns: true}
	if r.Type == AAAA {
		q.typ = dnsmessage.TypeAAAA
	}
	start := time.Now()
	a := r.exchange(ctx, q)
	if a == nil {
		r.Elapsed = time.Since(start)
		return
	}
	// Servers older than EDNS refuse what they do not understand.
	if !r.Plain && (a.rcode == "FORMERR" || a.rcode == "NOTIMP" || a.rcode == "BADVERS") {
		again := *r
		plain := *q
		plain.edns = false
		if b := again.exchange(ctx, &plain); b != nil {
			*r, a = again, b
			r.Plain = true
		}
	}
	r.Elapsed = time.Since(start)
	r.take(a)
	if a.rcode != "SERVFAIL" {
		return
	}
	// Does it fail because of what it verifies? Then it answers when it is told
	// not to.
	unverified := *q
	unverified.cd = true
	again := Result{Server: r.Server, Name: r.Name, Type: r.Type, Plain: r.Plain}
	if b := again.exchange(ctx, &unverified); b != nil && (b.rcode == "NOERROR" || b.rcode == "NXDOMAIN") {
		r.Bogus = true
		r.Records, r.Omitted, r.Signatures = b.records, b.omitted, b.sigs
	}
}

func (r *Result) take(a *answer) {
	r.Class, r.Rcode, r.Authentic = Answered, a.rcode, a.authentic
	r.Records, r.Omitted, r.Signatures, r.Errors = a.records, a.omitted, a.sigs, a.errors
	if a.truncated {
		r.Class, r.TCP = Truncated, false
	}
}

// exchange asks by UDP and, if the answer is too long for that, by TCP. It
// returns nil if there is none, and says why in the result.
func (r *Result) exchange(ctx context.Context, q *question) *answer {
	a := r.datagrams(ctx, q)
	if a == nil || !a.truncated {
		return a
	}
	b, err := r.stream(ctx, q)
	if err != nil {
		r.Detail = "asking again by TCP: " + err.Error()
		return a
	}
	r.TCP = true
	return b
}

// datagrams asks by UDP. When half of the time is over it asks again, without
// EDNS: some servers, and boxes on the way, drop what they do not understand.
func (r *Result) datagrams(ctx context.Context, q *question) *answer {
	network := "udp4"
	if r.Server.Addr().Is6() {
		network = "udp6"
	}
	// The socket is not connected, so that an answer from another address is seen.
	lc := net.ListenConfig{Control: reportErrors}
	pc, err := lc.ListenPacket(ctx, network, ":0")
	if err != nil {
		r.fail(err)
		return nil
	}
	conn := pc.(*net.UDPConn)
	defer conn.Close() //nolint:errcheck // nothing is written any more
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	defer stop()

	var sent []*question
	send := func(q *question) error {
		own := *q
		own.id = randomID()
		msg, err := own.pack()
		if err != nil {
			return err
		}
		sent = append(sent, &own)
		_, err = conn.WriteToUDPAddrPort(msg, r.destination())
		return err
	}
	deadline, _ := ctx.Deadline()
	resend := time.Now().Add(time.Until(deadline) / 2)
	_ = conn.SetReadDeadline(resend)
	if err := send(q); err != nil {
		r.fail(err)
		return nil
	}
	buf := make([]byte, 1<<16)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) && len(sent) == 1 && ctx.Err() == nil && time.Now().Before(deadline) {
			_ = conn.SetReadDeadline(deadline)
			plain := *q
			plain.edns = false
			err = send(&plain)
			if err == nil {
				continue
			}
		}
		if err != nil {
			r.fail(err)
			return nil
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		if a := r.match(sent, buf[:n], from); a != nil {
			return a
		}
	}
}

// match reads a datagram. It returns nil, and notes the stray, unless it answers
// one of the questions.
func (r *Result) match(sent []*question, msg []byte, from netip.AddrPort) *answer {
	stray := Stray{From: from, Class: Garbage}
	for _, q := range sent {
		a, err := q.parse(msg)
		switch {
		case err == nil && from == r.destination():
			r.From, r.Plain = from, !q.edns && sent[0].edns || r.Plain
			return a
		case err == nil:
			stray.Class, stray.Why = WrongSource, "it came from an address that was not asked"
		case errors.Is(err, errWrongID):
			if stray.Why == "" {
				stray.Class, stray.Why = WrongID, err.Error()
			}
		default:
			stray.Class, stray.Why = Garbage, err.Error()
		}
	}
	if len(r.Strays) < maxStrays {
		r.Strays = append(r.Strays, stray)
	}
	return nil
}

// stream asks by TCP.
func (r *Result) stream(ctx context.Context, q *question) (*answer, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", r.destination().String())
	if err != nil {
		return nil, plainError(err)
	}
	defer conn.Close() //nolint:errcheck // nothing is written any more
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	defer stop()
	own := *q
	own.id = randomID()
	msg, err := own.pack()
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...)); err != nil {
		return nil, plainError(err)
	}
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return nil, plainError(err)
	}
	buf := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(conn, buf); err != nil {
		return nil, plainError(err)
	}
	a, err := own.parse(buf)
	if err == nil && a.truncated {
		err = errors.New("the answer is truncated there too")
	}
	return a, err
}

// fail classes why there is no answer. What came and was none explains more
// than that nothing else did.
func (r *Result) fail(err error) {
	r.Detail = plainError(err).Error()
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		r.Class, r.Detail = Timeout, "no answer"
		if len(r.Strays) > 0 {
			r.Class, r.Detail = r.Strays[0].Class, r.Strays[0].Why
			r.From = r.Strays[0].From
		}
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET):
		r.Class = PortClosed
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EAFNOSUPPORT):
		r.Class = NoRoute
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EHOSTDOWN), errors.Is(err, syscall.ENETDOWN):
		r.Class = Unreachable
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES):
		r.Class = Prohibited
	case errors.Is(err, syscall.EINVAL):
		r.Class = BadAddress
	default:
		r.Class = Failed
	}
}

// plainError is what the kernel says, without the addresses that package net
// puts in front of it.
func plainError(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return errors.New("no answer in time")
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// checkServer checks that the address can be sent to: that a link-local one
// says on which interface, and there is that.
func (r *Result) checkServer() error {
	addr := r.Server.Addr()
	switch {
	case !addr.IsValid():
		return errors.New("there is no address")
	case addr.Is6() && addr.IsLinkLocalUnicast() && addr.Zone() == "":
		return errors.New("a link-local address needs an interface behind it, as in " + addr.WithZone("eth0").String())
	case addr.Zone() != "":
		if zone := r.destination().Addr().Zone(); zone == "" {
			return fmt.Errorf("there is no interface %q", addr.Zone())
		}
	}
	return nil
}

// destination is the address that stands for the server, in the form in which
// answers come from it: the unspecified address is this machine, and the
// interface of a link-local one goes by its name. It has no zone if there is no
// such interface.
func (r *Result) destination() netip.AddrPort {
	addr := r.Server.Addr()
	switch {
	case addr.IsUnspecified() && addr.Is4():
		addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case addr.IsUnspecified():
		addr = netip.IPv6Loopback()
	case addr.Zone() != "":
		ifi, err := net.InterfaceByName(addr.Zone())
		if err != nil {
			index, _ := strconv.Atoi(addr.Zone())
			ifi, err = net.InterfaceByIndex(index)
		}
		if err != nil {
			return netip.AddrPortFrom(addr.WithZone(""), r.Server.Port())
		}
		addr = addr.WithZone(ifi.Name)
	}
	return netip.AddrPortFrom(addr, r.Server.Port())
}

func randomID() uint16 {
	var b [2]byte
	_, _ = rand.Read(b[:]) // it never fails
	return binary.BigEndian.Uint16(b[:])
}
