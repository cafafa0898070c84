package dts

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	files := map[string]string{
		"arch/arm/boot/dts/board.dts": `/dts-v1/;
#define FAST
#include "soc.dtsi"
#include "soc.dtsi" // a second time adds nothing
#include <missing/soc.dtsi>
#include <arm64/common.dtsi>
/ {
	compatible = "nasa,board", "nasa,soc";
	old { compatible = "nasa,old"; };
	/delete-node/ old;
#ifdef FAST
	fast { compatible = "nasa,fast"; };
#else
	slow { compatible = "nasa,slow"; };
#endif
#if 0
	never { };
#endif
};
&uart0 {
	status = "okay";
	sensor@1 {
		compatible = "esa,sensor";
		/delete-property/ status;
	};
};
&{/soc/gpio@2} { status = "disabled"; };
&{/} { model = "Mars"; };
&{/nowhere} { };
/delete-node/ &gone;
&nothere { compatible = "x,y"; };
`,
		"arch/arm/boot/dts/soc.dtsi": `#ifndef SOC
#define SOC
#include "soc.dtsi"
/ {
	soc: soc {
		status = "reserved";
		uart0: serial: uart@1 {
			compatible = "nasa,uart";
			status = "disabled";
			sensor@1 { status = "fail"; };
		};
		gpio@2 { compatible = "nasa,gpio"; };
		gone: gone@3 { compatible = "nasa,gone"; };
	};
};
#endif
`,
		"arch/arm64/boot/dts/common.dtsi": "&soc { status = \"ok\"; #size-cells = <0>; };\n",
	}
	tree := Parse("arch/arm/boot/dts/board.dts", func(path string) ([]byte, bool) {
		s, ok := files[path]
		return []byte(s), ok
	})
	var got []string
	tree.All(func(n *Node) {
		got = append(got, fmt.Sprintf("%s %v %v status=%s:%d disabled=%t at %d", n.Path(), n.Labels, n.Compatible, n.Status, n.StatusPos.Line, n.Disabled(), n.Pos.Line))
	})
	want := []string{
		"/ [] [nasa,board nasa,soc] status=:0 disabled=false at 4",
		"/soc [soc] [] status=ok:1 disabled=false at 5",
		"/soc/uart@1 [uart0 serial] [nasa,uart] status=okay:21 disabled=false at 7",
		"/soc/uart@1/sensor@1 [] [esa,sensor] status=:0 disabled=false at 10",
		"/soc/gpio@2 [] [nasa,gpio] status=disabled:27 disabled=true at 12",
		"/fast [] [nasa,fast] status=:0 disabled=false at 12",
		"&{/nowhere} [] [] status=:0 disabled=false at 29",
		"&nothere [] [x,y] status=:0 disabled=false at 31",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"missing/soc.dtsi"}, tree.Missing); d != "" {
		t.Error(d)
	}
	if tree.Truncated || len(tree.Files) != 3 {
		t.Errorf("truncated %t, files %v", tree.Truncated, tree.Files)
	}
	if got := NodeAt([]byte(files["arch/arm/boot/dts/soc.dtsi"]), 8); got != "soc/uart@1" {
		t.Errorf("line 8 is in %q", got)
	}
}

// FuzzParse makes sure that reading a tree ends, whatever includes what.
func FuzzParse(f *testing.F) {
	f.Add(rover, schema)
	f.Add("#include \"b.dtsi\"\n/ { a { }; };\n&x { };\n", "#include \"a.dts\"\nx: y { #include \"b.dtsi\"\n")
	f.Add("#ifdef A\n#else\n/ { /delete-node/ &a; b: c { /delete-node/ d; ", "#endif\n#endif\n};};};&{/c} { };")
	f.Fuzz(func(t *testing.T, a, b string) {
		tree := Parse("a.dts", func(path string) ([]byte, bool) {
			switch path {
			case "a.dts":
				return []byte(a), true
			case "b.dtsi":
				return []byte(b), true
			}
			return nil, false
		})
		tree.All(func(n *Node) {
			if n.deleted || n.Path() == "" {
				t.Fatalf("node %q", n.Path())
			}
			n.Disabled()
		})
		NodeAt([]byte(a), 3)
	})
}

func TestSuppliers(t *testing.T) {
	tree := Parse("board.dts", func(string) ([]byte, bool) {
		return []byte(`/ {
	model = "Mars Rover";
	interrupt-parent = <&gic>;
	gic: interrupt-controller@1 { interrupt-controller; };
	clk: clock@2 { };
	old: clock@3 { };
	wheel: wheel@4 {
		clocks = <&old 1>;
		clocks = <&clk 7>, <&nowhere 1>;
		motor-supply = <&reg>; interrupts = <5>;
		port { endpoint { remote-endpoint = <&eye>; }; };
	};
	eye: camera@5 { interrupts-extended = <&wheel 3>; extra = <&clk>; /delete-property/ extra; };
	reg: regulator { };
};
`), true
	})
	if tree.Root.Model != "Mars Rover" {
		t.Errorf("the model is %q", tree.Root.Model)
	}
	got := make(map[string][]string)
	tree.All(func(n *Node) {
		for _, r := range n.Suppliers() {
			got[n.Name] = append(got[n.Name], fmt.Sprintf("%s %s %d", r.Property, r.To.Name, r.Pos.Line))
		}
	})
	want := map[string][]string{
		"wheel@4":  {"clocks clock@2 9", "motor-supply regulator 10", "interrupt-parent interrupt-controller@1 3"},
		"camera@5": {"interrupts-extended wheel@4 13"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
