package render

import (
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

// spoolMemory is how much a Spool keeps in memory.
const spoolMemory = 32 << 20

// TempFile is where a Spool puts what is too much for memory.
type TempFile interface {
	io.Reader
	io.Writer
	io.Seeker
	io.Closer
}

// Spool keeps output until it is wanted: in memory, or compressed in a file when
// it is much. The records of a 2 GB log wait there for the summary that is
// shown before them.
type Spool struct {
	temp func() (TempFile, error)
	mem  bytes.Buffer
	file TempFile
	enc  *zstd.Encoder
	n    int64
}

// NewSpool returns a Spool; temp makes a file that vanishes with Close.
func NewSpool(temp func() (TempFile, error)) *Spool { return &Spool{temp: temp} }

// Len is the number of bytes written.
func (s *Spool) Len() int64 { return s.n }

// Write implements io.Writer.
func (s *Spool) Write(p []byte) (int, error) {
	s.n += int64(len(p))
	if s.enc == nil && s.mem.Len()+len(p) <= spoolMemory {
		return s.mem.Write(p)
	}
	if s.enc == nil {
		file, err := s.temp()
		if err != nil {
			return 0, err
		}
		s.file = file
		s.enc, err = zstd.NewWriter(file, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
		if err != nil {
			return 0, err
		}
	}
	return s.enc.Write(p)
}

// WriteTo implements io.WriterTo: it writes everything, once.
func (s *Spool) WriteTo(w io.Writer) (int64, error) {
	n, err := s.mem.WriteTo(w)
	if err != nil || s.enc == nil {
		return n, err
	}
	if err := s.enc.Close(); err != nil {
		return n, err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return n, err
	}
	dec, err := zstd.NewReader(s.file, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return n, err
	}
	defer dec.Close()
	m, err := dec.WriteTo(w)
	return n + m, err
}

// Close gives up the file.
func (s *Spool) Close() error {
	if s.file == nil {
		return nil
	}
	var err error
	if s.enc != nil {
		// Closing twice is allowed; of what is discarded no error matters.
		if cerr := s.enc.Close(); cerr != nil && !errors.Is(cerr, zstd.ErrEncoderClosed) {
			err = cerr
		}
	}
	return errors.Join(err, s.file.Close())
}
