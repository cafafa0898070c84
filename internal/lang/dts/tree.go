package dts

// The tree that a source describes, with all that it includes.

import (
	"path"
	"slices"
	"strings"
)

// Pos is a place in a source.
type Pos struct {
	Path string
	Line uint32 // 1-based; 0 for none
}

// Node is a node of a tree.
type Node struct {
	// Name is the name with the unit address, "" for the root, and &label for
	// a node that an overlay or a part of a tree refers to and does not define.
	Name     string
	Labels   []string
	Parent   *Node
	Children []*Node
	// Pos is where the node stands first.
	Pos Pos
	// Compatible are the strings of its compatible property, most specific
	// first, and CompatiblePos where the property was set last.
	Compatible    []string
	CompatiblePos Pos
	// Status is the text of its status property, "" for none, and StatusPos
	// where the property was set last.
	Status    string
	StatusPos Pos
	// Model is the text of its model property.
	Model string
	// Refs are the references in its properties, those whose label no source
	// defines left out.
	Refs []Ref
	// Interrupts says that it has an interrupts property.
	Interrupts bool
	deleted    bool
}

// Ref is a reference to another node in the value of a property.
type Ref struct {
	Property string
	To       *Node
	Pos      Pos
	label    string
}

// Suppliers are what a node needs of others: its references but for those that
// only describe how data flows, and if it has interrupts, the interrupt parent,
// its own or the one that it inherits.
func (n *Node) Suppliers() []Ref {
	var list []Ref
	for _, r := range n.Refs {
		if r.Property != "remote-endpoint" && r.Property != interruptParent && r.To != n {
			list = append(list, r)
		}
	}
	for up := n; up != nil && n.Interrupts; up = up.Parent {
		if i := slices.IndexFunc(up.Refs, func(r Ref) bool { return r.Property == interruptParent }); i >= 0 {
			if r := up.Refs[i]; r.To != n {
				list = append(list, r)
			}
			break
		}
	}
	return list
}

const interruptParent = "interrupt-parent"

// Path is the path of the node from the root: /soc/gpio@30200000.
func (n *Node) Path() string {
	if n.Parent == nil {
		if n.Name == "" {
			return "/"
		}
		return n.Name
	}
	if parent := n.Parent.Path(); parent != "/" {
		return parent + "/" + n.Name
	}
	return "/" + n.Name
}

// Disabled reports whether the status of the node, or of one above it, says that
// it is not to be used.
func (n *Node) Disabled() bool {
	for ; n != nil; n = n.Parent {
		if n.Status != "" && n.Status != "okay" && n.Status != "ok" {
			return true
		}
	}
	return false
}

// Tree is what a source describes.
type Tree struct {
	Root *Node
	// Loose are the nodes that are referred to and defined nowhere, as in
	// overlays.
	Loose []*Node
	// Files are those that were read, in the order of their first mention.
	Files []string
	// Missing are includes that were not found, as they are written. Headers
	// are not looked for.
	Missing []string
	// Truncated says that the source was too large or too deep to be read to
	// its end.
	Truncated bool
}

// All calls fn for each node in the order of the source, parents first.
func (t *Tree) All(fn func(*Node)) {
	var walk func(n *Node)
	walk = func(n *Node) {
		fn(n)
		for _, c := range n.Children {
			walk(c)
		}
	}
	walk(t.Root)
	for _, n := range t.Loose {
		walk(n)
	}
}

// Bounds of what Parse reads. The largest boards of the kernel have a thousand
// nodes in a few dozen files.
const (
	maxNodes    = 1 << 15
	maxIncludes = 1 << 10
	maxNesting  = 32       // of includes
	maxDepth    = 64       // of nodes
	maxRefs     = 1 << 10  // of a node
	maxBytes    = 64 << 20 // read, files that are included again counted again
)

// Parse reads the source at a path of the tree. open returns the content of a
// file by its path. Text that is no tree is stepped over. Of the arms of an #if,
// those of #ifdef and #ifndef are chosen by what the sources themselves define;
// of the others the first is taken, but for #if 0. Macros are not expanded: a
// label that one pastes together is not known.
func Parse(file string, open func(path string) ([]byte, bool)) *Tree {
	p := &parser{
		tree: &Tree{Root: &Node{}}, open: open,
		labels: make(map[string]*Node), loose: make(map[string]*Node), defined: make(map[string]bool),
	}
	p.read(file, 0)
	prune(p.tree.Root)
	kept := p.tree.Loose[:0]
	for _, n := range p.tree.Loose {
		if !n.deleted {
			prune(n)
			kept = append(kept, n)
		}
	}
	p.tree.Loose = kept
	p.tree.All(func(n *Node) {
		known := n.Refs[:0]
		for _, r := range n.Refs {
			if r.To = p.labels[r.label]; r.To != nil && !r.To.deleted {
				known = append(known, r)
			}
		}
		n.Refs = known
	})
	return p.tree
}

type parser struct {
	tree    *Tree
	open    func(path string) ([]byte, bool)
	labels  map[string]*Node
	loose   map[string]*Node
	defined map[string]bool // macros that the sources define

	nodes    int
	includes int
	bytes    int
	stack    []*Node  // open nodes; an include may stand inside of one
	pending  []string // labels of the node that follows
	arms     []arm    // open conditionals
}

// arm is the state of an open #if.
type arm struct {
	taken bool // an arm was taken
	live  bool // the open arm is
}

func (p *parser) live() bool { return len(p.arms) == 0 || p.arms[len(p.arms)-1].live }

// read reads a file into the tree.
func (p *parser) read(file string, nesting int) {
	if p.includes++; p.includes > maxIncludes || nesting > maxNesting {
		p.tree.Truncated = true
		return
	}
	src, ok := p.open(file)
	if !ok {
		if nesting > 0 {
			p.tree.Missing = append(p.tree.Missing, file)
		}
		return
	}
	if p.bytes += len(src); p.bytes > maxBytes {
		p.tree.Truncated = true
		return
	}
	p.addFile(file)
	armsOutside := len(p.arms)
	s := scanner{src: src, line: 1}
	property := ""
	for {
		e := s.next()
		if e.kind == evEnd {
			break
		}
		if e.kind == evDirective {
			p.directive(src, &e, armsOutside)
			continue
		}
		if !p.live() {
			continue
		}
		text := string(src[e.from:e.to])
		pos := Pos{file, e.line}
		switch e.kind {
		case evLabel:
			if len(p.pending) < maxDepth {
				p.pending = append(p.pending, text)
			}
		case evRoot:
			p.enter(p.tree.Root, pos)
		case evNode:
			p.enter(p.child(text, pos), pos)
		case evExtend:
			n := p.labels[text]
			if n == nil || n.deleted {
				n = p.looseNode("&"+text, pos)
				p.labels[text] = n
			}
			p.enter(n, pos)
		case evExtendPath:
			n := p.find(text)
			if n == nil {
				n = p.looseNode("&{"+text+"}", pos)
			}
			p.enter(n, pos)
		case evClose:
			p.pending = p.pending[:0]
			if len(p.stack) > 0 {
				p.stack = p.stack[:len(p.stack)-1]
			}
		case evProperty:
			p.pending = p.pending[:0]
			property = text
			if n := p.top(); n != nil {
				n.forget(property)
				switch property {
				case "compatible":
					n.CompatiblePos = pos
				case "status":
					n.StatusPos = pos
				case "interrupts":
					n.Interrupts = true
				}
			}
		case evRef:
			if n := p.top(); n != nil && property != "" && len(n.Refs) < maxRefs {
				n.Refs = append(n.Refs, Ref{Property: property, Pos: pos, label: text})
			}
		case evString:
			if n := p.top(); n != nil {
				switch property {
				case "compatible":
					if len(n.Compatible) < maxDepth {
						n.Compatible = append(n.Compatible, text)
					}
				case "status":
					n.Status = text
				case "model":
					n.Model = text
				}
			}
		case evDeleteProperty:
			if n := p.top(); n != nil {
				n.forget(text)
			}
		case evDeleteNode:
			p.remove(text, e.ref)
		case evInclude:
			if !strings.HasSuffix(text, ".h") {
				p.include(file, text, nesting)
			}
		}
	}
	// An #if that the file does not end does not reach beyond it.
	p.arms = p.arms[:min(armsOutside, len(p.arms))]
}

// forget takes a property away from a node: it is set anew, or deleted.
func (n *Node) forget(property string) {
	switch property {
	case "compatible":
		n.Compatible, n.CompatiblePos = nil, Pos{}
	case "status":
		n.Status, n.StatusPos = "", Pos{}
	case "model":
		n.Model = ""
	case "interrupts":
		n.Interrupts = false
	}
	n.Refs = slices.DeleteFunc(n.Refs, func(r Ref) bool { return r.Property == property })
}

func (p *parser) addFile(file string) {
	for _, f := range p.tree.Files {
		if f == file {
			return
		}
	}
	p.tree.Files = append(p.tree.Files, file)
}

// Resolve lists the paths that an include in a file can mean, the likeliest
// first: beside it, or in the directory of another architecture, which the
// kernel's makefiles make known under the architecture's name.
func Resolve(file, include string) []string {
	list := []string{path.Join(path.Dir(file), include)}
	if arch, rest, ok := strings.Cut(include, "/"); ok && arch != ".." {
		list = append(list, "arch/"+arch+"/boot/dts/"+rest)
	}
	return append(list, path.Join("include", include))
}

// include reads the file that an include names.
func (p *parser) include(file, name string, nesting int) {
	for _, candidate := range Resolve(file, name) {
		if _, ok := p.open(candidate); ok {
			p.read(candidate, nesting+1)
			return
		}
	}
	p.tree.Missing = append(p.tree.Missing, name)
}

// top is the innermost open node, nil outside of all.
func (p *parser) top() *Node {
	if n := len(p.stack); n > 0 {
		return p.stack[n-1]
	}
	return nil
}

// enter opens a node.
func (p *parser) enter(n *Node, pos Pos) {
	for _, label := range p.pending {
		if p.labels[label] != n && len(n.Labels) < maxDepth {
			n.Labels = append(n.Labels, label)
		}
		p.labels[label] = n
	}
	p.pending = p.pending[:0]
	if n.Pos.Line == 0 {
		n.Pos = pos
	}
	p.stack = append(p.stack, n)
}

// child finds or makes a child of the open node.
func (p *parser) child(name string, pos Pos) *Node {
	parent := p.top()
	if parent == nil {
		return p.looseNode(name, pos)
	}
	for _, c := range parent.Children {
		if c.Name == name && !c.deleted {
			return c
		}
	}
	n := &Node{Name: name, Parent: parent, Pos: pos}
	if p.nodes++; p.nodes > maxNodes || len(p.stack) > maxDepth {
		p.tree.Truncated = true
		return n // read, and not part of the tree
	}
	parent.Children = append(parent.Children, n)
	return n
}

func (p *parser) looseNode(name string, pos Pos) *Node {
	if n := p.loose[name]; n != nil && !n.deleted {
		return n
	}
	n := &Node{Name: name, Pos: pos}
	if p.nodes++; p.nodes > maxNodes {
		p.tree.Truncated = true
		return n
	}
	p.loose[name] = n
	p.tree.Loose = append(p.tree.Loose, n)
	return n
}

// find finds a node by its path.
func (p *parser) find(nodePath string) *Node {
	n := p.tree.Root
	if strings.Trim(nodePath, "/") == "" {
		return n
	}
	for name := range strings.SplitSeq(strings.Trim(nodePath, "/"), "/") {
		var next *Node
		for _, c := range n.Children {
			if c.Name == name && !c.deleted {
				next = c
			}
		}
		if next == nil {
			return nil
		}
		n = next
	}
	return n
}

// remove deletes a node, by label or as a child of the open one.
func (p *parser) remove(name string, label bool) {
	if label {
		if n := p.labels[name]; n != nil {
			n.deleted = true
			delete(p.labels, name)
		}
		return
	}
	if n := p.top(); n != nil {
		for _, c := range n.Children {
			if c.Name == name {
				c.deleted = true
			}
		}
	}
}

// prune removes deleted nodes.
func prune(n *Node) {
	kept := n.Children[:0]
	for _, c := range n.Children {
		if !c.deleted {
			prune(c)
			kept = append(kept, c)
		}
	}
	n.Children = kept
}

// directive follows the conditionals of the preprocessor.
func (p *parser) directive(src []byte, e *event, outside int) {
	rest := strings.TrimSpace(string(src[e.rest:e.to]))
	word, _, _ := strings.Cut(rest, " ")
	open := func(holds bool) {
		live := p.live()
		if len(p.arms) < maxIncludes {
			p.arms = append(p.arms, arm{taken: !live || holds, live: live && holds})
		}
	}
	switch string(src[e.from:e.rest]) {
	case "define":
		if name, _, _ := strings.Cut(word, "("); p.live() && len(p.defined) < maxNodes {
			p.defined[name] = true
		}
	case "undef":
		if p.live() {
			delete(p.defined, word)
		}
	case "ifdef":
		open(p.defined[word])
	case "ifndef":
		open(!p.defined[word])
	case "if":
		open(rest != "0")
	case "elif", "else":
		if n := len(p.arms); n > outside {
			a := &p.arms[n-1]
			a.live = !a.taken && (n == 1 || p.arms[n-2].live)
			a.taken = a.taken || a.live
		}
	case "endif":
		if n := len(p.arms); n > outside {
			p.arms = p.arms[:n-1]
		}
	}
}

// NodeAt tells which node a line of a source is in, where its first string
// stands if it has any: the names from the outermost, as they stand there,
// joined by slashes.
func NodeAt(src []byte, line uint32) string {
	s := scanner{src: src, line: 1}
	var names []string
	for {
		e := s.next()
		if e.kind == evEnd || e.line > line || e.line == line && e.kind == evString {
			return strings.TrimPrefix(strings.Join(names, "/"), "/")
		}
		switch e.kind {
		case evRoot:
			names = append(names, "")
		case evNode:
			names = append(names, string(src[e.from:e.to]))
		case evExtend:
			names = append(names, "&"+string(src[e.from:e.to]))
		case evExtendPath:
			names = append(names, "&{"+string(src[e.from:e.to])+"}")
		case evClose:
			if len(names) > 0 {
				names = names[:len(names)-1]
			}
		}
	}
}

// CompatibleBelow lists the compatible strings of the node that begins, with its
// name or a label, in a line of a source.
func CompatibleBelow(src []byte, line uint32) []string {
	s := scanner{src: src, line: 1}
	depth, inside := 0, false
	var list []string
	property := ""
	for {
		e := s.next()
		switch e.kind {
		case evEnd:
			return list
		case evNode, evRoot, evExtend, evExtendPath:
			if inside {
				depth++
			} else if e.line >= line {
				inside, depth = true, 1
			}
		case evClose:
			if inside {
				if depth--; depth == 0 {
					return list
				}
			}
		case evProperty:
			property = string(src[e.from:e.to])
		case evString:
			if inside && depth == 1 && property == "compatible" && len(list) < maxDepth {
				list = append(list, string(src[e.from:e.to]))
			}
		}
	}
}

// CompatibleAt lists the compatible strings that stand in a line of a source.
func CompatibleAt(src []byte, line uint32) []string {
	s := scanner{src: src, line: 1}
	var list []string
	compatible := false
	for {
		e := s.next()
		if e.kind == evEnd || e.line > line {
			return list
		}
		switch e.kind {
		case evProperty:
			compatible = string(src[e.from:e.to]) == "compatible"
		case evString:
			if compatible && e.line == line && len(list) < maxDepth {
				list = append(list, string(src[e.from:e.to]))
			}
		}
	}
}
