package index_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/source"
	"dekho/internal/store"
	"dekho/internal/trigram"
)

// tree is a directory with files for a test, and a store beside it.
type tree struct {
	t     testing.TB
	root  string
	store string
}

func newTree(t testing.TB, files map[string]string) *tree {
	t.Helper()
	tr := &tree{t: t, root: filepath.Join(t.TempDir(), "tree"), store: filepath.Join(t.TempDir(), "store")}
	if err := os.Mkdir(tr.root, 0o755); err != nil {
		t.Fatal(err)
	}
	for path, text := range files {
		tr.write(path, text)
	}
	return tr
}

// write writes a file, dated a minute ago: a file that was written just now has
// to be read again by the next update, which tests of what is read must avoid.
// What changed its inode just now is as suspect; the tests look at that by the
// clock they give to Update.
func (tr *tree) write(path, text string) {
	tr.t.Helper()
	full := filepath.Join(tr.root, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		tr.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		tr.t.Fatal(err)
	}
}

func (tr *tree) remove(path string) {
	tr.t.Helper()
	if err := os.Remove(filepath.Join(tr.root, path)); err != nil {
		tr.t.Fatal(err)
	}
}

// later is a clock by which everything in the tree was written long ago.
func later() time.Time { return time.Now().Add(time.Hour) }

func (tr *tree) options() index.Options {
	return index.Options{
		Store: tr.store, Root: tr.root, Languages: []lang.Language{scanLanguage(1)}, Now: later,
		LockWait: 20 * time.Second,
	}
}

func (tr *tree) update(change ...func(*index.Options)) *index.Stats {
	tr.t.Helper()
	o := tr.options()
	for _, c := range change {
		c(&o)
	}
	stats, err := index.Update(context.Background(), o)
	if err != nil {
		tr.t.Fatal(err)
	}
	return stats
}

func (tr *tree) open() *index.Tree {
	tr.t.Helper()
	t, err := index.Open(tr.store, tr.root)
	if err != nil {
		tr.t.Fatal(err)
	}
	tr.t.Cleanup(func() {
		if err := t.Close(); err != nil {
			tr.t.Error(err)
		}
	})
	return t
}

// refs lists the occurrences of a name as "path:line role".
func refs(t testing.TB, tr *index.Tree, name string, roles index.RoleSet) []string {
	t.Helper()
	list, err := tr.Refs(name, roles)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range list {
		out = append(out, fmt.Sprintf("%s:%d %v", tr.Path(r.File), r.Line, r.Role))
	}
	return out
}

// dump is everything that a tree answers, as text.
func dump(tr *index.Tree) (string, error) {
	var b strings.Builder
	finder := tr.FuncFinder()
	for i := range tr.NumFiles() {
		id := source.FileID(i)
		f, err := tr.File(id)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "file %s %+v\n", tr.Path(id), f)
		funcs, err := tr.Funcs(id)
		if err != nil {
			return "", err
		}
		conds, err := tr.Conds(id)
		if err != nil {
			return "", err
		}
		includes, err := tr.Includes(id)
		if err != nil {
			return "", err
		}
		log, err := tr.LinkFacts(id)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "  %+v\n  %+v\n  %+v\n  %q\n", funcs, conds, includes, log)
	}
	for n, err := range tr.Names("") {
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "name %s\n", n.Text)
		list, err := tr.Refs(n.Text, index.AllRoles)
		if err != nil {
			return "", err
		}
		for _, r := range list {
			fn, _, err := finder.At(r.File, r.Line)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&b, "  %s:%d %v in %s\n", tr.Path(r.File), r.Line, r.Role, fn.Name)
		}
	}
	files, err := tr.Candidates(&trigram.Query{Op: trigram.All})
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "candidates %v\n", files)
	skips, err := tr.Skipped()
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "skipped %v\n", skips)
	return b.String(), nil
}

func mustDump(t testing.TB, tr *index.Tree) string {
	t.Helper()
	s, err := dump(tr)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sameAsNew fails the test if the index differs from one made from nothing.
func (tr *tree) sameAsNew() {
	tr.t.Helper()
	fresh := &tree{t: tr.t, root: tr.root, store: filepath.Join(tr.t.TempDir(), "fresh")}
	fresh.update()
	if diff := cmp.Diff(mustDump(tr.t, fresh.open()), mustDump(tr.t, tr.open())); diff != "" {
		tr.t.Errorf("the index differs from a new one (-new +this):\n%s", diff)
	}
}

var sample = map[string]string{
	"Makefile": "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 192\nEXTRAVERSION = -rc1\n",
	"Kbuild":   "obj-y += a.o\n",
	"a.c": `#include "b.h"
#if CONFIG_X
int shared(int a)
{
	helper(a); helper(a);
	print("x");
	return other;
}
#endif
`,
	"b.h":       "int shared(int a);\n",
	"d/copy1.c": "helper(int b)\n{\n\tshared(b);\n}\n",
	"d/copy2.c": "helper(int b)\n{\n\tshared(b);\n}\n",
	"d/notes":   "shared by all\n",
	"empty.c":   "",
	"z/blob":    "bin\x00ary",
}

func TestRoundTrip(t *testing.T) {
	tr := newTree(t, sample)
	if err := os.Symlink("a.c", filepath.Join(tr.root, "link.c")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("..", filepath.Join(tr.root, "d", "loop")); err != nil {
		t.Fatal(err)
	}
	stats := tr.update()
	if stats.Files != 8 || stats.Read != 8 || stats.Extracted != 7 || stats.Unchanged {
		t.Errorf("stats %+v", stats)
	}
	x := tr.open()

	info := x.Info()
	if info.Kernel != "6.1.192-rc1" || info.Name != "tree" || info.Files != 8 {
		t.Errorf("info %+v", info)
	}
	var paths []string
	for i := range x.NumFiles() {
		paths = append(paths, x.Path(source.FileID(i)))
	}
	want := slices.Sorted(maps.Keys(sample))
	want = slices.DeleteFunc(want, func(p string) bool { return p == "z/blob" })
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	for i, p := range paths {
		if id, ok := x.FileByPath(p); !ok || int(id) != i {
			t.Errorf("FileByPath(%q) = %d, %v", p, id, ok)
		}
	}
	if lo, hi := x.FilesUnder("d/"); x.Path(lo) != "d/copy1.c" || hi-lo != 3 {
		t.Errorf("FilesUnder = %d to %d", lo, hi)
	}
	if _, ok := x.FileByPath("nothing"); ok {
		t.Error("a file that is not there was found")
	}

	if diff := cmp.Diff([]string{
		"a.c:3 call", "b.h:1 call", "d/copy1.c:3 call", "d/copy2.c:3 call",
	}, refs(t, x, "shared", index.AllRoles)); diff != "" {
		t.Errorf("shared (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"d/copy1.c:1 definition", "d/copy2.c:1 definition"}, refs(t, x, "helper", index.Definitions)); diff != "" {
		t.Errorf("helper (-want +got):\n%s", diff)
	}
	if got := refs(t, x, "helper", index.Roles(lang.Call)); len(got) != 1 {
		t.Errorf("two calls in one line: %v", got)
	}
	if got := refs(t, x, "unheard_of", index.AllRoles); got != nil {
		t.Errorf("unheard_of: %v", got)
	}

	copy2, _ := x.FileByPath("d/copy2.c")
	if fn, ok, err := x.EnclosingFunc(copy2, 3); err != nil || !ok || fn != (index.Func{Name: "helper", Start: 1, End: 4}) {
		t.Errorf("EnclosingFunc = %v, %v, %v", fn, ok, err)
	}
	if same := x.Same(copy2); len(same) != 2 {
		t.Errorf("Same = %v", same)
	}
	a, _ := x.FileByPath("a.c")
	if c, err := x.Conds(a); err != nil || len(c) != 1 || c[0].Expr != "CONFIG_X" {
		t.Errorf("Conds = %v, %v", c, err)
	}
	if c, err := x.Includes(a); err != nil || len(c) != 1 || c[0] != (index.Include{Path: "b.h", Line: 1}) {
		t.Errorf("Includes = %v, %v", c, err)
	}
	if log, err := x.LinkFacts(a); err != nil || string(log) != "\tprint(\"x\");\n" {
		t.Errorf("LinkFacts = %q, %v", log, err)
	}
	if text, changed, err := x.ReadFile(a); err != nil || changed || string(text) != sample["a.c"] {
		t.Errorf("ReadFile = %q, %v, %v", text, changed, err)
	}
	skips, err := x.Skipped()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]source.Skip{
		{Path: "d/loop", Reason: source.Symlink},
		{Path: "link.c", Reason: source.Symlink},
		{Path: "z/blob", Reason: source.Binary},
	}, skips); diff != "" {
		t.Errorf("skips (-want +got):\n%s", diff)
	}
	var names []string
	for n, err := range x.Names("h") {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, n.Text)
	}
	if !slices.Equal(names, []string{"helper"}) {
		t.Errorf("names %q", names)
	}
}

func TestIncremental(t *testing.T) {
	tr := newTree(t, sample)
	tr.update()
	if s := tr.update(); !s.Unchanged || s.Read != 0 {
		t.Errorf("nothing changed: %+v", s)
	}

	now := time.Now().Add(-time.Minute)
	if err := os.Chtimes(filepath.Join(tr.root, "a.c"), now, now); err != nil {
		t.Fatal(err)
	}
	if s := tr.update(); s.Unchanged || s.Read != 1 || s.Extracted != 0 {
		t.Errorf("touched: %+v", s)
	}
	tr.sameAsNew()

	tr.write("a.c", "changed(x)\n{\n}\n")
	if s := tr.update(); s.Read != 1 || s.Extracted != 1 || s.Segments != 2 {
		t.Errorf("changed: %+v", s)
	}
	tr.sameAsNew()

	tr.remove("d/copy1.c")
	if s := tr.update(); s.Read != 0 || s.Removed != 1 || s.Unchanged {
		t.Errorf("removed: %+v", s)
	}
	tr.sameAsNew()

	if err := os.Rename(filepath.Join(tr.root, "d/copy2.c"), filepath.Join(tr.root, "moved.c")); err != nil {
		t.Fatal(err)
	}
	if s := tr.update(); s.Read != 1 || s.Extracted != 0 || s.Removed != 1 {
		t.Errorf("renamed: %+v", s)
	}
	tr.sameAsNew()

	tr.write("new/again.c", "changed(x)\n{\n}\n")
	if s := tr.update(); s.Read != 1 || s.Extracted != 0 {
		t.Errorf("the same content once more: %+v", s)
	}
	tr.sameAsNew()

	// The same bytes mean something else in a file of no language.
	tr.write("again.txt", "changed(x)\n{\n}\n")
	if s := tr.update(); s.Read != 1 || s.Extracted != 1 {
		t.Errorf("the same content as text: %+v", s)
	}
	tr.sameAsNew()
	if s := tr.update(); !s.Unchanged {
		t.Errorf("nothing changed: %+v", s)
	}
}

// TestRacy writes a file twice within one tick of the clock, with the same size.
func TestRacy(t *testing.T) {
	tr := newTree(t, map[string]string{"a.c": "one()\n"})
	o := tr.options()
	o.Now = time.Now
	if _, err := index.Update(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(tr.root, "a.c")
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	tr.write("a.c", "two()\n")
	if err := os.Chtimes(path, st.ModTime(), st.ModTime()); err != nil {
		t.Fatal(err)
	}
	s, err := index.Update(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if s.Read != 1 || s.Extracted != 1 {
		t.Errorf("stats %+v", s)
	}
	if got := refs(t, tr.open(), "two", index.AllRoles); len(got) != 1 {
		t.Errorf("refs %v", got)
	}
}

func TestRebuildKeepsName(t *testing.T) {
	tr := newTree(t, sample)
	tr.update(func(o *index.Options) { o.Name = "mars" })
	tr.update(func(o *index.Options) { o.Rebuild = true })
	if got := tr.open().Info().Name; got != "mars" {
		t.Errorf("a tree called mars that was read anew is called %s", got)
	}
}

func TestLanguageVersion(t *testing.T) {
	tr := newTree(t, sample)
	tr.update()
	v2 := func(o *index.Options) { o.Languages = []lang.Language{scanLanguage(2)} }
	if s := tr.update(v2); s.Extracted != 4 { // those in the language, each content once
		t.Errorf("stats %+v", s)
	}
	if s := tr.update(v2); !s.Unchanged {
		t.Errorf("stats %+v", s)
	}
	tr.sameAsNew()
}

// TestTwoTrees indexes two trees that differ in one file.
func TestTwoTrees(t *testing.T) {
	one := newTree(t, sample)
	one.update()
	two := newTree(t, sample)
	two.store = one.store
	two.write("a.c", "only_two()\n")
	if s := two.update(func(o *index.Options) { o.Name = "second" }); s.Read != 8 || s.Extracted != 1 {
		t.Errorf("stats %+v", s)
	}
	if got := refs(t, one.open(), "only_two", index.AllRoles); got != nil {
		t.Errorf("the first tree answers for the second: %v", got)
	}
	if got := refs(t, two.open(), "other", index.AllRoles); got != nil {
		t.Errorf("the second tree answers for the first: %v", got)
	}
	one.sameAsNew()
	two.sameAsNew()

	list, err := index.List(one.store)
	if err != nil || len(list) != 2 {
		t.Fatalf("List = %v, %v", list, err)
	}
	if root, err := index.Resolve(one.store, "second"); err != nil || root != two.root {
		t.Errorf("Resolve = %q, %v", root, err)
	}
	if root, err := index.FindTree(one.store, filepath.Join(one.root, "d")); err != nil || root != one.root {
		t.Errorf("FindTree = %q, %v", root, err)
	}
	if err := index.Drop(context.Background(), one.store, one.root, time.Second, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := index.Open(one.store, one.root); !errors.Is(err, index.ErrNoIndex) {
		t.Errorf("after Drop: %v", err)
	}
	two.sameAsNew()
	if err := index.Drop(context.Background(), one.store, "second", time.Second, nil); err != nil {
		t.Fatal(err)
	}
	if names, err := store.At(one.store).Names(store.Segments); err != nil || len(names) != 0 {
		t.Errorf("segments that nobody uses: %v, %v", names, err)
	}
}

// TestFold makes so many small segments that they have to be folded.
func TestFold(t *testing.T) {
	files := make(map[string]string)
	for i := range 100 {
		files[fmt.Sprintf("f%03d.c", i)] = fmt.Sprintf("f%d()\n{\n\tg(%d);\n}\n", i, i%7)
	}
	tr := newTree(t, files)
	tr.update()
	most := 0
	for i := range 40 {
		tr.write("f000.c", fmt.Sprintf("new%d()\n{\n}\n", i))
		tr.write(fmt.Sprintf("g%d.c", i), fmt.Sprintf("more%d()\n{\n}\n", i))
		s := tr.update()
		most = max(most, s.Segments)
	}
	if most > 14 {
		t.Errorf("%d segments", most)
	}
	names, err := store.At(tr.store).Names(store.Segments)
	if err != nil || len(names) > 14 {
		t.Errorf("%d segments in the store, %v", len(names), err)
	}
	tr.sameAsNew()
}

// TestSmallMemory makes every worker write many segments.
func TestSmallMemory(t *testing.T) {
	files := make(map[string]string)
	for i := range 50 {
		files[fmt.Sprintf("d%d/f.c", i)] = fmt.Sprintf("f%d()\n{\n\tg(%d);\n}\n", i, i%7)
	}
	tr := newTree(t, files)
	if s := tr.update(func(o *index.Options) { o.Memory = 1 }); s.Segments != 50 {
		t.Errorf("%d segments", s.Segments)
	}
	tr.sameAsNew()
	if s := tr.update(); s.Segments != 1 {
		t.Errorf("%d segments after folding", s.Segments)
	}
	tr.sameAsNew()
}

// linker counts lines with log facts.
type linker struct {
	version uint32
	runs    int
	fail    error
}

func (l *linker) Name() string    { return "lines" }
func (l *linker) Version() uint32 { return l.version }

func (l *linker) Link(ctx context.Context, t *index.Tree, w io.Writer) error {
	l.runs++
	if l.fail != nil {
		return l.fail
	}
	paths := make([][]string, 3)
	err := t.EachLinkFacts(ctx, len(paths), func(worker int, id source.FileID, facts []byte) error {
		paths[worker] = append(paths[worker], fmt.Sprintf("%s %d\n", t.Path(id), len(facts)))
		return nil
	})
	if err != nil {
		return err
	}
	all := slices.Concat(paths...)
	slices.Sort(all)
	_, err = io.WriteString(w, strings.Join(all, ""))
	return err
}

func TestLinker(t *testing.T) {
	tr := newTree(t, sample)
	l := &linker{version: 1}
	with := func(o *index.Options) { o.Linkers = []index.Linker{l} }
	tr.update(with)
	check := func(want string, runs int) {
		t.Helper()
		b, err := tr.open().Artifact("lines", l.version)
		if err != nil || string(b) != want || l.runs != runs {
			t.Errorf("artifact %q, %v after %d runs; want %q after %d", b, err, l.runs, want, runs)
		}
	}
	check("a.c 13\n", 1)
	if s := tr.update(with); !s.Unchanged {
		t.Errorf("stats %+v", s)
	}
	check("a.c 13\n", 1)
	tr.write("d/p.c", "print(1)\n")
	tr.update(with)
	check("a.c 13\nd/p.c 9\n", 2)

	l.version = 2
	if s := tr.update(with); s.Unchanged || s.Read != 0 {
		t.Errorf("stats %+v", s)
	}
	check("a.c 13\nd/p.c 9\n", 3)
	if _, err := tr.open().Artifact("lines", 1); !errors.Is(err, index.ErrVersion) {
		t.Errorf("the wrong version: %v", err)
	}
	if _, err := tr.open().Artifact("other", 1); !errors.Is(err, index.ErrNoIndex) {
		t.Errorf("no such linker: %v", err)
	}

	// A linker that fails leaves the previous index in place.
	before := mustDump(t, tr.open())
	tr.write("a.c", "later()\n")
	l.fail = errors.New("no way")
	if _, err := index.Update(context.Background(), index.Options{
		Store: tr.store, Root: tr.root, Languages: []lang.Language{scanLanguage(1)}, Linkers: []index.Linker{l},
	}); !errors.Is(err, l.fail) {
		t.Errorf("error %v", err)
	}
	if after := mustDump(t, tr.open()); before != after {
		t.Error("a failed run changed the index")
	}
}

func TestDeferredLink(t *testing.T) {
	tr := newTree(t, sample)
	l := &linker{version: 1}
	now := func(o *index.Options) { o.Linkers = []index.Linker{l} }
	later := func(o *index.Options) { now(o); o.DeferLinks = 1 }
	check := func(runs int, stale bool) {
		t.Helper()
		tree := tr.open()
		if _, err := tree.Artifact("lines", 1); err != nil || l.runs != runs || tree.Stale("lines") != stale {
			t.Errorf("%d runs, stale %v, %v; want %d, %v", l.runs, tree.Stale("lines"), err, runs, stale)
		}
	}
	tr.update(later)
	check(1, false) // nothing to keep
	tr.write("d/p.c", "print(1)\n")
	tr.update(later)
	check(1, true)
	tr.update(later)
	check(1, true) // still
	tr.update(now)
	check(2, false)
	if s := tr.update(later); !s.Unchanged {
		t.Errorf("stats %+v", s)
	}
	tr.write("d/p.c", "print(2)\n")
	tr.write("d/q.c", "print(3)\n")
	tr.update(later)
	check(3, false) // too many
}

func TestNoIndex(t *testing.T) {
	tr := newTree(t, nil)
	_, err := index.Open(tr.store, tr.root)
	if !errors.Is(err, index.ErrNoIndex) || !strings.Contains(err.Error(), "dekho index "+tr.root) {
		t.Errorf("error %v", err)
	}
	if _, err := index.FindTree(tr.store, tr.root); !errors.Is(err, index.ErrNoIndex) {
		t.Errorf("error %v", err)
	}
	if list, err := index.List(tr.store); err != nil || list != nil {
		t.Errorf("List = %v, %v", list, err)
	}
	if _, err := index.Update(context.Background(), index.Options{Store: tr.store, Root: filepath.Join(tr.root, "none")}); err == nil {
		t.Error("a tree that does not exist was indexed")
	}
	// An empty tree is a tree.
	tr.update()
	if n := tr.open().NumFiles(); n != 0 {
		t.Errorf("%d files", n)
	}
}

// panicking is an extractor with a bug.
type panicking struct{ scanner }

func (p panicking) Extract(path string, src []byte, f *lang.Facts) {
	p.scanner.Extract(path, src, f)
	if strings.Contains(string(src), "oops") {
		panic("oops")
	}
}

func TestExtractorPanics(t *testing.T) {
	tr := newTree(t, sample)
	tr.write("bad.c", "oops()\n")
	s := tr.update(func(o *index.Options) {
		o.Languages[0].New = func() lang.Extractor { return panicking{} }
	})
	if len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "bad.c") || s.Files != 9 {
		t.Errorf("stats %+v", s)
	}
	x := tr.open()
	if got := refs(t, x, "oops", index.AllRoles); got != nil {
		t.Errorf("facts of a file whose extractor failed: %v", got)
	}
	if got := refs(t, x, "other", index.AllRoles); len(got) != 1 {
		t.Errorf("other files: %v", got)
	}
}

// TestStoreInTree keeps the index inside the tree that it is of.
func TestStoreInTree(t *testing.T) {
	tr := newTree(t, sample)
	tr.store = filepath.Join(tr.root, "out", "store")
	if s := tr.update(); s.Files != 8 || s.Skipped["the index itself"] != 1 {
		t.Errorf("stats %+v", s)
	}
	if s := tr.update(); !s.Unchanged {
		t.Errorf("stats %+v", s)
	}
}
