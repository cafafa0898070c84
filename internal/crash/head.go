package crash

import "strings"

// Headlines are found by four of their bytes: a record is looked through once,
// and only where a mark may begin is it compared.
const (
	gramBits = 12
	gramLen  = 4
)

var (
	gramSet [1 << (gramBits - 6)]uint64
	byGram  = map[uint32][]int{} // first bytes of a mark -> its groups
)

func gramHash(v uint32) uint32 { return v * 0x9e3779b1 >> (32 - gramBits) }

func init() {
	for i := range kinds {
		m := kinds[i].mark
		v := gram(m)
		h := gramHash(v)
		gramSet[h>>6] |= 1 << (h & 63)
		byGram[v] = append(byGram[v], i)
	}
}

func gram(s string) uint32 {
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// findHead looks for a headline in a record: its group, and where in the text
// it begins.
func findHead(text string) (g *group, at int) {
	if len(text) < gramLen {
		return nil, 0
	}
	v := gram(text)
	for i := 0; ; {
		if h := gramHash(v); gramSet[h>>6]&(1<<(h&63)) != 0 {
			for _, n := range byGram[v] {
				if k := &kinds[n]; strings.HasPrefix(text[i:], k.mark) && (i == 0 || !k.first) && !k.ignores(text) {
					return k, i
				}
			}
		}
		i++
		if i+gramLen > len(text) {
			return nil, 0
		}
		v = v>>8 | uint32(text[i+gramLen-1])<<24
	}
}

// ignores reports whether a text with the group's mark is no report.
func (g *group) ignores(text string) bool {
	for _, s := range g.ignore {
		if strings.Contains(text, s) {
			return true
		}
	}
	return upperCase(text)
}

// upperCase reports whether a text has lost its lower case: user space read the
// log and wrote it to a terminal that has none.
func upperCase(text string) bool {
	letters := 0
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'a' && c <= 'z':
			return false
		case c >= 'A' && c <= 'Z':
			letters++
		}
	}
	return letters > 20
}

// match compares a headline with a pattern: "*" stands for any text, as little
// as possible, "$" for the end. It returns what the stars stand for.
func match(pattern, text string) (stars []string, ok bool) {
	for {
		literal, rest, star := strings.Cut(pattern, "*")
		if front, back, hex := strings.Cut(literal, "#"); hex {
			if !strings.HasPrefix(text, front) {
				return nil, false
			}
			n := len(front)
			for n < len(text) && isHex(text[n]) {
				n++
			}
			if n == len(front) {
				return nil, false
			}
			text, literal = text[n:], back
		}
		if end, found := strings.CutSuffix(literal, "$"); found && !star {
			return stars, strings.HasPrefix(text, end) && strings.TrimSpace(text[len(end):]) == ""
		}
		if !strings.HasPrefix(text, literal) {
			return nil, false
		}
		text = text[len(literal):]
		if !star {
			return stars, true
		}
		next, _, _ := strings.Cut(rest, "*")
		if next == "" {
			stars = append(stars, text)
			return stars, true
		}
		n := strings.Index(text, next)
		if n < 0 {
			return nil, false
		}
		stars = append(stars, text[:n])
		text, pattern = text[n:], rest
	}
}

// Headline reports whether a crash report begins in a record with the text, and
// how bad it is by that alone.
func Headline(text string) (Severity, bool) {
	g, at := findHead(text)
	if g == nil || g.user {
		return Warning, false
	}
	for i := range g.kinds {
		if _, ok := match(g.kinds[i].head, text[at:]); ok {
			return g.kinds[i].sev, true
		}
	}
	return Warning, false
}
