package klog

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// show writes a record as the tests expect it: origin, level, times, caller,
// flags, text.
func show(r *Record) string {
	var b strings.Builder
	b.WriteString(map[Origin]string{OriginUnknown: "?", OriginKernel: "k", OriginUserSpace: "u", OriginBootLoader: "l", OriginFirmware: "f", OriginCapture: "c"}[r.Origin])
	if r.Level != NoLevel {
		fmt.Fprintf(&b, " %s.%s", r.Facility, r.Level)
	}
	if r.HasTime {
		fmt.Fprintf(&b, " %.6f", r.Time.Seconds())
	}
	switch r.HostClock {
	case ClockWall:
		b.WriteString(" " + time.Unix(0, r.Host).UTC().Format("2006-01-02T15:04:05.999999"))
	case ClockYearless:
		b.WriteString(" " + time.Date(1972, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.Host)).Format("Jan02-15:04:05.999999"))
	case ClockDay:
		b.WriteString(" " + time.Unix(0, r.Host).UTC().Format("15:04:05.999999"))
	case ClockElapsed:
		b.WriteString(" +" + time.Duration(r.Host).String())
	}
	if r.Caller != "" {
		b.WriteString(" (" + r.Caller + ")")
	}
	if r.Dict != nil {
		b.WriteString(" {" + r.Dict.Subsystem + " " + r.Dict.Device + "}")
	}
	if names := r.Flags.Names(); names != nil {
		b.WriteString(" " + strings.Join(names, ","))
	}
	fmt.Fprintf(&b, " %q", r.Text)
	return b.String()
}

func showAll(l *Log) []string {
	out := make([]string, len(l.Records))
	for i := range l.Records {
		out[i] = show(&l.Records[i])
	}
	return out
}

func checkShown(t *testing.T, l *Log, want ...string) {
	t.Helper()
	got := showAll(l)
	for i := range max(len(got), len(want)) {
		g, w := "(none)", "(none)"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("record %d:\n got %s\nwant %s", i, g, w)
		}
	}
}

// forms are the forms in which a log comes. The captures are written after
// the documentation and source of the tools that print them.
var forms = []struct {
	name    string
	capture string
	want    []string
}{
	{"dmesg", "[    0.000000] Linux version 6.1.0\n[   12.345678] usb 1-1: new device\n[   12.345678]   indented\n[123456.000001] late\n", []string{
		`k 0.000000 "Linux version 6.1.0"`, `k 12.345678 "usb 1-1: new device"`, `k 12.345678 "  indented"`, `k 123456.000001 "late"`,
	}},
	{"dmesg, further lines indented", "[    1.000000] first\n               second\n                 third\n[    1.000001] next\n", []string{
		`k 1.000000 "first"`, `k continuation "second"`, `k continuation "  third"`, `k 1.000001 "next"`,
	}},
	{"dmesg -r", "<6>[    1.000000] info\n<3>[    1.000001] error\n<30>[    1.000002] systemd[1]: hello\n<4>no stamp\n", []string{
		`k kern.info 1.000000 "info"`, `k kern.err 1.000001 "error"`, `u daemon.info 1.000002 "systemd[1]: hello"`, `k kern.warn "no stamp"`,
	}},
	{"dmesg -x", "kern  :info  : [    1.000000] info\nkern  :emerg : [    1.000001] bad\ndaemon:notice: [    1.000002] udevd[99]: up\nuser  :warn  : [    1.000003] mine\n", []string{
		`k kern.info 1.000000 "info"`, `k kern.emerg 1.000001 "bad"`, `u daemon.notice 1.000002 "udevd[99]: up"`, `u user.warn 1.000003 "mine"`,
	}},
	{"dmesg -x without times", "kern  :info  : usb 1-1: new device\nkern  :err   : bad: worse\n", []string{
		`k kern.info "usb 1-1: new device"`, `k kern.err "bad: worse"`,
	}},
	{"dmesg -T", "[Sun Nov 22 15:04:05 2026] Linux version 6.1.0\n[Sun Nov  1 15:04:05 2026] usb 1-1: [drm] x\n", []string{
		`k 2026-11-22T15:04:05 "Linux version 6.1.0"`, `k 2026-11-01T15:04:05 "usb 1-1: [drm] x"`,
	}},
	{"dmesg --time-format=iso", "2026-11-22T15:04:05,123456+01:00 usb 1-1: new device\n", []string{
		`k 2026-11-22T14:04:05.123456 "usb 1-1: new device"`,
	}},
	{"dmesg -d", "[    1.000000 <    0.000000>] a\n[    1.500000 <    0.500000>] b\n", []string{
		`k 1.000000 "a"`, `k 1.500000 "b"`,
	}},
	{"dmesg -e", "[Nov22 15:04] a\n[  +0.500000] b\n[  +1.000000] c\n", []string{
		`k Nov22-15:04:00 "a"`, `k Nov22-15:04:00.5 "b"`, `k Nov22-15:04:01.5 "c"`,
	}},
	{"dmesg --time-format=delta", "[<    0.000012>] a\n", []string{`k "a"`}},
	{"dmesg -J", "{\n   \"dmesg\": [\n      {\n         \"pri\": 4,\n         \"time\":     1.500000,\n         \"msg\": \"say \\\"hi\\\"\"\n      }\n   ]\n}\n", []string{
		`? "{"`, `c "   \"dmesg\": ["`, `c "      {"`, `c "         \"pri\": 4,"`, `c "         \"time\":     1.500000,"`,
		`k kern.warn 1.500000 "say \"hi\""`, `c "      }"`, `c "   ]"`, `c "}"`,
	}},
	{"caller", "[    0.000000][    T0] a\n[    0.000001][  T123] b\n[    0.000002][    C1]   c\n[    0.000003] [    T1] d\n", []string{
		`k 0.000000 (T0) "a"`, `k 0.000001 (T123) "b"`, `k 0.000002 (C1) "  c"`, `k 0.000003 (T1) "d"`,
	}},
	{"vendor columns", "[    1.000000,0] a\n[    1.000001@2] b\n[    1.000002s][pid:1,cpu0,swapper/0]c\n<6>[    1.000003]  (0)[1:swapper/0]d\n[    1.000004] -(2)[0:swapper/2]e\n" +
		"[    1.000005]  [1:  swapper/0:    1] f\n[    1.000006] I[0:      swapper:    0] g\n[    1.000007 / 01-01 00:00:00.123] h\n", []string{
		`k 1.000000 "a"`, `k 1.000001 "b"`, `k 1.000002 (pid:1,cpu0,swapper/0) "c"`, `k kern.info 1.000003 ((0)[1:swapper/0]) "d"`, `k 1.000004 ((2)[0:swapper/2]) "e"`,
		`k 1.000005 (1:  swapper/0:    1) "f"`, `k 1.000006 (0:      swapper:    0) "g"`, `k 1.000007 "h"`,
	}},
	{"brackets that are text", "[    1.000000] [drm] x\n[    1.000001] [0x10: 0x20]\n[    1.000002] (1) x\n[    1.000003] [<c0101234>] (f) from [<c0101238>]\n[    1.000004] <IRQ>\n[drm] y\n", []string{
		`k 1.000000 "[drm] x"`, `k 1.000001 "[0x10: 0x20]"`, `k 1.000002 "(1) x"`, `k 1.000003 "[<c0101234>] (f) from [<c0101238>]"`, `k 1.000004 "<IRQ>"`, `? continuation "[drm] y"`,
	}},
	{"kmsg", "6,1234,5678,-;usb 1-1: new device\n SUBSYSTEM=usb\n DEVICE=c189:1\n4,1235,5679,-,caller=T12;two\\x0alines \\x09\\xc3\\xa9\n5,1236,5680,+;more\n30,1237,5681,-;systemd[1]: hello\n", []string{
		`k kern.info 0.005678 {usb c189:1} "usb 1-1: new device"`, `k continuation,dict "SUBSYSTEM=usb"`, `k continuation,dict "DEVICE=c189:1"`,
		`k kern.warn 0.005679 (T12) "two\nlines \té"`, `k kern.notice 0.005680 continuation "more"`, `u daemon.info 0.005681 "systemd[1]: hello"`,
	}},
	{"netconsole", "6.12.0-rc1,6,1234,5678,-;hello\n", []string{`k kern.info 0.005678 "hello"`}},
	{"journalctl", "-- Journal begins at Sun 2026-11-22 15:00:00 UTC. --\nNov 22 15:04:05 board kernel: Linux version 6.1.0\nNov 22 15:04:06 board systemd[1]: Started x.\nNov 22 15:04:07 board dhcpcd: lease\n", []string{
		`c "-- Journal begins at Sun 2026-11-22 15:00:00 UTC. --"`, `k Nov22-15:04:05 "Linux version 6.1.0"`, `u Nov22-15:04:06 "systemd[1]: Started x."`, `u Nov22-15:04:07 "dhcpcd: lease"`,
	}},
	{"journalctl, further lines", "Nov 22 15:04:05 board kernel: first\n                              second\n", []string{
		`k Nov22-15:04:05 "first"`, `k continuation "second"`,
	}},
	{"journalctl -o short-precise", "Nov 22 15:04:05.123456 board kernel: usb 1-1: x\n", []string{`k Nov22-15:04:05.123456 "usb 1-1: x"`}},
	{"journalctl -o short-iso", "2026-11-22T15:04:05+0000 board kernel: a\n2026-11-22T15:04:05+00:00 board kernel: b\n", []string{
		`k 2026-11-22T15:04:05 "a"`, `k 2026-11-22T15:04:05 "b"`,
	}},
	{"journalctl -o short-full", "Sun 2026-11-22 15:04:05 UTC board kernel: a\nSun 2026-11-22 15:04:05 CEST board kernel: b\n", []string{
		`k 2026-11-22T15:04:05 "a"`, `k 2026-11-22T15:04:05 "b"`,
	}},
	{"journalctl -o short-unix", "1795359845.123456 board kernel: a\n", []string{`k 2026-11-22T15:04:05.123456 "a"`}},
	{"journalctl -o short-monotonic", "[    0.000000] board kernel: Linux version 6.1.0\n[    1.000000] board kernel: usb 1-1: x\n[    2.000000] board systemd[1]: up\n", []string{
		`k 0.000000 "Linux version 6.1.0"`, `k 1.000000 "usb 1-1: x"`, `u 2.000000 "systemd[1]: up"`,
	}},
	{"journalctl -o json", `{"MESSAGE":"usb 1-1: x","PRIORITY":"4","SYSLOG_FACILITY":"0","_TRANSPORT":"kernel","_SOURCE_MONOTONIC_TIMESTAMP":"8000001","__REALTIME_TIMESTAMP":"1795359845123456","_KERNEL_SUBSYSTEM":"usb","_KERNEL_DEVICE":"+usb:1-1"}` + "\n" +
		`{"MESSAGE":[104,105,255],"PRIORITY":"3","_TRANSPORT":"syslog","SYSLOG_IDENTIFIER":"sshd","_PID":"12"}` + "\n" + `{"MESSAGE":null,"_TRANSPORT":"kernel"}` + "\n", []string{
		`k kern.warn 8.000001 2026-11-22T15:04:05.123456 {usb +usb:1-1} "usb 1-1: x"`, `u .err invalid-utf8 "sshd[12]: hi\xff"`, `k ""`,
	}},
	{"journalctl -o json-sse", `data: {"MESSAGE":"a","_TRANSPORT":"kernel"}` + "\n\n", []string{`k "a"`, `? ""`}},
	{"syslog", "Nov 22 15:04:05 board kernel: [    1.000000] a\nNov  2 15:04:05 board kernel: [    1.000001][  T1] b\nNov 22 15:04:05 board cron[12]: c\n", []string{
		`k 1.000000 Nov22-15:04:05 "a"`, `k 1.000001 Nov02-15:04:05 (T1) "b"`, `u Nov22-15:04:05 "cron[12]: c"`,
	}},
	{"rsyslog ISO", "2026-11-22T15:04:05.123456+01:00 board kernel: [    1.000000] a\n", []string{`k 1.000000 2026-11-22T14:04:05.123456 "a"`}},
	{"busybox syslogd", "Nov 22 15:04:05 board kern.warn kernel: [    1.000000] a\nNov 22 15:04:05 board daemon.info init: b\n", []string{
		`k kern.warn 1.000000 Nov22-15:04:05 "a"`, `u daemon.info Nov22-15:04:05 "init: b"`,
	}},
	{"OpenWrt logread", "Sun Nov 22 15:04:05 2026 kern.info kernel: [    1.000000] a\nSun Nov 22 15:04:05 2026 daemon.err netifd[12]: b\n", []string{
		`k kern.info 1.000000 2026-11-22T15:04:05 "a"`, `u daemon.err 2026-11-22T15:04:05 "netifd[12]: b"`,
	}},
	{"wall", "Message from syslogd@board at Nov 22 15:04:05 ...\n kernel:[    1.000000] a\n", []string{
		`? "Message from syslogd@board at Nov 22 15:04:05 ..."`, `k 1.000000 "a"`,
	}},
	{"RFC 5424", "<6>1 2026-11-22T15:04:05.123Z board kernel - - - [    1.000000] a\n<30>1 2026-11-22T15:04:05.123Z board app 12 ID [x y=\"a]b\"][z] b\n", []string{
		`k kern.info 1.000000 2026-11-22T15:04:05.123 "a"`, `u daemon.info 2026-11-22T15:04:05.123 "b"`,
	}},
	{"logcat", "11-22 15:04:05.123     0     0 I kernel  : [    1.000000] a\n", []string{`k 1.000000 Nov22-15:04:05.123 "a"`}},
	{"minicom", "[2026-11-22 15:04:05] U-Boot 2026.01\r\n[2026-11-22 15:04:05.123] [    1.000000] a\r\n", []string{
		`l 2026-11-22T15:04:05 "U-Boot 2026.01"`, `k 1.000000 2026-11-22T15:04:05.123 "a"`,
	}},
	{"ts", "Nov 22 15:04:05 [    1.000000] a\nNov 22 15:04:05 usb 1-1: b\n00:00:01 [    1.000000] c\n", []string{
		`k 1.000000 Nov22-15:04:05 "a"`, `? Nov22-15:04:05 continuation "usb 1-1: b"`, `k 1.000000 00:00:01 "c"`,
	}},
	{"ts -s %.s", "0.000012 [    1.000000] a\n0.500012 [    1.500000] b\n0.600012 [    1.600000] c\n0.700012 hello\n", []string{
		`k 1.000000 +12µs "a"`, `k 1.500000 +500.012ms "b"`, `k 1.600000 +600.012ms "c"`, `? +700.012ms continuation "hello"`,
	}},
	{"tio", "[15:04:05.123] [    1.000000] a\r\n[15:04:05.124] hello\r\n", []string{
		`k 1.000000 15:04:05.123 "a"`, `? 15:04:05.124 continuation "hello"`,
	}},
	{"grabserial", "[1.234567 0.000123] [    1.000000] a\r\n[2.234567 1.000123] hello\r\n", []string{
		`k 1.000000 +1.234567s "a"`, `? +2.234567s continuation "hello"`,
	}},
	{"conserver", "[-- MARK -- Sun Nov 22 15:00:00 2026]\r\n[Sun Nov 22 15:04:05 2026][    1.000000] a\r\n[Sun Nov 22 15:04:05 2026]# ls\r\n", []string{
		`c "[-- MARK -- Sun Nov 22 15:00:00 2026]"`, `k 1.000000 2026-11-22T15:04:05 "a"`, `u 2026-11-22T15:04:05 "# ls"`,
	}},
	{"LAVA", `- {"dt": "2026-11-22T15:04:05.123456", "lvl": "target", "msg": "[    1.000000] say \"hi\"\x1b[0m"}` + "\n" + `- {"dt": "2026-11-22T15:04:05.2", "lvl": "info", "msg": "start: 1"}` + "\n", []string{
		`k 1.000000 2026-11-22T15:04:05.123456 "say \"hi\""`, `c 2026-11-22T15:04:05.2 "start: 1"`,
	}},
	{"unlisted tool", "ttyS0| 0001: [    1.000000] a\nttyS0| 0002: [    1.000001] b\nttyS0| 0003: [    1.000002] c\nttyS0| 0004: hello\n", []string{
		`k 1.000000 "a"`, `k 1.000001 "b"`, `k 1.000002 "c"`, `? continuation "hello"`,
	}},
	{"doubled stamps", "[    5.000000] [    1.000000] a\n[    5.100000] [    1.100000] b\n[    5.100000] sh: c\n", []string{
		`k 1.000000 +5s "a"`, `k 1.100000 +5.1s "b"`, `k 5.100000 "sh: c"`,
	}},
	{"a stamp in the text", "[    5.000000] [    1.000000] a\n[    5.100000] b\n[    5.200000] c\n", []string{
		`k 5.000000 "[    1.000000] a"`, `k 5.100000 "b"`, `k 5.200000 "c"`,
	}},
	{"quoted in mail", "> [    1.000000] a\n>> [    1.000001] b\n    [    1.000002] c\n", []string{`k 1.000000 "a"`, `k 1.000001 "b"`, `k 1.000002 "c"`}},
	{"serial", "[    1.000000] a\r\n[    1.000001] b\r\r\n\r[    1.000002] c\n\r", []string{`k 1.000000 "a"`, `k 1.000001 "b"`, `k 1.000002 "c"`, `? unterminated ""`}},
	{"colours", "\x1b[0;32m[    1.000000] \x1b[0m\x1b[33musb 1-1\x1b[0m: new\x1b[K\r\n\x1b[2J\x1b[H\x1b]0;title\a\x1b(Bx\r\n\x1b[    1.000001] y\r\n[0m[    1.000002] z\n", []string{
		`k 1.000000 "usb 1-1: new"`, `? continuation "x"`, `k 1.000001 "y"`, `k 1.000002 "z"`,
	}},
	{"backspace", "autoboot:  3 \b\b\b 2 \b\b\b 1 \n", []string{`? "autoboot:  1 "`}},
	{"progress", " 10%\r 50%\r100%\r\n", []string{`? " 10%"`, `? mid-line " 50%"`, `? mid-line "100%"`}},
	{"KERN_SOH", "[    1.000000] \x013bad\n\x01cmore\n", []string{`k .err 1.000000 "bad"`, `? continuation "more"`}},
	{"level in the text", "[    1.000000] <3>bad\n", []string{`k .err 1.000000 "bad"`}},
	{"NUL and noise", "\x00\x00\x00[    1.000000] a\x00b\n\x02\x03\x04\x05\x06\n\xff\xfe\xfd\xfc\n", []string{
		`k 1.000000 nul "ab"`, `? garbled ""`, `? invalid-utf8,garbled "\xff\xfe\xfd\xfc"`,
	}},
	{"byte order mark", "\xef\xbb\xbf[    1.000000] a\n", []string{`k 1.000000 "a"`}},
	{"mid-line", "board login: [   12.000000] a[   12.000001] b\nxx<6>[   12.000002][  T1] c\n", []string{
		`u "board login: "`, `k 12.000000 mid-line "a"`, `k 12.000001 mid-line "b"`, `u "xx"`, `k kern.info 12.000002 (T1) mid-line "c"`,
	}},
	{"no record in mid-line", "[   12.000000] log: [    1.000000] old\n[   12.000001] fw [1.234567] x\n[   12.000002] at [99999.000000] y\n", []string{
		`k 12.000000 "log: [    1.000000] old"`, `k 12.000001 "fw [1.234567] x"`, `k 12.000002 "at [99999.000000] y"`,
	}},
	{"messages dropped", "** 17 printk messages dropped ** [   12.000000] a\n** replaying previous printk message **\n", []string{
		`k "** 17 printk messages dropped ** "`, `k 12.000000 mid-line "a"`, `k "** replaying previous printk message **"`,
	}},
	{"broken in the stamp", "[    1.000000] a\n[    1.00\n0001] b\n[    1.000002] c\n", []string{`k 1.000000 "a"`, `k 1.000001 "b"`, `k 1.000002 "c"`}},
	{"characters lost on the wire", "[    1.000000] a\n[    1.00001] b\n   1.000002] c\n[    1.\xb000003] d\n[12] e\n[    1.000004] f\n", []string{
		`k 1.000000 "a"`, `k garbled "[    1.00001] b"`, `k garbled "   1.000002] c"`, `k invalid-utf8,garbled "[    1.\xb000003] d"`, `? "[12] e"`, `k 1.000004 "f"`,
	}},
	{"no time stamps", "Linux version 6.1.0 (a@b) (arm-linux-gnueabihf-gcc) #1\nCPU: ARMv7\nusb 1-1: x\nKernel panic - not syncing: y\n", []string{
		`k "Linux version 6.1.0 (a@b) (arm-linux-gnueabihf-gcc) #1"`, `? "CPU: ARMv7"`, `? "usb 1-1: x"`, `k "Kernel panic - not syncing: y"`,
	}},
	{"kmsg writers", "[    1.000000] IOAPIC[0]: apic_id 2\n[    1.000001] systemd[1]: x\n[    2.000000] NetworkManager[123]: x\n[    2.000001] a.out[1234]: segfault at 0 ip 0 sp 0 error 4\n[    2.000002] foo[7]: x\n[    2.000003] systemd[1]: segfault at 0\n", []string{
		`k 1.000000 "IOAPIC[0]: apic_id 2"`, `u 1.000001 "systemd[1]: x"`, `u 2.000000 "NetworkManager[123]: x"`, `k 2.000001 "a.out[1234]: segfault at 0 ip 0 sp 0 error 4"`, `k 2.000002 "foo[7]: x"`, `k 2.000003 "systemd[1]: segfault at 0"`,
	}},
}

func TestForms(t *testing.T) {
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			checkShown(t, readString(t, f.capture, Options{}), f.want...)
		})
	}
}

// journals are forms that are known by how the capture starts: they cannot be in
// one with others.
var journals = []struct {
	name    string
	capture string
	want    []string
}{
	{
		"export", "__CURSOR=s=1;i=1\n__REALTIME_TIMESTAMP=1795359845123456\n_BOOT_ID=a\nMESSAGE=usb 1-1: x=y\nPRIORITY=3\n_TRANSPORT=kernel\n_SOURCE_MONOTONIC_TIMESTAMP=8000001\n_KERNEL_SUBSYSTEM=usb\n_KERNEL_DEVICE=+usb:1-1\n\n" +
			"__CURSOR=s=1;i=2\n_TRANSPORT=syslog\nMESSAGE=hi\nSYSLOG_IDENTIFIER=sshd\n_PID=12\n\n",
		[]string{`k .err 8.000001 2026-11-22T15:04:05.123456 {usb +usb:1-1} "usb 1-1: x=y"`, `u "sshd[12]: hi"`},
	},
	{
		"verbose", "Sun 2026-11-22 15:04:05.123456 UTC [s=1;i=1;b=a;m=2;t=3;x=4]\r\n    PRIORITY=6\r\n    MESSAGE=usb 1-1: x\r\n    _TRANSPORT=kernel\r\n    _SOURCE_MONOTONIC_TIMESTAMP=8000001\r\n" +
			"Sun 2026-11-22 15:04:06.123456 UTC [s=1;i=2;b=a;m=2;t=3;x=4]\r\n    SYSLOG_IDENTIFIER=sshd\r\n    MESSAGE=hi\r\n    _TRANSPORT=syslog\r\n",
		[]string{`k .info 8.000001 2026-11-22T15:04:05.123456 "usb 1-1: x"`, `u 2026-11-22T15:04:06.123456 "sshd: hi"`},
	},
	{
		"json-pretty", "{\n\t\"__CURSOR\" : \"s=1;i=1\",\n\t\"MESSAGE\" : \"say \\\"hi\\\"\",\n\t\"_TRANSPORT\" : \"kernel\",\n\t\"PRIORITY\" : \"4\"\n}\n{\n\t\"MESSAGE\" : \"x\",\n\t\"_TRANSPORT\" : \"journal\"\n}\n",
		[]string{`k .warn "say \"hi\""`, `u "x"`},
	},
}

func TestJournals(t *testing.T) {
	for _, j := range journals {
		t.Run(j.name, func(t *testing.T) {
			l := readString(t, j.capture, Options{})
			checkTiling(t, l, []byte(j.capture))
			l.Records = slices.DeleteFunc(l.Records, func(r Record) bool { return r.Origin == OriginCapture })
			checkShown(t, l, j.want...)
		})
	}
}

// TestMixedForms reads all forms as one capture: each line is recognised by
// itself.
func TestMixedForms(t *testing.T) {
	var b strings.Builder
	for _, f := range forms {
		b.WriteString(f.capture)
		if !strings.HasSuffix(f.capture, "\n") {
			b.WriteByte('\n')
		}
	}
	l := readString(t, b.String(), Options{})
	timed := 0
	for i := range l.Records {
		if l.Records[i].HasTime {
			timed++
		}
	}
	if timed < 70 {
		t.Errorf("%d records with time, want at least 70", timed)
	}
}

func TestTerminalWidth(t *testing.T) {
	var b strings.Builder
	long := strings.Repeat("x", 80-len("[    1.000000] "))
	for i := range 5 {
		fmt.Fprintf(&b, "[    1.00000%d] %s\nrest %d\n[    1.00000%d] short\n", i, long, i, i)
	}
	l := readString(t, b.String(), Options{})
	for i := 1; i < len(l.Records); i += 3 {
		if r := &l.Records[i]; !r.Flags.Has(FlagContinuation) || r.Origin != OriginKernel {
			t.Errorf("record %d is no continuation: %s", i, show(r))
		}
	}
}
