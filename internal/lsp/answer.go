package lsp

// From positions of the protocol to places of the tree and back.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sourcegraph/jsonrpc2"

	"dekho/internal/workbench"
)

// text is the text of a document: as it was when the request came, or of one
// that is not open that of its file.
func (s *Server) text(d *documentID) (*lines, error) {
	if d.doc != nil {
		return d.doc.lines, nil
	}
	path := filePath(d.URI)
	info, err := os.Stat(path)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxDocument) {
		err = errTooLarge
	}
	if err != nil {
		return nil, fmt.Errorf("%s is not open, and cannot be read: %w", d.URI, err)
	}
	text, err := os.ReadFile(path)
	return newLines(text), err
}

// errModified answers a request about a document that was changed before anybody
// got to it: the client asks anew, if it still wants to know.
var errModified = &jsonrpc2.Error{Code: codeContentModified, Message: "the document was changed"}

// ask asks the tree that a document is in.
func (s *Server) ask(ctx context.Context, d *documentID, f func(t *workbench.Tree) error) error {
	session, err := s.trees.of(filePath(d.URI))
	if err != nil {
		return err
	}
	return session.Use(ctx, func(t *workbench.Tree) error {
		if s.document(d.URI) != d.doc {
			return errModified
		}
		return f(t)
	})
}

// askAt is ask about a position.
func (s *Server) askAt(ctx context.Context, p *positionParams, f func(t *workbench.Tree, at workbench.Cursor) error) error {
	text, err := s.text(&p.TextDocument)
	if err != nil {
		return err
	}
	at := workbench.Cursor{
		Path: filePath(p.TextDocument.URI), Line: uint32(max(p.Position.Line, 0)) + 1,
		Column: s.units.offset(text.line(p.Position.Line), max(p.Position.Character, 0)) + 1,
	}
	return s.ask(ctx, &p.TextDocument, func(t *workbench.Tree) error { return f(t, at) })
}

// location is a place of a tree. name is what was asked for.
func (s *Server) location(t *workbench.Tree, r *workbench.Result, name string) Location {
	return Location{URI: s.treeURI(t, r.Path), Range: s.nameRange(r, name)}
}

// treeURI is what the client calls a file of a tree.
func (s *Server) treeURI(t *workbench.Tree, path string) string {
	return s.trees.uri(filepath.Join(t.Root(), filepath.FromSlash(path)))
}

// nameRange is where a name stands in the line of a result; if the line does not
// spell it out, all of the line.
func (s *Server) nameRange(r *workbench.Result, name string) Range {
	if r.Spelled != "" {
		name = r.Spelled
	}
	if i := strings.LastIndex(name, "::"); i >= 0 {
		name = name[i+2:]
	}
	text := []byte(r.Text)
	from, to := r.Column-1, r.Column-1+len(name)
	if r.Column == 0 {
		from, to = len(r.Text)-len(strings.TrimLeft(r.Text, " \t")), len(text)
	}
	return s.lineRange(r.Line, text, from, to)
}

// lineRange is a range of bytes of a line of a tree.
func (s *Server) lineRange(line uint32, text []byte, from, to int) Range {
	from, to = min(from, len(text)), min(to, len(text))
	n := max(int(line), 1) - 1
	return Range{Position{n, s.units.count(text[:from])}, Position{n, s.units.count(text[:to])}}
}

// locations are the places of an answer. It is never nil: clients want a list.
func (s *Server) locations(t *workbench.Tree, a *workbench.Answer) []Location {
	list := make([]Location, 0, len(a.Results))
	for i := range a.Results {
		list = append(list, s.location(t, &a.Results[i], a.Name))
	}
	return list
}

// spotRange is where a name that was asked about stands.
func (s *Server) spotRange(spot *workbench.Spot, text *lines) *Range {
	r := s.lineRange(spot.Line, text.line(int(spot.Line)-1), spot.Column-1, spot.Column-1+len(spot.Spelled))
	return &r
}

// outside reports whether an error says that a document is in no tree and in no
// folder of the workspace: there is nothing to be known, and nothing wrong.
func outside(err error) bool {
	var none *noTreeError
	return errors.As(err, &none) && none.root == ""
}

// kinds are what dekho calls the kinds of symbols, and the protocol does.
var kinds = map[string]struct {
	symbol     symbolKind
	completion completionKind
}{
	"function":    {symbolFunction, completionFunction},
	"macro":       {symbolConstant, completionConstant},
	"struct":      {symbolStruct, completionStruct},
	"union":       {symbolStruct, completionStruct},
	"class":       {symbolClass, completionClass},
	"enum":        {symbolEnum, completionEnum},
	"enumerator":  {symbolEnumMember, completionEnumMember},
	"typedef":     {symbolTypeParam, completionTypeParam},
	"variable":    {symbolVariable, completionVariable},
	"parameter":   {symbolVariable, completionVariable},
	"local":       {symbolVariable, completionVariable},
	"member":      {symbolField, completionField},
	"label":       {symbolKey, completionText},
	"node":        {symbolObject, completionText},
	"config":      {symbolProperty, completionProperty},
	"generated":   {symbolVariable, completionVariable},
	"namespace":   {symbolNamespace, completionModule},
	"declaration": {symbolFunction, completionFunction},
	"file":        {symbolFile, completionFile},
	"directory":   {symbolFile, completionFolder},
}

func kindOf(kind string) symbolKind {
	if k, ok := kinds[kind]; ok {
		return k.symbol
	}
	return symbolVariable
}

// language is what a block of code in a file's language is marked with.
func language(path string) string {
	switch filepath.Ext(path) {
	case ".c", ".h":
		return "c"
	case ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx":
		return "cpp"
	case ".S", ".s":
		return "asm"
	case ".dts", ".dtsi", ".dtso":
		return "dts"
	}
	if base := filepath.Base(path); strings.HasPrefix(base, "Makefile") || strings.HasPrefix(base, "Kbuild") {
		return "make"
	}
	return ""
}
