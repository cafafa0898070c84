package workbench

// Which code a device of a device tree meets: from its compatible string over
// the table that holds it to the driver, its probe function, the makefile line
// and the Kconfig symbol.

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/lang/dts"
	"dekho/internal/lang/kbuild"
	"dekho/internal/ofmatch"
	"dekho/internal/source"
)

// FileLine is a line of a file of the tree.
type FileLine struct {
	Path string
	Line uint32 // 1-based; 0 for none
}

// DeviceMatch is what a tree knows of a compatible string.
type DeviceMatch struct {
	Compatible string
	Drivers    []DriverMatch
	// Others are the other lines of C that name the string.
	Others []Result
	// Bindings are the documents that define it, each at its best line.
	Bindings []FileLine
	// Nodes are the nodes of device trees that have it.
	Nodes []NodePlace
	// Boards are the sources of boards and overlays with such a node, their own
	// or an included one.
	Boards []string
}

// NodePlace is where a source gives a node its compatible strings.
type NodePlace struct {
	FileLine
	// Node is the name of the node with those around it, as far as the file
	// tells: soc/bus@30000000/gpio@30200000.
	Node string
}

// DriverMatch is one way from a compatible string to code. What is not known is
// empty.
type DriverMatch struct {
	Compatible string
	// Entry is the line of the table, or the macro, that has the string.
	Entry FileLine
	// Table is the table's name; without one, Macro is the macro (CLK_OF_DECLARE).
	Table, Macro string
	// Data is the identifier that the entry has as its data.
	Data string
	// Export is the MODULE_DEVICE_TABLE of the table.
	Export FileLine
	// Driver is the structure that names the table at Matched, Type its type:
	// platform_driver; "machine" for DT_MACHINE_START.
	Driver, Type string
	DriverAt     FileLine
	Matched      FileLine
	// Probe is the function that gets the device, set as ProbeField at ProbeSet
	// and defined at ProbeAt.
	Probe, ProbeField string
	ProbeSet, ProbeAt FileLine
	// Uses are functions that look for devices by the table.
	Uses []MatchUse
	// Builds are the lines of makefiles that build the file: the object, what
	// it is part of, and the directories on the way that are conditional.
	Builds []BuildRule
	// Config are the symbols of Builds with their definitions, and with what
	// selects them if a person cannot.
	Config []ConfigSymbol
	// Lens is what the lens says of the entry, nil without one.
	Lens *Judgement
}

// MatchUse is a call with a table.
type MatchUse struct {
	FileLine
	Function string // called with the table
	In       string // the function that calls it
}

// Symbols lists the symbols that the object itself depends on; if it has none,
// those of the nearest directory that has.
func (d *DriverMatch) Symbols() []string {
	var list []string
	for i := range d.Builds {
		b := &d.Builds[i]
		if b.Directory && len(list) > 0 {
			break
		}
		for _, s := range b.Symbols {
			if !slices.Contains(list, s) {
				list = append(list, s)
			}
		}
	}
	return list
}

// found reports whether the match leads to a function.
func (d *DriverMatch) found() bool { return d.Probe != "" }

// matcher answers questions about drivers; it reads each file once. It is for
// one goroutine.
type matcher struct {
	t       *Tree
	build   *buildReader
	files   map[source.FileID]*ofmatch.File
	builds  map[string][]BuildRule
	configs map[string]ConfigSymbol
	boards  map[string][]string // includers of a source
	leftOut int                 // matches that the lens left out
	funcs   *index.FuncFinder
}

func (t *Tree) newMatcher() *matcher {
	return &matcher{
		t: t, build: t.newBuildReader(), files: make(map[source.FileID]*ofmatch.File), builds: make(map[string][]BuildRule),
		configs: make(map[string]ConfigSymbol), boards: make(map[string][]string), funcs: t.idx.FuncFinder(),
	}
}

// file is what a C source says about matching; one that is gone says nothing.
func (m *matcher) file(id source.FileID) *ofmatch.File {
	f, ok := m.files[id]
	if !ok {
		content, _, err := m.t.idx.ReadFile(id)
		if err != nil {
			content = nil
		}
		f = ofmatch.Read(content)
		m.files[id] = f
	}
	return f
}

// isC reports whether a file is read for tables.
func isC(p string) bool {
	return strings.HasSuffix(p, ".c") || strings.HasSuffix(p, ".h")
}

// drivers finds the drivers for a compatible string, best first, and the other
// lines of C that name it.
func (m *matcher) drivers(compatible string) (list []DriverMatch, others []Result, err error) {
	refs, err := m.t.idx.Refs(compatible, index.AllRoles)
	if err != nil {
		return nil, nil, err
	}
	var p *presenter
	last := source.NoFile
	for _, r := range refs {
		if !isC(m.t.idx.Path(r.File)) {
			continue
		}
		if r.File != last {
			last = r.File
			found, err := m.inFile(r.File, compatible)
			if err != nil {
				return nil, nil, err
			}
			list = append(list, found...)
		}
		where := FileLine{m.t.idx.Path(r.File), r.Line}
		if slices.ContainsFunc(list, func(d DriverMatch) bool { return d.Entry == where }) {
			continue
		}
		if p == nil {
			p = m.t.newPresenter(compatible)
		}
		res, err := p.result(r)
		if err != nil {
			return nil, nil, err
		}
		others = append(others, res)
	}
	if list, err = m.look(list); err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(list, func(a, b DriverMatch) int { return cmp.Compare(a.rank(), b.rank()) })
	return list, others, nil
}

// look judges matches by the lens, and leaves out what is not built if that is
// what was asked for.
func (m *matcher) look(list []DriverMatch) ([]DriverMatch, error) {
	if m.t.view == nil {
		return list, nil
	}
	kept := list[:0]
	for _, d := range list {
		j, err := m.t.view.judge(d.Entry.Path, d.Entry.Line)
		if err != nil {
			return nil, err
		}
		d.Lens = &j
		if !m.t.view.onlyBuilt || j.State != BuiltOut {
			kept = append(kept, d)
		}
	}
	m.leftOut += len(list) - len(kept)
	return kept, nil
}

// rank orders matches, lower is better.
func (d *DriverMatch) rank() int {
	r := place(d.Entry.Path)
	if !d.found() {
		r += placeTools + 1
	}
	if d.Lens != nil && d.Lens.State == BuiltOut {
		r += 2 * (placeTools + 1)
	}
	return r
}

// inFile finds the drivers of one file for a compatible string; for "", all of
// the file's.
func (m *matcher) inFile(id source.FileID, compatible string) ([]DriverMatch, error) {
	f := m.file(id)
	at := m.t.idx.Path(id)
	var list []DriverMatch
	for i := range f.Tables {
		table := &f.Tables[i]
		for j := range table.Entries {
			e := &table.Entries[j]
			if compatible != "" && e.Compatible != compatible {
				continue
			}
			d := DriverMatch{Compatible: e.Compatible, Entry: FileLine{at, e.Line}, Table: table.Name, Data: e.Data}
			if table.Export > 0 {
				d.Export = FileLine{at, table.Export}
			}
			found, err := m.ofTable(id, &d)
			if err != nil {
				return nil, err
			}
			if table.Strings && len(found) == 1 && found[0].Driver == "" && len(found[0].Uses) == 0 {
				continue // an array of strings for something else
			}
			list = append(list, found...)
		}
	}
	for i := range f.Declarations {
		e := &f.Declarations[i]
		if compatible != "" && e.Compatible != compatible {
			continue
		}
		d := DriverMatch{Compatible: e.Compatible, Entry: FileLine{at, e.Line}, Macro: e.Macro, Probe: e.Init, ProbeField: e.Macro}
		d.ProbeSet = d.Entry
		if err := m.complete(id, &d); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

// ofTable finds the drivers that name the table of an entry: in its file, or
// else in others. Without any, the entry alone is returned.
func (m *matcher) ofTable(id source.FileID, entry *DriverMatch) ([]DriverMatch, error) {
	list, uses, err := m.naming(id, entry)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		refs, err := m.t.idx.Refs(entry.Table, index.Roles(lang.Read, lang.Registration, lang.Address))
		if err != nil {
			return nil, err
		}
		last := id
		for _, r := range refs {
			if r.File == last || !isC(m.t.idx.Path(r.File)) || path.Dir(m.t.idx.Path(r.File)) != path.Dir(entry.Entry.Path) {
				continue // a name that another driver has too
			}
			last = r.File
			if slices.ContainsFunc(m.file(r.File).Tables, func(t ofmatch.Table) bool { return t.Name == entry.Table }) {
				continue // it has a table of its own of that name
			}
			more, used, err := m.naming(r.File, entry)
			if err != nil {
				return nil, err
			}
			list, uses = append(list, more...), append(uses, used...)
		}
	}
	if len(list) == 0 {
		list = []DriverMatch{*entry}
	}
	for i := range list {
		list[i].Uses = uses
		if err := m.complete(id, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// naming finds the drivers and calls in a file that name the table of an entry.
func (m *matcher) naming(id source.FileID, entry *DriverMatch) (list []DriverMatch, uses []MatchUse, err error) {
	f := m.file(id)
	at := m.t.idx.Path(id)
	for i := range f.Drivers {
		k := &f.Drivers[i]
		if k.Table != entry.Table {
			continue
		}
		d := *entry
		d.Driver, d.Type, d.DriverAt, d.Matched = k.Name, k.Type, FileLine{at, k.Line}, FileLine{at, k.TableLine}
		if k.Probe != "" {
			d.Probe, d.ProbeField, d.ProbeSet = k.Probe, k.ProbeField, FileLine{at, k.ProbeLine}
		}
		list = append(list, d)
	}
	for i := range f.Uses {
		k := &f.Uses[i]
		if k.Table != entry.Table {
			continue
		}
		u := MatchUse{FileLine: FileLine{at, k.Line}, Function: k.Function}
		fn, ok, err := m.funcs.At(id, k.Line)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			u.In = fn.Name
		}
		uses = append(uses, u)
	}
	return list, uses, nil
}

// complete adds where the probe function is defined, and what builds the file.
func (m *matcher) complete(id source.FileID, d *DriverMatch) error {
	if d.Probe == "" && d.Driver == "" && d.Data != "" {
		// A table that no driver names but some code looks things up in: the
		// data may be the function to call.
		d.Probe, d.ProbeField, d.ProbeSet = d.Data, "data", d.Entry
	}
	if d.Probe != "" {
		at, isFunc, err := m.definition(id, d.Probe)
		if err != nil {
			return err
		}
		d.ProbeAt = at
		if d.ProbeField == "data" && !isFunc {
			d.Probe, d.ProbeField, d.ProbeSet, d.ProbeAt = "", "", FileLine{}, FileLine{}
		}
	}
	file := d.Entry.Path
	if d.DriverAt.Path != "" {
		file = d.DriverAt.Path
	}
	var err error
	if d.Builds, err = m.objectRules(file); err != nil {
		return err
	}
	for i := range d.Builds {
		for _, symbol := range d.Builds[i].Symbols {
			name := strings.TrimPrefix(symbol, configPrefix)
			if slices.ContainsFunc(d.Config, func(s ConfigSymbol) bool { return s.Name == name }) {
				continue
			}
			s, err := m.config(name)
			if err != nil {
				return err
			}
			s.Definitions = inArch(s.Definitions, d.Entry.Path)
			d.Config = append(d.Config, s)
		}
	}
	return nil
}

// inArch leaves out the definitions of a symbol that are those of another
// architecture than a file's.
func inArch(defs []ConfigDefinition, file string) []ConfigDefinition {
	if !strings.HasPrefix(file, "arch/") || len(defs) < 2 {
		return defs
	}
	var list []ConfigDefinition
	for i := range defs {
		if p := defs[i].Path; !strings.HasPrefix(p, "arch/") || archOf(p) == archOf(file) {
			list = append(list, defs[i])
		}
	}
	return list
}

// definition finds where a function that a file names is defined: there, beside
// it, or in the best place elsewhere.
func (m *matcher) definition(id source.FileID, name string) (at FileLine, isFunc bool, err error) {
	best := -1
	dir := path.Dir(m.t.idx.Path(id)) + "/"
	roles := index.Roles(lang.DefFunction, lang.DefGenerated, lang.DefMacro, lang.DefVariable)
	err = m.t.idx.EachRef(name, roles, func(r index.Ref) bool {
		p := m.t.idx.Path(r.File)
		rank := 8 - place(p)
		switch {
		case r.File == id:
			rank = 100
		case strings.HasPrefix(p, dir):
			rank = 50
		}
		if r.Role != lang.DefFunction {
			rank -= 40
		}
		if rank > best || rank == best && p < at.Path {
			best, at, isFunc = rank, FileLine{p, r.Line}, r.Role == lang.DefFunction
		}
		return true
	})
	return at, isFunc, err
}

// config is a symbol with its definitions.
func (m *matcher) config(name string) (ConfigSymbol, error) {
	s, ok := m.configs[name]
	if ok {
		return s, nil
	}
	s.Name = name
	if err := m.build.define(&s); err != nil {
		return s, err
	}
	// What has no prompt is there because others select it.
	prompt := func(d ConfigDefinition) bool {
		return slices.ContainsFunc(d.Clauses, func(c ConfigClause) bool { return c.Keyword == "prompt" })
	}
	if !slices.ContainsFunc(s.Definitions, prompt) {
		if err := m.build.selectors(&s); err != nil {
			return s, err
		}
	}
	m.configs[name] = s
	return s, nil
}

// maxUp bounds how many directories above a file its makefile is looked for, and
// how many objects are parts of each other.
const maxUp = 6

// objectRules finds the makefile lines that build a C file, or the files that
// include it.
func (m *matcher) objectRules(file string) ([]BuildRule, error) {
	list, ok := m.builds[file]
	if ok {
		return list, nil
	}
	m.builds[file] = nil // whatever includes whatever
	object, isSource := strings.CutSuffix(file, ".c")
	if !isSource {
		return nil, nil
	}
	dir, word := path.Dir(object), path.Base(object)+".o"
	for range maxUp {
		if list = m.rulesFor(dir, word); len(list) > 0 || dir == "." {
			break
		}
		dir, word = path.Dir(dir), path.Base(dir)+"/"+word
	}
	if len(list) > 0 {
		list = append(list, m.directoryRules(dir)...)
	} else {
		by, err := m.t.includers(context.Background(), file, RefOptions{NoText: true})
		if err != nil {
			return nil, err
		}
		for i := range by[:min(len(by), maxUp)] {
			more, err := m.objectRules(by[i].Path)
			if err != nil {
				return nil, err
			}
			list = append(list, more...)
		}
	}
	m.builds[file] = list
	return list, nil
}

// directoryRules finds the lines that enter a directory under a condition.
func (m *matcher) directoryRules(dir string) []BuildRule {
	var list []BuildRule
	word := ""
	for range 2 * maxUp {
		if dir == "." {
			break
		}
		dir, word = path.Dir(dir), path.Base(dir)+"/"+word
		rules := m.rulesIn(dir, func(r *kbuild.Rule) bool { return r.Enters(word) })
		if len(rules) == 0 {
			continue // perhaps a directory above enters it at once
		}
		word = ""
		for _, r := range rules {
			if len(r.Symbols) > 0 {
				r.Directory = true
				list = append(list, r)
			}
		}
	}
	return list
}

// rulesFor finds the lines in a directory's makefile that build an object: those
// that list it, and those that list what it is part of.
func (m *matcher) rulesFor(dir, word string) []BuildRule {
	var list []BuildRule
	words := []string{word}
	for range maxUp {
		var next []string
		for _, w := range words {
			for _, r := range m.rulesIn(dir, func(r *kbuild.Rule) bool { return r.Has(w) }) {
				list = append(list, r)
				if part := r.Target + ".o"; r.Target != "obj" && r.Target != "lib" && part != w && !slices.Contains(next, part) {
					next = append(next, part)
				}
			}
		}
		if words = next; len(words) == 0 {
			break
		}
	}
	return list
}

// rulesIn finds the lines in the makefiles of a directory that fit.
func (m *matcher) rulesIn(dir string, fits func(*kbuild.Rule) bool) []BuildRule {
	var list []BuildRule
	add := func(id source.FileID) {
		rules := m.build.makefile(id)
		for i := range rules {
			if fits(&rules[i]) {
				list = append(list, buildRule(m.t.idx.Path(id), &rules[i]))
			}
		}
	}
	for _, name := range [...]string{"Kbuild", "Makefile"} {
		if id, ok := m.t.idx.FileByPath(path.Join(dir, name)); ok {
			add(id)
		}
	}
	if len(list) == 0 {
		// Parts that the makefile includes.
		lo, hi := m.t.idx.FilesUnder(path.Join(dir, "Makefile."))
		for id := lo; id < min(hi, lo+maxUp); id++ {
			add(id)
		}
	}
	return list
}

// device gathers all about a compatible string.
func (m *matcher) device(compatible string) (d DeviceMatch, err error) {
	d.Compatible = compatible
	if d.Drivers, d.Others, err = m.drivers(compatible); err != nil {
		return d, err
	}
	return d, m.documents(&d)
}

// documents adds bindings, nodes and boards.
func (m *matcher) documents(d *DeviceMatch) error {
	refs, err := m.t.idx.Refs(d.Compatible, index.Roles(lang.Read, lang.Declaration))
	if err != nil {
		return err
	}
	sources := make(map[string]bool)
	last, declared := "", false
	for _, r := range refs {
		p := m.t.idx.Path(r.File)
		switch {
		case dts.IsBinding(p):
			switch declares := r.Role == lang.Declaration; {
			case p != last:
				d.Bindings = append(d.Bindings, FileLine{p, r.Line})
				declared = declares
			case declares && !declared: // better than a mention
				d.Bindings[len(d.Bindings)-1].Line = r.Line
				declared = true
			}
			last = p
		case dts.IsSource(p):
			d.Nodes = append(d.Nodes, NodePlace{FileLine: FileLine{p, r.Line}})
			sources[p] = true
		}
	}
	// Documents that declare it come before those that mention it in passing.
	slices.SortStableFunc(d.Bindings, func(a, b FileLine) int { return cmp.Compare(bindingRank(a.Path), bindingRank(b.Path)) })
	d.Boards, err = m.boardsOf(sources)
	return err
}

func bindingRank(p string) int {
	if strings.HasSuffix(p, ".yaml") {
		return 0
	}
	return 1
}

// boardsOf lists the boards among sources and those that include one of them.
func (m *matcher) boardsOf(sources map[string]bool) ([]string, error) {
	var boards, queue []string
	seen := make(map[string]bool, len(sources))
	for p := range sources {
		seen[p] = true
		queue = append(queue, p)
	}
	for len(queue) > 0 {
		p := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if dts.IsBoard(p) {
			boards = append(boards, p)
		}
		by, err := m.includers(p)
		if err != nil {
			return nil, err
		}
		for _, p := range by {
			if !seen[p] {
				seen[p] = true
				queue = append(queue, p)
			}
		}
	}
	slices.Sort(boards)
	return boards, nil
}

// includers lists the sources that include a source.
func (m *matcher) includers(file string) ([]string, error) {
	list, ok := m.boards[file]
	if ok {
		return list, nil
	}
	refs, err := m.t.idx.Refs(path.Base(file), index.Roles(lang.Read))
	if err != nil {
		return nil, err
	}
	for _, r := range refs {
		from := m.t.idx.Path(r.File)
		if !dts.IsSource(from) || from == file || len(list) > 0 && list[len(list)-1] == from {
			continue
		}
		includes, err := m.t.idx.Includes(r.File)
		if err != nil {
			return nil, err
		}
		for i := range includes {
			if includes[i].Line == r.Line && slices.Contains(dts.Resolve(from, includes[i].Path), file) {
				list = append(list, from)
				break
			}
		}
	}
	m.boards[file] = list
	return list, nil
}
