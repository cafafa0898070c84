package dns

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"dekho/internal/finding"
	"dekho/internal/rootfs"
)

// This file has the failures of managers: several of them, one whose servers go
// nowhere, a boot that undoes what works; and the traps that resolv.conf holds.

// kept are the servers that a manager keeps in a file of its own, with that
// file; those on the machine itself do not count.
func (s *state) kept(p *presence) ([]server, *rootfs.File) {
	for _, t := range p.targets {
		if t.mode == "stub" || t.mode == "static" {
			continue
		}
		f := s.sys.File(t.path)
		if f.Err != nil {
			continue
		}
		c := parseResolvConf(f.Data)
		servers := slices.DeleteFunc(c.servers, func(v server) bool { return v.addr.IsLoopback() })
		if len(servers) > 0 {
			return servers, f
		}
	}
	return nil, nil
}

// notReaching: a manager that runs has servers, and /etc/resolv.conf has none of
// them.
func notReaching(s *state) *finding.Finding {
	if f := s.recordsNotReaching(); f != nil {
		return f
	}
	for _, id := range []string{"networkmanager", "connman", "systemd-resolved"} {
		p := s.presence(id)
		if id == s.owner.ID && s.conf.Err == nil || s.sys.Running() && !p.runs() {
			continue
		}
		servers, f := s.kept(p)
		if len(servers) == 0 {
			continue
		}
		// Behind a server on this machine they may well be in use.
		if slices.ContainsFunc(s.rc.servers, func(v server) bool {
			return v.addr.IsLoopback() && (!s.sys.Running() || s.listener(v.addr) != nil) || slices.ContainsFunc(servers, func(k server) bool { return k.addr == v.addr })
		}) {
			continue
		}
		list := make([]string, len(servers))
		for i, v := range servers {
			list[i] = v.addr.String()
		}
		found := &finding.Finding{
			Severity: finding.Degraded, Title: p.name + " has servers that do not arrive in " + confPath + ": " + strings.Join(list, " "),
			Meaning:  "It keeps them in a file of its own, and programs read " + confPath + ".",
			Facts:    facts("owner", p.id, "path", f.Path),
			Evidence: []finding.Evidence{at(f.Path, servers[0].line, lineOf(f.Data, servers[0].line), p.name+" keeps it here")},
		}
		if e := s.hops(); len(e) > 0 {
			found.Evidence = append(found.Evidence, e[0])
			if id == "networkmanager" {
				found.Meaning += " NetworkManager leaves a link alone that leads to the file of another."
			}
		} else if s.conf.Err == nil {
			found.Evidence = append(found.Evidence, at(s.conf.Path, 0, describe(s.conf.Info), "has other servers or none"))
		}
		if id == "networkmanager" {
			if writes, c := s.managerWrites(); !writes {
				found.Evidence = append(found.Evidence, at(c.path, c.line, c.text, "NetworkManager is told not to write it"))
				found.Next = []finding.Step{{Why: fmt.Sprintf("take away %s:%d, or make %s a link to %s", c.path, c.line, confPath, f.Path)}}
				return found
			}
		}
		found.Next = s.takeOver()
		return found
	}
	return nil
}

// recordsNotReaching: Debian's resolvconf has been told servers, and none of them
// is in the file that it makes of them. That happens to whoever tells it from a
// sandbox: a unit that may write /etc/resolv.conf has a mount over the file that
// the link leads to (ReadWritePaths=), and the new one cannot be renamed there.
func (s *state) recordsNotReaching() *finding.Finding {
	if s.owner.ID != "resolvconf" || s.conf.Err != nil || s.conf.More {
		return nil
	}
	// Behind a server on this machine others are left out.
	if slices.ContainsFunc(s.rc.servers, func(v server) bool { return v.addr.IsLoopback() && s.listener(v.addr) != nil }) {
		return nil
	}
	const dir = "/run/resolvconf/interface"
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:_-"
	var told, gone server
	var by, left *rootfs.File
	for _, name := range s.sys.Dir(dir).Names {
		f := s.sys.File(path.Join(dir, name))
		if f.Err != nil {
			continue
		}
		for _, v := range parseResolvConf(f.Data).servers {
			switch {
			case slices.ContainsFunc(s.rc.servers, func(has server) bool { return has.addr == v.addr }):
				if !v.addr.IsLoopback() {
					return nil
				}
				if strings.Trim(name, plain) == "" {
					gone, left = v, f
				}
			case by == nil && !v.addr.IsLoopback():
				told, by = v, f
			}
		}
	}
	if by == nil {
		return nil
	}
	f := &finding.Finding{
		Severity: finding.Degraded, Title: "resolvconf has a server that did not arrive in " + s.conf.Path + ": " + told.addr.String(),
		Meaning: "It was told so for " + path.Base(by.Path) + ".",
		Facts:   facts("owner", "resolvconf", "path", by.Path),
		Evidence: []finding.Evidence{
			at(by.Path, told.line, lineOf(by.Data, told.line), "resolvconf was told this"),
			at(s.conf.Path, 0, describe(s.conf.Info), "does not name it"),
		},
	}
	if left != nil {
		f.Meaning += " Behind a server on this machine it leaves out the others, and the one that it was told of is not there any more."
		f.Evidence = append(f.Evidence, at(left.Path, gone.line, lineOf(left.Data, gone.line), "is left of it"))
		f.Next = []finding.Step{{Command: "resolvconf -d " + path.Base(left.Path), Why: "takes away what is left of the server on this machine"}}
		return f
	}
	f.Meaning += " It did not make the file anew."
	f.Guess = "one who tells it from a sandbox that has a mount over the file (ReadWritePaths=" + confPath + " of a unit) keeps it from putting a new one there"
	f.Next = []finding.Step{{Command: "resolvconf -u", Why: "makes the file of what resolvconf has been told"}}
	return f
}

// active tells whether a manager is at work: it runs, or a boot of the image
// starts it.
func (s *state) active(id string) *presence {
	p := s.presence(id)
	if p.runs() || !s.sys.Running() && len(p.starts) > 0 {
		return p
	}
	return nil
}

// twoManagers: more than one program that sets the servers is at work, or the
// link is one's and the content another's.
func twoManagers(s *state) *finding.Finding {
	var here []*presence
	for _, id := range []string{"networkmanager", "connman", "dhcpcd", "tailscale", "dnssec-trigger"} {
		if p := s.active(id); p != nil {
			here = append(here, p)
		}
	}
	proof := func(p *presence) finding.Evidence {
		switch {
		case p.onBus:
			return said("system bus", p.bus, p.name+" is on the bus")
		case p.pid != 0:
			return said(fmt.Sprintf("/proc/%d/comm", p.pid), p.comm, p.name+" runs")
		case p.active != "":
			return said("systemctl status "+p.unit, p.active, p.name+" runs")
		}
		return at(p.starts[0].Path, 0, "", "starts "+p.name)
	}
	// Two that set up networks are at odds over more than names.
	networks := slices.DeleteFunc(slices.Clone(here), func(p *presence) bool { return p.id == "tailscale" || p.id == "dnssec-trigger" })
	owner := s.presence(s.owner.ID)
	header, line := s.header()
	var f *finding.Finding
	switch {
	case len(networks) > 1:
		f = &finding.Finding{
			Title:   names(networks) + " are both at work",
			Meaning: "Each sets up the network and the servers as it sees fit; who writes last has " + confPath + ".",
			Facts:   facts("owner", networks[0].id, "rival", networks[1].id),
		}
		for _, p := range networks {
			f.Evidence = append(f.Evidence, proof(p))
		}
		f.Next = []finding.Step{{Why: "keep one of them: disable the unit of the other, or tell it which interfaces are not its own"}}
	case header != nil && s.conf.Err == nil && len(s.conf.Hops) > 0 && s.owner.Mode != "file behind a link" && header.id != s.owner.ID && len(s.over) == 0:
		f = &finding.Finding{
			Title:    "the link is of " + s.owner.Name + ", and " + header.name + " writes the file behind it",
			Meaning:  "Each undoes what the other wrote.",
			Facts:    facts("owner", s.owner.ID, "rival", header.id),
			Evidence: append(s.hops(), at(s.conf.Path, line.line, line.text, header.name+" writes this comment")),
		}
	case len(here) > 0 && s.rivalOf(owner, here) != nil:
		p := s.rivalOf(owner, here)
		f = &finding.Finding{
			Title:    confPath + " is of " + owner.name + ", and " + p.name + " is at work",
			Meaning:  owner.name + " does not run, so that nobody keeps the file up to date.",
			Facts:    facts("owner", owner.id, "rival", p.id),
			Evidence: append(s.hops(), proof(p)),
			Next:     s.takeOver(),
		}
	default:
		return nil
	}
	f.Severity = finding.Degraded
	return f
}

// rivalOf is who is at work while the owner of the link, another manager of
// networks, is not.
func (s *state) rivalOf(owner *presence, here []*presence) *presence {
	if owner.id != "connman" && owner.id != "networkmanager" && owner.id != "dhcpcd" || s.active(owner.id) != nil || !s.sys.Running() {
		return nil
	}
	for _, p := range here {
		if p.id != owner.id {
			return p
		}
	}
	return nil
}

// remade: something makes the link at each boot, whatever stands there, and the
// link is not the one that works now.
func remade(s *state) *finding.Finding {
	for _, r := range s.relinked {
		if !r.always {
			continue
		}
		now := s.linkText()
		works := s.conf.Err == nil && (len(s.rc.servers) > 0 || s.conf.More)
		if sameTarget(now, r.target) && works {
			continue // what stands there is what it makes
		}
		if s.offline() && s.boot.made {
			continue
		}
		f := &finding.Finding{
			Severity: finding.Degraded, Title: "each boot makes " + confPath + " a link to " + r.target + " again",
			Meaning:  "Whatever is put there instead lasts until then. It is done by: " + r.by + ".",
			Facts:    facts("target", r.target, "by", r.by, "path", r.proof.Name, "line", strconv.Itoa(r.proof.Line)),
			Evidence: []finding.Evidence{r.proof},
		}
		if r.by == "tmpfiles.d" {
			base := r.proof.Name[strings.LastIndexByte(r.proof.Name, '/')+1:]
			f.Next = []finding.Step{{Command: "ln -s /dev/null /etc/tmpfiles.d/" + base, Why: "masks the file that says so; look at what else it makes first"}}
		} else {
			f.Next = []finding.Step{{Why: "have the script not run, or take the line out"}}
		}
		return f
	}
	return nil
}

func sameTarget(a, b string) bool {
	abs := func(t string) string {
		if !strings.HasPrefix(t, "/") {
			t = "/etc/" + t
		}
		return normal(t)
	}
	return a != "" && b != "" && abs(a) == abs(b)
}

// nextBootBreaks: what works now does not after a boot.
func nextBootBreaks(s *state) *finding.Finding {
	b := s.boot
	if b.Target == "" || b.Owner == "" || b.made || s.offline() || s.conf.Err != nil || len(s.rc.servers) == 0 || !s.sys.Running() {
		return nil
	}
	m := managerOf(b.Owner)
	to := b.Target
	if m == nil || m.id == "kernel" || sameTarget(to, "/usr/lib/systemd/resolv.conf") {
		return nil
	}
	if s.services.Init == "" || len(m.units)+len(m.scripts) == 0 {
		return nil // how it is started is not known
	}
	return &finding.Finding{
		Severity: finding.Degraded, Title: "after the next boot " + confPath + " leads to nothing",
		Meaning:  b.Summary,
		Facts:    facts("target", b.Target, "owner", b.Owner),
		Evidence: append(s.hops(), b.Trail...),
	}
}

func ndotsTrap(s *state) *finding.Finding {
	if s.rc.ndots <= 1 || len(s.rc.search) == 0 || s.rc.ndotsLine == 0 {
		return nil
	}
	return &finding.Finding{
		Severity: finding.Note, Title: fmt.Sprintf("names with fewer than %d dots are first asked for with %d other endings", s.rc.ndots, len(s.rc.search)),
		Meaning: fmt.Sprintf("A name such as www.example.org takes %d questions for each kind of address before the one that is meant; if one of these zones does not answer, it waits. A dot at the end of the name avoids that.", len(s.rc.search)),
		Facts:   facts("ndots", strconv.Itoa(s.rc.ndots), "path", s.conf.Path),
		Evidence: []finding.Evidence{
			at(s.conf.Path, s.rc.ndotsLine, lineOf(s.conf.Data, s.rc.ndotsLine), "ndots"),
			at(s.conf.Path, s.rc.searchLine, lineOf(s.conf.Data, s.rc.searchLine), "the endings"),
		},
	}
}

// searchTrap: an ending of the search list that swallows names of others, or a
// list that C libraries cut.
func searchTrap(s *state) *finding.Finding {
	if len(s.rc.search) == 0 {
		return nil
	}
	line := at(s.conf.Path, s.rc.searchLine, lineOf(s.conf.Data, s.rc.searchLine), "the search list")
	length := len(strings.Join(s.rc.search, " "))
	for _, d := range s.rc.search {
		if strings.EqualFold(strings.Trim(d, "."), "local") {
			return &finding.Finding{
				Severity: finding.Note, Title: "the search list has local, which is multicast DNS's",
				Meaning:  "Names under .local are asked for by multicast where nss-mdns or systemd-resolved do that (RFC 6762), and never reach the server.",
				Facts:    facts("domain", d, "path", s.conf.Path),
				Evidence: []finding.Evidence{line},
			}
		}
	}
	for _, o := range s.rc.overridden {
		lost := slices.IndexFunc(o.domains, func(d string) bool { return !slices.Contains(s.rc.search, d) })
		if lost < 0 {
			continue // dhclient writes both lines with the same domain
		}
		return &finding.Finding{
			Severity: finding.Note, Title: "of several lines search and domain only the last counts: " + o.domains[lost] + " is not searched",
			Meaning:  "The domains of the earlier ones are forgotten.",
			Facts:    facts("domain", o.domains[lost], "path", s.conf.Path),
			Evidence: []finding.Evidence{at(s.conf.Path, o.line, lineOf(s.conf.Data, o.line), "does not count"), line},
		}
	}
	switch {
	case len(s.rc.search) > 6 || length > 255:
		return &finding.Finding{
			Severity: finding.Note, Title: fmt.Sprintf("the search list has %d domains, %d characters", len(s.rc.search), length),
			Meaning:  "glibc before 2.26 takes 6 domains and 256 characters, musl 256 characters: the rest is not searched. Every name that is not there is asked for with each of them.",
			Facts:    facts("path", s.conf.Path),
			Evidence: []finding.Evidence{line},
		}
	default:
		return nil
	}
}

func tooMany(s *state) *finding.Finding {
	if len(s.rc.late) == 0 {
		return nil
	}
	v := s.rc.late[0]
	return &finding.Finding{
		Severity: finding.Note, Title: fmt.Sprintf("%d servers are named, and C libraries ask the first %d", len(s.rc.servers)+len(s.rc.late), maxServers),
		Meaning:  "The rest is never asked (MAXNS).",
		Facts:    facts("server", v.addr.String(), "path", s.conf.Path),
		Evidence: []finding.Evidence{s.line(v, "is not asked")},
	}
}

// muslOptions are the options that musl reads.
var muslOptions = []string{"ndots", "attempts", "timeout"}

func muslIgnores(s *state) *finding.Finding {
	if s.libc.musl == "" || s.libc.glibc != "" {
		return nil
	}
	f := &finding.Finding{
		Severity: finding.Note, Title: "musl does not read all of " + s.conf.Path,
		Meaning: "It knows the options ndots, attempts and timeout only, asks all servers at once and takes the first answer.",
		Facts:   facts("path", s.conf.Path),
	}
	for _, o := range s.rc.options {
		if !slices.Contains(muslOptions, o.name) {
			f.Evidence = append(f.Evidence, at(s.conf.Path, o.line, lineOf(s.conf.Data, o.line), "musl ignores "+o.name))
		}
	}
	if len(f.Evidence) == 0 {
		return nil
	}
	return f
}
