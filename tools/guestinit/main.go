//go:build linux

// Command guestinit is the first process of the machines that `make capture`
// boots. It does what /plan in the initramfs says, a step to a line, so that
// the kernel has devices to drive, file systems to mount and mistakes to
// complain about, and then ends the machine. It is linked statically, uses
// nothing but the standard library, and answers every failing step with one
// line on the console: a guest must always come to its end.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

func main() {
	if err := run("/plan"); err != nil {
		say("%v", err)
	}
	// A plan that ends without saying how: switch the machine off.
	if err := end(syscall.LINUX_REBOOT_CMD_POWER_OFF); err != nil {
		say("%v", err)
	}
}

// say writes one line to the console, marked so that it cannot be taken for a
// line of the kernel.
func say(format string, args ...any) {
	fmt.Printf("guestinit: "+format+"\n", args...)
}

// run does the steps of the plan in order. A step that fails is reported and
// the next one is done.
func run(path string) error {
	plan, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(strings.NewReader(string(plan)))
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); line != "" && !strings.HasPrefix(line, "#") {
			if err := do(line); err != nil {
				say("%s: %v", line, err)
			}
		}
	}
	return lines.Err()
}

// do does one step.
func do(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	if verb == "once" {
		return once(rest)
	}
	step, ok := steps[verb]
	if !ok {
		return errors.New("unknown step")
	}
	return step(rest)
}

// once is "once DEVICE STEP": does the step in the first boot only. The first
// byte of the block device remembers.
func once(rest string) error {
	device, step, _ := strings.Cut(rest, " ")
	f, err := os.OpenFile(device, os.O_RDWR|os.O_SYNC, 0)
	if err != nil {
		return err
	}
	mark := []byte{0}
	if _, err := f.ReadAt(mark, 0); err != nil {
		return errors.Join(err, f.Close())
	}
	if mark[0] != 0 {
		return f.Close()
	}
	_, err = f.WriteAt([]byte{1}, 0)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return do(step)
}

// steps are the words a plan can use; the argument is the rest of the line.
// "once DEVICE STEP" stands apart in do, because it leads to a step itself.
var steps = map[string]func(rest string) error{
	"print": func(rest string) error { _, err := fmt.Println(rest); return err },
	"mkdir": func(rest string) error { return os.MkdirAll(rest, 0o755) },
	"mount": mount,
	"umount": func(rest string) error {
		return syscall.Unmount(rest, 0)
	},
	"load":  load,
	"write": write,
	"raw":   raw,
	"copy":  copyFile,
	"run":   runProgram,
	"read":  readFile,
	"sleep": func(rest string) error {
		d, err := time.ParseDuration(rest)
		time.Sleep(d)
		return err
	},
	"sync": func(string) error { syscall.Sync(); return nil },
	// exit ends the first process, which the kernel answers with a panic.
	"exit":     func(string) error { os.Exit(1); return nil },
	"poweroff": func(string) error { return end(syscall.LINUX_REBOOT_CMD_POWER_OFF) },
	"reboot":   func(string) error { return end(syscall.LINUX_REBOOT_CMD_RESTART) },
}

// mount is "mount TYPE SOURCE TARGET [OPTIONS]".
func mount(rest string) error {
	f := strings.Fields(rest)
	if len(f) < 3 {
		return errors.New("want TYPE SOURCE TARGET [OPTIONS]")
	}
	if err := os.MkdirAll(f[2], 0o755); err != nil {
		return err
	}
	var flags uintptr
	var options []string
	for _, o := range strings.Split(strings.Join(f[3:], ","), ",") {
		switch o {
		case "":
		case "ro":
			flags |= syscall.MS_RDONLY
		default:
			options = append(options, o)
		}
	}
	return syscall.Mount(f[1], f[2], f[0], flags, strings.Join(options, ","))
}

// load is "load FILE [PARAMETERS]": init_module(2) of one module. Its
// dependencies come before it in the plan.
func load(rest string) error {
	file, params, _ := strings.Cut(rest, " ")
	image, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	p, err := syscall.BytePtrFromString(params)
	if err != nil {
		return err
	}
	_, _, errno := syscall.Syscall(syscall.SYS_INIT_MODULE,
		uintptr(unsafe.Pointer(unsafe.SliceData(image))), uintptr(len(image)), uintptr(unsafe.Pointer(p)))
	if errno != 0 && errno != syscall.EEXIST {
		return errno
	}
	return nil
}

// write is "write FILE TEXT": one write(2), as sysfs and procfs want it.
func write(rest string) error {
	file, text, _ := strings.Cut(rest, " ")
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// readFile is "read FILE": reads it all and throws it away, for what the kernel
// says while it delivers.
func readFile(rest string) error {
	f, err := os.Open(rest)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, f)
	return errors.Join(err, f.Close())
}

// raw is "raw TTY": no translation of line ends, no echo.
func raw(rest string) error {
	fd, err := syscall.Open(rest, syscall.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	var t syscall.Termios
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TCGETS, uintptr(unsafe.Pointer(&t)))
	if errno != 0 {
		return errno
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TCSETS, uintptr(unsafe.Pointer(&t)))
	if errno != 0 {
		return errno
	}
	return nil // left open: the settings live as long as somebody has the port open
}

// copyFile is "copy FILE DESTINATION", read as a stream of records that ends where
// nothing is ready: /dev/kmsg hands out one record to a read.
func copyFile(rest string) error {
	from, to, _ := strings.Cut(rest, " ")
	in, err := syscall.Open(from, syscall.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(in) //nolint:errcheck // read only
	out, err := os.OpenFile(to, os.O_WRONLY|syscall.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer out.Close() //nolint:errcheck // a device: what was written is gone already
	buf := make([]byte, 16<<10)
	for {
		n, err := syscall.Read(in, buf)
		switch {
		case errors.Is(err, syscall.EINTR), errors.Is(err, syscall.EPIPE):
			continue // EPIPE: records were overwritten, the next read goes on behind them
		case errors.Is(err, syscall.EAGAIN), err == nil && n == 0:
			return nil
		case err != nil:
			return err
		}
		if _, err := out.Write(buf[:n]); err != nil {
			return err
		}
	}
}

// runProgram is "run DESTINATION PROGRAM ARGUMENTS...".
func runProgram(rest string) error {
	f := strings.Fields(rest)
	if len(f) < 2 {
		return errors.New("want DESTINATION PROGRAM [ARGUMENTS]")
	}
	out, err := os.OpenFile(f[0], os.O_WRONLY|syscall.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	cmd := exec.Command(f[1], f[2:]...)
	cmd.Stdout = out
	return errors.Join(cmd.Run(), out.Close())
}

// end stops the machine after the console had time to drain.
func end(how int) error {
	syscall.Sync()
	time.Sleep(200 * time.Millisecond)
	return syscall.Reboot(how)
}
