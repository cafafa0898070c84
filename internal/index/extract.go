package index

// The workers of an update: they read files and fill segments.

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"dekho/internal/source"
	"dekho/internal/store"
)

// counts are what the workers of a run count together.
type counts struct {
	phase             atomic.Pointer[string]
	files, bytes      atomic.Int64 // done
	read, extracted   atomic.Int64
	readBytes         atomic.Int64
	total, totalBytes atomic.Int64
}

// startProgress calls Progress until the function it returns is called.
func (u *updater) startProgress() (stop func()) {
	if u.Progress == nil {
		return func() {}
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			if phase := u.counts.phase.Load(); phase != nil {
				u.Progress(Progress{
					Phase: *phase, Files: int(u.counts.files.Load()), TotalFiles: int(u.counts.total.Load()),
					Bytes: u.counts.bytes.Load(), TotalBytes: u.counts.totalBytes.Load(),
				})
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}

// smallJob is how many bytes of files are not worth a second worker, with a
// segment of its own.
const smallJob = 4 << 20

// extract reads the files of todo and gives each a blob, a known one or one of
// a new segment.
func (u *updater) extract(ctx context.Context) error {
	u.known = u.pool
	u.seen = make(map[blobKey]blobRef)
	total := int64(0)
	for _, i := range u.todo {
		total += u.files[i].Size
	}
	u.counts.total.Store(int64(len(u.todo)))
	u.counts.totalBytes.Store(total)
	workers := u.workers
	if total < smallJob {
		workers = 1
	}
	u.stats.Workers = workers
	skips := make([]*skipEntry, len(u.todo))
	jobs := newSchedule(workers, len(u.todo), func(i int) int64 { return u.files[u.todo[i]].Size })

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var extracting, writing sync.WaitGroup
	extracting.Add(workers)
	for i := range workers {
		writing.Go(func() {
			w := &worker{u: u, limit: int(u.Memory) / workers, size: total / int64(workers), seg: -1, skips: skips}
			// The guard is for the segments of the pool, which are mapped.
			err := Guard(func() error { return w.run(ctx, jobs, i) })
			extracting.Done()
			if err == nil {
				err = w.flush()
			}
			w.close()
			if err != nil {
				cancel(err)
			}
		})
	}
	extracting.Wait()
	u.phase(PhaseWrite)
	writing.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}

	u.seen = nil // of no use any more, and not small

	// Take out what was skipped.
	for n, i := range u.todo {
		if s := skips[n]; s != nil {
			u.skips = append(u.skips, *s)
			u.files[i].seg = -1
		}
	}
	kept := u.files[:0]
	for _, f := range u.files {
		if f.seg >= 0 {
			kept = append(kept, f)
		}
	}
	u.files = kept
	slices.SortFunc(u.skips, func(a, b skipEntry) int { return strings.Compare(a.Path, b.Path) })
	return nil
}

// maxNotes bounds the notes about single files.
const maxNotes = 20

// extractorFailed notes a file whose extractor failed. Its text is indexed, its
// facts are not.
func (u *updater) extractorFailed(path string, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.stats.Notes) < maxNotes {
		u.note("only the text of %s is indexed; this is a bug: %v", path, err)
	}
}

// worker reads files and fills a builder.
type worker struct {
	u      *updater
	limit  int   // of the builder's memory
	size   int64 // of the files it is likely to read
	reader source.Reader
	b      *builder
	seg    int          // of the builder in the pool, -1 if it is empty
	skips  []*skipEntry // for each of todo, if it is skipped
}

func (w *worker) close() {
	if w.b != nil {
		w.b.close()
	}
}

func (w *worker) run(ctx context.Context, jobs *schedule, me int) error {
	for {
		b, ok := jobs.next(me)
		if !ok {
			return nil
		}
		for n := b.lo; n < b.hi; n++ {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := w.file(n); err != nil {
				return err
			}
		}
	}
}

// file reads one file of todo.
func (w *worker) file(n int) error {
	u := w.u
	f := &u.files[u.todo[n]]
	now := u.Now().UnixNano()
	content, stamp, err := w.reader.Read(filepath.Join(u.root, filepath.FromSlash(f.Path)), f.Path)
	u.counts.files.Add(1)
	u.counts.bytes.Add(f.Size)
	if err != nil {
		var skip *source.SkipError
		if !errors.As(err, &skip) {
			return err
		}
		w.skips[n] = &skipEntry{Skip: skip.Skip, stamp: stamp, racy: stamp.Racy(now)}
		return nil
	}
	u.counts.read.Add(1)
	u.counts.readBytes.Add(int64(len(content)))
	f.Stamp, f.racy = stamp, stamp.Racy(now)
	language := u.language(f.Path)
	key := u.key(hashContent(content), language)
	if ref, ok := u.lookup(key); ok {
		f.seg, f.doc = ref.seg, ref.doc
		return nil
	}
	doc, err := w.add(f.Path, content, key.hash, language)
	if errors.Is(err, errFull) {
		w.skips[n] = &skipEntry{Skip: source.Skip{Path: f.Path, Reason: source.TooLarge, Detail: "too many identifiers"}}
		return nil
	}
	if err != nil {
		return err
	}
	u.counts.extracted.Add(1)
	f.seg, f.doc = w.seg, doc
	u.mu.Lock()
	u.seen[key] = blobRef{w.seg, doc}
	u.mu.Unlock()
	if w.b.memory() > w.limit {
		return w.flush()
	}
	return nil
}

// add adds a blob to the segment in memory. errFull means that it does not
// fit into an empty one.
func (w *worker) add(path string, content []byte, hash contentHash, language int) (uint32, error) {
	if err := w.open(); err != nil {
		return 0, err
	}
	doc, err := w.b.add(path, content, hash, language)
	if !errors.Is(err, errFull) || len(w.b.docs) == 0 {
		return doc, err
	}
	if err := w.flush(); err != nil {
		return 0, err
	}
	if err := w.open(); err != nil {
		return 0, err
	}
	return w.b.add(path, content, hash, language)
}

// open sees to it that there is a segment to add to.
func (w *worker) open() error {
	if w.seg >= 0 {
		return nil
	}
	if w.b == nil {
		b, err := newBuilder(w.u.Languages, w.size, w.u.extractorFailed)
		if err != nil {
			return err
		}
		w.b = b
	}
	w.u.mu.Lock()
	defer w.u.mu.Unlock()
	w.u.pool = append(w.u.pool, &poolSegment{})
	w.seg = len(w.u.pool) - 1
	return nil
}

// flush writes the segment in memory, if it has any blobs.
func (w *worker) flush() error {
	if w.b == nil || len(w.b.docs) == 0 {
		return nil
	}
	st := w.u.st
	tmp, err := st.NewTemp()
	if err != nil {
		return err
	}
	sw, err := w.b.write(tmp)
	if err != nil {
		tmp.Discard()
		return fmt.Errorf("writing a segment: %w", err)
	}
	name := store.NewName()
	if err := tmp.Rename(store.Segments, name); err != nil {
		tmp.Discard()
		return err
	}
	w.u.mu.Lock()
	p := w.u.pool[w.seg]
	p.ref = segmentRef{Name: name, Size: sw.Size(), Sum: sw.Sum(), Docs: len(w.b.docs)}
	p.tmp = tmp
	w.u.stats.Sections = addSections(w.u.stats.Sections, sw.Sizes())
	w.u.mu.Unlock()
	w.seg = -1
	return w.b.reset()
}
