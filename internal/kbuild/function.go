package kbuild

// The functions of make.

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// call is a function called in a reference.
type call struct {
	args  []text
	at    *Cause
	whole *text
}

type function struct {
	args int // how many are there at least, empty if not given
	call func(m *maker, c *call) []Word
}

// functionNamed is a function of make by its name.
func functionNamed(name string) (function, bool) {
	switch name {
	case "subst":
		return function{3, fnSubst}, true
	case "patsubst":
		return function{3, fnPatsubst}, true
	case "strip":
		return function{1, func(m *maker, c *call) []Word { return m.arg(c, 0) }}, true
	case "findstring":
		return function{2, fnFindstring}, true
	case "filter":
		return function{2, func(m *maker, c *call) []Word { return filter(m, c, true) }}, true
	case "filter-out":
		return function{2, func(m *maker, c *call) []Word { return filter(m, c, false) }}, true
	case "sort":
		return function{1, fnSort}, true
	case "word":
		return function{2, fnWord}, true
	case "words":
		return function{1, fnWords}, true
	case "wordlist":
		return function{3, fnWordlist}, true
	case "firstword":
		return function{1, func(m *maker, c *call) []Word { return nth(m.arg(c, 0), 0, 1) }}, true
	case "lastword":
		return function{1, fnLastword}, true
	case "dir":
		return function{1, func(m *maker, c *call) []Word { return each(m.arg(c, 0), dirOf) }}, true
	case "notdir":
		return function{1, func(m *maker, c *call) []Word {
			return each(m.arg(c, 0), func(s string) string { return s[len(dirOrNothing(s)):] })
		}}, true
	case "basename":
		return function{1, func(m *maker, c *call) []Word {
			return each(m.arg(c, 0), func(s string) string { return strings.TrimSuffix(s, path.Ext(s)) })
		}}, true
	case "suffix":
		return function{1, func(m *maker, c *call) []Word { return each(m.arg(c, 0), path.Ext) }}, true
	case "addprefix":
		return function{2, func(m *maker, c *call) []Word { return affix(m, c, true) }}, true
	case "addsuffix":
		return function{2, func(m *maker, c *call) []Word { return affix(m, c, false) }}, true
	case "abspath":
		return function{1, func(m *maker, c *call) []Word { return each(m.arg(c, 0), path.Clean) }}, true
	case "realpath":
		return function{1, func(m *maker, c *call) []Word { return each(m.arg(c, 0), path.Clean) }}, true
	case "wildcard":
		return function{1, fnWildcard}, true
	case "foreach":
		return function{3, fnForeach}, true
	case "if":
		return function{3, fnIf}, true
	case "or":
		return function{1, fnOr}, true
	case "and":
		return function{1, fnAnd}, true
	case "call":
		return function{1, fnCall}, true
	case "eval":
		return function{1, fnEval}, true
	case "value":
		return function{1, fnUnknown}, true
	case "shell":
		return function{1, fnUnknown}, true
	case "origin":
		return function{1, fnUnknown}, true
	case "flavor":
		return function{1, fnUnknown}, true
	case "join":
		return function{2, fnUnknown}, true
	case "error":
		return function{1, fnNothing}, true
	case "warning":
		return function{1, fnNothing}, true
	case "info":
		return function{1, fnNothing}, true
	case "file":
		return function{1, fnNothing}, true
	}
	return function{}, false
}

// arg expands an argument.
func (m *maker) arg(c *call, i int) []Word { return m.expand(&c.args[i], c.at) }

// text is an argument that is one text, and whether it is known.
func (m *maker) text(c *call, i int) (string, bool) {
	s, state := live(m.arg(c, i))
	return s, state == Yes
}

func (m *maker) unknown(c *call) []Word { return []Word{unknown(m.causeOf(c.whole, 0, c.at))} }

func fnUnknown(m *maker, c *call) []Word { return m.unknown(c) }

func fnNothing(*maker, *call) []Word { return nil }

// each applies a function to the text of words; those that become empty vanish.
func each(words []Word, f func(string) string) []Word {
	out := make([]Word, 0, len(words))
	for _, w := range words {
		if w.Text != unknownText {
			w.Text = f(w.Text)
		}
		if w.Text != "" {
			out = append(out, w)
		}
	}
	return out
}

func dirOrNothing(s string) string { return s[:strings.LastIndexByte(s, '/')+1] }

func dirOf(s string) string {
	if d := dirOrNothing(s); d != "" {
		return d
	}
	return "./"
}

func fnSubst(m *maker, c *call) []Word {
	from, ok := m.text(c, 0)
	to, ok2 := m.text(c, 1)
	if !ok || !ok2 {
		return m.unknown(c)
	}
	words := m.arg(c, 2)
	if from == "" {
		return words
	}
	return each(words, func(s string) string {
		if strings.Count(s, from)*len(to)+len(s) > maxText {
			return s
		}
		return strings.ReplaceAll(s, from, to)
	})
}

func fnPatsubst(m *maker, c *call) []Word {
	pattern, ok := m.text(c, 0)
	to, ok2 := m.text(c, 1)
	if !ok || !ok2 {
		return m.unknown(c)
	}
	return patsubst(pattern, to, m.arg(c, 2))
}

func patsubst(pattern, to string, words []Word) []Word {
	return each(words, func(s string) string {
		stem, ok := match(pattern, s)
		if !ok {
			return s
		}
		return strings.Replace(to, "%", stem, 1)
	})
}

// match matches a word against a pattern with at most one %, and returns what
// that stands for.
func match(pattern, s string) (stem string, ok bool) {
	before, after, percent := strings.Cut(pattern, "%")
	if !percent {
		return "", pattern == s
	}
	if len(s) < len(before)+len(after) || !strings.HasPrefix(s, before) || !strings.HasSuffix(s, after) {
		return "", false
	}
	return s[len(before) : len(s)-len(after)], true
}

func filter(m *maker, c *call, keep bool) []Word {
	patterns := m.arg(c, 0)
	words := m.arg(c, 1)
	out := make([]Word, 0, len(words))
	for _, w := range words {
		hit := No
		var why *Cause
		for i := range patterns {
			p := &patterns[i]
			if p.State <= hit {
				continue
			}
			if p.Text == unknownText || w.Text == unknownText {
				hit, why = max(hit, Maybe), p.Cause
			} else if _, ok := match(p.Text, w.Text); ok {
				hit, why = p.State, p.Cause
			}
		}
		if !keep {
			hit = hit.not()
		}
		if hit != No {
			out = append(out, w.with(hit, why))
		}
		if m.steps += len(patterns) / wordsPerStep; m.steps > maxSteps {
			return m.unknown(c)
		}
	}
	return out
}

func fnFindstring(m *maker, c *call) []Word {
	what, ok := m.text(c, 0)
	in, ok2 := m.text(c, 1)
	switch {
	case !ok || !ok2:
		return m.unknown(c)
	case what == "" || !strings.Contains(in, what):
		return nil
	}
	return []Word{{Text: what, State: Yes, Cause: m.causeOf(c.whole, 0, c.at)}}
}

func fnSort(m *maker, c *call) []Word {
	words := slices.Clone(m.arg(c, 0))
	m.steps += len(words) / 4 // comparing costs more than copying
	slices.SortStableFunc(words, func(a, b Word) int {
		if d := strings.Compare(a.Text, b.Text); d != 0 {
			return d
		}
		return int(b.State) - int(a.State)
	})
	return slices.CompactFunc(words, func(a, b Word) bool { return a.Text == b.Text })
}

// nth is the words that are there from one to another, which must be known if
// any of them is chosen by its number.
func nth(words []Word, from, to int) []Word {
	var out []Word
	n := 0
	for _, w := range words {
		if w.State == No {
			continue
		}
		if w.State == Maybe && to != 1<<30 {
			w.Text = unknownText
			return append(out, w)
		}
		if n >= from && n < to {
			out = append(out, w)
		}
		n++
	}
	return out
}

func fnWord(m *maker, c *call) []Word {
	s, _ := m.text(c, 0)
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return m.unknown(c)
	}
	return nth(m.arg(c, 1), n-1, n)
}

func fnWordlist(m *maker, c *call) []Word {
	a, _ := m.text(c, 0)
	b, _ := m.text(c, 1)
	from, err := strconv.Atoi(a)
	to, err2 := strconv.Atoi(b)
	if err != nil || err2 != nil || from < 1 {
		return m.unknown(c)
	}
	return nth(m.arg(c, 2), from-1, to)
}

func fnWords(m *maker, c *call) []Word {
	n := 0
	for _, w := range m.arg(c, 0) {
		switch w.State {
		case Yes:
			n++
		case Maybe:
			return m.unknown(c)
		}
	}
	return []Word{{Text: strconv.Itoa(n), State: Yes, Cause: m.causeOf(c.whole, 0, c.at)}}
}

func fnLastword(m *maker, c *call) []Word {
	words := m.arg(c, 0)
	for i := len(words) - 1; i >= 0; i-- {
		if words[i].State != No {
			return words[i : i+1]
		}
	}
	return nil
}

func affix(m *maker, c *call, front bool) []Word {
	a, ok := m.text(c, 0)
	if !ok {
		return m.unknown(c)
	}
	return each(m.arg(c, 1), func(s string) string {
		switch {
		case len(s)+len(a) > maxText:
			return s
		case front:
			return a + s
		}
		return s + a
	})
}

func fnWildcard(m *maker, c *call) []Word {
	var out []Word
	for _, w := range m.arg(c, 0) {
		if w.State == No {
			continue
		}
		if strings.Contains(w.Text, unknownText) {
			return m.unknown(c)
		}
		p := path.Clean(w.Text)
		const cost = 200 // it may have to look at a good part of the tree
		if m.steps += cost; m.steps > maxSteps {
			return m.unknown(c)
		}
		for _, hit := range m.b.src.Glob(p) {
			// What was written ./dir/ or ../dir/ comes back the same way.
			if strings.HasPrefix(w.Text, "./") {
				hit = "./" + hit
			}
			if strings.HasSuffix(w.Text, "/") {
				hit += "/"
			}
			out = append(out, Word{Text: hit, State: w.State, Cause: w.Cause})
		}
	}
	return out
}

func fnForeach(m *maker, c *call) []Word {
	name, ok := m.text(c, 0)
	if !ok || name == "" {
		return m.unknown(c)
	}
	list := m.arg(c, 1)
	saved := m.vars[name]
	var out []Word
	for i := range list {
		m.vars[name] = &variable{simple: true, segs: []segment{{words: []Word{{Text: list[i].Text, State: Yes}}, state: Yes}}}
		for _, w := range m.arg(c, 2) {
			out = append(out, w.with(list[i].State, list[i].Cause))
		}
		if m.steps++; m.steps > maxSteps || len(out) > maxWords {
			break
		}
	}
	if saved == nil {
		delete(m.vars, name)
	} else {
		m.vars[name] = saved
	}
	return out
}

// truth tells whether a value is not empty.
func truth(words []Word) State {
	s := No
	for i := range words {
		s = max(s, words[i].State)
	}
	return s
}

// under is words under a condition.
func under(words []Word, s State, c *Cause) []Word {
	out := slices.Clone(words)
	for i := range out {
		out[i] = out[i].with(s, c)
	}
	return out
}

func fnIf(m *maker, c *call) []Word {
	s := truth(m.arg(c, 0))
	cond := m.symbols(c.args[0].s)
	if cond == "" {
		cond = c.args[0].s
	}
	cause := m.causeOf(c.whole, 0, c.at)
	if cause == nil {
		cause = &Cause{Cond: cond}
	} else {
		cause = &Cause{Path: cause.Path, Line: cause.Line, Cond: cond}
	}
	then := under(m.arg(c, 1), s, cause)
	var other []Word
	if c.args[2].s != "" {
		other = under(m.arg(c, 2), s.not(), cause)
	}
	return append(then, other...)
}

func fnOr(m *maker, c *call) []Word {
	var out []Word
	rest := Yes
	for i := range c.args {
		words := m.arg(c, i)
		s := truth(words)
		out = append(out, under(words, min(rest, s), m.causeOf(c.whole, 0, c.at))...)
		if rest = min(rest, s.not()); rest == No {
			break
		}
	}
	return out
}

func fnAnd(m *maker, c *call) []Word {
	s := Yes
	var words []Word
	for i := range c.args {
		words = m.arg(c, i)
		if s = min(s, truth(words)); s == No {
			return nil
		}
	}
	return under(words, s, m.causeOf(c.whole, 0, c.at))
}

func fnCall(m *maker, c *call) []Word {
	name, ok := m.text(c, 0)
	if !ok {
		return m.unknown(c)
	}
	v := m.find(name)
	if v == nil {
		// The macros of scripts/Kbuild.include ask the compiler.
		return m.unknown(c)
	}
	args := make([][]Word, len(c.args))
	for i := range c.args {
		args[i] = m.arg(c, i)
	}
	saved := m.args
	m.args = args
	words := m.lookup(name)
	m.args = saved
	return words
}

func fnEval(m *maker, c *call) []Word {
	s, ok := m.text(c, 0)
	if ok && m.files < maxInclude && m.depth < maxDepth {
		m.files++
		rule := m.inRule
		m.read(s, c.args[0].line)
		m.inRule = rule
		m.files--
	}
	return nil
}
