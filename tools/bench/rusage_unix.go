//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// maxRSS is the largest resident set, in bytes, that the process or one of the
// children it waited for ever had. The kernel starts counting with the set of
// this program, from which the process was split: less than that is not seen.
func maxRSS(s *os.ProcessState) int64 {
	usage, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	peak := int64(usage.Maxrss) //nolint:unconvert // 32 bits wide on arm
	if runtime.GOOS == "darwin" {
		return peak // bytes there, KiB elsewhere
	}
	return peak << 10
}
