package bootlog

import "dekho/internal/finding"

// hardware is what the hardware reports of itself.
var hardware = []*Entry{
	{
		// arch/x86/kernel/cpu/mce/core.c, drivers/edac/edac_mc.c, drivers/acpi/apei/ghes.c, drivers/pci/pcie/aer.c
		ID: "machine-check", Severity: finding.Broken, Stage: StageSupply, Title: "the hardware reports an error[ of {name}]",
		Meaning: "processor, memory or a bus found that data is wrong: no software will mend it",
		Next:    []finding.Step{{Why: "rasdaemon or mcelog names the part; memory has its slot in the EDAC record"}},
		Rules: []Rule{
			{"machine check", `(?:hardware error|mce)[^:]*: .*machine check(?:.*(?P<name>bank \d+))?`},
			{"machine check events logged", ``},
			{"hardware error]", `hardware error\]: (?:event severity|error \d+, type): (?:fatal|recoverable|uncorrected)`},
			{"uncorrectable", `edac (?P<name>mc\d+|\w+)?.*(?:\d+ ue|uncorrectable)`},
			{" ue ", `edac (?P<name>mc\d+): \d+ ue`},
			{" ce ", `edac (?P<name>mc\d+): \d+ ce`},
			{"pcie bus error", `severity=(?P<name>uncorrected)`},
			{"synchronous external abort", ``},
			{"serror interrupt", ``},
		},
	},
	{
		// drivers/thermal, arch/x86/kernel/cpu/mce/therm_throt.c
		ID: "too-hot", Severity: finding.Degraded, Stage: StageSupply, Title: "too hot[: {name}]",
		Meaning: "a temperature limit was reached: the processor is slowed down, or the machine is about to be switched off",
		Rules: []Rule{
			{"critical temperature reached", `(?:thermal |^)(?P<name>thermal_zone\d+|[\w-]+): critical temperature reached`},
			{"temperature above threshold", `(?P<name>cpu\d+)`},
			{"temperature too high", ``},
			{"hardware protection shutdown", ``},
			{"overtemperature", ``},
			{"over temperature", ``},
			{"thermal shutdown", ``},
		},
	},
	{
		// drivers/regulator, drivers/hwmon/raspberrypi-hwmon.c, drivers/usb/core/hub.c
		ID: "voltage", Severity: finding.Degraded, Stage: StageSupply, Title: "the supply[ of {name}] is not right",
		Meaning: "a voltage is too low or a current too high: expect resets, lost devices and errors that no software explains",
		Rules: []Rule{
			{"undervoltage", ``},
			{"under-voltage", ``},
			{"over-current", `(?P<name>[\w.-]+): .*over-current (?:condition|change|detected)`},
			{"overcurrent", ``},
			{"voltage out of range", ``},
			{"brown-out", ``},
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
		// drivers/pci/pci.c, drivers/pci/controller
		ID: "link-down", Severity: finding.Degraded, Stage: StageProbe, Title: "the link[ {name}] does not come up",
		Meaning: "nothing answers at the other end: no card, no supply, no reset or no reference clock",
		Rules: []Rule{
			{"phy link never came up", ``},
			{"pcie link", `pcie link (?:is )?(?:down|fail)`},
			{"link up timeout", ``},
			{"sata link down", `^(?P<name>ata\d+): sata link down .*(?:timeout)`},
		},
	},
	{
		// drivers/usb/core/hub.c, drivers/hid
		ID: "usb-device", Severity: finding.Degraded, Stage: StageProbe, Title: "a USB device does not answer",
		Meaning: "the device is there and does not say what it is: cable, supply, or the controller's PHY",
		Rules: []Rule{
			{"device descriptor read", `^usb (?P<device>[\d.-]+): device descriptor read/\S+, error (?P<errno>-\d+)`},
			{"device not accepting address", `^usb (?P<device>[\d.-]+): .*error (?P<errno>-\d+)`},
			{"unable to enumerate usb device", `^(?:usb (?P<device>[\d.-]+)|hub (?P<name>\S+))`},
		},
	},
	{
		// drivers/i2c/busses
		ID: "bus-stuck", Severity: finding.Degraded, Stage: StageSupply, Title: "the bus does not work",
		Meaning: "a transfer ends in a time-out or the lines are held: pull-ups, pins, the clock of the controller, or a device without supply",
		Rules: []Rule{
			{"controller timed out", ``},
			{"i2c bus is busy", ``},
			{"bus is busy", ``},
			{"sda is stuck", ``},
			{"scl is stuck", ``},
			{"arbitration lost", ``},
			{"timeout waiting for bus ready", ``},
			{"i2c transfer timed out", ``},
			{"transfer timeout", ``},
		},
	},
}
