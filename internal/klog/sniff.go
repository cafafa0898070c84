package klog

import "bytes"

// This file looks at the start of a capture before the first record is
// delivered, for what no single line can tell: which of several tools wrote a
// form that they share, and prefixes of kinds that nobody listed.

// sniffSize is how much of the start is looked at.
const sniffSize = 64 << 10

// maxFront bounds a prefix of unknown kind.
const maxFront = 64

// sniff learns from the start of a capture. last says that it is all of it.
func (l *lexer) sniff(c []byte, last bool) {
	var (
		trial    lexer
		cl       cleaned
		stamped  int
		doubled  int
		mono     = map[string]int{} // word behind a stamp and before a tag
		fronts   = map[string]int{}
		ctime    int             // "[Sun Nov 22 15:04:05 2026]" alone
		widths   = map[int]int{} // of lines with a prefix
		broken   = map[int]int{} // of those, with a line without prefix behind
		maxWidth int
		width    = -1 // of the line before, if it has a prefix
		shape    []byte
	)
	trial.init()
	if l.fields = sniffJournal(c); l.fields != noFields {
		return
	}
	for len(c) > 0 {
		line := c
		if i := bytes.IndexByte(c, '\n'); i >= 0 {
			line, c = c[:i], c[i+1:]
		} else if last {
			c = nil
		} else {
			break
		}
		line = bytes.Trim(line, "\r")
		if len(line) > 4<<10 {
			continue
		}
		if special(line)&hasControl != 0 {
			cl.clean(line)
			line = cl.text
		}
		p := trial.prefix(line, true)
		if width >= 0 && p.text == 0 && len(line) > 0 {
			broken[width]++
		}
		maxWidth = max(maxWidth, len(line))
		if width = -1; p.text > 0 {
			width = len(line)
			widths[width]++
		}
		ct := len(line) > 1 && line[0] == '[' && isLetter(line[1]) && p.hostClock == ClockWall
		switch {
		case p.hasTime:
			stamped++
			if _, n, wide := scanStamp(line[p.text:]); n > 0 && wide {
				doubled++
			}
			if ct {
				ctime = -1 << 20
			}
			word, next := token(line, p.text)
			if len(word) > 0 && word[len(word)-1] != ':' {
				if tag, _ := token(line, next); isKernelTag(tag) || isPidTag(tag) {
					mono[string(word)]++
				}
			}
		case ct:
			ctime++
		}
		if p.hasTime || p.decoded != nil {
			continue
		}
		if i := findStamp(line, p.text, &p); i > p.text && i-p.text <= maxFront {
			if s := line[p.text:i]; !bytes.HasPrefix(s, []byte("** ")) && !isResidue(s) {
				shape = shapeOf(shape[:0], s)
				fronts[string(shape)]++
			}
		}
	}
	if h, n := mostFrequent(mono); n >= 2 && n*10 >= stamped*9 {
		l.host, l.monoHost = h, true
	} else {
		l.host = trial.host
	}
	l.doubled = doubled*2 > stamped
	l.ctimeKernel = ctime > 0
	if s, n := mostFrequent(fronts); n >= 3 && n >= stamped {
		l.front = []byte(s)
	}
	// A terminal that breaks lines leaves many of its width, none longer,
	// and each goes on without a prefix.
	if n := widths[maxWidth]; maxWidth >= 60 && maxWidth <= 250 && n >= 3 && broken[maxWidth]*10 >= n*9 {
		l.wrap = maxWidth
	}
}

// mostFrequent is the key with the greatest count; of equals the least, so
// that the answer does not depend on the map's order.
func mostFrequent(m map[string]int) (key string, n int) {
	for k, v := range m {
		if v > n || v == n && k < key {
			key, n = k, v
		}
	}
	return key, n
}
