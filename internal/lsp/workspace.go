package lsp

// The trees that a client works in: which of them a document belongs to, through
// which lens they are seen, and when they are indexed.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/sourcegraph/jsonrpc2"

	"dekho/internal/workbench"
)

// settings are what a client may set, when it starts the server and later. What
// is nil stays as it is.
type settings struct {
	Arch      *string `json:"arch"`
	Config    *string `json:"config"`
	Board     *string `json:"board"`
	OnlyBuilt *bool   `json:"onlyBuilt"`
	// AutoIndex says whether a tree of the workspace that has no index gets one.
	AutoIndex *bool `json:"autoIndex"`
}

// parseSettings reads settings, which some clients put into an object under the
// name of the server.
func parseSettings(raw json.RawMessage) (settings, error) {
	var s settings
	var named struct {
		Dekho json.RawMessage `json:"dekho"`
	}
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '{' {
		return s, nil // null, and the empty array of clients whose language has no empty object
	}
	if err := json.Unmarshal(raw, &named); err == nil && len(named.Dekho) > 0 && named.Dekho[0] == '{' {
		raw = named.Dekho
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: "settings: " + err.Error()}
	}
	return s, nil
}

// trees are the trees of a connection.
type trees struct {
	s *Server

	mu        sync.Mutex
	folders   []string // of the workspace, absolute, without symbolic links
	aliases   []alias
	bench     workbench.Options
	autoIndex bool
	sessions  map[string]*workbench.Session // by root
	indexing  map[string]*indexing          // by root
}

func (ts *trees) init(s *Server) {
	ts.s, ts.bench, ts.autoIndex = s, s.opts.Workbench, true
	ts.sessions, ts.indexing = make(map[string]*workbench.Session), make(map[string]*indexing)
	lens := workbench.LensOptions{}
	if ts.bench.Lens != nil {
		lens = *ts.bench.Lens
	}
	ts.bench.Lens = &lens
}

// configure takes the settings and the folders of the workspace.
func (ts *trees) configure(set settings, folders []string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.set(set)
	ts.addFolders(folders)
}

// set changes settings, and reports whether the lens is another one.
func (ts *trees) set(set settings) bool {
	lens := *ts.bench.Lens
	for _, f := range []struct {
		to   *string
		from *string
	}{{&lens.Arch, set.Arch}, {&lens.Config, set.Config}, {&lens.Board, set.Board}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	if set.OnlyBuilt != nil {
		lens.OnlyBuilt = *set.OnlyBuilt
	}
	if set.AutoIndex != nil {
		ts.autoIndex = *set.AutoIndex
	}
	changed := lens != *ts.bench.Lens
	ts.bench.Lens = &lens
	return changed
}

func (ts *trees) addFolders(folders []string) {
	for _, f := range folders {
		if f == "" {
			continue
		}
		real, err := filepath.EvalSymlinks(f)
		if err != nil {
			real = f // it is told when somebody asks for it
		}
		ts.folders = append(ts.folders, real)
		ts.addAlias(f, real)
	}
}

// alias is what a client calls a directory that it reached through a symbolic
// link. Places in it are called so too: an editor takes another name for another
// file.
type alias struct{ client, real string }

// alias notes how a client calls a file.
func (ts *trees) alias(client, real string) {
	for client != real && filepath.Base(client) == filepath.Base(real) && client != filepath.Dir(client) && real != filepath.Dir(real) {
		client, real = filepath.Dir(client), filepath.Dir(real)
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.addAlias(client, real)
}

func (ts *trees) addAlias(client, real string) {
	a := alias{client, real}
	if client != real && !slices.Contains(ts.aliases, a) {
		ts.aliases = append(ts.aliases, a)
		slices.SortStableFunc(ts.aliases, func(a, b alias) int { return len(b.real) - len(a.real) })
	}
}

// uri is what the client calls a file of a tree.
func (ts *trees) uri(path string) string {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for _, a := range ts.aliases {
		if isBelow(a.real, path) {
			return fileURI(filepath.Join(a.client, strings.TrimPrefix(path, a.real)))
		}
	}
	return fileURI(path)
}

// noTreeError says that a document is in no indexed tree.
type noTreeError struct {
	path string
	// root is the tree to index, "" if the document is in none of the workspace.
	root string
	busy bool // it is being indexed
	err  error
}

func (e *noTreeError) Error() string {
	switch {
	case e.busy:
		return fmt.Sprintf("%s is being indexed for the first time; answers come when that is done", e.root)
	case e.root != "":
		return fmt.Sprintf("%s has no index that can be used (%v); dekho index %s makes one", e.root, firstLine(e.err), e.root)
	}
	return e.path + " is in no indexed tree; dekho index TREE indexes one"
}

func (e *noTreeError) Unwrap() error { return e.err }

// firstLine is an error without the list of what is indexed.
func firstLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	text, _, _ = strings.Cut(text, ";")
	return text
}

// of is the session of the tree that a file is in; the error is a noTreeError if
// there is none.
func (ts *trees) of(path string) (*workbench.Session, error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if path == "" {
		return nil, &noTreeError{path: "what is no file", err: workbench.ErrNoIndex}
	}
	path = realPath(path)
	return ts.open(path, filepath.Dir(path))
}

// open is the session of the tree that has the directory dir; path is named in
// the error. The caller holds the lock.
func (ts *trees) open(path, dir string) (*workbench.Session, error) {
	if s := ts.nearest(path); s != nil {
		return s, nil
	}
	opts := ts.bench
	opts.Tree = dir
	w, err := workbench.New(opts)
	if err != nil {
		return nil, err
	}
	s, err := w.OpenSession()
	if errors.Is(err, workbench.ErrNoIndex) || errors.Is(err, workbench.ErrVersion) || errors.Is(err, workbench.ErrDamaged) {
		e := &noTreeError{path: path, err: err}
		for _, f := range ts.folders {
			if isBelow(f, path) {
				if e.root = sourceRoot(f); e.root == "" {
					e.root = f
				}
				_, e.busy = ts.indexing[e.root]
			}
		}
		return nil, e
	}
	if err != nil {
		return nil, err
	}
	if other := ts.sessions[s.Root()]; other != nil { // reached through a symbolic link
		return other, s.Close()
	}
	ts.sessions[s.Root()] = s
	ts.s.mu.Lock()
	defer ts.s.mu.Unlock()
	for _, d := range ts.s.docs {
		if isBelow(s.Root(), d.path) {
			ts.lay(s, d)
		}
	}
	return s, nil
}

// lay puts the text of a document over its file, unless it was never another. A
// text that was typed stays there when it is saved, until the index has it.
func (ts *trees) lay(s *workbench.Session, d *document) {
	if !d.edited && onDisk(d) {
		return
	}
	if err := s.Edit(d.path, d.text); err != nil {
		ts.s.log.Print(err)
	}
}

// onDisk reports whether a document is as its file.
func onDisk(d *document) bool {
	info, err := os.Stat(d.path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != int64(len(d.text)) {
		return false
	}
	text, err := os.ReadFile(d.path)
	return err == nil && bytes.Equal(text, d.text)
}

// opened returns the session of a tree that is open already and has the file,
// nil if there is none.
func (ts *trees) opened(path string) *workbench.Session {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return ts.nearest(path)
}

// nearest is opened for a caller who holds the lock: of trees in each other it is
// the innermost.
func (ts *trees) nearest(path string) *workbench.Session {
	var best *workbench.Session
	for root, s := range ts.sessions {
		if isBelow(root, path) && (best == nil || len(root) > len(best.Root())) {
			best = s
		}
	}
	return best
}

// all are the sessions of the workspace: those of its folders, and others that
// documents were opened in.
func (ts *trees) all() ([]*workbench.Session, error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	var first error
	for _, f := range ts.folders {
		if _, err := ts.open(filepath.Join(f, "x"), f); err != nil && first == nil {
			first = err
		}
	}
	var list []*workbench.Session
	for _, s := range ts.sessions {
		list = append(list, s)
	}
	if len(list) > 0 {
		return list, nil
	}
	if first == nil {
		first = &noTreeError{path: "the workspace", err: workbench.ErrNoIndex}
	}
	return nil, first
}

// close closes all trees.
func (ts *trees) close() error {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	var err error
	for root, s := range ts.sessions {
		err = errors.Join(err, s.Close())
		delete(ts.sessions, root)
	}
	return err
}

// isBelow reports whether a file is below a directory.
func isBelow(dir, path string) bool {
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(dir, "/"))
	return ok && strings.HasPrefix(rest, "/")
}

// sourceRoot is the top of the source that a directory belongs to: the nearest
// one at or above it that is under version control or is the top of a kernel.
// It is "" if there is none: a home directory is not indexed unasked.
func sourceRoot(dir string) string {
	for {
		for _, marks := range [][]string{{".git"}, {"Kbuild", "Makefile", "include/linux"}} {
			all := true
			for _, m := range marks {
				_, err := os.Stat(filepath.Join(dir, m))
				all = all && err == nil
			}
			if all {
				return dir
			}
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

// welcome looks whether the workspace is indexed, and has that done or brought up
// to date.
func (ts *trees) welcome() {
	ts.s.requests.Go(func() {
		ts.mu.Lock()
		defer ts.mu.Unlock()
		for _, f := range ts.folders {
			session, err := ts.open(filepath.Join(f, "x"), f)
			var none *noTreeError
			switch {
			case err == nil && ts.autoIndex:
				ts.index(session.Root()) // it may have changed while no editor was looking
			case err == nil:
			case !errors.As(err, &none):
				ts.s.show(messageError, "dekho: %v", err)
			case errors.Is(err, workbench.ErrDamaged):
				ts.s.show(messageError, "dekho: the index of %s is damaged; dekho index --rebuild %s makes it anew", none.root, none.root)
			case ts.autoIndex && sourceRoot(f) != "":
				ts.index(none.root)
			default:
				ts.s.show(messageWarning, "dekho: %v", err)
			}
		}
	})
}

func (s *Server) didChangeConfiguration(_ context.Context, p *didChangeConfigurationParams) error {
	set, err := parseSettings(p.Settings)
	if err != nil {
		return err
	}
	ts := &s.trees
	ts.mu.Lock()
	changed := ts.set(set)
	ts.mu.Unlock()
	if changed {
		// They are opened again, through the other lens, when somebody asks.
		if err := ts.close(); err != nil {
			return err
		}
		s.refreshTokens()
	}
	return nil
}

func (s *Server) didChangeWorkspaceFolders(_ context.Context, p *didChangeWorkspaceFoldersParams) error {
	ts := &s.trees
	ts.mu.Lock()
	gone := make(map[string]bool)
	for _, f := range p.Event.Removed {
		if real, err := filepath.EvalSymlinks(filePath(f.URI)); err == nil {
			gone[real] = true
		}
	}
	kept := ts.folders[:0:0]
	for _, f := range ts.folders {
		if !gone[f] {
			kept = append(kept, f)
		}
	}
	ts.folders = kept
	for _, f := range p.Event.Added {
		ts.addFolders([]string{filePath(f.URI)})
	}
	ts.mu.Unlock()
	ts.welcome()
	return nil
}

func (s *Server) didChangeWatchedFiles(_ context.Context, p *didChangeWatchedFilesParams) error {
	for _, c := range p.Changes {
		s.trees.changed(realPath(filePath(c.URI)))
	}
	return nil
}

func (s *Server) executeCommand(ctx context.Context, p *executeCommandParams) (any, error) {
	if p.Command != commandIndex {
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: fmt.Sprintf("there is no command %q; there is %s", p.Command, commandIndex)}
	}
	var uri string
	if len(p.Arguments) > 0 {
		if err := json.Unmarshal(p.Arguments[0], &uri); err != nil {
			return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: commandIndex + " takes the URI of a document or folder"}
		}
	}
	var roots []string
	ts := &s.trees
	ts.mu.Lock()
	folders := ts.folders
	if uri != "" {
		f := realPath(filePath(uri))
		if info, err := os.Stat(f); err != nil || !info.IsDir() {
			f = filepath.Dir(f)
		}
		folders = []string{f}
	}
	for _, f := range folders {
		var none *noTreeError
		session, err := ts.open(filepath.Join(f, "x"), f)
		switch {
		case err == nil:
			roots = append(roots, session.Root())
		case errors.As(err, &none) && none.root != "":
			roots = append(roots, none.root)
		default:
			ts.mu.Unlock()
			return nil, err
		}
	}
	var done []<-chan error
	for _, root := range roots {
		done = append(done, ts.index(root))
	}
	ts.mu.Unlock()
	var err error
	for _, d := range done {
		select {
		case one := <-d:
			err = errors.Join(err, one)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return nil, err
}
