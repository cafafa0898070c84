package fuzzy

// Queries as they are typed.

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"
)

// maxQuery bounds the text of a query, in bytes.
const maxQuery = 256

// kind is how a term wants to be found.
type kind uint8

const (
	letters kind = iota // in order
	exact               // side by side
	prefix
	suffix
	whole
)

// term is one part of a query.
type term struct {
	text    []byte // in lower case unless it is case-sensitive
	kind    kind
	inverse bool
	// fold maps the bytes of a candidate to those that text is compared with.
	fold *[256]byte
}

// Query is a parsed query.
type Query struct {
	terms []term
	// driver is the term by which candidates are sorted out first; -1 if all
	// are inverse.
	driver int
}

// ErrEmpty is returned for a query without terms.
var ErrEmpty = errors.New("nothing to find: the query is empty")

var (
	asIs = func() (t [256]byte) {
		for i := range t {
			t[i] = byte(i)
		}
		return t
	}()
	lower = func() (t [256]byte) {
		for i := range t {
			t[i] = byte(i)
		}
		for c := byte('A'); c <= 'Z'; c++ {
			t[c] = c | 0x20
		}
		return t
	}()
)

// Parse reads a query.
func Parse(text string) (*Query, error) {
	if len(text) > maxQuery {
		return nil, fmt.Errorf("query of %d bytes: the limit is %d", len(text), maxQuery)
	}
	q := &Query{driver: -1}
	for _, word := range words(text) {
		t, ok := parseTerm(word)
		if !ok {
			continue // an operator whose text is still to be typed
		}
		q.terms = append(q.terms, t)
		n := len(q.terms) - 1
		if !t.inverse && (q.driver < 0 || selectivity(&t) > selectivity(&q.terms[q.driver])) {
			q.driver = n
		}
	}
	if len(q.terms) == 0 {
		return nil, ErrEmpty
	}
	return q, nil
}

// words splits at blanks that no backslash precedes.
func words(text string) []string {
	var out []string
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			out = append(out, word.String())
			word.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text) && text[i+1] == ' ':
			i++
			word.WriteByte(' ')
		case c == ' ' || c == '\t' || c == '\n':
			flush()
		default:
			word.WriteByte(c)
		}
	}
	flush()
	return out
}

func parseTerm(word string) (t term, ok bool) {
	if rest, found := strings.CutPrefix(word, "!"); found {
		// Without the letters of something in some order is never meant.
		t.inverse, t.kind, word = true, exact, rest
	}
	if rest, found := strings.CutPrefix(word, "'"); found {
		t.kind, word = exact, rest
	} else {
		if rest, found := strings.CutPrefix(word, "^"); found {
			t.kind, word = prefix, rest
		}
		if rest, found := strings.CutSuffix(word, "$"); found && rest != "" {
			if t.kind == prefix {
				t.kind = whole
			} else {
				t.kind = suffix
			}
			word = rest
		}
	}
	if word == "" {
		return t, false
	}
	t.text, t.fold = []byte(word), &asIs
	if !strings.ContainsFunc(word, func(r rune) bool { return 'A' <= r && r <= 'Z' }) {
		t.fold = &lower
	}
	return t, true
}

// selectivity is a measure of how few texts a term matches: how many kinds of
// characters it has, then how many characters.
func selectivity(t *term) int {
	var kinds uint32
	for _, c := range t.text {
		kinds |= 1 << kindOf[c]
	}
	return bits.OnesCount32(kinds)<<16 + len(t.text)
}
