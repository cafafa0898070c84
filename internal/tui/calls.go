package tui

// The call tree: who calls a function, or what it calls, a branch at a time.

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"dekho/internal/workbench"
)

// callNode is a function in the tree, at the place of the call.
type callNode struct {
	name string
	// file has the function's definition, "" if it is not known which.
	file string
	to   place
	note string // how it is called
	mark string // "cycle"
	up   *callNode
	down []*callNode
	// open says that the calls are shown, known that they have been asked for.
	open, known, busy bool
	depth             int
	dead              bool // it cannot be opened: it is no function
}

// callTree is the panel with the tree.
type callTree struct {
	scroll
	callers bool
	roots   []*callNode
	rows    []*callNode // those that are seen
}

// maxTargets bounds the functions listed that a call through a pointer may reach.
const maxTargets = 20

func (t *callTree) at() *scroll { return &t.scroll }

func (t *callTree) size() int { return len(t.rows) }

func (t *callTree) head(_ *model, r *row) int {
	what := "callees of "
	if t.callers {
		what = "callers of "
	}
	r.put(bold, what+t.roots[0].name)
	return -1
}

func (t *callTree) draw(_ *model, r *row, i int) {
	n := t.rows[i]
	r.fill(2 * n.depth)
	knot := "+ "
	switch {
	case n.busy:
		knot = ". "
	case n.dead || n.known && len(n.down) == 0:
		knot = "  "
	case n.open:
		knot = "- "
	}
	r.put(cyan, knot)
	name := n.name
	if name == "" {
		name = "(file scope)"
	}
	r.put(plain, name)
	if n.mark != "" {
		r.put(yellow, " ("+n.mark+")")
	}
	r.put(yellow, space(n.note))
	if n.to.path != "" && r.left() > 4 {
		r.put(plain, "  ")
		r.put(faint, tail(n.to.path+":"+strconv.Itoa(n.to.line), r.left()))
	}
}

// space puts a blank in front of a text.
func space(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

func (t *callTree) about(i int) string {
	if i < 0 || i >= len(t.rows) {
		return ""
	}
	n := t.rows[i]
	text := n.to.path + ":" + strconv.Itoa(n.to.line) + ": " + n.name + space(n.note)
	if n.mark != "" {
		text += " (" + n.mark + ")"
	}
	return text
}

func (t *callTree) target(i int) (place, bool) {
	if i < 0 || i >= len(t.rows) {
		return place{}, false
	}
	return t.rows[i].to, t.rows[i].to.path != ""
}

func (t *callTree) key(m *model, k tea.KeyPressMsg) (tea.Cmd, bool) {
	if t.sel < 0 || t.sel >= len(t.rows) {
		return nil, false
	}
	n := t.rows[t.sel]
	switch k.String() {
	case "right", "l", "space":
		if n.open && k.String() == "space" {
			n.open = false
			t.layout()
			return nil, true
		}
		return t.expand(m, n), true
	case "left", "h":
		if n.open && len(n.down) > 0 {
			n.open = false
		} else if n.up != nil {
			for i, other := range t.rows {
				if other == n.up {
					t.sel = i
				}
			}
		}
		t.layout()
		return m.preview(), true
	}
	return nil, false
}

// layout lists the rows that are seen.
func (t *callTree) layout() {
	t.rows = t.rows[:0]
	var add func(list []*callNode)
	add = func(list []*callNode) {
		for _, n := range list {
			t.rows = append(t.rows, n)
			if n.open {
				add(n.down)
			}
		}
	}
	add(t.roots)
	t.move(0, len(t.rows))
}

// expand opens a branch, whose calls are asked for when it is opened first.
func (t *callTree) expand(m *model, n *callNode) tea.Cmd {
	if n.dead || n.busy {
		return nil
	}
	n.open = true
	if n.known {
		t.layout()
		return nil
	}
	name, file := n.name, n.file
	for _, other := range t.rows {
		other.busy = false // what was asked for before is cancelled
	}
	n.busy = true
	callers := t.callers
	return m.start(jobExpand, t.label(n), 0, func(ctx context.Context, tree *workbench.Tree) (func(m *model) tea.Cmd, error) {
		var down []*callNode
		var err error
		if callers {
			down, err = callersOf(ctx, tree, name, file)
		} else {
			down, err = calleesOf(ctx, tree, name, file)
		}
		return func(m *model) tea.Cmd {
			if err != nil {
				n.busy = false
				m.say(err.Error())
				return nil
			}
			n.take(down)
			t.layout()
			return nil
		}, nil
	})
}

func (t *callTree) label(n *callNode) string {
	if t.callers {
		return "callers of " + n.name
	}
	return "callees of " + n.name
}

// take takes what is below a function.
func (n *callNode) take(down []*callNode) {
	n.busy, n.known, n.open, n.down = false, true, true, down
	for _, d := range down {
		d.adopt(n)
	}
}

func (n *callNode) adopt(up *callNode) {
	n.up, n.depth = up, up.depth+1
	for a := up; a != nil; a = a.up {
		if a.name == n.name && n.name != "" && (a.file == n.file || a.file == "" || n.file == "") {
			n.mark, n.dead = "cycle", true
		}
	}
	for _, d := range n.down {
		d.adopt(n)
	}
}

// openCalls shows the callers or callees of a function on the left.
func (m *model) openCalls(name string, callers bool) tea.Cmd {
	t := &callTree{callers: callers}
	root := &callNode{name: name}
	t.roots = []*callNode{root}
	return m.start(jobList, t.label(root), 0, func(ctx context.Context, tree *workbench.Tree) (func(m *model) tea.Cmd, error) {
		roots, nearest, err := callRoots(ctx, tree, name, callers)
		if err != nil || len(roots) == 0 {
			return func(m *model) tea.Cmd { m.sayNothing("no function", name, nearest); return nil }, err
		}
		for _, r := range roots {
			if r.known {
				continue
			}
			var down []*callNode
			if callers {
				down, err = callersOf(ctx, tree, name, r.file)
			} else {
				down, err = calleesOf(ctx, tree, name, r.file)
			}
			if err != nil {
				return nil, err
			}
			r.take(down)
		}
		t.roots = roots
		return func(m *model) tea.Cmd {
			t.layout()
			return m.openPanel(t)
		}, nil
	})
}

// callRoots are the functions of a name.
func callRoots(ctx context.Context, t *workbench.Tree, name string, callers bool) (roots []*callNode, nearest []string, err error) {
	a, err := t.CallerTree(ctx, name, workbench.TreeOptions{Depth: 1, Limit: 1})
	if err != nil {
		return nil, nil, err
	}
	if len(a.Roots) == 0 && callers {
		return macroRoot(ctx, t, name)
	}
	for _, r := range a.Roots {
		roots = append(roots, &callNode{name: name, file: r.Path, to: place{path: r.Path, line: int(r.Line), name: name}})
	}
	return roots, a.Nearest, nil
}

// macroRoot is a macro with the functions that use it; there is no tree of these.
func macroRoot(ctx context.Context, t *workbench.Tree, name string) ([]*callNode, []string, error) {
	a, err := t.Callers(ctx, name, workbench.CallerOptions{})
	if err != nil {
		return nil, nil, err
	}
	if len(a.Callers) == 0 {
		return nil, a.Nearest, nil
	}
	root := &callNode{name: name, note: "[macro]"}
	type key struct{ function, path string }
	known := make(map[key]bool)
	var down []*callNode
	for i := range a.Callers {
		c := &a.Callers[i]
		if k := (key{c.Function, c.Path}); !known[k] {
			known[k] = true
			down = append(down, &callNode{
				name: c.Function, file: c.Path, to: place{path: c.Path, line: int(c.Line), name: name}, dead: c.Function == "",
				note: byMacros(c.Macros),
			})
		}
	}
	root.take(down)
	return []*callNode{root}, nil, nil
}

// byMacros says by which macros a call was written.
func byMacros(macros []string) string {
	if len(macros) == 0 {
		return ""
	}
	return "[by " + strings.Join(macros, ", ") + "]"
}

// callersOf lists who calls a function that is defined in a file.
func callersOf(ctx context.Context, t *workbench.Tree, name, file string) ([]*callNode, error) {
	a, err := t.CallerTree(ctx, name, workbench.TreeOptions{Depth: 1})
	if err != nil {
		return nil, err
	}
	var list []*callNode
	for _, b := range rootsIn(a.Roots, file) {
		for _, c := range b.Callers {
			n := &callNode{name: c.Function, file: c.Path, to: place{path: c.Path, line: int(c.Line), name: name}, dead: c.Function == ""}
			var notes []string
			if c.How == workbench.CallPointer {
				notes = append(notes, "["+c.Grade.String()+"] "+c.Through)
			} else if c.How != workbench.CallDirect {
				notes = append(notes, "["+string(c.How)+"]")
			}
			if c.Note != "" {
				notes = append(notes, c.Note)
			}
			if c.Count > 1 {
				notes = append(notes, fmt.Sprintf("%d calls", c.Count))
			}
			n.note = strings.Join(notes, ", ")
			list = append(list, n)
		}
	}
	return list, nil
}

// rootsIn are those of a file, or all if none is of it.
func rootsIn(roots []*workbench.CallBranch, file string) []*workbench.CallBranch {
	var list []*workbench.CallBranch
	for _, b := range roots {
		if b.Path == file {
			list = append(list, b)
		}
	}
	if len(list) == 0 {
		return roots
	}
	return list
}

// calleesOf lists what a function calls that is defined in a file, each once.
func calleesOf(ctx context.Context, t *workbench.Tree, name, file string) ([]*callNode, error) {
	a, err := t.Callees(ctx, name, workbench.CalleeOptions{Targets: maxTargets})
	if err != nil {
		return nil, err
	}
	here := false // the file has a function of this name
	for i := range a.Callees {
		here = here || a.Callees[i].Path == file
	}
	// What a macro calls stands below the macro.
	type key struct{ name, through, macro string }
	known := make(map[key]*callNode)
	count := make(map[*callNode]int)
	var list []*callNode
	for i := range a.Callees {
		c := &a.Callees[i]
		if here && c.Path != file {
			continue
		}
		k := key{c.Name, c.Through, ""}
		if len(c.Macros) > 0 {
			k.macro = c.Macros[0]
		}
		if n := known[k]; n != nil {
			count[n]++
			continue
		}
		n := calleeNode(c)
		known[k], count[n] = n, 1
		if up := known[key{name: k.macro}]; up != nil && k.macro != "" {
			up.note, up.known, up.dead = "[macro]", true, false
			up.down = append(up.down, n)
			continue
		}
		list = append(list, n)
	}
	for _, n := range list {
		if count[n] > 1 {
			n.note = strings.TrimLeft(n.note+fmt.Sprintf(" %d calls", count[n]), " ")
		}
	}
	return list, nil
}

// calleeNode is a call in the body of a function.
func calleeNode(c *workbench.Callee) *callNode {
	n := &callNode{name: strings.Clone(c.Name), to: place{path: c.Path, line: int(c.Line), name: c.Name}}
	if at := strings.LastIndexByte(c.Defined, ':'); at > 0 {
		n.file = c.Defined[:at]
	}
	switch {
	case c.How == workbench.CallPointer:
		n.note, n.known, n.dead = "["+string(c.How)+"] "+c.Through, true, len(c.Targets) == 0
		for _, target := range c.Targets {
			n.down = append(n.down, &callNode{
				name: target.Name, note: "[" + target.Grade.String() + "]", to: place{path: target.Path, line: int(target.Line), name: target.Name},
			})
		}
		if c.More > 0 {
			n.note += fmt.Sprintf(", %d more", c.More)
		}
	case len(c.Macros) > 1:
		n.note = byMacros(c.Macros[1:])
	case c.Kind == "macro":
		n.note = "[macro]"
	}
	return n
}
