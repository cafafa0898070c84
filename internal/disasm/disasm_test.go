package disasm

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"dekho/internal/testenv"
)

func TestParseCode(t *testing.T) {
	for _, c := range []struct {
		arch Arch
		text string
		want []byte
		trap int
		err  error
	}{
		{X8664, "90 48 <8b> 00", []byte{0x90, 0x48, 0x8b, 0}, 2, nil},
		{X8664, "90 90", []byte{0x90, 0x90}, -1, nil},
		{X8664, "Bad RIP value.", nil, -1, ErrUnreadable},
		{X8664, "Unable to access opcode bytes at RIP 0xffffffffffffffd6.", nil, -1, ErrUnreadable},
		{X8664, "90 4", nil, -1, errNoCode},
		{X8664, "", nil, -1, errNoCode},
		{ARM, "e1a00003 (e5932000)", []byte{3, 0, 0xa0, 0xe1, 0, 0x20, 0x93, 0xe5}, 4, nil},
		{ARM, "bad PC value", nil, -1, ErrUnreadable},
		{ARM, "4a0b 6813 (681a)", nil, -1, ErrThumb},
		{ARM64, "d503201f (f9400000)", []byte{0x1f, 0x20, 3, 0xd5, 0, 0, 0x40, 0xf9}, 4, nil},
		{RISCV64, "4501 (b503) 0185", []byte{1, 0x45, 3, 0xb5, 0x85, 1}, 2, nil},
		{ARM64, "d503201g", nil, -1, errNoCode},
	} {
		got, err := ParseCode(c.arch, c.text)
		if !bytes.Equal(got.Bytes, c.want) && err == nil || got.Trap != c.trap || !errors.Is(err, c.err) {
			t.Errorf("%q: %x %d %v", c.text, got.Bytes, got.Trap, err)
		}
	}
}

// listing shows the instructions of a piece of code.
func listing(t *testing.T, arch Arch, text string, o Options) (lines []string, l Listing) {
	t.Helper()
	c, err := ParseCode(arch, text)
	if err != nil {
		t.Fatal(err)
	}
	l = Disassemble(arch, c, o)
	for i, in := range l.Instructions {
		s := in.Text
		if i == l.Trap {
			s = "-> " + s
		}
		lines = append(lines, s)
	}
	return lines, l
}

// TestDisassemble: instructions as objdump writes them, and what they touch, with
// registers that all have the same value.
func TestDisassemble(t *testing.T) {
	const value = 0xffff888000001000
	for _, c := range []struct {
		arch  Arch
		code  string
		want  string // of the instruction that is marked
		touch string
	}{
		{X8664, "<48> 8b 47 18", "mov 0x18(%rdi),%rax", "0x18(%rdi) RDI 0xffff888000001018 8"},
		{X8664, "<c6> 04 25 00 00 00 00 01", "movb $0x1,0x0", "0x0  0x0 1"},
		{X8664, "<65> 48 8b 04 25 28 00 00 00", "mov %gs:0x28,%rax", "%gs:0x28 GS 0xffff888000001028 8"},
		{X8664, "<4c> 8b 4c c7 f8", "mov -0x8(%rdi,%rax,8),%r9", "-0x8(%rdi,%rax,8) RDI RAX 0xfffbcc8000008ff8 8"},
		{X8664, "<41> 8b 40 04", "mov 0x4(%r8),%eax", "0x4(%r8) R08 0xffff888000001004 4"},
		{X8664, "<48> 0f be 80 40 10 08 84", "movsbq -0x7bf7efc0(%rax),%rax", "-0x7bf7efc0(%rax) RAX 0xffff887f84082040 1"},
		{X8664, "<f3> 48 a5", "rep movsq %ds:(%rsi),%es:(%rdi)", "%es:(%rdi) RDI 0xffff888000001000 0; %ds:(%rsi) RSI 0xffff888000001000 0"},
		{X8664, "<48> 8d 47 18", "lea 0x18(%rdi),%rax", ""},
		{X8664, "<0f> 0b", "ud2", ""},
		{X8664, "<0f> 01 cb", "stac", ""},
		{X8664, "<f3> 0f 1e fa", "endbr64", ""},
		{X8664, "<48> c7 c0 ea ff ff ff", "mov $0xffffffffffffffea,%rax", ""},
		{X8664, "<b8> ea ff ff ff", "mov $0xffffffea,%eax", ""},
		{X8664, "<48> b8 00 00 00 00 00 fc ff df", "movabs $0xdffffc0000000000,%rax", ""},
		{X8664, "<e8> fb 00 00 00", "call .+0x100", ""},
		{X8664, "<0f> 1f 44 00 00", "nopl 0x0(%rax,%rax,1)", ""},
		{X8664, "<c3>", "ret", ""},
		{X8664, "<06>", "(bad)", ""},
		{X8664, "<ff> 14 25 f0 81 90 82", "call *0xffffffff829081f0", "0xffffffff829081f0  0xffffffff829081f0 8"},
		{X86, "<8b> 40 18", "mov 0x18(%eax),%eax", "0x18(%eax) EAX 0x1018 4"},
		{X86, "<8b> 40 f8", "mov -0x8(%eax),%eax", "-0x8(%eax) EAX 0xff8 4"},
		{X86, "<e8> fb ff ff ff", "call .+0x0", ""},
		{ARM, "(e5932018)", "ldr r2, [r3, #24]", "[r3, #24] r3 0x1018 4"},
		{ARM, "(e7d21003)", "ldrb r1, [r2, r3]", "[r2, r3] r2 r3 0x2000 1"},
		{ARM, "(e7921103)", "ldr r1, [r2, r3, lsl #2]", "[r2, r3, lsl #2] r2 r3 0x5000 4"},
		{ARM, "(e4932004)", "ldr r2, [r3], #4", "[r3] r3 0x1000 4"},
		{ARM, "(e8930006)", "ldm r3, {r1, r2}", "[r3] r3 0x1000 8"},
		{ARM, "(e92d4010)", "push {r4, lr}", ""},
		{ARM, "(e5cb1000)", "strb r1, [fp]", "[fp] fp 0x1000 1"},
		{ARM, "(eafffffe)", "b .+0x0", ""},
		{ARM, "(ee1d3f70)", "mrc 15, 0, r3, cr13, cr0, {3}", ""},
		{ARM, "(e784300b)", "str r3, [r4, fp]", "[r4, fp] r4 fp 0x2000 4"},
		{ARM, "(e79a2008)", "ldr r2, [sl, r8]", "[sl, r8] r10 r8 0x2000 4"},
		{ARM, "(e78a300b)", "str r3, [sl, fp]", "[sl, fp] r10 fp 0x2000 4"},
		{ARM, "(f57ff05a)", "dmb ishst", ""},
		{ARM, "(ffffffff)", ".inst 0xffffffff", ""},
		{ARM64, "(f9400c00)", "ldr x0, [x0,#24]", "[x0,#24] x0 0xffff888000001018 8"},
		{ARM64, "(b85fc020)", "ldur w0, [x1,#-4]", "[x1,#-4] x1 0xffff888000000ffc 4"},
		{ARM64, "(39000020)", "strb w0, [x1]", "[x1] x1 0xffff888000001000 1"},
		{ARM64, "(f8408420)", "ldr x0, [x1],#8", "[x1] x1 0xffff888000001000 8"},
		{ARM64, "(f8627820)", "ldr x0, [x1,x2,lsl #3]", "[x1,x2,lsl #3] x1 x2 0xfffbcc8000009000 8"},
		{ARM64, "(a9400400)", "ldp x0, x1, [x0]", "[x0] x0 0xffff888000001000 16"},
		{ARM64, "(d503233f)", "paciasp", ""},
		{ARM64, "(b8200020)", "ldadd w0, w0, [x1]", "[x1] x1 0xffff888000001000 4"},
		{ARM64, "(f8a0003f)", "ldadda x0, xzr, [x1]", "[x1] x1 0xffff888000001000 8"},
		{ARM64, "(b820003f)", "stadd w0, [x1]", "[x1] x1 0xffff888000001000 4"},
		{ARM64, "(b8e08020)", "swpal w0, w0, [x1]", "[x1] x1 0xffff888000001000 4"},
		{ARM64, "(c8a0fc41)", "casl x0, x1, [x2]", "[x2] x2 0xffff888000001000 8"},
		{ARM64, "(d5384100)", "mrs x0, sp_el0", ""},
		{ARM64, "(d4210000)", "brk #0x800", ""},
		{ARM64, "(14000004)", "b .+0x10", ""},
		{RISCV64, "(3503) 0185", "ld a0,24(a0)", "24(a0) a0 0xffff888000001018 8"},
		{RISCV64, "(6d08)", "ld a0,24(a0)", "24(a0) a0 0xffff888000001018 8"},
		{RISCV64, "(9002)", "ebreak", ""},
	} {
		lines, l := listing(t, c.arch, c.code, Options{Start: -1})
		if l.Trap != 0 {
			t.Errorf("%s: %v", c.code, l)
			continue
		}
		var touch []string
		for _, o := range l.Instructions[0].Memory {
			addr, ok := o.Address(func(string) (uint64, bool) { return value, true })
			if !ok {
				t.Errorf("%s: no address", c.code)
			}
			touch = append(touch, fmt.Sprintf("%s %s %#x %d", o.Text, strings.Join(o.Registers(), " "), addr, o.Size))
		}
		if got := strings.Join(touch, "; "); lines[0] != "-> "+c.want || got != c.touch {
			t.Errorf("%s: %q %q, want %q %q", c.code, lines[0], got, c.want, c.touch)
		}
	}
}

// TestBackwards: instructions in front of the mark are found, where the function
// begins within the code for certain.
func TestBackwards(t *testing.T) {
	// The first bytes end an instruction that begins before them.
	const code = "00 00 55 48 89 e5 53 48 8b 5f 08 48 85 db 74 05 <48> 8b 03 5b c3 e8"
	want := "push %rbp|mov %rsp,%rbp|push %rbx|mov 0x8(%rdi),%rbx|test %rbx,%rbx|je .+0x7|-> mov (%rbx),%rax|pop %rbx|ret"
	lines, l := listing(t, X8664, code, Options{Start: -1})
	if got := strings.Join(lines, "|"); !strings.HasSuffix(got, want) || !l.Guess {
		t.Errorf("%s, a guess: %v", got, l.Guess)
	}
	lines, l = listing(t, X8664, code, Options{Start: 2})
	if got := strings.Join(lines, "|"); got != want || l.Guess {
		t.Errorf("%s, a guess: %v", got, l.Guess)
	}
	// A start that does not lead there is not believed.
	if _, l = listing(t, X8664, code, Options{Start: 15}); !l.Guess || l.Trap < 0 {
		t.Errorf("%+v", l)
	}
}

// TestDestinations: jumps are named where the place is known.
func TestDestinations(t *testing.T) {
	symbol := func(addr uint64) string {
		if addr >= 0x1000 && addr < 0x1100 {
			return fmt.Sprintf("frob+%#x", addr-0x1000)
		}
		return ""
	}
	for _, c := range []struct {
		arch       Arch
		code, want string
	}{
		{X8664, "<eb> 0e", "jmp frob+0x20"},
		{X8664, "<e8> 00 10 00 00", "call 0x2015"},
		{X86, "<74> 0e", "je frob+0x20"},
		{ARM, "(0a000002)", "beq frob+0x20"},
		{ARM64, "(34000080)", "cbz w0, frob+0x20"},
		{ARM64, "(54000080)", "b.eq frob+0x20"},
		{ARM64, "(36180080)", "tbz w0, #3, frob+0x20"},
		{RISCV64, "(0863) 00b5", "beq a0,a1,frob+0x20"},
	} {
		lines, _ := listing(t, c.arch, c.code, Options{Start: -1, PC: 0x1010, PCKnown: true, Symbol: symbol})
		if lines[0] != "-> "+c.want {
			t.Errorf("%s: %q, want %q", c.code, lines[0], c.want)
		}
	}
}

// sample has loops, branches, arithmetic and accesses of all widths.
const sample = `
struct node { struct node *next; long key; int count; short flags; char name[10]; };
extern void use(struct node *n, long v);
int walk(struct node *n, long key, unsigned *sum)
{
	int found = 0;
	for (; n; n = n->next) {
		n->count += n->flags * 3 - (int)key;
		if (n->key == key && n->name[found & 7] != 'x')
			found++;
		*sum ^= (unsigned)n->key >> (n->count & 31);
		if (n->count < -19)
			return -19;
		use(n, key / (n->count | 1));
	}
	return found ? found : -2;
}
long table(long *t, int i, unsigned char *b) { return t[i] + t[b[i]] * 1000003 + (long)b; }
`

// TestObjdump compares a compiled function with what binutils say.
func TestObjdump(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("SKIPPED: the compiler here makes no code of x86")
	}
	gcc, objdump, objcopy := testenv.Program(t, "gcc", "gcc"), testenv.Program(t, "objdump", "binutils"), testenv.Program(t, "objcopy", "binutils")
	dir := t.TempDir()
	src, obj := filepath.Join(dir, "a.c"), filepath.Join(dir, "a.o")
	if err := os.WriteFile(src, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, flags := range [][]string{{"-O1"}, {"-O2"}, {"-O2", "-m32"}, {"-Os", "-mno-red-zone", "-fcf-protection"}} {
		machine := "i386:x86-64"
		arch := X8664
		if len(flags) > 1 && flags[1] == "-m32" {
			machine, arch = "i386", X86
		}
		args := append(flags, "-ffreestanding", "-fno-pie", "-fno-asynchronous-unwind-tables", "-c", "-o", obj, src)
		if out, err := exec.CommandContext(t.Context(), gcc, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		text := filepath.Join(dir, "text")
		if out, err := exec.CommandContext(t.Context(), objcopy, "-O", "binary", "-j", ".text", obj, text).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		code, err := os.ReadFile(text)
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), objdump, "-D", "-w", "-b", "binary", "-m", machine, text).Output()
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for line := range strings.Lines(string(out)) {
			if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 3 {
				s, _, _ := strings.Cut(f[2], "#")
				s = strings.Join(strings.Fields(s), " ")
				if !padding(s) {
					want = append(want, s)
				}
			}
		}
		var got []string
		for _, in := range Disassemble(arch, Code{Bytes: code, Trap: -1}, Options{Start: -1, PCKnown: true}).Instructions {
			if !padding(in.Text) {
				got = append(got, in.Text)
			}
		}
		if len(got) < 50 || len(got) != len(want) {
			t.Fatalf("%v: %d instructions, want %d", flags, len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%v: %q, want %q", flags, got[i], want[i])
			}
		}
	}
}

// padding reports whether an instruction does nothing; the many ways to say so
// are written in other ways.
func padding(text string) bool {
	return strings.Contains(text, "nop") || strings.HasPrefix(text, "lea") && strings.HasSuffix(text, ",%esi") && strings.Contains(text, "(%esi")
}

func FuzzDisassemble(f *testing.F) {
	f.Add(uint8(X8664), "90 48 <8b> 00 c3", 1)
	f.Add(uint8(X86), "90 <8b> 40 18 e8 00", -1)
	f.Add(uint8(ARM), "e1a00003 (e5932000)", 4)
	f.Add(uint8(ARM64), "d503201f (f9400000)", 0)
	f.Add(uint8(RISCV64), "4501 (b503) 0185", 2)
	f.Fuzz(func(t *testing.T, a uint8, text string, start int) {
		arch := Arch(a) % (RISCV64 + 1)
		c, err := ParseCode(arch, text)
		if err != nil {
			return
		}
		if len(c.Bytes) > maxCode+4 || c.Trap >= len(c.Bytes) {
			t.Fatalf("%d bytes, mark at %d", len(c.Bytes), c.Trap)
		}
		l := Disassemble(arch, c, Options{Start: start, Symbol: func(uint64) string { return "x" }})
		at := -1
		for i, in := range l.Instructions {
			if at >= 0 && in.Offset != at || in.Len <= 0 || in.Offset+in.Len > len(c.Bytes) || in.Text == "" {
				t.Fatalf("instruction %d: %+v", i, in)
			}
			at = in.Offset + in.Len
			for _, o := range in.Memory {
				o.Address(func(string) (uint64, bool) { return uint64(start), true }) //nolint:gosec // any value
			}
		}
		if l.Trap >= 0 && l.Instructions[l.Trap].Offset != c.Trap {
			t.Fatalf("mark at %d, instruction at %d", c.Trap, l.Instructions[l.Trap].Offset)
		}
	})
}
