package highlight

import (
	"slices"
	"strings"
	"testing"
)

// marked writes a text with its spans marked: <k:if>.
func marked(name, text string) string {
	var b strings.Builder
	at := 0
	for _, s := range New(name, []byte(text)).To(len(text)) {
		b.WriteString(text[at:s.Off])
		b.WriteString("<" + string("pcsnktdfv"[s.Class]) + ":" + text[s.Off:s.End] + ">")
		at = int(s.End)
	}
	return b.String() + text[at:]
}

func TestClasses(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a.c", "static int f(struct foo *p) { return 0x1f; } // x", "<k:static> <t:int> <f:f>(<k:struct> <t:foo> *p) { <k:return> <n:0x1f>; } <c:// x>"},
		{
			"a.c", "/* a\n * b */\n#include <linux/fs.h>\n#define A(x) #x \"s\"\nsize_t n;",
			"<c:/* a\n * b */>\n<d:#include> <s:<linux/fs.h>>\n<d:#define> <f:A>(x) #x <s:\"s\">\n<t:size_t> n;",
		},
		{"a.c", "class x;", "class <t:x>;"},
		{"a.cpp", "class x { virtual void f(); };", "<k:class> <t:x> { <k:virtual> <t:void> <f:f>(); };"},
		{"Makefile", "obj-$(CONFIG_X) += a.o # why\nifdef Y", "obj-<v:$(CONFIG_X)> += a.o <c:# why>\n<k:ifdef> Y"},
		{"Kconfig", "config FOO\n\tbool \"Foo\"\n\tdepends on BAR", "<k:config> FOO\n\t<t:bool> <s:\"Foo\">\n\t<k:depends> <k:on> BAR"},
		{
			"a.dts", "#include \"a.dtsi\"\nnode: x@1 { #size-cells = <1>; /* c\nc */ };",
			"<d:#include> <s:\"a.dtsi\">\n<d:node>: x@<n:1> { #size-cells = <<n:1>>; <c:/* c\n><c:c */> };",
		},
		{"a.py", "def f():\n  \"\"\"a\n  b\"\"\"\n  return 'x' # c", "<k:def> <f:f>():\n  <s:\"\"\"a\n><s:  b\"\"\">\n  <k:return> <s:'x'> <c:# c>"},
		{"a.rst", "Title\n=====\n.. note:: x\na ``b`` c", "Title\n<k:=====>\n<d:.. note:: x>\na <s:``b``> c"},
		{"a.yaml", "key: value # c\n- a-b: 'x'", "<d:key>: value <c:# c>\n- a-b: <s:'x'>"},
		{"tool", "#!/bin/sh\nif x; then echo $Y \"z\"; fi", "<c:#!/bin/sh>\n<k:if> x; <k:then> echo <v:$Y> <s:\"z\">; <k:fi>"},
		{"a.txt", "if x", "if x"},
	} {
		if got := marked(test.name, test.text); got != test.want {
			t.Errorf("%s %q:\n got %q\nwant %q", test.name, test.text, got, test.want)
		}
	}
}

// TestPieces reads a file in pieces and at once: the pieces must not show.
func TestPieces(t *testing.T) {
	text := []byte(strings.Repeat("/* a\n long comment */ int x = 1; /* b */ #define\n#define A \\\n\t1\nchar *s = \"x\";\n", 5000))
	whole := New("a.c", text).To(len(text))
	parts := New("a.c", text)
	for n := 0; n < len(text); n += 777 {
		parts.To(n)
	}
	if got := parts.To(len(text)); !slices.Equal(got, whole) {
		t.Errorf("%d spans in pieces, %d at once", len(got), len(whole))
	}
	// One comment without an end, longer than any piece.
	open := []byte("/*" + strings.Repeat("x\n", 1<<20))
	if got := New("a.c", open).To(10); len(got) != 1 || int(got[0].End) != len(open) {
		t.Errorf("%v", got)
	}
}

// FuzzText wants spans in order and in the file, and reading to make progress.
func FuzzText(f *testing.F) {
	for _, name := range []string{"a.c", "a.cc", "Makefile", "a.dts", "a.sh", "a.py", "a.rst", "a.rs"} {
		f.Add(name, "int x; /* c */ \"s\" # y\n$(z) '''\n`", 5)
	}
	f.Fuzz(func(t *testing.T, name, text string, step int) {
		h := New(name, []byte(text))
		for n := 0; n < len(text); n += max(1, step&0xff) {
			h.To(n)
		}
		at := uint32(0)
		for _, s := range h.To(len(text)) {
			if s.Off < at || s.End <= s.Off || int(s.End) > len(text) {
				t.Fatalf("span %v behind %d in %d bytes", s, at, len(text))
			}
			at = s.End
		}
		if h.Done() != len(text) {
			t.Fatalf("read %d of %d bytes", h.Done(), len(text))
		}
	})
}
