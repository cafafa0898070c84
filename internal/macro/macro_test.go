package macro

import (
	"slices"
	"strings"
	"testing"

	"dekho/internal/lang"
	"dekho/internal/lang/c"

	"github.com/rogpeppe/go-internal/txtar"
)

// input is a tree in memory, extracted.
type input struct {
	paths    []string
	links    [][]byte
	includes [][]string
}

func (in *input) NumFiles() int                   { return len(in.paths) }
func (in *input) Path(i int) string               { return in.paths[i] }
func (in *input) LinkFacts(i int) ([]byte, error) { return in.links[i], nil }
func (in *input) Includes(i int) []string         { return in.includes[i] }

func load(t testing.TB, archive string) *Table {
	t.Helper()
	in := &input{}
	files := txtar.Parse([]byte(archive)).Files
	slices.SortFunc(files, func(x, y txtar.File) int { return strings.Compare(x.Name, y.Name) })
	for _, file := range files {
		var f lang.Facts
		c.Language().New().Extract(file.Name, file.Data, &f)
		var incs []string
		for _, i := range f.Includes {
			incs = append(incs, string(file.Data[i.Path.Off:i.Path.Off+i.Path.Len]))
		}
		in.paths = append(in.paths, file.Name)
		in.links = append(in.links, f.Link)
		in.includes = append(in.includes, incs)
	}
	table, err := Load(in)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// one is the only macro of a text.
func one(t testing.TB, define string) *Def {
	t.Helper()
	table := load(t, "-- a.h --\n"+define+"\n")
	if len(table.Names()) != 1 || table.NumDefs() != 1 {
		t.Fatalf("%q defines %q", define, table.Names())
	}
	return table.Lookup(table.Names()[0]).All[0]
}

func text(ts []Token) string {
	words := make([]string, len(ts))
	for i := range ts {
		words[i] = ts[i].Text
	}
	return strings.Join(words, " ")
}

func TestParams(t *testing.T) {
	for _, tt := range []struct {
		define, params, rest string
		function             bool
	}{
		{"#define A x", "", "", false},
		{"#define A (x)", "", "", false},
		{"#define A() 1", "", "", true},
		{"#define A( x ,y ) x", "x y", "", true},
		{"#define A(...) 1", "", "__VA_ARGS__", true},
		{"#define A(x, ...) x", "x", "__VA_ARGS__", true},
		{"#define A(x, args...) x", "x", "args", true},
		{"#define A(x, args ...) x", "x", "args", true},
		{"#define A(x, \\\n\t y) x", "x y", "", true},
	} {
		m := one(t, tt.define)
		if got := strings.Join(m.Params, " "); got != tt.params || m.Rest != tt.rest || m.Function != tt.function {
			t.Errorf("%s: parameters %q, rest %q, function %t", tt.define, got, m.Rest, m.Function)
		}
		for i, p := range strings.Fields(tt.params) {
			if m.ParamIndex(p) != i {
				t.Errorf("%s: %s is parameter %d", tt.define, p, m.ParamIndex(p))
			}
		}
		if tt.rest != "" && m.ParamIndex(tt.rest) != len(m.Params) {
			t.Errorf("%s: the rest is parameter %d", tt.define, m.ParamIndex(tt.rest))
		}
		if i := m.ParamIndex("other"); i != -1 {
			t.Errorf("%s: other is parameter %d", tt.define, i)
		}
	}
}

func TestSubstitute(t *testing.T) {
	for _, tt := range []struct{ name, define, args, want string }{
		{"parameters", "#define A(x, y) y(x)", "1, f", "f ( 1 )"},
		{"several tokens", "#define A(x) [x]", "a + b", "[ a + b ]"},
		{"commas in parentheses", "#define A(x) x", "f(a, b)", "f ( a , b )"},
		{"missing argument", "#define A(x, y) x y;", "1", "1 ;"},
		{"without parameters", "#define A x # y", "", "x # y"},
		{"string", `#define A(x) #x`, `a  +b`, `"a+b"`},
		{"string of words", `#define A(x) #x`, `struct  page`, `"struct page"`},
		{"string of a string", `#define A(x) #x`, `"a\n"`, `"\"a\\n\""`},
		{"string of the rest", `#define A(...) #__VA_ARGS__`, `a, b`, `"a,b"`},
		{"no parameter behind #", "#define A(x) #y x", "1", "# y 1"},
		{"paste", "#define A(x, y) x##y", "a, b", "ab"},
		{"paste of the body", "#define A(x) get_ ## x ## _ops", "inode", "get_inode_ops"},
		{"paste with a number", "#define A(x) x##32", "u", "u32"},
		{"paste of several tokens", "#define A(x, y) x##y", "a b, c d", "a bc d"},
		{"paste with nothing before", "#define A(x, y) x##y", ", b", "b"},
		{"paste with nothing behind", "#define A(x, y) x##y;", "a, ", "a ;"},
		{"paste of punctuation", "#define A(x) -##x", "1", "- 1"},
		{"rest", "#define A(x, ...) f(__VA_ARGS__) x", "1, 2, 3", "f ( 2 , 3 ) 1"},
		{"named rest", "#define A(x, args...) f(args)", "1, 2, 3", "f ( 2 , 3 )"},
		{"no rest", "#define A(x, ...) f(x, __VA_ARGS__)", "1", "f ( 1 , )"},
		{"comma and rest", "#define A(x, ...) f(x, ## __VA_ARGS__)", "1, 2, 3", "f ( 1 , 2 , 3 )"},
		{"comma and no rest", "#define A(x, ...) f(x, ## __VA_ARGS__)", "1", "f ( 1 )"},
		{"comma and no named rest", "#define A(x, args...) f(x, ##args)", "1", "f ( 1 )"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := text(one(t, tt.define).Substitute(Split(tt.args))); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestAppendExpanded wants arguments expanded on their way, but for
// operands of # and ##.
func TestAppendExpanded(t *testing.T) {
	expand := func(ts []Token) []Token {
		out := []Token{{Kind: c.Punct, Text: "<"}}
		return append(append(out, ts...), Token{Kind: c.Punct, Text: ">"})
	}
	for _, tt := range []struct{ define, args, want string }{
		{"#define A(x) x", "a", "< a >"},
		{"#define A(x) #x x", "a", `"a" < a >`},
		{"#define A(x) x##_f x", "a", "a_f < a >"},
		{"#define A(x) f_##x x", "a", "f_a < a >"},
		{"#define A(x) f_##x##_g x", "a", "f_a_g < a >"},
		{"#define A(x, ...) f(x, ##__VA_ARGS__)", "a, b", "f ( < a > , b )"},
		{"#define A(x, ...) f(__VA_ARGS__)", "a, b, c", "f ( < b , c > )"},
	} {
		if got := text(one(t, tt.define).AppendExpanded(nil, Split(tt.args), expand)); got != tt.want {
			t.Errorf("%s of %s: got %s, want %s", tt.define, tt.args, got, tt.want)
		}
	}
}

// TestGrowth substitutes a great argument into a body that repeats it.
func TestGrowth(t *testing.T) {
	m := one(t, "#define A(x) "+strings.Repeat("x ", 1000))
	if n := len(m.Substitute(Split(strings.Repeat("a ", 1000)))); n > MaxExpansion+1000 {
		t.Errorf("%d tokens", n)
	}
}

func TestGroup(t *testing.T) {
	for _, tt := range []struct {
		text string
		args []string
		next int
		ok   bool
	}{
		{"()", nil, 2, true},
		{"(a)", []string{"a"}, 3, true},
		{"(a, b) c", []string{"a", "b"}, 5, true},
		{"(,)", []string{"", ""}, 3, true},
		{"(f(a, b), c)", []string{"f ( a , b )", "c"}, 10, true},
		{"({ a, b })", []string{"{ a", "b }"}, 7, true}, // as the preprocessor has it
		{"(a, (b)", nil, 6, false},
		{"(", nil, 1, false},
	} {
		args, next, ok := Group(Lex(nil, tt.text), 0)
		var got []string
		for _, a := range args {
			got = append(got, text(a))
		}
		if !slices.Equal(got, tt.args) || next != tt.next || ok != tt.ok {
			t.Errorf("%s: %q, %d, %t", tt.text, got, next, ok)
		}
	}
}

func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"a", []string{"a"}},
		{"a, b c", []string{"a", "b c"}},
		{"a,", []string{"a", ""}},
		{",", []string{"", ""}},
		{`f(a, b), "x, y"`, []string{"f ( a , b )", `"x, y"`}},
	} {
		var got []string
		for _, a := range Split(tt.text) {
			got = append(got, text(a))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q", tt.text, got)
		}
	}
}

// views is a tree whose headers define the same names.
const views = `
-- include/linux/log.h --
#ifndef log_fmt
#define log_fmt(f) f
#endif
#define log(f) print(log_fmt(f))
-- include/linux/alone.h --
#define only value(1)
#if X
#define arms value(1)
#else
#define arms value(2)
#endif
-- include/asm-generic/page.h --
#define page_shift value(12)
-- include/linux/a/size.h --
#define size value(1)
-- include/linux/b/size.h --
#define size value(2)
-- arch/arm/include/asm/reg.h --
#define reg value(1)
-- arch/x86/include/asm/reg.h --
#define reg value(2)
-- arch/x86/um/shared.h --
#define um_only value(1)
-- arch/arm/mach-x/own.h --
#define mach value(1)
-- arch/arm/mach-x/a.c --
#include "own.h"
-- drivers/net/one/hw.h --
#define hw value(1)
#define log_fmt(f) "one: " f
#include "deep.h"
-- drivers/net/one/deep.h --
#define depth value(1)
-- drivers/net/one/a.c --
#include "hw.h"
#define mine value(1)
#define hw_local hw
-- drivers/net/two/hw.h --
#define hw value(2)
#define depth value(2)
-- drivers/net/two/b.c --
#include "hw.h"
#define only value(2)
-- drivers/net/two/name.c --
char two_name[] = "two";
static const char secret[] = "x";
-- kernel/c.c --
#include <linux/b/size.h>
-- tools/lib/hw.h --
#define hw value(3)
#define only value(3)
-- tools/lib/t.c --
#include "hw.h"
`

func TestVisible(t *testing.T) {
	table := load(t, views)
	v := table.View()
	for _, tt := range []struct{ name, file, want string }{
		{"own definition", "drivers/net/one/a.c mine", "drivers/net/one/a.c:2"},
		{"own before a common header's", "drivers/net/two/b.c only", "drivers/net/two/b.c:2"},
		{"common header, not included", "kernel/c.c arms", "include/linux/alone.h:3 include/linux/alone.h:5"},
		{"private header", "drivers/net/one/a.c hw", "drivers/net/one/hw.h:1"},
		{"private header of a neighbour", "drivers/net/two/b.c hw", "drivers/net/two/hw.h:1"},
		{"header of a header", "drivers/net/one/a.c depth", "drivers/net/one/deep.h:1"},
		{"private header from afar", "kernel/c.c hw", ""},
		{"another file's own", "kernel/c.c mine", ""},
		{"private header redefines a default", "drivers/net/one/a.c log_fmt", "drivers/net/one/hw.h:2"},
		{"the default", "kernel/c.c log_fmt", "include/linux/log.h:2"},
		{"the header that is included", "kernel/c.c size", "include/linux/b/size.h:1"},
		{"own architecture", "arch/arm/mach-x/a.c reg", "arch/arm/include/asm/reg.h:1"},
		{"private header of an architecture", "arch/arm/mach-x/a.c mach", "arch/arm/mach-x/own.h:1"},
		{"tools have their own", "tools/lib/t.c hw", "tools/lib/hw.h:1"},
		{"variable with a constant text", "kernel/c.c two_name", "drivers/net/two/name.c:1"},
		{"static variable", "kernel/c.c secret", ""},
		{"no such macro", "kernel/c.c none", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path, name, _ := strings.Cut(tt.file, " ")
			file, ok := table.FileByPath(path)
			if !ok {
				t.Fatalf("no file %s", path)
			}
			for range 2 { // what is remembered is the same
				var got []string
				for _, m := range v.Visible(name, file) {
					got = append(got, table.Files[m.File].Path+":"+string(rune('0'+m.Line)))
				}
				if strings.Join(got, " ") != tt.want {
					t.Errorf("%s sees %s, want %s", path, got, tt.want)
				}
			}
		})
	}
}

func TestNames(t *testing.T) {
	table := load(t, views)
	d := table.Lookup("hw")
	if d == nil || len(d.All) != 3 || len(d.Headers) != 3 {
		t.Fatalf("definitions of hw: %+v", d)
	}
	for i := 1; i < len(d.All); i++ {
		if d.All[i-1].File >= d.All[i].File {
			t.Error("definitions are not in the order of their files")
		}
	}
	if table.Names()[d.Number] != "hw" {
		t.Errorf("name %d is %s", d.Number, table.Names()[d.Number])
	}
	seen := make([]bool, table.NumDefs())
	for _, name := range table.Names() {
		for _, m := range table.Lookup(name).All {
			if m.Name != name || seen[m.ID] {
				t.Errorf("%s has the definition %+v", name, m)
			}
			seen[m.ID] = true
		}
	}
	if slices.Contains(seen, false) {
		t.Error("a definition has no name")
	}
	if !table.Lookup("log_fmt").All[1].Guarded {
		t.Error("a default is not marked")
	}
	for path, arch := range map[string]string{"arch/arm/mach-x/a.c": "arm", "arch/x86/um/shared.h": "um", "kernel/c.c": ""} {
		f, _ := table.FileByPath(path)
		if got := table.Files[f].Arch; got != arch {
			t.Errorf("%s is for %q", path, got)
		}
	}
}

func TestResolveInclude(t *testing.T) {
	table := load(t, `
-- include/linux/a.h --
-- include/uapi/linux/u.h --
-- include/asm-generic/bug.h --
-- arch/arm/include/asm/bug.h --
-- arch/arm/include/asm/mach/x.h --
-- arch/x86/include/asm/only.h --
-- drivers/net/one/a.h --
-- drivers/net/one/sub/b.h --
-- drivers/net/common/far.h --
-- drivers/usb/common/far.h --
-- drivers/net/one/main.c --
-- arch/arm/kernel/main.c --
-- main.c --
`)
	for _, tt := range []struct{ from, include, want string }{
		{"drivers/net/one/main.c", "a.h", "drivers/net/one/a.h"},
		{"drivers/net/one/main.c", "sub/b.h", "drivers/net/one/sub/b.h"},
		{"drivers/net/one/main.c", "./a.h", "drivers/net/one/a.h"},
		{"drivers/net/one/main.c", "../common/far.h", "drivers/net/common/far.h"},
		{"drivers/net/one/main.c", "common/far.h", "drivers/net/common/far.h"}, // by a -I of its makefile
		{"drivers/net/one/main.c", "linux/a.h", "include/linux/a.h"},
		{"drivers/net/one/main.c", "linux/u.h", "include/uapi/linux/u.h"},
		{"drivers/net/one/main.c", "asm/bug.h", "include/asm-generic/bug.h"},
		{"drivers/net/one/main.c", "asm/only.h", "arch/x86/include/asm/only.h"},
		{"arch/arm/kernel/main.c", "asm/bug.h", "arch/arm/include/asm/bug.h"},
		{"arch/arm/kernel/main.c", "asm/mach/x.h", "arch/arm/include/asm/mach/x.h"},
		{"drivers/net/one/main.c", "no/such.h", ""},
		{"drivers/net/one/main.c", "", ""},
		{"main.c", "../../../include/linux/a.h", "include/linux/a.h"}, // not out of the tree
	} {
		from, _ := table.FileByPath(tt.from)
		h, ok := table.ResolveInclude(&table.Files[from], tt.include)
		got := ""
		if ok {
			got = table.Files[h].Path
		}
		if got != tt.want {
			t.Errorf("%s in %s is %q, want %q", tt.include, tt.from, got, tt.want)
		}
	}
}

func TestCleanJoin(t *testing.T) {
	for _, tt := range []struct{ dir, rel, want string }{
		{"", "a.h", "a.h"},
		{"a/b/", "c.h", "a/b/c.h"},
		{"a/b/", "../c.h", "a/c.h"},
		{"a/b/", "./.././../../c.h", "c.h"},
	} {
		if got := CleanJoin(tt.dir, tt.rel); got != tt.want {
			t.Errorf("%q, %q: %q, want %q", tt.dir, tt.rel, got, tt.want)
		}
	}
}

// FuzzSubstitute substitutes into hostile bodies.
func FuzzSubstitute(f *testing.F) {
	f.Add("x, y...", "x ## y, ## __VA_ARGS__ #x", "a, b, c")
	f.Add("a, b", "a##b##a # # ## a", "(, ), \"")
	f.Add("", "## # ...", "")
	f.Fuzz(func(t *testing.T, params, body, args string) {
		m := &Def{Name: "m", Function: true, Body: body}
		m.parse(params)
		given := Split(args)
		n := 0
		for _, a := range given {
			n += len(a) + 1
		}
		same := func(ts []Token) []Token { return ts }
		if got := m.AppendExpanded(nil, given, same); len(got) > MaxExpansion+n {
			t.Errorf("%d tokens", len(got))
		}
		for i, tok := range m.Tokens() {
			if tok.Kind == c.Open {
				Group(m.Tokens(), i)
			}
		}
	})
}
