package pattern

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"
	"unicode"
)

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		text string
		want string // part of the message
	}{
		{"(", "missing closing )"},
		{"a)", "unexpected )"},
		{"[a", "missing closing ]"},
		{"[b-a]", "invalid character class range"},
		{`\w(`, `(`},
		{`[\w`, "missing closing ]"},
		{"*a", "missing argument to repetition"},
		{"a{2000}", "invalid repeat count"},
		{"(?z)", "invalid or unsupported Perl syntax"},
		{`\8`, "invalid escape"},
		{"\xff", "invalid UTF-8"},
		{strings.Repeat("x", maxLen+1), "the limit is"},
	} {
		_, err := Parse(tt.text, Options{})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.20q: %v, want %q", tt.text, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), `\x{`) {
			t.Errorf("%.20q: the message quotes what was not typed: %v", tt.text, err)
		}
	}
	for _, text := range []string{"a\nb", `a\nb`, `[\n]`, `\x0a`} {
		if _, err := Parse(text, Options{}); !errors.Is(err, ErrNewline) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := Parse("a\nb", Options{Literal: true}); !errors.Is(err, ErrNewline) {
		t.Errorf("literal: %v", err)
	}
	for _, text := range []string{"struct x {", "a{,3}", `\/`, `[^\n]`, `\s`, "(?P<n>x)", "(?s:.)"} {
		if _, err := Parse(text, Options{}); err != nil {
			t.Error(err)
		}
	}
}

func TestExpand(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{`abc`, `abc`},
		{`\<a\>`, `\ba\b`},
		{`[\<]`, `[\<]`},
		{`\\<`, `\\<`},
		{`\\w`, `\\w`},
		{`\Q\w\E`, `\Q\w\E`},
		{`\Q\w`, `\Q\w`},
		{`[[:alpha:]]\<`, `[[:alpha:]]\b`},
		{`[]\<]\<`, `[]\<]\b`},
		{`[^]\<]\<`, `[^]\<]\b`},
		{`x\`, `x\`},
	} {
		if got := expand(tt.text); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
}

// TestClasses compares the classes with their definitions, rune by rune.
func TestClasses(t *testing.T) {
	for _, tt := range []struct {
		text string
		in   func(r rune) bool
	}{
		{`\w`, IsWord},
		{`[\w]`, IsWord},
		{`\W`, func(r rune) bool { return !IsWord(r) && r != '\n' }},
		{`[^\w]`, func(r rune) bool { return !IsWord(r) && r != '\n' }},
		{`[^\W]`, IsWord},
		{`\d`, unicode.IsDigit},
		{`[\D]`, func(r rune) bool { return !unicode.IsDigit(r) && r != '\n' }},
		{`\s`, func(r rune) bool { return unicode.IsSpace(r) && r != '\n' }},
		{`[\s\w-]`, func(r rune) bool { return (unicode.IsSpace(r) || IsWord(r) || r == '-') && r != '\n' }},
		{`.`, func(r rune) bool { return r != '\n' }},
		{`(?s:.)`, func(r rune) bool { return r != '\n' }},
	} {
		tree, err := Parse(tt.text, Options{})
		if err != nil {
			t.Fatal(err)
		}
		re := regexp.MustCompile("^(?:" + tree.String() + ")$")
		for r := range rune(0x3000) {
			if got := re.MatchString(string(r)); got != tt.in(r) {
				t.Fatalf("%s matches %q: %v", tt.text, r, got)
			}
		}
	}
}

// TestTree checks what Parse promises about the tree.
func TestTree(t *testing.T) {
	var check func(re *syntax.Regexp)
	check = func(re *syntax.Regexp) {
		switch re.Op {
		case syntax.OpBeginText, syntax.OpEndText, syntax.OpAnyChar:
			t.Errorf("%v in %v", re.Op, re)
		}
		for _, sub := range re.Sub {
			check(sub)
		}
	}
	for _, text := range []string{`\A\z`, `^(?-m:$)`, `(?s).`, `a|[^b]*`} {
		for _, word := range []bool{false, true} {
			re, err := Parse(text, Options{Word: word})
			if err != nil {
				t.Fatal(err)
			}
			check(re)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`[[:alpha:]\w]\<\Qx\E{2,3}`, true, true)
	f.Fuzz(func(t *testing.T, text string, word, smart bool) {
		re, err := Parse(text, Options{Word: word, SmartCase: smart})
		if err == nil && re == nil {
			t.Fatal("neither a tree nor an error")
		}
	})
}
