package c

import (
	"fmt"
	"strings"
	"testing"

	"dekho/internal/lang"
	"dekho/internal/lang/linkfacts"
)

// opsText is the facts about calls through pointers in src, an entry a line.
func opsText(t *testing.T, src string) string {
	t.Helper()
	var f lang.Facts
	Language().New().Extract("a.c", []byte(src), &f)
	var b strings.Builder
	r := linkfacts.NewReader(f.Link)
	for rec := r.Next(); rec != nil; rec = r.Next() {
		if rec.Tag != linkfacts.TagOps {
			continue
		}
		var ops linkfacts.OpsReader
		ops.Reset(rec.Body)
		for op := ops.Next(); op != nil; op = ops.Next() {
			fmt.Fprintln(&b, opText(op))
		}
		if ops.Err() != nil {
			t.Fatal(ops.Err())
		}
	}
	return b.String()
}

func opText(op *linkfacts.Op) string {
	s := fmt.Sprintf("%d ", op.Line)
	switch op.Kind {
	case linkfacts.OpStore:
		return s + placeText(&op.Place) + " = " + valueText(&op.Value)
	case linkfacts.OpDispatch:
		return s + fmt.Sprintf("%s(%d)", placeText(&op.Place), op.Args)
	case linkfacts.OpArg:
		s += fmt.Sprintf("%s #%d %s", op.Name, op.Pos, valueText(&op.Value))
		if op.HasPlace {
			s += " at " + placeText(&op.Place)
		}
		return s
	case linkfacts.OpFunc:
		return s + fmt.Sprintf("func %s static=%v %s", op.Name, op.Static, typeText(&op.Type))
	case linkfacts.OpParamCall:
		return s + fmt.Sprintf("#%d(%d)", op.Pos, op.Args)
	case linkfacts.OpStruct:
		s += fmt.Sprintf("struct %s", op.Name)
		for i := range op.Members {
			m := &op.Members[i]
			s += fmt.Sprintf(" %d:%s:%s", m.Pos, m.Name, typeText(&m.Type))
			if m.Array {
				s += "[]"
			}
		}
		return s
	case linkfacts.OpTypedef:
		return s + fmt.Sprintf("typedef %s %s", op.Name, typeText(&op.Type))
	}
	return s + fmt.Sprintf("%c %s %s", op.Kind, op.Name, typeText(&op.Type))
}

func placeText(p *linkfacts.Place) string {
	s := [...]string{"?", "", "$", "()"}[p.Root] + string(p.Name)
	for _, e := range p.Path {
		if e.Name == nil {
			s += fmt.Sprintf(".%d", e.Pos)
		} else {
			s += "." + string(e.Name)
		}
	}
	return s
}

func valueText(v *linkfacts.Value) string {
	switch v.Kind {
	case linkfacts.ValueParam:
		return fmt.Sprintf("#%d", v.Param)
	case linkfacts.ValuePlace:
		return placeText(&v.Place)
	}
	return string(v.Name)
}

func typeText(t *linkfacts.Type) string {
	switch t.Kind {
	case linkfacts.TypeNamed:
		return string(t.Name)
	case linkfacts.TypeFunc:
		return fmt.Sprintf("fn%d", t.Params)
	}
	return "-"
}

// TestOps reads what is put into function pointers and where they are called.
func TestOps(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{
			"struct", `struct door {
	int width;
	struct lock *lock, locks[3];
	int (*open)(struct door *d, int how);
	handler_t shut;
	u32 flags;
	struct { void (*bell)(void); } ;
	union { struct hinge left; } u;
	void (*knocks[4])(int);
	ssize_t (*store)(struct door *d);
	enum turn (*turn)(int a, int b);
};
typedef int (*handler_t)(struct door *d);
typedef struct door door_t;
typedef struct { int (*spin)(int); } wheel_t;`,
			`1 struct door 1:lock:lock 2:locks:lock[] 3:open:fn2 4:shut:handler_t 6:bell:fn0 7:left:hinge 8:knocks:fn1[] 9:store:fn1 10:turn:fn2
13 typedef handler_t fn1
14 typedef door_t door
15 struct wheel_t 0:spin:fn1
`,
		},
		{
			"initialisers", `static const struct door front = {
	.open = front_open,
	.ops = { .shut = front_shut },
	.width = 3,
	.flags = OPEN_FLAG,
	.bell = IS_ON(1) ? ring_it : NULL,
	.lock = &front_lock,
	.knob = wrap(turn_knob),
};
static struct door doors[] = {
	[1] = { .open = one_open },
	{ 5, NULL, two_open },
};
static int (*table[])(int) = { first_fn, second_fn };
irq_handler_t handlers[] = { third_fn };
struct gate *g = &(struct gate){ .swing = to_and_fro };`,
			`2 door.open = front_open
3 door.ops.shut = front_shut
6 door.bell = ring_it
7 door.lock = front_lock
8 door.knob = turn_knob
11 door.open = one_open
12 door.2 = two_open
14 $table = first_fn
14 $table = second_fn
15 v handlers irq_handler_t
15 $handlers = third_fn
16 v g gate
16 gate.swing = to_and_fro
`,
		},
		{
			"functions", `static void f(struct door *d, int (*cb)(int), irq_handler_t h, void *p)
{
	struct hall *hall = p;
	int (*fn)(int);
	d->open = my_open;
	d->hall.ops->shut = my_shut;
	hall->door->open(d, 1);
	(*hall->shut)(hall);
	get_door(hall)->open(d);
	((struct door *)p)->open(d);
	container_of(p, struct gate, d)->swing();
	rcu_dereference(hall->lock)->turn(1, 2, 3);
	d->cb = cb;
	d->shut = h;
	cb(3);
	fn = d->lock->pick;
	fn(7);
	request(3, my_handler, 0);
	INIT_IT(&d->work, my_work);
	pass(h);
	CALL_ONE(d->open, my_open, d);
	*d = (struct door){ .bell = my_bell };
	hall->table[3](1);
	power_off = my_off;
}`,
			`5 door.open = my_open
6 door.hall.ops.shut = my_shut
7 hall.door.open(2)
8 hall.shut(1)
9 ()get_door.open(1)
10 door.open(1)
11 gate.swing(0)
12 hall.lock.turn(3)
1 func f static=true -
13 door.cb = #1
14 door.shut = #2
15 #1(1)
17 door.lock.pick(1)
18 request #1 my_handler
19 INIT_IT #1 my_work at door.work
20 pass #0 #2
21 CALL_ONE #1 my_open at door.open
21 CALL_ONE #0 door.open
22 door.bell = my_bell
23 hall.table(1)
24 $power_off = my_off
`,
		},
		{
			"results and file scope", `extern struct machine_ops machine;
struct door *get_door(struct hall *h)
{
	return machine.find(h);
}
static void door_fn(void) { }
int door_init(void) { return 0; }
module_init(door_init);
EXPORT_SYMBOL(door_init);
PINS(door_pin);
PINGROUP(1, door_pin);
static struct entry entries[] = { ONE("x", other_one), };
SET_OPS(other_fn);
static DECLARE_WORK(door_work, door_fn);`,
			`1 v machine machine_ops
2 func get_door static=false door
4 machine_ops.find(1)
8 module_init #0 door_init
12 ONE #1 other_one
13 SET_OPS #0 other_fn
14 DECLARE_WORK #1 door_fn at $door_work
`,
		},
		{
			"a move of a function", `void run(struct worker *worker, struct work *work)
{
	worker->now = work->func;
	worker->now(work);
	worker->idle = work->idle;
}`,
			`3 worker.now = work.func
4 worker.now(1)
`,
		},
	} {
		if got := opsText(t, c.src); got != c.want {
			t.Errorf("%s:\n%s\nwant:\n%s", c.name, got, c.want)
		}
	}
}
