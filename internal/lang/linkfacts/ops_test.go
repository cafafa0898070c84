package linkfacts

import (
	"testing"

	"dekho/internal/lang"
)

// TestOps writes and reads an entry, with a string that occurs twice.
func TestOps(t *testing.T) {
	var w OpsWriter
	w.Reset()
	for range 2 {
		w.Begin(OpStore, 7)
		w.Number(2<<2 | uint32(RootType))
		w.String([]byte("door"), lang.Hash([]byte("door")))
		w.String([]byte("open"), lang.Hash([]byte("open")))
		w.Position(3)
		w.Number(uint32(ValueName))
		w.String([]byte("open"), lang.Hash([]byte("open")))
	}
	blob := AppendOps(nil, w.Bytes)
	rec := NewReader(blob).Next()
	if rec == nil || rec.Tag != TagOps {
		t.Fatalf("%+v", rec)
	}
	var r OpsReader
	r.Reset(rec.Body)
	n := 0
	for op := r.Next(); op != nil; op = r.Next() {
		n++
		if op.Line != 7 || string(op.Place.Name) != "door" || len(op.Place.Path) != 2 || string(op.Place.Path[0].Name) != "open" ||
			op.Place.Path[1].Name != nil || op.Place.Path[1].Pos != 3 || string(op.Value.Name) != "open" {
			t.Errorf("%+v", op)
		}
	}
	if n != 2 || r.Err() != nil {
		t.Errorf("%d entries, %v", n, r.Err())
	}
}

func FuzzOps(f *testing.F) {
	f.Add([]byte("r\x02\x05\x00\x04door\x00\x04open\x00\x00\x02fn"))
	f.Add([]byte("s\x02\x00\x01a\xff\xff\xff\x7f"))
	f.Add([]byte("d\x02\x01\xfc\xff\xff\xff\x0f"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var r OpsReader
		r.Reset(b)
		n := 0
		for r.Next() != nil {
			if n++; n > len(b) {
				t.Fatal("more entries than bytes")
			}
		}
	})
}
