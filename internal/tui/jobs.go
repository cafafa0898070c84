package tui

// Work that takes time. A job of a kind ends the one before of that kind.

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"dekho/internal/workbench"
)

// job is a kind of work.
type job int

const (
	jobFind    job = iota // what is typed into the finder
	jobOpen               // a file
	jobDetails            // its outline, and what the lens says
	jobColor              // colours of a part far down in a large file
	jobList               // a list, a tree, or a text that was asked for
	jobExpand             // a branch of a call tree
	jobLog                // reading the log
	jobName               // what the tree is called
	numJobs
)

// running is the job of a kind.
type running struct {
	number int // of its kind
	cancel context.CancelFunc
	label  string // "" if there is none
}

// finished is the message that a job is done. apply changes the model.
type finished struct {
	job    job
	number int
	apply  func(m *model) tea.Cmd
	err    error
}

// start starts a job. work runs beside the model, and must not look at it; what it
// returns does. The job waits for a moment before it begins: it may be cancelled by
// the next key.
func (m *model) start(j job, label string, wait time.Duration, work func(ctx context.Context, t *workbench.Tree) (func(m *model) tea.Cmd, error)) tea.Cmd {
	m.stop(j)
	ctx, cancel := context.WithCancel(m.ctx)
	r := &m.jobs[j]
	r.number++
	r.cancel, r.label = cancel, label
	number, session := r.number, m.o.Session
	if m.eager {
		wait = 0
	}
	return func() tea.Msg {
		defer cancel()
		if wait > 0 {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(wait):
			}
		}
		msg := finished{job: j, number: number}
		msg.err = session.Use(ctx, func(t *workbench.Tree) (err error) {
			msg.apply, err = work(ctx, t)
			return err
		})
		return msg
	}
}

// stop cancels the job of a kind.
func (m *model) stop(j job) {
	if r := &m.jobs[j]; r.cancel != nil {
		r.cancel()
		r.cancel, r.label = nil, ""
	}
}

// busy reports whether a job of a kind is under way.
func (m *model) busy(j job) bool { return m.jobs[j].cancel != nil }

// finish takes what a job found.
func (m *model) finish(msg finished) tea.Cmd {
	r := &m.jobs[msg.job]
	if msg.number != r.number || r.cancel == nil {
		return nil // something newer was asked, or nobody wants it any more
	}
	r.cancel, r.label = nil, ""
	var cmd tea.Cmd
	// A log that ends badly has an answer and an error.
	if msg.apply != nil && (msg.err == nil || msg.job == jobLog) {
		cmd = msg.apply(m)
	}
	if msg.job == jobFind {
		m.finder.chosen = false
	}
	if msg.err != nil && !errors.Is(msg.err, context.Canceled) {
		m.say(msg.err.Error())
	}
	return cmd
}

// working says what is being done.
func (m *model) working() string {
	for j := range m.jobs {
		if m.jobs[j].label != "" {
			return m.jobs[j].label
		}
	}
	return ""
}

// close ends what is running.
func (m *model) close() {
	for j := range numJobs {
		m.stop(j)
	}
}
