package fuzzy

// What a match is worth.

import "bytes"

// Points. A letter found is worth pointsMatch, what it follows adds a bonus;
// the bonus of the letter that starts a run counts for every letter of the
// run, and twice for the first letter of a term. Letters left out in between
// cost.
const (
	pointsMatch     = 16
	costGap         = 3 // for the first byte of a gap
	costGapMore     = 1 // for each further one
	bonusStart      = 9 // of the text: what lies before a path is a slash, too
	bonusSlash      = 9
	bonusWord       = 8
	bonusHump       = 7 // camelCase, and the first digit of a number
	bonusRun        = 4
	maxBonus        = bonusStart
	firstMultiplier = 2
)

// unmatched is the score of no match. Scores of matches are positive or
// little below zero.
const unmatched = -1 << 30

type charClass uint8

const (
	classOther charClass = iota
	classLower
	classUpper
	classDigit
	classSlash
	classDelimiter
	classStart // of the text
	numClasses
)

var classOf = func() (t [256]charClass) {
	for c := range 256 {
		switch {
		case 'a' <= c && c <= 'z' || c >= 0x80:
			t[c] = classLower
		case 'A' <= c && c <= 'Z':
			t[c] = classUpper
		case '0' <= c && c <= '9':
			t[c] = classDigit
		}
	}
	for _, c := range []byte("_-. \t,:;|+@") {
		t[c] = classDelimiter
	}
	t['/'] = classSlash
	return t
}()

// bonuses has the bonus of a byte by the class of the one before and its own.
var bonuses = func() (t [numClasses][numClasses]int8) {
	for before := range numClasses {
		for class := range numClasses {
			letter := class == classLower || class == classUpper || class == classDigit
			bonus := int8(0)
			switch {
			case before == classStart:
				bonus = bonusStart
			case letter && before == classSlash:
				bonus = bonusSlash
			case letter && (before == classDelimiter || before == classOther):
				bonus = bonusWord
			case before == classLower && class == classUpper, class == classDigit && (before == classLower || before == classUpper):
				bonus = bonusHump
			case !letter:
				bonus = bonusWord
			}
			t[before][class] = bonus
		}
	}
	return t
}()

// bonusAt is the bonus of byte i of text.
func bonusAt(text []byte, i int) int {
	before := classStart
	if i > 0 {
		before = classOf[text[i-1]]
	}
	return int(bonuses[before][classOf[text[i]]])
}

// scorer scores candidates. It keeps memory from one to the next; it is for
// one goroutine.
type scorer struct {
	// Of the row at hand and the one above, for each byte of the text: the
	// best score of a match whose last letter is there, and the bonus of the
	// run it ends.
	match, above []int32
	run, aboveR  []int8
	bonus        []int8
	from         []int32 // for positions: where the letter before was matched
}

// limits of what is scored with care; beyond, text is cut.
const maxScored = 4096

// score is what a term is worth in a text; unmatched if it is not there.
func (s *scorer) score(t *term, text []byte) int {
	if t.kind == letters {
		return s.letters(t, text, nil)
	}
	n, _ := s.sideBySide(t, text)
	return n
}

// positions appends the bytes of text that a term matches.
func (s *scorer) positions(dst []int, t *term, text []byte) []int {
	if t.kind == letters {
		s.letters(t, text, &dst)
		return dst
	}
	if n, at := s.sideBySide(t, text); n != unmatched {
		for i := range t.text {
			dst = append(dst, at+i)
		}
	}
	return dst
}

// sideBySide scores the best place of a term whose bytes follow each other.
func (s *scorer) sideBySide(t *term, text []byte) (score, at int) {
	n := len(t.text)
	lo, hi := 0, len(text)-n
	switch t.kind {
	case prefix:
		hi = min(hi, 0)
	case suffix:
		lo = hi
	case whole:
		if hi != 0 {
			return unmatched, 0
		}
	}
	score = unmatched
	for i := max(lo, 0); i <= hi; i++ {
		if !equalFold(t, text[i:i+n]) {
			continue
		}
		// A run: its bonus is that of its start, or of a word that starts in it.
		run := bonusAt(text, i)
		sum := n*pointsMatch + firstMultiplier*run
		for j := 1; j < n; j++ {
			run = extendRun(run, bonusAt(text, i+j))
			sum += run
		}
		if sum > score {
			score, at = sum, i
		}
	}
	return score, at
}

// extendRun is the bonus of a letter that follows its predecessor directly,
// and of those that follow it: run is that of the predecessor, here what the
// letter's own place is worth.
func extendRun(run, here int) int { return max(run, here, bonusRun) }

func equalFold(t *term, text []byte) bool {
	for i, c := range t.text {
		if t.fold[text[i]] != c {
			return false
		}
	}
	return true
}

// letters finds the best way to match a term's letters in order, by dynamic
// programming over letters and bytes. If positions is not nil, it gets them.
func (s *scorer) letters(t *term, text []byte, positions *[]int) int {
	text = text[:min(len(text), maxScored)]
	m, n := len(t.text), len(text)
	if m > n || m == 0 {
		return unmatched
	}
	s.grow(m, n, positions != nil)
	fold := t.fold
	before := classStart
	for j, c := range text {
		class := classOf[c]
		s.bonus[j] = bonuses[before][class]
		before = class
	}
	match, above, run, aboveR := s.match[:n], s.above[:n], s.run[:n], s.aboveR[:n]
	for i, want := range t.text {
		match, above, run, aboveR = above, match, aboveR, run
		// gapped is the best score of the letters before, if at least one byte
		// lies between the last of them and byte j; gapAt is where that was.
		gapped, gapAt := int32(unmatched), int32(-1)
		for j := range n {
			match[j] = unmatched
			if i > 0 && j > 1 {
				if gapped > unmatched {
					gapped -= costGapMore
				}
				if p := above[j-2]; p > unmatched && p-costGap > gapped {
					gapped, gapAt = p-costGap, int32(j-2)
				}
			}
			if fold[text[j]] != want {
				continue
			}
			here := int32(s.bonus[j])
			from := int32(-1)
			switch {
			case i == 0:
				match[j], run[j] = pointsMatch+firstMultiplier*here, int8(here)
			default:
				best := int32(unmatched)
				if gapped > unmatched {
					best, from = gapped+here, gapAt
					run[j] = int8(here)
				}
				if j > 0 && above[j-1] > unmatched {
					r := int32(extendRun(int(aboveR[j-1]), int(here)))
					if v := above[j-1] + r; v >= best {
						best, from = v, int32(j-1)
						run[j] = int8(r)
					}
				}
				if best > unmatched {
					match[j] = best + pointsMatch
				}
			}
			if positions != nil {
				s.from[i*n+j] = from
			}
		}
	}
	best, at := int32(unmatched), -1
	for j, v := range match {
		if v > best {
			best, at = v, j
		}
	}
	if positions != nil && at >= 0 {
		start := len(*positions)
		*positions = append(*positions, make([]int, m)...)
		for i := m - 1; i >= 0; i-- {
			(*positions)[start+i] = at
			at = int(s.from[i*n+at])
		}
	}
	return int(best)
}

func (s *scorer) grow(m, n int, positions bool) {
	if len(s.bonus) < n {
		size := n + n/2 + 64
		s.match, s.above = make([]int32, size), make([]int32, size)
		s.run, s.aboveR = make([]int8, size), make([]int8, size)
		s.bonus = make([]int8, size)
	}
	if positions && len(s.from) < m*n {
		s.from = make([]int32, m*n)
	}
}

// bounder bounds the score of a term from what the text has: which letters of
// the term stand side by side and which start words.
type bounder struct {
	// index numbers the letters of the term from 1, by bytes of a text.
	index  [256]uint8
	order  []uint8 // of the letters of the term
	usable bool
}

func newBounder(t *term) *bounder {
	b := &bounder{}
	if t.kind != letters {
		return b
	}
	known := map[byte]uint8{}
	for _, c := range t.text {
		if known[c] == 0 {
			known[c] = uint8(len(known) + 1)
		}
		b.order = append(b.order, known[c])
	}
	if len(known) >= 64 {
		return b
	}
	for c := range 256 {
		b.index[c] = known[t.fold[c]]
	}
	b.usable = true
	return b
}

// bound is at least the score of the term in text.
func (b *bounder) bound(text []byte) int {
	var after [64]uint64 // after[x] has y: letter y stands behind letter x
	var word uint64      // letters that stand where there is a bonus
	last := uint8(0)
	before := classStart
	for _, c := range text {
		i := b.index[c]
		class := classOf[c]
		if i != 0 {
			after[last&63] |= 1 << (i & 63)
			if bonuses[before][class] != 0 {
				word |= 1 << (i & 63)
			}
		}
		last = i
		before = class
	}
	first := b.order[0]
	sum := pointsMatch * len(b.order)
	if word>>(first&63)&1 != 0 {
		sum += firstMultiplier * maxBonus
	}
	for k := 1; k < len(b.order); k++ {
		x, y := b.order[k-1]&63, b.order[k]&63
		switch {
		case after[x]>>y&1 != 0:
			sum += maxBonus
		case word>>y&1 != 0:
			sum += maxBonus - costGap
		default:
			sum -= costGap
		}
	}
	return sum
}

// lastElement is where the last element of a path starts.
func lastElement(path []byte) int { return bytes.LastIndexByte(path, '/') + 1 }
