package fuzzy

// The search: candidates from several corpora, the best of them in order.

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Input is a corpus and how to look at it.
type Input struct {
	Corpus Corpus
	// Paths says that the entries are paths: matches within the last element
	// come first among equals.
	Paths bool
	// Keep, if not nil, is asked about candidates that are good enough for the
	// results. It is called from several goroutines. An error ends the search.
	Keep func(block, entry int) (bool, error)
}

// Options of a search.
type Options struct {
	// Limit is how many results are wanted; 0 is DefaultLimit.
	Limit int
	// Workers is the number of goroutines; 0 is one for each CPU.
	Workers int
	// Guard, if not nil, runs the goroutines: corpora in mapped files can
	// fault.
	Guard func(func() error) error
}

// DefaultLimit is a screenful.
const DefaultLimit = 50

// maxLimit bounds what is kept in order while searching.
const maxLimit = 10_000

// Result is something found.
type Result struct {
	Text  string
	Score int
	// Input, Block and Entry are where it is.
	Input, Block, Entry int
	// Positions are the bytes of Text that the query matched, in order.
	Positions []int
}

// candidate is a Result in the making.
type candidate struct {
	// key orders candidates, larger is better: the score, then what decides
	// among equals.
	key                 int64
	text                []byte
	path                bool
	input, block, entry int
}

// Keys: the score in the upper half; below it, whether a path matches in its
// last element, as a name always does, and how much shorter than maxKeyLen the text is.
const (
	maxKeyLen = 1<<30 - 1
	inLast    = 1 << 30
)

func makeKey(score int, last bool, length int) int64 {
	k := int64(score)<<32 | int64(maxKeyLen-min(length, maxKeyLen))
	if last {
		k |= inLast
	}
	return k
}

// better orders candidates: by key, then by text.
func better(a, b *candidate) int {
	if c := cmp.Compare(b.key, a.key); c != 0 {
		return c
	}
	return bytes.Compare(a.text, b.text)
}

// Find returns the best matches of a query, best first. A text that several
// inputs have comes once.
func Find(ctx context.Context, q *Query, inputs []Input, opt Options) ([]Result, error) {
	limit := opt.Limit
	if limit <= 0 {
		limit = DefaultLimit
	}
	limit = min(limit, maxLimit)
	workers := opt.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	guard := opt.Guard
	if guard == nil {
		guard = func(f func() error) error { return f() }
	}
	f := &find{
		q:      q,
		inputs: inputs,
		limit:  limit,
	}
	f.bar.Store(math.MinInt64)
	f.sieve = newSieve(q)
	each := func(step func(w *worker) error) error {
		errs := make([]error, workers)
		var wg sync.WaitGroup
		for i := range workers {
			wg.Go(func() {
				errs[i] = guard(func() error { return step(f.workers[i]) })
			})
		}
		wg.Wait()
		return errors.Join(ctx.Err(), errors.Join(errs...))
	}
	for range workers {
		f.workers = append(f.workers, newWorker(f))
	}
	f.plan()
	if err := each(func(w *worker) error { return w.sift(ctx) }); err != nil {
		return nil, err
	}
	f.order()
	if err := each(func(w *worker) error { return w.run(ctx) }); err != nil {
		return nil, err
	}
	var all []candidate
	for _, w := range f.workers {
		all = append(all, w.best.list...)
	}
	slices.SortFunc(all, func(a, b candidate) int { return better(&a, &b) })
	return f.results(all, limit), nil
}

// results makes the results of sorted candidates.
func (f *find) results(all []candidate, limit int) []Result {
	var out []Result
	var s scorer
	type texted struct {
		text  string
		paths bool
	}
	seen := map[texted]bool{}
	for _, c := range all {
		if len(out) == limit {
			break
		}
		t := texted{string(c.text), f.inputs[c.input].Paths}
		if seen[t] {
			continue
		}
		seen[t] = true
		r := Result{Text: t.text, Score: int(c.key >> 32), Input: c.input, Block: c.block, Entry: c.entry}
		for i := range f.q.terms {
			if t := &f.q.terms[i]; !t.inverse {
				r.Positions = s.positions(r.Positions, t, c.text)
			}
		}
		slices.Sort(r.Positions)
		r.Positions = slices.Compact(r.Positions)
		out = append(out, r)
	}
	return out
}

// find is one search. It has two rounds: first all blocks are sifted by their
// digests, then those left are searched, best first.
type find struct {
	q       *Query
	sieve   *sieve
	inputs  []Input
	limit   int
	workers []*worker
	// runs are what is left to sift, blocks what is left to search.
	runs   []run
	blocks []block
	next   atomic.Int64 // of either
	// bar is a key that at least limit candidates of one worker reach.
	bar atomic.Int64
}

// run is a run of blocks of an input.
type run struct{ input, from, to int }

// block is a block to be searched, what it can score, and a length that its
// texts have at least.
type block struct {
	number uint32
	input  int32
	bound  int32
	length uint8
}

// plan cuts the inputs into runs.
func (f *find) plan() {
	const length = 128
	for i, in := range f.inputs {
		n := in.Corpus.Blocks()
		for b := 0; b < n; b += length {
			f.runs = append(f.runs, run{i, b, min(n, b+length)})
		}
	}
	f.next.Store(0)
}

// order sorts the blocks that the workers sifted out by what they can score,
// and roughly by length: a counting sort, as there are few different bounds.
func (f *find) order() {
	const lengths = math.MaxUint8/4 + 1
	least, most, n := 0, 0, 0
	for _, w := range f.workers {
		n += len(w.sifted)
		for _, b := range w.sifted {
			least, most = min(least, int(b.bound)), max(most, int(b.bound))
		}
	}
	bucket := func(b block) int { return (most-int(b.bound))*lengths + int(b.length/4) }
	starts := make([]int, (most-least+1)*lengths+1)
	for _, w := range f.workers {
		for _, b := range w.sifted {
			starts[bucket(b)+1]++
		}
	}
	for i := range starts[1:] {
		starts[i+1] += starts[i]
	}
	f.blocks = make([]block, n)
	for _, w := range f.workers {
		for _, b := range w.sifted {
			at := &starts[bucket(b)]
			f.blocks[*at] = b
			*at++
		}
		w.sifted = nil
	}
	f.next.Store(0)
}

// best is the best candidates so far: a heap with the worst on top. A text is
// in it once, so that the best of all workers together are enough whatever
// they have in common.
type best struct {
	list []candidate
	max  int
	free [][]byte // texts that were dropped
}

// full reports whether a candidate must beat the worst to get in.
func (b *best) full() bool { return len(b.list) == b.max }

// add takes a candidate in, if it is good enough. text is copied.
func (b *best) add(c candidate) {
	if b.full() && better(&c, &b.list[0]) >= 0 || b.has(&c) {
		return
	}
	var mem []byte
	if n := len(b.free); n > 0 {
		mem, b.free = b.free[n-1], b.free[:n-1]
	}
	c.text = append(mem[:0], c.text...)
	if b.full() {
		b.free = append(b.free, b.list[0].text)
		b.list[0] = c
		b.down(0)
		return
	}
	b.list = append(b.list, c)
	for i := len(b.list) - 1; i > 0; {
		up := (i - 1) / 2
		if better(&b.list[i], &b.list[up]) <= 0 {
			break
		}
		b.list[i], b.list[up] = b.list[up], b.list[i]
		i = up
	}
}

// has reports whether an input of the same kind had the text before.
func (b *best) has(c *candidate) bool {
	for i := range b.list {
		o := &b.list[i]
		if o.key == c.key && o.path == c.path && bytes.Equal(o.text, c.text) {
			return true
		}
	}
	return false
}

func (b *best) down(i int) {
	for {
		worst := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(b.list); c++ {
			if better(&b.list[c], &b.list[worst]) > 0 {
				worst = c
			}
		}
		if worst == i {
			return
		}
		b.list[i], b.list[worst] = b.list[worst], b.list[i]
		i = worst
	}
}

// worker is one goroutine of a search.
type worker struct {
	f       *find
	best    best
	scorer  scorer
	bounder *bounder // of the driver
	sifted  []block
	block   Block
	at      [maxQuery]uint32 // where the letters of the driver were matched
	// The text of an entry, put together when it is needed.
	text  []byte
	built int // entry that text is of
	bar   int64
	// others is the most that the terms besides the driver can score.
	others int
}

func newWorker(f *find) *worker {
	w := &worker{f: f, best: best{max: f.limit}, bar: math.MinInt64, bounder: &bounder{}}
	for i := range f.q.terms {
		t := &f.q.terms[i]
		if t.inverse {
			continue
		}
		if i == f.q.driver {
			w.bounder = newBounder(t)
		} else {
			w.others += ceiling(t)
		}
	}
	return w
}

// sift is the first round.
func (w *worker) sift(ctx context.Context) error {
	for ctx.Err() == nil {
		n := int(w.f.next.Add(1)) - 1
		if n >= len(w.f.runs) {
			break
		}
		r := w.f.runs[n]
		digests, err := w.f.inputs[r.input].Corpus.Digests(r.from, r.to)
		if err != nil {
			return err
		}
		bound, length := w.f.sieve.most, uint8(0)
		for b := r.from; b < r.to; b++ {
			if at := (b - r.from) * DigestSize; at+DigestSize <= len(digests) {
				d := digests[at : at+DigestSize]
				if bound = w.f.sieve.bound(d); bound == unmatched {
					continue
				}
				length = d[digestLength]
			}
			w.sifted = append(w.sifted, block{uint32(b), int32(r.input), int32(bound), length})
		}
	}
	return nil
}

// run is the second round.
func (w *worker) run(ctx context.Context) error {
	const some = 32 // blocks at a time
	for ctx.Err() == nil {
		n := int(w.f.next.Add(some)) - some
		if n >= len(w.f.blocks) {
			break
		}
		w.bar = max(w.bar, w.f.bar.Load())
		for _, b := range w.f.blocks[n:min(n+some, len(w.f.blocks))] {
			in := &w.f.inputs[b.input]
			if makeKey(int(b.bound), true, 0) < w.bar {
				return nil // no block that follows can do more
			}
			if makeKey(int(b.bound), true, int(b.length)) < w.bar {
				continue
			}
			w.block.Entries = w.block.Entries[:0]
			if err := in.Corpus.Read(int(b.number), &w.block); err != nil {
				return err
			}
			if err := w.search(in, int(b.input), int(b.number)); err != nil {
				return err
			}
		}
	}
	return nil
}

// search looks at the entries of a block. All but a few end in its loop: the
// letters of the driver are matched as early as possible, and where they were
// found tells which of them the next entry shares.
func (w *worker) search(in *Input, input, block int) error {
	w.built = -1
	w.text = w.text[:0]
	if w.f.q.driver < 0 {
		for i := range w.block.Entries {
			if err := w.consider(in, input, block, i); err != nil {
				return err
			}
		}
		return nil
	}
	driver := &w.f.q.terms[w.f.q.driver]
	want, fold := driver.text, driver.fold
	at := &w.at
	n := 0 // how many letters were matched
	for i := range w.block.Entries {
		e := &w.block.Entries[i]
		for n > 0 && at[n-1] >= e.Shared {
			n--
		}
		if n < len(want) {
			c := want[n]
			for j, b := range e.Rest {
				if fold[b] != c {
					continue
				}
				at[n] = e.Shared + uint32(j)
				n++
				if n == len(want) {
					break
				}
				c = want[n]
			}
			if n < len(want) {
				continue
			}
		}
		if err := w.consider(in, input, block, i); err != nil {
			return err
		}
	}
	return nil
}

// build puts the text of an entry together from those before.
func (w *worker) build(entry int) []byte {
	for w.built < entry {
		w.built++
		e := &w.block.Entries[w.built]
		shared := min(int(e.Shared), len(w.text)) // more would be damage
		w.text = append(w.text[:shared], e.Rest...)
	}
	return w.text
}

// consider takes a candidate that has the letters of the driver into the
// results if it matches and is good enough.
func (w *worker) consider(in *Input, input, block, entry int) error {
	e := &w.block.Entries[entry]
	if e.Skip {
		return nil
	}
	length := int(e.Shared) + len(e.Rest)
	if w.bar > math.MinInt64 {
		if makeKey(w.f.sieve.most, true, length) < w.bar {
			return nil
		}
		if w.bounder.usable && makeKey(w.bounder.bound(w.build(entry))+w.others, true, length) < w.bar {
			return nil
		}
	}
	text := w.build(entry)
	score := 0
	for i := range w.f.q.terms {
		t := &w.f.q.terms[i]
		n := w.scorer.score(t, text)
		if (n == unmatched) != t.inverse {
			return nil
		}
		if !t.inverse {
			score += n
		}
	}
	last := !in.Paths || w.matchesLast(text, score)
	c := candidate{key: makeKey(score, last, length), text: text, path: in.Paths, input: input, block: block, entry: entry}
	if c.key < w.bar || w.best.full() && better(&c, &w.best.list[0]) >= 0 {
		return nil
	}
	if in.Keep != nil {
		if ok, err := in.Keep(block, entry); err != nil || !ok {
			return err
		}
	}
	w.best.add(c)
	if w.best.full() {
		w.raiseBar(w.best.list[0].key)
	}
	return nil
}

// raiseBar makes key the least that is good enough.
func (w *worker) raiseBar(key int64) {
	w.bar = max(w.bar, key)
	for {
		old := w.f.bar.Load()
		if key <= old || w.f.bar.CompareAndSwap(old, key) {
			return
		}
	}
}

// matchesLast reports whether the last element of a path matches as well as
// the whole path does.
func (w *worker) matchesLast(path []byte, score int) bool {
	start := lastElement(path)
	if start == 0 {
		return true
	}
	sum := 0
	for i := range w.f.q.terms {
		t := &w.f.q.terms[i]
		if t.inverse {
			continue
		}
		n := w.scorer.score(t, path[start:])
		if n == unmatched {
			return false
		}
		sum += n
	}
	// The start of the element counts a little more than a slash before it.
	return sum >= score
}
