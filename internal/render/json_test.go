package render

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestObject(t *testing.T) {
	var o object
	o.open("", '{')
	o.str("a", "x\ny")
	o.opt("b", "")
	o.num("c", -3)
	o.optNum("d", 0)
	o.real("e", 1.5, 3)
	o.real("f", math.NaN(), 3)
	o.flag("g", false)
	o.flag("h", true)
	o.list("i", []string{"p", "q"})
	o.any("j", nil)
	o.any("k", uint64(math.MaxUint64))
	o.any("l", map[string]int{"x": 1})
	o.any("m", func() {}) // has no JSON
	o.open("n", '[')
	o.open("", '{')
	o.close('}')
	o.open("", '{')
	o.close('}')
	o.close(']')
	o.close('}')
	const want = `{"a":"x\ny","c":-3,"e":1.500,"f":null,"h":true,"i":["p","q"],"j":null,"k":18446744073709551615,"l":{"x":1},"m":null,"n":[{},{}]}`
	if string(o.buf) != want {
		t.Errorf("got  %s\nwant %s", o.buf, want)
	}
}

// FuzzString compares with encoding/json, which decides what a string is.
func FuzzString(f *testing.F) {
	f.Add("plain")
	f.Add("\x00\x1f\"\\/\u2028\xff é")
	f.Fuzz(func(t *testing.T, s string) {
		b := appendString(nil, s)
		var got string
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		// Ill-formed bytes become U+FFFD one by one, as encoding/json does too.
		want, _ := json.Marshal(s)
		var same string
		if err := json.Unmarshal(want, &same); err != nil || got != same {
			t.Fatalf("%q became %q, want %q", s, got, same)
		}
	})
}

// FuzzSafe makes sure that nothing reaches a terminal that could command it.
func FuzzSafe(f *testing.F) {
	f.Add("\x1b[31mred\x07 \u009b31m \xff\t é")
	f.Fuzz(func(t *testing.T, s string) {
		out := string(appendSafe(nil, s))
		if !utf8.ValidString(out) {
			t.Fatalf("%q became %q: not UTF-8", s, out)
		}
		for _, r := range out {
			if r < ' ' && r != '\t' || r >= 0x7f && r <= 0x9f {
				t.Fatalf("%q became %q: holds %U", s, out, r)
			}
		}
		if plain := strings.Map(func(r rune) rune {
			if r < ' ' && r != '\t' || r >= 0x7f {
				return -1
			}
			return r
		}, s); plain == s && out != s {
			t.Fatalf("%q became %q", s, out)
		}
	})
}

func TestLineWidth(t *testing.T) {
	l := &line{style: &Style{Width: 10, Color: true}}
	l.put(inkPath, "drivers")
	l.put("", ":12345678")
	l.put("", "more")
	if got, want := string(l.buf), "\x1b[35mdrivers\x1b[0m:1…"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	l.reset()
	l.put("", "exactly10!")
	if got := string(l.buf); got != "exactly10!" {
		t.Errorf("got %q", got)
	}
}
