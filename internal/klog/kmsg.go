package klog

import "bytes"

// This file reads the format of /dev/kmsg, which extended netconsole sends as
// well: "6,1234,5678,-;text", then lines " KEY=value".

// kmsg reads a record of /dev/kmsg at c[i:].
func (l *lexer) kmsg(c []byte, i int, p *prefix) bool {
	prio, n := number(c, i)
	if n == i || n >= len(c) {
		return false
	}
	if c[n] == '.' && n-i <= 3 {
		// netconsole with the release in front: "6.12.0-rc1,6,1234,...".
		k := bytes.IndexByte(c[i:min(len(c), i+80)], ',')
		if k < 0 || bytes.IndexByte(c[i:i+k], ' ') >= 0 {
			return false
		}
		i += k + 1
		if prio, n = number(c, i); n == i || n >= len(c) {
			return false
		}
	}
	if c[n] != ',' || prio > 1<<11 {
		return false
	}
	_, m := number(c, n+1) // the sequence number
	if m == n+1 || m >= len(c) || c[m] != ',' {
		return false
	}
	usec, n := number(c, m+1)
	if n == m+1 || n+1 >= len(c) || c[n] != ',' || usec > 1e15 {
		return false
	}
	// Flags, then further fields, up to the semicolon.
	semi := bytes.IndexByte(c[n:min(len(c), n+256)], ';')
	if semi < 0 {
		return false
	}
	fields := c[n+1 : n+semi]
	p.text = n + semi + 1
	p.kmsg, p.hasTime, p.time = true, true, usec*1000
	p.level, p.facility = Level(prio&7), Facility(min(prio>>3, 127))
	p.origin = OriginKernel
	for first := true; len(fields) > 0; first = false {
		f := fields
		if k := bytes.IndexByte(fields, ','); k >= 0 {
			f, fields = fields[:k], fields[k+1:]
		} else {
			fields = nil
		}
		if first && len(f) == 1 && f[0] == '+' {
			p.flags |= FlagContinuation
		} else if v, ok := bytes.CutPrefix(f, []byte("caller=")); ok {
			p.caller = v
		}
	}
	p.decoded = unescapeHex(c[p.text:])
	return true
}

// kmsgField reads a " KEY=value" line.
func (l *lexer) kmsgField(c []byte, p *prefix) bool {
	k := bytes.IndexByte(c, '=')
	if k < 2 {
		return false
	}
	for _, b := range c[1:k] {
		if (b < 'A' || b > 'Z') && !isDigit(b) && b != '_' {
			return false
		}
	}
	p.kmsg = true
	p.text, p.origin, p.flags = 1, OriginKernel, FlagDict|FlagContinuation
	p.decoded = unescapeHex(c[1:])
	return true
}

// dictOf collects the " KEY=value" lines at the start of c, as far as they are
// whole.
func dictOf(c []byte) *Dict {
	var d *Dict
	for len(c) > 0 && c[0] == ' ' {
		i := bytes.IndexByte(c, '\n')
		if i < 0 {
			break
		}
		line := bytes.TrimRight(c[1:i], "\r")
		c = c[i+1:]
		key, value, ok := bytes.Cut(line, []byte{'='})
		if !ok {
			break
		}
		if d == nil {
			d = &Dict{}
		}
		d.set(string(key), string(unescapeHex(value)))
	}
	return d
}

func (d *Dict) set(key, value string) {
	switch key {
	case "SUBSYSTEM":
		d.Subsystem = value
	case "DEVICE":
		d.Device = value
	}
}

// unescapeHex undoes the "\x0a" escapes of /dev/kmsg. Text without any is
// returned as it is.
func unescapeHex(c []byte) []byte {
	i := bytes.IndexByte(c, '\\')
	if i < 0 {
		return c
	}
	out := append(make([]byte, 0, len(c)), c[:i]...)
	for ; i < len(c); i++ {
		if c[i] == '\\' && i+3 < len(c) && c[i+1] == 'x' {
			hi, lo := hexValue(c[i+2]), hexValue(c[i+3])
			if hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 3
				continue
			}
		}
		out = append(out, c[i])
	}
	return out
}

func hexValue(b byte) int {
	switch {
	case isDigit(b):
		return int(b - '0')
	case b|0x20 >= 'a' && b|0x20 <= 'f':
		return int(b|0x20-'a') + 10
	}
	return -1
}

// number reads a decimal number at c[i:] and returns the index behind it.
// More digits than fit end it.
func number(c []byte, i int) (v int64, end int) {
	for end = i; end < len(c) && isDigit(c[end]) && end-i < 18; end++ {
		v = v*10 + int64(c[end]-'0')
	}
	return v, end
}
