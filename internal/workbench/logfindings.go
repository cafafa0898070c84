package workbench

// What went wrong in a log: the knowledge of diag/bootlog, with the source that
// the tree has for it.

import (
	"context"
	"slices"
	"strings"
	"time"

	"dekho/internal/diag/bootlog"
	"dekho/internal/errflow"
	"dekho/internal/finding"
	"dekho/internal/klog"
	"dekho/internal/lang/dts"
	"dekho/internal/source"
)

// The words of findings, for front ends.
type (
	// Finding is something that is wrong, with its evidence.
	Finding = finding.Finding
	// Evidence is what a finding rests on.
	Evidence = finding.Evidence
	// FindingLink leads from a finding to another.
	FindingLink = finding.Link
	// NextStep is what to do next.
	NextStep = finding.Step
)

// LogFinding is something that went wrong in a log.
type LogFinding struct {
	bootlog.Finding
	// Said is the record that speaks of it, with the statements that can have
	// printed it. It has no Sites if the finding is not about one record.
	Said LogRecord
	// Crash is the report that it is, nil if it is none.
	Crash *Crash
	// Errno is the error code decoded, nil if it has none.
	Errno *Errno
	// Conds are the conditions around the statement, outermost first, as far as
	// they were looked up: for the first findings.
	Conds []WhyCond
}

const (
	// findingsKept bounds the findings of a log.
	findingsKept = 100
	// condsLooked is how many of them have the conditions of their statements
	// looked up, which reads the source.
	condsLooked = 10
)

// spoken gathers what the records of a log speak of.
type spoken struct {
	reader  *bootlog.Reader
	records map[int64]*LogRecord // by where they start
}

func newSpoken() spoken {
	return spoken{reader: bootlog.NewReader(), records: make(map[int64]*LogRecord)}
}

// add takes the next record and reports whether it speaks of something known.
func (s *spoken) add(r *LogRecord) bool {
	var st bootlog.Statement
	if p := r.Where(); p != nil && (r.Verdict >= Likely || r.oneOrigin()) {
		st = bootlog.Statement{Path: p.Path, Line: int(p.Line), Function: p.Function, Format: r.Sites[0].Format, Level: klog.Level(r.Sites[0].Level), Family: r.Sites[0].Family} //nolint:gosec // -1 to 7
	}
	first, spoke := s.reader.Add(&r.Record, st)
	if first {
		kept := *r
		kept.Text = strings.Clone(r.Text)
		s.records[r.Start] = &kept
	}
	return spoke
}

// oneOrigin reports whether all that is open about a record is the wrapper that
// printed it, as with dev_err_probe(): its words come from one place.
func (r *LogRecord) oneOrigin() bool {
	if r.Verdict != Ambiguous || r.More > 0 {
		return false
	}
	for i := range r.Sites {
		if s := r.Sites[i].Said; s == nil || s.Path != r.Where().Path || s.Line != r.Where().Line {
			return false
		}
	}
	return true
}

// Where is the likeliest place that the words of a record come from, nil if there
// is none.
func (r *LogRecord) Where() *Place {
	switch {
	case len(r.Sites) == 0:
		return nil
	case r.Sites[0].Said != nil:
		return r.Sites[0].Said
	}
	return &r.Sites[0].Place
}

// conclude says what went wrong in a log that was read.
func (t *Tree) conclude(ctx context.Context, s *LogSummary) error {
	log := bootlog.Log{Name: s.Name, Boots: s.Boots, Loops: s.Loops}
	for i := range s.Crashes {
		c := &s.Crashes[i]
		f := bootlog.Failure{Report: &c.CrashReport, Count: c.Count, LastHead: c.LastHead, Again: c.again}
		// Symbols may have put a frame in front of those of the report.
		extra := max(0, len(c.Trail)-len(c.CrashReport.Trail()))
		for _, frame := range c.Trail[extra:] {
			f.Paths = append(f.Paths, frame.Path)
		}
		log.Failures = append(log.Failures, f)
	}
	archs, models := make(map[int]string), make(map[int]string)
	for i := range s.Boots {
		b := &s.Boots[i]
		archs[b.Number], models[b.Number] = b.Arch.Name, b.Machine.Value
	}
	codes := make(map[string][]Errno)
	decode := func(boot int, code string) *Errno {
		arch := archs[boot]
		list, ok := codes[arch]
		if !ok {
			list = t.errnos(arch)
			codes[arch] = list
		}
		if e, ok := errno(list, code); ok && e.Name != "" {
			return &e
		}
		return nil
	}
	log.Errno = func(boot int, code string) (name, meaning string) {
		if e := decode(boot, code); e != nil {
			return e.Name, e.Meaning
		}
		return "", ""
	}
	needs := &suppliers{ctx: ctx, t: t, boards: make(map[string]map[string]*dts.Node)}
	log.Supplier = func(boot int, device, supplier string) (finding.Evidence, bool) {
		return needs.need(models[boot], device, supplier)
	}
	found := s.spoken.reader.Finish(&log)
	s.MoreFindings = max(0, len(found)-findingsKept)
	found = found[:len(found)-s.MoreFindings]
	leftOut := func(l FindingLink) bool { return l.To >= len(found) }
	s.Findings = make([]LogFinding, len(found))
	for i := range found {
		f := &s.Findings[i]
		f.Finding = found[i]
		f.Causes, f.Effects = slices.DeleteFunc(f.Causes, leftOut), slices.DeleteFunc(f.Effects, leftOut)
		f.Said = LogRecord{Record: f.Record}
		if r := s.spoken.records[f.Record.Start]; r != nil {
			f.Said = *r
		} else if r := s.heads[f.Record.Start]; r != nil {
			f.Said = *r
		}
		if f.Failure >= 0 {
			f.Crash = &s.Crashes[f.Failure]
		}
		if f.Finding.Errno != "" {
			f.Errno = decode(f.Record.Boot, f.Finding.Errno)
		}
	}
	s.spoken, s.heads = spoken{}, nil
	return t.lookAtConds(ctx, s.Findings)
}

// lookAtConds finds the conditions on which the first findings were printed.
func (t *Tree) lookAtConds(ctx context.Context, list []LogFinding) error {
	s := &whySearch{ctx: ctx, t: t, files: make(map[source.FileID]*whyFile), until: time.Now().Add(whyTime)}
	for i := range list[:min(len(list), condsLooked)] {
		p := list[i].Said.Where()
		if p == nil || list[i].Said.Verdict < Likely || list[i].Crash != nil {
			continue
		}
		conds, err := s.condsAt(p.Path, p.Line)
		if err != nil {
			return err
		}
		list[i].Conds = whyConds(conds)
	}
	return nil
}

// condsAt are the conditions around the statement at a line, none if there is no
// statement.
func (s *whySearch) condsAt(path string, line uint32) ([]errflow.Cond, error) {
	id, ok := s.t.file(path)
	if !ok {
		return nil, nil
	}
	f, err := s.file(id)
	if err != nil {
		return nil, err
	}
	sym, ok := f.around(line)
	if !ok {
		return nil, nil
	}
	fn := f.read(sym)
	at, ok := fn.Statement(line)
	if !ok {
		return nil, nil
	}
	return fn.Conds(at), nil
}
