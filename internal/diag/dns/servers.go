package dns

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"dekho/internal/diag/services"
	"dekho/internal/finding"
	"dekho/internal/rootfs"
)

// This file has the failures of servers that show without asking: those on the
// machine itself, those that cannot be reached.

// stubs are the addresses at which systemd-resolved answers.
var stubs = []netip.Addr{netip.MustParseAddr("127.0.0.53"), netip.MustParseAddr("127.0.0.54")}

func isStub(a netip.Addr) bool { return slices.Contains(stubs, a) }

// line is the line of a server, as evidence.
func (s *state) line(v server, why string) finding.Evidence {
	return at(s.conf.Path, v.line, lineOf(s.conf.Data, v.line), why)
}

// alone says how bad it is when a server is of no use: nobody else is there, or
// others answer after it.
func (s *state) alone(v server) finding.Severity {
	for _, o := range s.rc.servers {
		if o.addr != v.addr && !(o.addr.IsLoopback() && s.listener(o.addr) == nil) {
			return finding.Degraded
		}
	}
	if s.elsewhere() {
		return finding.Broken
	}
	return finding.Fatal
}

// silent are the servers on the machine itself where nobody listens. Of an image
// it is told by what it starts.
func (s *state) silent() []server {
	if s.sys.Running() && s.listenersErr != nil {
		return nil
	}
	var all []server
	for _, v := range s.rc.servers {
		if !v.addr.IsLoopback() && !v.addr.IsUnspecified() {
			continue
		}
		if s.sys.Running() && s.listener(v.addr) == nil || !s.sys.Running() && !s.willListen(v) {
			all = append(all, v)
		}
	}
	return all
}

// willListen tells whether a boot of the image starts somebody who answers at an
// address of the machine itself.
func (s *state) willListen(v server) bool {
	if isStub(v.addr) {
		return len(s.presence("systemd-resolved").starts) > 0 && !off(s.stubSetting())
	}
	for i := range managers {
		if p := s.presence(managers[i].id); p.listens != "" && p.id != "systemd-resolved" && len(p.starts) > 0 {
			return true
		}
	}
	plugin := last(s.managerSettings(), "main", "dns")
	return plugin != nil && (plugin.value == "dnsmasq" || plugin.value == "unbound") && len(s.presence("networkmanager").starts) > 0
}

// stubSetting is the one that switches the stub of systemd-resolved on or off, nil
// without.
func (s *state) stubSetting() *setting {
	return last(s.resolvedSettings(), "Resolve", "DNSStubListener")
}

// contained tells whether the system is a container, and what says so.
func (s *state) contained() (string, bool) {
	for _, m := range s.over {
		for i := range runtimes {
			if runtimes[i].root.MatchString(strings.TrimSuffix(m.Root, "//deleted")) {
				return runtimes[i].name, true
			}
		}
	}
	for _, p := range []string{"/.dockerenv", "/run/.containerenv", "/run/host/container-manager", "/run/systemd/container"} {
		if s.sys.Lstat(p).Err == nil {
			return p, true
		}
	}
	return "", false
}

// serves tells whether a server at an address of the machine itself is installed
// here: then it is meant, in a container that has an init of its own too.
func (s *state) serves(v server) bool {
	if isStub(v.addr) {
		return s.presence("systemd-resolved").installed != ""
	}
	for i := range managers {
		if p := s.presence(managers[i].id); p.listens == v.addr.String() && p.installed != "" && len(p.units) > 0 {
			return true
		}
	}
	return false
}

// nobody is the evidence that nobody answers at an address of the machine itself.
func (s *state) nobody(v server) []finding.Evidence {
	proof := said(s.sys.ProcPath("net/udp"), "", "nobody listens at "+v.addr.String()+" port 53")
	if !s.sys.Running() {
		proof = at("/etc/systemd/system", 0, "", "nothing that a boot starts is known to answer at "+v.addr.String())
		if s.services.Init != services.Systemd {
			proof.Name = "/etc/init.d"
		}
	}
	return []finding.Evidence{s.line(v, "the server is on the machine itself"), proof}
}

// does is what is said of a program: that it does not run, or of an image, that
// nothing starts it.
func (s *state) does() string {
	if s.sys.Running() {
		return "which does not run"
	}
	return "which nothing starts"
}

// unknownServer is why it is not certain that nobody will answer in an image.
func (s *state) unknownServer() string {
	if s.sys.Running() {
		return ""
	}
	return "this does not run: a server of names that dekho does not know may be started"
}

func stubWithoutDaemon(s *state) *finding.Finding {
	for _, v := range s.silent() {
		p := s.presence("systemd-resolved")
		if !isStub(v.addr) || p.runs() || !s.sys.Running() && len(p.starts) > 0 {
			continue
		}
		if _, inside := s.contained(); inside && !s.serves(v) {
			continue
		}
		f := &finding.Finding{
			Severity: s.alone(v), Title: "the server " + v.addr.String() + " is the stub of systemd-resolved, " + s.does(),
			Meaning:  "Nobody answers there.",
			Facts:    facts("server", v.addr.String(), "owner", s.owner.ID, "path", s.conf.Path),
			Evidence: s.nobody(v),
			Next:     []finding.Step{{Command: "systemctl enable --now systemd-resolved", Why: "starts the stub"}},
		}
		if u := s.services.Unit("systemd-resolved.service"); u.Masked != "" {
			f.Evidence = append(f.Evidence, at(u.Masked, 0, "", "the unit is masked: nothing can start it"))
			f.Next[0].Command = "systemctl unmask systemd-resolved && " + f.Next[0].Command
		} else if u.Path == "" {
			f.Meaning += " It is not installed."
			f.Next = nil
		}
		f.Next = append(f.Next, s.takeOver()...)
		return f
	}
	return nil
}

func stubOff(s *state) *finding.Finding {
	p := s.presence("systemd-resolved")
	for _, v := range s.silent() {
		if !isStub(v.addr) || !p.runs() && (s.sys.Running() || len(p.starts) == 0) {
			continue
		}
		f := &finding.Finding{
			Severity: s.alone(v), Title: "the stub of systemd-resolved at " + v.addr.String() + " does not listen",
			Meaning:  "Programs that read resolv.conf get no answer.",
			Facts:    facts("server", v.addr.String(), "owner", s.owner.ID, "path", s.conf.Path),
			Evidence: s.nobody(v),
			Next:     []finding.Step{{Command: "ln -sfn ../run/systemd/resolve/resolv.conf " + confPath, Why: "gives programs the servers themselves, without the stub"}},
		}
		if c := s.stubSetting(); off(c) {
			f.Evidence = append(f.Evidence, at(c.path, c.line, c.text, "the stub is switched off"))
			f.Next = append(f.Next, finding.Step{Why: fmt.Sprintf("or take away %s:%d and restart systemd-resolved", c.path, c.line)})
		}
		return f
	}
	return nil
}

// portTaken: the one that should answer at an address runs, and another one has
// the port.
func portTaken(s *state) *finding.Finding {
	if s.holders == nil {
		return nil
	}
	for _, id := range []string{"systemd-resolved", "connman", "dnsmasq", "unbound", "bind"} {
		p := s.presence(id)
		wanted, err := netip.ParseAddr(p.listens)
		// One that cannot have its port is started over and over, in many a unit.
		fails := p.active == "failed" || p.active == "activating"
		if err != nil || !p.runs() && !fails {
			continue
		}
		l := s.listener(wanted)
		if l == nil {
			continue
		}
		h, ok := s.holders.Found[l.Inode]
		if !ok || slices.ContainsFunc(p.programs, func(n string) bool { return strings.HasPrefix(n, h.Comm) }) {
			continue
		}
		// It matters where names go there, or where it is why a server failed.
		asked := slices.ContainsFunc(s.rc.servers, func(v server) bool { return v.addr == wanted })
		if !asked && !fails && s.owner.ID != id {
			continue
		}
		return &finding.Finding{
			Severity: finding.Broken, Title: h.Comm + " has port 53 of " + wanted.String() + ", where " + p.name + " should answer",
			Meaning: p.name + " cannot listen there. What is asked at that address is answered by " + h.Comm + ".",
			Facts:   facts("server", wanted.String(), "holder", h.Comm, "owner", id),
			Evidence: []finding.Evidence{{
				Locator: finding.Locator{In: finding.Output, Name: s.sys.ProcPath("net/" + l.Network), Line: l.Line},
				Quote:   l.Addr.String(), Why: s.holder(l.Inode) + " listens",
			}},
			Next: []finding.Step{{Why: "decide which of the two is to answer, and tell the other not to (bind-interfaces and listen-address of dnsmasq, DNSStubListener of systemd-resolved, --nodnsproxy of connmand)"}},
		}
	}
	return nil
}

func loopbackInContainer(s *state) *finding.Finding {
	why, inside := s.contained()
	if !inside {
		return nil
	}
	for _, v := range s.silent() {
		// 127.0.0.11 is Docker's own: it is redirected to another port by rules of
		// the container's network.
		if v.addr.String() == "127.0.0.11" || s.serves(v) {
			continue
		}
		return &finding.Finding{
			Severity: s.alone(v), Title: "the server " + v.addr.String() + " is the container itself, where nobody listens",
			Meaning:  "The address was meant for the host: resolv.conf was copied or mounted into the container as it is there.",
			Facts:    facts("server", v.addr.String(), "owner", s.owner.ID, "path", s.conf.Path),
			Evidence: append(s.nobody(v), said("container", why, "says that this is a container")),
			Guess:    s.unknownServer(),
			Next:     []finding.Step{{Why: "give the container a server that it can reach (docker run --dns, dns of daemon.json, systemd-nspawn --resolv-conf=replace-uplink)"}},
		}
	}
	return nil
}

func loopbackSilent(s *state) *finding.Finding {
	_, inside := s.contained()
	for _, v := range s.silent() {
		if isStub(v.addr) || inside && !s.serves(v) {
			continue
		}
		f := &finding.Finding{
			Severity: s.alone(v), Title: "nobody listens at the server " + v.addr.String(), Guess: s.unknownServer(),
			Meaning:  "It is on the machine itself: a server of names should run here.",
			Facts:    facts("server", v.addr.String(), "owner", s.owner.ID, "path", s.conf.Path),
			Evidence: s.nobody(v),
		}
		for i := range managers {
			if p := s.presence(managers[i].id); p.listens == "127.0.0.1" && p.installed != "" && len(p.units) > 0 && !p.runs() && v.addr.String() == "127.0.0.1" {
				f.Evidence = append(f.Evidence, at(p.installed, 0, "", p.name+" is installed, and does not run"))
				f.Next = append(f.Next, finding.Step{Command: "systemctl start " + p.units[0], Why: p.name + " would answer there"})
			}
		}
		f.Next = append(f.Next, s.takeOver()...)
		return f
	}
	return nil
}

// loopbackDown: the routing table has no 127.0.0.1, which is there as soon as lo
// is up.
func loopbackDown(s *state) *finding.Finding {
	if !s.sys.Running() {
		return nil
	}
	const trie = "net/fib_trie"
	f := s.sys.Proc(trie)
	if f.Err != nil || f.More || strings.Contains(string(f.Data), "|-- 127.0.0.1\n") {
		return nil
	}
	d := &finding.Finding{
		Severity: finding.Degraded, Title: "127.0.0.0/8 is missing: the loopback interface is not up",
		Meaning:  "Nothing on the machine reaches anything else on it by 127.0.0.1.",
		Facts:    facts("interface", "lo"),
		Evidence: []finding.Evidence{said(s.sys.ProcPath(trie), "", "has no 127.0.0.1")},
		Next:     []finding.Step{{Command: "ip link set lo up", Why: "brings it up"}},
	}
	for _, v := range s.rc.servers {
		if v.addr.IsLoopback() {
			d.Evidence = append(d.Evidence, s.line(v, "the server is reached through it"))
			d.Severity = max(d.Severity, s.alone(v))
		}
	}
	return d
}

// upstreams are the files in which a server on this machine finds the servers
// that it asks itself.
var upstreams = []struct{ id, path string }{
	{"systemd-resolved", "/run/systemd/resolve/resolv.conf"},
	{"dnsmasq", "/run/dnsmasq/resolv.conf"},
	{"dnsmasq", "/run/resolvconf/resolv.conf"},
}

// proxyWithoutUpstream: the server on this machine answers, and knows nobody to
// ask.
func proxyWithoutUpstream(s *state) *finding.Finding {
	for _, v := range s.rc.servers {
		if !v.addr.IsLoopback() || resolves(s.ofServer(v.addr)) {
			continue
		}
		id := ""
		if l := s.listener(v.addr); l != nil && s.holders != nil {
			comm := s.holders.Found[l.Inode].Comm
			for i := range managers {
				if comm != "" && slices.ContainsFunc(managers[i].programs, func(n string) bool { return strings.HasPrefix(n, comm) }) {
					id = managers[i].id
				}
			}
		}
		if id == "" && isStub(v.addr) && s.presence("systemd-resolved").runs() {
			id = "systemd-resolved"
		}
		proof := s.withoutUpstream(id)
		if proof == nil {
			continue
		}
		name := managerOf(id).name
		f := &finding.Finding{
			Severity: s.alone(v), Title: name + " answers at " + v.addr.String() + " and has no server to ask itself",
			Meaning:  "Names that it does not know itself get no answer.",
			Facts:    facts("server", v.addr.String(), "owner", id),
			Evidence: append([]finding.Evidence{s.line(v, "the server is on the machine itself")}, proof...),
		}
		if id == "systemd-resolved" {
			f.Next = []finding.Step{{Command: "resolvectl status", Why: "shows which interface has which servers"}}
			if s.presence("networkmanager").runs() {
				f.Next = append(f.Next, finding.Step{Command: "nmcli device show", Why: "shows which servers NetworkManager has: it hands them over"})
			}
		}
		return f
	}
	return nil
}

// ownDnsmasq is the name on the bus of the dnsmasq that NetworkManager starts
// (dns=dnsmasq).
const ownDnsmasq = "org.freedesktop.NetworkManager.dnsmasq"

// withoutUpstream proves that a proxy has no servers, nil if it has some or that
// cannot be told.
func (s *state) withoutUpstream(id string) []finding.Evidence {
	switch id {
	case "systemd-resolved":
		f := s.sys.File(upstreams[0].path)
		if f.Err != nil || len(parseResolvConf(f.Data).servers) > 0 {
			return nil
		}
		p := s.sys.Properties("org.freedesktop.resolve1", "/org/freedesktop/resolve1", "org.freedesktop.resolve1.Manager", "DNS", "FallbackDNS")
		for _, list := range []string{p.Values["DNS"], p.Values["FallbackDNS"]} {
			if list != "" && !strings.HasSuffix(list, "[]") {
				return nil // it asks those
			}
		}
		if c := last(s.resolvedSettings(), "Resolve", "DNS"); c != nil && c.value != "" {
			return nil
		}
		return []finding.Evidence{at(f.Path, 0, describe(f.Info), "systemd-resolved lists no server there")}
	case "dnsmasq":
		if s.bus.Has(ownDnsmasq) {
			return nil // NetworkManager gives it the servers by the bus
		}
		all := s.dnsmasqSettings()
		if slices.ContainsFunc(all, func(c setting) bool { return c.key == "server" && !strings.HasPrefix(c.value, "/") }) {
			return nil
		}
		var none *setting
		file := confPath
		for i := range all {
			switch all[i].key {
			case "no-resolv":
				none = &all[i]
			case "resolv-file":
				file = all[i].value
			}
		}
		if none != nil {
			return []finding.Evidence{at(none.path, none.line, none.text, "it is to read no resolv.conf, and no line server gives it one")}
		}
		for _, u := range upstreams {
			if f := s.sys.File(u.path); u.id == id && f.Err == nil && len(parseResolvConf(f.Data).servers) > 0 {
				return nil
			}
		}
		f := s.sys.File(file)
		if f.Err != nil {
			if f.Err.Reason != rootfs.NotExist {
				return nil
			}
			return []finding.Evidence{at(f.Err.At, 0, "", "its resolv-file is not there")}
		}
		c := parseResolvConf(f.Data)
		if slices.ContainsFunc(c.servers, func(v server) bool { return !v.addr.IsLoopback() }) {
			return nil
		}
		return []finding.Evidence{at(f.Path, 0, "", "the file that it reads names itself or nobody")}
	}
	return nil
}

// staleServer: an interface brought the server and is gone, or the program whose
// network it was does not run.
func staleServer(s *state) *finding.Finding {
	if !s.sys.Running() {
		return nil
	}
	for _, v := range s.rc.servers {
		proof := []finding.Evidence{s.line(v, "the server")}
		what := ""
		if g := s.fromGone(v); g != nil {
			what = "the interface " + g.name
			proof = append(proof, at(g.record, g.line, g.text, "was brought by an interface that is gone"))
		} else if m, line := s.header(); m != nil && (m.id == "tailscale" || m.id == "vpnc") && !s.presence(m.id).runs() && !s.tunnel() {
			what = m.name
			proof = append(proof, at(s.conf.Path, line.line, line.text, m.name+" wrote the file, and does not run"))
		}
		if strings.HasSuffix(lineOf(s.conf.Data, v.line), "# by strongSwan") && !s.presence("strongswan").runs() {
			what = "strongSwan"
			proof = append(proof, said("strongswan", "", "the line is its own, and it does not run"))
		}
		if what == "" || resolves(s.ofServer(v.addr)) {
			continue
		}
		return &finding.Finding{
			Severity: s.alone(v), Title: "the server " + v.addr.String() + " is left from " + what + ", which is gone",
			Meaning:  "It was reached through a tunnel that is down. It was not taken out of resolv.conf when the tunnel ended.",
			Facts:    facts("server", v.addr.String(), "owner", s.owner.ID, "path", s.conf.Path),
			Evidence: proof,
			Next:     []finding.Step{{Why: "connect again and disconnect in order, or take the line out"}},
		}
	}
	return nil
}

// tunnel tells whether there is an interface that tunnels have.
func (s *state) tunnel() bool {
	for line := range strings.Lines(string(s.sys.Proc("net/dev").Data)) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), ":")
		for _, prefix := range []string{"tun", "tap", "wg", "ppp", "tailscale", "vpn"} {
			if strings.HasPrefix(name, prefix) {
				return true
			}
		}
	}
	return false
}

func noRoute(s *state) *finding.Finding {
	if s.routesErr != nil || !s.sys.Running() {
		return nil
	}
	for _, v := range s.rc.servers {
		if v.addr.IsLoopback() || v.addr.IsUnspecified() || s.routeTo(v.addr) != nil || replies(s.ofServer(v.addr)) {
			continue
		}
		f := &finding.Finding{
			Severity: s.alone(v), Title: "there is no route to the server " + v.addr.String(),
			Meaning:  "Packets to it do not leave the machine.",
			Facts:    facts("server", v.addr.String(), "path", s.conf.Path),
			Evidence: []finding.Evidence{s.line(v, "the server"), said("ip route get "+v.addr.WithZone("").String(), "", "no line of "+s.sys.ProcPath("net/route")+" leads there")},
			Next:     []finding.Step{{Command: "ip route", Why: "is there a default route?"}},
		}
		if v.addr.Is6() {
			f.Evidence[1].Why = "no line of " + s.sys.ProcPath("net/ipv6_route") + " leads there"
		}
		if len(s.routes) == 0 {
			f.Title = "there is no route at all, so none to the server " + v.addr.String()
			f.Next = []finding.Step{{Command: "ip address", Why: "is the network up?"}}
		}
		if s.answers == nil || s.answers.Err != nil {
			f.Guess = "routes in other tables (ip rule) do not stand in /proc"
		}
		return f
	}
	return nil
}
