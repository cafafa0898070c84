package crash

import "strings"

// names is a set of functions given by parts of their names: "lock_acquire"
// stands for all that contain it, "^refcount_" for those that begin so, "readl$"
// for those that end so, "^down$" for one.
type names []string

func (n names) has(name string) bool {
	for _, p := range n {
		front, back := p[0] == '^', p[len(p)-1] == '$'
		switch {
		case front && back:
			if name == p[1:len(p)-1] {
				return true
			}
		case front:
			if strings.HasPrefix(name, p[1:]) {
				return true
			}
		case back:
			if strings.HasSuffix(name, p[:len(p)-1]) {
				return true
			}
		case strings.Contains(name, p):
			return true
		}
	}
	return false
}

// generic are functions that are on the stack of many bugs and to blame for
// none: what reports, checks, locks, allocates, copies and prints for others.
var generic = [...]struct {
	why   string
	names names
}{
	{"report a failure", names{
		"panic", "report_bug", "fixup_bug", "print_report", "print_address_description", "print_usage_bug", "print_unlock", "imbalance_bug", "print_tainted",
		"show_stack", "dump_stack", "walk_stack", "dump_backtrace", "unwind_backtrace", "arch_stack_walk", "stack_trace_save", "stack_trace_consume_entry",
		"warn_slowpath", "warn_alloc", "warn_bogus", "__warn", "assertfail", "rust_helper_BUG", "rust_begin_unwind",
	}},
	{"exceptions on the way to the report", names{
		"invalid_op", "do_error", "do_trap", "_trap$", "program_check_", "do_kernel_fault", "do_translation_fault", "do_mem_abort",
		"el1_abort", "el1h_64_sync",
	}},
	{"sanitizers and checks", names{
		"__sanitizer", "__asan", "__hwasan", "kasan", "__msan", "kmsan", "kcsan_setup_watchpoint", "check_memory_region", "check_heap_object", "check_object",
		"read_word_at_a_time", "read_once_word_nocheck", "read_once_size_nocheck", "write_once_size_nocheck", "debug_object", "timer_is_static_object",
		"work_is_static_object", "might_fault", "might_sleep", "__might_resched", "ref_tracker", "fortify_",
	}},
	{"allocate and free", names{
		"alloc_page", "malloc", "zalloc", "calloc", "krealloc", "kmem_cache", "alloc_frozen_page", "get_page_from_freelist", "allocate_slab", "slab_", "folio_alloc", "^kfree$", "^kvfree$", "kfree_skb",
		"filemap_alloc_folio", "__filemap_get_folio", "find_or_create_page", "do_read_cache_folio", "read_cache_page", "pagecache_get_page",
		"grab_cache_page_write_begin",
	}},
	{"lock", names{
		"lockdep", "lock_acquire", "lock_release", "lock_class", "mark_lock", "mark_held_locks", "reacquire_held_locks", "raw_spin_rq", "owner_on_cpu",
		"spin_lock", "spin_trylock", "spin_unlock", "read_lock", "read_trylock", "read_unlock", "write_lock", "write_trylock", "write_unlock",
		"^down$", "down_read", "down_write", "down_trylock", "up_read", "up_write", "^mutex_", "^__mutex_", "^rt_mutex_", "osq_lock", "osq_unlock",
		"seqprop_assert", "bh_enable", "bh_disable", "^lock_page", "^unlock_page", "^folio_lock", "^folio_unlock$", "^__folio_lock", "trace_hardirq", "trace_softirq",
	}},
	{"wait, wake and defer", names{
		"__wake_up", "^complete$", "wait_for_completion", "finish_wait", "flush_work", "cancel_work", "try_to_grab_pending", "drain_workqueue",
		"destroy_workqueue", "queue_work", "insert_work", "queue_delayed_work", "del_timer", "timer_delete", "timer_shutdown", "lock_timer_base", "^__mod_timer$", "^mod_timer$", "kthread_stop",
	}},
	{"counters and bits", names{
		"^refcount_", "^kref_", "atomic_dec", "atomic_inc", "atomic_read", "atomic_set", "atomic_or", "atomic_xor", "atomic_and", "atomic_add", "atomic_sub",
		"atomic_fetch", "atomic_xchg", "atomic_cmpxchg", "atomic_try", "atomic64_dec", "atomic64_inc", "atomic64_read", "atomic64_set", "atomic64_or",
		"atomic64_xor", "atomic64_and", "atomic64_add", "atomic64_sub", "atomic64_fetch", "atomic64_xchg", "atomic64_cmpxchg", "atomic64_try",
		"set_bit", "clear_bit", "change_bit", "test_bit",
	}},
	{"memory and strings", names{
		"memcpy", "memcmp", "memset", "memchr", "memmove", "memdup", "strcmp", "strncmp", "strcpy", "strlcpy", "strncpy", "strscpy", "strlen", "strnlen",
		"strstr", "strnstr", "strchr", "strdup", "strndup", "^crc0", "^crc1", "^crc2", "^crc3", "^crc4", "^crc6", "^crc7", "^crc8", "crc_itu_t", "hex_dump",
	}},
	{"copy to and from user space", names{
		"copy_to_user", "copy_from_user", "copy_to_iter", "copy_from_iter", "copy_page_to_iter", "copy_page_from_iter", "copy_folio_to_iter", "^rep_movs", "^rep_stos",
		"^copyin$", "^copyout$", "put_user", "get_user",
	}},
	{"lists and trees", names{
		"list_add", "list_del", "list_replace", "list_move", "list_splice", "^rb_", "^__rb_", "^klist_", "xas_start", "xas_load", "xas_find",
		"find_lock_entries", "truncate_inode_pages_range", "^iput$", "^iput_final$", "^ihold$", "^dput$", "fast_dput",
		"^drop_nlink$", "^inc_nlink$", "^set_nlink$", "^clear_nlink$", "mark_buffer_dirty",
	}},
	{"print", names{
		"printk", "snprintf", "scnprintf", "kasprintf", "kvasprintf", "va_format", "string", "pointer", "dev_info", "dev_notice", "dev_warn", "dev_err",
		"dev_alert", "dev_crit", "dev_emerg",
	}},
	{"the device model", names{
		"kobject_", "add_uevent_var", "get_device_parent", "device_add", "device_del", "device_unregister", "device_destroy", "device_release",
		"devres_release_all", "device_for_each_child", "device_remove_file", "sysfs_remove", "hwrng_unregister", "i2c_del_adapter", "__unregister_client",
		"rollback_registered", "unregister_netdev", "tty_unregister_device",
	}},
	{"USB transfers for a driver", names{
		"dummy_urb_enqueue", "usb_kill_urb", "usb_kill_anchored_urbs", "usb_control_msg", "usb_hcd_submit_urb", "usb_submit_urb",
	}},
	{"single accesses to devices", names{
		"readb$", "readw$", "readl$", "readq$", "writeb$", "writew$", "writel$", "writeq$", "logic_in", "logic_out",
	}},
	{"trampolines", names{"_indirect_thunk_", "perf_trace"}},
}

// blameless reports whether a function is generic, or one of a report's own.
func blameless(name string, own names) bool {
	if own.has(name) {
		return true
	}
	for i := range generic {
		if generic[i].names.has(name) {
			return true
		}
	}
	return false
}

// entryPrefixes are put in front of the name of a system call by the macros
// that define its entry points; they differ between architectures and versions.
var entryPrefixes = []string{
	"SYSC_", "SyS_", "sys_", "__x64_", "__ia32_", "__arm64_", "__riscv_", "__s390x_", "__s390_", "____sys_", "___sys_", "__sys_", "__se_", "__do_sys_",
	"compat_SYSC_", "compat_SyS_", "ksys_",
}

// plain is the name of a function as it stands in titles: one prefix of system
// calls of each kind taken off.
func plain(name string) string {
	for _, p := range entryPrefixes {
		name = strings.TrimPrefix(name, p)
	}
	return name
}

// dispatchers call what others registered: whoever they called, the frame
// above them, is what keeps a processor busy. Those of all busy system calls are
// among them, so that the frame above tells the driver or protocol.
var dispatchers = names{
	// Work, timers, softirqs, threads, interrupts, other processors' calls.
	"process_one_work", "do_softirq", "call_timer_fn", "_run_timers", "run_timer_softirq", "hrtimer_run", "run_ksoftirqd", "tasklet_action",
	"tasklet_hi_action", "smpboot_thread_fn", "^kthread$", "start_secondary", "cpu_startup_entry", "ret_from_fork", "smp_call_function",
	"netif_receive_skb",
	// Entries of system calls and faults, and the way back.
	"do_syscall_", "do_fast_syscall_", "sysenter_dispatch", "tracesys_phase2", "el0_svc_handler", "invoke_syscall", "ret_fast_syscall",
	"__do_fault", "do_page_fault", "^page_fault$", "exit_to_usermode", "task_work_run", "__fput",
	// Operations of files.
	"vfs_read", "vfs_write", "vfs_iter_read", "vfs_iter_write", "do_iter_read", "do_iter_write", "call_read_iter", "call_write_iter", "new_sync_read",
	"new_sync_write", "vfs_ioctl", "ksys_ioctl", "compat_ioctl", "compat_sys_ioctl", "blkdev_ioctl", "blkdev_driver_ioctl", "^call_mmap", "mmap_region",
	"do_mmap", "do_dentry_open", "vfs_open",
	// Operations of sockets.
	"^sock_sendmsg", "^sock_recvmsg", "^sock_release", "^__sock_release", "^sock_mmap", "^sock_do_ioctl", "^sock_ioctl", "^compat_sock_ioctl",
	"^setsockopt$", "kernel_setsockopt", "sock_common_setsockopt", "^listen$", "kernel_listen", "^accept$", "kernel_accept", "sk_common_release",
	"^nfnetlink_rcv_msg", "^rtnetlink_rcv_msg", "^netlink_dump", "^socketpair", "^connect", "^ioctl", "^sys_socketpair", "^sys_connect", "^sys_ioctl",
}

// pickBusy chooses the function of a loop from the stacks that happened to be
// seen: not the innermost, which is another each time, but what a dispatcher
// called.
func pickBusy(frames []string) string {
	last := ""
	for _, f := range frames {
		if dispatchers.has(f) {
			if strings.Contains(f, "smp_call_function") {
				return "smp_call_function"
			}
			if last == "" {
				return f
			}
			return last
		}
		last = f
	}
	return ""
}

// waiting are the functions through which a task goes to sleep.
var waiting = names{
	"sched", "_lock", "_slowlock", "down", "rwsem", "completion", "kthread", "wait", "synchronize", "context_switch", "__switch_to", "cancel_delayed_work",
	"rcu_barrier",
}

// pickWaiting chooses the function that a hung task waits in. A lock that half
// of the kernel needs, and grace periods, have titles of their own: whoever waits
// for them is a victim.
func pickWaiting(frames []string) string {
	for _, f := range frames {
		if strings.Contains(f, "rtnl_lock") {
			return f
		}
		for _, s := range [...]string{"rcu", "srcu", "net", "sched"} {
			if strings.Contains(f, "synchronize_"+s) {
				return "synchronize_rcu"
			}
		}
	}
	for _, f := range frames {
		if !waiting.has(f) {
			return f
		}
	}
	return ""
}

// pickFirst chooses the innermost.
func pickFirst(frames []string) string {
	if len(frames) == 0 {
		return ""
	}
	return frames[0]
}
