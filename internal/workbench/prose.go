package workbench

// Names in strings and comments. They are not in the index: the files that may
// have them are chosen by their text, read, and their strings and comments found
// again.

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/prose"
	"dekho/internal/source"
)

// proseRun is how many files a worker takes at a time.
const proseRun = 32

// inProse finds a name in strings and comments.
func (t *Tree) inProse(ctx context.Context, name string, want wanted) ([]Result, error) {
	ids, err := t.textCandidates(name, true)
	if err != nil {
		return nil, err
	}
	// Where the index knows the name as code, and the line has it once, no file
	// needs a closer look: this is what makes the name of a common function
	// bearable.
	code, err := t.idx.Refs(name, index.AllRoles)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	found := make([][]Result, (len(ids)+proseRun-1)/proseRun)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers() {
		wg.Go(func() {
			s := proseSearch{t: t, name: []byte(name), want: want, code: code, funcs: t.idx.FuncFinder()}
			err := index.Guard(func() error {
				for ctx.Err() == nil {
					run := int(next.Add(1)) - 1
					if run >= len(found) {
						return nil
					}
					for _, id := range ids[run*proseRun : min((run+1)*proseRun, len(ids))] {
						var err error
						if found[run], err = s.file(found[run], id); err != nil {
							return err
						}
					}
				}
				return nil
			})
			if err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return slices.Concat(found...), nil
}

// proseSearch is the search of one worker.
type proseSearch struct {
	t      *Tree
	name   []byte
	want   wanted
	code   []index.Ref
	funcs  *index.FuncFinder
	reader source.Reader

	hits    []proseHit
	regions []prose.Region
}

// proseHit is where the name stands in a file.
type proseHit struct {
	off  int
	line uint32
}

// file appends the results of one file.
func (s *proseSearch) file(dst []Result, id source.FileID) ([]Result, error) {
	path := s.t.idx.Path(id)
	style := prose.StyleOf(path)
	if style == prose.None {
		return dst, nil
	}
	src, err := s.t.idx.ReadText(&s.reader, id)
	if err != nil {
		return dst, nil //nolint:nilerr // gone since it was indexed: it has no text any more
	}
	s.find(src)
	s.dropCode(id)
	if len(s.hits) == 0 {
		return dst, nil
	}
	s.regions = prose.Append(s.regions[:0], style, src, s.hits[len(s.hits)-1].off+1)
	at := 0
	for _, h := range s.hits {
		for at < len(s.regions) && s.regions[at].End <= h.off {
			at++
		}
		res := Result{Path: path, Line: h.line}
		switch in := at < len(s.regions) && s.regions[at].Off <= h.off; {
		case !in && s.want.plain && style == prose.C && !isAssembly(path):
			res.Role = lang.Read.String()
		case in && s.regions[at].Comment && s.want.comments:
			res.Role = roleComment
		case in && !s.regions[at].Comment && s.want.strings:
			res.Role = roleString
		default:
			continue
		}
		from := bytes.LastIndexByte(src[:h.off], '\n') + 1
		text := src[from:]
		if n := bytes.IndexByte(text, '\n'); n >= 0 {
			text = text[:n]
		}
		res.Column = h.off - from + 1
		if n := len(dst); n > 0 && dst[n-1].Path == path && dst[n-1].Line == h.line && dst[n-1].Role == res.Role {
			continue
		}
		res.Text = string(bytes.TrimRight(text, " \t\r"))
		fn, ok, err := s.funcs.At(id, h.line)
		if err != nil {
			return dst, err
		}
		if ok {
			res.Function = fn.Qualified()
		}
		dst = append(dst, res)
	}
	return dst, nil
}

// isAssembly reports whether a file is assembly, whose comments differ from
// architecture to architecture.
func isAssembly(path string) bool {
	return strings.HasSuffix(path, ".S") || strings.HasSuffix(path, ".s")
}

// find fills hits with the places of the name as a word.
func (s *proseSearch) find(src []byte) {
	s.hits = s.hits[:0]
	line, counted := uint32(1), 0
	for from := 0; ; {
		i := bytes.Index(src[from:], s.name)
		if i < 0 {
			return
		}
		i += from
		from = i + len(s.name)
		if i > 0 && isWordByte(src[i-1]) || from < len(src) && isWordByte(src[from]) {
			continue
		}
		line += uint32(bytes.Count(src[counted:i], newline))
		counted = i
		s.hits = append(s.hits, proseHit{i, line})
	}
}

// dropCode removes the hits that the index knows as code.
func (s *proseSearch) dropCode(id source.FileID) {
	at, _ := slices.BinarySearchFunc(s.code, id, func(r index.Ref, id source.FileID) int { return cmp.Compare(r.File, id) })
	code := s.code[at:]
	out := s.hits[:0]
	for i := 0; i < len(s.hits); {
		j := i + 1
		for j < len(s.hits) && s.hits[j].line == s.hits[i].line {
			j++
		}
		for len(code) > 0 && code[0].File == id && code[0].Line < s.hits[i].line {
			code = code[1:]
		}
		if j > i+1 || len(code) == 0 || code[0].File != id || code[0].Line != s.hits[i].line {
			out = append(out, s.hits[i:j]...)
		}
		i = j
	}
	s.hits = out
}
