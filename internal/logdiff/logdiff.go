// Package logdiff compares runs that went well with runs that did not: which
// statements speak only in one of the two, which values differ, which pauses
// grew, and where the two part. Each difference says how well it separates the
// sets.
//
// Runs are compared by statements and the values of their arguments, not by
// lines: drivers probe in another order in each boot, and addresses, times and
// process numbers are no difference. What is compared is an instance: a
// statement with the values that do not change by chance, for the first, second,
// ... time that a run says it.
package logdiff

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"dekho/internal/klog"
)

// Entry is a record of a run.
type Entry struct {
	// Statement identifies what printed it, and Values are those of its
	// arguments.
	Statement string
	Values    []Value
	// Text is what it says without numbers, and Numbers are these. They count
	// where runs take one text for several statements: these could not be told
	// apart.
	Text    string
	Numbers []Value
	// Time is its time stamp, if HasTime.
	Time    time.Duration
	HasTime bool
}

// Value is the value of an argument.
type Value struct {
	// Name is the argument, if it is known.
	Name string
	Text string
	// Chance says that it differs between any two runs: an address, a time, the
	// number of a process.
	Chance bool
	// Number says that it is a number: then it may differ by chance, which the
	// runs among each other show.
	Number bool
}

// At is an entry: Runs[Run][Index], where the good runs come first.
type At struct{ Run, Index int }

// Separation says how well something separates the sets.
type Separation struct {
	// Good and Bad are in how many runs it is so, of how many.
	Good, Goods, Bad, Bads int
	// P is that of Fisher's exact test, two-sided: how likely runs of one kind
	// would be to separate as well.
	P float64
}

// Presence is something that one of the sets says and the other does not.
type Presence struct {
	Separation
	// Entry is the first such entry.
	Entry At
	// After is the entry before it that all runs have, in the first run of the
	// other set, if HasAfter: there it is missing.
	After    At
	HasAfter bool
	// NewStatement says that the other set never says anything by this
	// statement; else it does with other values, or less often.
	NewStatement bool
}

// Change is a statement that says something else in the bad runs.
type Change struct {
	Separation
	// Good and Bad are examples of it.
	GoodEntry, BadEntry At
	Values              []ChangedValue
}

// ChangedValue is a value that differs.
type ChangedValue struct {
	Name string
	Good string
	// Bad are the different values in the bad runs, up to a few.
	Bad []string
}

// Gap is a pause between two entries that grew.
type Gap struct {
	Separation
	// From and To are the entries in the first bad run.
	From, To At
	// The pause in the good runs and in the bad ones, from the shortest to the
	// longest.
	GoodMin, GoodMax, BadMin, BadMax time.Duration
}

// Kind says what a difference is.
type Kind uint8

const (
	// OnlyBad and OnlyGood are entries of one set, Changed is a changed value.
	OnlyBad Kind = iota
	OnlyGood
	Changed
)

// Divergence is where the runs part.
type Divergence struct {
	Kind Kind
	// Index is that of the difference in the list of its kind.
	Index int
	// Common is the last entry of a bad run that all runs have before it, if
	// HasCommon.
	Common    At
	HasCommon bool
}

// Result is how the sets differ. Differences are in the order of the run that
// they stand in; those that separate best come first.
type Result struct {
	OnlyBad, OnlyGood []Presence
	Changes           []Change
	Gaps              []Gap
	// First is the first point where the sets part, nil if they do not.
	First *Divergence
	// BestP is the least that P can be with so many runs: one good and one bad
	// run prove nothing.
	BestP float64
}

const (
	// leastRate is by how much the shares of the runs that have something must
	// differ.
	leastRate = 0.5
	// leastP is the p above which something that does not separate the sets
	// wholly is chance.
	leastP = 0.5
	// leastGap is what a pause must grow by to count, in all cases.
	leastGap = 50 * time.Millisecond
	// maxBadValues bounds the values listed of a change.
	maxBadValues = 8
)

// instance is a statement with its values, said for the nth time.
type instance struct {
	statement int
	in        []int32 // for each run, the index of the entry, -1 if there is none
	first     At
	good, bad int // in how many runs
}

// differ is the work in progress.
type differ struct {
	runs        [][]Entry
	goods, bads int
	instances   []instance
	// of is the instance of each entry.
	of [][]int32
	// common is, for each entry of a run, the last instance up to it that all
	// runs have, -1 if there is none.
	common [][]int32
	// spoken is how often each statement speaks in each run.
	spoken [][]int32
}

// Compare compares runs. There must be one of each kind at least.
func Compare(good, bad [][]Entry) *Result {
	d := &differ{runs: slices.Concat(good, bad), goods: len(good), bads: len(bad)}
	d.align()
	res := &Result{BestP: Fisher(d.goods, d.goods, 0, d.bads)}
	var onlyGood, onlyBad []int
	for i := range d.instances {
		in := &d.instances[i]
		rate := float64(in.bad)/float64(d.bads) - float64(in.good)/float64(d.goods)
		if math.Abs(rate) < 1 && Fisher(in.good, d.goods, in.bad, d.bads) > leastP {
			continue
		}
		switch {
		case rate >= leastRate:
			onlyBad = append(onlyBad, i)
		case rate <= -leastRate:
			onlyGood = append(onlyGood, i)
		}
	}
	var changed []pair
	changed, onlyGood, onlyBad = d.pair(onlyGood, onlyBad)
	d.findCommon(changed)
	for _, i := range onlyBad {
		res.OnlyBad = append(res.OnlyBad, d.presence(i, 0))
	}
	for _, i := range onlyGood {
		res.OnlyGood = append(res.OnlyGood, d.presence(i, d.goods))
	}
	for _, p := range changed {
		if c, ok := d.change(p); ok {
			res.Changes = append(res.Changes, c)
		}
	}
	res.Gaps = d.gaps()
	slices.SortStableFunc(res.OnlyBad, func(a, b Presence) int { return cmp.Or(cmp.Compare(a.P, b.P), compareAt(a.Entry, b.Entry)) })
	slices.SortStableFunc(res.OnlyGood, func(a, b Presence) int { return cmp.Or(cmp.Compare(a.P, b.P), compareAt(a.Entry, b.Entry)) })
	slices.SortStableFunc(res.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.P, b.P), compareAt(a.BadEntry, b.BadEntry))
	})
	slices.SortStableFunc(res.Gaps, func(a, b Gap) int { return cmp.Compare(b.BadMin-b.GoodMax, a.BadMin-a.GoodMax) })
	res.First = d.divergence(res)
	return res
}

func compareAt(a, b At) int {
	return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Index, b.Index))
}

// statement is what is known of a statement over all runs.
type statement struct {
	entries [][]int32 // by run
	chance  []bool    // by argument: its value differs by chance
}

// byText makes entries known by their text where one text was taken for several
// statements.
func (d *differ) byText() {
	first := map[string]string{}
	several := map[string]bool{}
	for _, run := range d.runs {
		for i := range run {
			if was, ok := first[run[i].Text]; !ok {
				first[run[i].Text] = run[i].Statement
			} else if was != run[i].Statement {
				several[run[i].Text] = true
			}
		}
	}
	if len(several) == 0 {
		return
	}
	for r, run := range d.runs {
		run = slices.Clone(run)
		for i := range run {
			if e := &run[i]; several[e.Text] {
				e.Statement, e.Values = e.Text, e.Numbers
			}
		}
		d.runs[r] = run
	}
}

// align finds the instances.
func (d *differ) align() {
	d.byText()
	ids := map[string]int{}
	var statements []statement
	for r, run := range d.runs {
		for i := range run {
			id, ok := ids[run[i].Statement]
			if !ok {
				id = len(statements)
				ids[run[i].Statement] = id
				statements = append(statements, statement{entries: make([][]int32, len(d.runs))})
			}
			statements[id].entries[r] = append(statements[id].entries[r], int32(i))
		}
	}
	d.of = make([][]int32, len(d.runs))
	for r, run := range d.runs {
		d.of[r] = make([]int32, len(run))
	}
	d.spoken = make([][]int32, len(statements))
	var key []byte
	for id := range statements {
		s := &statements[id]
		d.findChance(s)
		d.spoken[id] = make([]int32, len(d.runs))
		known := map[string]int{}
		times := map[string]int{}
		for r, entries := range s.entries {
			d.spoken[id][r] = int32(len(entries))
			clear(times)
			for _, i := range entries {
				key = s.key(key[:0], d.runs[r][i].Values)
				n := times[string(key)]
				times[string(key)] = n + 1
				key = append(key, 0)
				key = strconv.AppendInt(key, int64(n), 10)
				at, ok := known[string(key)]
				if !ok {
					at = len(d.instances)
					known[string(key)] = at
					in := make([]int32, len(d.runs))
					for k := range in {
						in[k] = -1
					}
					d.instances = append(d.instances, instance{statement: id, in: in, first: At{r, int(i)}})
				}
				inst := &d.instances[at]
				inst.in[r] = i
				if r < d.goods {
					inst.good++
				} else {
					inst.bad++
				}
				d.of[r][i] = int32(at)
			}
		}
	}
}

// findCommon finds what all runs have; instances that stand for each other are
// one in this.
func (d *differ) findCommon(pairs []pair) {
	for _, p := range pairs {
		g := &d.instances[p.good]
		for _, b := range p.bad {
			for r, i := range d.instances[b].in {
				if i >= 0 && g.in[r] < 0 {
					g.in[r] = i
					d.of[r][i] = int32(p.good)
				}
			}
		}
	}
	d.common = make([][]int32, len(d.runs))
	for r := range d.runs {
		d.common[r] = make([]int32, len(d.of[r]))
		last := int32(-1)
		for i, at := range d.of[r] {
			if d.instances[at].everywhere() {
				last = at
			}
			d.common[r][i] = last
		}
	}
}

// everywhere reports whether all runs have the instance.
func (in *instance) everywhere() bool { return !slices.Contains(in.in, -1) }

// key appends what makes the values of an entry an instance's.
func (s *statement) key(key []byte, values []Value) []byte {
	for i := range values {
		v := &values[i]
		switch {
		case v.Chance:
		case i < len(s.chance) && s.chance[i]:
			if !v.Number {
				key = append(key, klog.Masked(v.Text)...)
			}
		default:
			key = append(key, v.Text...)
		}
		key = append(key, 1)
	}
	return key
}

// findChance finds out which arguments differ by chance: those whose values are
// others in each good run. One good run alone does not tell.
func (d *differ) findChance(s *statement) {
	if d.goods < 2 {
		return
	}
	n := 0
	for r := range d.goods {
		for _, i := range s.entries[r] {
			n = max(n, len(d.runs[r][i].Values))
		}
	}
	s.chance = make([]bool, n)
	for a := range n {
		var before []string
		for r := range d.goods {
			values := make([]string, 0, len(s.entries[r]))
			for _, i := range s.entries[r] {
				if v := d.runs[r][i].Values; a < len(v) {
					values = append(values, v[a].Text)
				}
			}
			slices.Sort(values)
			// A run that says it more or less often tells nothing of the values.
			if r > 0 && len(values) == len(before) && !slices.Equal(values, before) {
				s.chance[a] = true
				break
			}
			before = values
		}
	}
}

// pair is an instance of the good runs and those that stand in its place in the
// bad ones.
type pair struct {
	good int
	bad  []int
}

// pair finds instances of the same statement that stand for each other: what the
// good runs say with one value and the bad ones with another.
func (d *differ) pair(good, bad []int) (pairs []pair, onlyGood, onlyBad []int) {
	// What waits for a counterpart, by statement and run.
	type place struct{ statement, run int }
	waiting := map[place][]int{}
	wait := func(i int) {
		in := &d.instances[i]
		for r := d.goods; r < len(d.runs); r++ {
			if in.in[r] >= 0 {
				p := place{in.statement, r}
				waiting[p] = append(waiting[p], i)
			}
		}
	}
	listed := make(map[int]bool, len(bad))
	for _, i := range bad {
		wait(i)
		listed[i] = true
	}
	// Where each bad run says something else, none of it is in many of them.
	for i := range d.instances {
		in := &d.instances[i]
		if in.good == 0 && in.bad > 0 && !listed[i] {
			wait(i)
		}
	}
	used := map[int]bool{}
	for _, g := range good {
		s := d.instances[g].statement
		p := pair{good: g}
		for r := d.goods; r < len(d.runs); r++ {
			if d.instances[g].in[r] >= 0 || slices.ContainsFunc(p.bad, func(i int) bool { return d.instances[i].in[r] >= 0 }) {
				continue
			}
			at := place{s, r}
			for len(waiting[at]) > 0 && used[waiting[at][0]] {
				waiting[at] = waiting[at][1:]
			}
			if len(waiting[at]) == 0 {
				// A bad run that never says it is no counterpart, and no objection.
				if d.spoken[s][r] > 0 {
					p.bad = nil
					break
				}
				continue
			}
			p.bad = append(p.bad, waiting[at][0])
		}
		if len(p.bad) == 0 {
			onlyGood = append(onlyGood, g)
			continue
		}
		for _, i := range p.bad {
			used[i] = true
		}
		pairs = append(pairs, p)
	}
	for _, b := range bad {
		if !used[b] {
			onlyBad = append(onlyBad, b)
		}
	}
	return pairs, onlyGood, onlyBad
}

func (d *differ) separation(good, bad int) Separation {
	return Separation{Good: good, Goods: d.goods, Bad: bad, Bads: d.bads, P: Fisher(good, d.goods, bad, d.bads)}
}

// presence describes an instance that the runs from other on lack: the good ones
// from 0 on, or the bad ones.
func (d *differ) presence(i, other int) Presence {
	in := &d.instances[i]
	p := Presence{Separation: d.separation(in.good, in.bad), Entry: in.first}
	others := d.spoken[in.statement][:d.goods]
	if other > 0 {
		others = d.spoken[in.statement][d.goods:]
	}
	p.NewStatement = !slices.ContainsFunc(others, func(n int32) bool { return n > 0 })
	// Show it where it is typical.
	if other == 0 {
		for r := d.goods; r < len(d.runs); r++ {
			if in.in[r] >= 0 {
				p.Entry = At{r, int(in.in[r])}
				break
			}
		}
	}
	if c := d.common[p.Entry.Run][p.Entry.Index]; c >= 0 {
		p.After, p.HasAfter = At{other, int(d.instances[c].in[other])}, true
	}
	return p
}

// change describes a pair. It is none if nothing is left that differs.
func (d *differ) change(p pair) (Change, bool) {
	g := &d.instances[p.good]
	c := Change{Separation: d.separation(g.good, g.bad), GoodEntry: g.first}
	values := d.runs[g.first.Run][g.first.Index].Values
	for _, b := range p.bad {
		in := &d.instances[b]
		for r := d.goods; r < len(d.runs); r++ {
			if in.in[r] < 0 {
				continue
			}
			at := At{r, int(in.in[r])}
			if c.BadEntry == (At{}) || compareAt(at, c.BadEntry) < 0 {
				c.BadEntry = at
			}
			for a, v := range d.runs[r][in.in[r]].Values {
				if a >= len(values) || v.Chance || v.Text == values[a].Text || d.goods == 1 && near(&v, &values[a]) {
					continue
				}
				at := slices.IndexFunc(c.Values, func(o ChangedValue) bool { return o.Name == v.Name && o.Good == values[a].Text })
				if at < 0 {
					at = len(c.Values)
					c.Values = append(c.Values, ChangedValue{Name: v.Name, Good: values[a].Text})
				}
				if o := &c.Values[at]; len(o.Bad) < maxBadValues && !slices.Contains(o.Bad, v.Text) {
					o.Bad = append(o.Bad, v.Text)
				}
			}
		}
	}
	return c, len(c.Values) > 0
}
