package trigram

// Building: documents go in one by one, the section comes out once.

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// chunkSize is the unit in which posting lists grow: payload, then the number
// of the next chunk. A cache line, as appends to one list are far apart.
const (
	chunkSize    = 64
	chunkPayload = chunkSize - 4
	pageChunks   = 1 << 14 // chunks in a page, 1 MiB
)

// list is the posting list of one key under construction.
type list struct {
	next uint32 // the cursor of the format
	size uint32 // bytes so far
	head uint32 // first chunk, valid when size > 0
	tail uint32 // last chunk, valid when size > 0
}

// Builder collects the trigrams of documents and writes them as a section.
// It is meant to be kept and Reset: what it allocates (about 7 MiB, and a
// little more than the size of the section) is reused. A Builder is for one
// goroutine.
type Builder struct {
	// seen has a bit for each key met in the current document.
	seen [numBlocks]uint64
	// batch gathers 64 documents: bit d of batch[k] says that document
	// 64*word+d has key k. Lists are appended to once per 64 documents.
	batch   [NumKeys]uint64
	touched [numBlocks / 64]uint64 // blocks of batch that are not all zero
	word    uint32                 // documents 64*word... are in batch

	lists  [NumKeys]list
	pages  [][]byte // of pageChunks chunks each
	chunks uint32   // in use
	docs   uint32   // highest document + 1
}

// NewBuilder returns an empty Builder.
func NewBuilder() *Builder { return new(Builder) }

// Reset empties the builder and keeps its memory.
func (b *Builder) Reset() {
	b.seen = [numBlocks]uint64{}
	b.batch = [NumKeys]uint64{}
	b.touched = [numBlocks / 64]uint64{}
	b.word = 0
	b.lists = [NumKeys]list{}
	b.chunks = 0
	b.docs = 0
}

// NumDocs is the highest document number added plus one.
func (b *Builder) NumDocs() uint32 { return b.docs }

// Add indexes the content of a document. Documents come in increasing order;
// numbers may be left out, which costs nothing. Numbers that stand close
// together make a smaller section and a faster build. content is not kept.
func (b *Builder) Add(doc uint32, content []byte) error {
	if doc < b.docs {
		return fmt.Errorf("trigram: document %d added after document %d", doc, b.docs-1)
	}
	if doc >= MaxDocs {
		return fmt.Errorf("trigram: document %d beyond the limit of %d", doc, MaxDocs)
	}
	if doc/64 != b.word {
		b.flush()
		b.word = doc / 64
	}
	b.docs = doc + 1
	b.mark(bytes.TrimPrefix(content, byteOrderMark))

	bit := uint64(1) << (doc & 63)
	for i, w := range &b.seen {
		if w == 0 {
			continue
		}
		b.seen[i] = 0
		if uint8(i&63) == Newline {
			continue
		}
		b.touched[i/64] |= 1 << (i & 63)
		block := (*[64]uint64)(b.batch[i*64:])
		for ; w != 0; w &= w - 1 {
			block[bits.TrailingZeros64(w)&63] |= bit
		}
	}
	return nil
}

// eightBlanks is eight bytes of ' ' as an integer.
const eightBlanks = 0x2020202020202020

// byteOrderMark may stand at the start of a UTF-8 file; the first line starts
// behind it.
var byteOrderMark = []byte("\ufeff")

// mark sets the bits of seen for all trigrams of content. This is where the
// time goes: it has no branch that depends on the bytes, but for runs of
// blanks. Those make up a third of register headers, and as every one sets
// the bit that the one before it set, each would wait for that store.
func (b *Builder) mark(content []byte) {
	const blank = uint32(Blank)
	seen := &b.seen
	t := &class
	k := uint32(Newline)
	for len(content) >= 8 {
		v := binary.LittleEndian.Uint64(content)
		content = content[8:]
		if v == eightBlanks && k&(1<<(2*classBits)-1) == blank<<classBits|blank {
			continue
		}
		k0 := k<<classBits | uint32(t[v&0xFF])
		k1 := k0<<classBits | uint32(t[v>>8&0xFF])
		k2 := k1<<classBits | uint32(t[v>>16&0xFF])
		k3 := k2<<classBits | uint32(t[v>>24&0xFF])
		seen[(k0>>6)%numBlocks] |= 1 << (k0 & 63)
		seen[(k1>>6)%numBlocks] |= 1 << (k1 & 63)
		seen[(k2>>6)%numBlocks] |= 1 << (k2 & 63)
		seen[(k3>>6)%numBlocks] |= 1 << (k3 & 63)
		k0 = k3<<classBits | uint32(t[v>>32&0xFF])
		k1 = k0<<classBits | uint32(t[v>>40&0xFF])
		k2 = k1<<classBits | uint32(t[v>>48&0xFF])
		k3 = k2<<classBits | uint32(t[v>>56])
		seen[(k0>>6)%numBlocks] |= 1 << (k0 & 63)
		seen[(k1>>6)%numBlocks] |= 1 << (k1 & 63)
		seen[(k2>>6)%numBlocks] |= 1 << (k2 & 63)
		seen[(k3>>6)%numBlocks] |= 1 << (k3 & 63)
		k = k3
	}
	for _, c := range content {
		k = k<<classBits | uint32(t[c])
		seen[(k>>6)%numBlocks] |= 1 << (k & 63)
	}
	k = k<<classBits | uint32(Newline)
	seen[(k>>6)%numBlocks] |= 1 << (k & 63)
}

// flush moves the batch into the lists.
func (b *Builder) flush() {
	for t, touched := range &b.touched {
		b.touched[t] = 0
		for ; touched != 0; touched &= touched - 1 {
			i := t*64 + bits.TrailingZeros64(touched)
			block := (*[64]uint64)(b.batch[i*64:])
			lists := (*[64]list)(b.lists[i*64:])
			for j, w := range block {
				if w != 0 {
					block[j] = 0
					b.appendWord(&lists[j], w)
				}
			}
		}
	}
}

const (
	lowBits  = 0x0101010101010101
	lowSeven = 0x7f7f7f7f7f7f7f7f
	// gather multiplies the low bits of eight bytes into the top byte, first
	// byte lowest.
	gather = 0x0102040810204080
)

// nonZeroBytes has bit j set when byte j of w is not zero.
func nonZeroBytes(w uint64) uint8 {
	t := ((w&lowSeven + lowSeven) | w) >> 7 & lowBits
	return uint8(t * gather >> 56)
}

// maxToken bounds the bytes that appendWord adds for one word.
const maxToken = 16

// appendWord appends the documents of the current word to a list, in the
// shortest spelling.
func (b *Builder) appendWord(l *list, w uint64) {
	var buf [maxToken]byte
	n := 0
	base := b.word * 64
	gap := b.word - (l.next+63)/64
	count := bits.OnesCount64(w)
	first := base + uint32(bits.TrailingZeros64(w)) - l.next

	// Spelling document by document: a byte each but for the first.
	single := count
	switch {
	case first < 192:
	case first < 192+1<<13:
		single++
	case first < 192+1<<13+1<<19:
		single += 2
	default:
		single += 4
	}
	if single > 2 {
		present := nonZeroBytes(w)
		sparse := 2 + bits.OnesCount8(present)
		if gap > 3 {
			sparse += uvarintLen(gap)
		}
		switch {
		case gap == 0 && w == ^uint64(0):
			buf[0], n = 0xFA, 1
		case gap == 0 && 2+bits.OnesCount8(nonZeroBytes(^w)) < min(single, sparse):
			holes := nonZeroBytes(^w)
			buf[0], buf[1], n = 0xF9, holes, 2
			for ; holes != 0; holes &= holes - 1 {
				buf[n] = byte(w >> (8 * bits.TrailingZeros8(holes)))
				n++
			}
		case single <= sparse && (gap > 3 || single <= 9):
		case gap <= 3 && sparse >= 9:
			buf[0], n = 0xF5+byte(gap), 9
			binary.LittleEndian.PutUint64(buf[1:], w)
		default:
			if gap <= 3 {
				buf[0], n = 0xF0+byte(gap), 1
			} else {
				buf[0] = 0xF4
				n = 1 + binary.PutUvarint(buf[1:], uint64(gap))
			}
			buf[n] = present
			n++
			for ; present != 0; present &= present - 1 {
				buf[n] = byte(w >> (8 * bits.TrailingZeros8(present)))
				n++
			}
		}
		if n > 0 {
			b.write(l, &buf, n)
			l.next = base + 64
			return
		}
	}

	switch {
	case first < 192:
		buf[0], n = byte(first), 1
	case first < 192+1<<13:
		v := first - 192
		buf[0], buf[1], n = 0xC0+byte(v>>8), byte(v), 2
	case first < 192+1<<13+1<<19:
		v := first - 192 - 1<<13
		buf[0], buf[1], buf[2], n = 0xE0+byte(v>>16), byte(v>>8), byte(v), 3
	default:
		buf[0], n = 0xE8, 5
		binary.LittleEndian.PutUint32(buf[1:], first)
	}
	last := bits.TrailingZeros64(w)
	for w &= w - 1; w != 0; w &= w - 1 {
		d := bits.TrailingZeros64(w)
		buf[n%maxToken] = byte(d - last - 1)
		n++
		last = d
	}
	b.write(l, &buf, n)
	l.next = base + uint32(last) + 1
}

func uvarintLen(v uint32) int { return (bits.Len32(v|1) + 6) / 7 }

// chunk is the memory of a chunk.
func (b *Builder) chunk(c uint32) *[chunkSize]byte {
	return (*[chunkSize]byte)(b.pages[c/pageChunks][c%pageChunks*chunkSize:])
}

// newChunk takes a chunk into use.
func (b *Builder) newChunk() uint32 {
	c := b.chunks
	if int(c/pageChunks) == len(b.pages) {
		b.pages = append(b.pages, make([]byte, pageChunks*chunkSize))
	}
	b.chunks++
	return c
}

// write appends the first n bytes of buf to a list.
func (b *Builder) write(l *list, buf *[maxToken]byte, n int) {
	used := int(l.size % chunkPayload)
	if used == 0 { // the last chunk is full, or there is none
		c := b.newChunk()
		if l.size == 0 {
			l.head = c
		} else {
			binary.LittleEndian.PutUint32(b.chunk(l.tail)[chunkPayload:], c)
		}
		l.tail = c
	}
	l.size += uint32(n)
	chunk := b.chunk(l.tail)
	if used <= chunkPayload-maxToken {
		// What is written beyond n is overwritten by the next append.
		*(*[maxToken]byte)(chunk[used:]) = *buf
		return
	}
	m := copy(chunk[used:chunkPayload], buf[:n])
	if m < n {
		c := b.newChunk()
		binary.LittleEndian.PutUint32(chunk[chunkPayload:], c)
		l.tail = c
		copy(b.chunk(c)[:chunkPayload], buf[m:n])
	}
}

// appendList appends the bytes of a list to dst.
func (b *Builder) appendList(dst []byte, l *list) []byte {
	left := l.size
	for c := l.head; left > 0; {
		chunk := b.chunk(c)
		m := min(left, chunkPayload)
		dst = append(dst, chunk[:m]...)
		left -= m
		c = binary.LittleEndian.Uint32(chunk[chunkPayload:])
	}
	return dst
}

// blockSizes is the size in bytes of every block as written, and the number of
// keys present.
func (b *Builder) blockSizes() (sizes *[numBlocks]uint64, keys uint32) {
	b.flush()
	sizes = new([numBlocks]uint64)
	for i := range sizes {
		var n uint64
		for j := range 64 {
			if s := b.lists[i*64+j].size; s > 0 {
				n += uint64(uvarintLen(s)) + uint64(s)
				keys++
			}
		}
		if n > 0 {
			sizes[i] = 8 + n
		}
	}
	return sizes, keys
}

// Size is the number of bytes that WriteTo writes.
func (b *Builder) Size() int64 {
	sizes, _ := b.blockSizes()
	n := int64(blocksStart)
	for _, s := range sizes {
		n += int64(s)
	}
	return n
}

// appendHeader appends everything before the blocks.
func (b *Builder) appendHeader(dst []byte) []byte {
	sizes, keys := b.blockSizes()
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint32(dst, formatVersion)
	dst = binary.LittleEndian.AppendUint32(dst, b.docs)
	dst = binary.LittleEndian.AppendUint32(dst, keys)
	off := uint64(blocksStart)
	for _, s := range sizes {
		dst = binary.LittleEndian.AppendUint64(dst, off)
		off += s
	}
	return binary.LittleEndian.AppendUint64(dst, off)
}

// appendBlock appends block i.
func (b *Builder) appendBlock(dst []byte, i int) []byte {
	lists := (*[64]list)(b.lists[i*64:])
	var present uint64
	for j := range lists {
		if lists[j].size > 0 {
			present |= 1 << j
		}
	}
	if present == 0 {
		return dst
	}
	dst = binary.LittleEndian.AppendUint64(dst, present)
	for j := range lists {
		if lists[j].size > 0 {
			dst = binary.AppendUvarint(dst, uint64(lists[j].size))
		}
	}
	for j := range lists {
		if lists[j].size > 0 {
			dst = b.appendList(dst, &lists[j])
		}
	}
	return dst
}

// AppendTo appends the section to dst. The builder can be added to after it.
func (b *Builder) AppendTo(dst []byte) []byte {
	dst = b.appendHeader(dst)
	for i := range numBlocks {
		dst = b.appendBlock(dst, i)
	}
	return dst
}

// WriteTo writes the section. The builder can be added to after it.
func (b *Builder) WriteTo(w io.Writer) (int64, error) {
	const flushAt = 256 << 10
	buf := b.appendHeader(make([]byte, 0, flushAt+64<<10))
	var written int64
	for i := range numBlocks {
		buf = b.appendBlock(buf, i)
		if len(buf) >= flushAt || i == numBlocks-1 {
			n, err := w.Write(buf)
			written += int64(n)
			if err == nil && n < len(buf) {
				err = errors.New("short write")
			}
			if err != nil {
				return written, fmt.Errorf("trigram: %w", err)
			}
			buf = buf[:0]
		}
	}
	return written, nil
}
