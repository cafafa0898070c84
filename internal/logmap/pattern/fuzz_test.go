package pattern

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"
)

// checkElems fails if elements break what callers rely on.
func checkElems(t *testing.T, format []byte, elems []Elem) {
	t.Helper()
	for i := range elems {
		e := &elems[i]
		if e.Kind == kindEnd || e.Kind >= numKinds {
			t.Fatalf("%q: element %d has kind %v", format, i, e.Kind)
		}
		if len(e.Text) == 0 {
			t.Fatalf("%q: element %d (%v) has no text", format, i, e.Kind)
		}
		if e.Width < FromArg || e.Width > maxCount || e.Prec < FromArg || e.Prec > maxCount {
			t.Fatalf("%q: element %d has width %d, precision %d", format, i, e.Width, e.Prec)
		}
		if e.String() == "" || e.Args() < 0 || e.Args() > 3 {
			t.Fatalf("%q: element %d: %q, %d arguments", format, i, e.String(), e.Args())
		}
	}
}

func FuzzParseFormat(f *testing.F) {
	for _, tt := range matchTests {
		f.Add([]byte(tt.format))
	}
	f.Add([]byte("\x016%-08.3lld%%%"))
	f.Fuzz(func(t *testing.T, format []byte) {
		elems, err := ParseFormat(format)
		if err != nil {
			return
		}
		checkElems(t, format, elems)
		// The compiled form decodes to the same conversions.
		code := appendCode(nil, elems, true)
		var want, got []Elem
		for _, e := range elems {
			if e.Kind.IsConversion() {
				e.Text = nil
				want = append(want, e)
			}
		}
		for _, e := range appendElems(nil, code) {
			if e.Kind.IsConversion() {
				got = append(got, e)
			}
		}
		if len(want) >= maxSpans || len(format) > maxCode {
			return
		}
		if len(got) != len(want) {
			t.Fatalf("%q: %d conversions compiled, %d decoded", format, len(want), len(got))
		}
		for i := range want {
			g, w := got[i], want[i]
			g.Text = nil
			if g.String() != w.String() || g.Kind != w.Kind || g.Var != w.Var || g.Size != w.Size {
				t.Fatalf("%q: conversion %d is %v, decoded %v", format, i, w, g)
			}
		}
	})
}

// checkCaptures fails if captures do not fit the text.
func checkCaptures(t *testing.T, text []byte, c *Captures) {
	t.Helper()
	at := 0
	for i, sp := range c.Spans {
		if sp.Start < at || sp.End < sp.Start || sp.End > len(text) {
			t.Fatalf("span %d is %v after %d in a text of %d bytes", i, sp, at, len(text))
		}
		at = sp.End
	}
	if c.End < at && !c.Whole || c.End > len(text) || c.MinEnd > c.End {
		t.Fatalf("ends %d, %d, spans end at %d, text of %d bytes", c.End, c.MinEnd, at, len(text))
	}
}

func FuzzMatch(f *testing.F) {
	for _, tt := range matchTests {
		for i := 0; i < len(tt.texts); i += 2 {
			f.Add([]byte(tt.format), []byte(tt.texts[i]))
		}
	}
	f.Add([]byte("%s%s%s%s%s%s x\n"), bytes.Repeat([]byte("ab "), 500))
	f.Add([]byte("%c%c%c%c%d%d%x%x%s!\n"), bytes.Repeat([]byte("1"), 500))
	f.Fuzz(func(t *testing.T, format, text []byte) {
		elems, err := ParseFormat(format)
		if err != nil {
			return
		}
		b := NewBuilder(2)
		closed, open := b.Add(elems, false), b.Add(elems, true)
		s := openBuilt(t, b)
		m := s.NewMatcher()
		start := time.Now()
		var c Captures
		matched := m.Match(closed, text, &c)
		if matched {
			checkCaptures(t, text, &c)
			if !c.Whole {
				t.Fatal("a closed pattern matched a prefix")
			}
			for i, e := range s.AppendElems(nil, closed) {
				_ = e.String()
				if i < len(c.Spans) {
					_ = Value(e, c.Spans[i].Text(text))
				}
			}
		}
		gaveUp := m.Exhausted()
		if m.Match(open, text, &c) {
			checkCaptures(t, text, &c)
		}
		gaveUp = m.Exhausted() || gaveUp
		hits := append(m.Find(text, nil), m.FindWeak(text, nil)...)
		found := false
		for _, h := range hits {
			found = found || h.ID == closed
		}
		if found != matched && !gaveUp {
			t.Fatalf("match %v, found %v", matched, found)
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Fatalf("took %v", d)
		}
	})
}

func FuzzOpen(f *testing.F) {
	// Small sets, so that most changes hit something that matters.
	for i := 0; i+3 < len(matchTests); i += 3 {
		b := NewBuilder(4)
		for _, tt := range matchTests[i : i+3] {
			addFormat(f, b, tt.format)
		}
		var buf bytes.Buffer
		if _, err := b.WriteTo(&buf); err != nil {
			f.Fatal(err)
		}
		f.Add(buf.Bytes(), []byte(matchTests[i].texts[0]), uint16(i), byte(i))
	}
	for _, tt := range matchTests {
		elems, err := ParseFormat([]byte(tt.format))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(appendCode(nil, elems, false), []byte(tt.texts[0]), uint16(0), byte(0))
	}
	f.Fuzz(func(t *testing.T, set, text []byte, at uint16, flip byte) {
		checkCode(t, set, text)
		set = bytes.Clone(set)
		if int(at) < len(set) {
			// From the end: there is the code.
			set[len(set)-1-int(at)] ^= flip
		}
		s, err := Open(set)
		if err != nil {
			return
		}
		m := s.NewMatcher()
		var c Captures
		for _, h := range append(m.Find(text, nil), m.FindWeak(text, nil)...) {
			if m.Match(h.ID, text, &c) {
				checkCaptures(t, text, &c)
			}
		}
		for id := range PatternID(min(s.Len()+1, 64)) {
			_ = s.Format(id)
			_, _ = s.Specificity(id), s.OpenEnded(id)
			m.Match(id, text, &c)
		}
	})
}

// checkCode uses bytes as the code of a pattern.
func checkCode(t *testing.T, code, text []byte) {
	s := &Set{
		patterns: 1, code: code, spec: make([]byte, 2),
		offsets: binary.LittleEndian.AppendUint32(make([]byte, 4), uint32(len(code))),
	}
	m := s.NewMatcher()
	var c Captures
	if m.Match(0, text, &c) {
		for i, sp := range c.Spans {
			if sp.Start > sp.End || sp.Start < 0 || sp.End > len(text) {
				t.Fatalf("span %d is %v in a text of %d bytes", i, sp, len(text))
			}
		}
	}
	for _, e := range s.AppendElems(nil, 0) {
		_ = e.String()
		_ = Value(e, text)
	}
	if len(code) >= codeHeader {
		_ = patternSignature(code)
		eachRun(code, func([]byte, int, bool, bool) {})
	}
}
