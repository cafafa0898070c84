package bootlog

import (
	"slices"
	"sync"

	"dekho/internal/finding"
)

// This file and knowledge_*.go are the table of what is known. The texts are
// facts of the kernel files named beside them; the meanings and steps are ours.
// The order is that of precedence: the first rule that fits a record decides.

// Knowledge is the table, in the order of precedence.
var Knowledge = sync.OnceValue(func() []*Entry {
	return slices.Concat(harmless, system, storage, hardware, supplies, probes, reports, ends)
})

// harmless are messages that read like failures and are none.
var harmless = []*Entry{
	// drivers/regulator/core.c: no supply is described, which is how boards say
	// that it is always on.
	{ID: "dummy-regulator", harmless: true, Rules: []Rule{{"using dummy regulator", ``}}},
	// fs/ext4/super.c: the kernel tries a driver after the other.
	{ID: "tried-file-system", harmless: true, Rules: []Rule{{"due to feature incompatibilities", `couldn't mount as ext[23]`}}},
	// sound/core/init.c and others: there is none, and none is missing.
	{ID: "no-such-hardware", harmless: true, Rules: []Rule{
		{"no soundcards found", ``},
		{"no controller found", `i8042|ps/2`},
		{"no ps/2 controller found", ``},
		{"no legacy irq", ``},
		{"dev fd0", `i/o error`}, // the drive of which a virtual machine has only the controller
		{"no irqs for pmu", ``},
	}},
	// Debian's drivers/base/firmware_loader/main.c
	{ID: "firmware-hint", harmless: true, Rules: []Rule{{"information about missing firmware", ``}}},
	// The command line and the list of what may be passed to init name what they
	// like.
	{ID: "command-line", harmless: true, Rules: []Rule{{"command line: ", `^(?:\w+: )?kernel command line: |^command line: `}, {"unknown kernel command line parameters", ``}}},
}

// Entries that the code refers to.
var (
	// lib/dump_stack.c and many others: a report of a kind that has no entry.
	otherCrash = &Entry{
		ID: "kernel-report", Severity: finding.Degraded, Stage: StageSystem,
		Meaning: "the kernel reports that something is wrong with itself",
	}
	hung = &Entry{
		ID: "hung", Severity: finding.Fatal, Stage: StageSystem, Whole: true, Title: "the machine hung[ after \"{name}\"]",
		Meaning: "nothing more was printed, and the end of the boot had not been reached",
		Next: []finding.Step{
			{Why: "boot with initcall_debug and ignore_loglevel: the last \"calling\" without its \"returned\" names the initcall that hangs"},
		},
	}
	// kernel/kexec_core.c, arch/*/kernel/machine_kexec.c
	kexecHung = &Entry{
		ID: "kexec-hung", Severity: finding.Fatal, Stage: StageSystem, Whole: true, Title: "the kernel that kexec started never spoke",
		Meaning: "the old kernel was left; the new one hung before its first message, or in code in front of it, or speaks to another console",
		Next: []finding.Step{
			{Why: "earlycon (or earlyprintk) on the command line of the new kernel shows whether it runs at all"},
			{Why: "devices that go on with DMA or interrupts, and processors that were not parked, disturb the new kernel: see what failed before, and their shutdown methods"},
		},
	}
	noKernel = &Entry{
		ID: "no-kernel", Severity: finding.Fatal, Stage: StageSystem, Whole: true, Title: "the boot loader stops before a kernel",
		Meaning: "firmware and boot loader are all that speaks: no kernel was started, or none that prints to this console",
		Next: []finding.Step{
			{Why: "look at the last lines: what was to be loaded, from where"},
			{Why: "if the boot loader says that it starts a kernel: earlycon on the command line shows whether the kernel runs"},
		},
	}
	watchdogReset = &Entry{
		ID: "watchdog-reset", Severity: finding.Fatal, Stage: StageSystem, Whole: true, Title: "a watchdog reset the machine",
		Meaning: "nobody fed the watchdog in time: what feeds it hung, or never started",
	}
	resetUnexplained = &Entry{
		ID: "reset", Severity: finding.Fatal, Stage: StageSystem, Whole: true, Title: "the machine was reset without a word[ after \"{name}\"]",
		Meaning: "firmware starts over where the kernel had not said that it ends: power, a hardware watchdog, or somebody's hand",
		Next:    []finding.Step{{Why: "look at the reset cause that the firmware prints, and at the supply"}},
	}
	panicked = &Entry{
		ID: "panic", Severity: finding.Fatal, Stage: StageSystem, Title: "the kernel panicked", Meaning: "the kernel gave up",
		Reports: []string{"kernel panic: "},
	}
)

// bootEnds are the ways a boot can end that nobody wants.
var bootEnds = []*Entry{hung, kexecHung, noKernel, watchdogReset, resetUnexplained, panicked}

var ends = slices.Concat(bootEnds, []*Entry{otherCrash})
