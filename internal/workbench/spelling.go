package workbench

import (
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang/kbuild"
)

// configPrefix stands before a Kconfig symbol everywhere but in Kconfig files.
const configPrefix = "CONFIG_"

// spelling is a way to write a name, and in which files.
type spelling struct {
	name string
	in   func(path string) bool // nil for all files
	of   []string               // the classes and namespaces it is a member of, outer ones first
}

// spellings lists how a name is written. A Kconfig symbol has no CONFIG_ in
// Kconfig files, where it is defined, and is also seen as CONFIG_X_MODULE by C.
// The name of an operator of C++ may have a blank before its symbol.
func spellings(name string) []spelling {
	if of, member := splitQualified(name); len(of) > 0 || strings.HasPrefix(member, operatorWord) {
		list := []spelling{{name: member, of: of}}
		if other := otherOperator(member); other != "" {
			list = append(list, spelling{name: other, of: of})
		}
		return list
	}
	symbol, ok := strings.CutPrefix(name, configPrefix)
	if !ok || symbol == "" {
		return []spelling{{name: name}}
	}
	return []spelling{{name: symbol, in: kbuild.IsKconfig}, {name: name}, {name: name + "_MODULE"}}
}

// refsTo lists the references to a spelling, by file and line.
func (t *Tree) refsTo(s spelling, roles index.RoleSet) ([]index.Ref, error) {
	refs, err := t.idx.Refs(s.name, roles)
	if len(s.of) > 0 && err == nil {
		return t.members(s, refs)
	}
	if err != nil || s.in == nil {
		return refs, err
	}
	kept := refs[:0]
	for _, r := range refs {
		if s.in(t.idx.Path(r.File)) {
			kept = append(kept, r)
		}
	}
	return kept, nil
}

// mergeResults merges two lists of results, each by path and line, into one.
func mergeResults(a, b []Result) []Result {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	out := make([]Result, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if c := strings.Compare(a[0].Path, b[0].Path); c < 0 || c == 0 && a[0].Line <= b[0].Line {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}
