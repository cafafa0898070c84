package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Limits on a guest. Under emulation a boot takes 15 to 60 s on one core of a
// PC; a silent one has hung.
const (
	runLimit    = 10 * time.Minute
	silentLimit = 2 * time.Minute
	// hangLimit is how long a guest that is to hang has to be silent for.
	hangLimit = 25 * time.Second
	// kvmLimit is how long a guest under KVM may stay silent before it is given
	// up for emulation: there are hosts whose /dev/kvm opens, and whose guests
	// come as far as the firmware and no further. The plans sleep for less.
	kvmLimit = 8 * time.Second
)

// maxCapture bounds a capture: a guest that prints more is in a loop.
const maxCapture = 8 << 20

var errSilent = errors.New("the guest said nothing more")

// run boots the guest and returns its console and the auxiliary ports, byte
// for byte.
func run(g *guest, k *kernel, accel, dir string) (console []byte, ports map[string][]byte, err error) {
	accels := []string{"tcg"}
	if accel == "kvm" && k.machine.kvm {
		accels = []string{"kvm", "tcg"}
	}
	for _, accel := range accels {
		// Disks and ports anew: a boot that failed may have written to them.
		args, err := qemuArgs(g, k, dir)
		if err != nil {
			return nil, nil, err
		}
		limit := silentLimit
		if g.hangs {
			limit = hangLimit
		}
		if accel == "kvm" {
			limit = kvmLimit
		}
		console, err = boot(k.machine.qemu, append(args, "-accel", accel), dir, limit, g.stops, g.stopAfter)
		if err == nil || g.hangs && errors.Is(err, errSilent) {
			break
		}
		if accel == accels[len(accels)-1] {
			return console, nil, err
		}
		fmt.Fprintf(os.Stderr, "%s: no boot under KVM (%v), going on with emulation\n", g.name, err)
	}
	ports = map[string][]byte{}
	for i, name := range g.ports {
		if ports[name], err = os.ReadFile(portFile(dir, i)); err != nil {
			return nil, nil, err
		}
	}
	return console, ports, nil
}

func portFile(dir string, i int) string { return filepath.Join(dir, fmt.Sprintf("port%d", i)) }

// qemuArgs is the command line but for the accelerator. Every file it names is
// in dir or in the unpacked package.
func qemuArgs(g *guest, k *kernel, dir string) ([]string, error) {
	ramdisk, err := initramfs(g, k, dir)
	if err != nil {
		return nil, err
	}
	args := append([]string{}, k.machine.args...)
	args = append(args,
		// A fixed clock: captures differ from run to run by little more than
		// their time stamps.
		"-rtc", "base=2024-02-29T12:00:00,clock=vm",
		"-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none",
		"-serial", "stdio",
		"-kernel", k.image, "-initrd", ramdisk,
		"-append", g.commandLine(k.machine))
	if !g.reboots {
		args = append(args, "-no-reboot")
	}
	if k.dtb != "" {
		args = append(args, "-dtb", k.dtb)
	}
	for i := range g.ports {
		args = append(args, "-serial", "file:"+portFile(dir, i))
	}
	for i := range g.disks {
		file, err := g.disks[i].make(dir)
		if err != nil {
			return nil, err
		}
		attach := "none,id=" + g.disks[i].name
		if g.disks[i].sd {
			attach = "sd"
		}
		args = append(args, "-drive", fmt.Sprintf("if=%s,format=raw,file=%s", attach, file))
	}
	return append(args, g.args...), nil
}

// boot runs QEMU until it ends by itself, the text stopAfter has stood on the
// console stops times, the console has been silent for longer than the limit, or
// runLimit is over. What was captured is returned in every case.
func boot(qemu string, args []string, dir string, limit time.Duration, stops int, stopAfter string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), runLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, qemu, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	chunks := make(chan []byte)
	go func() {
		defer close(chunks)
		for {
			buf := make([]byte, 4096)
			n, err := stdout.Read(buf)
			if n > 0 {
				chunks <- buf[:n]
			}
			if err != nil {
				return
			}
		}
	}()
	var console []byte
	var failed error
	stopped := false
	silent := time.NewTimer(limit)
reading:
	for {
		select {
		case chunk, ok := <-chunks:
			if !ok {
				break reading
			}
			console = append(console, chunk...)
			if len(console) > maxCapture && failed == nil {
				failed = fmt.Errorf("the guest printed more than %d bytes", maxCapture)
				cancel()
			}
			if stops > 0 && !stopped && bytes.Count(console, []byte(stopAfter)) >= stops {
				stopped = true
				cancel()
			}
			silent.Reset(limit)
		case <-silent.C:
			failed = errSilent
			cancel()
		}
	}
	err = cmd.Wait()
	switch {
	case failed != nil:
		return console, failed
	case stopped:
		return console, nil
	case ctx.Err() != nil:
		return console, fmt.Errorf("the guest did not end within %v", runLimit)
	case err != nil:
		return console, fmt.Errorf("%s: %w: %s", qemu, err, strings.TrimSpace(stderr.String()))
	}
	return console, nil
}
