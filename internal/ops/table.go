package ops

// Questions to a table.

import (
	"encoding/binary"
	"sort"
)

// NodeID identifies a node in a table; 0 is none.
type NodeID uint32

// Node is a place that holds a function pointer, or something alike.
type Node struct {
	ID   NodeID
	Kind NodeKind
	// Name is that of the member, variable, function, macro or initcall level.
	Name string
	// Struct is the tag of the struct or union that a member is of, "" if that
	// is not known.
	Struct string
	// File is the file that the struct, variable or static function is private
	// to, "" if it is none's.
	File string
	// Index says which parameter, from 0.
	Index int
	// Params is the number of parameters of the functions a node holds, -1 if
	// that is not known.
	Params int
	// Opaque says that the member is no pointer to a function for all that is
	// known: void *data.
	Opaque bool
}

// Typed reports whether the node is a member that is known to be a pointer to a
// function, or something else that there is one of.
func (n *Node) Typed() bool { return n.Kind != Member || n.Struct != "" && !n.Opaque }

// Put is a place in the source where a function, or what a node holds, is put
// into a node.
type Put struct {
	To       NodeID
	Function string // "" if it comes from a node
	From     NodeID
	File     string
	Line     uint32
	Via      string // the macro that does it, "" if none
	Item     NodeID // the work, timer or the like that the function is given along with
}

// Call is a place in the source where what a node holds is called.
type Call struct {
	Of   NodeID
	File string
	Line uint32
	Args int
	// Object says that the member called is that of a variable of file scope
	// itself: what is put into other variables of its type is not called.
	Object bool
}

// Node describes a node. That of an unknown one is empty.
func (t *Table) Node(id NodeID) Node {
	if id == 0 || uint32(id) >= t.rows(secNodes, nodeWords) {
		return Node{}
	}
	head := t.node(id, nodeKind)
	n := Node{
		ID: id, Kind: NodeKind(head & 0xff), Name: t.name(t.node(id, nodeName)), Struct: t.name(t.node(id, nodeOwner)),
		Index: int(t.node(id, nodeIndex)), Params: int(head>>8&0xff) - 1,
		Opaque: head>>8&opaque != 0,
	}
	if g := t.node(id, nodeGroup); g > 0 {
		n.File = t.path(g - 1)
	}
	return n
}

func (t *Table) node(id NodeID, col uint64) uint32 {
	return t.word(secNodes, uint64(id)*nodeWords+col)
}

// path is that of a file.
func (t *Table) path(file uint32) string { return t.name(t.word(secFiles, uint64(file))) }

// name decodes a name.
func (t *Table) name(n uint32) string {
	if n == 0 || n > t.names {
		return ""
	}
	return string(t.appendName(nil, n))
}

func (t *Table) appendName(dst []byte, n uint32) []byte {
	n--
	b := t.block(n / blockNames)
	name := dst[:0]
	for i := n % blockNames; ; i-- {
		var ok bool
		if name, b, ok = nextName(name, b); !ok {
			return nil
		}
		if i == 0 {
			return name
		}
	}
}

// block is the bytes from the start of a block of names.
func (t *Table) block(n uint32) []byte {
	b := t.sections[secNames]
	if off := t.word(secBlocks, uint64(n)); uint64(off) < uint64(len(b)) {
		return b[off:]
	}
	return nil
}

// nextName decodes one name behind the one before, and returns the bytes behind
// it.
func nextName(prev, b []byte) (name, rest []byte, ok bool) {
	shared, n := binary.Uvarint(b)
	if n <= 0 {
		return nil, nil, false
	}
	b = b[n:]
	length, n := binary.Uvarint(b)
	if n <= 0 || length > uint64(len(b)-n) || shared > uint64(len(prev)) {
		return nil, nil, false
	}
	b = b[n:]
	return append(prev[:shared], b[:length]...), b[length:], true
}

// find is the number of a name, 0 if the table does not have it.
func (t *Table) find(name string) uint32 {
	blocks := len(t.sections[secBlocks]) / 4
	var buf []byte
	i := sort.Search(blocks, func(i int) bool {
		var ok bool
		if buf, _, ok = nextName(buf[:0], t.block(uint32(i))); !ok {
			return true
		}
		return string(buf) > name
	}) - 1
	if i < 0 {
		return 0
	}
	b := t.block(uint32(i))
	buf = buf[:0]
	for k := range uint32(blockNames) {
		var ok bool
		if buf, b, ok = nextName(buf, b); !ok {
			return 0
		}
		if string(buf) == name {
			return uint32(i)*blockNames + k + 1
		}
	}
	return 0
}

// put decodes a put.
func (t *Table) put(i uint32) Put {
	at := uint64(i) * putWords
	p := Put{To: NodeID(t.word(secPuts, at+putTo)), File: t.path(t.word(secPuts, at+putFile))}
	p.Line = t.moved.New(p.File, t.word(secPuts, at+putLine))
	if s := t.word(secPuts, at+putSource); s&1 != 0 {
		p.From = NodeID(s >> 1)
	} else {
		p.Function = t.name(s >> 1)
	}
	extras := int(t.rows(secExtras, extraWords))
	x := sort.Search(extras, func(x int) bool { return t.word(secExtras, uint64(x)*extraWords+extraPut) >= i })
	if at := uint64(x) * extraWords; x < extras && t.word(secExtras, at+extraPut) == i {
		p.Via, p.Item = t.name(t.word(secExtras, at+extraVia)), NodeID(t.word(secExtras, at+extraItem))
	}
	return p
}

// PutsOf lists where a function is put, by node.
func (t *Table) PutsOf(function string) []Put {
	n := t.find(function)
	if n == 0 {
		return nil
	}
	return t.bySource(n << 1)
}

// Moves lists where what a node holds is put, by node.
func (t *Table) Moves(from NodeID) []Put {
	if from == 0 || from >= 1<<31 {
		return nil
	}
	return t.bySource(uint32(from)<<1 | 1)
}

func (t *Table) bySource(source uint32) []Put {
	total := int(t.rows(secSources, 1))
	sourceAt := func(i int) uint32 {
		return t.word(secPuts, uint64(t.word(secSources, uint64(i)))*putWords+putSource)
	}
	var out []Put
	for i := sort.Search(total, func(i int) bool { return sourceAt(i) >= source }); i < total && sourceAt(i) == source; i++ {
		out = append(out, t.put(t.word(secSources, uint64(i))))
	}
	return out
}

// Into lists what is put into a node, at most limit of them, 0 for all.
func (t *Table) Into(to NodeID, limit int) []Put {
	total := int(t.rows(secPuts, putWords))
	toAt := func(i int) NodeID { return NodeID(t.word(secPuts, uint64(i)*putWords+putTo)) }
	var out []Put
	for i := sort.Search(total, func(i int) bool { return toAt(i) >= to }); i < total && toAt(i) == to && (limit == 0 || len(out) < limit); i++ {
		out = append(out, t.put(uint32(i)))
	}
	return out
}

// Calls lists where what a node holds is called.
func (t *Table) Calls(of NodeID) []Call {
	total := int(t.rows(secCalls, callWords))
	ofAt := func(i int) NodeID { return NodeID(t.word(secCalls, uint64(i)*callWords+callNode)) }
	var out []Call
	for i := sort.Search(total, func(i int) bool { return ofAt(i) >= of }); i < total && ofAt(i) == of; i++ {
		out = append(out, t.call(uint32(i)))
	}
	return out
}

func (t *Table) call(i uint32) Call {
	at := uint64(i) * callWords
	path := t.path(t.word(secCalls, at+callFile))
	return Call{
		Of: NodeID(t.word(secCalls, at+callNode)), File: path,
		Line: t.moved.New(path, t.word(secCalls, at+callLine)), Args: int(t.word(secCalls, at+callArgs) &^ callObject),
		Object: t.word(secCalls, at+callArgs)&callObject != 0,
	}
}

// file is the number of the file with a path, false if the table has none.
func (t *Table) file(path string) (uint32, bool) {
	n := t.find(path)
	if n == 0 {
		return 0, false
	}
	total := int(t.rows(secFiles, 1))
	for i := range total { // in the order of the tree, which may not be that of names
		if t.word(secFiles, uint64(i)) == n {
			return uint32(i), true
		}
	}
	return 0, false
}

// CallsIn lists the calls through pointers in the lines of a file, from first
// to last.
func (t *Table) CallsIn(path string, first, last uint32) []Call {
	f, ok := t.file(path)
	if !ok {
		return nil
	}
	total := int(t.rows(secPlaces, 1))
	at := func(i int) (file, line uint32) {
		c := uint64(t.word(secPlaces, uint64(i))) * callWords
		return t.word(secCalls, c+callFile), t.word(secCalls, c+callLine)
	}
	from, to := t.moved.Old(path, first), t.moved.Old(path, last)
	i := sort.Search(total, func(i int) bool {
		file, line := at(i)
		return file > f || file == f && line >= from
	})
	var out []Call
	for ; i < total; i++ {
		file, line := at(i)
		if file != f || line > to {
			break
		}
		if c := t.call(t.word(secPlaces, uint64(i))); first <= c.Line && c.Line <= last {
			out = append(out, c)
		}
	}
	return out
}

// Named lists the nodes with a name: the members of all structs that are called
// so, the parameters of a function.
func (t *Table) Named(name string) []NodeID {
	n := t.find(name)
	if n == 0 {
		return nil
	}
	total := int(t.rows(secNodes, nodeWords))
	i := 1 + sort.Search(max(0, total-1), func(i int) bool { return t.node(NodeID(i+1), nodeName) >= n })
	var out []NodeID
	for ; i < total && t.node(NodeID(i), nodeName) == n; i++ {
		out = append(out, NodeID(i))
	}
	return out
}
