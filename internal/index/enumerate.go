package index

// The names of a tree, in order.

import (
	"bytes"
	"iter"
)

// Name is an identifier of the tree.
type Name struct {
	Text string
	// Roles are those in which it occurs. When the store holds other trees or
	// other versions of this one, some may be theirs.
	Roles RoleSet
}

// cursor stands on a name of a segment.
type cursor struct {
	*scanner
	seg int
}

// Names yields the identifiers that begin with prefix, in byte order. After an
// error it ends.
func (t *Tree) Names(prefix string) iter.Seq2[Name, error] {
	return func(yield func(Name, error) bool) {
		if err := t.eachName([]byte(prefix), func(n Name) bool { return yield(n, nil) }); err != nil {
			yield(Name{}, err)
		}
	}
}

// eachName merges the dictionaries of the segments.
func (t *Tree) eachName(prefix []byte, fn func(Name) bool) error {
	var cursors []cursor
	for i, s := range t.segs {
		c, ok, err := s.from(prefix)
		if err != nil {
			return err
		}
		if ok && bytes.HasPrefix(c.name, prefix) {
			cursors = append(cursors, cursor{c, i})
		}
	}
	for len(cursors) > 0 {
		// A handful of segments: the smallest is found by looking at all.
		low := cursors[0]
		for _, c := range cursors[1:] {
			if bytes.Compare(c.name, low.name) < 0 {
				low = c
			}
		}
		n := Name{Text: string(low.name)}
		live := false
		rest := cursors[:0]
		for _, c := range cursors {
			if string(c.name) == n.Text {
				roles, ok, err := t.live(c.seg, c.entry)
				if err != nil {
					return err
				}
				if ok {
					n.Roles |= roles
					live = true
				}
				if ok, err = c.next(); err != nil {
					return err
				}
				if !ok || !bytes.HasPrefix(c.name, prefix) {
					continue
				}
			}
			rest = append(rest, c)
		}
		cursors = rest
		if live && !fn(n) {
			return nil
		}
	}
	return nil
}

// live reports whether a name of a segment occurs in this tree, and the roles
// it has in the segment.
func (t *Tree) live(seg int, e entry) (RoleSet, bool, error) {
	s := t.segs[seg]
	roles, err := s.roles(e.mask)
	if err != nil || t.allLive(seg) {
		return roles, err == nil && e.size > 0, err
	}
	p, err := s.postingsOf(e)
	if err != nil {
		return 0, false, err
	}
	for {
		doc, ok := p.nextDoc()
		if !ok {
			break
		}
		if t.m.firstFile(seg, doc) != noFile {
			return roles, true, nil
		}
	}
	if p.bad {
		return 0, false, s.damaged("postings of %q", e.name)
	}
	return 0, false, nil
}

// allLive reports whether every blob of a segment is in this tree.
func (t *Tree) allLive(seg int) bool {
	t.liveOnce.Do(func() {
		t.fullyLive = make([]bool, len(t.segs))
		for i, s := range t.segs {
			t.fullyLive[i] = true
			for doc := range uint32(s.docs) {
				if t.m.firstFile(i, doc) == noFile {
					t.fullyLive[i] = false
					break
				}
			}
		}
	})
	return t.fullyLive[seg]
}
