package crash

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"strings"
	"testing"

	"dekho/internal/klog"
)

func titles(list []*Report) []string {
	var s []string
	for _, r := range list {
		t := r.Title
		if r.Corrupted != "" {
			t += " [" + r.Corrupted + "]"
		}
		s = append(s, t)
	}
	return s
}

func checkTitles(t *testing.T, log string, want ...string) []*Report {
	t.Helper()
	list := read(t, []byte(log))
	if got := titles(list); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	return list
}

// TestInterleaved: two reports whose records alternate are told apart by the
// callers; without them they are not trusted.
func TestInterleaved(t *testing.T) {
	one := strings.Split(strings.TrimSuffix(expand("BUG: unable to handle page fault for address: 0\n{fault}"), "\n"), "\n")
	two := strings.Split(strings.TrimSuffix(strings.ReplaceAll(expand("general protection fault: 0000 [#2] SMP\n{fault}"), "frob_probe", "frob_close"), "\n"), "\n")
	two[1] = "CPU: 0 PID: 78 Comm: frobd Not tainted 6.1.0 #1"
	mix := func(a, b string) string {
		var sb strings.Builder
		for i := range max(len(one), len(two)) {
			if i < len(one) {
				sb.WriteString("[   12.345678]" + a + " " + one[i] + "\n")
			}
			if i < len(two) {
				sb.WriteString("[   12.345678]" + b + " " + two[i] + "\n")
			}
		}
		return sb.String()
	}
	list := checkTitles(t, mix("[    T1]", "[    T2]"), "BUG: unable to handle kernel paging request in frob_probe", "general protection fault in frob_close")
	if len(list) == 2 && (list[0].CPU != 1 || list[1].CPU != 0 || list[0].Caller != "T1" || list[1].PID != 78) {
		t.Errorf("whose: %+v\n%+v", list[0], list[1])
	}
	checkTitles(t, mix("", ""),
		"BUG: unable to handle kernel paging request in corrupted [no function to blame in it: another report begins in line 2]",
		"general protection fault in frob_probe [two reports are mixed: it began within another one, and the log does not tell their records apart]")
}

func TestCutOff(t *testing.T) {
	whole := stamped(expand("BUG: unable to handle page fault for address: 0\n{fault}"), "")
	lines := strings.SplitAfter(whole, "\n")
	checkTitles(t, strings.Join(lines[:4], ""), "BUG: unable to handle kernel paging request in frob_probe [it has no call trace: the log ends there]")
	checkTitles(t, strings.Join(lines[:2], ""), "BUG: unable to handle kernel paging request in corrupted [no function to blame in it: the log ends there]")
	checkTitles(t, strings.Join(lines[:3], "")+"[   12.345679] ** 37 printk messages dropped **\n[   12.4] usb 1-1: new device\n",
		"BUG: unable to handle kernel paging request in frob_probe [it has no call trace: 37 printk messages dropped]")
	checkTitles(t, strings.Join(lines[:3], "")+"[    0.000000] Linux version 6.1.0 (frob@host) (gcc 12) #1 SMP\n[    0.000000] Command line: quiet\n",
		"BUG: unable to handle kernel paging request in frob_probe [it has no call trace: the kernel starts anew behind it]")
	// A console that was handed over in the middle of the headline.
	checkTitles(t, "[   12.345678] BUG: una\n** replaying previous printk message **\n"+whole, "BUG: unable to handle kernel paging request in frob_probe")
	// Another record in the line of the headline.
	checkTitles(t, "[   12.345678] INFO: task fro[   12.345679] usb 1-1: new device\n[   12.345680] more\n",
		"INFO: task fro usb NUM-NUM: new device [another record is written into its headline]")
}

// TestPanicFollows: the panic that an oops leads to is no report of its own,
// one that has nothing to do with it is.
func TestPanicFollows(t *testing.T) {
	oops := expand("kernel BUG at drivers/frob/core.c:12!\ninvalid opcode: 0000 [#1] SMP\n{fault}")
	list := checkTitles(t, stamped(oops+"Kernel panic - not syncing: Fatal exception\nKernel Offset: 0x1c000000 from 0xffffffff81000000\n", ""), "kernel BUG in frob_probe")
	r := list[0]
	if !r.Panicked || r.Panic != "Fatal exception" || r.Severity != Fatal || r.KernelOffset != "0x1c000000 from 0xffffffff81000000" {
		t.Errorf("%+v", r)
	}
	warn := expand("WARNING: CPU: 1 PID: 77 at drivers/frob/core.c:12 frob_probe+0x1/0x2\n{fault}")
	checkTitles(t, stamped(warn+"Kernel panic - not syncing: VFS: Unable to mount root fs on frob\n"+bodies["trace"], ""),
		"WARNING in frob_probe", "kernel panic: VFS: Unable to mount root fs on frob")
}

func TestParts(t *testing.T) {
	log := stamped(rule+expand("BUG: KASAN: slab-use-after-free in frob_probe+0x12/0x80 [frob 0123456789abcdef]\n{kasan}"), "[   T77]")
	r := read(t, []byte(log))[0]
	if r.Release != "6.1.0" || r.Taint != "Not tainted" || r.Comm != "frobd" || r.PID != 77 || r.CPU != 1 {
		t.Errorf("who: %+v", r)
	}
	if len(r.Stacks) != 3 || r.Stacks[1].Heading != "Allocated by task 3:" || r.Stacks[2].Frames[0].Function != "frob_free" {
		t.Errorf("stacks: %+v", r.Stacks)
	}
	if r.Line != 1 || r.LastLine != strings.Count(log, "\n") || r.Start != 0 || int(r.End) != len(log) || r.Head.Line != 2 {
		t.Errorf("place: %+v of %d bytes", r.Place, len(log))
	}
	if c := r.CallTrace(); c == nil || c.Heading != "Call Trace:" || c.Frames[2].Function != "frob_probe" || c.Frames[2].Line != 9 {
		t.Errorf("call trace: %+v", c)
	}
	r = read(t, []byte(stamped(expand("BUG: unable to handle page fault for address: 0\n{fault}"), "")))[0]
	if r.PC.Function != "frob_probe" || r.PC.Offset != 0x12 || r.PC.Size != 0x80 || r.Code.Text != "90 <0f> 0b 90" || len(r.Registers) != 5 || r.Registers[4] != (Register{"RCX", "0000000000000007"}) {
		t.Errorf("registers: %+v %+v %+v", r.PC, r.Code, r.Registers)
	}
	r = read(t, []byte(stamped(expand("WARNING: possible recursive locking detected\n{lock}{held}"), "")))[0]
	if len(r.Locks) != 1 || r.Locks[0].At.Function != "frob_probe" {
		t.Errorf("locks: %+v", r.Locks)
	}
}

func TestFrames(t *testing.T) {
	for text, want := range map[string]Frame{
		" frob+0x12/0x34":                                                   {Function: "frob", Offset: 0x12, Size: 0x34},
		" ? frob+0x12/0x34 [mod]":                                           {Function: "frob", Offset: 0x12, Size: 0x34, Module: "mod", Unreliable: true},
		" frob+0x12/0x34 [mod 0123abcd]":                                    {Function: "frob", Offset: 0x12, Size: 0x34, Module: "mod", BuildID: "0123abcd"},
		" [<ffffffff81000000>] frob.isra.0+0x12/0x34":                       {Function: "frob.isra.0", Offset: 0x12, Size: 0x34, Address: 0xffffffff81000000},
		"[c000000000001000] [c000000000002000] frob+0x12/0x34 (unreliable)": {Function: "frob", Offset: 0x12, Size: 0x34, Address: 0xc000000000002000, Unreliable: true},
		"[<80000000>] (frob) from [<80000004>] (bus+0x1/0x2)":               {Function: "frob", Address: 0x80000000},
		" frob from bus+0x1/0x2":                                            {Function: "frob"},
		" frob drivers/frob/core.c:12 [inline]":                             {Function: "frob", File: "drivers/frob/core.c", SourceLine: 12, Inlined: true},
		" frob+0x12/0x34 drivers/frob/core.c:12":                            {Function: "frob", Offset: 0x12, Size: 0x34, File: "drivers/frob/core.c", SourceLine: 12},
		" <EOI>  [<ffffffff81000000>] frob+0x12/0x34":                       {Function: "frob", Offset: 0x12, Size: 0x34, Address: 0xffffffff81000000},
		" <frob::Core>::probe+0x12/0x34":                                    {Function: "<frob::Core>::probe", Offset: 0x12, Size: 0x34},
	} {
		if got, _, ok := parseFrame(text); !ok || got != want {
			t.Errorf("%q: %+v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", " ", "frob", "RAX: 0000000000000000", "usb 1-1: new device", "[", "[<", "? ", "a+0x", "(a) from (b)", "<+0x1", " from +0x1/0x2"} {
		if got, _, ok := parseFrame(text); ok {
			t.Errorf("%q is a frame: %+v", text, got)
		}
	}
}

func TestPC(t *testing.T) {
	for text, want := range map[string]Frame{
		"RIP: 0010:frob+0x12/0x34": {Function: "frob", Offset: 0x12, Size: 0x34},
		"RIP: 0010:[<ffffffff81000000>]  [<ffffffff81000000>] frob+0x1/0x2": {Function: "frob", Offset: 1, Size: 2, Address: 0xffffffff81000000},
		"RIP: 0033:0x7f0000000000":                                    {Address: 0x7f0000000000},
		"RIP: 0010:          (null)":                                  {},
		"IP: frob+0x1/0x2 [mod]":                                      {Function: "frob", Offset: 1, Size: 2, Module: "mod"},
		"EIP: frob+0x1/0x2":                                           {Function: "frob", Offset: 1, Size: 2},
		"PC is at frob+0x1/0x2":                                       {Function: "frob", Offset: 1, Size: 2},
		"pc : frob+0x1/0x2":                                           {Function: "frob", Offset: 1, Size: 2},
		"epc : frob+0x1/0x2":                                          {Function: "frob", Offset: 1, Size: 2},
		"epc   : 80102030 frob+0x1/0x2":                               {Function: "frob", Offset: 1, Size: 2, Address: 0x80102030},
		"NIP [c000000000001000] frob+0x1/0x2":                         {Function: "frob", Offset: 1, Size: 2, Address: 0xc000000000001000},
		"Krnl PSW : 0404c00180000000 0000000000abcdef (frob+0x1/0x2)": {Function: "frob", Offset: 1, Size: 2},
		"TPC: <frob+0x1/0x2>":                                         {Function: "frob", Offset: 1, Size: 2},
	} {
		if got, ok := parsePC(text); !ok || got != want {
			t.Errorf("%q: %+v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"pc : [<80b0f484>]    lr : [<801a7168>]    psr: 200f0013", "NIP:  c000000000001000 LR: c000000000002000 CTR: 0000000000000000", "IP: ", "pc is fine", ""} {
		if got, ok := parsePC(text); ok {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func TestDemangle(t *testing.T) {
	for symbol, want := range map[string]string{
		"_RNvCs1_4frob5probe": "frob::probe",
		"_RNvMs3_NtCshgDM7dBCdno_4frob4coreNtB5_6Device5probe": "<frob::core::Device>::probe",
		"_RNvXs1b_NtCs9_4core3fmtNtB6_4InfoNtB6_7Display3fmt":  "<core::fmt::Info as core::fmt::Display>::fmt",
		"_RINvNtC4frob4core3mapNtB4_1TE":                       "frob::core::map<_>",
		"_RNCNvC4frob5probe0":                                  "frob::probe::{closure}",
		"_RNvC4frob":                                           "", "_R": "", "frob": "", "_RB_": "", "_RNvB0_1a": "", "_RNvC99frob1a": "", "_RIB_E": "",
		"_R" + strings.Repeat("M", 1000): "",
	} {
		if got := demangle(symbol); got != want {
			t.Errorf("%s: %q, want %q", symbol, got, want)
		}
	}
}

// TestBounded: what never ends is not kept.
func TestBounded(t *testing.T) {
	for _, line := range []string{"Call Trace:", "BUG: frob", " frob+0x1/0x2", "WARNING: possible circular locking dependency detected", "** replaying previous printk message **"} {
		s := NewScanner()
		for _, o := range s.Add(&klog.Record{Text: "BUG: unable to handle page fault for address: 0", HasTime: true, Boot: 1}) {
			t.Errorf("at once: %+v", o)
		}
		for i := range 40000 {
			r := klog.Record{Text: line, Line: i, Boot: 1, HasTime: true, Caller: fmt.Sprintf("T%d", i/2%1000)}
			s.Add(&r)
			if len(s.open) > maxOpen {
				t.Fatalf("%d reports under way", len(s.open))
			}
			for _, o := range s.open {
				if len(o.lines) > maxLines || o.text > maxText+1024 {
					t.Fatalf("%d lines of %d bytes kept", len(o.lines), o.text)
				}
			}
		}
		s.Finish()
	}
}

func FuzzScanner(f *testing.F) {
	for _, fx := range fixtures {
		f.Add([]byte(stamped(expand(fx.log), "")))
	}
	f.Add([]byte("[1.0][T1] BUG: KASAN: in +0x\n[1.0][T1] Read of size \n** replaying previous printk message **\n"))
	f.Add(bytes.Repeat([]byte("Call Trace:\n"), 100))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, r := range read(t, data) {
			if r.Title == "" && strings.TrimSpace(r.Headline) != "" && scrub(r.Headline) != "" {
				t.Errorf("no title: %q", r.Headline)
			}
			if r.Start > r.End || r.Line > r.LastLine || r.Head.Start < r.Start || r.Head.End > r.End {
				t.Errorf("place %+v, head %+v", r.Place, r.Head)
			}
			for _, s := range r.Stacks {
				if s.Start < r.Start || s.End > r.End && !r.Truncated {
					t.Errorf("stack %+v outside of %+v", s.Place, r.Place)
				}
			}
		}
	})
}

// TestRandom: bytes that are no log.
func TestRandom(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	marks := []string{"BUG:", "WARNING:", " in ", "\n", "Call Trace:\n", "+0x1/0x2", "[<ffff>] ", "(", ")", " from ", "at: ", "[", "]", ":", " ", "*", "#"}
	for range 2000 {
		var b bytes.Buffer
		for range rnd.Intn(60) {
			if rnd.Intn(3) == 0 {
				b.WriteByte(byte(rnd.Intn(256)))
			} else {
				b.WriteString(marks[rnd.Intn(len(marks))])
			}
		}
		read(t, b.Bytes())
	}
}

// BenchmarkQuiet is the cost of records that are of no crash.
func BenchmarkQuiet(b *testing.B) {
	var capture bytes.Buffer
	for i := range 20000 {
		fmt.Fprintf(&capture, "[%5d.%06d] usb %d-1: new high-speed USB device number %d using xhci_hcd\n", i/100, i%1e6, i%7, i%100)
		fmt.Fprintf(&capture, "[%5d.%06d] pci 0000:00:%02x.0: [8086:%04x] type 00 class 0x0604%02x\n", i/100, i%1e6, i%32, i, i%256)
	}
	var records []klog.Record
	in := klog.NewReader(bytes.NewReader(capture.Bytes()), klog.Options{})
	for {
		r, err := in.Next()
		if err == io.EOF { //nolint:errorlint // Next returns it as it is
			break
		}
		r.Text = strings.Clone(r.Text)
		records = append(records, r)
	}
	b.SetBytes(int64(capture.Len()))
	b.ReportAllocs()
	for b.Loop() {
		s := NewScanner()
		for i := range records {
			s.Add(&records[i])
		}
		if len(s.Finish()) > 0 {
			b.Fatal("found something")
		}
	}
}
