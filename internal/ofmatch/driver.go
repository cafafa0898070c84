package ofmatch

import (
	"strings"
)

// maxDrivers bounds the drivers of a file, and maxArgs how far into the arguments
// of a call a table is looked for, in tokens.
const (
	maxDrivers = 1 << 8
	maxArgs    = 1 << 6
)

// drivers finds the structures that name a table.
func (r *reader) drivers() {
	for i := range r.toks {
		if r.punct(i) != '.' || !r.isWord(i+1) || r.punct(i+2) != '=' {
			continue
		}
		switch r.text(i + 1) {
		case "of_match_table", "of_match", "dt_compat", "match_table", "of_match_ids", "of_id_table":
		default:
			continue
		}
		value := i + 3
		for r.punct(value) == '&' || r.punct(value) == '(' {
			value++
		}
		if r.isWord(value) && r.punct(value+1) == '(' { // of_match_ptr(table)
			value += 2
		}
		if !r.isWord(value) || len(r.file.Drivers) >= maxDrivers {
			continue
		}
		d := Driver{Table: r.text(value), TableLine: r.toks[value].Line}
		if r.depth[i] == 0 {
			r.machine(&d, i)
		} else {
			r.structure(&d, i)
		}
		if d.Name != "" {
			r.file.Drivers = append(r.file.Drivers, d)
		}
	}
}

// structure describes the variable whose initialiser holds token i.
func (r *reader) structure(d *Driver, i int) {
	open := i
	for open >= 0 && (r.depth[open] > 0 || r.punct(open) != '{') {
		open--
	}
	if open < 2 || r.punct(open-1) != '=' {
		return
	}
	// struct TAG NAME [ATTRIBUTES] = {
	start := open - 2
	for start > 0 && r.depth[start] == 0 && r.punct(start) != ';' && r.punct(start) != '}' {
		start--
	}
	for j := start; j < open; j++ {
		if !r.is(j, "struct") || !r.isWord(j+1) {
			continue
		}
		name := j + 2
		for r.is(name, "const") || strings.HasPrefix(r.text(name), "__") {
			name++
		}
		if !r.isWord(name) {
			return
		}
		d.Type, d.Name, d.Line = r.text(j+1), r.text(name), r.toks[name].Line
	}
	if d.Name == "" {
		return
	}
	end := len(r.toks)
	if r.mate[open] > 0 {
		end = int(r.mate[open])
	}
	// An array of drivers has several probes: the one in the braces around the
	// table that are nearest and have one.
	from, to := r.around(i, open, end)
	for j := from; j < to; j++ {
		if r.punct(j) == '.' && strings.HasPrefix(r.text(j+1), "probe") && r.punct(j+2) == '=' {
			if fn := r.value(j+3, to); fn != "" && fn != "PROBE_PREFER_ASYNCHRONOUS" && fn != "PROBE_FORCE_SYNCHRONOUS" {
				d.Probe, d.ProbeField, d.ProbeLine = fn, r.text(j+1), r.toks[j+1].Line
				return
			}
		}
	}
	// platform_driver_probe(&driver, probe) and its like.
	for j := range r.toks {
		if !r.is(j, d.Name) {
			continue
		}
		k := j - 1
		if r.punct(k) == '&' {
			k--
		}
		if r.punct(k) == '(' && strings.Contains(r.text(k-1), "probe") && r.punct(j+1) == ',' {
			if fn := r.value(j+2, len(r.toks)); fn != "" {
				d.Probe, d.ProbeField, d.ProbeLine = fn, r.text(k-1), r.toks[j].Line
				return
			}
		}
	}
}

// around is the extent of the smallest braces around token i, inside of those
// from open to end, that have a member probe.
func (r *reader) around(i, open, end int) (from, to int) {
	for j := i; j > open; j-- {
		if r.punct(j) != '{' || int(r.mate[j]) < i {
			continue
		}
		for k := j; k < int(r.mate[j]); k++ {
			if r.punct(k) == '.' && strings.HasPrefix(r.text(k+1), "probe") && r.punct(k+2) == '=' && !r.is(k+1, "probe_type") {
				return j, int(r.mate[j])
			}
		}
	}
	return open, end
}

// machine describes DT_MACHINE_START(NAME, "title") ... MACHINE_END.
func (r *reader) machine(d *Driver, i int) {
	start := i
	for start >= 0 && (!r.isWord(start) || !strings.HasSuffix(r.text(start), "MACHINE_START")) {
		if r.punct(start) == '}' || r.is(start, "MACHINE_END") {
			return
		}
		start--
	}
	if start < 0 || !r.isWord(start+2) {
		return
	}
	d.Type, d.Name, d.Line = "machine", r.text(start+2), r.toks[start].Line
	best := 0
	for j := start; j < len(r.toks) && !r.is(j, "MACHINE_END"); j++ {
		if r.punct(j) != '.' || r.punct(j+2) != '=' || !r.isWord(j+3) {
			continue
		}
		rank := 0
		switch r.text(j + 1) {
		case "init_machine":
			rank = 3
		case "init_early":
			rank = 2
		case "init_irq":
			rank = 1
		}
		if rank > best {
			best = rank
			d.Probe, d.ProbeField, d.ProbeLine = r.text(j+3), r.text(j+1), r.toks[j+1].Line
		}
	}
}

// uses finds what else tables are given to, and MODULE_DEVICE_TABLE.
func (r *reader) uses() {
	tables := make(map[string]*Table, len(r.file.Tables))
	for i := range r.file.Tables {
		tables[r.file.Tables[i].Name] = &r.file.Tables[i]
	}
	for i := range r.toks {
		if !r.isWord(i) || r.punct(i+1) != '(' || r.mate[i+1] < 0 {
			continue
		}
		name := r.text(i)
		switch name {
		case "of_match_ptr", "ARRAY_SIZE", "sizeof", "if", "while", "for", "switch", "return":
			continue
		}
		end := min(int(r.mate[i+1]), i+maxArgs)
		for j := i + 2; j < end; j++ {
			if p := r.punct(j - 1); !r.isWord(j) || p != '(' && p != ',' && p != '&' {
				continue
			}
			if p := r.punct(j + 1); p != ')' && p != ',' {
				continue
			}
			t := tables[r.text(j)]
			if name == "MODULE_DEVICE_TABLE" {
				if t != nil && r.is(i+2, "of") {
					t.Export = r.toks[i].Line
				}
				continue
			}
			// Any name in the place of a table of another file is kept too,
			// for functions that are known to take one.
			if t != nil || takesTable(name) {
				if len(r.file.Uses) < maxEntries {
					r.file.Uses = append(r.file.Uses, Use{Table: r.text(j), Function: name, Line: r.toks[j].Line})
				}
			}
		}
	}
}

// takesTable reports whether a function is of those that match nodes.
func takesTable(name string) bool {
	return strings.Contains(name, "match") && (strings.HasPrefix(name, "of_") || strings.HasPrefix(name, "for_each_"))
}
