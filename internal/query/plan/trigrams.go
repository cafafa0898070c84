// Package plan works out what every match of a pattern must contain: the
// trigrams by which the index chooses documents, and the literal by which a
// scan chooses lines.
//
// Both may ask for too little, never for too much: a document or line that
// they turn away has no match.
package plan

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"dekho/internal/trigram"
)

// Bounds on what is kept about a part of a pattern. More makes queries
// sharper and slower to evaluate.
const (
	// maxExact bounds the strings in an exact set, and what they add up to.
	maxExact      = 64
	maxExactBytes = 1 << 10
	// maxEdge bounds the strings in a prefix or suffix set.
	maxEdge = 256
	// edgeLen is how much of a prefix or suffix is kept, in classes: with one
	// more it would be a trigram, and those go into the query.
	edgeLen = 2
	// maxKeysPerString bounds the trigrams taken from one of many strings.
	maxKeysPerString = 6
	// maxKeysAnd bounds what one document is asked for.
	maxKeysAnd = 128
	// maxQueryKeys bounds the trigrams of a query; one with more is weakened.
	maxQueryKeys = 4096
)

// facts is what is known about the texts that a part of a pattern matches, as
// strings of byte classes (trigram.Class). A line's edges count as a newline,
// as they do in the index.
type facts struct {
	// exact, if known, has all texts that match.
	known bool
	exact []string
	// Otherwise every match starts with one of prefix, ends with one of
	// suffix, and stands in a document that answers query. The empty string
	// says nothing.
	prefix, suffix []string
	query          *trigram.Query
}

var (
	all  = &trigram.Query{Op: trigram.All}
	none = &trigram.Query{Op: trigram.None}
)

// Trigrams is the condition on documents that may have a line that matches
// re, a tree that pattern.Parse returned.
func Trigrams(re *syntax.Regexp) *trigram.Query {
	f := analyze(re)
	f.settle()
	if countKeys(f.query) > maxQueryKeys {
		return all
	}
	return f.query
}

func countKeys(q *trigram.Query) int {
	n := len(q.Keys)
	for _, s := range q.Sub {
		n += countKeys(s)
	}
	return n
}

func exactly(strs ...string) facts { return facts{known: true, exact: strs} }

func anything() facts {
	return facts{prefix: []string{""}, suffix: []string{""}, query: all}
}

func nothing() facts { return facts{known: true} }

// classString maps text to classes.
func classString(text string) string {
	b := []byte(text)
	for i, c := range b {
		b[i] = trigram.Class(c)
	}
	return string(b)
}

var lineEdge = string(rune(trigram.Newline))

func analyze(re *syntax.Regexp) facts {
	switch re.Op {
	case syntax.OpNoMatch:
		return nothing()
	case syntax.OpEmptyMatch, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return exactly("")
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText:
		// A byte that is not in the text, but is in the index. Trigrams over
		// a line edge are those of an edge and its two neighbours on one side,
		// as none has a newline in its middle.
		return exactly(lineEdge)
	case syntax.OpLiteral:
		return analyzeLiteral(re)
	case syntax.OpCharClass:
		return analyzeClass(re.Rune)
	case syntax.OpCapture:
		return analyze(re.Sub[0])
	case syntax.OpConcat:
		f := exactly("")
		for _, sub := range re.Sub {
			f = concat(f, analyze(sub))
		}
		return f
	case syntax.OpAlternate:
		f := nothing()
		for _, sub := range re.Sub {
			f = alternate(f, analyze(sub))
		}
		return f
	case syntax.OpQuest:
		return alternate(analyze(re.Sub[0]), exactly(""))
	case syntax.OpPlus:
		return repeated(analyze(re.Sub[0]))
	case syntax.OpRepeat:
		return analyzeRepeat(re)
	}
	return anything() // OpStar, OpAnyCharNotNL
}

func analyzeLiteral(re *syntax.Regexp) facts {
	if re.Flags&syntax.FoldCase == 0 {
		return exactly(classString(string(re.Rune)))
	}
	f := exactly("")
	for _, r := range re.Rune {
		f = concat(f, exactly(foldings(r)...))
	}
	return f
}

// foldings are the class strings of a rune in all its cases. Most are one
// string, as the classes of ASCII letters are without case.
func foldings(r rune) []string {
	strs := []string{classString(string(r))}
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		if s := classString(string(f)); !slices.Contains(strs, s) {
			strs = append(strs, s)
		}
	}
	return strs
}

// analyzeClass lists the classes of the bytes of a set of runes. All bytes of
// runes beyond ASCII have the same class, so that such runes differ in length
// only.
func analyzeClass(rs []rune) facts {
	var ascii [64]bool
	var length [utf8.UTFMax + 1]bool
	for i := 0; i+1 < len(rs); i += 2 {
		lo, hi := rs[i], rs[i+1]
		for r := lo; r <= min(hi, utf8.RuneSelf-1); r++ {
			ascii[trigram.Class(byte(r))] = true
		}
		if hi >= utf8.RuneSelf {
			for n := runeLen(max(lo, utf8.RuneSelf)); n <= runeLen(hi); n++ {
				length[n] = true
			}
		}
	}
	var strs []string
	for c, ok := range ascii {
		if ok {
			strs = append(strs, string(rune(c)))
		}
	}
	for n, ok := range length {
		if ok {
			strs = append(strs, strings.Repeat(string(rune(trigram.Other)), n))
		}
	}
	return exactly(strs...)
}

// runeLen is utf8.RuneLen that counts surrogates like their neighbours.
func runeLen(r rune) int {
	switch {
	case r < 0x80:
		return 1
	case r < 0x800:
		return 2
	case r < 0x10000:
		return 3
	}
	return 4
}

func analyzeRepeat(re *syntax.Regexp) facts {
	f := analyze(re.Sub[0])
	if re.Min == 0 {
		if re.Max == 1 {
			return alternate(f, exactly(""))
		}
		return anything()
	}
	// A few copies say as much as many.
	const copies = 4
	g := f
	for range min(re.Min, copies) - 1 {
		g = concat(g, f)
	}
	if re.Max == re.Min && re.Min <= copies {
		return g
	}
	if re.Min == 1 {
		return repeated(f)
	}
	// At least these copies in a row: what starts and ends them is known, what
	// is in between as well.
	return repeated(g)
}

// repeated is f one or more times.
func repeated(f facts) facts {
	f.settle()
	return f
}

// settle turns an exact set into the other kind of facts.
func (f *facts) settle() {
	if !f.known {
		return
	}
	f.known = false
	f.query = stringsQuery(f.exact)
	f.prefix = f.exact
	f.suffix = f.exact
	f.exact = nil
	f.trim()
}

// trim cuts prefixes and suffixes to what is useful. The trigrams in them must
// be in the query already.
func (f *facts) trim() {
	f.prefix = shorten(f.prefix, func(s string, n int) string { return s[:n] })
	f.suffix = shorten(f.suffix, func(s string, n int) string { return s[len(s)-n:] })
}

// shorten cuts strings to edgeLen bytes, or fewer when too many are left.
func shorten(set []string, cut func(s string, n int) string) []string {
	for n := edgeLen; ; n-- {
		out := make([]string, 0, len(set))
		for _, s := range set {
			out = append(out, cut(s, min(n, len(s))))
		}
		slices.Sort(out)
		out = slices.Compact(out)
		if len(out) <= maxEdge || n == 0 {
			return out
		}
	}
}

func concat(x, y facts) facts {
	if x.known && y.known {
		if set, ok := cross(x.exact, y.exact, maxExact); ok {
			return exactly(set...)
		}
	}
	// Strings that lie across the seam.
	tail, head := x.suffix, y.prefix
	if x.known {
		tail = x.exact
	}
	if y.known {
		head = y.exact
	}
	// The prefix can grow only through a part that is known to its end.
	var prefix, suffix []string
	if x.known {
		prefix = x.exact
		if set, ok := cross(x.exact, head, maxEdge); ok {
			prefix = set
		}
	}
	if y.known {
		suffix = y.exact
		if set, ok := cross(tail, y.exact, maxEdge); ok {
			suffix = set
		}
	}
	seam := all
	if set, ok := cross(shortenTail(tail), shortenHead(head), maxEdge*4); ok {
		seam = stringsQuery(set)
	}
	x.settle()
	y.settle()
	f := facts{prefix: x.prefix, suffix: y.suffix, query: and(and(x.query, seam), y.query)}
	if prefix != nil {
		f.prefix = prefix
	}
	if suffix != nil {
		f.suffix = suffix
	}
	f.trim()
	return f
}

func shortenTail(set []string) []string {
	return shorten(set, func(s string, n int) string { return s[len(s)-n:] })
}

func shortenHead(set []string) []string {
	return shorten(set, func(s string, n int) string { return s[:n] })
}

// cross is every string of a followed by every string of b; ok is false if
// that is too much.
func cross(a, b []string, limit int) (set []string, ok bool) {
	if len(a)*len(b) > limit {
		return nil, false
	}
	size := 0
	set = make([]string, 0, len(a)*len(b))
	for _, s := range a {
		for _, t := range b {
			set = append(set, s+t)
			size += len(s) + len(t)
		}
	}
	slices.Sort(set)
	set = slices.Compact(set)
	return set, size <= maxExactBytes*max(1, limit/maxExact)
}

func alternate(x, y facts) facts {
	if x.known && y.known && len(x.exact)+len(y.exact) <= maxExact {
		set := slices.Concat(x.exact, y.exact)
		slices.Sort(set)
		return exactly(slices.Compact(set)...)
	}
	x.settle()
	y.settle()
	f := facts{
		prefix: slices.Concat(x.prefix, y.prefix),
		suffix: slices.Concat(x.suffix, y.suffix),
		query:  or(x.query, y.query),
	}
	f.trim()
	return f
}

// stringsQuery is the condition that one of the strings is in a document.
func stringsQuery(set []string) *trigram.Query {
	if len(set) == 0 {
		return none
	}
	keys := make([][]trigram.Key, len(set))
	common := map[trigram.Key]int{}
	for i, s := range set {
		keys[i] = stringKeys(s, len(set) > 8)
		if len(keys[i]) == 0 {
			return all
		}
		for _, k := range keys[i] {
			common[k]++
		}
	}
	// What all strings have is asked for once.
	q := &trigram.Query{Op: trigram.And}
	for k, n := range common {
		if n == len(set) {
			q.Keys = append(q.Keys, k)
		}
	}
	slices.Sort(q.Keys)
	rest := none
	for _, ks := range keys {
		ks = slices.DeleteFunc(ks, func(k trigram.Key) bool { return common[k] == len(set) })
		if len(ks) == 0 {
			return and(q, all)
		}
		rest = or(rest, &trigram.Query{Op: trigram.And, Keys: ks})
	}
	if len(q.Keys) == 0 {
		return rest
	}
	return and(q, rest)
}

// stringKeys are the trigrams of a string, sorted: a sample of them if they
// are many.
func stringKeys(s string, oneOfMany bool) []trigram.Key {
	var keys []trigram.Key
	for i := 0; i+3 <= len(s); i++ {
		if k, ok := trigram.KeyOfClasses(s[i], s[i+1], s[i+2]); ok {
			keys = append(keys, k)
		}
	}
	limit := maxKeysAnd
	if oneOfMany {
		limit = maxKeysPerString
	}
	if len(keys) > limit {
		for i := range limit {
			keys[i] = keys[i*(len(keys)-1)/(limit-1)]
		}
		keys = keys[:limit]
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// and and or combine queries, keeping them flat. They may share parts of
// their operands but do not change them. Both stay in bounds by asking less.
func and(x, y *trigram.Query) *trigram.Query {
	switch {
	case x.Op == trigram.None || y.Op == trigram.All:
		return x
	case y.Op == trigram.None || x.Op == trigram.All:
		return y
	case x.Op == trigram.And && len(x.Keys)+len(x.Sub) >= maxKeysAnd:
		return x
	}
	return join(trigram.And, x, y)
}

func or(x, y *trigram.Query) *trigram.Query {
	switch {
	case x.Op == trigram.All || y.Op == trigram.None:
		return x
	case y.Op == trigram.All || x.Op == trigram.None:
		return y
	case x.Op == trigram.Or && len(x.Keys)+len(x.Sub) >= maxQueryKeys:
		return all
	}
	return join(trigram.Or, x, y)
}

func join(op trigram.Op, x, y *trigram.Query) *trigram.Query {
	q := &trigram.Query{Op: op}
	for _, part := range [...]*trigram.Query{x, y} {
		switch {
		case part.Op == op || len(part.Keys) == 1 && len(part.Sub) == 0:
			q.Keys = append(q.Keys, part.Keys...)
			q.Sub = append(q.Sub, part.Sub...)
		default:
			q.Sub = append(q.Sub, part)
		}
	}
	slices.Sort(q.Keys)
	q.Keys = slices.Compact(q.Keys)
	return q
}
