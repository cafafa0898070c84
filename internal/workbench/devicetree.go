package workbench

import (
	"context"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/lang/dts"
	"dekho/internal/source"
)

// DeviceTreeKind says what a question about device trees was taken for.
type DeviceTreeKind string

// The kinds of questions.
const (
	// DeviceTreeCompatible is a compatible string.
	DeviceTreeCompatible DeviceTreeKind = "compatible"
	// DeviceTreeBoard is the source of a board, or of a part.
	DeviceTreeBoard DeviceTreeKind = "board"
	// DeviceTreeNode is a node or label.
	DeviceTreeNode DeviceTreeKind = "node"
	// DeviceTreeDriver is a C source.
	DeviceTreeDriver DeviceTreeKind = "driver"
	// DeviceTreeSymbol is a symbol of the configuration.
	DeviceTreeSymbol DeviceTreeKind = "symbol"
)

// DeviceTreeAnswer ties device trees to drivers.
type DeviceTreeAnswer struct {
	What string
	// Kind is what it was taken for, "" if nothing of the kind exists.
	Kind DeviceTreeKind
	// Path is the file of a board or driver.
	Path string
	// Board is the tree of a board, with the driver of each device.
	Board *Board
	// Devices are the compatible strings: the one asked for, those of a node,
	// those that a driver or symbol handles.
	Devices []DeviceMatch
	// Nodes are the definitions of the node or label asked for.
	Nodes []Result
	// Nearest are things that exist, for one that does not.
	Nearest []string
}

// Board is what the source of a board describes.
type Board struct {
	// Files are the sources read, Missing the includes not found, as written.
	Files, Missing []string
	// Devices are the nodes with a compatible string, in the order of the tree.
	Devices []BoardDevice
	// Truncated says that the source was too large to be read to its end.
	Truncated bool
}

// BoardDevice is a node of a board that has a compatible string.
type BoardDevice struct {
	// Node is its path, Labels its labels.
	Node   string
	Labels []string
	// At is where the node stands first, CompatibleAt where it got its
	// compatible strings, StatusAt its status.
	At, CompatibleAt, StatusAt FileLine
	Compatible                 []string
	// Status is the text of its status property, "" for none.
	Status string
	// Disabled says that it, or a node above it, is not to be used.
	Disabled bool
	// Drivers are the drivers for the most specific of its strings that has
	// any, best first; none if no driver in the tree is known.
	Drivers []DriverMatch
	// NotBuilt says that it has none because the lens left out what is not built.
	NotBuilt bool
	// PrimeCell says that it is a device of the AMBA bus, whose driver is found
	// by the peripheral ID that the device itself tells.
	PrimeCell bool
}

// DeviceTree answers a question about device trees: about a compatible string, a
// node or label, a board (its source or its name), the C source of a driver, or
// a symbol of the configuration with CONFIG_.
func (t *Tree) DeviceTree(ctx context.Context, what string) (a *DeviceTreeAnswer, err error) {
	err = index.Guard(func() error {
		a, err = t.deviceTree(ctx, what)
		return err
	})
	return a, t.idx.Err(err)
}

func (t *Tree) deviceTree(ctx context.Context, what string) (*DeviceTreeAnswer, error) {
	a := &DeviceTreeAnswer{What: what}
	m := t.newMatcher()
	if symbol, ok := strings.CutPrefix(what, configPrefix); ok {
		return a, t.answerSymbol(ctx, m, a, symbol)
	}
	if id, ok := t.file(what); ok {
		a.Path = t.idx.Path(id)
		switch {
		case dts.IsSource(a.Path):
			a.Kind = DeviceTreeBoard
			return a, t.answerBoard(ctx, m, a)
		case isC(a.Path):
			a.Kind = DeviceTreeDriver
			return a, t.answerDrivers(m, a, []source.FileID{id})
		}
	}
	if ok, err := m.isCompatible(what); err != nil || ok {
		if err != nil {
			return nil, err
		}
		a.Kind = DeviceTreeCompatible
		d, err := m.device(what)
		if err != nil {
			return nil, err
		}
		a.Devices = []DeviceMatch{d}
		m.nodeNames(&a.Devices[0])
		return a, nil
	}
	if boards := t.boardsNamed(what); len(boards) == 1 {
		a.Kind, a.Path = DeviceTreeBoard, boards[0]
		return a, t.answerBoard(ctx, m, a)
	} else if len(boards) > 1 {
		a.Nearest = boards // the person has to choose
		return a, nil
	}
	if refs, err := t.idx.Refs(strings.TrimPrefix(what, "&"), index.Roles(lang.DefNode)); err != nil || len(refs) > 0 {
		if err != nil {
			return nil, err
		}
		a.Kind = DeviceTreeNode
		return a, t.answerNode(m, a, refs)
	}
	if err := t.answerSymbol(ctx, m, a, what); err != nil || a.Kind != "" {
		return a, err
	}
	var err error
	a.Nearest, err = t.nearestDevice(ctx, what)
	return a, err
}

// looksInto is how many files are read to tell whether a word is a compatible
// string or something else that has its name.
const looksInto = 8

// isCompatible reports whether a name is a compatible string: a node, a binding
// or a table has it, and no plain C text alone.
func (m *matcher) isCompatible(name string) (bool, error) {
	if dts.IsSource(name) {
		return false, nil // what includes it has its name
	}
	// A label, a function or a macro can be called lm75, but not lm-75 or ti,lm75.
	word := strings.IndexFunc(name, func(c rune) bool { return c >= 0x80 || !isWordByte(byte(c)) }) < 0
	found, vendor := false, strings.Contains(name, ",")
	var read []index.Ref // of files that tell more
	last := source.NoFile
	err := m.t.idx.EachRef(name, index.Roles(lang.Read, lang.Declaration, lang.Registration, lang.MacroBody), func(r index.Ref) bool {
		p := m.t.idx.Path(r.File)
		switch {
		case dts.IsBinding(p):
			found = r.Role == lang.Declaration || vendor
		case dts.IsSource(p):
			found = !word
		case isC(p):
			found = vendor || r.Role == lang.Registration && !word
		}
		if !found && word && r.File != last && len(read) < looksInto && (dts.IsSource(p) || isC(p) && r.Role == lang.Registration) {
			last = r.File
			read = append(read, r)
		}
		return !found
	})
	if found || err != nil {
		return found, err
	}
	for _, r := range read {
		if isC(m.t.idx.Path(r.File)) {
			list, err := m.inFile(r.File, name)
			if len(list) > 0 || err != nil {
				return err == nil, err
			}
			continue
		}
		content, _, err := m.t.idx.ReadFile(r.File)
		if err == nil && slices.Contains(dts.CompatibleAt(content, r.Line), name) {
			return true, nil
		}
	}
	return false, nil
}

// nodesNamed is how many nodes are looked into for the names around them.
const nodesNamed = 64

// nodeNames adds the names of the first nodes of a device.
func (m *matcher) nodeNames(d *DeviceMatch) {
	for i := range d.Nodes[:min(len(d.Nodes), nodesNamed)] {
		n := &d.Nodes[i]
		id, ok := m.t.idx.FileByPath(n.Path)
		if !ok {
			continue
		}
		if content, changed, err := m.t.idx.ReadFile(id); err == nil && !changed {
			n.Node = dts.NodeAt(content, n.Line)
		}
	}
}

// answerNode tells about a node or label: the compatible strings of its
// definitions.
func (t *Tree) answerNode(m *matcher, a *DeviceTreeAnswer, refs []index.Ref) error {
	p := t.newPresenter(strings.TrimPrefix(a.What, "&"))
	var strs []string
	for _, r := range refs {
		res, err := p.result(r)
		if err != nil {
			return err
		}
		a.Nodes = append(a.Nodes, res)
		for _, s := range dts.CompatibleBelow(p.content, r.Line) {
			if !slices.Contains(strs, s) {
				strs = append(strs, s)
			}
		}
	}
	for _, s := range strs {
		d := DeviceMatch{Compatible: s}
		var err error
		if d.Drivers, d.Others, err = m.drivers(s); err != nil {
			return err
		}
		a.Devices = append(a.Devices, d)
	}
	return nil
}

// answerDrivers tells what C sources handle.
func (t *Tree) answerDrivers(m *matcher, a *DeviceTreeAnswer, files []source.FileID) error {
	for _, id := range files {
		list, err := m.inFile(id, "")
		if err != nil {
			return err
		}
		if list, err = m.look(list); err != nil {
			return err
		}
		for _, d := range list {
			at := slices.IndexFunc(a.Devices, func(k DeviceMatch) bool { return k.Compatible == d.Compatible })
			if at < 0 {
				k := DeviceMatch{Compatible: d.Compatible}
				if err := m.documents(&k); err != nil {
					return err
				}
				a.Devices = append(a.Devices, k)
				at = len(a.Devices) - 1
			}
			a.Devices[at].Drivers = append(a.Devices[at].Drivers, d)
		}
	}
	return nil
}

// answerSymbol tells what the sources handle that a symbol builds. a.Kind stays
// empty if there is no such symbol.
func (t *Tree) answerSymbol(ctx context.Context, m *matcher, a *DeviceTreeAnswer, symbol string) error {
	s, err := t.config(ctx, symbol)
	if err != nil {
		return err
	}
	if len(s.Definitions)+len(s.Builds) == 0 {
		a.Nearest = s.Nearest
		return nil
	}
	a.Kind = DeviceTreeSymbol
	var files []source.FileID
	for i := range s.Builds {
		b := &s.Builds[i]
		for _, o := range b.Objects {
			object, ok := strings.CutSuffix(o, ".o")
			if !ok {
				continue
			}
			id, ok := t.idx.FileByPath(path.Join(path.Dir(b.Path), object+".c"))
			if ok && !slices.Contains(files, id) {
				files = append(files, id)
			}
		}
	}
	return t.answerDrivers(m, a, files)
}

// boardsNamed lists the boards with a name, with or without the ending of their
// source or of what it is compiled to.
func (t *Tree) boardsNamed(name string) []string {
	base := path.Base(filepath.ToSlash(name))
	for _, suffix := range [...]string{".dtb", ".dts", ".dtbo", ".dtso"} {
		base = strings.TrimSuffix(base, suffix)
	}
	if base == "" || base == "." {
		return nil
	}
	var boards []string
	lo, hi := t.idx.FilesUnder("arch/")
	for id := lo; id < hi; id++ {
		p := string(t.idx.PathBytes(id))
		if stem, _, _ := strings.Cut(path.Base(p), ".dts"); stem == base && dts.IsBoard(p) {
			boards = append(boards, p)
		}
	}
	return boards
}

// parseBoard reads the source of a board with all that it includes.
func (t *Tree) parseBoard(file string) *dts.Tree {
	contents := make(map[string][]byte)
	return dts.Parse(file, func(p string) ([]byte, bool) {
		if c, ok := contents[p]; ok {
			return c, c != nil
		}
		id, ok := t.idx.FileByPath(p)
		if !ok {
			return nil, false
		}
		c, _, err := t.idx.ReadFile(id)
		if err != nil {
			c = nil
		}
		contents[p] = c
		return c, c != nil
	})
}

// answerBoard reads the tree of a board.
func (t *Tree) answerBoard(_ context.Context, m *matcher, a *DeviceTreeAnswer) error {
	stop := t.w.step("device tree")
	tree := t.parseBoard(a.Path)
	stop()
	stop = t.w.step("drivers")
	defer stop()
	b := &Board{Files: tree.Files, Missing: tree.Missing, Truncated: tree.Truncated}
	a.Board = b
	type matches struct {
		drivers []DriverMatch
		leftOut bool
	}
	known := make(map[string]matches)
	var failed error
	tree.All(func(n *dts.Node) {
		if len(n.Compatible) == 0 || failed != nil {
			return
		}
		d := BoardDevice{
			Node: n.Path(), Labels: n.Labels, At: fileLine(n.Pos), CompatibleAt: fileLine(n.CompatiblePos), StatusAt: fileLine(n.StatusPos),
			Compatible: n.Compatible, Status: n.Status, Disabled: n.Disabled(),
		}
		for _, s := range n.Compatible {
			k, ok := known[s]
			if !ok {
				before := m.leftOut
				if k.drivers, _, failed = m.drivers(s); failed != nil {
					return
				}
				k = matches{forArch(k.drivers, a.Path), m.leftOut > before}
				known[s] = k
			}
			drivers := k.drivers
			d.NotBuilt = d.NotBuilt || k.leftOut
			// A string that some code only looks for does not keep a driver
			// for a less specific one away.
			if len(drivers) > 0 && (drivers[0].found() || len(d.Drivers) == 0) {
				d.Drivers = drivers
				if drivers[0].found() {
					break
				}
			}
		}
		d.NotBuilt = d.NotBuilt && len(d.Drivers) == 0
		d.PrimeCell = slices.Contains(n.Compatible, "arm,primecell")
		b.Devices = append(b.Devices, d)
	})
	return failed
}

func fileLine(p dts.Pos) FileLine { return FileLine{p.Path, p.Line} }

// forArch leaves out drivers of another architecture than a board's.
func forArch(drivers []DriverMatch, board string) []DriverMatch {
	if !strings.HasPrefix(board, "arch/") {
		return drivers
	}
	arch := archOf(board)
	return slices.DeleteFunc(drivers, func(d DriverMatch) bool {
		return strings.HasPrefix(d.Entry.Path, "arch/") && archOf(d.Entry.Path) != arch || place(d.Entry.Path) == placeTools
	})
}

// nearestDevice lists compatible strings, nodes and symbols spelled like
// something that does not exist.
func (t *Tree) nearestDevice(ctx context.Context, what string) ([]string, error) {
	roles := index.Roles(lang.DefNode, lang.DefConfig)
	if strings.Contains(what, ",") {
		roles = index.Roles(lang.Declaration, lang.Registration)
	}
	names, err := t.nearestOf(ctx, what, roles)
	if err != nil || len(names) > 0 {
		return names, err
	}
	if ext := path.Ext(what); ext != "" || strings.Contains(what, "/") {
		return t.nearestFiles(ctx, what)
	}
	return t.nearestFiles(ctx, what+".dts")
}
