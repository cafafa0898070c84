package kbuild

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// tree is a source tree in memory.
type tree map[string]string

func (t tree) ReadFile(name string) ([]byte, bool) {
	text, ok := t[name]
	return []byte(text), ok
}

func (t tree) Glob(pattern string) []string {
	var hits []string
	for name := range t {
		for p := name; p != "."; p = path.Dir(p) {
			if ok, err := path.Match(pattern, p); err == nil && ok && !slices.Contains(hits, p) {
				hits = append(hits, p)
			}
		}
	}
	slices.Sort(hits)
	return hits
}

// config makes a Config of "A=y B=m C=" and the like; others are not known, or
// not set if it ends in "...".
func config(s string) Config {
	values := map[string]string{}
	s, rest := strings.CutSuffix(s, "...")
	for f := range strings.FieldsSeq(s) {
		k, v, _ := strings.Cut(f, "=")
		values["CONFIG_"+k] = v
	}
	return func(sym string) (string, bool) {
		v, ok := values[sym]
		return v, ok || rest
	}
}

const topMakefile = `
ifneq ($(sub_make_done),1)
need-sub-make := 1
endif
ifeq ($(need-sub-make),)
SRCARCH := $(ARCH)
ifeq ($(ARCH),toy64)
        SRCARCH := toy
endif
core-y		:=
drivers-y	:=
libs-y		:= lib/
include $(srctree)/arch/$(SRCARCH)/Makefile
export SRCARCH
export ARCH_CORE	:= $(core-y)
export ARCH_LIB		:= $(filter %/, $(libs-y))
export ARCH_DRIVERS	:= $(drivers-y) $(drivers-m)
endif
`

const topKbuild = `
obj-y += init/ arch/$(SRCARCH)/
obj-y += $(ARCH_CORE)
obj-y += kernel/
obj-$(CONFIG_NET) += net/
obj-y += $(ARCH_LIB)
obj-y += drivers/ $(ARCH_DRIVERS)
`

const toyMakefile = `
machine-$(CONFIG_ARCH_FOO) += foo
machine-$(CONFIG_ARCH_BAR) += bar
core-y += $(patsubst %,arch/toy/mach-%/,$(machine-y))
libs-y := arch/toy/lib/ $(libs-y)
drivers-$(CONFIG_PM) += arch/toy/power/
boot := arch/toy/boot
Image: vmlinux
	$(Q)$(MAKE) $(build)=$(boot) $(boot)/$@
`

func toyTree() tree {
	return tree{
		"Makefile": topMakefile, "Kbuild": topKbuild, "arch/toy/Makefile": toyMakefile,
		"arch/toy/Kbuild":              "obj-y += kernel/\n",
		"arch/toy/kernel/Makefile":     "obj-y := head.o\nobj-$(CONFIG_SMP) += smp.o\nifdef CONFIG_SMP\nobj-y += ipi.o\nelse\nobj-y += up.o\nendif\n",
		"arch/toy/mach-foo/Kbuild":     "obj-y += foo.o\n",
		"arch/toy/mach-bar/Kbuild":     "obj-y += bar.o\n",
		"arch/toy/lib/Makefile":        "lib-y := memcpy.o\nobj-y += csum.o\n",
		"arch/toy/power/Makefile":      "obj-y += suspend.o\n",
		"arch/toy/boot/Makefile":       "setup-y += main.o\nOBJS = $(addprefix $(obj)/,$(setup-y))\n",
		"init/Makefile":                "obj-y := main.o\n",
		"lib/Makefile":                 "lib-y := string.o \\\n\tctype.o\nobj-$(CONFIG_CRC) += crc.o\nhostprogs := gentable\n",
		"kernel/Makefile":              "obj-y = fork.o \\\n\texit.o\nobj-$(CONFIG_MODULES) += module/\nobj-y += sched/\n",
		"kernel/module/Makefile":       "obj-y += main.o\n",
		"kernel/sched/Makefile":        "obj-y += core.o\n",
		"net/Makefile":                 "obj-$(CONFIG_INET) += ipv4/\n",
		"net/ipv4/Makefile":            "obj-y += tcp.o\nobj-$(CONFIG_TUN) += tun.o\n",
		"drivers/Makefile":             "obj-y += base/\nobj-$(CONFIG_MMC) += mmc/\nobj-$(CONFIG_GPU) += gpu/\n",
		"drivers/base/Makefile":        "obj-y := core.o\n",
		"drivers/mmc/Makefile":         "obj-$(CONFIG_MMC) += mmc_core.o\nmmc_core-y := core.o bus.o\nmmc_core-$(CONFIG_DEBUG_FS) += debugfs.o\n",
		"drivers/gpu/Makefile":         "obj-$(CONFIG_GPU) += amd/\n",
		"drivers/gpu/amd/Makefile":     "FULL := $(srctree)/$(src)/../display\ninclude $(FULL)/Makefile\nobj-$(CONFIG_GPU) += amd.o\namd-y := drv.o $(DISPLAY)\nccflags-$(CONFIG_GPU_DEBUG) += -DDEBUG\n",
		"drivers/gpu/display/Makefile": "DISPLAY := $(addprefix ../display/,dc.o)\n",
	}
}

func TestObject(t *testing.T) {
	const full = "SMP=y ARCH_FOO=y NET=y INET=y TUN=m MODULES=y MMC=m PM=y GPU=m ..."
	for _, c := range []struct{ config, object, want string }{
		{full, "init/main.o", "in init/Makefile:1"},
		{full, "arch/toy/kernel/smp.o", "in arch/toy/kernel/Makefile:2 CONFIG_SMP=y"},
		{full, "arch/toy/kernel/ipi.o", "in arch/toy/kernel/Makefile:4"},
		{full, "arch/toy/kernel/up.o", "out arch/toy/kernel/Makefile:3 CONFIG_SMP=y"},
		{full, "arch/toy/mach-foo/foo.o", "in arch/toy/mach-foo/Kbuild:1"},
		{full, "arch/toy/mach-bar/bar.o", "out arch/toy/Makefile:3 CONFIG_ARCH_BAR=n"},
		{full, "arch/toy/lib/memcpy.o", "in arch/toy/lib/Makefile:1"},
		{full, "arch/toy/boot/main.o", "in arch/toy/boot/Makefile:1"},
		{full, "kernel/exit.o", "in kernel/Makefile:2"},
		{full, "net/ipv4/tcp.o", "in net/ipv4/Makefile:1"},
		{full, "net/ipv4/tun.o", "module in net/ipv4/Makefile:2 CONFIG_TUN=m"},
		{full, "lib/crc.o", "out lib/Makefile:3 CONFIG_CRC=n"},
		{full, "lib/gentable.o", "host in lib/Makefile:4"},
		{full, "drivers/mmc/core.o", "module mmc_core in drivers/mmc/Makefile:1 CONFIG_MMC=m"},
		{full, "drivers/mmc/debugfs.o", "module mmc_core out drivers/mmc/Makefile:3 CONFIG_DEBUG_FS=n"},
		{full, "drivers/gpu/amd/drv.o", "module amd in drivers/gpu/amd/Makefile:3 CONFIG_GPU=m"},
		{full, "kernel/none.o", "unknown"},
		{"SMP= NET= ...", "arch/toy/kernel/up.o", "in arch/toy/kernel/Makefile:6"},
		{"SMP= NET= ...", "arch/toy/kernel/smp.o", "out arch/toy/kernel/Makefile:2 CONFIG_SMP=n"},
		{"SMP= INET=y ...", "net/ipv4/tcp.o", "out Kbuild:5 CONFIG_NET=n"},
		{"", "arch/toy/kernel/smp.o", "unknown arch/toy/kernel/Makefile:2 CONFIG_SMP"},
		{"", "arch/toy/kernel/up.o", "unknown arch/toy/kernel/Makefile:3 CONFIG_SMP"},
		{"", "kernel/fork.o", "in kernel/Makefile:1"},
		{"", "arch/toy/mach-bar/bar.o", "unknown arch/toy/Makefile:3 CONFIG_ARCH_BAR"},
		{"MMC=y DEBUG_FS=m ...", "drivers/mmc/debugfs.o", "mmc_core out drivers/mmc/Makefile:3 CONFIG_DEBUG_FS=m"},
	} {
		b := New(toyTree(), "toy64", config(c.config))
		if got := describe(b.Object(c.object)); got != c.want {
			t.Errorf("%s with %q: %s, want %s", c.object, c.config, got, c.want)
		}
	}
}

func describe(m Mention) string {
	var parts []string
	if m.Module {
		parts = append(parts, "module")
	}
	if m.Host {
		parts = append(parts, "host")
	}
	if m.Whole != "" && m.List != "" {
		parts = append(parts, m.Whole)
	}
	parts = append(parts, [...]string{"out", "unknown", "in"}[m.State])
	if c := m.Cause; c != nil {
		parts = append(parts, c.Path+":"+strconv.Itoa(c.Line))
		if c.Cond != "" {
			parts = append(parts, c.Cond)
		}
	}
	return strings.Join(parts, " ")
}

func TestNear(t *testing.T) {
	b := New(toyTree(), "toy", config("GPU=y ..."))
	m, ok := b.MentionedNear("drivers/gpu/display/dc.o")
	if !ok || m.State != Yes || m.Whole != "amd" {
		t.Errorf("%+v, %v", m, ok)
	}
	if s := b.Defines("drivers/gpu/amd/drv.o", "DEBUG"); s != No {
		t.Errorf("DEBUG is defined without GPU_DEBUG: %v", s)
	}
	b = New(toyTree(), "toy", config("GPU=y GPU_DEBUG=y ..."))
	if s := b.Defines("drivers/gpu/amd/drv.o", "DEBUG"); s != Yes {
		t.Errorf("DEBUG is not defined: %v", s)
	}
}

func TestLink(t *testing.T) {
	b := New(toyTree(), "toy", config("SMP=y ARCH_FOO=y NET=y INET=y TUN=m MMC=y PM=y MODULES= CRC=m ..."))
	var built, modules []string
	for _, o := range b.Link() {
		if o.Mention.Module {
			modules = append(modules, o.Object)
		} else {
			built = append(built, o.Object)
		}
	}
	want := strings.Fields(`init/main arch/toy/kernel/head arch/toy/kernel/smp arch/toy/kernel/ipi arch/toy/mach-foo/foo
		kernel/fork kernel/exit kernel/sched/core net/ipv4/tcp arch/toy/lib/csum drivers/base/core drivers/mmc/core
		drivers/mmc/bus arch/toy/power/suspend arch/toy/lib/memcpy lib/string lib/ctype`)
	if !slices.Equal(built, want) {
		t.Errorf("linked %v, want %v", built, want)
	}
	if want := []string{"net/ipv4/tun", "lib/crc"}; !slices.Equal(modules, want) {
		t.Errorf("modules %v, want %v", modules, want)
	}
}

// TestTopAsked evaluates a top makefile that asks about make itself, and one
// that keeps its architecture to itself.
func TestTopAsked(t *testing.T) {
	src := toyTree()
	src["Makefile"] = `abs_srctree := $(realpath $(dir $(lastword $(MAKEFILE_LIST))))
ifneq ($(filter 3.%,$(MAKE_VERSION)),)
need-sub-make := 1
endif
ifneq ($(abs_srctree),$(CURDIR))
need-sub-make := 1
endif
ifneq ($(need-sub-make),1)
` + topMakefile + "endif\n"
	if m := New(src, "toy", config("SMP=y ...")).Object("arch/toy/kernel/smp.o"); m.State != Yes {
		t.Errorf("%+v", m)
	}
	src["Makefile"] = "ifeq ($(shell uname),Linux)\n" + topMakefile + "endif\n"
	if m := New(src, "toy", config("SMP=y ...")).Object("arch/toy/kernel/smp.o"); m.State != Yes {
		t.Errorf("%+v", m)
	}
}

// TestOldTop links a tree whose top makefile lists the directories itself.
func TestOldTop(t *testing.T) {
	b := New(tree{
		"Makefile": `init-y := init/
drivers-y := drivers/
core-y := usr/
include arch/$(ARCH)/Makefile
core-y += kernel/
init-y := $(patsubst %/, %/built-in.a, $(init-y))
core-y := $(patsubst %/, %/built-in.a, $(core-y))
drivers-y := $(patsubst %/, %/built-in.a, $(drivers-y))
export KBUILD_VMLINUX_OBJS := $(head-y) $(init-y) $(core-y) $(drivers-y)
`,
		"Kbuild": "always-y := bounds.h\n", "arch/toy/Makefile": "core-y += arch/toy/kernel/\n",
		"init/Makefile": "obj-y := main.o\n", "usr/Makefile": "obj-y := usr.o\n", "kernel/Makefile": "obj-y := fork.o\n",
		"drivers/Makefile": "obj-y := d.o\n", "arch/toy/kernel/Makefile": "obj-y := entry.o\n",
	}, "toy", config("..."))
	var got []string
	for _, o := range b.Link() {
		got = append(got, o.Object)
	}
	want := strings.Fields("init/main usr/usr arch/toy/kernel/entry kernel/fork drivers/d")
	if !slices.Equal(got, want) {
		t.Errorf("linked %v, want %v", got, want)
	}
	if m := b.Object("kernel/fork.o"); m.State != Yes {
		t.Errorf("kernel/fork.o: %+v", m)
	}
}

// TestExpand evaluates expressions of make.
func TestExpand(t *testing.T) {
	for _, c := range []struct{ makefile, want string }{
		{"x := a b\ny = $(x) c", "a b c"},
		{"y = $(x) c\nx = d", "d c"},
		{"x := a.c b.c\ny := $(x:.c=.o)", "a.o b.o"},
		{"y := $(patsubst %.c,obj/%.o,a.c b.h)", "obj/a.o b.h"},
		{"y := $(subst m,y,$(CONFIG_M))", "y"},
		{"y := $(filter %.o,a.o b.c) $(filter-out %.o,a.o b.c)", "a.o b.c"},
		{"y := $(addprefix a/,$(addsuffix .o,b c))", "a/b.o a/c.o"},
		{"y := $(foreach i,a b,$(i)x)", "ax bx"},
		{"f = $(1)-$(2)\ny := $(call f,a,b)", "a-b"},
		{"y := $(if $(CONFIG_Y),a,b)", "!b a"},
		{"y := $(if $(CONFIG_N),a,b)", "!a b"},
		{"y := $(if $(CONFIG_UNKNOWN),a,b)", "?a ?b"},
		{"y := $(or $(CONFIG_N),b)", "b"},
		{"y := $(and $(CONFIG_Y),$(CONFIG_M),b)", "b"},
		{"y := $(sort b a b)", "a b"},
		{"y := $(word 2,a b c) $(firstword a b) $(lastword a b) $(words a b)", "b a b 2"},
		{"y := $(dir a/b c) $(notdir a/b) $(basename a.c)", "a/ ./ b a"},
		{"y := $(shell date)", "?\x00"},
		{"y := $(call cc-option,-g)", "?\x00"},
		{"ifeq ($(CONFIG_Y),y)\ny := a\nelse\ny := b\nendif", "a !b"},
		{"ifeq ($(CONFIG_M)$(CONFIG_N),y)\ny := a\nelse ifeq \"$(CONFIG_Y)\" 'y'\ny := b\nelse\ny := c\nendif", "!a b !c"},
		{"ifndef CONFIG_UNKNOWN\ny := a\nendif\ny += b", "?a b"},
		{"y-$(CONFIG_N) := a\ny = $(y-y)", "!a"},
		{"define y\na\nb\nendef", "a b"},
		{"y ?= a\ny ?= b", "a"},
		{"y := a # comment", "a"},
		{"y = $(y) a", "?"},
		{"x := $$(x)\ny := $x", "$(x)"},
		{"$(eval y := a)", "a"},
		{"y := $(wildcard Make*)", "Makefile"},
		{"target: x\n\ty := recipe\ny := a", "a"},
		{"target: y := b\ny := a", "a"},
		{"y := a\noverride y += b", "a b"},
		{"y := $(", "?"},
	} {
		m := newMaker(New(tree{"Makefile": c.makefile}, "toy", func(s string) (string, bool) {
			v, ok := map[string]string{"CONFIG_Y": "y", "CONFIG_M": "m", "CONFIG_N": ""}[s]
			return v, ok
		}), nil, ".")
		m.file("Makefile")
		var parts []string
		for _, w := range m.lookup("y") {
			parts = append(parts, [...]string{"!", "?", ""}[w.State]+w.Text)
		}
		got := strings.Join(parts, " ")
		if got != c.want && !(c.want == "?" && strings.Contains(got, "?")) {
			t.Errorf("%s\n  got %q, want %q", c.makefile, got, c.want)
		}
	}
}

func FuzzBuild(f *testing.F) {
	for name, text := range toyTree() {
		f.Add(text, name)
	}
	f.Add("a = $(b)$(b)\nb = $(a)$(a)\nobj-y += $(a)\n", "Makefile")
	f.Add("x := "+strings.Repeat("a b c d ", 5000)+"\nobj-y += $(foreach i,$(x),$(if $(filter $(x),$(x)),))\n", "Makefile")
	f.Add("x := "+strings.Repeat("a* ", 5000)+"\nobj-y += $(foreach i,$(x),$(foreach j,$(x),$(sort $(x)))) $(wildcard $(x))\n", "Makefile")
	f.Add("a := x\na := $(a) $(a)\na := $(a) $(a)\ninclude Makefile\n", "Makefile")
	f.Add("define f\nendef\nifeq (a\nelse\nendif\nendif\nobj-$(CONFIG_X)$(CONFIG_Y) += a.o", "Kbuild")
	f.Fuzz(func(t *testing.T, text, name string) {
		src := toyTree()
		src["drivers/base/Makefile"] = text
		if _, ok := src[name]; ok {
			src[name] = text
		}
		for _, cfg := range []string{"", "SMP=y NET=y MMC=m ..."} {
			b := New(src, "toy", config(cfg))
			for _, o := range b.Link() {
				if o.Mention.Cause == nil || o.Mention.State == No {
					t.Fatalf("%+v is linked", o)
				}
			}
			b.Object("drivers/base/core.o")
			b.MentionedNear("drivers/gpu/display/dc.o")
		}
	})
}
