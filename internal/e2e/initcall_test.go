package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"testing"

	"dekho/internal/testenv"
)

// initcallLines are those that a kernel prints with initcall_debug: of each
// initcall when it begins and when it ends.
var (
	initcallBegins = regexp.MustCompile(`calling  (\S+?)\+0x[0-9a-f]+/0x[0-9a-f]+( \[\w+\])? @`)
	initcallEnds   = regexp.MustCompile(`initcall (\S+?)\+0x[0-9a-f]+/0x[0-9a-f]+( \[\w+\])? returned`)
)

// TestTruthInitcalls compares the order of initcalls with what kernels of the
// same configuration told when they booted with initcall_debug.
func TestTruthInitcalls(t *testing.T) {
	k := testKernel(t)
	for _, c := range []struct{ capture, pkg string }{
		{"x86-64-debug.log", "linux-image-amd64_amd64"},
		{"imx7d-earlycon.log", "linux-image-armmp_armhf"},
	} {
		t.Run(c.capture, func(t *testing.T) {
			log, err := os.ReadFile(testenv.Captures(t, c.capture))
			if err != nil {
				t.Fatal(err)
			}
			// PCI fixups are told as calls too, but not that they end.
			ended := map[string]bool{}
			for _, m := range initcallEnds.FindAllSubmatch(log, -1) {
				ended[string(m[1])] = true
			}
			var truth []string
			for _, m := range initcallBegins.FindAllSubmatch(log, -1) {
				if name := string(m[1]); len(m[2]) == 0 && ended[name] {
					truth = append(truth, name)
				}
			}
			if len(truth) < 500 {
				t.Fatalf("the capture has %d initcalls", len(truth))
			}
			out, code := k.run(t, nil, "initcalls", "--json", "--config", testenv.KernelConfig(t, c.pkg))
			if code != 0 {
				t.Fatalf("dekho initcalls: exit code %d", code)
			}
			var got struct {
				Results []struct {
					Function string
				}
			}
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, r := range got.Results {
				names = append(names, r.Function)
			}
			same := common(truth, names)
			agree := 100 * float64(same) / float64(max(len(truth), len(names)))
			fmt.Printf("initcalls: %s called %d, dekho lists %d, %d of them in the same order: %.2f %%\n", c.capture, len(truth), len(names), same, agree)
			if agree < 99.5 {
				t.Errorf("%.2f %% are in the same order, want 99.5 %%", agree)
			}
		})
	}
}

// common is the length of the longest common subsequence.
func common(a, b []string) int {
	row := make([]int, len(b)+1)
	for _, x := range a {
		before := 0 // row[j] of the row above
		for j, y := range b {
			above := row[j+1]
			if x == y {
				row[j+1] = before + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			before = above
		}
	}
	return row[len(b)]
}
