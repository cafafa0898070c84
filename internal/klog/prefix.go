package klog

import "bytes"

// This file takes everything off the front of a line that is not the message:
// the stamps of capture tools and log daemons, then printk's own.

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
	bootID    string // of the journal
	origin    Origin
	flags     Flags
	// kmsg says that the line is a record of /dev/kmsg, which may have
	// " KEY=value" lines behind it.
	kmsg bool
}

// lexer recognises prefixes. Its state is what the lines before teach about
// the next one.
type lexer struct {
	callers [64]string
	// host is the host name in a syslog file or journal.
	host string
	// monoHost: "host kernel:" stands behind a monotonic time stamp
	// (journalctl -o short-monotonic).
	monoHost bool
	// ctimeKernel: "[Sun Nov 22 15:04:05 2026]" is dmesg -T, not a capture
	// tool's stamp.
	ctimeKernel bool
	// doubled: a capture tool stamps lines in the kernel's own form.
	doubled bool
	// front is the shape (see shapeOf) of a prefix of unknown kind that the
	// start of the capture has shown to stand before the kernel's stamps.
	front []byte
	// wrap is the width at which the capturing terminal broke lines, or 0.
	wrap int
	// indent is the width of the prefix of the record before, by which dmesg
	// and journalctl indent the further lines of a message.
	indent int
	// width and joined are the length and origin of the line before.
	width  int
	joined Origin
	// inKmsg: the line before was of /dev/kmsg.
	inKmsg bool
	// relative and relClock add up the differences of dmesg -e.
	relative int64
	relClock Clock
	// inDmesg: the capture is of dmesg -J; pri and priTime are of the object
	// that it is in.
	inDmesg bool
	pri     int
	priTime int64
	// fields is the form of a journal with a line for each field, entry what its
	// entry at hand has.
	fields fieldForm
	entry  journalEntryFields
}

func (l *lexer) init() { l.pri, l.priTime = -1, -1 }

// prefix reads everything in front of the message in c. lineStart says that c
// starts a physical line; in the middle of one only printk's prefix can stand.
func (l *lexer) prefix(c []byte, lineStart bool) prefix {
	p := prefix{level: NoLevel, facility: NoFacility}
	if l.fields != noFields && lineStart && l.journalLine(c, &p) {
		return p
	}
	if !l.own(c, 0, &p) && lineStart && len(c) > 0 {
		l.foreign(c, &p)
	}
	if p.facility > 0 && p.origin == OriginKernel {
		p.origin = OriginUserSpace
	}
	return p
}

// own reads printk's prefix at c[i:]: level, time stamp, caller. It reports
// whether there is a time stamp.
func (l *lexer) own(c []byte, i int, p *prefix) bool {
	if i < len(c) && c[i] == '<' {
		if prio, n := scanLevel(c[i:]); n > 0 {
			p.level, p.facility = Level(prio&7), Facility(prio>>3)
			if p.origin == OriginUnknown {
				p.origin = OriginKernel
			}
			i += n
		}
	}
	p.text = i
	if i >= len(c) || c[i] != '[' {
		return false
	}
	ns, n, _ := scanStamp(c[i:])
	if n == 0 {
		return false
	}
	i += n
	p.hasTime, p.time, p.origin = true, ns, OriginKernel
	// Usually a space and the message.
	if i+1 < len(c) && (c[i] != ' ' || c[i+1] == ' ' || c[i+1] == '[' || c[i+1] == '(' || i+2 < len(c) && (c[i+2] == '[' || c[i+2] == '(')) {
		p.caller, i = scanCaller(c, i)
	}
	if i < len(c) && c[i] == ' ' {
		i++
	}
	p.text = i
	if l.doubled && i < len(c) && c[i] == '[' && p.hostClock == ClockNone {
		if _, n, wide := scanStamp(c[i:]); n > 0 && wide {
			p.host, p.hostClock = ns, ClockElapsed
			return l.own(c, i, p)
		}
	}
	// A level that an old kernel left in the middle of its buffer.
	if i+2 < len(c) && c[i] == '<' && c[i+2] == '>' && c[i+1] >= '0' && c[i+1] <= '7' {
		p.level = Level(c[i+1] - '0')
		p.text = i + 3
	}
	if l.monoHost {
		l.tag(c, p.text, p)
	}
	return true
}

// maxForeign bounds how many stamps are taken off one line (ts in front of
// conserver in front of syslog ...).
const maxForeign = 6

var byteOrderMark = []byte("\xef\xbb\xbf")

// foreign reads what stands in front of printk's prefix, and that prefix.
func (l *lexer) foreign(c []byte, p *prefix) {
	i := p.text
	if i == 0 && bytes.HasPrefix(c, byteOrderMark) {
		i = len(byteOrderMark)
		if l.own(c, i, p) {
			return
		}
		i = p.text
	}
	if l.inKmsg && i == 0 && c[0] == ' ' && l.kmsgField(c, p) {
		return
	}
	if p.level != NoLevel && i+2 < len(c) && c[i] == '1' && c[i+1] == ' ' && l.rfc5424(c, i+2, p) {
		return
	}
	tagged := false // a syslog tag may follow
	for range maxForeign {
		j := i
		for j < len(c) && c[j] == ' ' {
			j++
		}
		if j == len(c) {
			break
		}
		n := 0
		switch b := c[j]; {
		case b == '[':
			if l.own(c, j, p) {
				return
			}
			n = l.bracket(c[j:], p)
		case b == '<':
			if p.level != NoLevel {
				break
			}
			if l.own(c, j, p) {
				return
			}
			n = p.text - j
			if i = p.text; n > 0 && i+2 < len(c) && c[i] == '1' && c[i+1] == ' ' && l.rfc5424(c, i+2, p) {
				return
			}
		case isDigit(b):
			if l.kmsg(c, j, p) {
				return
			}
			n = l.date(c[j:], p)
			tagged = n > 0
		case b >= 'A' && b <= 'Z':
			n = l.date(c[j:], p)
			tagged = n > 0
		case b >= 'a' && b <= 'z':
			// "kernel:[" without a date: wall messages, cut columns.
			if q := *p; isKernelTag(c[j:]) {
				if l.kernel(c, j+len("kernel:"), &q); q.hasTime {
					*p = q
					return
				}
			}
			if bytes.HasPrefix(c[j:], []byte("data: {")) && l.json(c, j+len("data: "), p) {
				return // journalctl -o json-sse
			}
			n = facilityColumns(c[j:], p)
		case (b == '{' || b == '-' || b == '"' || l.inDmesg) && l.json(c, j, p):
			return
		}
		if n == 0 {
			break
		}
		i = j + n
		if i < len(c) && (c[i] == ' ' || c[i] == '\t') {
			i++
		}
		if p.hasTime { // dmesg -d
			tagged = l.monoHost
			break
		}
	}
	p.text = i
	if tagged && l.tag(c, i, p) {
		return
	}
	if l.front != nil {
		if n := matchShape(c[i:], l.front); n > 0 {
			if p.hostClock == ClockNone {
				if ns, k := scanSeconds(c[i:i+n], 1); k > 0 {
					p.host, p.hostClock = ns, ClockElapsed
				}
			}
			l.own(c, i+n, p)
		}
	}
}

// date reads an unbracketed time stamp that ends a word.
func (l *lexer) date(c []byte, p *prefix) int {
	ns, clock, n := scanDate(c)
	if n == 0 || n < len(c) && c[n] != ' ' && c[n] != '\t' && c[n] != '[' && c[n] != '<' {
		return 0
	}
	p.host, p.hostClock = ns, clock
	// Only dmesg --time-format=iso prints a comma before six digits.
	if clock == ClockWall && n >= 26 && c[19] == ',' && fractionLen(c[20:]) == 6 {
		p.origin = OriginKernel
	}
	return n
}

// bracket reads a time stamp in brackets that is not printk's.
func (l *lexer) bracket(c []byte, p *prefix) int {
	if len(c) < 8 {
		return 0
	}
	closed := func(n int) int {
		if n > 0 && n < len(c) && c[n] == ']' {
			return n + 1
		}
		return 0
	}
	switch b := c[1]; {
	case isDigit(b) || b == ' ':
		if ns, clock, n := scanDate(c[1:]); n > 0 {
			if n = closed(1 + n); n > 0 {
				p.host, p.hostClock = ns, clock
				return n
			}
		}
		return l.bracketSeconds(c, p)
	case b == '<': // dmesg --time-format=delta
		_, n := scanSeconds(c[2:], 6)
		if n == 0 || 2+n >= len(c) || c[2+n] != '>' {
			return 0
		}
		if n = closed(3 + n); n > 0 {
			p.origin = OriginKernel
		}
		return n
	case b >= 'A' && b <= 'Z':
		// "[Nov22 15:04]" of dmesg -e.
		if m := scanMonth(c[1:]); m > 0 && len(c) >= 13 && isDigit(c[4]) && c[6] == ' ' && c[9] == ':' && c[12] == ']' {
			d, ok1 := digits2(c[4:])
			h, ok2 := digits2(c[7:])
			mi, ok3 := digits2(c[10:])
			if !ok1 || !ok2 || !ok3 || d < 1 || d > 31 {
				return 0
			}
			l.relative, l.relClock = dayOfLeapYear(m, d)*day+int64(h*60+mi)*60*second, ClockYearless
			p.host, p.hostClock, p.origin = l.relative, l.relClock, OriginKernel
			return 13
		}
		ns, clock, n := scanDate(c[1:])
		if n = closed(1 + n); n == 0 || clock != ClockWall {
			return 0
		}
		p.host, p.hostClock = ns, clock
		if l.ctimeKernel && n == len("[Sun Nov 22 15:04:05 2026]") {
			p.origin = OriginKernel
		}
		return n
	}
	return 0
}

// bracketSeconds reads the bracketed stamps that count seconds: of grabserial
// ("[1.234567 0.000123]"), of dmesg -d and journalctl -o short-delta
// ("[    1.234567 <    0.000123>]"), and of dmesg -e ("[  +0.000123]").
func (l *lexer) bracketSeconds(c []byte, p *prefix) int {
	i := 1
	for i < len(c) && c[i] == ' ' {
		i++
	}
	if i < len(c) && c[i] == '+' {
		ns, n := scanSeconds(c[i+1:], 6)
		if i += 1 + n; n == 0 || i >= len(c) || c[i] != ']' {
			return 0
		}
		if l.relClock == ClockNone {
			l.relClock = ClockElapsed
		}
		l.relative += ns
		p.host, p.hostClock, p.origin = l.relative, l.relClock, OriginKernel
		return i + 1
	}
	ns, n := scanSeconds(c[1:], 6)
	i = 1 + n
	if n == 0 || i+2 >= len(c) || c[i] != ' ' {
		return 0
	}
	if c[i+1] == '<' {
		_, n = scanSeconds(c[i+2:], 6)
		if i += 2 + n; n == 0 {
			return 0
		}
		if i < len(c) && c[i] == ' ' {
			i++
		}
		if i+1 < len(c) && c[i] == '>' && c[i+1] == ']' {
			p.hasTime, p.time, p.origin = true, ns, OriginKernel
			return i + 2
		}
		return 0
	}
	_, n = scanSeconds(c[i+1:], 6)
	if i += 1 + n; n == 0 || i >= len(c) || c[i] != ']' {
		return 0
	}
	p.host, p.hostClock = ns, ClockElapsed
	return i + 1
}

// shapeOf appends the shape of c to dst: each run of digits is one '0', each
// run of spaces one ' '. Lines stamped by the same tool have the same shape.
func shapeOf(dst, c []byte) []byte {
	for i := 0; i < len(c); i++ {
		b := c[i]
		if isDigit(b) {
			b = '0'
		}
		if (b == '0' || b == ' ') && i > 0 && (c[i-1] == b || b == '0' && isDigit(c[i-1])) {
			continue
		}
		dst = append(dst, b)
	}
	return dst
}

// matchShape is the length of the start of c that has the given shape, or 0.
func matchShape(c, shape []byte) int {
	i := 0
	for _, s := range shape {
		if i >= len(c) {
			return 0
		}
		switch s {
		case '0':
			if !isDigit(c[i]) {
				return 0
			}
			for i < len(c) && isDigit(c[i]) {
				i++
			}
		case ' ':
			if c[i] != ' ' {
				return 0
			}
			for i < len(c) && c[i] == ' ' {
				i++
			}
		default:
			if c[i] != s {
				return 0
			}
			i++
		}
	}
	return i
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
