package lsp

// What is known of a name: hover, and the parameters of a call that is typed.

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

func (s *Server) hover(ctx context.Context, p *positionParams) (any, error) {
	text, err := s.text(&p.TextDocument)
	if err != nil {
		return nil, err
	}
	var result *hoverResult
	err = s.askAt(ctx, p, func(t *workbench.Tree, at workbench.Cursor) error {
		show, spot, err := t.ShowAt(ctx, at, workbench.ShowOptions{Brief: true})
		if err != nil || spot == nil {
			return err
		}
		value := ""
		switch {
		case spot.Header != "":
			value = spot.Header
		case isCompatible(spot.Name):
			d, err := t.DeviceTree(ctx, spot.Name)
			if err != nil {
				return err
			}
			value = render.DeviceMarkdown(d)
		}
		if value == "" && show.Definition != nil {
			value = render.ShowMarkdown(show, language(show.Definition.Path))
		}
		if value == "" {
			return nil
		}
		result = &hoverResult{Contents: s.markup(value), Range: s.spotRange(spot, text)}
		if spot.Header != "" {
			line := text.line(int(spot.Line) - 1)
			n := s.lineRange(spot.Line, line, spot.Column-1, len(line))
			result.Range = &n
		}
		return nil
	})
	if result == nil || err != nil {
		if outside(err) {
			err = nil
		}
		return nil, err
	}
	return result, nil
}

// markup is Markdown, or the same as text for a client that does not know it.
func (s *Server) markup(markdown string) markup {
	formats := s.client.TextDocument.Hover.ContentFormat
	if len(formats) > 0 && !slices.Contains(formats, "markdown") {
		return markup{"plaintext", strings.NewReplacer("\\", "", "```", "").Replace(markdown)}
	}
	return markup{"markdown", markdown}
}

// maxCallText is how far back the beginning of a call is looked for, in bytes.
const maxCallText = 8 << 10

func (s *Server) signatureHelp(ctx context.Context, p *positionParams) (any, error) {
	text, err := s.text(&p.TextDocument)
	if err != nil {
		return nil, err
	}
	off := text.offset(p.Position, s.units)
	open, argument := openCall(text.text, off)
	if open < 0 {
		return nil, nil // the protocol wants null
	}
	from := open
	for from > 0 && isWordByte(text.text[from-1]) {
		from--
	}
	if from == open {
		return nil, nil // the protocol wants null
	}
	var help *signatureHelp
	callee := *p
	callee.Position = text.position(from, s.units)
	err = s.askAt(ctx, &callee, func(t *workbench.Tree, at workbench.Cursor) error {
		show, spot, err := t.ShowAt(ctx, at, workbench.ShowOptions{Brief: true})
		if err != nil || spot == nil || show.Definition == nil {
			return err
		}
		help = s.signature(show, argument)
		return nil
	})
	if help == nil || err != nil {
		if outside(err) {
			err = nil
		}
		return nil, err
	}
	return help, nil
}

// openCall finds the parenthesis of the call that an offset is in the arguments
// of, and which argument it is; -1 if it is in none.
func openCall(text []byte, off int) (open, argument int) {
	depth := 0
	for i := off - 1; i >= 0 && off-i < maxCallText; i-- {
		switch text[i] {
		case ')', ']', '}':
			depth++
		case '[':
			if depth--; depth < 0 {
				depth, argument = 0, 0
			}
		case '(':
			if depth == 0 {
				open = i
				for open > 0 && (text[open-1] == ' ' || text[open-1] == '\t') {
					open--
				}
				return open, argument
			}
			depth--
		case '{':
			if depth == 0 {
				return -1, 0
			}
			depth--
		case ',':
			if depth == 0 {
				argument++
			}
		case ';':
			if depth == 0 {
				return -1, 0
			}
		}
	}
	return -1, 0
}

// signature takes the head of a function or macro apart; nil if it takes no
// arguments.
func (s *Server) signature(show *workbench.Show, argument int) *signatureHelp {
	head := strings.Join(strings.Fields(show.Head), " ")
	switch show.Definition.Kind {
	case "function", "macro", "declaration":
	default:
		return nil
	}
	open := afterName(head, show.Name)
	if open < 0 {
		return nil
	}
	info := signatureInformation{Parameters: []parameterInformation{}}
	depth, from := 0, open+1
	end := len(head)
	for i := open; i < end; i++ {
		switch head[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 || depth == 1 && head[i] == ',' {
			param := strings.TrimSpace(head[from:i])
			if param != "" && param != "void" {
				info.Parameters = append(info.Parameters, s.parameter(show, param))
			}
			from = i + 1
		}
		if depth == 0 {
			end = i + 1
		}
	}
	info.Label = head[:end]
	if show.Doc != nil && show.Doc.Brief != "" {
		m := s.markup(show.Doc.Brief)
		info.Documentation = &m
	}
	if n := len(info.Parameters); n > 0 {
		argument = min(argument, n-1) // the last may be ...
	}
	return &signatureHelp{Signatures: []signatureInformation{info}, ActiveParameter: argument}
}

// afterName is the parenthesis behind a name, -1 if there is none.
func afterName(head, name string) int {
	for from := 0; ; {
		i := strings.Index(head[from:], name)
		if i < 0 || name == "" {
			return -1
		}
		i += from
		from = i + len(name)
		if i > 0 && isWordByte(head[i-1]) {
			continue
		}
		end := from
		for end < len(head) && head[end] == ' ' {
			end++
		}
		if end < len(head) && head[end] == '(' {
			return end
		}
	}
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= 0x80
}

// parameter is a parameter with what its documentation says.
func (s *Server) parameter(show *workbench.Show, text string) parameterInformation {
	p := parameterInformation{Label: text}
	if show.Doc == nil {
		return p
	}
	from := len(text)
	for from > 0 && isWordByte(text[from-1]) {
		from--
	}
	if doc, ok := show.Doc.Param(text[from:]); ok && doc != "" {
		m := s.markup(doc)
		p.Documentation = &m
	}
	return p
}

// completionLimit bounds the names that are offered at a time.
const completionLimit = 200

func (s *Server) completion(ctx context.Context, p *positionParams) (any, error) {
	list := &completionList{Items: []completionItem{}}
	text, err := s.text(&p.TextDocument)
	if err != nil {
		return nil, err
	}
	err = s.askAt(ctx, p, func(t *workbench.Tree, at workbench.Cursor) error {
		found, err := t.Suggest(ctx, at, completionLimit)
		if err != nil {
			return err
		}
		list.IsIncomplete = found.More
		line := text.line(p.Position.Line)
		span := s.lineRange(at.Line, line, found.Column-1, at.Column-1)
		for i := range found.List {
			n := &found.List[i]
			item := completionItem{Label: n.Name, Kind: completionText, Detail: n.Text, TextEdit: &textEdit{span, n.Name}}
			if k, ok := kinds[n.Kind]; ok {
				item.Kind = k.completion
			}
			switch n.Kind {
			case "local", "parameter", "member", "file", "directory":
			default:
				item.Data = &completionData{p.TextDocument.URI}
			}
			list.Items = append(list.Items, item)
		}
		return nil
	})
	if outside(err) {
		err = nil
	}
	return list, err
}

func (s *Server) resolveCompletion(ctx context.Context, item *completionItem) (any, error) {
	if item.Data == nil {
		return item, nil
	}
	session, err := s.trees.of(filePath(item.Data.URI))
	if err != nil {
		return nil, err
	}
	err = session.Use(ctx, func(t *workbench.Tree) error {
		show, err := t.Show(ctx, item.Label, workbench.ShowOptions{Brief: true})
		if err != nil || show.Definition == nil {
			return err
		}
		item.Detail = strings.TrimRight(strings.Join(strings.Fields(show.Head), " "), "; ")
		if item.Detail == "" {
			item.Detail = show.Definition.Kind + " " + filepath.Base(show.Definition.Path)
		}
		m := s.markup(render.ShowMarkdown(show, language(show.Definition.Path)))
		item.Documentation = &m
		return nil
	})
	return item, err
}
