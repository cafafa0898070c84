package pattern

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestParseFormat(t *testing.T) {
	for _, tt := range []struct {
		format string
		want   string // kinds and spellings
	}{
		{"", ""},
		{"plain\n", "literal:plain\n"},
		{"100%% x", "literal:100 literal:%% x"},
		{"%5%|", "literal:%%|"},
		{"\x013foo", "literal:foo"},
		{"a\x01cb", "literal:a literal:b"},
		{"%d%i", "int:%d int:%i"},
		{"%-8.3s|", "string:%-8.3s literal:|"},
		{"%*.*s", "string:%*.*s"},
		{"%llx%Lx%qx", "hex:%llx hex:%Lx hex:%qx"},
		{"%zu%Zu%td%jd", "uint:%zu uint:%Zu int:%td int:%jd"},
		{"%#018llX", "hex:%#018llX"},
		{"%pS\n", "symbol:%pS literal:\n"},
		{"%pISpfsc.", "sockaddr:%pISpfsc literal:."},
		{"%pfoo bar", "symbol:%pfoo literal: bar"},
		{"%pfwP", "node:%pfwP"},
		{"%pOFfp: x", "node:%pOFfp literal:: x"},
		{"%*ph %*phN %*pbl %*pEhp", "bytes:%*ph literal:  bytes:%*phN literal:  bitlist:%*pbl literal:  escaped:%*pEhp"},
		{"%ptRs %ptTd %ptSp", "time:%ptRs literal:  time:%ptTd literal:  unknown:%ptSp"},
		{"%pZ", "unknown:%pZ"},
		{"%pCr", "uint:%pCr"},
		{"%p4cc %p4x", "fourcc:%p4cc literal:  unknown:%p4x"},
		{"%pks%pus%pk", "string:%pks string:%pus unknown:%pk"},
		{"50%", "literal:50 invalid:%"},
		{"%f x", "invalid:% literal:f x"},
		{"%.3f", "invalid:%.3 literal:f"},
		{"%ll", "invalid:%ll"},
		{"%n%d", "invalid:% literal:n int:%d"},
		{"%-%d", "literal:%%d"},
		{"%99999999999d", "int:%99999999999d"},
	} {
		elems, err := ParseFormat([]byte(tt.format))
		if err != nil {
			t.Errorf("%q: %v", tt.format, err)
			continue
		}
		var got []string
		for _, e := range elems {
			got = append(got, e.Kind.String()+":"+e.String())
		}
		if g := strings.Join(got, " "); g != tt.want {
			t.Errorf("%q: %q, want %q", tt.format, g, tt.want)
		}
	}
	if _, err := ParseFormat(make([]byte, MaxFormat+1)); !errors.Is(err, ErrFormatTooLong) {
		t.Errorf("a format too long: %v", err)
	}
}

func TestElemArgs(t *testing.T) {
	for format, want := range map[string]int{
		"%d": 1, "%*d": 2, "%*.*s": 3, "%pV": 1, "x": 0, "%%": 0, "%*ph": 2, "%.*s": 2, "%f": 0,
	} {
		elems, err := ParseFormat([]byte(format))
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for _, e := range elems {
			got += e.Args()
		}
		if got != want {
			t.Errorf("%q takes %d arguments, want %d", format, got, want)
		}
	}
	if e := (Elem{Kind: Any}); e.Args() != 0 {
		t.Error("unknown text takes an argument")
	}
}

// TestSpelling: an element without its source text is spelled so that it parses
// to itself.
func TestSpelling(t *testing.T) {
	for _, tt := range matchTests {
		elems, err := ParseFormat([]byte(tt.format))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range elems {
			if !e.Kind.IsConversion() || e.Kind == UnknownPointer {
				continue
			}
			e.Text = nil
			again, err := ParseFormat([]byte(e.String()))
			if err != nil || len(again) != 1 {
				t.Errorf("%q: %q parses to %v, %v", tt.format, e.String(), again, err)
				continue
			}
			a := again[0]
			a.Text = nil
			// Variants that print alike share a spelling.
			if a.String() != e.String() || a.Kind != e.Kind || a.Flags != e.Flags || a.Width != e.Width || a.Prec != e.Prec {
				t.Errorf("%q: %+v spelled %q parses to %+v", tt.format, e, e.String(), a)
			}
		}
	}
}

func TestBuilderDedupes(t *testing.T) {
	b := NewBuilder(0)
	a := addFormat(t, b, "foo %d bar\n")
	for format, same := range map[string]bool{
		"foo %i bar\n": true, "foo %d bar \t\n\n": true, "foo %u bar\n": false, "foo %d bar": false, "foo %ld bar\n": false,
		"foo %5d bar\n": false, "\x016foo %d bar\n": true,
	} {
		if id := addFormat(t, b, format); (id == a) != same {
			t.Errorf("%q is pattern %d, first is %d", format, id, a)
		}
	}
	if id := b.Add([]Elem{Lit("foo"), Lit(" "), {Kind: Int}, Lit(" bar"), Lit("\n")}, false); id != a {
		t.Error("literals are not joined")
	}
	x := b.Add([]Elem{{Kind: Any}, {Kind: Any}}, false)
	if y := b.Add([]Elem{{Kind: Any}}, false); x != y {
		t.Error("unknown texts are not joined")
	}
	for i := range 1000 { // the table grows
		b.Add([]Elem{Lit(strings.Repeat("x", i))}, false)
	}
	if id := addFormat(t, b, "foo %d bar\n"); id != a {
		t.Errorf("after growing: %d, was %d", id, a)
	}
	s := openBuilt(t, b)
	if s.Len() != b.Len() {
		t.Errorf("%d patterns, %d built", s.Len(), b.Len())
	}
	if got := s.Format(a); got != "foo %d bar" {
		t.Errorf("format %q", got)
	}
}

// TestLongPatterns: what is too long for a pattern is matched as unknown text.
func TestLongPatterns(t *testing.T) {
	long := strings.Repeat("0123456789", 100)
	for _, tt := range []struct {
		elems []Elem
		text  string
		want  bool
	}{
		{[]Elem{Lit(long)}, long, true},
		{[]Elem{Lit(long)}, long[:900], false},
		{[]Elem{Lit(long + "\n")}, long + "x", false},
		{[]Elem{Lit("a "), Lit(strings.Repeat(long, 50))}, "a " + strings.Repeat(long, 50), true},
		{[]Elem{Lit("a "), Lit(strings.Repeat(long, 50))}, "b", false},
	} {
		b := NewBuilder(1)
		b.Add(tt.elems, false)
		s := openBuilt(t, b)
		m := s.NewMatcher()
		if got := m.Match(0, []byte(tt.text), nil); got != tt.want {
			t.Errorf("%d bytes: %v", len(tt.text), got)
		}
		if tt.want && len(tt.text) <= 1000 && len(m.Find([]byte(tt.text), nil))+len(m.FindWeak([]byte(tt.text), nil)) != 1 {
			t.Errorf("%d bytes: not found", len(tt.text))
		}
	}
	many := bytes.Repeat([]byte("%d,"), 400)
	elems, err := ParseFormat(many)
	if err != nil {
		t.Fatal(err)
	}
	b := NewBuilder(1)
	b.Add(elems, false)
	if !openBuilt(t, b).NewMatcher().Match(0, bytes.Repeat([]byte("5,"), 400), nil) {
		t.Error("400 conversions do not match")
	}
}

func TestOpenRefuses(t *testing.T) {
	b := NewBuilder(1)
	addFormat(t, b, "foo %d bar\n")
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		t.Fatal(err)
	}
	good := buf.Bytes()
	for n := range len(good) - 8 {
		if _, err := Open(good[:n]); err == nil {
			t.Fatalf("opens %d of %d bytes", n, len(good))
		}
	}
	bad := bytes.Clone(good)
	bad[0] = 'x'
	if _, err := Open(bad); !errors.Is(err, ErrFormat) {
		t.Errorf("wrong magic: %v", err)
	}
	bad = bytes.Clone(good)
	bad[8]++
	if _, err := Open(bad); !errors.Is(err, ErrFormat) {
		t.Errorf("wrong version: %v", err)
	}
	bad = bytes.Clone(good)
	copy(bad[12:], "\xff\xff\xff\xff")
	if _, err := Open(bad); !errors.Is(err, ErrDamaged) {
		t.Errorf("wrong count: %v", err)
	}
	if s, err := Open(good); err != nil || s.codeOf(1) != nil || s.AppendElems(nil, 7) != nil || s.OpenEnded(9) {
		t.Errorf("ids out of range: %v", err)
	}
}

func TestEmptySet(t *testing.T) {
	s := openBuilt(t, NewBuilder(0))
	m := s.NewMatcher()
	if hits := append(m.Find([]byte("x"), nil), m.FindWeak([]byte("x"), nil)...); len(hits) != 0 || m.Match(0, nil, nil) {
		t.Error("an empty set matches")
	}
}

// TestSpecificity checks the order that ranking relies on.
func TestSpecificity(t *testing.T) {
	order := []string{
		"eth0: link is not ready at 00:11\n", "eth0: link is not ready at %pM\n", "eth0: link is not ready\n", "eth0: link is %s ready\n",
		"eth0: link %s\n", "%s: link %d\n", "%s: link %s\n", "%s: %d\n", "%s: %s\n",
	}
	b := NewBuilder(16)
	for _, f := range order {
		addFormat(t, b, f)
	}
	for i := range 200 { // letters in some proportion
		addFormat(t, b, "the link of device number "+strings.Repeat("ab", i%7)+" is not the ready one at all\n")
	}
	s := openBuilt(t, b)
	for id := PatternID(1); int(id) < len(order); id++ {
		if id == 1 {
			continue // a strict form may weigh as much as letters
		}
		if s.Specificity(id) >= s.Specificity(id-1) {
			t.Errorf("%q (%.1f) is not below %q (%.1f)", order[id], s.Specificity(id), order[id-1], s.Specificity(id-1))
		}
	}
	hits := s.NewMatcher().Find([]byte("eth0: link is not ready"), nil)
	if len(hits) != 4 || hits[0].ID != 2 {
		t.Errorf("hits %+v", hits)
	}
}

func TestCandidates(t *testing.T) {
	b := NewBuilder(4)
	one := addFormat(t, b, "%s %s: cannot register driver\n")
	addFormat(t, b, "unrelated text here\n")
	s := openBuilt(t, b)
	var got []PatternID
	s.NewMatcher().Candidates([]byte("usb 1-1: cannot register driver"), func(id PatternID) { got = append(got, id) })
	if len(got) != 1 || got[0] != one {
		t.Errorf("candidates %v", got)
	}
}

// TestWriteIsDeterministic: equal input gives equal bytes.
func TestWriteIsDeterministic(t *testing.T) {
	var first []byte
	for range 2 {
		b := NewBuilder(1)
		for _, tt := range matchTests {
			addFormat(t, b, tt.format)
		}
		var buf bytes.Buffer
		if _, err := b.WriteTo(&buf); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = buf.Bytes()
		} else if !bytes.Equal(first, buf.Bytes()) {
			t.Error("two builds differ")
		}
	}
}
