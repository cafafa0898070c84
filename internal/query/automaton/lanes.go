package automaton

// Several lines at once: the hot loop waits for one load after the other, so
// running it over four parts of a text in step takes hardly longer than over
// one of them.

import "bytes"

const (
	lanes = 4
	// laneBlock is how much text is taken at a time, in bytes: what was
	// skimmed is scanned again if a match is in it. Below laneMin it is not
	// worth it.
	laneBlock = 16 << 10
	laneMin   = 1 << 10
)

// skim skips whole lines from i, the start of a line, in which surely no line
// matches. It returns where it stopped, at i even, and up to where text should
// be scanned before skim is called again.
func (m *Matcher) skim(text []byte, i int) (from, to int) {
	for !m.anchored && len(text)-i >= laneMin {
		block := text[i:min(len(text), i+laneBlock)]
		// Cut the block into parts that end with a newline.
		var part [lanes][]byte
		at := 0
		for l := range part {
			end := max(at, len(block)*(l+1)/lanes)
			n := bytes.LastIndexByte(block[at:end], '\n')
			if n < 0 { // long lines
				return i, len(text)
			}
			part[l] = block[at : at+n+1]
			at += n + 1
		}
		if !m.skimParts(part) {
			return i, i + at
		}
		i += at
	}
	return i, len(text)
}

// skimParts reports whether surely no line matches in the parts, each of
// which is made of whole lines.
func (m *Matcher) skimParts(part [lanes][]byte) bool {
	p0, p1, p2, p3 := part[0], part[1], part[2], part[3]
	s0, s1, s2, s3 := m.start, m.start, m.start, m.start
	classes := &m.p.classes
	for {
		n := min(len(p0), len(p1), len(p2), len(p3))
		if n == 0 {
			break
		}
		q0, q1, q2, q3 := p0[:n], p1[:n], p2[:n], p3[:n]
		trans := m.trans
		k := 0
		for k < n {
			n0 := trans[s0+uint32(classes[q0[k]])]
			n1 := trans[s1+uint32(classes[q1[k]])]
			n2 := trans[s2+uint32(classes[q2[k]])]
			n3 := trans[s3+uint32(classes[q3[k]])]
			if n0 < firstState || n1 < firstState || n2 < firstState || n3 < firstState {
				break
			}
			s0, s1, s2, s3 = n0, n1, n2, n3
			k++
		}
		p0, p1, p2, p3 = p0[k:], p1[k:], p2[k:], p3[k:]
		if k == n {
			break
		}
		// Some lane needs care. Learn transitions; leave the rest to scan.
		before := m.resets
		for _, l := range [lanes]struct {
			s uint32
			b byte
		}{{s0, p0[0]}, {s1, p1[0]}, {s2, p2[0]}, {s3, p3[0]}} {
			next := m.trans[l.s+uint32(classes[l.b])]
			if next == unknown {
				next = m.step(l.s, l.b)
			}
			if next == dead {
				m.anchored = true
			}
			if next < firstState || m.resets != before {
				return false
			}
		}
	}
	// What is left when the shortest part is done.
	for _, l := range [lanes]struct {
		s    uint32
		rest []byte
	}{{s0, p0}, {s1, p1}, {s2, p2}, {s3, p3}} {
		if m.scanFrom(l.s, l.rest, 0, false) >= 0 {
			return false
		}
	}
	return true
}
