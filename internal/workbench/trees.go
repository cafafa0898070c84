package workbench

// Questions to several trees at once.

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
)

// OpenTrees opens the trees that the options name: one, or several separated by
// commas. The caller closes them.
func (w *Workbench) OpenTrees() ([]*Tree, error) {
	names := w.treeNames()
	if len(names) <= 1 {
		t, err := w.Open()
		if err != nil {
			return nil, err
		}
		return []*Tree{t}, nil
	}
	var trees []*Tree
	for _, name := range names {
		t, err := w.at(name).Open()
		if err != nil {
			return nil, errors.Join(err, CloseTrees(trees))
		}
		if slices.ContainsFunc(trees, func(o *Tree) bool { return o.Root() == t.Root() }) {
			err := t.Close() // named twice
			if err != nil {
				return nil, errors.Join(err, CloseTrees(trees))
			}
			continue
		}
		trees = append(trees, t)
	}
	return trees, nil
}

// treeNames are the trees that the options name. A directory whose name has a
// comma is one tree.
func (w *Workbench) treeNames() []string {
	if !strings.Contains(w.opts.Tree, ",") {
		return []string{w.opts.Tree}
	}
	if _, err := index.Resolve(w.store, w.opts.Tree); err == nil {
		return []string{w.opts.Tree}
	}
	var names []string
	for name := range strings.SplitSeq(w.opts.Tree, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// OpenAllTrees opens every tree of the store, the one that the options name, or
// that contains the working directory, first. skipped says which cannot be used,
// and why.
func (w *Workbench) OpenAllTrees() (trees []*Tree, skipped []error, err error) {
	list, err := index.List(w.store)
	if err != nil {
		return nil, nil, err
	}
	first, err := w.choose()
	if err != nil && !errors.Is(err, ErrNoIndex) || w.opts.Tree != "" && err != nil {
		return nil, nil, err
	}
	for _, l := range list {
		if l.Err != nil {
			skipped = append(skipped, l.Err)
			continue
		}
		t, err := w.at(l.Root).Open()
		if err != nil {
			skipped = append(skipped, err)
			continue
		}
		trees = append(trees, t)
	}
	if len(trees) == 0 {
		return nil, skipped, fmt.Errorf("%w: no tree is; dekho index TREE makes an index", ErrNoIndex)
	}
	slices.SortStableFunc(trees, func(a, b *Tree) int {
		switch first {
		case a.Root():
			return -1
		case b.Root():
			return 1
		}
		return 0
	})
	return trees, skipped, nil
}

// CloseTrees closes trees.
func CloseTrees(trees []*Tree) error {
	var err error
	for _, t := range trees {
		err = errors.Join(err, t.Close())
	}
	return err
}

// Change is how a definition compares with that of another tree.
type Change string

// The changes.
const (
	// ChangeNone is the same text at the same path.
	ChangeNone Change = "same"
	// ChangeText is another text at the same path, ChangePath the same text at
	// another path; ChangeBoth is both.
	ChangeText Change = "changed"
	ChangePath Change = "moved"
	ChangeBoth Change = "moved and changed"
	// ChangeNew is what the first tree does not have, ChangeGone what only that
	// has.
	ChangeNew  Change = "new"
	ChangeGone Change = "gone"
)

// TreeAnswer is where a tree defines a name, compared with the first of several
// trees.
type TreeAnswer struct {
	// Tree is the root of the tree, Kernel the version of the kernel in it.
	Tree, Kernel string
	Results      []TreeResult
	Nearest      []string
}

// TreeResult is a definition in a tree.
type TreeResult struct {
	Result
	// Change compares it with the first tree; "" in the first tree itself.
	Change Change
	// Lines is how many lines the definition has, 0 if it could not be read.
	Lines int
	// Was is its counterpart in the first tree, nil if it has none.
	Was *TreeResult

	kind string
	text []byte // without comments and white space
}

// maxCompared is how many definitions of a name in a tree have their text
// compared; a name that has more is no one thing.
const maxCompared = 64

// DefineIn finds the definitions of a name in several trees and compares those
// of the others with those of the first.
func DefineIn(ctx context.Context, trees []*Tree, name string) ([]TreeAnswer, error) {
	answers := make([]TreeAnswer, len(trees))
	for i, t := range trees {
		a, err := t.Define(ctx, name)
		if err != nil {
			return nil, err
		}
		answers[i] = TreeAnswer{Tree: t.Root(), Kernel: t.Kernel(), Nearest: a.Nearest}
		err = index.Guard(func() error {
			answers[i].Results = t.definitionTexts(a.Results)
			return nil
		})
		if err != nil {
			return nil, t.idx.Err(err)
		}
	}
	for i := 1; i < len(answers); i++ {
		compareTrees(&answers[0], &answers[i])
	}
	return answers, nil
}

// definitionTexts reads the text of definitions.
func (t *Tree) definitionTexts(list []Result) []TreeResult {
	out := make([]TreeResult, len(list))
	var f *closeup
	for i := range list {
		r := &out[i]
		r.Result, r.kind = list[i], cmp.Or(list[i].Kind, list[i].Role)
		if i >= maxCompared {
			r.text = bytes.Join(bytes.Fields([]byte(r.Text)), []byte{' '})
			continue
		}
		id, ok := t.idx.FileByPath(r.Path)
		if !ok {
			continue
		}
		if f == nil || f.id != id {
			var err error
			if f, err = t.closeup(id); err != nil {
				f = nil
				continue
			}
		}
		s, ok := f.symbolAt(&r.Result)
		if !ok {
			r.text = bytes.Join(bytes.Fields([]byte(r.Text)), []byte{' '})
			continue
		}
		r.Lines = int(s.End-s.Start) + 1
		r.text = clean(f.Src[s.From:s.To])
	}
	return out
}

// compareTrees says how the definitions of b compare with those of a. Those that
// are at the same path, of one kind, belong together; then those with the same
// text; then what is left, in order.
func compareTrees(a, b *TreeAnswer) {
	left := make([]*TreeResult, 0, len(a.Results))
	for i := range a.Results {
		left = append(left, &a.Results[i])
	}
	pair := func(kinds bool, fits func(was, is *TreeResult) bool) {
		for i := range b.Results {
			is := &b.Results[i]
			if is.Was != nil {
				continue
			}
			at := slices.IndexFunc(left, func(was *TreeResult) bool { return (was.kind == is.kind || !kinds) && fits(was, is) })
			if at >= 0 {
				is.Was = left[at]
				left = slices.Delete(left, at, at+1)
			}
		}
	}
	same := func(was, is *TreeResult) bool { return len(is.text) > 0 && bytes.Equal(was.text, is.text) }
	pair(true, func(was, is *TreeResult) bool { return was.Path == is.Path && same(was, is) })
	pair(true, func(was, is *TreeResult) bool { return was.Path == is.Path })
	pair(true, same)
	pair(true, func(was, is *TreeResult) bool { return architecture(was.Path) == architecture(is.Path) })
	// A function that became a macro.
	pair(false, func(was, is *TreeResult) bool { return was.Path == is.Path && !isPart(was.kind) && !isPart(is.kind) })
	for i := range b.Results {
		is := &b.Results[i]
		switch {
		case is.Was == nil:
			is.Change = ChangeNew
		case is.Was.Path == is.Path && same(is.Was, is):
			is.Change = ChangeNone
		case is.Was.Path == is.Path:
			is.Change = ChangeText
		case same(is.Was, is):
			is.Change = ChangePath
		default:
			is.Change = ChangeBoth
		}
	}
	for _, was := range left {
		b.Results = append(b.Results, TreeResult{Result: was.Result, Change: ChangeGone, Lines: was.Lines, Was: was})
	}
}

// isPart reports whether a kind of symbol is a part of something else.
func isPart(kind string) bool { return kind == lang.DefMember.Kind() || kind == lang.DefLabel.Kind() }

// architecture is the architecture that a file is of, "" for all.
func architecture(p string) string {
	if strings.HasPrefix(p, "arch/") {
		return archOf(p)
	}
	return ""
}
