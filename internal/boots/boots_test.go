package boots

import (
	"fmt"
	"strings"
	"testing"

	"dekho/internal/klog"
)

// TestSigns reads the example of each row.
func TestSigns(t *testing.T) {
	for i := range signs {
		s := &signs[i]
		if got := signOf(s.example, s.by); got != s {
			t.Errorf("%q is read as %+v, want %+v", s.example, got, *s)
		}
	}
	for _, text := range []string{"", "x", ": ", "usb 1-1: new device", "a: b: c: d: e: Power down.", "regulator: Power down mode", "nvme nvme0: Resetting controller"} {
		if s := signOf(text, byKernel|byUser|byLoader); s != nil {
			t.Errorf("%q is read as %+v", text, *s)
		}
	}
}

// course reads a capture and says how its boots went.
func course(t testing.TB, capture string) []Boot {
	t.Helper()
	r := klog.NewReader(strings.NewReader(capture), klog.Options{})
	var tr Tracker
	for rec, err := range r.All() {
		if err != nil {
			t.Fatal(err)
		}
		tr.Add(&rec, Place{})
	}
	return tr.Finish(r.Boots())
}

// Pieces of captures, written by hand after what machines print.
const (
	uboot = "\r\n\r\nU-Boot SPL 2026.01 (Nov 22 2026 - 15:04:05 +0000)\r\nTrying to boot from MMC1\r\n\r\n\r\n" +
		"U-Boot 2026.01 (Nov 22 2026 - 15:04:05 +0000)\r\n\r\nCPU:   Freescale i.MX7D rev1.3 996 MHz\r\n"
	autoboot = "DRAM:  512 MiB\r\nHit any key to stop autoboot:  0 \r\n\r\nStarting kernel ...\r\n\r\n"
	kernel   = "[    0.000000] Booting Linux on physical CPU 0x0\r\n" +
		"[    0.000000] Linux version 6.1.0-armmp (build@host) (gcc) #1 SMP\r\n" +
		"[    0.000000] Kernel command line: console=ttymxc0,115200 root=/dev/mmcblk0p1\r\n" +
		"[    0.101234] smp: Brought up 1 node, 2 CPUs\r\n" +
		"[    0.110000] devtmpfs: initialized\r\n" +
		"[    1.500000] mmcblk0: mmc0:0001 4FTE4R 3.64 GiB\r\n"
	user = "[    2.000000] Run /sbin/init as init process\r\n" +
		"INIT: version 3.06 booting\r\n" +
		"[    3.250000] udevd[120]: starting version 252\r\n"
	oops = "[    4.000000] Unable to handle kernel NULL pointer dereference at virtual address 00000008\r\n" +
		"[    4.000100] Internal error: Oops: 5 [#1] SMP ARM\r\n[    4.000200] Modules linked in:\r\n"
	panics = "[    4.100000] Kernel panic - not syncing: Fatal exception\r\n"
)

func TestEnds(t *testing.T) {
	boot := uboot + autoboot + kernel
	for _, c := range []struct {
		name, capture string
		want          string // of each boot: kind, next, line of the first evidence
	}{
		{"a prompt", boot + user + "board login: ", "running"},
		{"runs", boot + user + "[   12.000000] usb 1-1: a\r\nStarting network: OK\r\n", "running"},
		{"asked to restart", boot + user + "[   60.000000] reboot: Restarting system\r\n" + boot + user + "# ", "reboot>restart running"},
		{"user space alone says so", boot + user + "The system is going down for reboot NOW!\r\n" + boot + user + "# ", "reboot>restart running"},
		{"no end", boot + user + "[   60.000000] kvm: exiting hardware virtualization\r\n" + strings.Repeat("[   61.000000] usb 1-1: a\r\n", nearEnd+1), "running"},
		{"off", boot + user + "[   60.000000] reboot: Power down\r\n", "power off"},
		{"halted", boot + user + "[   60.000000] reboot: System halted\r\n", "halt>halt"},
		{"cannot be switched off", boot + user + "[   60.000000] reboot: Power down\r\n[   60.100000] reboot: System halted\r\n", "halt>halt"},
		{"panic", boot + panics + "[    4.200000] ---[ end Kernel panic - not syncing: Fatal exception ]---\r\n", "panic>halt"},
		{"panic, restart", boot + panics + "[    4.200000] Rebooting in 5 seconds..\r\n" + boot + user + "# ", "panic>restart running"},
		{"panic, restart expected", boot + panics + "[    4.200000] Rebooting in 5 seconds..\r\n", "panic"},
		{"panic, reset by hand", boot + panics + "[    4.200000] ---[ end Kernel panic - not syncing ]---\r\n" + boot + user + "# ", "panic>restart running"},
		{"crash kernel", boot + panics + "[    4.200000] Starting crashdump kernel...\r\n[    4.300000] Bye!\r\n" + kernel + user + "# ", "panic>crash kernel running<"},
		{"kexec", boot + user + "[   60.000000] kexec_core: Starting new kernel\r\n[   60.100000] Bye!\r\n" + kernel + user + "# ", "kexec>new kernel running<"},
		{"hung after kexec", boot + user + "[   60.000000] kexec_core: Starting new kernel\r\n[   60.100000] Bye!\r\n", "kexec>nothing?"},
		{"kexec, then the firmware", boot + user + "[   60.000000] kexec_core: Starting new kernel\r\n" + boot + user + "# ", "kexec>nothing running"},
		{"failed on its way to kexec", boot + user + "[   60.000000] kexec_core: Starting new kernel\r\n[   60.100000] Unable to handle kernel NULL pointer dereference at virtual address 0000001c\r\n[   60.200000] ---[ end trace 0000000000000000 ]---\r\n", "silence>nothing?"},
		{"hung in the second kernel", boot + user + "[   60.000000] Bye!\r\n" + kernel, "kexec>new kernel silence>nothing?<"},
		{"hung after purgatory", boot + user + "[   60.000000] kexec_core: Starting new kernel\r\nI'm in purgatory\r\n", "kexec>new kernel silence>nothing?<"},
		{"watchdog, told by the boot loader", boot + user + uboot + "Reset cause: WDOG\r\n" + autoboot + kernel + user + "# ", "watchdog>restart running"},
		{"watchdog not fed", boot + user + "[    9.000000] watchdog: watchdog0: watchdog did not stop!\r\n" + boot + user + "# ", "watchdog>restart? running"},
		{"software watchdog", boot + user + "[    9.000000] softdog: Initiating system reboot\r\n" + boot + user + "# ", "watchdog>restart running"},
		{"reset", boot + user + boot + user + "# ", "reset>restart running"},
		{"power cycled", boot + user + uboot + "Reset cause: POR\r\n" + autoboot + kernel + user + "# ", "reset>restart running"},
		{"hung in the kernel", boot, "silence>nothing?"},
		{"hung before the kernel", uboot + autoboot, "silence>nothing?"},
		{"hung after an oops", boot + oops, "silence>nothing"},
		{"an oops that was survived", boot + user + oops + "[    5.000000] ---[ end trace 0000000000000000 ]---\r\nSegmentation fault\r\n# ", "running"},
		{"init never speaks", boot + "[    2.000000] Freeing unused kernel memory: 1024K\r\n[    2.100000] Run /sbin/init as init process\r\n", "silence>nothing?"},
		{"cut off", boot + "[    1.600000] mmcbl", "cut off"},
		{"cut off in an oops", boot + oops + "[    4.000300] PC is at fo", "cut off"},
		{"no kernel", uboot + "** File not found /zImage **\r\n=> ", "no kernel"},
		{"panic, the loader waits", boot + panics + uboot + "=> ", "panic>restart no kernel?"},
		{"panic, then no kernel", boot + panics + uboot + "Wrong Image Format for bootm command\r\n=> ", "panic>restart no kernel"},
		{"initramfs shell", boot + user + "Gave up waiting for root file system device.  Common problems:\r\n(initramfs) ", "running"},
		{"dmesg -r", "<6>[    0.000000] Linux version 6.1.0\n<6>[    0.100000] a\n", "running?"},
		{"end of a log", "[ 4000.000000] usb 1-1: a\n[ 5000.000000] usb 1-1: b\n", "running?"},
		{
			"journal", "-- Boot 0123456789abcdef0123456789abcdef --\nNov 22 15:04:05 b kernel: x\n-- Boot 1123456789abcdef0123456789abcdef --\nNov 22 15:04:05 b kernel: x\n",
			"unknown>restart silence>nothing?",
		},
	} {
		var got []string
		for _, b := range course(t, c.capture) {
			s := b.End.Kind.String()
			if b.End.Next != NextUnknown {
				s += ">" + b.End.Next.String()
			}
			if b.End.Likely {
				s += "?"
			}
			if b.End.AfterKexec {
				s += "<"
			}
			for _, e := range b.End.Evidence {
				if e.Line == 0 || e.Quote == "" || e.Value == "" {
					t.Errorf("%s: evidence that cannot be opened: %+v", c.name, e)
				}
			}
			got = append(got, s)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
	}
}

func TestStages(t *testing.T) {
	list := course(t, uboot+autoboot+"Uncompressing Linux... done, booting the kernel.\r\n"+kernel+user+"# reboot\r\nThe system is going down NOW!\r\n[   60.000000] reboot: Restarting system\r\n")
	if len(list) != 1 {
		t.Fatalf("%d boots", len(list))
	}
	var got []string
	for _, s := range list[0].Stages {
		got = append(got, fmt.Sprintf("%v %d %.1f", s.ID, s.First.Line, s.FirstTime.Seconds()))
	}
	want := "firmware 3 0.0, boot loader 7 0.0, decompressor 15 0.0, early kernel 16 0.0, initcalls 20 0.1, user space 22 2.0, shutdown 26 0.0"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("%s\nwant %s", s, want)
	}
}

func TestLoops(t *testing.T) {
	one := func(sec int, cmdline string) string {
		return uboot + autoboot + strings.Replace(kernel, "root=/dev/mmcblk0p1", cmdline, 1) + strings.ReplaceAll(panics, "4.1", fmt.Sprint(sec, ".1"))
	}
	list := course(t, one(4, "a")+one(5, "a")+one(7, "b")+uboot+autoboot+kernel+user+"# ")
	loops := Loops(list)
	if len(loops) != 1 || loops[0].First != 1 || loops[0].Last != 3 || loops[0].Kind != Panic {
		t.Fatalf("%+v", loops)
	}
	for name, want := range map[string]string{
		"message": "true [Kernel panic - not syncing: Fatal exception]", "version": "true [6.1.0-armmp]",
		"command line": "false [console=ttymxc0,115200 a console=ttymxc0,115200 b]", "time to end": "false [4.1 s 5.1 s 7.1 s]",
	} {
		f := loops[0].Fact(name)
		if f == nil || fmt.Sprint(f.Same, f.Values) != want && fmt.Sprint(f.Same, " ", f.Values) != want {
			t.Errorf("%s: %+v, want %s", name, f, want)
		}
	}

	// A dual-core board that loses a processor in each kexec.
	kexec := strings.Replace(kernel, "smp: Brought up 1 node, 2 CPUs", "CPU1: failed to come online\r\n[    1.101300] smp: Brought up 1 node, 1 CPU", 1) + user +
		"[    9.000000] kexec_core: Starting new kernel\r\n[    9.100000] Bye!\r\n"
	loops = Loops(course(t, strings.Repeat(kexec, 4)+kernel))
	if len(loops) != 1 || loops[0].Count != 4 || loops[0].Kind != Kexec {
		t.Fatalf("%+v", loops)
	}
	if f := loops[0].Fact("remark"); f == nil || !f.Same || f.Values[0] != "CPU1: failed to come online" {
		t.Errorf("%+v", f)
	}

	// Two restarts that somebody asked for are no loop.
	asked := uboot + autoboot + kernel + user + "[   60.000000] reboot: Restarting system\r\n"
	if loops := Loops(course(t, asked+asked+uboot+autoboot+kernel+user)); len(loops) != 0 {
		t.Errorf("%+v", loops)
	}
}

// TestRepeat: a kernel that says the same to the end.
func TestRepeat(t *testing.T) {
	var one, two strings.Builder
	for i := range 40 {
		fmt.Fprintf(&one, "[    2.%06d] CPU1: failed to come online\r\n", i)
		fmt.Fprintf(&two, "[    2.%06d] smp: try %d\r\n[    2.%06d] CPU1: failed to come online\r\n", 2*i, i, 2*i+1)
	}
	for _, c := range []struct {
		capture string
		want    Repeat
	}{
		{kernel + one.String(), Repeat{1, 40, 7}},
		{kernel + two.String(), Repeat{2, 40, 7}},
		{kernel + two.String() + "[    3.000000] usb 1-1: new device\r\n", Repeat{}},
		{kernel, Repeat{}},
	} {
		if got := course(t, c.capture)[0].End.Repeat; got != c.want {
			t.Errorf("%+v, want %+v", got, c.want)
		}
	}
}

func TestTimes(t *testing.T) {
	stamped := "[2026-11-22 15:04:05.000] Linux version 6.1.0 (a@b) #1\n[2026-11-22 15:04:06.500] Kernel command line: a\n[2026-11-22 15:04:08.000] Kernel panic - not syncing: x\n" +
		"[2026-11-22 15:04:38.000] U-Boot 2026.01 (Nov 22 2026)\n[2026-11-22 15:04:39.000] Starting kernel ...\n[2026-11-22 15:04:39.000] Linux version 6.1.0 (a@b) #1\n"
	list := course(t, stamped)
	if len(list) != 2 || list[0].Span != (Span{3e9, SpanHost}) || list[0].End.Silent != 30e9 || list[0].StartEstimated || list[0].Started == 0 {
		t.Errorf("stamps of the tool: %+v", list)
	}
	b := course(t, kernel+"[    1.700000] rtc0: setting system clock to 2024-02-29T12:00:05 UTC (1709208005)\n")[0]
	if b.Span != (Span{1.7e9, SpanKernel}) || !b.StartEstimated || b.Started != 1709208005e9-1.7e9 {
		t.Errorf("kernel's stamps: %+v %d", b.Span, b.Started)
	}
	b = course(t, "Linux version 6.1.0 (a@b) #1\nKernel command line: a\nRun /init as init process\nsystemd[1]: Startup finished in 2.100s (kernel) + 1min 3.400s (userspace) = 1min 5.500s.\n")[0]
	if b.Span != (Span{65.5e9, SpanEstimate}) {
		t.Errorf("told by systemd: %+v", b.Span)
	}
	if b = course(t, "Linux version 6.1.0 (a@b) #1\nfoo\n")[0]; b.Span != (Span{}) || b.Started != 0 {
		t.Errorf("nothing tells: %+v", b)
	}
}

func TestSpent(t *testing.T) {
	b := course(t, kernel+"[    1.600000] calling  a_init+0x0/0x20 @ 1\n[    1.600100] calling  b_init+0x0/0x10 [b] @ 33\n"+
		"[    1.610000] probe of 1-0050 returned 0 after 8000 usecs\n[    1.611000] probe of 1-0051 returned -517 after 10 usecs\n"+
		"[    1.650000] initcall b_init+0x0/0x10 [b] returned -19 after 49000 usecs\n[    1.651000] calling  c_init+0x0/0x20 @ 1\n"+
		"[    1.652000] initcall d_init+0x0/0x20 returned 0 after x usecs\n[    1.653000] initcall e_init+0x0/0x20 returned 0 after 5 usecs\n"+user)[0]
	s := &b.Spent
	var got []string
	for _, list := range [][]Call{s.Initcalls, s.Probes, s.Unfinished} {
		for _, c := range list {
			got = append(got, fmt.Sprintf("%s %v+%v %s", c.Name, c.Start, c.Took, c.Result))
		}
	}
	const calls = "b_init 1.6001s+49ms -19, e_init 1.652995s+5µs 0, 1-0050 1.602s+8ms 0, 1-0051 1.61099s+10µs -517, a_init 1.6s+1.65s , c_init 1.651s+1.599s "
	if c := strings.Join(got, ", "); c != calls {
		t.Errorf("%s\nwant %s", c, calls)
	}
	got = nil
	for _, g := range s.Gaps {
		got = append(got, fmt.Sprintf("%d-%d %v %v", g.From.Line, g.To.Line, g.Length, g.Stage))
	}
	const gaps = "5-6 1.39s initcalls, 15-17 1.25s user space, 14-15 347ms user space, 3-4 101.234ms early kernel, 6-7 100ms initcalls, 10-11 39ms initcalls"
	if g := strings.Join(got, ", "); g != gaps {
		t.Errorf("%s\nwant %s", g, gaps)
	}
}

// TestMany holds the memory of an endless boot loop down.
func TestMany(t *testing.T) {
	const n = maxBoots + 50
	list := course(t, strings.Repeat("[    0.000000] Linux version 6.1.0\n[    0.000021] a\n[    4.000000] Kernel panic - not syncing: x\n[    4.000100] Rebooting in 5 seconds..\n", n))
	if len(list) != maxBoots+1 || list[0].End.Kind != Panic || list[maxBoots].End.Kind != Panic {
		t.Errorf("%d boots, the first ended in %v, the last in %v", len(list), list[0].End.Kind, list[len(list)-1].End.Kind)
	}
	if loops := Loops(list); len(loops) != 1 {
		t.Errorf("%d loops", len(loops))
	}
}

func FuzzTracker(f *testing.F) {
	f.Add(uboot + autoboot + kernel + user + oops + panics)
	f.Add("\x00[    1.000000] : : : Rebooting in \n[    0.000000] Linux version 6\n")
	f.Fuzz(func(t *testing.T, capture string) {
		r := klog.NewReader(strings.NewReader(capture), klog.Options{})
		var tr Tracker
		for rec, err := range r.All() {
			if err != nil {
				return
			}
			tr.Add(&rec, Place{})
		}
		list := tr.Finish(r.Boots())
		for i := range list {
			b := &list[i]
			for _, s := range b.Stages {
				if s.First.Line < b.FirstLine || s.First.Line > b.LastLine {
					t.Fatalf("stage %v begins outside of its boot", s.ID)
				}
			}
			if b.Span.Duration < 0 {
				t.Fatalf("lasted %v", b.Span.Duration)
			}
		}
		Loops(list)
	})
}
