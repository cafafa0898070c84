package workbench

// A file of the tree for showing: its text in colours, and which of its lines are
// not built.

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sort"

	"dekho/internal/highlight"
	"dekho/internal/index"
	"dekho/internal/source"
)

// What the pieces of a file are.
type (
	// TextClass is what a piece of a file is.
	TextClass = highlight.Class
	// TextSpan is a piece of a file.
	TextSpan = highlight.Span
)

// The classes. Text that is in no span is plain.
const (
	ClassPlain     = highlight.Plain
	ClassComment   = highlight.Comment
	ClassString    = highlight.String
	ClassNumber    = highlight.Number
	ClassKeyword   = highlight.Keyword
	ClassType      = highlight.Type
	ClassDirective = highlight.Directive
	ClassFunction  = highlight.Function
	ClassVariable  = highlight.Variable
)

// SourceFile is the text of a file as it is now. It stays valid when the tree is
// closed.
type SourceFile struct {
	// Name is the file as it was asked for, Path its path below the root, "" if
	// there is none.
	Name, Path string
	Text       []byte
	// Changed says that the file is no longer what was indexed.
	Changed bool
	// Nearest are paths that exist, for one that does not.
	Nearest []string

	starts []uint32 // where lines begin
	colors *highlight.Text
}

// Source reads a file of the tree. Its colours are worked out when they are asked
// for, see Spans.
func (t *Tree) Source(ctx context.Context, name string) (f *SourceFile, err error) {
	err = index.Guard(func() error {
		f, err = t.source(ctx, name)
		return err
	})
	return f, t.idx.Err(err)
}

func (t *Tree) source(ctx context.Context, name string) (*SourceFile, error) {
	f := &SourceFile{Name: name}
	id, ok := t.file(name)
	if !ok {
		var err error
		f.Nearest, err = t.nearestFiles(ctx, name)
		return f, err
	}
	path := t.idx.Path(id)
	text, changed, err := t.idx.ReadFile(id)
	if err != nil {
		var skip *source.SkipError
		if errors.As(err, &skip) {
			err = errors.New(skip.Reason.String())
		}
		return nil, &InputError{Name: path, Err: err, Hint: "dekho index brings the index up to date"}
	}
	f.Path, f.Text, f.Changed = path, text, changed
	f.starts = make([]uint32, 1, 1+bytes.Count(text, []byte("\n")))
	for i := 0; ; {
		at := bytes.IndexByte(text[i:], '\n')
		if at < 0 || i+at+1 == len(text) {
			break
		}
		i += at + 1
		f.starts = append(f.starts, uint32(i))
	}
	f.colors = highlight.New(path, text)
	return f, nil
}

// Lines is how many lines the file has; an empty one has one.
func (f *SourceFile) Lines() int { return len(f.starts) }

// Line is a line, counted from 1, without what ends it; off is where in the text
// it begins.
func (f *SourceFile) Line(n int) (line []byte, off int) {
	if n < 1 || n > len(f.starts) {
		return nil, len(f.Text)
	}
	off = int(f.starts[n-1])
	end := len(f.Text)
	if n < len(f.starts) {
		end = int(f.starts[n])
	}
	return bytes.TrimRight(f.Text[off:end], "\r\n"), off
}

// LineAt is the number of the line, from 1, that has an offset.
func (f *SourceFile) LineAt(off int) int {
	return sort.Search(len(f.starts), func(i int) bool { return int(f.starts[i]) > off })
}

// Spans are the pieces of the first n bytes at least, in order. They are worked
// out when they are first asked for, which takes a few milliseconds a megabyte;
// Colored is how far that has got. Only one goroutine may ask at a time, but what
// was returned is never changed.
func (f *SourceFile) Spans(n int) []TextSpan { return f.colors.To(n) }

// Colored is up to where Spans has been worked out.
func (f *SourceFile) Colored() int { return f.colors.Done() }

// LineRange is lines of a file, from 1, both ends included.
type LineRange struct{ First, Last uint32 }

// Unbuilt lists the lines of a file that the lens leaves out, in their order;
// none without a lens.
func (t *Tree) Unbuilt(ctx context.Context, path string) (out []LineRange, err error) {
	if t.view == nil {
		return nil, nil
	}
	err = index.Guard(func() error {
		out, err = t.unbuilt(ctx, path)
		return err
	})
	return out, t.idx.Err(err)
}

func (t *Tree) unbuilt(ctx context.Context, path string) ([]LineRange, error) {
	id, ok := t.file(path)
	if !ok {
		return nil, nil
	}
	path = t.idx.Path(id)
	info, err := t.idx.File(id)
	if err != nil {
		return nil, err
	}
	conds, err := t.idx.Conds(id)
	if err != nil {
		return nil, err
	}
	// What is said of lines changes where an arm begins or ends.
	edges := []uint32{1, info.Lines + 1}
	for i := range conds {
		edges = append(edges, conds[i].Start, conds[i].End+1)
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	var out []LineRange
	for i, first := range edges {
		if first < 1 || first > info.Lines {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		j, err := t.view.judge(path, first)
		if err != nil {
			return nil, err
		}
		if j.State != BuiltOut {
			continue
		}
		last := edges[i+1] - 1
		if n := len(out); n > 0 && out[n-1].Last+1 == first {
			out[n-1].Last = last
			continue
		}
		out = append(out, LineRange{first, last})
	}
	return out, nil
}
