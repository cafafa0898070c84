package klog

import (
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// This file turns UTF-16, as PowerShell's redirection and some Windows
// terminals write it, into UTF-8. Byte ranges then refer to the UTF-8 text.

// utf16Order recognises UTF-16 by its byte order mark, or by ASCII with a
// zero byte beside each character.
func utf16Order(head []byte) (encoding string, mark int) {
	if len(head) < 2 {
		return "", 0
	}
	switch {
	case head[0] == 0xff && head[1] == 0xfe:
		return "utf-16le", 2
	case head[0] == 0xfe && head[1] == 0xff:
		return "utf-16be", 2
	}
	n := min(len(head), 64) &^ 1
	if n < 16 {
		return "", 0
	}
	le, be := true, true
	for i := 0; i < n; i += 2 {
		le = le && head[i+1] == 0 && isText(head[i])
		be = be && head[i] == 0 && isText(head[i+1])
	}
	switch {
	case le:
		return "utf-16le", 0
	case be:
		return "utf-16be", 0
	}
	return "", 0
}

func isText(b byte) bool {
	return b >= 0x20 && b < 0x7f || b == '\t' || b == '\r' || b == '\n' || b == 0x1b
}

// utf16Reader decodes UTF-16 to UTF-8.
type utf16Reader struct {
	in     io.Reader
	big    bool
	raw    [4096]byte
	have   int // bytes of raw not decoded yet, less than 4 between reads
	out    []byte
	outBuf []byte
	err    error
}

func (r *utf16Reader) Read(p []byte) (int, error) {
	for len(r.out) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		n, err := r.in.Read(r.raw[r.have:])
		r.have += n
		r.err = err
		r.decode(errors.Is(err, io.EOF))
		if n == 0 && err == nil {
			return 0, nil
		}
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// decode turns what is whole of raw into out; at the end of the input half a
// unit or pair counts as a broken character.
func (r *utf16Reader) decode(last bool) {
	out := r.outBuf[:0]
	i := 0
	for i+1 < r.have {
		u := r.unit(i)
		if !utf16.IsSurrogate(u) {
			out = utf8.AppendRune(out, u)
			i += 2
			continue
		}
		if i+3 >= r.have {
			if !last {
				break
			}
			out = utf8.AppendRune(out, utf8.RuneError)
			i += 2
			continue
		}
		c := utf16.DecodeRune(u, r.unit(i+2))
		out = utf8.AppendRune(out, c)
		i += 2
		if c != utf8.RuneError {
			i += 2
		}
	}
	if last && i < r.have {
		out = utf8.AppendRune(out, utf8.RuneError)
		i = r.have
	}
	r.have = copy(r.raw[:], r.raw[i:r.have])
	r.out, r.outBuf = out, out
}

func (r *utf16Reader) unit(i int) rune {
	if r.big {
		return rune(r.raw[i])<<8 | rune(r.raw[i+1])
	}
	return rune(r.raw[i+1])<<8 | rune(r.raw[i])
}
