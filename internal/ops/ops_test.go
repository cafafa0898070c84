package ops

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
	"testing"

	"dekho/internal/lang"
	"dekho/internal/lang/c"
	"dekho/internal/macro"
)

// tree is a small tree held in memory, by path.
type tree struct {
	paths    []string
	facts    [][]byte
	includes [][]string
	funcs    map[string]bool
}

func newTree(files map[string]string) *tree {
	t := &tree{funcs: make(map[string]bool)}
	for p := range files {
		t.paths = append(t.paths, p)
	}
	sort.Strings(t.paths)
	for _, p := range t.paths {
		src := []byte(files[p])
		var f lang.Facts
		c.Language().New().Extract(p, src, &f)
		t.facts = append(t.facts, f.Link)
		for _, o := range f.Occs {
			if o.Role == lang.DefFunction {
				t.funcs[string(src[o.Off:o.Off+uint32(o.Len)])] = true
			}
		}
		var inc []string
		for _, i := range f.Includes {
			inc = append(inc, string(src[i.Path.Off:i.Path.Off+i.Path.Len]))
		}
		t.includes = append(t.includes, inc)
	}
	return t
}

func (t *tree) NumFiles() int                      { return len(t.paths) }
func (t *tree) Path(file int) string               { return t.paths[file] }
func (t *tree) LinkFacts(file int) ([]byte, error) { return t.facts[file], nil }
func (t *tree) Includes(file int) []string         { return t.includes[file] }

// link links a tree and opens the table.
func link(t testing.TB, files map[string]string) (*Table, []byte) {
	t.Helper()
	in := newTree(files)
	macros, err := macro.Load(in)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := Link(in, macros, func(n []byte) bool { return in.funcs[string(n)] }, &b); err != nil {
		t.Fatal(err)
	}
	table, err := Open(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return table, b.Bytes()
}

func nodeString(n *Node) string {
	s := n.Name
	if n.Kind == Member {
		s = n.Struct + "." + s
	}
	if n.Kind == Param || n.Kind == MacroArg {
		s = fmt.Sprintf("%s#%d", s, n.Index)
	}
	if n.File != "" {
		s += " of " + n.File
	}
	return s
}

// reach writes where a function ends up, a line for each node and call.
func reach(t *Table, function string) string {
	var b strings.Builder
	seen := make(map[NodeID]bool)
	var follow func(ps []Put, indent string)
	follow = func(ps []Put, indent string) {
		for _, p := range ps {
			n := t.Node(p.To)
			via := ""
			if p.Via != "" {
				via = " via " + p.Via
			}
			if p.Item != 0 {
				item := t.Node(p.Item)
				via += " with " + nodeString(&item)
			}
			fmt.Fprintf(&b, "%s%s:%d %s%s\n", indent, p.File, p.Line, nodeString(&n), via)
			if seen[p.To] {
				continue
			}
			seen[p.To] = true
			for _, c := range t.Calls(p.To) {
				fmt.Fprintf(&b, "%s  called %s:%d (%d)\n", indent, c.File, c.Line, c.Args)
			}
			follow(t.Moves(p.To), indent+"  ")
		}
	}
	follow(t.PutsOf(function), "")
	return b.String()
}

var rover = map[string]string{
	"include/linux/rover.h": `
typedef int (*turn_t)(struct wheel *w);
struct head { struct head *next; void (*func)(struct head *h); };
#define alias_head head
struct wheel_ops { const char *name; turn_t turn; void (*stop)(struct wheel *w); };
struct wheel { const struct wheel_ops *ops; struct alias_head head; void *data; };
struct work { void (*func)(struct work *w); };
struct delayed { struct work work; };
#define INIT_WORK(w, f) do { (w)->func = (f); } while (0)
#define INIT_DELAYED(d, f) INIT_WORK(&(d)->work, (f))
#define DECLARE_WORK(n, f) struct work n = WORK_INIT(n, f)
#define WORK_INIT(n, f) { .func = (f), }
#define CALL_FIRST(f, f1, ...) (f == f1 ? f1(__VA_ARGS__) : f(__VA_ARGS__))
#define to_wheel(h) container_of(h, struct wheel, head)
#define __define_initcall(fn, id) static initcall_t fn##id = fn;
#define module_init(fn) __define_initcall(fn, 6)
static inline int each(struct wheel *w, int (*fn)(struct wheel *w)) { return fn(w); }
`,
	"drivers/a.c": `#include <linux/rover.h>
struct priv { struct wheel wheel; struct work work; struct delayed later; };
struct ops { int (*go)(int a); };
static int a_turn(struct wheel *w) { return 0; }
static void a_stop(struct wheel *w) { }
static void a_work(struct work *w) { }
static void a_later(struct work *w) { }
static void a_head(struct head *h) { }
static int a_go(int a) { return a; }
static int a_each(struct wheel *w) { return 1; }
static int a_table(int a) { return a; }
static int a_late(int a) { return a; }
static struct wheel_ops wheel = { "a", a_turn, .stop = a_stop };
static struct ops ops = { .go = a_go };
static int (*table[])(int) = { a_table };
static DECLARE_WORK(once, a_work);
static void a_set(struct priv *p)
{
	INIT_WORK(&p->work, a_work);
	INIT_DELAYED(&p->later, a_later);
	each(&p->wheel, a_each);
	register_head(&p->wheel.head, a_head);
	ops.go(1);
	table[1](2);
	late = a_late;
}
module_init(a_set);
`,
	"drivers/b.c": `struct ops { int (*go)(int a); };
static int b_go(int a) { return a; }
static struct ops ops = { .go = b_go };
int b_run(void) { return ops.go(2); }
`,
	"arch/one/include/asm/clock.h": `struct clock { void (*tick)(int a); };
struct regs { void (*save)(void); };`,
	"arch/two/include/asm/regs.h": "struct regs { void (*save)(void); };",
	"include/linux/clock.h":       "struct clock { void (*tick)(int a); };",
	"arch/one/clock.c": `void one_tick(int a) { }
static struct clock clock = { .tick = one_tick };
void one_save(void) { }
static struct regs regs = { .save = one_save };
void one_run(struct clock *c) { c->tick(1); }
`,
	"kernel/clock.c": `void all_tick(int a) { }
static struct clock clock = { .tick = all_tick };
void all_run(struct clock *c, struct regs *r) { c->tick(1); r->save(); }
`,
	"kernel/core.c": `#include <linux/rover.h>
int (*late)(int a);
struct worker { void (*now)(struct work *w); };
struct wheel *find(int a) { return 0; }
void run(struct worker *k, struct work *work, struct wheel *w, struct head *list)
{
	k->now = work->func;
	k->now(work);
	CALL_FIRST(w->ops->turn, a_turn, w);
	find(3)->ops->stop(w);
	to_wheel(list)->ops->stop(w);
	late(3);
}
void register_head(struct head *h, void (*func)(struct head *h))
{
	h->func = func;
}
void run_heads(struct head *list)
{
	void (*f)(struct head *);
	f = list->func;
	f(list);
}
`,
}

// TestLink follows functions to where they are called.
func TestLink(t *testing.T) {
	table, _ := link(t, rover)
	for _, c := range []struct{ function, want string }{
		{"a_turn", `kernel/core.c:9 CALL_FIRST#1 via CALL_FIRST with wheel_ops.turn
drivers/a.c:13 wheel_ops.turn
  kernel/core.c:9 CALL_FIRST#0 via CALL_FIRST
`},
		{"a_stop", `drivers/a.c:13 wheel_ops.stop
  called kernel/core.c:10 (1)
  called kernel/core.c:11 (1)
`},
		{"a_work", `drivers/a.c:16 work.func via DECLARE_WORK with once of drivers/a.c
  kernel/core.c:7 worker.now of kernel/core.c
    called kernel/core.c:8 (1)
drivers/a.c:19 work.func via INIT_WORK with priv.work of drivers/a.c
`},
		{"a_later", `drivers/a.c:20 work.func via INIT_DELAYED with priv.later of drivers/a.c
  kernel/core.c:7 worker.now of kernel/core.c
    called kernel/core.c:8 (1)
`},
		{"a_each", `drivers/a.c:21 each#1 with priv.wheel of drivers/a.c
  called include/linux/rover.h:17 (1)
`},
		{"a_head", `drivers/a.c:22 register_head#1 with wheel.head
  kernel/core.c:16 head.func
    called kernel/core.c:22 (1)
`},
		{"a_go", `drivers/a.c:14 ops.go of drivers/a.c
  called drivers/a.c:23 (1)
`},
		{"b_go", `drivers/b.c:3 ops.go of drivers/b.c
  called drivers/b.c:4 (1)
`},
		{"a_table", `drivers/a.c:15 table of drivers/a.c
  called drivers/a.c:24 (1)
`},
		{"a_set", `drivers/a.c:27 6 via module_init
`},
		// The struct of an architecture, where there is one for all too, and where
		// there is none.
		{"one_tick", `arch/one/clock.c:2 clock.tick of arch/one/include/asm/clock.h
  called arch/one/clock.c:5 (1)
`},
		{"all_tick", `kernel/clock.c:2 clock.tick
  called kernel/clock.c:3 (1)
`},
		{"one_save", `arch/one/clock.c:4 regs.save
  called kernel/clock.c:3 (0)
`},
		{"nosuch", ""},
	} {
		if got := reach(table, c.function); got != c.want {
			t.Errorf("%s:\n%s\nwant:\n%s", c.function, got, c.want)
		}
	}
	for _, id := range table.Named("turn") {
		if n := table.Node(id); n.Struct == "wheel_ops" && n.Params != 1 {
			t.Errorf("%+v: want 1 parameter, that of its typedef", n)
		}
	}
	if calls := table.CallsIn("kernel/core.c", 8, 10); len(calls) != 2 {
		t.Errorf("calls in lines 8 to 10: %+v", calls)
	}
	if into := table.Into(table.Named("stop")[0], 0); len(into) != 1 || into[0].Function != "a_stop" {
		t.Errorf("what is in stop: %+v", into)
	}
}

// TestDeterministic links twice.
func TestDeterministic(t *testing.T) {
	_, a := link(t, rover)
	_, b := link(t, rover)
	if !bytes.Equal(a, b) {
		t.Error("two links of one tree differ")
	}
}

// TestVersion refuses what is not a table of this version.
func TestVersion(t *testing.T) {
	_, b := link(t, rover)
	b[4]++
	if _, err := Open(b); err == nil {
		t.Error("another version was opened")
	}
	for n := range 8 + sectionCount*8 {
		if _, err := Open(b[:n]); err == nil {
			t.Errorf("%d bytes were opened", n)
		}
	}
}

// FuzzTable asks damaged tables; whatever they answer, they must answer.
func FuzzTable(f *testing.F) {
	_, b := link(f, rover)
	f.Add(b, 40, byte(1))
	f.Add(b, len(b)/2, byte(0xff))
	f.Add(b[:len(b)/3], 90, byte(7))
	f.Fuzz(func(t *testing.T, b []byte, at int, with byte) {
		if at >= 0 && at < len(b) {
			b = bytes.Clone(b)
			b[at] ^= with
		}
		table, err := Open(b)
		if err != nil {
			return
		}
		for _, fn := range []string{"a_turn", "a_work", "turn", "drivers/a.c"} {
			for _, p := range table.PutsOf(fn) {
				table.Node(p.To)
				table.Calls(p.To)
				table.Moves(p.To)
				table.Into(p.To, 10)
			}
			table.Named(fn)
			table.CallsIn(fn, 0, 1<<31)
		}
	})
}
