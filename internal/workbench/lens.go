package workbench

// The lens: what of a tree is built for an architecture, a configuration, a
// board.

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/lang/linkfacts"
	"dekho/internal/lens"
	"dekho/internal/query/plan"
	"dekho/internal/source"
)

// LensOptions say through which lens the answers are seen. All of it is
// optional; without Arch and Config there is no lens.
type LensOptions struct {
	// Arch is an architecture: a directory below arch/, a value of ARCH=, or
	// what uname -m or Debian call it. By default it is that of Config or Board.
	Arch string
	// Config names a .config, /proc/config.gz, or a kernel that carries its
	// configuration. A relative path is looked for in the working directory and
	// at the top of the tree.
	Config string
	// Board names a device tree: a .dtb, or a .dts of the tree.
	Board string
	// OnlyBuilt leaves out what is not built.
	OnlyBuilt bool
}

// What the lens says.
type (
	// BuildVerdict says whether a place is built.
	BuildVerdict = lens.Verdict
	// BuildReason is a fact that a verdict rests on.
	BuildReason = lens.Reason
	// BuildState is whether something is built.
	BuildState = lens.State
)

// The values of BuildState.
const (
	BuiltOut     = lens.Out
	BuiltUnknown = lens.Unknown
	BuiltIn      = lens.In
)

// Judgement is what the lens says of a result.
type Judgement struct {
	BuildVerdict
	// Board is a compatible string of the board that the file names, "" for
	// none.
	Board string
	// OffBoard says that the file has a table of devices and the board has none
	// of them.
	OffBoard bool
}

// FromEnv fills what was not given from the environment.
func (o *LensOptions) FromEnv(getenv func(string) string) {
	for _, v := range []struct {
		field *string
		name  string
	}{{&o.Arch, "DEKHO_ARCH"}, {&o.Config, "DEKHO_CONFIG"}, {&o.Board, "DEKHO_BOARD"}} {
		if *v.field == "" {
			*v.field = getenv(v.name)
		}
	}
}

// view is a tree's lens with what it judges results by.
type view struct {
	*lens.Lens
	t         *Tree
	board     *lens.Board // nil for none
	onlyBuilt bool

	mu    *sync.Mutex // of the lens too: it remembers what it worked out
	files map[string]*fileView
}

// fileView is what is known of a file whose lines are judged.
type fileView struct {
	conds    []index.Cond
	lines    uint32
	board    string
	offBoard bool
}

// openLens makes the lens that the options ask for, nil for none.
func (t *Tree) openLens(o LensOptions) (*view, error) {
	if o.Arch == "" && o.Config == "" && o.Board == "" {
		if o.OnlyBuilt {
			return nil, &UsageError{errors.New("what is built is a matter of --arch, --config or --board")}
		}
		return nil, nil //nolint:nilnil // no lens is no error
	}
	stop := t.w.step("lens")
	defer stop()
	v := &view{t: t, onlyBuilt: o.OnlyBuilt, mu: new(sync.Mutex), files: make(map[string]*fileView)}
	var config *lens.Config
	if o.Config != "" {
		var err error
		if config, err = t.readConfig(o.Config); err != nil {
			return nil, err
		}
	}
	var boardArch string
	if o.Board != "" {
		var err error
		if v.board, boardArch, err = t.readBoard(o.Board); err != nil {
			return nil, err
		}
	}
	var arch lens.Arch
	switch {
	case o.Arch != "":
		arch = lens.FindArch(o.Arch)
		if config != nil && config.Arch.Dir != "" {
			if config.Arch.Dir != arch.Dir {
				return nil, &UsageError{fmt.Errorf("%s is a configuration for %s, not for %s", o.Config, config.Arch.Dir, arch.Dir)}
			}
			if arch.Bits == 0 || config.Complete {
				arch = config.Arch
			}
		}
	case config != nil && config.Arch.Dir != "":
		arch = config.Arch
	case boardArch != "":
		arch = lens.FindArch(boardArch)
	case config != nil:
		return nil, &UsageError{fmt.Errorf("%s does not tell its architecture: name it with --arch", o.Config)}
	default:
		return nil, &UsageError{fmt.Errorf("the tree has no %s, so its architecture is not known: name it with --arch", path.Base(o.Board))}
	}
	tree := &lensTree{t: t}
	if lo, hi := t.idx.FilesUnder("arch/" + arch.Dir + "/"); lo == hi {
		return nil, &UsageError{fmt.Errorf("the tree has no architecture %q; it has %s", arch.Dir, strings.Join(t.arches(), ", "))}
	}
	v.Lens = lens.New(tree, arch, config, t.Kernel())
	return v, nil
}

// arches lists the architectures of the tree.
func (t *Tree) arches() []string {
	var list []string
	for _, p := range (&lensTree{t: t}).Glob("arch/*/Makefile") {
		list = append(list, path.Base(path.Dir(p)))
	}
	return list
}

// readConfig reads a configuration by its name.
func (t *Tree) readConfig(name string) (*lens.Config, error) {
	f, err := openInput(name, t.Root())
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	c, err := lens.ReadConfig(f)
	if err != nil {
		return nil, &InputError{Name: name, Err: err, Hint: configHint}
	}
	return c, nil
}

// openInput opens a file named relative to the working directory or else to the
// top of a tree.
func openInput(name, root string) (*os.File, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) && !filepath.IsAbs(name) {
		if g, gerr := os.Open(filepath.Join(root, name)); gerr == nil {
			f, err = g, nil
		}
	}
	if err != nil {
		return nil, &InputError{Name: name, Err: err}
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("is a directory")
	}
	if err != nil {
		return nil, errors.Join(&InputError{Name: name, Err: err}, f.Close())
	}
	return f, nil
}

// readBoard reads a board's device tree: a compiled one, or a source of the
// tree. arch is the architecture whose directory has its source, "" if none or
// several do.
func (t *Tree) readBoard(name string) (b *lens.Board, arch string, err error) {
	base := strings.TrimSuffix(strings.TrimSuffix(path.Base(filepath.ToSlash(name)), ".dtb"), ".dts")
	tree := &lensTree{t: t}
	var sources []string
	lo, hi := t.idx.FilesUnder("arch/")
	for id := lo; id < hi; id++ {
		if bytes.HasSuffix(t.idx.PathBytes(id), []byte("/"+base+".dts")) {
			sources = append(sources, t.idx.Path(id))
		}
	}
	for _, p := range sources {
		if rest, ok := strings.CutPrefix(p, "arch/"); ok {
			dir, _, _ := strings.Cut(rest, "/")
			if arch != "" && arch != dir {
				arch = ""
				break
			}
			arch = dir
		}
	}
	f, err := openInput(name, t.Root())
	var input *InputError
	switch {
	case errors.As(err, &input) && errors.Is(err, fs.ErrNotExist) && len(sources) > 0:
		return lens.ReadSource(tree, sources[0]), arch, nil
	case err != nil:
		return nil, "", err
	}
	defer f.Close() //nolint:errcheck // it was only read
	if strings.HasSuffix(name, ".dts") {
		if len(sources) == 0 {
			return nil, "", &InputError{Name: name, Err: errors.New("is not in the tree"), Hint: "compile it with its headers and give the .dtb"}
		}
		return lens.ReadSource(tree, sources[0]), arch, nil
	}
	if b, err = lens.ReadBlob(f); err != nil {
		return nil, "", &InputError{Name: name, Err: err, Hint: "a board is a .dtb, or the name of a .dts in the tree"}
	}
	return b, arch, nil
}

// judge judges a line. It can be called from several goroutines.
func (v *view) judge(file string, line uint32) (Judgement, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	f := v.files[file]
	if f == nil {
		f = &fileView{}
		if id, ok := v.t.idx.FileByPath(file); ok {
			info, err := v.t.idx.File(id)
			if err != nil {
				return Judgement{}, err
			}
			f.lines = info.Lines
			if f.conds, err = v.t.idx.Conds(id); err != nil {
				return Judgement{}, err
			}
			if v.board != nil {
				text, _ := (&lensTree{t: v.t}).ReadFile(file)
				var table bool
				f.board, table = v.board.Match(text)
				f.offBoard = table && f.board == ""
			}
		}
		v.files[file] = f
	}
	j := Judgement{Board: f.board, OffBoard: f.offBoard}
	if line == 0 {
		j.BuildVerdict = v.File(file)
	} else {
		j.BuildVerdict = v.At(file, f.conds, f.lines, line)
	}
	return j, nil
}

// Rank orders what the lens says, best first: drivers of the board, what is
// built or may be, what the board has no device for, what is not built.
func (j *Judgement) Rank() int {
	switch {
	case j == nil:
		return 1
	case j.State == BuiltOut:
		return 4
	case j.Board != "":
		return 0
	case j.OffBoard:
		return 3
	case j.State == BuiltIn:
		return 1
	}
	return 2
}

// HasLens reports whether answers are seen through a lens.
func (t *Tree) HasLens() bool { return t.view != nil }

// Judge tells what the lens says of a place; line 0 is a whole file. Without a
// lens it is nil.
func (t *Tree) Judge(file string, line uint32) (*Judgement, error) {
	if t.view == nil {
		return nil, nil //nolint:nilnil // no lens has nothing to say
	}
	j, err := t.view.judge(file, line)
	return &j, err
}

// look judges results. Those that are built come first, in the order they have;
// with OnlyBuilt the others are left out, and it is returned how many these
// are.
func (t *Tree) look(results []Result) ([]Result, int, error) {
	if t.view == nil {
		return results, 0, nil
	}
	kept := results[:0]
	for i := range results {
		r := &results[i]
		j, err := t.view.judge(r.Path, r.Line)
		if err != nil {
			return nil, 0, err
		}
		r.Lens = &j
		if !t.view.onlyBuilt || j.State != BuiltOut {
			kept = append(kept, *r)
		}
	}
	slices.SortStableFunc(kept, func(a, b Result) int { return a.Lens.refRank() - b.Lens.refRank() })
	return kept, len(results) - len(kept), nil
}

// lookAtPlaces is look for what is not a result yet.
func lookAtPlaces[T any](t *Tree, list []T, place func(*T) index.Ref) (_ []T, leftOut int, err error) {
	v := t.view
	if v == nil {
		return list, 0, nil
	}
	type judged struct {
		what T
		rank int
	}
	kept := make([]judged, 0, len(list))
	for i := range list {
		r := place(&list[i])
		j, err := v.judge(t.idx.Path(r.File), r.Line)
		if err != nil {
			return nil, 0, err
		}
		if v.onlyBuilt && j.State == BuiltOut {
			leftOut++
			continue
		}
		kept = append(kept, judged{list[i], j.refRank()})
	}
	slices.SortStableFunc(kept, func(a, b judged) int { return a.rank - b.rank })
	list = list[:0]
	for i := range kept {
		list = append(list, kept[i].what)
	}
	return list, leftOut, nil
}

// mark notes what the lens says of a result.
func (t *Tree) mark(r *Result) error {
	j, err := t.Judge(r.Path, r.Line)
	r.Lens = j
	return err
}

// leavesOut reports whether a line is not to be shown because it is not built.
func (t *Tree) leavesOut(file source.FileID, line uint32) (bool, error) {
	if t.view == nil || !t.view.onlyBuilt {
		return false, nil
	}
	j, err := t.view.judge(t.idx.Path(file), line)
	return j.State == BuiltOut, err
}

// lookAtFound is look for the answers to a fuzzy query.
func (t *Tree) lookAtFound(list []Found) ([]Found, error) {
	if t.view == nil {
		return list, nil
	}
	kept := list[:0]
	for i := range list {
		f := &list[i]
		j, err := t.view.judge(f.Path, f.Line)
		if err != nil {
			return nil, err
		}
		f.Lens = &j
		if !t.view.onlyBuilt || j.State != BuiltOut {
			kept = append(kept, *f)
		}
	}
	slices.SortStableFunc(kept, func(a, b Found) int { return a.Lens.refRank() - b.Lens.refRank() })
	return kept, nil
}

// lookAtDefinitions is look for definitions, which their ranks order too: what
// is not built comes last, and else the rank says what is meant and the lens
// which of several it is.
func (t *Tree) lookAtDefinitions(defs []definition) ([]definition, int, error) {
	if t.view == nil {
		return defs, 0, nil
	}
	kept := defs[:0]
	for i := range defs {
		d := &defs[i]
		j, err := t.view.judge(d.Path, d.Line)
		if err != nil {
			return nil, 0, err
		}
		d.Lens = &j
		if !t.view.onlyBuilt || j.State != BuiltOut {
			kept = append(kept, *d)
		}
	}
	const last = 3 // of the ranks that a place further in front can make up for
	slices.SortStableFunc(kept, func(a, b definition) int {
		x, y := a.Lens.Rank(), b.Lens.Rank()
		return cmp.Or(cmp.Compare(max(x, last), max(y, last)), cmp.Compare(a.rank/10, b.rank/10), cmp.Compare(x, y))
	})
	return kept, len(defs) - len(kept), nil
}

// refRank is Rank where order is worth keeping: what may be built stays beside
// what is.
func (j *Judgement) refRank() int {
	if r := j.Rank(); r != 2 {
		return r
	}
	return 1
}

// look judges the lines of results before they are shown.
func (g *Grep) look(emit func(*GrepResult) error) func(*GrepResult) error {
	v := g.t.view
	if v == nil {
		return emit
	}
	return func(r *GrepResult) error {
		g.judged = make(map[int]*Judgement, len(r.Lines))
		if len(r.Lines) == 0 {
			j, err := v.judge(r.Path, 0)
			if err != nil || v.onlyBuilt && j.State == BuiltOut {
				return err
			}
			return emit(r)
		}
		for i := range r.Lines {
			j, err := v.judge(r.Path, uint32(r.Lines[i].Number))
			if err != nil {
				return err
			}
			g.judged[r.Lines[i].Number] = &j
		}
		if v.onlyBuilt {
			kept := *r
			kept.Lines = slices.DeleteFunc(slices.Clone(r.Lines), func(l GrepLine) bool { return g.judged[l.Number].State == BuiltOut })
			if r = &kept; !slices.ContainsFunc(r.Lines, func(l GrepLine) bool { return l.Match }) {
				return nil
			}
		}
		return emit(r)
	}
}

// Judgement is what the lens says of a line of the result that is being shown,
// nil without a lens.
func (g *Grep) Judgement(line *GrepLine) *Judgement { return g.judged[line.Number] }

// lensTree is an indexed tree as the lens reads it: from the disk, and makefiles
// that are gone from there from the index.
type lensTree struct {
	t      *Tree
	reader source.Reader
}

var _ lens.Tree = (*lensTree)(nil)

// ReadFile implements kbuild.Source.
func (s *lensTree) ReadFile(name string) ([]byte, bool) {
	id, ok := s.t.idx.FileByPath(name)
	if !ok {
		return nil, false
	}
	if text, err := s.t.idx.ReadText(&s.reader, id); err == nil {
		return text, true
	}
	facts, err := s.t.idx.LinkFacts(id)
	if err != nil {
		return nil, false
	}
	r := linkfacts.NewReader(facts)
	for rec := r.Next(); rec != nil; rec = r.Next() {
		if rec.Tag == linkfacts.TagKbuild {
			return rec.Body, true
		}
	}
	return nil, false
}

// Glob implements kbuild.Source.
func (s *lensTree) Glob(pattern string) []string {
	fixed := strings.IndexAny(pattern, `*?[\`)
	if fixed < 0 {
		if _, ok := s.t.idx.FileByPath(pattern); ok {
			return []string{pattern}
		}
		if lo, hi := s.t.idx.FilesUnder(pattern + "/"); lo < hi {
			return []string{pattern}
		}
		return nil
	}
	depth := strings.Count(pattern, "/")
	var hits []string
	last := ""
	lo, hi := s.t.idx.FilesUnder(pattern[:fixed])
	for id := lo; id < hi; id++ {
		p := s.t.idx.Path(id)
		for n, i := 0, 0; i < len(p); i++ {
			if p[i] == '/' {
				if n++; n > depth {
					p = p[:i]
				}
			}
		}
		if p == last {
			continue
		}
		last = p
		if ok, err := path.Match(pattern, p); err == nil && ok {
			hits = append(hits, p)
		}
	}
	return hits
}

// containing lists the files that may contain a text.
func (s *lensTree) containing(text string) []source.FileID {
	re, err := syntax.Parse(regexp.QuoteMeta(text), syntax.Perl)
	if err != nil {
		return nil
	}
	ids, err := s.t.idx.Candidates(plan.Trigrams(re))
	if err != nil {
		return nil
	}
	return ids
}

// Makefiles implements lens.Tree.
func (s *lensTree) Makefiles(text string) []string {
	var list []string
	for _, id := range s.containing(text) {
		p := s.t.idx.Path(id)
		if base := path.Base(p); !strings.HasPrefix(base, "Makefile") && !strings.HasPrefix(base, "Kbuild") {
			continue
		}
		if content, ok := s.ReadFile(p); ok && bytes.Contains(content, []byte(text)) {
			list = append(list, p)
		}
	}
	return list
}

// Defines implements lens.Tree.
func (s *lensTree) Defines(macro string) bool {
	found := false
	err := s.t.idx.EachRef(macro, index.Roles(lang.DefMacro), func(r index.Ref) bool {
		found = place(s.t.idx.Path(r.File)) != placeTools
		return !found
	})
	return found && err == nil
}

// IncludedBy implements lens.Tree.
func (s *lensTree) IncludedBy(name string) []lens.Inclusion {
	var by []lens.Inclusion
	for _, id := range s.containing(path.Base(name) + `"`) {
		p := s.t.idx.Path(id)
		if ext := path.Ext(p); ext != ".c" && ext != ".S" && ext != ".h" {
			continue
		}
		list, err := s.t.idx.Includes(id)
		if err != nil {
			return by
		}
		for i := range list {
			if path.Join(path.Dir(p), list[i].Path) != name {
				continue
			}
			conds, err := s.t.idx.Conds(id)
			if err != nil {
				return by
			}
			f, err := s.t.idx.File(id)
			if err != nil {
				return by
			}
			by = append(by, lens.Inclusion{Path: p, Line: list[i].Line, Conds: conds, Lines: f.Lines})
		}
	}
	return by
}
