package crash

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
)

// oopsOf is a whole oops of a task whose functions all begin with a name.
func oopsOf(name string, pid int) []string {
	return strings.Split(fmt.Sprintf(`BUG: unable to handle page fault for address: ffffc90000000%03[1]d
#PF: supervisor read access in kernel mode
#PF: error_code(0x0000) - not-present page
PGD 100000067 P4D 100000067 PUD 0
Oops: 0000 [#1] PREEMPT SMP
CPU: %[2]d PID: %[1]d Comm: %[3]s Not tainted 6.1.0 #1
Hardware name: Frob board
RIP: 0010:%[3]s_probe+0x12/0x80
Code: 90 90 <48> 8b 00 c3
RSP: 0018:ffffc90000100000 EFLAGS: 00010246
RAX: 0000000000000%03[1]d RBX: ffff888000000000 RCX: 0000000000000007
Call Trace:
 <TASK>
 %[3]s_open+0x5/0x90
 ? %[3]s_noise+0x1/0x20
 %[3]s_close+0x5/0x90
 %[3]s_ioctl+0x5/0x90
 </TASK>
Modules linked in: %[3]s
CR2: ffffc90000000%03[1]d
---[ end trace 0000000000000000 ]---`, pid, pid%2, name), "\n")
}

// TestBehindUnfinished: what begins behind a report that has no end is whole, also
// when a kernel says the registers twice.
func TestBehindUnfinished(t *testing.T) {
	hung := expand("INFO: task frobd:77 blocked for more than 120 seconds.\n{task}")
	oops := oopsOf("mars", 202)
	for i, l := range oops {
		if l == " </TASK>" {
			oops[i] = "RIP: 0033:0x408ace\nCode: 90 90 <48> 3d 01 f0\nRSP: 002b:00000994dc88aa48 EFLAGS: 00000206\n </TASK>"
		}
	}
	log := hung + strings.Join(oops, "\n") + "\nRIP: 0010:mars_probe+0x12/0x80\nCode: 90 90 <48> 8b 00 c3\n"
	checkTitles(t, stamped(log, ""), "INFO: task hung in frob_probe", "BUG: unable to handle kernel paging request in mars_probe")
}

// TestRandomlyMixed: two oopses of two processors, mixed in any way. Where the
// log tells callers, both are whole; where it does not, none that has parts of
// the other is trusted.
func TestRandomlyMixed(t *testing.T) {
	r := rand.New(rand.NewSource(3))
	one, two := oopsOf("frob", 101), oopsOf("mars", 202)
	for n := range 1000 {
		var log strings.Builder
		caller := n%2 == 0
		a, b := 0, 0
		start := r.Intn(len(one) + 3) // where the second one begins at the earliest
		chunk := 1 + r.Intn(6)
		for a < len(one) || b < len(two) {
			for range 1 + r.Intn(chunk) {
				if a < len(one) {
					fmt.Fprintf(&log, "[   12.%06d]%s %s\n", a+b, map[bool]string{true: "[   T11]"}[caller], one[a])
					a++
				}
			}
			for range 1 + r.Intn(chunk) {
				if a >= min(start, len(one)) && b < len(two) {
					fmt.Fprintf(&log, "[   12.%06d]%s %s\n", a+b, map[bool]string{true: "[    C1]"}[caller], two[b])
					b++
				}
			}
		}
		list := read(t, []byte(log.String()))
		whole := 0
		for _, rep := range list {
			text := fmt.Sprint(rep.Comm, rep.PC.Function, rep.Registers)
			for _, s := range rep.Stacks {
				for _, f := range s.Frames {
					text += " " + f.Function
				}
			}
			own := strings.Contains(rep.Title, "frob") && !strings.Contains(text, "mars") && !strings.Contains(text, "202") ||
				strings.Contains(rep.Title, "mars") && !strings.Contains(text, "frob") && !strings.Contains(text, "101")
			if rep.Corrupted != "" {
				continue
			}
			if !own {
				t.Fatalf("%s: trusted, with %s, of\n%s", rep.Title, text, log.String())
			}
			whole++
		}
		if caller && (whole != 2 || len(list) != 2) {
			t.Fatalf("%q of\n%s", titles(list), log.String())
		}
	}
}

// TestDamaged: a bad serial line in the middle of an oops is told, whatever of it
// can be read.
func TestDamaged(t *testing.T) {
	whole := stamped(strings.Join(oopsOf("frob", 101), "\n")+"\n", "")
	const title = "BUG: unable to handle kernel paging request in "
	checkTitles(t, whole, title+"frob_probe")
	for _, c := range []struct{ from, to, want string }{
		{" frob_close+0x5/0x90", " frob_\xff\xfe\x00x5/0x90", title + "frob_probe [line 16 of it is damaged]"},
		{" frob_close+0x5/0x90\n", " frob_clo", title + "frob_probe [line 16 of it is damaged]"},                             // the next record follows in the line
		{" frob_close+0x5/0x90\n", " frob_close+0x5/0x90", title + "frob_probe"},                                             // only the end of the line is lost
		{"RIP: 0010:frob_probe+0x12/0x80", "RIP: 0010:fr\x80\x80\x80\x80", title + "corrupted [no function to blame in it]"}, // what matters most is lost
		{"RIP: 0010:frob_probe+0x12/0x80\n", "RIP: 0010:", title + "corrupted [no function to blame in it]"},                 // the same
		{"Comm: frob", "Comm: fr\xf6b", title + "frob_probe"},                                                                // tasks may have such names
		{" <TASK>\n", " <TASK>\n[   12.345679] usb 1-1: new high-speed USB device\n", title + "frob_probe"},                  // somebody else's message
		{" <TASK>\n", " <TASK>\n** 12 printk messages dropped **\n", title + "frob_probe"},                                   // frames may be missing, which Lost tells
		{"address: ffffc90000000101\n", "address: ffffc9000[   12.345678] usb 1-1: new device\n", title + "frob_probe [another record is written into its headline]"},
	} {
		log := strings.Replace(whole, c.from, c.to, 1)
		if log == whole {
			t.Fatalf("nothing changed by %q", c.from)
		}
		checkTitles(t, log, c.want)
	}
}
