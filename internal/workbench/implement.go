package workbench

// The functions behind a call through a pointer, and where a function is made
// one of them.

import (
	"context"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/ops"
)

// ImplementAt lists, for the member of a struct at a position, the functions that
// are put into it; for a function, the places where it is put somewhere to be
// called. For a function that is put nowhere, and for any other name, it is the
// definitions. Limit bounds the results, 0 for all.
func (t *Tree) ImplementAt(ctx context.Context, at Cursor, limit int) (a *Answer, s *Spot, err error) {
	err = index.Guard(func() error {
		var sp *spot
		if a, sp, err = t.implementAt(ctx, at, limit); sp != nil {
			s = &sp.Spot
		}
		return err
	})
	return a, s, t.idx.Err(err)
}

func (t *Tree) implementAt(ctx context.Context, at Cursor, limit int) (*Answer, *spot, error) {
	a, s, err := t.defineAt(ctx, at)
	if err != nil || s == nil || s.Header != "" || s.Local {
		return a, s, err
	}
	g, err := t.newCallGraph()
	if err != nil || g.table == nil {
		return a, s, err
	}
	var list []Result
	switch {
	case s.member:
		list, err = t.putInto(ctx, g, s, limit)
	case len(a.Results) > 0 && a.Results[0].Kind == lang.DefFunction.Kind():
		list, err = t.putPlaces(g, s, limit)
	}
	if err != nil || len(list) == 0 {
		return a, s, err
	}
	list, leftOut, err := t.look(list)
	return &Answer{Name: s.Name, Results: list, LeftOut: leftOut}, s, err
}

// putInto lists the definitions of the functions that are put into a member.
func (t *Tree) putInto(ctx context.Context, g *callGraph, s *spot, limit int) ([]Result, error) {
	var refs []namedRef
	for _, id := range g.table.Named(s.Name) {
		n := g.table.Node(id)
		if n.Kind != ops.Member || s.Of != "" && n.Struct != s.Of || n.File != "" && n.File != s.Path {
			continue
		}
		for _, target := range g.targets(ctx, id) {
			if d, ok := g.targetDefinition(&target); ok {
				refs = append(refs, namedRef{target.Name, index.Ref{File: d.file, Line: d.line, Role: lang.DefFunction}})
			}
			if limit > 0 && len(refs) >= limit {
				break
			}
		}
	}
	return t.presentNamed(refs)
}

// targetDefinition is where the function that a pointer may reach is defined.
func (g *callGraph) targetDefinition(target *Target) (funcDef, bool) {
	file, ok := g.t.idx.FileByPath(target.Path)
	if !ok {
		return funcDef{}, false
	}
	k, err := g.key(target.Name, file)
	if err != nil {
		return funcDef{}, false
	}
	return g.at(k)
}

// putPlaces lists where a function is put to be called.
func (t *Tree) putPlaces(g *callGraph, s *spot, limit int) ([]Result, error) {
	k, err := g.key(s.Name, s.c.id)
	if err != nil {
		return nil, err
	}
	means, err := g.means(k)
	if err != nil {
		return nil, err
	}
	var refs []namedRef
	for _, p := range g.table.PutsOf(s.Name) {
		id, ok := t.idx.FileByPath(p.File)
		if !ok || !means(id) {
			continue
		}
		refs = append(refs, namedRef{s.Name, index.Ref{File: id, Line: p.Line, Role: lang.Registration}})
		if limit > 0 && len(refs) >= limit {
			break
		}
	}
	return t.presentNamed(refs)
}

// namedRef is a reference to a name.
type namedRef struct {
	name string
	ref  index.Ref
}

// presentNamed makes results of references to different names, by path and line.
func (t *Tree) presentNamed(refs []namedRef) ([]Result, error) {
	slices.SortFunc(refs, func(a, b namedRef) int {
		if c := compareRef(a.ref, b.ref); c != 0 {
			return c
		}
		return strings.Compare(a.name, b.name)
	})
	refs = slices.Compact(refs)
	list := make([]Result, len(refs))
	p := t.newPresenter("")
	p.conditions = true
	for i := range refs {
		p.name = refs[i].name
		var err error
		if list[i], err = p.result(refs[i].ref); err != nil {
			return nil, err
		}
		if list[i].Spelled == "" {
			list[i].Spelled = refs[i].name
		}
	}
	return list, nil
}
