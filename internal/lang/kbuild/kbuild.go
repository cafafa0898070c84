// Package kbuild extracts facts from the kernel's build description: the
// symbols of Kconfig files, and the makefiles that tie objects to them.
package kbuild

import (
	"bytes"
	"strings"

	"dekho/internal/lang"
	"dekho/internal/lang/linkfacts"
)

// Language is the row of this package in the table of languages.
func Language() lang.Language {
	return lang.Language{
		Name:    "kbuild",
		Version: 1,
		Match:   func(path string) bool { return makefile(base(path)) || kconfig(base(path)) },
		New:     func() lang.Extractor { return extractor{} },
	}
}

func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func makefile(b string) bool { return b == "Makefile" || b == "Kbuild" }

func kconfig(b string) bool { return strings.HasPrefix(b, "Kconfig") }

type extractor struct{}

// Extract implements lang.Extractor. Of makefiles the whole text is kept for
// the linker, which knows the directories; of both, the symbols are reported,
// in Kconfig files under the name that C code uses: CONFIG_ is not written
// there, so the reported name is the symbol alone.
func (extractor) Extract(path string, src []byte, f *lang.Facts) {
	if makefile(base(path)) {
		if len(src) <= linkfacts.MaxText*16 {
			f.Link = linkfacts.AppendKbuild(f.Link, src)
		}
		words(src, 0, 1, false, f)
		f.Lines = lines(src)
		return
	}
	line := uint32(1)
	help, indent := false, 0
	for off := 0; off < len(src); {
		end := bytes.IndexByte(src[off:], '\n')
		if end < 0 {
			end = len(src)
		} else {
			end += off
		}
		text := src[off:end]
		trimmed := bytes.TrimLeft(text, " \t")
		depth := len(text) - len(trimmed)
		if help && len(trimmed) > 0 && depth < indent {
			help = false
		}
		if help && indent == 1<<30 && len(trimmed) > 0 {
			indent = depth
			if depth == 0 {
				help = false
			}
		}
		if !help {
			word, _, _ := bytes.Cut(bytes.ReplaceAll(trimmed, []byte{'\t'}, []byte{' '}), []byte{' '})
			switch string(word) {
			case "help", "---help---":
				help, indent = true, 1<<30
			case "config", "menuconfig", "choice":
				words(trimmed[len(word):], off+depth+len(word), line, true, f)
			default:
				if len(trimmed) > 0 && trimmed[0] != '#' {
					words(trimmed[len(word):], off+depth+len(word), line, false, f)
				}
			}
		}
		off = end + 1
		line++
	}
	f.Lines = lines(src)
}

func lines(src []byte) uint32 {
	n := uint32(bytes.Count(src, []byte{'\n'}))
	if len(src) > 0 && src[len(src)-1] != '\n' {
		n++
	}
	return n
}

// words reports the upper-case words of src, which stands at offset off on
// line: the first as a definition if def is set.
func words(src []byte, off int, line uint32, def bool, f *lang.Facts) {
	quoted := false
	for i := 0; i < len(src); {
		c := src[i]
		switch {
		case c == '\n':
			line++
			quoted = false
			i++
		case c == '"':
			quoted = !quoted
			i++
		case wordByte(c):
			start := i
			upper := false
			for i < len(src) && wordByte(src[i]) {
				upper = upper || src[i] >= 'A' && src[i] <= 'Z'
				i++
			}
			w := src[start:i]
			if quoted || !upper || len(w) < 2 || len(w) > lang.MaxIdent || bytes.ContainsAny(w, "abcdefghijklmnopqrstuvwxyz") && !bytes.HasPrefix(w, []byte("CONFIG_")) && !def {
				continue
			}
			role := lang.Read
			if def {
				role, def = lang.DefConfig, false
			}
			f.Occs = append(f.Occs, lang.Occ{Off: uint32(off + start), Line: line, Hash: lang.Hash(w), Len: uint16(len(w)), Role: role})
		default:
			i++
		}
	}
}

func wordByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
