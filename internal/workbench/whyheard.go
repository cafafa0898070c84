package workbench

// What the log says of the ways that an error code can have come: what would
// have been printed on the way, and was, or was not.

import (
	"slices"
	"strconv"
	"strings"

	"dekho/internal/errflow"
)

// WhySaid is a record of the log that was printed where an error code passed.
type WhySaid struct {
	Line int // of the log
	Text string
	// Path and Statement are the place that printed it, 1-based.
	Path      string
	Statement uint32
}

// heard is what a log has before the record that is asked about. A nil one has
// nothing, and tells nothing.
type heard struct {
	records  []LogRecord // the last ones, oldest first
	families map[string]bool
	said     map[string][]WhySaid // by path
	paths    map[string]bool      // that printed something in this boot
}

// maxHeard is how many records count: what made the error was printed shortly
// before it.
const maxHeard = 200

// add takes a record down.
func (h *heard) add(r *LogRecord) {
	if r.Verdict == NotKernel || len(r.Sites) == 0 {
		return
	}
	if n := len(h.records); n > 0 && h.records[n-1].Boot != r.Boot {
		h.records, h.paths = h.records[:0], nil
	}
	if r.Verdict == Certain {
		if h.paths == nil {
			h.paths = make(map[string]bool)
		}
		h.paths[r.Sites[0].Path] = true
	}
	if len(h.records) == 2*maxHeard { // the older half goes
		h.records = append(h.records[:0], h.records[maxHeard:]...)
	}
	h.records = append(h.records, *r)
}

// close says that a record is the one that is asked about: only what is before
// it counts.
func (h *heard) close(asked *LogRecord) {
	h.families, h.said = make(map[string]bool), make(map[string][]WhySaid)
	first := max(0, len(h.records)-maxHeard)
	for i := range h.records[first:] {
		r := &h.records[first+i]
		h.families[r.Sites[0].Family] = true
		if r.Line >= asked.Line || r.Boot != asked.Boot {
			continue
		}
		for j := range r.Sites {
			site := &r.Sites[j]
			if site.Score < r.Sites[0].Score-1 {
				break // others are likelier
			}
			place := site.Place
			if site.Said != nil {
				place = *site.Said
			}
			h.said[place.Path] = append(h.said[place.Path], WhySaid{r.Line, strings.Clone(r.Text), place.Path, place.Line})
		}
	}
	h.records = nil
}

// present reports whether a file printed something, so that its driver is there.
func (h *heard) present(path string) bool { return h != nil && h.paths[path] }

// at is the last record that a statement printed.
func (h *heard) at(path string, p errflow.Print) (WhySaid, bool) {
	list := h.said[path]
	for i := len(list) - 1; i >= 0; i-- {
		if p.First <= list[i].Statement && list[i].Statement <= p.Last {
			return list[i], true
		}
	}
	return WhySaid{}, false
}

// What it counts that the log has what is printed on a way, above all with the
// same code in it; and that it lacks it though it has other records of that kind.
const (
	weightSaid   = 10
	weightSame   = 1000
	weightSilent = 0.15
)

// evidence says how much likelier a source is for what the log has, and which
// records are of it.
func (s *whySearch) evidence(at whyPlace, src *errflow.Source) (weight float64, said []WhySaid) {
	weight = 1
	if s.heard == nil || at.in != nil {
		return weight, nil
	}
	for _, p := range at.fn.Prints(src, s.want) {
		if at.f.path == s.start && p.First <= s.asked && s.asked <= p.Last {
			continue
		}
		record, ok := s.heard.at(at.f.path, p)
		switch {
		case ok:
			said = append(said, record)
			if s.sameCode(record.Text) {
				weight *= weightSame
			} else {
				weight *= weightSaid
			}
		case p.Name == "dev_err_probe" && s.want.Errno == "EPROBE_DEFER": // is silent then
		case s.heard.families[p.Name]:
			weight *= weightSilent
		}
	}
	slices.SortFunc(said, func(a, b WhySaid) int { return a.Line - b.Line })
	return weight, slices.Compact(said)
}

// sameCode reports whether a text has the code that is asked about.
func (s *whySearch) sameCode(text string) bool {
	e, ok := errno(s.errnos, s.want.Errno)
	return ok && s.want.Errno != "" && slices.Contains(codeWords(text), "-"+strconv.Itoa(e.Number))
}
