package xref

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"dekho/internal/lang"
	"dekho/internal/lang/all"
	"dekho/internal/macro"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// input is a tree in memory, extracted.
type input struct {
	paths    []string
	links    [][]byte
	includes [][]string
	defs     map[string][]definition
}

type definition struct {
	file int
	line uint32
	role lang.Role
}

func (in *input) NumFiles() int                   { return len(in.paths) }
func (in *input) Path(i int) string               { return in.paths[i] }
func (in *input) LinkFacts(i int) ([]byte, error) { return in.links[i], nil }
func (in *input) Includes(i int) []string         { return in.includes[i] }

func (in *input) Definitions(name string, fn func(file int, line uint32, role lang.Role)) error {
	for _, d := range in.defs[name] {
		fn(d.file, d.line, d.role)
	}
	return nil
}

// function reports whether the tree defines a function of that name.
func (in *input) function(name []byte) bool {
	return slices.ContainsFunc(in.defs[string(name)], func(d definition) bool { return d.role == lang.DefFunction })
}

func extractTree(a *txtar.Archive) *input {
	in := &input{defs: make(map[string][]definition)}
	slices.SortFunc(a.Files, func(x, y txtar.File) int { return strings.Compare(x.Name, y.Name) })
	for i, file := range a.Files {
		var f lang.Facts
		for _, l := range all.Languages() {
			if l.Match(file.Name) {
				l.New().Extract(file.Name, file.Data, &f)
				break
			}
		}
		for _, o := range f.Occs {
			switch o.Role {
			case lang.DefFunction, lang.DefStruct, lang.DefUnion, lang.DefTypedef, lang.DefVariable:
				name := string(file.Data[o.Off : o.Off+uint32(o.Len)])
				in.defs[name] = append(in.defs[name], definition{i, o.Line, o.Role})
			default:
			}
		}
		var incs []string
		for _, i := range f.Includes {
			incs = append(incs, string(file.Data[i.Path.Off:i.Path.Off+i.Path.Len]))
		}
		in.paths = append(in.paths, file.Name)
		in.links = append(in.links, f.Link)
		in.includes = append(in.includes, incs)
	}
	return in
}

func linkInto(in *input, w io.Writer) (Stats, error) {
	table, err := macro.Load(in)
	if err != nil {
		return Stats{}, err
	}
	return Link(in, table, in.function, w)
}

func readTree(t testing.TB) *txtar.Archive {
	t.Helper()
	a, err := txtar.ParseFile("testdata/tree.txtar")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func linkBytes(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := linkInto(extractTree(readTree(t)), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func linkTree(t testing.TB) *Map {
	t.Helper()
	m, err := Open(linkBytes(t))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestInFile wants what the uses of macros in each file make, all of it and
// nothing else.
func TestInFile(t *testing.T) {
	m := linkTree(t)
	for _, tt := range []struct {
		path string
		want []string
	}{
		{"include/linux/flags.h", []string{
			"6 function TestDirty FLAG:5", "6 function SetDirty FLAG:5", "6 function ClearDirty FLAG:5",
			"7 function TestClean FLAG_FUNCS:1", "7 function SetClean FLAG_FUNCS:1", "7 function ClearClean CLEAR_FUNC:4",
		}},
		// The header is read once for each stage, with another EVENT each time.
		{"include/trace/events/box.h", []string{
			"2 function trace_box_open EVENT:2", "2 struct event_raw_box_open EVENT:2", "2 variable event_box_open EVENT:2",
		}},
		// Neither counters nor entries of the symbol table are names to ask for.
		{"kernel/attr.c", []string{"2 variable attr_uevent ATTR_RO:2"}},
		{"kernel/calls.c", []string{
			"2 function sys_openfile CALL2:6", "2 function __do_sys_openfile CALL2:6",
			"6 function sys_closefile CALL1:5", "6 function __do_sys_closefile CALL1:5",
		}},
		// Text for the assembler makes nothing that C has.
		{"kernel/entry.c", nil},
		{"kernel/list.c", []string{"6 enumerator L_gamma LIST:1", "11 function list_one ALL:10", "11 function list_two ALL:10"}},
		{"kernel/list.h", []string{"1 enumerator L_alpha LIST:1", "2 enumerator L_beta LIST:1"}},
		{"kernel/members.c", []string{
			"5 member op_count LOCK_MEMBERS:1", "5 member op_lock LOCK_MEMBERS:1", "6 member fire MEMBER_FN:2",
		}},
		{"kernel/use.c", []string{
			"2 variable big_lock DEFINE_LOCK:3", "3 variable small_lock DEFINE_LOCK:3",
			"5 variable ticks DEFINE_PER_CPU:5", "6 variable queues DEFINE_PER_CPU:5",
			"7 variable buf_pool DEFINE_POOL:6", "7 variable buf_count DEFINE_POOL:6",
			"8 variable other_lock DEFINE_LOCK:3", "14 function __hook_use_it module_hook:9", "15 member held DEFINE_LOCK:3",
		}},
		// One file, two includers, each with macros of its own.
		{"kernel/walk_tmpl.h", []string{
			"1 function walk32_walk FNAME:1", "1 function walk64_walk FNAME:1",
			"5 function tree32_insert insert_item:2", "5 function tree64_insert insert_item:2",
			"8 variable table32 TMPL_VAR:4", "8 variable table64 TMPL_VAR:5",
		}},
		{"tools/lib/a.c", []string{"2 variable tool_lock DEFINE_LOCK:1"}},
		{"include/linux/define.h", nil},
		{"no/such/file.c", nil},
	} {
		var got []string
		for _, d := range m.InFile(tt.path) {
			if d.Path != tt.path {
				t.Errorf("%s lists %+v", tt.path, d)
			}
			got = append(got, fmt.Sprintf("%d %s %s %s:%d", d.Line, d.Role.Kind(), d.Name, d.Macro.Name, d.Macro.Line))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.path, diff)
		}
	}
}

// at tells where something is made, by which macro.
func at(d *Made) string {
	s := fmt.Sprintf("%s:%d %s %s", d.Path, d.Line, d.Name, d.Macro.Name)
	if d.Function != "" {
		s += " in " + d.Function
	}
	return s
}

func TestDefinitions(t *testing.T) {
	m := linkTree(t)
	for _, tt := range []struct {
		name string
		want []string
	}{
		{"SetDirty", []string{"include/linux/flags.h:6 SetDirty FLAG"}},
		{"sys_openfile", []string{"kernel/calls.c:2 sys_openfile CALL2"}},
		{"trace_box_open", []string{"include/trace/events/box.h:2 trace_box_open EVENT"}},
		{"tool_lock", []string{"tools/lib/a.c:2 tool_lock DEFINE_LOCK"}},
		{"far_lock", nil}, // it is declared alone
		{"local_lock", nil},
		{"insert_item", nil}, // stands in the text
		{"use_it", nil},
		{"SetDrity", nil},
		{"", nil},
	} {
		if diff := cmp.Diff(tt.want, placesOf(m.Definitions(tt.name))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func placesOf(list []Made) []string {
	var got []string
	for i := range list {
		got = append(got, at(&list[i]))
	}
	return got
}

// TestCalls asks for the uses of macros at file scope that call a function.
func TestCalls(t *testing.T) {
	m := linkTree(t)
	for _, tt := range []struct {
		name string
		want []string
	}{
		{"test_bit", []string{
			"include/linux/flags.h:6 test_bit FLAG in TestDirty", "include/linux/flags.h:7 test_bit FLAG_FUNCS in TestClean",
		}},
		{"enter", []string{"kernel/calls.c:2 enter CALL2 in sys_openfile", "kernel/calls.c:6 enter CALL1 in sys_closefile"}},
		{"__do_sys_openfile", []string{"kernel/calls.c:2 __do_sys_openfile CALL2 in sys_openfile"}},
		{"one", []string{"kernel/list.c:11 one ALL in list_one"}},
		{"use_it", []string{"kernel/use.c:14 use_it module_hook in __hook_use_it"}},
		{"open_it", nil}, // of a body that stands in the text
		{"asm_thunk", nil},
	} {
		if diff := cmp.Diff(tt.want, placesOf(m.Calls(tt.name))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestEachName(t *testing.T) {
	m := linkTree(t)
	n := map[string]lang.Role{}
	m.EachName(func(name string, role lang.Role) bool {
		n[name] = role
		return true
	})
	for name, role := range map[string]lang.Role{
		"SetDirty": lang.DefFunction, "event_raw_box_open": lang.DefStruct, "L_alpha": lang.DefEnumerator, "op_lock": lang.DefMember,
		"tree64_insert": lang.DefFunction, "ticks": lang.DefVariable,
	} {
		if n[name] != role {
			t.Errorf("%s is a %q, want a %q", name, n[name].Kind(), role.Kind())
		}
	}
	for _, name := range [...]string{"test_bit", "enter", wrapTag} {
		if _, ok := n[name]; ok {
			t.Errorf("%s is no name that a macro makes", name)
		}
	}
	calls := 0
	m.EachName(func(string, lang.Role) bool { calls++; return false })
	if calls != 1 {
		t.Errorf("%d calls after the first returned false", calls-1)
	}
}

// TestMacros asks through which macros a function is called.
func TestMacros(t *testing.T) {
	m := linkTree(t)
	for _, tt := range []struct {
		callee string
		want   []string
	}{
		{"raw_lock", []string{"lock", "lock_alias > lock"}},
		{"lock", []string{"lock_alias"}},
		// Without parameters, and in another one's body.
		{"get_current", []string{"current", "whoami > current"}},
		{"read_current", []string{"current", "whoami > current"}},
		// The callee is pasted of an argument, which two more hand on.
		{"read_locked", []string{"do_op [0=read]", "op_any > do_op [0=read]", "op_read > op_any > do_op"}},
		{"write_locked", []string{"do_op [0=write]", "op_any > do_op [0=write]"}},
		// The callee is the argument.
		{"start", []string{"run_start > run_it > call_it"}},
		{"src_to_dst", []string{"two_part [0=src 1=dst]"}},
		{"walk32_step", []string{"FNAME [0=step]"}},
		{"tree32_insert", []string{"insert_item"}},
		{"test_bit", []string{"FLAG_FUNCS", "FLAG > FLAG_FUNCS"}},
		{"REG_BASE", nil}, // which comes to no function
		{"fire", nil},     // a member
		{"_locked", nil},
		{"", nil},
	} {
		var got []string
		calls := m.Macros(tt.callee)
		for _, c := range calls {
			s := c.Macro.Name
			for at := c; ; {
				for _, via := range at.Next[0].Via {
					s += " > " + via.Name
				}
				i := slices.IndexFunc(calls, func(c MacroCall) bool { return c.Macro.Name == at.Next[0].Callee })
				if i < 0 {
					break
				}
				at = calls[i]
				s += " > " + at.Macro.Name
			}
			var words []string
			for _, i := range slices.Sorted(maps.Keys(c.Words)) {
				words = append(words, fmt.Sprintf("%d=%s", i, c.Words[i]))
			}
			if words != nil {
				s += fmt.Sprint(" ", words)
			}
			got = append(got, s)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.callee, diff)
		}
	}
}

// TestBody asks what macros call.
func TestBody(t *testing.T) {
	m := linkTree(t)
	for _, tt := range []struct {
		name string
		want []string
	}{
		{"current", []string{"get_current arch/x86/include/asm/current.h:2", "read_current arch/arm/include/asm/current.h:1"}},
		{"whoami", []string{"current include/linux/words.h:12"}},
		{"lock", []string{"raw_lock include/linux/words.h:7"}},
		{"lock_alias", []string{"lock include/linux/words.h:8"}},
		{"op_read", []string{"op_any include/linux/words.h:3", "read_locked include/linux/words.h:3"}},
		{"REG_A", nil},
		{"no_such_macro", nil},
	} {
		var got []string
		for _, c := range m.Body(tt.name) {
			if c.Macro.Name != tt.name {
				t.Errorf("the body of %s has a call of %+v", tt.name, c.Macro)
			}
			got = append(got, fmt.Sprintf("%s %s:%d", c.Callee, c.Macro.Path, c.Macro.Line))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestSameBytes links twice: the artifact is a function of the tree, however
// the work is shared.
func TestSameBytes(t *testing.T) {
	if !bytes.Equal(linkBytes(t), linkBytes(t)) {
		t.Error("two links of one tree differ")
	}
}

// queries asks an artifact everything; it must answer, whatever the bytes.
func queries(m *Map) {
	names := []string{"SetDirty", "read_locked", "src_to_dst", "current", "get_current", "raw_lock", "__do_sys_openfile", ""}
	n := 0
	m.EachName(func(name string, _ lang.Role) bool {
		if n++; n < 64 && n%8 == 0 {
			names = append(names, name)
		}
		return n < 1<<12
	})
	for _, name := range names {
		m.Definitions(name)
		m.Calls(name)
		m.Macros(name)
		m.Body(name)
	}
	for _, prefix := range [...]string{"", "Set", "zz"} {
		for _, err := range m.Names().WithPrefix(prefix) {
			if err != nil && !errors.Is(err, ErrDamaged) {
				panic(err)
			}
		}
	}
	if err := m.Names().Scan(func([]byte) bool { return true }, func([]byte) {}); err != nil && !errors.Is(err, ErrDamaged) {
		panic(err)
	}
	m.InFile("kernel/use.c")
	m.InFile("include/linux/flags.h")
}

func TestDamaged(t *testing.T) {
	whole := linkBytes(t)
	for n := range len(whole) {
		if m, err := Open(whole[:n:n]); err == nil {
			if n < len(whole)-len("x") && n < 8+sectionCount*8 {
				t.Errorf("opened %d bytes", n)
			}
			queries(m)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		b := bytes.Clone(whole)
		for range 1 + r.IntN(8) {
			b[r.IntN(len(b))] = byte(r.Uint32())
		}
		if m, err := Open(b); err == nil {
			queries(m)
		}
	}
	old := bytes.Clone(whole)
	old[4]++
	if _, err := Open(old); !errors.Is(err, ErrVersion) {
		t.Errorf("another version: %v", err)
	}
	if _, err := Open(nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("nothing: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	whole := linkBytes(f)
	f.Add(whole, "SetDirty")
	f.Add(whole[:8+sectionCount*8], "x")
	f.Fuzz(func(_ *testing.T, b []byte, name string) {
		m, err := Open(b)
		if err != nil {
			return
		}
		m.Definitions(name)
		m.Macros(name)
		queries(m)
	})
}

// FuzzLink feeds the linker hostile sources: a header and a file that includes
// it, beside the sound part of the tree.
func FuzzLink(f *testing.F) {
	a := readTree(f)
	for _, s := range [...][2]string{
		{"#define D(n) struct s n##_x; int n(void) { return n##_y(); }\n", "#include \"x.h\"\nD(a)\nD(a b)\nD()\nD((x))\n"},
		{"#define A(x) A(x A(x)) int x;\n#define B A(B)\n", "#include \"x.h\"\nA(A(y))\nB;\nB(B)\n"},
		{"#define C(a, b...) D(b, #a, a##b)\n#define D(...) C(__VA_ARGS__, __VA_ARGS__) int __VA_ARGS__;\n", "#include \"x.h\"\nC(int, x, y)\nenum { C(p, q), D };\n"},
		{"X(a)\nX(b)\nint Y(void) { }\n", "#define X(n) enum e_##n { n };\n#define Y Y2(y)\n#define Y2(n) n##_z\n#include \"x.h\"\n#undef X\n#define X(n) n##_call(n)\n#include \"x.h\"\n"},
		{"#define E(a) .a = a\n#define F(s, m) struct s { m };\n", "#include \"x.h\"\nF(one, E(x) F(two, int y;))\nstruct t { F(u, int v;); };\n"},
		{"#define P1(x) P2(x)(x)\n#define P2(x) P1\n#define P3 P1(\n", "#include \"x.h\"\nP1(P2(P1))\nP3 a)\nint P1(a)(void) { }\n"},
	} {
		f.Add([]byte(s[0]), []byte(s[1]))
	}
	f.Fuzz(func(t *testing.T, header, src []byte) {
		if len(header)+len(src) > 1<<14 {
			return
		}
		tree := &txtar.Archive{Files: append(slices.Clone(a.Files), txtar.File{Name: "drivers/x/x.h", Data: header}, txtar.File{Name: "drivers/x/x.c", Data: src})}
		var b bytes.Buffer
		if _, err := linkInto(extractTree(tree), &b); err != nil {
			t.Fatal(err)
		}
		m, err := Open(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		queries(m)
		for _, path := range [...]string{"drivers/x/x.h", "drivers/x/x.c"} {
			for _, d := range m.InFile(path) {
				if !slices.Contains(m.Definitions(d.Name), d) {
					t.Errorf("%+v is in its file and not under its name", d)
				}
			}
		}
	})
}

// TestGrowth links macros that would grow without end, or have very many
// meanings.
func TestGrowth(t *testing.T) {
	double, many := "#define M0(x) int x##y;\n", ""
	for i := 1; i < 60; i++ {
		double += fmt.Sprintf("#define M%d(x) M%d(x x) M%d(x##_)\n", i, i-1, i-1)
		many += fmt.Sprintf("#define V V%d(x) W\n#define V%d(n) int n%d;\n#define W int w%d;\n", i, i, i, i)
	}
	for _, tt := range []struct{ name, header, src string }{
		{"nested", double, "M59(a)\nM40(b)\n"},
		{"many meanings", many, "V;\nV\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := extractTree(&txtar.Archive{Files: []txtar.File{
				{Name: "a/x.h", Data: []byte(tt.header)}, {Name: "a/x.c", Data: []byte("#include \"x.h\"\n" + tt.src)},
			}})
			var b bytes.Buffer
			if _, err := linkInto(in, &b); err != nil {
				t.Fatal(err)
			}
			if b.Len() > 1<<20 {
				t.Errorf("%d bytes", b.Len())
			}
		})
	}
}
