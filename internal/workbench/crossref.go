package workbench

// The questions of a cross-reference browser, those of cscope: about a name or a
// regular expression over names, answered line by line. They are coarser than
// the other use cases: a line that has a name is one answer, whatever the name
// does there.

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/source"
)

// CrossQuery is a question, by the number that cscope gives it.
type CrossQuery int

// The questions. There is no number 5: that one changes text.
const (
	CrossSymbol      CrossQuery = 0 // where a name stands
	CrossDefinition  CrossQuery = 1 // where it is defined
	CrossCallees     CrossQuery = 2 // what a function or macro of the name calls
	CrossCallers     CrossQuery = 3 // what calls it
	CrossText        CrossQuery = 4 // lines with a text
	CrossPattern     CrossQuery = 6 // lines that match a regular expression
	CrossFile        CrossQuery = 7 // files whose path matches
	CrossIncluders   CrossQuery = 8 // #includes whose path matches
	CrossAssignments CrossQuery = 9 // where a name gets a value
)

// CrossOptions choose how patterns are understood.
type CrossOptions struct {
	// IgnoreCase takes upper and lower case of letters for the same.
	IgnoreCase bool
}

// CrossLine is a line that answers a question.
type CrossLine struct {
	Path string
	Line uint32 // 1-based
	// Function is the function or macro that the line is in, "" for none. Of
	// CrossDefinition it is the name defined, of CrossCallees what is called.
	Function string
	// Text is the line as it is, "" of CrossFile.
	Text string
	// Note says how what is asked for is there if the text does not show it:
	// "through struct file_operations.read, type-matched".
	Note string
}

// maxCrossNames bounds the names that a regular expression may stand for.
const maxCrossNames = 20000

// CrossReference answers a question, calling emit for each line: the best first
// of CrossDefinition and CrossFile, calls that spell the name out first of
// CrossCallers, and otherwise by path and line. Patterns of CrossText are
// literal; those over names, paths and lines are extended regular expressions,
// those over names anchored at both ends. A pattern that is none is a
// *UsageError. An error from emit ends it.
func (t *Tree) CrossReference(ctx context.Context, q CrossQuery, pattern string, o CrossOptions, emit func(*CrossLine) error) error {
	if pattern == "" {
		return nil
	}
	if q == CrossText || q == CrossPattern {
		return t.crossGrep(ctx, q, pattern, o, emit)
	}
	return t.idx.Err(index.Guard(func() error {
		switch q {
		case CrossFile:
			return t.crossFiles(pattern, o, emit)
		case CrossIncluders:
			return t.crossIncludes(pattern, o, emit)
		}
		names, err := t.crossNames(ctx, pattern, o)
		if err != nil {
			return err
		}
		switch q {
		case CrossSymbol:
			return t.crossSymbols(ctx, names, emit)
		case CrossDefinition:
			return t.crossDefinitions(ctx, names, emit)
		case CrossCallees:
			return t.crossCallees(ctx, names, emit)
		case CrossCallers:
			return t.crossCallers(ctx, names, emit)
		case CrossAssignments:
			return t.crossAssignments(ctx, names, emit)
		}
		return &UsageError{fmt.Errorf("there is no question %d", q)}
	}))
}

// crossExpr compiles a regular expression; whole anchors it.
func crossExpr(pattern string, o CrossOptions, whole bool) (*regexp.Regexp, error) {
	if whole {
		pattern = "^(?:" + pattern + ")$"
	}
	if o.IgnoreCase {
		pattern = "(?i)" + pattern
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		var se *syntax.Error
		if errors.As(err, &se) {
			err = errors.New(se.Code.String())
		}
		return nil, &UsageError{fmt.Errorf("%q is no regular expression: %w", pattern, err)}
	}
	return re, nil
}

// crossNames lists the names that a pattern stands for, in byte order.
func (t *Tree) crossNames(ctx context.Context, pattern string, o CrossOptions) ([]string, error) {
	if !o.IgnoreCase && regexp.QuoteMeta(pattern) == pattern {
		return []string{pattern}, nil
	}
	re, err := crossExpr(pattern, o, true)
	if err != nil {
		return nil, err
	}
	found := make(map[string]bool)
	add := func(name string) error {
		if found[name] = true; len(found) > maxCrossNames {
			return &UsageError{fmt.Errorf("more than %d names match %q", maxCrossNames, pattern)}
		}
		return nil
	}
	if m, err := t.macros(); err != nil {
		return nil, err
	} else if m != nil {
		prefix, _ := re.LiteralPrefix()
		for name, err := range m.table.Names().WithPrefix(prefix) {
			if err != nil {
				return nil, errors.Join(ErrDamaged, err)
			}
			if re.MatchString(name) {
				if err := add(strings.Clone(name)); err != nil {
					return nil, err
				}
			}
		}
	}
	if prefix, _ := re.LiteralPrefix(); prefix != "" {
		for n, err := range t.idx.Names(prefix) {
			if err != nil {
				return nil, err
			}
			if re.MatchString(n.Text) {
				if err := add(strings.Clone(n.Text)); err != nil {
					return nil, err
				}
			}
		}
	} else {
		var mu sync.Mutex
		var full error
		err := t.idx.ScanNames(ctx, index.Scan{Roles: index.AllRoles, Workers: workers()}, func(_ int, name []byte, _ index.RoleSet) bool {
			if !re.Match(name) {
				return true
			}
			mu.Lock()
			defer mu.Unlock()
			if full == nil {
				full = add(string(name))
			}
			return full == nil
		})
		if err = errors.Join(err, full); err != nil {
			return nil, err
		}
	}
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// crossRef is an occurrence of one of the names asked for.
type crossRef struct {
	index.Ref
	name string // as it is spelled there
}

// crossRefs lists the lines that have one of the names in one of the roles, by
// file and line, each once; of several roles in a line that in the body of a
// macro is kept, and a definition before what is none.
func (t *Tree) crossRefs(names []string, roles index.RoleSet) ([]crossRef, error) {
	list, err := t.allRefs(names, roles)
	return mergeCross(list), err
}

// maxPlainNames bounds the names that are looked for in the text too.
const maxPlainNames = 8

// crossLines lists the lines whose code has one of the names, as crossRefs does.
// The index leaves out the parameters of macros and of prototypes: these are
// found in the text, unless the names are many.
func (t *Tree) crossLines(ctx context.Context, names []string) ([]crossRef, error) {
	list, err := t.allRefs(names, index.AllRoles)
	if err != nil {
		return nil, err
	}
	if len(names) <= maxPlainNames {
		for _, name := range names {
			found, err := t.inProse(ctx, name, wanted{plain: true})
			if err != nil {
				return nil, err
			}
			for i := range found {
				if id, ok := t.idx.FileByPath(found[i].Path); ok {
					list = append(list, crossRef{index.Ref{File: id, Line: found[i].Line, Role: lang.Read}, name})
				}
			}
		}
	}
	return mergeCross(list), nil
}

// allRefs lists the occurrences of names in roles.
func (t *Tree) allRefs(names []string, roles index.RoleSet) ([]crossRef, error) {
	var list []crossRef
	for _, name := range names {
		for _, s := range spellings(name) {
			refs, err := t.refsTo(s, roles)
			if err != nil {
				return nil, err
			}
			for _, r := range refs {
				list = append(list, crossRef{r, s.name})
			}
		}
	}
	return list, nil
}

// mergeCross sorts references and keeps one of each line.
func mergeCross(list []crossRef) []crossRef {
	rank := func(r lang.Role) int {
		switch {
		case r == lang.MacroBody:
			return 0
		case r.IsDef():
			return 1
		}
		return 2
	}
	slices.SortStableFunc(list, func(a, b crossRef) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(rank(a.Role), rank(b.Role)))
	})
	return slices.CompactFunc(list, func(a, b crossRef) bool { return a.File == b.File && a.Line == b.Line })
}

// crossRun is how many lines are made at a time: enough to occupy all
// processors, few enough for memory.
const crossRun = 1 << 14

// eachCross makes lines of references and calls emit for those that keep holds
// of; nil is all.
func (t *Tree) eachCross(ctx context.Context, refs []crossRef, keep func(*crossRef, *Result) bool, emit func(*CrossLine) error) error {
	heads := macroHeads{t: t, file: source.NoFile}
	results := make([]Result, min(len(refs), crossRun))
	plain := make([]index.Ref, len(results))
	for len(refs) > 0 {
		n := min(len(refs), crossRun)
		for i := range n {
			plain[i] = refs[i].Ref
		}
		if err := t.present(ctx, refs[0].name, refs[0].name, plain[:n], results[:n], RefOptions{loose: true}); err != nil {
			return err
		}
		for i := range n {
			r, res := &refs[i], &results[i]
			if keep != nil && !keep(r, res) {
				continue
			}
			line := CrossLine{Path: res.Path, Line: res.Line, Function: res.Function, Text: res.Text}
			switch {
			case r.Role == lang.DefFunction:
				line.Function = r.name
			case r.Role == lang.MacroBody, line.Function == "" && !r.Role.IsDef():
				line.Function = heads.at(r.File, r.Line, r.name)
			}
			if err := emit(&line); err != nil {
				return err
			}
		}
		refs = refs[n:]
	}
	return nil
}

func (t *Tree) crossSymbols(ctx context.Context, names []string, emit func(*CrossLine) error) error {
	refs, err := t.crossLines(ctx, names)
	if err != nil {
		return err
	}
	// What macros make comes first: no line of text has the name.
	for _, name := range names {
		generated, err := t.generated(name)
		if err != nil {
			return err
		}
		for i := range generated {
			if err := emit(crossDefinition(&generated[i].Result, name)); err != nil {
				return err
			}
		}
	}
	return t.eachCross(ctx, refs, nil, emit)
}

// crossDefinition is the line of a definition.
func crossDefinition(r *Result, name string) *CrossLine {
	line := &CrossLine{Path: r.Path, Line: r.Line, Function: name, Text: r.Text}
	if r.Macro != nil {
		line.Note = fmt.Sprintf("made by %s, %s:%d", r.Macro.Name, r.Macro.Path, r.Macro.Line)
	}
	return line
}

func (t *Tree) crossDefinitions(ctx context.Context, names []string, emit func(*CrossLine) error) error {
	for _, name := range names {
		a := &Answer{}
		// Other names than the one that was asked for are not worth guessing.
		if known, err := t.rolesOf(name); err != nil {
			return err
		} else if len(known) > 0 {
			if a, err = t.define(ctx, name); err != nil {
				return err
			}
		}
		for i := range a.Results {
			r := &a.Results[i]
			if r.Kind == lang.DefLabel.Kind() {
				continue // of a function: nobody asks for it from elsewhere
			}
			if err := emit(crossDefinition(r, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// crossCallRoles are those in which a name that has a definition is called.
var crossCallRoles = index.Roles(lang.Call, lang.Dispatch, lang.MacroBody)

func (t *Tree) crossCallers(ctx context.Context, names []string, emit func(*CrossLine) error) error {
	for _, name := range names {
		a, err := t.callers(ctx, name, CallerOptions{})
		if err != nil {
			return err
		}
		var refs []crossRef
		if a.Defined {
			refs, err = t.crossRefs([]string{name}, crossCallRoles)
		} else { // a parameter of a macro can be called too
			refs, err = t.crossLines(ctx, []string{name})
		}
		if err != nil {
			return err
		}
		// The table of calls knows which function is meant; every other line
		// that spells out a call of the name is one for cscope too.
		type place struct {
			path string
			line uint32
		}
		seen := make(map[place]bool, len(a.Callers))
		for i := range a.Callers {
			seen[place{a.Callers[i].Path, a.Callers[i].Line}] = true
		}
		refs = slices.DeleteFunc(refs, func(r crossRef) bool { return seen[place{t.idx.Path(r.File), r.Line}] })
		spelled := func(r *crossRef, res *Result) bool {
			return r.Role == lang.Call || r.Role == lang.Dispatch || !r.Role.IsDef() && r.Role != lang.Declaration && callIn(res.Text, r.name)
		}
		spelledOut := make(map[place]bool)
		direct := func(c *Caller) bool {
			if c.How == CallDirect {
				spelledOut[place{c.Path, c.Line}] = true
				return true
			}
			return false
		}
		// A line that spells a call out need not be told again for a macro in it.
		indirect := func(c *Caller) bool {
			return c.How != CallDirect && (c.How != CallMacro || !spelledOut[place{c.Path, c.Line}])
		}
		if err := emitCallers(a, direct, emit); err != nil {
			return err
		}
		if err := t.eachCross(ctx, refs, spelled, emit); err != nil {
			return err
		}
		if err := emitCallers(a, indirect, emit); err != nil {
			return err
		}
	}
	return nil
}

// emitCallers emits some callers, each line once.
func emitCallers(a *CallersAnswer, want func(*Caller) bool, emit func(*CrossLine) error) error {
	type key struct {
		path, note string
		line       uint32
	}
	seen := make(map[key]bool)
	for i := range a.Callers {
		c := &a.Callers[i]
		if !want(c) {
			continue
		}
		line := CrossLine{Path: c.Path, Line: c.Line, Function: c.Function, Text: c.Text, Note: callNote(c)}
		k := key{c.Path, line.Note, c.Line}
		if seen[k] {
			continue
		}
		seen[k] = true
		if err := emit(&line); err != nil {
			return err
		}
	}
	return nil
}

// callNote says how a call reaches a function that it does not spell out.
func callNote(c *Caller) string {
	var parts []string
	switch {
	case c.How == CallPointer:
		parts = append(parts, strings.TrimSpace("through "+c.Through), c.Grade.String())
	case c.How != CallDirect && len(c.Macros) == 0 && c.Note == "":
		parts = append(parts, string(c.How))
	}
	if len(c.Macros) > 0 {
		parts = append(parts, "by "+strings.Join(c.Macros, " -> "))
	}
	if c.Note != "" {
		parts = append(parts, c.Note)
	}
	return strings.Join(parts, ", ")
}

// callIn reports whether a line calls a name: has it as a word, a parenthesis
// behind it.
func callIn(text, name string) bool {
	return afterWord(text, name, func(rest string) bool { return strings.HasPrefix(rest, "(") })
}

// assignedIn reports whether a line gives a name a value.
func assignedIn(text, name string) bool { return afterWord(text, name, assigns) }

// assigns reports whether what stands behind a name assigns to it.
func assigns(rest string) bool {
	for strings.HasPrefix(rest, "[") { // x[i][j] = 0
		end := strings.IndexByte(rest, ']')
		if end < 0 {
			return false
		}
		rest = strings.TrimLeft(rest[end+1:], " \t")
	}
	for _, op := range []string{"<<", ">>", "+", "-", "*", "/", "%", "&", "|", "^"} {
		if after, ok := strings.CutPrefix(rest, op); ok {
			rest = after
			break
		}
	}
	return strings.HasPrefix(rest, "=") && !strings.HasPrefix(rest, "==")
}

// afterWord reports whether a name stands in a line as a word, with something
// behind it, and behind the white space there, that fits.
func afterWord(text, name string, fits func(rest string) bool) bool {
	for text != "" {
		i := wordIn([]byte(text), name)
		if i < 0 {
			return false
		}
		text = text[i+len(name):]
		if fits(strings.TrimLeft(text, " \t")) {
			return true
		}
	}
	return false
}

func (t *Tree) crossAssignments(ctx context.Context, names []string, emit func(*CrossLine) error) error {
	refs, err := t.crossLines(ctx, names)
	if err != nil {
		return err
	}
	written, err := t.crossRefs(names, index.Roles(lang.Write, lang.Designator))
	if err != nil {
		return err
	}
	return t.eachCross(ctx, refs, func(r *crossRef, res *Result) bool {
		for len(written) > 0 && (written[0].File < r.File || written[0].File == r.File && written[0].Line < r.Line) {
			written = written[1:]
		}
		if len(written) > 0 && written[0].File == r.File && written[0].Line == r.Line {
			return true
		}
		return assignedIn(res.Text, r.name)
	}, emit)
}

func (t *Tree) crossFiles(pattern string, o CrossOptions, emit func(*CrossLine) error) error {
	re, err := crossExpr(pattern, o, false)
	if err != nil {
		return err
	}
	var best, others []string
	for id := range t.idx.NumFiles() {
		switch path := t.idx.PathBytes(source.FileID(id)); {
		case !re.Match(path):
		case endsPath(string(path), pattern):
			best = append(best, string(path))
		default:
			others = append(others, string(path))
		}
	}
	for _, path := range append(best, others...) {
		if err := emit(&CrossLine{Path: path, Line: 1}); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tree) crossIncludes(pattern string, o CrossOptions, emit func(*CrossLine) error) error {
	re, err := crossExpr(pattern, o, false)
	if err != nil {
		return err
	}
	ids, err := t.includeCandidates(pattern, o)
	if err != nil {
		return err
	}
	p := t.newPresenter(pattern)
	for _, id := range ids {
		includes, err := t.idx.Includes(id)
		if err != nil {
			return err
		}
		for i := range includes {
			inc := &includes[i]
			if !re.MatchString(inc.Path) {
				continue
			}
			if p.file != id {
				if err := p.load(id); err != nil {
					return err
				}
			}
			if err := emit(&CrossLine{Path: p.path, Line: inc.Line, Text: string(p.text(inc.Line))}); err != nil {
				return err
			}
		}
	}
	return nil
}

// includeCandidates lists the files that may have an #include that matches.
func (t *Tree) includeCandidates(pattern string, o CrossOptions) ([]source.FileID, error) {
	// The dot of a header's name is meant as one, mostly, but the longest run
	// without any is as good at leaving files out.
	literal := ""
	plain := strings.Trim(pattern, "^$")
	if dotless := strings.ReplaceAll(plain, ".", ""); !o.IgnoreCase && regexp.QuoteMeta(dotless) == dotless {
		for part := range strings.SplitSeq(plain, ".") {
			if len(part) > len(literal) {
				literal = part
			}
		}
	}
	if len(literal) >= 3 {
		return t.textCandidates(literal, false)
	}
	ids := make([]source.FileID, t.idx.NumFiles())
	for i := range ids {
		ids[i] = source.FileID(i)
	}
	return ids, nil
}

func (t *Tree) crossGrep(ctx context.Context, q CrossQuery, pattern string, o CrossOptions, emit func(*CrossLine) error) error {
	g, err := t.Grep(pattern, GrepOptions{Literal: q == CrossText, IgnoreCase: o.IgnoreCase})
	if err != nil {
		return err
	}
	funcs := t.idx.FuncFinder()
	return g.Run(ctx, func(r *GrepResult) error {
		id, known := t.idx.FileByPath(r.Path)
		for i := range r.Lines {
			l := &r.Lines[i]
			line := CrossLine{Path: r.Path, Line: uint32(l.Number), Text: string(l.Text)}
			if known {
				fn, ok, err := funcs.At(id, line.Line)
				if err != nil {
					return err
				}
				if ok {
					line.Function = fn.Qualified()
				}
			}
			if err := emit(&line); err != nil {
				return err
			}
		}
		return nil
	})
}

// macroHeads tells in the body of which macro a line is. It remembers the file
// it was asked about last.
type macroHeads struct {
	t    *Tree
	file source.FileID
	p    *presenter
}

// maxMacroLines bounds the lines of a macro.
const maxMacroLines = 2000

var defineLine = regexp.MustCompile(`^[ \t]*#[ \t]*define[ \t]+([A-Za-z_][A-Za-z_0-9]*)`)

// at is the macro, "" for none, or if the name stands there as the macro's own.
func (h *macroHeads) at(file source.FileID, line uint32, name string) string {
	if h.p == nil || h.file != file {
		h.p, h.file = h.t.newPresenter(""), file
		if err := h.p.load(file); err != nil {
			return ""
		}
	}
	text := h.p.text(line)
	// Upwards from there: to look for each line from the top of the file would
	// take quadratic time.
	for n, start := 0, h.p.at; n < maxMacroLines && h.p.line == line; n++ {
		if m := defineLine.FindSubmatch(text); m != nil {
			if string(m[1]) == name {
				return ""
			}
			return string(m[1])
		}
		if start == 0 {
			return ""
		}
		end := start - 1
		start = bytes.LastIndexByte(h.p.content[:end], '\n') + 1
		if text = bytes.TrimRight(h.p.content[start:end], " \t\r"); len(text) == 0 || text[len(text)-1] != '\\' {
			return ""
		}
	}
	return ""
}
