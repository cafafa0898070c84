package workbench

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/lang/kbuild"
	"dekho/internal/source"
)

// ConfigSymbol is what a tree says about a symbol of its configuration.
type ConfigSymbol struct {
	// Name is the symbol without CONFIG_.
	Name        string
	Definitions []ConfigDefinition
	// SelectedBy are the select and imply clauses of other symbols.
	SelectedBy []ConfigClause
	// Builds are the lines of makefiles that it governs, and those that list
	// the parts of composite objects.
	Builds []BuildRule
	// Settings are the defconfigs and fragments that set it.
	Settings []ConfigSetting
	// Nearest are symbols that exist, for one that does not.
	Nearest []string
}

// ConfigDefinition is a config or menuconfig entry; a symbol may have several,
// which add up.
type ConfigDefinition struct {
	Path string
	Line uint32
	// Type is "bool", "tristate", "int", "hex", "string", or "" if another
	// definition has it.
	Type string
	// Menus are the menus around it, outermost first.
	Menus []string
	// Depends must hold for it: its own dependencies, then those of what
	// encloses it in its file and in the files that source it, innermost first.
	Depends []ConfigClause
	// Clauses are the others in the order of the file: prompt, select, imply,
	// default, range.
	Clauses []ConfigClause
	// Help is its help text.
	Help string
	// Changed says that the file is no longer what was indexed.
	Changed bool
}

// ConfigClause is a line of an entry of a Kconfig file.
type ConfigClause struct {
	Path string
	Line uint32
	// Keyword is "prompt", "depends", "if", "visible", "select", "imply",
	// "default" or "range".
	Keyword string
	// Value is the prompt, the condition, what is selected, or the default.
	Value string
	// If is the condition of the clause, "" for none.
	If string
	// Symbol is the entry it belongs to, if not the one asked for; Within the
	// menu or choice.
	Symbol, Within string
}

// BuildRule is a line of a makefile.
type BuildRule struct {
	Path string
	Line uint32
	// Target is "obj" and its like, or the composite object that is made of
	// Objects.
	Target string
	// Objects are what is built: foo.o, or dir/.
	Objects []string
	// Symbols decide whether it is, with CONFIG_; none for always.
	Symbols []string
	// If are the conditionals around the line, outermost first.
	If []string
	// Directory says that the line enters the directory of what was asked
	// about, and does not name it.
	Directory bool
}

// ConfigSetting is a line of a defconfig.
type ConfigSetting struct {
	Path  string
	Line  uint32
	Value string // as written, "n" for "is not set"
}

// Config tells about a symbol of the configuration, with or without CONFIG_:
// its entries in Kconfig files, what selects it, what it builds, and which
// configurations set it.
func (t *Tree) Config(ctx context.Context, name string) (s *ConfigSymbol, err error) {
	err = index.Guard(func() error {
		s, err = t.config(ctx, strings.TrimPrefix(name, configPrefix))
		return err
	})
	return s, t.idx.Err(err)
}

func (t *Tree) config(ctx context.Context, name string) (*ConfigSymbol, error) {
	s := &ConfigSymbol{Name: name}
	k := t.newBuildReader()
	if err := k.define(s); err != nil {
		return nil, err
	}
	if err := k.selectors(s); err != nil {
		return nil, err
	}
	conditions, err := t.refsTo(spelling{name: configPrefix + name, in: kbuild.IsMakefile}, index.Roles(lang.Condition))
	if err != nil {
		return nil, err
	}
	for _, r := range conditions {
		k.builds(s, r)
	}
	slices.SortFunc(s.Builds, func(a, b BuildRule) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
	s.Builds = slices.CompactFunc(s.Builds, func(a, b BuildRule) bool { return a.Path == b.Path && a.Line == b.Line })
	set, err := t.refsTo(spelling{name: configPrefix + name, in: kbuild.IsConfiguration}, index.Roles(lang.Write))
	if err != nil {
		return nil, err
	}
	p := t.newPresenter(configPrefix + name)
	for _, r := range set {
		res, err := p.result(r)
		if err != nil {
			return nil, err
		}
		value := "n"
		if _, v, ok := strings.Cut(res.Text, "="); ok {
			value = v
		}
		s.Settings = append(s.Settings, ConfigSetting{res.Path, res.Line, value})
	}
	if len(s.Definitions)+len(s.SelectedBy)+len(s.Builds)+len(s.Settings) == 0 {
		s.Nearest, err = t.nearest(ctx, configPrefix+name)
	}
	return s, err
}

// buildReader reads Kconfig files and makefiles, each once.
type buildReader struct {
	t        *Tree
	kconfigs map[source.FileID]*kconfigFile
	makes    map[source.FileID][]kbuild.Rule
}

type kconfigFile struct {
	*kbuild.File
	path    string
	changed bool
}

func (t *Tree) newBuildReader() *buildReader {
	return &buildReader{t: t, kconfigs: make(map[source.FileID]*kconfigFile), makes: make(map[source.FileID][]kbuild.Rule)}
}

// kconfig is a Kconfig file; one that is gone has no entries.
func (k *buildReader) kconfig(id source.FileID) *kconfigFile {
	f, ok := k.kconfigs[id]
	if !ok {
		content, changed, err := k.t.idx.ReadFile(id)
		if err != nil {
			content, changed = nil, true
		}
		f = &kconfigFile{kbuild.ParseKconfig(content), k.t.idx.Path(id), changed}
		k.kconfigs[id] = f
	}
	return f
}

// makefile is the rules of a makefile; one that is gone has none.
func (k *buildReader) makefile(id source.FileID) []kbuild.Rule {
	rules, ok := k.makes[id]
	if !ok {
		if content, _, err := k.t.idx.ReadFile(id); err == nil {
			rules = kbuild.ParseMakefile(content)
		}
		k.makes[id] = rules
	}
	return rules
}

// define adds the definitions of a symbol.
func (k *buildReader) define(s *ConfigSymbol) error {
	defs, err := k.t.refsTo(spelling{name: s.Name, in: kbuild.IsKconfig}, index.Roles(lang.DefConfig))
	if err != nil {
		return err
	}
	for _, r := range defs {
		if err := k.definition(s, r); err != nil {
			return err
		}
	}
	return nil
}

// definition adds the entry at a place.
func (k *buildReader) definition(s *ConfigSymbol, r index.Ref) error {
	f := k.kconfig(r.File)
	for i := range f.Entries {
		e := &f.Entries[i]
		if e.Line != r.Line || e.Name != s.Name || e.Kind != kbuild.Config && e.Kind != kbuild.Choice {
			continue
		}
		d := ConfigDefinition{Path: f.path, Line: e.Line, Type: e.Type, Help: e.Help, Changed: f.changed}
		for _, c := range e.Clauses {
			clause := ConfigClause{Path: f.path, Line: c.Line, Keyword: c.Keyword, Value: c.Value, If: c.If}
			if c.Keyword == "depends" || c.Keyword == "visible" {
				d.Depends = append(d.Depends, clause)
			} else {
				d.Clauses = append(d.Clauses, clause)
			}
		}
		if err := k.context(&d, r.File, e.Parent); err != nil {
			return err
		}
		slices.Reverse(d.Menus)
		s.Definitions = append(s.Definitions, d)
		return nil
	}
	// The file is not what was indexed: the place is all that is known.
	s.Definitions = append(s.Definitions, ConfigDefinition{Path: f.path, Line: r.Line, Changed: true})
	return nil
}

// maxSourced bounds how many files source each other in a row.
const maxSourced = 32

// context adds what encloses an entry: in its file, and as long as one file
// alone sources it, in that.
func (k *buildReader) context(d *ConfigDefinition, id source.FileID, parent int) error {
	for range maxSourced {
		f := k.kconfig(id)
		enclosing := f.Enclosing(parent)
		for i := len(enclosing) - 1; i >= 0; i-- {
			e := enclosing[i]
			within := ""
			if e.Kind == kbuild.Menu {
				d.Menus = append(d.Menus, e.Name)
				within = e.Name
			}
			if e.Kind == kbuild.Choice {
				within = "choice"
			}
			for _, c := range e.Requirements() {
				d.Depends = append(d.Depends, ConfigClause{
					Path: f.path, Line: c.Line, Keyword: c.Keyword, Value: c.Value, If: c.If, Within: within,
				})
			}
		}
		sources, err := k.t.sourcedBy(f.path)
		if err != nil || len(sources) != 1 {
			return err
		}
		id, parent = sources[0].File, -1
		outer := k.kconfig(id)
		for i := range outer.Sources {
			if outer.Sources[i].Line == sources[0].Line {
				parent = outer.Parents[i]
			}
		}
	}
	return nil
}

// sourcedBy lists the source statements that name a Kconfig file.
func (t *Tree) sourcedBy(path string) ([]index.Ref, error) {
	names := []string{path}
	if rest, ok := strings.CutPrefix(path, "arch/"); ok {
		if _, rest, ok = strings.Cut(rest, "/"); ok {
			names = append(names, "arch/$(SRCARCH)/"+rest)
		}
	}
	var refs []index.Ref
	for _, name := range names {
		more, err := t.refsTo(spelling{name: name, in: kbuild.IsKconfig}, index.Roles(lang.Read))
		if err != nil {
			return nil, err
		}
		refs = append(refs, more...)
	}
	return refs, nil
}

// selectors adds what selects a symbol.
func (k *buildReader) selectors(s *ConfigSymbol) error {
	writes, err := k.t.refsTo(spelling{name: s.Name, in: kbuild.IsKconfig}, index.Roles(lang.Write))
	if err != nil {
		return err
	}
	for _, r := range writes {
		k.selected(s, r)
	}
	return nil
}

// selected adds the select or imply clause at a place.
func (k *buildReader) selected(s *ConfigSymbol, r index.Ref) {
	f := k.kconfig(r.File)
	clause := ConfigClause{Path: f.path, Line: r.Line, Keyword: "select", Value: s.Name}
	for i := range f.Entries {
		for _, c := range f.Entries[i].Clauses {
			if c.Line == r.Line && c.Value == s.Name && (c.Keyword == "select" || c.Keyword == "imply") {
				clause.Keyword, clause.If, clause.Symbol = c.Keyword, c.If, f.Entries[i].Name
			}
		}
	}
	s.SelectedBy = append(s.SelectedBy, clause)
}

// builds adds what the line of a makefile builds: its own objects, or those that
// the conditional on it encloses, and the parts of the composite ones.
func (k *buildReader) builds(s *ConfigSymbol, r index.Ref) {
	rules := k.makefile(r.File)
	path := k.t.idx.Path(r.File)
	symbol := configPrefix + s.Name
	for i := range rules {
		rule := &rules[i]
		own := slices.Contains(rule.Symbols, symbol)
		if !own && !slices.ContainsFunc(rule.If, func(cond string) bool { return wordIn([]byte(cond), symbol) >= 0 }) {
			continue
		}
		s.Builds = append(s.Builds, buildRule(path, rule))
		if rule.Target != "obj" {
			continue
		}
		for j := range rules {
			if rules[j].Target != "obj" && rule.Has(rules[j].Target+".o") {
				s.Builds = append(s.Builds, buildRule(path, &rules[j]))
			}
		}
	}
}

func buildRule(path string, r *kbuild.Rule) BuildRule {
	return BuildRule{Path: path, Line: r.Line, Target: r.Target, Objects: r.Words, Symbols: r.Symbols, If: r.If}
}
