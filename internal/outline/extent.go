package outline

// Where a definition of C begins and ends, by its tokens.

import (
	"sort"

	"dekho/internal/lang"
	"dekho/internal/lang/c"
)

// stepsPerToken bounds how often each token of a file is looked at on average,
// so that no file takes more than linear time. One that is C needs one or two.
const stepsPerToken = 64

// extent sets the extent of a symbol whose name is a token of the file.
func (f *File) extent(s *Symbol) {
	i := f.tokenAt(s.Off)
	if i < 0 || f.steps > stepsPerToken*len(f.Code) {
		return
	}
	if f.Code[i].Kind == c.TokenDirective {
		f.cover(s, i, i)
		return
	}
	switch s.Role {
	case lang.DefEnumerator:
		// To the comma or the brace behind it.
		end := i
		for j := i + 1; j < len(f.Code); {
			t := &f.Code[j]
			if t.Is(f.Src, ",") || t.Is(f.Src, "}") || t.Kind == c.TokenDirective {
				break
			}
			f.steps++
			next := f.forward(j)
			end, j = next-1, next
		}
		f.cover(s, i, end)
	case lang.DefLabel:
		f.cover(s, i, i)
	default:
		first := f.begin(i)
		last, body := f.end(first, i)
		f.cover(s, first, last)
		if body >= 0 {
			s.Body = f.Code[body].Off
		}
	}
}

// cover makes the extent of a symbol that of tokens.
func (f *File) cover(s *Symbol, first, last int) {
	s.From, s.To = f.Code[first].Off, f.Code[last].End
	s.Body = s.To
	s.Start = f.Code[first].Line
	s.End = f.LineOf(max(s.To, 1) - 1)
}

// tokenAt is the index of the token that has a byte, -1 if there is none.
func (f *File) tokenAt(off uint32) int {
	i := sort.Search(len(f.Code), func(i int) bool { return f.Code[i].End > off })
	if i < len(f.Code) && f.Code[i].Off <= off {
		return i
	}
	return -1
}

// forward is the index behind the group that opens at a token, or behind the
// token if none does.
func (f *File) forward(i int) int {
	if m := int(f.mate[i]); m > i {
		return m + 1
	}
	return i + 1
}

// backward is the index of the bracket that the one at i closes, -1 if there is
// none.
func (f *File) backward(i int) int {
	if m := int(f.mate[i]); m < i {
		return m
	}
	return -1
}

// arm is an open conditional while brackets are paired.
type arm struct {
	base  int   // brackets below it are out of reach for this arm
	outer int   // the base of the arm around it
	other []int // the #else and #elif so far
}

// pair finds the brackets that belong together, and the #endif of each #else
// and #elif. Of the arms of a conditional, the first one counts for structure;
// those of the others are paired among themselves.
func (f *File) pair() {
	f.mate = make([]int32, len(f.Code))
	var open []int
	var arms []arm
	base := 0
	for i := range f.Code {
		f.mate[i] = -1
		if f.Code[i].Kind == c.TokenDirective {
			switch f.directive(i) {
			case "if", "ifdef", "ifndef":
				arms = append(arms, arm{outer: base})
			case "else", "elif", "elifdef", "elifndef":
				if n := len(arms); n > 0 {
					a := &arms[n-1]
					if len(a.other) > 0 {
						open = open[:a.base]
					}
					a.base = len(open)
					base = a.base
					a.other = append(a.other, i)
				}
			case "endif":
				if n := len(arms); n > 0 {
					a := &arms[n-1]
					if len(a.other) > 0 {
						open = open[:a.base]
						base = a.outer
						for _, j := range a.other {
							f.mate[j] = int32(i)
						}
					}
					arms = arms[:n-1]
				}
			}
			continue
		}
		switch f.bracket(i) {
		case 1:
			open = append(open, i)
		case -1:
			if n := len(open); n > base {
				f.mate[i], f.mate[open[n-1]] = int32(open[n-1]), int32(i)
				open = open[:n-1]
			}
		}
	}
}

// bracket tells what a token does to the depth of brackets.
func (f *File) bracket(i int) int {
	t := &f.Code[i]
	if t.Kind != c.TokenPunct || t.End != t.Off+1 {
		return 0
	}
	switch f.Src[t.Off] {
	case '(', '[', '{':
		return 1
	case ')', ']', '}':
		return -1
	}
	return 0
}

// skipArms returns, for an #else or #elif, the index of the #endif that ends its
// chain, and for other directives i.
func (f *File) skipArms(i int) int {
	return max(i, int(f.mate[i]))
}

// directive is the word of a directive.
func (f *File) directive(i int) string {
	text := f.Code[i].Text(f.Src)[1:]
	for len(text) > 0 && (text[0] == ' ' || text[0] == '\t') {
		text = text[1:]
	}
	n := 0
	for n < len(text) && text[n] >= 'a' && text[n] <= 'z' {
		n++
	}
	return string(text[:n])
}

// end is the index of the last token of the declaration around the name at
// Code[i], which begins at first, and of the brace that opens its body, -1 if it
// has none.
func (f *File) end(first, i int) (last, body int) {
	body = -1
	for j := i + 1; j < len(f.Code); {
		f.steps++
		t := &f.Code[j]
		if t.Kind == c.TokenDirective {
			j = f.skipArms(j) + 1
			continue
		}
		if t.Kind == c.TokenPunct {
			switch f.Src[t.Off] {
			case ';':
				return j, body
			case '{':
				next := f.forward(j)
				if body < 0 {
					body = j
				}
				if next < len(f.Code) && f.continues(next) {
					j = next
					continue
				}
				return next - 1, body
			case ')':
				if m := f.backward(j); m >= first {
					j++ // int (*name)(...)
					continue
				}
				return j - 1, body // of something around it
			case '}':
				return j - 1, body
			}
		}
		j = f.forward(j)
	}
	return len(f.Code) - 1, body
}

// continues reports whether what follows a closing brace belongs to the same
// declaration: `} __packed;`, `} name;`, `};`, `}, other = {`.
func (f *File) continues(i int) bool {
	for n := 0; i < len(f.Code) && n < 16; n++ {
		t := &f.Code[i]
		switch {
		case t.Is(f.Src, ";") || t.Is(f.Src, ",") || t.Is(f.Src, "="):
			return true
		case t.Kind == c.TokenWord && n == 0 && t.Line != f.Code[i-1].Line:
			return false // the next declaration
		case t.Kind == c.TokenWord || t.Is(f.Src, "*"):
			i++
		case t.Is(f.Src, "(") || t.Is(f.Src, "["):
			i = f.forward(i)
		default:
			return false
		}
	}
	return false
}

// begin is the index of the first token of the declaration around the name at
// Code[i].
func (f *File) begin(i int) int {
	first := i
	for j := i - 1; j >= 0; {
		f.steps++
		t := &f.Code[j]
		switch {
		case t.Kind == c.TokenDirective:
			return first
		case t.Is(f.Src, "("):
			if !f.Code[j+1].Is(f.Src, "*") {
				return first
			}
		case t.Is(f.Src, ";") || t.Is(f.Src, "{") || t.Is(f.Src, ":"):
			return first
		case t.Is(f.Src, "}"):
			open := f.backward(j)
			if open < 0 || !f.typeBody(open) && !f.Code[j+1].Is(f.Src, ",") {
				return first
			}
			j, first = open-1, open
			continue
		case t.Is(f.Src, ")") || t.Is(f.Src, "]"):
			open := f.backward(j)
			if open < 0 {
				return first
			}
			// NAME(...) on lines of its own is a macro that makes a
			// declaration without a semicolon, or an annotation.
			if open > 0 && f.Code[open-1].Kind == c.TokenWord && f.Code[j].Line < f.Code[j+1].Line &&
				(open == 1 || f.Code[open-2].Line < f.Code[open-1].Line) && !annotation(f.Code[open-1].Text(f.Src)) {
				return first
			}
			j, first = open-1, open
			continue
		}
		first = j
		j--
	}
	return first
}

// annotation reports whether a word is spelled as attributes are: __init,
// __attribute__.
func annotation(word []byte) bool {
	return len(word) > 2 && word[0] == '_' && word[1] == '_' || string(word) == "asmlinkage"
}

// typeBody reports whether the brace at i opens the body of a struct, union or
// enum.
func (f *File) typeBody(i int) bool {
	for n := 0; n < 8 && i > 0; n++ {
		i--
		t := &f.Code[i]
		switch {
		case t.Kind == c.TokenWord:
			switch string(t.Text(f.Src)) {
			case "struct", "union", "enum", "class":
				return true
			}
		case t.Is(f.Src, ")"):
			if i = f.backward(i); i < 0 {
				return false
			}
		default:
			return false
		}
	}
	return false
}

// Enumerators lists the enumerators of the enum that the one at off belongs to,
// in order, and among them, as calls, the macros that make further ones.
func (f *File) Enumerators(off uint32) []*lang.Occ {
	i := f.tokenAt(off)
	if i < 0 {
		return nil
	}
	open := -1
	for j := i - 1; j >= 0; j-- {
		if m := int(f.mate[j]); f.bracket(j) != 0 {
			if m > i {
				open = j
				break
			}
			if m >= 0 && m < j {
				j = m
			}
		}
	}
	if open < 0 {
		return nil
	}
	from, to := f.Code[open].Off, f.Code[f.mate[open]].Off
	var list []*lang.Occ
	occs := f.facts.Occs
	for k := sort.Search(len(occs), func(k int) bool { return occs[k].Off >= from }); k < len(occs) && occs[k].Off < to; k++ {
		switch occs[k].Role {
		case lang.DefEnumerator:
			list = append(list, &occs[k])
		case lang.Call:
			if j := f.tokenAt(occs[k].Off); j > 0 && (f.Code[j-1].Is(f.Src, "{") || f.Code[j-1].Is(f.Src, ",") || f.Code[j-1].Kind == c.TokenDirective) {
				list = append(list, &occs[k])
			}
		}
	}
	return list
}
