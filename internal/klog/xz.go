package klog

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// This file reads the .xz container (https://tukaani.org/xz/xz-file-format.txt)
// around the library's LZMA2 decoder. The library's own container reader
// allocates whatever dictionary a block header asks for, up to 4 GiB; a
// capture is hostile input, so the bound is set here.

// xzMaxDict bounds the dictionary: xz -9 uses 64 MiB.
const xzMaxDict = 128 << 20

var (
	xzMagic       = []byte("\xfd7zXZ\x00")
	xzFooterMagic = []byte("YZ")

	errXZ       = errors.New("damaged data")
	errXZFilter = errors.New("a filter other than LZMA2 is used")
)

// xzReader decompresses concatenated .xz streams.
type xzReader struct {
	in    *bufio.Reader
	count int64 // bytes taken from in

	check     byte // id of the integrity check of the stream
	sum       hash.Hash
	lzma2     *lzma.Reader2 // nil between blocks
	inStream  bool
	blocks    int64 // in the stream
	blockAt   int64 // count at the start of the block's header
	blockOut  int64 // bytes the block gave
	err       error
	streamAny bool // a whole stream was read
}

func newXZReader(in *bufio.Reader) *xzReader { return &xzReader{in: in} }

// xzCounter counts what the LZMA2 decoder takes, byte by byte.
type xzCounter struct{ r *xzReader }

func (c xzCounter) Read(p []byte) (int, error) {
	n, err := c.r.in.Read(p)
	c.r.count += int64(n)
	return n, err
}

func (c xzCounter) ReadByte() (byte, error) {
	b, err := c.r.in.ReadByte()
	if err == nil {
		c.r.count++
	}
	return b, err
}

func (r *xzReader) Read(p []byte) (n int, err error) {
	for r.err == nil && n == 0 && len(p) > 0 {
		switch {
		case !r.inStream:
			r.err = r.startStream()
		case r.lzma2 == nil:
			r.err = r.startBlock()
		default:
			n, err = r.lzma2.Read(p)
			r.blockOut += int64(n)
			if r.sum != nil {
				r.sum.Write(p[:n])
			}
			if errors.Is(err, io.EOF) {
				r.err = r.endBlock()
			} else if err != nil {
				r.err = err
			}
		}
	}
	if n > 0 {
		return n, nil
	}
	return 0, r.err
}

// full reads into p; the end of the input is unexpected.
func (r *xzReader) full(p []byte) error {
	n, err := io.ReadFull(r.in, p)
	r.count += int64(n)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (r *xzReader) startStream() error {
	var h [12]byte
	// Between streams there may be zeros, four at a time.
	for {
		_, err := io.ReadFull(r.in, h[:4])
		if errors.Is(err, io.EOF) && r.streamAny {
			return io.EOF
		}
		if err != nil {
			return io.ErrUnexpectedEOF
		}
		if !r.streamAny || h[0] != 0 || h[1] != 0 || h[2] != 0 || h[3] != 0 {
			break
		}
	}
	if err := r.full(h[4:]); err != nil {
		return err
	}
	if !bytes.Equal(h[:6], xzMagic) || crc32.ChecksumIEEE(h[6:8]) != binary.LittleEndian.Uint32(h[8:]) || h[6] != 0 || h[7] > 15 {
		return errXZ
	}
	r.check, r.inStream, r.blocks = h[7], true, 0
	switch r.check {
	case 1:
		r.sum = crc32.NewIEEE()
	case 4:
		r.sum = crc64.New(crc64.MakeTable(crc64.ECMA))
	case 10:
		r.sum = sha256.New()
	default:
		r.sum = nil
	}
	return nil
}

// xzCheckSize is the size of the integrity check by its id.
var xzCheckSize = [16]int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}

func (r *xzReader) startBlock() error {
	r.blockAt, r.blockOut = r.count, 0
	size, err := xzCounter{r}.ReadByte()
	if err != nil {
		return io.ErrUnexpectedEOF
	}
	if size == 0 {
		return r.endStream()
	}
	h := make([]byte, (int(size)+1)*4)
	h[0] = size
	if err := r.full(h[1:]); err != nil {
		return err
	}
	n := len(h) - 4
	if crc32.ChecksumIEEE(h[:n]) != binary.LittleEndian.Uint32(h[n:]) {
		return errXZ
	}
	flags := h[1]
	if flags&0x3c != 0 {
		return errXZ
	}
	if flags&3 != 0 {
		return errXZFilter
	}
	f := h[2:n]
	for _, bit := range [...]byte{0x40, 0x80} { // compressed, uncompressed size
		if flags&bit != 0 {
			_, k := binary.Uvarint(f)
			if k <= 0 {
				return errXZ
			}
			f = f[k:]
		}
	}
	if len(f) < 3 {
		return errXZ
	}
	if f[0] != 0x21 {
		return errXZFilter
	}
	if f[1] != 1 || f[2] > 40 {
		return errXZ
	}
	dict, err := lzma.DecodeDictCap(f[2])
	if err != nil {
		return errXZ
	}
	if dict > xzMaxDict {
		return fmt.Errorf("a dictionary of %d MiB is needed, %d MiB are allowed", dict>>20, xzMaxDict>>20)
	}
	if r.sum != nil {
		r.sum.Reset()
	}
	r.lzma2, err = lzma.Reader2Config{DictCap: max(int(dict), lzma.MinDictCap)}.NewReader2(xzCounter{r})
	return err
}

func (r *xzReader) endBlock() error {
	r.lzma2 = nil
	r.blocks++
	var pad [4]byte
	for (r.count-r.blockAt)%4 != 0 {
		if err := r.full(pad[:1]); err != nil {
			return err
		}
		if pad[0] != 0 {
			return errXZ
		}
	}
	check := make([]byte, xzCheckSize[r.check])
	if err := r.full(check); err != nil || r.sum == nil {
		return err
	}
	got := r.sum.Sum(nil)
	if r.check != 10 { // CRCs are stored with the least byte first
		for i, j := 0, len(got)-1; i < j; i, j = i+1, j-1 {
			got[i], got[j] = got[j], got[i]
		}
	}
	if !bytes.Equal(got, check) {
		return errors.New("checksum mismatch")
	}
	return nil
}

// endStream reads the index and the footer. The index serves random access;
// of it only the number of records and the checksum are held against the
// blocks.
func (r *xzReader) endStream() error {
	sum := crc32.NewIEEE()
	sum.Write([]byte{0})
	in := xzTee{r, sum}
	records, err := binary.ReadUvarint(in)
	if err != nil {
		return errXZ
	}
	if records != uint64(r.blocks) {
		return errXZ
	}
	for range 2 * records {
		if _, err := binary.ReadUvarint(in); err != nil {
			return errXZ
		}
	}
	for (r.count-r.blockAt)%4 != 0 {
		if b, err := in.ReadByte(); err != nil || b != 0 {
			return errXZ
		}
	}
	var f [16]byte // checksum of the index, footer
	if err := r.full(f[:]); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(f[:]) != sum.Sum32() ||
		crc32.ChecksumIEEE(f[8:14]) != binary.LittleEndian.Uint32(f[4:]) ||
		f[12] != 0 || f[13] != r.check || !bytes.Equal(f[14:], xzFooterMagic) {
		return errXZ
	}
	r.inStream, r.streamAny = false, true
	return nil
}

// xzTee reads bytes and adds them to a checksum.
type xzTee struct {
	r   *xzReader
	sum hash.Hash32
}

func (t xzTee) ReadByte() (byte, error) {
	b, err := xzCounter{t.r}.ReadByte()
	if err == nil {
		t.sum.Write([]byte{b})
	}
	return b, err
}
