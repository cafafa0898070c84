package klog

import "bytes"

// This file finds where records start in the middle of a physical line: behind
// half a line of another writer, or where a line end was lost.

// findStamp finds where a record starts in the middle of c, from index from
// on: a kernel time stamp, padded as printk pads it, that can follow p. It
// returns -1 if there is none.
func findStamp(c []byte, from int, p *prefix) int {
	for i := from; ; i++ {
		j := bytes.IndexByte(c[i:], '[')
		if j < 0 {
			return -1
		}
		i += j
		ns, n, wide := scanStamp(c[i:])
		if n == 0 || !wide {
			continue
		}
		if e := i + n; e < len(c) && c[e] != ' ' && c[e] != '[' {
			continue
		}
		if p.hasTime && !follows(p.time, ns) {
			continue
		}
		// "<6>" belongs to the stamp behind it.
		if i > from && c[i-1] == '>' {
			lo := max(from, i-5)
			if k := bytes.LastIndexByte(c[lo:i], '<'); k >= 0 {
				k += lo
				if _, n := scanLevel(c[k:i]); n == i-k {
					return k
				}
			}
		}
		return i
	}
}

// follows reports whether a record of time b can stand behind one of time a on
// the same line: a little before it (CPUs race for the console), or not long
// after.
func follows(a, b int64) bool {
	return b >= a-10e6 && b <= a+300e9
}

// findBreak finds where the rest of an overlong line ends, before index stop:
// at a line feed, a carriage return or a record's time stamp. It returns -1 if
// nowhere.
func findBreak(c []byte, stop int) int {
	end := stop
	if i := bytes.IndexByte(c[:end], '\n'); i >= 0 {
		end = i
	}
	for i := 0; i < end; i++ {
		j := bytes.IndexByte(c[i:end], '[')
		if j < 0 {
			break
		}
		i += j
		if _, n, wide := scanStamp(c[i:]); n > 0 && wide {
			end = i
		}
	}
	if i := bytes.IndexByte(c[:end], '\r'); i >= 0 {
		for ; i < len(c) && c[i] == '\r'; i++ {
		}
		if i <= stop {
			return i
		}
	}
	if end < stop {
		return end
	}
	return -1
}

// join recognises by its layout a line that goes on with the message of the
// line before: indented by the width of that one's prefix, as dmesg and
// journalctl print the further lines of a message, or left by a terminal that
// broke the line. plain says that the line holds no control characters.
func (l *lexer) join(c []byte, p *prefix, plain bool) {
	indent, full := l.indent, l.wrap > 0 && l.width == l.wrap
	l.width = len(c)
	if p.text > 0 {
		l.indent = 0
		if plain && p.origin == OriginKernel {
			l.indent = p.text
		}
		l.joined = p.origin
		return
	}
	if indent >= minIndent && len(c) > indent && p.origin == OriginUnknown {
		n := 0
		for n < indent && c[n] == ' ' {
			n++
		}
		if n == indent {
			p.text, p.origin = indent, OriginKernel
			p.flags |= FlagContinuation
			l.indent = indent
			return
		}
	}
	l.indent = 0
	if full && len(c) > 0 {
		p.origin = l.joined
		p.flags |= FlagContinuation
	}
}

// minIndent is the least width of a prefix by which a further line is
// recognised.
const minIndent = 10

// isResidue reports whether what stands before a time stamp is no writing of
// anybody: blanks, quoting ("> "), escape sequences that lost their escape
// character ("[0m").
func isResidue(c []byte) bool {
	for i := 0; i < len(c); {
		switch c[i] {
		case ' ', '\t', '>':
			i++
			continue
		case '[':
			j := i + 1
			for j < len(c) && (isDigit(c[j]) || c[j] == ';') {
				j++
			}
			if j < len(c) && (c[j] == 'm' || c[j] == 'K' || c[j] == 'J' || c[j] == 'H') {
				i = j + 1
				continue
			}
		}
		return false
	}
	return true
}
