// Package pattern reads the regular expressions that people type, as ripgrep
// understands them, into syntax trees that match within one line.
//
// Syntax is that of Go's regexp, with these differences:
//   - \w \d \s and their negations are Unicode classes, as in ripgrep; so is
//     the notion of a word that \b stands for.
//   - ^ and $ are the edges of the line, and so are \A and \z: a line is all
//     the text there is.
//   - \< and \> are word boundaries, as in Vim and grep.
//   - Nothing matches a newline. Where a pattern spells one out, Parse fails
//     rather than find nothing.
//
// A brace that is not a repetition is a literal ("struct page {"), which
// ripgrep refuses.
package pattern

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Options say how the text of a pattern is to be read. The zero value is a
// case-sensitive regular expression.
type Options struct {
	// Literal takes the text as it stands: no character is special.
	Literal bool
	// IgnoreCase matches letters of either case.
	IgnoreCase bool
	// SmartCase is IgnoreCase when the pattern has no upper-case letter.
	SmartCase bool
	// Word wants the match to be delimited by line edges or by characters
	// that are not part of a word.
	Word bool
}

// maxLen bounds the text of a pattern, in bytes. It is generous: a list of all
// functions of a subsystem joined with | is a pattern.
const maxLen = 64 << 10

// ErrNewline is wrapped by the error for a pattern that spells out a newline.
var ErrNewline = errors.New("a pattern matches within one line, so it cannot contain a newline")

// Parse reads a pattern. The tree holds no repetition counts beyond those the
// regexp package allows, no class or literal that matches a newline, and of
// the empty-width operators only BeginLine, EndLine, WordBoundary and
// NoWordBoundary.
func Parse(text string, opt Options) (*syntax.Regexp, error) {
	if len(text) > maxLen {
		return nil, fmt.Errorf("pattern of %d bytes: the limit is %d", len(text), maxLen)
	}
	// UnicodeGroups allows \pN. Without OneLine, ^ and $ are line edges.
	// Without ClassNL and DotNL, neither [^a] nor . matches a newline.
	flags := syntax.PerlX | syntax.UnicodeGroups
	if opt.IgnoreCase || opt.SmartCase && !hasUpper(text, opt.Literal) {
		flags |= syntax.FoldCase
	}
	source := text
	if opt.Literal {
		flags |= syntax.Literal
	} else {
		source = expand(text)
	}
	re, err := syntax.Parse(source, flags)
	if err != nil {
		var se *syntax.Error
		if errors.As(err, &se) && source != text {
			// The error may quote what expand wrote; what was typed reads better.
			if _, typed := syntax.Parse(text, flags); typed != nil {
				err = typed
			}
		}
		return nil, fmt.Errorf("pattern %q: %w", text, err)
	}
	if err := stripNewlines(re); err != nil {
		return nil, fmt.Errorf("pattern %q: %w", text, err)
	}
	if opt.Word {
		re = wrapWord(re)
	}
	return re, nil
}

// hasUpper reports whether a pattern asks for an upper-case letter. The
// letters of escapes (\W, \pL) do not count.
func hasUpper(text string, literal bool) bool {
	escaped := false
	for _, r := range text {
		switch {
		case escaped:
			escaped = false
		case r == '\\' && !literal:
			escaped = true
		case unicode.IsUpper(r):
			return true
		}
	}
	return false
}

// IsWord reports whether a rune is part of a word, as \w understands it.
func IsWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '_' || '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z'
	}
	return unicode.In(r, wordTables...)
}

// wordTables make up \w by Unicode Technical Standard 18, annex C: alphabetic
// characters, marks, decimal digits, connectors and joiners.
var wordTables = []*unicode.RangeTable{
	unicode.L, unicode.Nl, unicode.Other_Alphabetic, unicode.Other_Lowercase, unicode.Other_Uppercase,
	unicode.M, unicode.Nd, unicode.Pc, unicode.Join_Control,
}

// runeRanges are pairs of first and last rune, sorted and disjoint, as in
// syntax.Regexp.Rune.
type runeRanges []rune

func rangesOf(tables ...*unicode.RangeTable) runeRanges {
	type span struct{ lo, hi rune }
	var spans []span
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			spans = append(spans, span{lo, hi})
			return
		}
		for r := lo; r <= hi; r += stride {
			spans = append(spans, span{r, r})
		}
	}
	for _, t := range tables {
		for _, r := range t.R16 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
		for _, r := range t.R32 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return int(a.lo - b.lo) })
	var rs runeRanges
	for _, s := range spans {
		if n := len(rs); n > 0 && s.lo <= rs[n-1]+1 {
			rs[n-1] = max(rs[n-1], s.hi)
			continue
		}
		rs = append(rs, s.lo, s.hi)
	}
	return rs
}

// negated is the complement.
func (rs runeRanges) negated() runeRanges {
	var out runeRanges
	next := rune(0)
	for i := 0; i < len(rs); i += 2 {
		if next < rs[i] {
			out = append(out, next, rs[i]-1)
		}
		next = rs[i+1] + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, next, unicode.MaxRune)
	}
	return out
}

// inBrackets spells the ranges as they can stand between [ and ].
func (rs runeRanges) inBrackets() string {
	var sb strings.Builder
	for i := 0; i < len(rs); i += 2 {
		fmt.Fprintf(&sb, `\x{%x}-\x{%x}`, rs[i], rs[i+1])
	}
	return sb.String()
}

// perl maps the letter of \w and its like to the class.
var perl = func() map[byte]runeRanges {
	m := map[byte]runeRanges{
		'w': rangesOf(wordTables...),
		'd': rangesOf(unicode.Nd),
		's': rangesOf(unicode.White_Space),
	}
	for c, rs := range m {
		m[c-'a'+'A'] = rs.negated()
	}
	return m
}()

// expand rewrites what Go's syntax reads otherwise than ripgrep: Perl classes
// become explicit ranges, \< and \> become \b.
func expand(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var sb strings.Builder
	brackets := false // between [ and ]
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text):
			i++
			next := text[i]
			rs, isClass := perl[next]
			switch {
			case isClass && brackets:
				sb.WriteString(rs.inBrackets())
			case isClass:
				sb.WriteString("[" + rs.inBrackets() + "]")
			case (next == '<' || next == '>') && !brackets:
				sb.WriteString(`\b`)
			case next == 'Q' && !brackets:
				// Quoted text up to \E is literal: nothing to expand in it.
				end := strings.Index(text[i:], `\E`)
				if end < 0 {
					end = len(text) - i - 2
				}
				sb.WriteString(`\` + text[i:i+end+2])
				i += end + 1
			default:
				sb.WriteByte(c)
				sb.WriteByte(next)
			}
		case c == '[' && !brackets:
			brackets = true
			sb.WriteByte(c)
			// A ] that comes first, or first after ^, is a member.
			if i+1 < len(text) && text[i+1] == '^' {
				i++
				sb.WriteByte('^')
			}
			if i+1 < len(text) && text[i+1] == ']' {
				i++
				sb.WriteByte(']')
			}
		case c == '[' && i+1 < len(text) && text[i+1] == ':':
			// [:alpha:] has a bracket of its own.
			if end := strings.Index(text[i+2:], ":]"); end >= 0 {
				sb.WriteString(text[i : i+2+end+2])
				i += 2 + end + 1
				break
			}
			sb.WriteByte(c)
		case c == ']' && brackets:
			brackets = false
			sb.WriteByte(c)
		default:
			sb.WriteByte(c)
		}
	}
	return sb.String()
}

// stripNewlines takes newlines out of the classes of a tree and fails when a
// literal is one. It maps the edges of the text to those of the line.
func stripNewlines(re *syntax.Regexp) error {
	switch re.Op {
	case syntax.OpLiteral:
		if slices.Contains(re.Rune, '\n') {
			return ErrNewline
		}
	case syntax.OpCharClass:
		if len(re.Rune) == 2 && re.Rune[0] == '\n' && re.Rune[1] == '\n' {
			return ErrNewline
		}
		re.Rune = withoutNewline(re.Rune)
		if len(re.Rune) == 0 {
			re.Op = syntax.OpNoMatch
		}
	case syntax.OpAnyChar:
		re.Op = syntax.OpAnyCharNotNL
	case syntax.OpBeginText:
		re.Op = syntax.OpBeginLine
	case syntax.OpEndText:
		re.Op = syntax.OpEndLine
	}
	for _, sub := range re.Sub {
		if err := stripNewlines(sub); err != nil {
			return err
		}
	}
	return nil
}

func withoutNewline(rs []rune) []rune {
	out := make([]rune, 0, len(rs)+2)
	for i := 0; i < len(rs); i += 2 {
		lo, hi := rs[i], rs[i+1]
		if lo > '\n' || hi < '\n' {
			out = append(out, lo, hi)
			continue
		}
		if lo < '\n' {
			out = append(out, lo, '\n'-1)
		}
		if hi > '\n' {
			out = append(out, '\n'+1, hi)
		}
	}
	return out
}

// wrapWord delimits a tree: (?:^|\W)(?:re)(?:\W|$), which is not quite
// \b(?:re)\b: what matches may itself begin with a character that is not part
// of a word.
func wrapWord(re *syntax.Regexp) *syntax.Regexp {
	edge := func(op syntax.Op) *syntax.Regexp {
		return &syntax.Regexp{Op: syntax.OpAlternate, Sub: []*syntax.Regexp{
			{Op: op},
			{Op: syntax.OpCharClass, Rune: withoutNewline(perl['W'])},
		}}
	}
	return &syntax.Regexp{Op: syntax.OpConcat, Sub: []*syntax.Regexp{
		edge(syntax.OpBeginLine), re, edge(syntax.OpEndLine),
	}}
}
