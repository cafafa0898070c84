package render

import (
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"dekho/internal/finding"
	"dekho/internal/workbench"
)

// This file shows what any diagnosis returns: checks with their findings, the
// evidence that they rest on, what to do next.

var outcomeInk = map[finding.Outcome]ink{
	finding.NotChecked: inkWarn, finding.Clean: inkGood, finding.Problem: inkBad,
}

// onDisk is where a file of a root file system lies on this machine, so that an
// editor can open it.
func onDisk(root string, l *finding.Locator) string {
	if l.In != finding.Root || root == "" || root == "/" {
		return l.Name
	}
	return path.Join(root, l.Name)
}

// evidence writes a list of evidence, a line each: where, what stands there, what
// it shows.
func (l *line) evidence(indent, root string, list []finding.Evidence) {
	for i := range list {
		e := &list[i]
		l.put("", indent)
		l.put(inkPath, onDisk(root, &e.Locator))
		if e.Line > 0 {
			l.put("", ":")
			l.put(inkLine, strconv.Itoa(e.Line))
		}
		if e.Quote != "" {
			l.put("", "  "+e.Quote)
		}
		if e.Why != "" {
			l.put(inkDim, "  "+e.Why)
		}
		l.end()
	}
}

// end ends a line.
func (l *line) end() {
	l.buf = append(l.buf, '\n')
	l.cols, l.full = 0, false
}

// wrapped writes a paragraph, broken at the width of the terminal.
func (l *line) wrapped(color ink, indent, text string) {
	width := l.style.Width
	if width == 0 {
		width = 100
	}
	room := max(width-len(indent)-1, 20)
	for len(text) > 0 {
		n := len(text)
		if n > room {
			if n = strings.LastIndexByte(text[:room+1], ' '); n <= 0 {
				if n = strings.IndexByte(text, ' '); n < 0 {
					n = len(text)
				}
			}
		}
		l.put("", indent)
		l.put(color, text[:n])
		l.end()
		text = strings.TrimLeft(text[n:], " ")
	}
}

// finding writes one finding, numbered from 1.
func (l *line) finding(root string, n int, all []finding.Finding) {
	f := &all[n]
	const indent = "   "
	l.put("", strconv.Itoa(n+1)+". ")
	severity := f.Severity.String()
	l.put(severityInk[severity], severity)
	l.put("", "  ")
	l.put(inkName, f.Title)
	l.put(inkDim, "  ["+f.ID+"]")
	l.end()
	if f.Meaning != "" {
		l.wrapped("", indent, f.Meaning)
	}
	if f.Guess != "" {
		l.wrapped(inkWarn, indent, "a guess: "+f.Guess)
	}
	for _, r := range f.Rivals {
		l.wrapped(inkDim, indent, "or else: "+r)
	}
	l.evidence(indent, root, f.Evidence)
	for _, link := range linkTexts(f) {
		l.wrapped("", indent, link)
	}
	for _, s := range f.Next {
		if slices.ContainsFunc(all[:n], func(o finding.Finding) bool { return slices.Contains(o.Next, s) }) {
			continue // the same helps with one that stands above
		}
		l.put("", indent)
		if s.Command != "" {
			l.put("", "$ ")
			l.put(inkName, s.Command)
			if s.Why != "" {
				l.put(inkDim, "  # "+s.Why)
			}
		} else {
			l.put("", "> "+s.Why)
		}
		l.end()
	}
}

// ChecksText writes the outcomes of checks, with their findings.
func ChecksText(w io.Writer, style Style, about workbench.SystemAbout, checks []workbench.Check) error {
	l := &line{style: &style}
	for i := range checks {
		c := &checks[i]
		l.put(outcomeInk[c.Outcome], c.Outcome.String())
		l.put("", "  ")
		l.put(inkName, c.ID)
		if c.Reason != "" {
			l.put("", ": "+c.Reason)
		}
		l.end()
		for j := range c.Findings {
			l.finding(about.Root, j, c.Findings)
		}
	}
	_, err := w.Write(l.buf)
	return err
}

// ChecksJSON writes them as JSON, an object for each check; docs/json.md
// describes it.
func ChecksJSON(w io.Writer, about workbench.SystemAbout, checks []workbench.Check) error {
	var o object
	for i := range checks {
		o.open("", '{')
		o.system(about)
		o.check(&checks[i])
		o.close('}')
		o.buf = append(o.buf, '\n')
	}
	_, err := w.Write(o.buf)
	return err
}

// system writes which system was looked at.
func (o *object) system(about workbench.SystemAbout) {
	o.open("system", '{')
	o.str("kind", string(about.Kind))
	o.str("root", about.Root)
	o.optNum("pid", int64(about.PID))
	o.flag("running", about.Running)
	o.str("at", about.At.Format("2006-01-02T15:04:05Z07:00"))
	o.num("uid", int64(about.UID))
	o.close('}')
}

// check writes the members of a check.
func (o *object) check(c *workbench.Check) {
	o.str("check", c.ID)
	o.str("title", c.Title)
	o.str("outcome", c.Outcome.String())
	o.opt("reason", c.Reason)
	o.open("findings", '[')
	for i := range c.Findings {
		o.finding(&c.Findings[i])
	}
	o.close(']')
	if c.Outcome == finding.Clean {
		o.evidence("evidence", c.Evidence)
	}
}

func (o *object) finding(f *finding.Finding) {
	o.open("", '{')
	o.findingMembers(f)
	o.close('}')
}

// findingMembers writes what all findings have.
func (o *object) findingMembers(f *finding.Finding) {
	o.str("id", f.ID)
	o.str("severity", f.Severity.String())
	o.str("title", f.Title)
	o.opt("meaning", f.Meaning)
	if len(f.Facts) > 0 {
		o.open("facts", '{')
		for _, p := range f.Facts {
			// The names are ours, the values may be anybody's.
			o.str(p.Name, p.Value)
		}
		o.close('}')
	}
	o.evidence("evidence", f.Evidence)
	o.opt("guess", f.Guess)
	if len(f.Rivals) > 0 {
		o.list("rivals", f.Rivals)
	}
	o.links("causes", f.Causes)
	o.links("effects", f.Effects)
	if len(f.Next) > 0 {
		objects(o, "next", f.Next, func(s *finding.Step) {
			o.opt("command", s.Command)
			o.opt("why", s.Why)
		})
	}
}

func (o *object) evidence(name string, list []finding.Evidence) {
	objects(o, name, list, func(e *finding.Evidence) {
		o.str("in", e.In.String())
		o.str("name", e.Name)
		o.optNum("line", int64(e.Line))
		if e.LastLine > e.Line {
			o.num("last_line", int64(e.LastLine))
		}
		if e.End > e.Start {
			o.num("start", e.Start)
			o.num("end", e.End)
		}
		o.opt("quote", e.Quote)
		o.opt("why", e.Why)
	})
}

func (o *object) links(name string, links []finding.Link) {
	if len(links) == 0 {
		return
	}
	objects(o, name, links, func(k *finding.Link) {
		o.num("finding", int64(k.To+1))
		o.opt("why", k.Why)
		o.flag("guess", k.Guess)
		if len(k.Evidence) > 0 {
			o.evidence("evidence", k.Evidence)
		}
	})
}
