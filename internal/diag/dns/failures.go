package dns

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"dekho/internal/capture"
	"dekho/internal/finding"
	"dekho/internal/rootfs"
)

// A failure is something that can be wrong. look returns what it found, nil if
// nothing; the identifier is put in from the table.
type failure struct {
	id   string
	look func(s *state) *finding.Finding
}

// failures is the table of what can be wrong. Each is looked for on its own; of
// equally bad ones the first here is shown first.
var failures = []failure{
	// The file.
	{"resolv-conf-dangling", dangling},
	{"resolv-conf-loop", loop},
	{"resolv-conf-missing", missing},
	{"resolv-conf-not-a-file", notFile},
	{"resolv-conf-unreadable", unreadable},
	{"resolv-conf-empty", empty},
	{"resolv-conf-ignored-lines", ignoredLines},
	{"link-into-run", linkIntoRun},
	{"bind-mount-stale", staleMount},
	{"file-system-full", full},
	{"file-system-read-only", readOnly},
	{"resolv-conf-immutable", immutable},
	{"selinux-label", label},
	// The way of a name.
	{"nsswitch-no-dns", noDNS},
	{"nsswitch-returns-before-dns", returnsBefore},
	{"nss-module-missing", moduleMissing},
	// The servers.
	{"loopback-down", loopbackDown},
	{"stub-without-daemon", stubWithoutDaemon},
	{"stub-listener-off", stubOff},
	{"port-53-taken", portTaken},
	{"loopback-in-container", loopbackInContainer},
	{"loopback-server-silent", loopbackSilent},
	{"proxy-without-upstream", proxyWithoutUpstream},
	{"stale-vpn-server", staleServer},
	{"no-route-to-server", noRoute},
	{"servers-dead", deadServers},
	{"server-dead", deadServer},
	{"dnssec-bogus", bogus},
	{"clock-wrong", clockWrong},
	{"server-refuses", refuses},
	{"name-not-found", notFound},
	// The managers.
	{"servers-not-reaching", notReaching},
	{"dns-nameservers-ignored", interfacesIgnored},
	{"two-managers", twoManagers},
	{"link-remade-at-boot", remade},
	{"next-boot-breaks", nextBootBreaks},
	// Traps.
	{"ndots-trap", ndotsTrap},
	{"search-trap", searchTrap},
	{"too-many-servers", tooMany},
	{"musl-ignores", muslIgnores},
	{"bind-mounted", mounted},
}

// effects are which failures make which others.
var effects = []struct {
	cause, effect, why string
	guess              bool
}{
	{"resolv-conf-dangling", "servers-not-reaching", "what it keeps is not what programs read", false},
	{"resolv-conf-immutable", "servers-not-reaching", "the file cannot be written", false},
	{"file-system-read-only", "servers-not-reaching", "the file cannot be written", false},
	{"file-system-full", "resolv-conf-empty", "there was no room to write it", true},
	{"file-system-full", "servers-not-reaching", "there is no room to write it", true},
	{"link-remade-at-boot", "resolv-conf-dangling", "that is how the link came there", true},
	{"link-remade-at-boot", "next-boot-breaks", "it makes the link", false},
	{"two-managers", "resolv-conf-dangling", "the one that does not run has the link, the one that runs has the servers", true},
	{"two-managers", "servers-not-reaching", "another one has the file", false},
	{"stub-listener-off", "servers-dead", "nobody answers at the stub's address", false},
	{"stub-without-daemon", "servers-dead", "nobody answers at the stub's address", false},
	{"port-53-taken", "stub-listener-off", "the stub could not have the port", true},
	{"loopback-down", "servers-dead", "127.0.0.0/8 is reached through it", false},
	{"loopback-in-container", "servers-dead", "the address is the container's own", false},
	{"loopback-server-silent", "servers-dead", "nobody listens there", false},
	{"no-route-to-server", "servers-dead", "packets do not leave", false},
	{"stale-vpn-server", "no-route-to-server", "it was reached through an interface that is gone", true},
	{"stale-vpn-server", "server-dead", "it was reached through an interface that is gone", true},
	{"clock-wrong", "dnssec-bogus", "signatures are not valid at the time that the clock says", false},
	{"bind-mount-stale", "servers-not-reaching", "what is written now is another file", true},
}

// elsewhere tells whether programs that use the name service switch are answered
// without resolv.conf: nss-resolve asks systemd-resolved itself.
func (s *state) elsewhere() bool { return s.usesNsswitch() && s.route().reaches == "resolve" }

// broken is how bad it is when resolv.conf gives no server: as bad as can be,
// unless another way leads to one.
func (s *state) broken() (finding.Severity, string) {
	if s.elsewhere() {
		return finding.Broken, " Programs that ask through the name service switch still get answers from systemd-resolved (nss-resolve); those that read the file themselves, such as dig, static programs and what is written in Go, do not."
	}
	if s.sys.Running() {
		for i := range s.listeners {
			if a := s.listeners[i].Addr.Addr(); a.IsUnspecified() || a.String() == "127.0.0.1" {
				return finding.Degraded, " Here " + s.holder(s.listeners[i].Inode) + " answers at 127.0.0.1, which is what libraries ask then."
			}
		}
	}
	return finding.Fatal, " Without servers glibc and musl ask 127.0.0.1, where nobody listens."
}

// hops are the links to the file, as evidence.
func (s *state) hops() []finding.Evidence {
	var all []finding.Evidence
	for _, h := range s.conf.Hops {
		all = append(all, at(h.Path, 0, "-> "+h.Text, "a link"))
	}
	return all
}

// offline tells whether this is an image that was never started: then /run is
// empty, and links into it lead to nothing.
func (s *state) offline() bool {
	if s.sys.Running() {
		return false
	}
	d := s.sys.Dir("/run")
	return len(d.Names) == 0
}

func facts(pairs ...string) []finding.Fact {
	var all []finding.Fact
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			all = append(all, finding.Fact{Name: pairs[i], Value: pairs[i+1]})
		}
	}
	return all
}

// isDangling tells whether a link leads to nothing.
func (s *state) isDangling() bool {
	return len(s.conf.Hops) > 0 && s.conf.Err != nil && (s.conf.Err.Reason == rootfs.NotExist || s.conf.Err.Reason == rootfs.NotDir)
}

func dangling(s *state) *finding.Finding {
	if !s.isDangling() || s.offline() && volatile(s.conf.Path) {
		return nil
	}
	severity, way := s.broken()
	f := &finding.Finding{
		Severity: severity,
		Title:    confPath + " is a link to nothing: " + s.conf.Hops[0].Text,
		Meaning:  "Programs find no server in it." + way,
		Facts:    facts("path", confPath, "link", s.linkText(), "target", s.conf.Path, "owner", s.owner.ID),
		Evidence: append(s.hops(), at(s.conf.Err.At, 0, "", "is not there")),
	}
	if m := managerOf(s.owner.ID); m != nil && s.sys.Running() {
		p := s.presence(m.id)
		switch {
		case p.runs():
			f.Meaning += " " + m.name + ", which should make the file, runs."
		case p.installed == "":
			f.Meaning += " " + m.name + ", which would make the file, is not installed."
		default:
			f.Meaning += " " + m.name + ", which would make the file, does not run."
		}
	}
	f.Next = s.takeOver()
	return f
}

// takeOver is how another manager, or the same, comes to write the file: the one
// that runs and has servers first.
func (s *state) takeOver() []finding.Step {
	var steps []finding.Step
	for _, id := range []string{"networkmanager", "systemd-resolved", "connman"} {
		p := s.presence(id)
		if !s.canServe(p) || id == s.owner.ID && s.conf.Err == nil {
			continue
		}
		switch id {
		case "networkmanager":
			if writes, c := s.managerWrites(); !writes {
				steps = append(steps, finding.Step{Why: fmt.Sprintf("NetworkManager does not write the file: %s:%d says %s", c.path, c.line, c.text)})
				continue
			}
			steps = append(steps, finding.Step{Command: "rm " + confPath + " && systemctl restart NetworkManager", Why: "NetworkManager writes a file of its own where no link of another stands"})
		default:
			steps = append(steps, finding.Step{Command: "ln -sfn " + p.targets[0].path + " " + confPath, Why: p.name + " keeps that file"})
		}
	}
	if len(steps) == 0 {
		if p := s.presence(s.owner.ID); p.installed != "" && len(p.units) > 0 && !p.runs() {
			steps = append(steps, finding.Step{Command: "systemctl start " + p.units[0], Why: p.name + " makes the file"})
		}
	}
	return steps
}

// canServe tells whether a manager is at work with servers of its own: it runs, or
// left its file in the copy of a system, or a boot of the image starts it.
func (s *state) canServe(p *presence) bool {
	if s.sys.Running() {
		return p.runs()
	}
	servers, _ := s.kept(p)
	return len(p.starts) > 0 || len(servers) > 0
}

func loop(s *state) *finding.Finding {
	if s.conf.Err == nil || s.conf.Err.Reason != rootfs.Loop {
		return nil
	}
	severity, way := s.broken()
	e := s.hops()
	return &finding.Finding{
		Severity: severity, Title: confPath + " is a link that leads back to itself",
		Meaning:  "The file cannot be opened." + way,
		Facts:    facts("path", confPath, "link", s.linkText()),
		Evidence: append(e[:min(len(e), 4)], at(s.conf.Err.At, 0, "", s.conf.Err.Text)),
		Next:     s.takeOver(),
	}
}

func missing(s *state) *finding.Finding {
	if len(s.conf.Hops) > 0 || s.conf.Err == nil || s.conf.Err.Reason != rootfs.NotExist {
		return nil
	}
	severity, way := s.broken()
	f := &finding.Finding{
		Severity: severity, Title: "there is no " + confPath, Meaning: strings.TrimSpace(way),
		Facts:    facts("path", confPath),
		Evidence: []finding.Evidence{at(s.conf.Err.At, 0, "", "is not there")},
		Next:     s.takeOver(),
	}
	if p := s.presence("dhcpcd"); p.active == "failed" {
		// Debian's unit names the file in ReadWritePaths=, and systemd makes no
		// sandbox with a mount on what is not there (status 226).
		f.Evidence = append(f.Evidence, said("systemctl status "+p.unit, p.active, "a unit that has ReadWritePaths="+confPath+" does not start without the file"))
		f.Next = append(f.Next, finding.Step{Command: "touch " + confPath + " && systemctl restart " + p.unit, Why: "gives dhcpcd the file that it may then write"})
	}
	if s.offline() {
		f.Severity = finding.Note
		f.Meaning = "This is an image: a program may make the file once it runs."
		if s.boot.Owner == "" {
			f.Severity, f.Meaning = finding.Broken, "Nothing that the image starts is known to make it."
		}
	}
	return f
}

func notFile(s *state) *finding.Finding {
	if s.conf.Err == nil || s.conf.Err.Reason != rootfs.NotRegular || s.conf.Info == nil {
		return nil
	}
	severity, way := s.broken()
	f := &finding.Finding{
		Severity: severity, Title: confPath + " is a " + string(s.conf.Info.Type) + ", not a file",
		Meaning:  "Programs find no server in it." + way,
		Facts:    facts("path", confPath, "target", s.conf.Path, "type", string(s.conf.Info.Type)),
		Evidence: append(s.hops(), at(s.conf.Path, 0, describe(s.conf.Info), "stands there")),
		Next:     s.takeOver(),
	}
	if s.conf.Info.Type == rootfs.FIFO {
		f.Meaning = "Every program that looks up a name waits for somebody to write into it."
	}
	return f
}

// unreadable: others than root may not read it, or not pass on the way.
func unreadable(s *state) *finding.Finding {
	if s.conf.Err != nil && s.conf.Err.Reason == rootfs.Permission {
		return &finding.Finding{
			Severity: finding.Broken, Title: s.conf.Err.At + " cannot be read by this user",
			Meaning: "Programs that run as this user find no server. What root finds there could not be looked at.",
			Facts:   facts("path", s.conf.Err.At), Evidence: append(s.hops(), at(s.conf.Err.At, 0, "", s.conf.Err.Text)),
			Next: []finding.Step{{Command: "sudo dekho dns", Why: "looks as root"}},
		}
	}
	if s.conf.Err != nil {
		return nil
	}
	const read, pass = 0o004, 0o001
	at1, info, want := s.conf.Path, s.conf.Info, uint32(read)
	if info.Mode&read != 0 {
		info = nil
		for dir := path.Dir(s.conf.Path); dir != "/"; dir = path.Dir(dir) {
			if r := s.sys.Stat(dir); r.Err == nil && r.Info.Mode&pass == 0 {
				at1, info, want = r.Path, r.Info, pass
			}
		}
	}
	if info == nil {
		return nil
	}
	f := &finding.Finding{
		Severity: finding.Broken, Title: at1 + " may be read by root only: mode " + fmt.Sprintf("%04o", info.Mode),
		Meaning:  "Names resolve for root and not for others: programs that run as another user find no server.",
		Facts:    facts("path", at1, "mode", fmt.Sprintf("%04o", info.Mode)),
		Evidence: []finding.Evidence{at(at1, 0, describe(info), "others have no right to it")},
		Next:     []finding.Step{{Command: "chmod a+r " + at1, Why: "that it was written so may be the umask of whoever writes it"}},
	}
	if want == pass {
		f.Next[0].Command = "chmod a+x " + at1
	}
	return f
}

func empty(s *state) *finding.Finding {
	if s.conf.Err != nil || len(s.rc.servers) > 0 || s.conf.More {
		return nil
	}
	severity, way := s.broken()
	f := &finding.Finding{
		Severity: severity, Title: s.conf.Path + " names no server",
		Meaning:  strings.TrimSpace(way),
		Facts:    facts("path", s.conf.Path, "owner", s.owner.ID),
		Evidence: []finding.Evidence{at(s.conf.Path, 0, describe(s.conf.Info), "has no line nameserver that counts")},
		Next:     s.takeOver(),
	}
	if s.rc.binary {
		f.Title = s.conf.Path + " is no text and names no server"
	}
	for i, l := range s.rc.ignored {
		if i < 3 {
			f.Evidence = append(f.Evidence, at(s.conf.Path, l.line, l.text, l.why))
		}
	}
	if s.offline() {
		f.Severity, f.Meaning = finding.Note, "This is an image: a program may write it once it runs."
		if s.boot.Owner == "" || s.boot.Owner == "hand" {
			f.Severity, f.Meaning = finding.Broken, "Nothing that the image starts is known to write it."
		}
	}
	return f
}

func ignoredLines(s *state) *finding.Finding {
	if s.conf.Err != nil || len(s.rc.ignored) == 0 || len(s.rc.servers) == 0 || s.rc.binary {
		return nil
	}
	f := &finding.Finding{
		Severity: finding.Note, Title: "glibc does not understand a line of " + s.conf.Path,
		Meaning: "What stands there has no effect.",
		Facts:   facts("path", s.conf.Path),
	}
	for i, l := range s.rc.ignored {
		if i < 3 {
			f.Evidence = append(f.Evidence, at(s.conf.Path, l.line, l.text, l.why))
		}
		if strings.Contains(l.text, "nameserver") {
			f.Severity = finding.Degraded
			f.Title = "glibc does not understand a line nameserver of " + s.conf.Path
		}
	}
	return f
}

// linkIntoRun: an image that does not run has nothing in /run; what counts is
// whether something that it starts makes the file.
func linkIntoRun(s *state) *finding.Finding {
	if !s.isDangling() || !s.offline() || !volatile(s.conf.Path) {
		return nil
	}
	f := &finding.Finding{
		Severity: finding.Note, Title: confPath + " leads into " + path.Dir(normal(s.conf.Path)) + ", which a boot fills",
		Meaning:  s.boot.Summary,
		Facts:    facts("path", confPath, "link", s.linkText(), "target", s.conf.Path, "owner", s.owner.ID),
		Evidence: append(s.hops(), s.maker(s.conf.Path)...),
	}
	if s.boot.made {
		return f
	}
	f.Severity = finding.Broken
	f.Title = "nothing that the image starts makes " + normal(s.conf.Path) + ", where " + confPath + " leads"
	if m := managerOf(s.owner.ID); m != nil && len(m.units) > 0 && s.presence(m.id).installed != "" {
		f.Next = []finding.Step{{Command: "systemctl --root=DIR enable " + m.units[0], Why: m.name + " makes the file"}}
	}
	return f
}

func mounted(s *state) *finding.Finding {
	if len(s.over) == 0 {
		return nil
	}
	m := s.over[len(s.over)-1]
	return &finding.Finding{
		Severity: finding.Note, Title: "a mount lies over " + m.Point,
		Meaning:  "It can be written in place, and not replaced: programs that write a new file and rename it get EBUSY (Device or resource busy).",
		Facts:    facts("path", m.Point, "source", m.Root, "owner", s.owner.ID),
		Evidence: []finding.Evidence{s.mountLine(m.Line, m.Root+" on "+m.Point+" type "+m.Type, "the mount")},
	}
}

func (s *state) mountLine(line int, text, why string) finding.Evidence {
	return finding.Evidence{Locator: finding.Locator{In: finding.Output, Name: s.sys.ProcPath("mountinfo"), Line: line}, Quote: quote(text), Why: why}
}

func staleMount(s *state) *finding.Finding {
	if len(s.over) == 0 {
		return nil
	}
	m := s.over[len(s.over)-1]
	source, gone := strings.CutSuffix(m.Root, "//deleted")
	if !gone {
		return nil
	}
	return &finding.Finding{
		Severity: finding.Degraded, Title: "the file that is mounted over " + m.Point + " was replaced on the other side",
		Meaning:  "What is seen here is the old file: whoever owns it has written a new one and renamed it to " + source + ". Changes no longer arrive.",
		Facts:    facts("path", m.Point, "source", source, "owner", s.owner.ID),
		Evidence: []finding.Evidence{s.mountLine(m.Line, m.Root+" on "+m.Point, "the kernel marks the file as deleted")},
		Next:     []finding.Step{{Why: "restart the container, which mounts the new file"}},
	}
}

// writers are the managers here that would write /etc/resolv.conf itself.
func (s *state) writers() []*presence {
	var all []*presence
	for i := range managers {
		p := s.presence(managers[i].id)
		if p.writes == writesNothing || !p.runs() && (s.sys.Running() || len(p.starts) == 0) {
			continue
		}
		if p.id == "networkmanager" {
			if writes, _ := s.managerWrites(); !writes {
				continue
			}
		}
		all = append(all, p)
	}
	return all
}

// names lists managers.
func names(list []*presence) string {
	var all []string
	for _, p := range list {
		all = append(all, p.name)
	}
	return strings.Join(all, " and ")
}

func immutable(s *state) *finding.Finding {
	if s.conf.Err != nil || !s.conf.Info.Immutable && !s.conf.Info.AppendOnly {
		return nil
	}
	f := &finding.Finding{
		Severity: finding.Note, Title: s.conf.Path + " is immutable",
		Meaning:  "Nobody can write or replace it, root neither, until the attribute is taken away.",
		Facts:    facts("path", s.conf.Path),
		Evidence: []finding.Evidence{at(s.conf.Path, 0, describe(s.conf.Info), "has the attribute i of chattr(1)")},
		Next:     []finding.Step{{Command: "chattr -i " + s.conf.Path, Why: "lets it be written again"}},
	}
	if w := s.writers(); len(w) > 0 {
		f.Severity = finding.Degraded
		f.Meaning += " " + names(w) + " would write it."
	}
	return f
}

// readOnly: somebody would write the file, and cannot.
func readOnly(s *state) *finding.Finding {
	dir := path.Dir(s.conf.Path)
	sp := s.sys.Space(dir)
	if s.conf.Err != nil && s.conf.Err.Reason != rootfs.NotExist {
		return nil
	}
	var proof finding.Evidence
	found := false
	if m := s.mountOf(s.conf.Path); m != nil && m.ReadOnly() {
		found, proof = true, s.mountLine(m.Line, m.Point+" type "+m.Type+" "+m.Options, "is mounted read-only")
	} else if s.mountsErr != nil && sp.Err == nil && sp.ReadOnly && s.sys.Running() {
		found, proof = true, at(dir, 0, "", "lies on a file system that is read-only")
	}
	w := s.writers()
	if !found || len(w) == 0 || len(s.over) > 0 {
		return nil
	}
	f := &finding.Finding{
		Severity: finding.Degraded, Title: s.conf.Path + " cannot be written: its file system is read-only",
		Meaning:  names(w) + " would write it. Servers that come later do not arrive there.",
		Facts:    facts("path", s.conf.Path),
		Evidence: []finding.Evidence{proof},
		Next:     []finding.Step{{Why: "make it a link to the file below /run that the owner keeps"}},
	}
	return f
}

// mountOf is the mount that a path lies on: the last of the longest mount points
// that lead to it.
func (s *state) mountOf(p string) *capture.Mount {
	var best *capture.Mount
	for i := range s.mounts {
		m := &s.mounts[i]
		if m.Point == "/" || p == m.Point || strings.HasPrefix(p, m.Point+"/") {
			if best == nil || len(m.Point) >= len(best.Point) {
				best = m
			}
		}
	}
	return best
}

func full(s *state) *finding.Finding {
	if s.conf.Err != nil && s.conf.Err.Reason != rootfs.NotExist || !s.sys.Running() {
		return nil
	}
	dir := path.Dir(s.conf.Path)
	for s.sys.Stat(dir).Err != nil && dir != "/" {
		dir = path.Dir(dir)
	}
	sp := s.sys.Space(dir)
	noBlocks := sp.Size > 0 && sp.Free == 0
	noFiles := sp.Files > 0 && sp.FreeFiles == 0
	if sp.Err != nil || sp.ReadOnly || !noBlocks && !noFiles {
		return nil
	}
	text := fmt.Sprintf("%d of %d bytes free", sp.Free, sp.Size)
	if !noBlocks {
		text = fmt.Sprintf("%d of %d files free", sp.FreeFiles, sp.Files)
	}
	f := &finding.Finding{
		Severity: finding.Degraded, Title: "the file system of " + s.conf.Path + " is full",
		Meaning:  "A new file cannot be written; one that was being written may have ended up empty.",
		Facts:    facts("path", dir),
		Evidence: []finding.Evidence{said("df "+dir, text, "no room")},
		Next:     []finding.Step{{Command: "du -xh " + dir + " | sort -h | tail", Why: "what takes the room"}},
	}
	if s.conf.Err != nil || len(s.rc.servers) == 0 {
		f.Severity = finding.Broken
	}
	return f
}

// netConfTypes are the SELinux types under which programs may read the file
// (refpolicy sysnetwork.te, and those of the daemons' directories below /run).
var netConfTypes = []string{"net_conf_t", "systemd_resolved_runtime_t", "systemd_resolved_var_run_t", "NetworkManager_var_run_t", "NetworkManager_runtime_t", "connman_runtime_t", "init_var_run_t", "init_runtime_t", "container_file_t", "container_ro_file_t", "svirt_sandbox_file_t", "proc_net_t"}

func label(s *state) *finding.Finding {
	if s.conf.Err != nil || s.conf.Info.Label == "" {
		return nil
	}
	parts := strings.Split(s.conf.Info.Label, ":")
	if len(parts) < 3 || slices.Contains(netConfTypes, parts[2]) {
		return nil
	}
	f := &finding.Finding{
		Severity: finding.Degraded, Title: s.conf.Path + " has the SELinux type " + parts[2] + ", not net_conf_t",
		Meaning:  "Confined daemons may not read it, so names do not resolve for them; programs of users are not confined.",
		Facts:    facts("path", s.conf.Path, "label", s.conf.Info.Label),
		Evidence: []finding.Evidence{at(s.conf.Path, 0, s.conf.Info.Label, "its context")},
		Next:     []finding.Step{{Command: "restorecon -v " + confPath, Why: "gives it the context of the policy"}},
	}
	const enforce = "/sys/fs/selinux/enforce"
	switch e := s.sys.File(enforce); {
	case e.Err != nil:
		f.Guess = "whether SELinux enforces its policy could not be told"
	case strings.TrimSpace(string(e.Data)) == "1":
		f.Severity = finding.Broken
		f.Evidence = append(f.Evidence, at(enforce, 1, "1", "SELinux enforces"))
	default:
		f.Severity = finding.Note
		f.Evidence = append(f.Evidence, at(enforce, 1, quote(string(e.Data)), "SELinux only reports"))
	}
	return f
}

// noDNS: no source of the line hosts asks servers.
func noDNS(s *state) *finding.Finding {
	if !s.usesNsswitch() || s.nss.line == 0 {
		return nil
	}
	r := s.route()
	if r.reaches != "" || r.stops != "" {
		return nil
	}
	f := &finding.Finding{
		Severity: finding.Fatal, Title: "the line hosts of " + nsswitchPath + " asks no server",
		Meaning:  "Names are looked for in " + sources(s.nss.sources) + " only. dig and host still get answers: they read resolv.conf themselves.",
		Facts:    facts("path", nsswitchPath),
		Evidence: []finding.Evidence{at(nsswitchPath, s.nss.line, s.nss.text, "has no dns that is reached")},
		Next:     []finding.Step{{Why: "put dns at the end of the line: hosts: files dns"}},
	}
	for _, m := range r.absent {
		if asksServers(m) {
			f.Evidence = append(f.Evidence, at("libnss_"+m+".so.2", 0, "", "is not installed, so that "+m+" is skipped"))
		}
	}
	if slices.ContainsFunc(s.nss.sources, func(n nssSource) bool { return n.name == "resolve" }) && !slices.Contains(r.absent, "resolve") {
		f.Evidence = append(f.Evidence, said("system bus", "org.freedesktop.resolve1", "systemd-resolved, which resolve asks, does not run"))
	}
	return f
}

// sources names those of a line.
func sources(list []nssSource) string {
	var all []string
	for _, n := range list {
		all = append(all, n.name)
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, ", ")
}

func returnsBefore(s *state) *finding.Finding {
	if !s.usesNsswitch() || s.nss.line == 0 {
		return nil
	}
	r := s.route()
	if r.stops == "" {
		return nil
	}
	later := slices.ContainsFunc(s.nss.sources, func(n nssSource) bool { return asksServers(n.name) })
	if !later {
		return nil
	}
	return &finding.Finding{
		Severity: finding.Fatal, Title: "the search for a name ends at " + r.stops + " before a server is asked",
		Meaning:  "An action in brackets says to return when " + r.stops + " does not have the name. dig and host still get answers: they read resolv.conf themselves.",
		Facts:    facts("path", nsswitchPath, "source", r.stops),
		Evidence: []finding.Evidence{at(nsswitchPath, s.nss.line, s.nss.text, "the action behind "+r.stops)},
		Next:     []finding.Step{{Why: "take away the action behind " + r.stops + ", or move it behind dns"}},
	}
}

func moduleMissing(s *state) *finding.Finding {
	if !s.usesNsswitch() || s.nss.line == 0 {
		return nil
	}
	r := s.route()
	if r.reaches == "" || len(r.absent) == 0 {
		return nil
	}
	f := &finding.Finding{
		Severity: finding.Note, Title: "the module of " + strings.Join(r.absent, " and ") + " is not installed",
		Meaning: "glibc skips what it cannot load; names are found by " + r.reaches + ".",
		Facts:   facts("path", nsswitchPath, "module", "libnss_"+r.absent[0]+".so.2"),
	}
	f.Evidence = []finding.Evidence{at(nsswitchPath, s.nss.line, s.nss.text, "names it")}
	for _, m := range r.absent {
		f.Evidence = append(f.Evidence, at("libnss_"+m+".so.2", 0, "", "stands in no directory of libraries"))
	}
	return f
}
