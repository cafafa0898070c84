package xref

import (
	"strings"

	"dekho/internal/lang"
	"dekho/internal/lang/c"
	"dekho/internal/macro"
)

// A name that is defined in the tree may be a macro itself: a file defines
// mtype_add() and is included by others, with mtype_add defined as hash_ip4_add
// in one and as hash_ip6_add in the next.

// renaming is a definition under the name of a macro.
type renaming struct {
	name string
	file int32
	line uint32
	role lang.Role
}

// findRenames lists the definitions under names of macros that stand for
// another name.
func (l *linker) findRenames() error {
	l.renames = make(map[int32][]renaming)
	for _, name := range l.t.Names() {
		if !renames(l.t, l.t.Lookup(name), 1) {
			continue
		}
		err := l.in.Definitions(name, func(file int, line uint32, role lang.Role) {
			l.renames[int32(file)] = append(l.renames[int32(file)], renaming{name, int32(file), line, role})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// renames reports whether a macro may stand for another name: without
// parameters, and a name or a use of a macro is its whole body.
func renames(t *macro.Table, d *macro.Names, depth int) bool {
	if d == nil {
		return false
	}
	for _, m := range d.All {
		if isName(t, m, depth) {
			return true
		}
	}
	return false
}

func isName(t *macro.Table, m *macro.Def, depth int) bool {
	if m.Function || m.Body == "" || m.Body == m.Name || len(m.Body) > 200 || m.Global {
		return false
	}
	if isWord(m.Body) {
		// Other names of constants are many, and nothing is defined under them;
		// but what stands for a name may have a name of that kind.
		return strings.ContainsAny(m.Body, "abcdefghijklmnopqrstuvwxyz") || depth > 0 && renames(t, t.Lookup(m.Body), depth-1)
	}
	if m.Body[len(m.Body)-1] != ')' || m.Body[0] >= '0' && m.Body[0] <= '9' || m.Body[0] == '(' {
		return false
	}
	ts := m.Tokens()
	return ts[0].Kind == c.Ident && (len(ts) == 1 || ts[1].Kind == c.Open && ts[len(ts)-1].Kind == c.Close)
}

// rename adds the names that a definition has in truth.
func (l *linker) rename(r *renaming, ts *templates, d *derived) {
	x := ts.x
	for _, from := range append([]int32{-1}, l.includers[r.file]...) {
		x.scope = scope{r.file, from}
		defs := x.candidates(r.name)
		x.choices = choices{}
		for v := 0; v < x.count(); v++ {
			x.begin(v)
			x.steps, x.active = 0, x.active[:0]
			m := x.pick(defs)
			if m == nil || !isName(l.t, m, 1) || !l.reaches(x, m, r, from) {
				continue
			}
			out := x.body(nil, m, nil, 0)
			if len(out) == 1 && out[0].Kind == c.Ident && out[0].Text != r.name {
				t := &template{def: m, items: []item{{name: strings.Clone(out[0].Text), role: r.role}}}
				d.uses = append(d.uses, siteUse{r.file, r.line, t, ""})
				if r.role == lang.DefFunction {
					d.renamed = append(d.renamed, edge{t.items[0].name, m.ID, -1})
				}
			}
		}
	}
}

// reaches reports whether a definition can stand under the macro: it comes
// behind it in one file, or its file or the one that includes that reads the
// file of the macro, and it is not general code next to an architecture's macro.
func (l *linker) reaches(x *expander, m *macro.Def, r *renaming, from int32) bool {
	if m.File == r.file {
		return m.Line < r.line
	}
	if a := l.t.Files[m.File].Arch; a != "" && a != l.t.Files[r.file].Arch {
		return false
	}
	defs := []*macro.Def{m}
	return m.File == from || len(x.closed.among(l.t, r.file, defs)) > 0 || from >= 0 && len(x.outer.among(l.t, from, defs)) > 0
}
