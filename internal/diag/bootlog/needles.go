package bootlog

// needles finds in one pass over a text which of many words it has: an automaton
// after Aho and Corasick, over classes of bytes, capitals taken for small letters.
type needles struct {
	class   [256]uint8
	classes int
	// next is the state after a byte of a class in a state, states after one
	// another; out are the numbers of the needles that end in a state.
	next []uint16
	out  [][]uint16
	sets int // words of a set
}

// newNeedles builds the automaton; the number of a needle is its place in the
// list. Empty ones are never found.
func newNeedles(list []string) *needles {
	n := &needles{classes: 1, sets: (len(list) + 63) / 64}
	for _, needle := range list {
		for i := range len(needle) {
			if c := needle[i]; n.class[c] == 0 {
				n.class[c] = uint8(n.classes) //nolint:gosec // there are fewer than 256 letters in use
				if c >= 'a' && c <= 'z' {
					n.class[c-'a'+'A'] = n.class[c]
				}
				n.classes++
			}
		}
	}
	state := func() int {
		n.next = append(n.next, make([]uint16, n.classes)...)
		n.out = append(n.out, nil)
		return len(n.out) - 1
	}
	state()
	for number, needle := range list {
		at := 0
		for i := range len(needle) {
			edge := at*n.classes + int(n.class[needle[i]])
			if n.next[edge] == 0 {
				n.next[edge] = uint16(state()) //nolint:gosec // the needles have fewer letters than that
			}
			at = int(n.next[edge])
		}
		if at != 0 {
			n.out[at] = append(n.out[at], uint16(number)) //nolint:gosec // as above
		}
	}
	// In the order of their depth, each state gets the edges that it lacks from
	// the state of the longest suffix of what leads to it.
	suffix := make([]uint16, len(n.out))
	queue := []int{0}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for c := range n.classes {
			edge, other := at*n.classes+c, 0
			if at != 0 {
				other = int(n.next[int(suffix[at])*n.classes+c])
			}
			to := int(n.next[edge])
			if to == 0 {
				n.next[edge] = uint16(other) //nolint:gosec // a state
				continue
			}
			suffix[to] = uint16(other) //nolint:gosec // a state
			n.out[to] = append(n.out[to], n.out[other]...)
			queue = append(queue, to)
		}
	}
	return n
}

// find sets in a set the bits of the needles that a text has, and reports whether
// it has any.
func (n *needles) find(text string, set []uint64) bool {
	any := false
	at := 0
	for i := range len(text) {
		at = int(n.next[at*n.classes+int(n.class[text[i]])])
		for _, number := range n.out[at] {
			set[number/64] |= 1 << (number % 64)
			any = true
		}
	}
	return any
}
