package bootlog

import "dekho/internal/finding"

// hardware is what the hardware reports of itself.
var hardware = []*Entry{
	{
		// arch/x86/kernel/cpu/mce/core.c, drivers/edac, drivers/firmware/efi/cper.c, drivers/acpi/apei/ghes.c, drivers/pci/pcie/aer.c
		ID: "machine-check", Severity: finding.Broken, Stage: StageSupply, Whole: true, Title: "the hardware reports an error[: {name}]",
		Meaning: "processor, memory or a bus found that data is wrong: no software will mend it",
		Next:    []finding.Step{{Why: "rasdaemon or mcelog names the part; memory has its slot in the EDAC record"}},
		Rules: []Rule{
			{"machine check exception", `(?:cpu ?(?P<name>\d+: machine check exception: \S+ bank \d+))?`},
			{"machine check:", `(?:hardware error|mce)[^:]*: .*machine check: (?P<name>\S+ bank \d+)?`},
			{"mc bus error", ``},
			{"event severity:", `event severity: (?P<name>fatal|recoverable)`},
			{" ue ", `edac (?P<name>mc\d+): \d+ ue`},
			{"uncorrectable", `edac (?P<name>\w+).*uncorrectable`},
			{"pcie bus error", `(?P<name>[0-9a-f]+:[0-9a-f.:]+): pcie bus error: severity=uncorrect`},
			{"uncorrected hardware memory error", ``},
			{"memory failure:", `memory failure: (?P<name>0x\w+): .*(?:recovery action|hardware memory corruption|recovered|failed)`},
			{"uncorr_err", ``},
		},
		Reports: []string{
			"kernel panic: Fatal machine check", "kernel panic: Fatal hardware error", "kernel panic: Fatal local machine check", "kernel panic: Machine check",
			"kernel panic: Timeout: Not all CPUs entered broadcast", "kernel panic: MCE",
		},
	},
	{
		ID: "hardware-corrected", Severity: finding.Note, Stage: StageAny, Title: "the hardware corrected errors[: {name}]",
		Meaning: "nothing is lost yet; many of them announce a part that fails",
		Rules: []Rule{
			{" ce ", `edac (?P<name>mc\d+): \d+ ce`},
			{"pcie bus error", `severity=(?P<name>corrected)`},
			{"machine check events logged", ``},
			{"event severity: corrected", ``},
			{"corrected error, no action required", ``},
		},
		PerBoot: true,
	},
	externalAbort,
	{
		// drivers/iommu
		ID: "iommu-fault", Severity: finding.Broken, Stage: StageUse, Title: "a device was stopped by the IOMMU",
		Meaning: "the device read or wrote memory that nobody had given it: its driver programs a wrong address, or did not stop it in time",
		Rules: []Rule{
			{"unhandled context fault", ``},
			{"unexpected global fault", ``},
			{"io_page_fault", `io_page_fault (?:device=|domain=\S+ )?(?P<name>[0-9a-f:.]+)?`},
			{"[dma read", `request device \[(?P<device>[^\]]+)\]`},
			{"[dma write", `request device \[(?P<device>[^\]]+)\]`},
		},
	},
	{
		// kernel/irq/spurious.c
		ID: "irq-unhandled", Severity: finding.Broken, Stage: StageUse, Title: "nobody handles interrupt[ {name}]",
		Meaning: "an interrupt came again and again and no driver knew it: the kernel switched it off, and with it all devices on that line",
		Next:    []finding.Step{{Why: "the handlers listed below it, the trigger type in the device tree, and a device that interrupts without its driver"}},
		Rules:   []Rule{{"nobody cared", `irq (?P<name>\d+): nobody cared`}, {"disabling irq #", `disabling irq #(?P<name>\d+)`}},
	},
	{
		// drivers/thermal, drivers/thermal/intel/therm_throt.c, kernel/reboot.c
		ID: "too-hot", Severity: finding.Degraded, Stage: StageUse, Title: "too hot[: {name}]",
		Meaning: "a temperature limit was reached: the processor is slowed down, or the machine is about to be switched off",
		Next:    []finding.Step{{Why: "fan and heat sink; else whether the sensor and its calibration are believable"}},
		Rules: []Rule{
			{"critical temperature reached", `(?:thermal |^)(?P<name>thermal_zone\d+|[\w-]+): critical temperature reached`},
			{"temperature above threshold", `(?P<name>cpu\d+|package|core)?`},
			{"temperature too high", ``},
			{"hardware protection shutdown", ``},
			{"overtemperature", ``},
			{"over temperature", ``},
			{"over-temperature", ``},
			{"thermal shutdown", ``},
		},
	},
	{
		// drivers/regulator, drivers/hwmon/raspberrypi-hwmon.c, drivers/usb/core/hub.c
		ID: "voltage", Severity: finding.Degraded, Stage: StageSupply, Title: "the supply[ of {name}] is not right",
		Meaning: "a voltage is too low or a current too high: expect resets, lost devices and errors that no software explains",
		Rules: []Rule{
			{"undervoltage", `undervoltage detected|undervoltage`},
			{"under-voltage", ``},
			{"over-current", `(?P<name>\S+): over-current (?:condition|change|detected)|over-current (?:condition|detected|fault)`},
			{"overcurrent", `\b(?:detected|fault|condition|error|protection|event)\b`},
			{"voltage out of range", ``},
			{"brown-out", ``},
			{"brownout", ``},
		},
	},
	{
		// drivers/watchdog
		ID: "watchdog", Severity: finding.Degraded, Stage: StageUse, Title: "the watchdog[ {name}] is not fed as it should be",
		Meaning: "it will reset the machine, or cannot be relied upon",
		Rules: []Rule{
			{"watchdog did not stop", `(?P<name>watchdog\d+)`},
			{"pretimeout event", `(?P<name>watchdog\d+)`},
			{"unexpected close, not stopping watchdog", ``},
			{"cannot register miscdev on minor=130", ``},
		},
	},
	{
		// drivers/pci/controller, drivers/ata/libata-core.c
		ID: "link-down", Severity: finding.Degraded, Stage: StageProbe, Title: "the link[ {name}] does not come up",
		Meaning: "nothing answers at the other end: no card, no supply, no reset or no reference clock",
		Rules: []Rule{
			{"phy link never came up", ``},
			{"pcie link", `pcie link (?:is )?(?:down|fail|training .*(?:fail|timeout)|never)`},
			{"link up timeout", ``},
			{"link training failed", ``},
			{"link is slow to respond", `^(?P<name>ata\d+)`},
		},
	},
	{
		// drivers/usb/core/hub.c
		ID: "usb-device", Severity: finding.Degraded, Stage: StageProbe, Title: "a USB device does not answer[: {name}]",
		Meaning: "the device is there and does not say what it is: cable, supply, or the controller's PHY",
		Rules: []Rule{
			{"device descriptor read", `^usb (?P<device>[\w.-]+): device descriptor read/\S+, error (?P<errno>-\d+)`},
			{"device not accepting address", `^usb (?P<device>[\w.-]+): .*error (?P<errno>-\d+)`},
			{"unable to enumerate usb device", `^(?:usb (?P<device>[\w.-]+)|hub (?P<name>\S+))`},
			{"cannot enable. maybe the usb cable is bad", `^(?:usb )?(?P<device>[\w.-]+):`},
			{"can't read configurations", `^usb (?P<device>[\w.-]+): .*error (?P<errno>-\d+)`},
		},
	},
	{
		// drivers/i2c/busses, drivers/spi
		ID: "bus-stuck", Severity: finding.Degraded, Stage: StageSupply, Title: "the bus does not work",
		Meaning: "a transfer ends in a time-out or the lines are held: pull-ups, pins, the clock of the controller, or a device without supply",
		Rules: []Rule{
			{"controller timed out", `i2c|smbus|controller timed out`},
			{"bus is busy", `\bi2c|bus is busy`},
			{"sda is stuck", ``},
			{"scl is stuck", ``},
			{"stuck low", `\b(?:sda|scl|bus)\b`},
			{"arbitration lost", ``},
			{"timeout waiting for bus ready", ``},
			{"i2c transfer timed out", ``},
			{"i2c timeout", ``},
			{"spi transfer timed out", ``},
			{"spi transfer failed", `(?P<errno>-\d+)`},
		},
	},
	{
		// net/sched/sch_generic.c
		ID: "network-stuck", Severity: finding.Degraded, Stage: StageUse, Title: "the network interface[ {name}] sends nothing",
		Meaning: "what was given to the hardware to send did not leave it: a lost interrupt, a stopped clock, or a link that comes and goes",
		Rules:   []Rule{{"netdev watchdog:", `netdev watchdog: (?P<name>\S+)`}},
	},
	{
		// drivers/rtc
		ID: "time-not-set", Severity: finding.Note, Stage: StageAny, Title: "the time of day is not known",
		Meaning: "the real-time clock has no time: certificates and builds may be refused until the network sets it",
		Rules: []Rule{
			{"hctosys: unable to", ``},
			{"unable to read the hardware clock", ``},
			{"date/time is not reliable", ``},
			{"low voltage detected", ``},
			{"oscillator failure detected", ``},
		},
	},
	{
		// kernel/time/clocksource.c, arch/x86/kernel/tsc*.c
		ID: "clock-unstable", Severity: finding.Note, Stage: StageAny, Title: "the clock[ {name}] of the kernel is not reliable",
		Meaning: "two clocks disagree, and the kernel takes the slower one: a stopped or changing counter, or a virtual machine that was held up",
		Rules:   []Rule{{"as unstable because", `clocksource '?(?P<name>\w+)'?`}, {"marking tsc unstable", ``}},
		PerBoot: true,
	},
}

// externalAbort is arch/arm/mm/fault.c (fsr-*.c), arch/arm64/mm/fault.c,
// arch/arm64/kernel/traps.c.
var externalAbort = &Entry{
	ID: "external-abort", Severity: finding.Fatal, Stage: StageSystem, Title: "a bus refused an access[: {name}]",
	Meaning: "the processor read or wrote where nobody answers: typically the registers of a block without clock, power or out of reset",
	Next:    []finding.Step{{Why: "the function and its device: is its clock enabled, its power domain on? look for a clock or supply that was missing before"}},
	Rules: []Rule{
		{"external abort", `^(?:internal error: |unhandled fault: )`},
		{"serror interrupt on cpu", ``},
		{"asynchronous serror interrupt", ``},
		{"in error handler detected", ``},
		{"bus error", `^(?:data|instruction) bus error, epc`},
	},
	Reports: []string{"Internal error in", "Unhandled fault in", "kernel panic: Asynchronous SError Interrupt", "kernel panic: bad mode"},
}
