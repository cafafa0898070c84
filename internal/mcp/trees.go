package mcp

// Which tree a call asks, and the trees that are kept open for the next one.

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"dekho/internal/workbench"
)

// treeArgs are the arguments of tools that ask a tree.
type treeArgs struct {
	Tree string `json:"tree,omitempty" jsonschema:"the indexed tree to ask: its directory, one inside of it, or its name (see the tool trees); by default that of the server, of the client's roots or of the working directory"`
}

func (a *treeArgs) tree() string                   { return a.Tree }
func (*treeArgs) lens() *workbench.LensOptions     { return nil }
func (a *lensArgs) lens() *workbench.LensOptions   { o := a.options(); return &o }
func (a *lensArgs) options() workbench.LensOptions { return workbench.LensOptions(a.lensFields) }

// lensArgs are those of tools that judge what they find by what is built.
type lensArgs struct {
	treeArgs
	lensFields
}

// lensFields has the fields of workbench.LensOptions.
type lensFields struct {
	Arch      string `json:"arch,omitempty" jsonschema:"judge what is found for this architecture, and put what is built first: arm, arm64, x86_64..."`
	Config    string `json:"config,omitempty" jsonschema:"judge it for a kernel configuration: path of a .config, of /proc/config.gz or of a kernel; relative paths are looked for in the tree too"`
	Board     string `json:"board,omitempty" jsonschema:"put the drivers of a board first: path of a .dtb, or the name of a .dts of the tree"`
	OnlyBuilt bool   `json:"only_built,omitempty" jsonschema:"leave out what is not built for arch or config"`
}

// treeQuestion is the arguments of a tool that asks a tree.
type treeQuestion interface {
	tree() string
	lens() *workbench.LensOptions
	paged
}

// maxSessions is how many trees, each as seen through one lens, are kept open.
const maxSessions = 8

// trees keeps trees open.
type trees struct {
	opts workbench.Options

	mu   sync.Mutex
	open []*openTree // the one that was used last comes last
}

// openTree is a tree as a call named it.
type openTree struct {
	name    string
	hasLens bool
	lens    workbench.LensOptions
	session *workbench.Session
}

// use calls f with a tree.
func (t *trees) use(ctx context.Context, name string, lens *workbench.LensOptions, f func(*workbench.Tree) error) error {
	for again := false; ; again = true {
		o, err := t.get(name, lens)
		if err != nil {
			return err
		}
		called := false
		err = o.session.Use(ctx, func(tree *workbench.Tree) error {
			called = true
			return f(tree)
		})
		if called || again || err == nil || ctx.Err() != nil {
			return err
		}
		// What the name stood for is no more; it may stand for something else.
		if err := t.drop(o); err != nil {
			return err
		}
	}
}

// get is the session of a tree.
func (t *trees) get(name string, lens *workbench.LensOptions) (*openTree, error) {
	want := openTree{name: name, hasLens: lens != nil}
	if lens != nil {
		want.lens = *lens
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, o := range t.open {
		if o.name == want.name && o.hasLens == want.hasLens && o.lens == want.lens {
			copy(t.open[i:], t.open[i+1:])
			t.open[len(t.open)-1] = o
			return o, nil
		}
	}
	opts := t.opts
	opts.Tree, opts.Lens = cmp.Or(name, opts.Tree), lens
	w, err := workbench.New(opts)
	if err != nil {
		return nil, err
	}
	if want.session, err = w.OpenSession(); err != nil {
		return nil, err
	}
	if len(t.open) == maxSessions {
		oldest := t.open[0]
		t.open = append(t.open[:0], t.open[1:]...)
		if err := oldest.session.Close(); err != nil {
			return nil, err
		}
	}
	t.open = append(t.open, &want)
	return &want, nil
}

// drop closes a session.
func (t *trees) drop(gone *openTree) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, o := range t.open {
		if o == gone {
			t.open = append(t.open[:i], t.open[i+1:]...)
			return gone.session.Close()
		}
	}
	return nil // another call was faster
}

// close closes all sessions.
func (t *trees) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var err error
	for _, o := range t.open {
		err = errors.Join(err, o.session.Close())
	}
	t.open = nil
	return err
}

// rootsTime is how long a client may take to tell its roots.
const rootsTime = 2 * time.Second

// treeName is what the workbench is to take for the tree that a call asks: what
// the call names, else what the server was started for, else the first of the
// client's roots that is indexed, else "", which leaves it to the working
// directory.
func (s *server) treeName(ctx context.Context, req *mcp.CallToolRequest, named string, lens *workbench.LensOptions) string {
	if named != "" || s.opts.Bench.Tree != "" {
		return named
	}
	for _, dir := range s.clientRoots(ctx, req) {
		if _, err := s.trees.get(dir, lens); err == nil {
			return dir
		}
	}
	return ""
}

// withoutRoots is the version of the protocol from which on a server cannot ask
// for the roots.
const withoutRoots = "2026-07-28"

// clientRoots are the directories that the client works on, as far as it tells.
func (s *server) clientRoots(ctx context.Context, req *mcp.CallToolRequest) []string {
	//nolint:staticcheck // roots go with the handshake, which clients still begin with
	if c := req.ClientCapabilities(); c == nil || c.RootsV2 == nil || req.ProtocolVersion() >= withoutRoots {
		return nil
	}
	s.rootsMu.Lock()
	defer s.rootsMu.Unlock()
	if s.rootsKnown {
		return s.roots
	}
	ctx, cancel := context.WithTimeout(ctx, rootsTime)
	defer cancel()
	list, err := req.Session.ListRoots(ctx, nil) //nolint:staticcheck // as above
	if err != nil {
		s.opts.Log("the client does not tell its roots: %v", err)
	} else {
		for _, r := range list.Roots {
			if u, err := url.Parse(r.URI); err == nil && u.Scheme == "file" && filepath.IsAbs(u.Path) {
				s.roots = append(s.roots, filepath.FromSlash(u.Path))
			}
		}
	}
	s.rootsKnown = true
	return s.roots
}

// forgetRoots has them asked for again.
func (s *server) forgetRoots() {
	s.rootsMu.Lock()
	defer s.rootsMu.Unlock()
	s.rootsKnown, s.roots = false, nil
}
