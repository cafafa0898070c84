package trigram

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// keysOf is the definition: the keys of a document, found the slow way.
func keysOf(content []byte) map[Key]bool {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	text := append(append([]byte{'\n'}, content...), '\n')
	keys := map[Key]bool{}
	for i := 0; i+3 <= len(text); i++ {
		if k, ok := KeyOf(text[i], text[i+1], text[i+2]); ok {
			keys[k] = true
		}
	}
	return keys
}

// check compares an index with the definition.
func check(t *testing.T, x *Index, docs map[uint32][]byte) {
	t.Helper()
	want := map[Key][]uint32{}
	numbers := make([]uint32, 0, len(docs))
	for d := range docs {
		numbers = append(numbers, d)
	}
	slices.Sort(numbers)
	for _, d := range numbers {
		for k := range keysOf(docs[d]) {
			want[k] = append(want[k], d)
		}
	}
	if int(x.NumKeys()) != len(want) {
		t.Errorf("index has %d keys, want %d", x.NumKeys(), len(want))
	}
	s := NewSet(x.NumDocs())
	for k := range Key(NumKeys) {
		if len(want[k]) == 0 {
			if list, err := x.find(k); err != nil || list.n != 0 {
				t.Fatalf("key %v: %v, %v; want none", k, list, err)
			}
			continue
		}
		s.Clear()
		if err := x.AddTo(k, s); err != nil {
			t.Fatalf("key %v: %v", k, err)
		}
		if got := slices.Collect(s.All()); !slices.Equal(got, want[k]) {
			t.Fatalf("key %v: documents %v, want %v", k, got, want[k])
		}
	}
}

func build(t testing.TB, b *Builder, docs map[uint32][]byte) []byte {
	t.Helper()
	b.Reset()
	numbers := make([]uint32, 0, len(docs))
	for d := range docs {
		numbers = append(numbers, d)
	}
	slices.Sort(numbers)
	for _, d := range numbers {
		if err := b.Add(d, docs[d]); err != nil {
			t.Fatal(err)
		}
	}
	section := b.AppendTo(nil)
	if int64(len(section)) != b.Size() {
		t.Fatalf("Size says %d, the section has %d bytes", b.Size(), len(section))
	}
	var w bytes.Buffer
	if n, err := b.WriteTo(&w); err != nil || n != int64(w.Len()) || !bytes.Equal(w.Bytes(), section) {
		t.Fatalf("WriteTo: %d bytes, %v; differs from AppendTo", n, err)
	}
	return section
}

func TestRoundTrip(t *testing.T) {
	b := NewBuilder()
	long := map[uint32][]byte{}
	for d := range uint32(1000) {
		text := fmt.Sprintf("common text %d", d/64)
		if d%3 == 0 {
			text += " third"
		}
		if d > 400 && d < 720 && d != 500 {
			text += " run"
		}
		long[d] = []byte(text)
	}
	for _, tt := range []struct {
		name string
		docs map[uint32][]byte
	}{
		{"nothing", nil},
		{"empty document", map[uint32][]byte{0: {}}},
		{"one byte", map[uint32][]byte{0: []byte("x")}},
		{"byte order mark", map[uint32][]byte{0: []byte("\ufefffoo"), 1: []byte("x\ufeff")}},
		{"newlines", map[uint32][]byte{0: []byte("\n\n\n"), 1: []byte("a\nb\n\tc\n")}},
		{"all bytes", map[uint32][]byte{3: func() (s []byte) {
			for i := range 256 {
				s = append(s, byte(i), byte(i*7), 'a')
			}
			return s
		}()}},
		{"gaps", map[uint32][]byte{
			0: []byte("abc"), 191: []byte("abc"), 192: []byte("abc"), 384: []byte("abc"),
			385: []byte("abc"), 9000: []byte("abc"), 600000: []byte("abc"), 1300000: []byte("abc"),
		}},
		{"gap before a dense word", func() map[uint32][]byte {
			docs := map[uint32][]byte{0: []byte("abc")}
			for i := range uint32(60) {
				docs[64*1000+i] = []byte("abc")
			}
			for i := range uint32(20) {
				docs[64*1001+3*i] = []byte("abc")
			}
			for i := range uint32(20) {
				docs[64*1003+i] = []byte("abc")
			}
			return docs
		}()},
		{"dense", long},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x, err := Open(build(t, b, tt.docs))
			if err != nil {
				t.Fatal(err)
			}
			check(t, x, tt.docs)
		})
	}
}

// TestEveryDensity drives the choice between spellings: a key in a random
// share of the documents, for many shares.
func TestEveryDensity(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	b := NewBuilder()
	for _, share := range []float64{0.0005, 0.003, 0.01, 0.05, 0.1, 0.3, 0.6, 0.9, 0.98, 0.999, 1} {
		docs := map[uint32][]byte{}
		for d := range uint32(5000) {
			docs[d] = []byte("q")
			if r.Float64() < share {
				docs[d] = []byte("xyz")
			}
		}
		x, err := Open(build(t, b, docs))
		if err != nil {
			t.Fatal(err)
		}
		check(t, x, docs)
	}
}

func TestAddOrder(t *testing.T) {
	b := NewBuilder()
	if err := b.Add(5, nil); err != nil {
		t.Fatal(err)
	}
	for _, d := range []uint32{5, 4, 0, MaxDocs, 1 << 31} {
		if b.Add(d, []byte("abc")) == nil {
			t.Errorf("document %d accepted after 5", d)
		}
	}
}

// failingWriter fails after n bytes.
type failingWriter struct{ n int }

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.n -= len(p); w.n < 0 {
		return 0, errors.New("disk full")
	}
	return len(p), nil
}

func TestWriteError(t *testing.T) {
	b := NewBuilder()
	if err := b.Add(0, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.WriteTo(&failingWriter{100}); err == nil {
		t.Error("no error from a writer that fails")
	}
	if _, err := b.WriteTo(io.Discard); err != nil {
		t.Error(err)
	}
}

func TestEval(t *testing.T) {
	b := NewBuilder()
	x, err := Open(build(t, b, map[uint32][]byte{0: []byte("abc"), 1: []byte("def"), 2: []byte("abc def"), 70: []byte("ghi ABC")}))
	if err != nil {
		t.Fatal(err)
	}
	k := func(s string) Key { k, _ := KeyOf(s[0], s[1], s[2]); return k }
	for _, tt := range []struct {
		q    Query
		want []uint32
	}{
		{Query{Op: None}, nil},
		{Query{Op: And, Keys: []Key{k("abc")}}, []uint32{0, 2, 70}},
		{Query{Op: And, Keys: []Key{k("abc"), k("def")}}, []uint32{2}},
		{Query{Op: And, Keys: []Key{k("abc"), k("zzz")}}, nil},
		{Query{Op: Or, Keys: []Key{k("def"), k("ghi")}}, []uint32{1, 2, 70}},
		{Query{Op: Or, Keys: []Key{k("ghi")}, Sub: []*Query{{Op: And, Keys: []Key{k("abc"), k("def")}}}}, []uint32{2, 70}},
		{Query{Op: And, Sub: []*Query{{Op: Or, Keys: []Key{k("abc")}}, {Op: Or, Keys: []Key{k("def"), k("ghi")}}}}, []uint32{2, 70}},
	} {
		s, err := x.Eval(&tt.q)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Collect(s.All()); !slices.Equal(got, tt.want) {
			t.Errorf("%v: %v, want %v", &tt.q, got, tt.want)
		}
	}
	if s, err := x.Eval(&Query{}); err != nil || s.Count() != 71 {
		t.Errorf("all: %v", err)
	}
}

// FuzzBuild checks random documents against the definition.
func FuzzBuild(f *testing.F) {
	f.Add([]byte("static int foo(void)\x00\n\treturn 0;\x00\x00"), uint16(3))
	f.Fuzz(func(t *testing.T, text []byte, stride uint16) {
		docs := map[uint32][]byte{}
		for i, part := range bytes.Split(text, []byte{0}) {
			docs[uint32(i)*uint32(stride)+uint32(i)] = part
		}
		x, err := Open(build(t, NewBuilder(), docs))
		if err != nil {
			t.Fatal(err)
		}
		s := NewSet(x.NumDocs())
		for d, content := range docs {
			for k := range keysOf(content) {
				s.Clear()
				if err := x.AddTo(k, s); err != nil || !s.Has(d) {
					t.Fatalf("document %d lacks key %v (%v)", d, k, err)
				}
			}
		}
	})
}

// FuzzOpen reads damaged sections: errors are fine, panics are not.
func FuzzOpen(f *testing.F) {
	b := NewBuilder()
	for d := range uint32(300) {
		if err := b.Add(d, fmt.Appendf(nil, "int x%d = %d;", d%7, d)); err != nil {
			f.Fatal(err)
		}
	}
	good := b.AppendTo(nil)
	// The keys that are present, and some that are not.
	var probes []Key
	for k := range keysOf([]byte("int x0 = 0; int x6 = 123;")) {
		probes = append(probes, k, (k+64)%NumKeys, (k+1)%NumKeys)
	}
	f.Add(uint32(0), good[blocksStart:])
	f.Add(uint32(8), []byte{1, 0, 0, 0})
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		data := bytes.Clone(good)
		if n := copy(data[int(at)%len(data):], patch); n < len(patch) {
			data = append(data, patch[n:]...)
		}
		x, err := Open(data)
		if err != nil {
			return
		}
		s := NewSet(x.NumDocs())
		for _, k := range probes {
			if err := x.AddTo(k, s); err != nil && !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
		}
	})
}

// FuzzDecode reads arbitrary posting lists.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{0, 5, 0xC0, 9, 0xF1, 0x81, 3, 4, 0xF4, 9, 1, 7, 0xF6, 1, 2, 3, 4, 5, 6, 7, 8, 0xF9, 1, 2, 0xFA}, uint32(9000))
	f.Fuzz(func(t *testing.T, p []byte, docs uint32) {
		s := NewSet(docs % (1 << 16))
		decode(p, s.words, s.n)
		if rest := s.n % 64; rest != 0 && s.words[len(s.words)-1]>>rest != 0 {
			t.Fatal("a document beyond the last")
		}
	})
}

// treePaths lists the files of $DEKHO_TEST_TREE, or skips.
func treePaths(tb testing.TB) []string {
	tb.Helper()
	tree := os.Getenv("DEKHO_TEST_TREE")
	if tree == "" {
		tb.Skip("SKIPPED: DEKHO_TEST_TREE does not name a kernel tree")
	}
	var paths []string
	err := filepath.WalkDir(tree, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			paths = append(paths, p)
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return paths
}

// BenchmarkTree builds the text index of $DEKHO_TEST_TREE in one segment on
// one core. Reading the files is in ns/op but not in core-s.
func BenchmarkTree(b *testing.B) {
	paths := treePaths(b)
	builder := NewBuilder()
	var buf bytes.Buffer
	var busy time.Duration
	var size int64
	for b.Loop() {
		builder.Reset()
		for start := 0; start < len(paths); {
			// Some 16 MB at a time, so that the clock is read rarely.
			buf.Reset()
			ends := []int{}
			end := start
			for ; end < len(paths) && buf.Len() < 16<<20; end++ {
				f, err := os.Open(paths[end])
				if err != nil {
					b.Fatal(err)
				}
				_, err = buf.ReadFrom(f)
				if err := errors.Join(err, f.Close()); err != nil {
					b.Fatal(err)
				}
				ends = append(ends, buf.Len())
			}
			began := time.Now()
			at := 0
			for i, e := range ends {
				if err := builder.Add(uint32(start+i), buf.Bytes()[at:e]); err != nil {
					b.Fatal(err)
				}
				at = e
			}
			busy += time.Since(began)
			start = end
		}
		began := time.Now()
		n, err := builder.WriteTo(io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		busy += time.Since(began)
		size = n
	}
	b.ReportMetric(busy.Seconds()/float64(b.N), "core-s/op")
	b.ReportMetric(float64(size)/1e6, "MB")
}
