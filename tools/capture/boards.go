package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"dekho/tools/capture/cpio"
)

// This file is for boards that start another kernel. A PC's kexec(8) is copied
// into the guest with its libraries; that of another architecture cannot be, and
// is not needed: where things go is decided here, and the device tree is made
// here.

// Where the parts of the second kernel go in the memory of the board: far above
// where the kernel unpacks itself.
const (
	secondImage  = 0x82000000
	secondTree   = 0x88000000
	secondInitrd = 0x88100000
)

// guestKexec starts the second kernel.
var guestKexec = fmt.Sprintf("/sbin/guestkexec %x=/boot/vmlinuz %x=/boot/dtb %x=/boot/initrd", secondImage, secondTree, secondInitrd)

// Functions of the firmware (PSCI, Arm DEN 0022) that the second kernel is told.
const (
	psciCPUOff       = 0x84000002
	psciCPUOn        = 0x84000003
	psciAffinityInfo = 0x84000004
)

// addGuestKexec adds what a board needs to start the second kernel.
func addGuestKexec(w *cpio.Writer, g *guest, k *kernel, initrdSize int, dir string) error {
	program, err := buildFor(k, "guestkexec", dir)
	if err != nil {
		return err
	}
	w.File("sbin/guestkexec", 0o755, program)
	tree, err := os.ReadFile(k.dtb)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "second.dtb")
	if err := os.WriteFile(file, tree, 0o644); err != nil {
		return err
	}
	cpuOn := psciCPUOn
	if g.second.noCPU1 {
		// It asks about a group of processors, with a level that does not exist:
		// QEMU answers 0, which is success for who wanted to start one.
		cpuOn = psciAffinityInfo
	}
	for _, args := range [][]string{
		{"-t", "s", file, "/chosen", "bootargs", g.commandLine(k.machine) + " " + g.second.append},
		{"-t", "x", file, "/chosen", "linux,initrd-start", inHex(secondInitrd)},
		{"-t", "x", file, "/chosen", "linux,initrd-end", inHex(secondInitrd + initrdSize)},
		{"-t", "x", file, k.machine.memory, "reg", inHex(k.machine.memoryStart), inHex(k.machine.memorySize)},
		{"-c", file, "/psci"},
		{"-t", "s", file, "/psci", "compatible", "arm,psci"},
		{"-t", "s", file, "/psci", "method", "smc"},
		{"-t", "x", file, "/psci", "cpu_off", inHex(psciCPUOff)},
		{"-t", "x", file, "/psci", "cpu_on", inHex(cpuOn)},
	} {
		if out, err := exec.Command("fdtput", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("fdtput %v: %w\n%s", args, err, out)
		}
	}
	return copyInto(w, "boot/dtb", file)
}

func inHex(n int) string { return fmt.Sprintf("%x", n) }
