package index

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dekho/internal/lang"
	"dekho/internal/source"
	"dekho/internal/store"
	"dekho/internal/trigram"
)

var update = flag.Bool("update", false, "write testdata/format-N for the formats of this program")

// TestFormat reads files that were written when their format was new. If it
// fails, the meaning of a section changed and the format wants a new number:
// then run the test with -update and keep the old files, which must be refused.
func TestFormat(t *testing.T) {
	dir := filepath.Join("testdata", fmt.Sprintf("format-%d", segmentKind.Format))
	if *update {
		writeFormat(t, dir)
	}
	m, err := openManifest(filepath.Join(dir, "manifest"))
	if err != nil {
		t.Fatal(err)
	}
	x := &Tree{m: m}
	for _, ref := range m.Segments {
		s, err := openSegment(filepath.Join(dir, "segment"))
		if err != nil {
			t.Fatal(err)
		}
		if s.f.Sum() != ref.Sum {
			t.Fatal("the segment is not that of the manifest")
		}
		x.segs = append(x.segs, s)
	}
	got := describeTree(t, x)
	golden := filepath.Join(dir, "content.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("content:\n%s\nwant:\n%s", got, want)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
}

// TestOldFormats refuses the files of all formats that were.
func TestOldFormats(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join("testdata", "format-*"))
	if err != nil || len(dirs) == 0 {
		t.Fatal(dirs, err)
	}
	for _, dir := range dirs {
		if strings.HasSuffix(dir, fmt.Sprintf("-%d", segmentKind.Format)) {
			continue
		}
		if _, err := openSegment(filepath.Join(dir, "segment")); !errors.Is(err, ErrVersion) {
			t.Errorf("%s: %v", dir, err)
		}
	}
	// And of those that will be.
	for _, name := range []string{"segment", "manifest"} {
		b, err := os.ReadFile(filepath.Join("testdata", fmt.Sprintf("format-%d", segmentKind.Format), name))
		if err != nil {
			t.Fatal(err)
		}
		b[8]++
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		_, serr := openSegment(path)
		_, merr := openManifest(path)
		if !errors.Is(serr, ErrVersion) && !errors.Is(merr, ErrVersion) {
			t.Errorf("%s: %v, %v", name, serr, merr)
		}
	}
}

// describeTree is what a tree says, as text.
func describeTree(t *testing.T, x *Tree) string {
	t.Helper()
	var b strings.Builder
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range x.NumFiles() {
		id := source.FileID(i)
		file, err := x.File(id)
		check(err)
		funcs, err := x.Funcs(id)
		check(err)
		scopes, err := x.Scopes(id)
		check(err)
		conds, err := x.Conds(id)
		check(err)
		includes, err := x.Includes(id)
		check(err)
		log, err := x.LinkFacts(id)
		check(err)
		fmt.Fprintf(&b, "%s %+v\n\t%+v\n\t%+v\n\t%+v\n\t%+v\n\t%q\n", x.Path(id), file, funcs, scopes, conds, includes, log)
	}
	for n, err := range x.Names("") {
		check(err)
		refs, err := x.Refs(n.Text, AllRoles)
		check(err)
		fmt.Fprintf(&b, "%s %x %v\n", n.Text, n.Roles, refs)
	}
	files, err := x.Candidates(&trigram.Query{Op: trigram.All})
	check(err)
	skips, err := x.Skipped()
	check(err)
	fmt.Fprintf(&b, "%v\n%v\n", files, skips)
	return b.String()
}

// writeFormat indexes a small tree and keeps its files.
func writeFormat(t *testing.T, dir string) {
	t.Helper()
	root, storeDir := t.TempDir(), t.TempDir()
	write := func(path, text string) {
		t.Helper()
		full := filepath.Join(root, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	var many strings.Builder
	for i := range 70 {
		fmt.Fprintf(&many, "word%c%c common\n", 'a'+i%26, 'a'+i/26)
	}
	write("many.txt", many.String())
	write("dir/one.txt", "common once\ncommon common twice\n")
	write("dir/two.txt", "common once\ncommon common twice\n")
	write("plain", "no language\n")
	write("binary", "\x00")
	_, err := Update(t.Context(), Options{Store: storeDir, Root: root, Name: "format", Languages: []lang.Language{{
		Name: "words", Version: 3, New: func() lang.Extractor { return words{} },
		Match: func(path string) bool { return strings.HasSuffix(path, ".txt") },
	}}})
	if err != nil {
		t.Fatal(err)
	}
	st := store.At(storeDir)
	canonical, err := source.Root(root)
	if err != nil {
		t.Fatal(err)
	}
	segments, err := st.Names(store.Segments)
	if err != nil || len(segments) != 1 {
		t.Fatal(segments, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{
		st.Path(store.Trees, treeID(canonical)): "manifest", st.Path(store.Segments, segments[0]): "segment",
	} {
		b, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, to), b, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
