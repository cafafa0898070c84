package workbench

// One screen about a name.

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"

	"dekho/internal/errflow"
	"dekho/internal/index"
	"dekho/internal/kerneldoc"
	"dekho/internal/lang"
	"dekho/internal/lang/c"
	"dekho/internal/lang/linkfacts"
	"dekho/internal/logmap"
	"dekho/internal/outline"
	"dekho/internal/source"
)

// Doc is a kernel-doc comment.
type Doc = kerneldoc.Doc

// Returned is something that a function can return.
type Returned = errflow.Code

// ShowOptions say how much is shown.
type ShowOptions struct {
	// Limit is how many callers and other places are listed; 0 is a few.
	Limit int
	// Brief leaves out who uses it and what it does: what is left can be told
	// from the definition.
	Brief bool
}

// shownPlaces is how many places of a kind are listed.
const shownPlaces = 8

// Show is what is known of a name.
type Show struct {
	Name string
	// Definition is the definition meant, nil if there is none; Head is its
	// text: the signature of a function, the whole of a macro.
	Definition *Result
	Head       string
	Start, End uint32 // its first and last line
	// Others are further definitions.
	Others []Result
	// Value is what a constant comes to, or what that depends on.
	Value string
	// Doc is its kernel-doc, at DocPath and DocLine; Comment is an ordinary
	// comment above it, if it has none.
	Doc     *Doc
	DocPath string
	DocLine uint32
	Comment string
	// Members are those of a struct, union or enum.
	Members []ShownMember
	// Callers are the calls of a function or macro, Registered the places that
	// put it into a table of operations, Uses those that name a type, variable
	// or constant otherwise.
	Callers, Registered, Uses ShownPlaces
	// Reached is how many calls do not spell the function out: through
	// pointers and macros, and by the kernel's core. Indirect are the first.
	Reached  int
	Indirect []Caller
	// Callees are the functions and macros that it calls, in the order in which
	// it does.
	Callees []ShownCallee
	// Prints are the log statements inside of it.
	Prints []Site
	// Returns are the error codes and calls that it can return.
	Returns []Returned
	// Config is what the tree says about a symbol of its configuration.
	Config *ConfigSymbol
	// LeftOut is how many definitions the lens left out.
	LeftOut int
	// Nearest are names that exist, for one that does not.
	Nearest []string

	mayPrint bool // it calls something with a text
}

// ShownPlaces are places, of which the first few are listed.
type ShownPlaces struct {
	Count int
	First []Result
}

// ShownMember is a member of a type.
type ShownMember struct {
	Name string
	Line uint32
	// Text is its declaration, on one line; of an enumerator, its definition.
	Text string
	// Doc is what is said about it.
	Doc string
	// Value is what an enumerator comes to.
	Value string
	// Depth is how many members it is nested in.
	Depth int
	// Condition is what of #if governs it inside of its type.
	Condition string
}

// ShownCallee is a function or macro that is called.
type ShownCallee struct {
	Name  string
	Line  uint32 // of the first call
	Calls int
	// Dispatch says that it is called through a member: ops->open().
	Dispatch bool
}

// Show tells about a name.
func (t *Tree) Show(ctx context.Context, name string, opts ShowOptions) (s *Show, err error) {
	if opts.Limit <= 0 {
		opts.Limit = shownPlaces
	}
	err = index.Guard(func() error {
		s, err = t.show(ctx, name, opts)
		return err
	})
	return s, t.idx.Err(err)
}

func (t *Tree) show(ctx context.Context, name string, opts ShowOptions) (*Show, error) {
	s := &Show{Name: name}
	stop := t.w.step("definitions")
	a, err := t.define(ctx, name)
	stop()
	if err != nil {
		return nil, err
	}
	return s, t.showAnswer(ctx, s, a, opts)
}

// ShowAt tells about what stands at a position: which definition is meant there
// is decided by DefineAt. The spot is nil if no name stands there.
func (t *Tree) ShowAt(ctx context.Context, at Cursor, opts ShowOptions) (s *Show, spot *Spot, err error) {
	if opts.Limit <= 0 {
		opts.Limit = shownPlaces
	}
	err = index.Guard(func() error {
		a, sp, err := t.defineAt(ctx, at)
		if err != nil || sp == nil {
			return err
		}
		spot, s = &sp.Spot, &Show{Name: sp.Name}
		if sp.Local || sp.Header != "" {
			s.Definition = &a.Results[0]
			s.Head = strings.TrimSpace(s.Definition.Text)
			return nil
		}
		return t.showAnswer(ctx, s, a, opts)
	})
	return s, spot, t.idx.Err(err)
}

// showAnswer tells about the first of some definitions.
func (t *Tree) showAnswer(ctx context.Context, s *Show, a *Answer, opts ShowOptions) (err error) {
	name := s.Name
	s.LeftOut = a.LeftOut
	if len(a.Results) == 0 {
		s.Nearest = a.Nearest
		return nil
	}
	s.Definition, s.Others = &a.Results[0], a.Results[1:]
	if s.Definition.Kind == lang.DefConfig.Kind() {
		s.Config, err = t.config(ctx, strings.TrimPrefix(name, configPrefix))
		return err
	}
	stop := t.w.step("definition")
	err = t.showDefinition(s)
	stop()
	if err != nil || opts.Brief {
		return err
	}
	stop = t.w.step("places")
	err = t.showPlaces(s, opts)
	stop()
	if err != nil {
		return err
	}
	if s.Definition.Kind == lang.DefFunction.Kind() {
		stop = t.w.step("calls through pointers")
		err = t.showIndirect(ctx, s, opts)
		stop()
		if err != nil {
			return err
		}
	}
	stop = t.w.step("log statements")
	t.showPrints(s)
	stop()
	return nil
}

// maxHead bounds the text shown of a definition, in lines.
const maxHead = 24

// showDefinition fills in what the text of the definition tells.
func (t *Tree) showDefinition(s *Show) error {
	id, ok := t.idx.FileByPath(s.Definition.Path)
	if !ok {
		return nil
	}
	f, err := t.closeup(id)
	if err != nil {
		return nil //nolint:nilerr // the file is gone: what the index knows is shown, marked as changed
	}
	k := t.constants()
	k.files[id] = f
	sym, ok := f.symbolAt(s.Definition)
	if m := s.Definition.Macro; m != nil && !s.Definition.Changed {
		for _, role := range [...]lang.Role{lang.DefFunction, lang.DefStruct, lang.DefUnion, lang.DefEnum, lang.DefEnumerator, lang.DefTypedef, lang.DefVariable, lang.DefMember} {
			if role.Kind() == s.Definition.Kind {
				sym, ok = f.Made(s.Name, m.Name, s.Definition.Line, role), true
			}
		}
	}
	if !ok {
		s.Head, s.Start, s.End = strings.TrimSpace(s.Definition.Text), s.Definition.Line, s.Definition.Line
		return nil
	}
	s.Start, s.End = sym.Start, sym.End
	s.Head = head(f, &sym)
	s.Value = k.of(f, &sym)
	if err := t.showDoc(s, f, &sym); err != nil {
		return err
	}
	switch sym.Role {
	case lang.DefFunction:
		s.Callees = calledIn(f, &sym)
		s.Returns = errflow.Codes(f.File, &sym)
		s.mayPrint = hasStatements(f.facts.Link, sym.Start, sym.End)
	case lang.DefStruct, lang.DefUnion, lang.DefEnum, lang.DefTypedef:
		s.Members = members(k, f, &sym, s.Doc)
	}
	return nil
}

// symbolAt finds the definition that a result is about.
func (c *closeup) symbolAt(r *Result) (outline.Symbol, bool) {
	for i := range c.facts.Occs {
		o := &c.facts.Occs[i]
		if o.Line != r.Line || o.Role.Kind() != r.Kind || o.Role.String() != r.Role {
			continue
		}
		if at := r.Column - 1; at >= 0 {
			from, _ := c.LineExtent(r.Line)
			if from+uint32(at) != o.Off {
				continue
			}
		}
		return c.Symbol(o), true
	}
	return outline.Symbol{}, false
}

// head is the text of a definition that is shown.
func head(f *closeup, sym *outline.Symbol) string {
	from, to := sym.From, sym.To
	switch sym.Role {
	case lang.DefFunction, lang.DefStruct, lang.DefUnion, lang.DefEnum:
		to = max(sym.Body, sym.Off+uint32(len(sym.Name)))
	case lang.DefTypedef:
		if i := bytes.IndexByte(f.Src[from:to], '{'); i >= 0 {
			// Its members are listed.
			return strings.TrimSpace(string(f.Src[from:from+uint32(i)])) + " { ... } " + sym.Name
		}
	case lang.DefVariable:
		if sym.Body < to {
			to = sym.Body // without its initialiser
		}
	}
	text := strings.TrimRight(string(f.Src[from:max(to, from)]), " \t\r\n=")
	lines := strings.Split(text, "\n")
	if len(lines) > maxHead {
		lines = append(lines[:maxHead], "...")
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t\r")
	}
	return strings.Join(lines, "\n")
}

// maxDocFiles is how many files with declarations are searched for the
// documentation of a function that has none where it is defined.
const maxDocFiles = 6

// showDoc finds the comment that describes a definition.
func (t *Tree) showDoc(s *Show, f *closeup, sym *outline.Symbol) error {
	if t.docIn(s, f, sym) {
		return nil
	}
	s.Comment = commentAbove(f, sym)
	if sym.Role != lang.DefFunction && sym.Role != lang.DefVariable {
		return nil
	}
	refs, err := t.idx.Refs(s.Name, index.Roles(lang.Declaration))
	if err != nil {
		return err
	}
	seen := map[source.FileID]bool{f.id: true}
	for _, r := range refs {
		if seen[r.File] || place(t.idx.Path(r.File)) == placeTools {
			continue
		}
		if seen[r.File] = true; len(seen) > maxDocFiles {
			break
		}
		h, err := t.closeup(r.File)
		if err != nil {
			continue
		}
		if t.docIn(s, h, nil) {
			s.Comment = ""
			break
		}
	}
	return nil
}

// docIn looks for the kernel-doc of a name in a file: nearest above the
// definition first.
func (t *Tree) docIn(s *Show, f *closeup, sym *outline.Symbol) bool {
	best := -1
	for i := range f.Comments {
		text := f.Comments[i].Text(f.Src)
		if !kerneldoc.Is(text) || !bytes.Contains(text, []byte(s.Name)) {
			continue
		}
		if sym != nil && best >= 0 && f.Comments[i].Off > sym.Off && sym.Role != lang.DefMember && sym.Role != lang.DefEnumerator {
			break
		}
		d, ok := kerneldoc.Parse(text)
		if !ok || d.Name != s.Name || d.Kind == kerneldoc.Overview {
			continue
		}
		if d.Kind == kerneldoc.Member && (sym == nil || sym.Role != lang.DefMember && sym.Role != lang.DefEnumerator) {
			continue
		}
		best = i
		s.Doc, s.DocPath, s.DocLine = d, f.path, f.Comments[i].Line
	}
	return best >= 0
}

// commentAbove is the text of an ordinary comment that ends right above a
// definition, or behind it on its line.
func commentAbove(f *closeup, sym *outline.Symbol) string {
	for i := range f.Comments {
		c := &f.Comments[i]
		if c.Off > sym.To && c.Line > sym.End {
			break
		}
		above := c.End <= sym.From && f.LineOf(c.End-1)+1 == sym.Start && len(bytes.TrimSpace(f.Src[lineStart(f, c.Line):c.Off])) == 0
		behind := c.Off >= sym.To && c.Line == sym.End && sym.Role != lang.DefFunction
		if above || behind {
			return commentText(c.Text(f.Src))
		}
	}
	return ""
}

func lineStart(f *closeup, line uint32) uint32 {
	from, _ := f.LineExtent(line)
	return from
}

// commentText is a comment without its marks.
func commentText(text []byte) string {
	text = bytes.TrimSuffix(bytes.TrimLeft(text, "/*"), []byte("*/"))
	var lines []string
	for l := range strings.Lines(string(text)) {
		l = strings.TrimSpace(l)
		lines = append(lines, strings.TrimSpace(strings.TrimLeft(strings.TrimPrefix(l, "//"), "*")))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// calledIn lists what a function calls.
func calledIn(f *closeup, sym *outline.Symbol) []ShownCallee {
	var list []ShownCallee
	at := make(map[string]int)
	for i := range f.facts.Occs {
		o := &f.facts.Occs[i]
		if o.Off < sym.Body || o.Off >= sym.To || o.Role != lang.Call && o.Role != lang.Dispatch {
			continue
		}
		name := string(f.Src[o.Off : o.Off+uint32(o.Len)])
		j, ok := at[name]
		if !ok {
			j = len(list)
			at[name] = j
			list = append(list, ShownCallee{Name: name, Line: o.Line, Dispatch: o.Role == lang.Dispatch})
		}
		list[j].Calls++
	}
	return list
}

// members lists the members of a type with what is said about them: in the
// kernel-doc of the type, in a comment of their own, or in one beside them.
func members(k *constants, f *closeup, sym *outline.Symbol, doc *Doc) []ShownMember {
	var list []ShownMember
	inline := make(map[string]string)
	for i := range f.Comments {
		c := &f.Comments[i]
		if c.Off < sym.From || c.Off >= sym.To || !kerneldoc.Is(c.Text(f.Src)) {
			continue
		}
		if d, ok := kerneldoc.Parse(c.Text(f.Src)); ok && d.Kind == kerneldoc.Member {
			inline[d.Name] = strings.Join(strings.Fields(d.Text(0)), " ")
		}
	}
	base := f.condition(sym.Line)
	var path []string // names around the member
	all := f.Symbols()
	top := -1
	for i := range all {
		m := &all[i]
		if m.Off == sym.Off {
			top = i
			continue
		}
		if m.From < sym.From || m.To > sym.To || m.Role != lang.DefMember && m.Role != lang.DefEnumerator || !within(all, m, top, sym) {
			continue
		}
		depth := 0
		if top >= 0 {
			depth = max(m.Depth-all[top].Depth-1, 0)
		}
		path = append(path[:min(depth, len(path))], m.Name)
		s := ShownMember{Name: m.Name, Line: m.Line, Text: oneLine(f, m), Depth: depth, Condition: strings.TrimPrefix(strings.TrimPrefix(f.condition(m.Line), base), " && ")}
		dotted := strings.Join(path, ".")
		if doc != nil {
			s.Doc, _ = doc.Param(dotted)
			if s.Doc == "" {
				s.Doc, _ = doc.Param(m.Name)
			}
			s.Doc = strings.Join(strings.Fields(s.Doc), " ")
		}
		if s.Doc == "" {
			s.Doc = cmp.Or(inline[dotted], inline[m.Name], strings.Join(strings.Fields(commentBeside(f, m)), " "))
		}
		if m.Role == lang.DefEnumerator && len(list) < maxEnumValues {
			s.Value = k.of(f, m)
		}
		list = append(list, s)
	}
	return list
}

// maxEnumValues bounds how many enumerators of a type are computed.
const maxEnumValues = 256

// within reports whether a member belongs to the type sym, at index top of the
// outline, if it stands there, and to no other type that is nested in it.
func within(all []outline.Symbol, m *outline.Symbol, top int, sym *outline.Symbol) bool {
	if top < 0 || sym.Role == lang.DefTypedef {
		return true
	}
	for p := m.Parent; p >= 0; p = all[p].Parent {
		if p == top {
			return true
		}
		if r := all[p].Role; r == lang.DefStruct || r == lang.DefUnion || r == lang.DefEnum {
			return false
		}
	}
	return false
}

// oneLine is a declaration with its white space folded; the body of a type in
// it is left out.
func oneLine(f *closeup, m *outline.Symbol) string {
	text := clean(f.Src[m.From:m.To])
	if i := bytes.IndexByte(text, '{'); i >= 0 && m.Role == lang.DefMember {
		if j := bytes.LastIndexByte(text, '}'); j > i {
			text = slices.Concat(text[:i], []byte("{ ... }"), text[j+1:])
		}
	}
	return strings.TrimRight(string(text), "; ,")
}

// commentBeside is the comment behind a member on its last line, or one on lines
// of its own right above it.
func commentBeside(f *closeup, m *outline.Symbol) string {
	i, _ := slices.BinarySearchFunc(f.Comments, m.To, func(tok c.Token, off uint32) int { return cmp.Compare(tok.Off, off) })
	if i < len(f.Comments) && f.Comments[i].Line == m.End {
		return commentText(f.Comments[i].Text(f.Src))
	}
	return commentAbove(f, m)
}

// showPlaces fills in where the name is used.
func (t *Tree) showPlaces(s *Show, opts ShowOptions) error {
	registered := lang.Registration
	if s.Definition.Kind != lang.DefFunction.Kind() && s.Definition.Kind != lang.DefGenerated.Kind() {
		registered = lang.Read // a value that a member is given: one use among others
	}
	roles := map[*ShownPlaces]index.RoleSet{
		&s.Registered: index.Roles(lang.Registration) & index.Roles(registered),
		&s.Uses: index.Roles(lang.Read, lang.Write, lang.Address, lang.Member, lang.TypeUse, lang.Condition, lang.Designator,
			lang.MacroBody) | index.Roles(lang.Registration)&^index.Roles(registered),
		&s.Callers: index.Roles(lang.Call, lang.Dispatch),
	}
	refs, err := t.idx.Refs(s.Name, index.AllRoles)
	if err != nil {
		return err
	}
	for places, set := range roles {
		var list []index.Ref
		for _, r := range refs {
			if set.Has(r.Role) {
				list = append(list, r)
			}
		}
		if list, _, err = lookAtPlaces(t, list, func(r *index.Ref) index.Ref { return *r }); err != nil {
			return err
		}
		places.Count = len(list)
		first := t.nearestPlaces(list, s.Definition.Path, opts.Limit)
		places.First = make([]Result, len(first))
		p := t.newPresenter(s.Name)
		for i, r := range first {
			if places.First[i], err = p.result(r); err != nil {
				return err
			}
			if err = t.mark(&places.First[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// showIndirect fills in the calls that do not spell the function out.
func (t *Tree) showIndirect(ctx context.Context, s *Show, opts ShowOptions) error {
	g, err := t.newCallGraph()
	if err != nil {
		return nil //nolint:nilerr // the screen does without; dekho callers says what is wrong
	}
	keys, err := g.keys(s.Name)
	if err != nil {
		return err
	}
	p := t.newPresenter(s.Name)
	for _, k := range keys {
		if k.file != source.NoFile && t.idx.Path(k.file) != s.Definition.Path {
			continue // another function of the name
		}
		edges, err := g.indirect(ctx, k)
		if err != nil {
			return err
		}
		s.Reached += len(edges)
		for i := range edges[:min(len(edges), max(opts.Limit-len(s.Indirect), 0))] {
			c, err := g.caller(p, k, &edges[i])
			if err != nil {
				return err
			}
			s.Indirect = append(s.Indirect, c)
		}
	}
	return nil
}

// nearestPlaces picks a few references: those of the directory of the
// definition first, and the kernel proper before tools.
func (t *Tree) nearestPlaces(list []index.Ref, path string, limit int) []index.Ref {
	rank := make(map[source.FileID]int)
	for _, r := range list {
		if _, ok := rank[r.File]; !ok {
			p := t.idx.Path(r.File)
			rank[r.File] = 16*place(p) - min(commonDirs(p, path), 15)
		}
	}
	first := slices.Clone(list)
	slices.SortStableFunc(first, func(a, b index.Ref) int { return cmp.Compare(rank[a.File], rank[b.File]) })
	first = first[:min(len(first), limit)]
	return first
}

// showPrints fills in the log statements of a function.
func (t *Tree) showPrints(s *Show) {
	if s.Definition.Kind != lang.DefFunction.Kind() || s.Definition.Changed {
		return
	}
	if !s.mayPrint {
		return
	}
	m, err := t.logMap()
	if err != nil {
		return // the screen does without; dekho log says what is wrong with the map
	}
	s.Prints = distinctSites(m.SitesIn(s.Definition.Path, s.Start, s.End))
}

// hasStatements reports whether the facts of a file have a statement in some
// lines that may print. Opening the map of print statements takes longer than
// all the rest of an answer.
func hasStatements(facts []byte, first, last uint32) bool {
	r := linkfacts.NewReader(facts)
	for rec := r.Next(); rec != nil; rec = r.Next() {
		if rec.Tag == linkfacts.TagStmt && rec.Line >= first && rec.Line <= last {
			return true
		}
	}
	return false
}

// distinctSites drops the sites of a statement that say the same.
func distinctSites(list []logmap.Site) []logmap.Site {
	return slices.CompactFunc(list, func(a, b logmap.Site) bool {
		return a.Format == b.Format && siteLine(&a) == siteLine(&b)
	})
}

// siteLine is the line where the words of a site stand.
func siteLine(s *logmap.Site) uint32 {
	if s.Said != nil {
		return s.Said.Line
	}
	return s.Line
}
