package boots

import (
	"strings"

	"dekho/internal/klog"
)

// This file is what is known of last words: the messages that say how a boot
// goes and how it ends. The texts are facts of the programs that print them.

// meaning is what a record says about its boot.
type meaning uint8

const (
	nothing meaning = iota
	panicked
	panicEnd   // the kernel stands still now
	restarting // it will restart after a panic
	crashKernel
	kexec
	restart
	powerOff
	halt
	watchdogFired
	watchdogLeft  // nobody feeds it any more, and it runs
	watchdogArmed // it runs, and is fed
	wantReboot    // user space ends, and what for
	wantPowerOff
	wantHalt
	wantKexec
	wantEnd // user space ends, for whatever
	fault   // the kernel failed
	lockup  // a processor or task does not go on
	waiting
	stuckShell // user space gave up and waits for somebody
	prompt
	processor // one did not come up
	resetCause
	loaderFailed
	decompressing
	initcalls
	overheated
	numMeanings
)

// speaker says whose record a sign is looked for in.
type speaker uint8

const (
	byKernel speaker = 1 << iota
	byUser
	byLoader
)

// sign is a row of the table: a record that begins with prefix, or whose part
// behind the last ": " does, and that contains also. Example is such a record:
// the test of the table reads it.
type sign struct {
	prefix, also string
	by           speaker
	means        meaning
	why          string
	example      string
}

var signs = []sign{
	// The kernel gives up. kernel/panic.c
	{"Kernel panic - not syncing", "", byKernel, panicked, "the kernel panics", "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)"},
	{"---[ end Kernel panic", "", byKernel, panicEnd, "it stands still", "---[ end Kernel panic - not syncing: Attempted to kill init! ]---"},
	{"Rebooting in ", "", byKernel, restarting, "it will restart", "Rebooting in 5 seconds.."},
	{"Starting crashdump kernel", "", byKernel, crashKernel, "the crash kernel is started", "Starting crashdump kernel..."},
	{"Loading crashdump kernel", "", byKernel, crashKernel, "the crash kernel is started", "Loading crashdump kernel..."},

	// The kernel ends. kernel/reboot.c, kernel/kexec_core.c, arch/*/kernel/machine_kexec.c
	{"Starting new kernel", "", byKernel, kexec, "another kernel is started", "kexec_core: Starting new kernel"},
	{"Bye!", "", byKernel, kexec, "the kernel is left for another", "Bye!"},
	{"Starting switchover sequence", "", byKernel, kexec, "another kernel is started", "kexec: Starting switchover sequence."},
	{"Will call new kernel at", "", byKernel, kexec, "another kernel is started", "Will call new kernel at 80100000"},
	{"reboot: Restarting system", "", byKernel, restart, "the kernel restarts the machine", "reboot: Restarting system with command 'bootloader'"},
	{"Restarting system.", "", byKernel, restart, "the kernel restarts the machine", "Restarting system."},
	{"Restarting system with command", "", byKernel, restart, "the kernel restarts the machine", "Restarting system with command 'recovery'."},
	{"machine restart", "", byKernel, restart, "the kernel restarts the machine", "reboot: machine restart"},
	{"sysrq: Resetting", "", byKernel, restart, "reset by the SysRq key", "sysrq: Resetting"},
	{"SysRq : Resetting", "", byKernel, restart, "reset by the SysRq key", "sysrq: SysRq : Resetting"},
	{"reboot: Power down", "", byKernel, powerOff, "the kernel switches the machine off", "reboot: Power down"},
	{"Power down.", "", byKernel, powerOff, "the kernel switches the machine off", "Power down."},
	{"sysrq: Power Off", "", byKernel, powerOff, "switched off by the SysRq key", "sysrq: Power Off"},
	{"SysRq : Power Off", "", byKernel, powerOff, "switched off by the SysRq key", "SysRq : Power Off"},
	{"Preparing to enter system sleep state S5", "", byKernel, powerOff, "the machine is about to be switched off", "ACPI: PM: Preparing to enter system sleep state S5"},
	{"reboot: System halted", "", byKernel, halt, "the kernel halts", "reboot: System halted"},
	{"reboot: Power off not available: System halted", "", byKernel, halt, "the machine cannot be switched off and halts", "reboot: Power off not available: System halted instead"},
	{"System halted.", "", byKernel, halt, "the kernel halts", "System halted."},
	{"System Halted", "", byKernel, halt, "the kernel halts", "System Halted, OK to turn off power"},
	{"HARDWARE PROTECTION shutdown", "", byKernel, overheated, "hardware is protected by an end", "reboot: HARDWARE PROTECTION shutdown (Temperature too high)"},
	{"critical temperature reached", "", byKernel, overheated, "too hot", "thermal thermal_zone0: critical temperature reached (105 C), shutting down"},
	{"exiting hardware virtualization", "", byKernel, wantEnd, "the kernel is about to end", "kvm: exiting hardware virtualization"},

	// Watchdogs. drivers/watchdog
	{"Initiating system reboot", "", byKernel, watchdogFired, "the watchdog's time is over", "softdog: Initiating system reboot"},
	{"pretimeout event", "", byKernel, watchdogFired, "the watchdog's time is nearly over", "watchdog: watchdog0: pretimeout event"},
	{"watchdog did not stop!", "", byKernel, watchdogLeft, "a watchdog runs that nobody feeds", "watchdog: watchdog0: watchdog did not stop!"},
	{"Unexpected close, not stopping watchdog", "", byKernel, watchdogLeft, "a watchdog runs that nobody feeds", "iTCO_wdt: Unexpected close, not stopping watchdog!"},
	{"Watchdog running with a", "", byUser, watchdogArmed, "a hardware watchdog is armed", "systemd[1]: Watchdog running with a hardware timeout of 30s."},
	{"Set hardware watchdog to", "", byUser, watchdogArmed, "a hardware watchdog is armed", "systemd[1]: Set hardware watchdog to 20s."},
	{"Using hardware watchdog", "", byUser, watchdogArmed, "a hardware watchdog is armed", "systemd[1]: Using hardware watchdog 'imx2+ watchdog', version 0, device /dev/watchdog"},

	// Why the machine had been reset before this boot.
	{"Starting after ", " reset", byKernel, resetCause, "says why the machine was reset", "at91-reset f8048000.rstc: Starting after watchdog reset"},
	{"Last reboot was triggered by ", "", byKernel, resetCause, "says why the machine was reset", "sp5100-tco sp5100-tco: Last reboot was triggered by watchdog."},
	{"x86/amd: Previous system reset reason", "", byKernel, resetCause, "says why the machine was reset", "x86/amd: Previous system reset reason [0x02000000]: watchdog timer expired"},
	{"Reset cause", "", byLoader, resetCause, "says why the machine was reset", "Reset cause: WDOG"},
	{"Reset Cause", "", byLoader, resetCause, "says why the machine was reset", "Reset Cause: PIN RESET"},
	{"reset cause", "", byLoader, resetCause, "says why the machine was reset", "CPU:   reset cause: POR"},
	{"Reset reason", "", byLoader, resetCause, "says why the machine was reset", "Reset reason: WDT"},
	{"Reset Reason", "", byLoader, resetCause, "says why the machine was reset", "Reset Reason: SOFT"},
	{"reset reason", "", byLoader, resetCause, "says why the machine was reset", "INFO:    PMU: reset reason: watchdog"},
	{"Reset Status", "", byLoader, resetCause, "says why the machine was reset", "Reset Status: WDT"},
	{"Reset status", "", byLoader, resetCause, "says why the machine was reset", "Reset status: 0x10 (watchdog)"},
	{"Reset Source", "", byLoader, resetCause, "says why the machine was reset", "Reset Source: Watchdog"},
	{"Reset source", "", byLoader, resetCause, "says why the machine was reset", "Reset source: power-on"},
	{"Reset Type", "", byLoader, resetCause, "says why the machine was reset", "Reset Type: cold"},
	{"Last reset", "", byLoader, resetCause, "says why the machine was reset", "Last reset was by watchdog"},
	{"running after ", "reset", byLoader, resetCause, "says why the machine was reset", "imx-reset-reason: running after WDG reset"},
	{"System Reset Status", "", byLoader, resetCause, "says why the machine was reset", "System Reset Status: Watchdog reset occurred"},
	{"probed a generic reset source", "", byLoader, resetCause, "says why the machine was reset", "reset-source: probed a generic reset source: WDG"},

	// The boot loader gives up: U-Boot, barebox, GRUB, SeaBIOS.
	{"Bad Linux ARM", "magic!", byLoader, loaderFailed, "the boot loader finds no kernel", "Bad Linux ARM zImage magic!"},
	{"Wrong Image Format for ", "", byLoader, loaderFailed, "the boot loader finds no kernel", "Wrong Image Format for bootm command"},
	{"ERROR: can't get kernel image!", "", byLoader, loaderFailed, "the boot loader finds no kernel", "ERROR: can't get kernel image!"},
	{"Bad Magic Number", "", byLoader, loaderFailed, "the boot loader finds no kernel", "Bad Magic Number"},
	{"Verifying Checksum ... Bad Data CRC", "", byLoader, loaderFailed, "the kernel's image is damaged", "   Verifying Checksum ... Bad Data CRC"},
	{"** File not found", "", byLoader, loaderFailed, "the boot loader does not find a file", "** File not found /boot/zImage **"},
	{"Failed to load ", "", byLoader, loaderFailed, "the boot loader does not find a file", "Failed to load 'zImage'"},
	{"** Unable to read file", "", byLoader, loaderFailed, "the boot loader cannot read a file", "** Unable to read file /zImage **"},
	{"** Bad device", "", byLoader, loaderFailed, "the boot loader finds no device", "** Bad device specification mmc 1 **"},
	{"Card did not respond to voltage select", "", byLoader, loaderFailed, "the boot loader finds no card", "Card did not respond to voltage select! : -110"},
	{"No bootable device", "", byLoader, loaderFailed, "the firmware finds nothing to boot", "No bootable device."},
	{"Could not boot", "", byLoader, loaderFailed, "the boot loader gives up", "Could not boot"},
	{"### ERROR ### Please RESET the board", "", byLoader, loaderFailed, "the boot loader gives up", "### ERROR ### Please RESET the board ###"},
	{"SPL: failed to boot from all boot devices", "", byLoader, loaderFailed, "the boot loader gives up", "SPL: failed to boot from all boot devices"},
	{"TFTP error: ", "", byLoader, loaderFailed, "the boot loader gets nothing from the network", "TFTP error: 'File not found' (1)"},
	{"Retry count exceeded", "", byLoader, loaderFailed, "the boot loader gets nothing from the network", "Retry count exceeded; starting again"},
	{"error: file `", "' not found", byLoader, loaderFailed, "the boot loader does not find a file", "error: file `/boot/vmlinuz' not found."},
	{"error: you need to load the kernel first", "", byLoader, loaderFailed, "the boot loader has no kernel", "error: you need to load the kernel first."},
	{"grub rescue>", "", byLoader, loaderFailed, "the boot loader gives up", "grub rescue> "},

	// User space ends: systemd, sysvinit, BusyBox, OpenRC, runit, procd, Android.
	{"Rebooting with kexec", "", byUser, wantKexec, "user space ends for another kernel", "systemd-shutdown[1]: Rebooting with kexec."},
	{"Rebooting via kexec", "", byUser, wantKexec, "user space ends for another kernel", "         Starting Reboot via kexec: Rebooting via kexec"},
	{"Will now restart with kexec", "", byUser, wantKexec, "user space ends for another kernel", "Will now restart with kexec"},
	{"[  OK  ] Reached target ", "eboot via kexec", byUser, wantKexec, "user space ends for another kernel", "[  OK  ] Reached target kexec.target - Reboot via kexec."},
	{"[  OK  ] Reached target ", "eboot", byUser, wantReboot, "user space ends for a restart", "[  OK  ] Reached target reboot.target - System Reboot."},
	{"[  OK  ] Reached target ", "Power Off", byUser, wantPowerOff, "user space ends to be switched off", "[  OK  ] Reached target poweroff.target - System Power Off."},
	{"[  OK  ] Reached target ", "Power-Off", byUser, wantPowerOff, "user space ends to be switched off", "[  OK  ] Reached target Power-Off."},
	{"[  OK  ] Reached target ", "Halt", byUser, wantHalt, "user space ends to halt", "[  OK  ] Reached target halt.target - System Halt."},
	{"[  OK  ] Reached target ", "hutdown", byUser, wantEnd, "user space ends", "[  OK  ] Reached target Shutdown."},
	{"Rebooting.", "", byUser, wantReboot, "user space ends for a restart", "systemd-shutdown[1]: Rebooting."},
	{"Powering off.", "", byUser, wantPowerOff, "user space ends to be switched off", "systemd-shutdown[1]: Powering off."},
	{"Halting system.", "", byUser, wantHalt, "user space ends to halt", "systemd-shutdown[1]: Halting system."},
	{"Syncing filesystems and block devices", "", byUser, wantEnd, "user space ends", "systemd-shutdown[1]: Syncing filesystems and block devices."},
	{"Sending SIGTERM to remaining processes", "", byUser, wantEnd, "user space ends", "systemd-shutdown[1]: Sending SIGTERM to remaining processes..."},
	{"Received SIGTERM from PID 1 (systemd-shutdow", "", byUser, wantEnd, "user space ends", "systemd-journald[230]: Received SIGTERM from PID 1 (systemd-shutdow)."},
	{"System is rebooting", "", byUser, wantReboot, "user space ends for a restart", "systemd-logind[380]: System is rebooting."},
	{"System is powering down", "", byUser, wantPowerOff, "user space ends to be switched off", "systemd-logind[380]: System is powering down."},
	{"The system is going down for reboot", "", byUser, wantReboot, "user space ends for a restart", "The system is going down for reboot NOW!"},
	{"The system will reboot now", "", byUser, wantReboot, "user space ends for a restart", "The system will reboot now!"},
	{"The system is going down for power", "", byUser, wantPowerOff, "user space ends to be switched off", "The system is going down for power-off NOW!"},
	{"The system will power off now", "", byUser, wantPowerOff, "user space ends to be switched off", "The system will power off now!"},
	{"The system is going down for system halt", "", byUser, wantHalt, "user space ends to halt", "The system is going down for system halt NOW!"},
	{"The system is going down NOW!", "", byUser, wantEnd, "user space ends", "The system is going down NOW!"},
	{"Requesting system reboot", "", byUser, wantReboot, "user space ends for a restart", "Requesting system reboot"},
	{"Requesting system poweroff", "", byUser, wantPowerOff, "user space ends to be switched off", "Requesting system poweroff"},
	{"Requesting system halt", "", byUser, wantHalt, "user space ends to halt", "Requesting system halt"},
	{"INIT: Switching to runlevel: 6", "", byUser, wantReboot, "user space ends for a restart", "INIT: Switching to runlevel: 6"},
	{"INIT: Switching to runlevel: 0", "", byUser, wantPowerOff, "user space ends to be switched off", "INIT: Switching to runlevel: 0"},
	{"Switching to runlevel: 6", "", byUser, wantReboot, "user space ends for a restart", "init: Switching to runlevel: 6"},
	{"Switching to runlevel: 0", "", byUser, wantPowerOff, "user space ends to be switched off", "init: Switching to runlevel: 0"},
	{"Will now restart", "", byUser, wantReboot, "user space ends for a restart", "Will now restart."},
	{"Will now halt", "", byUser, wantHalt, "user space ends to halt", "Will now halt."},
	{"Sent SIGTERM to all processes", "", byUser, wantEnd, "user space ends", "Sent SIGTERM to all processes"},
	{"- shutdown -", "", byUser, wantEnd, "user space ends", "procd: - shutdown -"},
	{"Reboot start, reason: reboot", "", byUser, wantReboot, "user space ends for a restart", "init: Reboot start, reason: reboot,userrequested, reboot_target: "},
	{"Reboot start, reason: shutdown", "", byUser, wantPowerOff, "user space ends to be switched off", "init: Reboot start, reason: shutdown,userrequested, reboot_target: "},
	{"Received sys.powerctl='reboot", "", byUser, wantReboot, "user space ends for a restart", "init: Received sys.powerctl='reboot,adb' from pid: 1201 (system_server)"},
	{"Received sys.powerctl='shutdown", "", byUser, wantPowerOff, "user space ends to be switched off", "init: Received sys.powerctl='shutdown' from pid: 1201 (system_server)"},
	{"- runit: enter stage: /etc/runit/3", "", byUser, wantEnd, "user space ends", "- runit: enter stage: /etc/runit/3"},
	{"- runit: system reboot", "", byUser, wantReboot, "user space ends for a restart", "- runit: system reboot"},
	{"- runit: system halt", "", byUser, wantHalt, "user space ends to halt", "- runit: system halt"},

	// The kernel fails. lib/bug.c, arch/*/kernel/traps.c, arch/*/mm/fault.c
	{"Internal error", "", byKernel, fault, "the kernel fails", "Internal error: Oops: 96000004 [#1] PREEMPT SMP"},
	{"Unable to handle kernel", "", byKernel, fault, "the kernel fails", "Unable to handle kernel NULL pointer dereference at virtual address 00000008"},
	{"Unhandled fault: ", "", byKernel, fault, "the kernel fails", "Unhandled fault: external abort on non-linefetch (0x1028) at 0xf0a40000"},
	{"BUG: unable to handle", "", byKernel, fault, "the kernel fails", "BUG: unable to handle page fault for address: ffffa0e58e9c1000"},
	{"BUG: kernel NULL pointer", "", byKernel, fault, "the kernel fails", "BUG: kernel NULL pointer dereference, address: 0000000000000000"},
	{"kernel BUG at ", "", byKernel, fault, "the kernel fails", "kernel BUG at mm/slub.c:4023!"},
	{"general protection fault", "", byKernel, fault, "the kernel fails", "general protection fault, probably for non-canonical address 0xdffffc0000000001: 0000 [#1] SMP"},
	{"invalid opcode: ", "", byKernel, fault, "the kernel fails", "invalid opcode: 0000 [#1] PREEMPT SMP NOPTI"},
	{"Oops", "#", byKernel, fault, "the kernel fails", "Oops [#1]"},
	{"Kernel bug detected", "", byKernel, fault, "the kernel fails", "Kernel bug detected[#1]:"},
	{"Bad mode in ", "", byKernel, fault, "the kernel fails", "Bad mode in Error handler detected on CPU1, code 0xbf000002 -- SError"},
	{"SError Interrupt on CPU", "", byKernel, fault, "the kernel fails", "SError Interrupt on CPU0, code 0xbf000002 -- SError"},
	{"Kernel stack overflow", "", byKernel, fault, "the kernel fails", "Kernel stack overflow: overran stack"},
	{"Insufficient stack space to handle exception!", "", byKernel, fault, "the kernel fails", "Insufficient stack space to handle exception!"},
	{"Fixing recursive fault but reboot is needed", "", byKernel, fault, "the kernel fails for good", "Fixing recursive fault but reboot is needed!"},

	// Something does not go on.
	{"BUG: soft lockup", "", byKernel, lockup, "a processor does not go on", "BUG: soft lockup - CPU#0 stuck for 22s! [swapper/0:1]"},
	{"Watchdog detected hard LOCKUP", "", byKernel, lockup, "a processor does not go on", "NMI watchdog: Watchdog detected hard LOCKUP on cpu 3"},
	{"BUG: spinlock lockup suspected", "", byKernel, lockup, "a processor does not go on", "BUG: spinlock lockup suspected on CPU#1, swapper/1/0"},
	{"workqueue lockup - pool", "", byKernel, lockup, "a worker does not go on", "BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 30s!"},
	{"rcu_", "detected", byKernel, lockup, "a processor does not go on", "rcu: INFO: rcu_sched detected stalls on CPUs/tasks:"},
	{"task ", " blocked for more than ", byKernel, lockup, "a task does not go on", "INFO: task swapper/0:1 blocked for more than 120 seconds."},

	// What is waited for.
	{"Waiting for root device ", "", byKernel, waiting, "the root device is waited for", "Waiting for root device /dev/mmcblk0p2..."},
	{"Waiting for root file system", "", byUser, waiting, "the root file system is waited for", "Begin: Waiting for root file system ... "},
	{"Waiting ", "sec before mounting root device", byKernel, waiting, "the root device is waited for", "Waiting 10 sec before mounting root device..."},
	{"[     *] A start job is running for", "", byUser, waiting, "a start job does not end", "[     *] A start job is running for /dev/disk/by-uuid/1 (1min 2s / 1min 30s)"},
	{"[ TIME ] Timed out waiting for device", "", byUser, waiting, "a device did not come", "[ TIME ] Timed out waiting for device dev-sda2.device - /dev/sda2."},
	{"Gave up waiting for root", "", byUser, stuckShell, "the root file system did not come", "Gave up waiting for root file system device.  Common problems:"},
	{"ALERT!  ", "Dropping to a shell", byUser, stuckShell, "the root file system did not come", "ALERT!  /dev/sda1 does not exist.  Dropping to a shell!"},
	{"(initramfs)", "", byUser, stuckShell, "the initramfs waits for somebody", "(initramfs) "},
	{"You are in emergency mode", "", byUser, stuckShell, "user space waits for somebody", "You are in emergency mode. After logging in, type \"journalctl -xb\" to view"},
	{"Entering emergency mode", "", byUser, stuckShell, "user space waits for somebody", "Entering emergency mode. Exit the shell to continue."},
	{"Give root password for maintenance", "", byUser, stuckShell, "user space waits for somebody", "Give root password for maintenance"},

	// A processor did not come up: arch/*/kernel/smp.c, smpboot.c
	{"CPU", "failed to come online", byKernel, processor, "a processor did not come up", "CPU1: failed to come online"},
	{"failed to boot: -", "", byKernel, processor, "a processor did not come up", "CPU1: failed to boot: -22"},
	{"failed to boot CPU", "", byKernel, processor, "a processor did not come up", "psci: failed to boot CPU1 (-22)"},
	{"failed to start", "", byKernel, processor, "a processor did not come up", "CPU3: failed to start"},
	{"died during early boot", "", byKernel, processor, "a processor did not come up", "CPU1: died during early boot"},
	{"is stuck in kernel", "", byKernel, processor, "a processor did not come up", "CPU1: is stuck in kernel"},
	{"CPU", "failed to report alive state", byKernel, processor, "a processor did not come up", "CPU1 failed to report alive state"},
	{"CPU", "failed in unknown state", byKernel, processor, "a processor did not come up", "CPU2: failed in unknown state : 0x0"},
	{"do_boot_cpu failed", "", byKernel, processor, "a processor did not come up", "smpboot: do_boot_cpu failed(-1) to wakeup CPU#1"},
	{"Processor ", " is stuck.", byKernel, processor, "a processor did not come up", "Processor 1 is stuck."},
	{"CPU", ": will not boot", byKernel, processor, "a processor did not come up", "CPU2: will not boot"},
	{"CPU ", "bringup failed", byKernel, processor, "a processor did not come up", "CPU 1 bringup failed with -110"},
	{"CPU ", " failed to boot", byKernel, processor, "a processor did not come up", "CPU 1 failed to boot"},
	{"CPU:", " is stuck.", byKernel, processor, "a processor did not come up", "SMP: CPU:1 is stuck."},
	{"Processor ", " failed to start.", byKernel, processor, "a processor did not come up", "SMP: Processor 1 failed to start."},
	{"CPU", "FAILED to come up", byKernel, processor, "a processor did not come up", "Timeout: CPU1 FAILED to come up !!!"},
	{"CPU", "Not responding", byKernel, processor, "a processor did not come up", "CPU1: Not responding."},
	{"failed starting cpu ", "", byKernel, processor, "a processor did not come up", "smp: failed starting cpu 2 (rc -2)"},
	{"no cpu_on method", "", byKernel, processor, "a processor did not come up", "psci: no cpu_on method, not booting CPU1"},
	{"timeout waiting for cpu ", "to start", byKernel, processor, "a processor did not come up", "timeout waiting for cpu 1 to start"},
	{"Timeout while ", " status", byKernel, processor, "a processor did not come up", "Timeout while waiting for CPU1 status"},
	{"Couldn't wake up CPU", "", byKernel, processor, "a processor did not come up", "Couldn't wake up CPU1"},
	{"Could not start the secondary CPU", "", byKernel, processor, "a processor did not come up", "Could not start the secondary CPU: -22"},
	{"unable to boot CPU", "", byKernel, processor, "a processor did not come up", "unable to boot CPU: -22"},
	{"CPU", " is stuck!!", byKernel, processor, "a processor did not come up", "CPU2 is stuck!!"},

	// Stages. Before the initcalls come the secondary processors and
	// driver_init(); what prints first among the core initcalls differs.
	{"Uncompressing Linux", "", byLoader, decompressing, "", "Uncompressing Linux... done, booting the kernel."},
	{"Decompressing Linux", "", byLoader, decompressing, "", "Decompressing Linux... Parsing ELF... done."},
	{"early console in ", "", byLoader, decompressing, "", "early console in extract_kernel"},
	{"EFI stub: ", "", byLoader, decompressing, "", "EFI stub: Booting Linux Kernel..."},
	{"zImage starting: loaded at", "", byLoader, decompressing, "", "zImage starting: loaded at 0x00400000 (sp: 0x01fdfeb0)"},
	{"Booting the kernel", "", byLoader, decompressing, "", "Booting the kernel."},
	{"devtmpfs: initialized", "", byKernel, initcalls, "", "devtmpfs: initialized"},
	{"futex hash table entries", "", byKernel, initcalls, "", "futex hash table entries: 512 (order: 3, 32768 bytes, linear)"},
	{"pinctrl core: initialized", "", byKernel, initcalls, "", "pinctrl core: initialized pinctrl subsystem"},
	{"NET: Registered ", "", byKernel, initcalls, "", "NET: Registered PF_NETLINK/PF_ROUTE protocol family"},
	{"regulator-dummy: no parameters", "", byKernel, initcalls, "", "regulator-dummy: no parameters"},
	{"cpuidle: using governor", "", byKernel, initcalls, "", "cpuidle: using governor menu"},
}

// signIndex holds the rows by the first byte of their prefix.
var signIndex = func() (x [256][]*sign) {
	for i := range signs {
		s := &signs[i]
		x[s.prefix[0]] = append(x[s.prefix[0]], s)
	}
	return x
}()

// maxNames is how many names in front of a message are looked behind.
const maxNames = 4

// signOf looks a record up: the whole text first, then what stands behind the
// names in front of it ("reboot: ", "watchdog: watchdog0: ").
func signOf(text string, by speaker) *sign {
	for range maxNames {
		text = strings.TrimLeft(text, " ")
		if s := beginning(text, by); s != nil {
			return s
		}
		i := strings.Index(text, ": ")
		if i < 0 {
			break
		}
		text = text[i+2:]
	}
	return nil
}

// beginning is the first row that a text begins as.
func beginning(text string, by speaker) *sign {
	if text == "" {
		return nil
	}
	for _, s := range signIndex[text[0]] {
		if s.by&by != 0 && strings.HasPrefix(text, s.prefix) && (s.also == "" || strings.Contains(text, s.also)) {
			return s
		}
	}
	return nil
}

// speakers are those who may have written a record.
func speakers(rec *klog.Record) speaker {
	switch rec.Origin {
	case klog.OriginKernel:
		return byKernel
	case klog.OriginUserSpace:
		return byUser
	case klog.OriginBootLoader, klog.OriginFirmware:
		return byLoader
	case klog.OriginUnknown:
		switch rec.Phase {
		case klog.PhaseKernel:
			return byKernel | byUser
		case klog.PhaseUserSpace:
			return byKernel | byUser
		default:
			return byLoader
		}
	}
	return 0
}

// watchdogWords are how firmware spells a watchdog that reset the machine.
var watchdogWords = []string{"watchdog", "wdog", "wdt", "wdg"}

// byWatchdog reports whether a record about the cause of a reset names a
// watchdog.
func byWatchdog(text string) bool {
	text = strings.ToLower(text)
	for _, w := range watchdogWords {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}
