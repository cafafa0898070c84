package workbench

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/lang/all"
	"dekho/internal/query/grep"
	"dekho/internal/query/pathglob"
	"dekho/internal/query/pattern"
	"dekho/internal/source"
)

// GrepOptions say how to search the text of a tree.
type GrepOptions struct {
	// Literal takes the pattern as it stands; IgnoreCase and Word are as in
	// grep -i and -w; SmartCase ignores case if the pattern has no upper-case
	// letter.
	Literal, IgnoreCase, SmartCase, Word bool
	// Paths are patterns over paths, as for ripgrep's -g; none is all files.
	Paths []string
	// Languages are names of languages (see Languages), whose files are
	// searched; none is all files.
	Languages []string
	// FilesOnly asks only which files match, Count only how often.
	FilesOnly, Count bool
	// Before and After are lines of context.
	Before, After int
	// MaxCount ends the search of a file after so many lines; 0 is no limit.
	MaxCount int
	// Hidden includes files whose path has an element that starts with a dot.
	Hidden bool
}

// The results of a search.
type (
	// GrepResult is what was found in one file.
	GrepResult = grep.Result
	// GrepLine is a line of it.
	GrepLine = grep.Line
	// Span is a range of bytes of a line.
	Span = grep.Span
)

// Grep is a search of the tree's text that was prepared.
type Grep struct {
	t    *Tree
	p    *grep.Pattern
	opts grep.Options
	// judged is what the lens says of the lines of the file that is shown.
	judged map[int]*Judgement
}

// Grep prepares a search. An error is a *UsageError.
func (t *Tree) Grep(text string, o GrepOptions) (*Grep, error) {
	p, err := grep.Compile(text, pattern.Options{
		Literal: o.Literal, IgnoreCase: o.IgnoreCase, SmartCase: o.SmartCase, Word: o.Word,
	})
	if err != nil {
		return nil, &UsageError{err}
	}
	g := &Grep{t: t, p: p, opts: grep.Options{
		FilesOnly: o.FilesOnly, Count: o.Count, Before: o.Before, After: o.After, MaxCount: o.MaxCount, Hidden: o.Hidden,
		Guard: index.Guard,
	}}
	if len(o.Paths) > 0 {
		set, err := pathglob.Compile(o.Paths...)
		if err != nil {
			return nil, &UsageError{err}
		}
		g.opts.Keep = set.Match
	}
	if len(o.Languages) > 0 {
		match, err := languageFilter(o.Languages)
		if err != nil {
			return nil, err
		}
		paths := g.opts.Keep
		g.opts.Keep = func(path string) bool { return match(path) && (paths == nil || paths(path)) }
	}
	return g, nil
}

// Languages lists the names of the languages that dekho reads.
func Languages() []string {
	var names []string
	for _, l := range all.Languages() {
		names = append(names, l.Name)
	}
	return names
}

// languageFilter matches the files of some languages.
func languageFilter(names []string) (func(path string) bool, error) {
	table := all.Languages()
	for _, name := range names {
		if !slices.ContainsFunc(table, func(l lang.Language) bool { return l.Name == name }) {
			return nil, &UsageError{fmt.Errorf("there is no language %q; languages are %s", name, strings.Join(Languages(), ", "))}
		}
	}
	return func(path string) bool {
		for i := range table { // the first that matches reads the file
			if table[i].Match(path) {
				return slices.Contains(names, table[i].Name)
			}
		}
		return false
	}, nil
}

// Run calls emit for each file with a match, in the order of their paths. The
// index chooses the files that are read; what they hold is read anew.
func (g *Grep) Run(ctx context.Context, emit func(*GrepResult) error) error {
	if _, err := os.Stat(g.t.Root()); err != nil {
		return &InputError{Name: g.t.Root(), Err: err, Hint: "the text of a tree can be searched only while it is there"}
	}
	return g.t.idx.Err(index.Guard(func() error {
		stop := g.t.w.step("candidates")
		ids, err := g.t.idx.Candidates(g.p.Trigrams())
		stop()
		if err != nil {
			return err
		}
		defer g.t.w.step("search")()
		return g.p.Search(ctx, &indexedFiles{g.t.idx, ids}, g.opts, g.look(emit))
	}))
}

// Spans appends where in a line that matches the matches are.
func (g *Grep) Spans(dst []Span, line []byte) []Span { return g.p.Spans(dst, line) }

// indexedFiles is the files of a tree that may match.
type indexedFiles struct {
	idx *index.Tree
	ids []source.FileID
}

var _ grep.Files = (*indexedFiles)(nil)

func (f *indexedFiles) Len() int { return len(f.ids) }

func (f *indexedFiles) Path(i int) string { return f.idx.Path(f.ids[i]) }

func (f *indexedFiles) Reader() grep.Reader { return &indexedReader{f: f} }

// indexedReader reads files of a tree into memory of its own.
type indexedReader struct {
	f *indexedFiles
	r source.Reader
}

func (r *indexedReader) Read(i int) ([]byte, error) {
	return r.f.idx.ReadText(&r.r, r.f.ids[i])
}
