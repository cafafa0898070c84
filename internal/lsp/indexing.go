package lsp

// Indexing, while an editor works: soon after a file was saved, with the person
// told when it takes long.

import (
	"fmt"
	"path/filepath"
	"time"

	"dekho/internal/workbench"
)

// changed says that a file was changed on the disk.
func (ts *trees) changed(path string) {
	s, err := ts.of(path)
	if err != nil {
		return // of no tree that is indexed
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.index(s.Root())
}

// indexing is a tree that is being indexed, or will be in a moment.
type indexing struct {
	waiting []chan error  // for a run that begins from now on
	wake    chan struct{} // has one when there are any
}

const (
	// indexDelay is how long it is waited for more changes before indexing.
	indexDelay = 200 * time.Millisecond
	// progressDelay is how long indexing takes before the person is told.
	progressDelay = time.Second
	// quietTime is Options.Quiet: a complete index of a kernel takes some seconds of
	// all processors, which nobody should feel while typing.
	quietTime = 30 * time.Second
)

// index brings the index of a tree up to date, soon. What it returns tells when
// that is done. The caller holds the lock.
func (ts *trees) index(root string) <-chan error {
	done := make(chan error, 1)
	ix := ts.indexing[root]
	if ix == nil {
		ix = &indexing{wake: make(chan struct{}, 1)}
		ts.indexing[root] = ix
		ts.s.requests.Go(func() { ts.runIndexing(root, ix) })
	}
	ix.waiting = append(ix.waiting, done)
	select {
	case ix.wake <- struct{}{}:
	default:
	}
	return done
}

func (ts *trees) runIndexing(root string, ix *indexing) {
	for settled := false; ; {
		select {
		case <-time.After(indexDelay):
		case <-ts.s.ctx.Done():
		}
		ts.mu.Lock()
		select {
		case <-ix.wake:
		default:
		}
		waiting := ix.waiting
		ix.waiting = nil
		_, known := ts.sessions[root]
		if len(waiting) == 0 && settled {
			delete(ts.indexing, root)
			ts.mu.Unlock()
			return
		}
		ts.mu.Unlock()
		if len(waiting) == 0 {
			ts.settle(root, ix)
			settled = true
			continue
		}
		settled = false
		err := ts.runIndex(root, !known)
		for _, w := range waiting {
			w <- err
		}
	}
}

// settle waits until nothing was saved for a while, and then has what is derived
// from the whole tree made anew, if it is older than the files.
func (ts *trees) settle(root string, ix *indexing) {
	if !ts.stale(root) {
		return
	}
	wait := ts.s.opts.Quiet
	if wait == 0 {
		wait = quietTime
	}
	select {
	case <-ix.wake:
		return
	case <-ts.s.ctx.Done():
		return
	case <-time.After(wait):
	}
	if err := ts.s.opts.Index(ts.s.ctx, root, true); err != nil {
		if ts.s.ctx.Err() == nil {
			ts.s.log.Printf("%s: %v", root, err)
		}
		return
	}
	ts.indexed(root)
}

// stale reports whether what is derived from a whole tree is older than its
// files.
func (ts *trees) stale(root string) bool {
	ts.mu.Lock()
	session := ts.sessions[root]
	ts.mu.Unlock()
	if session == nil {
		return false
	}
	stale := false
	err := session.Use(ts.s.ctx, func(t *workbench.Tree) error {
		stale = t.CallsStale()
		return nil
	})
	return stale && err == nil
}

// runIndex indexes a tree and tells the person how it goes.
func (ts *trees) runIndex(root string, first bool) error {
	if err := ts.s.ctx.Err(); err != nil {
		return err
	}
	if first {
		ts.s.show(messageInfo, "dekho: indexing %s for the first time; until it is done there are no answers", root)
	}
	stop := ts.progress(root, first)
	err := ts.s.opts.Index(ts.s.ctx, root, false)
	stop()
	switch {
	case ts.s.ctx.Err() != nil:
		return ts.s.ctx.Err()
	case err != nil:
		ts.s.show(messageError, "dekho: %s was not indexed: %v", root, err)
		return err
	case first:
		ts.s.show(messageInfo, "dekho: %s is indexed", root)
	}
	ts.indexed(root)
	return nil
}

// indexed takes note of a new index: documents that were saved are in it.
func (ts *trees) indexed(root string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	session := ts.sessions[root]
	if session == nil {
		return
	}
	ts.s.refreshTokens()
	if ix := ts.indexing[root]; ix != nil && len(ix.waiting) > 0 {
		return // what was saved since then is not in it
	}
	ts.s.mu.Lock()
	defer ts.s.mu.Unlock()
	for _, d := range ts.s.docs {
		if isBelow(root, d.path) && onDisk(d) {
			if err := session.Discard(d.path); err != nil {
				ts.s.log.Print(err)
			}
		}
	}
}

// progress shows that a tree is being indexed, if that takes a while. The
// function returned ends it.
func (ts *trees) progress(root string, first bool) (stop func()) {
	if !ts.s.client.Window.WorkDoneProgress {
		return func() {}
	}
	delay := progressDelay
	if first {
		delay = 0
	}
	token := "index:" + root
	end := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-time.After(delay):
		case <-end:
			return
		}
		if err := ts.s.conn.Call(ts.s.ctx, "window/workDoneProgress/create", map[string]string{"token": token}, nil); err != nil {
			return // the client does not want it
		}
		ts.s.notify("$/progress", &progressParams{token, progressValue{Kind: "begin", Title: "dekho: indexing " + filepath.Base(root)}})
		began := time.Now()
		for {
			select {
			case <-time.After(time.Second):
				ts.s.notify("$/progress", &progressParams{token, progressValue{Kind: "report", Message: fmt.Sprintf("%.0f s", time.Since(began).Seconds())}})
			case <-end:
				ts.s.notify("$/progress", &progressParams{token, progressValue{Kind: "end", Message: "done"}})
				return
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}
