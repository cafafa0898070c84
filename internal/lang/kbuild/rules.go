package kbuild

// Makefiles read whole: which line builds an object.

import (
	"bytes"
	"strings"
)

// Rule is an assignment of a makefile that lists objects or directories to
// build: obj-$(CONFIG_X) += foo.o bar/.
type Rule struct {
	// Target is "obj" and its like ("lib"), or the composite object, without
	// .o, that the words are part of.
	Target string
	// Symbols are those that decide whether it is built, CONFIG_X; what is
	// always built has none.
	Symbols []string
	// Line is where the assignment starts, 1-based.
	Line uint32
	// Words are the objects, with .o, and directories, ending in /.
	Words []string
	// If is what encloses the line: "ifdef CONFIG_X", outermost first.
	If []string
}

// Has reports whether the rule lists a word.
func (r *Rule) Has(word string) bool {
	for _, w := range r.Words {
		if w == word {
			return true
		}
	}
	return false
}

// maxRules bounds the rules of a makefile.
const maxRules = 1 << 14

// ParseMakefile lists what a makefile builds. Variables are not expanded, but
// for one: the composite objects of some makefiles are collected in a variable
// that a later line names.
func ParseMakefile(src []byte) []Rule {
	var rules []Rule
	var conds []string
	vars := make(map[string][]string)
	line := uint32(1)
	for off := 0; off < len(src) && len(rules) < maxRules; {
		start, first := off, line
		for {
			off += lineLen(src[off:])
			line++
			if off >= len(src) || off == start || src[off-1] != '\\' {
				break
			}
			off++
		}
		text := src[start:min(off, len(src))]
		off++
		if len(text) > 0 && text[0] == '\t' {
			continue // a recipe, or an oddly indented line; rules of objects are not indented
		}
		if i := bytes.IndexByte(text, '#'); i >= 0 {
			text = text[:i]
		}
		s := strings.TrimSpace(strings.ReplaceAll(string(text), "\\\n", " "))
		if s == "" {
			continue
		}
		word, _, _ := strings.Cut(s, " ")
		word, _, _ = strings.Cut(word, "(")
		switch word {
		case "ifeq", "ifneq", "ifdef", "ifndef":
			conds = append(conds, s)
			continue
		case "else":
			if n := len(conds); n > 0 {
				rest := strings.TrimSpace(strings.TrimPrefix(s, "else"))
				conds[n-1] = "not " + strings.TrimPrefix(conds[n-1], "not ")
				if rest != "" {
					conds[n-1] += ", " + rest
				}
			}
			continue
		case "endif":
			if n := len(conds); n > 0 {
				conds = conds[:n-1]
			}
			continue
		}
		at := assignment([]byte(s))
		if at == 0 {
			continue
		}
		left := strings.TrimSpace(s[:at])
		words := strings.Fields(strings.TrimLeft(s[at:], ":+?!= \t"))
		target, symbols, ok := splitTarget(left)
		if !ok {
			if len(vars) < maxRules && !strings.ContainsAny(left, " $") {
				vars[left] = append(vars[left], words...)
			}
			continue
		}
		var list []string
		for _, w := range words {
			if name, ok := strings.CutPrefix(w, "$("); ok && strings.HasSuffix(name, ")") {
				list = append(list, vars[strings.TrimSuffix(name, ")")]...)
				continue
			}
			if strings.HasSuffix(w, ".o") || strings.HasSuffix(w, "/") {
				list = append(list, w)
			}
		}
		if len(list) > 0 {
			rules = append(rules, Rule{Target: target, Symbols: symbols, Line: first, Words: list, If: append([]string(nil), conds...)})
		}
	}
	return rules
}

// splitTarget separates obj-$(CONFIG_X), foo-y, foo-objs.
func splitTarget(left string) (target string, symbols []string, ok bool) {
	if i := strings.Index(left, "-$("); i > 0 && strings.HasSuffix(left, ")") && !strings.ContainsAny(left[:i], " \t$") {
		for expr := left[i:]; ; {
			_, rest, found := strings.Cut(expr, string(configPrefix))
			if !found {
				return left[:i], symbols, true
			}
			n := 0
			for n < len(rest) && wordByte(rest[n]) {
				n++
			}
			symbols = append(symbols, string(configPrefix)+rest[:n])
			expr = rest[n:]
		}
	}
	if strings.ContainsAny(left, " \t$") {
		return "", nil, false
	}
	for _, suffix := range [...]string{"-y", "-m", "-objs"} {
		if name, found := strings.CutSuffix(left, suffix); found && name != "" {
			return name, nil, true
		}
	}
	return "", nil, false
}
