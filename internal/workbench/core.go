package workbench

// What the kernel's own machinery does with functions: sentences for people,
// and what makes it call. Which function is called from where is worked out
// from the tree; a core that is missing here is an ordinary caller.

import (
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
)

// core describes a part of the kernel that calls functions it was given.
type core struct {
	note     string
	trigger  string   // what people call the cause
	triggers []string // the functions that are the cause
}

var (
	workCore = &core{"called by the workqueue core", "queued at", []string{
		"queue_work", "queue_work_on", "queue_work_node", "schedule_work", "schedule_work_on", "queue_delayed_work", "queue_delayed_work_on",
		"schedule_delayed_work", "schedule_delayed_work_on", "mod_delayed_work", "mod_delayed_work_on", "queue_rcu_work",
	}}
	timerCore = &core{"called by the timer core when the time has come", "started at", []string{
		"mod_timer", "add_timer", "add_timer_on", "mod_timer_pending", "timer_reduce",
	}}
	hrtimerCore = &core{"called by the timer core when the time has come", "started at", []string{
		"hrtimer_start", "hrtimer_start_range_ns", "hrtimer_start_expires", "hrtimer_restart", "hrtimer_sleeper_start_expires",
	}}
	taskletCore = &core{"called by the tasklet core", "scheduled at", []string{"tasklet_schedule", "tasklet_hi_schedule"}}
	kworkCore   = &core{"called by a kthread worker", "queued at", []string{"kthread_queue_work", "kthread_queue_delayed_work", "kthread_mod_delayed_work"}}
	irqCore     = &core{note: "called by the interrupt core when the interrupt is raised"}
	threadCore  = &core{note: "runs as a kernel thread"}
	chainCore   = &core{note: "called by a notifier chain"}
	rcuCore     = &core{note: "called by RCU after a grace period"}
	initCore    = &core{note: "called by do_initcalls"}
	probeCore   = &core{note: "called by the driver core when a device is bound"}
	smpCore     = &core{note: "called on other processors by the SMP core"}
	softirqCore = &core{note: "called as a softirq"}
)

// cores is by the function that calls.
var cores = map[string]*core{
	"process_one_work": workCore, "kthread_worker_fn": kworkCore,
	"call_timer_fn": timerCore, "expire_timers": timerCore,
	"__run_hrtimer": hrtimerCore, "tasklet_action_common": taskletCore, "kthread": threadCore,
	"__handle_irq_event_percpu": irqCore, "irq_thread_fn": irqCore, "irq_forced_thread_fn": irqCore, "generic_handle_irq_desc": irqCore,
	"notifier_call_chain": chainCore, "rcu_do_batch": rcuCore, "srcu_invoke_callbacks": rcuCore, "rcu_reclaim_tiny": rcuCore,
	"do_one_initcall": initCore, "call_driver_probe": probeCore, "really_probe": probeCore, "platform_probe": probeCore,
	"flush_smp_call_function_queue": smpCore, "__flush_smp_call_function_queue": smpCore, "csd_do_func": smpCore, "__do_softirq": softirqCore,
}

// maxTriggers bounds the places listed that make the kernel call.
const maxTriggers = 8

// core says more about a caller that is part of the kernel's machinery.
func (g *callGraph) core(c *Caller, e *edge) {
	m := cores[c.Function]
	if m == nil {
		return
	}
	c.Note = m.note
	for i := range e.via {
		p := &e.via[i]
		if p.Item == 0 || len(m.triggers) == 0 {
			continue
		}
		item := g.table.Node(p.Item)
		c.Trigger = m.trigger
		c.Triggers = g.triggers(p.File, item.Name, m.triggers)
		return
	}
}

// triggers finds the calls, in the directory of a file, of one of some functions
// with the member or variable of a name among the arguments.
func (g *callGraph) triggers(path, item string, functions []string) []Step {
	dir := path[:strings.LastIndexByte(path, '/')+1]
	lo, hi := g.t.idx.FilesUnder(dir)
	var refs []index.Ref
	for _, fn := range functions {
		err := g.t.idx.EachRef(fn, index.Roles(lang.Call), func(r index.Ref) bool {
			if r.File >= lo && r.File < hi {
				refs = append(refs, r)
			}
			return true
		})
		if err != nil {
			return nil
		}
	}
	own, _ := g.t.idx.FileByPath(path)
	slices.SortFunc(refs, func(a, b index.Ref) int {
		if x, y := a.File == own, b.File == own; x != y {
			if x {
				return -1
			}
			return 1
		}
		return compareRef(a, b)
	})
	var out []Step
	for _, r := range refs {
		p := presenter{content: g.content(r.File), line: 1}
		text := string(p.text(r.Line))
		if !strings.Contains(text, ";") {
			text += " " + string(p.text(r.Line+1))
		}
		if wordIn([]byte(text), item) < 0 {
			continue
		}
		fn, _, err := g.funcs.At(r.File, r.Line)
		if err != nil {
			return out
		}
		if out = append(out, Step{Path: g.t.idx.Path(r.File), Line: r.Line, What: fn.Name}); len(out) == maxTriggers {
			break
		}
	}
	return out
}

// syscalls is the entry of a system call, as a table of an architecture says.
func (g *callGraph) syscalls(k funcKey) []edge {
	name, ok := strings.CutPrefix(k.name, "sys_")
	if !ok {
		return nil
	}
	var edges []edge
	lo, hi := g.t.idx.FilesUnder("arch/")
	for f := lo; f < hi; f++ {
		if p := g.t.idx.PathBytes(f); len(p) < 4 || string(p[len(p)-4:]) != ".tbl" {
			continue
		}
		line := uint32(0)
		for text := range strings.Lines(string(g.content(f))) {
			line++
			fields := strings.Fields(text)
			if len(fields) >= 4 && !strings.HasPrefix(text, "#") && fields[3] == "sys_"+name {
				edges = append(edges, edge{
					how: CallSyscall, ref: index.Ref{File: f, Line: line, Role: lang.Call},
					level: "system call " + fields[0] + " (" + fields[1] + ") of " + strings.Split(g.t.idx.Path(f), "/")[1],
				})
			}
		}
	}
	return edges
}
