package logmap

// Evaluation of string expressions: what the compiler makes of
// KERN_INFO pr_fmt("%s: " FMT "\n"), as far as the tree tells.

import (
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"dekho/internal/lang/c"
	"dekho/internal/logmap/pattern"
	"dekho/internal/macro"
)

// context is where an expression stands.
type context struct {
	file int32
	fn   string // enclosing function, "" if none
	line uint32
	from int32 // for a header, the file that includes it; else -1
}

// chunk is a part of an evaluated string: text, or a hole of unknown text.
type chunk struct {
	text    string
	unknown bool
	param   int // 1 + the argument of the statement that belongs here, see form
}

// maxDepth bounds nested macros, maxText the length of an evaluated format.
const (
	maxDepth = 16
	maxText  = 8192
)

// evaluator turns tokens into chunks.
type evaluator struct {
	l      *linker
	ctx    context
	chunks []chunk
	size   int
	steps  int
	// A macro may have a definition for each of several configurations.
	// variant says which to take; variants is set to how many there are.
	variant, variants int

	active []*macro.Def // being expanded

	symbolic bool // arguments of the statement become chunks of their own
	local    bool // the text depends on function or line
	commas   bool // a macro brought commas along, see linker.splice
}

// eval evaluates the tokens of a string expression. constant tells that no
// part of it is unknown.
func (l *linker) eval(ts []macro.Token, ctx context) (chunks []chunk, constant bool) {
	chunks, constant, _ = l.evalVariant(ts, ctx, 0)
	return chunks, constant
}

// evalVariant is eval with the given choice among definitions for different
// configurations; variants is how many choices there are.
func (l *linker) evalVariant(ts []macro.Token, ctx context, variant int) (chunks []chunk, constant bool, variants int) {
	e := evaluator{l: l, ctx: ctx, variant: variant, variants: 1}
	e.walk(ts, 0)
	constant = len(e.chunks) > 0
	for _, ch := range e.chunks {
		constant = constant && !ch.unknown
	}
	return e.chunks, constant, e.variants
}

func (e *evaluator) text(s string) {
	if e.size += len(s); e.size > maxText {
		return
	}
	if n := len(e.chunks); n > 0 && !e.chunks[n-1].unknown && e.chunks[n-1].param == 0 {
		e.chunks[n-1].text += s
		return
	}
	e.chunks = append(e.chunks, chunk{text: s})
}

func (e *evaluator) unknown() {
	if n := len(e.chunks); n > 0 && e.chunks[n-1].unknown {
		return
	}
	e.chunks = append(e.chunks, chunk{unknown: true})
}

func (e *evaluator) walk(ts []macro.Token, depth int) {
	for i := 0; i < len(ts); i++ {
		if e.steps++; e.steps > macro.MaxExpansion || depth > maxDepth {
			e.unknown()
			return
		}
		t := ts[i]
		switch t.Kind {
		case c.String:
			e.text(unescape(t.Text))
		case c.Open, c.Close:
		case c.Ident:
			i = e.ident(ts, i, depth)
		case c.Punct:
			if t.Text == "?" { // a choice made when it runs
				e.chunks = e.chunks[:0]
				e.unknown()
				return
			}
			e.unknown()
		case c.Hash, c.Paste:
		case macro.Param:
			if !e.symbolic {
				e.unknown()
				continue
			}
			e.chunks = append(e.chunks, chunk{param: int(t.N) + 1})
		default:
			e.commas = e.commas || t.Kind == c.Comma
			e.unknown()
		}
	}
}

// ident evaluates the name at ts[i] and returns the index of its last token.
func (e *evaluator) ident(ts []macro.Token, i, depth int) int {
	t := ts[i]
	switch t.Text {
	case "dynamic_emit_prefix":
		// lib/dynamic_debug.c: empty unless flags were set for the statement.
		if i+1 < len(ts) && ts[i+1].Kind == c.Open {
			if _, next, ok := macro.Group(ts, i+1); ok {
				e.text("")
				return next - 1
			}
		}
	case "__func__", "__FUNCTION__", "__PRETTY_FUNCTION__":
		e.local = true
		if e.ctx.fn != "" {
			e.text(e.ctx.fn)
		} else {
			e.unknown()
		}
		return i
	case "__FILE__":
		e.text(e.l.files[e.ctx.file].Path)
		return i
	case "__LINE__":
		e.local = true
		e.text(strconv.FormatUint(uint64(e.ctx.line), 10))
		return i
	case "KBUILD_MODNAME":
		if name := e.l.module(e.ctx); name != "" {
			e.text(name)
		} else {
			e.unknown()
		}
		return i
	case "KBUILD_BASENAME":
		fi := &e.l.files[e.ctx.file]
		if e.ctx.from >= 0 {
			fi = &e.l.files[e.ctx.from]
		}
		base, _, _ := strings.Cut(fi.Path[len(fi.Dir):], ".")
		e.text(strings.ReplaceAll(base, "-", "_"))
		return i
	case "const", "char":
		return i // a cast
	}
	call := i+1 < len(ts) && ts[i+1].Kind == c.Open
	var args [][]macro.Token
	next := i + 1
	if call {
		var ok bool
		if args, next, ok = macro.Group(ts, i+1); !ok {
			next = i + 1
		}
	}
	if t.Text == "__stringify" || t.Text == "__stringify_1" {
		e.stringify(args, depth)
		return next - 1
	}
	defs := e.l.seen(t.Text, e.ctx)
	if n := len(defs); n > 0 && defs[0].File == e.ctx.file && len(e.l.table.Lookup(t.Text).Own(e.ctx.file)) > n {
		e.local = true // defined anew along the file
	}
	if n := len(defs); n > 1 {
		e.variants = max(e.variants, min(n, 3))
		defs = defs[e.variant%n:]
	}
	for _, m := range defs {
		if m.Function {
			if !call {
				continue
			}
			e.expand(m, m.Substitute(args), depth)
			return next - 1
		}
		e.expand(m, m.Tokens(), depth)
		return i
	}
	e.unknown()
	return next - 1
}

// expand evaluates the body of m, unless that is what is going on already.
func (e *evaluator) expand(m *macro.Def, body []macro.Token, depth int) {
	if slices.Contains(e.active, m) {
		e.unknown()
		return
	}
	e.active = append(e.active, m)
	e.steps += len(body) / 4
	e.walk(body, depth+1)
	e.active = e.active[:len(e.active)-1]
}

// seen returns the definitions of name visible in a context.
func (l *linker) seen(name string, ctx context) []*macro.Def {
	defs := l.view.Visible(name, ctx.file)
	if len(defs) > 1 && defs[0].File == ctx.file {
		return atLine(defs, ctx.line)
	}
	if ctx.from < 0 || len(defs) > 0 && defs[0].File == ctx.file {
		return defs
	}
	if defs := l.view.Visible(name, ctx.from); len(defs) > 0 {
		return defs
	}
	return l.view.Visible(name, ctx.file)
}

// atLine picks among the definitions of one file those in force at a line: the
// last ones before it. Definitions that stand close together are arms of one
// conditional; others were undefined in between.
func atLine(defs []*macro.Def, line uint32) []*macro.Def {
	if line == 0 {
		return defs
	}
	last := -1
	for i, d := range defs {
		if d.Line <= line && (last < 0 || d.Line > defs[last].Line) {
			last = i
		}
	}
	if last < 0 {
		return defs[:1]
	}
	first := last
	for first > 0 && defs[first-1].Line <= defs[first].Line && defs[first].Line-defs[first-1].Line <= 10 {
		first--
	}
	return defs[first : last+1]
}

// module is the KBUILD_MODNAME of a context, "" if not known.
func (l *linker) module(ctx context) string {
	if ctx.from >= 0 {
		return l.files[ctx.from].module
	}
	return l.files[ctx.file].module
}

// stringify applies the two-step # of __stringify: macros in its argument are
// expanded first.
func (e *evaluator) stringify(args [][]macro.Token, depth int) {
	if len(args) != 1 || len(args[0]) == 0 {
		e.unknown()
		return
	}
	var b strings.Builder
	for _, t := range args[0] {
		text := t.Text
		if t.Kind == c.Ident && depth < maxDepth {
			known := false
			for _, m := range e.l.seen(t.Text, e.ctx) {
				if !m.Function {
					text, known = m.Body, true
				}
				break
			}
			if n := len(e.chunks); !known && len(args[0]) == 1 && n > 0 && strings.HasSuffix(e.chunks[n-1].text, "%") {
				text = "*" // a width whose number is not recorded
			}
		}
		b.WriteString(text)
	}
	e.text(b.String())
}

// unescape is the text of a C string constant with its quotes.
func unescape(s string) string {
	i := strings.IndexByte(s, '"')
	if i < 0 {
		return ""
	}
	s = s[i+1:]
	s = strings.TrimSuffix(s, `"`)
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b = append(b, s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n':
			b = append(b, '\n')
		case 't':
			b = append(b, '\t')
		case 'r':
			b = append(b, '\r')
		case 'a':
			b = append(b, 7)
		case 'b':
			b = append(b, 8)
		case 'f':
			b = append(b, '\f')
		case 'v':
			b = append(b, '\v')
		case 'e':
			b = append(b, 27)
		case '\n':
		case 'x':
			n, j := 0, i+1
			for j < len(s) && isHex(s[j]) {
				n = n<<4 | hexDigit(s[j])
				j++
			}
			b = append(b, byte(n))
			i = j - 1
		case '0', '1', '2', '3', '4', '5', '6', '7':
			n, j := 0, i
			for j < len(s) && j < i+3 && s[j] >= '0' && s[j] <= '7' {
				n = n<<3 | int(s[j]-'0')
				j++
			}
			b = append(b, byte(n))
			i = j - 1
		default:
			b = append(b, s[i])
		}
	}
	return string(b)
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

func hexDigit(c byte) int {
	if c <= '9' {
		return int(c - '0')
	}
	return int(c|0x20-'a') + 10
}

// soh starts the level prefix of a format (KERN_SOH in linux/kern_levels.h).
const soh = '\x01'

// elements parses chunks as a format. level is the kernel level of the prefix
// (0 to 7, 'c' for KERN_CONT), or -1 without one.
func elements(chunks []chunk) (elems []pattern.Elem, level int) {
	var dst []pattern.Elem
	level = -1
	for i, ch := range chunks {
		if ch.unknown {
			dst = append(dst, pattern.Elem{Kind: pattern.Any})
			continue
		}
		text := ch.text
		if i == 0 || chunks[i-1].unknown {
			text, level = cutLevel(text, level)
		}
		if more, err := pattern.AppendFormat(dst, bytesOf(text)); err == nil {
			dst = more
		}
	}
	return dst, level
}

// cutLevel removes level prefixes from the start of text; the first one that
// says more than "continued" counts.
func cutLevel(text string, level int) (string, int) {
	for len(text) >= 2 && text[0] == soh {
		switch c := text[1]; {
		case c >= '0' && c <= '7':
			if level < 0 || level == 'c' {
				level = int(c - '0')
			}
		case c == 'c' && level < 0:
			level = 'c'
		}
		text = text[2:]
	}
	return text, level
}

// bytesOf and stringOf convert without copying; the facts and maps that are
// read are never written to.
func bytesOf(s string) []byte  { return unsafe.Slice(unsafe.StringData(s), len(s)) }
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
