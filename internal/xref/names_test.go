package xref

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"dekho/internal/lang"
	"dekho/internal/query/fuzzy"

	"github.com/rogpeppe/go-internal/txtar"
)

// dictionaryOf is a table that has names only.
func dictionaryOf(names ...string) *Map {
	m := &Map{artifact: &artifact{}}
	m.sections[secWords], m.sections[secNameBlocks], m.sections[secDigests] = dictionary(names)
	return m
}

// manyNames fill several blocks.
func manyNames() (names []string) {
	for i := range 5 * namesBlock / 2 {
		names = append(names, fmt.Sprintf("trace_event_%03d", i), fmt.Sprintf("name%d_suffix", i))
	}
	return names
}

func TestDictionary(t *testing.T) {
	names := manyNames()
	n := dictionaryOf(append(slices.Clone(names), names[:10]...)...).Names()
	slices.Sort(names)
	if n.Blocks() != 5 {
		t.Errorf("%d blocks", n.Blocks())
	}
	var got []string
	if err := n.Scan(func([]byte) bool { return true }, func(name []byte) { got = append(got, string(name)) }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, names) {
		t.Errorf("%d names, want %d", len(got), len(names))
	}
	for _, prefix := range []string{"", "trace_event_1", "trace_event_159", "name", "name99_suffix", "nobody", "a", "z"} {
		var got, want []string
		for name, err := range n.WithPrefix(prefix) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, name)
		}
		for _, name := range names {
			if strings.HasPrefix(name, prefix) {
				want = append(want, name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %d names, want %d", prefix, len(got), len(want))
		}
	}
	for _, err := range n.WithPrefix("trace") {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if n := dictionaryOf().Names(); n.Blocks() != 0 {
		t.Errorf("%d blocks of nothing", n.Blocks())
	}
}

// TestFindNames finds names by a few of their letters, as the digests let pass.
func TestFindNames(t *testing.T) {
	n := dictionaryOf(append(manyNames(), "SetPageDirty")...).Names()
	q, err := fuzzy.Parse("spdirty")
	if err != nil {
		t.Fatal(err)
	}
	found, err := fuzzy.Find(context.Background(), q, []fuzzy.Input{{Corpus: n}}, fuzzy.Options{})
	if err != nil || len(found) != 1 || found[0].Text != "SetPageDirty" {
		t.Errorf("%+v, %v", found, err)
	}
	read := 0
	s := fuzzy.NewSpelling("SetPageDrity", 2)
	if err := n.Scan(s.MayHave, func([]byte) { read++ }); err != nil || read > namesBlock {
		t.Errorf("%d names read for one, %v", read, err)
	}
}

// TestListed links a tree and wants names that people look for.
func TestListed(t *testing.T) {
	n := linkTree(t).Names()
	has := map[string]bool{}
	for name, err := range n.WithPrefix("") {
		if err != nil {
			t.Fatal(err)
		}
		has[name] = true
	}
	for _, name := range []string{"SetDirty", "event_raw_box_open", "L_alpha", "tree32_insert", "attr_uevent", "__hook_use_it"} {
		if !has[name] {
			t.Errorf("%s is missing", name)
		}
	}
	for _, name := range []string{"op_lock", "test_bit", "insert_item"} {
		if has[name] {
			t.Errorf("%s is listed", name)
		}
	}
	if listed("__ksym_marker_x", lang.DefVariable) {
		t.Error("a mark for the linker is listed")
	}
}

func TestDamagedNames(t *testing.T) {
	whole := dictionaryOf(manyNames()...)
	for i := range whole.sections[secWords] {
		m := Map{artifact: &artifact{sections: whole.sections}}
		m.sections[secWords] = slices.Clone(whole.sections[secWords])
		m.sections[secWords][i] ^= 0xff
		for _, err := range m.Names().WithPrefix("") {
			if err != nil && !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
		}
	}
}

// TestBuckets wants every name in the bucket where it is looked for.
func TestBuckets(t *testing.T) {
	for n := range 50 {
		src := ""
		for i := range n {
			src += fmt.Sprintf("MAKE(n%d)\n", i)
		}
		in := extractTree(&txtar.Archive{Files: []txtar.File{{Name: "a.c", Data: []byte("#define MAKE(n) int made_##n;\n" + src)}}})
		var b bytes.Buffer
		if _, err := linkInto(in, &b); err != nil {
			t.Fatal(err)
		}
		m, err := Open(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			if got := m.Definitions(fmt.Sprintf("made_n%d", i)); len(got) != 1 || got[0].Line != uint32(i+2) {
				t.Errorf("%d of %d: %+v", i, n, got)
			}
		}
	}
}
