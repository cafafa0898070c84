package index

// Writing a segment.

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"

	"dekho/internal/query/fuzzy"
	"dekho/internal/store"
)

// segmentKind is the format of segment files. Any change of what a section
// means, of the trigram section and of lang.Role included, takes a new number.
var segmentKind = store.Kind{Magic: [8]byte{'D', 'E', 'K', 'H', 'O', 'S', 'E', 'G'}, Format: 4}

// The sections of a segment. docs/index-format.md describes them.
var (
	tagInfo     = store.MakeTag("info")     // counts and languages
	tagDocs     = store.MakeTag("docs")     // docSize bytes for each blob
	tagHashes   = store.MakeTag("hashes")   // u32: blobs in order of their hashes
	tagFacts    = store.MakeTag("facts")    // scopes, functions, conditions, includes of each blob
	tagTexts    = store.MakeTag("texts")    // strings that are no identifiers
	tagTextIdx  = store.MakeTag("textidx")  // u32: where each starts, and the end
	tagLogs     = store.MakeTag("logs")     // s2 blocks of log facts
	tagLogIdx   = store.MakeTag("logidx")   // u64: where each starts, and the end
	tagMasks    = store.MakeTag("masks")    // u32: sets of roles
	tagDict     = store.MakeTag("dict")     // blocks of names
	tagDictIdx  = store.MakeTag("dictidx")  // u32: where each block starts, and the end
	tagDigests  = store.MakeTag("digests")  // of the blocks of the dictionary; see package fuzzy
	tagPosts    = store.MakeTag("posts")    // postings of all names, in order
	tagTrigrams = store.MakeTag("trigrams") // see package trigram
)

const (
	// docSize is the size of an entry of the section docs.
	docSize = 64
	// dictBlock is how many names share a block of the dictionary: a lookup
	// decodes half of them, and one in dictBlock is stored in full.
	dictBlock = 32
)

// write writes the segment. It ends the use of the builder until reset.
func (b *builder) write(w io.Writer) (*store.Writer, error) {
	b.endLogBlock()
	sw := store.NewWriter(w, segmentKind, 0)

	// Postings go out while the dictionary, which says how long they are,
	// gathers in memory. Ranks of names are known afterwards, which the facts
	// refer to.
	sw.Begin(tagPosts)
	keys, masks := b.names.sorted()
	dict, dictIdx, digests := b.writeNames(sw, keys)

	sw.Begin(tagDict)
	_, _ = sw.Write(dict) // Finish returns the first error of all writes
	sw.Begin(tagDictIdx)
	writeUint32s(sw, dictIdx)
	sw.Begin(tagDigests)
	_, _ = sw.Write(digests)
	sw.Begin(tagMasks)
	writeUint32s(sw, masks)

	sw.Begin(tagFacts)
	factsAt := b.writeFacts(sw)
	sw.Begin(tagDocs)
	b.writeDocs(sw, factsAt)
	sw.Begin(tagHashes)
	writeUint32s(sw, b.hashOrder())

	sw.Begin(tagTexts)
	textIdx := []uint32{0}
	for _, s := range b.texts.order {
		_, _ = io.WriteString(sw, s)
		textIdx = append(textIdx, uint32(sw.Pos()))
	}
	sw.Begin(tagTextIdx)
	writeUint32s(sw, textIdx)

	sw.Begin(tagLogs)
	_, _ = sw.Write(b.logs)
	sw.Begin(tagLogIdx)
	for _, at := range append(b.blocks, uint64(len(b.logs))) {
		var e [8]byte
		binary.LittleEndian.PutUint64(e[:], at)
		_, _ = sw.Write(e[:])
	}

	sw.Begin(tagTrigrams)
	_, _ = b.trigrams.WriteTo(sw)

	sw.Begin(tagInfo)
	info := binary.AppendUvarint(nil, uint64(len(b.docs)))
	info = binary.AppendUvarint(info, uint64(len(keys)))
	info = binary.AppendUvarint(info, uint64(len(b.languages)))
	for _, l := range b.languages {
		info = appendString(info, l.Name)
		info = binary.AppendUvarint(info, uint64(l.Version))
	}
	_, _ = sw.Write(info)
	return sw, sw.Finish()
}

// writeNames writes the postings of all names and returns the dictionary, where
// its blocks start, and their digests.
//
// A block of the dictionary is
//
//	where the postings of its first name start in posts (uvarint)
//	for each name: bytes shared with the name before it (uvarint; not for the
//	first), bytes that follow (uvarint), those bytes, index of its roles in
//	masks (uvarint), length of its postings (uvarint)
func (b *builder) writeNames(sw *store.Writer, keys []sortKey) (dict []byte, index []uint32, digests []byte) {
	n := &b.names
	dict = make([]byte, 0, 16*len(keys))
	index = make([]uint32, 0, len(keys)/dictBlock+2)
	digests = make([]byte, 0, fuzzy.DigestSize*(len(keys)/dictBlock+1))
	var digester fuzzy.Digester
	var posts, prev []byte
	touch := byte(0)
	for i, k := range keys {
		if i%dictBlock == 0 {
			// Fetch the records of a block at once: one by one, each would be
			// waited for.
			for _, k := range keys[i:min(i+dictBlock, len(keys))] {
				touch += n.recs.buf[uint64(k.rec)<<3]
			}
			if i > 0 {
				digests = digester.AppendTo(digests)
			}
			index = append(index, uint32(len(dict)))
			dict = binary.AppendUvarint(dict, sw.Pos())
			prev = nil
		}
		name := n.name(k.rec)
		shared := 0
		if i%dictBlock != 0 {
			shared = commonPrefix(prev, name)
			dict = binary.AppendUvarint(dict, uint64(shared))
			dict = appendString(dict, name[shared:])
		} else {
			dict = appendString(dict, name)
		}
		prev = name
		digester.Add(shared, name[shared:])
		posts = n.postings(posts[:0], k.rec)
		dict = binary.AppendUvarint(dict, uint64(k.mask))
		dict = binary.AppendUvarint(dict, uint64(len(posts)))
		_, _ = sw.Write(posts)
		// Nothing is added any more: the field has served and takes the rank.
		binary.LittleEndian.PutUint32(n.recs.buf[uint64(k.rec)<<3+recDoc:], uint32(i))
	}
	if len(keys) > 0 {
		digests = digester.AppendTo(digests)
	}
	n.touch = touch
	return dict, append(index, uint32(len(dict))), digests
}

// writeFacts writes the scopes, functions, conditions and includes of each blob,
// and returns where each begins.
func (b *builder) writeFacts(sw *store.Writer) []uint32 {
	at := make([]uint32, 0, len(b.docs)+1)
	funcs, scopes, conds, includes := b.funcs, b.scopes, b.conds, b.includes
	var buf []byte
	for i := range b.docs {
		d := &b.docs[i]
		at = append(at, uint32(sw.Pos()))
		buf = buf[:0]
		if d.scopes|d.funcs|d.conds|d.includes == 0 {
			continue // no bytes at all
		}
		// Only C++ has scopes: what has none spends no byte on it.
		more := uint64(0)
		if d.scopes > 0 {
			more = 1
		}
		buf = binary.AppendUvarint(buf, uint64(d.funcs)<<1|more)
		line := uint32(0)
		if d.scopes > 0 {
			buf = binary.AppendUvarint(buf, uint64(d.scopes))
			for _, s := range scopes[:d.scopes] {
				rank := binary.LittleEndian.Uint32(b.names.recs.buf[uint64(s.rec)<<3+recDoc:])
				buf = binary.AppendUvarint(buf, uint64(rank))
				buf = append(buf, byte(s.kind))
				buf = binary.AppendVarint(buf, int64(s.start)-int64(line))
				buf = binary.AppendVarint(buf, int64(s.end)-int64(s.start))
				line = s.start
			}
			scopes = scopes[d.scopes:]
			line = 0
		}
		for _, f := range funcs[:d.funcs] {
			rank := binary.LittleEndian.Uint32(b.names.recs.buf[uint64(f.rec)<<3+recDoc:])
			buf = binary.AppendUvarint(buf, uint64(rank))
			buf = binary.AppendVarint(buf, int64(f.start)-int64(line))
			buf = binary.AppendVarint(buf, int64(f.end)-int64(f.start))
			line = f.end
		}
		buf = binary.AppendUvarint(buf, uint64(d.conds))
		line = 0
		for _, c := range conds[:d.conds] {
			buf = binary.AppendUvarint(buf, uint64(c.text))
			buf = append(buf, byte(c.kind))
			buf = binary.AppendVarint(buf, int64(c.start)-int64(line))
			buf = binary.AppendVarint(buf, int64(c.end)-int64(c.start))
			line = c.start
		}
		buf = binary.AppendUvarint(buf, uint64(d.includes))
		line = 0
		for _, in := range includes[:d.includes] {
			system := uint64(0)
			if in.system {
				system = 1
			}
			buf = binary.AppendUvarint(buf, uint64(in.text)<<1|system)
			buf = binary.AppendVarint(buf, int64(in.line)-int64(line))
			line = in.line
		}
		funcs, conds, includes = funcs[d.funcs:], conds[d.conds:], includes[d.includes:]
		_, _ = sw.Write(buf)
	}
	return append(at, uint32(sw.Pos()))
}

// writeDocs writes the table of blobs.
func (b *builder) writeDocs(sw *store.Writer, factsAt []uint32) {
	var e [docSize]byte
	for i := range b.docs {
		d := &b.docs[i]
		copy(e[docHash:], d.hash[:])
		le := binary.LittleEndian
		le.PutUint32(e[docBytes:], d.size)
		le.PutUint32(e[docLines:], d.lines)
		le.PutUint32(e[docLang:], uint32(d.lang))
		le.PutUint32(e[docFacts:], factsAt[i])
		le.PutUint32(e[docFactsLen:], factsAt[i+1]-factsAt[i])
		le.PutUint32(e[docLogBlock:], d.logBlock)
		le.PutUint32(e[docLogOff:], d.logOff)
		le.PutUint32(e[docLogLen:], d.logN)
		_, _ = sw.Write(e[:])
	}
}

// Where the fields of an entry of docs are. All but the hash are u32.
const (
	docHash     = 0
	docBytes    = 32
	docLines    = 36
	docLang     = 40 // index into the languages of info + 1, 0 for none
	docFacts    = 44 // where its facts start
	docFactsLen = 48
	docLogBlock = 52
	docLogOff   = 56 // in the block, uncompressed
	docLogLen   = 60 // 0 for no log facts
)

// hashOrder is the numbers of the blobs in order of their hashes.
func (b *builder) hashOrder() []uint32 {
	order := make([]uint32, len(b.docs))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(x, y uint32) int {
		return bytes.Compare(b.docs[x].hash[:], b.docs[y].hash[:])
	})
	return order
}

func appendString[S []byte | string](dst []byte, s S) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

func writeUint32s[T ~uint32](w io.Writer, v []T) {
	var buf [4096]byte
	for len(v) > 0 {
		n := min(len(v), len(buf)/4)
		for i, x := range v[:n] {
			binary.LittleEndian.PutUint32(buf[4*i:], uint32(x))
		}
		_, _ = w.Write(buf[:4*n]) // the Writer keeps the error
		v = v[n:]
	}
}

func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for ; i+8 <= n; i += 8 {
		if binary.LittleEndian.Uint64(a[i:]) != binary.LittleEndian.Uint64(b[i:]) {
			break
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}
