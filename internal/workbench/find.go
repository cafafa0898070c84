package workbench

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/query/fuzzy"
)

// FindOptions say what to find.
type FindOptions struct {
	// Limit is how many results are wanted; 0 is a screenful.
	Limit int
	// Files and Symbols choose what is searched; neither is both.
	Files, Symbols bool
}

// Found is a file or a symbol that fits a fuzzy query.
type Found struct {
	// Result is the first definition of a symbol, or a path alone.
	Result
	// Name is the symbol, "" for a file.
	Name string
	// More is how many further definitions the symbol has.
	More int
	// Score ranks; larger is better.
	Score int
	// Positions are the bytes of Name, or else of Path, that matched.
	Positions []int
}

// findRoles are those of the symbols people look for by a few of their letters:
// what stands for itself.
var findRoles = index.Roles(lang.DefFunction, lang.DefMacro, lang.DefStruct, lang.DefUnion, lang.DefEnum, lang.DefEnumerator,
	lang.DefTypedef, lang.DefVariable, lang.DefConfig, lang.DefGenerated)

// Find finds files and symbols by a few of their letters, best first.
func (t *Tree) Find(ctx context.Context, query string, o FindOptions) (list []Found, err error) {
	q, err := fuzzy.Parse(query)
	if err != nil {
		return nil, &UsageError{err}
	}
	err = index.Guard(func() error {
		if list, err = t.find(ctx, q, o); err == nil {
			list, err = t.lookAtFound(list)
		}
		return err
	})
	return list, t.idx.Err(err)
}

func (t *Tree) find(ctx context.Context, q *fuzzy.Query, o FindOptions) ([]Found, error) {
	if !o.Files && !o.Symbols {
		o.Files, o.Symbols = true, true
	}
	var inputs []fuzzy.Input
	files := -1
	if o.Symbols {
		stop := t.w.step("names")
		var err error
		inputs, err = t.idx.NameInputs(findRoles)
		stop()
		if err != nil {
			return nil, err
		}
		m, err := t.macros()
		if err != nil {
			return nil, err
		}
		if m != nil {
			inputs = append(inputs, fuzzy.Input{Corpus: m.table.Names()})
		}
	}
	if o.Files {
		files = len(inputs)
		inputs = append(inputs, t.pathInput())
	}
	stop := t.w.step("match")
	// A name that belongs to another tree of the store drops out below: some
	// more than are wanted make up for it.
	limit := o.Limit
	if limit <= 0 {
		limit = fuzzy.DefaultLimit
	}
	found, err := fuzzy.Find(ctx, q, inputs, fuzzy.Options{Limit: limit + limit/4 + tiesAhead, Workers: workers(), Guard: index.Guard})
	stop()
	if err != nil {
		return nil, err
	}
	stop = t.w.step("definitions")
	defer stop()
	var out []Found
	seen := make(map[string]bool) // a name may be in the text and made by macros
	for i := range found {
		f := &found[i]
		res := Found{Score: f.Score, Positions: f.Positions}
		if f.Input == files {
			res.Path, res.Role = f.Text, "file"
			out = append(out, res)
			continue
		}
		if seen[f.Text] {
			continue
		}
		seen[f.Text] = true
		var ok bool
		if res.Result, res.More, ok, err = t.firstDefinition(f.Text); err != nil {
			return nil, err
		}
		if ok {
			res.Name = f.Text
			out = append(out, res)
		}
	}
	// Letters alone do not tell net/ipv4/tcp_ipv4.c from TCP_IPV4.
	slices.SortStableFunc(out, func(a, b Found) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(spare(&a), spare(&b)), cmp.Compare(weight(&a), weight(&b)))
	})
	return out[:min(len(out), limit)], nil
}

// tiesAhead is how many results more than are wanted are looked at, for the best
// of those that have the same score.
const tiesAhead = 20

// spare is 0 if a query spells out all of a name, or all of a file's name but its
// extension, and else 1.
func spare(f *Found) int {
	text, from := f.Name, 0
	if text == "" {
		text = f.Path
		from = strings.LastIndexByte(text, '/') + 1
		if dot := strings.LastIndexByte(text, '.'); dot > from {
			text = text[:dot]
		}
	}
	letters := 0
	for i := from; i < len(text); i++ {
		if c := text[i]; c != '_' && c != '-' && c != '.' {
			letters++
		}
	}
	for _, p := range f.Positions {
		if p >= from && p < len(text) && text[p] != '_' && text[p] != '-' && text[p] != '.' {
			letters--
		}
	}
	if letters > 0 {
		return 1
	}
	return 0
}

// weight orders results of the same score, the lightest first: what people look
// for more often, and the kernel proper before tools.
func weight(f *Found) int {
	w := 0
	switch f.Kind {
	case "": // a file
		w = 1
	case lang.DefFunction.Kind(), lang.DefStruct.Kind(), lang.DefUnion.Kind(), lang.DefTypedef.Kind():
	case lang.DefMacro.Kind(), lang.DefVariable.Kind(), lang.DefGenerated.Kind(), lang.DefEnum.Kind():
		w = 2
	default: // enumerators, symbols of the configuration
		w = 3
	}
	if place(f.Path) == placeTools {
		w += 4
	}
	return w
}

// firstDefinition is the first definition of a name, without its text: a
// screenful of them is not worth reading a screenful of files.
func (t *Tree) firstDefinition(name string) (first Result, more int, ok bool, err error) {
	best := 0
	consider := func(r index.Ref, by *MacroPlace) {
		res := Result{Path: t.idx.Path(r.File), Line: r.Line, Kind: r.Role.Kind(), Role: r.Role.String(), Macro: by}
		rank := defRank(&res, r.Role)
		switch {
		case !ok:
			first, best, ok = res, rank, true
			return
		case rank < best || rank == best && (res.Path < first.Path || res.Path == first.Path && res.Line < first.Line):
			first, best = res, rank
		}
		more++
	}
	m, err := t.macros()
	if err != nil {
		return first, more, ok, err
	}
	var generated []made
	if m != nil {
		generated = m.definitions(name)
	}
	err = t.idx.EachRef(name, findRoles, func(r index.Ref) bool {
		// The extractor sees that a macro makes a name, not what.
		if r.Role != lang.DefGenerated || !slices.ContainsFunc(generated, func(d made) bool { return d.ref.File == r.File && d.ref.Line == r.Line }) {
			consider(r, nil)
		}
		return true
	})
	for i := range generated {
		if d := &generated[i]; findRoles.Has(d.ref.Role) {
			consider(d.ref, &d.macro)
		}
	}
	return first, more, ok, err
}
