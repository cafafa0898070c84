package tui

import (
	"strings"
	"testing"
)

func TestInput(t *testing.T) {
	var in input
	draw := func(width int) (string, int) {
		var r row
		r.reset(width)
		col := in.draw(&r)
		return strings.TrimRight(string(r.appendTo(nil)), " "), col
	}
	want := func(text string, width int, shown string, col int) {
		t.Helper()
		if got, at := draw(width); in.String() != text || got != shown || at != col {
			t.Errorf("%q shown as %q with the cursor at %d, want %q as %q, %d", in.String(), got, at, text, shown, col)
		}
	}
	press := func(keys ...string) {
		for _, k := range keys {
			in.key(keyMsg(k))
		}
	}
	want("", 10, "", 0)
	in.insert("ab 日本\tcd\x1b\n")
	want("ab 日本 cd ", 20, "ab 日本 cd", 11)
	want("ab 日本 cd ", 6, " cd", 4)
	press("left", "backspace")
	want("ab 日本 c ", 20, "ab 日本 c", 9)
	press("home", "x")
	want("xab 日本 c ", 4, "xab", 1)
	press("end", "ctrl+w")
	want("xab 日本 ", 20, "xab 日本", 9)
	press("ctrl+u")
	want("", 20, "", 0)
	in.insert(strings.Repeat("x", 2*maxInput))
	want(strings.Repeat("x", maxInput), 5, "xxxx", 4)
}
