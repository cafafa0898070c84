package workbench

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/outline"
)

// OutlineItem is a definition of a file.
type OutlineItem struct {
	Name string
	// Kind is what is defined ("function", "member").
	Kind string
	// Line is that of the name, Start and End are the first and last of the
	// definition.
	Line, Start, End uint32
	// Column is where in its line the name stands, in bytes from 1; 0 if it is
	// not spelled out.
	Column int
	// Depth is how many definitions it is nested in; those stand before it.
	Depth int
	// Condition is what of #if governs it.
	Condition string
	// Text is the line of the name.
	Text string
	// Macro is the macro whose use defines the name, nil for what stands in the
	// text.
	Macro *MacroPlace
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
	symbols, by, err := t.withMade(c)
	if err != nil {
		return nil, err
	}
	o.Items = make([]OutlineItem, len(symbols))
	for i := range symbols {
		s := &symbols[i]
		o.Items[i] = c.item(s)
		if m, ok := by[madeAt{s.Name, s.Line, s.Role}]; ok {
			o.Items[i].Macro = &m
		}
	}
	return o, nil
}

// item is a definition as a part of an outline.
func (c *closeup) item(s *outline.Symbol) OutlineItem {
	item := OutlineItem{
		Name: s.Name, Kind: s.Role.Kind(), Line: s.Line, Start: s.Start, End: s.End, Depth: s.Depth,
		Condition: c.condition(s.Line), Text: c.text(s.Line),
	}
	from, to := c.LineExtent(s.Line)
	if s.Off >= from && s.Off <= to && bytes.HasPrefix(c.Src[s.Off:], []byte(s.Name)) {
		item.Column = int(s.Off-from) + 1
	} else { // a macro makes it
		item.Column = wordIn(c.Src[from:to], s.Name) + 1
	}
	return item
}

// madeAt is a definition that the use of a macro on a line makes.
type madeAt struct {
	name string
	line uint32
	role lang.Role
}

// withMade lists the definitions of a file with those that uses of macros make,
// and these with their macros. They are left out of a file that changed since it
// was indexed: their lines are no longer known.
func (t *Tree) withMade(c *closeup) ([]outline.Symbol, map[madeAt]MacroPlace, error) {
	symbols := c.Symbols()
	m, err := t.macros()
	if err != nil || m == nil {
		return symbols, nil, err
	}
	list := m.table.InFile(c.path)
	if len(list) == 0 {
		return symbols, nil, nil
	}
	if _, changed, err := t.idx.ReadFile(c.id); err != nil || changed {
		return symbols, nil, nil //nolint:nilerr // a file that cannot be read is a changed one
	}
	by := make(map[madeAt]MacroPlace, len(list))
	lines := make(map[uint32]bool)
	for i := range list {
		d := &list[i]
		k := madeAt{d.Name, d.Line, d.Role}
		if _, ok := by[k]; ok {
			continue
		}
		by[k] = MacroPlace(d.Macro)
		lines[d.Line] = true
	}
	// The extractor sees that a macro makes a name, not what.
	symbols = slices.DeleteFunc(symbols, func(s outline.Symbol) bool {
		return s.Role == lang.DefGenerated && lines[s.Line]
	})
	// What a macro is used for before the variables that it needs for that.
	made := make([]outline.Symbol, 0, len(by))
	for k, m := range by {
		made = append(made, c.Made(k.name, m.Name, k.line, k.role))
	}
	slices.SortFunc(made, func(a, b outline.Symbol) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(madeOrder(&a), madeOrder(&b)), strings.Compare(a.Name, b.Name))
	})
	symbols = append(symbols, made...)
	outline.Nest(symbols)
	return symbols, by, nil
}

// madeOrder orders the names that one use of a macro makes.
func madeOrder(s *outline.Symbol) int {
	switch {
	case strings.HasPrefix(s.Name, "__"):
		return 2
	case s.Role == lang.DefVariable:
		return 1
	}
	return 0
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
