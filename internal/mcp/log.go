package mcp

// The tool that explains logs.

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

type logArgs struct {
	Path    string `json:"path,omitempty" jsonschema:"path of the log: dmesg, journalctl -k, syslog or serial capture, compressed or not; a regular file of at most 256 MB that the user may read"`
	Text    string `json:"text,omitempty" jsonschema:"or the log itself"`
	Records bool   `json:"records,omitempty" jsonschema:"list the records, each with the statement that printed it, and not the summary"`
	First   int    `json:"first,omitempty" jsonschema:"list the records from this line of the log on"`
	Last    int    `json:"last,omitempty" jsonschema:"list the records up to this line of the log"`
	All     bool   `json:"all,omitempty" jsonschema:"list the records of boot loader, firmware and user space too"`
	Why     bool   `json:"why,omitempty" jsonschema:"show the rivals of a statement and what decided"`
	Arch    string `json:"arch,omitempty" jsonschema:"architecture of the kernel that wrote the log; by default the log tells"`
	Config  string `json:"config,omitempty" jsonschema:"path of that kernel's .config or /proc/config.gz"`
	treeArgs
	listArgs
}

func (s *server) addLog(srv *mcp.Server) {
	addTree(s, srv, tool{name: "log", title: "Explain a kernel log", description: "Names, for the lines of a kernel log or boot log, the statement in the source that printed each, with the values of its arguments and how sure that is " +
		"(certain, likely, ambiguous, unknown). First comes a summary: what went wrong, causes first, and the boots. Then ask for the records around a line with first and last."}, explainLog)
}

const (
	// maxLog is the size of the largest log that is read.
	maxLog = 256 << 20
	// logTime is how long it may take: a compressed log may be any size.
	logTime = time.Minute
	// logSites is how many statements are listed for a record.
	logSites = 6
)

func explainLog(ctx context.Context, t *workbench.Tree, in *logArgs, w *window) (a *answer, err error) {
	if (in.Path == "") == (in.Text == "") {
		return nil, errors.New("give either the path of a log or its text")
	}
	if in.First < 0 || in.Last < 0 || in.Last > 0 && in.Last < in.First {
		return nil, errors.New("first and last are numbers of lines of the log, from 1")
	}
	opts := workbench.LogOptions{Arch: in.Arch, MaxSites: logSites}
	if in.Config != "" {
		f, err := openRegular(in.Config)
		if err != nil {
			return nil, err
		}
		opts.Config, err = workbench.ReadConfig(in.Config, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
	}
	var log io.Reader = strings.NewReader(in.Text)
	if in.Path != "" {
		f, err := openRegular(in.Path)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		log = f
	}
	if t.LogMapStale() {
		w.note("files changed since print statements were mapped: places in them may be off by some lines; the tool index brings them up to date")
	}
	ctx, cancel := context.WithTimeoutCause(ctx, logTime, errLogTime)
	defer cancel()
	e := &explainer{in: in, w: w, stream: stream{w: w}, name: cmp.Or(in.Path, "log")}
	if in.Records || in.First > 0 || in.Last > 0 {
		return e.records(ctx, t, log, opts)
	}
	return e.summary(ctx, t, log, opts)
}

var errLogTime = errors.New("the log is too long to be explained within a minute; give a part of it")

// openRegular opens a file that a call names, and refuses what is none.
func openRegular(name string) (*os.File, error) {
	// A pipe without a writer would not even open.
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, &workbench.InputError{Name: name, Err: err}
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = errors.New("is no regular file")
	case info.Size() > maxLog:
		err = fmt.Errorf("has %d bytes, and the limit is %d", info.Size(), maxLog)
	}
	if err != nil {
		return nil, &workbench.InputError{Name: name, Err: errors.Join(err, f.Close())}
	}
	return f, nil
}

// explainer makes the answer of one call.
type explainer struct {
	in       *logArgs
	w        *window
	stream   stream
	name     string
	text, js bytes.Buffer
}

// foreign is the error for a file that is no log of this kernel. Nothing of it is
// shown: a path that was mistaken, or guessed, must not give away what is there.
func (e *explainer) foreign() error {
	return fmt.Errorf("no line of %s was printed by a statement of this tree, so nothing of it is shown; give its text if it is a log", e.name)
}

// records lists records.
func (e *explainer) records(ctx context.Context, t *workbench.Tree, log io.Reader, opts workbench.LogOptions) (*answer, error) {
	text := render.NewLogText(&e.text, render.LogTextOptions{All: e.in.All, Why: e.in.Why})
	js := render.NewLogJSON(&e.js, "")
	known := e.in.Path == "" // that it is a log of this kernel
	full := false
	var one bytes.Buffer
	size := render.NewLogText(&one, render.LogTextOptions{All: e.in.All, Why: e.in.Why})
	sum, err := t.ExplainLog(ctx, e.name, log, opts, func(r *workbench.LogRecord) error {
		known = known || r.Verdict >= workbench.Likely
		switch {
		case full && known, e.in.Last > 0 && r.Line > e.in.Last && known:
			return errFull
		case full, r.Line < e.in.First, e.in.Last > 0 && r.Line > e.in.Last:
			return nil
		case r.Verdict == workbench.NotKernel && (!e.in.All || r.Text == ""):
			return nil
		}
		r.Text = clipAt(r.Text, 0)
		one.Reset()
		if err := size.Record(r); err != nil {
			return err
		}
		show, err := e.stream.take(one.Len())
		if err != nil {
			full = true
			if known {
				return err
			}
			return nil
		}
		if !show {
			return nil
		}
		return errors.Join(text.Record(r), js.Record(r))
	})
	var input *workbench.InputError
	switch {
	case errors.Is(err, errFull):
	case err != nil && (!errors.As(err, &input) || sum.Stats.Records == 0):
		return nil, err
	case err != nil: // what could be read is an answer too
		e.w.note("the log ends badly: %v", err)
	}
	if !known {
		return nil, e.foreign()
	}
	e.w.empty(e.stream.shown, "there is no record here")
	return e.stream.answer(e.text.Bytes(), array("results", e.js.Bytes()), full), nil
}

// summary tells what stands out.
func (e *explainer) summary(ctx context.Context, t *workbench.Tree, log io.Reader, opts workbench.LogOptions) (*answer, error) {
	sum, err := t.ExplainLog(ctx, e.name, log, opts, func(*workbench.LogRecord) error { return nil })
	var input *workbench.InputError
	switch {
	case err != nil && (!errors.As(err, &input) || sum.Stats.Records == 0):
		return nil, err
	case err != nil:
		e.w.note("the log ends badly: %v", err)
	}
	if e.in.Path != "" && sum.Count(workbench.Certain)+sum.Count(workbench.Likely) == 0 {
		return nil, e.foreign()
	}
	if sum.KernelRecords() == 0 {
		return nil, errors.New("no record of a kernel found")
	}
	for i := range sum.Matters {
		sum.Matters[i].Text = clipAt(sum.Matters[i].Text, 0)
	}
	for i := range sum.Findings {
		sum.Findings[i].Said.Text = clipAt(sum.Findings[i].Said.Text, 0)
	}
	if err := render.NewLogText(&e.text, render.LogTextOptions{Brief: true}).Summary(sum); err != nil {
		return nil, err
	}
	if err := render.NewLogJSON(&e.js, "").Summary(sum); err != nil {
		return nil, err
	}
	js := bytes.TrimSpace(e.js.Bytes())
	e.w.note("records=true lists the records; first and last those of some lines of the log")
	return e.w.document(e.text.Bytes(), js)
}
