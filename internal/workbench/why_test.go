package workbench

import "testing"

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
