// Package pathglob chooses files by patterns over their paths, with the rules
// of gitignore that ripgrep's -g has made familiar:
//
//   - a pattern without a slash is matched against the last element of the
//     path and of the directories above it: "*.c", "Kconfig*", "drivers"
//   - a pattern with a slash is matched from the root: "drivers/net",
//     "arch/*/kernel/*.S"; a leading slash says the same
//   - what names a directory stands for everything in it
//   - ** stands for any number of directories: "**/include/**/*.h"
//   - * and ? do not match a slash; [a-z] and [!a-z] are classes, \ quotes
//   - a leading ! leaves files out
//
// If several patterns match, the last decides. A path that none matches is
// chosen if all patterns leave files out, and is not otherwise.
package pathglob

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Set is a list of compiled patterns. The zero Set chooses every path.
type Set struct {
	globs []glob
	// fallback is the answer for paths that nothing matches.
	fallback bool
}

// glob is one pattern.
type glob struct {
	exclude bool
	// anchored patterns match from the root, others any element.
	anchored bool
	elems    []element
}

type element struct {
	text string
	kind elementKind
}

type elementKind uint8

const (
	general  elementKind = iota
	literal              // no wildcard
	suffix               // * and then text without wildcards
	anyDepth             // **
)

// ErrClass is wrapped by the error for a [ without a ].
var ErrClass = errors.New("[ without ]")

// Compile reads patterns.
func Compile(patterns ...string) (*Set, error) {
	s := &Set{fallback: true}
	for _, p := range patterns {
		g, err := compile(p)
		if err != nil {
			return nil, fmt.Errorf("path pattern %q: %w", p, err)
		}
		if !g.exclude {
			s.fallback = false
		}
		s.globs = append(s.globs, g)
	}
	return s, nil
}

func compile(p string) (glob, error) {
	var g glob
	p, g.exclude = strings.CutPrefix(p, "!")
	p = strings.TrimSuffix(p, "/")
	if p == "" {
		return g, errors.New("it is empty")
	}
	g.anchored = strings.Contains(p, "/")
	p = strings.TrimPrefix(p, "/")
	for text := range strings.SplitSeq(p, "/") {
		if text == "" || text == "." {
			continue
		}
		e := element{text: text}
		rest, star := strings.CutPrefix(text, "*")
		switch {
		case text == "**":
			e.kind = anyDepth
		case !strings.ContainsAny(text, `*?[\`):
			e.kind = literal
		case star && !strings.ContainsAny(rest, `*?[\`):
			e.kind, e.text = suffix, rest
		default:
			if err := checkClasses(text); err != nil {
				return g, err
			}
		}
		if e.kind == anyDepth && len(g.elems) > 0 && g.elems[len(g.elems)-1].kind == anyDepth {
			continue
		}
		g.elems = append(g.elems, e)
	}
	if len(g.elems) == 0 {
		return g, errors.New("it names nothing")
	}
	return g, nil
}

// Match reports whether a path, relative to the root and with slashes, is
// chosen.
func (s *Set) Match(path string) bool {
	if s == nil || len(s.globs) == 0 {
		return true
	}
	for i := len(s.globs) - 1; i >= 0; i-- {
		if s.globs[i].match(path) {
			return !s.globs[i].exclude
		}
	}
	return s.fallback
}

func (g *glob) match(path string) bool {
	if g.anchored {
		return matchPath(g.elems, path)
	}
	// Often the last element decides at once.
	e := &g.elems[0]
	for rest := path; ; {
		name, after, more := strings.Cut(rest, "/")
		if e.match(name) {
			return true
		}
		if !more {
			return false
		}
		rest = after
	}
}

// matchPath reports whether the elements match the path or a directory above
// it. Each ** is tried at one place after the other; only the last one that
// was met can need another place, which keeps this quadratic at worst.
func matchPath(elems []element, path string) bool {
	var retryElems []element
	retryPath, retry := "", false
	for {
		if len(elems) == 0 {
			return true
		}
		if elems[0].kind == anyDepth {
			elems = elems[1:]
			if len(elems) == 0 {
				return path != "" // everything inside
			}
			retryElems, retryPath, retry = elems, path, true
			continue
		}
		name, after, _ := strings.Cut(path, "/")
		if path != "" && elems[0].match(name) {
			elems, path = elems[1:], after
			continue
		}
		if !retry || retryPath == "" {
			return false
		}
		_, retryPath, _ = strings.Cut(retryPath, "/")
		elems, path = retryElems, retryPath
	}
}

func (e *element) match(name string) bool {
	switch e.kind {
	case literal:
		return name == e.text
	case suffix:
		return strings.HasSuffix(name, e.text)
	case anyDepth:
		return true
	}
	ok, _ := matchElement(e.text, name) // the error was found by compile
	return ok
}

// matchElement matches one element of a path against a pattern with
// wildcards. As in matchPath, only the last * needs a second thought.
func matchElement(p, name string) (bool, error) {
	retryP, retryName, retry := "", "", false
	for {
		if strings.HasPrefix(p, "*") {
			p = strings.TrimLeft(p, "*")
			if p == "" {
				return true, nil
			}
			retryP, retryName, retry = p, name, true
		}
		rest, n, ok, err := matchOne(p, name)
		switch {
		case err != nil:
			return false, err
		case p == "" && name == "":
			return true, nil
		case ok:
			p, name = rest, name[n:]
			continue
		}
		if !retry || retryName == "" {
			return false, nil
		}
		_, n = utf8.DecodeRuneInString(retryName)
		retryName = retryName[n:]
		p, name = retryP, retryName
	}
}

// matchOne matches one character of a name against the first item of a
// pattern that does not start with *.
func matchOne(p, name string) (rest string, n int, ok bool, err error) {
	if p == "" {
		return "", 0, false, nil
	}
	r, n := utf8.DecodeRuneInString(name)
	switch p[0] {
	case '?':
		return p[1:], n, n > 0, nil
	case '[':
		in, rest, err := matchClass(p, r)
		return rest, n, in && n > 0, err
	case '\\':
		if len(p) > 1 {
			p = p[1:]
		}
	}
	c, m := utf8.DecodeRuneInString(p)
	return p[m:], n, n > 0 && c == r && p[:m] == name[:n], nil
}

// matchClass reports whether r is in the class that p starts with, and what
// follows the class.
func matchClass(p string, r rune) (in bool, rest string, err error) {
	p = p[1:]
	negated := strings.HasPrefix(p, "!") || strings.HasPrefix(p, "^")
	if negated {
		p = p[1:]
	}
	next := func() rune {
		if len(p) > 1 && p[0] == '\\' {
			p = p[1:]
		}
		c, n := utf8.DecodeRuneInString(p)
		p = p[n:]
		return c
	}
	for first := true; ; first = false {
		if p == "" {
			return false, "", ErrClass
		}
		if p[0] == ']' && !first {
			return in != negated, p[1:], nil
		}
		lo := next()
		hi := lo
		if len(p) > 1 && p[0] == '-' && p[1] != ']' {
			p = p[1:]
			hi = next()
		}
		if lo <= r && r <= hi {
			in = true
		}
	}
}

// checkClasses finds a class that is not closed.
func checkClasses(p string) error {
	for p != "" {
		switch p[0] {
		case '[':
			_, rest, err := matchClass(p, 0)
			if err != nil {
				return err
			}
			p = rest
		case '\\':
			p = p[min(2, len(p)):]
		default:
			p = p[1:]
		}
	}
	return nil
}
