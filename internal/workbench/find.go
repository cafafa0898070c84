package workbench

import (
	"bytes"
	"context"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/query/fuzzy"
	"dekho/internal/source"
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
		list, err = t.find(ctx, q, query, o)
		return err
	})
	return list, t.idx.Err(err)
}

func (t *Tree) find(ctx context.Context, q *fuzzy.Query, text string, o FindOptions) ([]Found, error) {
	if !o.Files && !o.Symbols {
		o.Files, o.Symbols = true, true
	}
	var inputs []fuzzy.Input
	files := -1
	if o.Symbols {
		stop := t.w.step("names")
		lists, err := t.candidates(ctx, text)
		stop()
		if err != nil {
			return nil, err
		}
		for _, l := range lists {
			inputs = append(inputs, fuzzy.Input{Corpus: &fuzzy.List{Len: len(l.ends), At: l.at}})
		}
	}
	if o.Files {
		files = len(inputs)
		inputs = append(inputs, fuzzy.Input{Paths: true, Corpus: &fuzzy.List{
			Len: t.idx.NumFiles(), At: func(i int) []byte { return t.idx.PathBytes(source.FileID(i)) },
		}})
	}
	stop := t.w.step("match")
	// A name that belongs to another tree of the store drops out below: some
	// more than are wanted make up for it.
	limit := o.Limit
	if limit <= 0 {
		limit = fuzzy.DefaultLimit
	}
	found, err := fuzzy.Find(ctx, q, inputs, fuzzy.Options{Limit: limit + limit/4, Workers: workers(), Guard: index.Guard})
	stop()
	if err != nil {
		return nil, err
	}
	stop = t.w.step("definitions")
	defer stop()
	var out []Found
	for i := range found {
		f := &found[i]
		if len(out) == limit {
			break
		}
		res := Found{Score: f.Score, Positions: f.Positions}
		if f.Input == files {
			res.Path, res.Role = f.Text, "file"
			out = append(out, res)
			continue
		}
		var ok bool
		if res.Result, res.More, ok, err = t.firstDefinition(f.Text); err != nil {
			return nil, err
		}
		if ok {
			res.Name = f.Text
			out = append(out, res)
		}
	}
	return out, nil
}

// firstDefinition is the first definition of a name, without its text: a
// screenful of them is not worth reading a screenful of files.
func (t *Tree) firstDefinition(name string) (first Result, more int, ok bool, err error) {
	best := 0
	err = t.idx.EachRef(name, findRoles, func(r index.Ref) bool {
		res := Result{Path: t.idx.Path(r.File), Line: r.Line, Kind: r.Role.Kind(), Role: r.Role.String()}
		rank := defRank(&res, r.Role)
		switch {
		case !ok:
			first, best, ok = res, rank, true
			return true
		case rank < best || rank == best && (res.Path < first.Path || res.Path == first.Path && res.Line < first.Line):
			first, best = res, rank
		}
		more++
		return true
	})
	return first, more, ok, err
}

// nameList is names in one piece of memory.
type nameList struct {
	bytes []byte
	ends  []int
}

func (l *nameList) at(i int) []byte {
	start := 0
	if i > 0 {
		start = l.ends[i-1]
	}
	return l.bytes[start:l.ends[i]]
}

// candidates collects the symbols that have all letters of a query.
func (t *Tree) candidates(ctx context.Context, query string) ([]nameList, error) {
	n := workers()
	lists := make([]nameList, n)
	scan := index.Scan{Roles: findRoles, Letters: lettersOf(query), Workers: n}
	const maxBytes = 512 << 20 // for a query that chooses nothing, on a tree of another size
	err := t.idx.ScanNames(ctx, scan, func(worker int, name []byte, _ index.RoleSet) bool {
		l := &lists[worker]
		if len(l.bytes) > maxBytes/n {
			return false
		}
		if bytes.IndexByte(name, '\n') < 0 {
			l.bytes = append(l.bytes, name...)
			l.ends = append(l.ends, len(l.bytes))
		}
		return true
	})
	return lists, err
}

// lettersOf are the letters that a match of a fuzzy query must have: those of
// its terms but for what is excluded. It may tell too few, never too many.
func lettersOf(query string) index.Letters {
	var l index.Letters
	for term := range strings.FieldsSeq(query) {
		if strings.ContainsAny(term, `\`) {
			continue // a blank that is part of a term, or what it escapes
		}
		if term[0] == '!' {
			continue
		}
		term = strings.TrimPrefix(strings.TrimPrefix(term, "'"), "^")
		l |= index.LettersOf(strings.TrimSuffix(term, "$"))
	}
	return l
}
