package bootlog

import "dekho/internal/finding"

// How people say that they did not get something. Between it and the thing
// there may be a few words.
const (
	notGot = `(?:fail(?:ed|ure|s|ing)?|unable|cannot|can ?not|can't|could ?n[o']t|couldn't|no|missing|invalid|not found|error|problem|without)`
	words  = `[\w\s'"/#,._-]{0,40}?`
	after  = `[\w\s'"/#,._\[\]()]{0,40}?\b(?:fail(?:ed|s|ure)?|not found|not available|missing|error|invalid|unavailable|not ready|not present)\b`
)

// resource makes the rules for a thing by its words: "failed to get clk" and
// "clk not found".
func resource(thing string, needles ...string) []Rule {
	var list []Rule
	for _, n := range needles {
		// "clock-frequency" is no clock.
		list = append(list, Rule{n, `\b` + notGot + `\b` + words + `\b(?:` + thing + `)(?:[^\w-]|$)|\b(?:` + thing + `)(?:[^\w-]` + after + `)`})
	}
	return list
}

// supplies is what a device needs of others and did not get. The order is that of
// precedence: a "reset gpio" is a GPIO.
var supplies = []*Entry{
	{
		// drivers/base/firmware_loader/main.c
		ID: "firmware-missing", Severity: finding.Degraded, Stage: StageSupply, Title: "firmware[ {name}] cannot be loaded",
		Meaning: "the file is not in the root file system (yet): the device works less well, later, or not at all",
		Next: []finding.Step{
			{Why: "it is looked for below /lib/firmware at that moment: a driver that is built in asks before the root file system is there (CONFIG_EXTRA_FIRMWARE, or the initramfs)"},
		},
		Rules: []Rule{
			{"direct firmware load for", `direct firmware load for (?P<name>\S+) failed with error (?P<errno>-?\d+)`},
			{"failed to load", `failed to load .*?(?:firmware|fw).*?(?P<name>[\w./-]+\.\w+)?`},
			{"firmware", `(?:failed to|could not|couldn't|cannot|unable to) (?:load|open|get|request|find)[\w\s]* (?:firmware|fw)\b(?: (?:file|image))?:? ?(?P<name>[\w./-]+\.\w+)?`},
			{"firmware", `firmware (?:file )?(?:not found|missing|load failed|request failed)`},
		},
	},
	{
		ID: "irq-not-available", Severity: finding.Broken, Stage: StageSupply, Resource: IRQ, Title: "no interrupt[ {name}]",
		Meaning: "the driver did not get its interrupt: it gives up, or goes on and will never be told of what happens",
		Next: []finding.Step{
			{Why: "interrupts and interrupt-parent of the device's node, and whether the driver of that interrupt controller is there"},
		},
		Rules: append([]Rule{
			{"irq index", `irq index (?P<name>\d+) not found`},
			{"irq", `irq (?P<name>\S+) not found`},
			{"flags mismatch irq", `flags mismatch irq (?P<name>\d+)\. \S+ \((?P<driver>[^)]*)\)`},
			{"no irq domain found", `no irq domain found for (?P<supplier>\S+)`},
			{"nobody cared", `irq (?P<name>\d+): nobody cared`},
			{"can't derive routing for pci int", `can't derive routing for pci (?P<name>int \w)`},
		}, resource(`irqs?|interrupts?|irq_\w+|(?:platform_get|request|request_threaded|devm_request|devm_request_threaded)_irq(?:_byname)?|irq resources?|irq number`, "irq", "interrupt")...),
	},
	{
		ID: "clock-missing", Severity: finding.Broken, Stage: StageSupply, Resource: Clock, Title: "no clock[ {name}]",
		Meaning: "the driver did not get or could not start its clock: reading a block without its clock can hang the processor",
		Next:    []finding.Step{{Why: "clocks and clock-names of the device's node, and whether the clock's driver is there"}},
		Rules:   resource(`clks?|clocks?|clk_\w+|\w+_clk|clk\[\d+\]`, "clk", "clock"),
	},
	{
		ID: "regulator-missing", Severity: finding.Broken, Stage: StageSupply, Resource: Regulator, Title: "no supply[ {name}]",
		Meaning: "the driver did not get or could not switch on a supply: the device has no power",
		Next:    []finding.Step{{Why: "the -supply properties of the device's node, and whether the driver of that regulator is there"}},
		Rules:   resource(`regulators?|supply|supplies|vcc\w*|vdd\w*|vmmc|vqmmc|avdd\w*|dvdd\w*|vbus|power supply`, "regulator", "suppl", "vcc", "vdd", "vmmc", "vqmmc", "vbus"),
	},
	{
		ID: "gpio-missing", Severity: finding.Broken, Stage: StageSupply, Resource: GPIO, Title: "no GPIO[ {name}]",
		Meaning: "the driver did not get a line that it drives or listens to",
		Next:    []finding.Step{{Why: "the -gpios properties of the device's node; /sys/kernel/debug/gpio says who has the line"}},
		Rules:   resource(`gpios?|gpiod|gpio\w*|\w+-gpios?`, "gpio"),
	},
	{
		ID: "pinctrl-failed", Severity: finding.Degraded, Stage: StageSupply, Resource: Pinctrl, Title: "the pins cannot be set[: {name}]",
		Meaning: "another device has the pins, or the pin controller does not know what the device tree asks for",
		Next:    []finding.Step{{Why: "/sys/kernel/debug/pinctrl says who has which pin"}},
		Rules: append([]Rule{
			{"already requested by", `pin (?P<name>\S+)(?: \([^)]*\))? already requested by (?P<supplier>[^\s;]+)`},
			{"error applying setting", ``},
			{"could not request pin", `could not request pin (?P<name>\d+)`},
		}, resource(`pinctrl|pin control|pins?|pinmux|pinctrl state|pin group|pin function`, "pinctrl", "pin control", "pinmux", "pin ")...),
	},
	{
		ID: "phy-missing", Severity: finding.Broken, Stage: StageSupply, Resource: PHY, Title: "no PHY[ {name}]",
		Meaning: "the chip between controller and cable was not found: its supply, its reset line, its address or its driver",
		Next:    []finding.Step{{Why: "phy-handle or phys of the controller's node; for Ethernet, the reset line and the address on the MDIO bus"}},
		Rules: append([]Rule{
			{"no phy found", ``},
			{"cannot attach to phy", `error: (?P<errno>-\d+)`},
			{"mdio", `mdio.*(?:timeout|timed out|fail)`},
		}, resource(`phys?|usb[ -]?phy|phy device|phy_\w+|ethernet phy`, "phy")...),
	},
	{
		ID: "reset-missing", Severity: finding.Broken, Stage: StageSupply, Resource: ResetLine, Title: "no reset line[ {name}]",
		Meaning: "the driver cannot take the block out of reset",
		Next:    []finding.Step{{Why: "resets and reset-names of the device's node, and whether the reset controller's driver is there"}},
		// To reset something is an action: "software reset failed" lacks no line.
		Rules: []Rule{
			{"reset", `\b(?:get|find|request|acquire|obtain|deassert|assert|look ?up|no|missing)\b[\w\s'"-]{0,20}\bresets?(?:[_ -]?(?:controls?|controller|line|ctrl))?(?:[^\w-]|$)|reset_control\w*.*fail|reset (?:control(?:ler)?|line)s? (?:not found|missing|failed)`},
		},
	},
	{
		ID: "dma-missing", Severity: finding.Degraded, Stage: StageSupply, Resource: DMA, Title: "no DMA channel[ {name}]",
		Meaning: "the driver goes on without DMA, more slowly, or gives up",
		Rules:   resource(`dma|dma channels?|dma chan|dma[- ]?engine|[rt]x[- ]dma|dma (?:slave )?(?:config|channel)`, "dma"),
	},
	{
		ID: "memory-region", Severity: finding.Broken, Stage: StageSupply, Resource: Memory, Title: "registers cannot be mapped",
		Meaning: "the driver did not get the address range of its block: another device has it, or the device tree does not say it",
		Next:    []finding.Step{{Why: "reg of the device's node; /proc/iomem says who has the range"}},
		Rules: append([]Rule{
			{"can't request region for resource", ``},
			{"invalid resource", ``},
			{"resource busy", ``},
		}, resource(`ioremap|iomem|ioremap_resource|memory resource|mem resource|mmio|io ?memory|register(?:s| space| region)`, "ioremap", "iomem", "resource", "mmio", "memory")...),
	},
}

// probes is that devices do not come up.
var probes = []*Entry{
	deferredPending,
	{
		// drivers/base/dd.c, call_driver_probe
		ID: "probe-failed", Severity: finding.Broken, Stage: StageProbe, Title: "does not come up",
		Meaning: "the driver gave up on the device",
		Next:    []finding.Step{{Why: "what the driver said before, if anything"}},
		Rules: []Rule{
			{"probe of", `^(?:(?P<driver>[^:]+): )?probe of (?P<device>\S+) failed with error (?P<errno>-?\d+)`},
			{"probe with driver", `^(?:\S+ )?(?P<device>\S+): probe with driver (?P<driver>\S+) failed with error (?P<errno>-?\d+)`},
			{"probe", `\bprobe (?:failed|failure|error|fail)\b|\bfail(?:ed)? to probe\b|\bprobe\(\) failed`},
			{"initiali", `\b(?:failed|unable|cannot|could not) to initiali[sz]e\b|initiali[sz]ation (?:failed|error)`},
			{"init", `\binit (?:failed|fails|error)\b|failed to init\b`},
			{"register", `\b(?:failed|unable|cannot|could not) to register (?:the )?(?:device|driver|card|controller|host|netdev|sound card|bus|adapter|chip|display|panel|irq ?chip|gpio ?chip|component)s?\b`},
			{"asoc", `asoc: failed to .*?(?P<errno>-\d+)`},
			{"registers", `\b(?:fail(?:ed|ure)|unable|error)\b.*\bchip[- ]?id\b|\bunexpected chip id\b|wrong chip id`},
			{"chip id", `\b(?:fail(?:ed|ure)|unable|error|unexpected|wrong|invalid|unknown|mismatch)\b.*\bchip[- ]?id\b|chip id.*(?:mismatch|fail)`},
			{"regmap", `regmap init\w* fail|failed to (?:init|allocate|create|get) regmap`},
		},
	},
}

// deferredPending is drivers/base/dd.c, deferred_probe_timeout_work_func, and
// since 6.4 the reason behind it.
var deferredPending = &Entry{
	ID: "deferred-probe-pending", Severity: finding.Broken, Stage: StageProbe, Title: "still waits for a supplier[: {supplier}]",
	Meaning: "the driver asked to be called again when what it needs is there, and that never came",
	Next: []finding.Step{
		{Why: "/sys/kernel/debug/devices_deferred gives the reason; the supplier's driver may not be built, or have failed"},
	},
	Rules: []Rule{
		{"deferred probe pending", `^(?:\S+ )?(?P<device>\S+): deferred probe pending(?:: .*?(?:wait for supplier|supplier) (?P<supplier>\S+))?`},
		{"deferred probe timeout", `^(?:\S+ )?(?P<device>\S+): deferred probe timeout`},
	},
}
