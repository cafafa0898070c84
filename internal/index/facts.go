package index

// What is known about single files: scopes, functions, conditions, includes, log
// facts.

import (
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"

	"dekho/internal/lang"
	"dekho/internal/source"
)

// Func is the extent of a function.
type Func struct {
	Name       string
	Start, End uint32 // first and last line, 1-based
	// Scope is the class or namespace that it is a member of, with what these
	// are in: "Foo::Bar", "" for none.
	Scope string
}

// Qualified is the name with its scope: "Foo::bar".
func (f *Func) Qualified() string {
	if f.Scope == "" {
		return f.Name
	}
	return f.Scope + "::" + f.Name
}

// Scope is the extent of a class, namespace or enumeration of C++, or of a
// member of one that is defined elsewhere; see lang.Scope.
type Scope struct {
	Name       string
	Start, End uint32 // first and last line, 1-based
	Kind       lang.ScopeKind
}

// Cond is an arm of an #if.
type Cond struct {
	Expr       string // as written; see lang.Cond for #else
	Start, End uint32 // first and last line governed, 1-based
	Kind       lang.CondKind
}

// Include is an #include.
type Include struct {
	Path   string // without quotes or brackets
	Line   uint32
	System bool // <...>
}

// factsOf is a reader over a blob's facts, at the number of its functions.
func (s *segment) factsOf(d []byte) (reader, error) {
	p, err := s.facts.Bytes(uint64(binary.LittleEndian.Uint32(d[docFacts:])), uint64(binary.LittleEndian.Uint32(d[docFactsLen:])))
	if len(p) == 0 {
		p = noFacts
	}
	return reader{p: p}, err
}

// noFacts is no scopes, no functions, no conditions and no includes.
var noFacts = []byte{0, 0, 0}

// funcSpan is a function whose name was not looked up yet.
type funcSpan struct {
	rank       uint64
	start, end uint32
}

// scopeSpan is a scope whose name was not looked up yet.
type scopeSpan struct {
	funcSpan
	kind lang.ScopeKind
}

// readScopes appends the scopes of a blob, and returns how many functions
// follow.
func readScopes(dst []scopeSpan, r *reader) (scopes []scopeSpan, funcs uint64) {
	head := r.uvarint()
	if head&1 == 0 {
		return dst, head >> 1
	}
	line := int64(0)
	for n := r.uvarint(); n > 0 && !r.bad; n-- {
		rank := r.short()
		kind := lang.ScopeKind(r.byte())
		line += r.varint()
		dst = append(dst, scopeSpan{funcSpan{rank, uint32(line), uint32(line + r.varint())}, kind})
	}
	return dst, head >> 1
}

// readFuncs appends the scopes and the functions of a blob; r is left at its
// conditions.
func readFuncs(scopes []scopeSpan, dst []funcSpan, r *reader) ([]scopeSpan, []funcSpan) {
	scopes, n := readScopes(scopes, r)
	line := int64(0)
	for ; n > 0 && !r.bad; n-- {
		rank := r.short()
		start := line + r.varint()
		line = start + r.varint()
		dst = append(dst, funcSpan{rank, uint32(start), uint32(line)})
	}
	return scopes, dst
}

func readConds(s *segment, dst []Cond, r *reader) ([]Cond, error) {
	line := int64(0)
	for n := r.uvarint(); n > 0 && !r.bad; n-- {
		id := r.uvarint()
		kind := lang.CondKind(r.byte())
		line += r.varint()
		end := line + r.varint()
		if r.bad {
			break
		}
		text, err := s.textString(id)
		if err != nil {
			return nil, err
		}
		dst = append(dst, Cond{text, uint32(line), uint32(end), kind})
	}
	return dst, nil
}

func readIncludes(s *segment, dst []Include, r *reader) ([]Include, error) {
	line := int64(0)
	for n := r.uvarint(); n > 0 && !r.bad; n-- {
		id := r.uvarint()
		line += r.varint()
		if r.bad {
			break
		}
		text, err := s.textString(id >> 1)
		if err != nil {
			return nil, err
		}
		dst = append(dst, Include{text, uint32(line), id&1 != 0})
	}
	return dst, nil
}

// openFacts is the facts of a file, at its functions.
func (t *Tree) openFacts(id source.FileID) (*segment, reader, error) {
	s, _, d, err := t.blob(id)
	if err != nil {
		return nil, reader{}, err
	}
	r, err := s.factsOf(d)
	return s, r, err
}

// Funcs lists the functions of a file in source order.
func (t *Tree) Funcs(id source.FileID) ([]Func, error) {
	s, r, err := t.openFacts(id)
	if err != nil {
		return nil, err
	}
	scopes, spans := readFuncs(nil, nil, &r)
	if r.bad {
		return nil, s.damaged("facts of a file")
	}
	funcs := make([]Func, len(spans))
	var name []byte
	for i, f := range spans {
		if name, err = s.nameAt(name[:0], f.rank); err != nil {
			return nil, err
		}
		funcs[i] = Func{Name: string(name), Start: f.start, End: f.end}
		if funcs[i].Scope, err = s.scopeAt(scopes, f.start); err != nil {
			return nil, err
		}
	}
	return funcs, nil
}

// scopeAt is the names of the scopes around a line, "a::b".
func (s *segment) scopeAt(scopes []scopeSpan, line uint32) (string, error) {
	var path, name []byte
	for i := range scopes {
		c := &scopes[i]
		if c.start > line || c.end < line || c.kind == lang.ScopeOpen {
			continue
		}
		var err error
		if name, err = s.nameAt(name[:0], c.rank); err != nil {
			return "", err
		}
		if len(path) > 0 {
			path = append(path, "::"...)
		}
		path = append(path, name...)
	}
	return string(path), nil
}

// Scopes lists the classes, namespaces and enumerations of a C++ file in source
// order, outer ones first.
func (t *Tree) Scopes(id source.FileID) ([]Scope, error) {
	s, r, err := t.openFacts(id)
	if err != nil {
		return nil, err
	}
	spans, _ := readScopes(nil, &r)
	if r.bad {
		return nil, s.damaged("facts of a file")
	}
	scopes := make([]Scope, len(spans))
	var name []byte
	for i, c := range spans {
		if name, err = s.nameAt(name[:0], c.rank); err != nil {
			return nil, err
		}
		scopes[i] = Scope{string(name), c.start, c.end, c.kind}
	}
	return scopes, nil
}

// Conds lists the arms of #if in a file, in source order.
func (t *Tree) Conds(id source.FileID) ([]Cond, error) {
	s, r, err := t.openFacts(id)
	if err != nil {
		return nil, err
	}
	readFuncs(nil, nil, &r)
	conds, err := readConds(s, nil, &r)
	if err == nil && r.bad {
		err = s.damaged("facts of a file")
	}
	return conds, err
}

// Includes lists the #includes of a file in source order.
func (t *Tree) Includes(id source.FileID) ([]Include, error) {
	s, r, err := t.openFacts(id)
	if err != nil {
		return nil, err
	}
	readFuncs(nil, nil, &r)
	if _, err := readConds(s, nil, &r); err != nil {
		return nil, err
	}
	includes, err := readIncludes(s, nil, &r)
	if err == nil && r.bad {
		err = s.damaged("facts of a file")
	}
	return includes, err
}

// FuncFinder tells which function a line belongs to. It remembers the file it
// was asked about last and the names it has seen, so that asking about many
// references in order costs little. It is for one goroutine.
type FuncFinder struct {
	t      *Tree
	file   source.FileID
	seg    *segment
	scopes []scopeSpan
	spans  []funcSpan
	names  map[funcName]string
	buf    []byte
}

type funcName struct {
	seg  *segment
	rank uint64
}

// FuncFinder returns a finder over the tree.
func (t *Tree) FuncFinder() *FuncFinder {
	return &FuncFinder{t: t, file: source.NoFile, names: make(map[funcName]string)}
}

// At returns the function that line of the file is in, if it is in one.
func (f *FuncFinder) At(id source.FileID, line uint32) (Func, bool, error) {
	if id != f.file {
		f.file = source.NoFile
		s, r, err := f.t.openFacts(id)
		if err != nil {
			return Func{}, false, err
		}
		f.scopes, f.spans = readFuncs(f.scopes[:0], f.spans[:0], &r)
		if r.bad {
			return Func{}, false, s.damaged("facts of a file")
		}
		f.file, f.seg = id, s
	}
	lo, hi := 0, len(f.spans)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if f.spans[mid].start <= line {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 || f.spans[lo-1].end < line {
		return Func{}, false, nil
	}
	span := f.spans[lo-1]
	key := funcName{f.seg, span.rank}
	name, ok := f.names[key]
	if !ok {
		var err error
		if f.buf, err = f.seg.nameAt(f.buf[:0], span.rank); err != nil {
			return Func{}, false, err
		}
		name = string(f.buf)
		f.names[key] = name
	}
	fn := Func{Name: name, Start: span.start, End: span.end}
	if len(f.scopes) > 0 {
		var err error
		if fn.Scope, err = f.seg.scopeAt(f.scopes, span.start); err != nil {
			return Func{}, false, err
		}
	}
	return fn, true, nil
}

// EnclosingFunc returns the function that line of a file is in, if any. For
// many lines, use a FuncFinder.
func (t *Tree) EnclosingFunc(id source.FileID, line uint32) (Func, bool, error) {
	return t.FuncFinder().At(id, line)
}

// LinkFacts returns what the extractor left for package logmap about a file;
// nil if nothing.
func (t *Tree) LinkFacts(id source.FileID) ([]byte, error) {
	s, _, d, err := t.blob(id)
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	if le.Uint32(d[docLogLen:]) == 0 {
		return nil, nil
	}
	block, err := s.logBlock(nil, le.Uint32(d[docLogBlock:]))
	if err != nil {
		return nil, err
	}
	return s.logFacts(block, d)
}

// EachLinkFacts calls fn for every file with log facts, from several goroutines
// at once (worker says which, below workers), the files in no order. facts are
// valid until fn returns. It ends at the first error, its own or fn's. fn runs
// guarded (see Guard).
func (t *Tree) EachLinkFacts(ctx context.Context, workers int, fn func(worker int, id source.FileID, facts []byte) error) error {
	type task struct {
		seg      int
		from, to uint32 // blobs
	}
	var tasks []task
	for seg, s := range t.segs {
		// Runs of blobs, so that neighbours share a decompressed block.
		const run = 512
		for from := uint32(0); from < uint32(s.docs); from += run {
			tasks = append(tasks, task{seg, from, min(from+run, uint32(s.docs))})
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for worker := range max(1, workers) {
		wg.Go(func() {
			var block []byte
			var files []source.FileID
			err := Guard(func() error {
				for ctx.Err() == nil {
					i := int(next.Add(1)) - 1
					if i >= len(tasks) {
						return nil
					}
					k := tasks[i]
					s := t.segs[k.seg]
					have := int64(-1)
					for doc := k.from; doc < k.to; doc++ {
						files = t.filesOf(files[:0], k.seg, doc)
						if len(files) == 0 {
							continue
						}
						d, err := s.doc(doc)
						if err != nil {
							return err
						}
						if binary.LittleEndian.Uint32(d[docLogLen:]) == 0 {
							continue
						}
						if b := binary.LittleEndian.Uint32(d[docLogBlock:]); int64(b) != have {
							if block, err = s.logBlock(block, b); err != nil {
								return err
							}
							have = int64(b)
						}
						facts, err := s.logFacts(block, d)
						if err != nil {
							return err
						}
						for _, id := range files {
							if err := fn(worker, id, facts); err != nil {
								return err
							}
						}
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
		return context.Cause(ctx)
	}
	return nil
}
