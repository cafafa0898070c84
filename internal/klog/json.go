package klog

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// This file reads the formats that wrap each line of the log in JSON or what
// looks like it: journalctl -o json, dmesg -J, and the job output of LAVA
// (YAML in flow style, one mapping a line).

// json reads a wrapped line at c[i:].
func (l *lexer) json(c []byte, i int, p *prefix) bool {
	c = c[i:]
	switch {
	case c[0] == '{' && bytes.Contains(c, []byte(`"MESSAGE"`)):
		return l.journalJSON(c, p)
	case (c[0] == '{' || bytes.HasPrefix(c, []byte("- {"))) && bytes.Contains(c, []byte(`"msg"`)):
		return l.lava(c, i, p)
	case c[0] == '"':
		return l.dmesgJSON(c, i, p)
	case l.inDmesg && len(bytes.Trim(c, "{}[], ")) == 0:
		p.origin = OriginCapture
		return true
	}
	return false
}

// journalEntry is what a record needs of a journal entry. All values are
// strings in JSON, except where a field is binary, too long or repeated.
type journalEntry struct {
	Message    json.RawMessage `json:"MESSAGE"`
	Priority   json.RawMessage `json:"PRIORITY"`
	Facility   json.RawMessage `json:"SYSLOG_FACILITY"`
	Transport  json.RawMessage `json:"_TRANSPORT"`
	SourceMono json.RawMessage `json:"_SOURCE_MONOTONIC_TIMESTAMP"`
	Realtime   json.RawMessage `json:"__REALTIME_TIMESTAMP"`
	BootID     json.RawMessage `json:"_BOOT_ID"`
	Identifier json.RawMessage `json:"SYSLOG_IDENTIFIER"`
	PID        json.RawMessage `json:"_PID"`
	Subsystem  json.RawMessage `json:"_KERNEL_SUBSYSTEM"`
	Device     json.RawMessage `json:"_KERNEL_DEVICE"`
}

func (l *lexer) journalJSON(c []byte, p *prefix) bool {
	var e journalEntry
	if json.Unmarshal(c, &e) != nil {
		return false
	}
	text := journalValue(e.Message)
	if v, err := strconv.Atoi(string(journalValue(e.Priority))); err == nil && v >= 0 && v < len(levelNames) {
		p.level = Level(v)
	}
	if v, err := strconv.Atoi(string(journalValue(e.Facility))); err == nil && v >= 0 && v < 128 {
		p.facility = Facility(v)
	}
	if v, err := strconv.ParseInt(string(journalValue(e.Realtime)), 10, 64); err == nil && v > 0 && v < 1<<52 {
		p.host, p.hostClock = v*1000, ClockWall
	}
	p.bootID = string(journalValue(e.BootID))
	if string(journalValue(e.Transport)) == "kernel" {
		p.origin = OriginKernel
		if v, err := strconv.ParseInt(string(journalValue(e.SourceMono)), 10, 64); err == nil && v >= 0 && v < 1<<52 {
			p.hasTime, p.time = true, v*1000
		}
	} else {
		p.origin = OriginUserSpace
		if id := journalValue(e.Identifier); len(id) > 0 {
			tag := append([]byte(nil), id...)
			if pid := journalValue(e.PID); len(pid) > 0 {
				tag = append(append(append(tag, '['), pid...), ']')
			}
			text = append(append(tag, ": "...), text...)
		}
	}
	if len(e.Device) > 0 || len(e.Subsystem) > 0 {
		p.dict = &Dict{Subsystem: string(journalValue(e.Subsystem)), Device: string(journalValue(e.Device))}
	}
	p.decoded = nonNil(text)
	return true
}

// journalValue is the value of a journal field: a string, an array of byte
// values for what is no text, or the first of several.
func journalValue(raw json.RawMessage) []byte {
	if len(raw) == 0 {
		return nil
	}
	switch raw[0] {
	case '"':
		var s string
		if json.Unmarshal(raw, &s) == nil {
			return []byte(s)
		}
	case '[':
		var b []int
		if json.Unmarshal(raw, &b) == nil {
			out := make([]byte, len(b))
			for i, v := range b {
				out[i] = byte(v)
			}
			return out
		}
		var s []json.RawMessage
		if json.Unmarshal(raw, &s) == nil && len(s) > 0 && len(s[0]) > 0 && s[0][0] == '"' {
			return journalValue(s[0])
		}
	}
	return nil
}

// lava reads `- {"dt": "2026-11-22T15:04:05.123456", "lvl": "target", "msg":
// "..."}`. What the board printed has the level target; the rest is LAVA's.
func (l *lexer) lava(c []byte, at int, p *prefix) bool {
	var dt, lvl, msg []byte
	msgAt := 0
	for i := bytes.IndexByte(c, '{') + 1; i < len(c); {
		key, n := unquote(c[i:])
		if n == 0 {
			break
		}
		i += n
		for i < len(c) && (c[i] == ' ' || c[i] == ':') {
			i++
		}
		value, n := unquote(c[i:])
		if n == 0 {
			break
		}
		switch string(key) {
		case "dt":
			dt = value
		case "lvl":
			lvl = value
		case "msg":
			msg, msgAt = value, i+1
		}
		for i += n; i < len(c) && (c[i] == ' ' || c[i] == ','); i++ {
		}
	}
	if msgAt == 0 || lvl == nil {
		return false
	}
	if ns, clock, n := scanDate(dt); n > 0 {
		p.host, p.hostClock = ns, clock
	}
	p.text = at + msgAt
	p.decoded = nonNil(msg)
	if string(lvl) != "target" {
		p.origin = OriginCapture
		return true
	}
	l.inner(p)
	return true
}

// inner reads the prefix of a decoded line.
func (l *lexer) inner(p *prefix) {
	var cl cleaned
	msg := bytes.TrimRight(p.decoded, "\r\n")
	if special(msg)&hasControl != 0 {
		cl.clean(msg)
		msg = cl.text
		p.flags |= cl.flags
	}
	q := prefix{level: NoLevel, facility: NoFacility}
	l.own(msg, 0, &q)
	p.hasTime, p.time, p.caller = q.hasTime, q.time, q.caller
	p.level, p.facility = q.level, q.facility
	p.origin = q.origin
	p.decoded = nonNil(msg[q.text:])
}

// dmesgJSON reads one line of the objects that dmesg -J prints over several:
// "pri" and "time" are kept for the "msg" that follows.
func (l *lexer) dmesgJSON(c []byte, at int, p *prefix) bool {
	key, n := unquote(c)
	if n == 0 || n >= len(c) || c[n] != ':' {
		return false
	}
	i := n + 1
	for i < len(c) && c[i] == ' ' {
		i++
	}
	switch string(key) {
	case "dmesg":
		l.inDmesg = true
	case "pri":
		v, end := number(c, i)
		if end == i || v > 191 {
			return false
		}
		l.pri = int(v)
	case "time":
		ns, n := scanSeconds(c[i:], 6)
		if n == 0 {
			return false
		}
		l.priTime = ns
	case "msg":
		value, n := unquote(c[i:])
		if n == 0 || l.priTime < 0 && l.pri < 0 {
			return false
		}
		p.text, p.decoded, p.origin = at+i+1, nonNil(value), OriginKernel
		if l.pri >= 0 {
			p.level, p.facility = Level(l.pri&7), Facility(l.pri>>3)
		}
		if l.priTime >= 0 {
			p.hasTime, p.time = true, l.priTime
		}
		l.pri, l.priTime = -1, -1
		return true
	default:
		return false
	}
	p.origin = OriginCapture
	return true
}

// unquote reads a double-quoted string of JSON or YAML and returns its value
// and the number of bytes it took, 0 if there is none.
func unquote(c []byte) (value []byte, n int) {
	if len(c) < 2 || c[0] != '"' {
		return nil, 0
	}
	i := 1
	for i < len(c) && c[i] != '"' && c[i] != '\\' {
		i++
	}
	if i < len(c) && c[i] == '"' {
		return c[1:i], i + 1
	}
	out := append([]byte(nil), c[1:i]...)
	for ; i < len(c); i++ {
		b := c[i]
		if b == '"' {
			return out, i + 1
		}
		if b != '\\' {
			out = append(out, b)
			continue
		}
		if i++; i >= len(c) {
			break
		}
		digits := 0
		switch c[i] {
		case 'n':
			out = append(out, '\n')
		case 't':
			out = append(out, '\t')
		case 'r':
			out = append(out, '\r')
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'a':
			out = append(out, '\a')
		case 'v':
			out = append(out, '\v')
		case 'e':
			out = append(out, 0x1b)
		case '0':
			out = append(out, 0)
		case 'x':
			digits = 2
		case 'u':
			digits = 4
		case 'U':
			digits = 8
		default:
			out = append(out, c[i])
		}
		if digits > 0 {
			r := rune(0)
			for range digits {
				if i+1 >= len(c) || hexValue(c[i+1]) < 0 {
					break
				}
				i++
				r = r<<4 | rune(hexValue(c[i]))
			}
			out = utf8.AppendRune(out, r)
		}
	}
	return nil, 0
}

// nonNil keeps an empty text apart from no text.
func nonNil(c []byte) []byte {
	if c == nil {
		return []byte{}
	}
	return c
}
