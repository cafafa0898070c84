package logmap

// The linker: from the facts of all files to the map of print statements. It
// runs at the end of each index run and reads no source.

import (
	"io"
	"maps"
	"runtime"
	"slices"
	"sync/atomic"

	"dekho/internal/macro"
)

// fileInfo is what the linker knows of a file.
type fileInfo struct {
	*macro.File
	shared bool    // part of several modules
	driver bool    // registers a driver
	views  []int32 // of a header: see linker.views
	module string  // KBUILD_MODNAME, "" when not known
	symbol string  // Kconfig symbol that builds it, "y" if always
	names  []string
	out    int32 // number in the map, +1
}

type linker struct {
	in        macro.Input
	files     []fileInfo
	table     *macro.Table
	view      *macro.View
	funcs     map[string][]*function
	stmts     []stmt
	fileScope []stmt
	printing  map[string]bool
	names     []string         // of macros and printing functions
	numbers   map[string]int32 // indexes in names of those that are no macros
	users     [][]int32        // by number: the names whose definitions mention it
	dirSymbol map[string]string
	primMemo  map[primKey][]prim
	prims     []atomic.Pointer[[]prim] // by the number of a macro: see macroPrims
	rows      []pending                // sites found and not filed yet

	moduleFiles map[string][]int32  // directory and module -> files that name drivers
	moduleNames map[string][]string // the names in them

	w *writer
}

// Stats counts what a link found.
type Stats struct {
	Statements int // print statements that were resolved
	Sites      int // with one for each line and each way a wrapper prints
	Patterns   int
	Wrappers   int // functions and macros that hand on a format
	Files      int // with statements
}

// Link resolves the print statements of a tree, whose macros are in the table,
// and writes the map for Open.
func Link(in macro.Input, table *macro.Table, w io.Writer) (Stats, error) {
	l := &linker{
		in:        in,
		table:     table,
		funcs:     make(map[string][]*function),
		printing:  make(map[string]bool, 1<<14),
		dirSymbol: make(map[string]string),
		primMemo:  make(map[primKey][]prim),
	}
	if err := l.gather(); err != nil {
		return Stats{}, err
	}
	l.w = newWriter(l, len(l.stmts)+len(l.stmts)/2)
	l.closure()
	l.findViews()
	l.generated()
	var st Stats
	names := slices.Sorted(maps.Keys(l.funcs))
	for _, name := range names {
		for _, f := range l.funcs[name] {
			if outs := l.outsOf(f); len(outs) > 0 {
				st.Wrappers++
				l.generic(outs)
			}
		}
	}
	l.flush()
	jobs := make([]job, 0, len(l.stmts))
	for i := range l.stmts {
		jobs = append(jobs, job{&l.stmts[i], nil})
	}
	for _, name := range names {
		for _, f := range l.funcs[name] {
			for i := range f.stmts {
				jobs = append(jobs, job{&f.stmts[i], f})
			}
		}
	}
	st.Statements = l.linkAll(jobs)
	st.Sites, st.Patterns, st.Files = len(l.w.sites), l.w.patterns.Len(), len(l.w.files)
	return st, l.w.writeTo(w)
}

// job is a statement to link, and the wrapper it stands in, if any.
type job struct {
	s  *stmt
	in *function
}

// chunkSize is how many statements a worker takes at once.
const chunkSize = 2000

// linkAll resolves statements on all processors; what they yield is filed in
// their order, so that equal trees make equal maps. It returns how many
// statements print.
func (l *linker) linkAll(jobs []job) int {
	chunks := (len(jobs) + chunkSize - 1) / chunkSize
	results := make([]chan chunkResult, chunks)
	for i := range results {
		results[i] = make(chan chunkResult, 1)
	}
	workers := max(1, min(runtime.GOMAXPROCS(0), 8, chunks))
	ahead := make(chan struct{}, 4*workers) // bounds what waits to be filed
	var next atomic.Int64
	for range workers {
		w := l.worker()
		go func() {
			for {
				ahead <- struct{}{}
				i := int(next.Add(1)) - 1
				if i >= chunks {
					<-ahead
					return
				}
				n := 0
				for _, j := range jobs[i*chunkSize : min((i+1)*chunkSize, len(jobs))] {
					if w.link(j.s, j.in) {
						n++
					}
				}
				results[i] <- chunkResult{w.take(), n}
			}
		}()
	}
	total := 0
	for _, c := range results {
		r := <-c
		<-ahead
		total += r.statements
		for i := range r.rows {
			l.w.add(l, &r.rows[i])
		}
	}
	return total
}

type chunkResult struct {
	rows       []pending
	statements int
}

// worker is a linker that shares what was gathered, with memos of its own.
func (l *linker) worker() *linker {
	w := *l
	w.view = l.table.View()
	w.primMemo = make(map[primKey][]prim)
	w.rows = nil
	return &w
}

// take hands over the rows that were added since the last call.
func (l *linker) take() []pending {
	rows := l.rows
	l.rows = make([]pending, 0, cap(rows))
	return rows
}

// flush files the rows added so far.
func (l *linker) flush() {
	for i := range l.rows {
		l.w.add(l, &l.rows[i])
	}
	l.rows = l.rows[:0]
}

// link resolves one statement and adds its sites. in is the wrapper it stands
// in, if any.
func (l *linker) link(s *stmt, in *function) bool {
	if l.files[s.file].UserSpace {
		return false
	}
	found := false
	ps := l.stmtPrims(s)
	for i := range ps {
		p := &ps[i]
		_, outs, format, rest, vaf := l.target(p.callee, s.file)
		if vaf || len(outs) == 0 {
			continue
		}
		if in == nil && len(l.files[s.file].views) == 0 {
			if chunks, ok := l.quickChunks(p, s, format); ok {
				ops := p.operands(s, format)
				if format < len(ops) {
					found = l.linkFormat(s, chunks, ops, outs, rest, context{file: s.file, fn: s.fn, line: s.line, from: -1}) || found
				}
				continue
			}
		}
		ops := p.operands(s, -1)
		if format >= len(ops) {
			continue
		}
		if in != nil {
			if _, hands := l.passes(in, s, ops, format, rest, vaf, in.buffers()); hands {
				continue
			}
		}
		for _, from := range l.views(s.file) {
			ctx := context{file: s.file, fn: s.fn, line: s.line, from: from}
			found = l.linkPrim(s, ops, outs, format, rest, ctx) || found
		}
	}
	return found
}

// quickChunks evaluates the format of a statement the quick way, if it has one.
func (l *linker) quickChunks(p *prim, s *stmt, format int) ([]chunk, bool) {
	if p.form == nil {
		return nil, false
	}
	if p.form.state == 0 {
		l.prepare(p, format, context{file: s.file, line: s.line, from: -1})
	}
	if p.form.state != formQuick {
		return nil, false
	}
	return l.quick(p.form, s)
}

// linkPrim resolves one call of a printing function that a statement comes to.
func (l *linker) linkPrim(s *stmt, ops []operand, outs []out, format, rest int, ctx context) bool {
	ops = l.splice(ops, format, ctx)
	chunks, _, variants := l.evalVariant(ops[format].tokens(), ctx, 0)
	found := l.linkFormat(s, chunks, ops, outs, rest, ctx)
	for v := 1; v < variants; v++ {
		other, _, _ := l.evalVariant(ops[format].tokens(), ctx, v)
		if !slices.Equal(chunks, other) {
			found = l.linkFormat(s, other, ops, outs, rest, ctx) || found
		}
	}
	return found
}

// linkFormat adds the sites of a statement whose format is chunks.
func (l *linker) linkFormat(s *stmt, chunks []chunk, ops []operand, outs []out, rest int, ctx context) bool {
	elems, level := elements(chunks)
	if !substantial(elems) {
		return false
	}
	inner := out{elems: elems, level: level}
	inner.args = alignArgs(elems, slices.Clone(ops[min(rest, len(ops)):]))
	passing := 0
	for i := range outs {
		if outs[i].place == nil {
			passing++
		}
	}
	for i := range outs {
		o := &outs[i]
		if o.place != nil && passing > 0 && ownText(o) >= 6 {
			continue // the generic site is distinctive enough
		}
		final := compose(*o, ops, inner)
		l.finish(&final, s, ctx)
	}
	return true
}
