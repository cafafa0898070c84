// Package dns tells why names do not resolve on a system: who owns
// /etc/resolv.conf and how that shows, which way a name takes, what is wrong with
// it, and what the next boot will make of it.
//
// Owners stand in a table (managers), failures in another (failures); both are
// told by what is there: links, mounts, comments, who runs. A version is never
// compared.
package dns

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"dekho/internal/capture"
	"dekho/internal/diag/services"
	"dekho/internal/finding"
	"dekho/internal/rootfs"
)

// ID and Title name the check.
const (
	ID    = "dns"
	Title = "names resolve"
)

// confPath is the file that it is all about.
const confPath = "/etc/resolv.conf"

// Verdict says whether names resolve.
type Verdict string

// The verdicts.
const (
	Resolves Verdict = "yes"
	Fails    Verdict = "no"
	// Unknown: nothing is wrong that can be seen, but nobody was asked.
	Unknown Verdict = "unknown"
)

// Ownership says who makes a file what it is.
type Ownership struct {
	// ID and Name are the owner: "connman", "ConnMan"; "" and "nobody" if there
	// is none.
	ID, Name string
	// Mode is which of its ways it is ("stub", "file", "bind mount").
	Mode string
	// Guess is why it is not certain, "" if it is; Rivals are who else it may be.
	Guess  string
	Rivals []string
	// Trail is how that shows, step by step.
	Trail []finding.Evidence
}

// Boot says what the next boot makes of /etc/resolv.conf.
type Boot struct {
	// Summary is that in a line.
	Summary string
	// Owner is who will own it, "" if that cannot be told.
	Owner string
	// Target is the link that will stand there, "" if it will be a file, or stay
	// what it is.
	Target string
	// Trail is how that shows.
	Trail []finding.Evidence

	made bool // something that is started makes the target
}

// Unseen is something that could not be looked at.
type Unseen struct {
	What, Reason string
	// vital says that without it nothing can be called in order.
	vital bool
}

// Report is the answer.
type Report struct {
	Check finding.Check
	About capture.About
	Owner Ownership
	// Resolves says whether names resolve; Name is the one that was asked for, ""
	// if none was.
	Resolves Verdict
	Name     string
	// Path is the way that a name takes.
	Path []finding.Evidence
	Boot Boot
	// Unseen is what could not be looked at.
	Unseen []Unseen
}

// DefaultName is asked for unless another is given: it is there for such
// purposes (RFC 2606), and has addresses of both kinds.
const DefaultName = "example.com"

// Options say how to look.
type Options struct {
	// NoProbe asks no server.
	NoProbe bool
	// Name is what servers are asked for, DefaultName if empty.
	Name string
}

// choose is the name to ask for, "" to ask nobody. Facts are looked at as they
// were when they were saved, unless the options say otherwise.
func (o *Options) choose(sys *capture.System) string {
	name, probe := o.Name, "yes"
	if name == "" {
		name = DefaultName
	}
	if o.NoProbe {
		probe = "no"
	}
	name = sys.Choice("name", name)
	if o.Name != "" {
		name = o.Name
	}
	if sys.Choice("probe", probe) == "no" && o.Name == "" || o.NoProbe {
		return ""
	}
	return name
}

// Diagnose looks at a system.
func Diagnose(ctx context.Context, sys *capture.System, o Options) *Report {
	s := look(sys)
	r := &Report{Check: finding.Check{ID: ID, Title: Title}, About: sys.About(), Resolves: Unknown}
	if name := o.choose(sys); name != "" {
		s.probe(ctx, name)
		if s.answers.Err == nil {
			r.Name = name
		}
	}
	s.own()
	r.Boot = s.nextBoot()
	s.boot = &r.Boot
	r.Owner, r.Path, r.Unseen = s.owner, s.path(), s.unseen()
	c := &r.Check
	s.find(c)
	s.offerFix(c)
	c.Evidence = r.Owner.Trail
	r.Resolves = s.verdict(c)
	vital := slices.IndexFunc(r.Unseen, func(u Unseen) bool { return u.vital })
	switch {
	case len(c.Findings) > 0 && c.Findings[0].Severity >= finding.Degraded:
		c.Outcome, c.Reason = finding.Problem, c.Findings[0].Title
	case vital >= 0:
		c.Outcome, c.Reason = finding.NotChecked, r.Unseen[vital].What+": "+r.Unseen[vital].Reason
	default:
		c.Outcome = finding.Clean
		c.Reason = r.Owner.Name + " owns " + confPath
		if r.Resolves == Unknown {
			c.Reason += "; no server was asked"
		} else {
			c.Reason += "; " + r.Name + " resolves"
		}
	}
	return r
}

// find looks for everything that can be wrong.
func (s *state) find(c *finding.Check) {
	if s.conf.Err != nil && s.conf.Err.Reason == rootfs.NotAsked {
		return // nothing was saved that a failure could be told by
	}
	for _, f := range failures {
		if found := f.look(s); found != nil {
			found.ID = f.id
			s.elsewhereRun(found.Next)
			c.Findings = append(c.Findings, *found)
		}
	}
	rank(c)
	connect(c)
}

// elsewhereRun turns commands into advice where the system is not the one that
// somebody would run them on: the rm that helps a container would be one of the
// host's file.
func (s *state) elsewhereRun(steps []finding.Step) {
	if s.sys.About().Kind == capture.Host {
		return
	}
	for i := range steps {
		if c := steps[i].Command; c != "" && !strings.HasPrefix(c, "systemctl --root") && !strings.HasPrefix(c, "dekho") {
			steps[i] = finding.Step{Why: "in that system: " + c + " (" + steps[i].Why + ")"}
		}
	}
}

// verdict says whether names resolve.
func (s *state) verdict(c *finding.Check) Verdict {
	if len(c.Findings) > 0 && c.Findings[0].Severity == finding.Fatal {
		return Fails
	}
	if s.answers == nil || s.answers.Err != nil {
		return Unknown
	}
	if s.resolved() {
		return Resolves
	}
	return Fails
}

// unseen lists what could not be looked at. What does not run has no /proc and
// no bus, and a small system no bus either: that hides nothing.
func (s *state) unseen() []Unseen {
	var all []Unseen
	add := func(what string, err *rootfs.Error, vital bool) {
		if err != nil && err.Reason != rootfs.NotExist && err.Reason != capture.NotRunning {
			all = append(all, Unseen{what, err.Error(), vital})
		}
	}
	add(confPath, s.conf.Err, true)
	if s.conf.More {
		all = append(all, Unseen{confPath, fmt.Sprintf("only the first %d bytes of it were read", rootfs.MaxRead), true})
	}
	if s.conf.Err == nil && s.rc.binary {
		all = append(all, Unseen{confPath, "it is no text", true})
	}
	if s.sys.Running() {
		for _, p := range []struct {
			what string
			err  *rootfs.Error
		}{{"mounts", s.mountsErr}, {"listeners on port 53", s.listenersErr}, {"routes", s.routesErr}} {
			if p.err != nil {
				all = append(all, Unseen{p.what, p.err.Error(), true})
			}
		}
		add("system bus", s.bus.Err, false)
	}
	if s.usesNsswitch() {
		add(nsswitchPath, s.nssFile.Err, true)
	}
	for _, err := range s.tmpfilesErrs {
		add("tmpfiles.d", err, false)
	}
	if s.answers != nil {
		add("name servers", s.answers.Err, false)
	}
	return all
}

// rank puts the worst first, keeps the order of the table otherwise, and points
// links between findings to where they are now.
func rank(c *finding.Check) {
	order := make([]int, len(c.Findings))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(c.Findings[b].Severity) - int(c.Findings[a].Severity) })
	sorted := make([]finding.Finding, len(order))
	for at, was := range order {
		sorted[at] = c.Findings[was]
	}
	c.Findings = sorted
}

// connect draws the links between findings that stem from each other.
func connect(c *finding.Check) {
	where := map[string]int{}
	for i := range c.Findings {
		where[c.Findings[i].ID] = i
	}
	for _, e := range effects {
		from, ok1 := where[e.cause]
		to, ok2 := where[e.effect]
		if ok1 && ok2 {
			c.Findings[from].Effects = append(c.Findings[from].Effects, finding.Link{To: to, Why: e.why, Guess: e.guess})
			c.Findings[to].Causes = append(c.Findings[to].Causes, finding.Link{To: from, Why: e.why, Guess: e.guess})
		}
	}
}

// look gathers what several questions need.
func look(sys *capture.System) *state {
	s := &state{sys: sys, link: sys.Lstat(confPath), conf: sys.File(confPath), services: services.Of(sys)}
	text := s.conf.Data
	if s.conf.More {
		text = text[:bytes.LastIndexByte(text, '\n')+1] // the last line is not whole
	}
	s.rc = parseResolvConf(text)
	s.libc = s.findLibc()
	if s.usesNsswitch() {
		s.nssFile = sys.File(nsswitchPath)
		s.nss = parseNsswitch(s.nssFile.Data)
	}
	s.routes, s.routesErr = sys.Routes()
	s.mounts, s.mountsErr = sys.Mounts()
	for i := range s.mounts {
		m := &s.mounts[i]
		if m.Point == confPath || s.conf.Path == m.Point && m.Point != "/" {
			s.over = append(s.over, m)
		}
	}
	s.bus = sys.Bus()
	s.units = sys.Units()
	s.listeners, s.listenersErr = sys.Listeners(53)
	if len(s.listeners) > 0 {
		var inodes []uint64
		var programs []string
		for i := range managers {
			programs = append(programs, managers[i].programs...)
		}
		for i := range s.listeners {
			inodes = append(inodes, s.listeners[i].Inode)
		}
		s.holders = sys.Holders(inodes, programs...)
	}
	s.tmpfiles, s.tmpfilesErrs = s.services.Tmpfiles()
	s.relinked = s.relinks()
	s.interfaces = s.readInterfaces()
	return s
}

// state is what is known of a system.
type state struct {
	sys      *capture.System
	services *services.Services

	link *rootfs.Resolution // what stands at /etc/resolv.conf
	conf *rootfs.File       // the file that it leads to
	rc   resolvConf

	mounts    []capture.Mount
	mountsErr *rootfs.Error
	over      []*capture.Mount // those at the file itself

	bus          *capture.Bus
	units        *capture.Units
	listeners    []capture.Listener // on port 53
	listenersErr *rootfs.Error
	holders      *capture.Holders

	routes    []capture.Route
	routesErr *rootfs.Error
	libc      libc
	nss       nssHosts
	nssFile   *rootfs.File // nil where nobody reads it
	asked     []string     // the names that servers were asked for
	answers   *capture.Answers

	relinked     []relink
	interfaces   interfaces
	tmpfiles     []services.TmpLine
	tmpfilesErrs []*rootfs.Error

	owner Ownership
	boot  *Boot
	here  map[string]*presence

	temporary bool // the next boot undoes the fix that is proposed
}

// presence is what there is of a manager.
type presence struct {
	*manager
	// installed is a file of it, "" if none was found.
	installed string
	// onBus and pid say that it runs.
	onBus bool
	pid   int
	comm  string
	// active is what systemd says of its unit, "" if nothing.
	active, unit string
	// starts are the reasons why a boot starts it.
	starts []services.Start
}

// runs tells whether it is known to run.
func (p *presence) runs() bool { return p.onBus || p.pid != 0 || p.active == "active" }

// presence looks for a manager.
func (s *state) presence(id string) *presence {
	if p := s.here[id]; p != nil {
		return p
	}
	m := managerOf(id)
	if m == nil {
		return &presence{manager: &manager{id: id, name: id}}
	}
	p := &presence{manager: m}
	if s.here == nil {
		s.here = map[string]*presence{}
	}
	s.here[id] = p
	for _, f := range m.files {
		if s.sys.Stat(f).Err == nil {
			p.installed = f
			break
		}
	}
	p.onBus = m.bus != "" && s.bus.Has(m.bus)
	for _, program := range m.programs {
		if found := s.sys.Processes(program).Found; len(found) > 0 {
			p.pid, p.comm = found[0].PID, found[0].Comm
			break
		}
	}
	for _, u := range m.units {
		if state, ok := s.units.Found[u]; ok {
			p.active, p.unit = state.Active, u
		}
	}
	p.starts = s.services.Starts(m.units, m.scripts)
	if id == s.interfaces.client {
		p.starts = append(p.starts, s.interfaces.starts...)
	}
	return p
}

// quote is a line shortened for showing.
func quote(s string) string {
	const most = 160
	s = strings.TrimRight(s, "\r\n")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// at is evidence in a file of the root.
func at(path string, line int, text, why string) finding.Evidence {
	return finding.Evidence{Locator: finding.Locator{In: finding.Root, Name: path, Line: line}, Quote: quote(text), Why: why}
}

// said is evidence that an answer gives.
func said(question, text, why string) finding.Evidence {
	return finding.Evidence{Locator: finding.Locator{In: finding.Output, Name: question}, Quote: quote(text), Why: why}
}
