//go:build linux

// Command guestkexec starts another kernel on a machine whose kexec(8) cannot be
// taken from the machine that builds its initramfs: an ARM board in a capture.
// What it loads where, and the device tree, have been worked out beforehand.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

func main() {
	if err := start(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "guestkexec:", err)
		os.Exit(1)
	}
}

// segment is struct kexec_segment (include/uapi/linux/kexec.h).
type segment struct {
	buf, bufSize uintptr
	mem, memSize uintptr
}

const (
	sysKexecLoad = 347 // of ARM
	pageSize     = 4096
)

// start loads what the arguments name, each ADDRESS=FILE with the address in
// hexadecimal, and jumps to the first.
func start(args []string) error {
	var list []segment
	var data [][]byte
	for _, arg := range args {
		at, file, _ := strings.Cut(arg, "=")
		mem, err := strconv.ParseUint(at, 16, 32)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		data = append(data, b)
		size := uintptr(len(b))
		list = append(list, segment{uintptr(unsafe.Pointer(&b[0])), size, uintptr(mem), (size + pageSize - 1) &^ (pageSize - 1)})
	}
	if len(list) == 0 {
		return fmt.Errorf("nothing to start")
	}
	_, _, errno := syscall.Syscall6(sysKexecLoad, list[0].mem, uintptr(len(list)), uintptr(unsafe.Pointer(&list[0])), 0, 0, 0)
	if errno != 0 {
		return fmt.Errorf("kexec_load of %d bytes: %w", len(data[0]), errno)
	}
	return syscall.Reboot(syscall.LINUX_REBOOT_CMD_KEXEC)
}
