package xref

import (
	"slices"
	"strconv"
	"strings"

	"dekho/internal/lang"
	"dekho/internal/lang/c"
	"dekho/internal/lang/linkfacts"
	"dekho/internal/macro"
)

// mark begins and ends the place of an argument in a name: a byte that no
// source has, and that the lexer takes for part of an identifier. Between two
// marks stands the index of the parameter.
const mark = 0xff

// maxMarked is how many parameters can have a place.
const maxMarked = 64

// marked is the name that stands for parameter i.
func marked(i int) string { return string([]byte{mark}) + strconv.Itoa(i) + string([]byte{mark}) }

// maxText bounds the text of an expansion, in bytes.
const maxText = 1 << 18

// wrapTag names the type around the expansion of members; it is no symbol.
const wrapTag = "\xfe"

// item is a name that a macro makes or calls.
type item struct {
	name string // with marks for arguments
	role lang.Role
	fn   string // of a call: the function it is in, with marks; may be ""
}

// template is what a use of a macro makes, whatever its arguments.
type template struct {
	def   *macro.Def
	flags uint32
	items []item
	// idents are the names in the expansion that arguments are part of: where
	// one of them is a macro too, the use has to be expanded by itself.
	idents []string
	deps   []lookup // what the expansion depends on
	named  uint64   // the arguments that have a part in names that it defines, a bit each
	id     int32
	// given are the arguments that the template is for; of the others there
	// are places only. refined are templates of more given arguments.
	given   [][]macro.Token
	refined map[string][]*template
}

// templates remembers the templates of one worker.
type templates struct {
	x     *expander
	memo  map[*macro.Def][]*template
	parse lang.Extractor
	facts lang.Facts
	text  []byte
	name  []byte
	out   []macro.Token
	all   []*template
}

func newTemplates(t *macro.Table) *templates {
	return &templates{
		x:    &expander{t: t, view: t.View()},
		memo: make(map[*macro.Def][]*template), parse: c.Language().New(),
	}
}

// of is the template of m, used with the flags at the place where the expander
// stands.
func (ts *templates) of(m *macro.Def, flags uint32) *template {
	flags &= linkfacts.FlagBody | linkfacts.FlagName | linkfacts.FlagMember | linkfacts.FlagEnum
	for _, t := range ts.memo[m] {
		if t.flags == flags && ts.holds(t) {
			return t
		}
	}
	t := ts.make(m, flags, nil)
	ts.memo[m] = append(ts.memo[m], t)
	return t
}

// refine is the template t with more arguments given: those of args whose bits
// are set.
func (ts *templates) refine(t *template, args [][]macro.Token, bits uint64) *template {
	given := make([][]macro.Token, len(args))
	copy(given, t.given)
	var key strings.Builder
	for i := range args {
		if bits>>i&1 == 0 {
			continue
		}
		given[i] = args[i]
		if given[i] == nil {
			given[i] = []macro.Token{}
		}
		key.WriteString(strconv.Itoa(i))
		for _, tok := range args[i] {
			key.WriteByte(' ')
			key.WriteString(tok.Text)
		}
	}
	for _, r := range t.refined[key.String()] {
		if ts.holds(r) {
			return r
		}
	}
	r := ts.make(t.def, t.flags, given)
	if t.refined == nil {
		t.refined = make(map[string][]*template)
	}
	t.refined[key.String()] = append(t.refined[key.String()], r)
	return r
}

// make expands m with the given arguments and places for the others.
func (ts *templates) make(m *macro.Def, flags uint32, given [][]macro.Token) *template {
	t := &template{def: m, flags: flags, id: int32(len(ts.all)), given: given}
	n := len(m.Params)
	if m.Rest != "" {
		n++
	}
	args := make([][]macro.Token, max(n, len(given)))
	for i := range args {
		switch {
		case i < len(given) && given[i] != nil:
			args[i] = given[i]
		case i < min(n, maxMarked):
			args[i] = []macro.Token{{Kind: c.Ident, Text: marked(i)}}
		}
	}
	if len(given) < len(args) || m.Rest == "" {
		args = args[:n]
	}
	x := ts.x
	x.seen, x.passed, x.record = nil, nil, true
	t.items = ts.expansions(m, args, flags, func(tok *macro.Token) {
		if tok.Kind == c.Ident && strings.IndexByte(tok.Text, mark) >= 0 && asked(tok.Text) && !slices.Contains(t.idents, tok.Text) {
			t.idents = append(t.idents, tok.Text)
		}
	})
	x.record = false
	var any uint64
	for i := range t.items {
		bits := places(t.items[i].name, maxMarked)
		any |= bits
		if r := t.items[i].role; r != lang.Call && (r != lang.DefMember || flags&linkfacts.FlagMember != 0) {
			t.named |= bits
		}
	}
	for _, p := range x.passed {
		if places(p, maxMarked)&any != 0 && !slices.Contains(t.idents, p) {
			t.idents = append(t.idents, p)
		}
	}
	for _, l := range x.seen {
		if len(l.defs) == 0 || !common(x.t, l.name) {
			t.deps = append(t.deps, l)
		}
	}
	ts.all = append(ts.all, t)
	return t
}

// common reports whether every file sees the same definitions of the name.
func common(t *macro.Table, name string) bool {
	d := t.Lookup(name)
	return d != nil && len(d.All) == len(d.Headers) && !severalHeaders(d) && strings.HasPrefix(t.Files[d.All[0].File].Path, "include/")
}

// holds reports whether the template is that of the place where the expander
// stands, too.
func (ts *templates) holds(t *template) bool {
	for i := range t.deps {
		if !slices.Equal(ts.x.candidates(t.deps[i].name), t.deps[i].defs) {
			return false
		}
	}
	return true
}

// expansions lists what the use of m with args makes, in all variants. each
// sees the tokens outside of brackets and values, where declarations stand.
func (ts *templates) expansions(m *macro.Def, args [][]macro.Token, flags uint32, each func(*macro.Token)) []item {
	x := ts.x
	var items []item
	x.choices = choices{}
	for v := 0; v < x.count(); v++ {
		x.begin(v)
		x.steps, x.active = 0, x.active[:0]
		ts.out = x.body(ts.out[:0], m, args, 0)
		out := ts.out
		if assembly(out) {
			continue
		}
		depth, value := 0, false
		for i := range out {
			switch out[i].Text {
			case "{", "(", "[":
				depth++
			case "}", ")", "]":
				depth--
			case "=":
				value = true
			case ";":
				value = false
			default:
				if depth <= 0 && !value {
					each(&out[i])
				}
			}
		}
		items = ts.read(items, out, flags)
	}
	return items
}

// assembly reports whether tokens are for the assembler: headers define macros
// for both languages.
func assembly(ts []macro.Token) bool {
	for i := 0; i+1 < len(ts); i++ {
		if ts[i].Text == "." && ts[i+1].Kind == c.Ident && (i == 0 || ts[i-1].Kind != c.Ident && ts[i-1].Text != "{" && ts[i-1].Kind != c.Comma) {
			switch ts[i+1].Text {
			case "section", "pushsection", "popsection", "balign", "align", "long", "quad", "globl", "global", "previous", "macro", "set", "weak", "type", "size":
				return true
			}
		}
	}
	return false
}

// read appends what the tokens of an expansion declare and call.
func (ts *templates) read(items []item, toks []macro.Token, flags uint32) []item {
	if len(toks) == 0 || toks[0].Kind != c.Ident {
		return items // values, not declarations
	}
	if flags&(linkfacts.FlagMember|linkfacts.FlagEnum) == 0 && len(toks) > 1 && toks[1].Kind == c.Comma {
		return items // enumerators, for a use elsewhere
	}
	if flags&(linkfacts.FlagMember|linkfacts.FlagEnum|linkfacts.FlagName|linkfacts.FlagBody) == 0 && enumerators(toks) {
		flags |= linkfacts.FlagEnum
	}
	b := ts.text[:0]
	switch {
	case flags&linkfacts.FlagMember != 0:
		b = append(b, "struct "+wrapTag+" { "...)
	case flags&linkfacts.FlagEnum != 0:
		b = append(b, "enum { "...)
	case flags&linkfacts.FlagName != 0:
		b = append(b, "int "...)
	}
	for i := range toks {
		if len(b) > maxText {
			break
		}
		b = append(b, toks[i].Text...)
		b = append(b, ' ')
	}
	switch {
	case flags&(linkfacts.FlagMember|linkfacts.FlagEnum) != 0:
		b = append(b, "; };"...)
	case flags&linkfacts.FlagName != 0:
		b = append(b, "(void) {}"...)
	case flags&linkfacts.FlagBody != 0:
		b = append(b, "{}"...)
	default:
		b = append(b, ';')
	}
	ts.text = b
	f := &ts.facts
	f.Reset()
	ts.parse.Extract("expansion.c", b, f)
	var fns []funcSpan
	for _, fn := range f.Funcs {
		fns = append(fns, funcSpan{fn.Name.Off, string(b[fn.Name.Off : fn.Name.Off+fn.Name.Len])})
	}
	fn := ""
	for _, o := range f.Occs {
		for len(fns) > 0 && fns[0].off <= o.Off {
			fn = fns[0].name
			fns = fns[1:]
		}
		var it item
		switch o.Role {
		case lang.DefFunction, lang.DefStruct, lang.DefUnion, lang.DefEnum, lang.DefEnumerator, lang.DefTypedef, lang.DefVariable, lang.DefMember:
			it = item{name: string(b[o.Off : o.Off+uint32(o.Len)]), role: o.Role}
		case lang.Call:
			if fn == "" {
				continue // attributes; at file scope nothing is called
			}
			it = item{name: string(b[o.Off : o.Off+uint32(o.Len)]), role: o.Role, fn: fn}
		default:
			continue
		}
		if it.name != wrapTag && asked(it.name) && !slices.Contains(items, it) {
			items = append(items, it)
		}
	}
	return items
}

// enumerators reports whether tokens are enumerators: `name = value,` in a file that
// others include inside of an enum.
func enumerators(toks []macro.Token) bool {
	return len(toks) > 2 && toks[1].Text == "=" && toks[len(toks)-1].Kind == c.Comma
}

type funcSpan struct {
	off  uint32
	name string
}

// appendFilled appends a name with the arguments in their places. ok is false
// when one of them is not a plain word, so that it has to be given for the
// expansion to know.
func appendFilled(dst []byte, name string, args [][]macro.Token) (filled []byte, ok bool) {
	for len(name) > 0 {
		before, n, after := place(name)
		dst = append(dst, before...)
		name = after
		if n >= 0 && n < len(args) {
			w, ok := word(args[n])
			if !ok {
				return dst, false
			}
			dst = append(dst, w...)
		}
	}
	return dst, true
}

// place splits a name at its first place for an argument, whose index is n; -1
// when there is none.
func place(name string) (before string, n int, after string) {
	i := strings.IndexByte(name, mark)
	if i < 0 {
		return name, -1, ""
	}
	end := strings.IndexByte(name[i+1:], mark)
	if end < 0 {
		return name[:i], -1, ""
	}
	n, err := strconv.Atoi(name[i+1 : i+1+end])
	if err != nil {
		n = -1
	}
	return name[:i], n, name[i+end+2:]
}

// places are the arguments that have a place in a name, a bit each.
func places(name string, args int) (bits uint64) {
	for len(name) > 0 {
		_, n, after := place(name)
		if n >= 0 && n < min(args, maxMarked) {
			bits |= 1 << n
		}
		name = after
	}
	return bits
}

// word is the text of an argument that can be part of a name: one word, or a
// declarator with its array bounds.
func word(arg []macro.Token) (string, bool) {
	switch {
	case len(arg) == 0:
		return "", true
	case arg[0].Kind != c.Ident && arg[0].Kind != c.Number:
		return "", false
	case len(arg) == 1 || arg[1].Text == "[":
		return arg[0].Text, true
	}
	return "", false
}
