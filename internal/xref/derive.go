package xref

import (
	"errors"
	"fmt"
	bits64 "math/bits"
	"runtime"
	"slices"
	"strings"
	"sync"

	"dekho/internal/lang"
	"dekho/internal/lang/linkfacts"
	"dekho/internal/macro"
)

// siteUse is a use of a macro at file scope that makes or calls something.
type siteUse struct {
	file int32
	line uint32
	tmpl *template
	args string // the words that are part of names, see splitArgs
}

// derived is what the uses of a run of files come to.
type derived struct {
	uses []siteUse
	// renamed are the names that definitions under names of macros have.
	renamed []edge
}

// maxIncluders bounds the files from which a private header or an included C
// file is seen, maxCommonIncluders that for a header in include/.
const (
	maxIncluders       = 16
	maxCommonIncluders = 4
)

// Input is what the linker reads.
type Input interface {
	macro.Input
	// Definitions calls fn for the places that define name, or would if it
	// were no macro, other than #defines.
	Definitions(name string, fn func(file int, line uint32, role lang.Role)) error
}

// linker works out what the macros of a tree make.
type linker struct {
	in        Input
	t         *macro.Table
	includers [][]int32            // by file, of those that are not common headers
	renames   map[int32][]renaming // by file
}

// derive expands the uses of all files on all processors.
func (l *linker) derive() ([]derived, error) {
	l.findIncluders()
	if err := l.findRenames(); err != nil {
		return nil, err
	}
	n := l.in.NumFiles()
	workers := max(1, min(runtime.GOMAXPROCS(0), 8))
	parts := make([]derived, workers)
	errs := make([]error, workers)
	// Interleaved runs, so that the heavy directories are shared.
	const run = 512
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			ts := newTemplates(l.t)
			for from := w * run; from < n && errs[w] == nil; from += workers * run {
				for i := from; i < min(from+run, n) && errs[w] == nil; i++ {
					errs[w] = l.file(int32(i), ts, &parts[w])
				}
			}
		})
	}
	wg.Wait()
	return parts, errors.Join(errs...)
}

// findIncluders notes which files include a file that is not for everyone.
func (l *linker) findIncluders() {
	l.includers = make([][]int32, len(l.t.Files))
	for i := range l.t.Files {
		for _, h := range l.t.Includes(int32(i)) {
			if len(l.includers[h]) <= maxIncluders && !slices.Contains(l.includers[h], int32(i)) {
				l.includers[h] = append(l.includers[h], int32(i))
			}
		}
	}
	for i := range l.includers {
		most := maxIncluders
		if strings.HasPrefix(l.t.Files[i].Path, "include/") {
			most = maxCommonIncluders
		}
		if len(l.includers[i]) > most {
			l.includers[i] = nil
		}
	}
}

// file expands the uses of one file.
func (l *linker) file(file int32, ts *templates, d *derived) error {
	blob, err := l.in.LinkFacts(int(file))
	if err != nil {
		return fmt.Errorf("facts of %s: %w", l.t.Files[file].Path, err)
	}
	for i := range l.renames[file] {
		l.rename(&l.renames[file][i], ts, d)
	}
	r := linkfacts.NewReader(blob)
	for rec := r.Next(); rec != nil; rec = r.Next() {
		if rec.Tag != linkfacts.TagUse {
			continue
		}
		name := string(rec.Name)
		if l.t.Lookup(name) == nil {
			continue
		}
		ts.x.scope = scope{file, -1}
		l.use(name, rec, ts, d)
		for _, in := range l.includers[file] {
			ts.x.scope = scope{file, in}
			l.use(name, rec, ts, d)
		}
	}
	if r.Err() != nil {
		return fmt.Errorf("facts of %s: %w", l.t.Files[file].Path, r.Err())
	}
	return nil
}

// use expands one use as the expander's place sees it.
func (l *linker) use(name string, rec *linkfacts.Record, ts *templates, d *derived) {
	var args [][]macro.Token
	split := false
	defs := ts.x.candidates(name)
	if rec.Flags&linkfacts.FlagCall != 0 {
		defs = ts.x.aliased(defs)
	}
	for _, m := range defs {
		if m.Function != (rec.Flags&linkfacts.FlagCall != 0) {
			continue
		}
		t := ts.of(m, rec.Flags)
		if len(t.items) == 0 && len(t.idents) == 0 {
			continue
		}
		if !split {
			args = macro.Split(string(rec.Params))
			split = true
		}
		for range maxRefine {
			bits := ts.special(t, args)
			if bits == 0 {
				break
			}
			if ts.x.from < 0 && l.fromIncluder(ts.x.file, ts, args, bits) {
				return
			}
			t = ts.refine(t, args, bits)
		}
		if len(t.items) > 0 {
			d.uses = append(d.uses, siteUse{ts.x.file, rec.Line, t, words(t, args)})
		}
	}
}

// words are the arguments that have a part in what a template makes.
func words(t *template, args [][]macro.Token) string {
	var bits uint64
	for i := range t.items {
		bits |= places(t.items[i].name, len(args)) | places(t.items[i].fn, len(args))
	}
	if bits == 0 {
		return ""
	}
	parts := make([]string, bits64.Len64(bits))
	for i := range parts {
		switch w, ok := word(args[i]); {
		case bits>>i&1 == 0:
		case !ok:
			parts[i] = noWord
		default:
			parts[i] = w
		}
	}
	return strings.Join(parts, argSeparator)
}

// fromIncluder reports whether one of the arguments is a macro that those who
// include the file define, and nobody else: what the use makes is known from
// their point of view only.
func (l *linker) fromIncluder(file int32, ts *templates, args [][]macro.Token, bits uint64) bool {
	for i := range args {
		if bits>>i&1 == 0 || len(args[i]) != 1 {
			continue
		}
		d := l.t.Lookup(args[i][0].Text)
		if d == nil || len(ts.x.candidates(args[i][0].Text)) > 0 {
			continue
		}
		for _, in := range l.includers[file] {
			if len(d.Own(in)) > 0 {
				return true
			}
		}
	}
	return false
}

// maxRefine bounds how often a template is refined for one use.
const maxRefine = 4

// special returns the arguments, a bit each, that decide what a use makes: with
// them a macro's name is made, or the name of something defined cannot be told
// from them.
func (ts *templates) special(t *template, args [][]macro.Token) (bits uint64) {
	for i := range min(len(args), maxMarked) {
		if t.named>>i&1 != 0 {
			if _, ok := word(args[i]); !ok {
				bits |= 1 << i
			}
		}
	}
	for _, id := range t.idents {
		var ok bool
		if ts.name, ok = appendFilled(ts.name[:0], id, args); ok && ts.x.t.Defines(ts.name) {
			bits |= places(id, len(args))
		}
	}
	return bits
}

// symbol reports whether a name can be asked for: it is an identifier.
func symbol(name string) bool { return name != "" && (name[0] < '0' || name[0] > '9') }

// asked reports whether a name is one that people ask for: no counter is part
// of it, and it is no entry of the symbol table, which has one for each
// EXPORT_SYMBOL under a name of its own.
func asked(name string) bool {
	return !strings.Contains(name, "__COUNTER__") && !strings.Contains(name, "__LINE__") && !strings.HasPrefix(name, "__ksym")
}
