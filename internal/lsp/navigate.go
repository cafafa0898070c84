package lsp

// From a name to where it is defined, declared and used.

import (
	"context"
	"slices"
	"strings"

	"dekho/internal/workbench"
)

// maxReferences bounds the places that one answer has; how many there are beyond
// it is told.
const maxReferences = 50_000

// maxImplementations bounds the functions of one member.
const maxImplementations = 5_000

// find answers a request for places.
func (s *Server) find(ctx context.Context, p *positionParams,
	f func(t *workbench.Tree, at workbench.Cursor) (*workbench.Answer, error),
) (any, error) {
	list := []Location{}
	err := s.askAt(ctx, p, func(t *workbench.Tree, at workbench.Cursor) error {
		a, err := f(t, at)
		if err == nil {
			list = s.locations(t, a)
		}
		return err
	})
	if outside(err) {
		return list, nil
	}
	return list, err
}

func (s *Server) definition(ctx context.Context, p *positionParams) (any, error) {
	return s.find(ctx, p, func(t *workbench.Tree, at workbench.Cursor) (*workbench.Answer, error) {
		a, spot, err := t.DefineAt(ctx, at)
		if err != nil || spot == nil || !isCompatible(spot.Name) || language(spot.Path) != "dts" {
			return a, err
		}
		return defineDevice(ctx, t, spot.Name, a)
	})
}

// isCompatible reports whether a name is a compatible string of a device tree:
// vendor,device.
func isCompatible(name string) bool { return strings.Contains(name, ",") }

// defineDevice puts the drivers of a device before its other definitions: they
// are what is meant where a device tree names it.
func defineDevice(ctx context.Context, t *workbench.Tree, name string, a *workbench.Answer) (*workbench.Answer, error) {
	d, err := t.DeviceTree(ctx, name)
	if err != nil || d.Kind != workbench.DeviceTreeCompatible {
		return a, err
	}
	drivers := &workbench.Answer{Name: name}
	for i := range d.Devices {
		for k := range d.Devices[i].Drivers {
			e := d.Devices[i].Drivers[k].Entry
			drivers.Results = append(drivers.Results, workbench.Result{Path: e.Path, Line: e.Line})
		}
	}
	if err := t.ReadText(ctx, name, drivers.Results); err != nil || len(drivers.Results) == 0 {
		return a, err
	}
	return drivers, nil
}

func (s *Server) declaration(ctx context.Context, p *positionParams) (any, error) {
	return s.find(ctx, p, func(t *workbench.Tree, at workbench.Cursor) (*workbench.Answer, error) {
		a, spot, err := t.DefineAt(ctx, at)
		if err != nil || spot == nil || spot.Local || spot.Header != "" || spot.Of != "" {
			return a, err
		}
		declared, err := t.Refs(ctx, spot.Name, workbench.RefOptions{Roles: []string{"declaration", "forward"}})
		if err != nil || len(declared.Results) == 0 {
			return a, err
		}
		return declared, nil
	})
}

func (s *Server) typeDefinition(ctx context.Context, p *positionParams) (any, error) {
	return s.find(ctx, p, func(t *workbench.Tree, at workbench.Cursor) (*workbench.Answer, error) {
		a, _, err := t.TypeAt(ctx, at)
		return a, err
	})
}

func (s *Server) implementation(ctx context.Context, p *positionParams) (any, error) {
	return s.find(ctx, p, func(t *workbench.Tree, at workbench.Cursor) (*workbench.Answer, error) {
		a, _, err := t.ImplementAt(ctx, at, maxImplementations)
		return a, err
	})
}

func (s *Server) references(ctx context.Context, p *referenceParams) (any, error) {
	return s.find(ctx, &p.positionParams, func(t *workbench.Tree, at workbench.Cursor) (*workbench.Answer, error) {
		a, spot, cut, err := t.RefsAt(ctx, at, maxReferences)
		if err != nil || spot == nil {
			return a, err
		}
		for i := range a.Results {
			if r := &a.Results[i]; spot.Header != "" && r.Column > 0 { // as each file writes it
				name := r.Text[r.Column-1:]
				if end := strings.IndexAny(name, "\">"); end > 0 {
					name = name[:end]
				}
				r.Spelled = name
			}
		}
		if cut > 0 {
			s.show(messageWarning, "dekho: %s has %d more references; dekho refs %s lists all of them", spot.Name, cut, spot.Name)
		}
		if !p.Context.IncludeDeclaration {
			// What introduces a symbol has its kind.
			a.Results = slices.DeleteFunc(a.Results, func(r workbench.Result) bool { return r.Kind != "" })
		}
		return a, nil
	})
}

// Kinds of highlights.
const (
	highlightRead  = 2
	highlightWrite = 3
)

func (s *Server) documentHighlight(ctx context.Context, p *positionParams) (any, error) {
	list := []documentHighlight{}
	err := s.askAt(ctx, p, func(t *workbench.Tree, at workbench.Cursor) error {
		found, spot, err := t.Occurrences(ctx, at)
		if err != nil || spot == nil {
			return err
		}
		for i := range found {
			r := &found[i]
			h := documentHighlight{Range: s.nameRange(r, spot.Spelled), Kind: highlightRead}
			if r.Role == "write" || r.Kind != "" {
				h.Kind = highlightWrite
			}
			list = append(list, h)
		}
		return nil
	})
	if outside(err) {
		err = nil
	}
	return list, err
}

func (s *Server) documentLink(ctx context.Context, p *documentParams) (any, error) {
	list := []documentLink{}
	text, err := s.text(&p.TextDocument)
	if err != nil {
		return nil, err
	}
	err = s.ask(ctx, &p.TextDocument, func(t *workbench.Tree) error {
		links, err := t.Links(filePath(p.TextDocument.URI))
		for _, l := range links {
			line := text.line(int(l.Line) - 1)
			list = append(list, documentLink{
				Range:  s.lineRange(l.Line, line, l.Column-1, l.Column-1+len(l.Name)),
				Target: s.treeURI(t, l.Path), Tooltip: l.Path,
			})
		}
		return err
	})
	if outside(err) {
		err = nil
	}
	return list, err
}
