package dns

import (
	"dekho/internal/finding"
	"dekho/internal/rootfs"
)

// failures is the table of what can be wrong. Each is looked for on its own;
// the order is that in which equally bad ones are shown.
var failures = []struct {
	id   string
	look func(s *state) []finding.Finding
}{
	{"resolv-conf-dangling", dangling},
}

// dangling: the link leads to nothing.
func dangling(s *state) []finding.Finding {
	if len(s.conf.Hops) == 0 || s.conf.Err == nil || s.conf.Err.Reason != rootfs.NotExist {
		return nil
	}
	f := finding.Finding{
		ID: "resolv-conf-dangling", Severity: finding.Fatal,
		Title:   confPath + " is a link to nothing: " + s.conf.Hops[0].Text,
		Meaning: "Without the file glibc and musl ask 127.0.0.1, where nobody answers unless a server of names runs on this machine.",
		Facts:   []finding.Fact{{Name: "path", Value: confPath}, {Name: "link", Value: s.conf.Hops[0].Text}, {Name: "target", Value: s.conf.Path}, {Name: "owner", Value: s.owner.ID}},
	}
	for _, h := range s.conf.Hops {
		f.Evidence = append(f.Evidence, at(h.Path, 0, "-> "+h.Text, "a link"))
	}
	f.Evidence = append(f.Evidence, at(s.conf.Err.At, 0, "", "is not there"))
	return []finding.Finding{f}
}
