package dnsquery

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"dekho/internal/nstest"
)

// zone is what the servers of the tests know.
var zone = nstest.Zone{
	"host.test":  {"192.0.2.1", "2001:db8::1"},
	"only4.test": {"192.0.2.4"},
}

// serve starts a name server on loopback.
func serve(t *testing.T, answer func(msg []byte, tcp bool) [][]byte) netip.AddrPort {
	t.Helper()
	pc, l := listen(t)
	nstest.ServeDNS(t, pc, l, answer)
	return netip.MustParseAddrPort(pc.LocalAddr().String())
}

// listen opens the same port for UDP and TCP.
func listen(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	for range 20 {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		pc, err := net.ListenPacket("udp4", l.Addr().String())
		if err == nil {
			return pc, l
		}
		_ = l.Close()
	}
	t.Fatal("no port is free for both UDP and TCP")
	return nil, nil
}

// good answers from the zone.
func good(msg []byte, _ bool) [][]byte { return [][]byte{zone.Reply(msg)} }

// header rewrites the flags of a reply.
func header(reply []byte, set func(h *dnsmessage.Header)) []byte {
	var m dnsmessage.Message
	if err := m.Unpack(reply); err != nil {
		panic(err)
	}
	set(&m.Header)
	out, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return out
}

// one asks one server for the A records of host.test.
func one(t *testing.T, server netip.AddrPort, timeout time.Duration) Result {
	t.Helper()
	return Ask(t.Context(), []netip.AddrPort{server}, []string{"host.test"}, Options{Timeout: timeout, Types: []Type{A}})[0]
}

func TestAsk(t *testing.T) {
	server := serve(t, good)
	results := Ask(t.Context(), []netip.AddrPort{server}, []string{"host.test", "only4.test.", "nothing.test"}, Options{})
	var got []string
	for _, r := range results {
		got = append(got, strings.Join([]string{r.Name, string(r.Type), string(r.Class), r.Rcode, strings.Join(r.Addresses(), ",")}, " "))
		if r.From != server || r.TCP || r.Plain || r.Bogus || r.Elapsed <= 0 || len(r.Strays) > 0 {
			t.Errorf("%+v", r)
		}
	}
	want := []string{
		"host.test A answered NOERROR 192.0.2.1", "host.test AAAA answered NOERROR 2001:db8::1",
		"only4.test A answered NOERROR 192.0.2.4", "only4.test AAAA answered NOERROR ",
		"nothing.test A answered NXDOMAIN ", "nothing.test AAAA answered NXDOMAIN ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if !results[0].Resolved() || results[3].Resolved() || results[4].Resolved() {
		t.Error("Resolved is wrong about one of the answers")
	}
}

// TestClasses has a server for each thing that can go wrong, asks all of them
// at once, and looks that this takes no longer than one of them.
func TestClasses(t *testing.T) {
	const timeout = 800 * time.Millisecond
	closed, l := listen(t)
	_, _ = closed.Close(), l.Close()
	elsewhere, err := net.ListenPacket("udp4", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close() //nolint:errcheck // only read from
	lateral, ll := listen(t)
	_ = ll.Close()
	go func() { // answers from another address
		buf := make([]byte, 4096)
		for {
			n, from, err := lateral.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = elsewhere.WriteTo(zone.Reply(buf[:n]), from)
		}
	}()
	defer lateral.Close() //nolint:errcheck // only read from

	refuse := func(rcode dnsmessage.RCode) func([]byte, bool) [][]byte {
		return func(msg []byte, _ bool) [][]byte {
			return [][]byte{header(zone.Reply(msg), func(h *dnsmessage.Header) { h.RCode = rcode })}
		}
	}
	truncate := func(overTCP func(msg []byte) []byte) func([]byte, bool) [][]byte {
		return func(msg []byte, tcp bool) [][]byte {
			if tcp {
				return [][]byte{overTCP(msg)}
			}
			return [][]byte{header(zone.Reply(msg), func(h *dnsmessage.Header) { h.Truncated = true })}
		}
	}
	hasEDNS := func(msg []byte) bool { return binary.BigEndian.Uint16(msg[10:]) == 1 }
	tests := []struct {
		name   string
		server netip.AddrPort
		class  Class
		rcode  string
		check  func(r Result) bool
	}{
		{"good", serve(t, good), Answered, "NOERROR", func(r Result) bool { return r.Resolved() }},
		{"dead", serve(t, func([]byte, bool) [][]byte { return nil }), Timeout, "", nil},
		{"slow", serve(t, func(msg []byte, _ bool) [][]byte {
			time.Sleep(timeout / 4)
			return good(msg, false)
		}), Answered, "NOERROR", func(r Result) bool { return r.Resolved() && r.Elapsed >= timeout/4 }},
		{"port closed", netip.MustParseAddrPort(closed.LocalAddr().String()), PortClosed, "", func(r Result) bool { return r.Elapsed < timeout/2 }},
		{"refusing", serve(t, refuse(dnsmessage.RCodeRefused)), Answered, "REFUSED", nil},
		{"failing", serve(t, refuse(dnsmessage.RCodeServerFailure)), Answered, "SERVFAIL", func(r Result) bool { return !r.Bogus }},
		{"truncating", serve(t, truncate(zone.Reply)), Answered, "NOERROR", func(r Result) bool { return r.TCP && r.Resolved() }},
		{"truncating, garbage by TCP", serve(t, truncate(func([]byte) []byte { return []byte("no DNS") })), Truncated, "NOERROR", func(r Result) bool { return !r.TCP && r.Detail != "" && !r.Resolved() }},
		{"garbage", serve(t, func([]byte, bool) [][]byte { return [][]byte{[]byte("HTTP/1.1 400 Bad Request\r\n\r\n")} }), Garbage, "", nil},
		{"echo", serve(t, func(msg []byte, _ bool) [][]byte { return [][]byte{msg} }), Garbage, "", nil},
		{"answers something else", serve(t, func(msg []byte, _ bool) [][]byte {
			reply := zone.Reply(msg)
			copy(reply[13:], "evil")
			return [][]byte{reply}
		}), Garbage, "", func(r Result) bool { return strings.Contains(r.Detail, "evil.test") }},
		{"wrong id", serve(t, func(msg []byte, _ bool) [][]byte {
			reply := zone.Reply(msg)
			reply[0] ^= 0xff
			return [][]byte{reply}
		}), WrongID, "", nil},
		{"liar before the truth", serve(t, func(msg []byte, _ bool) [][]byte {
			lie := zone.Reply(msg)
			lie[1] ^= 0xff
			return [][]byte{lie, []byte("x"), zone.Reply(msg)}
		}), Answered, "NOERROR", func(r Result) bool {
			return len(r.Strays) == 2 && r.Strays[0].Class == WrongID && r.Strays[1].Class == Garbage
		}},
		{"flood", serve(t, func(msg []byte, _ bool) [][]byte {
			var flood [][]byte
			for range 200 {
				flood = append(flood, make([]byte, 9000))
			}
			return flood
		}), Garbage, "", func(r Result) bool { return len(r.Strays) == maxStrays }},
		{"wrong source", netip.MustParseAddrPort(lateral.LocalAddr().String()), WrongSource, "", func(r Result) bool { return r.From.String() == elsewhere.LocalAddr().String() }},
		{"knows no EDNS", serve(t, func(msg []byte, tcp bool) [][]byte {
			if hasEDNS(msg) {
				return refuse(dnsmessage.RCodeFormatError)(msg, tcp)
			}
			return good(msg, tcp)
		}), Answered, "NOERROR", func(r Result) bool { return r.Plain && r.Resolved() }},
		{"drops EDNS", serve(t, func(msg []byte, tcp bool) [][]byte {
			if hasEDNS(msg) {
				return nil
			}
			return good(msg, tcp)
		}), Answered, "NOERROR", func(r Result) bool { return r.Plain && r.Resolved() && r.Elapsed >= timeout/4 }},
		{"bogus", serve(t, bogus), Answered, "SERVFAIL", func(r Result) bool {
			return r.Bogus && !r.Resolved() && len(r.Addresses()) == 1 &&
				len(r.Errors) == 1 && r.Errors[0].Name == "Signature Not Yet Valid" && r.Errors[0].Text == "the clock?" &&
				len(r.Signatures) == 1 && r.Signatures[0] == Signature{"A", "test", time.Unix(1700000000, 0).UTC(), time.Unix(1800000000, 0).UTC()}
		}},
		{"no scope", netip.MustParseAddrPort("[fe80::1]:53"), BadAddress, "", nil},
		{"no such interface", netip.MustParseAddrPort("[fe80::1%nowhere9]:53"), BadAddress, "", func(r Result) bool { return strings.Contains(r.Detail, "nowhere9") }},
	}
	var servers []netip.AddrPort
	for _, tt := range tests {
		servers = append(servers, tt.server)
	}
	start := time.Now()
	results := Ask(t.Context(), servers, []string{"host.test"}, Options{Timeout: timeout, Types: []Type{A}})
	if elapsed := time.Since(start); elapsed > timeout*3/2 {
		t.Errorf("asking all of them took %v, with a timeout of %v", elapsed, timeout)
	}
	for i, tt := range tests {
		r := results[i]
		if r.Class != tt.class || r.Rcode != tt.rcode || tt.check != nil && !tt.check(r) {
			t.Errorf("%s: %+v\nwant %s %s", tt.name, r, tt.class, tt.rcode)
		}
	}
}

// bogus answers as a server does that verifies at the wrong time: it fails
// unless it is told not to verify.
func bogus(msg []byte, _ bool) [][]byte {
	var m dnsmessage.Message
	if m.Unpack(zone.Reply(msg)) != nil {
		return nil
	}
	if m.CheckingDisabled {
		rrsig := binary.BigEndian.AppendUint16(nil, uint16(dnsmessage.TypeA))
		rrsig = append(rrsig, 8, 2, 0, 0, 0, 60)
		rrsig = binary.BigEndian.AppendUint32(rrsig, 1800000000)
		rrsig = binary.BigEndian.AppendUint32(rrsig, 1700000000)
		rrsig = append(rrsig, "\x12\x34\x04test\x00 and the signature"...)
		h := m.Answers[0].Header
		h.Type = typeRRSIG
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.UnknownResource{Type: typeRRSIG, Data: rrsig}})
	} else {
		m.RCode, m.Answers = dnsmessage.RCodeServerFailure, nil
		var h dnsmessage.ResourceHeader
		if h.SetEDNS0(udpSize, dnsmessage.RCodeServerFailure, true) != nil {
			return nil
		}
		m.Additionals = []dnsmessage.Resource{{Header: h, Body: &dnsmessage.OPTResource{
			Options: []dnsmessage.Option{{Code: optionEDE, Data: []byte("\x00\x08the clock?")}},
		}}}
	}
	out, err := m.Pack()
	if err != nil {
		return nil
	}
	return [][]byte{out}
}

func TestHugeAnswer(t *testing.T) {
	big := nstest.Zone{}
	for i := range 3000 {
		big["host.test"] = append(big["host.test"], netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}).String())
	}
	server := serve(t, func(msg []byte, tcp bool) [][]byte {
		if !tcp {
			return [][]byte{header(zone.Reply(msg), func(h *dnsmessage.Header) { h.Truncated = true })}
		}
		return [][]byte{big.Reply(msg)}
	})
	r := one(t, server, DefaultTimeout)
	if r.Class != Answered || !r.TCP || len(r.Records) != maxRecords || r.Omitted != 3000-maxRecords {
		t.Errorf("%s, TCP %v, %d records, %d omitted: %s", r.Class, r.TCP, len(r.Records), r.Omitted, r.Detail)
	}
}

func TestCancelled(t *testing.T) {
	server := serve(t, func([]byte, bool) [][]byte { return nil })
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	start := time.Now()
	r := Ask(ctx, []netip.AddrPort{server}, []string{"host.test"}, Options{Timeout: time.Minute})
	if time.Since(start) > 10*time.Second || r[0].Class != Timeout {
		t.Errorf("cancelled after %v: %+v", time.Since(start), r[0])
	}
}

func TestManyQuestions(t *testing.T) {
	server := serve(t, good)
	names := make([]string, MaxQueries)
	for i := range names {
		names[i] = "host.test"
	}
	results := Ask(t.Context(), []netip.AddrPort{server}, names, Options{})
	if len(results) != 2*MaxQueries || results[MaxQueries-1].Class == NotAsked || results[MaxQueries].Class != NotAsked {
		t.Errorf("%d results, around the bound: %s, %s", len(results), results[MaxQueries-1].Class, results[MaxQueries].Class)
	}
}

func TestBadNames(t *testing.T) {
	for _, name := range []string{"", ".", "a..b", ".a", strings.Repeat("a", 64) + ".test", strings.Repeat("abc.", 70)} {
		r := Ask(t.Context(), []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:9")}, []string{name}, Options{})[0]
		if r.Class != BadName || r.Detail == "" {
			t.Errorf("%q: %+v", name, r)
		}
	}
}

func TestUnspecifiedServer(t *testing.T) {
	server := serve(t, good)
	r := one(t, netip.AddrPortFrom(netip.IPv4Unspecified(), server.Port()), DefaultTimeout)
	if !r.Resolved() || r.From != server {
		t.Errorf("%+v", r)
	}
}

func TestParseServer(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1":         "192.0.2.1:53",
		"192.0.2.1:5353":    "192.0.2.1:5353",
		"192.0.2.1#5353":    "192.0.2.1:5353",
		"::1":               "[::1]:53",
		"::ffff:192.0.2.1":  "192.0.2.1:53",
		"fe80::1%eth0":      "[fe80::1%eth0]:53",
		"[fe80::1%eth0]:54": "[fe80::1%eth0]:54",
		"fe80::1%eth0#54":   "[fe80::1%eth0]:54",
		"":                  "", "host.test": "", "192.0.2.1#": "", "192.0.2.1#99999": "", "#53": "", "192.0.2.300": "",
	} {
		got, err := ParseServer(in)
		if err != nil && want != "" || err == nil && got.String() != want {
			t.Errorf("ParseServer(%q) = %v, %v; want %s", in, got, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	q := &question{id: 7, name: dnsmessage.MustNewName("host.test."), typ: dnsmessage.TypeA, edns: true}
	msg, err := q.pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(zone.Reply(msg))
	for _, reply := range bogus(msg, false) {
		f.Add(reply)
	}
	q.cd = true
	if msg, err = q.pack(); err != nil {
		f.Fatal(err)
	}
	for _, reply := range bogus(msg, false) {
		f.Add(reply)
	}
	// A name that points at itself.
	f.Add([]byte("\x00\x07\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x01\x02\x03\x04"))
	f.Fuzz(func(t *testing.T, msg []byte) {
		a, err := q.parse(msg)
		if err != nil {
			return
		}
		if len(a.records) > maxRecords || len(a.sigs) > maxRecords || len(a.errors) > maxStrays {
			t.Errorf("%d records, %d signatures, %d errors", len(a.records), len(a.sigs), len(a.errors))
		}
		for _, r := range a.records {
			for _, c := range r.Name + r.Data {
				if c < ' ' || c > '~' {
					t.Errorf("a record has %q in it: %+v", c, r)
				}
			}
		}
	})
}
