package automaton

// Running a Program: states are made on demand and cached.

import (
	"bytes"
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"dekho/internal/query/pattern"
)

// The transition table holds state numbers, which are offsets into the table,
// and below firstState these:
const (
	unknown    = iota // not computed yet
	matched           // the line matches
	bail              // the line must be looked at by slowLine
	dead              // the rest of the line cannot change anything
	firstState        // at most the length of a row
)

// cacheLimit bounds the memory of a Matcher's states, in bytes. When it is
// reached all are dropped and made anew.
const cacheLimit = 16 << 20

// Matcher runs a Program. It is for one goroutine and is meant to be used for
// many texts, as it learns.
type Matcher struct {
	p *Program
	// start is the state at the start of a line.
	start uint32
	// trans is the transition table: rows of stride entries, one per class of
	// bytes. Row 0 is not used.
	trans  []uint32
	stride uint32
	states []state
	sets   []uint32          // the nodes of all states
	known  map[string]uint32 // key of a state to its number
	keys   int               // bytes of the keys in known
	resets int               // how often the cache was emptied
	// anchored says that a dead state was met: most of a line is skipped by
	// looking for its end.
	anchored bool

	// Scratch for the closure.
	seen  []uint32 // seen[n] == mark: node n was visited in this closure
	mark  uint32
	stack []uint32
	out   []uint32 // nodes collected
	step1 []uint32 // nodes of the state being left, assertions resolved
	key   []byte
	cur   []uint32 // slowLine's nodes
}

// state is a set of nodes between two bytes of a line. Nodes are step nodes
// and assertions that depend on the byte to come.
type state struct {
	off, n  uint32 // in Matcher.sets
	context context
	pending bool // has assertions
}

// context is what a closure knows about the text around its position.
type context struct {
	begin    bool // at the start of the line
	prevWord bool // behind a byte that is part of a word
	known    bool // the following are set
	end      bool // at the end of the line
	nextWord bool // before a byte that is part of a word
}

// NewMatcher returns a Matcher for p.
func (p *Program) NewMatcher() *Matcher {
	m := &Matcher{
		p:      p,
		stride: uint32(max(p.numClasses, firstState)),
		seen:   make([]uint32, len(p.nodes)),
	}
	m.reset()
	return m
}

// reset drops all states and makes the first.
func (m *Matcher) reset() {
	m.trans = append(m.trans[:0], make([]uint32, m.stride)...)
	m.states = append(m.states[:0], state{})
	m.sets = m.sets[:0]
	m.known = map[string]uint32{}
	m.keys = 0
	m.resets++
	m.begin()
	m.add(m.p.start, context{begin: true})
	m.start = m.intern(context{begin: true})
}

// begin starts a closure.
func (m *Matcher) begin() {
	m.mark++
	if m.mark == 0 { // wrapped around
		clear(m.seen)
		m.mark = 1
	}
	m.out = m.out[:0]
}

// add puts a node, and all that can be reached from it without consuming a
// byte, into the closure. It reports whether the match node is among them.
func (m *Matcher) add(n uint32, c context) bool {
	m.stack = append(m.stack[:0], n)
	found := false
	for len(m.stack) > 0 {
		n := m.stack[len(m.stack)-1]
		m.stack = m.stack[:len(m.stack)-1]
		if m.seen[n] == m.mark {
			continue
		}
		m.seen[n] = m.mark
		nd := &m.p.nodes[n]
		switch nd.kind {
		case kindMatch:
			found = true
			m.out = append(m.out, n)
		case kindStep:
			m.out = append(m.out, n)
		case kindSplit:
			m.stack = append(m.stack, nd.b, nd.a)
		case kindAssert:
			holds := false
			switch {
			case nd.assert == assertBegin:
				holds = c.begin
			case !c.known:
				m.out = append(m.out, n)
			case nd.assert == assertEnd:
				holds = c.end
			case nd.assert == assertWord:
				holds = c.prevWord != c.nextWord
			case nd.assert == assertNoWord:
				holds = c.prevWord == c.nextWord
			}
			if holds {
				m.stack = append(m.stack, nd.a)
			}
		}
	}
	return found
}

// intern returns the number of the state for the closure at hand.
func (m *Matcher) intern(c context) uint32 {
	pending := false
	for _, n := range m.out {
		switch m.p.nodes[n].kind {
		case kindMatch:
			return matched
		case kindAssert:
			pending = true
		}
	}
	if len(m.out) == 0 {
		return dead
	}
	if !pending {
		c = context{} // nothing will ask
	}
	if !m.p.words {
		c.prevWord = false
	}
	slices.Sort(m.out)
	m.key = m.key[:0]
	flags := byte(0)
	if c.begin {
		flags |= 1
	}
	if c.prevWord {
		flags |= 2
	}
	m.key = append(m.key, flags)
	for _, n := range m.out {
		m.key = binary.LittleEndian.AppendUint32(m.key, n)
	}
	if s, ok := m.known[string(m.key)]; ok {
		return s
	}
	const perState = 64 // of map and headers, roughly
	used := 4*len(m.trans) + 4*len(m.sets) + m.keys + perState*len(m.states)
	if used+4*int(m.stride)+8*len(m.out)+perState > cacheLimit && len(m.states) > 2 {
		out := slices.Clone(m.out)
		m.reset()
		m.out = out
		return m.intern(c)
	}
	s := uint32(len(m.trans))
	m.trans = append(m.trans, make([]uint32, m.stride)...)
	m.states = append(m.states, state{off: uint32(len(m.sets)), n: uint32(len(m.out)), context: c, pending: pending})
	m.sets = append(m.sets, m.out...)
	m.known[string(m.key)] = s
	m.keys += len(m.key)
	return s
}

// step computes and stores the transition from state s on a byte. States that
// were known before are invalid after it if the cache was full.
func (m *Matcher) step(s uint32, b byte) uint32 {
	if m.p.words && b >= utf8.RuneSelf {
		return m.store(s, b, bail)
	}
	st := m.states[s/m.stride]
	nodes := m.sets[st.off : st.off+st.n]
	if st.pending {
		c := st.context
		c.known, c.end, c.nextWord = true, b == '\n', isWordByte(b)
		m.begin()
		for _, n := range nodes {
			if m.add(n, c) {
				return m.store(s, b, matched)
			}
		}
		m.step1 = append(m.step1[:0], m.out...)
		nodes = m.step1
	}
	if b == '\n' {
		return m.store(s, b, m.start)
	}
	c := context{prevWord: isWordByte(b)}
	m.begin()
	for _, n := range nodes {
		if to, ok := m.p.target(&m.p.nodes[n], b); ok {
			m.add(to, c)
		}
	}
	m.add(m.p.start, c)
	before := m.resets
	next := m.intern(c)
	if m.resets != before {
		return next // the cache was emptied, s with it
	}
	return m.store(s, b, next)
}

func (m *Matcher) store(s uint32, b byte, next uint32) uint32 {
	m.trans[s+uint32(m.p.classes[b])] = next
	return next
}

// MatchLine reports whether a line matches. The line has no newline.
func (m *Matcher) MatchLine(line []byte) bool {
	return m.scan(line, 0, true) >= 0
}

// Next finds the first line that matches in text[at:]; at is the start of a
// line. The line is text[start:end], without its newline. The last line need
// not have one; behind a newline at the end of text there is no line.
func (m *Matcher) Next(text []byte, at int) (start, end int, ok bool) {
	if at >= len(text) {
		return 0, 0, false
	}
	i := m.scan(text, at, text[len(text)-1] != '\n')
	if i < 0 {
		return 0, 0, false
	}
	start = at + bytes.LastIndexByte(text[at:i], '\n') + 1
	if n := bytes.IndexByte(text[i:], '\n'); n >= 0 {
		return start, i + n, true
	}
	return start, len(text), true
}

// scan runs from a start of a line until a line matches and returns the
// position of a byte of that line, its newline included; -1 if none does. The
// end of text counts as a newline if open is set.
func (m *Matcher) scan(text []byte, i int, open bool) int {
	switch m.start {
	case matched:
		return i
	case dead:
		return -1
	}
	for {
		var to int
		i, to = m.skim(text, i)
		if to == len(text) {
			return m.scanFrom(m.start, text, i, open)
		}
		if at := m.scanFrom(m.start, text[:to], i, false); at >= 0 {
			return at
		}
		i = to
	}
}

// scanFrom is scan from any state at any place.
func (m *Matcher) scanFrom(s uint32, text []byte, i int, open bool) int {
	classes := &m.p.classes
	trans := m.trans
	for i < len(text) {
		// The hot loop: a load that depends on the one before it, per byte.
		var next uint32
		for i < len(text) {
			next = trans[s+uint32(classes[text[i]])]
			if next < firstState {
				break
			}
			s = next
			i++
		}
		if i == len(text) {
			break
		}
		if next == unknown {
			next = m.step(s, text[i])
			trans = m.trans
		}
		switch next {
		case matched:
			return i
		case dead:
			n := bytes.IndexByte(text[i:], '\n')
			if n < 0 {
				return -1
			}
			i += n + 1
			s = m.start
			if i == len(text) {
				return -1
			}
		case bail:
			start := bytes.LastIndexByte(text[:i], '\n') + 1
			end := len(text)
			if n := bytes.IndexByte(text[i:], '\n'); n >= 0 {
				end = i + n
			}
			if m.slowLine(text[start:end]) {
				return i
			}
			i = end + 1
			s = m.start
			if i >= len(text) {
				return -1
			}
		default:
			s = next
			i++
		}
	}
	if open {
		next := m.trans[s+uint32(classes['\n'])]
		if next == unknown {
			next = m.step(s, '\n')
		}
		if next == matched {
			return len(text)
		}
	}
	return -1
}

// slowLine decides a line node by node, with words as Unicode has them.
func (m *Matcher) slowLine(line []byte) bool {
	m.cur = m.cur[:0]
	boundary := 0 // where the next rune starts
	for i := 0; ; i++ {
		var c context
		m.begin()
		if i == boundary {
			c = context{begin: i == 0, known: true, end: i == len(line)}
			if m.p.words {
				r, _ := utf8.DecodeLastRune(line[:i])
				c.prevWord = i > 0 && r != utf8.RuneError && pattern.IsWord(r)
			}
			r, n := utf8.DecodeRune(line[i:])
			c.nextWord = n > 0 && r != utf8.RuneError && pattern.IsWord(r)
			boundary = i + max(n, 1)
			if m.add(m.p.start, c) {
				return true
			}
		}
		c.known = true
		for _, n := range m.cur {
			if m.add(n, c) {
				return true
			}
		}
		if i == len(line) {
			return false
		}
		m.cur = m.cur[:0]
		for _, n := range m.out {
			if to, ok := m.p.target(&m.p.nodes[n], line[i]); ok {
				m.cur = append(m.cur, to)
			}
		}
	}
}
