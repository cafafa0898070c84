package render

import (
	"fmt"
	"io"
	"strings"

	"dekho/internal/workbench"
)

const (
	// nodesShown is how many nodes with a compatible string are listed.
	nodesShown = 12
	// boardsShown is how many boards are.
	boardsShown = 12
	// othersShown is how many other lines of C are.
	othersShown = 12
	// selectorsShown is how many symbols that select one are.
	selectorsShown = 4
)

// DeviceTreeText tells people how devices find their drivers.
func DeviceTreeText(w io.Writer, style Style, a *workbench.DeviceTreeAnswer) error {
	if a.Board != nil {
		return boardText(w, style, a.Board)
	}
	r := newRowWriter(w, style, len("binding"))
	if a.Kind == workbench.DeviceTreeNode {
		for i := range a.Nodes {
			n := &a.Nodes[i]
			r.row(n.Path, n.Line, "node", n.Changed, strings.TrimSpace(n.Text))
		}
	}
	told := make(map[string]bool) // drivers whose rows were written
	full := a.Kind == workbench.DeviceTreeCompatible
	for i := range a.Devices {
		deviceRows(r, &a.Devices[i], full, told)
	}
	return r.err
}

// deviceRows writes all about a compatible string, or, if it is one of many,
// what differs from the others.
func deviceRows(r *rowWriter, d *workbench.DeviceMatch, full bool, told map[string]bool) {
	var later []*workbench.DriverMatch
	entries := make(map[string]bool)
	for i := range d.Drivers {
		k := &d.Drivers[i]
		if key := fmt.Sprint(k.Entry); !entries[key] {
			entries[key] = true
			text := k.Table + k.Macro + "  " + d.Compatible
			if k.Data != "" {
				text += "  data " + k.Data
			}
			if !full {
				text += counts(d)
			}
			r.judged(k.Entry.Path, k.Entry.Line, "entry", false, k.Lens, text)
		}
		key := k.Entry.Path + "\x00" + k.Table + "\x00" + k.Driver + "\x00" + k.Probe
		if full {
			driverRows(r, k)
		} else if !told[key] {
			told[key] = true
			later = append(later, k)
		}
	}
	if len(d.Drivers) == 0 {
		r.note(d.Compatible + ": no driver in this tree" + counts(d))
	}
	for _, k := range later {
		driverRows(r, k)
	}
	if !full {
		return
	}
	for i := range d.Others {
		if i == othersShown {
			r.note(fmt.Sprintf("... and %d more lines of C", len(d.Others)-i))
			break
		}
		o := &d.Others[i]
		text := strings.TrimSpace(o.Text)
		if o.Function != "" {
			text = o.Function + "()  " + text
		}
		r.row(o.Path, o.Line, "named", o.Changed, text)
	}
	for _, b := range d.Bindings {
		r.row(b.Path, b.Line, "binding", false)
	}
	for i := range d.Nodes {
		if i == nodesShown {
			r.note(fmt.Sprintf("... and %d more nodes", len(d.Nodes)-i))
			break
		}
		r.row(d.Nodes[i].Path, d.Nodes[i].Line, "node", false, d.Nodes[i].Node)
	}
	for i, b := range d.Boards {
		if i == boardsShown {
			r.note(fmt.Sprintf("... and %d more boards", len(d.Boards)-i))
			break
		}
		r.row(b, 0, "board", false)
	}
}

// counts says how much of the rest there is.
func counts(d *workbench.DeviceMatch) string {
	if len(d.Nodes) == 0 {
		return ""
	}
	return fmt.Sprintf("  (%d nodes, %d boards)", len(d.Nodes), len(d.Boards))
}

// driverRows writes the way from an entry to the Kconfig symbol.
func driverRows(r *rowWriter, k *workbench.DriverMatch) {
	if k.Export.Line > 0 {
		r.row(k.Export.Path, k.Export.Line, "export", false, "MODULE_DEVICE_TABLE of ", k.Table)
	}
	if k.Driver != "" {
		r.row(k.DriverAt.Path, k.DriverAt.Line, "driver", false, k.Type, " ", k.Driver)
	}
	if k.Probe != "" {
		at := ""
		if k.ProbeAt.Line == 0 {
			k.ProbeAt = k.ProbeSet
			at = "  (set here; its definition was not found)"
		}
		r.row(k.ProbeAt.Path, k.ProbeAt.Line, probeWord(k), false, k.Probe, at)
	}
	for i, u := range k.Uses {
		if i == othersShown {
			break
		}
		in := ""
		if u.In != "" {
			in = "  in " + u.In + "()"
		}
		r.row(u.Path, u.Line, "used", false, u.Function, "(", k.Table, ")", in)
	}
	for i := range k.Builds {
		buildRow(r, &k.Builds[i])
	}
	for i := range k.Config {
		configRows(r, &k.Config[i])
	}
}

func probeWord(k *workbench.DriverMatch) string {
	if k.Macro != "" || k.Type == "machine" || k.ProbeField == "data" {
		return "init"
	}
	return "probe"
}

// configRows writes a line for each definition of a symbol.
func configRows(r *rowWriter, s *workbench.ConfigSymbol) {
	for i := range s.Definitions {
		d := &s.Definitions[i]
		text := "CONFIG_" + s.Name + " " + d.Type
		for _, c := range d.Clauses {
			if c.Keyword == "prompt" {
				text += " " + c.Value
			}
		}
		var depends []string
		for _, c := range d.Depends {
			depends = append(depends, c.Value)
		}
		if len(depends) > 0 {
			text += "  depends on " + strings.Join(depends, "; ")
		}
		for j, c := range s.SelectedBy {
			switch {
			case j == 0:
				text += "  selected by " + c.Symbol
			case j == selectorsShown:
				text += fmt.Sprintf(" and %d more", len(s.SelectedBy)-j)
			case j < selectorsShown:
				text += ", " + c.Symbol
			}
		}
		r.row(d.Path, d.Line, "config", d.Changed, text)
	}
}

// boardText lists the devices of a board.
func boardText(w io.Writer, style Style, b *workbench.Board) error {
	r := newRowWriter(w, style, len("disabled"))
	without, notBuilt := 0, 0
	for i := range b.Devices {
		d := &b.Devices[i]
		state := "okay"
		if d.Disabled {
			state = "disabled"
			if d.Status != "" && d.Status != "okay" && d.Status != "ok" {
				state = d.Status
			}
		}
		text := d.Node
		if len(d.Labels) > 0 {
			text += " (" + strings.Join(d.Labels, ", ") + ")"
		}
		if d.StatusAt.Line > 0 {
			text += fmt.Sprintf("  status at %s:%d", d.StatusAt.Path, d.StatusAt.Line)
		}
		text += "  " + strings.Join(d.Compatible, ", ") + "  "
		var lens *workbench.Judgement
		switch {
		case len(d.Drivers) > 0 && (d.Drivers[0].Probe != "" || !d.PrimeCell):
			text += driverInWords(&d.Drivers[0])
			lens = d.Drivers[0].Lens
		case d.PrimeCell:
			text += "a PrimeCell: its driver goes by the ID that the device tells"
		case d.NotBuilt:
			notBuilt++
			text += "its driver is not built"
		default:
			without++
			text += "no driver in this tree"
		}
		r.judged(d.CompatibleAt.Path, d.CompatibleAt.Line, state, false, lens, text)
	}
	for _, m := range b.Missing {
		r.note("not found: " + m)
	}
	if b.Truncated {
		r.note("the source is too large: the list is not complete")
	}
	sum := fmt.Sprintf("%d devices in %d files; %d without a driver in this tree", len(b.Devices), len(b.Files), without)
	if notBuilt > 0 {
		sum += fmt.Sprintf(", %d whose driver is not built", notBuilt)
	}
	r.note(sum)
	return r.err
}

// driverInWords tells about a driver in a line.
func driverInWords(k *workbench.DriverMatch) string {
	at := k.ProbeAt
	if at.Line == 0 {
		at = k.Entry
	}
	text := fmt.Sprintf("%s:%d", at.Path, at.Line)
	switch {
	case k.Probe != "":
		text += " " + k.Probe
	case k.Table != "":
		text += " " + k.Table
	}
	for _, s := range k.Symbols() {
		text += " " + s
	}
	return text
}

// DeviceTreeJSON writes the answer as JSON; docs/json.md describes it.
func DeviceTreeJSON(w io.Writer, a *workbench.DeviceTreeAnswer) error {
	var o object
	o.open("", '{')
	o.str("name", a.What)
	o.opt("answer", string(a.Kind))
	o.opt("path", a.Path)
	o.open("devices", '[')
	for i := range a.Devices {
		d := &a.Devices[i]
		o.open("", '{')
		o.str("compatible", d.Compatible)
		o.drivers(d.Drivers)
		o.open("named", '[')
		for j := range d.Others {
			r := &d.Others[j]
			o.open("", '{')
			o.str("path", r.Path)
			o.num("line", int64(r.Line))
			o.opt("function", r.Function)
			o.opt("text", r.Text)
			o.close('}')
		}
		o.close(']')
		o.open("bindings", '[')
		for _, b := range d.Bindings {
			o.open("", '{')
			o.fileLine(b)
			o.close('}')
		}
		o.close(']')
		o.open("nodes", '[')
		for _, n := range d.Nodes {
			o.open("", '{')
			o.fileLine(n.FileLine)
			o.opt("node", n.Node)
			o.close('}')
		}
		o.close(']')
		o.list("boards", d.Boards)
		o.close('}')
	}
	o.close(']')
	if len(a.Nodes) > 0 {
		o.open("nodes", '[')
		for i := range a.Nodes {
			n := &a.Nodes[i]
			o.open("", '{')
			o.str("path", n.Path)
			o.num("line", int64(n.Line))
			o.opt("text", n.Text)
			o.flag("changed", n.Changed)
			o.close('}')
		}
		o.close(']')
	}
	if a.Board != nil {
		o.board(a.Board)
	}
	o.list("nearest", a.Nearest)
	o.close('}')
	o.buf = append(o.buf, '\n')
	_, err := w.Write(o.buf)
	return err
}

func (o *object) board(b *workbench.Board) {
	o.open("board", '{')
	o.list("files", b.Files)
	o.list("missing", b.Missing)
	o.flag("truncated", b.Truncated)
	o.open("devices", '[')
	for i := range b.Devices {
		d := &b.Devices[i]
		o.open("", '{')
		o.str("node", d.Node)
		o.list("labels", d.Labels)
		o.place("at", d.At)
		o.list("compatible", d.Compatible)
		o.place("compatible_at", d.CompatibleAt)
		o.opt("status", d.Status)
		o.place("status_at", d.StatusAt)
		o.flag("disabled", d.Disabled)
		o.flag("primecell", d.PrimeCell)
		o.flag("not_built", d.NotBuilt)
		o.drivers(d.Drivers)
		o.close('}')
	}
	o.close(']')
	o.close('}')
}

func (o *object) fileLine(p workbench.FileLine) {
	o.str("path", p.Path)
	o.num("line", int64(p.Line))
}

// place writes a place as an object, and nothing if it is not known.
func (o *object) place(key string, p workbench.FileLine) {
	if p.Line == 0 {
		return
	}
	o.open(key, '{')
	o.fileLine(p)
	o.close('}')
}

func (o *object) drivers(list []workbench.DriverMatch) {
	o.open("drivers", '[')
	for i := range list {
		k := &list[i]
		o.open("", '{')
		o.str("compatible", k.Compatible)
		o.place("entry", k.Entry)
		o.opt("table", k.Table)
		o.opt("macro", k.Macro)
		o.opt("data", k.Data)
		o.place("export", k.Export)
		o.opt("driver", k.Driver)
		o.opt("type", k.Type)
		o.place("driver_at", k.DriverAt)
		o.place("matched", k.Matched)
		o.opt("probe", k.Probe)
		o.opt("probe_field", k.ProbeField)
		o.place("probe_set", k.ProbeSet)
		o.place("probe_at", k.ProbeAt)
		if len(k.Uses) > 0 {
			o.open("uses", '[')
			for _, u := range k.Uses {
				o.open("", '{')
				o.fileLine(u.FileLine)
				o.str("called", u.Function)
				o.opt("function", u.In)
				o.close('}')
			}
			o.close(']')
		}
		o.builds("builds", k.Builds)
		o.lens(k.Lens)
		o.open("config", '[')
		for j := range k.Config {
			s := &k.Config[j]
			o.open("", '{')
			o.str("name", s.Name)
			o.definitions(s.Definitions)
			if len(s.SelectedBy) > 0 {
				o.clauses("selected_by", s.SelectedBy)
			}
			o.close('}')
		}
		o.close(']')
		o.close('}')
	}
	o.close(']')
}
