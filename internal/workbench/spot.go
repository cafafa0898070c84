package workbench

// What stands at a position of a file, and what it means there: the local
// variable and not the function of that name, the member of this struct and not
// of another.

import (
	"cmp"
	"context"
	"path"
	"runtime"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/lang/kbuild"
	"dekho/internal/lens"
	"dekho/internal/source"
)

// Cursor is a position in a file of a tree.
type Cursor struct {
	Path   string // absolute, or below the root
	Line   uint32 // 1-based
	Column int    // in bytes, from 1
}

// Spot is a name in a file.
type Spot struct {
	// Path is below the root; Line and Column are where the name begins.
	Path   string
	Line   uint32
	Column int
	// Name is what to ask for: a symbol of the configuration has CONFIG_, a
	// member of a C++ class is qualified if it is there. Spelled is how it is
	// written.
	Name, Spelled string
	// Role is what the name does there, "" in comments and strings.
	Role string
	// Function is the function around it, "" for none.
	Function string
	// Of is the tag of the struct or union that a member is of, as far as the
	// declarations of the file and the index tell, "" if that is not known.
	Of string
	// Local says that it is a variable, parameter or label of the function.
	Local bool
	// Header is the path below the root of the file that the line includes or
	// sources, if the position is on its name.
	Header string
}

// spot is a Spot with the file around it.
type spot struct {
	Spot
	c      *closeup
	occ    *lang.Occ // nil where the extractor sees no name
	off    uint32    // of the name
	local  *lang.Occ // the declaration of a local name
	member bool      // it is that of a struct, union or class
	// The extent of the macro whose parameter it is, 0 for none.
	macroFrom, macroTo uint32
}

// Spot tells which name stands at a position, nil if none does.
func (t *Tree) Spot(_ context.Context, at Cursor) (found *Spot, err error) {
	err = index.Guard(func() error {
		s, err := t.spot(at)
		if s != nil {
			found = &s.Spot
		}
		return err
	})
	return found, t.idx.Err(err)
}

func (t *Tree) spot(at Cursor) (*spot, error) {
	id, ok := t.file(at.Path)
	if !ok {
		return nil, nil // nothing is known of the file
	}
	c, err := t.closeup(id)
	if err != nil {
		return nil, err
	}
	from, to := c.LineExtent(at.Line)
	off := min(from+uint32(max(at.Column-1, 0)), to)
	s := &spot{c: c}
	s.Path, s.Line = c.path, at.Line
	if s.Header, s.off = t.headerAt(c, at.Line, off); s.Header != "" {
		s.Column = int(s.off-from) + 1
		return s, nil
	}
	for i := range c.facts.Occs {
		// Behind the last letter counts too, unless another name begins there.
		if o := &c.facts.Occs[i]; o.Off <= off && off <= o.Off+uint32(o.Len) && (s.occ == nil || o.Off > s.occ.Off) {
			s.occ = o
		}
	}
	if s.occ != nil && s.occ.Line == at.Line {
		s.off = s.occ.Off
		s.Spelled = string(c.Src[s.off : s.off+uint32(s.occ.Len)])
		s.Role = s.occ.Role.String()
	} else {
		s.occ = nil
		start, end := off, off
		for start > from && isWordByte(c.Src[start-1]) {
			start--
		}
		for end < to && isWordByte(c.Src[end]) {
			end++
		}
		if start == end || c.Src[start] >= '0' && c.Src[start] <= '9' {
			return nil, nil // no name is there
		}
		s.off, s.Spelled = start, string(c.Src[start:end])
	}
	s.Column = int(s.off-from) + 1
	s.Name = s.Spelled
	if kbuild.IsKconfig(c.path) && s.occ != nil {
		s.Name = configPrefix + s.Spelled
	}
	if s.local, s.macroFrom, s.macroTo = c.macroParam(s.off, s.Spelled, at.Line); s.local != nil {
		s.Local = true
		return s, nil
	}
	if f := c.function(at.Line); f != nil {
		s.Function = string(c.Src[f.Name.Off : f.Name.Off+f.Name.Len])
		s.local = c.localAt(f, s.Spelled, s.occ)
		s.Local = s.local != nil
	}
	if s.member = s.occ != nil && c.isMember(s.occ); s.member {
		ty := typist{t: t}
		s.Of = ty.holder(c, s.off)
	}
	if s.Function == "" || !s.Local {
		s.qualify(t)
	}
	return s, nil
}

// isMember reports whether a name is that of a member: one that is read has its
// own role, one that is written, called or whose address is taken has not.
func (c *closeup) isMember(o *lang.Occ) bool {
	switch o.Role {
	case lang.Member, lang.Designator, lang.DefMember:
		return true
	case lang.Write, lang.Address, lang.Dispatch, lang.Call, lang.Read, lang.Registration:
		prev := c.before(o.Off)
		return prev == "->" || prev == "."
	}
	return false
}

// function is the function around a line, nil for none.
func (c *closeup) function(line uint32) *lang.Func {
	for i := range c.facts.Funcs {
		if f := &c.facts.Funcs[i]; f.Start <= line && line <= f.End {
			return f
		}
	}
	return nil
}

// localAt is the declaration that a name of a function means, nil if it is not
// its own. occ is where it stands.
func (c *closeup) localAt(f *lang.Func, name string, occ *lang.Occ) *lang.Occ {
	if occ == nil || !localRole(occ.Role) {
		return nil
	}
	prev := c.before(occ.Off)
	if prev == "->" || prev == "." {
		return nil // the member that is called
	}
	label := occ.Role == lang.DefLabel || prev == "goto"
	var best *lang.Occ
	for i := range c.facts.Occs {
		o := &c.facts.Occs[i]
		if o.Line < f.Start || o.Line > f.End || !c.spells(o, name) {
			continue
		}
		switch {
		case label:
			if o.Role == lang.DefLabel {
				return o
			}
		case o.Role == lang.DefParam || o.Role == lang.DefLocal:
			// The nearest one above is that of the innermost block, mostly.
			if best == nil || o.Off <= occ.Off && o.Off > best.Off {
				best = o
			}
		}
	}
	if best != nil && best.Off > occ.Off && best.Role == lang.DefLocal {
		return nil // it is declared further down: this is something else
	}
	if best == nil {
		best = c.headName(f, name)
	}
	return best
}

// headName finds a name in the head of a function that a macro makes:
// SYSCALL_DEFINE2(name, int, fd, ...) { ... }.
func (c *closeup) headName(f *lang.Func, name string) *lang.Occ {
	from, to := f.Name.Off, uint32(len(c.Src))
	for i := c.tokenBefore(from) + 1; i > 0 && i < len(c.Code); i++ {
		if c.Code[i].Is(c.Src, "{") {
			to = c.Code[i].Off
			break
		}
	}
	for i := range c.facts.Occs {
		if o := &c.facts.Occs[i]; o.Off > from && o.Off < to && o.Role == lang.Read && c.spells(o, name) {
			return o
		}
	}
	return nil
}

// localRole reports whether a name in that role can be one of the function.
func localRole(r lang.Role) bool {
	switch r {
	case lang.Member, lang.Designator, lang.TypeUse, lang.Condition, lang.MacroBody, lang.ForwardType, lang.DefMember, lang.DefFunction, lang.DefMacro:
		return false
	}
	return true
}

func (c *closeup) spells(o *lang.Occ, name string) bool {
	return int(o.Len) == len(name) && string(c.Src[o.Off:o.Off+uint32(o.Len)]) == name
}

// before is the token before an offset, "" if there is none.
func (c *closeup) before(off uint32) string {
	i := c.tokenBefore(off)
	if i < 0 {
		return ""
	}
	return string(c.Code[i].Text(c.Src))
}

// tokenBefore is the index of the last token that begins before an offset.
func (c *closeup) tokenBefore(off uint32) int {
	i, _ := slices.BinarySearchFunc(c.Code, off, func(tok token, off uint32) int { return cmp.Compare(tok.Off, off) })
	return i - 1
}

// qualify adds the classes that a name of C++ is written with.
func (s *spot) qualify(t *Tree) {
	of, i := "", s.c.tokenBefore(s.off)
	for ; i >= 1 && s.c.Code[i].Is(s.c.Src, "::"); i -= 2 {
		of = string(s.c.Code[i-1].Text(s.c.Src)) + "::" + of
	}
	if of == "" {
		return
	}
	list := spellings(of + s.Name)
	for k := range list {
		if refs, err := t.refsTo(list[k], index.Definitions); err == nil && len(refs) > 0 {
			s.Name = of + s.Name
			return
		}
	}
}

// DefineAt finds the definitions of what stands at a position, those that are
// meant there first; what cannot be meant is left out if there is something that
// can. The spot is nil, and the answer empty, if no name stands there.
func (t *Tree) DefineAt(ctx context.Context, at Cursor) (a *Answer, s *Spot, err error) {
	err = index.Guard(func() error {
		var sp *spot
		if a, sp, err = t.defineAt(ctx, at); sp != nil {
			s = &sp.Spot
		}
		return err
	})
	return a, s, t.idx.Err(err)
}

func (t *Tree) defineAt(ctx context.Context, at Cursor) (*Answer, *spot, error) {
	s, err := t.spot(at)
	if err != nil || s == nil {
		return &Answer{}, nil, err
	}
	a := &Answer{Name: s.Name}
	switch {
	case s.Header != "":
		a.Results = []Result{{Path: s.Header, Line: 1, Column: 1, Role: "file"}}
		return a, s, nil
	case s.Local:
		a.Results = []Result{s.c.result(s.local, s.Function)}
		return a, s, nil
	}
	if s.Of != "" {
		ty := typist{t: t}
		if r := ty.memberPlace(s.Of, s.Name, s.c); r != nil {
			a.Results = []Result{*r}
			return a, s, t.mark(&a.Results[0])
		}
	}
	if a, err = t.define(ctx, s.Name); err != nil {
		return a, s, err
	}
	if len(a.Results) == 0 && strings.HasPrefix(s.Name, configPrefix) && strings.HasSuffix(s.Name, "_MODULE") {
		a, err = t.define(ctx, strings.TrimSuffix(s.Name, "_MODULE"))
	}
	a.Results = s.meant(t, a.Results)
	return a, s, err
}

// result is a place in the file of the closeup.
func (c *closeup) result(o *lang.Occ, function string) Result {
	from, _ := c.LineExtent(o.Line)
	return Result{
		Path: c.path, Line: o.Line, Column: int(o.Off-from) + 1, Kind: o.Role.Kind(), Role: o.Role.String(), Function: function,
		Condition: c.condition(o.Line), Text: c.text(o.Line),
	}
}

// meant keeps those of some definitions that a name can mean at the spot, and
// puts those of its own file first.
func (s *spot) meant(t *Tree, list []Result) []Result {
	keep := func(ok func(r *Result) bool) {
		kept := slices.DeleteFunc(slices.Clone(list), func(r Result) bool { return !ok(&r) })
		if len(kept) > 0 {
			list = kept
		}
	}
	if s.occ == nil {
		// A word of a comment is a name if it stands for itself.
		list = slices.DeleteFunc(list, func(r Result) bool { return isPart(r.Kind) })
	}
	keep(func(r *Result) bool { return isPart(r.Kind) == s.member })
	if s.Role == lang.TypeUse.String() {
		keep(func(r *Result) bool { return isType(r.Kind) || r.Kind == lang.DefMacro.Kind() })
	}
	if w := s.c.before(s.off); w == "struct" || w == "union" || w == "enum" {
		keep(func(r *Result) bool { return r.Kind == w })
	}
	own := place(s.Path)
	keep(func(r *Result) bool { return (place(r.Path) == placeTools) == (own == placeTools) })
	if arch := architecture(s.Path); arch != "" {
		keep(func(r *Result) bool { a := architecture(r.Path); return a == "" || a == arch })
	}
	if len(list) > 0 && isPart(list[0].Kind) {
		// Whose member it is is not known: one of those that are near.
		slices.SortStableFunc(list, func(a, b Result) int { return cmp.Compare(apart(s.Path, a.Path), apart(s.Path, b.Path)) })
		nearest := apart(s.Path, list[0].Path)
		keep(func(r *Result) bool { return apart(s.Path, r.Path) == nearest })
		return list
	}
	keep(func(r *Result) bool { return r.Path == s.Path })
	if !slices.ContainsFunc(list, func(r Result) bool { return r.Path != s.Path }) {
		return list
	}
	// What another file, or the headers of another directory, keep to themselves
	// is not meant.
	keep(func(r *Result) bool { return !t.private(r) })
	keep(func(r *Result) bool {
		return !strings.HasSuffix(r.Path, ".h") || apart(s.Path, r.Path) < 3 || architecture(r.Path) != ""
	})
	keep(func(r *Result) bool { return r.Lens == nil || r.Lens.State != BuiltOut })
	if t.view == nil && architecture(s.Path) == "" {
		// As long as nobody says for which architecture, it is that of this machine.
		arch := lens.FindArch(runtime.GOARCH).Dir
		keep(func(r *Result) bool { a := architecture(r.Path); return a == "" || a == arch })
	}
	return list
}

// private reports whether a definition is seen in its own file alone, which is no
// header: a static function or variable, a type, a macro.
func (t *Tree) private(r *Result) bool {
	if strings.HasSuffix(r.Path, ".h") {
		return false
	}
	switch r.Kind {
	case lang.DefFunction.Kind(), lang.DefVariable.Kind():
	case lang.DefMacro.Kind(), lang.DefStruct.Kind(), lang.DefUnion.Kind(), lang.DefEnum.Kind(), lang.DefEnumerator.Kind(), lang.DefTypedef.Kind():
		return true
	default:
		return false
	}
	id, ok := t.idx.FileByPath(r.Path)
	if !ok {
		return false
	}
	var reader source.Reader
	text, err := t.idx.ReadText(&reader, id)
	return err == nil && isStatic(text, r.Line)
}

// apart is how far two files are from each other: in the same file, directory,
// below include, or elsewhere.
func apart(a, b string) int {
	switch {
	case a == b:
		return 0
	case path.Dir(a) == path.Dir(b):
		return 1
	case strings.HasPrefix(b, "include/"):
		return 2
	}
	return 3
}

// isType reports whether a kind of symbol is a type.
func isType(kind string) bool {
	switch kind {
	case lang.DefStruct.Kind(), lang.DefUnion.Kind(), lang.DefEnum.Kind(), lang.DefTypedef.Kind(), lang.DefClass.Kind():
		return true
	}
	return false
}

// RefsAt finds the references to what stands at a position: those of a local
// variable in its function, of a static function in its file, of a member those
// that are members. Limit bounds the results, 0 for all; cut is how many there
// are beyond it.
func (t *Tree) RefsAt(ctx context.Context, at Cursor, limit int) (a *Answer, s *Spot, cut int, err error) {
	err = index.Guard(func() error {
		var sp *spot
		if a, sp, cut, err = t.refsAt(ctx, at, limit); sp != nil {
			s = &sp.Spot
		}
		return err
	})
	return a, s, cut, t.idx.Err(err)
}

func (t *Tree) refsAt(ctx context.Context, at Cursor, limit int) (*Answer, *spot, int, error) {
	s, err := t.spot(at)
	if err != nil || s == nil {
		return &Answer{}, nil, 0, err
	}
	a := &Answer{Name: s.Name}
	switch {
	case s.Header != "":
		a, err = t.refs(ctx, s.Header, wanted{include: true}, RefOptions{})
		if err == nil {
			a.Results, a.LeftOut, err = t.look(a.Results)
		}
		return a, s, 0, err
	case s.Local:
		a.Results = s.occurrences()
		return a, s, 0, nil
	}
	g, err := t.newCallGraph()
	if err != nil {
		return nil, nil, 0, err
	}
	k, err := g.key(s.Name, s.c.id)
	if err != nil {
		return nil, nil, 0, err
	}
	in, err := g.means(k)
	if err != nil {
		return nil, nil, 0, err
	}
	members := index.Roles(lang.Member, lang.Designator, lang.DefMember)
	roles := index.AllRoles &^ (members | index.Roles(lang.DefParam, lang.DefLocal, lang.DefLabel))
	switch {
	case s.occ == nil:
		roles = index.AllRoles
	case s.member:
		roles = members | eitherRoles
	}
	cut := 0
	for _, sp := range spellings(s.Name) {
		refs, err := t.refsTo(sp, roles)
		if err != nil {
			return nil, nil, 0, err
		}
		refs = slices.DeleteFunc(refs, func(r index.Ref) bool { return !in(r.File) })
		if room := limit - len(a.Results); limit > 0 && len(refs) > room {
			cut += len(refs) - room
			refs = refs[:room]
		}
		results := make([]Result, len(refs))
		if err := t.present(ctx, s.Name, sp.name, refs, results, RefOptions{}); err != nil {
			return nil, nil, 0, err
		}
		if s.occ != nil {
			kept := results[:0]
			for i := range results {
				if !eitherRoles.Has(refs[i].Role) || behindDot(&results[i]) == s.member {
					kept = append(kept, results[i])
				}
			}
			results = kept
		}
		a.Results = mergeResults(a.Results, results)
	}
	if err := t.addGenerated(a, roles, RefOptions{}); err != nil {
		return nil, nil, 0, err
	}
	a.Results, a.LeftOut, err = t.look(a.Results)
	return a, s, cut, err
}

// eitherRoles are those of members and of other names alike; see isMember.
var eitherRoles = index.Roles(lang.Write, lang.Address, lang.Dispatch)

// behindDot reports whether the name of a result stands behind . or ->.
func behindDot(r *Result) bool {
	if r.Column == 0 {
		return false
	}
	before := strings.TrimRight(r.Text[:r.Column-1], " \t")
	return strings.HasSuffix(before, "->") || strings.HasSuffix(before, ".")
}

// occurrences lists where the name of the spot stands in its file and means the
// same.
func (s *spot) occurrences() []Result {
	f := s.c.function(s.Line)
	var list []Result
	if s.macroTo > 0 {
		words := s.c.wordsIn(s.Spelled, s.macroFrom, s.macroTo)
		for i := range words {
			list = append(list, s.c.result(&words[i], ""))
		}
		return list
	}
	for i := range s.c.facts.Occs {
		o := &s.c.facts.Occs[i]
		if !s.c.spells(o, s.Spelled) {
			continue
		}
		isMember := s.c.isMember(o)
		around := s.c.function(o.Line)
		name := ""
		if around != nil {
			name = string(s.c.Src[around.Name.Off : around.Name.Off+around.Name.Len])
		}
		switch {
		case s.Local:
			if around != f || s.c.localAt(f, s.Spelled, o) != s.local {
				continue
			}
		case isMember != s.member && s.occ != nil:
			continue
		case around != nil && !isMember && s.c.localAt(around, s.Spelled, o) != nil:
			continue
		}
		list = append(list, s.c.result(o, name))
	}
	return list
}

// Occurrences lists where what stands at a position stands in the same file.
func (t *Tree) Occurrences(_ context.Context, at Cursor) (list []Result, s *Spot, err error) {
	err = index.Guard(func() error {
		sp, err := t.spot(at)
		if err != nil || sp == nil || sp.Header != "" {
			return err
		}
		s, list = &sp.Spot, sp.occurrences()
		return nil
	})
	return list, s, t.idx.Err(err)
}
