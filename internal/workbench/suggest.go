package workbench

// Names that fit where somebody types.

import (
	"context"
	"path"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/lang/kbuild"
)

// Suggestion is a name that may be meant.
type Suggestion struct {
	Name string
	// Kind is what it is ("function", "local", "file", "directory"), "" if that
	// is not known.
	Kind string
	// Text is its declaration, where that is at hand.
	Text string
}

// Suggestions are the names that fit at a position.
type Suggestions struct {
	List []Suggestion
	// Column is where what they complete begins, in bytes from 1.
	Column int
	// More says that there are further ones.
	More bool
}

// Suggest lists names that complete what stands before a position, at most limit
// of them: the members of the struct in front, files behind #include, symbols of
// the configuration, local variables, names of the file and of the tree.
func (t *Tree) Suggest(_ context.Context, at Cursor, limit int) (s *Suggestions, err error) {
	err = index.Guard(func() error {
		s, err = t.suggest(at, limit)
		return err
	})
	return s, t.idx.Err(err)
}

func (t *Tree) suggest(at Cursor, limit int) (*Suggestions, error) {
	s := &Suggestions{Column: at.Column}
	id, ok := t.file(at.Path)
	if !ok {
		return s, nil
	}
	f, err := t.closeup(id)
	if err != nil {
		return nil, err
	}
	from, to := f.LineExtent(at.Line)
	off := min(from+uint32(max(at.Column-1, 0)), to)
	before := string(f.Src[from:off])
	if dir, name, ok := cutInclude(before); ok {
		s.Column = int(off-from) - len(name) + 1
		s.add(t.suggestHeaders(f.path, dir+name, len(dir), strings.Contains(before, `"`)), limit)
		return s, nil
	}
	start := off
	for start > from && isWordByte(f.Src[start-1]) {
		start--
	}
	prefix := string(f.Src[start:off])
	s.Column = int(start-from) + 1
	if prefix != "" && prefix[0] >= '0' && prefix[0] <= '9' {
		return s, nil
	}
	for i := range f.Comments {
		if f.Comments[i].Off < start && start < f.Comments[i].End {
			return s, nil
		}
	}
	if i := f.tokenBefore(start); i >= 0 && (f.Code[i].Is(f.Src, "->") || f.Code[i].Is(f.Src, ".")) {
		s.add(t.suggestMembers(f, start, prefix), limit)
		return s, nil
	}
	s.add(f.suggestLocals(at.Line, start, prefix), limit)
	s.add(f.suggestNames(start, prefix), limit)
	if prefix == "" {
		s.More = true
		return s, nil
	}
	list, more, err := t.suggestGlobals(f, prefix, limit)
	s.add(list, limit)
	s.More = s.More || more
	return s, err
}

// add appends what is not there yet.
func (s *Suggestions) add(list []Suggestion, limit int) {
	for i := range list {
		if slices.ContainsFunc(s.List, func(o Suggestion) bool { return o.Name == list[i].Name }) {
			continue
		}
		if len(s.List) >= limit {
			s.More = true
			return
		}
		s.List = append(s.List, list[i])
	}
}

// cutInclude takes the name of an #include that is being typed apart, behind its
// last slash.
func cutInclude(line string) (dir, name string, ok bool) {
	rest, ok := strings.CutPrefix(strings.TrimLeft(line, " \t"), "#")
	if !ok {
		return "", "", false
	}
	rest, ok = strings.CutPrefix(strings.TrimLeft(rest, " \t"), "include")
	rest = strings.TrimLeft(rest, " \t")
	if !ok || rest == "" || rest[0] != '<' && rest[0] != '"' || strings.ContainsAny(rest[1:], `>"`) {
		return "", "", false
	}
	i := strings.LastIndexByte(rest, '/')
	if i < 0 {
		return "", rest[1:], true
	}
	return rest[1 : i+1], rest[i+1:], true
}

// maxHeaders bounds the files that are looked at for one directory.
const maxHeaders = 2000

// suggestHeaders lists files and directories whose path as an #include writes it
// begins with prefix, without its first skip bytes.
func (t *Tree) suggestHeaders(file, prefix string, skip int, quoted bool) []Suggestion {
	var dirs []string
	if quoted {
		dirs = append(dirs, path.Dir(file)+"/")
	}
	dirs = append(dirs, headerDirs[:2]...)
	if arch := architecture(file); arch != "" {
		dirs = append(dirs, "arch/"+arch+"/include/")
	}
	var list []Suggestion
	for _, dir := range dirs {
		paths, err := t.CompleteFile(dir+prefix, maxHeaders)
		if err != nil {
			continue
		}
		for _, p := range paths {
			name := strings.TrimPrefix(p, dir)[skip:]
			switch {
			case strings.HasSuffix(name, "/"):
				list = append(list, Suggestion{Name: name, Kind: "directory"})
			case strings.HasSuffix(name, ".h") || strings.HasSuffix(name, ".dtsi"):
				list = append(list, Suggestion{Name: name, Kind: "file"})
			}
		}
	}
	return list
}

// suggestMembers lists the members of the struct before an offset; if that is not
// known, what the file uses as members.
func (t *Tree) suggestMembers(f *closeup, start uint32, prefix string) []Suggestion {
	var list []Suggestion
	y := typist{t: t}
	if of := y.holder(f, start); of != "" {
		in, members := y.members(of, f)
		top := -1
		for i := range members {
			m := &members[i]
			if top < 0 || m.Depth < top {
				top = m.Depth
			}
			if strings.HasPrefix(m.Name, prefix) {
				list = append(list, Suggestion{Name: m.Name, Kind: m.Role.Kind(), Text: oneLine(in, m)})
			}
		}
		if len(members) > 0 {
			return list
		}
	}
	for i := range f.facts.Occs {
		o := &f.facts.Occs[i]
		if name := string(f.Src[o.Off : o.Off+uint32(o.Len)]); (o.Role == lang.Member || o.Role == lang.Designator) && o.Off != start && strings.HasPrefix(name, prefix) {
			list = append(list, Suggestion{Name: name, Kind: lang.DefMember.Kind()})
		}
	}
	return list
}

// suggestLocals lists the variables of the function that are declared above.
func (c *closeup) suggestLocals(line, start uint32, prefix string) []Suggestion {
	fn := c.function(line)
	if fn == nil {
		return nil
	}
	var list []Suggestion
	for i := range c.facts.Occs {
		o := &c.facts.Occs[i]
		if o.Line < fn.Start || o.Line > fn.End || o.Off >= start || o.Role != lang.DefParam && o.Role != lang.DefLocal {
			continue
		}
		if name := string(c.Src[o.Off : o.Off+uint32(o.Len)]); strings.HasPrefix(name, prefix) {
			list = append(list, Suggestion{Name: name, Kind: o.Role.Kind(), Text: strings.TrimSpace(c.text(o.Line))})
		}
	}
	return list
}

// suggestNames lists what the file itself defines.
func (c *closeup) suggestNames(start uint32, prefix string) []Suggestion {
	if prefix == "" {
		return nil
	}
	var list []Suggestion
	for i := range c.facts.Occs {
		o := &c.facts.Occs[i]
		if !o.Role.IsDef() || isPart(o.Role.Kind()) || o.Off == start {
			continue
		}
		if name := string(c.Src[o.Off : o.Off+uint32(o.Len)]); strings.HasPrefix(name, prefix) {
			list = append(list, Suggestion{Name: name, Kind: o.Role.Kind()})
		}
	}
	return list
}

// suggestGlobals lists the names of the tree.
func (t *Tree) suggestGlobals(f *closeup, prefix string, limit int) ([]Suggestion, bool, error) {
	roles, before := findRoles|index.Roles(lang.DefClass, lang.DefNamespace), ""
	switch rest, config := strings.CutPrefix(prefix, configPrefix); {
	case kbuild.IsKconfig(f.path):
		roles = index.Roles(lang.DefConfig)
	case config:
		prefix, before, roles = rest, configPrefix, index.Roles(lang.DefConfig)
	default:
		roles &^= index.Roles(lang.DefConfig)
	}
	var list []Suggestion
	for n, err := range t.idx.Names(prefix) {
		if err != nil {
			return nil, false, err
		}
		if n.Roles&roles == 0 {
			continue
		}
		if len(list) == limit {
			return list, true, nil
		}
		list = append(list, Suggestion{Name: before + strings.Clone(n.Text), Kind: kindOf(n.Roles & roles)})
	}
	m, err := t.macros()
	if err != nil || m == nil || before != "" {
		return list, false, err
	}
	for name, err := range m.table.Names().WithPrefix(prefix) {
		if err != nil {
			return nil, false, err
		}
		if len(list) == 2*limit {
			return list, true, nil
		}
		list = append(list, Suggestion{Name: name, Kind: lang.DefGenerated.Kind()})
	}
	return list, false, nil
}

// kindOf is what a name is that has several roles: what people mean first.
func kindOf(roles index.RoleSet) string {
	for _, r := range []lang.Role{
		lang.DefFunction, lang.DefStruct, lang.DefClass, lang.DefUnion, lang.DefTypedef, lang.DefMacro, lang.DefEnum, lang.DefEnumerator,
		lang.DefVariable, lang.DefNamespace, lang.DefConfig, lang.DefGenerated,
	} {
		if roles.Has(r) {
			return r.Kind()
		}
	}
	return ""
}
