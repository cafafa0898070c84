package workbench

// Error codes, as the headers of the tree number and explain them.

import (
	"bytes"
	"strconv"
	"strings"

	"dekho/internal/lang/c"
	"dekho/internal/source"
)

// Errno is an error code.
type Errno struct {
	Name   string // "EINVAL"
	Number int    // 22
	// Meaning is what the header says about it ("Invalid argument"), and Place
	// where, "path:line".
	Meaning string
	Place   string
}

// errnoHeaders number the error codes of most architectures; the first two are
// for user space too, the last has those that stay inside of the kernel.
var errnoHeaders = []string{"include/uapi/asm-generic/errno-base.h", "include/uapi/asm-generic/errno.h", "include/linux/errno.h"}

// errnos reads the error codes of an architecture ("mips"; most share theirs).
func (t *Tree) errnos(arch string) []Errno {
	headers := errnoHeaders
	if own := "arch/" + arch + "/include/uapi/asm/errno.h"; arch != "" {
		if _, ok := t.idx.FileByPath(own); ok {
			headers = []string{own, errnoHeaders[0], errnoHeaders[2]}
		}
	}
	var list []Errno
	seen := make(map[string]bool)
	var r source.Reader
	for _, path := range headers {
		id, ok := t.idx.FileByPath(path)
		if !ok {
			continue
		}
		text, err := t.idx.ReadText(&r, id)
		if err != nil {
			continue
		}
		line := 0
		for l := range bytes.Lines(text) {
			line++
			d, ok := c.ScanDefine(bytes.TrimSpace(l))
			if !ok || len(d.Name) < 2 || d.Name[0] != 'E' || seen[string(d.Name)] {
				continue
			}
			value, comment, _ := strings.Cut(string(d.Body), "/*")
			comment, _, _ = strings.Cut(comment, "*/")
			n, err := strconv.Atoi(strings.TrimSpace(value))
			if err != nil {
				continue // another name of one
			}
			seen[string(d.Name)] = true
			list = append(list, Errno{string(d.Name), n, strings.TrimSpace(comment), path + ":" + strconv.Itoa(line)})
		}
	}
	return list
}

// maxErrno is the largest number that the kernel takes for an error
// (include/linux/err.h, MAX_ERRNO).
const maxErrno = 4095

// errno finds an error code by its name or number, with or without a minus; of
// one that the headers do not have, what was given is all there is.
func errno(list []Errno, what string) (Errno, bool) {
	what = strings.TrimPrefix(what, "-")
	n, err := strconv.Atoi(what)
	for i := range list {
		if e := &list[i]; e.Name == what || err == nil && e.Number == n {
			return *e, true
		}
	}
	if err == nil {
		return Errno{Number: n}, n > 0 && n <= maxErrno
	}
	return Errno{Name: what}, false
}
