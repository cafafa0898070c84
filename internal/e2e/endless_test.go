//go:build linux

package e2e

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestEndlessLog pipes logs into dekho log that would fill the memory if it kept
// what they repeat.
func TestEndlessLog(t *testing.T) {
	k := testKernel(t)
	for _, c := range []struct {
		name, piece string
		mib         int
		want        string
	}{
		{"a word", "foo\n", 16, "no kernel; never reached a kernel"},
		{"no line end", "foo", 256, "1 line"},
		{"nothing but zeros", strings.Repeat("\x00", 4096), 256, "there is no text in it"},
		{"a kernel's word", "[    1.000000] foo\n", 1, "it says the same"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.Command(k.bin, "log", "-s", "-")
			cmd.Env = append(os.Environ(), "DEKHO_STORE="+k.store, "DEKHO_TREE="+k.tree)
			in, out := startPiped(t, cmd)
			go func() {
				defer in.Close()                                     //nolint:errcheck // the program says what it got
				block := strings.Repeat(c.piece, 1<<20/len(c.piece)) // up to a MiB
				for range c.mib {
					if _, err := io.WriteString(in, block); err != nil {
						return
					}
				}
			}()
			text, err := io.ReadAll(out)
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil && cmd.ProcessState.ExitCode() != 1 {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), c.want) {
				t.Errorf("%q is not in\n%s", c.want, text)
			}
			usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
			const most = 400 << 10 // KiB
			if ok && usage.Maxrss > most {
				t.Errorf("it took %d MiB of memory", usage.Maxrss>>10)
			}
		})
	}
}
