package index

// Bringing the index of a tree up to date.

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"dekho/internal/lang"
	"dekho/internal/source"
	"dekho/internal/store"
)

// Options say what Update indexes and how.
type Options struct {
	// Store is the directory of the store; it is created if need be.
	Store string
	// Root is the directory of the tree.
	Root string
	// Name is what to call the tree; if empty, as before, or like its directory.
	Name string
	// Languages is the table of extractors. The first language that matches a
	// path reads the file; a file that none matches has its text indexed only.
	Languages []lang.Language
	// Linkers run after the facts of all files are known.
	Linkers []Linker
	// DeferLinks is how many files may have been read for what the linkers made
	// of the tree before to be kept, marked as stale (see Tree.Stale), instead
	// of being made again. A linker reads the facts of the whole tree, and who
	// edits a few files may index many times before asking for what it derives.
	// With 0 the linkers run whenever the tree has changed or is marked.
	DeferLinks int
	// Workers is how many goroutines extract, 0 for as many as there are
	// processors, up to maxWorkers.
	Workers int
	// Memory bounds what all workers collect before they write a segment, in
	// bytes; 0 for defaultMemory. A single large file may exceed it.
	Memory int64
	// Rebuild forgets the previous index and extracts every file again.
	Rebuild bool
	// LockWait is how long to wait for another process that indexes.
	LockWait time.Duration
	// OnWait, if not nil, is called when there is another process to wait for,
	// with its process id.
	OnWait func(holder string)
	// Progress, if not nil, is called several times a second, from one
	// goroutine at a time.
	Progress func(Progress)
	// Now is the clock; nil for time.Now.
	Now func() time.Time
	// FileSystem is where the store is written; nil for the real one.
	FileSystem store.FileSystem
}

const (
	// maxWorkers caps the segments of a tree, each of which a query looks into,
	// and where addresses are short, what the workers reserve.
	maxWorkers = 2 + 6*is64
	// defaultMemory keeps a run below 2 GB with everything that is not counted.
	defaultMemory = (200 + 1000*is64) << 20
	// foldAbove is how many segments a tree may use before small ones are
	// folded into one.
	foldAbove = 12
	// foldSmall is which part of the tree's files a segment may hold to count
	// as small.
	foldSmall = 1.0 / 16
	// foldDead is which part of a segment's blobs must be in use by the tree
	// (if no other tree uses any) for it to be kept.
	foldDead = 1.0 / 3
)

// Update brings the index of a tree up to date, or makes it. It reads only
// files that changed. The previous index stays in place and answers until the
// new one is complete; after an error, or if the process is killed, it still
// does.
func Update(ctx context.Context, opts Options) (*Stats, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if len(opts.Languages) > maxLanguages {
		return nil, fmt.Errorf("%d languages are too many", len(opts.Languages))
	}
	root, err := source.Root(opts.Root)
	if err != nil {
		return nil, err
	}
	st, err := store.Create(opts.Store, opts.FileSystem)
	if err != nil {
		return nil, err
	}
	u := &updater{Options: opts, root: root, st: st, workers: opts.Workers, phases: phases{now: opts.Now}}
	u.stats.Skipped = make(map[string]int)
	if u.workers <= 0 {
		u.workers = runtime.GOMAXPROCS(0)
	}
	u.workers = min(u.workers, maxWorkers)
	if u.Memory <= 0 {
		u.Memory = defaultMemory
	}
	u.phases.next(PhaseLock)
	lock, err := st.Lock(ctx, opts.LockWait, opts.OnWait)
	if err != nil {
		return nil, err
	}
	stop := u.startProgress()
	err = Guard(func() error { return u.run(ctx) })
	stop()
	u.closePool()
	if err = errors.Join(err, lock.Unlock()); err != nil {
		return nil, fmt.Errorf("indexing %s: %w", root, err)
	}
	return &u.stats, nil
}

// updater is one run of Update.
type updater struct {
	Options
	root    string
	st      *store.Store
	workers int
	phases  phases
	stats   Stats
	counts  counts

	old  *manifest // nil if there is none that can be used
	mu   sync.Mutex
	pool []*poolSegment
	// known is the part of the pool that was there before this run.
	known []*poolSegment
	// seen has the blobs that this run has added, by key.
	seen map[blobKey]blobRef

	files []fileEntry
	skips []skipEntry
	todo  []int // indexes into files of those to be read
}

// blobRef is a blob in a segment of the pool.
type blobRef struct {
	seg int
	doc uint32
}

// poolSegment is a segment that blobs may be taken from, or one being written.
type poolSegment struct {
	ref  segmentRef
	seg  *segment    // nil while it is in memory
	fold bool        // this tree is to stop using it
	tmp  *store.Temp // not settled yet

	once sync.Once
	bad  error
}

// usable checks all of the segment, the first time it is asked. What a run
// keeps it vouches for: a damaged index must not survive being indexed again.
func (p *poolSegment) usable() bool {
	p.once.Do(func() {
		p.bad = Guard(func() error {
			if err := p.seg.f.Verify(); err != nil {
				return err
			}
			_, err := p.seg.trigrams()
			return err
		})
	})
	return p.bad == nil
}

func (u *updater) run(ctx context.Context) error {
	u.phase(PhaseOpen)
	if err := u.openOld(); err != nil {
		return err
	}
	u.phase(PhaseWalk)
	var checks sync.WaitGroup
	if u.old != nil {
		for i := range u.old.Segments {
			p := u.pool[i]
			checks.Go(func() { p.usable() })
		}
	}
	listing, err := source.Walk(ctx, u.root)
	checks.Wait()
	if err != nil {
		return err
	}
	u.phase(PhaseCompare)
	if err := u.compare(listing); err != nil {
		return err
	}
	u.phase(PhaseExtract)
	if err := u.extract(ctx); err != nil {
		return err
	}
	return u.publish(ctx)
}

func (u *updater) phase(name string) {
	u.phases.next(name)
	u.counts.phase.Store(&name)
}

func (u *updater) note(format string, args ...any) {
	u.stats.Notes = append(u.stats.Notes, fmt.Sprintf(format, args...))
}

// openOld opens the previous index of the tree, if it is of use, and all other
// segments of the store. Segments of the previous index come first in the
// pool, in its order.
func (u *updater) openOld() error {
	if err := u.collect(); err != nil {
		return err
	}
	if u.Rebuild {
		// What people call the tree is nothing that could be wrong with it.
		if m, err := describe(u.st.Path(store.Trees, treeID(u.root))); err == nil && u.Name == "" {
			u.Name = m.Name
		}
		return nil
	}
	m, err := openManifest(u.st.Path(store.Trees, treeID(u.root)))
	if err == nil {
		if err = Guard(m.f.Verify); err != nil {
			_ = m.close() // the first error tells more
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case errors.Is(err, ErrDamaged), errors.Is(err, ErrVersion):
		u.note("the previous index is not usable and was replaced: %v", err)
	case err != nil:
		return err
	default:
		u.old = m
	}
	have := make(map[string]bool)
	if u.old != nil {
		for _, ref := range m.Segments {
			p := &poolSegment{ref: ref}
			if p.seg, p.bad = openSegmentRef(u.st, ref); p.bad != nil {
				p.once.Do(func() {}) // usable has its answer
				u.note("a part of the previous index is not usable: %v", p.bad)
			}
			u.pool = append(u.pool, p)
			have[ref.Name] = true
		}
	}
	names, err := u.st.Names(store.Segments)
	if err != nil {
		return err
	}
	for _, name := range names {
		if have[name] {
			continue
		}
		// One that cannot be opened is the concern of the tree that uses it.
		if s, err := openSegment(u.st.Path(store.Segments, name)); err == nil {
			ref := segmentRef{Name: name, Size: s.f.Size(), Sum: s.f.Sum(), Docs: s.docs}
			u.pool = append(u.pool, &poolSegment{ref: ref, seg: s})
		}
	}
	return nil
}

func (u *updater) closePool() {
	for _, p := range u.pool {
		if p.seg != nil {
			_ = p.seg.close() // a mapping: nothing can be lost
		}
		if p.tmp != nil {
			p.tmp.Discard()
		}
	}
	if u.old != nil {
		_ = u.old.close()
	}
}

// language is the index of the language of a path, -1 for none.
func (u *updater) language(path string) int { return languageOf(u.Languages, path) }

// languageOf is the first of the languages that reads a path, -1 for none.
func languageOf(languages []lang.Language, path string) int {
	for i := range languages {
		if languages[i].Match(path) {
			return i
		}
	}
	return -1
}

// key is the blobKey of content in a language.
func (u *updater) key(h contentHash, language int) blobKey {
	k := blobKey{hash: h}
	if language >= 0 {
		k.lang, k.version = u.Languages[language].Name, u.Languages[language].Version
	}
	return k
}

func hashContent(b []byte) contentHash { return sha256.Sum256(b) }

// compare sorts the files of the tree into those whose blob is known by their
// stamp and those that must be read.
func (u *updater) compare(l *source.Listing) error {
	u.chooseFolds()
	var oldSkips map[string]skipEntry
	sameLanguages := false
	if u.old != nil {
		skips, err := u.old.skipped()
		if err != nil {
			return err
		}
		oldSkips = make(map[string]skipEntry, len(skips))
		for _, s := range skips {
			oldSkips[s.Path] = s
		}
		sameLanguages = u.old.Languages == fingerprint(u.Languages)
	}
	for _, s := range l.Skips {
		u.skips = append(u.skips, skipEntry{Skip: s})
	}
	own := u.ownStore()
	if own != "" {
		u.skips = slices.DeleteFunc(u.skips, func(s skipEntry) bool { return strings.HasPrefix(s.Path, own) })
		u.skips = append(u.skips, skipEntry{Skip: source.Skip{Path: own, Reason: source.OwnStore}})
	}
	u.files = make([]fileEntry, 0, len(l.Files))
	at := uint32(0) // in the old files
	for _, f := range l.Files {
		if own != "" && strings.HasPrefix(f.Path, own) {
			continue
		}
		if f.Size > source.MaxFileSize {
			u.skips = append(u.skips, skipEntry{Skip: source.Skip{
				Path: f.Path, Reason: source.TooLarge, Detail: fmt.Sprintf("%d bytes", f.Size),
			}})
			continue
		}
		if s, ok := oldSkips[f.Path]; ok && s.Reason == source.Binary && s.stamp == f.Stamp && !s.racy {
			u.skips = append(u.skips, s)
			continue
		}
		e := fileEntry{File: f, seg: -1}
		if u.old != nil {
			n := uint32(u.old.Files)
			for at < n && string(u.old.path(at)) < f.Path {
				at++
			}
			if at < n && string(u.old.path(at)) == f.Path {
				ref, ok, err := u.unchanged(at, f.Stamp, f.Path, sameLanguages)
				if err != nil {
					return err
				}
				if ok {
					e.seg, e.doc = ref.seg, ref.doc
				}
			}
		}
		u.files = append(u.files, e)
		if e.seg < 0 {
			u.todo = append(u.todo, len(u.files)-1)
		}
	}
	return nil
}

// ownStore is the path of the store below the root, with a slash at its end,
// or "" if it is elsewhere.
func (u *updater) ownStore() string {
	dir, err := source.Root(u.st.Dir())
	if err != nil {
		return "" // then nothing can be written to it either
	}
	rel, err := filepath.Rel(u.root, dir)
	if err != nil || !filepath.IsLocal(rel) || rel == "." {
		return ""
	}
	return filepath.ToSlash(rel) + "/"
}

// unchanged returns the blob of an old file if the stamp says that it still has
// it, and nothing speaks against using it.
func (u *updater) unchanged(old uint32, now source.Stamp, path string, sameLanguages bool) (ref blobRef, ok bool, err error) {
	was, isRacy, err := u.old.stamp(old)
	if err != nil || isRacy || was != now {
		return ref, false, err
	}
	seg, doc, ok := u.old.blob(old)
	if !ok || u.pool[seg].fold || !u.pool[seg].usable() {
		return ref, false, nil
	}
	if !sameLanguages {
		k, err := u.pool[seg].seg.key(doc)
		if err != nil {
			return ref, false, err
		}
		if k != u.key(k.hash, u.language(path)) {
			return ref, false, nil
		}
	}
	return blobRef{seg, doc}, true, nil
}

// chooseFolds marks segments of the previous index that are not to be used any
// more: small ones when there are many, and those that are mostly dead.
func (u *updater) chooseFolds() {
	if u.old == nil {
		return
	}
	live := make([]int, len(u.old.Segments))
	for i := range uint32(u.old.Files) {
		if seg, doc, ok := u.old.blob(i); ok && u.old.firstFile(seg, doc) == i {
			live[seg]++
		}
	}
	many := len(live) > foldAbove
	others, err := u.usedByOthers()
	for i, n := range live {
		p := u.pool[i]
		switch {
		case many && float64(n) < foldSmall*float64(u.old.Files):
			p.fold = true
		case err == nil && !others[p.ref.Name] && float64(n) < foldDead*float64(p.ref.Docs):
			p.fold = true
		}
	}
}

// lookup finds a blob that the store or this run knows already.
func (u *updater) lookup(k blobKey) (blobRef, bool) {
	u.mu.Lock()
	ref, ok := u.seen[k]
	u.mu.Unlock()
	if ok {
		return ref, true
	}
	for i, p := range u.known {
		if p.fold || p.seg == nil {
			continue
		}
		doc, ok, err := p.seg.find(k)
		if err == nil && ok && p.usable() {
			return blobRef{i, doc}, true
		}
	}
	return blobRef{}, false
}

// sameBlobs reports whether the tree has the same paths with the same content
// as when it was last indexed.
func (u *updater) sameBlobs() bool {
	if u.old == nil || len(u.files) != u.old.Files {
		return false
	}
	for i := range u.files {
		f := &u.files[i]
		if string(u.old.path(uint32(i))) != f.Path {
			return false
		}
		if seg, doc, ok := u.old.blob(uint32(i)); !ok || seg != f.seg || doc != f.doc {
			return false
		}
	}
	return true
}

// sameSkips reports whether the same files were left out as last time.
func (u *updater) sameSkips() (bool, error) {
	if u.old == nil {
		return false, nil
	}
	old, err := u.old.skipped()
	if err != nil {
		return false, err
	}
	return slices.Equal(old, u.skips), nil
}

// sameStamps reports whether the files, which are the same as last time, have
// the stamps they had.
func (u *updater) sameStamps() (bool, error) {
	for i := range u.files {
		was, isRacy, err := u.old.stamp(uint32(i))
		if err != nil {
			return false, err
		}
		if was != u.files[i].Stamp || isRacy != u.files[i].racy {
			return false, nil
		}
	}
	return true, nil
}

// removed counts files of the previous index that the tree has no more.
func (u *updater) removed() int {
	if u.old == nil {
		return 0
	}
	n, at := 0, 0
	for i := range uint32(u.old.Files) {
		path := u.old.path(i)
		for at < len(u.files) && u.files[at].Path < string(path) {
			at++
		}
		if at == len(u.files) || u.files[at].Path != string(path) {
			n++
		}
	}
	return n
}

// kernelVersion reads the version of a Linux tree from its top Makefile; ""
// for other trees.
func kernelVersion(root string) string {
	var r source.Reader
	path := filepath.Join(root, "Makefile")
	if _, err := os.Stat(filepath.Join(root, "Kbuild")); err != nil {
		return ""
	}
	text, _, err := r.Read(path, "Makefile")
	if err != nil {
		return ""
	}
	v := make(map[string]string)
	for line := range bytes.Lines(text[:min(len(text), 4096)]) {
		name, value, ok := strings.Cut(string(line), "=")
		if ok {
			name, value = strings.TrimSpace(name), strings.TrimSpace(value)
			if _, again := v[name]; !again {
				v[name] = value
			}
		}
	}
	if v["VERSION"] == "" || v["PATCHLEVEL"] == "" {
		return ""
	}
	s := v["VERSION"] + "." + v["PATCHLEVEL"]
	if v["SUBLEVEL"] != "" {
		s += "." + v["SUBLEVEL"]
	}
	return s + v["EXTRAVERSION"]
}
