package pattern

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// Hit is a pattern that can have printed a text.
type Hit struct {
	ID PatternID
	// End is where the pattern ends, see Captures.
	End int
	// Whole says that the pattern accounts for the whole text.
	Whole bool
	// Specificity of the pattern, in bits, see Set.Specificity.
	Specificity float32
}

// Budget of work of one Find.
const (
	findSteps        = 2_000_000
	findStepsPerByte = 4
)

// Find appends the patterns that can have printed the text to dst, the most
// specific first. Patterns without usable literal text are left out; see
// FindWeak. Exhausted tells if the text took too much work to try them all.
func (m *Matcher) Find(text []byte, dst []Hit) []Hit {
	first := len(dst)
	budget := findSteps + findStepsPerByte*len(text)
	m.candidates(text, func(id PatternID) bool {
		dst, budget = m.attempt(id, dst, budget)
		return budget > 0
	})
	sortHits(dst[first:])
	return dst
}

// FindWeak is Find among the patterns without usable literal text. A line with
// a specific hit needs no weak one. Open-ended patterns that are not even
// specific enough to tell where they end (below 6 bits) are reported only if
// they match the whole text.
func (m *Matcher) FindWeak(text []byte, dst []Hit) []Hit {
	first := len(dst)
	m.text, m.n = text, trimmedLen(text)
	budget := findSteps + findStepsPerByte*len(text)
	sig := textSignature(text)
	for w := m.set.weak; len(w) >= weakSize && budget > 0; w = w[weakSize:] {
		if weakFits(w, &sig) {
			m.wholeOnly = w[4]&weakPrefix == 0
			dst, budget = m.attempt(PatternID(binary.LittleEndian.Uint32(w)), dst, budget)
		}
	}
	m.wholeOnly = false
	sortHits(dst[first:])
	return dst
}

// attempt matches one pattern with the current text within what is left of the
// budget.
func (m *Matcher) attempt(id PatternID, dst []Hit, budget int) ([]Hit, int) {
	steps := min(matchSteps+matchStepsPerByte*len(m.text), budget)
	m.steps = steps
	if m.match(id, steps, nil) {
		dst = append(dst, Hit{
			ID: id, End: m.end, Whole: !m.prefix,
			Specificity: float32(m.set.rank(id)) / rankPerBit,
		})
	}
	budget -= steps - m.steps + 1
	if budget <= 0 {
		m.exhausted = true
	}
	return dst, budget
}

func sortHits(hits []Hit) {
	if len(hits) < 2 {
		return
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		if c := cmp.Compare(b.Specificity, a.Specificity); c != 0 {
			return c
		}
		return cmp.Compare(a.ID, b.ID)
	})
}

// Candidates calls fn for the patterns that share their gram with the text.
// Only they can match it, apart from the weak ones. No pattern is reported
// twice.
func (m *Matcher) Candidates(text []byte, fn func(PatternID)) {
	m.candidates(text, func(id PatternID) bool {
		fn(id)
		return true
	})
}

// candidates is Candidates until fn returns false.
func (m *Matcher) candidates(text []byte, fn func(PatternID) bool) {
	s := m.set
	n := trimmedLen(text)
	m.text, m.n = text, n
	m.tried = m.tried[:0]
	clear(m.triedMap)
	// The text counts as followed by blanks, which the console may have
	// stripped. The last bytes are looked up in a copy that has them.
	var tail [8 + maxGram + 8]byte
	tailStart := max(n-8, 0)
	t := copy(tail[:], text[tailStart:n])
	for i := t; i < t+maxGram; i++ {
		tail[i] = ' '
	}
	for i := 0; i < n; i++ {
		var load uint64
		if i+8 <= n {
			load = binary.LittleEndian.Uint64(text[i:])
		} else {
			load = binary.LittleEndian.Uint64(tail[i-tailStart:])
		}
		for class := range gramSizes {
			h := gramHash(load, class)
			bit := h >> (s.bitmapShift & 63)
			if s.bitmap[bit>>3]&(1<<(bit&7)) != 0 && !m.visit(h, i, fn) {
				return
			}
		}
	}
}

// visit calls fn for the patterns filed under the gram with hash h that stands
// at pos of the text.
func (m *Matcher) visit(h uint64, pos int, fn func(PatternID) bool) bool {
	s := m.set
	mask := uint64(len(s.slots)/8 - 1)
	key := gramKey(h)
	slot := h >> (s.slotShift & 63)
	for probe := 0; probe < maxProbe; probe++ {
		entry := s.slots[8*slot : 8*slot+8]
		first := binary.LittleEndian.Uint32(entry[4:])
		if first == 0 {
			return true
		}
		if binary.LittleEndian.Uint32(entry) == key {
			return m.postings(first-1, pos, fn)
		}
		slot = (slot + 1) & mask
	}
	return true
}

// postings calls fn for the patterns of one gram.
func (m *Matcher) postings(first uint32, pos int, fn func(PatternID) bool) bool {
	s := m.set
	for i := int64(first) * 4; i+4 <= int64(len(s.postings)); i += 4 {
		p := binary.LittleEndian.Uint32(s.postings[i:])
		id, place := PatternID(p>>10), int(p>>1&0xff)
		var ok bool
		if p&(1<<9) != 0 {
			ok = m.literalAt(id, place, pos) && m.firstTry(id)
		} else {
			if pos >= farPlace {
				return true
			}
			ok = place == pos
		}
		if ok && !fn(id) {
			return false
		}
		if p&1 != 0 {
			break
		}
	}
	return true
}

// literalAt reports whether the literal of a pattern that holds its gram, at
// place in the code, stands in the text when the gram is at pos. It spares most
// of the patterns that share a gram the full match.
func (m *Matcher) literalAt(id PatternID, place, pos int) bool {
	code := m.set.codeOf(id)
	if code == nil || int(binary.LittleEndian.Uint16(code[2:])) > m.n {
		return false
	}
	if place == farPlace {
		return true
	}
	var o op
	for pc := codeHeader; ; {
		if pc = decode(code, pc, &o); pc < 0 {
			return false
		}
		if pc <= place {
			continue
		}
		if o.kind != Literal {
			return false // damaged
		}
		start := pos - (place - (pc - len(o.text)))
		if start < 0 {
			return false
		}
		if end := start + len(o.text); end <= len(m.text) {
			return string(m.text[start:end]) == string(o.text)
		}
		return string(m.text[min(start, m.n):m.n]) == string(o.text[:trimmedLen(o.text)])
	}
}

// firstTry reports whether the pattern is tried for the first time in this
// text, and remembers it.
func (m *Matcher) firstTry(id PatternID) bool {
	const few = 64
	if slices.Contains(m.tried, id) {
		return false
	}
	if len(m.tried) < few {
		m.tried = append(m.tried, id)
		return true
	}
	if m.triedMap == nil {
		m.triedMap = make(map[PatternID]struct{})
	}
	if _, ok := m.triedMap[id]; ok {
		return false
	}
	m.triedMap[id] = struct{}{}
	return true
}
