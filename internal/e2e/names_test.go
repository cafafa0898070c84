package e2e

import (
	"slices"
	"strings"
	"testing"
)

// TestNamesOfMacros asks for names for which cscope, GNU global and ctags find
// no definition, or lose it among members.
func TestNamesOfMacros(t *testing.T) {
	k := testKernel(t)
	for _, c := range []struct{ name, kind, path, text string }{
		{"SetPageDirty", "function", "include/linux/page-flags.h", "PAGEFLAG(Dirty, dirty"},
		{"trace_sched_switch", "function", "include/trace/events/sched.h", "TRACE_EVENT(sched_switch,"},
		{"param_get_int", "function", "kernel/params.c", "STANDARD_PARAM_DEF(int,"},
		{"sys_openat", "function", "fs/open.c", "SYSCALL_DEFINE4(openat,"},
		{"swapgs_restore_regs_and_return_to_usermode", "function", "arch/x86/entry/entry_64.S", "SYM_INNER_LABEL("},
		{"CONFIG_EXT4_FS", "config", "fs/ext4/Kconfig", "config EXT4_FS"},
		{"dev_attr_uevent", "variable", "drivers/base/core.c", "DEVICE_ATTR_RW(uevent)"},
		{"pci_bus_read_config_byte", "function", "drivers/pci/access.c", "PCI_OP_READ(byte,"},
		{"event_mutex", "variable", "kernel/trace/trace_events.c", "DEFINE_MUTEX(event_mutex)"},
	} {
		a := k.ask(t, "def", c.name)
		if len(a.Results) == 0 {
			t.Errorf("%s: no definition", c.name)
			continue
		}
		if r := a.Results[0]; r.Path != c.path || r.Kind != c.kind || !strings.Contains(r.Text, c.text) {
			t.Errorf("%s: %+v, want a %s in %s: %s", c.name, r, c.kind, c.path, c.text)
		}
	}
	// Who calls a function that is only named in an ops table.
	out, code := k.run(t, nil, "callers", "tcp_v4_rcv")
	if lines := strings.Split(out, "\n"); code != 0 || !slices.ContainsFunc(lines, func(l string) bool {
		return strings.HasPrefix(l, "net/ipv4/ip_input.c:") && strings.Contains(l, "ip_protocol_deliver_rcu()")
	}) {
		t.Errorf("callers of tcp_v4_rcv:\n%s", out)
	}
}
