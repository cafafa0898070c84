package tui

// The way of the records of a log from who reads it to the model.

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"dekho/internal/workbench"
)

// logFeed hands records from who reads the log to the model, as many at once as there
// are.
type logFeed struct {
	mu      sync.Mutex
	records []logRecord
	end     bool
	more    chan struct{} // there is something
	taken   chan struct{} // there is room again
}

// maxFeed is how many records the reader is ahead, and feedPause how long the model
// waits for more of them: it draws the screen for each message.
const (
	maxFeed   = 8192
	feedPause = 30 * time.Millisecond
)

func newLogFeed() *logFeed {
	return &logFeed{more: make(chan struct{}, 1), taken: make(chan struct{}, 1)}
}

// signal leaves a mark in a channel that has room for one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// put hands over a record. It waits while there are too many.
func (f *logFeed) put(ctx context.Context, r *logRecord) error {
	for {
		f.mu.Lock()
		full := len(f.records) >= maxFeed
		if !full {
			f.records = append(f.records, *r)
		}
		f.mu.Unlock()
		if !full {
			signal(f.more)
			return nil
		}
		select {
		case <-f.taken:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// close says that there will be no more.
func (f *logFeed) close() {
	f.mu.Lock()
	f.end = true
	f.mu.Unlock()
	signal(f.more)
}

// moreLog is the message that records were read, or that there are no more.
type moreLog struct {
	records []logRecord
	end     bool
}

// wait waits for records.
func (f *logFeed) wait() tea.Msg {
	<-f.more
	time.Sleep(feedPause)
	f.mu.Lock()
	msg := moreLog{records: f.records, end: f.end}
	f.records = nil
	f.mu.Unlock()
	signal(f.taken)
	return msg
}

// newLogRecord copies what is wanted of a record: it lives no longer than the tree.
func newLogRecord(r *workbench.LogRecord, sites map[logSite]*logSite) logRecord {
	rec := logRecord{
		text: strings.Clone(r.Text), line: r.Line, time: r.Time, hasTime: r.HasTime, severity: r.Severity, verdict: r.Verdict, more: int32(r.More),
		args: argsText(r.Args),
	}
	if r.Verdict != workbench.Unknown && r.Verdict != workbench.NotKernel {
		for i := range r.Sites {
			rec.sites = append(rec.sites, newLogSite(&r.Sites[i], sites))
			if r.Verdict == workbench.Certain {
				break
			}
		}
	}
	return rec
}

// newLogSite is a statement, in memory once.
func newLogSite(s *workbench.Site, sites map[logSite]*logSite) *logSite {
	k := logSite{place: place{path: s.Path, line: int(s.Line), name: s.Family}, function: s.Function, family: s.Family}
	if s.Said != nil {
		k.place, k.function = place{path: s.Said.Path, line: int(s.Said.Line), name: s.Family}, s.Said.Function
		k.printed = place{path: s.Path, line: int(s.Line)}
	}
	if known := sites[k]; known != nil {
		return known
	}
	c := k
	c.path, c.function, c.family, c.printed.path = strings.Clone(k.path), strings.Clone(k.function), strings.Clone(k.family), strings.Clone(k.printed.path)
	c.name = c.family
	sites[c] = &c
	return &c
}

// maxArg bounds the name and the value of an argument as they are shown.
const maxArg = 200

// argsText are the values of arguments by name, a line each.
func argsText(args []workbench.Arg) string {
	var b strings.Builder
	for i := range args {
		a := &args[i]
		name := a.Name
		if name == "" {
			name = a.Conversion
		}
		fmt.Fprintf(&b, "%s = %s\n", name[:min(len(name), maxArg)], a.Text[:min(len(a.Text), maxArg)])
	}
	return b.String()
}
