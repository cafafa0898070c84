package linkfacts

import (
	"errors"
	"testing"
)

func blob() []byte {
	var b []byte
	b = AppendMacro(b, 3, FlagFunctionLike, []byte("LOG"), []byte("a, ..."), []byte("printk(a)"))
	b = AppendFunc(b, 10, FlagStatic, []byte("f"), nil, nil)
	b = AppendStmt(b, 12, []byte("pr_err"), 0, 2)
	b = AppendArg(b, []byte(`"x %d"`))
	b = AppendArg(b, []byte("n"))
	b = AppendFuncEnd(b)
	b = AppendDriver(b)
	b = AppendName(b, []byte(`"drv"`))
	return AppendKbuild(b, []byte("obj-y += f.o"))
}

func TestRoundTrip(t *testing.T) {
	r := NewReader(blob())
	var tags string
	for rec := r.Next(); rec != nil; rec = r.Next() {
		tags += string(rune(rec.Tag))
		if rec.Tag == TagStmt && (rec.Line != 12 || string(rec.Name) != "pr_err" || len(rec.Args) != 2 || string(rec.Args[1]) != "n") {
			t.Errorf("statement %+v", rec)
		}
	}
	if tags != "MFSEDNK" || r.Err() != nil {
		t.Errorf("%s, %v", tags, r.Err())
	}
}

func TestDamaged(t *testing.T) {
	b := blob()
	for n := range b {
		r := NewReader(b[:n])
		for r.Next() != nil {
		}
		if err := r.Err(); err != nil && !errors.Is(err, ErrDamaged) {
			t.Fatal(err)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(blob())
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReader(b)
		for rec := r.Next(); rec != nil; rec = r.Next() {
			_ = len(rec.Args)
		}
	})
}
