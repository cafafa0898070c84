package klog

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// shared is where logs by others lie that are not part of the repository.
const shared = "../../../shared"

// sharedFiles lists the files of a directory below shared, or skips the test.
func sharedFiles(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(shared, pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skipf("SKIPPED: no %s: real logs by others are not here, so nothing was checked", filepath.Join(shared, pattern))
	}
	return files
}

// readFile reads a capture and holds it to what every log keeps.
func readFile(t *testing.T, path string) (*Log, []byte) {
	t.Helper()
	capture, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ReadAll(bytes.NewReader(capture), Options{})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	checkTiling(t, l, capture)
	return l, capture
}

// TestBoards counts the kernel boots of real boards' captures.
func TestBoards(t *testing.T) {
	sharedFiles(t, "logs/boards/*")
	for name, want := range map[string]struct {
		kernels int
		arch    string
	}{
		"linux_boot_001.log": {0, ""}, "linux_boot_002.log": {3, "arm"}, "linux_boot_004.log": {1, "arm64"}, "linux_boot_005.log": {3, "x86"},
		"kernel-panic.txt": {1, "arm"}, "kernel-oops.txt": {1, "arm64"}, "kernel-1.txt": {1, "arm"},
	} {
		l, _ := readFile(t, filepath.Join(shared, "logs/boards", name))
		if got := l.KernelBoots(); got != want.kernels {
			t.Errorf("%s: %d kernel boots, want %d", name, got, want.kernels)
		}
		for _, b := range l.Boots {
			if b.Kernel && b.Arch.Name != want.arch {
				t.Errorf("%s: boot %d: architecture %q, want %q (%v)", name, b.Number, b.Arch.Name, want.arch, b.Arch)
			}
			if b.Kernel && !b.Version.Known() {
				t.Errorf("%s: boot %d: no version", name, b.Number)
			}
		}
	}
}

// TestCrashReports reads a few hundred real crash reports.
func TestCrashReports(t *testing.T) {
	for _, path := range sharedFiles(t, "logs/syzkaller/*") {
		l, capture := readFile(t, path)
		// What starts a line with a time stamp is a record of the kernel's log.
		want := 0
		for _, line := range bytes.Split(capture, []byte{'\n'}) {
			if _, n, wide := scanStamp(line); n > 0 && wide {
				want++
			}
		}
		if got := int(l.Stats.Timed); got < want {
			t.Errorf("%s: %d records with time, %d lines start with one", path, got, want)
		}
	}
}

// TestTruth: each line that the kernel marked as its own is a record of the
// kernel, and no line of another is.
func TestTruth(t *testing.T) {
	for _, path := range sharedFiles(t, "truth/logs/*.truth.log") {
		marked, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var capture []byte
		var own []bool
		for line := range bytes.Lines(marked) {
			text, n := stripMarks(line)
			capture = append(capture, text...)
			own = append(own, n > 0)
		}
		l, err := ReadAll(bytes.NewReader(capture), Options{})
		if err != nil {
			t.Fatal(err)
		}
		checkTiling(t, l, capture)
		wrong := 0
		for i := range l.Records {
			r := &l.Records[i]
			if own[r.Line-1] != r.Kernel() && (own[r.Line-1] || !r.HasTime) {
				if wrong++; wrong <= 10 {
					t.Errorf("%s:%d: marked %t: %s", filepath.Base(path), r.Line, own[r.Line-1], show(r))
				}
			}
		}
		if n := l.KernelBoots(); n != 1 {
			t.Errorf("%s: %d kernel boots", path, n)
		}
	}
}

// stripMarks takes the marks ("@@path:line@@") out of a line and counts them.
func stripMarks(line []byte) (text []byte, marks int) {
	for {
		i := bytes.Index(line, []byte("@@"))
		if i < 0 {
			break
		}
		j := bytes.Index(line[i+2:], []byte("@@"))
		if j < 0 {
			break
		}
		text = append(text, line[:i]...)
		line = line[i+2+j+2:]
		marks++
	}
	return append(text, line...), marks
}
