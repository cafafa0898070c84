package klog

import (
	"errors"
	"io"
	"sync"
	"time"
)

// This file reads a capture that still grows: a pipe from dmesg --follow or a
// terminal program, or a file that one of them writes.

// errQuiet is what a follower returns when nothing came for the quiet time.
var errQuiet = errors.New("nothing came for a while")

// Follow configures reading a capture that still grows.
type Follow struct {
	// Quiet is how long a line may stay without its end before what there is
	// of it is delivered (a prompt); what comes later on the same line is a
	// record of its own. 0 means one second.
	Quiet time.Duration
	// Poll is how long to wait at the end of the input before looking for
	// more, as for a growing file. 0 makes the end of the input the end of
	// the capture, as for a pipe.
	Poll time.Duration
	// Done ends the capture when closed. A read of the input that is under
	// way then is left behind until it returns.
	Done <-chan struct{}
}

// defaultQuiet is Follow.Quiet if that is 0.
const defaultQuiet = time.Second

// follower reads the input in a goroutine, so that the reader can tell a quiet
// time from a slow line.
type follower struct {
	opts   Follow
	chunks chan chunk
	free   chan []byte // buffers to fill
	rest   []byte      // of the chunk read last
	buf    []byte      // its memory
	err    error       // what came with it
	quit   chan struct{}
	once   sync.Once
	head   bool // the first chunk has been looked at
}

type chunk struct {
	data []byte
	err  error
}

// followChunk is the most that one read of the input takes.
const followChunk = 64 << 10

func newFollower(in io.Reader, opts *Follow) *follower {
	f := &follower{opts: *opts, chunks: make(chan chunk), free: make(chan []byte, 2), quit: make(chan struct{})}
	if f.opts.Quiet <= 0 {
		f.opts.Quiet = defaultQuiet
	}
	f.free <- make([]byte, followChunk)
	f.free <- make([]byte, followChunk)
	go f.pump(in)
	return f
}

// stop lets the goroutine end.
func (f *follower) stop() { f.once.Do(func() { close(f.quit) }) }

// pump reads the input and hands over what it gives.
func (f *follower) pump(in io.Reader) {
	for {
		var buf []byte
		select {
		case buf = <-f.free:
		case <-f.quit:
			return
		case <-f.opts.Done:
			return
		}
		n, err := in.Read(buf)
		wait := f.opts.Poll > 0 && (errors.Is(err, io.EOF) || err == nil && n == 0)
		if wait {
			err = nil
		}
		if n == 0 && err == nil {
			f.free <- buf
		} else {
			select {
			case f.chunks <- chunk{buf[:n], err}:
			case <-f.quit:
				return
			case <-f.opts.Done:
				return
			}
		}
		if err != nil {
			return
		}
		if wait {
			t := time.NewTimer(f.opts.Poll)
			select {
			case <-t.C:
			case <-f.quit:
			case <-f.opts.Done:
			}
			t.Stop()
		}
	}
}

// read returns what came, errQuiet if nothing did for the quiet time, io.EOF
// once Done is closed.
func (f *follower) read(p []byte) (int, error) {
	if len(f.rest) == 0 {
		if f.err != nil {
			return 0, f.err
		}
		if f.buf != nil {
			f.free <- f.buf[:followChunk]
			f.buf = nil
		}
		t := time.NewTimer(f.opts.Quiet)
		defer t.Stop()
		select {
		case c := <-f.chunks:
			f.rest, f.buf, f.err = c.data, c.data, c.err
			if err := f.look(); err != nil {
				f.rest, f.err = nil, err
				return 0, err
			}
		case <-t.C:
			return 0, errQuiet
		case <-f.quit:
			return 0, io.EOF
		case <-f.opts.Done:
			return 0, io.EOF
		}
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	if len(f.rest) == 0 && n == 0 {
		return 0, f.err
	}
	return n, nil
}

// look refuses at the first chunk what cannot be followed.
func (f *follower) look() error {
	if f.head {
		return nil
	}
	f.head = true
	if c := compressionOf(f.rest); c != "" {
		return &FormatError{c + "-compressed", "it without following"}
	}
	return checkFormat(f.rest)
}
