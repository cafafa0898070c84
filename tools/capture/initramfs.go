package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"dekho/tools/capture/cpio"
)

// initramfs makes the archive of a guest: the first process, its plan, the
// modules with what they need, and busybox where the plan wants it. It returns
// the file.
func initramfs(g *guest, k *kernel, dir string) (string, error) {
	init, err := buildInit(k, dir)
	if err != nil {
		return "", err
	}
	var archive bytes.Buffer
	z := gzip.NewWriter(&archive)
	w := cpio.NewWriter(z)
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
		return "", err
	}
	var loads []string
	for i, m := range modules {
		// Numbered, so that the order of loading can be seen in the archive.
		file := fmt.Sprintf("modules/%03d-%s.ko", i, m.name)
		w.File(file, 0o644, m.image)
		loads = append(loads, strings.TrimSpace(fmt.Sprintf("load /%s %s", file, g.moduleParams[m.name])))
	}
	plan := strings.ReplaceAll(g.plan, "@modules@", strings.Join(loads, "\n"))
	w.File("plan", 0o644, []byte(plan))
	if strings.Contains(plan, "/bin/busybox") {
		busybox, err := os.ReadFile(filepath.Join(k.busybox, "root/bin/busybox"))
		if err != nil {
			return "", err
		}
		w.File("bin/busybox", 0o755, busybox)
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	file := filepath.Join(dir, "initramfs.cpio.gz")
	return file, os.WriteFile(file, archive.Bytes(), 0o644)
}

// buildInit compiles tools/guestinit for the guest.
func buildInit(k *kernel, dir string) ([]byte, error) {
	file := filepath.Join(dir, "guestinit")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", file, "./tools/guestinit")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+k.machine.goarch, "GOARM=7")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build ./tools/guestinit for %s: %w\n%s", k.machine.goarch, err, out)
	}
	return os.ReadFile(file)
}
