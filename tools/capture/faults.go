package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// This file boots machines with something wrong with each. Their captures are
// no fixtures: they lie in the build's cache, and the end-to-end tests ask
// dekho how each boot in them ended.

// faults are the boots that go wrong, and some that end well to be told from
// them. A small machine with one processor is enough unless they say otherwise.
var faults = []*guest{
	{
		name: "running", machine: "x86-64", about: "boots, and runs when the capture ends",
		args: onlyCPU, plan: mounts + "print the guest is up\nsleep 60s\n",
		stopAfter: "the guest is up", stops: 1, expect: "Run /init as init process",
	},
	{
		name: "no-device", machine: "x86-64", about: "waits for a root device that is not there", noInit: true,
		args: onlyCPU, append: "root=/dev/vda rootwait",
		hangs: true, expect: "Waiting for root device /dev/vda",
	},
	{
		name: "nosmp", machine: "x86-64", about: "runs on one of its processors and switches off",
		append: "nosmp", plan: mounts + "print the guest is done\npoweroff\n",
		expect: "reboot: Power down",
	},
	{
		name: "no-init", machine: "x86-64", about: "is told to run a first process that does not exist; restarts at once", badInit: true,
		args: onlyCPU, append: "init=/nonexistent",
		expect: "Kernel panic - not syncing: Requested init /nonexistent failed",
	},
	{
		name: "no-root", machine: "x86-64", about: "has no root file system, and halts", noInit: true,
		args: onlyCPU, append: "root=/dev/nope panic=0",
		stopAfter: "---[ end Kernel panic", stops: 1, expect: "VFS: Unable to mount root fs",
	},
	{
		name: "panic-loop", machine: "x86-64", about: "panics and restarts after five seconds, for ever", badInit: true,
		args: onlyCPU, append: "panic=5 init=/nonexistent",
		reboots: true, stopAfter: "Rebooting in 5 seconds", stops: 3, expect: "Rebooting in 5 seconds",
	},
	{
		name: "kexec", machine: "x86-64", about: "starts another kernel, which switches off",
		args: onlyCPU, plan: mounts + "@kexec@\n", second: &second{append: "second=1", plan: "print the second guest is done\npoweroff\n"},
		expect: "the second guest is done",
	},
	{
		name: "kexec-hung", machine: "x86-64", about: "starts another kernel with too little memory, which never speaks",
		args: onlyCPU, plan: mounts + "@kexec@\n", second: &second{append: "mem=4M", plan: "poweroff\n"},
		append: "panic=0", hangs: true, expect: "kexec_core: Starting new kernel",
	},
	{
		name: "kexec-cpu", machine: "imx7d", about: "a board with two processors starts another kernel, in which the second does not come up",
		plan: mounts + "@kexec@\n", second: &second{append: "second=1", plan: "print the second guest is done\npoweroff\n", noCPU1: true},
		stopAfter: "reboot: System halted", stops: 1, expect: "CPU1: failed to come online",
	},
	{
		name: "watchdog", machine: "x86-64", about: "opens the watchdog, does not feed it, and is reset; then again",
		args:    append([]string{"-device", "i6300esb", "-action", "watchdog=reset", "-machine", "graphics=off"}, onlyCPU...),
		modules: []string{"i6300esb"}, moduleParams: map[string]string{"i6300esb": "heartbeat=4"},
		plan:    mounts + "@modules@\nwrite /dev/watchdog0 .\nprint the guest does nothing\nsleep 60s\n",
		reboots: true, stopAfter: "the guest does nothing", stops: 2, expect: "watchdog did not stop",
	},
	{
		name: "oops", machine: "x86-64", about: "mounts a file system whose driver uses a module with a fault put in: NULL is followed, and the kernel panics",
		modules: []string{"virtio_pci", "virtio_blk", "crc32c_generic", "ext4"}, args: append([]string{"-device", "virtio-blk-pci,drive=root"}, onlyCPU...),
		disks: []disk{{name: "root", mib: 32, ext4: true}},
		// xor %eax,%eax; mov 0x18(%rax),%eax, behind what sets the stack up.
		append:  "oops=panic cryptomgr.notests=1", // else the module is tested when it is loaded
		patches: []patchCode{{"crc32c_generic", "chksum_update", 9, []byte{0x31, 0xc0, 0x8b, 0x40, 0x18}}},
		plan:    mounts + "@modules@\nsleep 1s\nmount ext4 /dev/vda /mnt/root\n",
		expect:  "RIP: 0010:chksum_update+0xb/",
	},
	{
		name: "reboot", machine: "x86-64", about: "is asked to restart, and does", args: onlyCPU,
		plan: mounts + "print the guest restarts\nreboot\n", expect: "reboot: Restarting system",
	},
}

// onlyCPU takes the second processor away: a guest comes up faster.
var onlyCPU = []string{"-smp", "1"}

// bootFaults boots those machines whose captures are not in dir yet, or were made
// of something else. With fresh it boots all.
func bootFaults(dir, only, accel string, fresh bool) error {
	chosen, err := selected(faults, only)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	kernels := map[string]*kernel{}
	for _, g := range chosen {
		k := kernels[g.machine]
		if k == nil {
			if k, err = fetchKernel(machines[g.machine]); err != nil {
				return err
			}
			kernels[g.machine] = k
		}
		if err := bootFault(g, k, dir, accel, fresh); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	return nil
}

// bootFault boots one machine unless its capture is there.
func bootFault(g *guest, k *kernel, dir, accel string, fresh bool) error {
	tmp, err := os.MkdirTemp("", "dekho-capture-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // a temporary directory
	init, err := buildInit(k, tmp)
	if err != nil {
		return err
	}
	file, made := filepath.Join(dir, g.name+".log"), filepath.Join(dir, g.name+".made-of")
	key := madeOf(g, k, init)
	if old, err := os.ReadFile(made); err == nil && string(old) == key && !fresh {
		if _, err := os.Stat(file); err == nil {
			return nil
		}
	}
	if err := check(required([]*guest{g})); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%s: booting %s\n", g.name, k.pkg)
	start := time.Now()
	console, _, err := run(g, k, accel, tmp)
	if err == nil && !strings.Contains(string(console), g.expect) {
		err = fmt.Errorf("the console lacks %q", g.expect)
	}
	if err != nil {
		return fmt.Errorf("%w; it ends in\n%s", err, lastLines(console, 10))
	}
	if err := os.WriteFile(file, console, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%s: %d bytes in %.0f s\n", file, len(console), time.Since(start).Seconds())
	return os.WriteFile(made, []byte(key), 0o644)
}

// madeOf identifies what decides how a machine boots: the kernel, the first
// process, and what the table says about it.
func madeOf(g *guest, k *kernel, init []byte) string {
	h := sha256.New()
	s := struct{ append, plan string }{}
	if g.second != nil {
		s.append, s.plan = g.second.append, g.second.plan
		if g.second.noCPU1 {
			fmt.Fprintln(h, "no CPU1") //nolint:errcheck // a hash takes everything
		}
	}
	fmt.Fprintln(h, k.pkg, k.machine.args, g.commandLine(k.machine), g.noInit, g.badInit, g.reboots, g.modules, g.moduleParams, g.patches, //nolint:errcheck // a hash takes everything
		g.plan, s, g.stopAfter, g.stops, g.hangs, g.args)
	h.Write(init)
	return k.pkg + " " + hex.EncodeToString(h.Sum(nil)) + "\n"
}
