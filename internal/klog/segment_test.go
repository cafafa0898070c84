package klog

import (
	"fmt"
	"strings"
	"testing"
)

// Pieces of captures, hand-written after what boards print.
const (
	uboot = "\r\n\r\nU-Boot SPL 2026.01 (Nov 22 2026 - 15:04:05 +0000)\r\nTrying to boot from MMC1\r\n\r\n\r\n" +
		"U-Boot 2026.01 (Nov 22 2026 - 15:04:05 +0000)\r\n\r\nCPU:   Freescale i.MX7D rev1.3 996 MHz\r\nDRAM:  512 MiB\r\n" +
		"Hit any key to stop autoboot:  0 \r\n## Flattened Device Tree blob at 83000000\r\n   Booting using the fdt blob at 0x83000000\r\n\r\nStarting kernel ...\r\n\r\n"
	armBoot = "[    0.000000] Booting Linux on physical CPU 0x0\r\n" +
		"[    0.000000] Linux version 6.1.0-armmp (build@host) (arm-linux-gnueabihf-gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld) #1 SMP\r\n" +
		"[    0.000000] CPU: ARMv7 Processor [410fc075] revision 5 (ARMv7), cr=10c5387d\r\n" +
		"[    0.000000] OF: fdt: Machine model: Freescale i.MX7 SabreSD Board\r\n" +
		"[    0.000000] Kernel command line: console=ttymxc0,115200 root=/dev/mmcblk0p1\r\n" +
		"[    0.000021] sched_clock: 64 bits at 8MHz, resolution 125ns\r\n" +
		"[    0.101234] smp: Brought up 1 node, 2 CPUs\r\n" +
		"[    1.500000] mmcblk0: mmc0:0001 4FTE4R 3.64 GiB\r\n" +
		"[    2.000000] Run /sbin/init as init process\r\n" +
		"INIT: version 3.06 booting\r\n" +
		"[    3.250000] udevd[120]: starting version 252\r\n" +
		"board login: "
	armPanic = "[    0.000000] Booting Linux on physical CPU 0x0\r\n" +
		"[    0.000000] Linux version 6.1.0-armmp (build@host) (arm-linux-gnueabihf-gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld) #1 SMP\r\n" +
		"[    0.000021] sched_clock: 64 bits at 8MHz, resolution 125ns\r\n" +
		"[    %d.500000] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\r\n" +
		"[    %d.500100] Rebooting in 5 seconds..\r\n"
	x86Boot = "SeaBIOS (version 1.16.2-1)\r\nBooting from ROM..\r\nWelcome to GRUB!\r\nDecompressing Linux... Parsing ELF... done.\r\nBooting the kernel.\r\n" +
		"[    0.000000] Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0) #1 SMP\r\n" +
		"[    0.000000] Command line: console=ttyS0 quiet\r\n[    0.000000] BIOS-provided physical RAM map:\r\n" +
		"[    0.000000] DMI: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2-1\r\n[    0.000000] tsc: Detected 2000.000 MHz processor\r\n" +
		"[    0.050000] Kernel command line: BOOT_IMAGE=/vmlinuz console=ttyS0 quiet\r\n[    4.500000] clocksource: Switched to clocksource tsc\r\n"
)

func panicAt(sec int) string { return fmt.Sprintf(armPanic, sec, sec) }

func TestBoots(t *testing.T) {
	untimed := "Linux version 6.1.0 (a@b) #1\nMachine model: x\nfoo: bar\n"
	journal := func(id string) string {
		return `{"MESSAGE":"x","_TRANSPORT":"kernel","_SOURCE_MONOTONIC_TIMESTAMP":"1000","_BOOT_ID":"` + id + `"}` + "\n"
	}
	dmesg := strings.ReplaceAll(armBoot[:strings.Index(armBoot, "INIT: ")], "\r", "")
	later := strings.Repeat("[   40.000000] usb 1-1: a\r\n", 3)
	var mixed strings.Builder
	for i := range 200 {
		fmt.Fprintf(&mixed, "[  %3d.000000] console one: message %d\n[   %02d.500000] console two: message %d\n", 500+i, i, 10+i%20, i)
	}
	for _, c := range []struct {
		name    string
		capture string
		kernels int
		opened  []Opening
	}{
		{"nothing", "", 0, nil},
		{"boot loader alone", uboot[:strings.Index(uboot, "Hit any")], 0, []Opening{OpenedByCapture}},
		{"boot loader and kernel", uboot + armBoot, 1, []Opening{OpenedByCapture}},
		{"twice", uboot + armBoot + "\r\n" + uboot + armBoot, 2, []Opening{OpenedByCapture, OpenedByFirmware}},
		{"boot loop", uboot + panicAt(7) + uboot + panicAt(7) + uboot + panicAt(8) + uboot, 3, []Opening{OpenedByCapture, OpenedByFirmware, OpenedByFirmware, OpenedByFirmware}},
		{"boot loop without boot loader", panicAt(7) + panicAt(6) + panicAt(7), 3, []Opening{OpenedByCapture, OpenedByBanner, OpenedByBanner}},
		{"dies within a second", panicAt(0) + panicAt(0), 2, []Opening{OpenedByCapture, OpenedByBanner}},
		{
			"kexec", x86Boot + "[   60.000000] kexec_core: Starting new kernel\r\n[    0.000000] Linux version 6.1.0-18-amd64 (x) #1\r\n[    0.000000] Command line: y\r\n[    1.100000] z\r\n", 2,
			[]Opening{OpenedByCapture, OpenedByBanner},
		},
		{"kexec with purgatory", x86Boot + "I'm in purgatory\r\n[    0.000000] Linux version 6.1.0-18-amd64 (x) #1\r\n", 2, []Opening{OpenedByCapture, OpenedByHandover}},
		{"banner lost", x86Boot + "[    0.000000] BIOS-provided physical RAM map:\r\n[    0.000100] foo\r\n[    3.000000] bar\r\n", 2, []Opening{OpenedByCapture, OpenedByTime}},
		{"start of the second lost", later + "[    8.000000] a\r\n[    8.100000] b\r\n[    8.200000] c\r\n[    8.300000] d\r\n", 2, []Opening{OpenedByCapture, OpenedByTime}},
		{"small steps back", "[   12.000100] a\n[   12.000050] b\n[   13.000000] c\n[   11.500000] d\n[   13.100000] e\n", 1, []Opening{OpenedByCapture}},
		{"one stray stamp", later + "[    0.500000] garbled\r\n" + later + later, 1, []Opening{OpenedByCapture}},
		{"two consoles mixed", mixed.String(), 1, []Opening{OpenedByCapture}},
		{"dmesg on the console", armBoot + "root\r\n# dmesg\r\n" + armBoot[:strings.Index(armBoot, "INIT: ")] + "# \r\n[   50.000000] usb 1-1: x\r\n", 1, []Opening{OpenedByCapture}},
		{
			"dmesg, then a reboot", armBoot + "root\r\n# dmesg\r\n" + armBoot[:strings.Index(armBoot, "INIT: ")] + "# reboot\r\n[   50.000000] reboot: Restarting system\r\n" + panicAt(5), 2,
			[]Opening{OpenedByCapture, OpenedByBanner},
		},
		{"/proc/version", armBoot + "root\r\n# cat /proc/version\r\nLinux version 6.1.0-armmp (build@host) #1 SMP\r\n# \r\n", 1, []Opening{OpenedByCapture}},
		{"no time stamps", untimed, 1, []Opening{OpenedByCapture}},
		{"no time stamps, twice", untimed + untimed, 2, []Opening{OpenedByCapture, OpenedByBanner}},
		{"no time stamps, a console takes over", untimed + "console [ttyS0] enabled\n" + untimed + "console [ttyS0] enabled\nbar: baz\n", 1, []Opening{OpenedByCapture}},
		{"firmware restarts", ">>>>SecStartup\r\nfoo\r\n>>>>SecStartup\r\nfoo\r\n>>>>SecStartup\r\n", 0, []Opening{OpenedByCapture}},
		{"journal", journal("a") + journal("a") + journal("b"), 2, []Opening{OpenedByCapture, OpenedByJournal}},
		{
			"journalctl", "-- Boot 0123456789abcdef0123456789abcdef --\nNov 22 15:04:05 b kernel: x\n-- Boot 1123456789abcdef0123456789abcdef --\nNov 22 15:04:05 b kernel: x\n-- Reboot --\nNov 22 15:04:05 b kernel: x\n", 3,
			[]Opening{OpenedByCapture, OpenedByJournal, OpenedByJournal},
		},
		{"dmesg of a file, twice", dmesg + dmesg, 1, []Opening{OpenedByCapture}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := readString(t, c.capture, Options{})
			var opened []Opening
			for i := range l.Boots {
				opened = append(opened, l.Boots[i].Opened)
				if l.Boots[i].Number != i+1 {
					t.Errorf("boot %d has number %d", i+1, l.Boots[i].Number)
				}
			}
			if l.KernelBoots() != c.kernels || fmt.Sprint(opened) != fmt.Sprint(c.opened) {
				t.Errorf("%d kernel boots, opened by %v; want %d, %v", l.KernelBoots(), opened, c.kernels, c.opened)
			}
		})
	}
}

// TestReplays: what is printed once more is told, with the lines that it repeats.
func TestReplays(t *testing.T) {
	untimed := "Linux version 6.1.0 (a@b) #1\nMachine model: x\nfoo: bar\nconsole [ttyS0] enabled\n"
	for _, c := range []struct {
		name, capture string
		want          []Replay // without bytes
	}{
		{"a console takes over", untimed + untimed + "bar: baz\nfoo: bar\n", []Replay{{FirstLine: 5, LastLine: 8, Records: 4, OfFirst: 1, OfLast: 4}}},
		{
			"dmesg | tail", "[    1.000000] a\n[    1.100000] b\n[    1.200000] c\n# dmesg | tail -2\n[    1.100000] b\n[    1.200000] c\n# \n[    1.300000] d\n[    1.300000] d\n",
			[]Replay{{FirstLine: 5, LastLine: 6, Records: 2, OfFirst: 2, OfLast: 3}},
		},
		{"nothing twice", "[    1.000000] a\n[    1.000000] a\n[    1.100000] a\n[    1.050000] a\n", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := readString(t, c.capture, Options{})
			got := l.Boots[0].Replays
			for i := range got {
				got[i].Start, got[i].End = 0, 0
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func TestBootFacts(t *testing.T) {
	l := readString(t, uboot+armBoot+"\r\n"+x86Boot, Options{})
	if len(l.Boots) != 2 {
		t.Fatalf("%d boots", len(l.Boots))
	}
	type facts struct {
		version, machine, cmdline, arch string
		starts                          int
		missing                         bool
	}
	for i, want := range []facts{
		{"6.1.0-armmp", "Freescale i.MX7 SabreSD Board", "console=ttymxc0,115200 root=/dev/mmcblk0p1", "arm", 1, false},
		{"6.1.0-18-amd64", "QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2-1", "BOOT_IMAGE=/vmlinuz console=ttyS0 quiet", "x86", 1, false},
	} {
		b := &l.Boots[i]
		got := facts{b.Version.Value, b.Machine.Value, b.CommandLine.Value, b.Arch.Name, b.FirmwareStarts, b.StartMissing}
		if got != want {
			t.Errorf("boot %d: %+v, want %+v", i+1, got, want)
		}
		if b.Arch.Rivals != nil {
			t.Errorf("boot %d: rivals %v", i+1, b.Arch.Rivals)
		}
		if len(b.Arch.Evidence) == 0 {
			t.Errorf("boot %d: no evidence for the architecture", i+1)
		}
		for _, f := range append(b.Arch.Evidence, b.Version, b.Machine, b.CommandLine) {
			if f.Line < b.FirstLine || f.Line > b.LastLine || f.Start < b.Start || f.End > b.End || f.Quote == "" {
				t.Errorf("boot %d: evidence is not in the boot: %+v", i+1, f)
			}
		}
	}
	if first, second := l.Boots[0], l.Boots[1]; first.End != second.Start {
		t.Errorf("boots do not touch: %d, %d", first.End, second.Start)
	}
}

func TestFactsOfMissingStart(t *testing.T) {
	l := readString(t, "[  100.000000] Unable to handle kernel NULL pointer dereference at virtual address 0000000000000008\n"+
		"[  100.000001] CPU: 0 PID: 2270 Comm: sh Tainted: G        W         6.6.1-foo #1\n"+
		"[  100.000002] Hardware name: HiKey Development Board (DT)\n"+
		"[  100.000003] pstate: 60000005 (nZCv daif -PAN -UAO -TCO -DIT -SSBS BTYPE=--)\n", Options{})
	b := l.Boots[0]
	if !b.StartMissing || b.Version.Value != "6.6.1-foo" || b.Machine.Value != "HiKey Development Board (DT)" || b.Arch.Name != "arm64" {
		t.Errorf("%+v", b)
	}
}

// TestFactsWithoutTime: without CONFIG_PRINTK_TIME most lines do not tell
// their origin, but where they stand.
func TestFactsWithoutTime(t *testing.T) {
	l := readString(t, "Starting kernel ...\r\n\r\nBooting Linux on physical CPU 0x0\r\nLinux version 6.1.0 (a@b) (gcc) #1 SMP\r\nCPU: ARMv7 Processor [410fc075]\r\n"+
		"OF: fdt: Machine model: Some Board\r\nmmc0: new card\r\nRun /init as init process\r\nINIT: version 3\r\nusb 1-1: x\r\n", Options{})
	b := l.Boots[0]
	if b.Machine.Value != "Some Board" || b.Arch.Name != "arm" || b.Version.Value != "6.1.0" || b.StartMissing {
		t.Errorf("%+v", b)
	}
	checkShown(t, l, `l "Starting kernel ..."`, `? ""`, `k "Booting Linux on physical CPU 0x0"`, `k "Linux version 6.1.0 (a@b) (gcc) #1 SMP"`,
		`? "CPU: ARMv7 Processor [410fc075]"`, `? "OF: fdt: Machine model: Some Board"`, `? "mmc0: new card"`, `k "Run /init as init process"`, `u "INIT: version 3"`, `? "usb 1-1: x"`)
}

// TestStampWithTwoSpaces: what firmware and boot loader say is known behind the
// stamps of LAVA as well.
func TestStampWithTwoSpaces(t *testing.T) {
	const boot = "10:52:53.100000  U-Boot 2021.07 (Jul 20 2021 - 10:00:00 +0000)\n10:52:53.200000  DRAM:  2 GiB\n10:52:53.300000  Starting kernel ...\n"
	l := readString(t, boot, Options{})
	if b := l.Boots[0]; len(l.Boots) != 1 || !b.HandedOver || b.Kernel {
		t.Errorf("%+v", b)
	}
	l = readString(t, boot+"10:52:54.000000  [    0.000000] Linux version 6.1.0 (a@b) #1\n10:52:55.000000  [    1.000000] usb 1-1: x\n"+boot, Options{})
	if len(l.Boots) != 2 || l.Boots[1].Kernel {
		t.Errorf("%d boots", len(l.Boots))
	}
}

func TestPhasesAndOrigins(t *testing.T) {
	l := readString(t, uboot+armBoot+"root\r\n# ls\r\n[   12.000000] usb 1-1: x\r\n# ", Options{})
	var got []string
	for i := range l.Records {
		if r := &l.Records[i]; r.Text != "" {
			got = append(got, fmt.Sprintf("%s/%s %.14s", r.Origin, r.Phase, r.Text))
		}
	}
	want := []string{
		"firmware/firmware U-Boot SPL 202", "firmware/firmware Trying to boot",
		"boot loader/boot loader U-Boot 2026.01", "boot loader/boot loader CPU:   Freesca", "boot loader/boot loader DRAM:  512 MiB",
		"boot loader/boot loader Hit any key to", "boot loader/boot loader ## Flattened D", "boot loader/boot loader    Booting usi", "boot loader/boot loader Starting kerne",
		"kernel/kernel Booting Linux ", "kernel/kernel Linux version ", "kernel/kernel CPU: ARMv7 Pro", "kernel/kernel OF: fdt: Machi", "kernel/kernel Kernel command", "kernel/kernel sched_clock: 6", "kernel/kernel smp: Brought u", "kernel/kernel mmcblk0: mmc0:",
		"kernel/user space Run /sbin/init", "user space/user space INIT: version ", "user space/user space udevd[120]: st", "user space/user space board login: r", "user space/user space # ls",
		"kernel/user space usb 1-1: x", "user space/user space # ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestReplayFlag(t *testing.T) {
	kernel := armBoot[:strings.Index(armBoot, "INIT: ")]
	l := readString(t, armBoot+"root\r\n# dmesg\r\n"+kernel+"[   50.000000] usb 1-1: x\r\n", Options{})
	replayed := 0
	for i := range l.Records {
		if l.Records[i].Flags.Has(FlagReplay) {
			replayed++
		}
	}
	if want := strings.Count(kernel, "\n"); replayed != want {
		t.Errorf("%d records flagged as replayed, want %d", replayed, want)
	}
	if last := l.Records[len(l.Records)-1]; last.Flags.Has(FlagReplay) {
		t.Errorf("replay does not end: %s", show(&last))
	}
}

// TestManyBoots holds the memory of an endless boot loop down.
func TestManyBoots(t *testing.T) {
	n := maxBoots + 50
	l := readString(t, strings.Repeat(panicAt(3), n), Options{})
	if got := len(l.Boots); got != maxBoots+1 {
		t.Errorf("%d boots kept, want %d", got, maxBoots+1)
	}
	if last := l.Boots[len(l.Boots)-1]; last.Number != n {
		t.Errorf("the last boot is number %d, want %d", last.Number, n)
	}
}
