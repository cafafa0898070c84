package source

// Where the lines of a text are after it was edited.

import (
	"bytes"
	"hash/maphash"
	"slices"
	"sort"
)

// LineMap says where the lines of a text are in an edited version of it. The
// zero LineMap is that of a text that was not edited.
type LineMap struct {
	runs []run // of lines that both have, ascending in both
}

// run is n lines that both texts have, from the lines old and new on; from 1.
type run struct{ old, new, n uint32 }

// MapLines compares two versions of a text. Lines that both have once tie them
// together, and what surrounds those that is equal, too; that is enough for what
// people do to a text between saving it twice. It takes time in proportion to
// the lines that changed, but for a logarithm.
func MapLines(before, after []byte) LineMap {
	if bytes.Equal(before, after) {
		return LineMap{}
	}
	m := mapper{seed: maphash.MakeSeed()}
	a, b := m.hashes(before), m.hashes(after)
	head := commonHead(a, b)
	m.add(0, 0, head)
	tail := commonTail(a[head:], b[head:])
	m.middle(a[head:len(a)-tail], b[head:len(b)-tail], head, head)
	m.add(len(a)-tail, len(b)-tail, tail+1) // and what is behind the last line
	return LineMap{m.runs}
}

// New is where a line is in the edited version: for one that is gone, where it
// would be, or the line before that.
func (m LineMap) New(line uint32) uint32 {
	return m.look(line, func(r *run) (from, to uint32) { return r.old, r.new })
}

// Old is where a line of the edited version was.
func (m LineMap) Old(line uint32) uint32 {
	return m.look(line, func(r *run) (from, to uint32) { return r.new, r.old })
}

func (m LineMap) look(line uint32, side func(r *run) (from, to uint32)) uint32 {
	if len(m.runs) == 0 {
		return line
	}
	i := sort.Search(len(m.runs), func(i int) bool {
		from, _ := side(&m.runs[i])
		return from > line
	})
	next := ^uint32(0)
	if i < len(m.runs) {
		_, next = side(&m.runs[i])
	}
	if i == 0 {
		return max(1, min(line, next-1))
	}
	r := &m.runs[i-1]
	from, to := side(r)
	if line-from < r.n || i == len(m.runs) {
		return to + (line - from)
	}
	// Among lines that changed: as far behind the last that did not.
	return min(to+(line-from), max(next-1, to+r.n-1))
}

// LineMaps are those of the files of a tree that were edited, by path. Other
// files are as they were.
type LineMaps map[string]LineMap

// New is where a line of a file is now.
func (m LineMaps) New(path string, line uint32) uint32 { return m[path].New(line) }

// Old is where a line of a file was.
func (m LineMaps) Old(path string, line uint32) uint32 { return m[path].Old(line) }

// mapper collects runs.
type mapper struct {
	seed maphash.Seed
	runs []run
}

// hashes is a number for each line, equal for equal lines.
func (m *mapper) hashes(text []byte) []uint64 {
	list := make([]uint64, 0, bytes.Count(text, newline)+1)
	for len(text) > 0 {
		line := text
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			line, text = text[:i], text[i+1:]
		} else {
			text = nil
		}
		list = append(list, maphash.Bytes(m.seed, line))
	}
	return list
}

var newline = []byte{'\n'}

// add notes n equal lines from the indexes a and b on.
func (m *mapper) add(a, b, n int) {
	if n == 0 {
		return
	}
	r := run{uint32(a) + 1, uint32(b) + 1, uint32(n)}
	if i := len(m.runs) - 1; i >= 0 && m.runs[i].old+m.runs[i].n == r.old && m.runs[i].new+m.runs[i].n == r.new {
		m.runs[i].n += r.n
		return
	}
	m.runs = append(m.runs, r)
}

// middle ties together what begins at the lines atA and atB.
func (m *mapper) middle(a, b []uint64, atA, atB int) {
	// The lines that both have exactly once, by their order in a.
	once := make(map[uint64]int, len(b)) // index into b, or -1
	for i, h := range b {
		if _, ok := once[h]; ok {
			i = -1
		}
		once[h] = i
	}
	count := make(map[uint64]int, len(a))
	for _, h := range a {
		count[h]++
	}
	var ties [][2]int
	for i, h := range a {
		if j, ok := once[h]; ok && j >= 0 && count[h] == 1 {
			ties = append(ties, [2]int{i, j})
		}
	}
	doneA, doneB := 0, 0
	upTo := func(i, j int) {
		// From the tie before, and back from this one.
		head := commonHead(a[doneA:i], b[doneB:j])
		m.add(atA+doneA, atB+doneB, head)
		doneA, doneB = doneA+head, doneB+head
		tail := commonTail(a[doneA:i], b[doneB:j])
		m.add(atA+i-tail, atB+j-tail, tail)
		doneA, doneB = i, j
	}
	for _, t := range ascending(ties) {
		if t[0] < doneA || t[1] < doneB {
			continue // part of a run already
		}
		upTo(t[0], t[1])
		n := commonHead(a[t[0]:], b[t[1]:])
		m.add(atA+t[0], atB+t[1], n)
		doneA, doneB = t[0]+n, t[1]+n
	}
	upTo(len(a), len(b))
}

// ascending is a longest choice of pairs, which ascend in their first numbers,
// that ascend in their second ones too.
func ascending(pairs [][2]int) [][2]int {
	var piles []int // the last pair of the best choice of each length
	back := make([]int, len(pairs))
	for i, p := range pairs {
		n, _ := slices.BinarySearchFunc(piles, p[1], func(pile, v int) int { return pairs[pile][1] - v })
		back[i] = -1
		if n > 0 {
			back[i] = piles[n-1]
		}
		if n == len(piles) {
			piles = append(piles, i)
		} else {
			piles[n] = i
		}
	}
	if len(piles) == 0 {
		return nil
	}
	out := make([][2]int, len(piles))
	for i, at := len(piles)-1, piles[len(piles)-1]; i >= 0; i, at = i-1, back[at] {
		out[i] = pairs[at]
	}
	return out
}

func commonHead(a, b []uint64) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func commonTail(a, b []uint64) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}
