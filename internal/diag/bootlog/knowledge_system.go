package bootlog

import "dekho/internal/finding"

// system is what concerns the system as a whole: processors, init, the root
// file system, memory, crash reports, modules, time and the log itself.
var system = []*Entry{
	{
		// arch/*/kernel/smp.c, arch/{x86,riscv}/kernel/smpboot.c, arch/arm64/kernel/psci.c,
		// arch/arm/mach-*/platsmp.c
		ID: "cpu-not-online", Severity: finding.Broken, Stage: StageSupply, Whole: true, Title: "CPU {name} does not come up",
		Meaning: "the processor was started and did not answer: the kernel goes on without it, if it can",
		Next: []finding.Step{
			{Why: "how it is started stands in the device tree (enable-method of the cpu node) or with the firmware (PSCI)"},
			{Why: "after a kexec: the processor was not parked where the new kernel starts it from"},
		},
		Rules: []Rule{
			{"failed to come online", `cpu ?(?P<name>\d+)`},
			{"failed to boot", `cpu ?(?P<name>\d+):? failed to boot`},
			{"failed to boot cpu", `failed to boot cpu ?(?P<name>\d+)`},
			{"failed to start", `(?:cpu ?|processor )(?P<name>\d+):? failed to start`},
			{"failed in unknown state", `cpu ?(?P<name>\d+)`},
			{"is stuck in kernel", `cpu ?(?P<name>\d+)`},
			{"do_boot_cpu failed", `cpu ?#?(?P<name>\d+)`},
			{"bringup failed with", `cpu ?(?P<name>\d+) bringup failed`},
			{"not responding", `(?:cpu|processor) ?#?(?P<name>\d+):? (?:is )?not responding`},
			{"stuck ??", `cpu ?#?(?P<name>\d+)`},
			{"processor", `processor (?P<name>\d+) (?:is stuck|found stuck|stuck)`},
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
			{"failed to execute", `failed to execute (?P<name>\S+) \(error (?P<errno>-?\d+)\)`},
			{"starting init:", `starting init: (?P<name>\S+) exists but couldn't execute it \(error (?P<errno>-?\d+)\)`},
		},
		Reports:   []string{"kernel panic: No working init found", "kernel panic: Requested init"},
		EarlyOnly: true,
	},
	rootNotFound,
	{
		// mm/oom_kill.c
		ID: "out-of-memory", Severity: finding.Broken, Stage: StageUse, Title: "out of memory[: {name} was killed]",
		Meaning: "no memory could be had, and a program was killed for it",
		Next:    []finding.Step{{Why: "the Mem-Info block above it says who has the memory; a small zone (DMA, CMA) may be full while others are not"}},
		Rules: []Rule{
			{"killed process", `killed process \d+ \((?P<name>[^)]*)\)`},
			{"invoked oom-killer", ``},
			{"out of memory and no killable", ``},
			{"page allocation failure", `^(?P<name>[^:]+): page allocation failure`},
		},
		Reports: []string{"kernel panic: Out of memory", "kernel panic: System is deadlocked on memory"},
		PerBoot: true,
	},
	{
		ID: "oops", Severity: finding.Fatal, Stage: StageSystem, Meaning: "the kernel used memory that is not there, or ran what is no code: what ran was ended, and what it held stays held",
		Reports: []string{
			"BUG: unable to handle", "BUG: kernel NULL pointer", "unable to handle", "general protection fault", "Internal error", "PANIC: double fault",
			"kernel paging request", "BUG: stack guard page", "divide error", "invalid opcode", "BUG: bad", "Alignment trap", "kernel stack overflow",
		},
	},
	{
		ID: "kernel-bug", Severity: finding.Fatal, Stage: StageSystem, Meaning: "the kernel found itself in a state that it holds to be impossible, and ended what ran",
		Reports: []string{"kernel BUG"},
	},
	{
		ID: "kasan", Severity: finding.Broken, Stage: StageSystem, Meaning: "memory was used that was freed, or beside what was allocated: what follows may be its consequence",
		Reports: []string{"KASAN: ", "KFENCE: ", "KMSAN: ", "BUG: KASAN", "BUG: KFENCE"},
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
		ID: "lockdep", Severity: finding.Degraded, Stage: StageSystem, Meaning: "locks are taken in an order or a context in which they can deadlock: not that they did",
		Reports: []string{
			"possible deadlock", "inconsistent lock state", "WARNING: possible circular", "WARNING: lock held", "WARNING: suspicious RCU", "suspicious RCU usage",
			"WARNING: held lock freed", "WARNING: nested lock", "WARNING: locking bug", "BUG: held lock", "INFO: trying to register non-static key", "WARNING: bad unlock",
			"BUG: sleeping function called",
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
			"WARNING: spinlock", "BUG: rwlock",
		},
	},
	{
		ID: "warning", Severity: finding.Degraded, Stage: StageSystem, Meaning: "the kernel found something that should not be, and went on",
		Reports: []string{"WARNING in", "WARNING: "},
	},
	{
		// kernel/module/main.c, version.c
		ID: "module-mismatch", Severity: finding.Broken, Stage: StageProbe, Title: "module[ {name}] is not of this kernel",
		Meaning: "the module was built for another kernel or with other options: it is not loaded, and its devices stay without a driver",
		Next:    []finding.Step{{Command: "modinfo [{name}]", Why: "its vermagic against uname -r"}},
		Rules: []Rule{
			{"version magic", `^(?P<name>\S+): version magic`},
			{"disagrees about version of symbol", `^(?P<name>\S+): disagrees`},
			{"unknown symbol", `^(?P<name>\S+): unknown symbol \S+ \(err (?P<errno>-?\d+)\)`},
			{"no symbol version for", `^(?P<name>\S+): no symbol version`},
			{"disagrees about", `^(?P<name>\S+): .*module layout`},
			{"invalid module format", ``},
		},
	},
	{
		ID: "module-signature", Severity: finding.Note, Stage: StageAny, Title: "module[ {name}] without a good signature",
		Meaning: "a module is not signed, or by nobody that the kernel knows: it taints the kernel, or is refused where signatures are demanded",
		Rules: []Rule{
			{"module verification failed", `^(?P<name>\S+): module verification`},
			{"loading of unsigned module is rejected", ``},
			{"loading of module with unavailable key", ``},
			{"unsigned module", ``},
			{"module is not signed with expected pkcs#7", ``},
		},
	},
	timeBackwards,
	{
		// kernel/printk/printk.c, fs/proc/kmsg.c
		ID: recordsLost, Severity: finding.Note, Stage: StageAny, Title: "records are missing from the log",
		Meaning: "the console or the reader was too slow, and printk dropped records: what is looked for may be among them",
		Next:    []finding.Step{{Why: "log_buf_len=4M on the command line, a faster console, or less on it (loglevel=)"}},
		Rules: []Rule{
			{"messages dropped", `\d+ (?:printk )?messages dropped`},
			{"printk messages dropped", ``},
		},
		PerBoot: true,
	},
	serialCorruption,
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
			{"unable to mount root fs", `unable to mount root fs (?:on |via )(?:"(?P<name>[^"]+)" or )?(?P<device>\S+?)\.?$`},
			{"please append a correct \"root=\"", ``},
			{"waiting for root device", `waiting for root device (?P<name>\S+?)\.\.\.`},
			{"disabling rootwait; root= is invalid", ``},
		},
		Reports:   []string{"kernel panic: VFS: Unable to mount root fs"},
		EarlyOnly: true,
	}
	timeBackwards = &Entry{
		ID: "time-backwards", Severity: finding.Note, Stage: StageAny, Title: "time goes backwards[: from {name}]",
		Meaning: "the time stamps of one boot fall back: another clock was taken, or records of another boot stand here",
		PerBoot: true,
	}
	serialCorruption = &Entry{
		ID: "serial-corruption", Severity: finding.Note, Stage: StageAny, Title: "parts of the capture are no text",
		Meaning: "wrong baud rate, a bad line, or a console that was switched over: what stood there is lost",
		PerBoot: true,
	}
)
