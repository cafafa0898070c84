package bootlog

import "dekho/internal/finding"

// supplies is what a device needs of others and did not get. Besides the rules,
// sentence.go finds them in what drivers say in words of their own.
var supplies = []*Entry{
	{
		// drivers/base/firmware_loader/main.c
		ID: "firmware-missing", Severity: finding.Degraded, Stage: StageSupply, Resource: Firmware, Title: "firmware[ {name}] cannot be loaded",
		Meaning: "the file is not in the root file system (yet): the device works less well, later, or not at all",
		Next: []finding.Step{
			{Why: "it is looked for below /lib/firmware at that moment: a driver that is built in asks before the root file system is there (CONFIG_EXTRA_FIRMWARE, or the initramfs)"},
		},
		Rules: []Rule{
			{"direct firmware load for", `direct firmware load for (?P<name>\S+) failed with error (?P<errno>-?\d+)`},
			{"firmware: failed to load", `firmware: failed to load (?P<name>\S+) \((?P<errno>-\d+)\)`},
			{"to load firmware", `(?:failed|unable) to load firmware(?: patch| file| image)? ["']?(?P<name>[\w-]*[./][\w./-]*\w)["']?(?: \((?P<errno>-\d+)\))?`},
			{"firmware load", `\bfirmware load(?:ing)? (?:failed|error)`},
			{"firmware", `\bfirmware (?:file )?["']?(?P<name>[\w./-]*\.\w+)["']? (?:is )?(?:not found|missing|not available)|\bfirmware (?:file )?(?:not found|missing|request failed)`},
		},
	},
	{
		// kernel/irq, drivers/base/platform.c, drivers/pci, drivers/acpi/pci_irq.c
		ID: "irq-not-available", Severity: finding.Broken, Stage: StageSupply, Resource: IRQ, Title: "no interrupt[ {name}][ of {supplier}]",
		Meaning: "the driver did not get its interrupt: it gives up, or goes on and will never be told of what happens",
		Next: []finding.Step{
			{Why: "interrupts and interrupt-parent of the device's node, and whether the driver of that interrupt controller is there"},
		},
		Rules: []Rule{
			{"irq index", `irq index (?P<name>\d+) not found`},
			{" not found", `\birq (?P<name>[\w.-]+) not found`},
			{"flags mismatch irq", `flags mismatch irq (?P<name>\d+)\. \S+ \((?P<driver>[^)]*)\)`},
			{"no irq domain found", `no irq domain found for (?P<supplier>\S+)`},
			{"can't derive routing for pci int", `can't derive routing for pci (?P<name>int \w)`},
			{"can't find irq for pci int", `can't find irq for pci (?P<name>int \w)`},
			{"no irq handler for vector", `(?P<name>\d+(?:\.\d+)?) no irq handler for vector`},
			{"failed to map source", `(?P<name>irq\S*)?`},
		},
	},
	{
		ID: "clock-missing", Severity: finding.Broken, Stage: StageSupply, Resource: Clock, Title: "no clock[ {name}]",
		Meaning: "the driver did not get or could not start its clock: reading a block without its clock can hang the processor",
		Next:    []finding.Step{{Why: "clocks and clock-names of the device's node, and whether the clock's driver is there"}},
	},
	{
		ID: "regulator-missing", Severity: finding.Broken, Stage: StageSupply, Resource: Regulator, Title: "no supply[ {name}]",
		Meaning: "the driver did not get or could not switch on a supply: the device has no power",
		Next:    []finding.Step{{Why: "the -supply properties of the device's node, and whether the driver of that regulator is there"}},
	},
	{
		ID: "gpio-missing", Severity: finding.Broken, Stage: StageSupply, Resource: GPIO, Title: "no GPIO[ {name}]",
		Meaning: "the driver did not get a line that it drives or listens to",
		Next:    []finding.Step{{Why: "the -gpios properties of the device's node; /sys/kernel/debug/gpio says who has the line"}},
	},
	{
		// drivers/pinctrl
		ID: "pinctrl-failed", Severity: finding.Broken, Stage: StageSupply, Resource: Pinctrl, Title: "the pins cannot be set[: {name}]",
		Meaning: "another device has the pins, or the pin controller does not know what the device tree asks for",
		Next:    []finding.Step{{Why: "/sys/kernel/debug/pinctrl says who has which pin"}},
		Rules: []Rule{
			{"already requested by", `(?P<name>pin \S+)(?: \([^)]*\))? already requested by (?P<supplier>[^\s;]+)`},
			{"error applying setting", ``},
			{"could not request pin", `could not request (?P<name>pin \d+)(?: \([^)]*\))?`},
			{"invalid function", `invalid function (?P<name>\S+) in map table`},
			{"invalid group", `invalid group "?(?P<name>[^\s"]+)"? for function`},
			{"pin_config_group_set op failed for group", `for (?P<name>group \S+)`},
		},
	},
	{
		// drivers/net/phy, drivers/net/mdio
		ID: "phy-missing", Severity: finding.Broken, Stage: StageSupply, Resource: PHY, Title: "no PHY[ {name}]",
		Meaning: "the chip between controller and cable was not found: its supply, its reset line, its address or its driver",
		Next:    []finding.Step{{Why: "phy-handle or phys of the controller's node; for Ethernet, the reset line and the address on the MDIO bus"}},
		Rules: []Rule{
			{"no phy found", ``},
			{"cannot attach to phy", `error: (?P<errno>-\d+)`},
			{"mdio device at address", `mdio device at address (?P<name>\d+) is missing`},
			{"mdio read timeout", ``},
			{"mdio write timeout", ``},
			{"phy is missing", ``},
		},
	},
	{
		ID: "reset-missing", Severity: finding.Broken, Stage: StageSupply, Resource: ResetLine, Title: "no reset line[ {name}]",
		Meaning: "the driver cannot take the block out of reset",
		Next:    []finding.Step{{Why: "resets and reset-names of the device's node, and whether the reset controller's driver is there"}},
	},
	{
		ID: "dma-missing", Severity: finding.Degraded, Stage: StageSupply, Resource: DMA, Title: "no DMA channel[ {name}]",
		Meaning: "the driver goes on without DMA, more slowly, or gives up",
		Next:    []finding.Step{{Why: "dmas and dma-names of the device's node, and whether the DMA controller's driver is there"}},
	},
	{
		// lib/devres.c, kernel/resource.c
		ID: "memory-region", Severity: finding.Broken, Stage: StageSupply, Resource: Memory, Title: "registers cannot be mapped[: {name}]",
		Meaning: "the driver did not get the address range of its block: another device has it, or the device tree does not say it",
		Next:    []finding.Step{{Why: "reg of the device's node; /proc/iomem says who has the range"}},
		Rules: []Rule{
			{"can't request region for resource", `for resource (?P<name>\[[^\]]*\])`},
			{"invalid resource", `: invalid resource\b`},
			{"can't ioremap", `can't ioremap (?P<name>bar \d+)?`},
			{"can't reserve", `can't reserve (?P<name>\[(?:mem|io) [^\]]*\])`},
			{"ioremap failed", `\bioremap failed\b`},
		},
	},
	{
		ID: "supplier-missing", Severity: finding.Broken, Stage: StageSupply, Resource: OtherDevice, Title: "something that the device needs is not there[: {name}]",
		Meaning: "the driver did not get another device that it works with: a PWM, a panel, a memory cell, a power domain",
		Next:    []finding.Step{{Why: "what the device's node refers to, and whether the driver of that is there"}},
	},
}

// probes is that devices do not come up.
var probes = []*Entry{deferredPending, probeFailed, wrongChip, initFailed}

var (
	// deferredPending is drivers/base/dd.c, deferred_probe_timeout_work_func, and
	// since 6.4 the reason behind it.
	deferredPending = &Entry{
		ID: "deferred-probe-pending", Severity: finding.Broken, Stage: StageProbe, Title: "still waits for a supplier[: {supplier}][ ({name})]",
		Meaning: "the driver asked to be called again when what it needs is there, and that never came",
		Next: []finding.Step{
			{Why: "/sys/kernel/debug/devices_deferred gives the reason; the supplier's driver may not be built, or have failed"},
		},
		Rules: []Rule{
			{"deferred probe pending", `^(?:\S+ )?(?P<device>\S+): deferred probe pending(?:: (?:.*?(?:wait for supplier|supplier) (?P<supplier>\S+)|(?:\(reason unknown\)|(?P<name>\S.*\S)))?)?`},
			{"deferred probe timeout", `^(?:\S+ )?(?P<device>\S+): deferred probe timeout`},
			{"ignoring dependency for device, assuming no driver", `^(?:\S+ )?(?P<device>\S+): ignoring dependency`},
		},
	}
	// probeFailed is drivers/base/dd.c, call_driver_probe, and drivers that say so
	// themselves.
	probeFailed = &Entry{
		ID: "probe-failed", Severity: finding.Broken, Stage: StageProbe, Title: "does not come up",
		Meaning: "the driver gave up on the device",
		Next: []finding.Step{
			{Why: "what the driver said before, if anything"},
		},
		Rules: []Rule{
			{"probe of", `^(?:(?P<driver>[^:]+): )?probe of (?P<device>\S+) failed with error (?P<errno>-?\d+)`},
			{"probe with driver", `^(?:\S+ )?(?P<device>\S+): probe with driver (?P<driver>\S+) failed with error (?P<errno>-?\d+)`},
			{"asoc: failed to instantiate card", `failed to instantiate card (?P<errno>-\d+)`},
			{"probe codecs, giving up", ``},
			{"probe() failed", ``},
		},
	}
	wrongChip = &Entry{
		ID: "wrong-chip", Severity: finding.Broken, Stage: StageProbe, Title: "another chip answers than expected, or none",
		Meaning: "the identification read from the chip is not what the driver knows: all ones or zeros mean that nothing answers (supply, reset line, address, bus)",
		Rules: []Rule{
			{"chip id", `\b(?:unexpected|wrong|invalid|unknown|mismatch\w*|unsupported|bad)\b.*\bchip[- ]?id\b|\bchip[- ]?id\b.*\b(?:mismatch|wrong|invalid|unknown|not match)`},
			{"unrecognized jedec id", ``},
			{"no nand device found", ``},
		},
	}
	// initFailed is what drivers say of a step of their start.
	initFailed = &Entry{
		ID: "init-failed", Severity: finding.Degraded, Stage: StageProbe, Title: "a step of its start failed[: {name}]",
		Meaning: "a driver could not set something up: it gives up, or works without",
	}
)
