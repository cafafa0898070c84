package cscope

// Answers as lines, and the dialogue of -l.

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"dekho/internal/workbench"
)

// maxAnswer bounds a line of an answer, in bytes: Vim drops longer ones than
// 2048, with the newline and what ends a string.
const maxAnswer = 2000

// maxText bounds the text of a line that comes before a note.
const maxText = 1000

// answer writes the lines that answer a question, each with one Write.
func (r *run) answer(ctx context.Context, t *workbench.Tree, q workbench.CrossQuery, pattern string, ignoreCase bool, out io.Writer) error {
	names := paths{root: t.Root(), base: r.base}
	var buf []byte
	if q != workbench.CrossText && q != workbench.CrossPattern {
		pattern = strings.TrimSpace(pattern)
	}
	return t.CrossReference(ctx, q, pattern, workbench.CrossOptions{IgnoreCase: ignoreCase}, func(l *workbench.CrossLine) error {
		buf = appendLine(buf[:0], q, names.of(l.Path), l)
		if _, err := out.Write(buf); err != nil {
			return &outputError{err}
		}
		return nil
	})
}

// paths writes names of files as the database has them.
type paths struct{ root, base string }

// of is the name of a file of the tree: relative to the base if it is below.
func (p *paths) of(path string) string {
	if p.base == p.root {
		return path
	}
	path = filepath.Join(p.root, filepath.FromSlash(path))
	if p.base != "" {
		if rel, ok := strings.CutPrefix(path, strings.TrimSuffix(p.base, "/")+"/"); ok {
			return rel
		}
	}
	return path
}

// appendLine appends a line of an answer: path, function, number, text. The
// first three are words, for whoever takes the line apart at its blanks.
func appendLine(dst []byte, q workbench.CrossQuery, path string, l *workbench.CrossLine) []byte {
	dst = append(dst, path...)
	dst = append(dst, ' ')
	searched := q == workbench.CrossText || q == workbench.CrossPattern
	switch {
	case l.Function != "":
		for _, c := range []byte(l.Function) {
			if c <= ' ' { // operator new
				c = '_'
			}
			dst = append(dst, c)
		}
	case searched, q == workbench.CrossFile:
		dst = append(dst, "<unknown>"...)
	default:
		dst = append(dst, "<global>"...)
	}
	dst = append(dst, ' ')
	dst = strconv.AppendUint(dst, uint64(l.Line), 10)
	dst = append(dst, ' ')
	from := len(dst)
	if searched {
		dst = appendClean(dst, l.Text)
	} else {
		dst = appendWords(dst, l.Text)
	}
	if len(dst) == from {
		dst = append(dst, "<unknown>"...) // what cscope writes where it has no text
	}
	if l.Note != "" {
		dst = cut(dst, from+maxText)
		dst = append(dst, " /* "...)
		dst = appendClean(dst, strings.ReplaceAll(l.Note, "*/", ""))
		dst = append(cut(dst, maxAnswer), " */"...)
	}
	return append(cut(dst, maxAnswer), '\n')
}

// cut shortens a line to n bytes, not within a letter.
func cut(line []byte, n int) []byte {
	if len(line) <= n {
		return line
	}
	for n > 0 && line[n]&0xC0 == 0x80 {
		n--
	}
	return line[:n]
}

// appendWords appends the words of a text with one blank between them, as
// cscope does.
func appendWords(dst []byte, text string) []byte {
	for i, word := range strings.Fields(text) {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = appendClean(dst, word)
	}
	return dst
}

// appendClean appends a text without what would end the line or be taken for
// the end of a string.
func appendClean(dst []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c != 0 && c != '\n' && c != '\r' {
			dst = append(dst, c)
		}
	}
	return dst
}

const prompt = ">> "

// maxQuery bounds a line of the input, in bytes.
const maxQuery = 8 << 10

// serve answers the queries of the input until it ends.
func (r *run) serve(ctx context.Context, s *workbench.Session) error {
	in := bufio.NewReaderSize(r.In, maxQuery)
	ignoreCase := r.opts.IgnoreCase
	for {
		if _, err := r.out.WriteString(prompt); err != nil {
			return nil //nolint:nilerr // who asked is gone
		}
		if err := r.out.Flush(); err != nil {
			return nil //nolint:nilerr // likewise
		}
		line, err := readQuery(in)
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return &workbench.InputError{Name: "standard input", Err: err}
		}
		if line == "" {
			r.complain("unknown command ''")
			continue
		}
		switch c := line[0]; {
		case c >= '0' && c <= '9':
			err = r.query(ctx, s, workbench.CrossQuery(c-'0'), line[1:], ignoreCase)
		case c == 'c':
			ignoreCase = !ignoreCase
		case c == 'r' || c == 'R'-'@':
			err = r.rebuild(ctx)
		case c == 'P':
			_, err = fmt.Fprintln(r.out, s.Root())
		case c == 'C' || c == 'F': // the list of files is that of the index
			err = r.out.WriteByte('\n')
		case c == 'q' || c == 'D'-'@' || c == 'Z'-'@':
			return nil
		default:
			r.complain(fmt.Sprintf("unknown command '%s'", line))
		}
		var gone *outputError
		if errors.As(err, &gone) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// query answers one question. What went wrong with it is said in a way that all
// clients take for an answer; only what makes further questions pointless is an
// error.
func (r *run) query(ctx context.Context, s *workbench.Session, q workbench.CrossQuery, pattern string, ignoreCase bool) error {
	err := r.counted(ctx, s, q, pattern, ignoreCase)
	var gone *outputError
	if err == nil || ctx.Err() != nil || errors.As(err, &gone) {
		return errors.Join(err, ctx.Err())
	}
	r.complain(err.Error())
	_, err = r.out.WriteString("Unable to search database\n")
	return err
}

// rebuild brings the index up to date; the session sees it by itself.
func (r *run) rebuild(ctx context.Context) error {
	if err := r.update(ctx); err != nil {
		r.complain(err.Error())
	}
	return r.out.WriteByte('\n')
}

// complain writes to the standard error, on one line. Should that fail, there
// is nobody to tell.
func (r *run) complain(text string) {
	_, _ = fmt.Fprintf(r.Err, "cscope: %s\n", bytes.Join(bytes.Fields(appendClean(nil, text)), []byte(" ")))
}

// readQuery reads a line without its newline, up to a NUL; of one that is too
// long, the beginning. The last line need not have a newline.
func readQuery(in *bufio.Reader) (string, error) {
	line, err := in.ReadSlice('\n')
	text := string(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = in.ReadSlice('\n')
	}
	if err != nil && (text == "" || !errors.Is(err, io.EOF)) {
		return "", err
	}
	text, _, _ = strings.Cut(text, "\x00")
	return strings.TrimRight(text, "\r\n"), nil
}
