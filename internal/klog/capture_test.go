package klog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// allForms is one capture with every form that the tests know, and boots.
func allForms() []byte {
	var b bytes.Buffer
	b.WriteString(uboot + armBoot + "root\r\n# \x1b[1mls\x1b[0m\r\n")
	for _, f := range forms {
		b.WriteString(f.capture)
	}
	b.WriteString("\n" + x86Boot)
	return b.Bytes()
}

// TestChunks reads the same capture in pieces of different sizes: the records
// must not depend on how the bytes come.
func TestChunks(t *testing.T) {
	capture := allForms()
	want, err := ReadAll(bytes.NewReader(capture), Options{})
	if err != nil {
		t.Fatal(err)
	}
	checkTiling(t, want, capture)
	for name, in := range map[string]io.Reader{
		"one byte":   iotest.OneByteReader(bytes.NewReader(capture)),
		"half":       iotest.HalfReader(bytes.NewReader(capture)),
		"data+error": iotest.DataErrReader(bytes.NewReader(capture)),
	} {
		got, err := ReadAll(in, Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the log differs", name)
		}
	}
}

// TestPrefixes reads every start of a capture: a log may end anywhere.
func TestPrefixes(t *testing.T) {
	capture := allForms()
	step := 5
	if testing.Short() {
		step = 101
	}
	for n := 0; n < len(capture); n += step {
		l, err := ReadAll(bytes.NewReader(capture[:n]), Options{})
		if err != nil {
			t.Fatalf("first %d bytes: %v", n, err)
		}
		checkTiling(t, l, capture[:n])
		l, err = ReadAll(bytes.NewReader(capture[n:]), Options{})
		if err != nil {
			t.Fatalf("from byte %d: %v", n, err)
		}
		checkTiling(t, l, capture[n:])
	}
}

func TestRandomBytes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"[    1.000000]", "\n", "\r", "\r\n", "\x1b[", "\x1b]", "<6>", "[", " ", "\x00", "\xff", "[   12.345678] ", "6,1,2,-;", "Linux version 6", "{\"MESSAGE\":", "Nov 22 15:04:05 "}
	for range 300 {
		var b []byte
		for len(b) < 2000 {
			if rng.IntN(2) == 0 {
				b = append(b, pieces[rng.IntN(len(pieces))]...)
			} else {
				for range rng.IntN(20) {
					b = append(b, byte(rng.Uint32()))
				}
			}
		}
		if compressionOf(b) != "" || checkFormat(b) != nil {
			continue
		}
		l, err := ReadAll(bytes.NewReader(b), Options{})
		if err != nil {
			t.Fatal(err)
		}
		checkTiling(t, l, b)
	}
}

// TestLongLines: a line of megabytes is cut in Text, never in the ranges, and
// what starts in its midst is found.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", 3<<20)
	l := readString(t, "[    1.000000] a\n[    2.000000] "+long+"\n[    3.000000] b\n", Options{})
	if len(l.Records) != 3 {
		t.Fatalf("%d records, want 3", len(l.Records))
	}
	if r := &l.Records[1]; !r.Flags.Has(FlagTruncated) || len(r.Text) != DefaultMaxText || r.End-r.Start != int64(len(long)+len("[    2.000000] \n")) {
		t.Errorf("%v, %d bytes of text, range of %d", r.Flags.Names(), len(r.Text), r.End-r.Start)
	}
	if r := &l.Records[2]; r.Line != 3 || r.Text != "b" || r.Flags != 0 {
		t.Errorf("behind the long line: line %d, %s", r.Line, show(r))
	}

	l = readString(t, long+"[    2.000000] a[    2.000001] b\n[    3.000000] c", Options{})
	if len(l.Records) != 4 {
		t.Fatalf("%d records, want 4", len(l.Records))
	}
	l.Records[0].Text = ""
	checkShown(t, l, `? truncated ""`, `k 2.000000 mid-line "a"`, `k 2.000001 mid-line "b"`, `k 3.000000 unterminated "c"`)

	// A log that resumes behind a hole of zeros, as after a power cut.
	l = readString(t, "[    1.000000] a\n"+strings.Repeat("\x00", 1<<20)+"[    0.000000] Linux version 6.1.0\n", Options{})
	if len(l.Records) != 3 || l.Records[2].Text != "Linux version 6.1.0" || !l.Records[1].Flags.Has(FlagNUL) {
		t.Errorf("records around a hole: %q", showAll(l))
	}

	// No line feed at all.
	l = readString(t, strings.Repeat("[    1.000000] line\r", 50000), Options{})
	if len(l.Records) != 50000 || l.Stats.Kernel != 50000 {
		t.Errorf("carriage returns alone: %d records, %d of the kernel", len(l.Records), l.Stats.Kernel)
	}
}

func TestMaxText(t *testing.T) {
	l := readString(t, "[    1.000000] äöü\n", Options{MaxText: 3})
	checkShown(t, l, `k 1.000000 truncated "ä"`)
}

// endless is a capture without an end.
type endless struct {
	line []byte
	left int64
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n+len(e.line) <= len(p) {
		n += copy(p[n:], e.line)
	}
	e.left -= int64(n)
	return n, nil
}

// TestMemory reads captures much larger than the memory the reader may hold.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("reads hundreds of megabytes")
	}
	for name, line := range map[string]string{
		"lines":    "[   12.345678] usb 1-1: new high-speed USB device number 2 using xhci_hcd\r\n",
		"no lines": strings.Repeat("no line end ", 10),
		"zeros":    strings.Repeat("\x00", 4096),
		"stamps":   "[   12.345678] ",
		"falling":  "[  100.000000] a\n[    0.000000] Linux version 6\n",
	} {
		r := NewReader(&endless{[]byte(line), 100 << 20}, Options{})
		var before, now runtime.MemStats
		runtime.ReadMemStats(&before)
		for n := 0; ; n++ {
			_, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if n%200000 == 0 {
				runtime.ReadMemStats(&now)
				if grown := int64(now.HeapAlloc) - int64(before.HeapAlloc); grown > 64<<20 {
					t.Fatalf("%s: the heap grew by %d MiB", name, grown>>20)
				}
			}
		}
		if got := r.Stats().Bytes; got < 100<<20 {
			t.Errorf("%s: %d bytes read", name, got)
		}
	}
}

var errBroken = errors.New("cable pulled")

func TestReadError(t *testing.T) {
	in := io.MultiReader(strings.NewReader("[    1.000000] a\n[    2.000000] b"), iotest.ErrReader(errBroken))
	l, err := ReadAll(in, Options{})
	if !errors.Is(err, errBroken) {
		t.Errorf("error %v, want %v", err, errBroken)
	}
	checkShown(t, l, `k 1.000000 "a"`, `k 2.000000 unterminated "b"`)
}

// stuck returns neither data nor an error.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestNoProgress(t *testing.T) {
	if _, err := ReadAll(stuck{}, Options{}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("error %v, want %v", err, io.ErrNoProgress)
	}
}

func TestAll(t *testing.T) {
	n := 0
	for rec, err := range NewReader(strings.NewReader("a\nb\nc\n"), Options{}).All() {
		if err != nil {
			t.Fatal(err)
		}
		if n++; rec.Line != n {
			t.Errorf("line %d, want %d", rec.Line, n)
		}
		if n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d records before the break", n)
	}
	for _, err := range NewReader(iotest.ErrReader(errBroken), Options{}).All() {
		if !errors.Is(err, errBroken) {
			t.Errorf("error %v", err)
		}
	}
}

func TestLooksLikeKernel(t *testing.T) {
	for text, want := range map[string]bool{
		"Kernel panic - not syncing: x": true, "** 3 printk messages dropped **": true, "** bold **": false, "usb 1-1: x": false, "": false,
	} {
		if got := LooksLikeKernel(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, form := range forms {
		f.Add([]byte(form.capture))
	}
	for _, j := range journals {
		f.Add([]byte(j.capture))
	}
	f.Add([]byte(uboot + armBoot))
	f.Add([]byte(panicAt(3) + panicAt(3)))
	f.Add([]byte("[    1.00\n0001] a\n"))
	f.Fuzz(func(t *testing.T, capture []byte) {
		if len(capture) > 1<<16 {
			t.Skip()
		}
		read := func(in io.Reader) *Log {
			r := NewReader(in, Options{MaxText: 40})
			r.maxLine = 300 // long lines are short here
			defer r.stop()
			l := &Log{}
			for {
				rec, err := r.Next()
				if err != nil {
					l.Boots, l.Stats = r.Boots(), r.Stats()
					if l.Stats.Compression == "" && !errors.Is(err, io.EOF) {
						var bad *FormatError
						if !errors.As(err, &bad) {
							t.Fatalf("error %v", err)
						}
						return nil
					}
					return l
				}
				if len(rec.Text) > 40 {
					t.Fatalf("text of %d bytes", len(rec.Text))
				}
				l.Records = append(l.Records, rec)
			}
		}
		l := read(bytes.NewReader(capture))
		if l == nil || l.Stats.Compression != "" {
			return
		}
		checkTiling(t, l, capture)
		if got := read(iotest.OneByteReader(bytes.NewReader(capture))); !reflect.DeepEqual(got, l) {
			for i := range min(len(got.Records), len(l.Records)) {
				if !reflect.DeepEqual(got.Records[i], l.Records[i]) {
					t.Errorf("record %d: %+v and %+v", i, l.Records[i], got.Records[i])
				}
			}
			t.Fatalf("read byte by byte, the log differs: %s and %s", fmt.Sprint(showAll(l)), fmt.Sprint(showAll(got)))
		}
	})
}
