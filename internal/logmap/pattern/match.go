package pattern

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// Captures is the result of a match. It may be used again for the next.
type Captures struct {
	// Spans are the bytes of the text that each conversion of the pattern
	// printed, in order, padding excluded.
	Spans []Span
	// Whole says that the pattern accounts for the whole text.
	Whole bool
	// End is where the pattern ends in the text: the length of the text if
	// Whole, else the end of the prefix an open-ended pattern matched.
	End int
	// MinEnd is the earliest end of an open-ended pattern. It is less than
	// End only if the pattern ends in a conversion of free text (FreeEnd):
	// then any end from MinEnd to the end of the text is possible.
	MinEnd int
	// FreeEnd, see MinEnd.
	FreeEnd bool
}

// Span is a range of bytes of the text: from Start up to End.
type Span struct{ Start, End int }

// Text is the part of text that the span covers.
func (sp Span) Text(text []byte) []byte { return text[sp.Start:sp.End] }

// Matcher matches and finds the patterns of one set. It is scratch memory:
// cheap to use, of some kilobytes, for one goroutine.
type Matcher struct {
	set *Set

	// State of one match.
	text   []byte
	n      int // length of text without the blanks at its end
	code   []byte
	prefix bool // a match may end before the text does
	// wholeOnly keeps open-ended patterns from matching a prefix.
	wholeOnly bool
	steps     int // left before the match gives up
	spans     [256]Span
	floor     [256]int // by span: free text from here on is known to fail
	end       int
	minEnd    int
	free      bool

	memo      []uint64 // failed states, span x position; nil until it pays
	memoAt    int      // value of steps below which memo is used
	memoBits  int
	exhausted bool

	tried    []PatternID // floating patterns already tried with this text
	triedMap map[PatternID]struct{}
}

// NewMatcher returns a matcher for the set.
func (s *Set) NewMatcher() *Matcher { return &Matcher{set: s} }

// Budgets of work, in steps of some nanoseconds: what any real line needs is a
// thousandth of it.
const (
	matchSteps        = 20_000
	matchStepsPerByte = 1
	memoAfter         = 300
	memoMaxBits       = 1 << 20
)

// Exhausted reports whether a match since the last call was given up because
// it took too many steps. The text was made for that; no pattern matched it.
func (m *Matcher) Exhausted() bool {
	e := m.exhausted
	m.exhausted = false
	return e
}

// Match reports whether the pattern can have printed the text. The pattern is
// anchored at both ends, or at the start alone if it is open-ended; blanks at
// the end of the text count for nothing. If caps is not nil, it receives the
// parse that people expect: free text as short as it can be, but for the last,
// numbers as long as they can be.
func (m *Matcher) Match(id PatternID, text []byte, caps *Captures) bool {
	m.text, m.n = text, trimmedLen(text)
	return m.match(id, matchSteps+matchStepsPerByte*len(text), caps)
}

// match is Match for the text that is set.
func (m *Matcher) match(id PatternID, steps int, caps *Captures) bool {
	code := m.set.codeOf(id)
	if code == nil || int(binary.LittleEndian.Uint16(code[2:])) > m.n {
		return false
	}
	m.code, m.steps = code, steps
	m.prefix = false
	m.reset()
	ok := m.run(codeHeader, 0, 0)
	if !ok && code[0]&codeOpen != 0 && !m.wholeOnly && m.steps > 0 {
		m.prefix = true
		m.reset()
		// A prefix of nothing says nothing.
		ok = m.run(codeHeader, 0, 0) && m.end > 0
	}
	if !ok {
		if m.steps < 0 {
			m.exhausted = true
		}
		return false
	}
	if caps != nil {
		caps.Spans = append(caps.Spans[:0], m.spans[:code[1]]...)
		caps.Whole, caps.End, caps.MinEnd, caps.FreeEnd = !m.prefix, m.end, m.minEnd, m.free
	}
	return true
}

// reset prepares for a run from the start of the pattern.
func (m *Matcher) reset() {
	for i := range m.floor[:m.code[1]] {
		m.floor[i] = len(m.text) + 1
	}
	clear(m.spans[:m.code[1]])
	m.free = false
	m.memoBits = 0
	m.memoAt = m.steps - memoAfter
}

// run matches the ops from pc on with the text from pos on; span is the number
// of conversions before pc.
func (m *Matcher) run(pc, pos, span int) bool {
	var o op
	for {
		if m.steps--; m.steps < 0 {
			return false
		}
		pc = decode(m.code, pc, &o)
		if pc < 0 {
			return false
		}
		switch o.kind {
		case kindEnd:
			return m.finish(pos)
		case Invalid:
			if pos >= m.n && m.finish(pos) {
				for i := span; i < int(m.code[1]); i++ {
					m.spans[i] = Span{pos, pos} // never printed
				}
				return true
			}
			fallthrough
		case Literal:
			if pos = m.literal(pc, pos, o.text); pos < 0 {
				return false
			}
		default:
			return m.conversion(&o, pc, pos, span)
		}
	}
}

// finish ends a match at pos.
func (m *Matcher) finish(pos int) bool {
	if m.prefix {
		m.end, m.minEnd = pos, pos
		return true
	}
	m.end, m.minEnd = len(m.text), pos
	return pos >= m.n
}

// maxStripped is the number of blanks that may be missing from the end of a
// text for a literal that more conversions follow, all of them empty.
const maxStripped = 2

// literal matches lit at pos, with the op after it at pc, and returns the
// position after it or -1. Blanks at its end may be missing at the end of the
// text.
func (m *Matcher) literal(pc, pos int, lit []byte) int {
	end := pos + len(lit)
	if end <= len(m.text) && string(m.text[pos:end]) == string(lit) {
		return end
	}
	if end <= m.n || string(m.text[min(pos, m.n):m.n]) != string(lit[:trimmedLen(lit)]) {
		return -1
	}
	if end > len(m.text)+maxStripped && (pc >= len(m.code) || Kind(m.code[pc]) != kindEnd) {
		return -1
	}
	return len(m.text)
}

// conversion matches the conversion o at pos, and the ops from pc on after it.
func (m *Matcher) conversion(o *op, pc, pos, span int) bool {
	if span >= int(m.code[1]) {
		return false // damaged
	}
	slot := -1
	if m.steps < m.memoAt {
		if slot = m.memoSlot(span, pos); slot >= 0 && m.memo[slot>>6]&(1<<(slot&63)) != 0 {
			return false
		}
	}
	var next op
	if decode(m.code, pc, &next) < 0 {
		return false
	}
	var ok bool
	switch o.kind {
	case Int, Uint, Hex, Octal:
		ok = m.number(o, &next, pc, pos, span)
	case Any, String, VaFormat, Escaped, Dentry, Clock, UnknownPointer:
		ok = m.freeText(o, &next, pc, pos, span)
	case Char:
		ok = m.char(o, &next, pc, pos, span)
	case Word, Node, BlockDev:
		if o.width != 0 {
			ok = m.freeText(o, &next, pc, pos, span)
		} else {
			ok = m.word(&next, pc, pos, pos+1, span)
		}
	case FlagNames:
		if o.v&FlagsPage == 0 {
			ok = m.word(&next, pc, pos, pos, span)
		} else {
			ok = m.typed(o, &next, pc, pos, span)
		}
	default:
		ok = m.typed(o, &next, pc, pos, span)
	}
	if !ok && slot >= 0 && m.steps > 0 {
		m.memo[slot>>6] |= 1 << (slot & 63)
	}
	return ok
}

// memoSlot is the bit of a state in the memo of failed states, which is set up
// when the first state asks for it, or -1 if there would be too many states.
func (m *Matcher) memoSlot(span, pos int) int {
	if m.memoBits == 0 {
		m.memoBits = int(m.code[1]) * (len(m.text) + 1)
		if m.memoBits <= memoMaxBits {
			words := (m.memoBits + 63) / 64
			if cap(m.memo) < words {
				m.memo = make([]uint64, words)
			}
			m.memo = m.memo[:words]
			clear(m.memo)
		}
	}
	if m.memoBits > memoMaxBits {
		return -1
	}
	return span*(len(m.text)+1) + pos
}

// try takes text[start:end] for the conversion, whose field ends at after, and
// matches the rest.
func (m *Matcher) try(pc, start, end, after, span int) bool {
	m.spans[span] = Span{start, end}
	return m.run(pc, after, span+1)
}

// follows reports whether the op next can match at pos: a cheap test that
// leaves most conversions one choice.
func (m *Matcher) follows(next *op, pos int) bool {
	switch next.kind {
	case Literal:
		c := next.text[0]
		if pos < len(m.text) && m.text[pos] == c {
			return true
		}
		return pos >= m.n && isBlank(c)
	case kindEnd:
		return m.prefix || pos >= m.n
	}
	return true
}

// isFree reports whether the op matches any text of any length from some
// minimum on.
func (o *op) isFree() bool {
	switch o.kind {
	case Any, String, VaFormat, Escaped, Dentry, Clock, UnknownPointer:
		return !o.isBounded()
	}
	return false
}

// isBounded reports whether a precision limits the length of a text.
func (o *op) isBounded() bool {
	return o.flags&HasPrec != 0 && o.prec != FromArg && o.width != FromArg
}

// freeText matches a conversion that prints any text.
func (m *Matcher) freeText(o, next *op, pc, pos, span int) bool {
	if !o.isBounded() {
		// Where free text fails, free text that begins later fails as well:
		// what follows sees fewer places to start.
		if pos >= m.floor[span] {
			return false
		}
		if m.freeTextFrom(o, next, pc, pos, span, len(m.text)) {
			return true
		}
		if m.steps > 0 {
			m.floor[span] = pos
		}
		return false
	}
	return m.freeTextFrom(o, next, pc, pos, span, min(pos+max(o.prec, o.width, 0), len(m.text)))
}

// freeTextFrom matches free text that ends at hi at the latest.
func (m *Matcher) freeTextFrom(o, next *op, pc, pos, span, hi int) bool {
	lo := pos
	if o.kind != Escaped { // whose width is that of its argument
		lo += max(o.width, 0)
	}
	if lo > m.n {
		lo = max(pos, m.n) // padding stripped at the end of the line
	}
	hi = max(hi, lo)
	switch {
	case next.kind == kindEnd:
		end := min(hi, max(pos, m.n))
		if !m.prefix && end < m.n {
			return false
		}
		start, stop := m.unpad(o, pos, end)
		m.spans[span] = Span{start, stop}
		m.end, m.minEnd = end, end
		if m.code[0]&codeOpen != 0 && o.isFree() {
			m.minEnd, m.free = lo, true
		}
		if !m.prefix {
			m.end = len(m.text)
		}
		return true
	case next.kind == Literal:
		return m.seek(o, next, pc, pos, lo, hi, span)
	case next.isFree():
		// Whatever a longer text here allows, the next allows as well.
		start, stop := m.unpad(o, pos, lo)
		return m.try(pc, start, stop, lo, span)
	}
	first := firstEdge(next)
	for end := lo; end <= hi; end++ {
		if first.value != 0 && (end == len(m.text) || !first.allows(m.text[end])) {
			m.steps -= (end - lo) & 1
			continue
		}
		start, stop := m.unpad(o, pos, end)
		if m.try(pc, start, stop, end, span) {
			return true
		}
		if m.steps < 0 {
			return false
		}
	}
	return false
}

// seek matches text from pos up to each occurrence of the literal next that
// starts between lo and hi.
func (m *Matcher) seek(o, next *op, pc, pos, lo, hi, span int) bool {
	lit := next.text
	solid := trimmedLen(lit)
	tail := m.n - solid // the only place of a literal that ends the text
	var after op
	atEnd := tail >= lo && tail <= hi && string(m.text[tail:m.n]) == string(lit[:solid])
	if !m.prefix && m.code[pc] == byte(Literal) {
		if p := decode(m.code, pc, &after); p >= 0 && decode(m.code, p, &after) >= 0 && after.kind == kindEnd {
			if !atEnd {
				return false
			}
			lo = tail
		}
	}
	limit := min(hi+len(lit), len(m.text))
	for from := lo; from+len(lit) <= limit; from++ {
		i := bytes.Index(m.text[from:limit], lit)
		if i < 0 {
			m.steps -= (limit - from) >> 5
			break
		}
		if m.steps -= i >> 5; m.steps < 0 {
			return false
		}
		from += i
		if from == tail {
			atEnd = false
		}
		start, stop := m.unpad(o, pos, from)
		if m.try(pc, start, stop, from, span) {
			return true
		}
	}
	if !atEnd {
		return false
	}
	start, stop := m.unpad(o, pos, tail)
	return m.try(pc, start, stop, tail, span)
}

// unpad removes the padding of a conversion with a width from its field.
func (m *Matcher) unpad(o *op, start, end int) (int, int) {
	if o.width == 0 || o.kind == Escaped {
		return start, end
	}
	if o.flags&Left != 0 {
		for end > start && m.text[end-1] == ' ' {
			end--
		}
	} else {
		for start < end && m.text[start] == ' ' {
			start++
		}
	}
	return start, end
}

// word matches text without blanks that ends at lo at the earliest.
func (m *Matcher) word(next *op, pc, pos, lo, span int) bool {
	hi := pos
	for hi < len(m.text) && !isBlank(m.text[hi]) {
		hi++
	}
	m.steps -= (hi - pos) >> 5
	if hi < lo {
		return false
	}
	switch next.kind {
	case kindEnd:
		return m.try(pc, pos, hi, hi, span)
	case Literal:
		return m.seek(&op{}, next, pc, pos, lo, hi, span)
	}
	for end := lo; end <= hi; end++ {
		if m.try(pc, pos, end, end, span) {
			return true
		}
		if m.steps < 0 {
			return false
		}
	}
	return false
}

// char matches %c: one byte, or nothing if it was NUL and lost on the way. A
// log that was made valid UTF-8 has several bytes for one beyond ASCII.
func (m *Matcher) char(o, next *op, pc, pos, span int) bool {
	start := pos
	width := o.width
	if width == FromArg {
		width = maxCount
	}
	if o.flags&Left == 0 {
		for w := width; w > 1 && start < len(m.text) && m.text[start] == ' '; w-- {
			start++
		}
	}
	if start < len(m.text) {
		_, size := utf8.DecodeRune(m.text[start:])
		end := start + size
		after := end
		if o.flags&Left != 0 {
			for w := width; w > 1 && after < len(m.text) && m.text[after] == ' '; w-- {
				after++
			}
		}
		// Some of the blanks may belong to what follows.
		for ; after >= end; after-- {
			if m.follows(next, after) && m.try(pc, start, end, after, span) {
				return true
			}
		}
	}
	return m.follows(next, start) && m.try(pc, start, start, start, span)
}
