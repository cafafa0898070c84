package c

import (
	"fmt"
	"strings"
	"testing"

	"dekho/internal/lang"
	"dekho/internal/lang/linkfacts"

	"github.com/google/go-cmp/cmp"
)

// extract lists the occurrences of src as "name role kind line".
func extract(src string) (occs []string, f *lang.Facts) {
	f = new(lang.Facts)
	new(extractor).Extract("x.c", []byte(src), f)
	for _, o := range f.Occs {
		r := o.Role.String()
		if k := o.Role.Kind(); k != "" {
			r = k
			if o.Role == lang.Declaration || o.Role == lang.ForwardType {
				r = o.Role.String()
			}
		}
		occs = append(occs, fmt.Sprintf("%s %s %d", src[o.Off:o.Off+uint32(o.Len)], r, o.Line))
	}
	return occs, f
}

func TestRoles(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		want      []string // must be among the occurrences
		not       []string // must not
	}{
		{
			"function", "static int __init foo(struct bar *b, int n)\n{\n\treturn baz(b->len, n);\n}\n",
			[]string{"foo function 1", "bar type 1", "b parameter 1", "n parameter 1", "baz call 3", "len member 3"},
			nil,
		},
		{
			"parameters with a tag", "int f(struct hw *(*get)(struct args *a, void *b), struct tag *t)\n{\n}\n",
			[]string{"f function 1", "hw type 1", "get parameter 1", "args type 1", "tag type 1", "t parameter 1"},
			[]string{"hw parameter 1"},
		},
		{"prototype", "extern int foo(int a);\nvoid bar(void) __printf(1, 2);\n", []string{"foo declaration 1", "bar declaration 2"}, []string{"a parameter 1"}},
		{"attribute before", "__printf(1, 2) void say(const char *fmt, ...)\n{\n}\n", []string{"say function 1"}, nil},
		{"attribute line", "__visible\nint main(void)\n{\n}\n", []string{"main function 2"}, nil},
		{"returns function pointer", "static void (*get(int x))(int)\n{\n}\n", []string{"get function 1"}, nil},
		{
			"struct", "struct foo {\n\tint a, *b;\n\tvoid (*open)(int);\n\tstruct { u32 inner; } c;\n\tunsigned int bits:3;\n};\n",
			[]string{"foo struct 1", "a member 2", "b member 2", "open member 3", "inner member 4", "c member 4", "bits member 5"},
			nil,
		},
		{"attribute tag", "struct __packed foo {\n\tint a;\n};\n", []string{"foo struct 1"}, nil},
		{"enum", "enum color { RED = 1 << 3, GREEN, BLUE = LAST };\n", []string{"color enum 1", "RED enumerator 1", "GREEN enumerator 1", "BLUE enumerator 1", "LAST read 1"}, nil},
		{
			"typedef", "typedef unsigned int u32;\ntypedef int (*fn_t)(void);\ntypedef struct foo { int x; } foo_t;\n",
			[]string{"u32 typedef 1", "fn_t typedef 2", "foo struct 3", "foo_t typedef 3"},
			nil,
		},
		{
			"variables", "static int a = 1, b;\nstruct foo *p __initdata = &q;\nextern int c;\nint (*hook)(void);\nchar name[10];\n",
			[]string{"a variable 1", "b variable 1", "p variable 2", "q address 2", "c declaration 3", "hook variable 4", "name variable 5"},
			nil,
		},
		{
			"registration", "static const struct file_operations fops = {\n\t.open = my_open,\n\t.release = &my_release,\n\t.flags = 1,\n};\n",
			[]string{"fops variable 1", "open designator 2", "my_open registration 2", "my_release registration 3"},
			nil,
		},
		{
			"dispatch and assignment", "void f(void)\n{\n\tops->open(x);\n\tdev->fn = handler;\n\tn += 2;\n\ti++;\n\tarr[3] = 4;\n\tg(&y);\n}\n",
			[]string{"open dispatch 3", "fn write 4", "handler registration 4", "n write 5", "i write 6", "arr write 7", "y address 8"},
			nil,
		},
		{
			"locals and labels", "int f(void)\n{\n\tint i, *p = 0;\n\tstruct foo x;\n\tu32 v = g();\n\tfor (int k = 0; k < 3; k++)\n\t\th(k);\nout:\n\treturn v ? a : b;\n}\n",
			[]string{"i local 3", "p local 3", "x local 4", "v local 5", "k local 6", "out label 8"},
			[]string{"a label 9"},
		},
		{"macro without semicolon", "MODULE_LICENSE(\"GPL\")\nstatic int after(void)\n{\n}\n", []string{"MODULE_LICENSE call 1", "after function 2"}, nil},
		{
			"syscall", "SYSCALL_DEFINE3(read, unsigned int, fd, char __user *, buf, size_t, count)\n{\n\treturn ksys_read(fd);\n}\nint next(void)\n{\n}\n",
			[]string{"SYSCALL_DEFINE3 call 1", "ksys_read call 3", "next function 5"},
			nil,
		},
		{"macros", "#define FOO(a, b) bar(a) + \\\n\tbaz(b)\n#define N 3\n", []string{"FOO macro 1", "bar macro-body 1", "baz macro-body 2", "N macro 3"}, []string{"a macro-body 1"}},
		{
			"unbalanced arms", "int f(int x)\n{\n#ifdef A\n\tif (x) {\n#else\n\tif (!x) {\n#endif\n\t\tg();\n\t}\n\treturn 0;\n}\nint after(void)\n{\n\treturn 1;\n}\n",
			[]string{"f function 1", "g call 8", "after function 12"},
			nil,
		},
		{
			"two heads", "#ifdef A\nstatic int foo(int a)\n#else\nstatic int foo(int a, int b)\n#endif\n{\n\treturn 0;\n}\nint after(void) { return 1; }\n",
			[]string{"foo function 2", "foo function 4", "after function 9"},
			nil,
		},
		{"if 0", "#if 0\nint gone(void) { }\n#else\nint here(void) { }\n#endif\n", []string{"here function 4"}, []string{"gone function 2"}},
		{"linkage", "#ifdef __cplusplus\nextern \"C\" {\n#endif\nint f(void);\n#ifdef __cplusplus\n}\n#endif\nint g;\n", []string{"f declaration 4", "g variable 8"}, nil},
		{"comments", "/* int no; */ int yes; // int never;\nchar *s = \"int neither;\";\n", []string{"yes variable 1", "s variable 2"}, []string{"no variable 1", "never variable 1"}},
		{"struct group", "struct s {\n\tstruct_group(head,\n\t\tint a;\n\t\tint b;\n\t);\n\tint c;\n};\n", []string{"a member 3", "b member 4", "c member 6"}, nil},
		{
			"compatible", "static const struct of_device_id ids[] = {\n\t{ .compatible = \"fsl,imx7d-gpc\" },\n\t{ .compatible = \"syscon\", .data = &x },\n};\n" +
				"TIMER_OF_DECLARE(gpt, \"fsl,gpt\", gpt_init);\nint f(void)\n{\n\tif (of_machine_is_compatible(\"fixed-clock\"))\n\t\tpr_info(\"not, a name\", \"a,b c\", \"%d,%d\", \"1,2\", \"nasa,rover\");\n}\n" +
				"#define DEV(x) { .compatible = \"esa,\" #x, \"esa,orbiter\" }\n",
			[]string{
				"fsl,imx7d-gpc registration 2", "syscon registration 3", "fsl,gpt registration 5", "fixed-clock read 8",
				"nasa,rover read 9", "esa,orbiter macro-body 11",
			},
			[]string{"not, a name read 9", "a,b c read 9", "%d,%d read 9", "1,2 read 9", "esa, macro-body 11"},
		},
		{
			"before prototypes", "static int f(a, b, c)\n\tint a, b;\n\tchar *c[];\n{\n\treturn a;\n}\nmain(argc, argv) char **argv; { g(); }\nMODULE(a)\nint x;\nint h(a) __printf(1, 2);\nint y;\n",
			[]string{"f function 1", "a parameter 2", "b parameter 2", "c parameter 3", "a read 5", "main function 7", "argv parameter 7", "g call 7", "MODULE call 8", "x variable 9", "h declaration 10", "y variable 11"},
			[]string{"a variable 2", "c variable 3", "f declaration 1"},
		},
		{"conditions", "#if defined(CONFIG_A) && !defined(CONFIG_B)\nint a;\n#endif\n", []string{"CONFIG_A condition 1", "CONFIG_B condition 1"}, nil},
		{
			"assembly at file scope", "asm(\".pushsection .text, \\\"ax\\\"\\n\"\n    \".global go_there\\n\"\n    \"go_there:\\n\\tcall helper\\n\"\n    \"1: jmp *%rax; .data; a_word: .long 0\\n\");\nint after(void) { asm(\"inside:\"); }\n",
			[]string{"go_there declaration 2", "go_there function 3", "helper call 3", "a_word variable 4", "after function 5"},
			[]string{"inside function 5"},
		},
		{
			"assembler macros", "#ifdef __ASSEMBLY__\n\t.macro\tsave, reg, n=1\n\tstr\t\\reg, [sp, #THREAD_SIZE]\n\tbl\ttrace_it\n\t.endm\n.macro second\n.endm\n#else\nint a;\n#endif\n",
			[]string{"save macro 2", "THREAD_SIZE macro-body 3", "trace_it macro-body 4", "second macro 6", "a variable 9"},
			[]string{"reg macro-body 3", "str macro-body 3"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := extract(tt.src)
			have := make(map[string]bool)
			for _, g := range got {
				have[g] = true
			}
			for _, w := range tt.want {
				if !have[w] {
					t.Errorf("missing %q in\n%s", w, strings.Join(got, "\n"))
				}
			}
			for _, n := range tt.not {
				if have[n] {
					t.Errorf("unwanted %q", n)
				}
			}
		})
	}
}

func TestFuncsAndConds(t *testing.T) {
	src := "int f(void)\n{\n}\n#ifdef CONFIG_SMP\nint g(void)\n{\n\treturn 1;\n}\n#else\nint g(void) { return 0; }\n#endif\n"
	_, f := extract(src)
	var got []string
	for _, fn := range f.Funcs {
		got = append(got, fmt.Sprintf("%s %d-%d", src[fn.Name.Off:fn.Name.Off+fn.Name.Len], fn.Start, fn.End))
	}
	for _, c := range f.Conds {
		got = append(got, fmt.Sprintf("%s %d %d-%d", src[c.Expr.Off:c.Expr.Off+c.Expr.Len], c.Kind, c.Start, c.End))
	}
	want := []string{"f 1-3", "g 5-8", "g 10-10", "CONFIG_SMP 1 5-8", "CONFIG_SMP 3 10-10"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// facts lists the log facts of src, a line each.
func facts(t *testing.T, src string) []string {
	t.Helper()
	_, f := extract(src)
	var out []string
	r := linkfacts.NewReader(f.Link)
	for rec := r.Next(); rec != nil; rec = r.Next() {
		if rec.Tag == linkfacts.TagOps {
			continue // see TestOps
		}
		var args []string
		for _, a := range rec.Args {
			args = append(args, string(a))
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%c %d %s [%s] %s %s", rec.Tag, rec.Line, rec.Name, strings.Join(args, "|"), rec.Params, rec.Body)))
	}
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	return out
}

func TestLogFacts(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		want      []string
	}{
		{
			"statement", "int f(void)\n{\n\tpr_err(\"x %d\" /* why */\n\t       \"y\\n\", a[1], g(b, c));\n}\n",
			[]string{"F 1 f []", `S 3 pr_err ["x %d" "y\n"|a[1]|g(b, c)]`, "E 0  []"},
		},
		{
			"arms inside", "int f(void)\n{\n\tprintk(\"a %d\"\n#ifdef CONFIG_X\n\t\t\" b %d\"\n#endif\n\t\t\"\\n\", x\n#ifdef CONFIG_X\n\t\t, y\n#endif\n\t\t);\n}\n",
			[]string{"F 1 f []", `S 3 printk ["a %d" " b %d" "\n"|x|y]`, `S 3 printk ["a %d" "\n"|x|y]`, `S 3 printk ["a %d" " b %d" "\n"|x]`, `S 3 printk ["a %d" "\n"|x]`, "E 0  []"},
		},
		{
			"wrapper", "void say(struct dev *d, const char *fmt, ...)\n{\n\tvprintk(fmt, args);\n}\n",
			[]string{"F 1 say [] struct dev *d, const char *fmt, ... void", "S 3 vprintk [fmt|args]", "E 0  []"},
		},
		{"macro", "#define pr_fmt(fmt) KBUILD_MODNAME \": \" fmt\n", []string{`M 1 pr_fmt [] fmt KBUILD_MODNAME ": " fmt`}},
		{"text variable", "static const char version[] = \"v1 \" __DATE__;\n", []string{`M 1 version []  "v1 " __DATE__`}},
		{"driver", "static struct platform_driver d = {\n\t.probe = p,\n\t.driver = { .name = \"imx-sdma\" },\n};\n", []string{"D 0  []", `N 0 "imx-sdma" []`}},
		{"outside the kernel", "#ifndef __KERNEL__\n#define pr_err(x) fprintf(stderr, x)\n#endif\n", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, facts(t, tt.src)); d != "" {
				t.Error(d)
			}
		})
	}
}

// sample has every construct that the parser treats in its own way.
const sample = `#include "x.h"
#ifdef CONFIG_A
#define LOG(fmt, ...) pr_info("a: " fmt "\n", ##__VA_ARGS__)
#elif defined(B)
struct a { union { int x; } y; enum z { Q = 1, R } w; };
#else
typedef int (*t)(void);
#endif
static const struct ops o = { .open = f, .name = "n", [3] = { 1, }, };
DEFINE_MUTEX(m)
int f(int a, char *b[])
{
	struct q *p = (struct q *)a;
l:	switch (a) { case 1: LOG("%s", b); break; default: goto l; }
	return ({ int k = 'x'; p->go(&k, "\"\\"); });
}
`

func TestEveryPrefix(t *testing.T) {
	var x extractor
	var f lang.Facts
	for n := range len(sample) {
		f.Reset()
		x.Extract("x.c", []byte(sample[:n]), &f)
		check(t, []byte(sample[:n]), &f)
	}
}

// check holds facts against what every extractor promises.
func check(t *testing.T, src []byte, f *lang.Facts) {
	t.Helper()
	last, line := uint32(0), 1
	for i, o := range f.Occs {
		if int(o.Off)+int(o.Len) > len(src) || o.Len == 0 || o.Line == 0 {
			t.Fatalf("occurrence %+v outside of %d bytes", o, len(src))
		}
		if i > 0 && o.Off < last {
			t.Fatalf("occurrence %d at %d behind one at %d", i, o.Off, last)
		}
		line += strings.Count(string(src[last:o.Off]), "\n")
		last = o.Off
		if int(o.Line) != line {
			t.Fatalf("%q is on line %d, not %d", src[o.Off:o.Off+uint32(o.Len)], line, o.Line)
		}
		if int(o.Role) >= lang.NumRoles {
			t.Fatalf("role %d", o.Role)
		}
	}
	for _, fn := range f.Funcs {
		if int(fn.Name.Off+fn.Name.Len) > len(src) || fn.End < fn.Start {
			t.Fatalf("function %+v", fn)
		}
	}
	line = 0
	for _, s := range f.Scopes {
		if int(s.Name.Off+s.Name.Len) > len(src) || s.End < s.Start || int(s.Start) < line {
			t.Fatalf("scope %+v behind one at line %d", s, line)
		}
		line = int(s.Start)
	}
	for _, c := range f.Conds {
		if int(c.Expr.Off+c.Expr.Len) > len(src) {
			t.Fatalf("condition %+v", c)
		}
	}
	r := linkfacts.NewReader(f.Link)
	for rec := r.Next(); rec != nil; rec = r.Next() {
		if rec.Tag == linkfacts.TagOps {
			var ops linkfacts.OpsReader
			ops.Reset(rec.Body)
			for ops.Next() != nil {
			}
			if ops.Err() != nil {
				t.Fatal(ops.Err())
			}
		}
	}
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
}

func FuzzExtract(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("\t.macro\tsave, r\n#if X\n\tbl it_is /* \n */ @ c\n#endif\n.endm\nasm(\".globl a\\na: call b\\n\\\n c: \");\n"))
	f.Add([]byte("#if 1\n#else\n}}))]]\n#endif\n{([\n"))
	f.Add([]byte("#define A(\nstruct {;\n\"\\\n'"))
	f.Fuzz(func(t *testing.T, src []byte) {
		var a, b lang.Facts
		new(extractor).Extract("x.c", src, &a)
		check(t, src, &a)
		new(extractor).Extract("x.c", src, &b)
		if d := cmp.Diff(a, b); d != "" {
			t.Fatal("not deterministic: " + d)
		}
	})
}
