package logmap

// What the linker gathers before it links: the facts of all files, the names
// that may lead to a print, functions that macros make, and from where headers
// are seen.

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"dekho/internal/lang/c"
	"dekho/internal/lang/linkfacts"
	"dekho/internal/macro"
)

// gather reads the facts of all files.
func (l *linker) gather() error {
	n := l.in.NumFiles()
	l.files = make([]fileInfo, n)
	for i := range n {
		l.files[i].File = &l.table.Files[i]
	}
	workers := max(1, min(runtime.GOMAXPROCS(0), 8))
	parts := make([]facts, workers)
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { errs[w] = l.readAll(n*w/workers, n*(w+1)/workers, &parts[w]) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for i := range parts {
		l.merge(&parts[i])
	}
	l.names = slices.Clone(l.table.Names())
	l.prims = make([]atomic.Pointer[[]prim], l.table.NumDefs())
	l.view = l.table.View()
	return nil
}

// facts are those of a run of files, in their order.
type facts struct {
	funcs     []*function
	stmts     []stmt
	fileScope []stmt
	kbuild    []makefile
}

type makefile struct{ dir, text string }

// readAll reads the facts of the files from up to end.
func (l *linker) readAll(from, end int, f *facts) error {
	for i := from; i < end; i++ {
		blob, err := l.in.LinkFacts(i)
		if err != nil {
			return fmt.Errorf("facts of %s: %w", l.files[i].Path, err)
		}
		if len(blob) == 0 {
			continue
		}
		if err := l.read(int32(i), blob, f); err != nil {
			return fmt.Errorf("facts of %s: %w", l.files[i].Path, err)
		}
	}
	return nil
}

// merge adds the facts of a run of files to those of the files before.
func (l *linker) merge(f *facts) {
	for _, fn := range f.funcs {
		l.funcs[fn.name] = append(l.funcs[fn.name], fn)
	}
	l.stmts = append(l.stmts, f.stmts...)
	l.fileScope = append(l.fileScope, f.fileScope...)
	for _, k := range f.kbuild {
		l.applyKbuild(k.dir, k.text)
	}
}

// read decodes the facts of one file.
func (l *linker) read(file int32, blob []byte, f *facts) error {
	r := linkfacts.NewReader(blob)
	var wrapper *function
	fn, inFunc := "", false
	for rec := r.Next(); rec != nil; rec = r.Next() {
		switch rec.Tag {
		case linkfacts.TagFunc:
			fn, inFunc = stringOf(rec.Name), true
			if rec.Flags&linkfacts.FlagFormat != 0 {
				w := &function{name: fn, file: file, line: rec.Line, static: rec.Flags&linkfacts.FlagStatic != 0}
				if w.parseParams(stringOf(rec.Params)) {
					wrapper = w
					f.funcs = append(f.funcs, w)
				}
			}
		case linkfacts.TagFuncEnd:
			fn, inFunc, wrapper = "", false, nil
		case linkfacts.TagStmt:
			s := stmt{file: file, line: rec.Line, fn: fn, callee: stringOf(rec.Name), odd: rec.Flags&linkfacts.FlagOdd != 0}
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
				f.fileScope = append(f.fileScope, s)
			default:
				f.stmts = append(f.stmts, s)
			}
		case linkfacts.TagName:
			l.files[file].names = append(l.files[file].names, stringOf(rec.Name))
		case linkfacts.TagDriver:
			l.files[file].driver = true
		case linkfacts.TagKbuild:
			f.kbuild = append(f.kbuild, makefile{l.files[file].Dir, stringOf(rec.Body)})
		}
	}
	return r.Err()
}

// closure finds every name that may lead to a print: from the roots upwards
// through macros and format-taking functions that mention a printing name.
func (l *linker) closure() {
	// Macros have numbers in the order in which they were met; what else
	// prints gets them behind, in the order of the spelling, so that equal
	// trees are linked alike.
	var others []string
	for name := range l.funcs {
		others = append(others, name)
	}
	for name := range roots {
		others = append(others, name)
	}
	for i := range l.fileScope {
		if s := &l.fileScope[i]; len(s.args) > 0 {
			others = append(others, s.args[0])
		}
	}
	slices.Sort(others)
	l.numbers = make(map[string]int32)
	for _, name := range slices.Compact(others) {
		if l.table.Lookup(name) == nil {
			l.numbers[name] = int32(len(l.names))
			l.names = append(l.names, name)
		}
	}
	names := l.names
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
		if n, ok := l.number(r); ok {
			mark(n)
		}
	}
	for len(queue) > 0 {
		n := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, u := range l.users[n] {
			mark(u)
		}
	}
}

// number is that of a name that can have one.
func (l *linker) number(name string) (int32, bool) {
	if d := l.table.Lookup(name); d != nil {
		return d.Number, true
	}
	n, ok := l.numbers[name]
	return n, ok
}

// mention says that the definition of user mentions name.
type mention struct{ name, user int32 }

// mentions finds what the definitions of names[from:end] mention.
func (l *linker) mentions(from, end int) []mention {
	var out []mention
	var ls []c.Lexeme
	for user := from; user < end; user++ {
		name := l.names[user]
		if d := l.table.Lookup(name); d != nil {
			for _, m := range d.All {
				if l.files[m.File].UserSpace {
					continue // seen by its own kind only, which is not linked
				}
				if !m.Function && (len(m.Body) > 200 || m.Body == "" || !identByte(m.Body[0])) {
					continue
				}
				ls = c.AppendLexemes(ls[:0], bytesOf(m.Body))
				for i := range ls {
					if ls[i].Kind == c.Ident {
						if n, ok := l.number(stringOf(ls[i].Text)); ok {
							out = append(out, mention{n, int32(user)})
						}
					}
				}
			}
		}
		for _, f := range l.funcs[name] {
			if l.files[f.file].UserSpace {
				continue
			}
			for i := range f.stmts {
				if n, ok := l.number(f.stmts[i].callee); ok {
					out = append(out, mention{n, int32(user)})
				}
			}
		}
	}
	if from == 0 {
		for i := range l.fileScope {
			s := &l.fileScope[i]
			if len(s.args) == 0 || l.files[s.file].UserSpace {
				continue
			}
			n, ok := l.number(s.callee)
			user, known := l.number(s.args[0])
			if ok && known {
				out = append(out, mention{n, user})
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
		for _, m := range l.view.Visible(s.callee, s.file) {
			if !m.Function || !strings.Contains(m.Body, "{") || !strings.Contains(m.Body, "...") {
				continue
			}
			args := make([][]macro.Token, len(s.args))
			for n, a := range s.args {
				args[n] = macro.Lex(nil, a)
			}
			if f := functionIn(m.Substitute(args), s); f != nil {
				l.funcs[f.name] = append(l.funcs[f.name], f)
				l.printing[f.name] = true
			}
		}
	}
}

// functionIn reads a function definition out of expanded tokens.
func functionIn(ts []macro.Token, at *stmt) *function {
	for i := 0; i+1 < len(ts); i++ {
		if ts[i].Kind != c.Ident || ts[i+1].Kind != c.Open {
			continue
		}
		args, next, ok := macro.Group(ts, i+1)
		if !ok || next >= len(ts) || ts[next].Text != "{" {
			continue
		}
		params := make([]string, len(args))
		for n, a := range args {
			o := operand{toks: a}
			params[n] = o.source()
			if len(a) > 0 && a[len(a)-1].Kind == c.Ident && len(a) > 1 {
				params[n] = strings.TrimSuffix(params[n], a[len(a)-1].Text) + " " + a[len(a)-1].Text
			}
		}
		f := &function{name: ts[i].Text, file: at.file, line: at.line}
		if !f.parseParams(strings.Join(params, ",")) {
			return nil
		}
		for j := next; j+1 < len(ts); j++ {
			if ts[j].Kind != c.Ident || ts[j+1].Kind != c.Open {
				continue
			}
			args, _, ok := macro.Group(ts, j+1)
			if !ok {
				continue
			}
			s := stmt{file: at.file, line: at.line, fn: f.name, callee: ts[j].Text}
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
		if fi := &l.files[f]; fi.Header && !fi.UserSpace && !wanted[f] {
			wanted[f] = true
			bases[fi.Path[len(fi.Dir):]] = true
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
		if fi.UserSpace || !fi.Header && !strings.HasSuffix(fi.Path, ".c") {
			continue
		}
		for _, inc := range l.in.Includes(i) {
			if !bases[inc[strings.LastIndexByte(inc, '/')+1:]] {
				continue
			}
			if h, ok := l.table.ResolveInclude(fi.File, inc); ok && wanted[h] {
				if fi.Header {
					above[h] = append(above[h], int32(i))
					continue
				}
				l.files[h].views = append(l.files[h].views, int32(i))
			}
		}
	}
	for h, mids := range above {
		if len(mids) > maxViews || strings.HasPrefix(l.files[h].Path, "include/") {
			continue
		}
		for _, mid := range mids {
			base := l.files[mid].Path[len(l.files[mid].Dir):]
			for i := range l.files {
				fi := &l.files[i]
				if fi.Header || fi.Dir != l.files[mid].Dir || !strings.HasSuffix(fi.Path, ".c") {
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
		slices.Sort(l.files[h].views)
		l.files[h].views = slices.Compact(l.files[h].views)
		if len(l.files[h].views) > maxViews {
			l.files[h].views = nil
		}
	}
}
