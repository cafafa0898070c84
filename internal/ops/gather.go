package ops

// The declarations of the tree: structs and their members, typedefs, variables
// and results of functions.

import (
	"errors"
	"fmt"
	"math/bits"
	"runtime"
	"strings"
	"sync"

	"dekho/internal/lang/linkfacts"
	"dekho/internal/macro"
)

// id stands for a name while linking: a hash of 64 bits. A tree made to have
// two names with one hash would get wrong answers, no worse.
type id uint64

func idOf[T string | []byte](name T) id {
	const k = 0x9E3779B97F4A7C15
	h := uint64(len(name)) * k
	for i := 0; i < len(name); {
		var w uint64
		n := min(8, len(name)-i)
		for j := range n {
			w |= uint64(name[i+j]) << (8 * j)
		}
		i += n
		hi, lo := bits.Mul64(h^w, k)
		h = hi ^ lo ^ w<<1
	}
	hi, lo := bits.Mul64(h^k, 0xD6E8FEB86659FD93)
	return id(hi ^ lo)
}

// structDef is the body of a struct or union.
type structDef struct {
	file    int32
	members []member
}

type member struct {
	name   id
	typ    id // of a named type
	pos    uint32
	params uint32 // of a pointer to a function
	fn     bool
}

// typedef is what a name of a type stands for.
type typedef struct {
	file   int32
	target id
	params uint32
	fn     bool
}

// variable is one with external linkage.
type variable struct {
	file int32
	typ  id // 0 for a pointer to a function
}

// function is one that returns the address of a struct, or does something with
// a parameter.
type function struct {
	file   int32
	result id // 0 if not known
	static bool
}

// declarations are those of some files.
type declarations struct {
	structs  map[id][]structDef
	typedefs map[id][]typedef
	vars     map[id][]variable
	funcs    map[id][]function
}

func newDeclarations() *declarations {
	return &declarations{make(map[id][]structDef), make(map[id][]typedef), make(map[id][]variable), make(map[id][]function)}
}

// linker links one tree.
type linker struct {
	in      macro.Input
	macros  *macro.Table
	isFunc  func(name []byte) bool
	ops     [][]byte // of each file, its record
	shared  []bool   // files that are headers for the whole kernel
	decl    *declarations
	aliases map[id]id // macros that stand for the tag of a struct
	workers int
}

// each runs fn for runs of files on all processors: part of parts.
func (l *linker) each(fn func(part, from, to int) error) error {
	n := len(l.ops)
	errs := make([]error, l.workers)
	var wg sync.WaitGroup
	for w := range l.workers {
		wg.Go(func() { errs[w] = fn(w, n*w/l.workers, n*(w+1)/l.workers) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// gather reads all declarations.
func (l *linker) gather() error {
	n := l.in.NumFiles()
	l.workers = max(1, min(runtime.GOMAXPROCS(0), 8))
	l.ops = make([][]byte, n)
	l.shared = make([]bool, n)
	parts := make([]*declarations, l.workers)
	err := l.each(func(part, from, to int) error {
		d := newDeclarations()
		parts[part] = d
		var r linkfacts.OpsReader
		for i := from; i < to; i++ {
			f := &l.macros.Files[i]
			if f.UserSpace {
				continue
			}
			l.shared[i] = f.Header && (strings.HasPrefix(f.Path, "include/") || f.Arch != "" && strings.Contains(f.Path, "/include/"))
			blob, err := l.in.LinkFacts(i)
			if err != nil {
				return fmt.Errorf("facts of %s: %w", f.Path, err)
			}
			if l.ops[i], err = opsRecord(blob); err != nil {
				return fmt.Errorf("facts of %s: %w", f.Path, err)
			}
			r.Reset(l.ops[i])
			d.read(&r, int32(i))
			if r.Err() != nil {
				return fmt.Errorf("facts of %s: %w", f.Path, r.Err())
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	l.decl = parts[0]
	for _, p := range parts[1:] {
		l.decl.merge(p)
	}
	l.findAliases()
	return nil
}

// opsRecord finds the record about calls through pointers in a file's facts.
func opsRecord(blob []byte) ([]byte, error) {
	r := linkfacts.NewReader(blob)
	for rec := r.Next(); rec != nil; rec = r.Next() {
		if rec.Tag == linkfacts.TagOps {
			return rec.Body, nil
		}
	}
	return nil, r.Err()
}

// read adds the declarations of a file.
func (d *declarations) read(r *linkfacts.OpsReader, file int32) {
	for op := r.Next(); op != nil; op = r.Next() {
		switch op.Kind {
		case linkfacts.OpStruct:
			ms := make([]member, len(op.Members))
			for i := range op.Members {
				m := &op.Members[i]
				ms[i] = member{name: idOf(m.Name), pos: m.Pos, fn: m.Type.Kind == linkfacts.TypeFunc, params: m.Type.Params}
				if m.Type.Kind == linkfacts.TypeNamed {
					ms[i].typ = idOf(m.Type.Name)
				}
			}
			tag := idOf(op.Name)
			d.structs[tag] = append(d.structs[tag], structDef{file, ms})
		case linkfacts.OpTypedef:
			t := typedef{file: file, fn: op.Type.Kind == linkfacts.TypeFunc, params: op.Type.Params}
			if op.Type.Kind == linkfacts.TypeNamed {
				t.target = idOf(op.Type.Name)
			}
			name := idOf(op.Name)
			d.typedefs[name] = append(d.typedefs[name], t)
		case linkfacts.OpVar:
			v := variable{file: file}
			if op.Type.Kind == linkfacts.TypeNamed {
				v.typ = idOf(op.Type.Name)
			}
			name := idOf(op.Name)
			d.vars[name] = append(d.vars[name], v)
		case linkfacts.OpFunc:
			f := function{file: file, static: op.Static}
			if op.Type.Kind == linkfacts.TypeNamed {
				f.result = idOf(op.Type.Name)
			}
			name := idOf(op.Name)
			d.funcs[name] = append(d.funcs[name], f)
		}
	}
}

// merge adds the declarations of files that come later.
func (d *declarations) merge(o *declarations) {
	for k, v := range o.structs {
		d.structs[k] = append(d.structs[k], v...)
	}
	for k, v := range o.typedefs {
		d.typedefs[k] = append(d.typedefs[k], v...)
	}
	for k, v := range o.vars {
		d.vars[k] = append(d.vars[k], v...)
	}
	for k, v := range o.funcs {
		d.funcs[k] = append(d.funcs[k], v...)
	}
}

// findAliases finds macros that stand for the tag of a struct: rcu_head is
// callback_head.
func (l *linker) findAliases() {
	l.aliases = make(map[id]id)
	type alias struct{ name, tag id }
	names := l.macros.Names()
	found := make([][]alias, l.workers)
	var wg sync.WaitGroup
	for w := range l.workers {
		wg.Go(func() {
			for _, name := range names[len(names)*w/l.workers : len(names)*(w+1)/l.workers] {
				for _, m := range l.macros.Lookup(name).All {
					if m.Function || m.Body == "" || m.Body == name || !isWord(m.Body) {
						continue
					}
					if tag := idOf(m.Body); len(l.decl.structs[tag]) > 0 {
						found[w] = append(found[w], alias{idOf(name), tag})
					}
				}
			}
		})
	}
	wg.Wait()
	for _, as := range found {
		for _, a := range as {
			l.aliases[a.name] = a.tag
		}
	}
}

func isWord(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return s[0] > '9'
}
