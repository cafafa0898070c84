package workbench

import (
	"fmt"
	"strings"
	"testing"

	"dekho/internal/klog"
	"dekho/internal/logmap"
)

func TestReleaseOf(t *testing.T) {
	for _, c := range []struct{ release, banner, want string }{
		{"6.1.0-50-armmp", "Linux version 6.1.0-50-armmp (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0) #1 SMP Debian 6.1.176-1 (2026-07-02)", "6.1.176"},
		{"5.15.0-91-generic", "Linux version 5.15.0-91-generic (buildd@x) (gcc (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0) #101-Ubuntu SMP Tue (Ubuntu 5.15.0-91.101-generic 5.15.131)", "5.15.131"},
		{"6.1.38", "Linux version 6.1.38 (oe-user@oe-host) #1 SMP", "6.1.38"},
		{"6.8.0-rc3+", "", "6.8.0"},
		{"next-20240101", "", "next-20240101"},
		{"", "", ""},
	} {
		if got := releaseOf(c.release, c.banner); got != c.want {
			t.Errorf("releaseOf(%q) = %q, want %q", c.release, got, c.want)
		}
	}
}

// rec makes a record as the matcher would.
func rec(line int, level klog.Level, text, path string, at uint32, verdict Verdict, siteLevel int) *LogRecord {
	r := &LogRecord{Record: klog.Record{Line: line, Text: text, Level: level, Boot: 1}}
	r.Verdict = verdict
	if path != "" {
		r.Sites = []Site{{Place: Place{Path: path, Line: at}, Format: strings.TrimRight(text, "0123456789"), Level: siteLevel}}
	}
	return r
}

func TestSeverity(t *testing.T) {
	none := klog.NoLevel
	for _, c := range []struct {
		r    *LogRecord
		want Severity
	}{
		{rec(1, none, "Kernel panic - not syncing: Attempted to kill init!", "", 0, Unknown, -1), SevPanic},
		{rec(1, none, "BUG: kernel NULL pointer dereference, address: 0000000000000000", "", 0, Unknown, -1), SevOops},
		{rec(1, none, "Unable to handle kernel paging request at virtual address 1234", "", 0, Unknown, -1), SevOops},
		{rec(1, none, "WARNING: CPU: 0 PID: 1 at kernel/x.c:1 f+0x1/0x2", "", 0, Unknown, -1), SevWarning},
		{rec(1, 3, "nvme0: controller is down", "a.c", 1, Certain, 3), SevTrouble},
		{rec(1, none, "nvme0: reset failed", "a.c", 1, Certain, 3), SevError},
		{rec(1, none, "nvme0: reset failed", "a.c", 1, Likely, 3), SevTrouble}, // the site may be the wrong one
		{rec(1, none, "nvme0: reset failed", "a.c", 1, Certain, 6), SevNone},
		{rec(1, 4, "dust on the panels", "a.c", 1, Certain, 4), SevNotice},
		{rec(1, 6, "all is well", "a.c", 1, Certain, 6), SevNone},
		{rec(1, 0, "reboot: Power down", "kernel/reboot.c", 1, Certain, 0), SevNotice},
		{rec(1, 1, "no power", "a.c", 1, Certain, 1), SevCritical},
		{rec(1, none, "", "", 0, Unknown, -1), SevNone},
	} {
		if got := severity(c.r); got != c.want {
			t.Errorf("%q at level %d: %v, want %v", c.r.Text, c.r.Level, got, c.want)
		}
	}
}

func TestPicker(t *testing.T) {
	p := newPicker()
	line := 0
	add := func(level klog.Level, text, path string, at uint32) {
		line++
		p.add(rec(line, level, text, path, at, Certain, int(level)), false)
	}
	add(3, "ata1.00: error 5", "drivers/ata/a.c", 10)
	add(3, "ata1.00: error 6", "drivers/ata/a.c", 10)
	add(4, "first of two lines", "kernel/trace.c", 7)
	add(4, "second of two lines", "kernel/trace.c", 7)
	add(0, "Internal error: Oops: 5 [#1] SMP ARM", "arch/arm/traps.c", 3)
	add(0, "Register r0 information: an error", "arch/arm/traps.c", 4) // part of the dump
	add(0, "---[ end trace 0000000000000000 ]---", "kernel/panic.c", 5)
	add(3, "mmc0: failed", "drivers/mmc/m.c", 1)
	list, more := p.best()
	var got string
	for _, m := range list {
		got += fmt.Sprintf("%v %d x%d\n", m.Severity, m.Line, m.Count)
	}
	const want = "oops 5 x1\nerror 1 x2\nerror 8 x1\nnotice 3 x1\n"
	if got != want || more != 0 {
		t.Errorf("got\n%sand %d more, want\n%s", got, more, want)
	}

	// However long the log, what is remembered is bounded.
	p = newPicker()
	for i := range 10 * mattersKept {
		p.add(rec(i, 3, fmt.Sprintf("failed %c%c%c", 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26), "", 0, logmap.Unknown, -1), false)
	}
	if len(p.kinds) > mattersKept {
		t.Errorf("%d kinds kept", len(p.kinds))
	}
	if list, more := p.best(); len(list) != mattersShown || more == 0 {
		t.Errorf("%d shown, %d more", len(list), more)
	}
}
