package workbench

// What stands at a position of a file, and what it means there: the local
// variable and not the function of that name, the member of this struct and not
// of another.

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/lang/kbuild"
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
	c     *closeup
	occ   *lang.Occ // nil where the extractor sees no name
	off   uint32    // of the name
	local *lang.Occ // the declaration of a local name
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
	if f := c.function(at.Line); f != nil {
		s.Function = string(c.Src[f.Name.Off : f.Name.Off+f.Name.Len])
		s.local = c.localAt(f, s.Spelled, s.occ)
		s.Local = s.local != nil
	}
	if s.Role == lang.Member.String() || s.Role == lang.Designator.String() || s.Role == lang.Dispatch.String() && !s.Local || s.occ != nil && s.occ.Role == lang.DefMember {
		ty := typist{t: t}
		s.Of = ty.holder(c, s.off)
	}
	if s.Function == "" || !s.Local {
		s.qualify(t)
	}
	return s, nil
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
	return best
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
	member := s.Role == lang.Member.String() || s.Role == lang.Designator.String()
	keep(func(r *Result) bool { return isPart(r.Kind) == member || s.occ == nil })
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
	if member {
		slices.SortStableFunc(list, func(a, b Result) int { return cmp.Compare(apart(s.Path, a.Path), apart(s.Path, b.Path)) })
		return list
	}
	keep(func(r *Result) bool { return r.Path == s.Path })
	if slices.ContainsFunc(list, func(r Result) bool { return r.Path != s.Path }) {
		// What another file keeps to itself is not meant.
		keep(func(r *Result) bool { return !t.private(r) })
	}
	keep(func(r *Result) bool { return r.Lens == nil || r.Lens.State != BuiltOut })
	return list
}

// private reports whether a definition is static in a file that is no header.
func (t *Tree) private(r *Result) bool {
	if r.Kind != lang.DefFunction.Kind() && r.Kind != lang.DefVariable.Kind() || strings.HasSuffix(r.Path, ".h") {
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
	if s.occ == nil {
		roles = index.AllRoles
	} else if members.Has(s.occ.Role) || s.occ.Role == lang.Dispatch {
		roles = members | index.Roles(lang.Dispatch)
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
		a.Results = mergeResults(a.Results, results)
	}
	if err := t.addGenerated(a, roles, RefOptions{}); err != nil {
		return nil, nil, 0, err
	}
	a.Results, a.LeftOut, err = t.look(a.Results)
	return a, s, cut, err
}

// occurrences lists where the name of the spot stands in its file and means the
// same.
func (s *spot) occurrences() []Result {
	f := s.c.function(s.Line)
	member := s.occ != nil && (s.occ.Role == lang.Member || s.occ.Role == lang.Designator || s.occ.Role == lang.DefMember)
	var list []Result
	for i := range s.c.facts.Occs {
		o := &s.c.facts.Occs[i]
		if !s.c.spells(o, s.Spelled) {
			continue
		}
		isMember := o.Role == lang.Member || o.Role == lang.Designator || o.Role == lang.DefMember
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
		case isMember != member && o.Role != lang.Dispatch && s.occ != nil && s.occ.Role != lang.Dispatch:
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
