package e2e

import (
	"strings"
	"testing"
)

// TestAssembly asks for names of assembly and linker scripts, each read by hand
// in the tree: where it is defined, as what, and what the line says.
func TestAssembly(t *testing.T) {
	k := testKernel(t)
	for _, c := range []struct{ name, path, kind, text string }{
		{"swapgs_restore_regs_and_return_to_usermode", "arch/x86/entry/entry_64.S", "function", "SYM_INNER_LABEL("},
		{"entry_SYSCALL_64", "arch/x86/entry/entry_64.S", "function", "SYM_CODE_START("},
		{"error_entry", "arch/x86/entry/entry_64.S", "function", "SYM_CODE_START_LOCAL("},
		{"__switch_to_asm", "arch/x86/entry/entry_64.S", "function", "SYM_FUNC_START("},
		{"initial_code", "arch/x86/kernel/head_64.S", "variable", "SYM_DATA("},
		{"idtentry", "arch/x86/entry/entry_64.S", "macro", ".macro idtentry"},
		{"arch_rethook_trampoline", "arch/x86/kernel/rethook.c", "function", `"arch_rethook_trampoline:`},
		{"cpu_v7_do_idle", "arch/arm/mm/proc-v7.S", "function", "ENTRY("},
		{"v7_flush_kern_dcache_area", "arch/arm/mm/cache-v7.S", "function", "ENTRY("},
		{"__create_page_tables", "arch/arm/kernel/head.S", "function", "__create_page_tables:"},
		{"vector_stub", "arch/arm/kernel/entry-armv.S", "macro", ".macro"},
		{"sys_call_table", "arch/arm/kernel/entry-common.S", "variable", "syscall_table_start"},
		{"csum_partial_copy_from_user", "arch/arm/lib/csumpartialcopyuser.S", "function", "#define FN_ENTRY"},
		{"get_thread_info", "arch/arm/include/asm/assembler.h", "macro", ".macro"},
		{"vectors", "arch/arm64/kernel/entry.S", "function", "SYM_CODE_START("},
		{"kernel_exit", "arch/arm64/kernel/entry.S", "macro", ".macro"},
		{"__pi_memcpy", "arch/arm64/lib/memcpy.S", "function", "SYM_FUNC_START("},
		{"__cpu_setup", "arch/arm64/mm/proc.S", "function", "SYM_FUNC_START("},
		{"handle_exception", "arch/riscv/kernel/entry.S", "function", "ENTRY("},
		{"excp_vect_table", "arch/riscv/kernel/entry.S", "variable", "ENTRY("},
		{"__asm_copy_to_user", "arch/riscv/lib/uaccess.S", "function", "ENTRY("},
		{"handle_int", "arch/mips/kernel/genex.S", "function", "NESTED("},
		{"except_vec_vi", "arch/mips/kernel/genex.S", "function", "NESTED("},
		{"ret_from_fork", "arch/mips/kernel/entry.S", "function", "FEXPORT("},
		{"_save_fp", "arch/mips/kernel/r4k_fpu.S", "function", "LEAF("},
		{"memcpy_power7", "arch/powerpc/lib/memcpy_power7.S", "function", "_GLOBAL("},
		{"_switch", "arch/powerpc/kernel/entry_64.S", "function", "_GLOBAL("},
		{"kvmppc_hv_entry", "arch/powerpc/kvm/book3s_hv_rmhandlers.S", "function", "kvmppc_hv_entry:"},
		{"pgm_check_handler", "arch/s390/kernel/entry.S", "function", "ENTRY("},
		{"sys_call_table", "arch/ia64/kernel/entry.S", "variable", "sys_call_table:"},
		{"jiffies", "arch/arm64/kernel/vmlinux.lds.S", "variable", "jiffies = jiffies_64;"},
		{"_stext", "arch/riscv/kernel/vmlinux.lds.S", "variable", "_stext = .;"},
		{"__init_begin", "arch/arm/kernel/vmlinux.lds.S", "variable", "__init_begin = "},
		{"__initcall_start", "include/asm-generic/vmlinux.lds.h", "variable", "__initcall_start = .;"},
		{"phys_startup_64", "arch/x86/kernel/vmlinux.lds.S", "variable", "phys_startup_64 = ABSOLUTE("},
	} {
		a := k.ask(t, "def", c.name)
		found := false
		for _, r := range a.Results {
			found = found || r.Path == c.path && r.Kind == c.kind && strings.Contains(r.Text, c.text) &&
				r.Column > 0 && strings.HasPrefix(r.Text[r.Column-1:], c.name)
		}
		if !found {
			t.Errorf("%s: want a %s in %s: %s\ngot %+v", c.name, c.kind, c.path, c.text, a.Results)
		}
	}
	// Calls tell the routine they stand in.
	for _, c := range []struct{ name, path, in string }{
		{"error_entry", "arch/x86/entry/entry_64.S", "idtentry_body"},
		{"do_syscall_64", "arch/x86/entry/entry_64.S", "entry_SYSCALL_64"},
		{"start_kernel", "arch/arm64/kernel/head.S", "__primary_switched"},
		{"secondary_start_kernel", "arch/arm64/kernel/head.S", "__secondary_switched"},
		{"__ret_from_fork", "arch/s390/kernel/entry.S", "ret_from_fork"},
		{"schedule_tail", "arch/riscv/kernel/entry.S", "ret_from_fork"},
		{"schedule_tail", "arch/powerpc/kernel/interrupt_64.S", "ret_from_fork"},
		{"schedule_tail", "arch/mips/kernel/entry.S", "ret_from_fork"},
		{"start_kernel", "arch/arm/kernel/head-common.S", "__mmap_switched"},
	} {
		a := k.ask(t, "refs", "--role", "call", c.name)
		found := false
		for _, r := range a.Results {
			found = found || r.Path == c.path && r.Function == c.in
		}
		if !found {
			t.Errorf("%s is not called by %s in %s: %+v", c.name, c.in, c.path, a.Results)
		}
	}
}
