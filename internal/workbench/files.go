package workbench

// Files of a tree as people name them.

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/query/fuzzy"
	"dekho/internal/source"
)

// file finds a file by what a person calls it: its path below the root of the
// tree, a path from the working directory, or an absolute one.
func (t *Tree) file(name string) (source.FileID, bool) {
	clean := path.Clean(filepath.ToSlash(name))
	if id, ok := t.idx.FileByPath(clean); ok {
		return id, true
	}
	abs := name
	if !filepath.IsAbs(abs) {
		dir, err := os.Getwd()
		if err != nil {
			return 0, false
		}
		abs = filepath.Join(dir, name)
	}
	rel, ok := below(t.Root(), abs)
	if !ok {
		return 0, false
	}
	return t.idx.FileByPath(rel)
}

// HasFile reports whether a file is one of the tree, by what a person calls it.
func (t *Tree) HasFile(name string) bool {
	found := false
	err := index.Guard(func() error {
		_, found = t.file(name)
		return nil
	})
	return found && err == nil
}

// below is the path of a file below a root, with slashes. An absolute one may go
// through symbolic links.
func below(root, name string) (string, bool) {
	if filepath.IsAbs(name) {
		if real, err := filepath.EvalSymlinks(filepath.Dir(name)); err == nil {
			name = filepath.Join(real, filepath.Base(name))
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return "", false
		}
		name = rel
	}
	name = filepath.Clean(name)
	return filepath.ToSlash(name), filepath.IsLocal(name)
}

// nearestFiles lists paths for one that does not exist: those whose last element
// is the same or mistyped, then what is found by its letters.
func (t *Tree) nearestFiles(ctx context.Context, name string) ([]string, error) {
	name = path.Clean(filepath.ToSlash(name))
	base := path.Base(name)
	if len(base) > maxNearName {
		return nil, nil
	}
	want := []byte(strings.ToLower(base))
	limit := 2
	if len(base) <= 5 { // with its extension
		limit = 1
	}
	var list []near
	var row editor
	for i := range t.idx.NumFiles() {
		p := t.idx.PathBytes(source.FileID(i))
		if d := row.distance(want, p[bytes.LastIndexByte(p, '/')+1:], limit); d <= limit {
			list = append(list, near{string(p), d})
		}
	}
	slices.SortStableFunc(list, func(a, b near) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(shared(b.name, name), shared(a.name, name)),
			cmp.Compare(commonEnd(b.name, name), commonEnd(a.name, name)), cmp.Compare(place(a.name), place(b.name)), cmp.Compare(len(a.name), len(b.name)))
	})
	var names []string
	for _, n := range list[:min(len(list), nearestShown)] {
		names = append(names, n.name)
	}
	if len(names) > 0 {
		return names, nil
	}
	q, err := fuzzy.Parse(base)
	if err != nil {
		return nil, nil //nolint:nilerr // a path that is no query has nothing near
	}
	found, err := fuzzy.Find(ctx, q, []fuzzy.Input{t.pathInput()}, fuzzy.Options{Limit: nearestShown, Workers: workers(), Guard: index.Guard})
	if err != nil {
		return nil, err
	}
	for i := range found {
		// Letters spread over directories are not what was mistyped.
		if f := &found[i]; len(f.Positions) > 0 && f.Positions[0] > strings.LastIndexByte(f.Text, '/') {
			names = append(names, f.Text)
		}
	}
	return names, nil
}

// maxNearName is the length of the longest name that others are compared with.
const maxNearName = 200

// shared is how many directories of b's path are in a's.
func shared(a, b string) int {
	n := 0
	for dir := range strings.SplitSeq(path.Dir(b), "/") {
		if strings.Contains("/"+path.Dir(a)+"/", "/"+dir+"/") {
			n++
		}
	}
	return n
}

// pathInput is the paths of the tree for a fuzzy search.
func (t *Tree) pathInput() fuzzy.Input {
	return fuzzy.Input{Paths: true, Corpus: &fuzzy.List{
		Len: t.idx.NumFiles(), At: func(i int) []byte { return t.idx.PathBytes(source.FileID(i)) },
	}}
}

// commonEnd is how many bytes two paths have in common at their ends.
func commonEnd(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}

// isHeaderName reports whether what was asked for is a header and no
// identifier: linux/fs.h, fs.h, generated/asm-offsets.h. Compatible strings and
// nodes of device trees may have dots too, but also a comma or an @.
func isHeaderName(name string) bool {
	return strings.ContainsAny(name, "/.") && !strings.ContainsAny(name, " \t\n\"<>,@")
}
