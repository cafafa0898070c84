package index_test

import (
	"bytes"
	"strings"

	"dekho/internal/lang"
)

// scanner is an extractor for tests of the index: it reports identifiers, takes
// what stands before a '(' for a call, or for a definition if it stands at the
// start of a line, and knows #include and #if. A function reaches to the next
// line that starts with '}'. Lines that contain "print" are its log facts.
type scanner struct{}

func scanLanguage(version uint32) lang.Language {
	return lang.Language{
		Name:    "scan",
		Version: version,
		Match: func(path string) bool {
			return strings.HasSuffix(path, ".c") || strings.HasSuffix(path, ".h") || strings.HasSuffix(path, ".S")
		},
		New: func() lang.Extractor { return scanner{} },
	}
}

var identByte = func() (t [256]uint8) {
	for c := range 256 {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c >= 0x80:
			t[c] = 1
		case c >= '0' && c <= '9':
			t[c] = 2
		}
	}
	return t
}()

func (scanner) Extract(_ string, src []byte, f *lang.Facts) {
	line := uint32(1)
	bol := true
	for i := 0; i < len(src); {
		switch c := src[i]; {
		case c == '\n':
			line++
			bol = true
			i++
			continue
		case identByte[c] == 1:
			j := i + 1
			for j < len(src) && identByte[src[j]] != 0 {
				j++
			}
			if j-i <= lang.MaxIdent {
				role := lang.Read
				if j < len(src) && src[j] == '(' {
					role = lang.Call
					if bol {
						role = lang.DefFunction
						f.Funcs = append(f.Funcs, lang.Func{Name: lang.Span{Off: uint32(i), Len: uint32(j - i)}, Start: line, End: line})
					}
				}
				f.Occs = append(f.Occs, lang.Occ{
					Off: uint32(i), Line: line, Hash: lang.Hash(src[i:j]), Len: uint16(j - i), Role: role,
				})
			}
			i = j
		case identByte[c] == 2: // a number, with its suffix
			for i < len(src) && identByte[src[i]] != 0 {
				i++
			}
		case c == '}' && bol:
			if n := len(f.Funcs); n > 0 && f.Funcs[n-1].End == f.Funcs[n-1].Start {
				f.Funcs[n-1].End = line
			}
			i++
		case c == '#' && bol:
			end := i + max(0, bytes.IndexByte(src[i:], '\n'))
			text := src[i:end]
			if arg, ok := bytes.CutPrefix(text, []byte("#include \"")); ok {
				if n := bytes.IndexByte(arg, '"'); n >= 0 {
					f.Includes = append(f.Includes, lang.Include{Path: lang.Span{Off: uint32(i + 10), Len: uint32(n)}, Line: line})
				}
				i = end
				break
			}
			if bytes.HasPrefix(text, []byte("#if ")) {
				f.Conds = append(f.Conds, lang.Cond{
					Expr: lang.Span{Off: uint32(i + 4), Len: uint32(len(text) - 4)}, Start: line + 1, End: line + 2,
				})
			}
			i++
		default:
			i++
		}
		bol = false
	}
	f.Lines = line
	for l := range bytes.Lines(src) {
		if bytes.Contains(l, []byte("print")) {
			f.Link = append(f.Link, l...)
		}
	}
}
