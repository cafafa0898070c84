package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"dekho/internal/testenv"
)

// TestFirstFindings holds what dekho log finds first in captures of boards against
// what people who know them say.
func TestFirstFindings(t *testing.T) {
	k := testKernel(t)
	dir := testenv.Shared(t, "logs", "boards")
	for _, c := range []struct {
		file, severity, id, says string
		also                     string // another finding, "" if it does not matter
	}{
		{"linux_boot_001.log", "fatal", "no-kernel", "", ""},
		{"linux_boot_002.log", "fatal", "root-not-found", `boot loop, 3 times: the root file system is not mounted: /dev/ram0, unknown-block(1,0)`, ""},
		{"linux_boot_004.log", "broken", "probe-failed", "generic-adc-thermal: probe of thermal-sensor", ""},
		{"linux_boot_005.log", "fatal", "oops", "BUG: unable to handle page fault for address: 0000000000200286", "WARNING in apply_returns"},
		{"kernel-panic.txt", "fatal", "init-died", "exitcode=0x00000200", ""},
		{"kernel-oops.txt", "fatal", "kernel-bug", "kernel BUG at", "BUG: spinlock lockup suspected"},
		{"kernel-1.txt", "", "", "", ""}, // nothing failed the boot
	} {
		t.Run(c.file, func(t *testing.T) {
			out, _ := k.run(t, nil, "log", "--json", filepath.Join(dir, c.file))
			list := decodeLog(t, out)
			found := list[len(list)-1].Summary.Findings
			if c.id == "" {
				for _, f := range found {
					if f.Severity == "fatal" {
						t.Errorf("%s is taken for fatal", f.Title)
					}
				}
				return
			}
			if len(found) == 0 {
				t.Fatal("nothing was found")
			}
			first := &found[0]
			if first.Severity != c.severity || first.ID != c.id || !strings.Contains(first.Title+"\n"+first.Record.Text, c.says) {
				t.Errorf("first is %s %s: %s (%s)", first.Severity, first.ID, first.Title, first.Record.Text)
			}
			also := c.also == ""
			for _, f := range found[1:] {
				also = also || strings.Contains(f.Title, c.also)
			}
			if !also {
				t.Errorf("%s is not found", c.also)
			}
		})
	}
}
