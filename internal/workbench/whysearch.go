package workbench

// The search for where an error code was made: from function to function, the
// likeliest first.

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"dekho/internal/errflow"
	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/outline"
	"dekho/internal/source"
)

// Bounds of the search.
const (
	whyTime       = 5 * time.Second
	whyFirstDepth = 5    // calls
	whyDeeper     = 5    // more at a time
	whyDepth      = 10   // at most
	whyLeaves     = 24   // kept of one function
	whyTargets    = 40   // functions behind one pointer
	whyBudget     = 8000 // functions looked at
	whyReach      = 1e-3 // of a way, so that it is looked at
	whyKept       = 0.9  // of that, by a call
)

// whySearch looks for the origins of one error code.
type whySearch struct {
	ctx    context.Context
	t      *Tree
	g      *callGraph
	want   errflow.Want
	errnos []Errno
	files  map[source.FileID]*whyFile
	known  map[whyKey]whyKnown
	active map[whyKey]bool
	looked int
	until  time.Time
	cut    bool // too much was looked at

	start    string // the file that is asked about
	asked    uint32 // the line
	heard    *heard
	firmware firmware
	common   *commonness

	depth   int  // how many calls are followed
	limited bool // there were more
	// reach is how likely the code comes by the way that is being looked at, and
	// pruned says that something was not, as it was too unlikely.
	reach   float64
	pruned  bool
	storing bool // members are not looked for in members
}

// whyFile is a file with its functions that were read.
type whyFile struct {
	*closeup
	functions map[uint32]*errflow.Func // by where the name stands
}

// whyPlace is a function that is looked at.
type whyPlace struct {
	f   *whyFile
	sym *outline.Symbol
	fn  *errflow.Func
	in  *whyUse // of a macro, if the function was made of it
}

// whyKey is a question about a function.
type whyKey struct {
	file   source.FileID
	off    uint32
	params string // what is known of them
	stored int    // which of them it writes the value through, -1 for what it returns
	zero   bool
}

// whyKnown is the answer to a question about a function, and how likely the way
// was on which it was asked: on one that is likelier more would be looked at, if
// some was left out.
type whyKnown struct {
	leaves []whyLeaf
	reach  float64
	pruned bool
}

// whyLeaf is an origin with its weight beside the others of the same question, 1
// at most.
type whyLeaf struct {
	origin WhyOrigin // its steps innermost first
	weight float64
	sure   float64 // how much likelier the log makes it
	// param is, of a parameter of the function that the question was about, its
	// number from 1: who calls it knows more.
	param int
	// callback says that it is called.
	callback bool
}

// likely is the weight of a leaf with what the log says.
func (l *whyLeaf) likely() float64 { return l.weight * l.sure }

func (s *whySearch) file(id source.FileID) (*whyFile, error) {
	if f, ok := s.files[id]; ok {
		return f, nil
	}
	c, err := s.t.closeup(id)
	if err != nil {
		return nil, err
	}
	f := &whyFile{closeup: c, functions: make(map[uint32]*errflow.Func)}
	s.files[id] = f
	return f, nil
}

func (f *whyFile) read(sym *outline.Symbol) *errflow.Func {
	fn, ok := f.functions[sym.Off]
	if !ok {
		fn = errflow.Read(f.File, sym)
		f.functions[sym.Off] = fn
	}
	return fn
}

// around is the function that a line is in.
func (f *whyFile) around(line uint32) (*outline.Symbol, bool) {
	var best *outline.Symbol
	symbols := f.Symbols()
	for i := range symbols {
		s := &symbols[i]
		if s.Start <= line && line <= s.End && s.Body < s.To && (s.Role == lang.DefFunction || s.Role == lang.DefGenerated) && (best == nil || s.Start >= best.Start) {
			best = s
		}
	}
	return best, best != nil
}

// spent reports whether the search has to end.
func (s *whySearch) spent() bool {
	s.looked++
	if s.looked > whyBudget || s.ctx.Err() != nil || s.looked%16 == 0 && time.Now().After(s.until) {
		s.cut = true
	}
	return s.cut
}

// The weights of what is not a constant in sight: a call is likelier to hand on
// what a function close by made, and what cannot be followed is a last resort.
const (
	weightCall    = 0.7
	weightFilled  = 0.5
	weightStored  = 0.3
	weightDeadEnd = 0.06
	weightBeside  = 0.1 // of that, where there are codes
	// A warning would have been printed before; a caller that hands over nothing
	// seldom leaves the desk of who wrote it.
	weightGuard = 0.25
	// A switch over what the kernel itself numbers seldom meets another number.
	weightDefault = 0.5
	// Who needs a function mostly has Kconfig see to it that it is there.
	weightStub = 0.1
	// Who calls a driver's function has mostly seen that the driver has it.
	weightMissing = 0.1
	// A driver for one kind of firmware is not described by the other.
	weightFirmware = 0.1
)

// rare reports whether what leads to a source seldom happens: it prints a
// warning with a trace, or a module is being unloaded.
func rare(src *errflow.Source) bool {
	n := len(src.Conds)
	return n > 0 && !src.Conds[n-1].Not &&
		(strings.HasPrefix(src.Conds[n-1].Text, "WARN") || strings.Contains(src.Conds[n-1].Text, "try_module_get("))
}

// isDefault reports whether a source is in the default of a switch.
func isDefault(src *errflow.Source) bool {
	n := len(src.Conds)
	return n > 0 && strings.HasPrefix(src.Conds[n-1].Text, "default of ")
}

// meansMissing reports whether a code is what there is to say that a function is
// not there.
func meansMissing(name string) bool {
	switch name {
	case "ENOSYS", "EOPNOTSUPP", "ENOTSUPP", "ENOTTY", "ENOIOCTLCMD":
		return true
	}
	return false
}

// sources follows the sources of a value in a function.
func (s *whySearch) sources(at whyPlace, list []errflow.Source, params []errflow.Value, depth int) []whyLeaf {
	var out []whyLeaf
	add := func(leaves []whyLeaf, weight float64, src *errflow.Source, how CallKind, grade Grade) {
		if !hasConstant(leaves) {
			weight *= weightDeadEnd
		}
		sure, said := s.evidence(at, src)
		for _, l := range leaves {
			l.weight *= weight
			l.sure *= sure
			l.origin.Said = append(slices.Clip(l.origin.Said), said...)
			l.origin.Steps = join(&l.origin, s.steps(at, src, how, grade))
			out = append(out, l)
		}
	}
	// Of two pointers the one that more drivers fill is the one that counts.
	type dispatched struct {
		leaves []whyLeaf
		src    *errflow.Source
		to     whyTarget
	}
	var found []dispatched
	most := 0.0
	for i := range list {
		src := &list[i]
		if !at.fn.Possible(src, params) {
			continue
		}
		switch src.Kind {
		case errflow.Constant:
			name := src.Name
			if e, ok := errno(s.errnos, name); ok && e.Name != "" {
				name = e.Name
			}
			if s.want.Errno == "" || name == s.want.Errno || src.Name == "0" || src.Name == "NULL" || src.Name == "false" {
				weight := 1.0
				switch {
				case rare(src) || at.fn.Guards(src):
					weight = weightGuard
				case name == "EINVAL" && isDefault(src):
					weight = weightDefault
				case src.Missing && !meansMissing(name):
					weight = weightMissing
				}
				if s.otherFirmware(at.f.path) {
					weight *= weightFirmware
				}
				out = append(out, s.leaf(at, src, WhyConstant, name, weight))
			}
		case errflow.Param:
			l := s.leaf(at, src, WhyParameter, src.Name, weightDeadEnd)
			l.param = src.Arg + 1
			out = append(out, l)
		case errflow.Other:
			more := s.given(at, src, depth)
			out = append(out, more...)
			if len(more) == 0 {
				more = s.stored(at, src, depth)
				add(more, weightStored, src, "", 0)
			}
			if len(more) == 0 {
				out = append(out, s.leaf(at, src, WhyValue, src.Name, weightDeadEnd))
			}
		case errflow.Callback:
			l := s.leaf(at, src, WhyCall, src.Name, weightDeadEnd)
			l.param, l.callback = src.Arg+1, true
			out = append(out, l)
		case errflow.Call, errflow.Filled:
			reach := s.reach
			s.reach *= whyKept
			leaves, how, known := s.called(at, src, params, depth)
			s.reach = reach
			weight := weightCall
			switch {
			case how == CallMacro:
				weight = 1 // it stands here
			case src.Kind == errflow.Filled:
				weight = weightFilled
			}
			if len(leaves) > 0 {
				add(leaves, weight, src, how, 0)
			} else if !known && src.Kind == errflow.Call {
				out = append(out, s.leaf(at, src, WhyCall, src.Name, weightDeadEnd))
			}
		case errflow.Dispatch:
			targets := s.targets(at, src)
			total, reach, all, before := 0.0, s.reach, 0.0, len(found)
			for i := range targets {
				all += targets[i].prior
			}
			for _, t := range targets {
				s.reach = reach * whyKept * t.prior / all
				if leaves := s.target(&t, at, src, params, depth); len(leaves) > 0 {
					found = append(found, dispatched{leaves, src, t})
					total += t.prior
				}
			}
			s.reach, most = reach, max(most, total)
			if len(found) == before {
				out = append(out, s.leaf(at, src, WhyPointer, src.Name, weightDeadEnd))
			}
		}
	}
	for _, d := range found {
		add(d.leaves, weightCall*d.to.prior/most, d.src, CallPointer, d.to.Grade)
	}
	return normal(out)
}

// whyShared says how much the origins of one function take from each other: 0
// for not at all, 1 if all of them together are as likely as the only one of
// another function.
const whyShared = 0.7

// whyAgain is how much another way to the same place adds: a function that is
// called thrice does not fail thrice as often.
const whyAgain = 0.5

// normal keeps the origins of a function that count most, and lowers their
// weights if there are many.
func normal(out []whyLeaf) []whyLeaf {
	// Several ways from one place take only the room of one.
	type place struct {
		path, what, name string
		line             uint32
		param            int
	}
	at := make(map[place]int, len(out))
	kept := out[:0]
	for _, l := range out {
		p := place{l.origin.Path, l.origin.What, l.origin.Name, l.origin.Line, l.param}
		i, ok := at[p]
		if !ok {
			at[p] = len(kept)
			kept = append(kept, l)
			continue
		}
		weight := max(kept[i].weight, l.weight) + whyAgain*min(kept[i].weight, l.weight)
		if l.likely() > kept[i].likely() {
			kept[i] = l
		}
		kept[i].weight = weight
	}
	out = kept
	slices.SortStableFunc(out, func(a, b whyLeaf) int { return cmp.Compare(b.likely(), a.likely()) })
	out = out[:min(len(out), whyLeaves)]
	total := 0.0
	for i := range out {
		total += out[i].weight
	}
	for i := range out {
		out[i].weight /= math.Pow(max(1, total), whyShared)
	}
	return out
}

// steps are the statements of a source, the innermost first.
func (s *whySearch) steps(at whyPlace, src *errflow.Source, how CallKind, grade Grade) []WhyStep {
	if at.in != nil {
		list := s.steps(at.in.at, at.in.src, how, grade)
		return list[:1] // what is behind it the use tells
	}
	steps := []WhyStep{{Path: at.f.path, Line: src.Line, Function: at.sym.Name, Text: src.Text, How: how, Grade: grade}}
	for _, v := range src.Via {
		if v.Line != src.Line {
			steps = append(steps, WhyStep{Path: at.f.path, Line: v.Line, Function: at.sym.Name, Text: v.Text})
		}
	}
	return steps
}

// join puts the steps of a call behind those of an origin. What a macro made
// stands where its use does.
func join(o *WhyOrigin, steps []WhyStep) []WhyStep {
	last := WhyStep{Path: o.Path, Line: o.Line}
	if n := len(o.Steps); n > 0 {
		last = o.Steps[n-1]
	}
	if first := steps[0]; first.How != CallPointer && first.Path == last.Path && first.Line == last.Line {
		steps = steps[1:]
	}
	return append(slices.Clip(o.Steps), steps...)
}

func (s *whySearch) leaf(at whyPlace, src *errflow.Source, what, name string, weight float64) whyLeaf {
	if at.in != nil {
		l := s.leaf(at.in.at, at.in.src, what, name, weight)
		if l.origin.Macro == "" {
			l.origin.Macro = at.in.macro
		}
		for _, c := range whyConds(src.Conds) {
			c.Line = l.origin.Line
			l.origin.Conds = append(slices.Clip(l.origin.Conds), c)
		}
		return l
	}
	o := WhyOrigin{
		Path: at.f.path, Line: src.Line, Function: at.sym.Name, Text: src.Text, What: what, Name: name,
		Conds: whyConds(src.Conds), Jumps: whyConds(src.Jumps), Condition: at.f.condition(src.Line),
	}
	for _, v := range src.Via {
		if v.Line != src.Line {
			o.Steps = append(o.Steps, WhyStep{Path: at.f.path, Line: v.Line, Function: at.sym.Name, Text: v.Text})
		}
	}
	o.Lens, _ = s.t.Judge(o.Path, o.Line) // without what the lens says the place is as true
	sure, said := s.evidence(at, src)
	o.Said = said
	return whyLeaf{origin: o, weight: weight, sure: sure}
}

// called follows a call by name. known says that the function was looked at.
func (s *whySearch) called(at whyPlace, src *errflow.Source, params []errflow.Value, depth int) (leaves []whyLeaf, how CallKind, known bool) {
	defs, err := s.choose(src.Name, at.f.id)
	if err != nil {
		return nil, CallDirect, false
	}
	how = CallDirect
	if len(defs) == 0 {
		how = CallMacro
		if src.Kind == errflow.Call {
			if leaves, known = s.throughMacro(at, src, params, depth); known {
				return leaves, how, true
			}
		}
		for _, c := range s.g.macro.callees(src.Name, at.f.id) {
			more, err := s.choose(c.name, at.f.id)
			if err != nil {
				return nil, how, false
			}
			for _, d := range more {
				known = true
				leaves = append(leaves, s.into(d, c.name, at, nil, nil, -1, depth)...)
			}
		}
		return normal(leaves), how, known
	}
	stored := -1
	if src.Kind == errflow.Filled {
		stored = src.Arg
	}
	for _, d := range defs {
		known = true
		weight := 1.0
		if len(defs) > 1 && s.isStub(d) {
			weight = weightStub
		}
		for _, l := range s.handed(at, src, s.into(d, src.Name, at, src.Args, params, stored, depth), params, depth) {
			l.weight *= weight
			leaves = append(leaves, l)
		}
	}
	return normal(leaves), how, known
}

// handedCallback follows a function that was handed over to be called.
func (s *whySearch) handedCallback(at whyPlace, src *errflow.Source, i int, params []errflow.Value, depth int) []whyLeaf {
	name, param := at.fn.Function(src, i)
	if param >= 0 {
		l := s.leaf(at, src, WhyCall, name, weightDeadEnd)
		l.param, l.callback = param+1, true
		return []whyLeaf{l}
	}
	if name == "" || !s.isFunction(name) {
		return nil
	}
	leaves, _, _ := s.called(at, &errflow.Source{Kind: errflow.Call, Name: name, Line: src.Line, Off: src.Off}, params, depth+1)
	return leaves
}

// isStub reports whether a definition, of several, is the one for the case that
// the function proper is not built.
func (s *whySearch) isStub(d funcDef) bool {
	f, err := s.file(d.file)
	if err != nil {
		return false
	}
	for arm := range strings.SplitSeq(f.condition(d.line), " && ") {
		if strings.HasPrefix(arm, "!") && strings.Contains(arm, "CONFIG_") {
			return true
		}
	}
	return false
}

// handed follows what the function that was called got as an argument and handed
// on.
func (s *whySearch) handed(at whyPlace, src *errflow.Source, leaves []whyLeaf, params []errflow.Value, depth int) []whyLeaf {
	var out []whyLeaf
	for _, l := range leaves {
		if l.param == 0 {
			out = append(out, l)
			continue
		}
		i := l.param - 1
		l.param = 0
		var more []whyLeaf
		if l.callback {
			more = s.handedCallback(at, src, i, params, depth)
		} else {
			more = s.sources(at, at.fn.Handed(src, i, s.want), params, depth+1)
		}
		if len(more) == 0 {
			continue // it is given something that is no such value
		}
		weight := l.weight
		if hasConstant(more) {
			weight = weightCall
		}
		for _, m := range more {
			m.weight *= weight
			m.sure *= l.sure
			m.origin.Said = append(slices.Clip(m.origin.Said), l.origin.Said...)
			m.origin.Steps = append(slices.Clip(m.origin.Steps), WhyStep{Path: l.origin.Path, Line: l.origin.Line, Function: l.origin.Function, Text: l.origin.Text})
			out = append(out, m)
		}
	}
	return out
}

// choose lists the definitions that a name can mean in a file.
func (s *whySearch) choose(name string, file source.FileID) ([]funcDef, error) {
	refs, err := s.t.idx.Refs(name, index.Roles(lang.DefFunction))
	if err != nil {
		return nil, err
	}
	path := s.t.idx.Path(file)
	var own, shared, near []funcDef
	for _, r := range refs {
		d, p := funcDef{file: r.File, line: r.Line}, s.t.idx.Path(r.File)
		switch {
		case s.notBuilt(p, d.line) || place(p) >= placeTools && place(path) < placeTools:
		case r.File == file:
			own = append(own, d)
		case strings.HasSuffix(p, ".h") || !isStatic(s.g.content(r.File), r.Line):
			shared = append(shared, d)
			if !strings.HasPrefix(p, "arch/") || archOf(p) == archOf(path) {
				near = append(near, d)
			}
		}
	}
	switch {
	case strings.HasSuffix(path, ".h"): // which has what stands in for the function proper
		shared, near = append(own, shared...), append(own, near...)
	case len(own) > 0:
		return own, nil
	}
	switch {
	case strings.HasPrefix(path, "arch/") && len(near) > 0:
		return near, nil
	}
	return shared, nil
}

// notBuilt reports whether the lens leaves a place out.
func (s *whySearch) notBuilt(path string, line uint32) bool {
	j, err := s.t.Judge(path, line)
	return err == nil && j != nil && j.State == BuiltOut
}

// into follows what a function returns, or stores through a parameter.
func (s *whySearch) into(d funcDef, name string, from whyPlace, args []errflow.Arg, params []errflow.Value, stored, depth int) []whyLeaf {
	if depth >= s.depth {
		s.limited = true
		return nil
	}
	if s.reach < whyReach {
		s.pruned = true
		return nil
	}
	if s.spent() {
		return nil
	}
	f, err := s.file(d.file)
	if err != nil {
		return nil
	}
	sym, ok := f.At(name, d.line, lang.DefFunction)
	if !ok || sym.Body >= sym.To {
		return nil
	}
	var values []errflow.Value
	for _, a := range args {
		values = append(values, from.fn.Known(a, params, s.isFunction))
	}
	key := whyKey{d.file, sym.Off, fmt.Sprint(values), stored, s.want.Zero}
	if k, ok := s.known[key]; ok && (!k.pruned || k.reach >= s.reach) {
		s.pruned = s.pruned || k.pruned
		return k.leaves
	}
	if s.active[key] {
		return nil
	}
	before := s.pruned
	s.pruned = false
	s.active[key] = true
	fn := f.read(&sym)
	var list []errflow.Source
	if stored >= 0 {
		list = fn.Stored(stored, s.want)
	} else {
		list = fn.Returns(s.want)
	}
	leaves := s.sources(whyPlace{f: f, sym: &sym, fn: fn}, list, values, depth+1)
	delete(s.active, key)
	if !s.cut {
		s.known[key] = whyKnown{leaves, s.reach, s.pruned}
	}
	s.pruned = s.pruned || before
	return leaves
}

// isFunction reports whether the tree defines a function of the name.
func (s *whySearch) isFunction(name string) bool {
	defs, err := s.g.definitions(name)
	return err == nil && len(defs) > 0
}

// targets lists the functions that a call through a pointer can reach.
func (s *whySearch) targets(at whyPlace, src *errflow.Source) []whyTarget {
	if s.g.table == nil {
		return nil
	}
	var list []Target
	if at.in != nil {
		for _, id := range s.membersCalled(at, src) {
			list = append(list, s.g.targets(s.ctx, id)...)
		}
	} else {
		for _, c := range s.g.table.CallsIn(at.f.path, src.Line, src.Line) {
			if n := s.g.table.Node(c.Of); n.Name == src.Name {
				list = append(list, s.g.targets(s.ctx, c.Of)...)
			}
		}
	}
	// Of dozens the search goes through the likeliest.
	found := make([]whyTarget, 0, len(list))
	for i := range list {
		found = append(found, whyTarget{list[i], s.prior(&list[i])})
	}
	slices.SortStableFunc(found, func(a, b whyTarget) int { return cmp.Compare(b.prior, a.prior) })
	return found[:min(len(found), whyTargets)]
}

// whyTarget is a function that a pointer may hold, and how likely it does.
type whyTarget struct {
	Target
	prior float64
}

// target follows a function that a pointer may hold.
func (s *whySearch) target(t *whyTarget, at whyPlace, src *errflow.Source, params []errflow.Value, depth int) []whyLeaf {
	id, ok := s.t.idx.FileByPath(t.Path)
	if !ok || s.notBuilt(t.Path, t.Line) {
		return nil
	}
	defs, err := s.choose(t.Name, id)
	if err != nil {
		return nil
	}
	var leaves []whyLeaf
	for _, d := range defs {
		leaves = append(leaves, s.handed(at, src, s.into(d, t.Name, at, src.Args, params, -1, depth), params, depth)...)
	}
	return normal(leaves)
}
