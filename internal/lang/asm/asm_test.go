package asm

import (
	"fmt"
	"strings"
	"testing"

	"dekho/internal/lang"
	"dekho/internal/lang/linkfacts"

	"github.com/google/go-cmp/cmp"
)

// extract lists the occurrences of src as "name role line", where the role of
// a definition is its kind.
func extract(path, src string) ([]string, *lang.Facts) {
	f := new(lang.Facts)
	new(extractor).Extract(path, []byte(src), f)
	var occs []string
	for _, o := range f.Occs {
		r := o.Role.String()
		if o.Role.IsDef() {
			r = o.Role.Kind()
		}
		occs = append(occs, fmt.Sprintf("%s %s %d", src[o.Off:o.Off+uint32(o.Len)], r, o.Line))
	}
	return occs, f
}

func TestRoles(t *testing.T) {
	for _, tt := range []struct {
		name, path, src string
		want            []string // must be among the occurrences
		not             []string // must not, with any role, when no role is given
	}{
		{
			"x86", "arch/x86/kernel/x.S", `SYM_FUNC_START(copy_it)		# copies it
	movq	$table, %rax		# not call_me
	leaq	other(%rip), %rdx
	movl	TASK_flags(%rdi), %ecx
	call	helper
	jmp	*hook(%rip)
	jne	.Lout
	jmp	tail_target
.Lout:
	ALTERNATIVE "call one_way; nop", "call other_way", X86_FEATURE
	.ascii	"call nobody"
	RET
SYM_INNER_LABEL(copy_mark, SYM_L_LOCAL)
SYM_INNER_LABEL(copy_end, SYM_L_GLOBAL)
SYM_FUNC_END(copy_it)
SYM_FUNC_ALIAS(copy_too, copy_it)
EXPORT_SYMBOL(copy_it)
SYM_DATA(a_word, .long 0)
SYM_DATA_START_LOCAL(a_table)
	.quad	copy_it
SYM_DATA_END_LABEL(a_table, SYM_L_LOCAL, a_table_end)
`,
			[]string{
				"copy_it function 1", "table address 2", "other address 3", "helper call 5", "hook read 6", ".Lout read 7",
				"TASK_flags read 4", "tail_target call 8", ".Lout label 9", "one_way call 10", "other_way call 10", "X86_FEATURE read 10", "RET call 12", "copy_mark label 13", "copy_end function 14",
				"copy_too function 16", "copy_it address 16", "copy_it read 17", "a_word variable 18", "a_table variable 19",
				"copy_it address 20", "a_table_end variable 21",
			},
			[]string{"nobody", "rax", "call_me", "movq", "not"},
		},
		{
			"arm", "arch/arm/kernel/x.S", `#include <asm/assembler.h>
	.text
ENTRY(start)
	adr	r3, table		@ a comment; bl nowhere
 ARM(	bl	helper		)
 THUMB(	b	other_way		)
	W(b)	far_away
	blne	maybe
	ldr	r0, =variable
	bic	r1, r1, #MASK
	beq	loop
loop:	subs	r2, r2, #1
	bls	loop
	b	1f
1:	mov	pc, lr
ENDPROC(start)
local_routine:
	mov	pc, lr
ENDPROC(local_routine)
	.align 2
	globl_equ new_name, start
	.type	table, %object
table:	.long	start, end_of_it
	.ltorg
`,
			[]string{
				"start function 3", "table address 4", "helper call 5", "other_way call 6", "far_away call 7", "maybe call 8",
				"variable address 9", "MASK read 10", "loop read 11", "loop label 12", "local_routine function 17", "new_name function 21", "table variable 23",
				"start address 23",
			},
			[]string{"nowhere", "r3", "pc", "lr", "beq"},
		},
		{
			"arm64", "arch/arm64/kernel/x.S", `	.macro	kernel_enter, el, size = 64
	bl	save_it
	.endm
SYM_CODE_START_LOCAL(vec)	// comment
	kernel_enter 1
	adrp	x0, page_of
	ldr	x1, [x0, #:lo12:page_of]
	cbz	w2, elsewhere
	b.ne	1f
	bl	handler
	str	x30, [sp, #-16]!
1:	ret
SYM_CODE_END(vec)
	.globl	both; both: nop
`,
			[]string{
				"kernel_enter macro 1", "save_it call 2", "vec function 4", "kernel_enter call 5", "page_of address 6",
				"page_of read 7", "elsewhere call 8", "handler call 10", "both function 14",
			},
			[]string{"lo12", "x30", "el"},
		},
		{
			"riscv", "arch/riscv/lib/x.S", `ENTRY(__memzero)
WEAK(memzero)
	la	t0, table
	call	helper
	beqz	a0, 2f
	jal	more
	tail	last
	REG_S	ra, PT_RA(sp)
2:	ret
END(__memzero)
`,
			[]string{"__memzero function 1", "memzero function 2", "table address 3", "helper call 4", "more call 6", "last call 7", "REG_S call 8", "PT_RA read 8"},
			[]string{"a0", "t0", "ra"},
		},
		{
			"mips", "arch/mips/kernel/x.S", `NESTED(handle_it, PT_SIZE, sp)
	.set	noreorder
	jal	do_it
	 move	a0, sp			# do not
	beqz	t0, out
	PTR_LA	k1, table
	lw	t1, %lo(counter)(t2)
	break
out:	jr	ra
	END(handle_it)
FEXPORT(ret_from_it)
LEAF(small)
	END(small)
`,
			[]string{"handle_it function 1", "do_it call 3", "out read 5", "out label 9", "table read 6", "counter address 7", "ret_from_it function 11", "small function 12"},
			[]string{"noreorder", "not", "lo"},
		},
		{
			"powerpc", "arch/powerpc/kernel/x.S", `_GLOBAL(__switch_it)
	bl	.helper_dot
	bl	helper
	bne-	cr1,away
	bnel	maybe
	lis	r3,table@ha
	addi	r3,r3,table@l
	LOAD_REG_ADDR(r4, variable)
	bl	DOTSYM(wrapped)
	blr
_GLOBAL_TOC(other)
	b	__switch_it
load_up:
	blr
	.globl	data_here
	.section ".data"
data_here:
	.long	0
`,
			[]string{
				"__switch_it function 1", "helper call 3", "away call 4", "maybe call 5", "table address 6", "table address 7",
				"LOAD_REG_ADDR call 8", "variable read 8", "wrapped call 9", "other function 11", "__switch_it call 12", "load_up label 13",
				"data_here variable 17",
			},
			[]string{"ha", "r3", "cr1"},
		},
		{
			"s390", "arch/s390/kernel/x.S", `	.section .noinstr.text, "ax"
ENTRY(system_call_it)
	stpt	__LC_TIMER
	brasl	%r14,__do_it
	jnz	.Lnot
	jg	far
	larl	%r1,table		# address
.Lnot:	br	%r14
ENDPROC(system_call_it)
#define HANDLER(name, func)	\
ENTRY(name);			\
	brasl	%r14,func;	\
ENDPROC(name)
HANDLER(made_here, do_made)
`,
			[]string{
				"system_call_it function 2", "__LC_TIMER read 3", "__do_it call 4", ".Lnot read 5", "far call 6", "table address 7",
				".Lnot label 8", "HANDLER macro 10", "HANDLER call 14", "made_here function 14", "do_made address 14",
			},
			[]string{"r14", "name"},
		},
		{
			"sparc", "arch/sparc/kernel/x.S", `	.globl	trap_it		! the trap
	.type	trap_it,#function
trap_it:
	call	do_trap
	 mov	%l4, %o1
	ba,pt	%xcc, rtrap
	sethi	%hi(table), %g1
	.size	trap_it, .-trap_it
`,
			[]string{"trap_it function 3", "do_trap call 4", "rtrap call 6", "table address 7"},
			[]string{"pt", "hi", "the"},
		},
		{
			"parisc", "arch/parisc/kernel/x.S", "ENTRY_CFI(entry_it)\n\tb,l\tdo_it,%r2\t; comment words\n\tldo R1(%r1),%r1 ! nop\n\tcmpb,<>,n %r1,%r2,elsewhere\nENDPROC_CFI(entry_it)\n",
			[]string{"entry_it function 1", "do_it call 2", "elsewhere call 4"},
			[]string{"comment", "n"},
		},
		{
			"m68k", "arch/m68k/kernel/x.S", "ENTRY(trap_it)\n\tjbsr\tdo_trap\t| comment words\n\tmovel\t#table,%d0\n\tbnes\t1f\n\tjra\tleave\n1:\trts\n",
			[]string{"trap_it function 1", "do_trap call 2", "leave call 5"},
			[]string{"comment", "d0"},
		},
		{
			"ia64", "arch/ia64/kernel/x.S", "GLOBAL_ENTRY(start_it)\n{\t.mmi\n(p6)\tbr.cond.dptk\taway\n\tbr.call.sptk.many rp=do_it;;\n}\nEND(start_it)\n",
			[]string{"start_it function 1", "away call 3", "do_it call 4"},
			[]string{"rp", "mmi"},
		},
		{
			"hexagon", "arch/hexagon/kernel/x.S", "\t.global start_it\nstart_it:\n\t{ if (p0) jump:nt away; r0 = #0 }\n\tcall do_it\n",
			[]string{"start_it function 2", "away call 3", "do_it call 4"},
			[]string{"r0"},
		},
		{
			"macros", "arch/x86/x.S", `.macro THUNK name, func
SYM_FUNC_START(\name)
	call	\func
	call	common_part
SYM_FUNC_END(\name)
.endm
	THUNK	made_thunk, made_func
.macro plain a:req b=1
\a:
\a\()_tail:
.endm
	plain	labelled, 2
#define NOTHING_START(x)	nop
NOTHING_START(nobody)
PASTED(\name)
.macro table sym
.type \sym, @object
ENTRY(\sym)
.endm
	table	a_table
#define HERE ENTRY(in_body)
`,
			[]string{"THUNK macro 1", "common_part call 4", "THUNK call 7", "made_thunk function 7", "made_func address 7", "plain macro 8", "labelled function 12", "nobody read 14", "a_table variable 20", "in_body function 21"},
			[]string{"a", "_tail"},
		},
		{
			"constants", "arch/x86/x.S", ".set SIZE, 4\nCOUNT = SIZE * 2\n.globl other\n.set other, real\n.globl real\nreal: ret\n. = 4\n",
			[]string{"SIZE macro 1", "COUNT macro 2", "SIZE read 2", "other function 4", "real address 4", "real function 6"},
			nil,
		},
		{
			"conditions", "arch/x86/x.S", "#ifdef CONFIG_A\n.globl f\nf:\n# if defined(B)\n#endif\n# so it were, a comment: call nobody\n#else\n#endif\n#if 0\ngone: call g\n#endif\n# plain words\n",
			[]string{"CONFIG_A condition 1", "f function 3", "B condition 4"},
			[]string{"gone", "g", "plain", "nobody"},
		},
		{
			"cpp macros", "arch/x86/x.S", "#define COPY(reg, off)	\\\n	movq $base, off(reg);	\\\n	call helper\n#define N 3\n	COPY(%rax, N)\n",
			[]string{"COPY macro 1", "base macro-body 2", "helper macro-body 3", "N macro 4", "COPY call 5", "N read 5"},
			[]string{"off", "reg", "rax"},
		},
		{
			"script", "arch/arm/kernel/vmlinux.lds.S", `OUTPUT_ARCH(arm)
ENTRY(start)
jiffies = jiffies_64;
SECTIONS
{
	. = BASE + TEXT_OFFSET;
	.text : {
		_stext = .;	/* begin = . */
		*(.text.fixup)
		KEEP(*(.init))
		TEXT_TEXT
	}
	RO_DATA(4096)
	PROVIDE(_etext = .);
	ASSERT(__end == 4, "HYP = .")
}
`,
			[]string{"jiffies variable 3", "jiffies_64 read 3", "BASE read 6", "_stext variable 8", "TEXT_TEXT read 11", "RO_DATA call 13", "_etext variable 14", "__end read 15"},
			[]string{"begin", "SECTIONS", "fixup", "HYP", "text"},
		},
		{
			"script header", "include/asm-generic/vmlinux.lds.h", "#define CALLS(level)	\\\n	__start##level##_x = .;	\\\n	__calls_start = .;	\\\n	level = .;	\\\n	KEEP(*(.calls##level))	\\\n	OTHER(level)\n",
			[]string{"CALLS macro 1", "__calls_start variable 3", "OTHER macro-body 6"},
			[]string{"level", "_x", "__start"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := extract(tt.path, tt.src)
			have := make(map[string]bool)
			for _, g := range got {
				have[g] = true
				name, _, _ := strings.Cut(g, " ")
				have[name] = true
			}
			for _, w := range tt.want {
				if !have[w] {
					t.Errorf("missing %q in\n%s", w, strings.Join(got, "\n"))
				}
			}
			for _, n := range tt.not {
				if have[n] {
					t.Errorf("unwanted %q in\n%s", n, strings.Join(got, "\n"))
				}
			}
		})
	}
}

func TestExtents(t *testing.T) {
	src := `ENTRY(outer_name)
ENTRY(inner_name)
	nop
ENDPROC(inner_name)
ENDPROC(outer_name)
.macro save reg
	nop
.endm
	.globl first
first:	nop
	nop
second:	nop
	call third
#ifdef CONFIG_X
third:	nop
#else
	nop
#endif
SYM_CODE_START(whole)
	nop
SYM_INNER_LABEL(mark, SYM_L_GLOBAL)
	nop
	.globl midway
midway:	nop
SYM_CODE_END(whole)
`
	_, f := extract("arch/x86/x.S", src)
	var got []string
	for _, fn := range f.Funcs {
		got = append(got, fmt.Sprintf("%s %d-%d", src[fn.Name.Off:fn.Name.Off+fn.Name.Len], fn.Start, fn.End))
	}
	for _, c := range f.Conds {
		got = append(got, fmt.Sprintf("%s %d %d-%d", src[c.Expr.Off:c.Expr.Off+c.Expr.Len], c.Kind, c.Start, c.End))
	}
	want := []string{
		"outer_name 1-1", "inner_name 2-4", "save 6-8", "first 10-14", "third 15-18", "whole 19-23", "midway 24-25", "CONFIG_X 1 15-15", "CONFIG_X 3 17-17",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestMacroRecords(t *testing.T) {
	_, f := extract("arch/x86/x.S", "#define A(x, y)	mov x, \\\n	y /* why */; ret\n#define EMPTY\n#ifndef B\n#define B A(1, 2)\n#endif\n")
	var got []string
	r := linkfacts.NewReader(f.Link)
	for rec := r.Next(); rec != nil; rec = r.Next() {
		got = append(got, fmt.Sprintf("%c %d %s(%s) %d: %s", rec.Tag, rec.Line, rec.Name, rec.Params, rec.Flags, rec.Body))
	}
	want := []string{"M 1 A(x, y) 1: mov x, y ; ret", "M 5 B() 8: A(1, 2)"}
	if d := cmp.Diff(want, got); d != "" || r.Err() != nil {
		t.Error(d, r.Err())
	}
}

// sample has what the extractor treats in its own way.
const sample = `#include "x.h"
#ifdef CONFIG_A
#define M(a, b) a: .long b; \
	call a
#elif defined(B) /* c */
#else
#endif
.macro mac p:req q=1
\p: call \p\()_x
.endm
	mac made, 2
ENTRY(f)
	{ (p6) br.call rp=g;; }
	call	*h(%rip); jmp .L1 // x
.L1: 1: b 1b
	M(label,
	  other)
	.section ".data", "aw"
	.set x, y
v:	.quad f - ., 'a', "s\"t"
ENDPROC(f)
.pushsection .text; .popsection; .previous
`

const scriptSample = `#define S(x) __##x = .; y = .; KEEP(*(.x)) \
	z = ALIGN(8)
/* a = .; */ SECTIONS { . = 3; _s = .; PROVIDE(e = .); *(.a-b) "q" RO(1) }
#if 0
#endif
`

var paths = []string{
	"arch/x86/a.S", "arch/arm/a.S", "arch/arm64/a.S", "arch/mips/a.S", "arch/powerpc/a.S", "arch/s390/a.S", "arch/sparc/a.S",
	"arch/parisc/a.S", "arch/hexagon/a.S", "arch/ia64/a.S", "a.s", "a.lds.S", "a.lds.h",
}

func TestEveryPrefix(t *testing.T) {
	var x extractor
	var f lang.Facts
	for _, path := range paths {
		src := sample
		if isScript(path) {
			src = scriptSample
		}
		for n := range len(src) {
			f.Reset()
			x.Extract(path, []byte(src[:n]), &f)
			check(t, []byte(src[:n]), &f)
		}
	}
}

// check holds facts against what every extractor promises.
func check(t *testing.T, src []byte, f *lang.Facts) {
	t.Helper()
	last, line := uint32(0), 1
	for i, o := range f.Occs {
		if int(o.Off)+int(o.Len) > len(src) || o.Len == 0 || o.Line == 0 {
			t.Fatalf("occurrence %+v outside of %d bytes", o, len(src))
		}
		if i > 0 && o.Off < last {
			t.Fatalf("occurrence %d at %d behind one at %d", i, o.Off, last)
		}
		line += strings.Count(string(src[last:o.Off]), "\n")
		last = o.Off
		if name := src[o.Off : o.Off+uint32(o.Len)]; o.Hash != lang.Hash(name) {
			t.Fatalf("hash of %q", name)
		}
		if int(o.Line) != line {
			t.Fatalf("%q is on line %d, not %d", src[o.Off:o.Off+uint32(o.Len)], line, o.Line)
		}
		if int(o.Role) >= lang.NumRoles {
			t.Fatalf("role %d", o.Role)
		}
	}
	end := uint32(0)
	for _, fn := range f.Funcs {
		if int(fn.Name.Off+fn.Name.Len) > len(src) || fn.End < fn.Start || fn.End > f.Lines {
			t.Fatalf("function %+v of %d lines", fn, f.Lines)
		}
		if fn.Start <= end {
			t.Fatalf("function %+v overlaps one that ends in line %d", fn, end)
		}
		end = fn.End
	}
	for _, c := range f.Conds {
		if int(c.Expr.Off+c.Expr.Len) > len(src) || c.End+1 < c.Start {
			t.Fatalf("condition %+v", c)
		}
	}
	for _, in := range f.Includes {
		if int(in.Path.Off+in.Path.Len) > len(src) {
			t.Fatalf("include %+v", in)
		}
	}
	r := linkfacts.NewReader(f.Link)
	for r.Next() != nil {
	}
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
}

func FuzzExtract(f *testing.F) {
	for i := range paths {
		f.Add([]byte(sample), uint8(i))
		f.Add([]byte(scriptSample), uint8(i))
	}
	f.Add([]byte("#if 1\n#else\nf(((\n\\\n#endif\n.macro\n.endm\n.macro a\n"), uint8(0))
	f.Add([]byte("\\()a\\@:b=c\n'\"\\\n#define a(b) b: \\"), uint8(1))
	f.Fuzz(func(t *testing.T, src []byte, which uint8) {
		path := paths[int(which)%len(paths)]
		var a, b lang.Facts
		x := new(extractor)
		x.Extract(path, src, &a)
		check(t, src, &a)
		x.Extract(path, src, &b)
		if d := cmp.Diff(a, b); d != "" {
			t.Fatal("not deterministic: " + d)
		}
	})
}
