package crash

import (
	"slices"
	"strings"
	"testing"
)

// bodies are what follows a headline, by name; the function to blame is
// frob_probe, where it can be one of the stack.
var bodies = map[string]string{
	"cpu": "CPU: 1 PID: 77 Comm: frobd Not tainted 6.1.0 #1\nHardware name: Frob board\n",
	"trace": "CPU: 1 PID: 77 Comm: frobd Not tainted 6.1.0 #1\nCall Trace:\n <TASK>\n dump_stack_lvl+0x34/0x48\n" +
		" ? frob_noise+0x1/0x2\n frob_probe.isra.0+0x12/0x80 [frob]\n bus_probe+0x5/0x90\n do_syscall_64+0x5b/0x80\n </TASK>\n",
	"fault": "CPU: 1 PID: 77 Comm: frobd Not tainted 6.1.0 #1\nRIP: 0010:frob_probe+0x12/0x80\nCode: 90 <0f> 0b 90\nRSP: 0018:ffffc90000100000 EFLAGS: 00010246\n" +
		"RAX: 0000000000000000 RBX: ffff888000000000 RCX: 0000000000000007\nCall Trace:\n bus_probe+0x5/0x90\n do_syscall_64+0x5b/0x80\n---[ end trace 0000000000000000 ]---\n",
	"loop": "CPU: 1 PID: 77 Comm: frobd Not tainted 6.1.0 #1\nRIP: 0010:frob_spin+0x12/0x80\nCall Trace:\n frob_poll+0x5/0x90\n frob_probe+0x5/0x90\n process_one_work+0x5b/0x80\n",
	"task": "      Not tainted 6.1.0 #1\nCall Trace:\n __schedule+0x1/0x900\n schedule+0x5/0x90\n mutex_lock+0x5/0x90\n frob_probe+0x5/0x90\n kthread+0x5b/0x80\n",
	"kasan": "Read of size 4 at addr ffff888000000000 by task frobd/77\n\nCPU: 1 PID: 77 Comm: frobd Not tainted 6.1.0 #1\nCall Trace:\n dump_stack_lvl+0x34/0x48\n" +
		" kasan_report+0x1/0x2\n frob_probe+0x12/0x80\n do_syscall_64+0x5b/0x80\n\nAllocated by task 3:\n kasan_save_stack+0x1/0x2\n frob_new+0x1/0x2\n\nFreed by task 4:\n frob_free+0x1/0x2\n kthread+0x1/0x2\n" +
		"==================================================================\n",
	"body":   " frob_probe+0x12/0x80\n bus_probe+0x5/0x90\n\nCPU: 1 PID: 77 Comm: frobd Not tainted 6.1.0 #1\n",
	"lock":   "frobd/77 is trying to acquire lock:\nffff888000000000 (&frob->lock){+.+.}-{3:3}, at: frob_probe+0x12/0x80\n\nbut task is already holding lock:\nffff888000000008 (&b){+.+.}-{3:3}, at: frob_open+0x12/0x80\n\nstack backtrace:\nCall Trace:\n dump_stack_lvl+0x34/0x48\n frob_probe+0x12/0x80\n bus_probe+0x5/0x90\n",
	"held":   "6.1.0 #1 Not tainted\n1 lock held by frobd/77:\n #0: ffff888000000000 (&frob->lock){+.+.}-{3:3}, at: frob_probe+0x12/0x80\n\nstack backtrace:\nCall Trace:\n dump_stack_lvl+0x34/0x48\n bus_probe+0x12/0x80\n driver_probe+0x5/0x90\n",
	"leave":  "leaving the kernel with locks still held!\n1 lock held by frobd/77:\n #0: ffff888000000000 (&frob->lock){+.+.}-{3:3}, at: frob_probe+0x12/0x80\n",
	"unlock": "frobd/77 is trying to release lock (&frob->lock) at:\n[<ffffffff81000000>] frob_probe+0x12/0x80\nbut there are no more locks to release!\nCall Trace:\n dump_stack_lvl+0x34/0x48\n bus_probe+0x5/0x90\n driver_probe+0x5/0x90\n",
	"rcu":    "6.1.0 #1 Not tainted\ndrivers/frob/core.c:12 suspicious rcu_dereference_check() usage!\n\nstack backtrace:\nCall Trace:\n lockdep_rcu_suspicious+0x1/0x2\n frob_probe+0x12/0x80\n bus_probe+0x5/0x90\n",
	"usage":  "{IN-SOFTIRQ-W} -> {SOFTIRQ-ON-W} usage.\nfrobd/77 [HC0[0]:SC0[0]:HE1:SE1] takes:\nffff888000000000 (&frob->lock){+.?.}-{2:2}, at: frob_probe+0x12/0x80\nstack backtrace:\nCall Trace:\n print_usage_bug.part.0+0x1/0x2\n frob_probe+0x12/0x80\n bus_probe+0x5/0x90\n",
	"cause":  "frobd/77 is trying to acquire:\n (&a){+.+.}-{2:2}, at: frob_open+0x1/0x2\nwhich became SOFTIRQ-irq-safe at:\n  lock_acquire+0x1/0x2\n  frob_probe+0x12/0x80\n  bus_probe+0x5/0x90\nstack backtrace:\nCall Trace:\n dump_stack_lvl+0x1/0x2\n frob_open+0x1/0x2\n bus_probe+0x5/0x90\n",
	"leak":   "unreferenced object 0xffff888000000000 (size 32):\n  comm \"frobd\", pid 77, jiffies 4294937000\n  backtrace:\n    [<ffffffff81000000>] kmalloc_trace+0x1/0x2\n    [<ffffffff81000001>] frob_probe+0x12/0x80\n    [<ffffffff81000002>] bus_probe+0x5/0x90\n",
	"stall":  "rcu: 1-....: (1 GPs behind)\nNMI backtrace for cpu 1\nCall Trace:\n <IRQ>\n rcu_sched_clock_irq+0x1/0x2\n </IRQ>\n asm_sysvec_apic_timer_interrupt+0x1a/0x20\nRIP: 0010:frob_spin+0x1/0x2\n frob_probe+0x12/0x80\n process_one_work+0x5b/0x80\n kthread+0x1/0x2\n",
}

const rule = "==================================================================\n"

// fixtures has a report for each row of kinds: the row's headline pattern, the
// report with its body in braces, and what comes out.
var fixtures = []struct {
	row, log, title, class string
}{
	{"BUG: KASAN: double-free or invalid-free in *", rule + "BUG: KASAN: double-free or invalid-free in kfree+0x1/0x2\n\n{trace}", "KASAN: invalid-free in frob_probe", "KASAN-INVALID-FREE"},
	{"BUG: KASAN: double-free in *", rule + "BUG: KASAN: double-free in kfree+0x1/0x2\nFree of addr ffff888000000000 by task frobd/77\n{trace}", "KASAN: invalid-free in frob_probe", "KASAN-INVALID-FREE"},
	{"BUG: KASAN: invalid-free in *", rule + "BUG: KASAN: invalid-free in kfree+0x1/0x2\n{trace}", "KASAN: invalid-free in frob_probe", "KASAN-INVALID-FREE"},
	{"BUG: KASAN: * in *", rule + "BUG: KASAN: slab-use-after-free in memcpy+0x1/0x2\n{kasan}", "KASAN: slab-use-after-free Read in frob_probe", "KASAN-USE-AFTER-FREE-READ"},
	{"BUG: KASAN: * in *", rule + "BUG: KASAN: invalid-access in __memset+0x1/0x2\nWrite at addr 0bff000000000000 by task frobd/77\n{trace}", "KASAN: invalid-access Write in frob_probe", "KASAN-WRITE"},
	{"BUG: KASAN: * on address *", rule + "BUG: KASAN: user-memory-access on address 0000000020000000\nWrite of size 8 by task frobd/77\n{trace}", "KASAN: user-memory-access Write", "KASAN-WRITE"},
	{"BUG: KASAN: *", rule + "BUG: KASAN: slab-out-of-bounds in frob_probe+0x1/0x2 at addr ffff888000000000\n", "KASAN: slab-out-of-bounds in frob_probe at addr ADDR", "KASAN-READ"},
	{"BUG: KMSAN: kernel-usb-infoleak* in *", rule + "BUG: KMSAN: kernel-usb-infoleak in usb_submit_urb+0x1/0x2\n usb_submit_urb+0x1/0x2\n{body}", "KMSAN: kernel-usb-infoleak in frob_probe", "KMSAN-INFO-LEAK"},
	{"BUG: KMSAN: * in *", rule + "BUG: KMSAN: uninit-value in frob_probe+0x12/0x80\n{body}", "KMSAN: uninit-value in frob_probe", "KMSAN-UNINIT-VALUE"},
	{"BUG: KCSAN: *", rule + "BUG: KCSAN: data-race in frob_probe+0x12/0x80\n\nwrite to 0xffff888000000000 of 4 bytes by task 77 on cpu 0:\n{body}", "KCSAN: data-race in frob_probe", "KCSAN-DATARACE"},
	{"BUG: KFENCE: invalid free in *", rule + "BUG: KFENCE: invalid free in frob_probe+0x12/0x80\n\nInvalid free of 0xffff888000000000:\n{body}", "KFENCE: invalid free in frob_probe", "KFENCE-INVALID-FREE"},
	{"BUG: KFENCE: memory corruption in *", rule + "BUG: KFENCE: memory corruption in frob_probe+0x12/0x80\n\n{body}", "KFENCE: memory corruption in frob_probe", "KFENCE-MEMORY-CORRUPTION"},
	{"BUG: KFENCE: * in *", rule + "BUG: KFENCE: out-of-bounds write in frob_probe+0x12/0x80\n\nOut-of-bounds write at 0xffff888000000000:\n{body}{trace}", "KFENCE: out-of-bounds write in frob_probe", "KFENCE-WRITE"},
	{"BUG: unable to handle kernel paging request", "BUG: unable to handle kernel paging request at ffffc90000000000\n{fault}", "BUG: unable to handle kernel paging request in frob_probe", "MEMORY_SAFETY_BUG"},
	{"BUG: unable to handle page fault for address", "BUG: unable to handle page fault for address: ffffc90000000000\n#PF: supervisor write access in kernel mode\nOops: 0002 [#1] SMP\n{fault}", "BUG: unable to handle kernel paging request in frob_probe", "MEMORY_SAFETY_BUG"},
	{"BUG: Unable to handle kernel data access", "BUG: Unable to handle kernel data access on read at 0xc00000000000\nOops: Kernel access of bad area, sig: 11 [#1]\nNIP [c008000000000000] frob_probe+0x12/0x80 [frob]\nCall Trace:\n[c000000000001000] [c000000000002000] bus_probe+0x5/0x90\n[c000000000001080] [c000000000002080] driver_probe+0x5/0x90\n", "BUG: unable to handle kernel paging request in frob_probe", "MEMORY_SAFETY_BUG"},
	{"BUG: unable to handle kernel NULL pointer dereference", "BUG: unable to handle kernel NULL pointer dereference at 0000000000000008\nIP: [<ffffffff81000000>] frob_probe+0x12/0x80\nCall Trace:\n [<ffffffff81000001>] bus_probe+0x5/0x90\n [<ffffffff81000002>] ? noise+0x1/0x2\n [<ffffffff81000003>] driver_probe+0x5/0x90\n", "BUG: unable to handle kernel NULL pointer dereference in frob_probe", "NULL-POINTER-DEREFERENCE"},
	{"BUG: kernel NULL pointer dereference", "BUG: kernel NULL pointer dereference, address: 0000000000000000\nRIP: 0010:0x0\nCall Trace:\n frob_probe+0x5/0x90\n bus_probe+0x5/0x90\n", "BUG: unable to handle kernel NULL pointer dereference in frob_probe", "NULL-POINTER-DEREFERENCE"},
	{"BUG: Kernel NULL pointer dereference", "BUG: Kernel NULL pointer dereference on read at 0x00000008\n{fault}", "BUG: unable to handle kernel NULL pointer dereference in frob_probe", "NULL-POINTER-DEREFERENCE"},
	{"BUG: unable to handle kernel", "BUG: unable to handle kernel \n{fault}", "BUG: unable to handle kernel", ""},
	{"BUG: Unable to handle kernel", "BUG: Unable to handle kernel\n{fault}", "BUG: unable to handle kernel", ""},
	{"BUG: spinlock * on CPU", "BUG: spinlock recursion on CPU#0, frobd/77\n lock: 0xffff888000000000, .magic: dead4ead\n{trace}", "BUG: spinlock recursion in frob_probe", "LOCKDEP"},
	{"BUG: rwlock * on CPU", "BUG: rwlock bad magic on CPU#0, frobd/77, 0000\n{trace}", "BUG: rwlock bad magic in frob_probe", "LOCKDEP"},
	{"BUG: rwlock-* on CPU", "BUG: rwlock-lockup on CPU#0, frobd/77, 0000\n{trace}", "BUG: rwlock lockup in frob_probe", "LOCKDEP"},
	{"BUG: soft lockup", "watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [frobd:77]\n{loop}", "BUG: soft lockup in frob_probe", "HANG"},
	{"BUG: workqueue lockup", "BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 37s!\n", "BUG: workqueue lockup", ""},
	{"BUG: * still has locks held!", "[ BUG: frobd/77 still has locks held! ]\n{held}", "BUG: still has locks held in frob_probe", "LOCKDEP"},
	{"BUG: lock held when returning to user space", "[ BUG: lock held when returning to user space! ]\nfrobd/77 is {leave}", "BUG: lock held when returning to user space in frob_probe", ""},
	{"BUG: bad unlock balance detected!", "[ BUG: bad unlock balance detected! ]\n{unlock}", "BUG: bad unlock balance in frob_probe", "LOCKDEP"},
	{"BUG: held lock freed!", "[ BUG: held lock freed! ]\n{held}", "BUG: held lock freed in frob_probe", "LOCKDEP"},
	{"BUG: Invalid wait context", "[ BUG: Invalid wait context ]\n{trace}", "WARNING: locking bug in frob_probe", "LOCKDEP"},
	{"BUG: scheduling while atomic", "BUG: scheduling while atomic: frobd/77/0x00000002\nPreemption disabled at:\n[<ffffffff81000000>] frob_lock+0x1/0x2\n{trace}", "BUG: scheduling while atomic in frob_probe", "ATOMIC_SLEEP"},
	{"BUG: sleeping function called from invalid context at", "BUG: sleeping function called from invalid context at mm/frob.c:12\nin_atomic(): 1\n{trace}", "BUG: sleeping function called from invalid context in frob_probe", "ATOMIC_SLEEP"},
	{"BUG: using *() in preemptible", "BUG: using smp_processor_id() in preemptible [00000000] code: frobd/77\ncaller is frob_probe+0x1/0x2\n{trace}", "BUG: using smp_processor_id() in preemptible code in frob_probe", "LOCKDEP"},
	{"BUG: workqueue leaked lock or atomic", "BUG: workqueue leaked lock or atomic: kworker/0:1/0x00000000/77\n     last function: frob_probe\n", "BUG: workqueue leaked lock or atomic in frob_probe", ""},
	{"BUG: Bad rss-counter state", "BUG: Bad rss-counter state mm:00000000 idx:1 val:1\n", "BUG: Bad rss-counter state", ""},
	{"BUG: non-zero nr_ptes on freeing mm", "BUG: non-zero nr_ptes on freeing mm: 1\n", "BUG: non-zero nr_ptes on freeing mm", ""},
	{"BUG: non-zero nr_pmds on freeing mm", "BUG: non-zero nr_pmds on freeing mm: 1\n", "BUG: non-zero nr_pmds on freeing mm", ""},
	{"BUG: Bad page state", "BUG: Bad page state in process frobd  pfn:00001\npage last allocated via order 0, pid 1:\n post_alloc_hook+0x1/0x2\n __alloc_pages+0x1/0x2\n frob_probe+0x1/0x2\npage last free pid 1 stack trace:\n frob_free+0x1/0x2\n{task}", "BUG: Bad page state in frob_probe", ""},
	{"BUG: Bad page state", "BUG: Bad page state in process frobd  pfn:00001\n{trace}", "BUG: Bad page state in frob_probe", ""},
	{"BUG: Bad page map", "BUG: Bad page map in process frobd  pte:00000000 pmd:00000000\n{trace}", "BUG: Bad page map", ""},
	{"BUG: Dentry * still in use * [unmount of *]", "BUG: Dentry 00000000{i=1,n=frob} still in use (1) [unmount of frobfs frob0]\nWARNING: CPU: 1 PID: 77 at fs/dcache.c:1600 umount_check+0x1/0x2\n{trace}", "BUG: Dentry still in use in unmount", ""},
	{"BUG: memory leak", "BUG: memory leak\n{leak}", "memory leak in frob_probe", "LEAK"},
	{"BUG: *stack guard page was hit at", "BUG: IRQ stack guard page was hit at 00000000 (stack is 00000000..00000001)\n{loop}", "BUG: stack guard page was hit in frob_probe", ""},
	{"BUG:$", "BUG: \n", "BUG: corrupted", ""},
	{"BUG kmalloc-*: Object already free", "BUG kmalloc-64 (Tainted: G    B): Object already free\n{trace}", "BUG: Object already free", "DoS"},
	{"WARNING: *lib/debugobjects.c:* debug_", "WARNING: CPU: 1 PID: 77 at lib/debugobjects.c:500 debug_print_object+0x1/0x2\n{trace}", "WARNING: ODEBUG bug in frob_probe", "WARNING"},
	{"WARNING: *mm/usercopy.c:* usercopy_warn", "WARNING: CPU: 1 PID: 77 at mm/usercopy.c:80 usercopy_warn+0x1/0x2\n{trace}", "WARNING: bad usercopy in frob_probe", "WARNING"},
	{"WARNING: *lib/kobject.c:* kobject_", "WARNING: CPU: 1 PID: 77 at lib/kobject.c:200 kobject_add_internal+0x1/0x2\n{trace}", "WARNING: kobject bug in frob_probe", "WARNING"},
	{"WARNING: *fs/proc/generic.c:* proc_register", "WARNING: CPU: 1 PID: 77 at fs/proc/generic.c:370 proc_register+0x1/0x2\n{trace}", "WARNING: proc registration bug in frob_probe", "WARNING"},
	{"WARNING: *lib/refcount.c:* refcount_", "refcount_t: underflow; use-after-free.\nWARNING: CPU: 1 PID: 77 at lib/refcount.c:28 refcount_warn_saturate+0x1/0x2\n{trace}", "WARNING: refcount bug in frob_probe", "REFCOUNT_WARNING"},
	{"WARNING: lib/refcount.c:* at ", "WARNING: lib/refcount.c:28 at 0x0, CPU#1: frobd/77\n{trace}", "WARNING: refcount bug in frob_probe", "REFCOUNT_WARNING"},
	{"WARNING: *kernel/locking/lockdep.c:*lock_", "WARNING: CPU: 1 PID: 77 at kernel/locking/lockdep.c:900 lock_unpin_lock+0x1/0x2\n{trace}", "WARNING: locking bug in frob_probe", "LOCKDEP"},
	{"WARNING: *mm/vmalloc.c:*__vmalloc_node", "WARNING: CPU: 1 PID: 77 at mm/vmalloc.c:3100 __vmalloc_node_range+0x1/0x2\n{trace}", "WARNING: zero-size vmalloc in frob_probe", "WARNING"},
	{"WARNING: * at mm/* kmalloc", "WARNING: CPU: 1 PID: 77 at mm/slab_common.c:1000 kmalloc_slab+0x1/0x2\n{trace}", "WARNING: kmalloc bug in frob_probe", "WARNING"},
	{"WARNING: * at mm/* kvmalloc", "WARNING: CPU: 1 PID: 77 at mm/util.c:600 kvmalloc_node+0x1/0x2\n{trace}", "WARNING: kmalloc bug in frob_probe", "WARNING"},
	{"WARNING: * at mm/* vmalloc", "WARNING: CPU: 1 PID: 77 at mm/vmalloc.c:99 vmalloc_user+0x1/0x2\n{trace}", "WARNING: kmalloc bug in frob_probe", "WARNING"},
	{"WARNING: mm/* at kmalloc", "WARNING: mm/slub.c:12 at kmalloc_large+0x1/0x2, CPU#0: frobd/77\n{trace}", "WARNING: kmalloc bug in frob_probe", "WARNING"},
	{"WARNING: mm/* at kvmalloc", "WARNING: mm/slub.c:12 at kvmalloc_node+0x1/0x2, CPU#0: frobd/77\n{trace}", "WARNING: kmalloc bug in frob_probe", "WARNING"},
	{"WARNING: * at * usb_submit_urb", "WARNING: CPU: 1 PID: 77 at drivers/usb/core/urb.c:478 usb_submit_urb+0x1/0x2\n{trace}", "WARNING in frob_probe/usb_submit_urb", "WARNING"},
	{"WARNING: * at usb_submit_urb", "WARNING: drivers/usb/core/urb.c:500 at usb_submit_urb+0x1/0x2, CPU#0: frobd/77\n{trace}", "WARNING in frob_probe/usb_submit_urb", "WARNING"},
	{"WARNING: *.c:* at 0x0,", "WARNING: drivers/frob/core.c:12 at 0x0, CPU#1: frobd/77\n{fault}", "WARNING in frob_probe", "WARNING"},
	{"WARNING: *.*:* at *+", "WARNING: drivers/frob/core.c:12 at frob_probe+0x1/0x2, CPU#1: frobd/77\n{fault}", "WARNING in frob_probe", "WARNING"},
	{"WARNING: * at *.*:* *+", "WARNING: CPU: 1 PID: 77 at drivers/frob/core.c:12 frob_probe+0x1/0x2 [frob]\n{fault}", "WARNING in frob_probe", "WARNING"},
	{"WARNING: at *.*:* *+", "WARNING: at drivers/frob/core.c:12 frob_probe+0x1/0x2()\n{trace}", "WARNING in frob_probe", "WARNING"},
	{"WARNING: possible circular locking dependency detected", "WARNING: possible circular locking dependency detected\n{lock}", "possible deadlock in frob_probe", "LOCKDEP"},
	{"WARNING: possible irq lock inversion dependency detected", "WARNING: possible irq lock inversion dependency detected\nfrobd/77 just changed the state of lock:\n (&a){..-.}-{2:2}, at: frob_probe+0x1/0x2\n{trace}", "possible deadlock in frob_probe", "LOCKDEP"},
	{"WARNING: *-safe -> *-unsafe lock order detected", "WARNING: SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected\n{cause}", "possible deadlock in frob_probe", "LOCKDEP"},
	{"WARNING: possible recursive locking detected", "WARNING: possible recursive locking detected\n{lock}", "possible deadlock in frob_probe", "LOCKDEP"},
	{"WARNING: inconsistent lock state", "WARNING: inconsistent lock state\n{usage}", "inconsistent lock state in frob_probe", "LOCKDEP"},
	{"WARNING: suspicious RCU usage", "WARNING: suspicious RCU usage\n{rcu}", "WARNING: suspicious RCU usage in frob_probe", "LOCKDEP"},
	{"WARNING: bad unlock balance detected!", "WARNING: bad unlock balance detected!\n{unlock}", "WARNING: bad unlock balance in frob_probe", "LOCKDEP"},
	{"WARNING: held lock freed!", "WARNING: held lock freed!\n{held}", "WARNING: held lock freed in frob_probe", "LOCKDEP"},
	{"WARNING: * still has locks held!", "WARNING: frobd/77 still has locks held!\n{held}", "WARNING: still has locks held in frob_probe", "LOCKDEP"},
	{"WARNING: Nested lock was not taken", "WARNING: Nested lock was not taken\n{trace}", "WARNING: nested lock was not taken in frob_probe", "LOCKDEP"},
	{"WARNING: lock held when returning to user space", "WARNING: lock held when returning to user space!\nfrobd/77 is {leave}", "WARNING: lock held when returning to user space in frob_probe", "LOCKDEP"},
	{"WARNING: kernel stack regs at # in * has bad '*' value", "WARNING: kernel stack regs at 00000000cafe in frobd:77 has bad 'bp' value 0000\n", "WARNING: kernel stack regs has bad 'bp' value", ""},
	{"WARNING: kernel stack frame pointer at # in * has bad value", "WARNING: kernel stack frame pointer at 00000000cafe in frobd:77 has bad value 0000\n", "WARNING: kernel stack frame pointer has bad value", ""},
	{"WARNING: kernel stack regs * has bad 'bp' value", "WARNING: kernel stack regs at (ptrval) in frobd:77 has bad 'bp' value (ptrval)\n", "WARNING: kernel stack regs has bad value", ""},
	{"WARNING: kernel stack frame pointer * has bad value", "WARNING: kernel stack frame pointer at (ptrval) in frobd:77 has bad value (ptrval)\n", "WARNING: kernel stack regs has bad value", ""},
	{"WARNING:$", "WARNING:\n", "WARNING: corrupted", ""},
	{"INFO: possible circular locking dependency detected", "[ INFO: possible circular locking dependency detected ]\n{lock}", "possible deadlock in frob_probe", "LOCKDEP"},
	{"INFO: possible irq lock inversion dependency detected", "[ INFO: possible irq lock inversion dependency detected ]\nfrobd/77 just changed the state of lock:\n (&a){..-.}, at: [<ffffffff81000000>] frob_probe+0x1/0x2\n{trace}", "possible deadlock in frob_probe", "LOCKDEP"},
	{"INFO: *-safe -> *-unsafe lock order detected", "[ INFO: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected ]\n{lock}", "possible deadlock in frob_probe", "LOCKDEP"},
	{"INFO: possible recursive locking detected", "[ INFO: possible recursive locking detected ]\n{lock}", "possible deadlock in frob_probe", "LOCKDEP"},
	{"INFO: inconsistent lock state", "[ INFO: inconsistent lock state ]\n{usage}", "inconsistent lock state in frob_probe", "LOCKDEP"},
	{"INFO: suspicious RCU usage", "[ INFO: suspicious RCU usage. ]\n{rcu}", "INFO: suspicious RCU usage in frob_probe", ""},
	{"INFO: rcu_* detected*stall", "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\n{stall}", "INFO: rcu detected stall in frob_probe", "HANG"},
	{"INFO: rcu_*self-detected*stall", "rcu: INFO: rcu_sched self-detected stall on CPU\n{stall}", "INFO: rcu detected stall in frob_probe", "HANG"},
	{"INFO: trying to register non-static key", "INFO: trying to register non-static key.\n{trace}", "INFO: trying to register non-static key in frob_probe", ""},
	{"INFO: task * blocked for more than * seconds", "INFO: task frobd:77 blocked for more than 120 seconds.\n{task}", "INFO: task hung in frob_probe", "HANG"},
	{"INFO: task * blocked in I/O wait for more than * seconds", "INFO: task frobd:77 blocked in I/O wait for more than 120 seconds.\n{task}", "INFO: task hung in frob_probe", "HANG"},
	{"INFO: task * can't die for more than * seconds", "INFO: task frobd:77 can't die for more than 120 seconds.\n{task}", "INFO: task can't die in frob_probe", "HANG"},
	{"INFO: Freed in *", "INFO: Freed in frob_put+0x1/0x2 age=123 cpu=1 pid=77\n", "INFO: Freed in frob_put age=NUM cpu=NUM pid=NUM", ""},
	{"INFO: Allocated in *", "INFO: Allocated in frob_new+0x1/0x2 age=123 cpu=1 pid=77\n", "INFO: Allocated in frob_new age=NUM cpu=NUM pid=NUM", ""},
	{"INFO:$", "INFO: \n", "INFO: corrupted", ""},
	{"Unable to handle kernel paging request", "8<--- cut here ---\nUnable to handle kernel paging request at virtual address cafe0000\npgd = (ptrval)\nInternal error: Oops: 5 [#1] SMP ARM\nCPU: 0 PID: 77 Comm: frobd Not tainted 6.1.0 #1\nPC is at frob_probe+0x12/0x80\nLR is at bus_probe+0x1/0x2\n frob_probe from bus_probe+0x5/0x90\n bus_probe from driver_probe+0x5/0x90\nCode: e3a03000 (e5833000)\n---[ end trace 0000000000000000 ]---\n", "BUG: unable to handle kernel paging request in frob_probe", "MEMORY_SAFETY_BUG"},
	{"Unable to handle kernel NULL pointer dereference", "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000010\nInternal error: Oops: 0000000096000004 [#1] PREEMPT SMP\npc : frob_probe+0x12/0x80\nlr : bus_probe+0x1/0x2\nx29: ffff800000000000 x28: 0000000000000000\nCall trace:\n frob_probe+0x12/0x80\n bus_probe+0x5/0x90\n---[ end trace 0000000000000000 ]---\n", "BUG: unable to handle kernel NULL pointer dereference in frob_probe", "NULL-POINTER-DEREFERENCE"},
	{"Unable to handle kernel access to user memory", "Unable to handle kernel access to user memory without uaccess routines at virtual address 0000000000000010\nOops [#1]\nepc : frob_probe+0x12/0x80\n ra : bus_probe+0x1/0x2\n[<ffffffff80000000>] frob_probe+0x12/0x80\nCall Trace:\n[<ffffffff80000000>] frob_probe+0x12/0x80\n[<ffffffff80000001>] bus_probe+0x5/0x90\n", "BUG: unable to handle kernel access to user memory in frob_probe", ""},
	{"Unable to handle kernel *", "Unable to handle kernel write to read-only memory at virtual address ffff800000000000\n{fault}", "Unable to handle kernel write to read-only memory at virtual address ADDR", ""},
	{"general protection fault*:", "general protection fault, probably for non-canonical address 0xdffffc0000000000: 0000 [#1] SMP\n{fault}", "general protection fault in frob_probe", "DoS"},
	{"stack segment: ", "stack segment: 0000 [#1] SMP\n{fault}", "stack segment fault in frob_probe", "DoS"},
	{"Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: *+", "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: frob_probe+0x1/0x2\n{trace}", "kernel panic: stack is corrupted in frob_probe", "DoS"},
	{"Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: ", "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: ffffffff81000000\n{trace}", "kernel panic: stack is corrupted in frob_probe", "DoS"},
	{"Kernel panic - not syncing: corrupted stack end detected inside scheduler", "Kernel panic - not syncing: corrupted stack end detected inside scheduler\n{loop}", "kernel panic: corrupted stack end in frob_probe", "DoS"},
	{"Kernel panic - not syncing: kernel stack overflow", "Kernel panic - not syncing: kernel stack overflow\n{loop}", "kernel stack overflow in frob_probe", "DoS"},
	{"Kernel panic - not syncing: Attempted to kill init!", "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000200\n{trace}", "kernel panic: Attempted to kill init!", "DoS"},
	{"Kernel panic - not syncing: Couldn't open N_TTY ldisc for ", "Kernel panic - not syncing: Couldn't open N_TTY ldisc for ttyS0 --- error -12.\n{trace}", "kernel panic: Couldn't open N_TTY ldisc", "DoS"},
	{"Kernel panic - not syncing: Fatal exception", "Kernel panic - not syncing: Fatal exception in interrupt\n", "kernel panic: Fatal exception", "DoS"},
	{"Kernel panic - not syncing: panic_on_warn set", "Kernel panic - not syncing: panic_on_warn set ...\n{trace}", "kernel panic: panic_on_warn set", "DoS"},
	{"Kernel panic - not syncing: hung_task: blocked tasks", "Kernel panic - not syncing: hung_task: blocked tasks\n{trace}", "kernel panic: hung_task: blocked tasks", "DoS"},
	{"Kernel panic - not syncing: *", "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n{trace}", "kernel panic: VFS: Unable to mount root fs on unknown-block(NUM,NUM)", "DoS"},
	{"PANIC: double fault", "PANIC: double fault, error_code: 0x0\n{fault}", "PANIC: double fault in frob_probe", "DoS"},
	{"kernel BUG at mm/usercopy.c", "kernel BUG at mm/usercopy.c:100!\ninvalid opcode: 0000 [#1] SMP\nRIP: 0010:usercopy_abort+0x1/0x2\nCall Trace:\n __check_object_size+0x1/0x2\n frob_probe+0x1/0x2\n bus_probe+0x1/0x2\n", "BUG: bad usercopy in frob_probe", "BUG"},
	{"kernel BUG at lib/list_debug.c", "list_del corruption. prev->next should be 1\nkernel BUG at lib/list_debug.c:50!\ninvalid opcode: 0000 [#1] SMP\nRIP: 0010:__list_del_entry_valid+0x1/0x2\nCall Trace:\n frob_probe+0x1/0x2\n bus_probe+0x1/0x2\n", "BUG: corrupted list in frob_probe", "MEMORY_SAFETY_BUG"},
	{"kernel BUG at *", "kernel BUG at drivers/frob/core.c:12!\ninvalid opcode: 0000 [#1] SMP\n{fault}", "kernel BUG in frob_probe", "BUG"},
	{"Kernel BUG *", "Kernel BUG at c000000000000000 [verbose debug info unavailable]\n{fault}", "kernel BUG at ADDR [verbose debug info unavailable]", "BUG"},
	{"divide error: ", "divide error: 0000 [#1] SMP\n{fault}", "divide error in frob_probe", "DoS"},
	{"divide_error: ", "divide_error: 0000 [#1] SMP\n{fault}", "divide error in frob_probe", "DoS"},
	{"invalid opcode: ", "invalid opcode: 0000 [#1] SMP\n{fault}", "invalid opcode in frob_probe", "DoS"},
	{"rust_kernel: panicked at ", "rust_kernel: panicked at drivers/frob/core.rs:12:3:\nindex out of bounds\nkernel BUG at rust/helpers/bug.c:7!\nOops: invalid opcode: 0000 [#1] SMP\nRIP: 0010:rust_helper_BUG+0x1/0x2\nCall Trace:\n _RNvCs0_7___rustc17rust_begin_unwind+0x1/0x2\n _RNvMs3_NtCs0_4frob4coreNtB5_6Device5probe+0x1/0x2\n bus_probe+0x1/0x2\n", "index out of bounds in <frob::core::Device>::probe", ""},
	{"UBSAN: Undefined behaviour in ", rule + "UBSAN: Undefined behaviour in drivers/frob/core.c:12:3\nshift exponent 32 is too large\nCall Trace:\n dump_stack+0x1/0x2\n ubsan_epilogue+0x1/0x2\n frob_probe+0x1/0x2\n bus_probe+0x1/0x2\n", "UBSAN: undefined-behaviour in frob_probe", "UBSAN"},
	{"UBSAN: array-index-out-of-bounds in ", rule + "UBSAN: array-index-out-of-bounds in drivers/frob/core.c:12:3\nindex 4 is out of range\n{trace}", "UBSAN: array-index-out-of-bounds in frob_probe", "MEMORY_SAFETY_UBSAN"},
	{"UBSAN: * in", rule + "UBSAN: shift-out-of-bounds in drivers/frob/core.c:12:3\n{trace}", "UBSAN: shift-out-of-bounds in frob_probe", "UBSAN"},
	{"unregister_netdevice: waiting for * to become free", "unregister_netdevice: waiting for lo to become free. Usage count = 2\n", "unregister_netdevice: waiting for DEV to become free", "DoS"},
	{"VFS: Close: file count is 0", "VFS: Close: file count is 0\n", "VFS: Close: file count is zero (use-after-free)", "DoS"},
	{"VFS: Busy inodes after unmount", "VFS: Busy inodes after unmount of sda1. Self-destruct in 5 seconds.\n", "VFS: Busy inodes after unmount (use-after-free)", "DoS"},
	{"Internal error:", "Internal error: synchronous external abort: 96000010 [#1] SMP\npc : __raw_readl+0x1/0x2\nlr : frob_probe+0x1/0x2\nCall trace:\n __raw_readl+0x1/0x2\n frob_probe+0x1/0x2\n bus_probe+0x1/0x2\n", "Internal error in frob_probe", "DoS"},
	{"Unhandled fault:", "Unhandled fault: imprecise external abort (0x1406) at 0x00000000\nInternal error: : 1406 [#1] SMP ARM\nPC is at frob_probe+0x1/0x2\nBacktrace:\n[<80000000>] (frob_probe) from [<80000004>] (bus_probe+0x1/0x2)\n r5:00000000 r4:00000000\n[<80000004>] (bus_probe) from [<80000008>] (driver_probe+0x1/0x2)\n", "Unhandled fault in frob_probe", "DoS"},
	{"Alignment trap:", "Alignment trap: not handling instruction e1930f9f at [<80000000>]\nPC is at frob_probe+0x1/0x2\nBacktrace:\n[<80000000>] (frob_probe) from [<80000004>] (bus_probe+0x1/0x2)\n[<80000004>] (bus_probe) from [<80000008>] (driver_probe+0x1/0x2)\n", "Alignment trap in frob_probe", "DoS"},
	{"trusty: panic (*): ASSERT FAILED at (*): *", "trusty: panic (caller 0xffff): ASSERT FAILED at (lib/frob.c:12): x == y\n", "trusty: ASSERT FAILED: x == y", "DoS"},
	{"trusty: panic (*): DEBUG ASSERT FAILED at (*): *", "trusty: panic (caller 0xffff): DEBUG ASSERT FAILED at (lib/frob.c:12): x == y\n", "trusty: ASSERT FAILED: x == y", "DoS"},
	{"trusty: panic*ASSERT FAILED", "trusty: panic: ASSERT FAILED\n", "trusty: ASSERT FAILED:", "DoS"},
	{"trusty: panic (*): *", "trusty: panic (caller 0xffff): no memory\n", "trusty: panic: no memory", "DoS"},
	{"SYZFAIL: *", "SYZFAIL: frob failed\n", "SYZFAIL: frob failed", "SYZ_FAILURE"},
	{"SYZFATAL: *", "SYZFATAL: frob failed 3 times\n", "SYZFATAL: frob failed NUM times", "SYZ_FAILURE"},
	{"Booting the kernel.", "Booting the kernel.\n", "unexpected kernel reboot", "REBOOT"},
	{"fatal error:", "fatal error: all goroutines are asleep\n", "go runtime error", "DoS"},
	{"panic: *", "panic: frob\n", "panic: frob", "DoS"},
}

func expand(log string) string {
	for name, body := range bodies {
		log = strings.ReplaceAll(log, "{"+name+"}", body)
	}
	return log
}

// stamped puts what the kernel's console does in front of the lines.
func stamped(log, caller string) string {
	var b strings.Builder
	for line := range strings.Lines(log) {
		b.WriteString("[   12.345678]" + caller + " " + line)
	}
	return b.String()
}

func TestKinds(t *testing.T) {
	for _, f := range fixtures {
		for _, caller := range []string{"", "[   T77]"} {
			list := read(t, []byte(stamped(expand(f.log), caller)))
			if len(list) == 0 {
				t.Errorf("%s: nothing found", f.row)
				continue
			}
			got := list[0]
			if len(list) > 1 {
				t.Errorf("%s: %d reports, the second %q", f.row, len(list), list[1].Title)
			}
			if got.Title != f.title || got.Type != f.class {
				t.Errorf("%s: %q (%s), want %q (%s)", f.row, got.Title, got.Type, f.title, f.class)
			}
			if got.kind == nil || got.kind.head != f.row {
				t.Errorf("%s: made by another row: %+v", f.row, got.kind)
			} else if (got.Corrupted != "") != got.kind.remains {
				t.Errorf("%s: corrupted: %q", f.row, got.Corrupted)
			}
		}
	}
	// Each row has a fixture.
	for _, g := range kinds {
		for i := range g.kinds {
			head := g.kinds[i].head
			if !slices.ContainsFunc(fixtures, func(f struct{ row, log, title, class string }) bool { return f.row == head }) {
				t.Errorf("no fixture for %q", head)
			}
		}
	}
}

// TestGeneric keeps the lists of functions free of what cannot match, and of
// what another entry covers.
func TestGeneric(t *testing.T) {
	for _, g := range generic {
		for i, p := range g.names {
			bare := strings.Trim(p, "^$")
			if len(bare) < 3 {
				t.Errorf("%s: %q is too short", g.why, p)
			}
			for j, q := range g.names {
				if i != j && !strings.ContainsAny(q, "^$") && strings.Contains(bare, q) {
					t.Errorf("%s: %q is covered by %q", g.why, p, q)
				}
			}
		}
	}
}
