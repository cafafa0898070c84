package render

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"dekho/internal/boots"
	"dekho/internal/klog"
	"dekho/internal/workbench"
)

// hostileSummary is a log whose every text tries to be more than a text.
func hostileSummary(text string) *workbench.LogSummary {
	f := klog.Fact{Value: text, Quote: text, Line: 7}
	call := boots.Call{Name: text, Start: time.Second, Took: time.Second, Result: text, Line: 8}
	b := workbench.Boot{
		Boot: klog.Boot{Number: 1, Kernel: true, HasTime: true, LastTime: 9 * time.Second, Version: f, Machine: f},
		End:  boots.End{Kind: boots.Panic, Evidence: []klog.Fact{f}, Last: f},
		Stages: []boots.Stage{
			{ID: boots.EarlyKernel, First: f, HasTime: true},
			{ID: boots.UserSpace, First: f, HasTime: true, FirstTime: 3 * time.Second},
		},
		Spent: boots.Spent{
			Gaps:      []boots.Gap{{From: f, To: f, At: boots.Place{Path: text, Line: 3}, Start: time.Second, Length: time.Second}},
			Initcalls: []boots.Call{call}, Probes: []boots.Call{call}, Unfinished: []boots.Call{call}, InitcallCount: 1, ProbeCount: 1,
		},
	}
	m := workbench.Matter{Count: 2}
	m.Text, m.Line, m.Verdict = text, 7, workbench.Certain
	m.Sites = []workbench.Site{{Place: workbench.Place{Path: text, Line: 3, Function: text}}}
	c := workbench.Crash{
		CrashReport: workbench.CrashReport{Title: text, Corrupted: text, Comm: text, Panicked: true, Panic: text},
		Trail: []workbench.TrailFrame{
			{StackFrame: workbench.StackFrame{Function: text, Size: 1, Module: text}, Source: []workbench.SourceLine{{Function: text, Path: text, Line: 1, Inlined: true}}, Text: text},
			{StackFrame: workbench.StackFrame{File: text, SourceLine: 1}},
			{Path: text, Definition: 1},
		},
		Listing: &workbench.CodeListing{
			Unread: text, Guess: true, Instructions: []workbench.CodeInstruction{{Place: text, Bytes: []byte(text), Text: text}},
			Accesses: []workbench.MemoryAccess{{Operand: text, Known: true, Registers: []workbench.RegisterValue{{Name: text, Value: 1, Meaning: text, Place: text}}}},
		},
	}
	return &workbench.LogSummary{
		Crashes: []workbench.Crash{c},
		Name:    text, Root: "/" + text, Kernel: text, Mismatch: text, Boots: []workbench.Boot{b},
		Loops: []workbench.BootLoop{{First: 1, Last: 2, Count: 2, Facts: []boots.LoopFact{{Name: "message", Same: true, Values: []string{text}}}}}, Matters: []workbench.Matter{m},
	}
}

// tags lists the elements and attributes of a page: what a text must not add to.
func tags(t testing.TB, page []byte) string {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var sb strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return sb.String()
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, page)
		}
		if e, ok := token.(xml.StartElement); ok {
			sb.WriteString("<" + e.Name.Local)
			for _, a := range e.Attr {
				sb.WriteString(" " + a.Name.Local)
			}
		}
	}
}

func report(t testing.TB, text string) []byte {
	t.Helper()
	var page bytes.Buffer
	if err := Report(&page, hostileSummary(text)); err != nil {
		t.Fatal(err)
	}
	return page.Bytes()
}

// TestReportHostile makes sure that no text of a log gets to be markup.
func TestReportHostile(t *testing.T) {
	plain := tags(t, report(t, "plain"))
	for _, name := range []string{"<svg", "<rect", "<title", "<a href", "<table"} {
		if !strings.Contains(plain, name) {
			t.Errorf("the page has no %s", name)
		}
	}
	for _, text := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='x`, "</title></style></svg><b>", "javascript:alert(1)",
		"\x00\x1b[31m\xff\xfe", "]]><!--", "{{.}}", "&lt;i&gt;",
	} {
		page := report(t, text)
		if got := tags(t, page); got != plain {
			t.Errorf("%q changes the page:\n%s\nwant %s", text, got, plain)
		}
		if !utf8.Valid(page) || bytes.ContainsAny(page, "\x00\x1b") || bytes.Contains(page, []byte(`href="javascript`)) || bytes.Contains(page, []byte("<script")) {
			t.Errorf("%q gets through", text)
		}
	}
}

func FuzzReport(f *testing.F) {
	f.Add("<a href='x'>")
	plain := tags(f, report(f, "plain"))
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" { // nothing is said of nothing
			return
		}
		if got := tags(t, report(t, text)); got != plain {
			t.Fatalf("%q changes the page", text)
		}
	})
}

// TestTimelineWidth makes sure that lines fit on any terminal.
func TestTimelineWidth(t *testing.T) {
	var out bytes.Buffer
	if err := Timeline(&out, Style{}, hostileSummary(strings.Repeat("long text ", 30))); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > timelineWidth {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if !strings.Contains(out.String(), "██") {
		t.Errorf("nothing is drawn:\n%s", out.String())
	}
}
