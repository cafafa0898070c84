package errflow

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"dekho/internal/lang"
	"dekho/internal/lang/c"
	"dekho/internal/outline"
)

// read reads the function called name in a text.
func read(t testing.TB, text, name string) *Func {
	t.Helper()
	src := []byte(text)
	var facts lang.Facts
	l := c.Language()
	l.New().Extract("a.c", src, &facts)
	f := outline.Read(l.Name, src, &facts)
	for _, s := range f.Symbols() {
		if s.Name == name {
			return Read(f, &s)
		}
	}
	t.Fatalf("no function %s", name)
	return nil
}

// show is sources as text.
func show(list []Source) string {
	kinds := []string{"", "()", "->()", "()()", "(&)", " param", " other"}
	var out []string
	for _, s := range list {
		text := fmt.Sprintf("%d:%s%s", s.Line, s.Name, kinds[s.Kind])
		for i := len(s.Via) - 1; i >= 0; i-- {
			text += fmt.Sprintf("<%d", s.Via[i].Line)
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestReturns(t *testing.T) {
	const file = `
static struct clk_hw *
provider_hw(struct provider *provider,
	    struct args *clkspec)
{
	struct clk *clk;

	if (provider->get_hw)
		return provider->get_hw(clkspec, provider->data);

	clk = provider->get(clkspec, provider->data);
	if (IS_ERR(clk))
		return ERR_CAST(clk);
	return clk_hw(clk);
}

static struct clk_hw *
from_spec(struct args *clkspec)
{
	struct provider *provider;
	struct clk_hw *hw = ERR_PTR(-EPROBE_DEFER);

	if (!clkspec)
		return ERR_PTR(-EINVAL);
	lock(&mutex);
	list_for_each_entry(provider, &providers, link) {
		if (provider->node == clkspec->np) {
			hw = provider_hw(provider, clkspec);
			if (!IS_ERR(hw))
				break;
		}
	}
	unlock(&mutex);

	return hw;
}

struct clk *create(struct device *dev, struct clk_hw *hw, const char *id)
{
	struct clk *clk;

	if (IS_ERR_OR_NULL(hw))
		return ERR_CAST(hw);
	clk = alloc(hw, id);
	if (IS_ERR(clk))
		return clk;
	return clk;
}
`
	for name, want := range map[string]string{
		"provider_hw": "11:get->()<11 14:clk_hw() 9:get_hw->()",
		"from_spec":   "21:EPROBE_DEFER<21 24:EINVAL 28:provider_hw()<28",
		"create":      "43:hw param 44:alloc()<44",
	} {
		if got := show(read(t, file, name).Returns(Want{})); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

const traced = `
static int probe(struct device *dev, int irq, int (*hook)(int a, int b))
{
	struct priv *priv;
	int ret, i;

	priv->irq = get_irq(dev, 0);
	if (priv->irq < 0) {
		dev_err(dev, "no irq: %d\n", priv->irq);
		return priv->irq;
	}
	ret = setup(dev);
	if (ret)
		return ret;
	for (i = 0; i < 3; i++) {
		ret = channel(dev, i);
		if (ret == -EPROBE_DEFER)
			continue;
		if (ret < 0)
			goto err;
	}
	ret = -EINVAL;
	if (hook(irq, 1))
		goto err;
	if ((ret = last(dev)) != 0)
		goto err_last;
	switch (priv->kind) {
	case KIND_A:
		ret = kind_a(dev);
		break;
	case KIND_B:
		ret = priv->ops->kind_b(dev);
		/* fall through */
	default:
		ret = fill(dev, &irq);
	}
	if (WARN_ON(ret))
		dev_err_probe(dev, ret, "kind\n");
	if (irq < 0)
		return irq;
	return 0;
err_last:
	undo(dev);
err:
	dev_err(dev, "failed on %s: %d\n", dev->name, ret);
	return ret;
}
`

func TestTrace(t *testing.T) {
	fn := read(t, traced, "probe")
	for _, tt := range []struct {
		line  uint32
		value string // of what is printed
		want  Want
		from  string
	}{
		{9, "priv->irq", Want{}, "7:get_irq()<7"},
		{38, "ret", Want{}, "29:kind_a()<29 35:fill()<35"},
		{45, "ret", Want{}, "16:channel()<16 22:EINVAL<22 25:last()<25"},
		{45, "ret", Want{Errno: "EPROBE_DEFER"}, "25:last()<25"},
		{45, "ret", Want{Errno: "EIO"}, "16:channel()<16 25:last()<25"},
		{45, "dev->name", Want{}, "45:dev->name other"},
		{10, "priv->irq", Want{}, "7:get_irq()<7"},
		{40, "irq", Want{}, "35:fill(&) 40:irq param"},
		{9, "", Want{}, "7:get_irq()<7"},
	} {
		id, ok := fn.Statement(tt.line)
		if !ok {
			t.Errorf("no statement at line %d", tt.line)
			continue
		}
		list := fn.Tested(id, tt.want)
		for _, a := range fn.Printed(id) {
			if a.Text == tt.value {
				list = fn.Trace(id, a, tt.want)
			}
		}
		if got := show(list); got != tt.from {
			t.Errorf("line %d, %s, %+v: %s, want %s", tt.line, tt.value, tt.want, got, tt.from)
		}
	}
}

const early = `
static int load(struct core *core, struct image *image)
{
	int ret = -EINVAL;

	if (core->ops->check)
		return core->ops->check(image);
	if (!image)
		goto out;
	if (image->size > LIMIT) {
		pr_err("too big\n");
		goto out;
	}
	ret = core->ops->load(image, core->mode ? -EIO : 0);
	if (ret == -EAGAIN)
		goto again;
	return ret ? (ret < -1 ? ret : -EPERM) : 0;
out:
	put(image);
again:
	return ret;
}

static int call(struct core *core)
{
	int ret = -ENXIO;

	if (!core->ops || !core->ops->start)
		return -ENODEV;
	if (core->late)
		return core->ops->start(core) ? -EBUSY : 0;
	if (core->ops->stop)
		ret = core->ops->stop(core);
	return ret;
}
`

// TestWays looks at the conditions that decide about codes.
func TestWays(t *testing.T) {
	for _, tt := range []struct{ function, code, want string }{
		{"load", "EINVAL", "4: reached 8:!image 10:image->size > LIMIT"},
		{"load", "EPERM", "17: if ret unless ret < -1"},
		{"call", "ENXIO", "26: missing"},
		{"call", "ENODEV", "29: if !core->ops || !core->ops->start missing"},
		{"call", "EBUSY", "31: if core->late if core->ops->start(core)"},
	} {
		for _, s := range read(t, early, tt.function).Returns(Want{Errno: tt.code}) {
			if s.Kind != Constant {
				continue
			}
			got := fmt.Sprintf("%d:", s.Line)
			for _, c := range s.Conds {
				got += map[bool]string{false: " if ", true: " unless "}[c.Not] + c.Text
			}
			for i, c := range s.Jumps {
				got += map[bool]string{true: " reached"}[i == 0] + fmt.Sprintf(" %d:%s", c.Line, c.Text)
			}
			if s.Missing {
				got += " missing"
			}
			if got != tt.want {
				t.Errorf("%s, %s: %s, want %s", tt.function, tt.code, got, tt.want)
			}
		}
	}
}

func TestCalls(t *testing.T) {
	fn := read(t, early, "call")
	list := fn.Returns(Want{Errno: "EIO"})
	if got := show(list); got != "33:stop->()<33" || fn.Callee(&list[0]) != "core->ops->stop" {
		t.Errorf("%s", got)
	}
	if calls := read(t, early, "load").Calls("put", 19); len(calls) != 1 || len(calls[0].Args) != 1 || calls[0].Args[0].Text != "image" {
		t.Errorf("%+v", calls)
	}
	fn = read(t, "void irq(struct cmd *c)\n{\n\tif (c->bad)\n\t\tc->mrq->error = c->late ? -ETIME : check(c);\n}\n", "irq")
	id, _ := fn.Statement(4)
	if got := show(fn.Assigned(id, "error", Want{})); got != "4:ETIME 4:check()" {
		t.Errorf("%s", got)
	}
}

const printing = `
static int probe(struct device *dev)
{
	int ret;

	ret = clock(dev);
	if (ret < 0) {
		dev_err(dev, "no clock\n");
		goto out;
	}
	ret = power(dev);
	if (ret)
		goto out;
	if (dev->old) {
		dev_warn(dev, "is "
			 "old\n");
		put(dev);
		return -ENODEV;
	}
	ret = late(dev);
	if (dev->late)
		dev_err(dev, "late\n");
	return ret;
out:
	pr_info("probe failed\n");
	if (ret == -EPROBE_DEFER)
		return ret;
	pr_err("for ever\n");
	return ret;
}
`

func TestPrints(t *testing.T) {
	fn := read(t, printing, "probe")
	for _, s := range fn.Returns(Want{}) {
		for _, errno := range []string{"EIO", "EPROBE_DEFER"} {
			got := s.Name
			for _, p := range fn.Prints(&s, Want{Errno: errno}) {
				got += fmt.Sprintf(" %s:%d-%d", p.Name, p.First, p.Last)
			}
			want := map[string]string{
				"clock EIO": "clock dev_err:8-8 pr_info:25-25 pr_err:28-28", "clock EPROBE_DEFER": "clock dev_err:8-8 pr_info:25-25",
				"power EIO": "power pr_info:25-25 pr_err:28-28", "power EPROBE_DEFER": "power pr_info:25-25",
				"late EIO": "late", "late EPROBE_DEFER": "late",
				"ENODEV EIO": "ENODEV dev_warn:15-16", "ENODEV EPROBE_DEFER": "ENODEV dev_warn:15-16",
			}[s.Name+" "+errno]
			if got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
	}
}

// FuzzRead reads functions of any text: whatever it is, it ends, and places lie
// in the text.
func FuzzRead(f *testing.F) {
	f.Add(traced)
	f.Add("int f(int a) { if (a) goto x; do { a = g(&a); } while (a < 0); x: return a ? -EINVAL : h(a); }")
	f.Add("int f(void) { switch (a) { case 1: return -EIO; default: list_for_each(x) { break; } } return p->q(1); }")
	f.Add("int f(void) { for (;;) if (((( } }")
	f.Add(early)
	f.Fuzz(func(t *testing.T, text string) {
		src := []byte(text)
		var facts lang.Facts
		l := c.Language()
		l.New().Extract("a.c", src, &facts)
		file := outline.Read(l.Name, src, &facts)
		for _, s := range file.Symbols() {
			if s.Body >= s.To {
				continue
			}
			fn := Read(file, &s)
			for _, w := range []Want{{}, {Errno: "EINVAL"}, {Zero: true}} {
				for _, r := range fn.Returns(w) {
					if int(r.Off) >= len(src) || r.Line == 0 {
						t.Fatalf("%+v lies outside of the text", r)
					}
					fn.Possible(&r, []Value{Null, Set})
					fn.Guards(&r)
					fn.Callee(&r)
					fn.Prints(&r, w)
					for i := range r.Args {
						fn.Handed(&r, i, w)
						fn.Known(r.Args[i], nil, func(string) bool { return true })
					}
				}
				fn.Stored(0, w)
			}
			for line := s.Start; line <= s.End; line++ {
				if id, ok := fn.Statement(line); ok {
					for _, a := range fn.Printed(id) {
						fn.Trace(id, a, Want{})
					}
					fn.Tested(id, Want{})
					fn.Assigned(id, "a", Want{})
					fn.Calls("f", line)
					fn.Text(id)
				}
			}
		}
	})
}
