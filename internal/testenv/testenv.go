// Package testenv tells tests where the real inputs are that this repository
// does not hold: a kernel tree, and the ground truth kept beside the checkout.
// A test that lacks one says so loudly when it is skipped; where a whole run
// is supposed to have them (CI=true) it fails instead.
package testenv

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// DefaultTree is the Debian package whose kernel tree the tests are written
// for.
const DefaultTree = "linux-source-6.1"

// KernelTree returns the root of a kernel tree: $DEKHO_TEST_TREE, or what
// scripts/fetch-tree unpacked below the build's cache. The test is skipped when
// there is none, and fails when CI is set, or when DEKHO_TEST_TREE names
// something else.
func KernelTree(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("DEKHO_TEST_TREE"); dir != "" {
		if !isKernelTree(dir) {
			t.Fatalf("DEKHO_TEST_TREE=%s is not a kernel tree: it has no Kbuild and Makefile", dir)
		}
		return dir
	}
	cache, err := Cache()
	if err == nil {
		if dir := filepath.Join(cache, "trees", DefaultTree, DefaultTree); isKernelTree(dir) {
			return dir
		}
	}
	missing(t, "no kernel tree: run scripts/fetch-tree, or set DEKHO_TEST_TREE to the root of one")
	return ""
}

// KernelConfig returns the configuration of Debian's kernel: that of a package
// ("linux-image-amd64_amd64") that scripts/fetch-package unpacked below the
// build's cache. The test is skipped without it, and fails when CI is set.
func KernelConfig(t testing.TB, pkg string) string {
	t.Helper()
	if cache, err := Cache(); err == nil {
		files, err := filepath.Glob(filepath.Join(cache, "packages", pkg, "root", "boot", "config-*"))
		if err == nil && len(files) == 1 {
			return files[0]
		}
	}
	missing(t, "no configuration of a kernel: run scripts/fetch-package "+strings.Replace(pkg, "_", " ", 1))
	return ""
}

// Program returns the path of a program that a test drives, which comes in a
// Debian package. The test is skipped without it, and fails when CI is set.
func Program(t testing.TB, name, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, "no "+name+": run scripts/need "+name+" "+pkg)
	}
	return path
}

// FaultyBoot returns the capture of a machine that went wrong, which
// `scripts/capture -faults` booted into the build's cache. The test is skipped
// without it, and fails when CI is set.
func FaultyBoot(t testing.TB, name string) string {
	t.Helper()
	cache, err := Cache()
	if err == nil {
		file := filepath.Join(cache, "boots", name+".log")
		if _, err = os.Stat(file); err == nil {
			return file
		}
	}
	missing(t, "no capture of the machine "+name+": run scripts/capture -faults")
	return ""
}

// DebugInfo returns the directory usr/lib/debug of a package of debug information
// of Debian's kernel, which DEKHO_TEST_DEBUG leads to: it takes gigabytes, so that
// no set-up fetches it. The test is skipped without, in CI too.
func DebugInfo(t testing.TB) string {
	t.Helper()
	for _, dir := range []string{"usr/lib/debug", "."} {
		root := filepath.Join(os.Getenv("DEKHO_TEST_DEBUG"), dir)
		if files, err := filepath.Glob(filepath.Join(root, "boot/vmlinux-*")); err == nil && len(files) == 1 && os.Getenv("DEKHO_TEST_DEBUG") != "" {
			return root
		}
	}
	t.Skip("SKIPPED: no debug information of a kernel: unpack linux-image-*-dbg somewhere and set DEKHO_TEST_DEBUG to it")
	return ""
}

// Worlds returns the directory of the small Debian systems that
// scripts/fetch-worlds installed below the build's cache: those of the release
// DEKHO_TEST_RELEASE, or of bookworm. The test is skipped without them, or
// without being root, and fails when CI is set.
func Worlds(t testing.TB) string {
	t.Helper()
	if os.Getuid() != 0 {
		missing(t, "booting systems in namespaces needs root")
	}
	release := os.Getenv("DEKHO_TEST_RELEASE")
	if release == "" {
		release = "bookworm"
	}
	cache, err := Cache()
	if err == nil {
		var found []string
		if found, err = filepath.Glob(filepath.Join(cache, "worlds", release+"_*", "made-of")); err == nil && len(found) == 1 {
			// Links are resolved, since the path has no meaning inside of a system.
			var dir string
			if dir, err = filepath.EvalSymlinks(filepath.Dir(found[0])); err == nil {
				return dir
			}
		}
	}
	missing(t, "no systems to boot in namespaces: run scripts/fetch-worlds "+release)
	return ""
}

// Shared returns the path of an entry of the directory "shared" beside the
// checkout, which holds ground truth too large and too foreign to commit. The
// test is skipped when it is not there, in CI too: it is not something a
// checkout could fetch.
func Shared(t testing.TB, elem ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{filepath.Dir(Root(t)), "shared"}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("SKIPPED: no %s beside the checkout", filepath.Join(append([]string{"shared"}, elem...)...))
	}
	return path
}

// Captures returns the path of a file in testdata/captures of this repository.
func Captures(t testing.TB, name string) string {
	t.Helper()
	return filepath.Join(Root(t), "testdata", "captures", name)
}

// Root returns the top of the checkout: the directory with go.mod at or above
// the test's own.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod at or above the working directory")
		}
		dir = parent
	}
}

// Cache returns the directory below which the build keeps what it fetched; the
// same rule as in scripts/lib.sh.
func Cache() (string, error) {
	if dir := os.Getenv("DEKHO_BUILD_CACHE"); dir != "" {
		return dir, nil
	}
	if dir := os.Getenv("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(dir, "dekho-build"), nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".cache", "dekho-build"), err
}

func isKernelTree(dir string) bool {
	for _, file := range []string{"Makefile", "Kbuild", "include/linux/kernel.h"} {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			return false
		}
	}
	return true
}

// missing skips the test, or fails it where everything was to be there.
func missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Skip("SKIPPED: " + why)
}
