package linkfacts

// Facts about calls through pointers, for package ops: which function is put
// where, and where what was put there is called. One record 'O' of a blob holds
// those of the whole file; its text is decoded by OpsReader, so that whoever
// wants other facts skips it in one step.
//
//	ops      = entry...
//	entry    = kind(1) line fields
//	'r'      = place value                      value is stored in place
//	'd'      = nargs<<1|object place            what is in place is called; object: a member of a variable of file scope
//	'a'      = callee arg hasplace place value  value is handed to a call; place is that of argument 0
//	'f'      = name static type                 a function; entries that mention parameters belong to it
//	'p'      = param nargs                      the function calls its parameter
//	's'      = tag n member...                  the body of a struct or union
//	't'      = name type                        a typedef
//	'v'      = name type                        a variable with external linkage
//	place    = npath<<2|root [string] elem...   root with a name: type, variable, function called
//	elem     = string | 1<<0 position           a member, by name or by position in an initialiser
//	value    = kind fields                      name, parameter of the function, place
//	type     = kind [string | nparams]          none, named, pointer to function
//	member   = position<<1|array string type    position among the members
//	string   = number<<1                        0: new, its length and bytes follow; n: the n-th of the record
//
// Lines are signed differences to the entry before.

import "encoding/binary"

// TagOps is the record of all facts about calls through pointers of a file.
const TagOps Tag = 'O'

// AppendOps adds the record with the entries that an OpsWriter has made.
func AppendOps(b, ops []byte) []byte {
	b = append(b, byte(TagOps))
	return appendString(b, ops)
}

// OpKind is the kind of an Op.
type OpKind byte

// The kinds of entries.
const (
	OpStore     OpKind = 'r'
	OpDispatch  OpKind = 'd'
	OpArg       OpKind = 'a'
	OpFunc      OpKind = 'f'
	OpParamCall OpKind = 'p'
	OpStruct    OpKind = 's'
	OpTypedef   OpKind = 't'
	OpVar       OpKind = 'v'
)

// RootKind says what the name at the root of a Place is.
type RootKind uint8

// The kinds of roots.
const (
	RootUnknown  RootKind = iota
	RootType              // a struct, union or typedef: the type of a variable declared in the file, or of a cast
	RootVariable          // a variable that the file does not declare, or a function pointer
	RootCall              // what a function or macro returns
)

// Elem is one step of a Place: a member, or with an empty Name the one at
// position Pos of an initialiser.
type Elem struct {
	Name []byte
	Pos  uint32
}

// Place is where a function pointer lies, as an expression names it.
type Place struct {
	Root RootKind
	Name []byte
	Path []Elem
}

// ValueKind says what a Value is.
type ValueKind uint8

// The kinds of values.
const (
	ValueName  ValueKind = iota // an identifier that is not local, perhaps a function
	ValueParam                  // a parameter of the enclosing function
	ValuePlace                  // what is in a place
)

// Value is what is stored or handed on.
type Value struct {
	Kind  ValueKind
	Name  []byte
	Param uint32 // from 0
	Place Place
}

// TypeKind says what a Type is.
type TypeKind uint8

// The kinds of types.
const (
	TypeNone  TypeKind = iota
	TypeNamed          // struct, union or typedef, or a pointer to one
	TypeFunc           // a pointer to a function
)

// Type is as much of a type as resolving members takes.
type Type struct {
	Kind   TypeKind
	Name   []byte
	Params uint32 // of a function
}

// Member is a member of a struct or union that can lead to a function pointer.
type Member struct {
	Name  []byte
	Pos   uint32 // among the members, from 0
	Array bool
	Type  Type
}

// Op is one decoded entry. Which fields are set depends on Kind. Its slices
// alias the record or are reused by the next call of Next.
type Op struct {
	Kind     OpKind
	Line     uint32
	Name     []byte // callee, function, struct, typedef, variable
	Pos      uint32 // argument or parameter, from 0
	Args     uint32 // number of arguments of the call
	Static   bool
	HasPlace bool
	Object   bool // the member called is that of a variable of file scope itself, not of what it points to
	Place    Place
	Value    Value
	Type     Type
	Members  []Member
}

// OpsReader decodes the entries of a TagOps record.
type OpsReader struct {
	Reader
	op      Op
	line    uint32
	strings [][]byte
	paths   [2][]Elem
}

// Reset makes r read ops, the Body of a record, from its start.
func (r *OpsReader) Reset(ops []byte) {
	r.rest, r.err, r.line = ops, nil, 0
	r.strings = r.strings[:0]
}

// Next decodes the next entry, or returns nil at the end or at damage (see
// Err).
func (r *OpsReader) Next() *Op {
	if r.err != nil || len(r.rest) == 0 {
		return nil
	}
	op := &r.op
	*op = Op{Kind: OpKind(r.rest[0]), Members: op.Members[:0]}
	r.rest = r.rest[1:]
	d, n := binary.Varint(r.rest)
	if n <= 0 {
		r.err = ErrDamaged
		return nil
	}
	r.rest = r.rest[n:]
	r.line += uint32(d)
	op.Line = r.line
	switch op.Kind {
	case OpStore:
		r.place(&op.Place, 0)
		r.value(&op.Value)
	case OpDispatch:
		args := uint32(r.number())
		op.Args, op.Object = args>>1, args&1 != 0
		r.place(&op.Place, 0)
	case OpArg:
		op.Name = r.ref(r.number())
		op.Pos = uint32(r.number())
		if op.HasPlace = r.number() != 0; op.HasPlace {
			r.place(&op.Place, 0)
		}
		r.value(&op.Value)
	case OpFunc:
		op.Name = r.ref(r.number())
		op.Static = r.number() != 0
		op.Type = r.typ()
	case OpParamCall:
		op.Pos = uint32(r.number())
		op.Args = uint32(r.number())
	case OpStruct:
		op.Name = r.ref(r.number())
		n := r.number()
		if n > uint64(len(r.rest)) {
			r.err = ErrDamaged
			return nil
		}
		for ; n > 0 && r.err == nil; n-- {
			head := r.number()
			m := Member{Pos: uint32(head >> 1), Array: head&1 != 0, Name: r.ref(r.number())}
			m.Type = r.typ()
			op.Members = append(op.Members, m)
		}
	case OpTypedef, OpVar:
		op.Name = r.ref(r.number())
		op.Type = r.typ()
	default:
		r.err = ErrDamaged
	}
	if r.err != nil {
		return nil
	}
	return op
}

// ref is the string that a number refers to.
func (r *OpsReader) ref(n uint64) []byte {
	n >>= 1
	if n == 0 {
		s := r.str()
		r.strings = append(r.strings, s)
		return s
	}
	if n > uint64(len(r.strings)) {
		r.err = ErrDamaged
		return nil
	}
	return r.strings[n-1]
}

func (r *OpsReader) place(p *Place, which int) {
	head := r.number()
	p.Root = RootKind(head & 3)
	if p.Root != RootUnknown {
		p.Name = r.ref(r.number())
	}
	path := r.paths[which][:0]
	n := head >> 2
	if n > uint64(len(r.rest)) {
		r.err = ErrDamaged
		return
	}
	for ; n > 0 && r.err == nil; n-- {
		if e := r.number(); e&1 != 0 {
			path = append(path, Elem{Pos: uint32(e >> 1)})
		} else {
			path = append(path, Elem{Name: r.ref(e)})
		}
	}
	p.Path, r.paths[which] = path, path
}

func (r *OpsReader) value(v *Value) {
	v.Kind = ValueKind(r.number())
	switch v.Kind {
	case ValueName:
		v.Name = r.ref(r.number())
	case ValueParam:
		v.Param = uint32(r.number())
	case ValuePlace:
		r.place(&v.Place, 1)
	default:
		r.err = ErrDamaged
	}
}

func (r *OpsReader) typ() Type {
	t := Type{Kind: TypeKind(r.number())}
	switch t.Kind {
	case TypeNone:
	case TypeNamed:
		t.Name = r.ref(r.number())
	case TypeFunc:
		t.Params = uint32(r.number())
	default:
		r.err = ErrDamaged
	}
	return t
}

// OpsWriter makes the entries of a TagOps record. After Begin, the fields of
// the entry follow in the order of the format.
type OpsWriter struct {
	Bytes []byte
	line  uint32
	count uint32 // strings so far
	gen   uint32
	known [1 << 11]knownString
}

// knownString remembers the number of a string. The table forgets a string when
// another of its slot comes; then the string is written again.
type knownString struct {
	gen, hash, number uint32
	text              []byte
}

// Reset begins a new record. The strings of the one before are no longer
// referred to.
func (w *OpsWriter) Reset() {
	w.Bytes, w.line, w.count = w.Bytes[:0], 0, 0
	w.gen++
}

// Begin starts an entry.
func (w *OpsWriter) Begin(kind OpKind, line uint32) {
	w.Bytes = append(w.Bytes, byte(kind))
	w.Bytes = binary.AppendVarint(w.Bytes, int64(int32(line-w.line)))
	w.line = line
}

// Number adds a number.
func (w *OpsWriter) Number(n uint32) { w.Bytes = binary.AppendUvarint(w.Bytes, uint64(n)) }

// String adds a string with its lang.Hash. The string must stay valid until
// Reset.
func (w *OpsWriter) String(s []byte, hash uint32) {
	k := &w.known[hash&uint32(len(w.known)-1)]
	if k.gen == w.gen && k.hash == hash && string(k.text) == string(s) {
		w.Number(k.number << 1)
		return
	}
	w.count++
	*k = knownString{w.gen, hash, w.count, s}
	w.Number(0)
	w.Bytes = appendString(w.Bytes, s)
}

// Position adds an element of a path without a name.
func (w *OpsWriter) Position(n uint32) { w.Number(n<<1 | 1) }
