package workbench

// Which of the ways from macros to a function a file can take: every macro on
// the way must be one that the file sees, and all of them of one architecture.

import (
	"bytes"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/source"
	"dekho/internal/xref"
)

// reach tells from which files macros come to a function. It remembers what it
// found out about the file asked last.
type reach struct {
	m      *macros
	target string
	base   uint64 // the architectures that have the function
	index  map[string]int
	names  []reachName
	archs  map[string]uint64
	file   source.FileID
	tools  bool   // the file is not of the kernel
	mask   uint64 // the architectures for which the file is compiled
	gen    uint32 // of the memory about the file
}

// reachName is the macros of a name.
type reachName struct {
	calls []reachCall
	all   []macroFile // with definitions of the name that come elsewhere, too
	own   uint64      // the architectures with a definition of their own
	gen   uint32
	bits  uint64
}

// reachCall is a definition of a macro that comes to the function.
type reachCall struct {
	xref.MacroCall
	arch  uint64
	every bool // file of the kernel sees it
	value valueState
}

// valueState says whether the plain name of a macro, without parentheses, calls
// something.
type valueState uint8

const (
	valueUnknown valueState = iota
	valueCalls
	valueSilent
)

const everyArch = ^uint64(0)

// newReach prepares for the ways of calls to the function of a name.
func (m *macros) newReach(name string, calls []xref.MacroCall) (*reach, error) {
	w := &reach{m: m, target: name, base: everyArch, index: make(map[string]int), archs: make(map[string]uint64), file: source.NoFile}
	refs, err := m.t.idx.Refs(name, index.Roles(lang.DefFunction))
	if err != nil {
		return nil, err
	}
	var kernel uint64
	for _, r := range refs {
		if p := m.t.idx.Path(r.File); place(p) != placeTools {
			kernel |= w.arch(p)
		}
	}
	for _, d := range m.table.Definitions(name) {
		kernel |= w.arch(d.Path)
	}
	if kernel != 0 {
		w.base = kernel
	}
	for i := range calls {
		c := &calls[i]
		if c.Words != nil {
			continue
		}
		n, ok := w.index[c.Macro.Name]
		if !ok {
			n = len(w.names)
			w.index[c.Macro.Name] = n
			all, err := m.definitionsOf(c.Macro.Name)
			if err != nil {
				return nil, err
			}
			rn := reachName{all: all}
			for _, f := range all {
				if strings.HasPrefix(f.path, "arch/") && strings.Contains(f.path, "/include/") {
					rn.own |= w.arch(f.path)
				}
			}
			w.names = append(w.names, rn)
		}
		rn := &w.names[n]
		arch := w.arch(c.Macro.Path)
		if strings.HasPrefix(c.Macro.Path, "include/asm-generic/") {
			arch &^= rn.own // which have it in its place
		}
		every := len(rn.all) == 1 && strings.HasPrefix(c.Macro.Path, "include/") && strings.HasSuffix(c.Macro.Path, ".h")
		rn.calls = append(rn.calls, reachCall{MacroCall: *c, arch: arch, every: every})
	}
	return w, nil
}

// arch is the bit of the architecture that a file belongs to, all for none.
func (w *reach) arch(path string) uint64 {
	rest, ok := strings.CutPrefix(path, "arch/")
	if !ok {
		return everyArch
	}
	name, _, _ := strings.Cut(rest, "/")
	bit, ok := w.archs[name]
	if !ok {
		if len(w.archs) >= 64 {
			return everyArch
		}
		bit = 1 << len(w.archs)
		w.archs[name] = bit
	}
	return bit
}

// at says which file is asked about.
func (w *reach) at(file source.FileID) {
	if file != w.file || w.gen == 0 {
		path := w.m.t.idx.Path(file)
		w.file, w.mask, w.tools = file, w.arch(path), place(path) == placeTools
		w.gen++
	}
}

// from is the architectures for which a use of the macros names[n] in the file
// comes to the function.
func (w *reach) from(n int) uint64 {
	rn := &w.names[n]
	if rn.gen == w.gen {
		return rn.bits
	}
	rn.gen, rn.bits = w.gen, 0 // meanwhile: a macro is not expanded in itself
	var bits uint64
	for i := range rn.calls {
		if bits |= w.through(rn, &rn.calls[i]); bits == w.mask {
			break
		}
	}
	rn.bits = bits
	return bits
}

// through is from for one of the definitions.
func (w *reach) through(rn *reachName, c *reachCall) uint64 {
	arch := c.arch & w.mask
	switch {
	case arch == 0, c.every && w.tools, !c.every && !w.m.sees(w.file, rn.all, []xref.MacroCall{c.MacroCall}):
		return 0
	}
	var bits uint64
	for i := range c.Next {
		if bits |= w.hop(&c.Next[i]) & arch; bits == arch {
			break
		}
	}
	return bits
}

func (w *reach) hop(h *xref.Hop) uint64 {
	bits := uint64(0)
	if h.Callee == w.target {
		bits = w.base
	}
	if n, ok := w.index[h.Callee]; ok {
		bits |= w.from(n)
	}
	return bits
}

// maxChain bounds the macros shown of one way.
const maxChain = 40

// chain is the names of the macros on the way from names[n], which comes to the
// function, outermost first.
func (w *reach) chain(n int) []string {
	var chain []string
next:
	for len(chain) < maxChain {
		rn := &w.names[n]
		for i := range rn.calls {
			c := &rn.calls[i]
			if w.through(rn, c) == 0 {
				continue
			}
			chain = append(chain, c.Macro.Name)
			for j := range c.Next {
				h := &c.Next[j]
				if w.hop(h)&c.arch&w.mask == 0 {
					continue
				}
				for _, via := range h.Via {
					chain = append(chain, via.Name)
				}
				to, ok := w.index[h.Callee]
				if h.Callee == w.target || !ok {
					return chain
				}
				n = to
				continue next
			}
			return chain
		}
		return chain
	}
	return chain
}

// calls reports whether a use of the macros names[n] in a role expands them to
// a call. The plain name of a macro with parameters is not expanded; that of
// one that is the function's other name is only its value.
func (w *reach) calls(n int, role lang.Role) bool {
	if role == lang.Call {
		return true
	}
	rn := &w.names[n]
	for i := range rn.calls {
		c := &rn.calls[i]
		if c.value == valueUnknown {
			c.value = valueSilent
			if w.m.valueCalls(&c.MacroCall, w.target) {
				c.value = valueCalls
			}
		}
		if c.value == valueCalls && w.through(rn, c) != 0 {
			return true
		}
	}
	return false
}

// valueCalls reads the #define of a macro for calls.
func (m *macros) valueCalls(c *xref.MacroCall, target string) bool {
	f, ok := m.t.idx.FileByPath(c.Macro.Path)
	if !ok {
		return false
	}
	line := m.textOf(f).text(c.Macro.Line)
	i := wordIn(line, c.Macro.Name)
	if i < 0 {
		return true
	}
	body := line[i+len(c.Macro.Name):]
	if len(body) > 0 && body[0] == '(' {
		return false
	}
	return string(bytes.TrimSpace(body)) != target
}

// inHead reports whether a macro stands before the name of the function it is
// used at: it makes the function, see xref.Map.Calls.
func (m *macros) inHead(r index.Ref, name string, fn *index.Func) bool {
	if fn.Start != r.Line {
		return false
	}
	line := m.textOf(r.File).text(r.Line)
	use, head := wordIn(line, name), wordIn(line, fn.Name)
	return use >= 0 && (head < 0 || use <= head)
}
