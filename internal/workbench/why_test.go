package workbench

import (
	"fmt"
	"testing"

	"dekho/internal/errflow"
	"dekho/internal/klog"
	"dekho/internal/logmap"
	"dekho/internal/macro"
)

func TestMemberOf(t *testing.T) {
	for expr, want := range map[string][2]string{
		"cmd->error": {"cmd", "error"}, "host->mrq->data.error": {"data", "error"}, "a.b": {"a", "b"},
		"error": {}, "->error": {}, "a->": {}, "f(x)->y": {}, "a[1].b": {}, "*a": {},
	} {
		base, member, ok := memberOf(expr)
		if !ok {
			base, member = "", ""
		}
		if base != want[0] || member != want[1] {
			t.Errorf("memberOf(%q) = %q, %q; want %q", expr, base, member, want)
		}
	}
}

func TestPartOf(t *testing.T) {
	for path, want := range map[string]string{
		"drivers/mmc/core/core.c": "drivers/mmc/", "kernel/kthread.c": "kernel/", "a.c": "",
	} {
		if got := partOf(path); got != want {
			t.Errorf("partOf(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestValueOf(t *testing.T) {
	for text, want := range map[string]string{
		"f(x)":                                  "return f(x);",
		"({ int r = f(x); r ? -EIO : 0; })":     "int r = f(x); return r ? -EIO : 0;",
		"({ if (x) { y(); } *p->q; })":          "if (x) { y(); } return *p->q;",
		"({ if (a) goto out; b(); out: ret; })": "if (a) goto out; b(); out: return ret;",
		"({ x; })":                              "return x;",
		"({ })":                                 "",
		"({ while (x) { y(); } })":              "",
		"do { x(); } while (0)":                 "",
		"":                                      "",
	} {
		got, ok := valueOf(macro.Lex(nil, text))
		if squeezed(got) != squeezed(want) || ok != (want != "") {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
}

// FuzzValueOf reads what any macro comes to.
func FuzzValueOf(f *testing.F) {
	f.Add("({ int r = f(x); r ? -EIO : 0; })")
	f.Add("({ out: } ; (( { : })")
	f.Fuzz(func(_ *testing.T, text string) {
		body, ok := valueOf(macro.Lex(nil, text))
		if !ok {
			return
		}
		c := readCloseup("a.c", []byte("int f(void)\n{\n"+body+"\n}\n"))
		for _, s := range c.Symbols() {
			if s.Name == "f" && s.Body < s.To {
				errflow.Read(c.File, &s).Returns(errflow.Want{})
			}
		}
	})
}

func TestMatched(t *testing.T) {
	const driver = `static const struct of_device_id match[] = {
	{ .compatible = "mars,wheel" }, { .compatible="mars,axle", .data = &axle },
};
CLK_OF_DECLARE(mars, "mars,clock", init);
/* compatible with "earth" */ if (of_device_is_compatible(np, "mars,moon")) compatible(x);
EXPORT_SYMBOL_GPL(wheel_turn); EXPORT_SYMBOL_NS(wheel_stop, MARS);
EXPORT_SYMBOL(`
	var got []string
	for s := range matched([]byte(driver)) {
		got = append(got, s)
	}
	for s := range exported([]byte(driver)) {
		got = append(got, s)
	}
	if want := "[mars,wheel mars,axle mars,clock wheel_turn wheel_stop]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}

func TestHeard(t *testing.T) {
	h := new(heard)
	record := func(line, boot int, path string, at uint32) *LogRecord {
		return &LogRecord{
			Record:      klog.Record{Line: line, Boot: boot, Text: "words"},
			Explanation: logmap.Explanation{Verdict: Certain, Sites: []Site{{Place: logmap.Place{Path: path, Line: at}, Family: "pr_err"}}},
		}
	}
	h.add(record(1, 1, "old.c", 5))
	for i := range 5 * maxHeard {
		h.add(record(2+i, 2, "new.c", uint32(i)))
	}
	if len(h.records) > 2*maxHeard {
		t.Errorf("%d records are kept", len(h.records))
	}
	asked := record(2+5*maxHeard, 2, "new.c", 1)
	h.add(asked)
	h.close(asked)
	if h.present("old.c") || !h.present("new.c") || !h.families["pr_err"] {
		t.Errorf("of the boot before: %v, of this one: %v, %v", h.present("old.c"), h.present("new.c"), h.families)
	}
	last := uint32(5*maxHeard - 1)
	if r, ok := h.at("new.c", errflow.Print{First: last, Last: last}); !ok || r.Line != 2+int(last) {
		t.Errorf("the record before is %+v, %v", r, ok)
	}
	for _, at := range []uint32{1, last - maxHeard} { // the record asked about, one long before
		if r, ok := h.at("new.c", errflow.Print{First: at, Last: at}); ok {
			t.Errorf("heard of %d: %+v", at, r)
		}
	}
}
