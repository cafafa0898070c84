package workbench

// Looking at one file closely: its text as it is now, taken apart.

import (
	"errors"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/lang/all"
	"dekho/internal/outline"
	"dekho/internal/source"
)

// closeup is a file of the tree that was read and taken apart. What it says is
// true of the file as it is, whether or not it changed since it was indexed.
type closeup struct {
	*outline.File
	id    source.FileID
	path  string
	facts lang.Facts
	conds []index.Cond
}

// closeup reads a file.
func (t *Tree) closeup(id source.FileID) (*closeup, error) {
	path := t.idx.Path(id)
	var r source.Reader
	src, err := t.idx.ReadText(&r, id)
	if err != nil {
		return nil, unreadable(path, err)
	}
	c := readCloseup(path, src)
	c.id = id
	return c, nil
}

// readCloseup takes a text apart as that of a file with this path, whether or
// not there is one.
func readCloseup(path string, src []byte) *closeup {
	c := &closeup{id: source.NoFile, path: path}
	language := ""
	for _, l := range all.Languages() {
		if l.Match(path) {
			language = l.Name
			l.New().Extract(path, src, &c.facts)
			break
		}
	}
	for _, k := range c.facts.Conds {
		c.conds = append(c.conds, index.Cond{Expr: string(src[k.Expr.Off : k.Expr.Off+k.Expr.Len]), Start: k.Start, End: k.End, Kind: k.Kind})
	}
	c.File = outline.Read(language, src, &c.facts)
	return c
}

// unreadable says that a file of the tree cannot be read any more.
func unreadable(path string, err error) error {
	var skip *source.SkipError
	if errors.As(err, &skip) {
		err = errors.New(skip.Reason.String())
	}
	return &InputError{Name: path, Err: err, Hint: "dekho index brings the index up to date"}
}

// condition is what of #if governs a line.
func (c *closeup) condition(line uint32) string { return condition(c.conds, line, c.facts.Lines) }

// text is a line without the white space behind it.
func (c *closeup) text(line uint32) string {
	from, to := c.LineExtent(line)
	return strings.TrimRight(string(c.Src[from:to]), " \t\r")
}
