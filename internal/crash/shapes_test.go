package crash

import (
	"fmt"
	"strings"
	"testing"
)

// shapes are reports as kernels of different ages print them on machines that
// are no PCs.
var shapes = []struct {
	name, log string
	title     string
	pc        string // function+offset@address
	arch      string
	fault     string // address access
	register  string // one of them: name=value
	stack     string // of the call trace
	corrupted bool
}{
	{
		name: "arm 3.x, unwinder", arch: "arm", fault: "0x18 ", register: "r3=ffffffea",
		title: "BUG: unable to handle kernel NULL pointer dereference in rover_read",
		pc:    "rover_read+0x1c@0xbf0005d4",
		stack: "rover_read [mars], rover_open+0x14 [mars], do_dentry_open+0x1f4, vfs_open+0x2c",
		log: `Unable to handle kernel NULL pointer dereference at virtual address 00000018
pgd = ee0a8000
[00000018] *pgd=80000000
Internal error: Oops: 17 [#1] PREEMPT SMP ARM
Modules linked in: mars(O)
CPU: 0 PID: 77 Comm: roverd Tainted: G           O 3.14.28 #1
task: ee0a8000 ti: ee0b0000 task.ti: ee0b0000
PC is at rover_read+0x1c/0x40 [mars]
LR is at rover_open+0x14/0x30 [mars]
pc : [<bf0005d4>]    lr : [<bf000618>]    psr: 60000013
sp : ee0b1e40  ip : 00000000  fp : ee0b1e54
r10: 00000000  r9 : ee0b0000  r8 : 00000000
r7 : 00000000  r6 : 00000000  r5 : 00000000  r4 : c1004000
r3 : ffffffea  r2 : 00000000  r1 : 00000001  r0 : c1004000
Flags: nZCv  IRQs on  FIQs on  Mode SVC_32  ISA ARM  Segment user
Control: 10c5387d  Table: 8000406a  DAC: 00000015
Process roverd (pid: 77, stack limit = 0xee0b0240)
Stack: (0xee0b1e40 to 0xee0b2000)
1e40: c1004000 00000000 ee0b1e6c ee0b1e58 c0012345 00000000 00000000 00000000
1e60: 00000000 00000000 ee0b1e8c ee0b1e70 c0012345 00000000 00000000 00000000
[<bf0005d4>] (rover_read [mars]) from [<bf000618>] (rover_open+0x14/0x30 [mars])
[<bf000618>] (rover_open [mars]) from [<c00f2345>] (do_dentry_open+0x1f4/0x2c0)
[<c00f2345>] (do_dentry_open) from [<c00f3456>] (vfs_open+0x2c/0x50)
Code: e92d4010 e1a04000 e5943004 e3530000 (e5932018)
---[ end trace 1234567890abcdef ]---
`,
	},
	{
		name: "arm 4.x, frame pointers", arch: "arm", fault: "0x18 ", register: "fp=ee0b1e54",
		title: "BUG: unable to handle kernel NULL pointer dereference in rover_read",
		pc:    "rover_read+0x1c@0xc0123414",
		stack: "rover_read, rover_open+0x14, vfs_open+0x2c",
		log: `Unable to handle kernel NULL pointer dereference at virtual address 00000018
pgd = ee0a8000
[00000018] *pgd=00000000
Internal error: Oops: 5 [#1] ARM
Modules linked in:
CPU: 0 PID: 77 Comm: roverd Not tainted 4.9.11 #1
Hardware name: Mars Rover (Device Tree)
task: ee0a8000 task.stack: ee0b0000
PC is at rover_read+0x1c/0x40
LR is at rover_open+0x14/0x30
pc : [<c0123414>]    lr : [<c0123458>]    psr: 60000013
sp : ee0b1e40  ip : 00000000  fp : ee0b1e54
r10: 00000000  r9 : ee0b0000  r8 : 00000000
r7 : 00000000  r6 : 00000000  r5 : 00000000  r4 : c1004000
r3 : 00000000  r2 : 00000000  r1 : 00000001  r0 : c1004000
Backtrace: 
[<c01233f8>] (rover_read) from [<c0123458>] (rover_open+0x14/0x30)
 r5:00000000 r4:c1004000
[<c0123444>] (rover_open) from [<c00f3456>] (vfs_open+0x2c/0x50)
 r7:00000000 r6:00000000 r5:00000000 r4:c1004000
Code: e92d4010 e1a04000 e5943004 e3530000 (e5932018)
---[ end trace 1234567890abcdef ]---
`,
	},
	{
		name: "arm 6.x", arch: "arm", fault: "0x18 write", register: "r0=c1004000",
		title: "BUG: unable to handle kernel NULL pointer dereference in rover_read",
		pc:    "rover_read+0x1c@0xbf0005d4",
		stack: "rover_read [mars], rover_open+0x14 [mars], do_dentry_open+0x1f4, vfs_open+0x2c",
		log: `8<--- cut here ---
Unable to handle kernel NULL pointer dereference at virtual address 00000018 when write
[00000018] *pgd=00000000
Internal error: Oops: 805 [#1] PREEMPT SMP ARM
Modules linked in: mars(O)
CPU: 1 PID: 77 Comm: roverd Tainted: G           O       6.6.30 #1
Hardware name: Freescale i.MX7 Dual (Device Tree)
PC is at rover_read+0x1c/0x40 [mars]
LR is at rover_open+0x14/0x30 [mars]
pc : [<bf0005d4>]    lr : [<bf000618>]    psr: 60000013
sp : ee0b1e40  ip : 00000000  fp : ee0b1e54
r10: 00000000  r9 : ee0b0000  r8 : 00000000
r7 : 00000000  r6 : 00000000  r5 : 00000000  r4 : c1004000
r3 : 00000000  r2 : 00000000  r1 : 00000001  r0 : c1004000
Flags: nZCv  IRQs on  FIQs on  Mode SVC_32  ISA ARM  Segment none
Control: 10c5387d  Table: 8000406a  DAC: 00000051
Register r0 information: slab kmalloc-1k start c1004000 pointer offset 0 size 1024
Process roverd (pid: 77, stack limit = 0x(ptrval))
Stack: (0xee0b1e40 to 0xee0b2000)
1e40: c1004000 00000000 ee0b1e6c ee0b1e58 c0012345 00000000 00000000 00000000
 rover_read [mars] from rover_open+0x14/0x30 [mars]
 rover_open [mars] from do_dentry_open+0x1f4/0x2c0
 do_dentry_open from vfs_open+0x2c/0x50
Code: e92d4010 e1a04000 e5943004 e3530000 (e5832018)
---[ end trace 0000000000000000 ]---
`,
	},
	{
		name: "arm, no symbols", arch: "arm", fault: "0x18 ", register: "r4=c1004000", corrupted: true, // no function can be named
		title: "BUG: unable to handle kernel NULL pointer dereference in corrupted",
		pc:    "+0x0@0xc0123414",
		stack: "@0xc0123414, @0xc0123458, @0xc00f3456",
		log: `Unable to handle kernel NULL pointer dereference at virtual address 00000018
Internal error: Oops: 5 [#1] ARM
CPU: 0 PID: 77 Comm: roverd Not tainted 4.9.11 #1
PC is at 0xc0123414
LR is at 0xc0123458
pc : [<c0123414>]    lr : [<c0123458>]    psr: 60000013
sp : ee0b1e40  ip : 00000000  fp : ee0b1e54
r3 : 00000000  r2 : 00000000  r1 : 00000001  r0 : c1004000
r7 : 00000000  r6 : 00000000  r5 : 00000000  r4 : c1004000
Backtrace: 
Function entered at [<c0123414>] from [<c0123458>]
Function entered at [<c0123458>] from [<c00f3456>]
Code: e92d4010 e1a04000 e5943004 e3530000 (e5932018)
---[ end trace 1234567890abcdef ]---
`,
	},
	{
		name: "arm64 4.x", arch: "arm64", fault: "0x18 ", register: "x1=0000000000000001",
		title: "BUG: unable to handle kernel NULL pointer dereference in rover_read",
		pc:    "rover_read+0x1c@0xffff000008090a74",
		stack: "rover_read+0x1c, rover_open+0x14, vfs_open+0x2c",
		log: `Unable to handle kernel NULL pointer dereference at virtual address 00000018
pgd = ffff80006d1b0000
[00000018] *pgd=00000000ad1b1003
Internal error: Oops: 96000006 [#1] PREEMPT SMP
Modules linked in:
CPU: 2 PID: 77 Comm: roverd Not tainted 4.9.11 #1
Hardware name: Mars Rover (DT)
task: ffff80006d1b0000 task.stack: ffff80006d1c0000
PC is at rover_read+0x1c/0x40
LR is at rover_open+0x14/0x30
pc : [<ffff000008090a74>] lr : [<ffff000008090b00>] pstate: 60000145
sp : ffff80006d1c3bd0
x29: ffff80006d1c3bd0 x28: ffff80006d1b0000 
x27: 0000000000000000 x26: 0000000000000000 
x3 : 0000000000000000 x2 : 0000000000000000 
x1 : 0000000000000001 x0 : 0000000000000000 

Process roverd (pid: 77, stack limit = 0xffff80006d1c0000)
Call trace:
Exception stack(0xffff80006d1c39f0 to 0xffff80006d1c3b20)
39e0:                                   0000000000000000 0001000000000000
3a00: ffff80006d1c3bd0 ffff000008090a74 0000000000000000 0000000000000000
[<ffff000008090a74>] rover_read+0x1c/0x40
[<ffff000008090b00>] rover_open+0x14/0x30
[<ffff0000081f3456>] vfs_open+0x2c/0x50
Code: d503201f a9bf7bfd 910003fd d503201f (f9400c00) 
---[ end trace 1234567890abcdef ]---
`,
	},
	{
		name: "arm64 6.x", arch: "arm64", fault: "0x18 write", register: "x0=0000000000000000",
		title: "BUG: unable to handle kernel NULL pointer dereference in rover_read",
		pc:    "rover_read+0x1c@0x0",
		stack: "rover_read+0x1c [mars], rover_open+0x14 [mars], vfs_open+0x2c",
		log: `Unable to handle kernel NULL pointer dereference at virtual address 0000000000000018
Mem abort info:
  ESR = 0x0000000096000044
  EC = 0x25: DABT (current EL), IL = 32 bits
  SET = 0, FnV = 0
  EA = 0, S1PTW = 0
  FSC = 0x04: level 0 translation fault
Data abort info:
  ISV = 0, ISS = 0x00000044, ISS2 = 0x00000000
  CM = 0, WnR = 1, TnD = 0, TagAccess = 0
user pgtable: 4k pages, 48-bit VAs, pgdp=0000000101234000
[0000000000000018] pgd=0000000000000000, p4d=0000000000000000
Internal error: Oops: 0000000096000044 [#1] PREEMPT SMP
Modules linked in: mars(O)
CPU: 2 UID: 0 PID: 77 Comm: roverd Tainted: G           O       6.12.9 #1
Tainted: [O]=OOT_MODULE
Hardware name: Mars Rover (DT)
pstate: 60000005 (nZCv daif -PAN -UAO -TCO -DIT -SSBS BTYPE=--)
pc : rover_read+0x1c/0x40 [mars]
lr : rover_open+0x14/0x30 [mars]
sp : ffff800082d83bd0
x29: ffff800082d83bd0 x28: ffff0000c1b50000 x27: 0000000000000000
x26: 0000000000000000 x25: 0000000000000000 x24: 0000000000000000
x2 : 0000000000000000 x1 : 0000000000000001 x0 : 0000000000000000
Call trace:
 rover_read+0x1c/0x40 [mars] (P)
 rover_open+0x14/0x30 [mars]
 vfs_open+0x2c/0x50
Code: d503233f a9bf7bfd 910003fd d503201f (f9000c00) 
---[ end trace 0000000000000000 ]---
`,
	},
	{
		name: "riscv 5.4", arch: "riscv64", fault: "0x18 ", register: "a1=0000000000000001",
		title: "BUG: unable to handle kernel NULL pointer dereference in rover_read",
		pc:    "rover_read+0x1c@0xffffffe000200a74", // by the trace
		stack: "rover_read+0x1c@0xffffffe000200a74, rover_open+0x14@0xffffffe000200b00, vfs_open+0x2c@0xffffffe000300c00",
		log: `Unable to handle kernel NULL pointer dereference at virtual address 0000000000000018
Oops [#1]
Modules linked in:
CPU: 0 PID: 77 Comm: roverd Not tainted 5.4.50 #1
sepc: ffffffe000200a74 ra : ffffffe000200b00 sp : ffffffe0fe0a3e40
 gp : ffffffe000a00000 tp : ffffffe0fe0a0000 t0 : 0000000000000040
 t1 : 0000000000000000 t2 : 0000000000000000 s0 : ffffffe0fe0a3e50
 s1 : 0000000000000000 a0 : 0000000000000000 a1 : 0000000000000001
sstatus: 0000000200000120 sbadaddr: 0000000000000018 scause: 000000000000000d
[<ffffffe000200a74>] rover_read+0x1c/0x40
[<ffffffe000200b00>] rover_open+0x14/0x30
[<ffffffe000300c00>] vfs_open+0x2c/0x50
---[ end trace 1234567890abcdef ]---
`,
	},
	{
		name: "riscv 6.x", arch: "riscv64", fault: "0x18 ", register: "badaddr=0000000000000018",
		title: "BUG: unable to handle kernel NULL pointer dereference in rover_read",
		pc:    "rover_read+0x1c@0xffffffff80100a74",
		stack: "rover_read+0x1c@0xffffffff80100a74, rover_open+0x14@0xffffffff80100b00, vfs_open+0x2c@0xffffffff80300c00",
		log: `Unable to handle kernel NULL pointer dereference at virtual address 0000000000000018
Oops [#1]
Modules linked in:
CPU: 0 PID: 77 Comm: roverd Not tainted 6.6.30 #1
Hardware name: riscv-virtio,qemu (DT)
epc : rover_read+0x1c/0x40
 ra : rover_open+0x14/0x30
epc : ffffffff80100a74 ra : ffffffff80100b00 sp : ff20000000013e40
 gp : ffffffff81500000 tp : ff60000001f00000 t0 : 0000000000000040
 t1 : 0000000000000000 t2 : 0000000000000000 s0 : ff20000000013e50
 s1 : 0000000000000000 a0 : 0000000000000000 a1 : 0000000000000001
 s8 : 0000000000000000 s9 : 0000000000000000 s10: 0000000000000000
status: 0000000200000120 badaddr: 0000000000000018 cause: 000000000000000d
[<ffffffff80100a74>] rover_read+0x1c/0x40
[<ffffffff80100b00>] rover_open+0x14/0x30
[<ffffffff80300c00>] vfs_open+0x2c/0x50
Code: 1141 e022 0800 87aa c391 6388 (6d08) 6422
---[ end trace 0000000000000000 ]---
`,
	},
}

func TestShapes(t *testing.T) {
	show := func(f *Frame) string {
		s := fmt.Sprintf("%s+%#x", f.Function, f.Offset)
		if f.Size == 0 {
			s = f.Function
		}
		if f.Module != "" {
			s += " [" + f.Module + "]"
		}
		return s
	}
	for _, c := range shapes {
		t.Run(c.name, func(t *testing.T) {
			list := read(t, []byte(stamped(c.log, "")))
			if len(list) != 1 {
				t.Fatalf("%q", titles(list))
			}
			r := list[0]
			if r.Title != c.title || (r.Corrupted != "") != c.corrupted {
				t.Errorf("title %q, corrupted %q", r.Title, r.Corrupted)
			}
			if got := fmt.Sprintf("%s+%#x@%#x", r.PC.Function, r.PC.Offset, r.PC.Address); got != c.pc {
				t.Errorf("pc %s, want %s", got, c.pc)
			}
			if r.Arch() != c.arch {
				t.Errorf("arch %q", r.Arch())
			}
			if got := fmt.Sprintf("%#x %s", r.Fault.Address, r.Fault.Access); got != c.fault || !r.Fault.Known {
				t.Errorf("fault %q, want %q", got, c.fault)
			}
			name, value, _ := strings.Cut(c.register, "=")
			found := false
			for _, reg := range r.Registers {
				found = found || reg == Register{name, value}
				if len(reg.Name) >= 4 && isHex(reg.Name[0]) && isHex(reg.Name[3]) && reg.Name != "badaddr" {
					t.Errorf("a register %+v", reg)
				}
			}
			if !found {
				t.Errorf("no %s among %v", c.register, r.Registers)
			}
			var frames []string
			if s := r.CallTrace(); s != nil {
				for i := range s.Frames {
					f := show(&s.Frames[i])
					if strings.Contains(c.stack, "@") {
						f += fmt.Sprintf("@%#x", s.Frames[i].Address)
					}
					frames = append(frames, f)
				}
			}
			if got := strings.Join(frames, ", "); got != c.stack {
				t.Errorf("stack %s\nwant  %s", got, c.stack)
			}
			if c.arch != "riscv64" || strings.Contains(c.log, "Code:") {
				if !strings.Contains(r.Code.Text, "(") {
					t.Errorf("code %q", r.Code.Text)
				}
			}
		})
	}
}
