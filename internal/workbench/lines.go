package workbench

// Lines of files: those of places that were found without their text, and those
// that somebody wants to read.

import (
	"bytes"
	"context"

	"dekho/internal/index"
)

// ReadText reads the lines of results that were found with NoText. Of many
// results it is asked for those that are shown.
func (t *Tree) ReadText(ctx context.Context, name string, results []Result) error {
	err := index.Guard(func() error {
		p := t.newPresenter(name)
		for i := range results {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := p.readText(&results[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return t.idx.Err(err)
}

// readText reads the line of a result.
func (p *presenter) readText(r *Result) error {
	id, ok := p.t.idx.FileByPath(r.Path)
	if !ok || r.Text != "" {
		return nil
	}
	if id != p.file {
		if err := p.load(id); err != nil {
			return err
		}
	}
	name := p.name
	if r.Spelled != "" {
		name = r.Spelled
	}
	text := p.text(r.Line)
	if i := wordIn(text, name); i >= 0 {
		r.Column = i + 1
	} else if !p.changed && !p.compared {
		p.compare()
	}
	r.Text, r.Changed = string(text), p.changed
	return nil
}

// FileLines is a range of the lines of a file.
type FileLines struct {
	// Name is the file as it was asked for, Path its path below the root, "" if
	// there is none.
	Name, Path string
	// First is the number of the first of Lines, Total how many the file has.
	First, Total uint32
	Lines        []string
	// Changed says that the file is no longer what was indexed.
	Changed bool
	// Nearest are paths that exist, for one that does not.
	Nearest []string
}

// Lines reads the lines from first to last, at most those that there are, of a
// file of the tree. It reads no other file.
func (t *Tree) Lines(ctx context.Context, name string, first, last uint32) (l *FileLines, err error) {
	err = index.Guard(func() error {
		l, err = t.lines(ctx, name, first, last)
		return err
	})
	return l, t.idx.Err(err)
}

func (t *Tree) lines(ctx context.Context, name string, first, last uint32) (*FileLines, error) {
	l := &FileLines{Name: name, First: max(first, 1)}
	id, ok := t.file(name)
	if !ok {
		var err error
		l.Nearest, err = t.nearestFiles(ctx, name)
		return l, err
	}
	content, changed, err := t.idx.ReadFile(id)
	if err != nil {
		return nil, unreadable(t.idx.Path(id), err)
	}
	l.Path, l.Changed = t.idx.Path(id), changed
	for text := range bytes.Lines(content) {
		l.Total++
		if l.Total >= l.First && l.Total <= last {
			l.Lines = append(l.Lines, string(bytes.TrimRight(text, "\r\n")))
		}
	}
	return l, ctx.Err()
}
