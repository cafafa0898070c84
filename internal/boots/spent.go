package boots

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"dekho/internal/klog"
)

// This file finds where the time of a boot went: silences, and with
// initcall_debug the initcalls and probes.

// Place is a line of the source; the zero Place is not known.
type Place struct {
	Path string
	Line int
}

// Gap is a silence between two records.
type Gap struct {
	From, To klog.Fact
	// At is the statement that ended it.
	At Place
	// Start is the time stamp of From.
	Start, Length time.Duration
	// Stage is that of From.
	Stage StageID
	// Lost is how many records printk dropped in it: it need not be a silence.
	Lost int64
}

// Call is an initcall or a probe that the kernel timed.
type Call struct {
	// Name is the function of an initcall, the device of a probe.
	Name  string
	Start time.Duration
	// Took is how long it took; of a call that did not return, the time to the
	// boot's last record.
	Took time.Duration
	// Result is what it returned, "" if it did not return.
	Result string
	// Line is where it returned, or of one that did not, where it was called.
	Line int
}

// Spent is where the time of a boot went.
type Spent struct {
	// Gaps are the longest silences, the longest first.
	Gaps []Gap
	// Initcalls and Probes are the slowest, the slowest first; there were so many
	// in all, and so much time was spent in them.
	Initcalls, Probes         []Call
	InitcallCount, ProbeCount int
	InitcallTime, ProbeTime   time.Duration
	// Unfinished are initcalls that did not return, in the order of their calls.
	Unfinished []Call
}

const (
	// detailedBoots bounds the boots of which it is remembered, besides the last.
	detailedBoots = 200
	// slowest bounds the calls that are kept of a boot, longestGaps the silences
	// before user space runs, and as many after.
	slowest     = 20
	longestGaps = 8
	// leastGap is what counts as a silence.
	leastGap = 20 * time.Millisecond
	// maxPending bounds the calls under way: modules are loaded side by side.
	maxPending = 64
)

// clocked is what is gathered of a boot.
type clocked struct {
	spent   Spent
	booting []Gap // the gaps before user space runs
	running []Gap
	pending []Call
	before  klog.Record // the last record with a time stamp, for gaps
	lost    int64       // records dropped behind it
}

// add takes a record of the kernel with a time stamp.
func (c *clocked) add(rec *klog.Record, at Place, stage StageID) {
	if c.before.Line != 0 && rec.Time >= c.before.Time+leastGap {
		list := &c.booting
		if stage >= UserSpace {
			list = &c.running
		}
		length := rec.Time - c.before.Time
		if len(*list) < longestGaps || length > (*list)[longestGaps-1].Length {
			*list = insert(*list, Gap{factOf(&c.before, ""), factOf(rec, ""), at, c.before.Time, length, stage, c.lost}, longestGaps, func(g *Gap) time.Duration { return g.Length })
		}
	}
	if c.before.Line == 0 || rec.Time >= c.before.Time {
		c.before = *rec
		c.before.Dict = nil
	}
	c.lost = 0
	c.call(rec)
}

// insert puts a value into a list that is sorted by descending length.
func insert[T any](list []T, v T, most int, length func(*T) time.Duration) []T {
	i, _ := slices.BinarySearchFunc(list, length(&v), func(o T, d time.Duration) int { return cmp.Compare(d, length(&o)) })
	for i < len(list) && length(&list[i]) == length(&v) {
		i++
	}
	list = slices.Insert(list, i, v)
	return list[:min(len(list), most)]
}

// call reads what initcall_debug prints: "calling  foo_init+0x0/0x20 @ 1",
// "initcall foo_init+0x0/0x20 returned 0 after 12 usecs", "probe of 1-0050
// returned 0 after 34 usecs". init/main.c, drivers/base/dd.c
func (c *clocked) call(rec *klog.Record) {
	if len(rec.Text) < 8 || len(rec.Text) > maxQuote {
		return
	}
	switch rec.Text[0] {
	case 'c':
		rest, ok := strings.CutPrefix(rec.Text, "calling  ")
		name, _, ok2 := strings.Cut(rest, " @ ")
		if !ok || !ok2 {
			return
		}
		if len(c.pending) == maxPending {
			c.pending = c.pending[1:]
		}
		c.pending = append(c.pending, Call{Name: name, Start: rec.Time, Line: rec.Line})
	case 'i':
		if name, result, took, ok := returned(rec.Text, "initcall "); ok {
			call := Call{Name: function(name), Start: max(0, rec.Time-took), Took: took, Result: result, Line: rec.Line}
			for i := range c.pending {
				if c.pending[i].Name == name {
					call.Start = c.pending[i].Start
					c.pending = slices.Delete(c.pending, i, i+1)
					break
				}
			}
			s := &c.spent
			s.InitcallCount++
			s.InitcallTime += took
			s.Initcalls = insert(s.Initcalls, call, slowest, tookOf)
		}
	case 'p':
		if name, result, took, ok := returned(rec.Text, "probe of "); ok {
			s := &c.spent
			s.ProbeCount++
			s.ProbeTime += took
			s.Probes = insert(s.Probes, Call{Name: name, Start: max(0, rec.Time-took), Took: took, Result: result, Line: rec.Line}, slowest, tookOf)
		}
	}
}

func tookOf(c *Call) time.Duration { return c.Took }

// returned reads "NAME returned RESULT after N usecs" behind a prefix.
func returned(text, prefix string) (name, result string, took time.Duration, ok bool) {
	rest, ok := strings.CutPrefix(text, prefix)
	if !ok {
		return "", "", 0, false
	}
	name, rest, ok = strings.Cut(rest, " returned ")
	result, rest, ok2 := strings.Cut(rest, " after ")
	number, _, ok3 := strings.Cut(rest, " usecs")
	usecs, err := strconv.ParseInt(number, 10, 64)
	const most = int64(1<<63-1) / 1000
	if !ok || !ok2 || !ok3 || err != nil || usecs < 0 || usecs > most {
		return "", "", 0, false
	}
	return name, result, time.Duration(usecs) * time.Microsecond, true
}

// function is the name in "foo_init+0x0/0x20 [mod]".
func function(name string) string {
	name, _, _ = strings.Cut(name, "+0x")
	return name
}

// finish gives what was gathered. last is the boot's last time stamp.
func (c *clocked) finish(last time.Duration) Spent {
	s := c.spent
	s.Gaps = append(slices.Clone(c.booting), c.running...)
	slices.SortStableFunc(s.Gaps, func(a, b Gap) int { return cmp.Compare(b.Length, a.Length) })
	for _, p := range c.pending {
		p.Name = function(p.Name)
		p.Took = max(0, last-p.Start)
		s.Unfinished = append(s.Unfinished, p)
	}
	return s
}
