package bootlog

import "dekho/internal/finding"

// system is what concerns the system as a whole: processors, init, the root
// file system, memory, modules, time and the log itself.
var system = []*Entry{
	{
		// arch/*/kernel/smp.c, arch/{x86,riscv}/kernel/smpboot.c, arch/arm64/kernel/psci.c,
		// arch/arm/mach-*/platsmp.c, kernel/cpu.c
		ID: "cpu-not-online", Severity: finding.Broken, Stage: StageSupply, Whole: true, Title: "CPU {name} does not come up",
		Meaning: "the processor was started and did not answer: the kernel goes on without it, if it can",
		Next: []finding.Step{
			{Why: "how it is started stands in the device tree (enable-method of the cpu node) or with the firmware (PSCI)"},
			{Why: "after a kexec: the processor was not parked where the new kernel starts it from"},
		},
		Rules: []Rule{
			{"failed to come online", `cpu ?(?P<name>\d+)`},
			{"failed to boot", `cpu ?(?P<name>\d+):? failed to boot(?:: (?P<errno>-\d+))?`},
			{"failed to boot cpu", `failed to boot cpu ?(?P<name>\d+)(?: \((?P<errno>-\d+)\))?`},
			{"failed to start", `^(?:\w+: )?(?:cpu ?|processor )(?P<name>\d+):? failed to start`},
			{"failed in unknown state", `cpu ?(?P<name>\d+)`},
			{"died during early boot", `cpu ?(?P<name>\d+)`},
			{"is stuck in kernel", `cpu ?(?P<name>\d+)`},
			{"failed to report alive state", `cpu ?(?P<name>\d+)`},
			{"do_boot_cpu failed", `cpu ?#?(?P<name>\d+)`},
			{"bringup failed with", `cpu ?(?P<name>\d+) bringup failed with (?P<errno>-\d+)`},
			{"error taking cpu", `error taking cpu(?P<name>\d+) up: (?P<errno>-\d+)`},
			{"failed to come up !", `cpu ?(?P<name>\d+)`},
			{"not responding", `(?:cpu|processor) ?#?(?P<name>\d+):? (?:is )?not responding`},
			{"is stuck", `(?:processor |cpu[: ]*)(?P<name>\d+) is stuck`},
			{"stuck ??", `cpu ?#?(?P<name>\d+)`},
		},
	},
	{
		// arch/x86/kernel/smpboot.c, arch/x86/kernel/apic/apic.c
		ID: "cpus-left-out", Severity: finding.Note, Stage: StageAny, Title: "processors are left out[, number {name} first]",
		Meaning: "the kernel was told, or built, to use fewer processors than there are (nosmp, maxcpus=, nr_cpus=, CONFIG_NR_CPUS)",
		Rules: []Rule{
			{"exceeds max_cpus limit", ``},
			{"smp mode deactivated", ``},
			{"smp disabled", ``},
			{"possible_cpus limit of", `processor (?P<name>\d+)\S* ignored`},
		},
		PerBoot: true,
	},
	{
		// init/main.c, kernel/exit.c
		ID: "init-died", Severity: finding.Fatal, Stage: StageSystem, Title: "init died[ ({name})]",
		Meaning: "the first program ended or crashed, and the kernel cannot go on without it",
		Next: []finding.Step{
			{Why: "the exit code is that of wait(2): its low seven bits are a signal (0x0b is SIGSEGV), the byte above them an exit status (0x0200 is exit(2))"},
			{Why: "init=/bin/sh on the command line shows whether the root file system and its libraries work"},
		},
		Rules:   []Rule{{"attempted to kill init", `attempted to kill init! (?P<name>exitcode=\S+)?`}},
		Reports: []string{"kernel panic: Attempted to kill init"},
	},
	{
		// init/main.c, kernel_init
		ID: "init-not-found", Severity: finding.Fatal, Stage: StageSystem, Title: "no init[: {name}]",
		Meaning: "the root file system is there, and has no program that can be started as the first",
		Next: []finding.Step{
			{Why: "-2 is a file (or the loader that its header names) that is missing, -8 one for another processor, -13 one without the right to be run"},
		},
		Rules: []Rule{
			{"no working init found", ``},
			{"requested init", `requested init (?P<name>\S+) failed \(error (?P<errno>-?\d+)\)`},
			{"failed to execute", `^failed to execute (?P<name>/\S+) \(error (?P<errno>-?\d+)\)`},
			{"starting init:", `starting init: (?P<name>\S+) exists but couldn't execute it \(error (?P<errno>-?\d+)\)`},
		},
		Reports:   []string{"kernel panic: No working init found", "kernel panic: Requested init", "kernel panic: No init found"},
		EarlyOnly: true,
	},
	rootNotFound,
	{
		// drivers of user space's own: systemd, initramfs-tools, dracut
		ID: "emergency-shell", Severity: finding.Fatal, Stage: StageSystem, Title: "user space gave up and waits in a shell[: {name}]",
		Meaning: "what was to be mounted or started did not come, and the system is not up: the kernel did its part, or a driver below did not",
		Next:    []finding.Step{{Why: "journalctl -xb in that shell; look for the disk or file system among the findings above"}},
		Rules: []Rule{
			{"gave up waiting for", ``},
			{"dropping to a shell", `alert! +(?P<name>\S+) does not exist`},
			{"you are in emergency mode", ``},
			{"entering emergency mode", ``},
			{"entering rescue mode", ``},
			{"give root password for maintenance", ``},
			{"freezing execution", ``},
			{"cannot open access to console, the root account is locked", ``},
		},
		PerBoot: true, user: true,
	},
	{
		ID: "unit-failed", Severity: finding.Note, Stage: StageAny, Title: "services of user space failed[: {name}]",
		Meaning: "programs, not the kernel: they may have failed for want of a device",
		Rules: []Rule{
			{"failed to start", `^(?:\[failed\] |systemd\[1\]: )?failed to start (?P<name>[^.]+(?:\.service)?)`},
			{"timed out waiting for device", `timed out waiting for device (?P<name>\S+)`},
			{"dependency failed for", `dependency failed for (?P<name>[^.]+)`},
			{"main process exited, code=", `systemd\[1\]: (?P<name>\S+): main process exited`},
		},
		PerBoot: true, user: true,
	},
	{
		// init/initramfs.c
		ID: "initramfs-damaged", Severity: finding.Broken, Stage: StageSupply, Whole: true, Title: "the initramfs cannot be unpacked[: {name}]",
		Meaning: "it is cut off, overwritten, or compressed in a way that this kernel was not built for (CONFIG_RD_*)",
		Next:    []finding.Step{{Why: "its address and size as the boot loader gives them: it must not overlap the kernel as unpacked, and be loaded whole"}},
		Rules: []Rule{
			{"initramfs unpacking failed", `initramfs unpacking failed: (?P<name>.+)`},
			{"not configured", `(?P<name>compression method \w+ not configured)`},
			{"disabling initrd", ``},
			{"incomplete write", `^/?initrd`},
			{"ramdisk: ", `ramdisk: (?P<name>couldn't find valid ram ?disk image|image too big|error while reading|eof while reading)`},
		},
	},
	{
		// net/ipv4/ipconfig.c, net/sunrpc, fs/nfs
		ID: "network-boot", Severity: finding.Broken, Stage: StageProbe, Whole: true, Title: "the network for the root file system is not there[: {name}]",
		Meaning: "no interface, no link, no address, or no answer of the server",
		Next:    []finding.Step{{Why: "whether the interface's driver is built in and its PHY was found; then ip=, nfsroot= and the server's export"}},
		Rules: []Rule{
			{"ip-config: ", `ip-config: (?P<name>auto-configuration of network failed|no network devices available|retrying forever|reopening network|device [^ ]+ not found|incomplete network configuration|failed to open \S+)`},
			{"dhcp/bootp: no suitable device", ``},
			{"root-nfs:", `root-nfs: (?P<name>no nfs server|.*failed.*|unable.*|server returned error.*)`},
			{"root fs via nfs", `unable to mount (?P<name>root fs via nfs)`},
		},
		PerBoot: true,
	},
	{
		// net/sunrpc/clnt.c
		ID: "nfs-server", Severity: finding.Degraded, Stage: StageUse, Whole: true, Title: "the NFS server[ {name}] does not answer",
		Meaning: "what reads from it waits until it does: the server, the network, or an interface that sends nothing any more",
		Rules:   []Rule{{"not responding, ", `server (?P<name>\S+) not responding, (?:still trying|timed out)`}},
	},
	{
		// mm/oom_kill.c, mm/page_alloc.c, mm/cma.c
		ID: "out-of-memory", Severity: finding.Broken, Stage: StageUse, Title: "out of memory[: {name} was killed]",
		Meaning: "no memory could be had, and a program was killed for it",
		Next:    []finding.Step{{Why: "the Mem-Info block above it says who has the memory; a small zone (DMA, CMA) may be full while others are not"}},
		Rules: []Rule{
			{"killed process", `(?:out of memory|oom).*killed process \d+ \((?P<name>[^)]*)\)|^killed process \d+ \((?P<name>[^)]*)\)`},
			{"invoked oom-killer", ``},
			{"out of memory and no killable", ``},
		},
		Reports: []string{"kernel panic: Out of memory", "kernel panic: System is deadlocked on memory"},
		PerBoot: true,
	},
	{
		// mm/page_alloc.c, mm/vmalloc.c, mm/cma.c, drivers/of/of_reserved_mem.c
		ID: "allocation-failed", Severity: finding.Degraded, Stage: StageUse, Title: "memory could not be had[ by {name}]",
		Meaning: "a request for memory, often a large contiguous piece, was refused: who asked for it fails",
		Next:    []finding.Step{{Why: "cma= on the command line or the reserved-memory node, if it is contiguous memory; the order in the message says how much was asked for"}},
		Rules: []Rule{
			{"page allocation failure", `^(?P<name>[^:]+): page allocation failure`},
			{"vmalloc error", `^(?P<name>[^:]+): vmalloc error`},
			{"alloc failed, req-size", ``},
			{"cma: failed to reserve", ``},
			{"failed to allocate memory for node", `node '?(?P<name>[\w@-]+)`},
			{"failed to reserve memory for node", `node '?(?P<name>[\w@-]+)`},
		},
	},
	{
		// arch/*/mm/fault.c, arch/*/kernel/traps.c, kernel/signal.c
		ID: "program-crashed", Severity: finding.Degraded, Stage: StageAny, Title: "a program crashed[: {name}]",
		Meaning: "the kernel sent it a signal for what it did: a bug of the program, a damaged file, or memory that changes by itself if many crash",
		Rules: []Rule{
			{"segfault", `(?P<name>\S+)\[\d+\]: segfault`},
			{"unhandled ", `(?P<name>\S+)\[\d+\]: unhandled (?:exception|level \d|signal)`},
			{"unhandled signal", `^(?P<name>\S+)\[\d+\]`},
			{"traps: ", `traps: (?P<name>\S+)\[\d+\] (?:trap |general protection)`},
			{"potentially unexpected fatal signal", `fatal signal (?P<name>\d+)`},
			{"unhandled page fault", `(?P<name>\S+): unhandled page fault`},
		},
	},
	{
		// kernel/module/main.c, version.c
		ID: "module-mismatch", Severity: finding.Broken, Stage: StageProbe, Title: "module[ {name}] is not of this kernel",
		Meaning: "the module was built for another kernel or with other options: it is not loaded, and its devices stay without a driver",
		Next:    []finding.Step{{Command: "[modinfo {name}]", Why: "its vermagic against uname -r"}},
		Rules: []Rule{
			{"version magic", `^(?P<name>\S+): version magic`},
			{"disagrees about version of symbol", `^(?P<name>\S+): disagrees`},
			{"unknown symbol", `^(?P<name>\S+): unknown symbol \S+(?: \(err (?P<errno>-?\d+)\))?`},
			{"no symbol version for", `^(?P<name>\S+): no symbol version`},
			{"invalid module format", `(?P<name>\w+)\.ko|`},
			{"exec format error", `(?P<name>\w+)\.ko`},
			{".gnu.linkonce.this_module section size", `^(?P<name>\S+):`},
			{"relocation out of range", `^(?:module )?(?P<name>[\w-]+): `},
			{"unknown relocation", `^(?:module )?(?P<name>[\w-]+): `},
			{"failed to load kernel modules", ``},
		},
	},
	{
		// kernel/module/main.c, signing.c
		ID: "module-signature", Severity: finding.Note, Stage: StageAny, Title: "module[ {name}] without a good signature",
		Meaning: "a module is not signed, or by nobody that the kernel knows: it taints the kernel, or is refused where signatures are demanded",
		Rules: []Rule{
			{"module verification failed", `^(?P<name>\S+): module verification`},
			{"loading of unsigned module is rejected", ``},
			{"loading of module with unavailable key is rejected", ``},
			{"loading of module with unsupported crypto is rejected", ``},
			{"module is not signed with expected pkcs#7", ``},
			{"key was rejected by service", ``},
			{"problem loading x.509 certificate", `certificate (?P<errno>-\d+)`},
		},
	},
	timeBackwards,
	{
		// kernel/printk/printk.c
		ID: recordsLost, Severity: finding.Note, Stage: StageAny, Title: "records are missing from the log",
		Meaning: "the console or the reader was too slow, and printk dropped records: what is looked for may be among them",
		Next:    []finding.Step{{Why: "log_buf_len=4M on the command line, a faster console, or less on it (loglevel=)"}},
		Rules: []Rule{
			{"messages dropped", `\d+ (?:printk )?messages dropped`},
			{"kernel messages, ", `missed \d+ kernel messages`},
			{"/dev/kmsg buffer overrun", ``},
		},
		PerBoot: true,
	},
	{
		// drivers/of
		ID: "device-tree", Severity: finding.Degraded, Stage: StageSupply, Whole: true, Title: "the device tree is not as the kernel expects[: {name}]",
		Meaning: "a reference leads nowhere or a property is missing: the device that the node describes will not work, or not fully",
		Rules: []Rule{
			{"could not get #", `(?P<name>/\S+): could not get #`},
			{"could not find phandle", `(?:^|: )(?P<name>/?\S+): could not find phandle`},
			{"invalid device tree blob", ``},
			{"duplicate name in", ``},
		},
	},
	{
		// drivers/acpi/acpica, include/linux/printk.h (FW_BUG)
		ID: "firmware-bug", Severity: finding.Note, Stage: StageAny, Title: "the firmware's tables are not right[: {name}]",
		Meaning: "what firmware tells of the machine contradicts itself or the hardware: the kernel works around it, or leaves something out",
		Rules: []Rule{
			{"acpi bios error", `acpi bios error[^:]*: (?P<name>.*)`},
			{"acpi error:", `acpi error: (?P<name>.*)`},
			{"[firmware bug]:", `\[firmware bug\]: (?P<name>.*)`},
		},
		PerBoot: true,
	},
	askedFor,
	serialCorruption,
}

// askedFor is drivers/misc/lkdtm, drivers/tty/sysrq.c, lib/fault-inject.c.
var askedFor = &Entry{
	ID: "asked-for", Severity: finding.Note, Stage: StageAny, Title: "a failure was asked for[: {name}]",
	Meaning: "a test or a person made the kernel fail: what follows is no bug by itself",
	Rules: []Rule{
		{"lkdtm: performing direct entry", `direct entry (?P<name>\w+)`},
		{"trigger a crash", `(?P<name>sysrq)`},
		{"forcing a failure", `(?P<name>fault_injection)`},
	},
}

// reports are the crash reports. What their titles begin with is said by
// internal/crash.
var reports = []*Entry{
	{
		ID: "oops", Severity: finding.Fatal, Stage: StageSystem, Meaning: "the kernel used memory that is not there, or ran what is no code: what ran was ended, and what it held stays held",
		Reports: []string{
			"BUG: unable to handle", "BUG: kernel NULL pointer", "Unable to handle", "unable to handle", "general protection fault", "Internal error", "PANIC: double fault",
			"kernel paging request", "BUG: stack guard page", "divide error", "invalid opcode", "Alignment trap", "kernel stack overflow", "Unhandled fault", "stack segment fault",
			"BUG: bad usercopy", "kernel panic: stack is corrupted", "kernel panic: corrupted stack end",
		},
	},
	{
		ID: "kernel-bug", Severity: finding.Fatal, Stage: StageSystem, Meaning: "the kernel found itself in a state that it holds to be impossible, and ended what ran",
		Reports: []string{"kernel BUG", "BUG: corrupted list"},
	},
	{
		ID: "kasan", Severity: finding.Broken, Stage: StageSystem, Meaning: "memory was used that was freed, or beside what was allocated: what follows may be its consequence",
		Reports: []string{"KASAN: ", "KFENCE: ", "KMSAN: ", "BUG: KASAN", "BUG: KFENCE", "WARNING: bad usercopy"},
	},
	{
		// mm/page_alloc.c, mm/slub.c, mm/memory.c, lib/list_debug.c
		ID: "memory-corruption", Severity: finding.Broken, Stage: StageSystem, Meaning: "the kernel's own book-keeping of memory is wrong: somebody wrote where it must not, or the memory itself is bad",
		Next: []finding.Step{{Why: "boot with slub_debug=FZPU or KASAN to find who wrote; memtest= if it is another place each time"}},
		Reports: []string{
			"BUG: Bad page", "BUG: Bad rss-counter", "BUG: non-zero", "BUG: Object already free", "BUG: Dentry still in use", "VFS: ", "INFO: Allocated in", "INFO: Freed in",
			"WARNING: refcount bug", "WARNING: ODEBUG bug", "WARNING: kobject bug", "WARNING: held lock freed",
		},
	},
	{
		ID: "ubsan", Severity: finding.Degraded, Stage: StageSystem, Meaning: "the code does what C leaves undefined",
		Reports: []string{"UBSAN: "},
	},
	{
		ID: "data-race", Severity: finding.Degraded, Stage: StageSystem, Meaning: "two threads used the same memory at once, without a lock",
		Reports: []string{"KCSAN: "},
	},
	{
		ID: "lockdep", Severity: finding.Degraded, Stage: StageSystem, Meaning: "locks are taken, kept or used in a way in which they can deadlock: not that they did",
		Reports: []string{
			"possible deadlock", "inconsistent lock state", "WARNING: possible circular", "WARNING: lock held", "BUG: lock held", "WARNING: suspicious RCU", "INFO: suspicious RCU", "suspicious RCU usage",
			"WARNING: nested lock", "WARNING: locking bug", "BUG: held lock", "INFO: trying to register non-static key", "WARNING: bad unlock", "BUG: bad unlock",
			"BUG: sleeping function called", "BUG: scheduling while atomic", "BUG: still has locks held", "WARNING: still has locks held", "BUG: workqueue leaked", "BUG: using",
			"BUG: spinlock bad magic", "BUG: rwlock bad magic", "WARNING: possible irq lock inversion",
		},
	},
	{
		ID: "memory-leak", Severity: finding.Note, Stage: StageSystem, Meaning: "memory that nothing points to any more was not freed",
		Reports: []string{"memory leak"},
	},
	{
		// kernel/rcu/tree_stall.h, kernel/watchdog.c, kernel/hung_task.c
		ID: "stall", Severity: finding.Broken, Stage: StageSystem, Meaning: "a processor or a task does not go on: the trace shows where it stood, which need not be where it began",
		Next: []finding.Step{{Why: "look for what holds the lock or the bus it waits for; a register of a block without its clock hangs the processor that reads it"}},
		Reports: []string{
			"INFO: rcu", "INFO: task hung", "INFO: task can't die", "BUG: soft lockup", "BUG: spinlock", "BUG: workqueue lockup", "NMI watchdog", "Watchdog detected hard LOCKUP",
			"WARNING: spinlock", "BUG: rwlock", "kernel panic: hung_task", "kernel panic: softlockup", "kernel panic: Hard LOCKUP", "kernel panic: hung", "kernel panic: RCU Stall",
			"unregister_netdevice: waiting",
		},
	},
	{
		ID: "warning", Severity: finding.Degraded, Stage: StageSystem, Meaning: "the kernel found something that should not be, and went on",
		Reports: []string{"WARNING in", "WARNING: "},
	},
}

// recordsLost is the ID of the entry for records that are missing.
const recordsLost = "records-lost"

var (
	rootNotFound = &Entry{
		// init/do_mounts.c
		ID: "root-not-found", Severity: finding.Fatal, Stage: StageSystem, Title: "the root file system is not mounted[: {name}][, {device}]",
		Meaning: "the device that root= names is not there, its driver is not built in or failed, or it holds no file system that the kernel knows",
		Next: []finding.Step{
			{Why: "the list of partitions that the kernel prints before the panic is all it has: an empty one means that no disk driver came up"},
			{Why: "look among the findings for the controller of the disk; rootwait on the command line helps if it only comes late"},
		},
		Rules: []Rule{
			{"cannot open root device", `cannot open root device "?(?P<name>[^" ]*)"? or (?P<device>unknown-block\([^)]*\)|[^:]+)(?:: error (?P<errno>-?\d+))?`},
			{"unable to mount root fs", `unable to mount root fs on (?:"(?P<name>[^"]+)" or )?(?P<device>\S+?)\.?$`},
			{"please append a correct \"root=\"", ``},
			{"no filesystem could mount root", ``},
			{"waiting for root device", `waiting for root device (?P<name>\S+?)\.\.\.`},
			{"disabling rootwait; root= is invalid", ``},
		},
		Reports:   []string{"kernel panic: VFS: Unable to mount root fs"},
		EarlyOnly: true,
	}
	timeBackwards = &Entry{
		ID: "time-backwards", Severity: finding.Note, Stage: StageAny, Whole: true, Title: "time goes backwards[: from {name}]",
		Meaning: "the time stamps of one boot fall back: another clock was taken, or records of another boot stand here",
		PerBoot: true,
	}
	serialCorruption = &Entry{
		ID: "serial-corruption", Severity: finding.Note, Stage: StageAny, Title: "parts of the capture are no text",
		Meaning: "wrong baud rate, a bad line, or a console that was switched over: what stood there is lost",
		PerBoot: true,
	}
)
