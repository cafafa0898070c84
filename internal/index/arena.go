package index

// Memory for a segment under construction.

import (
	"fmt"
	"strconv"
)

// arena is memory that is filled from the front and given back as a whole. It
// lies outside the heap: the collector neither scans it nor counts it, it
// never moves, and large pages spare the random accesses of the dictionary
// most misses of the TLB. Only pages that were written to take memory.
type arena struct {
	buf []byte // all that is reserved
	n   int    // bytes in use, a multiple of 8
}

// reserve is how much address space an arena gets. Positions in arenas count
// in units of 8 bytes in 32 bits, which would allow more.
const reserve = map32 + map64

const (
	is64  = strconv.IntSize / 64
	map64 = is64 * (4 << 30)
	map32 = (1 - is64) * (128 << 20)
)

func (a *arena) open() error {
	buf, err := mapMemory(reserve)
	if err != nil {
		return fmt.Errorf("reserving memory for the index: %w", err)
	}
	a.buf, a.n = buf, 0
	return nil
}

// close gives the memory back. Slices of it must not be used any more.
func (a *arena) close() {
	if a.buf != nil {
		unmapMemory(a.buf)
		a.buf = nil
	}
}

// alloc returns the position, in units of 8 bytes, of n fresh zero bytes.
func (a *arena) alloc(n int) uint32 {
	at := a.n
	a.n += (n + 7) &^ 7
	return uint32(at >> 3)
}

// room is how many bytes can still be allocated.
func (a *arena) room() int { return len(a.buf) - a.n }
