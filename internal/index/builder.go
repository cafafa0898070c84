package index

// A segment under construction.

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"dekho/internal/lang"
	"dekho/internal/trigram"
)

// contentHash identifies the content of a file.
type contentHash [sha256.Size]byte

// blobKey identifies facts: the same bytes read by another extractor, or by
// another version of it, are another blob.
type blobKey struct {
	hash    contentHash
	lang    string // "" for text in no language
	version uint32
}

// logBlock is how many bytes of log facts are compressed together: enough to
// compress well, little enough to read one file's facts in no time.
const logBlock = 256 << 10

// builder collects the facts of blobs in memory and writes them as a segment.
// It belongs to one goroutine.
type builder struct {
	languages  []lang.Language
	extractors []lang.Extractor // made when first needed
	facts      lang.Facts
	failed     func(path string, err error) // told of an extractor that failed

	names    names
	trigrams *trigram.Builder
	docs     []docRecord
	funcs    []funcRecord
	scopes   []scopeRecord
	conds    []condRecord
	includes []includeRecord
	texts    texts

	logs   []byte   // compressed blocks
	blocks []uint64 // where in logs each block starts
	raw    []byte   // the block being filled
	nblock uint32   // its number
	bytes  int64    // content added
	size   int64    // content expected
}

// docRecord is a blob of the segment being built.
type docRecord struct {
	hash                   contentHash
	size, lines            uint32
	lang                   uint8  // index into languages + 1, 0 for none
	logBlock, logOff, logN uint32 // its log facts
	funcs, conds, includes uint32 // how many
	scopes                 uint32
}

type funcRecord struct{ rec, start, end uint32 }

type scopeRecord struct {
	rec, start, end uint32
	kind            lang.ScopeKind
}

type condRecord struct {
	text, start, end uint32
	kind             lang.CondKind
}

type includeRecord struct {
	text, line uint32
	system     bool
}

// texts is a pool of the strings that are no identifiers: conditions and
// include paths, a few ten thousand different ones in a kernel.
type texts struct {
	ids   map[string]uint32
	order []string
	bytes int
}

func (t *texts) id(b []byte) uint32 {
	if id, ok := t.ids[string(b)]; ok { // does not allocate
		return id
	}
	if t.ids == nil {
		t.ids = make(map[string]uint32)
	}
	s := string(b)
	id := uint32(len(t.order))
	t.ids[s] = id
	t.order = append(t.order, s)
	t.bytes += len(s)
	return id
}

// newBuilder makes a builder for about size bytes of text.
func newBuilder(languages []lang.Language, size int64, failed func(path string, err error)) (*builder, error) {
	b := &builder{
		languages:  languages,
		extractors: make([]lang.Extractor, len(languages)),
		trigrams:   trigram.NewBuilder(),
		failed:     failed,
	}
	b.size = size
	if err := b.names.open(size); err != nil {
		return nil, err
	}
	return b, nil
}

// close gives the memory back.
func (b *builder) close() { b.names.close() }

// reset empties the builder for the next segment.
func (b *builder) reset() error {
	b.names.close()
	if err := b.names.open(b.size); err != nil {
		return err
	}
	b.trigrams.Reset()
	b.docs, b.funcs, b.scopes, b.conds, b.includes = b.docs[:0], b.funcs[:0], b.scopes[:0], b.conds[:0], b.includes[:0]
	b.texts = texts{}
	b.logs, b.blocks, b.raw, b.nblock, b.bytes = b.logs[:0], b.blocks[:0], b.raw[:0], 0, 0
	return nil
}

// memory estimates how many bytes the builder holds. What a trigram takes is a
// fact about source code: a sixth of the content at the very most.
func (b *builder) memory() int {
	return b.names.memory() + int(b.bytes/6) + len(b.logs) + b.texts.bytes + 96*len(b.docs) +
		12*(len(b.funcs)+len(b.conds)+len(b.includes)) + 16*len(b.scopes)
}

// add extracts the facts of one blob and returns its number in the segment.
// language is an index into languages, -1 for none. The error is errFull when
// the segment has to be written first, in which case nothing was added.
func (b *builder) add(path string, content []byte, hash contentHash, language int) (uint32, error) {
	doc := uint32(len(b.docs))
	d := docRecord{hash: hash, size: uint32(len(content))}
	f := &b.facts
	f.Reset()
	if language >= 0 {
		if b.extractors[language] == nil {
			b.extractors[language] = b.languages[language].New()
		}
		if err := extract(b.extractors[language], path, content, f); err != nil {
			f.Reset()
			b.failed(path, err)
		}
		funcNames := 0
		for _, fn := range f.Funcs {
			funcNames += int(fn.Name.Len)
		}
		for _, s := range f.Scopes {
			funcNames += int(s.Name.Len)
		}
		if err := b.names.add(doc, content, f.Occs, len(f.Funcs)+len(f.Scopes), funcNames); err != nil {
			return 0, err
		}
		d.lang = uint8(language + 1)
		d.lines = f.Lines
		b.addFacts(&d, content, f)
		b.names.release()
		if cap(f.Occs) > maxKept {
			b.facts = lang.Facts{}
		}
	}
	b.docs = append(b.docs, d)
	b.bytes += int64(len(content))
	// The only ways for it to fail are a wrong order and too many documents.
	if err := b.trigrams.Add(doc, content); err != nil {
		return 0, errors.Join(errTrigrams, err)
	}
	return doc, nil
}

var errTrigrams = errors.New("indexing text")

// extract runs an extractor. They do not panic; but if one does, the facts of
// one file are what it may cost, not the index.
func extract(x lang.Extractor, path string, content []byte, f *lang.Facts) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	x.Extract(path, content, f)
	return nil
}

func (b *builder) addFacts(d *docRecord, src []byte, f *lang.Facts) {
	for _, fn := range f.Funcs {
		rec := b.names.recordOf(src, src[fn.Name.Off:fn.Name.Off+fn.Name.Len])
		b.funcs = append(b.funcs, funcRecord{rec, fn.Start, fn.End})
	}
	for _, s := range f.Scopes {
		rec := b.names.recordOf(src, src[s.Name.Off:s.Name.Off+s.Name.Len])
		b.scopes = append(b.scopes, scopeRecord{rec, s.Start, s.End, s.Kind})
	}
	for _, c := range f.Conds {
		id := b.texts.id(src[c.Expr.Off : c.Expr.Off+c.Expr.Len])
		b.conds = append(b.conds, condRecord{id, c.Start, c.End, c.Kind})
	}
	for _, in := range f.Includes {
		id := b.texts.id(src[in.Path.Off : in.Path.Off+in.Path.Len])
		b.includes = append(b.includes, includeRecord{id, in.Line, in.System})
	}
	d.funcs, d.conds, d.includes = uint32(len(f.Funcs)), uint32(len(f.Conds)), uint32(len(f.Includes))
	d.scopes = uint32(len(f.Scopes))
	if len(f.Link) > 0 {
		if len(b.raw)+len(f.Link) > logBlock && len(b.raw) > 0 {
			b.endLogBlock()
		}
		d.logBlock, d.logOff, d.logN = b.nblock, uint32(len(b.raw)), uint32(len(f.Link))
		b.raw = append(b.raw, f.Link...)
	}
}

func (b *builder) endLogBlock() {
	if len(b.raw) == 0 {
		return
	}
	b.blocks = append(b.blocks, uint64(len(b.logs)))
	b.logs = logEncoder().EncodeAll(b.raw, b.logs)
	b.raw = b.raw[:0]
	b.nblock++
}
