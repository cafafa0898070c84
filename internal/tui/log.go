package tui

// The view of a log: its records on the left, the statement that printed the one
// that is selected on the right.

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"dekho/internal/workbench"
)

// logRecord is a record as far as it is shown. There are many.
type logRecord struct {
	text     string
	args     string
	sites    []*logSite // best first
	line     int
	time     time.Duration
	more     int32 // further sites
	severity workbench.Severity
	verdict  workbench.Verdict
	hasTime  bool
}

// logSite is a statement; those of many records are the same.
type logSite struct {
	place
	function, family string
	printed          place // the statement inside of a wrapper, if place is what called it
}

// logPanel is the panel with the records.
type logPanel struct {
	scroll
	name    string
	records []logRecord
	shown   []int32 // those that the filters leave
	filter  input
	typing  bool
	// level leaves out what is less serious, unmapped what has a statement; all
	// shows what is not the kernel's too.
	level    workbench.Severity
	unmapped bool
	all      bool

	feed    *logFeed
	follow  bool
	done    bool
	dropped int
	counts  [workbench.Certain + 1]int
	// first is what went wrong first: the first error, or what comes nearest to one;
	// worst is what matters most. -1 for nothing.
	first, worst int
	// worstLine is the line of what matters most by the summary, which comes at the
	// end.
	worstLine int
	// warning says that log and tree do not fit.
	warning string
}

// What is remembered of a log: so many records of any kind, and as many again that
// matter.
const maxRecords = 1 << 19

func newLogPanel(in *Log) *logPanel {
	return &logPanel{
		name: filepath.Base(in.Name), level: workbench.SevNone, first: -1, worst: -1, feed: newLogFeed(), follow: in.Options.Follow != nil,
	}
}

// readLog starts to read the log.
func (m *model) readLog(in *Log) tea.Cmd {
	p := m.log
	feed := p.feed
	label := "reading " + p.name
	if p.follow {
		label = "following " + p.name
	}
	read := m.start(jobLog, label, 0, func(ctx context.Context, t *workbench.Tree) (func(m *model) tea.Cmd, error) {
		sites := make(map[logSite]*logSite)
		sum, err := t.ExplainLog(ctx, in.Name, in.In, in.Options, func(r *workbench.LogRecord) error {
			if r.Text == "" {
				return nil
			}
			rec := newLogRecord(r, sites)
			return feed.put(ctx, &rec)
		})
		line := 0
		if len(sum.Findings) > 0 {
			line = sum.Findings[0].Record.Line
		} else if len(sum.Matters) > 0 {
			line = sum.Matters[0].Line
		}
		warning := strings.Clone(sum.Mismatch)
		return func(*model) tea.Cmd {
			p.worstLine, p.warning = line, warning
			p.settle()
			return nil
		}, err
	})
	return tea.Batch(func() tea.Msg {
		msg := read()
		feed.close()
		return msg
	}, feed.wait)
}

// add takes further records.
func (p *logPanel) add(records []logRecord) {
	last := p.sel >= len(p.shown)-1
	for i := range records {
		r := &records[i]
		p.counts[r.verdict]++
		if n := len(p.records); n >= 2*maxRecords || n >= maxRecords && r.severity == workbench.SevNone {
			p.dropped++
			continue
		}
		p.records = append(p.records, *r)
		at := len(p.records) - 1
		if p.first < 0 && r.severity < workbench.SevNone || p.first >= 0 && alarm(r.severity) < alarm(p.records[p.first].severity) {
			p.first = at
		}
		if p.worst < 0 && r.severity < workbench.SevNone || p.worst >= 0 && r.severity < p.records[p.worst].severity {
			p.worst = at
		}
		if p.passes(r) {
			p.shown = append(p.shown, int32(at))
		}
	}
	if p.follow && last {
		p.sel = max(0, len(p.shown)-1)
	}
}

// alarm orders severities by how likely it is that something went wrong: all errors
// are alike there.
func alarm(s workbench.Severity) workbench.Severity { return max(s, workbench.SevError) }

// passes reports whether the filters leave a record.
func (p *logPanel) passes(r *logRecord) bool {
	switch {
	case r.verdict == workbench.NotKernel && !p.all:
		return false
	case p.level < workbench.SevNone && r.severity > p.level:
		return false
	case p.unmapped && r.verdict != workbench.Unknown:
		return false
	case len(p.filter.text) > 0:
		v := sourceView{search: p.filter.String()}
		return v.match(r.text) >= 0
	}
	return true
}

// refilter lists the records that pass, and stays where it was as far as it can.
func (p *logPanel) refilter() {
	was := p.current()
	p.shown = p.shown[:0]
	p.scroll = scroll{}
	for i := range p.records {
		if p.passes(&p.records[i]) {
			if int32(i) <= was {
				p.sel = len(p.shown)
			}
			p.shown = append(p.shown, int32(i))
		}
	}
}

// settle takes what the summary says matters most, once its record is there.
func (p *logPanel) settle() {
	for i := range p.records {
		if r := &p.records[i]; r.line == p.worstLine && r.severity < workbench.SevNone {
			p.worst = i
			return
		}
	}
}

func (p *logPanel) at() *scroll { return &p.scroll }

func (p *logPanel) size() int { return len(p.shown) }

// record is the record of a row, nil if there is none.
func (p *logPanel) record(i int) *logRecord {
	if i < 0 || i >= len(p.shown) {
		return nil
	}
	return &p.records[p.shown[i]]
}

func (p *logPanel) about(int) string { return "" }

// current is the number of the record that is selected, -1 if none is.
func (p *logPanel) current() int32 {
	if p.sel >= len(p.shown) {
		return -1
	}
	return p.shown[p.sel]
}

func (p *logPanel) target(i int) (place, bool) {
	if r := p.record(i); r != nil && len(r.sites) > 0 {
		return r.sites[0].place, true
	}
	return place{}, false
}

// severityMarks and verdictMarks stand in front of records.
var severityMarks = [...]struct {
	mark  string
	style style
}{
	workbench.SevPanic: {"P", red | bold | reverse}, workbench.SevOops: {"O", red | bold | reverse}, workbench.SevWarning: {"W", red | bold},
	workbench.SevCritical: {"C", red | bold}, workbench.SevError: {"E", red}, workbench.SevTrouble: {"t", yellow},
	workbench.SevNotice: {"n", cyan}, workbench.SevNone: {" ", plain},
}

var verdictMarks = [...]struct {
	mark  string
	style style
}{
	workbench.Certain: {"=", green}, workbench.Likely: {"~", yellow}, workbench.Ambiguous: {"?", yellow}, workbench.Unknown: {"x", magenta},
	workbench.NotKernel: {" ", plain},
}

func (p *logPanel) draw(_ *model, r *row, i int) {
	rec := p.record(i)
	if r.width >= 50 {
		number := strconv.Itoa(rec.line)
		r.fill(6 - len(number))
		r.put(faint, number+" ")
	}
	p.drawRecord(r, rec)
}

func (p *logPanel) drawRecord(r *row, rec *logRecord) {
	sev, verdict := severityMarks[rec.severity], verdictMarks[rec.verdict]
	r.put(sev.style, sev.mark)
	r.put(verdict.style, verdict.mark)
	r.put(plain, " ")
	s := plain
	if rec.verdict == workbench.NotKernel {
		s = faint
	}
	r.put(s, rec.text)
}

func (p *logPanel) head(_ *model, r *row) int {
	r.put(bold, p.name)
	r.put(plain, " ")
	if p.level < workbench.SevNone {
		r.put(yellow, p.level.String()+"+ ")
	}
	if p.unmapped {
		r.put(yellow, "unmapped ")
	}
	if p.all {
		r.put(yellow, "all ")
	}
	if p.typing || len(p.filter.text) > 0 {
		r.put(plain, "/")
		if p.typing {
			return p.filter.draw(r)
		}
		r.put(plain, p.filter.String())
		return -1
	}
	r.put(faint, strconv.Itoa(len(p.shown)))
	if !p.done {
		r.put(faint, "...")
	}
	return -1
}

// bannerRows is how many rows there are above the list, of which height are left.
func (p *logPanel) bannerRows(height int) int {
	if height < 8 {
		return 0
	}
	rows := 2
	if p.worst != p.first {
		rows++
	}
	if p.warning != "" || p.dropped > 0 {
		rows++
	}
	return rows
}

// banner draws a row above the list.
func (p *logPanel) banner(r *row, i int) {
	if i >= 2 && p.worst == p.first {
		i++
	}
	switch i {
	case 0:
		c := &p.counts
		kernel := 0
		for v, n := range c {
			if workbench.Verdict(v) != workbench.NotKernel {
				kernel += n
			}
		}
		r.put(plain, fmt.Sprintf("%d of %d mapped, %d certain", kernel-c[workbench.Unknown], kernel, c[workbench.Certain]))
	case 1:
		if p.first < 0 {
			r.put(green, "nothing went wrong")
			return
		}
		r.put(bold, "first ")
		p.drawRecord(r, &p.records[p.first])
	case 2:
		r.put(bold, "worst ")
		p.drawRecord(r, &p.records[p.worst])
	default:
		if p.warning != "" {
			r.put(yellow, p.warning)
		} else {
			r.put(yellow, fmt.Sprintf("%d records without problems are not kept", p.dropped))
		}
	}
}

func (p *logPanel) key(m *model, k tea.KeyPressMsg) (tea.Cmd, bool) {
	if p.typing {
		switch k.String() {
		case "enter":
			p.typing = false
			return nil, true
		case "esc":
			p.typing = false
			p.filter.clear()
		default:
			if !p.filter.key(k) {
				return nil, false
			}
		}
		p.refilter()
		return m.preview(), true
	}
	switch k.String() {
	case "/":
		p.typing = true
		return nil, true
	case "esc":
		if len(p.filter.text) == 0 && p.level == workbench.SevNone && !p.unmapped {
			return nil, false
		}
		p.filter.clear()
		p.level, p.unmapped = workbench.SevNone, false
	case "s":
		p.level = nextLevel(p.level)
	case "u":
		p.unmapped = !p.unmapped
	case "a":
		p.all = !p.all
	case "n", "N":
		by := 1
		if k.String() == "N" {
			by = -1
		}
		for i := p.sel + by; i >= 0 && i < len(p.shown); i += by {
			if p.record(i).severity <= workbench.SevTrouble {
				p.sel = i
				return m.preview(), true
			}
		}
		m.say("no further problem")
		return nil, true
	case "!", "w":
		want := p.first
		if k.String() == "w" {
			want = p.worst
		}
		if at, ok := slices.BinarySearch(p.shown, int32(want)); ok {
			p.sel = at
			return m.preview(), true
		}
		m.say("that is not among the records shown")
		return nil, true
	case "enter":
		// Several statements, none of which is better than the others.
		if r := p.record(p.sel); r != nil && r.verdict == workbench.Ambiguous && len(r.sites) > 1 {
			var items []item
			for _, s := range r.sites {
				items = append(items, item{label: s.function, mark: s.family, detail: s.path + ":" + strconv.Itoa(s.line), path: true, to: s.place})
			}
			return m.openPanel(newList("statements that fit", items)), true
		}
		return nil, false
	default:
		return nil, false
	}
	p.refilter()
	return m.preview(), true
}

// nextLevel is the next choice of what is left out.
func nextLevel(s workbench.Severity) workbench.Severity {
	switch s {
	case workbench.SevNone:
		return workbench.SevNotice
	case workbench.SevNotice:
		return workbench.SevTrouble
	case workbench.SevTrouble:
		return workbench.SevError
	case workbench.SevError:
		return workbench.SevWarning
	}
	return workbench.SevNone
}

// maxDetails bounds the rows about a record.
const maxDetails = 12

// details says what is known of a record, above the statement.
func (p *logPanel) details(rec *logRecord, width int) []detail {
	var list []detail
	text := rec.text
	if rec.hasTime {
		text = fmt.Sprintf("[%12.6f] %s", rec.time.Seconds(), text)
	}
	for _, l := range wrapped(text, width, 3) {
		list = append(list, detail{bold, l})
	}
	switch {
	case rec.verdict == workbench.NotKernel:
		list = append(list, detail{faint, "not the kernel's"})
	case len(rec.sites) == 0:
		list = append(list, detail{magenta, "unknown: no statement of the tree fits"})
	default:
		s := rec.sites[0]
		line := rec.verdict.String() + ": " + s.family + "() in " + s.function + "()"
		if n := len(rec.sites) + int(rec.more) - 1; n > 0 {
			line += fmt.Sprintf(", or one of %d others", n)
		}
		list = append(list, detail{verdictMarks[rec.verdict].style, line})
		if s.printed.path != "" {
			list = append(list, detail{faint, "printed by " + s.printed.path + ":" + strconv.Itoa(s.printed.line)})
		}
	}
	for arg := range strings.SplitSeq(strings.TrimSuffix(rec.args, "\n"), "\n") {
		if arg != "" {
			list = append(list, detail{green, "  " + arg})
		}
	}
	return list[:min(len(list), maxDetails)]
}

// detail is a row about a record.
type detail struct {
	style style
	text  string
}

// wrapped cuts a text into at most so many rows.
func wrapped(text string, width, rows int) []string {
	var list []string
	for len(text) > 0 && len(list) < rows && width > 0 {
		cells := appendCells(nil, text, width+1)
		col, end := 0, 0
		for i := range cells {
			if col += cells[i].width; col > width && i > 0 {
				break
			}
			end = cells[i].end
		}
		list = append(list, text[:end])
		text = text[end:]
	}
	return list
}
