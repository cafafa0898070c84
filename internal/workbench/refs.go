package workbench

// References by role. Most roles are in the index. Who includes a header, and
// where a name stands in strings and comments, is found when it is asked for.

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/query/grep"
	"dekho/internal/query/pattern"
	"dekho/internal/source"
)

// RefOptions choose references.
type RefOptions struct {
	// Roles are those wanted, by name; none is all that the index holds, which
	// leaves out strings and comments. For the name of a header, none is those
	// who include it.
	Roles []string
	// NoText leaves out the text of the lines.
	NoText bool

	loose bool // lines need not spell the name out
}

// The roles that are no lang.Role: they are not stored.
const (
	roleInclude = "include"
	roleString  = "string"
	roleComment = "comment"
)

// Roles lists the roles that a reference can have.
func Roles() []string {
	names := []string{roleInclude, roleString, roleComment}
	for r := range lang.NumRoles {
		if s := lang.Role(r).String(); !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	slices.Sort(names)
	return names
}

// wanted is the roles of a question.
type wanted struct {
	roles                      index.RoleSet
	include, strings, comments bool
	// plain is what stands in the code of C and is no part of what the index
	// knows: parameters of macros, of prototypes.
	plain bool
}

// prose reports whether what is wanted is in the text alone.
func (w *wanted) prose() bool { return w.strings || w.comments || w.plain }

// roleSet is the roles of the names.
func roleSet(names []string) (w wanted, err error) {
	if len(names) == 0 {
		w.roles = index.AllRoles
		return w, nil
	}
	for _, name := range names {
		found := true
		switch name {
		case roleInclude:
			w.include = true
		case roleString:
			w.strings = true
		case roleComment:
			w.comments = true
		default:
			found = false
			for r := range lang.NumRoles {
				role := lang.Role(r)
				if role.String() == name || role.Kind() == name {
					w.roles |= index.Roles(role)
					found = true
				}
			}
		}
		if !found {
			return w, &UsageError{fmt.Errorf("there is no role %q; roles are %s", name, strings.Join(Roles(), ", "))}
		}
	}
	return w, nil
}

// Refs finds the references to a name, by path and line. The name is known to
// the tree if there are results or no nearest names.
func (t *Tree) Refs(ctx context.Context, name string, opts RefOptions) (a *Answer, err error) {
	want, err := roleSet(opts.Roles)
	if err != nil {
		return nil, err
	}
	if len(opts.Roles) == 0 && isHeaderName(name) {
		want = wanted{include: true}
	}
	err = index.Guard(func() error {
		if a, err = t.refs(ctx, name, want, opts); err == nil {
			a.Results, a.LeftOut, err = t.look(a.Results)
		}
		return err
	})
	return a, t.idx.Err(err)
}

func (t *Tree) refs(ctx context.Context, name string, want wanted, opts RefOptions) (*Answer, error) {
	a := &Answer{Name: name}
	if want.roles != 0 {
		for _, s := range spellings(name) {
			refs, err := t.refsTo(s, want.roles)
			if err != nil {
				return nil, err
			}
			results := make([]Result, len(refs))
			if err := t.present(ctx, name, s.name, refs, results, opts); err != nil {
				return nil, err
			}
			a.Results = mergeResults(a.Results, results)
		}
		if err := t.addGenerated(a, want.roles, opts); err != nil {
			return nil, err
		}
	}
	stored := len(a.Results)
	if want.include {
		list, err := t.includers(ctx, name, opts)
		if err != nil {
			return nil, err
		}
		a.Results = append(a.Results, list...)
	}
	if want.prose() {
		list, err := t.inProse(ctx, name, want)
		if err != nil {
			return nil, err
		}
		a.Results = append(a.Results, list...)
	}
	if len(a.Results) > stored {
		slices.SortStableFunc(a.Results, func(a, b Result) int {
			return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
		})
	}
	if len(a.Results) > 0 {
		return a, nil
	}
	if want.include && want.roles == 0 {
		if _, ok := t.file(name); ok {
			return a, nil // it is there, and nobody includes it
		}
		var err error
		a.Nearest, err = t.nearestFiles(ctx, name)
		return a, err
	}
	var err error
	if a.Roles, err = t.rolesOf(name); err != nil || len(a.Roles) > 0 {
		return a, err
	}
	a.Nearest, err = t.nearest(ctx, name)
	return a, err
}

// addGenerated adds the definitions that uses of macros make. They take the place
// of what the extractor, who sees that a macro makes a name but not what, says
// about their lines.
func (t *Tree) addGenerated(a *Answer, roles index.RoleSet, opts RefOptions) error {
	if roles&index.Definitions == 0 {
		return nil
	}
	m, err := t.macros()
	if err != nil || m == nil {
		return err
	}
	var results []Result
	p := t.newPresenter(a.Name)
	p.noText = opts.NoText
	for _, d := range m.definitions(a.Name) {
		if !roles.Has(d.ref.Role) {
			continue
		}
		res, err := p.result(d.ref)
		if err != nil {
			return err
		}
		res.Macro = &d.macro
		results = append(results, res)
	}
	if len(results) == 0 {
		return nil
	}
	a.Results = slices.DeleteFunc(a.Results, func(r Result) bool {
		return r.Kind == lang.DefGenerated.Kind() && slices.ContainsFunc(results, func(d Result) bool { return d.Path == r.Path && d.Line == r.Line })
	})
	a.Results = mergeResults(a.Results, results)
	return nil
}

// rolesOf lists the roles in which a name occurs.
func (t *Tree) rolesOf(name string) ([]string, error) {
	var roles []string
	for _, s := range spellings(name) {
		err := t.idx.EachRef(s.name, index.AllRoles, func(r index.Ref) bool {
			if role := r.Role.String(); !slices.Contains(roles, role) && (s.in == nil || s.in(t.idx.Path(r.File))) {
				roles = append(roles, role)
			}
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	made, err := t.generated(name)
	if err != nil {
		return nil, err
	}
	for i := range made {
		if role := made[i].Role; !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	slices.Sort(roles)
	return roles, nil
}

// textCandidates lists the files that may have a text.
func (t *Tree) textCandidates(text string, word bool) ([]source.FileID, error) {
	p, err := grep.Compile(text, pattern.Options{Literal: true, Word: word})
	if err != nil {
		return nil, &UsageError{err}
	}
	return t.idx.Candidates(p.Trigrams())
}

// headerDirs are where #include looks, besides the directory of the file: what
// the kernel's Makefiles put on the command line, in a form that does without
// knowing the architecture.
var headerDirs = []string{"include/", "include/uapi/", "tools/include/"}

// includers finds the #includes of a header: given as a path of the tree, as
// #include writes it, or as the last elements of that.
func (t *Tree) includers(_ context.Context, name string, opts RefOptions) ([]Result, error) {
	name = path.Clean(strings.Trim(name, `<>"`))
	target := ""
	if id, ok := t.file(name); ok {
		target = t.idx.Path(id)
	}
	text := name
	if target != "" {
		text = path.Base(target)
	}
	ids, err := t.textCandidates(text, false)
	if err != nil {
		return nil, err
	}
	p := t.newPresenter(name)
	p.noText = opts.NoText
	var list []Result
	for _, id := range ids {
		includes, err := t.idx.Includes(id)
		if err != nil {
			return nil, err
		}
		for i := range includes {
			inc := &includes[i]
			if target != "" && !t.includes(id, inc, target) || target == "" && !endsPath(inc.Path, name) {
				continue
			}
			if p.file != id {
				if err := p.load(id); err != nil {
					return nil, err
				}
			}
			r := Result{Path: p.path, Line: inc.Line, Role: roleInclude, Changed: p.changed, Text: string(p.text(inc.Line))}
			if at := strings.Index(r.Text, inc.Path); at >= 0 {
				r.Column = at + 1
			}
			list = append(list, r)
		}
	}
	return list, nil
}

// includes reports whether an #include in a file means the header at target.
func (t *Tree) includes(id source.FileID, inc *index.Include, target string) bool {
	rel := path.Clean(inc.Path)
	if !strings.HasSuffix(target, strings.TrimLeft(rel, "./")) {
		return false
	}
	if !inc.System {
		beside := path.Join(path.Dir(t.idx.Path(id)), rel)
		if beside == target {
			return true
		}
		if _, ok := t.idx.FileByPath(beside); ok {
			return false
		}
	}
	for _, dir := range headerDirs {
		if p := path.Join(dir, rel); p != target {
			// The first directory that has the header is the one that counts,
			// and the directories of an architecture come before these.
			if _, ok := t.idx.FileByPath(p); ok && !archHeader(target) {
				return false
			}
			continue
		}
		return true
	}
	if archHeader(target) {
		// Within one architecture, or from code that all share.
		own := path.Dir(path.Dir(target))
		where := t.idx.Path(id)
		return strings.HasSuffix(target, "/"+rel) && (!strings.HasPrefix(where, "arch/") || archOf(where) == archOf(own))
	}
	return endsPath(target, rel)
}

// archHeader reports whether a header belongs to an architecture.
func archHeader(p string) bool {
	return strings.HasPrefix(p, "arch/") && strings.Contains(p, "/include/")
}

// archOf is the architecture's directory of a path below arch.
func archOf(p string) string {
	_, rest, _ := strings.Cut(p, "/")
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// endsPath reports whether a path ends in the elements of another.
func endsPath(p, end string) bool {
	rest, ok := strings.CutSuffix(p, end)
	return ok && (rest == "" || strings.HasSuffix(rest, "/"))
}
