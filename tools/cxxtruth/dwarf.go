package main

// What debug information says about the definitions of a source tree.

import (
	"debug/dwarf"
	"debug/elf"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// fact is a definition, as a compiler saw it.
type fact struct {
	kind string // function, prototype, class, struct, union, enum, typedef, member, variable, namespace
	name string
	// scope is the classes and namespaces it is a member of, "a::b".
	scope string
	path  string // below the root of the tree
	line  int
}

// object reads the debug information of one object file. Facts about files
// outside of root are left out, and so is what the compiler makes by itself.
type object struct {
	root  string
	data  *dwarf.Data
	facts map[fact]bool

	files []*dwarf.LineFile
	dir   string
	named map[dwarf.Offset]site // entries that others refer to
}

// site is where an entry is declared.
type site struct {
	name, scope string
	path        string
	line        int
	artificial  bool
}

func readObject(path, root string, facts map[fact]bool) (err error) {
	f, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if f.Section(".debug_info") == nil {
		return nil // #if leaves nothing of it
	}
	data, err := f.DWARF()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	o := &object{root: root, data: data, facts: facts, named: make(map[dwarf.Offset]site)}
	// Entries refer forwards and backwards: the first pass notes the names.
	for _, pass := range []func(*dwarf.Entry, string) string{o.note, o.take} {
		if err := o.walk(pass); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// walk calls fn for each entry with the scope it is in; fn returns the name
// that the entry adds to the scope of its children.
func (o *object) walk(fn func(*dwarf.Entry, string) string) error {
	r := o.data.Reader()
	var stack []string // the scope of each level
	scope := ""
	for {
		e, err := r.Next()
		if err != nil || e == nil {
			return err
		}
		if e.Tag == 0 {
			if n := len(stack) - 1; n >= 0 {
				scope, stack = stack[n], stack[:n]
			}
			continue
		}
		if e.Tag == dwarf.TagCompileUnit {
			if err := o.unit(e); err != nil {
				return err
			}
		}
		inner := fn(e, scope)
		if e.Children {
			stack = append(stack, scope)
			if inner != "" && scope != "" {
				scope += "::"
			}
			scope += inner
		}
	}
}

// unit takes up the table of files of a unit.
func (o *object) unit(e *dwarf.Entry) error {
	lines, err := o.data.LineReader(e)
	if err != nil || lines == nil {
		return err
	}
	o.files = lines.Files()
	o.dir, _ = e.Val(dwarf.AttrCompDir).(string)
	return nil
}

// where is the place that an entry names itself: "" and 0 for what it leaves to
// the entry that it specifies, or for a file outside of the tree.
func (o *object) where(e *dwarf.Entry) (path string, line int) {
	at, _ := e.Val(dwarf.AttrDeclLine).(int64)
	n, ok := e.Val(dwarf.AttrDeclFile).(int64)
	if !ok || n < 0 || n >= int64(len(o.files)) || o.files[n] == nil {
		return "", int(at)
	}
	path = o.files[n].Name
	if !filepath.IsAbs(path) {
		path = filepath.Join(o.dir, path)
	}
	rel, err := filepath.Rel(o.root, filepath.Clean(path))
	if err != nil || strings.HasPrefix(rel, "..") {
		return "", 0
	}
	return rel, int(at)
}

// note remembers an entry under its offset, and returns what it adds to the
// scope of its children.
func (o *object) note(e *dwarf.Entry, scope string) string {
	name, _ := e.Val(dwarf.AttrName).(string)
	switch e.Tag {
	case dwarf.TagNamespace, dwarf.TagClassType, dwarf.TagStructType, dwarf.TagUnionType, dwarf.TagEnumerationType:
		return plain(name)
	case dwarf.TagSubprogram, dwarf.TagMember, dwarf.TagVariable:
		s := site{name: name, scope: scope}
		s.path, s.line = o.where(e)
		s.artificial, _ = e.Val(dwarf.AttrArtificial).(bool)
		o.named[e.Offset] = s
		if e.Tag == dwarf.TagSubprogram {
			return inFunction
		}
	}
	return ""
}

// inFunction stands in a scope for a function.
const inFunction = "()"

// take makes a fact of an entry.
func (o *object) take(e *dwarf.Entry, scope string) string {
	name, _ := e.Val(dwarf.AttrName).(string)
	path, line := o.where(e)
	declared, _ := e.Val(dwarf.AttrDeclaration).(bool)
	var kind, inner string
	switch e.Tag {
	case dwarf.TagNamespace:
		kind, inner = "namespace", plain(name)
	case dwarf.TagClassType:
		kind, inner = "class", plain(name)
	case dwarf.TagStructType:
		kind, inner = "struct", plain(name)
	case dwarf.TagUnionType:
		kind, inner = "union", plain(name)
	case dwarf.TagEnumerationType:
		kind, inner = "enum", plain(name)
	case dwarf.TagTypedef:
		kind = "typedef"
	case dwarf.TagMember:
		kind = "member"
	case dwarf.TagSubprogram:
		inner = inFunction
		if e.Val(dwarf.AttrAbstractOrigin) != nil {
			return inner
		}
		if declared {
			kind = "prototype"
			if deleted, _ := e.Val(dwarf.AttrDeleted).(bool); deleted || e.Val(dwarf.AttrDefaulted) != nil {
				kind = "function"
			}
		} else {
			kind = "function"
		}
		declared = false
	case dwarf.TagVariable:
		kind = "variable"
	default:
		return ""
	}
	artificial, _ := e.Val(dwarf.AttrArtificial).(bool)
	if spec, ok := e.Val(dwarf.AttrSpecification).(dwarf.Offset); ok {
		s := o.named[spec]
		name, scope = s.name, s.scope
		artificial = artificial || s.artificial
		if path == "" {
			path = s.path
		}
		if line == 0 {
			line = s.line
		}
	}
	if declared || artificial || path == "" || line == 0 || name == "" || strings.Contains(scope+name, "<lambda") || strings.HasPrefix(name, "_FUN") || strings.Contains(name, "<unnamed") {
		return inner
	}
	if i := strings.LastIndex(scope, inFunction); i >= 0 {
		if kind == "variable" {
			return inner // a local one
		}
		scope = strings.TrimPrefix(scope[i+len(inFunction):], "::")
	}
	o.facts[fact{kind, plain(name), scope, path, line}] = true
	return inner
}

// plain is a name without template arguments.
func plain(name string) string {
	if rest, ok := strings.CutPrefix(name, "operator"); ok && rest != "" && strings.ContainsAny(rest[:1], "<>=!+-*/%^&|~,([ \"") {
		// operator< <int>, operator()<int>
		i := strings.LastIndexByte(rest, '>')
		if i != len(rest)-1 || i < 1 || rest[0] == ' ' {
			return name
		}
		switch rest {
		case ">", ">>", "->", "<=>":
			return name
		}
		depth := 0
		for ; i >= 0; i-- {
			switch rest[i] {
			case '>':
				depth++
			case '<':
				depth--
			}
			if depth == 0 {
				return strings.TrimRight("operator"+rest[:i], " ")
			}
		}
		return name
	}
	base, _, _ := strings.Cut(name, "<")
	return base
}
