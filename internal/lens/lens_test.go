package lens

import (
	"path"
	"strings"
	"testing"

	"dekho/internal/index"
	"dekho/internal/lang"
)

// tree is a source tree in memory, with who includes what.
type tree map[string]string

func (t tree) ReadFile(name string) ([]byte, bool) {
	text, ok := t[name]
	return []byte(text), ok
}

func (t tree) Glob(pattern string) []string {
	if _, ok := t[pattern]; ok {
		return []string{pattern}
	}
	return nil
}

func (t tree) IncludedBy(name string) []Inclusion {
	var by []Inclusion
	for file, text := range t {
		if strings.HasSuffix(file, ".c") && strings.Contains(text, `#include "`+path.Base(name)+`"`) {
			by = append(by, Inclusion{Path: file, Line: 1, Lines: 1})
		}
	}
	return by
}

func (t tree) Makefiles(text string) []string {
	var list []string
	for file, content := range t {
		if strings.HasPrefix(path.Base(file), "Makefile") && strings.Contains(content, text) {
			list = append(list, file)
		}
	}
	return list
}

func (t tree) Defines(macro string) bool {
	for _, text := range t {
		if strings.Contains(text, "#define "+macro+"\n") {
			return true
		}
	}
	return false
}

func testTree() tree {
	return tree{
		"Makefile":          "SRCARCH := $(ARCH)\nexport SRCARCH srctree\ninclude arch/$(SRCARCH)/Makefile\n",
		"Kbuild":            "obj-y += arch/$(SRCARCH)/ kernel/ drivers/\nobj-$(CONFIG_NET) += net/\n",
		"arch/arm/Makefile": "machine-$(CONFIG_ARCH_MXC) += imx\n", "arch/arm/Kbuild": "obj-y += kernel/ kvm/\n",
		"arch/arm/kernel/Makefile": "obj-$(CONFIG_SMP) += smp.o\nobj-y += entry.o\n",
		"arch/arm/kvm/Makefile":    "include $(srctree)/virt/Makefile.kvm\nobj-$(CONFIG_KVM) += kvm.o\n",
		"virt/Makefile.kvm":        "kvm-y := ../../../virt/kvm_main.o\n",
		"arch/arm64/Makefile":      "", "arch/arm64/Kbuild": "obj-y += xen/\n",
		"arch/arm64/xen/Makefile": "obj-y += ../../arm/xen/enlighten.o\n",
		"kernel/Makefile":         "obj-y += sched.o\nccflags-y += -DEXTRA\n",
		"kernel/sched.c":          `#include "fair.c"` + "\n",
		"kernel/fair.c":           "",
		"kernel/gone.c":           "",
		"drivers/Makefile":        "obj-$(CONFIG_MMC) += mmc.o\n",
		"net/Makefile":            "obj-y += socket.o\n",
		"net/debug.h":             "#define CONFIG_NET_DEBUG\n",
	}
}

func TestFile(t *testing.T) {
	config, err := ReadConfig(strings.NewReader("# Linux/arm 6.1.0 Kernel Configuration\nCONFIG_ARM=y\nCONFIG_SMP=y\nCONFIG_MMC=m\nCONFIG_KVM=y\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		arch, file string
		config     *Config
		state      State
		why        string
	}{
		{"arm", "arch/arm/kernel/smp.c", config, In, "CONFIG_SMP=y"},
		{"arm", "arch/arm64/kernel/smp.c", config, Out, "arch arm64"},
		{"arm", "arch/arm/kernel/entry.S", config, In, "always built"},
		{"arm", "kernel/fair.c", config, In, "included by kernel/sched.c"},
		{"arm", "kernel/gone.c", config, Unknown, "no makefile names it"},
		{"arm", "drivers/mmc.c", config, In, "CONFIG_MMC=m"},
		{"arm", "net/socket.c", config, Out, "CONFIG_NET=n"},
		{"arm", "net/socket.h", config, Out, "CONFIG_NET=n"},
		{"arm", "net/none.c", config, Out, "CONFIG_NET=n"},
		{"arm", "include/linux/fs.h", config, In, ""},
		{"arm", "tools/perf/perf.c", config, Out, "tools/ is not part of the kernel"},
		{"arm", "virt/kvm_main.c", config, In, "CONFIG_KVM=y"},
		{"arm", "net/socket.c", nil, Unknown, "CONFIG_NET"},
		{"arm", "kernel/sched.c", nil, In, "always built"},
		{"arm64", "arch/arm/xen/enlighten.c", nil, In, "always built"},
		{"arm64", "arch/arm/kernel/smp.c", nil, Out, "arch arm"},
	} {
		l := New(testTree(), FindArch(c.arch), c.config, "6.1.192")
		v := l.File(c.file)
		why := ""
		if r := v.Deciding(); r != nil {
			why = r.What
		}
		if v.State != c.state || why != c.why {
			t.Errorf("%s for %s: %v because of %q, want %v, %q", c.file, c.arch, v.State, why, c.state, c.why)
		}
	}
	l := New(testTree(), FindArch("arm"), config, "")
	if v := l.File("drivers/mmc.c"); v.Module != "mmc" {
		t.Errorf("module %q", v.Module)
	}
}

// TestAt judges lines inside of conditionals.
func TestAt(t *testing.T) {
	conds := []index.Cond{
		{Expr: "_K_H", Start: 2, End: 99, Kind: lang.CondIfndef},
		{Expr: "CONFIG_SMP", Start: 11, End: 19, Kind: lang.CondIfdef},
		{Expr: "CONFIG_NET", Start: 13, End: 14, Kind: lang.CondIfdef},
		{Expr: "CONFIG_SMP", Start: 21, End: 29, Kind: lang.CondElse},
		{Expr: "CONFIG_NET", Start: 31, End: 30, Kind: lang.CondIf},
		{Expr: "defined(CONFIG_ARM) && MAGIC", Start: 32, End: 39, Kind: lang.CondElif},
		{Expr: "defined(CONFIG_ARM) && MAGIC", Start: 41, End: 49, Kind: lang.CondElse},
		{Expr: "CONFIG_NET", Start: 51, End: 59, Kind: lang.CondIfndef},
		{Expr: "CONFIG_NET", Start: 61, End: 69, Kind: lang.CondElse},
		{Expr: "__ASSEMBLY__", Start: 71, End: 79, Kind: lang.CondIfdef},
		{Expr: "__x86_64__", Start: 81, End: 84, Kind: lang.CondIfdef},
		{Expr: "EXTRA", Start: 86, End: 89, Kind: lang.CondIfdef},
		{Expr: "CONFIG_NET_DEBUG", Start: 91, End: 94, Kind: lang.CondIfdef},
	}
	config, err := ReadConfig(strings.NewReader("CONFIG_ARM=y\nCONFIG_SMP=y\n"))
	if err != nil {
		t.Fatal(err)
	}
	l := New(testTree(), FindArch("arm"), config, "")
	for _, c := range []struct {
		file  string
		line  uint32
		state State
		cond  string
	}{
		{"kernel/sched.c", 5, In, ""},
		{"kernel/sched.c", 12, In, "CONFIG_SMP"},
		{"kernel/sched.c", 13, Out, "CONFIG_SMP & CONFIG_NET"},
		{"kernel/sched.c", 25, Out, "!CONFIG_SMP"},
		{"kernel/sched.c", 35, Unknown, "defined(CONFIG_ARM) && MAGIC"},
		{"kernel/sched.c", 45, Unknown, "!(defined(CONFIG_ARM) && MAGIC) && !CONFIG_NET"},
		{"kernel/sched.c", 55, In, "!CONFIG_NET"},
		{"kernel/sched.c", 65, Out, "CONFIG_NET"},
		{"kernel/sched.c", 75, Out, "__ASSEMBLY__"},
		{"include/linux/k.h", 75, In, "__ASSEMBLY__"},
		{"arch/arm/kernel/entry.S", 75, In, "__ASSEMBLY__"},
		{"kernel/sched.c", 82, Out, "__x86_64__"},
		{"kernel/sched.c", 87, In, "EXTRA"},
		{"arch/arm/kernel/smp.c", 87, Unknown, "EXTRA"},
		{"kernel/sched.c", 92, Unknown, "CONFIG_NET_DEBUG"},
	} {
		v := l.At(c.file, conds, 100, c.line)
		var parts []string
		for _, a := range Governing(conds, 100, c.line) {
			parts = append(parts, a.String())
		}
		if cond := strings.Join(parts, " & "); v.State != c.state || cond != c.cond {
			t.Errorf("%s:%d: %v under %q, want %v under %q", c.file, c.line, v.State, cond, c.state, c.cond)
		}
		if r := v.Deciding(); r == nil || r.State != v.State {
			if c.file != "include/linux/k.h" || v.State != In {
				t.Errorf("%s:%d: no reason for %v: %+v", c.file, c.line, v.State, v.Reasons)
			}
		}
	}
	v := l.At("kernel/sched.c", conds, 100, 25)
	if r := v.Deciding(); r.What != "CONFIG_SMP=y" || r.Line != 20 || r.Path != "kernel/sched.c" {
		t.Errorf("the #else of CONFIG_SMP: %+v", r)
	}
}

func TestEvaluate(t *testing.T) {
	names := map[string]macro{
		"CONFIG_Y": {In, known(1)}, "CONFIG_M_MODULE": {In, known(1)}, "CONFIG_N": {defined: Out}, "CONFIG_M": {defined: Out},
		"CONFIG_N_MODULE": {defined: Out}, "CONFIG_Y_MODULE": {defined: Out}, "MODULE": {defined: Out},
		"TEN": {In, known(10)}, "VERSION": {In, known(0x060100)}, "TEXT": {defined: In},
	}
	lookup := func(name string) macro {
		if m, ok := names[name]; ok {
			return m
		}
		return macro{defined: Unknown}
	}
	for expr, want := range map[string]State{
		"1": In, "0": Out, "0x10": In, "1UL << 3 == 8": In, "TEN > 9 && TEN < 11": In, "TEN / 3 == 3": In, "TEN % 0": Unknown,
		"defined(CONFIG_Y)": In, "defined CONFIG_N": Out, "!defined(CONFIG_N)": In, "CONFIG_Y": In, "CONFIG_N": Out,
		"IS_ENABLED(CONFIG_Y)": In, "IS_ENABLED(CONFIG_M)": In, "IS_ENABLED(CONFIG_N)": Out,
		"IS_BUILTIN(CONFIG_M)": Out, "IS_MODULE(CONFIG_M)": In, "IS_REACHABLE(CONFIG_M)": Out,
		"defined(CONFIG_M) || defined(CONFIG_M_MODULE)": In,
		"UNKNOWN": Unknown, "UNKNOWN || CONFIG_Y": In, "UNKNOWN && CONFIG_N": Out, "UNKNOWN && CONFIG_Y": Unknown, "!UNKNOWN": Unknown,
		"UNKNOWN ? CONFIG_Y : CONFIG_Y": In, "CONFIG_Y ? CONFIG_N : UNKNOWN": Out, "UNKNOWN & 0": Out, "UNKNOWN == 1": Unknown,
		"VERSION >= KERNEL_VERSION(5, 4, 0)": In, "VERSION < KERNEL_VERSION(6,2,0)": In, "KERNEL_VERSION(1)": Unknown,
		"__has_attribute(__foo__)": Unknown, "FN(a, (b, c), 1) || 1": In, "-1 < 0": In, "~0 == -1": In, "+1": In, "'a' == 97": In,
		"(CONFIG_Y /* why */) \\\n && 1": In, "1 // rest": In, "TEXT": Unknown, "defined(TEXT)": In,
		"": Unknown, "(": Unknown, "1 +": Unknown, "1 1": Unknown, "@": Unknown, "defined(": Unknown, "'": Unknown,
		"1 | 0 ^ 0 & 0": In, "3 >= 3 != 0": In, "2 * 3 - 6": Out, "1 ? 0 : 1": Out,
		strings.Repeat("(", 100000): Unknown, strings.Repeat("!", 100001) + "1": Unknown, strings.Repeat("-", 100000): Unknown,
	} {
		if got := evaluate(expr, lookup); got != want {
			t.Errorf("%.60s: %v, want %v", expr, got, want)
		}
	}
}

func FuzzEvaluate(f *testing.F) {
	for _, s := range []string{"defined(A) && !B || C >= 0x10UL", "A ? B : C", "IS_ENABLED(CONFIG_X)", "f(a, b(c), 'x')", "1 << 64 / -1 % 0", "(((("} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		sure := evaluate(s, func(name string) macro {
			if len(name)%2 == 0 {
				return macro{In, known(int64(len(name)))}
			}
			return macro{defined: Out}
		})
		if unsure := evaluate(s, func(string) macro { return macro{defined: Unknown} }); unsure != Unknown && sure != Unknown && unsure != sure {
			t.Fatalf("%q is %v when nothing is known, and %v in truth", s, unsure, sure)
		}
	})
}

func FuzzGoverning(f *testing.F) {
	f.Add([]byte{2, 9, 0, 11, 19, 3, 21, 29, 4}, uint32(15))
	f.Fuzz(func(_ *testing.T, data []byte, line uint32) {
		var conds []index.Cond
		for ; len(data) >= 3; data = data[3:] {
			conds = append(conds, index.Cond{Expr: "A", Start: uint32(data[0]), End: uint32(data[1]), Kind: lang.CondKind(data[2] % 8)})
		}
		for _, a := range Governing(conds, 200, line) {
			_ = a.String()
		}
	})
}
