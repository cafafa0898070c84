package kbuild

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
	extractor{}.Extract(path, []byte(src), &f)
	var out []string
	for _, o := range f.Occs {
		r := o.Role.String()
		if k := o.Role.Kind(); k != "" {
			r = k
		}
		out = append(out, fmt.Sprintf("%d %s %s", o.Line, src[o.Off:o.Off+uint32(o.Len)], r))
	}
	for _, c := range f.Conds {
		out = append(out, fmt.Sprintf("%d-%d if %s", c.Start, c.End, src[c.Expr.Off:c.Expr.Off+c.Expr.Len]))
	}
	return out
}

const rover = `# SPDX-License-Identifier: GPL-2.0
mainmenu "Mars"
menu "Rovers" # with wheels
	depends on MARS && \
		   !VENUS
	visible if EXPERT

menuconfig ROVER
	tristate "A rover" if MARS_EXPERT
	depends on WHEELS || !SAND
	select POWER if !SOLAR
	imply RADIO
	default m if 64BIT
	help
	  A rover needs WHEELS.

	    config NOT_HERE
	  Say Y.

if ROVER
config ROVER_speed
	int "Speed in \"metres\" if OUTSIDE"
	range 1 MAX_SPEED if FAST
	default 0x10
	depends on $(cc-option,-mABI=MARS)
  help
  less deep
choice
	prompt "Colour"
	default RED
config RED
	bool "Red"
endchoice
endif
comment "No wheels" if ROVER
source "drivers/mars/Kconfig"
endmenu
config LAST
	def_bool y if ROVER = m
	option modules
`

func TestKconfig(t *testing.T) {
	want := []string{
		"4 MARS condition", "5 VENUS condition", "6 EXPERT condition",
		"8 ROVER config", "9 MARS_EXPERT condition", "10 WHEELS condition", "10 SAND condition",
		"11 POWER write", "11 SOLAR condition", "12 RADIO write", "13 64BIT condition",
		"20 ROVER condition", "21 ROVER_speed config", "23 MAX_SPEED read", "23 FAST condition",
		"30 RED read", "31 RED config", "36 drivers/mars/Kconfig read", "38 LAST config", "39 ROVER condition",
		"5-37 if MARS && \\\n\t\t   !VENUS", "7-37 if EXPERT", "21-33 if ROVER",
	}
	if d := cmp.Diff(want, extract("drivers/Kconfig", rover)); d != "" {
		t.Error(d)
	}
}

func TestMakefile(t *testing.T) {
	src := `# CONFIG_NO is a comment
obj-$(CONFIG_ROVER)	+= rover.o
obj-$(CONFIG_NVRAM:m=y)	+= nvram.o
rover-y := wheels.o \
	arm.o
ifeq ($(CONFIG_SOLAR),y)
rover-$(CONFIG_Sun) += panel.o
else ifdef CONFIG_RTG
KBUILD_CFLAGS += -DPOWER=$(CONFIG_WATTS)
endif
all:
	$(CC) CONFIG_IN_RECIPE=1
`
	want := []string{
		"2 CONFIG_ROVER condition", "3 CONFIG_NVRAM condition", "6 CONFIG_SOLAR condition", "7 CONFIG_Sun condition",
		"8 CONFIG_RTG condition", "9 KBUILD_CFLAGS write", "9 DPOWER read", "9 CONFIG_WATTS read",
		"12 CC read", "12 CONFIG_IN_RECIPE read",
	}
	if d := cmp.Diff(want, extract("drivers/Makefile", src)); d != "" {
		t.Error(d)
	}
}

func TestConfiguration(t *testing.T) {
	src := "CONFIG_A=y\n# CONFIG_B is not set\n# CONFIG_C was here\nCONFIG_D\n CONFIG_E=y\nCONFIG_F=\"x\"\n"
	want := []string{"1 CONFIG_A write", "2 CONFIG_B write", "6 CONFIG_F write"}
	if d := cmp.Diff(want, extract("arch/arm/configs/mars_defconfig", src)); d != "" {
		t.Error(d)
	}
	if got := extract(".config", src); got != nil {
		t.Errorf("a person's own configuration was read: %v", got)
	}
}

func TestParseKconfig(t *testing.T) {
	var got []string
	f := ParseKconfig([]byte(rover))
	for _, e := range f.Entries {
		got = append(got, fmt.Sprintf("%d %s type=%s menu=%t %d-%d in %d", e.Kind, e.Name, e.Type, e.Menu, e.Line, e.End, e.Parent))
		for _, c := range e.Clauses {
			got = append(got, fmt.Sprintf("  %d %s|%s|%s", c.Line, c.Keyword, c.Value, c.If))
		}
		if e.Help != "" {
			got = append(got, "  "+strings.ReplaceAll(e.Help, "\n", "/"))
		}
	}
	for i, s := range f.Sources {
		got = append(got, fmt.Sprintf("source %s in %d", s.Value, f.Parents[i]))
	}
	want := []string{
		"2 Rovers type= menu=false 3-37 in -1",
		"  4 depends|MARS && !VENUS|", "  6 visible|EXPERT|",
		"0 ROVER type=tristate menu=true 8-0 in 0",
		`  9 prompt|"A rover"|MARS_EXPERT`, "  10 depends|WHEELS || !SAND|", "  11 select|POWER|!SOLAR", "  12 imply|RADIO|",
		"  13 default|m|64BIT", "  A rover needs WHEELS.//  config NOT_HERE/Say Y.",
		"3 ROVER type= menu=false 20-34 in 0",
		"0 ROVER_speed type=int menu=false 21-0 in 2",
		`  22 prompt|"Speed in \"metres\" if OUTSIDE"|`, "  23 range|1 MAX_SPEED|FAST", "  24 default|0x10|",
		"  25 depends|$(cc-option,-mABI=MARS)|", "  less deep",
		"1  type= menu=false 28-33 in 2", `  29 prompt|"Colour"|`, "  30 default|RED|",
		"0 RED type=bool menu=false 31-0 in 4", `  32 prompt|"Red"|`,
		"4 No wheels type= menu=false 35-0 in 0",
		"0 LAST type=bool menu=false 38-0 in -1", "  39 default|y|ROVER = m",
		"source drivers/mars/Kconfig in 0",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	enclosing := f.Enclosing(f.Entries[4].Parent)
	if len(enclosing) != 2 || enclosing[0].Kind != Menu || enclosing[1].Kind != If || len(enclosing[0].Requirements()) != 2 {
		t.Errorf("enclosing: %v", enclosing)
	}
}

func TestParseMakefile(t *testing.T) {
	src := `obj-$(CONFIG_ROVER)	+= rover.o \
	spare.o sub/
objs = a.o $(more) $(objs)
rover-objs := wheels.o $(objs)
ifdef CONFIG_SOLAR
rover-$(subst m,y,$(CONFIG_SUN)) += panel.o
else
	obj-y += rtg.o
endif
more = b.o
all: x.o
	obj-y = no.o
machine-$(CONFIG_ARCH_MARS) += mars
obj-$(findstring y, $(CONFIG_P) $(CONFIG_Q))	+= uv.o
ccflags-y := -Wall
CFLAGS_x.o := y
`
	var got []string
	for _, r := range ParseMakefile([]byte(src)) {
		got = append(got, fmt.Sprintf("%d %s %v %v %v", r.Line, r.Target, r.Symbols, r.Words, r.If))
	}
	want := []string{
		"1 obj [CONFIG_ROVER] [rover.o spare.o sub/] []", "4 rover [] [wheels.o a.o b.o] []",
		"6 rover [CONFIG_SUN] [panel.o] [ifdef CONFIG_SOLAR]", "8 obj [] [rtg.o] [not ifdef CONFIG_SOLAR]",
		"13 machine [CONFIG_ARCH_MARS] [mars] []", "14 obj [CONFIG_P CONFIG_Q] [uv.o] []",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// conform checks what every extractor promises.
func conform(t *testing.T, path string, src []byte) {
	t.Helper()
	var f lang.Facts
	extractor{}.Extract(path, src, &f)
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
			t.Fatalf("%s: occurrences are not in order", path)
		}
		last = o.Off
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
	for _, e := range ParseKconfig(src).Entries {
		if e.Line == 0 || e.Parent >= len(src) {
			t.Fatalf("entry %+v", e)
		}
	}
	ParseMakefile(src)
}

var paths = [...]string{"drivers/Kconfig", "drivers/Makefile", "arch/arm/configs/x_defconfig"}

func TestTruncated(t *testing.T) {
	for _, path := range paths {
		for n := range len(rover) {
			conform(t, path, []byte(rover[:n]))
		}
	}
}

func FuzzExtract(f *testing.F) {
	f.Add([]byte(rover))
	f.Add([]byte("config A\\\n\\\r\n\thelp\n\t  x\nendif\nif\nmenu\ndepends on\nsource \"\n"))
	f.Add([]byte("obj-$(CONFIG_A:m=y) += a.o \\\n b/\nifeq (\nelse\nendif\nx-objs := $(x)\n"))
	f.Add([]byte("# CONFIG_A is not set\nCONFIG_B=\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, path := range paths {
			conform(t, path, src)
		}
	})
}

func BenchmarkExtract(b *testing.B) {
	for _, path := range paths {
		b.Run(path, func(b *testing.B) {
			src := []byte(strings.Repeat(rover, 100))
			var f lang.Facts
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				f.Reset()
				extractor{}.Extract(path, src, &f)
			}
		})
	}
}
