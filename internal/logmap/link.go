package logmap

// The linker: from the facts of all files to the map of print statements. It
// runs at the end of each index run and reads no source.

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"dekho/internal/lang/c"
	"dekho/internal/lang/logfacts"
	"dekho/internal/logmap/pattern"
)

// Input is what the linker reads: the files of a tree with their facts.
type Input interface {
	// NumFiles is the number of files; they are numbered from 0.
	NumFiles() int
	// Path is the slash-separated path of a file in the tree.
	Path(file int) string
	// LogFacts is the blob the extractor left for the file (package
	// logfacts). It must stay valid and unchanged while the linker runs.
	LogFacts(file int) ([]byte, error)
	// Includes lists the headers a file names in #include, as written.
	Includes(file int) []string
}

// fileInfo is what the linker knows of a file.
type fileInfo struct {
	path      string
	dir       string // with the slash at its end, "" at the top
	arch      string // X of arch/X/
	header    bool
	userSpace bool // tools, scripts: not part of the kernel
	shared    bool // part of several modules
	driver    bool // registers a driver
	includes  atomic.Pointer[[]int32]
	views     []int32 // of a header: see linker.views
	module    string  // KBUILD_MODNAME, "" when not known
	symbol    string  // Kconfig symbol that builds it, "y" if always
	names     []string
	out       int32 // number in the map, +1
}

type linker struct {
	in        Input
	files     []fileInfo
	byPath    map[string]int32
	byBase    map[string][]int32
	macros    map[string]*nameDefs
	funcs     map[string][]*function
	stmts     []stmt
	fileScope []stmt
	printing  map[string]bool
	names     []string         // of macros and printing functions
	numbers   map[string]int32 // their indexes in names
	users     [][]int32        // by number: the names whose definitions mention it
	dirSymbol map[string]string
	visMemo   map[string][]*macro
	visFile   int32
	primMemo  map[primKey][]prim
	presets   map[string][]*macro // memo of reach
	seenAt    []int32             // scratch of reach: the search that saw a file last
	seenGen   int32
	queue     []int32
	rows      []pending // sites found and not filed yet

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

// Link resolves the print statements of a tree and writes the map for Open.
func Link(in Input, w io.Writer) (Stats, error) {
	l := &linker{
		in:        in,
		byPath:    make(map[string]int32, in.NumFiles()),
		byBase:    make(map[string][]int32),
		macros:    make(map[string]*nameDefs, 1<<17),
		funcs:     make(map[string][]*function),
		printing:  make(map[string]bool, 1<<14),
		dirSymbol: make(map[string]string),
		visMemo:   make(map[string][]*macro),
		visFile:   -1,
		primMemo:  make(map[primKey][]prim),
		presets:   make(map[string][]*macro),
		w:         newWriter(),
	}
	l.w.linker = l
	if err := l.gather(); err != nil {
		return Stats{}, err
	}
	l.closure()
	l.findViews()
	l.generated()
	var st Stats
	names := slices.Sorted(maps.Keys(l.funcs))
	for _, name := range names {
		for _, f := range l.funcs[name] {
			if outs := l.outsOf(f); len(outs) > 0 {
				st.Wrappers++
				l.generic(f, outs)
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
	w.visMemo = make(map[string][]*macro)
	w.visFile = -1
	w.primMemo = make(map[primKey][]prim)
	w.presets = make(map[string][]*macro)
	w.seenAt = make([]int32, len(l.files))
	w.seenGen, w.queue, w.rows = 0, nil, nil
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

// userSpaceDirs hold programs and texts that are not part of the kernel.
var userSpaceDirs = [...]string{"tools/", "scripts/", "Documentation/", "usr/"}

// gather reads the facts of all files.
func (l *linker) gather() error {
	n := l.in.NumFiles()
	l.files = make([]fileInfo, n)
	l.seenAt = make([]int32, n)
	for i := range n {
		p := l.in.Path(i)
		fi := &l.files[i]
		fi.path = p
		slash := strings.LastIndexByte(p, '/')
		fi.dir = p[:slash+1]
		fi.header = strings.HasSuffix(p, ".h")
		if rest, ok := strings.CutPrefix(p, "arch/"); ok {
			fi.arch, _, _ = strings.Cut(rest, "/")
			if strings.HasPrefix(rest, "x86/um/") {
				fi.arch = "um"
			}
		}
		for _, d := range userSpaceDirs {
			fi.userSpace = fi.userSpace || strings.HasPrefix(p, d)
		}
		l.byPath[p] = int32(i)
		if fi.header {
			l.byBase[p[slash+1:]] = append(l.byBase[p[slash+1:]], int32(i))
		}
	}
	for i := range n {
		blob, err := l.in.LogFacts(i)
		if err != nil {
			return fmt.Errorf("facts of %s: %w", l.files[i].path, err)
		}
		if len(blob) == 0 {
			continue
		}
		if err := l.read(int32(i), blob); err != nil {
			return fmt.Errorf("facts of %s: %w", l.files[i].path, err)
		}
	}
	return nil
}

func (l *linker) read(file int32, blob []byte) error {
	r := logfacts.NewReader(blob)
	var wrapper *function
	fn, inFunc := "", false
	for rec := r.Next(); rec != nil; rec = r.Next() {
		switch rec.Tag {
		case logfacts.TagMacro:
			name := stringOf(rec.Name)
			if l.files[file].userSpace {
				continue // seen by its own kind only, which is not linked
			}
			m := newMacro(file, rec.Line, name, rec.Flags&logfacts.FlagFunctionLike != 0, stringOf(rec.Params), stringOf(rec.Body))
			m.guarded = rec.Flags&logfacts.FlagGuarded != 0
			m.global = rec.Flags&logfacts.FlagVariable != 0 && rec.Flags&logfacts.FlagStatic == 0
			d := l.macros[name]
			if d == nil {
				d = new(nameDefs)
				l.macros[name] = d
			}
			d.all = append(d.all, m)
		case logfacts.TagFunc:
			fn, inFunc = stringOf(rec.Name), true
			if rec.Flags&logfacts.FlagFormat != 0 {
				f := &function{name: fn, file: file, line: rec.Line, static: rec.Flags&logfacts.FlagStatic != 0}
				if f.parseParams(stringOf(rec.Params)) {
					wrapper = f
					l.funcs[fn] = append(l.funcs[fn], f)
				}
			}
		case logfacts.TagFuncEnd:
			fn, inFunc, wrapper = "", false, nil
		case logfacts.TagStmt:
			s := stmt{file: file, line: rec.Line, fn: fn, callee: stringOf(rec.Name), odd: rec.Flags&logfacts.FlagOdd != 0}
			if len(rec.Args) > 0 {
				s.args = make([]string, len(rec.Args))
				for i, a := range rec.Args {
					s.args[i] = stringOf(a)
				}
			}
			switch {
			case wrapper != nil:
				wrapper.stmts = append(wrapper.stmts, s)
			case !inFunc:
				l.fileScope = append(l.fileScope, s)
			default:
				l.stmts = append(l.stmts, s)
			}
		case logfacts.TagName:
			l.files[file].names = append(l.files[file].names, stringOf(rec.Name))
		case logfacts.TagDriver:
			l.files[file].driver = true
		case logfacts.TagKbuild:
			l.applyKbuild(l.files[file].dir, stringOf(rec.Body))
		}
	}
	return r.Err()
}

// closure finds every name that may lead to a print: from the roots upwards
// through macros and format-taking functions that mention a printing name.
func (l *linker) closure() {
	// Names get numbers, in the order of their spelling so that equal trees
	// are linked alike.
	names := make([]string, 0, len(l.macros)+len(l.funcs)+len(roots))
	for name, d := range l.macros {
		d.index(l)
		names = append(names, name)
	}
	add := func(name string) {
		if l.macros[name] == nil {
			names = append(names, name)
		}
	}
	for name := range l.funcs {
		add(name)
	}
	for name := range roots {
		if len(l.funcs[name]) == 0 {
			add(name)
		}
	}
	for i := range l.fileScope {
		if s := &l.fileScope[i]; len(s.args) > 0 && len(l.funcs[s.args[0]]) == 0 && !isRoot(s.args[0]) {
			add(s.args[0])
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	l.names = names
	l.numbers = make(map[string]int32, len(names))
	for i, name := range names {
		l.numbers[name] = int32(i)
	}
	l.users = make([][]int32, len(names))

	workers := max(1, min(runtime.GOMAXPROCS(0), 8))
	found := make([][]mention, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			found[w] = l.mentions(len(names)*w/workers, len(names)*(w+1)/workers)
		})
	}
	wg.Wait()
	for _, ms := range found {
		for _, m := range ms {
			if us := l.users[m.name]; len(us) == 0 || us[len(us)-1] != m.user {
				l.users[m.name] = append(us, m.user)
			}
		}
	}

	var queue []int32
	seen := make([]bool, len(names))
	mark := func(n int32) {
		if !seen[n] {
			seen[n] = true
			l.printing[names[n]] = true
			queue = append(queue, n)
		}
	}
	for r := range roots {
		mark(l.numbers[r])
	}
	for len(queue) > 0 {
		n := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, u := range l.users[n] {
			mark(u)
		}
	}
}

// mention says that the definition of user mentions name.
type mention struct{ name, user int32 }

// mentions finds what the definitions of names[from:end] mention.
func (l *linker) mentions(from, end int) []mention {
	var out []mention
	var ls []c.Lexeme
	for user := from; user < end; user++ {
		name := l.names[user]
		if d := l.macros[name]; d != nil {
			for _, m := range d.all {
				if !m.function && (len(m.body) > 200 || m.body == "" || !identByte(m.body[0])) {
					continue
				}
				ls = c.AppendLexemes(ls[:0], bytesOf(m.body))
				for i := range ls {
					if ls[i].Kind == c.Ident {
						if n, ok := l.numbers[stringOf(ls[i].Text)]; ok {
							out = append(out, mention{n, int32(user)})
						}
					}
				}
			}
		}
		for _, f := range l.funcs[name] {
			if l.files[f.file].userSpace {
				continue
			}
			for i := range f.stmts {
				if n, ok := l.numbers[f.stmts[i].callee]; ok {
					out = append(out, mention{n, int32(user)})
				}
			}
		}
	}
	if from == 0 {
		for i := range l.fileScope {
			s := &l.fileScope[i]
			if len(s.args) == 0 || l.files[s.file].userSpace {
				continue
			}
			if n, ok := l.numbers[s.callee]; ok {
				out = append(out, mention{n, l.numbers[s.args[0]]})
			}
		}
	}
	return out
}

// generated adds the functions that macros used at file scope define:
// define_dev_printk_level(_dev_err, KERN_ERR).
func (l *linker) generated() {
	for i := range l.fileScope {
		s := &l.fileScope[i]
		if !l.printing[s.callee] {
			continue
		}
		for _, m := range l.visible(s.callee, s.file) {
			if !m.function || !strings.Contains(m.body, "{") || !strings.Contains(m.body, "...") {
				continue
			}
			args := make([][]tok, len(s.args))
			for n, a := range s.args {
				args[n] = lexText(nil, a)
			}
			if f := functionIn(m.substitute(args), s); f != nil {
				l.funcs[f.name] = append(l.funcs[f.name], f)
				l.printing[f.name] = true
			}
		}
	}
}

// functionIn reads a function definition out of expanded tokens.
func functionIn(ts []tok, at *stmt) *function {
	for i := 0; i+1 < len(ts); i++ {
		if ts[i].kind != c.Ident || ts[i+1].kind != c.Open {
			continue
		}
		args, next, ok := group(ts, i+1)
		if !ok || next >= len(ts) || ts[next].text != "{" {
			continue
		}
		params := make([]string, len(args))
		for n, a := range args {
			o := operand{toks: a}
			params[n] = o.source()
			if len(a) > 0 && a[len(a)-1].kind == c.Ident && len(a) > 1 {
				params[n] = strings.TrimSuffix(params[n], a[len(a)-1].text) + " " + a[len(a)-1].text
			}
		}
		f := &function{name: ts[i].text, file: at.file, line: at.line}
		if !f.parseParams(strings.Join(params, ",")) {
			return nil
		}
		for j := next; j+1 < len(ts); j++ {
			if ts[j].kind != c.Ident || ts[j+1].kind != c.Open {
				continue
			}
			args, _, ok := group(ts, j+1)
			if !ok {
				continue
			}
			s := stmt{file: at.file, line: at.line, fn: f.name, callee: ts[j].text}
			for _, a := range args {
				o := operand{toks: a}
				s.args = append(s.args, o.source())
			}
			f.stmts = append(f.stmts, s)
		}
		return f
	}
	return nil
}

// generic adds the places inside a wrapper as sites of their own, with unknown
// text in the hole: for callers that could not be resolved.
func (l *linker) generic(f *function, outs []out) {
	for i := range outs {
		o := &outs[i]
		if o.place == nil || ownText(o) < 4 {
			continue
		}
		elems := slices.Clone(o.elems)
		args := make([]string, 0, len(o.args))
		for j := range elems {
			if elems[j].Kind == pattern.VaFormat && len(elems[j].Text) == 0 {
				elems[j].Kind = pattern.Any
			}
		}
		for j := range o.args {
			args = append(args, paramText(&o.args[j]))
		}
		l.addSite(elems, args, o.level, o.place, nil, flagGeneric)
	}
}

// paramText is an operand of a wrapper for display.
func paramText(o *operand) string {
	ts := slices.Clone(o.toks)
	for i := range ts {
		if ts[i].kind == tokParam {
			ts[i].kind = c.Ident
		}
	}
	return (&operand{toks: ts, text: o.text}).source()
}

// ownText counts the letters of a way to print that do not come from callers.
func ownText(o *out) int {
	n := 0
	for i := range o.elems {
		if o.elems[i].Kind == pattern.Literal {
			for _, b := range o.elems[i].Text {
				if identByte(b) {
					n++
				}
			}
		}
	}
	return n
}

// link resolves one statement and adds its sites. in is the wrapper it stands
// in, if any.
func (l *linker) link(s *stmt, in *function) bool {
	if l.files[s.file].userSpace {
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

// views are the files from whose point of view a file's statements are read:
// none for a C file; for a header that few files include, those, since their
// pr_fmt and other macros reach into it.
func (l *linker) views(file int32) []int32 {
	if v := l.files[file].views; len(v) > 0 {
		return v
	}
	return noViews
}

var noViews = []int32{-1}

// maxViews bounds the files a header is read from: beyond it is a common
// header, whose prints have common prefixes.
const maxViews = 4

// findViews notes for headers with statements which C files include them.
func (l *linker) findViews() {
	wanted := make(map[int32]bool)
	bases := make(map[string]bool)
	want := func(f int32) {
		if fi := &l.files[f]; fi.header && !fi.userSpace && !wanted[f] {
			wanted[f] = true
			bases[fi.path[len(fi.dir):]] = true
		}
	}
	for i := range l.stmts {
		if l.printing[l.stmts[i].callee] {
			want(l.stmts[i].file)
		}
	}
	// Through private headers too: i8042.c includes i8042.h, which includes
	// i8042-acpipnpio.h.
	above := make(map[int32][]int32)
	for i := range l.files {
		fi := &l.files[i]
		if fi.userSpace || !fi.header && !strings.HasSuffix(fi.path, ".c") {
			continue
		}
		for _, inc := range l.in.Includes(i) {
			if !bases[inc[strings.LastIndexByte(inc, '/')+1:]] {
				continue
			}
			if h, ok := l.resolveInclude(fi, inc); ok && wanted[h] {
				if fi.header {
					above[h] = append(above[h], int32(i))
					continue
				}
				l.files[h].views = append(l.files[h].views, int32(i))
			}
		}
	}
	for h, mids := range above {
		if len(mids) > maxViews || strings.HasPrefix(l.files[h].path, "include/") {
			continue
		}
		for _, mid := range mids {
			base := l.files[mid].path[len(l.files[mid].dir):]
			for i := range l.files {
				fi := &l.files[i]
				if fi.header || fi.dir != l.files[mid].dir || !strings.HasSuffix(fi.path, ".c") {
					continue
				}
				for _, inc := range l.in.Includes(i) {
					if inc == base {
						l.files[h].views = append(l.files[h].views, int32(i))
					}
				}
			}
		}
	}
	for h := range wanted {
		if len(l.files[h].views) > maxViews {
			l.files[h].views = nil
		}
	}
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
	elems, level := elements(nil, chunks)
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

// splice expands macros in the format that bring arguments along:
// #define pr_fmt(fmt) "%s: " fmt, __func__
func (l *linker) splice(ops []operand, format int, ctx context) []operand {
	for range 3 {
		ts := ops[format].tokens()
		expanded := false
		for i := 0; i+1 < len(ts); i++ {
			if ts[i].kind != c.Ident || ts[i+1].kind != c.Open {
				continue
			}
			args, next, ok := group(ts, i+1)
			if !ok {
				break
			}
			for _, m := range l.visible(ts[i].text, ctx.file) {
				if !m.function {
					continue
				}
				if !m.commas() {
					break
				}
				all := slices.Concat([]tok{{kind: c.Open}}, ts[:i], m.substitute(args), ts[next:], []tok{{kind: c.Close}})
				parts, _, ok := group(all, 0)
				if !ok || len(parts) == 0 {
					break
				}
				out := slices.Clone(ops[:format])
				for _, p := range parts {
					out = append(out, operand{toks: p})
				}
				ops = append(out, ops[format+1:]...)
				expanded = true
				break
			}
			if expanded {
				break
			}
			i = next - 1
		}
		if !expanded {
			break
		}
	}
	return ops
}

// commas reports whether the body of m has commas outside parentheses.
func (m *macro) commas() bool {
	depth := 0
	for _, t := range m.tokens() {
		switch t.kind {
		case c.Open:
			depth++
		case c.Close:
			depth--
		case c.Comma:
			if depth == 0 {
				return true
			}
		}
	}
	return false
}

// alignArgs gives each conversion one argument: those of `*` are dropped, Any
// gets an empty one.
func alignArgs(elems []pattern.Elem, args []operand) []operand {
	out := make([]operand, 0, len(args))
	next := 0
	for i := range elems {
		e := &elems[i]
		if !e.Kind.IsConversion() {
			continue
		}
		var op operand
		if e.Kind != pattern.Any {
			for n := e.Args(); n > 0 && next < len(args); n-- {
				op = args[next]
				next++
			}
		}
		out = append(out, op)
	}
	return out
}

// substantial reports whether elements say more than blanks and "some text".
func substantial(elems []pattern.Elem) bool {
	for i := range elems {
		switch elems[i].Kind {
		case pattern.Any:
		case pattern.Literal:
			if len(strings.TrimSpace(string(elems[i].Text))) > 0 {
				return true
			}
		default:
			return true
		}
	}
	return false
}

// finish folds constant arguments into the text and adds the sites.
func (l *linker) finish(o *out, s *stmt, ctx context) {
	elems := make([]pattern.Elem, 0, len(o.elems))
	args := make([]string, 0, len(o.args))
	arg := 0
	level := o.level
	for _, e := range o.elems {
		if !e.Kind.IsConversion() {
			elems = append(elems, e)
			continue
		}
		var op operand
		if arg < len(o.args) {
			op = o.args[arg]
		}
		arg++
		if len(elems) == 0 && e.Kind == pattern.String && levelName(&op) {
			continue // a level prefix handed down
		}
		if chunks, ok := l.constant(&op, e, ctx); ok {
			for _, ch := range chunks {
				if ch.unknown {
					elems = append(elems, pattern.Elem{Kind: pattern.Any})
					args = append(args, op.source())
					continue
				}
				text := ch.text
				if len(elems) == 0 || len(elems) == 1 && elems[0].Kind == pattern.Literal && len(elems[0].Text) == 0 {
					text, level = cutLevel(text, level)
				}
				elems = append(elems, pattern.Elem{Kind: pattern.Literal, Text: bytesOf(text)})
			}
			continue
		}
		elems = append(elems, e)
		args = append(args, op.source())
	}
	elems, args = mergeStrings(elems, args)
	var said *stmt
	place := s
	if o.place != nil && !l.common(s) {
		place, said = o.place, s
	}
	l.addSite(elems, args, level, place, said, 0)
}

// mergeStrings replaces long runs of plain %s ("%s%s%s%s%s%s", flags spelled
// out one by one) by one piece of unknown text: nothing tells them apart.
func mergeStrings(elems []pattern.Elem, args []string) ([]pattern.Elem, []string) {
	const long = 5
	plain := func(e *pattern.Elem) bool { return e.Kind == pattern.String && e.Width == 0 }
	runs, run := 0, 0
	for i := range elems {
		if plain(&elems[i]) {
			if run++; run == long {
				runs++
			}
		} else {
			run = 0
		}
	}
	if runs == 0 {
		return elems, args
	}
	var out []pattern.Elem
	var outArgs []string
	arg := 0
	for i := 0; i < len(elems); {
		n := i
		for n < len(elems) && plain(&elems[n]) {
			n++
		}
		switch {
		case n-i >= long:
			out = append(out, pattern.Elem{Kind: pattern.Any})
			last := min(arg+n-i, len(args))
			outArgs = append(outArgs, strings.Join(args[min(arg, last):last], " "))
			arg += n - i
			i = n
		default:
			out = append(out, elems[i])
			if elems[i].Kind.IsConversion() {
				if arg < len(args) {
					outArgs = append(outArgs, args[arg])
				}
				arg++
			}
			i++
		}
	}
	return out, outArgs
}

// levelName reports whether an argument is named like a log level that callers
// hand down as text: printk("%sCall Trace:\n", log_lvl).
func levelName(op *operand) bool {
	name, _ := op.name()
	switch name {
	case "log_lvl", "loglvl", "level", "lvl", "log_level", "loglevel", "kern_level", "printk_level", "klevel":
		return true
	}
	return false
}

// common reports whether a statement calls one of the macros that every print
// goes through (pr_err, dev_info): then the statement itself is what printed,
// whatever functions handed it on.
func (l *linker) common(s *stmt) bool {
	for _, m := range l.visible(s.callee, s.file) {
		switch l.files[m.file].path {
		case "include/linux/printk.h", "include/linux/kernel.h", "include/linux/dev_printk.h", "include/linux/device.h", "include/linux/dynamic_debug.h":
			return true
		}
	}
	return false
}

// constant is the text a conversion prints when its argument is known at build
// time, at least in part: __func__, a string macro, __LINE__, linux_banner.
func (l *linker) constant(op *operand, e pattern.Elem, ctx context) ([]chunk, bool) {
	if e.Width != 0 || e.Flags&pattern.HasPrec != 0 {
		return nil, false
	}
	switch e.Kind {
	case pattern.String:
		if op.toks == nil && !maybeText(op.text) {
			return nil, false
		}
		ts := op.tokens()
		if len(ts) == 0 || len(ts) > 12 {
			return nil, false
		}
		chunks, ok := l.eval(ts, ctx)
		if ok {
			return chunks, true
		}
		letters := 0
		for _, ch := range chunks {
			letters += len(strings.TrimSpace(ch.text))
		}
		return chunks, letters >= 4 && len(ts) == 1
	case pattern.Int, pattern.Uint:
		if name, _ := op.name(); name == "__LINE__" {
			return []chunk{{text: fmt.Sprint(ctx.line)}}, true
		}
	}
	return nil, false
}

// maybeText reports whether an argument can be a string constant, by its look:
// most are members, calls or variables in lower case.
func maybeText(arg string) bool {
	for i := 0; i < len(arg); i++ {
		switch arg[i] {
		case '"':
			return true
		case '>', '.', '[', '?', '+', '*':
			return false
		}
	}
	return arg != ""
}

// addSite files the lines of a format under its statement.
func (l *linker) addSite(elems []pattern.Elem, args []string, level int, place, said *stmt, flags uint32) {
	lines := splitLines(elems)
	for part, ln := range lines {
		if ln.empty() {
			continue
		}
		f := flags
		if part > 0 {
			f |= flagLater
		}
		if level == 'c' {
			f |= flagCont
		}
		if place.odd {
			f |= flagOdd
		}
		l.rows = append(l.rows, newPending(ln, args, level, place, said, f, part))
	}
}

// formatLine is one line of a format.
type formatLine struct {
	elems    []pattern.Elem
	firstArg int
	open     bool // does not end in a newline
}

func (f *formatLine) empty() bool {
	for i := range f.elems {
		if f.elems[i].Kind != pattern.Literal || len(strings.TrimSpace(string(f.elems[i].Text))) > 0 {
			return false
		}
	}
	return true
}

// splitLines cuts elements at newlines: printk puts its prefix before each
// line of a record, so each is a line of the log.
func splitLines(elems []pattern.Elem) []formatLine {
	if line, ok := oneLine(elems); ok {
		return []formatLine{line}
	}
	var out []formatLine
	cur := formatLine{open: true}
	arg := 0
	for _, e := range elems {
		if e.Kind != pattern.Literal {
			cur.elems = append(cur.elems, e)
			arg++
			continue
		}
		text := string(e.Text)
		for {
			line, rest, nl := strings.Cut(text, "\n")
			if line != "" {
				cur.elems = append(cur.elems, pattern.Elem{Kind: pattern.Literal, Text: []byte(line)})
			}
			if !nl {
				break
			}
			cur.open = false
			out = append(out, cur)
			cur = formatLine{open: true, firstArg: arg}
			text = rest
		}
	}
	if len(cur.elems) > 0 {
		out = append(out, cur)
	}
	return out
}

// oneLine is the usual case: the only newline is the last byte.
func oneLine(elems []pattern.Elem) (formatLine, bool) {
	for i := range elems {
		if elems[i].Kind != pattern.Literal {
			continue
		}
		if nl := bytes.IndexByte(elems[i].Text, '\n'); nl >= 0 {
			if i != len(elems)-1 || nl != len(elems[i].Text)-1 {
				return formatLine{}, false
			}
			elems[i].Text = elems[i].Text[:nl]
			return formatLine{elems: elems}, true
		}
	}
	return formatLine{elems: elems, open: true}, true
}

// sortSites orders the sites of a map: by pattern, then place.
func sortSites(sites []siteRow) {
	slices.SortFunc(sites, func(a, b siteRow) int {
		return cmp.Or(cmp.Compare(a[colPattern], b[colPattern]), cmp.Compare(a[colFile], b[colFile]),
			cmp.Compare(a[colLine], b[colLine]), cmp.Compare(a[colSaidFile], b[colSaidFile]), cmp.Compare(a[colSaidLine], b[colSaidLine]))
	})
}
