package index

// All names at once, as fast as can be.

import (
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"

	"dekho/internal/query/fuzzy"
)

// Scan says which names ScanNames visits.
type Scan struct {
	// Roles are those of which a name must have one.
	Roles RoleSet
	// Workers is how many goroutines scan.
	Workers int
	// Block, if not nil, is asked with the digest (see package fuzzy) of a block
	// of names whether they are worth a look. It is called from all goroutines.
	Block func(digest []byte) bool
}

// scanRun is how many blocks of a dictionary a worker takes at a time.
const scanRun = 256

// ScanNames calls fn for names, from several goroutines at once (worker says
// which, below scan.Workers), in no order; name is valid until fn returns. It
// is for looking at all names as fast as can be: a name comes once for each
// segment that has it, and, when the store holds other trees or other versions
// of this one, names and roles may be theirs. It ends when fn returns false to
// any worker. fn runs guarded (see Guard).
func (t *Tree) ScanNames(ctx context.Context, scan Scan, fn func(worker int, name []byte, roles RoleSet) bool) error {
	type task struct {
		s        *segment
		from, to int // blocks
	}
	var tasks []task
	for _, s := range t.segs {
		for from := 0; from < s.blocks(); from += scanRun {
			tasks = append(tasks, task{s, from, min(from+scanRun, s.blocks())})
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var stop atomic.Bool
	var wg sync.WaitGroup
	for worker := range max(1, scan.Workers) {
		wg.Go(func() {
			c := blockScan{Scan: scan, fn: func(name []byte, roles RoleSet) bool { return fn(worker, name, roles) }}
			err := Guard(func() error {
				for ctx.Err() == nil && !stop.Load() {
					i := int(next.Add(1)) - 1
					if i >= len(tasks) {
						return nil
					}
					k := tasks[i]
					ok, err := c.blocks(k.s, k.from, k.to)
					if err != nil {
						return err
					}
					if !ok {
						stop.Store(true)
						return nil
					}
				}
				return nil
			})
			if err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// blockScan visits the names of blocks of a dictionary.
type blockScan struct {
	Scan
	fn   func(name []byte, roles RoleSet) bool
	name []byte
}

// blocks visits the names in blocks from up to to. It returns false when fn
// did.
func (c *blockScan) blocks(s *segment, from, to int) (bool, error) {
	masks, err := s.masks.All()
	if err != nil {
		return false, err
	}
	var digests []byte
	if c.Block != nil {
		if digests, err = s.digests.Bytes(fuzzy.DigestSize*uint64(from), fuzzy.DigestSize*uint64(to-from)); err != nil {
			return false, err
		}
	}
	for b := from; b < to; b++ {
		if c.Block != nil && !c.Block(digests[(b-from)*fuzzy.DigestSize:][:fuzzy.DigestSize]) {
			continue
		}
		if ok, err := c.block(s, b, masks); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

// block visits the names of a block.
func (c *blockScan) block(s *segment, b int, masks []byte) (bool, error) {
	p, err := s.rawBlock(b)
	if err != nil {
		return false, err
	}
	_, at := uvarintAt(p, 0) // where its postings start
	name := c.name[:0]
	for i := range s.namesIn(b) {
		var shared, length, mask uint64
		// Nearly always all four numbers are one byte each; the calls to read
		// longer ones are too much for the rest.
		if i > 0 {
			if at < len(p) && p[at] < 0x80 {
				shared = uint64(p[at])
				at++
			} else {
				shared, at = uvarintAt(p, at)
			}
		}
		if at < len(p) && p[at] < 0x80 {
			length = uint64(p[at])
			at++
		} else {
			length, at = uvarintAt(p, at)
		}
		if shared > uint64(len(name)) || length > uint64(len(p)-at) {
			return false, s.damaged("block %d of its dictionary", b)
		}
		name = append(name[:shared], p[at:at+int(length)]...)
		at += int(length)
		if at+1 < len(p) && (p[at]|p[at+1]) < 0x80 {
			mask = uint64(p[at])
			at += 2
		} else {
			mask, at = uvarintAt(p, at)
			_, at = uvarintAt(p, at) // how long its postings are
		}
		roles, ok := maskAt(masks, mask)
		if !ok {
			return false, s.damaged("roles in block %d of its dictionary", b)
		}
		if roles&c.Roles != 0 && !c.fn(name, roles) {
			return false, nil
		}
	}
	c.name = name
	return true, nil
}

// uvarintAt reads a number at p[at:] and returns it and where it ends. Beyond
// the end of p it returns len(p), where no name can be.
func uvarintAt(p []byte, at int) (uint64, int) {
	v, n := binary.Uvarint(p[min(at, len(p)):])
	if n <= 0 {
		return 1 << 63, len(p) // more than anything can be
	}
	return v, at + n
}
