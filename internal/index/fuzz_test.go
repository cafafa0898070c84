package index

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"dekho/internal/lang"
	"dekho/internal/source"
	"dekho/internal/store"
	"dekho/internal/trigram"
)

// words is an extractor that takes every run of letters for a name.
type words struct{}

func (words) Extract(_ string, src []byte, f *lang.Facts) {
	f.Lines = 1
	for i := 0; i < len(src); i++ {
		j := i
		for j < len(src) && src[j] >= 'a' {
			j++
		}
		if j > i {
			f.Occs = append(f.Occs, lang.Occ{
				Off: uint32(i), Line: f.Lines, Hash: lang.Hash(src[i:j]), Len: uint16(j - i), Role: lang.Role(j-i) % lang.DefFunction,
			})
			f.Funcs = append(f.Funcs, lang.Func{Name: lang.Span{Off: uint32(i), Len: uint32(j - i)}, Start: f.Lines, End: f.Lines})
			if j-i == 5 {
				f.Scopes = append(f.Scopes, lang.Scope{Name: lang.Span{Off: uint32(i), Len: uint32(j - i)}, Start: f.Lines, End: f.Lines + 1})
			}
			f.Conds = append(f.Conds, lang.Cond{Expr: lang.Span{Off: uint32(i), Len: uint32(j - i)}, Start: f.Lines, End: f.Lines})
			f.Includes = append(f.Includes, lang.Include{Path: lang.Span{Off: uint32(i), Len: uint32(j - i)}, Line: f.Lines})
			f.Link = append(f.Link, src[i:j]...)
			i = j
		}
		if i < len(src) && src[i] == '\n' {
			f.Lines++
		}
	}
}

// fuzzStore is an index of a small tree.
func fuzzStore(f *testing.F) (dir, root string) {
	root, dir = f.TempDir(), f.TempDir()
	for name, text := range map[string]string{
		"a": "one two three\nfour five one\none\n", "b/c": "six one\nseven", "d": "six one\nseven", "e": "", "link": "\x00",
	} {
		path := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			f.Fatal(err)
		}
	}
	_, err := Update(context.Background(), Options{Store: dir, Root: root, Languages: []lang.Language{{
		Name: "words", Version: 1, Match: func(string) bool { return true }, New: func() lang.Extractor { return words{} },
	}}})
	if err != nil {
		f.Fatal(err)
	}
	return dir, root
}

// section is a section of a file as it was found.
type section struct {
	tag  store.Tag
	data []byte
}

func sectionsOf(f *testing.F, path string, kind store.Kind) []section {
	file, err := store.Open(path, kind)
	if err != nil {
		f.Fatal(err)
	}
	var list []section
	for _, s := range file.Sections() {
		b, err := s.All()
		if err != nil {
			f.Fatal(err)
		}
		list = append(list, section{s.Tag, bytes.Clone(b)})
	}
	if err := file.Close(); err != nil {
		f.Fatal(err)
	}
	return list
}

// rebuild writes the sections with one of them replaced. The checksums are
// right: what is tested is what lies behind them.
func rebuild(t *testing.T, sections []section, kind store.Kind, which int, data []byte) *store.File {
	var buf bytes.Buffer
	w := store.NewWriter(&buf, kind, 0)
	for i, s := range sections {
		w.Begin(s.tag)
		if i == which {
			s.data = data
		}
		if _, err := w.Write(s.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	f, err := store.OpenBytes(buf.Bytes(), kind)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// readAll asks a tree everything. Errors are fine.
func readAll(t *Tree) {
	finder := t.FuncFinder()
	for i := range min(t.NumFiles(), 1000) {
		id := source.FileID(i)
		_ = t.Path(id)
		_, _ = t.FileByPath(t.Path(id))
		_, _ = t.File(id)
		_ = t.Same(id)
		_, _ = t.Funcs(id)
		_, _ = t.Scopes(id)
		_, _ = t.Conds(id)
		_, _ = t.Includes(id)
		_, _ = t.LinkFacts(id)
		_, _, _ = finder.At(id, 2)
		_, _, _ = t.ReadFile(id)
	}
	_, _ = t.FilesUnder("b")
	_, _ = t.Skipped()
	n := 0
	for name, err := range t.Names("") {
		if n++; err != nil || n > 1000 {
			break
		}
		_, _ = t.Refs(name.Text, AllRoles)
	}
	for _, name := range []string{"", "one", "seven", "zzz"} {
		_, _ = t.Refs(name, AllRoles)
	}
	_, _ = t.Candidates(&trigram.Query{Op: trigram.All})
	_ = t.ScanNames(context.Background(), Scan{Roles: AllRoles}, func(int, []byte, RoleSet) bool { return true })
	_ = t.EachLinkFacts(context.Background(), 1, func(int, source.FileID, []byte) error { return nil })
	for _, s := range t.segs {
		_, _, _ = s.find(blobKey{lang: "words", version: 1})
	}
}

func seedSections(f *testing.F, sections []section) {
	for i, s := range sections {
		f.Add(uint8(i), s.data)
		f.Add(uint8(i), s.data[:len(s.data)/2])
		f.Add(uint8(i), append([]byte{0xff, 0xff, 0xff, 0xff, 0x0f}, s.data...))
	}
}

func FuzzSegment(f *testing.F) {
	dir, root := fuzzStore(f)
	st := store.At(dir)
	m, err := openManifest(st.Path(store.Trees, treeID(root)))
	if err != nil {
		f.Fatal(err)
	}
	sections := sectionsOf(f, st.Path(store.Segments, m.Segments[0].Name), segmentKind)
	seedSections(f, sections)
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		s, err := newSegment(rebuild(t, sections, segmentKind, int(which)%len(sections), data))
		if err != nil {
			return
		}
		readAll(&Tree{m: m, segs: []*segment{s}})
	})
}

func FuzzManifest(f *testing.F) {
	dir, root := fuzzStore(f)
	st := store.At(dir)
	path := st.Path(store.Trees, treeID(root))
	m, err := openManifest(path)
	if err != nil {
		f.Fatal(err)
	}
	s, err := openSegmentRef(st, m.Segments[0])
	if err != nil {
		f.Fatal(err)
	}
	sections := sectionsOf(f, path, manifestKind)
	seedSections(f, sections)
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		m, err := newManifest(rebuild(t, sections, manifestKind, int(which)%len(sections), data))
		if err != nil {
			return
		}
		m.Root = root
		x := &Tree{m: m}
		for range m.Segments {
			x.segs = append(x.segs, s)
		}
		readAll(x)
	})
}

func FuzzPostings(f *testing.F) {
	f.Add([]byte{0, 33, 3, 2, 33, 33, 33, 33, 33, 33})
	f.Add(appendGroup(nil, 7, []uint32{1<<roleBits | 3, 5 << roleBits}))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := postingReader{p: data}
		n := 0
		for {
			if _, ok := r.nextDoc(); !ok {
				break
			}
			for {
				if _, ok := r.next(); !ok {
					break
				}
				n++
			}
		}
		if n > len(data) {
			t.Errorf("%d postings in %d bytes", n, len(data))
		}
	})
}

// colliding is an extractor that gives all names the same hash.
type colliding struct{}

func (colliding) Extract(path string, src []byte, f *lang.Facts) {
	words{}.Extract(path, src, f)
	for i := range f.Occs {
		f.Occs[i].Hash = 7
	}
}

// TestCollisions indexes a file made to turn the search for a name into a walk
// past all others.
func TestCollisions(t *testing.T) {
	var text []byte
	const names = 60_000
	for i := range 2 * names {
		for n := i % names; ; n /= 26 {
			text = append(text, byte('a'+n%26))
			if n < 26 {
				break
			}
		}
		text = append(text, '\n')
	}
	b, err := newBuilder([]lang.Language{{Name: "colliding", New: func() lang.Extractor { return colliding{} }}}, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	start := time.Now()
	if _, err := b.add("x", text, contentHash{}, 0); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("took %v", d)
	}
	var buf bytes.Buffer
	if _, err := b.write(&buf); err != nil {
		t.Fatal(err)
	}
	file, err := store.OpenBytes(buf.Bytes(), segmentKind)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSegment(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	c := scanner{s: s, end: s.blocks()}
	for {
		ok, err := c.next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		p, err := s.postingsOf(c.entry)
		if err != nil {
			t.Fatal(err)
		}
		for {
			if _, ok := p.nextDoc(); !ok {
				break
			}
			for {
				if _, ok := p.next(); !ok {
					break
				}
				lines++
			}
		}
	}
	if lines != 2*names || s.names != names {
		t.Errorf("%d lines with %d names", lines, s.names)
	}
}

// FuzzNames builds a segment from any text and compares its postings with a
// plain map.
func FuzzNames(f *testing.F) {
	f.Add([]byte("one two one\ntwo three\x00four\nab abc abcdefgh abcdefghi abcdefghij\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		languages := []lang.Language{{Name: "words", New: func() lang.Extractor { return words{} }}}
		b, err := newBuilder(languages, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer b.close()
		want := make(map[string]map[Ref]bool)
		var facts lang.Facts
		for doc, text := range bytes.Split(data, []byte{0}) {
			if _, err := b.add("x", text, hashContent(text), 0); err != nil {
				t.Fatal(err)
			}
			facts.Reset()
			words{}.Extract("x", text, &facts)
			for _, o := range facts.Occs {
				name := string(text[o.Off : o.Off+uint32(o.Len)])
				if want[name] == nil {
					want[name] = make(map[Ref]bool)
				}
				want[name][Ref{source.FileID(doc), o.Line, o.Role}] = true
			}
		}
		var buf bytes.Buffer
		if _, err := b.write(&buf); err != nil {
			t.Fatal(err)
		}
		file, err := store.OpenBytes(buf.Bytes(), segmentKind)
		if err != nil {
			t.Fatal(err)
		}
		s, err := newSegment(file)
		if err != nil {
			t.Fatal(err)
		}
		if s.names != len(want) {
			t.Errorf("%d names, want %d", s.names, len(want))
		}
		for name, occs := range want {
			e, ok, err := s.lookup([]byte(name))
			if err != nil || !ok {
				t.Fatalf("%q: %v, %v", name, ok, err)
			}
			p, err := s.postingsOf(e)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for {
				doc, ok := p.nextDoc()
				if !ok {
					break
				}
				for {
					code, ok := p.next()
					if !ok {
						break
					}
					if !occs[Ref{source.FileID(doc), code >> roleBits, lang.Role(code & (1<<roleBits - 1))}] {
						t.Fatalf("%q: unexpected posting", name)
					}
					n++
				}
			}
			if n != len(occs) {
				t.Errorf("%q: %d postings, want %d", name, n, len(occs))
			}
		}
	})
}
