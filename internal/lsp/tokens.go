package lsp

// Semantic tokens: the lines that the lens leaves out are comments, as far as
// the kernel that is built is concerned, and editors show them so.

import (
	"bytes"
	"context"
	"strconv"
	"sync"

	"dekho/internal/workbench"
)

// tokenLegend names the types and modifiers of tokens.
var tokenLegend = semanticTokensLegend{TokenTypes: []string{"comment"}, TokenModifiers: []string{"inactive"}}

// tokenCache keeps the last tokens of documents, for clients that ask for what
// changed.
type tokenCache struct {
	mu   sync.Mutex
	next int
	last map[string]*semanticTokens // by the key of the document
}

// keep gives tokens an id, and returns those that had the id previous.
func (c *tokenCache) keep(key string, tokens *semanticTokens, previous string) *semanticTokens {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		c.last = make(map[string]*semanticTokens)
	}
	c.next++
	tokens.ResultID = strconv.Itoa(c.next)
	old := c.last[key]
	c.last[key] = tokens
	if old != nil && old.ResultID == previous {
		return old
	}
	return nil
}

func (c *tokenCache) forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.last, key)
}

// refreshTokens has the client ask anew, as what is built may have changed.
func (s *Server) refreshTokens() {
	if s.client.Workspace.SemanticTokens.RefreshSupport {
		s.call("workspace/semanticTokens/refresh", nil)
	}
}

// inactive is the tokens of the lines from first up to last, from 0.
func (s *Server) inactive(ctx context.Context, d *documentID, first, last int) (*semanticTokens, error) {
	tokens := &semanticTokens{Data: []uint32{}}
	text, err := s.text(d)
	if err != nil {
		return nil, err
	}
	var out []workbench.LineRange
	err = s.ask(ctx, d, func(t *workbench.Tree) error {
		var err error
		out, err = t.Unbuilt(ctx, filePath(d.URI))
		return err
	})
	if outside(err) {
		return tokens, nil
	}
	if err != nil {
		return nil, err
	}
	previous := 0
	for _, r := range out {
		for n := max(int(r.First)-1, first); n < int(r.Last) && n <= last && n < len(text.starts); n++ {
			line := text.line(n)
			from := len(line) - len(bytes.TrimLeft(line, " \t"))
			length := s.units.count(bytes.TrimRight(line[from:], " \t"))
			if length == 0 {
				continue
			}
			tokens.Data = append(tokens.Data, uint32(n-previous), uint32(from), uint32(length), 0, 1)
			previous = n
		}
	}
	return tokens, nil
}

func (s *Server) semanticTokensFull(ctx context.Context, p *documentParams) (any, error) {
	tokens, err := s.inactive(ctx, &p.TextDocument, 0, maxDocument)
	if err != nil {
		return nil, err
	}
	s.tokens.keep(key(p.TextDocument.URI), tokens, "")
	return tokens, nil
}

func (s *Server) semanticTokensRange(ctx context.Context, p *rangeParams) (any, error) {
	return s.inactive(ctx, &p.TextDocument, p.Range.Start.Line, p.Range.End.Line)
}

func (s *Server) semanticTokensDelta(ctx context.Context, p *semanticTokensDeltaParams) (any, error) {
	tokens, err := s.inactive(ctx, &p.TextDocument, 0, maxDocument)
	if err != nil {
		return nil, err
	}
	old := s.tokens.keep(key(p.TextDocument.URI), tokens, p.PreviousResultID)
	if old == nil {
		return tokens, nil
	}
	return &semanticTokensDelta{ResultID: tokens.ResultID, Edits: difference(old.Data, tokens.Data)}, nil
}

// difference is what is to be replaced in a for it to be b.
func difference(a, b []uint32) []semanticTokensEdit {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	if head == len(a) && head == len(b) {
		return []semanticTokensEdit{}
	}
	return []semanticTokensEdit{{Start: head, DeleteCount: len(a) - head - tail, Data: b[head : len(b)-tail]}}
}
