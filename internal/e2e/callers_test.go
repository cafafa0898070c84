package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// callersAnswer is what dekho callers --json writes.
type callersAnswer struct {
	Name    string
	Total   int
	Results []struct {
		Path, Function, Text          string
		Line                          int
		How, Grade, Through, Of, Note string
		Macros                        []string
		Triggers, Steps               []struct {
			Path, What string
			Line       int
		}
	}
}

func (k *kernel) callers(t *testing.T, args ...string) *callersAnswer {
	t.Helper()
	out, code := k.run(t, nil, append([]string{"callers", "--json"}, args...)...)
	if code > 1 {
		t.Fatalf("dekho callers %v: exit code %d", args, code)
	}
	var a callersAnswer
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatalf("dekho callers %v: %v", args, err)
	}
	return &a
}

// TestCallersThroughPointers asks who calls functions that nobody calls by name;
// each answer was found by reading the kernel.
func TestCallersThroughPointers(t *testing.T) {
	k := testKernel(t)
	for _, c := range []struct {
		name     string
		function string // that calls
		path     string // where
		through  string
		how      string
		note     string // is part of the note
		trigger  string // a function that makes the core call
		grade    string // if it is not type-matched
	}{
		// Operations of files, protocols, devices.
		{name: "tcp_v4_rcv", function: "ip_protocol_deliver_rcu", path: "net/ipv4/ip_input.c", through: "struct net_protocol.handler"},
		{name: "ext4_file_open", function: "do_dentry_open", path: "fs/open.c", through: "struct file_operations.open"},
		{name: "ext4_writepages", function: "do_writepages", path: "mm/page-writeback.c", through: "struct address_space_operations.writepages"},
		{name: "ip_rcv", function: "deliver_skb", path: "net/core/dev.c", through: "struct packet_type.func"},
		{name: "virtnet_poll", function: "__napi_poll", path: "net/core/dev.c", through: "struct napi_struct.poll"},
		{name: "nvme_queue_rq", function: "blk_mq_dispatch_rq_list", path: "block/blk-mq.c", through: "struct blk_mq_ops.queue_rq"},
		{name: "dev_attr_store", function: "sysfs_kf_write", path: "fs/sysfs/file.c", through: "struct sysfs_ops.store"},
		{name: "uart_write", function: "do_output_char", path: "drivers/tty/n_tty.c", through: "struct tty_operations.write"},
		{name: "inet_sendmsg", function: "sock_sendmsg_nosec", path: "net/socket.c", through: "struct proto_ops.sendmsg"},
		// Its macro puts it into a union that another macro puts into the table.
		{name: "proc_pid_status", function: "proc_single_show", path: "fs/proc/base.c", grade: "signature-matched"},
		// Drivers.
		{name: "e1000_probe", function: "local_pci_probe", path: "drivers/pci/pci-driver.c", through: "struct pci_driver.probe"},
		{name: "platform_probe", function: "call_driver_probe", path: "drivers/base/dd.c", through: "struct bus_type.probe", note: "driver core"},
		// The core of the kernel.
		{name: "wb_workfn", function: "process_one_work", path: "kernel/workqueue.c", note: "workqueue", trigger: "wb_wakeup_delayed"},
		{name: "blk_mq_run_work_fn", function: "process_one_work", path: "kernel/workqueue.c", note: "workqueue"},
		{name: "tcp_write_timer", function: "call_timer_fn", path: "kernel/time/timer.c", note: "timer"},
		{name: "commit_timeout", function: "call_timer_fn", path: "kernel/time/timer.c", note: "timer", trigger: "jbd2_get_transaction"},
		{name: "hrtimer_wakeup", function: "__run_hrtimer", path: "kernel/time/hrtimer.c", through: "struct hrtimer.function", note: "timer"},
		{name: "i8042_interrupt", function: "__handle_irq_event_percpu", path: "kernel/irq/handle.c", through: "struct irqaction.handler", note: "interrupt"},
		{name: "inetdev_event", function: "notifier_call_chain", path: "kernel/notifier.c", through: "struct notifier_block.notifier_call", note: "notifier"},
		{name: "kswapd", function: "kthread", path: "kernel/kthread.c", note: "thread"},
		{name: "vhost_worker", function: "kthread", path: "kernel/kthread.c", note: "thread"},
		{name: "rcu_free_slab", function: "rcu_do_batch", path: "kernel/rcu/tree.c", through: "struct callback_head.func", note: "RCU"},
		{name: "net_rx_action", function: "handle_softirqs", path: "kernel/softirq.c", through: "struct softirq_action.action"},
		// Arguments, initcalls, system calls.
		{name: "ext4_fill_super", function: "get_tree_bdev", path: "fs/super.c", through: "argument 2 of get_tree_bdev()"},
		{name: "ext4_init_fs", how: "initcall", path: "fs/ext4/super.c", note: "level 6"},
		{name: "sys_openat", how: "syscall", path: "arch/x86/entry/syscalls/syscall_64.tbl", note: "257"},
	} {
		grade := c.grade
		if grade == "" && c.how == "" {
			grade = "type-matched"
		}
		a := k.callers(t, c.name)
		found := false
		for i := range a.Results {
			r := &a.Results[i]
			if r.Function != c.function || r.Path != c.path || c.how != "" && r.How != c.how || r.Grade != grade ||
				!strings.Contains(r.Note, c.note) || c.through != "" && r.Through != c.through {
				continue
			}
			found = c.trigger == ""
			for _, s := range r.Triggers {
				found = found || s.What == c.trigger
			}
			if found {
				break
			}
		}
		if !found {
			var got []string
			for i := range a.Results {
				r := &a.Results[i]
				got = append(got, fmt.Sprintf("%s:%d %s() %s %s %s", r.Path, r.Line, r.Function, r.Grade, r.Through, r.Note))
			}
			t.Errorf("%s is not called by %s in %s, but by\n%s", c.name, c.function, c.path, strings.Join(got[:min(len(got), 12)], "\n"))
		}
	}
}

// TestNoCallers holds that what cannot be is not said: functions of one name,
// structs of one tag, variables and architectures are told apart.
func TestNoCallers(t *testing.T) {
	k := testKernel(t)
	for _, c := range []struct{ name, function, path string }{
		{"platform_probe", "pnp_request_card_device", "drivers/pnp/card.c"}, // calls that of pnp_bus_type
		{"tcp_v4_rcv", "it6505_int_threaded_handler", "drivers/gpu/drm/bridge/ite-it6505.c"},
		{"ip_local_deliver_finish", "arp_rcv", "net/ipv4/arp.c"}, // hands another function to NF_HOOK
	} {
		a := k.callers(t, c.name)
		for i := range a.Results {
			if r := &a.Results[i]; r.Function == c.function && r.Path == c.path {
				t.Errorf("%s is not called by %s: %+v", c.name, c.function, r)
			}
		}
	}
	// e1000 and e1000e both have an e1000_intr, and each calls its own.
	for _, r := range k.callers(t, "--direct", "e1000_intr").Results {
		if dir := r.Path[:strings.LastIndexByte(r.Path, '/')]; !strings.HasPrefix(r.Of, dir+"/") {
			t.Errorf("%s:%d calls the e1000_intr of %s", r.Path, r.Line, r.Of)
		}
	}
}

// TestCallPaths looks for ways from one function to another.
func TestCallPaths(t *testing.T) {
	k := testKernel(t)
	for _, c := range []struct {
		from, to string
		through  []string // functions on the way
	}{
		{"vfs_write", "ext4_file_write_iter", []string{"new_sync_write", "call_write_iter"}},
		{"net_rx_action", "tcp_v4_rcv", []string{"napi_poll", "__napi_poll", "ip_rcv", "ip_local_deliver_finish", "ip_protocol_deliver_rcu"}},
		{"start_kernel", "kmem_cache_init", nil},
		{"do_sys_openat2", "ext4_file_open", []string{"do_filp_open", "path_openat", "do_open", "vfs_open", "do_dentry_open"}},
	} {
		out, code := k.run(t, nil, "path", "--json", "--max", "20", c.from, c.to)
		var a struct {
			Paths [][]struct {
				From, To, Path string
				Line           int
			}
		}
		if err := json.Unmarshal([]byte(out), &a); err != nil || code != 0 {
			t.Errorf("from %s to %s: exit code %d, %v", c.from, c.to, code, err)
			continue
		}
		found := false
		for _, p := range a.Paths {
			var names []string
			for i, h := range p {
				names = append(names, h.From)
				if i > 0 && p[i-1].To != h.From {
					t.Errorf("from %s to %s: %s calls %s, then comes %s", c.from, c.to, p[i-1].From, p[i-1].To, h.From)
				}
			}
			all := true
			for _, f := range c.through {
				all = all && slices.Contains(names, f)
			}
			found = found || all
		}
		if !found {
			t.Errorf("from %s to %s: no way through %v: %s", c.from, c.to, c.through, out[:min(len(out), 2000)])
		}
	}
}

// TestCallerTimes prints how long questions about calls take; it does not fail.
func TestCallerTimes(t *testing.T) {
	k := testKernel(t)
	for _, c := range []struct {
		bar  time.Duration
		args []string
	}{
		{150 * time.Millisecond, []string{"callers", "kfree"}},
		{300 * time.Millisecond, []string{"callers", "--depth", "4", "tcp_v4_rcv"}},
		{20 * time.Millisecond, []string{"callers", "ext4_file_open"}},
		{20 * time.Millisecond, []string{"callees", "vfs_read"}},
		{300 * time.Millisecond, []string{"path", "net_rx_action", "tcp_v4_rcv"}},
	} {
		fmt.Printf("dekho %s: %v (bar %v)\n", strings.Join(c.args, " "), k.median(t, 5, c.args...).Round(100*time.Microsecond), c.bar)
	}
}
