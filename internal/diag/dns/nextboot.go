package dns

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"dekho/internal/finding"
	"dekho/internal/rootfs"
)

// relink is something that makes /etc/resolv.conf a link when the system boots.
type relink struct {
	// target is what the link will say, by what does it.
	target, by string
	// always says that it replaces what stands there.
	always bool
	proof  finding.Evidence
}

// relinks lists what makes or removes /etc/resolv.conf at boot, in the order in
// which that happens: tmpfiles.d, then init scripts.
func (s *state) relinks() []relink {
	var all []relink
	if s.services.RunsTmpfiles() {
		seen := false
		for i := range s.tmpfiles {
			l := &s.tmpfiles[i]
			if l.Path != confPath || seen || !strings.HasPrefix(l.Type, "L") {
				continue
			}
			seen = true // of several lines for one path the first counts
			target := l.Argument
			if target == "" {
				target = "/usr/share/factory" + confPath // tmpfiles.d(5)
			}
			r := relink{target: target, by: "tmpfiles.d", always: strings.Contains(l.Type, "+"), proof: at(l.File, l.Line, l.Text, "makes the link if nothing stands there")}
			if r.always {
				r.proof.Why = "makes the link at each boot, whatever stands there"
			}
			all = append(all, r)
		}
	}
	for _, script := range s.services.Scripts() {
		f := s.sys.File(script.Path)
		if f.Err != nil {
			continue
		}
		number := 0
		for raw := range bytes.Lines(f.Data) {
			number++
			line := strings.TrimSpace(string(raw))
			if target := linkCommand(line); target != "" {
				all = append(all, relink{
					target: target, by: "init script " + script.Name, always: true,
					proof: at(f.Path, number, line, "the init script makes the link ("+script.Path+" has it run)"),
				})
			}
		}
	}
	return all
}

// linkCommand is the target of a link that a line of a shell script makes of
// /etc/resolv.conf, "" if it makes none.
func linkCommand(line string) string {
	if strings.HasPrefix(line, "#") || !strings.Contains(line, "resolv.conf") || !utf8.ValidString(line) {
		return ""
	}
	words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t;&|", r) })
	ln := slices.IndexFunc(words, func(w string) bool { return path.Base(w) == "ln" })
	if ln < 0 {
		return ""
	}
	var operands []string
	symbolic := false
	for _, w := range words[ln+1:] {
		w = strings.Trim(w, `"'`)
		switch {
		case strings.HasPrefix(w, "-"):
			symbolic = symbolic || w == "--symbolic" || !strings.HasPrefix(w, "--") && strings.Contains(w, "s")
		case strings.ContainsAny(w, "<>"):
		default:
			operands = append(operands, w)
		}
	}
	if !symbolic || len(operands) < 2 || !strings.HasSuffix(operands[0], "resolv.conf") || strings.Contains(operands[0], "$") {
		return ""
	}
	to := strings.TrimSuffix(operands[1], "/")
	if to == confPath || to == path.Dir(confPath) && path.Base(operands[0]) == path.Base(confPath) {
		return operands[0]
	}
	return ""
}

// nextBoot tells what the next boot makes of /etc/resolv.conf.
func (s *state) nextBoot() Boot {
	var b Boot
	if len(s.over) > 0 {
		b.Summary = "Whoever starts the container mounts the file anew."
		return b
	}
	link := ""
	stands := s.link.Err == nil
	if stands && s.link.Info.Type == rootfs.Symlink && len(s.conf.Hops) > 0 {
		link = s.conf.Hops[0].Text
	}
	by := ""
	for _, r := range s.relinked {
		if r.always || !stands {
			link, stands, by = r.target, true, r.by
		}
		b.Trail = append(b.Trail, r.proof)
	}
	b.Trail = append(b.Trail, s.alternatives()...)
	b.Target = link
	switch {
	case link != "" && by == "":
		b.Summary = "The link to " + link + " stays."
	case link != "":
		b.Summary = by + " makes " + confPath + " a link to " + link + "."
	case stands:
		b.Summary = "The file stays what it is"
	default:
		b.Summary = "Nothing stands there"
	}
	if link != "" {
		s.bootLink(&b, link)
		return b
	}
	var writers []string
	for i := range managers {
		p := s.presence(managers[i].id)
		if p.writes == writesNothing || len(p.starts) == 0 {
			continue
		}
		if p.id == "networkmanager" {
			if writes, _ := s.managerWrites(); !writes {
				continue
			}
		}
		name := p.name
		if to := s.presence("openresolv"); p.handsOver && to.installed != "" {
			p, name = to, to.name+" with what "+name+" hands over"
		}
		if b.Owner == "" || p.writes == writesAlways {
			b.Owner = p.id
		}
		writers = append(writers, name)
		b.Trail = append(b.Trail, started(s.presence(managers[i].id))...)
	}
	if len(writers) == 0 {
		b.Owner = s.owner.ID
		b.Summary += "; no program that is known to write it is started at boot."
		return b
	}
	b.Summary += " until it is written by " + strings.Join(writers, " and ") + ", which the boot starts."
	return b
}

// bootLink tells who makes the file that a link leads to.
func (s *state) bootLink(b *Boot, link string) {
	to := link
	if !strings.HasPrefix(to, "/") {
		to = path.Join(path.Dir(confPath), to)
	}
	m, t := byTarget(to)
	if m == nil && link == s.linkText() {
		m, t = s.linkTarget()
	}
	switch {
	case m == nil && s.sys.Stat(to).Err == nil && (!volatile(to) || to == "/dev/null"):
		b.Summary += " It leads to a file that stays."
		b.Owner = s.owner.ID
		return
	case m == nil:
		b.Summary += " Nothing is known to make that file."
		return
	case m.id == "kernel" || t.mode == "static":
		b.Owner = m.id
		b.Summary += " That file is always there."
		return
	}
	b.Owner = m.id
	p := s.presence(m.id)
	if m.id == "resolvconf" && p.installed == "" {
		p = s.presence("openresolv")
		b.Owner = p.id
	}
	b.Trail = append(b.Trail, started(p)...)
	switch {
	case len(p.starts) > 0:
		b.Summary += " " + p.name + ", which the boot starts, makes that file."
		b.made = true
	case p.id == "openresolv", p.id == "udhcpc", p.id == "pppd", p.id == "netconfig":
		b.Summary += " " + p.name + " makes that file when an interface comes up."
		b.made = true
	case p.installed == "":
		b.Summary += " " + p.name + " would make that file, and it is not installed."
	default:
		b.Summary += " " + p.name + " would make that file, and nothing starts it at boot."
	}
}

// linkText is what the link says that stands there now.
func (s *state) linkText() string {
	if len(s.conf.Hops) > 0 && s.conf.Hops[0].Path == confPath {
		return s.conf.Hops[0].Text
	}
	return ""
}

// volatile tells whether a boot empties the directory.
func volatile(p string) bool {
	p = normal(p)
	return strings.HasPrefix(p, "/run/") || strings.HasPrefix(p, "/tmp/") || strings.HasPrefix(p, "/dev/") || strings.HasPrefix(p, "/var/volatile/")
}

// started are the reasons why a boot starts a manager, as evidence.
func started(p *presence) []finding.Evidence {
	var all []finding.Evidence
	for i, start := range p.starts {
		if i == 2 {
			break // more say the same
		}
		all = append(all, at(start.Path, 0, "", "starts "+p.name+" ("+start.Text+")"))
	}
	return all
}

// databases are where the update-alternatives of OpenEmbedded and Debian keep
// who offers a link.
var databases = []string{"/usr/lib/opkg/alternatives/resolv-conf", "/var/lib/opkg/alternatives/resolv-conf", "/var/lib/dpkg/alternatives/resolv-conf", "/var/lib/alternatives/resolv-conf"}

// alternatives is who else would have the link if a package goes or comes.
func (s *state) alternatives() []finding.Evidence {
	var all []finding.Evidence
	for _, db := range databases {
		f := s.sys.File(db)
		if f.Err != nil {
			continue
		}
		number := 0
		for raw := range bytes.Lines(f.Data) {
			number++
			line := strings.TrimSpace(string(raw))
			if fields := strings.Fields(line); len(fields) == 2 && strings.HasPrefix(fields[0], "/") {
				all = append(all, at(db, number, line, "an alternative with its priority; the highest has the link when packages change"))
			}
		}
	}
	return all
}

// maker says what would make a file below /run in an image: a manager that is
// started, a line of tmpfiles.d.
func (s *state) maker(target string) []finding.Evidence {
	var all []finding.Evidence
	if m, _ := byTarget(target); m != nil {
		all = append(all, started(s.presence(m.id))...)
	}
	for i := range s.tmpfiles {
		l := &s.tmpfiles[i]
		if normal(l.Path) == normal(target) && strings.ContainsAny(l.Type[:1], "fFwCL") {
			all = append(all, at(l.File, l.Line, l.Text, "makes the file"))
		}
	}
	return all
}
