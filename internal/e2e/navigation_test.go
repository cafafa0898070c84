package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestFindHabits asks for files and symbols as people type them. The answer
// expected is on the first lines of the screen.
func TestFindHabits(t *testing.T) {
	k := testKernel(t)
	for _, c := range []struct {
		query string
		want  string // a symbol or a path
		rank  int    // from 1: at least so high
	}{
		{"tcpipv4", "net/ipv4/tcp_ipv4.c", 1},
		{"tcpv4rcv", "tcp_v4_rcv", 1},
		{"schedcore", "kernel/sched/core.c", 1},
		{"ext4super", "fs/ext4/super.c", 3},
		{"copyfromuser", "copy_from_user", 1},
		{"kmalloc", "kmalloc", 1},
		{"kfree", "kfree", 1},
		{"skbclone", "skb_clone", 1},
		{"netifrx", "netif_rx", 1},
		{"workqueue.h", "include/linux/workqueue.h", 1},
		{"e1000main", "drivers/net/ethernet/intel/e1000/e1000_main.c", 3},
		{"printk.c", "kernel/printk/printk.c", 1},
		{"slub.c", "mm/slub.c", 1},
		{"imx7d-sdb.dts", "arch/arm/boot/dts/imx7d-sdb.dts", 1},
		{"Kconfig", "Kconfig", 1},
		{"MAINTAINERS", "MAINTAINERS", 1},
		{"listforeachentry", "list_for_each_entry", 1},
		{"taskstruct", "task_struct", 1},
		{"task_struct", "task_struct", 1},
		{"mutexlock", "mutex_lock", 1},
		{"GFP_KERNEL", "GFP_KERNEL", 1},
		{"gfpkernel", "GFP_KERNEL", 1},
		{"x86 entry_64.S", "arch/x86/entry/entry_64.S", 3},
		{"pcienabledevice", "pci_enable_device", 1},
		{"vfsread", "vfs_read", 1},
		{"initmain", "init/main.c", 1},
		{"net dev.c", "net/core/dev.c", 1},
		{"sched.h", "include/linux/sched.h", 2},
		{"drivers usb hub.c", "drivers/usb/core/hub.c", 1},
		{"^sys_ openat$", "sys_openat", 2},
	} {
		a := k.ask(t, "find", c.query)
		at := slices.IndexFunc(a.Results, func(r result) bool { return r.Symbol == c.want || r.Symbol == "" && r.Path == c.want })
		if at < 0 || at >= c.rank {
			var list []string
			for i := range a.Results[:min(len(a.Results), 5)] {
				r := &a.Results[i]
				list = append(list, r.Symbol+" "+r.Path)
			}
			t.Errorf("%q: %s is number %d, want %d: %s", c.query, c.want, at+1, c.rank, strings.Join(list, "; "))
		}
	}
}

// TestNearestNames asks for names that do not exist.
func TestNearestNames(t *testing.T) {
	k := testKernel(t)
	for name, want := range map[string]string{
		"tcp_v4_rvc":       "tcp_v4_rcv",
		"TCP_V4_RCV":       "tcp_v4_rcv",
		"tcpv4rcv":         "tcp_v4_rcv",
		"kmaloc":           "kmalloc",
		"copyfromuser":     "copy_from_user",
		"schedule_timeot":  "schedule_timeout",
		"spinlock_irqsave": "spin_lock_irqsave",
		"mutex_locked":     "mutex_lock",
		"GFP_KERNL":        "GFP_KERNEL",
		"CONFIG_EXT4":      "CONFIG_EXT4_FS",
		"__kmalloc_large":  "",
	} {
		for _, command := range []string{"def", "show"} {
			a := k.ask(t, command, name)
			if want != "" && !slices.Contains(a.Nearest, want) {
				t.Errorf("%s %s: %v, want %s", command, name, a.Nearest, want)
			}
		}
	}
	for _, run := range [][]string{{"def", "qqzz_no_such_name"}, {"show", "tcp_v4_rvc"}} {
		t.Logf("%v: %v", run, k.median(t, 5, run...))
	}
}

// shown is the answer of dekho show.
type shown struct {
	Definition *struct {
		Path string
		Line int
		Head string
	}
	Constant string
	Doc      *struct{ Brief, Markdown string }
	Members  []struct{ Name, Text, Constant string }
	Callers  struct{ Count int }
	Callees  []struct{ Name string }
	Registered,
	Uses struct {
		Count int
		First []result
	}
	Prints []struct {
		Line           int
		Family, Format string
	}
	Returns []struct{ Errno, Call string }
}

func (k *kernel) show(t *testing.T, name string) *shown {
	t.Helper()
	out, code := k.run(t, nil, "show", "--json", name)
	var s shown
	if err := json.Unmarshal([]byte(out), &s); err != nil || code != 0 || s.Definition == nil {
		t.Fatalf("dekho show %s: exit code %d, %v", name, code, err)
	}
	return &s
}

// TestShow holds facts about some well-known names.
func TestShow(t *testing.T) {
	k := testKernel(t)
	s := k.show(t, "tcp_v4_connect")
	if s.Definition.Path != "net/ipv4/tcp_ipv4.c" || !strings.HasPrefix(s.Definition.Head, "int tcp_v4_connect(") {
		t.Errorf("tcp_v4_connect: %+v", s.Definition)
	}
	errnos := make(map[string]bool)
	for _, r := range s.Returns {
		errnos[r.Errno+r.Call] = true
	}
	for _, want := range []string{"EINVAL", "EAFNOSUPPORT", "ENETUNREACH", "tcp_connect"} {
		if !errnos[want] {
			t.Errorf("tcp_v4_connect does not return %s: %v", want, errnos)
		}
	}
	if s.Registered.Count != 1 || s.Callers.Count == 0 || len(s.Callees) < 20 {
		t.Errorf("tcp_v4_connect: registered %d, callers %d, callees %d", s.Registered.Count, s.Callers.Count, len(s.Callees))
	}

	s = k.show(t, "file_operations")
	if len(s.Members) < 30 || s.Members[0].Text != "struct module *owner" || s.Uses.Count < 1000 {
		t.Errorf("file_operations: %d members, %d uses", len(s.Members), s.Uses.Count)
	}
	s = k.show(t, "kmalloc_array")
	if s.Doc == nil || s.Doc.Brief != "allocate memory for an array." {
		t.Errorf("kmalloc_array: %+v", s.Doc)
	}
	for name, want := range map[string]string{
		"GFP_KERNEL": "3264 (0xcc0)", "S_IRUGO": "292 (0x124)", "ETH_P_IP": "2048 (0x800)", "TCP_SYN_SENT": "2", "IFF_UP": "1",
		"PAGE_SIZE": "depends on", "MAX_ORDER": "depends on",
	} {
		if s := k.show(t, name); !strings.HasPrefix(s.Constant, want) {
			t.Errorf("%s is %q, want %q", name, s.Constant, want)
		}
	}
	s = k.show(t, "__oom_kill_process")
	if len(s.Prints) == 0 {
		t.Error("__oom_kill_process prints nothing")
	}
	for _, name := range []string{"tcp_v4_rcv", "kfree", "ext4_fill_super", "file_operations", "GFP_KERNEL"} {
		t.Logf("show %s: %v", name, k.median(t, 5, "show", name))
	}
}

// TestOutlineOfFile looks at the extents in one file of the kernel.
func TestOutlineOfFile(t *testing.T) {
	k := testKernel(t)
	a := k.ask(t, "outline", "net/ipv4/tcp_ipv4.c")
	at := slices.IndexFunc(a.Results, func(r result) bool { return r.Symbol == "tcp_v4_rcv" })
	if at < 0 || len(a.Results) < 80 || !slices.IsSortedFunc(a.Results, func(a, b result) int { return a.Line - b.Line }) {
		t.Errorf("%d definitions, tcp_v4_rcv is number %d", len(a.Results), at)
	}
}

// TestTextRoles asks for roles that are found in the text.
func TestTextRoles(t *testing.T) {
	k := testKernel(t)
	if a := k.ask(t, "refs", "--role", "string,comment", "kfree"); len(a.Results) < 200 || len(a.Results) > 1000 {
		t.Errorf("kfree in strings and comments: %d", len(a.Results))
	}
	if a := k.ask(t, "refs", "linux/fs.h"); len(a.Results) < 1000 || a.Results[0].Role != "include" {
		t.Errorf("linux/fs.h is included %d times", len(a.Results))
	}
	t.Logf("refs --role string,comment kfree: %v", k.median(t, 3, "refs", "--role", "string,comment", "kfree"))
}
