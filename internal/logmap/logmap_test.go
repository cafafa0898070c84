package logmap

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"dekho/internal/klog"
	"dekho/internal/lang"
	"dekho/internal/lang/all"
	"dekho/internal/lang/linkfacts"
	"dekho/internal/macro"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// input is a tree in memory, extracted.
type input struct {
	paths    []string
	logs     [][]byte
	includes [][]string
}

func (in *input) NumFiles() int                   { return len(in.paths) }
func (in *input) Path(i int) string               { return in.paths[i] }
func (in *input) LinkFacts(i int) ([]byte, error) { return in.logs[i], nil }
func (in *input) Includes(i int) []string         { return in.includes[i] }

func extractTree(a *txtar.Archive) *input {
	in := &input{}
	slices.SortFunc(a.Files, func(x, y txtar.File) int { return strings.Compare(x.Name, y.Name) })
	for _, file := range a.Files {
		var f lang.Facts
		for _, l := range all.Languages() {
			if l.Match(file.Name) {
				l.New().Extract(file.Name, file.Data, &f)
				break
			}
		}
		var incs []string
		for _, i := range f.Includes {
			incs = append(incs, string(file.Data[i.Path.Off:i.Path.Off+i.Path.Len]))
		}
		in.paths = append(in.paths, file.Name)
		in.logs = append(in.logs, f.Link)
		in.includes = append(in.includes, incs)
	}
	return in
}

func linkInto(in *input, w io.Writer) (Stats, error) {
	table, err := macro.Load(in)
	if err != nil {
		return Stats{}, err
	}
	return Link(in, table, w)
}

func linkTree(t testing.TB) *Map {
	t.Helper()
	a, err := txtar.ParseFile("testdata/tree.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := linkInto(extractTree(a), &b); err != nil {
		t.Fatal(err)
	}
	m, err := Open(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func kernelRecord(text string) *klog.Record {
	return &klog.Record{Text: text, Origin: klog.OriginKernel, Level: klog.NoLevel}
}

// describe is the answer for one line: verdict, place, caller, arguments.
func describe(e Explanation) string {
	if len(e.Sites) == 0 {
		return e.Verdict.String()
	}
	s := &e.Sites[0]
	out := fmt.Sprintf("%s:%d %s", s.Path, s.Line, s.Function)
	if s.Said != nil {
		out += fmt.Sprintf(" said %s:%d %s", s.Said.Path, s.Said.Line, s.Said.Function)
	}
	for _, a := range e.Args {
		out += fmt.Sprintf(" %s=%s", a.Name, a.Text)
	}
	for _, p := range e.Parts {
		out += fmt.Sprintf(" + :%d", p.Line)
	}
	return out
}

func TestExplain(t *testing.T) {
	m := linkTree(t)
	for _, tt := range []struct{ name, text, want string }{
		{"pr_fmt with the module", "widget_core: clock widget0 stuck at 12", "drivers/widget/main.c:14 widget_start name=widget0 rate=12"},
		{"file's own string macro", "WIDGET: reset", "drivers/widget/main.c:15 widget_start"},
		{"constant argument", "widget_core: widget_start: late", "drivers/widget/main.c:16 widget_start"},
		{"device", "widget 40010000.widget: no clock: -2", "drivers/widget/main.c:17 widget_start dev_driver_string(dev)=widget dev_name(dev)=40010000.widget err=-2"},
		{"same text, other driver", "gadget 1.gadget: timed out", "drivers/gadget/gadget.c:9 gadget_irq dev_driver_string(dev)=gadget dev_name(dev)=1.gadget"},
		{"same text, first driver", "widget 2.widget: timed out", "drivers/widget/main.c:18 widget_start dev_driver_string(dev)=widget dev_name(dev)=2.widget"},
		{"wrapper with a place of its own", "FOO-fs (sda1): bad inode 7", "fs/foo/super.c:8 foo_msg said fs/foo/super.c:14 foo_check sb->name=sda1 ino=7"},
		{"wrapper that formats into a buffer", "Kernel stop: no root", "kernel/stop.c:9 stop said kernel/stop.c:15 check_root"},
		{"double parentheses", "bar: link up 100", "drivers/bar/bar.c:9 bar_link mbit=100"},
		{"continued line", "ranges: 1-2 3-4 done", "lib/ranges.c:5 show_ranges + :7 + :7 + :8"},
		{"second line of a format", "\tsecond 5", "lib/ranges.c:9 show_ranges n=5"},
		{"header read from its includer", "tree: setup in header", "kernel/plugin.h:3 plugin_setup"},
		{"arms of a conditional", "memory: 5K free", "lib/ranges.c:14 show_memory free=5"},
		{"arms of a conditional, all", "memory: 5K free, 6K high", "lib/ranges.c:14 show_memory free=5 high=6"},
		{"text variable", "widget driver version 1.2", "drivers/widget/main.c:19 widget_start"},
		{"nobody's", "utterly different words", "unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := m.NewSession(Options{})
			if tt.name == "second line of a format" {
				s.Explain(kernelRecord("first line"))
			}
			e := s.Explain(kernelRecord(tt.text))
			if got := describe(e); got != tt.want {
				t.Errorf("%s\n got %s\nwant %s\n%+v", e.Verdict, got, tt.want, e.Sites)
			}
		})
	}
}

func TestVerdicts(t *testing.T) {
	m := linkTree(t)
	for _, tt := range []struct {
		text string
		want Verdict
	}{
		{"widget 40010000.widget: no clock: -2", Certain},
		{"twin says hello to everybody", Ambiguous},
		{"utterly different words", Unknown},
	} {
		if got := m.NewSession(Options{}).Explain(kernelRecord(tt.text)).Verdict; got != tt.want {
			t.Errorf("%q: %s, want %s", tt.text, got, tt.want)
		}
	}
	user := &klog.Record{Text: "starting service", Origin: klog.OriginUserSpace, Level: klog.NoLevel}
	if got := m.NewSession(Options{}).Explain(user).Verdict; got != NotKernel {
		t.Errorf("user space: %s", got)
	}
	// The architecture and the configuration decide between twins.
	s := m.NewSession(Options{Arch: "arm"})
	if got := describe(s.Explain(kernelRecord("cpu twins say hello"))); got != "arch/arm/kernel/cpu.c:4 cpu_hello" {
		t.Errorf("arch: %s", got)
	}
	s = m.NewSession(Options{Config: map[string]string{"CONFIG_TWIN_B": "y"}})
	if got := describe(s.Explain(kernelRecord("twin says hello to everybody"))); got != "drivers/twin/b.c:4 b_hello" {
		t.Errorf("config: %s", got)
	}
}

func TestDeterministic(t *testing.T) {
	a, err := txtar.ParseFile("testdata/tree.txtar")
	if err != nil {
		t.Fatal(err)
	}
	in := extractTree(a)
	var first bytes.Buffer
	if _, err := linkInto(in, &first); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		var again bytes.Buffer
		if _, err := linkInto(in, &again); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), again.Bytes()) {
			t.Fatal("two links of one tree differ")
		}
	}
}

func TestEval(t *testing.T) {
	var facts []byte
	facts = linkfacts.AppendMacro(facts, 1, 0, []byte("PFX"), nil, []byte(`"b: "`))
	facts = linkfacts.AppendMacro(facts, 2, linkfacts.FlagFunctionLike, []byte("CAT"), []byte("a, b"), []byte(`a PFX #b`))
	facts = linkfacts.AppendMacro(facts, 3, 0, []byte("LOOP"), nil, []byte(`LOOP`))
	table, err := macro.Load(&input{paths: []string{"a/b.c"}, logs: [][]byte{facts}, includes: make([][]string, 1)})
	if err != nil {
		t.Fatal(err)
	}
	l := &linker{files: []fileInfo{{File: &table.Files[0], module: "b"}}, table: table, view: table.View()}
	for _, tt := range []struct {
		expr string
		want []chunk
	}{
		{`"a\x41\102\n" "c"`, []chunk{{text: "aAB\nc"}}},
		{`PFX "x"`, []chunk{{text: "b: x"}}},
		{`CAT("x", y + 1)`, []chunk{{text: "xb: y+1"}}},
		{`__func__ ": " KBUILD_MODNAME`, []chunk{{text: "fn: b"}}},
		{`"a" UNKNOWN "b"`, []chunk{{text: "a"}, {unknown: true}, {text: "b"}}},
		{`LOOP`, []chunk{{unknown: true}}},
		{`x ? "a" : "b"`, []chunk{{unknown: true}}},
		{`"%" __stringify(WIDTH) "ph"`, []chunk{{text: "%*ph"}}},
	} {
		got, _ := l.eval(macro.Lex(nil, tt.expr), context{file: 0, fn: "fn", line: 9, from: -1})
		if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(chunk{})); d != "" {
			t.Errorf("%s: %s", tt.expr, d)
		}
	}
}

func FuzzOpen(f *testing.F) {
	a, err := txtar.ParseFile("testdata/tree.txtar")
	if err != nil {
		f.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := linkInto(extractTree(a), &b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes(), "widget 40010000.widget: no clock: -2")
	f.Add(b.Bytes()[:200], "x")
	f.Fuzz(func(t *testing.T, b []byte, text string) {
		m, err := Open(b)
		if err != nil {
			return
		}
		m.NewSession(Options{Arch: "arm"}).Explain(kernelRecord(text))
	})
}

// FuzzLink feeds the linker hostile sources: a header and a file that includes
// it, beside the sound part of the tree.
func FuzzLink(f *testing.F) {
	a, err := txtar.ParseFile("testdata/tree.txtar")
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("#define LOG(fmt, ...) pr_info(\"x: \" fmt, ##__VA_ARGS__)\n"), []byte("#include \"x.h\"\nvoid f(void)\n{\n\tLOG(\"%d\\n\", 1);\n}\n"))
	f.Add([]byte("#define A(x) A(x A(x)) printk(x)\n#define B A(B)\n"), []byte("#include \"x.h\"\nvoid f(void)\n{\n\tA(\"%s\", A(\"\"));\n\tB(\"\");\n}\n"))
	f.Add([]byte("#define C(a, b...) D(b, #a, a##b)\n#define D(...) C(__VA_ARGS__, __VA_ARGS__) printk(__VA_ARGS__)\n"), []byte("#include \"x.h\"\nvoid f(const char *fmt, ...)\n{\n\tC(fmt, fmt);\n\tvprintk(fmt, args);\n\tf(\"%pV\", &vaf);\n}\n"))
	f.Fuzz(func(t *testing.T, header, src []byte) {
		if len(header)+len(src) > 1<<14 {
			return
		}
		tree := &txtar.Archive{Files: append(slices.Clone(a.Files), txtar.File{Name: "drivers/x/x.h", Data: header}, txtar.File{Name: "drivers/x/x.c", Data: src})}
		var b bytes.Buffer
		if _, err := linkInto(extractTree(tree), &b); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(b.Bytes()); err != nil {
			t.Fatal(err)
		}
	})
}
