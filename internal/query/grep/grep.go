// Package grep searches the text of files for the lines that match a pattern.
//
// A search finds what ripgrep finds with -n --no-ignore, and by its rules:
//
//   - A match lies within one line. Lines end with a newline, which is not
//     part of them; a carriage return is.
//   - Files and directories whose name starts with a dot are left out, unless
//     Options.Hidden is set.
//   - A file with a NUL byte in its first 64 KiB is binary and left out
//     without a word. In a file with a NUL byte further on, the search ends
//     there: lines before it are found, and Result.Binary is set.
//   - A byte order mark at the start of a file is not part of its first line.
//
// It differs in that UTF-16 is not searched, and in what package pattern says
// about the syntax of patterns.
//
// The caller provides the files, which are those that the text index holds
// (Pattern.Trigrams tells which of them to bother with), and gets the results
// file by file in the order of the files, although several are searched at a
// time.
package grep

import (
	"bytes"
	"regexp"
	"regexp/syntax"
	"sync"
	"unicode/utf8"

	"dekho/internal/query/automaton"
	"dekho/internal/query/pattern"
	"dekho/internal/query/plan"
	"dekho/internal/trigram"
)

// Pattern is a compiled pattern. It can be used by several goroutines.
type Pattern struct {
	tree    *syntax.Regexp
	program *automaton.Program
	lits    plan.Literals
	word    bool

	// locate finds matches inside lines that are known to have one.
	locateOnce sync.Once
	locate     *regexp.Regexp
}

// Compile reads a pattern. The error says what is wrong with it.
func Compile(text string, opt pattern.Options) (*Pattern, error) {
	tree, err := pattern.Parse(text, opt)
	if err != nil {
		return nil, err
	}
	program, err := automaton.Compile(tree)
	if err != nil {
		return nil, err
	}
	return &Pattern{tree: tree, program: program, lits: plan.RequiredLiterals(tree), word: opt.Word}, nil
}

// Trigrams is the condition on files that may have a match, for
// trigram.Index.Eval.
func (p *Pattern) Trigrams() *trigram.Query { return plan.Trigrams(p.tree) }

// Span is a range of bytes of a line.
type Span struct{ Start, End int }

// Spans appends to dst where in a line that matches the matches are: leftmost
// first, not overlapping and not empty. It is for showing them: it may find
// nothing in a line with characters beyond ASCII next to a word boundary.
func (p *Pattern) Spans(dst []Span, line []byte) []Span {
	p.locateOnce.Do(func() {
		text := p.tree.String()
		if p.word {
			// What stands between the edges that pattern.Parse added.
			s := p.tree.Sub
			text = "(?:" + s[0].String() + ")(" + s[1].String() + ")(?:" + s[2].String() + ")"
		}
		// A pattern that compiled before can fail here only by its size.
		p.locate, _ = regexp.Compile(text)
	})
	if p.locate == nil {
		return dst
	}
	if !p.word {
		for _, m := range p.locate.FindAllIndex(line, -1) {
			if m[0] < m[1] {
				dst = append(dst, Span{m[0], m[1]})
			}
		}
		return dst
	}
	// The character behind one word may be the one before the next, so each
	// search starts where the word ended. There, the start of what is searched
	// is not that of the line: a match that takes it for one is not delimited.
	for at := 0; at < len(line); {
		m := p.locate.FindSubmatchIndex(line[at:])
		if m == nil {
			break
		}
		start, end := at+m[2], at+m[3]
		if m[2] == 0 && at > 0 && isWordAt(line[:at]) {
			_, n := utf8.DecodeRune(line[at:])
			at += n
			continue
		}
		if start < end {
			dst = append(dst, Span{start, end})
			at = end
			continue
		}
		_, n := utf8.DecodeRune(line[end:])
		at = end + max(n, 1)
	}
	return dst
}

// isWordAt reports whether text ends with a character that is part of a word.
func isWordAt(text []byte) bool {
	r, _ := utf8.DecodeLastRune(text)
	return r != utf8.RuneError && pattern.IsWord(r)
}

// Line is a line of a file.
type Line struct {
	// Text is the line without its newline. It is valid until the function
	// that was given the result returns.
	Text []byte
	// Offset is where it starts in the file, in bytes.
	Offset int
	// Number is 1 for the first line of a file.
	Number int
	// Match tells lines that match from lines of context around them.
	Match bool
}

// Result is what was found in one file.
type Result struct {
	// File is the number of the file, Path its name.
	File int
	Path string
	// Lines are the lines found, with context if it was asked for, in order.
	// They are left out if Options.FilesOnly or Count is set.
	Lines []Line
	// Count is the number of lines that match; 1 if FilesOnly is set.
	Count int
	// Binary says that there was a NUL byte, at which the search ended.
	Binary bool
	// Err says why the file could not be searched. Results with an error have
	// no lines.
	Err error
}

// Options of a search. The zero value finds all lines in all files that are
// not hidden.
type Options struct {
	// FilesOnly asks only which files match.
	FilesOnly bool
	// Count asks only how many lines match in each file.
	Count bool
	// Before and After are the numbers of lines of context wanted around a
	// line that matches.
	Before, After int
	// MaxCount ends the search of a file after so many lines that match; 0 is
	// no limit.
	MaxCount int
	// Hidden includes files whose path has an element that starts with a dot.
	Hidden bool
	// Keep chooses files by their path; nil is all.
	Keep func(path string) bool
	// Workers is the number of goroutines; 0 is one for each CPU.
	Workers int
	// Guard, if not nil, runs the goroutines, and its error ends the search:
	// Files whose paths are in a mapped file can fault.
	Guard func(func() error) error
}

// nul ends the search of a file, and makes it binary if it is near its start.
const (
	nul        = 0
	binaryNear = 64 << 10
)

var byteOrderMark = []byte("\ufeff")

// hidden reports whether an element of a path starts with a dot.
func hidden(path string) bool {
	for i := 0; i < len(path); i++ {
		if path[i] == '.' && (i == 0 || path[i-1] == '/') {
			return true
		}
	}
	return false
}

// searchable reports up to where a file is searched, and whether that is because
// of a NUL byte.
func searchable(content []byte) (end int, isBinary bool) {
	n := bytes.IndexByte(content, nul)
	switch {
	case n < 0:
		return len(content), false
	case n < binaryNear:
		return 0, true
	}
	// The line that has it is not searched.
	return bytes.LastIndexByte(content[:n], '\n') + 1, true
}
