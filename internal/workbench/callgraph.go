package workbench

// The graph of calls: who calls a function, directly and through pointers, and
// which of several functions of one name is meant.

import (
	"bytes"
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/ops"
	"dekho/internal/source"
)

// funcKey identifies a function: its name, and the file it is static in if the
// tree has others of that name, else source.NoFile.
type funcKey struct {
	name string
	file source.FileID
}

// funcDef is a definition of a function.
type funcDef struct {
	file   source.FileID
	line   uint32
	static bool // and not in a header; only told apart when there are several
}

// callGraph answers questions about calls, and remembers answers. It is for one
// goroutine.
type callGraph struct {
	t     *Tree
	table *ops.Table // nil if the index has none
	funcs *index.FuncFinder
	defs  map[string][]funcDef
	files map[source.FileID][]body
	read  source.Reader
	macro *macros // nil if nothing is known of macros
	plain bool    // what macros call is left out of callers
	texts map[source.FileID][]byte
	// spoken says which files name a type: file and tag.
	spoken map[[2]string]bool
	// leftOut is how many calls the lens left out.
	leftOut int
}

// newCallGraph opens what the graph is read from. An index that was made before
// there were tables of calls through pointers answers without.
func (t *Tree) newCallGraph() (*callGraph, error) {
	g := &callGraph{
		t: t, funcs: t.idx.FuncFinder(), defs: make(map[string][]funcDef), files: make(map[source.FileID][]body),
		texts: make(map[source.FileID][]byte), spoken: make(map[[2]string]bool),
	}
	stop := t.w.step("open table")
	defer stop()
	var err error
	if g.macro, err = t.macros(); err != nil {
		return nil, err
	}
	b, err := t.idx.Artifact(opsArtifact, ops.Version)
	switch {
	case err == nil:
		if g.table, err = ops.Open(b); err != nil {
			return nil, errors.Join(ErrDamaged, err)
		}
		g.table = g.table.Moved(t.idx.Moved())
	case errors.Is(err, ErrNoIndex), errors.Is(err, ErrVersion):
	default:
		return nil, err
	}
	return g, nil
}

// CallsStale reports whether files of the tree have changed since the table of
// calls through pointers was made: Index with Complete makes it anew.
func (t *Tree) CallsStale() bool { return t.idx.Stale(opsArtifact) }

// content is the text of a file, nil if it cannot be read.
func (g *callGraph) content(f source.FileID) []byte {
	if b, ok := g.texts[f]; ok {
		return b
	}
	b, err := g.t.idx.ReadText(&g.read, f)
	if err != nil {
		b = nil
	}
	b = bytes.Clone(b)
	g.texts[f] = b
	return b
}

// definitions lists the definitions of a function.
func (g *callGraph) definitions(name string) ([]funcDef, error) {
	if defs, ok := g.defs[name]; ok {
		return defs, nil
	}
	refs, err := g.t.idx.Refs(name, index.Roles(lang.DefFunction))
	if err != nil {
		return nil, err
	}
	var defs []funcDef
	for _, r := range refs {
		if len(defs) > 0 && defs[len(defs)-1].file == r.File {
			continue // arms of an #if
		}
		d := funcDef{file: r.File, line: r.Line}
		if len(refs) > 1 && !strings.HasSuffix(g.t.idx.Path(r.File), ".h") {
			d.static = isStatic(g.content(r.File), r.Line)
		}
		defs = append(defs, d)
	}
	g.defs[name] = defs
	return defs, nil
}

// isStatic reports whether the function whose name stands in a line is declared
// static there or in the lines before.
func isStatic(content []byte, line uint32) bool {
	at := 0
	for n := uint32(1); n < line; n++ {
		i := bytes.IndexByte(content[at:], '\n')
		if i < 0 {
			return false
		}
		at += i + 1
	}
	end := bytes.IndexByte(content[at:], '\n')
	if end < 0 {
		end = len(content) - at
	}
	text := content[at : at+end]
	for range 4 {
		if wordIn(text, "static") >= 0 {
			return true
		}
		if at == 0 {
			return false
		}
		prev := bytes.LastIndexByte(content[:at-1], '\n') + 1
		text = bytes.TrimSpace(content[prev : at-1])
		if len(text) == 0 || text[0] == '#' || bytes.IndexByte(text, ';') >= 0 || bytes.IndexByte(text, '}') >= 0 || bytes.HasSuffix(text, []byte("*/")) {
			return false
		}
		at = prev
	}
	return false
}

// key is the function that a name means in a file.
func (g *callGraph) key(name string, file source.FileID) (funcKey, error) {
	defs, err := g.definitions(name)
	if err != nil || len(defs) < 2 {
		return funcKey{name, source.NoFile}, err
	}
	for _, d := range defs {
		if d.file == file && d.static {
			return funcKey{name, file}, nil
		}
	}
	return funcKey{name, source.NoFile}, nil
}

// keys lists the functions that have a name.
func (g *callGraph) keys(name string) ([]funcKey, error) {
	defs, err := g.definitions(name)
	if err != nil {
		return nil, err
	}
	var keys []funcKey
	for _, d := range defs {
		k := funcKey{name, source.NoFile}
		if d.static {
			k.file = d.file
		}
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		keys = append(keys, funcKey{name, source.NoFile})
	}
	return keys, nil
}

// at is where a function is defined first, false if nowhere.
func (g *callGraph) at(k funcKey) (funcDef, bool) {
	defs, err := g.definitions(k.name)
	if err != nil {
		return funcDef{}, false
	}
	best, found := funcDef{}, false
	rank := 0
	for _, d := range defs {
		if k.file != source.NoFile && d.file != k.file || k.file == source.NoFile && d.static {
			continue
		}
		if r := place(g.t.idx.Path(d.file)); !found || r < rank {
			best, found, rank = d, true, r
		}
	}
	return best, found
}

// means returns a filter for files: whether a name in them means the function.
func (g *callGraph) means(k funcKey) (func(source.FileID) bool, error) {
	defs, err := g.definitions(k.name)
	if err != nil {
		return nil, err
	}
	if k.file == source.NoFile {
		var others []source.FileID
		kernel, user := false, false
		for _, d := range defs {
			if d.static {
				others = append(others, d.file)
			} else if place(g.t.idx.Path(d.file)) == placeTools {
				user = true
			} else {
				kernel = true
			}
		}
		apart := kernel && user // programs call their own
		if len(others) == 0 && !apart {
			return func(source.FileID) bool { return true }, nil
		}
		last, is := source.NoFile, false
		return func(f source.FileID) bool {
			if f != last {
				last, is = f, !slices.Contains(others, f) && (!apart || place(g.t.idx.Path(f)) != placeTools)
			}
			return is
		}, nil
	}
	own := g.t.idx.Path(k.file)
	dir, base := own[:strings.LastIndexByte(own, '/')+1], own[strings.LastIndexByte(own, '/')+1:]
	known := map[source.FileID]bool{k.file: true}
	return func(f source.FileID) bool {
		if is, ok := known[f]; ok {
			return is
		}
		// Some C files are made to be included.
		is := false
		if p := g.t.idx.Path(f); p[:strings.LastIndexByte(p, '/')+1] == dir {
			list, err := g.t.idx.Includes(f)
			is = err == nil && slices.ContainsFunc(list, func(i index.Include) bool { return i.Path == base })
		}
		known[f] = is
		return is
	}, nil
}

// direct lists the calls of a function by its name.
func (g *callGraph) direct(k funcKey) ([]index.Ref, error) {
	refs, err := g.t.idx.Refs(k.name, index.Roles(lang.Call))
	if err != nil {
		return nil, err
	}
	in, err := g.means(k)
	if err != nil {
		return nil, err
	}
	refs = slices.DeleteFunc(refs, func(r index.Ref) bool { return !in(r.File) })
	refs, out, err := lookAtPlaces(g.t, refs, func(r *index.Ref) index.Ref { return *r })
	g.leftOut += out
	return refs, err
}

// edge is a call of a function through a pointer, or by what else calls it.
type edge struct {
	how   CallKind
	grade Grade
	ref   index.Ref // the call, or where the function is made to be called
	via   []ops.Put // how the function came to be called there, in order
	node  ops.Node  // what is called
	more  int       // further places where the function is put to the same end
	level string    // of an initcall
	chain []string  // macros through which the call was written
}

// maxFlow bounds how many nodes are followed from one function.
const maxFlow = 400

// flow is a node that a function reaches.
type flow struct {
	node  ops.NodeID
	put   ops.Put
	prev  *flow
	typed bool
	more  int
	depth int
}

// chain is the puts that lead to a node, the first first.
func (f *flow) chain() []ops.Put {
	var via []ops.Put
	for ; f != nil; f = f.prev {
		via = append(via, f.put)
	}
	slices.Reverse(via)
	return via
}

// written finds the calls of a function that are written as macros.
func (g *callGraph) written(k funcKey) ([]edge, error) {
	if g.macro == nil || g.plain {
		return nil, nil
	}
	calls, err := g.macro.callers(k.name)
	if err != nil {
		return nil, err
	}
	in, err := g.means(k)
	if err != nil {
		return nil, err
	}
	var edges []edge
	for _, c := range calls {
		if in(c.file) {
			edges = append(edges, edge{how: CallMacro, ref: index.Ref{File: c.file, Line: c.line, Role: lang.Call}, chain: c.chain})
		}
	}
	return edges, nil
}

// indirect finds the calls of a function that do not spell its name out.
func (g *callGraph) indirect(ctx context.Context, k funcKey) ([]edge, error) {
	edges, err := g.written(k)
	if err != nil {
		return nil, err
	}
	more, err := g.pointers(ctx, k)
	if err != nil {
		return nil, err
	}
	edges = append(append(edges, more...), g.syscalls(k)...)
	edges, out, err := lookAtPlaces(g.t, edges, func(e *edge) index.Ref { return e.ref })
	g.leftOut += out
	return edges, err
}

// pointers finds the calls of a function through pointers.
func (g *callGraph) pointers(ctx context.Context, k funcKey) ([]edge, error) {
	if g.table == nil {
		return nil, nil
	}
	in, err := g.means(k)
	if err != nil {
		return nil, err
	}
	var edges []edge
	seen := make(map[ops.NodeID]*flow)
	var queue []*flow
	step := func(p ops.Put, prev *flow) {
		file, ok := g.t.idx.FileByPath(p.File)
		if !ok || prev == nil && !in(file) {
			return
		}
		n := g.table.Node(p.To)
		f := &flow{node: p.To, put: p, prev: prev, typed: n.Typed()}
		if prev != nil {
			f.typed, f.depth = f.typed && prev.typed, prev.depth+1
		}
		switch n.Kind {
		case ops.MacroArg:
			e := edge{how: CallMacro, ref: index.Ref{File: file, Line: p.Line, Role: lang.Call}, via: f.chain(), node: n}
			if prev != nil { // what a member holds is called by a macro
				e.how, e.grade, e.node = CallPointer, TypeMatched, g.table.Node(prev.node)
				if !prev.typed {
					e.grade = SignatureMatched
				}
				e.via, e.chain = prev.chain(), []string{p.Via}
			}
			if _, ok, err := g.funcs.At(file, p.Line); ok && err == nil {
				edges = append(edges, e)
			}
			return
		case ops.Initcall:
			edges = append(edges, edge{how: CallInit, ref: index.Ref{File: file, Line: p.Line, Role: lang.Call}, via: f.chain(), node: n, level: n.Name})
			return
		}
		if old := seen[p.To]; old != nil {
			if prev == nil && old.prev == nil {
				old.more++
			}
			return
		}
		if len(seen) < maxFlow && f.depth < 8 {
			seen[p.To] = f
			queue = append(queue, f)
		}
	}
	for _, p := range g.table.PutsOf(k.name) {
		step(p, nil)
	}
	typed := false
	for i := 0; i < len(queue); i++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f := queue[i]
		calls, moves := g.table.Calls(f.node), g.table.Moves(f.node)
		n := g.table.Node(f.node)
		// Members of structs that are not known are one node for all.
		apart := n.Kind == ops.Member && n.Struct == ""
		dir := path.Dir(f.put.File)
		for _, c := range calls {
			if apart && path.Dir(c.File) != dir {
				continue
			}
			grade := TypeMatched
			if !f.typed {
				grade = SignatureMatched
			}
			typed = typed || f.typed
			edges = g.called(edges, f, c, n, grade)
		}
		for _, p := range moves {
			if apart && path.Dir(p.File) != dir {
				continue
			}
			step(p, f)
		}
	}
	for _, f := range queue {
		// Only for want of something better.
		if n := g.table.Node(f.node); n.Kind == ops.Member && !typed && !slices.ContainsFunc(edges, func(e edge) bool { return e.grade == TypeMatched }) {
			edges = g.alike(edges, f, n, k)
		}
	}
	slices.SortStableFunc(edges, func(a, b edge) int {
		if a.grade != b.grade {
			return int(a.grade) - int(b.grade)
		}
		return compareRef(a.ref, b.ref)
	})
	// One place is one call: what tells most about it stays.
	best := make(map[index.Ref]int, len(edges))
	out := edges[:0]
	for _, e := range edges {
		r := index.Ref{File: e.ref.File, Line: e.ref.Line}
		if i, ok := best[r]; ok {
			if out[i].how == CallMacro && e.how == CallPointer {
				out[i] = e
			}
			continue
		}
		best[r] = len(out)
		out = append(out, e)
	}
	return out, nil
}

func compareRef(a, b index.Ref) int {
	if a.File != b.File {
		return int(a.File) - int(b.File)
	}
	return int(a.Line) - int(b.Line)
}

// called appends the edge of a call of a node.
func (g *callGraph) called(edges []edge, f *flow, c ops.Call, n ops.Node, grade Grade) []edge {
	file, ok := g.t.idx.FileByPath(c.File)
	if !ok || !g.feasible(f, c, file, n.Name) {
		return edges
	}
	return append(edges, edge{
		how: CallPointer, grade: grade, ref: index.Ref{File: file, Line: c.Line, Role: lang.Dispatch}, via: f.chain(), node: n, more: f.more,
	})
}

// feasible reports whether a call can be that of a function which took a certain
// way: not from one architecture to another, and not from one variable to a call
// of another.
func (g *callGraph) feasible(f *flow, c ops.Call, file source.FileID, member string) bool {
	own := func(path string) string {
		if strings.HasPrefix(path, "arch/") {
			return archOf(path)
		}
		return ""
	}
	arch := own(c.File)
	for up := f; up != nil; up = up.prev {
		if a := own(up.put.File); arch != "" && a != "" && a != arch {
			return false
		}
	}
	if !c.Object || f.prev != nil {
		return true
	}
	text := g.lineOf(index.Ref{File: file, Line: c.Line})
	i := bytes.Index(text, []byte("."+member))
	if i < 0 {
		return true
	}
	start := i
	for start > 0 && isWordByte(text[start-1]) {
		start--
	}
	// A variable that is never given a value as a whole is only that which the
	// file means that names it.
	from, ok := g.t.idx.FileByPath(f.put.File)
	named, written := false, false
	err := g.t.idx.EachRef(string(text[start:i]), index.AllRoles, func(r index.Ref) bool {
		named = named || r.File == from
		written = written || r.Role == lang.Write
		return !named && !written
	})
	return !ok || err != nil || start == i || named || written
}

// maxAlike bounds the calls that are only known to go through a member of the
// same name.
const maxAlike = 100

// alike appends calls through members of the same name of which the struct is
// not known for sure: on one side it is not known at all, or both structs have
// the same tag and other definitions.
func (g *callGraph) alike(edges []edge, f *flow, n ops.Node, k funcKey) []edge {
	params := n.Params
	added := 0
	for _, id := range g.table.Named(n.Name) {
		o := g.table.Node(id)
		if id == n.ID || o.Kind != ops.Member || o.Struct != "" && n.Struct != "" && o.Struct != n.Struct {
			continue
		}
		for _, c := range g.table.Calls(id) {
			if !g.related(f, c, n, o) {
				continue
			}
			if params < 0 {
				params = g.parameters(k)
			}
			grade := NameOnly
			if params >= 0 {
				if c.Args != params {
					continue
				}
				grade = SignatureMatched
			}
			if added++; added > maxAlike {
				return edges
			}
			edges = g.called(edges, f, c, o, grade)
		}
	}
	return edges
}

// related reports whether a call can be of what a put fills although the struct
// is not known on both sides: both are in one directory, or where it is not
// known the file at least speaks of that of the other side.
func (g *callGraph) related(f *flow, c ops.Call, put, called ops.Node) bool {
	switch {
	case put.Struct != "" && called.Struct != "", path.Dir(f.put.File) == path.Dir(c.File):
		return true
	case called.Struct != "":
		return g.speaks(f.put.File, called.Struct)
	case put.Struct != "":
		return g.speaks(c.File, put.Struct)
	}
	return false
}

// speaks reports whether a file names a type.
func (g *callGraph) speaks(file, tag string) bool {
	k := [2]string{file, tag}
	if is, ok := g.spoken[k]; ok {
		return is
	}
	is := false
	if id, ok := g.t.idx.FileByPath(file); ok {
		roles := index.Roles(lang.TypeUse, lang.ForwardType, lang.DefStruct, lang.DefUnion, lang.DefTypedef)
		err := g.t.idx.EachRef(tag, roles, func(r index.Ref) bool {
			is = r.File == id
			return !is
		})
		is = is || err != nil
	}
	g.spoken[k] = is
	return is
}

// parameters counts the parameters of a function, -1 if that cannot be told.
func (g *callGraph) parameters(k funcKey) int {
	d, ok := g.at(k)
	if !ok {
		return -1
	}
	text := g.content(d.file)
	for n := uint32(1); n < d.line; n++ {
		i := bytes.IndexByte(text, '\n')
		if i < 0 {
			return -1
		}
		text = text[i+1:]
	}
	i := wordIn(text[:min(len(text), 4096)], k.name)
	if i < 0 {
		return -1
	}
	open := bytes.IndexByte(text[i:], '(')
	if open < 0 {
		return -1
	}
	depth, n := 0, 1
	start := i + open + 1
	for j := start - 1; j < len(text) && j < start+4096; j++ {
		switch text[j] {
		case '(':
			depth++
		case ',':
			if depth == 1 {
				n++
			}
		case ')':
			if depth--; depth == 0 {
				if s := string(bytes.TrimSpace(text[start:j])); s == "void" || s == "" {
					return 0
				}
				return n
			}
		}
	}
	return -1
}

// callerPlace is the place that stands for the call of an edge: if a function handed
// on only as an argument is called, that is where it was handed over, for
// whoever else hands over other functions does not call this one.
func (g *callGraph) callerPlace(e *edge) index.Ref {
	if e.how != CallPointer || len(e.via) == 0 || e.node.Kind != ops.Param {
		return e.ref
	}
	for i := range e.via {
		if n := g.table.Node(e.via[i].To); n.Kind != ops.Param {
			return e.ref
		}
	}
	f, ok := g.t.idx.FileByPath(e.via[0].File)
	if !ok {
		return e.ref
	}
	return index.Ref{File: f, Line: e.via[0].Line, Role: lang.Call}
}

// enclosing is the function that a place is in, false at file scope.
func (g *callGraph) enclosing(r index.Ref) (funcKey, bool, error) {
	fn, ok, err := g.funcs.At(r.File, r.Line)
	if err != nil || !ok {
		return funcKey{}, false, err
	}
	k, err := g.key(fn.Name, r.File)
	return k, true, err
}
