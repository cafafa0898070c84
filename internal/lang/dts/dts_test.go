package dts

import (
	"fmt"
	"strings"
	"testing"

	"dekho/internal/lang"

	"github.com/google/go-cmp/cmp"
)

// extract lists the occurrences of src as "line name role".
func extract(path, src string) []string {
	var f lang.Facts
	new(extractor).Extract(path, []byte(src), &f)
	var out []string
	for _, o := range f.Occs {
		r := o.Role.String()
		if k := o.Role.Kind(); k != "" {
			r = k
		}
		out = append(out, fmt.Sprintf("%d %s %s", o.Line, src[o.Off:o.Off+uint32(o.Len)], r))
	}
	for _, c := range f.Conds {
		out = append(out, fmt.Sprintf("%d-%d %d %s", c.Start, c.End, c.Kind, src[c.Expr.Off:c.Expr.Off+c.Expr.Len]))
	}
	for _, i := range f.Includes {
		out = append(out, fmt.Sprintf("%d include %s", i.Line, src[i.Path.Off:i.Path.Off+i.Path.Len]))
	}
	return out
}

const rover = `// SPDX-License-Identifier: GPL-2.0
/dts-v1/;
/memreserve/ 0x10 ABC;
#include <dt-bindings/gpio/gpio.h>
#include "mars/soc.dtsi" /* the SoC */
/include/ "wheels.dtsi"
#define WHEEL(n, pin) MOTOR_ ## n pin \
	RED /* not NOW */
#if defined(FAST) && SPEED > 2
#define TURBO
#else
#define SLOW 1
#endif
/ {
	model = "Mars rover";
	compatible = "nasa,rover", "simple-bus"; // "not,this"
	#address-cells = <1>;
	soc: soc@0 {
		ranges;
		arm_0: l2: arm@1000,a {
			reg = <0x1000 (SIZE - 2)>, <&{/soc@0} &wheel>;
			interrupts = <GIC_SPI 3 IRQ(HIGH)>;
			local-mac-address = [00 be ef];
			status = "okay";
			/delete-property/ dma-names;
			x = /bits/ 8 <DIV/2>;
		};
		/delete-node/ &old;
		/delete-node/ spare@1;
		PINS(A, (B))
	};
};
&wheel {
	fsl,pins = <PAD__A 'x' 0x1b0b1>;
	/delete-node/ &{/soc@0/x};
};
&{/soc@0/arm} {
	status = "disabled";
};
`

func TestSource(t *testing.T) {
	want := []string{
		"3 ABC read", "5 soc.dtsi read", "6 wheels.dtsi read",
		"7 WHEEL macro", "7 MOTOR_ macro-body", "8 RED macro-body",
		"9 FAST condition", "9 SPEED condition", "10 TURBO macro", "12 SLOW macro",
		"15 model designator", "16 compatible designator", "16 nasa,rover read", "16 simple-bus read",
		"17 #address-cells designator", "18 soc node", "18 soc@0 node", "19 ranges designator",
		"20 arm_0 node", "20 l2 node", "20 arm@1000,a node",
		"21 reg designator", "21 SIZE read", "21 wheel read",
		"22 interrupts designator", "22 GIC_SPI read", "22 IRQ call", "22 HIGH read",
		"23 local-mac-address designator", "24 status designator", "25 dma-names write",
		"26 x designator", "26 DIV read", "28 old write", "29 spare@1 write",
		"30 PINS call", "30 A read", "30 B read",
		"33 wheel write", "34 fsl,pins designator", "34 PAD__A read", "38 status designator",
		"10-10 0 defined(FAST) && SPEED > 2", "12-12 3 defined(FAST) && SPEED > 2",
		"4 include dt-bindings/gpio/gpio.h", "5 include mars/soc.dtsi", "6 include wheels.dtsi",
	}
	if d := cmp.Diff(want, extract("arch/arm/boot/dts/rover.dts", rover)); d != "" {
		t.Error(d)
	}
}

const schema = `# SPDX-License-Identifier: GPL-2.0
$id: http://devicetree.org/schemas/rover/nasa,rover.yaml#
properties:
  compatible:
    oneOf:
      - description: as in nasa,manual
        items:
          - enum:
              - nasa,rover   # the first
              - "nasa,rover2"
          - const: simple-bus
      - enum: [ esa,a, esa,b ]
  nasa,wheels:
    maximum: 6
  reg:
    const: 1
required:
  - compatible
  - nasa,wheels
examples:
  - |
    rover@1 {
        compatible = "nasa,rover", "simple-bus";
    };
`

func TestBinding(t *testing.T) {
	want := []string{
		"6 nasa,manual read", "9 nasa,rover declaration", "10 nasa,rover2 declaration", "11 simple-bus declaration",
		"12 esa,a declaration", "12 esa,b declaration", "13 nasa,wheels declaration", "19 nasa,wheels read", "23 nasa,rover read",
	}
	if d := cmp.Diff(want, extract("Documentation/devicetree/bindings/rover.yaml", schema)); d != "" {
		t.Error(d)
	}
	prose := "- compatible : \"gpio-keys\" or \"nasa,keys\", see esa,keys.\nUse nasa,x. Or, better, \"nasa,y\".\n- interrupts: a,\n"
	want = []string{"1 gpio-keys read", "1 nasa,keys read", "1 esa,keys read", "2 nasa,x read", "2 nasa,y read"}
	if d := cmp.Diff(want, extract("Documentation/devicetree/bindings/keys.txt", prose)); d != "" {
		t.Error(d)
	}
}

// conform checks what every extractor promises.
func conform(t *testing.T, path string, src []byte) {
	t.Helper()
	var f lang.Facts
	new(extractor).Extract(path, src, &f)
	end := uint32(len(src))
	last := uint32(0)
	for _, o := range f.Occs {
		if o.Len == 0 || o.Off > end || uint32(o.Len) > end-o.Off || o.Line == 0 || o.Line > f.Lines {
			t.Fatalf("%s: occurrence %+v of %d bytes, %d lines", path, o, end, f.Lines)
		}
		if o.Hash != lang.Hash(src[o.Off:o.Off+uint32(o.Len)]) {
			t.Fatalf("%s: hash of %+v", path, o)
		}
		if o.Off < last {
			t.Fatalf("%s: occurrences are not in order at %+v", path, o)
		}
		last = o.Off
		if got := 1 + uint32(strings.Count(string(src[:o.Off]), "\n")); got != o.Line {
			t.Fatalf("%s: %q is in line %d, not %d", path, src[o.Off:o.Off+uint32(o.Len)], got, o.Line)
		}
	}
	for _, c := range f.Conds {
		if c.Expr.Off > end || c.Expr.Len > end-c.Expr.Off || c.Start == 0 || c.End < c.Start {
			t.Fatalf("%s: condition %+v", path, c)
		}
	}
	for _, i := range f.Includes {
		if i.Path.Off > end || i.Path.Len > end-i.Path.Off {
			t.Fatalf("%s: include %+v", path, i)
		}
	}
}

var paths = [...]string{"a.dts", "Documentation/devicetree/a.yaml", "Documentation/devicetree/a.txt"}

func TestTruncated(t *testing.T) {
	for _, path := range paths {
		for _, text := range [...]string{rover, schema} {
			for n := range len(text) {
				conform(t, path, []byte(text[:n]))
			}
		}
	}
}

func FuzzExtract(f *testing.F) {
	f.Add([]byte(rover))
	f.Add([]byte(schema))
	f.Add([]byte("/ { a = \"x\ny\\\n\", 'q\n; b { c@1: d: &e { }; &{/x\n /delete-node/ &{/y}; M(a,(b\n"))
	f.Add([]byte("#if A \\\r\n/* x\ny */ B\n#elif C // \\\nD\n#else\n#endif\n#define F(a,\\\n b) a \"s\\\n\n#include <x\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, path := range paths {
			conform(t, path, src)
		}
	})
}

func BenchmarkExtract(b *testing.B) {
	src := []byte(strings.Repeat(rover, 100))
	x := new(extractor)
	var f lang.Facts
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		f.Reset()
		x.Extract("a.dts", src, &f)
	}
}
