package dns

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"dekho/internal/capture"
	"dekho/internal/finding"
	"dekho/internal/remedy"
	"dekho/internal/rootfs"
)

// fixes is the table of what can be changed: for a finding the smallest change
// that takes it away, nil if there is none in this case. What only people can
// decide (which of two programs is to go, what takes the room of a disk) and what
// lies outside of the file system (routes, clocks) has none. A file system is
// never remounted, a program never started or enabled.
var fixes = []struct {
	id      string
	propose func(s *state, f *finding.Finding) *remedy.Plan
}{
	{"resolv-conf-dangling", (*state).takeOverPlan},
	{"resolv-conf-loop", (*state).takeOverPlan},
	{"resolv-conf-missing", (*state).takeOverPlan},
	{"resolv-conf-not-a-file", (*state).takeOverPlan},
	{"resolv-conf-unreadable", (*state).readablePlan},
	{"resolv-conf-empty", func(s *state, f *finding.Finding) *remedy.Plan {
		if p := s.repairPlan(f); p != nil {
			return p
		}
		return s.takeOverPlan(f)
	}},
	{"resolv-conf-ignored-lines", (*state).repairPlan},
	{"link-into-run", (*state).takeOverPlan},
	{"resolv-conf-immutable", (*state).writablePlan},
	{"selinux-label", (*state).labelPlan},
	{"nsswitch-no-dns", (*state).askServersPlan},
	{"nsswitch-returns-before-dns", (*state).goOnPlan},
	{"stub-without-daemon", (*state).takeOverPlan},
	{"stub-listener-off", (*state).takeOverPlan},
	{"loopback-server-silent", (*state).takeOverPlan},
	{"proxy-without-upstream", (*state).takeOverPlan},
	{"stale-vpn-server", (*state).staleServerPlan},
	{"servers-not-reaching", (*state).takeOverPlan},
	{"two-managers", (*state).oneManagerPlan},
	{"link-remade-at-boot", (*state).keepLinkPlan},
	{"next-boot-breaks", (*state).startedPlan},
}

// Proposal is a fix for a finding of a report.
type Proposal struct {
	// Finding is its index in Check.Findings.
	Finding int
	Plan    *remedy.Plan
	// Temporary says that the next boot undoes it; the plan says why.
	Temporary bool
}

// Propose finds the fix for the first finding that has one, nil if none has.
func Propose(sys *capture.System, r *Report) *Proposal {
	s := look(sys)
	s.own()
	b := s.nextBoot()
	s.boot = &b
	return s.propose(&r.Check)
}

func (s *state) propose(c *finding.Check) *Proposal {
	for i := range c.Findings {
		f := &c.Findings[i]
		if f.Severity < finding.Degraded {
			continue
		}
		for _, fix := range fixes {
			if fix.id != f.ID {
				continue
			}
			if plan := fix.propose(s, f); plan != nil && len(plan.Ops) > 0 && s.writable(plan) {
				plan.InPlace = s.understood()
				return &Proposal{Finding: i, Plan: plan, Temporary: s.temporary}
			}
		}
	}
	return nil
}

// offerFix says with a finding that dekho can repair it.
func (s *state) offerFix(c *finding.Check) {
	p := s.propose(c)
	if p == nil {
		return
	}
	command := "dekho dns --fix"
	switch about := s.sys.About(); about.Kind {
	case capture.Image:
		command += " --root " + shellWord(about.Root)
	case capture.Process:
		command += " --pid " + strconv.Itoa(about.PID)
	case capture.Host:
	}
	f := &c.Findings[p.Finding]
	f.Next = append(f.Next, finding.Step{Command: command, Why: "asks, and then would " + p.Plan.Title})
}

// shellWord is a word as a shell takes it.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+:,@%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// writable tells whether what a plan changes lies where something can be written.
func (s *state) writable(p *remedy.Plan) bool {
	return !slices.ContainsFunc(p.Ops, func(op remedy.Op) bool {
		m := s.mountOf(op.Path)
		return m != nil && m.ReadOnly()
	})
}

// Proven says why a fix does not hold, nil if it does; after is the report of
// the same system with the fix. Where servers were asked, a name has to resolve.
func (p *Proposal) Proven(before, after *Report) error {
	fixed := &before.Check.Findings[p.Finding]
	known := map[string]bool{}
	for i := range before.Check.Findings {
		known[before.Check.Findings[i].ID] = true
	}
	if after.Check.Outcome == finding.NotChecked && before.Check.Outcome != finding.NotChecked {
		return fmt.Errorf("what came of it could not be looked at: %s", after.Check.Reason)
	}
	for i := range after.Check.Findings {
		f := &after.Check.Findings[i]
		atBoot := f.ID == "link-remade-at-boot" || f.ID == "next-boot-breaks"
		switch {
		case f.ID == fixed.ID && f.Title == fixed.Title && f.Severity >= finding.Degraded:
			return fmt.Errorf("it is still so: %s", f.Title)
		case known[f.ID] || f.Severity < finding.Degraded || f.Severity < fixed.Severity && !atBoot || atBoot && p.Temporary:
		default:
			return fmt.Errorf("with it something else is wrong: %s", f.Title)
		}
	}
	if after.Name != "" && after.Resolves != Resolves {
		return fmt.Errorf("%s does not resolve with it either", after.Name)
	}
	return nil
}

// understood tells whether what lies over the file is a mount of a container
// runtime, which gives each container a file of its own.
func (s *state) understood() bool {
	return len(s.over) > 0 && slices.Contains([]string{"docker", "podman", "containerd", "cri-o"}, s.owner.ID)
}

// source is a file that /etc/resolv.conf can be a link to.
type source struct {
	*presence
	link string // the text of the link
	// remove: nothing is to stand there, so that the manager writes it.
	remove bool
}

// linkTexts are how managers themselves write the link to their file.
var linkTexts = map[string]string{
	"/run/systemd/resolve/stub-resolv.conf": "../run/systemd/resolve/stub-resolv.conf",
	"/run/systemd/resolve/resolv.conf":      "../run/systemd/resolve/resolv.conf",
}

// sourcesNow are the managers at work that keep a file with servers that can be
// asked; in an image those that a boot starts.
func (s *state) sourcesNow(started bool) []source {
	var all []source
	for _, id := range []string{"networkmanager", "systemd-resolved", "connman", "resolvconf"} {
		p := s.presence(id)
		if started && len(p.starts) == 0 {
			continue
		}
		if s.offline() {
			if len(p.starts) == 0 {
				continue
			}
			if id != "networkmanager" {
				all = append(all, source{presence: p, link: linkTo(p.targets[0].path)})
			} else if writes, _ := s.managerWrites(); writes && s.link.Err == nil {
				all = append(all, source{presence: p, remove: true})
			}
			continue
		}
		if s.sys.Running() && !p.runs() && id != "resolvconf" {
			continue
		}
		for _, t := range p.targets {
			if t.mode != "static" && !sameTarget(s.linkText(), t.path) && s.usable(t.path) {
				all = append(all, source{presence: p, link: linkTo(t.path)})
				break
			}
		}
		// One that keeps no file of its own writes the path when it is started and
		// nothing of others stands there.
		if writes, _ := s.managerWrites(); id == "networkmanager" && writes && s.sys.About().Kind == capture.Host &&
			s.services.Init == "systemd" && s.isDangling() && s.sys.Lstat(p.targets[0].path).Err != nil {
			all = append(all, source{presence: p, remove: true})
		}
	}
	return all
}

func linkTo(target string) string {
	if text := linkTexts[target]; text != "" {
		return text
	}
	return target
}

// usable tells whether a file names a server that may answer: one elsewhere, or
// one of this machine that somebody listens at.
func (s *state) usable(name string) bool {
	f := s.sys.File(name)
	if f.Err != nil || f.Info.Mode&0o004 == 0 {
		return false
	}
	for _, v := range parseResolvConf(f.Data).servers {
		switch {
		case !v.addr.IsLoopback() && !v.addr.IsUnspecified():
			return true
		case s.sys.Running() && s.listener(v.addr) != nil:
			id := ""
			if isStub(v.addr) {
				id = "systemd-resolved"
			}
			if s.withoutUpstream(id) == nil {
				return true
			}
		}
	}
	return false
}

// takeOverPlan gives the path to a manager that has servers.
func (s *state) takeOverPlan(*finding.Finding) *remedy.Plan { return s.handOver(s.sourcesNow(false)) }

// startedPlan gives it to one that the next boot starts.
func (s *state) startedPlan(*finding.Finding) *remedy.Plan { return s.handOver(s.sourcesNow(true)) }

func (s *state) handOver(sources []source) *remedy.Plan {
	if len(s.over) > 0 || len(sources) == 0 {
		return nil // what a mount lies over cannot be made a link
	}
	to := sources[0]
	// The stub knows which server is for which names; a copy of them does not.
	for _, c := range sources {
		if c.id == s.owner.ID {
			to = c
		}
	}
	p := &remedy.Plan{
		Title: fmt.Sprintf("make %s a link to %s, which %s keeps", confPath, to.link, to.name),
		Ops:   []remedy.Op{{Kind: remedy.Link, Path: confPath, Text: to.link}},
	}
	if to.remove {
		p.Title = fmt.Sprintf("remove %s: %s writes a file where nothing stands", confPath, to.name)
		p.Ops = []remedy.Op{{Kind: remedy.Remove, Path: confPath}}
		if s.sys.Running() {
			p.Run = []remedy.Command{{Args: []string{"systemctl", "restart", to.units[0]}, Why: "has it write the file"}}
		}
	}
	if len(to.starts) == 0 && s.services.Init == "systemd" && len(to.units) > 0 {
		s.temporary = true
		p.Notes = append(p.Notes, "Nothing starts "+to.name+" at boot.")
		p.Advice = append(p.Advice, remedy.Command{Args: []string{"systemctl", "enable", to.units[0]}, Why: "has it started at each boot"})
	}
	stands := to.link
	if len(p.Run) > 0 {
		stands = confPath // a file, which lines without "+" leave alone
	}
	s.keepAtBoot(p, stands)
	return p
}

// keepAtBoot adds what keeps the next boot from making /etc/resolv.conf another link
// than the one to target, and says what cannot be kept from it.
func (s *state) keepAtBoot(p *remedy.Plan, target string) {
	edits := map[string][]remedy.LineEdit{}
	var files []string
	for i := range s.tmpfiles {
		l := &s.tmpfiles[i]
		// A line without "+" makes the link where nothing stands.
		if l.Path != confPath || !strings.HasPrefix(l.Type, "L") || target != "" && !strings.Contains(l.Type, "+") ||
			sameTarget(l.Argument, target) || !s.services.RunsTmpfiles() {
			continue
		}
		old := rawLine(s.sys.File(l.File).Data, l.Line)
		if edits[l.File] == nil {
			files = append(files, l.File)
		}
		edits[l.File] = append(edits[l.File], remedy.LineEdit{Line: l.Line, Old: old, New: []string{"# " + old}})
	}
	const dir = "/etc/tmpfiles.d"
	for _, f := range files {
		to := path.Join(dir, path.Base(f))
		op := remedy.Op{Kind: remedy.Edit, Path: to, Edits: edits[f]}
		if f != to {
			// A file of that name in /etc counts instead of the one of the package.
			p.Ops = append(p.Ops, remedy.Op{Kind: remedy.MakeDir, Path: dir})
			op.From = s.sys.File(f).Path
			p.Notes = append(p.Notes, fmt.Sprintf("%s counts instead of %s, whose line makes the link again at each boot.", to, f))
		}
		p.Ops = append(p.Ops, op)
	}
	for _, r := range s.relinked {
		if r.by != "tmpfiles.d" && !sameTarget(r.target, target) {
			s.temporary = true
			p.Notes = append(p.Notes, fmt.Sprintf("The next boot undoes this: %s:%d makes the link to %s (%s).", r.proof.Name, r.proof.Line, r.target, r.by))
		}
	}
}

// rawLine is a line of a file as it stands there.
func rawLine(data []byte, number int) string {
	n := 0
	for l := range bytes.Lines(data) {
		if n++; n == number {
			return strings.TrimSuffix(string(l), "\n")
		}
	}
	return ""
}

// keepLinkPlan keeps what stands there now.
func (s *state) keepLinkPlan(*finding.Finding) *remedy.Plan {
	p := &remedy.Plan{Title: "keep the next boot from making " + confPath + " another link"}
	// What leads to nothing, or is not a link, is no reason to keep others.
	if s.conf.Err != nil {
		return nil
	}
	keep := s.linkText()
	if keep == "" {
		keep = confPath // a plain file: no line makes a link to it
	}
	s.keepAtBoot(p, keep)
	return p
}

// readablePlan lets others than root read the file.
func (s *state) readablePlan(f *finding.Finding) *remedy.Plan {
	name := f.Fact("path")
	if f.Fact("mode") == "" || name == "" {
		return nil // it could not be looked at
	}
	op := remedy.Op{Kind: remedy.AddMode, Path: name, Mode: 0o444}
	if r := s.sys.Stat(name); r.Err != nil {
		return nil
	} else if r.Info.Type == rootfs.Directory {
		op.Mode = 0o111
	}
	p := &remedy.Plan{Title: "let others than root read " + confPath, Ops: []remedy.Op{op}}
	if volatile(name) || s.owner.ID != "hand" {
		p.Notes = []string{"Whoever writes it may give it this mode again: look at its umask."}
	}
	return p
}

// repairPlan makes lines that glibc does not understand what was meant: without
// a carriage return at the end, or blanks in front.
func (s *state) repairPlan(*finding.Finding) *remedy.Plan {
	if s.conf.Err != nil || s.conf.More || s.rc.binary || s.owner.ID != "hand" {
		return nil // the next that writes it would write it so again
	}
	op := remedy.Op{Kind: remedy.Edit, Path: s.conf.Path}
	for _, l := range s.rc.ignored {
		old := rawLine(s.conf.Data, l.line)
		meant := strings.TrimSpace(old)
		if c := parseResolvConf([]byte(meant)); meant != old && len(c.ignored) == 0 && len(c.servers)+len(c.search)+len(c.options) > 0 {
			op.Edits = append(op.Edits, remedy.LineEdit{Line: l.line, Old: old, New: []string{meant}})
		}
	}
	if len(op.Edits) == 0 {
		return nil
	}
	return &remedy.Plan{Title: "write the lines as glibc understands them", Ops: []remedy.Op{op}}
}

// writablePlan lets programs write the file again.
func (s *state) writablePlan(*finding.Finding) *remedy.Plan {
	if s.owner.ID == "dnssec-trigger" {
		return nil // it makes the file so itself
	}
	return &remedy.Plan{
		Title: "let " + s.conf.Path + " be written again", Ops: []remedy.Op{{Kind: remedy.ClearFlags, Path: s.conf.Path}},
		Notes: []string{"Somebody may have made it so to keep programs from writing it; then tell them instead (rc-manager=unmanaged of NetworkManager)."},
	}
}

// labelPlan gives the file the type that the policy has for it.
func (s *state) labelPlan(f *finding.Finding) *remedy.Plan {
	parts := strings.Split(f.Fact("label"), ":")
	if len(parts) < 3 {
		return nil
	}
	parts[2] = "net_conf_t"
	return &remedy.Plan{
		Title: "give " + s.conf.Path + " the SELinux type net_conf_t",
		Ops:   []remedy.Op{{Kind: remedy.SetLabel, Path: s.conf.Path, Text: strings.Join(parts, ":")}},
	}
}

// hostsPlan changes the line hosts.
func (s *state) hostsPlan(title string, change func(line string) string) *remedy.Plan {
	if s.nssFile == nil || s.nssFile.Err != nil || s.nss.line == 0 {
		return nil
	}
	old := rawLine(s.nssFile.Data, s.nss.line)
	changed := change(old)
	if changed == old {
		return nil
	}
	return &remedy.Plan{
		Title: title,
		Ops: []remedy.Op{{
			Kind: remedy.Edit, Path: s.nssFile.Path, Edits: []remedy.LineEdit{{Line: s.nss.line, Old: old, New: []string{changed}}},
		}},
	}
}

func (s *state) askServersPlan(*finding.Finding) *remedy.Plan {
	return s.hostsPlan("have servers asked for names of hosts", func(line string) string {
		body, comment, has := strings.Cut(line, "#")
		body = strings.TrimRight(body, " \t") + " dns"
		if has {
			body += " #" + comment
		}
		return body
	})
}

// goOnPlan takes away the action that ends the search.
func (s *state) goOnPlan(f *finding.Finding) *remedy.Plan {
	stops := f.Fact("source")
	return s.hostsPlan("let the search go on after "+stops, func(line string) string {
		_, rest, _ := strings.Cut(line, ":")
		at := len(line) - len(rest)
		for at < len(line) {
			open := strings.IndexByte(line[at:], '[')
			if open < 0 {
				return line
			}
			open += at
			end := strings.IndexByte(line[open:], ']')
			if end < 0 {
				return line
			}
			end += open + 1
			words := strings.FieldsFunc(line[at:open], func(r rune) bool { return r == ' ' || r == '\t' })
			if len(words) > 0 && words[len(words)-1] == stops {
				return strings.TrimRight(line[:open], " \t") + line[end:]
			}
			at = end
		}
		return line
	})
}

// staleServerPlan gives the file to a manager at work, or takes out the line.
func (s *state) staleServerPlan(f *finding.Finding) *remedy.Plan {
	if p := s.takeOverPlan(f); p != nil {
		return p
	}
	op := remedy.Op{Kind: remedy.Edit, Path: s.conf.Path}
	others := false
	for _, v := range s.rc.servers {
		if v.addr.String() == f.Fact("server") {
			op.Edits = append(op.Edits, remedy.LineEdit{Line: v.line, Old: rawLine(s.conf.Data, v.line)})
		} else {
			others = true
		}
	}
	if !others || len(op.Edits) == 0 {
		return nil
	}
	return &remedy.Plan{Title: "take out the server " + f.Fact("server"), Ops: []remedy.Op{op}}
}

// oneManagerPlan gives the path to the one that is at work where the other is
// not; between two that are, people decide.
func (s *state) oneManagerPlan(f *finding.Finding) *remedy.Plan {
	if s.presence(f.Fact("owner")).runs() || !s.sys.Running() {
		return nil
	}
	return s.takeOverPlan(f)
}
