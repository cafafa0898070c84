package klog

import (
	"errors"
	"io"
	"time"
)

// errQuiet is what a source returns in follow mode when nothing came for the
// quiet time.
var errQuiet = errors.New("klog: quiet")

// Follow configures reading a capture that still grows.
type Follow struct {
	// Quiet is how long a line may stay without its end before what there is
	// of it is delivered. 0 means one second.
	Quiet time.Duration
}

// source is the decompressed capture.
type source struct {
	raw         io.Reader
	compression string
	encoding    string
}

func (s *source) open(f *Follow) error { return nil }

func (s *source) read(p []byte) (int, error) { return s.raw.Read(p) }

func (s *source) close() error { return nil }
