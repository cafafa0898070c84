package initcall

import (
	"maps"
	"slices"
	"testing"

	"dekho/internal/lang/linkfacts"
	"dekho/internal/macro"
	"dekho/internal/source"
)

func TestArguments(t *testing.T) {
	for _, c := range []struct {
		src, name, want string
		line            uint32
		ok              bool
	}{
		{"x\nmodule_init(foo);\n", "module_init", "foo", 2, true},
		{"driver (a,\n\tf(b), (c));", "driver", "a,\n\tf(b), (c)", 1, true},
		{"module_init (foo", "module_init", "", 1, false},
		{"module_init;", "module_init", "", 1, false},
		{"module_init", "module_init", "", 1, false},
		{"module_init(x)", "other", "", 1, false},
		{"module_init(x)", "module_init", "", 9, false},
	} {
		got, ok := arguments([]byte(c.src), c.line, c.name)
		if got != c.want || ok != c.ok {
			t.Errorf("%q: %q, %v", c.src, got, ok)
		}
	}
}

func TestSequence(t *testing.T) {
	m := &macros{sequence: make(map[string]int)}
	m.readSequence(func(string) ([]byte, bool) {
		return []byte("#define INIT_CALLS_LEVEL(level) \\\n\tKEEP(*(.initcall##level##.init))\n\n#define INIT_CALLS\t\\\n\tKEEP(*(.initcallearly.init)) \\\n" +
			"\tINIT_CALLS_LEVEL(0) \\\n\tINIT_CALLS_LEVEL(rootfs) \\\n\t__end = .;\n#define OTHER KEEP(*(.initcall9.init))\n"), true
	})
	ids := slices.SortedFunc(maps.Keys(m.sequence), func(a, b string) int { return m.order(a) - m.order(b) })
	want := []string{"con", "security", "early", "0", "0s", "rootfs", "rootfss"}
	if !slices.Equal(ids, want) {
		t.Errorf("%v, want %v", ids, want)
	}
	if m.order("9") < m.order("rootfss") {
		t.Error("a level that the script does not know comes before one that it does")
	}
}

// define is a macro as the index has it.
func define(file int32, line uint32, name, params, body string) *macro.Def {
	return macro.FromRecord(file, &linkfacts.Record{
		Tag: linkfacts.TagMacro, Line: line, Flags: linkfacts.FlagFunctionLike, Name: []byte(name), Params: []byte(params), Body: []byte(body),
	})
}

func testMacros() *macros {
	m := &macros{
		bases:    map[string]base{"__define_initcall": {at: 1}, "console_initcall": {id: "con"}},
		defs:     make(map[string][]*macro.Def),
		headers:  map[int32]bool{1: true},
		sequence: make(map[string]int),
		perFile:  make(map[source.FileID][]*macro.Def),
	}
	for _, d := range []*macro.Def{
		define(1, 1, "device_initcall", "fn", "__define_initcall(fn, 6)"),
		define(1, 2, "module_init", "x", "device_initcall(x);"),
		define(1, 3, "module_driver", "d, reg, ...", "static int d##_init(void) { return reg(&d, ##__VA_ARGS__); } module_init(d##_init);"),
		define(1, 5, "soc_device_initcall", "fn", "soc_initcall(device_initcall, fn)"),
		define(1, 6, "loop", "fn", "loop(fn) module_init(fn)"),
		define(2, 1, "module_init", "x", "__define_initcall(own_##x, 7)"),
	} {
		m.defs[d.Name] = append(m.defs[d.Name], d)
		m.perFile[source.FileID(d.File)] = append(m.perFile[source.FileID(d.File)], d)
	}
	m.perFile[1] = append(m.perFile[1], define(1, 4, "soc_initcall", "level, fn", "static int __##fn(void) { return is_soc() ? fn() : 0; } level(__##fn);"))
	return m
}

func TestExpand(t *testing.T) {
	m := testMacros()
	for _, c := range []struct {
		name, args string
		file       source.FileID
		want       []entry
	}{
		{"module_init", "foo", 9, []entry{{"foo", "6"}}},
		{"module_init", "foo", 2, []entry{{"own_foo", "7"}}},
		{"console_initcall", "con", 9, []entry{{"con", "con"}}},
		{"module_driver", "foo_driver, reg, 1", 9, []entry{{"foo_driver_init", "6"}}},
		{"soc_device_initcall", "foo", 9, []entry{{"__foo", "6"}}},
		{"__define_initcall", "foo", 9, nil},
		{"console_initcall", "", 9, nil},
		{"unknown", "foo", 9, nil},
	} {
		if got := m.expand(c.name, c.args, c.file); !slices.Equal(got, c.want) {
			t.Errorf("%s(%s) in %d: %v, want %v", c.name, c.args, c.file, got, c.want)
		}
	}
	if got := m.expand("loop", "foo", 9); len(got) == 0 || len(got) > maxNesting+1 {
		t.Errorf("a macro in a circle makes %d entries", len(got))
	}
}

func FuzzExpand(f *testing.F) {
	f.Add("x\nmodule_driver(a, b)", "fn", "device_initcall(fn) device_initcall(fn)", uint32(2))
	f.Add("hostile(hostile(x))", "x", "hostile(x) hostile(hostile(x)) module_init(x)", uint32(1))
	f.Fuzz(func(_ *testing.T, src, params, body string, line uint32) {
		m := testMacros()
		m.defs["hostile"] = []*macro.Def{define(1, 7, "hostile", params, body)}
		for _, name := range []string{"module_driver", "hostile"} {
			if args, ok := arguments([]byte(src), line%8, name); ok {
				m.expand(name, args, 9)
			}
			m.expand(name, src, 9)
		}
		m.readSequence(func(string) ([]byte, bool) { return []byte("#define INIT_CALLS " + src), true })
	})
}
