package workbench

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/logmap"
	"dekho/internal/macro"
	"dekho/internal/ops"
	"dekho/internal/source"
	"dekho/internal/xref"
)

// The artifacts, by the names of their linkers.
const (
	logArtifact  = "logmap" // the map of print statements
	opsArtifact  = "ops"    // the table of calls through pointers
	xrefArtifact = "xref"   // the table of what macros make and call
)

// linkers lists what is derived from a whole tree when it is indexed. They
// share what they read: make the list anew for each run.
func linkers() []index.Linker {
	s := new(linkShare)
	return []index.Linker{
		&linker{s, logArtifact, logmap.Version, func(in *linkInput, table *macro.Table, _ nameSet, w io.Writer) error {
			_, err := logmap.Link(in, table, w)
			return err
		}},
		&linker{s, opsArtifact, ops.Version, func(in *linkInput, table *macro.Table, functions nameSet, w io.Writer) error {
			_, err := ops.Link(in, table, functions.has, w)
			return err
		}},
		&linker{s, xrefArtifact, xref.Version, func(in *linkInput, table *macro.Table, functions nameSet, w io.Writer) error {
			_, err := xref.Link(in, table, functions.has, w)
			return err
		}},
	}
}

// linker is one of them.
type linker struct {
	*linkShare
	name    string
	version uint32
	link    func(in *linkInput, table *macro.Table, functions nameSet, w io.Writer) error
}

// Name implements index.Linker.
func (l *linker) Name() string { return l.name }

// Version implements index.Linker.
func (l *linker) Version() uint32 { return l.version }

// Link implements index.Linker.
func (l *linker) Link(ctx context.Context, t *index.Tree, w io.Writer) error {
	in, table, err := l.load(ctx, t)
	if err != nil {
		return err
	}
	functions, err := l.functionNames(ctx, t)
	if err != nil {
		return err
	}
	return l.link(in, table, functions, w)
}

// linkShare keeps what the linkers of one run read. They run at once; the first
// that needs something reads it.
type linkShare struct {
	mu    sync.Mutex
	tree  *index.Tree
	in    *linkInput
	table *macro.Table
	funcs nameSet
}

// load reads the facts of the tree, once.
func (s *linkShare) load(ctx context.Context, t *index.Tree) (*linkInput, *macro.Table, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tree == t {
		return s.in, s.table, nil
	}
	in, err := gather(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	table, err := macro.Load(in)
	if err != nil {
		return nil, nil, err
	}
	s.tree, s.in, s.table, s.funcs = t, in, table, nil
	return in, table, nil
}

// Definitions implements xref.Input.
func (in *linkInput) Definitions(name string, fn func(file int, line uint32, role lang.Role)) error {
	roles := index.Roles(lang.DefFunction, lang.DefStruct, lang.DefUnion, lang.DefTypedef, lang.DefVariable)
	return in.tree.EachRef(name, roles, func(r index.Ref) bool {
		fn(int(r.File), r.Line, r.Role)
		return true
	})
}

// nameSet is a set of names, by their hashes: it may hold a few that were not
// put in.
type nameSet []uint64

// functionNames gathers the names of the functions that the tree defines, once.
func (s *linkShare) functionNames(ctx context.Context, t *index.Tree) (nameSet, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.funcs != nil {
		return s.funcs, nil
	}
	n := workers()
	found := make([][]uint64, n)
	err := t.ScanNames(ctx, index.Scan{Roles: index.Roles(lang.DefFunction, lang.DefGenerated), Workers: n},
		func(worker int, name []byte, _ index.RoleSet) bool {
			found[worker] = append(found[worker], nameHash(name))
			return true
		})
	if err != nil {
		return nil, err
	}
	total := 0
	for _, f := range found {
		total += len(f)
	}
	size := 64
	for size < 2*total {
		size *= 2
	}
	set := make(nameSet, size)
	for _, f := range found {
		for _, h := range f {
			i := int(h) & (size - 1)
			for set[i] != 0 && set[i] != h {
				i = (i + 1) & (size - 1)
			}
			set[i] = h
		}
	}
	s.funcs = set
	return set, nil
}

func (s nameSet) has(name []byte) bool {
	h := nameHash(name)
	for i := int(h) & (len(s) - 1); s[i] != 0; i = (i + 1) & (len(s) - 1) {
		if s[i] == h {
			return true
		}
	}
	return false
}

// nameHash is never 0.
func nameHash(name []byte) uint64 {
	return uint64(lang.Hash(name)) | uint64(len(name)+1)<<32
}

// linkInput is what linkers read, held in memory: they go back and forth
// between files, and the index keeps facts compressed.
type linkInput struct {
	tree     *index.Tree
	facts    [][]byte
	includes [][]string
}

var _ macro.Input = (*linkInput)(nil)

func (in *linkInput) NumFiles() int { return len(in.facts) }

func (in *linkInput) Path(file int) string { return in.tree.Path(source.FileID(file)) }

func (in *linkInput) LinkFacts(file int) ([]byte, error) { return in.facts[file], nil }

func (in *linkInput) Includes(file int) []string { return in.includes[file] }

// gather reads the facts of all files in parallel.
func gather(ctx context.Context, t *index.Tree) (*linkInput, error) {
	n := t.NumFiles()
	in := &linkInput{tree: t, facts: make([][]byte, n), includes: make([][]string, n)}
	workers := runtime.GOMAXPROCS(0)
	// Files of one content share its copy, and each worker writes to elements
	// of its own.
	err := t.EachLinkFacts(ctx, workers, func(_ int, id source.FileID, facts []byte) error {
		in.facts[id] = bytes.Clone(facts)
		return nil
	})
	if err != nil {
		return nil, err
	}

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	const run = 256
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			names := make(map[string]string) // headers are named again and again
			err := index.Guard(func() error {
				for ctx.Err() == nil {
					from := int(next.Add(run)) - run
					if from >= n {
						return nil
					}
					for i := from; i < min(from+run, n); i++ {
						list, err := t.Includes(source.FileID(i))
						if err != nil {
							return err
						}
						if len(list) == 0 {
							continue
						}
						paths := make([]string, len(list))
						for j := range list {
							p, ok := names[list[j].Path]
							if !ok {
								p = list[j].Path
								names[p] = p
							}
							paths[j] = p
						}
						in.includes[i] = paths
					}
				}
				return nil
			})
			if err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return in, nil
}
