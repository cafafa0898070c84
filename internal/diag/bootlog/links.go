package bootlog

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"

	"dekho/internal/boots"
	"dekho/internal/crash"
	"dekho/internal/finding"
)

// This file leads from causes to consequences. A link goes forward in time,
// within one boot, and names what connects the two. What was only near, or of
// the same subsystem, makes a guess.

// linked bounds how many findings are compared with each other.
const linked = 250

// worst are the nodes that links are looked for among: all, or the worst, in
// their order.
func (f *finisher) worst() []*node {
	if len(f.nodes) <= linked {
		return f.nodes
	}
	list := slices.Clone(f.nodes)
	slices.SortStableFunc(list, func(a, b *node) int {
		return cmp.Or(-cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.firstLine(), b.firstLine()))
	})
	return list[:linked]
}

// link finds what stems from what.
func (f *finisher) link() {
	list := f.worst()
	for _, a := range list {
		for _, b := range list {
			if a == b {
				continue
			}
			for boot, from := range a.lines {
				to, ok := b.lines[boot]
				if !ok || to < from || to == from && b.entry.Stage <= a.entry.Stage && !slices.Contains(bootEnds, b.entry) {
					continue
				}
				if why, guess := f.connects(a, b, boot); why != "" {
					a.links = append(a.links, edge{to: b, why: why, guess: guess})
					break
				}
				if e, ok := f.supplies(a, b, boot); ok {
					a.links = append(a.links, e)
					break
				}
			}
		}
	}
	f.lastBeforeSilence()
}

// connects says how the later b stems from a, "" if nothing speaks for it.
func (f *finisher) connects(a, b *node, boot int) (why string, guess bool) {
	if why, guess := f.systemNeeds(a, b, boot); why != "" {
		return why, guess
	}
	switch {
	case a.kernelFailed && (b.Failure >= 0 || slices.Contains(bootEnds, b.entry)):
		if a == f.firstFailure(boot) { // what follows stems from the first, as does the second
			return "the kernel had failed before", false
		}
		return "", false
	case b.Failure >= 0 && a.Failure < 0:
		return f.inTrace(a, &f.log.Failures[b.Failure])
	case b.vars.supplier != "" && sameDevice(b.vars.supplier, a.Device):
		return "it waits for " + a.Device, false
	}
	if a.Failure >= 0 || b.Failure >= 0 {
		return "", false
	}
	// A device that waits for a supplier, or lacks one, comes before one that
	// failed; one that lacks the same twice tried again.
	earlier := a.entry.Stage != StageAny &&
		(a.entry.Stage < b.entry.Stage || a.entry == deferredPending && b.entry.Stage == StageProbe || a.entry == b.entry && a.entry.Resource != NoResource)
	switch {
	case earlier && sameDevice(a.Device, b.Device):
		return "the same device", false
	case a.Device != "" && len(a.Device) > 4 && a.Device != b.Device && b.Record.Line > a.Record.Line && mentions(b.Record.Text, a.Device):
		return "it names " + a.Device, false
	case earlier && a.Driver != "" && a.Driver == b.Driver && (a.Device == "" || b.Device == ""):
		return "the same driver", true
	}
	if disk := blockDevice(a); disk != "" && a.entry.Stage == StageUse && b.entry.Stage >= StageUse && partOf(blockDevice(b), disk) {
		return "the same disk", false
	}
	return "", false
}

// systemNeeds says why a system may not come up for what went wrong before.
func (f *finisher) systemNeeds(a, b *node, boot int) (why string, guess bool) {
	is := func(n *node, ids ...string) bool { return slices.Contains(ids, n.entry.ID) }
	switch {
	case a.entry == askedFor:
		if b.Failure >= 0 {
			return "it was asked for", true
		}
	case b.entry == hung && a.Failure < 0:
		if call := f.unfinished(a, boot); call != "" {
			return "the initcall " + call + "() of its driver did not return", false
		}
	case b.entry == hung && is(a, "stall") && f.firstFailure(boot) == nil:
		return "nothing went on behind it", false
	case b.entry == rootNotFound || is(b, "emergency-shell"):
		switch {
		case is(a, "initramfs-damaged"):
			return "without the initramfs the kernel looks for a root file system itself", true
		case is(a, "network-boot"):
			return "the root file system may be on the network", !strings.Contains(b.Record.Text+b.vars.device, "nfs") && !strings.Contains(b.vars.device, "(0,255)")
		case a.entry.Stage <= StageProbe && a.entry.Stage != StageAny && carriesDisks(a), is(a, "io-error", "fs-error", "fs-not-recognised", "disk-not-ready"):
			return "the root file system may be on it", true
		case is(a, "module-mismatch"):
			return "what the module drives may carry the root file system", true
		}
	case is(b, "init-died", "init-not-found"):
		switch {
		case is(a, "program-crashed") && slices.Contains([]string{"init", "systemd", "sh", "linuxrc"}, a.vars.name):
			return "the first program crashed, or one that it ran", true
		case is(a, "io-error", "fs-error", "out-of-memory", "initramfs-damaged"):
			return "init may have needed it", true
		}
	case is(b, "network-boot"):
		if a.entry.Stage <= StageProbe && a.entry.Stage != StageAny && (a.entry.Resource == PHY || carriesNetwork(a)) {
			return "the network may be on it", true
		}
	}
	return "", false
}

// carriesNetwork reports whether a network interface may come from what failed.
func carriesNetwork(a *node) bool {
	return strings.HasPrefix(a.Statement.Path, "drivers/net/") || strings.Contains(a.Device, "ethernet") || strings.Contains(a.Device, "gmac") || strings.Contains(a.Driver, "eth") || a.Driver == "fec"
}

// supplies leads from a device that does not come up to one that needs it by the
// device tree. That the other waits for it is sure; that it failed for it is not.
func (f *finisher) supplies(a, b *node, boot int) (edge, bool) {
	comesUp := func(n *node) bool {
		return n.Device != "" && (n.entry.Stage == StageSupply || n.entry.Stage == StageProbe)
	}
	// A pin controller speaks of those who want its pins.
	if f.log.Supplier == nil || a.Severity < finding.Broken || a.entry.Resource == Pinctrl || !comesUp(a) || !comesUp(b) || sameDevice(a.Device, b.Device) {
		return edge{}, false
	}
	ev, ok := f.log.Supplier(boot, b.Device, a.Device)
	if !ok {
		return edge{}, false
	}
	return edge{to: b, why: "by the device tree it needs " + a.Device, guess: b.entry != deferredPending, evidence: []finding.Evidence{ev}}, true
}

// mentions reports whether a text has a device's name, or its node's, as a word.
func mentions(text, device string) bool {
	for _, name := range []string{device, nodeName(device)} {
		rest := text
		for {
			_, after, ok := strings.Cut(rest, name)
			if !ok {
				break
			}
			before := rest[:len(rest)-len(after)-len(name)]
			if !endsInWord(before) && !startsWithWord(after) {
				return true
			}
			rest = after
		}
	}
	return false
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
func endsInWord(s string) bool     { return s != "" && isWord(s[len(s)-1]) }
func startsWithWord(s string) bool { return s != "" && (isWord(s[0]) || s[0] == '-') }

// traceDepth is how many frames a cause is looked for in: further out the trace
// tells what the task was about, not what failed.
const traceDepth = 8

// resourceFunctions are how the functions of a resource's subsystem begin.
var resourceFunctions = map[Resource][]string{
	IRQ:       {"irq_", "migrate_one_irq", "machine_kexec_mask_interrupts", "__irq_", "request_threaded_irq", "generic_handle_", "handle_irq", "gic_", "fixup_irqs"},
	Clock:     {"clk_", "__clk_"},
	Regulator: {"regulator_", "_regulator_"},
	GPIO:      {"gpiod_", "gpio_", "gpiochip_"},
	Pinctrl:   {"pinctrl_", "pinmux_", "pinconf_"},
	PHY:       {"phy_"},
	ResetLine: {"reset_control_", "__reset_control_"},
	DMA:       {"dma_", "dmaengine_", "vchan_"},
}

// inTrace looks for what failed in the call trace of a later crash.
func (f *finisher) inTrace(a *node, c *Failure) (why string, guess bool) {
	if a.entry.Stage == StageAny || a.entry.Stage >= StageSystem {
		return "", false
	}
	trail := c.Trail()
	for i := range trail[:min(len(trail), traceDepth)] {
		fr := &trail[i]
		p := ""
		if i < len(c.Paths) {
			p = c.Paths[i]
		}
		if ofDriver(a, fr, p) {
			return fr.Symbol() + "() of its driver is in the call trace", false
		}
	}
	for i := range trail[:min(len(trail), traceDepth)] {
		name := trail[i].Symbol()
		for _, start := range resourceFunctions[a.entry.Resource] {
			if strings.HasPrefix(name, start) {
				return name + "() in the call trace works on the " + string(a.entry.Resource) + " that was missing, or on others", true
			}
		}
	}
	return "", false
}

// ofDriver reports whether a function is of the driver that a node is about: by
// the file of the statement, by the module, by its name.
func ofDriver(a *node, fr *crash.Frame, file string) bool {
	if file != "" && file == a.Statement.Path && !isCore(file) {
		return true
	}
	driver := strings.ReplaceAll(a.Driver, "-", "_")
	if len(driver) < minDriver {
		return false
	}
	if strings.ReplaceAll(fr.Module, "-", "_") == driver {
		return true
	}
	return strings.HasPrefix(fr.Symbol(), driver+"_")
}

// minDriver is how long the name of a driver is that says something.
const minDriver = 4

// isCore reports whether a file serves many drivers: that it printed something
// does not tell whom it was about.
func isCore(file string) bool {
	dir, base := path.Split(file)
	if strings.HasPrefix(dir, "drivers/base/") || strings.HasPrefix(dir, "drivers/of/") || !strings.HasPrefix(dir, "drivers/") && !strings.HasPrefix(dir, "sound/") && !strings.HasPrefix(dir, "fs/") && !strings.HasPrefix(dir, "net/") && !strings.HasPrefix(dir, "arch/") {
		return true
	}
	return strings.HasSuffix(strings.TrimSuffix(base, ".c"), "core") || strings.HasPrefix(dir, "drivers/regulator/") && base == "core.c"
}

// unfinished is the initcall of a node's driver that did not return, "" if none.
func (f *finisher) unfinished(a *node, boot int) string {
	b := f.boots[boot]
	driver := strings.ReplaceAll(a.Driver, "-", "_")
	if b == nil || len(driver) < minDriver {
		return ""
	}
	for i := range b.Spent.Unfinished {
		if c := &b.Spent.Unfinished[i]; strings.HasPrefix(c.Name, driver) {
			return c.Name
		}
	}
	return ""
}

// diskDirs are where drivers live that block devices come from.
var diskDirs = []string{
	"drivers/mmc/", "drivers/ata/", "drivers/nvme/", "drivers/scsi/", "drivers/block/", "drivers/mtd/", "drivers/md/", "drivers/usb/storage/",
	"drivers/ufs/", "drivers/virtio/",
}

// carriesDisks reports whether a block device may come from what failed.
func carriesDisks(a *node) bool {
	if slices.ContainsFunc(diskDirs, func(dir string) bool { return strings.HasPrefix(a.Statement.Path, dir) }) {
		return true
	}
	for _, word := range []string{"mmc", "sdhci", "ahci", "sata", "nvme", "ufs", "nand", "virtio_blk", "virtio_scsi", "usdhc"} {
		if strings.Contains(a.Driver, word) || strings.Contains(a.Device, word) {
			return true
		}
	}
	return false
}

// blockDevice is the disk that a node names ("mmcblk0p2"), "" if none.
func blockDevice(n *node) string {
	for _, name := range []string{n.vars.name, n.Device} {
		for _, start := range []string{"sd", "mmcblk", "nvme", "vd", "hd", "xvd", "mtdblock", "md", "dm-", "loop", "ubi"} {
			if strings.HasPrefix(name, start) && len(name) > len(start) {
				return name
			}
		}
	}
	return ""
}

// partOf reports whether a block device is a disk or one of its partitions.
func partOf(part, disk string) bool {
	rest, ok := strings.CutPrefix(part, disk)
	return ok && (rest == "" || strings.Trim(rest, "p0123456789") == "")
}

// nearRecords is how many lines before a silence something counts as the last
// thing that went wrong.
const nearLines = 20

// lastBeforeSilence takes what went wrong right before a machine hung, or was
// reset, for what may have hung it.
func (f *finisher) lastBeforeSilence() {
	for _, b := range f.nodes {
		if b.entry != hung && b.entry != watchdogReset && b.entry != resetUnexplained {
			continue
		}
		f.everyTime(b)
		for boot, end := range b.lines {
			if in := f.boots[boot]; in != nil && in.End.Kind != boots.Silence && in.End.Kind != boots.Watchdog && in.End.Kind != boots.Reset {
				continue
			}
			if f.firstFailure(boot) != nil {
				continue
			}
			var last *node
			for _, a := range f.nodes {
				line, ok := a.lines[boot]
				if !ok || a == b || a.Severity < finding.Broken || a.Failure >= 0 || a.entry.Stage == StageAny || end-line > nearLines || line > end {
					continue
				}
				if last == nil || line > last.lines[boot] {
					last = a
				}
			}
			if last != nil && !slices.ContainsFunc(last.links, func(e edge) bool { return e.to == b }) {
				last.links = append(last.links, edge{to: b, why: "the last thing that went wrong before", guess: true})
			}
		}
	}
}

// everyTime takes a processor that stays away in each of several boots that ended
// alike for what ends them: that is no coincidence any more.
func (f *finisher) everyTime(b *node) {
	if len(b.lines) < 2 {
		return
	}
	for _, a := range f.nodes {
		missing := a.entry.ID != "cpu-not-online"
		for boot, end := range b.lines {
			line, ok := a.lines[boot]
			missing = missing || !ok || line > end
		}
		if !missing {
			a.links = append(a.links, edge{to: b, why: "in each of the " + strconv.Itoa(len(b.lines)) + " boots that ended so"})
		}
	}
}
