package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"dekho/tools/capture/cpio"
)

// initramfs makes the archive of a guest: the first process, its plan, the
// modules with what they need, and the programs that the plan wants. It returns
// the file.
func initramfs(g *guest, k *kernel, dir string) (string, error) {
	init, err := buildInit(k, dir)
	if err != nil {
		return "", err
	}
	archive, err := pack(func(w *cpio.Writer) error {
		for _, d := range []string{"dev", "proc", "sys", "mnt"} {
			w.Dir(d)
		}
		w.Char("dev/console", 0o600, 5, 1)
		switch {
		case g.noInit:
		case g.badInit:
			w.File("init", 0o755, []byte("not a program\n"))
		default:
			w.File("init", 0o755, init)
		}
		modules, err := k.modules.resolve(g.modules)
		if err != nil {
			return err
		}
		var loads []string
		for i, m := range modules {
			// Numbered, so that the order of loading can be seen in the archive.
			for _, p := range g.patches {
				if p.module == m.name {
					if m.image, err = p.apply(m.image); err != nil {
						return fmt.Errorf("%s: %w", m.name, err)
					}
				}
			}
			file := fmt.Sprintf("modules/%03d-%s.ko", i, m.name)
			w.File(file, 0o644, m.image)
			loads = append(loads, strings.TrimSpace(fmt.Sprintf("load /%s %s", file, g.moduleParams[m.name])))
		}
		plan := strings.ReplaceAll(g.plan, "@modules@", strings.Join(loads, "\n"))
		if g.second != nil {
			start := "run /dev/console /sbin/kexec -l /boot/vmlinuz --initrd=/boot/initrd --reuse-cmdline --append=" + g.second.append +
				"\nrun /dev/console /sbin/kexec -e"
			if k.dtb != "" {
				start = "run /dev/console " + guestKexec
			}
			plan = strings.ReplaceAll(plan, "@kexec@", start)
		}
		w.File("plan", 0o644, []byte(plan))
		if strings.Contains(plan, "/bin/busybox") {
			if err := copyInto(w, "bin/busybox", filepath.Join(k.busybox, "root/bin/busybox")); err != nil {
				return err
			}
		}
		if g.second == nil {
			return nil
		}
		second, err := secondInitramfs(init, g.second.plan)
		if err != nil {
			return err
		}
		if err := copyInto(w, "boot/vmlinuz", k.image); err != nil {
			return err
		}
		w.File("boot/initrd", 0o644, second)
		if k.dtb != "" {
			return addGuestKexec(w, g, k, len(second), dir)
		}
		return addKexec(w)
	})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "initramfs.cpio.gz")
	return file, os.WriteFile(file, archive, 0o644)
}

// pack makes a compressed archive of what fill puts into it.
func pack(fill func(w *cpio.Writer) error) ([]byte, error) {
	var archive bytes.Buffer
	z := gzip.NewWriter(&archive)
	w := cpio.NewWriter(z)
	err := fill(w)
	if err := errors.Join(err, w.Close(), z.Close()); err != nil {
		return nil, err
	}
	return archive.Bytes(), nil
}

// copyInto adds a file of this machine to an archive.
func copyInto(w *cpio.Writer, name, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	w.File(name, 0o755, data)
	return nil
}

// secondInitramfs makes the archive of the kernel that a guest starts.
func secondInitramfs(init []byte, plan string) ([]byte, error) {
	return pack(func(w *cpio.Writer) error {
		for _, d := range []string{"dev", "proc", "sys"} {
			w.Dir(d)
		}
		w.Char("dev/console", 0o600, 5, 1)
		w.File("init", 0o755, init)
		w.File("plan", 0o644, []byte(plan))
		return nil
	})
}

// addKexec adds this machine's kexec(8) with its libraries.
func addKexec(w *cpio.Writer) error {
	program := sbin("kexec")
	if err := copyInto(w, "sbin/kexec", program); err != nil {
		return err
	}
	libraries, err := exec.Command("ldd", program).Output()
	if err != nil {
		return fmt.Errorf("ldd %s: %w", program, err)
	}
	for _, word := range strings.Fields(string(libraries)) {
		if strings.HasPrefix(word, "/") {
			if err := copyInto(w, word, word); err != nil {
				return err
			}
		}
	}
	return nil
}

// buildInit compiles tools/guestinit for the guest.
func buildInit(k *kernel, dir string) ([]byte, error) { return buildFor(k, "guestinit", dir) }

// buildFor compiles a tool of this repository for the guest.
func buildFor(k *kernel, tool, dir string) ([]byte, error) {
	file := filepath.Join(dir, tool)
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", file, "./tools/"+tool)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+k.machine.goarch, "GOARM=7")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build ./tools/%s for %s: %w\n%s", tool, k.machine.goarch, err, out)
	}
	return os.ReadFile(file)
}
