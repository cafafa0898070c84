package lsp

// The hierarchies: who calls whom, by name, by macros and through pointers, and
// which type is made of which.

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"dekho/internal/workbench"
)

const (
	// maxCallers bounds the calls of one answer.
	maxCallers = 2_000
	// maxTargets bounds the functions listed that a call through a pointer may
	// reach.
	maxTargets = 60
)

// item is a place as an item of a hierarchy.
func (s *Server) item(t *workbench.Tree, name string, r *workbench.Result) hierarchyItem {
	at := s.nameRange(r, name)
	return hierarchyItem{
		Name: name, Kind: kindOf(r.Kind), Detail: fmt.Sprintf("%s:%d", r.Path, r.Line), URI: s.treeURI(t, r.Path),
		Range: at, SelectionRange: at, Data: hierarchyData{Name: name, Path: r.Path},
	}
}

// places are the items of a hierarchy whose places are not looked at before all of
// them are known.
type places struct {
	list  []workbench.Result
	items []*hierarchyItem
}

// add notes a place of which only the line is known.
func (p *places) add(item *hierarchyItem, name string, r workbench.Result) {
	r.Spelled = name
	p.list, p.items = append(p.list, r), append(p.items, item)
}

// fill makes the items.
func (p *places) fill(ctx context.Context, s *Server, t *workbench.Tree) error {
	if err := t.ReadText(ctx, "", p.list); err != nil {
		return err
	}
	for i, item := range p.items {
		detail := item.Detail
		*item = s.item(t, p.list[i].Spelled, &p.list[i])
		if detail != "" {
			item.Detail += ", " + detail
		}
	}
	return nil
}

// prepare answers with the definitions of what stands at a position that are of
// some kinds.
func (s *Server) prepare(ctx context.Context, p *positionParams, kinds ...string) (any, error) {
	var items []hierarchyItem
	err := s.askAt(ctx, p, func(t *workbench.Tree, at workbench.Cursor) error {
		a, spot, err := t.DefineAt(ctx, at)
		if err != nil || spot == nil || spot.Header != "" || spot.Local {
			return err
		}
		for i := range a.Results {
			for _, k := range kinds {
				if a.Results[i].Kind == k {
					items = append(items, s.item(t, a.Name, &a.Results[i]))
				}
			}
		}
		return nil
	})
	if outside(err) {
		err = nil
	}
	if len(items) == 0 {
		return nil, err
	}
	return items, err
}

func (s *Server) prepareCallHierarchy(ctx context.Context, p *positionParams) (any, error) {
	return s.prepare(ctx, p, "function", "macro", "generated", "declaration")
}

// inTree asks the tree of an item.
func (s *Server) inTree(ctx context.Context, item *hierarchyItem, f func(t *workbench.Tree) error) error {
	session, err := s.trees.of(filePath(item.URI))
	if err != nil {
		return err
	}
	return session.Use(ctx, f)
}

func (s *Server) incomingCalls(ctx context.Context, p *hierarchyParams) (any, error) {
	calls := []*incomingCall{}
	err := s.inTree(ctx, &p.Item, func(t *workbench.Tree) error {
		a, err := t.Callers(ctx, p.Item.Data.Name, workbench.CallerOptions{Limit: maxCallers})
		if err != nil {
			return err
		}
		if a.Total > len(a.Callers) {
			s.show(messageWarning, "dekho: %d of %d calls of %s are shown; dekho callers %s lists all of them", len(a.Callers), a.Total, a.Name, a.Name)
		}
		by := make(map[string]*incomingCall)
		var from places
		for i := range a.Callers {
			c := &a.Callers[i]
			if of, _, _ := strings.Cut(c.Of, ":"); of != "" && p.Item.Data.Path != "" && of != p.Item.Data.Path {
				continue // it calls another function of this name
			}
			name, kind := c.Function, "function"
			if name == "" {
				name, kind = c.Path, "file"
			}
			how := howCalled(c)
			key := c.Path + "\x00" + name + "\x00" + how
			call := by[key]
			if call == nil {
				place := workbench.Result{Path: c.Path, Line: c.FunctionLine, Kind: kind}
				if c.FunctionLine == 0 {
					place.Line = c.Line
				}
				call = &incomingCall{From: hierarchyItem{Detail: how}}
				from.add(&call.From, name, place)
				by[key] = call
				calls = append(calls, call)
			}
			call.FromRanges = append(call.FromRanges, s.nameRange(&c.Result, p.Item.Data.Name))
		}
		return from.fill(ctx, s, t)
	})
	return calls, err
}

// howCalled says how a function is called that is not called by its name.
func howCalled(c *workbench.Caller) string {
	switch c.How {
	case workbench.CallMacro:
		return "by macro " + strings.Join(c.Macros, " > ")
	case workbench.CallPointer:
		text := "through " + c.Through
		if c.Grade != workbench.TypeMatched {
			text += " (" + c.Grade.String() + ")"
		}
		if c.Note != "" {
			text += ", " + c.Note
		}
		return text
	case workbench.CallInit, workbench.CallSyscall:
		return c.Note
	}
	return ""
}

func (s *Server) outgoingCalls(ctx context.Context, p *hierarchyParams) (any, error) {
	calls := []*outgoingCall{}
	err := s.inTree(ctx, &p.Item, func(t *workbench.Tree) error {
		a, err := t.Callees(ctx, p.Item.Data.Name, workbench.CalleeOptions{Targets: maxTargets, DefineTargets: true})
		if err != nil {
			return err
		}
		by := make(map[string]*outgoingCall)
		var to places
		add := func(c *workbench.Callee, name, kind, defined, how string) {
			path, number, ok := cutLast(defined, ":")
			line, err := strconv.ParseUint(number, 10, 32)
			place := workbench.Result{Path: path, Line: uint32(line), Kind: kind}
			if !ok || err != nil { // defined nowhere: where it is called is all that is known
				place = workbench.Result{Path: c.Path, Line: c.Line, Kind: kind}
			}
			key := place.Path + "\x00" + name + "\x00" + how
			call := by[key]
			if call == nil {
				call = &outgoingCall{To: hierarchyItem{Detail: how}}
				to.add(&call.To, name, place)
				by[key] = call
				calls = append(calls, call)
			}
			call.FromRanges = append(call.FromRanges, s.nameRange(&c.Result, c.Name))
		}
		for i := range a.Callees {
			c := &a.Callees[i]
			if p.Item.Data.Path != "" && c.Path != p.Item.Data.Path {
				continue // another function of this name calls it
			}
			switch {
			case c.How == workbench.CallMacro:
				add(c, c.Name, c.Kind, c.Defined, "by macro "+strings.Join(c.Macros, " > "))
			case c.How != workbench.CallPointer:
				add(c, c.Name, c.Kind, c.Defined, "")
			case len(c.Targets) == 0:
				add(c, c.Name, "member", "", "through "+c.Through)
			}
			for k := range c.Targets {
				target := &c.Targets[k]
				how := "through " + c.Through
				if target.Grade != workbench.TypeMatched {
					how += " (" + target.Grade.String() + ")"
				}
				if c.More > 0 {
					how += fmt.Sprintf(", %d more", c.More)
				}
				add(c, target.Name, "function", target.Defined, how)
			}
		}
		return to.fill(ctx, s, t)
	})
	return calls, err
}

// cutLast cuts a text at the last of a separator.
func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func (s *Server) prepareTypeHierarchy(ctx context.Context, p *positionParams) (any, error) {
	return s.prepare(ctx, p, "struct", "union", "class", "typedef")
}

func (s *Server) supertypes(ctx context.Context, p *hierarchyParams) (any, error) {
	items := []hierarchyItem{}
	err := s.inTree(ctx, &p.Item, func(t *workbench.Tree) error {
		list, err := t.Bases(ctx, p.Item.Data.Name, p.Item.Data.Path)
		items = s.related(t, list)
		return err
	})
	return items, err
}

func (s *Server) subtypes(ctx context.Context, p *hierarchyParams) (any, error) {
	items := []hierarchyItem{}
	err := s.inTree(ctx, &p.Item, func(t *workbench.Tree) error {
		list, more, err := t.Derived(ctx, p.Item.Data.Name)
		if more {
			s.show(messageWarning, "dekho: %d of the types that have a %s in them are shown", len(list), p.Item.Data.Name)
		}
		items = s.related(t, list)
		return err
	})
	return items, err
}

func (s *Server) related(t *workbench.Tree, list []workbench.Related) []hierarchyItem {
	items := make([]hierarchyItem, 0, len(list))
	for i := range list {
		item := s.item(t, list[i].Name, &list[i].Result)
		item.Detail = list[i].Path + ", " + list[i].How
		items = append(items, item)
	}
	return items
}
