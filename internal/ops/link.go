package ops

// What each file does with function pointers.

import (
	"io"
	"slices"
	"unsafe"

	"dekho/internal/lang/linkfacts"
	"dekho/internal/macro"
)

// NodeKind says what kind of place holds a function pointer.
type NodeKind uint8

// The kinds of nodes. Values are stored in tables.
const (
	None     NodeKind = iota
	Member            // of a struct or union
	Variable          // a pointer or an array of them
	Param             // of a function
	MacroArg          // the argument of a macro that calls it
	Initcall          // the initcalls of a level
)

// node is a place that can hold a function pointer, or things alike.
type node struct {
	kind  NodeKind
	name  id     // member, variable, function, macro, level
	owner id     // tag of the struct, 0 if not known
	group int32  // 0, or 1 + the file that the struct, variable or function is private to
	index uint32 // which parameter
}

// put says that a function, or what is in a node, is put into a node.
type put struct {
	to   uint32 // node
	name id     // the function, 0 if
	from uint32 // what is in a node
	file int32
	line uint32
	via  id     // macro that does it, 0 if none
	item uint32 // node: what the function was given along with, the work, the timer
}

// call says that what is in a node is called.
type call struct {
	of   uint32 // node
	file int32
	line uint32
	args uint32 // args, callObject
}

// callObject marks a call of a member of a variable itself.
const callObject = 1 << 31

// rows are what a resolver finds.
type rows struct {
	puts   []put
	calls  []call
	names  map[id]string
	nodes  []node          // by number; 0 is none
	number map[node]uint32 // of nodes
	params map[node]uint32 // 1 + number of parameters of what a node can hold, opaque
}

// opaque marks members that are no pointers to functions for all that is known:
// void *data.
const opaque = 1 << 8

// at is the number of a node.
func (o *rows) at(n node) uint32 {
	if n.kind == None {
		return 0
	}
	i, ok := o.number[n]
	if !ok {
		i = uint32(len(o.nodes))
		o.nodes = append(o.nodes, n)
		o.number[n] = i
	}
	return i
}

// hold notes what a node can hold. Files may differ about that; what comes of it
// does not depend on their order.
func (o *rows) hold(n node, what uint32) { merge(o.params, n, what) }

func merge(params map[node]uint32, n node, what uint32) {
	if was, ok := params[n]; ok {
		what = max(was&^opaque, what&^opaque) | was&what&opaque
	}
	params[n] = what
}

// Stats counts what a link found.
type Stats struct {
	Nodes, Puts, Calls int
}

// Link finds how the functions of a tree are reached through pointers and
// writes the table for Open. isFunc reports whether the tree defines a function
// of that name; it is called from several goroutines.
func Link(in macro.Input, macros *macro.Table, isFunc func(name []byte) bool, w io.Writer) (Stats, error) {
	l := &linker{in: in, macros: macros, isFunc: isFunc}
	if err := l.gather(); err != nil {
		return Stats{}, err
	}
	parts := make([]rows, l.workers)
	err := l.each(func(part, from, to int) error {
		r := &resolver{
			linker: l, view: macros.View(), known: make(map[typeKey][]*structDef), effects: make(map[effectKey][]effect), roots: make(map[int32]id),
			out: rows{names: make(map[id]string), nodes: make([]node, 1), number: make(map[node]uint32), params: make(map[node]uint32)},
		}
		var ops linkfacts.OpsReader
		for i := from; i < to; i++ {
			if len(l.ops[i]) == 0 {
				continue
			}
			r.file = int32(i)
			clear(r.known)
			ops.Reset(l.ops[i])
			r.read(&ops)
		}
		parts[part] = r.out
		return nil
	})
	if err != nil {
		return Stats{}, err
	}
	return l.write(parts, w)
}

// read resolves the entries of one file.
func (r *resolver) read(ops *linkfacts.OpsReader) {
	r.fn = node{}
	for op := ops.Next(); op != nil; op = ops.Next() {
		switch op.Kind {
		case linkfacts.OpStruct:
			if tag := idOf(op.Name); r.out.names[tag] == "" {
				r.out.names[tag] = stringOf(op.Name)
			}
			for i := range op.Members {
				if m := &op.Members[i]; m.Type.Kind == linkfacts.TypeFunc || m.Type.Kind == linkfacts.TypeNamed {
					r.name(m.Name)
				}
			}
		case linkfacts.OpFunc:
			r.fn = r.paramNode(op.Name, 0, op.Static)
		case linkfacts.OpStore:
			p := put{file: r.file, line: op.Line}
			if !r.source(&p, &op.Value) {
				continue
			}
			if to, ok := r.slot(&op.Place); ok {
				p.to = r.out.at(to)
				r.out.puts = append(r.out.puts, p)
			}
		case linkfacts.OpDispatch:
			if n, ok := r.slot(&op.Place); ok {
				args := op.Args
				if op.Object {
					args |= callObject
				}
				r.out.calls = append(r.out.calls, call{r.out.at(n), r.file, op.Line, args})
			}
		case linkfacts.OpParamCall:
			n := r.fn
			n.index = op.Pos
			r.out.calls = append(r.out.calls, call{r.out.at(n), r.file, op.Line, op.Args})
		case linkfacts.OpArg:
			r.arg(op)
		}
	}
}

// source sets where a put takes its function from.
func (r *resolver) source(p *put, v *linkfacts.Value) bool {
	switch v.Kind {
	case linkfacts.ValueName:
		if !r.isFunc(v.Name) {
			return false
		}
		p.name = r.name(v.Name)
	case linkfacts.ValueParam:
		from := r.fn
		from.index = v.Param
		p.from = r.out.at(from)
		return r.fn.kind != None
	default:
		from, ok := r.slot(&v.Place)
		if ok {
			p.from = r.out.at(from)
		}
		return ok
	}
	return true
}

// paramNode is a parameter of the function that a file calls by a name.
func (r *resolver) paramNode(name []byte, index uint32, static bool) node {
	n := node{kind: Param, name: r.name(name), index: index}
	if static && !r.macros.Files[r.file].Header {
		n.group = r.file + 1
	}
	return n
}

// arg resolves a function handed to a call.
func (r *resolver) arg(op *linkfacts.Op) {
	p := put{file: r.file, line: op.Line}
	if !r.source(&p, &op.Value) {
		return
	}
	defs := r.view.Visible(stringOf(op.Name), r.file)
	if len(defs) == 0 || !defs[0].Function {
		static := false
		for _, f := range r.decl.funcs[idOf(op.Name)] {
			static = static || f.static && f.file == r.file
		}
		if r.fn.name == idOf(op.Name) && r.fn.group != 0 {
			static = true
		}
		p.to = r.out.at(r.paramNode(op.Name, op.Pos, static))
		if op.HasPlace {
			p.item = r.item(&op.Place)
		}
		r.out.puts = append(r.out.puts, p)
		return
	}
	for n, m := range defs {
		if n == 4 {
			break
		}
		arg := min(int(op.Pos), len(m.Params))
		for _, e := range r.effectsOf(m, arg, 0) {
			q := p
			q.via = r.name(op.Name)
			if op.HasPlace {
				q.item = r.item(&op.Place)
			}
			var to node
			switch e.kind {
			case effectCall:
				to = node{kind: MacroArg, name: q.via, index: uint32(arg)}
			case effectLevel:
				to = node{kind: Initcall, name: r.nameString(e.name)}
			case effectForward:
				to = node{kind: Param, name: r.nameString(e.name), index: uint32(e.arg)}
			case effectStore:
				to = r.stored(op, &e)
			}
			q.to = r.out.at(to)
			r.out.puts = append(r.out.puts, q)
		}
	}
}

// stored is the member that a macro puts an argument into.
func (r *resolver) stored(op *linkfacts.Op, e *effect) node {
	var path []linkfacts.Elem
	for _, m := range e.path {
		path = append(path, linkfacts.Elem{Name: []byte(m)})
	}
	path = append(path, linkfacts.Elem{Name: []byte(e.name)})
	r.nameString(e.name)
	switch {
	case e.typ != "":
		p := linkfacts.Place{Root: linkfacts.RootType, Name: []byte(e.typ), Path: path}
		r.nameString(e.typ)
		if n, ok := r.slot(&p); ok {
			return n
		}
	case e.holder == 0 && op.HasPlace:
		p := op.Place
		p.Path = append(slices.Clone(p.Path), path...)
		if n, ok := r.slot(&p); ok {
			return n
		}
	}
	return node{kind: Member, name: idOf(e.name)}
}

// item is the member or variable that a function is given along with.
func (r *resolver) item(p *linkfacts.Place) uint32 {
	n, _ := r.slot(p)
	return r.out.at(n)
}

func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
