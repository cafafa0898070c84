package logdiff

import (
	"math"
	"strconv"
	"strings"
)

// gaps finds the pauses between neighbours that are longer in every bad run than
// in any good one, by more than the good ones differ among each other.
func (d *differ) gaps() []Gap {
	var gaps []Gap
	before := int32(-1)
	for i, at := range d.of[0] {
		in := &d.instances[at]
		if !in.everywhere() || !d.runs[0][i].HasTime {
			continue
		}
		if before >= 0 {
			if g, ok := d.gap(&d.instances[before], in); ok {
				gaps = append(gaps, g)
			}
		}
		before = at
	}
	return gaps
}

// gap compares the pause between two instances that all runs have.
func (d *differ) gap(from, to *instance) (Gap, bool) {
	g := Gap{GoodMin: math.MaxInt64, BadMin: math.MaxInt64}
	for r, run := range d.runs {
		a, b := &run[from.in[r]], &run[to.in[r]]
		if !a.HasTime || !b.HasTime || b.Time < a.Time {
			return Gap{}, false
		}
		pause := b.Time - a.Time
		if r < d.goods {
			g.GoodMin, g.GoodMax = min(g.GoodMin, pause), max(g.GoodMax, pause)
		} else {
			g.BadMin, g.BadMax = min(g.BadMin, pause), max(g.BadMax, pause)
		}
	}
	spread := g.GoodMax - g.GoodMin
	if g.BadMin <= g.GoodMax+max(spread, leastGap, g.GoodMax/2) {
		return Gap{}, false
	}
	g.Separation = d.separation(0, d.bads)
	g.From, g.To = At{d.goods, int(from.in[d.goods])}, At{d.goods, int(to.in[d.goods])}
	return g, true
}

// divergence finds the first difference in the order of the bad runs, among those
// that separate best.
func (d *differ) divergence(res *Result) *Divergence {
	var first *Divergence
	best, bestP := math.MaxInt, math.Inf(1)
	consider := func(kind Kind, index int, s Separation, at int, common At, has bool) {
		if s.P > bestP+1e-12 || s.P > bestP-1e-12 && at >= best {
			return
		}
		best, bestP = at, s.P
		first = &Divergence{Kind: kind, Index: index, Common: common, HasCommon: has}
	}
	// before is the common entry before another of its run.
	before := func(e At) (At, bool) {
		if e.Index == 0 {
			return At{}, false
		}
		if c := d.common[e.Run][e.Index-1]; c >= 0 {
			return At{e.Run, int(d.instances[c].in[e.Run])}, true
		}
		return At{}, false
	}
	for i := range res.OnlyBad {
		p := &res.OnlyBad[i]
		common, ok := before(p.Entry)
		consider(OnlyBad, i, p.Separation, 2*p.Entry.Index, common, ok)
	}
	for i := range res.Changes {
		c := &res.Changes[i]
		common, ok := before(c.BadEntry)
		consider(Changed, i, c.Separation, 2*c.BadEntry.Index, common, ok)
	}
	for i := range res.OnlyGood {
		p := &res.OnlyGood[i]
		at := -1
		if p.HasAfter {
			at = 2*p.After.Index + 1
		}
		consider(OnlyGood, i, p.Separation, at, p.After, p.HasAfter)
	}
	return first
}

// near reports whether two numbers differ so little that it may be chance: a
// measured frequency, an amount of memory.
func near(a, b *Value) bool {
	if !a.Number || !b.Number {
		return false
	}
	x, okX := number(a.Text)
	y, okY := number(b.Text)
	const large, share = 1000, 0.1
	return okX && okY && math.Min(math.Abs(x), math.Abs(y)) >= large && math.Abs(x-y) <= share*math.Max(math.Abs(x), math.Abs(y))
}

func number(text string) (float64, bool) {
	if h, ok := strings.CutPrefix(text, "0x"); ok {
		v, err := strconv.ParseUint(h, 16, 64)
		return float64(v), err == nil
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil
}
