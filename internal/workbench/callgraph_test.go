package workbench

import (
	"slices"
	"testing"

	"dekho/internal/source"
)

// TestIsStatic looks at declarations of functions as the kernel lays them out.
func TestIsStatic(t *testing.T) {
	const text = `static int one(void)
{
}
int two(void) { return one(); }

static struct foo *
three(int a)
{
}
/* static */
int four(int a,
	 int b)
{
}
static int x;
int five(void)
{
}
static __always_inline
unsigned long __maybe_unused
six(void)
`
	for _, c := range []struct {
		line uint32
		want bool
	}{{1, true}, {4, false}, {7, true}, {11, false}, {16, false}, {21, true}, {1000, false}} {
		if got := isStatic([]byte(text), c.line); got != c.want {
			t.Errorf("line %d: %v", c.line, got)
		}
	}
	if isStatic(nil, 1) {
		t.Error("an empty file has a static function")
	}
}

// TestMeet finds where two searches meet on the shortest ways.
func TestMeet(t *testing.T) {
	key := func(name string) funcKey { return funcKey{name, source.NoFile} }
	sides := [2]side{
		{dist: map[funcKey]int{key("from"): 0, key("a"): 1, key("b"): 1, key("c"): 2}},
		{dist: map[funcKey]int{key("to"): 0, key("a"): 1, key("b"): 1, key("c"): 1}},
	}
	got := meet(&sides)
	slices.SortFunc(got, func(x, y funcKey) int {
		if x.name < y.name {
			return -1
		}
		return 1
	})
	if want := []funcKey{key("a"), key("b")}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	sides[1].dist = map[funcKey]int{key("to"): 0}
	if got := meet(&sides); len(got) > 0 {
		t.Errorf("searches that do not meet: %v", got)
	}
}

// FuzzIsStatic asks about any line of any text.
func FuzzIsStatic(f *testing.F) {
	f.Add([]byte("static int\nx(void)\n"), uint32(2))
	f.Add([]byte("\n\n\n"), uint32(3))
	f.Fuzz(func(_ *testing.T, text []byte, line uint32) {
		isStatic(text, line%1000)
	})
}
