package workbench

// Error codes that travel in a member: an interrupt handler sets cmd->error, and
// another function hands it on.

import (
	"slices"
	"strings"

	"dekho/internal/errflow"
	"dekho/internal/index"
	"dekho/internal/lang"
)

// stored finds where the error code is put into a member that a value comes from:
// in the same file, or where the variable is called the same in this part of the
// tree. That it is the same object is a guess.
func (s *whySearch) stored(at whyPlace, src *errflow.Source, depth int) []whyLeaf {
	base, member, ok := memberOf(src.Name)
	if !ok || s.want.Errno == "" {
		return nil
	}
	if s.storing {
		s.pruned = true
		return nil
	}
	reach := s.reach
	s.storing, s.reach = true, reach*weightStored
	defer func() { s.storing, s.reach = false, reach }()
	var out []whyLeaf
	most := 0.0
	for _, r := range s.writes(at, base, member) {
		if len(out) >= 4*whyLeaves || s.spent() {
			break
		}
		f, err := s.file(r.File)
		if err != nil || s.notBuilt(f.path, r.Line) {
			continue
		}
		sym, ok := f.around(r.Line)
		if !ok {
			continue
		}
		where := whyPlace{f: f, sym: sym, fn: f.read(sym)}
		id, ok := where.fn.Statement(r.Line)
		if !ok {
			continue
		}
		prior := s.common.weight(r.File)
		most = max(most, prior)
		for _, l := range s.sources(where, where.fn.Assigned(id, member, s.want), nil, depth+1) {
			list := []whyLeaf{l}
			if l.param > 0 && !l.callback {
				list = s.callers(where, l, depth+1)
			}
			for _, l := range list {
				if l.origin.What == WhyConstant {
					l.origin.Guess = true
					l.weight *= prior
					out = append(out, l)
				}
			}
		}
	}
	for i := range out {
		out[i].weight /= most
	}
	return normal(out)
}

// writes lists where a member may be given the error code.
func (s *whySearch) writes(at whyPlace, base, member string) []index.Ref {
	lo, hi := s.t.idx.FilesUnder(partOf(at.f.path))
	var places []index.Ref
	err := s.t.idx.EachRef(member, index.Roles(lang.Write), func(r index.Ref) bool {
		if lo <= r.File && r.File < hi {
			places = append(places, r)
		}
		return len(places) < whyBudget
	})
	if err != nil {
		return nil
	}
	slices.SortFunc(places, compareRef)
	places = slices.DeleteFunc(places, func(r index.Ref) bool {
		left, right, _ := strings.Cut(string(s.g.lineOf(r)), "=")
		left, right = squeezed(left), strings.TrimSuffix(squeezed(right), ";")
		code := right == "-"+s.want.Errno
		if r.File == at.f.id {
			return !code && right != "" && (right[0] == '-' || '0' <= right[0] && right[0] <= '9')
		}
		return !code || !strings.HasSuffix(left, base+"->"+member) && !strings.HasSuffix(left, base+"."+member)
	})
	own := func(r index.Ref) bool { return r.File == at.f.id }
	if slices.ContainsFunc(places, own) { // a driver's own structs
		places = slices.DeleteFunc(places, func(r index.Ref) bool { return !own(r) })
	}
	return places
}

// callers follows a parameter of a function to what it is given in its file.
func (s *whySearch) callers(at whyPlace, l whyLeaf, depth int) []whyLeaf {
	if depth >= s.depth {
		s.limited = true
		return nil
	}
	var calls []index.Ref
	err := s.t.idx.EachRef(at.sym.Name, index.Roles(lang.Call), func(r index.Ref) bool {
		if r.File == at.f.id {
			calls = append(calls, r)
		}
		return len(calls) < whyTargets
	})
	if err != nil {
		return nil
	}
	var out []whyLeaf
	for _, r := range calls {
		sym, ok := at.f.around(r.Line)
		if !ok || sym.Off == at.sym.Off {
			continue
		}
		from := whyPlace{f: at.f, sym: sym, fn: at.f.read(sym)}
		for _, call := range from.fn.Calls(at.sym.Name, r.Line) {
			for _, m := range s.sources(from, from.fn.Handed(&call, l.param-1, s.want), nil, depth+1) {
				if m.param == 0 {
					m.origin.Steps = append(slices.Clip(m.origin.Steps), WhyStep{Path: l.origin.Path, Line: l.origin.Line, Function: l.origin.Function, Text: l.origin.Text})
					out = append(out, m)
				}
			}
		}
	}
	return normal(out)
}

// memberOf takes an expression apart that names the member of something.
func memberOf(expr string) (base, member string, ok bool) {
	at := strings.LastIndex(expr, "->")
	n := 2
	if dot := strings.LastIndexByte(expr, '.'); dot > at {
		at, n = dot, 1
	}
	if at <= 0 {
		return "", "", false
	}
	base, member = expr[:at], expr[at+n:]
	start := len(base)
	for start > 0 && isWordByte(base[start-1]) {
		start--
	}
	return base[start:], member, start < len(base) && member != "" && !strings.ContainsFunc(member, func(c rune) bool { return c > 0x7f || !isWordByte(byte(c)) })
}

// partOf is the part of the tree that a file belongs to: "drivers/mmc/".
func partOf(path string) string {
	at := 0
	for range 2 {
		i := strings.IndexByte(path[at:], '/')
		if i < 0 {
			break
		}
		at += i + 1
	}
	return path[:at]
}
