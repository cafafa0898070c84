package xref

import (
	"bytes"
	"encoding/binary"
	"iter"
	"slices"
	"sort"
	"strings"

	"dekho/internal/lang"
	"dekho/internal/query/fuzzy"
)

// The dictionary of names that macros define, as those of the index are: sorted,
// in blocks that are front-coded, each with a digest that tells without reading
// it whether a name can be there. It leaves out members, which nobody looks for
// without their type, what the index has under its name anyway, and variables
// with two underscores in front: entries of tables, marks for the linker.

// namesBlock is how many names a block has.
const namesBlock = 64

// listed reports whether a name that a macro defines is in the dictionary.
func listed(name string, role lang.Role) bool {
	return role != lang.Call && role != lang.DefMember && len(name) <= lang.MaxIdent && (role != lang.DefVariable || !strings.HasPrefix(name, "__"))
}

// dictionary is the sections of the dictionary of names, which it sorts.
func dictionary(names []string) (words, index, digests []byte) {
	slices.Sort(names)
	names = slices.Compact(names)
	var d fuzzy.Digester
	for i, name := range names {
		shared := 0
		if i%namesBlock == 0 {
			if i > 0 {
				digests = d.AppendTo(digests)
			}
			index = binary.LittleEndian.AppendUint32(index, uint32(len(words)))
		} else {
			before := names[i-1]
			for shared < len(before) && shared < len(name) && before[shared] == name[shared] {
				shared++
			}
		}
		words = binary.AppendUvarint(words, uint64(shared))
		words = binary.AppendUvarint(words, uint64(len(name)-shared))
		words = append(words, name[shared:]...)
		d.Add(shared, []byte(name[shared:]))
	}
	if len(names) > 0 {
		digests = d.AppendTo(digests)
	}
	return words, binary.LittleEndian.AppendUint32(index, uint32(len(words))), digests
}

// Names is the dictionary of the names that macros define. It is a fuzzy.Corpus.
type Names struct{ m *Map }

var _ fuzzy.Corpus = Names{}

// Names returns the dictionary.
func (m *Map) Names() Names { return Names{m} }

// Blocks is the number of blocks.
func (n Names) Blocks() int {
	return min(max(int(n.m.rows(secNameBlocks, 1))-1, 0), len(n.m.sections[secDigests])/fuzzy.DigestSize)
}

// Digests returns the digests of blocks. It returns no error.
func (n Names) Digests(from, to int) ([]byte, error) {
	return n.m.sections[secDigests][from*fuzzy.DigestSize : to*fuzzy.DigestSize], nil
}

// Read fills b with the names of a block.
func (n Names) Read(block int, b *fuzzy.Block) error {
	p := n.block(block)
	last := uint64(0) // length of the name before
	for len(p) > 0 {
		shared, k := binary.Uvarint(p)
		length, l := binary.Uvarint(p[max(k, 0):])
		if k <= 0 || l <= 0 || shared > last || length > uint64(len(p)-k-l) || shared+length > lang.MaxIdent {
			return ErrDamaged
		}
		b.Entries = append(b.Entries, fuzzy.Entry{Rest: p[k+l : k+l+int(length)], Shared: uint32(shared)})
		last = shared + length
		p = p[k+l+int(length):]
	}
	return nil
}

// block is the bytes of a block, none if it is damaged.
func (n Names) block(i int) []byte {
	from, to := n.m.word(secNameBlocks, uint64(i)), n.m.word(secNameBlocks, uint64(i)+1)
	if from > to || to > uint32(len(n.m.sections[secWords])) {
		return nil
	}
	return n.m.sections[secWords][from:to]
}

// Scan calls fn for the names of the blocks whose digest may says yes to, in
// order. A name is valid until the next.
func (n Names) Scan(may func(digest []byte) bool, fn func(name []byte)) error {
	digests := n.m.sections[secDigests]
	for i := range n.Blocks() {
		if !may(digests[i*fuzzy.DigestSize:][:fuzzy.DigestSize]) {
			continue
		}
		if _, err := n.each(i, func(name []byte) bool {
			fn(name)
			return true
		}); err != nil {
			return err
		}
	}
	return nil
}

// each calls fn for the names of a block until it returns false.
func (n Names) each(block int, fn func(name []byte) bool) (more bool, err error) {
	var b fuzzy.Block
	if err := n.Read(block, &b); err != nil {
		return false, err
	}
	var name []byte
	for _, e := range b.Entries {
		name = append(name[:e.Shared], e.Rest...)
		if !fn(name) {
			return false, nil
		}
	}
	return true, nil
}

// WithPrefix yields the names that begin with prefix, in order.
func (n Names) WithPrefix(prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		first := func(i int) []byte {
			var name []byte
			if _, err := n.each(i, func(b []byte) bool {
				name = bytes.Clone(b)
				return false
			}); err != nil {
				return nil // met again below
			}
			return name
		}
		blocks := n.Blocks()
		from := sort.Search(blocks, func(i int) bool { return string(first(i)) > prefix })
		for i := max(from-1, 0); i < blocks; i++ {
			more, err := n.each(i, func(name []byte) bool {
				if !bytes.HasPrefix(name, []byte(prefix)) {
					return string(name) < prefix
				}
				return yield(string(name), nil)
			})
			if err != nil {
				yield("", err)
			}
			if !more {
				return
			}
		}
	}
}
