package index

// A tree with the content of some files replaced: what an editor has not saved.

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"dekho/internal/lang"
	"dekho/internal/source"
	"dekho/internal/store"
)

// Buffer is a file of a tree as an editor has it.
type Buffer struct {
	File    source.FileID
	Content []byte // not changed any more
}

// overlay is what makes a tree differ from the one it was laid over.
type overlay struct {
	texts map[source.FileID][]byte
	moved func() source.LineMaps
}

// Overlay returns the tree as it would be with the buffers in the place of their
// files. Their facts are extracted into a segment in memory, so that every
// question takes them into account; what linkers derived stays as it was, see
// Moved. A file comes once among the buffers. t must stay open for as long as
// the result is used, which holds nothing that would have to be closed.
func (t *Tree) Overlay(languages []lang.Language, buffers []Buffer) (*Tree, error) {
	var size int64
	for _, b := range buffers {
		if uint64(b.File) >= uint64(t.m.Files) {
			return nil, fmt.Errorf("file %d of %d does not exist", b.File, t.m.Files)
		}
		if len(b.Content) > source.MaxFileSize {
			return nil, &source.SkipError{Skip: source.Skip{Path: t.Path(b.File), Reason: source.TooLarge, Detail: fmt.Sprintf("%d bytes", len(b.Content))}}
		}
		if _, _, ok := t.m.blob(uint32(b.File)); !ok {
			return nil, store.Damaged("%s: no blob of %s", t.m.f.Path(), t.Path(b.File))
		}
		size += int64(len(b.Content))
	}
	s, err := t.bufferSegment(languages, buffers, size)
	if err != nil {
		return nil, err
	}
	o := &Tree{m: t.m.replace(s, buffers), segs: append(slices.Clip(t.segs), s), artifacts: t.artifacts}
	o.over = &overlay{texts: make(map[source.FileID][]byte, len(buffers))}
	for _, b := range buffers {
		o.over.texts[b.File] = b.Content
	}
	o.over.moved = sync.OnceValue(func() source.LineMaps { return t.lineMaps(buffers) })
	return o, nil
}

// bufferSegment extracts the facts of buffers; the number of a buffer is that
// of its blob.
func (t *Tree) bufferSegment(languages []lang.Language, buffers []Buffer, size int64) (*segment, error) {
	// An extractor that fails costs the facts of the buffer and not its text, as
	// when indexing. Nobody is told: the file is being typed.
	b, err := newBuilder(languages, size, func(string, error) {})
	if err != nil {
		return nil, err
	}
	defer b.close()
	for _, buf := range buffers {
		path := t.Path(buf.File)
		_, err := b.add(path, buf.Content, hashContent(buf.Content), languageOf(languages, path))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	var out bytes.Buffer
	if _, err := b.write(&out); err != nil {
		return nil, err
	}
	f, err := store.OpenBytes(out.Bytes(), segmentKind)
	if err != nil {
		return nil, err
	}
	return newSegment(f)
}

// replace is the manifest with one segment more, whose blobs take the place of
// those of the buffers' files.
func (m *manifest) replace(s *segment, buffers []Buffer) *manifest {
	n := *m
	n.Segments = append(slices.Clip(m.Segments), segmentRef{Docs: s.docs})
	n.bases = append(slices.Clip(m.bases), uint32(m.docs))
	n.docs += s.docs
	n.blobs, n.same = slices.Clone(m.blobs), slices.Clone(m.same)
	n.files = append(slices.Clip(m.files), make([]byte, 4*s.docs)...)
	le := binary.LittleEndian
	for i, b := range buffers {
		f := uint32(b.File)
		// Take the file out of the chain of those with its blob.
		link := n.files[4*le.Uint32(n.blobs[4*f:]):]
		for at := le.Uint32(link); at < f; {
			link = n.same[4*at:]
			next := le.Uint32(link)
			if next <= at {
				break // chains go upwards
			}
			at = next
		}
		if le.Uint32(link) == f {
			le.PutUint32(link, le.Uint32(n.same[4*f:]))
		}
		blob := uint32(m.docs + i)
		le.PutUint32(n.blobs[4*f:], blob)
		le.PutUint32(n.same[4*f:], noFile)
		le.PutUint32(n.files[4*blob:], f)
	}
	return &n
}

// lineMaps is where the lines of files are in buffers.
func (t *Tree) lineMaps(buffers []Buffer) source.LineMaps {
	maps := make(source.LineMaps, len(buffers))
	var r source.Reader
	for _, b := range buffers {
		if text, err := t.ReadText(&r, b.File); err == nil { // a file that is gone has no lines to compare with
			maps[t.Path(b.File)] = source.MapLines(text, b.Content)
		}
	}
	return maps
}

// Moved is where the lines of the tree's files, which is what linkers wrote
// about, are in the buffers that Overlay put in their place.
func (t *Tree) Moved() source.LineMaps {
	if t.over == nil {
		return nil
	}
	return t.over.moved()
}

// edited is what Overlay put in the place of a file.
func (t *Tree) edited(id source.FileID) ([]byte, bool) {
	if t.over == nil {
		return nil, false
	}
	text, ok := t.over.texts[id]
	return text, ok
}

// ReadText reads a file of the tree: as Overlay was given it, or as it is on
// the disk. What is read from there is valid until r is used again.
func (t *Tree) ReadText(r *source.Reader, id source.FileID) ([]byte, error) {
	if text, ok := t.edited(id); ok {
		return text, nil
	}
	path := t.Path(id)
	if path == "" {
		return nil, fmt.Errorf("file %d of %d does not exist", id, t.m.Files)
	}
	return r.ReadText(filepath.Join(t.m.Root, filepath.FromSlash(path)), path)
}

// Superseded reports whether another run of Update has published an index of
// the tree since this one was opened, or it was dropped.
func (t *Tree) Superseded() bool { return t.m.f.Replaced() }
