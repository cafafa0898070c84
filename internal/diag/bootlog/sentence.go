package bootlog

import (
	"strings"
	"sync"
)

// This file reads the sentences in which drivers complain in words of their own:
// "failed to get reset gpio: -2", "no IRQ found", "clock 'ipg' not available". A
// sentence has a word of failure, with what was tried (a verb) and with what (a
// noun, the last of a run of words), or what is not there. Which of them go
// together, the tables below say; "failed to reset the mouse" lacks no reset line,
// and to set a clock's rate is another matter than to get it.

// failureNeedles are the words of which a sentence has one.
var failureNeedles = []string{"fail", "unable", "cannot", "can not", "can't", "couldn", "could no", "error", "no ", "missing", "not found", "not available", "not specified", "not defined", "not provided", "not present", "unavailable", "without ", "invalid "}

// act is what was tried.
type act uint16

const (
	noAct act = 1 << iota
	obtain
	mapIn
	enable
	attach
	arrange
	set
	alloc
	toggle // a reset line
	register
	create // or add
	start
	load
	probe
)

var acts = map[string]act{
	"get": obtain, "getting": obtain, "find": obtain, "finding": obtain, "request": obtain, "requesting": obtain, "reguest": obtain, "acquire": obtain,
	"acquiring": obtain, "obtain": obtain, "obtaining": obtain, "allocate": alloc, "allocating": alloc, "alloc": alloc, "lookup": obtain,
	"look": obtain, "fetch": obtain, "fetching": obtain, "retrieve": obtain, "retrieving": obtain, "claim": obtain, "claiming": obtain,
	"grab": obtain, "reserve": obtain, "reserving": obtain, "locate": obtain, "parse": obtain, "parsing": obtain, "resolve": obtain,
	"allocation": alloc, "requested": obtain, "assign": obtain, "use": obtain,
	"map": mapIn, "mapping": mapIn, "remap": mapIn, "ioremap": mapIn, "iomap": mapIn, "remapping": mapIn,
	"enable": enable, "enabling": enable, "prepare": enable, "preparing": enable, "activate": enable, "prepare_enable": enable, "turn": enable, "power": enable,
	"powering": enable, "ungate": enable, "switch": enable, "start": enable,
	"attach": attach, "attaching": attach, "connect": attach, "connecting": attach, "hook": attach, "install": attach, "installing": attach,
	"setup": arrange, "configure": arrange, "configuring": arrange, "bind": attach,
	"set": set, "setting": set, "select": set, "selecting": set, "apply": set, "applying": set,
	"assert": toggle, "deassert": toggle, "deasserting": toggle, "asserting": toggle, "release": toggle,
	"register": register, "registering": register, "registration": register, "add": create, "adding": create, "create": create, "creating": create,
	"init": start, "initialize": start, "initialise": start, "initializing": start, "initialising": start, "initialization": start, "initialisation": start,
	"load": load, "loading": load, "open": load, "opening": load,
	"probe": probe, "probing": probe,
}

// thing is what a noun stands for.
type thing struct {
	resource Resource
	// with are the acts that concern it; without one it is only named.
	with act
}

var (
	irqThing    = thing{IRQ, obtain | alloc | mapIn | attach | arrange | register | create | start}
	clockThing  = thing{Clock, obtain | alloc | enable | start}
	supplyThing = thing{Regulator, obtain | enable | start}
	gpioThing   = thing{GPIO, obtain | alloc | enable | attach | arrange | start}
	pinThing    = thing{Pinctrl, obtain | enable | attach | arrange | set | start}
	phyThing    = thing{PHY, obtain | enable | attach | start}
	resetThing  = thing{ResetLine, obtain | toggle}
	dmaThing    = thing{DMA, obtain | alloc | attach | arrange | start}
	memThing    = thing{Memory, obtain | mapIn}
	mapThing    = thing{Memory, mapIn}
	otherThing  = thing{OtherDevice, obtain | enable | attach}
	fwThing     = thing{Firmware, obtain | load}
)

// things are the nouns. A word of two is looked up first.
var things = map[string]thing{
	"irq": irqThing, "irqs": irqThing, "interrupt": irqThing, "interrupts": irqThing, "hwirq": irqThing, "irqn": irqThing,
	"clk": clockThing, "clks": clockThing, "clock": clockThing, "clocks": clockThing,
	"mclk": clockThing, "pclk": clockThing, "hclk": clockThing, "aclk": clockThing, "fclk": clockThing, "bclk": clockThing, "refclk": clockThing, "sclk": clockThing,
	"regulator": supplyThing, "regulators": supplyThing, "supply": supplyThing, "power supply": supplyThing, "supplies": supplyThing, "vmmc": supplyThing, "vqmmc": supplyThing,
	"vcc": supplyThing, "vdd": supplyThing, "avdd": supplyThing, "dvdd": supplyThing, "iovdd": supplyThing, "vddio": supplyThing, "vbus": supplyThing,
	"gpio": gpioThing, "gpios": gpioThing, "gpiod": gpioThing,
	"pinctrl": pinThing, "pinmux": pinThing, "pins": pinThing, "pin control": pinThing, "pinstate": pinThing, "pin state": pinThing, "pinctrl state": pinThing,
	"pinctrl states": pinThing, "pin states": pinThing, "default state": pinThing,
	"phy": phyThing, "phys": phyThing, "usb-phy": phyThing, "phy device": phyThing, "usbphy": phyThing,
	"reset": resetThing, "resets": resetThing, "reset control": resetThing, "reset controls": resetThing, "reset line": resetThing, "reset lines": resetThing,
	"reset controller": resetThing, "reset ctrl": resetThing,
	"dma channel": dmaThing, "dma channels": dmaThing, "dma chan": dmaThing, "dma": dmaThing, "dmaengine": dmaThing, "dma engine": dmaThing,
	"iomem": memThing, "memory-region": memThing, "mmio": memThing, "io memory": memThing, "i/o memory": memThing, "memory region": memThing, "mem region": memThing, "i/o space": mapThing,
	"memory resource": memThing, "mem resource": memThing, "memory resources": memThing, "io resource": memThing, "mmio resource": memThing,
	"register resource": memThing, "reg resource": memThing, "iomem resource": memThing, "io region": memThing, "i/o region": memThing,
	"register space": memThing, "register region": memThing, "registers": mapThing, "register": mapThing, "regs": mapThing, "bar": mapThing,
	"pwm": otherThing, "nvmem": otherThing, "nvmem cell": otherThing, "mailbox": otherThing, "mbox": otherThing, "mailbox channel": otherThing,
	"mbox channel": otherThing, "power domain": otherThing, "power domains": otherThing, "pm domain": otherThing, "pm domains": otherThing,
	"interconnect": otherThing, "interconnect path": otherThing, "icc path": otherThing, "syscon": otherThing, "backlight": otherThing,
	"panel": otherThing, "bridge": otherThing, "iio channel": otherThing, "iio channels": otherThing, "io-channels": otherThing, "adc channel": otherThing,
	"hwlock": otherThing, "extcon": otherThing, "regmap": otherThing,
	"firmware": fwThing, "fw": fwThing, "firmware file": fwThing, "firmware image": fwThing, "firmware patch": fwThing, "fw file": fwThing,
}

// functions are parts of the names of functions that give a thing, in place of
// verb and noun.
var functions = []struct {
	part     string
	resource Resource
}{
	{"request_irq", IRQ},
	{"request_threaded_irq", IRQ},
	{"get_irq", IRQ},
	{"irq_of_parse_and_map", IRQ},
	{"clk_get", Clock},
	{"clk_prepare", Clock},
	{"clk_enable", Clock},
	{"clk_bulk_", Clock},
	{"regulator_get", Regulator},
	{"regulator_enable", Regulator},
	{"regulator_bulk", Regulator},
	{"gpio_request", GPIO},
	{"gpiod_get", GPIO},
	{"reset_control_", ResetLine},
	{"dma_request_", DMA},
	{"ioremap", Memory},
	{"of_iomap", Memory},
	{"pinctrl_get", Pinctrl},
	{"pinctrl_lookup", Pinctrl},
	{"pinctrl_select", Pinctrl},
	{"phy_connect", PHY},
	{"phy_get", PHY},
	{"phy_power_on", PHY},
	{"request_firmware", Firmware},
}

// suffixes make a noun of a name: "ahb_clk".
var suffixes = []struct {
	end string
	of  thing
}{
	{"_clk", clockThing},
	{"-clk", clockThing},
	{"_irq", irqThing},
	{"-irq", irqThing},
	{"-gpio", gpioThing},
	{"-gpios", gpioThing},
	{"_gpio", gpioThing},
	{"-supply", supplyThing},
	{"_reset", resetThing},
	{"_rst", resetThing},
	{"clk", clockThing},
}

// tails may follow a noun without changing what is meant.
var tails = wordSet("handler handle line lines number numbers resource resources source signal descriptor desc pin handlers phandle channel channels")

// adjectives say nothing about which one it is.
var adjectives = wordSet("the a an our any its valid required specified all needed necessary necessarily associated this that new own free platform usable suitable parent device optional external " +
	"corresponding specific following proper some hw host")

// ends are the words at which a run of words ends.
var endWords = wordSet("for from of in on at to with by while because during and or due using is are was were not has as after before into via when since but if than defined found specified given " +
	"failed fail failure error err ret rc errno status provided present available set configured returned, via, =, please disabling aborting continuing ignoring skipping property passed")

// parts are what a driver adds or creates when it starts; others come and go while
// it works.
var parts = wordSet("device devices driver host adapter controller bus card provider domain domains chip gpiochip irqchip uart port hwmon class component codec dai pcm controls clock clocks " +
	"regulator regulators regmap sources interface workqueue sysfs group groups attributes phy mdio debugfs cdev netdev input")

func wordSet(list string) map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields(list) {
		m[w] = true
	}
	return m
}

// word of a sentence: in small letters, without the marks around it; as says how
// it stands there.
type word struct {
	text, as string
	// ends says that a mark behind it ends a run of words, named that it is in
	// quotes or has the form of a name.
	// call that it is a function's.
	ends, quoted, call bool
}

const (
	// maxWords is how many words of a sentence are read, maxRun how many a run
	// has.
	maxWords = 48
	maxRun   = 7
)

// split takes a text apart.
func split(text string) []word {
	var list []word
	for f := range strings.FieldsSeq(text) {
		if len(list) == maxWords {
			break
		}
		if len(f) > 1 && f[0] == '(' && len(list) > 0 {
			list[len(list)-1].ends = true
		}
		w := word{as: strings.TrimLeft(f, "([{<'\"`*")}
		w.quoted = strings.ContainsAny(f[:len(f)-len(w.as)], "'\"`")
		body := strings.TrimRight(w.as, ")]}>'\"`:;,.!?*=-")
		behind := w.as[len(body):]
		w.ends = strings.ContainsAny(behind, ":;,.!?=-") || strings.ContainsAny(behind, ")]}") && !strings.ContainsAny(body, "([{")
		if strings.Contains(body, "[") && strings.HasPrefix(behind, "]") {
			body += "]"
		}
		w.as = body
		if i := strings.IndexAny(body, "(=:"); i > 0 && !w.quoted {
			// "foo()", "ret=-5", "gpio:-2"
			w.as, w.ends = body[:i], true
			if body[i:] == "(" {
				w.ends = false // a function
				w.call = true
			}
		}
		if w.as == "" {
			if len(list) > 0 {
				list[len(list)-1].ends = true
			}
			continue
		}
		w.text = strings.ToLower(w.as)
		list = append(list, w)
	}
	return list
}

// sentence looks for the entry that a text in a driver's own words speaks of, nil
// if there is none, and for what the text calls it.
func sentence(text string) (*Entry, vars) {
	list := split(text)
	for i := range list {
		var resource Resource
		var a act
		var name string
		switch w := list[i].text; w {
		case "failed", "fail", "fails", "failure", "failing", "unable", "cannot", "can't", "couldn't", "error", "could", "can", "not", "couldnt":
			resource, a, name = tried(list, i)
			if resource == NoResource && a == noAct {
				resource, a, name = behind(list, i)
			}
		case "no", "missing", "without", "invalid":
			if i+1 < len(list) && !list[i].ends {
				resource, a, name = object(list[i+1:], obtain)
				// "no audio pins", "no bridge": there are none, and none is missing.
				if w == "invalid" && resource != IRQ || w != "missing" && (resource == Pinctrl || resource == OtherDevice) || a != obtain {
					resource = NoResource
				}
			}
			if resource == NoResource && w == "missing" {
				resource, a, name = behind(list, i)
			}
		case "unavailable":
			resource, a, name = behind(list, i)
		default:
			continue
		}
		e := entryOf(resource, a)
		if e == nil {
			continue
		}
		if resource == Firmware {
			name = fileIn(list)
		}
		return e, vars{name: name}
	}
	return nil, vars{}
}

// fileIn is the first word that looks like the name of a file.
func fileIn(list []word) string {
	for i := range list {
		if w := list[i].as; strings.Contains(w, "/") || len(w) > len("a.bin") && strings.Contains(w[1:len(w)-1], ".") && strings.Trim(w, "0123456789.:-") != "" && i > 1 {
			return w
		}
	}
	return ""
}

// entryOf is the entry for what was tried, nil if it is none's.
func entryOf(resource Resource, a act) *Entry {
	switch {
	case resource != NoResource:
		return resourceEntries()[resource]
	case a == probe:
		return probeFailed
	case a == start || a == register:
		return initFailed
	}
	return nil
}

// resourceEntries are the entries by what a device lacks.
var resourceEntries = sync.OnceValue(func() map[Resource]*Entry {
	m := make(map[Resource]*Entry)
	for _, e := range supplies {
		m[e.Resource] = e
	}
	return m
})

// tried reads on from a word of failure at i: "failed to get the clock".
func tried(list []word, i int) (Resource, act, string) {
	w := list[i].text
	i++
	switch w {
	case "could", "can", "not":
		// "could not", "not able to"
		for i < len(list) && (list[i].text == "not" || list[i].text == "able") {
			w = "not"
			i++
		}
		if w != "not" || list[i-1].ends {
			return NoResource, noAct, ""
		}
	case "error", "failure":
		if i < len(list) && list[i-1].ends {
			return NoResource, noAct, ""
		}
	}
	for n := 0; n < 3 && i < len(list) && (list[i].text == "to" || list[i].text == "while" || list[i].text == "in" || list[i].text == "when" || list[i].text == "on" || list[i].text == "properly"); n++ {
		i++
	}
	if i >= len(list) {
		return NoResource, noAct, ""
	}
	a, ok := acts[list[i].text]
	switch {
	case list[i].text == "ioremap" || list[i].text == "iomap":
		return Memory, mapIn, ""
	case !ok:
		if r := function(list[i].text); r != NoResource && (w == "failed" || w == "failure" || w == "error") {
			return r, obtain, ""
		}
		return NoResource, noAct, ""
	case a == probe && list[i].ends:
		return NoResource, probe, ""
	case list[i].ends, i+1 == len(list):
		if a == start {
			return NoResource, a, ""
		}
		return NoResource, noAct, ""
	}
	i++
	switch {
	case list[i-1].text == "set" && list[i].text == "up":
		a = arrange
		i++
	case list[i].text == "off":
		return NoResource, noAct, ""
	case list[i].text == "up" || list[i].text == "on" || list[i].text == "and" && i+1 < len(list):
		// "look up", "turn on", "prepare and enable"
		if i++; i < len(list) && acts[list[i].text] != 0 {
			i++
		}
	case a == attach && list[i].text == "to" && i+1 < len(list):
		i++
	case list[i].text == "or" && i+1 < len(list) && acts[list[i+1].text] != 0:
		i += 2
	}
	if i >= len(list) {
		return NoResource, noAct, ""
	}
	return object(list[i:], a)
}

// object reads the run of words that a list begins with, which a does something
// with.
func object(list []word, a act) (Resource, act, string) {
	n := 0
	for n < len(list) && n < maxRun {
		w := &list[n]
		if !w.quoted && (endWords[w.text] && (n > 0 || !adjectives[w.text]) || w.text[0] == '-' || strings.HasPrefix(w.text, "0x")) {
			break
		}
		n++
		if w.ends {
			break
		}
	}
	run := list[:n]
	for len(run) > 1 && adjectives[run[0].text] {
		run = run[1:]
	}
	for k := len(run) - 1; k >= 0; k-- {
		of, from, ok := thingAt(run, k)
		if !ok {
			if r := function(run[k].text); r != NoResource && k == len(run)-1 {
				return r, obtain, ""
			}
			continue
		}
		name, ok := rest(run[k+1:])
		if !ok {
			return noThing(a, run)
		}
		if of.with&a == 0 || of.resource == DMA && k+1 < len(run) && tails[run[k+1].text] {
			return noThing(a, run)
		}
		if a == register && of.resource == IRQ && name == "" && from > 0 && run[from-1].text == "gpio" {
			return NoResource, register, ""
		}
		before := naming(run[:from])
		if as := run[k].as; name == "" && from == k && isOwnName(as) {
			return of.resource, a, as
		}
		switch {
		case before != "" && name != "" && isNumber(name):
			name = before + " " + name
		case name == "":
			name = before
		}
		return of.resource, a, name
	}
	return noThing(a, run)
}

// isOwnName reports whether a noun is a name itself: "ahb_clk", "pclk".
func isOwnName(w string) bool {
	return len(w) > len("clocks") && strings.ContainsAny(w, "_-") && !strings.Contains(w, "/") || len(w) > len("clk") && strings.HasSuffix(w, "clk") ||
		len(w) > len("irq") && len(w) <= len("irq1234") && isNumber(w[len("irq"):])
}

// noThing is for an object that is no resource: a step of the driver's start
// failed, if it was one.
func noThing(a act, run []word) (Resource, act, string) {
	switch {
	case a&(start|probe) != 0:
	case a == register && len(run) > 0:
	case a == create && len(run) > 0 && parts[run[len(run)-1].text]:
		a = register
	default:
		return NoResource, noAct, ""
	}
	return NoResource, a, naming(run)
}

// thingAt is the noun at k, with where it begins.
func thingAt(run []word, k int) (of thing, from int, ok bool) {
	if k > 0 {
		if of, ok = things[run[k-1].text+" "+run[k].text]; ok {
			return of, k - 1, true
		}
	}
	if of, ok = things[run[k].text]; ok {
		return of, k, true
	}
	for _, s := range suffixes {
		if strings.HasSuffix(run[k].text, s.end) {
			return s.of, k, true
		}
	}
	if number, numbered := strings.CutPrefix(run[k].text, "irq"); numbered && isNumber(number) {
		return irqThing, k, true
	}
	if before, _, cut := strings.Cut(run[k].text, "/"); cut {
		of, ok = things[before]
	}
	return of, k, ok
}

// rest reads what follows a noun: words that add nothing, then a name at most.
func rest(run []word) (name string, ok bool) {
	for len(run) > 0 && tails[run[0].text] {
		run = run[1:]
	}
	switch {
	case len(run) == 0:
		return "", true
	case len(run) == 1 && (run[0].quoted || isName(run[0].as)):
		return run[0].as, true
	case len(run) == 2 && (run[0].text == "number" || run[0].text == "index" || run[0].text == "#"):
		return run[1].as, true
	}
	return "", false
}

// isName reports whether a word is one that no sentence is made of: "vdd-arm",
// "ipg", "7". Which short words are names, cannot be told; those that follow a noun
// and mean something are few.
func isName(w string) bool {
	if notNames[strings.ToLower(w)] || w[0] == '@' {
		return false
	}
	return strings.ContainsAny(w, "0123456789_-./") || len(w) <= 5
}

var notNames = wordSet("rate freq index table data state name node type mode mask pool map chip id ids addr size desc range value count list cells cell entry event group domain reset sub-node subnode masks field fields level wakeup ranges " +
	"speed link delay info regs write read reg op ops again first early fifo queue irqs irq clk gpio gpios setup init test vector wake trigger affinity handler caps mux")

func isNumber(w string) bool { return strings.Trim(w, "0123456789#") == "" }

// naming is what words in front of a noun say about which one it is.
func naming(run []word) string {
	const most = 3
	var said []string
	for i := range run {
		if adjectives[run[i].text] {
			continue
		}
		said = append(said, run[i].as)
	}
	if len(said) > most {
		return ""
	}
	return strings.Join(said, " ")
}

// function is what a function gives.
func function(name string) Resource {
	if !strings.Contains(name, "_") && name != "ioremap" {
		return NoResource
	}
	for i := range functions {
		if strings.Contains(name, functions[i].part) {
			return functions[i].resource
		}
	}
	return NoResource
}

// namedFor is what a text is for: "clk_get failed for 'ipg'".
func namedFor(list []word) string {
	if len(list) > 1 && list[0].text == "for" && (list[1].quoted || isName(list[1].as)) {
		return list[1].as
	}
	return ""
}

// registerNoun are words beside which a register is a thing.
var registerNoun = wordSet("data read write access reading writing status")

// ordered reads what failed where it says it as an order, up to its end: "request
// gpiod failed".
func ordered(list []word) (Resource, act, string) {
	from := len(list)
	for from > 0 && len(list)-from < maxRun && !list[from-1].ends {
		from--
	}
	if len(list)-from < 2 {
		return NoResource, noAct, ""
	}
	a, ok := acts[list[from].text]
	if last := list[len(list)-1].text; !ok || a == register && registerNoun[last] {
		return NoResource, noAct, ""
	}
	return object(list[from+1:], a)
}

// missingWords follow "not" where something is not there.
var missingWords = wordSet("found available specified defined provided present supplied ready")

// behind reads what stands in front of a word of failure at i: "irq request
// failed", "clock 'ipg' not found".
func behind(list []word, i int) (Resource, act, string) {
	a := noAct
	w := list[i].text
	switch {
	case w == "missing" || w == "unavailable":
		a = obtain
	case w == "not":
		if i+1 == len(list) || !missingWords[list[i+1].text] {
			return NoResource, noAct, ""
		}
		a = obtain
	}
	end := i
	for end > 0 && !list[end-1].ends && (list[end-1].text == "is" || list[end-1].text == "are" || list[end-1].text == "was" || list[end-1].text == "were" || list[end-1].text == "has") {
		end--
	}
	if end == 0 || list[end-1].ends {
		return NoResource, noAct, ""
	}
	if a == noAct {
		verb := list[end-1].text
		if r := function(verb); r != NoResource {
			return r, obtain, namedFor(list[i+1:])
		}
		var ok bool
		switch a, ok = acts[verb]; {
		case ok:
		case verb == "on" && end > 1 && acts[list[end-2].text] == enable:
			a = enable // "power on failed"
			end--
		default:
			return ordered(list[:end])
		}
		if end--; end == 0 || list[end-1].ends {
			if a == probe || a == start {
				return NoResource, a, ""
			}
			return NoResource, noAct, ""
		}
	}
	if a == register && (registerNoun[list[end-1].text] || end > 1 && registerNoun[list[end-2].text]) {
		return NoResource, noAct, ""
	}
	from := end
	for from > 0 && end-from < maxRun && !list[from-1].ends && !endWords[list[from-1].text] {
		from--
	}
	run := list[from:end]
	for k := len(run) - 1; k >= 0; k-- {
		of, at, ok := thingAt(run, k)
		if !ok {
			continue
		}
		name, ok := rest(run[k+1:])
		if !ok || of.with&a == 0 || of.resource == ResetLine && run[k].text == "reset" && a == obtain && w != "not" {
			break // a reset that was asked for
		}
		if name == "" && !run[0].call {
			name = naming(run[:at])
		}
		return of.resource, a, name
	}
	return noThing(a, run)
}
