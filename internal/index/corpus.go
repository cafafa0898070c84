package index

// The names of a tree as package fuzzy looks at them.

import (
	"dekho/internal/query/fuzzy"
)

// nameCorpus is the dictionary of a segment, for names with one of some roles.
type nameCorpus struct {
	t     *Tree
	seg   int
	s     *segment
	roles RoleSet
	masks []byte
}

// NameInputs returns the names that have one of the roles, to be searched by
// fuzzy.Find, which must be given Guard: a text that several inputs have comes
// once in its results.
func (t *Tree) NameInputs(roles RoleSet) ([]fuzzy.Input, error) {
	inputs := make([]fuzzy.Input, len(t.segs))
	for i, s := range t.segs {
		masks, err := s.masks.All()
		if err != nil {
			return nil, err
		}
		c := &nameCorpus{t: t, seg: i, s: s, roles: roles, masks: masks}
		inputs[i] = fuzzy.Input{Corpus: c, Keep: c.keep}
	}
	return inputs, nil
}

// Blocks is the number of blocks of the dictionary.
func (c *nameCorpus) Blocks() int { return c.s.blocks() }

// Digests returns the digests of blocks.
func (c *nameCorpus) Digests(from, to int) ([]byte, error) {
	return c.s.digests.Bytes(fuzzy.DigestSize*uint64(from), fuzzy.DigestSize*uint64(to-from))
}

// Read fills b with the names of a block.
func (c *nameCorpus) Read(block int, b *fuzzy.Block) error {
	p, err := c.s.rawBlock(block)
	if err != nil {
		return err
	}
	_, at := uvarintAt(p, 0) // where its postings start
	last := 0                // length of the name before
	for i := range c.s.namesIn(block) {
		var shared, length, mask uint64
		// As in blockScan, numbers are nearly always one byte each.
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
		if shared > uint64(last) || length > uint64(len(p)-at) {
			return c.s.damaged("block %d of its dictionary", block)
		}
		rest := p[at : at+int(length)]
		last = int(shared) + len(rest)
		at += len(rest)
		if at+1 < len(p) && (p[at]|p[at+1]) < 0x80 {
			mask = uint64(p[at])
			at += 2
		} else {
			mask, at = uvarintAt(p, at)
			_, at = uvarintAt(p, at) // how long its postings are
		}
		roles, ok := maskAt(c.masks, mask)
		if !ok {
			return c.s.damaged("roles in block %d of its dictionary", block)
		}
		b.Entries = append(b.Entries, fuzzy.Entry{Rest: rest, Shared: uint32(shared), Skip: roles&c.roles == 0})
	}
	return nil
}

// keep reports whether a name occurs in the tree, and not only in another
// version of it.
func (c *nameCorpus) keep(block, entry int) (bool, error) {
	if c.t.allLive(c.seg) {
		return true, nil
	}
	sc := scanner{s: c.s, end: c.s.blocks()}
	if err := sc.openBlock(block); err != nil {
		return false, err
	}
	for range entry + 1 {
		if ok, err := sc.next(); err != nil || !ok {
			return false, err
		}
	}
	roles, ok, err := c.t.live(c.seg, sc.entry)
	return ok && roles&c.roles != 0, err
}
