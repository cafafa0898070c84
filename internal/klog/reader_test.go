package klog

import (
	"bytes"
	"strings"
	"testing"
)

// checkTiling holds a log against the capture it was read from: the byte
// ranges of the records cover it exactly, and what else every log keeps.
func checkTiling(t *testing.T, l *Log, capture []byte) {
	t.Helper()
	if l.Stats.Encoding != "" {
		return // the ranges are of the text after decoding
	}
	var at int64
	line := 0
	for i := range l.Records {
		rec := &l.Records[i]
		if rec.Start != at {
			t.Fatalf("record %d (line %d) starts at %d, the one before ends at %d", i, rec.Line, rec.Start, at)
		}
		if rec.End <= rec.Start {
			t.Fatalf("record %d (line %d) is empty: [%d, %d)", i, rec.Line, rec.Start, rec.End)
		}
		if rec.TextStart < rec.Start || rec.TextStart > rec.End {
			t.Fatalf("record %d: text starts at %d, outside of [%d, %d)", i, rec.TextStart, rec.Start, rec.End)
		}
		if rec.Line < line {
			t.Fatalf("record %d: line %d after line %d", i, rec.Line, line)
		}
		if rec.Boot < 1 || rec.Boot > l.Boots[len(l.Boots)-1].Number {
			t.Fatalf("record %d: boot %d of %d", i, rec.Boot, len(l.Boots))
		}
		line, at = rec.Line, rec.End
	}
	if at != int64(len(capture)) {
		t.Fatalf("records end at %d, the capture at %d", at, len(capture))
	}
	if l.Stats.Bytes != int64(len(capture)) {
		t.Errorf("Stats.Bytes = %d, want %d", l.Stats.Bytes, len(capture))
	}
	if l.Stats.Records != int64(len(l.Records)) {
		t.Errorf("Stats.Records = %d, want %d", l.Stats.Records, len(l.Records))
	}
	lines := int64(bytes.Count(capture, []byte{'\n'}))
	if n := len(capture); n > 0 && capture[n-1] != '\n' {
		lines++
	}
	if l.Stats.Lines != lines {
		t.Errorf("Stats.Lines = %d, want %d", l.Stats.Lines, lines)
	}
}

func readString(t *testing.T, capture string, opts Options) *Log {
	t.Helper()
	l, err := ReadAll(strings.NewReader(capture), opts)
	if err != nil {
		t.Fatalf("ReadAll: %v", err)
	}
	checkTiling(t, l, []byte(capture))
	return l
}

func TestSplitMidLine(t *testing.T) {
	l := readString(t, "login: [   12.345678] usb 1-1: new device[   12.345679] usb 1-2: gone\r\n\x1b[0;32m[   12.4\r\n<6>[   13.000000][   T12] foo \r\r\n", Options{})
	want := []string{"login: ", "usb 1-1: new device", "usb 1-2: gone", "[   12.4", "foo "}
	if len(l.Records) != len(want) {
		t.Fatalf("%d records: %+v", len(l.Records), l.Records)
	}
	for i, w := range want {
		if l.Records[i].Text != w {
			t.Errorf("record %d: text %q, want %q", i, l.Records[i].Text, w)
		}
	}
	if r := l.Records[4]; r.Caller != "T12" || r.Level != 6 || r.Time.Seconds() != 13 {
		t.Errorf("%+v", r)
	}
}
