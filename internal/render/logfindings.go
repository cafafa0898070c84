package render

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"dekho/internal/workbench"
)

const (
	// findingsShown is how many findings of a log a person is shown in full, and
	// alikeShown how many of one kind: of twenty devices that do not come up the
	// others are named.
	findingsShown = 8
	alikeShown    = 3
)

// findings writes what went wrong in a log, what to look at first first.
func (t *LogText) findings(w io.Writer, s *workbench.LogSummary) error {
	l := &t.line
	l.reset()
	if len(s.Findings) == 0 {
		if s.KernelRecords() == 0 || len(s.Matters) > 0 {
			return nil
		}
		l.put(inkHeader, "Nothing is known to have gone wrong, and nothing is at the level of a warning or above.")
		return t.flush(w)
	}
	shown, alike := choose(s.Findings)
	l.put(inkHeader, "What went wrong")
	if all := len(s.Findings) + s.MoreFindings; all > len(shown) {
		l.put(inkDim, " ("+strconv.Itoa(len(shown))+" of "+strconv.Itoa(all)+")")
	}
	if err := t.flush(w); err != nil {
		return err
	}
	for _, i := range shown {
		if err := t.finding(w, s, i); err != nil {
			return err
		}
	}
	for _, list := range alike {
		titles := make([]string, len(list))
		for k, i := range list {
			titles[k] = strconv.Itoa(i+1) + " " + s.Findings[i].Title
		}
		l.reset()
		l.put("", "     ")
		l.put(inkDim, "and more like these: ")
		l.tail("", strings.Join(titles, "; "))
		if err := t.flush(w); err != nil {
			return err
		}
	}
	return nil
}

// choose says which findings are shown, and which are only named: those of a kind
// of which enough are shown, but for those that others stem from.
func choose(list []workbench.LogFinding) (shown []int, alike [][]int) {
	kinds := make(map[string]int)   // how many are shown
	further := make(map[string]int) // where those that are not stand in alike
	for i := range list {
		f := &list[i]
		if kinds[f.ID] >= alikeShown && len(f.Effects) == 0 {
			if _, ok := further[f.ID]; !ok {
				further[f.ID] = len(alike)
				alike = append(alike, nil)
			}
			alike[further[f.ID]] = append(alike[further[f.ID]], i)
			continue
		}
		if len(shown) == findingsShown {
			continue
		}
		kinds[f.ID]++
		shown = append(shown, i)
	}
	return shown, alike
}

var severityInk = map[string]ink{"fatal": inkBad, "broken": inkBad, "degraded": inkWarn}

// finding writes a finding: what is wrong, the record that says so with its
// statement, what it stems from and leads to, and what to do next.
func (t *LogText) finding(w io.Writer, s *workbench.LogSummary, i int) error {
	f := &s.Findings[i]
	l := &t.line
	l.reset()
	l.put(inkHeader, fmt.Sprintf("%3d  ", i+1))
	severity := f.Severity.String()
	l.put(severityInk[severity], fmt.Sprintf("%-8s  ", severity))
	l.tail(inkName, f.Title)
	if len(s.Boots) > 1 {
		l.tail(inkDim, "  "+bootList(f.Boots))
	}
	if err := t.flush(w); err != nil {
		return err
	}
	note := ""
	if f.Count > 1 && f.Crash == nil {
		note = fmt.Sprintf("  (%d times, last in line %d)", f.Count, f.LastLine)
	}
	if err := t.record(w, &f.Said, recordView{note: note}); err != nil {
		return err
	}
	if f.Crash != nil && f.Crash.Records > 1 { // else its headline says it all
		if err := t.crash(w, f.Crash, !strings.HasSuffix(f.Title, f.Crash.Title)); err != nil {
			return err
		}
	}
	row := func(label string, color ink, text string) error {
		if text == "" {
			return nil
		}
		l.reset()
		l.put("", indent)
		l.put(inkDim, label)
		l.tail(color, text)
		return t.flush(w)
	}
	if err := row("printed", "", condsText(f.Conds)); err != nil {
		return err
	}
	if f.Errno != nil && f.Errno.Meaning != "" {
		if err := row("-"+f.Errno.Name+" is ", "", f.Errno.Meaning); err != nil {
			return err
		}
	}
	// What is the same for all of a kind is said once.
	first := !slices.ContainsFunc(s.Findings[:i], func(o workbench.LogFinding) bool { return o.ID == f.ID })
	if first {
		if err := row("", inkDim, f.Meaning); err != nil {
			return err
		}
	}
	if f.Guess != "" && (f.Crash == nil || f.Crash.Corrupted == "") { // else it was said
		if err := row("a guess: ", inkWarn, f.Guess); err != nil {
			return err
		}
	}
	for _, link := range linkTexts(&f.Finding.Finding) {
		if err := row("", "", link); err != nil {
			return err
		}
	}
	steps := 0
	for _, n := range f.Next {
		if !first && n.Command == "" {
			continue
		}
		if steps++; steps > stepsShown {
			break
		}
		text := n.Why
		if n.Command != "" {
			text = n.Command + "  " + n.Why
		}
		if err := row("next: ", "", text); err != nil {
			return err
		}
	}
	return nil
}

const (
	// stepsShown is how many next steps of a finding a person is shown, and
	// linksShown how many others it is linked to.
	stepsShown = 2
	linksShown = 3
)

// linkTexts say what a finding is linked to, causes first, the sure links before
// the guesses.
func linkTexts(f *workbench.Finding) []string {
	var out []string
	add := func(links []workbench.FindingLink, guesses bool, verb string) {
		n := 0
		for _, link := range links {
			if link.Guess != guesses {
				continue
			}
			if n++; n <= linksShown {
				out = append(out, verb+strconv.Itoa(link.To+1)+": "+linkWhy(&link))
			}
		}
		if n > linksShown {
			out = append(out, verb+count(n-linksShown, "further finding"))
		}
	}
	add(f.Causes, false, "stems from ")
	add(f.Causes, true, "may stem from ")
	add(f.Effects, false, "leads to ")
	add(f.Effects, true, "may lead to ")
	return out
}

// linkWhy says what connects two findings, and where that stands.
func linkWhy(l *workbench.FindingLink) string {
	why := l.Why
	for i := range l.Evidence {
		why += " (" + l.Evidence[i].String() + ")"
	}
	return why
}

// bootList is "boot 2" or "boots 1, 2, 3", of many the first and how many more.
func bootList(list []int) string {
	const most = 6
	var sb strings.Builder
	sb.WriteString("boot")
	if len(list) > 1 {
		sb.WriteString("s")
	}
	for i, b := range list {
		if i == most {
			fmt.Fprintf(&sb, " and %d more", len(list)-most)
			break
		}
		if i > 0 {
			sb.WriteString(",")
		}
		sb.WriteString(" " + strconv.Itoa(b))
	}
	return sb.String()
}

// condsText is the conditions of a statement in one line.
func condsText(conds []workbench.WhyCond) string {
	parts := make([]string, len(conds))
	for i := range conds {
		parts[i] = condition(&conds[i])
	}
	return strings.Join(parts, ", ")
}

// logFindingJSON writes a finding of a log.
func logFindingJSON(o *object, f *workbench.LogFinding) {
	o.open("", '{')
	o.findingMembers(&f.Finding.Finding)
	o.open("boots", '[')
	for _, b := range f.Boots {
		o.num("", int64(b))
	}
	o.close(']')
	o.num("count", f.Count)
	o.num("last_line", int64(f.LastLine))
	o.open("record", '{')
	record(o, &f.Said)
	o.close('}')
	if f.Crash != nil {
		o.str("crash", f.Crash.Title)
	}
	if f.Errno != nil {
		o.errno(f.Errno)
	}
	o.conditions("conditions", f.Conds)
	o.close('}')
}
