package mcp

// Which tree a call asks, and the trees that are kept open for the next one.

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"dekho/internal/workbench"
)

// treeArgs are the arguments of tools that ask a tree.
type treeArgs struct {
	Tree string `json:"tree,omitempty" jsonschema:"tree to ask, by its directory or name (see trees); there is a default"`
}

func (a *treeArgs) tree() string               { return a.Tree }
func (*treeArgs) lens() *workbench.LensOptions { return nil }

// lensArgs are those of tools that judge what they find by what is built.
type lensArgs struct {
	treeArgs
	lensFields
}

// lensFields has the fields of workbench.LensOptions.
type lensFields struct {
	Arch      string `json:"arch,omitempty" jsonschema:"put first what is built for this architecture: arm64, x86_64..."`
	Config    string `json:"config,omitempty" jsonschema:"the same for a configuration: path of a .config, /proc/config.gz or a kernel"`
	Board     string `json:"board,omitempty" jsonschema:"the same for a board: path of a .dtb, or name of a .dts of the tree"`
	OnlyBuilt bool   `json:"only_built,omitempty" jsonschema:"leave out what is not built"`
}

func (a *lensArgs) lens() *workbench.LensOptions {
	o := workbench.LensOptions(a.lensFields)
	return &o
}

// treeQuestion is the arguments of a tool that asks a tree.
type treeQuestion interface {
	tree() string
	lens() *workbench.LensOptions
	paged
}

const (
	// maxSessions is how many trees, each as seen through one lens, are kept open.
	maxSessions = 8
	// maxIdle is for how long after their last question: a tree that is open
	// keeps the files of its index on the disk, also when there is a newer one.
	maxIdle = 10 * time.Minute
)

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
	asked   time.Time
	stamps  [2]fileStamp // of the configuration and the board when it was opened
}

// fileStamp tells whether a file is still the same.
type fileStamp struct {
	size  int64
	mtime time.Time
}

// stampsOf are those of the files that a lens was made of, as far as they can be
// found by their names.
func (t *trees) stampsOf(o *openTree) (stamps [2]fileStamp) {
	getenv := t.opts.Getenv
	if getenv == nil {
		getenv = func(string) string { return "" }
	}
	for i, name := range []string{cmp.Or(o.lens.Config, getenv("DEKHO_CONFIG")), cmp.Or(o.lens.Board, getenv("DEKHO_BOARD"))} {
		if name == "" || !o.hasLens {
			continue
		}
		info, err := os.Stat(name)
		if err != nil && !filepath.IsAbs(name) {
			info, err = os.Stat(filepath.Join(o.session.Root(), name))
		}
		if err == nil {
			stamps[i] = fileStamp{info.Size(), info.ModTime()}
		}
	}
	return stamps
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
	for len(t.open) > 0 && time.Since(t.open[0].asked) > maxIdle {
		if err := t.closeOldest(); err != nil {
			return nil, err
		}
	}
	i := slices.IndexFunc(t.open, func(o *openTree) bool {
		return o.name == want.name && o.hasLens == want.hasLens && o.lens == want.lens
	})
	if i >= 0 {
		o := t.open[i]
		t.open = slices.Delete(t.open, i, i+1)
		if t.stampsOf(o) == o.stamps {
			o.asked = time.Now()
			t.open = append(t.open, o)
			return o, nil
		}
		if err := o.session.Close(); err != nil {
			return nil, err
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
	want.asked, want.stamps = time.Now(), t.stampsOf(&want)
	t.open = append(t.open, &want)
	if len(t.open) > maxSessions {
		if err := t.closeOldest(); err != nil {
			return nil, err
		}
	}
	return &want, nil
}

// closeOldest closes the session that was not asked for the longest time; the
// caller holds the lock.
func (t *trees) closeOldest() error {
	oldest := t.open[0]
	t.open = slices.Delete(t.open, 0, 1)
	return oldest.session.Close()
}

// drop closes a session.
func (t *trees) drop(gone *openTree) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.open, gone); i >= 0 {
		t.open = slices.Delete(t.open, i, i+1)
		return gone.session.Close()
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
