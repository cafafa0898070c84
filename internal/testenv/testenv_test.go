package testenv

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// skips is a testing.TB that notes a skip, so that the one provoked here is not
// counted among those of the whole run.
type skips struct {
	testing.TB
	skipped bool
}

func (s *skips) Skip(...any) {
	s.skipped = true
	runtime.Goexit()
}

// skipped tells whether f skips its test.
func skipped(t *testing.T, f func(t testing.TB)) bool {
	t.Helper()
	s := &skips{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(s)
	}()
	<-done
	return s.skipped
}

func TestKernelTree(t *testing.T) {
	fake := t.TempDir()
	for _, file := range []string{"Makefile", "Kbuild", "include/linux/kernel.h"} {
		path := filepath.Join(fake, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("DEKHO_TEST_TREE", fake)
	if got := KernelTree(t); got != fake {
		t.Errorf("with DEKHO_TEST_TREE: %s, want %s", got, fake)
	}

	t.Setenv("DEKHO_TEST_TREE", "")
	cache := t.TempDir()
	t.Setenv("DEKHO_BUILD_CACHE", cache)
	t.Setenv("CI", "")
	if !skipped(t, func(t testing.TB) { KernelTree(t) }) {
		t.Error("an empty cache did not skip the test")
	}
	if err := os.MkdirAll(filepath.Join(cache, "trees", DefaultTree), 0o755); err != nil {
		t.Fatal(err)
	}
	want := filepath.Join(cache, "trees", DefaultTree, DefaultTree)
	if err := os.Rename(fake, want); err != nil {
		t.Fatal(err)
	}
	if got := KernelTree(t); got != want {
		t.Errorf("from the cache: %s, want %s", got, want)
	}
}

func TestCache(t *testing.T) {
	t.Setenv("HOME", "/home/someone")
	t.Setenv("DEKHO_BUILD_CACHE", "")
	t.Setenv("XDG_CACHE_HOME", "")
	for _, tt := range []struct{ variable, value, want string }{
		{"HOME", "/home/someone", "/home/someone/.cache/dekho-build"},
		{"XDG_CACHE_HOME", "/xdg", "/xdg/dekho-build"},
		{"DEKHO_BUILD_CACHE", "/own", "/own"},
	} {
		t.Setenv(tt.variable, tt.value)
		if got, err := Cache(); err != nil || got != tt.want {
			t.Errorf("%s=%s: %s, %v; want %s", tt.variable, tt.value, got, err, tt.want)
		}
	}
}

func TestProgram(t *testing.T) {
	if path := Program(t, "go", "golang"); !filepath.IsAbs(path) {
		t.Errorf("the go command is at %q", path)
	}
	t.Setenv("CI", "")
	if !skipped(t, func(t testing.TB) { Program(t, "no-such-program", "no-such-package") }) {
		t.Error("a program that does not exist did not skip the test")
	}
}

func TestCaptures(t *testing.T) {
	if _, err := os.Stat(Captures(t, "x86-64-boot.log")); err != nil {
		t.Error(err)
	}
}
