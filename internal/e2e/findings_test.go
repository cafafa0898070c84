package e2e

import (
	"strings"
	"testing"

	"dekho/internal/testenv"
)

// TestFindingsByDeviceTree looks at the i.MX7 whose power management chip does not
// answer: what waits for its regulators is led back to it, by the device tree of
// the board that the log names.
func TestFindingsByDeviceTree(t *testing.T) {
	k := testKernel(t)
	out, code := k.run(t, nil, "log", "--json", testenv.Captures(t, "imx7d-boot.log"))
	if code != 0 {
		t.Fatalf("exit code %d", code)
	}
	list := decodeLog(t, out)
	findings := list[len(list)-1].Summary.Findings
	if len(findings) == 0 || !strings.HasPrefix(findings[0].Title, "0-0008: ") {
		t.Fatalf("the first finding is not about the power management chip: %+v", findings)
	}
	for _, device := range []string{"30360000.anatop:regulator-vdd1p0d", "30360000.anatop:regulator-vdd1p2"} {
		found := false
		for _, f := range findings {
			if strings.HasPrefix(f.Title, device+": ") {
				found = true
				if len(f.Causes) != 1 || f.Causes[0].Finding != 1 || f.Causes[0].Guess || len(f.Causes[0].Evidence) != 1 ||
					!strings.HasSuffix(f.Causes[0].Evidence[0].Name, "/imx7d-sdb.dts") {
					t.Errorf("%s does not stem from the chip, by the source of the board: %+v", f.Title, f.Causes)
				}
			}
		}
		if !found {
			t.Errorf("nothing is said of %s", device)
		}
	}
}
