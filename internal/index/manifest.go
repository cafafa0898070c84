package index

// Manifests: what a tree consists of.

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"time"

	"dekho/internal/lang"
	"dekho/internal/source"
	"dekho/internal/store"
)

// manifestKind is the format of manifests.
var manifestKind = store.Kind{Magic: [8]byte{'D', 'E', 'K', 'H', 'O', 'T', 'R', 'E'}, Format: 1}

// The sections of a manifest. docs/index-format.md describes them.
var (
	tagMeta    = store.MakeTag("meta")    // JSON of type meta
	tagPathIdx = store.MakeTag("pathidx") // u32: where each path starts, and the end
	tagPaths   = store.MakeTag("paths")   // in byte order
	tagBlobs   = store.MakeTag("blobs")   // u32 for each file: its blob
	tagFiles   = store.MakeTag("files")   // u32 for each blob: a file with it, or noFile
	tagSame    = store.MakeTag("same")    // u32 for each file: the next file with the same blob, or noFile
	tagStamps  = store.MakeTag("stamps")  // stampSize bytes for each file
	tagSkips   = store.MakeTag("skips")   // files that were left out
)

// Info describes an indexed tree.
type Info struct {
	// Root is the directory of the tree: absolute, without symbolic links.
	Root string `json:"root"`
	// Name is what people call the tree.
	Name string `json:"name"`
	// Kernel is the version if the tree is a Linux kernel ("6.1.192"), or "".
	Kernel string `json:"kernel,omitempty"`
	// Indexed is when the tree was last found changed and indexed.
	Indexed time.Time `json:"indexed"`
	// Files and Bytes count what is indexed.
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
	// Skipped counts what is not, by reason.
	Skipped map[string]int `json:"skipped,omitempty"`
	// Stats are those of the run that wrote the manifest.
	Stats Stats `json:"stats"`
}

// meta is what a manifest says besides its tables.
type meta struct {
	Info
	Segments  []segmentRef  `json:"segments"`
	Artifacts []artifactRef `json:"artifacts,omitempty"`
	Languages string        `json:"languages"` // fingerprint of the table of languages
}

// segmentRef names a segment. The blobs of all segments of a manifest are
// numbered through, in this order.
type segmentRef struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	Sum  uint32 `json:"sum"`
	Docs int    `json:"docs"`
}

// artifactRef names what a linker wrote.
type artifactRef struct {
	Linker  string `json:"linker"`
	Version uint32 `json:"version"`
	Name    string `json:"name"` // of the file
	Size    int64  `json:"size"`
	Sum     uint32 `json:"sum"`
	// Stale says that the tree has changed since, see Options.DeferLinks.
	Stale bool `json:"stale,omitempty"`
}

// maxFiles bounds the files of a tree and the blobs of its segments, so that
// no table outgrows an int of any platform.
const maxFiles = 1 << 26

// maxSegments bounds the segments of a tree. Folding keeps them to a few.
const maxSegments = 1 << 10

// noFile in the tables files and same means there is none.
const noFile = 1<<32 - 1

// stampSize is the size of an entry of stamps: size, mtime, ctime and inode,
// u64 each. The top bit of the size says that the file must be read again to
// know whether it changed; see source.Stamp.Racy.
const stampSize = 32

// treeID is the name of a tree's manifest.
func treeID(root string) string {
	h := sha256.Sum256([]byte(root))
	return hex.EncodeToString(h[:10])
}

// fingerprint identifies a table of languages.
func fingerprint(languages []lang.Language) string {
	var b []byte
	for _, l := range languages {
		b = appendString(b, l.Name)
		b = binary.AppendUvarint(b, uint64(l.Version))
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:8])
}

// fileEntry is a file on its way into a manifest.
type fileEntry struct {
	source.File
	racy bool
	seg  int // index into the segments of the update, -1 if skipped
	doc  uint32
}

// skipEntry is a skipped file with its stamp, so that it is not looked into
// again while it does not change.
type skipEntry struct {
	source.Skip
	stamp source.Stamp
	racy  bool
}

// writeManifest writes a manifest. Entries are in byte order of their paths,
// their segments are indexes into m.Segments.
func writeManifest(w io.Writer, m *meta, files []fileEntry, skips []skipEntry) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	sw := store.NewWriter(w, manifestKind, 0)
	put := func(tag store.Tag, b []byte) {
		sw.Begin(tag)
		_, _ = sw.Write(b) // Finish returns the first error of all writes
	}
	put(tagMeta, text)

	bases := make([]uint32, len(m.Segments))
	docs := 0
	for i, s := range m.Segments {
		bases[i] = uint32(docs)
		docs += s.Docs
	}
	blobs := make([]uint32, len(files))
	same := make([]uint32, len(files))
	first := make([]uint32, docs)
	for i := range first {
		first[i] = noFile
	}
	pathIdx := make([]uint32, 0, len(files)+1)
	var paths []byte
	stamps := make([]byte, 0, stampSize*len(files))
	for i := len(files) - 1; i >= 0; i-- { // backwards, to chain forwards
		b := bases[files[i].seg] + files[i].doc
		blobs[i] = b
		same[i], first[b] = first[b], uint32(i)
	}
	for _, f := range files {
		pathIdx = append(pathIdx, uint32(len(paths)))
		paths = append(paths, f.Path...)
		stamps = appendStamp(stamps, f.Stamp, f.racy)
	}
	pathIdx = append(pathIdx, uint32(len(paths)))
	if uint64(len(paths)) >= 1<<32 || len(files) > maxFiles || docs > maxFiles {
		return errors.New("the tree has too many files")
	}
	sw.Begin(tagPathIdx)
	writeUint32s(sw, pathIdx)
	put(tagPaths, paths)
	sw.Begin(tagBlobs)
	writeUint32s(sw, blobs)
	sw.Begin(tagFiles)
	writeUint32s(sw, first)
	sw.Begin(tagSame)
	writeUint32s(sw, same)
	put(tagStamps, stamps)
	b := binary.AppendUvarint(nil, uint64(len(skips)))
	for _, s := range skips {
		b = appendString(b, s.Path)
		b = append(b, byte(s.Reason))
		b = appendString(b, s.Detail)
		b = appendStamp(b, s.stamp, s.racy)
	}
	put(tagSkips, b)
	return sw.Finish()
}

func appendStamp(b []byte, s source.Stamp, isRacy bool) []byte {
	le := binary.LittleEndian
	size := uint64(s.Size) & sizeMask
	if isRacy {
		size |= 1 << 63
	}
	b = le.AppendUint64(b, size)
	b = le.AppendUint64(b, uint64(s.Mtime))
	b = le.AppendUint64(b, uint64(s.Ctime))
	return le.AppendUint64(b, s.Ino)
}

const sizeMask = 1<<63 - 1

func decodeStamp(p []byte) (s source.Stamp, isRacy bool) {
	le := binary.LittleEndian
	size := le.Uint64(p)
	return source.Stamp{
		Size:  int64(size & sizeMask),
		Mtime: int64(le.Uint64(p[8:])),
		Ctime: int64(le.Uint64(p[16:])),
		Ino:   le.Uint64(p[24:]),
	}, size>>63 != 0
}

// manifest is an open manifest.
type manifest struct {
	meta
	f     *store.File
	bases []uint32 // number of the first blob of each segment
	docs  int      // blobs of all segments

	pathIdx, paths, blobs, files, same []byte // verified
	stamps, skips                      *store.Section
}

func openManifest(path string) (*manifest, error) {
	f, err := store.Open(path, manifestKind)
	if err != nil {
		return nil, err
	}
	m, err := newManifest(f)
	if err != nil {
		_ = f.Close() // the first error tells more
		return nil, err
	}
	return m, nil
}

// newManifest verifies the tables that queries use: they are a few megabytes,
// and lookups in them need no errors then.
func newManifest(f *store.File) (*manifest, error) {
	m := &manifest{f: f}
	return m, store.Guard(m.read)
}

func (m *manifest) read() error {
	if err := m.readMeta(); err != nil {
		return err
	}
	for tag, p := range map[store.Tag]*[]byte{
		tagPathIdx: &m.pathIdx, tagPaths: &m.paths, tagBlobs: &m.blobs, tagFiles: &m.files, tagSame: &m.same,
	} {
		sec, err := m.f.Section(tag)
		if err != nil {
			return err
		}
		if *p, err = sec.All(); err != nil {
			return err
		}
	}
	var err error
	if m.stamps, err = m.f.Section(tagStamps); err != nil {
		return err
	}
	if m.skips, err = m.f.Section(tagSkips); err != nil {
		return err
	}
	for _, s := range m.Segments {
		m.bases = append(m.bases, uint32(m.docs))
		m.docs += s.Docs
	}
	n := m.Files
	if n < 0 || n > maxFiles || m.docs > maxFiles || len(m.pathIdx) != 4*(n+1) || len(m.blobs) != 4*n || len(m.same) != 4*n ||
		len(m.files) != 4*m.docs || m.stamps.Len() != stampSize*n {
		return store.Damaged("%s: tables do not fit its counts", m.f.Path())
	}
	return nil
}

// readMeta reads only the description.
func (m *manifest) readMeta() error {
	sec, err := m.f.Section(tagMeta)
	if err != nil {
		return err
	}
	text, err := sec.All()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &m.meta); err != nil {
		return store.Damaged("%s: %v", m.f.Path(), err)
	}
	if len(m.Segments) > maxSegments {
		return store.Damaged("%s: %d segments", m.f.Path(), len(m.Segments))
	}
	for _, s := range m.Segments {
		if !store.ValidName(s.Name) || s.Docs < 0 || s.Docs > maxFiles {
			return store.Damaged("%s: segment %q", m.f.Path(), s.Name)
		}
	}
	for _, a := range m.Artifacts {
		if !store.ValidName(a.Name) {
			return store.Damaged("%s: artifact %q", m.f.Path(), a.Name)
		}
	}
	return nil
}

// describe reads the description of a tree and nothing else.
func describe(path string) (*meta, error) {
	f, err := store.Open(path, manifestKind)
	if err != nil {
		return nil, err
	}
	m := &manifest{f: f}
	err = store.Guard(m.readMeta)
	return &m.meta, errors.Join(err, f.Close())
}

// path is the path of a file, or nil for one that does not exist.
func (m *manifest) path(i uint32) []byte {
	if uint64(i) >= uint64(m.Files) {
		return nil
	}
	le := binary.LittleEndian
	from, to := le.Uint32(m.pathIdx[4*i:]), le.Uint32(m.pathIdx[4*i+4:])
	if from > to || uint64(to) > uint64(len(m.paths)) {
		return nil
	}
	return m.paths[from:to:to]
}

// find returns the number of the first file whose path is not less than path,
// and whether it is path.
func (m *manifest) find(path string) (uint32, bool) {
	lo, hi := uint32(0), uint32(m.Files)
	for lo < hi {
		mid := lo + (hi-lo)/2
		if string(m.path(mid)) < path { // does not allocate
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < uint32(m.Files) && string(m.path(lo)) == path
}

// blob is the segment and number of a file's blob.
func (m *manifest) blob(i uint32) (seg int, doc uint32, ok bool) {
	if uint64(i) >= uint64(m.Files) {
		return 0, 0, false
	}
	b := binary.LittleEndian.Uint32(m.blobs[4*i:])
	// A handful of segments: looking at each beats a search.
	for seg := len(m.bases) - 1; seg >= 0; seg-- {
		if b >= m.bases[seg] {
			return seg, b - m.bases[seg], uint64(b) < uint64(m.docs)
		}
	}
	return 0, 0, false
}

// firstFile is the first file with the blob, or noFile.
func (m *manifest) firstFile(seg int, doc uint32) uint32 {
	b := uint64(m.bases[seg]) + uint64(doc)
	if int(doc) >= m.Segments[seg].Docs {
		return noFile
	}
	return binary.LittleEndian.Uint32(m.files[4*b:])
}

// nextFile is the next file with the same blob as file i, or noFile. Chains
// go upwards, so that a damaged one ends.
func (m *manifest) nextFile(i uint32) uint32 {
	if uint64(i) >= uint64(m.Files) {
		return noFile
	}
	if n := binary.LittleEndian.Uint32(m.same[4*i:]); n > i {
		return n
	}
	return noFile
}

// skipped decodes the files that were left out.
func (m *manifest) skipped() ([]skipEntry, error) {
	p, err := m.skips.All()
	if err != nil {
		return nil, err
	}
	r := reader{p: p}
	var skips []skipEntry
	for n := r.uvarint(); n > 0 && !r.bad; n-- {
		var s skipEntry
		s.Path = string(r.bytes())
		s.Reason = source.Reason(r.byte())
		s.Detail = string(r.bytes())
		if p := r.take(stampSize); p != nil {
			s.stamp, s.racy = decodeStamp(p)
			skips = append(skips, s)
		}
	}
	if r.bad {
		return nil, store.Damaged("%s: section %q", m.f.Path(), tagSkips)
	}
	return skips, nil
}

// stamp is the stamp of a file when it was indexed.
func (m *manifest) stamp(i uint32) (source.Stamp, bool, error) {
	p, err := m.stamps.Bytes(stampSize*uint64(i), stampSize)
	if err != nil {
		return source.Stamp{}, false, err
	}
	s, isRacy := decodeStamp(p)
	return s, isRacy, nil
}

func (m *manifest) close() error { return m.f.Close() }
