package boots

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const captures = "../../testdata/captures"

// TestCaptures says how the machines that the project booted ended.
func TestCaptures(t *testing.T) {
	for name, want := range map[string]string{
		"x86-64-boot.log": "power off", "x86-64-boot.dmesg": "running", "x86-64-boot-raw.dmesg": "running", "x86-64-boot.kmsg": "running",
		"x86-64-no-time.log": "power off", "x86-64-debug.log": "power off", "x86-64-faults.log": "panic", "x86-64-reboot.log": "panic power off",
		"x86-64-no-init.log": "panic", "x86-64-no-root.log": "panic",
		"imx7d-boot.log": "power off", "imx7d-earlycon.log": "power off", "imx7d-no-card.log": "panic",
	} {
		data, err := os.ReadFile(filepath.Join(captures, name))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, b := range course(t, string(data)) {
			got = append(got, b.End.Kind.String())
			if len(b.End.Evidence) == 0 {
				t.Errorf("%s: no evidence", name)
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: ended: %s, want %s", name, s, want)
		}
	}
}

// TestCaptureSpent reads the boots that tell how long everything took.
func TestCaptureSpent(t *testing.T) {
	for name, initcalls := range map[string]int{"x86-64-debug.log": 700, "imx7d-earlycon.log": 700} {
		data, err := os.ReadFile(filepath.Join(captures, name))
		if err != nil {
			t.Fatal(err)
		}
		s := &course(t, string(data))[0].Spent
		if s.InitcallCount < initcalls || s.ProbeCount == 0 || len(s.Initcalls) != slowest || len(s.Gaps) == 0 || len(s.Unfinished) > 0 {
			t.Errorf("%s: %d initcalls, %d probes, %d gaps, unfinished %v", name, s.InitcallCount, s.ProbeCount, len(s.Gaps), s.Unfinished)
		}
		for i, c := range s.Initcalls {
			if i > 0 && c.Took > s.Initcalls[i-1].Took || strings.Contains(c.Name, "+0x") {
				t.Errorf("%s: initcall %d: %+v", name, i, c)
			}
		}
	}
}
