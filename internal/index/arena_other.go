//go:build unix && !linux

package index

const mapNoReserve = 0

func adviseHuge([]byte) {}
