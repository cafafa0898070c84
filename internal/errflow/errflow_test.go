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
	kinds := []string{"", "()", "->()", "(&)", " param", " other"}
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
