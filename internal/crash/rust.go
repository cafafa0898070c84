package crash

import (
	"strconv"
	"strings"
)

// demangle turns a symbol of Rust into the path that the source has, "" if it is
// none. It knows the parts of the v0 scheme (Rust RFC 2603) that names of
// functions are made of; types other than paths and generic arguments are left
// out as "_".
func demangle(symbol string) string {
	rest, ok := strings.CutPrefix(symbol, "_R")
	if !ok {
		return ""
	}
	d := demangler{text: rest}
	path := d.path(0)
	if d.failed {
		return ""
	}
	return path
}

type demangler struct {
	text   string
	at     int
	failed bool
	work   int // bounds what references back to earlier parts may cost
}

// Deeper or longer than this is no name of a function.
const (
	maxDepth = 32
	maxWork  = 500
)

func (d *demangler) fail() string {
	d.failed = true
	return ""
}

func (d *demangler) next() byte {
	if d.at >= len(d.text) {
		d.failed = true
		return 0
	}
	d.at++
	return d.text[d.at-1]
}

func (d *demangler) eat(c byte) bool {
	if d.at < len(d.text) && d.text[d.at] == c {
		d.at++
		return true
	}
	return false
}

// base62 reads a number that ends in "_". What is beyond any length of a name is
// one number: crates have a hash there.
func (d *demangler) base62() int {
	if d.eat('_') {
		return 0
	}
	n := 0
	for !d.failed {
		n = min(n, 1<<24) // times 62 fits into 32 bits
		switch c := d.next(); {
		case c >= '0' && c <= '9':
			n = n*62 + int(c-'0')
		case c >= 'a' && c <= 'z':
			n = n*62 + int(c-'a') + 10
		case c >= 'A' && c <= 'Z':
			n = n*62 + int(c-'A') + 36
		case c == '_':
			return n + 1
		default:
			d.failed = true
		}
	}
	return 0
}

// disambiguator reads what tells equal names apart.
func (d *demangler) disambiguator() {
	if d.eat('s') {
		d.base62()
	}
}

// identifier reads a length and a name.
func (d *demangler) identifier() string {
	d.disambiguator()
	d.eat('u') // punycode: shown as it is
	start := d.at
	for d.at < len(d.text) && d.text[d.at] >= '0' && d.text[d.at] <= '9' {
		d.at++
	}
	n, err := strconv.Atoi(d.text[start:d.at])
	d.eat('_')
	if err != nil || n > len(d.text)-d.at {
		return d.fail()
	}
	d.at += n
	return d.text[d.at-n : d.at]
}

func (d *demangler) path(depth int) string {
	if d.work++; depth > maxDepth || d.work > maxWork || d.failed {
		return d.fail()
	}
	switch c := d.next(); c {
	case 'C':
		return d.identifier()
	case 'M': // of an impl: where it stands does not count
		d.disambiguator()
		d.path(depth + 1)
		return "<" + d.kind(depth+1) + ">"
	case 'X', 'Y':
		if c == 'X' {
			d.disambiguator()
			d.path(depth + 1)
		}
		self := d.kind(depth + 1)
		return "<" + self + " as " + d.path(depth+1) + ">"
	case 'N':
		space := d.next()
		outer := d.path(depth + 1)
		name := d.identifier()
		switch {
		case space == 'C' && name == "":
			name = "{closure}"
		case name == "":
			return outer
		}
		return outer + "::" + name
	case 'I':
		path := d.path(depth + 1)
		for !d.failed && !d.eat('E') {
			d.kind(depth + 1)
		}
		return path + "<_>"
	case 'B':
		return d.back(depth, d.path)
	}
	return d.fail()
}

// back reads what stands earlier once more.
func (d *demangler) back(depth int, read func(int) string) string {
	here := d.at - 1
	to := d.base62()
	if d.failed || to >= here {
		return d.fail()
	}
	at := d.at
	d.at = to
	s := read(depth + 1)
	d.at = at
	return s
}

// kind reads a type.
func (d *demangler) kind(depth int) string {
	if d.work++; depth > maxDepth || d.work > maxWork || d.failed || d.at >= len(d.text) {
		return d.fail()
	}
	switch c := d.text[d.at]; c {
	case 'C', 'M', 'X', 'Y', 'N', 'I':
		return d.path(depth + 1)
	case 'B':
		d.at++
		return d.back(depth, d.kind)
	case 'R', 'Q', 'P', 'O', 'S': // references, pointers, slices
		d.at++
		if c != 'S' && d.eat('L') {
			d.base62()
		}
		d.kind(depth + 1)
		return "_"
	case 'T':
		d.at++
		for !d.failed && !d.eat('E') {
			d.kind(depth + 1)
		}
		return "_"
	case 'L': // a lifetime among generic arguments
		d.at++
		d.base62()
		return "_"
	default:
		if c >= 'a' && c <= 'z' {
			d.at++
			return "_"
		}
	}
	return d.fail()
}
