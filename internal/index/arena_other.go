//go:build unix && !linux

package index

// What other systems can be told about memory.

const mapNoReserve = 0

func adviseHuge([]byte) {}
