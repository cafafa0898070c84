package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dekho/internal/testenv"
)

// TestFaultyBoots holds dekho log against machines that were booted with
// something wrong (tools/capture/faults.go).
func TestFaultyBoots(t *testing.T) {
	k := testKernel(t)
	for _, c := range []struct {
		name string
		want string // kind and what came then, of each boot
		says string // what the first evidence or else the last record begins with, of the last boot
		loop int    // how many boots are one
		find string // what was found first
	}{
		{"running", "running", "Freeing unused kernel", 0, ""},
		{"no-device", "silence>nothing", "Waiting for root device /dev/vda", 0, "root-not-found"},
		{"nosmp", "power off", "reboot: Power down", 0, "cpus-left-out"},
		{"no-init", "panic", "Kernel panic - not syncing: Requested init /nonexistent failed (error -2).", 0, "init-not-found"},
		{"no-root", "panic>halt", "Kernel panic - not syncing: VFS: Unable to mount root fs", 0, "root-not-found"},
		{"panic-loop", "panic>restart panic>restart panic", "Kernel panic - not syncing: Requested init", 3, "init-not-found"},
		{"kexec", "kexec>new kernel power off", "reboot: Power down", 0, ""},
		{"kexec-hung", "kexec>nothing", "kexec_core: Starting new kernel", 0, "kexec-hung"},
		{"kexec-cpu", "kexec>new kernel halt>halt", "reboot: System halted", 0, "cpu-not-online"},
		{"watchdog", "watchdog>restart running", "Freeing unused kernel", 0, "watchdog-reset"},
		{"reboot", "reboot", "reboot: ", 0, ""},
		{"oops", "panic", "Kernel panic - not syncing: Fatal exception", 0, "oops"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sum := summaryOf(t, k, testenv.FaultyBoot(t, c.name))
			if got := sum.ends(); got != c.want {
				t.Errorf("ended: %s, want %s", got, c.want)
			}
			end := sum.Boots[len(sum.Boots)-1].End
			if len(end.Evidence) == 0 || !strings.HasPrefix(end.Evidence[0].Text, c.says) {
				t.Errorf("evidence %+v, want %q", end.Evidence, c.says)
			}
			first := ""
			if len(sum.Findings) > 0 {
				first = sum.Findings[0].ID
			}
			if first != c.find {
				t.Errorf("found first: %q, want %q", first, c.find)
			}
			loop := 0
			for _, l := range sum.Loops {
				loop = l.Count
			}
			if loop != c.loop {
				t.Errorf("%d boots are a loop, want %d", loop, c.loop)
			}
		})
	}
	// The processor that the second kernel misses.
	t.Run("kexec-cpu, remarks", func(t *testing.T) {
		boots := summaryOf(t, k, testenv.FaultyBoot(t, "kexec-cpu")).Boots
		last := boots[len(boots)-1]
		if len(boots[0].Remarks) > 0 || len(last.Remarks) != 1 || last.Remarks[0].Text != "CPU1: failed to come online" || !last.End.AfterKexec {
			t.Errorf("remarks %+v, then %+v", boots[0].Remarks, last)
		}
	})
	// A capture that was taken away in the middle of a line.
	t.Run("cut-off", func(t *testing.T) {
		data, err := os.ReadFile(testenv.FaultyBoot(t, "no-root"))
		if err != nil {
			t.Fatal(err)
		}
		cut := filepath.Join(t.TempDir(), "cut.log")
		at := strings.Index(string(data), "devtmpfs: initialized")
		if err := os.WriteFile(cut, data[:at+500], 0o600); err != nil {
			t.Fatal(err)
		}
		if got := summaryOf(t, k, cut).ends(); got != "cut off" {
			t.Errorf("ended: %s", got)
		}
	})
}

// TestBoardBoots holds it against captures of boards, by others.
func TestBoardBoots(t *testing.T) {
	dir := testenv.Shared(t, "logs", "boards")
	k := testKernel(t)
	for name, want := range map[string]string{
		"linux_boot_001.log": "no kernel",
		"linux_boot_002.log": "panic>restart panic>restart panic>halt",
		"linux_boot_004.log": "running",
		"linux_boot_005.log": "panic>restart panic>restart running",
		"kernel-panic.txt":   "panic>halt",
		"kernel-oops.txt":    "silence>nothing",
		"kernel-1.txt":       "running",
	} {
		if got := summaryOf(t, k, filepath.Join(dir, name)).ends(); got != want {
			t.Errorf("%s: ended: %s, want %s", name, got, want)
		}
	}
}

// logSummary is what the JSON of a log says about its boots.
type logSummary struct {
	Boots []struct {
		Boot    int
		Remarks []struct{ Text string }
		End     struct {
			Kind, Next string
			AfterKexec bool `json:"after_kexec"`
			Evidence   []struct {
				Line int
				Text string
			}
		}
	}
	Loops    []struct{ Count int }
	Findings []logFinding
}

func summaryOf(t *testing.T, k *kernel, file string) *logSummary {
	t.Helper()
	out, _ := k.run(t, nil, "log", "--json", file)
	list := decodeLog(t, out)
	s := &list[len(list)-1].Summary.logSummary
	if len(s.Boots) == 0 {
		t.Fatal("no boots")
	}
	return s
}

// ends is how the boots ended.
func (s *logSummary) ends() string {
	var ends []string
	for _, b := range s.Boots {
		end := b.End.Kind
		if b.End.Next != "" {
			end += ">" + b.End.Next
		}
		ends = append(ends, end)
	}
	return strings.Join(ends, " ")
}
