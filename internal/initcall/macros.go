package initcall

// The macros that make entries.

import (
	"regexp"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/lang/c"
	"dekho/internal/lang/linkfacts"
	"dekho/internal/lens"
	"dekho/internal/macro"
	"dekho/internal/source"
)

// The files that define what an initcall is.
const (
	initHeader   = "include/linux/init.h"
	linkerScript = "include/asm-generic/vmlinux.lds.h"
)

// macros are those that come to an entry.
type macros struct {
	names []string
	defs  map[string][]*macro.Def
	bases map[string]base
	// levels are the names of the sections, sequence their order.
	levels   map[string]string
	sequence map[string]int
	headers  map[int32]bool
	perFile  map[source.FileID][]*macro.Def // of the files that have any of defs
	left     int                            // of maxTokens
}

// base is a macro that names the section itself.
type base struct {
	id string // of the section, if it is fixed
	at int    // the argument that is the id otherwise
}

// section finds the name of a section of initcalls in the body of a macro:
// .initcall##id, ".initcall" #id ".init", .con_initcall.
var section = regexp.MustCompile(`\.((\w+)_)?initcall\b`)

// maxMacros bounds the search for macros that use one another.
const maxMacros = 5000

// findMacros finds the macros that make entries.
func (w *walker) findMacros() (*macros, error) {
	m := &macros{
		defs: make(map[string][]*macro.Def), bases: make(map[string]base), levels: make(map[string]string),
		sequence: make(map[string]int), headers: make(map[int32]bool),
	}
	id, ok := w.t.FileByPath(initHeader)
	if !ok {
		return m, nil
	}
	own, err := w.defsOf(id)
	if err != nil {
		return nil, err
	}
	var queue []string
	for _, d := range own {
		hit := section.FindStringSubmatch(d.Body)
		if hit == nil || !d.Function || len(d.Params) == 0 {
			continue
		}
		b := base{id: hit[2]}
		if b.id == "" {
			if b.at = d.ParamIndex("id"); b.at <= 0 {
				continue
			}
		}
		if _, ok := m.bases[d.Name]; !ok {
			m.bases[d.Name] = b
			queue = append(queue, d.Name)
		}
	}
	known := make(map[string]bool)
	for _, name := range queue {
		known[name] = true
	}
	m.perFile = make(map[source.FileID][]*macro.Def)
	for len(queue) > 0 && len(known) < maxMacros {
		name := queue[0]
		queue = queue[1:]
		m.names = append(m.names, name)
		refs, err := w.t.Refs(name, index.Roles(lang.MacroBody))
		if err != nil {
			return nil, err
		}
		for _, r := range refs {
			defs, ok := m.perFile[r.File]
			if !ok {
				if defs, err = w.defsOf(r.File); err != nil {
					return nil, err
				}
				m.perFile[r.File] = defs
			}
			d := around(defs, r.Line, name)
			if d == nil || m.bases[d.Name] != (base{}) || slices.Contains(m.defs[d.Name], d) {
				continue
			}
			if seen, err := w.seen(r.File, d.Line); err != nil {
				return nil, err
			} else if !seen {
				continue
			}
			m.defs[d.Name] = append(m.defs[d.Name], d)
			m.headers[d.File] = strings.HasSuffix(w.t.Path(r.File), ".h")
			if !known[d.Name] {
				known[d.Name] = true
				queue = append(queue, d.Name)
			}
		}
	}
	m.nameLevels(own)
	m.readSequence(w.read)
	return m, nil
}

// defsOf are the macros that a file defines, in the order of their lines.
func (w *walker) defsOf(id source.FileID) ([]*macro.Def, error) {
	facts, err := w.t.LinkFacts(id)
	if err != nil {
		return nil, err
	}
	var defs []*macro.Def
	r := linkfacts.NewReader(facts)
	for rec := r.Next(); rec != nil; rec = r.Next() {
		if rec.Tag == linkfacts.TagMacro {
			defs = append(defs, macro.FromRecord(int32(id), rec))
		}
	}
	slices.SortStableFunc(defs, func(a, b *macro.Def) int { return int(a.Line) - int(b.Line) })
	return defs, r.Err()
}

// around is the macro whose body has a name at a line.
func around(defs []*macro.Def, line uint32, name string) *macro.Def {
	for i := len(defs) - 1; i >= 0; i-- {
		if d := defs[i]; d.Line <= line {
			if slices.ContainsFunc(d.Tokens(), func(t macro.Token) bool { return t.Kind == c.Ident && t.Text == name }) {
				return d
			}
			return nil
		}
	}
	return nil
}

// seen reports whether code that is built in can see a definition: module.h has
// others for modules, and arch/um for its programs.
func (w *walker) seen(id source.FileID, line uint32) (bool, error) {
	c, err := w.conditionsOf(id)
	if err != nil {
		return false, err
	}
	file := w.t.Path(id)
	return w.lens.File(file).State != lens.Out && w.lens.BuiltIn(file, c.conds, c.lines, line) != lens.Out, nil
}

// nameLevels names the sections after the macros that are made for them:
// device_initcall is __define_initcall(fn, 6).
func (m *macros) nameLevels(own []*macro.Def) {
	for _, d := range own {
		name, ok := strings.CutSuffix(d.Name, "_initcall")
		if !ok {
			if name, ok = strings.CutSuffix(d.Name, "_initcall_sync"); ok {
				name += "_sync"
			}
		}
		if !ok || name == "" || strings.HasPrefix(name, "_") {
			continue
		}
		if b, ok := m.bases[d.Name]; ok {
			m.levels[b.id] = name
			continue
		}
		ts := d.Tokens()
		for i := range ts {
			b, ok := m.bases[ts[i].Text]
			if !ok || i+1 >= len(ts) {
				continue
			}
			if args, _, ok := macro.Group(ts, i+1); ok && b.id == "" && b.at < len(args) {
				m.levels[join(args[b.at])] = name
			}
		}
	}
}

// inScript finds the sections in the linker script, or a macro call for two.
var inScript = regexp.MustCompile(`\.initcall(\w+?)\.init\b|INIT_CALLS_LEVEL\((\w+)\)`)

// readSequence finds the order of the sections in the linker script.
func (m *macros) readSequence(read Reader) {
	// The console is called before all tables, and what was for security modules
	// between it and the rest.
	for i, id := range []string{"con", "security"} {
		m.sequence[id] = i - 10
	}
	src, ok := read(linkerScript)
	if !ok {
		return
	}
	text := string(src)
	// Only the body of INIT_CALLS, whose name the macro for one level begins with.
	i := strings.Index(text, "#define INIT_CALLS\t")
	if j := strings.Index(text, "#define INIT_CALLS "); i < 0 || j >= 0 && j < i {
		i = j
	}
	if i < 0 {
		return
	}
	body := text[i:]
	for at := 0; ; {
		n := strings.IndexByte(body[at:], '\n')
		if n < 0 {
			break
		}
		at += n + 1
		if at < 2 || !strings.HasSuffix(strings.TrimRight(body[:at-1], " \t\r"), "\\") {
			body = body[:at]
			break
		}
	}
	for _, hit := range inScript.FindAllStringSubmatch(body, -1) {
		if hit[1] != "" {
			m.sequence[hit[1]] = len(m.sequence)
			continue
		}
		m.sequence[hit[2]] = len(m.sequence)
		m.sequence[hit[2]+"s"] = len(m.sequence)
	}
}

// order is the place of a section in the boot; unknown ones come last.
func (m *macros) order(id string) int {
	if n, ok := m.sequence[id]; ok {
		return n
	}
	return 1 << 20
}

// entry is what an expansion comes to.
type entry struct{ function, id string }

// maxNesting bounds the macros inside of macros, maxTokens what one use may come
// to.
const (
	maxNesting = 20
	maxTokens  = 200_000
)

// expand expands the use of a macro in a file.
func (m *macros) expand(name, args string, file source.FileID) []entry {
	m.left = maxTokens
	return m.expandTokens(name, macro.Split(args), file, 0)
}

func (m *macros) expandTokens(name string, args [][]macro.Token, file source.FileID, depth int) []entry {
	if b, ok := m.bases[name]; ok {
		switch {
		case len(args) == 0:
			return nil
		case b.id != "":
			return []entry{{join(args[0]), b.id}}
		case b.at < len(args):
			return []entry{{join(args[0]), join(args[b.at])}}
		}
		return nil
	}
	if depth >= maxNesting || m.left <= 0 {
		return nil
	}
	d := m.choose(name, file)
	if d == nil {
		return nil
	}
	if !d.Function {
		// #define initcall device_initcall
		if ts := d.Tokens(); len(ts) == 1 {
			return m.expandTokens(ts[0].Text, args, file, depth+1)
		}
		return nil
	}
	return m.scan(d.Substitute(args), d, file, depth)
}

// scan expands what the body of a macro has come to.
func (m *macros) scan(ts []macro.Token, of *macro.Def, file source.FileID, depth int) []entry {
	m.left -= 1 + len(ts)
	var list []entry
	for i := 0; i+1 < len(ts) && m.left > 0; i++ {
		if ts[i].Kind != c.Ident || ts[i+1].Kind != c.Open {
			continue
		}
		inner, next, ok := macro.Group(ts, i+1)
		switch {
		case !ok:
		case m.makes(ts[i].Text):
			list = append(list, m.expandTokens(ts[i].Text, inner, file, depth+1)...)
			i = next - 1
		case depth < maxNesting && slices.ContainsFunc(ts[i+2:next], func(t macro.Token) bool { return m.makes(t.Text) }):
			// omap_initcall(device_initcall, fn): the macro is an argument.
			if d := m.beside(ts[i].Text, of); d != nil {
				list = append(list, m.scan(d.Substitute(inner), d, file, depth+1)...)
				i = next - 1
			}
		}
	}
	return list
}

// beside is a function-like macro of the file that another one is defined in.
func (m *macros) beside(name string, other *macro.Def) *macro.Def {
	for _, d := range m.perFile[source.FileID(other.File)] {
		if d.Name == name && d.Function && d != other {
			return d
		}
	}
	return nil
}

// makes reports whether a macro comes to an entry.
func (m *macros) makes(name string) bool {
	if _, ok := m.bases[name]; ok {
		return true
	}
	return len(m.defs[name]) > 0
}

// choose is the definition that a file sees: its own, or that of a header.
func (m *macros) choose(name string, file source.FileID) *macro.Def {
	var best *macro.Def
	for _, d := range m.defs[name] {
		switch {
		case d.File == int32(file):
			return d
		case m.headers[d.File] && best == nil:
			best = d
		}
	}
	return best
}

// join is the text of tokens.
func join(ts []macro.Token) string {
	var sb strings.Builder
	for i := range ts {
		if i > 0 && ts[i].Kind == c.Ident && ts[i-1].Kind == c.Ident {
			sb.WriteByte(' ')
		}
		sb.WriteString(ts[i].Text)
	}
	return sb.String()
}
