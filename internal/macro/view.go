package macro

import (
	"strings"

	"dekho/internal/lang/c"
)

// View answers which definitions a file sees. It remembers answers and is for
// one goroutine.
type View struct {
	t       *Table
	memo    map[string][]*Def // of file
	file    int32
	presets map[string][]*Def // memo of reach
	seenAt  []int32           // scratch of reach: the search that saw a file last
	seenGen int32
	queue   []int32
}

// View makes a view of the table.
func (t *Table) View() *View {
	return &View{
		t: t, memo: make(map[string][]*Def), file: -1, presets: make(map[string][]*Def), seenAt: make([]int32, len(t.Files)),
	}
}

// Visible returns the definitions of name that the file sees: its own, or
// those of one header it includes. All #if alternatives of one file count.
func (v *View) Visible(name string, file int32) []*Def {
	d := v.t.names[name]
	if d == nil {
		return nil
	}
	if own := d.Own(file); len(own) > 0 {
		return own
	}
	if d.common != nil {
		return d.common
	}
	if len(d.Headers) == 0 {
		if d.global != nil {
			return []*Def{d.global}
		}
		return nil
	}
	if v.file != file { // the memo serves the uses of one file
		clear(v.memo)
		v.file = file
	}
	if ms, ok := v.memo[name]; ok {
		return ms
	}
	ms := v.find(name, d, file)
	v.memo[name] = ms
	return ms
}

// find looks for the header that brings a name to a file.
func (v *View) find(name string, d *Names, file int32) []*Def {
	var groups [][]*Def // by header
	for i := 0; i < len(d.Headers); {
		j := i
		for j < len(d.Headers) && d.Headers[j].File == d.Headers[i].File {
			j++
		}
		if v.near(&v.t.Files[d.Headers[i].File], file) {
			groups = append(groups, d.Headers[i:j])
		}
		i = j
	}
	switch len(groups) {
	case 0:
		return nil
	case 1:
		return groups[0]
	}
	return v.reach(name, groups, file)
}

// near reports whether a file can be expected to include the header: any may
// include those of include directories, private headers serve the files around
// them. User-space tools have headers of their own.
func (v *View) near(h *File, file int32) bool {
	f := &v.t.Files[file]
	if h.UserSpace || f.UserSpace {
		return h.UserSpace == f.UserSpace
	}
	if strings.HasPrefix(h.Path, "include/") {
		return true
	}
	if h.Arch != "" && strings.HasPrefix(h.Path[len("arch/")+len(h.Arch):], "/include/") {
		return f.Arch == "" || f.Arch == h.Arch
	}
	return CommonDirs(h.Path, f.Path) >= 2
}

// reach finds which of the headers with a definition of name the file
// includes, directly or not. Where more than one is reached, the one nearest
// to the file in the tree is taken: private headers redefine what common ones
// preset.
func (v *View) reach(name string, groups [][]*Def, file int32) []*Def {
	var best []*Def
	bestScore := 0
	consider := func(g []*Def, hops int) {
		h := &v.t.Files[g[0].File]
		if g[0].Guarded && strings.HasPrefix(h.Path, "include/") {
			return // a default among others, see below
		}
		s := CommonDirs(h.Path, v.t.Files[file].Path)*100 - hops
		if h.Arch != "" && v.t.Files[file].Arch != h.Arch {
			s -= 1000
		}
		if best == nil || s > bestScore {
			best, bestScore = g, s
		}
	}
	// The file's own includes, and what its private headers include in turn:
	// common headers seldom redefine what others use, and going through them
	// would visit half of include/.
	v.seenGen++
	queue := append(v.queue[:0], file)
	for n := 0; n < len(queue) && n < 100; n++ {
		hops := 1
		if n == 0 {
			hops = 0
		}
		for _, h := range v.t.Includes(queue[n]) {
			if v.seenAt[h] == v.seenGen {
				continue
			}
			v.seenAt[h] = v.seenGen
			for _, g := range groups {
				if g[0].File == h {
					consider(g, hops)
				}
			}
			if p := v.t.Files[h].Path; !strings.HasPrefix(p, "include/") && !strings.HasPrefix(p, "arch/") {
				queue = append(queue, h)
			}
		}
	}
	v.queue = queue
	if best != nil {
		return best
	}
	// Not seen on the way: the definition that a common header presets, which
	// is the one that its macros use.
	if g, ok := v.presets[name]; ok {
		return g
	}
	most := -1
	for _, g := range groups {
		path := v.t.Files[g[0].File].Path
		if !strings.HasPrefix(path, "include/") {
			continue
		}
		if best != nil && strings.HasPrefix(path, "include/asm-generic/") {
			continue // for assembly, or for architectures without their own
		}
		if n := v.t.usesIn(name, g[0].File); n > most || strings.HasPrefix(v.t.Files[best[0].File].Path, "include/asm-generic/") {
			best, most = g, n
		}
	}
	v.presets[name] = best
	return best
}

// usesIn counts the macros of a header that mention a name.
func (t *Table) usesIn(name string, header int32) (n int) {
	for _, m := range t.inFile(header) {
		if !strings.Contains(m.Body, name) {
			continue
		}
		for _, tok := range m.Tokens() {
			if tok.Kind == c.Ident && tok.Text == name {
				n++
				break
			}
		}
	}
	return n
}
