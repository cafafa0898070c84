package logdiff

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// run makes a run of lines "seconds statement name=value ...": a value that
// begins with a digit or a minus is a number, one that begins with @ an address.
func run(text string) []Entry {
	var list []Entry
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		at, err := time.ParseDuration(f[0] + "s")
		if err != nil {
			panic(err)
		}
		e := Entry{Statement: f[1], Text: "text of " + f[1], Time: at, HasTime: true}
		for _, v := range f[2:] {
			name, value, _ := strings.Cut(v, "=")
			e.Values = append(e.Values, Value{
				Name: name, Text: value, Chance: strings.HasPrefix(value, "@"),
				Number: strings.ContainsAny(value[:1], "-0123456789"),
			})
		}
		list = append(list, e)
	}
	return list
}

const (
	good1 = `
0.1 banner
0.2 memory size=1000 at=@ffff1
0.3 probe dev=a irq=45
0.4 probe dev=b irq=46
0.5 seed n=17
0.6 up
1.0 init pid=1
`
	good2 = `
0.1 banner
0.2 memory size=1000 at=@ffff2
0.32 probe dev=b irq=46
0.35 probe dev=a irq=45
0.5 seed n=99
0.6 up
1.1 init pid=1
`
	bad1 = `
0.1 banner
0.2 memory size=1000 at=@ffff3
0.3 probe dev=a irq=-22
0.31 failed dev=a err=-22
0.4 probe dev=b irq=46
0.5 seed n=3
9.0 init pid=1
`
)

// says lists the differences in short.
func says(r *Result, runs ...[]Entry) string {
	var s []string
	name := func(a At) string { return runs[a.Run][a.Index].Statement }
	for _, p := range r.OnlyBad {
		s = append(s, fmt.Sprintf("+%s %d/%d %d/%d", name(p.Entry), p.Good, p.Goods, p.Bad, p.Bads))
	}
	for _, p := range r.OnlyGood {
		s = append(s, fmt.Sprintf("-%s %d/%d %d/%d", name(p.Entry), p.Good, p.Goods, p.Bad, p.Bads))
	}
	for _, c := range r.Changes {
		for _, v := range c.Values {
			s = append(s, fmt.Sprintf("%s.%s %s>%s", name(c.BadEntry), v.Name, v.Good, strings.Join(v.Bad, "|")))
		}
	}
	for _, g := range r.Gaps {
		s = append(s, fmt.Sprintf("%s..%s %v>%v", name(g.From), name(g.To), g.GoodMax, g.BadMin))
	}
	if f := r.First; f != nil {
		at := ""
		if f.HasCommon {
			at = " after " + name(f.Common)
		}
		s = append(s, fmt.Sprintf("first %d/%d%s", f.Kind, f.Index, at))
	}
	return strings.Join(s, ", ")
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		name      string
		good, bad []string
		want      string
	}{
		{"equal", []string{good1}, []string{good1}, ""},
		{"in another order", []string{good1, good2}, []string{good2}, ""},
		{
			"a fault",
			[]string{good1, good2},
			[]string{bad1},
			"+failed 0/2 1/1, -up 2/2 0/1, probe.irq 45>-22, seed..init 600ms>8.5s, first 2/0 after memory",
		},
		{
			"a fault, one run of each",
			[]string{good1},
			[]string{bad1},
			"+failed 0/1 1/1, -up 1/1 0/1, probe.irq 45>-22, seed.n 17>3, seed..init 500ms>8.5s, first 2/0 after memory",
		},
		{"in half of the bad", []string{good1, good1, good1, good1}, []string{good1, bad1, bad1, good1}, "+failed 0/4 2/4, -up 4/4 2/4, probe.irq 45>-22, seed.n 17>3, first 2/0 after memory"},
		{"by chance", []string{"0.1 a", "0.1 b"}, []string{"0.1 a"}, ""},
		{"other in each bad run", []string{"0.1 a v=1", "0.1 a v=1"}, []string{"0.1 a v=2", "0.1 a v=3"}, "a.v 1>2|3, first 2/0"},
		{"as often as it likes", []string{"0.1 a\n0.2 a", "0.1 a\n0.2 a"}, []string{"0.1 a"}, "-a 2/2 0/1, first 1/0 after a"},
		{"measured", []string{"0.1 a khz=1000000"}, []string{"0.1 a khz=1000100"}, ""},
		{"nothing", []string{""}, []string{""}, ""},
		{"nothing against something", []string{""}, []string{"0.1 a"}, "+a 0/1 1/1, first 0/0"},
	} {
		var good, bad [][]Entry
		for _, g := range c.good {
			good = append(good, run(g))
		}
		for _, b := range c.bad {
			bad = append(bad, run(b))
		}
		if got := says(Compare(good, bad), append(append([][]Entry{}, good...), bad...)...); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestSameText(t *testing.T) {
	// One text, taken for two statements that cannot be told apart.
	speed := func(n string) []Value { return []Value{{Text: n, Number: true}} }
	good := []Entry{{Statement: "a.c:1", Text: "link is up"}, {Statement: "a.c:2", Text: "speed #", Numbers: speed("100")}}
	bad := []Entry{{Statement: "b.c:1", Text: "link is up"}, {Statement: "speed #", Text: "speed #", Numbers: speed("10")}}
	runs := [][]Entry{good, bad}
	if got, want := says(Compare(runs[:1], runs[1:]), runs...), "speed #. 100>10, first 2/0 after b.c:1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestFisher has values of R's fisher.test.
func TestFisher(t *testing.T) {
	for _, c := range []struct {
		a, n, b, m int
		want       float64
	}{
		{1, 1, 0, 1, 1},
		{2, 2, 0, 2, 1. / 3},
		{3, 3, 0, 3, 0.1},
		{5, 5, 0, 5, 2. / 252},
		{0, 3, 3, 3, 0.1},
		{3, 10, 7, 10, 0.1788954},
		{0, 0, 1, 1, 1},
		{2, 2, 2, 2, 1},
		{-1, 2, 0, 2, 1},
	} {
		if got := Fisher(c.a, c.n, c.b, c.m); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%d of %d, %d of %d: %.7f, want %.7f", c.a, c.n, c.b, c.m, got, c.want)
		}
	}
}

// long makes a run of n entries, of some thousand statements.
func long(n int, seed uint64) []Entry {
	rng := rand.New(rand.NewPCG(seed, 1))
	list := make([]Entry, n)
	for i := range list {
		s := fmt.Sprintf("drivers/a.c:%d", i%4000)
		list[i] = Entry{
			Statement: s, Text: "text of " + s, Time: time.Duration(i) * time.Millisecond, HasTime: true,
			Values: []Value{{Name: "dev", Text: fmt.Sprintf("dev%d", i%50)}, {Name: "n", Text: fmt.Sprint(rng.IntN(100)), Number: true}},
		}
	}
	return list
}

func BenchmarkCompare(b *testing.B) {
	good, bad := [][]Entry{long(10000, 1)}, [][]Entry{long(10000, 2)}
	for b.Loop() {
		Compare(good, bad)
	}
}

func FuzzCompare(f *testing.F) {
	f.Add(good1, good2, bad1)
	f.Fuzz(func(t *testing.T, a, b, c string) {
		parse := func(s string) []Entry {
			var list []Entry
			for line := range strings.Lines(s) {
				name, value, _ := strings.Cut(line, "=")
				list = append(list, Entry{Statement: name, Text: name, HasTime: len(line)%3 > 0, Time: time.Duration(len(line)), Values: []Value{{Text: value, Number: len(value)%2 == 0}}})
			}
			return list
		}
		x, y, z := parse(a), parse(b), parse(c)
		runs := [][]Entry{x, y, z}
		r := Compare(runs[:2], runs[2:])
		for _, p := range append(r.OnlyBad, r.OnlyGood...) {
			if p.P < 0 || p.P > 1 || p.Entry.Index >= len(runs[p.Entry.Run]) {
				t.Fatalf("%+v", p)
			}
		}
		says(r, runs...)
	})
}
