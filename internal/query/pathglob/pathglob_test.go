package pathglob

import (
	"errors"
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		patterns string // separated by blanks
		yes, no  string
	}{
		{"", "a.c x/y", ""},
		{"*.c", "a.c kernel/sched/core.c", "a.h a.cc c"},
		{"*.[ch]", "a.c b/a.h", "a.S a.[ch]"},
		{"!*.h", "a.c x/a.c", "a.h x/a.h"},
		{"*.c !test*", "a.c x/a.c", "test.c x/test_y.c test/a.c a.h"},
		{"*.c !test* test_me.c", "test_me.c", "test_you.c"},
		{"drivers", "drivers/net/a.c drivers x/drivers/y", "driver/a.c mydrivers"},
		{"drivers/", "drivers/net/a.c", "driver/a.c"},
		{"/drivers", "drivers/net/a.c", "x/drivers/a.c"},
		{"drivers/net", "drivers/net/a.c drivers/net", "x/drivers/net/a.c drivers/netx/a.c"},
		{"arch/*/kernel/*.S", "arch/arm/kernel/head.S", "arch/arm/x/kernel/head.S arch/arm/kernel/head.c"},
		{"**/include/**/*.h", "include/a.h arch/arm/include/asm/x/a.h include/linux/a.h", "includes/a.h include/a.c"},
		{"net/**", "net/a net/x/b", "net netx/a"},
		{"**", "a a/b", ""},
		{"a/**/b", "a/b a/x/b a/x/y/b/c", "a b x/a/b"},
		{"a/**/b/**/c", "a/b/c a/x/b/b/y/c", "a/c/b"},
		{"Kconfig*", "Kconfig x/Kconfig.debug", "MyKconfig"},
		{"?.c", "a.c é.c", "ab.c .c"},
		{"[!a-c]x", "dx", "ax bx"},
		{"[]x]y", "]y xy", "ay"},
		{`\*.c`, "*.c", "a.c"},
		{"a*b*c", "abc axxbyyc abcbc", "ab acb abcd"},
		{"/", "", ""},
	} {
		s, err := Compile(strings.Fields(tt.patterns)...)
		if tt.patterns == "/" {
			if err == nil {
				t.Error("/ compiled")
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for p := range strings.FieldsSeq(tt.yes) {
			if !s.Match(p) {
				t.Errorf("%q does not match %q", tt.patterns, p)
			}
		}
		for p := range strings.FieldsSeq(tt.no) {
			if s.Match(p) {
				t.Errorf("%q matches %q", tt.patterns, p)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	for _, p := range []string{"[", "a[b", "x/[!", "[]", "*[", "a*[b"} {
		if _, err := Compile(p); !errors.Is(err, ErrClass) {
			t.Errorf("%q: %v", p, err)
		}
	}
	if _, err := Compile(""); err == nil {
		t.Error("empty pattern compiled")
	}
	var none *Set
	if !none.Match("x") {
		t.Error("no set leaves files out")
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("a/**/*b*[!x-z]?", "a/b/c/xbyb")
	f.Fuzz(func(t *testing.T, p, path string) {
		s, err := Compile(p)
		if err != nil {
			return
		}
		s.Match(path)
	})
}
