package ops

// From an expression to the struct behind it.

import (
	"slices"
	"strings"

	"dekho/internal/lang/c"
	"dekho/internal/lang/linkfacts"
	"dekho/internal/macro"
)

// resolver resolves what some files do. It is for one goroutine.
type resolver struct {
	*linker
	view    *macro.View
	file    int32
	known   map[typeKey][]*structDef
	effects map[effectKey][]effect
	roots   map[int32]id // what macros return, by the ID of their definition
	fn      node         // function that entries with parameters belong to
	out     rows
}

type typeKey struct {
	tag  id
	file int32
}

// structOf finds the struct that a type is in a file: its tag and the bodies it
// may have there, none if it is not known. fn says that the type is a pointer
// to a function instead.
func (r *resolver) structOf(t id, file int32) (tag id, defs []*structDef, fn bool, params uint32) {
	for range 5 {
		if defs := r.bodies(t, file); len(defs) > 0 {
			return t, defs, false, 0
		}
		if to, ok := r.aliases[t]; ok && to != t {
			t = to
			continue
		}
		list := r.decl.typedefs[t]
		if len(list) == 0 {
			return t, nil, false, 0
		}
		d := &list[0]
		for i := range list {
			if list[i].file == file {
				d = &list[i]
			}
		}
		if d.fn {
			return t, nil, true, d.params
		}
		if d.target == t || d.target == 0 {
			return t, nil, false, 0
		}
		t = d.target
	}
	return t, nil, false, 0
}

// bodies chooses among the structs with a tag those that a file can mean: its
// own, that of a header near by, or those of the headers for all.
func (r *resolver) bodies(tag id, file int32) []*structDef {
	all := r.decl.structs[tag]
	if len(all) == 0 {
		return nil
	}
	key := typeKey{tag, file}
	if defs, ok := r.known[key]; ok {
		return defs
	}
	defs := r.choose(all, file)
	r.known[key] = defs
	return defs
}

func (r *resolver) choose(all []structDef, file int32) []*structDef {
	var own, arch, shared []*structDef
	var near *structDef
	best := -1
	at := &r.macros.Files[file]
	for i := range all {
		d := &all[i]
		h := &r.macros.Files[d.file]
		switch {
		case d.file == file:
			own = append(own, d)
		case r.shared[d.file] && h.Arch != "" && h.Arch == at.Arch:
			arch = append(arch, d) // that of the architecture comes first
		case r.shared[d.file]:
			shared = append(shared, d)
		case !h.Header:
		default:
			// A header of a directory above, or one that is included.
			score := -1
			if strings.HasPrefix(at.Dir, h.Dir) {
				score = len(h.Dir)
			}
			for _, inc := range r.macros.Includes(file) {
				if inc == d.file {
					score = 1 << 20
				}
			}
			if score > best {
				near, best = d, score
			}
		}
	}
	switch {
	case len(own) > 0:
		return own
	case near != nil:
		return []*structDef{near}
	case len(arch) > 0:
		return arch
	case len(shared) > 0:
		if slices.ContainsFunc(shared, func(d *structDef) bool { return r.macros.Files[d.file].Arch == "" }) {
			// What an architecture calls so too is another matter.
			return slices.DeleteFunc(shared, func(d *structDef) bool { return r.macros.Files[d.file].Arch != "" })
		}
		return shared
	}
	for i := range all {
		d := &all[i]
		if score := macro.CommonDirs(r.macros.Files[d.file].Path, at.Path); score > best {
			near, best = d, score
		}
	}
	return []*structDef{near}
}

// find looks a member up.
func find(defs []*structDef, e *linkfacts.Elem) (*member, *structDef) {
	if e.Name == nil {
		for _, d := range defs {
			for i := range d.members {
				if d.members[i].pos == e.Pos {
					return &d.members[i], d
				}
			}
		}
		return nil, nil
	}
	name := idOf(e.Name)
	for _, d := range defs {
		for i := range d.members {
			if d.members[i].name == name {
				return &d.members[i], d
			}
		}
	}
	return nil, nil
}

// group tells apart structs of one tag: 0 for those of headers for all. Those of
// architectures are one, if they are all that there is.
func (r *resolver) group(tag id, d *structDef) int32 {
	if !r.shared[d.file] {
		return d.file + 1
	}
	if r.macros.Files[d.file].Arch != "" {
		all := r.decl.structs[tag]
		for i := range all {
			if f := all[i].file; r.shared[f] && r.macros.Files[f].Arch == "" {
				return d.file + 1
			}
		}
	}
	return 0
}

// root finds the type at the root of a place, 0 if it is not known.
func (r *resolver) root(p *linkfacts.Place) id {
	switch p.Root {
	case linkfacts.RootType:
		return idOf(p.Name)
	case linkfacts.RootVariable:
		vars := r.decl.vars[idOf(p.Name)]
		for i := range vars {
			if vars[i].file == r.file {
				return vars[i].typ
			}
		}
		for i := range vars {
			if r.shared[vars[i].file] {
				return vars[i].typ
			}
		}
		if len(vars) > 0 {
			return vars[0].typ
		}
	case linkfacts.RootCall:
		funcs := r.decl.funcs[idOf(p.Name)]
		for i := range funcs {
			if funcs[i].file == r.file {
				return funcs[i].result
			}
		}
		for i := range funcs {
			if f := &funcs[i]; f.result != 0 && (!f.static || r.macros.Files[f.file].Header) {
				return f.result
			}
		}
		for _, m := range r.view.Visible(stringOf(p.Name), r.file) {
			if t := r.macroType(m); t != 0 {
				return t
			}
		}
	}
	return 0
}

// macroType is the struct that a macro like to_foo(x) makes of its argument, 0
// if it is none.
func (r *resolver) macroType(m *macro.Def) id {
	if t, ok := r.roots[m.ID]; ok {
		return t
	}
	var t id
	ts := m.Tokens()
	for i := 0; i+2 < len(ts) && i < maxBody; i++ {
		if ts[i].Kind == c.Ident && (ts[i].Text == "struct" || ts[i].Text == "union") && ts[i+1].Kind == c.Ident && i > 0 {
			before, behind := ts[i-1].Text, ts[i+2].Text
			if before == "," && behind == "," || before == "(" && behind == "*" {
				t = idOf(ts[i+1].Text)
				break
			}
		}
	}
	r.roots[m.ID] = t
	return t
}

// slot is the node that a place is. ok is false when it is none that could hold
// a function.
func (r *resolver) slot(p *linkfacts.Place) (n node, ok bool) {
	if len(p.Path) == 0 {
		if p.Root != linkfacts.RootVariable {
			return node{}, false
		}
		n = node{kind: Variable, name: r.name(p.Name), group: r.file + 1}
		if len(r.decl.vars[n.name]) > 0 {
			n.group = 0
		}
		return n, true
	}
	tag, file := r.root(p), r.file
	last := &p.Path[len(p.Path)-1]
	for i := range p.Path {
		e := &p.Path[i]
		var defs []*structDef
		if tag != 0 {
			var fn bool
			if tag, defs, fn, _ = r.structOf(tag, file); fn {
				return node{}, false
			}
			if len(defs) == 0 && file != r.file {
				tag, defs, _, _ = r.structOf(tag, r.file)
			}
		}
		m, d := find(defs, e)
		if e == last {
			switch {
			case m != nil:
				n = node{kind: Member, name: m.name, owner: tag, group: r.group(tag, d)}
				if e.Name != nil {
					r.name(e.Name)
				}
				switch {
				case m.fn:
					r.out.hold(n, m.params+1)
				case m.typ != 0:
					_, inner, fn, params := r.structOf(m.typ, d.file)
					if fn {
						r.out.hold(n, params+1)
					}
					if len(inner) > 0 {
						return n, false // a struct, or the address of one
					}
				}
			case e.Name == nil:
				return node{}, false
			default:
				n = node{kind: Member, name: r.name(e.Name)}
				if tag != 0 {
					n.owner = tag
					if len(defs) > 0 {
						n.group = r.group(tag, defs[0])
						r.out.hold(n, opaque)
					}
				}
			}
			return n, true
		}
		switch {
		case m != nil && m.typ != 0:
			tag, file = m.typ, d.file
		case m != nil:
			tag = 0
		case tag != 0 && len(defs) > 0:
			// A member that is a struct without a tag: its members are found
			// in the one around it.
			if next, _ := find(defs, &p.Path[i+1]); next == nil {
				tag = 0
			}
		default:
			tag = 0
		}
	}
	return node{}, false
}

// name notes a name that the table may need.
func (r *resolver) name(b []byte) id {
	h := idOf(b)
	if _, ok := r.out.names[h]; !ok {
		r.out.names[h] = stringOf(b)
	}
	return h
}

func (r *resolver) nameString(s string) id {
	h := idOf(s)
	r.out.names[h] = s
	return h
}
