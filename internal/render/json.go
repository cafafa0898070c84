package render

import (
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"
)

// This file writes JSON piece by piece: a long log is half a million records,
// and reflection costs more than explaining them. Field order is that of the
// calls, so that equal answers are equal bytes.

// object is a JSON value being made.
type object struct {
	buf []byte
}

// sep puts a comma unless the object or array has just been opened.
func (o *object) sep() {
	if n := len(o.buf); n > 0 {
		switch o.buf[n-1] {
		case '{', '[', '\n':
			return
		}
		o.buf = append(o.buf, ',')
	}
}

func (o *object) key(name string) {
	o.sep()
	o.buf = append(o.buf, '"')
	o.buf = append(o.buf, name...) // ours: nothing to escape
	o.buf = append(o.buf, '"', ':')
}

// open begins an object or array as the value of a key, or as an element if
// the key is empty.
func (o *object) open(name string, bracket byte) {
	if name != "" {
		o.key(name)
	} else {
		o.sep()
	}
	o.buf = append(o.buf, bracket)
}

// objects writes a list as an array of objects, with the members that each
// writes of an element.
func objects[E any](o *object, name string, list []E, each func(*E)) {
	o.open(name, '[')
	for i := range list {
		o.open("", '{')
		each(&list[i])
		o.close('}')
	}
	o.close(']')
}

func (o *object) close(bracket byte) { o.buf = append(o.buf, bracket) }

func (o *object) str(name, v string) {
	o.key(name)
	o.buf = appendString(o.buf, v)
}

// opt is str for values that are left out when empty.
func (o *object) opt(name, v string) {
	if v != "" {
		o.str(name, v)
	}
}

// num writes a number, as an element if the name is empty.
func (o *object) num(name string, v int64) {
	if name == "" {
		o.sep()
	} else {
		o.key(name)
	}
	o.buf = strconv.AppendInt(o.buf, v, 10)
}

// opts is num for values that are left out when zero.
func (o *object) optNum(name string, v int64) {
	if v != 0 {
		o.num(name, v)
	}
}

func (o *object) real(name string, v float64, decimals int) {
	o.key(name)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		o.buf = append(o.buf, "null"...)
		return
	}
	o.buf = strconv.AppendFloat(o.buf, v, 'f', decimals, 64)
}

func (o *object) flag(name string, v bool) {
	if v {
		o.key(name)
		o.buf = append(o.buf, "true"...)
	}
}

// list writes strings as an array, and nothing if there are none.
func (o *object) list(name string, v []string) {
	if len(v) == 0 {
		return
	}
	o.open(name, '[')
	for _, s := range v {
		o.sep()
		o.buf = appendString(o.buf, s)
	}
	o.close(']')
}

// any writes a value whose type is not known here; nil is null.
func (o *object) any(name string, v any) {
	o.key(name)
	switch v := v.(type) {
	case nil:
		o.buf = append(o.buf, "null"...)
	case string:
		o.buf = appendString(o.buf, v)
	case int64:
		o.buf = strconv.AppendInt(o.buf, v, 10)
	case uint64:
		o.buf = strconv.AppendUint(o.buf, v, 10)
	case int:
		o.buf = strconv.AppendInt(o.buf, int64(v), 10)
	default:
		b, err := json.Marshal(v)
		if err != nil {
			b = []byte("null") // a value that has no JSON is not known
		}
		o.buf = append(o.buf, b...)
	}
}

// appendString appends a JSON string. Bytes that are not UTF-8 become U+FFFD.
func appendString(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(dst, s[start:i]...)
				dst = append(dst, "\ufffd"...)
				i++
				start = i
				continue
			}
			i += n
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\r':
			dst = append(dst, '\\', 'r')
		default:
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}
