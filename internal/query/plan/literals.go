package plan

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Literals is a set of strings one of which is in every line that matches.
type Literals struct {
	// Strings are not empty and not part of one another. No strings: nothing
	// is known.
	Strings []string
	// Whole says that a line matches exactly when it has one of Strings.
	Whole bool
	// Fold, if there are no Strings, is a text of at least two bytes that every
	// line that matches has in upper or lower case: ASCII, in lower case,
	// without the letters that have a third form. FoldWhole says that a line
	// matches exactly when it has it.
	Fold      string
	FoldWhole bool
}

const (
	// maxLiterals bounds a set: each string is searched for on its own.
	maxLiterals = 8
	// maxLiteralLen bounds the strings; longer ones are cut.
	maxLiteralLen = 48
)

// RequiredLiterals finds the set that is cheapest to search for; it is empty
// when there is none that is worth it.
func RequiredLiterals(re *syntax.Regexp) Literals {
	l := literals(re)
	set, whole := l.best, false
	if l.exact != nil {
		set, whole = l.exact, true
	}
	var out []string
	for _, s := range set {
		if s == "" {
			return foldLiterals(re)
		}
		if len(s) > maxLiteralLen {
			s, whole = rarestPart(s), false
		}
		out = append(out, s)
	}
	out = minimal(out)
	least := float64(worthIt)
	if whole {
		least = worthItWhole
	}
	if len(out) == 0 || len(out) > maxLiterals || rate(out) < least {
		return foldLiterals(re)
	}
	return Literals{Strings: out, Whole: whole}
}

// foldLiterals is the text that is cheapest to search for in either case.
func foldLiterals(re *syntax.Regexp) Literals {
	l := Literals{Fold: foldText(re)}
	if l.Fold == "" {
		return l
	}
	l.FoldWhole = re.Op == syntax.OpLiteral && len(re.Rune) == len(l.Fold)
	least := float64(worthIt)
	if l.FoldWhole {
		least = worthItWhole
	}
	if rateString(l.Fold[RarestPair(l.Fold):][:2])-1 < least {
		return Literals{}
	}
	return l
}

// foldText finds a text that each match has in either case, "" if there is
// none.
func foldText(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		return foldRun(re)
	case syntax.OpCapture, syntax.OpPlus:
		return foldText(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return foldText(re.Sub[0])
		}
	case syntax.OpConcat:
		best := ""
		for _, sub := range re.Sub {
			best = betterFold(best, foldText(sub))
		}
		return best
	}
	return ""
}

// foldRun is the best run of a literal's characters that have two forms or one.
func foldRun(re *syntax.Regexp) string {
	best := ""
	var run []byte
	for _, r := range re.Rune {
		lower := unicode.ToLower(r)
		if r >= utf8.RuneSelf || lower == 'k' || lower == 's' { // K also stands for kelvin, s for a long s
			best = betterFold(best, string(run))
			run = run[:0]
			continue
		}
		run = append(run, byte(lower))
	}
	return betterFold(best, string(run))
}

// betterFold is the text whose rarest pair is rarer.
func betterFold(a, b string) string {
	switch {
	case len(b) < 2:
		return a
	case len(a) < 2, rateString(b[RarestPair(b):][:2]) > rateString(a[RarestPair(a):][:2]):
		return b
	}
	return a
}

// RarestPair is where the two neighbouring bytes of a text stand that are
// rarest.
func RarestPair(s string) int {
	best := 0
	for i := 1; i+1 < len(s); i++ {
		if rateString(s[i:i+2]) > rateString(s[best:best+2]) {
			best = i
		}
	}
	return best
}

// minimal drops strings that contain another of the set: whoever finds the
// shorter has found the line.
func minimal(set []string) []string {
	slices.SortFunc(set, func(a, b string) int { return len(a) - len(b) })
	var out []string
	for _, s := range set {
		if !slices.ContainsFunc(out, func(t string) bool { return strings.Contains(s, t) }) {
			out = append(out, s)
		}
	}
	return out
}

// literalFacts is what is known about the texts that a part matches: all of
// them (exact), or strings one of which is in each (best); nil is unknown.
type literalFacts struct{ exact, best []string }

func literals(re *syntax.Regexp) literalFacts {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return literalFacts{exact: []string{""}}
	case syntax.OpLiteral:
		return literalsOf(re)
	case syntax.OpCharClass:
		var set []string
		for i := 0; i+1 < len(re.Rune); i += 2 {
			if int(re.Rune[i+1]-re.Rune[i])+len(set) >= maxLiterals {
				return literalFacts{}
			}
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				set = append(set, string(r))
			}
		}
		return literalFacts{exact: set}
	case syntax.OpCapture:
		return literals(re.Sub[0])
	case syntax.OpPlus:
		l := literals(re.Sub[0])
		return literalFacts{best: l.either()}
	case syntax.OpRepeat:
		if re.Min > 0 {
			l := literals(re.Sub[0])
			return literalFacts{best: l.either()}
		}
	case syntax.OpQuest:
		if l := literals(re.Sub[0]); l.exact != nil && len(l.exact) < maxLiterals {
			return literalFacts{exact: append(slices.Clone(l.exact), "")}
		}
	case syntax.OpAlternate:
		return literalsAlternate(re.Sub)
	case syntax.OpConcat:
		return literalsConcat(re.Sub)
	}
	return literalFacts{}
}

// either is the set of which one is in every match; nil is unknown.
func (l literalFacts) either() []string {
	if l.exact != nil {
		return l.exact
	}
	return l.best
}

func literalsOf(re *syntax.Regexp) literalFacts {
	if re.Flags&syntax.FoldCase == 0 {
		return literalFacts{exact: []string{string(re.Rune)}}
	}
	// The runs of characters that have no case.
	runes := slices.Clone(re.Rune)
	for i, r := range runes {
		if unicode.SimpleFold(r) != r {
			runes[i] = '\n'
		}
	}
	text := string(runes)
	if !strings.Contains(text, "\n") {
		return literalFacts{exact: []string{text}}
	}
	var l literalFacts
	for run := range strings.SplitSeq(text, "\n") {
		if run != "" {
			l.best = better(l.best, []string{run})
		}
	}
	return l
}

func literalsAlternate(subs []*syntax.Regexp) literalFacts {
	var out literalFacts
	exact := true
	for _, sub := range subs {
		l := literals(sub)
		exact = exact && l.exact != nil
		set := l.either()
		if set == nil || len(out.best)+len(set) > 4*maxLiterals {
			return literalFacts{}
		}
		out.best = append(out.best, set...)
	}
	if exact {
		return literalFacts{exact: out.best}
	}
	return out
}

// literalsConcat joins neighbours as long as they are known exactly.
func literalsConcat(subs []*syntax.Regexp) literalFacts {
	run := []string{""}
	exact := true
	var best []string
	for _, sub := range subs {
		l := literals(sub)
		if l.exact != nil && len(l.exact)*len(run) <= maxLiterals {
			var next []string
			for _, a := range run {
				for _, b := range l.exact {
					next = append(next, a+b)
				}
			}
			run = next
			continue
		}
		exact = false
		best = better(best, run)
		best = better(best, l.best)
		run = []string{""}
		if l.exact != nil {
			run = l.exact
		}
	}
	if exact {
		return literalFacts{exact: run}
	}
	return literalFacts{best: better(best, run)}
}

// better is the set that is cheaper to search for.
func better(a, b []string) []string {
	if a == nil || rate(b) > rate(a) {
		return b
	}
	return a
}

// worthIt is the rate of a set below which looking at every line is as good.
const worthIt = 9

// worthItWhole is the same for strings that decide the matter: a line found
// need not be looked at again.
const worthItWhole = 5

// rate estimates how rare the strings are, as the binary logarithm of the
// bytes of source code between two of them. Strings with "" are everywhere.
func rate(set []string) float64 {
	if len(set) == 0 {
		return -1
	}
	worst := 100.0
	for _, s := range set {
		if s == "" {
			return -1
		}
		worst = min(worst, rateString(s))
	}
	// Every further string is one more search.
	return worst - 1.5*float64(len(set)-1)
}

func rateString(s string) float64 {
	// Bytes are not independent: of the second and later ones half the
	// information counts.
	least, sum := 0.0, 0.0
	for i := range len(s) {
		b := float64(Rarity(s[i]))
		least = max(least, b)
		sum += b
	}
	return least + (sum-least)/2
}

// rarestPart is the part of a long string that is searched for.
func rarestPart(s string) string {
	rarest := 0
	for i := range len(s) {
		if Rarity(s[i]) > Rarity(s[rarest]) {
			rarest = i
		}
	}
	start := max(0, min(rarest-maxLiteralLen/2, len(s)-maxLiteralLen))
	return s[start : start+maxLiteralLen]
}

// Rarity is how rare a byte is in source code: roughly the binary logarithm
// of the distance between two of them, 1 to 20.
func Rarity(b byte) int { return int(rarity[b]) }

// rarity was counted over C sources, headers, assembly and documentation of a
// kernel tree. Bytes beyond ASCII are rare all alike.
var rarity = func() (t [256]uint8) {
	ascii := [128]uint8{
		19, 20, 20, 20, 20, 20, 20, 20, 20, 6, 5, 20, 20, 20, 20, 20, // 0x00
		20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, // 0x10
		2, 11, 9, 8, 13, 11, 10, 12, 7, 7, 7, 11, 7, 8, 8, 8, // ' '
		5, 7, 8, 8, 8, 9, 9, 10, 9, 10, 10, 7, 10, 8, 8, 14, // '0'
		12, 6, 8, 6, 6, 6, 6, 7, 8, 6, 13, 8, 6, 7, 6, 7, // '@'
		6, 10, 6, 6, 6, 8, 8, 9, 8, 9, 10, 10, 11, 10, 15, 4, // 'P'
		14, 6, 8, 6, 6, 5, 6, 8, 7, 5, 12, 8, 6, 7, 6, 6, // '`'
		7, 10, 6, 6, 5, 7, 8, 9, 7, 9, 11, 9, 11, 9, 14, 20, // 'p'
	}
	for b := range t {
		if b < len(ascii) {
			t[b] = ascii[b]
		} else {
			t[b] = 16
		}
	}
	return t
}()
