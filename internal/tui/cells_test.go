package tui

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// shown is a text as a row of a terminal shows it, without styles.
func shown(text string, width int) string {
	var r row
	r.reset(width)
	r.put(plain, text)
	return string(r.appendTo(nil))
}

func TestCells(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{
		{"a\tb", 10, "a       b "},
		{"\tx", 4, "    "},
		{"\x1b[2Jx", 10, `\x1b[2Jx  `},
		{"\x1b]0;t\a", 12, `\x1b]0;t\x07`},
		{"\x9b1m\xff", 12, `\x9b1m\xff  `},
		{"\u009b1m", 12, `\xc2\x9b1m  `},
		{"日本", 5, "日本 "},
		{"日本", 3, "日 "},
		{"é", 2, "é "},
		{"é", 2, "é "},
		{"a\u202eb", 12, "a<U+202e>b  "},
		{"́x", 10, "<U+301>x  "},
		{"abc", 2, "ab"},
		{"", 3, "   "},
	} {
		if got := shown(test.text, test.width); got != test.want {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
	}
}

func TestTail(t *testing.T) {
	for _, test := range []struct {
		text string
		n    int
		want string
	}{{"fs/ext4/super.c", 20, "fs/ext4/super.c"}, {"fs/ext4/super.c", 8, "~super.c"}, {"abc", 1, "c"}, {"abc", 0, ""}, {"äöü", 4, "~ü"}} {
		if got := tail(test.text, test.n); got != test.want {
			t.Errorf("tail(%q, %d) = %q, want %q", test.text, test.n, got, test.want)
		}
	}
}

// FuzzCells wants rows that take exactly their columns, whatever the terminal
// makes of wide characters, with nothing in them that commands it.
func FuzzCells(f *testing.F) {
	for _, s := range []string{"plain", "\x1b[31m\a\x00", "\u202e\u200d👩‍👩‍👧", "🇩🇪🇫🇷", "e" + strings.Repeat("́", 50), "가각", "\xc3\x28", "क्षि"} {
		f.Add(s, 20)
	}
	f.Fuzz(func(t *testing.T, text string, width int) {
		width = 1 + width&0x7f
		got := shown(text, width)
		if !utf8.ValidString(got) {
			t.Fatalf("%q is not UTF-8", got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Fatalf("%q has a control character", got)
			}
		}
		if a, b := ansi.StringWidth(got), ansi.StringWidthWc(got); a != width || b != width {
			t.Fatalf("%q has %d or %d columns, want %d", got, a, b, width)
		}
		cells := appendCells(nil, text, 1<<20)
		at := 0
		for _, c := range cells {
			if c.off != at || c.end <= c.off {
				t.Fatalf("cell %v behind byte %d", c, at)
			}
			at = c.end
		}
		if at != len(text) {
			t.Fatalf("cells end at %d of %d", at, len(text))
		}
	})
}
