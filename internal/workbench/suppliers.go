package workbench

// Who needs whom on the machine that a log is from, by its device tree.

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"dekho/internal/finding"
	"dekho/internal/lang/dts"
)

// suppliers answers from the device trees of machines.
type suppliers struct {
	ctx    context.Context
	t      *Tree
	boards map[string]map[string]*dts.Node // by model, then by device
}

// need says whether a device needs another one on a machine that calls itself
// model, and where its device tree says so.
func (s *suppliers) need(model, device, supplier string) (finding.Evidence, bool) {
	devices, ok := s.boards[model]
	if !ok {
		devices = s.devices(model)
		s.boards[model] = devices
	}
	n, by := devices[device], devices[supplier]
	if n == nil || by == nil {
		return finding.Evidence{}, false
	}
	for _, r := range n.Suppliers() {
		// A regulator is a node within the device that has it, and pins are.
		for to := r.To; to != nil; to = to.Parent {
			if to == n {
				break
			}
			if to == by {
				line := int(r.Pos.Line)
				return finding.Evidence{
					Locator: finding.Locator{In: finding.Tree, Name: r.Pos.Path, Line: line, LastLine: line},
					Quote:   r.Property, Why: n.Path() + " refers to " + by.Path(),
				}, true
			}
		}
	}
	return finding.Evidence{}, false
}

// devices are the nodes of a machine by the names that the kernel gives their
// devices; none if no source in the tree has that model.
func (s *suppliers) devices(model string) map[string]*dts.Node {
	board := s.board(model)
	if board == "" {
		return nil
	}
	devices := make(map[string]*dts.Node)
	s.t.parseBoard(board).All(func(n *dts.Node) {
		if len(n.Compatible) == 0 {
			return
		}
		name := platformName(n)
		if at, ok := onI2C(n); ok {
			name = at
		}
		if _, ok := devices[name]; ok {
			devices[name] = nil // nobody can tell which
			return
		}
		devices[name] = n
	})
	// The number of an I2C bus is not in its node: a device is known by its
	// address if no other bus has one there.
	for name, n := range devices {
		if address, ok := strings.CutPrefix(name, "i2c-"); ok && n != nil {
			for bus := range maxI2C {
				devices[strconv.Itoa(bus)+"-"+address] = n
			}
		}
	}
	return devices
}

// maxI2C is how many I2C buses a machine may have.
const maxI2C = 32

// onI2C names a device on an I2C bus by its address, as "i2c-0048".
func onI2C(n *dts.Node) (string, bool) {
	_, unit, ok := strings.Cut(n.Name, "@")
	if !ok || n.Parent == nil || !strings.HasPrefix(n.Parent.Name, "i2c") {
		return "", false
	}
	if _, err := strconv.ParseUint(unit, 16, 16); err != nil {
		return "", false
	}
	return "i2c-" + strings.Repeat("0", max(0, 4-len(unit))) + unit, true
}

// platformName is the name that a node's device gets on the platform bus
// (drivers/of/platform.c, of_device_make_bus_id): "30360000.anatop:tempmon". The
// unit address stands for the translated one.
func platformName(n *dts.Node) string {
	name := ""
	for ; n != nil && n.Parent != nil; n = n.Parent {
		base, unit, addressed := strings.Cut(n.Name, "@")
		part := n.Name
		if addressed {
			part = unit + "." + base
		}
		if name == "" {
			name = part
		} else {
			name = part + ":" + name
		}
		if addressed {
			break
		}
	}
	return name
}

// board finds the source of the board with a model, "" if there is none. Of
// several, variants of one machine, it takes the first.
func (s *suppliers) board(model string) string {
	if model == "" || strings.ContainsAny(model, "\"\\\n") {
		return ""
	}
	g, err := s.t.Grep(`"`+model+`"`, GrepOptions{Literal: true, Paths: []string{"*.dts"}, FilesOnly: true})
	if err != nil {
		return ""
	}
	var boards []string
	err = g.Run(s.ctx, func(r *GrepResult) error {
		boards = append(boards, strings.Clone(r.Path))
		return nil
	})
	if err != nil {
		return "" // the tree is not there any more: nothing is known of its boards
	}
	slices.Sort(boards)
	for _, b := range boards {
		if s.t.parseBoard(b).Root.Model == model {
			return b
		}
	}
	return ""
}
