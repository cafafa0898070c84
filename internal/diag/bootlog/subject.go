package bootlog

import (
	"strings"

	"dekho/internal/klog"
)

// subject is whom a record is about.
type subject struct{ driver, device string }

// buses and classes stand in the place of the driver while a device has none
// (drivers/base/core.c, dev_driver_string).
var buses = map[string]bool{
	"platform": true, "pci": true, "i2c": true, "spi": true, "usb": true, "mmc": true, "mdio_bus": true, "amba": true, "sdio": true,
	"serio": true, "virtio": true, "scsi": true, "pnp": true, "acpi": true, "auxiliary": true, "soc": true, "rpmsg": true, "slimbus": true,
	"soundwire": true, "nvmem": true, "thermal": true, "regulator": true, "power_supply": true, "net": true, "gpio": true, "gpiochip": true,
	"rtc": true, "input": true, "tty": true, "usb_device": true, "of": true, "mei": true, "hid": true, "bus": true,
}

// subjectOf reads the prefix that dev_printk puts in front of a message ("driver
// device: "), or what else names a device there.
func subjectOf(rec *klog.Record) subject {
	var s subject
	text := rec.Text
	head, _, ok := strings.Cut(text, ": ")
	if !ok {
		return s
	}
	words := strings.Fields(head)
	switch {
	case len(words) == 1 && looksLikeDevice(words[0]):
		s.device = words[0]
	case len(words) == 1 && !strings.ContainsAny(words[0], "()[]<>\"'") && len(words[0]) <= 32:
		s.driver = words[0] // what pr_fmt puts there
	case len(words) == 2 && isIdentifier(words[0]) && isIdentifier(words[1]) && !looksLikeDevice(words[1]) && !endWords[words[1]] && !endWords[words[0]]:
		s.driver, s.device = words[0], words[1] // a device without an address
	case len(words) >= 2 && len(words) <= 4 && looksLikeDevice(words[1]):
		// A network interface may follow: "r8152 1-1.2:1.0 eth0: ".
		s.driver, s.device = words[0], words[1]
	}
	if rec.Dict != nil && rec.Dict.Device != "" && s.device == "" {
		if _, name, ok := strings.Cut(rec.Dict.Device, ":"); ok && rec.Dict.Device[0] == '+' {
			s.device = name
		}
	}
	if buses[s.driver] {
		s.driver = ""
	}
	return s
}

// isIdentifier reports whether a word is made of small letters, digits and marks,
// as the names of drivers and devices are.
func isIdentifier(w string) bool {
	return len(w) <= 32 && w[0] >= 'a' && w[0] <= 'z' && strings.Trim(w, "abcdefghijklmnopqrstuvwxyz0123456789_-.") == "" && acts[w] == noAct
}

// looksLikeDevice reports whether a word is a device's name as buses make them:
// "30be0000.ethernet", "0000:00:1f.1", "4-0058", "spi0.0", "soc:sound".
func looksLikeDevice(w string) bool {
	if w == "" || len(w) > 64 || strings.ContainsAny(w, "()[]<>\"'=,") {
		return false
	}
	digits, marks := false, false
	for i := range len(w) {
		switch c := w[i]; {
		case c >= '0' && c <= '9':
			digits = true
		case c == '.' || c == ':' || c == '-' || c == '@':
			marks = true
		}
	}
	return marks && (digits || strings.Contains(w, ":") || strings.Count(w, "-") >= 1) || digits && len(w) >= 3 && w[0] >= 'a'
}

// sameDevice reports whether two names are of one device: a node of the device
// tree is called "i2c@30a20000", its device "30a20000.i2c".
func sameDevice(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	return a == b || nodeName(a) == nodeName(b)
}

// nodeName is the node "i2c@30a20000" of a device "30a20000.i2c", of a path its
// last part; other names stay as they are.
func nodeName(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	addr, rest, ok := strings.Cut(name, ".")
	if !ok || addr == "" || rest == "" || strings.Trim(addr, "0123456789abcdef") != "" {
		return name
	}
	return rest + "@" + addr
}
