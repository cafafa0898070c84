package store

// The container format of store files: sections with checksums by block.

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
)

// The layout of every file of a store, which docs/index-format.md describes
// byte by byte:
//
//	header    magic [8]byte, format u32, feature u32
//	sections  each at a multiple of 8
//	TOC       count u32, then for each section: tag [8]byte, offset u64,
//	          length u64; then the checksums of all blocks, section by section
//	footer    TOC offset u64, TOC length u64, CRC of header and TOC u32, magic [4]byte
//
// Numbers are little-endian. A section is cut into blocks of BlockSize bytes
// (the last may be shorter); each block has a CRC-32C of its own, so that a
// point query verifies the few blocks it reads and opening a file costs
// nothing that grows with the file but the checksum table (1/4096 of it).
const (
	headerSize = 16
	footerSize = 24
	tocEntry   = 24
	// BlockSize is how many bytes one checksum covers.
	BlockSize = 16 << 10
)

var footerMagic = [4]byte{'o', 'k', '.', '\n'}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maxSections bounds the table of contents of a file that is being opened.
const maxSections = 64

// Kind is a kind of store file: its magic and the one format that is read.
type Kind struct {
	Magic  [8]byte
	Format uint32
}

// Tag names a section.
type Tag [8]byte

// MakeTag pads a name of at most 8 bytes.
func MakeTag(name string) (t Tag) {
	copy(t[:], name)
	return t
}

func (t Tag) String() string {
	n := len(t)
	for n > 0 && t[n-1] == 0 {
		n--
	}
	return string(t[:n])
}

// File is an open, mapped store file. It can be read from several goroutines.
// Reading from it can fault (see Guard).
type File struct {
	path     string
	data     []byte
	info     fs.FileInfo // nil for memory
	unmap    func() error
	forget   func() error
	feature  uint32
	sections []*Section
	sum      uint32
}

// Section is one section of a file.
type Section struct {
	Tag  Tag
	path string
	data []byte
	sums []byte          // CRC-32C of each block
	seen []atomic.Uint32 // bitmap of blocks that were verified
}

// Open maps a file and reads its table of contents. A file that does not exist
// is an fs.ErrNotExist, one of another format an ErrVersion, anything else that
// is wrong an ErrDamaged.
func Open(path string, kind Kind) (*File, error) {
	m, err := mapFile(path)
	if err != nil {
		return nil, err
	}
	f := &File{path: path, data: m.data, info: m.info, unmap: m.unmap, forget: m.forget}
	err = Guard(func() error { return f.readTOC(kind) })
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), m.unmap())
	}
	return f, nil
}

// Replaced reports whether there is another file by now where f was opened, or
// none. As long as f is open, its inode is not used for another.
func (f *File) Replaced() bool {
	if f.info == nil {
		return false
	}
	now, err := os.Stat(f.path)
	return err != nil || !os.SameFile(now, f.info)
}

// OpenBytes is Open over memory.
func OpenBytes(data []byte, kind Kind) (*File, error) {
	nothing := func() error { return nil }
	f := &File{path: "memory", data: data, unmap: nothing, forget: nothing}
	if err := f.readTOC(kind); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *File) readTOC(kind Kind) error {
	d := f.data
	if len(d) < headerSize+footerSize {
		return Damaged("%d bytes are too few", len(d))
	}
	if [8]byte(d) != kind.Magic {
		return Damaged("it does not start as a file of its kind")
	}
	le := binary.LittleEndian
	if format := le.Uint32(d[8:]); format != kind.Format {
		return fmt.Errorf("%w (format %d, this one reads %d)", ErrVersion, format, kind.Format)
	}
	f.feature = le.Uint32(d[12:])
	foot := d[len(d)-footerSize:]
	if [4]byte(foot[20:]) != footerMagic {
		return Damaged("its end is missing")
	}
	off, length := le.Uint64(foot), le.Uint64(foot[8:])
	end := uint64(len(d) - footerSize)
	if off < headerSize || off > end || length != end-off || length < 4 {
		return Damaged("its table of contents is out of place")
	}
	toc := d[off:end]
	sum := crc32.Update(crc32.Checksum(d[:headerSize], castagnoli), castagnoli, toc)
	if sum != le.Uint32(foot[16:]) {
		return Damaged("checksum of its table of contents")
	}
	f.sum = sum
	count := le.Uint32(toc)
	if count > maxSections || uint64(len(toc)) < 4+uint64(count)*tocEntry {
		return Damaged("its table of contents has %d sections", count)
	}
	sums := toc[4+int(count)*tocEntry:]
	for i := range int(count) {
		e := toc[4+i*tocEntry:]
		so, sl := le.Uint64(e[8:]), le.Uint64(e[16:])
		if so < headerSize || so > off || sl > off-so {
			return Damaged("section %d is out of place", i)
		}
		blocks := int((sl + BlockSize - 1) / BlockSize)
		if len(sums) < 4*blocks {
			return Damaged("its checksums are cut short")
		}
		f.sections = append(f.sections, &Section{
			Tag:  Tag(e),
			path: f.path,
			data: d[so : so+sl : so+sl],
			sums: sums[:4*blocks],
			seen: make([]atomic.Uint32, (blocks+31)/32),
		})
		sums = sums[4*blocks:]
	}
	return nil
}

// Close unmaps the file. No slice of it may be used afterwards.
func (f *File) Close() error { return f.unmap() }

// Forget gives back the memory that the pages read so far take. Those who read
// from the file at the same time notice nothing but that it takes longer.
func (f *File) Forget() error { return f.forget() }

// Path is where the file was opened.
func (f *File) Path() string { return f.path }

// Size is the length of the file in bytes.
func (f *File) Size() int64 { return int64(len(f.data)) }

// Sum identifies the content: the checksum over the table of contents, which
// holds the checksums of everything else.
func (f *File) Sum() uint32 { return f.sum }

// Feature is the feature number the writer left.
func (f *File) Feature() uint32 { return f.feature }

// Sections lists the sections in file order.
func (f *File) Sections() []*Section { return f.sections }

// Section returns the section with the tag; one that is missing is damage.
func (f *File) Section(tag Tag) (*Section, error) {
	for _, s := range f.sections {
		if s.Tag == tag {
			return s, nil
		}
	}
	return nil, Damaged("%s: section %q is missing", f.path, tag)
}

// Verify checks every block of every section.
func (f *File) Verify() error {
	for _, s := range f.sections {
		if _, err := s.All(); err != nil {
			return err
		}
	}
	return nil
}

// Len is the length of the section in bytes.
func (s *Section) Len() int { return len(s.data) }

// All returns the whole section, verified.
func (s *Section) All() ([]byte, error) { return s.Bytes(0, uint64(len(s.data))) }

// Bytes returns n bytes at off, verified. A range outside the section is
// damage: whoever asks has read it from the file.
func (s *Section) Bytes(off, n uint64) ([]byte, error) {
	size := uint64(len(s.data))
	if off > size || n > size-off {
		return nil, Damaged("%s: section %q has no bytes %d+%d", s.path, s.Tag, off, n)
	}
	if n == 0 {
		return nil, nil
	}
	for b := off / BlockSize; b <= (off+n-1)/BlockSize; b++ {
		if s.seen[b/32].Load()&(1<<(b%32)) != 0 {
			continue
		}
		if err := s.verify(b); err != nil {
			return nil, err
		}
	}
	return s.data[off : off+n : off+n], nil
}

func (s *Section) verify(b uint64) error {
	block := s.data[b*BlockSize : min((b+1)*BlockSize, uint64(len(s.data)))]
	if crc32.Checksum(block, castagnoli) != binary.LittleEndian.Uint32(s.sums[4*b:]) {
		return Damaged("%s: checksum of section %q at byte %d", s.path, s.Tag, b*BlockSize)
	}
	s.seen[b/32].Or(1 << (b % 32))
	return nil
}

// Writer writes a store file section by section. The first error sticks and
// is returned by Finish.
type Writer struct {
	w        io.Writer
	buf      []byte
	off      uint64 // bytes that left buf
	err      error
	toc      []byte
	sums     []byte
	count    uint32
	open     bool
	start    uint64 // of the open section
	block    uint32 // checksum of the block so far
	inBlock  int
	headSum  uint32
	lengths  []SectionSize
	startTag Tag
	sum      uint32
}

// SectionSize is the size of a section that was written, in bytes.
type SectionSize struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// NewWriter starts a file on w.
func NewWriter(w io.Writer, kind Kind, feature uint32) *Writer {
	sw := &Writer{w: w, buf: make([]byte, 0, 256<<10)}
	sw.buf = append(sw.buf, kind.Magic[:]...)
	sw.buf = binary.LittleEndian.AppendUint32(sw.buf, kind.Format)
	sw.buf = binary.LittleEndian.AppendUint32(sw.buf, feature)
	sw.headSum = crc32.Checksum(sw.buf, castagnoli)
	return sw
}

// Begin ends the open section, if any, and starts one.
func (w *Writer) Begin(tag Tag) {
	w.end()
	if pad := -(w.off + uint64(len(w.buf))) & 7; pad > 0 {
		w.buf = append(w.buf, make([]byte, pad)...)
	}
	w.flush()
	w.open, w.start, w.startTag = true, w.off, tag
	w.block, w.inBlock = 0, 0
}

// Write appends to the open section.
func (w *Writer) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		k := min(len(p), cap(w.buf)-len(w.buf))
		w.buf = append(w.buf, p[:k]...)
		p = p[k:]
		if len(w.buf) == cap(w.buf) {
			w.flush()
		}
	}
	return n, w.err
}

// Pos is how many bytes the open section holds so far.
func (w *Writer) Pos() uint64 { return w.off + uint64(len(w.buf)) - w.start }

// flush hands buf to the file, and to the checksums if a section is open.
func (w *Writer) flush() {
	if w.open {
		for p := w.buf; len(p) > 0; {
			k := min(len(p), BlockSize-w.inBlock)
			w.block = crc32.Update(w.block, castagnoli, p[:k])
			w.inBlock += k
			p = p[k:]
			if w.inBlock == BlockSize {
				w.endBlock()
			}
		}
	}
	if w.err == nil && len(w.buf) > 0 {
		_, w.err = w.w.Write(w.buf)
	}
	w.off += uint64(len(w.buf))
	w.buf = w.buf[:0]
}

func (w *Writer) endBlock() {
	w.sums = binary.LittleEndian.AppendUint32(w.sums, w.block)
	w.block, w.inBlock = 0, 0
}

func (w *Writer) end() {
	if !w.open {
		return
	}
	w.flush()
	if w.inBlock > 0 {
		w.endBlock()
	}
	w.open = false
	w.toc = append(w.toc, w.startTag[:]...)
	w.toc = binary.LittleEndian.AppendUint64(w.toc, w.start)
	w.toc = binary.LittleEndian.AppendUint64(w.toc, w.off-w.start)
	w.count++
	w.lengths = append(w.lengths, SectionSize{w.startTag.String(), int64(w.off - w.start)})
}

// Finish writes the table of contents. It returns the first error of all
// writes; the file is not valid unless it is nil.
func (w *Writer) Finish() error {
	w.end()
	if pad := -w.off & 7; pad > 0 {
		w.buf = append(w.buf, make([]byte, pad)...)
		w.flush()
	}
	toc := binary.LittleEndian.AppendUint32(nil, w.count)
	toc = append(append(toc, w.toc...), w.sums...)
	w.sum = crc32.Update(w.headSum, castagnoli, toc)
	tail := binary.LittleEndian.AppendUint64(toc, w.off)
	tail = binary.LittleEndian.AppendUint64(tail, uint64(len(toc)))
	tail = binary.LittleEndian.AppendUint32(tail, w.sum)
	tail = append(tail, footerMagic[:]...)
	_, _ = w.Write(tail) // the error sticks
	w.flush()
	return w.err
}

// Sizes lists the sections written.
func (w *Writer) Sizes() []SectionSize { return w.lengths }

// Sum is the Sum that the finished file will have.
func (w *Writer) Sum() uint32 { return w.sum }

// Size is the length of the finished file in bytes.
func (w *Writer) Size() int64 { return int64(w.off) }
