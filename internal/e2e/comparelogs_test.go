package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"dekho/internal/testenv"
)

// comparison is what the JSON of dekho log --good --bad says.
type comparison struct {
	First *struct {
		List   string
		Common *struct{ Line int }
	}
	OnlyBad  []difference `json:"only_bad"`
	OnlyGood []difference `json:"only_good"`
	Changes  []struct {
		BadRecord record `json:"bad_record"`
		Values    []struct {
			Name string
			Good string   `json:"good_value"`
			Bad  []string `json:"bad_values"`
		}
	}
	Gaps []struct{ From, To record }
}

type difference struct{ Record record }

func compareLogs(t *testing.T, k *kernel, good, bad []string) *comparison {
	t.Helper()
	args := []string{"log", "--json"}
	for _, g := range good {
		args = append(args, "--good", g)
	}
	for _, b := range bad {
		args = append(args, "--bad", b)
	}
	out, _ := k.run(t, nil, args...)
	c := &comparison{}
	if err := json.Unmarshal([]byte(out), c); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return c
}

var (
	stampOf   = regexp.MustCompile(`(?m)^\[ *(\d+\.\d+)\]`)
	addressOf = regexp.MustCompile(`0x[0-9a-f]{8,16}\b`)
)

// another makes another boot of a capture: times a little later, other addresses.
func another(capture string, seed uint64) string {
	rng := rand.New(rand.NewPCG(seed, 7))
	late := 0.0
	capture = stampOf.ReplaceAllStringFunc(capture, func(s string) string {
		var at float64
		if _, err := fmt.Sscanf(strings.Trim(s, "[] "), "%f", &at); err != nil {
			return s
		}
		late += rng.Float64() * 0.0001
		return fmt.Sprintf("[%12.6f]", at+late)
	})
	return addressOf.ReplaceAllStringFunc(capture, func(s string) string {
		return s[:len(s)-6] + fmt.Sprintf("%03x000", rng.IntN(1<<12))
	})
}

// TestCompareFault compares real boots with one in which three lines differ.
func TestCompareFault(t *testing.T) {
	k := testKernel(t)
	data, err := os.ReadFile(testenv.Captures(t, "x86-64-boot.log"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	fault := another(string(data), 4)
	for _, edit := range []struct{ old, replacement string }{
		// A clock is missing, so the watchdog comes up with another time, and a
		// disk does not come at all.
		{"heartbeat=30 sec", "heartbeat=15 sec"},
		{"smp: Brought up 1 node, 2 CPUs", "smp: Brought up 1 node, 1 CPU"},
	} {
		if !strings.Contains(fault, edit.old) {
			t.Fatalf("the capture has no %q", edit.old)
		}
		fault = strings.Replace(fault, edit.old, edit.replacement, 1)
	}
	lines := strings.SplitAfter(fault, "\n")
	gone := ""
	for i, line := range lines {
		if strings.Contains(line, "EXT4-fs (vda): mounted filesystem") {
			gone = line
			stamp, _, _ := strings.Cut(line, "]")
			lines[i] = stamp + "] EXT4-fs (vda): unable to read superblock\r\n"
			break
		}
	}
	if gone == "" {
		t.Fatal("the capture mounts nothing")
	}
	good := []string{write("good1", string(data)), write("good2", another(string(data), 1)), write("good3", another(string(data), 2))}
	c := compareLogs(t, k, good, []string{write("bad", strings.Join(lines, ""))})
	var got []string
	for _, d := range c.OnlyBad {
		got = append(got, "+ "+d.Record.Text)
	}
	for _, d := range c.OnlyGood {
		got = append(got, "- "+d.Record.Text)
	}
	for _, ch := range c.Changes {
		got = append(got, "~ "+ch.BadRecord.Text)
	}
	text := strings.Join(got, "\n")
	for _, want := range []string{"+ EXT4-fs (vda): unable to read superblock", "- EXT4-fs (vda): mounted filesystem", "heartbeat=15 sec", "~ smp: Brought up 1 node, 1 CPU"} {
		if !strings.Contains(text, want) {
			t.Errorf("not found: %s", want)
		}
	}
	if len(got) != 4 {
		t.Errorf("%d differences, want 4:\n%s", len(got), text)
	}
	if c.First == nil || c.First.List != "changes" || c.First.Common == nil {
		t.Errorf("they part at %+v, want the number of processors", c.First)
	}
}

// TestCompareBoots compares boots that are really other ones.
func TestCompareBoots(t *testing.T) {
	k := testKernel(t)
	good := []string{testenv.FaultyBoot(t, "running"), testenv.FaultyBoot(t, "reboot")}
	c := compareLogs(t, k, good, []string{testenv.FaultyBoot(t, "no-root")})
	panics := false
	for _, d := range c.OnlyBad {
		panics = panics || strings.HasPrefix(d.Record.Text, "Kernel panic - not syncing: VFS: Unable to mount root fs")
	}
	if !panics {
		t.Errorf("the panic is no difference: %+v", c.OnlyBad)
	}
	if len(c.Changes) == 0 || !strings.Contains(c.Changes[0].BadRecord.Text, "root=/dev/nope") || c.First == nil || c.First.List != "changes" {
		t.Errorf("they do not part at the command line: %+v, %+v", c.First, c.Changes)
	}
}

// TestCompareBars prints how long 10,000 lines against as many take.
func TestCompareBars(t *testing.T) {
	k := testKernel(t)
	data, err := os.ReadFile(testenv.Captures(t, "x86-64-debug.log"))
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for i := range uint64(2) {
		var sb strings.Builder
		lines := 0
		for n := uint64(0); lines < 10000; n++ {
			text := another(string(data), 10*i+n)
			if n > 0 { // one boot
				text = stampOf.ReplaceAllStringFunc(text, func(s string) string { return fmt.Sprintf("[%5d", n*100) + s[6:] })
			}
			sb.WriteString(text)
			lines = strings.Count(sb.String(), "\n")
		}
		file := filepath.Join(t.TempDir(), "long.log")
		if err := os.WriteFile(file, []byte(sb.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	start := time.Now()
	compareLogs(t, k, files[:1], files[1:])
	fmt.Printf("%-40s %8.1f ms   bar 1,000 ms\n", "10,000 lines against 10,000", float64(time.Since(start).Microseconds())/1000)
}
