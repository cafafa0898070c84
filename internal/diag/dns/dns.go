// Package dns tells why names do not resolve on a system: who owns
// /etc/resolv.conf and how that shows, which way a name takes, what is wrong with
// it, and what the next boot will make of it.
//
// Owners stand in a table (managers), failures in another (failures); both are
// told by what is there: links, mounts, comments, who runs. A version is never
// compared.
package dns

import (
	"context"
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
}

// Report is the answer.
type Report struct {
	Check finding.Check
	About capture.About
	Owner Ownership
	// Resolves says whether names resolve.
	Resolves Verdict
	// Path is the way that a name takes.
	Path []finding.Evidence
	Boot Boot
}

// Options say how to look.
type Options struct {
	// NoProbe asks no server.
	NoProbe bool
}

// Diagnose looks at a system.
func Diagnose(_ context.Context, sys *capture.System, _ Options) *Report {
	s := look(sys)
	r := &Report{
		Check: finding.Check{ID: ID, Title: Title},
		About: sys.About(), Resolves: Unknown,
	}
	s.own()
	r.Owner = s.owner
	r.Path = s.path()
	r.Boot = s.nextBoot()
	s.boot = &r.Boot
	if err := s.blind(); err != nil {
		r.Check.Reason = err.Error()
		return r
	}
	for _, f := range failures {
		r.Check.Findings = append(r.Check.Findings, f.look(s)...)
	}
	rank(&r.Check)
	r.Check.Evidence = r.Owner.Trail
	switch {
	case len(r.Check.Findings) > 0:
		r.Check.Outcome = finding.Problem
		if r.Check.Findings[0].Severity == finding.Fatal {
			r.Resolves = Fails
		}
		r.Check.Reason = r.Check.Findings[0].Title
	default:
		r.Check.Outcome = finding.Clean
		r.Check.Reason = confPath + " is owned by " + r.Owner.Name + "; no server was asked"
	}
	return r
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

// look gathers what several questions need.
func look(sys *capture.System) *state {
	s := &state{sys: sys, link: sys.Lstat(confPath), conf: sys.File(confPath), services: services.Of(sys)}
	s.rc = parseResolvConf(s.conf.Data)
	s.mounts, s.mountsErr = sys.Mounts()
	for i := range s.mounts {
		m := &s.mounts[i]
		if m.Point == confPath || s.conf.Path == m.Point && m.Point != "/" {
			s.over = append(s.over, m)
		}
	}
	s.bus = sys.Bus()
	var programs, units []string
	for i := range managers {
		programs = append(programs, managers[i].programs...)
		units = append(units, managers[i].units...)
	}
	s.running = sys.Processes(programs...)
	s.units = sys.Units(units...)
	s.listeners, s.listenersErr = sys.Listeners(53)
	if len(s.listeners) > 0 {
		var inodes []uint64
		for i := range s.listeners {
			inodes = append(inodes, s.listeners[i].Inode)
		}
		s.holders = sys.Holders(inodes, programs...)
	}
	s.tmpfiles, s.tmpfilesErrs = s.services.Tmpfiles()
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
	running      *capture.Processes
	listeners    []capture.Listener // on port 53
	listenersErr *rootfs.Error
	holders      *capture.Holders

	tmpfiles     []services.TmpLine
	tmpfilesErrs []*rootfs.Error

	owner Ownership
	boot  *Boot
	here  map[string]*presence
}

// blind says why nothing can be told at all, nil if something can.
func (s *state) blind() *rootfs.Error {
	for _, e := range []*rootfs.Error{s.link.Err, s.conf.Err} {
		if e != nil && (e.Reason == rootfs.NotAsked || e.Reason == rootfs.Failed || e.Reason == rootfs.Changed) {
			return e
		}
	}
	return nil
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
	for _, r := range s.running.Found {
		if slices.ContainsFunc(m.programs, func(program string) bool { return capture.Comm(program) == r.Comm }) {
			p.pid, p.comm = r.PID, r.Comm
			break
		}
	}
	for _, u := range m.units {
		if state, ok := s.units.Found[u]; ok {
			p.active, p.unit = state.Active, u
		}
	}
	p.starts = s.services.Starts(m.units, m.scripts)
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
