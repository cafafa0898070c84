// Package automaton finds the lines of a text that match a regular
// expression, in time proportional to the text.
//
// A pattern (package pattern) is compiled to a nondeterministic automaton over
// bytes, and that is run as a deterministic one whose states are made when
// they are first needed and kept in a cache of bounded size. The question is
// only whether a line matches, not where: so sets of states need no order,
// patterns need no captures, and one pass runs over many lines, a newline
// leading back to the state in which lines start.
//
// Text that is not UTF-8 is not matched by . or by a class; it does not hide
// the rest of its line. Words (\b) are Unicode words: lines that have
// characters beyond ASCII are looked at a second way where that matters.
package automaton

import (
	"errors"
	"math"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// ErrTooLarge is returned for a pattern whose automaton would be too large:
// nested repetitions multiply.
var ErrTooLarge = errors.New("the pattern is too large")

// maxNodes bounds the size of a Program: about 24 bytes a node.
const maxNodes = 1 << 18

type nodeKind uint8

const (
	kindStep   nodeKind = iota // consumes a byte: the edges in [a, b)
	kindSplit                  // goes on at a and at b
	kindAssert                 // goes on at a if the assertion holds
	kindMatch                  // the end
)

type assertion uint8

const (
	assertBegin assertion = iota
	assertEnd
	assertWord
	assertNoWord
)

type node struct {
	a, b   uint32
	kind   nodeKind
	assert assertion
}

// edge leads to a node for the bytes lo to hi.
type edge struct {
	to     uint32
	lo, hi byte
}

// Program is a compiled pattern. It does not change; each goroutine makes a
// Matcher of its own.
type Program struct {
	nodes []node
	edges []edge
	start uint32
	// words says that the program has a word assertion.
	words bool
	// classes maps bytes to groups that the program does not tell apart;
	// newline is a class of its own.
	classes    [256]uint8
	numClasses int
	// member has one byte of each class.
	member [256]byte
}

// Compile makes a Program of a tree that pattern.Parse returned.
func Compile(re *syntax.Regexp) (*Program, error) {
	c := compiler{p: &Program{}}
	match := c.add(node{kind: kindMatch})
	c.p.start = c.compile(re, match)
	if c.tooLarge {
		return nil, ErrTooLarge
	}
	c.p.groupBytes()
	return c.p, nil
}

type compiler struct {
	p        *Program
	tooLarge bool
}

func (c *compiler) add(n node) uint32 {
	if len(c.p.nodes) >= maxNodes || len(c.p.edges) >= 2*maxNodes {
		c.tooLarge = true
		return 0
	}
	c.p.nodes = append(c.p.nodes, n)
	return uint32(len(c.p.nodes) - 1)
}

// step adds a node that consumes a byte.
func (c *compiler) step(edges []edge) uint32 {
	a := uint32(len(c.p.edges))
	c.p.edges = append(c.p.edges, edges...)
	return c.add(node{kind: kindStep, a: a, b: uint32(len(c.p.edges))})
}

// compile adds what matches re and then goes on at next; it returns where that
// starts. Depth of recursion is bounded by the parser's limit on nesting.
func (c *compiler) compile(re *syntax.Regexp, next uint32) uint32 {
	if c.tooLarge {
		return 0
	}
	switch re.Op {
	case syntax.OpNoMatch:
		return c.step(nil)
	case syntax.OpEmptyMatch:
		return next
	case syntax.OpLiteral:
		for _, r := range slices.Backward(re.Rune) {
			next = c.literal(r, re.Flags&syntax.FoldCase != 0, next)
		}
		return next
	case syntax.OpCharClass:
		return c.class(re.Rune, next)
	case syntax.OpAnyCharNotNL, syntax.OpAnyChar:
		return c.class([]rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune}, next)
	case syntax.OpBeginLine, syntax.OpBeginText:
		return c.add(node{kind: kindAssert, assert: assertBegin, a: next})
	case syntax.OpEndLine, syntax.OpEndText:
		return c.add(node{kind: kindAssert, assert: assertEnd, a: next})
	case syntax.OpWordBoundary:
		c.p.words = true
		return c.add(node{kind: kindAssert, assert: assertWord, a: next})
	case syntax.OpNoWordBoundary:
		c.p.words = true
		return c.add(node{kind: kindAssert, assert: assertNoWord, a: next})
	case syntax.OpCapture:
		return c.compile(re.Sub[0], next)
	case syntax.OpConcat:
		for _, sub := range slices.Backward(re.Sub) {
			next = c.compile(sub, next)
		}
		return next
	case syntax.OpAlternate:
		if len(re.Sub) == 0 {
			return c.step(nil)
		}
		start := c.compile(re.Sub[len(re.Sub)-1], next)
		for _, sub := range slices.Backward(re.Sub[:len(re.Sub)-1]) {
			start = c.add(node{kind: kindSplit, a: c.compile(sub, next), b: start})
		}
		return start
	case syntax.OpQuest:
		return c.add(node{kind: kindSplit, a: c.compile(re.Sub[0], next), b: next})
	case syntax.OpStar:
		return c.loop(re.Sub[0], next)
	case syntax.OpPlus:
		return c.compile(re.Sub[0], c.loop(re.Sub[0], next))
	case syntax.OpRepeat:
		if re.Max < 0 {
			next = c.loop(re.Sub[0], next)
		} else {
			end := next
			for range re.Max - re.Min {
				next = c.add(node{kind: kindSplit, a: c.compile(re.Sub[0], next), b: end})
				if c.tooLarge {
					return 0
				}
			}
		}
		for range re.Min {
			next = c.compile(re.Sub[0], next)
			if c.tooLarge {
				return 0
			}
		}
		return next
	}
	return c.step(nil) // no other operator exists
}

// loop adds re*.
func (c *compiler) loop(re *syntax.Regexp, next uint32) uint32 {
	split := c.add(node{kind: kindSplit, b: next})
	body := c.compile(re, split)
	if !c.tooLarge {
		c.p.nodes[split].a = body
	}
	return split
}

// literal adds one rune.
func (c *compiler) literal(r rune, fold bool, next uint32) uint32 {
	if fold {
		var rs []rune
		rs = append(rs, r)
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			rs = append(rs, f)
		}
		if len(rs) > 1 {
			slices.Sort(rs)
			pairs := make([]rune, 0, 2*len(rs))
			for _, r := range rs {
				pairs = append(pairs, r, r)
			}
			return c.class(pairs, next)
		}
	}
	var buf [utf8.UTFMax]byte
	n := utf8.EncodeRune(buf[:], r)
	for _, b := range slices.Backward(buf[:n]) {
		next = c.step([]edge{{to: next, lo: b, hi: b}})
	}
	return next
}

// class adds a set of runes, given as sorted pairs, as the byte sequences that
// encode them: a tree with one branch per leading byte, in which the runs of
// bytes that all go on the same way share that way.
func (c *compiler) class(rs []rune, next uint32) uint32 {
	var edges []edge
	e := encoder{c: c, next: next}
	// The ranges of runes that take 1, 2, 3 and 4 bytes, without surrogates.
	for _, part := range [...]struct {
		lo, hi rune
		length int
		lead   byte // leading byte of rune 0 at this length
	}{
		{0, 0x7F, 1, 0},
		{0x80, 0x7FF, 2, 0xC0},
		{0x800, 0xD7FF, 3, 0xE0},
		{0xE000, 0xFFFF, 3, 0xE0},
		{0x10000, unicode.MaxRune, 4, 0xF0},
	} {
		sub := clip(rs, part.lo, part.hi)
		if len(sub) > 0 {
			edges = e.level(edges, sub, part.length-1, part.lead)
		}
	}
	return c.step(edges)
}

// clip is the part of the ranges rs from lo to hi.
func clip(rs []rune, lo, hi rune) []rune {
	var out []rune
	for i := 0; i < len(rs); i += 2 {
		if a, b := max(rs[i], lo), min(rs[i+1], hi); a <= b {
			out = append(out, a, b)
		}
	}
	return out
}

// encoder writes the tree of one class.
type encoder struct {
	c    *compiler
	next uint32
	// any[k] is the node that accepts any k continuation bytes; 0 when not
	// made yet (node 0 is the match node, which no step is).
	any [utf8.UTFMax]uint32
}

// level appends the edges for a byte that is followed by rest continuation
// bytes. The byte's value is lead plus the bits of the rune above those.
func (e *encoder) level(edges []edge, rs []rune, rest int, lead byte) []edge {
	shift := 6 * rest
	put := func(to uint32, lo, hi rune) {
		l, h := lead+byte(lo), lead+byte(hi)
		if n := len(edges); n > 0 && edges[n-1].to == to && edges[n-1].hi+1 == l {
			edges[n-1].hi = h
			return
		}
		edges = append(edges, edge{to: to, lo: l, hi: h})
	}
	for i := 0; i < len(rs); {
		lo, hi := rs[i], rs[i+1]
		if rest == 0 {
			put(e.next, lo, hi)
			i += 2
			continue
		}
		first := lo >> shift
		// Leading values that are covered from end to end by this range.
		whole, end := first, (hi+1)>>shift
		if first<<shift == lo && whole < end {
			put(e.anyTail(rest), whole, end-1)
			if end<<shift > hi {
				i += 2
				continue
			}
			rs[i] = end << shift
			continue
		}
		// One leading value, covered in part by this and perhaps more ranges.
		last := first<<shift | (1<<shift - 1)
		sub := clip(rs[i:], first<<shift, last)
		base := first << shift
		for j := range sub {
			sub[j] -= base
		}
		put(e.c.step(e.level(nil, sub, rest-1, 0x80)), first, first)
		for i < len(rs) && rs[i+1] <= last {
			i += 2
		}
		if i < len(rs) && rs[i] <= last {
			rs[i] = last + 1
		}
		if e.c.tooLarge {
			return edges
		}
	}
	return edges
}

// anyTail is the node that accepts any rest continuation bytes.
func (e *encoder) anyTail(rest int) uint32 {
	if rest == 0 {
		return e.next
	}
	if e.any[rest] == 0 {
		e.any[rest] = e.c.step([]edge{{to: e.anyTail(rest - 1), lo: 0x80, hi: 0xBF}})
	}
	return e.any[rest]
}

// groupBytes computes classes.
func (p *Program) groupBytes() {
	var starts [257]bool // a group starts at this byte
	cut := func(lo, hi byte) {
		starts[lo] = true
		starts[int(hi)+1] = true
	}
	cut('\n', '\n')
	for _, e := range p.edges {
		cut(e.lo, e.hi)
	}
	if p.words {
		cut('0', '9')
		cut('A', 'Z')
		cut('_', '_')
		cut('a', 'z')
		cut(utf8.RuneSelf, math.MaxUint8)
	}
	n := 0
	for b := range 256 {
		if starts[b] && b > 0 {
			n++
		}
		p.classes[b] = uint8(n)
		p.member[n] = byte(b)
	}
	p.numClasses = n + 1
}

// target is where a step node goes on byte b; ok is false for nowhere.
func (p *Program) target(n *node, b byte) (uint32, bool) {
	for _, e := range p.edges[n.a:n.b] {
		if b <= e.hi {
			if b >= e.lo {
				return e.to, true
			}
			return 0, false // edges are sorted
		}
	}
	return 0, false
}

// isWordByte reports whether an ASCII byte is part of a word.
func isWordByte(b byte) bool {
	return b == '_' || '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'z'
}
