package lsp

import (
	"encoding/json"
	"strings"
	"testing"
)

const (
	core   = "drivers/rover/core.c"
	wheels = "drivers/rover/wheels.c"
	header = "include/linux/rover.h"
)

func TestPlaces(t *testing.T) {
	c := newClient(t)
	c.start(nil, nil)
	for _, tt := range []struct{ name, method, path, at, want string }{
		{"a function that another file defines", "definition", wheels, "return [rover_drive](", "drivers/rover/core.c:11:5-16"},
		{"a function that a header declares", "declaration", wheels, "return [rover_drive](", "include/linux/rover.h:40:5-16"},
		{"a static function of two", "definition", core, "[helper](ROVER", "drivers/rover/core.c:29:12-18"},
		{"the other one", "definition", wheels, "[helper](i);", "drivers/rover/wheels.c:9:12-18"},
		{"a parameter", "definition", core, "= [degrees];", "drivers/rover/core.c:11:42-49"},
		{"a local variable behind what is no ASCII", "definition", core, "(rover, [turn]);", "drivers/rover/core.c:13:15-19"},
		{"the end of a name", "definition", core, "(rover, turn[]);", "drivers/rover/core.c:13:15-19"},
		{"a parameter that hides a variable", "definition", core, "return [count];", "drivers/rover/core.c:29:23-28"},
		{"the variable", "definition", core, "[count]++;", "drivers/rover/core.c:9:12-17"},
		{"a label", "definition", core, "goto [out];", "drivers/rover/core.c:25:1-4"},
		{"a member of what a pointer points to", "definition", core, "rover->[ops]->turn", "include/linux/rover.h:26:26-29"},
		{"a member of that, where another struct has one of the name", "definition", core, "->[turn](", "include/linux/rover.h:15:8-12"},
		{"a member of a member", "definition", wheels, "wheels->rover.[ops]", "include/linux/rover.h:26:26-29"},
		{"a designator", "definition", wheels, ".[stop] =", "include/linux/rover.h:16:8-12"},
		{"a macro", "definition", core, "helper([ROVER_SPOKES])", "include/linux/rover.h:5:9-21"},
		{"an enumerator", "definition", core, "= [ROVER_DRIVING];", "include/linux/rover.h:9:2-15"},
		{"a type", "definition", core, "rover_drive(struct [rover] *", "include/linux/rover.h:24:8-13"},
		{"an #include", "definition", core, "#include <linux/[rover].h>", "include/linux/rover.h:1:1-1"},
		{"an #include of the directory", "definition", core, "#include \"[wheels].h\"", "drivers/rover/wheels.h:1:1-1"},
		{"a source of a Kconfig file", "definition", "Kconfig", "source \"drivers/[rover]/Kconfig\"", "drivers/rover/Kconfig:1:1-1"},
		{"an object of a makefile", "definition", "drivers/rover/Makefile", "[wheels].o", "drivers/rover/wheels.c:1:1-1"},
		{"a symbol of the configuration", "definition", "drivers/Makefile", "CONFIG_[ROVER]", "drivers/rover/Kconfig:1:8-13"},
		{
			"a symbol in a Kconfig file", "references", "drivers/rover/Kconfig", "config [ROVER]",
			"drivers/Makefile:1:7-19 drivers/rover/Kconfig:1:8-13 drivers/rover/Makefile:1:7-19",
		},
		{"a compatible string of a device tree", "definition", "arch/arm/boot/dts/rover-one.dts", "\"acme,[wheels]-one\"", "drivers/rover/wheels.c:34:19-34"},
		{"a member of a class", "definition", "units/unit.cc", "b->[size]()", "units/unit.cc:12:11-15"},
		{"a member that is written", "definition", core, "rover->[speed] = rover_speed", "include/linux/rover.h:28:6-11"},
		{"a member that is written", "references", header, "int [speed];", "drivers/rover/core.c:21:9-14 drivers/rover/core.c:23:9-14 include/linux/rover.h:28:6-11"},
		{"the parameter of a macro", "definition", "drivers/rover/wheels.h", "[i] = 0", "drivers/rover/wheels.h:1:21-22"},
		{"the parameter of a macro", "references", "drivers/rover/wheels.h", "([i]) for", "drivers/rover/wheels.h:1:21-22 drivers/rover/wheels.h:1:29-30 drivers/rover/wheels.h:1:36-37 drivers/rover/wheels.h:1:54-55"},
		{"the parameter of a macro of assembly", "definition", "arch/arm/kernel/entry.S", "\\[reg], #1", "arch/arm/kernel/entry.S:1:13-16"},
		{"the parameter of a system call", "definition", core, "return [fd];", "drivers/rover/core.c:39:34-36"},
		{"nothing", "definition", core, "[]\n#include \"wheels.h\"", ""},

		{"the type of a parameter", "typeDefinition", core, "[rover]->state", "include/linux/rover.h:24:8-13"},
		{"the type of a member", "typeDefinition", core, "->[state] =", "include/linux/rover.h:7:6-17"},

		{"what a member is given", "implementation", core, "->[turn](", "drivers/rover/wheels.c:14:12-23"},
		{"what a member is given, where it is declared", "implementation", header, "(*[stop])", "drivers/rover/wheels.c:23:12-23"},
		{"where a function is put", "implementation", wheels, "int [wheels_stop](", "drivers/rover/wheels.c:30:10-21"},
		{"a function that is put nowhere", "implementation", wheels, "return [rover_drive](", "drivers/rover/core.c:11:5-16"},

		{"a function", "references", header, "int [rover_drive](struct", "drivers/rover/core.c:11:5-16 drivers/rover/wheels.c:41:9-20 include/linux/rover.h:40:5-16"},
		{"a static function of two", "references", core, "int [helper](", "drivers/rover/core.c:29:12-18 drivers/rover/core.c:36:35-41"},
		{"a local variable", "references", core, "[turn] = degrees", "drivers/rover/core.c:13:15-19 drivers/rover/core.c:15:47-51"},
		{
			"a member, and no local variable", "references", header, "(*[turn])",
			"drivers/rover/core.c:15:35-39 drivers/rover/wheels.c:29:3-7 include/linux/rover.h:15:8-12 include/linux/rover.h:21:6-10",
		},
		{"a header", "references", core, "#include <linux/[rover].h>", "drivers/rover/core.c:2:11-24 drivers/rover/wheels.c:1:11-24"},
		{"a label", "references", core, "goto [out];", "drivers/rover/core.c:17:8-11 drivers/rover/core.c:25:1-4"},
	} {
		t.Run(tt.method+" of "+tt.name, func(t *testing.T) {
			params := with(c.at(tt.path, c.text(tt.path), tt.at), object{"context": object{"includeDeclaration": true}})
			if got := c.short(c.ask("textDocument/"+tt.method, params)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	t.Run("references without declarations", func(t *testing.T) {
		params := with(c.at(header, c.text(header), "int [rover_drive](struct"), object{"context": object{"includeDeclaration": false}})
		if got, want := c.short(c.ask("textDocument/references", params)), "drivers/rover/wheels.c:41:9-20"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestHover(t *testing.T) {
	c := newClient(t)
	c.start(nil, object{"arch": "arm"})
	for _, tt := range []struct {
		path, at string
		want     []string
	}{
		{wheels, "return [rover_drive](", []string{"```c\nint rover_drive(struct rover *rover, int degrees)", "makes a rover drive", "right is positive", "drivers/rover/core.c:11", "if CONFIG\\\\_ROVER"}},
		{core, "helper([ROVER_SPOKES])", []string{"#define ROVER_SPOKES (ROVER_WHEELS * 4)", "Value `24 (0x18)`"}},
		{core, "= [ROVER_DRIVING];", []string{"Value `4`", "enumerator include/linux/rover.h:9"}},
		{core, "->[turn](", []string{"int (*turn)(struct rover *rover, int degrees)"}},
		{core, "(rover, [turn]);", []string{"int err = 0, turn = degrees;"}},
		{header, "struct [rover_ops] {", []string{"struct rover_ops", "int (*stop)(struct rover *rover)"}},
		{"drivers/rover/Kconfig", "config [ROVER]", []string{"CONFIG\\\\_ROVER", "Six wheels and a camera.", "`depends on DRIVE`", "builds core.o wheels.o"}},
		{"arch/arm/boot/dts/rover-one.dts", "\"acme,[wheels]-one\"", []string{"acme,wheels-one", "driver drivers/rover/wheels.c:34"}},
		{core, "#include <linux/[rover].h>", []string{"include/linux/rover.h"}},
	} {
		got := c.ask("textDocument/hover", c.at(tt.path, c.text(tt.path), tt.at))
		for _, want := range tt.want {
			if !strings.Contains(strings.ReplaceAll(got, `\n`, "\n"), want) {
				t.Errorf("%s: no %q in %s", tt.at, want, got)
			}
		}
	}
	if got := c.ask("textDocument/hover", c.at(core, c.text(core), "[]\n#include \"wheels.h\"")); got != "null" {
		t.Errorf("nothing has a hover: %s", got)
	}
}

func TestHierarchies(t *testing.T) {
	c := newClient(t)
	c.start(nil, nil)
	prepare := func(method, path, at string) object {
		t.Helper()
		var items []object
		if err := json.Unmarshal([]byte(c.ask(method, c.at(path, c.text(path), at))), &items); err != nil || len(items) != 1 {
			t.Fatalf("%s of %s: %v, %v", method, at, items, err)
		}
		return object{"item": items[0]}
	}
	names := func(result, key string) string {
		t.Helper()
		var list []map[string]json.RawMessage
		if err := json.Unmarshal([]byte(result), &list); err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, l := range list {
			raw := l[key]
			if key == "" {
				b, err := json.Marshal(l)
				if err != nil {
					t.Fatal(err)
				}
				raw = b
			}
			var item struct {
				Name, Detail string
				Range        Range
			}
			if err := json.Unmarshal(raw, &item); err != nil {
				t.Fatal(err)
			}
			out = append(out, item.Name+" ("+item.Detail+")")
		}
		return strings.Join(out, "; ")
	}
	turn := prepare("textDocument/prepareCallHierarchy", wheels, "int [wheels_turn](")
	if got, want := names(c.ask("callHierarchy/incomingCalls", turn), "from"),
		"rover_drive (drivers/rover/core.c:11, through struct rover_ops.turn)"; got != want {
		t.Errorf("wheels_turn is called by %s, want %s", got, want)
	}
	drive := prepare("textDocument/prepareCallHierarchy", wheels, "return [rover_drive](")
	if got, want := names(c.ask("callHierarchy/incomingCalls", drive), "from"), "wheels_probe (drivers/rover/wheels.c:38)"; got != want {
		t.Errorf("rover_drive is called by %s, want %s", got, want)
	}
	if got, want := names(c.ask("callHierarchy/outgoingCalls", drive), "to"),
		"wheels_turn (drivers/rover/wheels.c:14, through struct rover_ops.turn); rover_speed (arch/arm/kernel/setup.c:1)"; got != want {
		t.Errorf("rover_drive calls %s, want %s", got, want)
	}
	helper := prepare("textDocument/prepareCallHierarchy", wheels, "int [helper](")
	if got, want := names(c.ask("callHierarchy/incomingCalls", helper), "from"), "wheels_turn (drivers/rover/wheels.c:14)"; got != want {
		t.Errorf("the helper of the wheels is called by %s, want %s", got, want)
	}
	rover := prepare("textDocument/prepareTypeHierarchy", header, "struct [rover] {")
	if got, want := names(c.ask("typeHierarchy/subtypes", rover), ""), "wheels (drivers/rover/wheels.c, member rover)"; got != want {
		t.Errorf("a rover is in %s, want %s", got, want)
	}
	if got, want := names(c.ask("typeHierarchy/supertypes", rover), ""), "part (include/linux/rover.h, member part)"; got != want {
		t.Errorf("a rover has %s, want %s", got, want)
	}
	base := prepare("textDocument/prepareTypeHierarchy", "units/unit.cc", "class [Base] {")
	if got, want := names(c.ask("typeHierarchy/subtypes", base), ""), "Meter (units/unit.cc, derived class)"; got != want {
		t.Errorf("from Base is derived %s, want %s", got, want)
	}
	meter := prepare("textDocument/prepareTypeHierarchy", "units/unit.cc", "class [Meter] :")
	if got, want := names(c.ask("typeHierarchy/supertypes", meter), ""), "Base (units/unit.cc, base class)"; got != want {
		t.Errorf("Meter is derived from %s, want %s", got, want)
	}
	if got := c.ask("textDocument/prepareCallHierarchy", c.at(core, c.text(core), "(rover, [turn]);")); got != "null" {
		t.Errorf("a local variable is called: %s", got)
	}
}
