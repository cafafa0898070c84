package workbench

// Members of C++ classes and namespaces by their qualified names.

import (
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/source"
)

// operatorWord begins the names of operator functions.
const operatorWord = "operator"

// splitQualified takes the classes and namespaces off a qualified name:
// a::b<c>::d is d of a and b. Template arguments are dropped.
func splitQualified(name string) (of []string, member string) {
	if !strings.Contains(name, "::") {
		return nil, name
	}
	depth, from := 0, 0
	for i := 0; i+1 < len(name); i++ {
		switch name[i] {
		case '<':
			depth++
		case '>':
			depth--
		case ':':
			if depth > 0 || name[i+1] != ':' {
				continue
			}
			part, _, _ := strings.Cut(name[from:i], "<")
			if part = strings.TrimSpace(part); part != "" {
				of = append(of, part)
			}
			i++
			from = i + 1
			if rest := strings.TrimSpace(name[from:]); strings.HasPrefix(rest, operatorWord) {
				return of, rest // its symbol may have < and >
			}
		}
	}
	return of, strings.TrimSpace(name[from:])
}

// otherOperator is the other way to write the name of an operator, with a blank
// before its symbol or without; "" if there is none.
func otherOperator(name string) string {
	symbol, ok := strings.CutPrefix(name, operatorWord)
	if !ok || symbol == "" || isWordByte(symbol[0]) {
		return ""
	}
	if bare := strings.TrimLeft(symbol, " "); bare != symbol {
		if bare == "" || isWordByte(bare[0]) {
			return ""
		}
		return operatorWord + bare
	}
	return operatorWord + " " + symbol
}

// members keeps those of refs to a member that are about what it is asked for
// in. When there are none, the outermost name may be that of a namespace which
// macros open and close: LIB_BEGIN_NAMESPACE. Then the body of a macro has it,
// and its members stand in nothing else.
func (t *Tree) members(s spelling, refs []index.Ref) ([]index.Ref, error) {
	kept, err := t.membersOf(s, slices.Clone(refs))
	if err != nil || len(kept) > 0 || len(s.of) == 0 {
		return kept, err
	}
	opened := false
	err = t.idx.EachRef(s.of[0], index.Roles(lang.MacroBody), func(index.Ref) bool {
		opened = true
		return false
	})
	if err != nil || !opened {
		return nil, err
	}
	s.of = s.of[1:]
	return t.members(s, refs)
}

// membersOf keeps those of refs to a member that are about the class or
// namespace it is asked for in: definitions and declarations by where they
// stand, uses by whether the line qualifies the name.
func (t *Tree) membersOf(s spelling, refs []index.Ref) ([]index.Ref, error) {
	// Where its class or namespace is named, and the outermost of them.
	var inner, outer map[index.Ref]bool
	var scopes []index.Scope
	at := source.NoFile
	kept := refs[:0]
	for _, r := range refs {
		if !r.Role.IsDef() && r.Role != lang.Declaration && r.Role != lang.ForwardType {
			if len(s.of) == 0 {
				continue
			}
			if inner == nil {
				var err error
				if inner, err = t.typeUses(s.of[len(s.of)-1], true); err != nil {
					return nil, err
				}
			}
			if inner[index.Ref{File: r.File, Line: r.Line}] {
				kept = append(kept, r)
			}
			continue
		}
		if r.File != at {
			var err error
			if scopes, err = t.idx.Scopes(r.File); err != nil {
				return nil, err
			}
			at = r.File
		}
		in, missing := inScope(scopes, s, r)
		if missing {
			// using namespace stands where the outer ones do not.
			if outer == nil {
				var err error
				if outer, err = t.typeUses(s.of[0], false); err != nil {
					return nil, err
				}
			}
			in = outer[index.Ref{File: r.File}]
		}
		if in {
			kept = append(kept, r)
		}
	}
	return kept, nil
}

// typeUses is where a name is used as a type, as references without a role:
// the lines, or else the files.
func (t *Tree) typeUses(name string, lines bool) (map[index.Ref]bool, error) {
	uses := make(map[index.Ref]bool)
	return uses, t.idx.EachRef(name, index.Roles(lang.TypeUse), func(r index.Ref) bool {
		if !lines {
			r.Line = 0
		}
		uses[index.Ref{File: r.File, Line: r.Line}] = true
		return true
	})
}

// inScope reports whether what is defined at r is a member of s.of: of its last
// directly, which is in the others in this order. missing tells that it would
// be, if what the file leaves unsaid were around it: the outer ones of s.of.
func inScope(scopes []index.Scope, s spelling, r index.Ref) (in, missing bool) {
	var around []string // of the line, outer ones first
	var open bool       // the last of around is an enumeration whose names are seen outside
	for i := range scopes {
		c := &scopes[i]
		if r.Line < c.Start || r.Line > c.End {
			continue
		}
		if c.Start == r.Line && c.Name == s.name && isScopeDef(r.Role) {
			continue // it is this scope
		}
		if c.Kind == lang.ScopeOpen && r.Role != lang.DefEnumerator {
			continue
		}
		around = append(around, c.Name)
		open = c.Kind == lang.ScopeOpen
	}
	if len(s.of) == 0 {
		return len(around) == 0 || open && len(around) == 1, false
	}
	if in, missing = endsWith(around, s.of); !in && open {
		if in, more := endsWith(around[:len(around)-1], s.of); in || more {
			return in, more
		}
	}
	return in, missing
}

// otherMembers lists what has a member of that name, with the name.
func (t *Tree) otherMembers(member string) (names []string, err error) {
	refs, err := t.idx.Refs(member, index.Definitions)
	if err != nil {
		return nil, err
	}
	for _, r := range refs {
		scopes, err := t.idx.Scopes(r.File)
		if err != nil {
			return nil, err
		}
		name := ""
		for i := range scopes {
			if c := &scopes[i]; c.Kind == lang.ScopeClosed && c.Start <= r.Line && r.Line <= c.End {
				name = c.Name + "::" + member
			}
		}
		if name != "" && !slices.Contains(names, name) {
			if names = append(names, name); len(names) == nearestShown {
				break
			}
		}
	}
	return names, nil
}

// isScopeDef reports whether the role defines what has a scope of its own.
func isScopeDef(r lang.Role) bool {
	switch r {
	case lang.DefClass, lang.DefStruct, lang.DefUnion, lang.DefEnum, lang.DefNamespace:
		return true
	}
	return false
}

// endsWith reports whether the last of around and of are the same, and the
// others of stand in around in their order: namespaces that macros open, and
// inline ones, leave gaps. missing tells that around is the end of of.
func endsWith(around, of []string) (in, missing bool) {
	n := len(around) - 1
	if n < 0 || around[n] != of[len(of)-1] {
		return false, false
	}
	missing = len(around) < len(of) && slices.Equal(around, of[len(of)-len(around):])
	around = around[:n]
	for _, name := range slices.Backward(of[:len(of)-1]) {
		n := len(around) - 1
		for n >= 0 && around[n] != name {
			n--
		}
		if n < 0 {
			return false, missing
		}
		around = around[:n]
	}
	return true, false
}
