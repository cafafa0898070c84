package render

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"dekho/internal/workbench"
)

// LogPrinter shows an explained log: its records in order, then the summary.
type LogPrinter interface {
	Record(r *workbench.LogRecord) error
	Summary(s *workbench.LogSummary) error
}

// LogText writes an explained log for people.
type LogText struct {
	w     io.Writer
	opts  LogTextOptions
	line  line
	spool *Spool
	// folded are the records before the next one that are not shown.
	folded fold
}

// LogTextOptions say what is shown.
type LogTextOptions struct {
	Style Style
	// All shows what is not the kernel's too.
	All bool
	// Brief shows the summary alone.
	Brief bool
	// Why shows the rivals of the first site and what decided between them.
	Why bool
	// Spool holds the records until the summary is written, which comes first;
	// nil to write records as they come and the summary behind them.
	Spool *Spool
}

// NewLogText returns a writer of text to w.
func NewLogText(w io.Writer, opts LogTextOptions) *LogText {
	t := &LogText{w: w, opts: opts, spool: opts.Spool}
	t.line.style = &t.opts.Style
	return t
}

// numberWidth is the width of the column of line numbers.
const numberWidth = 6

// Record implements LogPrinter.
func (t *LogText) Record(r *workbench.LogRecord) error {
	if t.opts.Brief || r.Verdict == workbench.NotKernel && (!t.opts.All || r.Text == "") {
		return nil
	}
	if t.folds(r) {
		return t.fold(r)
	}
	if err := t.unfold(); err != nil {
		return err
	}
	return t.record(t.records(), r, recordView{why: t.opts.Why, args: true, note: markNote(&r.Mark), bare: r.Mark.Kind == workbench.MarkDropped || r.Mark.Kind.OfDump() && !t.opts.All && !t.opts.Why})
}

// records is where records are written to.
func (t *LogText) records() io.Writer {
	if t.spool != nil {
		return t.spool
	}
	return t.w
}

// recordView says how much of a record is shown.
type recordView struct {
	why  bool   // rivals and reasons
	args bool   // values of the arguments
	note string // behind the text
	bare bool   // the text alone
}

// record writes a record: the line as it was printed, and below it, indented,
// the statement that did.
func (t *LogText) record(w io.Writer, r *workbench.LogRecord, v recordView) error {
	l := &t.line
	for i, text := range strings.Split(r.Text, "\n") {
		l.reset()
		number := ""
		if i == 0 {
			number = strconv.Itoa(r.Line)
		}
		l.put(inkLine, fmt.Sprintf("%*s", numberWidth, number))
		l.put("", "  ")
		if i == 0 && r.HasTime {
			l.put(inkDim, fmt.Sprintf("[%12.6f] ", r.Time.Seconds()))
		}
		color := ink("")
		if r.Verdict == workbench.NotKernel {
			color = inkDim
		}
		l.tail(color, text)
		if i == 0 {
			l.tail(inkDim, v.note)
		}
		if err := t.flush(w); err != nil {
			return err
		}
	}
	if r.Verdict == workbench.NotKernel || v.bare {
		return nil
	}
	if r.Verdict == workbench.Unknown || len(r.Sites) == 0 {
		l.reset()
		l.put("", indent)
		l.put(inkWarn, "unknown")
		l.put(inkDim, ": no statement of the tree fits")
		return t.flush(w)
	}
	shown := 1
	if r.Verdict == workbench.Ambiguous || v.why {
		shown = len(r.Sites)
	}
	for i := range shown {
		if err := t.site(w, r, i, v); err != nil {
			return err
		}
	}
	if more := r.More; more > 0 && shown > 1 {
		l.reset()
		l.put(inkDim, indent+"and "+count(more, "further statement"))
		if err := t.flush(w); err != nil {
			return err
		}
	}
	for i := range r.Parts {
		s := &r.Parts[i]
		l.reset()
		l.put("", indent)
		l.put(inkDim, "+ ")
		t.place(&s.Place)
		l.put(inkDim, " "+s.Family)
		if err := t.flush(w); err != nil {
			return err
		}
	}
	return nil
}

const indent = "        "

// site writes a candidate in one line.
func (t *LogText) site(w io.Writer, r *workbench.LogRecord, i int, v recordView) error {
	s := &r.Sites[i]
	l := &t.line
	l.reset()
	l.put("", indent)
	// What a person looks for is where the words come from; the statement
	// inside the wrapper that printed them is second.
	if s.Said != nil {
		t.place(s.Said)
	} else {
		t.place(&s.Place)
	}
	l.put(inkDim, " "+s.Family)
	if i == 0 {
		l.put("", "  ")
		l.put(verdictInk(r.Verdict), r.Verdict.String())
		if v.args {
			t.args(r.Args)
		}
	}
	if s.Said != nil {
		l.put(inkDim, "  printed by "+s.Path+":"+strconv.Itoa(int(s.Line)))
	}
	if v.why {
		l.put(inkDim, "  score "+strconv.FormatFloat(s.Score, 'f', 1, 64))
		if len(s.Why) > 0 {
			l.put(inkDim, ": "+strings.Join(s.Why, ", "))
		}
	}
	return t.flush(w)
}

func verdictInk(v workbench.Verdict) ink {
	switch v {
	case workbench.Certain:
		return inkGood
	case workbench.Likely, workbench.Ambiguous:
		return inkWarn
	}
	return ""
}

// place writes "path:line: function()".
func (t *LogText) place(p *workbench.Place) {
	l := &t.line
	l.put(inkPath, p.Path)
	l.put("", ":")
	l.put(inkLine, strconv.Itoa(int(p.Line)))
	l.put("", ":")
	if p.Function != "" {
		l.put("", " ")
		l.put(inkName, p.Function+"()")
	}
}

// maxArgName bounds the name of an argument as it is shown: some are whole
// expressions.
const maxArgName = 40

// shorten cuts a text to at most n characters.
func shorten(text string, n int) string {
	if len(text) <= n {
		return text
	}
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	return string(runes[:n-1]) + "…"
}

// args writes the values of the arguments by name.
func (t *LogText) args(args []workbench.Arg) {
	l := &t.line
	for i := range args {
		a := &args[i]
		l.put("", "  ")
		name := a.Name
		if name == "" {
			name = a.Conversion
		}
		l.put(inkDim, shorten(name, maxArgName)+"=")
		if a.Text == "" || strings.ContainsAny(a.Text, " \t") {
			l.put("", `"`+a.Text+`"`)
		} else {
			l.put("", a.Text)
		}
	}
}

func (t *LogText) flush(w io.Writer) error {
	t.line.buf = append(t.line.buf, '\n')
	_, err := w.Write(t.line.buf)
	return err
}

// Summary implements LogPrinter.
func (t *LogText) Summary(s *workbench.LogSummary) error {
	if err := t.unfold(); err != nil {
		return err
	}
	if t.spool == nil && !t.opts.Brief {
		if _, err := io.WriteString(t.w, "\n"); err != nil {
			return err
		}
	}
	if err := t.summary(s); err != nil {
		return err
	}
	if t.spool == nil || t.opts.Brief || t.spool.Len() == 0 {
		return nil
	}
	t.line.reset()
	t.line.put(inkHeader, "Records")
	t.line.put(inkDim, " (line of the log, text; below it the statement that printed it)")
	if err := t.flush(t.w); err != nil {
		return err
	}
	_, err := t.spool.WriteTo(t.w)
	return err
}

// bootsShown is how many lines the boots of a log get.
const bootsShown = 8

// summary writes what comes first on the screen.
func (t *LogText) summary(s *workbench.LogSummary) error {
	l := &t.line
	row := func(label string, parts ...string) error {
		l.reset()
		l.put(inkHeader, fmt.Sprintf("%-8s", label))
		for _, p := range parts {
			l.tail("", p)
		}
		return t.flush(t.w)
	}
	if err := row("Log", s.Name, ", ", count(s.Stats.Lines, "line"), origin(s)); err != nil {
		return err
	}
	tree := s.Root
	if s.Kernel != "" {
		tree = "Linux " + s.Kernel + ", " + tree
	}
	if err := row("Tree", tree); err != nil {
		return err
	}
	if s.Mismatch != "" {
		l.reset()
		l.put(inkWarn, "Warning ")
		l.tail(inkWarn, s.Mismatch)
		if err := t.flush(t.w); err != nil {
			return err
		}
	}
	notes := s.SymbolNotes
	for i := range s.Boots {
		if text := mixedText(&s.Boots[i]); text != "" {
			notes = append(notes[:len(notes):len(notes)], text)
		}
	}
	for _, note := range notes {
		l.reset()
		l.put(inkWarn, "Warning ")
		l.tail(inkWarn, note)
		if err := t.flush(t.w); err != nil {
			return err
		}
	}
	for i := range s.Boots {
		label := "Boots"
		if i > 0 {
			label = ""
		}
		text := bootText(&s.Boots[i]) + "; " + endText(&s.Boots[i])
		if left := len(s.Boots) - bootsShown; left > 1 && i >= bootsShown-1 && i < len(s.Boots)-1 {
			if i >= bootsShown {
				continue
			}
			text = fmt.Sprintf("... and %d more ...", left)
		}
		if err := row(label, text); err != nil {
			return err
		}
	}
	for i := range s.Loops {
		if err := row("Repeats", loopText(&s.Loops[i])); err != nil {
			return err
		}
	}
	for i, text := range replayTexts(s) {
		if err := row([...]string{"Again", ""}[min(i, 1)], text); err != nil {
			return err
		}
	}
	if text := lossText(&s.Noise); text != "" {
		if err := row("Missing", text); err != nil {
			return err
		}
	}
	if err := row("Mapped", mapped(s)); err != nil {
		return err
	}
	if _, err := io.WriteString(t.w, "\n"); err != nil {
		return err
	}
	if err := t.findings(t.w, s); err != nil {
		return err
	}
	if len(s.Matters) > 0 {
		header := "Lines that matter"
		if len(s.Findings) > 0 {
			header = "Other lines that matter"
			if _, err := io.WriteString(t.w, "\n"); err != nil {
				return err
			}
		}
		l.reset()
		l.put(inkHeader, header)
		if s.MoreMatters > 0 {
			l.put(inkDim, " ("+strconv.Itoa(len(s.Matters))+" of "+strconv.Itoa(len(s.Matters)+s.MoreMatters)+")")
		}
		if err := t.flush(t.w); err != nil {
			return err
		}
		for i := range s.Matters {
			m := &s.Matters[i]
			note := ""
			if m.Count > 1 {
				note = fmt.Sprintf("  (%d times, last in line %d)", m.Count, m.LastLine)
			}
			if m.Suppressed > 0 {
				note += fmt.Sprintf("  (and %s)", suppressedText(m.Suppressed))
			}
			if err := t.record(t.w, &m.LogRecord, recordView{note: note}); err != nil {
				return err
			}
		}
	}
	_, err := io.WriteString(t.w, "\n")
	return err
}

// origin says what else is known of how the log came.
func origin(s *workbench.LogSummary) string {
	var parts []string
	if s.Stats.Compression != "" {
		parts = append(parts, s.Stats.Compression)
	}
	if s.Stats.Encoding != "" {
		parts = append(parts, s.Stats.Encoding)
	}
	if s.Stats.Garbled > 0 {
		parts = append(parts, count(s.Stats.Garbled, "garbled record"))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// bootText describes a boot in one line.
func bootText(b *workbench.Boot) string {
	var sb strings.Builder
	fmt.Fprintf(&sb, "%d  lines %d-%d", b.Number, b.FirstLine, b.LastLine)
	if b.HasTime {
		fmt.Fprintf(&sb, ", %.3f s to %.3f s", b.FirstTime.Seconds(), b.LastTime.Seconds())
	}
	switch {
	case b.Version.Known():
		sb.WriteString(", Linux " + b.Version.Value)
	case b.Kernel:
		sb.WriteString(", a kernel that does not tell its version")
	default:
		sb.WriteString(", no kernel")
	}
	if b.Machine.Known() {
		sb.WriteString(" on " + b.Machine.Value)
	}
	if b.Arch.Name != "" {
		sb.WriteString(" (" + b.Arch.Name + ")")
	}
	if b.Number > 1 {
		sb.WriteString("; new boot: " + b.Opened.String())
	}
	if b.StartMissing {
		sb.WriteString(", its start is missing")
	}
	if len(b.Remarks) > 0 {
		fmt.Fprintf(&sb, "; %s (line %d", b.Remarks[0].Quote, b.Remarks[0].Line)
		if more := len(b.Remarks) - 1; more > 0 {
			fmt.Fprintf(&sb, ", and %d more", more)
		}
		sb.WriteString(")")
	}
	return sb.String()
}

func mapped(s *workbench.LogSummary) string {
	kernel := s.KernelRecords()
	text := "no line is the kernel's"
	if kernel > 0 {
		// Rounded down: all means all.
		permille := s.Mapped() * 1000 / kernel
		text = fmt.Sprintf("%d.%d %% of %s: %s certain, %s likely, %s ambiguous; %s unknown", permille/10, permille%10,
			count(kernel, "kernel record"), thousands(s.Count(workbench.Certain)), thousands(s.Count(workbench.Likely)),
			thousands(s.Count(workbench.Ambiguous)), thousands(s.Count(workbench.Unknown)))
	}
	if n := s.Count(workbench.NotKernel); n > 0 {
		text += "; " + count(n, "record") + " not the kernel's"
	}
	return text
}
