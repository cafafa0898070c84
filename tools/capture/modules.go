package main

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// moduleTree knows the modules of one unpacked kernel package. Debian's
// packages carry no modules.dep (depmod writes it when a package is
// installed), so dependencies are read from the modules themselves.
type moduleTree struct {
	release string            // as uname -r says it
	files   map[string]string // module name, with '_' for '-', to file
	builtin map[string]bool
}

// openModules looks through lib/modules below root, which must hold one kernel.
func openModules(root string) (*moduleTree, error) {
	dirs, err := filepath.Glob(filepath.Join(root, "lib/modules/*"))
	if err != nil {
		return nil, err
	}
	if usr, err := filepath.Glob(filepath.Join(root, "usr/lib/modules/*")); err == nil {
		dirs = append(dirs, usr...)
	}
	if len(dirs) != 1 {
		return nil, fmt.Errorf("%s: want the modules of one kernel, found %d", root, len(dirs))
	}
	t := &moduleTree{release: filepath.Base(dirs[0]), files: map[string]string{}, builtin: map[string]bool{}}
	err = filepath.WalkDir(dirs[0], func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, rest, _ := strings.Cut(filepath.Base(path), ".")
		if rest == "ko" || rest == "ko.xz" {
			t.files[moduleName(name)] = path
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	list, err := os.ReadFile(filepath.Join(dirs[0], "modules.builtin"))
	if err != nil {
		return nil, err
	}
	for _, line := range strings.Fields(string(list)) {
		t.builtin[moduleName(strings.TrimSuffix(filepath.Base(line), ".ko"))] = true
	}
	return t, nil
}

// moduleName is the name under which the kernel lists a module.
func moduleName(s string) string { return strings.ReplaceAll(s, "-", "_") }

// module is one module as it goes into an initramfs.
type module struct {
	name  string
	image []byte
}

// resolve returns the modules named and all that they need, each after what it
// depends on. A built-in one is left out; one that does not exist is an error.
func (t *moduleTree) resolve(names []string) ([]module, error) {
	var order []module
	done := map[string]bool{}
	var visit func(name, wantedBy string) error
	visit = func(name, wantedBy string) error {
		name = moduleName(name)
		if done[name] || t.builtin[name] {
			return nil
		}
		done[name] = true
		file, ok := t.files[name]
		if !ok {
			return fmt.Errorf("no module %s in %s (wanted by %s)", name, t.release, wantedBy)
		}
		image, err := readModule(file)
		if err != nil {
			return err
		}
		info, err := modinfo(image)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for _, dep := range info.before {
			// A soft dependency may be missing from this kernel.
			if _, ok := t.files[moduleName(dep)]; !ok && info.soft[dep] {
				continue
			}
			if err := visit(dep, name); err != nil {
				return err
			}
		}
		order = append(order, module{name, image})
		return nil
	}
	for _, name := range names {
		if err := visit(name, "this guest"); err != nil {
			return nil, err
		}
	}
	return order, nil
}

// readModule reads a module; Debian compresses them since release 13.
func readModule(file string) ([]byte, error) {
	if strings.HasSuffix(file, ".xz") {
		image, err := exec.Command("xz", "-dc", file).Output()
		if err != nil {
			return nil, fmt.Errorf("xz -dc %s: %w", file, err)
		}
		return image, nil
	}
	return os.ReadFile(file)
}

// dependencies is what has to be loaded before a module.
type dependencies struct {
	before []string
	soft   map[string]bool // those of before that a kernel can do without
}

// modinfo reads the section .modinfo: NUL-terminated "key=value" strings, of
// which "depends=a,b" and "softdep=pre: a b post: c" matter here.
func modinfo(image []byte) (dependencies, error) {
	d := dependencies{soft: map[string]bool{}}
	f, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return d, err
	}
	section := f.Section(".modinfo")
	if section == nil {
		return d, fmt.Errorf("no section .modinfo")
	}
	data, err := section.Data()
	if err != nil {
		return d, err
	}
	for _, field := range strings.Split(string(data), "\x00") {
		key, value, _ := strings.Cut(field, "=")
		switch key {
		case "depends":
			for _, name := range strings.Split(value, ",") {
				if name != "" {
					d.before = append(d.before, name)
				}
			}
		case "softdep":
			pre := false
			for _, word := range strings.Fields(value) {
				switch {
				case strings.HasSuffix(word, ":"):
					pre = word == "pre:"
				case pre:
					d.before = append(d.before, word)
					d.soft[word] = true
				}
			}
		}
	}
	return d, nil
}
