package dns

import (
	"bytes"
	"fmt"
	"path"
	"strconv"
	"strings"

	"dekho/internal/finding"
	"dekho/internal/rootfs"
)

// own decides who owns /etc/resolv.conf, and writes down how that shows: a mount
// over it decides, then where a link leads, then which file it is, what its
// comment says, whose file it is a copy of.
func (s *state) own() {
	o := &s.owner
	s.trailLink()
	s.trailContent()
	switch {
	case s.ownMount(), s.ownLink(), s.ownFile():
	default:
		o.Name = "nobody"
	}
	s.trailRunning()
}

func (s *state) trail(e finding.Evidence) { s.owner.Trail = append(s.owner.Trail, e) }

// trailLink writes down the way from the path to the file.
func (s *state) trailLink() {
	for _, m := range s.over {
		s.trail(finding.Evidence{
			Locator: finding.Locator{In: finding.Output, Name: s.sys.ProcPath("mountinfo"), Line: m.Line},
			Quote:   quote(m.Root + " on " + m.Point + " type " + m.Type), Why: "a mount lies over the file",
		})
	}
	for _, h := range s.conf.Hops {
		s.trail(at(h.Path, 0, "-> "+h.Text, "a link"))
	}
	switch err := s.conf.Err; {
	case err == nil && len(s.conf.Hops) > 0:
		s.trail(at(s.conf.Path, 0, describe(s.conf.Info), "where it leads"))
	case err == nil:
		s.trail(at(s.conf.Path, 0, describe(s.conf.Info), "a plain file"))
	case err.Reason == rootfs.NotExist:
		s.trail(at(err.At, 0, "", "is not there"))
	default:
		s.trail(at(err.At, 0, "", err.Text))
	}
}

// describe shows what ls -l would.
func describe(i *rootfs.Info) string {
	text := fmt.Sprintf("%04o %d:%d, %d bytes", i.Mode, i.UID, i.GID, i.Size)
	if i.Type != rootfs.Regular {
		text = string(i.Type) + " " + text
	}
	if i.Immutable {
		text += ", immutable"
	}
	if i.Label != "" {
		text += ", " + i.Label
	}
	return text
}

// trailContent writes down what the file says about who wrote it.
func (s *state) trailContent() {
	if s.conf.Err != nil {
		return
	}
	if m, line := s.header(); m != nil {
		s.trail(at(s.conf.Path, line.line, line.text, m.name+" writes this comment"))
	}
}

// header finds who wrote the comment of the file.
func (s *state) header() (*manager, textLine) {
	for _, c := range s.rc.comments {
		if m := byHeader(c.text); m != nil {
			return m, c
		}
	}
	return nil, textLine{}
}

// ownMount decides by a mount over the file.
func (s *state) ownMount() bool {
	if len(s.over) == 0 {
		return false
	}
	m := s.over[len(s.over)-1] // the topmost
	s.owner.Mode = "bind mount"
	root := strings.TrimSuffix(m.Root, "//deleted")
	for i := range runtimes {
		if runtimes[i].root.MatchString(root) {
			s.owner.ID, s.owner.Name = runtimes[i].id, runtimes[i].name
			return true
		}
	}
	s.owner.ID, s.owner.Name = "mount", "whoever mounted "+root+" there"
	if h, _ := s.header(); h != nil {
		s.owner.ID, s.owner.Name = h.id, h.name
		s.owner.Guess = "the comment in the mounted file says so"
	}
	return true
}

// ownLink decides by where a link leads, whether or not anything is there.
func (s *state) ownLink() bool {
	if len(s.conf.Hops) == 0 {
		return false
	}
	m, t := s.linkTarget()
	if m == nil {
		return false
	}
	// Two keep the same file: Debian's resolvconf and openresolv told to.
	if m.id == "resolvconf" {
		if h, _ := s.header(); h != nil && h.id == "openresolv" || h == nil && s.presence("resolvconf").installed == "" && s.presence("openresolv").installed != "" {
			m = managerOf("openresolv")
		}
	}
	s.owner.ID, s.owner.Name, s.owner.Mode = m.id, m.name, t.mode
	return true
}

// linkTarget is whose file the link leads to: the file itself, or one that a
// further link leads away from.
func (s *state) linkTarget() (*manager, *target) {
	if m, t := byTarget(s.conf.Path); m != nil {
		return m, t
	}
	for _, h := range s.conf.Hops {
		to := h.Text
		if !strings.HasPrefix(to, "/") {
			to = path.Join(path.Dir(h.Path), to)
		}
		if m, t := byTarget(to); m != nil {
			return m, t
		}
	}
	return nil, nil
}

// ownFile decides by which file it is and what stands in it.
func (s *state) ownFile() bool {
	if s.conf.Err != nil {
		return false
	}
	o := &s.owner
	mode := "file"
	if len(s.conf.Hops) > 0 {
		mode = "file behind a link"
	}
	// One file under two names.
	for i := range managers {
		for _, t := range managers[i].targets {
			if r := s.sys.Stat(t.path); r.Err == nil && r.Path != s.conf.Path && r.Info.Same(s.conf.Info) {
				s.trail(at(r.Path, 0, describe(r.Info), "is the same file"))
				o.ID, o.Name, o.Mode = managers[i].id, managers[i].name, "hard link"
				return true
			}
		}
	}
	if m, _ := s.header(); m != nil {
		o.ID, o.Name, o.Mode = m.id, m.name, mode
		if m.writes == writesNothing && len(m.targets) > 0 && mode == "file" && m.id != "connman" {
			o.Mode = "copy"
			o.Guess = "the comment is its own, and it keeps its file at " + m.targets[0].path + ": this is a copy, which nobody brings up to date"
		}
		return true
	}
	if len(s.rc.servers) > 0 {
		for i := range managers {
			for _, t := range managers[i].targets {
				if f := s.sys.File(t.path); f.Err == nil && len(f.Data) > 0 && bytes.Equal(f.Data, s.conf.Data) {
					s.trail(at(f.Path, 0, describe(f.Info), "has the same content"))
					o.ID, o.Name, o.Mode = managers[i].id, managers[i].name, "copy"
					o.Guess = "it is a copy of the file that " + managers[i].name + " keeps, which nobody brings up to date"
					return true
				}
			}
		}
		if s.ownLeases() {
			return true
		}
	}
	if p := s.presence("udhcpc"); p.runs() {
		o.ID, o.Name, o.Mode = p.id, p.name, mode
		o.Guess = "it runs, and its script writes no comment"
		o.Rivals = []string{"somebody by hand"}
		return true
	}
	o.ID, o.Name, o.Mode = "hand", "no program", mode
	o.Guess = "no comment, no link and no file of a program says who wrote it: somebody by hand, or an installer"
	for _, id := range []string{"dhclient", "udhcpc", "dhcpcd"} {
		if p := s.presence(id); p.runs() || p.installed != "" && len(p.headers) == 0 {
			o.Rivals = append(o.Rivals, p.name)
		}
	}
	return true
}

// leases are where clients of DHCP that write no comment keep what they got.
var leases = []struct{ id, dir, prefix string }{
	{"dhclient", "/var/lib/dhcp", "dhclient"},
	{"dhclient", "/var/lib/dhclient", "dhclient"},
	{"dhclient", "/var/lib/NetworkManager", "dhclient"},
}

// ownLeases decides by a lease that has the server in it. BusyBox marks its lines
// with the interface.
func (s *state) ownLeases() bool {
	o := &s.owner
	first := s.rc.servers[0]
	line := lineOf(s.conf.Data, first.line)
	if _, mark, ok := strings.Cut(line, " # "); ok && mark != "" && !strings.ContainsAny(mark, " \t") {
		s.trail(at(s.conf.Path, first.line, line, "BusyBox's script marks its lines with the interface"))
		o.ID, o.Name, o.Mode = "udhcpc", managerOf("udhcpc").name, "file"
		return true
	}
	for _, l := range leases {
		for _, n := range s.sys.Dir(l.dir).Names {
			if !strings.HasPrefix(n, l.prefix) || !strings.Contains(n, "lease") {
				continue
			}
			f := s.sys.File(path.Join(l.dir, n))
			number := 0
			for raw := range bytes.Lines(f.Data) {
				number++
				text := strings.TrimSpace(string(raw))
				rest, ok := strings.CutPrefix(text, "option domain-name-servers ")
				if !ok {
					continue
				}
				for _, a := range strings.Split(strings.TrimSuffix(rest, ";"), ",") {
					if strings.TrimSpace(a) == first.addr.String() {
						s.trail(at(f.Path, number, text, "the server came by DHCP"))
						o.ID, o.Name, o.Mode = l.id, managerOf(l.id).name, "file"
						o.Guess = "its lease has the same server, and it writes no comment"
						return true
					}
				}
			}
		}
	}
	return false
}

// lineOf is a line of a text, from 1.
func lineOf(data []byte, number int) string {
	for raw := range bytes.Lines(data) {
		if number--; number == 0 {
			return strings.TrimRight(string(raw), "\r\n")
		}
	}
	return ""
}

// trailRunning writes down which managers are here: who is on the bus, who runs,
// what systemd says, who listens on port 53.
func (s *state) trailRunning() {
	if !s.sys.Running() {
		return
	}
	for i := range managers {
		m := &managers[i]
		p := s.presence(m.id)
		if !p.runs() && m.id != s.owner.ID && (p.active == "" || p.active == "inactive") {
			continue
		}
		if m.bus != "" {
			switch {
			case s.bus.Err != nil:
			case p.onBus:
				s.trail(said("system bus", m.bus, m.name+" is on the bus"))
			default:
				s.trail(said("system bus", m.bus, "nobody has the name: "+m.name+" does not run"))
			}
		}
		if p.pid != 0 {
			s.trail(said("/proc/"+strconv.Itoa(p.pid)+"/comm", p.comm, m.name+" runs"))
		}
		if p.active != "" {
			s.trail(said("systemctl status "+p.unit, p.active, "what systemd says"))
		}
	}
	if s.bus.Err != nil {
		s.trail(said("system bus", "", "cannot be asked: "+s.bus.Err.Error()))
	}
	if s.listenersErr != nil {
		s.trail(said(s.sys.ProcPath("net/udp"), "", "cannot be looked at: "+s.listenersErr.Text))
		return
	}
	for _, l := range s.listeners {
		s.trail(finding.Evidence{
			Locator: finding.Locator{In: finding.Output, Name: s.sys.ProcPath("net/" + l.Network), Line: l.Line},
			Quote:   l.Addr.String(), Why: s.holder(l.Inode) + " listens",
		})
	}
	if len(s.listeners) == 0 {
		s.trail(said(s.sys.ProcPath("net/udp"), "", "nobody listens on port 53"))
	}
}

// holder is who has a socket.
func (s *state) holder(inode uint64) string {
	if s.holders != nil {
		if p, ok := s.holders.Found[inode]; ok {
			return p.Comm + " (process " + strconv.Itoa(p.PID) + ")"
		}
	}
	return "somebody"
}
