package index

// Reading a segment.

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"dekho/internal/query/fuzzy"
	"dekho/internal/store"
	"dekho/internal/trigram"

	"github.com/klauspost/compress/zstd"
)

// segment is an open segment file. Its methods can be called from several
// goroutines; they return errors that wrap store.ErrDamaged for anything that
// is not as a builder wrote it.
type segment struct {
	f         *store.File
	docs      int
	names     int
	languages []blobKey // without hashes; 0 is no language

	docTable, hashes, facts, texts, textIdx, logs, logIdx, masks, dict, dictIdx, digests, posts, trigramSec *store.Section

	textOnce    sync.Once
	textStrings []atomic.Pointer[string] // texts that were asked for

	trigramOnce sync.Once
	trigramIdx  *trigram.Index
	trigramErr  error
}

// maxLanguages bounds the table of languages of a file being opened.
const maxLanguages = 255

func openSegment(path string) (*segment, error) {
	f, err := store.Open(path, segmentKind)
	if err != nil {
		return nil, err
	}
	s, err := newSegment(f)
	if err != nil {
		_ = f.Close() // the first error tells more
		return nil, err
	}
	return s, nil
}

func newSegment(f *store.File) (*segment, error) {
	s := &segment{f: f}
	for tag, sec := range map[store.Tag]**store.Section{
		tagDocs: &s.docTable, tagHashes: &s.hashes, tagFacts: &s.facts, tagTexts: &s.texts, tagTextIdx: &s.textIdx,
		tagLogs: &s.logs, tagLogIdx: &s.logIdx, tagMasks: &s.masks, tagDict: &s.dict, tagDictIdx: &s.dictIdx, tagDigests: &s.digests,
		tagPosts: &s.posts, tagTrigrams: &s.trigramSec,
	} {
		var err error
		if *sec, err = f.Section(tag); err != nil {
			return nil, err
		}
	}
	info, err := f.Section(tagInfo)
	if err != nil {
		return nil, err
	}
	if err := store.Guard(func() error { return s.readInfo(info) }); err != nil {
		return nil, err
	}
	if s.docTable.Len() != s.docs*docSize || s.hashes.Len() != 4*s.docs ||
		s.dictIdx.Len() != 4*((s.names+dictBlock-1)/dictBlock+1) || s.digests.Len() != fuzzy.DigestSize*(s.dictIdx.Len()/4-1) || s.textIdx.Len() < 4 || s.logIdx.Len() < 8 {
		return nil, s.damaged("sections do not fit its counts")
	}
	return s, nil
}

func (s *segment) readInfo(sec *store.Section) error {
	p, err := sec.All()
	if err != nil {
		return err
	}
	r := reader{p: p}
	docs, names, n := r.uvarint(), r.uvarint(), r.uvarint()
	if docs > 1<<31 || names > 1<<32 || n > maxLanguages {
		r.bad = true
	}
	s.languages = append(s.languages, blobKey{})
	for i := uint64(0); i < n && !r.bad; i++ {
		name := string(r.bytes())
		s.languages = append(s.languages, blobKey{lang: name, version: uint32(r.uvarint())})
	}
	if r.bad {
		return s.damaged("section info")
	}
	s.docs, s.names = int(docs), int(names)
	return nil
}

func (s *segment) damaged(format string, args ...any) error {
	return store.Damaged("%s: %s", s.f.Path(), fmt.Sprintf(format, args...))
}

func (s *segment) close() error { return s.f.Close() }

// doc is the entry of a blob in the table of blobs.
func (s *segment) doc(doc uint32) ([]byte, error) {
	return s.docTable.Bytes(uint64(doc)*docSize, docSize)
}

// key is the blobKey of a blob.
func (s *segment) key(doc uint32) (blobKey, error) {
	d, err := s.doc(doc)
	if err != nil {
		return blobKey{}, err
	}
	l := binary.LittleEndian.Uint32(d[docLang:])
	if int(l) >= len(s.languages) {
		return blobKey{}, s.damaged("blob %d is in language %d", doc, l)
	}
	k := s.languages[l]
	copy(k.hash[:], d[docHash:])
	return k, nil
}

// find returns the blob with the key.
func (s *segment) find(k blobKey) (doc uint32, ok bool, err error) {
	language := -1
	for i, l := range s.languages {
		if l.lang == k.lang && l.version == k.version {
			language = i
		}
	}
	if language < 0 {
		return 0, false, nil
	}
	lo, hi := 0, s.docs
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		d, err := s.hashed(mid)
		if err != nil {
			return 0, false, err
		}
		if bytes.Compare(d[docHash:docHash+len(k.hash)], k.hash[:]) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	for ; lo < s.docs; lo++ {
		d, err := s.hashed(lo)
		if err != nil {
			return 0, false, err
		}
		if !bytes.Equal(d[docHash:docHash+len(k.hash)], k.hash[:]) {
			break
		}
		if binary.LittleEndian.Uint32(d[docLang:]) == uint32(language) {
			n, err := uint32At(s.hashes, uint64(lo))
			return n, err == nil, err
		}
	}
	return 0, false, nil
}

// hashed is the entry of the i-th blob in order of hashes.
func (s *segment) hashed(i int) ([]byte, error) {
	n, err := uint32At(s.hashes, uint64(i))
	if err != nil {
		return nil, err
	}
	return s.doc(n)
}

// text is a string of the pool.
func (s *segment) text(id uint64) ([]byte, error) {
	if id >= uint64(s.textIdx.Len())/4-1 {
		return nil, s.damaged("no text %d", id)
	}
	p, err := s.textIdx.Bytes(4*id, 8)
	if err != nil {
		return nil, err
	}
	from, to := binary.LittleEndian.Uint32(p), binary.LittleEndian.Uint32(p[4:])
	if from > to {
		return nil, s.damaged("text %d ends before it starts", id)
	}
	return s.texts.Bytes(uint64(from), uint64(to-from))
}

// textString is text as a string, the same one whenever it is asked for: few
// texts stand for many conditions and includes.
func (s *segment) textString(id uint64) (string, error) {
	s.textOnce.Do(func() { s.textStrings = make([]atomic.Pointer[string], s.textIdx.Len()/4-1) })
	if id < uint64(len(s.textStrings)) {
		if p := s.textStrings[id].Load(); p != nil {
			return *p, nil
		}
	}
	b, err := s.text(id)
	if err != nil {
		return "", err
	}
	str := string(b)
	s.textStrings[id].Store(&str)
	return str, nil
}

// logBlock decompresses a block of log facts. The blocks of one segment are
// small unless one file has much to say; the limit keeps a damaged length from
// asking for all memory.
func (s *segment) logBlock(dst []byte, block uint32) ([]byte, error) {
	if uint64(block) >= uint64(s.logIdx.Len())/8-1 {
		return nil, s.damaged("no block %d of log facts", block)
	}
	p, err := s.logIdx.Bytes(8*uint64(block), 16)
	if err != nil {
		return nil, err
	}
	from, to := binary.LittleEndian.Uint64(p), binary.LittleEndian.Uint64(p[8:])
	if from > to {
		return nil, s.damaged("block %d of log facts ends before it starts", block)
	}
	if p, err = s.logs.Bytes(from, to-from); err != nil {
		return nil, err
	}
	dst, err = logDecoder().DecodeAll(p, dst[:0])
	if err != nil {
		return nil, s.damaged("block %d of log facts: %v", block, err)
	}
	return dst, nil
}

// maxLogBlock bounds a block of log facts: a block is larger than logBlock only
// if one file's facts are, and these do not outgrow the file by much.
const maxLogBlock = 1 << 30

// logEncoder and logDecoder compress and decompress blocks; both serve any
// number of goroutines.
var (
	logEncoder = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false), zstd.WithWindowSize(logBlock))
		if err != nil {
			panic(err) // the options are constants
		}
		return e
	})
	logDecoder = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxLogBlock), zstd.WithDecoderConcurrency(0))
		if err != nil {
			panic(err) // the options are constants
		}
		return d
	})
)

// logFacts cuts a blob's facts out of its decompressed block.
func (s *segment) logFacts(block, d []byte) ([]byte, error) {
	off, n := uint64(binary.LittleEndian.Uint32(d[docLogOff:])), uint64(binary.LittleEndian.Uint32(d[docLogLen:]))
	if off+n > uint64(len(block)) {
		return nil, s.damaged("log facts leave their block")
	}
	return block[off : off+n : off+n], nil
}

// trigrams opens the text index. What it reads is verified as it reads it.
func (s *segment) trigrams() (*trigram.Index, error) {
	s.trigramOnce.Do(func() {
		s.trigramIdx, s.trigramErr = trigram.OpenSource(s.trigramSec)
		switch {
		case s.trigramErr != nil:
			s.trigramErr = s.trigramError(s.trigramErr)
		case int(s.trigramIdx.NumDocs()) > s.docs:
			s.trigramErr = s.damaged("its text index has %d documents", s.trigramIdx.NumDocs())
		}
	})
	return s.trigramIdx, s.trigramErr
}

// trigramError makes what package trigram found wrong damage of the segment.
func (s *segment) trigramError(err error) error {
	if errors.Is(err, trigram.ErrCorrupt) {
		return s.damaged("%v", err)
	}
	return err
}

func uint32At(sec *store.Section, i uint64) (uint32, error) {
	p, err := sec.Bytes(4*i, 4)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(p), nil
}

// reader decodes a short run of numbers and strings. After an error it yields
// zeros and bad is set.
type reader struct {
	p   []byte
	bad bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.p)
	if n <= 0 {
		r.bad, r.p = true, nil
		return 0
	}
	r.p = r.p[n:]
	return v
}

// short is uvarint, faster for numbers below 128.
func (r *reader) short() uint64 {
	if len(r.p) > 0 && r.p[0] < 0x80 {
		v := r.p[0]
		r.p = r.p[1:]
		return uint64(v)
	}
	return r.uvarint()
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.p)
	if n <= 0 {
		r.bad, r.p = true, nil
		return 0
	}
	r.p = r.p[n:]
	return v
}

func (r *reader) byte() byte {
	if len(r.p) == 0 {
		r.bad = true
		return 0
	}
	b := r.p[0]
	r.p = r.p[1:]
	return b
}

// bytes reads a string with its length in front. It aliases the input.
func (r *reader) bytes() []byte { return r.take(r.uvarint()) }

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.p)) {
		r.bad, r.p = true, nil
		return nil
	}
	b := r.p[:n:n]
	r.p = r.p[n:]
	return b
}
