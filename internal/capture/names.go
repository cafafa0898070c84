package capture

import (
	"context"
	"net/netip"
	"strings"

	"dekho/internal/capture/dnsquery"
	"dekho/internal/rootfs"
)

// Answers is what name servers answered.
type Answers struct {
	Results []dnsquery.Result `json:"results,omitempty"`
	Err     *rootfs.Error     `json:"error,omitempty"`
}

// Ask puts names to name servers, on the network of this process. A container
// may have another one, and an image has none: they are not asked.
func (s *System) Ask(ctx context.Context, servers []netip.AddrPort, names []string) *Answers {
	failed := func(err *rootfs.Error) *Answers { return &Answers{Err: err} }
	return ask(s, AskQuestion(servers, names), func() *Answers {
		if err := s.otherNetwork(); err != nil {
			return failed(err)
		}
		return &Answers{Results: dnsquery.Ask(ctx, servers, names, dnsquery.Options{})}
	}, failed)
}

// AskQuestion is the question of Ask, for Assume.
func AskQuestion(servers []netip.AddrPort, names []string) string {
	var b strings.Builder
	b.WriteString("ask")
	for _, server := range servers {
		b.WriteString(" " + server.String())
	}
	return b.String() + " for " + strings.Join(names, " ")
}

// otherNetwork says why questions sent from here would not be those of the
// system, nil if they are.
func (s *System) otherNetwork() *rootfs.Error {
	switch s.about.Kind {
	case Image:
		return &rootfs.Error{Reason: NotRunning, At: "name servers", Text: "a directory asks nobody: its network is not known"}
	case Process:
		if s.proc == nil {
			return s.noProc("/proc")
		}
		ours, err := s.proc.Readlink("self/ns/net")
		if err != nil {
			return err
		}
		its, err := s.proc.Readlink(s.self() + "/ns/net")
		if err != nil {
			return err
		}
		if ours != its {
			return &rootfs.Error{Reason: NotRunning, At: "name servers", Text: "the process has a network of its own, from which they would have to be asked"}
		}
	}
	return nil
}
