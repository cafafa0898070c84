package workbench

import (
	"context"

	"dekho/internal/index"
)

// OutlineItem is a definition of a file.
type OutlineItem struct {
	Name string
	// Kind is what is defined ("function", "member").
	Kind string
	// Line is that of the name, Start and End are the first and last of the
	// definition.
	Line, Start, End uint32
	// Depth is how many definitions it is nested in; those stand before it.
	Depth int
	// Condition is what of #if governs it.
	Condition string
	// Text is the line of the name.
	Text string
}

// Outline is the definitions of a file.
type Outline struct {
	// Name is the file as it was asked for, Path its path below the root.
	Name, Path string
	Items      []OutlineItem
	// Nearest are paths that exist, for one that does not.
	Nearest []string
}

// Outline lists the definitions of a file in their order, as the file is now.
func (t *Tree) Outline(ctx context.Context, name string) (o *Outline, err error) {
	err = index.Guard(func() error {
		o, err = t.outline(ctx, name)
		return err
	})
	return o, t.idx.Err(err)
}

func (t *Tree) outline(ctx context.Context, name string) (*Outline, error) {
	o := &Outline{Name: name}
	id, ok := t.file(name)
	if !ok {
		var err error
		o.Nearest, err = t.nearestFiles(ctx, name)
		return o, err
	}
	c, err := t.closeup(id)
	if err != nil {
		return nil, err
	}
	o.Path = c.path
	symbols := c.Symbols()
	o.Items = make([]OutlineItem, len(symbols))
	for i := range symbols {
		s := &symbols[i]
		o.Items[i] = OutlineItem{
			Name: s.Name, Kind: s.Role.Kind(), Line: s.Line, Start: s.Start, End: s.End, Depth: s.Depth,
			Condition: c.condition(s.Line), Text: c.text(s.Line),
		}
	}
	return o, nil
}

// CompleteFile lists the paths that begin with prefix, up to the next slash.
func (t *Tree) CompleteFile(prefix string, limit int) (paths []string, err error) {
	err = index.Guard(func() error {
		lo, hi := t.idx.FilesUnder(prefix)
		for id := lo; id < hi && len(paths) < limit; id++ {
			p := t.idx.Path(id)
			for i := len(prefix); i < len(p); i++ {
				if p[i] == '/' {
					// The rest of the directory has the same completion.
					p = p[:i+1]
					_, id = t.idx.FilesUnder(p)
					id--
					break
				}
			}
			paths = append(paths, p)
		}
		return nil
	})
	return paths, t.idx.Err(err)
}
