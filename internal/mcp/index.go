package mcp

// Tools about the indexes themselves: trees, index.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

type treesArgs struct{}

type indexArgs struct {
	Tree string `json:"tree,omitempty" jsonschema:"the tree to bring up to date: as for the other tools, or a directory that is not indexed yet and lies in the client's roots or the server's working directory"`
}

func (s *server) addIndex(srv *mcp.Server) {
	add(s, srv, tool{name: "trees", title: "Indexed trees", description: "Which source trees are indexed, with name, kernel version, number of files, time of indexing and directory: what the argument tree of the other tools can name."},
		func(ctx context.Context, req *mcp.CallToolRequest, _ *treesArgs) (*answer, error) { return s.list() })
	add(s, srv, tool{name: "index", title: "Bring an index up to date", writes: true, description: "Brings the index of a tree up to date after files changed (seconds), or indexes a new kernel tree (15 to 30 seconds). " +
		"It reads the tree and writes only into dekho's own store; until it is done the previous index answers."}, s.index)
}

// bench is a workbench for the store.
func (s *server) bench(tree string) (*workbench.Workbench, error) {
	opts := s.opts.Bench
	if tree != "" {
		opts.Tree = tree
	}
	opts.Lens = nil
	return workbench.New(opts)
}

func (s *server) list() (*answer, error) {
	bench, err := s.bench("")
	if err != nil {
		return nil, err
	}
	list, err := bench.Trees()
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: no tree is; the tool index makes an index", workbench.ErrNoIndex)
	}
	text, js, err := both(func(b *bytes.Buffer) error { return render.TreesText(b, render.Style{}, list) },
		func(b *bytes.Buffer) error { return render.TreesJSON(b, list) })
	if err != nil {
		return nil, err
	}
	w := &window{limit: len(list)}
	return w.document(text, array("trees", js))
}

// indexWait is how long to wait for another process that indexes.
const indexWait = 2 * time.Minute

func (s *server) index(ctx context.Context, req *mcp.CallToolRequest, in *indexArgs) (*answer, error) {
	name := s.treeName(ctx, req, in.Tree, nil)
	bench, err := s.bench(name)
	if err != nil {
		return nil, err
	}
	var dir string
	session, err := bench.OpenSession()
	switch {
	case err == nil:
		dir = session.Root()
		if err := session.Close(); err != nil {
			return nil, err
		}
	case errors.Is(err, workbench.ErrDamaged), errors.Is(err, workbench.ErrVersion):
		dir = in.Tree // to be made anew
	case !errors.Is(err, workbench.ErrNoIndex) || in.Tree == "":
		return nil, err
	default:
		if dir, err = s.mayIndex(ctx, req, in.Tree); err != nil {
			return nil, err
		}
	}
	p := &progress{ctx: ctx, req: req}
	stats, root, err := bench.Index(ctx, dir, workbench.IndexOptions{
		Complete: true, Wait: indexWait, Progress: p.update,
		OnWait: func(string) { p.say(0, 0, "waiting for another process that indexes") },
	})
	// It needs far more memory than all that follows.
	debug.FreeOSMemory()
	if err != nil {
		return nil, err
	}
	text, js, err := both(func(b *bytes.Buffer) error { return render.IndexText(b, render.Style{}, root, stats) },
		func(b *bytes.Buffer) error { return render.IndexJSON(b, root, stats) })
	if err != nil {
		return nil, err
	}
	return (&window{}).document(text, js)
}

// mayIndex is the directory of a tree that is not indexed yet. What is indexed
// can be read with the other tools: it has to be where the person who started the
// server works.
func (s *server) mayIndex(ctx context.Context, req *mcp.CallToolRequest, dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", &workbench.InputError{Name: dir, Err: err}
	}
	real, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return "", &workbench.InputError{Name: dir, Err: err, Hint: "the tool trees lists the indexed trees"}
	}
	allowed := s.clientRoots(ctx, req)
	if wd, err := os.Getwd(); err == nil {
		allowed = append(allowed[:len(allowed):len(allowed)], wd)
	}
	if t := s.opts.Bench.Tree; t != "" {
		allowed = append(allowed[:len(allowed):len(allowed)], t)
	}
	for _, a := range allowed {
		if a, err := filepath.Abs(a); err == nil {
			if a, err = filepath.EvalSymlinks(a); err == nil && within(a, real) {
				return real, nil
			}
		}
	}
	return "", fmt.Errorf("%s is not indexed, and lies outside of what this server was started for; run dekho index %s in a shell", dir, dir)
}

// within reports whether a directory is another or below it.
func within(dir, below string) bool {
	rel, err := filepath.Rel(dir, below)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// progress tells the client how far an index is, if it asked for that.
type progress struct {
	ctx context.Context
	req *mcp.CallToolRequest

	mu   sync.Mutex
	last time.Time
	done float64
}

// progressEvery is how often.
const progressEvery = 500 * time.Millisecond

func (p *progress) update(u workbench.Progress) {
	p.mu.Lock()
	due := time.Since(p.last) >= progressEvery
	if due {
		p.last = time.Now()
	}
	p.mu.Unlock()
	if due {
		p.say(float64(u.Files), float64(u.TotalFiles), u.Phase)
	}
}

// say sends a notification. The protocol wants numbers that grow.
func (p *progress) say(done, total float64, what string) {
	token := p.req.Params.GetProgressToken()
	if token == nil {
		return
	}
	p.mu.Lock()
	p.done = max(p.done+1, done)
	note := &mcp.ProgressNotificationParams{ProgressToken: token, Message: what, Progress: p.done}
	if total > p.done {
		note.Total = total
	}
	p.mu.Unlock()
	_ = p.req.Session.NotifyProgress(p.ctx, note) // who does not listen misses nothing
}
