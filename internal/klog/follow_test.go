package klog

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// next returns the next record as the tests show it.
func next(t *testing.T, r *Reader) string {
	t.Helper()
	rec, err := r.Next()
	if err != nil {
		return err.Error()
	}
	return show(&rec)
}

func TestFollowPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, out := io.Pipe()
		r := NewReader(in, Options{Follow: &Follow{Quiet: time.Second}})
		defer r.stop()
		start := time.Now()
		go func() {
			for _, s := range []string{"[    1.000000] a\n[    2.0", "00000] b\n", "board login: "} {
				io.WriteString(out, s) //nolint:errcheck // ends with the test
				time.Sleep(100 * time.Millisecond)
			}
			time.Sleep(10 * time.Second)
			io.WriteString(out, "root\n[    3.000000] c\nrest") //nolint:errcheck // as above
			out.Close()                                         //nolint:errcheck // as above
		}()
		for _, step := range []struct {
			want string
			at   time.Duration
		}{
			{`k 1.000000 "a"`, 0},
			{`k 2.000000 "b"`, 100 * time.Millisecond},
			{`u unterminated "board login: "`, 1200 * time.Millisecond},
			{`u continuation,mid-line "root"`, 10300 * time.Millisecond},
			{`k 3.000000 "c"`, 10300 * time.Millisecond},
			{`u unterminated "rest"`, 10300 * time.Millisecond},
			{"EOF", 10300 * time.Millisecond},
		} {
			if got := next(t, r); got != step.want {
				t.Errorf("got %s, want %s", got, step.want)
			}
			if got := time.Since(start); got != step.at {
				t.Errorf("%s came after %v, want %v", step.want, got, step.at)
			}
		}
	})
}

// growing is a file that another process writes.
type growing struct {
	mu   sync.Mutex
	data []byte
}

func (g *growing) Read(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, g.data)
	g.data = g.data[n:]
	return n, nil
}

func (g *growing) write(s string) {
	g.mu.Lock()
	g.data = append(g.data, s...)
	g.mu.Unlock()
}

func TestFollowFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := &growing{data: []byte("[    1.000000] a\n")}
		done := make(chan struct{})
		r := NewReader(file, Options{Follow: &Follow{Poll: 100 * time.Millisecond, Done: done}})
		defer r.stop()
		go func() {
			time.Sleep(5 * time.Second)
			file.write("[    2.000000] b\n")
			time.Sleep(time.Minute)
			close(done)
		}()
		for _, want := range []string{`k 1.000000 "a"`, `k 2.000000 "b"`, "EOF", "EOF"} {
			if got := next(t, r); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	})
}

// TestFollowMuch follows more than one chunk at a time, without losing a byte.
func TestFollowMuch(t *testing.T) {
	capture := bytes.Repeat([]byte("[    1.000000] usb 1-1: new device\r\n"), 20000)
	r := NewReader(bytes.NewReader(capture), Options{Follow: &Follow{}})
	defer r.stop()
	l := &Log{}
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		l.Records = append(l.Records, rec)
	}
	l.Boots, l.Stats = r.Boots(), r.Stats()
	checkTiling(t, l, capture)
}

func TestFollowCompressed(t *testing.T) {
	for _, in := range []string{string(gzipped(t, plain)), "\x7fELF\x02"} {
		r := NewReader(strings.NewReader(in), Options{Follow: &Follow{}})
		_, err := r.Next()
		var bad *FormatError
		if !errors.As(err, &bad) {
			t.Errorf("%.4q: error %v", in, err)
		}
		r.stop()
	}
}

// TestFollowClose: closing ends the goroutine, whatever it waits for.
func TestFollowClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := &growing{data: []byte("[    1.000000] a\n")}
		r := NewReader(file, Options{Follow: &Follow{Poll: time.Second}})
		if got := next(t, r); got != `k 1.000000 "a"` {
			t.Error(got)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if got := next(t, r); got != "EOF" {
			t.Error(got)
		}
		// The bubble reports a goroutine that is left.
	})
}
