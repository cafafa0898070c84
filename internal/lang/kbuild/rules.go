package kbuild

// Makefiles read whole: which line builds an object.

import (
	"bytes"
	"slices"
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
	return slices.Contains(r.Words, word)
}

// maxRules bounds the rules of a makefile.
const maxRules = 1 << 14

// Bounds of how far variables are replaced: in depth, and in words of all rules
// together.
const (
	maxVariableDepth = 8
	maxExpansion     = 1 << 17
)

// ParseMakefile lists what a makefile builds. Variables that hold objects are
// expanded in the lists of others; conditionals are not evaluated.
func ParseMakefile(src []byte) []Rule {
	p := &makefileParser{vars: make(map[string][]string)}
	line := uint32(1)
	for off := 0; off < len(src) && len(p.rules) < maxRules; {
		start, first := off, line
		for {
			off += lineLen(src[off:])
			line++
			if off >= len(src) || off == start || src[off-1] != '\\' {
				break
			}
			off++
		}
		p.line(src[start:min(off, len(src))], first)
		off++
	}
	kept := p.rules[:0]
	for _, r := range p.rules {
		if r.Words = p.expand(nil, r.Target, r.Words, 0); len(r.Words) > 0 {
			kept = append(kept, r)
		}
	}
	return kept
}

type makefileParser struct {
	rules    []Rule
	conds    []string
	vars     map[string][]string // by name; of foo-$(CONFIG_X), by foo-y
	recipe   bool                // lines that begin with a tab are commands
	expanded int                 // words so far
}

// line reads a line with those that continue it.
func (p *makefileParser) line(text []byte, first uint32) {
	if len(text) > 0 && text[0] == '\t' && p.recipe {
		return
	}
	if i := bytes.IndexByte(text, '#'); i >= 0 {
		text = text[:i]
	}
	s := strings.TrimSpace(strings.ReplaceAll(string(text), "\\\n", " "))
	if s == "" {
		return
	}
	word, _, _ := strings.Cut(s, " ")
	word, _, _ = strings.Cut(word, "(")
	switch word {
	case "ifeq", "ifneq", "ifdef", "ifndef":
		if len(p.conds) < maxConditionals {
			p.conds = append(p.conds, s)
		}
		return
	case "else":
		if n := len(p.conds); n > 0 {
			p.conds[n-1] = "not " + strings.TrimPrefix(p.conds[n-1], "not ")
			if rest := strings.TrimSpace(strings.TrimPrefix(s, "else")); rest != "" {
				p.conds[n-1] = rest
			}
		}
		return
	case "endif":
		if n := len(p.conds); n > 0 {
			p.conds = p.conds[:n-1]
		}
		return
	}
	at := assignment([]byte(s))
	p.recipe = at == 0 && strings.Contains(s, ":")
	if at == 0 {
		return
	}
	left := strings.TrimSpace(s[:at])
	words := strings.Fields(strings.TrimLeft(s[at:], ":+?!= \t"))
	target, symbols, ok := splitTarget(left)
	name := left
	if ok {
		name = target + "-y"
		p.rules = append(p.rules, Rule{Target: target, Symbols: symbols, Line: first, Words: words, If: slices.Clone(p.conds)})
	}
	if len(p.vars) < maxRules && !strings.ContainsAny(name, " $") {
		p.vars[name] = append(p.vars[name], words...)
		if strings.HasSuffix(left, "-objs") {
			p.vars[left] = append(p.vars[left], words...)
		}
	}
}

// maxConditionals bounds how deep conditionals nest.
const maxConditionals = 64

// expand appends the objects and directories among words, those that variables
// hold included.
func (p *makefileParser) expand(dst []string, target string, words []string, depth int) []string {
	for _, w := range words {
		if p.expanded++; p.expanded > maxExpansion {
			break
		}
		if name, ok := strings.CutPrefix(w, "$("); ok && strings.HasSuffix(name, ")") {
			name = strings.TrimSuffix(name, ")")
			if words := p.vars[name]; depth < maxVariableDepth && len(words) > 0 {
				p.vars[name] = nil // it does not hold itself
				dst = p.expand(dst, target, words, depth+1)
				p.vars[name] = words
			}
			continue
		}
		// arch/arm lists the directories mach-foo as foo.
		if strings.HasSuffix(w, ".o") || strings.HasSuffix(w, "/") || target == machineTarget && !strings.ContainsAny(w, "$()") {
			dst = append(dst, w)
		}
	}
	return dst
}

// machineTarget is the target by which the makefile of an architecture names the
// directories of its machines: machine-$(CONFIG_ARCH_FOO) += foo.
const machineTarget = "machine"

// Enters reports whether the rule enters a directory that the makefile's own
// directory holds.
func (r *Rule) Enters(dir string) bool {
	if r.Target == machineTarget {
		name, ok := strings.CutPrefix(dir, "mach-")
		return ok && r.Has(strings.TrimSuffix(name, "/"))
	}
	return r.Has(dir)
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
