package workbench

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/lens"
	"dekho/internal/source"
)

// Result is a place in the tree where a name stands.
type Result struct {
	Path string
	Line uint32 // 1-based
	// Column is where in the line the name stands, in bytes from 1; 0 if the
	// line does not spell it out.
	Column int
	// Kind is what kind of symbol it introduces ("function"), "" for a use.
	Kind string
	// Role is what the name does there ("definition", "call").
	Role string
	// Function is the function the line is in, "" for none.
	Function string
	// FunctionLine is the line of that function's name, 0 if it is not known.
	FunctionLine uint32
	// Condition is what of #if governs the line, outermost first, "" for
	// nothing.
	Condition string
	// Text is the line.
	Text string
	// Spelled is how the name is written there, "" if as it was asked for: a
	// Kconfig file leaves out CONFIG_.
	Spelled string
	// Changed says that the file is no longer what was indexed: the line may
	// have moved.
	Changed bool
	// Macro is the macro whose use defines the name, nil for what stands in the
	// text.
	Macro *MacroPlace
	// Lens is what the lens says of the place, nil without one.
	Lens *Judgement
}

// Answer is what is known of a name.
type Answer struct {
	Name string
	// Tree is the root of the tree that answers, if several were asked.
	Tree    string
	Results []Result
	// Nearest are names that exist, for a name that does not.
	Nearest []string
	// Roles are those in which the name does occur, when it has none of the
	// roles asked for.
	Roles []string
	// LeftOut is how many results the lens left out.
	LeftOut int
}

// Define finds the definitions of a name, best first: the kernel proper before
// tools and samples, what stands for itself before members and labels. When
// there is none, it lists the declarations.
func (t *Tree) Define(ctx context.Context, name string) (a *Answer, err error) {
	err = index.Guard(func() error {
		a, err = t.define(ctx, name)
		return err
	})
	return a, t.idx.Err(err)
}

func (t *Tree) define(ctx context.Context, name string) (*Answer, error) {
	a := &Answer{Name: name}
	defs, err := t.definitions(name)
	if err != nil {
		return nil, err
	}
	if len(defs) == 0 {
		a.Nearest, err = t.nearest(ctx, name)
		return a, err
	}
	if defs, a.LeftOut, err = t.lookAtDefinitions(defs); err != nil {
		return nil, err
	}
	for i := range defs {
		a.Results = append(a.Results, defs[i].Result)
	}
	return a, nil
}

// definitions lists where a name is defined, best first, or declared when it is
// defined nowhere.
func (t *Tree) definitions(name string) ([]definition, error) {
	var defs []definition
	collect := func(roles index.RoleSet) error {
		for _, s := range spellings(name) {
			refs, err := t.refsTo(s, roles)
			if err != nil {
				return err
			}
			p := t.newPresenter(s.name)
			p.conditions, p.asked = true, name
			for _, r := range refs {
				res, err := p.result(r)
				if err != nil {
					return err
				}
				defs = append(defs, definition{res, defRank(&res, r.Role)})
			}
		}
		return nil
	}
	if err := collect(index.Definitions); err != nil {
		return nil, err
	}
	generated, err := t.generated(name)
	if err != nil {
		return nil, err
	}
	// The extractor sees that a macro makes a name, not what.
	defs = slices.DeleteFunc(defs, func(d definition) bool {
		return slices.ContainsFunc(generated, func(g definition) bool { return g.Path == d.Path && g.Line == d.Line })
	})
	defs = append(defs, generated...)
	// What a linker script or a macro out of sight defines has declarations
	// alone; a member that happens to have the name must not hide them.
	if !slices.ContainsFunc(defs, func(d definition) bool { return d.rank < rankDeclaration }) {
		if err := collect(index.Roles(lang.Declaration, lang.ForwardType)); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(defs, func(a, b definition) int { return cmp.Compare(a.rank, b.rank) })
	return defs, nil
}

// generated lists the definitions of a name that uses of macros make.
func (t *Tree) generated(name string) ([]definition, error) {
	m, err := t.macros()
	if err != nil || m == nil {
		return nil, err
	}
	var defs []definition
	p := t.newPresenter(name)
	p.conditions = true
	for _, d := range m.definitions(name) {
		res, err := p.result(d.ref)
		if err != nil {
			return nil, err
		}
		res.Macro = &d.macro
		defs = append(defs, definition{res, defRank(&res, d.ref.Role)})
	}
	return defs, nil
}

// definition is a result and its rank, lower is better.
type definition struct {
	Result
	rank int
}

// Ranks of definitions. The part of the tree is added to them.
const (
	rankPlain       = 0  // stands for itself
	rankDeclaration = 10 // is defined elsewhere
	rankUserSpace   = 20 // not part of the kernel: tools, samples, !__KERNEL__
	rankPart        = 30 // of something else: a member, a label
	rankUserPart    = 40
)

// defRank orders definitions: by whether a person who asks for the name is
// likely to mean it, then by the part of the tree.
func defRank(r *Result, role lang.Role) int {
	if role == lang.DefConfig {
		if r.Spelled == "" {
			return rankPlain + placeArch // who asks for HZ means C's before CONFIG_HZ
		}
		return rankPlain // few, and in no header
	}
	p := place(r.Path)
	if p == placeKernel && strings.HasPrefix(r.Path, "include/") == (role == lang.DefFunction) {
		// A type or macro that headers share is meant before one of a file's
		// own; a function before the stub that a header has in its place.
		p = placeElsewhere
	}
	user := p >= placeTools || strings.Contains(r.Condition, "!__KERNEL__")
	part := role == lang.DefMember || role == lang.DefLabel || role == lang.DefNode
	switch {
	case part && user:
		return rankUserPart + p
	case part:
		return rankPart + p
	case user:
		return rankUserSpace + p
	case role == lang.Declaration || role == lang.ForwardType:
		return rankDeclaration + p
	}
	return rankPlain + p
}

// The parts of a kernel tree, nearest to its middle first.
const (
	placeKernel    = iota
	placeElsewhere // in the kernel, but not where the like of it is looked for
	placeArch
	placeBoot // decompressors and loaders define names of the kernel anew
	placeTools
)

// place tells the part of the tree.
func place(path string) int {
	dir, rest, _ := strings.Cut(path, "/")
	switch dir {
	case "tools", "samples", "scripts", "Documentation", "usr":
		return placeTools
	case "arch":
		if _, sub, _ := strings.Cut(rest, "/"); strings.HasPrefix(sub, "boot/") {
			return placeBoot
		}
		return placeArch
	}
	return placeKernel
}

// presenter makes results of references. It reads each file once when the
// references come file by file. It is for one goroutine.
type presenter struct {
	t          *Tree
	name       string // as it is written in the file
	asked      string // as the person wrote it, "" for the same
	funcs      *index.FuncFinder
	conditions bool
	noText     bool
	loose      bool // lines need not spell the name out

	reader   source.Reader
	file     source.FileID
	path     string
	content  []byte
	changed  bool
	compared bool   // changed is known for sure
	line     uint32 // at which at stands
	at       int
	conds    []index.Cond
	lines    uint32
}

func (t *Tree) newPresenter(name string) *presenter {
	return &presenter{t: t, name: name, funcs: t.idx.FuncFinder(), file: source.NoFile}
}

func (p *presenter) result(r index.Ref) (Result, error) {
	if r.File != p.file {
		if err := p.load(r.File); err != nil {
			return Result{}, err
		}
	}
	res := Result{Path: p.path, Line: r.Line, Kind: r.Role.Kind(), Role: r.Role.String(), Changed: p.changed}
	if p.asked != "" && p.asked != p.name {
		res.Spelled = p.name
	}
	text := p.text(r.Line)
	if i := wordIn(text, p.name); i >= 0 {
		res.Column = i + 1
	} else if !p.noText && !p.loose && !p.changed && !p.compared {
		// A macro pastes the name together, or the file is not what it was.
		p.compare()
		res.Changed = p.changed
	}
	res.Text = string(text)
	fn, ok, err := p.funcs.At(r.File, r.Line)
	if err != nil {
		return res, err
	}
	if ok && !((r.Role == lang.DefFunction || r.Role == lang.DefMacro) && fn.Name == p.name) {
		res.Function, res.FunctionLine = fn.Qualified(), fn.Start
	}
	if p.conditions {
		res.Condition = p.condition(r.Line)
	}
	return res, nil
}

func (p *presenter) load(id source.FileID) error {
	p.file, p.path = id, p.t.idx.Path(id)
	p.content, p.changed, p.compared, p.line, p.at = nil, false, false, 1, 0
	if !p.noText {
		was, err := p.t.idx.File(id)
		if err != nil {
			return err
		}
		// A file that cannot be read is a changed one: the index still knows
		// where the name was. As long as the name stands where it should, the
		// size is all that is compared, which is what makes thousands of files
		// bearable.
		content, err := p.t.idx.ReadText(&p.reader, id)
		p.content, p.changed = content, err != nil || int64(len(content)) != was.Size
	}
	if p.conditions {
		var err error
		if p.conds, err = p.t.idx.Conds(id); err != nil {
			return err
		}
		f, err := p.t.idx.File(id)
		if err != nil {
			return err
		}
		p.lines = f.Lines
	}
	return nil
}

var newline = []byte{'\n'}

// compare tells for sure whether the file is what was indexed.
func (p *presenter) compare() {
	_, changed, err := p.t.idx.ReadFile(p.file)
	p.changed, p.compared = changed || err != nil, true
}

// text is a line of the file, without the white space around it.
func (p *presenter) text(line uint32) []byte {
	if line < p.line {
		p.line, p.at = 1, 0
	}
	// Counting the newlines of a block takes less time than finding one of them.
	const block = 1 << 9
	for p.line < line && p.at+block < len(p.content) {
		n := uint32(bytes.Count(p.content[p.at:p.at+block], newline))
		if p.line+n >= line {
			break
		}
		p.line += n
		p.at += block
	}
	for p.line < line {
		n := bytes.IndexByte(p.content[p.at:], '\n')
		if n < 0 {
			return nil
		}
		p.at += n + 1
		p.line++
	}
	text := p.content[p.at:]
	if n := bytes.IndexByte(text, '\n'); n >= 0 {
		text = text[:n]
	}
	return bytes.TrimRight(text, " \t\r")
}

func (p *presenter) condition(line uint32) string { return condition(p.conds, line, p.lines) }

// condition is the arms of #if that govern a line of a file that has so many
// lines, but for the guard of a header.
func condition(conds []index.Cond, line, lines uint32) string {
	var parts []string
	for _, a := range lens.Governing(conds, lines, line) {
		parts = append(parts, a.String())
	}
	return strings.Join(parts, " && ")
}

// wordIn finds a name in a line as a word of its own, -1 if it is not there.
func wordIn(line []byte, name string) int {
	for from := 0; ; {
		i := bytes.Index(line[from:], []byte(name))
		if i < 0 {
			return -1
		}
		i += from
		end := i + len(name)
		if (i == 0 || !isWordByte(line[i-1])) && (end == len(line) || !isWordByte(line[end])) {
			return i
		}
		from = i + 1
	}
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= 0x80
}
