package fuzzy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// dictionary is a Corpus as an index keeps it: blocks of sorted, front-coded
// names with digests.
type dictionary struct {
	data    []byte
	start   []int
	digests []byte
}

const dictBlock = 32

// newDictionary makes a dictionary of sorted names of less than 128 bytes.
func newDictionary(names [][]byte) *dictionary {
	d := &dictionary{}
	var dg Digester
	for i, n := range names {
		shared := 0
		if i%dictBlock == 0 {
			d.start = append(d.start, len(d.data))
			if i > 0 {
				d.digests = dg.AppendTo(d.digests)
			}
		} else {
			for p := names[i-1]; shared < len(p) && shared < len(n) && p[shared] == n[shared]; {
				shared++
			}
		}
		n = n[:min(len(n), 127)]
		shared = min(shared, len(n))
		dg.Add(shared, n[shared:])
		d.data = append(d.data, byte(shared), byte(len(n)-shared))
		d.data = append(d.data, n[shared:]...)
		d.data = append(d.data, 5, 9) // other things that an index has to say
	}
	if len(names) > 0 {
		d.digests = dg.AppendTo(d.digests)
	}
	d.start = append(d.start, len(d.data))
	return d
}

func (d *dictionary) Blocks() int { return len(d.start) - 1 }

func (d *dictionary) Digests(from, to int) ([]byte, error) {
	return d.digests[from*DigestSize : to*DigestSize], nil
}

func (d *dictionary) Read(b int, blk *Block) error {
	p := d.data[d.start[b]:d.start[b+1]]
	for len(p) > 0 {
		shared, rest := p[0], int(p[1])
		blk.Entries = append(blk.Entries, Entry{Shared: uint32(shared), Rest: p[2 : 2+rest]})
		p = p[2+rest+2:]
	}
	return nil
}

// list is a List of strings.
func list(texts ...string) *List {
	return &List{Len: len(texts), At: func(i int) []byte { return []byte(texts[i]) }}
}

func mustFind(t testing.TB, query string, inputs []Input, opt Options) []Result {
	t.Helper()
	q, err := Parse(query)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Find(context.Background(), q, inputs, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func texts(rs []Result) string {
	var out []string
	for _, r := range rs {
		out = append(out, r.Text)
	}
	return strings.Join(out, " ")
}

// TestRank has what people expect: the first is better than the second, and so
// on; names that must not be found come after a bar.
func TestRank(t *testing.T) {
	for _, tt := range []struct {
		query, want string
		paths       bool
	}{
		{query: "tcprcv", want: "tcp_rcv tcp_rcv_state tcp_v4_rcv tcp_urg_received tracepoint_recv | tcp_rc vtcprc"},
		{query: "kmalloc", want: "kmalloc kmalloc_node devm_kmalloc kmem_alloc"},
		{query: "foo", want: "foo foobar a_foo f_o_o barfoo afxoyo"},
		{query: "sp", want: "sp spin set_page insp"},
		{query: "SP", want: "SP | sp"},
		{query: "sP", want: "setPage | SetPage setpage"},
		{query: "setpage", want: "SetPage SetPageDirty set_page"},
		{query: "gfp", want: "gfp GFP_KERNEL get_free_pages"},
		{query: "'foo", want: "foo a_foo afoo | f_oo"},
		{query: "^foo", want: "foo foobar | a_foo"},
		{query: "foo$", want: "foo a_foo | foobar"},
		{query: "^foo$", want: "foo | foobar a_foo"},
		{query: "foo !bar", want: "foo foo_x | foobar bar_foo"},
		{query: "foo !^bar", want: "foo foobar | bar_foo"},
		{query: "foo !bar$", want: "foo bar_foo | foo_bar"},
		{query: "!foo", want: "a abc | foo"},
		{query: "lock mutex", want: "mutex_lock | mutex lock"},
		{query: "v4", want: "v4 tcp_v4_rcv av_4"},
		{query: "sched core", want: "kernel/sched/core.c drivers/sched/scope_core.c", paths: true},
		{query: "tcp", want: "net/tcp.c net/ipv4/tcp.c net/ipv4/tcp_input.c tcp/net/input.c", paths: true},
		{query: "core.c", want: "core.c mm/core.c kernel/sched/core.c score.c", paths: true},
		{query: "ext4/super", want: "fs/ext4/super.c | fs/ext2/super.c", paths: true},
		{query: "Makefile", want: "Makefile mm/Makefile arch/x86/Makefile Makefile.d/x/y | makefile", paths: true},
	} {
		found, not, _ := strings.Cut(tt.want, " | ")
		names := append(strings.Fields(not), strings.Fields(found)...)
		slices.Sort(names)
		got := texts(mustFind(t, tt.query, []Input{{Corpus: list(names...), Paths: tt.paths}}, Options{}))
		if got != found {
			t.Errorf("%q: %s, want %s", tt.query, got, found)
		}
	}
}

func TestPositions(t *testing.T) {
	for _, tt := range []struct{ query, text, want string }{
		{"tcprcv", "tcp_v4_rcv", "[0 1 2 7 8 9]"},
		{"foo", "f_foo", "[2 3 4]"},
		{"lock mutex", "mutex_lock", "[0 1 2 3 4 6 7 8 9]"},
		{"'o", "f_o", "[2]"},
		{"o$", "oo", "[1]"},
		{"^f !x", "ff", "[0]"},
		{"ab ba", "aba", "[0 1 2]"},
	} {
		r := mustFind(t, tt.query, []Input{{Corpus: list(tt.text)}}, Options{})
		if len(r) != 1 {
			t.Errorf("%q in %q: not found", tt.query, tt.text)
			continue
		}
		if got := fmt.Sprint(r[0].Positions); got != tt.want {
			t.Errorf("%q in %q: %s, want %s", tt.query, tt.text, got, tt.want)
		}
	}
}

func TestParse(t *testing.T) {
	for _, text := range []string{"", "  ", "!", "'", "^", "! ' ^"} {
		if _, err := Parse(text); !errors.Is(err, ErrEmpty) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := Parse(strings.Repeat("x", maxQuery+1)); err == nil {
		t.Error("a query of any length")
	}
	q, err := Parse(`a\ b '^c ^d$ !e$ $ x$y`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, tm := range q.terms {
		got = append(got, fmt.Sprintf("%s/%d/%v", tm.text, tm.kind, tm.inverse))
	}
	if s := strings.Join(got, ","); s != "a b/0/false,^c/1/false,d/4/false,e/3/true,$/0/false,x$y/0/false" {
		t.Error(s)
	}
}

func TestInputs(t *testing.T) {
	names := newDictionary([][]byte{[]byte("bar"), []byte("foo"), []byte("foot")})
	more := newDictionary([][]byte{[]byte("foo"), []byte("fool")})
	inputs := []Input{{Corpus: names}, {Corpus: more}, {Corpus: list("foo", "x/foo"), Paths: true}}
	r := mustFind(t, "foo", inputs, Options{})
	if got := texts(r); got != "foo foo fool foot x/foo" {
		t.Errorf("found %s", got)
	}
	r = mustFind(t, "foo", inputs, Options{Limit: 3})
	if got := texts(r); got != "foo foo fool" {
		t.Errorf("the best three: %s", got)
	}
	inputs[0].Keep = func(_, entry int) (bool, error) { return entry != 2, nil }
	if got := texts(mustFind(t, "foo", inputs[:1], Options{})); got != "foo" {
		t.Errorf("with Keep: %s", got)
	}
	if r[0].Input == r[1].Input || r[2].Input != 1 || r[2].Block != 0 || r[2].Entry != 1 {
		t.Errorf("places %+v", r)
	}
	if got := mustFind(t, "foo", nil, Options{}); len(got) != 0 {
		t.Errorf("in nothing: %v", got)
	}
}

// broken is a corpus that cannot be read.
type broken struct{ List }

var errBroken = errors.New("broken")

func (*broken) Read(int, *Block) error { return errBroken }

func TestErrors(t *testing.T) {
	q, err := Parse("x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Find(context.Background(), q, []Input{{Corpus: &broken{*list("x")}}}, Options{}); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Find(ctx, q, []Input{{Corpus: list("x")}}, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	_, err = Find(context.Background(), q, []Input{{Corpus: list("x"), Keep: func(int, int) (bool, error) { return false, errBroken }}}, Options{})
	if !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	guarded := 0
	_, err = Find(context.Background(), q, []Input{{Corpus: list("x")}}, Options{Workers: 1, Guard: func(f func() error) error {
		guarded++
		return f()
	}})
	if err != nil || guarded == 0 {
		t.Errorf("%v, %d rounds guarded", err, guarded)
	}
}

// bruteForce scores everything.
func bruteForce(q *Query, names [][]byte, limit int) []Result {
	var all []candidate
	var s scorer
	for _, n := range names {
		score, ok := 0, true
		for i := range q.terms {
			t := &q.terms[i]
			v := s.score(t, n)
			if (v == unmatched) != t.inverse {
				ok = false
				break
			}
			if !t.inverse {
				score += v
			}
		}
		if ok {
			all = append(all, candidate{key: makeKey(score, true, len(n)), text: n})
		}
	}
	slices.SortFunc(all, func(a, b candidate) int { return better(&a, &b) })
	var out []Result
	for _, c := range all[:min(limit, len(all))] {
		out = append(out, Result{Text: string(c.text), Score: int(c.key >> 32)})
	}
	return out
}

// randomNames returns sorted names such as a kernel has.
func randomNames(r *rand.Rand, n int) [][]byte {
	words := strings.Fields("get put set tcp rcv skb lock spin Page Dirty REG MASK SHIFT CNTL dp 4 x86 v4 q z foo bar é")
	var names [][]byte
	for range n {
		var name []byte
		for range 1 + r.IntN(5) {
			if len(name) > 0 && r.IntN(3) > 0 {
				name = append(name, "__-/."[r.IntN(5)])
			}
			name = append(name, words[r.IntN(len(words))]...)
		}
		names = append(names, name)
	}
	slices.SortFunc(names, bytes.Compare)
	return slices.CompactFunc(names, bytes.Equal)
}

func randomQuery(r *rand.Rand, names [][]byte) string {
	var terms []string
	for range 1 + r.IntN(2) {
		// Letters of some name, so that something is found.
		var term []byte
		for _, c := range names[r.IntN(len(names))] {
			if r.IntN(3) == 0 && c != ' ' {
				term = append(term, c)
			}
		}
		text := string(term)
		if r.IntN(2) == 0 {
			text = strings.ToLower(text)
		}
		terms = append(terms, []string{"", "", "", "", "'", "^", "!"}[r.IntN(7)]+text+[]string{"", "", "", "$"}[r.IntN(4)])
	}
	return strings.Join(terms, " ")
}

// TestAgainstBruteForce checks that nothing that is skipped belonged into the
// results.
func TestAgainstBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		names := randomNames(r, 10+r.IntN(4000))
		d := newDictionary(names)
		for range 20 {
			text := randomQuery(r, names)
			q, err := Parse(text)
			if err != nil {
				continue
			}
			limit := 1 + r.IntN(30)
			got, err := Find(context.Background(), q, []Input{{Corpus: d}}, Options{Limit: limit, Workers: 1 + r.IntN(3)})
			if err != nil {
				t.Fatal(err)
			}
			want := bruteForce(q, names, limit)
			if len(got) != len(want) {
				t.Fatalf("%q: %d results, want %d", text, len(got), len(want))
			}
			for i := range got {
				if got[i].Text != want[i].Text || got[i].Score != want[i].Score {
					t.Fatalf("%q: result %d is %s (%d), want %s (%d)", text, i, got[i].Text, got[i].Score, want[i].Text, want[i].Score)
				}
				if p := got[i].Positions; len(p) > 0 && (p[0] < 0 || p[len(p)-1] >= len(got[i].Text)) {
					t.Fatalf("%q: positions %v in %s", text, p, got[i].Text)
				}
			}
		}
	}
}

// FuzzBounds checks that bounds are none too low.
func FuzzBounds(f *testing.F) {
	f.Add("tcprcv", "tcp_v4_rcv\nTcpRcv/x")
	f.Add("'ab ^c$", "ab c\n")
	f.Fuzz(func(t *testing.T, query, names string) {
		q, err := Parse(query)
		if err != nil || len(names) > 5000 {
			return
		}
		var s scorer
		var dg Digester
		list := bytes.Split([]byte(names), []byte("\n"))
		best := make([]int, len(list))
		for i, n := range list {
			shared := 0
			if i > 0 {
				for p := list[i-1]; shared < len(p) && shared < len(n) && p[shared] == n[shared]; {
					shared++
				}
			}
			dg.Add(shared, n[shared:])
			for j := range q.terms {
				tm := &q.terms[j]
				if tm.inverse {
					continue
				}
				score := s.score(tm, n)
				if score == unmatched {
					best[i] = unmatched
					break
				}
				if score > ceiling(tm) {
					t.Fatalf("%q scores %d in %q, the ceiling is %d", tm.text, score, n, ceiling(tm))
				}
				if b := newBounder(tm); b.usable && b.bound(n) < score {
					t.Fatalf("%q scores %d in %q, the bound is %d", tm.text, score, n, b.bound(n))
				}
				if p := s.positions(nil, tm, n); len(p) != len(tm.text) || !slices.IsSorted(p) {
					t.Fatalf("%q in %q: positions %v", tm.text, n, p)
				}
				best[i] += score
			}
		}
		digest := dg.AppendTo(nil)
		if len(digest) != DigestSize {
			t.Fatalf("digest of %d bytes", len(digest))
		}
		bound := newSieve(q).bound(digest)
		for i, score := range best {
			if score > bound {
				t.Fatalf("%q scores %d in %q, the bound of the block is %d", query, score, list[i], bound)
			}
			if len(list[i]) < int(digest[digestLength]) {
				t.Fatalf("%q is shorter than %d", list[i], digest[digestLength])
			}
		}
	})
}

// FuzzFind looks into damaged blocks.
func FuzzFind(f *testing.F) {
	f.Add("a b", []byte{0, 3, 'a', 'b', 'c', 200, 1, 'b', 2, 1, 'a'})
	f.Fuzz(func(t *testing.T, query string, data []byte) {
		q, err := Parse(query)
		if err != nil {
			return
		}
		if _, err := Find(context.Background(), q, []Input{{Corpus: damaged(data), Paths: true}}, Options{Limit: 3}); err != nil {
			t.Fatal(err)
		}
	})
}

// damaged is one block of entries that share what they like.
type damaged []byte

func (d damaged) Blocks() int                      { return 1 }
func (d damaged) Digests(int, int) ([]byte, error) { return d, nil }
func (d damaged) Read(_ int, b *Block) error {
	for p := []byte(d); len(p) >= 2; {
		n := min(int(p[1]), len(p)-2)
		b.Entries = append(b.Entries, Entry{Shared: uint32(p[0]), Rest: p[2 : 2+n]})
		p = p[2+n:]
	}
	return nil
}

// TestTree finds files of a real tree.
func TestTree(t *testing.T) {
	root := os.Getenv("DEKHO_TEST_TREE")
	if root == "" {
		t.Skip("SKIPPED: DEKHO_TEST_TREE does not name a kernel tree")
	}
	var paths []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			p, err = filepath.Rel(root, p)
			paths = append(paths, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(paths)
	for _, tt := range []struct{ query, want string }{
		{"schedcore", "kernel/sched/core.c"},
		{"sched/core", "kernel/sched/core.c"},
		{"ext4super", "fs/ext4/super.c"},
		{"tcpipv4", "net/ipv4/tcp_ipv4.c"},
		{"Kconfig", "Kconfig"},
		{"mmslub", "mm/slub.c"},
		{"slub.c", "mm/slub.c"},
		{"x86 entry_64 S", "arch/x86/entry/entry_64.S"},
		{"imx7d-sdb.dts", "arch/arm/boot/dts/imx7d-sdb.dts"},
		{"e1000main", "drivers/net/ethernet/intel/e1000/e1000_main.c"},
		{"printk.c$", "kernel/printk/printk.c"},
		{"MAINTAIN", "MAINTAINERS"},
		{"workqueue.h", "include/linux/workqueue.h"},
		{"process submitpatch !trans", "Documentation/process/submitting-patches.rst"},
	} {
		r := mustFind(t, tt.query, []Input{{Corpus: list(paths...), Paths: true}}, Options{})
		if len(r) == 0 || r[0].Text != tt.want {
			t.Errorf("%q: %s, want %s first", tt.query, texts(r[:min(5, len(r))]), tt.want)
		}
	}
}
