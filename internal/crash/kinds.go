package crash

// step is a place in a report where the function to blame is looked for.
type step uint8

const (
	// atHeadline: the function that the headline names.
	atHeadline step = iota
	// atPC: where the processor was.
	atPC
	// atInterrupt: the frame of the interrupt that noticed.
	atInterrupt
	// atTick: the same, of the timer's interrupt on x86.
	atTick
	// atCall: the heading of the call trace, without its frames.
	atCall
	// atOwner: the heading of the allocation that page_owner tells.
	atOwner
	// atLeak: the heading of kmemleak's.
	atLeak
	// atLock: a line that says where a lock was taken.
	atLock
	// atAcquire: the line "is trying to acquire lock" and its like.
	atAcquire
	// atCause: the heading of the stack that made lockdep's rule broken.
	atCause
	// frames: the frames that follow, up to the next heading.
	frames
)

// Where the function is: the steps are gone in this order through the report,
// and what they come by is gathered.
var (
	inTrace   = []step{atCall, frames}
	inFault   = []step{atPC, atCall, frames}
	inBody    = []step{frames}
	inWarning = []step{atPC, frames}
	inAccess  = []step{atHeadline, atCall, frames}
	inKfence  = []step{atHeadline, frames}
	inLeak    = []step{atLeak, frames}
	inOwner   = []step{atOwner, frames}
	inTick    = []step{atTick, atPC, frames}
	inIRQ     = []step{atInterrupt, frames}
	inAcquire = []step{atAcquire, atLock}
	inHeld    = []step{atLock}
	inCycle   = []step{atLock, atLock, frames}
	inCause   = []step{atCause, frames}
	inUnlock  = []step{atLock, atCall, frames}
)

// need is a line that a report of a kind must have, and that its title may
// quote: what stands between the two texts.
type need struct {
	before, after string
	// source asks for a line that names a place in the source ("foo.c:12"), next
	// for any behind the headline.
	source, next bool
}

// kind is a kind of report.
type kind struct {
	// head is how the headline reads: "*" stands for any text, "#" for a
	// hexadecimal number, "$" for the end. It may stand behind others in the record ("watchdog: BUG: soft lockup").
	head string
	// title is what is made of it. %1, %2 are the texts of the stars, %f the
	// function, %n what the need line quotes.
	title string
	alt   []string
	// class is syzkaller's type; classOf computes it.
	class   string
	classOf func(title string) string
	need    need
	// where are the places to look for the function, the first that yields one.
	where [][]step
	// skip are functions to be passed over beyond the generic ones.
	skip names
	pick func([]string) string
	// untraced: it is complete without a call trace.
	untraced bool
	// single: the headline is all of it. It may stand within another report.
	single bool
	// remains: a headline like this is what is left of another report.
	remains bool
	// leads is the mark of a headline that may follow: it is the report's own,
	// and has its call trace.
	leads string
	// follows: it belongs to the report that is open, if one is.
	follows bool
	sev     Severity
}

func paths(p ...[]step) [][]step { return p }

var (
	usbSkip  = names{"usb_submit_urb", "usb_start_wait_urb", "usb_bulk_msg", "usb_interrupt_msg", "usb_control_msg"}
	rcuSkip  = names{"rcu", "kmem", "slab"}
	freeSkip = names{"slab_", "kfree", "vunmap", "vfree"}
	badIn    = []string{"bad-access in %f"}
	stallIn  = []string{"stall in %f"}
	hangIn   = []string{"hang in %f"}
	overIn   = []string{"stack-overflow in %f"}
)

// kinds lists the reports of kernels, the more special first. The mark in
// front of a group is what a record must hold for one of it to begin there.
//
// Facts of the files named; older forms are those of 4.x kernels.
var kinds = []group{
	{mark: "BUG:", class: "", kinds: []kind{
		// mm/kasan/report*.c
		{head: "BUG: KASAN: double-free or invalid-free in *", title: "KASAN: invalid-free in %f", alt: []string{"invalid-free in %f"}, where: paths(inAccess), skip: freeSkip, class: "KASAN-INVALID-FREE"},
		{head: "BUG: KASAN: double-free in *", title: "KASAN: invalid-free in %f", alt: []string{"invalid-free in %f"}, where: paths(inAccess), skip: freeSkip, class: "KASAN-INVALID-FREE"},
		{head: "BUG: KASAN: invalid-free in *", title: "KASAN: invalid-free in %f", alt: []string{"invalid-free in %f"}, where: paths(inAccess), skip: freeSkip, class: "KASAN-INVALID-FREE"},
		{head: "BUG: KASAN: * in *", need: need{before: "", after: " of size "}, title: "KASAN: %1 %n in %f", alt: badIn, where: paths(inAccess), skip: kasanTagSkip, classOf: kasanClass},
		{head: "BUG: KASAN: * in *", need: need{before: "", after: " at addr "}, title: "KASAN: %1 %n in %f", alt: badIn, where: paths(inAccess), skip: kasanTagSkip, classOf: kasanClass},
		{head: "BUG: KASAN: * on address *", need: need{before: "", after: " of size "}, title: "KASAN: %1 %n", classOf: kasanClass},
		{head: "BUG: KASAN: *", title: "KASAN: %1", classOf: kasanClass, remains: true},
		// mm/kmsan/report.c
		{head: "BUG: KMSAN: kernel-usb-infoleak* in *", title: "KMSAN: kernel-usb-infoleak%1 in %f", where: paths(inBody), skip: append(names{"alloc_skb"}, usbSkip...), untraced: true, classOf: kmsanClass},
		{head: "BUG: KMSAN: * in *", title: "KMSAN: %1 in %f", alt: badIn, where: paths(inBody), skip: names{"alloc_skb", "netlink_ack", "netlink_rcv_skb"}, untraced: true, classOf: kmsanClass},
		// kernel/kcsan/report.c
		{head: "BUG: KCSAN: *", title: "KCSAN: %1", untraced: true, classOf: kcsanClass},
		// mm/kfence/report.c
		{head: "BUG: KFENCE: invalid free in *", title: "KFENCE: invalid free in %f", alt: []string{"invalid-free in %f"}, where: paths(inKfence), untraced: true, class: "KFENCE-INVALID-FREE"},
		{head: "BUG: KFENCE: memory corruption in *", title: "KFENCE: memory corruption in %f", where: paths(inKfence), untraced: true, class: "KFENCE-MEMORY-CORRUPTION"},
		{head: "BUG: KFENCE: * in *", title: "KFENCE: %1 in %f", alt: badIn, where: paths(inKfence), classOf: kfenceClass},
		// arch/x86/mm/fault.c, arch/powerpc/mm/fault.c
		{head: "BUG: unable to handle kernel paging request", title: "BUG: unable to handle kernel paging request in %f", alt: badIn, where: paths(inFault), class: "MEMORY_SAFETY_BUG", sev: Oops},
		{head: "BUG: unable to handle page fault for address", title: "BUG: unable to handle kernel paging request in %f", alt: badIn, where: paths(inFault), class: "MEMORY_SAFETY_BUG", sev: Oops},
		{head: "BUG: Unable to handle kernel data access", title: "BUG: unable to handle kernel paging request in %f", alt: badIn, where: paths(inFault), class: "MEMORY_SAFETY_BUG", sev: Oops},
		{head: "BUG: unable to handle kernel NULL pointer dereference", title: "BUG: unable to handle kernel NULL pointer dereference in %f", alt: badIn, where: paths(inFault), class: "NULL-POINTER-DEREFERENCE", sev: Oops},
		{head: "BUG: kernel NULL pointer dereference", title: "BUG: unable to handle kernel NULL pointer dereference in %f", alt: badIn, where: paths(inFault), class: "NULL-POINTER-DEREFERENCE", sev: Oops},
		{head: "BUG: Kernel NULL pointer dereference", title: "BUG: unable to handle kernel NULL pointer dereference in %f", alt: badIn, where: paths(inFault), class: "NULL-POINTER-DEREFERENCE", sev: Oops},
		{head: "BUG: unable to handle kernel", title: "BUG: unable to handle kernel", remains: true, sev: Oops},
		{head: "BUG: Unable to handle kernel", title: "BUG: unable to handle kernel", remains: true, sev: Oops},
		// kernel/locking/spinlock_debug.c
		{head: "BUG: spinlock * on CPU", title: "BUG: spinlock %1 in %f", where: paths(inTrace), skip: names{"spin_", "_lock", "_unlock"}, class: "LOCKDEP", sev: Oops},
		{head: "BUG: rwlock * on CPU", title: "BUG: rwlock %1 in %f", where: paths(inTrace), skip: names{"spin_", "_lock", "_unlock"}, class: "LOCKDEP", sev: Oops},
		{head: "BUG: rwlock-* on CPU", title: "BUG: rwlock %1 in %f", where: paths(inTrace), skip: names{"spin_", "_lock", "_unlock"}, class: "LOCKDEP", sev: Oops},
		// kernel/watchdog.c
		{head: "BUG: soft lockup", title: "BUG: soft lockup in %f", alt: stallIn, where: paths(inFault), pick: pickBusy, class: "HANG", sev: Oops},
		{head: "BUG: workqueue lockup", title: "BUG: workqueue lockup", untraced: true, sev: Oops},
		// kernel/locking/lockdep.c up to 4.10, and arm's forms
		{head: "BUG: * still has locks held!", title: "BUG: still has locks held in %f", where: paths(inHeld), class: "LOCKDEP"},
		{head: "BUG: lock held when returning to user space", title: "BUG: lock held when returning to user space in %f", need: need{before: "leaving the kernel with locks still held", after: ""}, where: paths(inHeld), untraced: true},
		{head: "BUG: bad unlock balance detected!", title: "BUG: bad unlock balance in %f", where: paths(inUnlock), class: "LOCKDEP"},
		{head: "BUG: held lock freed!", title: "BUG: held lock freed in %f", where: paths(inHeld), class: "LOCKDEP"},
		{head: "BUG: Invalid wait context", title: "WARNING: locking bug in %f", where: paths(inTrace), skip: names{"lock_sock", "release_sock"}, class: "LOCKDEP"},
		// kernel/sched/core.c
		{head: "BUG: scheduling while atomic", title: "BUG: scheduling while atomic in %f", where: paths(inTrace), skip: names{"schedule"}, class: "ATOMIC_SLEEP"},
		{head: "BUG: sleeping function called from invalid context at", title: "BUG: sleeping function called from invalid context in %f", where: paths(inTrace), class: "ATOMIC_SLEEP"},
		// lib/smp_processor_id.c
		{head: "BUG: using *() in preemptible", title: "BUG: using %1() in preemptible code in %f", where: paths(inTrace), skip: names{"preempt", "debug_", "processor_id", "this_cpu"}, class: "LOCKDEP"},
		// kernel/workqueue.c
		{head: "BUG: workqueue leaked lock or atomic", title: "BUG: workqueue leaked lock or atomic in %n", need: need{before: "last function: ", after: ""}, untraced: true},
		// mm/memory.c, mm/page_alloc.c, kernel/fork.c
		{head: "BUG: Bad rss-counter state", title: "BUG: Bad rss-counter state", untraced: true, single: true},
		{head: "BUG: non-zero nr_ptes on freeing mm", title: "BUG: non-zero nr_ptes on freeing mm", untraced: true, single: true},
		{head: "BUG: non-zero nr_pmds on freeing mm", title: "BUG: non-zero nr_pmds on freeing mm", untraced: true, single: true},
		{head: "BUG: Bad page state", title: "BUG: Bad page state in %f", alt: []string{"BUG: Bad page state"}, where: paths(inOwner, inTrace), skip: pageSkip},
		{head: "BUG: Bad page map", title: "BUG: Bad page map"},
		// fs/dcache.c
		{head: "BUG: Dentry * still in use * [unmount of *]", title: "BUG: Dentry still in use in unmount", alt: []string{"BUG: Dentry still in use [unmount of %3]"}, leads: "WARNING:"},
		// mm/kmemleak.c as syzkaller prints it
		{head: "BUG: memory leak", title: "memory leak in %f", where: paths(inLeak), skip: leakSkip, class: "LEAK"},
		// arch/x86/kernel/traps.c
		{head: "BUG: *stack guard page was hit at", title: "BUG: stack guard page was hit in %f", alt: overIn, where: paths(inFault), pick: pickBusy, sev: Oops},
		{head: "BUG:$", title: "BUG: corrupted", remains: true},
	}, ignore: []string{"ODEBUG:", "DEBUG:", "xlog_status:", "BUG: no syscalls can create resource"}},
	{mark: "BUG kmalloc-", class: "", kinds: []kind{
		// mm/slub.c
		{head: "BUG kmalloc-*: Object already free", title: "BUG: Object already free", class: "DoS"},
	}},
	{mark: "WARNING:", class: "WARNING", kinds: []kind{
		// Users of lib/debugobjects.c and the like, which warn for others.
		{head: "WARNING: *lib/debugobjects.c:* debug_", title: "WARNING: ODEBUG bug in %f", where: paths(inWarning, inTrace), skip: odebugSkip, class: "WARNING"},
		{head: "WARNING: *mm/usercopy.c:* usercopy_warn", title: "WARNING: bad usercopy in %f", where: paths(inWarning, inTrace), skip: names{"usercopy", "__check"}, class: "WARNING"},
		{head: "WARNING: *lib/kobject.c:* kobject_", title: "WARNING: kobject bug in %f", where: paths(inWarning, inTrace), skip: names{"kobject_"}, class: "WARNING"},
		{head: "WARNING: *fs/proc/generic.c:* proc_register", title: "WARNING: proc registration bug in %f", where: paths(inWarning, inTrace), skip: names{"proc_"}, class: "WARNING"},
		{head: "WARNING: *lib/refcount.c:* refcount_", title: "WARNING: refcount bug in %f", where: paths(inWarning, inTrace), skip: names{"refcount", "kobject_"}, class: "REFCOUNT_WARNING"},
		{head: "WARNING: lib/refcount.c:* at ", title: "WARNING: refcount bug in %f", where: paths(inWarning, inTrace), skip: names{"refcount", "kobject_"}, class: "REFCOUNT_WARNING"},
		{head: "WARNING: *kernel/locking/lockdep.c:*lock_", title: "WARNING: locking bug in %f", where: paths(inWarning, inTrace), skip: names{"lock_sock", "release_sock"}, class: "LOCKDEP"},
		{head: "WARNING: *mm/vmalloc.c:*__vmalloc_node", title: "WARNING: zero-size vmalloc in %f", where: paths(inWarning, inTrace), class: "WARNING"},
		{head: "WARNING: * at mm/* kmalloc", title: "WARNING: kmalloc bug in %f", where: paths(inWarning, inTrace), skip: mallocSkip, class: "WARNING"},
		{head: "WARNING: * at mm/* kvmalloc", title: "WARNING: kmalloc bug in %f", where: paths(inWarning, inTrace), skip: mallocSkip, class: "WARNING"},
		{head: "WARNING: * at mm/* vmalloc", title: "WARNING: kmalloc bug in %f", where: paths(inWarning, inTrace), skip: mallocSkip, class: "WARNING"},
		{head: "WARNING: mm/* at kmalloc", title: "WARNING: kmalloc bug in %f", where: paths(inWarning, inTrace), skip: mallocSkip, class: "WARNING"},
		{head: "WARNING: mm/* at kvmalloc", title: "WARNING: kmalloc bug in %f", where: paths(inWarning, inTrace), skip: mallocSkip, class: "WARNING"},
		{head: "WARNING: * at * usb_submit_urb", title: "WARNING in %f/usb_submit_urb", where: paths(inWarning, inTrace), skip: usbSkip, class: "WARNING"},
		{head: "WARNING: * at *.*:* *+", title: "WARNING in %f", where: paths(inWarning, inTrace), class: "WARNING"},
		{head: "WARNING: * at usb_submit_urb", title: "WARNING in %f/usb_submit_urb", where: paths(inWarning, inTrace), skip: usbSkip, class: "WARNING"},
		{head: "WARNING: *.c:* at 0x0,", title: "WARNING in %f", where: paths(inWarning, inTrace), class: "WARNING"},
		{head: "WARNING: *.*:* at *+", title: "WARNING in %f", where: paths(inWarning, inTrace), class: "WARNING"},
		{head: "WARNING: at *.*:* *+", title: "WARNING in %f", where: paths(inWarning, inTrace), class: "WARNING"},
		// kernel/locking/lockdep.c
		{head: "WARNING: possible circular locking dependency detected", title: "possible deadlock in %f", need: need{before: "is trying to acquire lock", after: ""}, where: paths(inCycle), skip: names{"process_one_work", "flush_workqueue", "drain_workqueue", "destroy_workqueue"}, class: "LOCKDEP"},
		{head: "WARNING: possible irq lock inversion dependency detected", title: "possible deadlock in %f", where: paths(inAcquire), class: "LOCKDEP"},
		{head: "WARNING: *-safe -> *-unsafe lock order detected", title: "possible deadlock in %f", where: paths(inCause), class: "LOCKDEP"},
		{head: "WARNING: possible recursive locking detected", title: "possible deadlock in %f", where: paths(inAcquire), class: "LOCKDEP"},
		{head: "WARNING: inconsistent lock state", title: "inconsistent lock state in %f", need: need{before: " takes", after: ""}, where: paths(inTrace), class: "LOCKDEP"},
		{head: "WARNING: suspicious RCU usage", title: "WARNING: suspicious RCU usage in %f", need: needSource, where: paths(inTrace), skip: rcuSkip, class: "LOCKDEP"},
		{head: "WARNING: bad unlock balance detected!", title: "WARNING: bad unlock balance in %f", where: paths(inUnlock), class: "LOCKDEP"},
		{head: "WARNING: held lock freed!", title: "WARNING: held lock freed in %f", where: paths(inHeld), class: "LOCKDEP"},
		{head: "WARNING: * still has locks held!", title: "WARNING: still has locks held in %f", where: paths(inHeld), class: "LOCKDEP"},
		{head: "WARNING: Nested lock was not taken", title: "WARNING: nested lock was not taken in %f", where: paths(inWarning, inTrace), class: "LOCKDEP"},
		{head: "WARNING: lock held when returning to user space", title: "WARNING: lock held when returning to user space in %f", need: need{before: "leaving the kernel with locks still held", after: ""}, where: paths(inHeld), untraced: true, class: "LOCKDEP"},
		// arch/x86/kernel/unwind_*.c
		{head: "WARNING: kernel stack regs at # in * has bad '*' value", title: "WARNING: kernel stack regs has bad '%2' value", untraced: true},
		{head: "WARNING: kernel stack frame pointer at # in * has bad value", title: "WARNING: kernel stack frame pointer has bad value", untraced: true},
		{head: "WARNING: kernel stack regs * has bad 'bp' value", title: "WARNING: kernel stack regs has bad value", untraced: true},
		{head: "WARNING: kernel stack frame pointer * has bad value", title: "WARNING: kernel stack regs has bad value", untraced: true},
		{head: "WARNING:$", title: "WARNING: corrupted", remains: true},
	}, ignore: []string{
		"WARNING: /etc/ssh/moduli", "WARNING: workqueue cpumask: online intersect", "mand mount option", "WARNING: Unsupported flag value",
		"WARNING: Unprivileged eBPF is enabled", "WARNING: fbcon: Driver", "WARNING: See https", "WARNING: kernel not compiled with CPU_SRSO",
	}},
	{mark: "INFO:", class: "", kinds: []kind{
		{head: "INFO: possible circular locking dependency detected", title: "possible deadlock in %f", where: paths(inAcquire), class: "LOCKDEP"},
		{head: "INFO: possible irq lock inversion dependency detected", title: "possible deadlock in %f", where: paths(inAcquire), class: "LOCKDEP"},
		{head: "INFO: *-safe -> *-unsafe lock order detected", title: "possible deadlock in %f", where: paths(inAcquire), class: "LOCKDEP"},
		{head: "INFO: possible recursive locking detected", title: "possible deadlock in %f", where: paths(inAcquire), class: "LOCKDEP"},
		{head: "INFO: inconsistent lock state", title: "inconsistent lock state in %f", where: paths(inAcquire), class: "LOCKDEP"},
		{head: "INFO: suspicious RCU usage", title: "INFO: suspicious RCU usage in %f", need: needSource, where: paths(inTrace), skip: rcuSkip},
		// kernel/rcu/tree_stall.h
		{head: "INFO: rcu_* detected*stall", title: "INFO: rcu detected stall in %f", alt: stallIn, where: paths(inTick, inIRQ), skip: names{"apic_timer_interrupt", "rcu"}, pick: pickBusy, class: "HANG", sev: Oops},
		{head: "INFO: rcu_*self-detected*stall", title: "INFO: rcu detected stall in %f", alt: stallIn, where: paths(inTick, inIRQ), skip: names{"apic_timer_interrupt", "rcu"}, pick: pickBusy, class: "HANG", sev: Oops},
		{head: "INFO: trying to register non-static key", title: "INFO: trying to register non-static key in %f", where: paths(inTrace), skip: names{"stack", "lock", "IRQ"}},
		// kernel/hung_task.c
		{head: "INFO: task * blocked for more than * seconds", title: "INFO: task hung in %f", alt: hangIn, where: paths(inTrace), pick: pickWaiting, class: "HANG", sev: Oops},
		{head: "INFO: task * blocked in I/O wait for more than * seconds", title: "INFO: task hung in %f", alt: hangIn, where: paths(inTrace), pick: pickWaiting, class: "HANG", sev: Oops},
		{head: "INFO: task * can't die for more than * seconds", title: "INFO: task can't die in %f", alt: hangIn, where: paths(inTrace), skip: names{"schedule"}, class: "HANG", sev: Oops},
		// Old KASAN's tail.
		{head: "INFO: Freed in *", title: "INFO: Freed in %1", remains: true},
		{head: "INFO: Allocated in *", title: "INFO: Allocated in %1", remains: true},
		{head: "INFO:$", title: "INFO: corrupted", remains: true},
	}, ignore: []string{
		"INFO: lockdep is turned off", "INFO: Stall ended before state dump start", "INFO: NMI handler", "INFO: recovery required on readonly filesystem",
		"took too long", "_INFO::", "is not present in /proc/kallsyms", "INFO: no syscalls can create", "CAM_INFO:", "rmt_storage:INFO:",
	}},
	{mark: "Unable to handle kernel", class: "", kinds: []kind{
		// arch/arm*/mm/fault.c, arch/riscv/mm/fault.c
		{head: "Unable to handle kernel paging request", title: "BUG: unable to handle kernel paging request in %f", alt: badIn, where: paths(inFault, inTrace), class: "MEMORY_SAFETY_BUG", sev: Oops},
		{head: "Unable to handle kernel NULL pointer dereference", title: "BUG: unable to handle kernel NULL pointer dereference in %f", alt: badIn, where: paths(inFault, inTrace), class: "NULL-POINTER-DEREFERENCE", sev: Oops},
		{head: "Unable to handle kernel access to user memory", title: "BUG: unable to handle kernel access to user memory in %f", alt: badIn, where: paths(inFault, inTrace), sev: Oops},
		{head: "Unable to handle kernel *", title: "Unable to handle kernel %1", where: paths(inFault, inTrace), sev: Oops},
	}},
	{mark: "general protection fault", class: "DoS", kinds: []kind{
		{head: "general protection fault*:", title: "general protection fault in %f", alt: badIn, where: paths(inFault), class: "DoS", sev: Oops},
	}, ignore: []string{" error:0 in ", " error:"}},
	{mark: "stack segment: ", class: "", kinds: []kind{
		{head: "stack segment: ", title: "stack segment fault in %f", where: paths(inFault), class: "DoS", sev: Oops},
	}},
	{mark: "Kernel panic", class: "DoS", kinds: []kind{
		{head: "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: *+", title: "kernel panic: stack is corrupted in %1", untraced: true, class: "DoS", follows: true, sev: Fatal},
		{head: "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: ", title: "kernel panic: stack is corrupted in %f", where: paths(inTrace), skip: names{"stack_chk"}, class: "DoS", follows: true, sev: Fatal},
		{head: "Kernel panic - not syncing: corrupted stack end detected inside scheduler", title: "kernel panic: corrupted stack end in %f", alt: overIn, where: paths(inTrace), skip: names{"schedule", "retint_kernel"}, pick: pickBusy, class: "DoS", follows: true, sev: Fatal},
		{head: "Kernel panic - not syncing: kernel stack overflow", title: "kernel stack overflow in %f", alt: overIn, where: paths(inTrace), skip: names{"bad_stack"}, pick: pickBusy, class: "DoS", follows: true, sev: Fatal},
		{head: "Kernel panic - not syncing: Attempted to kill init!", title: "kernel panic: Attempted to kill init!", class: "DoS", follows: true, sev: Fatal},
		{head: "Kernel panic - not syncing: Couldn't open N_TTY ldisc for ", title: "kernel panic: Couldn't open N_TTY ldisc", class: "DoS", follows: true, sev: Fatal},
		{head: "Kernel panic - not syncing: Fatal exception", title: "kernel panic: Fatal exception", remains: true, class: "DoS", follows: true, sev: Fatal},
		{head: "Kernel panic - not syncing: panic_on_warn set", title: "kernel panic: panic_on_warn set", remains: true, class: "DoS", follows: true, sev: Fatal},
		{head: "Kernel panic - not syncing: hung_task: blocked tasks", title: "kernel panic: hung_task: blocked tasks", remains: true, class: "DoS", follows: true, sev: Fatal},
		{head: "Kernel panic - not syncing: *", title: "kernel panic: %1", class: "DoS", follows: true, sev: Fatal},
	}},
	{mark: "PANIC: double fault", class: "DoS", kinds: []kind{
		{head: "PANIC: double fault", title: "PANIC: double fault in %f", where: paths([]step{atPC}), class: "DoS", follows: true, sev: Fatal},
	}},
	{mark: "kernel BUG", class: "BUG", kinds: []kind{
		// lib/bug.c
		{head: "kernel BUG at mm/usercopy.c", title: "BUG: bad usercopy in %f", where: paths(inTrace), skip: names{"usercopy", "__check"}, class: "BUG", sev: Oops},
		{head: "kernel BUG at lib/list_debug.c", title: "BUG: corrupted list in %f", alt: badIn, where: paths(inTrace), class: "MEMORY_SAFETY_BUG", sev: Oops},
		{head: "kernel BUG at *", title: "kernel BUG in %f", where: paths(inFault), skip: names{"^skb_"}, class: "BUG", sev: Oops},
	}},
	{mark: "Kernel BUG", class: "BUG", kinds: []kind{
		{head: "Kernel BUG *", title: "kernel BUG %1", class: "BUG", sev: Oops},
	}},
	{mark: "divide error:", class: "DoS", kinds: []kind{
		// arch/x86/kernel/traps.c
		{head: "divide error: ", title: "divide error in %f", where: paths([]step{atPC}), class: "DoS", sev: Oops},
	}},
	{mark: "divide_error:", class: "DoS", kinds: []kind{
		{head: "divide_error: ", title: "divide error in %f", where: paths([]step{atPC}), class: "DoS", sev: Oops},
	}},
	{mark: "invalid opcode:", class: "DoS", kinds: []kind{
		{head: "invalid opcode: ", title: "invalid opcode in %f", where: paths([]step{atPC}), class: "DoS", follows: true, sev: Oops},
	}},
	{mark: "rust_kernel: panicked at ", class: "DoS", kinds: []kind{
		// rust/kernel/lib.rs
		{head: "rust_kernel: panicked at ", title: "%n in %f", need: need{next: true}, where: paths(inTrace), leads: "kernel BUG", sev: Oops},
	}},
	{mark: "UBSAN:", class: "UBSAN", kinds: []kind{
		// lib/ubsan.c
		{head: "UBSAN: Undefined behaviour in ", title: "UBSAN: undefined-behaviour in %f", where: paths(inTrace), skip: names{"ubsan", "overflow"}, class: "UBSAN"},
		{head: "UBSAN: array-index-out-of-bounds in ", title: "UBSAN: array-index-out-of-bounds in %f", alt: badIn, where: paths(inTrace), skip: names{"ubsan", "overflow"}, class: "MEMORY_SAFETY_UBSAN"},
		{head: "UBSAN: * in", title: "UBSAN: %1 in %f", where: paths(inTrace), skip: names{"ubsan", "overflow"}, class: "UBSAN"},
	}},
	{mark: "unregister_netdevice: waiting for", class: "DoS", kinds: []kind{
		// net/core/dev.c
		{head: "unregister_netdevice: waiting for * to become free", title: "unregister_netdevice: waiting for DEV to become free", untraced: true, single: true, class: "DoS"},
	}},
	{mark: "VFS: Close: file count is 0", class: "DoS", kinds: []kind{
		{head: "VFS: Close: file count is 0", title: "VFS: Close: file count is zero (use-after-free)", untraced: true, single: true, class: "DoS"},
	}},
	{mark: "VFS: Busy inodes after unmount", class: "DoS", kinds: []kind{
		{head: "VFS: Busy inodes after unmount", title: "VFS: Busy inodes after unmount (use-after-free)", untraced: true, single: true, class: "DoS"},
	}},
	{mark: "Internal error:", class: "DoS", kinds: []kind{
		// arch/arm*/kernel/traps.c
		{head: "Internal error:", title: "Internal error in %f", alt: badIn, where: paths(inFault), class: "DoS", follows: true, sev: Oops},
	}},
	{mark: "Unhandled fault:", class: "DoS", kinds: []kind{
		// arch/arm/mm/fault.c
		{head: "Unhandled fault:", title: "Unhandled fault in %f", alt: badIn, where: paths(inFault), class: "DoS", sev: Oops},
	}},
	{mark: "Alignment trap:", class: "DoS", kinds: []kind{
		// arch/arm/mm/alignment.c
		{head: "Alignment trap:", title: "Alignment trap in %f", where: paths(inFault), class: "DoS", sev: Oops},
	}},
	{mark: "trusty: panic", class: "DoS", kinds: []kind{
		{head: "trusty: panic (*): ASSERT FAILED at (*): *", title: "trusty: ASSERT FAILED: %3", untraced: true, class: "DoS", sev: Oops},
		{head: "trusty: panic (*): DEBUG ASSERT FAILED at (*): *", title: "trusty: ASSERT FAILED: %3", untraced: true, class: "DoS", sev: Oops},
		{head: "trusty: panic*ASSERT FAILED", title: "trusty: ASSERT FAILED:", remains: true, class: "DoS", sev: Oops},
		{head: "trusty: panic (*): *", title: "trusty: panic: %2", untraced: true, class: "DoS", sev: Oops},
	}},
	// What boot loaders and user space say of themselves.
	{mark: "Booting the kernel.", class: "REBOOT", user: true, first: true, kinds: []kind{
		{head: "Booting the kernel.", title: "unexpected kernel reboot", untraced: true, single: true, class: "REBOOT"},
	}, ignore: []string{"Parsing ELF", "Decompressing Linux"}},
	{mark: "SYZFAIL:", class: "SYZ_FAILURE", user: true, kinds: []kind{
		{head: "SYZFAIL: *", title: "SYZFAIL: %1", untraced: true, single: true, class: "SYZ_FAILURE"},
	}},
	{mark: "SYZFATAL:", class: "SYZ_FAILURE", user: true, kinds: []kind{
		{head: "SYZFATAL: *", title: "SYZFATAL: %1", alt: []string{"SYZFATAL"}, untraced: true, single: true, class: "SYZ_FAILURE"},
	}},
	{mark: "fatal error:", class: "DoS", user: true, first: true, kinds: []kind{
		{head: "fatal error:", title: "go runtime error", untraced: true, single: true, class: "DoS"},
	}, ignore: []string{"cannot create timer"}},
	{mark: "panic:", class: "DoS", user: true, kinds: []kind{
		{head: "panic: *", title: "panic: %1", untraced: true, single: true, class: "DoS"},
	}, ignore: []string{"_panic:", "xlog_status:", "ddb.onpanic:", "evtlog_status:"}},
}

// group are the kinds whose headlines have one mark.
type group struct {
	mark string
	// class is syzkaller's type of headlines that are none of the kinds.
	class string
	kinds []kind
	// user: programs print it, or boot loaders.
	user bool
	// first: the mark stands at the start of the record.
	first bool
	// ignore are texts that show that a record with the mark is no report.
	ignore []string
}

// intruders print a stack but are no failure: the frames behind one are not
// those of a report that it stands in.
var intruders = []string{
	"FAULT_INJECTION: forcing a failure", "vmalloc: allocation failure", "FAULT_FLAG_ALLOW_RETRY missing",
}

var needSource = need{source: true}

var (
	kasanTagSkip = names{"kernel_fault", "tag_check", "mem_abort", "^el1_", "^el1h_"}
	mallocSkip   = names{"kmalloc", "krealloc", "slab", "kmem"}
	pageSkip     = names{"post_alloc_hook", "bad_page", "free_unref_page", "free_pages", "compound_order", "skb_release_data"}
	leakSkip     = names{"kmemleak", "mmap", "kmem", "slab", "alloc", "create_object", "idr_get", "list_lru_init", "pcpu_create", "strdup", "strndup", "memdup"}
	odebugSkip   = names{"debug_", "rcu", "hrtimer_", "timer_", "work_", "percpu_", "vunmap", "vfree", "__free_", "kobject_"}
)
