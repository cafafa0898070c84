package grep

// Searching one file.

import (
	"bytes"
	"context"

	"dekho/internal/query/automaton"
)

// searcher searches files one after the other. It is for one goroutine.
type searcher struct {
	p       *Pattern
	opt     *Options
	lits    *finders           // nil if no literals are known
	fold    *foldFinder        // nil if no text in either case is
	matcher *automaton.Matcher // nil until it is needed
	text    []byte             // of the lines found; handed over with them
	lines   []Line
}

func newSearcher(p *Pattern, opt *Options) *searcher {
	s := &searcher{p: p, opt: opt}
	switch {
	case len(p.lits.Strings) > 0:
		s.lits = newFinders(p.lits.Strings)
	case p.lits.Fold != "":
		s.fold = newFoldFinder(p.lits.Fold)
	}
	return s
}

// window is how much text is searched between two looks at the context.
const window = 1 << 20

// next finds the first line in text[at:] that matches; at is the start of a
// line.
func (s *searcher) next(ctx context.Context, text []byte, at int) (start, end int, ok bool) {
	if s.lits == nil && s.fold == nil {
		return s.nextAutomaton(ctx, text, at)
	}
	whole := s.p.lits.Whole || s.p.lits.FoldWhole
	for looked := at; ; {
		var n int
		if s.fold != nil {
			n = s.fold.index(text, at)
		} else {
			n = s.lits.index(text, at)
		}
		if n < 0 || n >= len(text) { // it may be known from a longer text
			return 0, 0, false
		}
		start = at + bytes.LastIndexByte(text[at:n], '\n') + 1
		end = lineEnd(text, n)
		if whole || s.automaton().MatchLine(text[start:end]) {
			return start, end, true
		}
		at = end + 1
		if at >= len(text) {
			return 0, 0, false
		}
		if at-looked > window {
			looked = at
			if ctx.Err() != nil {
				return 0, 0, false
			}
		}
	}
}

func (s *searcher) nextAutomaton(ctx context.Context, text []byte, at int) (start, end int, ok bool) {
	m := s.automaton()
	for len(text)-at > window {
		stop := lineEnd(text, at+window)
		if stop == len(text) {
			break
		}
		if start, end, ok = m.Next(text[:stop+1], at); ok {
			return start, end, true
		}
		if ctx.Err() != nil {
			return 0, 0, false
		}
		at = stop + 1
	}
	return m.Next(text, at)
}

func (s *searcher) automaton() *automaton.Matcher {
	if s.matcher == nil {
		s.matcher = s.p.program.NewMatcher()
	}
	return s.matcher
}

// lineEnd is the position of the newline of the line that has byte i.
func lineEnd(text []byte, i int) int {
	if n := bytes.IndexByte(text[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(text)
}

// search searches one file. The lines found are appended to s.lines; those of
// r are a part of it. It reports whether there is anything to tell.
func (s *searcher) search(ctx context.Context, content []byte, r *Result) bool {
	bom := 0
	if bytes.HasPrefix(content, byteOrderMark) {
		bom = len(byteOrderMark)
	}
	if s.lits != nil {
		s.lits.reset()
	}
	text := content
	start, end, ok := s.next(ctx, text, bom)
	if !ok {
		return false
	}
	// Only now is it worth to look for a NUL byte.
	var stop int
	if stop, r.Binary = searchable(content); start >= stop {
		return false
	}
	text = content[:stop]

	var (
		firstLine = len(s.lines)
		number    = 1   // of the line at counted
		counted   = bom // start of a line
		shown     = bom // end of the last line shown, with its newline
		after     = 0   // lines of context still due
	)
	lineAt := func(at int) int {
		number += bytes.Count(text[counted:at], newline)
		counted = at
		return number
	}
	for ok && start < stop {
		r.Count++
		switch {
		case s.opt.FilesOnly:
			return true
		case s.opt.Count:
		default:
			// Context behind the last match, then before this one.
			for ; after > 0 && shown < start; after-- {
				e := lineEnd(text, shown)
				s.addLine(text, shown, e, lineAt(shown), false)
				shown = e + 1
			}
			if s.opt.Before > 0 && shown < start {
				from := start
				for n := 0; n < s.opt.Before && from > shown; n++ {
					from = shown + bytes.LastIndexByte(text[shown:from-1], '\n') + 1
				}
				for from < start {
					e := lineEnd(text, from)
					s.addLine(text, from, e, lineAt(from), false)
					from = e + 1
				}
			}
			s.addLine(text, start, end, lineAt(start), true)
			shown = end + 1
			after = s.opt.After
		}
		if s.opt.MaxCount > 0 && r.Count >= s.opt.MaxCount || end+1 >= len(text) {
			break
		}
		start, end, ok = s.next(ctx, text, end+1)
	}
	// Context behind the last match. Beyond MaxCount it can have matches, too.
	for ; after > 0 && shown < len(text); after-- {
		e := lineEnd(text, shown)
		s.addLine(text, shown, e, lineAt(shown), s.automaton().MatchLine(text[shown:e]))
		shown = e + 1
	}
	r.Lines = s.lines[firstLine:len(s.lines):len(s.lines)]
	// The text may have moved while it grew.
	at := len(s.text)
	for i := len(r.Lines) - 1; i >= 0; i-- {
		l := &r.Lines[i]
		n := len(l.Text)
		l.Text = s.text[at-n : at : at]
		at -= n
	}
	return true
}

var newline = []byte{'\n'}

func (s *searcher) addLine(text []byte, start, end, number int, match bool) {
	s.text = append(s.text, text[start:end]...)
	s.lines = append(s.lines, Line{
		// The length is right, the bytes are set when the file is done.
		Text:   text[start:end:end],
		Offset: start,
		Number: number,
		Match:  match,
	})
}
