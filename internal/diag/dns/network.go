package dns

import (
	"context"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"dekho/internal/capture"
	"dekho/internal/capture/dnsquery"
	"dekho/internal/finding"
)

const dnsPort = 53

// listener finds who answers at an address: a socket of that address, or of all.
func (s *state) listener(addr netip.Addr) *capture.Listener {
	addr = addr.WithZone("").Unmap()
	var all *capture.Listener
	for i := range s.listeners {
		l := &s.listeners[i]
		if l.Addr.Addr() == addr {
			return l
		}
		if l.Addr.Addr().IsUnspecified() && (l.Addr.Addr().Is4() == addr.Is4() || l.Addr.Addr().Is6()) {
			all = l
		}
	}
	return all
}

// routeTo finds the route that a packet takes, nil if there is none.
func (s *state) routeTo(addr netip.Addr) *capture.Route {
	addr = addr.Unmap()
	zone := addr.Zone()
	addr = addr.WithZone("")
	var best *capture.Route
	for i := range s.routes {
		r := &s.routes[i]
		if !r.Dst.Contains(addr) || zone != "" && r.Interface != zone {
			continue
		}
		if best == nil || r.Dst.Bits() > best.Dst.Bits() || r.Dst.Bits() == best.Dst.Bits() && r.Metric < best.Metric {
			best = r
		}
	}
	if best == nil || best.Reject {
		return nil
	}
	return best
}

// probe asks the servers that count for the name, with the search list as the C
// library would.
func (s *state) probe(ctx context.Context, name string) {
	names := dnsquery.Glibc(name, s.rc.search, s.rc.ndots)
	if s.libc.musl != "" && s.libc.glibc == "" {
		names = dnsquery.Musl(name, s.rc.search, s.rc.ndots)
	}
	var servers []netip.AddrPort
	for _, v := range s.rc.servers {
		servers = append(servers, netip.AddrPortFrom(v.addr, dnsPort))
	}
	if len(servers) == 0 {
		// What the C libraries do without a server.
		servers = []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), dnsPort)}
	}
	s.asked = names
	s.answers = s.sys.Ask(ctx, servers, names)
}

// ofServer are the results of one server.
func (s *state) ofServer(addr netip.Addr) []dnsquery.Result {
	if s.answers == nil {
		return nil
	}
	var all []dnsquery.Result
	for i := range s.answers.Results {
		if s.answers.Results[i].Server.Addr() == addr {
			all = append(all, s.answers.Results[i])
		}
	}
	return all
}

// replies tells whether a server answered anything.
func replies(results []dnsquery.Result) bool {
	return slices.ContainsFunc(results, func(r dnsquery.Result) bool { return r.Class == dnsquery.Answered || r.Class == dnsquery.Truncated })
}

// resolves tells whether one of the results has an address.
func resolves(results []dnsquery.Result) bool {
	return slices.ContainsFunc(results, func(r dnsquery.Result) bool { return r.Resolved() })
}

// answered is what the servers answered, as evidence.
func (s *state) answered() []finding.Evidence {
	if s.answers == nil {
		return nil
	}
	if s.answers.Err != nil {
		return []finding.Evidence{said("name servers", "", "were not asked: "+s.answers.Err.Text)}
	}
	var all []finding.Evidence
	for i := range s.answers.Results {
		all = append(all, result(&s.answers.Results[i]))
	}
	return all
}

// result is what became of a question, as evidence.
func result(r *dnsquery.Result) finding.Evidence {
	text := string(r.Class)
	switch {
	case r.Class == dnsquery.Answered && len(r.Addresses()) > 0:
		text = strings.Join(r.Addresses(), " ")
	case r.Class == dnsquery.Answered && r.Rcode == "NOERROR":
		text = "no such record"
	case r.Class == dnsquery.Answered:
		text = r.Rcode
	case r.Detail != "":
		text += ": " + r.Detail
	}
	why := fmt.Sprintf("after %.1f ms", float64(r.Elapsed)/float64(time.Millisecond))
	if r.TCP {
		why += ", by TCP"
	}
	if r.Bogus {
		why += ", and answers if asked not to verify"
	}
	return said("dig @"+r.Server.Addr().String()+" "+r.Name+" "+string(r.Type), text, why)
}

// gone is an interface of which a program still keeps servers.
type gone struct {
	name string
	// record is where they are kept, line the one of the server.
	record string
	line   int
	text   string
}

// records are where the two resolvconfs keep what each interface brought.
var records = []string{"/run/resolvconf/interface", "/run/resolvconf/interfaces"}

// fromGone finds the interface that brought a server and does not exist any
// more.
func (s *state) fromGone(v server) *gone {
	dev := s.sys.Proc("net/dev")
	if dev.Err != nil {
		return nil
	}
	for _, dir := range records {
		for _, n := range s.sys.Dir(dir).Names {
			// "eth0.dhclient", "tun0.openvpn", "tun.wg0", "wg0".
			if interfaceOf(n, string(dev.Data)) {
				continue
			}
			f := s.sys.File(path.Join(dir, n))
			c := parseResolvConf(f.Data)
			for _, has := range c.servers {
				if has.addr == v.addr {
					return &gone{name: n, record: f.Path, line: has.line, text: lineOf(f.Data, has.line)}
				}
			}
		}
	}
	return nil
}

// interfaceOf tells whether a record of resolvconf is one of an interface that
// exists, or of none at all.
func interfaceOf(record, dev string) bool {
	if record == "systemd-resolved" || strings.HasPrefix(record, "original") || strings.HasPrefix(record, "lo.") || strings.HasPrefix(record, "NetworkManager") {
		return true
	}
	for line := range strings.Lines(dev) {
		name, _, ok := strings.Cut(strings.TrimSpace(line), ":")
		if ok && (record == name || strings.HasPrefix(record, name+".") || strings.HasSuffix(record, "."+name)) {
			return true
		}
	}
	return false
}
