// Command capture boots Debian's kernels under QEMU and saves what they print
// on the serial console, byte for byte, as the fixtures in testdata/captures.
// Run it from the top of the checkout, as `make capture` does. It needs no
// root; everything it boots comes from Debian packages that are unpacked below
// the build's cache, and from this repository.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	out := flag.String("out", "testdata/captures", "`directory` for the captures")
	only := flag.String("only", "", "comma-separated `names` of the guests to boot (default: all)")
	accel := flag.String("accel", "tcg", "tcg, or kvm to try that first and fall back")
	readme := flag.Bool("readme", false, "boot nothing, only describe the guests anew in the README")
	list := flag.Bool("list", false, "list the guests and exit")
	requires := flag.Bool("requires", false, "print \"command package\" for each program needed and exit")
	faulty := flag.Bool("faults", false, "boot the machines that go wrong instead, into the cache; those that are there are not booted again (but with REFRESH=1)")
	cache := flag.String("cache", "", "the build's cache, a `directory`")
	flag.Parse()
	all := guests
	if *faulty {
		all = faults
	}
	var err error
	switch {
	case *list:
		for _, g := range all {
			fmt.Printf("%-24s %s\n", g.name, g.about)
		}
	case *requires:
		for _, r := range required(all) {
			fmt.Println(r)
		}
	case *faulty:
		err = bootFaults(filepath.Join(*cache, "boots"), *only, *accel, os.Getenv("REFRESH") != "")
	default:
		err = capture(*out, *only, *accel, *readme)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "capture:", err)
		os.Exit(1)
	}
}

// required lists "command package" for every program the guests need.
func required(gs []*guest) []string {
	need := []string{"mke2fs e2fsprogs"}
	for _, g := range gs {
		m := machines[g.machine]
		need = append(need, m.qemu+" "+m.qemuPkg)
		switch {
		case g.second == nil:
		case m.dtb != "":
			need = append(need, "fdtput device-tree-compiler")
		default:
			need = append(need, "kexec kexec-tools")
		}
	}
	slices.Sort(need)
	return slices.Compact(need)
}

// check makes sure that programs are there.
func check(required []string) error {
	for _, r := range required {
		command, pkg, _ := strings.Cut(r, " ")
		if _, err := exec.LookPath(sbin(command)); err != nil {
			return fmt.Errorf("%s is missing: install the package %s", command, pkg)
		}
	}
	return nil
}

// selected is those of the guests that are named, or all of them.
func selected(guests []*guest, only string) ([]*guest, error) {
	if only == "" {
		return guests, nil
	}
	var chosen []*guest
	for _, name := range strings.Split(only, ",") {
		i := slices.IndexFunc(guests, func(g *guest) bool { return g.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no guest %q: see -list", name)
		}
		chosen = append(chosen, guests[i])
	}
	return chosen, nil
}

func capture(out, only, accel string, readme bool) error {
	chosen, err := selected(guests, only)
	if err != nil {
		return err
	}
	if err := check(required(chosen)); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	kernels := map[string]*kernel{}
	for _, g := range chosen {
		k := kernels[g.machine]
		if k == nil {
			if k, err = fetchKernel(machines[g.machine]); err != nil {
				return err
			}
			kernels[g.machine] = k
		}
		if readme {
			err = describe(g, k, out)
		} else {
			err = captureOne(g, k, out, accel)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	return nil
}

// captureOne boots one guest and saves its files.
func captureOne(g *guest, k *kernel, out, accel string) error {
	dir, err := os.MkdirTemp("", "dekho-capture-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary directory
	fmt.Fprintf(os.Stderr, "%s: booting %s\n", g.name, k.pkg)
	start := time.Now()
	console, ports, err := run(g, k, accel, dir)
	if err != nil {
		if len(console) > 0 {
			fmt.Fprintf(os.Stderr, "%s\n", lastLines(console, 10))
		}
		return err
	}
	if !strings.Contains(string(console), g.expect) {
		return fmt.Errorf("the console lacks %q; it ends in\n%s", g.expect, lastLines(console, 10))
	}
	for name, data := range ports {
		if len(data) == 0 {
			return fmt.Errorf("nothing came for %s", name)
		}
		if err := os.WriteFile(filepath.Join(out, name), data, 0o644); err != nil {
			return err
		}
	}
	file := filepath.Join(out, g.name+".log")
	if err := os.WriteFile(file, console, 0o644); err != nil {
		return err
	}
	if err := describe(g, k, out); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%s: %d bytes in %.0f s\n", file, len(console), time.Since(start).Seconds())
	return nil
}

func lastLines(b []byte, n int) string {
	lines := strings.Split(strings.TrimRight(string(b), "\r\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
