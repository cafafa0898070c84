package klog

import (
	"bytes"
	"strconv"
)

// This file reads the formats of journalctl that have a line for each field of an
// entry: -o export, -o verbose and -o json-pretty. The fields come in any order,
// so an entry is looked through when its first line is read; then its lines come
// one by one, and that of MESSAGE is the record.

// fieldForm is the form of the lines of a journal's fields.
type fieldForm uint8

const (
	noFields fieldForm = iota
	exportFields
	verboseFields
	prettyFields
)

// maxEntry bounds how far an entry is looked through.
const maxEntry = 16 << 10

// sniffJournal recognises the forms by the first entry's first field, which
// stands in the first lines.
func sniffJournal(c []byte) fieldForm {
	for range 8 {
		line, rest, found := bytes.Cut(c, []byte{'\n'})
		line = bytes.TrimRight(line, "\r")
		switch {
		case bytes.HasPrefix(line, []byte("__CURSOR=")):
			return exportFields
		case isVerboseHead(line):
			return verboseFields
		case bytes.HasPrefix(bytes.TrimLeft(line, "\t "), []byte(`"__CURSOR"`)), bytes.HasPrefix(bytes.TrimLeft(line, "\t "), []byte(`"__REALTIME_TIMESTAMP"`)):
			if line[0] == '\t' || line[0] == ' ' {
				return prettyFields
			}
		}
		if !found {
			break
		}
		c = rest
	}
	return noFields
}

// isVerboseHead matches the first line of an entry of journalctl -o verbose:
// "Sun 2026-11-22 15:04:05.123456 UTC [s=...;i=1;b=...;m=...;t=...;x=...]".
func isVerboseHead(line []byte) bool {
	return len(line) > 0 && line[0] >= 'A' && line[0] <= 'Z' && line[len(line)-1] == ']' && bytes.Contains(line, []byte(" [s=")) && bytes.Contains(line, []byte(";i="))
}

// journalEntryFields is what is known of the entry being read.
type journalEntryFields struct {
	level    Level
	facility Facility
	kernel   bool
	// started says that it has been looked through.
	started    bool
	tag        []byte // of a program
	bootID     string
	mono       int64 // ns, -1 if not told
	host       int64
	dict       *Dict
	identifier []byte
	pid        []byte
}

// startsEntry reports whether a line is the first of an entry that has not been
// looked through.
func (l *lexer) startsEntry(line []byte) bool {
	return l.fields != noFields && (!l.entry.started || l.fields == verboseFields && isVerboseHead(bytes.TrimRight(line, "\r\n")))
}

// lookThrough reads the fields of the entry at the start of c, as far as they are
// there.
func (l *lexer) lookThrough(c []byte) {
	e := journalEntryFields{level: NoLevel, facility: NoFacility, mono: -1, started: true}
	for first := true; len(c) > 0; first = false {
		var line []byte
		line, c, _ = bytes.Cut(c, []byte{'\n'})
		line = bytes.TrimRight(line, "\r")
		if l.endsEntry(line) || !first && l.fields == verboseFields && isVerboseHead(line) {
			break
		}
		if l.fields == verboseFields && isVerboseHead(line) {
			e.head(line)
			continue
		}
		if key, value, ok := l.field(line); ok {
			e.set(string(key), value)
		}
	}
	if e.tag = e.identifier; len(e.tag) > 0 && len(e.pid) > 0 {
		e.tag = append(append(append(bytes.Clone(e.tag), '['), e.pid...), ']')
	}
	l.entry = e
}

// endsEntry reports whether a line is the last of an entry.
func (l *lexer) endsEntry(line []byte) bool {
	if l.fields == prettyFields {
		line = bytes.TrimRight(line, ",")
		return len(line) == 1 && line[0] == '}'
	}
	return len(line) == 0
}

// head reads the first line of an entry of journalctl -o verbose.
func (e *journalEntryFields) head(line []byte) {
	if ns, clock, n := scanDate(line); n > 0 && clock == ClockWall {
		e.host = ns
	}
	_, list, _ := bytes.Cut(line, []byte(" [s="))
	for f := range bytes.SplitSeq(bytes.TrimRight(list, "]"), []byte{';'}) {
		if v, ok := bytes.CutPrefix(f, []byte("b=")); ok {
			e.bootID = string(v)
		}
	}
}

// field cuts a line into the name of a field and its value.
func (l *lexer) field(line []byte) (key, value []byte, ok bool) {
	switch l.fields {
	case prettyFields:
		line = bytes.TrimLeft(line, "\t ")
		key, n := unquote(line)
		if n == 0 {
			return nil, nil, false
		}
		rest := bytes.TrimLeft(line[n:], " ")
		if len(rest) == 0 || rest[0] != ':' {
			return nil, nil, false
		}
		value, n = unquote(bytes.TrimLeft(rest[1:], " "))
		return key, value, n > 0 && isFieldName(key)
	case verboseFields:
		const indent = "    "
		if !bytes.HasPrefix(line, []byte(indent)) {
			return nil, nil, false
		}
		line = line[len(indent):]
	}
	key, value, ok = bytes.Cut(line, []byte{'='})
	return key, value, ok && isFieldName(key)
}

func isFieldName(key []byte) bool {
	for _, b := range key {
		if (b < 'A' || b > 'Z') && !isDigit(b) && b != '_' {
			return false
		}
	}
	return len(key) > 0 && len(key) <= 64
}

func (e *journalEntryFields) set(key string, value []byte) {
	number := func(most int64) (int64, bool) {
		v, err := strconv.ParseInt(string(value), 10, 64)
		return v, err == nil && v >= 0 && v < most
	}
	switch key {
	case "PRIORITY":
		if v, ok := number(int64(len(levelNames))); ok {
			e.level = Level(v)
		}
	case "SYSLOG_FACILITY":
		if v, ok := number(128); ok {
			e.facility = Facility(v)
		}
	case "_TRANSPORT":
		e.kernel = string(value) == "kernel"
	case "_SOURCE_MONOTONIC_TIMESTAMP":
		if v, ok := number(1 << 52); ok {
			e.mono = v * 1000
		}
	case "__REALTIME_TIMESTAMP":
		if v, ok := number(1 << 52); ok {
			e.host = v * 1000
		}
	case "_BOOT_ID":
		e.bootID = string(value)
	case "SYSLOG_IDENTIFIER":
		e.identifier = bytes.Clone(value)
	case "_PID":
		e.pid = bytes.Clone(value)
	case "_KERNEL_SUBSYSTEM", "_KERNEL_DEVICE":
		if e.dict == nil {
			e.dict = &Dict{}
		}
		e.dict.set(key[len("_KERNEL_"):], string(value))
	}
}

// journalLine reads a line of an entry.
func (l *lexer) journalLine(c []byte, p *prefix) bool {
	if l.endsEntry(c) {
		l.entry.started = false
		p.origin = OriginCapture
		return true
	}
	if l.fields == verboseFields && isVerboseHead(c) || l.fields == prettyFields && len(c) == 1 && c[0] == '{' {
		p.origin = OriginCapture
		return true
	}
	key, value, ok := l.field(c)
	if !ok {
		return false
	}
	p.origin = OriginCapture
	if string(key) != "MESSAGE" {
		return true
	}
	e := &l.entry
	p.level, p.facility, p.bootID, p.dict = e.level, e.facility, e.bootID, e.dict
	if e.host > 0 {
		p.host, p.hostClock = e.host, ClockWall
	}
	p.text = bytes.Index(c, value)
	if e.kernel {
		p.origin = OriginKernel
		if e.mono >= 0 {
			p.hasTime, p.time = true, e.mono
		}
	} else {
		p.origin = OriginUserSpace
		if len(e.tag) > 0 {
			value = append(append(bytes.Clone(e.tag), ": "...), value...)
		}
	}
	if p.text < 0 { // it was encoded
		p.text = 0
	}
	p.decoded = nonNil(value)
	return true
}
