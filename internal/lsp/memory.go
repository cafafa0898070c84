package lsp

// What the server keeps in memory of the files of indexes. They are mapped, so
// that what was read counts as its memory until somebody else needs it, and
// people look at such numbers.

import (
	"bytes"
	"os"
	"strconv"
)

// maxMapped is how much of files may stay in memory between two requests, in
// bytes.
const maxMapped = 96 << 20

// mapped is how much memory of this process is that of files, in bytes; 0 where
// the system does not tell. See proc(5).
func mapped() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 3 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[2]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// trim gives back memory of the files of indexes if it is much.
func (ts *trees) trim() {
	if mapped() <= maxMapped {
		return
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for _, s := range ts.sessions {
		if err := s.Forget(); err != nil {
			ts.s.log.Print(err)
		}
	}
}
