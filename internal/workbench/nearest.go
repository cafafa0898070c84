package workbench

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/query/fuzzy"
)

const (
	// nearestShown is how many names are offered for one that does not exist.
	nearestShown = 5
	// nearestPerWorker bounds what is remembered while looking.
	nearestPerWorker = 4096
)

// near is a name and how far it is from the one that was asked for.
type near struct {
	name     string
	distance int
}

// What sets names apart, in tenths of a letter that is wrong.
const (
	costLetter = 7  // wrong, missing, too many, or swapped with its neighbour
	costShort  = 20 // two of them in a short name
	costShape  = 3  // letters in the other case, underscores left out or added
	costEdge   = 6  // underscores at the start or the end
	costWords  = 12 // whole words more at the start or the end: sys_openat, __x64_sys_openat
	costFewer  = 15 // whole words less
	costByte   = 1  // for each byte of these words; less is twice as bad
)

// nearest finds the names of definitions that are spelled like one that does not
// exist: with a letter or two wrong, missing or transposed, in other case, or
// with words more or less at its ends.
func (t *Tree) nearest(ctx context.Context, name string) ([]string, error) {
	if symbol, ok := strings.CutPrefix(name, configPrefix); ok {
		names, err := t.nearestOf(ctx, symbol, index.Roles(lang.DefConfig))
		for i := range names {
			names[i] = configPrefix + names[i]
		}
		if len(names) > 0 || err != nil {
			return names, err
		}
	}
	return t.nearestOf(ctx, name, index.Definitions)
}

// nearestOf is nearest among the names defined in certain roles.
func (t *Tree) nearestOf(ctx context.Context, name string, defs index.RoleSet) ([]string, error) {
	if of, member := splitQualified(name); len(of) > 0 {
		names, err := t.otherMembers(member)
		if err != nil || len(names) > 0 {
			return names, err
		}
		name = member
	}
	if name == "" || len(name) > maxNearName {
		return nil, nil
	}
	n := workers()
	found := make([][]near, n)
	measures := make([]measure, n)
	for i := range measures {
		measures[i] = newMeasure(name)
	}
	spelling := fuzzy.NewSpelling(name, measures[0].limit)
	look := func(worker int, got []byte) {
		if d, ok := measures[worker].distance(got); ok {
			if len(found[worker]) >= nearestPerWorker {
				found[worker] = closest(found[worker], name)[:nearestPerWorker/2]
			}
			found[worker] = append(found[worker], near{string(got), d})
		}
	}
	err := t.idx.ScanNames(ctx, index.Scan{Roles: defs, Workers: n, Block: spelling.MayHave}, func(worker int, got []byte, _ index.RoleSet) bool {
		look(worker, got)
		return true
	})
	if err != nil {
		return nil, err
	}
	if defs.Has(lang.DefFunction) {
		m, err := t.macros()
		if err != nil {
			return nil, err
		}
		if m != nil {
			if err := m.table.Names().Scan(spelling.MayHave, func(got []byte) { look(0, got) }); err != nil {
				return nil, errors.Join(ErrDamaged, err)
			}
		}
	}
	var names []string
	all := closest(slices.Concat(found...), name)
	if len(all) == 0 || all[0].distance > 2*costLetter {
		all = closest(append(all, shortened(name)...), name)
	}
	for _, c := range all {
		if c.name != name && !slices.Contains(names, c.name) && t.alive(c.name, defs) {
			if names = append(names, c.name); len(names) == nearestShown {
				break
			}
		}
	}
	return names, nil
}

// closest sorts names by how far they are from the one asked for.
func closest(list []near, name string) []near {
	slices.SortFunc(list, func(a, b near) int {
		// Of equals, the one that begins alike: people mistype ends.
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(common(b.name, name), common(a.name, name)),
			cmp.Compare(len(a.name), len(b.name)), cmp.Compare(a.name, b.name))
	})
	return list
}

// measure tells how far names are from one.
type measure struct {
	name  []byte // as it was asked for
	want  []byte // in lower case
	shape []byte // without underscores, too
	limit int    // letters
	edit  editor
}

// minWord is the length of the shortest name that is looked for inside of
// others.
const minWord = 4

// shortName is the length of names in which two letters are a third or more.
const shortName = 7

func newMeasure(name string) measure {
	m := measure{name: []byte(name), want: []byte(strings.ToLower(name)), limit: 2}
	m.shape = bytes.ReplaceAll(m.want, []byte{'_'}, nil)
	if len(name) <= 4 {
		m.limit = 1
	}
	return m
}

// distance is how far a name is; ok is false if it is too far.
func (m *measure) distance(got []byte) (d int, ok bool) {
	best := -1
	keep := func(d int) {
		if best < 0 || d < best {
			best = d
		}
	}
	if len(got) <= len(m.want)+m.limit && len(m.want) <= len(got)+m.limit {
		if d := m.edit.distance(m.want, got, m.limit); d <= m.limit {
			switch {
			case d == 0:
				keep(costShape)
			case d == 2 && len(m.want) < shortName:
				keep(costShort)
			default:
				keep(costLetter * d)
			}
		}
	}
	if len(m.shape) >= minWord && sameShape(m.shape, got) {
		keep(costShape)
	}
	if more := len(got) - len(m.name); more > 0 && len(m.name) >= minWord {
		if edge, ok := edgeOf(got, m.name); ok {
			keep(edgeCost(edge))
		}
	}
	return best, best >= 0
}

// shortened lists the names that are left when words at an end of a name are
// left out, with how far they are from it.
func shortened(name string) []near {
	var list []near
	add := func(part, edge string) {
		if len(part) < minWord {
			return
		}
		d := costEdge
		if strings.Trim(edge, "_") != "" {
			d = costFewer + 2*costByte*len(edge)
		}
		list = append(list, near{part, d})
	}
	for i := 1; i < len(name); i++ {
		if name[i-1] == '_' && name[i] != '_' {
			add(name[i:], name[:i])
		}
		if name[i] == '_' && name[i-1] != '_' {
			add(name[:i], name[i:])
		}
	}
	return list
}

// edgeOf is what a name has more than one that it begins or ends with, if whole
// words meet there.
func edgeOf(long, short []byte) (edge []byte, ok bool) {
	more := len(long) - len(short)
	head, tail := long[:more], long[len(short):]
	switch {
	case string(long[more:]) == string(short) && isEdge(short[0], head[more-1]):
		return head, true
	case string(long[:len(short)]) == string(short) && isEdge(short[len(short)-1], tail[0]):
		return tail, true
	}
	return nil, false
}

// isEdge reports whether whole words meet at two bytes: an underscore is between.
func isEdge(a, b byte) bool { return a == '_' || b == '_' }

// edgeCost is the cost of what a name has more at an end.
func edgeCost(edge []byte) int {
	if len(bytes.Trim(edge, "_")) == 0 {
		return costEdge
	}
	return costWords + costByte*len(edge)
}

// sameShape reports whether a name is the same but for case and underscores.
func sameShape(shape, got []byte) bool {
	i := 0
	for _, c := range got {
		if c == '_' {
			continue
		}
		if i == len(shape) || lower(c) != shape[i] {
			return false
		}
		i++
	}
	return i == len(shape)
}

// alive reports whether a name is defined in this tree: what ScanNames yields
// may be another's.
func (t *Tree) alive(name string, defs index.RoleSet) bool {
	ok := false
	err := t.idx.EachRef(name, defs, func(index.Ref) bool {
		ok = true
		return false
	})
	if !ok && err == nil && defs.Has(lang.DefFunction) {
		if m, err := t.macros(); err == nil && m != nil {
			return len(m.definitions(name)) > 0
		}
	}
	return ok && err == nil
}

// common is the length of the prefix that two names share.
func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// editor computes edit distances; it keeps its memory.
type editor struct {
	rows [3][]int
}

// distance is how many letters must be changed, added, removed or swapped with
// their neighbour to make b of a, ignoring case in b; limit+1 stands for more
// than limit. (Optimal string alignment.)
func (e *editor) distance(a, b []byte, limit int) int {
	for i := range e.rows {
		if len(e.rows[i]) < len(a)+1 {
			e.rows[i] = make([]int, len(a)+1)
		}
	}
	before, prev, cur := e.rows[0], e.rows[1], e.rows[2]
	for i := range len(a) + 1 {
		prev[i] = i
	}
	for j := 1; j <= len(b); j++ {
		cur[0] = j
		best := j
		// Only the cells near the diagonal can stay below the limit.
		from, to := max(1, j-limit), min(len(a), j+limit)
		if from > 1 {
			cur[from-1] = limit + 1
		}
		for i := from; i <= to; i++ {
			cost := 1
			if lower(b[j-1]) == a[i-1] {
				cost = 0
			}
			d := prev[i-1] + cost
			if i < j+limit {
				d = min(d, prev[i]+1)
			}
			if i > j-limit {
				d = min(d, cur[i-1]+1)
			}
			if i > 1 && j > 1 && a[i-1] == lower(b[j-2]) && a[i-2] == lower(b[j-1]) {
				d = min(d, before[i-2]+1)
			}
			cur[i] = d
			best = min(best, d)
		}
		if best > limit {
			return limit + 1
		}
		before, prev, cur = prev, cur, before
	}
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	return min(prev[len(a)], limit+1)
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
