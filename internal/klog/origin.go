package klog

import "strings"

// This file tells kernel and user space apart by what they write, where the
// capture's format does not.

// writtenByUserSpace reports whether a record that came through the kernel's
// log was written there by user space, through /dev/kmsg: it starts with the
// tag of a program. Before user space is known to run, only the programs that
// run first count: "IOAPIC[0]: " has the same form.
func writtenByUserSpace(text string, phase Phase) bool {
	n := 0
	for n < len(text) && n < 64 {
		if b := text[n]; !isLetter(b) && !isDigit(b) && b != '-' && b != '_' && b != '.' && b != '/' && b != '@' && b != '(' && b != ')' {
			break
		}
		n++
	}
	if n == 0 || n+1 >= len(text) {
		return false
	}
	name := text[:n]
	switch text[n] {
	case ':':
		return text[n+1] == ' ' && kmsgPrograms[name] && !strings.HasSuffix(text, " suppressed due to ratelimiting") // the kernel says so of a program
	case '[':
		i := n + 1
		for i < len(text) && isDigit(text[i]) {
			i++
		}
		if i == n+1 || i+1 >= len(text) || text[i] != ']' || text[i+1] != ':' {
			return false
		}
		// printk names a process in the same way when it reports on one.
		rest := text[i+2:]
		for _, s := range reportsOnProcess {
			if strings.HasPrefix(rest, s) {
				return false
			}
		}
		if phase == PhaseKernel || i-n-1 < 2 {
			return kmsgPrograms[name] || strings.HasPrefix(name, "systemd-") || strings.HasPrefix(name, "dracut-")
		}
		return true
	}
	return false
}

// kmsgPrograms write to /dev/kmsg from early on, some without a pid in their
// tag.
var kmsgPrograms = map[string]bool{
	"systemd": true, "systemd-journald": true, "systemd-udevd": true, "systemd-fstab-generator": true,
	"udevd": true, "dracut": true, "dracut-cmdline": true, "dracut-pre-udev": true, "dracut-initqueue": true,
	"modprobe": true, "kmod": true, "(udev-worker)": true, "init": true, "ueventd": true, "healthd": true, "vold": true, "logd": true, "procd": true, "plymouthd": true,
	"cloud-init": true, "mount.nfs": true, "kexec": true,
}

// reportsOnProcess is how the kernel's own messages go on behind "name[pid]:".
var reportsOnProcess = []string{
	" segfault at", " unhandled", " bad frame", " bad register", " undefined instruction", " syscall", " code: ",
	" possible hazard", " vsyscall", " trap", " illegal", " bus error", " User ", " loading ", " killed",
}

// shellShapes are how lines of an init, a login prompt or a shell start.
var shellShapes = []string{
	"[  OK  ] ", "[FAILED] ", "[DEPEND] ", "[ TIME ] ", "[ SKIP ] ", "[ INFO ] ", "[ WARN ] ", "[ ok ] ", "[....] ",
	"         Starting ", "         Stopping ", "         Mounting ", "         Unmounting ", "         Activating ",
	"INIT: ", "init started: BusyBox", "/ # ", "~ # ", "# ", "$ ", "root@", "Welcome to ", "/bin/sh: ", "bash: ", "-sh: ", "sh: ",
	"Begin: ", "done.", "Starting ", "Stopping ", "login: ", "Password: ", "Last login: ", "Debian GNU/Linux", "mount: ",
	"udhcpc: ", "udhcpc (", "fsck", "executing program", "(initramfs) ",
}

// looksLikeShell reports whether a line without a kernel prefix reads like
// the output of user space on the console.
func looksLikeShell(text string) bool {
	for _, s := range shellShapes {
		if strings.HasPrefix(text, s) {
			return true
		}
	}
	return strings.HasSuffix(text, " login: ")
}

// kernelPhrases start lines that only a kernel prints, and that matter: where
// no time stamp says so, they say that a kernel runs.
var kernelPhrases = []string{
	"Linux version ", "Booting Linux on physical CPU", "Kernel command line: ", "Kernel panic - not syncing",
	"------------[ cut here ]------------", "---[ end ", "Unable to handle kernel ", "Unhandled fault: ",
	"BUG: ", "kernel BUG at ", "WARNING: CPU: ", "Oops: ", "Oops[", "Internal error: ", "general protection fault",
	"Call Trace:", "Call trace:", "Modules linked in:", "Hardware name: ", "INFO: task ", "INFO: rcu", "rcu: INFO: ",
	"watchdog: BUG: ", "Rebooting in ", "** ", "Sending NMI from CPU", "NMI backtrace for cpu ", "Code: ",
	"RIP: 0010:", "SysRq : ", "sysrq: ", "reboot: ", "Restarting system.", "Freeing unused kernel", "Freeing init memory",
	"Calibrating delay loop", "Dentry cache hash table entries:", "PID hash table entries:", "Memory: ", "Built 1 zonelists",
}

var kernelPhraseIndex = func() (x [256][]string) {
	for _, p := range kernelPhrases {
		x[p[0]] = append(x[p[0]], p)
	}
	return x
}()

// LooksLikeKernel reports whether a line that carries no sign of its origin
// starts like a message that only a kernel prints. It knows few messages: a
// no means nothing.
func LooksLikeKernel(text string) bool {
	if text == "" {
		return false
	}
	for _, p := range kernelPhraseIndex[text[0]] {
		if strings.HasPrefix(text, p) {
			return p != "** " || isPrintkNotice(text)
		}
	}
	return false
}
