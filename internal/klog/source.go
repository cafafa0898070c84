package klog

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// This file opens a capture: it recognises compression and encoding by the
// first bytes, and says plainly what is no text at all. Decompression is a
// stream: a decompression bomb costs time, never memory.

// FormatError says that the input is a file of another kind than a log.
type FormatError struct {
	// What the input is, with its article: "a systemd journal file".
	What string
	// Hint is a command that makes a log of it, or "".
	Hint string
}

func (e *FormatError) Error() string {
	s := "the input is " + e.What + ", not a log"
	if e.Hint != "" {
		s += "; try " + e.Hint
	}
	return s
}

// otherFormats are the kinds of files that get passed for logs.
var otherFormats = []struct {
	magic string
	FormatError
}{
	{"LPKSHHRH", FormatError{"a systemd journal file", "journalctl -k --file=FILE"}},
	{"KDUMP   ", FormatError{"a kernel dump", "vmcore-dmesg FILE"}},
	{"DISKDUMP", FormatError{"a kernel dump", "vmcore-dmesg FILE"}},
	{"\x7fELF", FormatError{"an ELF file", "vmcore-dmesg FILE if it is a kernel dump"}},
	{"\x04\x22\x4d\x18", FormatError{"lz4-compressed", "lz4 -dc FILE"}},
	{"\x89LZO\x00", FormatError{"lzop-compressed", "lzop -dc FILE"}},
	{"LZIP", FormatError{"lzip-compressed", "lzip -dc FILE"}},
	{"PK\x03\x04", FormatError{"a zip archive", "unzip -p FILE"}},
	{"7z\xbc\xaf\x27\x1c", FormatError{"a 7-Zip archive", "7z x -so FILE"}},
	{"\x17\x08\x44tracing", FormatError{"a trace-cmd file", "trace-cmd report FILE"}},
	{"PERFILE2", FormatError{"a perf data file", "perf script -i FILE"}},
	{"%PDF-", FormatError{"a PDF document", ""}},
	{"\x89PNG\r\n", FormatError{"a PNG image", ""}},
	{"\xff\xd8\xff", FormatError{"a JPEG image", ""}},
	{"!<arch>\n", FormatError{"an ar archive", ""}},
	{"SQLite format 3\x00", FormatError{"an SQLite database", ""}},
}

// tarMagicAt is where a tar header holds "ustar".
const tarMagicAt = 257

// checkFormat reports what the start of a decompressed capture is, if it is
// known to be no text.
func checkFormat(head []byte) error {
	for i := range otherFormats {
		if bytes.HasPrefix(head, []byte(otherFormats[i].magic)) {
			return &otherFormats[i].FormatError
		}
	}
	if len(head) > tarMagicAt+5 && string(head[tarMagicAt:tarMagicAt+5]) == "ustar" {
		return &FormatError{"a tar archive", "tar -xOf FILE MEMBER"}
	}
	return nil
}

// compressionOf names the compression by the first bytes.
func compressionOf(head []byte) string {
	switch {
	case len(head) < 4:
		return ""
	case head[0] == 0x1f && head[1] == 0x8b && head[2] == 8:
		return "gzip"
	case bytes.HasPrefix(head, xzMagic):
		return "xz"
	case head[0] == 0x28 && head[1] == 0xb5 && head[2] == 0x2f && head[3] == 0xfd,
		head[0]&0xf0 == 0x50 && head[1] == 0x2a && head[2] == 0x4d && head[3] == 0x18: // skippable frame first
		return "zstd"
	case head[0] == 'B' && head[1] == 'Z' && head[2] == 'h' && head[3] >= '1' && head[3] <= '9' &&
		len(head) >= 10 && (string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17rE8P\x90"):
		return "bzip2"
	}
	return ""
}

// zstdMaxWindow bounds the window: what zstd itself accepts by default.
const zstdMaxWindow = 128 << 20

// source is the decompressed capture.
type source struct {
	raw         io.Reader // as given
	in          io.Reader // decompressed and decoded
	follow      *follower
	zstd        *zstd.Decoder
	compression string
	encoding    string
}

// headSize is how much of the start is looked at to tell formats apart.
const headSize = 512

// open prepares reading. The errors of the underlying reader come out of read.
func (s *source) open(f *Follow) error {
	if f != nil {
		s.follow = newFollower(s.raw, f)
		return nil
	}
	br := bufio.NewReaderSize(s.raw, 64<<10)
	head, err := br.Peek(headSize)
	if len(head) == 0 && err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	s.compression = compressionOf(head)
	if s.compression == "" {
		return s.decode(br)
	}
	var in io.Reader
	switch s.compression {
	case "gzip":
		in, err = gzip.NewReader(br)
	case "xz":
		in, err = newXZReader(br), nil
	case "bzip2":
		in, err = bzip2.NewReader(br), nil
	case "zstd":
		s.zstd, err = zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(zstdMaxWindow), zstd.WithDecoderMaxMemory(zstdMaxWindow))
		in = s.zstd
	}
	if err != nil {
		return s.wrap(err)
	}
	return s.decode(bufio.NewReaderSize(in, 64<<10))
}

// decode looks at the start of the decompressed capture.
func (s *source) decode(br *bufio.Reader) error {
	head, err := br.Peek(headSize)
	if len(head) == 0 && err != nil && !errors.Is(err, io.EOF) {
		return s.wrap(err)
	}
	if err := checkFormat(head); err != nil {
		return err
	}
	s.in = br
	encoding, mark := utf16Order(head)
	if encoding == "" {
		return nil
	}
	s.encoding = encoding
	if _, err := br.Discard(mark); err != nil {
		return s.wrap(err)
	}
	s.in = &utf16Reader{in: br, big: encoding == "utf-16be"}
	return nil
}

// wrap says which compression an error is of.
func (s *source) wrap(err error) error {
	if s.compression == "" || errors.Is(err, io.EOF) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s: the compressed data is cut off: %w", s.compression, err)
	}
	return fmt.Errorf("%s: %w", s.compression, err)
}

func (s *source) read(p []byte) (int, error) {
	if s.follow != nil {
		return s.follow.read(p)
	}
	n, err := s.in.Read(p)
	if err != nil {
		err = s.wrap(err)
	}
	return n, err
}

func (s *source) close() {
	if s.zstd != nil {
		s.zstd.Close()
	}
	if s.follow != nil {
		s.follow.stop()
	}
}
