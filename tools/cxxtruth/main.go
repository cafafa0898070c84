// Cxxtruth makes ground truth for C++: it compiles sources of Qt base, as Debian
// packages it, and writes down what the debug information says is defined where.
//
// Usage: cxxtruth [-every N] [-jobs N]
//
// It fetches what it needs with scripts/fetch-source and scripts/fetch-package,
// and prints the directory of the tree and that of the truth, which holds
// xref.tsv: kind, name, scope, path below the tree, line. Both stay in the
// build's cache.
package main

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

func main() {
	every := flag.Int("every", 4, "compile every `Nth` source file")
	jobs := flag.Int("jobs", 2, "compile `N` files at a time")
	flag.Parse()
	if err := run(*every, *jobs); err != nil {
		fmt.Fprintln(os.Stderr, "cxxtruth:", err)
		os.Exit(1)
	}
}

// modules are the directories below src whose files are compiled, with what
// the names of their headers and macros are made of.
var modules = map[string]string{
	"corelib": "Core", "gui": "Gui", "widgets": "Widgets", "network": "Network", "xml": "Xml", "sql": "Sql",
	"concurrent": "Concurrent", "testlib": "Test", "dbus": "DBus", "printsupport": "PrintSupport",
}

// foreign are the files that only other systems compile, and pieces of
// documentation.
var foreign = regexp.MustCompile(`_(win|mac|winrt|wasm|darwin|vxworks|qnx|integrity|ios|android|mips|neon|haiku|wince)[^/]*\.cpp$|/windows/|/3rdparty/|/snippets/`)

// minimum is how many files have to compile for the result to count.
const minimum = 100

func run(every, jobs int) error {
	tree, err := script("fetch-source", "qtbase-opensource-src")
	if err != nil {
		return err
	}
	flags, err := compilerFlags(tree)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "cxxtruth")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	sources, err := list(tree, every)
	if err != nil {
		return err
	}
	if err := stubs(tree, filepath.Join(work, "gen")); err != nil {
		return err
	}
	flags = append(flags, "-I"+filepath.Join(work, "gen"))

	facts := make(map[fact]bool)
	var mu sync.Mutex
	var wg sync.WaitGroup
	var next, compiled atomic.Int64
	var failed error
	for worker := range jobs {
		wg.Go(func() {
			object := filepath.Join(work, fmt.Sprintf("%d.o", worker))
			for {
				i := int(next.Add(1)) - 1
				if i >= len(sources) {
					return
				}
				if i%50 == 0 {
					fmt.Fprintf(os.Stderr, "%d of %d files\n", i, len(sources))
				}
				if !compile(flags, sources[i], object) {
					continue // it wants another system, or a library that is not here
				}
				compiled.Add(1)
				mu.Lock()
				err := readObject(object, tree, facts)
				failed = errors.Join(failed, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if failed != nil {
		return failed
	}
	if compiled.Load() < minimum {
		return fmt.Errorf("only %d of %d files could be compiled", compiled.Load(), len(sources))
	}
	fmt.Fprintf(os.Stderr, "%d of %d files compiled, %d facts\n", compiled.Load(), len(sources), len(facts))
	dir := filepath.Join(filepath.Dir(tree), "truth")
	if err := write(dir, facts); err != nil {
		return err
	}
	fmt.Println(tree)
	fmt.Println(dir)
	return nil
}

// script runs one of the scripts and returns the last line that it prints.
func script(name string, args ...string) (string, error) {
	cmd := exec.Command(filepath.Join("scripts", name), args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("scripts/%s: %w", name, err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1], nil
}

// compilerFlags are those that Qt is built with, as far as they decide what is
// compiled. Headers come from the tree; those that the build generates, from
// Debian's packages.
func compilerFlags(tree string) ([]string, error) {
	flags := []string{"-std=c++17", "-w", "-g", "-O0", "-fPIC", "-DQT_BUILDING_QT", "-DQT_USE_QSTRINGBUILDER", "-DQT_NO_FOREACH", "-DQT_ASCII_CAST_WARNINGS"}
	versions, err := filepath.Glob(filepath.Join(tree, "include/QtCore/[0-9]*"))
	if err != nil || len(versions) != 1 {
		return nil, fmt.Errorf("no version of Qt in %s", tree)
	}
	version := filepath.Base(versions[0])
	roots := []string{filepath.Join(tree, "include")}
	for _, name := range []string{"qtbase5-dev", "qtbase5-private-dev"} {
		dir, err := script("fetch-package", name)
		if err != nil {
			return nil, err
		}
		found, err := filepath.Glob(filepath.Join(dir, "root/usr/include/*/qt5"))
		if err != nil || len(found) != 1 {
			return nil, fmt.Errorf("no headers in %s", dir)
		}
		roots = append(roots, found[0])
	}
	for _, root := range roots {
		flags = append(flags, "-I"+root)
		for _, m := range slices.Sorted(maps.Values(modules)) {
			dir := filepath.Join(root, "Qt"+m)
			flags = append(flags, "-I"+dir, "-I"+filepath.Join(dir, version), "-I"+filepath.Join(dir, version, "Qt"+m))
		}
	}
	for _, dir := range []string{"src/corelib", "src/3rdparty", "src/3rdparty/harfbuzz/src", "src/3rdparty/md5", "src/3rdparty/md4", "src/3rdparty/sha3", "mkspecs/linux-g++"} {
		flags = append(flags, "-I"+filepath.Join(tree, dir))
	}
	return flags, nil
}

// list is every nth source file.
func list(tree string, every int) ([]string, error) {
	var all []string
	for _, m := range slices.Sorted(maps.Keys(modules)) {
		err := filepath.WalkDir(filepath.Join(tree, "src", m), func(p string, d fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(p, ".cpp") && !foreign.MatchString(p) {
				all = append(all, p)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	var some []string
	for i, p := range all {
		if i%every == 0 {
			some = append(some, p)
		}
	}
	return some, nil
}

var generated = regexp.MustCompile(`#\s*include\s+["<]((?:moc_[^">]+|[^">/]+\.moc))[">]`)

// stubs makes empty files in the place of those that Qt's own compiler makes,
// which hold no definition of the tree.
func stubs(tree, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return filepath.WalkDir(filepath.Join(tree, "src"), func(p string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(p, ".cpp") {
			return err
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		for _, m := range generated.FindAllSubmatch(text, -1) {
			if err := os.WriteFile(filepath.Join(dir, filepath.Base(string(m[1]))), nil, 0o644); err != nil {
				return err
			}
		}
		return nil
	})
}

// compile makes an object of a source file, and reports whether it could.
func compile(flags []string, source, object string) bool {
	module, _, _ := strings.Cut(strings.SplitN(source, "/src/", 2)[1], "/")
	args := append(slices.Clone(flags), "-I"+filepath.Dir(source), "-DQT_BUILD_"+strings.ToUpper(modules[module])+"_LIB", "-c", "-o", object, source)
	return exec.Command("g++", args...).Run() == nil
}

// write writes the truth, sorted.
func write(dir string, facts map[fact]bool) error {
	var out bytes.Buffer
	for _, f := range slices.SortedFunc(maps.Keys(facts), func(a, b fact) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.line, b.line), cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name), cmp.Compare(a.scope, b.scope))
	}) {
		fmt.Fprintf(&out, "%s\t%s\t%s\t%s\t%d\n", f.kind, f.name, f.scope, f.path, f.line)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	tmp := filepath.Join(dir, "tmp")
	return errors.Join(os.WriteFile(tmp, out.Bytes(), 0o644), os.Rename(tmp, filepath.Join(dir, "xref.tsv")))
}
