package kbuild

// Expansion of references.

import (
	"strings"
)

// unknownText stands for text that nobody knows; it cannot occur in a makefile
// of sense.
const unknownText = "\x00"

func unknown(c *Cause) Word { return Word{Text: unknownText, State: Maybe, Cause: c} }

// live is the text of the words that are there or may be: the value as make
// would see it, and whether it is known.
func live(words []Word) (string, State) {
	s := Yes
	n := 0
	first := ""
	for i := range words {
		if words[i].State == No {
			continue
		}
		s = min(s, words[i].State)
		if n == 0 {
			first = words[i].Text
		}
		n++
	}
	if n <= 1 {
		return first, s
	}
	var sb strings.Builder
	for i := range words {
		if words[i].State == No {
			continue
		}
		if sb.Len() > 0 {
			sb.WriteByte(' ')
		}
		sb.WriteString(words[i].Text)
		if sb.Len() > maxText {
			return sb.String(), Maybe
		}
	}
	return sb.String(), s
}

// builder collects the words of a value.
type builder struct {
	words []Word
	cur   Word
	open  bool // cur has begun
}

func (b *builder) flush() {
	if b.open && len(b.words) < maxWords {
		b.words = append(b.words, b.cur)
	}
	b.cur, b.open = Word{}, false
}

// glue adds to the word that is open, or opens one.
func (b *builder) glue(text string, s State, c *Cause) {
	if !b.open {
		b.cur, b.open = Word{Text: text, State: s, Cause: c}, true
		return
	}
	if len(b.cur.Text)+len(text) <= maxText {
		b.cur.Text += text
	}
	if s < b.cur.State {
		b.cur.State, b.cur.Cause = s, c.at(b.cur.Cause)
	}
}

// value adds what a reference stands for.
func (b *builder) value(words []Word) {
	first := true
	for i := range words {
		w := &words[i]
		if w.State == No {
			// What is absent has no text to be glued to anything.
			if len(b.words) < maxWords {
				b.words = append(b.words, *w)
			}
			continue
		}
		if !first {
			b.flush()
		}
		first = false
		b.glue(w.Text, w.State, w.Cause)
	}
}

// expandString expands text without a place of its own.
func (m *maker) expandString(s string) []Word {
	return m.expand(&text{s: s}, nil)
}

// expand is the words of a text. Those that it spells out get the cause at, or
// the line they stand on.
func (m *maker) expand(t *text, at *Cause) []Word {
	var b builder
	s := t.s
	if m.depth > maxDepth || m.steps > maxSteps {
		return []Word{unknown(m.causeOf(t, 0, at))}
	}
	cause, causeLine := at, -1
	spell := func(from, to int) {
		if at == nil && t.file != "" {
			if line := t.lineAt(from); line != causeLine {
				cause, causeLine = &Cause{Path: t.file, Line: line, Cond: t.cond}, line
			}
		}
		b.glue(s[from:to], Yes, cause)
	}
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case isSpace(c):
			b.flush()
			i++
		case c == '$' && i+1 < len(s):
			switch next := s[i+1]; next {
			case '$':
				spell(i, i+1)
				i += 2
			case '(', '{':
				end := closing(s, i+1)
				if end < 0 {
					return append(b.words, unknown(m.causeOf(t, i, at)))
				}
				inner := t.cut(i+2, end)
				b.value(m.reference(&inner, at))
				i = end + 1
			default:
				// $@, $<, $*: known in recipes only.
				if isSymbolByte(next) {
					b.value(m.lookup(s[i+1 : i+2]))
				} else {
					w := unknown(m.causeOf(t, i, at))
					b.glue(w.Text, w.State, w.Cause)
				}
				i += 2
			}
		default:
			end := i + 1
			for end < len(s) && !isSpace(s[end]) && s[end] != '$' {
				end++
			}
			spell(i, end)
			i = end
		}
	}
	b.flush()
	return b.words
}

func (m *maker) causeOf(t *text, off int, at *Cause) *Cause {
	switch {
	case at != nil:
		return at
	case t.file == "":
		return nil
	}
	return &Cause{Path: t.file, Line: t.lineAt(off), Cond: t.cond}
}

// closing is the bracket that closes the one at s[open], -1 for none.
func closing(s string, open int) int {
	o, c := s[open], byte(')')
	if o == '{' {
		c = '}'
	}
	depth := 0
	for i := open; i < len(s); i++ {
		switch s[i] {
		case o:
			depth++
		case c:
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// splitArgs splits at commas outside of brackets.
func splitArgs(s string) []string {
	var args []string
	depth, from := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '(', '{':
			depth++
		case ')', '}':
			depth--
		case ',':
			if depth == 0 {
				args = append(args, s[from:i])
				from = i + 1
			}
		}
	}
	return append(args, s[from:])
}

// reference expands what stands between $( and ).
func (m *maker) reference(t *text, at *Cause) []Word {
	m.steps++
	m.depth++
	defer func() { m.depth-- }()
	if end := strings.IndexAny(t.s, " \t"); end > 0 {
		if f, ok := functionNamed(t.s[:end]); ok {
			rest := t.cut(end, len(t.s))
			var args []text
			from := 0
			for _, a := range splitArgs(rest.s) {
				args = append(args, rest.cut(from, from+len(a)))
				from += len(a) + 1
			}
			for len(args) < f.args {
				args = append(args, text{file: rest.file, line: rest.line, cond: rest.cond})
			}
			return f.call(m, &call{args: args, at: at, whole: t})
		}
	}
	if i := strings.IndexByte(t.s, ':'); i > 0 && strings.IndexByte(t.s[i:], '=') > 0 && !strings.Contains(t.s[:i], "$") {
		// $(objects:.o=.c)
		from, to, _ := strings.Cut(t.s[i+1:], "=")
		a, sa := live(m.expandString(from))
		b, sb := live(m.expandString(to))
		if sa != Yes || sb != Yes {
			return []Word{unknown(m.causeOf(t, 0, at))}
		}
		if !strings.Contains(a, "%") {
			a, b = "%"+a, "%"+b
		}
		return patsubst(a, b, m.lookup(t.s[:i]))
	}
	name := t.s
	if strings.IndexByte(name, '$') >= 0 {
		var s State
		if name, s = live(m.expand(t, nil)); s != Yes {
			return []Word{unknown(m.causeOf(t, 0, at))}
		}
	}
	return m.lookup(name)
}

// lookup is the value of a variable.
func (m *maker) lookup(name string) []Word {
	if strings.HasPrefix(name, "CONFIG_") {
		value, known := m.b.config(name)
		switch {
		case !known:
			return []Word{unknown(&Cause{Cond: name})}
		case value == "":
			return nil
		}
		var words []Word
		for w := range strings.FieldsSeq(value) {
			words = append(words, Word{Text: w, State: Yes})
		}
		return words
	}
	if len(name) == 1 && name[0] >= '0' && name[0] <= '9' {
		if i := int(name[0] - '0'); i < len(m.args) {
			return m.args[i]
		}
		return nil
	}
	v := m.find(name)
	if v == nil {
		switch name {
		case "obj", "src":
			return []Word{{Text: m.dir, State: Yes}}
		case "MAKE", "Q", "CC", "LD", "AR", "NM", "OBJCOPY", "HOSTCC", "@", "<", "^", "*":
			return []Word{unknown(nil)}
		}
		return nil
	}
	m.steps++
	m.depth++
	defer func() { m.depth-- }()
	var all []Word
	for i := range v.segs {
		seg := &v.segs[i]
		words := seg.words
		if seg.raw.s != "" {
			words = m.expand(&seg.raw, nil)
		}
		if len(all)+len(words) > maxWords {
			break
		}
		m.steps += len(words) / wordsPerStep
		if i == 0 && len(v.segs) == 1 && seg.state == Yes && seg.raw.s == "" {
			return words
		}
		for _, w := range words {
			all = append(all, w.with(seg.state, seg.cause))
		}
	}
	return all
}
