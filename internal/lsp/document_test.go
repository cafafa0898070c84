package lsp

import (
	"strings"
	"testing"
	"unicode/utf16"
)

func TestFilePath(t *testing.T) {
	for _, tt := range []struct{ uri, want string }{
		{"file:///src/linux/mm/slab.c", "/src/linux/mm/slab.c"},
		{"file://localhost/src/a.c", "/src/a.c"},
		{"file:///src/a%20b/%C3%B6.c", "/src/a b/ö.c"},
		{"file:///src/x/../a.c", "/src/a.c"},
		{"file:///src/c%2B%2B/a.cc", "/src/c++/a.cc"},
		{"file://elsewhere/src/a.c", ""},
		{"file:src/a.c", ""},
		{"untitled:Untitled-1", ""},
		{"http://example.com/a.c", ""},
		{"file:///a%00b", ""},
		{"%", ""},
		{"", ""},
	} {
		if got := filePath(tt.uri); got != tt.want {
			t.Errorf("the path of %q is %q, want %q", tt.uri, got, tt.want)
		}
	}
	for _, path := range []string{"/src/a.c", "/a b/ö#?.c", "/src/100%/a.c"} {
		if got := filePath(fileURI(path)); got != path {
			t.Errorf("%q became %q", path, got)
		}
	}
}

func TestEdit(t *testing.T) {
	at := func(l, c int) Position { return Position{l, c} }
	span := func(a, b Position) *Range { return &Range{a, b} }
	for _, tt := range []struct {
		name, text string
		changes    []contentChange
		want       string
	}{
		{"insert", "ab\ncd", []contentChange{{span(at(1, 1), at(1, 1)), "X"}}, "ab\ncXd"},
		{"delete over lines", "ab\ncd\nef", []contentChange{{span(at(0, 1), at(2, 1)), ""}}, "af"},
		{"in order", "ab", []contentChange{{span(at(0, 0), at(0, 0)), "12\n"}, {span(at(1, 1), at(1, 2)), "Z"}}, "12\naZ"},
		{"all", "ab", []contentChange{{nil, "x"}, {span(at(0, 1), at(0, 1)), "y"}}, "xy"},
		{"behind a penguin", "🐧b", []contentChange{{span(at(0, 2), at(0, 3)), "c"}}, "🐧c"},
		{"at the end of a line with a carriage return", "a\r\nb", []contentChange{{span(at(0, 9), at(0, 9)), "!"}}, "a!\r\nb"},
		{"beyond the end", "a", []contentChange{{span(at(7, 0), at(9, 0)), "b"}}, "ab"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &document{lines: newLines([]byte(tt.text))}
			got, err := d.edit(2, tt.changes, utf16Units)
			if err != nil {
				t.Fatal(err)
			}
			if string(got.text) != tt.want || got.version != 2 {
				t.Errorf("got %q, want %q", got.text, tt.want)
			}
			if string(d.text) != tt.text {
				t.Errorf("the document before was changed to %q", d.text)
			}
		})
	}
	d := &document{lines: newLines([]byte("abc"))}
	if _, err := d.edit(2, []contentChange{{span(at(0, 2), at(0, 1)), "x"}}, utf16Units); err == nil {
		t.Error("a change whose end stands before its start was applied")
	}
}

// slowEdit applies a change as the specification says it, on UTF-16.
func slowEdit(text string, c *contentChange) (string, bool) {
	units := utf16.Encode([]rune(text))
	find := func(p Position) int {
		i := 0
		for line := 0; line < p.Line; line++ {
			for i < len(units) && units[i] != '\n' {
				i++
			}
			if i == len(units) {
				return i
			}
			i++
		}
		end := i
		for end < len(units) && units[end] != '\n' {
			end++
		}
		if end > i && units[end-1] == '\r' {
			end--
		}
		at := min(i+p.Character, end)
		if at > i && at < end && utf16.IsSurrogate(rune(units[at])) && units[at] >= 0xdc00 {
			at-- // in the middle of a character
		}
		return at
	}
	from, to := find(c.Range.Start), find(c.Range.End)
	if from > to {
		return "", false
	}
	return string(utf16.Decode(units[:from])) + c.Text + string(utf16.Decode(units[to:])), true
}

// FuzzEdits compares edits of a document with a slow way to apply them.
func FuzzEdits(f *testing.F) {
	f.Add("a\nb🐧\r\nc", []byte("\x00\x01\x01\x02xyz"))
	f.Add("", []byte{1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, text string, edits []byte) {
		text = strings.ToValidUTF8(text, "?") // as JSON is
		d := &document{lines: newLines([]byte(text))}
		want := text
		for len(edits) >= 5 {
			n := min(int(edits[4])%8, len(edits)-5)
			c := contentChange{
				Range: &Range{Position{int(edits[0]) % 8, int(edits[1]) % 32}, Position{int(edits[2]) % 8, int(edits[3]) % 32}},
				Text:  strings.ToValidUTF8(string(edits[5:5+n]), "🐧"),
			}
			edits = edits[5+n:]
			slow, ok := slowEdit(want, &c)
			next, err := d.edit(d.version+1, []contentChange{c}, utf16Units)
			if (err == nil) != ok {
				t.Fatalf("%q with %v: %v", want, c, err)
			}
			if !ok {
				continue
			}
			if d, want = next, slow; string(d.text) != want {
				t.Fatalf("got %q, want %q", d.text, want)
			}
		}
	})
}
