package dns

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"dekho/internal/capture/dnsquery"
	"dekho/internal/finding"
)

// This file has the failures that show when servers are asked: those that do not
// answer, that answer badly, or that cannot verify what they are told.

// deadServers: nobody of those that were asked answered.
func deadServers(s *state) *finding.Finding {
	if s.answers == nil || s.answers.Err != nil || len(s.answers.Results) == 0 || replies(s.answers.Results) {
		return nil
	}
	f := &finding.Finding{
		Severity: finding.Fatal, Title: "no server answers",
		Meaning:  "All that were asked at the same time stayed silent or could not be reached.",
		Evidence: s.each(),
		Next:     []finding.Step{{Command: "ip route", Why: "does the network reach further than these servers?"}},
	}
	if len(s.rc.servers) == 0 {
		f.Title = "no server is named, and nobody answers at 127.0.0.1"
	}
	if s.elsewhere() {
		f.Severity = finding.Broken
	}
	return f
}

// each is the first result of each server, as evidence.
func (s *state) each() []finding.Evidence {
	var all []finding.Evidence
	seen := map[netip.AddrPort]bool{}
	for i := range s.answers.Results {
		if r := &s.answers.Results[i]; !seen[r.Server] {
			seen[r.Server] = true
			all = append(all, result(r))
		}
	}
	return all
}

// deadServer: one does not answer, and another does.
func deadServer(s *state) *finding.Finding {
	if s.answers == nil || !replies(s.answers.Results) {
		return nil
	}
	for i, v := range s.rc.servers {
		results := s.ofServer(v.addr)
		if len(results) == 0 || replies(results) {
			continue
		}
		f := &finding.Finding{
			Severity: finding.Note, Title: "the server " + v.addr.String() + " does not answer",
			Meaning:  "Others do, which come before it.",
			Facts:    facts("server", v.addr.String(), "class", string(results[0].Class), "path", s.conf.Path),
			Evidence: []finding.Evidence{s.line(v, "the server"), result(&results[0])},
			Next:     []finding.Step{{Why: "take it out, or let one that answers stand first"}},
		}
		if !slices.ContainsFunc(s.rc.servers[:i], func(o server) bool { return replies(s.ofServer(o.addr)) }) {
			f.Severity = finding.Degraded
			f.Meaning = "It stands first: glibc waits for it with every name, 5 seconds unless an option timeout says otherwise, before it asks the next."
			if results[0].Class != dnsquery.Timeout {
				f.Meaning = "It stands first: glibc tries it with every name before it asks the next."
			}
		}
		return f
	}
	return nil
}

// bogus: a server cannot verify what answers without verification.
func bogus(s *state) *finding.Finding {
	if s.answers == nil {
		return nil
	}
	for i := range s.answers.Results {
		r := &s.answers.Results[i]
		if !r.Bogus {
			continue
		}
		f := &finding.Finding{
			Severity: finding.Broken, Title: "the server " + r.Server.Addr().String() + " refuses " + r.Name + ": DNSSEC does not verify",
			Meaning:  "Asked not to verify it answers. Signatures are wrong, or they are not valid at the time that the server has.",
			Facts:    facts("server", r.Server.Addr().String(), "name", r.Name),
			Evidence: []finding.Evidence{result(r)},
			Next:     []finding.Step{{Command: "delv @" + r.Server.Addr().String() + " " + r.Name, Why: "shows which signature"}, {Command: "date", Why: "is the clock right?"}},
		}
		for _, e := range r.Errors {
			f.Evidence = append(f.Evidence, said("extended error of "+r.Server.Addr().String(), strconv.Itoa(int(e.Code))+" "+e.Name, e.Text))
		}
		if !slices.ContainsFunc(s.answers.Results, func(o dnsquery.Result) bool { return o.Resolved() }) {
			f.Severity = finding.Fatal
		}
		return f
	}
	return nil
}

// epochs are files that were made before the system was last used: a clock that
// is behind them is wrong.
var epochs = []string{"/var/lib/systemd/timesync/clock", "/usr/lib/clock-epoch", "/usr/lib/os-release", "/etc/os-release", "/var/lib/dpkg/status", "/etc/machine-id", confPath}

// clockWrong: the clock is behind what is on the disk, or outside of the time of
// signatures.
func clockWrong(s *state) *finding.Finding {
	if !s.sys.Running() {
		return nil
	}
	now := s.sys.About().At
	var proof []finding.Evidence
	off := time.Duration(0)
	for _, p := range epochs {
		if r := s.sys.Stat(p); r.Err == nil && r.Info.Modified.Sub(now) > off+24*time.Hour {
			off = r.Info.Modified.Sub(now)
			proof = []finding.Evidence{at(r.Path, 0, r.Info.Modified.Format(time.RFC3339), "was written after what the clock says")}
		}
	}
	if s.answers != nil {
		for i := range s.answers.Results {
			for _, sig := range s.answers.Results[i].Signatures {
				if now.Before(sig.From.Add(-24*time.Hour)) || now.After(sig.Until.Add(365*24*time.Hour)) {
					proof = append(proof, said("RRSIG "+sig.Covers+" of "+sig.Signer, sig.From.Format(time.DateOnly)+" to "+sig.Until.Format(time.DateOnly), "is when the signature is valid"))
					if now.Before(sig.From) {
						off = max(off, sig.From.Sub(now))
					}
					break
				}
			}
			if len(proof) > 1 {
				break
			}
		}
	}
	if len(proof) == 0 {
		return nil
	}
	f := &finding.Finding{
		Severity: finding.Note, Title: "the clock is wrong: it says " + now.Format(time.DateOnly),
		Meaning:  "It is behind by " + days(off) + ". Certificates and DNSSEC fail with such a clock; names alone do not need it.",
		Facts:    facts("clock", now.Format(time.RFC3339)),
		Evidence: append([]finding.Evidence{said("date", now.Format(time.RFC3339), "the clock")}, proof...),
		Next:     []finding.Step{{Command: "timedatectl", Why: "is it set from the network? Servers of time that are given by name need names that resolve"}},
	}
	if c := s.verifies(); c != nil {
		f.Severity = finding.Broken
		f.Evidence = append(f.Evidence, at(c.path, c.line, c.text, "answers are verified by DNSSEC here"))
		f.Meaning = "It is behind by " + days(off) + ". Answers are verified here, and no signature is valid at that time, so that names of signed zones do not resolve. Servers of time that are given by name cannot be found then either."
	}
	return f
}

// days is a duration for people.
func days(d time.Duration) string {
	n := int(d / (24 * time.Hour))
	if n > 2*365 {
		return fmt.Sprintf("%d years", n/365)
	}
	return fmt.Sprintf("%d days", n)
}

// verifies is the setting by which a server on this machine verifies DNSSEC, nil
// if none does.
func (s *state) verifies() *setting {
	if s.presence("systemd-resolved").runs() {
		if c := last(s.resolvedSettings(), "Resolve", "DNSSEC"); c != nil && !off(c) {
			return c
		}
	}
	if s.presence("dnsmasq").runs() {
		if c := last(s.dnsmasqSettings(), "", "dnssec"); c != nil {
			return c
		}
	}
	if s.presence("unbound").runs() {
		for _, f := range []string{"/etc/unbound/unbound.conf.d/root-auto-trust-anchor-file.conf", "/etc/unbound/unbound.conf"} {
			number := 0
			for line := range strings.Lines(string(s.sys.File(f).Data)) {
				number++
				if line = strings.TrimSpace(line); strings.HasPrefix(line, "auto-trust-anchor-file:") || strings.HasPrefix(line, "trust-anchor-file:") {
					return &setting{path: f, line: number, text: line}
				}
			}
		}
	}
	return nil
}

// refuses: a server answers, but not with an answer.
func refuses(s *state) *finding.Finding {
	if s.answers == nil {
		return nil
	}
	for _, v := range s.rc.servers {
		results := s.ofServer(v.addr)
		bad := slices.IndexFunc(results, func(r dnsquery.Result) bool {
			return r.Class == dnsquery.Answered && r.Rcode != "NOERROR" && r.Rcode != "NXDOMAIN" && !r.Bogus ||
				r.Class == dnsquery.Garbage || r.Class == dnsquery.WrongSource || r.Class == dnsquery.WrongID
		})
		if bad < 0 || resolves(results) {
			continue
		}
		r := &results[bad]
		what := r.Rcode
		if r.Class != dnsquery.Answered {
			what = string(r.Class)
		}
		f := &finding.Finding{
			Severity: finding.Degraded, Title: "the server " + v.addr.String() + " does not answer for " + r.Name + ": " + what,
			Meaning:  "It is there, and does not give what is asked for.",
			Facts:    facts("server", v.addr.String(), "rcode", what, "path", s.conf.Path),
			Evidence: []finding.Evidence{s.line(v, "the server"), result(r)},
		}
		switch what {
		case "REFUSED":
			f.Meaning = "It does not work for this machine: it answers its own zones or its own clients only."
		case "SERVFAIL":
			f.Meaning = "It could not find the answer itself: its own servers do not answer it, or it cannot verify them."
		}
		for _, e := range r.Errors {
			f.Evidence = append(f.Evidence, said("extended error of "+v.addr.String(), strconv.Itoa(int(e.Code))+" "+e.Name, e.Text))
		}
		if !s.resolved() {
			f.Severity = finding.Fatal
		}
		return f
	}
	return nil
}

// notFound: servers answer that the name is not there.
func notFound(s *state) *finding.Finding {
	if s.answers == nil || s.answers.Err != nil || s.resolved() || !replies(s.answers.Results) {
		return nil
	}
	final := slices.IndexFunc(s.answers.Results, func(r dnsquery.Result) bool {
		return r.Class == dnsquery.Answered && (r.Rcode == "NXDOMAIN" || r.Rcode == "NOERROR") && !r.Resolved()
	})
	if final < 0 {
		return nil
	}
	f := &finding.Finding{
		Severity: finding.Degraded, Title: "servers answer, and do not know " + s.asked[0],
		Meaning:  "The server is there and says that there is no such name: it may know another world than the one that the name is of.",
		Facts:    facts("name", s.asked[0]),
		Evidence: s.each(),
		Next:     []finding.Step{{Command: "dekho dns --name NAME", Why: "asks for another name"}},
	}
	if later := slices.IndexFunc(s.answers.Results, func(r dnsquery.Result) bool { return r.Resolved() }); later >= 0 {
		f.Severity = finding.Broken
		f.Meaning = "A server that stands further down knows it, and is not asked: after an answer, even that there is no such name, the C library asks no other."
		f.Evidence = append(f.Evidence, result(&s.answers.Results[later]))
	}
	return f
}

// resolved tells whether the C library would find the name: for each name that
// it tries, the first server that answers decides.
func (s *state) resolved() bool {
	if s.answers == nil {
		return false
	}
	for _, name := range s.asked {
		var servers []netip.AddrPort
		for i := range s.answers.Results {
			if sv := s.answers.Results[i].Server; !slices.Contains(servers, sv) {
				servers = append(servers, sv)
			}
		}
	server:
		for _, sv := range servers {
			decided := false
			for i := range s.answers.Results {
				r := &s.answers.Results[i]
				if r.Server != sv || r.Name != name {
					continue
				}
				if r.Resolved() {
					return true
				}
				decided = decided || r.Class == dnsquery.Answered && (r.Rcode == "NOERROR" || r.Rcode == "NXDOMAIN")
			}
			if decided {
				break server
			}
		}
	}
	return false
}
