package workbench

import (
	"bytes"
	"context"
	"path"
	"slices"
	"strings"

	"dekho/internal/crash"
	"dekho/internal/diag/bootlog"
	"dekho/internal/disasm"
	"dekho/internal/klog"
	"dekho/internal/source"
)

// The words of crash reports, for front ends.
type (
	// CrashReport is one failure of the kernel as the log tells it.
	CrashReport = crash.Report
	// Stack is a call trace of it.
	Stack = crash.Stack
	// StackFrame is a line of a call trace.
	StackFrame = crash.Frame
)

// Crash is a failure of the kernel that the log reports, once or several times.
type Crash struct {
	CrashReport
	// Count is how many reports have its title; LastHead is the line of the
	// last one's headline.
	Count    int64
	LastHead int
	// again are the headlines of further ones, as far as they are kept.
	again []bootlog.Head
	// Trail leads to where it failed, innermost first.
	Trail []TrailFrame
	// Listing is its code, nil if it shows none that can be read.
	Listing *CodeListing
}

// TrailFrame is a frame of a call trace with the source of its function.
type TrailFrame struct {
	StackFrame
	// Path and Definition are where the function is defined: the best of the
	// places that fit, "" and 0 if the tree has none.
	Path       string
	Definition uint32
	// Others is how many other definitions there are.
	Others int
	// Source is the line that was run, if symbols of the kernel were given:
	// first that of the innermost function that was inlined there.
	Source []SourceLine
	// Text is the first of them as the tree has it, "" if it has none.
	Text string
}

const (
	// crashesKept bounds the crashes whose details are kept, by title.
	crashesKept = 64
	// headsKept bounds the further reports of a title whose places are kept.
	headsKept = 64
	// spansKept bounds those whose places are.
	spansKept = 4096
	// trailShown is how many frames of a crash get their place in the source,
	// for crashesLocated crashes.
	trailShown     = 16
	crashesLocated = 16
)

// crashes gathers the crash reports of a log, in bounded memory.
type crashes struct {
	scanner *crash.Scanner
	list    []Crash
	byTitle map[string]int
	more    int
	spans   []crashSpan
}

type crashSpan struct {
	head, last int // lines
	caller     string
}

func newCrashes() crashes {
	return crashes{scanner: crash.NewScanner(), byTitle: make(map[string]int)}
}

func (c *crashes) add(r *klog.Record) {
	// What user space, firmware and boot loaders print is no kernel's report.
	if r.Origin == klog.OriginKernel || r.Origin == klog.OriginUnknown {
		c.keep(c.scanner.Add(r))
	}
}

func (c *crashes) keep(reports []*crash.Report) {
	for _, r := range reports {
		// A message that only begins like a report has no call trace.
		if r.Foreign || !r.Known && len(r.Stacks) == 0 {
			continue
		}
		if len(c.spans) < spansKept {
			c.spans = append(c.spans, crashSpan{head: r.Head.Line, last: r.LastLine, caller: r.Caller})
		}
		if i, ok := c.byTitle[r.Title]; ok {
			c.list[i].Count++
			if len(c.list[i].again) < headsKept {
				c.list[i].again = append(c.list[i].again, bootlog.Head{Boot: r.Boot, Line: r.Head.Line})
			}
			c.list[i].LastHead = max(c.list[i].LastHead, r.Head.Line)
			continue
		}
		if len(c.list) == crashesKept {
			c.more++
			continue
		}
		c.byTitle[r.Title] = len(c.list)
		c.list = append(c.list, Crash{CrashReport: *r, Count: 1, LastHead: r.Head.Line})
	}
}

// finish returns the crashes in the order of the log, and how many further
// reports there are.
func (c *crashes) finish() ([]Crash, int) {
	c.keep(c.scanner.Finish())
	slices.SortStableFunc(c.list, func(a, b Crash) int { return int(a.Head.Start - b.Head.Start) })
	return c.list, c.more
}

// within reports whether a line is part of a crash report, other than as its
// headline.
func (c *crashes) within(line int, caller string) bool {
	return slices.ContainsFunc(c.spans, func(s crashSpan) bool {
		return s.head < line && line <= s.last && (s.caller == "" || s.caller == caller)
	})
}

// join takes the records of crash reports, of which findings speak, out of the
// matters. It returns the headlines, by where they start.
func (p *picker) join(c *crashes, list []Crash) map[int64]*LogRecord {
	heads := make(map[int64]*LogRecord, len(list))
	for i := range list {
		heads[list[i].Head.Start] = nil
	}
	for _, m := range p.kinds {
		if _, ok := heads[m.Start]; ok {
			heads[m.Start], m.spoken = &m.LogRecord, true
		} else if m.Severity <= SevWarning && c.within(m.Line, m.Caller) && (m.Count == 1 || c.within(m.LastLine, m.Caller)) {
			m.spoken = true
		}
	}
	return heads
}

// locateCrashes finds the source of the functions that the crashes of a log went
// through.
func (t *Tree) locateCrashes(ctx context.Context, s *LogSummary, symbols *symbolizer, config map[string]string) error {
	if symbols != nil {
		symbols.exists = func(path string) bool {
			_, ok := t.idx.FileByPath(path)
			return ok
		}
		symbols.fixed = func(arch string) bool { return t.unmovable(ctx, arch) }
	}
	known := make(map[string][]definition)
	code := codeReader{t: t, config: config, symbols: symbols, values: make(map[disasm.Arch]*telling)}
	for i := range s.Crashes {
		c := &s.Crashes[i]
		var boot *Boot
		arch := ""
		for j := range s.Boots {
			if s.Boots[j].Number == c.Boot {
				boot, arch = &s.Boots[j], s.Boots[j].Arch.Name
			}
		}
		if symbols != nil {
			symbols.check(c, boot)
			symbols.find(c, &c.PC)
		}
		if i < crashesLocated {
			c.Listing = code.read(ctx, c, boot)
		}
		trail := c.CrashReport.Trail()
		for _, f := range trail[:min(len(trail), trailShown)] {
			frame := TrailFrame{StackFrame: f}
			if symbols != nil && i < crashesLocated {
				symbols.frame(c, &frame, f.Line == c.PC.Line)
				f = frame.StackFrame
				if len(frame.Source) > 0 {
					frame.Text = t.lineOf(frame.Source[0].Path, frame.Source[0].Line)
				}
			}
			if name := f.Symbol(); i < crashesLocated && name != "" {
				defs, ok := known[name]
				if !ok {
					var err error
					if defs, err = t.functionsNamed(name); err != nil {
						return err
					}
					known[name] = defs
				}
				fits := defs[:0:0]
				for _, d := range defs {
					if ofArch(d.Path, arch) && place(d.Path) != placeTools {
						fits = append(fits, d)
					}
				}
				// What is in a trace was not inlined: rather a source than a header.
				if i := slices.IndexFunc(fits, func(r definition) bool { return path.Ext(r.Path) != ".h" }); i > 0 {
					fits[0], fits[i] = fits[i], fits[0]
				}
				if len(fits) > 0 {
					frame.Path, frame.Definition, frame.Others = strings.Clone(fits[0].Path), fits[0].Line, len(fits)-1
				}
			}
			c.Trail = append(c.Trail, frame)
		}
	}
	if symbols != nil {
		s.SymbolNotes = symbols.notes
	}
	return nil
}

// maxSourceText bounds a line of the source that is shown.
const maxSourceText = 200

// lineOf is a line of a file of the tree without its indentation, "" if there is
// none.
func (t *Tree) lineOf(path string, line int) string {
	id, ok := t.idx.FileByPath(path)
	if !ok {
		return ""
	}
	var r source.Reader
	text, err := t.idx.ReadText(&r, id)
	if err != nil {
		return ""
	}
	for ; line > 1; line-- {
		_, rest, ok := bytes.Cut(text, []byte("\n"))
		if !ok {
			return ""
		}
		text = rest
	}
	text, _, _ = bytes.Cut(text, []byte("\n"))
	text = bytes.TrimSpace(text)
	return string(text[:min(len(text), maxSourceText)])
}

// unmovable reports whether the tree has KASLR, but not for an instruction set.
func (t *Tree) unmovable(ctx context.Context, arch string) bool {
	_, dir := archByName(arch)
	s, err := t.config(ctx, "RANDOMIZE_BASE")
	return dir != "" && err == nil && len(s.Definitions) > 0 && !slices.ContainsFunc(s.Definitions, func(d ConfigDefinition) bool {
		return strings.HasPrefix(d.Path, "arch/"+dir+"/") || !strings.HasPrefix(d.Path, "arch/")
	})
}

// functionsNamed lists the definitions of a function, and of labels of assembly,
// those that are built first.
func (t *Tree) functionsNamed(name string) ([]definition, error) {
	defs, err := t.definitions(name)
	if err != nil {
		return nil, err
	}
	defs = slices.DeleteFunc(defs, func(d definition) bool {
		return d.Role != "definition" || d.Kind != "function" && d.Kind != "label" && d.Macro == nil
	})
	if len(defs) > 1 {
		defs, _, err = t.lookAtDefinitions(defs)
	}
	return defs, err
}

// ofArch reports whether a file can be part of a kernel of an architecture; ""
// is any.
func ofArch(path, arch string) bool {
	rest, ok := strings.CutPrefix(path, "arch/")
	if !ok || arch == "" {
		return true
	}
	dir, _, _ := strings.Cut(rest, "/")
	return dir == arch
}
