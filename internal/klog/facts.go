package klog

import "strings"

// This file collects what a boot says about itself: kernel, machine, command
// line. Each fact keeps the record that says it.

// Fact is something a boot says about itself, with the record that says it.
type Fact struct {
	Value string
	Quote string // the record's text
	// Line, Start and End locate the record in the capture.
	Line       int
	Start, End int64
}

// Known reports whether the fact was found.
func (f *Fact) Known() bool { return f.Line != 0 }

func fact(value string, rec *Record) Fact {
	return Fact{Value: value, Quote: rec.Text, Line: rec.Line, Start: rec.Start, End: rec.End}
}

// How sure a source of the machine's name is.
const (
	machineFromOops = iota + 1
	machineFromDMI
	machineFromTree
)

// gather takes from a kernel record what it says about its boot.
func (b *boot) gather(rec *Record) {
	t := rec.Text
	if len(t) < 8 {
		return
	}
	switch t[0] {
	case 'L':
		if v, ok := cutVersion(t); ok && !b.bannerSeen {
			b.Version = fact(v, rec)
			b.bannerSeen = true
			b.StartMissing = false
		}
	case 'B':
		if strings.HasPrefix(t, "Booting Linux on physical CPU") {
			b.entrySeen = true
			b.StartMissing = false
		}
	case 'K':
		if v, ok := strings.CutPrefix(t, "Kernel command line: "); ok && !b.cmdlineFinal {
			b.CommandLine, b.cmdlineFinal = fact(v, rec), true
		}
	case 'C':
		if v, ok := strings.CutPrefix(t, "Command line: "); ok && !b.CommandLine.Known() {
			b.CommandLine = fact(v, rec)
		}
		if b.Version.Known() || !strings.HasPrefix(t, "CPU: ") {
			break
		}
		// "CPU: 0 PID: 1 Comm: swapper Not tainted 6.1.0 #1"
		for _, s := range [...]string{"Not tainted ", "Tainted: "} {
			if i := strings.Index(t, s); i >= 0 {
				if v := releaseIn(t[i+len(s):]); v != "" {
					b.Version = fact(v, rec)
				}
			}
		}
	case 'M':
		b.machine(rec, "Machine model: ", machineFromTree)
	case 'O':
		if !b.machine(rec, "OF: fdt: Machine model: ", machineFromTree) {
			b.machine(rec, "OF: fdt:Machine model: ", machineFromTree)
		}
	case 'D':
		b.machine(rec, "DMI: ", machineFromDMI)
	case 'H':
		b.machine(rec, "Hardware name: ", machineFromOops)
	}
}

func (b *boot) machine(rec *Record, prefix string, weight uint8) bool {
	v, ok := strings.CutPrefix(rec.Text, prefix)
	if !ok {
		return false
	}
	if b.machineWeight < weight && strings.TrimSpace(v) != "" {
		b.Machine, b.machineWeight = fact(strings.TrimRight(v, " "), rec), weight
	}
	return true
}

// cutVersion returns the release from "Linux version 6.1.0 (builder) ...".
func cutVersion(t string) (string, bool) {
	v, ok := strings.CutPrefix(t, "Linux version ")
	if !ok || v == "" || !isDigit(v[0]) {
		return "", false
	}
	v, _, _ = strings.Cut(v, " ")
	return v, true
}

// releaseIn returns the first word of t that is a kernel release; before it
// stand taint letters.
func releaseIn(t string) string {
	for _, w := range strings.Fields(t) {
		if isDigit(w[0]) && strings.IndexByte(w, '.') > 0 {
			return w
		}
		if len(w) > 1 && w[0] != '[' {
			return ""
		}
	}
	return ""
}
