// Package patterntest makes random patterns and texts for the tests of
// everything that interprets patterns.
package patterntest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// letters are few, so that random patterns match random texts now and then.
// K, the Kelvin sign and the long s fold to ASCII letters.
var letters = []string{"a", "b", "c", "k", "K", "S", "_", "1", " ", "\t", "(", "é", "ſ", "\u212a", "日", "😀"}

// classes are classes and other single-character atoms.
var classes = []string{".", `\w`, `\W`, `\d`, `\s`, `\S`, "[ab]", "[^a]", "[a-c_]", `[\w(]`, `[^\w]`, "[[:upper:]]", `\pL`, "[é-日]", `[^\d\s]`}

// assertions have no width.
var assertions = []string{"^", "$", `\b`, `\B`, `\<`, `\>`}

// Pattern returns a random pattern. Larger depths nest more.
func Pattern(r *rand.Rand, depth int) string {
	if depth <= 0 {
		switch n := r.IntN(20); {
		case n < 13:
			var sb strings.Builder
			for range 1 + r.IntN(4) {
				sb.WriteString(quote(letters[r.IntN(len(letters))]))
			}
			return sb.String()
		case n < 17:
			return classes[r.IntN(len(classes))]
		default:
			return assertions[r.IntN(len(assertions))]
		}
	}
	sub := func() string { return Pattern(r, depth-1-r.IntN(2)) }
	switch r.IntN(9) {
	case 0, 1, 2:
		return sub() + sub()
	case 3:
		return "(?:" + sub() + "|" + sub() + ")"
	case 4:
		return "(" + sub() + "|" + sub() + "|" + sub() + ")"
	case 5:
		return "(?:" + sub() + ")" + []string{"*", "+", "?", "*?"}[r.IntN(4)]
	case 6:
		lo := r.IntN(3)
		return fmt.Sprintf("(?:%s){%d,%d}", sub(), lo, lo+r.IntN(3))
	case 7:
		return "(?i:" + sub() + ")"
	default:
		return sub() + sub() + sub()
	}
}

func quote(s string) string {
	if s == "(" {
		return `\(`
	}
	return s
}

// Text returns random lines; now and then a byte that is not UTF-8 if invalid
// is set.
func Text(r *rand.Rand, n int, invalid bool) string {
	ascii := r.IntN(2) == 0
	var sb strings.Builder
	for range n {
		switch k := r.IntN(40); {
		case k < 4:
			sb.WriteByte('\n')
		case k == 4 && invalid:
			sb.WriteString([]string{"\xff", "\xe2\x84", "\x80"}[r.IntN(3)])
		default:
			s := letters[r.IntN(len(letters))]
			if ascii && s[0] >= 0x80 {
				s = "a"
			}
			sb.WriteString(s)
		}
	}
	return sb.String()
}
