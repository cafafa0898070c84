package workbench

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
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

// nearest finds the names of definitions that are spelled like one that does not
// exist: with a letter or two wrong, missing or transposed, or in other case.
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
	if name == "" || len(name) > 200 {
		return nil, nil
	}
	limit := 2
	if len(name) <= 4 {
		limit = 1
	}
	want := []byte(strings.ToLower(name))
	n := workers()
	found := make([][]near, n)
	rows := make([]editor, n)
	err := t.idx.ScanNames(ctx, index.Scan{Roles: defs, Workers: n}, func(worker int, got []byte, _ index.RoleSet) bool {
		if len(got) > len(want)+limit || len(want) > len(got)+limit || len(found[worker]) >= nearestPerWorker {
			return true
		}
		if d := rows[worker].distance(want, got, limit); d <= limit {
			found[worker] = append(found[worker], near{string(got), d})
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	all := slices.Concat(found...)
	slices.SortFunc(all, func(a, b near) int {
		// Of equals, the one that begins alike: people mistype ends.
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(common(b.name, name), common(a.name, name)),
			cmp.Compare(len(a.name), len(b.name)), cmp.Compare(a.name, b.name))
	})
	var names []string
	for _, c := range all {
		if c.name != name && !slices.Contains(names, c.name) && t.alive(c.name, defs) {
			if names = append(names, c.name); len(names) == nearestShown {
				break
			}
		}
	}
	return names, nil
}

// alive reports whether a name is defined in this tree: what ScanNames yields
// may be another's.
func (t *Tree) alive(name string, defs index.RoleSet) bool {
	ok := false
	err := t.idx.EachRef(name, defs, func(index.Ref) bool {
		ok = true
		return false
	})
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
