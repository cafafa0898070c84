package lsp

// The symbols of a document and of the workspace, and the folds of a document.

import (
	"context"
	"errors"
	"strings"

	"dekho/internal/workbench"
)

// maxSymbols bounds the symbols of the workspace that one answer has.
const maxSymbols = 200

// maxOutline bounds the symbols of a document: register headers have a hundred
// thousand, and no editor shows them.
const maxOutline = 20_000

func (s *Server) documentSymbol(ctx context.Context, p *documentParams) (any, error) {
	text, err := s.text(&p.TextDocument)
	if err != nil {
		return nil, err
	}
	path := filePath(p.TextDocument.URI)
	var o *workbench.Outline
	err = s.ask(ctx, &p.TextDocument, func(t *workbench.Tree) error {
		var err error
		o, err = t.Outline(ctx, path)
		return err
	})
	var none *noTreeError
	switch {
	case errors.As(err, &none), err == nil && o.Path == "":
		// Of a file that is in no index, its own text tells most of it.
		o = workbench.OutlineOf(path, text.text)
	case err != nil:
		return nil, err
	}
	items := o.Items[:min(len(o.Items), maxOutline)]
	if s.client.TextDocument.DocumentSymbol.Hierarchical {
		return s.symbolTree(items, text), nil
	}
	return s.symbolList(items, text, p.TextDocument.URI), nil
}

// symbol is an item of an outline.
func (s *Server) symbol(item *workbench.OutlineItem, text *lines) documentSymbol {
	line := text.line(int(item.Line) - 1)
	name := s.lineRange(item.Line, line, 0, len(line))
	if at := item.Column - 1; at >= 0 {
		name = s.lineRange(item.Line, line, at, at+len(item.Name))
	}
	end := max(item.End, item.Line)
	sym := documentSymbol{
		Name: item.Name, Kind: kindOf(item.Kind), SelectionRange: name,
		Range: Range{
			Position{Line: int(min(item.Start, item.Line)) - 1},
			s.lineRange(end, text.line(int(end)-1), 0, len(text.line(int(end)-1))).End,
		},
	}
	if sym.Name == "" {
		sym.Name = "(" + item.Kind + ")" // clients refuse an empty name
	}
	var detail []string
	if item.Macro != nil {
		detail = append(detail, "by "+item.Macro.Name)
	}
	if item.Condition != "" {
		detail = append(detail, "#if "+item.Condition)
	}
	sym.Detail = strings.Join(detail, " ")
	return sym
}

// symbolTree nests symbols.
func (s *Server) symbolTree(items []workbench.OutlineItem, text *lines) []*documentSymbol {
	top := []*documentSymbol{}
	var open []*documentSymbol // one of each depth
	for i := range items {
		sym := s.symbol(&items[i], text)
		depth := min(items[i].Depth, len(open))
		open = append(open[:depth], &sym)
		if depth == 0 {
			top = append(top, &sym)
			continue
		}
		parent := open[depth-1]
		parent.Children = append(parent.Children, &sym)
	}
	return top
}

// symbolList lists symbols for clients that know no tree of them.
func (s *Server) symbolList(items []workbench.OutlineItem, text *lines, uri string) []symbolInformation {
	list := []symbolInformation{}
	var open []string
	for i := range items {
		sym := s.symbol(&items[i], text)
		depth := min(items[i].Depth, len(open))
		info := symbolInformation{Name: sym.Name, Kind: sym.Kind, Location: Location{uri, sym.Range}}
		if depth > 0 {
			info.ContainerName = open[depth-1]
		}
		open = append(open[:depth], sym.Name)
		list = append(list, info)
	}
	return list
}

func (s *Server) workspaceSymbol(ctx context.Context, p *workspaceSymbolParams) (any, error) {
	list := []symbolInformation{}
	sessions, err := s.trees.all()
	if outside(err) || err == nil && strings.TrimSpace(p.Query) == "" {
		return list, nil
	}
	if err != nil {
		return nil, err
	}
	for _, session := range sessions {
		err := session.Use(ctx, func(t *workbench.Tree) error {
			found, err := t.Find(ctx, p.Query, workbench.FindOptions{Limit: maxSymbols, Symbols: true})
			if err != nil {
				return err
			}
			places := make([]workbench.Result, len(found))
			for i := range found {
				places[i] = found[i].Result
				places[i].Spelled = found[i].Name
			}
			if err := t.ReadText(ctx, "", places); err != nil {
				return err
			}
			for i := range places {
				r := &places[i]
				list = append(list, symbolInformation{
					Name: r.Spelled, Kind: kindOf(r.Kind), Location: s.location(t, r, r.Spelled), ContainerName: r.Path,
				})
			}
			return nil
		})
		var usage *workbench.UsageError
		if err != nil && !errors.As(err, &usage) { // what is no query finds nothing
			return nil, err
		}
	}
	return list, nil
}

// maxFolds bounds the folds of a document unless the client does.
const maxFolds = 10_000

// Kinds of folds in the protocol.
var foldKinds = map[workbench.FoldKind]string{
	workbench.FoldComment: "comment", workbench.FoldIncludes: "imports", workbench.FoldCondition: "region",
}

func (s *Server) foldingRange(_ context.Context, p *documentParams) (any, error) {
	text, err := s.text(&p.TextDocument)
	if err != nil {
		return nil, err
	}
	list := []foldingRange{}
	limit := maxFolds
	if n := s.client.TextDocument.FoldingRange.RangeLimit; n > 0 {
		limit = min(limit, n)
	}
	for _, f := range workbench.FoldsOf(filePath(p.TextDocument.URI), text.text) {
		if len(list) == limit {
			break
		}
		list = append(list, foldingRange{StartLine: int(f.First) - 1, EndLine: int(f.Last) - 1, Kind: foldKinds[f.Kind]})
	}
	return list, nil
}
