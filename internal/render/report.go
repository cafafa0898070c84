package render

import (
	_ "embed" // the page
	"fmt"
	"html/template"
	"io"
	"net/url"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"dekho/internal/workbench"
)

// This file makes a page about the boots of a log: one file, no scripts. All text
// in it comes from logs and sources; html/template escapes it for the place where
// it stands.

//go:embed report.html
var reportPage string

// reportTemplate is parsed when it is first needed: every command would wait for
// it otherwise.
var reportTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.Must(template.New("report").Parse(reportPage)).Parse(crashesPart))
})

// Measures of the drawing, in its own units: it is 1000 wide.
const (
	drawLeft   = 170
	drawRight  = 990
	drawTop    = 20
	drawStep   = 18
	drawLabelY = 10
)

// page is what the template shows.
type page struct {
	Log, Lines, Tree, Mismatch string
	Loops                      []string
	Findings                   []pageFinding
	MoreFindings               string
	Boots                      []pageBoot
	Crashes                    []pageCrash
	Matters                    []pageMatter
}

type pageFinding struct {
	Number, Line                 int
	Severity, Title, Boots, Text string
	Place                        pagePlace
	Notes                        []string
	Links                        []pageLink
	Next                         []pageStep
}

type pageLink struct {
	What, Why string
	To        int
}

type pageStep struct{ Command, Why string }

type pageBoot struct {
	Number    int
	What, End string
	Height    int
	Stages    []pageStage
	Ticks     []pageTick
	Bars      []pageBar
	Gaps      []pageGap
	Calls     []pageCalls
}

type pageStage struct{ Name, From, For string }

type pageTick struct {
	X, Y int
	Text string
}

type pageBar struct {
	X, Width       float64
	Y              int
	Fill           string
	Title, Label   string
	LabelX, LabelY int
}

type pageGap struct {
	For, From, Text string
	Line            int
	Place           pagePlace
}

type pageCalls struct {
	Title string
	List  []pageCall
}

type pageCall struct {
	Took, From, Name, Result string
	Line                     int
}

type pageMatter struct {
	Line                  int
	Severity, Text, Times string
	Place                 pagePlace
}

// pagePlace is a line of the tree, with a link to the file.
type pagePlace struct {
	Text, Function string
	URL            template.URL
}

// Report writes a page about the boots of a log.
func Report(w io.Writer, s *workbench.LogSummary) error {
	p := page{Log: safe(s.Name), Lines: count(s.Stats.Lines, "line"), Tree: safe(s.Root), Mismatch: safe(s.Mismatch)}
	if s.Kernel != "" {
		p.Tree = safe("Linux " + s.Kernel + ", " + s.Root)
	}
	for i := range s.Loops {
		p.Loops = append(p.Loops, safe(loopText(&s.Loops[i])))
	}
	for i := range s.Findings {
		if i == findingsOnPage {
			break
		}
		p.Findings = append(p.Findings, findingPage(s, i))
	}
	if more := len(s.Findings) + s.MoreFindings - len(p.Findings); more > 0 {
		p.MoreFindings = "and " + count(more, "further finding")
	}
	for i := range s.Boots {
		if i == bootsDrawn {
			break
		}
		p.Boots = append(p.Boots, bootPage(s.Root, &s.Boots[i]))
	}
	for i := range s.Crashes {
		p.Crashes = append(p.Crashes, crashPage(s.Root, &s.Crashes[i]))
	}
	for i := range s.Matters {
		m := &s.Matters[i]
		pm := pageMatter{Line: m.Line, Severity: m.Severity.String(), Text: safe(m.Text)}
		if m.Count > 1 {
			pm.Times = fmt.Sprintf("%d times, last in line %d", m.Count, m.LastLine)
		}
		pm.Place = recordPlace(s.Root, &m.LogRecord)
		p.Matters = append(p.Matters, pm)
	}
	return reportTemplate().Execute(w, &p)
}

// findingsOnPage is how many findings a page has.
const findingsOnPage = 50

func findingPage(s *workbench.LogSummary, i int) pageFinding {
	f := &s.Findings[i]
	p := pageFinding{
		Number: i + 1, Line: f.Said.Line, Severity: f.Severity.String(), Title: safe(f.Title), Text: safe(f.Said.Text),
		Place: recordPlace(s.Root, &f.Said),
	}
	if len(s.Boots) > 1 {
		p.Boots = bootList(f.Boots)
	}
	if f.Count > 1 {
		p.Notes = append(p.Notes, fmt.Sprintf("%d times, last in line %d", f.Count, f.LastLine))
	}
	if conds := condsText(f.Conds); conds != "" {
		p.Notes = append(p.Notes, safe("printed"+conds))
	}
	if f.Errno != nil && f.Errno.Meaning != "" {
		p.Notes = append(p.Notes, safe("-"+f.Errno.Name+" is "+f.Errno.Meaning))
	}
	if f.Guess != "" {
		p.Notes = append(p.Notes, safe("a guess: "+f.Guess))
	}
	p.Notes = append(p.Notes, safe(f.Meaning))
	links := func(list []workbench.FindingLink, sure, guess string) {
		for _, l := range list {
			what := sure
			if l.Guess {
				what = guess
			}
			p.Links = append(p.Links, pageLink{What: what, Why: safe(linkWhy(&l)), To: l.To + 1})
		}
	}
	links(f.Causes, "stems from", "may stem from")
	links(f.Effects, "leads to", "may lead to")
	for _, n := range f.Next {
		p.Next = append(p.Next, pageStep{safe(n.Command), safe(n.Why)})
	}
	return p
}

// recordPlace is the likeliest place that the words of a record come from.
func recordPlace(root string, r *workbench.LogRecord) pagePlace {
	if len(r.Sites) == 0 || r.Verdict < workbench.Ambiguous {
		return pagePlace{}
	}
	at := r.Where()
	return placeOf(root, at.Path, int(at.Line), at.Function)
}

func bootPage(root string, b *workbench.Boot) pageBoot {
	p := pageBoot{Number: b.Number, What: safe(bootText(b)), End: safe(endText(b))}
	spans := stageSpans(b)
	sp := &b.Spent
	for i := range sp.Gaps {
		g := &sp.Gaps[i]
		p.Gaps = append(p.Gaps, pageGap{
			For: seconds(g.Length), From: seconds(g.Start), Line: g.To.Line, Text: safe(g.To.Quote), Place: placeOf(root, g.At.Path, g.At.Line, ""),
		})
	}
	for _, l := range []struct {
		title string
		list  []workbench.BootCall
		count int
	}{{"Slowest initcalls", sp.Initcalls, sp.InitcallCount}, {"Slowest probes", sp.Probes, sp.ProbeCount}, {"Did not return", sp.Unfinished, len(sp.Unfinished)}} {
		if len(l.list) == 0 {
			continue
		}
		c := pageCalls{Title: fmt.Sprintf("%s (%d of %s)", l.title, len(l.list), thousands(l.count))}
		for i := range l.list {
			x := &l.list[i]
			c.List = append(c.List, pageCall{Took: seconds(x.Took), From: seconds(x.Start), Name: safe(x.Name), Result: safe(x.Result), Line: x.Line})
		}
		p.Calls = append(p.Calls, c)
	}
	if len(spans) == 0 || spans[len(spans)-1].end <= spans[0].start {
		return p
	}
	for _, s := range spans {
		p.Stages = append(p.Stages, pageStage{s.name, seconds(s.start), seconds(s.end - s.start)})
	}
	p.draw(b, spans)
	return p
}

// draw makes the time line: a lane for each stage, one for the silences, and one
// for each kind of calls.
func (p *pageBoot) draw(b *workbench.Boot, spans []span) {
	start, end := spans[0].start, spans[len(spans)-1].end
	scale := (drawRight - drawLeft) / float64(end-start)
	y := drawTop
	lane := func(name string, bars []pageBar) {
		if len(bars) == 0 {
			return
		}
		bars[0].Label, bars[0].LabelX, bars[0].LabelY = name, 0, y+drawLabelY
		p.Bars = append(p.Bars, bars...)
		y += drawStep
	}
	stretch := func(from, length time.Duration, fill, title string) pageBar {
		from = min(max(from, start), end)
		length = min(max(length, 0), end-from)
		return pageBar{X: drawLeft + float64(from-start)*scale, Width: max(1, float64(length)*scale), Y: y, Fill: fill, Title: title}
	}
	for _, s := range spans {
		lane(s.name, []pageBar{stretch(s.start, s.end-s.start, "#48a", s.name+", "+seconds(s.end-s.start))})
	}
	var bars []pageBar
	for i := range p.Gaps {
		g := &b.Spent.Gaps[i]
		bars = append(bars, stretch(g.Start, g.Length, "#c62", p.Gaps[i].For+" before line "+strconv.Itoa(g.To.Line)+": "+p.Gaps[i].Text))
	}
	lane("silences", bars)
	for _, l := range []struct {
		name, fill string
		list       []workbench.BootCall
	}{{"slowest initcalls", "#5a5", b.Spent.Initcalls}, {"slowest probes", "#95a", b.Spent.Probes}, {"did not return", "#c33", b.Spent.Unfinished}} {
		bars = nil
		for i := range l.list {
			c := &l.list[i]
			bars = append(bars, stretch(c.Start, c.Took, l.fill, safe(c.Name)+", "+seconds(c.Took)))
		}
		lane(l.name, bars)
	}
	p.Height = y
	const ticks = 8
	for i := range ticks + 1 {
		at := start + (end-start)*time.Duration(i)/ticks
		p.Ticks = append(p.Ticks, pageTick{X: int(drawLeft + float64(at-start)*scale), Y: y, Text: fmt.Sprintf("%.2f s", at.Seconds())})
	}
	p.Ticks[ticks].X -= 35
}

// placeOf is a line of the tree; none if the path is empty.
func placeOf(root, path string, line int, function string) pagePlace {
	if path == "" {
		return pagePlace{}
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(root, path))}
	return pagePlace{
		Text: safe(path + ":" + strconv.Itoa(line)), Function: safe(function),
		URL: template.URL(u.String()), //nolint:gosec // made of a scheme and a path, and escaped by net/url
	}
}

// safe spells control characters out.
func safe(text string) string { return string(appendSafe(nil, text)) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }
