package index

// Reading the dictionary of a segment.

import (
	"bytes"
	"encoding/binary"
)

// entry is a name of a segment's dictionary.
type entry struct {
	name  []byte // valid until the scanner moves
	rank  uint32
	mask  uint64 // index of its roles
	posts uint64 // where its postings start
	size  uint64 // and how long they are
}

// scanner walks the dictionary of a segment.
type scanner struct {
	s     *segment
	block int // the one to open next
	end   int // the one to stop at
	left  int // names of the open block not yet read
	r     reader
	entry
}

// blocks is the number of blocks of the dictionary.
func (s *segment) blocks() int { return s.dictIdx.Len()/4 - 1 }

// namesIn is the number of names in a block.
func (s *segment) namesIn(block int) int { return min(dictBlock, s.names-block*dictBlock) }

// rawBlock is the bytes of a block.
func (s *segment) rawBlock(block int) ([]byte, error) {
	p, err := s.dictIdx.Bytes(4*uint64(block), 8)
	if err != nil {
		return nil, err
	}
	from, to := binary.LittleEndian.Uint32(p), binary.LittleEndian.Uint32(p[4:])
	if from >= to {
		return nil, s.damaged("block %d of its dictionary is empty", block)
	}
	return s.dict.Bytes(uint64(from), uint64(to-from))
}

// openBlock moves the scanner in front of the first name of a block.
func (c *scanner) openBlock(block int) error {
	p, err := c.s.rawBlock(block)
	if err != nil {
		return err
	}
	c.r = reader{p: p}
	c.block = block + 1
	c.left = min(dictBlock, c.s.names-block*dictBlock)
	c.posts, c.size = c.r.uvarint(), 0
	c.name = c.name[:0]
	c.rank = uint32(block*dictBlock) - 1
	return nil
}

// next moves to the next name. It returns false at the end and on error.
func (c *scanner) next() (bool, error) {
	if c.left == 0 {
		if c.block >= c.end {
			return false, nil
		}
		if err := c.openBlock(c.block); err != nil {
			return false, err
		}
	}
	shared := uint64(0)
	if c.rank+1 != uint32((c.block-1)*dictBlock) {
		shared = c.r.short()
	}
	rest := c.r.take(c.r.short())
	if shared > uint64(len(c.name)) {
		c.r.bad = true
	} else {
		c.name = append(c.name[:shared], rest...)
	}
	c.posts += c.size
	c.mask, c.size = c.r.short(), c.r.short()
	c.rank++
	c.left--
	if c.r.bad {
		return false, c.s.damaged("block %d of its dictionary", c.block-1)
	}
	return true, nil
}

// seek returns a scanner in front of the block that holds name, if any does.
func (s *segment) seek(name []byte) (*scanner, error) {
	// Find the last block that starts below name.
	lo, hi := 0, s.blocks()
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		p, err := s.rawBlock(mid)
		if err != nil {
			return nil, err
		}
		r := reader{p: p}
		r.uvarint()
		first := r.bytes()
		if r.bad {
			return nil, s.damaged("block %d of its dictionary", mid)
		}
		if bytes.Compare(first, name) <= 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	c := &scanner{s: s, end: s.blocks()}
	if s.names == 0 {
		return c, nil
	}
	if err := c.openBlock(max(lo-1, 0)); err != nil {
		return nil, err
	}
	return c, nil
}

// from returns a scanner that stands on the first name that is not less than
// name, if there is one.
func (s *segment) from(name []byte) (*scanner, bool, error) {
	c, err := s.seek(name)
	if err != nil {
		return nil, false, err
	}
	for {
		ok, err := c.next()
		if err != nil || !ok {
			return nil, false, err
		}
		if bytes.Compare(c.name, name) >= 0 {
			return c, true, nil
		}
	}
}

// lookup finds a name.
func (s *segment) lookup(name []byte) (entry, bool, error) {
	c, ok, err := s.from(name)
	if err != nil || !ok || !bytes.Equal(c.name, name) {
		return entry{}, false, err
	}
	return c.entry, true, nil
}

// nameAt appends the name of the given rank to dst.
func (s *segment) nameAt(dst []byte, rank uint64) ([]byte, error) {
	if rank >= uint64(s.names) {
		return nil, s.damaged("no name %d", rank)
	}
	c := scanner{s: s, end: s.blocks()}
	c.name = dst
	if err := c.openBlock(int(rank / dictBlock)); err != nil {
		return nil, err
	}
	for range rank%dictBlock + 1 {
		if ok, err := c.next(); err != nil || !ok {
			return nil, err
		}
	}
	return c.name, nil
}

// roles is the set of roles with the given index.
func (s *segment) roles(mask uint64) (RoleSet, error) {
	v, err := uint32At(s.masks, mask)
	return RoleSet(v), err
}

// maskAt is roles for a caller that has all of masks.
func maskAt(masks []byte, mask uint64) (RoleSet, bool) {
	if mask >= uint64(len(masks))/4 {
		return 0, false
	}
	return RoleSet(binary.LittleEndian.Uint32(masks[4*mask:])), true
}

// postingsOf is the encoded postings of a name.
func (s *segment) postingsOf(e entry) (postingReader, error) {
	p, err := s.posts.Bytes(e.posts, e.size)
	return postingReader{p: p}, err
}
