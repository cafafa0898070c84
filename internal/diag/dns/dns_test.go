package dns

import (
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"
)

func mkfifo(at string) error { return unix.Mkfifo(at, 0o644) }

func diffReports(a, b *Report) string {
	return cmp.Diff(a, b, cmpopts.IgnoreUnexported(Boot{}, Unseen{}))
}
