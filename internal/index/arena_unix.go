//go:build unix

package index

// Memory from the operating system.

import "golang.org/x/sys/unix"

func mapMemory(n int) ([]byte, error) {
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|mapNoReserve)
	if err != nil {
		return nil, err
	}
	adviseHuge(b)
	return b, nil
}

// unmapMemory cannot fail for what mapMemory returned.
func unmapMemory(b []byte) { _ = unix.Munmap(b) }
