package klog

import "bytes"

// This file reads what syslog daemons and journalctl put between the time
// stamp and the message: host, facility and level, tag.

// tag reads "host kernel: ", "host name[123]: " and their variants at c[i:],
// and behind a kernel tag printk's own prefix. It reports whether it found
// one; the text of another tag than the kernel's starts with the tag, as it
// would in /dev/kmsg.
func (l *lexer) tag(c []byte, i int, p *prefix) bool {
	start := i
	word, next := token(c, i)
	if string(word) == "kernel" { // logcat pads its tags
		for next < len(c) && c[next] == ' ' {
			next++
		}
		if next < len(c) && c[next] == ':' {
			l.kernel(c, next+1, p)
			return true
		}
	}
	if l.priority(word, p) {
		// OpenWrt's logread: no host.
		i = next
		word, next = token(c, i)
		if !isKernelTag(word) && isTag(word) {
			p.origin, p.text = OriginUserSpace, i
			return true
		}
	}
	if isKernelTag(word) {
		l.kernel(c, i+len("kernel:"), p)
		return true
	}
	host := word
	if len(host) == 0 || next >= len(c) {
		return false
	}
	i = next
	if word, next = token(c, i); l.priority(word, p) {
		// busybox: "host kern.info kernel: ".
		i = next
		word, _ = token(c, i)
	}
	switch {
	case isKernelTag(word) && host[len(host)-1] != ':':
		l.learnHost(host)
		l.kernel(c, i+len("kernel:"), p)
		return true
	case isPidTag(word):
		l.learnHost(host)
	case isTag(word) && l.host == string(host):
	case l.host != "" && l.host == string(host):
		// A message without a tag.
	default:
		p.text = start
		return false
	}
	p.origin = OriginUserSpace
	p.text = i
	return true
}

// kernel sets the prefix for a message tagged "kernel:" that ends at c[i].
func (l *lexer) kernel(c []byte, i int, p *prefix) {
	if i < len(c) && c[i] == ' ' {
		i++
	}
	p.origin = OriginKernel
	if p.facility == NoFacility && p.level != NoLevel {
		p.facility = 0
	}
	if p.hasTime { // short-monotonic
		p.text = i
		return
	}
	l.own(c, i, p)
}

func (l *lexer) learnHost(h []byte) {
	if l.host != string(h) {
		l.host = string(h)
	}
}

// priority reads "kern.info".
func (l *lexer) priority(word []byte, p *prefix) bool {
	k := bytes.IndexByte(word, '.')
	if k < 3 {
		return false
	}
	f, v := facilityByName(word[:k]), levelByName(word[k+1:])
	if f == NoFacility || v == NoLevel {
		return false
	}
	p.facility, p.level = f, v
	return true
}

// rfc5424 reads "2026-11-22T15:04:05Z host app procid msgid structured-data
// message", behind "<6>1 ".
func (l *lexer) rfc5424(c []byte, i int, p *prefix) bool {
	ns, clock, n := scanDate(c[i:])
	if n == 0 || clock != ClockWall || i+n >= len(c) || c[i+n] != ' ' {
		return false
	}
	p.host, p.hostClock = ns, clock
	i += n + 1
	var app []byte
	for k := range 4 { // host, app, procid, msgid
		word, next := token(c, i)
		if len(word) == 0 {
			return false
		}
		if k == 1 {
			app = word
		}
		i = next
	}
	switch {
	case i >= len(c):
	case c[i] == '-':
		i++
	case c[i] == '[':
		for i < len(c) && c[i] == '[' {
			quoted := false
			for i++; i < len(c) && (quoted || c[i] != ']'); i++ {
				switch c[i] {
				case '"':
					quoted = !quoted
				case '\\':
					i++
				}
			}
			i = min(i+1, len(c))
		}
	default:
		return false
	}
	if i < len(c) && c[i] == ' ' {
		i++
	}
	if bytes.HasPrefix(c[i:], byteOrderMark) {
		i += len(byteOrderMark)
	}
	if string(app) != "kernel" {
		p.origin, p.text = OriginUserSpace, i
		return true
	}
	p.origin = OriginKernel
	l.own(c, i, p)
	return true
}

// token is the word at c[i:], up to a blank, and the index behind the blank.
func token(c []byte, i int) (word []byte, next int) {
	if i >= len(c) {
		return nil, i
	}
	j := bytes.IndexByte(c[i:], ' ')
	if j < 0 {
		return c[i:], len(c)
	}
	return c[i : i+j], i + j + 1
}

func isKernelTag(w []byte) bool {
	const tag = "kernel:"
	return len(w) >= len(tag) && string(w[:len(tag)]) == tag
}

// isTag matches "name:", "name[123]:" and a tag with text right behind it.
func isTag(w []byte) bool {
	n := identLen(w)
	return n > 0 && n < len(w) && (w[n] == ':' || w[n] == '[')
}

// isPidTag matches "name[123]:".
func isPidTag(w []byte) bool { return pidTagLen(w) > 0 }

// pidTagLen is the length of "name[123]:" at the start of c, or 0.
func pidTagLen(c []byte) int {
	n := identLen(c)
	if n == 0 || n+3 >= len(c) || c[n] != '[' {
		return 0
	}
	i := n + 1
	for i < len(c) && isDigit(c[i]) {
		i++
	}
	if i == n+1 || i+1 >= len(c) || c[i] != ']' || c[i+1] != ':' {
		return 0
	}
	return i + 2
}

// identLen is the length of a program's name at the start of c.
func identLen(c []byte) int {
	for i, b := range c {
		if !isLetter(b) && !isDigit(b) && b != '_' && b != '-' && b != '.' && b != '/' && b != '@' && b != '(' && b != ')' && b != '+' {
			return i
		}
		if i >= 64 {
			return 0
		}
	}
	return len(c)
}

var facilityNames = [...]string{
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
	"ntp", "audit", "alert", "clock",
	"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
}

// String is the name that dmesg -x prints ("kern"), or "" for NoFacility.
func (f Facility) String() string {
	if f >= 0 && int(f) < len(facilityNames) {
		return facilityNames[f]
	}
	return ""
}

func facilityByName(w []byte) Facility {
	for i, n := range facilityNames {
		if n == string(w) {
			return Facility(i)
		}
	}
	return NoFacility
}

func levelByName(w []byte) Level {
	for i, n := range levelNames {
		if n == string(w) {
			return Level(i)
		}
	}
	switch string(w) {
	case "panic":
		return 0
	case "error":
		return 3
	case "warning":
		return 4
	}
	return NoLevel
}

// facilityColumns reads the columns of dmesg -x, "kern  :info  : ".
func facilityColumns(c []byte, p *prefix) int {
	i := bytes.IndexByte(c[:min(len(c), 10)], ':')
	if i < 4 {
		return 0
	}
	f := facilityByName(trimSpaces(c[:i]))
	if f == NoFacility {
		return 0
	}
	rest := c[i+1 : min(len(c), i+10)]
	j := bytes.IndexByte(rest, ':')
	if j < 3 {
		return 0
	}
	v := levelByName(trimSpaces(rest[:j]))
	if v == NoLevel {
		return 0
	}
	p.facility, p.level, p.origin = f, v, OriginKernel
	return i + 1 + j + 1
}
