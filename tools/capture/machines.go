package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// machine is a kind of computer that QEMU can be.
type machine struct {
	name    string
	goarch  string // of its first process
	debarch string
	pkg     string // Debian package of the kernel
	qemu    string
	qemuPkg string // Debian package of the emulator
	args    []string
	dtb     string // device tree, a file in the kernel's package
	console string // name of the console for the kernel's command line
	kvm     bool   // whether /dev/kvm of a PC could run it
	// memory is the node of the device tree with the memory, which starts and is
	// as large as follows.
	memory                  string
	memoryStart, memorySize int
}

var machines = map[string]*machine{
	"x86-64": {
		name: "x86-64", goarch: "amd64", debarch: "amd64", pkg: "linux-image-amd64",
		qemu: "qemu-system-x86_64", qemuPkg: "qemu-system-x86",
		args:    []string{"-M", "q35", "-smp", "2", "-m", "512"},
		console: "ttyS0,115200", kvm: true,
	},
	"imx7d": {
		name: "imx7d", goarch: "arm", debarch: "armhf", pkg: "linux-image-armmp",
		qemu: "qemu-system-arm", qemuPkg: "qemu-system-arm",
		args:    []string{"-M", "mcimx7d-sabre", "-smp", "2", "-m", "512"},
		dtb:     "imx7d-sdb.dtb",
		console: "ttymxc0,115200",
		memory:  "/memory@80000000", memoryStart: 0x80000000, memorySize: 512 << 20,
	},
}

// kernel is a machine's kernel package, downloaded and unpacked.
type kernel struct {
	machine *machine
	pkg     string // name and version of the package
	image   string
	dtb     string
	modules *moduleTree
	busybox string // the unpacked package busybox-static
}

// fetchKernel gets the packages through scripts/fetch-package.
func fetchKernel(m *machine) (*kernel, error) {
	dir, err := fetchPackage(m.pkg, m.debarch)
	if err != nil {
		return nil, err
	}
	k := &kernel{machine: m}
	if k.pkg, err = packageVersion(dir); err != nil {
		return nil, err
	}
	root := filepath.Join(dir, "root")
	if k.image, err = one(filepath.Join(root, "boot/vmlinuz-*")); err != nil {
		return nil, err
	}
	if m.dtb != "" {
		if k.dtb, err = one(filepath.Join(root, "usr/lib/linux-image-*", m.dtb)); err != nil {
			return nil, err
		}
	}
	if k.modules, err = openModules(root); err != nil {
		return nil, err
	}
	if k.busybox, err = fetchPackage("busybox-static", m.debarch); err != nil {
		return nil, err
	}
	return k, nil
}

func fetchPackage(pkg, arch string) (string, error) {
	cmd := exec.Command("scripts/fetch-package", pkg, arch)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("scripts/fetch-package %s %s: %w", pkg, arch, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// packageVersion reads "name version" from the stamp that fetch-package leaves.
func packageVersion(dir string) (string, error) {
	f, err := os.Open(filepath.Join(dir, "stamp"))
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // read only
	field := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), " ")
		field[key] = value
	}
	return field["package"] + " " + field["version"], nil
}

// one is the only file that matches the pattern.
func one(pattern string) (string, error) {
	files, err := filepath.Glob(pattern)
	if err != nil {
		return "", err
	}
	if len(files) != 1 {
		return "", fmt.Errorf("%s: want one file, found %d", pattern, len(files))
	}
	return files[0], nil
}
