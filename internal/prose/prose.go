// Package prose finds what of a source file is no code: its strings and its
// comments. It knows the few ways in which the languages of a kernel tree write
// them, and decides by the file's name which of them apply.
package prose

import (
	"bytes"
	"path"
	"strings"
)

// Region is a string or a comment, with its marks.
type Region struct {
	Off, End int // bytes; End is behind the last
	Comment  bool
}

// Style is how a language writes comments and strings.
type Style uint8

// The styles.
const (
	None  Style = iota // text that is all prose, or a language not known
	C                  // /* */ and //, "strings"
	Hash               // # to the end of the line, "strings" and 'strings'
	AsmX               // C, and # in the middle of a line (x86)
	AsmAt              // C, and @ (arm)
)

// StyleOf tells the style of a file by its path.
func StyleOf(name string) Style {
	base := path.Base(name)
	ext := path.Ext(base)
	switch ext {
	case ".c", ".h", ".inc", ".inl", ".cpp", ".cc", ".cxx", ".hpp", ".hh", ".dts", ".dtsi", ".dtso", ".rs", ".y", ".l", ".lds", ".cocci",
		".js", ".go", ".java":
		return C
	case ".S", ".s":
		switch {
		case strings.HasPrefix(name, "arch/x86/"):
			return AsmX
		case strings.HasPrefix(name, "arch/arm/"):
			return AsmAt
		}
		return C
	case ".sh", ".py", ".pl", ".pm", ".rb", ".awk", ".yaml", ".yml", ".mk", ".conf", ".config", ".bash":
		return Hash
	}
	for _, p := range []string{"Makefile", "Kconfig", "Kbuild", "Build"} {
		if base == p || strings.HasPrefix(base, p+".") {
			return Hash
		}
	}
	return None
}

// marks tells which bytes may begin a region.
var marks = func() (t [256]bool) {
	for _, c := range "\"'/#@\\" {
		t[c] = true
	}
	return
}()

// maxChar is the length of the longest character constant, as in '\U0010ffff'.
// What is longer is an apostrophe in the text of an #error.
const maxChar = 12

// Append finds the regions of src that begin before limit, in order.
func Append(dst []Region, style Style, src []byte, limit int) []Region {
	if style == None {
		return dst
	}
	limit = min(limit, len(src))
	for i := 0; i < limit; {
		if !marks[src[i]] {
			i++
			continue
		}
		start := i
		switch c := src[i]; c {
		case '\\':
			i += 2
		case '"':
			i = quoted(src, i)
			dst = append(dst, Region{start, i, false})
		case '\'':
			end := quoted(src, i)
			switch {
			case style == Hash:
				dst = append(dst, Region{start, end, false})
				i = end
			case end-i <= maxChar && src[end-1] == '\'' && end-i > 1:
				i = end
			default:
				i++
			}
		case '/':
			switch {
			case style == Hash || i+1 >= len(src):
				i++
			case src[i+1] == '*':
				i = len(src)
				if n := bytes.Index(src[start+2:], []byte("*/")); n >= 0 {
					i = start + 2 + n + 2
				}
				dst = append(dst, Region{start, i, true})
			case src[i+1] == '/':
				i = lineEnd(src, i, true)
				dst = append(dst, Region{start, i, true})
			default:
				i++
			}
		default:
			if !lineComment(style, src, i) {
				i++
				continue
			}
			i = lineEnd(src, i, false)
			dst = append(dst, Region{start, i, true})
		}
	}
	return dst
}

// lineComment reports whether the # or @ at src[i] begins a comment.
func lineComment(style Style, src []byte, i int) bool {
	blank := i == 0 || src[i-1] == ' ' || src[i-1] == '\t' || src[i-1] == '\n'
	switch style {
	case Hash:
		return src[i] == '#' && blank
	case AsmAt:
		return src[i] == '@' && blank
	case AsmX:
		// One that is first on its line is a directive, unless a blank follows.
		if src[i] != '#' || !blank {
			return false
		}
		for j := i - 1; j >= 0 && src[j] != '\n'; j-- {
			if src[j] != ' ' && src[j] != '\t' {
				return true
			}
		}
		return i+1 < len(src) && src[i+1] == ' '
	}
	return false
}

// quoted is the end of the string that begins at src[i]; one without its closing
// quote ends with its line.
func quoted(src []byte, i int) int {
	q := src[i]
	for i++; i < len(src); i++ {
		switch src[i] {
		case q:
			return i + 1
		case '\\':
			i++
		case '\n':
			return i
		}
	}
	return len(src)
}

// lineEnd is the end of the line at src[i], past splices if they count.
func lineEnd(src []byte, i int, splices bool) int {
	for {
		n := bytes.IndexByte(src[i:], '\n')
		if n < 0 {
			return len(src)
		}
		i += n
		if !splices || i == 0 || src[i-1] != '\\' {
			return i
		}
		i++
	}
}
