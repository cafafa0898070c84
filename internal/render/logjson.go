package render

import (
	"io"

	"dekho/internal/workbench"
)

// LogJSON writes an explained log as JSON, an object a line; docs/json.md
// describes it.
type LogJSON struct {
	w    io.Writer
	o    object
	file string // written into each object if several logs are explained
}

// NewLogJSON returns a writer of JSON to w. file is added to each object unless
// it is empty.
func NewLogJSON(w io.Writer, file string) *LogJSON { return &LogJSON{w: w, file: file} }

func (j *LogJSON) begin() *object {
	j.o.buf = append(j.o.buf[:0], '{')
	j.o.opt("file", j.file)
	return &j.o
}

func (j *LogJSON) end() error {
	j.o.buf = append(j.o.buf, '}', '\n')
	_, err := j.w.Write(j.o.buf)
	return err
}

// Record implements LogPrinter.
func (j *LogJSON) Record(r *workbench.LogRecord) error {
	record(j.begin(), r)
	return j.end()
}

// record writes the fields of a record.
func record(o *object, r *workbench.LogRecord) {
	o.num("line", int64(r.Line))
	o.num("start", r.Start)
	o.num("end", r.End)
	o.num("boot", int64(r.Boot))
	o.str("verdict", r.Verdict.String())
	if r.Severity != workbench.SevNone {
		o.str("severity", r.Severity.String())
	}
	o.str("text", r.Text)
	if r.HasTime {
		o.real("time", r.Time.Seconds(), 6)
	}
	if r.Level >= 0 {
		o.num("level", int64(r.Level))
	}
	o.opt("caller", r.Caller)
	if r.Verdict == workbench.NotKernel {
		o.str("origin", r.Origin.String())
	}
	o.list("flags", r.Flags.Names())
	mark(o, &r.Mark)
	o.open("sites", '[')
	for i := range r.Sites {
		site(o, "", &r.Sites[i])
	}
	o.close(']')
	o.optNum("more_sites", int64(r.More))
	o.open("args", '[')
	for i := range r.Args {
		a := &r.Args[i]
		o.open("", '{')
		o.str("name", a.Name)
		o.str("conversion", a.Conversion)
		o.str("text", a.Text)
		o.any("value", a.Value)
		o.close('}')
	}
	o.close(']')
	if len(r.Parts) > 0 {
		o.open("parts", '[')
		for i := range r.Parts {
			site(o, "", &r.Parts[i])
		}
		o.close(']')
	}
}

func site(o *object, name string, s *workbench.Site) {
	o.open(name, '{')
	place(o, &s.Place)
	o.str("family", s.Family)
	o.str("format", s.Format)
	o.real("score", s.Score, 2)
	if s.Level >= 0 {
		o.num("level", int64(s.Level))
	}
	if s.Said != nil {
		o.open("said", '{')
		place(o, s.Said)
		o.close('}')
	}
	o.list("why", s.Why)
	o.list("symbols", s.Symbols)
	o.close('}')
}

func place(o *object, p *workbench.Place) {
	o.str("path", p.Path)
	o.num("line", int64(p.Line))
	o.str("function", p.Function)
}

// Summary implements LogPrinter.
func (j *LogJSON) Summary(s *workbench.LogSummary) error {
	o := j.begin()
	o.open("summary", '{')
	o.str("log", s.Name)
	o.str("tree", s.Root)
	o.opt("tree_kernel", s.Kernel)
	o.opt("mismatch", s.Mismatch)
	o.num("bytes", s.Stats.Bytes)
	o.num("lines", s.Stats.Lines)
	o.num("records", s.Stats.Records)
	o.num("kernel_records", s.KernelRecords())
	o.num("mapped", s.Mapped())
	o.open("verdicts", '{')
	for _, v := range verdicts {
		o.num(v.String(), s.Count(v))
	}
	o.close('}')
	noise(o, &s.Noise)
	o.optNum("garbled", s.Stats.Garbled)
	o.opt("compression", s.Stats.Compression)
	o.opt("encoding", s.Stats.Encoding)
	o.open("boots", '[')
	for i := range s.Boots {
		boot(o, &s.Boots[i])
	}
	o.close(']')
	o.open("loops", '[')
	for i := range s.Loops {
		loop(o, &s.Loops[i])
	}
	o.close(']')
	o.open("findings", '[')
	for i := range s.Findings {
		logFindingJSON(o, &s.Findings[i])
	}
	o.close(']')
	o.optNum("more_findings", int64(s.MoreFindings))
	o.open("matters", '[')
	for i := range s.Matters {
		m := &s.Matters[i]
		o.open("", '{')
		o.num("count", m.Count)
		o.num("last_line", int64(m.LastLine))
		o.optNum("suppressed", m.Suppressed)
		record(o, &m.LogRecord)
		o.close('}')
	}
	o.close(']')
	o.optNum("more_matters", int64(s.MoreMatters))
	o.open("crashes", '[')
	for i := range s.Crashes {
		crashJSON(o, &s.Crashes[i])
	}
	o.close(']')
	o.optNum("more_crashes", int64(s.MoreCrashes))
	o.list("symbol_notes", s.SymbolNotes)
	o.close('}')
	return j.end()
}

// verdicts are all of them, the surest first.
var verdicts = [...]workbench.Verdict{workbench.Certain, workbench.Likely, workbench.Ambiguous, workbench.Unknown, workbench.NotKernel}

func boot(o *object, b *workbench.Boot) {
	o.open("", '{')
	o.num("boot", int64(b.Number))
	o.num("first_line", int64(b.FirstLine))
	o.num("last_line", int64(b.LastLine))
	o.str("opened_by", b.Opened.String())
	o.flag("kernel", b.Kernel)
	o.flag("start_missing", b.StartMissing)
	o.num("records", b.Records)
	if b.HasTime {
		o.real("first_time", b.FirstTime.Seconds(), 6)
		o.real("last_time", b.LastTime.Seconds(), 6)
	}
	o.opt("version", b.Version.Value)
	o.opt("machine", b.Machine.Value)
	o.opt("arch", b.Arch.Name)
	o.opt("command_line", b.CommandLine.Value)
	o.opt("id", b.ID)
	replays(o, b)
	if b.Mixed() {
		o.num("mixed", b.Falls)
		o.num("mixed_line", int64(b.FirstFall))
	}
	bootCourse(o, b)
	o.close('}')
}
