package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const preamble = `# Captures

Serial consoles of Debian's kernels under QEMU, byte for byte: carriage returns, control sequences and all. ` + "`make capture`" + `
makes them anew (some minutes; needs no root but for installing QEMU) and writes this page; a single one with
` + "`make capture ONLY=name`" + `. Everything on the machine is made by tools/capture, the first process is tools/guestinit: its lines start
with "guestinit:", or are those its plan in tools/capture/guests.go prints.
`

// describe replaces the guest's section in the README of the captures, and
// leaves the sections of guests that were not booted.
func describe(g *guest, k *kernel, out string) error {
	file := filepath.Join(out, "README.md")
	old, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	sections := map[string]string{}
	for _, s := range strings.Split(string(old), "\n## ")[1:] {
		title, _, _ := strings.Cut(s, "\n")
		sections[title] = "\n## " + strings.TrimRight(s, "\n") + "\n"
	}
	sections[g.name] = section(g, k)
	text := preamble
	for _, other := range guests {
		text += sections[other.name]
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

func section(g *guest, k *kernel) string {
	var s strings.Builder
	fmt.Fprintf(&s, "\n## %s\n%s: %s.\n", g.name, "`"+g.name+".log`", g.about)
	fmt.Fprintf(&s, "\n- Kernel: Debian package %s\n- Command line: `%s`\n- Machine: `%s`\n",
		k.pkg, g.commandLine(k.machine), strings.Join(append([]string{k.machine.qemu}, k.machine.args...), " "))
	if len(g.args) > 0 {
		fmt.Fprintf(&s, "- Devices: `%s`\n", strings.Join(g.args, " "))
	}
	if k.machine.dtb != "" {
		fmt.Fprintf(&s, "- Device tree: `%s`\n", k.machine.dtb)
	}
	return s.String()
}
