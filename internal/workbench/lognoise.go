package workbench

import (
	"dekho/internal/logmap"
	"dekho/internal/noise"
)

// The words of what in a log is no message of its own, for front ends.
type (
	// LogMark says what a record is, if it is no message of its own, and to which
	// record it belongs.
	LogMark = noise.Mark
	// LogNoise is what was seen of it in a log.
	LogNoise = noise.Summary
	// LogLoss is a place where messages are missing.
	LogLoss = noise.Loss
)

// What a record can be.
const (
	NoMark         = noise.None
	MarkSuppressed = noise.Suppressed
	MarkDropped    = noise.Dropped
	MarkAgain      = noise.Again
)

// mark says what a record is.
func (s *LogSummary) mark(r *LogRecord) {
	macro, printed, said := "", "", ""
	if r.Verdict >= Likely && len(r.Sites) > 0 {
		site := &r.Sites[0]
		macro, printed = site.Family, site.Function
		if site.Said != nil {
			said = site.Said.Function
		}
	}
	r.Mark = s.noise.Add(&r.Record, macro, printed, said)
	switch r.Mark.Kind {
	case noise.Suppressed:
		s.picker.suppressed(r.Mark)
	case noise.Dropped:
		if r.Verdict != NotKernel {
			// The code that writes to consoles says so itself: no statement prints it.
			r.Explanation = logmap.Explanation{Verdict: Unknown}
		}
	}
}

// suppressed adds the messages that a rate limit kept back to the matter that
// the last one before them was.
func (p *picker) suppressed(m LogMark) {
	if matter := p.at[m.Of.Start]; m.Of.Line != 0 && matter != nil {
		matter.Suppressed += m.Count
	}
}

// move notes where the last record of a matter begins.
func (p *picker) move(m *Matter, start int64) {
	delete(p.at, m.lastStart)
	m.lastStart = start
	p.at[start] = m
}
