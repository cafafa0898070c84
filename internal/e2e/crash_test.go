package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"dekho/internal/testenv"
)

// crashSummary is what the JSON of a log says about its crashes.
type crashSummary struct {
	Crashes []struct {
		Title string
		Fault struct{ Address, Access string }
		Trail []struct {
			Function, Module string
			Offset           uint64
			Lines            []struct {
				Function, Path string
				Line           int
			}
		}
		Disassembly struct {
			Guess        bool
			Instructions []struct {
				At, Text string
				Trapped  bool
			}
			Accesses []struct {
				Operand, Address string
				AtFault          bool `json:"at_fault"`
			}
		}
	}
	Notes []string `json:"symbol_notes"`
}

func crashesOf(t *testing.T, k *kernel, args ...string) *crashSummary {
	t.Helper()
	out, _ := k.run(t, nil, append([]string{"log", "--json"}, args...)...)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var last struct{ Summary crashSummary }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		t.Fatal(err)
	}
	return &last.Summary
}

// TestOops reads the oops of a machine in one of whose modules NULL is followed
// (tools/capture/faults.go).
func TestOops(t *testing.T) {
	k := testKernel(t)
	s := crashesOf(t, k, testenv.FaultyBoot(t, "oops"))
	if len(s.Crashes) != 1 || s.Crashes[0].Title != "BUG: unable to handle kernel NULL pointer dereference in chksum_update" {
		t.Fatalf("crashes: %+v", s.Crashes)
	}
	c := &s.Crashes[0]
	if c.Fault.Address != "0x18" || c.Fault.Access != "read" {
		t.Errorf("fault: %+v", c.Fault)
	}
	trapped := ""
	for _, in := range c.Disassembly.Instructions {
		if in.Trapped {
			trapped = in.At + " " + in.Text
		}
	}
	if trapped != "chksum_update+0xb mov 0x18(%rax),%eax" || c.Disassembly.Guess {
		t.Errorf("trapped: %q, a guess: %v", trapped, c.Disassembly.Guess)
	}
	if a := c.Disassembly.Accesses; len(a) != 1 || a[0].Operand != "0x18(%rax)" || a[0].Address != "0x18" || !a[0].AtFault {
		t.Errorf("accesses: %+v", a)
	}
}

// TestDebugInfo compares the lines of the frames of that oops with what binutils
// say, from the debug information of the very kernel and its modules. KASLR was
// on.
func TestDebugInfo(t *testing.T) {
	root := testenv.DebugInfo(t)
	addr2line, nm := testenv.Program(t, "addr2line", "binutils"), testenv.Program(t, "nm", "binutils")
	k := testKernel(t)
	one := func(pattern string) string {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) != 1 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		return files[0]
	}
	files := map[string]string{
		"":               one("boot/vmlinux-*"),
		"ext4":           one("lib/modules/*/kernel/fs/ext4/ext4.ko*"),
		"crc32c_generic": one("lib/modules/*/kernel/crypto/crc32c_generic.ko*"),
	}
	args := []string{testenv.FaultyBoot(t, "oops")}
	for _, f := range files {
		args = append(args, "--vmlinux", f)
	}
	s := crashesOf(t, k, args...)
	if len(s.Crashes) != 1 || len(s.Notes) != 0 {
		t.Fatalf("%d crashes, notes %q", len(s.Crashes), s.Notes)
	}
	trail := s.Crashes[0].Trail
	if len(trail) < 8 {
		t.Errorf("%d frames", len(trail))
	}
	inlined := 0
	for i, f := range trail {
		file := files[f.Module]
		addr := symbolAddress(t, nm, file, f.Function) + f.Offset
		if i > 0 {
			addr-- // behind the call
		}
		out, err := exec.CommandContext(t.Context(), addr2line, "-i", "-f", "-j", ".text", "-e", file, fmt.Sprintf("%#x", addr-textAddress(t, file))).Output()
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Split(strings.TrimSpace(string(out)), "\n")
		if len(want) != 2*len(f.Lines) {
			t.Errorf("%s+%#x: %+v, want\n%s", f.Function, f.Offset, f.Lines, out)
			continue
		}
		inlined += len(f.Lines) - 1
		for j, l := range f.Lines {
			place, _, _ := strings.Cut(want[2*j+1], " (discriminator")
			if l.Function != want[2*j] || !strings.HasSuffix(filepath.Clean(strings.TrimSuffix(place, ":"+strconv.Itoa(l.Line))), l.Path) || !strings.HasSuffix(place, ":"+strconv.Itoa(l.Line)) {
				t.Errorf("%s+%#x: %s %s:%d, want %s %s", f.Function, f.Offset, l.Function, l.Path, l.Line, want[2*j], place)
			}
		}
	}
	if inlined < 5 {
		t.Errorf("%d inlined functions", inlined)
	}
}

// symbolAddress is the value of the only function of a name.
func symbolAddress(t *testing.T, nm, file, name string) uint64 {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), nm, file).Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) == 3 && f[2] == name && strings.ContainsAny(f[1], "tT") {
			v, err := strconv.ParseUint(f[0], 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	t.Fatalf("%s has no %s", file, name)
	return 0
}

// textAddress is where the section .text is.
func textAddress(t *testing.T, file string) uint64 {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), testenv.Program(t, "objdump", "binutils"), "-h", "-j", ".text", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) > 3 && f[1] == ".text" {
			v, err := strconv.ParseUint(f[3], 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	t.Fatalf("%s has no .text", file)
	return 0
}
