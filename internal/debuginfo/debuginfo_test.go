package debuginfo

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dekho/internal/testenv"
)

// source is a kernel of two functions with one inlined; a line that matters has
// a mark.
const source = `static int calls;

static inline __attribute__((always_inline)) int spin(volatile int *p)
{
	return *p + 1; /* deref */
}

__attribute__((noinline)) int frob_probe(volatile int *p)
{
	calls++;
	return spin(p) * 2; /* inlined */
}

__attribute__((noinline)) int bus_probe(volatile int *p)
{
	int n = frob_probe(p); /* call */
	calls += n;
	return n + 3;
}

const char linux_banner[] = "Linux version 6.1.7 (nobody@mars) #1 SMP\n";

void _start(void)
{
	bus_probe(&calls);
	for (;;)
		;
}
`

// lineOf is the line of the source with a mark.
func lineOf(mark string) int {
	for i, line := range strings.Split(source, "\n") {
		if strings.Contains(line, "/* "+mark+" */") {
			return i + 1
		}
	}
	return 0
}

// build compiles the source with the flags and returns the file's name.
func build(t *testing.T, dir string, flags ...string) string {
	t.Helper()
	gcc := testenv.Program(t, "gcc", "gcc")
	if err := os.MkdirAll(filepath.Join(dir, "drivers"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "drivers/frob.c"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), gcc, append(flags, "-O2", "-fno-ipa-cp", "-ffreestanding", "-fno-stack-protector", "-fno-pie", "-o", "out", "drivers/frob.c")...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(dir, "out")
}

func open(t *testing.T, name string) *File {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// lines are the places of all addresses of a function, in short.
func lines(t *testing.T, f *File, name string) []string {
	t.Helper()
	syms := f.Functions(name, 0)
	if len(syms) != 1 {
		t.Fatalf("%s: %+v", name, syms)
	}
	var list []string
	for a := range syms[0].Size {
		at, err := f.Lines(syms[0].Addr+a, name)
		if err != nil {
			t.Fatal(err)
		}
		var s []string
		for _, l := range at {
			s = append(s, fmt.Sprintf("%s %s:%d %v", l.Function, l.Path, l.Line, l.Inlined))
		}
		if text := strings.Join(s, ", "); !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return list
}

func TestLines(t *testing.T) {
	for _, flags := range [][]string{
		{"-gdwarf-4", "-nostdlib", "-static", "-Wl,--build-id=0x0123456789abcdef"},
		{"-gdwarf-5", "-nostdlib", "-static", "-Wl,--build-id=0x0123456789abcdef"},
		{"-gdwarf-5", "-gz", "-nostdlib", "-static", "-Wl,--build-id=0x0123456789abcdef"},
		{"-gdwarf-5", "-c", "-ffunction-sections"}, // sections that overlap, as in a module
		{"-gdwarf-4", "-c", "-ffunction-sections"},
	} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			f := open(t, build(t, t.TempDir(), flags...))
			inlined := fmt.Sprintf("spin drivers/frob.c:%d true, frob_probe drivers/frob.c:%d false", lineOf("deref"), lineOf("inlined"))
			if got := lines(t, f, "frob_probe"); !slices.Contains(got, inlined) {
				t.Errorf("no %q among\n%s", inlined, strings.Join(got, "\n"))
			}
			call := fmt.Sprintf("bus_probe drivers/frob.c:%d false", lineOf("call"))
			if got := lines(t, f, "bus_probe"); !slices.Contains(got, call) || slices.ContainsFunc(got, func(s string) bool { return !strings.HasPrefix(s, "bus_probe") }) {
				t.Errorf("no %q, or others, among\n%s", call, strings.Join(got, "\n"))
			}
			if f.Relocatable() {
				return
			}
			if f.Banner() != "Linux version 6.1.7 (nobody@mars) #1 SMP" {
				t.Errorf("banner %q", f.Banner())
			}
			if f.BuildID() != "0123456789abcdef" {
				t.Errorf("build id %q", f.BuildID())
			}
			s := f.Functions("frob_probe", 0)[0]
			if got, off, ok := f.Symbolize(s.Addr + 3); !ok || got.Name != "frob_probe" || off != 3 {
				t.Errorf("%+v %d %v", got, off, ok)
			}
			if _, _, ok := f.Symbolize(0); ok {
				t.Error("address 0 is in a function")
			}
		})
	}
}

func TestNoDebugInfo(t *testing.T) {
	f := open(t, build(t, t.TempDir(), "-nostdlib", "-static"))
	if _, err := f.Lines(f.Functions("frob_probe", 0)[0].Addr, "frob_probe"); !errors.Is(err, ErrNoDebugInfo) {
		t.Errorf("%v", err)
	}
}

// TestDamaged: files that are cut or have wrong bytes are errors or wrong
// answers, and never the end of the program.
func TestDamaged(t *testing.T) {
	data, err := os.ReadFile(build(t, t.TempDir(), "-g", "-nostdlib", "-static"))
	if err != nil {
		t.Fatal(err)
	}
	try := func(data []byte) {
		f, err := Open(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, s := range f.Functions("frob_probe", 0) {
			_, _ = f.Lines(s.Addr, s.Name) // whatever it says
		}
	}
	for n := 0; n < len(data); n += 97 {
		try(data[:n])
		broken := bytes.Clone(data)
		broken[n] ^= 0xff
		try(broken)
	}
}

func TestSystemMap(t *testing.T) {
	f, err := OpenSystemMap(strings.NewReader("ffffffff81000000 T _stext\nffffffff81000010 t frob_probe\nffffffff81000050 T bus_probe\nffffffff82000000 D jiffies\nffffffffc0000000 t module_one\t[mod]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if s := f.Functions("frob_probe", 0x40); len(s) != 1 || s[0].Addr != 0xffffffff81000010 {
		t.Errorf("%+v", s)
	}
	if s, off, ok := f.Symbolize(0xffffffff81000015); !ok || s.Name != "frob_probe" || off != 5 {
		t.Errorf("%+v %d %v", s, off, ok)
	}
	for _, text := range []string{"", "no map", "ffff T a\nnonsense\n", "zz T a\n", "ffff D data\n"} {
		if _, err := OpenSystemMap(strings.NewReader(text)); err == nil {
			t.Errorf("%q is a System.map", text)
		}
	}
}

// TestAddr2line compares the lines of all addresses with what binutils says, of
// kernels and of what modules are, read from a file and mapped.
func TestAddr2line(t *testing.T) {
	addr2line := testenv.Program(t, "addr2line", "binutils")
	for _, flags := range [][]string{
		{"-gdwarf-4", "-nostdlib", "-static"}, {"-gdwarf-5", "-nostdlib", "-static"}, {"-gdwarf-4", "-c"}, {"-gdwarf-5", "-c"},
	} {
		name := build(t, t.TempDir(), flags...)
		image, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f := open(t, name)
		mapped, err := OpenMapped(image)
		if err != nil {
			t.Fatal(err)
		}
		base := uint64(0) // of the only section with code
		if f.Relocatable() {
			base = f.Functions("frob_probe", 0)[0].Addr &^ (sectionGap - 1)
		}
		for _, s := range f.symbols {
			if s.Size == 0 {
				continue
			}
			for a := s.Addr; a < s.Addr+s.Size; a++ {
				list, err := f.Lines(a, s.Name)
				if err != nil {
					t.Fatal(err)
				}
				if other, err := mapped.Lines(a, s.Name); err != nil || !slices.Equal(list, other) {
					t.Errorf("%v: %#x: mapped %v, %v, else %v", flags, a, other, err, list)
				}
				var got strings.Builder
				for _, l := range list {
					fmt.Fprintf(&got, "%s %s:%d\n", l.Function, filepath.Base(l.Path), l.Line)
				}
				out, err := exec.CommandContext(t.Context(), addr2line, "-i", "-f", "-s", "-j", ".text", "-e", name, fmt.Sprintf("%#x", a-f.textOffset(base))).Output()
				if err != nil {
					t.Fatal(err)
				}
				var want strings.Builder
				for i, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
					line, _, _ = strings.Cut(line, " ") // "(discriminator 1)"
					want.WriteString(line + [2]string{" ", "\n"}[i%2])
				}
				if got.String() != want.String() {
					t.Errorf("%v: %#x in %s: got\n%swant\n%s", flags, a, s.Name, got.String(), want.String())
				}
			}
		}
	}
}

// textOffset is what binutils, asked about a section, want to be taken off an
// address in it.
func (f *File) textOffset(base uint64) uint64 {
	if f.relocatable {
		return base
	}
	return f.elf.Section(".text").Addr
}

func TestClean(t *testing.T) {
	for _, c := range [][3]string{
		{"drivers/./frob.c", "/src/linux", "drivers/frob.c"},
		{"/src/linux/drivers/frob.c", "/src/linux", "drivers/frob.c"},
		{"/src/linux/drivers/frob.c", "/src/linux/build", "/src/linux/drivers/frob.c"},
		{"../drivers/frob.c", "/src/linux/build", "/src/linux/drivers/frob.c"},
		{"drivers/frob.c", "", "drivers/frob.c"},
	} {
		if got := clean(c[0], c[1]); got != c[2] {
			t.Errorf("%s in %s: %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte("\x7fELF\x02\x01\x01"))
	if gcc, err := exec.LookPath("gcc"); err == nil {
		dir := f.TempDir()
		name := filepath.Join(dir, "a.c")
		if err := os.WriteFile(name, []byte(source), 0o644); err != nil {
			f.Fatal(err)
		}
		for i, flags := range [][]string{{"-gdwarf-4", "-nostdlib", "-static"}, {"-gdwarf-5", "-c"}} {
			out := filepath.Join(dir, fmt.Sprint(i))
			if err := exec.CommandContext(f.Context(), gcc, append(flags, "-O1", "-ffreestanding", "-o", out, name)...).Run(); err != nil {
				continue
			}
			if data, err := os.ReadFile(out); err == nil {
				f.Add(data)
			}
		}
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		e, err := Open(bytes.NewReader(data))
		if err != nil {
			return
		}
		if m, err := OpenMapped(data); err == nil && len(m.symbols) > 0 {
			_, _ = m.Lines(m.symbols[0].Addr, m.symbols[0].Name)
		}
		for i := range min(len(e.symbols), 20) {
			s := e.symbols[i]
			_, _ = e.Lines(s.Addr, s.Name)
			_, _, _ = e.Symbolize(s.Addr)
			_ = e.Functions(s.Name, 1)
		}
		_, _ = OpenSystemMap(bytes.NewReader(data))
	})
}
