package klog

import "bytes"

// prefix is what was found in front of a message.
type prefix struct {
	text      int // index of the first byte of the text
	hasTime   bool
	time      int64 // kernel time, ns
	host      int64
	hostClock Clock
	level     Level
	facility  Facility
	caller    []byte
	decoded   []byte // the text, where the capture's format encodes it
	dict      *Dict
	origin    Origin
	flags     Flags
}

// lexer recognises prefixes. Its state is what one line teaches about the
// next (the host name in a syslog file).
type lexer struct {
	callers [64]string
}

func (l *lexer) init() {}

// prefix reads everything in front of the message that starts at c[0].
func (l *lexer) prefix(c []byte) prefix {
	p := prefix{level: NoLevel, facility: NoFacility}
	i := 0
	for i < len(c) {
		switch c[i] {
		case '<':
			prio, n := scanLevel(c[i:])
			if n == 0 || p.level != NoLevel {
				p.text = i
				return p
			}
			p.level, p.facility = Level(prio&7), Facility(prio>>3)
			i += n
			p.text = i
			continue
		case '[':
			ns, n, _ := scanStamp(c[i:])
			if n == 0 {
				p.text = i
				return p
			}
			i += n
			p.hasTime, p.time, p.origin = true, ns, OriginKernel
			p.caller, i = scanCaller(c, i)
			if i < len(c) && c[i] == ' ' {
				i++
			}
			p.text = i
			return p
		}
		break
	}
	p.text = i
	return p
}

// findStamp finds where a record starts in the middle of c, from index from
// on: a kernel time stamp, padded as printk pads it, that can follow p. It
// returns -1 if there is none.
func (l *lexer) findStamp(c []byte, from int, p *prefix) int {
	for i := from; ; i++ {
		j := bytes.IndexByte(c[i:], '[')
		if j < 0 {
			return -1
		}
		i += j
		ns, n, wide := scanStamp(c[i:])
		if n == 0 || !wide || i == from {
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
			if k := bytes.LastIndexByte(c[max(from, i-5):i], '<'); k >= 0 {
				k += max(from, i-5)
				if _, n := scanLevel(c[k:i]); n == i-k && k > from {
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
func (l *lexer) findBreak(c []byte, stop int) int {
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

// intern returns c as a string, without allocating for one seen lately.
func (l *lexer) intern(c []byte) string {
	h := uint32(len(c))
	for _, b := range c {
		h = (h ^ uint32(b)) * 16777619
	}
	s := &l.callers[h>>26]
	if *s != string(c) {
		*s = string(c)
	}
	return *s
}
