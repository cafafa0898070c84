package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"dekho/internal/testenv"
)

// kernel is the program and an index of the kernel tree, made once for all
// tests.
type kernel struct {
	bin, store, tree string
}

var (
	kernelOnce sync.Once
	theKernel  kernel
	kernelErr  error
)

// testKernel builds the program and indexes the kernel tree into the build's
// cache. The index stays there, and is made anew when the sources that decide
// what is in it have changed, whether or not somebody has raised a version.
func testKernel(t *testing.T) *kernel {
	t.Helper()
	tree := testenv.KernelTree(t)
	kernelOnce.Do(func() { kernelErr = theKernel.prepare(t, tree) })
	if kernelErr != nil {
		t.Fatal(kernelErr)
	}
	return &theKernel
}

func (k *kernel) prepare(t *testing.T, tree string) error {
	root := testenv.Root(t)
	bin, err := program(t)
	if err != nil {
		return err
	}
	dir := filepath.Dir(bin)
	k.bin, k.store, k.tree = bin, filepath.Join(dir, "store"), tree
	print, err := fingerprint(root, "internal/lang", "internal/logmap", "internal/index", "internal/store", "internal/source",
		"internal/trigram", "internal/query/fuzzy", "internal/macro", "internal/ops", "internal/xref", "internal/workbench/linker.go")
	if err != nil {
		return err
	}
	args := []string{"index", "--store", k.store, tree}
	mark := filepath.Join(dir, "fingerprint")
	old, err := os.ReadFile(mark)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if string(old) != print {
		args = append(args, "--rebuild")
	}
	start := time.Now()
	out, err := exec.Command(k.bin, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("dekho index: %w\n%s", err, out)
	}
	fmt.Printf("dekho %s: %.1f s\n%s", strings.Join(args, " "), time.Since(start).Seconds(), out)
	return os.WriteFile(mark, []byte(print), 0o644)
}

var (
	programOnce sync.Once
	programBin  string
	programErr  error
)

// program builds the program into the build's cache.
func program(t *testing.T) (string, error) {
	t.Helper()
	programOnce.Do(func() {
		var cache string
		if cache, programErr = testenv.Cache(); programErr != nil {
			return
		}
		programBin = filepath.Join(cache, "e2e", "dekho")
		if programErr = os.MkdirAll(filepath.Dir(programBin), 0o755); programErr != nil {
			return
		}
		build := exec.Command("go", "build", "-o", programBin, "./cmd/dekho")
		build.Dir = testenv.Root(t)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			programErr = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	return programBin, programErr
}

// fingerprint identifies the sources below some paths.
func fingerprint(root string, paths ...string) (string, error) {
	h := sha256.New()
	io.WriteString(h, runtime.Version()) //nolint:errcheck // a hash takes everything
	for _, p := range paths {
		err := filepath.WalkDir(filepath.Join(root, p), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			data, err := os.ReadFile(path)
			sum := sha256.Sum256(data)
			h.Write([]byte(path))
			h.Write(sum[:])
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// startPiped starts a command whose input and output are pipes.
func startPiped(t *testing.T, cmd *exec.Cmd) (in io.WriteCloser, out io.ReadCloser) {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if out, err = cmd.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return in, out
}

// run runs the program on the kernel tree and returns its output and exit code.
func (k *kernel) run(t *testing.T, stdin []byte, args ...string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, k.bin, args...)
	cmd.Env = append(os.Environ(), "DEKHO_STORE="+k.store, "DEKHO_TREE="+k.tree)
	cmd.Stdin = bytes.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() < 0 || exit.ExitCode() > 4) {
		t.Fatalf("dekho %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String(), cmd.ProcessState.ExitCode()
}

// median is the middle of the wall times of some runs.
func (k *kernel) median(t *testing.T, runs int, args ...string) time.Duration {
	t.Helper()
	times := make([]time.Duration, runs)
	for i := range times {
		start := time.Now()
		k.run(t, nil, args...)
		times[i] = time.Since(start)
	}
	return middle(times)
}
