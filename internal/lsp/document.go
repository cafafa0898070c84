package lsp

// Documents that an editor has open, and what was typed into them.

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// maxDocument is the largest document that is kept, in bytes; larger files are
// not indexed either.
const maxDocument = 64 << 20

// document is a file as an editor shows it. It is never changed: an edit makes
// another.
type document struct {
	uri     string
	path    string // absolute, without symbolic links; "" if it is no file
	version int
	edited  bool // since it was opened
	*lines
}

// edit applies changes in their order.
func (d *document) edit(version int, changes []contentChange, e encoding) (*document, error) {
	text := d.lines
	for i := range changes {
		c := &changes[i]
		if c.Range == nil {
			text = newLines([]byte(c.Text))
			continue
		}
		from, to := text.offset(c.Range.Start, e), text.offset(c.Range.End, e)
		if from > to {
			return nil, fmt.Errorf("%s: the end of a change stands before its start", d.uri)
		}
		if len(text.text)-(to-from)+len(c.Text) > maxDocument {
			return nil, errTooLarge
		}
		next := make([]byte, 0, len(text.text)-(to-from)+len(c.Text))
		next = append(append(append(next, text.text[:from]...), c.Text...), text.text[to:]...)
		text = newLines(next)
	}
	if len(text.text) > maxDocument {
		return nil, errTooLarge
	}
	return &document{uri: d.uri, path: d.path, version: version, edited: true, lines: text}, nil
}

var errTooLarge = errors.New("the document is larger than what is indexed")

// filePath is the path of a file URI, "" for what is no file of this machine.
func filePath(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || u.Host != "" && u.Host != "localhost" || !filepath.IsAbs(u.Path) || strings.ContainsRune(u.Path, 0) {
		return ""
	}
	return filepath.Clean(u.Path)
}

// realPath is the path of a file without symbolic links on the way; trees are
// known by theirs.
func realPath(path string) string {
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if path == "" || err != nil {
		return path
	}
	return filepath.Join(dir, filepath.Base(path))
}

// fileURI is the URI of a file.
func fileURI(path string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}

// key is what a document is known by: clients write the URI of a file in more
// than one way.
func key(uri string) string {
	if p := filePath(uri); p != "" {
		return p
	}
	return uri
}

func (s *Server) didOpen(_ context.Context, p *didOpenParams) error {
	path := filePath(p.TextDocument.URI)
	d := &document{uri: p.TextDocument.URI, path: realPath(path), version: p.TextDocument.Version}
	if len(p.TextDocument.Text) > maxDocument {
		return fmt.Errorf("%s: %w", d.uri, errTooLarge)
	}
	d.lines = newLines([]byte(p.TextDocument.Text))
	s.trees.alias(path, d.path)
	s.keep(d)
	return nil
}

func (s *Server) didChange(_ context.Context, p *didChangeParams) error {
	d := s.document(p.TextDocument.URI)
	if d == nil {
		return fmt.Errorf("%s is not open", p.TextDocument.URI)
	}
	next, err := d.edit(p.TextDocument.Version, p.ContentChanges, s.units)
	if err != nil {
		return err
	}
	s.keep(next)
	return nil
}

func (s *Server) didSave(_ context.Context, p *documentParams) error {
	s.trees.changed(realPath(filePath(p.TextDocument.URI)))
	return nil
}

func (s *Server) didClose(_ context.Context, p *documentParams) error {
	k := key(p.TextDocument.URI)
	s.mu.Lock()
	delete(s.docs, k)
	s.mu.Unlock()
	s.tokens.forget(k)
	if path := realPath(filePath(p.TextDocument.URI)); path != "" {
		if session := s.trees.opened(path); session != nil {
			return session.Discard(path)
		}
	}
	return nil
}

// keep notes the text of a document.
func (s *Server) keep(d *document) {
	s.mu.Lock()
	s.docs[key(d.uri)] = d
	s.mu.Unlock()
	if session := s.trees.opened(d.path); session != nil {
		s.trees.lay(session, d)
	}
}

// document is a document that is open, nil if it is not.
func (s *Server) document(uri string) *document {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.docs[key(uri)]
}
