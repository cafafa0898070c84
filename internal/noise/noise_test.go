package noise

import (
	"fmt"
	"strings"
	"testing"

	"dekho/internal/klog"
)

// marks reads a log and says what each record is: its line, kind, count and the line
// that it belongs to. Messages are left out.
func marks(t testing.TB, log string, printed map[int][2]string) []string {
	t.Helper()
	l, err := klog.ReadAll(strings.NewReader(log), klog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tr := NewTracker()
	var list []string
	for i := range l.Records {
		r := &l.Records[i]
		m := tr.Add(r, printed[r.Line][0], printed[r.Line][1])
		if m.Kind == None {
			continue
		}
		text := fmt.Sprintf("%d %s", r.Line, m.Kind)
		if m.Count > 0 {
			text += fmt.Sprintf(" %d", m.Count)
		}
		if m.Of.Line != 0 {
			text += fmt.Sprintf(" of %d", m.Of.Line)
		}
		list = append(list, text)
	}
	return list
}

func TestMarks(t *testing.T) {
	for _, c := range []struct {
		name, log string
		printed   map[int][2]string // macro and function of the statement, by line
		want      []string
	}{
		{
			"rate limit", "[    1.000000] I/O error, dev sda\n[    1.000001] usb 1-1: new device\n[    6.000000] blk_print_req_error: 118 callbacks suppressed\n",
			map[int][2]string{1: {"printk_ratelimited", "blk_print_req_error"}, 2: {"dev_info", "usb_new_device"}},
			[]string{"3 suppressed 118 of 1"},
		},
		{
			"rate limit of the network", "[    1.000000] net eth0: bad checksum\n[    6.000000] net_ratelimit: 3 callbacks suppressed\n",
			map[int][2]string{1: {"net_warn_ratelimited", "foo_rx"}},
			[]string{"2 suppressed 3 of 1"},
		},
		{"rate limit of who said nothing", "[    1.000000] a\n[    6.000000] foo: 3 callbacks suppressed\n", nil, []string{"2 suppressed 3"}},
		{"rate limit of a program", "[    6.000000] systemd: 40 output lines suppressed due to ratelimiting\n[    7.000000] printk: init: 2 output lines suppressed due to ratelimiting\n", nil, []string{"1 suppressed 40", "2 suppressed 2"}},
		{"bad pages", "[    6.000000] BUG: Bad page state: 7 messages suppressed\n[    7.000000] random: 5 urandom warning(s) missed due to ratelimiting\n", nil, []string{"1 suppressed 7", "2 suppressed 5"}},
		{"no rate limit", "[    6.000000] foo: warnings are suppressed\n[    6.000001] foo: some callbacks suppressed\n[    6.000002] 12 callbacks suppressed\n", nil, nil},
		{
			"dropped", "[    1.000000] a\n** 17 printk messages dropped ** [    2.000000] b\nprintk: 3 messages dropped\n[    3.000000] systemd-journald[210]: Missed 12 kernel messages\n", nil,
			[]string{"2 dropped 17 of 1", "3 dropped 3 of 2", "4 dropped 12 of 2"},
		},
		{
			"hex dump", "[    1.000000] dma: bad descriptor:\n[    1.000001] 00000000: 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  ................\n" +
				"[    1.000002] 00000010: de ad                                            ..\n[    1.000003] dma: done\n", nil,
			[]string{"2 hex dump of 1", "3 hex dump of 1"},
		},
		{
			"hex dumps with prefixes", "[    1.000000] mtd: page 3\n[    1.000001] mtd: 00000000: ffffffff 00000000 12345678 deadbeef\n[    1.000002] mtd: ffff8880a0001000: 0011 2233 4455 6677\n" +
				"[    1.000003] 00 11 22 33 44 55 66 77 88\n", nil,
			[]string{"2 hex dump of 1", "3 hex dump of 1", "4 hex dump of 1"},
		},
		{
			"no hex dump", "[    1.000000] node 0: 12 34\n[    1.000001] raid6: 12 34 56 MB/s\n[    1.000002] mac 00:11:22:33:44:55\n[    1.000003] dead beef\n[    1.000004] pcpu-alloc: [0] 0 1 2 3\n[    1.000005] beef\n[    1.000006] flags: 0x8000\n[    1.000007] 0000000000000000\n", nil,
			nil,
		},
		{
			"call trace of a driver", "[    1.000000] foo: odd state\n[    1.000001] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.7 #1\n[    1.000002] Hardware name: Rover (DT)\n[    1.000003] Call trace:\n" +
				"[    1.000004]  dump_backtrace+0x0/0x1b0\n[    1.000005]  really_probe+0x108/0x348\n[    1.100000] foo: going on\n[    1.200000] CPU: ARMv7 Processor [410fc075] revision 5 (ARMv7), cr=10c5387d\n", nil,
			[]string{"2 dump of 1", "3 dump of 1", "4 call trace of 1", "5 call trace of 1", "6 call trace of 1"},
		},
		{
			"oops", "[    9.000000] BUG: kernel NULL pointer dereference, address: 0000000000000008\n[    9.000001] #PF: supervisor read access in kernel mode\n[    9.000002] Oops: 0000 [#1] PREEMPT SMP\n" +
				"[    9.000003] CPU: 1 PID: 88 Comm: init Not tainted 6.1.7 #1\n[    9.000004] RIP: 0010:foo+0x16/0x20\n[    9.000005] Code: 00 01 02 <05> 06\n[    9.000006] RAX: 0000000000000000 RBX: 0000000000000001 RCX: 0000000000000000\n" +
				"[    9.000007] Call Trace:\n[    9.000008]  <TASK>\n[    9.000009]  bar+0x44/0x11c\n[    9.000010] ---[ end trace 0000000000000000 ]---\n[    9.000011] usb 1-1: new device\n", nil,
			[]string{
				"2 dump of 1", "3 dump of 1", "4 dump of 1", "5 call trace of 1", "6 code of 1", "7 registers of 1", "8 call trace of 1", "9 dump of 1", "10 call trace of 1", "11 dump of 1",
			},
		},
		{
			"stack of ARM", "[    2.000000] Unable to handle kernel NULL pointer dereference at virtual address 00000008\n[    2.000001] Internal error: Oops: 5 [#1] SMP ARM\n[    2.000002] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.7 #1\n" +
				"[    2.000003] r10: 00000000  r9 : c1204ec8  r8 : 00000000\n[    2.000004] Process swapper/0 (pid: 1, stack limit = 0x(ptrval))\n[    2.000005] Stack: (0xc20b5f00 to 0xc20b6000)\n" +
				"[    2.000006] 5f00:                            c1204ec8 00000000 c0c9f0c8 c0301ff0\n[    2.000007] 5f20: 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000\n[    2.000008]  foo from bar+0x10/0x14\n", nil,
			[]string{"3 dump of 1", "4 registers of 1", "5 dump of 1", "6 dump of 1", "7 stack of 1", "8 stack of 1", "9 call trace of 1"},
		},
		{
			"two tasks", "[    1.000000][   T1] a\n[    1.000001][   T2] b\n[    1.000002][   T1] CPU: 0 PID: 1 Comm: x Not tainted 6.1.7 #1\n[    1.000003][   T2] CPU: 1 PID: 2 Comm: y Not tainted 6.1.7 #1\n" +
				"[    1.000004][   T2] Call trace:\n[    1.000005][   T1] Call trace:\n", nil,
			[]string{"3 dump of 1", "4 dump of 2", "5 call trace of 2", "6 call trace of 1"},
		},
		{
			"registers at boot are messages", "[    0.000000] EFI: 12345678\n[    0.000001] rcu: Hierarchical RCU implementation.\n[    0.000002] task: ready\n[    0.100000] calling  foo_init+0x0/0x20 @ 1\n[    0.100001] initcall foo_init+0x0/0x20 returned 0 after 12 usecs\n", nil, nil,
		},
		{"user space", "[    9.000000] systemd[1]: a\n[    9.000001] systemd[1]: Call trace:\n", nil, nil},
		{"another boot", "[    1.000000] a\n[    0.000000] Linux version 6.1.7 (a@b) #1\n[    0.000000] Call trace:\n", nil, []string{"3 call trace of 2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := marks(t, c.log, c.printed); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
		})
	}
}

// TestAgain: a console that takes over prints what the kernel has kept.
func TestAgain(t *testing.T) {
	boot := "[    0.000000] Linux version 6.1.7 (a@b) #1\n[    0.100000] devtmpfs: initialized\n[    0.200000] pinctrl core: initialized\n[    0.300000] futex hash table entries: 512\n[    0.400000] printk: console [ttyS0] enabled\n"
	want := []string{"6 again", "7 again", "8 again", "9 again", "10 again"}
	if got := marks(t, boot+boot+"[    0.500000] usb 1-1: new device\n", nil); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q", got)
	}
}

// TestLosses: losses are counted beyond what is kept of them.
func TestLosses(t *testing.T) {
	tr := NewTracker()
	for i := range 2 * maxLosses {
		tr.Add(&klog.Record{Text: "** 2 printk messages dropped **", Origin: klog.OriginKernel, Line: i + 1}, "")
	}
	if s := tr.Summary(); s.Dropped != 4*maxLosses || len(s.Losses) != maxLosses || s.MoreLosses != maxLosses {
		t.Errorf("%d dropped, %d losses and %d more", s.Dropped, len(s.Losses), s.MoreLosses)
	}
}

// FuzzAdd: whatever the log, a record belongs to one before it.
func FuzzAdd(f *testing.F) {
	f.Add("[    1.000000] a\n[    1.000001] 00000000: 00 01 02 03 04 05 06 07\n** 17 printk messages dropped **\nfoo: 3 callbacks suppressed\n", "foo")
	f.Add("Stack: (0xc20b5f00 to 0xc20b6000)\n5f00: 00000000  c1204ec8\n r1: 00000000 \n---[ end trace ]---\n", "")
	f.Add(": : : : 00\n  00  \n: 00 11\n", "")
	f.Fuzz(func(t *testing.T, log, function string) {
		l, err := klog.ReadAll(strings.NewReader(log), klog.Options{})
		if err != nil {
			return
		}
		tr := NewTracker()
		for i := range l.Records {
			r := &l.Records[i]
			m := tr.Add(r, "net_err_ratelimited", function)
			if m.Of.Line != 0 && (m.Kind == None || m.Of.Start >= r.Start || m.Of.End > r.Start) {
				t.Errorf("record %d at %d: %+v", i, r.Start, m)
			}
			if m.Count < 0 {
				t.Errorf("record %d: %+v", i, m)
			}
		}
	})
}
