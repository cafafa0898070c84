package workbench

// What an editor shows of a text that need not belong to any tree: its outline,
// and its folds.

import (
	"bytes"
	"cmp"
	"slices"

	"dekho/internal/lang/c"
)

// FoldKind says what is folded.
type FoldKind string

// The kinds of folds.
const (
	FoldCode      FoldKind = ""
	FoldComment   FoldKind = "comment"
	FoldIncludes  FoldKind = "includes"
	FoldCondition FoldKind = "condition" // an arm of an #if
)

// Fold is lines that can be folded: First stays visible.
type Fold struct {
	First, Last uint32 // 1-based
	Kind        FoldKind
}

// FoldsOf lists the folds of a text as that of a file with this path, outer ones
// first.
func FoldsOf(path string, text []byte) []Fold {
	f := readCloseup(path, text)
	var list []Fold
	add := func(first, last uint32, kind FoldKind) {
		if last > first {
			list = append(list, Fold{first, last, kind})
		}
	}
	begins := make(map[uint32]uint32) // the line of the name, of the brace of a body
	for _, s := range f.Symbols() {
		begins[s.Body] = s.Line
		if len(f.Code) == 0 {
			add(s.Start, s.End, FoldCode)
		}
	}
	var open []int
	for i := range f.Code {
		switch t := &f.Code[i]; {
		case t.Is(text, "{"):
			open = append(open, i)
		case t.Is(text, "}") && len(open) > 0:
			brace := &f.Code[open[len(open)-1]]
			open = open[:len(open)-1]
			first, ok := begins[brace.Off]
			if !ok {
				first = brace.Line
			}
			add(first, t.Line-1, FoldCode) // the brace stays visible
		}
	}
	for _, k := range f.conds {
		if k.Start > 1 {
			add(k.Start-1, k.End, FoldCondition)
		}
	}
	comments(f, add)
	includes := f.facts.Includes
	for i := 0; i < len(includes); {
		j := i + 1
		for j < len(includes) && includes[j].Line <= includes[j-1].Line+2 {
			j++
		}
		add(includes[i].Line, includes[j-1].Line, FoldIncludes)
		i = j
	}
	slices.SortFunc(list, func(a, b Fold) int { return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(b.Last, a.Last)) })
	return slices.CompactFunc(list, func(a, b Fold) bool { return a.First == b.First && a.Last == b.Last })
}

// comments adds the comments of several lines; those of one line each that
// follow each other are one.
func comments(f *closeup, add func(first, last uint32, kind FoldKind)) {
	last := func(t *c.Token) uint32 { return t.Line + uint32(bytes.Count(t.Text(f.Src), newline)) }
	for i := 0; i < len(f.Comments); {
		t := &f.Comments[i]
		end := last(t)
		j := i + 1
		if bytes.HasPrefix(t.Text(f.Src), []byte("//")) {
			for j < len(f.Comments) && f.Comments[j].Line == end+1 && bytes.HasPrefix(f.Comments[j].Text(f.Src), []byte("//")) {
				end = last(&f.Comments[j])
				j++
			}
		}
		add(t.Line, end, FoldComment)
		i = j
	}
}

// OutlineOf lists the definitions of a text as those of a file with this path,
// which need not be in a tree.
func OutlineOf(path string, text []byte) *Outline {
	f := readCloseup(path, text)
	o := &Outline{Name: path, Path: path}
	for _, s := range f.Symbols() {
		o.Items = append(o.Items, f.item(&s))
	}
	return o
}
