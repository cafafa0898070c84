package dts

// Binding documents: schemas in YAML, and older ones in prose. Both are read
// for the words that matter, line by line, without a parser of YAML.

import (
	"bytes"

	"dekho/internal/lang"
)

// yaml reports what a schema declares, the compatible strings it allows and the
// properties of vendors it describes, and where else such words stand, as in its
// examples.
func (x *extractor) yaml() {
	src := x.src
	block := -1 // indentation of the compatible: key whose value is read
	line := uint32(1)
	for off := 0; off < len(src); line++ {
		end := off + lineLen(src[off:])
		i := off
		for i < end && (src[i] == ' ' || src[i] == '-' && i+1 < end && src[i+1] == ' ') {
			i++
		}
		indent := i - off
		if i < end && src[i] != '#' && src[i] != '\r' {
			item := i > off && bytes.IndexByte(src[off:i], '-') >= 0
			key := i
			for key < end && class[src[key]]&clName != 0 {
				key++
			}
			isKey := key < end && src[key] == ':' && (key+1 == end || src[key+1] == ' ' || src[key+1] == '\r')
			if block >= 0 && indent <= block {
				block = -1
			}
			switch {
			case isKey && string(src[i:key]) == "compatible" && block < 0:
				block = indent
				x.vendorWords(key, end, line, lang.Declaration)
			case block >= 0 && isKey && constOrEnum(src[i:key]):
				x.values(key+1, end, line)
			case block >= 0 && item && !isKey:
				x.values(i, end, line)
			case block >= 0:
				x.vendorWords(i, end, line, lang.Read) // a description
			case isKey:
				x.vendorWords(i, key, line, lang.Declaration)
				x.vendorWords(key, end, line, lang.Read)
			default:
				x.vendorWords(i, end, line, lang.Read)
			}
		}
		off = end + 1
	}
}

// constOrEnum reports whether a key of a schema holds values.
func constOrEnum(key []byte) bool { return string(key) == "const" || string(key) == "enum" }

// values reports the values of a const or enum, one or a list in brackets, up to
// a comment.
func (x *extractor) values(i, end int, line uint32) {
	list := false
	for i < end {
		c := x.src[i]
		switch {
		case c == '#':
			return
		case c == '[':
			list = true
			i++
		case c == '"' || c == '\'' || c == ' ' || c == '\r' || c == ']' || c == ',':
			i++
		case compatibleByte(c):
			from := i
			for i < end && compatibleByte(x.src[i]) && (!list || x.src[i] != ',' || i+1 < end && x.src[i+1] != ' ') {
				i++
			}
			x.report(from, i, line, lang.Declaration)
			if !list {
				return // what follows is no name
			}
		default:
			return
		}
	}
}

// prose reports the words of a binding in prose that look like the names of
// vendors' devices and properties, and quoted ones in lines about compatible.
func (x *extractor) prose() {
	src := x.src
	line := uint32(1)
	for off := 0; off < len(src); line++ {
		end := off + lineLen(src[off:])
		text := src[off:end]
		if bytes.IndexByte(text, '"') >= 0 && bytes.Contains(text, []byte("compatible")) {
			x.quotedWords(off, end, line)
		} else {
			x.vendorWords(off, end, line, lang.Read)
		}
		off = end + 1
	}
}

// quotedWords reports the words in quotes, and vendor words between them.
func (x *extractor) quotedWords(i, end int, line uint32) {
	for i < end {
		n := bytes.IndexByte(x.src[i:end], '"')
		if n < 0 {
			break
		}
		x.vendorWords(i, i+n, line, lang.Read)
		i += n + 1
		from := i
		for i < end && compatibleByte(x.src[i]) {
			i++
		}
		if i < end && x.src[i] == '"' {
			x.report(from, i, line, lang.Read)
			i++
		}
	}
	x.vendorWords(i, end, line, lang.Read)
}

// vendorWords reports the words of the form vendor,device.
func (x *extractor) vendorWords(i, end int, line uint32, role lang.Role) {
	src := x.src
	for i < end {
		n := bytes.IndexByte(src[i:end], ',')
		if n < 0 {
			return
		}
		comma := i + n
		from, to := comma, comma+1
		for from > i && class[src[from-1]]&clName != 0 && src[from-1] != '@' && src[from-1] != '#' {
			from--
		}
		for to < end && compatibleByte(src[to]) && src[to] != '/' {
			to++
		}
		for to > comma+1 && (src[to-1] == '.' || src[to-1] == ',' || src[to-1] == '#') {
			to--
		}
		if from < comma && to > comma+1 && class[src[from]]&clIdent != 0 && class[src[comma+1]]&clIdent != 0 && !isFileName(src[from:to]) {
			x.report(from, to, line, role)
		}
		i = max(to, comma+1)
	}
}

// compatibleByte reports whether compatible strings have the byte.
func compatibleByte(c byte) bool {
	return class[c]&clName != 0 && c != '@' && c != '?' && c != '*' || c == '/'
}

func isFileName(w []byte) bool {
	return bytes.HasSuffix(w, []byte(".yaml")) || bytes.HasSuffix(w, []byte(".txt")) || bytes.HasSuffix(w, headerSuffix)
}

// lineLen is the length of the first line of src without its newline.
func lineLen(src []byte) int {
	if n := bytes.IndexByte(src, '\n'); n >= 0 {
		return n
	}
	return len(src)
}
