package errflow

import (
	"fmt"
	"strings"
	"testing"

	"dekho/internal/lang"
	"dekho/internal/lang/c"
	"dekho/internal/outline"
)

func codes(src, name string) string {
	var facts lang.Facts
	c.Language().New().Extract("x.c", []byte(src), &facts)
	f := outline.Read("c", []byte(src), &facts)
	var b strings.Builder
	for _, s := range f.Symbols() {
		if s.Role == lang.DefFunction && (name == "" || s.Name == name) {
			for _, r := range Codes(f, &s) {
				fmt.Fprintf(&b, "%s%s %v\n", r.Errno, r.Call, r.Lines)
			}
		}
	}
	return b.String()
}

const sample = `static int drive(struct rover *r, int metres)
{
	int ret = -EINVAL, other;
	struct map *map;

	if (!r)
		return ret;
	if (metres < 0)
		return -ERANGE;
	ret = wheels(r, -EBUSY);
	if (ret < 0)
		goto out;
	map = find_map(r);
	if (IS_ERR(map))
		return PTR_ERR(map);
	if ((other = look(r)))
		return other;
	if (dust)
		return metres ? -EAGAIN : -EIO;
	r->state = -ENOSYS;
	if (bad)
		return dev_err_probe(r->dev, -ENXIO, "bad\n");
	if (worse)
		return (-EINVAL);
out:
	return ret ?: finish(r);
}

static struct map *map(void)
{
	struct map *m = alloc(1);
	int err;

	if (!m)
		return ERR_PTR(-ENOMEM);
	err = fill(m);
	if (err)
		return ERR_PTR(err);
	if (odd)
		return ERR_CAST(m);
	return m;
}

static int simple(void)
{
	return nested(call(-EPERM));
}
`

func TestCodes(t *testing.T) {
	for name, want := range map[string]string{
		"drive": "EINVAL [3 24]\nERANGE [9]\nEAGAIN [19]\nEIO [19]\nENXIO [22]\n" +
			"wheels [10]\nfind_map [13]\nlook [16]\nfinish [26]\n",
		"map":    "ENOMEM [35]\nalloc [31]\nfill [36]\n",
		"simple": "nested [46]\n",
	} {
		if got := codes(sample, name); got != want {
			t.Errorf("%s: got\n%swant\n%s", name, got, want)
		}
	}
}

func FuzzCodes(f *testing.F) {
	f.Add(sample)
	f.Add("int f(void) { return a = b = c ? d ?: e : ((-EIO; }")
	f.Add("int f(void) { a = b; b = a; return a; }")
	f.Fuzz(func(_ *testing.T, src string) { codes(src, "") })
}
