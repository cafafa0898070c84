package workbench

// The error code in a record of a log.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"dekho/internal/index"
)

// WhyRecord explains the error code in the record of a log that stands at a
// line: of the statement that printed it, and with the value that it printed.
// What the options leave open the record tells. The error is an InputError if
// there is no record of the kernel at the line, or no statement for it.
func (t *Tree) WhyRecord(ctx context.Context, name string, in io.Reader, line int, opts WhyOptions) (w *Why, err error) {
	err = index.Guard(func() error { // the record's words are those of the index
		w, err = t.whyRecord(ctx, name, in, line, opts)
		return err
	})
	return w, err
}

func (t *Tree) whyRecord(ctx context.Context, name string, in io.Reader, line int, opts WhyOptions) (*Why, error) {
	var rec LogRecord
	found := false
	before := new(heard)
	past := errors.New("past the line")
	sum, err := t.ExplainLog(ctx, name, in, LogOptions{Arch: opts.Arch}, func(r *LogRecord) error {
		if r.Line > line {
			return past
		}
		// The last that starts at the line or, where lines continue one, before.
		rec, found = *r, true
		before.add(r)
		return nil
	})
	ended := err == nil
	if err != nil && !errors.Is(err, past) {
		return nil, err
	}
	bad := func(format string, args ...any) error {
		return &InputError{Name: fmt.Sprintf("%s:%d", name, line), Err: fmt.Errorf(format, args...), Hint: "dekho log shows which statement printed what"}
	}
	switch {
	case !found || line < 1 || ended && int64(line) > sum.Stats.Lines:
		return nil, bad("the log has no such line")
	case rec.Verdict == NotKernel:
		return nil, bad("the kernel did not print this: %q", rec.Text)
	case len(rec.Sites) == 0:
		return nil, bad("no statement of the tree prints this: %q", rec.Text)
	}
	if opts.Errno == "" {
		opts.Errno, opts.Value = t.errnoIn(&rec, opts)
	}
	place := rec.Where()
	before.close(&rec)
	w, err := t.why(ctx, place.Path, place.Line, opts, before)
	if w != nil {
		w.Record, w.RecordLine, w.Verdict = strings.Clone(rec.Text), rec.Line, rec.Verdict
	}
	return w, t.idx.Err(err)
}

// errnoIn finds the error code that a record gives, and the argument that held
// it, "" if the words alone tell.
func (t *Tree) errnoIn(r *LogRecord, opts WhyOptions) (code, value string) {
	if opts.Value != "" {
		for i := range r.Args {
			if squeezed(r.Args[i].Name) == squeezed(opts.Value) {
				return r.Args[i].Text, opts.Value
			}
		}
		return "", opts.Value
	}
	list := t.errnos(opts.Arch)
	is := func(text string) bool {
		_, ok := errno(list, text)
		return ok && strings.HasPrefix(text, "-")
	}
	// The last of several: the number of an interrupt, then what went wrong.
	for i := len(r.Args) - 1; i >= 0; i-- {
		if a := &r.Args[i]; is(a.Text) {
			return a.Text, strings.Clone(a.Name)
		}
	}
	for _, word := range codeWords(r.Text) {
		if is(word) {
			return word, ""
		}
	}
	return "", ""
}

// codeWords are the words of a text among which an error code would be.
func codeWords(text string) []string {
	words := strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(" \t:,;()[]=", c) })
	for i := range words {
		words[i] = strings.TrimSuffix(words[i], ".")
	}
	return words
}
