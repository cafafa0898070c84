package grep

// Searching many files: in parallel, with results in order.

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"sync"

	"dekho/internal/source"
)

// Files is what a search looks at, in the order in which results come. Its
// methods are called from several goroutines.
type Files interface {
	// Len is the number of files.
	Len() int
	// Path names a file, relative to the root of its tree and with slashes.
	Path(i int) string
	// Reader returns a Reader for one goroutine.
	Reader() Reader
}

// Reader reads files.
type Reader interface {
	// Read returns the content of a file. It is valid until the next call.
	Read(i int) ([]byte, error)
}

// Dir is Files below a directory.
type Dir struct {
	Root  string
	Paths []string
}

// Len is the number of files.
func (d *Dir) Len() int { return len(d.Paths) }

// Path is the path of a file below the root.
func (d *Dir) Path(i int) string { return d.Paths[i] }

// Reader returns a Reader for one goroutine.
func (d *Dir) Reader() Reader { return &dirReader{d: d} }

type dirReader struct {
	d *Dir
	r source.Reader
}

func (r *dirReader) Read(i int) ([]byte, error) {
	path := r.d.Paths[i]
	return r.r.ReadText(filepath.Join(r.d.Root, filepath.FromSlash(path)), path)
}

const (
	// maxChunk bounds how many files a goroutine takes at a time.
	maxChunk = 64
	// partSize is how much text is gathered before it is handed over, in
	// bytes, and partLines how many lines.
	partSize  = 256 << 10
	partLines = 8 << 10
	// ahead is how many chunks may be begun and not yet delivered, for each
	// goroutine. With the two parts that a chunk can hold back it bounds the
	// memory of a search whose results nobody takes.
	ahead     = 8
	partsHeld = 2
)

// chunk is a run of files searched by one goroutine.
type chunk struct {
	parts chan []Result
}

// Search calls emit for each file in which something was found or which could
// not be read, in the order of files, from the calling goroutine. An error
// from emit ends the search and is returned. Binary files and such that are
// gone are not reported as unreadable.
func (p *Pattern) Search(ctx context.Context, files Files, opt Options, emit func(*Result) error) error {
	n := files.Len()
	if n == 0 {
		return ctx.Err()
	}
	workers := opt.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	// Small chunks at the end would be better still, but the files of a
	// search are many or quickly done.
	size := min(max(n/(16*workers), 1), maxChunk)
	chunks := (n + size - 1) / size
	workers = min(workers, chunks)

	ctx, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel(nil)

	// A goroutine that takes a chunk queues it, so that the queue has all
	// chunks in order, and then fills it.
	queue := make(chan *chunk, ahead*workers)
	var mu sync.Mutex
	taken := 0 // chunks, guarded by mu as is the order in queue
	work := func() {
		s := newSearcher(p, &opt)
		r := files.Reader()
		for {
			c := &chunk{parts: make(chan []Result, partsHeld)}
			mu.Lock()
			i := taken
			taken++
			ok := i < chunks
			if ok {
				select {
				case queue <- c:
				case <-ctx.Done():
					ok = false
				}
			}
			if i == chunks {
				close(queue)
			}
			mu.Unlock()
			if !ok {
				return
			}
			s.searchChunk(ctx, files, r, i*size, min(n, (i+1)*size), c)
		}
	}
	for range workers {
		wg.Go(func() {
			if opt.Guard == nil {
				work()
				return
			}
			err := opt.Guard(func() error {
				work()
				return nil
			})
			if err != nil {
				cancel(err)
			}
		})
	}
	for {
		var c *chunk
		var ok bool
		select {
		case c, ok = <-queue:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if !ok {
			wg.Wait() // the last chunk may have ended early
			return context.Cause(ctx)
		}
		for results := range c.parts {
			for i := range results {
				if err := emit(&results[i]); err != nil {
					return err
				}
			}
		}
	}
}

// searchChunk searches the files lo to hi and closes c.
func (s *searcher) searchChunk(ctx context.Context, files Files, reader Reader, lo, hi int, c *chunk) {
	defer close(c.parts)
	var results []Result
	flush := func() {
		select {
		case c.parts <- results:
		case <-ctx.Done():
		}
		// What was handed over is not ours any more.
		results, s.text, s.lines = nil, nil, nil
	}
	for i := lo; i < hi && ctx.Err() == nil; i++ {
		path := files.Path(i)
		if !s.opt.Hidden && hidden(path) || s.opt.Keep != nil && !s.opt.Keep(path) {
			continue
		}
		content, err := reader.Read(i)
		if err != nil {
			if !notText(err) {
				results = append(results, Result{File: i, Path: path, Err: err})
			}
			continue
		}
		r := Result{File: i, Path: path}
		if !s.search(ctx, content, &r) {
			continue
		}
		results = append(results, r)
		if len(s.text) >= partSize || len(s.lines) >= partLines {
			flush()
		}
	}
	if len(results) > 0 {
		flush()
	}
}

// notText reports whether a file is left out as a scan of its directory would
// have left it out: because it is binary, or no regular file, or gone.
func notText(err error) bool {
	var skip *source.SkipError
	if !errors.As(err, &skip) {
		return false
	}
	switch skip.Reason {
	case source.Binary, source.Vanished, source.Symlink, source.Special:
		return true
	}
	return false
}
